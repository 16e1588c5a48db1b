/*
 * foreachBatch: a function of the program's is handed each micro-batch whole.
 *
 * Every lane's writer keeps the rows that it takes (core/data/row_list.h). When the batch's
 * marker has come to it, it says that its part is whole; the writer of the first lane waits for all
 * parts, and calls the function, once for the batch, with the rows of all lanes. The others wait
 * with it: no row of the next batch comes before this one is done.
 *
 * The function is called before the batch is noted as prepared. So when it has done its work and
 * the process dies the next moment, it is called again after the restart: with the same number, and
 * with the same rows, since the batch's range stands in offsets/N by then. A function that writes
 * under the batch's number, or leaves out a number that it has written, makes that exactly once.
 *
 * on: the lanes' threads; the function on the first lane's.
 */
#include "core/leat_batch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/leat_objects.h"

/* How long a parked lane waits before it looks again whether the other lanes have their parts. */
enum { LOOK_AGAIN_NS = 200 * LT_NS_PER_US };
enum { ROW_SCRATCH_BYTES = 256 };
#define CONDITION "FOREACH_BATCH_USER_FUNCTION_ERROR"

/* What leat_query_foreach_batch keeps, in the query's arena. */
struct definition {
    struct lt_sink_type type;
    int (*function)(void *user, leat_batch *batch);
    void *user;
};

/* Of one lane. It outlives the lane's writer: the first lane may look at it while another ends. */
struct part {
    struct lt_row_list rows;
    struct lt_shared_u64 whole; /* the batch that it has, + 1; 0: none */
};

struct batch_sink {
    struct lt_sink base;
    const struct definition *definition;
    struct part *parts[LT_LIMIT_LANES];
    struct lt_shared_u32 part_count; /* of this run; final before the first batch begins */
    struct leat_batch batch;
};

struct batch_writer {
    struct lt_writer base;
    struct batch_sink *sink;
    struct part *part;
    const struct lt_clock *clock;
    uint32_t lane;
    bool is_waiting; /* for the other lanes */
};

static struct batch_sink *batch_sink_of(struct lt_sink *sink)
{
    return (struct batch_sink *)(void *)sink;
}

static struct batch_writer *writer_of(struct lt_writer *writer)
{
    return (struct batch_writer *)(void *)writer;
}

/* -------------------------------------------------------------------------------------- writer */

static enum lt_write batch_write(struct lt_writer *base, struct lt_row *row,
                                 struct lt_fault **fault)
{
    (void)fault;
    lt_row_list_add(&writer_of(base)->part->rows, row);
    lt_row_release(row);
    return LT_WRITE_DONE;
}

static void batch_prepare(struct lt_writer *base, uint64_t epoch)
{
    struct batch_writer *writer = writer_of(base);
    writer->is_waiting = writer->lane == 0;
    /* release: pairs with the acquire in has_all_parts */
    lt_store_release_u64(&writer->part->whole, epoch + 1);
}

static bool has_all_parts(const struct batch_sink *sink, uint64_t epoch)
{
    /* relaxed: it has not changed since the run began */
    uint32_t count = lt_load_relaxed_u32(&sink->part_count);
    for (uint32_t i = 0; i < count; i++)
        if (lt_load_acquire_u64(&sink->parts[i]->whole) != epoch + 1) /* pairs: batch_prepare */
            return false;
    return true;
}

static int refuse(const struct leat_batch *batch, int status, struct lt_error *error)
{
    char text[64];
    snprintf(text, sizeof text, "it returned %d (%s)", status, leat_status_name(status));
    int code = lt_error_set(error, status < 0 ? status : LT_E_INVALID,
                            "An error occurred in the user provided function in foreach batch "
                            "sink. Reason: %s",
                            batch->reason[0] != '\0' ? batch->reason : text);
    (void)lt_error_append(error, "batch %" PRIu64, batch->id);
    (void)lt_error_condition(error, CONDITION, "39000");
    return code;
}

