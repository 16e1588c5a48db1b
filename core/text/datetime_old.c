/*
 * One pass over pattern and text. Numbers take the digits there are, those of a run of numbers
 * without anything between them ("yyyyMMdd") as many as they have letters. At the end the fields
 * are checked as a strict calendar of Java does: each within its range, and none contradicts what
 * the others make; Julian before October 15, 1582.
 */
#include "core/text/datetime_old.h"

#include <string.h>

#include "core/base/ascii.h"
#include "core/base/date.h"
#include "core/text/datetime_part.h"
#include "core/text/datetime_steps.h"
#include "core/text/zone_names.h"

enum field {
    ERA, /* 0 BC */
    YEAR,
    MONTH, /* from 1 */
    DAY,
    DAY_OF_YEAR,
    HOUR,      /* of the day */
    HALF_HOUR, /* from 0 */
    HALF_DAY,
    MINUTE,
    SECOND,
    MILLISECOND,
    OFFSET, /* minutes */
    FIELDS
};

/* The last is that of the microseconds of a timestamp. */
enum {
    YEAR_MAX = 294246,
    YEAR_DEFAULT = 1970,
    CUT_YEAR = 1582,
    CUT_MONTH = 10,
    US_PER_S = 1000000
};

struct reader {
    const char *at, *end;
    enum lt_datetime_old way;
    int32_t values[FIELDS];
    unsigned stamps[FIELDS], stamp; /* when each was set; 0: it was not */
    bool has_zone;
};

static bool set(struct reader *reader, enum field field, int32_t value)
{
    reader->values[field] = value;
    reader->stamps[field] = ++reader->stamp;
    return true;
}

/* -------------------------------------------------------------------------------------- numbers */

/* An integer before `end`; false: none is there. Wraps as Java's narrowing does. */
static bool take_number(struct reader *reader, const char *end, int32_t *out)
{
    bool is_negative =
        reader->way == LT_DATETIME_OLD_STRICT && reader->at < end && *reader->at == '-';
    const char *at = reader->at + is_negative, *begin = at;
    uint64_t number = 0;
    bool is_huge = false;
    for (; at < end && lt_ascii_is_digit(*at); at++) {
        is_huge = is_huge || number > INT64_MAX / 10 - 1;
        number = is_huge ? (uint64_t)INT32_MAX : number * 10 + (uint64_t)(*at - '0');
    }
    if (at == begin || (reader->way == LT_DATETIME_OLD_LENIENT && number > INT32_MAX))
        return false;
    reader->at = at;
    *out = (int32_t)(uint32_t)(is_negative ? 0 - number : number);
    return true;
}

/* The number of `count` letters, of which a run has exactly as many digits, blanks included. */
static bool read_number(struct reader *reader, int count, bool is_of_run, int32_t *out)
{
    const char *end = reader->end;
    if (is_of_run && reader->way == LT_DATETIME_OLD_STRICT && end - reader->at < count)
        return false;
    if (is_of_run && end - reader->at > count)
        end = reader->at + count;
    bool skips = reader->way == LT_DATETIME_OLD_STRICT || !is_of_run;
    while (skips && reader->at < end && (*reader->at == ' ' || *reader->at == '\t'))
        reader->at++;
    return take_number(reader, end, out);
}

/* ---------------------------------------------------------------------------------------- texts */

static bool begins_with(const struct reader *reader, const char *text)
{
    size_t size = strlen(text);
    return (size_t)(reader->end - reader->at) >= size && lt_ascii_starts_with(reader->at, text);
}

/* The longest of a field's names, long and short. */
static bool read_name(struct reader *reader, enum lt_datetime_field names_of, enum field field)
{
    size_t best = 0;
    int value = 0;
    for (int is_long = 0; is_long < 2; is_long++) {
        struct lt_datetime_names names = lt_datetime_names_of(names_of, is_long != 0);
        for (int i = 0; i < names.count; i++) {
            size_t size = strlen(names.names[i]);
            if (size <= best || !begins_with(reader, names.names[i]))
                continue;
            best = size;
            value = names.first + i;
        }
    }
    reader->at += best;
    return best > 0 && set(reader, field, value);
}

