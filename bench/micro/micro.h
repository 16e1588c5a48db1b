/*
 * The small benches, and how Google Benchmark runs them.
 *
 * A case does a fixed amount of work once, checks the result, and returns nanoseconds per record.
 * bench/micro/main.cc hands the cases to Google Benchmark, which repeats them in random turns, so
 * that what else the machine does falls on all alike; bench/verdict.h keeps the medians.
 */
#ifndef LT_BENCH_MICRO_H
#define LT_BENCH_MICRO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct micro_case {
    const char *name; /* "ring hop p50/leat" */
    double (*run)(const void *argument);
    const void *argument;
};

/* Each returns its cases, which last as long as the program; `count` may become 0. */
const struct micro_case *micro_ring_cases(size_t *count);
const struct micro_case *micro_expression_cases(size_t *count);
const struct micro_case *micro_row_cases(size_t *count);
const struct micro_case *micro_state_cases(size_t *count);

/* The ring's bars. */
void micro_ring_verdicts(void);
/* True when the raw exchange, measured twice in the same run, came out the same: else something
 * else was on these CPUs. */
bool micro_ring_is_steady(void);

/* `count`, or in smoke mode a hundredth of it. */
uint64_t micro_work(uint64_t count);
/* Monotonic nanoseconds. on: any. */
int64_t micro_now_ns(void);

/* Runs both at the same time, each on a thread bound to a CPU of its own, and returns how long the
 * second one took. `micro_has_pair` is false on a machine with one usable CPU. */
bool micro_has_pair(void);
double micro_run_pair(void (*first)(void *context), void (*second)(void *context), void *context);

#ifdef __cplusplus
}
#endif

#endif
