/* The SQL door: what statements leave behind, what they answer, and what Spark says of wrong ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/leat_admin.h"
#include "tests/support/doors.h"

/* Streams, a sink that keeps nothing, a table of the context's, a view. */
static const char setup_text[] =
    "CREATE TABLE s USING rate OPTIONS (rowsPerSecond '5');"
    "CREATE TABLE s2 USING rate;"
    "CREATE TABLE o USING noop;"
    "CREATE TABLE m (id INT, v STRING) USING memory;"
    "CREATE TEMPORARY VIEW v AS SELECT value, value * 2 AS d FROM s;"
    "CREATE TEMPORARY VIEW st AS SELECT named_struct('a', value, 'b', 1) AS x FROM s";

static int run_all(leat_context *context, const char *text)
{
    int code = LEAT_OK;
    leat_sql_result result = {.size = sizeof result};
    do {
        code = leat_sql(context, text, &text, &result);
        free(result.text);
        leat_query_destroy(result.query);
    } while (code == LEAT_OK && result.kind != LEAT_SQL_NONE);
    return code;
}

static leat_context *open_session(void)
{
    leat_context *context = leat_context_create();
    if (run_all(context, setup_text) != LEAT_OK)
        fail_msg("%s", leat_context_error(context));
    return context;
}

/* ----------------------------------------------------------------------------------- schemas */

static void expect_schema(leat_context *context, const char *query, const char *ddl)
{
    leat_sql_result result = {.size = sizeof result};
    if (leat_sql(context, query, NULL, &result) != LEAT_OK)
        fail_msg("%s: %s", query, leat_context_error(context));
    if (result.kind != LEAT_SQL_STREAM)
        fail_msg("%s: is no stream", query);
    const char *schema = leat_stream_schema(result.stream);
    if (schema == NULL || strcmp(schema, ddl) != 0)
        fail_msg("%s\n  gives  %s\n  wanted %s", query,
                 schema == NULL ? leat_context_error(context) : schema, ddl);
}

static void a_select_gives_a_stream_with_sparks_names_and_types(void **state)
{
    static const char *const cases[][2] = {
        {"SELECT * FROM s", "timestamp TIMESTAMP,value BIGINT"},
        {"SELECT value FROM s", "value BIGINT"},
        {"SELECT s.value FROM s", "value BIGINT"},
        {"SELECT x.value AS a FROM s x", "a BIGINT"},
        {"SELECT x.value a FROM s AS x WHERE x.value > 3", "a BIGINT"},
        {"SELECT x.* FROM s x", "timestamp TIMESTAMP,value BIGINT"},
        {"SELECT s.* EXCEPT (value) FROM s", "timestamp TIMESTAMP"},
        {"SELECT * EXCEPT (timestamp) FROM s", "value BIGINT"},
        {"SELECT st.x.a, x.b FROM st", "a BIGINT,b INT NOT NULL"},
        {"SELECT x.* FROM st", "a BIGINT,b INT NOT NULL"},
        {"SELECT d FROM v", "d BIGINT"},
        {"SELECT y FROM (SELECT value AS y FROM s) AS q WHERE q.y > 1", "y BIGINT"},
        {"WITH a AS (SELECT value AS k FROM s), b AS (SELECT k + 1 AS k FROM a) SELECT k FROM b",
         "k BIGINT"},
        {"WITH a (k) AS (SELECT value FROM s) SELECT a.k FROM a", "k BIGINT"},
        {"SELECT * FROM (SELECT value FROM s) t (n)", "n BIGINT"},
        {"SELECT value AS v, v + 1 AS w FROM s", "v BIGINT,w BIGINT"},
        {"FROM s SELECT value", "value BIGINT"},
        {"TABLE s", "timestamp TIMESTAMP,value BIGINT"},
        {"(SELECT value FROM s)", "value BIGINT"},
        {"SELECT value FROM spark_catalog.default.s", "value BIGINT"},
        {"SELECT value FROM default.s t -- a comment\n", "value BIGINT"},
        {"SELECT value FROM s WHERE", "value BIGINT"},
        {"SELECT value AS `a b` FROM s", "`a b` BIGINT"},
        {"SELECT value FROM s WATERMARK timestamp DELAY OF INTERVAL 10 SECONDS", "value BIGINT"},
        {"SELECT w.value FROM s WATERMARK timestamp DELAY OF INTERVAL '1' MINUTE AS w",
         "value BIGINT"},
        {"SELECT value AS a FROM s UNION ALL SELECT value FROM s2", "a BIGINT"},
        {"SELECT value AS a FROM s UNION ALL SELECT CAST(1 AS DOUBLE) FROM s", "a DOUBLE"},
        {"SELECT a FROM (SELECT value AS a FROM s UNION ALL SELECT d FROM v) u WHERE u.a > 1",
         "a BIGINT"},
        {"SELECT value, x FROM s LATERAL VIEW explode(array(1, 2)) t AS x",
         "value BIGINT,x INT NOT NULL"},
        {"SELECT where.col, x FROM s LATERAL VIEW explode(array(1, 2)) WHERE LATERAL VIEW "
         "explode(array(3)) AS x WHERE value > 1",
         "col INT NOT NULL,x INT NOT NULL"},
        {"SELECT t.*, s.value FROM s LATERAL VIEW OUTER posexplode(array(value)) t AS p, e",
         "p INT,e BIGINT,value BIGINT"},
        {"SELECT t.col + u.x AS y FROM s LATERAL VIEW explode(array(1)) t LATERAL VIEW "
         "explode(array(t.col)) u AS x",
         "y INT NOT NULL"},
        {"SELECT explode(array(value)) AS e, value FROM s", "e BIGINT,value BIGINT"},
        {"SELECT transform(array(value), s -> s + 1) AS t FROM s", "t ARRAY<BIGINT> NOT NULL"},
    };
    leat_context *context = open_session();
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect_schema(context, cases[i][0], cases[i][1]);
    leat_context_destroy(context);
}

