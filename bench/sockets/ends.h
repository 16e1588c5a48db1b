/*
 * The relays that the sockets' bench compares, each a process with a CPU of its own: the floor,
 * leat, and other engines.
 *
 * on: main.
 */
#ifndef LT_BENCH_SOCKETS_ENDS_H
#define LT_BENCH_SOCKETS_ENDS_H

#include <stdbool.h>
#include <sys/types.h>

#include "bench/sockets/load.h"

struct end {
    const char *name;
    const char *leat; /* the program; NULL: not leat */
    /* Of another engine, for the shell; NULL: none. It is told the ports by IN and OUT. */
    const char *command;
    const char *idle;    /* of leat and the floor: "park" or "spin" */
    const char *io;      /* leat's option; NULL: auto */
    const char *log;     /* where the output goes, at the end of what is there */
    bool leaves_wakeups; /* leat does not hold the wake-up latency either */
    int warm_count;      /* loads before the one that counts: a JVM compiles in them */
};

/* Returns the process, which is the relay itself and no shell. */
pid_t end_start(const struct end *end, enum slot slot, const struct load *load);
/* Ends it and returns when it is gone. */
void end_stop(const struct end *end, pid_t pid);

#endif
