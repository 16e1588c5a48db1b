/*
 * A batch as a source: the function of foreachBatch reads it by a query of its own, with filters,
 * aggregates and sinks like any other.
 *
 * The rows stay where the batch has them; a row of the inner query borrows its values from there.
 * So the query must have ended when the function returns. A stream that is kept longer is refused,
 * by the number of the call that it was made in.
 *
 * Positions count the batch's rows from 0; there is one partition.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "core/leat_batch.h"
#include "core/leat_objects.h"

enum { ROW_SCRATCH_BYTES = 256 };

/* What a READ node names, in the context's arena. */
struct batch_source_type {
    struct lt_source_type type;
    const leat_batch *batch;
    uint64_t call; /* of the function, in which the stream was made */
    const struct lt_type *schema;
};

struct batch_source {
    struct lt_source base;
    const struct batch_source_type *of;
};

struct batch_reader {
    struct lt_reader base;
    const leat_batch *batch;
    struct lt_row_pool *pool;
    uint32_t part;
    struct lt_row_list_cursor cursor;
    int64_t offset, end_offset;
};

static const struct batch_source_type *type_of(const struct lt_source *source)
{
    return ((const struct batch_source *)(const void *)source)->of;
}

static struct batch_reader *reader_of(struct lt_reader *reader)
{
    return (struct batch_reader *)(void *)reader;
}

static int check_call(const struct batch_source_type *of, struct lt_error *error)
{
    if (of->batch->call == of->call)
        return 0;
    return lt_error_set(error, LT_E_STATE,
                        "the batch is over: it can be read while the function runs that it was "
                        "handed to");
}

/* -------------------------------------------------------------------------------------- reader */

/* False: there are no more. */
static bool next(struct batch_reader *reader, struct lt_row_list_origin *origin, const void **bytes)
{
    const leat_batch *batch = reader->batch;
    while (reader->part < batch->part_count) {
        if (lt_row_list_next(batch->parts[reader->part], &reader->cursor, origin, bytes))
            return true;
        reader->part++;
        reader->cursor = (struct lt_row_list_cursor){0};
    }
    return false;
}

static struct lt_row *take_row(struct batch_reader *reader)
{
    struct lt_row_list_origin origin;
    const void *bytes;
    struct lt_row *row =
        reader->offset < reader->end_offset ? lt_row_claim(reader->pool) : NULL;
    if (row == NULL)
        return NULL;
    bool has = next(reader, &origin, &bytes);
    lt_assert(has); /* the end lies within the batch */
    lt_row_list_read(reader->batch->parts[reader->part], &origin, bytes, row);
    row->flags = 0;
    row->source_partition = 0;
    row->source_offset = reader->offset++;
    return row;
}

static enum lt_poll_status batch_poll(struct lt_reader *base, struct lt_out *out, uint32_t limit,
                                      uint32_t *count)
{
    struct batch_reader *reader = reader_of(base);
    struct lt_row *held = take_row(reader);
    *count = 0;
    while (held != NULL) {
        struct lt_row *following = ++*count < limit ? take_row(reader) : NULL;
        if (following == NULL)
            held->flags |= LT_ROW_END_OF_BATCH;
        out->emit(out, held);
        held = following;
    }
    return reader->offset < reader->end_offset ? LT_POLL_MORE : LT_POLL_ENDED;
}

static void batch_position(struct lt_reader *base, struct lt_position *positions)
{
    positions[0] = (struct lt_position){.offset = reader_of(base)->offset};
}

static int batch_extend(struct lt_reader *base, const struct lt_position *end,
                        struct lt_error *error)
{
    (void)error;
    reader_of(base)->end_offset = end[0].offset;
    return 0;
}

static void batch_reader_close(struct lt_reader *base)
{
    lt_row_pool_destroy(reader_of(base)->pool);
    free(base);
}

static int64_t row_count(const struct lt_source *source)
{
    return (int64_t)type_of(source)->batch->row_count;
}

