/*
 * Starting a query again that has failed by what may pass: a broker that was away, a write that was
 * given up. It goes on from its last epoch or batch, as it would in a new process.
 *
 * The first time it is 1 s later, and twice as long each time after that, up to a minute. Whoever
 * has run for a minute begins anew; whoever fails more often in a row than is allowed has failed.
 *
 * Time is a timer's: no clock is read here.
 *
 * on: main.
 */
#ifndef LT_TOOLS_RESTART_H
#define LT_TOOLS_RESTART_H

#include <stdbool.h>
#include <stdint.h>

enum { LT_TOOL_RESTARTS = 5 /* in a row, unless told otherwise */ };

struct lt_tool_restart {
    uint32_t tried; /* in a row */
    bool is_waiting;
    int timer_fd; /* 0: none yet. Until it is due; or until the query has run for long */
};

void lt_tool_restart_fini(struct lt_tool_restart *restart);
/* The query has failed: whether it is to be started again, and in how many seconds. Then it
 * waits. */
bool lt_tool_restart_wait(struct lt_tool_restart *restart, uint32_t limit, uint32_t *seconds);
/* The wait is over. */
bool lt_tool_restart_is_due(const struct lt_tool_restart *restart);
/* It runs. */
void lt_tool_restart_runs(struct lt_tool_restart *restart);

#endif
