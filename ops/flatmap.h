/*
 * Flat-map: a select list with generators (ops/expr/generator.h). Each record becomes 0..n rows:
 * the values of the list, computed once, beside the columns of the generator's rows; with several
 * generators every combination, the first in the list turning slowest.
 *
 * The computed values stand in a row of the operator's own, which the rows made from it have as
 * their parent; nothing is copied but 16 bytes for each column. When the pool of rows is used up in
 * the middle of a record the operator keeps its place and goes on when it is handed the record
 * again: that is the back-pressure of an array that is longer than the lane. A failing expression
 * makes the original record fail, before any of its rows. Counters: "<prefix>in", "<prefix>out",
 * "<prefix>empty" (records that gave no row).
 *
 * on: control for create and the schema; the rest is the operator contract (core/flow/operator.h).
 */
#ifndef LT_OPS_FLATMAP_H
#define LT_OPS_FLATMAP_H

#include "core/base/error.h"
#include "core/data/type.h"
#include "core/flow/expression.h"
#include "core/flow/operator.h"
#include "ops/expr/session.h"

struct lt_flatmap_options {
    /* The items of a select list, analysed, one or more of them generators. They outlive the
     * operator. */
    struct lt_expression *const *expressions;
    const char *const *texts; /* what each was parsed from, for faults */
    size_t count;
    const struct lt_type *input_schema;
    const struct lt_type *output_schema; /* of lt_expr_output_schema() */
    const struct lt_session *session;    /* what they were analysed under; NULL: the defaults */
    bool use_switch;                     /* as in lt_program_options */
};

/* Is there a generator among the items? If not, the list is a projection. */
bool lt_flatmap_is_needed(struct lt_expression *const *expressions, size_t count);
int lt_flatmap_create(const struct lt_flatmap_options *options, struct lt_operator **out,
                      struct lt_error *error) LT_MUST_USE;

#endif
