/* Numbers as text: what Java 17 prints, what Java and Spark parse. */
#include "core/text/number.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* Made with OpenJDK 17; some are not the shortest, which is the point. */
static const struct {
    double number;
    const char *text;
} doubles[] = {
    {0x0.0p0, "0.0"},
    {-0x0.0p0, "-0.0"},
    {0x1.0p0, "1.0"},
    {-0x1.8p0, "-1.5"},
    {0x1.9p6, "100.0"},
    {0x1.0624dd2f1a9fcp-10, "0.001"},
    {0x1.05e1c15097c81p-10, "9.99E-4"},
    {0x1.312cfep23, "9999999.0"},
    {0x1.312dp23, "1.0E7"},
    {0x1.78c29cp23, "1.2345678E7"},
    {0x1.b69b4ba630f35p56, "1.2345678901234568E17"},
    {0x1.2a05f2p33, "1.0E10"},
    {0x1.5af1d78b58c4p66, "1.0E20"},
    {0x1.0f0cf064dd592p73, "1.0E22"},
    {0x1.52d02c7e14af6p76, "9.999999999999999E22"},
    {0x1.52d02c7e14af6p77, "1.9999999999999998E23"},
    {0x1.52d02c7e14af6p76, "9.999999999999999E22"},
    {0x1.fffffffffffffp1023, "1.7976931348623157E308"},
    {0x1.0p-1022, "2.2250738585072014E-308"},
    {0x0.0000000000001p-1022, "4.9E-324"},
    {0x0.0000000000002p-1022, "1.0E-323"},
    {0x1.0p-44, "5.6843418860808015E-14"},
    {0x1.0p60, "1.15292150460684698E18"},
    {0x1.fffffe5280d65p62, "9.2233715756861737E18"},
    {0x1.0p53, "9.007199254740992E15"},
    {0x1.3333333333334p-2, "0.30000000000000004"},
    {0x1.5555555555555p-2, "0.3333333333333333"},
    {0x1.5555555555555p-1, "0.6666666666666666"},
    {0x1.4f8b588e368f1p-17, "1.0E-5"},
    {0x1.9cb8320b1507p-17, "1.23E-5"},
    {0x0.0000000000003p-1022, "1.5E-323"},
    {0x1.c7e83209e90b2p72, "8.409999999999999E21"},
    {0x1.0624dd2f1a9fcp-9, "0.002"},
    {0x1.e3c8fd606ea4dp-34, "1.1E-10"},
    {0x0.0000000002788p-1022, "5.0E-320"},
};
static const struct {
    float number;
    const char *text;
} floats[] = {
    {0x1.99999ap-4f, "0.1"},           {0x1.333334p-2f, "0.3"},
    {0x1.0624dep-9f, "0.002"},         {0x1.9p6f, "100.0"},
    {0x1.0p25f, "3.3554432E7"},        {0x1.0p24f, "1.6777216E7"},
    {0x1.fffffep127f, "3.4028235E38"}, {0x1.0p-149f, "1.4E-45"},
    {0x1.0p83f, "9.6714065E24"},       {-0x1.f02faep85f, "-7.4981545E25"},
    {0x1.2a05f2p33f, "1.0E10"},        {0x1.0p-126f, "1.17549435E-38"},
    {0x1.0p63f, "9.223372E18"},        {0x1.dcd65p32f, "8.0E9"},
    {0x1.4f8b58p-17f, "1.0E-5"},
};

static void doubles_print_as_java_prints_them(void **state)
{
    (void)state;
    char text[LT_NUMBER_TEXT_SIZE];
    for (size_t i = 0; i < sizeof doubles / sizeof doubles[0]; i++) {
        assert_int_equal(lt_number_format_double(doubles[i].number, text), strlen(doubles[i].text));
        assert_string_equal(text, doubles[i].text);
    }
    lt_number_format_double((double)NAN, text);
    assert_string_equal(text, "NaN");
    lt_number_format_double(-(double)INFINITY, text);
    assert_string_equal(text, "-Infinity");
}

