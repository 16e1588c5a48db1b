/*
 * The report: tables in markdown, and a verdict line for each bar.
 *
 * Bars compare the candidate with the reference, which is the first program of a list that is a
 * relay. A rate at which the reference itself has p99 over 5 ms is printed and not judged: there
 * the broker's queue is measured.
 *
 * on: main.
 */
#ifndef BENCH_RELAY_REPORT_H
#define BENCH_RELAY_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "bench/relay/options.h"
#include "bench/relay/results.h"

void lt_bench_report(const struct lt_bench_options *options, const struct lt_bench_results *results,
                     FILE *out);
/* Prints a line for each bar and each failed run, and last how many bars are met, missed and not
 * judged. Returns whether bars were judged, all of these are met, and no run of a program that they
 * compare failed. */
bool lt_bench_verdict(const struct lt_bench_options *options,
                      const struct lt_bench_results *results, FILE *out);

/* The first program of the list that is a relay; NULL when there is none. */
const char *lt_bench_reference(const struct lt_bench_program_list *programs);
/* Whether bars compare it: the candidate, the reference of a list, or a variant of one of them
 * (`floor-throughput`). What is left are rivals, printed for scale. */
bool lt_bench_is_compared(const struct lt_bench_options *options, const char *name);

#endif
