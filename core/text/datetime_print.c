/*
 * Printing by a pattern. The fields of the value are computed once; a step that asks for one which
 * the value has not fails, and takes an optional part around it away.
 */
#include <string.h>

#include "core/base/date.h"
#include "core/text/datetime_part.h"
#include "core/text/datetime_steps.h"

enum { FAILED = -1 };
static const int64_t US_PER_S = 1000000, DAYS_BEFORE_EPOCH_OF_JULIAN = 40587;

struct printer {
    const struct lt_datetime_pattern *pattern;
    bool has_time, has_zone;
    const struct lt_zone *zone;
    int64_t days, us_of_day, at_s;
    int32_t offset_s;
    struct lt_date date;
};

struct lt_datetime_names lt_datetime_names_of(enum lt_datetime_field field, bool is_long)
{
    static const char *const eras[] = {"BC", "AD", "Before Christ", "Anno Domini"};
    static const char *const halves[] = {"AM", "PM"};
    static const char *const quarters[] = {
        "Q1", "Q2", "Q3", "Q4", "1st quarter", "2nd quarter", "3rd quarter", "4th quarter"};
    static const char *const weekdays[] = {"Mon",      "Tue",    "Wed",      "Thu",     "Fri",
                                           "Sat",      "Sun",    "Monday",   "Tuesday", "Wednesday",
                                           "Thursday", "Friday", "Saturday", "Sunday"};
    static const char *const months[] = {
        "Jan", "Feb",  "Mar",  "Apr",    "May",       "Jun",      "Jul",      "Aug",
        "Sep", "Oct",  "Nov",  "Dec",    "January",   "February", "March",    "April",
        "May", "June", "July", "August", "September", "October",  "November", "December"};
    switch (field) {
    case LT_DATETIME_FIELD_ERA:
        return (struct lt_datetime_names){eras + (is_long ? 2 : 0), 0, 2};
    case LT_DATETIME_FIELD_HALF_DAY:
        return (struct lt_datetime_names){halves, 0, 2};
    case LT_DATETIME_FIELD_QUARTER:
        return (struct lt_datetime_names){quarters + (is_long ? 4 : 0), 1, 4};
    case LT_DATETIME_FIELD_WEEKDAY:
        return (struct lt_datetime_names){weekdays + (is_long ? 7 : 0), 1, 7};
    default:
        lt_assert(field == LT_DATETIME_FIELD_MONTH);
        return (struct lt_datetime_names){months + (is_long ? 12 : 0), 1, 12};
    }
}

static int64_t date_field(const struct printer *printer, enum lt_datetime_field field)
{
    const struct lt_date *date = &printer->date;
    switch (field) {
    case LT_DATETIME_FIELD_ERA:
        return date->year > 0;
    case LT_DATETIME_FIELD_YEAR_OF_ERA:
        return date->year > 0 ? date->year : 1 - date->year;
    case LT_DATETIME_FIELD_YEAR:
        return date->year;
    case LT_DATETIME_FIELD_QUARTER:
        return (date->month + 2) / 3;
    case LT_DATETIME_FIELD_MONTH:
        return date->month;
    case LT_DATETIME_FIELD_DAY_OF_YEAR:
        return lt_datetime_part_of_date(LT_DATETIME_DAY_OF_YEAR, printer->days);
    case LT_DATETIME_FIELD_DAY:
        return date->day;
    case LT_DATETIME_FIELD_DAY_IN_WEEK_OF_MONTH:
        return (date->day - 1) % 7 + 1;
    case LT_DATETIME_FIELD_WEEKDAY:
        return lt_datetime_part_of_date(LT_DATETIME_DAY_OF_WEEK_ISO, printer->days);
    default:
        lt_assert(field == LT_DATETIME_FIELD_JULIAN);
        return printer->days + DAYS_BEFORE_EPOCH_OF_JULIAN;
    }
}

