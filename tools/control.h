/*
 * The control socket of a process that runs queries: what `leat query` asks (tools/query.c).
 *
 * Where. A stream socket in the file `<pid>` of the user's folder beside the counters,
 * /dev/shm/leat-<uid>/.control, which is closed to others (0700), as the socket is (0600); who
 * connects must be the same user, or root. A process listens from its first query on.
 *
 * Taking over. Whoever makes or removes a socket's file holds the folder's lock. A file that nobody
 * listens at any more, since its process was killed, is removed by the next process of its number,
 * and by `leat query`. Where somebody does listen, a process of the same number in another
 * container, the name gets a -1, -2, ... behind it: nobody takes a living one's.
 *
 * What is said. The client sends one line, the server answers and closes:
 *
 *   1 ls                   ok, then a line for each active query: id, run id, name, message of its
 *                          status, between tabs, printable
 *   1 status RUN           ok, then Spark's status, as JSON, in a line
 *   1 progress COUNT RUN   ok, then the newest entries, oldest first, each a line of JSON
 *   1 stop RUN             ok: it was asked to end well
 *   1 explain RUN          ok, then the text
 *
 * or "error", a blank and why. RUN is a run id, which is nobody else's. 1 is the version of all
 * this.
 *
 * The server is a part of the main loop, which looks at it 50 times a second: it has no thread, and
 * never waits for a client.
 *
 * on: main.
 */
#ifndef LT_TOOLS_CONTROL_H
#define LT_TOOLS_CONTROL_H

#include "core/leat.h"

#define LT_TOOL_CONTROL_VERSION "1"

struct lt_tool_control;

/* Listens for the queries of the context, which outlives it. NULL, after saying why, where it
 * cannot: queries run all the same. */
struct lt_tool_control *lt_tool_control_open(leat_context *context);
/* NULL is a no-op, as for all of these. */
void lt_tool_control_close(struct lt_tool_control *control);
/* Takes and answers what has come. */
void lt_tool_control_step(struct lt_tool_control *control);
/* Readable when there is something for a step to do; -1 for NULL. */
int lt_tool_control_fd(const struct lt_tool_control *control);

#endif
