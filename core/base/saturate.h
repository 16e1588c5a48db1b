/*
 * A double as a whole number, as Java casts it to long: cut towards zero; what has no place in 64
 * bits becomes the nearest that has (C leaves that undefined), NaN becomes 0.
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

#endif
