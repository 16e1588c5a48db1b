/*
 * Number formats of to_char and to_number: `S$99,999.00` and the like. A format is compiled once,
 * when the query is; it tells the type that to_number gives, and the size of to_char's text.
 *
 *   0 9     digits; a run that begins with 0 before the point wants all of its digits
 *   . D     the point          , G    separates groups of digits
 *   $       itself, in front   S      + or -      MI   - or a blank
 *   PR      <> around a negative number
 *
 * on: any once compiled. Nothing is allocated but by compile, in the arena.
 */
#ifndef LT_TEXT_NUMBER_FORMAT_H
#define LT_TEXT_NUMBER_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/data/decimal.h"
#include "core/text/number.h"

struct lt_number_format_item;

struct lt_number_format {
    uint32_t precision; /* of to_number's type; more than 38 is the caller's error */
    uint32_t scale;
    uint32_t text_size_max; /* what lt_number_format_write needs, with its NUL */
    uint32_t item_count;
    const struct lt_number_format_item *items;
};

/* Errors carry Spark's condition (INVALID_FORMAT with its sub-condition) and SQLSTATE. Case of the
 * text does not matter. */
int lt_number_format_compile(const void *data, size_t size_bytes, struct lt_arena *arena,
                             struct lt_number_format *out, struct lt_error *error) LT_MUST_USE;

/* to_char: writes text_size_max bytes at most, with a NUL, and returns the size without. A number
 * that does not fit is written in `#`. */
size_t lt_number_format_write(const struct lt_number_format *format, struct lt_decimal number,
                              char *out);

/* to_number: the unscaled number under (precision, scale), of which precision is at most 38
 * (asserted). INVALID when the text does not match: INVALID_FORMAT.MISMATCH_INPUT. OUT_OF_RANGE
 * when it does but for the point: "3" by ".99" (NUMERIC_VALUE_OUT_OF_RANGE). */
enum lt_number_result lt_number_format_read(const struct lt_number_format *format, const void *data,
                                            size_t size_bytes, __int128 *out) LT_MUST_USE;

#endif
