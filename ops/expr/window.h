/*
 * window(time, ...) in analysed trees. To Spark it is no value: the operator it stands in gets a
 * step below it, which drops the records without a time and gives each of the others its window,
 * or, where windows slide by less than their duration, each of its windows (ops/time_windows.h).
 * So a call is never folded, even if it is constant.
 *
 * on: control. Pure.
 */
#ifndef LT_OPS_EXPR_WINDOW_H
#define LT_OPS_EXPR_WINDOW_H

#include <stdbool.h>

#include "core/base/arena.h"
#include "core/flow/expression.h"

/* An analysed call of window; its first argument is the time. */
bool lt_window_is_call(const struct lt_expression *node);
/* Of such a call: may a time lie in several of its windows? */
bool lt_window_slides(const struct lt_expression *call);
/* An analysed call that gives all windows of the time, the last first, as an array; NULL for
 * NULL. */
struct lt_expression *lt_window_all(const struct lt_expression *call, struct lt_arena *arena);

#endif
