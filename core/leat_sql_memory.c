/*
 * Tables of the format memory: rows that the context holds. A query appends to one, epoch by epoch,
 * in the order of lanes; a SELECT reads what is there when it begins. Nothing is held back and
 * nothing forgotten: such a table grows as long as its query runs, as Spark's does.
 *
 * Rows are kept as core/data/row_bytes.h writes them. Committed rows never move, so a reader takes
 * the list once, under the lock, and then reads without it.
 *
 * on: the context's thread; write, prepare and commit on lanes, each lane's state on one.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/data/row_bytes.h"
#include "core/leat_sql.h"

struct stored {
    const void *data;
    size_t size_bytes;
};

struct store {
    struct lt_door_sql *sql;
    const struct lt_type *schema; /* constant once the table has columns */
    pthread_mutex_t lock;
    struct lt_arena *arena; /* under the lock: of the rows' bytes */
    struct stored *rows;    /* under the lock */
    size_t count, capacity;
};

static void destroy_store(void *object)
{
    struct store *store = object;
    int result = pthread_mutex_destroy(&store->lock);
    lt_assert(result == 0);
    lt_arena_destroy(store->arena);
    free(store->rows);
    free(store);
}

static void lock(struct store *store)
{
    int result = pthread_mutex_lock(&store->lock);
    lt_assert(result == 0);
}

static void unlock(struct store *store)
{
    int result = pthread_mutex_unlock(&store->lock);
    lt_assert(result == 0);
}

/* What the table holds; made when it is first read or written. */
static struct store *store_of(struct lt_door_sql *sql, struct lt_sql_table *table)
{
    if (table->host == NULL) {
        struct store *store = lt_alloc(sizeof *store);
        store->sql = sql;
        store->schema = table->schema;
        store->arena = lt_arena_create();
        int result = pthread_mutex_init(&store->lock, NULL);
        lt_assert(result == 0);
        lt_door_own(sql->context, destroy_store, store);
        table->host = store;
    }
    return table->host;
}

/* ---------------------------------------------------------------------------------------- write */

enum { MARKS_MAX = 2 * LT_LIMIT_EPOCHS_IN_FLIGHT };

/* What a lane has written and not shown. */
struct lane {
    struct store *store;
    struct lt_text_buffer bytes;
    size_t *ends; /* of each row in `bytes` */
    size_t count, capacity;
    struct {
        uint64_t epoch;
        size_t count; /* rows before its marker */
    } marks[MARKS_MAX];
    uint32_t mark_count;
};

static int open_lane(void *user, uint32_t lane_index, void **state)
{
    (void)lane_index;
    struct lane *lane = lt_alloc(sizeof *lane);
    lane->store = user;
    lt_text_init(&lane->bytes);
    *state = lane;
    return LEAT_OK;
}

static enum leat_write write_row(void *state, const leat_row *public_row, uint32_t flags)
{
    struct lane *lane = state;
    (void)flags;
    lt_row_bytes_write(lane->store->schema, (const struct lt_row *)(const void *)public_row,
                       &lane->bytes);
    if (lane->count == lane->capacity) {
        lane->capacity = lane->capacity == 0 ? 64 : 2 * lane->capacity;
        lane->ends = lt_realloc_array(lane->ends, lane->capacity, sizeof *lane->ends);
    }
    lane->ends[lane->count++] = lane->bytes.size_bytes;
    return LEAT_WRITE_DONE;
}

static int prepare_epoch(void *state, uint64_t epoch)
{
    struct lane *lane = state;
    for (uint32_t i = 0; i < lane->mark_count; i++) {
        if (lane->marks[i].epoch == epoch)
            return 1;
    }
    if (lane->mark_count == MARKS_MAX)
        return 0;
    lane->marks[lane->mark_count].epoch = epoch;
    lane->marks[lane->mark_count++].count = lane->count;
    return 1;
}

static void append_row(struct store *store, const char *data, size_t size_bytes)
{
    if (store->count == store->capacity) {
        store->capacity = store->capacity == 0 ? 64 : 2 * store->capacity;
        store->rows = lt_realloc_array(store->rows, store->capacity, sizeof *store->rows);
    }
    void *copy = lt_arena_alloc(store->arena, size_bytes);
    memcpy(copy, data, size_bytes);
    store->rows[store->count++] = (struct stored){copy, size_bytes};
}

