/*
 * Unsigned numbers of 256 bits: what decimal arithmetic goes through on its way from two numbers of
 * 38 digits to one. A product of two has 76 digits and fits; 10^77 does not.
 *
 * For core/data/decimal.c and core/text/number_*.c only. Pure; nothing is allocated.
 */
#ifndef LT_DATA_DECIMAL_WIDE_H
#define LT_DATA_DECIMAL_WIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/error.h"

struct lt_wide {
    unsigned __int128 low, high;
};

static inline struct lt_wide lt_wide_from(unsigned __int128 number)
{
    return (struct lt_wide){.low = number};
}

static inline int lt_wide_compare(const struct lt_wide *a, const struct lt_wide *b)
{
    if (a->high != b->high)
        return a->high < b->high ? -1 : 1;
    return (a->low > b->low) - (a->low < b->low);
}

/* *out = a + b; false when it has more than 256 bits. */
static inline bool lt_wide_add(const struct lt_wide *a, const struct lt_wide *b,
                               struct lt_wide *out)
{
    unsigned __int128 carry = __builtin_add_overflow(a->low, b->low, &out->low);
    bool has_overflown = __builtin_add_overflow(a->high, b->high, &out->high);
    return !(__builtin_add_overflow(out->high, carry, &out->high) | has_overflown);
}

/* a - b, where a >= b. */
static inline struct lt_wide lt_wide_subtract(const struct lt_wide *a, const struct lt_wide *b)
{
    unsigned __int128 borrow = a->low < b->low;
    return (struct lt_wide){.low = a->low - b->low, .high = a->high - b->high - borrow};
}

static inline struct lt_wide lt_wide_multiply(unsigned __int128 a, unsigned __int128 b)
{
    const unsigned __int128 mask = UINT64_MAX;
    unsigned __int128 low = (a & mask) * (b & mask);
    unsigned __int128 middle = (a >> 64) * (b & mask) + (low >> 64);
    unsigned __int128 other = (a & mask) * (b >> 64) + (middle & mask);
    return (struct lt_wide){.low = other << 64 | (low & mask),
                            .high = (a >> 64) * (b >> 64) + (middle >> 64) + (other >> 64)};
}

/* 10^0 .. 10^38. */
enum { LT_WIDE_POWER_MAX = 38 };
extern const unsigned __int128 lt_wide_powers[LT_WIDE_POWER_MAX + 1];
static inline unsigned __int128 lt_wide_power(unsigned exponent)
{
    lt_debug_assert(exponent <= LT_WIDE_POWER_MAX);
    return lt_wide_powers[exponent];
}
/* *out = number * 10^exponent, exponent 0..152; false when it has more than 256 bits. */
bool lt_wide_scale(unsigned __int128 number, unsigned exponent, struct lt_wide *out);
/* The quotient, rounded down; `divisor` is not 0. */
struct lt_wide lt_wide_divide(const struct lt_wide *number, unsigned __int128 divisor,
                              unsigned __int128 *remainder);

#endif
