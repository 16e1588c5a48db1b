/*
 * Nodes of trees that nobody has written: an alias, a column by its place, a copy. What a tree
 * reads.
 */
#include <string.h>

#include "ops/expr/expr.h"

struct lt_expression *lt_expr_alias(struct lt_expression *value, const char *name,
                                    struct lt_arena *arena)
{
    struct lt_expression *alias = lt_arena_alloc(arena, sizeof *alias);
    *alias = (struct lt_expression){.kind = LT_EXPR_ALIAS,
                                    .begin = value->begin,
                                    .end = value->end,
                                    .name = name,
                                    .argument_count = 1,
                                    .is_hidden = value->is_hidden,
                                    .index = -1};
    alias->arguments = lt_arena_alloc(arena, sizeof *alias->arguments);
    alias->arguments[0] = value;
    return alias;
}

struct lt_expression *lt_expr_column(const struct lt_type *schema, uint32_t index,
                                     struct lt_arena *arena)
{
    struct lt_expression *column = lt_arena_alloc(arena, sizeof *column);
    *column = (struct lt_expression){.kind = LT_EXPR_COLUMN,
                                     .name = schema->fields[index].name,
                                     .type = schema->fields[index].type,
                                     .nullable = schema->fields[index].nullable,
                                     .is_hidden = lt_type_is_hidden(schema, index),
                                     .index = (int32_t)index};
    return column;
}

struct lt_expression *lt_expr_copy_node(const struct lt_expression *node, struct lt_arena *arena)
{
    struct lt_expression *copy = lt_arena_alloc(arena, sizeof *copy);
    *copy = *node;
    copy->arguments = lt_arena_alloc(arena, (node->argument_count + 1) * sizeof *copy->arguments);
    if (node->argument_count > 0)
        memcpy(copy->arguments, node->arguments, node->argument_count * sizeof *copy->arguments);
    return copy;
}

struct lt_expression *lt_expr_of_text(struct lt_expression *node, const char *text,
                                      struct lt_arena *arena)
{
    if (text == NULL || node->text != NULL)
        return node;
    struct lt_expression *copy = lt_expr_copy_node(node, arena);
    copy->text = text;
    return copy;
}

struct lt_expression *lt_expr_in_place(struct lt_expression *by, const struct lt_expression *node,
                                       struct lt_arena *arena)
{
    struct lt_expression *own = lt_expr_of_text(by, node->text, arena);
    if (node->once == NULL || own->once != NULL)
        return own;
    own = own == by ? lt_expr_copy_node(by, arena) : own;
    own->once = node->once;
    return own;
}

struct lt_expression *lt_expr_null(const struct lt_expression *at, const struct lt_type *type,
                                   struct lt_arena *arena)
{
    struct lt_expression *null = lt_arena_alloc(arena, sizeof *null);
    *null = (struct lt_expression){.kind = LT_EXPR_LITERAL,
                                   .begin = at->begin,
                                   .end = at->end,
                                   .type = type,
                                   .is_null = true,
                                   .nullable = true,
                                   .index = -1};
    return null;
}

/* Recursion is bounded: a tree is as deep as the parser lets it be. */
bool lt_expr_has_column(const struct lt_expression *node)
{
    bool has = node->kind == LT_EXPR_COLUMN || node->kind == LT_EXPR_VARIABLE;
    for (uint32_t i = 0; i < node->argument_count && !has; i++)
        has = lt_expr_has_column(node->arguments[i]);
    return has;
}

bool lt_expr_has_failing(const struct lt_expression *node)
{
    bool has = node->is_failing;
    for (uint32_t i = 0; i < node->argument_count && !has; i++)
        has = lt_expr_has_failing(node->arguments[i]);
    return has;
}

/* Recursion is bounded in the same way. */
struct lt_expression *lt_expr_change(
    struct lt_expression *node, const struct lt_expression *above,
    struct lt_expression *(*rule)(struct lt_expression *node, const struct lt_expression *above,
                                  struct lt_arena *arena),
    struct lt_arena *arena)
{
    struct lt_expression *copy = NULL;
    for (uint32_t i = 0; i < node->argument_count; i++) {
        struct lt_expression *argument = lt_expr_change(node->arguments[i], node, rule, arena);
        if (argument == node->arguments[i])
            continue;
        copy = copy == NULL ? lt_expr_copy_node(node, arena) : copy;
        copy->arguments[i] = argument;
    }
    return rule(copy == NULL ? node : copy, above, arena);
}
