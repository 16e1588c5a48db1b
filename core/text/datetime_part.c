/*
 * 1970-01-01 was a Thursday. The ISO week is that of its Thursday.
 */
#include "core/text/datetime_part.h"

#include "core/base/ascii.h"
#include "core/base/date.h"
#include "core/text/datetime.h"

static const int64_t US_PER_S = 1000000, US_PER_MINUTE = 60000000, US_PER_HOUR = 3600000000,
                     US_PER_DAY = 86400000000;

struct name {
    const char *name;
    int value;
};

static bool is_name(const char *text, size_t size_bytes, const char *name)
{
    size_t same = 0;
    while (same < size_bytes && name[same] != '\0' &&
           lt_ascii_lower(text[same]) == lt_ascii_lower(name[same]))
        same++;
    return same == size_bytes && name[same] == '\0';
}

static bool find_name(const struct name *names, size_t count, const char *text, size_t size_bytes,
                      int *out)
{
    for (size_t i = 0; i < count; i++) {
        if (is_name(text, size_bytes, names[i].name)) {
            *out = names[i].value;
            return true;
        }
    }
    return false;
}

bool lt_datetime_part_find(const char *name, size_t size_bytes, enum lt_datetime_part *out)
{
    static const struct name names[] = {
        {"YEAR", LT_DATETIME_YEAR},
        {"Y", LT_DATETIME_YEAR},
        {"YEARS", LT_DATETIME_YEAR},
        {"YR", LT_DATETIME_YEAR},
        {"YRS", LT_DATETIME_YEAR},
        {"YEAROFWEEK", LT_DATETIME_YEAR_OF_WEEK},
        {"QUARTER", LT_DATETIME_QUARTER},
        {"QTR", LT_DATETIME_QUARTER},
        {"MONTH", LT_DATETIME_MONTH},
        {"MON", LT_DATETIME_MONTH},
        {"MONS", LT_DATETIME_MONTH},
        {"MONTHS", LT_DATETIME_MONTH},
        {"WEEK", LT_DATETIME_WEEK},
        {"W", LT_DATETIME_WEEK},
        {"WEEKS", LT_DATETIME_WEEK},
        {"DAY", LT_DATETIME_DAY},
        {"D", LT_DATETIME_DAY},
        {"DAYS", LT_DATETIME_DAY},
        {"DAYOFWEEK", LT_DATETIME_DAY_OF_WEEK},
        {"DOW", LT_DATETIME_DAY_OF_WEEK},
        {"DAYOFWEEK_ISO", LT_DATETIME_DAY_OF_WEEK_ISO},
        {"DOW_ISO", LT_DATETIME_DAY_OF_WEEK_ISO},
        {"DOY", LT_DATETIME_DAY_OF_YEAR},
        {"HOUR", LT_DATETIME_HOUR},
        {"H", LT_DATETIME_HOUR},
        {"HOURS", LT_DATETIME_HOUR},
        {"HR", LT_DATETIME_HOUR},
        {"HRS", LT_DATETIME_HOUR},
        {"MINUTE", LT_DATETIME_MINUTE},
        {"M", LT_DATETIME_MINUTE},
        {"MIN", LT_DATETIME_MINUTE},
        {"MINS", LT_DATETIME_MINUTE},
        {"MINUTES", LT_DATETIME_MINUTE},
        {"SECOND", LT_DATETIME_MICROSECOND_OF_MINUTE},
        {"S", LT_DATETIME_MICROSECOND_OF_MINUTE},
        {"SEC", LT_DATETIME_MICROSECOND_OF_MINUTE},
        {"SECONDS", LT_DATETIME_MICROSECOND_OF_MINUTE},
        {"SECS", LT_DATETIME_MICROSECOND_OF_MINUTE},
    };
    int value;
    if (!find_name(names, sizeof(names) / sizeof(names[0]), name, size_bytes, &value))
        return false;
    *out = (enum lt_datetime_part)value;
    return true;
}

