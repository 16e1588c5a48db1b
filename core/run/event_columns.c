/*
 * From the end of the tree to its leaves, with the set of columns that are read behind each node.
 */
#include "core/run/event_columns.h"

#include <string.h>

#include "core/run/pipeline_internal.h"
#include "core/run/segment_plan.h"
#include "ops/expr/expr.h"
#include "ops/stateful/nodes.h"

static void walk(struct lt_plan_node *node, uint64_t *needed, struct lt_arena *arena);

static void use_keys(const struct lt_plan_side *side, uint64_t *needed)
{
    for (uint32_t i = 0; i < side->key_count; i++)
        lt_bit_set(needed, side->keys[i]);
}

/* The node's own, to be changed. */
static struct lt_plan_stateful *own_stateful(struct lt_plan_node *node, struct lt_arena *arena)
{
    struct lt_plan_stateful *own = lt_arena_alloc(arena, sizeof *own);
    *own = *node->stateful;
    node->stateful = own;
    return own;
}

static void walk_deduplicate(struct lt_plan_node *node, uint64_t *needed, struct lt_arena *arena)
{
    const int32_t column = node->stateful->left.event_time.column;
    use_keys(&node->stateful->left, needed);
    if (column >= 0 && node->stateful->within_watermark)
        lt_bit_set(needed, (uint32_t)column);
    else if (column >= 0 && !lt_bit(needed, (uint32_t)column))
        own_stateful(node, arena)->left.event_time.column = -1;
    walk(node->inputs[0], needed, arena);
}

/* ---------------------------------------------------------------------------------------- joins */

/* The column that an item of a projection only passes on; -1: it is computed. */
static int32_t passed_on(const struct lt_expression *item)
{
    while (item->kind == LT_EXPR_ALIAS)
        item = item->arguments[0];
    return item->kind == LT_EXPR_COLUMN ? item->index : -1;
}

/* Is the column read by a key that the projection in front of the join computes? */
static bool is_in_key(const struct lt_plan_node *input, const struct lt_plan_side *side,
                      uint32_t column, struct lt_arena *arena)
{
    if (input->kind != LT_PLAN_PROJECT || passed_on(input->expressions[column]) < 0)
        return false;
    uint64_t *read = lt_pipeline_no_columns(input->inputs[0]->schema, arena);
    for (uint32_t i = 0; i < side->key_count; i++)
        lt_expr_columns_used(input->expressions[side->keys[i]], read);
    return lt_bit(read, (uint32_t)passed_on(input->expressions[column]));
}

static bool knows_time(const struct lt_plan_node *input, const struct lt_plan_side *side,
                       const uint64_t *needed, struct lt_arena *arena)
{
    const int32_t column = side->event_time.column;
    return column >= 0 && (lt_bit(needed, (uint32_t)column) ||
                           is_in_key(input, side, (uint32_t)column, arena));
}

static void walk_join(struct lt_plan_node *node, const uint64_t *needed, struct lt_arena *arena)
{
    const struct lt_plan_stateful *stateful = node->stateful;
    const struct lt_plan_side *plan_sides[] = {&stateful->left, &stateful->right};
    const uint32_t left_count = node->inputs[0]->schema->field_count;
    const uint32_t counts[] = {left_count, node->inputs[1]->schema->field_count};
    struct lt_type both = {.kind = LT_TYPE_STRUCT, .field_count = left_count + counts[1]};
    uint64_t *read = lt_pipeline_no_columns(&both, arena);
    for (uint32_t i = 0; i < node->schema->field_count; i++)
        if (lt_bit(needed, i))
            lt_bit_set(read, i);
    if (stateful->condition != NULL)
        lt_expr_columns_used(stateful->condition, read);
    for (unsigned side = 0; side < 2; side++) {
        struct lt_plan_node *input = node->inputs[side];
        uint64_t *own = lt_pipeline_no_columns(input->schema, arena);
        for (uint32_t i = 0; i < counts[side]; i++)
            if (lt_bit(read, i + (side == 1 ? left_count : 0)))
                lt_bit_set(own, i);
        use_keys(plan_sides[side], own);
        if (!knows_time(input, plan_sides[side], own, arena)) {
            struct lt_plan_stateful *changed = own_stateful(node, arena);
            (side == 0 ? &changed->left : &changed->right)->event_time.column = -1;
        }
        walk(input, own, arena);
    }
}

/* ---------------------------------------------------------------------------------------- trees */

static uint64_t *copy_of(const struct lt_type *schema, const uint64_t *needed,
                         struct lt_arena *arena)
{
    uint64_t *copy = lt_pipeline_no_columns(schema, arena);
    for (uint32_t i = 0; i < schema->field_count; i++)
        if (lt_bit(needed, i))
            lt_bit_set(copy, i);
    return copy;
}

/* What an operator with state reads that gives other rows than it gets, or whole results. */
static void walk_stateful(struct lt_plan_node *node, uint64_t *needed, struct lt_arena *arena)
{
    const struct lt_type *schema = node->inputs[0]->schema;
    if (node->kind != LT_PLAN_SORT && node->kind != LT_PLAN_LIMIT)
        needed = lt_pipeline_no_columns(schema, arena);
    lt_stateful_columns_used(node, needed);
    walk(node->inputs[0], needed, arena);
    for (uint32_t i = 1; i < node->input_count; i++) {
        needed = lt_pipeline_no_columns(node->inputs[i]->schema, arena);
        lt_pipeline_all_columns(node->inputs[i]->schema, needed);
        walk(node->inputs[i], needed, arena);
    }
}

/* As deep as joins and unions are nested. `needed` is this node's to change. */
static void walk(struct lt_plan_node *node, uint64_t *needed, struct lt_arena *arena)
{
    for (; node->input_count == 1 && !lt_plan_node_is_stateful(node); node = node->inputs[0]) {
        struct lt_plan_node *one = node; /* which may be cut short to what is read; not here */
        needed = lt_pipeline_use_nodes(&one, 1, needed, arena);
    }
    if (node->kind == LT_PLAN_DEDUPLICATE)
        walk_deduplicate(node, needed, arena);
    else if (node->kind == LT_PLAN_JOIN)
        walk_join(node, needed, arena);
    else if (node->kind != LT_PLAN_UNION && node->input_count > 0)
        walk_stateful(node, needed, arena);
    for (uint32_t i = 0; i < node->input_count && node->kind == LT_PLAN_UNION; i++)
        walk(node->inputs[i], copy_of(node->schema, needed, arena), arena);
}

void lt_event_columns_forget(struct lt_plan_node *last, struct lt_arena *arena)
{
    uint64_t *needed = lt_pipeline_no_columns(last->schema, arena);
    lt_pipeline_all_columns(last->schema, needed);
    walk(last, needed, arena);
}
