/*
 * From the fields of a text to a date and a time, as Java resolves them strictly, and what Spark
 * puts in for those that are missing.
 */
#include "core/base/date.h"
#include "core/text/datetime_steps.h"

static const int64_t DAYS_BEFORE_EPOCH_OF_JULIAN = 40587, NS_PER_S = 1000000000,
                     YEAR_MAX = 999999999;

bool lt_datetime_set(struct lt_datetime_found *found, enum lt_datetime_field field, int64_t value)
{
    if (lt_datetime_has(found, field))
        return found->values[field] == value;
    found->values[field] = value;
    found->is_set |= 1U << field;
    return true;
}

static bool is_within(const struct lt_datetime_found *found, enum lt_datetime_field field,
                      int64_t least, int64_t most)
{
    return !lt_datetime_has(found, field) ||
           (found->values[field] >= least && found->values[field] <= most);
}

/* The field's value, or what stands for it. */
static int64_t get(const struct lt_datetime_found *found, enum lt_datetime_field field,
                   int64_t missing)
{
    return lt_datetime_has(found, field) ? found->values[field] : missing;
}

static bool is_or_missing(const struct lt_datetime_found *found, enum lt_datetime_field field,
                          int64_t value)
{
    return !lt_datetime_has(found, field) || found->values[field] == value;
}

/* The year of an era is a year only where the era is known. */
static bool resolve_era(struct lt_datetime_found *found)
{
    if (!is_within(found, LT_DATETIME_FIELD_YEAR_OF_ERA, 1, YEAR_MAX + 1))
        return false;
    if (!lt_datetime_has(found, LT_DATETIME_FIELD_YEAR_OF_ERA) ||
        !lt_datetime_has(found, LT_DATETIME_FIELD_ERA))
        return true;
    int64_t year = found->values[LT_DATETIME_FIELD_YEAR_OF_ERA];
    bool is_ad = found->values[LT_DATETIME_FIELD_ERA] == 1;
    return lt_datetime_set(found, LT_DATETIME_FIELD_YEAR, is_ad ? year : 1 - year);
}

static bool is_date(int64_t year, int64_t month, int64_t day)
{
    return year >= -YEAR_MAX && year <= YEAR_MAX && month >= 1 && month <= 12 && day >= 1 &&
           day <= lt_date_days_in_month(year, (int32_t)month);
}

static bool agrees(const struct lt_datetime_found *found, int64_t days)
{
    struct lt_date date = lt_date_of(days);
    int64_t first = lt_date_days((struct lt_date){date.year, 1, 1});
    return is_or_missing(found, LT_DATETIME_FIELD_YEAR, date.year) &&
           is_or_missing(found, LT_DATETIME_FIELD_MONTH, date.month) &&
           is_or_missing(found, LT_DATETIME_FIELD_DAY, date.day) &&
           is_or_missing(found, LT_DATETIME_FIELD_DAY_OF_YEAR, days - first + 1);
}

static bool date_of_julian(const struct lt_datetime_found *found, int64_t *days)
{
    int64_t julian = found->values[LT_DATETIME_FIELD_JULIAN];
    if (julian < -YEAR_MAX * 366 || julian > YEAR_MAX * 366)
        return false;
    *days = julian - DAYS_BEFORE_EPOCH_OF_JULIAN;
    return agrees(found, *days);
}

static bool date_of_day_of_year(const struct lt_datetime_found *found, int64_t year, int64_t *days)
{
    int64_t day = found->values[LT_DATETIME_FIELD_DAY_OF_YEAR];
    int64_t most = 337 + lt_date_days_in_month(year, 2);
    if (year < -YEAR_MAX || year > YEAR_MAX || day < 1 || day > most)
        return false;
    *days = lt_date_days((struct lt_date){year, 1, 1}) + day - 1;
    return is_or_missing(found, LT_DATETIME_FIELD_MONTH, lt_date_of(*days).month) &&
           is_or_missing(found, LT_DATETIME_FIELD_DAY, lt_date_of(*days).day);
}

