/* Intervals as a cast to string gives them. */
#include "core/text/interval.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void prints(const char *type_text, union lt_value value, const char *expected)
{
    struct lt_arena *arena = lt_arena_create();
    const struct lt_type *type;
    struct lt_text_buffer text;
    lt_text_init(&text);
    assert_int_equal(lt_type_parse(type_text, arena, &type, NULL), 0);
    lt_interval_write(&text, type, &value);
    assert_string_equal(lt_text_get(&text), expected);
    lt_text_fini(&text);
    lt_arena_destroy(arena);
}

static void day_time_intervals_print_their_fields(void **state)
{
    (void)state;
    int64_t day = 86400000000, hour = 3600000000, minute = 60000000, second = 1000000;
    prints("interval day to second",
           lt_value_i64(day + 2 * hour + 3 * minute + 4 * second + 500000),
           "INTERVAL '1 02:03:04.5' DAY TO SECOND");
    prints("interval day to second", lt_value_i64(0), "INTERVAL '0 00:00:00' DAY TO SECOND");
    prints("interval minute", lt_value_i64(-90 * minute), "INTERVAL '-90' MINUTE");
    prints("interval minute", lt_value_i64(5 * minute), "INTERVAL '05' MINUTE");
    prints("interval day", lt_value_i64(3 * day), "INTERVAL '3' DAY");
    prints("interval hour to second", lt_value_i64(-1),
           "INTERVAL '-00:00:00.000001' HOUR TO SECOND");
    prints("interval hour to minute", lt_value_i64(25 * hour + 10 * minute),
           "INTERVAL '25:10' HOUR TO MINUTE");
    prints("interval second", lt_value_i64(100 * second + 10), "INTERVAL '100.00001' SECOND");
    prints("interval day to second", lt_value_i64(INT64_MIN),
           "INTERVAL '-106751991 04:00:54.775808' DAY TO SECOND");
}

static void year_month_intervals_print_their_fields(void **state)
{
    (void)state;
    prints("interval year to month", lt_value_i64(14), "INTERVAL '1-2' YEAR TO MONTH");
    prints("interval year to month", lt_value_i64(-14), "INTERVAL '-1-2' YEAR TO MONTH");
    prints("interval month", lt_value_i64(3), "INTERVAL '3' MONTH");
    prints("interval year", lt_value_i64(-24), "INTERVAL '-2' YEAR");
}

static void calendar_intervals_print_what_is_not_zero(void **state)
{
    (void)state;
    prints("interval", (union lt_value){.interval = {14, 3, 3600000000 + 120000000 + 3500000}},
           "1 years 2 months 3 days 1 hours 2 minutes 3.5 seconds");
    prints("interval", (union lt_value){.interval = {0, 0, 0}}, "0 seconds");
    prints("interval", (union lt_value){.interval = {0, -1, 0}}, "-1 days");
    prints("interval", (union lt_value){.interval = {-13, 0, -500000}},
           "-1 years -1 months -0.5 seconds");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(day_time_intervals_print_their_fields),
        cmocka_unit_test(year_month_intervals_print_their_fields),
        cmocka_unit_test(calendar_intervals_print_what_is_not_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
