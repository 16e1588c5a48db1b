/*
 * Waits for one thing after the other:
 *
 *   filling   the helper has encoded a piece
 *   opening   the temporary file is open
 *   writing   the piece is written, perhaps in several parts
 *   closing   the file is synced, closed, renamed (or renamed first), and its folder synced
 *
 * or, if all of it is one piece, only for one chain from open to the folder's sync; and, if any of
 * it has failed, until the temporary file is deleted, whose room a full disk needs.
 */
#include "core/state/file_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/arena.h"

enum {
    PIECE_BYTES = 1024 * 1024,
    PIECE_ENTRIES = 32 * 1024, /* so that the helper can be stopped, whatever comes of them */
    CHAIN_STEPS = 6,           /* open, write, sync, close, rename, sync of the folder */
};

#define TEMPORARY_SUFFIX ".leat.tmp"

struct lt_state_writer {
    struct lt_reactor *reactor;
    struct lt_state_file_job job;
    struct lt_state_encoder encoder;
    char name[LT_STATE_FILE_NAME_SIZE], temporary[LT_STATE_TEMPORARY_NAME_SIZE];
    bool is_busy, is_stopping;
    bool is_complete; /* the encoder has all */
    int fd;           /* the temporary file; -1: not open */
    int64_t offset;   /* in the file, of the piece */
    size_t piece_done;
    struct lt_io single; /* call, open, write, unlink */
    struct lt_io steps[CHAIN_STEPS];
    uint32_t step_count, completed_count;
    int code;
    struct lt_error error;
};

char *lt_state_temporary_name(const char *name, char out[LT_STATE_TEMPORARY_NAME_SIZE])
{
    snprintf(out, LT_STATE_TEMPORARY_NAME_SIZE, ".%s" TEMPORARY_SUFFIX, name);
    return out;
}

bool lt_state_is_temporary_name(const char *name)
{
    size_t size = strlen(name), suffix_size = strlen(TEMPORARY_SUFFIX);
    return name[0] == '.' && size > suffix_size &&
           strcmp(name + size - suffix_size, TEMPORARY_SUFFIX) == 0;
}

struct lt_state_writer *lt_state_writer_create(struct lt_reactor *reactor)
{
    struct lt_state_writer *writer = lt_alloc(sizeof *writer);
    writer->reactor = reactor;
    writer->fd = -1;
    return writer;
}

bool lt_state_writer_is_busy(const struct lt_state_writer *writer)
{
    return writer->is_busy;
}

static void release(struct lt_state_writer *writer)
{
    if (writer->fd >= 0)
        close(writer->fd);
    writer->fd = -1;
    lt_state_encoder_fini(&writer->encoder);
    if (writer->job.stream != NULL)
        writer->job.stream->destroy(writer->job.stream);
    writer->job.stream = NULL;
    writer->is_busy = false;
}

static void tell_done(struct lt_state_writer *writer)
{
    struct lt_state_trailer trailer = writer->encoder.trailer;
    release(writer);
    writer->job.done(writer->job.context, writer->code, &trailer, &writer->error);
}

/* True if the operation is to be followed by the next. */
static bool came_back(struct lt_state_writer *writer)
{
    return !writer->is_stopping;
}

/* Whatever comes of it: there may be no such file, and the next start deletes one that stays. */
static void on_unlinked(struct lt_io *io)
{
    struct lt_state_writer *writer = io->context;
    if (came_back(writer))
        tell_done(writer);
}

static void finish(struct lt_state_writer *writer)
{
    if (writer->code == 0) {
        tell_done(writer);
        return;
    }
    writer->single = (struct lt_io){.kind = LT_IO_UNLINKAT,
                                    .fd = writer->job.folder_fd,
                                    .path = writer->temporary,
                                    .done = on_unlinked,
                                    .context = writer};
    lt_reactor_submit(writer->reactor, &writer->single);
}

/* Spark's CANNOT_COMMIT, for a result that is no success. */
static void fail(struct lt_state_writer *writer, int64_t result)
{
    /* A short write is what a full disk gives. */
    int number = result >= 0 ? ENOSPC : (int)-result;
    const char *hint = "";
    if (number == ENOSPC || number == EDQUOT)
        hint = "; hint: free some space on the disk that holds the checkpoint and start again: "
               "nothing is lost";
    else if (number == EIO)
        hint = "; hint: the disk reports a fault, see the kernel's log";
    struct lt_error cause;
    writer->code = lt_error_set_errno(&cause, number,
                                      "Error writing state store files for provider of leat. "
                                      "Cannot perform commit of '%s/%s' during checkpoint",
                                      writer->job.folder_path, writer->name);
    lt_error_set(&writer->error, writer->code, "%s%s", cause.text, hint);
    lt_error_condition(&writer->error, "CANNOT_WRITE_STATE_STORE.CANNOT_COMMIT", "58030");
}

