/* Arithmetic on intervals. */
#include "core/text/interval_math.h"

#include <setjmp.h>
#include <stdarg.h>
#include <math.h>
#include <cmocka.h>

static const int64_t DAY_US = 86400000000;

static void quotients_round_half_up_away_from_zero(void **state)
{
    (void)state;
    int64_t out;
    assert_true(lt_interval_divide_months(3, 2, &out));
    assert_int_equal(out, 2);
    assert_true(lt_interval_divide_months(-3, 2, &out));
    assert_int_equal(out, -2);
    assert_true(lt_interval_divide_us(1000000, 3, &out));
    assert_int_equal(out, 333333);
    assert_true(lt_interval_divide_us(-1, 2, &out));
    assert_int_equal(out, -1);
    assert_true(lt_interval_divide_us(INT64_MIN, INT64_MIN, &out));
    assert_int_equal(out, 1);
    assert_false(lt_interval_divide_us(INT64_MIN, -1, &out));
    assert_false(lt_interval_divide_months(INT32_MIN, -1, &out));
}

static void products_that_do_not_fit_are_told(void **state)
{
    (void)state;
    int64_t out;
    assert_true(lt_interval_multiply_months(1, 14, &out));
    assert_int_equal(out, 14);
    assert_false(lt_interval_multiply_months(INT32_MAX, 2, &out));
    assert_true(lt_interval_multiply_months_double(-1, 0.5, &out));
    assert_int_equal(out, -1);
    assert_false(lt_interval_multiply_months_double(INT32_MAX, 2, &out));
    assert_false(lt_interval_multiply_us_double(1, (double)NAN, &out));
    assert_false(lt_interval_multiply_us_double(106751991 * DAY_US, 2, &out));
    assert_true(lt_interval_divide_us_double(DAY_US, (double)INFINITY, &out));
    assert_int_equal(out, 0);
    assert_true(lt_interval_divide_months_double(3, 2, &out));
    assert_int_equal(out, 2);
}

static __int128 ten_to(int exponent)
{
    __int128 power = 1;
    while (exponent-- > 0)
        power *= 10;
    return power;
}

static void decimals_multiply_and_divide_exactly(void **state)
{
    (void)state;
    int64_t out;
    assert_true(lt_interval_multiply_decimal(DAY_US + 7200000000, 15, 1, &out));
    assert_int_equal(out, DAY_US + 54000000000);
    assert_true(lt_interval_multiply_decimal(100000000 * DAY_US, 10670000000000001, 16, &out));
    assert_int_equal(out, 106700000 * DAY_US + 864);
    assert_true(lt_interval_multiply_decimal(1, 5, 1, &out));
    assert_int_equal(out, 1);
    assert_true(lt_interval_multiply_decimal(-1, 49, 2, &out));
    assert_int_equal(out, 0);
    assert_true(lt_interval_multiply_decimal(INT64_MIN, ten_to(38) - 1, 38, &out));
    assert_int_equal(out, INT64_MIN);
    assert_false(lt_interval_multiply_decimal(106751991 * DAY_US, 20, 1, &out));
    assert_false(lt_interval_multiply_decimal(DAY_US, ten_to(38) - 1, 0, &out));
    assert_true(lt_interval_divide_decimal(3, 25, 1, &out));
    assert_int_equal(out, 1);
    assert_true(lt_interval_divide_decimal(DAY_US, -(ten_to(38) - 1), 0, &out));
    assert_int_equal(out, 0);
    assert_false(lt_interval_divide_decimal(INT64_MIN, -1, 0, &out));
    /* Against plain arithmetic, where it reaches. */
    for (int64_t us = -20; us <= 20; us++) {
        for (int64_t factor = -25; factor <= 25; factor++) {
            int64_t product = us * factor, size = product < 0 ? -product : product;
            int64_t rounded = (size + 5) / 10;
            assert_true(lt_interval_multiply_decimal(us, factor, 1, &out));
            assert_int_equal(out, product < 0 ? -rounded : rounded);
        }
    }
}

