/*
 * The source of a crash world: partitions of endless numbered records.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "tests/support/crash_fakes.h"

struct numbers_reader {
    struct lt_reader base;
    struct lt_row_pool *pool;
    uint32_t partitions[CRASH_PARTITIONS], partition_count;
    int64_t next[CRASH_PARTITIONS], end[CRASH_PARTITIONS];
    bool is_replay; /* it has an end, and none beyond it */
};

static int numbers_connect(struct lt_source *source, const struct lt_connector_env *env,
                           struct lt_error *error)
{
    (void)env, (void)error;
    crash_point(crash_the_world);
    crash_the_world->reconnects += source->partition_count != 0;
    source->partition_count = crash_the_world->partition_count;
    return 0;
}

static bool numbers_changed(struct lt_source *source)
{
    return source->partition_count != crash_the_world->partition_count;
}

static int numbers_initial(struct lt_source *source, struct lt_position *positions,
                           struct lt_text_buffer *keep, struct lt_error *error)
{
    (void)keep, (void)error;
    for (uint32_t i = 0; i < source->partition_count; i++)
        positions[i] = (struct lt_position){0};
    return 0;
}

static void numbers_to_json(struct lt_source *source, const struct lt_position *positions,
                            struct lt_text_buffer *out)
{
    lt_text_append(out, "{\"numbers\":{");
    for (uint32_t i = 0; i < source->partition_count; i++)
        lt_text_format(out, "%s\"%u\":%" PRId64, i > 0 ? "," : "", i, positions[i].offset);
    lt_text_append(out, "}}");
}

/* -------------------------------------------------------------------------- a log of the source */

/* Entry n of the log is the offsets that it was settled with; offsets name the entry last. Only the
 * newest is kept. */
#define ENTRY ",\"entry\":"
static uint64_t next_entry; /* of this life */

static int numbers_settle(struct lt_source *source, uint64_t epoch,
                          const struct lt_position *positions, struct lt_source_log *log,
                          struct lt_error *error)
{
    (void)epoch, (void)error;
    crash_point(crash_the_world);
    if (crash_draw(crash_the_world, 3) == 0)
        return 0;
    snprintf(log->name, sizeof log->name, "%" PRIu64, next_entry);
    numbers_to_json(source, positions, &log->content);
    if (next_entry > 0)
        lt_text_format(&log->deleted, "%" PRIu64 "\n", next_entry - 1);
    next_entry++;
    return 1;
}

static void logged_to_json(struct lt_source *source, const struct lt_position *positions,
                           struct lt_text_buffer *out)
{
    numbers_to_json(source, positions, out);
    out->data[--out->size_bytes] = '\0';
    lt_text_format(out, ENTRY "%" PRIu64 "}", next_entry - 1);
}

/* Deletes the entries from `end` on. */
static int drop_entries(const struct lt_source_log_reader *log, uint64_t end,
                        struct lt_error *error)
{
    struct lt_text_buffer names;
    lt_text_init(&names);
    int code = log->list(log->context, &names, error);
    const char *at = lt_text_get(&names);
    for (size_t size_bytes; code == 0 && *at != '\0'; at += size_bytes + 1) {
        char name[LT_SOURCE_LOG_NAME_SIZE];
        size_bytes = strcspn(at, "\n");
        snprintf(name, sizeof name, "%.*s", (int)size_bytes, at);
        if (strtoull(name, NULL, 10) < end)
            continue;
        crash_the_world->dropped_entries++;
        code = log->remove(log->context, name, error);
        crash_point(crash_the_world);
    }
    lt_text_fini(&names);
    return code;
}

static int numbers_resume(struct lt_source *source, const struct lt_connector_env *env,
                          const struct lt_source_log_reader *log, struct lt_error *error)
{
    (void)source, (void)env;
    const char *at = log->positions == NULL ? NULL : strstr(log->positions, ENTRY);
    crash_point(crash_the_world);
    next_entry = at == NULL ? 0 : strtoull(at + strlen(ENTRY), NULL, 10) + 1;
    int code = drop_entries(log, next_entry, error);
    if (at == NULL || code != 0)
        return code;
    struct lt_text_buffer entry;
    char name[LT_SOURCE_LOG_NAME_SIZE];
    lt_text_init(&entry);
    snprintf(name, sizeof name, "%" PRIu64, next_entry - 1);
    code = log->read(log->context, name, &entry, error);
    size_t size_bytes = (size_t)(at - log->positions);
    bool is_there = code == 0 && entry.size_bytes == size_bytes + 1 &&
                    memcmp(entry.data, log->positions, size_bytes) == 0;
    bool is_known = code == 0 || code == LT_E_NOT_FOUND; /* else the disk has failed */
    if (is_known && !is_there)
        crash_fault(crash_the_world, "the source's log ends with '%s', and offsets say %s",
                    lt_text_get(&entry), log->positions);
    lt_text_fini(&entry);
    return code == LT_E_NOT_FOUND ? 0 : code;
}

