/*
 * The reactor on io_uring.
 *
 * submit only fills the submission queue; poll and park enter the kernel once for all that was
 * submitted since. What finds the queue full waits in `backlog`, in order, so nothing is lost
 * however much is in flight; completions that find their queue full are kept by the kernel
 * (IORING_FEAT_NODROP).
 *
 * poll costs two loads while nothing happens: on the upper two rungs the kernel says through a flag
 * in shared memory that it has completions to hand over, and only then is it entered. Measured on
 * this rung a hot socket costs 0.4 us more per round trip than a spinning recv; a plain ring costs
 * 18 us, because each completion interrupts the spinning thread.
 *
 * A chain of file operations is handed over whole, linked, and opens its files into slots of the
 * ring's own table, so that a step can name a file which an earlier one is still to open. Its head
 * runs on a kernel worker from the start (IOSQE_ASYNC): publishing a checkpoint file takes the
 * disk's 0.4 ms, and the lane's thread 1 us. Chains that cannot be linked (sockets, where the
 * kernel does not count a short transfer as a failure; more files than slots) are walked here, step
 * by step.
 *
 * Waking: a read of the waker's eventfd is always in flight. That is why the descriptor is made
 * blocking: the kernel answers a read of a non-blocking one at once instead of waiting.
 *
 * Threads: one. The ring is bound to the thread that made it.
 */
#include "io/reactor.h"

#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core/base/arena.h"
#include "core/base/log.h"
#include "io/reactor_chain.h"
#include "io/uring_setup.h"

enum {
    SLOTS =
        16, /* files that chains hold open at once: four checkpoint files of two each, twice over */
    CHAIN_MAX = 64, /* steps of a linked chain; far below SQ_ENTRIES, so it always finds room in an
                       empty queue */
    POLL_MAX = 512, /* completions run by one poll: bounded, the lane has other duties */
};
_Static_assert(CHAIN_MAX <= LT_URING_SQ_ENTRIES / 2, "a chain must fit into an empty queue");

/* The low bits of user_data; an operation's own address has none. */
enum tag { TAG_IO = 0, TAG_WAKE = 1, TAG_CANCEL = 2, TAG_SLOT = 3, TAG_MASK = 7 };

/* What the reactor itself asks of the kernel, kept until there is room for it. */
struct errand {
    enum tag tag;
    uint64_t argument; /* TAG_CANCEL: the user_data; TAG_SLOT: the slot */
};

struct uring {
    struct lt_reactor base;
    struct io_uring ring;
    bool has_wake_read;                     /* in flight, or in the queue */
    uint64_t wake_count;                    /* what the read of the eventfd fills in */
    struct lt_io *backlog, **backlog_end;   /* singles and heads of chains, waiting for room */
    struct lt_io *answered, **answered_end; /* ended without the kernel; result is set */
    struct errand *errands;
    uint32_t errand_count, errand_capacity;
    bool has_slots;
    uint32_t free_slots; /* bit set: free */
};
_Static_assert(SLOTS <= 32, "slots are bits of a word");

static struct uring *uring_of(struct lt_reactor *reactor)
{
    return (struct uring *)(void *)reactor; /* the base is its first member */
}

/* ----------------------------------------------------------------------------- filling entries */

static void prepare_sync(struct io_uring_sqe *sqe, const struct lt_io *io)
{
    io_uring_prep_fsync(sqe, io->fd, io->kind == LT_IO_FDATASYNC ? IORING_FSYNC_DATASYNC : 0);
}

