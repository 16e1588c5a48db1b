/* Numbers with units: exact values, and the texts of refusals. */
#include "core/base/units.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

static int64_t duration(const char *text, int64_t bare_unit_ns)
{
    struct lt_error error;
    int64_t ns = -1;
    if (lt_units_parse_duration_ns(text, bare_unit_ns, &ns, &error) != 0)
        fail_msg("\"%s\": %s", text, error.text);
    return ns;
}

static void duration_fails(const char *text, const char *expected)
{
    struct lt_error error;
    int64_t ns = -77;
    assert_int_equal(lt_units_parse_duration_ns(text, 0, &ns, &error), LT_E_INVALID);
    assert_string_equal(error.text, expected);
    assert_int_equal(ns, -77);
}

static void durations_take_short_units(void **state)
{
    (void)state;
    assert_int_equal(duration("10ms", 0), 10000000);
    assert_int_equal(duration("1s", 0), 1000000000);
    assert_int_equal(duration("250 us", 0), 250000);
    assert_int_equal(duration("250\xc2\xb5s", 0), 250000);
    assert_int_equal(duration("7ns", 0), 7);
    assert_int_equal(duration(" 5m ", 0), INT64_C(300000000000));
    assert_int_equal(duration("1.5s", 0), 1500000000);
    assert_int_equal(duration("0.000000001 s", 0), 1);
    assert_int_equal(duration("0s", 0), 0);
}

static void durations_take_the_interval_text_of_spark(void **state)
{
    (void)state;
    assert_int_equal(duration("10 seconds", 0), INT64_C(10000000000));
    assert_int_equal(duration("100 milliseconds", 0), 100000000);
    assert_int_equal(duration("1 minute", 0), INT64_C(60000000000));
    assert_int_equal(duration("interval 1 second", 0), 1000000000);
    assert_int_equal(duration("INTERVAL 2 Hours", 0), INT64_C(7200000000000));
    assert_int_equal(duration("1 minute 30 seconds", 0), INT64_C(90000000000));
    assert_int_equal(duration("1 week 1 day", 0), INT64_C(691200000000000));
    assert_int_equal(duration("1 minute -30 seconds", 0), INT64_C(30000000000));
}

static void a_bare_number_needs_a_unit_from_its_option(void **state)
{
    (void)state;
    assert_int_equal(duration("512", 1000000), 512000000);
    assert_int_equal(duration("512 s", 1000000), INT64_C(512000000000));
    duration_fails("10", "duration \"10\" has no unit; hint: write it as \"10ms\", \"1s\" or "
                         "\"2 minutes\"");
    duration_fails("1 minute 30", "duration \"1 minute 30\" has no unit; hint: write it as "
                                  "\"10ms\", \"1s\" or \"2 minutes\"");
    struct lt_error error;
    int64_t ns;
    assert_int_equal(lt_units_parse_duration_ns("30 1 minute", 1000000, &ns, &error), LT_E_INVALID);
    assert_int_equal(lt_units_parse_duration_ns("1 minute 30", 1000000, &ns, &error), LT_E_INVALID);
}

static void months_and_years_are_refused_as_spark_does(void **state)
{
    (void)state;
    duration_fails("1 month", "Doesn't support month or year interval: 1 month");
    duration_fails("interval 2 YEARS", "Doesn't support month or year interval: interval 2 YEARS");
}

static void a_delay_counts_a_month_as_31_days(void **state)
{
    (void)state;
    const int64_t day_ns = INT64_C(86400000000000);
    struct lt_error error;
    int64_t ns;
    assert_int_equal(lt_units_parse_delay_ns("1 month", &ns, &error), 0);
    assert_int_equal(ns, 31 * day_ns);
    assert_int_equal(lt_units_parse_delay_ns("interval 2 YEARS 1 day", &ns, &error), 0);
    assert_int_equal(ns, (2 * 12 * 31 + 1) * day_ns);
    assert_int_equal(lt_units_parse_delay_ns("-1 month", &ns, &error), LT_E_INVALID);
    assert_string_equal(error.text, "duration \"-1 month\" is negative");
    assert_int_equal(lt_units_parse_delay_ns("300 years", &ns, &error), LT_E_INVALID);
    assert_string_equal(error.text, "duration \"300 years\" does not fit 64 bits");
}