/* ------------------------------------------------------------------------------------ errors */

struct wrong {
    const char *statement, *condition, *sqlstate, *part;
};

static void expect_wrong(leat_context *context, const struct wrong *wrong)
{
    int code = run_all(context, wrong->statement);
    if (code == LEAT_OK)
        fail_msg("%s: is accepted", wrong->statement);
    if (strcmp(leat_context_error_condition(context), wrong->condition) != 0 ||
        strcmp(leat_context_error_sqlstate(context), wrong->sqlstate) != 0 ||
        strstr(leat_context_error(context), wrong->part) == NULL)
        fail_msg("%s\n  gives  [%s] %s %s\n  wanted [%s] %s %s", wrong->statement,
                 leat_context_error_condition(context), leat_context_error_sqlstate(context),
                 leat_context_error(context), wrong->condition, wrong->sqlstate, wrong->part);
}

static void expect_all_wrong(const struct wrong *cases, size_t count)
{
    leat_context *context = open_session();
    for (size_t i = 0; i < count; i++)
        expect_wrong(context, &cases[i]);
    leat_context_destroy(context);
}

static void names_that_nothing_bears_are_sparks_errors(void **state)
{
    static const struct wrong cases[] = {
        {"SELECT * FROM nosuch", "TABLE_OR_VIEW_NOT_FOUND", "42P01", "`nosuch` cannot be found"},
        {"SELECT * FROM ss", "TABLE_OR_VIEW_NOT_FOUND", "42P01", "`ss` cannot be found"},
        {"SELECT * FROM a.b.c", "REQUIRES_SINGLE_PART_NAMESPACE", "42K05", "spark_catalog"},
        {"SELECT * FROM other.s", "TABLE_OR_VIEW_NOT_FOUND", "42P01", "`other`.`s`"},
        {"INSERT INTO nosuch SELECT 1", "TABLE_OR_VIEW_NOT_FOUND", "42P01",
         "`nosuch` cannot be found"},
        {"DESCRIBE nosuch", "TABLE_OR_VIEW_NOT_FOUND", "42P01", "`nosuch` cannot be found"},
        {"DROP TABLE nosuch", "TABLE_OR_VIEW_NOT_FOUND", "42P01", "`nosuch` cannot be found"},
        {"DROP VIEW nosuch", "TABLE_OR_VIEW_NOT_FOUND", "42P01", "`nosuch` cannot be found"},
        {"SELECT valu FROM s", "UNRESOLVED_COLUMN.WITH_SUGGESTION", "42703",
         "[`value`, `timestamp`].\n  SELECT valu FROM s\n         ^^^^"},
        {"SELECT t.value FROM s", "UNRESOLVED_COLUMN.WITH_SUGGESTION", "42703",
         "`t`.`value` cannot be resolved. Did you mean one of the following? [`s`.`value`, "},
        {"SELECT s.nosuch FROM s", "UNRESOLVED_COLUMN.WITH_SUGGESTION", "42703", "`s`.`nosuch`"},
        {"SELECT s.value FROM s x", "UNRESOLVED_COLUMN.WITH_SUGGESTION", "42703",
         "[`x`.`value`, `x`.`timestamp`]"},
        {"SELECT * EXCEPT (nosuch) FROM s", "UNRESOLVED_COLUMN.WITH_SUGGESTION", "42703", "nosuch"},
        {"SELECT FROM s", "UNRESOLVED_COLUMN.WITHOUT_SUGGESTION", "42703", "`FROM`"},
        {"SELECT value FROM", "UNRESOLVED_COLUMN.WITHOUT_SUGGESTION", "42703", "`value`"},
        {"SELECT value FROM s JOIN s2", "AMBIGUOUS_REFERENCE", "42704",
         "Reference `value` is ambiguous, could be: [`s`.`value`, `s2`.`value`]."},
        {"SELECT value FROM s GROUP BY nosuch", "UNRESOLVED_COLUMN.WITH_SUGGESTION", "42703",
         "nosuch"},
        {"SELECT s.value FROM s JOIN s2 ON s.value = s2.valu", "UNRESOLVED_COLUMN.WITH_SUGGESTION",
         "42703", "`s2`.`valu`"},
        {"SELECT x.* FROM s", "CANNOT_RESOLVE_STAR_EXPAND", "42704", "x.*"},
        {"SELECT a FROM (SELECT value AS a, d AS a FROM v)", "AMBIGUOUS_REFERENCE", "42704",
         "Reference `a` is ambiguous, could be: [`a`, `a`]."},
        {"SELECT nosuch(value) FROM s", "UNRESOLVED_ROUTINE", "42883", "nosuch"},
        {"SELECT over('200') FROM s", "UNRESOLVED_ROUTINE", "42883", "over"},
        {"SELECT over_named(value, 'w') FROM s", "UNRESOLVED_ROUTINE", "42883", "over_named"},
        {"DESCRIBE FUNCTION uper", "UNRESOLVED_ROUTINE", "42883", "did you mean \"upper\"?"},
        {"SELECT * FROM s WHERE value", "DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN", "42K09",
         "Filter expression \"value\" of type \"BIGINT\" is not a boolean."},
        {"WITH a AS (SELECT 1), a AS (SELECT 2) SELECT * FROM a", "DUPLICATED_CTE_NAMES", "42602",
         "`a`"},
        {"WITH a (x, y) AS (SELECT 1) SELECT * FROM a", "ASSIGNMENT_ARITY_MISMATCH", "42802",
         "aliased: 1 does not match the number of source expressions: 2."},
        {"SELECT * FROM (SELECT 1) t (a, b)", "ASSIGNMENT_ARITY_MISMATCH", "42802",
         "expressions: 2."},
        {"SELECT value FROM s UNION ALL SELECT value, timestamp FROM s", "NUM_COLUMNS_MISMATCH",
         "42826", "the first input has 1 columns and the second input has 2 columns"},
        {"SELECT value FROM s UNION ALL SELECT timestamp FROM s", "INCOMPATIBLE_COLUMN_TYPE",
         "42825", "\"TIMESTAMP\" type which is not compatible with \"BIGINT\" at the same column"},
        {"SELECT * FROM s LATERAL VIEW upper('x') t AS y", "UNSUPPORTED_GENERATOR.NOT_GENERATOR",
         "42K0E", "`upper`"},
        {"SELECT * FROM s LATERAL VIEW nosuch('x') t AS y", "ROUTINE_NOT_FOUND", "42883", "nosuch"},
        {"SELECT * FROM s LATERAL VIEW explode(array(1)) t AS a, b", "UDTF_ALIAS_NUMBER_MISMATCH",
         "42802", ""},
        {"SELECT value FROM s WATERMARK value DELAY OF INTERVAL 1 SECOND",
         "EVENT_TIME_IS_NOT_ON_TIMESTAMP_TYPE", "42K09",
         "`value` has the invalid type \"BIGINT\", but expected"},
    };
    (void)state;
    expect_all_wrong(cases, sizeof cases / sizeof cases[0]);
}

