/*
 * What Spark refuses of streaming queries, each with the statement and with the program of the
 * builder that has it refused: condition, SQLSTATE and text, word for word. The order is that of
 * the reference of semantics; texts are a live Spark's. CoGroup and commands have no words in SQL
 * that could stand in a query, in Spark neither.
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

static const char mode[] = "STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION";
static const char plan[] = "_LEGACY_ERROR_TEMP_3102";

/* The same streams for statements and for programs: s; w, which has a watermark; d, which ends. */
static const char setup_text[] =
    "CREATE TABLE s USING rate;"
    "CREATE TEMPORARY VIEW w AS SELECT * FROM s WATERMARK timestamp DELAY OF INTERVAL 10 SECONDS;"
    "CREATE TEMPORARY VIEW d AS SELECT * FROM VALUES (0L, 'x') AS t(id, name);"
    "CREATE TABLE append USING noop OPTIONS (outputMode 'append');"
    "CREATE TABLE update USING noop OPTIONS (outputMode 'update');"
    "CREATE TABLE complete USING noop OPTIONS (outputMode 'complete');"
    "CREATE TABLE ticking USING noop OPTIONS (trigger 'processingTime 1 second');";

struct streams {
    leat_context *context;
    leat_stream *s, *w, *d;
};

/* ------------------------------------------------------------------------------------- programs */

static leat_stream *sql(const struct streams *in, const char *text)
{
    return leat_stream_sql(in->context, text);
}

static leat_stream *plain_count(const struct streams *in)
{
    return leat_group_by(in->s, "value", "value, count(*) AS n");
}

static leat_stream *windows_in_windows(const struct streams *in)
{
    leat_stream *first = leat_group_by(in->s, "window(timestamp, '5 minutes')",
                                       "window.start AS t, count(*) AS n");
    return leat_group_by(first, "window(t, '1 hour')", "window, sum(n) AS n");
}

static leat_stream *nothing_grouped(const struct streams *in)
{
    return leat_select(in->s, "value");
}

static leat_stream *sessions(const struct streams *in)
{
    return leat_group_by(in->w, "session_window(timestamp, '5 minutes'), value", "count(*) AS n");
}

static leat_stream *global_sessions(const struct streams *in)
{
    return leat_group_by(in->w, "session_window(timestamp, '5 minutes')", "count(*) AS n");
}

static leat_stream *counts_of_counts(const struct streams *in)
{
    return leat_group_by(plain_count(in), "n", "n, count(*) AS m");
}

static leat_stream *distinct_counts(const struct streams *in)
{
    return leat_drop_duplicates_within_watermark(
        leat_group_by(in->w, "window(timestamp, '5 minutes')", "window, count(*) AS n"), "n");
}

static leat_stream *count_distinct(const struct streams *in)
{
    return leat_group_by(in->s, NULL, "count(DISTINCT value) AS n");
}

static leat_stream *rolled_up(const struct streams *in)
{
    return leat_group_by(in->s, "ROLLUP(value)", "value, count(*) AS n");
}

static leat_stream *pivoted(const struct streams *in)
{
    return sql(in, "SELECT * FROM w PIVOT (count(1) FOR value IN (1, 2))");
}

static leat_stream *sorted(const struct streams *in)
{
    return sql(in, "SELECT value FROM s ORDER BY value");
}

static leat_stream *sorted_groups(const struct streams *in)
{
    return sql(in, "SELECT value, count(*) AS n FROM s GROUP BY value ORDER BY n");
}

static leat_stream *limited(const struct streams *in)
{
    return sql(in, "SELECT value FROM s LIMIT 3");
}

static leat_stream *skipped(const struct streams *in)
{
    return sql(in, "SELECT value FROM s OFFSET 3");
}

static leat_stream *sampled(const struct streams *in)
{
    return sql(in, "SELECT value FROM s TABLESAMPLE (10 PERCENT)");
}

