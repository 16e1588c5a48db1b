/*
 * A pipeline: the plan of a continuous query, bound and analysed, in the form lanes are built from:
 * one source, a trunk of operators that every row passes, a branch of operators per sink, the
 * sinks, and where dead letters go. A plan that reads several sources has them as the parts of one;
 * it has no trunk, and a branch takes the rows of its part.
 *
 * A plan with state is cut into segments instead (core/run/segment_plan.h), and has no trunk: the
 * last segment ends in the branches, of which a single one has no operators of its own.
 *
 * Binding resolves names, types and options and refuses what continuous mode does not allow, with
 * Spark's texts; it makes no connection. Operators are made per lane (lt_pipeline_make_operators).
 */
#ifndef LT_RUN_PIPELINE_H
#define LT_RUN_PIPELINE_H

#include "core/flow/connector.h"
#include "core/flow/plan.h"

struct lt_segment_plan;

struct lt_pipeline_branch {
    struct lt_plan_node **nodes; /* operators of this sink alone, in order */
    uint32_t node_count;
    struct lt_sink *sink;
    uint32_t part; /* the part of the source whose rows it takes (core/run/union_source.h) */
};

struct lt_pipeline {
    struct lt_source *source;
    struct lt_plan_node **trunk; /* operators that every sink shares, in order */
    uint32_t trunk_count;
    struct lt_pipeline_branch *branches;
    uint32_t branch_count;
    struct lt_sink *dead_letters; /* or NULL */
    const struct lt_segment_plan *segments; /* NULL: there is no state */
};

int lt_pipeline_bind(const struct lt_plan *plan, const struct lt_catalog *catalog,
                     struct lt_arena *arena, struct lt_pipeline *out,
                     struct lt_error *error) LT_MUST_USE;
/* Closes source and sinks; lanes are gone. Safe on a zeroed pipeline. */
void lt_pipeline_close(struct lt_pipeline *pipeline);

/* Operators for one lane, in the order of `nodes`; the caller owns them. On failure none is
 * left. */
int lt_pipeline_make_operators(struct lt_plan_node *const *nodes, uint32_t count,
                               struct lt_operator **out, struct lt_error *error) LT_MUST_USE;

/* Sinks as an epoch counts them: the branches' and, last, the dead letters'. */
static inline uint32_t lt_pipeline_sink_count(const struct lt_pipeline *pipeline)
{
    return pipeline->branch_count + (pipeline->dead_letters != NULL ? 1 : 0);
}
static inline struct lt_sink *lt_pipeline_sink(const struct lt_pipeline *pipeline, uint32_t index)
{
    return index < pipeline->branch_count ? pipeline->branches[index].sink : pipeline->dead_letters;
}

/* True if no sink has anything left to do of an epoch that is prepared: nothing to show, to finish
 * after a crash, or to cut back. */
bool lt_pipeline_shows_at_once(const struct lt_pipeline *pipeline);

/* What a part of the source, or a sink, finds in its environment at query level: its number, and
 * the prefix of its counters, kept in `prefix`. */
enum { LT_COUNTER_PREFIX_SIZE = 32 };
void lt_pipeline_set_part_env(uint32_t part, struct lt_connector_env *env,
                              char prefix[LT_COUNTER_PREFIX_SIZE]);
void lt_pipeline_set_sink_env(uint32_t sink, struct lt_connector_env *env,
                              char prefix[LT_COUNTER_PREFIX_SIZE]);

/* The schema of `node`, whose chain of inputs ends in a READ: binds the source and analyses what is
 * between, without a connection. The nodes are analysed afterwards; use them for nothing else. */
int lt_pipeline_analyse(struct lt_plan_node *node, const struct lt_catalog *catalog,
                        struct lt_arena *arena, const struct lt_type **out,
                        struct lt_error *error) LT_MUST_USE;

/* Looks a connector up by name; an unknown one is an error with the nearest name. */
const struct lt_source_type *lt_catalog_source(const struct lt_catalog *catalog, const char *name,
                                               struct lt_error *error);
const struct lt_sink_type *lt_catalog_sink(const struct lt_catalog *catalog, const char *name,
                                           struct lt_error *error);

#endif
