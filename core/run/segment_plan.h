/*
 * A plan with state, cut into segments: what runs between one exchange and the next.
 *
 *   leaf      in the lanes: a source's rows, the stateless operators behind it, and the partial one
 *             of the stateful operator that they lead to
 *   segment   in its instances: a stateful operator and the stateless ones behind it
 *
 * Rows of leaves and segments go to the segment of the next stateful operator, or, from the last
 * one, to the sink. A join has two inputs; a UNION in front of a stateful operator is several
 * leaves or segments that lead to it.
 *
 *   Aggregate <- Project <- Filter <- READ            leaf [Filter, Project] -> segment [Aggregate]
 *   Aggregate <- Join <- (READ, Project <- READ)      leaf [], leaf [Project] -> segment [Join]
 *                                                     -> segment [Aggregate]
 *
 * on: control. Memory of the arena.
 */
#ifndef LT_RUN_SEGMENT_PLAN_H
#define LT_RUN_SEGMENT_PLAN_H

#include "core/base/limits.h"
#include "core/flow/plan.h"
#include "ops/catalog.h"

/* Where rows go. */
struct lt_segment_target {
    uint32_t segment; /* LT_SEGMENT_SINK: the sink */
    uint32_t side;    /* 1: the right input of a join */
    struct lt_ops_exchange how;
};
#define LT_SEGMENT_SINK UINT32_MAX

struct lt_segment_leaf {
    struct lt_plan_node *read;
    uint32_t part;               /* of the source (core/run/union_source.h) */
    struct lt_plan_node **nodes; /* stateless, in the order rows pass them */
    uint32_t node_count;
    struct lt_segment_target target;
};

struct lt_segment_nodes {
    struct lt_plan_node **nodes; /* the stateful one first */
    uint32_t node_count;
    struct lt_segment_target target;
    bool is_single; /* it has one instance: rows are not dealt by a key */
};

enum { LT_LIMIT_SEGMENTS = 16 };

struct lt_segment_plan {
    struct lt_segment_leaf leaves[LT_LIMIT_SINKS];
    uint32_t leaf_count;
    /* The last one first: a segment's target comes before it. */
    struct lt_segment_nodes segments[LT_LIMIT_SEGMENTS];
    uint32_t segment_count;
};

/* True when some node of the plan needs state, or all rows of a batch. */
bool lt_plan_has_state(const struct lt_plan *plan);
bool lt_plan_node_is_stateful(const struct lt_plan_node *node);

/* Cuts the tree below and with `last`, whose nodes are analysed. One segment writes: where rows of
 * several would come to the sink, a LIMIT that is never reached brings them together first. Leaves
 * get the number of their place as their part: each READ of the tree, as often as it stands there,
 * is a source of its own. */
int lt_segment_plan_cut(struct lt_plan_node *last, struct lt_arena *arena,
                        struct lt_segment_plan **out, struct lt_error *error) LT_MUST_USE;

#endif