static void texts_that_do_not_parse_show_the_place(void **state)
{
    static const struct wrong cases[] = {
        {"SELEC 1", "PARSE_SYNTAX_ERROR", "42601", "near 'SELEC'"},
        {"SELECT 1 +", "PARSE_SYNTAX_ERROR", "42601", "near end of input"},
        {"SELECT 1; SELEC 2", "PARSE_SYNTAX_ERROR", "42601", "near 'SELEC'"},
        {"SELECT (1", "PARSE_SYNTAX_ERROR", "42601", "missing ')'"},
        {"SELECT * FROM s AS OF VERSION 1", "PARSE_SYNTAX_ERROR", "42601", "near 'VERSION'"},
        {"EXPLAIN SELEC 1", "PARSE_SYNTAX_ERROR", "42601", "near 'SELEC'"},
        {"CREATE s", "PARSE_SYNTAX_ERROR", "42601", "near 's'"},
        {"CREATE TABLE t (a INT)", "PARSE_SYNTAX_ERROR", "42601", "USING"},
        {"CREATE TEMPORARY VIEW t USING rate OPTIONS (a.b '1', A.B '2', a.b '3')", "DUPLICATE_KEY",
         "23505", "keys `a.b`"},
        {"CREATE TABLE t USING rate OPTIONS (a)", "_LEGACY_ERROR_TEMP_0035", "",
         "A value must be specified for the key: a"},
        {"CREATE TABLE t (a NOSUCH) USING noop", "UNSUPPORTED_DATATYPE", "0A000", "NOSUCH"},
        {"SET a b", "INVALID_SET_SYNTAX", "42000", "Expected format is 'SET'"},
        {"SET -v x", "INVALID_SET_SYNTAX", "42000", "Expected format is 'SET'"},
        {"SELECT /* no end", "UNCLOSED_BRACKETED_COMMENT", "42601", "no end"},
        {"SELECT 'no end", "PARSE_SYNTAX_ERROR", "42601", "no end"},
    };
    (void)state;
    expect_all_wrong(cases, sizeof cases / sizeof cases[0]);
}

