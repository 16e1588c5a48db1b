/* What stands for a table in FROM, names that are texts, what CREATE keeps of a table, and windows
 * of time, which make rows of rows; and what a column of a query in FROM is read for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/support/doors.h"

static const char setup_text[] =
    "CREATE TABLE s USING rate;"
    "CREATE TABLE m (id INT, v STRING) USING memory;"
    "CREATE TEMPORARY VIEW d AS SELECT * FROM VALUES (1, array(10, 20)), (2, array()) AS t(i, a)";

/* Runs each statement; what INSERT makes, to its end. False: one was wrong. */
static bool run_all(leat_context *context, const char *text)
{
    leat_sql_result result = {.size = sizeof result};
    do {
        if (leat_sql(context, text, &text, &result) != LEAT_OK)
            return false;
        bool is_run = result.kind == LEAT_SQL_QUERY;
        if (is_run)
            doors_start(result.query);
        bool is_right = !is_run || leat_await(result.query, DOORS_PATIENCE_NS) == LEAT_OK;
        free(result.text);
        leat_query_destroy(result.query);
        if (!is_right)
            return false;
    } while (result.kind != LEAT_SQL_NONE);
    return true;
}

static leat_context *open_session(void)
{
    leat_context *context = leat_context_create();
    if (!run_all(context, setup_text))
        fail_msg("%s", leat_context_error(context));
    return context;
}

/* The cells of each row, joined by ',', rows by ';'. */
static void expect_cells(leat_context *context, const char *statement, const char *wanted)
{
    char cells[1024] = "";
    leat_sql_result result = {.size = sizeof result};
    if (leat_sql(context, statement, NULL, &result) != LEAT_OK)
        fail_msg("%s: %s", statement, leat_context_error(context));
    assert_int_equal(result.kind, LEAT_SQL_ROWS);
    unsigned line_count = 0;
    for (char *rest = result.text, *line; (line = strsep(&rest, "\n")) != NULL;) {
        if (line[0] != '|' || line_count++ == 0)
            continue;
        if (cells[0] != '\0')
            cells[strlen(cells)] = ';';
        for (const char *at = line + 1; *at != '\0'; at++) {
            size_t size = strlen(cells);
            if (*at != ' ' && !(*at == '|' && at[1] == '\0'))
                cells[size] = *at == '|' ? ',' : *at;
        }
    }
    assert_string_equal(cells, wanted);
    free(result.text);
}

static void functions_stand_for_tables(void **state)
{
    leat_context *context = open_session();
    (void)state;
    expect_cells(context, "SELECT * FROM range(3)", "0;1;2");
    expect_cells(context, "SELECT r.id + 1 FROM range(10, 1, -3) r", "11;8;5");
    expect_cells(context, "SELECT * FROM range(5, 5)", "");
    expect_cells(context, "SELECT a FROM range('2') AS t(a) WHERE a > 0", "1");
    expect_cells(context,
                 "SELECT * FROM range(-9223372036854775808, 9223372036854775807, "
                 "9223372036854775807)",
                 "-9223372036854775808;-1;9223372036854775806");
    expect_cells(context, "SELECT * FROM explode(array(1, 2)) AS t(x)", "1;2");
    expect_cells(context, "SELECT * FROM posexplode_outer(array())", "NULL,NULL");
    expect_cells(context,
                 "SELECT * FROM inline(array(struct('1', 'a'))) UNION ALL "
                 "SELECT * FROM json_tuple('{\"a\":2,\"b\":3}', 'a', 'b')",
                 "1,a;2,3");
    leat_context_destroy(context);
}

