/* Number formats of to_char and to_number; expected values are a live Spark's. */
#include "core/text/number_format.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static struct lt_number_format compile(const char *text, struct lt_arena *arena)
{
    struct lt_number_format format;
    struct lt_error error;
    if (lt_number_format_compile(text, strlen(text), arena, &format, &error) != 0)
        fail_msg("%s", error.text);
    return format;
}

static void numbers_are_written_by_their_format(void **state)
{
    (void)state;
    static const struct {
        int64_t unscaled;
        uint32_t scale;
        const char *format, *text;
    } cases[] = {
        {125, 1, "999.9", " 12.5"},
        {125, 1, "S000.00", "+012.50"},
        {125, 1, "$9,999,999.99", "$       12.50"},
        {125, 1, "999999PR", "######  "},
        {125, 1, "99.9MI", "12.5 "},
        {-7, 0, "999.9", "  7.0"},
        {-7, 0, "S000.00", "-007.00"},
        {-7, 0, "999999PR", "     <7>"},
        {-7, 0, "99.9MI", " 7.0-"},
        {1234567, 0, "999.9", "###.#"},
        {1234567, 0, "$9,999,999.99", "$1,234,567.00"},
        {1234567, 0, "99.9MI", "##.# "},
        {0, 0, "999", "   "},
        {0, 0, ".9", ".0"},
        {5, 1, "9.", "# "},
        {0, 0, "9.", "0 "},
        {5, 0, "9.S", "5+ "},
        {5, 0, "S9.", "+5 "},
        {-5, 0, "9.PR", "<5> "},
        {-5, 0, "9.MI", "5- "},
        {12, 0, "S9MI", "+# "},
        {12345, 1, "9g999d9mi", "1,234.5 "},
        {-12345, 1, "99999g999d9s", "    1,234.5-"},
        {12345, 1, "00000G999D99", "00001,234.50"},
        {0, 0, "S9.9", " +.0"},
        {0, 0, "9,999.9", "    0.0"},
        {0, 0, "0,000.0", "0,000.0"},
        {1, 0, "S$999", "+$  1"},
        {-1, 0, "$999S", "$  1-"},
        {-1, 0, "$999PR", "<$  1>"},
        {12, 0, "99999999999999999999999999999999999999999",
         "                                       12"},
    };
    struct lt_arena *arena = lt_arena_create();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lt_number_format format = compile(cases[i].format, arena);
        char text[64];
        struct lt_decimal number = {cases[i].unscaled, cases[i].scale};
        assert_true(format.text_size_max <= sizeof text);
        assert_int_equal(lt_number_format_write(&format, number, text), strlen(cases[i].text));
        assert_string_equal(text, cases[i].text);
    }
    lt_arena_destroy(arena);
}

static void texts_are_read_by_their_format(void **state)
{
    (void)state;
    static const struct {
        const char *text, *format, *number; /* NULL: does not match */
    } cases[] = {
        {"12,345.6", "99,999.9", "12345.6"},
        {"12,345.6", "S99.9", NULL},
        {"-12.5", "99,999.9", NULL},
        {"-12.5", "S99.9", "-12.5"},
        {"$7.80", "$9.99", "7.80"},
        {"abc", "999", NULL},
        {"", "999", NULL},
        {" ", "999", NULL},
        {".", "9.9", NULL},
        {" 12 ", "999", "12"},
        {"1 2", "999", "12"},
        {"12", "000", NULL},
        {"012", "000", "12"},
        {"12.", "99.9", "12.0"},
        {".5", "99.9", "0.5"},
        {"12.34", "99.9", NULL},
        {"<12>", "99PR", "-12"},
        {"<12", "99PR", NULL},
        {"12>", "99PR", NULL},
        {"12", "99PR", "12"},
        {"12-", "99MI", "-12"},
        {"12+", "99MI", NULL},
        {"12+", "99S", "12"},
        {"1,2", "9,99", "12"},
        {"234", "0,000", NULL},
        {"234", "9,000", "234"},
        {"1234", "9,999", NULL},
        {",234", "9,999", "234"},
        {"12,", "99,9", "12"},
        {"-$12", "S$99", "-12"},
        {"12", "$99", NULL},
        {"99999999999999999999999999999999999999", "99999999999999999999999999999999999999",
         "99999999999999999999999999999999999999"},
        {"999999999999999999999999999999999999999", "99999999999999999999999999999999999999", NULL},
    };
    struct lt_arena *arena = lt_arena_create();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lt_number_format format = compile(cases[i].format, arena);
        __int128 number = 0;
        enum lt_number_result result =
            lt_number_format_read(&format, cases[i].text, strlen(cases[i].text), &number);
        if ((result == LT_NUMBER_OK) != (cases[i].number != NULL))
            fail_msg("'%s' by '%s' gives %d", cases[i].text, cases[i].format, result);
        if (result != LT_NUMBER_OK)
            continue;
        char text[LT_NUMBER_DECIMAL_TEXT_SIZE];
        lt_number_format_decimal(number, format.scale, text);
        assert_string_equal(text, cases[i].number);
    }
    lt_arena_destroy(arena);
}

