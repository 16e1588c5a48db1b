/*
 * Two queues, of which one job is with the reactor: files of the query, which somebody waits for,
 * and what comes later, companions and deletions in their order, so that a companion is never
 * written after its deletion. That begins when the query says that it has nothing else to do, for
 * each sync holds up those of state and sinks; and files go first all the same, unless too much is
 * to be done later.
 *
 * A file is one chain of six operations, its companion another of five; one that was written ahead
 * has done four of its six by then. All of them complete, in
 * any case: the job is judged when the last one has. A descriptor that the chain opens belongs to
 * the chain (core/flow/reactor.h), so nothing is left open when it breaks.
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
    WRITE_STEPS = 6, /* open, write, sync, close, rename; sync of the folder */
    LATER_MAX = 64,  /* some epochs' companions; with more, files wait for them */
    PATIENCE_S = 10, /* a disk that has not answered by then is told of */
};

struct job {
    struct job *next;
    struct lt_publisher *publisher;
    const struct lt_epoch_folder *folder;
    enum { FILE_OF_QUERY, AHEAD, COMPANION, DELETION } kind;
    lt_publisher_done_fn *done; /* of files of the query */
    void *context;
    char name[LT_EPOCH_NAME_SIZE], temporary[LT_EPOCH_NAME_SIZE];
    char companion[LT_EPOCH_NAME_SIZE]; /* of a deletion */
    struct lt_text_buffer content;
    struct lt_error *refusal; /* the answer, if nothing is to be written */
    uint32_t step_count, completed_count;
    struct lt_io steps[WRITE_STEPS];
};

struct queue {
    struct job *first, **last;
    uint32_t count;
};

struct lt_publisher {
    struct lt_reactor *reactor;
    struct queue files, later;
    struct job *at_work; /* with the reactor, in no queue; NULL: none */
    struct job *ahead;   /* its temporary file is whole and durable; NULL: none */
    bool may_replace;    /* the file system cannot rename only where nothing is */
    bool has_failed;     /* nothing more is begun */
    bool is_catching_up; /* what is to be done later may be begun */
    struct lt_error other_writer; /* code 0: none was seen */
};

static void begin(struct job *job);
static void begin_next(struct lt_publisher *publisher);

static struct job *job_create(struct lt_publisher *publisher, const struct lt_epoch_folder *folder,
                              const char *name)
{
    struct job *job = lt_alloc(sizeof *job);
    job->publisher = publisher;
    job->folder = folder;
    lt_assert(strlen(name) + sizeof "..leat.tmp" <= LT_EPOCH_NAME_SIZE);
    snprintf(job->name, sizeof job->name, "%s", name);
    lt_epoch_temporary_name(job->name, job->temporary);
    lt_text_init(&job->content);
    return job;
}

