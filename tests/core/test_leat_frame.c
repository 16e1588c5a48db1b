/*
 * The builder's steps that need state: the columns they give, and what is refused of them, when
 * they are built and when a query starts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/leat_admin.h"

/* The built-in source of (timestamp, value), whose values a test never waits for. */
static leat_stream *read_rate(leat_context *context)
{
    leat_stream *stream = leat_read(context, "rate", NULL, NULL);
    assert_non_null(stream);
    return stream;
}

static leat_stream *read_marked(leat_context *context)
{
    leat_stream *stream = leat_with_watermark(read_rate(context), "timestamp", "10 minutes");
    if (stream == NULL)
        fail_msg("%s", leat_context_error(context));
    return stream;
}

static void expect_schema(leat_context *context, leat_stream *stream, const char *wanted)
{
    const char *schema = leat_stream_schema(stream);
    if (schema == NULL)
        fail_msg("%s", leat_context_error(context));
    assert_string_equal(schema, wanted);
}

static void test_schemas(void **state)
{
    (void)state;
    leat_context *context = leat_context_create();
    leat_stream *stream = read_marked(context);
    expect_schema(context, stream, "timestamp TIMESTAMP,value BIGINT");
    expect_schema(context,
                  leat_group_by(leat_filter(stream, "value > 1"),
                                "window(timestamp, '5 minutes'), value % 2",
                                "window.start AS start, value % 2 AS odd, count(*) AS n"),
                  "start TIMESTAMP,odd BIGINT,n BIGINT NOT NULL");
    expect_schema(context, leat_group_by(stream, NULL, "max(value) AS m"), "m BIGINT");
    expect_schema(context, leat_drop_duplicates(stream, "value, timestamp"),
                  "timestamp TIMESTAMP,value BIGINT");
    expect_schema(context, leat_drop_duplicates_within_watermark(stream, "value"),
                  "timestamp TIMESTAMP,value BIGINT");
    expect_schema(context,
                  leat_select(leat_join(stream, "a", read_marked(context), "b", "inner",
                                        "a.value = b.value AND b.timestamp >= a.timestamp"),
                              "1 AS one"),
                  "one INT NOT NULL");
    leat_context_destroy(context);
}

static void test_views(void **state)
{
    (void)state;
    leat_context *context = leat_context_create();
    assert_int_equal(leat_create_view(read_marked(context), "r"), LEAT_OK);
    expect_schema(context, leat_stream_sql(context, "SELECT value AS v FROM r WHERE value > 2"),
                  "v BIGINT");
    assert_null(leat_stream_sql(context, "SELECT v FROM r"));
    assert_string_equal(leat_context_error_condition(context),
                        "UNRESOLVED_COLUMN.WITH_SUGGESTION");
    assert_int_equal(leat_create_view(NULL, "r"), LEAT_ERROR_INVALID);
    leat_context_destroy(context);
}

static void expect_unbuilt(leat_context *context, const leat_stream *stream, const char *condition,
                           const char *part)
{
    if (stream != NULL || strcmp(leat_context_error_condition(context), condition) != 0 ||
        strstr(leat_context_error(context), part) == NULL)
        fail_msg("wanted %s: %s\ngot %s: %s", condition, part,
                 leat_context_error_condition(context), leat_context_error(context));
    leat_context_clear_error(context);
}

