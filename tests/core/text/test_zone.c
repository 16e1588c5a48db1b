/* Time zones: names, offsets, gaps and overlaps, against cases known from Java. */
#include "core/text/zone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "core/text/zone_names_table.h"

static struct lt_zones *zones;

static int setup(void **state)
{
    (void)state;
    zones = lt_zones_create();
    return zones == NULL;
}

static int teardown(void **state)
{
    (void)state;
    lt_zones_destroy(zones);
    return 0;
}

static struct lt_zone find(const char *name)
{
    struct lt_zone zone;
    assert_true(lt_zones_find(zones, name, strlen(name), &zone));
    return zone;
}

static void is_named(const char *name, const char *id)
{
    char text[LT_ZONE_ID_MAX];
    struct lt_zone zone = find(name);
    assert_int_equal(lt_zone_id(&zone, text), strlen(id));
    assert_string_equal(text, id);
}

static void names_of_all_forms_are_zones(void **state)
{
    (void)state;
    is_named("America/Los_Angeles", "America/Los_Angeles");
    is_named("PST", "America/Los_Angeles");
    is_named("UTC", "UTC");
    is_named("GMT", "GMT");
    is_named("GMT0", "GMT0");
    is_named("Z", "Z");
    is_named("UTC+8", "UTC+08:00");
    is_named("UTC+0", "UTC");
    is_named("UT-3", "UT-03:00");
    is_named("GMT-03:30", "GMT-03:30");
    is_named("+08:00", "+08:00");
    is_named("+8", "+08:00");
    is_named("+8:30", "+08:30");
    is_named("+08:3", "+08:03");
    is_named("-0830", "-08:30");
    is_named("+083015", "+08:30:15");
    is_named("EST", "-05:00");
}

static void other_names_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "+",
        "+19:00",
        "+18:01",
        "+1:2:3",
        "pst",
        "utc",
        "UTC8",
        "GMT+25",
        "posix/UTC",
        "X",
        "Mars/Phobos",
        "localtime",
        "america/new_york",
        "+08:3015",
        "Z+1",
        "America/../UTC",
        "ROC",
    };
    struct lt_zone zone;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (lt_zones_find(zones, bad[i], strlen(bad[i]), &zone))
            fail_msg("\"%s\" is taken for a zone", bad[i]);
    struct lt_error error;
    assert_true(lt_zones_open(zones, "Mars/Phobos", &zone, &error) < 0);
    assert_string_equal(error.condition, "INVALID_TIMEZONE");
    assert_string_equal(error.sqlstate, "22009");
    assert_non_null(strstr(error.text, "\"Mars/Phobos\""));
}

static void offset_is(const char *name, int64_t at_s, int32_t offset_s)
{
    struct lt_zone zone = find(name);
    assert_int_equal(lt_zone_offset_s(&zone, at_s), offset_s);
}

static void offsets_follow_the_zone_s_history_and_rules(void **state)
{
    (void)state;
    offset_is("America/Los_Angeles", 0, -8 * 3600);
    offset_is("America/Los_Angeles", -5364662400, -28378); /* 1800: local mean time */
    offset_is("America/Los_Angeles", 1710064799, -8 * 3600);
    offset_is("America/Los_Angeles", 1710064800, -7 * 3600);
    offset_is("America/Los_Angeles", 1730624399, -7 * 3600);
    offset_is("America/Los_Angeles", 1730624400, -8 * 3600);
    offset_is("America/Los_Angeles", 4118083200, -7 * 3600);   /* 2100-07 */
    offset_is("America/Los_Angeles", 253386835200, -7 * 3600); /* 9999-07 */
    offset_is("America/Los_Angeles", 5986652726691, -7 * 3600);
    offset_is("Asia/Kolkata", 1700000000, 19800);
    offset_is("+05:30", 1700000000, 19800);
}

static void of_local(const char *name, int64_t local_s, int64_t at_s)
{
    struct lt_zone zone = find(name);
    assert_int_equal(local_s - lt_zone_offset_of_local_s(&zone, local_s), at_s);
}

static void skipped_times_move_on_and_repeated_ones_are_the_first(void **state)
{
    (void)state;
    of_local("America/Los_Angeles", 1710037800, 1710066600); /* 2024-03-10 02:30 is 03:30 */
    of_local("America/Los_Angeles", 1710035999, 1710064799); /* 01:59:59 */
    of_local("America/Los_Angeles", 1710039600, 1710064800); /* 03:00 */
    of_local("America/Los_Angeles", 1730597400, 1730622600); /* 2024-11-03 01:30, the first */
    of_local("America/Los_Angeles", 1730599200, 1730628000); /* 02:00 */
    struct lt_zone zone = find("America/Los_Angeles");
    assert_int_equal(lt_zone_offset_of_local_near_s(&zone, 1730597400, -8 * 3600), -8 * 3600);
    assert_int_equal(lt_zone_offset_of_local_near_s(&zone, 1730597400, 0), -7 * 3600);
}

