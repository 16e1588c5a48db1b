/*
 * leat: a low-latency continuous stream-processing engine. This header is the contract of libleat
 * for programs that embed it; what is not here (or in leat_processor.h, for state of a program's
 * own, and leat_admin.h, for tools) is not API.
 *
 *     leat_context *context = leat_context_create();
 *     leat_options *from = leat_options_of("kafka.bootstrap.servers", "127.0.0.1:9092",
 *                                          "subscribe", "in", "includeHeaders", "true", NULL);
 *     leat_options *to = leat_options_of("kafka.bootstrap.servers", "127.0.0.1:9092",
 *                                        "topic", "out", NULL);
 *     leat_stream *in = leat_read(context, "kafka", from, NULL);
 *     leat_stream *kept = leat_filter(in, "length(value) > 8");
 *     leat_query *query =
 *         leat_query_create(context, leat_options_of("checkpointLocation", "/var/relay", NULL));
 *     int status = leat_query_write(query, kept, "kafka", to);
 *     if (status == LEAT_OK)
 *         status = leat_start(query);
 *     if (status == LEAT_OK)
 *         status = leat_await(query, LEAT_FOREVER);
 *     if (status != LEAT_OK)
 *         fprintf(stderr, "%s\n", leat_query_error(query));
 *     leat_query_destroy(query);
 *     leat_context_destroy(context);
 *
 * Objects. A context owns streams; a query belongs to a context and must be destroyed before it.
 * Handles are opaque. A control function that is handed NULL for an object it needs returns
 * LEAT_ERROR_INVALID or NULL; destroy functions accept NULL. So a chain of builder calls needs one
 * check at its end: a NULL stream makes the next one NULL, and the first error stays readable in
 * the context. Calls on the record path do not check: leat_row_*, leat_claim, leat_commit,
 * leat_abort, leat_out_reason, leat_input_commit and leat_input_abort need the row and the object
 * that they were handed by a claim or a callback.
 *
 * Errors. Control functions return LEAT_OK (0) or a negative enum leat_status, and keep a text that
 * reads from intent to cause: leat_context_error() for the builder, leat_query_error() for a query.
 * Calls on the record path return small enums.
 *
 * Threads. A context and its streams: one thread at a time. A query: one thread at a time, except
 * where a function says "on: any". Functions of user-written sources, operators and sinks run on
 * the lane's thread, each state on one; close may come from the thread that destroys the query,
 * when the lane's has ended.
 *
 * Hot path. Between leat_start and the end of the query, the record path of leat allocates nothing,
 * takes no lock and makes no system call, in process; what librdkafka does per record at a Kafka
 * source or sink is librdkafka's.
 *
 * Units stand last in names: _ns nanoseconds, _us microseconds, _bytes.
 */
#ifndef LEAT_H
#define LEAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define LEAT_API __attribute__((visibility("default")))
#define LEAT_SENTINEL __attribute__((sentinel))
#else
#define LEAT_API
#define LEAT_SENTINEL
#endif

/* Changes when a struct of this header does; the library accepts structs of older, smaller
 * sizes. */
#define LEAT_ABI 0

/* Wait without end. */
#define LEAT_FOREVER INT64_MAX

enum leat_status {
    LEAT_OK = 0,
    LEAT_ERROR_INVALID = -1,  /* an argument or option is wrong */
    LEAT_ERROR_PARSE = -2,    /* an expression, schema or number does not parse */
    LEAT_ERROR_ANALYSIS = -3, /* a name or type does not fit */
    LEAT_ERROR_NOT_FOUND = -4,
    LEAT_ERROR_EXISTS = -5,
    LEAT_ERROR_BUSY = -6, /* in use by another: a checkpoint directory */
    LEAT_ERROR_IO = -7,
    LEAT_ERROR_CORRUPT = -8, /* stored data are damaged */
    LEAT_ERROR_TIMEOUT = -9,
    LEAT_ERROR_NO_MEMORY = -10,
    LEAT_ERROR_LIMIT = -11,
    LEAT_ERROR_UNSUPPORTED = -12,
    LEAT_ERROR_STATE = -13,     /* not possible now: a query that has not started */
    LEAT_ERROR_DATA_LOSS = -14, /* failOnDataLoss */
    LEAT_ERROR_RECORD =
        -15, /* a record could not be processed, and no dead-letter sink was given */
    LEAT_ERROR_PERMISSION = -16,
    LEAT_ERROR_CANCELLED = -17,
    LEAT_ERROR_INTERNAL = -18,  /* a defect of leat */
    LEAT_ERROR_CHECKPOINT = -19 /* refused at the start: another query's, or not usable as one */
};

