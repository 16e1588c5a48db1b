/*
 * Why a text is not of a pattern, in Java's words: where it was left, or the value that cannot be.
 * Only for texts that reading has refused; they are read again.
 */
#include <inttypes.h>

#include "core/base/date.h"
#include "core/text/datetime_steps.h"

/* Java counts in UTF-16. */
static size_t java_index(const char *text, size_t size_bytes)
{
    size_t count = 0;
    for (size_t i = 0; i < size_bytes; i++) {
        uint8_t byte = (uint8_t)text[i];
        count += byte >= 0xF0 ? 2 : (byte & 0xC0) != 0x80;
    }
    return count;
}

static const struct range {
    enum lt_datetime_field field;
    int64_t least, most;
    const char *name, *shown;
} ranges[] = {
    {LT_DATETIME_FIELD_YEAR_OF_ERA, 1, 1000000000, "YearOfEra", "1 - 999999999/1000000000"},
    {LT_DATETIME_FIELD_MONTH, 1, 12, "MonthOfYear", "1 - 12"},
    {LT_DATETIME_FIELD_DAY, 1, 31, "DayOfMonth", "1 - 28/31"},
    {LT_DATETIME_FIELD_DAY_OF_YEAR, 1, 366, "DayOfYear", "1 - 365/366"},
    {LT_DATETIME_FIELD_HALF_CLOCK_HOUR, 1, 12, "ClockHourOfAmPm", "1 - 12"},
    {LT_DATETIME_FIELD_HALF_HOUR, 0, 11, "HourOfAmPm", "0 - 11"},
    {LT_DATETIME_FIELD_CLOCK_HOUR, 1, 24, "ClockHourOfDay", "1 - 24"},
    {LT_DATETIME_FIELD_HOUR, 0, 23, "HourOfDay", "0 - 23"},
    {LT_DATETIME_FIELD_MINUTE, 0, 59, "MinuteOfHour", "0 - 59"},
    {LT_DATETIME_FIELD_SECOND, 0, 59, "SecondOfMinute", "0 - 59"},
};
enum { RANGE_COUNT = sizeof ranges / sizeof ranges[0] };

static const struct range *find_wrong(const struct lt_datetime_found *found)
{
    for (size_t i = 0; i < RANGE_COUNT; i++) {
        if (lt_datetime_has(found, ranges[i].field) &&
            (found->values[ranges[i].field] < ranges[i].least ||
             found->values[ranges[i].field] > ranges[i].most))
            return &ranges[i];
    }
    return NULL;
}

static int64_t value_of(const struct lt_datetime_found *found, enum lt_datetime_field field,
                        int64_t missing)
{
    return lt_datetime_has(found, field) ? found->values[field] : missing;
}

/* All values can be, but not with one another: a day that its month or year has not. */
static void append_invalid_date(const struct lt_datetime_found *found, struct lt_text_buffer *out)
{
    static const char *const months[] = {"JANUARY",   "FEBRUARY", "MARCH",    "APRIL",
                                         "MAY",       "JUNE",     "JULY",     "AUGUST",
                                         "SEPTEMBER", "OCTOBER",  "NOVEMBER", "DECEMBER"};
    int64_t year = value_of(found, LT_DATETIME_FIELD_YEAR,
                            value_of(found, LT_DATETIME_FIELD_YEAR_OF_ERA, 1970));
    int64_t month = value_of(found, LT_DATETIME_FIELD_MONTH, 1);
    int64_t day = value_of(found, LT_DATETIME_FIELD_DAY, 1);
    if (value_of(found, LT_DATETIME_FIELD_DAY_OF_YEAR, 1) == 366)
        lt_text_format(out, "Invalid date 'DayOfYear 366' as '%" PRId64 "' is not a leap year",
                       year);
    else if (month == 2 && day == 29)
        lt_text_format(out, "Invalid date 'February 29' as '%" PRId64 "' is not a leap year", year);
    else if (day > lt_date_days_in_month(year, (int32_t)month))
        lt_text_format(out, "Invalid date '%s %" PRId64 "'", months[month - 1], day);
    else
        lt_text_append(out, "its fields contradict one another");
}

void lt_datetime_explain(const struct lt_datetime_pattern *pattern, struct lt_zones *zones,
                         const char *text, size_t size_bytes, struct lt_text_buffer *out)
{
    enum { SHOWN_MAX = 64 };
    struct lt_datetime_found found;
    size_t left_at;
    bool is_read = lt_datetime_read_fields(pattern, zones, text, size_bytes, &found, &left_at);
    const struct range *wrong = is_read ? find_wrong(&found) : NULL;
    /* Java makes no date where there is no day; Spark does, and its words stand alone. */
    bool is_sparks = wrong != NULL && wrong->field == LT_DATETIME_FIELD_MONTH &&
                     !lt_datetime_has(&found, LT_DATETIME_FIELD_DAY);
    if (!is_sparks)
        lt_text_format(out, "Text '%.*s' could not be parsed",
                       (int)(size_bytes < SHOWN_MAX ? size_bytes : SHOWN_MAX), text);
    if (!is_read && left_at > size_bytes)
        lt_text_format(out, ", unparsed text found at index %zu",
                       java_index(text, left_at - size_bytes - 1));
    else if (!is_read)
        lt_text_format(out, " at index %zu", java_index(text, left_at));
    else if (!is_sparks)
        lt_text_append(out, ": ");
    if (wrong != NULL)
        lt_text_format(out, "Invalid value for %s (valid values %s): %" PRId64, wrong->name,
                       wrong->shown, found.values[wrong->field]);
    else if (is_read)
        append_invalid_date(&found, out);
}
