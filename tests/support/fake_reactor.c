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
#include "io/file_thread.h"
#include "io/reactor_buffers.h"
#include "io/reactor_calls.h"
#include "io/reactor_chain.h"
#include "tests/support/fake_disk.h"

enum { PLANS_MAX = 64, HELD_ONE_IN = 24 };

struct plan {
    enum lt_io_kind kind;
    uint32_t skip;
    int64_t result;
    void *bytes; /* what a MULTI operation receives; NULL: nothing */
    bool more;
};

/* An operation that may run now, but for one that is held back. */
struct ready {
    struct lt_io *io;
    uint64_t held_until; /* by the count of polls */
};

struct fake {
    struct lt_reactor base;
    uint64_t state; /* of the random numbers */
    struct lt_clock_manual *clock;
    struct fake_disk *disk, *own_disk;
    struct ready *ready; /* singles, and of each chain the next step */
    uint32_t ready_count, ready_capacity;
    uint32_t held_polls_max; /* 0: nothing is held back */
    uint64_t poll_count;
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
    if (fake->ready_count == fake->ready_capacity) {
        fake->ready_capacity = fake->ready_capacity * 2 + 16;
        fake->ready = lt_realloc_array(fake->ready, fake->ready_capacity, sizeof *fake->ready);
    }
    bool is_held = fake->held_polls_max > 0 && draw(fake) % HELD_ONE_IN == 0;
    uint64_t held_polls = is_held ? draw(fake) % fake->held_polls_max : 0;
    fake->ready[fake->ready_count++] = (struct ready){io, fake->poll_count + held_polls};
}

static void remove_ready(struct fake *fake, const struct lt_io *io)
{
    uint32_t index = 0;
    while (fake->ready[index].io != io)
        index++;
    fake->ready[index] = fake->ready[--fake->ready_count];
}

static void fake_submit(struct lt_reactor *reactor, struct lt_io *const *chain, uint32_t count)
{
    struct fake *fake = fake_of(reactor);
    lt_assert(!fake->has_crashed);
    struct lt_io *first = chain[0];
    (void)lt_chain_create(chain, count); /* the steps' tokens keep it */
    reactor->pending_count += count;
    if (lt_io_is_multi(first->kind))
        lt_multi_begin(first);
    add_ready(fake, first);
}

static void fake_cancel(struct lt_reactor *reactor, struct lt_io *io)
{
    (void)reactor;
    if (lt_chain_of(io) != NULL)
        lt_chain_cancel(io);
    io->is_cancelled = true;
}

/* -------------------------------------------------------------------------- doing an operation */

static int64_t or_errno(int64_t result)
{
    return result >= 0 ? result : -errno;
}

static int64_t do_open(struct fake *fake, const struct lt_io *io)
{
    bool may_be_new = (io->flags & O_CREAT) != 0 && fake_disk_notes(fake->disk);
    bool is_new = may_be_new && faccessat(io->fd, io->path, F_OK, 0) != 0;
    int fd = openat(io->fd, io->path, io->flags, io->mode);
    if (fd < 0)
        return -errno;
    if (is_new)
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
        return LT_WOULD_WAIT;
    return count < 0 ? -errno : one.revents;
}

static int64_t do_link(struct fake *fake, const struct lt_io *io)
{
    int64_t result = lt_file_operation(io);
    if (result == 0)
        fake_disk_created(fake->disk, io->fd2, io->path2);
    return result;
}