/* ------------------------------------------------------------------------------------- filling */

/* Encodes the next piece. on: the reactor's thread or its helper, one at a time. */
static int64_t fill(void *context)
{
    struct lt_state_writer *writer = context;
    struct lt_state_encoder *encoder = &writer->encoder;
    struct lt_state_change change;
    for (int i = 0; i < PIECE_ENTRIES && encoder->out_bytes < PIECE_BYTES; i++) {
        int code = writer->job.stream->next(writer->job.stream, &change, &writer->error);
        if (code < 0) {
            writer->code = code;
            return code;
        }
        if (code == 0) {
            lt_state_encoder_end(encoder);
            writer->is_complete = true;
            return 0;
        }
        lt_state_encoder_add(encoder, &change);
    }
    return 0;
}

static void go_on(struct lt_state_writer *writer);

static void on_filled(struct lt_io *io)
{
    struct lt_state_writer *writer = io->context;
    if (!came_back(writer))
        return;
    if (writer->code == 0 && io->result < 0)
        fail(writer, io->result);
    go_on(writer);
}

static void submit_fill(struct lt_state_writer *writer)
{
    writer->single = (struct lt_io){.kind = LT_IO_CALL,
                                    .call = fill,
                                    .call_context = writer,
                                    .done = on_filled,
                                    .context = writer};
    lt_reactor_submit(writer->reactor, &writer->single);
}

/* ----------------------------------------------------------------------------- opening, writing */

static void submit_write(struct lt_state_writer *writer);

static void on_opened(struct lt_io *io)
{
    struct lt_state_writer *writer = io->context;
    if (io->result >= 0)
        writer->fd = (int)io->result; /* to be closed, whatever follows */
    if (!came_back(writer))
        return;
    if (io->result < 0) {
        fail(writer, io->result);
        finish(writer);
        return;
    }
    submit_write(writer);
}

static void submit_open(struct lt_state_writer *writer)
{
    writer->single = (struct lt_io){.kind = LT_IO_OPENAT,
                                    .fd = writer->job.folder_fd,
                                    .path = writer->temporary,
                                    .flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
                                    .mode = 0666,
                                    .done = on_opened,
                                    .context = writer};
    lt_reactor_submit(writer->reactor, &writer->single);
}

static void on_written(struct lt_io *io)
{
    struct lt_state_writer *writer = io->context;
    if (!came_back(writer))
        return;
    if (io->result <= 0) {
        fail(writer, io->result);
        finish(writer);
        return;
    }
    writer->piece_done += (size_t)io->result;
    writer->offset += io->result;
    if (writer->piece_done < writer->encoder.out_bytes) {
        submit_write(writer);
        return;
    }
    writer->piece_done = 0;
    writer->encoder.out_bytes = 0;
    go_on(writer);
}

static void submit_write(struct lt_state_writer *writer)
{
    size_t rest = writer->encoder.out_bytes - writer->piece_done;
    enum { PART_MAX = 1 << 30 };
    writer->single = (struct lt_io){.kind = LT_IO_WRITE,
                                    .fd = writer->fd,
                                    .buffer = writer->encoder.out + writer->piece_done,
                                    .size_bytes = (uint32_t)(rest < PART_MAX ? rest : PART_MAX),
                                    .offset = writer->offset,
                                    .done = on_written,
                                    .context = writer};
    lt_reactor_submit(writer->reactor, &writer->single);
}

/* ------------------------------------------------------------------------------------- closing */

/* The first step that did not do what it was asked; NULL if all did. */
static const struct lt_io *find_failure(const struct lt_state_writer *writer)
{
    const struct lt_io *cancelled = NULL;
    for (uint32_t i = 0; i < writer->step_count; i++) {
        const struct lt_io *io = &writer->steps[i];
        bool is_short = io->kind == LT_IO_WRITE && io->result >= 0 && io->result < io->size_bytes;
        if (is_short || (io->result < 0 && io->result != -ECANCELED))
            return io;
        if (io->result < 0 && cancelled == NULL)
            cancelled = io;
    }
    return cancelled;
}

/* The last of the steps, which is not in the chain of the others then: beside the file's sync. */
static void sync_folder(struct lt_state_writer *writer, const struct lt_io *rename)
{
    if (rename->result < 0 || writer->is_stopping)
        writer->step_count--;
    else
        lt_reactor_submit(writer->reactor, &writer->steps[writer->step_count - 1]);
}

