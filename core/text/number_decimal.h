/*
 * Decimals against floats, literals and bases: what a cast between them does in Spark, and conv().
 *
 * A float becomes a decimal by its text, as Java's BigDecimal of Double.toString: 0.1 is exactly
 * 0.1, and a float is widened to a double first. A decimal becomes the nearest float.
 *
 * on: any. Pure; nothing is allocated.
 */
#ifndef LT_TEXT_NUMBER_DECIMAL_H
#define LT_TEXT_NUMBER_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/data/decimal.h"
#include "core/text/number.h"

enum { LT_NUMBER_BASE_TEXT_SIZE = 66 }; /* sign, 64 digits, NUL */

/* Rounded half up to the shape. INVALID for NaN and infinities, which a cast makes NULL even under
 * ANSI rules. */
enum lt_number_result lt_number_decimal_from_double(double number, struct lt_decimal_shape shape,
                                                    __int128 *out) LT_MUST_USE;
double lt_number_decimal_to_double(struct lt_decimal number);
float lt_number_decimal_to_float(struct lt_decimal number);

/* The text of a decimal literal, without sign and suffix: "1.50", ".5", "1E3". The shape is the
 * smallest that holds it with all its zeros: (3,2), (1,1), (4,0). Out of range beyond 38 digits on
 * either side of the point: DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION. */
enum lt_number_result lt_number_parse_decimal_literal(const void *data, size_t size_bytes,
                                                      __int128 *out,
                                                      struct lt_decimal_shape *shape) LT_MUST_USE;

/* A number of text in one base as the text of another, of 64 bits and upper-case digits. */
struct lt_number_base {
    int32_t from; /* 2..36 */
    int32_t to;   /* as well; negative: the result has a sign, else it is unsigned */
};
/* conv(): spaces at both ends are left out, digits are taken up to the first that is none, and a
 * negative number wraps around unless `to` is negative. *size_bytes is the size written to `out`
 * with a NUL behind it. INVALID: NULL (an empty text, a base that is none). OUT_OF_RANGE: more
 * than 64 bits; an error under ANSI rules (ARITHMETIC_OVERFLOW), and the text without is that of
 * 2^64 - 1, which is in `out`. */
enum lt_number_result lt_number_convert_base(const void *data, size_t data_bytes,
                                             struct lt_number_base base,
                                             char out[LT_NUMBER_BASE_TEXT_SIZE],
                                             size_t *size_bytes) LT_MUST_USE;

#endif
