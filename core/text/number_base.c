/*
 * conv(): a number of text from one base to another, by way of 64 bits, as Hive does it and Spark
 * after it.
 */
#include <string.h>

#include "core/base/ascii.h"
#include "core/text/number_decimal.h"

enum { BASE_MIN = 2, BASE_MAX = 36, DIGITS_MAX = 64 };

static bool is_base(int64_t base)
{
    return base >= BASE_MIN && base <= BASE_MAX;
}

/* The value of a digit, or BASE_MAX when it is none. */
static unsigned digit_value(char c)
{
    if (lt_ascii_is_digit(c))
        return (unsigned)(c - '0');
    return lt_ascii_is_letter(c) ? (unsigned)(lt_ascii_lower(c) - 'a') + 10 : BASE_MAX;
}

/* Digits up to the first that is none; false beyond 64 bits, with all of them set. */
static bool read_number(const char *at, const char *end, unsigned base, uint64_t *out)
{
    uint64_t number = 0;
    for (; at < end && digit_value(*at) < base; at++)
        if (__builtin_mul_overflow(number, base, &number) ||
            __builtin_add_overflow(number, digit_value(*at), &number)) {
            *out = UINT64_MAX;
            return false;
        }
    *out = number;
    return true;
}

static size_t write_number(bool is_negative, uint64_t number, unsigned base, char *out)
{
    char digits[DIGITS_MAX];
    char *begin = digits + sizeof digits;
    do {
        *--begin = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[number % base];
        number /= base;
    } while (number != 0);
    size_t count = (size_t)(digits + sizeof digits - begin);
    if (is_negative)
        *out++ = '-';
    memcpy(out, begin, count);
    out[count] = '\0';
    return count + is_negative;
}

enum lt_number_result lt_number_convert_base(const void *data, size_t data_bytes,
                                             struct lt_number_base base,
                                             char out[LT_NUMBER_BASE_TEXT_SIZE], size_t *size_bytes)
{
    const char *at = data, *end = at + data_bytes;
    while (at < end && *at == ' ')
        at++;
    while (at < end && end[-1] == ' ')
        end--;
    int64_t to = base.to < 0 ? -(int64_t)base.to : base.to;
    if (at == end || !is_base(base.from) || !is_base(to))
        return LT_NUMBER_INVALID;
    bool is_negative = *at == '-';
    uint64_t number;
    bool fits = read_number(at + is_negative, end, (unsigned)base.from, &number);
    bool is_high = number >> 63;
    if (base.to > 0 && is_negative) {
        number = is_high ? UINT64_MAX : -number;
    } else if (base.to < 0 && is_high) {
        number = -number;
        is_negative = true;
    }
    *size_bytes = write_number(is_negative && base.to < 0, number, (unsigned)to, out);
    return fits ? LT_NUMBER_OK : LT_NUMBER_OUT_OF_RANGE;
}