typedef struct leat_context leat_context;
typedef struct leat_options leat_options;
typedef struct leat_stream leat_stream;
typedef struct leat_query leat_query;
typedef struct leat_row leat_row;
typedef struct leat_out leat_out;
typedef struct leat_input leat_input;
typedef struct leat_output leat_output;
typedef struct leat_batch leat_batch;

/* "0.1.0". */
LEAT_API const char *leat_version(void);
/* "NOT_FOUND" for LEAT_ERROR_NOT_FOUND. Never NULL. */
LEAT_API const char *leat_status_name(int status);

/* ------------------------------------------------------------------------------------ context */

/* Never NULL: out of memory ends the process. */
LEAT_API leat_context *leat_context_create(void);
LEAT_API void leat_context_destroy(leat_context *context);

/* The first error of the builder since the last clear: "" if none. Valid until the next call on the
 * context. */
LEAT_API const char *leat_context_error(const leat_context *context);
/* Spark's condition of it, such as "UNRESOLVED_COLUMN.WITH_SUGGESTION", and SQLSTATE; "" if
 * none. */
LEAT_API const char *leat_context_error_condition(const leat_context *context);
LEAT_API const char *leat_context_error_sqlstate(const leat_context *context);
LEAT_API int leat_context_error_status(const leat_context *context);
/* Where in the text of a statement or an expression the error is: its line from 1, the character in
 * it from 0. False: nowhere in particular. */
LEAT_API bool leat_context_error_place(const leat_context *context, uint32_t *line,
                                       uint32_t *position);
LEAT_API void leat_context_clear_error(leat_context *context);

/* Sets what filters and projections built afterwards mean, by Spark's names: spark.sql.ansi.enabled
 * (true), spark.sql.session.timeZone (UTC), spark.sql.caseSensitive (false),
 * spark.sql.mapKeyDedupPolicy (EXCEPTION). LEAT_ERROR_INVALID, also kept as the context's error,
 * for an unknown name or value. */
LEAT_API int leat_context_set(leat_context *context, const char *name, const char *value);

/* Replaces the clock for queries started afterwards: monotonic nanoseconds, and microseconds since
 * the Unix epoch. Both functions may be called on any of leat's threads. For replay and tests, with
 * leat_start_invoked. */
LEAT_API void leat_context_set_clock(leat_context *context, int64_t (*now_ns)(void *user),
                                     int64_t (*wall_us)(void *user), void *user);

enum leat_log_level { LEAT_LOG_ERROR, LEAT_LOG_WARN, LEAT_LOG_INFO, LEAT_LOG_DEBUG };
/* Where log lines go, for the whole process; NULL: stderr. `log` may be called on any thread. */
LEAT_API void leat_set_log(void (*log)(void *user, enum leat_log_level level, const char *text),
                           void *user);
/* The level up to which lines are written, for the whole process; LEAT_LOG_WARN until it is called.
 * With LEAT_LOG_INFO each choice made at the start is told once: `leat relay` sets that. */
LEAT_API void leat_set_log_level(enum leat_log_level level);

/* ------------------------------------------------------------------------------------ options */

/* Keys and values, by Spark's and Kafka's names; keys match without regard to case, a later value
 * wins. Values are checked by whoever they are for: an unknown key is an error with the nearest
 * known one. */
LEAT_API leat_options *leat_options_create(void);
/* Pairs of key and value, ended by NULL. */
LEAT_API leat_options *leat_options_of(const char *key, ...) LEAT_SENTINEL;
/* `origin` says where it came from, for errors ("relay.yaml:12"); NULL: "program". Returns
 * LEAT_ERROR_INVALID for an empty key. */
LEAT_API int leat_options_set(leat_options *options, const char *key, const char *value,
                              const char *origin);
LEAT_API void leat_options_destroy(leat_options *options);

/* ------------------------------------------------------------------------------------ streams */

