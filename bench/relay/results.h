/*
 * What the runs brought, and the few statistics that are made of it.
 *
 * A cell is one thing to compare: a scenario at one rate and record size. In each round all
 * programs of a cell run once, one after the other; the next round takes them in the opposite
 * order. So two programs are compared within a round, where the machine's mood was about the same
 * for both, and the comparison is the median of these ratios: not the ratio of medians, which moods
 * can move.
 *
 * A run with a fault (a lost record, a wrong byte, a program that would not start) counts in no
 * figure and is listed.
 *
 * on: main.
 */
#ifndef BENCH_RELAY_RESULTS_H
#define BENCH_RELAY_RESULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "bench/relay/histogram.h"

enum lt_bench_scenario { LT_BENCH_LATENCY, LT_BENCH_DRAIN, LT_BENCH_REST };

enum lt_bench_metric {
    LT_BENCH_P50_US,
    LT_BENCH_P90_US,
    LT_BENCH_P99_US,
    LT_BENCH_MAX_US,
    LT_BENCH_ACHIEVED, /* achieved rate over target rate */
    LT_BENCH_CPU_PERCENT,
    LT_BENCH_OTHERS_PERCENT, /* of the relay's CPU, taken by other processes or by the host */
    LT_BENCH_DRAIN_S,
    LT_BENCH_DRAIN_CPU_S,
    LT_BENCH_RECORDS_PER_CPU_S,
    LT_BENCH_STARTUP_MS,
    LT_BENCH_RESIDENT_MIB,
    LT_BENCH_METRICS,
};

struct lt_bench_cell {
    enum lt_bench_scenario scenario;
    uint32_t rate;
    size_t value_bytes;
};

struct lt_bench_run {
    struct lt_bench_cell cell;
    const char *program;
    uint32_t round;
    double metrics[LT_BENCH_METRICS]; /* NaN where the scenario has none */
    uint64_t sent, intact, duplicates, reordered, corrupt, unfiltered, changed;
    char fault[160]; /* empty: the run counts */
    char note[80];
    struct lt_bench_histogram *histogram; /* owned; NULL without latencies */
};

struct lt_bench_results {
    struct lt_bench_run *runs;
    size_t count;
    size_t capacity;
};

/* Adds a run with all metrics NaN; the pointer is good until the next call. */
struct lt_bench_run *lt_bench_results_add(struct lt_bench_results *results,
                                          const struct lt_bench_cell *cell, const char *program,
                                          uint32_t round);
void lt_bench_results_fini(struct lt_bench_results *results);

const char *lt_bench_metric_name(enum lt_bench_metric metric);
bool lt_bench_cell_equal(const struct lt_bench_cell *a, const struct lt_bench_cell *b);
/* Whether the program has any run in the cell, with or without a fault. */
bool lt_bench_results_have(const struct lt_bench_results *results, const struct lt_bench_cell *cell,
                           const char *program);
/* Over the runs that count; NaN when there are none. */
double lt_bench_median(const struct lt_bench_results *results, const struct lt_bench_cell *cell,
                       const char *program, enum lt_bench_metric metric);
/* Median over the rounds in which both have a run that counts; NaN when there are none. `of` is
 * divided by `by`, or less `by` when `difference`. */
double lt_bench_paired(const struct lt_bench_results *results, const struct lt_bench_cell *cell,
                       const char *of, const char *by, enum lt_bench_metric metric,
                       bool difference);
/* All latencies of the program's runs in the cell that count, added into `into`. */
void lt_bench_merge(const struct lt_bench_results *results, const struct lt_bench_cell *cell,
                    const char *program, struct lt_bench_histogram *into);
/* One line per run, tab-separated, with a heading. */
void lt_bench_results_write(const struct lt_bench_results *results, FILE *out);

#endif
