/*
 * Reading the files of a tail: one read at a time, through the lane's reactor, into the feed that
 * all files share. io/tail_reader.h says how; io/tail_follow.c knows which files there are.
 *
 * on: the lane's source thread.
 */
#include "io/tail_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/log.h"

enum { READS_PER_TURN = 16 /* of one file, while others wait */ };

static struct lt_tail_reader *reader_of(struct lt_reader *base)
{
    return (struct lt_tail_reader *)(void *)base; /* the base is its first member */
}

/* ------------------------------------------------------------------------------------- reading */

static void fail_read(struct lt_tail_reader *reader, int number, const char *what)
{
    lt_error_set_errno(&reader->base.error, number, "cannot %s '%s' at byte %" PRId64, what,
                       reader->current->path, reader->current->read_end);
    lt_tail_fail(reader);
}

/* The end of the file as it is; what the kernel has told of since makes it dirty again. */
static void reach_end(struct lt_tail_reader *reader, struct lt_tail_file *file)
{
    file->is_dirty = file->event_count != reader->read_events;
    if (!file->is_ending || file->is_dirty || file->has_ended)
        return;
    file->has_ended = true;
    if (file->read_end > file->offset)
        lt_feed_end(reader->feed); /* its last line has no end, and is a record all the same */
}

static void submit_read(struct lt_tail_reader *reader)
{
    reader->is_reading = true;
    reader->current_reads++;
    lt_reactor_submit(reader->reactor, &reader->read);
}

/* The first bytes of a file that was empty or short when it was found. */
static void keep_head(struct lt_tail_file *file, const void *data, int64_t size_bytes)
{
    if (lt_likely(file->head_bytes == LT_TAIL_HEAD_BYTES) ||
        file->read_end != (int64_t)file->head_bytes)
        return;
    int64_t room = LT_TAIL_HEAD_BYTES - file->head_bytes;
    size_t count = (size_t)(size_bytes < room ? size_bytes : room);
    memcpy(file->head + file->head_bytes, data, count);
    file->head_bytes += (uint32_t)count;
}

static void ask_size(struct lt_tail_reader *reader, const struct lt_tail_file *file)
{
    reader->stat.fd = file->fd;
    lt_reactor_submit(reader->reactor, &reader->stat);
}

static void read_done(struct lt_io *io)
{
    struct lt_tail_reader *reader = io->context;
    struct lt_tail_file *file = reader->current;
    reader->is_reading = false;
    if (io->result < 0) {
        lt_feed_filled(reader->feed, 0);
        if (io->result == -EINTR || io->result == -EAGAIN || io->result == -ECANCELED)
            return; /* the file is dirty still */
        fail_read(reader, (int)-io->result, "read");
        return;
    }
    keep_head(file, io->buffer, io->result);
    lt_feed_filled(reader->feed, (size_t)io->result);
    if (io->result > 0) {
        file->read_end += io->result;
        file->grown_ns = lt_clock_now_ns(reader->clock);
        file->has_ended = false;
    }
    if (io->result == (int64_t)io->size_bytes)
        return;
    if (io->result > 0)
        return; /* the file is dirty still: the next read says whether that was all */
    /* Its end, or somebody has cut it: then the last byte that was read is gone. To ask for that
     * byte is cheaper than for the size: a statx costs a thread of the kernel's, which would hold
     * up the next line of a busy log. */
    reader->is_reading = true;
    reader->probe.fd = file->fd;
    reader->probe.offset = file->read_end - 1;
    if (file->read_end > 0)
        lt_reactor_submit(reader->reactor, &reader->probe);
    else
        ask_size(reader, file);
}

static void probe_done(struct lt_io *io)
{
    struct lt_tail_reader *reader = io->context;
    struct lt_tail_file *file = reader->current;
    if (io->result == 1 && file->end < 0) {
        reader->is_reading = false;
        reach_end(reader, file);
    } else {
        ask_size(reader, file);
    }
}

