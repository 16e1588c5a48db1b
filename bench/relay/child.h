/*
 * One compared program as a child process: started on its CPU, watched for its `ready` line, asked
 * for what it costs, and stopped.
 *
 * Its output goes to a log file through a thread that looks for the line; a program that fills a
 * pipe nobody reads would stand still. What it costs is read from outside, so that it cannot be
 * wrong about itself: CPU time from the process's own clock (all threads, also ended ones), memory
 * from the kernel.
 *
 * on: main. The pump thread is the child's own business.
 */
#ifndef BENCH_RELAY_CHILD_H
#define BENCH_RELAY_CHILD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct lt_bench_child {
    pid_t pid;
    int output_fd;
    int log_fd;
    int64_t spawned_ns;
    pthread_t pump;
    /* written by the pump, read by main; 0: not yet */
    atomic_int_fast64_t ready_ns;
    atomic_bool ended; /* the pump saw the end of the output */
};

/* Runs `command` through the shell on one CPU (negative: anywhere). Returns whether it said ready
 * in time; when not, it is stopped and its output is in the log. */
bool lt_bench_child_start(struct lt_bench_child *child, const char *command, int cpu,
                          const char *log_path, int64_t timeout_ns);
/* From the start to the ready line. */
int64_t lt_bench_child_startup_ns(const struct lt_bench_child *child);
/* CPU time so far, user and system; -1 when the process is gone. */
int64_t lt_bench_child_cpu_ns(const struct lt_bench_child *child);
/* Resident memory in KiB; -1 when the process is gone. */
int64_t lt_bench_child_resident_kib(const struct lt_bench_child *child);
/* SIGTERM, then after `timeout_ns` SIGKILL. Returns whether it ended as asked, without an error. */
bool lt_bench_child_stop(struct lt_bench_child *child, int64_t timeout_ns);

#endif
