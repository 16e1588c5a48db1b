/*
 * The sinks of a crash world: at least once, staged, and files that are cut back.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "tests/support/crash_fakes.h"

static void show_output(struct crash_world *world, struct crash_output *output)
{
    if (output->state == CRASH_SHOWN)
        return;
    if (output->state == CRASH_LOST)
        crash_fault(world, "sink %u: epoch %" PRIu64 " is shown after it was dropped", output->sink,
                    output->epoch);
    for (uint32_t p = 0; p < world->partition_count; p++)
        for (int64_t n = output->from[p]; n < output->to[p]; n++)
            crash_show(world, output->sink, p, n);
    output->state = CRASH_SHOWN;
}

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
    crash_point(crash_the_world);
    if (writer->queue_count == QUEUE || crash_draw(crash_the_world, 16) == 0)
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
    uint32_t count = crash_draw(crash_the_world, 8);
    if (count > writer->queue_count)
        count = writer->queue_count;
    for (uint32_t i = 0; i < count; i++) {
        struct lt_row *row = writer->queue[i];
        if (crash_the_world->kinds[writer->sink] != CRASH_STAGED)
            crash_show(crash_the_world, writer->sink, (uint32_t)row->source_partition,
                       row->source_offset);
        lt_row_release(row);
        crash_point(crash_the_world);
    }
    writer->queue_count -= count;
    memmove(writer->queue, writer->queue + count, writer->queue_count * sizeof(struct lt_row *));
    writer->delivered += count;
    return (int)count;
}

static void fake_prepare(struct lt_writer *base, uint64_t epoch)
{
    struct fake_writer *writer = (struct fake_writer *)base;
    crash_point(crash_the_world);
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
    crash_point(crash_the_world);
    for (uint32_t i = 0; i < writer->mark_count; i++) {
        struct mark *mark = &writer->marks[i];
        if (mark->epoch != epoch)
            continue;
        if (writer->delivered < mark->written || crash_draw(crash_the_world, 3) == 0)
            return 0;
        if (crash_the_world->kinds[writer->sink] == CRASH_STAGED) {
            lt_assert(crash_the_world->output_count < CRASH_OUTPUTS);
            lt_text_format(note, "%u", crash_the_world->output_count);
            crash_the_world->outputs[crash_the_world->output_count++] = mark->staged;
        }
        for (uint32_t p = 0; p < CRASH_PARTITIONS; p++)
            if (crash_the_world->kinds[writer->sink] == CRASH_FILE)
                lt_text_format(note, "%u=%" PRId64 ",", p, mark->staged.to[p]);
        memmove(mark, mark + 1, (--writer->mark_count - i) * sizeof *mark);
        return 1;
    }
    crash_fault(crash_the_world, "sink %u is asked about epoch %" PRIu64 " twice", writer->sink,
                epoch);
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
    for (uint32_t p = 0; p < crash_the_world->partition_count; p++)
        writer->from[p] = writer->to[p] = crash_the_world->ever_shown[env->index][p];
    if (crash_the_world->kinds[env->index] == CRASH_STAGED)
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
        struct crash_output *output = &crash_the_world->outputs[strtoul(*notes, &end, 10)];
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
            show_output(crash_the_world, output);
            return 1;
        }
    }
    return 0;
}

static int fake_commit(struct lt_sink *sink, uint64_t epoch, const char *notes,
                       struct lt_error *error)
{
    (void)sink, (void)epoch, (void)error;
    crash_point(crash_the_world);
    return crash_draw(crash_the_world, 4) == 0 ? 1 : show_noted(notes);
}

static int fake_recover(struct lt_sink *sink, uint64_t epoch, const char *notes, bool *must_replay,
                        struct lt_error *error)
{
    struct crash_output *output;
    (void)sink, (void)epoch, (void)error;
    crash_the_world->finished_epochs++;
    while ((output = next_noted(&notes)) != NULL) {
        crash_point(crash_the_world);
        if (output->state == CRASH_PREPARED && crash_draw(crash_the_world, 3) == 0)
            output->state = CRASH_LOST;
        if (output->state == CRASH_LOST)
            *must_replay = true;
        else
            show_output(crash_the_world, output);
    }
    crash_the_world->replays += *must_replay;
    return 0;
}

/* What an earlier life prepared, and recovery did not show, never was. */
static int staged_resume(struct lt_sink *sink, const struct lt_connector_env *env,
                         const struct lt_sink_resume *at, struct lt_error *error)
{
    (void)sink, (void)error;
    for (uint32_t i = 0; i < crash_the_world->output_count; i++) {
        struct crash_output *output = &crash_the_world->outputs[i];
        if (output->sink != env->index || output->state != CRASH_PREPARED ||
            output->epoch < at->next_epoch || (at->is_replay && output->epoch > at->next_epoch))
            continue;
        output->state = CRASH_LOST;
        crash_point(crash_the_world);
    }
    return 0;
}

