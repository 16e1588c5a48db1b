/*
 * A queue of jobs, of which the first is with the reactor.
 *
 * A write is one chain of eleven operations. All of them complete, in any case: the job is judged
 * when the last one has. A descriptor that the chain opens belongs to the chain
 * (core/flow/reactor.h), so nothing is left open when it breaks.
 */
#include "core/epoch/publisher.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/text_buffer.h"
#include "core/epoch/crc.h"

enum {
    FILE_STEPS = 5,                   /* open, write, sync, close, rename */
    WRITE_STEPS = 2 * FILE_STEPS + 1, /* the companion, the file, the folder */
    PATIENCE_S = 10,                  /* a disk that has not answered by then is told of */
};

struct job {
    struct job *next;
    struct lt_publisher *publisher;
    const struct lt_epoch_folder *folder;
    lt_publisher_done_fn *done; /* NULL: a deletion */
    void *context;
    char name[LT_EPOCH_NAME_SIZE], temporary[LT_EPOCH_NAME_SIZE];
    char companion[LT_EPOCH_NAME_SIZE], companion_temporary[LT_EPOCH_NAME_SIZE];
    struct lt_text_buffer content, companion_content;
    struct lt_error *refusal; /* nothing is written, and this is the answer */
    uint32_t step_count, completed_count;
    struct lt_io steps[WRITE_STEPS];
};

struct lt_publisher {
    struct lt_reactor *reactor;
    struct job *first, **last;
    bool may_replace; /* the file system cannot rename only where nothing is */
    bool is_busy;     /* `first` is with the reactor */
    bool has_failed;  /* nothing more is begun */
};

static void begin_next(struct lt_publisher *publisher);

static struct job *job_create(struct lt_publisher *publisher, const struct lt_epoch_folder *folder,
                              const char *name)
{
    struct job *job = lt_alloc(sizeof *job);
    job->publisher = publisher;
    job->folder = folder;
    lt_assert(strlen(name) + sizeof "..crc.leat.tmp" <= LT_EPOCH_NAME_SIZE);
    snprintf(job->name, sizeof job->name, "%s", name);
    snprintf(job->companion, sizeof job->companion, "%s.crc", name);
    lt_epoch_temporary_name(job->name, job->temporary);
    lt_epoch_temporary_name(job->companion, job->companion_temporary);
    lt_text_init(&job->content);
    lt_text_init(&job->companion_content);
    return job;
}

static void job_destroy(struct job *job)
{
    lt_text_fini(&job->content);
    lt_text_fini(&job->companion_content);
    free(job->refusal);
    free(job);
}

/* --------------------------------------------------------------------------------------- steps */

static void on_step(struct lt_io *io);

static struct lt_io *add_step(struct job *job, enum lt_io_kind kind)
{
    lt_assert(job->step_count < WRITE_STEPS);
    struct lt_io *io = &job->steps[job->step_count++];
    io->kind = kind;
    io->fd = job->folder->fd;
    io->done = on_step;
    io->context = job;
    return io;
}

static void add_file(struct job *job, const char *temporary, const char *name,
                     struct lt_text_buffer *content)
{
    struct lt_io *io = add_step(job, LT_IO_OPENAT);
    uint16_t fd_from = (uint16_t)job->step_count; /* the index of the open, plus 1 */
    io->path = temporary;
    io->flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC;
    io->mode = 0666;
    io = add_step(job, LT_IO_WRITE);
    io->fd_from = fd_from;
    io->buffer = content->data;
    io->size_bytes = (uint32_t)content->size_bytes;
    io = add_step(job, LT_IO_FSYNC);
    io->fd_from = fd_from;
    io = add_step(job, LT_IO_CLOSE);
    io->fd_from = fd_from;
    io = add_step(job, LT_IO_RENAMEAT);
    io->path = temporary;
    io->fd2 = job->folder->fd;
    io->path2 = name;
    io->flags = job->publisher->may_replace ? 0 : RENAME_NOREPLACE;
}

static void add_delete(struct job *job, const char *name)
{
    add_step(job, LT_IO_UNLINKAT)->path = name;
}

