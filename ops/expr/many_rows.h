/*
 * Functions of many rows, aggregates and those of windows: known by name, so that they are refused
 * where an expression of one row is wanted, as Spark refuses them.
 *
 * on: control.
 */
#ifndef LT_OPS_EXPR_MANY_ROWS_H
#define LT_OPS_EXPR_MANY_ROWS_H

#include "ops/expr/analyser.h"

/* Refuses a call of such a function; LT_INFER_LETTERS when the name is none of theirs. */
int lt_refuse_many_rows(struct lt_analyser *analyser, const struct lt_expression *call);

#endif
