/*
 * The sources of a batch world: partitions of numbered records, of which more come now and then.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "tests/support/batch_fakes.h"

enum { COLUMNS = 4, NEWEST_MORE = 8, EPOCHS_KEPT_FREE = 16 };

struct events_source {
    struct lt_source base;
    uint32_t number;
};

struct events_reader {
    struct lt_reader base;
    struct lt_row_pool *pool;
    uint32_t source;
    uint32_t partitions[BATCH_PARTITIONS], partition_count;
    int64_t next[BATCH_PARTITIONS], end[BATCH_PARTITIONS];
};

static uint32_t number_of(const struct lt_source *source)
{
    return ((const struct events_source *)source)->number;
}

/* A run begins when the first of them is connected. */
static int events_connect(struct lt_source *source, const struct lt_connector_env *env,
                          struct lt_error *error)
{
    (void)env, (void)error;
    batch_point(batch_the_world);
    batch_the_world->reconnects += number_of(source) == 0 && source->partition_count != 0;
    batch_the_world->run += number_of(source) == 0;
    source->partition_count = batch_the_world->partition_count[number_of(source)];
    return 0;
}

static bool events_changed(struct lt_source *source)
{
    return source->partition_count != batch_the_world->partition_count[number_of(source)];
}

static int events_initial(struct lt_source *source, struct lt_position *positions,
                          struct lt_text_buffer *keep, struct lt_error *error)
{
    (void)keep, (void)error;
    for (uint32_t i = 0; i < source->partition_count; i++)
        positions[i] = (struct lt_position){0};
    return 0;
}

static void events_to_json(struct lt_source *source, const struct lt_position *positions,
                           struct lt_text_buffer *out)
{
    lt_text_append(out, "{");
    for (uint32_t i = 0; i < source->partition_count; i++)
        lt_text_format(out, "%s\"%u\":%" PRId64, i > 0 ? "," : "", i, positions[i].offset);
    lt_text_append(out, "}");
}

static int events_from_json(struct lt_source *source, const char *json,
                            struct lt_position *positions, struct lt_error *error)
{
    (void)error;
    for (uint32_t i = 0; i < source->partition_count; i++) {
        char key[16];
        snprintf(key, sizeof key, "\"%u\":", i);
        const char *at = strstr(json, key); /* else it came later */
        positions[i] =
            (struct lt_position){.offset = at == NULL ? 0 : strtoll(at + strlen(key), NULL, 10)};
    }
    return 0;
}

/* More has come. */
static int events_latest(struct lt_source *source, struct lt_position *positions,
                         struct lt_error *error)
{
    struct batch_world *world = batch_the_world;
    int64_t *newest = world->newest[number_of(source)];
    (void)error;
    batch_point(world);
    for (uint32_t i = 0; i < source->partition_count; i++) {
        if (world->running + EPOCHS_KEPT_FREE < BATCH_EPOCHS)
            newest[i] += batch_draw(world, NEWEST_MORE);
        positions[i] = (struct lt_position){.offset = newest[i]};
    }
    return 0;
}

static int events_admit(struct lt_source *source, const struct lt_position *start,
                        const struct lt_position *latest, struct lt_position *end,
                        struct lt_error *error)
{
    (void)error;
    batch_point(batch_the_world);
    uint32_t most = batch_draw(batch_the_world, 3) == 0 ? 2 : 12;
    for (uint32_t i = 0; i < source->partition_count; i++) {
        end[i] = (struct lt_position){.offset =
                                          start[i].offset + batch_draw(batch_the_world, most)};
        if (end[i].offset > latest[i].offset)
            end[i] = latest[i];
    }
    return batch_draw(batch_the_world, 8) == 0 ? 0 : 1;
}

/* True when the sink's output has something of the batch. */
static bool is_seen(const struct batch_world *world, uint64_t epoch)
{
    for (uint32_t i = 0; i < world->shown_count; i++)
        if (world->shown[i].epoch == epoch)
            return true;
    return false;
}

/* The batch is planned. If it was read before, its entry in offsets had not come to the disk, and
 * nobody may have seen anything of it. */
