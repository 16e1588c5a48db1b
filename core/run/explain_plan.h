/*
 * The plan of a query as it runs: what optimising and leaving out columns have made of it, under
 * Spark's names. Sinks of one kind that are written side by side are those of a union.
 *
 * on: control.
 */
#ifndef LT_RUN_EXPLAIN_PLAN_H
#define LT_RUN_EXPLAIN_PLAN_H

#include "core/flow/plan_tree.h"
#include "core/run/pipeline.h"

struct lt_explain_plan_options {
    bool is_logical;     /* StreamingRelationV2 at the leaves, and no exchanges */
    bool hides_sinks;    /* a query, not what it is written to */
    bool in_batches;     /* the mode, by which scans and writes are called */
    uint32_t partitions; /* of state, where there is any */
};

/* The trees, of which there is one for each sink, or one for all sides of a union: *count of them,
 * in the arena. */
struct lt_plan_tree **lt_explain_plan(const struct lt_pipeline *pipeline,
                                      const struct lt_explain_plan_options *options,
                                      struct lt_arena *arena, uint32_t *count);

#endif