static int64_t time_field(const struct printer *printer, enum lt_datetime_field field)
{
    int64_t seconds = printer->us_of_day / US_PER_S, hour = seconds / 3600;
    switch (field) {
    case LT_DATETIME_FIELD_HALF_DAY:
        return hour / 12;
    case LT_DATETIME_FIELD_HOUR:
        return hour;
    case LT_DATETIME_FIELD_CLOCK_HOUR:
        return hour == 0 ? 24 : hour;
    case LT_DATETIME_FIELD_HALF_HOUR:
        return hour % 12;
    case LT_DATETIME_FIELD_HALF_CLOCK_HOUR:
        return hour % 12 == 0 ? 12 : hour % 12;
    case LT_DATETIME_FIELD_MINUTE:
        return seconds / 60 % 60;
    case LT_DATETIME_FIELD_SECOND:
        return seconds % 60;
    default:
        lt_assert(field == LT_DATETIME_FIELD_NANOSECOND);
        return printer->us_of_day % US_PER_S * 1000;
    }
}

static bool get_field(const struct printer *printer, enum lt_datetime_field field, int64_t *out)
{
    if (field < LT_DATETIME_FIELD_HALF_DAY) {
        *out = date_field(printer, field);
        return true;
    }
    if (!printer->has_time)
        return false;
    *out = time_field(printer, field);
    return true;
}

