/*
 * Running SQL text: what `leat sql`, `leat run FILE` and `leat check` share.
 *
 * A script runs statement by statement. An INSERT starts its query; one that ends by itself (its
 * trigger is availableNow, or what it reads ends) is waited for, any other runs on while the script
 * does, and is waited for at the script's end. A SELECT of a stream prints to the console until it
 * is stopped. The first statement that fails ends the script, and every query.
 *
 * on: main.
 */
#ifndef LT_TOOLS_SQL_H
#define LT_TOOLS_SQL_H

#include <stdbool.h>
#include <stddef.h>

#include "core/leat.h"

struct lt_tool_sql {
    leat_context *context;
    leat_query **queries; /* started, and not known to have ended */
    size_t count;
    bool only_check; /* nothing is started */
    bool is_prompt;  /* a query that fails is told, and the session goes on */
};

/* Runs the statements of a text. Returns an exit status after saying what is wrong; with a prompt,
 * that of the statement. */
int lt_tool_sql_text(struct lt_tool_sql *sql, const char *text);
/* Waits until every query has ended, or a signal has stopped them. */
int lt_tool_sql_wait(struct lt_tool_sql *sql);
/* Tells which queries have ended since the last time. */
int lt_tool_sql_reap(struct lt_tool_sql *sql);
/* Stops what still runs. */
void lt_tool_sql_fini(struct lt_tool_sql *sql);

/* Statements typed at a prompt, until the end of input or `exit`. */
int lt_tool_sql_prompt(struct lt_tool_sql *sql);

/* The text of a file, "-" is stdin; NULL after saying why. The caller's to free. */
char *lt_tool_sql_read(const char *path);

#endif
