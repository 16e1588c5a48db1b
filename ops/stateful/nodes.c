#include "ops/stateful/nodes.h"

#include "ops/stateful/aggregate.h"
#include "ops/stateful/base.h"
#include "ops/stateful/deduplicate.h"
#include "ops/stateful/join.h"
#include "ops/stateful/limit.h"
#include "ops/stateful/sort.h"
#include "ops/stateful/transform.h"

static const struct lt_type *input_schema(const struct lt_plan_node *node, uint32_t input)
{
    lt_assert(input < node->input_count);
    lt_assert(node->inputs[input]->schema != NULL);
    return node->inputs[input]->schema;
}

static struct lt_aggregate_options aggregate_options(const struct lt_plan_node *node)
{
    return (struct lt_aggregate_options){.plan = node->stateful,
                                         .input = input_schema(node, 0),
                                         .output = node->schema,
                                         .session = node->session};
}

bool lt_stateful_is_complete(const struct lt_plan_node *node)
{
    switch (node->kind) {
    case LT_PLAN_AGGREGATE:
    case LT_PLAN_JOIN:
    case LT_PLAN_DEDUPLICATE:
        return node->stateful != NULL;
    case LT_PLAN_TRANSFORM:
        return node->stateful != NULL && node->processor != NULL;
    case LT_PLAN_SORT:
        return node->order_count > 0;
    default:
        return node->kind == LT_PLAN_LIMIT;
    }
}

/* -------------------------------------------------------------------------------------- schemas */

static const struct lt_type *aggregate_schema(const struct lt_plan_node *node,
                                              struct lt_arena *arena)
{
    const struct lt_plan_stateful *plan = node->stateful;
    const struct lt_type *input = input_schema(node, 0);
    uint32_t key_count = plan->left.key_count;
    uint32_t count = key_count + plan->aggregate_count;
    struct lt_field *fields = lt_arena_alloc(arena, count * sizeof *fields);
    for (uint32_t i = 0; i < key_count; i++)
        fields[i] = input->fields[plan->left.keys[i]];
    for (uint32_t i = 0; i < plan->aggregate_count; i++)
        fields[key_count + i] = (struct lt_field){.name = plan->aggregates[i].function,
                                                  .type = plan->aggregates[i].type,
                                                  .nullable = true};
    return lt_type_struct(arena, fields, count);
}

/* A side that the other one's rows come out without has columns that may be NULL. */
static void add_side(struct lt_field *fields, const struct lt_type *side, bool is_nullable)
{
    for (uint32_t i = 0; i < side->field_count; i++) {
        fields[i] = side->fields[i];
        fields[i].nullable |= is_nullable;
    }
}

static const struct lt_type *join_schema(const struct lt_plan_node *node, struct lt_arena *arena)
{
    enum lt_join_kind kind = node->stateful->join;
    const struct lt_type *left = input_schema(node, 0), *right = input_schema(node, 1);
    uint32_t count = left->field_count + right->field_count;
    if (kind == LT_JOIN_LEFT_SEMI || kind == LT_JOIN_LEFT_ANTI)
        return left;
    struct lt_field *fields = lt_arena_alloc(arena, count * sizeof *fields);
    bool is_full = kind == LT_JOIN_FULL_OUTER;
    add_side(fields, left, is_full || kind == LT_JOIN_RIGHT_OUTER);
    add_side(fields + left->field_count, right, is_full || kind == LT_JOIN_LEFT_OUTER);
    return lt_type_struct(arena, fields, count);
}

const struct lt_type *lt_stateful_schema(const struct lt_plan_node *node, struct lt_arena *arena)
{
    if (node->kind == LT_PLAN_AGGREGATE)
        return aggregate_schema(node, arena);
    if (node->kind == LT_PLAN_TRANSFORM)
        return node->processor->output;
    return node->kind == LT_PLAN_JOIN ? join_schema(node, arena) : input_schema(node, 0);
}

/* ------------------------------------------------------------------------------------ operators */

