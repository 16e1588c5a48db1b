/*
 * The latency curve of one cell as SVG: percentile against latency, one line per program.
 *
 * Both axes are logarithmic: the percentile as "one in n" (1/(1-q)), so that the tail is as wide as
 * the body. A line ends where fewer than ten samples are left. Plain SVG with its own colours and a
 * white ground, so it reads in any page.
 *
 * on: main.
 */
#ifndef BENCH_RELAY_CURVE_H
#define BENCH_RELAY_CURVE_H

#include "bench/relay/options.h"
#include "bench/relay/results.h"

/* Writes the file; ends the bench when that fails. */
void lt_bench_curve_write(const char *path, const struct lt_bench_results *results,
                          const struct lt_bench_cell *cell,
                          const struct lt_bench_program_list *programs);

#endif
