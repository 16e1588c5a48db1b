/*
 * The sinks of a batch world: at least once, staged, and a file that is cut back.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "tests/support/batch_fakes.h"

enum { QUEUE = 1024, MARKS = 4 };

struct mark {
    uint64_t epoch;
    uint32_t rows; /* of the queue, that come before it */
};

struct rows_writer {
    struct lt_writer base;
    const struct lt_type *schema;
    struct batch_row queue[QUEUE]; /* taken, not yet delivered or staged */
    uint32_t count;
    struct mark marks[MARKS];
    uint32_t mark_count;
};

/* ----------------------------------------------------------------------------------------- rows */

static uint32_t put_cells(const struct lt_type *type, bool is_null, const union lt_value *value,
                          int64_t *cells)
{
    bool is_window = type->kind == LT_TYPE_STRUCT;
    for (uint32_t i = 0; i < (is_window ? 2 : 1); i++)
        cells[i] = is_null ? BATCH_NULL : is_window ? value->structure->values[i].i64 : value->i64;
    return is_window ? 2 : 1;
}

static void read_row(const struct lt_type *schema, const struct lt_row *row, struct batch_row *out)
{
    uint32_t used = 0;
    memset(out, 0, sizeof *out);
    for (uint32_t i = 0; i < schema->field_count; i++) {
        lt_assert(used + 2 <= BATCH_CELLS || schema->fields[i].type->kind != LT_TYPE_STRUCT);
        lt_assert(used < BATCH_CELLS);
        used += put_cells(schema->fields[i].type, lt_row_is_null(row, i), &lt_row_values(row)[i],
                          &out->cells[used]);
    }
}

static void drop_first(struct rows_writer *writer, uint32_t count)
{
    writer->count -= count;
    memmove(writer->queue, writer->queue + count, writer->count * sizeof writer->queue[0]);
    for (uint32_t i = 0; i < writer->mark_count; i++)
        writer->marks[i].rows -= count;
}

/* -------------------------------------------------------------------------------------- writers */

static enum lt_write rows_write(struct lt_writer *base, struct lt_row *row, struct lt_fault **fault)
{
    struct rows_writer *writer = (struct rows_writer *)base;
    (void)fault;
    batch_point(batch_the_world);
    if (writer->count == QUEUE || batch_draw(batch_the_world, 16) == 0)
        return LT_WRITE_FULL;
    read_row(writer->schema, row, &writer->queue[writer->count++]);
    lt_row_release(row);
    return LT_WRITE_DONE;
}

/* Delivers the oldest few; a staged sink keeps them until its mark. */
static int rows_poll(struct lt_writer *base, struct lt_out *out)
{
    struct rows_writer *writer = (struct rows_writer *)base;
    struct batch_world *world = batch_the_world;
    (void)out;
    if (world->sink == BATCH_STAGED || writer->count == 0)
        return 0;
    uint32_t count = batch_draw(world, 8);
    count = count > writer->count ? writer->count : count;
    for (uint32_t i = 0; i < count; i++) {
        batch_show(world, world->running, world->run, &writer->queue[i]);
        batch_point(world);
    }
    drop_first(writer, count);
    return (int)count;
}

static void rows_prepare(struct lt_writer *base, uint64_t epoch)
{
    struct rows_writer *writer = (struct rows_writer *)base;
    batch_point(batch_the_world);
    lt_assert(writer->mark_count < MARKS);
    writer->marks[writer->mark_count++] = (struct mark){epoch, writer->count};
    if (epoch != batch_the_world->running)
        batch_fault(batch_the_world,
                    "the marker of batch %" PRIu64 " has come, and %" PRIu64 " is open", epoch,
                    batch_the_world->running);
}

static void stage(struct rows_writer *writer, const struct mark *mark, struct lt_text_buffer *note)
{
    struct batch_world *world = batch_the_world;
    if (world->output_count == BATCH_OUTPUTS || world->staged_count + mark->rows > BATCH_ROWS) {
        batch_fault(world, "the world is too small for what is staged");
        return;
    }
    lt_text_format(note, "%u", world->output_count);
    world->outputs[world->output_count++] = (struct batch_output){
        .epoch = mark->epoch, .first = world->staged_count, .count = mark->rows};
    memcpy(world->staged + world->staged_count, writer->queue,
           mark->rows * sizeof writer->queue[0]);
    world->staged_count += mark->rows;
    drop_first(writer, mark->rows);
}

