/*
 * Analysed expressions over the columns that others compute, as expressions over what those read:
 * "price > 100" over "value:price AS price" is "value:price > 100". How a step of a plan is moved
 * before a projection, or made one with it.
 *
 * on: control.
 */
#ifndef LT_OPS_EXPR_SUBSTITUTE_H
#define LT_OPS_EXPR_SUBSTITUTE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/flow/expression.h"

/* The columns of a projection. */
struct lt_expr_columns {
    struct lt_expression *const *expressions; /* analysed, one for each column */
    const char *const *texts;                 /* what each was parsed from */
    uint32_t count;
    /* By column: fields that are taken of it are all that is; NULL: that is not known. */
    const bool *are_alone;
};

/* Can it be done? Not where a value would be computed twice that is not the same twice (rand()),
 * where both sides have lambdas (whose parameters are numbered apart), or where the tree would grow
 * beyond what its user wrote by far. */
bool lt_expr_can_substitute(const struct lt_expression *node,
                            const struct lt_expr_columns *columns);
/* Is it no larger than what a text is written with, so that it can be put into others? */
bool lt_expr_is_modest(const struct lt_expression *node);
/* The expression with the columns put in; `node` stays as it is, parts may be shared. A column at
 * the top keeps its name, as an ALIAS. */
struct lt_expression *lt_expr_substitute(struct lt_expression *node,
                                         const struct lt_expr_columns *columns,
                                         struct lt_arena *arena);

#endif
