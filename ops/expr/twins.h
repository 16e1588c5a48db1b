/*
 * The types of a tree that is not analysed yet: a copy of it, its twin, is analysed instead, and
 * each node is found again in it. So a column can be named after the expression as it was written,
 * with what only types tell (date + 1 is date_add(date, 1)).
 *
 * on: control.
 */
#ifndef LT_OPS_EXPR_TWINS_H
#define LT_OPS_EXPR_TWINS_H

#include "core/base/arena.h"
#include "core/flow/expression.h"

struct lt_twins;

/* Copies a tree, in the arena; what several nodes share, their twins share. `*twin` is the copy of
 * `node`, for analysis. */
const struct lt_twins *lt_twins_create(const struct lt_expression *node, struct lt_arena *arena,
                                       struct lt_expression **twin);
/* The type of a node of the first tree by its twin; NULL: it has none, or `twins` is NULL. */
const struct lt_type *lt_twins_type(const struct lt_twins *twins, const struct lt_expression *node);

/* Is a column of the first tree the name of an item further left (lateral.h)? */
bool lt_twins_is_lateral(const struct lt_twins *twins, const struct lt_expression *column);

/* As lt_expr_text, with the types; `twins` may be NULL. */
const char *lt_expr_text_typed(const struct lt_expression *expression, const struct lt_twins *twins,
                               struct lt_arena *arena);

#endif