static void tables_and_settings_that_are_wrong_are_refused(void **state)
{
    static const struct wrong cases[] = {
        {"CREATE TABLE s USING rate", "TABLE_OR_VIEW_ALREADY_EXISTS", "42P07",
         "`spark_catalog`.`default`.`s`"},
        {"CREATE TEMPORARY VIEW s AS SELECT 1", "TEMP_TABLE_OR_VIEW_ALREADY_EXISTS", "42P07",
         "`s`"},
        {"CREATE TABLE t (a INT, A INT) USING noop", "COLUMN_ALREADY_EXISTS", "42711", "`a`"},
        {"CREATE TABLE t USING ratte", "DATA_SOURCE_NOT_FOUND", "42K02", "did you mean \"rate\"?"},
        {"CREATE TABLE t USING rate OPTIONS (rowPerSecond '5')", "", "",
         "did you mean \"rowsPerSecond\"?\n"},
        {"CREATE TEMPORARY VIEW IF NOT EXISTS w AS SELECT 1", "_LEGACY_ERROR_TEMP_0053", "",
         "It is not allowed to define a TEMPORARY view with IF NOT EXISTS"},
        {"CREATE TEMPORARY VIEW w (a, b) AS SELECT 1",
         "CREATE_VIEW_COLUMN_ARITY_MISMATCH.NOT_ENOUGH_DATA_COLUMNS", "21S01",
         "view `w`, the reason is not enough data columns:\nView columns: `a`, `b`.\nData columns: "
         "`1`."},
        {"CREATE OR REPLACE TEMPORARY VIEW v AS SELECT * FROM v", "RECURSIVE_VIEW", "42K0H",
         "\"v\""},
        {"DROP VIEW s", "WRONG_COMMAND_FOR_OBJECT_TYPE", "42809", "DROP VIEW requires a VIEW"},
        {"SET spark.sql.session.timeZone = Nowhere/X", "INVALID_CONF_VALUE.TIME_ZONE", "22022",
         "Nowhere/X"},
        {"SET spark.sql.ansi.enabled=maybe", "INVALID_CONF_VALUE.TYPE_MISMATCH", "22022",
         "true or false"},
        {"SET spark.sql.ansi.enable=true", "SQL_CONF_NOT_FOUND", "42K0I",
         "did you mean \"spark.sql.ansi.enabled\"?"},
        {"INSERT INTO v SELECT 1", "EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE", "42809",
         "`v` is a view"},
        {"INSERT INTO s SELECT value FROM s2", "", "", "does not support streamed writing"},
        {"SELECT * FROM o", "", "", "does not support streamed reading"},
        {"INSERT INTO m SELECT value FROM s",
         "INSERT_COLUMN_ARITY_MISMATCH.NOT_ENOUGH_DATA_COLUMNS", "21S01",
         "Table columns: `id`, `v`.\nData columns: `value`."},
        {"INSERT INTO m SELECT 1, 'a', 2", "INSERT_COLUMN_ARITY_MISMATCH.TOO_MANY_DATA_COLUMNS",
         "21S01", "Table columns: `id`, `v`.\nData columns: `1`, `a`, `2`."},
        {"INSERT INTO m SELECT 'x', 'y'", "INCOMPATIBLE_DATA_FOR_TABLE.CANNOT_SAFELY_CAST", "KD000",
         "Cannot safely cast `id` \"STRING\" to \"INT\"."},
        {"INSERT INTO m BY NAME SELECT 1 AS nosuch, 'a' AS v",
         "INCOMPATIBLE_DATA_FOR_TABLE.EXTRA_COLUMNS", "KD000", "columns `nosuch`."},
        {"INSERT INTO m (v, v) SELECT 'k', 3", "COLUMN_ALREADY_EXISTS", "42711", "`v`"},
        {"INSERT INTO m (v, zz) SELECT 'k', 3", "UNRESOLVED_COLUMN.WITH_SUGGESTION", "42703", "zz"},
        {"CREATE TABLE t USING noop OPTIONS (trigger 'processingTime 1 parsec');"
         "INSERT INTO t SELECT value FROM s",
         "", "", "parsec"},
        {"CREATE OR REPLACE TABLE t USING noop OPTIONS (trigger 'continous 1 second');"
         "INSERT INTO t SELECT value FROM s",
         "", "", "did you mean \"continuous\"?"},
        {"CREATE OR REPLACE TABLE t USING noop OPTIONS (outputMode 'apend');"
         "INSERT INTO t SELECT value FROM s",
         "STREAMING_OUTPUT_MODE.INVALID", "42KDE",
         "Invalid streaming output mode: apend. Accepted output modes are 'Append', 'Complete', "
         "'Update'.; hint: did you mean \"append\"?"},
    };
    (void)state;
    expect_all_wrong(cases, sizeof cases / sizeof cases[0]);
}

