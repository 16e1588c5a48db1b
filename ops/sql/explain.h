/*
 * Plans as text, a tree with a line for each operator, as Spark draws them.
 *
 *   Project [value, (value * 2) AS d]
 *   +- Filter ((value % 2) = 0)
 *      +- StreamingRelation rate [timestamp, value]
 *
 * on: any. Pure.
 */
#ifndef LT_OPS_SQL_EXPLAIN_H
#define LT_OPS_SQL_EXPLAIN_H

#include "core/base/text_buffer.h"
#include "core/flow/plan.h"
#include "ops/sql/syntax.h"

/* A query as it was parsed: what is not resolved has a quote mark. */
void lt_sql_explain_parsed(const struct lt_sql_query *query, struct lt_arena *arena,
                           struct lt_text_buffer *out);
/* An analysed plan. With `has_statistics` each line says what is known of its size. */
void lt_sql_explain_plan(const struct lt_plan_node *node, bool has_statistics,
                         struct lt_arena *arena, struct lt_text_buffer *out);
/* Its operators, numbered from the source on, each with input and output columns. */
void lt_sql_explain_formatted(const struct lt_plan_node *node, struct lt_arena *arena,
                              struct lt_text_buffer *out);

#endif
