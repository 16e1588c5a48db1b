/*
 * What binding a plan takes, for its two files: plans without state (core/run/pipeline.c) and with
 * it (core/run/pipeline_segments.c).
 *
 * on: control.
 */
#ifndef LT_RUN_PIPELINE_INTERNAL_H
#define LT_RUN_PIPELINE_INTERNAL_H

#include "core/run/pipeline.h"

int lt_pipeline_bind_source(struct lt_plan_node *read, const struct lt_catalog *catalog,
                            struct lt_arena *arena, struct lt_source **out,
                            struct lt_error *error) LT_MUST_USE;
int lt_pipeline_bind_sink(struct lt_plan_node *write, const struct lt_type *schema,
                          const struct lt_catalog *catalog, struct lt_arena *arena,
                          struct lt_sink **out, struct lt_error *error) LT_MUST_USE;
/* A PROJECT over `node` that shows only what is not hidden; NULL in `out`: what is hidden comes
 * last, and needs not be taken away. */
int lt_pipeline_hide(struct lt_plan_node *node, const struct lt_type *schema,
                     struct lt_arena *arena, struct lt_plan_node **out,
                     struct lt_error *error) LT_MUST_USE;

/* A set of columns, all clear. */
uint64_t *lt_pipeline_no_columns(const struct lt_type *schema, struct lt_arena *arena);
void lt_pipeline_all_columns(const struct lt_type *schema, uint64_t *used);
/* From what is needed of what comes out of a run of nodes to what is needed of what goes in. What
 * no one needs is not computed. */
uint64_t *lt_pipeline_use_nodes(struct lt_plan_node **nodes, uint32_t count, uint64_t *needed,
                                struct lt_arena *arena);

/* Binds a plan with state; `out` is zeroed. On failure the caller closes what there is of it. */
int lt_pipeline_bind_segments(const struct lt_plan *plan, const struct lt_catalog *catalog,
                              struct lt_arena *arena, struct lt_pipeline *out,
                              struct lt_error *error) LT_MUST_USE;

#endif
