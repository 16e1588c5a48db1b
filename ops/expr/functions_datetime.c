/*
 * Parts of dates and times (year, hour, extract), their names, and the clock: today, now, the
 * session's zone.
 *
 * A part's function finds at preparation which part it is; extract does so by its constant field.
 * The source is always the last argument.
 */
#include "ops/expr/functions_datetime.h"

#include <string.h>

#include "core/base/clock.h"
#include "core/text/datetime_part.h"
#include "ops/expr/faults.h"
#include "ops/expr/expr.h"

#define US_PER_MINUTE (60LL * LT_US_PER_S)
#define US_PER_HOUR (60LL * US_PER_MINUTE)
#define US_PER_DAY (24LL * US_PER_HOUR)

/* ---------------------------------------------------------------------------------------- parts */

/* The functions that are named after a part; `shift` is added to it. */
struct part {
    const char *name;
    enum lt_datetime_part part;
    int shift;
};

static const struct part PARTS[] = {
    {"year", LT_DATETIME_YEAR, 0},
    {"quarter", LT_DATETIME_QUARTER, 0},
    {"month", LT_DATETIME_MONTH, 0},
    {"day", LT_DATETIME_DAY, 0},
    {"dayofyear", LT_DATETIME_DAY_OF_YEAR, 0},
    {"dayofweek", LT_DATETIME_DAY_OF_WEEK, 0},
    {"weekday", LT_DATETIME_DAY_OF_WEEK_ISO, -1},
    {"weekofyear", LT_DATETIME_WEEK, 0},
    {"hour", LT_DATETIME_HOUR, 0},
    {"minute", LT_DATETIME_MINUTE, 0},
    {"second", LT_DATETIME_SECOND, 0},
};

static int prepare_part(const struct lt_prepare *prepare, struct lt_error *error)
{
    (void)error;
    const char *name = lt_function_at((size_t)prepare->expression->index, NULL)->name;
    const struct part *part = PARTS;
    while (strcmp(part->name, name) != 0)
        part++;
    prepare->call->state = (void *)(uintptr_t)part;
    return LT_OK;
}

/* The field of date_part() is a constant by then. */
static int prepare_field(const struct lt_prepare *prepare, struct lt_error *error)
{
    (void)error;
    const struct lt_bytes *field = &prepare->expression->arguments[0]->value.bytes;
    struct part *part = lt_arena_alloc(prepare->arena, sizeof *part);
    *part = (struct part){0};
    bool is_known =
        lt_datetime_part_find((const char *)field->data, field->size_bytes, &part->part);
    lt_assert(is_known);
    prepare->call->state = part;
    return LT_OK;
}

static const struct part *part_of(const struct lt_call *call)
{
    return call->state;
}

static const union lt_value *source_of(const struct lt_machine *machine, const struct lt_call *call)
{
    return lt_argument(machine, call, call->argument_count - 1);
}

static enum lt_kernel put_part(const struct lt_call *call, int64_t value, union lt_value *out)
{
    if (call->type->kind == LT_TYPE_DECIMAL)
        out->i128 = value;
    else
        out->i64 = value + part_of(call)->shift;
    return LT_KERNEL_VALUE;
}

/* Mostly several parts of a day are asked for. */
static const struct lt_date *date_of(struct lt_machine *machine, int64_t days)
{
    if (machine->date_days != days || machine->date.month == 0) {
        machine->date_days = days;
        machine->date = lt_date_of(days);
    }
    return &machine->date;
}

static enum lt_kernel part_of_date(struct lt_machine *machine, const struct lt_call *call,
                                   union lt_value *out)
{
    int64_t days = source_of(machine, call)->i64;
    enum lt_datetime_part part = part_of(call)->part;
    if (part != LT_DATETIME_YEAR && part != LT_DATETIME_MONTH && part != LT_DATETIME_DAY)
        return put_part(call, lt_datetime_part_of_date(part, days), out);
    const struct lt_date *date = date_of(machine, days);
    int64_t value = part == LT_DATETIME_YEAR    ? date->year
                    : part == LT_DATETIME_MONTH ? date->month
                                                : date->day;
    return put_part(call, value, out);
}

