/* Calendar arithmetic. */
#include "core/text/datetime_add.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "core/text/datetime.h"

static struct lt_datetime_context context;
static const char *const la = "America/Los_Angeles";

static int setup(void **state)
{
    (void)state;
    context.zones = lt_zones_create();
    context.clock = lt_clock_system();
    return context.zones == NULL;
}

static int teardown(void **state)
{
    (void)state;
    lt_zones_destroy(context.zones);
    return 0;
}

static void use(const char *zone)
{
    assert_int_equal(lt_zones_open(context.zones, zone, &context.zone, NULL), 0);
}

static int64_t at(const char *text)
{
    int64_t us;
    assert_true(lt_datetime_parse_timestamp(&context, text, strlen(text), &us));
    return us;
}

static int32_t day(const char *text)
{
    int32_t days;
    assert_true(lt_datetime_parse_date(text, strlen(text), &days));
    return days;
}

static void months_are_clamped_to_their_last_day(void **state)
{
    (void)state;
    int32_t days;
    assert_true(lt_datetime_add_months_to_date(day("2024-01-31"), 1, &days));
    assert_int_equal(days, day("2024-02-29"));
    assert_true(lt_datetime_add_months_to_date(day("2024-02-29"), -11, &days));
    assert_int_equal(days, day("2023-03-29"));
    assert_true(lt_datetime_add_months_to_date(day("2024-02-29"), 12, &days));
    assert_int_equal(days, day("2025-02-28"));
    assert_false(lt_datetime_add_months_to_date(day("5881580-07-11"), 1, &days));
    assert_false(lt_datetime_add_months_to_date(day("2024-01-31"), INT32_MAX, &days));
    struct lt_calendar_interval interval = {.months = 1, .days = 2};
    assert_true(lt_datetime_add_interval_to_date(day("2024-01-31"), &interval, &days));
    assert_int_equal(days, day("2024-03-02"));
}

static void stepped(const char *zone, const char *unit, int64_t count, const char *from,
                    const char *to)
{
    enum lt_datetime_step step;
    int64_t us;
    use(zone);
    assert_true(lt_datetime_step_find(unit, strlen(unit), &step));
    assert_true(lt_datetime_add_steps(step, &context.zone, at(from), count, &us));
    assert_int_equal(us, at(to));
}

static void steps_follow_the_calendar_from_days_on(void **state)
{
    (void)state;
    stepped("UTC", "hour", 5, "2024-03-01 22:00:00", "2024-03-02 03:00:00");
    stepped("UTC", "YEAR", 1, "2024-02-29", "2025-02-28");
    stepped("UTC", "QUARTER", 1, "2023-11-30", "2024-02-29");
    stepped("UTC", "WEEK", 2, "2024-01-01", "2024-01-15");
    stepped("UTC", "DAYOFYEAR", 1, "2024-01-01", "2024-01-02");
    stepped("UTC", "MICROSECOND", -1, "1970-01-01", "1969-12-31 23:59:59.999999");
    stepped(la, "DAY", 1, "2024-03-09 02:30:00", "2024-03-10 03:30:00");
    stepped(la, "HOUR", 24, "2024-03-09 12:00:00", "2024-03-10 13:00:00");
    stepped(la, "HOUR", 1, "2024-03-10 01:30:00", "2024-03-10 03:30:00");
    stepped(la, "DAY", 0, "2024-11-03T09:30:00Z", "2024-11-03T09:30:00Z");
    stepped(la, "DAY", 7, "2024-10-27T08:30:00Z", "2024-11-03T08:30:00Z");
    enum lt_datetime_step step;
    assert_false(lt_datetime_step_find("FORTNIGHT", 9, &step));
    int64_t us;
    assert_false(lt_datetime_add_steps(LT_DATETIME_STEP_YEAR, &context.zone, 0, 300000, &us));
    assert_false(lt_datetime_add_steps(LT_DATETIME_STEP_QUARTER, &context.zone, 0, 715827883, &us));
    assert_false(lt_datetime_add_steps(LT_DATETIME_STEP_HOUR, &context.zone, 0, INT64_MAX, &us));
}

static void intervals_are_added_in_the_zone(void **state)
{
    (void)state;
    int64_t us;
    use(la);
    assert_true(
        lt_datetime_add_day_time(&context.zone, at("2024-03-09 02:30:00"), 86400000000, &us));
    assert_int_equal(us, at("2024-03-10 03:30:00"));
    assert_true(lt_datetime_add_months(&context.zone, at("2024-02-10 02:30:00"), 1, &us));
    assert_int_equal(us, at("2024-03-10 03:30:00"));
    struct lt_calendar_interval interval = {1, 2, 10800000000};
    use("UTC");
    assert_true(lt_datetime_add_interval(&context.zone, at("2024-01-31 10:00:00"), &interval, &us));
    assert_int_equal(us, at("2024-03-02 13:00:00"));
    assert_false(lt_datetime_add_day_time(&context.zone, INT64_MAX, 1, &us));
    assert_false(lt_datetime_add_day_time(&context.zone, INT64_MIN, -1, &us));
    assert_true(lt_datetime_add_day_time(&context.zone, INT64_MIN, INT64_MAX, &us));
    assert_int_equal(us, -1);
}

