/*
 * Project: computes the columns of a new row from each row.
 *
 * The new row comes from the operator's own pool and has the old row as its parent, so that values
 * which no expression changed stay where they are. When the pool is empty the row is handed back
 * (RETRY): that is the back-pressure of rows in flight. A failing expression makes the original
 * record fail. Counters: "<prefix>in".
 *
 * on: control for create; the rest is the operator contract (core/flow/operator.h).
 */
#ifndef LT_OPS_PROJECT_H
#define LT_OPS_PROJECT_H

#include "core/base/error.h"
#include "core/data/type.h"
#include "core/flow/expression.h"
#include "core/flow/operator.h"
#include "ops/expr/session.h"

struct lt_project_options {
    struct lt_expression *const *expressions; /* analysed; they outlive the operator */
    const char *const *texts;                 /* what each was parsed from, for faults */
    size_t count;
    const struct lt_type *input_schema;
    const struct lt_type *output_schema; /* of lt_expr_output_schema() */
    const struct lt_session *session;    /* what they were analysed under; NULL: the defaults */
};

int lt_project_create(const struct lt_project_options *options, struct lt_operator **out,
                      struct lt_error *error) LT_MUST_USE;

#endif
