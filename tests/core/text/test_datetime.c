/* Text to dates and timestamps as casts read it. */
#include "core/text/datetime.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "core/text/time.h"

static struct lt_datetime_context context;
static struct lt_clock_manual clock_2024; /* 2024-05-06 22:00:00 UTC */

static int setup(void **state)
{
    (void)state;
    lt_clock_manual_init(&clock_2024, 0, 1715032800000000);
    context.zones = lt_zones_create();
    context.zone = lt_zone_utc();
    context.clock = &clock_2024.clock;
    return context.zones == NULL;
}

static int teardown(void **state)
{
    (void)state;
    lt_zones_destroy(context.zones);
    return 0;
}

static void date_is(const char *text, const char *expected)
{
    int32_t days;
    char out[LT_TIME_TEXT_SIZE] = "refused";
    if (lt_datetime_parse_date(text, strlen(text), &days))
        lt_time_format_date(days, out);
    assert_string_equal(out, expected);
}

static void dates_are_read_from_their_short_forms_too(void **state)
{
    (void)state;
    date_is("2024-02-29", "2024-02-29");
    date_is("2024-2-9", "2024-02-09");
    date_is("2024", "2024-01-01");
    date_is("2024-07", "2024-07-01");
    date_is("2024-07-04T10:11:12", "2024-07-04");
    date_is("2024-07-04 xyz", "2024-07-04");
    date_is(" 2024-01-02\t", "2024-01-02");
    date_is("-0001-01-01", "-0001-01-01");
    date_is("+2024-01-01", "2024-01-01");
    date_is("99999-12-31", "+99999-12-31");
    date_is("5881580-07-11", "+5881580-07-11");
    date_is("-5877641-06-23", "-5877641-06-23");
}

static void what_is_no_date_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",           " ",         "-",           "2023-02-29",    "20240704",       "2024-13-01",
        "2024-00-10", "2024-1-32", "24-01-01",    "2024/01/02",    "2024-01-",       "2024-",
        "2024 x",     "2024-01 x", "2024-01-011", "5881580-07-12", "12345678-07-12", "2024-01-02x",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        date_is(bad[i], "refused");
}

static void every_day_of_ten_thousand_years_comes_back(void **state)
{
    (void)state;
    char text[LT_TIME_TEXT_SIZE];
    for (int32_t days = -719162; days <= 2932896; days++) {
        size_t size = lt_time_format_date(days, text);
        int32_t back;
        assert_true(lt_datetime_parse_date(text, size, &back));
        assert_int_equal(back, days);
    }
}

static void timestamp_is(const char *zone, const char *text, const char *expected)
{
    int64_t us;
    char out[LT_TIME_TEXT_SIZE] = "refused";
    assert_int_equal(lt_zones_open(context.zones, zone, &context.zone, NULL), 0);
    if (lt_datetime_parse_timestamp(&context, text, strlen(text), &us))
        lt_time_format_timestamp(us, 0, out);
    assert_string_equal(out, expected);
}

static void timestamps_are_read_with_and_without_zone(void **state)
{
    (void)state;
    timestamp_is("UTC", "2024-02-29T12:34:56.789Z", "2024-02-29 12:34:56.789");
    timestamp_is("UTC", "2024-02-29 12:34:56.123456789", "2024-02-29 12:34:56.123456");
    timestamp_is("UTC", "2024-02-29 1:2:3", "2024-02-29 01:02:03");
    timestamp_is("UTC", "2024-02-29 12", "2024-02-29 12:00:00");
    timestamp_is("UTC", "2024-02", "2024-02-01 00:00:00");
    timestamp_is("UTC", "2024-02-29 12:34:56 America/New_York", "2024-02-29 17:34:56");
    timestamp_is("UTC", "2024-02-29 12:34:56 PST", "2024-02-29 20:34:56");
    timestamp_is("UTC", "2024-02-29 12:34:56UTC+3", "2024-02-29 09:34:56");
    timestamp_is("UTC", "2024-02-29 12:34:56+5", "2024-02-29 07:34:56");
    timestamp_is("UTC", "2024-1-1 1:2:3.4+1:2", "2024-01-01 00:00:03.4");
    timestamp_is("UTC", "2024-02-29 12:34:56.", "2024-02-29 12:34:56");
    timestamp_is("UTC", "294247-01-10 04:00:54.775807", "+294247-01-10 04:00:54.775807");
    timestamp_is("UTC", "-290308-12-21 19:59:05.224192", "-290308-12-21 19:59:05.224192");
    timestamp_is("America/Los_Angeles", "2024-03-10 02:30:00", "2024-03-10 10:30:00");
    timestamp_is("America/Los_Angeles", "2024-11-03 01:30:00", "2024-11-03 08:30:00");
    timestamp_is("America/Los_Angeles", "12:30", "2024-05-06 19:30:00");
    timestamp_is("Asia/Tokyo", "T12:30:01.5", "2024-05-07 03:30:01.5");
}

