/*
 * Decimals in operators and functions: what + - * / and the others make of them (decimal.c). These
 * are the `infer` of their rows, and leave calls without decimals to the letters.
 *
 * on: control.
 */
#ifndef LT_OPS_EXPR_DECIMAL_H
#define LT_OPS_EXPR_DECIMAL_H

#include "ops/expr/analyser.h"

/* + - * / % div pmod */
int lt_infer_arithmetic(struct lt_analyser *analyser, struct lt_expression *call);
/* negative positive abs floor ceil round bround */
int lt_infer_one_number(struct lt_analyser *analyser, struct lt_expression *call);

lt_kernel_fn lt_decimal_floor, lt_decimal_ceil;

/* A product of decimals that needs no rounding and has room for any two factors of 64 bits. */
bool lt_decimal_multiplies_whole(const struct lt_call *call);

#endif
