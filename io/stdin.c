#include "io/stdin.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/text/json_tree.h"
#include "io/feed.h"

static const struct lt_option_spec option_table[] = {
    LT_FORMAT_NAME_ROWS LT_FRAME_READ_ROWS LT_FORMAT_READ_ROWS};
enum { OPTION_COUNT = sizeof option_table / sizeof option_table[0] };

struct stdin_source {
    struct lt_source base;
    const struct lt_format *format;
    int fd;
    bool has_ended; /* a run that begins again finds the end at once */
};

struct stdin_reader {
    struct lt_reader base;
    struct stdin_source *source;
    struct lt_reactor *reactor;
    struct lt_format_reader *format;
    struct lt_feed *feed;
    struct lt_io read;
    int64_t begin; /* what the runs before have read */
    bool is_reading, has_failed;
};

static struct stdin_source *stdin_of(struct lt_source *source)
{
    return (struct stdin_source *)(void *)source; /* the base is its first member */
}

static struct stdin_reader *reader_of(struct lt_reader *base)
{
    return (struct stdin_reader *)(void *)base;
}

/* -------------------------------------------------------------------------------------- reader */

static void read_done(struct lt_io *io)
{
    struct stdin_reader *reader = io->context;
    reader->is_reading = false;
    lt_feed_filled(reader->feed, io->result > 0 ? (size_t)io->result : 0);
    if (io->result > 0 || io->result == -EINTR || io->result == -EAGAIN ||
        io->result == -ECANCELED)
        return;
    if (io->result == 0 || io->result == -EIO) { /* a terminal that was hung up says EIO */
        reader->source->has_ended = true;
        lt_feed_end(reader->feed);
        return;
    }
    lt_error_set_errno(&reader->base.error, (int)-io->result,
                       "source stdin: cannot read after byte %" PRId64,
                       lt_feed_end_position(reader->feed));
    reader->has_failed = true;
}

static void read_on(struct stdin_reader *reader)
{
    struct lt_feed_space space = lt_feed_space(reader->feed, 1);
    if (space.data == NULL)
        return;
    reader->read.buffer = space.data;
    reader->read.size_bytes = space.size_bytes > INT32_MAX ? INT32_MAX : (uint32_t)space.size_bytes;
    reader->is_reading = true;
    lt_reactor_submit(reader->reactor, &reader->read);
}

static enum lt_poll_status stdin_poll(struct lt_reader *base, struct lt_out *out, uint32_t limit,
                                      uint32_t *count)
{
    struct stdin_reader *reader = reader_of(base);
    enum lt_poll_status status;
    *count = 0;
    if (lt_unlikely(reader->has_failed))
        return LT_POLL_FAILED;
    *count = lt_feed_poll(reader->feed, out, limit, &status);
    if (lt_unlikely(status == LT_POLL_FAILED)) {
        base->error = *lt_feed_error(reader->feed);
        lt_error_append(&base->error, "source stdin");
        reader->has_failed = true;
    }
    if (status != LT_POLL_IDLE)
        return status;
    if (lt_feed_is_starved(reader->feed) && lt_feed_has_more(reader->feed))
        return LT_POLL_MORE;
    if (!reader->is_reading && !reader->source->has_ended)
        read_on(reader);
    return reader->is_reading || reader->source->has_ended ? LT_POLL_IDLE : LT_POLL_MORE;
}

static bool stdin_is_idle(struct lt_reader *base)
{
    return reader_of(base)->is_reading;
}

static void stdin_position(struct lt_reader *base, struct lt_position *positions)
{
    struct stdin_reader *reader = reader_of(base);
    positions[0] =
        (struct lt_position){.offset = reader->begin + lt_feed_position(reader->feed)};
}

static void stdin_stop(struct lt_reader *base)
{
    struct stdin_reader *reader = reader_of(base);
    lt_reactor_cancel_and_wait(reader->reactor, &reader->read);
}

static void stdin_reader_close(struct lt_reader *base)
{
    struct stdin_reader *reader = reader_of(base);
    lt_feed_destroy(reader->feed);
    lt_format_reader_destroy(reader->format);
    free(reader);
}

