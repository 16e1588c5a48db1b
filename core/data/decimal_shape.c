/*
 * The types of decimal results: Spark's rules, with spark.sql.decimalOperations.allowPrecisionLoss
 * as it is by default.
 */
#include "core/data/decimal.h"

static unsigned larger(unsigned a, unsigned b)
{
    return a > b ? a : b;
}

static unsigned smaller(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Cuts both at 38: whole digits may be lost. */
static struct lt_decimal_shape bounded(unsigned precision, unsigned scale)
{
    return (struct lt_decimal_shape){.precision =
                                         (uint8_t)smaller(precision, LT_DECIMAL_PRECISION_MAX),
                                     .scale = (uint8_t)smaller(scale, LT_DECIMAL_PRECISION_MAX)};
}

/* Beyond 38 digits those after the point give way to those before it, but for the last six. */
static struct lt_decimal_shape adjusted(unsigned whole, unsigned scale)
{
    if (whole + scale <= LT_DECIMAL_PRECISION_MAX)
        return bounded(whole + scale, scale);
    unsigned room = LT_DECIMAL_PRECISION_MAX - smaller(whole, LT_DECIMAL_PRECISION_MAX);
    return bounded(LT_DECIMAL_PRECISION_MAX, larger(room, smaller(scale, LT_DECIMAL_SCALE_KEPT)));
}

static unsigned whole_digits(struct lt_decimal_shape a)
{
    lt_assert(a.precision <= LT_DECIMAL_PRECISION_MAX && a.scale <= a.precision);
    return (unsigned)a.precision - a.scale;
}

struct lt_decimal_shape lt_decimal_shape_add(struct lt_decimal_shape a, struct lt_decimal_shape b)
{
    return adjusted(larger(whole_digits(a), whole_digits(b)) + 1, larger(a.scale, b.scale));
}

struct lt_decimal_shape lt_decimal_shape_multiply(struct lt_decimal_shape a,
                                                  struct lt_decimal_shape b)
{
    return adjusted(whole_digits(a) + whole_digits(b) + 1, (unsigned)a.scale + b.scale);
}

struct lt_decimal_shape lt_decimal_shape_divide(struct lt_decimal_shape a,
                                                struct lt_decimal_shape b)
{
    unsigned scale = larger(LT_DECIMAL_SCALE_KEPT, (unsigned)a.scale + b.precision + 1);
    return adjusted(whole_digits(a) + b.scale, scale);
}

struct lt_decimal_shape lt_decimal_shape_remainder(struct lt_decimal_shape a,
                                                   struct lt_decimal_shape b)
{
    return adjusted(smaller(whole_digits(a), whole_digits(b)), larger(a.scale, b.scale));
}

struct lt_decimal_shape lt_decimal_shape_div(struct lt_decimal_shape a, struct lt_decimal_shape b)
{
    return bounded(larger(whole_digits(a) + b.scale, 1), 0);
}

struct lt_decimal_shape lt_decimal_shape_wider(struct lt_decimal_shape a, struct lt_decimal_shape b)
{
    unsigned whole = larger(whole_digits(a), whole_digits(b));
    unsigned scale = smaller(larger(a.scale, b.scale), LT_DECIMAL_PRECISION_MAX - whole);
    return bounded(whole + scale, scale);
}

struct lt_decimal_shape lt_decimal_shape_round(struct lt_decimal_shape a, int32_t places)
{
    unsigned whole = whole_digits(a) + 1; /* 9.9 rounds to 10 */
    if (places >= 0) {
        unsigned scale = smaller(a.scale, (unsigned)places);
        return bounded(whole + scale, scale);
    }
    return bounded(larger(whole, 0u - (unsigned)places + 1), 0);
}

struct lt_decimal_shape lt_decimal_shape_ceil(struct lt_decimal_shape a)
{
    return a.scale == 0 ? a : bounded(whole_digits(a) + 1, 0);
}
