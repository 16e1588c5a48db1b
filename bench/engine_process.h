/*
 * Another engine that is asked by lines: a process that reads requests from its standard input and
 * answers on its standard output, a line each; what it has to say besides goes to a log. It ends
 * with the end of its input, and with this process.
 *
 * on: the bench's thread.
 */
#ifndef LT_BENCH_ENGINE_PROCESS_H
#define LT_BENCH_ENGINE_PROCESS_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

struct bench_engine_process {
    pid_t pid;
    FILE *requests, *answers;
};

/* Runs `arguments` (the first is looked for in PATH, the last is NULL). Where that cannot be, it
 * answers "missing\t", and why. */
void bench_engine_start(struct bench_engine_process *engine, const char *const *arguments,
                        const char *log_path);
/* The next line, which is awaited for so long. False: it has not come, or the engine has ended. */
bool bench_engine_await(struct bench_engine_process *engine, int limit_s, char *line,
                        size_t line_bytes);
/* Ends its input, and waits for it. */
void bench_engine_stop(struct bench_engine_process *engine);
/* Ends it and what it has started, at once. */
void bench_engine_kill(struct bench_engine_process *engine);

#endif
