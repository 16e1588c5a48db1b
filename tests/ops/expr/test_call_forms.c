/*
 * Calls in forms of their own: arguments by name, functions that stand for syntax, collations,
 * functions of Spark that are not here.
 */
#include "tests/ops/expr/cases.h"
#include "tests/ops/expr/columns.h"

static void arguments_are_given_by_name_in_any_order(void **state)
{
    (void)state;
    EXPECT(lt_session_default(), {"mask(str => 'Ab1-')", "value", "string", "Xxn-"},
           {"mask('Ab1-', lowerChar => 'q')", "value", "string", "Xqn-"},
           {"mask(DIGITCHAR => NULL, str => 'Ab1-', upperChar => 'Q')", "value", "string", "Qx1-"},
           {"mask('Ab1-', otherChar => 'o')", "value", "string", "Xxno"},
           {"mask(str => NULL)", "null", "string", ""});
}

static void arguments_by_name_are_refused_as_spark_refuses_them(void **state)
{
    (void)state;
#define REFUSED "analysis-error", "-"
    EXPECT(lt_session_default(),
           {"mask(str => 'a', str => 'x')", REFUSED,
            "DUPLICATE_ROUTINE_PARAMETER_ASSIGNMENT.DOUBLE_NAMED_ARGUMENT_REFERENCE 4274K"},
           {"mask('a', str => 'x')", REFUSED,
            "DUPLICATE_ROUTINE_PARAMETER_ASSIGNMENT.BOTH_POSITIONAL_AND_NAMED 4274K"},
           {"mask('a', foo => 'x')", REFUSED, "UNRECOGNIZED_PARAMETER_NAME 4274K"},
           {"mask(lowerChar => 'q')", REFUSED, "REQUIRED_PARAMETER_NOT_FOUND 4274K"},
           {"mask()", REFUSED, "REQUIRED_PARAMETER_NOT_FOUND 4274K"},
           {"mask(upperChar => 'Q', 'a')", REFUSED, "UNEXPECTED_POSITIONAL_ARGUMENT 4274K"},
           {"mask('a', 'b', 'c', 'd', 'e', str => 'f')", REFUSED,
            "WRONG_NUM_ARGS.WITHOUT_SUGGESTION 42605"},
           {"upper(str => 'a')", REFUSED, "NAMED_PARAMETERS_NOT_SUPPORTED 4274K"},
           {"nosuch(a => 1)", REFUSED, "UNRESOLVED_ROUTINE 42883"});
}

static void syntax_is_called_as_a_function(void **state)
{
    (void)state;
    EXPECT(lt_session_default(), {"when(false, 1, false, 2, 3)", "value", "int", "3"},
           {"when(false, 1)", "null", "int", ""}, {"between(2, 0, 2)", "value", "boolean", "true"},
           {"between(NULL, 0, 2)", "null", "boolean", ""},
           {"between(1, 0)", REFUSED, "WRONG_NUM_ARGS.WITHOUT_SUGGESTION 42605"},
           {"int()", REFUSED, "WRONG_NUM_ARGS.WITHOUT_SUGGESTION 42605"},
           {"decimal(1.5, 2)", REFUSED, "WRONG_NUM_ARGS.WITHOUT_SUGGESTION 42605"},
           {"DECIMAL'1'", "parse-error", "-", "UNSUPPORTED_TYPED_LITERAL 0A000"});
}