static leat_stream *ranked(const struct streams *in)
{
    return sql(in, "SELECT row_number() OVER (PARTITION BY value ORDER BY timestamp) AS n FROM s");
}

static leat_stream *united(const struct streams *in)
{
    return sql(in, "SELECT value FROM s UNION ALL SELECT id FROM d");
}

static leat_stream *intersected(const struct streams *in)
{
    return sql(in, "SELECT value FROM s INTERSECT SELECT value FROM w");
}

static leat_stream *excepted(const struct streams *in)
{
    return sql(in, "SELECT id FROM d EXCEPT SELECT value FROM s");
}

static leat_stream *cogrouped(const struct streams *in)
{
    return leat_cogroup(in->s, in->w);
}

static leat_stream *counted_up(const struct streams *in)
{
    return leat_select(in->s, "monotonically_increasing_id() AS id");
}

/* Of two streams, or of one with the table. */
static leat_stream *join(leat_stream *left, leat_stream *right, const char *kind)
{
    bool has_table = strstr(leat_stream_schema(left), "id BIGINT") != NULL;
    return leat_join(left, "a", right, "b", kind,
                     has_table ? "a.id = b.value" : "a.value = b.value");
}

static leat_stream *join_inner(const struct streams *in)
{
    return join(in->s, in->s, "inner");
}

static leat_stream *join_left(const struct streams *in)
{
    return join(in->s, in->s, "left_outer");
}

static leat_stream *join_right(const struct streams *in)
{
    return join(in->s, in->s, "right_outer");
}

static leat_stream *join_full(const struct streams *in)
{
    return join(in->s, in->s, "full_outer");
}

static leat_stream *join_semi(const struct streams *in)
{
    return join(in->s, in->s, "left_semi");
}

static leat_stream *join_anti(const struct streams *in)
{
    return join(in->s, in->s, "left_anti");
}

static leat_stream *join_without_equality(const struct streams *in)
{
    return leat_join(in->s, "a", in->s, "b", "inner", "a.value > b.value");
}

static leat_stream *counted_join(const struct streams *in)
{
    return leat_group_by(leat_select(join_inner(in), "1 AS one"), "one", "one, count(*) AS n");
}

static leat_stream *table_left(const struct streams *in)
{
    return join(in->d, in->s, "left_outer");
}

static leat_stream *table_semi(const struct streams *in)
{
    return join(in->d, in->s, "left_semi");
}

static leat_stream *table_full(const struct streams *in)
{
    return join(in->d, in->s, "full_outer");
}

static leat_stream *table_right(const struct streams *in)
{
    return leat_join(in->s, "a", in->d, "b", "right_outer", "a.value = b.id");
}

static leat_stream *full_table(const struct streams *in)
{
    return leat_join(in->s, "a", in->d, "b", "full_outer", "a.value = b.id");
}

static leat_stream *marked_twice(const struct streams *in)
{
    return leat_with_watermark(in->w, "timestamp", "1 minute");
}

static leat_stream *grouped_by_both_times(const struct streams *in)
{
    return sql(in, "SELECT t, u, count(*) AS n FROM (SELECT a.timestamp AS t, b.timestamp AS u "
                   "FROM w a JOIN w b ON a.value = b.value) GROUP BY t, u");
}

static leat_stream *marked_number(const struct streams *in)
{
    return leat_with_watermark(in->s, "value", "1 minute");
}

static leat_stream *a_command(const struct streams *in)
{
    return sql(in, "CREATE TABLE t (a INT) USING memory");
}

static leat_stream *only_table(const struct streams *in)
{
    return in->d;
}

static leat_stream *first_without_watermark(const struct streams *in)
{
    return leat_drop_duplicates_within_watermark(in->s, "value");
}

static leat_stream *two_windows(const struct streams *in)
{
    return leat_group_by(in->w, "window(timestamp, '5 minutes'), window(timestamp, '1 hour')",
                         "count(*) AS n");
}

