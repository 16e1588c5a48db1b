/* Types: how they are made, found, compared, printed and parsed. */
#include "core/data/type.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "core/base/limits.h"
#include "core/base/text_buffer.h"

static struct lt_arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = lt_arena_create();
    return 0;
}
static int tear_down(void **state)
{
    (void)state;
    lt_arena_destroy(arena);
    return 0;
}

static const struct lt_type *parse(const char *text)
{
    const struct lt_type *type = NULL;
    struct lt_error error;
    assert_int_equal(lt_type_parse(text, arena, &type, &error), 0);
    return type;
}
static const struct lt_type *parse_ddl(const char *text)
{
    const struct lt_type *type = NULL;
    struct lt_error error;
    assert_int_equal(lt_type_parse_ddl(text, arena, &type, &error), 0);
    return type;
}

static void a_type_prints_in_three_notations(void **state)
{
    (void)state;
    const struct lt_type *type =
        parse_ddl("id BIGINT NOT NULL, `x y` STRUCT<a: INT COMMENT 'it\\'s', "
                  "b: ARRAY<DECIMAL(10,2)>>, m MAP<STRING, TINYINT>");
    assert_string_equal(
        lt_type_simple_string(arena, type),
        "struct<id:bigint,x y:struct<a:int,b:array<decimal(10,2)>>,m:map<string,tinyint>>");
    assert_string_equal(lt_type_ddl(arena, type),
                        "id BIGINT NOT NULL,`x y` STRUCT<a: INT COMMENT 'it\\'s', b: "
                        "ARRAY<DECIMAL(10,2)>>,m MAP<STRING, TINYINT>");
    assert_string_equal(
        lt_type_json(arena, type),
        "{\"type\":\"struct\",\"fields\":["
        "{\"name\":\"id\",\"type\":\"long\",\"nullable\":false,\"metadata\":{}},"
        "{\"name\":\"x y\",\"type\":{\"type\":\"struct\",\"fields\":["
        "{\"name\":\"a\",\"type\":\"integer\",\"nullable\":true,\"metadata\":{\"comment\":\"it's\"}"
        "},"
        "{\"name\":\"b\",\"type\":{\"type\":\"array\",\"elementType\":\"decimal(10,2)\","
        "\"containsNull\":true},\"nullable\":true,\"metadata\":{}}]},\"nullable\":true,"
        "\"metadata\":{}},"
        "{\"name\":\"m\",\"type\":{\"type\":\"map\",\"keyType\":\"string\",\"valueType\":\"byte\","
        "\"valueContainsNull\":true},\"nullable\":true,\"metadata\":{}}]}");
    assert_string_equal(lt_type_sql(arena, parse("struct<a:int>")), "STRUCT<a: INT>");
}

static void every_simple_type_reads_back_what_it_prints(void **state)
{
    (void)state;
    for (int kind = 0; kind < LT_TYPE_ARRAY; kind++) {
        if (kind == LT_TYPE_CHAR || kind == LT_TYPE_VARCHAR)
            continue;
        const struct lt_type *type = lt_type_simple((enum lt_type_kind)kind);
        assert_int_equal(type->kind, kind);
        assert_true(lt_type_equal(parse(lt_type_simple_string(arena, type)), type));
        assert_true(lt_type_equal(parse(lt_type_sql(arena, type)), type));
    }
}

static void ddl_that_was_printed_reads_back_as_the_same_type(void **state)
{
    (void)state;
    const char *texts[] = {
        "a CHAR(3),b VARCHAR(10),c TIME(3),d STRING COLLATE UNICODE_CI",
        "a INTERVAL DAY TO MINUTE,b INTERVAL YEAR,c INTERVAL MONTH,d INTERVAL",
        "`` INT,`1a` INT,`a``b` INT,`日本` STRING",
        "a STRUCT<>,b STRUCT<c: STRUCT<d: VOID NOT NULL>>",
        "a INT COMMENT 'x \"y\" \\'z\\''",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const struct lt_type *type = parse_ddl(texts[i]);
        assert_string_equal(lt_type_ddl(arena, type), texts[i]);
    }
}