static void between(const char *zone, enum lt_datetime_step step, const char *from, const char *to,
                    int64_t expected)
{
    int64_t count;
    use(zone);
    assert_true(lt_datetime_steps_between(step, &context.zone, at(from), at(to), &count));
    assert_int_equal(count, expected);
}

static void whole_steps_are_counted_by_local_time(void **state)
{
    (void)state;
    between("UTC", LT_DATETIME_STEP_MONTH, "2024-01-31", "2024-02-29", 0);
    between("UTC", LT_DATETIME_STEP_MONTH, "2024-04-30", "2024-01-31", -2);
    between("UTC", LT_DATETIME_STEP_MONTH, "2024-04-30 12:00:00", "2024-03-30 12:00:01", 0);
    between("UTC", LT_DATETIME_STEP_YEAR, "2020-02-29", "2024-02-28", 3);
    between("UTC", LT_DATETIME_STEP_QUARTER, "2024-01-31", "2024-04-30", 0);
    between("UTC", LT_DATETIME_STEP_DAY, "2024-01-01 12:00:00", "2024-01-03 11:59:59", 1);
    between("UTC", LT_DATETIME_STEP_HOUR, "2024-01-02", "2024-01-01 00:30:00", -23);
    between(la, LT_DATETIME_STEP_HOUR, "2024-03-10", "2024-03-11", 24);
    int64_t us;
    assert_true(lt_datetime_subtract(&context.zone, at("2024-03-11"), at("2024-03-10"), &us));
    assert_int_equal(us, 86400000000);
    assert_false(lt_datetime_subtract(&context.zone, INT64_MAX, INT64_MIN, &us));
}

static void months_between_are_of_31_days(void **state)
{
    (void)state;
    use("UTC");
    const struct lt_zone *zone = &context.zone;
    assert_float_equal(lt_datetime_months_between(zone, at("2024-03-31"), at("2024-02-29"), true),
                       1.0, 0);
    assert_float_equal(lt_datetime_months_between(zone, at("2024-03-31"), at("2024-01-15"), true),
                       2.51612903, 0);
    assert_float_equal(lt_datetime_months_between(zone, at("2024-03-31"), at("2024-02-28"), false),
                       1.096774193548387, 1e-15);
    assert_float_equal(
        lt_datetime_months_between(zone, at("2024-03-15 12:00:00"), at("2024-01-15"), true), 2.0,
        0);
}

static void dates_and_times_are_made_of_their_fields(void **state)
{
    (void)state;
    int32_t days;
    int64_t us;
    assert_int_equal(lt_datetime_make_date(2024, 2, 29, &days), LT_DATETIME_MADE);
    assert_int_equal(days, day("2024-02-29"));
    assert_int_equal(lt_datetime_make_date(2023, 2, 29, &days), LT_DATETIME_BAD_DAY_OF_MONTH);
    assert_int_equal(lt_datetime_make_date(2023, 13, 1, &days), LT_DATETIME_BAD_MONTH);
    assert_int_equal(lt_datetime_make_date(1000000000, 1, 1, &days), LT_DATETIME_BAD_YEAR);
    assert_int_equal(lt_datetime_make_date(10000000, 1, 1, &days), LT_DATETIME_TOO_LARGE);
    use(la);
    const struct lt_zone *zone = &context.zone;
    assert_int_equal(lt_datetime_make_timestamp(zone, 2024, 3, 10, 2, 30, 0, &us),
                     LT_DATETIME_MADE);
    assert_int_equal(us, at("2024-03-10 03:30:00"));
    assert_int_equal(lt_datetime_make_timestamp(zone, 2024, 1, 1, 23, 59, 60000000, &us),
                     LT_DATETIME_MADE);
    assert_int_equal(us, at("2024-01-02"));
    assert_int_equal(lt_datetime_make_timestamp(zone, 2024, 1, 1, 0, 0, 60500000, &us),
                     LT_DATETIME_BAD_FRACTION);
    assert_int_equal(lt_datetime_make_timestamp(zone, 2024, 1, 1, 0, 0, 61000000, &us),
                     LT_DATETIME_BAD_SECOND);
    assert_int_equal(lt_datetime_make_timestamp(zone, 2024, 1, 1, 24, 0, 0, &us),
                     LT_DATETIME_BAD_HOUR);
    assert_int_equal(lt_datetime_make_timestamp(zone, 2024, 1, 1, 0, 60, 0, &us),
                     LT_DATETIME_BAD_MINUTE);
    assert_int_equal(lt_datetime_make_timestamp(zone, 300000, 1, 1, 0, 0, 0, &us),
                     LT_DATETIME_TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(months_are_clamped_to_their_last_day),
        cmocka_unit_test(steps_follow_the_calendar_from_days_on),
        cmocka_unit_test(intervals_are_added_in_the_zone),
        cmocka_unit_test(whole_steps_are_counted_by_local_time),
        cmocka_unit_test(months_between_are_of_31_days),
        cmocka_unit_test(dates_and_times_are_made_of_their_fields),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
