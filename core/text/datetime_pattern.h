/*
 * Java's patterns for dates and times with Spark's rules: "yyyy-MM-dd HH:mm:ss[.SSS][z]". What
 * date_format, to_timestamp, to_date, from_unixtime and the formats of JSON and CSV take.
 *
 * A pattern is compiled once, for printing or for reading, since Spark refuses more letters when
 * reading and lets a fraction have fewer digits than letters then. Reading is strict about digits
 * and not about case; missing fields are those of 1970-01-01 00:00:00.
 *
 * Names are English: months and weekdays by CLDR, zones by core/text/zone_names.h. The generic
 * names of zones (letter v) are not known and refused.
 *
 * on: create: any. A pattern is immutable: any number of threads may use it. Reading may open zones
 * that a text names.
 */
#ifndef LT_TEXT_DATETIME_PATTERN_H
#define LT_TEXT_DATETIME_PATTERN_H

#include "core/base/text_buffer.h"
#include "core/text/datetime.h"

struct lt_datetime_pattern;

enum lt_datetime_use { LT_DATETIME_PRINTING, LT_DATETIME_READING };

/* Errors carry Spark's conditions: INVALID_DATETIME_PATTERN.*, and
 * INCONSISTENT_BEHAVIOR_CROSS_VERSION.* for what older Sparks took. */
int lt_datetime_pattern_create(const char *text, size_t size_bytes, enum lt_datetime_use use,
                               struct lt_datetime_pattern **out,
                               struct lt_error *error) LT_MUST_USE;
/* The same for TIMESTAMP_NTZ, which older Sparks did not have: of whatever is refused the condition
 * is INVALID_DATETIME_PATTERN.WITH_SUGGESTION. */
int lt_datetime_pattern_create_local(const char *text, size_t size_bytes, enum lt_datetime_use use,
                                     struct lt_datetime_pattern **out,
                                     struct lt_error *error) LT_MUST_USE;
void lt_datetime_pattern_destroy(struct lt_datetime_pattern *pattern);

/* The most bytes that printing by this pattern can take. */
size_t lt_datetime_pattern_size_max(const struct lt_datetime_pattern *pattern);

/* Print to `out`, which has room for size_max; the size, not terminated. -1: the pattern asks for
 * what the value has not (the hour of a date, the zone of a local time). For printing patterns. */
long lt_datetime_print_timestamp(const struct lt_datetime_pattern *pattern,
                                 const struct lt_zone *zone, int64_t us, char *out) LT_MUST_USE;
long lt_datetime_print_local(const struct lt_datetime_pattern *pattern, int64_t us,
                             char *out) LT_MUST_USE;
long lt_datetime_print_date(const struct lt_datetime_pattern *pattern, int32_t days,
                            char *out) LT_MUST_USE;

/* Read all of the text. False: it is not of the pattern, or no date, or does not fit. For reading
 * patterns. A local time puts a zone in the text aside, or refuses it. */
bool lt_datetime_read_timestamp(const struct lt_datetime_pattern *pattern,
                                struct lt_datetime_context *context, const void *text,
                                size_t size_bytes, int64_t *out_us) LT_MUST_USE;
bool lt_datetime_read_local(const struct lt_datetime_pattern *pattern,
                            struct lt_datetime_context *context, const void *text,
                            size_t size_bytes, bool allow_zone, int64_t *out_us) LT_MUST_USE;
/* Why a text was refused: "Text 'x' could not be parsed at index 0". */
void lt_datetime_explain(const struct lt_datetime_pattern *pattern, struct lt_zones *zones,
                         const char *text, size_t size_bytes, struct lt_text_buffer *out);
bool lt_datetime_read_date(const struct lt_datetime_pattern *pattern,
                           struct lt_datetime_context *context, const void *text, size_t size_bytes,
                           int32_t *out_days) LT_MUST_USE;

#endif