/* A source by its name: "kafka", "rate", ... Takes `options` (also on failure; NULL: none).
 * `schema` is DDL, or NULL. Nothing is connected before a query starts. NULL on failure. */
LEAT_API leat_stream *leat_read(leat_context *context, const char *format, leat_options *options,
                                const char *schema);

/* Rows for which the condition is true. */
LEAT_API leat_stream *leat_filter(leat_stream *stream, const char *condition);
/* A select list: "key, upper(cast(value as string)) as value", "* except (headers)". */
LEAT_API leat_stream *leat_select(leat_stream *stream, const char *columns);

/* The steps below need state, and so a query that runs in micro-batches: its trigger is
 * leat_query_trigger_processing_time, _once or _available_now, or none. Whether its output mode
 * allows them is told at the start, in Spark's words. */

/* Spark's withWatermark: `column` is the event time, a timestamp or a window; rows may come `delay`
 * ("10 minutes") after later ones. Before the steps that use it. */
LEAT_API leat_stream *leat_with_watermark(leat_stream *stream, const char *column,
                                          const char *delay);
/* leat's own, right behind leat_with_watermark: after `timeout` ("30 seconds") without rows it
 * holds the watermarks of other streams back no longer, as silence does in Spark for ever. */
LEAT_API leat_stream *leat_watermark_idle(leat_stream *stream, const char *timeout);
/* Spark's groupBy(keys).agg(...): one row for each group, with these columns, which are keys and
 * what is computed of them and of aggregates: leat_group_by(s, "window(ts, '5 minutes'), k",
 * "window.start AS start, k, count(*) AS n"). `keys` NULL: one group of everything. */
LEAT_API leat_stream *leat_group_by(leat_stream *stream, const char *keys, const char *columns);
/* Spark's dropDuplicates: of rows that are equal in the columns ("id, ts"; NULL: all) the first
 * one. It is forgotten only where the event time is one of them; else the state grows for ever. */
LEAT_API leat_stream *leat_drop_duplicates(leat_stream *stream, const char *columns);
/* Spark's dropDuplicatesWithinWatermark: of those no farther apart than the watermark's delay. */
LEAT_API leat_stream *leat_drop_duplicates_within_watermark(leat_stream *stream,
                                                            const char *columns);
/* Spark's join: "inner", "left_outer", "right_outer", "full_outer", "left_semi", "left_anti". The
 * condition names a column by its stream's name if both have it: "a.id = b.id AND b.ts >= a.ts". */
LEAT_API leat_stream *leat_join(leat_stream *left, const char *left_name, leat_stream *right,
                                const char *right_name, const char *kind, const char *condition);
/* Spark's cogroup, which it refuses of streams: NULL, with its error. */
LEAT_API leat_stream *leat_cogroup(leat_stream *left, leat_stream *right);
/* Spark's createOrReplaceTempView: statements and leat_stream_sql read the stream under the name.
 * LEAT_ERROR_INVALID for no name; what is wrong with the stream, also as the context's error. */
LEAT_API int leat_create_view(leat_stream *stream, const char *name);
/* Spark's spark.sql("SELECT ..."): over the tables and views of the context. */
LEAT_API leat_stream *leat_stream_sql(leat_context *context, const char *query);

/* The stream's schema as DDL ("key BINARY,value BINARY,..."); analyses what has been built so far.
 * NULL on failure. Valid as long as the context. */
LEAT_API const char *leat_stream_schema(leat_stream *stream);

/* --------------------------------------------------------------------------------------- rows */

/* Columns are counted from 0, in the order of the schema. Reading a column that is
 * not there, or as another type than it has, is a defect of the caller; the former is asserted in
 * debug builds. Pointers are valid as long as the row: in a callback, until it returns. */
LEAT_API uint32_t leat_row_column_count(const leat_row *row);
LEAT_API bool leat_row_is_null(const leat_row *row, uint32_t column);
/* boolean, integers, date (days), timestamps and day-time intervals (microseconds). */
LEAT_API int64_t leat_row_i64(const leat_row *row, uint32_t column);
LEAT_API double leat_row_f64(const leat_row *row, uint32_t column);
/* string, binary: not terminated. NULL, and 0 bytes, for null; an empty value is not NULL. */
LEAT_API const void *leat_row_bytes(const leat_row *row, uint32_t column, size_t *size_bytes);
/* array<struct<key:string,value:binary>>, Kafka's headers: how many, and one of them. A null value
 * has *value NULL. */
