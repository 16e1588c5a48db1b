/*
 * Functions over windows of rows, f(...) OVER (...): what Spark's analyser says of them, and what
 * its checker says of a stream that has one. Nothing evaluates them.
 *
 * on: control.
 */
#ifndef LT_OPS_SQL_WINDOWS_H
#define LT_OPS_SQL_WINDOWS_H

#include "ops/sql/analysis.h"
#include "ops/sql/syntax.h"

/* Checks those of the select list, and notes each as a use; `names` are those of the input, which
 * stand inside OVER (...). */
int lt_sql_use_windows(struct lt_sql_analysis *analysis, const struct lt_sql_select *select,
                       struct lt_sql_names *names, bool *has_windows) LT_MUST_USE;

#endif
