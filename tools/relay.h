/*
 * What the commands that run queries share: the table of exit statuses, levels of the log.
 */
#ifndef LT_TOOLS_RELAY_H
#define LT_TOOLS_RELAY_H

#define LT_TOOL_EXIT_TABLE                                                                         \
    "  0        ended well\n"                                                                      \
    "  1        failed while running; with leat eval: a row failed\n"                              \
    "  2        command line, configuration or query are wrong; no such topic, or access denied\n" \
    "  3        nobody answered at the start\n"                                                    \
    "  4        checkpoint refused: in use, damaged, another query's, or not writable\n"           \
    "  5        records that were to be read are gone (failOnDataLoss)\n"                          \
    "  6        stopped, but not all was delivered within --drain: it is read again\n"             \
    "  128+n    ended at once by signal n: while starting, or by a second one\n"

/* The exit status that a query's error at its start, or at its end, means. */
int lt_tool_status_at_start(int code);
/* The code of waiting for readiness: a query that a record has stopped was ready before, and is
 * told as one that ran. */
int lt_tool_code_at_start(int code);
int lt_tool_status_at_end(int code);

/* "info", as `origin` says it; 0, or LT_TOOL_USAGE after saying that it is no level. */
int lt_tool_set_log_level(const char *level, const char *origin);

#endif
