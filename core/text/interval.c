/*
 * Three kinds of interval. The first field of a range is printed whole, the others with two digits.
 * The least 64-bit number has no negative, so magnitudes are unsigned.
 */
#include "core/text/interval.h"

#include "core/base/error.h"

static const uint64_t US_PER_S = 1000000, US_PER_MINUTE = 60000000, US_PER_HOUR = 3600000000,
                      US_PER_DAY = 86400000000;

static uint64_t magnitude(int64_t number)
{
    return number < 0 ? -(uint64_t)number : (uint64_t)number;
}

/* Seconds with up to six digits after the point, without trailing zeros. */
static void write_seconds(struct lt_text_buffer *out, uint64_t us, int width)
{
    lt_text_format(out, "%0*lu", width, us / US_PER_S);
    if (us % US_PER_S == 0)
        return;
    lt_text_format(out, ".%06lu", us % US_PER_S);
    while (out->data[out->size_bytes - 1] == '0')
        out->data[--out->size_bytes] = '\0';
}

static void write_day_time(struct lt_text_buffer *out, const struct lt_type *type, int64_t us)
{
    static const uint64_t units[] = {US_PER_DAY, US_PER_HOUR, US_PER_MINUTE};
    static const char *const names[] = {"DAY", "HOUR", "MINUTE", "SECOND"};
    uint64_t rest = magnitude(us);
    lt_text_append(out, us < 0 ? "INTERVAL '-" : "INTERVAL '");
    for (int field = type->interval_start; field <= type->interval_end; field++) {
        if (field != type->interval_start)
            lt_text_append_char(out, field == LT_INTERVAL_HOUR ? ' ' : ':');
        if (field == LT_INTERVAL_SECOND) {
            write_seconds(out, rest, 2);
        } else {
            lt_text_format(out, "%0*lu", field == LT_INTERVAL_DAY ? 1 : 2, rest / units[field]);
            rest %= units[field];
        }
    }
    lt_text_format(out, "' %s", names[type->interval_start]);
    if (type->interval_end != type->interval_start)
        lt_text_format(out, " TO %s", names[type->interval_end]);
}

static void write_year_month(struct lt_text_buffer *out, const struct lt_type *type, int64_t months)
{
    uint64_t all = magnitude(months);
    const char *sign = months < 0 ? "-" : "";
    if (type->interval_start == LT_INTERVAL_MONTH)
        lt_text_format(out, "INTERVAL '%s%lu' MONTH", sign, all);
    else if (type->interval_end == LT_INTERVAL_YEAR)
        lt_text_format(out, "INTERVAL '%s%lu' YEAR", sign, all / 12);
    else
        lt_text_format(out, "INTERVAL '%s%lu-%lu' YEAR TO MONTH", sign, all / 12, all % 12);
}

/* Nothing for 0; a blank between units. */
static void write_unit(struct lt_text_buffer *out, size_t begin, int64_t number, const char *unit)
{
    if (number != 0)
        lt_text_format(out, "%s%ld %s", out->size_bytes != begin ? " " : "", number, unit);
}

static void write_calendar(struct lt_text_buffer *out, const struct lt_calendar_interval *interval)
{
    size_t begin = out->size_bytes;
    int64_t us = interval->microseconds;
    write_unit(out, begin, interval->months / 12, "years");
    write_unit(out, begin, interval->months % 12, "months");
    write_unit(out, begin, interval->days, "days");
    write_unit(out, begin, us / (int64_t)US_PER_HOUR, "hours");
    write_unit(out, begin, us % (int64_t)US_PER_HOUR / (int64_t)US_PER_MINUTE, "minutes");
    int64_t rest = us % (int64_t)US_PER_MINUTE;
    if (rest == 0 && out->size_bytes != begin)
        return;
    lt_text_append(out, out->size_bytes != begin ? " " : "");
    lt_text_append(out, rest < 0 ? "-" : "");
    write_seconds(out, magnitude(rest), 1);
    lt_text_append(out, " seconds");
}

void lt_interval_write(struct lt_text_buffer *out, const struct lt_type *type,
                       const union lt_value *value)
{
    switch (type->kind) {
    case LT_TYPE_INTERVAL_DAY_TIME:
        write_day_time(out, type, value->i64);
        break;
    case LT_TYPE_INTERVAL_YEAR_MONTH:
        write_year_month(out, type, value->i64);
        break;
    default:
        lt_assert(type->kind == LT_TYPE_INTERVAL_CALENDAR);
        write_calendar(out, &value->interval);
    }
}