/* Digits of `number`, at least `fewest`; how many. */
static long put_digits(char *out, uint64_t number, int fewest)
{
    char digits[24];
    int count = 0;
    do {
        digits[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0 || count < fewest);
    for (int i = 0; i < count; i++)
        out[i] = digits[count - 1 - i];
    return count;
}

static long put_number(const struct lt_datetime_step_of *step, int64_t value, char *out)
{
    char digits[24];
    uint64_t size = value < 0 ? -(uint64_t)value : (uint64_t)value;
    long count = put_digits(digits, size, step->fewest);
    if (count > step->most || (value < 0 && step->sign == LT_DATETIME_SIGN_NONE))
        return FAILED;
    long at = 0;
    if (value < 0)
        out[at++] = '-';
    else if (step->sign == LT_DATETIME_SIGN_EXCEEDS && count > step->fewest)
        out[at++] = '+';
    memcpy(out + at, digits, (size_t)count);
    return at + count;
}

static long put_fraction(const struct lt_datetime_step_of *step, int64_t nanosecond, char *out)
{
    for (int digits = 9; digits > step->most; digits--)
        nanosecond /= 10;
    return put_digits(out, (uint64_t)nanosecond, step->most);
}

static long put_field(const struct printer *printer, const struct lt_datetime_step_of *step,
                      char *out)
{
    int64_t value;
    if (!get_field(printer, step->field, &value))
        return FAILED;
    switch (step->kind) {
    case LT_DATETIME_NUMBER:
        return put_number(step, value, out);
    case LT_DATETIME_TWO_DIGIT_YEAR:
        return put_digits(out, (uint64_t)((value < 0 ? -value : value) % 100), 2);
    case LT_DATETIME_FRACTION:
        return put_fraction(step, value, out);
    default: {
        struct lt_datetime_names names = lt_datetime_names_of(step->field, step->is_long);
        const char *name = names.names[value - names.first];
        size_t size = strlen(name);
        memcpy(out, name, size);
        return (long)size;
    }
    }
}

static long put_text(char *out, const char *text)
{
    size_t size = strlen(text);
    memcpy(out, text, size);
    return (long)size;
}

static long put_offset(const struct printer *printer, const struct lt_datetime_step_of *step,
                       char *out)
{
    if (printer->offset_s == 0)
        return put_text(out, step->zero);
    int32_t left_s = printer->offset_s < 0 ? -printer->offset_s : printer->offset_s;
    int32_t minute = left_s / 60 % 60, second = left_s % 60;
    bool has_second = step->offset_form == LT_DATETIME_OFFSET_SECOND && second != 0;
    long at = 0;
    out[at++] = printer->offset_s < 0 ? '-' : '+';
    at += put_digits(out + at, (uint64_t)(left_s / 3600), 2);
    bool has_minute = step->offset_form != LT_DATETIME_OFFSET_HOUR || minute != 0;
    if (!has_minute && left_s / 3600 == 0) /* seconds alone, that are not printed */
        return put_text(out, step->zero);
    if (has_minute) {
        if (step->has_colon)
            out[at++] = ':';
        at += put_digits(out + at, (uint64_t)minute, 2);
    }
    if (has_second) {
        if (step->has_colon)
            out[at++] = ':';
        at += put_digits(out + at, (uint64_t)second, 2);
    }
    bool is_zero = left_s / 3600 == 0 && (!has_minute || minute == 0) && !has_second;
    return is_zero ? put_text(out, step->zero) : at;
}

static long put_gmt_offset(const struct printer *printer, bool is_long, char *out)
{
    long at = put_text(out, "GMT");
    if (printer->offset_s == 0)
        return at;
    int32_t left_s = printer->offset_s < 0 ? -printer->offset_s : printer->offset_s;
    int32_t minute = left_s / 60 % 60, second = left_s % 60;
    out[at++] = printer->offset_s < 0 ? '-' : '+';
    at += put_digits(out + at, (uint64_t)(left_s / 3600), is_long ? 2 : 1);
    if (is_long || minute != 0 || second != 0) {
        out[at++] = ':';
        at += put_digits(out + at, (uint64_t)minute, 2);
    }
    if (second != 0) {
        out[at++] = ':';
        at += put_digits(out + at, (uint64_t)second, 2);
    }
    return at;
}

static long put_zone(const struct printer *printer, const struct lt_datetime_step_of *step,
                     char *out)
{
    if (!printer->has_zone)
        return FAILED;
    switch (step->kind) {
    case LT_DATETIME_OFFSET:
        return put_offset(printer, step, out);
    case LT_DATETIME_GMT_OFFSET:
        return put_gmt_offset(printer, step->is_long, out);
    case LT_DATETIME_ZONE_ID:
        return (long)lt_zone_id(printer->zone, out);
    default:
        return (long)lt_zone_name_at(printer->zone, printer->at_s, step->is_long, out);
    }
}

/* Recursion is as deep as optional parts are in each other: a limit of the compiler. */
static long put_steps(const struct printer *printer, size_t from, size_t to, char *out)
{
    char *at = out;
    for (size_t i = from; i < to; i++) {
        const struct lt_datetime_step_of *step = &printer->pattern->steps[i];
        long size;
        switch (step->kind) {
        case LT_DATETIME_LITERAL:
            memcpy(at, step->text, step->size_bytes);
            size = (long)step->size_bytes;
            break;
        case LT_DATETIME_OPTIONAL:
            size = put_steps(printer, i + 1, step->end, at);
            size = size == FAILED ? 0 : size;
            i = step->end - 1;
            break;
        case LT_DATETIME_OFFSET:
        case LT_DATETIME_GMT_OFFSET:
        case LT_DATETIME_ZONE_ID:
        case LT_DATETIME_ZONE_NAME:
            size = put_zone(printer, step, at);
            break;
        default:
            size = put_field(printer, step, at);
        }
        if (size == FAILED)
            return FAILED;
        at += size;
    }
    return at - out;
}

static long print(struct printer *printer, char *out)
{
    printer->date = lt_date_of(printer->days);
    return put_steps(printer, 0, printer->pattern->count, out);
}

long lt_datetime_print_timestamp(const struct lt_datetime_pattern *pattern,
                                 const struct lt_zone *zone, int64_t us, char *out)
{
    struct printer printer = {.pattern = pattern, .has_time = true, .has_zone = true, .zone = zone};
    printer.at_s = lt_floor_divide(us, US_PER_S);
    printer.offset_s = lt_zone_offset_s(zone, printer.at_s);
    lt_datetime_split(zone, us, &printer.days, &printer.us_of_day);
    return print(&printer, out);
}

long lt_datetime_print_local(const struct lt_datetime_pattern *pattern, int64_t us, char *out)
{
    struct printer printer = {.pattern = pattern, .has_time = true};
    struct lt_zone utc = lt_zone_utc();
    lt_datetime_split(&utc, us, &printer.days, &printer.us_of_day);
    return print(&printer, out);
}

long lt_datetime_print_date(const struct lt_datetime_pattern *pattern, int32_t days, char *out)
{
    struct printer printer = {.pattern = pattern, .days = days};
    return print(&printer, out);
}