static void test_unbuilt(void **state)
{
    (void)state;
    leat_context *context = leat_context_create();
    leat_stream *stream = read_rate(context);
    expect_unbuilt(context, leat_with_watermark(stream, "value", "1 minute"),
                   "EVENT_TIME_IS_NOT_ON_TIMESTAMP_TYPE", "`value`");
    expect_unbuilt(context, leat_with_watermark(stream, "times", "1 minute"),
                   "UNRESOLVED_COLUMN.WITH_SUGGESTION", "`timestamp`");
    expect_unbuilt(context, leat_with_watermark(stream, "timestamp", "soon"), "", "soon");
    expect_unbuilt(context, leat_with_watermark(read_marked(context), "timestamp", "1 minute"),
                   "_LEGACY_ERROR_TEMP_3076", "Redefining watermark");
    expect_unbuilt(context, leat_group_by(stream, "value", "timestamp, count(*)"),
                   "MISSING_AGGREGATION", "timestamp");
    expect_unbuilt(context, leat_group_by(stream, "value", NULL), "", "columns");
    expect_unbuilt(context, leat_drop_duplicates(stream, "value, key"),
                   "UNRESOLVED_COLUMN_AMONG_FIELD_NAMES", "\"key\"");
    expect_unbuilt(context, leat_join(stream, "a", stream, "b", "sideways", "true"), "",
                   "no kind of join");
    expect_unbuilt(context, leat_join(stream, "a", stream, "b", "inner", "a.value = b.key"),
                   "UNRESOLVED_COLUMN.WITH_SUGGESTION", "`b`.`key`");
    leat_context_destroy(context);
}

/* Starts a query of the stream, which must be refused. */
static void expect_refused(leat_stream *stream, leat_context *context, const char *mode,
                           bool is_continuous, const char *condition, const char *part)
{
    leat_query *query = leat_query_create(context, NULL);
    assert_non_null(stream);
    assert_int_equal(leat_query_output_mode(query, mode), LEAT_OK);
    if (is_continuous)
        assert_int_equal(leat_query_trigger_continuous(query, 1000000000), LEAT_OK);
    assert_int_equal(leat_query_write(query, stream, "noop", NULL), LEAT_OK);
    int code = leat_admin_check(query);
    if (code == LEAT_OK || strcmp(leat_query_error_condition(query), condition) != 0 ||
        strstr(leat_query_error(query), part) == NULL)
        fail_msg("wanted %s: %s\ngot %s: %s", condition, part, leat_query_error_condition(query),
                 leat_query_error(query));
    leat_query_destroy(query);
}

static void test_refused(void **state)
{
    (void)state;
    leat_context *context = leat_context_create();
    leat_stream *plain = read_rate(context), *marked = read_marked(context);
    leat_stream *counted = leat_group_by(plain, "value", "value, count(*) AS n");
    expect_refused(counted, context, "append", false, "STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION",
                   "without watermark");
    expect_refused(counted, context, "Update", true, "_LEGACY_ERROR_TEMP_3102",
                   "Continuous processing does not support Aggregate operations.");
    expect_refused(plain, context, "complete", false,
                   "STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION", "no streaming aggregations");
    expect_refused(leat_drop_duplicates_within_watermark(plain, "value"), context, "append", false,
                   "_LEGACY_ERROR_TEMP_3102", "without watermark");
    expect_refused(leat_drop_duplicates(leat_group_by(marked, "window(timestamp, '5 minutes')",
                                                      "window, count(*) AS n"),
                                        NULL),
                   context, "update", false, "_LEGACY_ERROR_TEMP_3102", "global watermark");
    expect_refused(leat_join(plain, "a", marked, "b", "left_outer", "a.value = b.value"), context,
                   "append", false, "_LEGACY_ERROR_TEMP_3102", "LeftOuter join");
    leat_context_destroy(context);
}

static void test_settings(void **state)
{
    (void)state;
    leat_context *context = leat_context_create();
    leat_query *query = leat_query_create(context, NULL);
    assert_int_equal(leat_query_output_mode(query, "upsert"), LEAT_ERROR_INVALID);
    assert_string_equal(leat_query_error_condition(query), "STREAMING_OUTPUT_MODE.INVALID");
    assert_int_equal(leat_query_output_mode(query, NULL), LEAT_ERROR_INVALID);
    assert_int_equal(leat_query_trigger_processing_time(query, -1), LEAT_ERROR_INVALID);
    assert_int_equal(leat_query_trigger_processing_time(query, 0), LEAT_OK);
    assert_int_equal(leat_query_trigger_once(query), LEAT_OK);
    leat_query_destroy(query);
    leat_context_destroy(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schemas), cmocka_unit_test(test_views),
        cmocka_unit_test(test_unbuilt), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_settings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
