/*
 * leat: state of a program's own, by key. Spark's transformWithState: a processor is called in each
 * micro-batch for every key that has rows, with all of them, and then for every timer that is due.
 * What it keeps of a key, in variables that hold a value, a list or a map, is checkpointed with the
 * batch, and found again after a crash and by another number of cores. What a function does beside
 * that is its own affair: after a crash a batch is run again, and with other rows if nothing of it
 * had been shown.
 *
 * tools/examples/transform_with_state.c is a whole program.
 *
 * Errors, threads and units are as in leat.h.
 */
#ifndef LEAT_PROCESSOR_H
#define LEAT_PROCESSOR_H

#include "leat.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct leat_state leat_state;
typedef struct leat_variable leat_variable;
typedef struct leat_rows leat_rows;

/* -------------------------------------------------------------------------------- the processor */

/* What timers go by, and what makes rows late: nothing (no timers); the batch's time; the
 * watermark, which the input needs then. */
enum leat_time_mode { LEAT_TIME_NONE, LEAT_TIME_PROCESSING, LEAT_TIME_EVENT };

/* Set `size` to sizeof(leat_processor). Functions other than handle_rows may be NULL. */
typedef struct leat_processor {
    size_t size;
    const char *name;
    const char *output_schema; /* DDL of what it emits */
    enum leat_time_mode time_mode;
    void *user;
    /* Declares the variables, and makes the state of one instance (*own, which is user until it is
     * set). An instance has its keys for itself. Return LEAT_OK, or a negative status: the query
     * does not start. on: lane, as all of these. */
    int (*init)(void *user, leat_state *state, void **own);
    /* All rows of one key in a batch, in no order. May emit: rows are claimed from `out`, at most
     * 64 at a time that are not committed. A negative status stops the query with
     * TRANSFORM_WITH_STATE_USER_FUNCTION_ERROR; see leat_state_reason. */
    int (*handle_rows)(void *own, leat_state *state, const leat_row *key, leat_rows *rows,
                       leat_out *out);
    /* A timer of the key is due: it is deleted after this. Otherwise as handle_rows. */
    int (*handle_timer)(void *own, leat_state *state, const leat_row *key, int64_t expiry_ms,
                        leat_out *out);
    void (*close)(void *own);
    /* What the state of a key begins with: all of its rows of the initial table, in no order.
     * Otherwise as handle_rows, but that nothing is given out. */
    int (*handle_initial)(void *own, leat_state *state, const leat_row *key, leat_rows *rows);
} leat_processor;

/* `keys`: names of columns, "user, device". Copies the struct (not what it points to). Output modes
 * append and update. */
LEAT_API leat_stream *leat_transform_with_state(leat_stream *stream, const char *keys,
                                                const leat_processor *processor);

/* The same with an initial state: the rows of `initial`, which is a table that ends, as
 * leat_stream_sql gives one that reads a static table. Its columns `initial_keys` are of the types
 * of `keys`, in their order. It is read by this call; in the first batch of a query, before any of
 * its rows, handle_initial is called for each key that it has, and never again after a restart. */
LEAT_API leat_stream *leat_transform_with_initial_state(leat_stream *stream, const char *keys,
                                                        const leat_processor *processor,
                                                        leat_stream *initial,
                                                        const char *initial_keys);

/* The next row of the key; valid until the next call. NULL: no more. */
LEAT_API const leat_row *leat_rows_next(leat_rows *rows);

/* In init: variables by their names, with DDL of what they hold. `ttl_ms`: how long what is written
 * is seen, from the batch's time on; 0: for ever. It needs LEAT_TIME_PROCESSING. They live as long
 * as the instance. NULL on failure: the query does not start, and says why. */
LEAT_API leat_variable *leat_state_value(leat_state *state, const char *name, const char *schema,
                                         int64_t ttl_ms);
LEAT_API leat_variable *leat_state_list(leat_state *state, const char *name, const char *schema,
                                        int64_t ttl_ms);
LEAT_API leat_variable *leat_state_map(leat_state *state, const char *name, const char *key_schema,
                                       const char *schema, int64_t ttl_ms);
/* In init: removes what a variable that is used no more holds, of all keys; it goes through the
 * whole state. */
LEAT_API int leat_state_drop(leat_state *state, const char *name);

/* In handle_rows and handle_timer, all of it about the key at hand. What goes wrong ends the query
 * when the function has returned, whatever it returns: a status need not be looked at. Rows that
 * are given are valid until the variable gives another. */

