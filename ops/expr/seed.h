/*
 * The seed of a function that draws by chance.
 *
 * on: control.
 */
#ifndef LT_OPS_EXPR_SEED_H
#define LT_OPS_EXPR_SEED_H

#include "ops/expr/analyser.h"

/* The argument, if it is there, becomes a constant BIGINT; refused where it is no constant INT or
 * BIGINT. */
int lt_analyser_seed(struct lt_analyser *analyser, struct lt_expression *call, uint32_t index);

#endif
