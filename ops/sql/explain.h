/*
 * Queries as people read them, as Spark's EXPLAIN EXTENDED shows them before and after analysis.
 *
 *   'Project ['value, ('value * 2) AS d]
 *   +- 'Filter (('value % 2) = 0)
 *      +- 'UnresolvedRelation [s], [], false
 *
 * What was analysed is drawn while it is: the plan itself has no aliases, and unions only at its
 * root.
 *
 * on: control.
 */
#ifndef LT_OPS_SQL_EXPLAIN_H
#define LT_OPS_SQL_EXPLAIN_H

#include "core/flow/plan_tree.h"
#include "ops/sql/analysis.h"
#include "ops/sql/syntax.h"

/* A statement's query, and what it is inserted into, as they were parsed: what is not resolved has
 * a quote mark. Before they are analysed, which changes their expressions. */
struct lt_plan_tree *lt_sql_parsed_tree(const struct lt_sql_statement *statement,
                                        struct lt_arena *arena);

/* A chain of UNION ALL is shown as Spark shows it, one union in the other, up to so many sides. */
enum { LT_SQL_SIDES_NESTED = 64 };

/* What the analyser says of itself, where it was asked to (lt_sql_env.is_explained). `out->tree` is
 * what `out` has come to: something is read; an operator stands over it; the nodes above `from`, of
 * which out->node is the last, do. */
void lt_sql_tree_read(const struct lt_sql_analysis *analysis, const struct lt_sql_table *table,
                      bool is_bounded, struct lt_sql_output *out);
void lt_sql_tree_over(const struct lt_sql_analysis *analysis, const char *name, const char *details,
                      struct lt_sql_output *out);
void lt_sql_tree_view(const struct lt_sql_analysis *analysis, const char *name,
                      struct lt_sql_output *out);
void lt_sql_tree_steps(const struct lt_sql_analysis *analysis, const struct lt_plan_node *from,
                       struct lt_sql_output *out);
/* `is_long`: side[0] is of a chain of more than LT_SQL_SIDES_NESTED. */
void lt_sql_tree_union(const struct lt_sql_analysis *analysis, const struct lt_sql_output *sides,
                       bool is_long, struct lt_sql_output *out);

#endif
