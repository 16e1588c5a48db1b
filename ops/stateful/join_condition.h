/*
 * The condition of a join beside its equal keys, over pairs: all columns of the left side, then all
 * of the right.
 *
 * Parts of it (joined by AND) that read one side alone are also evaluated alone: a row of which
 * they are not true can have no partner, and need not be kept.
 *
 * on: the operator's thread; creation: control.
 */
#ifndef LT_OPS_STATEFUL_JOIN_CONDITION_H
#define LT_OPS_STATEFUL_JOIN_CONDITION_H

#include "core/flow/expression.h"
#include "ops/expr/session.h"
#include "ops/stateful/base.h"

struct lt_join_condition;

/* `condition` NULL: always true. It and the schemas must outlive the result. */
int lt_join_condition_create(struct lt_expression *condition, const struct lt_type *left,
                             const struct lt_type *right, const struct lt_session *session,
                             struct lt_join_condition **out, struct lt_error *error) LT_MUST_USE;
void lt_join_condition_destroy(struct lt_join_condition *condition); /* NULL is a no-op */
void lt_join_condition_set_clock(struct lt_join_condition *condition, const struct lt_clock *clock);
/* Of the pairs. */
const struct lt_type *lt_join_condition_schema(const struct lt_join_condition *condition);

/* Is it true of the pair? False also where it fails, and the operator with it. */
bool lt_join_condition_holds(struct lt_join_condition *condition, struct lt_stateful *stateful,
                             const struct lt_row *pair);
/* Are the parts true that read this side alone? Only its columns of `pair` are filled. */
bool lt_join_condition_may_hold(struct lt_join_condition *condition, struct lt_stateful *stateful,
                                bool is_left, const struct lt_row *pair);

#endif
