/* Clocks, and how a wall time is written. */
#include "core/base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "core/base/error.h"

static void the_machine_clock_moves_forward(void **state)
{
    (void)state;
    const struct lt_clock *clock = lt_clock_system();
    int64_t first_ns = lt_clock_now_ns(clock);
    int64_t first_wall_us = lt_clock_wall_us(clock);
    const struct timespec moment = {.tv_nsec = 3 * LT_NS_PER_MS};
    assert_int_equal(nanosleep(&moment, NULL), 0);
    int64_t passed_ns = lt_clock_now_ns(clock) - first_ns;
    assert_true(passed_ns >= 3 * LT_NS_PER_MS);
    assert_true(passed_ns < 60 * (int64_t)LT_NS_PER_S);
    struct timespec wall; // time() lags a tick of the kernel behind this
    assert_int_equal(clock_gettime(CLOCK_REALTIME, &wall), 0);
    assert_true(first_wall_us / LT_US_PER_S >= wall.tv_sec - 60);
    assert_true(first_wall_us / LT_US_PER_S <= wall.tv_sec);
}

static void a_manual_clock_moves_only_when_told(void **state)
{
    (void)state;
    struct lt_clock_manual manual;
    lt_clock_manual_init(&manual, 500, 1000000);
    assert_int_equal(lt_clock_now_ns(&manual.clock), 500);
    assert_int_equal(lt_clock_wall_us(&manual.clock), 1000000);
    lt_clock_manual_advance(&manual, 2 * LT_NS_PER_US);
    assert_int_equal(lt_clock_now_ns(&manual.clock), 2500);
    assert_int_equal(lt_clock_wall_us(&manual.clock), 1000002);
}

static void small_steps_of_a_manual_clock_add_up(void **state)
{
    (void)state;
    struct lt_clock_manual manual;
    lt_clock_manual_init(&manual, -700, 0);
    for (int i = 0; i < 3000; i++)
        lt_clock_manual_advance(&manual, 1);
    assert_int_equal(lt_clock_now_ns(&manual.clock), 2300);
    assert_int_equal(lt_clock_wall_us(&manual.clock), 3);
}

static void assert_iso(int64_t wall_us, const char *expected)
{
    char text[LT_CLOCK_ISO_SIZE];
    lt_clock_format_iso(wall_us, text);
    assert_string_equal(text, expected);
}

static void wall_times_are_written_in_iso_form(void **state)
{
    (void)state;
    assert_iso(0, "1970-01-01T00:00:00.000Z");
    assert_iso(INT64_C(1768469410000000), "2026-01-15T09:30:10.000Z");
    assert_iso(INT64_C(951782399999999), "2000-02-28T23:59:59.999Z");
    assert_iso(INT64_C(951782400000000), "2000-02-29T00:00:00.000Z");
    assert_iso(INT64_C(4107542400000000), "2100-03-01T00:00:00.000Z");
    assert_iso(-1, "1969-12-31T23:59:59.999Z");
    assert_iso(INT64_MAX, "294247-01-10T04:00:54.775Z");
    assert_iso(INT64_MIN, "-290308-12-21T19:59:05.224Z");
}

static void dates_agree_with_the_c_library(void **state)
{
    (void)state;
    /* Every 25 hours and 7 seconds through some 800 years. */
    for (int64_t second = -INT64_C(12000000000); second < INT64_C(13000000000); second += 90007) {
        time_t moment = (time_t)second;
        struct tm broken_down;
        assert_non_null(gmtime_r(&moment, &broken_down));
        char expected[64];
        assert_true(strftime(expected, sizeof expected, "%Y-%m-%dT%H:%M:%S.000Z", &broken_down) >
                    0);
        assert_iso(second * LT_US_PER_S, expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_machine_clock_moves_forward),
        cmocka_unit_test(a_manual_clock_moves_only_when_told),
        cmocka_unit_test(small_steps_of_a_manual_clock_add_up),
        cmocka_unit_test(wall_times_are_written_in_iso_form),
        cmocka_unit_test(dates_agree_with_the_c_library),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
