/*
 * Which event times an operator with state is told of. As in Spark a row is late for a
 * deduplication, or for a join, by the event time that comes to it, and no column comes to it that
 * nobody behind it reads, unless it compares the column itself: then no row is late.
 *
 *     SELECT k FROM t            t drops duplicates of k, and has a watermark on `at`: none is late
 *     SELECT k, at FROM t        one is
 *
 * What ends state is not touched by that: such a column is a key, or stands in the join's
 * condition.
 *
 * on: control.
 */
#ifndef LT_RUN_EVENT_COLUMNS_H
#define LT_RUN_EVENT_COLUMNS_H

#include "core/base/arena.h"
#include "core/flow/plan.h"

/* Takes the event time from the nodes of the tree, which is analysed and its plan's own, that are
 * not to know one; all columns of `last` are read. */
void lt_event_columns_forget(struct lt_plan_node *last, struct lt_arena *arena);

#endif