static void a_lateral_function_sees_the_row_before_it(void **state)
{
    leat_context *context = open_session();
    (void)state;
    expect_cells(context, "SELECT i, x FROM d, LATERAL explode(a) AS t(x)", "1,10;1,20");
    expect_cells(context, "SELECT i, t.col FROM d JOIN LATERAL explode(d.a) t ON col > 10", "1,20");
    expect_cells(context, "SELECT i, x FROM d LEFT JOIN LATERAL explode(a) AS t(x) ON true",
                 "1,10;1,20;2,NULL");
    expect_cells(context,
                 "SELECT i, y FROM d, LATERAL explode(a) t(x), LATERAL range(2) AS u(y) "
                 "WHERE x = 10",
                 "1,0;1,1");
    leat_context_destroy(context);
}

static void a_name_may_be_a_constant_text(void **state)
{
    leat_context *context = open_session();
    (void)state;
    expect_cells(context, "SELECT IDENTIFIER('i'), IDENTIFIER('d.i') + 1 FROM IDENTIFIER('d')",
                 "1,2;2,3");
    expect_cells(context, "SELECT IDENTIFIER('up' || 'per')('x') AS IDENTIFIER('y')", "X");
    expect_cells(context, "SELECT * FROM IDENTIFIER(concat('ran', 'ge'))(2)", "0;1");
    assert_true(run_all(context, "CREATE TABLE IDENTIFIER('default.`my t`') (a INT) USING memory;"
                                 "INSERT INTO IDENTIFIER('`my t`') VALUES (7)"));
    expect_cells(context, "SELECT * FROM `my t`", "7");
    leat_context_destroy(context);
}

static void a_table_may_be_made_of_a_query(void **state)
{
    leat_context *context = open_session();
    (void)state;
    assert_true(run_all(context, "CREATE TABLE c USING memory AS SELECT i, size(a) AS n FROM d"));
    expect_cells(context, "SELECT * FROM c", "1,2;2,0");
    assert_true(run_all(context, "CREATE TABLE IF NOT EXISTS c USING memory AS SELECT 5 AS x"));
    expect_cells(context, "SELECT * FROM c", "1,2;2,0");
    assert_false(run_all(context, "CREATE TABLE e USING memory AS SELECT 1 AS x, 2 AS x"));
    assert_string_equal(leat_context_error_condition(context), "COLUMN_ALREADY_EXISTS");
    assert_false(run_all(context, "SELECT * FROM e"));
    assert_string_equal(leat_context_error_condition(context), "TABLE_OR_VIEW_NOT_FOUND");
    leat_context_destroy(context);
}

/* Answers of a live Spark: a field that is taken of from_json at once is read alone, and a fault in
 * another one then leaves nothing; a column of which more is taken is read whole. */
static void text_that_is_no_json_is_read_for_what_is_taken_of_it(void **state)
{
#define READ "from_json(j, 'a ARRAY<INT>, b INT, c STRUCT<d: INT, e: ARRAY<INT>>')"
#define ELEMENTS "from_json(j, 'ARRAY<STRUCT<a: ARRAY<INT>, b: INT>>')"
    leat_context *context = open_session();
    (void)state;
    assert_true(run_all(context, "CREATE TEMPORARY VIEW v AS SELECT * FROM VALUES "
                                 "('{\"b\":2,\"a\":[1,x]}'), ('{\"a\":[1],\"b\":2 \"c\":3}'), "
                                 "('{\"a\":[1],\"b\":2,\"c\":{\"d\":1,\"e\":[1 2]}}') AS t(j)"));
    expect_cells(context, "SELECT " READ ".b FROM v", "NULL;NULL;NULL");
    expect_cells(context, "SELECT f.b FROM (SELECT " READ " f FROM v)", "NULL;NULL;NULL");
    expect_cells(context, "SELECT f.b, f.b + 1 FROM (SELECT " READ " f FROM v)",
                 "2,3;NULL,NULL;2,3");
    expect_cells(context, "SELECT f.b, f.c.d FROM (SELECT " READ " f FROM v)",
                 "2,NULL;NULL,NULL;2,1");
    expect_cells(context, "SELECT f.c.d FROM (SELECT " READ " f FROM v)", "NULL;NULL;1");
    expect_cells(context, "SELECT f.b FROM (SELECT " READ " f FROM v) WHERE f.b = 2", "");
    expect_cells(context, "SELECT " READ ".a, " READ ".c.d FROM v", "NULL,NULL;NULL,NULL;NULL,1");
    expect_cells(context, "SELECT " READ " AS f, f.b FROM v",
                 "{NULL,2,NULL},2;{NULL,NULL,NULL},NULL;{[1],2,{1,NULL}},2");
    expect_cells(context, "SELECT " ELEMENTS ".a, " ELEMENTS ".b FROM v",
                 "[NULL],NULL;NULL,NULL;NULL,NULL");
    expect_cells(context, "SELECT " ELEMENTS "[0].b FROM v", "2;NULL;NULL");
    leat_context_destroy(context);
#undef READ
#undef ELEMENTS
}

