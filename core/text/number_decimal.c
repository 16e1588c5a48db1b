/*
 * Decimals against floats, and literals; conv() is in number_base.c.
 */
#include "core/text/number_decimal.h"

#include <math.h>

#include "core/base/ascii.h"

enum {
    EXACT_POWERS = 23, /* 10^0 .. 10^22 are doubles */
    EXACT_BITS = 53,
    LITERAL_EXPONENT_MAX = 100000,
};

enum lt_number_result lt_number_decimal_from_double(double number, struct lt_decimal_shape shape,
                                                    __int128 *out)
{
    if (!isfinite(number))
        return LT_NUMBER_INVALID;
    char text[LT_NUMBER_TEXT_SIZE];
    size_t size_bytes = lt_number_format_double(number, text);
    return lt_number_parse_decimal(text, size_bytes, shape.precision, shape.scale, out);
}

/* Both are exact, so that the quotient is rounded once. */
static bool divide_exactly(struct lt_decimal number, double *out)
{
    static const double powers[EXACT_POWERS] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    if (number.scale >= EXACT_POWERS || lt_decimal_magnitude(number.unscaled) >> EXACT_BITS != 0)
        return false;
    *out = (double)(int64_t)number.unscaled / powers[number.scale];
    return true;
}

double lt_number_decimal_to_double(struct lt_decimal number)
{
    double result = 0;
    if (lt_likely(divide_exactly(number, &result)))
        return result;
    char text[LT_NUMBER_DECIMAL_TEXT_SIZE];
    size_t size_bytes = lt_number_format_decimal(number.unscaled, number.scale, text);
    enum lt_number_result parsed = lt_number_parse_double(text, size_bytes, &result);
    lt_assert(parsed == LT_NUMBER_OK);
    return result;
}

float lt_number_decimal_to_float(struct lt_decimal number)
{
    float result;
    char text[LT_NUMBER_DECIMAL_TEXT_SIZE];
    size_t size_bytes = lt_number_format_decimal(number.unscaled, number.scale, text);
    enum lt_number_result parsed = lt_number_parse_float(text, size_bytes, &result);
    lt_assert(parsed == LT_NUMBER_OK);
    return result;
}

/* What stands in a literal: significant digits as a number, and how it is to be scaled. */
struct literal {
    __int128 unscaled;
    int64_t precision; /* digits from the first that is not 0; at least 1 */
    int64_t scale;     /* may be negative */
    const char *at, *end;
};

/* Digits and a point; false when there is no digit. */
static bool read_digits(struct literal *literal)
{
    bool has_point = false, has_digits = false;
    for (; literal->at < literal->end; literal->at++) {
        if (*literal->at == '.' && !has_point) {
            has_point = true;
            continue;
        }
        if (!lt_ascii_is_digit(*literal->at))
            break;
        has_digits = true;
        literal->scale += has_point;
        if (literal->unscaled != 0 || *literal->at != '0')
            literal->precision++;
        if (literal->precision <= LT_DECIMAL_PRECISION_MAX)
            literal->unscaled = literal->unscaled * 10 + (*literal->at - '0');
    }
    return has_digits;
}

static bool read_exponent(struct literal *literal)
{
    if (literal->at == literal->end)
        return true;
    if (lt_ascii_lower(*literal->at++) != 'e' || literal->at == literal->end)
        return false;
    bool is_negative = *literal->at == '-';
    if (*literal->at == '-' || *literal->at == '+')
        literal->at++;
    if (literal->at == literal->end)
        return false;
    int64_t exponent = 0;
    for (; literal->at < literal->end && lt_ascii_is_digit(*literal->at); literal->at++)
        if (exponent < LITERAL_EXPONENT_MAX)
            exponent = exponent * 10 + (*literal->at - '0');
    literal->scale += is_negative ? exponent : -exponent;
    return literal->at == literal->end;
}

enum lt_number_result lt_number_parse_decimal_literal(const void *data, size_t size_bytes,
                                                      __int128 *out, struct lt_decimal_shape *shape)
{
    struct literal literal = {.at = data, .end = (const char *)data + size_bytes};
    if (!read_digits(&literal) || !read_exponent(&literal))
        return LT_NUMBER_INVALID;
    if (literal.precision == 0)
        literal.precision = 1;
    int64_t zeros = literal.scale < 0 ? -literal.scale : 0;
    int64_t scale = literal.scale < 0 ? 0 : literal.scale;
    int64_t precision = literal.precision + zeros;
    precision = precision < scale ? scale : precision;
    if (precision > LT_DECIMAL_PRECISION_MAX)
        return LT_NUMBER_OUT_OF_RANGE;
    *out = literal.unscaled * lt_decimal_power((uint32_t)zeros);
    *shape = (struct lt_decimal_shape){.precision = (uint8_t)precision, .scale = (uint8_t)scale};
    return LT_NUMBER_OK;
}