static enum lt_kernel part_of_local(struct lt_machine *machine, const struct lt_call *call,
                                    union lt_value *out)
{
    const struct lt_zone utc = lt_zone_utc();
    int64_t days, us_of_day;
    lt_datetime_split(&utc, source_of(machine, call)->i64, &days, &us_of_day);
    return put_part(call, lt_datetime_part_of(part_of(call)->part, days, us_of_day), out);
}

static enum lt_kernel part_of_timestamp(struct lt_machine *machine, const struct lt_call *call,
                                        union lt_value *out)
{
    int64_t days, us_of_day;
    lt_datetime_split(&machine->times->zone, source_of(machine, call)->i64, &days, &us_of_day);
    return put_part(call, lt_datetime_part_of(part_of(call)->part, days, us_of_day), out);
}

/* ------------------------------------------------------------------------- parts of intervals */

/* Parts of an interval have its sign. */
static int64_t part_of_us(enum lt_datetime_part part, int64_t us)
{
    switch (part) {
    case LT_DATETIME_DAY:
        return us / US_PER_DAY;
    case LT_DATETIME_HOUR:
        return us % US_PER_DAY / US_PER_HOUR;
    case LT_DATETIME_MINUTE:
        return us % US_PER_HOUR / US_PER_MINUTE;
    default:
        return us % US_PER_MINUTE;
    }
}

static int64_t part_of_months(enum lt_datetime_part part, int64_t months)
{
    return part == LT_DATETIME_YEAR ? months / 12 : months % 12;
}

static bool is_part_of_months(enum lt_datetime_part part)
{
    return part == LT_DATETIME_YEAR || part == LT_DATETIME_MONTH;
}

static enum lt_kernel part_of_year_month(struct lt_machine *machine, const struct lt_call *call,
                                         union lt_value *out)
{
    int64_t months = source_of(machine, call)->i64;
    return put_part(call, part_of_months(part_of(call)->part, months), out);
}

static enum lt_kernel part_of_day_time(struct lt_machine *machine, const struct lt_call *call,
                                       union lt_value *out)
{
    return put_part(call, part_of_us(part_of(call)->part, source_of(machine, call)->i64), out);
}

static enum lt_kernel part_of_calendar(struct lt_machine *machine, const struct lt_call *call,
                                       union lt_value *out)
{
    const struct lt_calendar_interval *interval = &source_of(machine, call)->interval;
    enum lt_datetime_part part = part_of(call)->part;
    if (is_part_of_months(part))
        return put_part(call, part_of_months(part, interval->months), out);
    int64_t value = part_of_us(part, interval->microseconds);
    if (part == LT_DATETIME_DAY)
        value += interval->days;
    if (part == LT_DATETIME_DAY && value != (int32_t)value)
        return lt_fault_overflow(machine, call, "integer overflow", NULL);
    return put_part(call, value, out);
}

/* -------------------------------------------------------------------------------------- extract */

/* Spark shows the field as a name with parts between dots. */
static bool has_empty_part(const struct lt_bytes *field)
{
    bool is_empty = true;
    uint32_t ticks = 0;
    for (uint32_t i = 0; i < field->size_bytes; i++) {
        if (field->data[i] == '.' && is_empty && ticks % 2 == 0)
            return true;
        is_empty = field->data[i] == '.';
        ticks += field->data[i] == '`';
    }
    return field->size_bytes > 0 && (is_empty || ticks % 2 != 0);
}

static int refuse_field(struct lt_analyser *analyser, const struct lt_expression *call)
{
    const struct lt_bytes *field = &call->arguments[0]->value.bytes;
    if (has_empty_part(field))
        return lt_analyser_fail(analyser, LT_E_ANALYSIS, call, "INVALID_ATTRIBUTE_NAME_SYNTAX",
                                "42601", "Syntax error in the attribute name: %.*s.",
                                (int)field->size_bytes, (const char *)field->data);
    return lt_analyser_fail(analyser, LT_E_ANALYSIS, call, "INVALID_EXTRACT_FIELD", "42601",
                            "Cannot extract `%.*s` from \"%s\".", (int)field->size_bytes,
                            (const char *)field->data,
                            lt_expr_text(call->arguments[1], analyser->coerce.arena));
}

