/*
 * Numbers as Java prints and parses them: what a cast between strings and numbers does in Spark.
 *
 * Formatters write a NUL after the text and return its size without it. Parsers take bytes, not
 * NUL-terminated, and leave out blanks and control characters at both ends: bytes up to 0x20, and
 * 0x7F around integers.
 *
 * on: any. Pure; nothing is allocated.
 */
#ifndef LT_TEXT_NUMBER_H
#define LT_TEXT_NUMBER_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"
#include "core/data/type.h"
#include "core/data/value.h"

enum {
    LT_NUMBER_TEXT_SIZE = 32,         /* integers, floats, doubles */
    LT_NUMBER_DECIMAL_TEXT_SIZE = 48, /* sign, 39 digits, point, "0." */
};

enum lt_number_result {
    LT_NUMBER_OK,
    LT_NUMBER_INVALID,      /* no number: CAST_INVALID_INPUT */
    LT_NUMBER_OUT_OF_RANGE, /* a number that does not fit */
};

size_t lt_number_format_i64(int64_t number, char out[LT_NUMBER_TEXT_SIZE]);
/* Java 17's Double.toString: "1.0", "1.0E10", "-0.0", "NaN", "Infinity". */
size_t lt_number_format_double(double number, char out[LT_NUMBER_TEXT_SIZE]);
/* Java 17's Float.toString. */
size_t lt_number_format_float(float number, char out[LT_NUMBER_TEXT_SIZE]);
/* Plain, with `scale` digits after the point: "0.0000001". */
size_t lt_number_format_decimal(__int128 unscaled, uint32_t scale,
                                char out[LT_NUMBER_DECIMAL_TEXT_SIZE]);
/* Java's BigDecimal.toString, which Spark prints without ANSI and in JSON and CSV: as above, but
 * "1.5E-7" when the first digit stands more than six places behind the point. */
size_t lt_number_format_decimal_java(__int128 unscaled, uint32_t scale,
                                     char out[LT_NUMBER_DECIMAL_TEXT_SIZE]);

/* A value of a type that is held as a number, decimals as Java prints them; what is neither decimal
 * nor float as a whole number. */
size_t lt_number_format(const struct lt_type *type, const union lt_value *value,
                        char out[LT_NUMBER_DECIMAL_TEXT_SIZE]);

/* An optional sign and digits, nothing else, and min <= the number <= max. */
enum lt_number_result lt_number_parse_i64(const void *data, size_t size_bytes, int64_t min,
                                          int64_t max, int64_t *out) LT_MUST_USE;
/* What Java's Double.parseDouble takes ("1.5", ".5", "5.", "1e3", "1d", "1.0f", "0x1p3", "NaN",
 * "Infinity"), and Spark's "inf", "infinity" and "nan" in any case. Too large gives Infinity, too
 * small 0: never out of range. */
enum lt_number_result lt_number_parse_double(const void *data, size_t size_bytes,
                                             double *out) LT_MUST_USE;
enum lt_number_result lt_number_parse_float(const void *data, size_t size_bytes,
                                            float *out) LT_MUST_USE;
/* What Java's BigDecimal takes ("1.005", "1e2", ".5"), rounded half up to `scale`; out of range
 * when it has more than `precision` digits then. */
enum lt_number_result lt_number_parse_decimal(const void *data, size_t size_bytes,
                                              uint32_t precision, uint32_t scale,
                                              __int128 *out) LT_MUST_USE;
/* The same for texts of JSON and CSV: commas, wherever they stand, are left out, and no blank is
 * allowed. Texts beyond 2000 bytes are invalid. */
enum lt_number_result lt_number_parse_decimal_commas(const void *data, size_t size_bytes,
                                                     uint32_t precision, uint32_t scale,
                                                     __int128 *out) LT_MUST_USE;

#endif
