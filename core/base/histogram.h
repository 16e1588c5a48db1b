/*
 * A latency histogram: log-linear buckets, 3 significant digits at best 1/128 relative error,
 * values from 0 to 2^42 (over an hour in nanoseconds), larger ones counted in the last bucket.
 *
 * One writer, any readers, in this process or another: the buckets are relaxed 64-bit words in
 * memory that the caller gives (usually the counters file). A reader sees each bucket's value at
 * some moment; counts never go back. The idea is HdrHistogram's (G. Tene): sub-buckets linear
 * within powers of two.
 */
#ifndef LT_BASE_HISTOGRAM_H
#define LT_BASE_HISTOGRAM_H

#include <stdint.h>

#include "core/base/shared.h"

enum {
    LT_HISTOGRAM_SUB_BITS = 7,  /* 128 linear steps in each power of two: under 0.8 % error */
    LT_HISTOGRAM_MAX_BITS = 42, /* 2^42 ns = 73 minutes */
    LT_HISTOGRAM_BUCKETS = (LT_HISTOGRAM_MAX_BITS - LT_HISTOGRAM_SUB_BITS + 1)
                           << LT_HISTOGRAM_SUB_BITS,
};

struct lt_histogram {
    struct lt_shared_u64 max;
    struct lt_shared_u64 buckets[LT_HISTOGRAM_BUCKETS];
};

static inline uint32_t lt_histogram_bucket(uint64_t value)
{
    const uint32_t sub_count = 1u << LT_HISTOGRAM_SUB_BITS;
    if (value < sub_count)
        return (uint32_t)value;
    uint32_t high_bit = 63u - (uint32_t)__builtin_clzll(value);
    if (high_bit >= LT_HISTOGRAM_MAX_BITS)
        return LT_HISTOGRAM_BUCKETS - 1;
    uint32_t shift = high_bit - LT_HISTOGRAM_SUB_BITS;
    return ((shift + 1) << LT_HISTOGRAM_SUB_BITS) + (uint32_t)((value >> shift) - sub_count);
}

/* on: the one writer. Negative values (two CPUs' clocks differ by a few ns) count as 0. */
static inline void lt_histogram_record_n(struct lt_histogram *histogram, int64_t value,
                                         uint64_t count)
{
    uint64_t v = value < 0 ? 0 : (uint64_t)value;
    struct lt_shared_u64 *bucket = &histogram->buckets[lt_histogram_bucket(v)];
    /* relaxed: single writer, and a reader needs no order between buckets. */
    lt_store_relaxed_u64(bucket, bucket->value + count);
    if (v > histogram->max.value)
        lt_store_relaxed_u64(&histogram->max, v);
}
static inline void lt_histogram_record(struct lt_histogram *histogram, int64_t value)
{
    lt_histogram_record_n(histogram, value, 1);
}

/* on: any. Adds `from` into `into` (a private copy). */
void lt_histogram_add(struct lt_histogram *into, const struct lt_histogram *from);
/* Removes `before` from `into`: what happened between two snapshots. `max` stays that of `into`. A
 * bucket that would fall below 0 (the snapshots are of two processes) becomes 0. */
void lt_histogram_subtract(struct lt_histogram *into, const struct lt_histogram *before);
uint64_t lt_histogram_count(const struct lt_histogram *histogram);
/* The value at or under which `fraction` (0..1] of the records lie; the upper edge of its bucket,
 * at most `max`; 0 if empty. */
int64_t lt_histogram_quantile(const struct lt_histogram *histogram, double fraction);
double lt_histogram_mean(const struct lt_histogram *histogram);

#endif
