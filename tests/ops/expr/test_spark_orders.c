/* What is looked at first, and what is cast to what: where Spark's order and its implicit casts of
 * nested values show, as random expressions have found it. Each is what Spark answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "tests/ops/expr/expect.h"

#define UNEXPECTED "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE"

static struct lt_session legacy_session(void)
{
    struct lt_session legacy = *lt_session_default();
    legacy.is_legacy = true;
    return legacy;
}

static void types_are_looked_at_before_constants(void **state)
{
    (void)state;
    expect("round(X'00', length(uuid()))", UNEXPECTED);
    expect("bround(true, length(uuid()))", UNEXPECTED);
    expect("round(1.5, length(uuid()))", "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT");
    expect("regexp_replace(array('a'), 'a', 'b', length(uuid()))", UNEXPECTED);
    expect("regexp_replace('a', 'a', 'b', array(1))", UNEXPECTED);
    expect("regexp_replace(array('a'), 'a', 'b', 0)", UNEXPECTED);
    expect("regexp_replace('a', 'a', 'b', length(uuid()))", "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT");
    expect("sort_array(array(1), map(1, 2, 1, 2))", UNEXPECTED);
    expect("sort_array(array(1), map(1, length(uuid())))", "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT");
    expect("sort_array(array(1), try_element_at(map(1, true), 1))",
           "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT");
    expect("sort_array(array(1), CAST('x' AS BOOLEAN))", "CAST_INVALID_INPUT");
    expect("if(length(uuid()) = 36, array(2), sort_array(array(1), CAST('x' AS BOOLEAN)))", "[2]");
}

static void arguments_are_looked_at_before_they_are_counted(void **state)
{
    (void)state;
    expect("and(true, true, (false | true))", "DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE");
    expect("or((false | true))", "DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE");
    expect("and(true, false) AND and(true, true, true)", "WRONG_NUM_ARGS.WITHOUT_SUGGESTION");
    expect("and()", "WRONG_NUM_ARGS.WITHOUT_SUGGESTION");
    expect("and(true, true) AND true AND or(false, true)", "true");
}

/* rand() makes it no constant, whose order would be another. */
#define FAILS "CAST(CAST(rand() + 1 AS INT) / 0 AS STRING)"

static void some_arguments_come_before_those_on_their_left(void **state)
{
    (void)state;
    expect("locate('a', " FAILS ", NULL)", "0");
    expect("locate(" FAILS ", 'a', TRY_CAST('x' AS INT))", "0");
    expect("locate(" FAILS ", NULL, 1)", "DIVIDE_BY_ZERO");
    expect("locate(NULL, " FAILS ", 1)", "NULL");
    expect("isnotnull(locate('a', 'b', TRY_CAST('x' AS INT)))", "true");
    expect("locate('o', 'foo', CAST(2 - rand() AS INT) + 1)", "2");
    expect("format_string(NULL, " FAILS ")", "NULL");
    expect("format_string('a', " FAILS ")", "DIVIDE_BY_ZERO");
    expect("array_join(array('a'), " FAILS ", NULL)", "NULL");
    expect("array_join(array('a'), NULL, " FAILS ")", "DIVIDE_BY_ZERO");
    expect("array_join(NULL, " FAILS ")", "NULL");
    expect("get_json_object(TRY_CAST('x' AS STRING), " FAILS ")", "DIVIDE_BY_ZERO");
}

static void what_has_no_type_is_null(void **state)
{
    (void)state;
    expect("mask('a.b', try_element_at(map(), 'a'))", "x.x");
    expect("mask('a.b', element_at(array(), 1))", "x.x");
    expect("sort_array(array(2, 1), try_element_at(map(), 1))", "NULL");
    expect("typeof(greatest(NULL, try_element_at(map(), 1)))", "void");
    expect("array_min(least(try_element_at(map(), 1), array_max(array(NULL))))", "NULL");
    expect("typeof(NULL * array_min(greatest(try_element_at(map(), 1), NULL)))", "double");
}

static void a_key_that_is_a_written_text_is_cast(void **state)
{
    (void)state;
    expect("map(true, 1)['1']", "1");
    expect("map(true, 1).`1`", "1");
    expect("map(true, 1)[CAST('1' AS STRING)]", "1");
    expect("map()['']", "DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION");
    expect("map(array(1), 1)['1']", "DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION");
    expect("map()[concat('a', 'b')]", UNEXPECTED);
    expect("map()[1]", UNEXPECTED);
    expect("map(1, 2)['x']", "CAST_INVALID_INPUT");
}

