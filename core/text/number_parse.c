/*
 * Parsing of integers, floats and decimals by the rules of Java and Spark. What a text has to look
 * like is checked here; turning the digits of a float into bits is left to
 * core/text/number_float.cc.
 */
#include "core/text/number.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "core/base/ascii.h"
#include "core/data/decimal.h"
#include "core/text/number_float.h"

enum {
    DECIMAL_DIGITS_MAX = LT_DECIMAL_PRECISION_MAX,
    JAVA_SCALE_MAX = 646456993, /* 10 to more than this is no BigInteger */
    HEX_EXPONENT_MAX = 100000,
};

/* Beyond any exponent that matters, and far from overflow when another is added. */
static const int64_t exponent_max = 10000000000;

struct text {
    const char *at, *end;
};

static struct text trim(const void *data, size_t size_bytes, bool with_delete)
{
    struct text text = {data, (const char *)data + size_bytes};
    while (text.at < text.end &&
           ((unsigned char)*text.at <= 0x20 || (with_delete && *text.at == 0x7F)))
        text.at++;
    while (text.at < text.end &&
           ((unsigned char)text.end[-1] <= 0x20 || (with_delete && text.end[-1] == 0x7F)))
        text.end--;
    return text;
}

/* Takes a sign off; true for a minus. */
static bool take_sign(struct text *text)
{
    if (text->at < text->end && (*text->at == '+' || *text->at == '-'))
        return *text->at++ == '-';
    return false;
}

static bool is_word(const struct text *text, const char *word)
{
    size_t size_bytes = strlen(word);
    if ((size_t)(text->end - text->at) != size_bytes)
        return false;
    for (size_t i = 0; i < size_bytes; i++)
        if (lt_ascii_lower(text->at[i]) != word[i])
            return false;
    return true;
}

enum lt_number_result lt_number_parse_i64(const void *data, size_t size_bytes, int64_t min,
                                          int64_t max, int64_t *out)
{
    struct text text = trim(data, size_bytes, true);
    bool is_negative = take_sign(&text);
    if (text.at == text.end)
        return LT_NUMBER_INVALID;
    int64_t number = 0; /* kept negative, where there is room for one more */
    bool has_overflown = false;
    for (; text.at < text.end; text.at++) {
        if (!lt_ascii_is_digit(*text.at))
            return LT_NUMBER_INVALID;
        has_overflown |= __builtin_mul_overflow(number, 10, &number) ||
                         __builtin_sub_overflow(number, *text.at - '0', &number);
    }
    if (!is_negative)
        has_overflown |= __builtin_sub_overflow((int64_t)0, number, &number);
    if (has_overflown || number < min || number > max)
        return LT_NUMBER_OUT_OF_RANGE;
    *out = number;
    return LT_NUMBER_OK;
}

/* The parts of digits[.digits][e[sign]digits]. */
struct parts {
    const char *digits_end; /* of digits and point */
    int64_t whole_digits, fraction_digits;
    int64_t exponent;
};

static const char *skip_digits(const char *at, const char *end)
{
    while (at < end && lt_ascii_is_digit(*at))
        at++;
    return at;
}

static bool parse_exponent(struct text *text, int64_t *out)
{
    bool is_negative = take_sign(text);
    if (text->at == text->end || !lt_ascii_is_digit(*text->at))
        return false;
    int64_t exponent = 0;
    for (; text->at < text->end && lt_ascii_is_digit(*text->at); text->at++)
        if (exponent < exponent_max)
            exponent = exponent * 10 + (*text->at - '0');
    if (exponent > exponent_max)
        exponent = exponent_max;
    *out = is_negative ? -exponent : exponent;
    return true;
}

/* Goes past the number; false when there is none. */
static bool parse_parts(struct text *text, struct parts *parts)
{
    *parts = (struct parts){0};
    const char *begin = text->at;
    text->at = skip_digits(text->at, text->end);
    parts->whole_digits = text->at - begin;
    if (text->at < text->end && *text->at == '.') {
        const char *fraction = ++text->at;
        text->at = skip_digits(text->at, text->end);
        parts->fraction_digits = text->at - fraction;
    }
    parts->digits_end = text->at;
    if (parts->whole_digits + parts->fraction_digits == 0)
        return false;
    if (text->at == text->end || lt_ascii_lower(*text->at) != 'e')
        return true;
    text->at++;
    return parse_exponent(text, &parts->exponent);
}