static void a_fraction_without_its_point_is_out_of_range(void **state)
{
    (void)state;
    struct lt_arena *arena = lt_arena_create();
    __int128 number = 7;
    struct lt_number_format format = compile(".99S", arena);
    assert_int_equal(lt_number_format_read(&format, "3", 1, &number), LT_NUMBER_OUT_OF_RANGE);
    format = compile(".99999999999999999999999999999999999999", arena);
    assert_int_equal(
        lt_number_format_read(&format, "99999999999999999999999999999999999999", 38, &number),
        LT_NUMBER_OUT_OF_RANGE);
    assert_true(number == 7);
    lt_arena_destroy(arena);
}

static void a_format_says_the_type_of_its_number(void **state)
{
    (void)state;
    struct lt_arena *arena = lt_arena_create();
    struct lt_number_format format = compile("$99,999.9S", arena);
    assert_int_equal(format.precision, 6);
    assert_int_equal(format.scale, 1);
    format = compile("99999999999999999999999999999999999999999", arena);
    assert_int_equal(format.precision, 41);
    lt_arena_destroy(arena);
}

static void a_format_that_is_none_is_refused_with_its_condition(void **state)
{
    (void)state;
    static const struct {
        const char *format, *condition;
    } cases[] = {
        {"", "INVALID_FORMAT.EMPTY"},
        {"S", "INVALID_FORMAT.WRONG_NUM_DIGIT"},
        {"bad", "INVALID_FORMAT.WRONG_NUM_DIGIT"},
        {"9 9", "INVALID_FORMAT.UNEXPECTED_TOKEN"},
        {"9$9", "INVALID_FORMAT.CUR_MUST_BEFORE_DIGIT"},
        {".$9", "INVALID_FORMAT.CUR_MUST_BEFORE_DEC"},
        {",9", "INVALID_FORMAT.CONT_THOUSANDS_SEPS"},
        {"9,,9", "INVALID_FORMAT.CONT_THOUSANDS_SEPS"},
        {"S,9", "INVALID_FORMAT.CONT_THOUSANDS_SEPS"},
        {"9.9,9", "INVALID_FORMAT.THOUSANDS_SEPS_MUST_BEFORE_DEC"},
        {"9.9.9", "INVALID_FORMAT.WRONG_NUM_TOKEN"},
        {"$.9$", "INVALID_FORMAT.WRONG_NUM_TOKEN"},
        {"9PRPR", "INVALID_FORMAT.WRONG_NUM_TOKEN"},
        {"9PRS", "INVALID_FORMAT.UNEXPECTED_TOKEN"},
        {"PR99", "INVALID_FORMAT.UNEXPECTED_TOKEN"},
        {"9S9", "INVALID_FORMAT.UNEXPECTED_TOKEN"},
    };
    struct lt_arena *arena = lt_arena_create();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lt_number_format format;
        struct lt_error error;
        assert_int_equal(lt_number_format_compile(cases[i].format, strlen(cases[i].format), arena,
                                                  &format, &error),
                         LT_E_ANALYSIS);
        assert_string_equal(error.condition, cases[i].condition);
        assert_string_equal(error.sqlstate, "42601");
    }
    struct lt_number_format format;
    struct lt_error error;
    assert_int_equal(lt_number_format_compile("9$", 2, arena, &format, &error), LT_E_ANALYSIS);
    assert_string_equal(
        error.text, "The format is invalid: '9$'. Currency characters must appear before digits in "
                    "the number format.");
    lt_arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_written_by_their_format),
        cmocka_unit_test(texts_are_read_by_their_format),
        cmocka_unit_test(a_fraction_without_its_point_is_out_of_range),
        cmocka_unit_test(a_format_says_the_type_of_its_number),
        cmocka_unit_test(a_format_that_is_none_is_refused_with_its_condition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
