/*
 * Floats and doubles as Java 17 prints them.
 *
 * Java 17 gives enough digits to tell a double from its neighbours, but not always the fewest, nor
 * the nearest of the fewest (JDK-4511638, mended in 19 only). Text that is compared byte by byte
 * with Spark's must have the same digits, so this is Java's method and not one of the newer
 * shortest ones. In short:
 *
 *   - An integer below 2^63 prints its own digits; those that 53 bits (24 for a float) cannot vouch
 * for are rounded away first.
 *   - Any other value v is B / S * 10^exponent, and digits of B / S come off one at a time until
 * what is left is under M, half the distance to the next double (low), or over 1 - M (high). Then
 * the last digit is rounded.
 *   - M is the distance above; below a power of two the next double is nearer, and M is halved on
 * both sides.
 *   - In E notation there are at least two digits, so the test is left out after the first.
 *   - The first guess of the exponent can be one too high; the digit is then 0 and left out.
 *   - Where B and 10 * S fit 32 or 64 bits, M and B + M may overflow them, and that shows in the
 * digits of a few floats around 1e25. `high` does not take a tie there; with larger numbers it
 * does.
 *
 * Larger numbers are integers of up to LIMBS words, all shifted alike so that S fills its top word
 * up to bit 55: then 100 * S fits, and a digit is a division of top words that is at most one too
 * small.
 */
#include "core/text/number.h"

#include <math.h>
#include <string.h>

enum {
    LIMBS = 20,      /* 5^325 * 2^53, with room for the shift */
    DIGITS_MAX = 32, /* 17 for a double that is no integer, 19 for one that is */
    DOUBLE_FRACTION_BITS = 52,
    DOUBLE_BIAS = 1023,
    FLOAT_FRACTION_BITS = 23,
    FLOAT_BIAS = 127,
    TOP_BIT = 55,
    POWER_STEP = 27, /* 5^27 is the largest power of 5 in 64 bits */
};

static const uint64_t FIVE_27 = 7450580596923828125u;

/* A positive value: fraction * 2^(exponent - 52), with bit 52 of the fraction set. */
struct binary {
    uint64_t fraction;
    int exponent;
    int significant_bits; /* 53 or 24, fewer for subnormals */
};

/* 0.d1 d2 d3 ... * 10^point */
struct decimal {
    char digits[DIGITS_MAX];
    int count;
    int point;
};

struct big {
    uint64_t limbs[LIMBS];
    int count; /* limbs in use; those above are 0 */
};

static void big_set(struct big *big, uint64_t number)
{
    memset(big, 0, sizeof *big);
    big->limbs[0] = number;
    big->count = 1;
}

static void big_multiply(struct big *big, uint64_t factor)
{
    uint64_t carry = 0;
    for (int i = 0; i < big->count; i++) {
        unsigned __int128 product = (unsigned __int128)big->limbs[i] * factor + carry;
        big->limbs[i] = (uint64_t)product;
        carry = (uint64_t)(product >> 64);
    }
    if (carry != 0) {
        lt_assert(big->count < LIMBS);
        big->limbs[big->count++] = carry;
    }
}

static void big_multiply_power5(struct big *big, int power)
{
    for (; power >= POWER_STEP; power -= POWER_STEP)
        big_multiply(big, FIVE_27);
    uint64_t rest = 1;
    for (; power > 0; power--)
        rest *= 5;
    big_multiply(big, rest);
}

static void big_shift(struct big *big, int bits)
{
    int limbs = bits / 64, rest = bits % 64;
    lt_assert(big->count + limbs + 1 <= LIMBS);
    for (int i = big->count + limbs; i >= 0; i--) {
        uint64_t high = i - limbs >= 0 ? big->limbs[i - limbs] : 0;
        uint64_t low = i - limbs >= 1 ? big->limbs[i - limbs - 1] : 0;
        big->limbs[i] = rest != 0 ? high << rest | low >> (64 - rest) : high;
    }
    big->count += limbs + 1;
    while (big->count > 1 && big->limbs[big->count - 1] == 0)
        big->count--;
}

/* Sign of a - b, over `count` limbs. */
static int big_compare(const struct big *a, const struct big *b, int count)
{
    for (int i = count - 1; i >= 0; i--)
        if (a->limbs[i] != b->limbs[i])
            return a->limbs[i] > b->limbs[i] ? 1 : -1;
    return 0;
}

/* Sign of a + b - c. */
static int big_compare_sum(const struct big *a, const struct big *b, const struct big *c, int count)
{
    struct big sum;
    uint64_t carry = 0;
    for (int i = 0; i < count; i++) {
        unsigned __int128 limb = (unsigned __int128)a->limbs[i] + b->limbs[i] + carry;
        sum.limbs[i] = (uint64_t)limb;
        carry = (uint64_t)(limb >> 64);
    }
    return carry != 0 ? 1 : big_compare(&sum, c, count);
}

