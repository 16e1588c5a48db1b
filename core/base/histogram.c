/*
 * Reading a histogram: sums over buckets. A reader takes no lock and no snapshot; it sees each
 * bucket at some moment, which is as exact as a live distribution can be. For figures that belong
 * together, add the live histogram into a private one first and ask that.
 */
#include "core/base/histogram.h"

#include <stddef.h>

enum { SUB_COUNT = 1 << LT_HISTOGRAM_SUB_BITS };

_Static_assert(LT_HISTOGRAM_BUCKETS % SUB_COUNT == 0, "every power of two has all its steps");

/* The smallest value that is counted in a bucket; all values of the first two powers have their
 * own. */
static uint64_t lower_edge(uint32_t bucket)
{
    if (bucket < SUB_COUNT)
        return bucket;
    uint32_t shift = bucket / SUB_COUNT - 1;
    return (uint64_t)(SUB_COUNT + bucket % SUB_COUNT) << shift;
}

static uint64_t upper_edge(uint32_t bucket)
{
    return bucket == LT_HISTOGRAM_BUCKETS - 1 ? UINT64_MAX : lower_edge(bucket + 1) - 1;
}

static uint64_t count_in(const struct lt_histogram *histogram, uint32_t bucket)
{
    return lt_load_relaxed_u64(&histogram->buckets[bucket]); /* relaxed: a statistic */
}

void lt_histogram_add(struct lt_histogram *into, const struct lt_histogram *from)
{
    for (uint32_t i = 0; i < LT_HISTOGRAM_BUCKETS; i++)
        into->buckets[i].value += count_in(from, i);
    uint64_t max = lt_load_relaxed_u64(&from->max); /* relaxed: a statistic */
    if (max > into->max.value)
        into->max.value = max;
}

void lt_histogram_subtract(struct lt_histogram *into, const struct lt_histogram *before)
{
    for (uint32_t i = 0; i < LT_HISTOGRAM_BUCKETS; i++) {
        uint64_t earlier = count_in(before, i);
        uint64_t *later = &into->buckets[i].value;
        *later = *later > earlier ? *later - earlier : 0;
    }
}

uint64_t lt_histogram_count(const struct lt_histogram *histogram)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < LT_HISTOGRAM_BUCKETS; i++)
        count += count_in(histogram, i);
    return count;
}

/* How many records lie at or under the quantile: fraction * count rounded up, but not because of
 * the last bits of a product such as 0.07 * 100. */
static uint64_t rank_of(double fraction, uint64_t count)
{
    double exact = fraction * (double)count;
    uint64_t rank = (uint64_t)exact;
    if (exact - (double)rank > 1e-12 * (double)count)
        rank++;
    if (rank > count)
        rank = count;
    return rank == 0 ? 1 : rank;
}

int64_t lt_histogram_quantile(const struct lt_histogram *histogram, double fraction)
{
    uint64_t count = lt_histogram_count(histogram);
    if (count == 0)
        return 0;
    uint64_t rank = rank_of(fraction, count);
    uint64_t value = lt_load_relaxed_u64(&histogram->max); /* relaxed: a statistic */
    uint64_t seen = 0;
    for (uint32_t i = 0; i < LT_HISTOGRAM_BUCKETS; i++) {
        seen += count_in(histogram, i);
        if (seen >= rank) {
            value = upper_edge(i) < value ? upper_edge(i) : value;
            break;
        }
    }
    return value > INT64_MAX ? INT64_MAX : (int64_t)value;
}

double lt_histogram_mean(const struct lt_histogram *histogram)
{
    double sum = 0;
    uint64_t count = 0;
    for (uint32_t i = 0; i < LT_HISTOGRAM_BUCKETS; i++) {
        uint64_t in_bucket = count_in(histogram, i);
        if (in_bucket == 0)
            continue;
        /* The last bucket has no upper edge to take the middle with. */
        double low = (double)lower_edge(i);
        double middle = i == LT_HISTOGRAM_BUCKETS - 1 ? low : (low + (double)upper_edge(i)) / 2;
        sum += middle * (double)in_bucket;
        count += in_bucket;
    }
    return count == 0 ? 0 : sum / (double)count;
}
