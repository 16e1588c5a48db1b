/*
 * Conditions whose outcomes are the same: if(c, a, a), CASE WHEN c THEN a ELSE a END.
 *
 * As in Spark the outcome stands for the whole, and the condition is not asked. Spark takes -0.0
 * and 0.0 for the same here, of if the first outcome and of CASE the last: if(c, -0.0D, 0.0D) is
 * -0.0, whatever c is. Conditions that draw by chance are asked, as are constants that have a
 * value.
 *
 * on: control. Pure.
 */
#ifndef LT_OPS_EXPR_OUTCOMES_H
#define LT_OPS_EXPR_OUTCOMES_H

#include "core/base/arena.h"
#include "core/flow/expression.h"

/* A rule for lt_expr_change(). */
struct lt_expression *lt_expr_drop_same_outcomes(struct lt_expression *node,
                                                 const struct lt_expression *above,
                                                 struct lt_arena *arena);
/* The same for a node whose parts are folded: conditions that have no column, and yet could not be
 * evaluated, are not asked either. */
struct lt_expression *lt_expr_drop_folded(struct lt_expression *node, struct lt_arena *arena);

#endif
