/*
 * Text to intervals, as Spark's casts and literals read it: "1 02:03:04.5" by the fields of a type,
 * "INTERVAL '1-2' YEAR TO MONTH", and lists of numbers and units, "1 day 2 hours", which are
 * calendar intervals.
 *
 * on: any. Pure.
 */
#ifndef LT_TEXT_INTERVAL_PARSE_H
#define LT_TEXT_INTERVAL_PARSE_H

#include <stddef.h>

#include "core/data/type.h"
#include "core/data/value.h"

enum lt_interval_parsed {
    LT_INTERVAL_PARSED,
    LT_INTERVAL_UNMATCHED,    /* not of the form: UNMATCHED_FORMAT_STRING */
    LT_INTERVAL_OUT_OF_RANGE, /* a field is out of its range: INTERVAL_PARSING */
    LT_INTERVAL_OVERFLOW,     /* the sum does not fit: ARITHMETIC_EXCEPTION */
    /* Of lists of units: */
    LT_INTERVAL_EMPTY,
    LT_INTERVAL_BAD_PREFIX,
    LT_INTERVAL_NO_NUMBER,      /* UNRECOGNIZED_NUMBER: no number where one is due */
    LT_INTERVAL_MISSING_NUMBER, /* a sign at the end */
    LT_INTERVAL_BAD_VALUE,      /* a number goes on with something else */
    LT_INTERVAL_BAD_PRECISION,  /* more than nine digits of a second */
    LT_INTERVAL_BAD_FRACTION,   /* of another unit than seconds */
    LT_INTERVAL_BAD_UNIT,
    LT_INTERVAL_MISSING_UNIT,
};

/* Spark's subcondition of INVALID_INTERVAL_FORMAT for a failure; NULL for LT_INTERVAL_PARSED. */
const char *lt_interval_condition(enum lt_interval_parsed parsed);

/* A value of a day-time or year-month type (asserted), of its own fields and no others. */
enum lt_interval_parsed lt_interval_parse(const struct lt_type *type, const void *text,
                                          size_t size_bytes, union lt_value *out);
/* "[interval] 1 year -2 days .5 seconds", in any case. */
enum lt_interval_parsed lt_interval_parse_units(const void *text, size_t size_bytes,
                                                struct lt_calendar_interval *out);

#endif