/* Where the file of a partition ends by what the lanes have noted: each names all, its own to where
 * it wrote. */
static int64_t noted_end(const char *notes, uint32_t partition)
{
    int64_t end = 0;
    char key[16];
    snprintf(key, sizeof key, "%u=", partition);
    for (const char *at = notes; *at != '\0'; at += strcspn(at, ",\n"), at += *at != '\0') {
        int64_t one = strncmp(at, key, strlen(key)) == 0 ? strtoll(at + strlen(key), NULL, 10) : 0;
        end = one > end ? one : end;
    }
    return end;
}

static int file_resume(struct lt_sink *sink, const struct lt_connector_env *env,
                       const struct lt_sink_resume *at, struct lt_error *error)
{
    (void)sink, (void)error;
    for (uint32_t p = 0; p < CRASH_PARTITIONS; p++) {
        int64_t *shown = &crash_the_world->ever_shown[env->index][p];
        crash_point(crash_the_world);
        if (at->keep != NULL)
            lt_text_format(at->keep, "%u=%" PRId64 ",", p, *shown);
        if (at->notes == NULL)
            continue;
        int64_t end = noted_end(at->notes, p);
        if (end > *shown)
            crash_fault(crash_the_world,
                        "sink %u: file %u is to be cut from %" PRId64 " to %" PRId64, env->index, p,
                        *shown, end);
        crash_the_world->cuts += end < *shown;
        *shown = end;
    }
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
                                              .resume = staged_resume,
                                              .commit = fake_commit,
                                              .close = fake_sink_close};
    static const struct lt_sink_ops file = {
        .open_writer = fake_open_writer, .resume = file_resume, .close = fake_sink_close};
    static const struct lt_sink_ops *const ops[] = {&plain, &staged, &file};
    (void)options, (void)arena, (void)error;
    enum crash_sink_kind kind = CRASH_AT_LEAST_ONCE;
    while (crash_sink_types[kind] != type)
        kind++;
    *out = lt_alloc(sizeof **out);
    **out = (struct lt_sink){
        .ops = ops[kind],
        .type = type,
        .schema = schema,
        .guarantee = kind == CRASH_AT_LEAST_ONCE ? LT_AT_LEAST_ONCE : LT_EXACTLY_ONCE,
    };
    return 0;
}

static const struct lt_sink_type plain_type = {
    .name = "plain", .needs_checkpoint = true, .bind = fake_sink_bind};
static const struct lt_sink_type staged_type = {
    .name = "staged", .needs_checkpoint = true, .bind = fake_sink_bind};
static const struct lt_sink_type file_type = {
    .name = "file", .needs_checkpoint = true, .bind = fake_sink_bind};
const struct lt_sink_type *const crash_sink_types[CRASH_SINK_KINDS] = {&plain_type, &staged_type,
                                                                       &file_type};