LEAT_API uint32_t leat_row_header_count(const leat_row *row, uint32_t column);
LEAT_API void leat_row_header(const leat_row *row, uint32_t column, uint32_t index,
                              const char **key, size_t *key_bytes, const void **value,
                              size_t *value_bytes);

/* Where the record came from: the partition (of the source, from 0) and its offset; and when leat
 * got it, on the query's clock. */
LEAT_API int32_t leat_row_partition(const leat_row *row);
LEAT_API int64_t leat_row_offset(const leat_row *row);
LEAT_API int64_t leat_row_ingest_ns(const leat_row *row);

/* Writing, on a row that was claimed: its columns are NULL until set. */
LEAT_API void leat_row_set_null(leat_row *row, uint32_t column);
LEAT_API void leat_row_set_i64(leat_row *row, uint32_t column, int64_t value);
LEAT_API void leat_row_set_f64(leat_row *row, uint32_t column, double value);
/* Copies the bytes into the row's own memory. LEAT_ERROR_LIMIT over 2 GiB. */
LEAT_API int leat_row_set_bytes(leat_row *row, uint32_t column, const void *data,
                                size_t size_bytes);
/* Borrows them: they must live as long as the input row that the claim was made for, or as the
 * query. */
LEAT_API int leat_row_borrow_bytes(leat_row *row, uint32_t column, const void *data,
                                   size_t size_bytes);
/* Memory of the row's own, to be filled in place before commit. NULL over 2 GiB. */
LEAT_API void *leat_row_reserve(leat_row *row, uint32_t column, size_t size_bytes);
/* One of Kafka's headers. A null value has `value` NULL; an empty one has not. */
typedef struct leat_header {
    const char *key; /* not terminated */
    size_t key_bytes;
    const void *value;
    size_t value_bytes;
} leat_header;
/* Replaces the headers in a column array<struct<key:string,value:binary>>, in this order. The list
 * is copied, its bytes are borrowed as by leat_row_borrow_bytes. LEAT_ERROR_LIMIT over 2 GiB. */
LEAT_API int leat_row_set_headers(leat_row *row, uint32_t column, const leat_header *headers,
                                  uint32_t count);

/* --------------------------------------------------------------------- user-written operators */

enum leat_action {
    LEAT_EMIT,        /* pass the input row on, unchanged, after what was committed */
    LEAT_DROP,        /* the row is done with: filtered, or replaced by what was committed */
    LEAT_RETRY,       /* nothing was committed: hand me the same row again in the next step */
    LEAT_DEAD_LETTER, /* the record cannot be processed: dead-letter sink, or the query stops; see
                         leat_out_reason */
    LEAT_STOP         /* drop the row and end the query well */
};

enum leat_flags {
    LEAT_END_OF_BATCH =
        1 /* the source has nothing more at hand after this row: a moment to flush */
};

/* One step of every lane. Set `size` to sizeof(leat_operator). Functions other than process may be
 * NULL. */
typedef struct leat_operator {
    size_t size;
    const char *name;
    const char
        *output_schema; /* DDL of what it emits; NULL: what it is handed. With a schema of its own
                           LEAT_EMIT is not allowed: rows are claimed and committed. */
    void *user;
    /* Makes the state of one lane. Return LEAT_OK, or a negative status: the query does not start.
     * on: lane. */
    int (*open)(void *user, uint32_t lane, void **state);
    /* on: lane, for each row. `state` is user if there is no open. */
    enum leat_action (*process)(void *state, const leat_row *row, leat_out *out, uint32_t flags);
    /* The rows at hand are through; may emit. */
    void (*on_batch_end)(void *state, leat_out *out);
    /* Epoch `epoch` ends here; may emit. */
    void (*on_epoch)(void *state, uint64_t epoch, leat_out *out);
    void (*close)(void *state);
} leat_operator;

/* Copies the struct (not what it points to). */
LEAT_API leat_stream *leat_apply(leat_stream *stream, const leat_operator *op);

/* Claim in place: a new row of the operator's output schema, to be filled and then committed or
 * aborted within the same callback: a row that is still claimed when that returns is lost to its
 * pool, and ends the process with a line that says so. NULL when all rows are on their way: abort
 * what you hold and return LEAT_RETRY. */