static int create_join(const struct lt_plan_node *node, struct lt_operator **out,
                       struct lt_error *error)
{
    const struct lt_join_options options = {.plan = node->stateful,
                                            .left = input_schema(node, 0),
                                            .right = input_schema(node, 1),
                                            .output = node->schema,
                                            .session = node->session};
    return lt_join_create(&options, out, error);
}

int lt_stateful_create(const struct lt_plan_node *node, struct lt_operator **out,
                       struct lt_error *error)
{
    const struct lt_aggregate_options options = aggregate_options(node);
    switch (node->kind) {
    case LT_PLAN_AGGREGATE:
        return node->stateful->session_gap < 0 ? lt_aggregate_create_final(&options, out, error)
                                               : lt_sessions_create_final(&options, out, error);
    case LT_PLAN_JOIN:
        return create_join(node, out, error);
    case LT_PLAN_DEDUPLICATE:
        *out = lt_deduplicate_create(node->stateful, options.input);
        return LT_OK;
    case LT_PLAN_TRANSFORM:
        *out = lt_transform_create(node->stateful, node->processor, options.input);
        return LT_OK;
    case LT_PLAN_SORT:
        *out = lt_sort_create(node->orders, node->order_count, options.input);
        return LT_OK;
    default:
        lt_assert(node->kind == LT_PLAN_LIMIT);
        *out = lt_limit_create(node->stateful, node->limit, options.input);
        return LT_OK;
    }
}

int lt_stateful_create_partial(const struct lt_plan_node *node, struct lt_operator **out,
                               struct lt_error *error)
{
    *out = NULL;
    if (node->kind != LT_PLAN_AGGREGATE)
        return LT_OK;
    const struct lt_aggregate_options options = aggregate_options(node);
    return lt_aggregate_create_partial(&options, out, error);
}

void lt_stateful_exchange(const struct lt_plan_node *node, uint32_t side, struct lt_arena *arena,
                          struct lt_ops_exchange *out)
{
    const struct lt_plan_stateful *plan = node->stateful;
    *out = (struct lt_ops_exchange){.schema = input_schema(node, side)};
    if (node->kind == LT_PLAN_SORT || node->kind == LT_PLAN_LIMIT)
        return;
    if (node->kind == LT_PLAN_AGGREGATE) {
        const struct lt_aggregate_options options = aggregate_options(node);
        uint32_t *columns = lt_arena_alloc(arena, plan->left.key_count * sizeof *columns);
        out->schema = lt_aggregate_partial_schema(&options, arena);
        out->column_count = lt_aggregate_partition_columns(plan, columns);
        out->columns = columns;
        return;
    }
    const struct lt_plan_side *keys = side == 0 ? &plan->left : &plan->right;
    out->columns = keys->keys;
    out->column_count = keys->key_count;
}

/* -------------------------------------------------------------------------------------- columns */

static void use(int32_t column, uint64_t *used)
{
    if (column >= 0)
        lt_bit_set(used, (uint32_t)column);
}

static void use_side(const struct lt_plan_side *side, uint64_t *used)
{
    for (uint32_t i = 0; i < side->key_count; i++)
        lt_bit_set(used, side->keys[i]);
    use(side->event_time.column, used);
}

void lt_stateful_columns_used(const struct lt_plan_node *node, uint64_t *used)
{
    const struct lt_plan_stateful *plan = node->stateful;
    lt_assert(node->kind != LT_PLAN_JOIN); /* which has two inputs, and keeps their rows whole */
    for (uint32_t i = 0; i < node->order_count; i++)
        lt_bit_set(used, node->orders[i].column);
    if (plan == NULL)
        return;
    use_side(&plan->left, used);
    for (uint32_t i = 0; node->kind == LT_PLAN_TRANSFORM && i < input_schema(node, 0)->field_count;
         i++)
        lt_bit_set(used, i); /* the program sees all of a row */
    if (node->kind != LT_PLAN_AGGREGATE)
        return;
    use(plan->session_gap, used);
    for (uint32_t i = 0; i < plan->aggregate_count; i++) {
        const struct lt_plan_aggregate *aggregate = &plan->aggregates[i];
        use(aggregate->filter, used);
        for (uint32_t j = 0; j < aggregate->argument_count; j++)
            lt_bit_set(used, aggregate->arguments[j]);
    }
}
