/* Decimals against floats, literals and bases; expected values are a live Spark's. */
#include "core/text/number_decimal.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define SHAPE(p, s) ((struct lt_decimal_shape){(p), (s)})

static void expect_from_double(double number, struct lt_decimal_shape shape, const char *expected)
{
    __int128 out = 0;
    char text[LT_NUMBER_DECIMAL_TEXT_SIZE];
    assert_int_equal(lt_number_decimal_from_double(number, shape, &out), LT_NUMBER_OK);
    lt_number_format_decimal(out, shape.scale, text);
    assert_string_equal(text, expected);
}

static void a_double_becomes_the_decimal_of_its_text(void **state)
{
    (void)state;
    expect_from_double(0.1, SHAPE(38, 38), "0.10000000000000000000000000000000000000");
    expect_from_double(0.0005, SHAPE(6, 3), "0.001");
    expect_from_double(-0.00049, SHAPE(6, 3), "0.000");
    expect_from_double((double)1.0005f, SHAPE(6, 3), "1.000");
    expect_from_double((double)1.1f, SHAPE(10, 8), "1.10000002");
    expect_from_double(1.2345678901234567e37, SHAPE(38, 0),
                       "12345678901234568000000000000000000000");
    expect_from_double(0x1p-1074, SHAPE(38, 38), "0.00000000000000000000000000000000000000");
    __int128 out;
    assert_int_equal(lt_number_decimal_from_double(1e3, SHAPE(6, 3), &out), LT_NUMBER_OUT_OF_RANGE);
    assert_int_equal(lt_number_decimal_from_double(1e300, SHAPE(38, 0), &out),
                     LT_NUMBER_OUT_OF_RANGE);
    assert_int_equal(lt_number_decimal_from_double((double)NAN, SHAPE(6, 3), &out),
                     LT_NUMBER_INVALID);
    assert_int_equal(lt_number_decimal_from_double(-(double)INFINITY, SHAPE(6, 3), &out),
                     LT_NUMBER_INVALID);
}

static void a_decimal_becomes_the_nearest_float(void **state)
{
    (void)state;
    struct lt_decimal large = {lt_decimal_power(37) + 12345, 18};
    assert_true(lt_number_decimal_to_double((struct lt_decimal){12345, 3}) == 12.345);
    assert_true(lt_number_decimal_to_double((struct lt_decimal){-3, 22}) == -3e-22);
    assert_true(lt_number_decimal_to_double((struct lt_decimal){7, 38}) == 7e-38);
    /* Halfway between two doubles, and a little more. */
    assert_true(lt_number_decimal_to_double((struct lt_decimal){((__int128)1 << 53) + 1, 0}) ==
                0x1p53);
    assert_true(lt_number_decimal_to_double((struct lt_decimal){(((__int128)1 << 53) + 1) * 10 + 1,
                                                                1}) == 0x1.0000000000001p53);
    assert_true(lt_number_decimal_to_double(large) == 1e19);
    assert_true(lt_number_decimal_to_float((struct lt_decimal){1, 1}) == 0.1f);
    assert_true(lt_number_decimal_to_float((struct lt_decimal){16777217, 0}) == 16777216.0f);
    /* By way of a double it would be rounded twice. */
    assert_true(lt_number_decimal_to_float((struct lt_decimal){
                    (((__int128)1 << 24) + 1) * 10000000000 + 1, 10}) == 16777218.0f);
}

static void expect_literal(const char *text, unsigned precision, unsigned scale,
                           const char *expected)
{
    __int128 number = 0;
    struct lt_decimal_shape shape;
    char plain[LT_NUMBER_DECIMAL_TEXT_SIZE];
    assert_int_equal(lt_number_parse_decimal_literal(text, strlen(text), &number, &shape),
                     LT_NUMBER_OK);
    assert_int_equal(shape.precision, precision);
    assert_int_equal(shape.scale, scale);
    lt_number_format_decimal(number, shape.scale, plain);
    assert_string_equal(plain, expected);
}

static void expect_no_literal(const char *text, enum lt_number_result expected)
{
    __int128 number;
    struct lt_decimal_shape shape;
    assert_int_equal(lt_number_parse_decimal_literal(text, strlen(text), &number, &shape),
                     expected);
}

static void a_literal_has_the_smallest_type_that_holds_it(void **state)
{
    (void)state;
    expect_literal("1.50", 3, 2, "1.50");
    expect_literal(".5", 1, 1, "0.5");
    expect_literal("1.", 1, 0, "1");
    expect_literal("0.00", 2, 2, "0.00");
    expect_literal("007", 1, 0, "7");
    expect_literal("0.0001", 4, 4, "0.0001");
    expect_literal("1E3", 4, 0, "1000");
    expect_literal("1e+5", 6, 0, "100000");
    expect_literal("0E5", 6, 0, "0");
    expect_literal("1.25e1", 3, 1, "12.5");
    expect_literal("1e-38", 38, 38, "0.00000000000000000000000000000000000001");
    expect_literal("99999999999999999999999999999999999999", 38, 0,
                   "99999999999999999999999999999999999999");
    expect_no_literal("999999999999999999999999999999999999999", LT_NUMBER_OUT_OF_RANGE);
    expect_no_literal("1.23456789012345678901234567890123456789012", LT_NUMBER_OUT_OF_RANGE);
    expect_no_literal("1e-39", LT_NUMBER_OUT_OF_RANGE);
    expect_no_literal("1e99999999999999999999", LT_NUMBER_OUT_OF_RANGE);
    expect_no_literal("", LT_NUMBER_INVALID);
    expect_no_literal(".", LT_NUMBER_INVALID);
    expect_no_literal("1e", LT_NUMBER_INVALID);
    expect_no_literal("1e+", LT_NUMBER_INVALID);
    expect_no_literal("1.2.3", LT_NUMBER_INVALID);
    expect_no_literal("1x", LT_NUMBER_INVALID);
}

