/*
 * The manifest's files, made durable one after the other: temporary name, write, sync, rename, sync
 * of the folder, in one chain. And the oldest ones, deleted as Spark does it: those before a
 * compacted file that is as old as the newest hundred and was there for ten minutes, since a reader
 * may be at them.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/log.h"
#include "io/files_name.h"
#include "io/files_sink_internal.h"
#include "io/reactor.h"

enum {
    CLEANUP_DELAY_MS = 10 * 60 * 1000, /* Spark's fileSink.log.cleanupDelay */
    CONTENT_BYTES_MAX = 1 << 30,       /* one write takes no more than 2 GiB */
    FILE_MODE = 0666,
    DELETES_PER_EPOCH = 2 * LT_MANIFEST_INTERVAL,
};

/* ------------------------------------------------------------------------------------ deleting */

struct deletion {
    struct lt_file_job job;
    char name[LT_MANIFEST_NAME_SIZE];
};

static void on_deleted(struct lt_file_job *job, const struct lt_io *failed)
{
    struct deletion *deletion = job->context;
    if (failed != NULL && failed->result != -ENOENT && failed->result != -ECANCELED)
        lt_log_warn("cannot delete the old manifest file '%s': %s", deletion->name,
                    strerror((int)-failed->result));
    free(deletion);
}

static void delete_file(struct lt_files_sink *sink, int64_t epoch)
{
    struct deletion *deletion = lt_alloc(sizeof *deletion);
    lt_manifest_name(epoch, lt_manifest_is_compact(sink->manifest.interval, epoch),
                     deletion->name);
    lt_file_job_init(&deletion->job, on_deleted, deletion);
    lt_file_job_add(&deletion->job, LT_IO_UNLINKAT, sink->manifest_fd, deletion->name);
    lt_file_jobs_submit(&sink->jobs, &deletion->job);
}

static int64_t now_ms(const struct lt_files_sink *sink)
{
    return lt_clock_wall_us(sink->clock) / 1000;
}

/* A few at a time. */
static void delete_old(struct lt_files_sink *sink)
{
    int64_t newest = sink->published - LT_MANIFEST_KEPT_EPOCHS, before = 0;
    for (size_t i = 0; i < sink->compaction_count; i++) {
        const struct lt_files_compaction *compaction = &sink->compactions[i];
        if (compaction->epoch <= newest && now_ms(sink) - compaction->wall_ms >= CLEANUP_DELAY_MS)
            before = compaction->epoch;
    }
    for (int i = 0; i < DELETES_PER_EPOCH && sink->first_kept < before; i++)
        delete_file(sink, sink->first_kept++);
    size_t gone = 0;
    while (gone < sink->compaction_count && sink->compactions[gone].epoch < before)
        gone++;
    sink->compaction_count -= gone;
    if (gone > 0)
        memmove(sink->compactions, sink->compactions + gone,
                sink->compaction_count * sizeof sink->compactions[0]);
}

static void note_compaction(struct lt_files_sink *sink, int64_t epoch)
{
    if (!lt_manifest_is_compact(sink->manifest.interval, epoch))
        return;
    sink->compactions = lt_realloc_array(sink->compactions, sink->compaction_count + 1,
                                         sizeof sink->compactions[0]);
    sink->compactions[sink->compaction_count++] =
        (struct lt_files_compaction){.epoch = epoch, .wall_ms = now_ms(sink)};
}

/* ---------------------------------------------------------------------------------- publishing */

static void submit(struct lt_files_sink *sink);

static void on_published(struct lt_file_job *job, const struct lt_io *failed)
{
    struct lt_files_sink *sink = job->context;
    struct lt_files_publication *publication = &sink->publication;
    if (failed != NULL && (failed->result == -EINTR || failed->result == -EAGAIN)) {
        submit(sink);
        return;
    }
    publication->is_busy = false;
    lt_text_clear(&publication->content);
    if (failed == NULL)
        return;
    char path[sizeof LT_MANIFEST_FOLDER + sizeof publication->name];
    snprintf(path, sizeof path, LT_MANIFEST_FOLDER "/%s", publication->name);
    publication->code = lt_file_job_fail(failed, sink->place.path, path, &publication->error);
}