/* Has the interval a field for this part? */
static bool has_field(const struct lt_type *type, enum lt_datetime_part part)
{
    bool is_calendar = type->kind == LT_TYPE_INTERVAL_CALENDAR;
    if (is_part_of_months(part)) {
        uint8_t field = part == LT_DATETIME_YEAR ? LT_INTERVAL_YEAR : LT_INTERVAL_MONTH;
        return is_calendar || (type->kind == LT_TYPE_INTERVAL_YEAR_MONTH &&
                               field >= type->interval_start && field <= type->interval_end);
    }
    static const struct {
        enum lt_datetime_part part;
        uint8_t field;
    } fields[] = {{LT_DATETIME_DAY, LT_INTERVAL_DAY},
                  {LT_DATETIME_HOUR, LT_INTERVAL_HOUR},
                  {LT_DATETIME_MINUTE, LT_INTERVAL_MINUTE},
                  {LT_DATETIME_MICROSECOND_OF_MINUTE, LT_INTERVAL_SECOND}};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (fields[i].part == part)
            return is_calendar || (type->kind == LT_TYPE_INTERVAL_DAY_TIME &&
                                   fields[i].field >= type->interval_start &&
                                   fields[i].field <= type->interval_end);
    }
    return false;
}

static const struct lt_type *type_of_part(struct lt_analyser *analyser, enum lt_datetime_part part,
                                          bool is_of_interval)
{
    if (part == LT_DATETIME_MICROSECOND_OF_MINUTE)
        return lt_type_decimal(analyser->coerce.arena, 8, 6);
    bool is_small = is_of_interval && part != LT_DATETIME_YEAR && part != LT_DATETIME_DAY;
    return lt_type_simple(is_small ? LT_TYPE_TINYINT : LT_TYPE_INT);
}

static const struct lt_signature OF_DATE = LT_KERNEL("su", "i", part_of_date);
static const struct lt_signature OF_TIMESTAMP = LT_KERNEL("st", "i", part_of_timestamp);
static const struct lt_signature OF_LOCAL = LT_KERNEL("sz", "i", part_of_local);
static const struct lt_signature OF_DAY_TIME = LT_KERNEL("sq", "i", part_of_day_time);
static const struct lt_signature OF_YEAR_MONTH = LT_KERNEL("sr", "i", part_of_year_month);
static const struct lt_signature OF_CALENDAR = LT_KERNEL("sc", "i", part_of_calendar);

/* The kernel, after a cast of the source to what the part is one of. */
static int choose_source(struct lt_analyser *analyser, struct lt_expression *call,
                         enum lt_datetime_part part)
{
    const struct lt_type *type = call->arguments[1]->type;
    if (lt_type_is_interval(type)) {
        call->signature = type->kind == LT_TYPE_INTERVAL_DAY_TIME     ? &OF_DAY_TIME
                          : type->kind == LT_TYPE_INTERVAL_YEAR_MONTH ? &OF_YEAR_MONTH
                                                                      : &OF_CALENDAR;
        return has_field(type, part) ? LT_OK : refuse_field(analyser, call);
    }
    bool is_local = type->kind == LT_TYPE_TIMESTAMP_NTZ;
    enum lt_type_kind kind = part < LT_DATETIME_HOUR ? LT_TYPE_DATE
                             : is_local              ? LT_TYPE_TIMESTAMP_NTZ
                                                     : LT_TYPE_TIMESTAMP;
    call->signature = kind == LT_TYPE_DATE ? &OF_DATE : is_local ? &OF_LOCAL : &OF_TIMESTAMP;
    const struct lt_type *wanted = lt_type_simple(kind);
    if (!lt_coerce_is_implicit(&analyser->coerce, type, wanted))
        return lt_analyser_unexpected(analyser, call, 1,
                                      kind == LT_TYPE_DATE ? "a DATE" : "a TIMESTAMP");
    return lt_analyser_cast(analyser, &call->arguments[1], wanted);
}