static int stdin_open_reader(struct lt_source *base, const struct lt_connector_env *env,
                             const uint32_t *partitions, uint32_t partition_count,
                             const struct lt_position *start, const struct lt_position *end,
                             struct lt_reader **out, struct lt_error *error)
{
    static const struct lt_reader_ops ops = {
        .poll = stdin_poll,
        .is_idle = stdin_is_idle,
        .position = stdin_position,
        .stop = stdin_stop,
        .close = stdin_reader_close,
    };
    struct stdin_source *source = stdin_of(base);
    (void)partitions;
    (void)end; /* it is not bounded, and cannot be replayed */
    lt_assert(partition_count == 1);
    *out = NULL;
    struct stdin_reader *reader = lt_alloc(sizeof *reader);
    reader->base.ops = &ops;
    reader->source = source;
    reader->reactor = env->reactor;
    reader->begin = start[0].offset;
    int code = lt_format_reader_create(source->format, base->used_columns, "source stdin",
                                       &reader->format, error);
    struct lt_feed_options options = {
        .reader = reader->format,
        .clock = env->clock,
        .counters = env->counters,
        .counter_prefix = env->counter_prefix,
        .column_count = base->schema->field_count,
        .row_capacity = env->lane_rows,
        .bytes_capacity = env->lane_bytes,
        .is_shared = env->is_shared,
    };
    if (code == 0)
        code = lt_feed_create(&options, &reader->feed, error);
    if (code != 0) {
        lt_format_reader_destroy(reader->format);
        free(reader);
        return code;
    }
    reader->read = (struct lt_io){
        .kind = LT_IO_READ, .fd = source->fd, .offset = -1, .done = read_done, .context = reader};
    lt_feed_begin(reader->feed, 0);
    if (source->has_ended)
        lt_feed_end(reader->feed);
    *out = &reader->base;
    return 0;
}

/* -------------------------------------------------------------------------------------- source */

static int stdin_initial(struct lt_source *source, struct lt_position *positions,
                         struct lt_text_buffer *keep, struct lt_error *error)
{
    (void)source;
    (void)keep;
    (void)error;
    positions[0] = (struct lt_position){0};
    return 0;
}

static void stdin_to_json(struct lt_source *source, const struct lt_position *positions,
                          struct lt_text_buffer *out)
{
    (void)source;
    lt_text_format(out, "{\"bytes\":%" PRId64 "}", positions[0].offset);
}

static int stdin_from_json(struct lt_source *source, const char *text,
                           struct lt_position *positions, struct lt_error *error)
{
    (void)source;
    struct lt_arena *arena = lt_arena_create();
    const struct lt_json *json;
    int64_t bytes = 0;
    int code = lt_json_parse(text, strlen(text), arena, &json, error);
    if (code == 0)
        code = lt_json_get_i64(json, "bytes", &bytes, error);
    lt_arena_destroy(arena);
    positions[0] = (struct lt_position){.offset = bytes};
    return code;
}

static void stdin_partition_name(struct lt_source *source, uint32_t partition, char *out,
                                 size_t out_size)
{
    (void)source;
    (void)partition;
    snprintf(out, out_size, "standard input");
}

static void stdin_original(struct lt_source *source, struct lt_row *root, struct lt_row *into,
                           struct lt_original *out)
{
    (void)source;
    lt_feed_original(root, into, out);
}

static void stdin_close(struct lt_source *source)
{
    free(stdin_of(source));
}

void lt_stdin_set_fd(struct lt_source *source, int fd)
{
    stdin_of(source)->fd = fd;
}

static int stdin_bind(const struct lt_source_type *type, const struct lt_options *options,
                      const struct lt_type *user_schema, struct lt_arena *arena,
                      struct lt_source **out, struct lt_error *error)
{
    static const struct lt_source_ops ops = {
        .initial = stdin_initial,
        .positions_to_json = stdin_to_json,
        .positions_from_json = stdin_from_json,
        .partition_name = stdin_partition_name,
        .original = stdin_original,
        .open_reader = stdin_open_reader,
        .close = stdin_close,
    };
    const struct lt_format *format;
    *out = NULL;
    int code = lt_options_check(options, option_table, OPTION_COUNT, "source stdin", error);
    if (code != 0)
        return code;
    struct lt_format_setup setup = {
        .name = lt_options_text(options, option_table, OPTION_COUNT, "format"),
        .options = options,
        .user_schema = user_schema,
        .owner = "source stdin",
        .default_frame = LT_FRAME_LINE,
    };
    code = lt_format_bind(&setup, arena, &format, error);
    if (code != 0)
        return code;
    struct stdin_source *source = lt_alloc(sizeof *source);
    source->base.ops = &ops;
    source->base.type = type;
    source->base.schema = format->schema;
    source->base.partition_count = 1;
    source->format = format;
    source->fd = STDIN_FILENO;
    snprintf(source->base.description, sizeof source->base.description, "StdinSource[%s]",
             format->name);
    *out = &source->base;
    return 0;
}

const struct lt_source_type lt_stdin_source_type = {
    .name = "stdin",
    .doc = "What is piped into the program; the query ends with it.",
    .traits = LT_SOURCE_CONTINUOUS,
    .options = option_table,
    .option_count = OPTION_COUNT,
    .bind = stdin_bind,
};
