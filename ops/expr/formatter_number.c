/*
 * Numbers in the fields of a format string.
 *
 * Java formats a double from the shortest digits that tell it from others (those that it prints),
 * rounded half up: 0.35 is 0.4 with one decimal, though the double is a little less.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/ascii.h"
#include "core/text/number.h"
#include "core/text/utf8.h"
#include "ops/expr/formatter_spec.h"

/* A text in its field: cut to the precision, in capitals, with blanks to the width; both count
 * UTF-16 units. */
void lt_format_text(const struct lt_format_spec *spec, const char *text, size_t size_bytes,
                    struct lt_text_buffer *out)
{
    const size_t whole_bytes = size_bytes;
    /* Of half a character of two units Java makes a question mark. */
    size_t units = spec->precision >= 0 ? (size_t)spec->precision : size_bytes;
    size_bytes = lt_utf8_offset_units(text, size_bytes, &units);
    bool has_half = spec->precision >= 0 && size_bytes < whole_bytes && units == 1;
    struct lt_text_buffer *upper = &spec->room->upper;
    lt_text_clear(upper);
    if (spec->is_upper_case && size_bytes > 0) {
        static const char zeros[64] = "";
        for (size_t i = 0; i < size_bytes * LT_UTF8_CASE_GROWTH; i += sizeof zeros)
            lt_text_append_n(upper, zeros, sizeof zeros);
        size_bytes = lt_utf8_upper(text, size_bytes, (uint8_t *)upper->data);
        text = upper->data;
    }
    int64_t blanks = spec->width - (int64_t)lt_utf8_count_units(text, size_bytes) - has_half;
    bool is_left = (spec->flags & LT_FORMAT_LEFT) != 0;
    for (int64_t i = 0; i < blanks && !is_left; i++)
        lt_text_append_char(out, ' ');
    lt_text_append_n(out, text, size_bytes);
    if (has_half)
        lt_text_append_char(out, '?');
    for (int64_t i = 0; i < blanks && is_left; i++)
        lt_text_append_char(out, ' ');
}

/* Digits with what is around them. */
struct number {
    const struct lt_format_spec *spec;
    struct lt_text_buffer *text;
    bool is_negative;
};

static void put_sign(const struct number *number)
{
    unsigned flags = number->spec->flags;
    if (number->is_negative)
        lt_text_append_char(number->text, flags & LT_FORMAT_PARENTHESES ? '(' : '-');
    else if (flags & LT_FORMAT_PLUS)
        lt_text_append_char(number->text, '+');
    else if (flags & LT_FORMAT_BLANK)
        lt_text_append_char(number->text, ' ');
}

/* The digits, "123.45", in groups if asked for, with zeros in front up to a width that counts what
 * is in the text already. */
static void put_digits(const struct number *number, const char *digits, int64_t width)
{
    struct lt_text_buffer *text = number->text;
    size_t whole = strcspn(digits, "."), size = strlen(digits);
    bool is_grouped = (number->spec->flags & LT_FORMAT_GROUP) != 0;
    size_t commas = is_grouped && whole > 0 ? (whole - 1) / 3 : 0;
    int64_t zeros = number->spec->flags & LT_FORMAT_ZERO
                        ? width - (int64_t)(text->size_bytes + size + commas)
                        : 0;
    for (int64_t i = 0; i < zeros; i++)
        lt_text_append_char(text, '0');
    for (size_t i = 0; i < size; i++) {
        if (is_grouped && i > 0 && i < whole && (whole - i) % 3 == 0)
            lt_text_append_char(text, ',');
        lt_text_append_char(text, digits[i]);
    }
}

static bool has_closing(const struct number *number)
{
    return number->is_negative && number->spec->flags & LT_FORMAT_PARENTHESES;
}

/* The width that digits fill with zeros. */
static int64_t zero_width(const struct number *number, size_t behind)
{
    return number->spec->width - (int64_t)behind - has_closing(number);
}

