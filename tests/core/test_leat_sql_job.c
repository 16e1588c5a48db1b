/* How a job of SQL says what leat.1 lists once: trigger, output mode, name, checkpoint, watermark,
 * each in each of its forms. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/leat_admin.h"

static const char tables[] = "CREATE TABLE s USING rate; CREATE TABLE z USING rate OPTIONS "
                             "(watermark 'timestamp 1 minute');";

/* Runs all statements of the text; the query of the last one, if it is an INSERT. */
static leat_query *run(leat_context *context, const char *text, bool *ends)
{
    leat_sql_result result = {.size = sizeof result};
    leat_query *query = NULL;
    do {
        if (leat_sql(context, text, &text, &result) != LEAT_OK)
            fail_msg("%s", leat_context_error(context));
        free(result.text);
        if (result.kind == LEAT_SQL_NONE)
            break;
        leat_query_destroy(query);
        query = result.query;
        if (ends != NULL)
            *ends = result.ends;
    } while (true);
    return query;
}

static leat_context *open_session(void)
{
    leat_context *context = leat_context_create();
    assert_null(run(context, tables, NULL));
    return context;
}

/* The query that INSERT makes of a table with these options, after a statement. */
static leat_query *make(leat_context *context, const char *before, const char *options, bool *ends)
{
    char text[1024];
    (void)snprintf(text, sizeof text,
                   "%s; CREATE OR REPLACE TABLE o USING noop %s; INSERT INTO o SELECT value FROM s",
                   before, options);
    leat_query *query = run(context, text, ends);
    assert_non_null(query);
    if (leat_admin_check(query) != LEAT_OK)
        fail_msg("%s", leat_query_error(query));
    return query;
}

static void expect_option(const char *before, const char *options, const char *key,
                          const char *wanted)
{
    leat_context *context = open_session();
    leat_query *query = make(context, before, options, NULL);
    const char *value = leat_admin_query_option(query, key);
    if ((value == NULL) != (wanted == NULL) || (value != NULL && strcmp(value, wanted) != 0))
        fail_msg("%s %s: %s is %s and not %s", before, options, key, value != NULL ? value : "none",
                 wanted != NULL ? wanted : "none");
    leat_query_destroy(query);
    leat_context_destroy(context);
}

static void expect_trigger(const char *options, bool wanted)
{
    bool ends = !wanted;
    leat_context *context = open_session();
    leat_query_destroy(make(context, "", options, &ends));
    assert_int_equal(ends, wanted);
    leat_context_destroy(context);
}

static void expect_wrong(const char *text, const char *condition, const char *part)
{
    leat_context *context = open_session();
    leat_sql_result result = {.size = sizeof result};
    int code = LEAT_OK;
    do {
        code = leat_sql(context, text, &text, &result);
        free(result.text);
        leat_query_destroy(result.query);
    } while (code == LEAT_OK && result.kind != LEAT_SQL_NONE);
    if (code == LEAT_OK || strcmp(leat_context_error_condition(context), condition) != 0 ||
        strstr(leat_context_error(context), part) == NULL)
        fail_msg("gives [%s] %s\n  wanted [%s] %s", leat_context_error_condition(context),
                 leat_context_error(context), condition, part);
    leat_context_destroy(context);
}

#define INSERT "; INSERT INTO o SELECT value FROM s"

static void a_trigger_is_an_option_of_the_table_that_is_written(void **state)
{
    (void)state;
    expect_trigger("", false);
    expect_trigger("OPTIONS (trigger 'continuous')", false);
    expect_trigger("OPTIONS (trigger 'continuous 250 ms')", false);
    expect_trigger("OPTIONS (trigger 'Continuous 1 minute')", false);
    expect_trigger("OPTIONS (trigger 'availableNow')", true);
    expect_trigger("OPTIONS (trigger 'processingTime')", false);
    expect_trigger("OPTIONS (trigger 'ProcessingTime 5 seconds')", false);
    expect_trigger("OPTIONS (trigger 'once')", true);
    expect_wrong("CREATE TABLE o USING noop OPTIONS (trigger 'once 5 seconds')" INSERT, "",
                 "\"once 5 seconds\" is no trigger");
    expect_wrong("CREATE TABLE o USING noop OPTIONS (trigger 'continuous 0 seconds')" INSERT, "",
                 "trigger 'continuous 0 seconds': the interval is 0");
    expect_wrong("CREATE TABLE o USING noop OPTIONS (trigger 'availabelNow')" INSERT, "",
                 "did you mean \"availableNow\"?");
}

