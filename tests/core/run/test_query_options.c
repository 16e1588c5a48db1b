/* The query's options: what users may set lies within the limits of core/base/limits.h. */
#include "core/run/query_options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "core/base/limits.h"

/* The code of reading the settings with that one option; 0, too, without any. */
static int read_with(const char *key, int64_t value, struct lt_query_settings *out)
{
    struct lt_error error;
    struct lt_options *options = lt_options_create();
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)value);
    if (key != NULL)
        assert_int_equal(lt_options_set(options, key, text, "test", &error), 0);
    int code = lt_query_settings_read(options, out, &error);
    lt_options_destroy(options);
    return code;
}

static void an_option_ends_where_the_engines_limit_does(void **state)
{
    (void)state;
    const struct {
        const char *name;
        int64_t least, most;
    } ranges[] = {
        {"lanes", 0, LT_LIMIT_LANES},
        {"stages", 1, LT_LIMIT_STAGES},
        {"laneRows", LT_LIMIT_LANE_ROWS_LEAST, LT_LIMIT_LANE_ROWS},
    };
    struct lt_query_settings settings;
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        assert_int_equal(read_with(ranges[i].name, ranges[i].least, &settings), 0);
        assert_int_equal(read_with(ranges[i].name, ranges[i].most, &settings), 0);
        assert_int_equal(read_with(ranges[i].name, ranges[i].least - 1, &settings), LT_E_INVALID);
        assert_int_equal(read_with(ranges[i].name, ranges[i].most + 1, &settings), LT_E_INVALID);
    }
}

static void defaults_are_within_the_limits(void **state)
{
    (void)state;
    struct lt_query_settings settings;
    assert_int_equal(read_with(NULL, 0, &settings), 0);
    assert_int_equal(settings.lanes, 0);
    assert_int_equal(settings.stages, 1);
    assert_in_range(settings.lane_rows, LT_LIMIT_LANE_ROWS_LEAST, LT_LIMIT_LANE_ROWS);
    assert_true(settings.lane_bytes > 0);
}

static void counters_may_be_off(void **state)
{
    static const char *const given[] = {"off", "offset"};
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct lt_query_settings settings;
        struct lt_options *options = lt_options_create();
        assert_int_equal(lt_options_set(options, "counters", given[i], "test", NULL), 0);
        assert_int_equal(lt_query_settings_read(options, &settings, NULL), 0);
        if (i == 0)
            assert_null(settings.counters_path);
        else
            assert_string_equal(settings.counters_path, given[i]);
        lt_options_destroy(options);
    }
}

static void a_checkpoint_is_a_path_or_a_file_uri(void **state)
{
    (void)state;
    static const struct {
        const char *given, *path; /* NULL: refused */
    } cases[] = {
        {"/var/x", "/var/x"},
        {"var/x", "var/x"},
        {"file:/var/x", "/var/x"},
        {"file:///var/x", "/var/x"},
        {"FILE:///var", "/var"},
        {"file://localhost/var/x", "/var/x"},
        {"a:b", "a:b"},
        {"./s3:/x", "./s3:/x"},
        {"file://other/x", NULL},
        {"file://localhosts/x", NULL},
        {"s3://b/x", NULL},
        {"hdfs:/x", NULL},
        {"s3a://b", NULL},
        {"file:x", "file:x"},
        {"", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lt_error error;
        struct lt_query_settings settings;
        struct lt_options *options = lt_options_create();
        assert_int_equal(
            lt_options_set(options, "checkpointLocation", cases[i].given, "test", &error), 0);
        int code = lt_query_settings_read(options, &settings, &error);
        int refusal = cases[i].given[0] == '\0' ? LT_E_INVALID : LT_E_UNSUPPORTED;
        assert_int_equal(code, cases[i].path != NULL ? 0 : refusal);
        if (code == 0)
            assert_string_equal(settings.checkpoint_path, cases[i].path);
        else
            assert_non_null(strstr(error.text, "; hint: "));
        lt_options_destroy(options);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_option_ends_where_the_engines_limit_does),
        cmocka_unit_test(defaults_are_within_the_limits),
        cmocka_unit_test(counters_may_be_off),
        cmocka_unit_test(a_checkpoint_is_a_path_or_a_file_uri),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