static void parts_of_a_key_are_cast_as_they_are_stored(void **state)
{
    struct lt_session legacy = legacy_session();
    (void)state;
    expect("map(array(1), 2)[array(1L)]", "2");
    expect("map(array('1'), 2)[array(1)]", "2");
    expect("map(array(1), 2)[array('1')]", UNEXPECTED);
    expect("map(array(1), 2)[array(NULL)]", UNEXPECTED);
    expect("map(array(1), 2)[array()]", "NULL");
    expect("map(struct(1), 2)[struct('1')]", UNEXPECTED);
    expect("map(struct(1), 2)[struct(1L)]", "2");
    expect("map(array(INTERVAL '1' DAY), 2)[array(INTERVAL '24' HOUR)]", UNEXPECTED);
    expect_in(&legacy, "map(array(1), 2)[array('1')]", UNEXPECTED);
    expect_in(&legacy, "map(array(1), 2)[array(1L)]", "2");
    expect_in(&legacy, "map(struct(1), 2)[struct(1L)]", UNEXPECTED);
}

static void the_legacy_rules_cast_no_struct(void **state)
{
    static const char append[] =
        "array_append(array(named_struct('a', NULL)), named_struct('a', 1))";
    struct lt_session legacy = legacy_session();
    (void)state;
    expect(append, "[{null}, {1}]");
    expect_in(&legacy, append, "DATATYPE_MISMATCH.ARRAY_FUNCTION_DIFF_TYPES");
    expect_in(&legacy, "array_contains(array(named_struct('a', 1)), named_struct('a', 1L))",
              "DATATYPE_MISMATCH.ARRAY_FUNCTION_DIFF_TYPES");
    expect_in(&legacy, "array_union(array(named_struct('a', NULL)), array(named_struct('a', 1)))",
              "DATATYPE_MISMATCH.BINARY_ARRAY_DIFF_TYPES");
    expect_in(&legacy, "map_contains_key(map(named_struct('a', 1), 1), named_struct('a', 1L))",
              "DATATYPE_MISMATCH.MAP_FUNCTION_DIFF_TYPES");
    expect_in(&legacy, "array_append(array(array(NULL)), array(1))", "[[null], [1]]");
    expect_in(&legacy, "concat(array(struct(NULL)), array(struct(1)))", "[{null}, {1}]");
}

/* The parts of what is divided, which is not looked at where the divisor gives NULL. */
static void what_is_divided_by_zero_is_not_computed(void **state)
{
    struct lt_session legacy = legacy_session();
    static const char *const operators[] = {"%", "/", "div"};
    (void)state;
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++) {
        char text[128];
        for (int divisor = 0; divisor < 2; divisor++) {
            (void)snprintf(text, sizeof text, "to_number(uuid(), '9') %s (length(uuid()) - %d)",
                           operators[i], divisor == 0 ? 36 : 35);
            expect_in(&legacy, text, divisor == 0 ? "NULL" : "INVALID_FORMAT.MISMATCH_INPUT");
        }
    }
    expect_in(&legacy, "pmod(to_number(uuid(), '9'), 0)", "NULL");
    expect_in(&legacy, "to_number('x', '9') % 0", "NULL");
    expect_in(&legacy, "to_number(uuid(), '9') / 0.0", "NULL");
    expect_in(&legacy, "to_number(uuid(), '9') / CAST('-0.0' AS DOUBLE)", "NULL");
    expect("try_mod(to_number(uuid(), '9'), 0)", "NULL");
    expect("try_divide(to_number(uuid(), '9'), length(uuid()) - 36)", "NULL");
    expect("try_divide(1 + to_number('x', '9'), 0)", "NULL");
    expect("to_number(uuid(), '9') % 0", "INVALID_FORMAT.MISMATCH_INPUT");
    expect("try_divide(length(uuid()) + to_number('x', '9'), 0)", "INVALID_FORMAT.MISMATCH_INPUT");
}