/* long because: one case for each operation there is. */
static int64_t do_operation(struct fake *fake, const struct lt_io *io, int fd)
{
    switch (io->kind) {
    case LT_IO_READ:
        return lt_call_or_wait(io->offset < 0 ? read(fd, io->buffer, io->size_bytes)
                                              : pread(fd, io->buffer, io->size_bytes, io->offset));
    case LT_IO_WRITE:
        return do_write(fake, io, fd, io->size_bytes);
    case LT_IO_FSYNC:
    case LT_IO_FDATASYNC:
        return do_sync(fake, fd);
    case LT_IO_FTRUNCATE:
        return fake_disk_truncate(fake->disk, fd, io->offset);
    case LT_IO_OPENAT:
        return do_open(fake, io);
    case LT_IO_LINKAT:
        return do_link(fake, io);
    case LT_IO_CLOSE:
    case LT_IO_MKDIRAT: /* durable at once, as removals of directories are */
    case LT_IO_STATX:
    case LT_IO_CALL:
        return lt_file_operation(io);
    case LT_IO_RENAMEAT:
        return fake_disk_rename(fake->disk, fd, io->path, io->fd2, io->path2, io->flags);
    case LT_IO_UNLINKAT:
        return fake_disk_unlink(fake->disk, fd, io->path, io->flags);
    case LT_IO_POLL:
        return do_poll(fd, io->flags);
    case LT_IO_RECV:
        return lt_call_or_wait(recv(fd, io->buffer, io->size_bytes, io->flags | MSG_DONTWAIT));
    case LT_IO_SEND:
        return lt_call_or_wait(
            send(fd, io->buffer, io->size_bytes, io->flags | MSG_DONTWAIT | MSG_NOSIGNAL));
    case LT_IO_RECVMSG:
        return lt_call_or_wait(recvmsg(fd, io->buffer, io->flags | MSG_DONTWAIT));
    case LT_IO_SENDMSG:
        return lt_call_or_wait(sendmsg(fd, io->buffer, io->flags | MSG_DONTWAIT | MSG_NOSIGNAL));
    case LT_IO_ACCEPT:
        return lt_call_accept(io);
    case LT_IO_CONNECT:
        return or_errno(connect(fd, io->buffer, io->size_bytes));
    case LT_IO_RECV_MULTI:
    case LT_IO_RECVMSG_MULTI:
    case LT_IO_ACCEPT_MULTI: /* by lt_multi_receive */
    case LT_IO_KIND_COUNT:
        break;
    }
    lt_assert(!"an operation of no kind");
}

/* --------------------------------------------------------------------------- advancing a chain */

/* An answer that the test has asked for. */
static bool take_plan(struct fake *fake, enum lt_io_kind kind, struct plan *taken)
{
    for (uint32_t i = 0; i < fake->plan_count; i++) {
        struct plan *plan = &fake->plans[i];
        if (plan->kind != kind)
            continue;
        if (plan->skip > 0) {
            plan->skip--;
            continue;
        }
        *taken = *plan;
        fake->plan_count--;
        memmove(plan, plan + 1, (fake->plan_count - i) * sizeof *plan); /* the order is kept */
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
    if (io->is_cancelled)
        return -ECANCELED;
    struct plan plan;
    if (take_plan(fake, io->kind, &plan)) {
        fake->done_count++;
        return plan.result;
    }
    int64_t result;
    if (fake->hook != NULL && fake->hook(fake->hook_context, io, &result)) {
        fake->done_count++;
        return result;
    }
    if (fake->done_count >= fake->stop_at) {
        stop(fake, io, io->fd);
        return LT_WOULD_WAIT;
    }
    result = do_operation(fake, io, io->fd);
    if (result != LT_WOULD_WAIT)
        fake->done_count++;
    return result;
}

/* What a script has a MULTI operation receive, put where the kernel would put it. */
static int64_t receive_plan(const struct plan *plan, struct lt_io *io, int32_t *piece)
{
    *piece = LT_IO_NO_PIECE;
    if (plan->bytes == NULL)
        return plan->result;
    *piece = lt_pieces_take(lt_pieces_of(io->group));
    if (*piece == LT_IO_NO_PIECE)
        return -ENOBUFS;
    char *memory = lt_piece_memory(io->group, *piece);
    size_t offset = io->kind == LT_IO_RECVMSG_MULTI ? lt_multi_payload_offset(io) : 0;
    lt_assert((size_t)plan->result <= io->group->size_bytes - offset);
    memcpy(memory + offset, plan->bytes, (size_t)plan->result);
    io->payload = memory + offset;
    io->payload_size = (uint32_t)plan->result;
    io->name_size = 0;
    io->control_size = 0;
    io->msg_flags = 0;
    return plan->result;
}

/* One result of a MULTI operation; false if there is none. */
static bool advance_multi(struct fake *fake, struct lt_io *io, uint32_t *done)
{
    int32_t piece = LT_IO_NO_PIECE;
    int64_t result = -ECANCELED;
    struct plan plan;
    bool more = true;
    if (!io->is_cancelled && take_plan(fake, io->kind, &plan)) {
        result = receive_plan(&plan, io, &piece);
        more = plan.more;
        free(plan.bytes);
    } else if (!io->is_cancelled) {
        bool is_answered = fake->hook != NULL && fake->hook(fake->hook_context, io, &result);
        if (!is_answered && fake->done_count >= fake->stop_at) {
            stop(fake, io, io->fd);
            return false;
        }
        if (!is_answered)
            result = lt_multi_receive(io, &piece);
        more = draw(fake) % 8 != 0; /* a reactor may end one at any time */
    }
    if (result == LT_WOULD_WAIT)
        return false;
    fake->done_count += !io->is_cancelled;
    lt_multi_fill(io, result, piece, more && !lt_multi_is_end(io, result));
    if (!io->more) {
        lt_multi_end(io);
        remove_ready(fake, io);
        struct lt_io *next = lt_chain_complete(&fake->base, io, result, done);
        lt_assert(next == NULL);
    } else {
        (*done)++;
        io->done(io);
    }
    return true;
}

static void advance(struct fake *fake, struct lt_io *io, uint32_t *done)
{
    if (lt_io_is_multi(io->kind)) {
        advance_multi(fake, io, done);
        return;
    }
    int64_t result = next_result(fake, io);
    if (result == LT_WOULD_WAIT)
        return;
    remove_ready(fake, io);
    struct lt_io *next = lt_chain_complete(&fake->base, io, result, done);
    if (next != NULL)
        add_ready(fake, next);
}

/* Cancellations are answered whatever else is held back, so that who waits for one is not kept. */
static void end_cancelled(struct fake *fake, uint32_t *done)
{
    for (uint32_t i = fake->ready_count; i-- > 0;) {
        if (i < fake->ready_count && fake->ready[i].io->is_cancelled)
            advance(fake, fake->ready[i].io, done);
    }
}

static void advance_any(struct fake *fake, uint32_t *done)
{
    const struct ready *ready = &fake->ready[draw(fake) % fake->ready_count];
    if (ready->held_until <= fake->poll_count || ready->io->is_cancelled)
        advance(fake, ready->io, done);
}

static uint32_t fake_poll(struct lt_reactor *reactor)
{
    struct fake *fake = fake_of(reactor);
    uint32_t rate = fake->has_rate ? fake->rate : 1 + (uint32_t)(draw(fake) % 4);
    uint32_t done = 0;
    if (rate == 0 || fake->has_stopped)
        end_cancelled(fake, &done);
    for (uint32_t i = 0; i < rate && fake->ready_count > 0 && !fake->has_stopped; i++)
        advance_any(fake, &done);
    fake->poll_count++;
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
    while (fake->plan_count > 0)
        free(fake->plans[--fake->plan_count].bytes);
    fake_disk_destroy(fake->own_disk);
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
        .buffers_create = lt_pieces_create,
        .buffers_give_back = lt_pieces_give_back,
        .buffers_destroy = lt_pieces_destroy,
    };
    struct fake *fake = lt_alloc(sizeof *fake);
    fake->base.ops = &ops;
    fake->state = seed;
    fake->clock = clock;
    fake->disk = fake->own_disk = fake_disk_create();
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
    fake->plans[fake->plan_count++] = (struct plan){.kind = kind, .skip = skip, .result = result};
}