static int64_t modulo(int64_t value, int64_t divisor)
{
    int64_t rest = value % divisor;
    return rest < 0 ? rest + divisor : rest;
}

/* Monday is 0. */
static int64_t weekday_of(int64_t days)
{
    return modulo(days + 3, 7);
}

static int64_t first_of_year(int64_t year)
{
    return lt_date_days((struct lt_date){year, 1, 1});
}

static int64_t thursday_of_week(int64_t days)
{
    return days - weekday_of(days) + 3;
}

int64_t lt_datetime_part_of_date(enum lt_datetime_part part, int64_t days)
{
    switch (part) {
    case LT_DATETIME_YEAR:
        return lt_date_of(days).year;
    case LT_DATETIME_YEAR_OF_WEEK:
        return lt_date_of(thursday_of_week(days)).year;
    case LT_DATETIME_QUARTER:
        return (lt_date_of(days).month + 2) / 3;
    case LT_DATETIME_MONTH:
        return lt_date_of(days).month;
    case LT_DATETIME_WEEK: {
        int64_t thursday = thursday_of_week(days);
        return (thursday - first_of_year(lt_date_of(thursday).year)) / 7 + 1;
    }
    case LT_DATETIME_DAY:
        return lt_date_of(days).day;
    case LT_DATETIME_DAY_OF_WEEK:
        return modulo(days + 4, 7) + 1;
    case LT_DATETIME_DAY_OF_WEEK_ISO:
        return weekday_of(days) + 1;
    case LT_DATETIME_DAY_OF_YEAR:
        return days - first_of_year(lt_date_of(days).year) + 1;
    default:
        return 0;
    }
}

int64_t lt_datetime_part_of(enum lt_datetime_part part, int64_t days, int64_t us_of_day)
{
    switch (part) {
    case LT_DATETIME_HOUR:
        return us_of_day / US_PER_HOUR;
    case LT_DATETIME_MINUTE:
        return us_of_day / US_PER_MINUTE % 60;
    case LT_DATETIME_SECOND:
        return us_of_day / US_PER_S % 60;
    case LT_DATETIME_MICROSECOND_OF_MINUTE:
        return us_of_day % US_PER_MINUTE;
    default:
        return lt_datetime_part_of_date(part, days);
    }
}

void lt_datetime_split(const struct lt_zone *zone, int64_t us, int64_t *days, int64_t *us_of_day)
{
    int64_t day = lt_floor_divide(us, US_PER_DAY);
    int64_t rest =
        modulo(us, US_PER_DAY) + lt_zone_offset_s(zone, lt_floor_divide(us, US_PER_S)) * US_PER_S;
    int64_t shift = lt_floor_divide(rest, US_PER_DAY);
    *days = day + shift;
    *us_of_day = rest - shift * US_PER_DAY;
}

bool lt_datetime_unit_find(const char *name, size_t size_bytes, enum lt_datetime_unit *out)
{
    static const struct name names[] = {
        {"MICROSECOND", LT_DATETIME_TO_MICROSECOND},
        {"MILLISECOND", LT_DATETIME_TO_MILLISECOND},
        {"SECOND", LT_DATETIME_TO_SECOND},
        {"MINUTE", LT_DATETIME_TO_MINUTE},
        {"HOUR", LT_DATETIME_TO_HOUR},
        {"DAY", LT_DATETIME_TO_DAY},
        {"DD", LT_DATETIME_TO_DAY},
        {"WEEK", LT_DATETIME_TO_WEEK},
        {"MON", LT_DATETIME_TO_MONTH},
        {"MONTH", LT_DATETIME_TO_MONTH},
        {"MM", LT_DATETIME_TO_MONTH},
        {"QUARTER", LT_DATETIME_TO_QUARTER},
        {"YEAR", LT_DATETIME_TO_YEAR},
        {"YYYY", LT_DATETIME_TO_YEAR},
        {"YY", LT_DATETIME_TO_YEAR},
    };
    int value;
    if (!find_name(names, sizeof(names) / sizeof(names[0]), name, size_bytes, &value))
        return false;
    *out = (enum lt_datetime_unit)value;
    return true;
}

