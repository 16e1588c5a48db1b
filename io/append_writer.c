/*
 * Writing to the file of the sink append: bytes through an outbox, a sync per epoch, and waiting
 * for room on a full disk.
 *
 * An epoch is a position: it is prepared when all before it has been written and then synced. One
 * sync is under way at a time and serves all epochs that it covers; when nothing was written since
 * the last one, none is made.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/limits.h"
#include "core/base/log.h"
#include "io/append.h"
#include "io/outbox.h"

enum { RETRY_NS = 100 * LT_NS_PER_MS /* how soon a full disk is tried again */ };

struct boundary {
    uint64_t epoch, position;
};

struct append_writer {
    struct lt_writer base;
    struct lt_append_sink *sink;
    const struct lt_clock *clock;
    struct lt_reactor *reactor;
    struct lt_outbox box;
    struct boundary boundaries[LT_APPEND_ENDS]; /* the newest; by epoch % LT_APPEND_ENDS */
    uint64_t synced, syncing;               /* durable up to; and when the sync is through */
    struct lt_io sync;
    bool is_syncing, is_broken;
    bool is_cut; /* since the last write failed */
    int64_t full_since_ns, retry_ns; /* the disk is full; LT_NEVER_NS: it is not */
};

static struct append_writer *writer_of(struct lt_writer *base)
{
    return (struct append_writer *)(void *)base; /* the base is its first member */
}

/* ------------------------------------------------------------------------------------- failing */

/* Where the whole batches end: what a failed write has left behind them is half a row. */
static int64_t whole_length(const struct append_writer *writer)
{
    return writer->box.file_offset + (int64_t)writer->box.written;
}

static int cut_back(struct append_writer *writer)
{
    if (ftruncate(writer->sink->fd, whole_length(writer)) == 0)
        return 0;
    lt_error_set_errno(&writer->base.error, errno, "sink append: cannot cut '%s' to %" PRId64
                       " bytes after a failed write", writer->sink->path, whole_length(writer));
    writer->is_broken = true;
    return -1;
}

static int fail_write(struct append_writer *writer, int number, const char *hint)
{
    writer->is_broken = true;
    lt_error_set_errno(&writer->base.error, number, "sink append: cannot write to '%s' at %" PRId64,
                       writer->sink->path, whole_length(writer));
    if (hint != NULL) {
        char text[sizeof writer->base.error.text];
        snprintf(text, sizeof text, "%s", writer->base.error.text);
        lt_error_set(&writer->base.error, LT_E_IO, "%.1800s; hint: %s", text, hint);
    }
    (void)cut_back(writer);
    return -1;
}

/* The disk is full: what was written of the batch is taken back, and the whole is tried again. */
static int wait_for_room(struct append_writer *writer, int number)
{
    int64_t now_ns = lt_clock_now_ns(writer->clock);
    if (!writer->is_cut && cut_back(writer) != 0)
        return -1;
    writer->is_cut = true;
    if (writer->full_since_ns == LT_NEVER_NS) {
        writer->full_since_ns = now_ns;
        lt_log_warn("sink append: cannot write to '%s': %s: waiting for room, nothing is read "
                    "meanwhile",
                    writer->sink->path, strerror(number));
        writer->retry_ns = now_ns + RETRY_NS;
    }
    if (now_ns - writer->full_since_ns >= writer->sink->full_disk_timeout_ns)
        return fail_write(writer, number,
                          "make room and start the query again: it goes on where it was "
                          "(option fullDiskTimeout says how long is waited)");
    if (now_ns < writer->retry_ns)
        return 0;
    writer->retry_ns = now_ns + RETRY_NS;
    writer->is_cut = false;
    lt_outbox_retry(&writer->box);
    return 1;
}

static int take_failure(struct append_writer *writer)
{
    int number = writer->box.failure;
    if (writer->is_broken)
        return -1;
    if (number == ENOSPC || number == EDQUOT)
        return wait_for_room(writer, number);
    return fail_write(writer, number, NULL);
}

