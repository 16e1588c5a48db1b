/* Days and civil dates: there and back, and against the C library. */
#include "core/base/date.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <cmocka.h>

static void every_day_of_a_million_goes_there_and_back(void **state)
{
    (void)state;
    for (int64_t days = -800000; days <= 200000; days++) {
        struct lt_date date = lt_date_of(days);
        assert_in_range(date.month, 1, 12);
        assert_in_range(date.day, 1, lt_date_days_in_month(date.year, date.month));
        assert_int_equal(lt_date_days(date), days);
    }
}

static void the_calendar_agrees_with_the_c_library(void **state)
{
    (void)state;
    for (int64_t days = -719000; days < 3000000; days += 37) {
        time_t seconds = (time_t)(days * 86400);
        struct tm tm;
        assert_non_null(gmtime_r(&seconds, &tm));
        struct lt_date date = lt_date_of(days);
        assert_int_equal(date.year, tm.tm_year + 1900);
        assert_int_equal(date.month, tm.tm_mon + 1);
        assert_int_equal(date.day, tm.tm_mday);
    }
}

static void division_rounds_down_on_both_sides_of_zero(void **state)
{
    (void)state;
    assert_int_equal(lt_floor_divide(7, 2), 3);
    assert_int_equal(lt_floor_divide(-7, 2), -4);
    assert_int_equal(lt_floor_divide(-8, 2), -4);
    assert_int_equal(lt_floor_divide(INT64_MIN, 1000), INT64_MIN / 1000 - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_day_of_a_million_goes_there_and_back),
        cmocka_unit_test(the_calendar_agrees_with_the_c_library),
        cmocka_unit_test(division_rounds_down_on_both_sides_of_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
