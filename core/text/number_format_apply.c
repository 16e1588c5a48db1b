/*
 * Writes and reads numbers by a compiled format.
 *
 * Written is from the left, item by item. What was written last decides some of what comes: a blank
 * in front of the point becomes a 0, and blanks and signs change places so that the sign stands
 * next to the number.
 */
#include <stdbool.h>
#include <string.h>

#include "core/base/ascii.h"
#include "core/text/number_format.h"
#include "core/text/number_format_items.h"
#include "core/text/utf8.h"

struct writer {
    char *out;
    size_t size_bytes;
    bool is_negative, is_too_large;
    char text[LT_NUMBER_DECIMAL_TEXT_SIZE]; /* of the magnitude */
    /* Digits without zeros at the far ends, and how many there are. */
    const char *whole, *fraction;
    uint32_t whole_count, fraction_count;
    /* Places of the format still to be written before the point, and after it so far. */
    uint32_t whole_left, fraction_at;
    bool has_point;
};

static void put(struct writer *w, char c)
{
    w->out[w->size_bytes++] = c;
}

static char last(const struct writer *w)
{
    return w->size_bytes == 0 ? '\0' : w->out[w->size_bytes - 1];
}

/* A sign goes in front of the blanks behind the number. */
static void put_sign(struct writer *w, char sign)
{
    size_t at = w->size_bytes++;
    for (; at > 0 && w->out[at - 1] == ' '; at--)
        w->out[at] = ' ';
    w->out[at] = sign;
}

/* A blank goes in front of the sign before the number. */
static void put_blank(struct writer *w)
{
    size_t at = w->size_bytes++;
    for (; at > 0 && strchr("+-<", w->out[at - 1]) != NULL; at--)
        w->out[at] = w->out[at - 1];
    w->out[at] = ' ';
}

/* A point with nothing behind it becomes a blank. */
static void strip_point(struct writer *w)
{
    char *point = memchr(w->out, '.', w->size_bytes);
    if (point != NULL && (point == w->out + w->size_bytes - 1 || point[1] == ' '))
        *point = ' ';
}

static void split(struct writer *w, const struct lt_number_format *format, struct lt_decimal number)
{
    __int128 magnitude = (__int128)lt_decimal_magnitude(number.unscaled);
    size_t size_bytes = lt_number_format_decimal(magnitude, number.scale, w->text);
    size_t whole = number.scale == 0 ? size_bytes : size_bytes - number.scale - 1;
    w->whole = w->text;
    w->whole_count = (uint32_t)whole;
    for (; w->whole_count > 0 && *w->whole == '0'; w->whole_count--)
        w->whole++;
    w->fraction = w->text + size_bytes - number.scale;
    w->fraction_count = number.scale;
    while (w->fraction_count > 0 && w->fraction[w->fraction_count - 1] == '0')
        w->fraction_count--;
    w->whole_left = format->precision - format->scale;
    w->is_negative = number.unscaled < 0;
    w->is_too_large = w->whole_count > w->whole_left || w->fraction_count > format->scale;
}

static void put_whole(struct writer *w, bool is_exact)
{
    uint32_t left = w->whole_left--;
    if (w->is_too_large)
        put(w, '#');
    else if (left <= w->whole_count)
        put(w, w->whole[w->whole_count - left]);
    else if (is_exact)
        put(w, '0');
    else
        put_blank(w);
}

static void put_fraction(struct writer *w)
{
    uint32_t at = w->fraction_at++;
    put(w, w->is_too_large ? '#' : at < w->fraction_count ? w->fraction[at] : '0');
}

static void put_digits(struct writer *w, const struct lt_number_format_item *item)
{
    for (uint32_t i = 0; i < item->count; i++) {
        if (w->has_point)
            put_fraction(w);
        else
            put_whole(w, item->kind == LT_NUMBER_FORMAT_DIGITS_EXACT);
    }
}

static void put_point(struct writer *w)
{
    if (last(w) == ' ')
        w->out[w->size_bytes - 1] = '0';
    put(w, '.');
    w->has_point = true;
}

static void put_closing(struct writer *w)
{
    strip_point(w);
    if (w->is_negative) {
        put_sign(w, '>');
    } else {
        put(w, ' ');
        put(w, ' ');
    }
}

static void put_minus(struct writer *w)
{
    if (w->is_negative) {
        strip_point(w);
        put_sign(w, '-');
    } else {
        put(w, ' ');
    }
}

static void put_item(struct writer *w, const struct lt_number_format_item *item)
{
    switch (item->kind) {
    case LT_NUMBER_FORMAT_DIGITS_EXACT:
    case LT_NUMBER_FORMAT_DIGITS_MOST:
        put_digits(w, item);
        break;
    case LT_NUMBER_FORMAT_SEPARATOR:
        if (lt_ascii_is_digit(last(w)))
            put(w, ',');
        else
            put_blank(w);
        break;
    case LT_NUMBER_FORMAT_POINT:
        put_point(w);
        break;
    case LT_NUMBER_FORMAT_DOLLAR:
        put(w, '$');
        break;
    case LT_NUMBER_FORMAT_SIGN:
        strip_point(w);
        put_sign(w, w->is_negative ? '-' : '+');
        break;
    case LT_NUMBER_FORMAT_MINUS:
        put_minus(w);
        break;
    case LT_NUMBER_FORMAT_OPENING:
        if (w->is_negative)
            put(w, '<');
        break;
    case LT_NUMBER_FORMAT_CLOSING:
        put_closing(w);
        break;
    case LT_NUMBER_FORMAT_OTHER:
        lt_assert(!"compiled");
    }
}

