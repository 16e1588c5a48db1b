/*
 * Nodes as Spark shows them: a projection with generators is a Generate for each of them, and a
 * Project over these.
 */
#include <string.h>

#include "ops/catalog.h"
#include "ops/expr/expr.h"
#include "ops/expr/generator.h"

static const char *text_of(const struct lt_expression *node, struct lt_arena *arena)
{
    return lt_expr_plan_text(node, false, arena);
}

/* The columns `at` and on, which the generator gives. */
static const char *generated_columns(const struct lt_plan_node *node, uint32_t at, uint32_t count,
                                     struct lt_arena *arena)
{
    const struct lt_type part = {
        .kind = LT_TYPE_STRUCT, .fields = node->schema->fields + at, .field_count = count};
    return lt_plan_columns(&part, arena);
}

static struct lt_plan_tree *generate_tree(const struct lt_plan_node *node,
                                          const struct lt_expression *call, uint32_t at,
                                          struct lt_plan_tree *input, struct lt_arena *arena)
{
    const char *arguments = lt_arena_format(
        arena, "%s, %s, %s", text_of(call, arena), lt_generator_is_outer(call) ? "true" : "false",
        generated_columns(node, at, call->type->field_count, arena));
    struct lt_plan_tree *tree =
        lt_plan_tree_over(arena, "Generate", lt_arena_format(arena, " %s", arguments), input);
    tree->paragraph = lt_arena_format(arena, "Arguments: %s\n", arguments);
    return tree;
}

/* A column under its own name. */
static bool is_plain_column(const struct lt_expression *item)
{
    return item->kind == LT_EXPR_ALIAS && item->arguments[0]->kind == LT_EXPR_COLUMN &&
           strcmp(item->name, item->arguments[0]->name) == 0;
}

/* A column that nobody reads is NULL (lt_ops_prune), and has lost its name. */
static const char *item_text(const struct lt_plan_node *node, uint32_t item, uint32_t at,
                             struct lt_arena *arena)
{
    const struct lt_expression *expression = node->expressions[item];
    if (is_plain_column(expression))
        expression = expression->arguments[0];
    const char *text = text_of(expression, arena);
    return expression->kind == LT_EXPR_LITERAL
               ? lt_arena_format(arena, "%s AS %s", text, node->schema->fields[at].name)
               : text;
}

static struct lt_plan_tree *project_tree(const struct lt_plan_node *node,
                                         struct lt_plan_tree *input, struct lt_arena *arena)
{
    const char *list = "";
    for (uint32_t i = 0, at = 0; i < node->expression_count; i++) {
        const struct lt_expression *call = lt_generator_call(node->expressions[i]);
        uint32_t count = call == NULL ? 1 : call->type->field_count;
        if (call != NULL)
            input = generate_tree(node, call, at, input, arena);
        if (call == NULL)
            list = lt_arena_format(arena, "%s%s%s", list, at == 0 ? "" : ", ",
                                   item_text(node, i, at, arena));
        for (uint32_t k = 0; call != NULL && k < count; k++)
            list = lt_arena_format(arena, "%s%s%s", list, at + k == 0 ? "" : ", ",
                                   node->schema->fields[at + k].name);
        at += count;
    }
    return lt_plan_tree_over(arena, "Project", lt_arena_format(arena, " [%s]", list), input);
}

/* ----------------------------------------------------------------------------- nodes with state */

static const char *name_at(const struct lt_type *schema, uint32_t column)
{
    return schema->fields[column].name;
}

static const char *names_of(const struct lt_type *schema, const uint32_t *columns, uint32_t count,
                            struct lt_arena *arena)
{
    const char *list = "";
    for (uint32_t i = 0; i < count; i++)
        list = lt_arena_format(arena, "%s%s%s", list, i == 0 ? "" : ", ",
                               name_at(schema, columns[i]));
    return lt_arena_format(arena, "[%s]", list);
}

/* Keys, then the functions with the columns that they get: their own columns bear their texts. */
static const char *aggregate_text(const struct lt_plan_node *node, struct lt_arena *arena)
{
    const struct lt_plan_stateful *stateful = node->stateful;
    const struct lt_type *input = node->inputs[0]->schema;
    const char *list = "";
    for (uint32_t i = 0; i < stateful->aggregate_count; i++)
        list = lt_arena_format(arena, "%s%s%s", list, i == 0 ? "" : ", ",
                               name_at(node->schema, stateful->left.key_count + i));
    return lt_arena_format(
        arena, " %s, [%s]",
        names_of(input, stateful->left.keys, stateful->left.key_count, arena), list);
}