/* ---------------------------------------------------------------------------------------- table */

/* `output` is the mode, and the table that is written; NULL: it is refused as it is built, whatever
 * the mode. */
static const struct refusal {
    const char *output, *query; /* NULL: SQL has no words for it */
    leat_stream *(*build)(const struct streams *in);
    const char *condition, *sqlstate, *text;
} refusals[] = {
    {"append", "SELECT value, count(*) AS n FROM s GROUP BY value", plain_count, mode, "42KDE",
     "Invalid streaming output mode: append. This output mode is not supported for streaming "
     "aggregations without watermark on streaming DataFrames/DataSets."},
    {"complete", "SELECT value FROM s", nothing_grouped, mode, "42KDE",
     "Invalid streaming output mode: complete. This output mode is not supported for no streaming "
     "aggregations on streaming DataFrames/DataSets."},
    {"update",
     "SELECT count(*) AS n FROM w GROUP BY session_window(timestamp, '5 minutes'), value", sessions,
     mode, "42KDE",
     "Invalid streaming output mode: update. This output mode is not supported for session window "
     "streaming aggregations on streaming DataFrames/DataSets."},
    {"update",
     "SELECT n, count(*) AS m FROM (SELECT value, count(*) AS n FROM s GROUP BY value) GROUP BY n",
     counts_of_counts, plan, "",
     "Detected pattern of possible 'correctness' issue due to global watermark. The query contains "
     "stateful operation which can emit rows older than the current watermark plus allowed late "
     "record delay, which are \"late rows\" in downstream stateful operations and these rows can "
     "be discarded. Please refer the programming guide doc for more details. If you understand the "
     "possible risk of correctness issue and still need to run the query, you can disable this "
     "check by setting the config `spark.sql.streaming.statefulOperator.checkCorrectness.enabled` "
     "to false."},
    {"complete",
     "SELECT DISTINCT n FROM (SELECT window, count(*) AS n FROM w GROUP BY window(timestamp, '5 "
     "minutes'))",
     distinct_counts, plan, "",
     "Detected pattern of possible 'correctness' issue due to global watermark. "},
    {"append",
     "SELECT window, sum(n) AS n FROM (SELECT window.start AS t, count(*) AS n FROM s GROUP "
     "BY window(timestamp, '5 minutes')) GROUP BY window(t, '1 hour')",
     windows_in_windows, mode, "42KDE",
     "Invalid streaming output mode: append. This output mode is not supported for streaming "
     "aggregations without watermark on streaming DataFrames/DataSets."},
    {"update", "SELECT count(DISTINCT value) AS n FROM s", count_distinct, plan, "",
     "Distinct aggregations are not supported on streaming DataFrames/Datasets. Consider using "
     "approx_count_distinct() instead."},
    {"update", "SELECT value, count(*) AS n FROM s GROUP BY ROLLUP(value)", rolled_up, plan, "",
     "Grouping Sets is not supported on streaming DataFrames/Datasets"},
    {"append", "SELECT value FROM s ORDER BY value", sorted, plan, "",
     "Sorting is not supported on streaming DataFrames/Datasets, unless it is on aggregated "
     "DataFrame/Dataset in Complete output mode"},
    {"update", "SELECT value, count(*) AS n FROM s GROUP BY value ORDER BY n", sorted_groups, plan,
     "",
     "Sorting is not supported on streaming DataFrames/Datasets, unless it is on aggregated "
     "DataFrame/Dataset in Complete output mode"},
    {"update", "SELECT value FROM s LIMIT 3", limited, plan, "",
     "Limits are not supported on streaming DataFrames/Datasets in Update output mode"},
    {"append", "SELECT value FROM s OFFSET 3", skipped, plan, "",
     "Offset is not supported on streaming DataFrames/Datasets"},
    {"append", "SELECT value FROM s TABLESAMPLE (10 PERCENT)", sampled, plan, "",
     "Sampling is not supported on streaming DataFrames/Datasets"},
    {"append", "SELECT row_number() OVER (PARTITION BY value ORDER BY timestamp) AS n FROM s",
     ranked, "NON_TIME_WINDOW_NOT_SUPPORTED_IN_STREAMING", "42KDE",
     "Window function is not supported in ROW_NUMBER() (as column `n`) on streaming "
     "DataFrames/Datasets.\nStructured Streaming only supports time-window aggregation using the "
     "WINDOW function. (window specification: (PARTITION BY S.VALUE ORDER BY S.TIMESTAMP ASC NULLS "
     "FIRST ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW))"},
    {"append", "SELECT value FROM s UNION ALL SELECT id FROM d", united, plan, "",
     "Union between streaming and batch DataFrames/Datasets is not supported"},
    {"append", "SELECT value FROM s INTERSECT SELECT value FROM w", intersected, plan, "",
     "Intersect of streaming DataFrames/Datasets is not supported"},
    {"append", "SELECT id FROM d EXCEPT SELECT value FROM s", excepted, plan, "",
     "Except on a streaming DataFrame/Dataset on the right is not supported"},
    {NULL, NULL, cogrouped, plan, "",
     "CoGrouping with a streaming DataFrame/Dataset is not supported"},
    {"append", "SELECT monotonically_increasing_id() AS id FROM s", counted_up, plan, "",
     "Expression(s): monotonically_increasing_id() is not supported with streaming "
     "DataFrames/Datasets"},
    {"update", "SELECT a.value FROM s a JOIN s b ON a.value = b.value", join_inner, plan, "",
     "Join between two streaming DataFrames/Datasets is not supported in Update output mode, only "
     "in Append output mode"},
    {"update", "SELECT a.value FROM s a LEFT JOIN s b ON a.value = b.value", join_left, plan, "",
     "Join between two streaming DataFrames/Datasets is not supported in Update output mode, only "
     "in Append output mode"},
    {"complete",
     "SELECT one, count(*) AS n FROM (SELECT 1 AS one FROM s a JOIN s b ON a.value = b.value) "
     "GROUP BY one",
     counted_join, plan, "",
     "Join between two streaming DataFrames/Datasets is not supported in Complete output mode, "
     "only in Append output mode"},
#define WITHOUT_WATERMARK(kind)                                                                    \
    "Stream-stream " kind " join between two streaming DataFrame/Datasets is not supported "       \
    "without a watermark in the join keys, or a watermark on the nullable side and an "            \
    "appropriate range condition"
    {"append", "SELECT a.value FROM s a LEFT JOIN s b ON a.value = b.value", join_left, plan, "",
     WITHOUT_WATERMARK("LeftOuter")},
    {"append", "SELECT a.value FROM s a RIGHT JOIN s b ON a.value = b.value", join_right, plan, "",
     WITHOUT_WATERMARK("RightOuter")},
    {"append", "SELECT a.value FROM s a FULL JOIN s b ON a.value = b.value", join_full, plan, "",
     WITHOUT_WATERMARK("FullOuter")},
    {"append", "SELECT a.value FROM s a LEFT SEMI JOIN s b ON a.value = b.value", join_semi, plan,
     "", WITHOUT_WATERMARK("LeftSemi")},
    {"append", "SELECT * FROM d a LEFT JOIN s b ON a.id = b.value", table_left, plan, "",
     "LeftOuter join with a streaming DataFrame/Dataset on the right and a static "
     "DataFrame/Dataset on the left is not supported"},
    {"append", "SELECT * FROM d a LEFT SEMI JOIN s b ON a.id = b.value", table_semi, plan, "",
     "LeftSemi join with a streaming DataFrame/Dataset on the right and a static "
     "DataFrame/Dataset on the left is not supported"},
    {"append", "SELECT * FROM s a RIGHT JOIN d b ON a.value = b.id", table_right, plan, "",
     "RightOuter join with a streaming DataFrame/Dataset on the left and a static "
     "DataFrame/DataSet on the right not supported"},
    {"append", "SELECT * FROM s a FULL JOIN d b ON a.value = b.id", full_table, plan, "",
     "FullOuter joins with streaming DataFrames/Datasets on the left and a static "
     "DataFrame/Dataset on the right is not supported"},
    {"append", "SELECT * FROM d a FULL JOIN s b ON a.id = b.value", table_full, plan, "",
     "FullOuter joins with streaming DataFrames/Datasets on the right and a static "
     "DataFrame/Dataset on the left is not supported"},
    {"append", "SELECT a.value FROM s a LEFT ANTI JOIN s b ON a.value = b.value", join_anti, plan,
     "", "LeftAnti joins with a streaming DataFrame/Dataset on the right are not supported"},
    {"append", "SELECT a.value FROM s a JOIN s b ON a.value > b.value", join_without_equality,
     "_LEGACY_ERROR_TEMP_1181", "",
     "Stream-stream join without equality predicate is not supported."},
    {"append", "SELECT count(*) AS n FROM w GROUP BY session_window(timestamp, '5 minutes')",
     global_sessions, "_LEGACY_ERROR_TEMP_3068", "",
     "Global aggregation with session window in streaming query is not supported."},
    {NULL, "SELECT * FROM w WATERMARK timestamp DELAY OF INTERVAL 1 MINUTE", marked_twice,
     "_LEGACY_ERROR_TEMP_3076", "",
     "Redefining watermark is disallowed. You can set the config "
     "'spark.sql.streaming.statefulOperator.allowMultiple' to 'false' to restore the previous "
     "behavior. Note that multiple stateful operators will be disallowed."},
    {NULL,
     "SELECT t, u, count(*) AS n FROM (SELECT a.timestamp AS t, b.timestamp AS u FROM w a JOIN w b "
     "ON a.value = b.value) GROUP BY t, u",
     grouped_by_both_times, "_LEGACY_ERROR_TEMP_3077", "",
     "More than one event time columns are available. Please ensure there is at most one event "
     "time column per stream. event time columns: (t,u)"},
    {NULL, "SELECT * FROM s WATERMARK value DELAY OF INTERVAL 1 MINUTE", marked_number,
     "EVENT_TIME_IS_NOT_ON_TIMESTAMP_TYPE", "42K09",
     "The event time `value` has the invalid type \"BIGINT\", but expected \"TIMESTAMP\"."},
    {NULL, NULL, a_command, plan, "",
     "Commands like CreateTable*, AlterTable*, Show* are not supported with streaming "
     "DataFrames/Datasets"},
    {"ticking", "SELECT id FROM d", only_table, plan, "",
     "Queries without streaming sources cannot be executed with writeStream.start()"},
    {"append", NULL, first_without_watermark, plan, "",
     "dropDuplicatesWithinWatermark is not supported on streaming DataFrames/DataSets without "
     "watermark"},
    {NULL,
     "SELECT count(*) AS n FROM w GROUP BY window(timestamp, '5 minutes'), window(timestamp, '1 "
     "hour')",
     two_windows, "_LEGACY_ERROR_TEMP_1039", "",
     "Multiple time/session window expressions would result in a cartesian product of rows, "
     "therefore they are currently not supported."},
    {"append", "SELECT * FROM w PIVOT (count(1) FOR value IN (1, 2))", pivoted,
     "_LEGACY_ERROR_TEMP_3063", "", "pivot is not supported on a streaming DataFrames/Datasets"},
};