static int numbers_from_json(struct lt_source *source, const char *json,
                             struct lt_position *positions, struct lt_error *error)
{
    for (uint32_t i = 0; i < source->partition_count; i++) {
        char key[16];
        snprintf(key, sizeof key, "\"%u\":", i);
        const char *at = strstr(json, key);
        if (at == NULL && crash_the_world->done[i] > 0)
            return lt_error_set(error, LT_E_CORRUPT, "offset \"%s\" lacks partition %u", json, i);
        positions[i] =
            (struct lt_position){.offset = at == NULL ? 0 : strtoll(at + strlen(key), NULL, 10)};
    }
    return 0;
}

static enum lt_poll_status numbers_poll(struct lt_reader *base, struct lt_out *out, uint32_t limit,
                                        uint32_t *count)
{
    struct numbers_reader *reader = (struct numbers_reader *)base;
    crash_point(crash_the_world);
    if (crash_the_world->partition_count < CRASH_PARTITIONS &&
        crash_draw(crash_the_world, 60) == 0)
        crash_the_world->partition_count++;
    uint32_t wanted = crash_draw(crash_the_world, 6);
    for (*count = 0; wanted > 0 && *count < limit; wanted--) {
        uint32_t i = crash_draw(crash_the_world, reader->partition_count);
        if (reader->next[i] == reader->end[i])
            continue;
        struct lt_row *row = lt_row_claim(reader->pool);
        if (row == NULL)
            break;
        row->source_partition = (int32_t)reader->partitions[i];
        row->source_offset = reader->next[i]++;
        if (!reader->is_replay)
            crash_the_world->read_to[reader->partitions[i]] = reader->next[i];
        lt_row_values(row)[0] = lt_value_i64(row->source_offset);
        out->emit(out, row);
        (*count)++;
    }
    if (memcmp(reader->next, reader->end, reader->partition_count * sizeof reader->end[0]) == 0)
        return LT_POLL_ENDED;
    return *count > 0 ? LT_POLL_MORE : LT_POLL_IDLE;
}

static void numbers_position(struct lt_reader *base, struct lt_position *positions)
{
    struct numbers_reader *reader = (struct numbers_reader *)base;
    crash_point(crash_the_world);
    for (uint32_t i = 0; i < reader->partition_count; i++)
        positions[i] = (struct lt_position){.offset = reader->next[i]};
}

/* A range of which anything was shown is in the checkpoint: it is finished, or read again. */
static void check_range(uint32_t partition, int64_t from, int64_t to)
{
    struct crash_world *world = crash_the_world;
    bool is_again = world->planned[partition].is_open && world->planned[partition].from == from &&
                    world->planned[partition].to != from;
    bool is_same = is_again && world->planned[partition].to == to;
    if (is_again && !is_same && world->planned[partition].is_shown)
        crash_fault(world,
                    "partition %u: a batch is run again from %" PRId64 " to %" PRId64
                    ", and was logged up to %" PRId64,
                    partition, from, to, world->planned[partition].to);
    world->same_ranges += is_same;
    world->planned[partition].is_shown &= is_same;
    world->planned[partition].is_open = true;
    world->planned[partition].from = from;
    world->planned[partition].to = to;
}

static int numbers_extend(struct lt_reader *base, const struct lt_position *end,
                          struct lt_error *error)
{
    struct numbers_reader *reader = (struct numbers_reader *)base;
    (void)error;
    crash_point(crash_the_world);
    for (uint32_t i = 0; i < reader->partition_count; i++) {
        if (reader->next[i] != reader->end[i])
            crash_fault(crash_the_world, "a batch begins before the last one was read");
        reader->end[i] = end[i].offset;
        check_range(reader->partitions[i], reader->next[i], reader->end[i]);
    }
    return 0;
}