static int events_settle(struct lt_source *source, uint64_t epoch,
                         const struct lt_position *positions, struct lt_source_log *log,
                         struct lt_error *error)
{
    struct batch_world *world = batch_the_world;
    uint32_t number = number_of(source);
    (void)log, (void)error;
    batch_point(world);
    if (batch_draw(world, 4) == 0)
        return 0;
    lt_assert(epoch < BATCH_EPOCHS);
    if (is_seen(world, epoch))
        batch_fault(world, "batch %" PRIu64 " was shown in run %" PRIu64 ", and is planned anew",
                    epoch, world->epochs[epoch].run);
    world->anew += world->epochs[epoch].run != 0;
    world->epochs[epoch].run = 0;
    memset(world->epochs[epoch].end[number], 0, sizeof world->epochs[epoch].end[number]);
    for (uint32_t i = 0; i < source->partition_count; i++)
        world->epochs[epoch].end[number][i] = positions[i].offset;
    world->running = epoch;
    return 1;
}

static void events_commit(struct lt_source *source, uint64_t epoch,
                          const struct lt_position *positions)
{
    struct batch_world *world = batch_the_world;
    const int64_t *end = world->epochs[epoch].end[number_of(source)];
    for (uint32_t i = 0; i < source->partition_count; i++)
        if (positions[i].offset != end[i])
            batch_fault(world,
                        "batch %" PRIu64 " is done up to %" PRId64 ", and was planned to %" PRId64,
                        epoch, positions[i].offset, end[i]);
    if (number_of(source) == 0)
        batch_done(world, epoch);
}

/* -------------------------------------------------------------------------------------- readers */

static void set_window(union lt_value *value, struct lt_row *row, const struct batch_event *event)
{
    struct {
        struct lt_struct structure;
        union lt_value values[2];
    } *window = lt_row_scratch(row, sizeof *window);
    window->values[0] = lt_value_i64(event->start_us);
    window->values[1] = lt_value_i64(event->end_us);
    window->structure = (struct lt_struct){.values = window->values};
    value->structure = &window->structure;
}

static struct lt_row *make_row(struct events_reader *reader, uint32_t index)
{
    struct lt_row *row = lt_row_claim(reader->pool);
    struct batch_event event;
    if (row == NULL)
        return NULL;
    row->source_partition = (int32_t)reader->partitions[index];
    row->source_offset = reader->next[index]++;
    row->ingest_ns = 0;
    batch_event_at(&batch_the_world->question, reader->source, reader->partitions[index],
                   row->source_offset, &event);
    union lt_value *values = lt_row_values(row);
    values[0] = lt_value_i64(event.key);
    values[1] = lt_value_i64(event.time_us);
    set_window(&values[2], row, &event);
    values[3] = lt_value_i64(event.value);
    return row;
}

static enum lt_poll_status events_poll(struct lt_reader *base, struct lt_out *out, uint32_t limit,
                                       uint32_t *count)
{
    struct events_reader *reader = (struct events_reader *)base;
    struct batch_world *world = batch_the_world;
    size_t size_bytes = reader->partition_count * sizeof reader->end[0];
    batch_point(world);
    uint32_t *partitions = &world->partition_count[reader->source];
    if (!world->is_last_life && *partitions < BATCH_PARTITIONS && batch_draw(world, 40) == 0)
        ++*partitions;
    uint32_t wanted = reader->partition_count == 0 ? 0 : 1 + batch_draw(world, 8);
    for (*count = 0; wanted > 0 && *count < limit; wanted--) {
        uint32_t i = batch_draw(world, reader->partition_count);
        struct lt_row *row = reader->next[i] == reader->end[i] ? NULL : make_row(reader, i);
        if (row == NULL)
            continue;
        out->emit(out, row);
        (*count)++;
    }
    if (memcmp(reader->next, reader->end, size_bytes) == 0)
        return LT_POLL_ENDED;
    return *count > 0 ? LT_POLL_MORE : LT_POLL_IDLE;
}

static void events_position(struct lt_reader *base, struct lt_position *positions)
{
    struct events_reader *reader = (struct events_reader *)base;
    batch_point(batch_the_world);
    for (uint32_t i = 0; i < reader->partition_count; i++)
        positions[i] = (struct lt_position){.offset = reader->next[i]};
}