/* long because: it is one table. */
static void what_continuous_mode_does_not_run_is_refused_with_sparks_text(void **state)
{
    static const char append[] =
        "Invalid streaming output mode: append. This output mode is not supported for streaming "
        "aggregations without watermark on streaming DataFrames/DataSets.";
    static const char mode[] = "STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION";
    static const char plan[] = "_LEGACY_ERROR_TEMP_3102";
    const struct wrong cases[] = {
        {"SELECT count(*) FROM s", mode, "42KDE", append},
        {"SELECT value % 2 AS k, count(*) FROM s GROUP BY value % 2", mode, "42KDE", append},
        {"SELECT value AS k, sum(value) FROM s GROUP BY k HAVING count(*) > 1", mode, "42KDE",
         append},
        {"SELECT DISTINCT value FROM s", mode, "42KDE", append},
        {"SELECT count(DISTINCT value) FROM s", mode, "42KDE", append},
        {"SELECT value FROM s UNION SELECT value FROM s2", mode, "42KDE", append},
        {"SELECT value, count(*) FROM s GROUP BY ROLLUP(value)", mode, "42KDE", append},
        {"SELECT * FROM s PIVOT (count(1) FOR value IN (1, 2))", mode, "42KDE", append},
        {"CREATE TABLE k USING noop OPTIONS (trigger 'continuous 1 second'); INSERT INTO k "
         "SELECT timestamp, count(*) FROM s WATERMARK timestamp DELAY OF INTERVAL 1 SECOND "
         "GROUP BY timestamp",
         plan, "", "Continuous processing does not support Aggregate operations."},
        {"INSERT INTO k SELECT s.value FROM s JOIN s2 ON s.value = s2.value", plan, "",
         "Continuous processing does not support Join operations."},
        {"SELECT s.value FROM s, s2", "_LEGACY_ERROR_TEMP_1181", "",
         "Stream-stream join without equality predicate is not supported."},
        {"SELECT s.value FROM s LEFT JOIN s2 USING (value)", plan, "",
         "Stream-stream LeftOuter join between two streaming DataFrame/Datasets is not supported "
         "without a watermark in the join keys"},
        {"SELECT value FROM s ORDER BY value", plan, "",
         "Sorting is not supported on streaming DataFrames/Datasets, unless it is on aggregated "
         "DataFrame/Dataset in Complete output mode"},
        {"SELECT value FROM s SORT BY value", plan, "", "Sorting is not supported"},
        {"INSERT INTO k SELECT value FROM s LIMIT 5", plan, "",
         "Continuous processing does not support LocalLimit operations."},
        {"SELECT value FROM s OFFSET 5", plan, "",
         "Offset is not supported on streaming DataFrames/Datasets"},
        {"SELECT value FROM s INTERSECT SELECT value FROM s2", plan, "",
         "Intersect of streaming DataFrames/Datasets is not supported"},
        {"SELECT value FROM s UNION ALL SELECT 1", plan, "",
         "Union between streaming and batch DataFrames/Datasets is not supported"},
        {"SELECT value FROM s EXCEPT SELECT value FROM s2", plan, "",
         "Except on a streaming DataFrame/Dataset on the right is not supported"},
        {"SELECT value FROM s TABLESAMPLE (10 PERCENT)", plan, "",
         "Sampling is not supported on streaming DataFrames/Datasets"},
        {"INSERT INTO k SELECT value FROM s DISTRIBUTE BY value", plan, "",
         "Continuous processing does not support RepartitionByExpression operations."},
        {"SELECT value, row_number() OVER (ORDER BY value) FROM s",
         "NON_TIME_WINDOW_NOT_SUPPORTED_IN_STREAMING", "42KDE", "Window function is not supported"},
        {"SELECT max(value) OVER () FROM s", "NON_TIME_WINDOW_NOT_SUPPORTED_IN_STREAMING", "42KDE",
         "Window function is not supported"},
        {"SELECT c FROM (SELECT count(*) AS c FROM s) WHERE c > 1", mode, "42KDE", append},
        {"SELECT sum(value), value FROM s", "MISSING_GROUP_BY", "42803",
         "The query does not include a GROUP BY clause."},
        {"SELECT value FROM s HAVING value > 1", "MISSING_GROUP_BY", "42803",
         "The query does not include a GROUP BY clause."},
        {"SELECT timestamp, sum(value) FROM s GROUP BY value", "MISSING_AGGREGATION", "42803",
         "expression \"timestamp\" is based"},
        {"SELECT value FROM s WHERE sum(value) > 1", "INVALID_WHERE_CONDITION", "42903",
         "expressions: sum(s.value)."},
        {"CREATE TABLE u USING noop OPTIONS (trigger 'continuous', "
         "outputMode 'update');"
         "INSERT INTO u SELECT count(*) FROM s",
         plan, "", "Continuous processing does not support Aggregate operations."},
        {"INSERT INTO u SELECT DISTINCT value FROM s", plan, "",
         "Continuous processing does not support Distinct operations."},
        {"INSERT INTO u SELECT count(DISTINCT value) FROM s", plan, "",
         "Distinct aggregations are not supported on streaming DataFrames/Datasets. Consider "
         "using approx_count_distinct() instead."},
        {"INSERT INTO u SELECT value FROM s LIMIT 3", plan, "",
         "Limits are not supported on streaming DataFrames/Datasets in Update output mode"},
        {"INSERT INTO u SELECT value, count(*) FROM s GROUP BY value WITH CUBE", plan, "",
         "Continuous processing does not support Expand operations."},
        {"CREATE TABLE c USING noop OPTIONS (trigger 'continuous', outputMode 'complete');"
         "INSERT INTO c SELECT value FROM s",
         mode, "42KDE",
         "Invalid streaming output mode: complete. This output mode is not supported for no "
         "streaming aggregations on streaming DataFrames/DataSets."},
        {"INSERT INTO c SELECT count(*) FROM s", plan, "",
         "Continuous processing does not support Aggregate operations."},
    };
    (void)state;
    expect_all_wrong(cases, sizeof cases / sizeof cases[0]);
}

