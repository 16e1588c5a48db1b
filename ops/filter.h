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
#include "ops/expr/session.h"

struct lt_filter_options {
    struct lt_expression *predicate; /* analysed against `schema`, boolean; outlives the operator */
    const char *text;                /* what it was parsed from, for faults; outlives it too */
    const struct lt_type *schema;
    const struct lt_session *session; /* what it was analysed under; NULL: the defaults */
};

int lt_filter_create(const struct lt_filter_options *options, struct lt_operator **out,
                     struct lt_error *error) LT_MUST_USE;

#endif