/* --------------------------------------------------------------------------------------- rows */

static enum lt_write append_write(struct lt_writer *base, struct lt_row *row,
                                  struct lt_fault **fault)
{
    struct append_writer *writer = writer_of(base);
    if (lt_unlikely(!lt_outbox_has_room(&writer->box)))
        return writer->is_broken ? LT_WRITE_BROKEN : LT_WRITE_FULL;
    if (lt_unlikely(!lt_format_write(writer->sink->format, row, lt_outbox_bytes(&writer->box),
                                     "sink append", fault)))
        return LT_WRITE_FAILED;
    lt_outbox_end_row(&writer->box, row->ingest_ns);
    lt_row_release(row);
    return LT_WRITE_DONE;
}

static void append_flush(struct lt_writer *base)
{
    lt_outbox_flush(&writer_of(base)->box);
}

static int append_poll(struct lt_writer *base, struct lt_out *out)
{
    (void)out;
    struct append_writer *writer = writer_of(base);
    int work = lt_outbox_poll(&writer->box);
    if (lt_unlikely(work < 0))
        return take_failure(writer);
    if (work > 0 && writer->full_since_ns != LT_NEVER_NS && !writer->box.is_busy) {
        lt_log_warn("sink append: there is room for '%s' again", writer->sink->path);
        writer->full_since_ns = writer->retry_ns = LT_NEVER_NS;
    }
    return writer->is_broken ? -1 : work;
}

static int64_t append_deadline_ns(struct lt_writer *base)
{
    struct append_writer *writer = writer_of(base);
    return writer->box.failure != 0 && !writer->is_broken ? writer->retry_ns : LT_NEVER_NS;
}

/* -------------------------------------------------------------------------------------- epochs */

static void sync_done(struct lt_io *io)
{
    struct append_writer *writer = io->context;
    writer->is_syncing = false;
    if (io->result >= 0) {
        writer->synced = writer->syncing;
        return;
    }
    if (io->result == -EINTR || io->result == -ECANCELED)
        return; /* asked again by prepared */
    writer->is_broken = true;
    lt_error_set_errno(&writer->base.error, (int)-io->result,
                       "sink append: '%s' cannot be synced: what was written is not safe",
                       writer->sink->path);
}

static void begin_sync(struct append_writer *writer)
{
    if (writer->is_syncing)
        return;
    writer->is_syncing = true;
    writer->syncing = writer->box.written;
    lt_reactor_submit(writer->reactor, &writer->sync);
}

/* Another process has its hands on the file. */
static int check_untouched(struct append_writer *writer)
{
    struct stat status;
    const char *path = writer->sink->path;
    if (fstat(writer->sink->fd, &status) != 0)
        return lt_error_set_errno(&writer->base.error, errno, "sink append: cannot look at '%s'",
                                  path);
    if (status.st_nlink == 0)
        return lt_error_set(&writer->base.error, LT_E_DATA_LOSS,
                            "sink append: '%s' was removed while it was written", path);
    if ((int64_t)status.st_size < whole_length(writer))
        return lt_error_set(&writer->base.error, LT_E_DATA_LOSS,
                            "sink append: '%s' has %" PRId64 " bytes and %" PRId64
                            " were written: another process has shortened it",
                            path, (int64_t)status.st_size, whole_length(writer));
    bool is_still = !writer->box.is_busy && writer->box.failure == 0;
    if (is_still && (int64_t)status.st_size > whole_length(writer))
        return lt_error_set(&writer->base.error, LT_E_BUSY,
                            "sink append: '%s' has %" PRId64 " bytes and %" PRId64
                            " were written: another process writes to it as well; hint: a file of "
                            "its own for each",
                            path, (int64_t)status.st_size, whole_length(writer));
    return 0;
}

