/*
 * Functions of arrays and maps: what they do with NULL, which arguments they refuse, and their
 * edges.
 */
#include "tests/ops/expr/cases.h"

#include <stdio.h>

#include "core/base/error.h"
#include "core/base/text_buffer.h"
#include "ops/expr/expr.h"
#include "ops/expr/program.h"

/* --------------------------------------------------------------------------------------- arrays */

static void elements_are_counted_from_one_or_from_the_end(void **state)
{
    struct lt_session legacy = *lt_session_default();
    (void)state;
    EXPECT(
        lt_session_default(), {"element_at(array(10, 20), 2)", "value", "int", "20"},
        {"element_at(array(10, 20), -2)", "value", "int", "10"},
        {"element_at(array(10, 20), 3)", "runtime-error", "int",
         "INVALID_ARRAY_INDEX_IN_ELEMENT_AT 22003"},
        {"element_at(array(10, 20), 0)", "runtime-error", "int", "INVALID_INDEX_OF_ZERO 22003"},
        {"try_element_at(array(10, 20), -3)", "null", "int", ""},
        {"try_element_at(array(10, 20), 0)", "runtime-error", "int", "INVALID_INDEX_OF_ZERO 22003"},
        {"element_at(array(1), 1L)", "analysis-error", "-",
         "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE 42K09"},
        {"element_at(map(1, 'a'), 1L)", "value", "string", "a"},
        {"element_at(map(1, 'a'), 'a')", "analysis-error", "-",
         "DATATYPE_MISMATCH.MAP_FUNCTION_DIFF_TYPES 42K09"});
    assert_int_equal(lt_session_set(&legacy, "spark.sql.ansi.enabled", "false", NULL), LT_OK);
    EXPECT(&legacy, {"element_at(array(1), 5)", "null", "int", ""});
}

static void a_value_is_looked_for_past_nulls(void **state)
{
    (void)state;
    EXPECT(lt_session_default(), {"array_contains(array(1, NULL), 1)", "value", "boolean", "true"},
           {"array_contains(array(1, NULL), 2)", "null", "boolean", ""},
           {"array_contains(array(1, 2), 1.0D)", "value", "boolean", "true"},
           {"array_contains(array(0.0D), -0.0D)", "value", "boolean", "true"},
           {"array_contains(array(1), NULL)", "analysis-error", "-",
            "DATATYPE_MISMATCH.NULL_TYPE 42K09"},
           {"array_contains(array(1), '1')", "analysis-error", "-",
            "DATATYPE_MISMATCH.ARRAY_FUNCTION_DIFF_TYPES 42K09"},
           {"array_contains(array(map(1, 2)), map(1, 2))", "analysis-error", "-",
            "DATATYPE_MISMATCH.INVALID_ORDERING_TYPE 42K09"},
           {"array_position(array(NULL, 5), 5)", "value", "bigint", "2"},
           {"array_position(array(5), 6)", "value", "bigint", "0"},
           {"array_remove(array(1, NULL, 1, 2), 1)", "value", "array<int>", "[null,2]"},
           {"array_min(array(NULL, 2, 1))", "value", "int", "1"},
           {"array_max(array(CAST('NaN' AS DOUBLE), 1D))", "value", "double", "NaN"},
           {"array_max(CAST(NULL AS ARRAY<INT>))", "null", "int", ""},
           {"array_min(array())", "null", "void", ""});
}

