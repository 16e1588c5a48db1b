/*
 * Exact decimals, decimal(1..38, scale): a whole number, unscaled, of which the type says how many
 * digits stand after the point. A value is the `i128` of core/data/value.h.
 *
 * Two halves. Shapes are the types of results as pure functions of the types of the operands:
 * precision grows so that nothing is lost, up to 38; then the scale gives way, but not below 6.
 * Arithmetic takes the exact result, through 256 bits where it must, rounds it half up to the
 * scale of its shape, and says so when it has more digits than the shape.
 *
 * What an overflow means is the caller's: under ANSI rules NUMERIC_VALUE_OUT_OF_RANGE, else NULL.
 * Text is in core/text/number.h, floats are in core/text/number_decimal.h.
 *
 * Invariant: a value of precision p is between -(10^p - 1) and 10^p - 1; so negation and absolute
 * value never overflow.
 *
 * on: any. Pure; nothing is allocated.
 */
#ifndef LT_DATA_DECIMAL_H
#define LT_DATA_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"

enum {
    LT_DECIMAL_PRECISION_MAX = 38,
    LT_DECIMAL_SCALE_KEPT = 6,       /* digits after the point that a large result keeps */
    LT_DECIMAL_SMALL_PRECISION = 18, /* up to here Spark hashes and stores 64 bits */
    LT_DECIMAL_BYTES_MAX = 16,
};

enum lt_decimal_result {
    LT_DECIMAL_OK,
    LT_DECIMAL_OVERFLOW,     /* more digits than the shape, or than the integer, holds */
    LT_DECIMAL_ZERO_DIVISOR, /* DIVIDE_BY_ZERO or REMAINDER_BY_ZERO */
};

enum lt_decimal_rounding {
    LT_DECIMAL_HALF_UP, /* away from zero at a half */
    LT_DECIMAL_HALF_EVEN,
    LT_DECIMAL_DOWN, /* towards zero */
    LT_DECIMAL_FLOOR,
    LT_DECIMAL_CEILING,
};

/* The parameters of a type. */
struct lt_decimal_shape {
    uint8_t precision, scale;
};

/* A value with the scale of its type. */
struct lt_decimal {
    __int128 unscaled;
    uint32_t scale; /* 0..38 */
};

/* Shapes of results. */
struct lt_decimal_shape lt_decimal_shape_add(struct lt_decimal_shape a, struct lt_decimal_shape b);
struct lt_decimal_shape lt_decimal_shape_multiply(struct lt_decimal_shape a,
                                                  struct lt_decimal_shape b);
struct lt_decimal_shape lt_decimal_shape_divide(struct lt_decimal_shape a,
                                                struct lt_decimal_shape b);
/* Of `a % b` and pmod(a, b). */
struct lt_decimal_shape lt_decimal_shape_remainder(struct lt_decimal_shape a,
                                                   struct lt_decimal_shape b);
/* Of the quotient of `a DIV b` before it becomes a bigint. */
struct lt_decimal_shape lt_decimal_shape_div(struct lt_decimal_shape a, struct lt_decimal_shape b);
/* What both are cast to where one type is wanted: coalesce(a, b), a = b. Digits after the point
 * give way to those before it, all of them if it must be: (38,10) and (38,0) give (38,0). */
struct lt_decimal_shape lt_decimal_shape_wider(struct lt_decimal_shape a,
                                               struct lt_decimal_shape b);
/* Of round, bround, floor and ceil to `places` after the point, before it when negative. */
struct lt_decimal_shape lt_decimal_shape_round(struct lt_decimal_shape a, int32_t places);
/* Of floor(a) and ceil(a) without places. */
struct lt_decimal_shape lt_decimal_shape_ceil(struct lt_decimal_shape a);

/* Arithmetic: *out gets the unscaled result under `shape`; it is left alone unless OK comes back.
 * `shape` is of the operation above (or any other, for add to multiply). */
enum lt_decimal_result lt_decimal_add(struct lt_decimal a, struct lt_decimal b,
                                      struct lt_decimal_shape shape, __int128 *out) LT_MUST_USE;
enum lt_decimal_result lt_decimal_subtract(struct lt_decimal a, struct lt_decimal b,
                                           struct lt_decimal_shape shape,
                                           __int128 *out) LT_MUST_USE;
enum lt_decimal_result lt_decimal_multiply(struct lt_decimal a, struct lt_decimal b,
                                           struct lt_decimal_shape shape,
                                           __int128 *out) LT_MUST_USE;
enum lt_decimal_result lt_decimal_divide(struct lt_decimal a, struct lt_decimal b,
                                         struct lt_decimal_shape shape, __int128 *out) LT_MUST_USE;
/* With the sign of `a`. Overflows also where Java gives up: a quotient that needs more than 39
 * significant digits. */
enum lt_decimal_result lt_decimal_remainder(struct lt_decimal a, struct lt_decimal b,
                                            struct lt_decimal_shape shape,
                                            __int128 *out) LT_MUST_USE;
/* pmod(a, b): a remainder that is not negative when `b` is positive. */
enum lt_decimal_result lt_decimal_modulo(struct lt_decimal a, struct lt_decimal b,
                                         struct lt_decimal_shape shape, __int128 *out) LT_MUST_USE;
/* a DIV b: the quotient towards zero; overflows beyond the shape, but is cut to 64 bits within it,
 * as Spark does. */
enum lt_decimal_result lt_decimal_div(struct lt_decimal a, struct lt_decimal b,
                                      struct lt_decimal_shape shape, int64_t *out) LT_MUST_USE;

/* The same number under another shape: a cast. */
enum lt_decimal_result lt_decimal_rescale(struct lt_decimal a, struct lt_decimal_shape shape,
                                          enum lt_decimal_rounding rounding,
                                          __int128 *out) LT_MUST_USE;
/* Rounded to `places` after the point, or before it when negative, under lt_decimal_shape_round.
 * An overflow is an error without ANSI, too (NUMERIC_VALUE_OUT_OF_RANGE.WITHOUT_SUGGESTION). */
enum lt_decimal_result lt_decimal_round(struct lt_decimal a, int32_t places,
                                        enum lt_decimal_rounding rounding,
                                        struct lt_decimal_shape shape, __int128 *out) LT_MUST_USE;

enum lt_decimal_result lt_decimal_from_i64(int64_t number, struct lt_decimal_shape shape,
                                           __int128 *out) LT_MUST_USE;
/* Towards zero; overflows unless min <= the integer <= max. */
enum lt_decimal_result lt_decimal_to_i64(struct lt_decimal a, int64_t min, int64_t max,
                                         int64_t *out) LT_MUST_USE;
/* Towards zero, the lowest 64 bits: casts without ANSI. */
int64_t lt_decimal_to_i64_cut(struct lt_decimal a);

/* Writes the unscaled number as Java's BigInteger.toByteArray does, highest byte first, no more
 * than it needs; returns the size, 1..16. For Spark's hashes of more than 18 digits. */
size_t lt_decimal_bytes(__int128 unscaled, uint8_t out[LT_DECIMAL_BYTES_MAX]);

/* 10^exponent, 0..38. */
__int128 lt_decimal_power(uint32_t exponent);

static inline unsigned __int128 lt_decimal_magnitude(__int128 unscaled)
{
    return unscaled < 0 ? -(unsigned __int128)unscaled : (unsigned __int128)unscaled;
}
/* Whether it has at most so many digits. */
static inline bool lt_decimal_fits(__int128 unscaled, uint32_t precision)
{
    return lt_decimal_magnitude(unscaled) < (unsigned __int128)lt_decimal_power(precision);
}

#endif
