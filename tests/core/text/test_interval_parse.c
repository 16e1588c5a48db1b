/* Text to intervals. */
#include "core/text/interval_parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "core/text/interval.h"

/* The text of the interval, or the condition of its refusal. */
static void reads(const char *type_text, const char *text, const char *expected)
{
    struct lt_arena *arena = lt_arena_create();
    const struct lt_type *type;
    union lt_value value;
    struct lt_text_buffer out;
    lt_text_init(&out);
    assert_int_equal(lt_type_parse(type_text, arena, &type, NULL), 0);
    enum lt_interval_parsed parsed =
        type->kind == LT_TYPE_INTERVAL_CALENDAR
            ? lt_interval_parse_units(text, strlen(text), &value.interval)
            : lt_interval_parse(type, text, strlen(text), &value);
    if (parsed == LT_INTERVAL_PARSED)
        lt_interval_write(&out, type, &value);
    else
        lt_text_append(&out, lt_interval_condition(parsed));
    assert_string_equal(lt_text_get(&out), expected);
    lt_text_fini(&out);
    lt_arena_destroy(arena);
}

static void day_time_intervals_are_read_by_their_fields(void **state)
{
    (void)state;
    const char *all = "interval day to second", *bad = "UNMATCHED_FORMAT_STRING";
    reads(all, "1 2:3:4.5", "INTERVAL '1 02:03:04.5' DAY TO SECOND");
    reads(all, "-1 2:3:4.5", "INTERVAL '-1 02:03:04.5' DAY TO SECOND");
    reads(all, " INTERVAL -'1 2:3:4.5' DAY TO SECOND", "INTERVAL '-1 02:03:04.5' DAY TO SECOND");
    reads(all, "-106751991 4:0:54.775808", "INTERVAL '-106751991 04:00:54.775808' DAY TO SECOND");
    reads(all, "106751991 4:0:54.775808", "ARITHMETIC_EXCEPTION");
    reads(all, "1 24:3:4.5", "INTERVAL_PARSING");
    reads(all, "INTERVAL '1 2' DAY TO HOUR", bad);
    reads("interval day to minute", "1 3:4", "INTERVAL '1 03:04' DAY TO MINUTE");
    reads("interval day to minute", "1  3:4", bad);
    reads("interval minute to second", "30:4.123456789",
          "INTERVAL '30:04.123456' MINUTE TO SECOND");
    reads("interval minute to second", "30:4.1234567891", bad);
    reads("interval hour to second", "10", bad);
    reads("interval hour", "10", "INTERVAL '10' HOUR");
    reads("interval second", "10.", bad);
    reads("interval second", "INTERVAL +'-10.5' SECOND", "INTERVAL '-10.5' SECOND");
    reads("interval second", "9223372036855", "INTERVAL_PARSING");
    reads("interval day", "abc", bad);
    reads("interval day", "", bad);
    reads("interval day", "106751992", "INTERVAL '-106751990' DAY");
}

static void year_month_intervals_are_read_by_their_fields(void **state)
{
    (void)state;
    const char *all = "interval year to month", *bad = "UNMATCHED_FORMAT_STRING";
    reads(all, "1-6", "INTERVAL '1-6' YEAR TO MONTH");
    reads(all, "interval -'-1-11' year to month", "INTERVAL '1-11' YEAR TO MONTH");
    reads(all, "-178956970-8", "INTERVAL '-178956970-8' YEAR TO MONTH");
    reads(all, "178956970-8", "INTERVAL_PARSING");
    reads(all, "1-12", "INTERVAL_PARSING");
    reads("interval year", "1-11", bad);
    reads("interval year", " 10 ", "INTERVAL '10' YEAR");
    reads("interval year", "99999999999999999999", "INTERVAL_PARSING");
    reads("interval month", "-2147483648", "INTERVAL '-2147483648' MONTH");
    reads("interval month", "2147483648", "INTERVAL_PARSING");
}

static void lists_of_units_are_calendar_intervals(void **state)
{
    (void)state;
    const char *type = "interval";
    reads(type,
          "1 year 2 months 3 weeks 4 days 5 hours 6 minutes 7.089 seconds 8 milliseconds "
          "9 microseconds",
          "1 years 2 months 25 days 5 hours 6 minutes 7.097009 seconds");
    reads(type, " Interval  - 1 year + 2   days ", "-1 years 2 days");
    reads(type, ".5 seconds", "0.5 seconds");
    reads(type, "-.5 SECONDS", "-0.5 seconds");
    reads(type, "1\tday", "1 days");
    reads(type, "", "INPUT_IS_EMPTY");
    reads(type, "interval", "INPUT_IS_EMPTY");
    reads(type, "intervals 1 day", "INVALID_PREFIX");
    reads(type, "x day", "UNRECOGNIZED_NUMBER");
    reads(type, "1 day -", "MISSING_NUMBER");
    reads(type, "1x day", "INVALID_VALUE");
    reads(type, "1", "MISSING_UNIT");
    reads(type, "1 yearsx", "INVALID_UNIT");
    reads(type, "1 nanosecond", "INVALID_UNIT");
    reads(type, "1.5 days", "INVALID_FRACTION");
    reads(type, "1.5555555555 seconds", "INVALID_PRECISION");
    reads(type, "2147483648 months", "ARITHMETIC_EXCEPTION");
    reads(type, "5000000000 hours", "ARITHMETIC_EXCEPTION");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(day_time_intervals_are_read_by_their_fields),
        cmocka_unit_test(year_month_intervals_are_read_by_their_fields),
        cmocka_unit_test(lists_of_units_are_calendar_intervals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
