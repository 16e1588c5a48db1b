/*
 * Filling io_uring's submission queue: single operations, chains, cancellations. Nothing here waits
 * and nothing is refused: what finds no room stays in the backlog, in order, or on the list of
 * errands, until a poll has room for it.
 */
#include "io/uring.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

#include "core/base/arena.h"

enum {
    CHAIN_MAX = 64, /* steps of a linked chain; far below SQ_ENTRIES, so it always finds room in an
                       empty queue */
};
_Static_assert(CHAIN_MAX <= LT_URING_SQ_ENTRIES / 2, "a chain must fit into an empty queue");

/* ----------------------------------------------------------------------------- filling entries */

static void prepare_sync(struct io_uring_sqe *sqe, const struct lt_io *io)
{
    io_uring_prep_fsync(sqe, io->fd, io->kind == LT_IO_FDATASYNC ? IORING_FSYNC_DATASYNC : 0);
}

static void prepare_statx(struct io_uring_sqe *sqe, const struct lt_io *io)
{
    bool is_of_fd = io->path == NULL;
    io_uring_prep_statx(sqe, io->fd, is_of_fd ? "" : io->path,
                        is_of_fd ? io->flags | AT_EMPTY_PATH : io->flags, io->size_bytes,
                        io->buffer);
}

/* long because: one case for each operation there is. */
static void prepare(const struct lt_uring *uring, struct io_uring_sqe *sqe, struct lt_io *io)
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
    case LT_IO_FTRUNCATE: /* the length is where another operation has its address's other half */
        io_uring_prep_rw(LT_URING_OP_FTRUNCATE, sqe, io->fd, NULL, 0, offset);
        break;
    case LT_IO_OPENAT:
        io_uring_prep_openat(sqe, io->fd, io->path, io->flags | O_CLOEXEC, io->mode);
        break;
    case LT_IO_CLOSE:
        io_uring_prep_close(sqe, io->fd);
        break;
    case LT_IO_RENAMEAT:
        io_uring_prep_renameat(sqe, io->fd, io->path, io->fd2, io->path2,
                               (unsigned)io->flags);
        break;
    case LT_IO_LINKAT:
        io_uring_prep_linkat(sqe, io->fd, io->path, io->fd2, io->path2, io->flags);
        break;
    case LT_IO_UNLINKAT:
        io_uring_prep_unlinkat(sqe, io->fd, io->path, io->flags);
        break;
    case LT_IO_MKDIRAT:
        io_uring_prep_mkdirat(sqe, io->fd, io->path, io->mode);
        break;
    case LT_IO_STATX:
        prepare_statx(sqe, io);
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
    case LT_IO_RECVMSG:
        io_uring_prep_recvmsg(sqe, io->fd, io->buffer, (unsigned)io->flags | MSG_CMSG_CLOEXEC);
        break;
    case LT_IO_SENDMSG:
        io_uring_prep_sendmsg(sqe, io->fd, io->buffer, (unsigned)io->flags | MSG_NOSIGNAL);
        break;
    case LT_IO_ACCEPT:
        io_uring_prep_accept(sqe, io->fd, NULL, NULL, SOCK_CLOEXEC);
        break;
    case LT_IO_CONNECT:
        io_uring_prep_connect(sqe, io->fd, io->buffer, io->size_bytes);
        break;
    case LT_IO_RECV_MULTI:
    case LT_IO_RECVMSG_MULTI:
    case LT_IO_ACCEPT_MULTI:
        lt_uring_multi_prepare(uring, sqe, io);
        break;
    case LT_IO_CALL:
    case LT_IO_KIND_COUNT:
        lt_assert(!"no operation of the kernel's");
    }
    io_uring_sqe_set_data64(sqe, (uint64_t)(uintptr_t)io);
}

/* The same for a step that opens, uses or closes a file of the ring's own table. */
static void prepare_with_slot(const struct lt_uring *uring, struct io_uring_sqe *sqe,
                              struct lt_io *io, uint32_t slot)
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
        prepare(uring, sqe, io);
        sqe->flags |= IOSQE_FIXED_FILE;
    }
}