static void columns_that_are_not_given_have_their_defaults(void **state)
{
    leat_context *context = open_session();
    (void)state;
    assert_true(run_all(context,
                        "CREATE TABLE c (a INT DEFAULT 1 + 1, b STRING DEFAULT 5 COMMENT 'x', "
                        "c DATE DEFAULT date'2020-01-02', e INT) USING memory;"
                        "INSERT INTO c (e) VALUES (7);"
                        "INSERT INTO c VALUES (DEFAULT, 'y', DEFAULT, DEFAULT);"
                        "INSERT INTO c BY NAME SELECT 9 AS e"));
    expect_cells(context, "SELECT * FROM c",
                 "2,5,2020-01-02,7;2,y,2020-01-02,NULL;2,5,2020-01-02,9");
    leat_context_destroy(context);
}

static void texts_of_a_size_are_filled_up_or_cut(void **state)
{
    leat_context *context = open_session();
    (void)state;
    assert_true(run_all(context, "CREATE TABLE z (a CHAR(4), b VARCHAR(3)) USING memory;"
                                 "INSERT INTO z VALUES ('\u00e4b', 'xyz  '), ('12', NULL)"));
    expect_cells(context, "SELECT replace(a, ' ', '_'), concat(b, '/') FROM z",
                 "\xc3\xa4"
                 "b__,xyz/;12__,NULL");
    assert_false(run_all(context, "INSERT INTO z VALUES ('abcde', 'x')"));
    leat_context_destroy(context);
}

static void properties_are_kept_and_shown(void **state)
{
    leat_context *context = open_session();
    (void)state;
    assert_true(run_all(context, "CREATE TABLE p (a INT) USING memory "
                                 "TBLPROPERTIES ('x' = 'y', owner.name = 5) COMMENT 'c'"));
    expect_cells(context, "SHOW TBLPROPERTIES p", "x,y;owner.name,5");
    expect_cells(context, "SHOW TBLPROPERTIES p ('x')", "x,y");
    expect_cells(context, "SHOW TBLPROPERTIES p (z)",
                 "z,Tablespark_catalog.default.pdoesnothaveproperty:z");
    leat_context_destroy(context);
}

static void a_column_is_described_by_its_name_alone(void **state)
{
    leat_context *context = open_session();
    (void)state;
    assert_true(run_all(context, "CREATE TABLE e (a INT COMMENT 'x', `c d` MAP<STRING, INT>) "
                                 "USING memory; CREATE TEMPORARY VIEW v AS SELECT 1L AS one"));
    expect_cells(context, "DESCRIBE e A", "col_name,A;data_type,int;comment,x");
    expect_cells(context, "DESC default.e e.a", "col_name,a;data_type,int;comment,x");
    expect_cells(context, "DESC TABLE e spark_catalog.default.e.a",
                 "col_name,a;data_type,int;comment,x");
    expect_cells(context, "DESCRIBE v v.one", "col_name,one;data_type,bigint;comment,NULL");
    expect_cells(context, "DESC EXTENDED e `c d`",
                 "col_name,cd;data_type,map<string,int>;comment,NULL;min,NULL;max,NULL;num_nulls,"
                 "NULL;distinct_count,NULL;avg_col_len,NULL;max_col_len,NULL;histogram,NULL");
    leat_context_destroy(context);
}

