/*
 * Running SQL text: what `leat sql`, `leat run FILE` and `leat check` share.
 *
 * A script runs statement by statement. An INSERT starts its query; one that ends by itself (its
 * trigger is availableNow, or what it reads ends) is waited for, any other runs on while the script
 * does, and is waited for at the script's end. A SELECT of a stream prints to the console until it
 * is stopped. The first statement that is wrong, or whose query does not start, ends the script and
 * every query.
 *
 * A query that fails while it runs stops by itself, and nobody else does: queries beside it run on,
 * and are waited for; but no further statement is begun where it was waited for. What made it fail
 * may pass: then it is started again, some times (tools/restart.h), if it has a checkpoint to go on
 * from. The status at the end is that of the first query that has failed.
 *
 * The query of an INSERT is as visible as a relay: a line when it is ready and one with its account
 * when it has ended, progress between them, and counters that `leat stat` finds.
 *
 * on: main.
 */
#ifndef LT_TOOLS_SQL_H
#define LT_TOOLS_SQL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/leat.h"
#include "tools/restart.h"

struct lt_tool_control;
struct lt_tool_live;

/* A query at work. */
struct lt_tool_job {
    leat_query *query;
    struct lt_tool_live *live; /* NULL: nothing is shown of it */
    char *name;                /* the query's; NULL: the rows of a SELECT, on the console */
    char *route;               /* "kafka -> console" */
    char *counters_path;       /* to be removed unless it has failed while it ran; NULL: none */
    bool has_run;
    struct lt_tool_restart restart;
};

struct lt_tool_sql {
    leat_context *context;
    /* Of INSERTs that read a shared table: those behind may still join them. */
    struct lt_tool_pending {
        leat_query *query;
        bool ends;
    } *pending;
    size_t pending_count;
    struct lt_tool_job *jobs; /* started, and not known to have ended */
    size_t count;
    struct lt_tool_control *control; /* from the first query on; NULL: nobody asks */
    size_t turn;                  /* whose live line it is */
    int64_t progress_interval_ns; /* of lines and of JSON */
    bool is_quiet;                /* neither of both */
    bool only_check;              /* nothing is started */
    bool only_explain;            /* nor here: queries are explained */
    bool is_prompt;               /* a query that fails is told, and the session goes on */
    uint32_t restarts;            /* in a row, of a query that fails by what may pass */
    int status;                   /* of the first query that has failed while it ran */
    bool is_cut_short;            /* one of them was waited for: no further statement is begun */
    const char *path;             /* of the script that runs, for places of errors; NULL: none */
};

/* Runs the statements of a text. Returns an exit status after saying what is wrong; with a prompt,
 * that of the statement. */
int lt_tool_sql_text(struct lt_tool_sql *sql, const char *text);
/* Waits until every query has ended, or a signal has stopped them. The status of the first that
 * failed. */
int lt_tool_sql_wait(struct lt_tool_sql *sql);
/* Tells which queries have ended since the last time; starts those again that are to be. */
void lt_tool_sql_reap(struct lt_tool_sql *sql);
/* Stops what still runs. Returns the exit status of the first that did not end well. */
int lt_tool_sql_fini(struct lt_tool_sql *sql);

/* Runs the query of an INSERT, which is taken: until it ends if it does, else it stays at work. */
int lt_tool_sql_start(struct lt_tool_sql *sql, leat_query *query, bool ends);
/* Starts the queries that waited for others to join them. */
int lt_tool_sql_start_pending(struct lt_tool_sql *sql);
/* Prints the rows of a stream until it ends or a signal stops it. */
int lt_tool_sql_print(struct lt_tool_sql *sql, leat_stream *stream);

/* Says an error as Spark does, "[CONDITION] text. SQLSTATE: 42703; line 1 pos 7", then what leat
 * has to add, and the place in the statement below it. `place` is the "; line 1 pos 7", or "". */
void lt_tool_sql_say(const char *where, const char *text, const char *condition,
                     const char *sqlstate, const char *place);

/* Statements typed at a prompt, until the end of input or `exit`. */
int lt_tool_sql_prompt(struct lt_tool_sql *sql);
/* Completes words there by what the context knows; anew after each statement. */
void lt_tool_sql_complete(leat_context *context);
void lt_tool_sql_complete_anew(void);

/* The statements of a file, "-" is stdin. Exit statuses; what is wrong has been told. */
int lt_tool_sql_file(struct lt_tool_sql *sql, const char *path);

/* Whether the arguments behind the first are a relay's: with a URL, or a configuration to read, or
 * from standard input to standard output, "- -"; a lone "-" is a script. */
bool lt_tool_sql_is_relay(int count, char **arguments);
/* Whether the file's name is that of a relay's configuration. */
bool lt_tool_sql_is_configuration(const char *path);
/* `relay --config FILE` and the arguments behind FILE, which is the first; `last` or NULL. */
int lt_tool_sql_run_configuration(int count, char **arguments, const char *last);

#endif
