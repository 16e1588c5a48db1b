/*
 * What stands in a tree that was parsed: the first call that is an aggregate, a window function, a
 * generator. First means from the left, and a call before its arguments.
 *
 * on: control. Pure.
 */
#ifndef LT_OPS_SQL_FIND_H
#define LT_OPS_SQL_FIND_H

#include <stdbool.h>

#include "core/base/arena.h"
#include "core/flow/expression.h"

typedef bool lt_sql_is_fn(const struct lt_expression *node);

/* The tree anew, in the arena: what is analysed is no longer what was written. */
struct lt_expression *lt_sql_copy_tree(const struct lt_expression *node, struct lt_arena *arena);
/* The first node that is one; NULL: there is none. */
const struct lt_expression *lt_sql_find(const struct lt_expression *node, lt_sql_is_fn *is);

bool lt_sql_is_call_of(const struct lt_expression *node, const char *name);
/* What has OVER (...) or OVER name. */
lt_sql_is_fn lt_sql_is_over;
/* window() or session_window(). */
lt_sql_is_fn lt_sql_is_time_window;
lt_sql_is_fn lt_sql_is_session_window;
/* A call of a generator's name. */
lt_sql_is_fn lt_sql_is_generator;

/* The first aggregate, but for those that have OVER: they are window functions. */
const struct lt_expression *lt_sql_find_aggregate(const struct lt_expression *node);

#endif