static void when_is_a_name_where_case_compares(void **state)
{
    (void)state;
    EXPECT(lt_session_default(), {"when(3)", "value", "int", "3"},
           {"when(NULL) + 1", "null", "int", ""},
           {"when()", REFUSED, "COMPLEX_EXPRESSION_UNSUPPORTED_INPUT.NO_INPUTS 42K09"},
           {"CASE when(false, 1, 2) WHEN 2 THEN 'a' END", "value", "string", "a"},
           {"CASE when(3) + 1 WHEN 4 THEN 'a' END", "value", "string", "a"},
           {"CASE when(array(1))[0] WHEN 1 THEN 'a' END", "value", "string", "a"},
           {"CASE when(3) WHEN (2) THEN 'a' WHEN when(3) THEN 'b' END", "value", "string", "b"},
           {"CASE WHEN when(true) THEN 'a' END", "value", "string", "a"},
           {"CASE WHEN 3 = when(3) THEN 'a' END", "value", "string", "a"},
           {"CASE when(true, CASE WHEN true THEN 2 END) WHEN 2 THEN 'a' END", "value", "string",
            "a"},
           {"CASE WHEN CASE WHEN true THEN true END THEN 'a' END", "value", "string", "a"},
           {"CASE WHEN true END", "parse-error", "-", "PARSE_SYNTAX_ERROR 42601"},
           {"CASE WHEN (1 THEN 3 END", "parse-error", "-", "PARSE_SYNTAX_ERROR 42601"});
}

static void words_of_case_are_names_where_an_operand_stands(void **state)
{
    static const struct {
        const char *text, *wanted;
    } cases[] = {
        {"CASE WHEN t.when > 5 THEN 1 ELSE 2 END", "2"},
        {"CASE WHEN t.when > 5 THEN 1 WHEN when = 0 THEN 3 END", "3"},
        {"CASE WHEN when IS NULL THEN 1 ELSE 2 END", "2"},
        {"CASE WHEN b THEN 1 WHEN value:when IS NULL THEN 2 END", "2"},
        {"CASE WHEN value:when::INT > 5 THEN 1 ELSE 2 END", "2"},
        {"CASE WHEN value :when::INT > 5 THEN 1 WHEN value:when::INT < 9 THEN 3 ELSE 2 END", "2"},
        {"CASE WHEN 5 IS DISTINCT FROM when THEN 1 ELSE 2 END", "1"},
        {"CASE WHEN when NOT IN (1, 2) THEN 2 END", "2"},
        {"CASE WHEN when BETWEEN when AND when THEN 2 END", "2"},
        {"CASE WHEN CASE t.end WHEN 0 THEN 1 END = 1 THEN 3 END", "3"},
        {"CASE WHEN CASE t.end WHEN 0 THEN 1 END = t.when THEN 3 ELSE t.end END", "0"},
        {"CASE WHEN CASE t.case WHEN 0 THEN 1 END = 1 THEN 3 END", "3"},
        {"CASE WHEN t.then = 0 THEN 3 END", "3"},
        {"CASE WHEN NOT b THEN t.when WHEN b THEN 1 END", "0"},
        {"CASE WHEN CASE WHEN NOT b THEN end END = 0 THEN 3 END", "3"},
        {"CASE when + when WHEN 0 THEN 4 END", "4"},
        {"CASE when WHEN 0 THEN 2 END", "2"},
        {"CASE when WHEN ~-1 THEN 2 END", "2"},
        {"CASE when WHEN NOT b THEN 2 END", "DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES 42K09"},
        {"CASE when WHEN -5 THEN 2 END",
         "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE 42K09"}, /* when - 5 */
        {"CASE when WHEN WHEN THEN 2 ELSE when END", "2"},
        {"CASE CASE when WHEN 0 THEN 5 END WHEN 5 THEN 1 END", "1"},
        {"CASE WHEN CASE when WHEN 0 THEN 5 END = 5 THEN 1 END", "1"},
        {"CASE WHEN CASE WHEN when = 0 THEN 5 END = 5 THEN 1 END", "1"},
    };
    struct columns columns;
    (void)state;
    columns_init(&columns, "`when` INT, `end` INT, b BOOLEAN, value STRING, "
                           "t STRUCT<`when`: INT, `end`: INT, `case`: INT, `then`: INT>");
    static union lt_value zeros[4];
    static const struct lt_struct structure = {.values = zeros};
    lt_row_values(columns.row)[3] = lt_value_bytes((const uint8_t *)"{}", 2);
    lt_row_values(columns.row)[4].structure = &structure;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        columns_expect(&columns, cases[i].text, cases[i].wanted);
    columns_fini(&columns);
}