LEAT_API leat_row *leat_claim(leat_out *out);
LEAT_API void leat_commit(leat_out *out, leat_row *row);
LEAT_API void leat_abort(leat_out *out, leat_row *row);
/* Says why, before LEAT_DEAD_LETTER: a condition in capitals ("BAD_ORDER") and a text. Copied. */
LEAT_API void leat_out_reason(leat_out *out, const char *condition, const char *text);

/* ---------------------------------------------------------------- user-written sources, sinks */

enum leat_poll { LEAT_POLL_MORE, LEAT_POLL_IDLE, LEAT_POLL_ENDED, LEAT_POLL_FAILED };

/* A source with `partition_count` partitions, each read by one lane. A position is one number per
 * partition, of the source's choice: the offset of the next record. It grows with each record, by 1
 * or more; a poll that sets it back, leaves it negative after records, or answers none of these,
 * fails the query. A source that can be sought makes the query at-least-once over a restart. */
typedef struct leat_source {
    size_t size;
    const char *name;
    const char *schema; /* DDL */
    uint32_t partition_count;
    void *user;
    int (*open)(void *user, uint32_t partition, int64_t position,
                void **state); /* position -1: the beginning */
    /* Claims and commits at most `limit` rows; never waits. *position: of the next record. on:
     * lane. */
    enum leat_poll (*poll)(void *state, leat_out *out, uint32_t limit, int64_t *position);
    void (*on_commit)(void *user, uint32_t partition,
                      int64_t position); /* an epoch is committed up to there */
    void (*close)(void *state);
    /* Where the partition ends now: the position after the last record that is there, 0 if there is
     * none. Return LEAT_OK, or a negative status: the query does not start. May wait. NULL: the
     * source cannot say, and a query that ends at what is available now is refused. on: start. */
    int (*latest)(void *user, uint32_t partition, int64_t *position);
} leat_source;

LEAT_API leat_stream *leat_read_source(leat_context *context, const leat_source *source);

enum leat_write {
    LEAT_WRITE_DONE,
    LEAT_WRITE_FULL,        /* took nothing: offer the row again */
    LEAT_WRITE_DEAD_LETTER, /* this record cannot be written */
    LEAT_WRITE_BROKEN       /* the sink itself failed: the query stops */
};

typedef struct leat_sink {
    size_t size;
    const char *name;
    void *user;
    int (*open)(void *user, uint32_t lane, void **state);
    /* The row is valid until the function returns. on: lane. */
    enum leat_write (*write)(void *state, const leat_row *row, uint32_t flags);
    void (*flush)(void *state); /* the rows at hand are through */
    /* Epoch: 1 when all that was written before it is durable, 0 not yet (asked again), negative
     * failed. NULL: at once. */
    int (*prepare)(void *state, uint64_t epoch);
    /* The epoch is fixed: show it. Idempotent. As prepare. NULL: nothing to show. */
    int (*commit)(void *state, uint64_t epoch);
    void (*close)(void *state);
} leat_sink;

/* -------------------------------------------------------------------------------- foreachBatch */

/* Spark's foreachBatch, a sink for leat_query_foreach_batch: a function is handed each micro-batch
 * whole. It may go through the rows as often as it likes, and filter, aggregate and write them to
 * as many places as it likes. All of this is for the time of the call alone.
 *
 * The batch is committed when the function has returned LEAT_OK, and not before. After a crash in
 * between it is called again with the same number and the same rows (in another order, where there
 * are several lanes): what it writes is at least once, and exactly once where it writes under the
 * number, or leaves out a number that is there already. */

/* Its number: 0, 1, 2, ...; the same for the same rows after a restart. */
LEAT_API uint64_t leat_batch_id(const leat_batch *batch);
LEAT_API uint64_t leat_batch_row_count(const leat_batch *batch);
/* The next row, valid until the next call; NULL: there are no more, and the next call gives the
 * first one again. */
LEAT_API const leat_row *leat_batch_next(leat_batch *batch);
/* Goes back before the first row. */
LEAT_API void leat_batch_rewind(leat_batch *batch);
/* The batch as a stream of a context of the function's own: it can be filtered, aggregated and
 * written by queries (trigger available_now), which must have ended when the function returns. */
