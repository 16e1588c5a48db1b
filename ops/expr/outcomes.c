/*
 * Branches of a CASE are looked at from the last on, since an earlier one that has to be asked
 * keeps those before it.
 */
#include "ops/expr/outcomes.h"

#include "ops/expr/expr.h"
#include "ops/expr/functions.h"
#include "ops/expr/same.h"

/* A constant is evaluated as a whole, with its conditions; of a tree that was folded, those that
 * are left could not be. */
static bool is_droppable(const struct lt_expression *condition, bool is_folded)
{
    return lt_expr_hash(condition) != 0 && !lt_expr_has_failing(condition) &&
           (lt_expr_has_column(condition) || (is_folded && condition->kind != LT_EXPR_LITERAL));
}

static struct lt_expression *drop_if(struct lt_expression *node, bool is_folded,
                                     struct lt_arena *arena)
{
    struct lt_expression **arguments = node->arguments;
    return is_droppable(arguments[0], is_folded) && lt_expr_same_value(arguments[1], arguments[2])
               ? lt_expr_in_place(arguments[1], node, arena)
               : node;
}

static bool is_false_literal(const struct lt_expression *condition)
{
    return condition->kind == LT_EXPR_LITERAL && (condition->is_null || condition->value.i64 == 0);
}

/* Can the branches be told apart by records only, and are their outcomes that of the ELSE? Branches
 * that are never taken do not count. */
static bool are_outcomes_same(const struct lt_expression *node, bool is_folded)
{
    const struct lt_expression *otherwise = node->arguments[node->argument_count - 1];
    for (uint32_t i = 0; i + 1 < node->argument_count; i += 2) {
        const struct lt_expression *condition = node->arguments[i];
        if (is_false_literal(condition))
            continue;
        bool is_asked = lt_expr_hash(condition) == 0;
        if ((!is_asked && !is_droppable(condition, is_folded)) ||
            !lt_expr_same_value(node->arguments[i + 1], otherwise))
            return false;
    }
    return true;
}

/* Up to the last branch that has to be asked. */
static struct lt_expression *drop_branches(struct lt_expression *node, bool is_folded,
                                           struct lt_arena *arena)
{
    bool has_else = node->argument_count % 2 == 1;
    if (!has_else || !are_outcomes_same(node, is_folded))
        return node;
    uint32_t count = node->argument_count / 2;
    struct lt_expression *otherwise = node->arguments[2 * count];
    while (count > 0 && lt_expr_hash(node->arguments[2 * count - 2]) != 0)
        count--;
    if (count == 0)
        return lt_expr_in_place(otherwise, node, arena);
    bool is_other = 2 * count + 1 < node->argument_count;
    for (uint32_t i = 0; i < count; i++)
        is_other = is_other || node->arguments[2 * i + 1] != otherwise;
    if (!is_other)
        return node;
    struct lt_expression *copy = lt_expr_copy_node(node, arena);
    for (uint32_t i = 0; i < count; i++)
        copy->arguments[2 * i + 1] = otherwise;
    copy->arguments[2 * count] = otherwise;
    copy->argument_count = 2 * count + 1;
    return copy;
}

static struct lt_expression *drop(struct lt_expression *node, bool is_folded,
                                  struct lt_arena *arena)
{
    if (node->kind == LT_EXPR_CASE)
        return drop_branches(node, is_folded, arena);
    bool is_if =
        node->kind == LT_EXPR_CALL && lt_function_at((size_t)node->index, NULL)->flow == LT_FLOW_IF;
    return is_if ? drop_if(node, is_folded, arena) : node;
}

struct lt_expression *lt_expr_drop_same_outcomes(struct lt_expression *node,
                                                 const struct lt_expression *above,
                                                 struct lt_arena *arena)
{
    (void)above;
    return drop(node, false, arena);
}

struct lt_expression *lt_expr_drop_folded(struct lt_expression *node, struct lt_arena *arena)
{
    return drop(node, true, arena);
}