static void types_cut_and_count_in_their_last_field(void **state)
{
    (void)state;
    struct lt_type hours = {.kind = LT_TYPE_INTERVAL_DAY_TIME,
                            .interval_start = LT_INTERVAL_DAY,
                            .interval_end = LT_INTERVAL_HOUR};
    struct lt_type seconds = {.kind = LT_TYPE_INTERVAL_DAY_TIME,
                              .interval_start = LT_INTERVAL_SECOND,
                              .interval_end = LT_INTERVAL_SECOND};
    struct lt_type years = {.kind = LT_TYPE_INTERVAL_YEAR_MONTH,
                            .interval_start = LT_INTERVAL_YEAR,
                            .interval_end = LT_INTERVAL_YEAR};
    int64_t out;
    assert_int_equal(lt_interval_cut(&hours, -(DAY_US + 7384500000)), -(DAY_US + 7200000000));
    assert_int_equal(lt_interval_cut(&years, -15), -12);
    assert_int_equal(lt_interval_to_units(&hours, 108000000000), 30);
    assert_int_equal(lt_interval_to_units(&seconds, 1900000), 1900000);
    assert_true(lt_interval_from_units(&seconds, 90, &out));
    assert_int_equal(out, 90000000);
    assert_true(lt_interval_from_units(&years, 5, &out));
    assert_int_equal(out, 60);
    assert_false(lt_interval_from_units(&years, INT32_MAX, &out));
    assert_true(lt_interval_from_decimal(&years, 15, 1, &out));
    assert_int_equal(out, 18);
    assert_true(lt_interval_from_decimal(&seconds, -10000005, 7, &out));
    assert_int_equal(out, -1000001);
}

static void intervals_are_made_of_parts(void **state)
{
    (void)state;
    int64_t out;
    struct lt_calendar_interval interval;
    assert_true(lt_interval_make_months(1, 14, &out));
    assert_int_equal(out, 26);
    assert_true(lt_interval_make_months(-178956970, -8, &out));
    assert_false(lt_interval_make_months(178956970, 8, &out));
    assert_true(lt_interval_make_us(106751991, 4, 0, 54775807, &out));
    assert_int_equal(out, INT64_MAX);
    assert_false(lt_interval_make_us(106751992, 0, 0, 0, &out));
    assert_true(lt_interval_make_calendar(1, 2, 3, 4, 5, 6, 7008000, &interval));
    assert_int_equal(interval.months, 14);
    assert_int_equal(interval.days, 25);
    assert_int_equal(interval.microseconds, 18367008000);
    assert_false(lt_interval_make_calendar(0, 0, INT32_MAX, 0, 0, 0, 0, &interval));
}

static void calendar_intervals_add_and_scale_by_their_parts(void **state)
{
    (void)state;
    struct lt_calendar_interval a = {1, -2, 3}, b = {INT32_MAX, 0, 0}, out;
    assert_true(lt_interval_negate_calendar(&a, &out));
    assert_int_equal(out.months, -1);
    assert_int_equal(out.days, 2);
    assert_int_equal(out.microseconds, -3);
    assert_false(lt_interval_add_calendar(&a, &b, &out));
    assert_true(lt_interval_subtract_calendar(&b, &a, &out));
    assert_int_equal(out.months, INT32_MAX - 1);
    assert_true(lt_interval_multiply_calendar(&a, 1.5, &out));
    assert_int_equal(out.months, 1);
    assert_int_equal(out.days, -3);
    assert_int_equal(out.microseconds, 5);
    assert_true(lt_interval_divide_calendar(&a, 2, &out));
    assert_int_equal(out.months, 0);
    assert_false(lt_interval_multiply_calendar(&b, 2, &out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quotients_round_half_up_away_from_zero),
        cmocka_unit_test(products_that_do_not_fit_are_told),
        cmocka_unit_test(decimals_multiply_and_divide_exactly),
        cmocka_unit_test(types_cut_and_count_in_their_last_field),
        cmocka_unit_test(intervals_are_made_of_parts),
        cmocka_unit_test(calendar_intervals_add_and_scale_by_their_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
