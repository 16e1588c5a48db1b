/*
 * What a running query shows.
 *
 * On a terminal (stderr) one line that is written over again and again: rates of the last interval,
 * lag, the age of the last epoch, and latency from arrival to acknowledgement. Where stdout or
 * stderr is no terminal, each new entry of Spark's StreamingQueryProgress is a line of JSON on
 * stdout, so that `leat relay ... | jq` works and a service's log has them.
 *
 * Time is a timer's ticks: no clock is read here.
 *
 * on: main.
 */
#ifndef LT_TOOLS_LIVE_H
#define LT_TOOLS_LIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/leat_admin.h"

struct lt_tool_live;

/* NULL, after saying why, when there is no timer. */
struct lt_tool_live *lt_tool_live_create(leat_query *query, int64_t interval_ns, bool is_quiet);
/* Called often: prints when an interval has passed. */
void lt_tool_live_step(struct lt_tool_live *live);
/* Prints what is left of progress and leaves the line. NULL is a no-op. */
void lt_tool_live_destroy(struct lt_tool_live *live);

/* What became of all records that were read. They add up: those of epochs that are committed are
 * delivered, filtered or dead-lettered; all others are uncommitted, whatever became of them. */
struct lt_tool_account {
    uint64_t read, delivered, filtered, dead_lettered, uncommitted;
};
/* False before the query runs. */
bool lt_tool_live_account(leat_query *query, struct lt_tool_account *out);

#endif