/* ---------------------------------------------------------------------------------------- zones */

static bool take_digit(struct reader *reader, int *out)
{
    if (reader->at == reader->end || !lt_ascii_is_digit(*reader->at))
        return false;
    *out = *out * 10 + (*reader->at++ - '0');
    return true;
}

/* Hours, and minutes unless there are none; the sign has been taken. */
static bool read_offset(struct reader *reader, bool is_negative, bool has_minutes, bool has_colon,
                        bool may_be_short)
{
    int hours = 0, minutes = 0;
    if (!take_digit(reader, &hours) || (!take_digit(reader, &hours) && !may_be_short) || hours > 23)
        return false;
    if (has_minutes && has_colon && (reader->at == reader->end || *reader->at++ != ':'))
        return false;
    if (has_minutes && (!take_digit(reader, &minutes) || !take_digit(reader, &minutes)))
        return false;
    minutes += hours * 60;
    return minutes % 60 + hours * 60 == minutes &&
           set(reader, OFFSET, is_negative ? -minutes : minutes);
}

static bool take_sign(struct reader *reader, bool *is_negative)
{
    bool has_sign = reader->at < reader->end && (*reader->at == '+' || *reader->at == '-');
    *is_negative = has_sign && *reader->at == '-';
    reader->at += has_sign;
    return has_sign;
}

static void skip_blanks(struct reader *reader)
{
    while (reader->at < reader->end && (*reader->at == ' ' || *reader->at == '\t'))
        reader->at++;
}

/* z and Z: an offset, "GMT" with or without one, a name. */
static bool read_zone(struct reader *reader)
{
    bool is_negative;
    const char *id;
    skip_blanks(reader);
    reader->has_zone = true;
    if (take_sign(reader, &is_negative))
        return read_offset(reader, is_negative, true, false, false);
    if (begins_with(reader, "GMT")) {
        reader->at += 3;
        return !take_sign(reader, &is_negative) ||
               read_offset(reader, is_negative, true, true, true);
    }
    size_t left = (size_t)(reader->end - reader->at);
    size_t size = lt_zone_names_match_name(reader->at, left, true, &id);
    if (size == 0)
        size = lt_zone_names_match_name(reader->at, left, false, &id);
    if (size == 0 && begins_with(reader, "UTC"))
        size = 3;
    reader->at += size;
    return size > 0;
}

/* X: "Z" or an offset in the form of so many letters. */
static bool read_iso_zone(struct reader *reader, int count)
{
    bool is_negative;
    skip_blanks(reader);
    reader->has_zone = true;
    if (reader->at < reader->end && *reader->at == 'Z') {
        reader->at++;
        return true;
    }
    return count <= 3 && take_sign(reader, &is_negative) &&
           read_offset(reader, is_negative, count > 1, count == 3, false);
}

/* -------------------------------------------------------------------------------------- letters */

static bool is_number(char letter, int count)
{
    return strchr("yDdHkKhmsS", letter) != NULL || ((letter == 'M' || letter == 'L') && count <= 2);
}

static bool is_strict(const struct reader *reader)
{
    return reader->way == LT_DATETIME_OLD_STRICT;
}

/* Hours from 1, which Java checks while it reads. */
static bool set_clock_hour(struct reader *reader, enum field field, int32_t value, int32_t most)
{
    if (is_strict(reader) && (value < 1 || value > most))
        return false;
    return set(reader, field, value == most ? 0 : value);
}

static bool set_number(struct reader *reader, char letter, int32_t value)
{
    static const char letters[] = "yMLDdHKmsS";
    static const enum field fields[] = {YEAR, MONTH,     MONTH,  DAY_OF_YEAR, DAY,
                                        HOUR, HALF_HOUR, MINUTE, SECOND,      MILLISECOND};
    if (letter == 'k')
        return set_clock_hour(reader, HOUR, value, 24);
    if (letter == 'h')
        return set_clock_hour(reader, HALF_HOUR, value, 12);
    return set(reader, fields[strchr(letters, letter) - letters], value);
}

