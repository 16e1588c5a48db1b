#include "tests/support/crash_world.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core/base/arena.h"

void (*crash_die)(void);
static struct crash_world *the_world; /* what the fakes act on */

struct crash_world *crash_world_create(void)
{
    void *memory = mmap(NULL, sizeof(struct crash_world), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    lt_assert(memory != MAP_FAILED);
    return memory;
}

uint32_t crash_draw(struct crash_world *world, uint32_t bound)
{
    /* splitmix64: any seed, 0 too, gives a full sequence. */
    uint64_t x = world->random += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((x ^ (x >> 31)) % bound);
}

void crash_world_init(struct crash_world *world, uint64_t seed)
{
    memset(world, 0, sizeof *world);
    world->random = seed;
    world->partition_count = 1 + crash_draw(world, CRASH_PARTITIONS);
    for (uint32_t i = 0; i < CRASH_SINKS; i++)
        world->kinds[i] = crash_draw(world, 2);
}

void crash_fault(struct crash_world *world, const char *format, ...)
{
    if (world->fault[0] != '\0')
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(world->fault, sizeof world->fault, format, arguments);
    va_end(arguments);
}

void crash_point(struct crash_world *world)
{
    if (world->calls_left > 0 && --world->calls_left == 0)
        crash_die();
}

static void show(struct crash_world *world, uint32_t sink, uint32_t partition, int64_t record)
{
    int64_t *next = &world->shown_to[sink][partition];
    if (record != *next)
        crash_fault(
            world, "sink %u, partition %u: record %" PRId64 " is shown where %" PRId64 " should be",
            sink, partition, record, *next);
    *next = record + 1;
    if (world->ever_shown[sink][partition] < record + 1)
        world->ever_shown[sink][partition] = record + 1;
}

static void show_output(struct crash_world *world, struct crash_output *output)
{
    if (output->state == CRASH_SHOWN)
        return;
    if (output->state == CRASH_LOST)
        crash_fault(world, "sink %u: epoch %" PRIu64 " is shown after it was dropped", output->sink,
                    output->epoch);
    for (uint32_t p = 0; p < world->partition_count; p++)
        for (int64_t n = output->from[p]; n < output->to[p]; n++)
            show(world, output->sink, p, n);
    output->state = CRASH_SHOWN;
}

/* -------------------------------------------------------------------------------------- source */

struct numbers_reader {
    struct lt_reader base;
    struct lt_row_pool *pool;
    uint32_t partitions[CRASH_PARTITIONS], partition_count;
    int64_t next[CRASH_PARTITIONS], end[CRASH_PARTITIONS];
    bool is_replay; /* it has an end */
};

static int numbers_connect(struct lt_source *source, const struct lt_connector_env *env,
                           struct lt_error *error)
{
    (void)env, (void)error;
    crash_point(the_world);
    the_world->reconnects += source->partition_count != 0;
    source->partition_count = the_world->partition_count;
    return 0;
}

static bool numbers_changed(struct lt_source *source)
{
    return source->partition_count != the_world->partition_count;
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

static int numbers_from_json(struct lt_source *source, const char *json,
                             struct lt_position *positions, struct lt_error *error)
{
    for (uint32_t i = 0; i < source->partition_count; i++) {
        char key[16];
        snprintf(key, sizeof key, "\"%u\":", i);
        const char *at = strstr(json, key);
        if (at == NULL && the_world->done[i] > 0)
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
    crash_point(the_world);
    if (the_world->partition_count < CRASH_PARTITIONS && crash_draw(the_world, 400) == 0)
        the_world->partition_count++;
    uint32_t wanted = crash_draw(the_world, 6);
    for (*count = 0; wanted > 0 && *count < limit; wanted--) {
        uint32_t i = crash_draw(the_world, reader->partition_count);
        if (reader->next[i] == reader->end[i])
            continue;
        struct lt_row *row = lt_row_claim(reader->pool);
        if (row == NULL)
            break;
        row->source_partition = (int32_t)reader->partitions[i];
        row->source_offset = reader->next[i]++;
        if (!reader->is_replay)
            the_world->read_to[reader->partitions[i]] = reader->next[i];
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
    crash_point(the_world);
    for (uint32_t i = 0; i < reader->partition_count; i++)
        positions[i] = (struct lt_position){.offset = reader->next[i]};
}

static void numbers_reader_close(struct lt_reader *base)
{
    struct numbers_reader *reader = (struct numbers_reader *)base;
    lt_row_pool_destroy(reader->pool);
    free(reader);
}

/* Where a life begins in one partition: what the checkpoint made of the one before. */
static void begin(struct crash_world *world, uint32_t partition, int64_t position)
{
    if (position < world->done[partition])
        crash_fault(world,
                    "partition %u goes back to %" PRId64 ", and an epoch was done up to %" PRId64,
                    partition, position, world->done[partition]);
    world->read_to[partition] = position;
    for (uint32_t i = 0; i < CRASH_SINKS; i++) {
        bool is_exact = world->kinds[i] == CRASH_STAGED;
        int64_t shown = world->ever_shown[i][partition];
        if (shown < position || (is_exact && shown != position))
            crash_fault(world,
                        "sink %u has shown partition %u up to %" PRId64
                        ", and the query goes on at %" PRId64,
                        i, partition, shown, position);
        world->shown_to[i][partition] = position;
    }
}

static int numbers_open_reader(struct lt_source *source, const struct lt_connector_env *env,
                               const uint32_t *partitions, uint32_t partition_count,
                               const struct lt_position *start, const struct lt_position *end,
                               struct lt_reader **out, struct lt_error *error)
{
    static const struct lt_reader_ops ops = {
        .poll = numbers_poll, .position = numbers_position, .close = numbers_reader_close};
    (void)source;
    struct numbers_reader *reader = lt_alloc(sizeof *reader);
    reader->base.ops = &ops;
    reader->partition_count = partition_count;
    for (uint32_t i = 0; i < partition_count; i++) {
        reader->partitions[i] = partitions[i];
        reader->next[i] = start[i].offset;
        reader->end[i] = end == NULL ? INT64_MAX : end[i].offset;
        if (end == NULL)
            begin(the_world, partitions[i], start[i].offset);
    }
    reader->is_replay = end != NULL;
    *out = &reader->base;
    struct lt_row_pool_options options = {
        .column_count = 1, .capacity = 512, .is_shared = env->is_shared};
    return lt_row_pool_create(&options, &reader->pool, error);
}

static void numbers_commit(struct lt_source *source, uint64_t epoch,
                           const struct lt_position *positions)
{
    (void)epoch;
    the_world->done_epochs++;
    for (uint32_t i = 0; i < source->partition_count; i++)
        the_world->done[i] = positions[i].offset;
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
        .open_reader = numbers_open_reader,
        .commit = numbers_commit,
        .close = numbers_close,
    };
    (void)options, (void)user_schema, (void)error;
    *out = lt_alloc(sizeof **out);
    **out = (struct lt_source){
        .ops = &ops, .type = type, .schema = numbers_schema(arena), .description = "numbers"};
    return 0;
}

/* --------------------------------------------------------------------------------------- sinks */

enum { QUEUE = 512, MARKS = 16 };

struct mark {
    uint64_t epoch;
    uint64_t written; /* rows before it */
    struct crash_output staged;
};

struct fake_writer {
    struct lt_writer base;
    uint32_t sink;
    struct lt_row *queue[QUEUE]; /* taken, not yet delivered */
    uint32_t queue_count;
    uint64_t written, delivered;
    int64_t from[CRASH_PARTITIONS], to[CRASH_PARTITIONS]; /* of the open batch; staged */
    int64_t
        has_shown_to[CRASH_PARTITIONS]; /* staged: rows before that are a replay's, not wanted */
    struct mark marks[MARKS];
    uint32_t mark_count;
};

static enum lt_write fake_write(struct lt_writer *base, struct lt_row *row, struct lt_fault **fault)
{
    struct fake_writer *writer = (struct fake_writer *)base;
    (void)fault;
    crash_point(the_world);
    if (writer->queue_count == QUEUE || crash_draw(the_world, 16) == 0)
        return LT_WRITE_FULL;
    if (writer->has_shown_to[row->source_partition] > row->source_offset) {
        lt_row_release(row);
        return LT_WRITE_DONE;
    }
    writer->queue[writer->queue_count++] = row;
    writer->to[row->source_partition] = row->source_offset + 1;
    writer->written++;
    return LT_WRITE_DONE;
}

/* Delivers the oldest few; a staged sink only takes them in. */
static int fake_poll(struct lt_writer *base, struct lt_out *out)
{
    struct fake_writer *writer = (struct fake_writer *)base;
    (void)out;
    uint32_t count = crash_draw(the_world, 8);
    if (count > writer->queue_count)
        count = writer->queue_count;
    for (uint32_t i = 0; i < count; i++) {
        struct lt_row *row = writer->queue[i];
        if (the_world->kinds[writer->sink] == CRASH_AT_LEAST_ONCE)
            show(the_world, writer->sink, (uint32_t)row->source_partition, row->source_offset);
        lt_row_release(row);
        crash_point(the_world);
    }
    writer->queue_count -= count;
    memmove(writer->queue, writer->queue + count, writer->queue_count * sizeof(struct lt_row *));
    writer->delivered += count;
    return (int)count;
}

static void fake_prepare(struct lt_writer *base, uint64_t epoch)
{
    struct fake_writer *writer = (struct fake_writer *)base;
    crash_point(the_world);
    lt_assert(writer->mark_count < MARKS);
    struct mark *mark = &writer->marks[writer->mark_count++];
    *mark = (struct mark){.epoch = epoch, .written = writer->written};
    mark->staged = (struct crash_output){.epoch = epoch, .sink = writer->sink};
    memcpy(mark->staged.from, writer->from, sizeof writer->from);
    memcpy(mark->staged.to, writer->to, sizeof writer->to);
    memcpy(writer->from, writer->to, sizeof writer->from);
}

static int fake_prepared(struct lt_writer *base, uint64_t epoch, struct lt_text_buffer *note)
{
    struct fake_writer *writer = (struct fake_writer *)base;
    crash_point(the_world);
    for (uint32_t i = 0; i < writer->mark_count; i++) {
        struct mark *mark = &writer->marks[i];
        if (mark->epoch != epoch)
            continue;
        if (writer->delivered < mark->written || crash_draw(the_world, 3) == 0)
            return 0;
        if (the_world->kinds[writer->sink] == CRASH_STAGED) {
            lt_assert(the_world->output_count < CRASH_OUTPUTS);
            lt_text_format(note, "%u", the_world->output_count);
            the_world->outputs[the_world->output_count++] = mark->staged;
        }
        memmove(mark, mark + 1, (--writer->mark_count - i) * sizeof *mark);
        return 1;
    }
    crash_fault(the_world, "sink %u is asked about epoch %" PRIu64 " twice", writer->sink, epoch);
    return 1;
}

static void fake_abort(struct lt_writer *base)
{
    struct fake_writer *writer = (struct fake_writer *)base;
    while (writer->queue_count > 0)
        lt_row_release(writer->queue[--writer->queue_count]);
}

static void fake_writer_close(struct lt_writer *base)
{
    free(base);
}

static int fake_open_writer(struct lt_sink *sink, const struct lt_connector_env *env,
                            struct lt_writer **out, struct lt_error *error)
{
    static const struct lt_writer_ops ops = {
        .write = fake_write,
        .poll = fake_poll,
        .prepare = fake_prepare,
        .prepared = fake_prepared,
        .abort = fake_abort,
        .close = fake_writer_close,
    };
    (void)sink, (void)error;
    struct fake_writer *writer = lt_alloc(sizeof *writer);
    writer->base.ops = &ops;
    writer->sink = env->index;
    /* What an earlier life prepared and recovery did not show never was. */
    for (uint32_t i = 0; i < the_world->output_count; i++)
        if (the_world->outputs[i].sink == env->index &&
            the_world->outputs[i].state == CRASH_PREPARED)
            the_world->outputs[i].state = CRASH_LOST;
    for (uint32_t p = 0; p < the_world->partition_count; p++)
        writer->from[p] = writer->to[p] = the_world->ever_shown[env->index][p];
    if (the_world->kinds[env->index] == CRASH_STAGED)
        memcpy(writer->has_shown_to, writer->from, sizeof writer->has_shown_to);
    *out = &writer->base;
    return 0;
}

/* The next output that the notes name; NULL at their end. */
static struct crash_output *next_noted(const char **notes)
{
    for (; **notes != '\0'; *notes += strcspn(*notes, "\n"), *notes += **notes == '\n') {
        if (**notes < '0' || **notes > '9')
            continue;
        char *end;
        struct crash_output *output = &the_world->outputs[strtoul(*notes, &end, 10)];
        *notes = end;
        return output;
    }
    return NULL;
}

/* Shows what the notes name, one output a call, so that the process can die in between. */
static int show_noted(const char *notes)
{
    struct crash_output *output;
    while ((output = next_noted(&notes)) != NULL) {
        if (output->state != CRASH_SHOWN) {
            show_output(the_world, output);
            return 1;
        }
    }
    return 0;
}

static int fake_commit(struct lt_sink *sink, uint64_t epoch, const char *notes,
                       struct lt_error *error)
{
    (void)sink, (void)epoch, (void)error;
    crash_point(the_world);
    return crash_draw(the_world, 4) == 0 ? 1 : show_noted(notes);
}

static int fake_recover(struct lt_sink *sink, uint64_t epoch, const char *notes, bool *must_replay,
                        struct lt_error *error)
{
    struct crash_output *output;
    (void)sink, (void)epoch, (void)error;
    the_world->finished_epochs++;
    while ((output = next_noted(&notes)) != NULL) {
        crash_point(the_world);
        if (output->state == CRASH_PREPARED && crash_draw(the_world, 3) == 0)
            output->state = CRASH_LOST;
        if (output->state == CRASH_LOST)
            *must_replay = true;
        else
            show_output(the_world, output);
    }
    the_world->replays += *must_replay;
    return 0;
}

static void fake_sink_close(struct lt_sink *sink)
{
    free(sink);
}

static int fake_sink_bind(const struct lt_sink_type *type, const struct lt_options *options,
                          const struct lt_type *schema, struct lt_arena *arena,
                          struct lt_sink **out, struct lt_error *error)
{
    static const struct lt_sink_ops plain = {.open_writer = fake_open_writer,
                                             .close = fake_sink_close};
    static const struct lt_sink_ops staged = {.open_writer = fake_open_writer,
                                              .recover = fake_recover,
                                              .commit = fake_commit,
                                              .close = fake_sink_close};
    (void)options, (void)arena, (void)error;
    bool is_staged = strcmp(type->name, "staged") == 0;
    *out = lt_alloc(sizeof **out);
    **out = (struct lt_sink){.ops = is_staged ? &staged : &plain,
                             .type = type,
                             .schema = schema,
                             .guarantee = is_staged ? LT_EXACTLY_ONCE : LT_AT_LEAST_ONCE};
    return 0;
}

const struct lt_catalog *crash_catalog(struct crash_world *world,
                                       lt_reactor_create_fn *create_reactor)
{
    static const struct lt_source_type numbers = {
        .name = "numbers", .traits = LT_SOURCE_REPLAYABLE, .bind = numbers_bind};
    static const struct lt_sink_type plain = {
        .name = "plain", .needs_checkpoint = true, .bind = fake_sink_bind};
    static const struct lt_sink_type staged = {
        .name = "staged", .needs_checkpoint = true, .bind = fake_sink_bind};
    static const struct lt_source_type *const sources[] = {&numbers};
    static const struct lt_sink_type *const sinks[] = {&plain, &staged};
    static struct lt_catalog catalog = {sources, 1, sinks, 2, NULL};
    the_world = world;
    catalog.create_reactor = create_reactor;
    return &catalog;
}
