/*
 * Functions that Spark takes for no constant while it analyses, whatever their arguments are: those
 * that it puts another expression in the place of later, and those of lambdas.
 *
 * on: control.
 */
#ifndef LT_OPS_EXPR_REPLACED_H
#define LT_OPS_EXPR_REPLACED_H

#include <stdbool.h>

#include "core/flow/expression.h"

bool lt_function_is_replaced(const char *name);
/* Is it a time less an interval, `date - INTERVAL '1' MONTH`, which Spark takes so too? */
bool lt_expr_is_time_less_span(const struct lt_expression *node);
/* Is a call of one of them in the tree, which is analysed? */
bool lt_expr_has_replaced(const struct lt_expression *node);

#endif