static void the_statement_that_makes_a_table_is_shown_without_its_secrets(void **state)
{
    leat_context *context = open_session();
    leat_sql_result result = {.size = sizeof result};
    (void)state;
    assert_true(
        run_all(context,
                "CREATE TABLE `k k` (value BINARY NOT NULL COMMENT 'it''s', `c d` STRUCT<e: INT "
                "COMMENT 'y', f: ARRAY<STRING>> DEFAULT NULL, g DECIMAL(3,1)) USING memory OPTIONS "
                "(queryName 'it''s', checkpointLocation 'y') COMMENT 'it''s' TBLPROPERTIES ('k' = "
                "'v', a.b = 5)"));
    assert_int_equal(leat_sql(context, "SHOW CREATE TABLE `k k`", NULL, &result), LEAT_OK);
    assert_non_null(strstr(result.text, "|createtab_stmt "));
    assert_non_null(strstr(
        result.text,
        "|CREATE TABLE spark_catalog.default.`k k` (\\n  value BINARY NOT NULL COMMENT "
        "'it\\'s',\\n  `c d` STRUCT<e: INT COMMENT 'y', f: ARRAY<STRING>> DEFAULT NULL,\\n  g "
        "DECIMAL(3,1))\\nUSING memory\\nOPTIONS (\\n  'checkpointLocation' = 'y',\\n  'queryName' "
        "= "
        "'it\\'s')\\nCOMMENT 'it\\'s'\\nTBLPROPERTIES (\\n  'a.b' = '5',\\n  'k' = 'v')\\n|"));
    free(result.text);
    assert_true(run_all(context, "CREATE TABLE hidden USING kafka OPTIONS (kafka.bootstrap.servers "
                                 "'b:9', subscribe 't', kafka.sasl.password 'abc')"));
    assert_int_equal(leat_sql(context, "SHOW CREATE TABLE hidden", NULL, &result), LEAT_OK);
    assert_non_null(
        strstr(result.text, "|CREATE TABLE spark_catalog.default.hidden\\nUSING kafka"));
    assert_non_null(strstr(result.text, "'kafka.sasl.password' = '*********(redacted)'"));
    assert_null(strstr(result.text, "abc"));
    free(result.text);
    leat_context_destroy(context);
}

static void an_options_value_may_be_computed(void **state)
{
    leat_context *context = open_session();
    (void)state;
    assert_true(run_all(context, "CREATE TABLE q USING rate OPTIONS ('rowsPerSecond' '5', "
                                 "numPartitions 1 + 1, 'rampUpTime' = concat('2', 's'))"));
    leat_sql_result result = {.size = sizeof result};
    assert_int_equal(leat_sql(context, "DESCRIBE EXTENDED q", NULL, &result), LEAT_OK);
    assert_non_null(strstr(result.text, "[rowsPerSecond=5]"));
    assert_non_null(strstr(result.text, "[numPartitions=2]"));
    assert_non_null(strstr(result.text, "[rampUpTime=2s]"));
    free(result.text);
    leat_context_destroy(context);
}

static void a_row_of_an_array_may_have_nulls_that_the_first_has_not(void **state)
{
    leat_context *context = open_session();
    (void)state;
    expect_cells(context,
                 "SELECT a FROM inline(array(struct(1, 'x'), struct(2, CAST(NULL AS STRING)))) "
                 "AS t(a, b) WHERE b IS NULL",
                 "2");
    leat_context_destroy(context);
}

/* ------------------------------------------------------------------------------ windows of time */