static void equality_looks_at_kinds_names_and_parameters_only(void **state)
{
    (void)state;
    assert_true(lt_type_equal(parse("struct<a:int>"), parse("struct<a:int not null comment 'c'>")));
    assert_true(lt_type_equal(parse("decimal"), lt_type_decimal(arena, 10, 0)));
    const char *different[] = {"struct<a:int>",
                               "struct<A:int>",
                               "struct<a:int,b:int>",
                               "array<int>",
                               "array<bigint>",
                               "decimal(10,2)",
                               "decimal(11,2)",
                               "char(3)",
                               "varchar(3)",
                               "interval day",
                               "interval day to hour",
                               "time(3)",
                               "string",
                               "string collate UTF8_LCASE",
                               "string collate UNICODE",
                               "map<string,int>"};
    size_t count = sizeof different / sizeof different[0];
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++)
            assert_int_equal(lt_type_equal(parse(different[i]), parse(different[j])), i == j);
    }
}

static void integral_types_know_their_limits(void **state)
{
    (void)state;
    assert_int_equal(lt_type_smallest(lt_type_simple(LT_TYPE_TINYINT)), INT8_MIN);
    assert_int_equal(lt_type_largest(lt_type_simple(LT_TYPE_TINYINT)), INT8_MAX);
    assert_int_equal(lt_type_smallest(lt_type_simple(LT_TYPE_SMALLINT)), INT16_MIN);
    assert_int_equal(lt_type_largest(lt_type_simple(LT_TYPE_SMALLINT)), INT16_MAX);
    assert_int_equal(lt_type_smallest(lt_type_simple(LT_TYPE_INT)), INT32_MIN);
    assert_int_equal(lt_type_largest(lt_type_simple(LT_TYPE_INT)), INT32_MAX);
    assert_int_equal(lt_type_smallest(lt_type_simple(LT_TYPE_BIGINT)), INT64_MIN);
    assert_int_equal(lt_type_largest(lt_type_simple(LT_TYPE_BIGINT)), INT64_MAX);
}

static void fields_are_found_without_regard_to_case(void **state)
{
    (void)state;
    const struct lt_type *schema = parse_ddl("key BINARY, Value BINARY, a INT, A INT");
    assert_int_equal(lt_type_field_index(schema, "KEY"), 0);
    assert_int_equal(lt_type_field_index(schema, "value"), 1);
    assert_int_equal(lt_type_field_index(schema, "a"), -2);
    assert_int_equal(lt_type_field_index(schema, "b"), -1);
}

static void comments_hold_escapes_and_raw_text(void **state)
{
    (void)state;
    const struct lt_type *type = parse_ddl("a INT COMMENT 'l1\\nl2 \\u00e9 \\' ''', b INT COMMENT "
                                           "r'\\n', c INT COMMENT \"d'q\" -- end");
    assert_string_equal(type->fields[0].comment, "l1\nl2 \u00e9 ' '");
    assert_string_equal(type->fields[1].comment, "\\n");
    assert_string_equal(type->fields[2].comment, "d'q");
}

static void any_takes_a_type_or_a_column_list(void **state)
{
    (void)state;
    const struct lt_type *type;
    struct lt_error error;
    assert_int_equal(lt_type_parse_any("ARRAY<INT>", arena, &type, &error), 0);
    assert_int_equal(type->kind, LT_TYPE_ARRAY);
    assert_int_equal(lt_type_parse_any("a INT, b STRING", arena, &type, &error), 0);
    assert_string_equal(lt_type_simple_string(arena, type), "struct<a:int,b:string>");
    assert_int_equal(lt_type_parse_any("a NOPE", arena, &type, &error), LT_E_PARSE);
    assert_string_equal(error.condition, "PARSE_SYNTAX_ERROR");
    assert_null(type);
}

static void refuses(const char *ddl, const char *condition, const char *text)
{
    const struct lt_type *type;
    struct lt_error error;
    assert_true(lt_type_parse_ddl(ddl, arena, &type, &error) < 0);
    assert_null(type);
    assert_string_equal(error.condition, condition);
    assert_string_equal(error.text, text);
}

