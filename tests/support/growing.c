#include "tests/support/growing.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "io/catalog.h"
#include "tests/support/plain_sink.h"

struct growing_world growing_world;

void growing_begin(uint32_t partitions)
{
    memset(&growing_world, 0, sizeof growing_world);
    lt_store_release_u32(&growing_world.partitions, partitions);
}

/* ------------------------------------------------------------------------------------- source */

struct reader {
    struct lt_reader base;
    struct lt_row_pool *pool;
    uint32_t partitions[GROWING_PARTITIONS], partition_count;
    int64_t next[GROWING_PARTITIONS], end[GROWING_PARTITIONS];
    bool has_end;
};

struct growing {
    struct lt_source base;
    const char *kept; /* the engine's, while the source is connected */
};

static int source_connect(struct lt_source *source, const struct lt_connector_env *env,
                          struct lt_error *error)
{
    ((struct growing *)(void *)source)->kept = env->kept;
    if (lt_add_u32(&growing_world.connects, 1) > 0 && growing_world.on_reconnect != NULL) {
        int code = growing_world.on_reconnect(error);
        if (code != 0)
            return code;
    }
    source->partition_count = lt_load_acquire_u32(&growing_world.partitions);
    return 0;
}

static int source_initial(struct lt_source *source, struct lt_position *positions,
                          struct lt_text_buffer *keep, struct lt_error *error)
{
    const char *kept = ((struct growing *)(void *)source)->kept;
    memset(positions, 0, source->partition_count * sizeof *positions);
    if (kept != NULL && strcmp(kept, "kept") != 0)
        return lt_error_set(error, LT_E_CORRUPT, "what was kept is now \"%s\"", kept);
    if (kept == NULL)
        lt_text_append(keep, "kept");
    return 0;
}

static void source_to_json(struct lt_source *source, const struct lt_position *positions,
                           struct lt_text_buffer *out)
{
    for (uint32_t i = 0; i < source->partition_count; i++)
        lt_text_format(out, "%s\"%u\":%d", i == 0 ? "{" : ",", i, (int)positions[i].offset);
    lt_text_append(out, "}");
}

static int source_from_json(struct lt_source *source, const char *json,
                            struct lt_position *positions, struct lt_error *error)
{
    (void)error;
    memset(positions, 0, source->partition_count * sizeof *positions);
    for (const char *at = json; (at = strchr(at + 1, '"')) != NULL; at = strchr(at, ':')) {
        char *end;
        unsigned long index = strtoul(at + 1, &end, 10);
        if (index < source->partition_count)
            positions[index].offset = strtol(end + 2, NULL, 10);
    }
    return 0;
}

static bool source_changed(struct lt_source *source)
{
    return source->partition_count != lt_load_acquire_u32(&growing_world.partitions);
}

static enum lt_poll_status reader_poll(struct lt_reader *base, struct lt_out *out, uint32_t limit,
                                       uint32_t *count)
{
    struct reader *reader = (struct reader *)(void *)base;
    bool has_ended = reader->has_end && growing_world.with_end != GROWING_IS_SILENT;
    *count = 0;
    if (reader->has_end && growing_world.with_end != GROWING_READS_TO_END)
        return has_ended ? LT_POLL_ENDED : LT_POLL_IDLE;
    for (uint32_t i = 0; i < reader->partition_count && *count < limit; i++) {
        bool is_at_end = reader->next[i] == reader->end[i];
        struct lt_row *row = is_at_end ? NULL : lt_row_claim(reader->pool);
        has_ended &= is_at_end;
        if (row == NULL)
            continue;
        row->source_partition = (int32_t)reader->partitions[i];
        row->source_offset = reader->next[i]++;
        row->flags |= LT_ROW_END_OF_BATCH;
        lt_row_values(row)[0] = lt_value_i64(row->source_offset);
        out->emit(out, row);
        (*count)++;
    }
    if (has_ended)
        return LT_POLL_ENDED;
    return *count > 0 ? LT_POLL_MORE : LT_POLL_IDLE;
}

static void reader_position(struct lt_reader *base, struct lt_position *positions)
{
    struct reader *reader = (struct reader *)(void *)base;
    for (uint32_t i = 0; i < reader->partition_count; i++)
        positions[i] = (struct lt_position){.offset = reader->next[i]};
}

static void reader_close(struct lt_reader *base)
{
    lt_row_pool_destroy(((struct reader *)(void *)base)->pool);
    free(base);
}

static int source_open_reader(struct lt_source *source, const struct lt_connector_env *env,
                              const uint32_t *partitions, uint32_t partition_count,
                              const struct lt_position *start, const struct lt_position *end,
                              struct lt_reader **out, struct lt_error *error)
{
    static const struct lt_reader_ops ops = {
        .poll = reader_poll, .position = reader_position, .close = reader_close};
    (void)source;
    struct reader *reader = lt_alloc(sizeof *reader);
    reader->base.ops = &ops;
    reader->partition_count = partition_count;
    for (uint32_t i = 0; i < partition_count; i++) {
        reader->partitions[i] = partitions[i];
        reader->next[i] = start[i].offset;
        reader->end[i] = end != NULL ? end[i].offset : GROWING_RECORDS;
    }
    reader->has_end = end != NULL;
    *out = &reader->base;
    struct lt_row_pool_options pool = {
        .column_count = 1, .capacity = 64, .is_shared = env->is_shared};
    return lt_row_pool_create(&pool, &reader->pool, error);
}

static void source_close(struct lt_source *source)
{
    free(source);
}

static int source_bind(const struct lt_source_type *type, const struct lt_options *given,
                       const struct lt_type *user_schema, struct lt_arena *memory,
                       struct lt_source **out, struct lt_error *error)
{
    static const struct lt_source_ops ops = {
        .connect = source_connect,
        .initial = source_initial,
        .positions_to_json = source_to_json,
        .positions_from_json = source_from_json,
        .needs_reconfiguration = source_changed,
        .open_reader = source_open_reader,
        .close = source_close,
    };
    const struct lt_field field = {"n", lt_type_simple(LT_TYPE_BIGINT), false, NULL};
    (void)given, (void)user_schema, (void)error;
    *out = lt_alloc(sizeof(struct growing));
    **out = (struct lt_source){.ops = &ops,
                               .type = type,
                               .schema = lt_type_struct(memory, &field, 1),
                               .description = "Growing"};
    return 0;
}

/* --------------------------------------------------------------------------------------- sink */

static void take_row(struct lt_row *row)
{
    struct lt_shared_u64 *seen = &growing_world.seen[row->source_partition];
    if (lt_load_relaxed_u64(seen) != (uint64_t)row->source_offset)
        lt_store_release_u32(&growing_world.is_out_of_order, 1);
    lt_store_release_u64(seen, (uint64_t)row->source_offset + 1);
}

const struct lt_source_type growing_source_type = {
    .name = "growing", .traits = LT_SOURCE_REPLAYABLE, .bind = source_bind};

const struct lt_catalog *growing_catalog(void)
{
    static const struct plain_sink seen = {
        .type = {.name = "seen", .bind = plain_sink_bind}, .description = "Seen", .take = take_row};
    static const struct lt_source_type *const sources[] = {&growing_source_type};
    static const struct lt_sink_type *const sinks[] = {&seen.type};
    static struct lt_catalog all = {sources, 1, sinks, 1, NULL};
    all.create_reactor = lt_io_catalog()->create_reactor;
    return &all;
}
