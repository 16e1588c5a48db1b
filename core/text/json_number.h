/*
 * Numbers of JSON: their grammar, and the value of the common ones. For core/text/json*.c.
 *
 * A double is read exactly, and in a few operations, when its digits fit 53 bits and its power of
 * ten is exact: then one multiplication or division rounds once (Clinger). All else is left to
 * core/text/number.h.
 *
 * on: any. Pure.
 */
#ifndef LT_TEXT_JSON_NUMBER_H
#define LT_TEXT_JSON_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/text/number.h"

/* -?(0|[1-9][0-9]*)(.[0-9]+)?([eE][+-]?[0-9]+)? */
struct lt_json_number {
    bool is_float; /* has a point or an exponent */
    bool is_negative;
    bool is_small; /* `digits` and `exponent` are the number */
    uint64_t digits;
    int32_t exponent; /* of ten */
};

/* What is behind the digits at `at`, which are gathered in `*digits` (it wraps). */
static inline const uint8_t *lt_json_digits(const uint8_t *at, const uint8_t *end, uint64_t *digits)
{
    uint64_t sum = *digits;
    while (at < end && (uint8_t)(*at - '0') < 10)
        sum = sum * 10 + (uint64_t)(*at++ - '0');
    *digits = sum;
    return at;
}

/* [eE][+-]?[0-9]+, all of it. */
static inline bool lt_json_exponent(const uint8_t *at, const uint8_t *end,
                                    struct lt_json_number *out)
{
    enum { DIGITS_MAX = 4 };
    if (at == end || (*at | 0x20) != 'e')
        return false;
    at++;
    bool is_negative = at < end && *at == '-';
    at += at < end && (*at == '-' || *at == '+');
    uint64_t exponent = 0;
    const uint8_t *behind = lt_json_digits(at, end, &exponent);
    if (behind - at > DIGITS_MAX)
        out->is_small = false;
    else
        out->exponent += is_negative ? -(int32_t)exponent : (int32_t)exponent;
    return behind != at && behind == end;
}

/* False when [begin, end) is no number. */
static inline bool lt_json_number_read_slowly(const uint8_t *begin, const uint8_t *end,
                                              struct lt_json_number *out)
{
    enum { DIGITS_MAX = 18 };
    *out = (struct lt_json_number){.is_small = true};
    out->is_negative = begin < end && *begin == '-';
    const uint8_t *whole = begin + out->is_negative;
    const uint8_t *at = lt_json_digits(whole, end, &out->digits);
    if (at == whole || (*whole == '0' && at - whole > 1))
        return false;
    out->is_small = at - whole <= DIGITS_MAX;
    if (at == end)
        return true;
    out->is_float = true;
    if (*at == '.') {
        const uint8_t *fraction = at + 1;
        at = lt_json_digits(fraction, end, &out->digits);
        out->is_small = at - whole <= DIGITS_MAX + 1;
        out->exponent = out->is_small ? -(int32_t)(at - fraction) : 0;
        if (at == fraction)
            return false;
        if (at == end)
            return true;
    }
    return lt_json_exponent(at, end, out);
}

/* The number of eight digits in a word, the first in its lowest byte: pairs, then pairs of pairs.
 */
static inline uint64_t lt_json_eight_digits(uint64_t word)
{
    word = (word & UINT64_C(0x0F0F0F0F0F0F0F0F)) * (10 * 256 + 1) >> 8;
    word = (word & UINT64_C(0x00FF00FF00FF00FF)) * (100 * 65536 + 1) >> 16;
    return (word & UINT64_C(0x0000FFFF0000FFFF)) * (UINT64_C(10000) * 0x100000000 + 1) >> 32;
}

/* Numbers of at most eight bytes without an exponent, in a word and without a loop: how many bytes
 * they have is not to be foreseen. False: another, or none. */
static inline bool lt_json_number_read_word(const uint8_t *begin, size_t size_bytes,
                                            struct lt_json_number *out)
{
    const uint64_t zeros = UINT64_C(0x3030303030303030), highs = UINT64_C(0x8080808080808080);
    uint64_t word;
    memcpy(&word, begin, sizeof word);
    unsigned unused = 8 * (unsigned)(sizeof word - size_bytes);
    word <<= unused; /* the first byte moves up: below it come zero bytes */
    uint64_t there = ~UINT64_C(0) << unused;
    uint64_t digits = word ^ (zeros & there);
    /* The high bit of each byte that is no digit. */
    uint64_t others = ((digits + UINT64_C(0x7676767676767676)) | digits) & highs;
    bool begins_with_zero = (digits >> unused & 0xFF) == 0;
    out->is_float = others != 0;
    out->exponent = 0;
    size_t whole_bytes = size_bytes;
    if (others != 0) {
        unsigned place = (unsigned)__builtin_ctzll(others) & ~7U; /* of its byte */
        if ((others & (others - 1)) != 0 || (word >> place & 0xFF) != '.' || place == unused ||
            place == 56)
            return false;
        /* The digits before the point close up to those behind it. */
        uint64_t before = digits & ((UINT64_C(1) << place) - 1);
        uint64_t behind = digits & ~UINT64_C(0xFF) << place;
        digits = before << 8 | behind;
        out->exponent = -(int32_t)(7 - place / 8);
        whole_bytes = (place - unused) / 8;
    }
    out->digits = lt_json_eight_digits(digits);
    out->is_small = true;
    return !begins_with_zero | (whole_bytes == 1);
}

/* Reads it if it is a short number: one that has at most eight bytes besides the sign. Bytes up to
 * `readable` may be read. */
static inline bool lt_json_number_read_short(const uint8_t *begin, const uint8_t *end,
                                             const uint8_t *readable, struct lt_json_number *out)
{
    size_t sign = *begin == '-', size_bytes = (size_t)(end - begin) - sign;
    out->is_negative = sign != 0;
    return size_bytes - 1 < 8 && readable - begin > 8 &&
           lt_json_number_read_word(begin + sign, size_bytes, out);
}

/* False when [begin, end) is no number. Bytes up to `readable` may be read. */
static inline bool lt_json_number_read(const uint8_t *begin, const uint8_t *end,
                                       const uint8_t *readable, struct lt_json_number *out)
{
    return lt_json_number_read_short(begin, end, readable, out) ||
           lt_json_number_read_slowly(begin, end, out);
}

/* The integer, if it has at most 18 digits. */
static inline bool lt_json_number_i64(const struct lt_json_number *number, int64_t *out)
{
    *out = (int64_t)(number->is_negative ? -number->digits : number->digits); /* -2^63, too */
    return number->is_small && !number->is_float;
}

/* The number as a double, if it is a small one. */
static inline bool lt_json_number_double(const struct lt_json_number *number, double *out)
{
    enum { POWERS = 23 };
    static const double powers[POWERS] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                          1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                          1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    if (!number->is_small || number->digits >> 53 != 0 || number->exponent >= POWERS ||
        number->exponent <= -POWERS)
        return false;
    double digits = (double)number->digits;
    double size = number->exponent < 0 ? digits / powers[-number->exponent]
                                       : digits * powers[number->exponent];
    *out = number->is_negative ? -size : size;
    return true;
}

#endif