static void an_output_mode_is_one_too(void **state)
{
    (void)state;
    expect_trigger("OPTIONS (outputMode 'append')", false);
    expect_trigger("OPTIONS (outputMode 'Update')", false);
    expect_wrong("CREATE TABLE o USING noop OPTIONS (outputMode 'complete')" INSERT,
                 "STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION",
                 "Invalid streaming output mode: complete.");
    expect_wrong("CREATE TABLE o USING noop OPTIONS (outputMode 'all')" INSERT,
                 "STREAMING_OUTPUT_MODE.INVALID",
                 "Invalid streaming output mode: all. Accepted output modes are 'Append', "
                 "'Complete', 'Update'.");
}

static void a_query_is_named_by_its_option_or_its_table(void **state)
{
    (void)state;
    expect_option("", "", "queryName", "o");
    expect_option("", "OPTIONS (queryName 'q')", "queryName", "q");
    expect_option("CREATE TABLE o USING noop; INSERT INTO o SELECT value + 1 FROM s", "",
                  "queryName", "o-2");
    expect_option("CREATE TABLE o USING noop; INSERT INTO o SELECT value FROM s", "", "queryName",
                  "o");
    expect_option("CREATE TABLE o USING noop; EXPLAIN INSERT INTO o SELECT value + 1 FROM s", "",
                  "queryName", "o");
}

static void a_checkpoint_is_the_tables_or_lies_under_the_sessions(void **state)
{
    (void)state;
    static const char set[] = "SET spark.sql.streaming.checkpointLocation = /tmp/root";
    expect_option("", "", "checkpointLocation", NULL);
    expect_option("", "OPTIONS (checkpointLocation '/tmp/own')", "checkpointLocation", "/tmp/own");
    expect_option(set, "", "checkpointLocation", "/tmp/root/o");
    expect_option(set, "OPTIONS (queryName 'q')", "checkpointLocation", "/tmp/root/q");
    expect_option(set, "OPTIONS (checkpointLocation '/tmp/own')", "checkpointLocation", "/tmp/own");
    expect_option(set, "OPTIONS (queryName '..', checkpointLocation '/tmp/own')",
                  "checkpointLocation", "/tmp/own");
}

static void a_checkpoint_lies_nowhere_else_than_under_the_sessions(void **state)
{
    static const char *const names[] = {"", ".", "..", "../x", "/x", "a/b"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char text[256];
        (void)snprintf(text, sizeof text,
                       "SET spark.sql.streaming.checkpointLocation = /tmp/root;"
                       "CREATE TABLE o USING noop OPTIONS (queryName '%s')" INSERT,
                       names[i]);
        expect_wrong(text, "", "its name cannot be that of its checkpoint's folder in");
    }
    expect_wrong("SET spark.sql.streaming.checkpointLocation = ; CREATE TABLE o USING noop" INSERT,
                 "", "\"spark.sql.streaming.checkpointLocation\" is empty");
}

static void a_watermark_stands_behind_the_table_or_among_its_options(void **state)
{
    (void)state;
    leat_context *context = open_session();
    leat_query *query =
        run(context,
            "CREATE TABLE o USING noop; INSERT INTO o SELECT value FROM z UNION ALL SELECT value "
            "FROM s WATERMARK timestamp DELAY OF INTERVAL 10 SECONDS WHERE value > 1",
            NULL);
    assert_int_equal(leat_admin_check(query), LEAT_OK);
    leat_query_destroy(query);
    leat_context_destroy(context);
    expect_wrong("SELECT value FROM s WATERMARK value DELAY OF INTERVAL 1 SECOND",
                 "EVENT_TIME_IS_NOT_ON_TIMESTAMP_TYPE",
                 "The event time `value` has the invalid type \"BIGINT\", but expected "
                 "\"TIMESTAMP\".");
    expect_wrong("CREATE TABLE w USING rate OPTIONS (watermark 'value 1 second'); TABLE w",
                 "EVENT_TIME_IS_NOT_ON_TIMESTAMP_TYPE", "option \"watermark\"");
    expect_wrong("CREATE TABLE w USING rate OPTIONS (watermark 'time 1 second'); TABLE w",
                 "UNRESOLVED_COLUMN.WITH_SUGGESTION", "there is no column \"time\"");
    expect_wrong("CREATE TABLE w USING rate OPTIONS (watermark 'timestamp'); TABLE w", "",
                 "option \"watermark\"");
}

#define KAFKA "kafka.bootstrap.servers '127.0.0.1:1', subscribe 'in'"

