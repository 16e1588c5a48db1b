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
        const char *details = node->name == NULL ? "" : lt_arena_format(arena, " %s", node->name);
        tree = lt_plan_tree_over(arena, lt_plan_kind_name(node->kind), details, input);
    }
    tree->schema = node->schema;
    return tree;
}
