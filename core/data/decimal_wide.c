/*
 * Powers of ten, and long division by words of 64 bits (Knuth's algorithm D, for divisors of two
 * words at most).
 */
#include "core/data/decimal_wide.h"

#define P(n) ((unsigned __int128)(n##u))
#define P19 P(10000000000000000000)
const unsigned __int128 lt_wide_powers[LT_WIDE_POWER_MAX + 1] = {
    P(1),
    P(10),
    P(100),
    P(1000),
    P(10000),
    P(100000),
    P(1000000),
    P(10000000),
    P(100000000),
    P(1000000000),
    P(10000000000),
    P(100000000000),
    P(1000000000000),
    P(10000000000000),
    P(100000000000000),
    P(1000000000000000),
    P(10000000000000000),
    P(100000000000000000),
    P(1000000000000000000),
    P19,
    P19 *P(10),
    P19 *P(100),
    P19 *P(1000),
    P19 *P(10000),
    P19 *P(100000),
    P19 *P(1000000),
    P19 *P(10000000),
    P19 *P(100000000),
    P19 *P(1000000000),
    P19 *P(10000000000),
    P19 *P(100000000000),
    P19 *P(1000000000000),
    P19 *P(10000000000000),
    P19 *P(100000000000000),
    P19 *P(1000000000000000),
    P19 *P(10000000000000000),
    P19 *P(100000000000000000),
    P19 *P(1000000000000000000),
    P19 *P19,
};

/* *number times a factor below 2^127; false when it does not fit. */
static bool multiply_in_place(struct lt_wide *number, unsigned __int128 factor)
{
    struct lt_wide low = lt_wide_multiply(number->low, factor);
    struct lt_wide high = lt_wide_multiply(number->high, factor);
    unsigned __int128 sum;
    if (high.high != 0 || __builtin_add_overflow(low.high, high.low, &sum))
        return false;
    *number = (struct lt_wide){.low = low.low, .high = sum};
    return true;
}

bool lt_wide_scale(unsigned __int128 number, unsigned exponent, struct lt_wide *out)
{
    lt_debug_assert(exponent <= 4 * LT_WIDE_POWER_MAX);
    unsigned first = exponent < LT_WIDE_POWER_MAX ? exponent : LT_WIDE_POWER_MAX;
    *out = lt_wide_multiply(number, lt_wide_powers[first]);
    for (exponent -= first; exponent > 0; exponent -= first) {
        first = exponent < LT_WIDE_POWER_MAX ? exponent : LT_WIDE_POWER_MAX;
        if (!multiply_in_place(out, lt_wide_powers[first]))
            return false;
    }
    return true;
}

/* By one word: four steps of schoolbook division. */
static struct lt_wide divide_by_word(const struct lt_wide *number, uint64_t divisor,
                                     unsigned __int128 *remainder)
{
    uint64_t words[4] = {(uint64_t)number->low, (uint64_t)(number->low >> 64),
                         (uint64_t)number->high, (uint64_t)(number->high >> 64)};
    unsigned __int128 rest = 0;
    for (int i = 3; i >= 0; i--) {
        rest = rest << 64 | words[i];
        words[i] = (uint64_t)(rest / divisor);
        rest %= divisor;
    }
    *remainder = rest;
    return (struct lt_wide){.low = (unsigned __int128)words[1] << 64 | words[0],
                            .high = (unsigned __int128)words[3] << 64 | words[2]};
}

/* One word of the quotient of (rest, word) by a divisor whose highest bit is set; rest < divisor
 * before and after. */
static uint64_t divide_step(unsigned __int128 *rest, uint64_t word, unsigned __int128 divisor)
{
    uint64_t top = (uint64_t)(divisor >> 64), bottom = (uint64_t)divisor;
    uint64_t high = (uint64_t)(*rest >> 64);
    unsigned __int128 guess, left;
    if (high >= top) {
        guess = UINT64_MAX;
        left = *rest - guess * top;
    } else {
        guess = *rest / top;
        left = *rest % top;
    }
    /* The guess is at most two too large; what is left decides. */
    while (left >> 64 == 0 && guess * bottom > (left << 64 | word)) {
        guess--;
        left += top;
    }
    *rest = (*rest << 64 | word) - guess * divisor; /* modulo 2^128, and below the divisor */
    return (uint64_t)guess;
}

struct lt_wide lt_wide_divide(const struct lt_wide *number, unsigned __int128 divisor,
                              unsigned __int128 *remainder)
{
    lt_debug_assert(divisor != 0);
    if (number->high == 0) {
        /* One word by one word is one instruction; the compiler does not find out by itself. */
        bool is_short = (number->low | divisor) <= UINT64_MAX;
        unsigned __int128 quotient =
            is_short ? (uint64_t)number->low / (uint64_t)divisor : number->low / divisor;
        *remainder = number->low - quotient * divisor;
        return lt_wide_from(quotient);
    }
    if (divisor <= UINT64_MAX)
        return divide_by_word(number, (uint64_t)divisor, remainder);
    int shift = __builtin_clzll((uint64_t)(divisor >> 64));
    divisor <<= shift;
    /* Five words after the shift; the highest is below the divisor's. */
    unsigned __int128 low = number->low << shift, high = number->high << shift, rest = 0;
    if (shift != 0) {
        high |= number->low >> (128 - shift);
        rest = number->high >> (128 - shift);
    }
    unsigned __int128 top = (unsigned __int128)divide_step(&rest, (uint64_t)(high >> 64), divisor)
                            << 64;
    top |= divide_step(&rest, (uint64_t)high, divisor);
    unsigned __int128 bottom = (unsigned __int128)divide_step(&rest, (uint64_t)(low >> 64), divisor)
                               << 64;
    bottom |= divide_step(&rest, (uint64_t)low, divisor);
    *remainder = rest >> shift;
    return (struct lt_wide){.low = bottom, .high = top};
}
