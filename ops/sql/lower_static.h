/*
 * A join of a stream with what ends: a table whose rows are read when the query is made, and looked
 * up for each record. No state is needed for that, and no batches.
 *
 * on: control.
 */
#ifndef LT_OPS_SQL_LOWER_STATIC_H
#define LT_OPS_SQL_LOWER_STATIC_H

#include "ops/sql/analysis.h"
#include "ops/sql/lower_join.h"

/* Rows of a table that a query can hold for its joins: each record is compared with all of them. */
enum { LT_SQL_STATIC_ROWS_MAX = 1 << 16 };

/* As lt_sql_lower_join; `join->condition` is as it was parsed, names resolved over the columns of
 * both sides, and `stream` says which of them the stream is. */
int lt_sql_lower_static(struct lt_sql_analysis *analysis, const struct lt_sql_join *join,
                        unsigned stream, struct lt_sql_use *use,
                        struct lt_plan_node **out) LT_MUST_USE;

#endif
