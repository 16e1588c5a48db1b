/*
 * A process that is fed lines and answers with lines: starting it, reading what it says, and
 * learning how it ended.
 *
 * Its pipes are read through the lane's reactor. It is a process group of its own, so that an
 * interrupt from the keyboard reaches leat alone, which then lets it finish. It runs where the
 * program may run, and not pinned to the lane's CPU.
 *
 * on: the writer's lane.
 */
#ifndef LT_IO_FOREACH_CHILD_H
#define LT_IO_FOREACH_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/base/error.h"
#include "core/flow/reactor.h"

enum { LT_CHILD_LINE_MAX = 4096 /* what is longer comes in pieces */ };

/* One of its output pipes. */
struct lt_child_pipe {
    struct lt_child *child;
    struct lt_io read;
    int fd;
    bool is_reading, has_ended;
    size_t size_bytes;
    char bytes[LT_CHILD_LINE_MAX];
};

struct lt_child {
    struct lt_reactor *reactor;
    pid_t pid;
    int input_fd; /* -1: closed */
    struct lt_child_pipe output, errors;
    char last_error[512]; /* the last line of its standard error */
    int status;           /* of waitpid, once has_ended */
    bool has_ended, has_news, is_stopping;
    /* A line of its standard output, without the line feed. */
    void (*on_line)(void *context, char *line);
    void *context;
};

/* `environment`: NULL-terminated "NAME=value" texts that are put before the program's own. The
 * process is the caller's storage; on_line, context and reactor are set. */
int lt_child_start(struct lt_child *child, const char *command,
                     const char *const *environment, struct lt_error *error) LT_MUST_USE;
/* True when something was read since the last call. */
bool lt_child_poll(struct lt_child *child);
/* True when it has ended: status and last_error are known. Cheap while both pipes are open. */
bool lt_child_has_ended(struct lt_child *child);
/* How it ended, for people: "ended with status 3", "was killed by signal 9 (Killed)". */
void lt_child_describe(const struct lt_child *child, char *out, size_t out_size);
/* Ends its input, waits up to `grace_ns` for it to end, and kills it then. Waits. */
void lt_child_stop(struct lt_child *child, int64_t grace_ns);

#endif
