/*
 * Aggregations, in two steps around the exchange:
 *
 *   partial   in each lane: the rows of a group become one row, of the keys and the bytes of what
 *             is aggregated; it goes out at the batch's end, or earlier when there are many groups
 *   final     in each instance of the segment: takes those rows, merges them with each other and,
 *             at the batch's end, with the group's state, and gives out what the output mode asks
 *             for
 *
 *   append    state -> merge -> put; then the groups that are final come out, and leave the state
 *   update    each group that has changed comes out; then the final ones leave the state
 *   complete  all groups come out, none leaves
 *
 * A row is late if its window (or its event time, if that is the key) is. That is asked of the
 * partial rows, so that many late rows of a group count as one for each lane, as Spark counts them.
 * In complete mode none is late.
 *
 * Without keys there is one group, which has a state and a row in every batch, also in one without
 * rows.
 *
 * With sessions (plan->session_gap) each row brings a window of its own, which is one of the keys
 * of the partial rows; see sessions.c.
 */
#ifndef LT_OPS_STATEFUL_AGGREGATE_H
#define LT_OPS_STATEFUL_AGGREGATE_H

#include "core/base/error.h"
#include "core/flow/operator.h"
#include "core/flow/plan.h"
#include "ops/expr/session.h"

struct lt_aggregate_options {
    const struct lt_plan_stateful *plan; /* outlives the operators */
    const struct lt_type *input, *output; /* of the node; outlive them too */
    const struct lt_session *session;     /* NULL: the defaults */
};

/* The operator in front of the exchange. Its output: the keys in their order, then the state.
 * on: control. */
int lt_aggregate_create_partial(const struct lt_aggregate_options *options,
                                struct lt_operator **out, struct lt_error *error) LT_MUST_USE;
/* The operator behind it: its input is the partial one's output, whatever its input_schema says of
 * names. on: control. */
int lt_aggregate_create_final(const struct lt_aggregate_options *options, struct lt_operator **out,
                              struct lt_error *error) LT_MUST_USE;
/* The same for sessions. */
int lt_sessions_create_final(const struct lt_aggregate_options *options, struct lt_operator **out,
                             struct lt_error *error) LT_MUST_USE;

/* What the partial operator gives. */
const struct lt_type *lt_aggregate_partial_schema(const struct lt_aggregate_options *options,
                                                  struct lt_arena *arena);
/* The columns of that schema that rows are dealt by; their count. `columns` has room for the keys.
 */
uint32_t lt_aggregate_partition_columns(const struct lt_plan_stateful *plan, uint32_t *columns);
/* Where among the keys an input column stands; -1: it is none of them. */
int32_t lt_aggregate_key_of(const struct lt_plan_stateful *plan, int32_t column);

#endif
