/*
 * Decimal arithmetic. Each operation has two ways: in 128 bits while nothing overflows, which is
 * nearly always, and in 256 bits by sign and magnitude. Shapes are in decimal_shape.c.
 */
#include "core/data/decimal.h"

#include "core/data/decimal_wide.h"

enum { JAVA_QUOTIENT_DIGITS = 39 };

__int128 lt_decimal_power(uint32_t exponent)
{
    return (__int128)lt_wide_power(exponent);
}

static enum lt_decimal_result store(bool is_negative, unsigned __int128 magnitude,
                                    uint32_t precision, __int128 *out)
{
    if (magnitude >= lt_wide_power(precision))
        return LT_DECIMAL_OVERFLOW;
    *out = is_negative ? -(__int128)magnitude : (__int128)magnitude;
    return LT_DECIMAL_OK;
}

/* quotient + 1 when what was left of a division by `divisor` says so. */
static unsigned __int128 round_quotient(unsigned __int128 quotient, unsigned __int128 remainder,
                                        unsigned __int128 divisor, bool is_negative,
                                        enum lt_decimal_rounding rounding)
{
    switch (rounding) {
    case LT_DECIMAL_HALF_UP:
        return quotient + (remainder >= divisor - remainder);
    case LT_DECIMAL_HALF_EVEN:
        if (remainder == divisor - remainder)
            return quotient + (quotient & 1);
        return quotient + (remainder > divisor - remainder);
    case LT_DECIMAL_FLOOR:
        return quotient + (remainder != 0 && is_negative);
    case LT_DECIMAL_CEILING:
        return quotient + (remainder != 0 && !is_negative);
    case LT_DECIMAL_DOWN:
        break;
    }
    return quotient;
}

/* Takes `places` digits off a magnitude, half up, and stores it. */
static enum lt_decimal_result store_wide(bool is_negative, struct lt_wide magnitude,
                                         uint32_t places, uint32_t precision, __int128 *out)
{
    unsigned __int128 remainder;
    /* Half up looks at the first digit that goes, so those behind it may go before. */
    if (places > LT_DECIMAL_PRECISION_MAX) {
        magnitude = lt_wide_divide(&magnitude, lt_wide_power(places - LT_DECIMAL_PRECISION_MAX),
                                   &remainder);
        places = LT_DECIMAL_PRECISION_MAX;
    }
    unsigned __int128 divisor = lt_wide_power(places);
    magnitude = lt_wide_divide(&magnitude, divisor, &remainder);
    if (magnitude.high != 0)
        return LT_DECIMAL_OVERFLOW;
    /* Of all 128 bits one more is none; it is too many digits all the same. */
    if (magnitude.low >= lt_wide_power(precision))
        return LT_DECIMAL_OVERFLOW;
    return store(is_negative,
                 round_quotient(magnitude.low, remainder, divisor, is_negative, LT_DECIMAL_HALF_UP),
                 precision, out);
}

/* *out = a * 10^places, or false when it does not fit in 128 bits. */
static bool scale_narrow(__int128 a, uint32_t places, __int128 *out)
{
    if (lt_likely(places == 0)) {
        *out = a;
        return true;
    }
    return !__builtin_mul_overflow(a, (__int128)lt_wide_power(places), out);
}

static struct lt_wide scale_up(struct lt_decimal a, uint32_t scale)
{
    return lt_wide_multiply(lt_decimal_magnitude(a.unscaled), lt_wide_power(scale - a.scale));
}

static enum lt_decimal_result add_wide(struct lt_decimal a, struct lt_decimal b, uint32_t scale,
                                       struct lt_decimal_shape shape, __int128 *out)
{
    struct lt_wide left = scale_up(a, scale), right = scale_up(b, scale), sum;
    bool is_negative = a.unscaled < 0;
    if (is_negative == (b.unscaled < 0)) {
        bool fits = lt_wide_add(&left, &right, &sum);
        lt_debug_assert(fits); /* 77 digits */
        (void)fits;
    } else if (lt_wide_compare(&left, &right) >= 0) {
        sum = lt_wide_subtract(&left, &right);
    } else {
        sum = lt_wide_subtract(&right, &left);
        is_negative = !is_negative;
    }
    uint32_t places = scale > shape.scale ? scale - shape.scale : 0;
    return store_wide(is_negative, sum, places, shape.precision, out);
}

enum lt_decimal_result lt_decimal_add(struct lt_decimal a, struct lt_decimal b,
                                      struct lt_decimal_shape shape, __int128 *out)
{
    uint32_t scale = a.scale > b.scale ? a.scale : b.scale;
    __int128 left, right, sum;
    lt_debug_assert(scale >= shape.scale);
    if (lt_unlikely(scale != shape.scale || !scale_narrow(a.unscaled, scale - a.scale, &left) ||
                    !scale_narrow(b.unscaled, scale - b.scale, &right) ||
                    __builtin_add_overflow(left, right, &sum)))
        return add_wide(a, b, scale, shape, out);
    return store(sum < 0, lt_decimal_magnitude(sum), shape.precision, out);
}

