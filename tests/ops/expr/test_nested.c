/*
 * Arrays, maps, structs, lambdas, decimals, times and sessions: results by value, errors by
 * condition, each through both loops of the machine.
 */
#include "tests/ops/expr/cases.h"

#include "core/base/error.h"

static void elements_are_brought_to_one_type(void **state)
{
    (void)state;
    EXPECT(lt_session_default(), {"array(1Y, 2L, NULL)", "value", "array<bigint>", "[1,2,null]"},
           {"array(1, 2.5)", "value", "array<decimal(11,1)>", "[1.0,2.5]"},
           {"array()", "value", "array<void>", "[]"},
           {"array(array(1), array(2L))", "value", "array<array<bigint>>", "[[1],[2]]"},
           {"array(1, X'01')", "analysis-error", "-", "DATATYPE_MISMATCH.DATA_DIFF_TYPES 42K09"});
}

static void an_index_outside_is_an_error_and_a_missing_key_is_null(void **state)
{
    (void)state;
    EXPECT(lt_session_default(), {"array(10, 20)[1]", "value", "int", "20"},
           {"array(10, 20)[2]", "runtime-error", "int", "INVALID_ARRAY_INDEX 22003"},
           {"array(10, 20)[-1]", "runtime-error", "int", "INVALID_ARRAY_INDEX 22003"},
           {"get(array(10, 20), 2)", "null", "int", ""}, {"map('a', 1)['b']", "null", "int", ""},
           {"map('a', 1).a", "value", "int", "1"});
}

static void keys_of_maps_are_neither_null_nor_twice_there(void **state)
{
    struct lt_session last = *lt_session_default();
    (void)state;
    EXPECT(lt_session_default(),
           {"map('a', 1, 'a', 2)", "runtime-error", "map<string,int>", "DUPLICATED_MAP_KEY 23505"},
           {"map(NULL, 1)", "runtime-error", "map<void,int>", "NULL_MAP_KEY 2200E"},
           {"map_from_arrays(array('a'), array(1, 2))", "runtime-error", "map<string,int>",
            "MAP_KEYS_AND_VALUES_DIFFER 22023"});
    assert_int_equal(lt_session_set(&last, "spark.sql.mapKeyDedupPolicy", "LAST_WIN", NULL), LT_OK);
    EXPECT(&last, {"map('a', 1, 'b', 3, 'a', 2)", "value", "map<string,int>", "{\"a\":2,\"b\":3}"});
}

static void a_field_is_taken_of_a_struct_and_of_each_element(void **state)
{
    (void)state;
    EXPECT(lt_session_default(), {"named_struct('a', 1, 'b', 'x').b", "value", "string", "x"},
           {"struct(1 AS x, 2)", "value", "struct<x:int,col2:int>", "{\"x\":1,\"col2\":2}"},
           {"(1, 'y').col2", "value", "string", "y"},
           {"array(named_struct('a', 1), NULL).a", "value", "array<int>", "[1,null]"},
           {"named_struct('a', 1).z", "analysis-error", "-", "FIELD_NOT_FOUND 42704"});
}

static void lambdas_see_their_parameters_and_what_is_around(void **state)
{
    (void)state;
    EXPECT(lt_session_default(),
           {"transform(array(1, 2), x -> transform(array(10, 20), y -> x * y))", "value",
            "array<array<int>>", "[[10,20],[20,40]]"},
           {"transform(array('a', 'b'), (x, i) -> concat(x, i))", "value", "array<string>",
            "[\"a0\",\"b1\"]"},
           {"aggregate(array(1, 2, 3), 0, (s, x) -> s + x, s -> s * 10)", "value", "int", "60"},
           {"aggregate(array(2147483647, 1), 0, (s, x) -> s + x)", "runtime-error", "int",
            "ARITHMETIC_OVERFLOW 22003"},
           {"exists(array(1, NULL), x -> x > 5)", "null", "boolean", ""},
           {"transform(array(1), `a b` -> `a b` + 1)", "value", "array<int>", "[2]"},
           {"transform(array(1), (`x`, ``) -> `x` + ``)", "value", "array<int>", "[1]"},
           {"array_sort(array(1, 3, 2), (a, b) -> b - a)", "value", "array<int>", "[3,2,1]"},
           {"map_filter(map('a', 1, 'b', 2), (k, v) -> v > 1)", "value", "map<string,int>",
            "{\"b\":2}"},
           {"transform(array(1), (x, y, z) -> x)", "analysis-error", "-",
            "INVALID_LAMBDA_FUNCTION_CALL.NUM_ARGS_MISMATCH 42K0D"},
           {"upper(x -> x)", "analysis-error", "-",
            "INVALID_LAMBDA_FUNCTION_CALL.NON_HIGHER_ORDER_FUNCTION 42K0D"});
}

