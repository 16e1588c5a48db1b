/* What tools need to read what people type. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/leat_admin.h"

static void the_nearest_name_is_found_and_nothing_is_near_nothing(void **state)
{
    (void)state;
    static const char *const names[] = {"where", "select"};
    assert_string_equal(leat_admin_nearest("wher", names, 2), "where");
    assert_null(leat_admin_nearest("checkpoint", names, 2));
    assert_null(leat_admin_nearest(NULL, names, 2));
    assert_null(leat_admin_nearest("wher", NULL, 0));
}

static void durations_are_read_as_options_read_them(void **state)
{
    (void)state;
    char error[256] = "";
    int64_t ns = -1;
    assert_int_equal(leat_admin_duration_ns("250ms", &ns, error, sizeof error), LEAT_OK);
    assert_int_equal(ns, 250000000);
    assert_int_equal(leat_admin_duration_ns("1 minute", &ns, NULL, 0), LEAT_OK);
    assert_int_equal(ns, INT64_C(60000000000));
    assert_true(leat_admin_duration_ns("fast", &ns, error, sizeof error) < 0);
    assert_non_null(strstr(error, "fast"));
    assert_true(leat_admin_duration_ns("10", &ns, NULL, 0) < 0); /* a bare number has no unit */
    assert_int_equal(leat_admin_duration_ns(NULL, &ns, error, sizeof error), LEAT_ERROR_INVALID);
}

static void options_have_names_by_index(void **state)
{
    (void)state;
    size_t count = 0;
    bool has_stages = false;
    for (const char *name; (name = leat_admin_option_name(LEAT_ADMIN_QUERY, NULL, count)) != NULL;
         count++) {
        has_stages = has_stages || strcmp(name, "stages") == 0;
        assert_true(leat_admin_knows_option(LEAT_ADMIN_QUERY, NULL, name));
    }
    assert_true(has_stages);
    assert_null(leat_admin_option_name(LEAT_ADMIN_SOURCE, "nothing of that name", 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nearest_name_is_found_and_nothing_is_near_nothing),
        cmocka_unit_test(durations_are_read_as_options_read_them),
        cmocka_unit_test(options_have_names_by_index),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
