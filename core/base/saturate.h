/*
 * A double as a whole number, as Java casts it to long or to int: cut towards zero; what has no
 * place in 64 or 32 bits becomes the nearest that has (C leaves that undefined), NaN becomes 0.
 *
 * on: any. Pure.
 */
#ifndef LT_BASE_SATURATE_H
#define LT_BASE_SATURATE_H

#include <stdint.h>

static inline int64_t lt_saturate(double number)
{
    if (number >= 0x1p63)
        return INT64_MAX;
    if (number < -0x1p63)
        return INT64_MIN;
    return number == number ? (int64_t)number : 0;
}

static inline int32_t lt_saturate_i32(double number)
{
    int64_t whole = lt_saturate(number);
    return whole > INT32_MAX ? INT32_MAX : whole < INT32_MIN ? INT32_MIN : (int32_t)whole;
}

#endif
