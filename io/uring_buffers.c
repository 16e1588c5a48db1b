/*
 * The operations that complete often, and the buffers that they receive into.
 *
 * On the uppermost rung the kernel keeps such an operation armed and takes a buffer for each
 * completion from a ring that it shares with us: receiving a message costs no submission, and no
 * memory is tied to a connection that is silent. Giving a piece back is two stores.
 *
 * On the rungs below, which older kernels have, the ring is asked when the descriptor is readable,
 * and then the reactor receives by system calls (io/reactor_buffers.h): so there too silence costs
 * no piece. The same for a group whose ring the kernel refuses, for want of locked memory.
 */
#include "io/uring.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "core/base/arena.h"
#include "core/base/log.h"

_Static_assert(sizeof(struct io_uring_recvmsg_out) == LT_PIECE_HEADER_BYTES, "one layout for all");

struct uring_buffers {
    struct lt_pieces pieces;
    struct io_uring_buf_ring *ring; /* NULL: the list of pieces is used */
    uint16_t id;
};

static struct uring_buffers *buffers_of(struct lt_buffers *buffers)
{
    return (struct uring_buffers *)(void *)buffers; /* the base is its first member */
}

/* ------------------------------------------------------------------------------------- buffers */

static size_t ring_bytes(uint32_t count)
{
    return count * sizeof(struct io_uring_buf);
}

static void add_to_ring(struct uring_buffers *buffers, int32_t piece)
{
    const struct lt_buffers *base = &buffers->pieces.base;
    io_uring_buf_ring_add(buffers->ring, lt_piece_memory(base, piece), base->size_bytes,
                          (unsigned short)piece, io_uring_buf_ring_mask(base->count), 0);
    io_uring_buf_ring_advance(buffers->ring, 1); /* release: pairs with the kernel's load */
}