/* Room for `count` entries, entering the kernel if the queue is full. */
static bool make_room(struct lt_uring *uring, uint32_t count)
{
    if (io_uring_sq_space_left(&uring->ring) >= count)
        return true;
    /* A refusal (EBUSY: completions must be taken first) leaves the queue as it is. */
    return io_uring_submit(&uring->ring) >= 0 && io_uring_sq_space_left(&uring->ring) >= count;
}

static struct io_uring_sqe *take_entry(struct lt_uring *uring)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&uring->ring);
    lt_assert(sqe != NULL); /* make_room came first */
    return sqe;
}

static bool queue_wake_read(struct lt_uring *uring)
{
    if (!make_room(uring, 1))
        return false;
    struct io_uring_sqe *sqe = take_entry(uring);
    io_uring_prep_read(sqe, uring->base.waker.event_fd, &uring->wake_count,
                       sizeof uring->wake_count, 0);
    io_uring_sqe_set_data64(sqe, LT_URING_WAKE);
    uring->has_wake_read = true;
    return true;
}

void lt_uring_add_errand(struct lt_uring *uring, enum lt_uring_tag tag, uint64_t argument)
{
    if (uring->errand_count == uring->errand_capacity) {
        uring->errand_capacity = uring->errand_capacity * 2 + LT_URING_SLOTS;
        uring->errands =
            lt_realloc_array(uring->errands, uring->errand_capacity, sizeof *uring->errands);
    }
    uring->errands[uring->errand_count++] = (struct lt_uring_errand){tag, argument};
}

static bool queue_errand(struct lt_uring *uring, const struct lt_uring_errand *errand)
{
    if (!make_room(uring, 1))
        return false;
    struct io_uring_sqe *sqe = take_entry(uring);
    switch (errand->tag) {
    case LT_URING_CANCEL:
        io_uring_prep_cancel64(sqe, errand->argument, 0);
        io_uring_sqe_set_data64(sqe, LT_URING_CANCEL);
        break;
    case LT_URING_SLOT:
        io_uring_prep_close_direct(sqe, (unsigned)errand->argument);
        io_uring_sqe_set_data64(sqe, LT_URING_SLOT | errand->argument << 8);
        break;
    default:
        lt_assert(errand->tag == LT_URING_HELPER);
        io_uring_prep_read(sqe, uring->helper_waker.event_fd, &uring->helper_wake_count,
                           sizeof uring->helper_wake_count, 0);
        io_uring_sqe_set_data64(sqe, LT_URING_HELPER);
    }
    return true;
}

/* ------------------------------------------------------------------------------- linked chains */

static bool has_kind(const struct lt_uring *uring, enum lt_io_kind kind)
{
    return ((uring->missing_kinds >> kind) & 1) == 0;
}

/* The kernel takes a file of the ring's own table for this. */
static bool takes_slot(enum lt_io_kind kind)
{
    return kind <= LT_IO_FTRUNCATE || kind == LT_IO_CLOSE;
}

static bool can_link(const struct lt_uring *uring, const struct lt_chain *chain)
{
    uint32_t slots_needed = 0;
    if (!uring->has_slots || chain->count > CHAIN_MAX)
        return false;
    for (uint32_t i = 0; i < chain->count; i++) {
        const struct lt_io *io = chain->steps[i];
        if (io->kind >= LT_IO_POLL || !has_kind(uring, io->kind))
            return false;
        /* Not where a real descriptor is wanted: it is known only when the file is open. */
        if (io->fd_from != 0 && (!chain->is_owned[io->fd_from - 1] || !takes_slot(io->kind)))
            return false;
        slots_needed += chain->is_owned[i];
    }
    return (uint32_t)__builtin_popcount(uring->free_slots) >= slots_needed;
}

static uint32_t take_slot(struct lt_uring *uring)
{
    lt_assert(uring->free_slots != 0);
    uint32_t slot = (uint32_t)__builtin_ctz(uring->free_slots);
    uring->free_slots &= uring->free_slots - 1;
    return slot;
}

void lt_uring_free_slot(struct lt_uring *uring, uint32_t slot)
{
    uring->free_slots |= 1u << slot;
}

