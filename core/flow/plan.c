/*
 * Nodes of the logical plan, and what Spark calls them.
 */
#include "core/flow/plan.h"

#include <string.h>

struct lt_plan_node *lt_plan_node_create(struct lt_arena *arena, enum lt_plan_kind kind,
                                         uint32_t input_count)
{
    struct lt_plan_node *node = lt_arena_alloc(arena, sizeof *node);
    node->kind = kind;
    node->input_count = input_count;
    if (input_count != 0)
        node->inputs = lt_arena_alloc(arena, input_count * sizeof *node->inputs);
    return node;
}

bool lt_plan_insert_steps(struct lt_plan_node **nodes, uint32_t *count, uint32_t capacity,
                          uint32_t *at, const struct lt_plan_node *before)
{
    const uint32_t first = *at;
    for (struct lt_plan_node *step = nodes[first]->inputs[0]; step != before;
         step = step->inputs[0]) {
        if (*count == capacity)
            return false;
        memmove(nodes + first + 1, nodes + first, (*count - first) * sizeof(struct lt_plan_node *));
        nodes[first] = step;
        ++*count;
        ++*at;
    }
    return true;
}

const char *lt_plan_kind_name(enum lt_plan_kind kind)
{
    switch (kind) {
    case LT_PLAN_READ:
        return "StreamingRelation";
    case LT_PLAN_FILTER:
        return "Filter";
    case LT_PLAN_PROJECT:
        return "Project";
    case LT_PLAN_OPERATOR:
        return "MapPartitions";
    case LT_PLAN_UNION:
        return "Union";
    case LT_PLAN_WATERMARK:
        return "EventTimeWatermark";
    case LT_PLAN_AGGREGATE:
        return "Aggregate";
    case LT_PLAN_JOIN:
        return "Join";
    case LT_PLAN_DEDUPLICATE:
        return "Deduplicate";
    case LT_PLAN_SORT:
        return "Sort";
    case LT_PLAN_LIMIT:
        return "GlobalLimit";
    case LT_PLAN_WRITE:
        return "WriteToStream";
    }
    lt_assert(!"a plan kind without a name");
}