LEAT_API leat_stream *leat_batch_read(leat_batch *batch, leat_context *context);
/* Says why, before the function returns a negative status. Copied. */
LEAT_API void leat_batch_reason(leat_batch *batch, const char *text);

/* -------------------------------------------------------------------------- push in, read out */

/* An input that the program pushes rows into from one thread of its own, in place, before a start
 * too. `capacity`: rows that may be in flight. One query at a time reads it; what was handed to one
 * is not read again. Lives as long as the context. */
LEAT_API leat_input *leat_input_create(leat_context *context, const char *schema,
                                       uint32_t capacity);
LEAT_API leat_stream *leat_read_input(leat_input *input);
/* A row to fill, or NULL: back-pressure. on: the pushing thread, as the next three. */
LEAT_API leat_row *leat_input_claim(leat_input *input);
/* Its offset, counted from 0. */
LEAT_API int64_t leat_input_commit(leat_input *input, leat_row *row);
LEAT_API void leat_input_abort(leat_input *input, leat_row *row);
/* No more rows will come: the query ends when they are through. */
LEAT_API void leat_input_end(leat_input *input);

/* An output that the program reads rows from on one thread of its own, after the end of the query
 * too, until another query writes to it. Rows come as they are written, before their epoch is
 * committed. Lives as long as the context. */
LEAT_API leat_output *leat_output_create(leat_context *context, uint32_t capacity);
/* Hands at most `limit` rows to `handle`, in order; returns how many. `handle` may be NULL: rows
 * are dropped. Never waits. A full output holds the query back. on: the reading thread. */
LEAT_API uint32_t leat_output_poll(leat_output *output,
                                   void (*handle)(void *user, const leat_row *row), void *user,
                                   uint32_t limit);

/* ------------------------------------------------------------------------------------ queries */

/* Takes `options` (NULL: none): queryName, checkpointLocation, lanes, stages, cpus, idle, ...:
 * `leat options query` prints them all. */
LEAT_API leat_query *leat_query_create(leat_context *context, leat_options *options);
/* Stops at once if it runs: what is not committed will be read again. */
LEAT_API void leat_query_destroy(leat_query *query);

/* Adds a sink; several may share a stream or a part of one: it is then read once. Takes
 * `options`. */
LEAT_API int leat_query_write(leat_query *query, leat_stream *stream, const char *format,
                              leat_options *options);
LEAT_API int leat_query_write_sink(leat_query *query, leat_stream *stream, const leat_sink *sink);
LEAT_API int leat_query_write_output(leat_query *query, leat_stream *stream, leat_output *output);
/* Spark's writeStream.foreachBatch(function): the query runs in micro-batches. The function returns
 * LEAT_OK, or a negative status that stops the query with FOREACH_BATCH_USER_FUNCTION_ERROR. It may
 * take its time: the query waits, and all queries whose lanes are on that thread. on: the first
 * lane's thread, for one batch at a time; also for batches without rows. */
LEAT_API int leat_query_foreach_batch(leat_query *query, leat_stream *stream,
                                      int (*function)(void *user, leat_batch *batch), void *user);
/* Where records go that cannot be processed, byte for byte, with headers that say why; to a sink of
 * bytes (append, json, http, ...) as rows whose columns say all of that, the bytes as base64.
 * Without one they stop the query. */
LEAT_API int leat_query_dead_letters(leat_query *query, const char *format, leat_options *options);
LEAT_API int leat_query_dead_letters_sink(leat_query *query, const leat_sink *sink);
LEAT_API int leat_query_dead_letters_output(leat_query *query, leat_output *output);

/* Spark's Trigger.Continuous(interval): epochs of that length. The default is 1 s. */
LEAT_API int leat_query_trigger_continuous(leat_query *query, int64_t interval_ns);
/* Spark's Trigger.AvailableNow: ends by itself where the sources ended at the start. */
LEAT_API int leat_query_trigger_available_now(leat_query *query);

/* Spark's Trigger.ProcessingTime(interval): micro-batches, one each interval of the clock if there
 * is something new; 0: as soon as there is. It is what a query that needs state has by itself. */
LEAT_API int leat_query_trigger_processing_time(leat_query *query, int64_t interval_ns);
/* Spark's Trigger.Once: one micro-batch of all that is there. */
LEAT_API int leat_query_trigger_once(leat_query *query);
/* "append" (as it is by itself), "update" or "complete": what is written of a result that
 * changes. */
