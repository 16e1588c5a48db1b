/* What tools need to read what people type, and to write values for them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
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

static void a_value_that_nests_is_written_as_to_json_writes_it(void **state)
{
    (void)state;
    static const char type[] = "ARRAY<STRUCT<key: STRING, value: BINARY>>";
    const leat_header headers[] = {{"a", 1, "xyz", 3}, {"n", 1, NULL, 0}, {"\"", 1, "", 0}};
    leat_context *context = leat_context_create();
    leat_input *input =
        leat_input_create(context, "h ARRAY<STRUCT<key: STRING, value: BINARY>>, n BIGINT", 4);
    leat_row *row = leat_input_claim(input);
    assert_non_null(row);
    assert_null(leat_admin_value_json(row, 0, type));
    assert_int_equal(leat_row_set_headers(row, 0, headers, 3), LEAT_OK);
    char *json = leat_admin_value_json(row, 0, type);
    assert_string_equal(json, "[{\"key\":\"a\",\"value\":\"eHl6\"},{\"key\":\"n\"},"
                              "{\"key\":\"\\\"\",\"value\":\"\"}]");
    free(json);
    leat_row_set_i64(row, 1, -7);
    json = leat_admin_value_json(row, 1, "BIGINT");
    assert_string_equal(json, "-7");
    free(json);
    assert_null(leat_admin_value_json(row, 1, "BIGGINT"));
    assert_null(leat_admin_value_json(row, 2, "BIGINT"));
    assert_null(leat_admin_value_json(NULL, 0, type));
    leat_input_abort(input, row);
    leat_context_destroy(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nearest_name_is_found_and_nothing_is_near_nothing),
        cmocka_unit_test(durations_are_read_as_options_read_them),
        cmocka_unit_test(options_have_names_by_index),
        cmocka_unit_test(a_value_that_nests_is_written_as_to_json_writes_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