static int rows_prepared(struct lt_writer *base, uint64_t epoch, struct lt_text_buffer *note)
{
    struct rows_writer *writer = (struct rows_writer *)base;
    struct batch_world *world = batch_the_world;
    batch_point(world);
    if (writer->mark_count == 0 || writer->marks[0].epoch != epoch) {
        batch_fault(world, "the sink is asked about batch %" PRIu64 " out of its order", epoch);
        return 1;
    }
    struct mark mark = writer->marks[0];
    if (batch_draw(world, 3) == 0 || (world->sink != BATCH_STAGED && mark.rows > 0))
        return 0;
    if (world->sink == BATCH_STAGED)
        stage(writer, &mark, note);
    if (world->sink == BATCH_FILE) {
        world->synced_to = world->shown_base + world->shown_count;
        lt_text_format(note, "=%" PRIu64, world->synced_to);
    }
    memmove(writer->marks, writer->marks + 1, --writer->mark_count * sizeof mark);
    return 1;
}

static void rows_writer_close(struct lt_writer *base)
{
    free(base);
}

static int rows_open_writer(struct lt_sink *sink, const struct lt_connector_env *env,
                            struct lt_writer **out, struct lt_error *error)
{
    static const struct lt_writer_ops ops = {
        .write = rows_write,
        .poll = rows_poll,
        .prepare = rows_prepare,
        .prepared = rows_prepared,
        .close = rows_writer_close,
    };
    struct rows_writer *writer = lt_alloc(sizeof *writer);
    (void)env, (void)error;
    writer->base.ops = &ops;
    writer->schema = sink->schema;
    *out = &writer->base;
    return 0;
}

/* --------------------------------------------------------------------------------------- staged */

/* The next output that the notes name; NULL at their end. */
static struct batch_output *next_noted(const char **notes)
{
    for (; **notes != '\0'; ++*notes) {
        if (**notes < '0' || **notes > '9')
            continue;
        char *end;
        struct batch_output *output = &batch_the_world->outputs[strtoul(*notes, &end, 10)];
        *notes = end;
        return output;
    }
    return NULL;
}

static void show_output(struct batch_output *output, uint64_t epoch)
{
    struct batch_world *world = batch_the_world;
    if (output->epoch != epoch || output->state == BATCH_LOST)
        batch_fault(world,
                    "batch %" PRIu64 " is to show what was prepared of %" PRIu64 "%s", epoch,
                    output->epoch, output->state == BATCH_LOST ? " and is no more" : "");
    if (output->state == BATCH_SHOWN)
        return;
    for (uint32_t i = 0; i < output->count; i++)
        batch_show(world, epoch, world->run, &world->staged[output->first + i]);
    output->state = BATCH_SHOWN;
}

/* One output a call, so that the process can die in between. */
static int staged_commit(struct lt_sink *sink, uint64_t epoch, const char *notes,
                         struct lt_error *error)
{
    struct batch_output *output;
    (void)sink, (void)error;
    batch_point(batch_the_world);
    if (batch_draw(batch_the_world, 4) == 0)
        return 1;
    while ((output = next_noted(&notes)) != NULL) {
        if (output->state == BATCH_SHOWN)
            continue;
        show_output(output, epoch);
        return 1;
    }
    return 0;
}

/* What a batch has prepared is lost together, as long as nothing of it is shown. */
static bool loses_outputs(const char *notes)
{
    struct batch_world *world = batch_the_world;
    bool is_lost = batch_draw(world, 2) == 0, is_shown = false, was_lost = false;
    struct batch_output *output;
    for (const char *at = notes; (output = next_noted(&at)) != NULL;) {
        is_shown |= output->state == BATCH_SHOWN;
        was_lost |= output->state == BATCH_LOST;
    }
    is_lost = was_lost || (is_lost && !is_shown);
    for (const char *at = notes; is_lost && (output = next_noted(&at)) != NULL;)
        output->state = BATCH_LOST;
    return is_lost;
}

