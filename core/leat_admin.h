/*
 * The second public door, for tools: tables of options and functions, the counters of running and
 * dead queries, checkpoints, what a query would run with. Programs that move data want leat.h.
 *
 * Texts that are returned as char * are the caller's to free(). on: any thread, unless said
 * otherwise.
 */
#ifndef LEAT_ADMIN_H
#define LEAT_ADMIN_H

#include "leat.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------------------------ options */

enum leat_admin_kind {
    LEAT_ADMIN_SOURCE,
    LEAT_ADMIN_SINK,
    LEAT_ADMIN_QUERY,
    LEAT_ADMIN_JOB,     /* of a table of SQL: how the query runs that writes it; beside QUERY's */
    LEAT_ADMIN_SETTING, /* of SET */
};

/* The connectors there are: name and one sentence, by index; NULL past the end. For SOURCE and
 * SINK.
 */
LEAT_API const char *leat_admin_connector(enum leat_admin_kind kind, size_t index,
                                          const char **doc);
/* The reference table, as Markdown, of a connector's options, or of the other kinds' (`name` NULL).
 * NULL: no such connector. */
LEAT_API char *leat_admin_option_reference(enum leat_admin_kind kind, const char *name);
/* True when `key` is an option of it: a tool deals options it was given for both sides. */
LEAT_API bool leat_admin_knows_option(enum leat_admin_kind kind, const char *name, const char *key);
/* The name of an option by index, for hints; NULL past the end, or for no such connector. */
LEAT_API const char *leat_admin_option_name(enum leat_admin_kind kind, const char *name,
                                            size_t index);
/* Every effective value of a query that has been built, and where it came from, a line each, such
 * as: source kafka: subscribe = in  # command line. Secrets are printed as [hidden]. on: the
 * query's thread. NULL for no query. */
LEAT_API char *leat_admin_effective_options(leat_query *query);
/* Binds and analyses without connecting or running: LEAT_OK, or the error that leat_start would
 * give. */
LEAT_API int leat_admin_check(leat_query *query);

/* ---------------------------------------------------------------------------------- functions */

typedef struct leat_admin_function {
    size_t size; /* sizeof(leat_admin_function), set by the caller */
    const char *name, *aliases, *usage, *help, *example, *result, *group;
    bool deterministic;
} leat_admin_function;
/* The function table of the expression language, by index; false past the end. */
LEAT_API bool leat_admin_function_at(size_t index, leat_admin_function *function);

/* ----------------------------------------------------------------------------------------- SQL */

/* leat_sql without running anything: tables, views and settings are made, queries are analysed. An
 * error is the context's. *has_more: there was a statement. on: the context's thread. */
LEAT_API int leat_admin_sql_check(leat_context *context, const char *text, const char **rest,
                                  bool *has_more);
/* leat_sql, in which a query or an INSERT is explained (EXPLAIN EXTENDED) and not run. on: the
 * context's thread. */
LEAT_API int leat_admin_sql_explain(leat_context *context, const char *text, const char **rest,
                                    leat_sql_result *result);
/* Ends a SELECT that leat_sql is running now, with LEAT_ERROR_CANCELLED. on: any thread, and signal
 * handlers. */
LEAT_API void leat_admin_sql_interrupt(leat_context *context);
/* What may be typed: the tables and views of the session, and with `columns` their columns too, a
 * name a line. on: the context's thread. */
LEAT_API char *leat_admin_sql_names(leat_context *context, bool columns);
/* An option of a query, NULL: not given; valid as long as the query. */
LEAT_API const char *leat_admin_query_option(const leat_query *query, const char *key);
/* Sets one before the start. */
LEAT_API int leat_admin_query_set(leat_query *query, const char *key, const char *value,
                                  const char *origin);
/* Whether the query's INSERT reads a table that says that it is shared. */
LEAT_API bool leat_admin_query_is_shared(const leat_query *query);
/* Makes one query of two that INSERT has made, and that have not been started: where both read the
 * same shared table, `first` gets the sinks of `second`, which is gone then. LEAT_ERROR_NOT_FOUND:
 * they share none. Other codes: `second` has the error; what its table says of the query is not
 * what the first's does. */
LEAT_API int leat_admin_query_join(leat_query *first, leat_query *second);
/* Whether what the query's last error tells of may pass by itself, so that a query like it may be
 * started again: nobody answered, or a write was given up whose epoch is read again. */
LEAT_API bool leat_admin_query_may_pass(const leat_query *query);
/* A query built as this one was, to be started; that one is not changed, and may be destroyed. The
 * caller's. */
LEAT_API leat_query *leat_admin_query_again(const leat_query *query);
/* The formats between which it moves records: "kafka -> console". */
LEAT_API char *leat_admin_query_route(const leat_query *query);

/* --------------------------------------------------------------------------------------- texts */

/* The nearest of `count` names to a mistyped one; NULL when none is near enough. */
LEAT_API const char *leat_admin_nearest(const char *name, const char *const *names, size_t count);
/* A duration as options take it ("250ms", "1 minute"): LEAT_OK, or a negative status with the
 * reason in `error` (of `error_bytes`; may be NULL). */
LEAT_API int leat_admin_duration_ns(const char *text, int64_t *duration_ns, char *error,
                                    size_t error_bytes);
/* A column of a row as JSON text, as Spark's to_json writes it, whatever it nests. `type` is the
 * column's, as in the schema ("ARRAY<INT>"); another one is a defect of the caller. NULL for a null
 * value, and for a type that does not parse. on: where the row may be read. */
