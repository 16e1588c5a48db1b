/*
 * A constant that fails keeps the query from starting in an element that is not taken, too. Outside
 * of the array `[]` stays as it is: its error is told where a record comes to it.
 */
#include "ops/expr/elements.h"

#include "ops/expr/expr.h"
#include "ops/expr/functions.h"

struct lt_expression *lt_expr_take_element(struct lt_expression *node,
                                           const struct lt_expression *above,
                                           struct lt_arena *arena)
{
    (void)above;
    bool is_get = lt_is_call_of(node, "get");
    if ((!is_get && !lt_is_call_of(node, "[]")) || !lt_is_call_of(node->arguments[0], "array"))
        return node;
    const struct lt_expression *array = node->arguments[0], *index = node->arguments[1];
    if (index->kind != LT_EXPR_LITERAL || index->is_null || lt_expr_has_failing(array))
        return node;
    if (index->value.i64 < 0 || index->value.i64 >= array->argument_count)
        return is_get ? lt_expr_null(node, node->type, arena) : node;
    struct lt_expression *element = array->arguments[index->value.i64];
    return lt_type_equal(element->type, node->type) ? element : node;
}