/* A range that a reader is told is the one that was planned. */
static int events_extend(struct lt_reader *base, const struct lt_position *end,
                         struct lt_error *error)
{
    struct events_reader *reader = (struct events_reader *)base;
    struct batch_world *world = batch_the_world;
    uint64_t epoch = world->running;
    (void)error;
    batch_point(world);
    for (uint32_t i = 0; i < reader->partition_count; i++) {
        uint32_t p = reader->partitions[i];
        int64_t planned = world->epochs[epoch].end[reader->source][p];
        int64_t begin = batch_begin_of(world, epoch)[reader->source][p];
        if (reader->next[i] != begin || end[i].offset != planned)
            batch_fault(world,
                        "batch %" PRIu64 " is read from %" PRId64 " to %" PRId64
                        ", and was planned from %" PRId64 " to %" PRId64,
                        epoch, reader->next[i], end[i].offset, begin, planned);
        reader->end[i] = end[i].offset;
    }
    uint64_t *run = &world->epochs[epoch].run;
    world->again += *run != 0 && *run != world->run;
    *run = world->run;
    return 0;
}

/* Now and then there is more. */
static bool events_has_more(struct lt_reader *base)
{
    (void)base;
    batch_point(batch_the_world);
    return batch_draw(batch_the_world, 4) == 0;
}

static void events_reader_close(struct lt_reader *base)
{
    struct events_reader *reader = (struct events_reader *)base;
    lt_row_pool_destroy(reader->pool);
    free(reader);
}

static int events_open_reader(struct lt_source *source, const struct lt_connector_env *env,
                              const uint32_t *partitions, uint32_t partition_count,
                              const struct lt_position *start, const struct lt_position *end,
                              struct lt_reader **out, struct lt_error *error)
{
    static const struct lt_reader_ops ops = {
        .poll = events_poll,
        .position = events_position,
        .extend = events_extend,
        .has_more = events_has_more,
        .close = events_reader_close,
    };
    struct events_reader *reader = lt_alloc(sizeof *reader);
    reader->base.ops = &ops;
    reader->source = number_of(source);
    reader->partition_count = partition_count;
    for (uint32_t i = 0; i < partition_count; i++) {
        reader->partitions[i] = partitions[i];
        reader->next[i] = start[i].offset;
        reader->end[i] = end == NULL ? INT64_MAX : end[i].offset;
    }
    *out = &reader->base;
    const struct lt_row_pool_options options = {.column_count = COLUMNS,
                                                .capacity = 64,
                                                .scratch_size_bytes = 128,
                                                .is_shared = env->is_shared};
    return lt_row_pool_create(&options, &reader->pool, error);
}

/* ------------------------------------------------------------------------------------- the type */

static void events_close(struct lt_source *source)
{
    free(source);
}

static const struct lt_type *events_schema(struct lt_arena *arena)
{
    const struct lt_type *time = lt_type_simple(LT_TYPE_TIMESTAMP);
    const struct lt_type *number = lt_type_simple(LT_TYPE_BIGINT);
    const struct lt_field ends[] = {{"start", time, false, NULL}, {"end", time, false, NULL}};
    const struct lt_field fields[COLUMNS] = {{"k", number, false, NULL},
                                             {"t", time, false, NULL},
                                             {"w", lt_type_struct(arena, ends, 2), false, NULL},
                                             {"v", number, false, NULL}};
    return lt_type_struct(arena, fields, COLUMNS);
}

static int events_bind(const struct lt_source_type *type, const struct lt_options *options,
                       const struct lt_type *user_schema, struct lt_arena *arena,
                       struct lt_source **out, struct lt_error *error)
{
    static const struct lt_source_ops ops = {
        .connect = events_connect,
        .initial = events_initial,
        .latest = events_latest,
        .admit = events_admit,
        .positions_to_json = events_to_json,
        .positions_from_json = events_from_json,
        .needs_reconfiguration = events_changed,
        .settle = events_settle,
        .open_reader = events_open_reader,
        .commit = events_commit,
        .close = events_close,
    };
    struct events_source *source = lt_alloc(sizeof *source);
    (void)options, (void)user_schema, (void)error;
    source->number = type == &batch_source_types[0] ? 0 : 1;
    source->base = (struct lt_source){
        .ops = &ops, .type = type, .schema = events_schema(arena), .description = "events"};
    *out = &source->base;
    return 0;
}

enum { TRAITS = LT_SOURCE_REPLAYABLE | LT_SOURCE_IN_BATCHES | LT_SOURCE_BOUNDED };
const struct lt_source_type batch_source_types[BATCH_SOURCES] = {
    {.name = "left", .traits = TRAITS, .bind = events_bind},
    {.name = "right", .traits = TRAITS, .bind = events_bind},
};
