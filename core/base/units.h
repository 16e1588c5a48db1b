/*
 * Numbers with units, as people write them in options: durations, sizes, counts.
 *
 * Durations: "10ms", "1s", "250 us", and Spark's interval text "10 seconds", "1 minute", "interval
 * 1 second", "1 minute 30 seconds"; a bare number is refused except where `bare_unit_ns` gives its
 * unit. Months and years are refused as Spark does, except in delays. Sizes: "64k", "16 MiB", "1g"
 * (powers of 1024), "1kb".
 *
 * on: any. Pure functions.
 */
#ifndef LT_BASE_UNITS_H
#define LT_BASE_UNITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"

/* Parses a duration >= 0. `bare_unit_ns` is the unit of a bare number, 0 to refuse one. */
int lt_units_parse_duration_ns(const char *text, int64_t bare_unit_ns, int64_t *out_ns,
                               struct lt_error *error) LT_MUST_USE;
/* The same of how late a row may be, in which a month is 31 days, and a year twelve of them. */
int lt_units_parse_delay_ns(const char *text, int64_t *out_ns, struct lt_error *error) LT_MUST_USE;
int lt_units_parse_size(const char *text, int64_t *out_bytes, struct lt_error *error) LT_MUST_USE;
int lt_units_parse_i64(const char *text, int64_t *out, struct lt_error *error) LT_MUST_USE;
/* true/false, case-insensitive; nothing else (a typo is an error, never "false"). */
int lt_units_parse_bool(const char *text, bool *out, struct lt_error *error) LT_MUST_USE;
/* A CPU list as "2,4-6"; fills `cpus` with at most `capacity`, returns the count or a negative
 * code. */
int lt_units_parse_cpus(const char *text, int *cpus, int capacity,
                        struct lt_error *error) LT_MUST_USE;

/* Shortest exact-enough text for people: "1.50 ms", "12.3 k", "4.0 MiB". Returns `out`. */
enum { LT_UNITS_TEXT_SIZE = 32 };
char *lt_units_format_duration(int64_t ns, char out[LT_UNITS_TEXT_SIZE]);
char *lt_units_format_count(double count, char out[LT_UNITS_TEXT_SIZE]);
char *lt_units_format_size(double bytes, char out[LT_UNITS_TEXT_SIZE]);

#endif