static void prepare(struct io_uring_sqe *sqe, struct lt_io *io)
{
    uint64_t offset = (uint64_t)io->offset; /* -1 is the file's own position here too */
    switch (io->kind) {
    case LT_IO_READ:
        io_uring_prep_read(sqe, io->fd, io->buffer, io->size_bytes, offset);
        break;
    case LT_IO_WRITE:
        io_uring_prep_write(sqe, io->fd, io->buffer, io->size_bytes, offset);
        break;
    case LT_IO_FSYNC:
    case LT_IO_FDATASYNC:
        prepare_sync(sqe, io);
        break;
    case LT_IO_OPENAT:
        io_uring_prep_openat(sqe, io->fd, io->path, io->flags | O_CLOEXEC, io->mode);
        break;
    case LT_IO_CLOSE:
        io_uring_prep_close(sqe, io->fd);
        break;
    case LT_IO_RENAMEAT:
        io_uring_prep_renameat(sqe, io->fd, io->path, io->fd2, io->path2, 0);
        break;
    case LT_IO_UNLINKAT:
        io_uring_prep_unlinkat(sqe, io->fd, io->path, io->flags);
        break;
    case LT_IO_POLL:
        io_uring_prep_poll_add(sqe, io->fd, (unsigned)io->flags);
        break;
    case LT_IO_RECV:
        io_uring_prep_recv(sqe, io->fd, io->buffer, io->size_bytes, io->flags);
        break;
    case LT_IO_SEND:
        io_uring_prep_send(sqe, io->fd, io->buffer, io->size_bytes, io->flags | MSG_NOSIGNAL);
        break;
    case LT_IO_ACCEPT:
        io_uring_prep_accept(sqe, io->fd, NULL, NULL, SOCK_CLOEXEC);
        break;
    case LT_IO_CONNECT:
        io_uring_prep_connect(sqe, io->fd, io->buffer, io->size_bytes);
        break;
    case LT_IO_KIND_COUNT:
        lt_assert(!"an operation of no kind");
    }
    io_uring_sqe_set_data64(sqe, (uint64_t)(uintptr_t)io);
}

/* The same for a step that opens, uses or closes a file of the ring's own table. */
static void prepare_with_slot(struct io_uring_sqe *sqe, struct lt_io *io, uint32_t slot)
{
    if (io->kind == LT_IO_OPENAT) {
        /* Such a file is in no descriptor table, so there is nothing to close on exec; the kernel
         * refuses the flag. */
        io_uring_prep_openat_direct(sqe, io->fd, io->path, io->flags & ~O_CLOEXEC, io->mode, slot);
        io_uring_sqe_set_data64(sqe, (uint64_t)(uintptr_t)io);
    } else if (io->kind == LT_IO_CLOSE) {
        io_uring_prep_close_direct(sqe, slot);
        io_uring_sqe_set_data64(sqe, (uint64_t)(uintptr_t)io);
    } else {
        io->fd = (int)slot;
        prepare(sqe, io);
        sqe->flags |= IOSQE_FIXED_FILE;
    }
}

/* Room for `count` entries, entering the kernel if the queue is full. */
static bool make_room(struct uring *uring, uint32_t count)
{
    if (io_uring_sq_space_left(&uring->ring) >= count)
        return true;
    /* A refusal (EBUSY: completions must be taken first) leaves the queue as it is. */
    return io_uring_submit(&uring->ring) >= 0 && io_uring_sq_space_left(&uring->ring) >= count;
}

static struct io_uring_sqe *take_entry(struct uring *uring)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&uring->ring);
    lt_assert(sqe != NULL); /* make_room came first */
    return sqe;
}

static bool queue_wake_read(struct uring *uring)
{
    if (!make_room(uring, 1))
        return false;
    struct io_uring_sqe *sqe = take_entry(uring);
    io_uring_prep_read(sqe, uring->base.waker.event_fd, &uring->wake_count,
                       sizeof uring->wake_count, 0);
    io_uring_sqe_set_data64(sqe, TAG_WAKE);
    uring->has_wake_read = true;
    return true;
}

static void add_errand(struct uring *uring, enum tag tag, uint64_t argument)
{
    if (uring->errand_count == uring->errand_capacity) {
        uring->errand_capacity = uring->errand_capacity * 2 + SLOTS;
        uring->errands =
            lt_realloc_array(uring->errands, uring->errand_capacity, sizeof *uring->errands);
    }
    uring->errands[uring->errand_count++] = (struct errand){tag, argument};
}

static bool queue_errand(struct uring *uring, const struct errand *errand)
{
    if (!make_room(uring, 1))
        return false;
    struct io_uring_sqe *sqe = take_entry(uring);
    if (errand->tag == TAG_CANCEL) {
        io_uring_prep_cancel64(sqe, errand->argument, 0);
        io_uring_sqe_set_data64(sqe, TAG_CANCEL);
    } else {
        io_uring_prep_close_direct(sqe, (unsigned)errand->argument);
        io_uring_sqe_set_data64(sqe, TAG_SLOT | errand->argument << 8);
    }
    return true;
}

/* ------------------------------------------------------------------------------- linked chains */