/* Shares a ring of buffers with the kernel. 0 or -errno. */
static int open_ring(struct lt_uring *uring, struct uring_buffers *buffers)
{
    if (~uring->group_ids == 0)
        return -ENOSPC;
    uint32_t count = buffers->pieces.base.count;
    void *memory = mmap(NULL, ring_bytes(count), PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (memory == MAP_FAILED)
        return -errno;
    buffers->id = (uint16_t)__builtin_ctzll(~uring->group_ids);
    struct io_uring_buf_reg registration = {
        .ring_addr = (uint64_t)(uintptr_t)memory,
        .ring_entries = count,
        .bgid = buffers->id,
    };
    int result = io_uring_register_buf_ring(&uring->ring, &registration, 0);
    if (result != 0) {
        munmap(memory, ring_bytes(count));
        return result;
    }
    uring->group_ids |= UINT64_C(1) << buffers->id;
    buffers->ring = memory;
    io_uring_buf_ring_init(buffers->ring);
    for (uint32_t i = 0; i < count; i++)
        add_to_ring(buffers, (int32_t)i);
    return 0;
}

struct lt_buffers *lt_uring_buffers_create(struct lt_reactor *reactor, uint32_t count,
                                           uint32_t size_bytes)
{
    struct lt_uring *uring = lt_uring_of(reactor);
    struct uring_buffers *buffers = lt_alloc(sizeof *buffers);
    lt_pieces_init(&buffers->pieces, reactor, count, size_bytes);
    if (!uring->has_multishot)
        return &buffers->pieces.base;
    int result = open_ring(uring, buffers);
    if (result != 0)
        lt_log_debug("io_uring: no ring of buffers: %s; each receive is armed by itself",
                     strerror(-result));
    return &buffers->pieces.base;
}

void lt_uring_buffers_give_back(struct lt_buffers *base, int32_t piece)
{
    struct uring_buffers *buffers = buffers_of(base);
    if (buffers->ring == NULL) {
        lt_pieces_give_back(base, piece);
        return;
    }
    lt_pieces_mark(&buffers->pieces, piece, false);
    add_to_ring(buffers, piece);
}

void lt_uring_buffers_destroy(struct lt_buffers *base)
{
    struct uring_buffers *buffers = buffers_of(base);
    if (buffers->ring != NULL) {
        struct lt_uring *uring = lt_uring_of(base->reactor);
        int result = io_uring_unregister_buf_ring(&uring->ring, buffers->id);
        lt_assert(result == 0);
        result = munmap(buffers->ring, ring_bytes(base->count));
        lt_assert(result == 0);
        uring->group_ids &= ~(UINT64_C(1) << buffers->id);
    }
    lt_pieces_fini(&buffers->pieces);
    free(buffers);
}

/* -------------------------------------------------------------------------------------- arming */

/* The kernel keeps it armed. */
static bool is_multishot(const struct lt_uring *uring, const struct lt_io *io)
{
    if (io->kind == LT_IO_ACCEPT_MULTI)
        return uring->has_multishot;
    return buffers_of(io->group)->ring != NULL;
}

static void prepare_multishot(struct io_uring_sqe *sqe, const struct lt_io *io)
{
    if (io->kind == LT_IO_ACCEPT_MULTI) {
        io_uring_prep_multishot_accept(sqe, io->fd, NULL, NULL, SOCK_CLOEXEC);
        return;
    }
    if (io->kind == LT_IO_RECV_MULTI)
        io_uring_prep_recv_multishot(sqe, io->fd, NULL, 0, io->flags);
    else
        io_uring_prep_recvmsg_multishot(sqe, io->fd, io->message,
                                        (unsigned)io->flags | MSG_CMSG_CLOEXEC);
    sqe->flags |= IOSQE_BUFFER_SELECT;
    sqe->buf_group = buffers_of(io->group)->id;
}

void lt_uring_multi_prepare(const struct lt_uring *uring, struct io_uring_sqe *sqe,
                            const struct lt_io *io)
{
    if (is_multishot(uring, io))
        prepare_multishot(sqe, io);
    else
        io_uring_prep_poll_add(sqe, io->fd, POLLIN);
}

/* ---------------------------------------------------------------------------------- completing */

/* What the kernel writes at the head of a datagram's piece. */
static void fill_datagram(struct lt_io *io, int64_t result)
{
    const struct io_uring_recvmsg_out *out = io->buffer;
    uint32_t name_room = io->message->msg_namelen;
    size_t offset = lt_multi_payload_offset(io);
    lt_assert(result >= (int64_t)offset);
    io->name = io_uring_recvmsg_name((struct io_uring_recvmsg_out *)io->buffer);
    io->name_size = out->namelen < name_room ? out->namelen : name_room;
    io->control = (char *)io->name + name_room;
    io->control_size = out->controllen;
    io->msg_flags = (int)out->flags;
    io->payload = (char *)io->buffer + offset;
    io->payload_size = (uint32_t)((size_t)result - offset);
    io->result = io->payload_size;
}

static void end(struct lt_uring *uring, struct lt_io *io, uint32_t *count)
{
    lt_multi_end(io);
    lt_uring_complete(uring, io, io->result, count);
}

static void complete_multishot(struct lt_uring *uring, struct lt_io *io, int64_t result,
                               uint32_t cqe_flags, uint32_t *count)
{
    int32_t piece = LT_IO_NO_PIECE;
    if ((cqe_flags & IORING_CQE_F_BUFFER) != 0) {
        piece = (int32_t)(cqe_flags >> IORING_CQE_BUFFER_SHIFT);
        lt_pieces_mark(lt_pieces_of(io->group), piece, true);
    }
    lt_multi_fill(io, result, piece, (cqe_flags & IORING_CQE_F_MORE) != 0);
    if (io->kind == LT_IO_RECVMSG_MULTI && piece != LT_IO_NO_PIECE)
        fill_datagram(io, result);
    if (!io->more) {
        end(uring, io, count);
        return;
    }
    (*count)++;
    io->done(io);
}

/* The descriptor is readable, or the wait has failed. */
static void complete_wait(struct lt_uring *uring, struct lt_io *io, int64_t result, uint32_t *count)
{
    io->result = result;
    if (result < 0 || lt_multi_run(io, count) == LT_MULTI_ENDED) {
        lt_multi_fill(io, io->result, LT_IO_NO_PIECE, false);
        end(uring, io, count);
    } else {
        lt_uring_begin(uring, io);
    }
}

void lt_uring_multi_complete(struct lt_uring *uring, struct lt_io *io, int64_t result,
                             uint32_t cqe_flags, uint32_t *count)
{
    if (is_multishot(uring, io))
        complete_multishot(uring, io, result, cqe_flags, count);
    else
        complete_wait(uring, io, result, count);
}
