/* Datetime patterns: printing, reading, refusals. */
#include "core/text/datetime_pattern.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/text/time.h"

#define COLON                                                                                      \
    "X"                                                                                            \
    "XX" /* the letters of an offset with a colon */

static struct lt_datetime_context context;

static int setup(void **state)
{
    (void)state;
    context.zones = lt_zones_create();
    context.zone = lt_zone_utc();
    context.clock = lt_clock_system();
    return context.zones == NULL;
}

static int teardown(void **state)
{
    (void)state;
    lt_zones_destroy(context.zones);
    return 0;
}

static struct lt_datetime_pattern *compile(const char *text, enum lt_datetime_use use)
{
    struct lt_datetime_pattern *pattern;
    assert_int_equal(lt_datetime_pattern_create(text, strlen(text), use, &pattern, NULL), 0);
    return pattern;
}

static void prints(const char *zone, const char *value, const char *text, const char *expected)
{
    int64_t us;
    assert_int_equal(lt_zones_open(context.zones, zone, &context.zone, NULL), 0);
    assert_true(lt_datetime_parse_timestamp(&context, value, strlen(value), &us));
    struct lt_datetime_pattern *pattern = compile(text, LT_DATETIME_PRINTING);
    size_t most = lt_datetime_pattern_size_max(pattern);
    char *out = malloc(most + 1); /* exactly the room it says that it needs */
    assert_non_null(out);
    long size = lt_datetime_print_timestamp(pattern, &context.zone, us, out);
    assert_in_range(size, 0, (long)most);
    out[size] = '\0';
    assert_string_equal(out, expected);
    free(out);
    lt_datetime_pattern_destroy(pattern);
}

static void letters_print_as_in_java(void **state)
{
    (void)state;
    const char *value = "2024-03-05 09:07:04.056789";
    prints("UTC", value, "yyyy-MM-dd HH:mm:ss.SSSSSS", "2024-03-05 09:07:04.056789");
    prints("UTC", value, "yy/M/d h:m:s a", "24/3/5 9:7:4 AM");
    prints("UTC", value, "E EEE EEEE", "Tue Tue Tuesday");
    prints("UTC", value, "MMM MMMM L LLL", "Mar March 3 Mar");
    prints("UTC", value, "D DDD", "65 065");
    prints("UTC", value, "Q QQ QQQ QQQQ q", "1 01 Q1 1st quarter 1");
    prints("UTC", value, "hh K kk", "09 9 09");
    prints("UTC", value, "G GGGG yyyyyy", "AD Anno Domini 002024");
    prints("UTC", value, "F g SSSSSSSSS", "5 60374 056789000");
    prints("UTC", value, "yyyy-MM-dd[ HH]", "2024-03-05 09");
    prints("UTC", value, "'o''clock' ''yy''", "o'clock '24'");
    prints("UTC", value, "", "");
    prints("UTC", "-0005-01-02", "yyyy-MM-dd", "-0005-01-02");
    prints("UTC", "-0005-01-02", "y yy G", "6 06 BC");
    prints("UTC", "12024-01-02", "y yyy yyyy yyyyy", "12024 12024 +12024 12024");
}

static void zones_print_as_offsets_and_names(void **state)
{
    (void)state;
    const char *july = "2024-07-05T09:07:04Z";
    prints("UTC", july, "X " COLON " x xxxx Z O VV z zzzz",
           "Z Z +00 +0000 +0000 GMT UTC UTC Coordinated Universal Time");
    prints("America/Los_Angeles", july, "HH:mm " COLON " z VV O",
           "02:07 -07:00 PDT America/Los_Angeles GMT-7");
    prints("America/Los_Angeles", july, "zzzz OOOO", "Pacific Daylight Time GMT-07:00");
    prints("Asia/Kolkata", july, "X XX " COLON " XXXXX Z ZZZZ ZZZZZ O",
           "+0530 +0530 +05:30 +05:30 +0530 GMT+05:30 +05:30 GMT+5:30");
    prints("America/Los_Angeles", "1800-01-01T12:00:00Z", "X " COLON " XXXX XXXXX O",
           "-0752 -07:52 -075258 -07:52:58 GMT-7:52:58");
}

static void a_value_has_not_what_it_has_not(void **state)
{
    (void)state;
    char out[256];
    struct lt_datetime_pattern *pattern =
        compile("yyyy-MM-dd[ HH][ " COLON "]", LT_DATETIME_PRINTING);
    assert_int_equal(lt_datetime_print_date(pattern, 0, out), 10);
    assert_int_equal(lt_datetime_print_local(pattern, 0, out), 13);
    lt_datetime_pattern_destroy(pattern);
    pattern = compile("yyyy HH", LT_DATETIME_PRINTING);
    assert_true(lt_datetime_print_date(pattern, 0, out) < 0);
    lt_datetime_pattern_destroy(pattern);
    pattern = compile("yyyy " COLON, LT_DATETIME_PRINTING);
    assert_true(lt_datetime_print_local(pattern, 0, out) < 0);
    lt_datetime_pattern_destroy(pattern);
}