/* ----------------------------------------------------------------------------------- answers */

static void expect_rows(leat_context *context, const char *statement, const char *rows)
{
    leat_sql_result result = {.size = sizeof result};
    if (leat_sql(context, statement, NULL, &result) != LEAT_OK)
        fail_msg("%s: %s", statement, leat_context_error(context));
    assert_int_equal(result.kind, LEAT_SQL_ROWS);
    assert_string_equal(result.text, rows);
    free(result.text);
}

static void a_select_of_what_ends_is_answered_at_once(void **state)
{
    leat_context *context = open_session();
    (void)state;
    expect_rows(context, "SELECT 1 + 1 AS two, 'a' || 'b' AS ab, NULL AS n WHERE true",
                "+---+---+----+\n|two|ab |n   |\n+---+---+----+\n|2  |ab |NULL|\n+---+---+----+\n");
    expect_rows(context, "SELECT 1 AS n UNION ALL SELECT 2 UNION ALL (SELECT 3)",
                "+---+\n|n  |\n+---+\n|1  |\n|2  |\n|3  |\n+---+\n");
    expect_rows(context, "SELECT n * 10 AS n FROM (SELECT 1 AS n UNION ALL SELECT 2) u WHERE n > 1",
                "+---+\n|n  |\n+---+\n|20 |\n+---+\n");
    expect_rows(context, "VALUES (1, 'a'), (2, NULL)",
                "+----+----+\n|col1|col2|\n+----+----+\n|1   |a   |\n|2   |NULL|\n+----+----+\n");
    expect_rows(context, "VALUES (1), (2) AS t (a) UNION ALL (VALUES (3) AS u (b))",
                "+---+\n|a  |\n+---+\n|1  |\n|2  |\n|3  |\n+---+\n");
    expect_rows(context, "SELECT b + 1 AS c FROM VALUES (1), (2L) AS t (b) WHERE b > 1",
                "+---+\n|c  |\n+---+\n|3  |\n+---+\n");
    expect_rows(context, "SELECT 1 AS one WHERE false", "+---+\n|one|\n+---+\n+---+\n");
    expect_rows(context, "SELECT * FROM m", "+---+---+\n|id |v  |\n+---+---+\n+---+---+\n");
    leat_context_destroy(context);
}

