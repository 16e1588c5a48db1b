/*
 * Calendar arithmetic: adding months, days and microseconds to dates and timestamps, differences
 * between them, and making them of their fields, as Spark does it.
 *
 * Months keep the day of the month, or take the month's last day. Months and days are added to the
 * local time of a zone, what is less than a day to the instant. A timestamp_ntz is a timestamp in
 * UTC here. False means that the result does not fit.
 *
 * on: any. Pure.
 */
#ifndef LT_TEXT_DATETIME_ADD_H
#define LT_TEXT_DATETIME_ADD_H

#include "core/data/value.h"
#include "core/text/zone.h"

/* Dates of 32 bits. */
bool lt_datetime_add_months_to_date(int32_t days, int64_t months, int32_t *out_days) LT_MUST_USE;
/* A calendar interval without microseconds (asserted). */
bool lt_datetime_add_interval_to_date(int32_t days, const struct lt_calendar_interval *interval,
                                      int32_t *out_days) LT_MUST_USE;

bool lt_datetime_add_months(const struct lt_zone *zone, int64_t us, int32_t months,
                            int64_t *out_us) LT_MUST_USE;
/* Whole days of `duration_us` are days of the calendar. */
bool lt_datetime_add_day_time(const struct lt_zone *zone, int64_t us, int64_t duration_us,
                              int64_t *out_us) LT_MUST_USE;
bool lt_datetime_add_interval(const struct lt_zone *zone, int64_t us,
                              const struct lt_calendar_interval *interval,
                              int64_t *out_us) LT_MUST_USE;

/* Units of timestampadd and timestampdiff. */
enum lt_datetime_step {
    LT_DATETIME_STEP_MICROSECOND,
    LT_DATETIME_STEP_MILLISECOND,
    LT_DATETIME_STEP_SECOND,
    LT_DATETIME_STEP_MINUTE,
    LT_DATETIME_STEP_HOUR,
    LT_DATETIME_STEP_DAY,
    LT_DATETIME_STEP_WEEK,
    LT_DATETIME_STEP_MONTH,
    LT_DATETIME_STEP_QUARTER,
    LT_DATETIME_STEP_YEAR,
};
/* "DAY", "DAYOFYEAR", "QUARTER", ... in any case. */
bool lt_datetime_step_find(const char *name, size_t size_bytes,
                           enum lt_datetime_step *out) LT_MUST_USE;
/* Days and longer steps by the calendar, shorter ones by the instant: 24 hours are not always a
 * day, as they are in lt_datetime_add_day_time. */
bool lt_datetime_add_steps(enum lt_datetime_step step, const struct lt_zone *zone, int64_t us,
                           int64_t count, int64_t *out_us) LT_MUST_USE;
/* Whole steps from `from_us` to `to_us`, by local times. */
bool lt_datetime_steps_between(enum lt_datetime_step step, const struct lt_zone *zone,
                               int64_t from_us, int64_t to_us, int64_t *out) LT_MUST_USE;

/* `to` less `from`, by local times: subtraction of timestamps. */
bool lt_datetime_subtract(const struct lt_zone *zone, int64_t to_us, int64_t from_us,
                          int64_t *out_us) LT_MUST_USE;
/* months_between(later, earlier, rounded): months of 31 days, but whole ones between equal days of
 * the month and between last days. */
double lt_datetime_months_between(const struct lt_zone *zone, int64_t later_us, int64_t earlier_us,
                                  bool is_rounded);

/* The field that keeps a date or a time from being made. */
enum lt_datetime_made {
    LT_DATETIME_MADE,
    LT_DATETIME_BAD_YEAR, /* -999999999 to 999999999 */
    LT_DATETIME_BAD_MONTH,
    LT_DATETIME_BAD_DAY,          /* 1 to 31 */
    LT_DATETIME_BAD_DAY_OF_MONTH, /* not in that month */
    LT_DATETIME_BAD_HOUR,
    LT_DATETIME_BAD_MINUTE,
    LT_DATETIME_BAD_SECOND,
    LT_DATETIME_BAD_FRACTION, /* second 60 with a fraction */
    LT_DATETIME_TOO_LARGE,    /* does not fit */
};
enum lt_datetime_made lt_datetime_make_date(int32_t year, int32_t month, int32_t day,
                                            int32_t *out_days);
/* `second_us` are the seconds, in microseconds; 60 whole ones are the next minute. */
enum lt_datetime_made lt_datetime_make_timestamp(const struct lt_zone *zone, int32_t year,
                                                 int32_t month, int32_t day, int32_t hour,
                                                 int32_t minute, int64_t second_us,
                                                 int64_t *out_us);

#endif
