/*
 * format_number(): numbers by Java's DecimalFormat, in the words and signs of the US: a number of
 * decimals, or a pattern such as `#,##0.00;(#)`.
 *
 * A pattern refers to its text, which has to outlive it; it may be made for a record. Rounding is
 * half to even, and of a double by its exact value, not by the digits it prints with.
 *
 * Writers write as much as fits and return the size that all of it has; nothing is terminated.
 *
 * on: any. Pure; nothing is allocated.
 */
#ifndef LT_TEXT_NUMBER_PATTERN_H
#define LT_TEXT_NUMBER_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/data/decimal.h"
#include "core/text/number.h"

/* Text of a pattern around the digits, with its quotes. */
struct lt_number_affix {
    const char *begin, *end;
    bool is_negative; /* of the part for negative numbers, or of the whole read as one */
};

struct lt_number_pattern {
    struct lt_number_affix prefix, suffix;
    struct lt_number_affix negative_prefix, negative_suffix; /* with has_negative only */
    bool has_negative; /* else a minus stands in front of the prefix */
    bool has_exponent;
    bool is_point_shown;                                       /* with nothing behind it, too */
    uint32_t multiplier_places;                                /* 2 for percent, 3 for per mille */
    uint32_t whole_min, whole_max, fraction_min, fraction_max; /* digits */
    uint32_t exponent_min;
    uint32_t group_size; /* 0: no groups */
};

struct lt_number_text {
    char *data;
    size_t capacity;
};

/* Groups of three and so many decimals. */
struct lt_number_pattern lt_number_pattern_places(uint32_t places);
/* Invalid where Java throws IllegalArgumentException. An empty text is that of no decimals. */
enum lt_number_result lt_number_pattern_parse(const void *data, size_t size_bytes,
                                              struct lt_number_pattern *out) LT_MUST_USE;

size_t lt_number_pattern_write_i64(const struct lt_number_pattern *pattern, int64_t number,
                                   struct lt_number_text out);
/* A float is widened first. */
size_t lt_number_pattern_write_double(const struct lt_number_pattern *pattern, double number,
                                      struct lt_number_text out);
size_t lt_number_pattern_write_decimal(const struct lt_number_pattern *pattern,
                                       struct lt_decimal number, struct lt_number_text out);

#endif