static void stat_done(struct lt_io *io)
{
    struct lt_tail_reader *reader = io->context;
    struct lt_tail_file *file = reader->current;
    reader->is_reading = false;
    if (io->result == -EINTR || io->result == -EAGAIN || io->result == -ECANCELED)
        return;
    if (io->result < 0) {
        fail_read(reader, (int)-io->result, "look at");
        return;
    }
    int64_t size_bytes = (int64_t)reader->status.stx_size;
    file->size_bytes = size_bytes;
    if (size_bytes < file->read_end || file->end > size_bytes)
        lt_tail_truncated(reader, file, size_bytes);
    else if (size_bytes == file->read_end)
        reach_end(reader, file);
}

/* ----------------------------------------------------------------------------- whose turn it is */

static bool may_have_more(const struct lt_tail_file *file)
{
    return file->is_dirty && (file->end < 0 || file->read_end < file->end);
}

static bool has_work(const struct lt_tail_file *file)
{
    return may_have_more(file) && (file->before == NULL || !may_have_more(file->before));
}

/* Its index, or file_count: none has work. */
static uint32_t next_file(const struct lt_tail_reader *reader)
{
    for (uint32_t i = 0; i < reader->file_count; i++) {
        uint32_t index = (reader->turn + i) % reader->file_count;
        if (has_work(reader->files[index]))
            return index;
    }
    return reader->file_count;
}

static bool has_next(const struct lt_tail_reader *reader)
{
    return next_file(reader) < reader->file_count;
}

/* Stays with the file at hand as long as it has something, but for others that wait too long. */
static bool choose(struct lt_tail_reader *reader)
{
    struct lt_tail_file *current = reader->current;
    if (current != NULL && has_work(current) && reader->current_reads < READS_PER_TURN)
        return true;
    uint32_t index = next_file(reader);
    if (index == reader->file_count)
        return false;
    struct lt_tail_file *next = reader->files[index];
    reader->turn = index + 1;
    reader->current_reads = 0;
    if (next != current) {
        lt_feed_begin(reader->feed, next->offset);
        next->read_end = next->offset;
        reader->current = next;
    }
    return true;
}

/* Begins the next read, if there is something to read and room for it. */
static void read_on(struct lt_tail_reader *reader)
{
    if (!choose(reader))
        return;
    struct lt_tail_file *file = reader->current;
    struct lt_feed_space space = lt_feed_space(reader->feed, 1);
    if (space.data == NULL)
        return;
    int64_t size_bytes = space.size_bytes > INT32_MAX ? INT32_MAX : (int64_t)space.size_bytes;
    if (file->end >= 0 && size_bytes > file->end - file->read_end)
        size_bytes = file->end - file->read_end;
    reader->read_events = file->event_count;
    reader->read.fd = file->fd;
    reader->read.buffer = space.data;
    reader->read.size_bytes = (uint32_t)size_bytes;
    reader->read.offset = file->read_end;
    submit_read(reader);
}

/* ---------------------------------------------------------------------------------------- rows */

static void fail_feed(struct lt_tail_reader *reader)
{
    reader->base.error = *lt_feed_error(reader->feed);
    lt_error_append(&reader->base.error, "'%s'", reader->current->path);
    lt_tail_fail(reader);
}

/* What is at hand, emitted. */
static enum lt_poll_status emit(struct lt_tail_reader *reader, struct lt_out *out, uint32_t limit,
                                uint32_t *count)
{
    enum lt_poll_status status;
    struct lt_tail_file *file = reader->current;
    *count = lt_feed_poll(reader->feed, out, limit, &status);
    int64_t position = lt_feed_position(reader->feed);
    if (position != file->offset) {
        file->offset = position;
        reader->has_changed = true;
    }
    if (lt_unlikely(status == LT_POLL_FAILED))
        fail_feed(reader);
    if (lt_unlikely(status == LT_POLL_ENDED)) { /* the file has, and the feed is for others now */
        reader->current = NULL;
        status = LT_POLL_IDLE;
    }
    return status;
}

