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

#include <stdio.h>

#include "bench/relay/options.h"
#include "bench/relay/results.h"

void lt_bench_report(const struct lt_bench_options *options, const struct lt_bench_results *results,
                     FILE *out);
/* Prints a line for each bar and each failed run. Returns how many bars are missed, where a failed
 * run of the candidate or of a reference counts as one. */
int lt_bench_verdict(const struct lt_bench_options *options, const struct lt_bench_results *results,
                     FILE *out);

/* The first program of the list that is a relay; NULL when there is none. */
const char *lt_bench_reference(const struct lt_bench_program_list *programs);

#endif
