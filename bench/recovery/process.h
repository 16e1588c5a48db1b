/*
 * A process that runs the query of bench/recovery/query.h: started, told, killed; what the kernel
 * has counted of it, and the memory that it may have.
 */
#ifndef LT_BENCH_RECOVERY_PROCESS_H
#define LT_BENCH_RECOVERY_PROCESS_H

#include <stdio.h>
#include <sys/types.h>

#include "bench/recovery/query.h"

struct recovery_process {
    pid_t pid;
    int to;            /* its input */
    FILE *from;        /* its output */
    int64_t opened_ns; /* from before it was made to when its stores were open */
};

/* How much memory a process may have: by a control group of version 2, where one can be made.
 * RLIMIT_DATA is no other way to do it: it counts what is mapped, and not what is used. */
struct recovery_limit {
    char group[256]; /* its directory; "": there is none, and nothing is limited */
};
void recovery_limit_make(struct recovery_limit *limit, int64_t bytes);
void recovery_limit_remove(const struct recovery_limit *limit);

/* Starts it, and waits until its stores are open. `limit` may be NULL. */
void recovery_process_start(struct recovery_process *process, const struct recovery_spec *spec,
                            const struct recovery_limit *limit);
/* Waits until what was asked for is done; how many rows came of it. */
int64_t recovery_process_await_ready(struct recovery_process *process);
void recovery_process_tell(struct recovery_process *process, int64_t end);
/* Waits for the end of the batch: the epoch, and how many entries the state has. */
void recovery_process_await_done(struct recovery_process *process, int64_t *epoch,
                                 int64_t *entries);
/* kill -9, whatever it is doing. */
void recovery_process_kill(struct recovery_process *process);
/* Lets it end by itself. */
void recovery_process_end(struct recovery_process *process);

/* Bytes that it has made the kernel write to a disk, in whole pages. */
int64_t recovery_process_written_bytes(const struct recovery_process *process);
/* The most memory that it has had at a time. */
int64_t recovery_process_peak_bytes(const struct recovery_process *process);

#endif
