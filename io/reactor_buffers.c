/*
 * The list of free pieces, the layout of a datagram in one, and receiving into them by system
 * calls.
 */
#include "io/reactor_buffers.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "core/base/arena.h"
#include "io/reactor_calls.h"

enum {
    PIECES_MAX = 32768,   /* what the kernel allows for a ring of buffers */
    BURST_MAX = 32,       /* results of one MULTI operation in a row */
    PIECE_ALIGNMENT = 16, /* control messages are read where they lie */
};

void lt_pieces_init(struct lt_pieces *pieces, struct lt_reactor *reactor, uint32_t count,
                    uint32_t size_bytes)
{
    lt_assert(count > 0 && count <= PIECES_MAX);
    lt_assert((count & (count - 1)) == 0);
    lt_assert(size_bytes > 0);
    uint32_t stride_bytes = (size_bytes + PIECE_ALIGNMENT - 1) / PIECE_ALIGNMENT * PIECE_ALIGNMENT;
    pieces->base = (struct lt_buffers){
        .reactor = reactor,
        .memory = lt_alloc_aligned((size_t)count * stride_bytes),
        .count = count,
        .size_bytes = size_bytes,
        .stride_bytes = stride_bytes,
    };
    pieces->is_out = lt_alloc_array(count, sizeof *pieces->is_out);
    pieces->free = lt_alloc_array(count, sizeof *pieces->free);
    for (uint32_t i = 0; i < count; i++)
        pieces->free[i] = (int32_t)(count - 1 - i);
    pieces->free_count = count;
}

void lt_pieces_fini(struct lt_pieces *pieces)
{
    lt_assert(pieces->armed_count == 0);
    free(pieces->base.memory);
    free(pieces->is_out);
    free(pieces->free);
}

struct lt_buffers *lt_pieces_create(struct lt_reactor *reactor, uint32_t count, uint32_t size_bytes)
{
    struct lt_pieces *pieces = lt_alloc(sizeof *pieces);
    lt_pieces_init(pieces, reactor, count, size_bytes);
    return &pieces->base;
}

void lt_pieces_destroy(struct lt_buffers *buffers)
{
    struct lt_pieces *pieces = lt_pieces_of(buffers);
    lt_pieces_fini(pieces);
    free(pieces);
}

void lt_pieces_mark(struct lt_pieces *pieces, int32_t piece, bool is_out)
{
    lt_assert(piece >= 0 && (uint32_t)piece < pieces->base.count);
    lt_assert(pieces->is_out[piece] != is_out); /* given back twice */
    pieces->is_out[piece] = is_out;
}

int32_t lt_pieces_take(struct lt_pieces *pieces)
{
    if (pieces->free_count == 0)
        return LT_IO_NO_PIECE;
    int32_t piece = pieces->free[--pieces->free_count];
    lt_pieces_mark(pieces, piece, true);
    return piece;
}

void lt_pieces_give_back(struct lt_buffers *buffers, int32_t piece)
{
    struct lt_pieces *pieces = lt_pieces_of(buffers);
    lt_pieces_mark(pieces, piece, false);
    pieces->free[pieces->free_count++] = piece;
}

size_t lt_multi_payload_offset(const struct lt_io *io)
{
    return LT_PIECE_HEADER_BYTES + (size_t)io->message->msg_namelen +
           (size_t)io->message->msg_controllen;
}

void lt_multi_fill(struct lt_io *io, int64_t result, int32_t piece, bool more)
{
    io->result = result;
    io->piece = piece;
    io->more = more;
    io->buffer = piece != LT_IO_NO_PIECE ? lt_piece_memory(io->group, piece) : NULL;
}

void lt_multi_begin(const struct lt_io *io)
{
    lt_assert(io->group != NULL || io->kind == LT_IO_ACCEPT_MULTI);
    if (io->kind == LT_IO_RECVMSG_MULTI) {
        lt_assert(io->message->msg_namelen % 8 == 0); /* control messages are read in place */
        lt_assert(lt_multi_payload_offset(io) < io->group->size_bytes);
    }
    if (io->group != NULL)
        lt_pieces_of(io->group)->armed_count++;
}

void lt_multi_end(const struct lt_io *io)
{
    if (io->group != NULL)
        lt_pieces_of(io->group)->armed_count--;
}

/* --------------------------------------------------------------------------- receiving by calls */

static int64_t receive_datagram(struct lt_io *io, char *memory)
{
    uint32_t name_room = io->message->msg_namelen;
    size_t offset = lt_multi_payload_offset(io);
    struct iovec payload = {memory + offset, io->group->size_bytes - offset};
    struct msghdr header = {
        .msg_name = memory + LT_PIECE_HEADER_BYTES,
        .msg_namelen = name_room,
        .msg_iov = &payload,
        .msg_iovlen = 1,
        .msg_control = memory + LT_PIECE_HEADER_BYTES + name_room,
        .msg_controllen = io->message->msg_controllen,
    };
    int64_t result =
        lt_call_or_wait(recvmsg(io->fd, &header, io->flags | MSG_DONTWAIT | MSG_CMSG_CLOEXEC));
    if (result < 0)
        return result;
    /* With MSG_TRUNC asked for, the result is the whole datagram's size. */
    io->payload_size =
        (uint32_t)((size_t)result < payload.iov_len ? (size_t)result : payload.iov_len);
    io->payload = payload.iov_base;
    io->name = header.msg_name;
    io->name_size = header.msg_namelen < name_room ? header.msg_namelen : name_room;
    io->control = header.msg_control;
    io->control_size = (uint32_t)header.msg_controllen;
    io->msg_flags = header.msg_flags;
    return io->payload_size;
}

int64_t lt_multi_receive(struct lt_io *io, int32_t *piece)
{
    *piece = LT_IO_NO_PIECE;
    if (io->kind == LT_IO_ACCEPT_MULTI)
        return lt_call_accept(io);
    int32_t taken = lt_pieces_take(lt_pieces_of(io->group));
    if (taken == LT_IO_NO_PIECE)
        return -ENOBUFS;
    char *memory = lt_piece_memory(io->group, taken);
    int64_t result = io->kind == LT_IO_RECVMSG_MULTI
                         ? receive_datagram(io, memory)
                         : lt_call_or_wait(recv(io->fd, memory, io->group->size_bytes,
                                                io->flags | MSG_DONTWAIT));
    if (lt_multi_is_end(io, result))
        lt_pieces_give_back(io->group, taken);
    else
        *piece = taken;
    return result;
}

enum lt_multi_outcome lt_multi_run(struct lt_io *io, uint32_t *count)
{
    for (uint32_t i = 0; i < BURST_MAX; i++) {
        int32_t piece;
        int64_t result = io->is_cancelled ? -ECANCELED : lt_multi_receive(io, &piece);
        if (result == LT_WOULD_WAIT)
            return LT_MULTI_WAITS;
        if (lt_multi_is_end(io, result)) {
            io->result = result;
            return LT_MULTI_ENDED;
        }
        lt_multi_fill(io, result, piece, true);
        (*count)++;
        io->done(io);
    }
    if (!io->is_cancelled)
        return LT_MULTI_HAS_MORE;
    io->result = -ECANCELED;
    return LT_MULTI_ENDED;
}