/* a -= b * factor; the result is not negative. */
static void big_subtract(struct big *a, const struct big *b, uint64_t factor, int count)
{
    uint64_t carry = 0;
    for (int i = 0; i < count; i++) {
        unsigned __int128 product = (unsigned __int128)b->limbs[i] * factor + carry;
        uint64_t low = (uint64_t)product;
        carry = (uint64_t)(product >> 64) + (a->limbs[i] < low);
        a->limbs[i] -= low;
    }
}

static void big_multiply10(struct big *big, int count)
{
    uint64_t carry = 0;
    for (int i = 0; i < count; i++) {
        unsigned __int128 product = (unsigned __int128)big->limbs[i] * 10 + carry;
        big->limbs[i] = (uint64_t)product;
        carry = (uint64_t)(product >> 64);
    }
}

static int bits_of_power5(int power)
{
    enum { TABLE_SIZE = 27 };
    if (power >= TABLE_SIZE)
        return power * 3;
    uint64_t number = 1;
    for (int i = 0; i < power; i++)
        number *= 5;
    return power == 0 ? 0 : 64 - __builtin_clzll(number);
}

static int max_int(int a, int b)
{
    return a > b ? a : b;
}

/* B = fraction * 5^b5 * 2^b2, S = 5^s5 * 2^s2, M = 5^b5 * 2^m2. */
struct scale {
    uint64_t fraction;
    int exponent10;
    int b2, b5, s2, s5, m2;
    int word_bits; /* 32 or 64 when Java computes in words of that size; else 0 */
};

/* Java's estimate of floor(log10(v)): a tangent, so it is right or one too high. */
static int estimate_exponent10(const struct binary *v)
{
    double fraction = ldexp((double)v->fraction, -DOUBLE_FRACTION_BITS);
    return (int)floor((fraction - 1.5) * 0.289529654 + 0.176091259 +
                      (double)v->exponent * 0.301029995663981);
}

static struct scale choose_scale(const struct binary *v)
{
    int tail = __builtin_ctzll(v->fraction);
    int fraction_bits = DOUBLE_FRACTION_BITS + 1 - tail;
    int tiny_bits = max_int(0, fraction_bits - v->exponent - 1);
    struct scale scale = {.fraction = v->fraction >> tail, .exponent10 = estimate_exponent10(v)};
    scale.b5 = max_int(0, -scale.exponent10);
    scale.s5 = max_int(0, scale.exponent10);
    scale.b2 = scale.b5 + tiny_bits + v->exponent;
    scale.s2 = scale.s5 + tiny_bits;
    scale.m2 = scale.b2 - v->significant_bits;
    scale.b2 -= fraction_bits - 1;
    int common = scale.b2 < scale.s2 ? scale.b2 : scale.s2;
    if (fraction_bits == 1)
        scale.m2--; /* a power of two */
    /* Halves what can be halved, as far as M stays whole. */
    int shift = max_int(-common, -scale.m2);
    scale.b2 += shift;
    scale.s2 += shift;
    scale.m2 += shift;
    int b_bits = fraction_bits + scale.b2 + bits_of_power5(scale.b5);
    int tens_bits = scale.s2 + 1 + bits_of_power5(scale.s5 + 1);
    int bits = max_int(b_bits, tens_bits);
    scale.word_bits = bits < 32 ? 32 : bits < 64 ? 64 : 0;
    return scale;
}

/* Digits and why they ended. */
struct development {
    struct decimal *out;
    int exponent10;
    bool low, high;
    int digit; /* the last */
};

/* Takes the first digit: 0 is left out, and E notation goes on in any case. */
static void begin(struct development *d, int digit)
{
    d->out->count = 0;
    d->digit = digit;
    if (digit == 0 && !d->high)
        d->exponent10--;
    else
        d->out->digits[d->out->count++] = (char)('0' + digit);
    if (d->exponent10 < -3 || d->exponent10 >= 8)
        d->low = d->high = false;
}

static void add_digit(struct development *d, int digit)
{
    lt_assert(d->out->count < DIGITS_MAX);
    d->digit = digit;
    d->out->digits[d->out->count++] = (char)('0' + digit);
}

static void round_up(struct decimal *decimal)
{
    int i = decimal->count - 1;
    while (i > 0 && decimal->digits[i] == '9')
        decimal->digits[i--] = '0';
    if (decimal->digits[i] == '9') {
        decimal->digits[i] = '1';
        decimal->point++;
    } else {
        decimal->digits[i]++;
    }
}