static void submit(struct lt_files_sink *sink)
{
    struct lt_files_publication *publication = &sink->publication;
    struct lt_file_job *job = &publication->job;
    lt_file_job_init(job, on_published, sink);
    struct lt_io *io =
        lt_file_job_add(job, LT_IO_OPENAT, sink->manifest_fd, publication->temporary);
    io->flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC;
    io->mode = FILE_MODE;
    io = lt_file_job_add_opened(job, LT_IO_WRITE);
    io->buffer = publication->content.data;
    io->size_bytes = (uint32_t)publication->content.size_bytes;
    lt_file_job_add_opened(job, LT_IO_FSYNC);
    lt_file_job_add_opened(job, LT_IO_CLOSE);
    io = lt_file_job_add(job, LT_IO_RENAMEAT, sink->manifest_fd, publication->temporary);
    io->fd2 = sink->manifest_fd;
    io->path2 = publication->name;
    lt_file_job_add(job, LT_IO_FSYNC, sink->manifest_fd, NULL);
    lt_file_jobs_submit(&sink->jobs, job);
}

static void begin(struct lt_files_sink *sink)
{
    struct lt_files_publication *publication = &sink->publication;
    publication->is_busy = true;
    snprintf(publication->temporary, sizeof publication->temporary, ".%s.leat.tmp",
             publication->name);
    submit(sink);
}

/* URIs of a batch's files, one behind the other, each ended by a NUL. */
static char *uris_of(const struct lt_files_sink *sink, const struct lt_files_batch *batch,
                     struct lt_manifest_file *files)
{
    struct lt_text_buffer uris, path;
    size_t count = 0;
    lt_text_init(&uris);
    lt_text_init(&path);
    const struct lt_files_file *file = batch == NULL ? NULL : batch->first;
    for (; file != NULL; file = file->next) {
        lt_text_clear(&path);
        lt_text_format(&path, "%s/%s", sink->place.path, file->path);
        lt_files_uri_write(&uris, lt_text_get(&path));
        lt_text_append_char(&uris, '\0');
        files[count++] = (struct lt_manifest_file){.size_bytes = file->size_bytes,
                                                   .modified_ms = file->modified_ms};
    }
    lt_text_fini(&path);
    char *text = lt_text_take(&uris), *at = text;
    for (size_t i = 0; i < count; at += strlen(at) + 1)
        files[i++].uri = at;
    return text;
}

int lt_files_publish(struct lt_files_sink *sink, const struct lt_files_batch *batch,
                     struct lt_error *error)
{
    struct lt_files_publication *publication = &sink->publication;
    lt_assert(!publication->is_busy);
    size_t count = batch == NULL ? 0 : batch->file_count;
    struct lt_manifest_file *files = lt_alloc_array(count + 1, sizeof *files);
    char *uris = uris_of(sink, batch, files);
    lt_manifest_next(&sink->manifest, files, count, now_ms(sink), sink->retention_ms,
                     publication->name, &publication->content);
    free(uris);
    free(files);
    if (publication->content.size_bytes > CONTENT_BYTES_MAX)
        return lt_error_set(error, LT_E_LIMIT,
                            "the manifest of '%s' has grown beyond 1 GiB; hint: set the option "
                            "retention, and it forgets old files",
                            sink->place.path);
    begin(sink);
    note_compaction(sink, sink->manifest.last);
    delete_old(sink);
    return 0;
}

void lt_files_publish_text(struct lt_files_sink *sink, const char *name, const char *content)
{
    struct lt_files_publication *publication = &sink->publication;
    lt_assert(!publication->is_busy);
    snprintf(publication->name, sizeof publication->name, "%s", name);
    lt_text_append(&publication->content, content);
    begin(sink);
}

/* ------------------------------------------------------------------------------------- waiting */

int lt_files_begin_waiting(struct lt_files_sink *sink, struct lt_error *error)
{
    static const struct lt_reactor_options options = {0};
    struct lt_reactor *reactor;
    if (sink->jobs.reactor != NULL)
        return 0;
    /* Not by choice: the log shall name the lanes'. */
    int code = lt_epoll_create(&options, &reactor, error);
    if (code != 0)
        return code;
    lt_file_jobs_init(&sink->jobs, reactor, LT_FILES_WAITING_JOBS);
    sink->has_own_reactor = true;
    return 0;
}

void lt_files_end_waiting(struct lt_files_sink *sink)
{
    if (!sink->has_own_reactor)
        return;
    lt_file_jobs_stop(&sink->jobs);
    lt_reactor_destroy(sink->jobs.reactor);
    sink->jobs.reactor = NULL;
    sink->has_own_reactor = false;
}