/* The first step that did not do what it was asked; NULL if all did. */
static const struct lt_io *find_failure(const struct job *job)
{
    const struct lt_io *cancelled = NULL;
    for (uint32_t i = 0; i < job->step_count; i++) {
        const struct lt_io *io = &job->steps[i];
        bool is_short = io->kind == LT_IO_WRITE && io->result >= 0 && io->result < io->size_bytes;
        if (is_short || (io->result < 0 && io->result != -ECANCELED))
            return io;
        if (io->result == -ECANCELED && cancelled == NULL)
            cancelled = io;
    }
    return cancelled;
}

/* The file is there, and this query has not written it: what it is to write next never was before.
 */
static int refuse_other_writer(const struct job *job, struct lt_error *error)
{
    (void)lt_error_set(error, LT_E_CHECKPOINT,
                       "Concurrent update to the log. Multiple streaming jobs detected for %s. "
                       "Please make sure only one streaming job runs on a specific checkpoint "
                       "location at a time. ('%s/%s' is there already, and this query has not "
                       "written it)",
                       job->name, job->folder->path, job->name);
    return lt_error_condition(error, "CONCURRENT_STREAM_LOG_UPDATE", "40000");
}

static int judge_write(const struct job *job, struct lt_error *error)
{
    const struct lt_io *failure = find_failure(job);
    if (job->refusal != NULL) {
        *error = *job->refusal;
        return error->code;
    }
    if (failure == NULL)
        return 0;
    bool is_companion = failure - job->steps < FILE_STEPS;
    const char *name = is_companion ? job->companion : job->name;
    if (failure->result == -ECANCELED)
        return lt_error_set(error, LT_E_CANCELLED, "writing checkpoint file '%s/%s' was cancelled",
                            job->folder->path, name);
    if (failure->kind == LT_IO_RENAMEAT && failure->result == -EEXIST)
        return refuse_other_writer(job, error);
    /* A short write is what a full disk gives. */
    int number = failure->result >= 0 ? ENOSPC : (int)-failure->result;
    return lt_epoch_write_failed(job->folder->path, name, number, error);
}

static void report_delete(const struct job *job)
{
    for (uint32_t i = 0; i < job->step_count; i++) {
        int64_t result = job->steps[i].result;
        if (result < 0 && result != -ENOENT && result != -ECANCELED)
            lt_log_warn("cannot delete old checkpoint file '%s/%s': %s", job->folder->path,
                        job->steps[i].path, strerror((int)-result));
    }
}

/* Some file systems of other machines know no rename that replaces nothing. There the lock alone
 * keeps other writers out (core/epoch/lock.h); the job is done again, and those after it alike. */
static bool must_do_again(struct job *job)
{
    const struct lt_io *failure = find_failure(job);
    if (job->done == NULL || job->publisher->has_failed || failure == NULL ||
        failure->kind != LT_IO_RENAMEAT || failure->flags == 0 || failure->result != -EINVAL)
        return false;
    job->publisher->may_replace = true;
    for (uint32_t i = 0; i < job->step_count; i++)
        if (job->steps[i].kind == LT_IO_RENAMEAT)
            job->steps[i].flags = 0;
    job->completed_count = 0;
    return true;
}

static void finish_first(struct lt_publisher *publisher)
{
    struct job *job = publisher->first;
    if (must_do_again(job)) {
        publisher->is_busy = false;
        begin_next(publisher);
        return;
    }
    publisher->first = job->next;
    if (publisher->first == NULL)
        publisher->last = &publisher->first;
    publisher->is_busy = false;
    if (job->done != NULL) {
        struct lt_error error;
        lt_error_clear(&error);
        int code = judge_write(job, &error);
        publisher->has_failed |= code != 0;
        job->done(job->context, code, &error);
    } else {
        report_delete(job);
    }
    job_destroy(job);
    begin_next(publisher);
}

static void on_step(struct lt_io *io)
{
    struct job *job = io->context;
    job->completed_count++;
    if (job->completed_count == job->step_count)
        finish_first(job->publisher);
    else if (job->done == NULL)
        /* A missing companion must not keep the file from being deleted: no chain. */
        lt_reactor_submit(job->publisher->reactor, &job->steps[job->completed_count]);
}

static void begin_next(struct lt_publisher *publisher)
{
    if (publisher->is_busy || publisher->has_failed || publisher->first == NULL)
        return;
    publisher->is_busy = true;
    struct job *job = publisher->first;
    if (job->done == NULL) {
        lt_reactor_submit(publisher->reactor, &job->steps[0]);
        return;
    }
    struct lt_io *chain[WRITE_STEPS];
    for (uint32_t i = 0; i < job->step_count; i++)
        chain[i] = &job->steps[i];
    lt_reactor_submit_chain(publisher->reactor, chain, job->step_count);
}

