/*
 * An array of constants is a constant as a whole, whose errors are told; and a constant that fails
 * keeps the query from starting in an element that is not taken, too.
 */
#include "ops/expr/elements.h"

#include "ops/expr/expr.h"
#include "ops/expr/functions.h"
#include "ops/expr/same.h"

struct lt_expression *lt_expr_take_element(struct lt_expression *node,
                                           const struct lt_expression *above,
                                           struct lt_arena *arena)
{
    (void)above;
    bool is_taken = lt_is_call_of(node, "get") || lt_is_call_of(node, "[]");
    if (!is_taken || !lt_is_call_of(node->arguments[0], "array"))
        return node;
    const struct lt_expression *array = node->arguments[0], *index = node->arguments[1];
    bool is_constant = !lt_expr_has_column(array) && lt_expr_hash(array) != 0;
    if (is_constant || lt_expr_has_failing(array) || index->kind != LT_EXPR_LITERAL ||
        index->is_null || index->type->kind != LT_TYPE_INT)
        return node;
    if (index->value.i64 < 0 || index->value.i64 >= array->argument_count)
        return lt_expr_null(node, node->type, arena);
    struct lt_expression *element = array->arguments[index->value.i64];
    return lt_type_equal(element->type, node->type) ? element : node;
}