static enum lt_poll_status tail_poll(struct lt_reader *base, struct lt_out *out, uint32_t limit,
                                     uint32_t *count)
{
    struct lt_tail_reader *reader = reader_of(base);
    enum lt_poll_status status = LT_POLL_IDLE;
    *count = 0;
    if (lt_unlikely(reader->has_failed))
        return LT_POLL_FAILED;
    if (reader->current != NULL)
        status = emit(reader, out, limit, count);
    if (lt_unlikely(status == LT_POLL_FAILED))
        return LT_POLL_FAILED;
    if (status == LT_POLL_MORE ||
        (lt_feed_is_starved(reader->feed) && lt_feed_has_more(reader->feed)))
        return LT_POLL_MORE;
    if (reader->is_reading)
        return LT_POLL_IDLE;
    lt_tail_follow_step(reader, lt_clock_now_ns(reader->clock));
    read_on(reader);
    if (!reader->is_reading && lt_feed_is_starved(reader->feed))
        return LT_POLL_MORE;
    if (lt_unlikely(reader->stop != NULL) && !reader->is_reading && reader->has_scanned &&
        !has_next(reader))
        return LT_POLL_ENDED;
    return LT_POLL_IDLE;
}

static bool tail_is_ready(struct lt_reader *base)
{
    return reader_of(base)->has_scanned;
}

static bool tail_is_idle(struct lt_reader *base)
{
    struct lt_tail_reader *reader = reader_of(base);
    return reader->is_reading || !has_next(reader);
}

static int64_t tail_deadline_ns(struct lt_reader *base)
{
    struct lt_tail_reader *reader = reader_of(base);
    if (lt_feed_is_starved(reader->feed))
        return lt_clock_now_ns(reader->clock) + LT_FEED_RETRY_NS;
    return reader->is_scanning || reader->stop != NULL ? LT_NEVER_NS : reader->scan_due_ns;
}

/* Records are not counted before they are read; bytes are told by a counter of the source's. */
static void tail_lag(struct lt_reader *base, int64_t *records, int64_t *ms)
{
    const struct lt_tail_reader *reader = reader_of(base);
    int64_t bytes = 0;
    for (uint32_t i = 0; i < reader->file_count; i++) {
        const struct lt_tail_file *file = reader->files[i];
        int64_t end = file->size_bytes > file->read_end ? file->size_bytes : file->read_end;
        bytes += end - file->offset;
    }
    if (reader->bytes_behind != NULL)
        lt_counter_set(reader->bytes_behind, (uint64_t)bytes);
    *records = *ms = bytes == 0 && reader->has_scanned && !has_next(reader) ? 0 : -1;
}

/* ----------------------------------------------------------------------------------- positions */

static void note_file(const struct lt_tail_file *file, struct lt_tail_mark *mark)
{
    *mark = (struct lt_tail_mark){
        .path = lt_strdup(file->path),
        .inode = file->inode,
        .offset = file->offset,
        .head_bytes = file->head_bytes,
        .head_hash = lt_tail_head_hash(file->head, file->head_bytes),
        .is_rotated = (!file->matches || file->is_gone) && !file->is_dirty &&
                      file->offset == file->read_end,
    };
}

/* The place that has this number now says how far they were read. */
static void note_number(struct lt_tail_reader *reader, int64_t number)
{
    for (uint32_t i = 0; i < reader->file_count; i++) {
        struct lt_tail_file *file = reader->files[i];
        if (file->noted_offset == file->offset)
            continue;
        file->noted_offset = file->offset;
        file->noted_number = number;
    }
}

static void tail_position(struct lt_reader *base, struct lt_position *positions)
{
    struct lt_tail_reader *reader = reader_of(base);
    if (lt_tail_is_at_stop(reader)) {
        positions[0] = reader->stop_position;
        return;
    }
    if (reader->has_scanned && reader->has_changed) {
        struct lt_tail_place *place = lt_tail_place_create(reader->file_count);
        place->time_us = reader->looked_us;
        int64_t total = 0;
        for (uint32_t i = 0; i < reader->file_count; i++) {
            note_file(reader->files[i], &place->marks[i]);
            total += reader->files[i]->offset;
        }
        reader->position.offset = lt_tail_places_add(&reader->source->places, place);
        reader->position.extra = total;
        note_number(reader, reader->position.offset);
        reader->has_changed = reader->has_let_go = false;
    }
    positions[0] = reader->position;
}

bool lt_tail_has_let_go(struct lt_reader *base)
{
    return reader_of(base)->has_let_go;
}

int64_t lt_tail_since_ns(int64_t time_us)
{
    return time_us == 0 ? 0 : time_us * LT_NS_PER_US - LT_TAIL_TICK_NS;
}

