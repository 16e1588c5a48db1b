/*
 * Reading standard input: one read at a time, on the lane's reactor, into the feed; or, with a
 * spool, into its intake.
 *
 * on: the lane's source thread.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "io/stdin_internal.h"

static struct lt_stdin_reader *reader_of(struct lt_reader *base)
{
    return (struct lt_stdin_reader *)(void *)base; /* the base is its first member */
}

/* -------------------------------------------------------------------------------------- reading */

static void filled(struct lt_stdin_reader *reader, size_t size_bytes)
{
    if (reader->intake != NULL)
        lt_stdin_intake_filled(reader->intake, size_bytes);
    else
        lt_feed_filled(reader->feed, size_bytes);
}

static void input_found(struct lt_io *io)
{
    struct lt_stdin_reader *reader = io->context;
    reader->is_reading = false; /* the next poll reads, and sees what there is */
}

/* Whoever shares the pipe or terminal with us has said that reading is not to wait. */
static void wait_for_input(struct lt_stdin_reader *reader)
{
    reader->read.kind = LT_IO_POLL;
    reader->read.flags = POLLIN;
    reader->read.done = input_found;
    reader->is_reading = true;
    lt_reactor_submit(reader->reactor, &reader->read);
}

static void read_done(struct lt_io *io)
{
    struct lt_stdin_reader *reader = io->context;
    reader->is_reading = false;
    filled(reader, io->result > 0 ? (size_t)io->result : 0);
    if (io->result > 0 || io->result == -EINTR || io->result == -ECANCELED)
        return;
    if (io->result == -EAGAIN) {
        wait_for_input(reader);
        return;
    }
    if (io->result == 0 || (io->result == -EIO && reader->is_terminal)) { /* or was hung up */
        reader->source->has_ended = true;
        if (reader->intake == NULL)
            lt_feed_end(reader->feed);
        return;
    }
    lt_error_set_errno(&reader->base.error, (int)-io->result,
                       "source stdin: cannot read after byte %" PRId64,
                       lt_feed_end_position(reader->feed));
    reader->has_failed = true;
}

static void read_on(struct lt_stdin_reader *reader)
{
    if (reader->intake != NULL) {
        reader->read.buffer = lt_stdin_intake_space(reader->intake, &reader->read.size_bytes);
    } else {
        struct lt_feed_space space = lt_feed_space(reader->feed, 1);
        reader->read.buffer = space.data;
        reader->read.size_bytes =
            space.size_bytes > INT32_MAX ? INT32_MAX : (uint32_t)space.size_bytes;
    }
    if (reader->read.buffer == NULL)
        return;
    reader->read.kind = LT_IO_READ;
    reader->read.flags = 0;
    reader->read.done = read_done;
    reader->is_reading = true;
    lt_reactor_submit(reader->reactor, &reader->read);
}

/* -------------------------------------------------------------------------------------- polling */

static enum lt_poll_status fail(struct lt_stdin_reader *reader)
{
    lt_error_append(&reader->base.error, "source stdin");
    reader->has_failed = true;
    return LT_POLL_FAILED;
}

static enum lt_poll_status poll_feed(struct lt_stdin_reader *reader, struct lt_out *out,
                                     uint32_t limit, uint32_t *count)
{
    enum lt_poll_status status;
    *count = lt_feed_poll(reader->feed, out, limit, &status);
    if (lt_likely(status != LT_POLL_FAILED))
        return status;
    reader->base.error = *lt_feed_error(reader->feed);
    return fail(reader);
}

/* The end waits for the spool: whoever is at the end is not asked again. */
static enum lt_poll_status poll_spooled(struct lt_stdin_reader *reader, struct lt_out *out,
                                        uint32_t limit, uint32_t *count)
{
    if (lt_unlikely(lt_stdin_intake_poll(reader->intake, &reader->base.error) < 0))
        return fail(reader);
    enum lt_poll_status status = poll_feed(reader, out, limit, count);
    if (status == LT_POLL_FAILED || status == LT_POLL_MORE)
        return status;
    if (lt_stdin_intake_is_over(reader->intake))
        return LT_POLL_ENDED;
    if (!reader->is_reading && !reader->source->has_ended)
        read_on(reader);
    return LT_POLL_IDLE;
}

