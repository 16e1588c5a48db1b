/*
 * What Spark's analysis makes of window(time, ...) in a projection or a filter. A step below the
 * node gives each record a column with the window that its time lies in, and the calls become that
 * column; records without a time are left out. Where the windows slide by less than their duration
 * the step is a flat-map, and a record goes on once for each of its windows, the last first.
 *
 * Over a filter the column stays, called "window", before all others; a projection knows nothing
 * of it. Two different windows in one node are refused, as each row would fall into windows of
 * both, but not if one is of the other, or of a time that is computed: Spark comes to that later.
 *
 * on: control.
 */
#ifndef LT_OPS_TIME_WINDOWS_H
#define LT_OPS_TIME_WINDOWS_H

#include "core/base/error.h"
#include "core/flow/plan.h"

/* For a node whose expressions are analysed, with texts for all of them. Its input changes where
 * there are windows, and the expressions, which are in the arena then. */
int lt_ops_place_windows(struct lt_plan_node *node, struct lt_arena *arena,
                         struct lt_error *error) LT_MUST_USE;

#endif
