/* What Spark's rules drop, or know, before anything is evaluated: with the errors in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "tests/ops/expr/expect.h"

#define FAILS "element_at(array(1), length(uuid()))" /* when a record comes to it */
#define FAILS_AS_TEXT "CAST(" FAILS " AS STRING)"

static void elt_evaluates_what_it_chooses(void **state)
{
    struct lt_session legacy = *lt_session_default();
    (void)state;
    legacy.is_legacy = true;
    expect("elt(2, " FAILS_AS_TEXT ", 'b', upper('c'))", "b");
    expect("elt(3, " FAILS_AS_TEXT ", 'b', upper('c'))", "C");
    expect("elt(1, " FAILS_AS_TEXT ", 'b')", "INVALID_ARRAY_INDEX_IN_ELEMENT_AT");
    expect("elt(0, " FAILS_AS_TEXT ", 'b')", "INVALID_ARRAY_INDEX");
    expect("elt(-5, " FAILS_AS_TEXT ", 'b')", "INVALID_ARRAY_INDEX");
    expect("elt(length(uuid()), " FAILS_AS_TEXT ", 'b')", "INVALID_ARRAY_INDEX");
    expect("elt(length(uuid()) - 34, " FAILS_AS_TEXT ", NULL)", "NULL");
    expect("elt(nullif(length(uuid()), 36), " FAILS_AS_TEXT ", 'b')", "NULL");
    expect_in(&legacy, "elt(3, raise_error('x'), 'b')", "NULL");
    expect("hex(elt(2, X'41', CAST(uuid() AS BINARY))) = ''", "false");
    /* But a constant that fails keeps the query from starting. */
    expect("elt(2, CAST('a' AS INT), 'b')", "CAST_INVALID_INPUT");
    expect("concat('a', elt(2, CAST('a' AS INT), 'b'))", "CAST_INVALID_INPUT");
}

static void what_has_no_type_is_null_where_a_type_is_wanted(void **state)
{
    (void)state;
    expect("~ raise_error('x')", "NULL");
    expect("~ (array(NULL)[3])", "NULL");
    expect("~ (map_keys(map())[nvl(NULL, -32768S)])", "NULL");
    expect("size(raise_error('x'))", "NULL");
    expect("cardinality(raise_error('x'))", "NULL");
    expect("mask('aB1-', 'x', raise_error('x'))", "axn-");
    expect("date_add(raise_error('x'), 1)", "NULL");
    expect("sort_array(array(3, 1), raise_error('x'))", "NULL");
    expect("filter(array(1), raise_error('x'))", "[]");
    expect("collation(raise_error('x'))", "SYSTEM.BUILTIN.UTF8_BINARY");
    expect("raise_error('x') + raise_error('x')", "NULL");
    expect("raise_error('x') AND raise_error('x')", "NULL");
    expect("'a' = raise_error('x')", "NULL");
    expect("nullif('a', raise_error('x'))", "a");
    expect("CASE raise_error('x') WHEN 'a' THEN 1 ELSE 2 END", "2");
    expect("array(1)[raise_error('x')]", "NULL");
    /* Where it is cast, it is evaluated. */
    expect("- raise_error('x')", "USER_RAISED_EXCEPTION");
    expect("1 + raise_error('x')", "USER_RAISED_EXCEPTION");
    expect("raise_error('x') / raise_error('x')", "USER_RAISED_EXCEPTION");
    expect("upper(raise_error('x'))", "USER_RAISED_EXCEPTION");
    expect("1 = raise_error('x')", "USER_RAISED_EXCEPTION");
    expect("map('a', 1)[raise_error('x')]", "USER_RAISED_EXCEPTION");
    expect("array_repeat(raise_error('x'), 2)", "USER_RAISED_EXCEPTION");
}

static void a_side_that_decides_is_enough(void **state)
{
    (void)state;
    expect(FAILS " > 1 OR true", "true");
    expect(FAILS " > 1 AND false", "false");
    expect(FAILS " > 1 OR false", "INVALID_ARRAY_INDEX_IN_ELEMENT_AT");
    expect(FAILS " > 1 AND true", "INVALID_ARRAY_INDEX_IN_ELEMENT_AT");
    expect(FAILS " > 1 OR NULL", "INVALID_ARRAY_INDEX_IN_ELEMENT_AT");
    expect("CAST('a' AS INT) > 1 OR true", "CAST_INVALID_INPUT");
    expect("raise_error('x') <=> raise_error('x')", "true");
    expect("isnull(raise_error('x')) = isnull(raise_error('x'))", "true");
    expect("isnull(raise_error('x')) < isnull(raise_error('x'))", "false");
    expect("uuid() <=> uuid()", "false");
    expect("raise_error('x')::INT = raise_error('x')::INT", "USER_RAISED_EXCEPTION");
}

