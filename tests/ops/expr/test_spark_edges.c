/* Small differences from Spark that random expressions have found: each is what Spark answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "tests/ops/expr/expect.h"

static void what_is_refused_is_refused_by_the_right_name(void **state)
{
    (void)state;
    expect("and(true, true, false)", "WRONG_NUM_ARGS.WITHOUT_SUGGESTION");
    expect("or(true)", "WRONG_NUM_ARGS.WITHOUT_SUGGESTION");
    expect("and(true, false)", "false");
    expect("true AND true AND false", "false");
    expect("soundex(5)", "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE");
    expect("ilike('a', 'b', 'cd')", "INVALID_ESCAPE_CHAR");
    expect("ilike('A%', 'a/%', '/')", "true");
    expect("floor(1.5, length(uuid()))", "NON_FOLDABLE_ARGUMENT");
    expect("TRY_CAST(1 AS BINARY)", "DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION");
    expect("CAST(1 AS BINARY)", "DATATYPE_MISMATCH.CAST_WITH_CONF_SUGGESTION");
    expect("aes_decrypt(X'00', X'80', '.')", "INVALID_PARAMETER_VALUE.AES_KEY_LENGTH");
}

static void a_decimal_of_many_seconds_wraps(void **state)
{
    (void)state;
    expect("year(CAST(CAST(-99999999999999.9999 AS DECIMAL(18,4)) AS TIMESTAMP))", "-244134");
    expect("CAST(1.1234567 AS TIMESTAMP)", "1970-01-01 00:00:01.123456");
    expect("CAST(-1.5 AS TIMESTAMP)", "1969-12-31 23:59:58.5");
    expect("CAST(CAST(7 AS DECIMAL(38,0)) AS TIMESTAMP)", "1970-01-01 00:00:07");
}

static void under_the_legacy_rules_decimals_are_written_as_java_does(void **state)
{
    struct lt_session legacy = *lt_session_default();
    (void)state;
    legacy.is_legacy = true;
    expect_in(&legacy, "CAST(0 AS DECIMAL(38,18))", "0E-18");
    expect_in(&legacy, "CAST(1.5 AS DECIMAL(5,2))", "1.50");
    expect("CAST(0 AS DECIMAL(38,18))", "0.000000000000000000");
}

static void after_a_null_what_a_call_would_ask_next_does_not_fail(void **state)
{
    (void)state;
    expect("CAST(element_at(array(rand()), 2 - 1) * 0 AS INT) + CAST('x' AS INT)",
           "CAST_INVALID_INPUT");
    expect("nullif(length(uuid()), 36) + element_at(array(1), length(uuid()))", "NULL");
    expect("element_at(array(1), length(uuid())) + nullif(length(uuid()), 36)",
           "INVALID_ARRAY_INDEX_IN_ELEMENT_AT");
    expect("locate(nullif(uuid(), uuid()), element_at(array('a'), length(uuid())))",
           "INVALID_ARRAY_INDEX_IN_ELEMENT_AT");
    expect("coalesce(nullif(length(uuid()), 36) + element_at(array(1), length(uuid())), 5)", "5");
}

static void a_divisor_is_asked_first(void **state)
{
    (void)state;
    expect("element_at(array(1), length(uuid())) % nullif(length(uuid()), 36)", "NULL");
    expect("element_at(array(1), length(uuid())) / nullif(length(uuid()), 36)", "NULL");
    expect("nullif(length(uuid()), 36) % element_at(array(1), length(uuid()))",
           "INVALID_ARRAY_INDEX_IN_ELEMENT_AT");
}

static void a_null_that_was_written_hides_what_fails(void **state)
{
    (void)state;
    expect("element_at(array(1), 2) + NULL", "NULL");
    expect("element_at(array(1), 2) + CAST(length(uuid()) * NULL AS INT)", "NULL");
    expect("length(uuid()) + (element_at(array(1), 2) + nullif(1, 1))",
           "INVALID_ARRAY_INDEX_IN_ELEMENT_AT");
}

static void a_null_has_the_type_that_spark_gives_it(void **state)
{
    (void)state;
    expect("typeof(NULL & NULL)", "int");
    expect("typeof(NULL | 2Y)", "tinyint");
    expect("typeof(NULL / 1.5BD)", "double");
    expect("typeof(1.5BD / NULL)", "decimal(8,6)");
    expect("width_bucket(INTERVAL '1' DAY, NULL, INTERVAL '2' DAY, 3)",
           "DATATYPE_MISMATCH.DATA_DIFF_TYPES");
    expect("width_bucket(1, NULL, 2, 3)", "NULL");
}

static void wide_decimals_become_small_integers_over_a_double(void **state)
{
    struct lt_session legacy = *lt_session_default();
    (void)state;
    legacy.is_legacy = true;
    expect("CAST(1.9999999999999999999999BD AS INT)", "2");
    expect("CAST(1.9999999999999999999999BD AS BIGINT)", "1");
    expect_in(&legacy, "CAST(1.9999999999999999999999BD AS INT)", "1");
    expect("CAST(127.9999999999999999999999BD AS TINYINT)", "CAST_OVERFLOW");
    expect("CAST(-128.5000000000000000000001BD AS TINYINT)", "-128");
    expect("CAST(CAST(-99999999999999999999999999999999999999BD AS DECIMAL(38,0)) AS TIMESTAMP)",
           "-0573-05-12 21:37:31.418624");
    expect_in(&legacy, "CAST(DATE'2024-01-01' AS DECIMAL(5,2))", "NULL");
}

static void intervals_of_decimals_keep_what_their_text_does_not_show(void **state)
{
    (void)state;
    expect("CAST(CAST(1.75BD AS INTERVAL MINUTE) AS INTERVAL SECOND)", "INTERVAL '105' SECOND");
    expect("CAST(-0.5BD AS INTERVAL MINUTE)", "INTERVAL '-00' MINUTE");
    expect("CAST(CAST(1.5BD AS INTERVAL YEAR) AS INTERVAL MONTH)", "INTERVAL '18' MONTH");
}

static void try_cast_of_nested_values_takes_what_casts_take_without_ansi(void **state)
{
    (void)state;
    expect("TRY_CAST(array(DATE'2023-12-31') AS ARRAY<INT>)", "[null]");
    expect("TRY_CAST(array(DATE'2023-12-31') AS ARRAY<DECIMAL(10,0)>)", "[null]");
    expect("TRY_CAST(array(300) AS ARRAY<TINYINT>)", "[null]");
    expect("TRY_CAST(map('a', 1) AS MAP<DOUBLE, INT>)",
           "DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION");
    expect("TRY_CAST(DATE'2023-12-31' AS DECIMAL(10,0))",
           "DATATYPE_MISMATCH.CAST_WITH_FUNC_SUGGESTION");
}

static void constants_are_asked_for_where_spark_wants_them(void **state)
{
    (void)state;
    expect("regexp_replace('a', 'a', 'b', length(uuid()))", "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT");
    expect("regexp_replace('aa', 'a', 'b', 2)", "ab");
    expect("named_struct(uuid(), 1)",
           "DATATYPE_MISMATCH.CREATE_NAMED_STRUCT_WITHOUT_FOLDABLE_STRING");
    expect("sort_array(array(1), length(uuid()))", "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT");
    expect("CASE WHEN 1 THEN 'a' ELSE array(1) END", "DATATYPE_MISMATCH.DATA_DIFF_TYPES");
    expect("parse_url('bad url', 'REF', 'a')", "NULL");
    expect("parse_url('bad url', 'QUERY', 'a')", "INVALID_URL");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_refused_is_refused_by_the_right_name),
        cmocka_unit_test(a_decimal_of_many_seconds_wraps),
        cmocka_unit_test(under_the_legacy_rules_decimals_are_written_as_java_does),
        cmocka_unit_test(after_a_null_what_a_call_would_ask_next_does_not_fail),
        cmocka_unit_test(a_divisor_is_asked_first),
        cmocka_unit_test(a_null_that_was_written_hides_what_fails),
        cmocka_unit_test(a_null_has_the_type_that_spark_gives_it),
        cmocka_unit_test(wide_decimals_become_small_integers_over_a_double),
        cmocka_unit_test(intervals_of_decimals_keep_what_their_text_does_not_show),
        cmocka_unit_test(try_cast_of_nested_values_takes_what_casts_take_without_ansi),
        cmocka_unit_test(constants_are_asked_for_where_spark_wants_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
