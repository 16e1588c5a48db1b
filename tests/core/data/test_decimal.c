/* Decimals: shapes of results, and arithmetic against one written digit by digit. */
#include "core/data/decimal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

enum { DIGITS = 240, ROUNDS = 60000 };

static const uint64_t seed = 0x9E3779B97F4A7C15u;
static uint64_t state;

static uint64_t draw(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

/* The oracle: digits, lowest first. */
struct number {
    uint8_t digits[DIGITS];
};

static struct number number_from(__int128 value)
{
    struct number number = {{0}};
    unsigned __int128 rest = lt_decimal_magnitude(value);
    for (int i = 0; rest != 0; i++, rest /= 10)
        number.digits[i] = (uint8_t)(rest % 10);
    return number;
}

static struct number shift_left(struct number a, int places)
{
    struct number result = {{0}};
    for (int i = 0; i + places < DIGITS; i++)
        result.digits[i + places] = a.digits[i];
    return result;
}

static int number_compare(const struct number *a, const struct number *b)
{
    for (int i = DIGITS - 1; i >= 0; i--)
        if (a->digits[i] != b->digits[i])
            return a->digits[i] < b->digits[i] ? -1 : 1;
    return 0;
}

static struct number number_add(struct number a, const struct number *b)
{
    int carry = 0;
    for (int i = 0; i < DIGITS; i++) {
        int sum = a.digits[i] + b->digits[i] + carry;
        a.digits[i] = (uint8_t)(sum % 10);
        carry = sum / 10;
    }
    return a;
}

static struct number number_subtract(struct number a, const struct number *b)
{
    int borrow = 0;
    for (int i = 0; i < DIGITS; i++) {
        int difference = a.digits[i] - b->digits[i] - borrow + 10;
        a.digits[i] = (uint8_t)(difference % 10);
        borrow = difference < 10;
    }
    return a;
}

static struct number number_multiply(const struct number *a, const struct number *b)
{
    struct number result = {{0}};
    for (int i = 0; i < DIGITS / 2; i++)
        for (int times = 0; times < b->digits[i]; times++) {
            struct number shifted = shift_left(*a, i);
            result = number_add(result, &shifted);
        }
    return result;
}

static struct number number_divide(struct number a, const struct number *b, struct number *rest)
{
    struct number quotient = {{0}};
    for (int i = DIGITS / 2 - 1; i >= 0; i--) {
        struct number shifted = shift_left(*b, i);
        for (; number_compare(&a, &shifted) >= 0; quotient.digits[i]++)
            a = number_subtract(a, &shifted);
    }
    *rest = a;
    return quotient;
}

/* Takes places off, half up. */
static struct number round_off(struct number a, int places)
{
    struct number result = {{0}}, one = number_from(1);
    for (int i = places; i < DIGITS; i++)
        result.digits[i - places] = a.digits[i];
    return places > 0 && a.digits[places - 1] >= 5 ? number_add(result, &one) : result;
}

static void expect_is(struct number expected, bool is_negative, uint32_t precision,
                      enum lt_decimal_result result, __int128 actual)
{
    bool fits = true;
    __int128 value = 0;
    for (int i = DIGITS - 1; i >= (int)precision; i--)
        fits = fits && expected.digits[i] == 0;
    for (int i = (int)precision - 1; i >= 0; i--)
        value = value * 10 + expected.digits[i];
    if (fits != (result == LT_DECIMAL_OK))
        fail_msg("fits %d, result %d; seed %llx", fits, result, (unsigned long long)seed);
    if (fits && (is_negative ? -value : value) != actual)
        fail_msg("wrong value; seed %llx", (unsigned long long)seed);
}

static struct lt_decimal_shape draw_shape(void)
{
    uint8_t precision = (uint8_t)(1 + draw() % LT_DECIMAL_PRECISION_MAX);
    if (draw() % 3 == 0)
        precision = LT_DECIMAL_PRECISION_MAX;
    return (struct lt_decimal_shape){precision, (uint8_t)(draw() % (precision + 1u))};
}

/* Any size up to the precision; often of nines, or a one and zeros, where carries happen. */
static struct lt_decimal draw_decimal(struct lt_decimal_shape shape)
{
    __int128 limit = lt_decimal_power((uint32_t)(draw() % (shape.precision + 1u)));
    __int128 value =
        (__int128)(((unsigned __int128)draw() << 63 | draw() >> 1) % (unsigned __int128)limit);
    if (draw() % 4 == 0)
        value = limit - 1;
    else if (draw() % 8 == 0)
        value = limit / 10;
    return (struct lt_decimal){draw() % 2 ? -value : value, shape.scale};
}

static uint32_t larger(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

static struct number scaled(struct lt_decimal a, uint32_t scale)
{
    return shift_left(number_from(a.unscaled), (int)(scale - a.scale));
}

static void sums_agree_with_sums_of_digits(void **unused)
{
    (void)unused;
    state = seed;
    for (int i = 0; i < ROUNDS; i++) {
        struct lt_decimal_shape sa = draw_shape(), sb = draw_shape();
        struct lt_decimal_shape shape = lt_decimal_shape_add(sa, sb);
        struct lt_decimal a = draw_decimal(sa), b = draw_decimal(sb);
        uint32_t scale = larger(a.scale, b.scale);
        struct number x = scaled(a, scale), y = scaled(b, scale);
        int order = number_compare(&x, &y);
        bool is_negative = order >= 0 ? a.unscaled < 0 : b.unscaled < 0;
        struct number sum = (a.unscaled < 0) == (b.unscaled < 0) ? number_add(x, &y)
                            : order >= 0                         ? number_subtract(x, &y)
                                                                 : number_subtract(y, &x);
        __int128 out = 0;
        enum lt_decimal_result result = lt_decimal_add(a, b, shape, &out);
        expect_is(round_off(sum, (int)scale - shape.scale), is_negative, shape.precision, result,
                  out);
        b.unscaled = -b.unscaled;
        __int128 other = 0;
        assert_int_equal(lt_decimal_subtract(a, b, shape, &other), result);
        assert_true(out == other);
    }
}

static void products_agree_with_products_of_digits(void **unused)
{
    (void)unused;
    state = seed;
    for (int i = 0; i < ROUNDS / 20; i++) {
        struct lt_decimal_shape sa = draw_shape(), sb = draw_shape();
        struct lt_decimal_shape shape = lt_decimal_shape_multiply(sa, sb);
        struct lt_decimal a = draw_decimal(sa), b = draw_decimal(sb);
        struct number x = number_from(a.unscaled), y = number_from(b.unscaled);
        __int128 out = 0;
        enum lt_decimal_result result = lt_decimal_multiply(a, b, shape, &out);
        expect_is(round_off(number_multiply(&x, &y), (int)(a.scale + b.scale) - shape.scale),
                  (a.unscaled < 0) != (b.unscaled < 0), shape.precision, result, out);
    }
}

static void quotients_agree_with_quotients_of_digits(void **unused)
{
    (void)unused;
    state = seed;
    for (int i = 0; i < ROUNDS / 20; i++) {
        struct lt_decimal_shape sa = draw_shape(), sb = draw_shape();
        struct lt_decimal_shape shape = lt_decimal_shape_divide(sa, sb);
        struct lt_decimal a = draw_decimal(sa), b = draw_decimal(sb);
        if (b.unscaled == 0)
            continue;
        /* One digit more than is wanted decides the rounding. */
        struct number x = scaled(a, shape.scale + b.scale + 1), y = number_from(b.unscaled), rest;
        struct number quotient = number_divide(x, &y, &rest);
        __int128 out = 0;
        enum lt_decimal_result result = lt_decimal_divide(a, b, shape, &out);
        expect_is(round_off(quotient, 1), (a.unscaled < 0) != (b.unscaled < 0), shape.precision,
                  result, out);
    }
}

static void remainders_and_div_agree_with_digits(void **unused)
{
    (void)unused;
    state = seed;
    for (int i = 0; i < ROUNDS / 20; i++) {
        struct lt_decimal_shape sa = draw_shape(), sb = draw_shape();
        struct lt_decimal a = draw_decimal(sa), b = draw_decimal(sb);
        if (b.unscaled == 0)
            continue;
        uint32_t scale = larger(a.scale, b.scale);
        struct number x = scaled(a, scale), y = scaled(b, scale), rest;
        struct number quotient = number_divide(x, &y, &rest);
        struct lt_decimal_shape shape = lt_decimal_shape_remainder(sa, sb);
        __int128 out = 0;
        enum lt_decimal_result result = lt_decimal_remainder(a, b, shape, &out);
        bool is_short = true;
        for (int digit = 39; digit < DIGITS; digit++)
            is_short = is_short && quotient.digits[digit] == 0;
        if (is_short || result == LT_DECIMAL_OK)
            expect_is(rest, a.unscaled < 0, shape.precision, result, out);
        int64_t whole = 0;
        shape = lt_decimal_shape_div(sa, sb);
        result = lt_decimal_div(a, b, shape, &whole);
        if (result == LT_DECIMAL_OK && lt_decimal_fits(whole, 18) && is_short) {
            bool is_small = true;
            for (int digit = 18; digit < DIGITS; digit++)
                is_small = is_small && quotient.digits[digit] == 0;
            if (is_small)
                expect_is(quotient, (a.unscaled < 0) != (b.unscaled < 0), shape.precision, result,
                          whole);
        }
    }
}

#define SHAPE(p, s) ((struct lt_decimal_shape){(p), (s)})
#define EXPECT_SHAPE(call, p, s)                                                                   \
    do {                                                                                           \
        struct lt_decimal_shape shape = (call);                                                    \
        assert_int_equal(shape.precision, (p));                                                    \
        assert_int_equal(shape.scale, (s));                                                        \
    } while (0)

static void shapes_of_results_are_sparks(void **unused)
{
    (void)unused;
    EXPECT_SHAPE(lt_decimal_shape_add(SHAPE(3, 0), SHAPE(3, 2)), 6, 2);
    EXPECT_SHAPE(lt_decimal_shape_add(SHAPE(38, 10), SHAPE(38, 0)), 38, 6);
    EXPECT_SHAPE(lt_decimal_shape_add(SHAPE(38, 10), SHAPE(20, 10)), 38, 9);
    EXPECT_SHAPE(lt_decimal_shape_add(SHAPE(1, 1), SHAPE(38, 0)), 38, 1);
    EXPECT_SHAPE(lt_decimal_shape_multiply(SHAPE(10, 2), SHAPE(5, 3)), 16, 5);
    EXPECT_SHAPE(lt_decimal_shape_multiply(SHAPE(38, 18), SHAPE(38, 18)), 38, 6);
    EXPECT_SHAPE(lt_decimal_shape_divide(SHAPE(1, 0), SHAPE(1, 0)), 7, 6);
    EXPECT_SHAPE(lt_decimal_shape_divide(SHAPE(20, 10), SHAPE(10, 2)), 33, 21);
    EXPECT_SHAPE(lt_decimal_shape_divide(SHAPE(38, 18), SHAPE(10, 2)), 38, 16);
    EXPECT_SHAPE(lt_decimal_shape_remainder(SHAPE(10, 2), SHAPE(5, 3)), 5, 3);
    EXPECT_SHAPE(lt_decimal_shape_div(SHAPE(38, 0), SHAPE(1, 1)), 38, 0);
    EXPECT_SHAPE(lt_decimal_shape_div(SHAPE(2, 2), SHAPE(1, 0)), 1, 0);
    EXPECT_SHAPE(lt_decimal_shape_wider(SHAPE(2, 1), SHAPE(10, 0)), 11, 1);
    EXPECT_SHAPE(lt_decimal_shape_wider(SHAPE(38, 10), SHAPE(38, 0)), 38, 0);
    EXPECT_SHAPE(lt_decimal_shape_wider(SHAPE(20, 0), SHAPE(38, 38)), 38, 18);
    EXPECT_SHAPE(lt_decimal_shape_round(SHAPE(6, 3), -3), 4, 0);
    EXPECT_SHAPE(lt_decimal_shape_round(SHAPE(6, 3), 5), 7, 3);
    EXPECT_SHAPE(lt_decimal_shape_round(SHAPE(4, 3), 2), 4, 2);
    EXPECT_SHAPE(lt_decimal_shape_round(SHAPE(2, 1), INT32_MIN), 38, 0);
    EXPECT_SHAPE(lt_decimal_shape_ceil(SHAPE(38, 2)), 37, 0);
    EXPECT_SHAPE(lt_decimal_shape_ceil(SHAPE(38, 0)), 38, 0);
}

static void a_zero_divisor_is_told_apart(void **unused)
{
    (void)unused;
    struct lt_decimal one = {1, 0}, zero = {0, 2};
    __int128 out = 7;
    int64_t whole = 7;
    assert_int_equal(lt_decimal_divide(one, zero, SHAPE(7, 6), &out), LT_DECIMAL_ZERO_DIVISOR);
    assert_int_equal(lt_decimal_remainder(one, zero, SHAPE(2, 2), &out), LT_DECIMAL_ZERO_DIVISOR);
    assert_int_equal(lt_decimal_modulo(one, zero, SHAPE(2, 2), &out), LT_DECIMAL_ZERO_DIVISOR);
    assert_int_equal(lt_decimal_div(one, zero, SHAPE(2, 0), &whole), LT_DECIMAL_ZERO_DIVISOR);
    assert_true(out == 7 && whole == 7);
}

static void pmod_is_not_negative_for_a_positive_divisor(void **unused)
{
    (void)unused;
    __int128 out;
    struct lt_decimal a = {-75, 1}, b = {225, 2}, c = {-2, 0};
    assert_int_equal(lt_decimal_modulo(a, b, SHAPE(3, 2), &out), LT_DECIMAL_OK);
    assert_true(out == 150);
    assert_int_equal(lt_decimal_modulo(a, c, SHAPE(2, 1), &out), LT_DECIMAL_OK);
    assert_true(out == -15);
    a.unscaled = 75;
    assert_int_equal(lt_decimal_modulo(a, c, SHAPE(2, 1), &out), LT_DECIMAL_OK);
    assert_true(out == 15);
    struct lt_decimal tiny = {-1, 38}, two = {2, 0};
    assert_int_equal(lt_decimal_modulo(tiny, two, SHAPE(38, 38), &out), LT_DECIMAL_OVERFLOW);
}

static void div_is_cut_to_64_bits_and_overflows_beyond_38_digits(void **unused)
{
    (void)unused;
    int64_t whole;
    struct lt_decimal a = {INT64_MAX, 0}, half = {5, 1};
    assert_int_equal(lt_decimal_div(a, half, SHAPE(21, 0), &whole), LT_DECIMAL_OK);
    assert_int_equal(whole, -2);
    a.unscaled = lt_decimal_power(37);
    assert_int_equal(lt_decimal_div(a, (struct lt_decimal){1, 1}, SHAPE(38, 0), &whole),
                     LT_DECIMAL_OVERFLOW);
}

static __int128 rounded(struct lt_decimal a, int32_t places, enum lt_decimal_rounding rounding)
{
    __int128 out = 0;
    struct lt_decimal_shape shape = lt_decimal_shape_round(SHAPE(10, (uint8_t)a.scale), places);
    assert_int_equal(lt_decimal_round(a, places, rounding, shape, &out), LT_DECIMAL_OK);
    return out;
}

static void rounding_goes_by_its_mode_on_both_sides_of_the_point(void **unused)
{
    (void)unused;
    struct lt_decimal half = {25, 1}, minus_half = {-25, 1}, small = {-12345, 3};
    assert_true(rounded(half, 0, LT_DECIMAL_HALF_UP) == 3);
    assert_true(rounded(minus_half, 0, LT_DECIMAL_HALF_UP) == -3);
    assert_true(rounded(half, 0, LT_DECIMAL_HALF_EVEN) == 2);
    assert_true(rounded((struct lt_decimal){35, 1}, 0, LT_DECIMAL_HALF_EVEN) == 4);
    assert_true(rounded((struct lt_decimal){-251, 2}, 0, LT_DECIMAL_HALF_EVEN) == -3);
    assert_true(rounded(half, 5, LT_DECIMAL_HALF_UP) == 25);
    assert_true(rounded(small, 2, LT_DECIMAL_FLOOR) == -1235);
    assert_true(rounded(small, 2, LT_DECIMAL_CEILING) == -1234);
    assert_true(rounded(small, -1, LT_DECIMAL_FLOOR) == -20);
    assert_true(rounded(small, -1, LT_DECIMAL_CEILING) == -10);
    assert_true(rounded(half, -2, LT_DECIMAL_HALF_UP) == 0);
    assert_true(rounded((struct lt_decimal){95, 0}, -2, LT_DECIMAL_HALF_UP) == 100);
    assert_true(rounded((struct lt_decimal){50, 0}, -2, LT_DECIMAL_HALF_EVEN) == 0);
    assert_true(rounded(half, -37, LT_DECIMAL_CEILING) == lt_decimal_power(37));
    assert_true(rounded(half, INT32_MIN, LT_DECIMAL_HALF_UP) == 0);
    assert_true(rounded(half, -40, LT_DECIMAL_FLOOR) == 0);
    __int128 out;
    assert_int_equal(lt_decimal_round(half, -40, LT_DECIMAL_CEILING, SHAPE(38, 0), &out),
                     LT_DECIMAL_OVERFLOW);
    assert_int_equal(lt_decimal_round(minus_half, -38, LT_DECIMAL_FLOOR, SHAPE(38, 0), &out),
                     LT_DECIMAL_OVERFLOW);
}

static void casts_round_half_up_and_overflow_by_digits(void **unused)
{
    (void)unused;
    __int128 out;
    struct lt_decimal a = {9999994, 4}, b = {9999995, 4}, c = {5, 0};
    assert_int_equal(lt_decimal_rescale(a, SHAPE(6, 3), LT_DECIMAL_HALF_UP, &out), LT_DECIMAL_OK);
    assert_true(out == 999999);
    assert_int_equal(lt_decimal_rescale(b, SHAPE(6, 3), LT_DECIMAL_HALF_UP, &out),
                     LT_DECIMAL_OVERFLOW);
    assert_int_equal(lt_decimal_rescale(c, SHAPE(38, 38), LT_DECIMAL_HALF_UP, &out),
                     LT_DECIMAL_OVERFLOW);
    assert_int_equal(lt_decimal_from_i64(1000, SHAPE(6, 3), &out), LT_DECIMAL_OVERFLOW);
    assert_int_equal(lt_decimal_from_i64(-999, SHAPE(6, 3), &out), LT_DECIMAL_OK);
    assert_true(out == -999000);
    int64_t whole;
    struct lt_decimal most = {((__int128)INT64_MAX + 1) * 10 - 1, 1};
    assert_int_equal(lt_decimal_to_i64(most, INT64_MIN, INT64_MAX, &whole), LT_DECIMAL_OK);
    assert_int_equal(whole, INT64_MAX);
    most.unscaled++;
    assert_int_equal(lt_decimal_to_i64(most, INT64_MIN, INT64_MAX, &whole), LT_DECIMAL_OVERFLOW);
    assert_int_equal(lt_decimal_to_i64((struct lt_decimal){-1289, 1}, INT8_MIN, INT8_MAX, &whole),
                     LT_DECIMAL_OK);
    assert_int_equal(whole, -128);
    struct lt_decimal large = {99999999999, 0};
    assert_int_equal((int32_t)lt_decimal_to_i64_cut(large), 1215752191);
}

static void expect_bytes(__int128 unscaled, const char *bytes, size_t size_bytes)
{
    uint8_t out[LT_DECIMAL_BYTES_MAX];
    assert_int_equal(lt_decimal_bytes(unscaled, out), size_bytes);
    assert_memory_equal(out, bytes, size_bytes);
}

static void bytes_are_the_fewest_that_keep_the_sign(void **unused)
{
    (void)unused;
    expect_bytes(0, "\x00", 1);
    expect_bytes(127, "\x7f", 1);
    expect_bytes(128, "\x00\x80", 2);
    expect_bytes(-1, "\xff", 1);
    expect_bytes(-128, "\x80", 1);
    expect_bytes(-129, "\xff\x7f", 2);
    expect_bytes(15000, "\x3a\x98", 2);
    expect_bytes(-((__int128)1 << 120), "\xff\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
    expect_bytes((__int128)1 << 64, "\x01\0\0\0\0\0\0\0\0", 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_agree_with_sums_of_digits),
        cmocka_unit_test(products_agree_with_products_of_digits),
        cmocka_unit_test(quotients_agree_with_quotients_of_digits),
        cmocka_unit_test(remainders_and_div_agree_with_digits),
        cmocka_unit_test(shapes_of_results_are_sparks),
        cmocka_unit_test(a_zero_divisor_is_told_apart),
        cmocka_unit_test(pmod_is_not_negative_for_a_positive_divisor),
        cmocka_unit_test(div_is_cut_to_64_bits_and_overflows_beyond_38_digits),
        cmocka_unit_test(rounding_goes_by_its_mode_on_both_sides_of_the_point),
        cmocka_unit_test(casts_round_half_up_and_overflow_by_digits),
        cmocka_unit_test(bytes_are_the_fewest_that_keep_the_sign),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