static void an_array_takes_a_value_anywhere(void **state)
{
    (void)state;
    EXPECT(lt_session_default(),
           {"array_append(array(1), NULL)", "value", "array<int>", "[1,null]"},
           {"array_prepend(array(1), 2L)", "value", "array<bigint>", "[2,1]"},
           {"array_append(CAST(NULL AS ARRAY<INT>), 1)", "null", "array<int>", ""},
           {"array_append(array(1), 2.5)", "analysis-error", "-",
            "DATATYPE_MISMATCH.ARRAY_FUNCTION_DIFF_TYPES 42K09"},
           {"array_insert(array(1, 2), 1, 0)", "value", "array<int>", "[0,1,2]"},
           {"array_insert(array(1, 2), 5, 9)", "value", "array<int>", "[1,2,null,null,9]"},
           {"array_insert(array(1, 2), -1, 9)", "value", "array<int>", "[1,2,9]"},
           {"array_insert(array(1, 2), -3, 9)", "value", "array<int>", "[9,1,2]"},
           {"array_insert(array(1, 2), -5, 9)", "value", "array<int>", "[9,null,null,1,2]"},
           {"array_insert(array(1, 2), -5, NULL)", "value", "array<int>", "[null,null,null,1,2]"},
           {"array_insert(array(1), 0, 9)", "runtime-error", "array<int>",
            "INVALID_INDEX_OF_ZERO 22003"},
           {"array_insert(array(1), 2147483647, 9)", "runtime-error", "array<int>",
            "COLLECTION_SIZE_LIMIT_EXCEEDED.FUNCTION 54000"},
           {"array_repeat(NULL, 2)", "value", "array<void>", "[null,null]"},
           {"array_repeat(1, -1)", "value", "array<int>", "[]"},
           {"array_repeat(1, 2147483647)", "runtime-error", "array<int>",
            "COLLECTION_SIZE_LIMIT_EXCEEDED.PARAMETER 54000"},
           {"array_append(array(1.5F), 2)", "value", "array<float>", "[1.5,2.0]"},
           {"array_compact(array(NULL, 1, NULL))", "value", "array<int>", "[1]"});
}

static void arrays_are_joined_cut_and_turned(void **state)
{
    (void)state;
    EXPECT(
        lt_session_default(),
        {"concat(array(1), array(2L), array(NULL))", "value", "array<bigint>", "[1,2,null]"},
        {"concat(array(1), CAST(NULL AS ARRAY<INT>))", "null", "array<int>", ""},
        {"concat(array(1), 'a')", "analysis-error", "-", "DATATYPE_MISMATCH.DATA_DIFF_TYPES 42K09"},
        {"array(1) || array(2)", "value", "array<int>", "[1,2]"},
        {"reverse(array(1, NULL, 3))", "value", "array<int>", "[3,null,1]"},
        {"slice(array(1, 2, 3), -2, 5)", "value", "array<int>", "[2,3]"},
        {"slice(array(1, 2, 3), -4, 2)", "value", "array<int>", "[]"},
        {"slice(array(1), 0, 1)", "runtime-error", "array<int>",
         "INVALID_PARAMETER_VALUE.START 22023"},
        {"slice(array(1), 1, -1)", "runtime-error", "array<int>",
         "INVALID_PARAMETER_VALUE.LENGTH 22023"},
        {"flatten(array(array(1), array(), array(NULL)))", "value", "array<int>", "[1,null]"},
        {"flatten(array(array(1), NULL))", "null", "array<int>", ""},
        {"arrays_zip(array(1, 2), array('a'))", "value", "array<struct<0:int,1:string>>",
         "[{\"0\":1,\"1\":\"a\"},{\"0\":2,\"1\":null}]"},
        {"array_join(array('a', NULL, 'b'), '-')", "value", "string", "a-b"},
        {"array_join(array('a', NULL), '-', '?')", "value", "string", "a-?"},
        {"array_join(array('a'), NULL)", "null", "string", ""},
        {"array_join(array(array(1)), ',')", "analysis-error", "-",
         "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE 42K09"},
        {"shuffle(array(1, 2, 3, 4, 5), 42)", "value", "array<int>", "[5,3,2,1,4]"},
        {"size(shuffle(array(1, 2, 3)))", "value", "int", "3"});
}

static void sets_tell_numbers_by_their_bits_and_count_null_once(void **state)
{
    (void)state;
    EXPECT(
        lt_session_default(),
        {"array_distinct(array(0.0D, -0.0D, CAST('NaN' AS DOUBLE), CAST('NaN' AS DOUBLE)))",
         "value", "array<double>", "[0.0,-0.0,\"NaN\"]"},
        {"array_distinct(array(NULL, 1, NULL))", "value", "array<int>", "[null,1]"},
        {"array_union(array(1, NULL), array(NULL, 2L))", "value", "array<bigint>", "[1,null,2]"},
        {"array_intersect(array(1, 1, NULL), array(NULL, 1))", "value", "array<int>", "[1,null]"},
        {"array_except(array(1, 2, 2, NULL), array(1))", "value", "array<int>", "[2,null]"},
        {"arrays_overlap(array(1, NULL), array(2))", "null", "boolean", ""},
        {"arrays_overlap(array(1, NULL), array())", "value", "boolean", "false"},
        {"array_union(array(1), array('a'))", "analysis-error", "-",
         "DATATYPE_MISMATCH.BINARY_ARRAY_DIFF_TYPES 42K09"},
        {"size(array_distinct(transform(sequence(1, 1000), x -> x % 100)))", "value", "int", "100"},
        {"size(array_except(sequence(1, 1000), sequence(2, 1000, 2)))", "value", "int", "500"});
}

