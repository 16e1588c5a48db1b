#include "core/text/time.h"

#include "core/base/date.h"

enum { US_PER_MS = 1000 };
static const int64_t US_PER_DAY = 86400000000, US_PER_S = 1000000, NS_PER_S = 1000000000;

/* Digits of `number`, at least `width` of them; returns where they end. */
static char *put_digits(char *out, uint64_t number, int width)
{
    char digits[20];
    int count = 0;
    do {
        digits[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0 || count < width);
    while (count > 0)
        *out++ = digits[--count];
    return out;
}

static char *put_date(char *out, int64_t days)
{
    struct lt_date date = lt_date_of(days);
    if (date.year < 0)
        *out++ = '-';
    else if (date.year > 9999)
        *out++ = '+';
    out = put_digits(out, (uint64_t)(date.year < 0 ? -date.year : date.year), 4);
    *out++ = '-';
    out = put_digits(out, (uint64_t)date.month, 2);
    *out++ = '-';
    return put_digits(out, (uint64_t)date.day, 2);
}

static char *put_clock(char *out, uint64_t seconds)
{
    out = put_digits(out, seconds / 3600, 2);
    *out++ = ':';
    out = put_digits(out, seconds / 60 % 60, 2);
    *out++ = ':';
    return put_digits(out, seconds % 60, 2);
}

/* ".1" for 100 of 1000: as many digits as it takes. Nothing for 0. */
static char *put_fraction(char *out, uint64_t fraction, int width)
{
    if (fraction == 0)
        return out;
    *out++ = '.';
    out = put_digits(out, fraction, width);
    while (out[-1] == '0')
        out--;
    return out;
}

static size_t finish(char *out, char *end)
{
    *end = '\0';
    return (size_t)(end - out);
}

size_t lt_time_format_date(int64_t days, char out[LT_TIME_TEXT_SIZE])
{
    return finish(out, put_date(out, days));
}

/* Puts date, separator and clock; gives what is left of the second. The offset is added to the time
 * of day, since the sum of a timestamp and an offset may not fit 64 bits. */
static char *put_moment(char *out, int64_t us, int32_t offset_s, char separator, uint64_t *left_us)
{
    int64_t days = lt_floor_divide(us, US_PER_DAY);
    int64_t of_day = us % US_PER_DAY + (us % US_PER_DAY < 0 ? US_PER_DAY : 0);
    int64_t rest = of_day + offset_s * US_PER_S;
    int64_t shift = lt_floor_divide(rest, US_PER_DAY);
    rest -= shift * US_PER_DAY;
    out = put_date(out, days + shift);
    *out++ = separator;
    *left_us = (uint64_t)(rest % US_PER_S);
    return put_clock(out, (uint64_t)(rest / US_PER_S));
}

size_t lt_time_format_timestamp(int64_t us, int32_t offset_s, char out[LT_TIME_TEXT_SIZE])
{
    uint64_t left_us;
    char *end = put_moment(out, us, offset_s, ' ', &left_us);
    return finish(out, put_fraction(end, left_us, 6));
}

static char *put_offset(char *out, int32_t offset_s)
{
    if (offset_s == 0) {
        *out++ = 'Z';
        return out;
    }
    *out++ = offset_s < 0 ? '-' : '+';
    uint32_t seconds = (uint32_t)(offset_s < 0 ? -offset_s : offset_s);
    char *end = put_clock(out, seconds);
    return seconds % 60 == 0 ? end - 3 : end;
}

static char *put_iso_ms(char *out, int64_t us, int32_t offset_s)
{
    uint64_t left_us;
    out = put_moment(out, us, offset_s, 'T', &left_us);
    *out++ = '.';
    return put_digits(out, left_us / US_PER_MS, 3);
}

size_t lt_time_format_iso_ms(int64_t us, int32_t offset_s, char out[LT_TIME_TEXT_SIZE])
{
    return finish(out, put_offset(put_iso_ms(out, us, offset_s), offset_s));
}

size_t lt_time_format_iso_ms_local(int64_t us, char out[LT_TIME_TEXT_SIZE])
{
    return finish(out, put_iso_ms(out, us, 0));
}

size_t lt_time_format_time(int64_t ns, char out[LT_TIME_TEXT_SIZE])
{
    char *end = put_clock(out, (uint64_t)(ns / NS_PER_S));
    return finish(out, put_fraction(end, (uint64_t)(ns % NS_PER_S), 9));
}