void fake_reactor_receive(struct lt_reactor *reactor, enum lt_io_kind kind, const void *bytes,
                          uint32_t size_bytes, bool more)
{
    struct fake *fake = fake_of(reactor);
    lt_assert(fake->plan_count < PLANS_MAX);
    lt_assert(lt_io_is_multi(kind));
    void *copy = lt_alloc(size_bytes);
    memcpy(copy, bytes, size_bytes);
    fake->plans[fake->plan_count++] =
        (struct plan){.kind = kind, .result = size_bytes, .bytes = copy, .more = more};
}

void fake_reactor_use_disk(struct lt_reactor *reactor, struct fake_disk *disk)
{
    fake_of(reactor)->disk = disk;
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

void fake_reactor_hold(struct lt_reactor *reactor, uint32_t polls_max)
{
    fake_of(reactor)->held_polls_max = polls_max;
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
        if (i >= chain->index) /* those before may be gone */
            chain->steps[i]->is_pending = false;
    }
    lt_chain_destroy(chain);
}

void fake_reactor_crash(struct lt_reactor *reactor, enum fake_crash crash)
{
    struct fake *fake = fake_of(reactor);
    fake->has_crashed = true;
    if (crash == FAKE_CRASH_POWER)
        fake_disk_lose_power(fake->own_disk, draw, fake);
    while (fake->ready_count > 0) {
        struct lt_io *io = fake->ready[--fake->ready_count].io;
        io->is_pending = false;
        if (lt_io_is_multi(io->kind))
            lt_multi_end(io);
        if (lt_chain_of(io) != NULL)
            drop_chain(lt_chain_of(io));
    }
    reactor->pending_count = 0;
}

uint64_t fake_reactor_done_count(const struct lt_reactor *reactor)
{
    return fake_of(reactor)->done_count;
}