/* 1, or a negative code. */
static int call(struct batch_sink *sink, uint64_t epoch, struct lt_error *error)
{
    struct leat_batch *batch = &sink->batch;
    batch->id = epoch;
    batch->part_count = lt_load_relaxed_u32(&sink->part_count); /* relaxed: as above */
    batch->row_count = 0;
    batch->reason[0] = '\0';
    for (uint32_t i = 0; i < batch->part_count; i++) {
        batch->parts[i] = &sink->parts[i]->rows;
        batch->row_count += batch->parts[i]->row_count;
    }
    leat_batch_rewind(batch);
    batch->call++;
    int status = sink->definition->function(sink->definition->user, batch);
    lt_door_batch_end(batch);
    batch->call++;
    return status == LEAT_OK ? 1 : refuse(batch, status, error);
}

static int batch_prepared(struct lt_writer *base, uint64_t epoch, struct lt_text_buffer *note)
{
    struct batch_writer *writer = writer_of(base);
    (void)note;
    if (!writer->is_waiting)
        return 1;
    if (!has_all_parts(writer->sink, epoch))
        return 0;
    writer->is_waiting = false;
    return call(writer->sink, epoch, &base->error);
}

static int64_t batch_deadline_ns(struct lt_writer *base)
{
    const struct batch_writer *writer = writer_of(base);
    return writer->is_waiting ? lt_clock_now_ns(writer->clock) + LOOK_AGAIN_NS : LT_NEVER_NS;
}

/* The function has returned, and all state is durable: the rows are done with. */
static void batch_commit(struct lt_writer *base, uint64_t epoch)
{
    struct batch_writer *writer = writer_of(base);
    struct lt_row_list *rows = &writer->part->rows;
    struct lt_row_list_cursor cursor = {0};
    struct lt_row_list_origin origin;
    const void *bytes;
    int64_t now_ns = lt_clock_now_ns(writer->clock);
    (void)epoch;
    while (lt_row_list_next(rows, &cursor, &origin, &bytes))
        lt_histogram_record_n(base->ack_latency_ns, now_ns - origin.ingest_ns, 1);
    lt_counter_add(base->acked_records, rows->row_count);
    lt_row_list_clear(rows);
}

static void batch_close_writer(struct lt_writer *base)
{
    free(writer_of(base));
}

static const struct lt_writer_ops writer_ops = {
    .write = batch_write,
    .prepare = batch_prepare,
    .prepared = batch_prepared,
    .deadline_ns = batch_deadline_ns,
    .commit = batch_commit,
    .close = batch_close_writer,
};

/* ---------------------------------------------------------------------------------------- sink */

/* A run begins, or begins again: no writer is open. */
static int sink_connect(struct lt_sink *base, const struct lt_connector_env *env,
                        struct lt_error *error)
{
    struct batch_sink *sink = batch_sink_of(base);
    (void)env;
    lt_store_relaxed_u32(&sink->part_count, 0); /* relaxed: the lanes begin after it */
    if (sink->batch.pool != NULL)
        return 0;
    return lt_row_pool_create(&(struct lt_row_pool_options){
                                  .column_count = base->schema->field_count,
                                  .capacity = 1,
                                  .scratch_size_bytes = ROW_SCRATCH_BYTES,
                              },
                              &sink->batch.pool, error);
}

static int sink_open_writer(struct lt_sink *base, const struct lt_connector_env *env,
                            struct lt_writer **out, struct lt_error *error)
{
    struct batch_sink *sink = batch_sink_of(base);
    (void)error;
    lt_assert(env->lane < LT_LIMIT_LANES);
    struct part **part = &sink->parts[env->lane];
    if (*part == NULL)
        *part = lt_alloc(sizeof **part);
    (*part)->rows.schema = base->schema;
    lt_row_list_clear(&(*part)->rows);
    lt_store_relaxed_u64(&(*part)->whole, 0); /* relaxed: nobody looks before the first batch */
    lt_add_u32(&sink->part_count, 1);
    struct batch_writer *writer = lt_alloc(sizeof *writer);
    *writer = (struct batch_writer){.base.ops = &writer_ops,
                                    .sink = sink,
                                    .part = *part,
                                    .clock = env->clock,
                                    .lane = env->lane};
    *out = &writer->base;
    return 0;
}