/* -------------------------------------------------------------------------------------- judging */

static unsigned wrong;

/* In front of the text may stand what was tried, behind it a hint, and the place in the statement.
 */
static void judge(const struct refusal *refusal, const char *door, const char *condition,
                  const char *sqlstate, const char *text)
{
    const char *found = strstr(text, refusal->text);
    bool begins = found == text || (found != NULL && found - text > 1 && found[-2] == ':');
    bool is_same = strcmp(condition, refusal->condition) == 0 &&
                   strcmp(sqlstate, refusal->sqlstate) == 0 && begins;
    if (is_same)
        return;
    wrong++;
    print_error("%s: %s\nwanted %s %s %s\ngot    %s %s %s\n", door,
                refusal->query == NULL ? refusal->text : refusal->query, refusal->condition,
                refusal->sqlstate, refusal->text, condition, sqlstate, text);
}

static void open_streams(struct streams *in)
{
    const char *rest = setup_text;
    leat_sql_result result = {.size = sizeof result};
    *in = (struct streams){.context = leat_context_create()};
    do {
        if (leat_sql(in->context, rest, &rest, &result) != LEAT_OK)
            fail_msg("%s", leat_context_error(in->context));
    } while (result.kind != LEAT_SQL_NONE);
    in->s = leat_read(in->context, "rate", NULL, NULL);
    in->w = leat_with_watermark(leat_read(in->context, "rate", NULL, NULL), "timestamp",
                                "10 seconds");
    in->d = leat_stream_sql(in->context, "SELECT * FROM d");
    if (in->s == NULL || in->w == NULL || in->d == NULL)
        fail_msg("%s", leat_context_error(in->context));
}