static void a_side_that_decides_is_enough_under_a_condition(void **state)
{
    (void)state;
#define IF(value, otherwise) "if(length(uuid()) = 36, " value ", " otherwise ")"
    expect(IF("CAST('x' AS INT) > 1 OR true", "false"), "true");
    expect(IF("CAST('x' AS INT) > 1 AND false", "true"), "false");
    expect(IF("1 + 2147483647 > 1 OR true", "false"), "true");
    expect(IF("(1 + 2147483647) <=> (1 + 2147483647)", "false"), "true");
    expect(IF("isnull(1 + 2147483647)", "true"), "false");
    expect(IF("if(CAST('x' AS INT) > 1 OR true, 5, 6)", "4"), "5");
    expect(IF("upper(CAST(CAST('x' AS INT) > 1 OR true AS STRING))", "'q'"), "TRUE");
    expect("CASE WHEN length(uuid()) = 36 THEN CAST('x' AS INT) > 1 OR true END", "true");
    expect("coalesce(nullif(length(uuid()), 36), if(CAST('x' AS INT) > 1 OR true, 5, 6))", "5");
    expect(IF("if(1 + 2147483647 > 0, 5, 5)", "4"), "5");
    expect(IF("CASE WHEN 1 + 2147483647 > 0 THEN -0.0D ELSE 0.0D END", "4D"), "0.0");
    expect(IF("if(1 + 2147483647 > 0, -0.0D, 0.0D)", "4D"), "-0.0");
    expect(IF("upper(if(1 + 2147483647 > 0, 'a', 'a'))", "'4'"), "A");
    expect(IF("upper(if(raise_error('x') IS NULL, 'a', 'a'))", "'4'"), "A");
    expect(IF("map('a', 1, 'a', 2)['a']", "4"), "1");
    expect(IF("map('a', 1, 'a', CAST('x' AS INT))['b']", "4"), "NULL");
    expect(IF("array(1, CAST('x' AS INT))[0]", "4"), "1");
    expect(IF("array(1, CAST('x' AS INT))[1]", "4"), "CAST_INVALID_INPUT");
    expect(IF("array(1, CAST('x' AS INT))[2]", "4"), "NULL");
    expect(IF("get(array(1, CAST('x' AS INT)), 0)", "4"), "1");
    expect(IF("element_at(map('a', 1, 'a', 2), 'a')", "4"), "DUPLICATED_MAP_KEY");
    expect(IF("CAST('x' AS INT) > 1 OR false", "false"), "CAST_INVALID_INPUT");
    expect(IF("CAST('x' AS INT) = CAST('x' AS INT)", "false"), "CAST_INVALID_INPUT");
    expect(IF("1 + 2147483647 > 1", "false"), "ARITHMETIC_OVERFLOW");
}

static void what_has_one_outcome_has_no_condition(void **state)
{
    (void)state;
    expect("if(raise_error('x') IS NULL, 5, 5)", "5");
    expect("if(elt(1, 'x')::INT > 0, 5, 5)", "5");
    expect("if(assert_true(false) IS NULL, 5, 5)", "5");
    expect("CASE WHEN assert_true(false) IS NULL THEN 5 ELSE 5 END", "5");
    expect("CASE WHEN elt(1, 'a') = 'a' THEN -0.0D ELSE 0.0D END", "0.0");
    expect("if(elt(1, 'a') = 'a', -0.0D, 0.0D)", "-0.0");
    expect("if(true, -0.0D, 0.0D)", "-0.0");
    expect("CASE WHEN 1 = 1 THEN -0.0D ELSE 0.0D END", "-0.0");
    expect("if(elt(length(uuid()) - 35, 'x')::INT > 0, 5, 5)", "CAST_INVALID_INPUT");
    expect("if(CAST(uuid() AS INT) > 0, 5, 5)", "CAST_INVALID_INPUT");
    expect("if(1 + 2147483647 > 0, 5, 5)", "ARITHMETIC_OVERFLOW");
}

static void behind_what_never_is_null_coalesce_has_nothing(void **state)
{
    (void)state;
    expect("coalesce(array(CAST('a' AS INT)), array(length(uuid())))[nullif(1, 1)]",
           "CAST_INVALID_INPUT");
    expect("coalesce(1, CAST('a' AS INT))", "1");
    expect("coalesce(NULL, length(uuid()), CAST('a' AS INT))", "36");
    expect("coalesce(nullif(length(uuid()), 36), NULL, 3)", "3");
    expect("coalesce(NULL, NULL)", "NULL");
}

static void the_value_of_a_map_that_is_made_on_the_spot_is_taken_without_it(void **state)
{
    (void)state;
    expect("map('a', length(uuid()), 'b', " FAILS ")['a']", "36");
    expect("map('a', length(uuid()), 'b', " FAILS ")['c']", "NULL");
    expect("map('a', 1, 'b', " FAILS ")['b']", "INVALID_ARRAY_INDEX_IN_ELEMENT_AT");
    expect("map('a', length(uuid()), 'a', 5)['a']", "36");
    expect("map('a', 1, nullif(uuid(), uuid()), 5)['c']", "NULL");
    expect("map(nullif(length(uuid()), 36), 1)[3]", "NULL");
    expect("map('a', length(uuid()))[nullif(upper('a'), 'A')]", "NULL");
    expect("element_at(map('a', length(uuid()), 'a', 5), 'a')", "DUPLICATED_MAP_KEY");
    expect("map('a', 1, 'a', 5)['a']", "DUPLICATED_MAP_KEY");
}

