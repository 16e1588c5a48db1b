/*
 * Trees with columns put in. Faults tell their place in the text they come from, so what is put in
 * names its text.
 */
#include "ops/expr/substitute.h"

#include "core/base/error.h"
#include "core/base/limits.h"
#include "ops/expr/expr.h"
#include "ops/expr/same.h"
#include "ops/expr/together.h"
#include "ops/expr/use.h"

/* Nodes of a tree that came out of substitution: more than texts are written with, few enough to
 * walk for each of them. */
enum { GROWN_NODES_MAX = 4096 };

/* What is asked about a tree, once. */
struct measure {
    uint32_t
        node_count; /* as a tree: shared parts as often as they are reached; stops at the max */
    uint32_t depth;
    bool has_lambda;
};

static const struct lt_expression *value_of(const struct lt_expression *node)
{
    return node->kind == LT_EXPR_ALIAS ? node->arguments[0] : node;
}

/* Recursion is bounded: by the parser, and by this very measure. */
static void measure(const struct lt_expression *node, const struct lt_expr_columns *columns,
                    uint32_t depth, struct measure *out)
{
    if (out->node_count > GROWN_NODES_MAX || depth > LT_LIMIT_EXPRESSION_DEPTH) {
        out->depth = LT_LIMIT_EXPRESSION_DEPTH + 1;
        return;
    }
    if (node->kind == LT_EXPR_COLUMN && columns != NULL) {
        measure(value_of(columns->expressions[node->index]), NULL, depth, out);
        return;
    }
    out->node_count++;
    out->depth = depth > out->depth ? depth : out->depth;
    out->has_lambda = out->has_lambda || node->kind == LT_EXPR_LAMBDA;
    for (uint32_t i = 0; i < node->argument_count; i++)
        measure(node->arguments[i], columns, depth + 1, out);
}

static bool columns_have(const struct lt_expr_columns *columns, bool *has_lambda)
{
    bool is_deterministic = true;
    for (uint32_t i = 0; i < columns->count; i++) {
        struct measure one = {0};
        measure(columns->expressions[i], NULL, 1, &one);
        *has_lambda = *has_lambda || one.has_lambda;
        is_deterministic = is_deterministic && lt_expr_hash(columns->expressions[i]) != 0;
    }
    return is_deterministic;
}

bool lt_expr_can_substitute(const struct lt_expression *node, const struct lt_expr_columns *columns)
{
    struct measure own = {0}, grown = {0};
    bool has_lambda = false;
    if (!columns_have(columns, &has_lambda))
        return false;
    measure(node, NULL, 1, &own);
    measure(node, columns, 1, &grown);
    return !(has_lambda && own.has_lambda) && grown.node_count <= GROWN_NODES_MAX &&
           grown.depth <= LT_LIMIT_EXPRESSION_DEPTH;
}

bool lt_expr_is_modest(const struct lt_expression *node)
{
    struct measure one = {0};
    measure(node, NULL, 1, &one);
    return one.node_count <= GROWN_NODES_MAX && one.depth <= LT_LIMIT_EXPRESSION_DEPTH;
}

/* ---------------------------------------------------------------------------------- putting in */

static struct lt_expression *column(const struct lt_expression *node,
                                    const struct lt_expr_columns *columns, struct lt_arena *arena)
{
    lt_assert((uint32_t)node->index < columns->count);
    struct lt_expression *copy =
        lt_expr_copy_node(value_of(columns->expressions[node->index]), arena);
    if (columns->are_alone != NULL && !columns->are_alone[node->index]) /* no field alone of it */
        copy = lt_expr_change(copy, NULL, lt_expr_read_together, arena);
    if (copy->text == NULL)
        copy->text = columns->texts[node->index];
    return copy;
}

static struct lt_expression *substitute(struct lt_expression *node,
                                        const struct lt_expr_columns *columns,
                                        struct lt_arena *arena)
{
    if (node->kind == LT_EXPR_COLUMN)
        return column(node, columns, arena);
    struct lt_expression *copy = NULL;
    bool is_alone = node->kind == LT_EXPR_FIELD && columns->are_alone != NULL &&
                    node->arguments[0]->kind == LT_EXPR_COLUMN &&
                    columns->are_alone[node->arguments[0]->index];
    for (uint32_t i = 0; i < node->argument_count; i++) {
        struct lt_expression *argument = substitute(node->arguments[i], columns, arena);
        if (argument == node->arguments[i])
            continue;
        copy = copy == NULL ? lt_expr_copy_node(node, arena) : copy;
        copy->arguments[i] = argument;
    }
    if (is_alone)
        lt_use_alone(copy); /* whose argument is a copy too */
    return copy == NULL ? node : copy;
}

struct lt_expression *lt_expr_substitute(struct lt_expression *node,
                                         const struct lt_expr_columns *columns,
                                         struct lt_arena *arena)
{
    struct lt_expression *result = substitute(node, columns, arena);
    if (node->kind != LT_EXPR_COLUMN)
        return result;
    struct lt_expression *alias = lt_expr_alias(result, node->name, arena);
    alias->begin = node->begin;
    alias->end = node->end;
    alias->type = result->type;
    alias->nullable = result->nullable;
    return alias;
}