static void floats_print_as_java_prints_them(void **state)
{
    (void)state;
    char text[LT_NUMBER_TEXT_SIZE];
    for (size_t i = 0; i < sizeof floats / sizeof floats[0]; i++) {
        assert_int_equal(lt_number_format_float(floats[i].number, text), strlen(floats[i].text));
        assert_string_equal(text, floats[i].text);
    }
}

/* xorshift, so that a failure comes again. */
static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static void every_number_parses_back_to_itself(void **state)
{
    (void)state;
    uint64_t seed = 88172645463325252u;
    char text[LT_NUMBER_TEXT_SIZE];
    for (int i = 0; i < 200000; i++) {
        uint64_t bits = next_random(&seed);
        double number, parsed;
        memcpy(&number, &bits, sizeof number);
        if (isfinite(number)) {
            size_t size_bytes = lt_number_format_double(number, text);
            assert_int_equal(lt_number_parse_double(text, size_bytes, &parsed), LT_NUMBER_OK);
            assert_memory_equal(&number, &parsed, sizeof number);
        }
        float narrow, parsed_narrow;
        uint32_t low = (uint32_t)(bits >> 20);
        memcpy(&narrow, &low, sizeof narrow);
        if (isfinite(narrow) &&
            fabsf(narrow) < 1e24F) { /* beyond, Java's own text may miss by one */
            size_t size_bytes = lt_number_format_float(narrow, text);
            assert_int_equal(lt_number_parse_float(text, size_bytes, &parsed_narrow), LT_NUMBER_OK);
            assert_memory_equal(&narrow, &parsed_narrow, sizeof narrow);
        }
        int64_t whole;
        size_t size_bytes = lt_number_format_i64((int64_t)bits, text);
        assert_int_equal(lt_number_parse_i64(text, size_bytes, INT64_MIN, INT64_MAX, &whole),
                         LT_NUMBER_OK);
        assert_int_equal(whole, (int64_t)bits);
    }
}

static void integers_follow_the_rules_of_a_cast(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum lt_number_result result;
        int64_t number;
    } cases[] = {
        {"0", LT_NUMBER_OK, 0},
        {"-0", LT_NUMBER_OK, 0},
        {"+5", LT_NUMBER_OK, 5},
        {"  12  ", LT_NUMBER_OK, 12},
        {"\t7\n\x01\x7f", LT_NUMBER_OK, 7},
        {"007", LT_NUMBER_OK, 7},
        {"2147483647", LT_NUMBER_OK, 2147483647},
        {"-2147483648", LT_NUMBER_OK, INT32_MIN},
        {"2147483648", LT_NUMBER_OUT_OF_RANGE, 0},
        {"-2147483649", LT_NUMBER_OUT_OF_RANGE, 0},
        {"99999999999999999999", LT_NUMBER_OUT_OF_RANGE, 0},
        {"99999999999999999999x", LT_NUMBER_INVALID, 0},
        {"", LT_NUMBER_INVALID, 0},
        {" ", LT_NUMBER_INVALID, 0},
        {"+", LT_NUMBER_INVALID, 0},
        {"--1", LT_NUMBER_INVALID, 0},
        {"1.5", LT_NUMBER_INVALID, 0},
        {"1e3", LT_NUMBER_INVALID, 0},
        {"12 3", LT_NUMBER_INVALID, 0},
        {"0x1F", LT_NUMBER_INVALID, 0},
        {"\xef\xbc\x91", LT_NUMBER_INVALID, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t number = 0;
        assert_int_equal(lt_number_parse_i64(cases[i].text, strlen(cases[i].text), INT32_MIN,
                                             INT32_MAX, &number),
                         cases[i].result);
        assert_int_equal(number, cases[i].number);
    }
}

static void only_the_bytes_given_are_read(void **state)
{
    (void)state;
    int64_t whole;
    double number;
    assert_int_equal(lt_number_parse_i64("1234", 2, 0, 100, &whole), LT_NUMBER_OK);
    assert_int_equal(whole, 12);
    char *tight = malloc(3);
    memcpy(tight, "1e5", 3);
    assert_int_equal(lt_number_parse_double(tight, 3, &number), LT_NUMBER_OK);
    assert_true(number == 1e5);
    assert_int_equal(lt_number_parse_double(tight, 2, &number), LT_NUMBER_INVALID);
    free(tight);
}

