/* format_number: expected values are Java 17's and a live Spark's. */
#include "core/text/number_pattern.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static char text[1024];

static struct lt_number_pattern parse(const char *pattern)
{
    struct lt_number_pattern result;
    if (lt_number_pattern_parse(pattern, strlen(pattern), &result) != LT_NUMBER_OK)
        fail_msg("no pattern: %s", pattern);
    return result;
}

static struct lt_number_text room(void)
{
    memset(text, 0, sizeof text);
    return (struct lt_number_text){.data = text, .capacity = sizeof text - 1};
}

static void doubles_are_printed_by_their_pattern(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        double number;
        const char *text;
    } cases[] = {
        {"#,###.#", 12345.6789, "12,345.7"},
        {"#,###.#", -0.5, "-0.5"},
        {"#,##0.00;(#)", -1234.5, "(1,234.50)"},
        {"0.00%", 0.125, "12.50%"},
        {"0\u2030", 0.5, "500\u2030"},
        {"##0.##E0", 12345, "12.345E3"},
        {"##0.##E0", 0, "0E0"},
        {"00.0E0", 0.00123, "12.3E-4"},
        {"'#'#", 7, "#7"},
        {"\u00A4\u00A4 0", 3, "USD 3"},
        {"\u00A40", -3, "-$3"},
        {"a''b0", 1, "a'b1"},
        {"0;0", -1, "-1"},
        {"-0;+0", -5, "+5"},
        {"0.###", -0.0004, "-0"},
        {"0.#", 1E22, "10000000000000000000000"},
        {"#.", 5, "5."},
        {".0", .04, ".0"},
        {"#.##", .5, "0.5"},
        {"#", 0, "0"},
        {"#,##,###0", 1234567, "123,4567"},
        {"bad#0.", 1, "bad1."},
        {"", 1234.5, "1,234"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lt_number_pattern pattern = parse(cases[i].pattern);
        size_t size_bytes = lt_number_pattern_write_double(&pattern, cases[i].number, room());
        assert_string_equal(text, cases[i].text);
        assert_int_equal(size_bytes, strlen(cases[i].text));
    }
}

static void expect_double(double number, uint32_t places, const char *expected)
{
    struct lt_number_pattern pattern = lt_number_pattern_places(places);
    assert_int_equal(lt_number_pattern_write_double(&pattern, number, room()), strlen(expected));
    assert_string_equal(text, expected);
}

static void a_half_goes_to_even_only_when_the_double_is_that_half(void **state)
{
    (void)state;
    expect_double(0.125, 2, "0.12");
    expect_double(0.375, 2, "0.38");
    expect_double(0.135, 2, "0.14"); /* a little more than it prints as */
    expect_double(0.35, 1, "0.3");   /* a little less */
    expect_double(0.25, 1, "0.2");
    expect_double(2.5, 0, "2");
    expect_double(3.5, 0, "4");
    expect_double(0.5, 0, "0");
    expect_double(999.95, 1, "1,000.0"); /* 999.9500000000000455 */
    expect_double(9.5, 0, "10");
    expect_double(0x1p-1074, 3, "0.000");
}

static void numbers_of_decimals_have_groups_of_three(void **state)
{
    (void)state;
    expect_double(12345.6789, 2, "12,345.68");
    expect_double(-0.5, 0, "-0");
    expect_double(-0.0, 3, "-0.000");
    expect_double((double)NAN, 2, "NaN");
    expect_double(-(double)INFINITY, 3, "-\u221E");
    expect_double(1e21, 3, "1,000,000,000,000,000,000,000.000");
    struct lt_number_pattern pattern = lt_number_pattern_places(2);
    lt_number_pattern_write_i64(&pattern, INT64_MIN, room());
    assert_string_equal(text, "-9,223,372,036,854,775,808.00");
    lt_number_pattern_write_i64(&pattern, 0, room());
    assert_string_equal(text, "0.00");
    lt_number_pattern_write_decimal(&pattern, (struct lt_decimal){-125, 4}, room());
    assert_string_equal(text, "-0.01");
    lt_number_pattern_write_decimal(&pattern, (struct lt_decimal){-1, 4}, room());
    assert_string_equal(text, "-0.00");
    lt_number_pattern_write_decimal(&pattern, (struct lt_decimal){12345, 3}, room());
    assert_string_equal(text, "12.34");
    lt_number_pattern_write_decimal(&pattern, (struct lt_decimal){12355, 3}, room());
    assert_string_equal(text, "12.36");
}

static void what_does_not_fit_is_counted(void **state)
{
    (void)state;
    struct lt_number_pattern pattern = lt_number_pattern_places(700);
    struct lt_number_text out = {.data = room().data, .capacity = 5};
    struct lt_decimal number = {12345, 1};
    assert_int_equal(lt_number_pattern_write_decimal(&pattern, number, out), 5 + 1 + 700);
    assert_string_equal(text, "1,234");
    /* Of doubles Java prints 340 decimals at most. */
    assert_int_equal(lt_number_pattern_write_double(&pattern, 1.0, out), 1 + 1 + 340);
}

static void patterns_that_java_refuses_are_refused(void **state)
{
    (void)state;
    static const char *const patterns[] = {
        "0#0",   "0.0.0", "#,", "#,.0", "'a#",  "0%%", "%0\u2030",
        "0;0;0", ";0",    "0E", ".E0",  "0.#0", "#0#",
    };
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        struct lt_number_pattern pattern;
        if (lt_number_pattern_parse(patterns[i], strlen(patterns[i]), &pattern) !=
            LT_NUMBER_INVALID)
            fail_msg("%s", patterns[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(doubles_are_printed_by_their_pattern),
        cmocka_unit_test(a_half_goes_to_even_only_when_the_double_is_that_half),
        cmocka_unit_test(numbers_of_decimals_have_groups_of_three),
        cmocka_unit_test(what_does_not_fit_is_counted),
        cmocka_unit_test(patterns_that_java_refuses_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