/* 00:07, no time, the last second of 1969, 00:10 on the dot. */
static leat_context *open_times(void)
{
    leat_context *context = open_session();
    assert_true(run_all(context, "CREATE TEMPORARY VIEW w AS SELECT * FROM VALUES "
                                 "(1, TIMESTAMP'2024-01-01 00:07:00'), (2, NULL), "
                                 "(3, TIMESTAMP'1969-12-31 23:59:59'), "
                                 "(4, TIMESTAMP'2024-01-01 00:10:00') AS t(id, t)"));
    return context;
}

static void refuse(leat_context *context, const char *statement, const char *condition)
{
    assert_false(run_all(context, statement));
    assert_string_equal(leat_context_error_condition(context), condition);
}

static void a_record_without_a_time_lies_in_no_window(void **state)
{
    leat_context *context = open_times();
    (void)state;
    expect_cells(context,
                 "SELECT id, hour(window(t, '5 minutes').start), "
                 "minute(window(t, '300 seconds').end) FROM w",
                 "1,0,10;3,23,0;4,0,15");
    expect_cells(context,
                 "SELECT id, minute(window(t, '5 minutes', '5 minutes', '1 minute').start)"
                 " FROM w",
                 "1,6;3,56;4,6");
    expect_cells(context,
                 "SELECT id, minute(window.start) FROM "
                 "(SELECT id, window(t, '10 minutes') FROM w)",
                 "1,0;3,50;4,10");
    expect_cells(context, "SELECT id, minute(coalesce(window(t, '10 minutes').start, t)) FROM w",
                 "1,0;3,50;4,10");
    expect_cells(context, "SELECT id, second(window_time(window(t, '10 minutes'))) FROM w",
                 "1,59;3,59;4,59");
    expect_cells(context,
                 "SELECT id, window(t, '10 minutes') AS x, minute(x.end) AS e FROM w "
                 "WHERE id = 4",
                 "4,{2024-01-0100:10:00,2024-01-0100:20:00},20");
    expect_cells(context, "SELECT window(NULL, '5 minutes')", "");
    expect_cells(context,
                 "SELECT minute(window(TIMESTAMP'2024-01-01 00:07:00', '5 minutes').start)", "5");
    expect_cells(context, "SELECT id FROM w WHERE window(t, '10 minutes') IS NOT NULL", "1;3;4");
    expect_cells(context, "SELECT id FROM w WHERE window(t, '10 minutes') IS NULL", "");
    leat_context_destroy(context);
}

static void a_record_is_in_each_of_its_sliding_windows(void **state)
{
    leat_context *context = open_times();
    (void)state;
    expect_cells(context,
                 "SELECT id, minute(window(t, '10 minutes', '5 minutes').start) AS s, "
                 "minute(window(t, '10 minutes', '5 minutes').end) AS e FROM w",
                 "1,5,15;1,0,10;3,55,5;3,50,0;4,10,20;4,5,15");
    expect_cells(context,
                 "SELECT id, minute(window(t, '10 minutes', '4 minutes', '1 minute').start)"
                 " FROM w",
                 "1,5;1,1;3,57;3,53;4,9;4,5;4,1");
    expect_cells(context,
                 "SELECT id, minute(window(t, '10 minutes', '3 minutes', '-1 minute').end)"
                 " FROM w",
                 "1,15;1,12;1,9;3,9;3,6;3,3;3,0;4,18;4,15;4,12");
    expect_cells(context, "SELECT id FROM w WHERE window(t, '10 minutes', '5 minutes') IS NOT NULL",
                 "1;1;3;3;4;4");
    expect_cells(context,
                 "SELECT id, CASE WHEN id = 1 THEN "
                 "minute(window(t, '10 minutes', '5 minutes').start) END FROM w",
                 "1,5;1,0;3,NULL;3,NULL;4,NULL;4,NULL");
    expect_cells(context,
                 "SELECT explode(array(7, 8)), "
                 "minute(window(t, '10 minutes', '5 minutes').start) FROM w WHERE id = 1",
                 "7,5;8,5;7,0;8,0");
    expect_cells(context,
                 "SELECT window(t, '10 minutes', '5 minutes').start = NULL FROM w "
                 "WHERE id = 1 UNION ALL SELECT true",
                 "NULL;NULL;true");
    leat_context_destroy(context);
}

