#include "bench/relay/histogram.h"

#include <math.h>

static uint32_t bucket_of(uint64_t value)
{
    if (value < 1u << LT_BENCH_SUB_BITS)
        return (uint32_t)value;
    uint32_t high_bit = 63u - (uint32_t)__builtin_clzll(value);
    if (high_bit >= LT_BENCH_MAX_BITS)
        return LT_BENCH_BUCKETS - 1;
    uint32_t shift = high_bit - LT_BENCH_SUB_BITS;
    uint32_t step = (uint32_t)(value >> shift) - (1u << LT_BENCH_SUB_BITS);
    return ((shift + 1) << LT_BENCH_SUB_BITS) + step;
}

/* The largest value of the bucket. */
static int64_t edge_of(uint32_t bucket)
{
    uint32_t group = bucket >> LT_BENCH_SUB_BITS;
    if (group == 0)
        return bucket;
    uint64_t step = (bucket & ((1u << LT_BENCH_SUB_BITS) - 1)) + (1u << LT_BENCH_SUB_BITS);
    return (int64_t)(((step + 1) << (group - 1)) - 1);
}

void lt_bench_histogram_record(struct lt_bench_histogram *histogram, int64_t value_ns)
{
    int64_t value = value_ns < 0 ? 0 : value_ns;
    histogram->buckets[bucket_of((uint64_t)value)]++;
    histogram->count++;
    if (value > histogram->max_ns)
        histogram->max_ns = value;
}

void lt_bench_histogram_add(struct lt_bench_histogram *into, const struct lt_bench_histogram *from)
{
    for (uint32_t i = 0; i < LT_BENCH_BUCKETS; i++)
        into->buckets[i] += from->buckets[i];
    into->count += from->count;
    if (from->max_ns > into->max_ns)
        into->max_ns = from->max_ns;
}

int64_t lt_bench_histogram_quantile(const struct lt_bench_histogram *histogram, double fraction)
{
    if (histogram->count == 0)
        return 0;
    uint64_t wanted = (uint64_t)ceil(fraction * (double)histogram->count);
    uint64_t below = 0;
    for (uint32_t i = 0; i < LT_BENCH_BUCKETS; i++) {
        below += histogram->buckets[i];
        if (below >= wanted) {
            int64_t edge = edge_of(i);
            return edge < histogram->max_ns ? edge : histogram->max_ns;
        }
    }
    return histogram->max_ns;
}
