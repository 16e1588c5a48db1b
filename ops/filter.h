/*
 * Filter: passes on the rows whose predicate is true. False and NULL are both "no"; a predicate
 * that fails (division by zero, a cast) makes the record fail, never vanish.
 *
 * The row itself is passed on, nothing is copied. Counters: "<prefix>in", "<prefix>filtered".
 *
 * on: control for create; the rest is the operator contract (core/flow/operator.h).
 */
#ifndef LT_OPS_FILTER_H
#define LT_OPS_FILTER_H

#include "core/base/error.h"
#include "core/data/type.h"
#include "core/flow/expression.h"
#include "core/flow/operator.h"

/* `predicate` is analysed against `schema`, boolean, and outlives the operator, as its `text` does.
 */
int lt_filter_create(const struct lt_expression *predicate, const char *text,
                     const struct lt_type *schema, struct lt_operator **out,
                     struct lt_error *error) LT_MUST_USE;

#endif
