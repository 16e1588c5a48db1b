/* Trees are no deeper than the parser lets them be, so the walks are recursive. */
#include "ops/sql/find.h"

#include <string.h>

#include "ops/expr/expr.h"
#include "ops/expr/generator.h"
#include "ops/sql/aggregate.h"

const struct lt_expression *lt_sql_find(const struct lt_expression *node, lt_sql_is_fn *is)
{
    const struct lt_expression *found = is(node) ? node : NULL;
    for (uint32_t i = 0; i < node->argument_count && found == NULL; i++)
        found = lt_sql_find(node->arguments[i], is);
    return found;
}

bool lt_sql_is_call_of(const struct lt_expression *node, const char *name)
{
    return node->kind == LT_EXPR_CALL && strcmp(node->name, name) == 0;
}

bool lt_sql_is_over(const struct lt_expression *node)
{
    return lt_sql_is_call_of(node, LT_EXPR_OVER) || lt_sql_is_call_of(node, LT_EXPR_OVER_NAME);
}

bool lt_sql_is_session_window(const struct lt_expression *node)
{
    return lt_sql_is_call_of(node, "session_window");
}

bool lt_sql_is_time_window(const struct lt_expression *node)
{
    return lt_sql_is_call_of(node, "window") || lt_sql_is_session_window(node);
}

bool lt_sql_is_generator(const struct lt_expression *node)
{
    return node->kind == LT_EXPR_CALL && lt_generator_is_name(node->name);
}

const struct lt_expression *lt_sql_find_aggregate(const struct lt_expression *node)
{
    if (lt_sql_is_over(node))
        return NULL;
    bool is_aggregate = node->kind == LT_EXPR_CALL && lt_sql_is_aggregate(node->name);
    const struct lt_expression *found = is_aggregate ? node : NULL;
    for (uint32_t i = 0; i < node->argument_count && found == NULL; i++)
        found = lt_sql_find_aggregate(node->arguments[i]);
    return found;
}

struct lt_expression *lt_sql_copy_tree(const struct lt_expression *node, struct lt_arena *arena)
{
    struct lt_expression *copy = lt_arena_alloc(arena, sizeof *copy);
    *copy = *node;
    copy->arguments = lt_arena_alloc(arena, (node->argument_count + 1) * sizeof *copy->arguments);
    for (uint32_t i = 0; i < node->argument_count; i++)
        copy->arguments[i] = lt_sql_copy_tree(node->arguments[i], arena);
    return copy;
}
