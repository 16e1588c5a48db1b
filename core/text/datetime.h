/*
 * Text to dates and timestamps, as Spark's casts read it: "2024-2-9", "2024-02-09T12:34:56.789Z",
 * "2024-02-09 12:34 America/New_York" and the shorter forms. How they are printed:
 * core/text/time.h; by patterns: core/text/datetime_pattern.h.
 *
 * Blanks and control characters around are no part of the text. What is finer than a microsecond is
 * cut. False means that the text is none of the kind, or its value does not fit; nothing is written
 * then.
 *
 * on: one thread at a time per context, since it may open zones that a text names.
 */
#ifndef LT_TEXT_DATETIME_H
#define LT_TEXT_DATETIME_H

#include "core/base/clock.h"
#include "core/text/zone.h"

/* What a text without zone, or without date, is read against. Filled by its user. */
struct lt_datetime_context {
    struct lt_zone zone;          /* the session's */
    struct lt_zones *zones;       /* opens what texts name */
    const struct lt_clock *clock; /* today, for a time alone */
};

/* Days since 1970-01-01, of "[+-]y", "[+-]y-m", "[+-]y-m-d", the last with anything after a blank
 * or a T. Years have 4 to 7 digits. */
bool lt_datetime_parse_date(const void *text, size_t size_bytes, int32_t *out_days) LT_MUST_USE;
/* Microseconds of UTC. A date as above (years of 4 to 6 digits), and after a blank or a T "h",
 * "h:m", "h:m:s" or "h:m:s.f"; the last two with a zone. A time alone is today's. */
bool lt_datetime_parse_timestamp(struct lt_datetime_context *context, const void *text,
                                 size_t size_bytes, int64_t *out_us) LT_MUST_USE;
/* The same, local: a zone is checked and put aside, or refused; a time alone is refused. */
bool lt_datetime_parse_local(struct lt_datetime_context *context, const void *text,
                             size_t size_bytes, bool allow_zone, int64_t *out_us) LT_MUST_USE;

/* The moments with a name, in any case, "epoch", "now", "today", "yesterday", "tomorrow", with a
 * zone after them or not: what typed literals and casts of constants take before all else. */
bool lt_datetime_special_date(struct lt_datetime_context *context, const void *text,
                              size_t size_bytes, int32_t *out_days) LT_MUST_USE;
bool lt_datetime_special_timestamp(struct lt_datetime_context *context, const void *text,
                                   size_t size_bytes, int64_t *out_us) LT_MUST_USE;
/* Takes no zone after the name. */
bool lt_datetime_special_local(struct lt_datetime_context *context, const void *text,
                               size_t size_bytes, int64_t *out_us) LT_MUST_USE;

/* Today in a zone. */
int64_t lt_datetime_today(const struct lt_datetime_context *context, const struct lt_zone *zone);
/* Microseconds of a day and a time of it; false if they do not fit 64 bits. */
bool lt_datetime_join(int64_t days, int64_t us_of_day, int64_t *out_us) LT_MUST_USE;
/* The instant of a local day and time of it in a zone. */
bool lt_datetime_at_zone(const struct lt_zone *zone, int64_t days, int64_t us_of_day,
                         int64_t *out_us) LT_MUST_USE;
/* The instant at which a day begins in a zone: what a cast of a date to a timestamp gives. */
bool lt_datetime_of_date(const struct lt_zone *zone, int64_t days, int64_t *out_us) LT_MUST_USE;

#endif