static void statements_about_the_session_answer_as_spark_does(void **state)
{
    leat_context *context = open_session();
    (void)state;
    expect_rows(context, "SHOW TABLES LIKE 's*'",
                "+---------+---------+-----------+\n|namespace|tableName|isTemporary|\n"
                "+---------+---------+-----------+\n|         |s        |true       |\n"
                "|         |s2       |true       |\n|         |st       |true       |\n"
                "+---------+---------+-----------+\n");
    expect_rows(context, "SHOW VIEWS LIKE 'v|w'",
                "+---------+--------+-----------+\n|namespace|viewName|isTemporary|\n"
                "+---------+--------+-----------+\n|         |v       |true       |\n"
                "+---------+--------+-----------+\n");
    expect_rows(context, "DESCRIBE v",
                "+--------+---------+-------+\n|col_name|data_type|comment|\n"
                "+--------+---------+-------+\n|value   |bigint   |NULL   |\n"
                "|d       |bigint   |NULL   |\n+--------+---------+-------+\n");
    expect_rows(context, "DESCRIBE QUERY SELECT 1 AS a",
                "+--------+---------+-------+\n|col_name|data_type|comment|\n"
                "+--------+---------+-------+\n|a       |int      |NULL   |\n"
                "+--------+---------+-------+\n");
    expect_rows(context, "SHOW COLUMNS IN m",
                "+--------+\n|col_name|\n+--------+\n|id      |\n|v  "
                "     |\n+--------+\n");
    expect_rows(context, "SHOW FUNCTIONS LIKE 'uppe*'",
                "+--------+\n|function|\n+--------+\n|upper   |\n+--------+\n");
    assert_int_equal(run_all(context, "SET TIME ZONE 'Europe/Berlin'"), LEAT_OK);
    expect_rows(context, "SET spark.sql.session.timeZone",
                "+--------------------------+-------------+\n"
                "|key                       |value        |\n"
                "+--------------------------+-------------+\n"
                "|spark.sql.session.timeZone|Europe/Berlin|\n"
                "+--------------------------+-------------+\n");
    expect_rows(context, "SELECT CAST(TIMESTAMP '2026-07-01 00:00:00Z' AS STRING) AS t",
                "+-------------------+\n|t                  |\n+-------------------+\n"
                "|2026-07-01 02:00:00|\n+-------------------+\n");
    assert_int_equal(run_all(context, "RESET"), LEAT_OK);
    expect_rows(context, "SET nosuch",
                "+------+-----------+\n|key   |value      |\n+------+-----------+\n"
                "|nosuch|<undefined>|\n+------+-----------+\n");
    leat_context_destroy(context);
}

static void settings_hold_for_what_is_analysed_after_them(void **state)
{
    leat_context *context = open_session();
    (void)state;
    assert_int_equal(run_all(context, "SET spark.sql.ansi.enabled=false"), LEAT_OK);
    expect_rows(context, "SELECT CAST('x' AS INT) AS n",
                "+----+\n|n   |\n+----+\n|NULL|\n+----+\n");
    assert_int_equal(run_all(context, "RESET spark.sql.ansi.enabled"), LEAT_OK);
    const struct wrong wrong = {"SELECT CAST('x' AS INT) AS n", "CAST_INVALID_INPUT", "22018",
                                "'x'"};
    expect_wrong(context, &wrong);
    leat_context_destroy(context);
}

/* ------------------------------------------------------------------------------------- queries */

static void insert_makes_a_query_whose_rows_a_select_reads(void **state)
{
    leat_context *context = open_session();
    leat_sql_result result = {.size = sizeof result};
    (void)state;
    static const char *const inserts[] = {
        "INSERT INTO m SELECT 1, 'one'",
        "INSERT INTO m BY NAME SELECT 'two' AS v, 2L AS id",
        "WITH three AS (SELECT 3 AS n) INSERT INTO m (v) SELECT n FROM three",
    };
    for (size_t i = 0; i < sizeof inserts / sizeof inserts[0]; i++) {
        if (leat_sql(context, inserts[i], NULL, &result) != LEAT_OK)
            fail_msg("%s", leat_context_error(context));
        assert_int_equal(result.kind, LEAT_SQL_QUERY);
        assert_true(result.ends);
        doors_start(result.query);
        if (leat_await(result.query, DOORS_PATIENCE_NS) != LEAT_OK)
            fail_msg("%s", leat_query_error(result.query));
        leat_query_destroy(result.query);
    }
    expect_rows(context, "SELECT * FROM m",
                "+----+---+\n|id  |v  |\n+----+---+\n|1   |one|\n|2   |two|\n|NULL|3  |\n"
                "+----+---+\n");
    static const char both[] = "CREATE TABLE twice USING memory;"
                               "INSERT INTO twice SELECT id FROM m WHERE id = 1 UNION ALL SELECT "
                               "id * 10 FROM m WHERE id = "
                               "1";
    const char *rest = both;
    assert_int_equal(leat_sql(context, rest, &rest, &result), LEAT_OK);
    assert_int_equal(leat_sql(context, rest, &rest, &result), LEAT_OK);
    doors_start(result.query);
    if (leat_await(result.query, DOORS_PATIENCE_NS) != LEAT_OK)
        fail_msg("%s", leat_query_error(result.query));
    leat_query_destroy(result.query);
    expect_rows(context, "SELECT id FROM twice", "+---+\n|id |\n+---+\n|1  |\n|10 |\n+---+\n");
    expect_rows(context, "SELECT upper(v) AS u FROM m WHERE id IS NOT NULL",
                "+---+\n|u  |\n+---+\n|ONE|\n|TWO|\n+---+\n");
    leat_context_destroy(context);
}