static void test_statements(void **state)
{
    (void)state;
    wrong = 0;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        const struct refusal *refusal = &refusals[i];
        struct streams in;
        char text[1024];
        leat_sql_result result = {.size = sizeof result};
        if (refusal->query == NULL)
            continue;
        open_streams(&in);
        (void)snprintf(text, sizeof text, "INSERT INTO %s %s",
                       refusal->output == NULL ? "append" : refusal->output, refusal->query);
        int code = leat_sql(in.context, text, NULL, &result);
        if (code != LEAT_OK)
            judge(refusal, "sql", leat_context_error_condition(in.context),
                  leat_context_error_sqlstate(in.context), leat_context_error(in.context));
        else if (leat_admin_check(result.query) == LEAT_OK) /* what a start would say */
            judge(refusal, "sql", "", "", "it is not refused");
        else
            judge(refusal, "sql", leat_query_error_condition(result.query),
                  leat_query_error_sqlstate(result.query), leat_query_error(result.query));
        leat_query_destroy(result.query);
        leat_context_destroy(in.context);
    }
    assert_int_equal(wrong, 0);
}

/* A query of the stream is checked as its start would. */
static void start(const struct refusal *refusal, leat_context *context, leat_stream *stream)
{
    leat_query *query = leat_query_create(context, NULL);
    bool is_ticking = strcmp(refusal->output, "ticking") == 0;
    assert_int_equal(leat_query_output_mode(query, is_ticking ? "append" : refusal->output),
                     LEAT_OK);
    if (is_ticking)
        assert_int_equal(leat_query_trigger_processing_time(query, 1000000000), LEAT_OK);
    assert_int_equal(leat_query_write(query, stream, "noop", NULL), LEAT_OK);
    if (leat_admin_check(query) == LEAT_OK)
        judge(refusal, "builder", "", "", "it is not refused");
    else
        judge(refusal, "builder", leat_query_error_condition(query),
              leat_query_error_sqlstate(query), leat_query_error(query));
    leat_query_destroy(query);
}

static void test_programs(void **state)
{
    (void)state;
    wrong = 0;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        const struct refusal *refusal = &refusals[i];
        struct streams in;
        open_streams(&in);
        leat_stream *stream = refusal->build(&in);
        if (stream != NULL && refusal->output != NULL)
            start(refusal, in.context, stream);
        else if (stream != NULL)
            judge(refusal, "builder", "", "", "it is built");
        else
            judge(refusal, "builder", leat_context_error_condition(in.context),
                  leat_context_error_sqlstate(in.context), leat_context_error(in.context));
        leat_context_destroy(in.context);
    }
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_statements),
        cmocka_unit_test(test_programs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