static void what_is_no_timestamp_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "garbage",
        "1709210096",
        "2024-02-29 24:00:00",
        "2024-02-29 12:60:00",
        "2024-02-30 00:00:00",
        "294247-01-10 04:00:54.775808",
        "-290308-12-21 19:59:05.224191",
        "2024-01-01 00:00:00 Mars/Phobos",
        "2024-01-01 00:00:00 utc",
        "2024-01-01 00:00Z",
        "2024-01-01  00:00:00",
        "2024-01-01T",
        "2024-01-01 00:",
        "2024-01-01 00:00:00-",
        "2024-1-1 001:2:3",
        "1234567-01-01 00:00:00",
        " T12:00",
        "12:",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        timestamp_is("UTC", bad[i], "refused");
}

static void local_is(const char *text, bool allow_zone, const char *expected)
{
    int64_t us;
    char out[LT_TIME_TEXT_SIZE] = "refused";
    if (lt_datetime_parse_local(&context, text, strlen(text), allow_zone, &us))
        lt_time_format_timestamp(us, 0, out);
    assert_string_equal(out, expected);
}

static void local_timestamps_put_a_zone_aside_or_refuse_it(void **state)
{
    (void)state;
    local_is("2024-02-29 12:34:56+01:00", true, "2024-02-29 12:34:56");
    local_is("2024-02-29 12:34:56+01:00", false, "refused");
    local_is("2024-02-29 12:34:56 Mars", true, "refused");
    local_is("12:00:00", true, "refused");
}

static void special_is(const char *text, const char *expected)
{
    int64_t us;
    char out[LT_TIME_TEXT_SIZE] = "none";
    assert_int_equal(lt_zones_open(context.zones, "Asia/Tokyo", &context.zone, NULL), 0);
    if (lt_datetime_special_timestamp(&context, text, strlen(text), &us))
        lt_time_format_timestamp(us, 0, out);
    assert_string_equal(out, expected);
}

static void moments_have_names(void **state)
{
    (void)state;
    special_is(" EPOCH ", "1970-01-01 00:00:00");
    special_is("now", "2024-05-06 22:00:00");
    special_is("today", "2024-05-06 15:00:00");
    special_is("today UTC", "2024-05-06 00:00:00");
    special_is("Yesterday", "2024-05-05 15:00:00");
    special_is("tomorrow", "2024-05-07 15:00:00");
    special_is("nowx", "none");
    special_is("epoch Foo", "none");
    int32_t days;
    assert_true(lt_datetime_special_date(&context, "today", 5, &days));
    assert_int_equal(days, 19850);
    int64_t us;
    assert_true(lt_datetime_special_local(&context, "now", 3, &us));
    assert_int_equal(us, 1715065200000000);
    assert_false(lt_datetime_special_local(&context, "2024", 4, &us));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_are_read_from_their_short_forms_too),
        cmocka_unit_test(what_is_no_date_is_refused),
        cmocka_unit_test(every_day_of_ten_thousand_years_comes_back),
        cmocka_unit_test(timestamps_are_read_with_and_without_zone),
        cmocka_unit_test(what_is_no_timestamp_is_refused),
        cmocka_unit_test(local_timestamps_put_a_zone_aside_or_refuse_it),
        cmocka_unit_test(moments_have_names),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