/* `order`: how twice the rest compares with a whole digit; counts when both sides ended it. */
static void finish(struct development *d, int order)
{
    d->out->point = d->exponent10 + 1;
    if (!d->high)
        return;
    if (!d->low || order > 0 || (order == 0 && d->digit % 2 != 0))
        round_up(d->out);
}

/* ------------------------------------------------------------------------------ words: as Java */

static int64_t wrap(uint64_t number, int word_bits)
{
    return word_bits == 32 ? (int32_t)number : (int64_t)number;
}

static uint64_t power5(int power)
{
    uint64_t number = 1;
    for (; power > 0; power--)
        number *= 5;
    return number;
}

static void develop_words(const struct scale *scale, struct development *d)
{
    int bits = scale->word_bits;
    uint64_t b = (scale->fraction * power5(scale->b5)) << scale->b2;
    uint64_t s = power5(scale->s5) << scale->s2;
    int64_t m = wrap(power5(scale->b5) << scale->m2, bits);
    int64_t tens = (int64_t)(s * 10);
    for (bool is_first = true; is_first || (!d->low && !d->high); is_first = false) {
        int digit = (int)(b / s);
        b = 10 * (b % s);
        m = wrap((uint64_t)m * 10, bits);
        d->low = (int64_t)b < m;
        d->high = wrap(b + (uint64_t)m, bits) > tens;
        if (m <= 0 && !is_first)
            d->low = d->high = true;
        if (is_first)
            begin(d, digit);
        else
            add_digit(d, digit);
    }
    int64_t difference = wrap((b << 1) - (uint64_t)tens, bits);
    finish(d, (difference > 0) - (difference < 0));
}

/* ----------------------------------------------------------------------------------- large ones */

struct ratio {
    struct big b, s, m, tens; /* tens is 10 * S */
    int count;
};

static void set_up(struct ratio *ratio, const struct scale *scale)
{
    big_set(&ratio->b, scale->fraction);
    big_multiply_power5(&ratio->b, scale->b5);
    big_set(&ratio->s, 1);
    big_multiply_power5(&ratio->s, scale->s5);
    big_set(&ratio->m, 1);
    big_multiply_power5(&ratio->m, scale->b5);

    int top = ratio->s.count - 1;
    int s_bits = 64 * ratio->s.count - __builtin_clzll(ratio->s.limbs[top]) + scale->s2;
    int shift = (TOP_BIT + 1 - s_bits % 64 + 64) % 64;
    big_shift(&ratio->s, scale->s2 + shift);
    big_shift(&ratio->b, scale->b2 + shift);
    big_shift(&ratio->m, scale->m2 + shift);
    ratio->count = ratio->s.count;
    ratio->tens = ratio->s;
    big_multiply10(&ratio->tens, ratio->count);
}

/* Takes the next digit off: B / S; B becomes ten times the rest, and M ten times itself. */
static int next_digit(struct ratio *ratio)
{
    int top = ratio->count - 1;
    uint64_t digit = ratio->b.limbs[top] / (ratio->s.limbs[top] + 1);
    big_subtract(&ratio->b, &ratio->s, digit, ratio->count);
    if (big_compare(&ratio->b, &ratio->s, ratio->count) >= 0) {
        big_subtract(&ratio->b, &ratio->s, 1, ratio->count);
        digit++;
    }
    lt_assert(digit < 10);
    big_multiply10(&ratio->b, ratio->count);
    big_multiply10(&ratio->m, ratio->count);
    return (int)digit;
}

static void develop_large(const struct scale *scale, struct development *d)
{
    struct ratio ratio;
    set_up(&ratio, scale);
    for (bool is_first = true; is_first || (!d->low && !d->high); is_first = false) {
        int digit = next_digit(&ratio);
        d->low = big_compare(&ratio.b, &ratio.m, ratio.count) < 0;
        d->high = big_compare_sum(&ratio.b, &ratio.m, &ratio.tens, ratio.count) >= 0;
        if (is_first)
            begin(d, digit);
        else
            add_digit(d, digit);
    }
    finish(d, big_compare_sum(&ratio.b, &ratio.b, &ratio.tens, ratio.count));
}

static void develop_fraction(const struct binary *v, struct decimal *out)
{
    struct scale scale = choose_scale(v);
    struct development development = {.out = out, .exponent10 = scale.exponent10};
    if (scale.word_bits != 0)
        develop_words(&scale, &development);
    else
        develop_large(&scale, &development);
}