enum lt_decimal_result lt_decimal_subtract(struct lt_decimal a, struct lt_decimal b,
                                           struct lt_decimal_shape shape, __int128 *out)
{
    b.unscaled = -b.unscaled;
    return lt_decimal_add(a, b, shape, out);
}

enum lt_decimal_result lt_decimal_multiply(struct lt_decimal a, struct lt_decimal b,
                                           struct lt_decimal_shape shape, __int128 *out)
{
    uint32_t scale = a.scale + b.scale;
    __int128 product;
    lt_debug_assert(scale >= shape.scale);
    if (lt_likely(scale == shape.scale &&
                  !__builtin_mul_overflow(a.unscaled, b.unscaled, &product)))
        return store(product < 0, lt_decimal_magnitude(product), shape.precision, out);
    struct lt_wide wide =
        lt_wide_multiply(lt_decimal_magnitude(a.unscaled), lt_decimal_magnitude(b.unscaled));
    return store_wide((a.unscaled < 0) != (b.unscaled < 0), wide, scale - shape.scale,
                      shape.precision, out);
}

enum lt_decimal_result lt_decimal_divide(struct lt_decimal a, struct lt_decimal b,
                                         struct lt_decimal_shape shape, __int128 *out)
{
    if (b.unscaled == 0)
        return LT_DECIMAL_ZERO_DIVISOR;
    uint32_t target = shape.scale + b.scale;
    lt_debug_assert(target >= a.scale); /* of every shape that lt_decimal_shape_divide gives */
    struct lt_wide number;
    unsigned __int128 divisor = lt_decimal_magnitude(b.unscaled), remainder;
    /* More than 256 bits, by 38 digits at most, is more than 38 digits. */
    if (!lt_wide_scale(lt_decimal_magnitude(a.unscaled), target - a.scale, &number))
        return LT_DECIMAL_OVERFLOW;
    struct lt_wide quotient = lt_wide_divide(&number, divisor, &remainder);
    if (quotient.high != 0 || quotient.low >= lt_wide_power(shape.precision))
        return LT_DECIMAL_OVERFLOW;
    bool is_negative = (a.unscaled < 0) != (b.unscaled < 0);
    return store(is_negative,
                 round_quotient(quotient.low, remainder, divisor, is_negative, LT_DECIMAL_HALF_UP),
                 shape.precision, out);
}

/* Quotient and remainder of the magnitudes, both under the larger of the scales. */
struct division {
    struct lt_wide quotient;
    struct lt_wide divisor;
    unsigned __int128 remainder; /* below 10^38 */
    uint32_t scale;
};

static struct division divide_whole(struct lt_decimal a, struct lt_decimal b)
{
    struct division division = {.scale = a.scale > b.scale ? a.scale : b.scale};
    struct lt_wide number = scale_up(a, division.scale);
    division.divisor = scale_up(b, division.scale);
    if (division.divisor.high == 0)
        division.quotient = lt_wide_divide(&number, division.divisor.low, &division.remainder);
    else /* b was scaled up, so a was not: it is the smaller */
        division.remainder = number.low;
    return division;
}

/* Java's remainder works on a quotient of 39 digits, then zeros. */
static bool is_beyond_java(struct lt_wide quotient)
{
    struct lt_wide limit;
    bool fits = lt_wide_scale(1, JAVA_QUOTIENT_DIGITS, &limit);
    lt_debug_assert(fits);
    (void)fits;
    unsigned __int128 digit = 0;
    while (lt_wide_compare(&quotient, &limit) >= 0 && digit == 0)
        quotient = lt_wide_divide(&quotient, 10, &digit);
    return digit != 0;
}

enum lt_decimal_result lt_decimal_remainder(struct lt_decimal a, struct lt_decimal b,
                                            struct lt_decimal_shape shape, __int128 *out)
{
    if (b.unscaled == 0)
        return LT_DECIMAL_ZERO_DIVISOR;
    struct division division = divide_whole(a, b);
    if (lt_unlikely(division.quotient.high != 0) && is_beyond_java(division.quotient))
        return LT_DECIMAL_OVERFLOW;
    return store_wide(a.unscaled < 0, lt_wide_from(division.remainder),
                      division.scale - shape.scale, shape.precision, out);
}

