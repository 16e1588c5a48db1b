/*
 * Integers and decimals as text. Floating point is in number_double.c, parsing in number_parse.c.
 */
#include "core/text/number.h"

#include <string.h>

enum { DIGITS_128 = 39, JAVA_PLAIN_MIN = -6 };

/* Writes the digits so that they end at `end`; returns where they begin. */
static char *digits_before(char *end, unsigned __int128 number)
{
    /* Division of 64 bits is many times faster, so what is above them is taken off first. */
    const uint64_t chunk = 10000000000000000000u; /* 10^19 */
    while (number > UINT64_MAX) {
        uint64_t low = (uint64_t)(number % chunk);
        number /= chunk;
        for (int i = 0; i < 19; i++) {
            *--end = (char)('0' + low % 10);
            low /= 10;
        }
    }
    uint64_t rest = (uint64_t)number;
    do {
        *--end = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    return end;
}

size_t lt_number_format_i64(int64_t number, char out[LT_NUMBER_TEXT_SIZE])
{
    char digits[DIGITS_128];
    char *end = digits + sizeof digits;
    char *begin =
        digits_before(end, number < 0 ? -(unsigned __int128)number : (unsigned __int128)number);
    size_t size_bytes = 0;
    if (number < 0)
        out[size_bytes++] = '-';
    memcpy(out + size_bytes, begin, (size_t)(end - begin));
    size_bytes += (size_t)(end - begin);
    out[size_bytes] = '\0';
    return size_bytes;
}

size_t lt_number_format_decimal(__int128 unscaled, uint32_t scale,
                                char out[LT_NUMBER_DECIMAL_TEXT_SIZE])
{
    lt_assert(scale < DIGITS_128);
    char digits[DIGITS_128];
    char *end = digits + sizeof digits;
    unsigned __int128 magnitude =
        unscaled < 0 ? -(unsigned __int128)unscaled : (unsigned __int128)unscaled;
    char *begin = digits_before(end, magnitude);
    while ((uint32_t)(end - begin) <= scale) /* "0.0007" has as many zeros as it needs */
        *--begin = '0';
    size_t whole = (size_t)(end - begin) - scale;
    size_t size_bytes = 0;
    if (unscaled < 0)
        out[size_bytes++] = '-';
    memcpy(out + size_bytes, begin, whole);
    size_bytes += whole;
    if (scale != 0) {
        out[size_bytes++] = '.';
        memcpy(out + size_bytes, begin + whole, scale);
        size_bytes += scale;
    }
    out[size_bytes] = '\0';
    return size_bytes;
}

size_t lt_number_format_decimal_java(__int128 unscaled, uint32_t scale,
                                     char out[LT_NUMBER_DECIMAL_TEXT_SIZE])
{
    char digits[DIGITS_128];
    char *end = digits + sizeof digits;
    char *begin = digits_before(end, unscaled < 0 ? -(unsigned __int128)unscaled
                                                  : (unsigned __int128)unscaled);
    int64_t exponent = end - begin - 1 - (int64_t)scale;
    if (exponent >= JAVA_PLAIN_MIN)
        return lt_number_format_decimal(unscaled, scale, out);
    char *at = out;
    if (unscaled < 0)
        *at++ = '-';
    *at++ = *begin++;
    if (begin < end)
        *at++ = '.';
    memcpy(at, begin, (size_t)(end - begin));
    at += end - begin;
    *at++ = 'E';
    char text[LT_NUMBER_TEXT_SIZE];
    size_t size_bytes = lt_number_format_i64(exponent, text);
    memcpy(at, text, size_bytes + 1);
    return (size_t)(at - out) + size_bytes;
}

size_t lt_number_format(const struct lt_type *type, const union lt_value *value,
                        char out[LT_NUMBER_DECIMAL_TEXT_SIZE])
{
    switch (type->kind) {
    case LT_TYPE_FLOAT:
        return lt_number_format_float((float)value->f64, out);
    case LT_TYPE_DOUBLE:
        return lt_number_format_double(value->f64, out);
    case LT_TYPE_DECIMAL:
        return lt_number_format_decimal_java(value->i128, type->scale, out);
    default:
        return lt_number_format_i64(value->i64, out);
    }
}