static void nested_values_are_cast_part_by_part(void **state)
{
    (void)state;
    EXPECT(lt_session_default(),
           {"CAST(array('1', '2') AS ARRAY<INT>)", "value", "array<int>", "[1,2]"},
           {"CAST(array('1', 'x') AS ARRAY<INT>)", "runtime-error", "array<int>",
            "CAST_INVALID_INPUT 22018"},
           {"CAST(map('k', array(1, NULL)) AS STRING)", "value", "string", "{k -> [1, null]}"},
           {"CAST(named_struct('a', '1') AS STRUCT<x: BIGINT>)", "value", "struct<x:bigint>",
            "{\"x\":1}"});
}

static void legacy_rules_wrap_and_give_null(void **state)
{
    struct lt_session legacy = *lt_session_default();
    (void)state;
    assert_int_equal(lt_session_set(&legacy, "spark.sql.ansi.enabled", "false", NULL), LT_OK);
    EXPECT(&legacy, {"2147483647 + 1", "value", "int", "-2147483648"},
           {"1 / 0", "null", "double", ""}, {"CAST('x' AS INT)", "null", "int", ""},
           {"CAST(300 AS TINYINT)", "value", "tinyint", "44"}, {"array(1)[5]", "null", "int", ""},
           {"1F + 1", "value", "float", "2.0"});
}

static void fractions_become_integers_by_way_of_int_or_long_under_legacy_rules(void **state)
{
    struct lt_session legacy = *lt_session_default();
    (void)state;
    assert_int_equal(lt_session_set(&legacy, "spark.sql.ansi.enabled", "false", NULL), LT_OK);
    EXPECT(&legacy, {"CAST(1e19D AS BIGINT)", "value", "bigint", "9223372036854775807"},
           {"CAST(-1e19D AS BIGINT)", "value", "bigint", "-9223372036854775808"},
           {"CAST(double('NaN') AS BIGINT)", "value", "bigint", "0"},
           {"CAST(-3e9D AS INT)", "value", "int", "-2147483648"},
           {"CAST(3e9D AS SMALLINT)", "value", "smallint", "-1"},
           {"CAST(-3e9D AS TINYINT)", "value", "tinyint", "0"},
           {"CAST(300.7F AS TINYINT)", "value", "tinyint", "44"});
}

static void times_too_large_saturate_under_legacy_rules(void **state)
{
    struct lt_session legacy = *lt_session_default();
    (void)state;
    assert_int_equal(lt_session_set(&legacy, "spark.sql.ansi.enabled", "false", NULL), LT_OK);
    EXPECT(&legacy,
           {"unix_micros(CAST(1e40D AS TIMESTAMP))", "value", "bigint", "9223372036854775807"},
           {"unix_micros(CAST(-1e40D AS TIMESTAMP))", "value", "bigint", "-9223372036854775808"},
           {"CAST(CAST(CAST(1e13D AS FLOAT) AS TIMESTAMP) AS BIGINT)", "value", "bigint",
            "9223372036854"},
           {"CAST(double('NaN') AS TIMESTAMP)", "null", "timestamp", ""},
           {"try_cast(1e40D AS TIMESTAMP)", "null", "timestamp", ""});
}

static void the_size_of_null_is_a_setting_of_the_legacy_rules(void **state)
{
    struct lt_session session = *lt_session_default();
    (void)state;
    assert_string_equal(lt_session_get(&session, "spark.sql.legacy.sizeOfNull"), "true");
    EXPECT(&session, {"size(CAST(NULL AS ARRAY<INT>))", "null", "int", ""});
    assert_int_equal(lt_session_set(&session, "spark.sql.ansi.enabled", "false", NULL), LT_OK);
    EXPECT(&session, {"size(CAST(NULL AS ARRAY<INT>))", "value", "int", "-1"});
    assert_int_equal(lt_session_set(&session, "spark.sql.legacy.sizeOfNull", "false", NULL), LT_OK);
    EXPECT(&session, {"size(CAST(NULL AS ARRAY<INT>))", "null", "int", ""});
}

static void parsers_of_old_versions_are_refused_by_name(void **state)
{
    static const char name[] = "spark.sql.legacy.timeParserPolicy";
    struct lt_session session = *lt_session_default();
    struct lt_error error;
    (void)state;
    assert_int_equal(lt_session_set(&session, name, "corrected", &error), LT_OK);
    assert_int_equal(lt_session_set(&session, name, "LEGACY", &error), LT_E_UNSUPPORTED);
    assert_string_equal(error.condition, "UNSUPPORTED_FEATURE");
    assert_int_equal(lt_session_set(&session, name, "bogus", &error), LT_E_INVALID);
    assert_string_equal(error.condition, "INVALID_CONF_VALUE.OUT_OF_RANGE_OF_OPTIONS");
    assert_string_equal(lt_session_get(&session, name), "CORRECTED");
}