/* Now and then there is more. */
static bool numbers_has_more(struct lt_reader *base)
{
    (void)base;
    crash_point(crash_the_world);
    return crash_draw(crash_the_world, 4) == 0;
}

static int numbers_admit(struct lt_source *source, const struct lt_position *start,
                         const struct lt_position *latest, struct lt_position *end,
                         struct lt_error *error)
{
    (void)latest, (void)error;
    crash_point(crash_the_world);
    uint32_t most = crash_draw(crash_the_world, 3) == 0 ? 1 : 12;
    for (uint32_t i = 0; i < source->partition_count; i++)
        end[i].offset = start[i].offset + crash_draw(crash_the_world, most);
    return crash_draw(crash_the_world, 8) == 0 ? 0 : 1;
}

static void numbers_reader_close(struct lt_reader *base)
{
    struct numbers_reader *reader = (struct numbers_reader *)base;
    lt_row_pool_destroy(reader->pool);
    free(reader);
}

static int numbers_open_reader(struct lt_source *source, const struct lt_connector_env *env,
                               const uint32_t *partitions, uint32_t partition_count,
                               const struct lt_position *start, const struct lt_position *end,
                               struct lt_reader **out, struct lt_error *error)
{
    static const struct lt_reader_ops ops = {
        .poll = numbers_poll,
        .position = numbers_position,
        .extend = numbers_extend,
        .has_more = numbers_has_more,
        .close = numbers_reader_close,
    };
    (void)source;
    struct numbers_reader *reader = lt_alloc(sizeof *reader);
    reader->base.ops = &ops;
    reader->partition_count = partition_count;
    for (uint32_t i = 0; i < partition_count; i++) {
        reader->partitions[i] = partitions[i];
        reader->next[i] = start[i].offset;
        reader->end[i] = end == NULL ? INT64_MAX : end[i].offset;
        if (end == NULL || env->in_batches)
            crash_begin(crash_the_world, partitions[i], start[i].offset);
    }
    reader->is_replay = end != NULL && !env->in_batches;
    *out = &reader->base;
    struct lt_row_pool_options options = {
        .column_count = 1, .capacity = 512, .is_shared = env->is_shared};
    return lt_row_pool_create(&options, &reader->pool, error);
}

static void numbers_commit(struct lt_source *source, uint64_t epoch,
                           const struct lt_position *positions)
{
    (void)epoch;
    crash_the_world->done_epochs++;
    for (uint32_t i = 0; i < source->partition_count; i++) {
        crash_the_world->done[i] = positions[i].offset;
        crash_the_world->planned[i].is_open = false;
    }
}

static void numbers_close(struct lt_source *source)
{
    free(source);
}

static const struct lt_type *numbers_schema(struct lt_arena *arena)
{
    const struct lt_field field = {"n", lt_type_simple(LT_TYPE_BIGINT), false, NULL};
    return lt_type_struct(arena, &field, 1);
}

static int numbers_bind(const struct lt_source_type *type, const struct lt_options *options,
                        const struct lt_type *user_schema, struct lt_arena *arena,
                        struct lt_source **out, struct lt_error *error)
{
    static const struct lt_source_ops ops = {
        .connect = numbers_connect,
        .initial = numbers_initial,
        .positions_to_json = numbers_to_json,
        .positions_from_json = numbers_from_json,
        .needs_reconfiguration = numbers_changed,
        .admit = numbers_admit,
        .open_reader = numbers_open_reader,
        .commit = numbers_commit,
        .close = numbers_close,
    };
    static struct lt_source_ops logged;
    logged = ops;
    logged.settle = numbers_settle;
    logged.resume = numbers_resume;
    logged.positions_to_json = logged_to_json;
    (void)options, (void)user_schema, (void)error;
    *out = lt_alloc(sizeof **out);
    **out = (struct lt_source){
        .ops = crash_the_world->keeps_log ? &logged : &ops,
        .type = type,
        .schema = numbers_schema(arena),
        .description = "numbers",
    };
    return 0;
}

const struct lt_source_type crash_source_type = {
    .name = "numbers", .traits = LT_SOURCE_REPLAYABLE | LT_SOURCE_IN_BATCHES, .bind = numbers_bind};
