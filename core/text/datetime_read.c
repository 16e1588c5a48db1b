/*
 * Reading by a pattern: one pass over text and steps. An optional part that does not fit is as if
 * it were not there, and what it found is forgotten.
 */
#include <string.h>

#include "core/base/ascii.h"
#include "core/text/datetime_steps.h"
#include "core/text/zone_names.h"

enum { SAFE_DIGITS = 18, OFFSET_HOUR_MAX = 23 };
static const int64_t NS_PER_US = 1000;

struct reader {
    const struct lt_datetime_pattern *pattern;
    struct lt_zones *zones;
    const char *at, *end;
    struct lt_datetime_found found;
    const char *failed_at; /* where the step that did not fit began, or a text differed */
};

static size_t left(const struct reader *reader)
{
    return (size_t)(reader->end - reader->at);
}

/* In any case, if it is there. */
static bool take_text(struct reader *reader, const char *text, size_t size_bytes)
{
    if (left(reader) < size_bytes)
        return false;
    for (size_t i = 0; i < size_bytes; i++)
        if (lt_ascii_lower(reader->at[i]) != lt_ascii_lower(text[i]))
            return false;
    reader->at += size_bytes;
    return true;
}

/* A sign, if the number may have it. */
static bool take_sign(struct reader *reader, const struct lt_datetime_step_of *step,
                      bool *is_negative, bool *is_positive)
{
    *is_negative = reader->at < reader->end && *reader->at == '-';
    *is_positive = reader->at < reader->end && *reader->at == '+';
    if ((*is_negative && step->sign == LT_DATETIME_SIGN_NONE) ||
        (*is_positive && step->sign != LT_DATETIME_SIGN_EXCEEDS))
        return false;
    reader->at += *is_negative || *is_positive;
    return true;
}

/* Digits there are, as many as the step may take: those of the numbers behind it are left. */
static bool count_digits(const struct reader *reader, const struct lt_datetime_step_of *step,
                         int *out)
{
    int most = step->most + step->following, count = 0;
    while (count < most && reader->at + count < reader->end && lt_ascii_is_digit(reader->at[count]))
        count++;
    if (count < step->fewest)
        return false;
    count -= step->following;
    *out = count < step->fewest ? step->fewest : count;
    return *out <= SAFE_DIGITS;
}

static int64_t take_digits(struct reader *reader, int count)
{
    int64_t number = 0;
    while (count-- > 0)
        number = number * 10 + (*reader->at++ - '0');
    return number;
}

static bool read_number(struct reader *reader, const struct lt_datetime_step_of *step)
{
    bool is_negative, is_positive;
    int count;
    if (!take_sign(reader, step, &is_negative, &is_positive) || !count_digits(reader, step, &count))
        return false;
    int64_t number = take_digits(reader, count);
    if (is_negative && number == 0)
        return false;
    bool exceeds = count > step->fewest;
    if (step->sign == LT_DATETIME_SIGN_EXCEEDS && !is_negative && is_positive != exceeds)
        return false;
    return lt_datetime_set(&reader->found, step->field, is_negative ? -number : number);
}

static bool read_two_digit_year(struct reader *reader, const struct lt_datetime_step_of *step)
{
    int count;
    if (!count_digits(reader, step, &count))
        return false;
    return lt_datetime_set(&reader->found, step->field, 2000 + take_digits(reader, count));
}

static bool read_fraction(struct reader *reader, const struct lt_datetime_step_of *step)
{
    int count;
    if (!count_digits(reader, step, &count))
        return false;
    int64_t nanosecond = take_digits(reader, count);
    for (; count < 9; count++)
        nanosecond *= 10;
    return lt_datetime_set(&reader->found, step->field, nanosecond);
}

/* The longest name that fits. */
static bool read_name(struct reader *reader, const struct lt_datetime_step_of *step)
{
    struct lt_datetime_names names = lt_datetime_names_of(step->field, step->is_long);
    const char *begin = reader->at, *best_end = NULL;
    int best = 0;
    for (int i = 0; i < names.count; i++) {
        reader->at = begin;
        if (take_text(reader, names.names[i], strlen(names.names[i])) &&
            (best_end == NULL || reader->at > best_end)) {
            best_end = reader->at;
            best = i;
        }
    }
    reader->at = best_end == NULL ? begin : best_end;
    return best_end != NULL && lt_datetime_set(&reader->found, step->field, names.first + best);
}

/* Two digits up to 59, after a colon if there has to be one. */
static bool take_pair(struct reader *reader, bool has_colon, int32_t *out)
{
    const char *at = reader->at;
    if (has_colon && (at == reader->end || *at++ != ':'))
        return false;
    if (reader->end - at < 2 || !lt_ascii_is_digit(at[0]) || !lt_ascii_is_digit(at[1]))
        return false;
    *out = (at[0] - '0') * 10 + (at[1] - '0');
    if (*out > 59)
        return false;
    reader->at = at + 2;
    return true;
}