static void arrays_are_sorted_stably(void **state)
{
    (void)state;
    EXPECT(lt_session_default(),
           {"sort_array(array(2, NULL, 1))", "value", "array<int>", "[null,1,2]"},
           {"sort_array(array(2, NULL, 1), false)", "value", "array<int>", "[2,1,null]"},
           {"sort_array(array(-0.0D, 0.0D))", "value", "array<double>", "[-0.0,0.0]"},
           {"sort_array(array(1), CAST(NULL AS BOOLEAN))", "null", "array<int>", ""},
           {"sort_array(array(1), 1)", "analysis-error", "-",
            "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE 42K09"},
           {"array_sort(transform(sequence(1, 100), x -> 101 - x))[99]", "value", "int", "100"},
           {"array_sort(sequence(1, 40), (a, b) -> b % 2 - a % 2)[20]", "value", "int", "2"},
           {"array_sort(array(3, NULL, 1), (a, b) -> CASE WHEN a < b THEN -1 WHEN a > b THEN 1 "
            "ELSE 0 END)",
            "value", "array<int>", "[3,null,1]"},
           {"array_sort(array(1, 2), (a, b) -> CAST(NULL AS INT))", "runtime-error", "array<int>",
            "COMPARATOR_RETURNS_NULL 22004"});
}

static void a_sequence_steps_from_its_start(void **state)
{
    struct lt_session west = *lt_session_default();
    (void)state;
    EXPECT(
        lt_session_default(), {"sequence(5, 1, -2)", "value", "array<int>", "[5,3,1]"},
        {"sequence(127Y, 126Y)", "value", "array<tinyint>", "[127,126]"},
        {"sequence(9223372036854775806L, 9223372036854775807L)", "value", "array<bigint>",
         "[9223372036854775806,9223372036854775807]"},
        {"sequence(1, CAST(NULL AS INT))", "null", "array<int>", ""},
        {"sequence(1, 5, -1)", "runtime-error", "array<int>", "ILLEGAL_SEQUENCE_BOUNDARIES 22023"},
        {"sequence(0L, 9223372036854775807L)", "runtime-error", "array<bigint>",
         "COLLECTION_SIZE_LIMIT_EXCEEDED.PARAMETER 54000"},
        {"sequence(1.5, 3)", "analysis-error", "-",
         "DATATYPE_MISMATCH.SEQUENCE_WRONG_INPUT_TYPES 42K09"},
        {"sequence(DATE'2024-01-31', DATE'2024-04-30', INTERVAL 1 MONTH)", "value", "array<date>",
         "[\"2024-01-31\",\"2024-02-29\",\"2024-03-31\",\"2024-04-30\"]"},
        {"sequence(DATE'2024-01-01', DATE'2024-01-03', INTERVAL 12 HOUR)", "runtime-error",
         "array<date>", "INVALID_PARAMETER_VALUE.INTERVAL 22023"});
    assert_int_equal(
        lt_session_set(&west, "spark.sql.session.timeZone", "America/Los_Angeles", NULL), LT_OK);
    /* The night when clocks go forward has one hour less. */
    EXPECT(
        &west,
        {"size(sequence(TIMESTAMP'2024-03-10 00:00:00', TIMESTAMP'2024-03-10 05:00:00', INTERVAL "
         "1 HOUR))",
         "value", "int", "5"},
        {"CAST(element_at(sequence(TIMESTAMP'2024-03-09 01:30:00', TIMESTAMP'2024-03-11 "
         "01:30:00', INTERVAL 1 DAY), 3) AS STRING)",
         "value", "string", "2024-03-11 01:30:00"});
}

/* ----------------------------------------------------------------------------------------- maps */

