/* Parts of dates and times, and cutting them to a unit. */
#include "core/text/datetime_part.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "core/base/date.h"
#include "core/text/datetime.h"
#include "core/text/time.h"

static struct lt_datetime_context context;

static int setup(void **state)
{
    (void)state;
    context.zones = lt_zones_create();
    context.clock = lt_clock_system();
    return context.zones == NULL || lt_zones_open(context.zones, "UTC", &context.zone, NULL);
}

static int teardown(void **state)
{
    (void)state;
    lt_zones_destroy(context.zones);
    return 0;
}

static int32_t day(const char *text)
{
    int32_t days;
    assert_true(lt_datetime_parse_date(text, strlen(text), &days));
    return days;
}

static void part_is(const char *name, const char *text, int64_t expected)
{
    enum lt_datetime_part part;
    assert_true(lt_datetime_part_find(name, strlen(name), &part));
    assert_int_equal(lt_datetime_part_of_date(part, day(text)), expected);
}

static void parts_of_dates_are_told(void **state)
{
    (void)state;
    part_is("year", "0001-01-01", 1);
    part_is("YRS", "-0044-03-15", -44);
    part_is("YEAROFWEEK", "2024-12-30", 2025);
    part_is("quarter", "1969-12-31", 4);
    part_is("mon", "2024-02-29", 2);
    part_is("week", "2021-01-03", 53);
    part_is("week", "2024-12-30", 1);
    part_is("week", "9999-12-31", 52);
    part_is("D", "2024-02-29", 29);
    part_is("dow", "2024-02-29", 5);
    part_is("DayOfWeek", "0001-01-01", 2);
    part_is("DAYOFWEEK_ISO", "2024-12-30", 1);
    part_is("doy", "2024-12-30", 365);
    part_is("hour", "2024-12-30", 0);
    enum lt_datetime_part part;
    assert_false(lt_datetime_part_find("century", 7, &part));
    assert_false(lt_datetime_part_find("", 0, &part));
}

static void parts_of_times_are_told(void **state)
{
    (void)state;
    int64_t us_of_day = 3723456789; /* 01:02:03.456789 */
    assert_int_equal(lt_datetime_part_of(LT_DATETIME_HOUR, 0, us_of_day), 1);
    assert_int_equal(lt_datetime_part_of(LT_DATETIME_MINUTE, 0, us_of_day), 2);
    assert_int_equal(lt_datetime_part_of(LT_DATETIME_SECOND, 0, us_of_day), 3);
    assert_int_equal(lt_datetime_part_of(LT_DATETIME_MICROSECOND_OF_MINUTE, 0, us_of_day), 3456789);
    assert_int_equal(lt_datetime_part_of(LT_DATETIME_YEAR, 0, us_of_day), 1970);
}

/* ISO weeks go on by one each Monday, or begin anew with the week's year. */
static void weeks_follow_each_other(void **state)
{
    (void)state;
    for (int64_t days = -719162; days < 800000; days++) {
        int64_t week = lt_datetime_part_of_date(LT_DATETIME_WEEK, days);
        int64_t next = lt_datetime_part_of_date(LT_DATETIME_WEEK, days + 1);
        bool is_sunday = lt_datetime_part_of_date(LT_DATETIME_DAY_OF_WEEK, days) == 1;
        bool is_new_year = lt_datetime_part_of_date(LT_DATETIME_YEAR_OF_WEEK, days) !=
                           lt_datetime_part_of_date(LT_DATETIME_YEAR_OF_WEEK, days + 1);
        assert_in_range(week, 1, 53);
        assert_int_equal(next, !is_sunday ? week : is_new_year ? 1 : week + 1);
        assert_true(!is_new_year || is_sunday);
    }
}

static void truncated_is(const char *zone, const char *unit, const char *text, const char *expected)
{
    int64_t us, wanted_us;
    enum lt_datetime_unit to;
    assert_int_equal(lt_zones_open(context.zones, zone, &context.zone, NULL), 0);
    assert_true(lt_datetime_parse_timestamp(&context, text, strlen(text), &us));
    assert_true(lt_datetime_parse_timestamp(&context, expected, strlen(expected), &wanted_us));
    assert_true(lt_datetime_unit_find(unit, strlen(unit), &to));
    assert_true(lt_datetime_truncate(to, &context.zone, us, &us));
    assert_int_equal(us, wanted_us);
}

static void timestamps_are_cut_in_their_zone(void **state)
{
    (void)state;
    const char *text = "2024-08-15 13:47:58.123456", *la = "America/Los_Angeles";
    truncated_is("UTC", "YYYY", text, "2024-01-01");
    truncated_is("UTC", "quarter", text, "2024-07-01");
    truncated_is("UTC", "MON", text, "2024-08-01");
    truncated_is("UTC", "week", text, "2024-08-12");
    truncated_is("UTC", "DD", text, "2024-08-15");
    truncated_is("UTC", "hour", text, "2024-08-15 13:00:00");
    truncated_is("UTC", "minute", text, "2024-08-15 13:47:00");
    truncated_is("UTC", "second", text, "2024-08-15 13:47:58");
    truncated_is("UTC", "millisecond", text, "2024-08-15 13:47:58.123");
    truncated_is("UTC", "microsecond", text, text);
    truncated_is("UTC", "second", "1969-12-31 23:59:59.5", "1969-12-31 23:59:59");
    truncated_is(la, "DAY", "2024-03-10 03:30:00", "2024-03-10");
    truncated_is(la, "WEEK", "2024-11-03 01:30:00", "2024-10-28");
    truncated_is(la, "HOUR", "2024-11-03T09:30:00Z", "2024-11-03T09:00:00Z");
    enum lt_datetime_unit unit;
    assert_false(lt_datetime_unit_find("decade", 6, &unit));
    assert_false(lt_datetime_unit_find("", 0, &unit));
    int64_t us;
    assert_false(lt_datetime_truncate(LT_DATETIME_TO_YEAR, &context.zone, INT64_MIN, &us));
}

static void days_of_the_week_are_found_and_followed(void **state)
{
    (void)state;
    assert_int_equal(lt_datetime_weekday_find("MO", 2), 0);
    assert_int_equal(lt_datetime_weekday_find("sUNday", 6), 6);
    assert_int_equal(lt_datetime_weekday_find("xx", 2), -1);
    assert_int_equal(lt_datetime_weekday_find("", 0), -1);
    assert_int_equal(lt_datetime_next_day(day("2024-05-15"), 0), day("2024-05-20"));
    assert_int_equal(lt_datetime_next_day(day("2024-05-15"), 2), day("2024-05-22"));
    assert_int_equal(lt_datetime_next_day(day("2024-05-15"), 3), day("2024-05-16"));
    assert_int_equal(lt_datetime_last_day(day("2024-02-05")), day("2024-02-29"));
    assert_int_equal(lt_datetime_last_day(day("0001-01-01")), day("0001-01-31"));
    assert_string_equal(lt_datetime_weekday_name(0), "Mon");
    assert_string_equal(lt_datetime_month_name(12), "Dec");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_of_dates_are_told),
        cmocka_unit_test(parts_of_times_are_told),
        cmocka_unit_test(weeks_follow_each_other),
        cmocka_unit_test(timestamps_are_cut_in_their_zone),
        cmocka_unit_test(days_of_the_week_are_found_and_followed),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
