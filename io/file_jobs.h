/*
 * Jobs: short chains of file operations, of which a reactor is given a few at a time.
 *
 * Whoever writes many files has many chains to run - open, write, sync, close - and no need to have
 * them all under way at once: each holds a descriptor. A queue hands the reactor at most `limit`
 * jobs; the rest wait in order.
 *
 * A job belongs to the caller and stays in place until its `done` runs, on the reactor's thread.
 * What a chain opens it also closes (core/flow/reactor.h), so a job leaves nothing open.
 *
 * on: the reactor's thread.
 */
#ifndef LT_IO_FILE_JOBS_H
#define LT_IO_FILE_JOBS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/flow/reactor.h"

enum { LT_FILE_JOB_STEPS = 6 };

struct lt_file_jobs;

struct lt_file_job {
    struct lt_io steps[LT_FILE_JOB_STEPS];
    uint32_t step_count, completed_count;
    /* `failed`: the first step that did not do what it was asked, or was short; NULL: all did. The
     * job may be made anew and submitted again. */
    void (*done)(struct lt_file_job *job, const struct lt_io *failed);
    void *context; /* the caller's */
    const char *call_does; /* in errors, what a step CALL does: "compress" */
    /* the queue's */
    struct lt_file_jobs *jobs;
    struct lt_file_job *next;
};

struct lt_file_jobs {
    struct lt_reactor *reactor;
    uint32_t limit, running_count;
    struct lt_file_job *first, **last; /* not begun */
    uint64_t completed_count;
};

void lt_file_jobs_init(struct lt_file_jobs *jobs, struct lt_reactor *reactor, uint32_t limit);
/* Waits until what the reactor has is done, however long; what was not begun never is, and is
 * answered with -ECANCELED. */
void lt_file_jobs_stop(struct lt_file_jobs *jobs);
/* Runs the reactor until no job is left. Only where waiting is allowed. */
void lt_file_jobs_wait(struct lt_file_jobs *jobs);

/* An empty job. */
void lt_file_job_init(struct lt_file_job *job,
                      void (*done)(struct lt_file_job *job, const struct lt_io *failed),
                      void *context);
/* Adds a step, to be filled by the caller. */
struct lt_io *lt_file_job_add(struct lt_file_job *job, enum lt_io_kind kind, int fd,
                              const char *path);
/* Adds a step on what the job's first step opened. */
struct lt_io *lt_file_job_add_opened(struct lt_file_job *job, enum lt_io_kind kind);
void lt_file_jobs_submit(struct lt_file_jobs *jobs, struct lt_file_job *job);

/* Makes the job sync a directory: open, fsync, close. */
void lt_file_job_sync_directory(struct lt_file_job *job, int fd, const char *path);

/* The errno of a failed step; a short write is what a full disk gives. */
int lt_file_job_errno(const struct lt_io *failed);
/* Sets the error of a step: what was done to which file, and what helps. Returns the code. */
int lt_file_job_fail(const struct lt_io *failed, const char *directory, const char *path,
                     struct lt_error *error);

#endif
