/*
 * The fake reactor: the operations that may run now, of which a poll does a few, drawn from the
 * seed. Chains are walked by the same code as in the reactors proper.
 */
#include "tests/support/fake_reactor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "io/reactor_chain.h"
#include "tests/support/fake_disk.h"

enum { NOT_READY = -100000, PLANS_MAX = 64 };

struct plan {
    enum lt_io_kind kind;
    uint32_t skip;
    int64_t result;
};

struct fake {
    struct lt_reactor base;
    uint64_t state; /* of the random numbers */
    struct lt_clock_manual *clock;
    struct fake_disk *disk;
    struct lt_io **ready; /* singles, and of each chain the next step */
    uint32_t ready_count, ready_capacity;
    struct plan plans[PLANS_MAX];
    uint32_t plan_count;
    fake_reactor_hook_fn *hook;
    void *hook_context;
    bool has_rate;
    uint32_t rate;
    uint64_t done_count, stop_at;
    bool has_stopped, has_crashed;
};

static struct fake *fake_of(const struct lt_reactor *reactor)
{
    return (struct fake *)(uintptr_t)reactor; /* the base is its first member */
}

/* splitmix64. */
static uint64_t draw(void *context)
{
    struct fake *fake = context;
    uint64_t z = fake->state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static void add_ready(struct fake *fake, struct lt_io *io)
{
    lt_assert(io->done != NULL);
    io->next = NULL; /* its own address when it is to be cancelled */
    if (fake->ready_count == fake->ready_capacity) {
        fake->ready_capacity = fake->ready_capacity * 2 + 16;
        fake->ready = lt_realloc_array(fake->ready, fake->ready_capacity, sizeof(struct lt_io *));
    }
    fake->ready[fake->ready_count++] = io;
}

static void fake_submit(struct lt_reactor *reactor, struct lt_io *const *chain, uint32_t count)
{
    struct fake *fake = fake_of(reactor);
    lt_assert(!fake->has_crashed);
    struct lt_io *first = chain[0];
    (void)lt_chain_create(chain, count); /* the steps' tokens keep it */
    reactor->pending_count += count;
    add_ready(fake, first);
}

static void fake_cancel(struct lt_reactor *reactor, struct lt_io *io)
{
    (void)reactor;
    if (lt_chain_of(io) != NULL)
        lt_chain_cancel(io);
    io->next = io;
}

/* -------------------------------------------------------------------------- doing an operation */

static int64_t or_errno(int64_t result)
{
    return result >= 0 ? result : -errno;
}

static int64_t or_not_ready(int64_t result)
{
    if (result < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        return NOT_READY;
    return or_errno(result);
}

static int64_t do_open(struct fake *fake, const struct lt_io *io)
{
    bool existed = faccessat(io->fd, io->path, F_OK, 0) == 0;
    int fd = openat(io->fd, io->path, io->flags, io->mode);
    if (fd < 0)
        return -errno;
    if (!existed && (io->flags & O_CREAT) != 0)
        fake_disk_created(fake->disk, io->fd, io->path);
    return fd;
}

static int64_t do_write(struct fake *fake, const struct lt_io *io, int fd, uint32_t size_bytes)
{
    fake_disk_before_write(fake->disk, fd, io->offset, size_bytes);
    return or_errno(io->offset < 0 ? write(fd, io->buffer, size_bytes)
                                   : pwrite(fd, io->buffer, size_bytes, io->offset));
}

static int64_t do_sync(struct fake *fake, int fd)
{
    if (fcntl(fd, F_GETFD) < 0)
        return -errno;
    fake_disk_synced(fake->disk, fd);
    return 0;
}

static int64_t do_poll(int fd, int events)
{
    struct pollfd one = {.fd = fd, .events = (short)events};
    int count = poll(&one, 1, 0);
    if (count == 0)
        return NOT_READY;
    return count < 0 ? -errno : one.revents;
}

static int64_t do_accept(int fd)
{
    return do_poll(fd, POLLIN) == NOT_READY ? NOT_READY : or_not_ready(accept(fd, NULL, NULL));
}

static int64_t do_operation(struct fake *fake, const struct lt_io *io, int fd)
{
    switch (io->kind) {
    case LT_IO_READ:
        return or_not_ready(io->offset < 0 ? read(fd, io->buffer, io->size_bytes)
                                           : pread(fd, io->buffer, io->size_bytes, io->offset));
    case LT_IO_WRITE:
        return do_write(fake, io, fd, io->size_bytes);
    case LT_IO_FSYNC:
    case LT_IO_FDATASYNC:
        return do_sync(fake, fd);
    case LT_IO_OPENAT:
        return do_open(fake, io);
    case LT_IO_CLOSE:
        return or_errno(close(fd));
    case LT_IO_RENAMEAT:
        return fake_disk_rename(fake->disk, fd, io->path, io->fd2, io->path2);
    case LT_IO_UNLINKAT:
        return fake_disk_unlink(fake->disk, fd, io->path, io->flags);
    case LT_IO_POLL:
        return do_poll(fd, io->flags);
    case LT_IO_RECV:
        return or_not_ready(recv(fd, io->buffer, io->size_bytes, io->flags | MSG_DONTWAIT));
    case LT_IO_SEND:
        return or_not_ready(
            send(fd, io->buffer, io->size_bytes, io->flags | MSG_DONTWAIT | MSG_NOSIGNAL));
    case LT_IO_ACCEPT:
        return do_accept(fd);
    case LT_IO_CONNECT:
        return or_errno(connect(fd, io->buffer, io->size_bytes));
    case LT_IO_KIND_COUNT:
        break;
    }
    lt_assert(!"an operation of no kind");
}

/* --------------------------------------------------------------------------- advancing a chain */

/* An answer that the test has asked for. */
static bool take_plan(struct fake *fake, enum lt_io_kind kind, int64_t *result)
{
    for (uint32_t i = 0; i < fake->plan_count; i++) {
        struct plan *plan = &fake->plans[i];
        if (plan->kind != kind)
            continue;
        if (plan->skip > 0) {
            plan->skip--;
            continue;
        }
        *result = plan->result;
        *plan = fake->plans[--fake->plan_count];
        return true;
    }
    return false;
}

/* The moment of the crash: of a write, a part gets through. */
static void stop(struct fake *fake, const struct lt_io *io, int fd)
{
    fake->has_stopped = true;
    if (io->kind == LT_IO_WRITE && io->size_bytes > 0) {
        uint32_t torn_bytes = (uint32_t)(draw(fake) % io->size_bytes);
        if (torn_bytes > 0)
            lt_assert(do_write(fake, io, fd, torn_bytes) == (int64_t)torn_bytes);
    }
}

static int64_t next_result(struct fake *fake, struct lt_io *io)
{
    if (io->next == io)
        return -ECANCELED;
    int64_t result;
    if (take_plan(fake, io->kind, &result) ||
        (fake->hook != NULL && fake->hook(fake->hook_context, io, &result))) {
        fake->done_count++;
        return result;
    }
    if (fake->done_count >= fake->stop_at) {
        stop(fake, io, io->fd);
        return NOT_READY;
    }
    result = do_operation(fake, io, io->fd);
    if (result != NOT_READY)
        fake->done_count++;
    return result;
}

static uint32_t fake_poll(struct lt_reactor *reactor)
{
    struct fake *fake = fake_of(reactor);
    uint32_t rate = fake->has_rate ? fake->rate : 1 + (uint32_t)(draw(fake) % 4);
    uint32_t done = 0;
    for (uint32_t i = 0; i < rate && fake->ready_count > 0 && !fake->has_stopped; i++) {
        uint32_t index = (uint32_t)(draw(fake) % fake->ready_count);
        struct lt_io *io = fake->ready[index];
        int64_t result = next_result(fake, io);
        if (result == NOT_READY)
            continue;
        fake->ready[index] = fake->ready[--fake->ready_count];
        struct lt_io *next = lt_chain_complete(reactor, io, result, &done);
        if (next != NULL)
            add_ready(fake, next);
    }
    return done;
}

static uint32_t fake_park(struct lt_reactor *reactor, int64_t deadline_ns)
{
    struct fake *fake = fake_of(reactor);
    uint32_t done = fake_poll(reactor);
    lt_waker_drain(&reactor->waker);
    if (done == 0 && fake->clock != NULL && deadline_ns != LT_NEVER_NS &&
        deadline_ns > fake->clock->now_ns)
        lt_clock_manual_advance(fake->clock, deadline_ns - fake->clock->now_ns);
    return done;
}

static void fake_destroy(struct lt_reactor *reactor)
{
    struct fake *fake = fake_of(reactor);
    lt_assert(reactor->pending_count == 0);
    fake_disk_destroy(fake->disk);
    lt_waker_close(&reactor->waker);
    free(fake->ready);
    free(fake);
}

/* ----------------------------------------------------------------------------- what tests call */

struct lt_reactor *fake_reactor_create(uint64_t seed, struct lt_clock_manual *clock)
{
    static const struct lt_reactor_ops ops = {
        .name = "fake",
        .submit = fake_submit,
        .cancel = fake_cancel,
        .poll = fake_poll,
        .park = fake_park,
        .destroy = fake_destroy,
    };
    struct fake *fake = lt_alloc(sizeof *fake);
    fake->base.ops = &ops;
    fake->state = seed;
    fake->clock = clock;
    fake->disk = fake_disk_create();
    fake->stop_at = UINT64_MAX;
    int code = lt_waker_open(&fake->base.waker, NULL);
    lt_assert(code == 0);
    return &fake->base;
}

void fake_reactor_fail(struct lt_reactor *reactor, enum lt_io_kind kind, uint32_t skip,
                       int64_t result)
{
    struct fake *fake = fake_of(reactor);
    lt_assert(fake->plan_count < PLANS_MAX);
    fake->plans[fake->plan_count++] = (struct plan){kind, skip, result};
}

void fake_reactor_set_hook(struct lt_reactor *reactor, fake_reactor_hook_fn *hook, void *context)
{
    struct fake *fake = fake_of(reactor);
    fake->hook = hook;
    fake->hook_context = context;
}

void fake_reactor_set_rate(struct lt_reactor *reactor, uint32_t operations_per_poll)
{
    struct fake *fake = fake_of(reactor);
    fake->has_rate = true;
    fake->rate = operations_per_poll;
}

void fake_reactor_crash_after(struct lt_reactor *reactor, uint64_t count)
{
    struct fake *fake = fake_of(reactor);
    fake->stop_at = fake->done_count + count;
}

bool fake_reactor_has_stopped(const struct lt_reactor *reactor)
{
    return fake_of(reactor)->has_stopped;
}

static void drop_chain(struct lt_chain *chain)
{
    for (uint32_t i = 0; i < chain->count; i++) {
        if (chain->is_owned[i] && chain->descriptors[i] >= 0)
            close(chain->descriptors[i]);
    }
    lt_chain_destroy(chain);
}

void fake_reactor_crash(struct lt_reactor *reactor, enum fake_crash crash)
{
    struct fake *fake = fake_of(reactor);
    fake->has_crashed = true;
    if (crash == FAKE_CRASH_POWER)
        fake_disk_lose_power(fake->disk, draw, fake);
    while (fake->ready_count > 0) {
        struct lt_io *io = fake->ready[--fake->ready_count];
        if (lt_chain_of(io) != NULL)
            drop_chain(lt_chain_of(io));
    }
    reactor->pending_count = 0;
}

uint64_t fake_reactor_done_count(const struct lt_reactor *reactor)
{
    return fake_of(reactor)->done_count;
}
