/*
 * Zoned arithmetic keeps a local time and the offset it is at: after each step the offset is found
 * anew, the old one preferred where it is still possible.
 */
#include "core/text/datetime_add.h"

#include <math.h>

#include "core/base/ascii.h"
#include "core/base/date.h"
#include "core/text/datetime.h"
#include "core/text/datetime_part.h"

static const int64_t US_PER_S = 1000000, US_PER_DAY = 86400000000, S_PER_DAY = 86400;
static const int64_t YEAR_MAX = 999999999;

/* No overflow: days are far fewer than 2^63, months at most 2^34. */
static int64_t add_months(int64_t days, int64_t months)
{
    struct lt_date date = lt_date_of(days);
    int64_t all = date.year * 12 + date.month - 1 + months;
    date.year = lt_floor_divide(all, 12);
    date.month = (int32_t)(all - date.year * 12) + 1;
    int32_t last = lt_date_days_in_month(date.year, date.month);
    date.day = date.day > last ? last : date.day;
    return lt_date_days(date);
}

static bool fit_date(int64_t days, int32_t *out_days)
{
    if (days != (int32_t)days)
        return false;
    *out_days = (int32_t)days;
    return true;
}

bool lt_datetime_add_months_to_date(int32_t days, int64_t months, int32_t *out_days)
{
    bool is_sane = months >= INT32_MIN && months <= INT32_MAX;
    return is_sane && fit_date(add_months(days, months), out_days);
}

bool lt_datetime_add_interval_to_date(int32_t days, const struct lt_calendar_interval *interval,
                                      int32_t *out_days)
{
    lt_assert(interval->microseconds == 0);
    return fit_date(add_months(days, interval->months) + interval->days, out_days);
}

struct zoned {
    int64_t days, us_of_day;
    int32_t offset_s;
};

static struct zoned zoned_of(const struct lt_zone *zone, int64_t us)
{
    struct zoned zoned = {.offset_s = lt_zone_offset_s(zone, lt_floor_divide(us, US_PER_S))};
    lt_datetime_split(zone, us, &zoned.days, &zoned.us_of_day);
    return zoned;
}

/* A local time in a gap moves by the gap's length. */
static void move_to_day(const struct lt_zone *zone, struct zoned *zoned, int64_t days)
{
    int64_t local_s = days * S_PER_DAY + zoned->us_of_day / US_PER_S;
    int32_t offset_s = lt_zone_offset_of_local_near_s(zone, local_s, zoned->offset_s);
    int32_t real_s = lt_zone_offset_s(zone, local_s - offset_s);
    int64_t us_of_day = zoned->us_of_day + (real_s - offset_s) * US_PER_S;
    int64_t shift = lt_floor_divide(us_of_day, US_PER_DAY);
    zoned->days = days + shift;
    zoned->us_of_day = us_of_day - shift * US_PER_DAY;
    zoned->offset_s = real_s;
}

static bool zoned_us(const struct zoned *zoned, int64_t more_us, int64_t *out_us)
{
    int64_t days = more_us / US_PER_DAY;
    int64_t us_of_day = zoned->us_of_day - zoned->offset_s * US_PER_S + more_us % US_PER_DAY;
    return lt_datetime_join(zoned->days + days, us_of_day, out_us);
}

static bool add_all(const struct lt_zone *zone, int64_t us, int64_t months, int64_t days,
                    int64_t more_us, int64_t *out_us)
{
    struct zoned zoned = zoned_of(zone, us);
    if (months != 0)
        move_to_day(zone, &zoned, add_months(zoned.days, months));
    if (days != 0)
        move_to_day(zone, &zoned, zoned.days + days);
    return zoned_us(&zoned, more_us, out_us);
}

bool lt_datetime_add_months(const struct lt_zone *zone, int64_t us, int32_t months, int64_t *out_us)
{
    return add_all(zone, us, months, 0, 0, out_us);
}

bool lt_datetime_add_day_time(const struct lt_zone *zone, int64_t us, int64_t duration_us,
                              int64_t *out_us)
{
    return add_all(zone, us, 0, duration_us / US_PER_DAY, duration_us % US_PER_DAY, out_us);
}

