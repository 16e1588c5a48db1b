/*
 * A timestamp is read in one pass into its parts; which of them are there decides the form.
 */
#include "core/text/datetime.h"

#include <string.h>

#include "core/base/ascii.h"
#include "core/base/date.h"

enum { YEAR_DIGITS_OF_DATE = 7, YEAR_DIGITS_OF_TIMESTAMP = 6 };
static const int64_t US_PER_S = 1000000, US_PER_DAY = 86400000000;

/* A piece of text; what is read moves `at`. */
struct reader {
    const char *at, *end;
};

static struct reader trimmed(const void *text, size_t size_bytes)
{
    struct reader reader = {.at = text, .end = (const char *)text + size_bytes};
    while (reader.at < reader.end && ((uint8_t)*reader.at <= ' ' || *reader.at == 0x7f))
        reader.at++;
    while (reader.end > reader.at && ((uint8_t)reader.end[-1] <= ' ' || reader.end[-1] == 0x7f))
        reader.end--;
    return reader;
}

static bool take(struct reader *reader, char c)
{
    if (reader->at == reader->end || *reader->at != c)
        return false;
    reader->at++;
    return true;
}

/* All the digits there are: `fewest` to `most`. */
static bool take_number(struct reader *reader, unsigned fewest, unsigned most, int32_t *out)
{
    unsigned digits = 0;
    *out = 0;
    while (reader->at < reader->end && lt_ascii_is_digit(*reader->at) && digits <= most) {
        *out = *out * 10 + (*reader->at++ - '0');
        digits++;
    }
    return digits >= fewest && digits <= most;
}

struct parts {
    int32_t year, month, day, hour, minute, second, us;
    bool has_date, has_zone;
    struct lt_zone zone;
};

static bool take_sign(struct reader *reader, bool *is_negative)
{
    *is_negative = take(reader, '-');
    return *is_negative || take(reader, '+');
}

/* What follows the year; "-m" or "-m-d". */
static bool take_month_and_day(struct reader *reader, struct parts *parts, bool *has_day)
{
    parts->month = parts->day = 1;
    *has_day = false;
    if (!take(reader, '-'))
        return true;
    if (!take_number(reader, 1, 2, &parts->month))
        return false;
    *has_day = take(reader, '-');
    return !*has_day || take_number(reader, 1, 2, &parts->day);
}

static bool take_date(struct reader *reader, unsigned year_digits, struct parts *parts,
                      bool *has_day)
{
    bool is_negative;
    (void)take_sign(reader, &is_negative);
    if (!take_number(reader, 4, year_digits, &parts->year))
        return false;
    if (is_negative)
        parts->year = -parts->year;
    parts->has_date = true;
    return take_month_and_day(reader, parts, has_day);
}

static bool is_date(const struct parts *parts)
{
    return parts->month >= 1 && parts->month <= 12 && parts->day >= 1 &&
           parts->day <= lt_date_days_in_month(parts->year, parts->month);
}

static int64_t days_of(const struct parts *parts)
{
    return lt_date_days((struct lt_date){parts->year, parts->month, parts->day});
}

bool lt_datetime_parse_date(const void *text, size_t size_bytes, int32_t *out_days)
{
    int64_t days;
    if (size_bytes == LT_DATE_PLAIN_BYTES && lt_date_parse_plain(text, &days)) {
        *out_days = (int32_t)days;
        return true;
    }
    struct reader reader = trimmed(text, size_bytes);
    struct parts parts;
    bool has_day;
    if (!take_date(&reader, YEAR_DIGITS_OF_DATE, &parts, &has_day) || !is_date(&parts))
        return false;
    bool is_all = reader.at == reader.end;
    if (!is_all && (!has_day || (*reader.at != ' ' && *reader.at != 'T')))
        return false;
    days = days_of(&parts);
    if (days != (int32_t)days)
        return false;
    *out_days = (int32_t)days;
    return true;
}

/* Digits after the point, possibly none. */
static void take_fraction(struct reader *reader, struct parts *parts)
{
    int32_t unit = 100000;
    while (reader->at < reader->end && lt_ascii_is_digit(*reader->at)) {
        parts->us += (*reader->at++ - '0') * unit;
        unit /= 10;
    }
}