static const char *join_text(const struct lt_plan_node *node, struct lt_arena *arena)
{
    static const char *const kinds[] = {
        [LT_JOIN_INNER] = "Inner",           [LT_JOIN_LEFT_OUTER] = "LeftOuter",
        [LT_JOIN_RIGHT_OUTER] = "RightOuter", [LT_JOIN_FULL_OUTER] = "FullOuter",
        [LT_JOIN_LEFT_SEMI] = "LeftSemi",    [LT_JOIN_LEFT_ANTI] = "LeftAnti"};
    const struct lt_plan_stateful *stateful = node->stateful;
    const struct lt_plan_side *left = &stateful->left, *right = &stateful->right;
    return lt_arena_format(
        arena, " %s, %s, %s%s%s", kinds[stateful->join],
        names_of(node->inputs[0]->schema, left->keys, left->key_count, arena),
        names_of(node->inputs[1]->schema, right->keys, right->key_count, arena),
        stateful->condition == NULL ? "" : ", ",
        stateful->condition == NULL ? "" : text_of(stateful->condition, arena));
}

static const char *transform_text(const struct lt_plan_node *node, struct lt_arena *arena)
{
    static const char *const modes[] = {[LT_TIME_NONE] = "NoTime",
                                        [LT_TIME_PROCESSING] = "ProcessingTime",
                                        [LT_TIME_EVENT] = "EventTime"};
    return lt_arena_format(arena, " %s, %s, %s", node->name,
                           names_of(node->inputs[0]->schema, node->stateful->left.keys,
                                    node->stateful->left.key_count, arena),
                           modes[node->stateful->time_mode]);
}

static const char *sort_text(const struct lt_plan_node *node, struct lt_arena *arena)
{
    const char *list = "";
    for (uint32_t i = 0; i < node->order_count; i++) {
        const struct lt_plan_order *order = &node->orders[i];
        list = lt_arena_format(arena, "%s%s%s %s NULLS %s", list, i == 0 ? "" : ", ",
                               name_at(node->schema, order->column),
                               order->is_descending ? "DESC" : "ASC",
                               order->nulls_last ? "LAST" : "FIRST");
    }
    return lt_arena_format(arena, " [%s]", list);
}

/* What stands behind a node's name. */
static const char *details_of(const struct lt_plan_node *node, struct lt_arena *arena)
{
    switch (node->kind) {
    case LT_PLAN_WATERMARK:
        return lt_arena_format(arena, " %s, %lld ms", node->name,
                               (long long)(node->interval_us / 1000));
    case LT_PLAN_AGGREGATE:
        return node->stateful == NULL ? "" : aggregate_text(node, arena);
    case LT_PLAN_JOIN:
        return node->stateful == NULL ? "" : join_text(node, arena);
    case LT_PLAN_DEDUPLICATE:
        return node->stateful == NULL
                   ? ""
                   : lt_arena_format(arena, " %s",
                                     names_of(node->inputs[0]->schema, node->stateful->left.keys,
                                              node->stateful->left.key_count, arena));
    case LT_PLAN_TRANSFORM:
        return node->stateful == NULL ? "" : transform_text(node, arena);
    case LT_PLAN_SORT:
        return sort_text(node, arena);
    case LT_PLAN_LIMIT:
        return lt_arena_format(arena, " %lld", (long long)node->limit);
    default:
        return node->name == NULL ? "" : lt_arena_format(arena, " %s", node->name);
    }
}

struct lt_plan_tree *lt_ops_tree(const struct lt_plan_node *node, struct lt_plan_tree *input,
                                 struct lt_arena *arena)
{
    struct lt_plan_tree *tree;
    if (node->kind == LT_PLAN_FILTER) {
        const char *condition = text_of(node->expressions[0], arena);
        tree = lt_plan_tree_over(arena, "Filter", lt_arena_format(arena, " %s", condition), input);
        tree->paragraph = lt_arena_format(arena, "Condition : %s\n", condition);
        return tree; /* what it reads is what comes out */
    }
    if (node->kind == LT_PLAN_PROJECT) {
        tree = project_tree(node, input, arena);
    } else {
        bool is_within = node->kind == LT_PLAN_DEDUPLICATE && node->stateful != NULL &&
                         node->stateful->within_watermark;
        tree = lt_plan_tree_over(
            arena, is_within ? "DeduplicateWithinWatermark" : lt_plan_kind_name(node->kind),
            details_of(node, arena), input);
    }
    tree->schema = node->schema;
    return tree;
}
