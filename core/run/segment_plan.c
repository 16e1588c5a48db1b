#include "core/run/segment_plan.h"

#include <string.h>

bool lt_plan_node_is_stateful(const struct lt_plan_node *node)
{
    switch (node->kind) {
    case LT_PLAN_AGGREGATE:
    case LT_PLAN_JOIN:
    case LT_PLAN_DEDUPLICATE:
    case LT_PLAN_TRANSFORM:
    case LT_PLAN_SORT:
    case LT_PLAN_LIMIT:
        return true;
    default:
        return false;
    }
}

/* Plans are trees of bounded depth: SQL and the builder refuse deeper ones. */
static bool has_state(const struct lt_plan_node *node)
{
    bool found = lt_plan_node_is_stateful(node);
    for (uint32_t i = 0; i < node->input_count && !found; i++)
        found = has_state(node->inputs[i]);
    return found;
}

bool lt_plan_has_state(const struct lt_plan *plan)
{
    for (uint32_t i = 0; i < plan->sink_count; i++)
        if (has_state(plan->sinks[i]))
            return true;
    return false;
}

/* What is known on the way from the sink down to a source. */
struct way {
    struct lt_plan_node *nodes[LT_LIMIT_OPERATORS]; /* stateless, the last one first */
    uint32_t count;
    struct lt_segment_target target;
};

struct cutter {
    struct lt_segment_plan *plan;
    struct lt_arena *arena;
};

static struct lt_plan_node **copy_reversed(const struct way *way, struct lt_plan_node *first,
                                           struct lt_arena *arena, uint32_t *count)
{
    uint32_t at = 0;
    *count = way->count + (first != NULL);
    struct lt_plan_node **nodes =
        lt_arena_alloc(arena, (*count + 1u) * sizeof(struct lt_plan_node *));
    if (first != NULL)
        nodes[at++] = first;
    for (uint32_t i = way->count; i > 0; i--)
        nodes[at++] = way->nodes[i - 1];
    return nodes;
}

static int add_leaf(struct cutter *cutter, struct lt_plan_node *read, const struct way *way,
                    struct lt_error *error)
{
    struct lt_segment_plan *plan = cutter->plan;
    if (plan->leaf_count == LT_LIMIT_SINKS)
        return lt_error_set(error, LT_E_LIMIT, "more than %d sources in one query",
                            LT_LIMIT_SINKS);
    struct lt_segment_leaf *leaf = &plan->leaves[plan->leaf_count];
    *leaf = (struct lt_segment_leaf){
        .read = read, .part = plan->leaf_count++, .target = way->target};
    leaf->nodes = copy_reversed(way, NULL, cutter->arena, &leaf->node_count);
    return 0;
}

static int cut(struct cutter *cutter, struct lt_plan_node *node, struct way *way,
               struct lt_error *error);

/* The segment of a stateful node, and then what leads to it. */
static int add_segment(struct cutter *cutter, struct lt_plan_node *node, const struct way *way,
                       struct lt_error *error)
{
    struct lt_segment_plan *plan = cutter->plan;
    if (plan->segment_count == LT_LIMIT_SEGMENTS)
        return lt_error_set(error, LT_E_LIMIT, "more than %d stateful operators in one query",
                            LT_LIMIT_SEGMENTS);
    uint32_t index = plan->segment_count++;
    struct lt_segment_nodes *segment = &plan->segments[index];
    *segment = (struct lt_segment_nodes){.target = way->target};
    segment->nodes = copy_reversed(way, node, cutter->arena, &segment->node_count);
    int code = 0;
    for (uint32_t i = 0; i < node->input_count && code == 0; i++) {
        struct way *next = lt_arena_alloc(cutter->arena, sizeof *next);
        next->target = (struct lt_segment_target){.segment = index, .side = i};
        code = lt_ops_exchange(node, i, cutter->arena, &next->target.how, error);
        segment->is_single = next->target.how.column_count == 0;
        if (code == 0)
            code = cut(cutter, node->inputs[i], next, error);
    }
    return code;
}

/* Each input of a union goes on as if it were alone. */
static int cut_inputs(struct cutter *cutter, const struct lt_plan_node *node,
                      const struct way *way, struct lt_error *error)
{
    int code = 0;
    for (uint32_t i = 0; i < node->input_count && code == 0; i++) {
        struct way *own = lt_arena_alloc(cutter->arena, sizeof *own);
        *own = *way;
        code = cut(cutter, node->inputs[i], own, error);
    }
    return code;
}

static int cut(struct cutter *cutter, struct lt_plan_node *node, struct way *way,
               struct lt_error *error)
{
    for (; !lt_plan_node_is_stateful(node); node = node->inputs[0]) {
        if (node->kind == LT_PLAN_READ)
            return add_leaf(cutter, node, way, error);
        if (node->kind == LT_PLAN_UNION)
            return cut_inputs(cutter, node, way, error);
        if (way->count == LT_LIMIT_OPERATORS)
            return lt_error_set(error, LT_E_LIMIT,
                                "more than %d operators between a source and a sink",
                                LT_LIMIT_OPERATORS);
        way->nodes[way->count++] = node;
    }
    return add_segment(cutter, node, way, error);
}

/* Do rows of several segments, or of a segment and a leaf, come to the sink? */
static bool ends_in_union(const struct lt_plan_node *node)
{
    while (!lt_plan_node_is_stateful(node) && node->kind != LT_PLAN_READ &&
           node->kind != LT_PLAN_UNION)
        node = node->inputs[0];
    return node->kind == LT_PLAN_UNION && has_state(node);
}

int lt_segment_plan_cut(struct lt_plan_node *last, struct lt_arena *arena,
                        struct lt_segment_plan **out, struct lt_error *error)
{
    struct lt_segment_plan *plan = lt_arena_alloc(arena, sizeof *plan);
    struct cutter cutter = {plan, arena};
    struct way *way = lt_arena_alloc(arena, sizeof *way);
    way->target.segment = LT_SEGMENT_SINK;
    *out = plan;
    return cut(&cutter, ends_in_union(last) ? lt_plan_bring_together(last, arena) : last, way,
               error);
}