LEAT_API int leat_query_output_mode(leat_query *query, const char *mode);

/* Starts leat's own threads. Returns when readers and writers are open. */
LEAT_API int leat_start(leat_query *query);
/* Starts without threads: nothing happens but in leat_do_work, leat_await, leat_stop,
 * leat_process_all_available, which must all come from this thread. */
LEAT_API int leat_start_invoked(leat_query *query);
/* One bounded round: the work done (0: nothing was there), or a negative status once the query has
 * failed. Never waits. */
LEAT_API int leat_do_work(leat_query *query);

/* Waits until sources really consume. LEAT_ERROR_TIMEOUT after `timeout_ns`. */
LEAT_API int leat_await_ready(leat_query *query, int64_t timeout_ns);
/* Waits for the end: LEAT_OK if it ended well, its error if it failed, LEAT_ERROR_TIMEOUT. */
LEAT_API int leat_await(leat_query *query, int64_t timeout_ns);
/* Ends it well: stops reading, delivers, commits a last epoch; up to `drain_ns` (negative: the
 * option drainTimeout). LEAT_ERROR_TIMEOUT: what was cut off will be read again. */
LEAT_API int leat_stop(leat_query *query, int64_t drain_ns);
/* Asks for that and returns. on: any thread (not a signal handler). */
LEAT_API void leat_request_stop(leat_query *query);
/* Spark's processAllAvailable: waits until all that was there has been committed. */
LEAT_API int leat_process_all_available(leat_query *query, int64_t timeout_ns);

/* on: any thread. */
LEAT_API bool leat_is_active(leat_query *query);
/* The query's last error, its condition and SQLSTATE: "" if none. Valid until the next call that
 * fails. */
LEAT_API const char *leat_query_error(const leat_query *query);
LEAT_API const char *leat_query_error_condition(const leat_query *query);
LEAT_API const char *leat_query_error_sqlstate(const leat_query *query);
/* The option queryName; "" if there is none. Valid as long as the query. on: any thread. */
LEAT_API const char *leat_query_name(const leat_query *query);
/* UUIDs: of the checkpoint (the same after a restart) and of this start. "" before the start. */
LEAT_API const char *leat_query_id(const leat_query *query);
LEAT_API const char *leat_query_run_id(const leat_query *query);
/* Texts to free(), as JSON: Spark's status, and the newest StreamingQueryProgress (age 0; NULL:
 * none). */
LEAT_API char *leat_query_status(leat_query *query);
LEAT_API char *leat_query_recent_progress(leat_query *query, uint32_t age);
/* A text to free(), as JSON: Spark's QueryTerminatedEvent with the sqlState; its exception is null
 * where the query ended well. NULL: it has not ended, or never began. on: any thread. */
LEAT_API char *leat_query_terminated(leat_query *query);
/* A text to free(), as JSON: Spark's StreamingQueryException, with the cause, its condition and
 * status, the batch (or epoch) that failed, and where that begins and ends in each source. NULL: it
 * has not failed. on: any thread. */
LEAT_API char *leat_query_exception(leat_query *query);
/* A text to free(): the plan that runs, then a line for each choice and fact (source, sinks,
 * guarantee, mode, copies, fields parsed, when a record is seen, lanes, stages, idling, CPUs,
 * checkpoint), and behind # what decided it. Before the start: what it would
 * run with on this machine, without connecting to anything; NULL if it could not start, and
 * leat_query_error says why. on: the query's thread. */
LEAT_API char *leat_query_explain(leat_query *query);

/* A counter by its name ("lane0.source.records"): false if there is none. Latency from arrival to
 * acknowledgement over all lanes, in nanoseconds, at a quantile in (0, 1]; -1 if nothing was
 * acknowledged. on: any thread. */
LEAT_API bool leat_query_counter(leat_query *query, const char *name, int64_t *value);
LEAT_API int64_t leat_query_latency_ns(leat_query *query, double quantile);

typedef struct leat_totals {
    size_t size; /* sizeof(leat_totals), set by the caller */
    uint64_t records_in, records_out, dead_letters;
    int64_t lag_records, lag_ms; /* -1: not known */
    int64_t epoch;               /* last committed; -1: none */
    int64_t epoch_age_us;        /* since it was committed; -1: none */
    uint64_t records_filtered;   /* left out by the filters that all sinks have in common */
} leat_totals;
LEAT_API int leat_query_totals(leat_query *query, leat_totals *totals);