/* Puts the whole number into its field. */
static void finish(const struct number *number, struct lt_text_buffer *out)
{
    if (has_closing(number))
        lt_text_append_char(number->text, ')');
    struct lt_format_spec field = *number->spec;
    field.precision = -1;
    lt_format_text(&field, lt_text_get(number->text), number->text->size_bytes, out);
}

void lt_format_integer(const struct lt_format_spec *spec, int64_t value, unsigned width_bytes,
                       struct lt_text_buffer *out)
{
    char digits[LT_NUMBER_TEXT_SIZE];
    struct lt_text_buffer *text = &spec->room->number;
    lt_text_clear(text);
    bool is_decimal = spec->conversion == 'd';
    const struct number number = {spec, text, is_decimal && value < 0};
    put_sign(&number);
    uint64_t bits = (uint64_t)value;
    if (is_decimal) {
        (void)snprintf(digits, sizeof digits, "%" PRIu64, value < 0 ? -bits : bits);
    } else {
        bits &= width_bytes == 8 ? UINT64_MAX : ((uint64_t)1 << (8 * width_bytes)) - 1;
        bool is_hex = spec->conversion == 'x';
        if (spec->flags & LT_FORMAT_ALTERNATE)
            lt_text_append(text, is_hex ? "0x" : "0");
        if (is_hex)
            (void)snprintf(digits, sizeof digits, "%" PRIx64, bits);
        else
            (void)snprintf(digits, sizeof digits, "%" PRIo64, bits);
    }
    put_digits(&number, digits, zero_width(&number, 0));
    finish(&number, out);
}

/* ------------------------------------------------------------------------------- floating point */

enum { DIGITS_MAX = 24, EXPONENT_SIZE = 16 };

/* 0.d1d2d3... * 10^exponent */
struct digits {
    char digits[DIGITS_MAX];
    int count, exponent;
};

/* What Java prints: "123.45", "1.0E10". Zero is one 0 with exponent 1. */
static struct digits digits_of(double value)
{
    char text[LT_NUMBER_TEXT_SIZE];
    struct digits result = {.exponent = 0};
    size_t size = lt_number_format_double(value, text);
    bool is_after_point = false;
    for (size_t i = 0; i < size; i++) {
        if (text[i] == 'E') {
            int shift = 0;
            (void)sscanf(text + i + 1, "%d", &shift);
            result.exponent += shift;
            break;
        }
        if (text[i] == '.') {
            is_after_point = true;
        } else if (result.count > 0 || text[i] != '0') {
            result.digits[result.count++] = text[i];
            result.exponent += !is_after_point;
        } else if (is_after_point) {
            result.exponent--;
        }
    }
    while (result.count > 1 && result.digits[result.count - 1] == '0')
        result.count--;
    if (result.count == 0)
        result = (struct digits){.digits = "0", .count = 1, .exponent = 1};
    return result;
}

/* Keeps the first `kept` digits, rounded half up. A negative count keeps them all: the caller cuts.
 */
static void round_digits(struct digits *digits, int64_t kept)
{
    if (kept < 0 || kept >= digits->count)
        return;
    bool goes_up = digits->digits[kept] >= '5';
    int at = (int)kept;
    while (goes_up && at > 0 && digits->digits[at - 1] == '9')
        at--;
    digits->count = (int)kept;
    if (goes_up && at == 0) {
        digits->exponent++;
        digits->digits[0] = '1';
        memset(digits->digits + 1, '0', (size_t)(kept > 0 ? kept - 1 : 0));
        digits->count = kept > 0 ? (int)kept : 1;
    } else if (goes_up) {
        digits->digits[at - 1]++;
        memset(digits->digits + at, '0', (size_t)(kept - at));
    } else if (kept == 0) {
        *digits = (struct digits){.digits = "0", .count = 1, .exponent = 1};
    }
}

/* The digit with that many places in front of it; '0' where there is none. */
static char digit_at(const struct digits *digits, int64_t index)
{
    return index >= 0 && index < digits->count ? digits->digits[index] : '0';
}

