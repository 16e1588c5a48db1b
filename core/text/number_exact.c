/*
 * A double is m * 2^e. Both sides are multiplied by the powers of two and ten that make them whole,
 * in numbers of fixed size: 2^1074, 10^345 and 64 bits fit.
 */
#include "core/text/number_exact.h"

#include <math.h>
#include <stdbool.h>

#include "core/base/error.h"

enum { WORDS = 80, DOUBLE_BITS = 53, POWER_STEP = 9, POWER = 1000000000, SHIFT_STEP = 31 };

struct large {
    uint32_t words[WORDS]; /* lowest first */
};

static struct large large_from(uint64_t number)
{
    return (struct large){.words = {(uint32_t)number, (uint32_t)(number >> 32)}};
}

static void multiply(struct large *number, uint32_t factor)
{
    uint64_t carry = 0;
    for (int i = 0; i < WORDS; i++) {
        carry += (uint64_t)number->words[i] * factor;
        number->words[i] = (uint32_t)carry;
        carry >>= 32;
    }
    lt_debug_assert(carry == 0);
}

static void multiply_by_ten(struct large *number, int times)
{
    for (; times >= POWER_STEP; times -= POWER_STEP)
        multiply(number, POWER);
    for (; times > 0; times--)
        multiply(number, 10);
}

static void multiply_by_two(struct large *number, int times)
{
    for (; times > 0; times -= SHIFT_STEP)
        multiply(number, (uint32_t)1 << (times < SHIFT_STEP ? times : SHIFT_STEP));
}

int lt_number_exact_compare(double number, uint64_t digits, int exponent)
{
    int power;
    uint64_t fraction = (uint64_t)ldexp(frexp(number, &power), DOUBLE_BITS);
    power -= DOUBLE_BITS;
    struct large left = large_from(fraction), right = large_from(digits);
    multiply_by_two(&left, power);
    multiply_by_two(&right, -power);
    multiply_by_ten(&left, -exponent);
    multiply_by_ten(&right, exponent);
    for (int i = WORDS - 1; i >= 0; i--)
        if (left.words[i] != right.words[i])
            return left.words[i] < right.words[i] ? -1 : 1;
    return 0;
}