size_t lt_number_format_write(const struct lt_number_format *format, struct lt_decimal number,
                              char *out)
{
    struct writer w = {.out = out};
    split(&w, format, number);
    for (uint32_t i = 0; i < format->item_count; i++)
        put_item(&w, &format->items[i]);
    strip_point(&w);
    lt_debug_assert(w.size_bytes < format->text_size_max);
    out[w.size_bytes] = '\0';
    return w.size_bytes;
}

struct reader {
    const char *at, *end;
    unsigned __int128 number;
    uint32_t digits, fraction_digits;
    bool has_point, is_negative, is_open;
};

/* Blanks as Java's Character.isWhitespace has them. */
static bool is_blank(char c)
{
    return lt_ascii_is_blank(c) || (c >= 0x1C && c <= 0x1F);
}

/* Takes a character, if it is the next one. */
static bool take(struct reader *r, char c)
{
    if (r->at == r->end || *r->at != c)
        return false;
    r->at++;
    return true;
}

/* Takes a digit of any script; what is beyond U+FFFF is none to Java. */
static bool take_digit(struct reader *r)
{
    static const uint16_t zeros[] = {0x30,   0x660,  0x6F0,  0x7C0,  0x966,  0x9E6,  0xA66,  0xAE6,
                                     0xB66,  0xBE6,  0xC66,  0xCE6,  0xD66,  0xDE6,  0xE50,  0xED0,
                                     0xF20,  0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80,
                                     0x1A90, 0x1B50, 0x1BB0, 0x1C40, 0x1C50, 0xA620, 0xA8D0, 0xA900,
                                     0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10};
    const uint8_t *at = (const uint8_t *)r->at;
    uint32_t sign = lt_utf8_next(&at, (const uint8_t *)r->end), value = 10;
    for (size_t i = 0; i < sizeof zeros / sizeof zeros[0] && value > 9; i++)
        value = sign - zeros[i];
    if (value > 9)
        return false;
    if (r->digits < LT_DECIMAL_PRECISION_MAX) /* more of them never match */
        r->number = r->number * 10 + value;
    r->digits++;
    r->fraction_digits += r->has_point;
    r->at = (const char *)at;
    return true;
}

static bool matches_count(const struct lt_number_format_item *item, uint32_t count)
{
    return item->kind == LT_NUMBER_FORMAT_DIGITS_EXACT ? count == item->count
                                                       : count <= item->count;
}

/* Groups are compared from the right, so that those on the left may be missing. */
static bool matches_group(const char *begin, const char *end,
                          const struct lt_number_format_item *items, uint32_t count)
{
    uint32_t i = count - 1, digits = 0; /* digits, a separator, digits and so on */
    for (const char *at = end; at > begin; at--) {
        if (at[-1] == ',') {
            if (i < 2 || !matches_count(&items[i], digits))
                return false;
            i -= 2;
            digits = 0;
        } else if (!is_blank(at[-1])) {
            digits += ((unsigned char)at[-1] & 0xC0) != 0x80; /* once for its bytes */
        }
    }
    if (!matches_count(&items[i], digits))
        return false;
    for (; i >= 2; i -= 2)
        if (!matches_count(&items[i - 2], 0))
            return false;
    return true;
}

static bool read_group(struct reader *r, const struct lt_number_format_item *items, uint32_t count)
{
    const char *begin = r->at;
    while (r->at < r->end) {
        if (take_digit(r))
            continue;
        if (*r->at != ',' && !is_blank(*r->at))
            break;
        r->at++;
    }
    return matches_group(begin, r->at, items, count);
}

/* False when the text cannot match any more. */
static bool read_item(struct reader *r, const struct lt_number_format_item *item)
{
    switch (item->kind) {
    case LT_NUMBER_FORMAT_POINT:
        r->has_point |= take(r, '.');
        return true;
    case LT_NUMBER_FORMAT_DOLLAR:
        return take(r, '$') || r->at == r->end;
    case LT_NUMBER_FORMAT_SIGN:
        if (!take(r, '+'))
            r->is_negative ^= take(r, '-');
        return true;
    case LT_NUMBER_FORMAT_MINUS:
        r->is_negative ^= take(r, '-');
        return true;
    case LT_NUMBER_FORMAT_OPENING:
        r->is_open = take(r, '<');
        return true;
    default:
        lt_debug_assert(item->kind == LT_NUMBER_FORMAT_CLOSING);
        if (!take(r, '>'))
            return !r->is_open;
        r->is_negative = !r->is_negative;
        return r->is_open;
    }
}

enum lt_number_result lt_number_format_read(const struct lt_number_format *format, const void *data,
                                            size_t size_bytes, __int128 *out)
{
    lt_assert(format->precision <= LT_DECIMAL_PRECISION_MAX);
    struct reader r = {.at = data, .end = (const char *)data + size_bytes};
    for (uint32_t i = 0; i < format->item_count;) {
        uint32_t count = 0;
        while (i + count < format->item_count &&
               lt_number_format_is_group(&format->items[i + count]))
            count++;
        if (count != 0 ? !read_group(&r, &format->items[i], count)
                       : !read_item(&r, &format->items[i]))
            return LT_NUMBER_INVALID;
        i += count != 0 ? count : 1;
    }
    if (r.at != r.end || r.digits == 0)
        return LT_NUMBER_INVALID;
    lt_debug_assert(r.digits <= format->precision && r.fraction_digits <= format->scale);
    /* Without a point in the text, digits that stand for the fraction count as whole. */
    __int128 number;
    if (__builtin_mul_overflow((__int128)r.number,
                               lt_decimal_power(format->scale - r.fraction_digits), &number) ||
        !lt_decimal_fits(number, format->precision))
        return LT_NUMBER_OUT_OF_RANGE;
    *out = r.is_negative ? -number : number;
    return LT_NUMBER_OK;
}
