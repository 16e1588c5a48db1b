/*
 * What a running query shows.
 *
 * On a terminal (stderr) one line that is written over again and again: rates of the last interval,
 * lag, the age of the last epoch, and latency from arrival to acknowledgement; several queries take
 * turns. Where stdout or stderr is no terminal, each new entry of Spark's StreamingQueryProgress is
 * a line of JSON on stdout, so that `leat relay ... | jq` works and a service's log has them - but
 * not of a query whose rows go to stdout themselves.
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

/* `sink`: the format it writes. `name` stands in front of the line, NULL: nothing; both must live
 * on. NULL, after saying why, when there is no timer. */
struct lt_tool_live *lt_tool_live_create(leat_query *query, const char *sink, const char *name,
                                         int64_t interval_ns, bool is_quiet);
/* Called often: prints when an interval has passed, the line only with `has_turn`. True when one
 * has passed. */
bool lt_tool_live_step(struct lt_tool_live *live, bool has_turn);
/* Prints what is left of progress and leaves the line. NULL is a no-op. */
void lt_tool_live_destroy(struct lt_tool_live *live);

/* What became of all records that were read. They add up: those of epochs that are committed are
 * delivered, filtered or dead-lettered; all others are uncommitted, whatever became of them. Of a
 * query in micro-batches, which may write more rows than it reads, or fewer, those that its sinks
 * have written are delivered: its numbers need not add up. */
struct lt_tool_account {
    uint64_t read, delivered, filtered, dead_lettered, uncommitted;
};
/* False before the query runs. */
bool lt_tool_live_account(leat_query *query, struct lt_tool_account *out);

/* The first and the last line of a query on stderr: "ready " and `what`, with what it runs on;
 * "ended" and `who`, with its account. */
void lt_tool_live_say_ready(leat_query *query, const char *what);
void lt_tool_live_say_ended(leat_query *query, const char *who);
/* Why a query that ran has failed, behind `where`: as Spark tells of its ends, by id and run. */
void lt_tool_live_say_failed(const leat_query *query, const char *where);

#endif