static void maps_are_made_and_taken_apart(void **state)
{
    struct lt_session last = *lt_session_default();
    (void)state;
    EXPECT(
        lt_session_default(),
        {"map_concat(map(1, 'a'), map(2L, 'b'))", "value", "map<bigint,string>",
         "{\"1\":\"a\",\"2\":\"b\"}"},
        {"map_concat()", "value", "map<string,string>", "{}"},
        {"map_concat(map(1, 2), map(1, 3))", "runtime-error", "map<int,int>",
         "DUPLICATED_MAP_KEY 23505"},
        {"map_concat(map(1, 2), map('a', 3))", "analysis-error", "-",
         "DATATYPE_MISMATCH.DATA_DIFF_TYPES 42K09"},
        {"map_entries(map('a', NULL))", "value", "array<struct<key:string,value:void>>",
         "[{\"key\":\"a\",\"value\":null}]"},
        {"map_from_entries(array(struct('a', 1), NULL))", "null", "map<string,int>", ""},
        {"map_from_entries(array(struct(CAST(NULL AS INT), 1)))", "runtime-error", "map<int,int>",
         "NULL_MAP_KEY 2200E"},
        {"map_contains_key(map(1, 2), 1L)", "value", "boolean", "true"},
        {"map_contains_key(map(1, 2), NULL)", "analysis-error", "-",
         "DATATYPE_MISMATCH.NULL_TYPE 42K09"},
        {"str_to_map('a=1;b', ';', '=')", "value", "map<string,string>",
         "{\"a\":\"1\",\"b\":null}"},
        {"str_to_map('a1b', '[0-9]')", "value", "map<string,string>", "{\"a\":null,\"b\":null}"},
        {"str_to_map('a:1', ',', NULL)", "null", "map<string,string>", ""},
        {"map(0.0D, 1, -0.0D, 2)", "runtime-error", "map<double,int>", "DUPLICATED_MAP_KEY 23505"},
        {"map_from_arrays(sequence(1, 2000), sequence(1, 2000))[1999]", "value", "int", "1999"});
    assert_int_equal(lt_session_set(&last, "spark.sql.mapKeyDedupPolicy", "LAST_WIN", NULL), LT_OK);
    EXPECT(&last,
           {"map_from_arrays(transform(sequence(1, 1000), x -> x % 10), sequence(1, 1000))[0]",
            "value", "int", "1000"},
           {"str_to_map('a:1,a:2')", "value", "map<string,string>", "{\"a\":\"2\"}"});
}

/* -------------------------------------------------------------------------------------- lambdas */

static void sums_may_be_of_any_type(void **state)
{
    (void)state;
    EXPECT(lt_session_default(),
           {"aggregate(array('a', 'b'), '', (s, x) -> concat(s, x), s -> upper(s))", "value",
            "string", "AB"},
           {"aggregate(array(1, NULL), 0, (s, x) -> s + x)", "null", "int", ""},
           {"aggregate(array(1, 2), array(0), (s, x) -> concat(s, array(x)))", "value",
            "array<int>", "[0,1,2]"},
           {"aggregate(array(1, 2), named_struct('n', 0, 't', ''), (s, x) -> named_struct('n', s.n "
            "+ x, 't', concat(s.t, 'z')))",
            "value", "struct<n:int,t:string>", "{\"n\":3,\"t\":\"zz\"}"},
           {"aggregate(array(1, 2), map('k', 0), (s, x) -> map('k', s['k'] + x))", "value",
            "map<string,int>", "{\"k\":3}"},
           {"aggregate(array(array('a'), array('b', 'c')), '', (s, x) -> concat(s, aggregate(x, "
            "'', (t, y) -> concat(t, y, '.'))))",
            "value", "string", "a.b.c."},
           {"aggregate(array(1, 0), 1D, (s, x) -> s / x)", "runtime-error", "double",
            "DIVIDE_BY_ZERO 22012"},
           {"aggregate(array(1, 2), named_struct('s', 0), (a, x) -> named_struct('t', a.s + x))",
            "value", "struct<s:int>", "{\"s\":3}"},
           {"transform(x -> x, array(1))", "analysis-error", "-",
            "INVALID_LAMBDA_FUNCTION_CALL.PARAMETER_DOES_NOT_ACCEPT_LAMBDA_FUNCTION 42K0D"},
           {"upper(x -> x)", "analysis-error", "-",
            "INVALID_LAMBDA_FUNCTION_CALL.NON_HIGHER_ORDER_FUNCTION 42K0D"},
           {"aggregate(array(1), 0, (s, x) -> s + 1L)", "analysis-error", "-",
            "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE 42K09"});
}