/* All that is left. */
static bool take_zone(struct lt_datetime_context *context, struct reader *reader,
                      struct parts *parts)
{
    struct reader name = trimmed(reader->at, (size_t)(reader->end - reader->at));
    reader->at = reader->end;
    parts->has_zone = true;
    return lt_zones_find(context->zones, name.at, (size_t)(name.end - name.at), &parts->zone);
}

/* From the minute on; the hour and its colon were read. */
static bool take_minute(struct lt_datetime_context *context, struct reader *reader,
                        struct parts *parts)
{
    if (!take_number(reader, 1, 2, &parts->minute))
        return false;
    if (!take(reader, ':'))
        return reader->at == reader->end;
    if (!take_number(reader, 1, 2, &parts->second))
        return false;
    if (take(reader, '.'))
        take_fraction(reader, parts);
    return reader->at == reader->end || take_zone(context, reader, parts);
}

static bool take_time(struct lt_datetime_context *context, struct reader *reader,
                      struct parts *parts)
{
    if (!take_number(reader, 1, 2, &parts->hour))
        return false;
    if (take(reader, ':'))
        return take_minute(context, reader, parts);
    return reader->at == reader->end;
}

/* "h:..." and "T..." are a time alone. */
static bool is_time_alone(const struct reader *reader)
{
    const char *at = reader->at;
    while (at < reader->end && lt_ascii_is_digit(*at))
        at++;
    return at < reader->end &&
           ((at == reader->at && *at == 'T') || (at > reader->at && *at == ':'));
}

static bool take_parts(struct lt_datetime_context *context, const void *text, size_t size_bytes,
                       struct parts *parts)
{
    struct reader reader = trimmed(text, size_bytes);
    *parts = (struct parts){.month = 1, .day = 1};
    if (is_time_alone(&reader)) {
        /* Spark takes a leading T only where there is nothing to trim. */
        if (*reader.at == 'T' && reader.at != (const char *)text)
            return false;
        (void)take(&reader, 'T');
        if (!take_time(context, &reader, parts))
            return false;
    } else {
        bool has_day;
        if (!take_date(&reader, YEAR_DIGITS_OF_TIMESTAMP, parts, &has_day))
            return false;
        if (reader.at != reader.end && (!has_day || (!take(&reader, ' ') && !take(&reader, 'T')) ||
                                        !take_time(context, &reader, parts)))
            return false;
    }
    return is_date(parts) && parts->hour <= 23 && parts->minute <= 59 && parts->second <= 59;
}

static int64_t us_of_day(const struct parts *parts)
{
    return ((parts->hour * 60 + parts->minute) * 60 + parts->second) * US_PER_S + parts->us;
}

bool lt_datetime_join(int64_t days, int64_t us_of_day, int64_t *out_us)
{
    /* The first day that 64 bits reach is not there from its midnight on. */
    __int128 us = (__int128)days * US_PER_DAY + us_of_day;
    if (us != (int64_t)us)
        return false;
    *out_us = (int64_t)us;
    return true;
}

/* The instant of a local time: the offset goes to the time of day, since the local time itself may
 * not fit 64 bits where the instant does. */
bool lt_datetime_at_zone(const struct lt_zone *zone, int64_t days, int64_t us_of_day,
                         int64_t *out_us)
{
    int64_t local_s = days * 86400 + us_of_day / US_PER_S;
    int64_t offset_us = lt_zone_offset_of_local_s(zone, local_s) * US_PER_S;
    return lt_datetime_join(days, us_of_day - offset_us, out_us);
}

bool lt_datetime_of_date(const struct lt_zone *zone, int64_t days, int64_t *out_us)
{
    return !__builtin_mul_overflow(lt_zone_start_of_day_s(zone, days), US_PER_S, out_us);
}

int64_t lt_datetime_today(const struct lt_datetime_context *context, const struct lt_zone *zone)
{
    int64_t now_s = lt_floor_divide(lt_clock_wall_us(context->clock), US_PER_S);
    return lt_floor_divide(now_s + lt_zone_offset_s(zone, now_s), 86400);
}

