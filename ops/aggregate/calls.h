/*
 * Calls of aggregates in statements: from what is written to what a plan holds.
 *
 * An aggregate is a row of the function table (ops/expr/functions.h) with `aggregate` set: name,
 * signatures, help and example are told there, as of any function, and so `leat functions`, SHOW
 * FUNCTIONS and the reference page have them. Where an expression of one row is wanted it is
 * refused.
 *
 *     sum(price * 2) FILTER (WHERE ok)
 *       -> function "sum", inputs [price * 2, cast as needed], filter ok, type double
 *
 * Inputs and filter are analysed expressions over the rows that are aggregated: a PROJECT below the
 * AGGREGATE makes columns of them (boolean for the filter). Parameters are constants by the
 * function's own rules (accuracy, percentages), and literals here.
 *
 * What stands behind the brackets - FILTER, IGNORE NULLS, WITHIN GROUP - are last arguments of the
 * call (LT_EXPR_FILTER and so on, ops/expr/expr.h), and an argument behind DISTINCT is under a call
 * of "distinct"; so whoever walks trees finds them.
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
    const char *function; /* its name in the table: "avg" of mean(x) */
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
/* The node itself where it is a call of such a name, not yet analysed; NULL: it is none. */
const struct lt_expression *lt_aggregate_base(const struct lt_expression *node);

/* Analyses a call that lt_aggregate_base() knows, as it was parsed (names may be resolved): its
 * count of arguments, these over `schema`, and then the call itself, as below. `call` is changed.
 */
int lt_aggregate_analyse(struct lt_expression *call, const char *text, const struct lt_type *schema,
                         const struct lt_session *session, struct lt_arena *arena,
                         struct lt_aggregate_call *out, struct lt_error *error) LT_MUST_USE;

/* The two halves of it, for who has a way of their own to analyse arguments. */

/* WRONG_NUM_ARGS for a call of such a name with more or fewer arguments; before they are analysed.
 */
int lt_aggregate_check_count(const struct lt_expression *call, const char *text,
                             struct lt_arena *arena, struct lt_error *error) LT_MUST_USE;

/* Takes a call of such a name, as it was parsed, with as many arguments as it takes, which are
 * analysed (each lt_expr_analyse, and those of the parts behind the brackets; a star stays):
 * chooses the signature, puts casts over the inputs and evaluates constants. Refusals are Spark's,
 * and are told at the places in `text`. `call` is changed. */
int lt_aggregate_complete(struct lt_expression *call, const char *text,
                          const struct lt_session *session, struct lt_arena *arena,
                          struct lt_aggregate_call *out, struct lt_error *error) LT_MUST_USE;

#endif