static void append_prepare(struct lt_writer *base, uint64_t epoch)
{
    struct append_writer *writer = writer_of(base);
    writer->boundaries[epoch % LT_APPEND_ENDS] =
        (struct boundary){.epoch = epoch, .position = lt_outbox_end(&writer->box)};
    lt_outbox_flush(&writer->box);
}

static int append_prepared(struct lt_writer *base, uint64_t epoch, struct lt_text_buffer *note)
{
    struct append_writer *writer = writer_of(base);
    const struct boundary *boundary = &writer->boundaries[epoch % LT_APPEND_ENDS];
    lt_assert(boundary->epoch == epoch);
    if (writer->is_broken)
        return -1;
    if (writer->box.written < boundary->position)
        return 0;
    if (writer->synced < boundary->position) {
        if (!writer->is_syncing && check_untouched(writer) != 0) {
            writer->is_broken = true;
            return -1;
        }
        begin_sync(writer);
        return 0;
    }
    int64_t length = writer->box.file_offset + (int64_t)boundary->position;
    lt_append_note_end(writer->sink, epoch + 1, length);
    lt_text_format(note, "{\"length\":%" PRId64 ",\"inode\":%" PRIu64 "}", length,
                   writer->sink->inode);
    return 1;
}

/* --------------------------------------------------------------------------------------- life */

static void append_close_writer(struct lt_writer *base)
{
    struct append_writer *writer = writer_of(base);
    lt_reactor_cancel_and_wait(writer->reactor, &writer->sync);
    lt_outbox_fini(&writer->box);
    if (writer->box.failure != 0 && !writer->is_broken && cut_back(writer) != 0)
        lt_log_warn("%s", writer->base.error.text);
    writer->sink->has_writer = false;
    free(writer);
}

static int begin_file(struct append_writer *writer, struct lt_error *error)
{
    struct lt_append_sink *sink = writer->sink;
    if (sink->has_resumed)
        return 0;
    struct stat status; /* a runner that has nothing to resume */
    if (fstat(sink->fd, &status) != 0)
        return lt_error_set_errno(error, errno, "cannot look at '%s'", sink->path);
    sink->length = (int64_t)status.st_size;
    return 0;
}

int lt_append_open_writer(struct lt_sink *base, const struct lt_connector_env *env,
                          struct lt_writer **out, struct lt_error *error)
{
    static const struct lt_writer_ops ops = {
        .write = append_write,
        .flush = append_flush,
        .poll = append_poll,
        .deadline_ns = append_deadline_ns,
        .prepare = append_prepare,
        .prepared = append_prepared,
        .close = append_close_writer,
    };
    struct lt_append_sink *sink = (struct lt_append_sink *)(void *)base;
    *out = NULL;
    if (sink->has_writer)
        return lt_error_set(error, LT_E_UNSUPPORTED,
                            "one file has one order, and the query has several lanes; hint: "
                            "--lanes 1");
    struct append_writer *writer = lt_alloc(sizeof *writer);
    writer->base.ops = &ops;
    writer->sink = sink;
    writer->clock = env->clock;
    writer->reactor = env->reactor;
    writer->full_since_ns = writer->retry_ns = LT_NEVER_NS;
    int code = begin_file(writer, error);
    if (code != 0) {
        free(writer);
        return code;
    }
    writer->sync = (struct lt_io){
        .kind = LT_IO_FDATASYNC, .fd = sink->fd, .done = sync_done, .context = writer};
    lt_outbox_init(&writer->box, &(struct lt_outbox_options){.reactor = env->reactor,
                                                             .clock = env->clock,
                                                             .writer = &writer->base,
                                                             .fd = sink->fd,
                                                             .has_offsets = true,
                                                             .file_offset = sink->length});
    if (sink->length == 0)
        lt_format_write_begin(sink->format, lt_outbox_bytes(&writer->box)); /* a CSV header */
    sink->has_writer = true;
    *out = &writer->base;
    return 0;
}