int64_t lt_datetime_truncate_date(enum lt_datetime_unit unit, int64_t days)
{
    struct lt_date date = lt_date_of(days);
    date.day = 1;
    switch (unit) {
    case LT_DATETIME_TO_WEEK:
        return days - weekday_of(days);
    case LT_DATETIME_TO_QUARTER:
        date.month = (date.month - 1) / 3 * 3 + 1;
        break;
    case LT_DATETIME_TO_YEAR:
        date.month = 1;
        break;
    default:
        lt_assert(unit == LT_DATETIME_TO_MONTH);
    }
    return lt_date_days(date);
}

/* Minute, hour and day are cut off the local time, which stays on its side of an overlap. */
static bool truncate_local(int64_t step_us, const struct lt_zone *zone, int64_t us, int64_t *out_us)
{
    int64_t days, us_of_day;
    int32_t offset_s = lt_zone_offset_s(zone, lt_floor_divide(us, US_PER_S));
    lt_datetime_split(zone, us, &days, &us_of_day);
    us_of_day -= us_of_day % step_us;
    int64_t local_s = days * 86400 + us_of_day / US_PER_S;
    offset_s = lt_zone_offset_of_local_near_s(zone, local_s, offset_s);
    return lt_datetime_join(days, us_of_day - offset_s * US_PER_S, out_us);
}

bool lt_datetime_truncate(enum lt_datetime_unit unit, const struct lt_zone *zone, int64_t us,
                          int64_t *out_us)
{
    int64_t days, us_of_day;
    switch (unit) {
    case LT_DATETIME_TO_MICROSECOND:
        *out_us = us;
        return true;
    case LT_DATETIME_TO_MILLISECOND:
        return !__builtin_sub_overflow(us, modulo(us, 1000), out_us);
    case LT_DATETIME_TO_SECOND:
        return !__builtin_sub_overflow(us, modulo(us, US_PER_S), out_us);
    case LT_DATETIME_TO_MINUTE:
        return truncate_local(US_PER_MINUTE, zone, us, out_us);
    case LT_DATETIME_TO_HOUR:
        return truncate_local(US_PER_HOUR, zone, us, out_us);
    case LT_DATETIME_TO_DAY:
        return truncate_local(US_PER_DAY, zone, us, out_us);
    default:
        lt_datetime_split(zone, us, &days, &us_of_day);
        return lt_datetime_of_date(zone, lt_datetime_truncate_date(unit, days), out_us);
    }
}

int64_t lt_datetime_last_day(int64_t days)
{
    struct lt_date date = lt_date_of(days);
    return days + lt_date_days_in_month(date.year, date.month) - date.day;
}

int lt_datetime_weekday_find(const char *name, size_t size_bytes)
{
    static const struct name names[] = {
        {"MO", 0}, {"MON", 0}, {"MONDAY", 0},    {"TU", 1}, {"TUE", 1}, {"TUESDAY", 1},
        {"WE", 2}, {"WED", 2}, {"WEDNESDAY", 2}, {"TH", 3}, {"THU", 3}, {"THURSDAY", 3},
        {"FR", 4}, {"FRI", 4}, {"FRIDAY", 4},    {"SA", 5}, {"SAT", 5}, {"SATURDAY", 5},
        {"SU", 6}, {"SUN", 6}, {"SUNDAY", 6},
    };
    int weekday;
    return find_name(names, sizeof(names) / sizeof(names[0]), name, size_bytes, &weekday) ? weekday
                                                                                          : -1;
}

int64_t lt_datetime_next_day(int64_t days, int weekday)
{
    return days + 1 + modulo(weekday - weekday_of(days + 1), 7);
}

const char *lt_datetime_weekday_name(int weekday)
{
    static const char *const names[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    return names[weekday];
}

const char *lt_datetime_month_name(int month)
{
    static const char *const names[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    return names[month - 1];
}
