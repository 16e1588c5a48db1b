/*
 * The end of a stage whose rows go on to other instances: a branch for each segment that they go
 * to, with the operators in front of its exchange, and the exchange.
 *
 * A lane that reads several sources (core/run/union_source.h) has a branch for each place where a
 * source stands in the plan; a row goes to those of its own source. An instance of a segment has
 * one branch.
 *
 * on: the stage's thread.
 */
#ifndef LT_RUN_FAN_H
#define LT_RUN_FAN_H

#include "core/run/chain.h"
#include "core/run/exchange.h"

struct lt_fan_branch {
    struct lt_chain chain;
    struct lt_exchange exchange;
    uint32_t first_partition, end_partition; /* of the source, whose rows it takes */
    bool is_marked;                          /* the marker at hand has passed the operators */
};

struct lt_fan {
    struct lt_out out;
    struct lt_fan_branch *branches;
    uint32_t count;
};

/* What a branch is made of. */
struct lt_fan_part {
    struct lt_operator *const *ops; /* taken */
    uint32_t op_count;
    const struct lt_ops_exchange *how; /* outlives the fan */
    uint32_t instance_count;
    uint32_t first_partition, end_partition;
};

/* The exchanges are to be connected before the first row. */
void lt_fan_init(struct lt_fan *fan, const struct lt_fan_part *parts, uint32_t count);
void lt_fan_release_held(struct lt_fan *fan);
void lt_fan_fini(struct lt_fan *fan); /* a zeroed one is a no-op */
int lt_fan_open(struct lt_fan *fan, const struct lt_operator_env *env,
                struct lt_error *error) LT_MUST_USE;

/* Where the stage's rows go: a lone branch is entered directly. */
static inline struct lt_out *lt_fan_entry(struct lt_fan *fan)
{
    return fan->count == 1 ? lt_chain_entry(&fan->branches[0].chain) : &fan->out;
}

/* Queues; the work done. */
uint32_t lt_fan_step(struct lt_fan *fan);
bool lt_fan_is_blocked(const struct lt_fan *fan);
void lt_fan_begin(struct lt_fan *fan, const struct lt_batch *batch);
/* False: not now; rows wait in front of it, or an operator has more to give out. */
bool lt_fan_try_marker(struct lt_fan *fan, uint64_t epoch);
void lt_fan_batch_end(struct lt_fan *fan);

#endif
