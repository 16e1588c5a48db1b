/*
 * Which columns of a plan's node are event times: those that a WATERMARK names, windows of them,
 * and what hands either on unchanged. A cast or a computation of an event time is none, as in
 * Spark, where the mark is on the column.
 *
 * on: control.
 */
#ifndef LT_OPS_SQL_EVENT_TIME_H
#define LT_OPS_SQL_EVENT_TIME_H

#include <stdbool.h>

#include "core/flow/plan.h"

/* One bool for each column of the node's schema, in the arena. The node is analysed. */
const bool *lt_sql_event_times(const struct lt_plan_node *node, struct lt_arena *arena);
/* The node's event time: its column (-1: none), whether it is a window, and the longest delay of
 * the watermarks that it has (0: none). Several are refused as Spark does. */
int lt_sql_find_event_time(const struct lt_plan_node *node, struct lt_arena *arena,
                           struct lt_plan_event_time *out, int64_t *delay_us,
                           struct lt_error *error) LT_MUST_USE;
/* Is the analysed expression, over columns of which these are event times, one itself? */
bool lt_sql_is_event_time(const struct lt_expression *node, const bool *columns);
/* Is it a type that a watermark can be of: a timestamp, or a window, by its end? */
bool lt_sql_is_time_type(const struct lt_type *type);
/* A window: a struct with an end that is a timestamp. */
bool lt_sql_is_window_type(const struct lt_type *type);

#endif
