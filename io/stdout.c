#include "io/stdout.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/limits.h"
#include "io/format_write.h"
#include "io/outbox.h"

enum { BOUNDARIES = 2 * LT_LIMIT_EPOCHS_IN_FLIGHT + 2 };

static const struct lt_option_spec option_table[] = {
    LT_FORMAT_WRITE_NAME_ROWS LT_FRAME_WRITE_ROWS LT_FORMAT_WRITE_ROWS};
enum { OPTION_COUNT = sizeof option_table / sizeof option_table[0] };

/* Of all that this process writes to standard output. */
static struct lt_shared_u64 turn;

struct stdout_sink {
    struct lt_sink base;
    struct lt_format_writer *format; /* the one writer's */
    int fd;
    bool has_writer, has_begun;
};

struct stdout_writer {
    struct lt_writer base;
    struct stdout_sink *sink;
    struct lt_outbox box;
    uint64_t boundaries[BOUNDARIES]; /* position of the marker, by epoch % BOUNDARIES */
};

static struct stdout_sink *stdout_of(struct lt_sink *sink)
{
    return (struct stdout_sink *)(void *)sink; /* the base is its first member */
}

static struct stdout_writer *writer_of(struct lt_writer *base)
{
    return (struct stdout_writer *)(void *)base;
}

static enum lt_write stdout_write(struct lt_writer *base, struct lt_row *row,
                                  struct lt_fault **fault)
{
    struct stdout_writer *writer = writer_of(base);
    if (lt_unlikely(!lt_outbox_has_room(&writer->box)))
        return LT_WRITE_FULL;
    if (lt_unlikely(!lt_format_write(writer->sink->format, row, lt_outbox_bytes(&writer->box),
                                     "sink stdout", fault)))
        return LT_WRITE_FAILED;
    lt_outbox_end_row(&writer->box, row->ingest_ns);
    lt_row_release(row);
    return LT_WRITE_DONE;
}

static void stdout_flush(struct lt_writer *base)
{
    lt_outbox_flush(&writer_of(base)->box);
}

static int stdout_poll(struct lt_writer *base, struct lt_out *out)
{
    (void)out;
    struct stdout_writer *writer = writer_of(base);
    int work = lt_outbox_poll(&writer->box);
    if (lt_likely(work >= 0))
        return work;
    lt_error_set_errno(&base->error, writer->box.failure,
                       "sink stdout: cannot write to standard output");
    if (writer->box.failure == EPIPE)
        lt_error_condition(&base->error, LT_STDOUT_CLOSED, NULL);
    return -1;
}

static int64_t stdout_deadline_ns(struct lt_writer *base)
{
    return lt_outbox_deadline_ns(&writer_of(base)->box);
}

static void stdout_prepare(struct lt_writer *base, uint64_t epoch)
{
    struct stdout_writer *writer = writer_of(base);
    writer->boundaries[epoch % BOUNDARIES] = lt_outbox_end(&writer->box);
    lt_outbox_flush(&writer->box);
}

static int stdout_prepared(struct lt_writer *base, uint64_t epoch, struct lt_text_buffer *note)
{
    (void)note;
    struct stdout_writer *writer = writer_of(base);
    return writer->box.written >= writer->boundaries[epoch % BOUNDARIES];
}

static void stdout_close_writer(struct lt_writer *base)
{
    struct stdout_writer *writer = writer_of(base);
    lt_outbox_fini(&writer->box);
    writer->sink->has_writer = false;
    free(writer);
}

static int stdout_open_writer(struct lt_sink *base, const struct lt_connector_env *env,
                              struct lt_writer **out, struct lt_error *error)
{
    static const struct lt_writer_ops ops = {
        .write = stdout_write,
        .flush = stdout_flush,
        .poll = stdout_poll,
        .deadline_ns = stdout_deadline_ns,
        .prepare = stdout_prepare,
        .prepared = stdout_prepared,
        .close = stdout_close_writer,
    };
    struct stdout_sink *sink = stdout_of(base);
    *out = NULL;
    if (sink->has_writer)
        return lt_error_set(error, LT_E_UNSUPPORTED,
                            "standard output has one order, and the query has several lanes; hint: "
                            "--lanes 1");
    struct stdout_writer *writer = lt_alloc(sizeof *writer);
    writer->base.ops = &ops;
    writer->sink = sink;
    lt_outbox_init(&writer->box, &(struct lt_outbox_options){.reactor = env->reactor,
                                                             .clock = env->clock,
                                                             .writer = &writer->base,
                                                             .fd = sink->fd,
                                                             .turn = &turn});
    if (!sink->has_begun)
        lt_format_write_begin(sink->format, lt_outbox_bytes(&writer->box));
    sink->has_begun = sink->has_writer = true;
    *out = &writer->base;
    return 0;
}

static void stdout_close(struct lt_sink *base)
{
    lt_format_writer_destroy(stdout_of(base)->format);
    free(base);
}

void lt_stdout_set_fd(struct lt_sink *sink, int fd)
{
    stdout_of(sink)->fd = fd;
}

static int stdout_bind(const struct lt_sink_type *type, const struct lt_options *options,
                       const struct lt_type *schema, struct lt_arena *arena, struct lt_sink **out,
                       struct lt_error *error)
{
    static const struct lt_sink_ops ops = {
        .open_writer = stdout_open_writer,
        .close = stdout_close,
    };
    (void)arena;
    *out = NULL;
    struct lt_format_writer *format;
    int code = lt_format_writer_bind_lines("sink stdout", option_table, OPTION_COUNT, options,
                                           schema, &format, error);
    if (code != 0)
        return code;
    struct stdout_sink *sink = lt_alloc(sizeof *sink);
    sink->base.ops = &ops;
    sink->base.type = type;
    sink->base.schema = schema;
    sink->base.guarantee = LT_AT_LEAST_ONCE;
    sink->base.one_lane = true;
    sink->format = format;
    sink->fd = STDOUT_FILENO;
    snprintf(sink->base.description, sizeof sink->base.description, "StdoutSink[%s]",
             lt_options_text(options, option_table, OPTION_COUNT, "format"));
    *out = &sink->base;
    return 0;
}

const struct lt_sink_type lt_stdout_sink_type = {
    .name = "stdout",
    .doc = "Rows on standard output, for pipes.",
    .options = option_table,
    .option_count = OPTION_COUNT,
    .takes_plain_letters = true,
    .bind = stdout_bind,
};