/* ------------------------------------------------------------------------------------ manager */

/* The context is Spark's StreamingQueryManager of its queries: leat_start refuses one whose name or
 * checkpoint another active one has, with Spark's texts. on: any thread, as all of these.
 *
 * active: at most `capacity` of the queries that are, into `queries` (which may be NULL), in the
 * order in which they were made; how many there are. They are the program's: valid until it
 * destroys them. */
LEAT_API uint32_t leat_context_active(leat_context *context, leat_query **queries,
                                      uint32_t capacity);
/* get: the active query of that id, run id or name; NULL: there is none. */
LEAT_API leat_query *leat_context_get(leat_context *context, const char *id);
/* awaitAnyTermination: waits until a query of the context has ended since its beginning or the last
 * reset; those too that were destroyed since. LEAT_OK, LEAT_ERROR_TIMEOUT, or the error of the last
 * one that failed, whose text *exception gets to free() (may be NULL). It does no work of queries
 * that leat_start_invoked has started. In a listener: LEAT_ERROR_STATE. */
LEAT_API int leat_context_await_any(leat_context *context, int64_t timeout_ns, char **exception);
/* resetTerminated: forgets who has ended. */
LEAT_API void leat_context_reset_terminated(leat_context *context);

/* Spark's StreamingQueryListener: each function is handed the event as JSON, valid until it
 * returns, and may be NULL. on_started: on the thread that starts the query, before leat_start
 * returns. The others: on a thread of the context's own, one after the other, those of a query in
 * order and on_terminated last; they may take their time, and hold up nobody but other listeners.
 * Of progress that was not told in time the newest 100 entries of a query are kept, and the log
 * says how many are lost. leat_query_destroy waits until the end of the query has been told; a
 * query that a listener destroys is told no more of. */
typedef struct leat_listener {
    size_t size; /* sizeof(leat_listener), set by the caller */
    void *user;
    void (*on_started)(void *user, const char *event);
    void (*on_progress)(void *user, const char *event);
    void (*on_idle)(void *user, const char *event); /* instead, where nothing has happened: 10 s */
    void (*on_terminated)(void *user, const char *event); /* exception: null if it ended well */
} leat_listener;
/* Copies the struct. An error is the context's. */
LEAT_API int leat_context_add_listener(leat_context *context, const leat_listener *listener);
/* The one that was added with the same functions and user, and is not called any more afterwards.
 * LEAT_ERROR_NOT_FOUND. */
LEAT_API int leat_context_remove_listener(leat_context *context, const leat_listener *listener);

/* ---------------------------------------------------------------------------------------- SQL */

/* What a statement was, and left behind. */
enum leat_sql_kind {
    LEAT_SQL_NONE,   /* the text held no statement any more */
    LEAT_SQL_DONE,   /* CREATE, DROP, SET k=v, RESET: it is done, in the context */
    LEAT_SQL_ROWS,   /* text is the answer: SHOW, DESCRIBE, SET k, EXPLAIN, a SELECT that ends */
    LEAT_SQL_STREAM, /* SELECT of a stream: rows go where the program sends them */
    LEAT_SQL_QUERY   /* INSERT: a query, not started */
};

typedef struct leat_sql_result {
    size_t size; /* sizeof(leat_sql_result), set by the caller */
    enum leat_sql_kind kind;
    char *text;          /* ROWS: to free(); a table as Spark's show() prints it, or a plan */
    leat_stream *stream; /* STREAM: the context's */
    leat_query *query;   /* QUERY: the caller's to start and to destroy */
    bool ends;           /* QUERY: it ends by itself, by its trigger or its sources */
} leat_sql_result;

/* Takes the first statement of `text`: tables, views and settings are the context's, and live as
 * long as it. *rest (may be NULL) gets what follows its ';'. Replaces the context's error. Nothing
 * runs but a SELECT that reads what ends: a memory table, or nothing. `result` may be NULL where
 * only success counts: a query that an INSERT makes is destroyed then. */
LEAT_API int leat_sql(leat_context *context, const char *text, const char **rest,
                      leat_sql_result *result);

#ifdef __cplusplus
}
#endif

#endif
