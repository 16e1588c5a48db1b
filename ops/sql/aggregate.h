/*
 * Aggregates in a select list: each call becomes a column of the operator that gives it, and what
 * the operator is to be told of it (ops/aggregate/calls.h) stands beside. Functions of windows,
 * which no mode runs, become columns too, so that a query is analysed as far as Spark analyses it
 * before it is refused.
 *
 * on: control.
 */
#ifndef LT_OPS_SQL_AGGREGATE_H
#define LT_OPS_SQL_AGGREGATE_H

#include "ops/aggregate/calls.h"
#include "ops/sql/analysis.h"

/* Is it the name of an aggregate function? */
bool lt_sql_is_aggregate(const char *name);

/* Columns that a node has beside its input's: the aggregates. */
struct lt_sql_made {
    struct lt_field *fields;
    struct lt_aggregate_call *calls; /* of each; `function` is NULL where nothing evaluates it */
    uint32_t count, capacity;
};

/* Turns each aggregate and window function of the tree into a column behind the `first` ones of the
 * input, typed; their arguments are resolved and typed against the scope, which is the input's. */
int lt_sql_make_aggregates(struct lt_sql_names *names, struct lt_expression *node, uint32_t first,
                           struct lt_sql_made *made) LT_MUST_USE;

#endif
