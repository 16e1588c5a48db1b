/*
 * What the cells of the input and output bench share: a reactor by name and its two ways of
 * waiting.
 */
#ifndef LT_BENCH_IO_H
#define LT_BENCH_IO_H

#include <stdbool.h>
#include <stdint.h>

#include "io/reactor.h"

/* Ends the program if there is none. on: the thread that will use it. */
struct lt_reactor *bench_reactor(const char *choice);
/* One round: looks once, or sleeps until something is there. */
void bench_rest(struct lt_reactor *reactor, bool parks);

/* Round trips of one message over a loopback connection, in us: notes "NAME p50" and "NAME p99".
 * `choice` NULL: the other end is a loop by hand. */
void bench_echo(const char *name, const char *choice, bool parks);

/* Reads a file that is in the page cache: notes MB/s under `name`. `choice` NULL: pread. */
void bench_file(const char *name, const char *choice, int fd, uint32_t depth);
/* The file: made, unlinked, and open. */
int bench_file_make(void);

/* What a poll costs when there is nothing: notes ns under `name`. */
void bench_idle(const char *name, const char *choice);

#endif
