/*
 * Chains of operations, as both reactors keep them: who comes next, what is cancelled, and which
 * descriptors belong to the chain and not to the caller (core/flow/reactor.h says what a chain is).
 *
 * An operation that is not chained has no chain and allocates nothing; `token` tells which.
 *
 * on: the reactor's thread.
 */
#ifndef LT_IO_REACTOR_CHAIN_H
#define LT_IO_REACTOR_CHAIN_H

#include "core/flow/reactor.h"

struct lt_chain {
    uint32_t count;
    uint32_t index; /* steps completed */
    uint32_t
        cancel_index; /* this step and those after it shall not be begun; UINT32_MAX: all shall */
    bool has_failed;
    /* The kernel walks the chain: all steps were given to it at once, and whoever did that keeps
     * the descriptors and destroys the chain. Else the reactor begins one after the other. */
    bool is_linked;
    struct lt_io **steps; /* a copy: the caller's array need not outlive submit */
    int *descriptors; /* of OPENAT steps that succeeded (linked: slots of the ring's table), else -1
                       */
    bool *is_owned;   /* the step is an OPENAT whose descriptor a later CLOSE of the chain closes */
};

/* Takes the operations over: sets their tokens. NULL when `count` is 1: there is nothing to keep.
 */
struct lt_chain *lt_chain_create(struct lt_io *const *steps, uint32_t count);
void lt_chain_destroy(struct lt_chain *chain);

static inline struct lt_chain *lt_chain_of(const struct lt_io *io)
{
    return (struct lt_chain *)(uintptr_t)io->token;
}

/* Asks that `io`, a step not begun yet, be cancelled when its turn comes. */
void lt_chain_cancel(struct lt_io *io);

/* A transfer that moved less than it was asked to. */
bool lt_io_is_short(const struct lt_io *io);

/* Completes an operation that the reactor has done: runs `done`, and `done` of those that are
 * cancelled by it. Returns the chain's next step, with its fd filled in, or NULL; a chain at its
 * end has been destroyed unless linked. *count grows by the operations completed. */
struct lt_io *lt_chain_complete(struct lt_reactor *reactor, struct lt_io *io, int64_t result,
                                uint32_t *count);

#endif