static int batch_open_reader(struct lt_source *source, const struct lt_connector_env *env,
                             const uint32_t *partitions, uint32_t partition_count,
                             const struct lt_position *start, const struct lt_position *end,
                             struct lt_reader **out, struct lt_error *error)
{
    static const struct lt_reader_ops ops = {
        .poll = batch_poll,
        .position = batch_position,
        .extend = batch_extend,
        .close = batch_reader_close,
    };
    struct lt_row_list_origin origin;
    const void *bytes;
    (void)partitions;
    lt_assert(partition_count == 1);
    int code = check_call(type_of(source), error);
    if (code != 0)
        return code;
    struct batch_reader *reader = lt_alloc(sizeof *reader);
    reader->base.ops = &ops;
    reader->batch = type_of(source)->batch;
    reader->end_offset = end != NULL ? end[0].offset : row_count(source);
    code = lt_row_pool_create(&(struct lt_row_pool_options){
                                  .column_count = source->schema->field_count,
                                  .capacity = env->lane_rows,
                                  .scratch_size_bytes = ROW_SCRATCH_BYTES,
                                  .is_shared = env->is_shared,
                              },
                              &reader->pool, error);
    if (code != 0) {
        free(reader);
        return code;
    }
    while (reader->offset < start[0].offset && next(reader, &origin, &bytes))
        reader->offset++;
    *out = &reader->base;
    return 0;
}

/* -------------------------------------------------------------------------------------- source */

static int batch_initial(struct lt_source *source, struct lt_position *positions,
                         struct lt_text_buffer *keep, struct lt_error *error)
{
    (void)source;
    (void)keep;
    (void)error;
    positions[0] = (struct lt_position){0};
    return 0;
}

static int batch_latest(struct lt_source *source, struct lt_position *positions,
                        struct lt_error *error)
{
    (void)error;
    positions[0] = (struct lt_position){.offset = row_count(source)};
    return 0;
}

static void batch_to_json(struct lt_source *source, const struct lt_position *positions,
                          struct lt_text_buffer *out)
{
    (void)source;
    lt_text_format(out, "%" PRId64, positions[0].offset);
}

/* Each batch is another's rows: no position of an earlier one means anything. */
static int batch_from_json(struct lt_source *source, const char *json,
                           struct lt_position *positions, struct lt_error *error)
{
    (void)source;
    (void)positions;
    return lt_error_set(error, LT_E_CHECKPOINT,
                        "a batch cannot be gone on with from a checkpoint (%s); hint: a query of a "
                        "batch has none, or a new one each time",
                        json);
}

static void batch_source_close(struct lt_source *source)
{
    free(source);
}

static int batch_bind(const struct lt_source_type *type, const struct lt_options *options,
                      const struct lt_type *user_schema, struct lt_arena *arena,
                      struct lt_source **out, struct lt_error *error)
{
    static const struct lt_source_ops ops = {
        .initial = batch_initial,
        .latest = batch_latest,
        .positions_to_json = batch_to_json,
        .positions_from_json = batch_from_json,
        .open_reader = batch_open_reader,
        .close = batch_source_close,
    };
    const struct batch_source_type *of = (const struct batch_source_type *)(const void *)type;
    (void)options; /* there is no way to give any */
    (void)user_schema;
    (void)arena;
    int code = check_call(of, error);
    if (code != 0)
        return code;
    struct batch_source *source = lt_alloc(sizeof *source);
    source->of = of;
    source->base = (struct lt_source){.ops = &ops,
                                      .type = type,
                                      .schema = of->schema,
                                      .description = "Batch",
                                      .partition_count = 1};
    *out = &source->base;
    return 0;
}

leat_stream *leat_batch_read(leat_batch *batch, leat_context *context)
{
    struct lt_error error;
    if (batch == NULL || context == NULL)
        return NULL;
    struct batch_source_type *of = lt_arena_alloc(context->arena, sizeof *of);
    of->type = (struct lt_source_type){.name = "batch",
                                       .doc = "The rows of a batch.",
                                       .traits = LT_SOURCE_REPLAYABLE | LT_SOURCE_BOUNDED |
                                                 LT_SOURCE_CONTINUOUS | LT_SOURCE_OF_PROGRAM |
                                                 LT_SOURCE_IN_BATCHES,
                                       .bind = batch_bind};
    of->batch = batch;
    of->call = batch->call;
    /* A copy: the context may outlive the query whose batch it is. */
    if (lt_type_parse_ddl(lt_type_ddl(context->arena, batch->schema), context->arena, &of->schema,
                          &error) != 0)
        return lt_door_fail(context, &error);
    return lt_door_read_type(context, &of->type);
}