static void an_interval_is_computed_before_what_divides_it(void **state)
{
    struct lt_session legacy = legacy_session();
    (void)state;
#define FAILING "make_interval(CAST(concat(uuid(), 'x') AS INT))"
    expect(FAILING " / (length(uuid()) - 36)", "CAST_INVALID_INPUT");
    expect(FAILING " / nullif(length(uuid()), 36)", "CAST_INVALID_INPUT");
    expect("make_interval(nullif(length(uuid()), 36)) / CAST(uuid() AS INT)", "NULL");
    expect("make_interval(length(uuid()) + 2147483611, 2147483647) / (length(uuid()) - 36)",
           "ARITHMETIC_OVERFLOW");
    expect("make_interval(1) / (length(uuid()) - 36)", "INTERVAL_DIVIDED_BY_ZERO");
    expect_in(&legacy, "make_interval(to_number(uuid(), '9')) / (length(uuid()) - 36)",
              "INVALID_FORMAT.MISMATCH_INPUT");
    expect_in(&legacy, FAILING " / 0", "NULL");
}

static void a_null_that_is_tried_hides_what_fails(void **state)
{
    (void)state;
    expect("try_add(NULL, 1) % CAST('x' AS SMALLINT)", "NULL");
    expect("CAST('x' AS INT) + try_add(NULL, 1)", "NULL");
    expect("length(uuid()) + (try_divide(NULL, 1) % (length(uuid()) + CAST('x' AS INT)))", "NULL");
    expect("try_add(2147483647, 1) % CAST('x' AS INT)", "CAST_INVALID_INPUT");
    expect("try_to_number('  pad', '0') % CAST('x' AS INT)", "CAST_INVALID_INPUT");
}

static void times_of_no_zone_are_counted_in_the_sessions(void **state)
{
    struct lt_session pacific = *lt_session_default();
    (void)state;
    (void)snprintf(pacific.time_zone, sizeof pacific.time_zone, "America/Los_Angeles");
    expect_in(&pacific,
              "timestampdiff(MINUTE, TIMESTAMP_NTZ'2024-03-09 02:30:00', "
              "TIMESTAMP_NTZ'2024-03-10 02:30:00')",
              "1500");
    expect_in(&pacific,
              "timestampdiff(SECOND, DATE'2024-03-10', TIMESTAMP_NTZ'2024-03-10 02:30:00')",
              "12600");
    expect_in(&pacific,
              "timestampdiff(HOUR, TIMESTAMP_NTZ'2024-03-10 00:00:00', "
              "TIMESTAMP_NTZ'2024-03-10 12:30:00')",
              "12");
    expect_in(&pacific, "timestampadd(MINUTE, 5, TIMESTAMP_NTZ'2024-03-10 02:30:00')",
              "2024-03-10 02:35:00");
}

static void an_escape_is_a_character_of_any_size(void **state)
{
    (void)state;
    expect("'a%' LIKE 'a\uff11%' ESCAPE '\uff11'", "true");
    expect("'ab' LIKE 'a\uff11%' ESCAPE '\uff11'", "false");
    expect("'a\ufb01%' LIKE 'a\ufb01%' ESCAPE '\uff11'", "true");
    expect("'\u00e9a' LIKE '\u00e9\u00e9a' ESCAPE '\u00e9'", "true");
    expect("'\u00e9a' LIKE '\u00e9\u00ea' ESCAPE '\u00e9'", "INVALID_FORMAT.ESC_IN_THE_MIDDLE");
    expect("'a\u00e9' LIKE 'a\u00e9' ESCAPE '\u00e9'", "INVALID_FORMAT.ESC_AT_THE_END");
    expect("uuid() LIKE concat(uuid(), '\u00e9a') ESCAPE '\u00e9'",
           "INVALID_FORMAT.ESC_IN_THE_MIDDLE");
    expect("ilike('%', '\u00c9%', '\u00e9')", "true");
    expect("like('a', 'a', '\U0001f600')", "INVALID_ESCAPE_CHAR");
    expect("'a/b%' LIKE '%//b/%' ESCAPE '/'", "true");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_are_looked_at_before_constants),
        cmocka_unit_test(arguments_are_looked_at_before_they_are_counted),
        cmocka_unit_test(some_arguments_come_before_those_on_their_left),
        cmocka_unit_test(what_has_no_type_is_null),
        cmocka_unit_test(a_key_that_is_a_written_text_is_cast),
        cmocka_unit_test(parts_of_a_key_are_cast_as_they_are_stored),
        cmocka_unit_test(the_legacy_rules_cast_no_struct),
        cmocka_unit_test(what_is_divided_by_zero_is_not_computed),
        cmocka_unit_test(an_interval_is_computed_before_what_divides_it),
        cmocka_unit_test(a_null_that_is_tried_hides_what_fails),
        cmocka_unit_test(times_of_no_zone_are_counted_in_the_sessions),
        cmocka_unit_test(an_escape_is_a_character_of_any_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