/* --------------------------------------------------------------------------------------- queue */

struct lt_publisher *lt_publisher_create(struct lt_reactor *reactor)
{
    struct lt_publisher *publisher = lt_alloc(sizeof *publisher);
    publisher->reactor = reactor;
    publisher->last = &publisher->first;
    return publisher;
}

static void enqueue(struct lt_publisher *publisher, struct job *job)
{
    *publisher->last = job;
    publisher->last = &job->next;
    begin_next(publisher);
}

void lt_publisher_write(struct lt_publisher *publisher, const struct lt_epoch_folder *folder,
                        const char *name, const char *content, lt_publisher_done_fn *done,
                        void *context)
{
    lt_assert(done != NULL);
    struct job *job = job_create(publisher, folder, name);
    job->done = done;
    job->context = context;
    lt_text_append(&job->content, content);
    lt_crc_format(&job->companion_content, content, job->content.size_bytes,
                  lt_clock_wall_us(lt_clock_system()));
    add_file(job, job->companion_temporary, job->companion, &job->companion_content);
    add_file(job, job->temporary, job->name, &job->content);
    add_step(job, LT_IO_FSYNC);
    enqueue(publisher, job);
}

/* Its one step changes nothing, and is there so that the answer comes from the reactor. */
void lt_publisher_refuse(struct lt_publisher *publisher, const struct lt_epoch_folder *folder,
                         const char *name, const struct lt_error *error, lt_publisher_done_fn *done,
                         void *context)
{
    struct job *job = job_create(publisher, folder, name);
    job->done = done;
    job->context = context;
    job->refusal = lt_alloc(sizeof *job->refusal);
    *job->refusal = *error;
    add_step(job, LT_IO_FSYNC);
    enqueue(publisher, job);
}

void lt_publisher_delete(struct lt_publisher *publisher, const struct lt_epoch_folder *folder,
                         const char *name)
{
    struct job *job = job_create(publisher, folder, name);
    add_delete(job, job->companion);
    add_delete(job, job->name);
    enqueue(publisher, job);
}

static void cancel(struct job *job)
{
    if (job->done != NULL) {
        struct lt_error error;
        lt_error_set(&error, LT_E_CANCELLED, "writing checkpoint file '%s/%s' was cancelled",
                     job->folder->path, job->name);
        job->done(job->context, LT_E_CANCELLED, &error);
    }
    job_destroy(job);
}

/* Until the kernel has given back the chain that it holds, however long: it reads from the job's
 * memory. A disk that never answers keeps the process, as it keeps any that writes to it. */
static void wait_for_first(struct lt_publisher *publisher)
{
    const struct lt_clock *clock = lt_clock_system();
    int64_t tell_ns = lt_clock_now_ns(clock) + (int64_t)PATIENCE_S * LT_NS_PER_S;
    /* A reactor that holds nothing any more (a crash in a test) will not complete it either. */
    while (publisher->is_busy && publisher->reactor->pending_count > 0) {
        int64_t now_ns = lt_clock_now_ns(clock);
        if (now_ns >= tell_ns) {
            lt_log_warn("checkpoint file '%s/%s' is still being written after %d s: the query ends "
                        "when the disk answers",
                        publisher->first->folder->path, publisher->first->name, PATIENCE_S);
            tell_ns = LT_NEVER_NS;
        }
        lt_reactor_park(publisher->reactor, now_ns + LT_NS_PER_MS);
    }
}

void lt_publisher_destroy(struct lt_publisher *publisher)
{
    if (publisher == NULL)
        return;
    struct job *queued = NULL;
    if (publisher->first != NULL) {
        struct job **rest = publisher->is_busy ? &publisher->first->next : &publisher->first;
        queued = *rest;
        *rest = NULL;
        publisher->last = rest;
    }
    publisher->has_failed = true;
    wait_for_first(publisher);
    if (publisher->is_busy)
        cancel(publisher->first);
    while (queued != NULL) {
        struct job *job = queued;
        queued = job->next;
        cancel(job);
    }
    free(publisher);
}