/* Nothing that a table says is passed over without a word. */
static void an_option_that_its_table_does_not_use_is_an_error(void **state)
{
    (void)state;
    expect_wrong(
        "CREATE TABLE r USING rate OPTIONS (trigger 'availableNow')", "",
        "table \"r\": option \"trigger\" is of the query that writes a table, and rate is only "
        "read; hint: give it to the table of INSERT INTO");
    expect_wrong("CREATE TABLE r USING rate OPTIONS (rowsPerSecond '5', CheckpointLocation '/c')",
                 "", "table \"r\": option \"CheckpointLocation\" is of the query");
    expect_wrong("CREATE TABLE o USING noop OPTIONS (watermark 'timestamp 1 second')", "",
                 "table \"o\": option \"watermark\" is of a table that is read, and noop is only "
                 "written; hint: give it to the table of FROM");
    expect_wrong("CREATE TABLE k USING kafka OPTIONS (queryName 'q', " KAFKA "); SELECT * FROM k",
                 "",
                 "table \"k\": option \"queryName\" is of the query that writes the table, and "
                 "here it is read");
    leat_context *context = open_session();
    leat_query_destroy(
        run(context,
            "CREATE TABLE k USING kafka OPTIONS (queryName 'q', topic 't', " KAFKA
            "); SELECT * FROM k; CREATE TABLE l USING kafka OPTIONS (queryName 'r', " KAFKA
            "); INSERT INTO l SELECT value FROM k; SELECT * FROM l",
            NULL));
    leat_context_destroy(context);
}

static void a_broker_has_to_be_named(void **state)
{
    static const char *const servers[] = {"", " ", ",", " , "};
    (void)state;
    for (size_t i = 0; i < sizeof servers / sizeof servers[0]; i++) {
        char text[256];
        (void)snprintf(
            text, sizeof text,
            "CREATE TABLE k USING kafka OPTIONS (kafka.bootstrap.servers '%s', subscribe "
            "'in'); SELECT * FROM k",
            servers[i]);
        expect_wrong(text, "",
                     "table \"k\": source kafka: option \"kafka.bootstrap.servers\" (table k) is "
                     "empty; hint: ");
    }
}

static void the_table_of_dead_letters_is_named_where_it_is_wrong(void **state)
{
    (void)state;
#define DEAD "CREATE TABLE o USING noop OPTIONS (deadLetters 'd')" INSERT
    expect_wrong(DEAD, "TABLE_OR_VIEW_NOT_FOUND", "table \"o\": option \"deadLetters\": The table");
    expect_wrong("CREATE TEMPORARY VIEW d AS SELECT 1;" DEAD, "",
                 "table \"o\": option \"deadLetters\": \"d\" is a view");
    expect_wrong("CREATE TABLE d USING rate;" DEAD, "",
                 "table \"o\": option \"deadLetters\": table \"d\": Data source rate does not");
    expect_wrong("CREATE TABLE d USING memory;" DEAD, "",
                 "table \"o\": option \"deadLetters\": table \"d\" is of the format memory, which "
                 "keeps no dead letters");
    expect_wrong("CREATE TABLE d USING kafka OPTIONS (topic 't');" DEAD, "",
                 "table \"o\": option \"deadLetters\": table \"d\": kafka: option "
                 "\"kafka.bootstrap.servers\" is required");
    expect_wrong("CREATE TABLE d USING console OPTIONS (numRows 'x');" DEAD, "",
                 "table \"o\": option \"deadLetters\": table \"d\": console: option \"numRows\"");
#undef DEAD
}

/* As Spark: of a table's options with one key the last counts, and a key may be any string. */
static void of_two_options_with_one_key_the_last_counts(void **state)
{
    (void)state;
    expect_option("", "OPTIONS (queryName 'a', queryName 'b')", "queryName", "b");
    expect_option("", "OPTIONS (queryName 'a', QUERYNAME 'b')", "queryName", "b");
    expect_option("", "OPTIONS ('queryName' 'b')", "queryName", "b");
    expect_option("", "OPTIONS ('query' 'Name' = 'b' 'c')", "queryName", "bc");
    expect_wrong("CREATE TEMPORARY VIEW w USING rate OPTIONS (numPartitions '1', numPartitions "
                 "'2')",
                 "DUPLICATE_KEY", "Found duplicate keys `numPartitions`.");
}

