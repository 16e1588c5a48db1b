/*
 * From text to tree: precedence, literals, names, and errors to the letter.
 */
#include "tests/ops/expr/rows.h"

static void expect_text(const char *text, const char *wanted)
{
    struct lt_arena *arena = lt_arena_create();
    struct lt_expression *expression;
    struct lt_error error;
    if (lt_expr_parse(text, arena, &expression, &error) != LT_OK)
        fail_msg("%s: %s", text, error.text);
    assert_string_equal(lt_expr_text(expression, arena), wanted);
    lt_arena_destroy(arena);
}

static void binds_operators_by_their_precedence(void **state)
{
    (void)state;
    expect_text("1 + 2 * 3 - 4", "((1 + (2 * 3)) - 4)");
    expect_text("a or b and not c = d", "(a OR (b AND (NOT (c = d))))");
    expect_text("a | b & c ^ d", "(a | ((b & c) ^ d))");
    expect_text("a << 1 + 2", "(a << (1 + 2))");
    expect_text("-a.b::int", "(- CAST(a.b AS INT))");
    expect_text("a not between 1 and 2 and b", "((NOT between(a, 1, 2)) AND b)");
    expect_text("(a in (1, 2)) is not null", "((a IN (1, 2)) IS NOT NULL)");
    expect_text("case a when 1 then 'x' else 'y' end", "CASE WHEN (a = 1) THEN x ELSE y END");
    expect_text("value:a.b[0] > 1", "(value:a.b[0] > 1)");
}

static void reads_keywords_as_names_where_they_begin_nothing(void **state)
{
    (void)state;
    expect_text("not", "not");
    expect_text("`a b`.`c``d`", "a b.c`d");
    expect_text("1e", "1e");
    expect_text("1 like", "1 AS like");
}

static void expect_literal(const char *text, const char *wanted)
{
    struct lt_arena *arena = lt_arena_create();
    struct lt_expression *expression;
    struct lt_error error;
    assert_int_equal(lt_expr_parse(text, arena, &expression, &error), LT_OK);
    assert_int_equal(expression->kind, LT_EXPR_LITERAL);
    assert_int_equal(expression->value.bytes.size_bytes, strlen(wanted));
    assert_memory_equal(expression->value.bytes.data, wanted, strlen(wanted));
    lt_arena_destroy(arena);
}

static void undoes_the_escapes_of_strings(void **state)
{
    (void)state;
    expect_literal("'a\\tb\\'c\\\\d\\q'", "a\tb'c\\dq");
    expect_literal("'\\u0041\\U0001F600\\101'", "A\xF0\x9F\x98\x80"
                                                "A");
    expect_literal("'\\uD83D\\uDE00'", "\xF0\x9F\x98\x80");
    expect_literal("'\\uD83Da\\uDE00\\U0000D83D'", "?a??");
    expect_literal("'\\U00110000'", "??");
    expect_literal("'\\%\\_'", "\\%\\_");
    expect_literal("r'a\\n'", "a\\n");
    expect_literal("'it''s' \"x\"", "it'sx");
}

static void expect_error(struct bench *bench, const char *text, const char *condition,
                         const char *sqlstate, const char *wanted)
{
    bench_refused(bench, text);
    assert_string_equal(bench->error.condition, condition);
    assert_string_equal(bench->error.sqlstate, sqlstate);
    assert_string_equal(bench->error.text, wanted);
}