static bool can_link(const struct uring *uring, const struct lt_chain *chain)
{
    uint32_t slots_needed = 0;
    if (!uring->has_slots || chain->count > CHAIN_MAX)
        return false;
    for (uint32_t i = 0; i < chain->count; i++) {
        const struct lt_io *io = chain->steps[i];
        if (io->kind >= LT_IO_POLL)
            return false;
        if (io->fd_from != 0 && !chain->is_owned[io->fd_from - 1])
            return false; /* a real descriptor is wanted; it is known only when the file is open */
        slots_needed += chain->is_owned[i];
    }
    return (uint32_t)__builtin_popcount(uring->free_slots) >= slots_needed;
}

static uint32_t take_slot(struct uring *uring)
{
    lt_assert(uring->free_slots != 0);
    uint32_t slot = (uint32_t)__builtin_ctz(uring->free_slots);
    uring->free_slots &= uring->free_slots - 1;
    return slot;
}

static void free_slot(struct uring *uring, uint32_t slot)
{
    uring->free_slots |= 1u << slot;
}

static void queue_linked(struct uring *uring, struct lt_chain *chain)
{
    chain->is_linked = true;
    for (uint32_t i = 0; i < chain->count; i++) {
        struct lt_io *io = chain->steps[i];
        struct io_uring_sqe *sqe = take_entry(uring);
        if (chain->is_owned[i])
            chain->descriptors[i] = (int)take_slot(uring);
        if (chain->is_owned[i])
            prepare_with_slot(sqe, io, (uint32_t)chain->descriptors[i]);
        else if (io->fd_from != 0)
            prepare_with_slot(sqe, io, (uint32_t)chain->descriptors[io->fd_from - 1]);
        else
            prepare(sqe, io);
        if (i == 0)
            sqe->flags |= IOSQE_ASYNC;
        if (i + 1 < chain->count)
            sqe->flags |= IOSQE_IO_LINK;
    }
}

/* All steps have completed. What a failure has left open is closed; freeing the slot waits for
 * that. */
static void finish_linked(struct uring *uring, struct lt_chain *chain)
{
    for (uint32_t i = 0; i < chain->count; i++) {
        if (chain->is_owned[i] && chain->descriptors[i] >= 0)
            add_errand(uring, TAG_SLOT, (uint64_t)chain->descriptors[i]);
    }
    lt_chain_destroy(chain);
}

/* -------------------------------------------------------------------------------------- submit */

/* Puts a single, or a chain from its first step, into the queue; false when there is no room. */
static bool try_queue(struct uring *uring, struct lt_io *io)
{
    struct lt_chain *chain = lt_chain_of(io);
    if (chain != NULL && chain->index == 0 && chain->cancel_index == UINT32_MAX &&
        can_link(uring, chain)) {
        if (!make_room(uring, chain->count))
            return false;
        queue_linked(uring, chain);
        return true;
    }
    if (!make_room(uring, 1))
        return false;
    struct io_uring_sqe *sqe = take_entry(uring);
    prepare(sqe, io);
    if (chain != NULL && io->kind < LT_IO_POLL)
        sqe->flags |= IOSQE_ASYNC;
    return true;
}

static void append(struct lt_io ***end, struct lt_io *io)
{
    io->next = NULL;
    **end = io;
    *end = &io->next;
}

static void begin(struct uring *uring, struct lt_io *io)
{
    if (uring->backlog != NULL || !try_queue(uring, io))
        append(&uring->backlog_end, io);
}

static void uring_submit(struct lt_reactor *reactor, struct lt_io *const *steps, uint32_t count)
{
    struct uring *uring = uring_of(reactor);
    struct lt_io *first = steps[0];
    (void)lt_chain_create(steps, count); /* the steps' tokens keep it */
    reactor->pending_count += count;
    begin(uring, first);
}

/* Takes `io` out of the backlog, if it is there. */
static bool withdraw(struct uring *uring, const struct lt_io *io)
{
    for (struct lt_io **link = &uring->backlog; *link != NULL; link = &(*link)->next) {
        if (*link != io)
            continue;
        *link = io->next;
        if (*link == NULL)
            uring->backlog_end = link;
        return true;
    }
    return false;
}

static void uring_cancel(struct lt_reactor *reactor, struct lt_io *io)
{
    struct uring *uring = uring_of(reactor);
    struct lt_chain *chain = lt_chain_of(io);
    if (chain != NULL && !chain->is_linked)
        lt_chain_cancel(io); /* its turn may not have come */
    if (withdraw(uring, io)) {
        io->result = -ECANCELED;
        append(&uring->answered_end, io);
        return;
    }
    /* The kernel answers "no such request" when it has ended, or is not at its turn in a chain.
     * Queued at once if there is room, so that it stands before a later submission of the same
     * struct. */
    struct errand errand = {TAG_CANCEL, (uint64_t)(uintptr_t)io};
    if (uring->errand_count > 0 || !queue_errand(uring, &errand))
        add_errand(uring, errand.tag, errand.argument);
}

