/*
 * An element of an array that is made on the spot, at a constant index: array(a, b)[0] is a; and
 * the value under a key of such a map.
 *
 * As in Spark the array is not made, and what its other elements are is not evaluated and cannot
 * fail; array(a, b)[5] and get(array(a, b), 5) are NULL, where either is no constant. Nor is the
 * map, whose keys may be NULL then, or twice the same.
 *
 * on: control. Pure.
 */
#ifndef LT_OPS_EXPR_ELEMENTS_H
#define LT_OPS_EXPR_ELEMENTS_H

#include "core/base/arena.h"
#include "core/flow/expression.h"

/* A rule for lt_expr_change(). */
struct lt_expression *lt_expr_take_element(struct lt_expression *node,
                                           const struct lt_expression *above,
                                           struct lt_arena *arena);
/* The same of a constant that could not be evaluated, where all parts of the node are folded. */
struct lt_expression *lt_expr_take_folded(struct lt_expression *node, struct lt_arena *arena);

#endif