/* Forgets the first `count` rows and marks, which are shown. */
static void drop_shown(struct lane *lane, size_t count, uint32_t mark_count)
{
    size_t bytes = count == 0 ? 0 : lane->ends[count - 1];
    struct lt_text_buffer rest;
    lt_text_init(&rest);
    lt_text_append_n(&rest, lane->bytes.data + bytes, lane->bytes.size_bytes - bytes);
    lt_text_fini(&lane->bytes);
    lane->bytes = rest;
    lane->count -= count;
    for (size_t i = 0; i < lane->count; i++)
        lane->ends[i] = lane->ends[i + count] - bytes;
    lane->mark_count -= mark_count;
    for (uint32_t i = 0; i < lane->mark_count; i++) {
        lane->marks[i] = lane->marks[i + mark_count];
        lane->marks[i].count -= count;
    }
}

static int commit_epoch(void *state, uint64_t epoch)
{
    struct lane *lane = state;
    uint32_t marks = 0;
    size_t count = 0;
    while (marks < lane->mark_count && lane->marks[marks].epoch <= epoch)
        count = lane->marks[marks++].count;
    if (marks == 0)
        return 1; /* shown before */
    lock(lane->store);
    for (size_t i = 0, begin = 0; i < count; begin = lane->ends[i++])
        append_row(lane->store, lane->bytes.data + begin, lane->ends[i] - begin);
    unlock(lane->store);
    drop_shown(lane, count, marks);
    return 1;
}

static void close_lane(void *state)
{
    struct lane *lane = state;
    lt_text_fini(&lane->bytes);
    free(lane->ends);
    free(lane);
}

int lt_door_sql_memory_write(struct lt_door_sql *sql, struct lt_sql_table *table, leat_query *query,
                             leat_stream *stream, const struct lt_type *schema,
                             struct lt_error *error)
{
    struct store *store = store_of(sql, table);
    if (store->schema == NULL)
        table->schema = store->schema = schema;
    const leat_sink sink = {.size = sizeof sink,
                            .name = "memory",
                            .user = store,
                            .open = open_lane,
                            .write = write_row,
                            .prepare = prepare_epoch,
                            .commit = commit_epoch,
                            .close = close_lane};
    int code = leat_query_write_sink(query, stream, &sink);
    if (code != LT_OK)
        *error = query->error;
    return code;
}

/* ---------------------------------------------------------------------------------------- read */

/* The rows that a SELECT reads. */
struct snapshot {
    struct store *store;
    struct stored *rows;
    size_t count;
};

static void destroy_snapshot(void *object)
{
    struct snapshot *snapshot = object;
    free(snapshot->rows);
    free(snapshot);
}

static int open_snapshot(void *user, uint32_t partition, int64_t position, void **state)
{
    (void)partition;
    (void)position;
    *state = user;
    return LEAT_OK;
}

static enum leat_poll poll_snapshot(void *state, leat_out *out, uint32_t limit, int64_t *position)
{
    const struct snapshot *snapshot = state;
    size_t at = *position < 0 ? 0 : (size_t)*position;
    for (; at < snapshot->count && limit > 0; at++, limit--) {
        leat_row *row = leat_claim(out);
        struct lt_error error;
        if (row == NULL)
            break;
        const struct stored *stored = &snapshot->rows[at];
        struct lt_row *inner = (struct lt_row *)(void *)row;
        if (lt_row_bytes_read(snapshot->store->schema, stored->data, stored->size_bytes, inner,
                              &error) != LT_OK) {
            leat_abort(out, row);
            leat_out_reason(out, "CORRUPT_ROW", error.text);
            return LEAT_POLL_FAILED;
        }
        leat_commit(out, row);
    }
    *position = (int64_t)at;
    return at == snapshot->count ? LEAT_POLL_ENDED : LEAT_POLL_MORE;
}

leat_stream *lt_door_sql_memory_read(struct lt_door_sql *sql, struct lt_sql_table *table,
                                     struct lt_error *error)
{
    struct store *store = store_of(sql, table);
    if (store->schema == NULL) {
        (void)lt_error_set(error, LT_E_ANALYSIS,
                           "it has no columns yet; hint: INSERT gives it the query's, or name them "
                           "in CREATE TABLE");
        return NULL;
    }
    struct snapshot *snapshot = lt_alloc(sizeof *snapshot);
    lt_door_own(sql->context, destroy_snapshot, snapshot);
    snapshot->store = store;
    lock(store);
    snapshot->count = store->count;
    snapshot->rows = lt_alloc_array(store->count + 1, sizeof *snapshot->rows);
    if (store->count > 0)
        memcpy(snapshot->rows, store->rows, store->count * sizeof *snapshot->rows);
    unlock(store);
    const leat_source source = {.size = sizeof source,
                                .name = "memory",
                                .schema = lt_type_ddl(sql->context->arena, store->schema),
                                .partition_count = 1,
                                .user = snapshot,
                                .open = open_snapshot,
                                .poll = poll_snapshot};
    leat_stream *stream = leat_read_source(sql->context, &source);
    if (stream == NULL)
        *error = sql->context->error;
    return stream;
}