static void wrong_durations_say_why(void **state)
{
    (void)state;
    duration_fails("", "\"\" is not a duration; hint: write it as \"10ms\", \"1s\" or "
                       "\"2 minutes\"");
    duration_fails("soon", "\"soon\" is not a duration; hint: write it as \"10ms\", \"1s\" or "
                           "\"2 minutes\"");
    duration_fails("10 secnds", "duration \"10 secnds\" has the unknown unit \"secnds\"; hint: did "
                                "you mean \"seconds\"?");
    duration_fails("10 qqqqqq", "duration \"10 qqqqqq\" has the unknown unit \"qqqqqq\"; hint: "
                                "write it as \"10ms\", \"1s\" or \"2 minutes\"");
    duration_fails("-1s", "duration \"-1s\" is negative");
    duration_fails("0.5ns", "duration \"0.5ns\" is no whole number of nanoseconds");
    duration_fails("9223372036854775808ns",
                   "duration \"9223372036854775808ns\" does not fit 64 bits");
    duration_fails("106752 days", "duration \"106752 days\" does not fit 64 bits");
    duration_fails("100000 days 100000 days",
                   "duration \"100000 days 100000 days\" does not fit 64 bits");
    assert_int_equal(duration("9223372036854775807ns", 0), INT64_MAX);
}

static int64_t size(const char *text)
{
    struct lt_error error;
    int64_t bytes = -1;
    if (lt_units_parse_size(text, &bytes, &error) != 0)
        fail_msg("\"%s\": %s", text, error.text);
    return bytes;
}

static void sizes_are_powers_of_1024(void **state)
{
    (void)state;
    assert_int_equal(size("64k"), 65536);
    assert_int_equal(size("16 MiB"), 16777216);
    assert_int_equal(size("1g"), 1073741824);
    assert_int_equal(size("1kb"), 1024);
    assert_int_equal(size("1.5K"), 1536);
    assert_int_equal(size("12"), 12);
    assert_int_equal(size("0"), 0);
    struct lt_error error;
    int64_t bytes;
    assert_int_equal(lt_units_parse_size("8192p", &bytes, &error), LT_E_INVALID);
    assert_string_equal(error.text, "size \"8192p\" does not fit 64 bits");
    assert_int_equal(lt_units_parse_size("0.3k", &bytes, &error), LT_E_INVALID);
    assert_string_equal(error.text, "size \"0.3k\" is no whole number of bytes");
    assert_int_equal(lt_units_parse_size("1k 1k", &bytes, &error), LT_E_INVALID);
    assert_int_equal(lt_units_parse_size("-1", &bytes, &error), LT_E_INVALID);
    assert_string_equal(error.text, "size \"-1\" is negative");
}