static void on_step(struct lt_io *io)
{
    struct lt_state_writer *writer = io->context;
    if (io->kind == LT_IO_CLOSE && io->fd_from == 0 && io->result != -ECANCELED)
        writer->fd = -1; /* even a close that failed has closed */
    if (io->kind == LT_IO_RENAMEAT && writer->job.is_unread)
        sync_folder(writer, io);
    if (++writer->completed_count < writer->step_count || !came_back(writer))
        return;
    const struct lt_io *failure = find_failure(writer);
    if (failure != NULL)
        fail(writer, failure->result);
    finish(writer);
}

static struct lt_io *add_step(struct lt_state_writer *writer, enum lt_io_kind kind, int fd,
                              uint16_t fd_from)
{
    struct lt_io *io = &writer->steps[writer->step_count++];
    *io = (struct lt_io){
        .kind = kind, .fd = fd, .fd_from = fd_from, .done = on_step, .context = writer};
    return io;
}

static void add_rename(struct lt_state_writer *writer)
{
    struct lt_io *io = add_step(writer, LT_IO_RENAMEAT, writer->job.folder_fd, 0);
    io->path = writer->temporary;
    io->fd2 = writer->job.folder_fd;
    io->path2 = writer->name;
}

/* All that is left to do, as one chain; the folder's sync goes beside it if the name came first.
 */
static void submit_end(struct lt_state_writer *writer)
{
    uint16_t fd_from = 0;
    int folder_fd = writer->job.folder_fd;
    writer->step_count = 0;
    writer->completed_count = 0;
    if (writer->fd < 0) {
        struct lt_io *io = add_step(writer, LT_IO_OPENAT, folder_fd, 0);
        io->path = writer->temporary;
        io->flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC;
        io->mode = 0666;
        fd_from = 1;
        io = add_step(writer, LT_IO_WRITE, -1, fd_from);
        io->buffer = writer->encoder.out;
        io->size_bytes = (uint32_t)writer->encoder.out_bytes;
    }
    if (writer->job.is_unread)
        add_rename(writer);
    add_step(writer, LT_IO_FSYNC, writer->fd, fd_from);
    add_step(writer, LT_IO_CLOSE, writer->fd, fd_from);
    if (!writer->job.is_unread)
        add_rename(writer);
    add_step(writer, LT_IO_FSYNC, folder_fd, 0);
    struct lt_io *chain[CHAIN_STEPS];
    uint32_t chain_count = writer->step_count - (writer->job.is_unread ? 1 : 0);
    for (uint32_t i = 0; i < chain_count; i++)
        chain[i] = &writer->steps[i];
    lt_reactor_submit_chain(writer->reactor, chain, chain_count);
}

/* A piece is there, or was written, or could not be made. */
static void go_on(struct lt_state_writer *writer)
{
    struct lt_state_encoder *encoder = &writer->encoder;
    while (writer->code == 0 && !writer->is_complete && encoder->out_bytes < PIECE_BYTES) {
        if (writer->job.is_for_helper) {
            submit_fill(writer);
            return;
        }
        (void)fill(writer);
    }
    if (writer->code != 0)
        finish(writer);
    else if (writer->is_complete &&
             (encoder->out_bytes == 0 || (writer->fd < 0 && encoder->out_bytes <= 2 * PIECE_BYTES)))
        submit_end(writer);
    else if (writer->fd < 0)
        submit_open(writer);
    else
        submit_write(writer);
}

void lt_state_writer_start(struct lt_state_writer *writer, const struct lt_state_file_job *job)
{
    lt_assert(!writer->is_busy);
    writer->job = *job;
    writer->is_busy = true;
    writer->is_complete = false;
    writer->offset = 0;
    writer->piece_done = 0;
    writer->code = 0;
    lt_error_clear(&writer->error);
    lt_state_file_name(job->header.kind, job->header.version, writer->name);
    lt_state_temporary_name(writer->name, writer->temporary);
    lt_state_encoder_init(&writer->encoder, &writer->job.header);
    go_on(writer);
}

void lt_state_writer_stop(struct lt_state_writer *writer)
{
    if (!writer->is_busy)
        return;
    writer->is_stopping = true;
    lt_reactor_cancel_and_wait(writer->reactor, &writer->single);
    for (uint32_t i = 0; i < writer->step_count; i++)
        lt_reactor_cancel_and_wait(writer->reactor, &writer->steps[i]);
    writer->is_stopping = false;
    writer->step_count = 0;
    release(writer);
}

void lt_state_writer_destroy(struct lt_state_writer *writer)
{
    if (writer == NULL)
        return;
    lt_state_writer_stop(writer);
    free(writer);
}