bool lt_datetime_add_interval(const struct lt_zone *zone, int64_t us,
                              const struct lt_calendar_interval *interval, int64_t *out_us)
{
    return add_all(zone, us, interval->months, interval->days, interval->microseconds, out_us);
}

/* Of a step: microseconds, or months. */
static const struct {
    const char *name;
    int64_t us, months;
} steps[] = {
    [LT_DATETIME_STEP_MICROSECOND] = {"MICROSECOND", 1, 0},
    [LT_DATETIME_STEP_MILLISECOND] = {"MILLISECOND", 1000, 0},
    [LT_DATETIME_STEP_SECOND] = {"SECOND", 1000000, 0},
    [LT_DATETIME_STEP_MINUTE] = {"MINUTE", 60000000, 0},
    [LT_DATETIME_STEP_HOUR] = {"HOUR", 3600000000, 0},
    [LT_DATETIME_STEP_DAY] = {"DAY", 86400000000, 0},
    [LT_DATETIME_STEP_WEEK] = {"WEEK", 7 * 86400000000, 0},
    [LT_DATETIME_STEP_MONTH] = {"MONTH", 0, 1},
    [LT_DATETIME_STEP_QUARTER] = {"QUARTER", 0, 3},
    [LT_DATETIME_STEP_YEAR] = {"YEAR", 0, 12},
};

static bool is_name(const char *text, size_t size_bytes, const char *name)
{
    size_t same = 0;
    while (same < size_bytes && lt_ascii_lower(text[same]) == lt_ascii_lower(name[same]) &&
           name[same] != '\0')
        same++;
    return same == size_bytes && name[same] == '\0';
}

bool lt_datetime_step_find(const char *name, size_t size_bytes, enum lt_datetime_step *out)
{
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        if (is_name(name, size_bytes, steps[i].name)) {
            *out = (enum lt_datetime_step)i;
            return true;
        }
    }
    *out = LT_DATETIME_STEP_DAY;
    return is_name(name, size_bytes, "DAYOFYEAR");
}

bool lt_datetime_add_steps(enum lt_datetime_step step, const struct lt_zone *zone, int64_t us,
                           int64_t count, int64_t *out_us)
{
    int64_t all;
    if (steps[step].months == 0)
        return !__builtin_mul_overflow(count, steps[step].us, &all) &&
               (step >= LT_DATETIME_STEP_DAY ? lt_datetime_add_day_time(zone, us, all, out_us)
                                             : !__builtin_add_overflow(us, all, out_us));
    return !__builtin_mul_overflow(count, steps[step].months, &all) && all == (int32_t)all &&
           lt_datetime_add_months(zone, us, (int32_t)all, out_us);
}

/* Months of the calendar and 32nds of them: differences of these count whole months. */
static int64_t packed_month(int64_t days)
{
    struct lt_date date = lt_date_of(days);
    return (date.year * 12 + date.month - 1) * 32 + date.day;
}

static int64_t months_from(const struct zoned *from, const struct zoned *to)
{
    int64_t to_days = to->days;
    if (to->days > from->days && to->us_of_day < from->us_of_day)
        to_days--;
    else if (to->days < from->days && to->us_of_day > from->us_of_day)
        to_days++;
    return (packed_month(to_days) - packed_month(from->days)) / 32;
}

static bool us_from(const struct zoned *from, const struct zoned *to, int64_t unit_us, int64_t *out)
{
    __int128 us = (__int128)(to->days - from->days) * US_PER_DAY + to->us_of_day - from->us_of_day;
    us /= unit_us;
    *out = (int64_t)us;
    return us == (int64_t)us;
}

bool lt_datetime_steps_between(enum lt_datetime_step step, const struct lt_zone *zone,
                               int64_t from_us, int64_t to_us, int64_t *out)
{
    struct zoned from = zoned_of(zone, from_us), to = zoned_of(zone, to_us);
    if (steps[step].months == 0)
        return us_from(&from, &to, steps[step].us, out);
    *out = months_from(&from, &to) / steps[step].months;
    return true;
}