static void job_destroy(struct job *job)
{
    lt_text_fini(&job->content);
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

/* The file under its temporary name, whole and durable. */
static void add_temporary(struct job *job)
{
    struct lt_io *io = add_step(job, LT_IO_OPENAT);
    uint16_t fd_from = (uint16_t)job->step_count; /* the index of the open, plus 1 */
    io->path = job->temporary;
    io->flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC;
    io->mode = 0666;
    io = add_step(job, LT_IO_WRITE);
    io->fd_from = fd_from;
    lt_assert(job->content.size_bytes <= LT_EPOCH_FILE_MAX_BYTES);
    io->buffer = job->content.data;
    io->size_bytes = (uint32_t)job->content.size_bytes;
    io = add_step(job, LT_IO_FSYNC);
    io->fd_from = fd_from;
    io = add_step(job, LT_IO_CLOSE);
    io->fd_from = fd_from;
}

/* And then under its own. */
static void add_rename(struct job *job)
{
    struct lt_io *io = add_step(job, LT_IO_RENAMEAT);
    io->path = job->temporary;
    io->fd2 = job->folder->fd;
    io->path2 = job->name;
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
    if (failure->result == -ECANCELED)
        return lt_error_set(error, LT_E_CANCELLED, "writing checkpoint file '%s/%s' was cancelled",
                            job->folder->path, job->name);
    if (failure->kind == LT_IO_RENAMEAT && failure->result == -EEXIST)
        return refuse_other_writer(job, error);
    /* A short write is what a full disk gives. */
    int number = failure->result >= 0 ? ENOSPC : (int)-failure->result;
    return lt_epoch_write_failed(job->folder->path, job->name, number, error);
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
    if (job->kind == DELETION || job->publisher->has_failed || failure == NULL ||
        failure->kind != LT_IO_RENAMEAT || failure->flags == 0 || failure->result != -EINVAL)
        return false;
    job->publisher->may_replace = true;
    for (uint32_t i = 0; i < job->step_count; i++)
        if (job->steps[i].kind == LT_IO_RENAMEAT)
            job->steps[i].flags = 0;
    job->completed_count = 0;
    return true;
}

static void add_companion(const struct job *of);

/* Without its companion a file is believed as it is: that stops nothing. One that is there already
 * is another's, and stops what comes next. */
static void finish_write(struct job *job)
{
    struct lt_error error;
    lt_error_clear(&error);
    int code = judge_write(job, &error);
    if (job->kind == COMPANION) {
        if (code == LT_E_CHECKPOINT)
            job->publisher->other_writer = error;
        else if (code != 0 && code != LT_E_CANCELLED)
            lt_log_warn("a checkpoint file stays without its checksum: %s", error.text);
        return;
    }
    job->publisher->has_failed |= code != 0;
    job->done(job->context, code, &error);
    if (code == 0)
        add_companion(job);
}

/* What could not be written ahead is written, and its fault told of, when its time comes. */
static void finish_ahead(struct job *job)
{
    struct lt_publisher *publisher = job->publisher;
    if (find_failure(job) != NULL) {
        job_destroy(job);
        return;
    }
    if (publisher->ahead != NULL)
        job_destroy(publisher->ahead);
    publisher->ahead = job;
}

static void finish(struct job *job)
{
    struct lt_publisher *publisher = job->publisher;
    if (must_do_again(job)) {
        begin(job);
        return;
    }
    publisher->at_work = NULL;
    if (job->kind == AHEAD) {
        finish_ahead(job);
    } else {
        if (job->kind == DELETION)
            report_delete(job);
        else
            finish_write(job);
        job_destroy(job);
    }
    begin_next(publisher);
}

static void on_step(struct lt_io *io)
{
    struct job *job = io->context;
    job->completed_count++;
    if (job->completed_count == job->step_count)
        finish(job);
    else if (job->kind == DELETION)
        /* A missing companion must not keep the file from being deleted: no chain. */
        lt_reactor_submit(job->publisher->reactor, &job->steps[job->completed_count]);
}

/* Nothing is written, and this is the answer, which comes from the reactor as any: its one step
 * changes nothing. */
static void refuse(struct job *job, const struct lt_error *error)
{
    job->refusal = lt_alloc(sizeof *job->refusal);
    *job->refusal = *error;
    job->step_count = 0;
    add_step(job, LT_IO_FSYNC);
}

/* If this very file was written ahead, only its name is missing. */
static void use_ahead(struct job *job)
{
    struct lt_publisher *publisher = job->publisher;
    struct job *ahead = publisher->ahead;
    if (ahead == NULL || ahead->folder != job->folder || strcmp(ahead->name, job->name) != 0)
        return;
    if (ahead->content.size_bytes == job->content.size_bytes &&
        memcmp(ahead->content.data, job->content.data, job->content.size_bytes) == 0) {
        memset(job->steps, 0, sizeof job->steps);
        job->step_count = 0;
        add_rename(job);
        add_step(job, LT_IO_FSYNC);
    }
    job_destroy(ahead);
    publisher->ahead = NULL;
}

static void begin(struct job *job)
{
    struct lt_publisher *publisher = job->publisher;
    struct lt_io *chain[WRITE_STEPS];
    publisher->at_work = job;
    if (job->kind == FILE_OF_QUERY && job->refusal == NULL)
        use_ahead(job);
    if (job->kind == FILE_OF_QUERY && job->refusal == NULL && publisher->other_writer.code != 0)
        refuse(job, &publisher->other_writer);
    if (job->kind == DELETION) {
        lt_reactor_submit(publisher->reactor, &job->steps[0]);
        return;
    }
    for (uint32_t i = 0; i < job->step_count; i++)
        chain[i] = &job->steps[i];
    lt_reactor_submit_chain(publisher->reactor, chain, job->step_count);
}

static struct job *take(struct queue *queue)
{
    struct job *job = queue->first;
    queue->first = job->next;
    if (queue->first == NULL)
        queue->last = &queue->first;
    queue->count--;
    return job;
}

static void begin_next(struct lt_publisher *publisher)
{
    struct queue *files = &publisher->files, *later = &publisher->later;
    bool is_too_much = later->count >= LATER_MAX;
    publisher->is_catching_up &= publisher->at_work != NULL || later->count > 0;
    if (publisher->at_work != NULL || publisher->has_failed)
        return;
    if (files->count > 0 && !is_too_much)
        begin(take(files));
    else if (is_too_much || publisher->is_catching_up)
        begin(take(later));
}

/* --------------------------------------------------------------------------------------- queue */

struct lt_publisher *lt_publisher_create(struct lt_reactor *reactor)
{
    struct lt_publisher *publisher = lt_alloc(sizeof *publisher);
    publisher->reactor = reactor;
    publisher->files.last = &publisher->files.first;
    publisher->later.last = &publisher->later.first;
    return publisher;
}

static void enqueue(struct queue *queue, struct job *job)
{
    *queue->last = job;
    queue->last = &job->next;
    queue->count++;
    begin_next(job->publisher);
}

/* A file is not written that a new start would refuse to read. */
static int check_size(const struct lt_epoch_folder *folder, const char *name, size_t size_bytes,
                      struct lt_error *error)
{
    static const char hint[] = "hint: most of a source's log are the files that it has read; a "
                               "shorter \"maxFileAge\" forgets them sooner";
    if (size_bytes > LT_EPOCH_FILE_MAX_BYTES)
        return lt_error_set(error, LT_E_LIMIT,
                            "checkpoint file '%s/%s' would have %zu bytes, and at most %d can be "
                            "read again; %s",
                            folder->path, name, size_bytes, LT_EPOCH_FILE_MAX_BYTES, hint);
    if (size_bytes > LT_EPOCH_FILE_MAX_BYTES / 2)
        lt_log_warn("checkpoint file '%s/%s' has %zu bytes, and may have at most %d; %s",
                    folder->path, name, size_bytes, LT_EPOCH_FILE_MAX_BYTES, hint);
    return 0;
}

void lt_publisher_write(struct lt_publisher *publisher, const struct lt_epoch_folder *folder,
                        const char *name, const char *content, lt_publisher_done_fn *done,
                        void *context)
{
    struct lt_error error;
    lt_assert(done != NULL);
    if (check_size(folder, name, strlen(content), &error) != 0) {
        lt_publisher_refuse(publisher, folder, name, &error, done, context);
        return;
    }
    struct job *job = job_create(publisher, folder, name);
    job->done = done;
    job->context = context;
    lt_text_append(&job->content, content);
    add_temporary(job);
    add_rename(job);
    add_step(job, LT_IO_FSYNC);
    enqueue(&publisher->files, job);
}

void lt_publisher_write_ahead(struct lt_publisher *publisher, const struct lt_epoch_folder *folder,
                              const char *name, const char *content)
{
    if (strlen(content) > LT_EPOCH_FILE_MAX_BYTES)
        return; /* it is refused in its time */
    struct job *job = job_create(publisher, folder, name);
    job->kind = AHEAD;
    lt_text_append(&job->content, content);
    add_temporary(job);
    enqueue(&publisher->files, job);
}

/* Its name is durable with that of the next file of its folder, if not before. */
static void add_companion(const struct job *of)
{
    char name[LT_EPOCH_NAME_SIZE + sizeof ".crc"];
    snprintf(name, sizeof name, "%s.crc", of->name);
    struct job *job = job_create(of->publisher, of->folder, name);
    job->kind = COMPANION;
    lt_crc_format(&job->content, of->content.data, of->content.size_bytes,
                  lt_clock_wall_us(lt_clock_system()));
    add_temporary(job);
    add_rename(job);
    enqueue(&of->publisher->later, job);
}

void lt_publisher_refuse(struct lt_publisher *publisher, const struct lt_epoch_folder *folder,
                         const char *name, const struct lt_error *error, lt_publisher_done_fn *done,
                         void *context)
{
    struct job *job = job_create(publisher, folder, name);
    job->done = done;
    job->context = context;
    refuse(job, error);
    enqueue(&publisher->files, job);
}

void lt_publisher_delete(struct lt_publisher *publisher, const struct lt_epoch_folder *folder,
                         const char *name)
{
    struct job *job = job_create(publisher, folder, name);
    job->kind = DELETION;
    snprintf(job->companion, sizeof job->companion, "%s.crc", name);
    add_delete(job, job->companion);
    add_delete(job, job->name);
    enqueue(&publisher->later, job);
}

void lt_publisher_catch_up(struct lt_publisher *publisher)
{
    publisher->is_catching_up = true;
    begin_next(publisher);
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

/* Until the kernel has given back the chain that it holds, and those behind it, however long: it
 * reads from the jobs' memory. A disk that never answers keeps the process, as it keeps any that
 * writes to it. */
static void wait_for_all(struct lt_publisher *publisher)
{
    const struct lt_clock *clock = lt_clock_system();
    int64_t tell_ns = lt_clock_now_ns(clock) + (int64_t)PATIENCE_S * LT_NS_PER_S;
    /* A reactor that holds nothing any more (a crash in a test) will not complete it either. */
    while (publisher->at_work != NULL && publisher->reactor->pending_count > 0) {
        int64_t now_ns = lt_clock_now_ns(clock);
        if (now_ns >= tell_ns) {
            lt_log_warn("checkpoint file '%s/%s' is still being written after %d s: the query ends "
                        "when the disk answers",
                        publisher->at_work->folder->path, publisher->at_work->name, PATIENCE_S);
            tell_ns = LT_NEVER_NS;
        }
        lt_reactor_park(publisher->reactor, now_ns + LT_NS_PER_MS);
    }
}

static void cancel_all(struct queue *queue)
{
    while (queue->count > 0)
        cancel(take(queue));
}

void lt_publisher_destroy(struct lt_publisher *publisher)
{
    if (publisher == NULL)
        return;
    struct queue given_up = publisher->files;
    publisher->files = (struct queue){.last = &publisher->files.first};
    wait_for_all(publisher);
    if (publisher->at_work != NULL)
        cancel(publisher->at_work);
    if (publisher->ahead != NULL)
        job_destroy(publisher->ahead);
    cancel_all(&given_up);
    cancel_all(&publisher->files);
    cancel_all(&publisher->later);
    free(publisher);
}