static void queue_linked(struct lt_uring *uring, struct lt_chain *chain)
{
    chain->is_linked = true;
    for (uint32_t i = 0; i < chain->count; i++) {
        struct lt_io *io = chain->steps[i];
        struct io_uring_sqe *sqe = take_entry(uring);
        if (chain->is_owned[i])
            chain->descriptors[i] = (int)take_slot(uring);
        if (chain->is_owned[i])
            prepare_with_slot(uring, sqe, io, (uint32_t)chain->descriptors[i]);
        else if (io->fd_from != 0)
            prepare_with_slot(uring, sqe, io, (uint32_t)chain->descriptors[io->fd_from - 1]);
        else
            prepare(uring, sqe, io);
        if (i == 0)
            sqe->flags |= IOSQE_ASYNC;
        if (i + 1 < chain->count)
            sqe->flags |= IOSQE_IO_LINK;
    }
}

/* All steps have completed. What a failure has left open is closed; freeing the slot waits for
 * that. */
void lt_uring_finish_linked(struct lt_uring *uring, struct lt_chain *chain)
{
    for (uint32_t i = 0; i < chain->count; i++) {
        if (chain->is_owned[i] && chain->descriptors[i] >= 0)
            lt_uring_add_errand(uring, LT_URING_SLOT, (uint64_t)chain->descriptors[i]);
    }
    lt_chain_destroy(chain);
}

/* -------------------------------------------------------------------------------------- submit */

/* Puts a single, or a chain from its first step, into the queue; false when there is no room. */
static bool try_queue(struct lt_uring *uring, struct lt_io *io)
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
    prepare(uring, sqe, io);
    if (chain != NULL && io->kind < LT_IO_POLL)
        sqe->flags |= IOSQE_ASYNC;
    return true;
}

void lt_uring_answer(struct lt_uring *uring, struct lt_io *io, int64_t result)
{
    io->result = result;
    lt_uring_append(&uring->answered_end, io);
}

void lt_uring_begin(struct lt_uring *uring, struct lt_io *io)
{
    if (io->kind == LT_IO_WRITE && (io->flags & LT_IO_AT_ONCE) != 0)
        lt_uring_answer(uring, io, lt_file_operation(io));
    else if (lt_unlikely(!has_kind(uring, io->kind)))
        lt_uring_helper_give(uring, io);
    else if (uring->backlog != NULL || !try_queue(uring, io))
        lt_uring_append(&uring->backlog_end, io);
}

void lt_uring_submit(struct lt_reactor *reactor, struct lt_io *const *steps, uint32_t count)
{
    struct lt_uring *uring = lt_uring_of(reactor);
    struct lt_io *first = steps[0];
    (void)lt_chain_create(steps, count); /* the steps' tokens keep it */
    reactor->pending_count += count;
    if (lt_io_is_multi(first->kind))
        lt_multi_begin(first);
    lt_uring_begin(uring, first);
}

/* Takes `io` out of the backlog, if it is there. */
static bool withdraw(struct lt_uring *uring, const struct lt_io *io)
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

void lt_uring_cancel(struct lt_reactor *reactor, struct lt_io *io)
{
    struct lt_uring *uring = lt_uring_of(reactor);
    struct lt_chain *chain = lt_chain_of(io);
    if (chain != NULL && !chain->is_linked)
        lt_chain_cancel(io); /* its turn may not have come */
    io->is_cancelled = true;
    if (withdraw(uring, io) || lt_uring_helper_withdraw(uring, io)) {
        lt_uring_answer(uring, io, -ECANCELED);
        return;
    }
    if (!has_kind(uring, io->kind))
        return; /* the helper has begun it */
    /* The kernel answers "no such request" when it has ended, or is not at its turn in a chain.
     * Queued at once if there is room, so that it stands before a later submission of the same
     * struct. */
    struct lt_uring_errand errand = {LT_URING_CANCEL, (uint64_t)(uintptr_t)io};
    if (uring->errand_count > 0 || !queue_errand(uring, &errand))
        lt_uring_add_errand(uring, errand.tag, errand.argument);
}

/* Fills the queue with what waits for room, in order. */
void lt_uring_refill(struct lt_uring *uring)
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