/* Whole part, point and `places` digits. */
static void put_decimal(const struct digits *digits, int64_t places, struct lt_text_buffer *out)
{
    if (digits->exponent <= 0)
        lt_text_append_char(out, '0');
    for (int64_t i = 0; i < digits->exponent; i++)
        lt_text_append_char(out, digit_at(digits, i));
    if (places > 0)
        lt_text_append_char(out, '.');
    for (int64_t i = 0; i < places; i++)
        lt_text_append_char(out, digit_at(digits, digits->exponent + i));
}

/* One digit, point, `places` digits. */
static void put_mantissa(const struct digits *digits, int64_t places, struct lt_text_buffer *out)
{
    struct digits mantissa = *digits;
    mantissa.exponent = 1;
    put_decimal(&mantissa, places, out);
}

/* The digits of e, f or g, and in `exponent` what stands behind them, or "". */
static void put_magnitude(const struct lt_format_spec *spec, double value,
                          struct lt_text_buffer *out, char exponent[EXPONENT_SIZE])
{
    struct digits digits = digits_of(fabs(value));
    int64_t precision = spec->precision < 0 ? 6 : spec->precision;
    bool is_scientific = spec->conversion == 'e';
    exponent[0] = '\0';
    if (spec->conversion == 'g') {
        precision = precision == 0 ? 1 : precision;
        if (value != 0)
            round_digits(&digits, precision);
        int power = digits.exponent - 1;
        is_scientific = value != 0 && (power < -4 || power >= precision);
        precision -= is_scientific ? 1 : digits.exponent;
    } else if (value != 0) {
        round_digits(&digits, is_scientific ? precision + 1 : digits.exponent + precision);
    }
    if (is_scientific) {
        int power = value == 0 ? 0 : digits.exponent - 1;
        put_mantissa(&digits, precision, out);
        (void)snprintf(exponent, EXPONENT_SIZE, "e%c%02d", power < 0 ? '-' : '+',
                       power < 0 ? -power : power);
    } else {
        put_decimal(&digits, precision, out);
    }
    if (precision == 0 && spec->flags & LT_FORMAT_ALTERNATE)
        lt_text_append_char(out, '.');
}

/* "0x1.8p0": C writes the exponent with a plus, and no ".0". */
static void put_hexadecimal(const struct number *number, double value)
{
    char digits[64], whole[80];
    int32_t precision = number->spec->precision == 0 ? 1 : number->spec->precision;
    if (precision < 0)
        (void)snprintf(digits, sizeof digits, "%a", fabs(value));
    else
        (void)snprintf(digits, sizeof digits, "%.*a", precision > 13 ? 13 : precision, fabs(value));
    size_t mantissa = strcspn(digits, "p");
    const char *power = digits + mantissa + 1;
    (void)snprintf(whole, sizeof whole, "%.*s%sp%s", (int)mantissa - 2, digits + 2,
                   memchr(digits, '.', mantissa) == NULL ? ".0" : "",
                   *power == '+' ? power + 1 : power);
    lt_text_append(number->text, "0x");
    int64_t zeros = number->spec->flags & LT_FORMAT_ZERO
                        ? number->spec->width - (int64_t)(number->text->size_bytes + strlen(whole))
                        : 0;
    for (int64_t i = 0; i < zeros; i++)
        lt_text_append_char(number->text, '0');
    lt_text_append(number->text, whole);
}

void lt_format_double(const struct lt_format_spec *spec, double value, struct lt_text_buffer *out)
{
    struct lt_text_buffer *text = &spec->room->number, *magnitude = &spec->room->digits;
    lt_text_clear(text);
    lt_text_clear(magnitude);
    const struct number number = {spec, text, !isnan(value) && signbit(value) != 0};
    if (!isnan(value))
        put_sign(&number);
    if (!isfinite(value)) {
        lt_text_append(text, isnan(value) ? "NaN" : "Infinity");
    } else if (spec->conversion == 'a') {
        put_hexadecimal(&number, value);
    } else {
        char exponent[EXPONENT_SIZE];
        put_magnitude(spec, value, magnitude, exponent);
        put_digits(&number, lt_text_get(magnitude), zero_width(&number, strlen(exponent)));
        lt_text_append(text, exponent);
    }
    finish(&number, out);
}
