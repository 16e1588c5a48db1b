/*
 * Functions of Spark that leat does not have: known by name, so that they are not taken for
 * writing mistakes.
 *
 * on: control.
 */
#ifndef LT_OPS_EXPR_ABSENT_H
#define LT_OPS_EXPR_ABSENT_H

#include "ops/expr/analyser.h"

/* Refuses a call of such a function; LT_INFER_LETTERS when the name is none of theirs. */
int lt_refuse_absent(struct lt_analyser *analyser, const struct lt_expression *call);

#endif