static void the_window_of_a_condition_is_a_column_before_all_others(void **state)
{
    leat_context *context = open_times();
    (void)state;
    expect_cells(context, "SELECT * FROM w WHERE minute(window(t, '10 minutes').start) = 10",
                 "{2024-01-0100:10:00,2024-01-0100:20:00},4,2024-01-0100:10:00");
    expect_cells(context, "SELECT w.* FROM w WHERE minute(window(t, '10 minutes').start) = 10",
                 "4,2024-01-0100:10:00");
    expect_cells(context,
                 "SELECT w.id, minute(window.end), minute(t) FROM w "
                 "WHERE window(t, '10 minutes', '5 minutes').start < TIMESTAMP'1980-01-01'",
                 "3,5,59;3,0,59");
    expect_cells(context,
                 "SELECT id, minute(window(t, '5 minutes').start) FROM "
                 "(SELECT * FROM w UNION ALL SELECT id + 10, t FROM w) "
                 "WHERE minute(window(t, '10 minutes').start) = 0",
                 "1,5;11,5");
    leat_context_destroy(context);
}

static void a_list_has_one_window(void **state)
{
    leat_context *context = open_times();
    (void)state;
    refuse(context, "SELECT window(t, '5 minutes'), window(t, '10 minutes') FROM w",
           "_LEGACY_ERROR_TEMP_1039");
    refuse(context, "SELECT window(t, '5 minutes').start < window(t, '10 minutes').start FROM w",
           "_LEGACY_ERROR_TEMP_1039");
    refuse(context, "SELECT id FROM w WHERE window(t, '5 minutes') = window(t, '10 minutes')",
           "_LEGACY_ERROR_TEMP_1039");
    refuse(context, "SELECT window(t, '5 minutes'), session_window(t, '5 minutes') FROM w",
           "_LEGACY_ERROR_TEMP_1039");
    refuse(context, "SELECT transform(array(t), x -> window(x, '5 minutes')) FROM w",
           "MISSING_ATTRIBUTES.RESOLVED_ATTRIBUTE_MISSING_FROM_INPUT");
    expect_cells(context,
                 "SELECT id, minute(window(window(t, '5 minutes'), '10 minutes').start) FROM w "
                 "WHERE id <> 3 AND window(t, '20 minutes').start IS NOT NULL",
                 "1,0;4,10");
    expect_cells(context,
                 "SELECT minute(window(t, '5 minutes').start), "
                 "minute(window(t + INTERVAL 1 SECOND, '5 minutes').start) FROM w WHERE id <> 1",
                 "55,0;10,10");
    leat_context_destroy(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_stand_for_tables),
        cmocka_unit_test(a_lateral_function_sees_the_row_before_it),
        cmocka_unit_test(a_name_may_be_a_constant_text),
        cmocka_unit_test(a_table_may_be_made_of_a_query),
        cmocka_unit_test(text_that_is_no_json_is_read_for_what_is_taken_of_it),
        cmocka_unit_test(columns_that_are_not_given_have_their_defaults),
        cmocka_unit_test(texts_of_a_size_are_filled_up_or_cut),
        cmocka_unit_test(properties_are_kept_and_shown),
        cmocka_unit_test(a_column_is_described_by_its_name_alone),
        cmocka_unit_test(the_statement_that_makes_a_table_is_shown_without_its_secrets),
        cmocka_unit_test(an_options_value_may_be_computed),
        cmocka_unit_test(a_row_of_an_array_may_have_nulls_that_the_first_has_not),
        cmocka_unit_test(a_record_without_a_time_lies_in_no_window),
        cmocka_unit_test(a_record_is_in_each_of_its_sliding_windows),
        cmocka_unit_test(the_window_of_a_condition_is_a_column_before_all_others),
        cmocka_unit_test(a_list_has_one_window),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