static void doubles_parse_as_java_parses_them(void **state)
{
    (void)state;
    static const struct {
        const char *text, *printed; /* NULL: invalid */
    } cases[] = {
        {"1.5", "1.5"},
        {".5", "0.5"},
        {"5.", "5.0"},
        {"-1e-3", "-0.001"},
        {"1e400", "Infinity"},
        {"-1e400", "-Infinity"},
        {"1e-400", "0.0"},
        {"-1e-400", "-0.0"},
        {"0e999999999999", "0.0"},
        {"1e99999999999999999999", "Infinity"},
        {"0.00000000000000000000001e-99999999999999999999", "0.0"},
        {"NaN", "NaN"},
        {"nan", "NaN"},
        {"INF", "Infinity"},
        {"-inf", "-Infinity"},
        {"+Infinity", "Infinity"},
        {"1d", "1.0"},
        {"1.0f", "1.0"},
        {"1e5D", "100000.0"},
        {"0x1p3", "8.0"},
        {"-0X.8P1d", "-1.0"},
        {"0x1.fffffffffffff8p1023", "Infinity"},
        {"0x1.00000000000008p0", "1.0"},
        {"0x1.000000000000080000000000000001p0", "1.0000000000000002"},
        {" 2.50 ", "2.5"},
        {"123456789012345678901234567890", "1.2345678901234568E29"},
        {"4.9E-324", "4.9E-324"},
        {"2.4703282292062327208e-324", "0.0"},
        {"2.4703282292062328e-324", "4.9E-324"},
        {"", NULL},
        {".", NULL},
        {"e5", NULL},
        {"1e", NULL},
        {"1dd", NULL},
        {"1,000", NULL},
        {"1_0", NULL},
        {"0x1", NULL},
        {"0xp3", NULL},
        {"infinit", NULL},
        {"1 2", NULL},
        {"+-1", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double number;
        enum lt_number_result result =
            lt_number_parse_double(cases[i].text, strlen(cases[i].text), &number);
        assert_int_equal(result, cases[i].printed != NULL ? LT_NUMBER_OK : LT_NUMBER_INVALID);
        if (cases[i].printed == NULL)
            continue;
        char text[LT_NUMBER_TEXT_SIZE];
        lt_number_format_double(number, text);
        assert_string_equal(text, cases[i].printed);
    }
}

static void floats_are_rounded_once(void **state)
{
    (void)state;
    float number;
    /* Rounded to a double first it would be a tie and go to even. */
    assert_int_equal(lt_number_parse_float("1.00000005960464477540", 22, &number), LT_NUMBER_OK);
    assert_true(number == 0x1.000002p0F);
    assert_int_equal(lt_number_parse_float("3.5e38", 6, &number), LT_NUMBER_OK);
    assert_true(isinf(number));
    assert_int_equal(lt_number_parse_float("1e-46", 5, &number), LT_NUMBER_OK);
    assert_true(number == 0);
}

static void decimals_are_rounded_half_up_and_bounded(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t precision, scale;
        enum lt_number_result result;
        const char *printed;
    } cases[] = {
        {"1.005", 5, 2, LT_NUMBER_OK, "1.01"},
        {"1.004", 5, 2, LT_NUMBER_OK, "1.00"},
        {"-1.005", 5, 2, LT_NUMBER_OK, "-1.01"},
        {"999.99", 5, 2, LT_NUMBER_OK, "999.99"},
        {"999.995", 5, 2, LT_NUMBER_OUT_OF_RANGE, ""},
        {"1000", 5, 2, LT_NUMBER_OUT_OF_RANGE, ""},
        {"1e2", 5, 2, LT_NUMBER_OK, "100.00"},
        {"1E-3", 5, 2, LT_NUMBER_OK, "0.00"},
        {"5e-3", 5, 2, LT_NUMBER_OK, "0.01"},
        {"4e-3", 5, 2, LT_NUMBER_OK, "0.00"},
        {"  7.1 ", 5, 2, LT_NUMBER_OK, "7.10"},
        {"-0.00", 5, 2, LT_NUMBER_OK, "0.00"},
        {"0e99999999999", 5, 2, LT_NUMBER_INVALID, ""},
        {"1e99999999999", 5, 2, LT_NUMBER_INVALID, ""},
        {"000000000000000000000000000000000000000000001", 5, 2, LT_NUMBER_OK, "1.00"},
        {"12345678901234567890.123456789012345678", 38, 18, LT_NUMBER_OK,
         "12345678901234567890.123456789012345678"},
        {"99999999999999999999999999999999999999", 38, 0, LT_NUMBER_OK,
         "99999999999999999999999999999999999999"},
        {"99999999999999999999999999999999999999.5", 38, 0, LT_NUMBER_OUT_OF_RANGE, ""},
        {"0", 0, 0, LT_NUMBER_OK, "0"},
        {"NaN", 5, 2, LT_NUMBER_INVALID, ""},
        {"12.3.4", 5, 2, LT_NUMBER_INVALID, ""},
        {"1d", 5, 2, LT_NUMBER_INVALID, ""},
        {"", 5, 2, LT_NUMBER_INVALID, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        __int128 number;
        assert_int_equal(lt_number_parse_decimal(cases[i].text, strlen(cases[i].text),
                                                 cases[i].precision, cases[i].scale, &number),
                         cases[i].result);
        if (cases[i].result != LT_NUMBER_OK)
            continue;
        char text[LT_NUMBER_DECIMAL_TEXT_SIZE];
        assert_int_equal(lt_number_format_decimal(number, cases[i].scale, text),
                         strlen(cases[i].printed));
        assert_string_equal(text, cases[i].printed);
    }
}

static void the_extremes_of_integers_and_decimals_print(void **state)
{
    (void)state;
    char text[LT_NUMBER_TEXT_SIZE], decimal[LT_NUMBER_DECIMAL_TEXT_SIZE];
    lt_number_format_i64(INT64_MIN, text);
    assert_string_equal(text, "-9223372036854775808");
    lt_number_format_decimal(-1, 38, decimal);
    assert_string_equal(decimal, "-0.00000000000000000000000000000000000001");
    __int128 least = (__int128)((unsigned __int128)1 << 127);
    lt_number_format_decimal(least, 0, decimal);
    assert_string_equal(decimal, "-170141183460469231731687303715884105728");
}

static void java_prints_small_decimals_with_an_exponent(void **state)
{
    (void)state;
    static const struct {
        int64_t unscaled;
        uint32_t scale;
        const char *text;
    } cases[] = {
        {1, 6, "0.000001"},  {1, 7, "1E-7"},
        {-15, 8, "-1.5E-7"}, {500, 9, "5.00E-7"},
        {0, 6, "0.000000"},  {0, 8, "0E-8"},
        {-12, 0, "-12"},     {12345678, 13, "0.0000012345678"},
        {1, 38, "1E-38"},    {123, 2, "1.23"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[LT_NUMBER_DECIMAL_TEXT_SIZE];
        assert_int_equal(lt_number_format_decimal_java(cases[i].unscaled, cases[i].scale, text),
                         strlen(cases[i].text));
        assert_string_equal(text, cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(doubles_print_as_java_prints_them),
        cmocka_unit_test(floats_print_as_java_prints_them),
        cmocka_unit_test(every_number_parses_back_to_itself),
        cmocka_unit_test(integers_follow_the_rules_of_a_cast),
        cmocka_unit_test(only_the_bytes_given_are_read),
        cmocka_unit_test(doubles_parse_as_java_parses_them),
        cmocka_unit_test(floats_are_rounded_once),
        cmocka_unit_test(decimals_are_rounded_half_up_and_bounded),
        cmocka_unit_test(the_extremes_of_integers_and_decimals_print),
        cmocka_unit_test(java_prints_small_decimals_with_an_exponent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
