/*
 * Calls of aggregates in statements: from what is written to what a plan holds.
 *
 * An aggregate is a row of the function table (ops/expr/functions.h) with `aggregate` set: name,
 * signatures, help and example are told there, as of any function, and so `leat functions`, SHOW
 * FUNCTIONS and the reference page have them. Where an expression of one row is wanted it is
 * refused.
 *
 *     sum(price * 2) FILTER (WHERE ok)
 *       -> function "sum", inputs [price * 2 cast as needed], filter [ok], type double
 *
 * Inputs and filter are analysed expressions over the scope: a PROJECT below the AGGREGATE makes
 * columns of them. Parameters are constants by the function's own rules (accuracy, percentages, the
 * flag of first), and literals here.
 *
 * How the parser writes what stands behind a call: `FILTER (WHERE c)`, `IGNORE NULLS` and
 * `WITHIN GROUP (ORDER BY x DESC)` are calls with names that no function can have, around the call
 * that they belong to (parse_over.c). lt_aggregate_base() looks through them.
 *
 * on: control.
 */
#ifndef LT_OPS_AGGREGATE_CALLS_H
#define LT_OPS_AGGREGATE_CALLS_H

#include "core/flow/expression.h"
#include "core/flow/plan.h"
#include "ops/expr/session.h"

/* What a call gives to a plan. In the arena. */
struct lt_aggregate_call {
    const char *function; /* its name in the table: "avg" for mean(x) */
    struct lt_expression **inputs;
    uint32_t input_count; /* 0: count(*) */
    struct lt_expression **parameters;
    uint32_t parameter_count;
    struct lt_expression *filter; /* NULL: every row */
    bool ignores_nulls, is_distinct;
    const struct lt_type *type;
    bool nullable; /* false: count, collect_list, ... */
};

/* Is it the name of an aggregate function? */
bool lt_aggregate_is_name(const char *name);
/* The aggregate's own call in a node that is one with or without FILTER and the like; NULL: the node
 * is none. */
const struct lt_expression *lt_aggregate_base(const struct lt_expression *node);

/* Analyses a node that lt_aggregate_base() knows: its arguments over `schema`, then the call itself
 * with Spark's casts and refusals. The node is changed. */
int lt_aggregate_analyse(struct lt_expression *node, const char *text, const struct lt_type *schema,
                         const struct lt_session *session, struct lt_arena *arena,
                         struct lt_aggregate_call *out, struct lt_error *error) LT_MUST_USE;

#endif
