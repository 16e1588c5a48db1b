#include "tests/support/iso_times.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/date.h"
#include "core/text/interval.h"
#include "core/text/time.h"

static const int64_t US_PER_DAY = 86400000000, US_PER_S = 1000000;

/* "03:04:05.123456" to microseconds; `*used` is how many bytes it takes. */
static bool parse_clock(const char *text, int64_t *us, int *used)
{
    unsigned hour, minute, second;
    if (sscanf(text, "%2u:%2u:%2u%n", &hour, &minute, &second, used) != 3)
        return false;
    *us = ((int64_t)hour * 3600 + minute * 60 + second) * US_PER_S;
    if (text[*used] != '.')
        return true;
    int64_t unit = US_PER_S / 10;
    for (++*used; text[*used] >= '0' && text[*used] <= '9'; ++*used, unit /= 10)
        *us += (text[*used] - '0') * unit;
    return true;
}

static bool parse_date(const char *text, int64_t *days, int *used)
{
    struct lt_date date;
    if (sscanf(text, "%4" SCNd64 "-%2d-%2d%n", &date.year, &date.month, &date.day, used) != 3 ||
        date.month < 1 || date.month > 12 || date.day < 1 ||
        date.day > lt_date_days_in_month(date.year, date.month))
        return false;
    *days = lt_date_days(date);
    return true;
}

static bool parse_interval(const char *text, int64_t *us)
{
    int64_t days, clock_us;
    int used, clock_used;
    bool is_negative = strncmp(text, "INTERVAL '-", 11) == 0;
    if (sscanf(text + (is_negative ? 11 : 10), "%" SCNd64 " %n", &days, &used) != 1 ||
        !parse_clock(text + (is_negative ? 11 : 10) + used, &clock_us, &clock_used))
        return false;
    uint64_t sum = (uint64_t)days * (uint64_t)US_PER_DAY + (uint64_t)clock_us;
    *us = (int64_t)(is_negative ? 0 - sum : sum);
    return true;
}

static bool parse_moment(const struct lt_type *type, const char *text, int64_t *us)
{
    int64_t days, clock_us = 0;
    int used, clock_used = 0;
    if (!parse_date(text, &days, &used))
        return false;
    if (text[used] != '\0' && !parse_clock(text + used + 1, &clock_us, &clock_used))
        return false;
    const char *rest = text + used + clock_used + (text[used] != '\0');
    *us = days * US_PER_DAY + clock_us;
    return *rest == '\0' || (type->kind == LT_TYPE_TIMESTAMP && strcmp(rest, "Z") == 0);
}

static bool parse(void *context, const struct lt_type *type, const void *data, size_t size_bytes,
                  union lt_value *out)
{
    char text[128];
    int used;
    (void)context;
    if (size_bytes >= sizeof text)
        return false;
    memcpy(text, data, size_bytes);
    text[size_bytes] = '\0';
    switch (type->kind) {
    case LT_TYPE_DATE:
        return parse_date(text, &out->i64, &used) && strchr("T ", text[used]) != NULL;
    case LT_TYPE_INTERVAL_DAY_TIME:
        return strncmp(text, "INTERVAL '", 10) == 0 && parse_interval(text, &out->i64);
    default:
        return parse_moment(type, text, &out->i64);
    }
}

static void format(void *context, const struct lt_type *type, const union lt_value *value,
                   struct lt_text_buffer *out)
{
    char text[LT_TIME_TEXT_SIZE];
    (void)context;
    switch (type->kind) {
    case LT_TYPE_DATE:
        lt_text_append_n(out, text, lt_time_format_date(value->i64, text));
        break;
    case LT_TYPE_TIMESTAMP:
        lt_text_append_n(out, text, lt_time_format_iso_ms(value->i64, 0, text));
        break;
    case LT_TYPE_TIMESTAMP_NTZ:
        lt_text_append_n(out, text, lt_time_format_iso_ms_local(value->i64, text));
        break;
    default:
        lt_interval_write(out, type, value);
    }
}

const struct lt_codec_times iso_times = {.parse = parse, .format = format};