static void sink_close(struct lt_sink *base)
{
    struct batch_sink *sink = batch_sink_of(base);
    for (uint32_t i = 0; i < LT_LIMIT_LANES; i++) {
        if (sink->parts[i] != NULL)
            lt_row_list_fini(&sink->parts[i]->rows);
        free(sink->parts[i]);
    }
    lt_row_pool_destroy(sink->batch.pool);
    free(sink);
}

static int bind(const struct lt_sink_type *type, const struct lt_options *options,
                const struct lt_type *schema, struct lt_arena *arena, struct lt_sink **out,
                struct lt_error *error)
{
    static const struct lt_sink_ops ops = {
        .connect = sink_connect,
        .open_writer = sink_open_writer,
        .close = sink_close,
    };
    (void)options; /* there is no way to give any */
    (void)arena;
    (void)error;
    struct batch_sink *sink = lt_alloc(sizeof *sink);
    sink->definition = (const struct definition *)(const void *)type;
    sink->batch.schema = schema;
    sink->base = (struct lt_sink){
        .ops = &ops,
        .type = type,
        .schema = schema,
        .guarantee = LT_AT_LEAST_ONCE,
        .description = "ForeachBatchSink",
    };
    *out = &sink->base;
    return 0;
}

/* -------------------------------------------------------------------------------------- public */

static int make_definition(leat_query *query, int (*function)(void *user, leat_batch *batch),
                           struct definition **out, struct lt_error *error)
{
    if (function == NULL)
        return lt_error_set(error, LT_E_INVALID, "foreachBatch needs a function");
    *out = lt_arena_alloc(query->arena, sizeof **out);
    **out = (struct definition){
        .type = {.name = "foreachBatch",
                 .doc = "A function of the program that is handed each batch.",
                 .needs_batches = true,
                 .has_one_writer = true,
                 .bind = bind},
        .function = function,
    };
    return 0;
}

int leat_query_foreach_batch(leat_query *query, leat_stream *stream,
                             int (*function)(void *user, leat_batch *batch), void *user)
{
    struct lt_error error;
    struct definition *definition = NULL;
    if (query == NULL)
        return LEAT_ERROR_INVALID;
    if (make_definition(query, function, &definition, &error) != 0) {
        query->error = error;
        return error.code;
    }
    definition->user = user;
    return lt_door_write(query, stream, NULL, &definition->type, lt_options_create());
}

/* ---------------------------------------------------------------------- what the function calls */

void lt_door_batch_end(leat_batch *batch)
{
    if (batch->row != NULL)
        lt_row_release(batch->row);
    batch->row = NULL;
}

uint64_t leat_batch_id(const leat_batch *batch)
{
    return batch->id;
}

uint64_t leat_batch_row_count(const leat_batch *batch)
{
    return batch->row_count;
}

void leat_batch_rewind(leat_batch *batch)
{
    batch->part = 0;
    batch->cursor = (struct lt_row_list_cursor){0};
}

const leat_row *leat_batch_next(leat_batch *batch)
{
    struct lt_row_list_origin origin;
    const void *bytes;
    lt_door_batch_end(batch); /* the row before */
    while (batch->part < batch->part_count &&
           !lt_row_list_next(batch->parts[batch->part], &batch->cursor, &origin, &bytes)) {
        batch->part++;
        batch->cursor = (struct lt_row_list_cursor){0};
    }
    if (batch->part == batch->part_count) {
        leat_batch_rewind(batch);
        return NULL;
    }
    batch->row = lt_row_claim(batch->pool);
    lt_assert(batch->row != NULL); /* the pool's only one, which has come home */
    lt_row_list_read(batch->parts[batch->part], &origin, bytes, batch->row);
    return (const leat_row *)(const void *)batch->row;
}

void leat_batch_reason(leat_batch *batch, const char *text)
{
    snprintf(batch->reason, sizeof batch->reason, "%s", text != NULL ? text : "");
}