/* The exponent of ten of the first digit that is not 0: 1 for 2.5, 0 for 0.25. */
static int64_t magnitude(const char *begin, const struct parts *parts)
{
    int64_t place = parts->whole_digits + parts->exponent;
    for (const char *at = begin; at < parts->digits_end; at++) {
        if (*at == '.')
            continue;
        if (*at != '0')
            break;
        place--;
    }
    return place;
}

static bool is_all_zeros(const char *at, const char *end)
{
    while (at < end && (*at == '0' || *at == '.'))
        at++;
    return at == end;
}

/* 0x[hex][.hex]p[sign]digits, the 0x taken. Keeps 60 bits and whether anything followed them, so
 * that the one rounding is that of the conversion from long double. */
static bool parse_hex(struct text *text, long double *out)
{
    uint64_t bits = 0;
    int64_t exponent = 0;
    bool has_point = false, has_digits = false;
    for (; text->at < text->end; text->at++) {
        char c = lt_ascii_lower(*text->at);
        if (c == '.' && !has_point) {
            has_point = true;
            continue;
        }
        if (!lt_ascii_is_digit(c) && !(c >= 'a' && c <= 'f'))
            break;
        uint64_t digit = (uint64_t)(lt_ascii_is_digit(c) ? c - '0' : c - 'a' + 10);
        has_digits = true;
        if (bits >> 60 == 0) {
            bits = bits << 4 | digit;
            exponent -= has_point ? 4 : 0;
        } else {
            bits |= digit != 0;
            exponent += has_point ? 0 : 4;
        }
    }
    if (!has_digits || text->at == text->end || lt_ascii_lower(*text->at) != 'p')
        return false;
    text->at++;
    int64_t power;
    if (!parse_exponent(text, &power))
        return false;
    power += exponent;
    power = power > HEX_EXPONENT_MAX ? HEX_EXPONENT_MAX : power;
    power = power < -HEX_EXPONENT_MAX ? -HEX_EXPONENT_MAX : power;
    *out = ldexpl((long double)bits, (int)power);
    return true;
}

/* NaN and infinities, the sign taken. */
static bool parse_special(const struct text *text, double *out)
{
    if (is_word(text, "nan"))
        *out = (double)NAN;
    else if (is_word(text, "inf") || is_word(text, "infinity"))
        *out = (double)INFINITY;
    else
        return false;
    return true;
}

/* Java takes one d or f after a number. */
static void take_suffix(struct text *text)
{
    if (text->at < text->end && strchr("dDfF", *text->at) != NULL && *text->at != '\0')
        text->at++;
}

/* What the texts of floats and doubles have in common: the digits, or a finished number in
 * hexadecimal. */
struct float_text {
    const char *begin;
    size_t size_bytes;
    bool is_negative;
    bool is_finished; /* `finished` is the number without its sign */
    double special;   /* in place of EXTREME: infinity or 0 */
    long double finished;
};

static bool read_float(const void *data, size_t size_bytes, struct float_text *out)
{
    struct text text = trim(data, size_bytes, false);
    *out = (struct float_text){0};
    out->is_negative = take_sign(&text);
    if (parse_special(&text, &out->special)) {
        out->is_finished = true;
        out->finished = (long double)out->special;
        return true;
    }
    if (text.end - text.at > 2 && text.at[0] == '0' && lt_ascii_lower(text.at[1]) == 'x') {
        text.at += 2;
        out->is_finished = true;
        if (!parse_hex(&text, &out->finished))
            return false;
    } else {
        struct parts parts;
        out->begin = text.at;
        if (!parse_parts(&text, &parts))
            return false;
        out->size_bytes = (size_t)(text.at - out->begin);
        out->special = magnitude(out->begin, &parts) > 0 ? (double)INFINITY : 0.0;
    }
    take_suffix(&text);
    return text.at == text.end;
}

