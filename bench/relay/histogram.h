/*
 * A latency histogram for the bench: log-linear, 3 significant digits, 1 ns to 2^42 ns (73
 * minutes).
 *
 * 1024 linear steps in each power of two, so a bucket is at most 0.1 % wide: the bars compare
 * ratios such as 1.10, and the buckets must not move them. It is the bench's own on purpose: the
 * measure is not made of what is measured, and it may be larger than a counter that is always on.
 *
 * One thread at a time.
 */
#ifndef BENCH_RELAY_HISTOGRAM_H
#define BENCH_RELAY_HISTOGRAM_H

#include <stdint.h>

enum {
    LT_BENCH_SUB_BITS = 10,
    LT_BENCH_MAX_BITS = 42,
    LT_BENCH_BUCKETS = (LT_BENCH_MAX_BITS - LT_BENCH_SUB_BITS + 1) << LT_BENCH_SUB_BITS,
};

struct lt_bench_histogram {
    uint64_t count;
    int64_t max_ns;
    uint32_t buckets[LT_BENCH_BUCKETS];
};

/* Negative values count as 0, values beyond the range in the last bucket. */
void lt_bench_histogram_record(struct lt_bench_histogram *histogram, int64_t value_ns);
void lt_bench_histogram_add(struct lt_bench_histogram *into, const struct lt_bench_histogram *from);
/* The value at or under which `fraction` (0..1] of the records lie: the upper edge of its bucket,
 * at most the largest value; 0 when empty. */
int64_t lt_bench_histogram_quantile(const struct lt_bench_histogram *histogram, double fraction);

#endif