enum lt_decimal_result lt_decimal_modulo(struct lt_decimal a, struct lt_decimal b,
                                         struct lt_decimal_shape shape, __int128 *out)
{
    if (b.unscaled == 0)
        return LT_DECIMAL_ZERO_DIVISOR;
    struct division division = divide_whole(a, b);
    if (lt_unlikely(division.quotient.high != 0) && is_beyond_java(division.quotient))
        return LT_DECIMAL_OVERFLOW;
    struct lt_wide result = lt_wide_from(division.remainder);
    bool is_negative = a.unscaled < 0 && division.remainder != 0;
    if (is_negative && b.unscaled > 0) {
        result = lt_wide_subtract(&division.divisor, &result);
        is_negative = false;
    }
    return store_wide(is_negative, result, division.scale - shape.scale, shape.precision, out);
}

enum lt_decimal_result lt_decimal_div(struct lt_decimal a, struct lt_decimal b,
                                      struct lt_decimal_shape shape, int64_t *out)
{
    if (b.unscaled == 0)
        return LT_DECIMAL_ZERO_DIVISOR;
    struct lt_wide quotient = divide_whole(a, b).quotient;
    if (quotient.high != 0 || quotient.low >= lt_wide_power(shape.precision))
        return LT_DECIMAL_OVERFLOW;
    uint64_t low = (uint64_t)quotient.low;
    *out = (int64_t)((a.unscaled < 0) != (b.unscaled < 0) ? -low : low);
    return LT_DECIMAL_OK;
}

/* a / 10^places, rounded. Beyond 38 places all of a is a fraction below a half. */
static unsigned __int128 take_digits_off(__int128 a, uint32_t places,
                                         enum lt_decimal_rounding rounding)
{
    unsigned __int128 magnitude = lt_decimal_magnitude(a);
    if (places > LT_DECIMAL_PRECISION_MAX)
        return round_quotient(0, magnitude != 0, 3, a < 0, rounding);
    struct lt_wide number = lt_wide_from(magnitude);
    unsigned __int128 divisor = lt_wide_power(places), remainder;
    unsigned __int128 quotient = lt_wide_divide(&number, divisor, &remainder).low;
    return round_quotient(quotient, remainder, divisor, a < 0, rounding);
}

enum lt_decimal_result lt_decimal_rescale(struct lt_decimal a, struct lt_decimal_shape shape,
                                          enum lt_decimal_rounding rounding, __int128 *out)
{
    if (shape.scale < a.scale)
        return store(a.unscaled < 0, take_digits_off(a.unscaled, a.scale - shape.scale, rounding),
                     shape.precision, out);
    __int128 scaled;
    if (!scale_narrow(a.unscaled, shape.scale - a.scale, &scaled))
        return LT_DECIMAL_OVERFLOW;
    return store(scaled < 0, lt_decimal_magnitude(scaled), shape.precision, out);
}

enum lt_decimal_result lt_decimal_round(struct lt_decimal a, int32_t places,
                                        enum lt_decimal_rounding rounding,
                                        struct lt_decimal_shape shape, __int128 *out)
{
    if (places >= 0)
        return lt_decimal_rescale(a, shape, rounding, out);
    uint32_t zeros = 0u - (uint32_t)places;
    unsigned __int128 rounded = take_digits_off(
        a.unscaled, zeros > LT_DECIMAL_PRECISION_MAX ? UINT32_MAX : zeros + a.scale, rounding);
    if (rounded == 0) {
        *out = 0;
        return LT_DECIMAL_OK;
    }
    struct lt_wide number;
    if (zeros > LT_DECIMAL_PRECISION_MAX || !lt_wide_scale(rounded, zeros, &number) ||
        number.high != 0)
        return LT_DECIMAL_OVERFLOW;
    return store(a.unscaled < 0, number.low, shape.precision, out);
}

enum lt_decimal_result lt_decimal_from_i64(int64_t number, struct lt_decimal_shape shape,
                                           __int128 *out)
{
    return lt_decimal_rescale((struct lt_decimal){.unscaled = number}, shape, LT_DECIMAL_DOWN, out);
}

enum lt_decimal_result lt_decimal_to_i64(struct lt_decimal a, int64_t min, int64_t max,
                                         int64_t *out)
{
    __int128 whole = a.unscaled / lt_decimal_power(a.scale);
    if (whole < min || whole > max)
        return LT_DECIMAL_OVERFLOW;
    *out = (int64_t)whole;
    return LT_DECIMAL_OK;
}

int64_t lt_decimal_to_i64_cut(struct lt_decimal a)
{
    return (int64_t)(a.unscaled / lt_decimal_power(a.scale));
}

size_t lt_decimal_bytes(__int128 unscaled, uint8_t out[LT_DECIMAL_BYTES_MAX])
{
    size_t count = LT_DECIMAL_BYTES_MAX;
    /* A highest byte that only repeats the sign bit below it is not written. */
    while (count > 1 && unscaled >> (8 * count - 9) == unscaled >> 127)
        count--;
    for (size_t i = 0; i < count; i++)
        out[i] = (uint8_t)(unscaled >> (8 * (count - 1 - i)));
    return count;
}
