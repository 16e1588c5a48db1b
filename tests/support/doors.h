/*
 * What tests of the public doors share: rows of one schema, DOORS_SCHEMA, pushed in and collected
 * from outputs, and query options that keep a test from taking the machine.
 */
#ifndef LT_TESTS_DOORS_H
#define LT_TESTS_DOORS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/leat.h"

#define DOORS_SCHEMA "n BIGINT,t STRING"

enum { DOORS_ROWS_MAX = 20000, DOORS_TEXT_MAX = 32, DOORS_PATIENCE_S = 60 };

struct doors_rows {
    uint32_t count;
    int64_t numbers[DOORS_ROWS_MAX]; /* column 0; -1 for null */
    char texts[DOORS_ROWS_MAX][DOORS_TEXT_MAX];
    int64_t offsets[DOORS_ROWS_MAX];
    int32_t partitions[DOORS_ROWS_MAX];
};

/* The first two CPUs that this process may use, as the option cpus has them: "0,1"; or the one. */
const char *doors_cpus(void);

/* Nanoseconds of patience, for leat_await and its like. */
#define DOORS_PATIENCE_NS ((int64_t)DOORS_PATIENCE_S * 1000000000)

/* Options of a test's query: `stages`, parked threads, no pinning; a checkpoint if not NULL. */
leat_options *doors_options(const char *stages, const char *checkpoint);
/* Pushes rows (n, "t<n>") for n in [first, first + count); waits while the input is full. */
void doors_push(leat_input *input, int64_t first, int64_t count);
/* Adds what the output has until `count` rows are there; false when patience ends before. */
bool doors_collect(leat_output *output, struct doors_rows *rows, uint32_t count);
/* Starts it and fails the test, with the query's error, if that fails. */
void doors_start(leat_query *query);
/* Ends the input, awaits the query's good end, and collects the rest of the output. */
void doors_finish(leat_query *query, leat_input *input, leat_output *output,
                  struct doors_rows *rows);
/* A sink that breaks at its first row. */
extern const leat_sink doors_broken_sink;
/* Fails the test, with both, if the text has no such piece. */
void doors_assert_contains(const char *text, const char *piece);
/* A short nap, for loops that wait for another thread. */
void doors_nap(void);

#endif