/* Two INSERTs from the table s, which is made with these options. */
static void insert_twice(leat_context *context, const char *options, const char *written,
                         leat_query **first, leat_query **second)
{
    char text[1024];
    (void)snprintf(text, sizeof text,
                   "CREATE OR REPLACE TABLE s USING rate %s; CREATE TABLE a USING noop OPTIONS "
                   "(trigger 'continuous 2 seconds'); CREATE TABLE b USING noop %s; "
                   "INSERT INTO a SELECT value FROM s WHERE value > 1",
                   options, written);
    *first = run(context, text, NULL);
    *second = run(context, "INSERT INTO b SELECT value + 1 AS value FROM s", NULL);
    assert_non_null(*first);
    assert_non_null(*second);
}

static void inserts_from_a_shared_table_become_one_query(void **state)
{
    (void)state;
    leat_context *context = leat_context_create();
    leat_query *first, *second;
    insert_twice(context, "OPTIONS (shared 'true')", "", &first, &second);
    assert_true(leat_admin_query_is_shared(first));
    assert_int_equal(leat_admin_query_join(first, second), LEAT_OK);
    assert_string_equal(leat_admin_query_option(first, "queryName"), "a");
    char *route = leat_admin_query_route(first), *plan = leat_query_explain(first);
    assert_string_equal(route, "rate -> noop"); /* one source */
    assert_non_null(strstr(plan, "\nsource rate: "));
    assert_null(strstr(strstr(plan, "\nsource rate: ") + 1, "\nsource rate: "));
    assert_non_null(strstr(strstr(plan, "\nsink noop: ") + 1, "\nsink noop: "));
    free(route);
    free(plan);
    leat_query_destroy(first);
    leat_context_destroy(context);
}

static void others_are_queries_of_their_own(void **state)
{
    (void)state;
    leat_context *context = leat_context_create();
    leat_query *first, *second;
    insert_twice(context, "", "", &first, &second);
    assert_false(leat_admin_query_is_shared(first));
    assert_int_equal(leat_admin_query_join(first, second), LEAT_ERROR_NOT_FOUND);
    leat_query_destroy(first);
    leat_query_destroy(second);
    leat_context_destroy(context);
    assert_int_equal(leat_admin_query_join(NULL, NULL), LEAT_ERROR_INVALID);
}

static void a_joined_insert_says_nothing_else_of_the_query(void **state)
{
    (void)state;
    leat_context *context = leat_context_create();
    leat_query *first, *second;
    insert_twice(context, "OPTIONS (shared 'true')",
                 "OPTIONS (trigger 'continuous 2 seconds', lanes '3')", &first, &second);
    assert_int_equal(leat_admin_query_join(first, second), LEAT_ERROR_INVALID);
    assert_string_equal(leat_query_error(second),
                        "table \"b\": option \"lanes\" is \"3\", and the query has none of table "
                        "\"a\", with which it shares what it reads of table \"s\"; hint: say it of "
                        "\"a\" alone, or let \"s\" not be shared");
    leat_query_destroy(first);
    leat_query_destroy(second);
    leat_context_destroy(context);
}

static void whether_a_table_is_shared_is_true_or_false(void **state)
{
    (void)state;
    expect_wrong("CREATE OR REPLACE TABLE s USING rate OPTIONS (shared 'yes'); CREATE TABLE o "
                 "USING noop" INSERT,
                 "", "option \"shared\" is \"yes\"; hint: true or false");
    expect_wrong("CREATE TABLE o USING noop OPTIONS (shared 'true')", "",
                 "option \"shared\" is of a table that is read, and noop is only written");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_trigger_is_an_option_of_the_table_that_is_written),
        cmocka_unit_test(an_output_mode_is_one_too),
        cmocka_unit_test(a_query_is_named_by_its_option_or_its_table),
        cmocka_unit_test(a_checkpoint_is_the_tables_or_lies_under_the_sessions),
        cmocka_unit_test(a_checkpoint_lies_nowhere_else_than_under_the_sessions),
        cmocka_unit_test(a_watermark_stands_behind_the_table_or_among_its_options),
        cmocka_unit_test(an_option_that_its_table_does_not_use_is_an_error),
        cmocka_unit_test(a_broker_has_to_be_named),
        cmocka_unit_test(the_table_of_dead_letters_is_named_where_it_is_wrong),
        cmocka_unit_test(of_two_options_with_one_key_the_last_counts),
        cmocka_unit_test(inserts_from_a_shared_table_become_one_query),
        cmocka_unit_test(others_are_queries_of_their_own),
        cmocka_unit_test(a_joined_insert_says_nothing_else_of_the_query),
        cmocka_unit_test(whether_a_table_is_shared_is_true_or_false),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