/* Integers below 2^63. */
static void develop_integer(const struct binary *v, struct decimal *out)
{
    int shift = v->exponent - DOUBLE_FRACTION_BITS;
    uint64_t number = shift >= 0 ? v->fraction << shift : v->fraction >> -shift;
    int unsure_bits = v->exponent - v->significant_bits - 1;
    uint64_t unsure = 1; /* the largest power of ten that the unsure bits cannot tell apart */
    int dropped = 0;
    for (; unsure_bits > 1 && unsure * 10 <= (uint64_t)1 << unsure_bits; dropped++)
        unsure *= 10;
    number = number / unsure + (dropped != 0 && number % unsure >= unsure / 2);
    while (number % 10 == 0) {
        number /= 10;
        dropped++;
    }
    char text[LT_NUMBER_TEXT_SIZE];
    out->count = (int)lt_number_format_i64((int64_t)number, text);
    memcpy(out->digits, text, (size_t)out->count);
    out->point = out->count + dropped;
}

static size_t write_plain(const struct decimal *decimal, char *out)
{
    char *at = out;
    if (decimal->point <= 0) {
        *at++ = '0';
        *at++ = '.';
        for (int i = decimal->point; i < 0; i++)
            *at++ = '0';
        memcpy(at, decimal->digits, (size_t)decimal->count);
        return (size_t)(at - out) + (size_t)decimal->count;
    }
    for (int i = 0; i < decimal->point; i++)
        *at++ = i < decimal->count ? decimal->digits[i] : '0';
    *at++ = '.';
    for (int i = decimal->point; i < decimal->count; i++)
        *at++ = decimal->digits[i];
    if (decimal->count <= decimal->point)
        *at++ = '0';
    return (size_t)(at - out);
}

static size_t write_exponent(const struct decimal *decimal, char *out)
{
    char *at = out;
    *at++ = decimal->digits[0];
    *at++ = '.';
    if (decimal->count == 1)
        *at++ = '0';
    memcpy(at, decimal->digits + 1, (size_t)decimal->count - 1);
    at += decimal->count - 1;
    *at++ = 'E';
    return (size_t)(at - out) + lt_number_format_i64(decimal->point - 1, at);
}

static size_t format(const struct binary *v, char *out)
{
    struct decimal decimal;
    bool is_integer =
        v->exponent >= DOUBLE_FRACTION_BITS - __builtin_ctzll(v->fraction) && v->exponent <= 62;
    if (is_integer)
        develop_integer(v, &decimal);
    else
        develop_fraction(v, &decimal);
    bool is_plain = decimal.point > -3 && decimal.point < 8;
    return is_plain ? write_plain(&decimal, out) : write_exponent(&decimal, out);
}

/* What both formats have in common. `fraction` without the hidden bit, at the width of a double. */
static size_t format_finite(bool is_negative, int exponent, int bias, uint64_t fraction,
                            int fraction_bits, char *out)
{
    size_t size_bytes = 0;
    if (is_negative)
        out[size_bytes++] = '-';
    if (exponent == 0 && fraction == 0) {
        memcpy(out + size_bytes, "0.0", 4);
        return size_bytes + 3;
    }
    struct binary v = {.fraction = fraction | (uint64_t)1 << DOUBLE_FRACTION_BITS,
                       .exponent = exponent - bias,
                       .significant_bits = fraction_bits + 1};
    if (exponent == 0) {
        int shift = __builtin_clzll(fraction) - (63 - DOUBLE_FRACTION_BITS);
        v.fraction = fraction << shift;
        v.exponent = 1 - shift - bias;
        v.significant_bits = fraction_bits + 1 - shift;
    }
    size_bytes += format(&v, out + size_bytes);
    out[size_bytes] = '\0';
    return size_bytes;
}

static size_t format_special(double number, char *out)
{
    const char *text = isnan(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity";
    size_t size_bytes = strlen(text);
    memcpy(out, text, size_bytes + 1);
    return size_bytes;
}

size_t lt_number_format_double(double number, char out[LT_NUMBER_TEXT_SIZE])
{
    if (!isfinite(number))
        return format_special(number, out);
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    return format_finite(bits >> 63, (int)(bits >> DOUBLE_FRACTION_BITS & 0x7FF), DOUBLE_BIAS,
                         bits & (((uint64_t)1 << DOUBLE_FRACTION_BITS) - 1), DOUBLE_FRACTION_BITS,
                         out);
}

size_t lt_number_format_float(float number, char out[LT_NUMBER_TEXT_SIZE])
{
    if (!isfinite(number))
        return format_special((double)number, out);
    uint32_t bits;
    memcpy(&bits, &number, sizeof bits);
    uint64_t fraction = bits & ((1u << FLOAT_FRACTION_BITS) - 1);
    return format_finite(bits >> 31, (int)(bits >> FLOAT_FRACTION_BITS & 0xFF), FLOAT_BIAS,
                         fraction << (DOUBLE_FRACTION_BITS - FLOAT_FRACTION_BITS),
                         FLOAT_FRACTION_BITS, out);
}
