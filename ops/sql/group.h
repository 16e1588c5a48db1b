/*
 * Aggregation as far as it is understood: which queries aggregate, and what Spark's analyser says
 * of columns that are neither grouped nor aggregated.
 *
 * on: control.
 */
#ifndef LT_OPS_SQL_GROUP_H
#define LT_OPS_SQL_GROUP_H

#include "ops/sql/names.h"
#include "ops/sql/refuse.h"
#include "ops/sql/syntax.h"

/* GROUP BY, HAVING or an aggregate function in the select list. */
bool lt_sql_is_grouped(const struct lt_sql_select *select);
/* What the items of a grouped select see: its columns, and the window of time that it is grouped
 * by.
 */
struct lt_sql_scope lt_sql_scope_of_groups(const struct lt_sql_scope *scope,
                                           const struct lt_sql_select *select,
                                           struct lt_arena *arena);
/* What an item of GROUP BY stands for: the item of the select list at its place or with its name,
 * or itself. */
struct lt_expression *lt_sql_group_item(const struct lt_sql_names *names,
                                        const struct lt_sql_select *select,
                                        struct lt_expression *item);
/* Resolves the names of such a query and notes its operators. */
int lt_sql_check_group(struct lt_sql_names *names, const struct lt_sql_select *select,
                       struct lt_sql_uses *uses) LT_MUST_USE;
/* Puts the relations that columns come from before their names: `k` becomes `t.k`. */
void lt_sql_qualify(const struct lt_sql_names *names, struct lt_expression *node);
/* INVALID_WHERE_CONDITION for aggregate and window functions. */
int lt_sql_check_where(struct lt_sql_names *names, const struct lt_expression *where) LT_MUST_USE;

/* Windows of time in a select list: at most one. */
int lt_sql_check_time_windows(const struct lt_sql_names *names,
                              const struct lt_sql_select *select) LT_MUST_USE;

#endif
