/*
 * Products with decimals have up to 190 bits; they are divided bit by bit, which is slow and exact.
 */
#include "core/text/interval_math.h"

#include <math.h>

#include "core/base/saturate.h"

enum { MONTHS_PER_YEAR = 12, DAYS_PER_WEEK = 7, PRODUCT_BITS = 192 };
static const int64_t US_PER_HOUR = 3600000000, US_PER_MINUTE = 60000000, US_PER_DAY = 86400000000;

static bool fit_months(int64_t months, int64_t *out)
{
    *out = months;
    return months == (int32_t)months;
}

bool lt_interval_multiply_months(int64_t months, int64_t factor, int64_t *out)
{
    return !__builtin_mul_overflow(months, factor, out) && fit_months(*out, out);
}

/* Half up, away from 0. */
static bool divide(int64_t number, int64_t divisor, int64_t *out)
{
    lt_assert(divisor != 0);
    if (divisor == -1)
        return !__builtin_sub_overflow((int64_t)0, number, out);
    int64_t quotient = number / divisor, rest = number % divisor;
    uint64_t rest_size = rest < 0 ? -(uint64_t)rest : (uint64_t)rest;
    uint64_t divisor_size = divisor < 0 ? -(uint64_t)divisor : (uint64_t)divisor;
    if (rest_size != 0 && rest_size >= divisor_size - rest_size)
        quotient += (number < 0) == (divisor < 0) ? 1 : -1;
    *out = quotient;
    return true;
}

bool lt_interval_divide_months(int64_t months, int64_t divisor, int64_t *out)
{
    return divide(months, divisor, out) && fit_months(*out, out);
}

bool lt_interval_divide_us(int64_t us, int64_t divisor, int64_t *out)
{
    return divide(us, divisor, out);
}

static bool round_to(double number, double limit, int64_t *out)
{
    double rounded = round(number);
    if (!(rounded >= -limit && rounded < limit))
        return false;
    *out = (int64_t)rounded;
    return true;
}

bool lt_interval_multiply_months_double(int64_t months, double factor, int64_t *out)
{
    return round_to((double)months * factor, 0x1p31, out);
}

bool lt_interval_divide_months_double(int64_t months, double divisor, int64_t *out)
{
    return round_to((double)months / divisor, 0x1p31, out);
}

bool lt_interval_multiply_us_double(int64_t us, double factor, int64_t *out)
{
    return round_to((double)us * factor, 0x1p63, out);
}

bool lt_interval_divide_us_double(int64_t us, double divisor, int64_t *out)
{
    return round_to((double)us / divisor, 0x1p63, out);
}

static unsigned __int128 magnitude(__int128 number)
{
    return number < 0 ? -(unsigned __int128)number : (unsigned __int128)number;
}

/* a * b / c, half up; c is below 2^127. False: the quotient does not fit 64 bits. */
static bool multiply_divide(uint64_t a, unsigned __int128 b, unsigned __int128 c, uint64_t *out)
{
    unsigned __int128 low = (unsigned __int128)a * (uint64_t)b;
    unsigned __int128 high = (unsigned __int128)a * (uint64_t)(b >> 64) + (low >> 64);
    unsigned __int128 rest = 0, quotient = 0;
    for (int bit = PRODUCT_BITS - 1; bit >= 0; bit--) {
        uint64_t next = bit >= 64 ? (uint64_t)(high >> (bit - 64)) & 1 : (uint64_t)(low >> bit) & 1;
        if (quotient >> 64 != 0)
            return false;
        rest = rest << 1 | next;
        quotient <<= 1;
        if (rest >= c) {
            rest -= c;
            quotient |= 1;
        }
    }
    quotient += rest >= c - rest;
    *out = (uint64_t)quotient;
    return quotient >> 64 == 0;
}

static bool signed_of(uint64_t size, bool is_negative, int64_t *out)
{
    if (size > (uint64_t)INT64_MAX + is_negative)
        return false;
    *out = (int64_t)(is_negative ? -size : size);
    return true;
}

static unsigned __int128 power_of_ten(int exponent)
{
    unsigned __int128 power = 1;
    while (exponent-- > 0)
        power *= 10;
    return power;
}

bool lt_interval_multiply_decimal(int64_t interval, __int128 factor, int scale, int64_t *out)
{
    uint64_t size;
    return multiply_divide((uint64_t)magnitude(interval), magnitude(factor), power_of_ten(scale),
                           &size) &&
           signed_of(size, (interval < 0) != (factor < 0), out);
}

bool lt_interval_divide_decimal(int64_t interval, __int128 divisor, int scale, int64_t *out)
{
    lt_assert(divisor != 0);
    uint64_t size;
    return multiply_divide((uint64_t)magnitude(interval), power_of_ten(scale), magnitude(divisor),
                           &size) &&
           signed_of(size, (interval < 0) != (divisor < 0), out);
}

