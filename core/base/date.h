/*
 * Days and civil dates, in the proleptic Gregorian calendar.
 *
 * on: any. Pure.
 */
#ifndef LT_BASE_DATE_H
#define LT_BASE_DATE_H

#include <stdbool.h>
#include <stdint.h>

struct lt_date {
    int64_t year;
    int32_t month, day; /* 1..12, 1..31 */
};

/* Days since 1970-01-01 and back. Month 1..12 and day 1..31 are not checked against each other: day
 * 30 of February is day 1 or 2 of March. */
struct lt_date lt_date_of(int64_t days);
int64_t lt_date_days(struct lt_date date);
int32_t lt_date_days_in_month(int64_t year, int32_t month);
/* The days of ten bytes that are yyyy-MM-dd, a day there is; false: they are not. */
enum { LT_DATE_PLAIN_BYTES = 10 };
bool lt_date_parse_plain(const void *text, int64_t *days);

/* Division that rounds down, for times before 1970 too. */
static inline int64_t lt_floor_divide(int64_t value, int64_t divisor)
{
    return value / divisor - (value % divisor < 0);
}

#endif
