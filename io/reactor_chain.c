/*
 * Walking chains step by step. A completion runs the caller's code, which may free the operation,
 * or submit others; so nothing of an operation is touched after its `done`.
 */
#include "io/reactor_chain.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/arena.h"

bool lt_io_is_short(const struct lt_io *io)
{
    switch (io->kind) {
    case LT_IO_READ:
    case LT_IO_WRITE:
    case LT_IO_RECV:
    case LT_IO_SEND:
        return io->result >= 0 && io->result < (int64_t)io->size_bytes;
    default:
        return false;
    }
}

static void take_over(struct lt_io *io)
{
    io->is_pending = true;
    io->is_cancelled = false;
    io->more = false;
    io->piece = LT_IO_NO_PIECE;
}

struct lt_chain *lt_chain_create(struct lt_io *const *steps, uint32_t count)
{
    lt_assert(count > 0);
    for (uint32_t i = 0; i < count; i++)
        take_over(steps[i]);
    if (count == 1) {
        steps[0]->token = 0;
        return NULL;
    }
    struct lt_chain *chain = lt_alloc(sizeof *chain);
    chain->count = count;
    chain->cancel_index = UINT32_MAX;
    chain->steps = lt_alloc_array(count, sizeof(struct lt_io *));
    chain->descriptors = lt_alloc_array(count, sizeof *chain->descriptors);
    chain->is_owned = lt_alloc_array(count, sizeof *chain->is_owned);
    for (uint32_t i = 0; i < count; i++) {
        struct lt_io *io = steps[i];
        chain->steps[i] = io;
        chain->descriptors[i] = -1;
        io->token = (uint64_t)(uintptr_t)chain;
        lt_assert(!lt_io_is_multi(io->kind));
        lt_assert(io->fd_from <= i); /* an earlier step */
        if (io->fd_from == 0)
            continue;
        lt_assert(steps[io->fd_from - 1]->kind == LT_IO_OPENAT);
        if (io->kind == LT_IO_CLOSE)
            chain->is_owned[io->fd_from - 1] = true;
    }
    return chain;
}

void lt_chain_destroy(struct lt_chain *chain)
{
    free(chain->steps);
    free(chain->descriptors);
    free(chain->is_owned);
    free(chain);
}

void lt_chain_cancel(struct lt_io *io)
{
    struct lt_chain *chain = lt_chain_of(io);
    for (uint32_t i = chain->index; i < chain->count; i++) {
        if (chain->steps[i] == io && i < chain->cancel_index)
            chain->cancel_index = i;
    }
}

/* Keeps what a step made or took away, before the caller sees the result. */
static void keep_descriptor(struct lt_chain *chain, uint32_t index)
{
    struct lt_io *io = chain->steps[index];
    if (io->kind == LT_IO_OPENAT && io->result >= 0) {
        chain->descriptors[index] = (int)io->result;
        if (chain->is_owned[index])
            io->result = 0;
    }
    /* close() gives the descriptor back even when it reports an error. */
    if (io->kind == LT_IO_CLOSE && io->fd_from != 0 && io->result != -ECANCELED)
        chain->descriptors[io->fd_from - 1] = -1;
}

static void close_owned(const struct lt_chain *chain)
{
    for (uint32_t i = 0; i < chain->count; i++) {
        if (chain->is_owned[i] && chain->descriptors[i] >= 0) {
            int result = close(chain->descriptors[i]);
            lt_assert(result == 0 || errno != EBADF);
        }
    }
}

static void finish(struct lt_reactor *reactor, struct lt_io *io, uint32_t *count)
{
    reactor->pending_count--;
    (*count)++;
    io->is_pending = false;
    io->done(io);
}

struct lt_io *lt_chain_complete(struct lt_reactor *reactor, struct lt_io *io, int64_t result,
                                uint32_t *count)
{
    struct lt_chain *chain = lt_chain_of(io);
    io->result = result;
    if (chain == NULL) {
        finish(reactor, io, count);
        return NULL;
    }
    if (!chain->is_linked) {
        lt_assert(io == chain->steps[chain->index]);
        keep_descriptor(chain, chain->index);
    }
    chain->has_failed |= io->result < 0 || lt_io_is_short(io);
    chain->index++;
    finish(reactor, io, count);
    if (chain->is_linked)
        return NULL; /* the kernel goes on, or reports the rest cancelled */
    while (chain->index < chain->count &&
           (chain->has_failed || chain->index >= chain->cancel_index)) {
        struct lt_io *cancelled = chain->steps[chain->index++];
        cancelled->result = -ECANCELED;
        finish(reactor, cancelled, count);
    }
    if (chain->index < chain->count) {
        struct lt_io *next = chain->steps[chain->index];
        if (next->fd_from != 0)
            next->fd = chain->descriptors[next->fd_from - 1];
        return next;
    }
    close_owned(chain);
    lt_chain_destroy(chain);
    return NULL;
}