/* A sign, an hour and what the form has behind it. */
static bool take_offset(struct reader *reader, enum lt_datetime_offset_form form, bool has_colon,
                        int32_t *offset_s)
{
    if (reader->at == reader->end || (*reader->at != '+' && *reader->at != '-'))
        return false;
    bool is_negative = *reader->at++ == '-';
    int32_t hour, minute = 0, second = 0;
    if (!take_pair(reader, false, &hour) || hour > OFFSET_HOUR_MAX)
        return false;
    if (!take_pair(reader, has_colon, &minute) && form != LT_DATETIME_OFFSET_HOUR)
        return false;
    if (form == LT_DATETIME_OFFSET_SECOND && !take_pair(reader, has_colon, &second))
        second = 0;
    *offset_s = (hour * 60 + minute) * 60 + second;
    *offset_s = is_negative ? -*offset_s : *offset_s;
    return true;
}

static bool read_offset(struct reader *reader, const struct lt_datetime_step_of *step)
{
    int32_t offset_s = 0;
    if (reader->at == reader->end)
        return false;
    if (!take_text(reader, step->zero, strlen(step->zero)) &&
        !take_offset(reader, step->offset_form, step->has_colon, &offset_s))
        return false;
    return lt_datetime_set(&reader->found, LT_DATETIME_FIELD_OFFSET, offset_s);
}

/* "GMT+8", "GMT+8:30"; long "GMT+08:00". */
static bool read_gmt_offset(struct reader *reader, const struct lt_datetime_step_of *step)
{
    if (!take_text(reader, "GMT", 3))
        return false;
    int32_t hour = 0, minute = 0, second = 0;
    bool is_negative = reader->at < reader->end && *reader->at == '-';
    bool has_sign = is_negative || (reader->at < reader->end && *reader->at == '+');
    reader->at += has_sign;
    if (has_sign && step->is_long) {
        if (!take_pair(reader, false, &hour) || !take_pair(reader, true, &minute))
            return false;
    } else if (has_sign) {
        if (reader->at == reader->end || !lt_ascii_is_digit(*reader->at))
            return false;
        hour = *reader->at++ - '0';
        if (reader->at < reader->end && lt_ascii_is_digit(*reader->at))
            hour = hour * 10 + (*reader->at++ - '0');
        if (!take_pair(reader, true, &minute))
            minute = 0;
    }
    if (has_sign && !take_pair(reader, true, &second))
        second = 0;
    int32_t offset_s = (hour * 60 + minute) * 60 + second;
    return lt_datetime_set(&reader->found, LT_DATETIME_FIELD_OFFSET,
                           is_negative ? -offset_s : offset_s);
}

static bool set_zone(struct reader *reader, struct lt_zone zone)
{
    reader->found.zone = zone;
    reader->found.has_zone = true;
    return zone.offset_s >= -LT_ZONE_OFFSET_MAX_S && zone.offset_s <= LT_ZONE_OFFSET_MAX_S;
}

/* "UTC", and "UTC+08:00" if an offset follows. */
static bool read_prefixed(struct reader *reader, enum lt_zone_prefix prefix)
{
    struct lt_zone zone = {.prefix = prefix};
    const char *begin = reader->at;
    if (!take_offset(reader, LT_DATETIME_OFFSET_SECOND, true, &zone.offset_s)) {
        reader->at = begin;
        zone.offset_s = 0;
    }
    return set_zone(reader, zone);
}

/* An identifier or, in a step for names, a name; the longer of the two. */
static bool read_region(struct reader *reader, const struct lt_datetime_step_of *step)
{
    const char *id = NULL, *named = NULL;
    size_t size = lt_zone_names_match_id(reader->at, left(reader), &id), id_bytes = size;
    if (step->kind == LT_DATETIME_ZONE_NAME) {
        size_t name_bytes =
            lt_zone_names_match_name(reader->at, left(reader), step->is_long, &named);
        if (name_bytes > size) {
            id = named;
            id_bytes = strlen(named);
            size = name_bytes;
        }
    }
    struct lt_zone zone;
    if (size == 0)
        return take_text(reader, "Z", 1) && set_zone(reader, (struct lt_zone){.offset_s = 0});
    if (!lt_zones_find(reader->zones, id, id_bytes, &zone))
        return false;
    reader->at += size;
    return set_zone(reader, zone);
}

static bool read_zone(struct reader *reader, const struct lt_datetime_step_of *step)
{
    if (reader->at == reader->end)
        return false;
    struct lt_zone zone = {.prefix = LT_ZONE_PREFIX_NONE};
    if (*reader->at == '+' || *reader->at == '-')
        return take_offset(reader, LT_DATETIME_OFFSET_SECOND, true, &zone.offset_s) &&
               set_zone(reader, zone);
    if (take_text(reader, "UTC", 3))
        return read_prefixed(reader, LT_ZONE_PREFIX_UTC);
    if (take_text(reader, "UT", 2))
        return read_prefixed(reader, LT_ZONE_PREFIX_UT);
    if (take_text(reader, "GMT0", 4))
        return set_zone(reader, (struct lt_zone){.prefix = LT_ZONE_PREFIX_GMT});
    if (take_text(reader, "GMT", 3))
        return read_prefixed(reader, LT_ZONE_PREFIX_GMT);
    return read_region(reader, step);
}