static void a_day_whose_midnight_was_skipped_begins_after_the_gap(void **state)
{
    (void)state;
    struct lt_zone zone = find("America/Sao_Paulo"); /* 2018-11-04 began at 01:00 */
    assert_int_equal(lt_zone_start_of_day_s(&zone, 17839), 1541300400);
    zone = find("UTC");
    assert_int_equal(lt_zone_start_of_day_s(&zone, 17839), 17839 * 86400);
}

/* Each instant around each change of each zone comes back from its local time, or is the second of
 * two. */
static void all_zones_come_back_from_local_time(void **state)
{
    (void)state;
    size_t count = 0;
    for (size_t i = 0; i < lt_zone_names_group_count; i++) {
        const char *at = lt_zone_names_groups[i].zones;
        for (size_t size; (size = strcspn(at, " ")) != 0; at += size + (at[size] == ' ')) {
            struct lt_zone zone;
            if (!lt_zones_find(zones, at, size, &zone))
                fail_msg("no zone %.*s", (int)size, at);
            count++;
            for (int64_t at_s = -3000000000; at_s < 5000000000; at_s += 777777) {
                int32_t offset_s = lt_zone_offset_s(&zone, at_s);
                assert_in_range(offset_s + LT_ZONE_OFFSET_MAX_S, 0, 2 * LT_ZONE_OFFSET_MAX_S);
                int64_t local_s = at_s + offset_s;
                int64_t back_s = local_s - lt_zone_offset_of_local_s(&zone, local_s);
                assert_true(back_s <= at_s);
                assert_int_equal(back_s + lt_zone_offset_s(&zone, back_s), local_s);
                assert_int_equal(lt_zone_offset_of_local_near_s(&zone, local_s, offset_s),
                                 offset_s);
            }
        }
    }
    assert_true(count > 500);
}

static void name_is(const char *name, int64_t at_s, const char *in_short, const char *in_long)
{
    char text[LT_ZONE_ID_MAX];
    struct lt_zone zone = find(name);
    assert_int_equal(lt_zone_name_at(&zone, at_s, false, text), strlen(in_short));
    assert_string_equal(text, in_short);
    lt_zone_name_at(&zone, at_s, true, text);
    assert_string_equal(text, in_long);
}

static void zones_have_names_for_winter_and_summer(void **state)
{
    (void)state;
    int64_t january = 1704110400, july = 1719835200;
    name_is("America/Los_Angeles", january, "PST", "Pacific Standard Time");
    name_is("America/Los_Angeles", july, "PDT", "Pacific Daylight Time");
    name_is("Europe/Dublin", january, "GMT", "Greenwich Mean Time");
    name_is("Europe/Dublin", july, "IST", "Irish Standard Time");
    name_is("UTC", july, "UTC", "Coordinated Universal Time");
    name_is("UT", july, "UT", "UT");
    name_is("+08:00", july, "+08:00", "+08:00");
    name_is("Etc/GMT-8", july, "GMT+08:00", "GMT+08:00");
}

static void local_microseconds_that_do_not_fit_are_told(void **state)
{
    (void)state;
    struct lt_zone zone = find("Asia/Tokyo");
    int64_t us;
    assert_true(lt_zone_to_local_us(&zone, 0, &us));
    assert_int_equal(us, 32400000000);
    assert_true(lt_zone_from_local_us(&zone, us, &us));
    assert_int_equal(us, 0);
    assert_false(lt_zone_to_local_us(&zone, INT64_MAX, &us));
    assert_false(lt_zone_from_local_us(&zone, INT64_MIN, &us));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_all_forms_are_zones),
        cmocka_unit_test(other_names_are_refused),
        cmocka_unit_test(offsets_follow_the_zone_s_history_and_rules),
        cmocka_unit_test(skipped_times_move_on_and_repeated_ones_are_the_first),
        cmocka_unit_test(a_day_whose_midnight_was_skipped_begins_after_the_gap),
        cmocka_unit_test(all_zones_come_back_from_local_time),
        cmocka_unit_test(zones_have_names_for_winter_and_summer),
        cmocka_unit_test(local_microseconds_that_do_not_fit_are_told),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
