/*
 * Arithmetic on intervals, and between intervals and numbers: sums, products, quotients, casts to a
 * range of fields, making intervals of their parts.
 *
 * Year-month intervals are 32-bit months, day-time intervals 64-bit microseconds. Products and
 * quotients that are not whole round half up, away from 0. False means that the result does not fit
 * (INTERVAL_ARITHMETIC_OVERFLOW); dividing by 0 is the caller's to refuse
 * (INTERVAL_DIVIDED_BY_ZERO), and asserted here.
 *
 * on: any. Pure.
 */
#ifndef LT_TEXT_INTERVAL_MATH_H
#define LT_TEXT_INTERVAL_MATH_H

#include "core/base/error.h"
#include "core/data/type.h"
#include "core/data/value.h"

static inline bool lt_interval_add_months(int64_t a, int64_t b, int64_t *out)
{
    *out = a + b;
    return *out == (int32_t)*out;
}
static inline bool lt_interval_subtract_months(int64_t a, int64_t b, int64_t *out)
{
    *out = a - b;
    return *out == (int32_t)*out;
}
/* Sums of day-time intervals need no more than __builtin_add_overflow. */

/* By a whole number. */
bool lt_interval_multiply_months(int64_t months, int64_t factor, int64_t *out) LT_MUST_USE;
bool lt_interval_divide_months(int64_t months, int64_t divisor, int64_t *out) LT_MUST_USE;
bool lt_interval_divide_us(int64_t us, int64_t divisor, int64_t *out) LT_MUST_USE;
/* By a double; NaN does not fit. */
bool lt_interval_multiply_months_double(int64_t months, double factor, int64_t *out) LT_MUST_USE;
bool lt_interval_divide_months_double(int64_t months, double divisor, int64_t *out) LT_MUST_USE;
bool lt_interval_multiply_us_double(int64_t us, double factor, int64_t *out) LT_MUST_USE;
bool lt_interval_divide_us_double(int64_t us, double divisor, int64_t *out) LT_MUST_USE;
/* By a decimal of that scale, unscaled, 0 to 38. */
bool lt_interval_multiply_decimal(int64_t interval, __int128 factor, int scale,
                                  int64_t *out) LT_MUST_USE;
bool lt_interval_divide_decimal(int64_t interval, __int128 divisor, int scale,
                                int64_t *out) LT_MUST_USE;

/* Cuts what is finer than the last field of the type. */
int64_t lt_interval_cut(const struct lt_type *type, int64_t interval);
/* What a cast to a number gives: the interval in units of its type's last field. For SECOND that is
 * in microseconds. */
int64_t lt_interval_to_units(const struct lt_type *type, int64_t interval);
/* What a cast of a number gives, in units of the type's last field. */
bool lt_interval_from_units(const struct lt_type *type, int64_t count, int64_t *out) LT_MUST_USE;
bool lt_interval_from_decimal(const struct lt_type *type, __int128 number, int scale,
                              int64_t *out) LT_MUST_USE;

bool lt_interval_make_months(int32_t years, int32_t months, int64_t *out) LT_MUST_USE;
/* `seconds_us`: decimal(18,6), unscaled. */
bool lt_interval_make_us(int32_t days, int32_t hours, int32_t minutes, int64_t seconds_us,
                         int64_t *out) LT_MUST_USE;
bool lt_interval_make_calendar(int32_t years, int32_t months, int32_t weeks, int32_t days,
                               int32_t hours, int32_t minutes, int64_t seconds_us,
                               struct lt_calendar_interval *out) LT_MUST_USE;

/* Calendar intervals, part by part. */
bool lt_interval_add_calendar(const struct lt_calendar_interval *a,
                              const struct lt_calendar_interval *b,
                              struct lt_calendar_interval *out) LT_MUST_USE;
bool lt_interval_subtract_calendar(const struct lt_calendar_interval *a,
                                   const struct lt_calendar_interval *b,
                                   struct lt_calendar_interval *out) LT_MUST_USE;
bool lt_interval_negate_calendar(const struct lt_calendar_interval *a,
                                 struct lt_calendar_interval *out) LT_MUST_USE;
/* By a double: months are cut, a fraction of a day becomes microseconds, which are rounded and
 * saturate. False when months or days do not fit: they are saturated then (which the legacy rules
 * go on with). */
bool lt_interval_multiply_calendar(const struct lt_calendar_interval *a, double factor,
                                   struct lt_calendar_interval *out) LT_MUST_USE;
bool lt_interval_divide_calendar(const struct lt_calendar_interval *a, double divisor,
                                 struct lt_calendar_interval *out) LT_MUST_USE;

#endif