static bool read_step(struct reader *reader, const struct lt_datetime_step_of *step)
{
    switch (step->kind) {
    case LT_DATETIME_LITERAL:
        return take_text(reader, step->text, step->size_bytes);
    case LT_DATETIME_NUMBER:
        return read_number(reader, step);
    case LT_DATETIME_TWO_DIGIT_YEAR:
        return read_two_digit_year(reader, step);
    case LT_DATETIME_FRACTION:
        return read_fraction(reader, step);
    case LT_DATETIME_TEXT:
        return read_name(reader, step);
    case LT_DATETIME_OFFSET:
        return read_offset(reader, step);
    case LT_DATETIME_GMT_OFFSET:
        return read_gmt_offset(reader, step);
    default:
        return read_zone(reader, step);
    }
}

static bool fail_at(struct reader *reader, const struct lt_datetime_step_of *step,
                    const char *begin)
{
    size_t same = 0;
    while (step->kind == LT_DATETIME_LITERAL && begin + same < reader->end &&
           same < step->size_bytes &&
           lt_ascii_lower(begin[same]) == lt_ascii_lower(step->text[same]))
        same++;
    reader->failed_at = begin + same;
    return false;
}

/* Recursion is as deep as optional parts are in each other: a limit of the compiler. */
static bool read_steps(struct reader *reader, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        const struct lt_datetime_step_of *step = &reader->pattern->steps[i];
        const char *begin = reader->at;
        if (step->kind != LT_DATETIME_OPTIONAL) {
            if (!read_step(reader, step))
                return fail_at(reader, step, begin);
            continue;
        }
        struct lt_datetime_found before = reader->found;
        if (!read_steps(reader, i + 1, step->end)) {
            reader->found = before;
            reader->at = begin;
        }
        i = step->end - 1;
    }
    return true;
}

bool lt_datetime_read_fields(const struct lt_datetime_pattern *pattern, struct lt_zones *zones,
                             const char *text, size_t size_bytes, struct lt_datetime_found *found,
                             size_t *left_at)
{
    struct reader reader = {
        .pattern = pattern, .zones = zones, .at = text, .end = text + size_bytes};
    bool fits = read_steps(&reader, 0, pattern->count), is_whole = reader.at == reader.end;
    *found = reader.found;
    *left_at =
        fits ? size_bytes + 1 + (size_t)(reader.at - text) : (size_t)(reader.failed_at - text);
    return fits && is_whole;
}

/* The whole text to a day, nanoseconds of it, and perhaps a zone. */
static bool read_all(const struct lt_datetime_pattern *pattern, struct lt_datetime_context *context,
                     const void *text, size_t size_bytes, struct reader *reader, int64_t *days,
                     int64_t *ns_of_day)
{
    *reader = (struct reader){.pattern = pattern,
                              .zones = context->zones,
                              .at = text,
                              .end = (const char *)text + size_bytes};
    if (!read_steps(reader, 0, pattern->count) || reader->at != reader->end ||
        !lt_datetime_resolve(&reader->found, days, ns_of_day))
        return false;
    if (reader->found.has_zone || !lt_datetime_has(&reader->found, LT_DATETIME_FIELD_OFFSET))
        return true;
    struct lt_zone zone = {.offset_s = (int32_t)reader->found.values[LT_DATETIME_FIELD_OFFSET]};
    return set_zone(reader, zone);
}

bool lt_datetime_read_timestamp(const struct lt_datetime_pattern *pattern,
                                struct lt_datetime_context *context, const void *text,
                                size_t size_bytes, int64_t *out_us)
{
    struct reader reader;
    int64_t days, ns_of_day;
    if (!read_all(pattern, context, text, size_bytes, &reader, &days, &ns_of_day))
        return false;
    const struct lt_zone *zone = reader.found.has_zone ? &reader.found.zone : &context->zone;
    return lt_datetime_at_zone(zone, days, ns_of_day / NS_PER_US, out_us);
}

bool lt_datetime_read_local(const struct lt_datetime_pattern *pattern,
                            struct lt_datetime_context *context, const void *text,
                            size_t size_bytes, bool allow_zone, int64_t *out_us)
{
    struct reader reader;
    int64_t days, ns_of_day;
    return read_all(pattern, context, text, size_bytes, &reader, &days, &ns_of_day) &&
           (allow_zone || !reader.found.has_zone) &&
           lt_datetime_join(days, ns_of_day / NS_PER_US, out_us);
}

bool lt_datetime_read_date(const struct lt_datetime_pattern *pattern,
                           struct lt_datetime_context *context, const void *text, size_t size_bytes,
                           int32_t *out_days)
{
    struct reader reader;
    int64_t days, ns_of_day;
    if (!read_all(pattern, context, text, size_bytes, &reader, &days, &ns_of_day) ||
        days != (int32_t)days)
        return false;
    *out_days = (int32_t)days;
    return true;
}
