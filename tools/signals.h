/*
 * SIGINT, SIGTERM and SIGHUP; the last not where it is ignored, as under nohup.
 *
 * While a relay is starting nothing has been read: the first signal ends the program at once. Once
 * it runs, the first signal asks for a good end and the second ends the program at once, both with
 * status 128 plus the signal; what was not committed is read again by the next run. SIGPIPE is
 * ignored: a reader of the progress lines that goes away is no reason to stop relaying.
 *
 * A session at a prompt outlives every SIGINT: each one is noted, and ends what runs.
 *
 * on: main; the handlers run on any thread and touch only what the C standard lets them.
 */
#ifndef LT_TOOLS_SIGNALS_H
#define LT_TOOLS_SIGNALS_H

#include <stdbool.h>

#include "core/leat.h"

void lt_tool_signals_install(void);
/* From now on the first signal is only noted. */
void lt_tool_signals_running(void);
/* SIGINT also ends the statement that runs in this context, NULL: none does; with `is_prompt` it
 * never ends the program. */
void lt_tool_signals_session(leat_context *context, bool is_prompt);
/* What was noted has been obeyed: the next signal is a first one again. */
void lt_tool_signals_forget(void);
/* The signal that was noted, or 0. */
int lt_tool_signals_seen(void);

#endif