/* The scratch of the out row that an expression needs for `count` elements. */
static uint64_t overflow_after(const char *text, unsigned count)
{
    char full[512];
    const char *full_text = full;
    struct lt_arena *arena = lt_arena_create();
    struct lt_expression *expression;
    struct lt_program *program;
    struct lt_row_pool *pool;
    struct lt_error error;
    const struct lt_row_pool_options pool_options = {
        .column_count = 1, .capacity = 1, .scratch_size_bytes = 64};
    (void)snprintf(full, sizeof full, text, count);
    lt_error_clear(&error);
    assert_int_equal(lt_expr_parse(full, arena, &expression, &error), LT_OK);
    assert_int_equal(lt_expr_analyse(&expression, full, NULL, lt_session_default(), arena, &error),
                     LT_OK);
    const struct lt_program_options options = {
        .expressions = &expression, .texts = &full_text, .count = 1};
    assert_int_equal(lt_program_create(&options, &program, &error), LT_OK);
    assert_int_equal(lt_row_pool_create(&pool_options, &pool, &error), LT_OK);
    struct lt_row *out = lt_row_claim(pool);
    assert_true(lt_program_eval(program, NULL, out));
    lt_row_release(out);
    uint64_t kept = pool->overflow_kept_bytes;
    lt_row_pool_destroy(pool);
    lt_program_destroy(program);
    lt_arena_destroy(arena);
    return kept;
}

/* rand() keeps the expression from being folded. */
static void runs_of_a_lambda_leave_no_memory_behind(void **state)
{
    static const char *const texts[] = {
        "aggregate(array_repeat(rand(1), %u), '', (s, x) -> right(concat(s, CAST(x AS STRING)), "
        "1000))",
        "aggregate(array_repeat(rand(1), %u), 0, (s, x) -> length(concat(CAST(x AS STRING), "
        "repeat('y', 500))))",
        "exists(array_repeat(rand(1), %u), x -> repeat(CAST(x AS STRING), 100) = 'a')",
        "size(filter(array_repeat(rand(1), %u), x -> repeat(CAST(x AS STRING), 100) = 'a'))",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        /* The array itself needs 16 bytes and a bit for each element, twice in filter. */
        assert_true(overflow_after(texts[i], 4000) < 4 * 4000 * 17 + 64 * 1024);
    }
}

static void functions_without_a_value_say_which(void **state)
{
    (void)state;
    EXPECT(
        lt_session_default(),
        {"explode(array(1)) + 1", "analysis-error", "-",
         "UNSUPPORTED_GENERATOR.NESTED_IN_EXPRESSIONS 42K0E"},
        {"transform(array(1), x -> explode(array(x)))", "analysis-error", "-",
         "UNSUPPORTED_GENERATOR.NESTED_IN_EXPRESSIONS 42K0E"},
        {"struct(explode(array(1)) AS x)", "analysis-error", "-",
         "UNSUPPORTED_GENERATOR.NESTED_IN_EXPRESSIONS 42K0E"},
        {"explode(1)", "analysis-error", "-", "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE 42K09"},
        {"explode(map(1, 2)) AS k", "analysis-error", "-", "UDTF_ALIAS_NUMBER_MISMATCH 42802"},
        {"1 AS (a, b)", "analysis-error", "-", "MULTI_ALIAS_WITHOUT_GENERATOR 42K0E"},
        {"stack(0, 1)", "analysis-error", "-", "DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE 42K09"},
        {"stack(2, 1, 'a')", "analysis-error", "-",
         "DATATYPE_MISMATCH.STACK_COLUMN_DIFF_TYPES 42K09"},
        {"json_tuple('{}', 1)", "analysis-error", "-", "DATATYPE_MISMATCH.NON_STRING_TYPE 42K09"},
        {"explode(array(1))", "refused", "struct<col:int>",
         "UNSUPPORTED_GENERATOR.OUTSIDE_SELECT 42K0E"});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elements_are_counted_from_one_or_from_the_end),
        cmocka_unit_test(a_value_is_looked_for_past_nulls),
        cmocka_unit_test(an_array_takes_a_value_anywhere),
        cmocka_unit_test(arrays_are_joined_cut_and_turned),
        cmocka_unit_test(sets_tell_numbers_by_their_bits_and_count_null_once),
        cmocka_unit_test(arrays_are_sorted_stably),
        cmocka_unit_test(a_sequence_steps_from_its_start),
        cmocka_unit_test(maps_are_made_and_taken_apart),
        cmocka_unit_test(sums_may_be_of_any_type),
        cmocka_unit_test(runs_of_a_lambda_leave_no_memory_behind),
        cmocka_unit_test(functions_without_a_value_say_which),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