/* "20" is 2020 or the like, and anything else the year itself. */
static bool is_short_year(const char *begin, const struct reader *reader, int count)
{
    while (begin < reader->at && (*begin == ' ' || *begin == '\t'))
        begin++;
    return count <= 2 && reader->at - begin == 2 && lt_ascii_is_digit(begin[0]);
}

static bool read_letter(struct reader *reader, char letter, int count, bool is_of_run)
{
    const char *begin = reader->at;
    int32_t value;
    if (is_number(letter, count)) {
        if (!read_number(reader, count, is_of_run, &value))
            return false;
        bool is_short = letter == 'y' && is_short_year(begin, reader, count);
        return set_number(reader, letter, is_short ? 2000 + value : value);
    }
    switch (letter) {
    case 'M':
    case 'L':
        return read_name(reader, LT_DATETIME_FIELD_MONTH, MONTH);
    case 'G':
        return read_name(reader, LT_DATETIME_FIELD_ERA, ERA);
    case 'a':
        return read_name(reader, LT_DATETIME_FIELD_HALF_DAY, HALF_DAY);
    case 'z':
    case 'Z':
        return read_zone(reader);
    case 'X':
        return read_iso_zone(reader, count);
    default:
        return false; /* no pattern of Spark 2's, or of today's */
    }
}

static bool read_literal(struct reader *reader, char c)
{
    return reader->at < reader->end && *reader->at++ == c;
}

/* The pattern, whose quoted texts stand for themselves, and '' for a quote. */
static bool read_all(struct reader *reader, const char *pattern, const char *end)
{
    bool is_quoted = false;
    while (pattern < end) {
        char c = *pattern;
        const char *begin = pattern++;
        if (c == '\'' && pattern < end && *pattern == '\'') {
            pattern++;
            if (!read_literal(reader, '\''))
                return false;
        } else if (c == '\'') {
            is_quoted = !is_quoted;
        } else if (is_quoted || !lt_ascii_is_letter(c)) {
            if (!read_literal(reader, c))
                return false;
        } else {
            while (pattern < end && *pattern == c)
                pattern++;
            const char *next = pattern;
            while (next < end && *next == *pattern)
                next++;
            bool is_of_run = pattern < end && lt_ascii_is_letter(*pattern) &&
                             is_number(*pattern, (int)(next - pattern));
            if (!read_letter(reader, c, (int)(pattern - begin), is_of_run))
                return false;
        }
    }
    return !is_quoted;
}

/* --------------------------------------------------------------------------------- the calendar */

static bool is_set(const struct reader *reader, enum field field)
{
    return reader->stamps[field] > 0;
}

static int32_t get(const struct reader *reader, enum field field, int32_t missing)
{
    return is_set(reader, field) ? reader->values[field] : missing;
}

static bool agrees(const struct reader *reader, enum field field, int32_t value)
{
    return get(reader, field, value) == value;
}

static bool are_within(const struct reader *reader)
{
    static const int32_t least[FIELDS] = {
        [YEAR] = 1, [MONTH] = 1, [DAY] = 1, [DAY_OF_YEAR] = 1, [OFFSET] = -13 * 60};
    static const int32_t most[FIELDS] = {
        [ERA] = 1,           [YEAR] = YEAR_MAX, [MONTH] = 12,        [DAY] = 31,
        [DAY_OF_YEAR] = 366, [HOUR] = 23,       [HALF_HOUR] = 11,    [HALF_DAY] = 1,
        [MINUTE] = 59,       [SECOND] = 59,     [MILLISECOND] = 999, [OFFSET] = 14 * 60};
    for (size_t i = 0; i < FIELDS; i++) {
        if (is_set(reader, i) && (reader->values[i] < least[i] || reader->values[i] > most[i]))
            return false;
    }
    return true;
}