static void numbers_fill_64_bits_and_no_more(void **state)
{
    (void)state;
    struct lt_error error;
    int64_t value = 0;
    assert_int_equal(lt_units_parse_i64("-9223372036854775808", &value, &error), 0);
    assert_true(value == INT64_MIN);
    assert_int_equal(lt_units_parse_i64(" +9223372036854775807 ", &value, &error), 0);
    assert_true(value == INT64_MAX);
    assert_int_equal(lt_units_parse_i64("9223372036854775808", &value, &error), LT_E_INVALID);
    assert_string_equal(error.text, "number \"9223372036854775808\" does not fit 64 bits");
    static const char *const wrong[] = {"", "-", "1.0", "0x10", "1e3", "12 13", "- 1"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(lt_units_parse_i64(wrong[i], &value, &error), LT_E_INVALID);
    assert_string_equal(error.text, "\"- 1\" is not a whole number");
}

static void a_misspelt_boolean_is_never_false(void **state)
{
    (void)state;
    struct lt_error error;
    bool value = false;
    assert_int_equal(lt_units_parse_bool("TRUE", &value, &error), 0);
    assert_true(value);
    assert_int_equal(lt_units_parse_bool("False", &value, &error), 0);
    assert_false(value);
    value = true;
    assert_int_equal(lt_units_parse_bool("fasle", &value, &error), LT_E_INVALID);
    assert_string_equal(error.text, "\"fasle\" is neither \"true\" nor \"false\"");
    assert_int_equal(lt_units_parse_bool("1", &value, &error), LT_E_INVALID);
    assert_true(value);
}

static void cpu_lists_take_numbers_and_ranges(void **state)
{
    (void)state;
    struct lt_error error;
    int cpus[4] = {-1, -1, -1, -1};
    assert_int_equal(lt_units_parse_cpus("2,4-6", cpus, 4, &error), 4);
    assert_int_equal(cpus[0], 2);
    assert_int_equal(cpus[1], 4);
    assert_int_equal(cpus[3], 6);
    assert_int_equal(lt_units_parse_cpus("0", cpus, 4, &error), 1);
    assert_int_equal(lt_units_parse_cpus("0-4", cpus, 4, &error), LT_E_LIMIT);
    assert_string_equal(error.text, "cpu list \"0-4\" names more than 4 cpus");
    assert_int_equal(lt_units_parse_cpus("1,0-1", cpus, 4, &error), LT_E_INVALID);
    assert_string_equal(error.text, "cpu list \"1,0-1\" names cpu 1 twice");
    static const char *const wrong[] = {"",   "a",  "1,",          ",1", "3-1",
                                        "1-", "-1", "99999999999", "1;2"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(lt_units_parse_cpus(wrong[i], cpus, 4, &error), LT_E_INVALID);
        assert_non_null(strstr(error.text, "is not a cpu list; hint: write it as \"2,4-6\""));
    }
}

static void formats_read_well(void **state)
{
    (void)state;
    char out[LT_UNITS_TEXT_SIZE];
    assert_string_equal(lt_units_format_duration(0, out), "0 ns");
    assert_string_equal(lt_units_format_duration(950, out), "950 ns");
    assert_string_equal(lt_units_format_duration(1500000, out), "1.50 ms");
    assert_string_equal(lt_units_format_duration(15240, out), "15.2 us");
    assert_string_equal(lt_units_format_duration(999499, out), "999 us");
    assert_string_equal(lt_units_format_duration(999999, out), "1.00 ms");
    assert_string_equal(lt_units_format_duration(9996000, out), "10.0 ms");
    assert_string_equal(lt_units_format_duration(INT64_C(90000000000), out), "90.0 s");
    assert_string_equal(lt_units_format_duration(INT64_C(600000000000), out), "10.0 min");
    assert_string_equal(lt_units_format_duration(-1500, out), "-1.50 us");
    assert_string_equal(lt_units_format_duration(INT64_MIN, out), "-106752 d");
    assert_string_equal(lt_units_format_count(12345, out), "12.3 k");
    assert_string_equal(lt_units_format_count(7, out), "7");
    assert_string_equal(lt_units_format_count(0.5, out), "0.50");
    assert_string_equal(lt_units_format_count(1.5e6, out), "1.50 M");
    assert_string_equal(lt_units_format_count(999999, out), "1.00 M");
    assert_string_equal(lt_units_format_count(-1, out), "?");
    assert_string_equal(lt_units_format_size(4194304, out), "4.0 MiB");
    assert_string_equal(lt_units_format_size(512, out), "512 B");
    assert_string_equal(lt_units_format_size(1048575, out), "1.0 MiB");
    assert_string_equal(lt_units_format_size(1e300, out), "huge");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_take_short_units),
        cmocka_unit_test(durations_take_the_interval_text_of_spark),
        cmocka_unit_test(a_bare_number_needs_a_unit_from_its_option),
        cmocka_unit_test(months_and_years_are_refused_as_spark_does),
        cmocka_unit_test(a_delay_counts_a_month_as_31_days),
        cmocka_unit_test(wrong_durations_say_why),
        cmocka_unit_test(sizes_are_powers_of_1024),
        cmocka_unit_test(numbers_fill_64_bits_and_no_more),
        cmocka_unit_test(a_misspelt_boolean_is_never_false),
        cmocka_unit_test(cpu_lists_take_numbers_and_ranges),
        cmocka_unit_test(formats_read_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
