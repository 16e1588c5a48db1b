/*
 * Timestamps are read in one pass, field by field; which fields are there decides the form. Named
 * time zones are not known yet and make the text invalid; only UTC and offsets are.
 */
#include "ops/expr/cast_text.h"

#include <string.h>

#include "core/base/ascii.h"
#include "core/base/clock.h"
#include "core/base/date.h"
#include "core/text/time.h"

/* A piece of text; what is read moves `at`. */
struct reader {
    const uint8_t *at, *end;
};

static struct reader trimmed(const void *text, size_t size_bytes)
{
    struct reader reader = {.at = text, .end = (const uint8_t *)text + size_bytes};
    while (reader.at < reader.end && *reader.at <= ' ')
        reader.at++;
    while (reader.end > reader.at && reader.end[-1] <= ' ')
        reader.end--;
    return reader;
}

static bool is_one_of(const struct reader *reader, const char *const *words, size_t count)
{
    size_t size = (size_t)(reader->end - reader->at);
    for (size_t i = 0; i < count; i++) {
        if (strlen(words[i]) != size)
            continue;
        size_t same = 0;
        while (same < size && lt_ascii_lower((char)reader->at[same]) == words[i][same])
            same++;
        if (same == size)
            return true;
    }
    return false;
}

bool lt_cast_text_to_boolean(const void *text, size_t size_bytes, bool *out)
{
    static const char *const yes[] = {"t", "true", "y", "yes", "1"};
    static const char *const no[] = {"f", "false", "n", "no", "0"};
    struct reader reader = trimmed(text, size_bytes);
    *out = is_one_of(&reader, yes, 5);
    return *out || is_one_of(&reader, no, 5);
}

static bool take(struct reader *reader, char c)
{
    if (reader->at == reader->end || *reader->at != (uint8_t)c)
        return false;
    reader->at++;
    return true;
}

/* `fewest` to `most` digits. */
static bool take_number(struct reader *reader, unsigned fewest, unsigned most, int32_t *out)
{
    unsigned digits = 0;
    *out = 0;
    while (reader->at < reader->end && lt_ascii_is_digit((char)*reader->at) && digits < most) {
        *out = *out * 10 + (*reader->at - '0');
        reader->at++;
        digits++;
    }
    return digits >= fewest;
}

struct parts {
    int32_t year, month, day, hour, minute, second, microsecond, offset_s;
};

static bool take_date(struct reader *reader, struct parts *parts)
{
    bool is_negative = take(reader, '-');
    if (!is_negative)
        (void)take(reader, '+');
    if (!take_number(reader, 4, 6, &parts->year))
        return false;
    if (is_negative)
        parts->year = -parts->year;
    parts->month = parts->day = 1;
    if (!take(reader, '-'))
        return true;
    if (!take_number(reader, 1, 2, &parts->month))
        return false;
    return !take(reader, '-') || take_number(reader, 1, 2, &parts->day);
}

/* Digits after the point; what is finer than a microsecond is cut. */
static void take_fraction(struct reader *reader, struct parts *parts)
{
    int32_t unit = 100000;
    while (reader->at < reader->end && lt_ascii_is_digit((char)*reader->at)) {
        parts->microsecond += (*reader->at++ - '0') * unit;
        unit /= 10;
    }
}

static bool take_time(struct reader *reader, struct parts *parts)
{
    if (!take_number(reader, 1, 2, &parts->hour))
        return false;
    if (!take(reader, ':'))
        return true;
    if (!take_number(reader, 1, 2, &parts->minute))
        return false;
    if (!take(reader, ':'))
        return true;
    if (!take_number(reader, 1, 2, &parts->second))
        return false;
    if (take(reader, '.'))
        take_fraction(reader, parts);
    return true;
}

static bool take_zone(struct reader *reader, struct parts *parts)
{
    static const char *const names[] = {"z", "utc", "gmt", "ut"};
    while (take(reader, ' '))
        ;
    if (reader->at == reader->end || is_one_of(reader, names, 4)) {
        reader->at = reader->end;
        return true;
    }
    if (reader->end - reader->at > 3 && lt_ascii_is_letter((char)*reader->at)) {
        struct reader name = {reader->at, reader->at + 3};
        if (!is_one_of(&name, names + 1, 2))
            return false;
        reader->at += 3; /* "UTC+8" */
    }
    bool is_negative = take(reader, '-');
    if (!is_negative && !take(reader, '+'))
        return false;
    int32_t hour = 0, minute = 0, second = 0;
    if (!take_number(reader, 1, 2, &hour))
        return false;
    bool has_colon = take(reader, ':');
    if (reader->at < reader->end && !take_number(reader, has_colon ? 1 : 2, 2, &minute))
        return false;
    if (take(reader, ':') && !take_number(reader, 2, 2, &second))
        return false;
    if (hour > 18 || minute > 59 || second > 59)
        return false;
    parts->offset_s = (hour * 60 + minute) * 60 + second;
    if (is_negative)
        parts->offset_s = -parts->offset_s;
    return true;
}

static bool are_valid(const struct parts *parts)
{
    return parts->month >= 1 && parts->month <= 12 && parts->day >= 1 &&
           parts->day <= lt_date_days_in_month(parts->year, parts->month) && parts->hour <= 23 &&
           parts->minute <= 59 && parts->second <= 59;
}

bool lt_cast_text_to_timestamp(const void *text, size_t size_bytes, int64_t *out_us)
{
    struct reader reader = trimmed(text, size_bytes);
    struct parts parts = {0};
    if (!take_date(&reader, &parts))
        return false;
    bool has_time = reader.at < reader.end;
    if (has_time && !take(&reader, 'T') && !take(&reader, ' '))
        return false;
    if (has_time && (!take_time(&reader, &parts) || !take_zone(&reader, &parts)))
        return false;
    if (reader.at != reader.end || !are_valid(&parts))
        return false;
    int64_t days = lt_date_days((struct lt_date){parts.year, parts.month, parts.day});
    int64_t seconds =
        ((days * 24 + parts.hour) * 60 + parts.minute) * 60 + parts.second - parts.offset_s;
    int64_t us;
    if (__builtin_mul_overflow(seconds, (int64_t)LT_US_PER_S, &us) ||
        __builtin_add_overflow(us, (int64_t)parts.microsecond, &us))
        return false;
    *out_us = us;
    return true;
}