enum lt_number_result lt_number_parse_double(const void *data, size_t size_bytes, double *out)
{
    struct float_text text;
    if (!read_float(data, size_bytes, &text))
        return LT_NUMBER_INVALID;
    double number = text.special;
    if (text.is_finished)
        number = (double)text.finished;
    else if (lt_number_float_parse_double(text.begin, text.size_bytes, &number) ==
             LT_NUMBER_FLOAT_INVALID)
        return LT_NUMBER_INVALID;
    *out = text.is_negative ? -number : number;
    return LT_NUMBER_OK;
}

enum lt_number_result lt_number_parse_float(const void *data, size_t size_bytes, float *out)
{
    struct float_text text;
    if (!read_float(data, size_bytes, &text))
        return LT_NUMBER_INVALID;
    float number = (float)text.special;
    if (text.is_finished)
        number = (float)text.finished;
    else if (lt_number_float_parse_float(text.begin, text.size_bytes, &number) ==
             LT_NUMBER_FLOAT_INVALID)
        return LT_NUMBER_INVALID;
    *out = text.is_negative ? -number : number;
    return LT_NUMBER_OK;
}

/* The first `count` digits from the first that is not 0, as a number, padded with zeros; rounded
 * half up by the digit after them. `count` is at most DECIMAL_DIGITS_MAX. */
static unsigned __int128 gather_digits(const char *begin, const char *end, int64_t count)
{
    unsigned __int128 number = 0;
    const char *at = begin;
    while (at < end && (*at == '0' || *at == '.'))
        at++;
    for (; at < end; at++) {
        if (*at == '.')
            continue;
        if (count == 0)
            return number + (*at >= '5');
        number = number * 10 + (unsigned)(*at - '0');
        count--;
    }
    for (; count > 0; count--)
        number *= 10;
    return number;
}

/* What Java's BigDecimal has to say about the text alone, whatever it is rounded to. */
static enum lt_number_result check_scale(const struct parts *parts, int64_t place, bool is_zero)
{
    int64_t scale = parts->fraction_digits - parts->exponent;
    int64_t whole = is_zero ? 1 - scale : place;
    if (scale > INT32_MAX || scale < INT32_MIN)
        return LT_NUMBER_INVALID;
    return whole > DECIMAL_DIGITS_MAX || scale > JAVA_SCALE_MAX ? LT_NUMBER_OUT_OF_RANGE
                                                                : LT_NUMBER_OK;
}

enum lt_number_result lt_number_parse_decimal(const void *data, size_t size_bytes,
                                              uint32_t precision, uint32_t scale, __int128 *out)
{
    lt_assert(precision <= DECIMAL_DIGITS_MAX);
    struct text text = trim(data, size_bytes, false);
    bool is_negative = take_sign(&text);
    const char *begin = text.at;
    struct parts parts;
    if (!parse_parts(&text, &parts) || text.at != text.end)
        return LT_NUMBER_INVALID;
    unsigned __int128 number = 0;
    int64_t place = magnitude(begin, &parts), count = place + scale;
    bool is_zero = is_all_zeros(begin, parts.digits_end);
    enum lt_number_result result = check_scale(&parts, place, is_zero);
    if (result != LT_NUMBER_OK)
        return result;
    if (!is_zero && count > DECIMAL_DIGITS_MAX)
        return LT_NUMBER_OUT_OF_RANGE;
    if (!is_zero && count >= 0)
        number = gather_digits(begin, parts.digits_end, count);
    if (number >= (unsigned __int128)lt_decimal_power(precision) && number != 0)
        return LT_NUMBER_OUT_OF_RANGE;
    *out = is_negative ? -(__int128)number : (__int128)number;
    return LT_NUMBER_OK;
}

enum lt_number_result lt_number_parse_decimal_commas(const void *data, size_t size_bytes,
                                                     uint32_t precision, uint32_t scale,
                                                     __int128 *out)
{
    enum { BYTES_MAX = 2000 };
    const char *text = data;
    char digits[BYTES_MAX];
    size_t count = 0;
    if (size_bytes > sizeof digits)
        return LT_NUMBER_INVALID;
    for (size_t i = 0; i < size_bytes; i++) {
        if ((unsigned char)text[i] <= ' ')
            return LT_NUMBER_INVALID;
        if (text[i] != ',')
            digits[count++] = text[i];
    }
    return lt_number_parse_decimal(digits, count, precision, scale, out);
}
