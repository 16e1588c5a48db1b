#include "io/file_jobs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "io/reactor_chain.h"

enum { PATIENCE_S = 10 }; /* a disk that has not answered by then is told of */

void lt_file_jobs_init(struct lt_file_jobs *jobs, struct lt_reactor *reactor, uint32_t limit)
{
    *jobs = (struct lt_file_jobs){.reactor = reactor, .limit = limit};
    jobs->last = &jobs->first;
}

void lt_file_job_init(struct lt_file_job *job,
                      void (*done)(struct lt_file_job *job, const struct lt_io *failed),
                      void *context)
{
    *job = (struct lt_file_job){.done = done, .context = context};
}

/* --------------------------------------------------------------------------------------- steps */

static void on_step(struct lt_io *io);

struct lt_io *lt_file_job_add(struct lt_file_job *job, enum lt_io_kind kind, int fd,
                              const char *path)
{
    lt_assert(job->step_count < LT_FILE_JOB_STEPS);
    struct lt_io *io = &job->steps[job->step_count++];
    *io = (struct lt_io){.kind = kind, .fd = fd, .path = path, .done = on_step, .context = job};
    return io;
}

struct lt_io *lt_file_job_add_opened(struct lt_file_job *job, enum lt_io_kind kind)
{
    struct lt_io *io = lt_file_job_add(job, kind, -1, NULL);
    io->fd_from = 1;
    return io;
}

void lt_file_job_sync_directory(struct lt_file_job *job, int fd, const char *path)
{
    lt_file_job_add(job, LT_IO_OPENAT, fd, path)->flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    lt_file_job_add_opened(job, LT_IO_FSYNC);
    lt_file_job_add_opened(job, LT_IO_CLOSE);
}

static const struct lt_io *find_failure(const struct lt_file_job *job)
{
    const struct lt_io *cancelled = NULL;
    for (uint32_t i = 0; i < job->step_count; i++) {
        const struct lt_io *io = &job->steps[i];
        if (lt_io_is_short(io) || (io->result < 0 && io->result != -ECANCELED))
            return io;
        if (io->result == -ECANCELED && cancelled == NULL)
            cancelled = io;
    }
    return cancelled;
}

static void begin_more(struct lt_file_jobs *jobs)
{
    while (jobs->running_count < jobs->limit && jobs->first != NULL) {
        struct lt_file_job *job = jobs->first;
        struct lt_io *chain[LT_FILE_JOB_STEPS];
        jobs->first = job->next;
        if (jobs->first == NULL)
            jobs->last = &jobs->first;
        jobs->running_count++;
        for (uint32_t i = 0; i < job->step_count; i++)
            chain[i] = &job->steps[i];
        lt_reactor_submit_chain(jobs->reactor, chain, job->step_count);
    }
}

static void on_step(struct lt_io *io)
{
    struct lt_file_job *job = io->context;
    struct lt_file_jobs *jobs = job->jobs;
    if (++job->completed_count < job->step_count)
        return;
    jobs->running_count--;
    jobs->completed_count++;
    job->done(job, find_failure(job));
    begin_more(jobs);
}

void lt_file_jobs_submit(struct lt_file_jobs *jobs, struct lt_file_job *job)
{
    lt_assert(job->step_count > 0);
    job->jobs = jobs;
    job->next = NULL;
    job->completed_count = 0;
    *jobs->last = job;
    jobs->last = &job->next;
    begin_more(jobs);
}

/* ------------------------------------------------------------------------------------- waiting */

void lt_file_jobs_wait(struct lt_file_jobs *jobs)
{
    const struct lt_clock *clock = lt_clock_system();
    int64_t tell_ns = lt_clock_now_ns(clock) + (int64_t)PATIENCE_S * LT_NS_PER_S;
    /* A reactor that holds nothing any more (a crash in a test) will not complete it either. */
    while (jobs->running_count > 0 && jobs->reactor->pending_count > 0) {
        int64_t now_ns = lt_clock_now_ns(clock);
        if (now_ns >= tell_ns) {
            lt_log_warn("files are still being written after %d s: the query ends when the disk "
                        "answers",
                        PATIENCE_S);
            tell_ns = LT_NEVER_NS;
        }
        if (lt_reactor_poll(jobs->reactor) == 0)
            lt_reactor_park(jobs->reactor, now_ns + LT_NS_PER_MS);
    }
}

void lt_file_jobs_stop(struct lt_file_jobs *jobs)
{
    jobs->limit = 0;
    lt_file_jobs_wait(jobs);
    while (jobs->first != NULL) {
        struct lt_file_job *job = jobs->first;
        jobs->first = job->next;
        if (jobs->first == NULL)
            jobs->last = &jobs->first;
        job->steps[0].result = -ECANCELED;
        job->done(job, &job->steps[0]);
    }
}

/* -------------------------------------------------------------------------------------- errors */

int lt_file_job_errno(const struct lt_io *failed)
{
    return failed->result >= 0 ? ENOSPC : (int)-failed->result;
}

static const char *verb_of(const struct lt_io *io)
{
    const struct lt_file_job *job = io->context;
    switch (io->kind) {
    case LT_IO_OPENAT:
        return "open";
    case LT_IO_WRITE:
        return "write";
    case LT_IO_RENAMEAT:
        return "rename";
    case LT_IO_UNLINKAT:
        return "delete";
    case LT_IO_CALL:
        return job->call_does;
    case LT_IO_CLOSE:
        return "close";
    default:
        return "sync";
    }
}

static const char *hint_of(int number)
{
    switch (number) {
    case ENOSPC:
        return "; hint: the disk is full: make room and start the query again, nothing is lost";
    case EDQUOT:
        return "; hint: the quota is used up: make room and start the query again, nothing is lost";
    case EACCES:
    case EPERM:
        return "; hint: the user that runs the query must be allowed to write there";
    case EROFS:
        return "; hint: the file system is mounted to be read only";
    case EMFILE:
    case ENFILE:
        return "; hint: raise the limit of open files (ulimit -n), or lower maxOpenFiles";
    case ENOENT:
        return "; hint: somebody has removed it while the query ran";
    case EIO:
        return "; hint: the disk fails: what it has not kept is read again at the next start";
    default:
        return "";
    }
}

int lt_file_job_fail(const struct lt_io *failed, const char *directory, const char *path,
                     struct lt_error *error)
{
    int number = lt_file_job_errno(failed);
    if (number == ECANCELED)
        return lt_error_set(error, LT_E_CANCELLED, "writing '%s/%s' was cancelled", directory,
                            path);
    (void)lt_error_set_errno(error, number, "cannot %s '%s/%s'", verb_of(failed), directory,
                             path);
    if (error == NULL)
        return LT_E_IO;
    size_t used = strlen(error->text);
    strncat(error->text, hint_of(number), sizeof error->text - used - 1);
    return error->code;
}
