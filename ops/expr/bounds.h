/*
 * Bounds of what analysis makes: a few hundred characters can stand for a tree, a type or a
 * constant of any size, since what a part is made of may stand in several places.
 *
 * on: control.
 */
#ifndef LT_OPS_EXPR_BOUNDS_H
#define LT_OPS_EXPR_BOUNDS_H

#include "ops/expr/analyser.h"

/* Both give LT_E_LIMIT: where a call has become too large to be looked at, as one nullif in another
 * doubles it; where its type, which is nested, has too many parts: struct(a, a) doubles them. */
int lt_analyser_check_size(struct lt_analyser *analyser, const struct lt_expression *call);
int lt_analyser_check_type(struct lt_analyser *analyser, const struct lt_expression *call);
/* Does a copy of the value fit into `*room_bytes`, which becomes what is left of it? */
bool lt_value_is_within(const struct lt_type *type, const union lt_value *value,
                        size_t *room_bytes);

#endif
