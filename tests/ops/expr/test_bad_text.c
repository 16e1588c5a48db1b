/*
 * Strings whose bytes are no UTF-8: functions that Spark computes on Java's strings see U+FFFD,
 * once for half a pair of surrogates; the others see the bytes. Results are a live Spark's.
 */
#include <stdio.h>

#include "tests/ops/expr/columns.h"

static struct columns columns;

static int set_up(void **state)
{
    (void)state;
    columns_init(&columns, "h STRING");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    columns_fini(&columns);
    return 0;
}

/* With `s` for the string of these bytes, in hexadecimal: of a column, and as a constant. */
static void expect_of(const char *bytes, const char *before, const char *after, const char *wanted)
{
    char text[512];
    lt_row_values(columns.row)[0] = lt_value_text(bytes);
    (void)snprintf(text, sizeof text, "hex(CAST(%scast(unhex(h) AS STRING)%s AS BINARY))", before,
                   after);
    columns_expect(&columns, text, wanted);
    (void)snprintf(text, sizeof text, "hex(CAST(%scast(X'%s' AS STRING)%s AS BINARY))", before,
                   bytes, after);
    columns_expect(&columns, text, wanted);
}

static void what_java_computes_sees_a_replacement(void **state)
{
    static const struct {
        const char *before, *after, *wanted;
    } cases[] = {
        {"translate(", ", 'a', 'q')", "71EFBFBD62"},
        {"translate('abc', 'c', substring(", ", 2, 1))", "6162EFBFBD"},
        {"encode(", ", 'UTF-8')", "61EFBFBD62"},
        {"to_binary(", ", 'utf-8')", "61EFBFBD62"},
        {"regexp_replace(", ", 'a', 'q')", "71EFBFBD62"},
        {"regexp_replace(", ", 'no match', 'q')", "61EFBFBD62"},
        {"regexp_replace('-', '-', ", ")", "61EFBFBD62"},
        {"regexp_extract(", ", 'a(.)', 1)", "EFBFBD"},
        {"regexp_substr(", ", '[^a]+')", "EFBFBD62"},
        {"array_join(regexp_extract_all(", ", '(.)', 1), '|')", "617CEFBFBD7C62"},
        {"CAST(regexp_count(", ", '.') AS STRING)", "33"},
        {"CAST(regexp_instr(", ", 'b') AS STRING)", "33"},
        {"CAST(regexp_like(", ", '^...$') AS STRING)", "74727565"},
        {"array_join(split(", ", 'b'), '|')", "61EFBFBD7C"},
        {"array_join(split(", ", '(?=b)'), '|')", "61EFBFBD7C62"},
        {"split_part(", ", 'b', 1)", "61EFBFBD"},
        {"array_join(map_keys(str_to_map(", ")), '|')", "61EFBFBD62"},
        {"format_string('%s', ", ")", "61EFBFBD62"},
        {"format_string('%5s', ", ")", "202061EFBFBD62"},
        {"format_string('%s', array(", "))", "5B61EFBFBD625D"},
        {"format_string(", ")", "61EFBFBD62"},
        {"mask(", ")", "78EFBFBD78"},
        {"quote(", ")", "2761EFBFBD6227"},
        {"array_join(flatten(sentences(", ")), '|')", "617C62"},
        {"get_json_object(concat('{\"a\":\"', ", ", '\"}'), '$.a')", "61EFBFBD62"},
        {"array_join(json_object_keys(concat('{\"', ", ", '\":1}')), '|')", "61EFBFBD62"},
        {"from_csv(", ", 'a STRING').a", "61EFBFBD62"},
        {"to_csv(named_struct('a', ", "))", "61EFBFBD62"},
        {"to_json(array(", "))", "5B2261EFBFBD62225D"},
        {"parse_url(concat('http://h/?a=', ", "), 'QUERY', 'a')", "61EFBFBD62"},
        {"parse_url(concat('http://h/', ", "), 'PATH')", "2F61EFBFBD62"},
        {"date_format(DATE'2020-01-01', concat('\\'', ", ", '\\''))", "61EFBFBD62"},
        {"from_unixtime(0, concat('\\'', ", ", '\\''))", "61EFBFBD62"},
        {"url_encode(", ")", "6125454625424625424462"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect_of("61ff62", cases[i].before, cases[i].after, cases[i].wanted);
}

static void what_spark_computes_sees_the_bytes(void **state)
{
    (void)state;
    expect_of("61ff62", "replace(", ", 'a', 'q')", "71FF62");
    expect_of("61ff62", "lpad(", ", 5, 'z')", "7A7A61FF62");
    expect_of("61ff62", "concat(", ", 'x')", "61FF6278");
    expect_of("61ff62", "trim(BOTH 'a' FROM ", ")", "FF62");
    expect_of("61ff62", "reverse(", ")", "62FF61");
    expect_of("61ff62", "substring_index(", ", 'b', 1)", "61FF");
    expect_of("61ff62", "array_join(split(", ", ''), '|')", "617CFF7C62");
    expect_of("61ff62", "overlay(", " PLACING 'q' FROM 1)", "71FF62");
    expect_of("80", "trim(BOTH CAST(X'80' AS STRING) FROM concat(",
              ", 'x', CAST(X'80' AS STRING)))", "78");
}

static void half_a_pair_is_one_part(void **state)
{
    (void)state;
    expect_of("eda080", "encode(", ", 'UTF-8')", "EFBFBD");
    expect_of("eda080edb080", "regexp_replace(", ", '.', 'q')", "7171");
    expect_of("61eda08062", "translate(", ", 'b', 'c')", "61EFBFBD63");
    expect_of("f09f98", "quote(", ")", "27EFBFBD27");
    expect_of("e0a0", "format_string('%3s|', ", ")", "2020EFBFBD7C");
    expect_of("c080", "regexp_extract(", ", '(.*)', 1)", "EFBFBDEFBFBD");
    expect_of("eda080", "upper(", ")", "EFBFBDEFBFBDEFBFBD");
}

/* A pattern that is no constant is decoded as the text is. */
static void a_text_is_like_itself(void **state)
{
    static const char *const texts[] = {"61ff62", "f09f98", "f8888080", "eda080"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        lt_row_values(columns.row)[0] = lt_value_text(texts[i]);
        columns_expect(&columns, "CAST(unhex(h) AS STRING) LIKE CAST(unhex(h) AS STRING)", "true");
        columns_expect(&columns, "CAST(unhex(h) AS STRING) ILIKE CAST(unhex(h) AS STRING)", "true");
    }
    expect_of("61ff62", "CAST(", " LIKE 'a_b' AS STRING)", "74727565");
}

/* Java counts UTF-16 units in the fields of a format. */
static void a_field_is_as_wide_as_java_has_it(void **state)
{
    (void)state;
    columns_expect(&columns, "format_string('%7s|', 'a😀b')", "   a😀b|");
    columns_expect(&columns, "format_string('%-6s|', 'a😀b')", "a😀b  |");
    columns_expect(&columns, "format_string('%.2s|', 'a😀b')", "a?|");
    columns_expect(&columns, "format_string('%.3s|', 'a😀b')", "a😀|");
    columns_expect(&columns, "format_string('%4.2s|', 'a😀b')", "  a?|");
    columns_expect(&columns, "format_string('%3c|', 128512)", " 😀|");
    columns_expect(&columns, "format_string('%5S|', 'ß')", "   SS|");
}

/* So it does for the place where a replacement begins; a text that ends before it stays as it is.
 */
static void a_replacement_begins_at_a_unit(void **state)
{
    (void)state;
    columns_expect(&columns, "regexp_replace('😀bb', 'b', 'x', 4)", "😀bx");
    columns_expect(&columns, "regexp_replace('😀bb', 'b', 'x', 3)", "😀xx");
    columns_expect(&columns, "regexp_replace('😀1', '.', 'y', 3)", "😀y");
    columns_expect(&columns, "regexp_replace('ab😀1', '^', '-', 3)", "ab-😀1");
    expect_of("61ff62", "regexp_replace(", ", 'b', 'q', 2)", "61EFBFBD71");
    expect_of("61ff62", "regexp_replace(", ", 'a', 'q', 2)", "61EFBFBD62");
    expect_of("eda080", "regexp_replace(", ", '.', 'q', 2)", "EDA080");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_java_computes_sees_a_replacement),
        cmocka_unit_test(what_spark_computes_sees_the_bytes),
        cmocka_unit_test(half_a_pair_is_one_part),
        cmocka_unit_test(a_text_is_like_itself),
        cmocka_unit_test(a_replacement_begins_at_a_unit),
        cmocka_unit_test(a_field_is_as_wide_as_java_has_it),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