static int infer_date_part(struct lt_analyser *analyser, struct lt_expression *call)
{
    struct lt_expression **field = &call->arguments[0];
    bool is_text = (*field)->type->kind == LT_TYPE_STRING;
    int code = is_text ? lt_analyser_fold(analyser, field) : LT_OK;
    if (code != LT_OK)
        return code;
    if ((*field)->kind != LT_EXPR_LITERAL || !(is_text || (*field)->is_null))
        return lt_analyser_fail(analyser, LT_E_ANALYSIS, *field, "NON_FOLDABLE_ARGUMENT", "42K08",
                                "the field of \"%s\" must be a constant text", call->name);
    if ((*field)->is_null) {
        *call = *lt_coerce_cast(*field, lt_type_simple(LT_TYPE_DOUBLE), analyser->coerce.arena);
        return LT_OK;
    }
    const struct lt_bytes *name = &(*field)->value.bytes;
    enum lt_datetime_part part;
    if (!lt_datetime_part_find((const char *)name->data, name->size_bytes, &part))
        return refuse_field(analyser, call);
    bool is_of_interval = lt_type_is_interval(call->arguments[1]->type);
    code = choose_source(analyser, call, part);
    call->type = type_of_part(analyser, part, is_of_interval);
    call->nullable = call->arguments[1]->nullable;
    return code;
}

/* ---------------------------------------------------------------------------------------- names */

static enum lt_kernel day_name(struct lt_machine *machine, const struct lt_call *call,
                               union lt_value *out)
{
    int64_t days = lt_argument(machine, call, 0)->i64;
    int64_t weekday = lt_datetime_part_of_date(LT_DATETIME_DAY_OF_WEEK_ISO, days) - 1;
    *out = lt_value_text(lt_datetime_weekday_name((int)weekday));
    return LT_KERNEL_VALUE;
}

static enum lt_kernel month_name(struct lt_machine *machine, const struct lt_call *call,
                                 union lt_value *out)
{
    int64_t days = lt_argument(machine, call, 0)->i64;
    int64_t month = lt_datetime_part_of_date(LT_DATETIME_MONTH, days);
    *out = lt_value_text(lt_datetime_month_name((int)month));
    return LT_KERNEL_VALUE;
}

/* ---------------------------------------------------------------------------------------- clock */

static enum lt_kernel current_timestamp(struct lt_machine *machine, const struct lt_call *call,
                                        union lt_value *out)
{
    (void)call;
    out->i64 = lt_clock_wall_us(machine->clock);
    return LT_KERNEL_VALUE;
}

static enum lt_kernel current_date(struct lt_machine *machine, const struct lt_call *call,
                                   union lt_value *out)
{
    (void)call;
    out->i64 = lt_datetime_today(machine->times, &machine->times->zone);
    return LT_KERNEL_VALUE;
}

static enum lt_kernel local_timestamp(struct lt_machine *machine, const struct lt_call *call,
                                      union lt_value *out)
{
    bool fits =
        lt_zone_to_local_us(&machine->times->zone, lt_clock_wall_us(machine->clock), &out->i64);
    return fits ? LT_KERNEL_VALUE : lt_datetime_overflow(machine, call);
}

static enum lt_kernel current_timezone(struct lt_machine *machine, const struct lt_call *call,
                                       union lt_value *out)
{
    (void)machine;
    *out = lt_value_text(call->session->time_zone);
    return LT_KERNEL_VALUE;
}

#define DETERMINISTIC .is_deterministic = true, .is_total = true
#define PART_OF_DATE                                                                               \
    DETERMINISTIC, .signatures = {LT_KERNEL("u", "i", part_of_date)}, .prepare = prepare_part
#define PART_OF_TIME                                                                               \
    DETERMINISTIC,                                                                                 \
        .signatures = {LT_KERNEL("t", "i", part_of_timestamp),                                     \
                       LT_KERNEL("z", "i", part_of_local)},                                        \
        .prepare = prepare_part