/* ---------------------------------------------------------------------------------------- life */

static void tail_stop(struct lt_reader *base)
{
    struct lt_tail_reader *reader = reader_of(base);
    while (reader->is_reading) { /* a read of nothing is followed by looks at the file */
        lt_reactor_cancel_and_wait(reader->reactor, &reader->read);
        lt_reactor_cancel_and_wait(reader->reactor, &reader->probe);
        lt_reactor_cancel_and_wait(reader->reactor, &reader->stat);
    }
    lt_tail_follow_stop(reader);
}

static void tail_close(struct lt_reader *base)
{
    struct lt_tail_reader *reader = reader_of(base);
    lt_tail_follow_end(reader);
    lt_feed_destroy(reader->feed);
    lt_format_reader_destroy(reader->format);
    lt_tail_place_destroy(reader->start);
    lt_tail_place_destroy(reader->stop);
    free(reader);
}

static void add_counters(struct lt_tail_reader *reader, const struct lt_connector_env *env)
{
    reader->open_files =
        lt_connector_counter(env, LT_COUNTER_GAUGE, "files", "files", "followed");
    reader->bytes_behind = lt_connector_counter(
        env, LT_COUNTER_GAUGE, "bytes_behind", "bytes",
        "of the files as last seen that were not read, unfinished lines too");
    reader->truncated = lt_connector_counter(env, LT_COUNTER_SUM, "truncated", "files",
                                             "truncated, and read from their beginning again");
    reader->lost = lt_connector_counter(env, LT_COUNTER_SUM, "lost", "files",
                                        "gone before all of them was read");
}

static int open_feed(struct lt_tail_reader *reader, const struct lt_connector_env *env,
                     struct lt_error *error)
{
    const struct lt_tail_source *source = reader->source;
    int code = lt_format_reader_create(source->format, source->base.used_columns, "source tail",
                                       &reader->format, error);
    struct lt_feed_options options =
        lt_feed_options_of(env, reader->format, source->base.schema->field_count);
    return code == 0 ? lt_feed_create(&options, &reader->feed, error) : code;
}

int lt_tail_open_reader(struct lt_source *base, const struct lt_connector_env *env,
                        const uint32_t *partitions, uint32_t partition_count,
                        const struct lt_position *start, const struct lt_position *end,
                        struct lt_reader **out, struct lt_error *error)
{
    static const struct lt_reader_ops ops = {
        .poll = tail_poll,
        .is_ready = tail_is_ready,
        .is_idle = tail_is_idle,
        .deadline_ns = tail_deadline_ns,
        .position = tail_position,
        .lag = tail_lag,
        .stop = tail_stop,
        .close = tail_close,
    };
    struct lt_tail_reader *reader = lt_alloc(sizeof *reader);
    (void)partitions;
    lt_assert(partition_count == 1);
    *out = NULL;
    reader->base.ops = &ops;
    reader->source = (struct lt_tail_source *)(void *)base;
    reader->clock = env->clock;
    reader->reactor = env->reactor;
    reader->inotify_fd = -1;
    reader->position = start[0];
    reader->start = lt_tail_places_copy(&reader->source->places, start[0].offset);
    if (end != NULL) {
        reader->stop = lt_tail_places_copy(&reader->source->places, end[0].offset);
        reader->stop_position = end[0];
    }
    reader->read = (struct lt_io){.kind = LT_IO_READ, .done = read_done, .context = reader};
    reader->probe = (struct lt_io){.kind = LT_IO_READ,
                                   .buffer = &reader->probed,
                                   .size_bytes = sizeof reader->probed,
                                   .done = probe_done,
                                   .context = reader};
    reader->stat = (struct lt_io){.kind = LT_IO_STATX,
                                  .flags = AT_EMPTY_PATH,
                                  .buffer = &reader->status,
                                  .size_bytes = STATX_SIZE,
                                  .done = stat_done,
                                  .context = reader};
    add_counters(reader, env);
    int code = open_feed(reader, env, error);
    if (code == 0)
        code = lt_tail_follow_begin(reader, error);
    if (code != 0) {
        tail_close(&reader->base);
        return lt_error_append(error, "source tail");
    }
    *out = &reader->base;
    return 0;
}
