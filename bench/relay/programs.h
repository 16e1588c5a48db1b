/*
 * The list of compared programs: a text file with one `name = command` per line, # for comments.
 *
 * In a command {bootstrap} {in} {out} {from} {checkpoint} stand for what a run gives it, {floor}
 * for the floor's binary (environment FLOOR, else the built one) and {build} for the build
 * directory. An unknown name in braces is an error. A program may be made in any language; all that
 * is asked of it is a line that begins with `ready` once it really consumes, and to end on SIGTERM.
 *
 * on: main.
 */
#ifndef BENCH_RELAY_PROGRAMS_H
#define BENCH_RELAY_PROGRAMS_H

#include <stddef.h>

enum { LT_BENCH_PROGRAMS_MAX = 32, LT_BENCH_COMMAND_BYTES = 2048 };

struct lt_bench_program {
    char name[48];
    char command[LT_BENCH_COMMAND_BYTES]; /* empty: no relay at all, the reader reads the input */
};

struct lt_bench_programs {
    struct lt_bench_program list[LT_BENCH_PROGRAMS_MAX];
    size_t count;
};

struct lt_bench_command_values {
    const char *bootstrap;
    const char *in;
    const char *out;
    const char *from;
    const char *checkpoint;
    const char *floor;
    const char *build;
};

/* Reads the file; adds the program `one-hop`, which is no relay. */
void lt_bench_programs_load(struct lt_bench_programs *programs, const char *path);
/* Ends the bench with the known names when there is no such program. */
const struct lt_bench_program *lt_bench_programs_find(const struct lt_bench_programs *programs,
                                                      const char *name);
/* Writes the command with its names replaced into `command`. */
void lt_bench_command_expand(const struct lt_bench_program *program,
                             const struct lt_bench_command_values *values, char *command,
                             size_t command_bytes);

#endif