LEAT_API char *leat_admin_value_json(const leat_row *row, uint32_t column, const char *type);
/* The stream with its columns called "0", "1", ..., whatever they are called: two may have one
 * name. The context's; NULL, with the context's error, where the stream has no schema. */
LEAT_API leat_stream *leat_admin_numbered(leat_stream *stream);

/* -------------------------------------------------------------------------------- checkpoints */

enum leat_admin_checkpoint_view {
    LEAT_ADMIN_CHECKPOINT_LIST,   /* its batches, a line each */
    LEAT_ADMIN_CHECKPOINT_SHOW,   /* all about the last batch, or about one */
    LEAT_ADMIN_CHECKPOINT_VERIFY, /* every file is read with its checksum */
};
enum leat_admin_checkpoint_verdict {
    LEAT_ADMIN_CHECKPOINT_SOUND,   /* nothing is wrong; a crash may have left something */
    LEAT_ADMIN_CHECKPOINT_DAMAGED, /* something is that a start does not need */
    LEAT_ADMIN_CHECKPOINT_REFUSED, /* a start refuses the directory */
};
typedef struct leat_admin_checkpoint_request {
    size_t size;      /* sizeof(leat_admin_checkpoint_request), set by the caller */
    const char *path; /* a checkpoint of leat's or of Spark's */
    enum leat_admin_checkpoint_view view;
    bool json; /* one JSON object; else text for a person */
    bool has_batch;
    uint64_t batch; /* of SHOW */
} leat_admin_checkpoint_request;
/* What stands in a checkpoint directory, and what a start would make of it. Writes nothing and
 * takes no lock: a query may be running on it. NULL, with the reason in `error` (of `error_bytes`;
 * may be NULL): there is no such directory, no such batch, or it is no checkpoint. */
LEAT_API char *leat_admin_checkpoint(const leat_admin_checkpoint_request *request,
                                     enum leat_admin_checkpoint_verdict *verdict, char *error,
                                     size_t error_bytes);

typedef struct leat_admin_state_request {
    size_t size;
    const char *path;     /* of the checkpoint */
    uint32_t operator_id; /* in the order of the plan, from 0 */
    int64_t partition;    /* -1: all */
    const char *store;    /* NULL: the operator's only one */
    const char *key;      /* a JSON object of its columns, or its only one's value; NULL: all */
    int64_t batch;        /* -1: the last that is committed; an older one as long as it is kept */
    /* Takes a row, a JSON object without a line break, valid during the call. False: no more. */
    bool (*row)(void *user, const char *json);
    void *user;
} leat_admin_state_request;
/* The rows of an operator's state. LEAT_OK, or a negative status with the reason in `error`. */
LEAT_API int leat_admin_state(const leat_admin_state_request *request, char *error,
                              size_t error_bytes);

/* ----------------------------------------------------------------------------------- counters */

typedef struct leat_admin_counters leat_admin_counters;

/* Where a process keeps the counters of its queries unless told otherwise: a folder of the user's
 * in shared memory. */
LEAT_API char *leat_admin_counters_folder(void);
/* A path for a query of this process in that folder; makes the folder. NULL if that is not
 * possible. */
LEAT_API char *leat_admin_counters_path(const char *query_name);
/* Where processes of this user listen for `leat query`: a folder beside the counters, which is made
 * and closed to others. NULL if that is not possible. */
LEAT_API char *leat_admin_control_folder(void);
/* Opens a counters file; `error` (of `error_bytes`) gets the reason of a failure. */
LEAT_API leat_admin_counters *leat_admin_counters_open(const char *path, char *error,
                                                       size_t error_bytes);
/* Reads the file again; LEAT_OK, or as open, and there is nothing to see then. */
LEAT_API int leat_admin_counters_refresh(leat_admin_counters *counters, char *error,
                                         size_t error_bytes);
LEAT_API void leat_admin_counters_close(leat_admin_counters *counters);

typedef struct leat_admin_owner {
    size_t size;
    int pid;
    bool alive;
    int64_t started_us, heartbeat_us; /* since the Unix epoch */
    const char *query_name;
} leat_admin_owner;
LEAT_API void leat_admin_counters_owner(const leat_admin_counters *counters,
                                        leat_admin_owner *owner);

enum leat_admin_counter_kind {
    LEAT_ADMIN_SUM,
    LEAT_ADMIN_GAUGE,
    LEAT_ADMIN_HISTOGRAM,
    LEAT_ADMIN_TEXT
};
typedef struct leat_admin_counter {
    size_t size;
    const char *name, *unit, *help;
    enum leat_admin_counter_kind kind;
    int64_t value;               /* SUM, GAUGE; HISTOGRAM: how many */
    int64_t p50, p99, p999, max; /* HISTOGRAM */
    double mean;                 /* HISTOGRAM */
    char text[256];              /* TEXT */
} leat_admin_counter;
/* A counter by index, as of opening or the last refresh; false past the end. */
LEAT_API bool leat_admin_counter_at(const leat_admin_counters *counters, size_t index,
                                    leat_admin_counter *counter);

/* Of a query's own latency histograms: the difference between two readings, for a live line.
 * Quantiles of what was acknowledged since the last call with the same `window`; a window is
 * created by the first call with *window NULL. */
typedef struct leat_admin_window leat_admin_window;
LEAT_API bool leat_admin_latency_since(leat_query *query, leat_admin_window **window,
                                       int64_t *count, int64_t *p50_ns, int64_t *p99_ns,
                                       int64_t *p999_ns, int64_t *max_ns);
LEAT_API void leat_admin_window_destroy(leat_admin_window *window);

#ifdef __cplusplus
}
#endif

#endif