/* The last field of a type, in months or microseconds. */
static int64_t last_unit(const struct lt_type *type)
{
    static const int64_t us[] = {86400000000, 3600000000, 60000000, 1};
    if (type->kind == LT_TYPE_INTERVAL_YEAR_MONTH)
        return type->interval_end == LT_INTERVAL_YEAR ? MONTHS_PER_YEAR : 1;
    lt_assert(type->kind == LT_TYPE_INTERVAL_DAY_TIME);
    return us[type->interval_end];
}

int64_t lt_interval_cut(const struct lt_type *type, int64_t interval)
{
    return interval - interval % last_unit(type);
}

int64_t lt_interval_to_units(const struct lt_type *type, int64_t interval)
{
    return interval / last_unit(type);
}

static bool is_of_seconds(const struct lt_type *type)
{
    return type->kind == LT_TYPE_INTERVAL_DAY_TIME && type->interval_end == LT_INTERVAL_SECOND;
}

static bool fit(const struct lt_type *type, int64_t interval, int64_t *out)
{
    *out = interval;
    return type->kind == LT_TYPE_INTERVAL_DAY_TIME || interval == (int32_t)interval;
}

bool lt_interval_from_units(const struct lt_type *type, int64_t count, int64_t *out)
{
    int64_t unit = is_of_seconds(type) ? 1000000 : last_unit(type);
    return !__builtin_mul_overflow(count, unit, out) && fit(type, *out, out);
}

bool lt_interval_from_decimal(const struct lt_type *type, __int128 number, int scale, int64_t *out)
{
    int64_t unit = is_of_seconds(type) ? 1000000 : last_unit(type);
    return lt_interval_multiply_decimal(unit, number, scale, out) && fit(type, *out, out);
}

bool lt_interval_make_months(int32_t years, int32_t months, int64_t *out)
{
    return fit_months((int64_t)years * MONTHS_PER_YEAR + months, out);
}

bool lt_interval_make_us(int32_t days, int32_t hours, int32_t minutes, int64_t seconds_us,
                         int64_t *out)
{
    __int128 us = (__int128)days * US_PER_DAY + (__int128)hours * US_PER_HOUR +
                  (__int128)minutes * US_PER_MINUTE + seconds_us;
    *out = (int64_t)us;
    return us == (int64_t)us;
}

bool lt_interval_make_calendar(int32_t years, int32_t months, int32_t weeks, int32_t days,
                               int32_t hours, int32_t minutes, int64_t seconds_us,
                               struct lt_calendar_interval *out)
{
    int64_t all_months, all_days = (int64_t)weeks * DAYS_PER_WEEK + days;
    if (!lt_interval_make_months(years, months, &all_months) || all_days != (int32_t)all_days)
        return false;
    out->months = (int32_t)all_months;
    out->days = (int32_t)all_days;
    return lt_interval_make_us(0, hours, minutes, seconds_us, &out->microseconds);
}

bool lt_interval_add_calendar(const struct lt_calendar_interval *a,
                              const struct lt_calendar_interval *b,
                              struct lt_calendar_interval *out)
{
    struct lt_calendar_interval sum;
    if (__builtin_add_overflow(a->months, b->months, &sum.months) ||
        __builtin_add_overflow(a->days, b->days, &sum.days) ||
        __builtin_add_overflow(a->microseconds, b->microseconds, &sum.microseconds))
        return false;
    *out = sum;
    return true;
}

bool lt_interval_subtract_calendar(const struct lt_calendar_interval *a,
                                   const struct lt_calendar_interval *b,
                                   struct lt_calendar_interval *out)
{
    struct lt_calendar_interval rest;
    if (__builtin_sub_overflow(a->months, b->months, &rest.months) ||
        __builtin_sub_overflow(a->days, b->days, &rest.days) ||
        __builtin_sub_overflow(a->microseconds, b->microseconds, &rest.microseconds))
        return false;
    *out = rest;
    return true;
}

bool lt_interval_negate_calendar(const struct lt_calendar_interval *a,
                                 struct lt_calendar_interval *out)
{
    struct lt_calendar_interval zero = {.months = 0};
    return lt_interval_subtract_calendar(&zero, a, out);
}

/* A fraction of a day becomes microseconds, one of a month is cut. */
static bool calendar_of(double months, double days, double us, struct lt_calendar_interval *out)
{
    out->months = lt_saturate_i32(months);
    out->days = lt_saturate_i32(days);
    double rest_us = isfinite(days) ? (days - out->days) * (double)US_PER_DAY : 0;
    out->microseconds = lt_saturate(floor(us + rest_us + 0.5));
    return fabs(trunc(months)) <= INT32_MAX && fabs(trunc(days)) <= INT32_MAX;
}

bool lt_interval_multiply_calendar(const struct lt_calendar_interval *a, double factor,
                                   struct lt_calendar_interval *out)
{
    return calendar_of(a->months * factor, a->days * factor, (double)a->microseconds * factor, out);
}

bool lt_interval_divide_calendar(const struct lt_calendar_interval *a, double divisor,
                                 struct lt_calendar_interval *out)
{
    lt_assert(divisor != 0);
    return calendar_of(a->months / divisor, a->days / divisor, (double)a->microseconds / divisor,
                       out);
}