static void points_at_what_is_wrong(void **state)
{
    struct bench bench;
    (void)state;
    bench_init(&bench);
    expect_error(
        &bench, "length(valu) > 8", "UNRESOLVED_COLUMN.WITH_SUGGESTION", "42703",
        "A column, variable, or function parameter with name `valu` cannot be resolved. Did "
        "you mean one of the following? [`value`, `key`, `topic`, `headers`, `offset`].\n"
        "  length(valu) > 8\n"
        "         ^^^^");
    expect_error(&bench, "lenght(value) > 8", "UNRESOLVED_ROUTINE", "42883",
                 "Cannot resolve routine `lenght` on search path [`system`.`builtin`, "
                 "`system`.`session`, `spark_catalog`.`default`]; hint: did you mean \"length\"?\n"
                 "  lenght(value) > 8\n"
                 "  ^^^^^^^^^^^^^");
    expect_error(&bench, "length(value", "PARSE_SYNTAX_ERROR", "42601",
                 "Syntax error at or near end of input; hint: missing ')'\n"
                 "  length(value\n"
                 "              ^");
    expect_error(&bench, "'\xC3\xA9' = = 1", "PARSE_SYNTAX_ERROR", "42601",
                 "Syntax error at or near '='; hint: an expression is missing\n"
                 "  '\xC3\xA9' = = 1\n"
                 "        ^");
    expect_error(&bench, "offset + true", "DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES", "42K09",
                 "Cannot resolve \"(offset + true)\" due to data type mismatch: the left and right "
                 "operands of the binary operator have incompatible types (\"BIGINT\" and "
                 "\"BOOLEAN\").\n"
                 "  offset + true\n"
                 "  ^^^^^^^^^^^^^");
    expect_error(
        &bench, "substring(topic)", "WRONG_NUM_ARGS.WITHOUT_SUGGESTION", "42605",
        "The `substring` requires [2, 3] parameters but the actual number is 1. Please, refer "
        "to 'https://spark.apache.org/docs/latest/sql-ref-functions.html' for a fix; hint: "
        "usage: substring(str, pos[, count])\n"
        "  substring(topic)\n"
        "  ^^^^^^^^^^^^^^^^");
    expect_error(
        &bench, "value.price > 1", "INVALID_EXTRACT_BASE_FIELD_TYPE", "42000",
        "Can't extract a value from \"value\". Need a complex type [STRUCT, ARRAY, MAP] but got "
        "\"BINARY\"; hint: a field of JSON text is written with a colon, as value:name\n"
        "  value.price > 1\n"
        "  ^^^^^^^^^^^");
    expect_error(&bench, "headers[0].vlue", "FIELD_NOT_FOUND", "42704",
                 "No such struct field `vlue` in `key`, `value`.\n"
                 "  headers[0].vlue\n"
                 "  ^^^^^^^^^^^^^^^");
    bench_fini(&bench);
}

static void refuses_a_condition_that_is_none(void **state)
{
    struct bench bench;
    struct lt_expression *expression;
    (void)state;
    bench_init(&bench);
    assert_int_equal(lt_expr_parse("offset", bench.arena, &expression, &bench.error), LT_OK);
    assert_int_equal(lt_expr_analyse_predicate(&expression, "offset", bench.schema, NULL,
                                               bench.arena, &bench.error),
                     LT_E_ANALYSIS);
    assert_string_equal(bench.error.condition, "DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN");
    assert_int_equal(lt_expr_parse("null", bench.arena, &expression, &bench.error), LT_OK);
    assert_int_equal(lt_expr_analyse_predicate(&expression, "null", bench.schema, NULL, bench.arena,
                                               &bench.error),
                     LT_E_ANALYSIS);
    assert_string_equal(bench.error.condition, "DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN");
    bench_fini(&bench);
}

/* As in Spark, where "and" at the end of a text is a name. */
static void passes_over_the_name_of_a_condition(void **state)
{
    struct bench bench;
    (void)state;
    bench_init(&bench);
    assert_int_equal(bench_answer(&bench, "offset > 1 and"), LT_PROGRAM_TRUE);
    assert_int_equal(bench_answer(&bench, "offset < 1 as small"), LT_PROGRAM_FALSE);
    bench_fini(&bench);
}