static void a_table_says_trigger_name_and_checkpoint_of_its_query(void **state)
{
    leat_context *context = open_session();
    leat_sql_result result = {.size = sizeof result};
    (void)state;
    assert_int_equal(run_all(context,
                             "SET spark.sql.streaming.checkpointLocation = /tmp/leat-nowhere;"
                             "CREATE TABLE t USING noop OPTIONS (trigger 'availableNow', "
                             "queryName 'q1', lanes 1)"),
                     LEAT_OK);
    assert_int_equal(leat_sql(context, "INSERT INTO t SELECT value FROM s", NULL, &result),
                     LEAT_OK);
    assert_int_equal(result.kind, LEAT_SQL_QUERY);
    assert_true(result.ends);
    char *options = leat_admin_effective_options(result.query);
    assert_non_null(strstr(options, "checkpointLocation = /tmp/leat-nowhere/q1   # SET"));
    assert_non_null(strstr(options, "queryName = q1   # table t"));
    assert_non_null(strstr(options, "lanes = 1   # table t"));
    free(options);
    leat_query_destroy(result.query);
    leat_context_destroy(context);
}

static void statements_are_taken_one_by_one(void **state)
{
    leat_context *context = leat_context_create();
    leat_sql_result result = {.size = sizeof result};
    const char *rest = " ;; -- nothing\n CREATE TABLE a USING rate; DROP TABLE a /* ; */ ;\n";
    (void)state;
    assert_int_equal(leat_sql(context, rest, &rest, &result), LEAT_OK);
    assert_int_equal(result.kind, LEAT_SQL_DONE);
    assert_string_equal(rest, " DROP TABLE a /* ; */ ;\n");
    assert_int_equal(leat_sql(context, rest, &rest, &result), LEAT_OK);
    assert_int_equal(result.kind, LEAT_SQL_DONE);
    assert_int_equal(leat_sql(context, rest, &rest, &result), LEAT_OK);
    assert_int_equal(result.kind, LEAT_SQL_NONE);
    assert_string_equal(rest, "");
    assert_int_equal(leat_sql(NULL, "", NULL, NULL), LEAT_ERROR_INVALID);
    assert_int_equal(leat_sql(context, NULL, NULL, NULL), LEAT_ERROR_INVALID);
    leat_context_destroy(context);
}

static void a_later_step_can_stand_on_a_select(void **state)
{
    leat_context *context = open_session();
    leat_sql_result result = {.size = sizeof result};
    (void)state;
    assert_int_equal(leat_sql(context, "SELECT value AS n FROM s", NULL, &result), LEAT_OK);
    leat_stream *kept = leat_select(leat_filter(result.stream, "n > 1"), "n + 1 AS m");
    assert_string_equal(leat_stream_schema(kept), "m BIGINT");
    leat_context_destroy(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_select_gives_a_stream_with_sparks_names_and_types),
        cmocka_unit_test(names_that_nothing_bears_are_sparks_errors),
        cmocka_unit_test(texts_that_do_not_parse_show_the_place),
        cmocka_unit_test(tables_and_settings_that_are_wrong_are_refused),
        cmocka_unit_test(what_continuous_mode_does_not_run_is_refused_with_sparks_text),
        cmocka_unit_test(a_select_of_what_ends_is_answered_at_once),
        cmocka_unit_test(statements_about_the_session_answer_as_spark_does),
        cmocka_unit_test(settings_hold_for_what_is_analysed_after_them),
        cmocka_unit_test(insert_makes_a_query_whose_rows_a_select_reads),
        cmocka_unit_test(a_table_says_trigger_name_and_checkpoint_of_its_query),
        cmocka_unit_test(statements_are_taken_one_by_one),
        cmocka_unit_test(a_later_step_can_stand_on_a_select),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
