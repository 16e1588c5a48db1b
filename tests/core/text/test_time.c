/* Dates and timestamps as text. */
#include "core/text/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "core/base/date.h"

static void date_prints(int64_t year, int32_t month, int32_t day, const char *expected)
{
    char text[LT_TIME_TEXT_SIZE];
    int64_t days = lt_date_days((struct lt_date){year, month, day});
    assert_int_equal(lt_time_format_date(days, text), strlen(expected));
    assert_string_equal(text, expected);
}

static void dates_print_with_four_digits_of_year_or_a_sign(void **state)
{
    (void)state;
    date_prints(1970, 1, 1, "1970-01-01");
    date_prints(2024, 2, 29, "2024-02-29");
    date_prints(1, 1, 1, "0001-01-01");
    date_prints(0, 12, 31, "0000-12-31");
    date_prints(-44, 3, 15, "-0044-03-15");
    date_prints(12345, 6, 7, "+12345-06-07");
    date_prints(2023, 2, 30, "2023-03-02");
}

static void timestamp_prints(int64_t us, int32_t offset_s, const char *plain, const char *iso)
{
    char text[LT_TIME_TEXT_SIZE];
    assert_int_equal(lt_time_format_timestamp(us, offset_s, text), strlen(plain));
    assert_string_equal(text, plain);
    assert_int_equal(lt_time_format_iso_ms(us, offset_s, text), strlen(iso));
    assert_string_equal(text, iso);
}

static void timestamps_print_without_trailing_zeros_and_iso_with_three_digits(void **state)
{
    (void)state;
    timestamp_prints(0, 0, "1970-01-01 00:00:00", "1970-01-01T00:00:00.000Z");
    timestamp_prints(-1, 0, "1969-12-31 23:59:59.999999", "1969-12-31T23:59:59.999Z");
    timestamp_prints(1704067200100000, 0, "2024-01-01 00:00:00.1", "2024-01-01T00:00:00.100Z");
    timestamp_prints(1704067200000001, 0, "2024-01-01 00:00:00.000001", "2024-01-01T00:00:00.000Z");
    timestamp_prints(1704067200000000, -7 * 3600, "2023-12-31 17:00:00",
                     "2023-12-31T17:00:00.000-07:00");
    timestamp_prints(1704067200000000, 5 * 3600 + 1800, "2024-01-01 05:30:00",
                     "2024-01-01T05:30:00.000+05:30");
    timestamp_prints(1704067200000000, -28378, "2023-12-31 16:07:02",
                     "2023-12-31T16:07:02.000-07:52:58");
    timestamp_prints(INT64_MIN, 0, "-290308-12-21 19:59:05.224192", "-290308-12-21T19:59:05.224Z");
    timestamp_prints(INT64_MAX, 18 * 3600, "+294247-01-10 22:00:54.775807",
                     "+294247-01-10T22:00:54.775+18:00");
    char text[LT_TIME_TEXT_SIZE];
    lt_time_format_iso_ms_local(1704067200123999, text);
    assert_string_equal(text, "2024-01-01T00:00:00.123");
}

static void times_of_day_print(void **state)
{
    (void)state;
    char text[LT_TIME_TEXT_SIZE];
    assert_int_equal(lt_time_format_time(0, text), 8);
    assert_string_equal(text, "00:00:00");
    lt_time_format_time(86399999999999, text);
    assert_string_equal(text, "23:59:59.999999999");
    lt_time_format_time(36672500000000, text);
    assert_string_equal(text, "10:11:12.5");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_print_with_four_digits_of_year_or_a_sign),
        cmocka_unit_test(timestamps_print_without_trailing_zeros_and_iso_with_three_digits),
        cmocka_unit_test(times_of_day_print),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