static void reads(const char *value, const char *text, const char *expected)
{
    int64_t us;
    char out[LT_TIME_TEXT_SIZE] = "refused";
    context.zone = lt_zone_utc();
    struct lt_datetime_pattern *pattern = compile(text, LT_DATETIME_READING);
    if (lt_datetime_read_timestamp(pattern, &context, value, strlen(value), &us))
        lt_time_format_timestamp(us, 0, out);
    assert_string_equal(out, expected);
    lt_datetime_pattern_destroy(pattern);
}

static void digits_are_read_strictly_and_fractions_not(void **state)
{
    (void)state;
    reads("2024-02-29", "yyyy-MM-dd", "2024-02-29 00:00:00");
    reads("2023-02-29", "yyyy-MM-dd", "refused");
    reads("2024-2-9", "yyyy-MM-dd", "refused");
    reads("2024-02-29 ", "yyyy-MM-dd", "refused");
    reads("2024-01-02 24:00:00", "yyyy-MM-dd HH:mm:ss", "refused");
    reads("20240102030405", "yyyyMMddHHmmss", "2024-01-02 03:04:05");
    reads("2024010203040", "yyyyMMddHHmmss", "refused");
    reads("+120240102", "yyyyMMdd", "+12024-01-02 00:00:00");
    reads("120240102", "yyyyMMdd", "refused");
    reads("202401020304051", "yyyyMMddHHmmssS", "2024-01-02 03:04:05.1");
    reads("20240102030405123", "yyyyMMddHHmmssSSS", "refused");
    reads("2024-01-02 03:04:05.1", "yyyy-MM-dd HH:mm:ss.SSS", "2024-01-02 03:04:05.1");
    reads("2024-01-02 03:04:05.123456789", "yyyy-MM-dd HH:mm:ss.SSSSSSSSS",
          "2024-01-02 03:04:05.123456");
    reads("-0000", "yyyy", "refused");
    reads("99-01-02", "yy-MM-dd", "2099-01-02 00:00:00");
    reads("2024 -5", "yyyy M", "refused");
}

static void missing_fields_are_those_of_1970(void **state)
{
    (void)state;
    reads("12", "HH", "1970-01-01 12:00:00");
    reads("31 02", "dd MM", "refused");
    reads("365", "D", "1970-12-31 00:00:00");
    reads("366", "D", "refused");
    reads("2024 045", "yyyy DDD", "2024-02-14 00:00:00");
    reads("60 2024-03-01", "D yyyy-MM-dd", "refused");
    reads("61 2024-03-01", "D yyyy-MM-dd", "2024-03-01 00:00:00");
    reads("3:04 PM", "h:mm a", "1970-01-01 15:04:00");
    reads("12 AM", "h a", "1970-01-01 00:00:00");
    reads("15:04 PM", "h:mm a", "refused");
    reads("15 AM", "HH a", "refused");
    reads("PM", "a", "1970-01-01 12:00:00");
    reads("24", "k", "1970-01-01 00:00:00");
    reads("2024 BC", "yyyy G", "-2023-01-01 00:00:00");
    reads("2024 2025", "yyyy yyyy", "refused");
    reads("", "", "1970-01-01 00:00:00");
}

static void names_and_zones_are_read_in_any_case(void **state)
{
    (void)state;
    reads("feb 3, 2024", "MMM d, yyyy", "2024-02-03 00:00:00");
    reads("February 3, 2024", "MMM d, yyyy", "refused");
    reads("June 5 2024", "LLLL d yyyy", "2024-06-05 00:00:00");
    reads("2024-01-02 03:04:05 PST", "yyyy-MM-dd HH:mm:ss z", "2024-01-02 11:04:05");
    reads("2024-01-02 pacific daylight time", "yyyy-MM-dd zzzz", "2024-01-02 08:00:00");
    reads("2024-01-02 IST", "yyyy-MM-dd z", "2024-01-02 00:00:00");
    reads("2024-01-02 america/new_york", "yyyy-MM-dd VV", "2024-01-02 05:00:00");
    reads("2024-01-02 PST", "yyyy-MM-dd VV", "refused");
    reads("2024-01-02 UTC+05:00", "yyyy-MM-dd z", "2024-01-01 19:00:00");
    reads("2024-01-02 UTC+5", "yyyy-MM-dd z", "refused");
    reads("2024-01-02T03:04:05.678+05:30", "yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
          "2024-01-01 21:34:05.678");
    reads("2024-01-02 -08", "yyyy-MM-dd X", "2024-01-02 08:00:00");
    reads("2024-01-02 +19:00", "yyyy-MM-dd " COLON, "refused");
    reads("2024-01-02 GMT+8", "yyyy-MM-dd O", "2024-01-01 16:00:00");
    reads("2024-01-02 GMT+8", "yyyy-MM-dd OOOO", "refused");
    reads("2024-01-02 +01:00 +02:00", "yyyy-MM-dd " COLON " " COLON, "refused");
    reads("2024-01-02 UTC +01:00", "yyyy-MM-dd VV " COLON, "2024-01-02 00:00:00");
}

