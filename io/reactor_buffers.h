/*
 * Groups of buffers, as all reactors keep them (core/flow/reactor.h says what they are for): the
 * memory, which pieces are out, and where in a piece a datagram's address, control messages and
 * payload are.
 *
 * A reactor that receives by itself takes a piece from the list here when there is something to
 * receive; with io_uring's ring of buffers the kernel takes it, and the list is not used.
 *
 * on: the reactor's thread.
 */
#ifndef LT_IO_REACTOR_BUFFERS_H
#define LT_IO_REACTOR_BUFFERS_H

#include "core/flow/reactor.h"

/* What a datagram's piece begins with; the kernel's io_uring_recvmsg_out has this size. */
enum { LT_PIECE_HEADER_BYTES = 16 };

struct lt_pieces {
    struct lt_buffers base;
    bool *is_out;  /* with the caller */
    int32_t *free; /* a stack: the piece last used is the one in the cache */
    uint32_t free_count;
    uint32_t armed_count; /* operations that receive into the group */
};

static inline struct lt_pieces *lt_pieces_of(struct lt_buffers *buffers)
{
    return (struct lt_pieces *)(void *)buffers; /* the base is its first member */
}
static inline char *lt_piece_memory(const struct lt_buffers *buffers, int32_t piece)
{
    return buffers->memory + (size_t)piece * buffers->stride_bytes;
}

void lt_pieces_init(struct lt_pieces *pieces, struct lt_reactor *reactor, uint32_t count,
                    uint32_t size_bytes);
void lt_pieces_fini(struct lt_pieces *pieces);

/* The three functions of struct lt_reactor_ops, for a reactor that uses the list. */
struct lt_buffers *lt_pieces_create(struct lt_reactor *reactor, uint32_t count,
                                    uint32_t size_bytes);
void lt_pieces_give_back(struct lt_buffers *buffers, int32_t piece);
void lt_pieces_destroy(struct lt_buffers *buffers);

/* From the list; LT_IO_NO_PIECE if all are out. */
int32_t lt_pieces_take(struct lt_pieces *pieces);
/* The kernel has handed a piece over, or has it again. */
void lt_pieces_mark(struct lt_pieces *pieces, int32_t piece, bool is_out);

/* Fills in what `done` may read of one completion of a MULTI operation. `result`: bytes, a
 * descriptor, or -errno. */
void lt_multi_fill(struct lt_io *io, int64_t result, int32_t piece, bool more);
/* Where a datagram's payload begins in a piece. */
size_t lt_multi_payload_offset(const struct lt_io *io);

/* A MULTI operation has been submitted, or is about to run its last `done`. */
void lt_multi_begin(const struct lt_io *io);
void lt_multi_end(const struct lt_io *io);

/* For a reactor that receives by itself, one result: LT_WOULD_WAIT (io/reactor_calls.h), or what
 * the system call says, and then perhaps with a piece. Never 0 with a piece but for a datagram. */
int64_t lt_multi_receive(struct lt_io *io, int32_t *piece) LT_MUST_USE;
/* True if this result ends the operation. */
static inline bool lt_multi_is_end(const struct lt_io *io, int64_t result)
{
    return result < 0 || (result == 0 && io->kind == LT_IO_RECV_MULTI);
}

enum lt_multi_outcome {
    LT_MULTI_WAITS,    /* there is nothing more: run it when its descriptor is readable */
    LT_MULTI_HAS_MORE, /* it had its share; others first */
    LT_MULTI_ENDED,    /* with io->result, which `done` has not been told */
};
/* Receives as long as there is something, with a `done` that says `more` for each result; *count
 * grows by that. `done` may cancel the operation. */
enum lt_multi_outcome lt_multi_run(struct lt_io *io, uint32_t *count) LT_MUST_USE;

#endif
