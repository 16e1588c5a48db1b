/*
 * How Spark shows calls of functions in the names of columns: by what name, with which arguments,
 * and what it puts for those that are missing (text.c prints them).
 *
 * on: control.
 */
#ifndef LT_OPS_EXPR_TEXT_CALLS_H
#define LT_OPS_EXPR_TEXT_CALLS_H

#include "core/flow/expression.h"

/* The name that is shown. */
const char *lt_shown_name(const struct lt_expression *node);
/* How WITHIN GROUP (ORDER BY ...) orders, enum lt_expr_order: " DESC NULLS LAST". */
const char *lt_shown_order(const struct lt_expression *call, int64_t order);
/* How many of its arguments are. */
uint32_t lt_shown_count(const struct lt_expression *call);
/* What follows the arguments; "" for most. */
const char *lt_shown_rest(const struct lt_expression *node);
/* How many parameters the lambda has that the function takes as an argument; 0: it takes a value
 * there. */
uint32_t lt_shown_parameters(const struct lt_expression *call, uint32_t index);

#endif