static void errors_name_the_place_and_the_remedy(void **state)
{
    (void)state;
    refuses("id INT name STRING", "PARSE_SYNTAX_ERROR",
            "Syntax error at or near 'name'; hint: schema \"id INT name STRING\": character 8: "
            "\",\" or "
            "the end is expected");
    refuses(
        "a ARRAY<INT", "PARSE_SYNTAX_ERROR",
        "Syntax error at or near end of input; hint: schema \"a ARRAY<INT\": \">\" is expected");
    refuses("a INTT", "UNSUPPORTED_DATATYPE",
            "Unsupported data type \"INTT\"; hint: did you mean INT?");
    refuses("a INT(11)", "UNSUPPORTED_DATATYPE",
            "Unsupported data type \"INT(11)\"; hint: it does not take these parameters");
    refuses(
        "a MAP", "INCOMPLETE_TYPE_DEFINITION.MAP",
        "Incomplete complex type: The definition of \"MAP\" type is incomplete. You must provide a "
        "key type and a value type. For example: \"MAP<TIMESTAMP, INT>\".");
    refuses("a DECIMAL(39)", "DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION",
            "Decimal precision 39 exceeds max precision 38.");
    refuses("a-b INT", "INVALID_IDENTIFIER",
            "schema \"a-b INT\": character 1: the name that begins with \"a\" has characters other "
            "than letters, "
            "digits and _; hint: put it in back-ticks");
    refuses(" /* nothing */ ", "PARSE_EMPTY_STATEMENT", "schema: the text is empty");
}

static void a_syntax_error_outranks_an_unknown_type(void **state)
{
    (void)state;
    refuses("a NOPE, b", "PARSE_SYNTAX_ERROR",
            "Syntax error at or near end of input; hint: schema \"a NOPE, b\": a type is expected");
}

static void nesting_and_width_are_limited(void **state)
{
    (void)state;
    struct lt_text_buffer text;
    lt_text_init(&text);
    for (int depth = LT_LIMIT_TYPE_DEPTH; depth <= LT_LIMIT_TYPE_DEPTH + 1; depth++) {
        lt_text_clear(&text);
        for (int i = 0; i < depth; i++)
            lt_text_append(&text, "array<");
        lt_text_append(&text, "int");
        for (int i = 0; i < depth; i++)
            lt_text_append_char(&text, '>');
        const struct lt_type *type;
        struct lt_error error;
        int expected = depth > LT_LIMIT_TYPE_DEPTH ? LT_E_LIMIT : 0;
        assert_int_equal(lt_type_parse(lt_text_get(&text), arena, &type, &error), expected);
    }
    lt_text_clear(&text);
    for (int i = 0; i <= LT_LIMIT_COLUMNS; i++)
        lt_text_format(&text, "%sc%d int", i != 0 ? "," : "", i);
    const struct lt_type *type;
    struct lt_error error;
    assert_int_equal(lt_type_parse_ddl(lt_text_get(&text), arena, &type, &error), LT_E_LIMIT);
    lt_text_fini(&text);
}

static void what_has_a_map_in_it_has_no_order_and_is_no_key(void **state)
{
    static const struct {
        const char *text;
        bool is_ordered, is_key;
    } cases[] = {
        {"int", true, true},
        {"array<struct<a: string, b: date>>", true, true},
        {"map<int, int>", false, false},
        {"struct<a: int, b: array<map<int, int>>>", false, false},
        {"struct<a: interval>", false, true},
        {"array<variant>", false, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct lt_type *type = parse(cases[i].text);
        assert_int_equal(lt_type_is_ordered(type), cases[i].is_ordered);
        assert_int_equal(lt_type_is_key(type), cases[i].is_key);
    }
    const struct lt_type *nested = parse("array<struct<a: string, b: map<date, int>>>");
    assert_true(lt_type_has_kind(nested, LT_TYPE_ARRAY));
    assert_true(lt_type_has_kind(nested, LT_TYPE_DATE));
    assert_false(lt_type_has_kind(nested, LT_TYPE_TIMESTAMP));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_type_prints_in_three_notations),
        cmocka_unit_test(every_simple_type_reads_back_what_it_prints),
        cmocka_unit_test(ddl_that_was_printed_reads_back_as_the_same_type),
        cmocka_unit_test(equality_looks_at_kinds_names_and_parameters_only),
        cmocka_unit_test(integral_types_know_their_limits),
        cmocka_unit_test(fields_are_found_without_regard_to_case),
        cmocka_unit_test(comments_hold_escapes_and_raw_text),
        cmocka_unit_test(any_takes_a_type_or_a_column_list),
        cmocka_unit_test(errors_name_the_place_and_the_remedy),
        cmocka_unit_test(a_syntax_error_outranks_an_unknown_type),
        cmocka_unit_test(nesting_and_width_are_limited),
        cmocka_unit_test(what_has_a_map_in_it_has_no_order_and_is_no_key),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