bool lt_datetime_subtract(const struct lt_zone *zone, int64_t to_us, int64_t from_us,
                          int64_t *out_us)
{
    return lt_datetime_steps_between(LT_DATETIME_STEP_MICROSECOND, zone, from_us, to_us, out_us);
}

/* Seconds since the day began, in which hours may lack or come twice. */
static int64_t seconds_of_day(const struct lt_zone *zone, int64_t us, int64_t days)
{
    __int128 begin_us = (__int128)lt_zone_start_of_day_s(zone, days) * US_PER_S;
    return (int64_t)((us - begin_us) / US_PER_S);
}

double lt_datetime_months_between(const struct lt_zone *zone, int64_t later_us, int64_t earlier_us,
                                  bool is_rounded)
{
    const double seconds_per_month = 31.0 * 86400;
    struct zoned later = zoned_of(zone, later_us), earlier = zoned_of(zone, earlier_us);
    struct lt_date a = lt_date_of(later.days), b = lt_date_of(earlier.days);
    double months = (double)((a.year - b.year) * 12 + a.month - b.month);
    bool are_last = a.day == lt_date_days_in_month(a.year, a.month) &&
                    b.day == lt_date_days_in_month(b.year, b.month);
    if (a.day == b.day || are_last)
        return months;
    int64_t seconds = (a.day - b.day) * S_PER_DAY + seconds_of_day(zone, later_us, later.days) -
                      seconds_of_day(zone, earlier_us, earlier.days);
    double between = months + (double)seconds / seconds_per_month;
    return is_rounded ? floor(between * 1e8 + 0.5) / 1e8 : between;
}

static enum lt_datetime_made make_days(int32_t year, int32_t month, int32_t day, int64_t *out_days)
{
    if (year < -YEAR_MAX || year > YEAR_MAX)
        return LT_DATETIME_BAD_YEAR;
    if (month < 1 || month > 12)
        return LT_DATETIME_BAD_MONTH;
    if (day < 1 || day > 31)
        return LT_DATETIME_BAD_DAY;
    if (day > lt_date_days_in_month(year, month))
        return LT_DATETIME_BAD_DAY_OF_MONTH;
    *out_days = lt_date_days((struct lt_date){year, month, day});
    return LT_DATETIME_MADE;
}

enum lt_datetime_made lt_datetime_make_date(int32_t year, int32_t month, int32_t day,
                                            int32_t *out_days)
{
    int64_t days;
    enum lt_datetime_made made = make_days(year, month, day, &days);
    if (made == LT_DATETIME_MADE && !fit_date(days, out_days))
        return LT_DATETIME_TOO_LARGE;
    return made;
}

enum lt_datetime_made lt_datetime_make_timestamp(const struct lt_zone *zone, int32_t year,
                                                 int32_t month, int32_t day, int32_t hour,
                                                 int32_t minute, int64_t second_us, int64_t *out_us)
{
    int64_t minute_us = 60 * US_PER_S;
    if (second_us > minute_us && second_us < minute_us + US_PER_S)
        return LT_DATETIME_BAD_FRACTION;
    int64_t days;
    enum lt_datetime_made made = make_days(year, month, day, &days);
    if (made != LT_DATETIME_MADE)
        return made;
    if (hour < 0 || hour > 23)
        return LT_DATETIME_BAD_HOUR;
    if (minute < 0 || minute > 59)
        return LT_DATETIME_BAD_MINUTE;
    if (second_us < 0 || second_us > minute_us)
        return LT_DATETIME_BAD_SECOND;
    int64_t us_of_day = (hour * 60 + minute) * minute_us + (second_us % minute_us);
    int64_t local_s = days * S_PER_DAY + us_of_day / US_PER_S;
    if (second_us == minute_us) { /* the minute after it, of the local time */
        us_of_day += minute_us;
        local_s += 60;
    }
    int32_t offset_s = lt_zone_offset_of_local_s(zone, local_s);
    return lt_datetime_join(days, us_of_day - offset_s * US_PER_S, out_us) ? LT_DATETIME_MADE
                                                                           : LT_DATETIME_TOO_LARGE;
}