static int32_t days_in(int32_t year, int32_t month)
{
    static const int32_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = year % 4 == 0 && (year < CUT_YEAR || year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && is_leap);
}

/* The day of the year as month and day; false: the year has fewer. */
static bool split_day(int32_t year, int32_t day_of_year, int32_t *month, int32_t *day)
{
    *day = day_of_year;
    for (*month = 1; *month <= 12; ++*month) {
        if (*day <= days_in(year, *month))
            return true;
        *day -= days_in(year, *month);
    }
    return false;
}

static int32_t join_day(int32_t year, int32_t month, int32_t day)
{
    for (int32_t i = 1; i < month; i++)
        day += days_in(year, i);
    return day;
}

/* What was set last says the day, and the rest has to agree. */
static bool is_date(const struct reader *reader, struct lt_date *out)
{
    int32_t year = get(reader, YEAR, YEAR_DEFAULT), month, day;
    if (get(reader, ERA, 1) == 0)
        year = 1 - year;
    if (reader->stamps[DAY_OF_YEAR] > reader->stamps[DAY]) {
        if (!split_day(year, reader->values[DAY_OF_YEAR], &month, &day))
            return false;
    } else {
        month = get(reader, MONTH, 1);
        day = get(reader, DAY, 1);
    }
    *out = (struct lt_date){.year = year, .month = month, .day = day};
    bool was_left_out = year == CUT_YEAR && month == CUT_MONTH && day > 4 && day < 15;
    return !was_left_out && day <= days_in(year, month) && agrees(reader, MONTH, month) &&
           agrees(reader, DAY, day) && agrees(reader, DAY_OF_YEAR, join_day(year, month, day));
}

static bool is_time(const struct reader *reader, int32_t *hour)
{
    const unsigned *stamps = reader->stamps;
    unsigned half = stamps[HALF_HOUR] > stamps[HALF_DAY] ? stamps[HALF_HOUR] : stamps[HALF_DAY];
    bool has_both = is_set(reader, HALF_HOUR) && is_set(reader, HALF_DAY);
    bool by_hour = is_set(reader, HOUR) && (!has_both || stamps[HOUR] > half);
    *hour =
        by_hour ? reader->values[HOUR] : get(reader, HALF_DAY, 0) * 12 + get(reader, HALF_HOUR, 0);
    return agrees(reader, HOUR, *hour) && agrees(reader, HALF_HOUR, *hour % 12) &&
           agrees(reader, HALF_DAY, *hour / 12);
}

/* Clocks that are put forward leave out an hour. */
static bool is_on_clock(const struct reader *reader, const struct lt_datetime_context *context,
                        struct lt_date date, int32_t hour)
{
    int64_t us, days = lt_date_days(date), days_again, us_again;
    int64_t us_of_day =
        ((hour * 60 + get(reader, MINUTE, 0)) * (int64_t)60 + get(reader, SECOND, 0)) * US_PER_S;
    if (reader->has_zone)
        return true;
    if (!lt_datetime_at_zone(&context->zone, days, us_of_day, &us))
        return false;
    lt_datetime_split(&context->zone, us, &days_again, &us_again);
    return days_again == days && us_again == us_of_day;
}

bool lt_datetime_old_reads(const char *pattern, size_t pattern_bytes,
                           struct lt_datetime_context *context, const void *text, size_t size_bytes,
                           enum lt_datetime_old way)
{
    struct reader reader = {.at = text, .end = (const char *)text + size_bytes, .way = way};
    struct lt_date date;
    int32_t hour;
    if (!read_all(&reader, pattern, pattern + pattern_bytes) || reader.at == (const char *)text)
        return false;
    if (way == LT_DATETIME_OLD_LENIENT)
        return get(&reader, YEAR, YEAR_DEFAULT) <= YEAR_MAX;
    return are_within(&reader) && is_date(&reader, &date) && is_time(&reader, &hour) &&
           is_on_clock(&reader, context, date, hour);
}