/* The row to fill for the next set, append or put; its columns are NULL until they are set, and
 * again afterwards. The key to fill, of a map, for its get, put or remove. */
LEAT_API leat_row *leat_variable_row(leat_variable *variable);
LEAT_API leat_row *leat_variable_key(leat_variable *variable);
/* Of any kind: is there anything; and away with it. */
LEAT_API bool leat_variable_exists(leat_variable *variable);
LEAT_API int leat_variable_clear(leat_variable *variable);
/* A value; NULL: there is none. */
LEAT_API const leat_row *leat_value_get(leat_variable *variable);
LEAT_API int leat_value_set(leat_variable *variable);
/* A list. *at is 0 before the first element; NULL: no more. */
LEAT_API int leat_list_append(leat_variable *variable);
LEAT_API const leat_row *leat_list_next(leat_variable *variable, uint64_t *at);
/* A map. What `next` has given may be removed on the way; nothing else may change. Its order is
 * none. LEAT_ERROR_NOT_FOUND: there was nothing to remove, which is no fault. */
LEAT_API const leat_row *leat_map_get(leat_variable *variable);
LEAT_API int leat_map_put(leat_variable *variable);
LEAT_API int leat_map_remove(leat_variable *variable);
LEAT_API const leat_row *leat_map_next(leat_variable *variable, uint64_t *at, const leat_row **key);

/* Timers of the key, any number of them, in milliseconds since the Unix epoch; the same time twice
 * is one timer. One that is due already fires in this batch; set by handle_timer, in a later one.
 * The list of them is in order; *at is 0 before the first. */
LEAT_API int leat_timer_set(leat_state *state, int64_t expiry_ms);
LEAT_API int leat_timer_delete(leat_state *state, int64_t expiry_ms);
LEAT_API bool leat_timer_next(leat_state *state, uint32_t *at, int64_t *expiry_ms);

/* The batch's time and watermark, the same when it is run again after a crash, and its number. */
LEAT_API int64_t leat_state_now_ms(const leat_state *state);
LEAT_API int64_t leat_state_watermark_ms(const leat_state *state);
LEAT_API uint64_t leat_state_batch_id(const leat_state *state);
/* Says why, before a negative status is returned. Copied. */
LEAT_API void leat_state_reason(leat_state *state, const char *text);

/* ------------------------------------------------------------------- one state for each key */

/* Spark's mapGroupsWithState and flatMapGroupsWithState: where one state and one timeout are
 * enough. */
typedef struct leat_group leat_group;

/* Set `size` to sizeof(leat_groups). */
typedef struct leat_groups {
    size_t size;
    const char *name;
    const char *output_schema; /* DDL of what it emits */
    const char *state_schema;  /* and of the state */
    enum leat_time_mode timeout;
    void *user;
    /* All rows of one key in a batch, or NULL when its timeout is over. May emit, and fails, as
     * handle_rows of a leat_processor. Runs on several threads, for different keys. */
    int (*function)(void *user, leat_group *group, const leat_row *key, leat_rows *rows,
                    leat_out *out);
} leat_groups;

/* Copies the struct (not what it points to, but for the state's schema). */
LEAT_API leat_stream *leat_map_groups_with_state(leat_stream *stream, const char *keys,
                                                 const leat_groups *groups);

/* In the function. The state: NULL, there is none; the row to fill for the next update. */
LEAT_API const leat_row *leat_group_get(leat_group *group);
LEAT_API leat_row *leat_group_row(leat_group *group);
LEAT_API int leat_group_update(leat_group *group);
LEAT_API int leat_group_remove(leat_group *group);
LEAT_API bool leat_group_has_timed_out(const leat_group *group);
/* The timeout, which each call forgets that does not set it again: so long after the batch's time,
 * with LEAT_TIME_PROCESSING; when the watermark is behind this moment, with LEAT_TIME_EVENT. */
LEAT_API int leat_group_timeout_after(leat_group *group, int64_t duration_ms);
LEAT_API int leat_group_timeout_at(leat_group *group, int64_t moment_ms);
LEAT_API int64_t leat_group_now_ms(const leat_group *group);
LEAT_API int64_t leat_group_watermark_ms(const leat_group *group);
/* Says why, before a negative status is returned. Copied. */
LEAT_API void leat_group_reason(leat_group *group, const char *text);

#ifdef __cplusplus
}
#endif

#endif
