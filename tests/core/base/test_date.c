/* Days and civil dates: there and back, and against the C library. */
#include "core/base/date.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
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

static void a_plain_date_is_read_where_there_is_such_a_day(void **state)
{
    (void)state;
    static const char *const bad[] = {"2023-02-29", "1900-02-29", "2024-00-10", "2024-13-10",
                                      "2024-01-00", "2024-04-31", "2024/01/01", "2024-01x01",
                                      "20a4-01-01", "2024-0:-01", "2024-01-1 ", "-024-01-01"};
    int64_t days;
    for (int64_t day = -719528; day <= 2932896; day += 7) {
        struct lt_date date = lt_date_of(day);
        char text[32];
        (void)snprintf(text, sizeof text, "%04d-%02d-%02d", (int)date.year, date.month, date.day);
        assert_true(lt_date_parse_plain(text, &days));
        assert_int_equal(days, day);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(lt_date_parse_plain(bad[i], &days));
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
        cmocka_unit_test(a_plain_date_is_read_where_there_is_such_a_day),
        cmocka_unit_test(division_rounds_down_on_both_sides_of_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