static int staged_recover(struct lt_sink *sink, uint64_t epoch, const char *notes,
                          bool *must_replay, struct lt_error *error)
{
    struct batch_output *output;
    (void)sink, (void)error;
    batch_point(batch_the_world);
    *must_replay = loses_outputs(notes);
    batch_the_world->withdrawn += *must_replay;
    while (!*must_replay && (output = next_noted(&notes)) != NULL) {
        batch_point(batch_the_world);
        show_output(output, epoch);
    }
    return 0;
}

/* What an earlier life prepared, and recovery did not show, never was. */
static int staged_resume(struct lt_sink *sink, const struct lt_connector_env *env,
                         const struct lt_sink_resume *at, struct lt_error *error)
{
    struct batch_world *world = batch_the_world;
    (void)sink, (void)env, (void)error;
    batch_resume(world, at->next_epoch);
    for (uint32_t i = 0; i < world->output_count; i++) {
        struct batch_output *output = &world->outputs[i];
        if (output->state != BATCH_PREPARED || output->epoch < at->next_epoch)
            continue;
        output->state = BATCH_LOST;
        batch_point(world);
    }
    return 0;
}

/* ------------------------------------------------------------------------------- file and plain */

static int file_resume(struct lt_sink *sink, const struct lt_connector_env *env,
                       const struct lt_sink_resume *at, struct lt_error *error)
{
    struct batch_world *world = batch_the_world;
    uint64_t length = world->shown_base + world->shown_count;
    const char *noted = at->notes == NULL ? NULL : strrchr(at->notes, '=');
    (void)sink, (void)env, (void)error;
    batch_point(world);
    if (at->keep != NULL)
        lt_text_format(at->keep, "=%" PRIu64, length);
    if (noted != NULL) {
        uint64_t end = strtoull(noted + 1, NULL, 10);
        if (end > length || end < world->shown_base)
            batch_fault(world, "the file is to be cut from %" PRIu64 " to %" PRIu64 " rows",
                        length, end);
        else
            world->shown_count = (uint32_t)(end - world->shown_base);
        world->cuts += end < length;
        world->synced_to = end;
    }
    batch_resume(world, at->next_epoch);
    return 0;
}

static int plain_resume(struct lt_sink *sink, const struct lt_connector_env *env,
                        const struct lt_sink_resume *at, struct lt_error *error)
{
    (void)sink, (void)env, (void)error;
    batch_point(batch_the_world);
    batch_resume(batch_the_world, at->next_epoch);
    return 0;
}

/* ------------------------------------------------------------------------------------ the types */

static void rows_close(struct lt_sink *sink)
{
    free(sink);
}

static int rows_bind(const struct lt_sink_type *type, const struct lt_options *options,
                     const struct lt_type *schema, struct lt_arena *arena, struct lt_sink **out,
                     struct lt_error *error)
{
    static const struct lt_sink_ops ops[BATCH_DIRECTORY] = {
        {.open_writer = rows_open_writer, .resume = plain_resume, .close = rows_close},
        {.open_writer = rows_open_writer,
         .recover = staged_recover,
         .resume = staged_resume,
         .commit = staged_commit,
         .close = rows_close},
        {.open_writer = rows_open_writer, .resume = file_resume, .close = rows_close},
    };
    uint32_t kind = (uint32_t)(type - batch_sink_types);
    (void)options, (void)arena, (void)error;
    *out = lt_alloc(sizeof **out);
    **out = (struct lt_sink){
        .ops = &ops[kind],
        .type = type,
        .schema = schema,
        .guarantee = kind == BATCH_AT_LEAST_ONCE ? LT_AT_LEAST_ONCE : LT_EXACTLY_ONCE,
        .one_lane = kind == BATCH_FILE,
        .shows_at_commit = kind == BATCH_STAGED,
    };
    return 0;
}

const struct lt_sink_type batch_sink_types[BATCH_DIRECTORY] = {
    {.name = "plain", .needs_checkpoint = true, .bind = rows_bind},
    {.name = "staged", .needs_checkpoint = true, .bind = rows_bind},
    {.name = "file", .needs_checkpoint = true, .bind = rows_bind},
};
