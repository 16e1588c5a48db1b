/*
 * Dates, timestamps and intervals in operators: what + - * / DIV and the signs make of them.
 *
 * on: control.
 */
#ifndef LT_OPS_EXPR_ARITHMETIC_TIME_H
#define LT_OPS_EXPR_ARITHMETIC_TIME_H

#include "ops/expr/analyser.h"

/* Analyses a call of the operator "+", "-", "*", "/" or "div" as `infer` does, if it is one of
 * these values; the call keeps its own name. LT_INFER_LETTERS: it is none. */
int lt_infer_time_arithmetic(struct lt_analyser *analyser, struct lt_expression *call,
                             const char *op);
/* The same for "negative", "positive", "abs" and "sign" of intervals. */
int lt_infer_interval_sign(struct lt_analyser *analyser, struct lt_expression *call,
                           const char *op);

#endif