bool lt_datetime_parse_timestamp(struct lt_datetime_context *context, const void *text,
                                 size_t size_bytes, int64_t *out_us)
{
    struct parts parts;
    if (!take_parts(context, text, size_bytes, &parts))
        return false;
    const struct lt_zone *zone = parts.has_zone ? &parts.zone : &context->zone;
    int64_t days = parts.has_date ? days_of(&parts) : lt_datetime_today(context, zone);
    return lt_datetime_at_zone(zone, days, us_of_day(&parts), out_us);
}

bool lt_datetime_parse_local(struct lt_datetime_context *context, const void *text,
                             size_t size_bytes, bool allow_zone, int64_t *out_us)
{
    struct parts parts;
    if (!take_parts(context, text, size_bytes, &parts) || !parts.has_date ||
        (parts.has_zone && !allow_zone))
        return false;
    return lt_datetime_join(days_of(&parts), us_of_day(&parts), out_us);
}

enum special { SPECIAL_NONE, SPECIAL_EPOCH, SPECIAL_NOW, SPECIAL_DAY };

/* The name and, if there is one, the zone after it. For SPECIAL_DAY, `day` is counted from today.
 */
static enum special special_of(struct lt_datetime_context *context, const void *text,
                               size_t size_bytes, struct lt_zone *zone, int *day, bool *has_zone)
{
    static const struct {
        const char *name;
        enum special special;
        int day;
    } names[] = {
        {"epoch", SPECIAL_EPOCH, 0},    {"now", SPECIAL_NOW, 0},      {"today", SPECIAL_DAY, 0},
        {"yesterday", SPECIAL_DAY, -1}, {"tomorrow", SPECIAL_DAY, 1},
    };
    struct reader reader = trimmed(text, size_bytes);
    size_t letters = 0;
    while (reader.at + letters < reader.end && lt_ascii_is_letter(reader.at[letters]))
        letters++;
    struct reader rest = trimmed(reader.at + letters, (size_t)(reader.end - reader.at) - letters);
    *has_zone = rest.at < rest.end;
    *zone = context->zone;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strlen(names[i].name) != letters || !lt_ascii_starts_with(reader.at, names[i].name))
            continue;
        if (*has_zone &&
            !lt_zones_find(context->zones, rest.at, (size_t)(rest.end - rest.at), zone))
            return SPECIAL_NONE;
        *day = names[i].day;
        return names[i].special;
    }
    return SPECIAL_NONE;
}

bool lt_datetime_special_date(struct lt_datetime_context *context, const void *text,
                              size_t size_bytes, int32_t *out_days)
{
    struct lt_zone zone;
    int day = 0;
    bool has_zone;
    enum special special = special_of(context, text, size_bytes, &zone, &day, &has_zone);
    if (special == SPECIAL_NONE)
        return false;
    *out_days = special == SPECIAL_EPOCH ? 0 : (int32_t)lt_datetime_today(context, &zone) + day;
    return true;
}

bool lt_datetime_special_timestamp(struct lt_datetime_context *context, const void *text,
                                   size_t size_bytes, int64_t *out_us)
{
    struct lt_zone zone;
    int day = 0;
    bool has_zone;
    switch (special_of(context, text, size_bytes, &zone, &day, &has_zone)) {
    case SPECIAL_EPOCH:
        *out_us = 0;
        return true;
    case SPECIAL_NOW:
        *out_us = lt_clock_wall_us(context->clock);
        return true;
    case SPECIAL_DAY:
        return lt_datetime_at_zone(&zone, lt_datetime_today(context, &zone) + day, 0, out_us);
    default:
        return false;
    }
}

bool lt_datetime_special_local(struct lt_datetime_context *context, const void *text,
                               size_t size_bytes, int64_t *out_us)
{
    struct lt_zone zone;
    int day = 0;
    bool has_zone;
    enum special special = special_of(context, text, size_bytes, &zone, &day, &has_zone);
    if (has_zone)
        return false;
    switch (special) {
    case SPECIAL_EPOCH:
        *out_us = 0;
        return true;
    case SPECIAL_NOW:
        return lt_zone_to_local_us(&zone, lt_clock_wall_us(context->clock), out_us);
    case SPECIAL_DAY:
        return lt_datetime_join(lt_datetime_today(context, &zone) + day, 0, out_us);
    default:
        return false;
    }
}