static bool resolve_date(struct lt_datetime_found *found, int64_t *days)
{
    if (!resolve_era(found))
        return false;
    if (lt_datetime_has(found, LT_DATETIME_FIELD_JULIAN))
        return date_of_julian(found, days);
    int64_t year = get(found, LT_DATETIME_FIELD_YEAR, 1970);
    int64_t month = get(found, LT_DATETIME_FIELD_MONTH, 1);
    int64_t day = get(found, LT_DATETIME_FIELD_DAY, 1);
    bool is_whole = lt_datetime_has(found, LT_DATETIME_FIELD_YEAR) &&
                    lt_datetime_has(found, LT_DATETIME_FIELD_MONTH) &&
                    lt_datetime_has(found, LT_DATETIME_FIELD_DAY);
    if (lt_datetime_has(found, LT_DATETIME_FIELD_DAY_OF_YEAR) && !is_whole)
        return date_of_day_of_year(found, year, days);
    if (!is_date(year, month, day))
        return false;
    *days = lt_date_days((struct lt_date){year, (int32_t)month, (int32_t)day});
    return agrees(found, *days);
}

static bool are_times(const struct lt_datetime_found *found)
{
    return is_within(found, LT_DATETIME_FIELD_HOUR, 0, 23) &&
           is_within(found, LT_DATETIME_FIELD_CLOCK_HOUR, 1, 24) &&
           is_within(found, LT_DATETIME_FIELD_HALF_HOUR, 0, 11) &&
           is_within(found, LT_DATETIME_FIELD_HALF_CLOCK_HOUR, 1, 12) &&
           is_within(found, LT_DATETIME_FIELD_MINUTE, 0, 59) &&
           is_within(found, LT_DATETIME_FIELD_SECOND, 0, 59);
}

/* Hours from 1 and half days become hours. What is left of half days must agree with them. */
static bool resolve_hours(struct lt_datetime_found *found)
{
    if (lt_datetime_has(found, LT_DATETIME_FIELD_CLOCK_HOUR) &&
        !lt_datetime_set(found, LT_DATETIME_FIELD_HOUR,
                         found->values[LT_DATETIME_FIELD_CLOCK_HOUR] % 24))
        return false;
    if (lt_datetime_has(found, LT_DATETIME_FIELD_HALF_CLOCK_HOUR) &&
        !lt_datetime_set(found, LT_DATETIME_FIELD_HALF_HOUR,
                         found->values[LT_DATETIME_FIELD_HALF_CLOCK_HOUR] % 12))
        return false;
    if (lt_datetime_has(found, LT_DATETIME_FIELD_HALF_HOUR) &&
        lt_datetime_has(found, LT_DATETIME_FIELD_HALF_DAY))
        return lt_datetime_set(found, LT_DATETIME_FIELD_HOUR,
                               found->values[LT_DATETIME_FIELD_HALF_DAY] * 12 +
                                   found->values[LT_DATETIME_FIELD_HALF_HOUR]);
    /* Java compares only where the fields make a time: none is left out before another. */
    bool has_minute = lt_datetime_has(found, LT_DATETIME_FIELD_MINUTE);
    bool has_second = lt_datetime_has(found, LT_DATETIME_FIELD_SECOND);
    bool has_nanosecond = lt_datetime_has(found, LT_DATETIME_FIELD_NANOSECOND);
    bool has_time = lt_datetime_has(found, LT_DATETIME_FIELD_HOUR) &&
                    (has_minute || (!has_second && !has_nanosecond)) &&
                    (has_second || !has_nanosecond);
    int64_t hour = get(found, LT_DATETIME_FIELD_HOUR, 0);
    return !has_time || (is_or_missing(found, LT_DATETIME_FIELD_HALF_DAY, hour / 12) &&
                         is_or_missing(found, LT_DATETIME_FIELD_HALF_HOUR, hour % 12));
}

static bool resolve_time(struct lt_datetime_found *found, int64_t *ns_of_day)
{
    if (!are_times(found) || !resolve_hours(found))
        return false;
    int64_t hour = 0;
    if (lt_datetime_has(found, LT_DATETIME_FIELD_HOUR))
        hour = found->values[LT_DATETIME_FIELD_HOUR];
    else if (lt_datetime_has(found, LT_DATETIME_FIELD_HALF_HOUR))
        hour = found->values[LT_DATETIME_FIELD_HALF_HOUR];
    else if (get(found, LT_DATETIME_FIELD_HALF_DAY, 0) == 1)
        hour = 12;
    int64_t minute = get(found, LT_DATETIME_FIELD_MINUTE, 0);
    int64_t second = get(found, LT_DATETIME_FIELD_SECOND, 0);
    *ns_of_day = ((hour * 60 + minute) * 60 + second) * NS_PER_S +
                 get(found, LT_DATETIME_FIELD_NANOSECOND, 0);
    return true;
}

bool lt_datetime_resolve(struct lt_datetime_found *found, int64_t *days, int64_t *ns_of_day)
{
    return resolve_date(found, days) && resolve_time(found, ns_of_day);
}
