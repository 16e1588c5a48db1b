/*
 * Parts of dates and times, and cutting them to a unit: year, ISO week, day of the week, extract's
 * and date_trunc's names for them.
 *
 * Dates are days since 1970-01-01. A timestamp is split into a day and microseconds of it by
 * lt_datetime_split(), in a zone, and joined again by lt_datetime_join().
 *
 * on: any. Pure.
 */
#ifndef LT_TEXT_DATETIME_PART_H
#define LT_TEXT_DATETIME_PART_H

#include "core/text/zone.h"

enum lt_datetime_part {
    LT_DATETIME_YEAR,
    LT_DATETIME_YEAR_OF_WEEK, /* the year that the ISO week belongs to */
    LT_DATETIME_QUARTER,
    LT_DATETIME_MONTH,
    LT_DATETIME_WEEK, /* ISO: begins on Monday, the first has four days of the year */
    LT_DATETIME_DAY,
    LT_DATETIME_DAY_OF_WEEK,     /* Sunday is 1 */
    LT_DATETIME_DAY_OF_WEEK_ISO, /* Monday is 1 */
    LT_DATETIME_DAY_OF_YEAR,
    LT_DATETIME_HOUR,
    LT_DATETIME_MINUTE,
    LT_DATETIME_SECOND,
    LT_DATETIME_MICROSECOND_OF_MINUTE, /* extract(SECOND): decimal(8,6), unscaled */
};

/* extract's and date_part's names, in any case: "YEAR", "YRS", "DOW", "SECOND" (which is
 * LT_DATETIME_MICROSECOND_OF_MINUTE). */
bool lt_datetime_part_find(const char *name, size_t size_bytes,
                           enum lt_datetime_part *out) LT_MUST_USE;
/* Of a date; parts of the time are 0. */
int64_t lt_datetime_part_of_date(enum lt_datetime_part part, int64_t days);
/* Of a local time. */
int64_t lt_datetime_part_of(enum lt_datetime_part part, int64_t days, int64_t us_of_day);

/* Day and microseconds of it (never negative) of an instant in a zone. */
void lt_datetime_split(const struct lt_zone *zone, int64_t us, int64_t *days, int64_t *us_of_day);

/* In order: what a date can be cut to comes last. */
enum lt_datetime_unit {
    LT_DATETIME_TO_MICROSECOND,
    LT_DATETIME_TO_MILLISECOND,
    LT_DATETIME_TO_SECOND,
    LT_DATETIME_TO_MINUTE,
    LT_DATETIME_TO_HOUR,
    LT_DATETIME_TO_DAY,
    LT_DATETIME_TO_WEEK, /* to Monday */
    LT_DATETIME_TO_MONTH,
    LT_DATETIME_TO_QUARTER,
    LT_DATETIME_TO_YEAR,
};

/* date_trunc's names, in any case: "YEAR", "YYYY", "YY", "MON", "DD" and so on. trunc of a date
 * knows those from LT_DATETIME_TO_WEEK on. */
bool lt_datetime_unit_find(const char *name, size_t size_bytes,
                           enum lt_datetime_unit *out) LT_MUST_USE;
/* `unit` is one that dates know (asserted). */
int64_t lt_datetime_truncate_date(enum lt_datetime_unit unit, int64_t days);
/* False: does not fit. */
bool lt_datetime_truncate(enum lt_datetime_unit unit, const struct lt_zone *zone, int64_t us,
                          int64_t *out_us) LT_MUST_USE;

int64_t lt_datetime_last_day(int64_t days);
/* "MO", "Mon", "monday", ...: 0 for Monday to 6 for Sunday; -1 for none. */
int lt_datetime_weekday_find(const char *name, size_t size_bytes);
/* The first such day after `days`; weekday as above. */
int64_t lt_datetime_next_day(int64_t days, int weekday);
/* "Mon" and "Jan"; weekday 0 for Monday, month 1 to 12. */
const char *lt_datetime_weekday_name(int weekday);
const char *lt_datetime_month_name(int month);

#endif