/* As a live Spark answers. */
static void what_only_spark_2_read_is_told_where_that_is_asked_for(void **state)
{
#define TOLD "error", "-", "INCONSISTENT_BEHAVIOR_CROSS_VERSION.PARSE_DATETIME_BY_NEW_PARSER 42K0B"
#define JSON "from_json('{\"a\":\"2020-1-1\"}', 'a TIMESTAMP'"
    static const char name[] = "spark.sql.legacy.timeParserPolicy";
    struct lt_session session = *lt_session_default();
    (void)state;
    EXPECT(&session, {"try_to_timestamp('2020-1-1', 'yyyy-MM-dd')", "null", "timestamp", ""});
    assert_int_equal(lt_session_set(&session, name, "exception", NULL), LT_OK);
    assert_string_equal(lt_session_get(&session, name), "EXCEPTION");
    assert_false(lt_session_same(&session, NULL));
    EXPECT(&session, {"to_timestamp('2020-1-1', 'yyyy-MM-dd')", TOLD},
           {"try_to_timestamp('2020-1-1', 'yyyy-MM-dd')", TOLD},
           {"to_date('2020-01-01 10', 'yyyy-MM-dd')", TOLD},
           {"unix_timestamp('20-01-01', 'yyyy-MM-dd')", TOLD},
           {"to_timestamp_ntz('2020-1-1', 'yyyy-MM-dd')", TOLD},
           {"to_timestamp('xx', 'yyyy-MM-dd')", "error", "-", "CANNOT_PARSE_TIMESTAMP 22007"},
           {"to_timestamp('2020-1-1')", "value", "timestamp", "2020-01-01 00:00:00"},
           {JSON ", map('timestampFormat', 'yyyy-MM-dd'))", TOLD},
           {"from_csv('2020-00-32', 'a DATE', map('dateFormat', 'yyyy-MM-dd'))", TOLD},
           {"to_json(" JSON "))", "value", "string", "{\"a\":\"2020-01-01T00:00:00.000Z\"}"});
    assert_int_equal(lt_session_set(&session, "spark.sql.ansi.enabled", "false", NULL), LT_OK);
    EXPECT(&session, {"to_timestamp('2020-1-1', 'yyyy-MM-dd')", TOLD},
           {"to_timestamp('xx', 'yyyy-MM-dd')", "null", "timestamp", ""});
#undef JSON
#undef TOLD
}

static void times_are_read_and_shown_in_the_sessions_zone(void **state)
{
    struct lt_session session = *lt_session_default();
    (void)state;
    assert_int_equal(
        lt_session_set(&session, "spark.sql.session.timeZone", "America/Los_Angeles", NULL), LT_OK);
    EXPECT(&session,
           {"unix_seconds(TIMESTAMP'2024-01-01 00:00:00')", "value", "bigint", "1704096000"},
           {"timestamp_seconds(1704096000)", "value", "timestamp", "2024-01-01 00:00:00"},
           {"CAST(DATE'2024-07-01' AS TIMESTAMP)", "value", "timestamp", "2024-07-01 00:00:00"});
}

static void unknown_settings_are_errors_with_the_nearest_name(void **state)
{
    struct lt_session session = *lt_session_default();
    struct lt_error error;
    (void)state;
    assert_int_equal(lt_session_set(&session, "spark.sql.ansi.enable", "true", &error),
                     LT_E_INVALID);
    assert_non_null(strstr(error.text, "spark.sql.ansi.enabled"));
    assert_int_equal(lt_session_set(&session, "spark.sql.ansi.enabled", "yes", &error),
                     LT_E_INVALID);
    assert_int_equal(lt_session_set(&session, "spark.sql.session.timeZone", "Mars/X", &error),
                     LT_E_INVALID);
}

static void decimals_are_exact_and_refuse_what_does_not_fit(void **state)
{
    (void)state;
    EXPECT(lt_session_default(), {"0.1 + 0.2", "value", "decimal(2,1)", "0.3"},
           {"10 / 3.0", "value", "decimal(9,6)", "3.333333"},
           {"CAST(1000 AS DECIMAL(5,3))", "runtime-error", "decimal(5,3)",
            "NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION 22003"},
           {"1.5 / 0", "runtime-error", "decimal(7,6)", "DIVIDE_BY_ZERO 22012"},
           {"round(2.675, 2)", "value", "decimal(4,2)", "2.68"},
           {"1.50 = 1.5", "value", "boolean", "true"});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elements_are_brought_to_one_type),
        cmocka_unit_test(an_index_outside_is_an_error_and_a_missing_key_is_null),
        cmocka_unit_test(keys_of_maps_are_neither_null_nor_twice_there),
        cmocka_unit_test(a_field_is_taken_of_a_struct_and_of_each_element),
        cmocka_unit_test(lambdas_see_their_parameters_and_what_is_around),
        cmocka_unit_test(nested_values_are_cast_part_by_part),
        cmocka_unit_test(legacy_rules_wrap_and_give_null),
        cmocka_unit_test(fractions_become_integers_by_way_of_int_or_long_under_legacy_rules),
        cmocka_unit_test(times_too_large_saturate_under_legacy_rules),
        cmocka_unit_test(the_size_of_null_is_a_setting_of_the_legacy_rules),
        cmocka_unit_test(parsers_of_old_versions_are_refused_by_name),
        cmocka_unit_test(what_only_spark_2_read_is_told_where_that_is_asked_for),
        cmocka_unit_test(times_are_read_and_shown_in_the_sessions_zone),
        cmocka_unit_test(unknown_settings_are_errors_with_the_nearest_name),
        cmocka_unit_test(decimals_are_exact_and_refuse_what_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
