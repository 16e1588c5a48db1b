/*
 * The fused chain of operators inside one stage: each operator's output is the next one's input, by
 * a direct call; the last one's goes to the terminal (a ring, or the lane's delivery).
 *
 * An operator that answers RETRY gets the same row again in the next step; rows that arrive for it
 * meanwhile wait in its queue, in order, and the stage takes no further input.
 *
 * on: the stage's thread.
 */
#ifndef LT_RUN_CHAIN_H
#define LT_RUN_CHAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "core/flow/operator.h"
#include "core/run/item_queue.h"

struct lt_link {
    struct lt_out out; /* what the step before emits into */
    struct lt_operator *op;
    /* The operator's own: here it is one load away for each record, and not three. */
    enum lt_process (*process)(struct lt_operator *op, struct lt_row *row, struct lt_out *out);
    struct lt_out *next;
    struct lt_item_queue held;
    struct lt_chain *chain;
};

struct lt_chain {
    struct lt_link *links;
    uint32_t link_count;
    struct lt_out *terminal;
    uint32_t held_count;   /* over all links */
    uint32_t marked_count; /* links that the marker at hand has passed; the next may be draining */
    bool stop_asked;       /* an operator answered STOP */
};

/* Takes the operators: closed by fini. `terminal` outlives the chain. */
void lt_chain_init(struct lt_chain *chain, struct lt_operator *const *ops, uint32_t op_count,
                   struct lt_out *terminal);
void lt_chain_fini(struct lt_chain *chain);
/* Lets go of rows that wait for a retry: before the pools of other operators are closed. */
void lt_chain_release_held(struct lt_chain *chain);
/* Opens the operators. `env->counter_prefix` is extended by the operator's name and place. */
int lt_chain_open(struct lt_chain *chain, const struct lt_operator_env *env,
                  struct lt_error *error) LT_MUST_USE;

/* Does the first operator want to be told of rows that come? */
static inline bool lt_chain_expects(const struct lt_chain *chain)
{
    return chain->link_count > 0 && chain->links[0].op->ops->expect != NULL;
}

/* Where the first row goes: the first operator, or the terminal of an empty chain. */
static inline struct lt_out *lt_chain_entry(struct lt_chain *chain)
{
    return chain->link_count > 0 ? &chain->links[0].out : chain->terminal;
}

/* A row of the second input of the chain's first operator, which has process_right. */
void lt_chain_emit_right(struct lt_chain *chain, struct lt_row *row);

/* Offers held rows again; the number taken. */
uint32_t lt_chain_step(struct lt_chain *chain);
/* A micro-batch begins: no row is held. */
void lt_chain_begin(struct lt_chain *chain, const struct lt_batch *batch);
/* Takes the marker through the operators; what they emit at it goes first. False: rows are held,
 * ask again in the next step. */
bool lt_chain_try_marker(struct lt_chain *chain, uint64_t epoch);
void lt_chain_batch_end(struct lt_chain *chain);
/* The error of an operator that cannot go on; NULL: all can. */
const struct lt_error *lt_chain_failure(const struct lt_chain *chain);
/* Records that its operators have left out on purpose, since the counters began. */
uint64_t lt_chain_left_out(const struct lt_chain *chain);

#endif