static void optional_parts_may_lack(void **state)
{
    (void)state;
    reads("2024-01-02 03:04", "yyyy-MM-dd HH:mm[:ss]", "2024-01-02 03:04:00");
    reads("2024-01-02T03", "yyyy-MM-dd['T'HH[:mm]]", "2024-01-02 03:00:00");
    reads("2024-01-02T", "yyyy-MM-dd['T'HH[:mm]]", "refused");
    reads("2024-01-02T03:04:05Z", "yyyy-MM-dd'T'HH:mm:ss[.SSS][" COLON "]", "2024-01-02 03:04:05");
}

static void is_refused(const char *text, enum lt_datetime_use use, const char *condition)
{
    struct lt_datetime_pattern *pattern;
    struct lt_error error;
    assert_true(lt_datetime_pattern_create(text, strlen(text), use, &pattern, &error) < 0);
    assert_string_equal(error.condition, condition);
}

static void refusals_are_spark_s(void **state)
{
    (void)state;
    const char *week = "INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_WEEK_BASED_PATTERN";
    const char *once = "INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_PATTERN_RECOGNITION";
    const char *letter = "INVALID_DATETIME_PATTERN.ILLEGAL_CHARACTER";
    is_refused("e", LT_DATETIME_PRINTING, week);
    is_refused("bad pattern", LT_DATETIME_READING, week);
    is_refused("YYYY-ww", LT_DATETIME_READING, once);
    is_refused("u", LT_DATETIME_PRINTING, once);
    is_refused("aaa", LT_DATETIME_PRINTING, once);
    is_refused("MMMMM", LT_DATETIME_PRINTING, once);
    is_refused("yyyy]", LT_DATETIME_PRINTING, once);
    is_refused("EEE, dd MMM yyyy", LT_DATETIME_READING, once);
    is_refused("n", LT_DATETIME_PRINTING, letter);
    is_refused("yyyy Q", LT_DATETIME_READING, letter);
    is_refused("qqqqqq", LT_DATETIME_PRINTING, "INVALID_DATETIME_PATTERN.LENGTH");
    is_refused("VVV", LT_DATETIME_PRINTING, "INVALID_DATETIME_PATTERN.WITH_SUGGESTION");
    is_refused("yyyy'x", LT_DATETIME_PRINTING, "INVALID_DATETIME_PATTERN.WITH_SUGGESTION");
    is_refused("[[[[[[[[[[[[[[[[[", LT_DATETIME_PRINTING,
               "INVALID_DATETIME_PATTERN.WITH_SUGGESTION");
}

static void local_times_and_dates_are_read_too(void **state)
{
    (void)state;
    int64_t us;
    int32_t days;
    struct lt_datetime_pattern *pattern = compile("yyyy-MM-dd HH " COLON, LT_DATETIME_READING);
    const char *text = "2024-01-02 03 +01:00";
    assert_true(lt_datetime_read_local(pattern, &context, text, strlen(text), true, &us));
    assert_int_equal(us, 1704164400000000);
    assert_false(lt_datetime_read_local(pattern, &context, text, strlen(text), false, &us));
    assert_true(lt_datetime_read_date(pattern, &context, text, strlen(text), &days));
    assert_int_equal(days, 19724);
    lt_datetime_pattern_destroy(pattern);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters_print_as_in_java),
        cmocka_unit_test(zones_print_as_offsets_and_names),
        cmocka_unit_test(a_value_has_not_what_it_has_not),
        cmocka_unit_test(digits_are_read_strictly_and_fractions_not),
        cmocka_unit_test(missing_fields_are_those_of_1970),
        cmocka_unit_test(names_and_zones_are_read_in_any_case),
        cmocka_unit_test(optional_parts_may_lack),
        cmocka_unit_test(refusals_are_spark_s),
        cmocka_unit_test(local_times_and_dates_are_read_too),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