/* ------------------------------------------------------------------------------------ complete */

/* An operation that has ended is not to be cancelled: the struct may be in use again by then. */
static void drop_cancel(struct uring *uring, const struct lt_io *io)
{
    uint32_t i = 0;
    while (i < uring->errand_count) {
        struct errand *errand = &uring->errands[i];
        if (errand->tag == TAG_CANCEL && errand->argument == (uint64_t)(uintptr_t)io)
            *errand = uring->errands[--uring->errand_count];
        else
            i++;
    }
}

static void complete(struct uring *uring, struct lt_io *io, int64_t result, uint32_t *count)
{
    struct lt_chain *chain = lt_chain_of(io);
    if (lt_unlikely(uring->errand_count > 0))
        drop_cancel(uring, io);
    if (chain == NULL || !chain->is_linked) {
        struct lt_io *next = lt_chain_complete(&uring->base, io, result, count);
        if (next != NULL)
            begin(uring, next);
        return;
    }
    if (io->kind == LT_IO_CLOSE && io->fd_from != 0 && result == 0) {
        free_slot(uring, (uint32_t)chain->descriptors[io->fd_from - 1]);
        chain->descriptors[io->fd_from - 1] = -1;
    }
    bool is_last = chain->index + 1 == chain->count;
    struct lt_io *next = lt_chain_complete(&uring->base, io, result, count);
    lt_assert(next == NULL);
    if (is_last)
        finish_linked(uring, chain);
}

static void handle(struct uring *uring, uint64_t user_data, int32_t result, uint32_t *count)
{
    switch ((enum tag)(user_data & TAG_MASK)) {
    case TAG_IO:
        complete(uring, (struct lt_io *)(uintptr_t)user_data, result, count);
        break;
    case TAG_WAKE:
        uring->has_wake_read = false;
        break;
    case TAG_SLOT:
        free_slot(uring, (uint32_t)(user_data >> 8));
        break;
    default:
        lt_assert((user_data & TAG_MASK) ==
                  TAG_CANCEL); /* the operation itself reports how it ended */
    }
}

/* Runs what has completed, at most POLL_MAX. */
static uint32_t drain(struct uring *uring)
{
    uint32_t count = 0;
    while (uring->answered != NULL && count < POLL_MAX) {
        struct lt_io *io = uring->answered;
        uring->answered = io->next;
        if (uring->answered == NULL)
            uring->answered_end = &uring->answered;
        complete(uring, io, io->result, &count);
    }
    struct io_uring_cqe *cqe;
    while (count < POLL_MAX && io_uring_cq_ready(&uring->ring) > 0) {
        int peeked = io_uring_peek_cqe(&uring->ring, &cqe);
        lt_assert(peeked == 0);
        uint64_t user_data = cqe->user_data;
        int32_t result = cqe->res;
        io_uring_cqe_seen(&uring->ring, cqe); /* before `done`, which may submit and enter */
        handle(uring, user_data, result, &count);
    }
    return count;
}

/* Fills the queue with what waits for room, in order. */
static void refill(struct uring *uring)
{
    if (!uring->has_wake_read && !queue_wake_read(uring))
        return;
    uint32_t done = 0;
    while (done < uring->errand_count && queue_errand(uring, &uring->errands[done]))
        done++;
    if (done > 0) {
        uring->errand_count -= done;
        memmove(uring->errands, uring->errands + done,
                uring->errand_count * sizeof *uring->errands);
    }
    while (uring->backlog != NULL) {
        struct lt_io *io = uring->backlog;
        if (!try_queue(uring, io))
            return;
        uring->backlog = io->next;
        if (uring->backlog == NULL)
            uring->backlog_end = &uring->backlog;
    }
}

