/*
 * Figures and their verdicts: what the small benches measured, over repetitions that were run in
 * turns, and whether a bar is met.
 *
 * A figure is a series of values under one name; what counts is its median. A verdict is one line,
 * "name: figure unit (bar <= X) ok|MISSED". With LEAT_BENCH_SMOKE=1 in the environment a bench runs
 * a few rounds only, to see that it works, and nothing is judged.
 *
 * on: one thread.
 */
#ifndef LT_BENCH_VERDICT_H
#define LT_BENCH_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* True when only the working of the bench is tried. */
bool bench_is_smoke(void);

/* Gives a series its place in the table, which it is left out of while it has no values. */
void bench_declare(const char *name);
/* Adds a value to the series `name`, which is copied. Values of 0 and less, and ones that are no
 * number, end the program: no bench measures them. */
void bench_note(const char *name, double value);
/* Adds to the series "NAME p50" and "NAME p99" what `count` latencies in ns give, in us; at least
 * one. They are sorted. */
void bench_note_times(const char *name, int64_t *times_ns, int count);
/* The median of a series; 0 when nothing was measured under that name. */
double bench_median(const char *name);
/* The median of value i of `name` over value i of `base`: for series that were measured in pairs.
 */
double bench_median_ratio(const char *name, const char *base);
/* The median of value i of `name` less value i of `base`. */
double bench_median_difference(const char *name, const char *base);
/* True when both series have values and their medians are within `tolerance` (0.05: 5 %). */
bool bench_agree(const char *a, const char *b, double tolerance);

/* Prints all series, in the order they were first named: median, least, greatest. */
void bench_print_table(const char *title, const char *unit);
/* Prints a figure that no bar is set for, in the form of a verdict. */
void bench_tell(const char *what, double figure, const char *unit);
/* Print a verdict. */
void bench_at_most(const char *what, double figure, double bar, const char *unit);
void bench_at_least(const char *what, double figure, double bar, const char *unit);
/* Ends the program, status 1: a result is wrong, so no figure counts. */
void bench_wrong(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
/* What a bench's main returns: 1 if a bar was missed. */
int bench_status(void);

#ifdef __cplusplus
}
#endif

#endif
