/*
 * Two analysed expressions that give the same value for every record: same shape, same functions,
 * same constants. Lambdas are the same when they differ only in how their parameters are numbered.
 *
 * What is not deterministic (rand(), a clock) is not even the same as itself.
 *
 * on: control. Pure.
 */
#ifndef LT_OPS_EXPR_SAME_H
#define LT_OPS_EXPR_SAME_H

#include <stdbool.h>
#include <stdint.h>

#include "core/flow/expression.h"

bool lt_expr_same(const struct lt_expression *a, const struct lt_expression *b);
/* The same where constants are the same that compare so: -0.0 and 0.0 too. */
bool lt_expr_same_value(const struct lt_expression *a, const struct lt_expression *b);
/* Equal for what is the same; 0 for what is not deterministic. */
uint64_t lt_expr_hash(const struct lt_expression *expression);
/* May it be another value for another record: has it a column, or is it not deterministic? */
bool lt_expr_varies(const struct lt_expression *expression);

#endif