static void refuses_what_is_nested_too_deep_or_repeats_without_end(void **state)
{
    struct bench bench;
    char text[8192] = "";
    (void)state;
    bench_init(&bench);
    memset(text, '(', 5000);
    text[5000] = '\0';
    bench_refused(&bench, text);
    assert_string_equal(bench.error.condition, "EXPRESSION_TOO_DEEP");
    for (int i = 0; i < 300; i++)
        memcpy(text + 4 * i, "- ( ", 5);
    bench_refused(&bench, text);
    assert_string_equal(bench.error.condition, "EXPRESSION_TOO_DEEP");
    /* Each BETWEEN uses its operand twice: 60 of them would be 2^60 nodes. */
    (void)snprintf(text, sizeof text, "1");
    for (int i = 0; i < 60; i++) {
        char inner[8192];
        memcpy(inner, text, sizeof inner);
        (void)snprintf(text, sizeof text, "(%.8000s between 1 and 2)", inner);
    }
    bench_refused(&bench, text);
    assert_string_equal(bench.error.condition, "EXPRESSION_TOO_DEEP");
    bench_fini(&bench);
}

/* A key is put in for each entry: 2^60 nodes, were it done for all of these maps. */
static void starts_with_keys_that_are_values_of_maps_in_turn(void **state)
{
    struct bench bench;
    char text[8192] = "offset";
    (void)state;
    bench_init(&bench);
    for (int i = 0; i < 60; i++) {
        char inner[8192];
        memcpy(inner, text, sizeof inner);
        (void)snprintf(text, sizeof text, "map(991L, offset, 1L, 2L)[%.8000s]", inner);
    }
    (void)snprintf(text + strlen(text), sizeof text - strlen(text), " = 991");
    assert_int_equal(bench_answer(&bench, text), LT_PROGRAM_TRUE);
    bench_fini(&bench);
}

static void expands_stars_and_names_columns_as_spark_does(void **state)
{
    struct bench bench;
    struct lt_expr_list list;
    const char *text = "* EXCEPT (headers, timestampType), upper(topic), offset + 1 AS next";
    (void)state;
    bench_init(&bench);
    assert_int_equal(lt_expr_parse_list(text, bench.arena, &list, &bench.error), LT_OK);
    assert_int_equal(
        lt_expr_expand_stars(&list, text, bench.schema, NULL, bench.arena, &bench.error), LT_OK);
    assert_int_equal(list.count, 8);
    for (size_t i = 0; i < list.count; i++)
        assert_int_equal(lt_expr_analyse(&list.expressions[i], text, bench.schema, NULL,
                                         bench.arena, &bench.error),
                         LT_OK);
    assert_string_equal(
        lt_type_simple_string(bench.arena,
                              lt_expr_output_schema(list.expressions, list.count, bench.arena)),
        "struct<key:binary,value:binary,topic:string,partition:int,offset:bigint,"
        "timestamp:timestamp,upper(topic):string,next:bigint>");
    bench_fini(&bench);
}

static void tells_which_columns_are_read(void **state)
{
    struct bench bench;
    uint64_t used = 0;
    (void)state;
    bench_init(&bench);
    lt_expr_columns_used(bench_predicate(&bench, "value:a > 1 or topic = 'x' and offset > 1"),
                         &used);
    assert_int_equal(used, 1U << VALUE | 1U << TOPIC | 1U << OFFSET);
    bench_fini(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(binds_operators_by_their_precedence),
        cmocka_unit_test(reads_keywords_as_names_where_they_begin_nothing),
        cmocka_unit_test(undoes_the_escapes_of_strings),
        cmocka_unit_test(points_at_what_is_wrong),
        cmocka_unit_test(refuses_a_condition_that_is_none),
        cmocka_unit_test(passes_over_the_name_of_a_condition),
        cmocka_unit_test(refuses_what_is_nested_too_deep_or_repeats_without_end),
        cmocka_unit_test(starts_with_keys_that_are_values_of_maps_in_turn),
        cmocka_unit_test(expands_stars_and_names_columns_as_spark_does),
        cmocka_unit_test(tells_which_columns_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
