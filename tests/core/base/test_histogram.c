/* Quantiles against the sorted truth. */
#include "core/base/histogram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "core/base/arena.h"

/* xorshift64*: the same numbers on every machine. */
static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed >> 12;
    *seed ^= *seed << 25;
    *seed ^= *seed >> 27;
    return *seed * UINT64_C(2685821657736338717);
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static struct lt_histogram *new_histogram(void)
{
    return lt_alloc(sizeof(struct lt_histogram));
}

static void small_values_are_exact(void **state)
{
    (void)state;
    struct lt_histogram *histogram = new_histogram();
    assert_int_equal(lt_histogram_quantile(histogram, 0.5), 0);
    for (int i = 0; i < 128; i++)
        lt_histogram_record(histogram, i);
    assert_int_equal(lt_histogram_count(histogram), 128);
    for (int i = 0; i < 128; i++)
        assert_int_equal(lt_histogram_quantile(histogram, (i + 1) / 128.0), i);
    assert_int_equal(lt_histogram_quantile(histogram, 1e-9), 0);
    assert_int_equal(lt_histogram_quantile(histogram, 1.0), 127);
    assert_true(lt_histogram_mean(histogram) == 63.5);
    free(histogram);
}

static void ranks_are_not_shifted_by_the_last_bits_of_a_product(void **state)
{
    (void)state;
    struct lt_histogram *histogram = new_histogram();
    for (int i = 1; i <= 100; i++)
        lt_histogram_record(histogram, i);
    for (int percent = 1; percent <= 100; percent++)
        assert_int_equal(lt_histogram_quantile(histogram, percent / 100.0), percent);
    assert_int_equal(lt_histogram_quantile(histogram, 0.991), 100);
    free(histogram);
}

static void quantiles_of_random_data_are_within_the_bound(void **state)
{
    (void)state;
    enum { COUNT = 20000 };
    static int64_t values[COUNT];
    static const double fractions[] = {0.0001, 0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 0.9999, 1.0};
    uint64_t seed = 42;
    for (unsigned bits = 4; bits <= 42; bits++) {
        struct lt_histogram *histogram = new_histogram();
        for (size_t i = 0; i < COUNT; i++) {
            /* All magnitudes up to `bits` are about equally frequent. */
            uint64_t magnitude = next_random(&seed) % bits + 1;
            values[i] = (int64_t)(next_random(&seed) >> (64 - magnitude));
            lt_histogram_record(histogram, values[i]);
        }
        qsort(values, COUNT, sizeof *values, compare);
        for (size_t i = 0; i < sizeof fractions / sizeof *fractions; i++) {
            int64_t exact = values[(size_t)(fractions[i] * COUNT + 0.5) - 1];
            int64_t told = lt_histogram_quantile(histogram, fractions[i]);
            if (told < exact || (double)(told - exact) > 0.008 * (double)exact)
                fail_msg("seed 42, %u bits, quantile %g: %lld instead of %lld", bits, fractions[i],
                         (long long)told, (long long)exact);
        }
        free(histogram);
    }
}

static void each_value_lies_within_the_edges_of_its_bucket(void **state)
{
    (void)state;
    uint32_t last = 0;
    for (uint64_t value = 0; value < UINT64_C(1) << 43; value += value / 300 + 1) {
        uint32_t bucket = lt_histogram_bucket(value);
        assert_true(bucket >= last);
        assert_true(bucket <= last + 1);
        assert_true(bucket < LT_HISTOGRAM_BUCKETS);
        last = bucket;
    }
    assert_int_equal(last, LT_HISTOGRAM_BUCKETS - 1);
    assert_int_equal(lt_histogram_bucket(UINT64_MAX), LT_HISTOGRAM_BUCKETS - 1);
}

static void what_is_too_large_or_negative_is_still_counted(void **state)
{
    (void)state;
    struct lt_histogram *histogram = new_histogram();
    lt_histogram_record(histogram, -5);
    lt_histogram_record_n(histogram, INT64_MAX, 3);
    assert_int_equal(lt_histogram_count(histogram), 4);
    assert_int_equal(lt_histogram_quantile(histogram, 0.25), 0);
    assert_true(lt_histogram_quantile(histogram, 0.5) == INT64_MAX);
    histogram->max.value = UINT64_MAX; /* as a damaged file might say */
    assert_true(lt_histogram_quantile(histogram, 1.0) == INT64_MAX);
    free(histogram);
}

static void snapshots_add_and_subtract(void **state)
{
    (void)state;
    struct lt_histogram *before = new_histogram();
    struct lt_histogram *after = new_histogram();
    lt_histogram_record_n(before, 10, 5);
    lt_histogram_add(after, before);
    lt_histogram_record_n(after, 1000000, 2);
    assert_int_equal(lt_histogram_count(after), 7);
    assert_int_equal(after->max.value, 1000000);
    lt_histogram_subtract(after, before);
    assert_int_equal(lt_histogram_count(after), 2);
    assert_int_equal(lt_histogram_quantile(after, 0.5), 1000000);
    lt_histogram_record_n(before, 10, 5);
    lt_histogram_subtract(after, before); /* a later snapshot of another process */
    assert_int_equal(lt_histogram_count(after), 2);
    double mean = lt_histogram_mean(after);
    assert_true(mean > 992000);
    assert_true(mean < 1008000);
    free(before);
    free(after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_values_are_exact),
        cmocka_unit_test(ranks_are_not_shifted_by_the_last_bits_of_a_product),
        cmocka_unit_test(quantiles_of_random_data_are_within_the_bound),
        cmocka_unit_test(each_value_lies_within_the_edges_of_its_bucket),
        cmocka_unit_test(what_is_too_large_or_negative_is_still_counted),
        cmocka_unit_test(snapshots_add_and_subtract),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