static void what_may_be_null_by_its_type_is_evaluated_to_know_it(void **state)
{
    (void)state;
    expect("isnull(map_contains_key(map('a', 1, 'a', 2), 'b'))", "DUPLICATED_MAP_KEY");
    expect("isnull(array_contains(map_values(map('a', 1, 'a', 2)), 1))", "DUPLICATED_MAP_KEY");
    expect("isnull(map_entries(map('a', 1, 'a', 2))[0])", "DUPLICATED_MAP_KEY");
    expect("isnull(map_values(map('a', 1, 'a', 2)))", "false");
    expect("isnull(array_contains(map_entries(map('a', 1, 'a', 1)), "
           "named_struct('key', 'a', 'value', 1)))",
           "false");
    expect("isnull(array_position(map_keys(map('a', 1, 'a', 1)), 'x'))", "false");
}

static void names_of_fields_are_constants_to_spark(void **state)
{
    (void)state;
#define REFUSED "DATATYPE_MISMATCH.CREATE_NAMED_STRUCT_WITHOUT_FOLDABLE_STRING"
    expect("named_struct(current_timezone(), 1)", REFUSED);
    expect("named_struct(concat('a', btrim('a')), 1)", REFUSED);
    expect("named_struct(elt(1, 'a', 'b'), 1)", REFUSED);
    expect("named_struct(raise_error('a'), 1)", REFUSED);
    expect("named_struct(CAST(CAST('x' AS INT) AS STRING), 1)", "CAST_INVALID_INPUT");
    expect("to_json(named_struct(concat('a', trim('b ')), 1))", "{\"ab\":1}");
    expect("schema_of_json(raise_error('x'))", "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT");
}

static void of_nothing_on_the_right_and_of_no_interval_nothing_is_asked(void **state)
{
    (void)state;
    expect("concat('<', right(concat_ws(',', " FAILS_AS_TEXT "), length(uuid()) - 36))", "<");
    expect("right(concat_ws(',', " FAILS_AS_TEXT "), length(uuid()))",
           "INVALID_ARRAY_INDEX_IN_ELEMENT_AT");
    expect("right(concat_ws(',', " FAILS_AS_TEXT "), nullif(length(uuid()), 36))",
           "INVALID_ARRAY_INDEX_IN_ELEMENT_AT");
    expect("right(concat_ws(',', 'ab', 'cd'), length(uuid()) - 32)", "b,cd");
    expect("if(length(uuid()) = 36, NULL, INTERVAL '1' DAY) / " FAILS, "NULL");
    expect("if(length(uuid()) = 36, NULL, 1) / " FAILS, "INVALID_ARRAY_INDEX_IN_ELEMENT_AT");
}

static void a_year_beyond_all_times_is_tried_in_vain(void **state)
{
    struct lt_session legacy = *lt_session_default();
    (void)state;
    legacy.is_legacy = true;
    expect("try_make_timestamp(300000, 2, 28, 0, 24, 0)", "DATETIME_OVERFLOW");
    expect("try_make_timestamp_ntz(300000, 2, 28, 0, 24, 0)", "DATETIME_OVERFLOW");
    expect("try_make_timestamp_ltz(300000, 2, 28, 0, 24, 0, 'UTC')", "DATETIME_OVERFLOW");
    expect_in(&legacy, "try_make_timestamp(300000, 2, 28, 0, 24, 0)", "DATETIME_OVERFLOW");
    expect("try_make_timestamp(2147483647, 2, 28, 0, 24, 0)", "NULL");
    expect("try_make_timestamp(2024, 2, 30, 0, 24, 0)", "NULL");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elt_evaluates_what_it_chooses),
        cmocka_unit_test(what_has_no_type_is_null_where_a_type_is_wanted),
        cmocka_unit_test(a_side_that_decides_is_enough),
        cmocka_unit_test(a_side_that_decides_is_enough_under_a_condition),
        cmocka_unit_test(what_has_one_outcome_has_no_condition),
        cmocka_unit_test(behind_what_never_is_null_coalesce_has_nothing),
        cmocka_unit_test(the_value_of_a_map_that_is_made_on_the_spot_is_taken_without_it),
        cmocka_unit_test(what_may_be_null_by_its_type_is_evaluated_to_know_it),
        cmocka_unit_test(names_of_fields_are_constants_to_spark),
        cmocka_unit_test(of_nothing_on_the_right_and_of_no_interval_nothing_is_asked),
        cmocka_unit_test(a_year_beyond_all_times_is_tried_in_vain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