static void behind_a_type_without_parts_less_than_compares(void **state)
{
    (void)state;
    EXPECT(lt_session_default(), {"1::INT < 4", "value", "boolean", "true"},
           {"1::BIGINT<2 AND 3>2", "value", "boolean", "true"},
           {"1::INT <> 4", "value", "boolean", "true"},
           {"1::DECIMAL(3,1)<3", "value", "boolean", "true"},
           {"array(1)::ARRAY<INT> < array(2)", "value", "boolean", "true"},
           {"named_struct()::STRUCT<> = named_struct()", "value", "boolean", "true"},
           {"CAST(1 AS INT<3>)", "parse-error", "-", "PARSE_SYNTAX_ERROR 42601"});
}

static void the_one_collation_is_taken_and_others_are_refused(void **state)
{
    (void)state;
    EXPECT(lt_session_default(), {"collate('abc', 'utf8_binary')", "value", "string", "abc"},
           {"collate('abc', 'SYSTEM.BUILTIN.UTF8_BINARY')", "value", "string", "abc"},
           {"'a' COLLATE `UTF8_BINARY` = 'a'", "value", "boolean", "true"},
           {"'A' = 'a' COLLATE UTF8_BINARY", "value", "boolean", "false"},
           {"NULL COLLATE UTF8_BINARY", "null", "string", ""},
           {"CAST('a' AS STRING COLLATE UTF8_BINARY)", "value", "string", "a"},
           {"'a' COLLATE UTF8_LCASE", REFUSED, "UNSUPPORTED_FEATURE 0A000"},
           {"CAST('a' AS STRING COLLATE UNICODE)", REFUSED, "UNSUPPORTED_FEATURE 0A000"},
           {"from_json('{}', 'a STRING COLLATE UNICODE')", REFUSED, "UNSUPPORTED_FEATURE 0A000"},
           {"'a' COLLATE nope", REFUSED, "COLLATION_INVALID_NAME 42704"},
           {"collate('abc', NULL)", REFUSED, "UNEXPECTED_INPUT_TYPE 42K09"},
           {"1 COLLATE UTF8_BINARY", REFUSED, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE 42K09"});
}

static void what_is_not_here_is_refused_by_name(void **state)
{
    (void)state;
    EXPECT(lt_session_default(),
           {"monotonically_increasing_id()", REFUSED, "_LEGACY_ERROR_TEMP_3102 -"},
           {"spark_partition_id()", REFUSED, "UNSUPPORTED_FEATURE 0A000"},
           {"java_method('a', 'b')", REFUSED, "UNSUPPORTED_FEATURE 0A000"},
           {"kll_sketch_merge_double(X'', X'')", REFUSED, "UNSUPPORTED_FEATURE 0A000"},
           {"make_time(1, 2, 3)", REFUSED, "UNSUPPORTED_TIME_TYPE 0A000"},
           {"regexp_replace('abc', '(?<n>b)', '${n}')", REFUSED, "UNSUPPORTED_FEATURE 0A000"},
           {"'$' '{n} ${ } ${'", "value", "string", "${n} ${ } ${"});
}

static void uuids_of_a_seed_are_those_of_spark(void **state)
{
    (void)state;
    EXPECT(lt_session_default(),
           {"uuid(1)", "value", "string", "1ced31d7-59ef-4bbc-aaf6-d506ef49e4d2"},
           {"uuid(7) = uuid(7)", "value", "boolean", "true"},
           {"uuid('a')", REFUSED, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE 42K09"});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arguments_are_given_by_name_in_any_order),
        cmocka_unit_test(arguments_by_name_are_refused_as_spark_refuses_them),
        cmocka_unit_test(syntax_is_called_as_a_function),
        cmocka_unit_test(when_is_a_name_where_case_compares),
        cmocka_unit_test(words_of_case_are_names_where_an_operand_stands),
        cmocka_unit_test(behind_a_type_without_parts_less_than_compares),
        cmocka_unit_test(the_one_collation_is_taken_and_others_are_refused),
        cmocka_unit_test(what_is_not_here_is_refused_by_name),
        cmocka_unit_test(uuids_of_a_seed_are_those_of_spark),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