static enum lt_poll_status stdin_poll(struct lt_reader *base, struct lt_out *out, uint32_t limit,
                                      uint32_t *count)
{
    struct lt_stdin_reader *reader = reader_of(base);
    *count = 0;
    if (lt_unlikely(reader->has_failed))
        return LT_POLL_FAILED;
    if (reader->intake != NULL)
        return poll_spooled(reader, out, limit, count);
    enum lt_poll_status status = poll_feed(reader, out, limit, count);
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
    struct lt_stdin_reader *reader = reader_of(base);
    if (reader->intake == NULL)
        return reader->is_reading;
    return lt_feed_is_starved(reader->feed) || /* the deadline is near */
           (!lt_feed_has_more(reader->feed) && !lt_stdin_intake_has_more(reader->intake));
}

static int64_t stdin_deadline_ns(struct lt_reader *base)
{
    struct lt_stdin_reader *reader = reader_of(base);
    if (reader->intake == NULL)
        return LT_NEVER_NS;
    int64_t deadline_ns = lt_stdin_intake_deadline_ns(reader->intake);
    int64_t retry_ns = lt_clock_now_ns(reader->clock) + LT_FEED_RETRY_NS;
    return lt_feed_is_starved(reader->feed) && retry_ns < deadline_ns ? retry_ns : deadline_ns;
}

static void stdin_position(struct lt_reader *base, struct lt_position *positions)
{
    struct lt_stdin_reader *reader = reader_of(base);
    positions[0] =
        (struct lt_position){.offset = reader->begin + lt_feed_position(reader->feed)};
}

/* ----------------------------------------------------------------------------------------- life */

static void stdin_stop(struct lt_reader *base)
{
    struct lt_stdin_reader *reader = reader_of(base);
    lt_reactor_cancel_and_wait(reader->reactor, &reader->read);
    if (reader->intake != NULL)
        lt_stdin_intake_stop(reader->intake);
}

static void stdin_close(struct lt_reader *base)
{
    struct lt_stdin_reader *reader = reader_of(base);
    lt_feed_destroy(reader->feed);
    lt_stdin_intake_destroy(reader->intake);
    lt_format_reader_destroy(reader->format);
    free(reader);
}

static int open_feed(struct lt_stdin_reader *reader, const struct lt_connector_env *env,
                     struct lt_error *error)
{
    const struct lt_stdin_source *source = reader->source;
    int code = lt_format_reader_create(source->format, source->base.used_columns, "source stdin",
                                       &reader->format, error);
    struct lt_feed_options options =
        lt_feed_options_of(env, reader->format, source->base.schema->field_count);
    if (reader->intake != NULL) {
        options.piece_capacity = LT_STDIN_PIECES;
        options.on_piece_release = lt_stdin_intake_release;
        options.context = reader->intake;
    }
    return code == 0 ? lt_feed_create(&options, &reader->feed, error) : code;
}

/* With a spool the position is the spool's. */
static void open_intake(struct lt_stdin_reader *reader, int64_t from, const struct lt_position *end)
{
    if (reader->source->spool == NULL)
        return;
    reader->intake =
        lt_stdin_intake_create(reader, from, end == NULL ? INT64_MAX : end[0].offset);
    reader->begin = 0;
}

int lt_stdin_open_reader(struct lt_source *base, const struct lt_connector_env *env,
                         const uint32_t *partitions, uint32_t partition_count,
                         const struct lt_position *start, const struct lt_position *end,
                         struct lt_reader **out, struct lt_error *error)
{
    static const struct lt_reader_ops ops = {
        .poll = stdin_poll,
        .is_idle = stdin_is_idle,
        .deadline_ns = stdin_deadline_ns,
        .position = stdin_position,
        .stop = stdin_stop,
        .close = stdin_close,
    };
    (void)partitions;
    lt_assert(partition_count == 1);
    *out = NULL;
    struct lt_stdin_reader *reader = lt_alloc(sizeof *reader);
    reader->base.ops = &ops;
    reader->source = (struct lt_stdin_source *)(void *)base; /* the base is its first member */
    reader->reactor = env->reactor;
    reader->clock = env->clock;
    reader->begin = start[0].offset;
    reader->is_terminal = isatty(reader->source->fd) == 1; /* one that was hung up says no */
    reader->read =
        (struct lt_io){.fd = reader->source->fd, .offset = -1, .context = reader};
    open_intake(reader, start[0].offset, end);
    int code = open_feed(reader, env, error);
    if (code != 0) {
        stdin_stop(&reader->base);
        stdin_close(&reader->base);
        return lt_error_append(error, "source stdin");
    }
    lt_feed_begin(reader->feed, reader->intake == NULL ? 0 : start[0].offset);
    if (reader->intake == NULL && reader->source->has_ended)
        lt_feed_end(reader->feed);
    *out = &reader->base;
    return 0;
}