static const struct lt_function functions[] = {
    {"year", NULL, "year(date)", "The year.", "year(DATE'2024-02-29')", "2024", PART_OF_DATE},
    {"quarter", NULL, "quarter(date)", "The quarter of the year, 1 to 4.",
     "quarter(DATE'2024-05-01')", "2", PART_OF_DATE},
    {"month", NULL, "month(date)", "The month, 1 to 12.", "month(DATE'2024-02-29')", "2",
     PART_OF_DATE},
    {"day", "dayofmonth", "day(date)", "The day of the month, 1 to 31.", "day(DATE'2024-02-29')",
     "29", PART_OF_DATE},
    {"dayofyear", NULL, "dayofyear(date)", "The day of the year, 1 to 366.",
     "dayofyear(DATE'2024-02-29')", "60", PART_OF_DATE},
    {"dayofweek", NULL, "dayofweek(date)", "The day of the week: 1 is Sunday, 7 Saturday.",
     "dayofweek(DATE'2024-02-29')", "5", PART_OF_DATE},
    {"weekday", NULL, "weekday(date)", "The day of the week: 0 is Monday, 6 Sunday.",
     "weekday(DATE'2024-02-29')", "3", PART_OF_DATE},
    {"weekofyear", NULL, "weekofyear(date)",
     "The week of the year by ISO 8601: weeks begin on Monday, the first has four days or more.",
     "weekofyear(DATE'2021-01-03')", "53", PART_OF_DATE},
    {"hour", NULL, "hour(timestamp)", "The hour, 0 to 23.", "hour(TIMESTAMP'2024-02-29 12:34:56')",
     "12", PART_OF_TIME},
    {"minute", NULL, "minute(timestamp)", "The minute, 0 to 59.",
     "minute(TIMESTAMP'2024-02-29 12:34:56')", "34", PART_OF_TIME},
    {"second", NULL, "second(timestamp)", "The whole seconds of the minute, 0 to 59.",
     "second(TIMESTAMP'2024-02-29 12:34:56.7')", "56", PART_OF_TIME},
    {"date_part", "datepart,extract", "date_part(field, source)",
     "The part of a date, timestamp or interval that the constant text `field` names; "
     "extract(field FROM source) is the same. YEAR, YEAROFWEEK, QUARTER, MONTH, WEEK, DAY, "
     "DAYOFWEEK, DAYOFWEEK_ISO, DOY, HOUR, MINUTE, SECOND (with its fraction).",
     "extract(SECOND FROM TIMESTAMP'2024-02-29 12:34:56.7')", "56.700000", DETERMINISTIC,
     .signatures = {LT_KERNEL("sa", "i", part_of_date)}, .infer = infer_date_part,
     .prepare = prepare_field},
    {"dayname", NULL, "dayname(date)", "The name of the day in three letters.",
     "dayname(DATE'2024-02-29')", "Thu", DETERMINISTIC,
     .signatures = {LT_KERNEL("u", "s", day_name)}},
    {"monthname", NULL, "monthname(date)", "The name of the month in three letters.",
     "monthname(DATE'2024-02-29')", "Feb", DETERMINISTIC,
     .signatures = {LT_KERNEL("u", "s", month_name)}},
    {"current_timestamp", "now", "current_timestamp()",
     "The time at which the record is evaluated; in micro-batches that of the batch.",
     "current_timestamp()", NULL, .is_total = true,
     .signatures = {LT_KERNEL("", "t", current_timestamp)}},
    {"current_date", "curdate", "current_date()",
     "The date of current_timestamp(), in the session's time zone.", "current_date()", NULL,
     .is_total = true, .signatures = {LT_KERNEL("", "u", current_date)}},
    {"localtimestamp", NULL, "localtimestamp()",
     "The local time of current_timestamp(), in the session's time zone.", "localtimestamp()",
     NULL, .is_total = true, .signatures = {LT_KERNEL("", "z", local_timestamp)}},
    {"current_timezone", NULL, "current_timezone()", "The session's time zone.",
     "current_timezone()", "UTC", DETERMINISTIC,
     .signatures = {LT_KERNEL("", "s", current_timezone)}},
};

const struct lt_function_group lt_functions_datetime = {"datetime", functions,
                                                        sizeof functions / sizeof functions[0]};