static void a_cast_of_text_refuses_what_a_big_decimal_refuses(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum lt_number_result result;
    } cases[] = {
        {"1e0000000000001", LT_NUMBER_OK},
        {"0e100", LT_NUMBER_OUT_OF_RANGE},
        {"1e99999999999", LT_NUMBER_INVALID},
        {"1e-99999999999", LT_NUMBER_INVALID},
        {"1.5e-2147483647", LT_NUMBER_INVALID},
        {"1e-999999999", LT_NUMBER_OUT_OF_RANGE},
        {"1e2147483647", LT_NUMBER_OUT_OF_RANGE},
        {"1e-1000", LT_NUMBER_OK},
        {"0.00000e-5", LT_NUMBER_OK},
        {"1e39", LT_NUMBER_OUT_OF_RANGE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        __int128 out;
        enum lt_number_result result =
            lt_number_parse_decimal(cases[i].text, strlen(cases[i].text), 5, 2, &out);
        if (result != cases[i].result)
            fail_msg("%s gives %d", cases[i].text, result);
    }
}

static void expect_base(const char *text, int from, int to, const char *expected)
{
    char out[LT_NUMBER_BASE_TEXT_SIZE] = "?";
    size_t size_bytes = 0;
    struct lt_number_base base = {from, to};
    assert_int_equal(lt_number_convert_base(text, strlen(text), base, out, &size_bytes),
                     LT_NUMBER_OK);
    assert_string_equal(out, expected);
    assert_int_equal(size_bytes, strlen(expected));
}

static void conv_goes_by_way_of_64_bits(void **state)
{
    (void)state;
    expect_base("ff", 16, 2, "11111111");
    expect_base("ff", 10, 10, "0");
    expect_base("1.5", 16, -16, "1");
    expect_base("aBz", 36, 10, "13391");
    expect_base("  10  ", 10, 16, "A");
    expect_base("\t10", 10, 16, "0");
    expect_base("+5", 10, 16, "0");
    expect_base("-", 10, 16, "0");
    expect_base("-0", 10, -10, "-0");
    expect_base("-10", 16, 10, "18446744073709551600");
    expect_base("-10", 10, -16, "-A");
    expect_base("ffffffffffffffff", 16, -10, "-1");
    expect_base("-ffffffffffffffff", 16, 10, "18446744073709551615");
    expect_base("-ffffffffffffffff", 16, -10, "-1");
    expect_base("8000000000000000", 16, -2,
                "-1000000000000000000000000000000000000000000000000000000000000000");
    expect_base("0000000000000000000000000000000000000000000000000000000000000000000000005", 10, 2,
                "101");
}

static void conv_tells_overflow_and_bases_that_are_none(void **state)
{
    (void)state;
    char out[LT_NUMBER_BASE_TEXT_SIZE];
    size_t size_bytes;
    static const struct lt_number_base none[] = {{1, 10}, {37, 10}, {-10, 10},      {10, 1},
                                                 {10, 0}, {10, 37}, {10, INT32_MIN}};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        assert_int_equal(lt_number_convert_base("1", 1, none[i], out, &size_bytes),
                         LT_NUMBER_INVALID);
    struct lt_number_base base = {10, 10};
    assert_int_equal(lt_number_convert_base("", 0, base, out, &size_bytes), LT_NUMBER_INVALID);
    assert_int_equal(lt_number_convert_base("   ", 3, base, out, &size_bytes), LT_NUMBER_INVALID);
    assert_int_equal(lt_number_convert_base("18446744073709551615", 20, base, out, &size_bytes),
                     LT_NUMBER_OK);
    assert_int_equal(lt_number_convert_base("18446744073709551616", 20, base, out, &size_bytes),
                     LT_NUMBER_OUT_OF_RANGE);
    assert_string_equal(out, "18446744073709551615");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_double_becomes_the_decimal_of_its_text),
        cmocka_unit_test(a_decimal_becomes_the_nearest_float),
        cmocka_unit_test(a_literal_has_the_smallest_type_that_holds_it),
        cmocka_unit_test(a_cast_of_text_refuses_what_a_big_decimal_refuses),
        cmocka_unit_test(conv_goes_by_way_of_64_bits),
        cmocka_unit_test(conv_tells_overflow_and_bases_that_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