static uint32_t uring_poll(struct lt_reactor *reactor)
{
    struct uring *uring = uring_of(reactor);
    refill(uring);
    unsigned flags = IO_URING_READ_ONCE(*uring->ring.sq.kflags);
    int entered = 0;
    if (io_uring_sq_ready(&uring->ring) > 0)
        entered = io_uring_submit_and_get_events(&uring->ring);
    else if ((flags & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW)) != 0)
        entered = io_uring_get_events(&uring->ring);
    /* EBUSY, EAGAIN: not now; what was not taken is still in the queue. */
    lt_assert(entered >= 0 || entered == -EBUSY || entered == -EAGAIN || entered == -EINTR);
    return drain(uring);
}

static uint32_t uring_park(struct lt_reactor *reactor, int64_t deadline_ns)
{
    struct uring *uring = uring_of(reactor);
    refill(uring);
    int64_t left_ns = LT_NEVER_NS;
    if (deadline_ns != LT_NEVER_NS)
        left_ns = deadline_ns - lt_clock_now_ns(lt_clock_system());
    if (uring->answered != NULL || uring->errand_count > 0 || left_ns <= 0)
        return uring_poll(reactor);
    struct __kernel_timespec timeout = {.tv_sec = left_ns / LT_NS_PER_S,
                                        .tv_nsec = left_ns % LT_NS_PER_S};
    struct io_uring_cqe *cqe;
    int waited = io_uring_submit_and_wait_timeout(
        &uring->ring, &cqe, 1, deadline_ns != LT_NEVER_NS ? &timeout : NULL, NULL);
    lt_assert(waited >= 0 || waited == -ETIME || waited == -EINTR || waited == -EBUSY ||
              waited == -EAGAIN);
    return drain(uring);
}

/* ----------------------------------------------------------------------------- create, destroy */

/* The kernel must not write into this memory any more: the read of the eventfd is made to end. */
static void end_wake_read(struct uring *uring)
{
    lt_waker_write(&uring->base.waker);
    while (uring->has_wake_read) {
        struct io_uring_cqe *cqe;
        int waited = io_uring_submit_and_wait_timeout(&uring->ring, &cqe, 1, NULL, NULL);
        lt_assert(waited >= 0 || waited == -EINTR || waited == -EBUSY || waited == -EAGAIN);
        uint32_t count = drain(uring);
        lt_assert(count == 0);
    }
}

static void uring_destroy(struct lt_reactor *reactor)
{
    struct uring *uring = uring_of(reactor);
    lt_assert(reactor->pending_count == 0);
    end_wake_read(uring);
    io_uring_queue_exit(&uring->ring);
    lt_waker_close(&reactor->waker);
    free(uring->errands);
    free(uring);
}

/* The table of files in which chains keep what they open. */
static void register_slots(struct uring *uring)
{
    int result = io_uring_register_files_sparse(&uring->ring, SLOTS);
    uring->has_slots = result == 0;
    uring->free_slots = result == 0 ? (uint32_t)((UINT64_C(1) << SLOTS) - 1) : 0;
    if (result != 0)
        lt_log_debug("io_uring: no table of files: %s; chains are walked step by step",
                     strerror(-result));
}

static int open_waker(struct uring *uring, struct lt_error *error)
{
    int code = lt_waker_open(&uring->base.waker, error);
    if (code != 0)
        return code;
    int flags = fcntl(uring->base.waker.event_fd, F_GETFL);
    if (flags >= 0 && fcntl(uring->base.waker.event_fd, F_SETFL, flags & ~O_NONBLOCK) == 0)
        return 0;
    code = lt_error_set_errno(error, errno, "cannot make an event descriptor blocking");
    lt_waker_close(&uring->base.waker);
    return code;
}

int lt_uring_create(enum lt_uring_rung rung, const struct lt_reactor_options *options,
                    struct lt_reactor **out, struct lt_error *error)
{
    static const struct lt_reactor_ops ops = {
        .name = "io_uring",
        .submit = uring_submit,
        .cancel = uring_cancel,
        .poll = uring_poll,
        .park = uring_park,
        .destroy = uring_destroy,
    };
    *out = NULL;
    struct uring *uring = lt_alloc(sizeof *uring);
    uring->base.ops = &ops;
    uring->backlog_end = &uring->backlog;
    uring->answered_end = &uring->answered;
    int code = lt_uring_ring_open(&uring->ring, rung, options, error);
    if (code != 0)
        goto fail_ring;
    code = open_waker(uring, error);
    if (code != 0)
        goto fail_waker;
    register_slots(uring);
    *out = &uring->base;
    return 0;

fail_waker:
    io_uring_queue_exit(&uring->ring);
fail_ring:
    free(uring);
    return code;
}
