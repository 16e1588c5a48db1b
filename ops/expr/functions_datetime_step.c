/*
 * Steps along the calendar: adding to dates and times, differences between them, cutting them to a
 * unit, the next of a day of the week.
 *
 * Days are added in 32 bits and wrap around, as in Spark. A unit that is a constant is looked up
 * once, by preparation.
 */
#include <string.h>

#include "core/base/ascii.h"
#include "core/base/clock.h"
#include "core/text/datetime_add.h"
#include "core/text/datetime_part.h"
#include "core/text/number.h"
#include "ops/expr/expr.h"
#include "ops/expr/functions_datetime.h"
#include "ops/expr/faults.h"

/* ----------------------------------------------------------------------------------------- days */

/* Java's int arithmetic. */
static int64_t wrapped(int64_t days)
{
    return (int32_t)(uint32_t)(uint64_t)days;
}

static enum lt_kernel date_add(struct lt_machine *machine, const struct lt_call *call,
                               union lt_value *out)
{
    out->i64 = wrapped(lt_argument(machine, call, 0)->i64 + lt_argument(machine, call, 1)->i64);
    return LT_KERNEL_VALUE;
}

static enum lt_kernel date_subtract(struct lt_machine *machine, const struct lt_call *call,
                                    union lt_value *out)
{
    out->i64 = wrapped(lt_argument(machine, call, 0)->i64 - lt_argument(machine, call, 1)->i64);
    return LT_KERNEL_VALUE;
}

static enum lt_kernel add_months(struct lt_machine *machine, const struct lt_call *call,
                                 union lt_value *out)
{
    int32_t days = 0;
    bool fits = lt_datetime_add_months_to_date((int32_t)lt_argument(machine, call, 0)->i64,
                                               lt_argument(machine, call, 1)->i64, &days);
    out->i64 = days;
    return fits ? LT_KERNEL_VALUE : lt_fault_overflow(machine, call, "integer overflow", NULL);
}

static enum lt_kernel months_between(struct lt_machine *machine, const struct lt_call *call,
                                     union lt_value *out)
{
    bool is_rounded = call->argument_count < 3 || lt_argument(machine, call, 2)->i64 != 0;
    out->f64 = lt_datetime_months_between(&machine->times->zone, lt_argument(machine, call, 0)->i64,
                                          lt_argument(machine, call, 1)->i64, is_rounded);
    return LT_KERNEL_VALUE;
}

static enum lt_kernel last_day(struct lt_machine *machine, const struct lt_call *call,
                               union lt_value *out)
{
    out->i64 = wrapped(lt_datetime_last_day(lt_argument(machine, call, 0)->i64));
    return LT_KERNEL_VALUE;
}

static enum lt_kernel next_day(struct lt_machine *machine, const struct lt_call *call,
                               union lt_value *out)
{
    struct lt_bytes name = lt_argument_bytes(machine, call, 1);
    int weekday = lt_datetime_weekday_find((const char *)name.data, name.size_bytes);
    if (weekday < 0 && call->is_legacy)
        return LT_KERNEL_NULL;
    if (weekday < 0)
        return lt_machine_fault(
            machine, call, "ILLEGAL_DAY_OF_WEEK", "22009", "Illegal input for day of week: %.*s",
            (int)(name.size_bytes < 64 ? name.size_bytes : 64), (const char *)name.data);
    out->i64 = wrapped(lt_datetime_next_day(lt_argument(machine, call, 0)->i64, weekday));
    return LT_KERNEL_VALUE;
}

/* -------------------------------------------------------------------------------------- cutting */

/* A unit that was looked up. */
struct unit {
    bool is_known;
    enum lt_datetime_unit unit;
};

static struct unit find_unit(const struct lt_bytes *name)
{
    struct unit unit = {0};
    unit.is_known = lt_datetime_unit_find((const char *)name->data, name->size_bytes, &unit.unit);
    return unit;
}

static int prepare_constant_unit(const struct lt_prepare *prepare, uint32_t index)
{
    const struct lt_expression *argument = prepare->expression->arguments[index];
    if (argument->kind != LT_EXPR_LITERAL || argument->is_null)
        return LT_OK;
    struct unit *unit = lt_arena_alloc(prepare->arena, sizeof *unit);
    *unit = find_unit(&argument->value.bytes);
    prepare->call->state = unit;
    return LT_OK;
}

static int prepare_trunc(const struct lt_prepare *prepare, struct lt_error *error)
{
    (void)error;
    return prepare_constant_unit(prepare, 1);
}

static int prepare_date_trunc(const struct lt_prepare *prepare, struct lt_error *error)
{
    (void)error;
    return prepare_constant_unit(prepare, 0);
}

static struct unit unit_of(const struct lt_machine *machine, const struct lt_call *call,
                           uint32_t index)
{
    const struct unit *constant = call->state;
    return constant != NULL ? *constant : find_unit(&lt_argument(machine, call, index)->bytes);
}

static enum lt_kernel truncate_date(struct lt_machine *machine, const struct lt_call *call,
                                    union lt_value *out)
{
    struct unit unit = unit_of(machine, call, 1);
    if (!unit.is_known || unit.unit < LT_DATETIME_TO_WEEK)
        return LT_KERNEL_NULL;
    out->i64 = wrapped(lt_datetime_truncate_date(unit.unit, lt_argument(machine, call, 0)->i64));
    return LT_KERNEL_VALUE;
}

static enum lt_kernel truncate_timestamp(struct lt_machine *machine, const struct lt_call *call,
                                         union lt_value *out)
{
    struct unit unit = unit_of(machine, call, 0);
    if (!unit.is_known)
        return LT_KERNEL_NULL;
    bool fits = lt_datetime_truncate(unit.unit, &machine->times->zone,
                                     lt_argument(machine, call, 1)->i64, &out->i64);
    return fits ? LT_KERNEL_VALUE : lt_datetime_overflow(machine, call);
}

/* A constant that is no unit gives NULL, and then nothing else is looked at. */
static int conclude_unit(struct lt_analyser *analyser, struct lt_expression *call, uint32_t index,
                         enum lt_datetime_unit least)
{
    struct lt_expression **argument = &call->arguments[index];
    lt_fold(argument, analyser->text, analyser->coerce.session, analyser->coerce.arena);
    if ((*argument)->kind != LT_EXPR_LITERAL)
        return LT_OK;
    struct unit unit = {0};
    if (!(*argument)->is_null)
        unit = find_unit(&(*argument)->value.bytes);
    if (!unit.is_known || unit.unit < least)
        *call = *lt_expr_null(call, call->type, analyser->coerce.arena);
    return LT_OK;
}

static int conclude_trunc(struct lt_analyser *analyser, struct lt_expression *call)
{
    return conclude_unit(analyser, call, 1, LT_DATETIME_TO_WEEK);
}

static int conclude_date_trunc(struct lt_analyser *analyser, struct lt_expression *call)
{
    return conclude_unit(analyser, call, 0, LT_DATETIME_TO_MICROSECOND);
}

/* Spark takes the three small integers for days, and no other number. Under the legacy rules a text
 * must be a constant. */
static int infer_days(struct lt_analyser *analyser, struct lt_expression *call)
{
    struct lt_expression **days = &call->arguments[1];
    enum lt_type_kind kind = (*days)->type->kind;
    bool is_text = lt_type_is_text((*days)->type);
    bool is_open = lt_coerce_is_open(*days) || kind == LT_TYPE_VOID;
    bool is_small = kind >= LT_TYPE_TINYINT && kind <= LT_TYPE_INT;
    bool is_legacy = analyser->coerce.session->is_legacy;
    if (!is_text && !is_open && !is_small)
        return lt_analyser_unexpected(analyser, call, 1, "an INT, a SMALLINT or a TINYINT");
    if (!is_text || !is_legacy)
        return LT_INFER_LETTERS;
    lt_fold(days, analyser->text, analyser->coerce.session, analyser->coerce.arena);
    if ((*days)->kind != LT_EXPR_LITERAL)
        return lt_analyser_unexpected(analyser, call, 1, "an INT, a SMALLINT or a TINYINT");
    int64_t count;
    const struct lt_bytes *text = &(*days)->value.bytes;
    if (lt_number_parse_i64(text->data, text->size_bytes, INT32_MIN, INT32_MAX, &count) !=
        LT_NUMBER_OK)
        return lt_analyser_fail(analyser, LT_E_ANALYSIS, *days,
                                "SECOND_FUNCTION_ARGUMENT_NOT_INTEGER", "22023",
                                "the days of \"%s\" must be a whole number", call->name);
    return LT_INFER_LETTERS;
}

/* ------------------------------------------------------------------ timestampadd, timestampdiff */

static int prepare_step(const struct lt_prepare *prepare, struct lt_error *error)
{
    const struct lt_expression *argument = prepare->expression->arguments[0];
    enum lt_datetime_step *step = lt_arena_alloc(prepare->arena, sizeof *step);
    bool is_known = argument->kind == LT_EXPR_LITERAL && !argument->is_null &&
                    lt_datetime_step_find((const char *)argument->value.bytes.data,
                                          argument->value.bytes.size_bytes, step);
    prepare->call->state = step;
    if (is_known)
        return LT_OK;
    (void)lt_error_set(error, LT_E_ANALYSIS, "the unit of \"%s\" must be a constant unit of time",
                       prepare->expression->name);
    return lt_error_condition(error, "INVALID_PARAMETER_VALUE.DATETIME_UNIT", "22023");
}

static const struct lt_zone *zone_of(const struct lt_machine *machine, const struct lt_call *call,
                                     uint32_t index)
{
    static const struct lt_zone utc = {.prefix = LT_ZONE_PREFIX_UTC};
    bool is_local = call->argument_types[index]->kind == LT_TYPE_TIMESTAMP_NTZ;
    return is_local ? &utc : &machine->times->zone;
}

static enum lt_kernel timestamp_add(struct lt_machine *machine, const struct lt_call *call,
                                    union lt_value *out)
{
    const enum lt_datetime_step *step = call->state;
    bool fits =
        lt_datetime_add_steps(*step, zone_of(machine, call, 2), lt_argument(machine, call, 2)->i64,
                              lt_argument(machine, call, 1)->i64, &out->i64);
    return fits ? LT_KERNEL_VALUE : lt_datetime_overflow(machine, call);
}

/* Spark adds days of the year, but does not count them. */
static bool is_day_of_year(struct lt_bytes name)
{
    static const char wanted[] = "dayofyear";
    size_t same = 0;
    while (same < name.size_bytes && wanted[same] != '\0' &&
           lt_ascii_lower((char)name.data[same]) == wanted[same])
        same++;
    return same == sizeof wanted - 1 && same == name.size_bytes;
}

static enum lt_kernel timestamp_difference(struct lt_machine *machine, const struct lt_call *call,
                                           union lt_value *out)
{
    const enum lt_datetime_step *step = call->state;
    if (*step == LT_DATETIME_STEP_DAY && is_day_of_year(lt_argument_bytes(machine, call, 0)))
        return lt_machine_fault(machine, call, "INVALID_PARAMETER_VALUE.DATETIME_UNIT", "22023",
                                "\"timestampdiff\" does not count in DAYOFYEAR; hint: use DAY");
    bool fits = lt_datetime_steps_between(*step, zone_of(machine, call, 1),
                                          lt_argument(machine, call, 1)->i64,
                                          lt_argument(machine, call, 2)->i64, &out->i64);
    return fits ? LT_KERNEL_VALUE : lt_datetime_overflow(machine, call);
}

#define DETERMINISTIC .is_deterministic = true
#define TOTAL DETERMINISTIC, .is_total = true

static const struct lt_function functions[] = {
    {"date_add", "dateadd", "date_add(date, days)",
     "The date so many days later; dateadd(unit, count, timestamp) is timestampadd.",
     "date_add(DATE'2024-02-28', 1)", "2024-02-29", TOTAL,
     .signatures = {LT_KERNEL("ui", "u", date_add)}, .infer = infer_days},
    {"date_sub", NULL, "date_sub(date, days)", "The date so many days earlier.",
     "date_sub(DATE'2024-03-01', 1)", "2024-02-29", TOTAL,
     .signatures = {LT_KERNEL("ui", "u", date_subtract)}, .infer = infer_days},
    {"datediff", "date_diff", "datediff(end, start)",
     "The days from start to end; datediff(unit, start, end) is timestampdiff.",
     "datediff(DATE'2024-03-01', DATE'2024-02-28')", "2", TOTAL,
     .signatures = {LT_KERNEL("uu", "i", date_subtract)}},
    {"add_months", NULL, "add_months(date, months)",
     "The date so many months later, on the same day of the month or on the month's last.",
     "add_months(DATE'2024-01-31', 1)", "2024-02-29", TOTAL,
     .signatures = {LT_KERNEL("ui", "u", add_months)}},
    {"months_between", NULL, "months_between(later, earlier[, is_rounded])",
     "The months between two timestamps, a fraction as of 31 days, rounded to 8 digits or not.",
     "months_between(DATE'2024-03-31', DATE'2024-01-15')", "2.51612903", TOTAL,
     .signatures = {LT_KERNEL("tt[B]", "d", months_between)}},
    {"last_day", NULL, "last_day(date)", "The last day of the month.", "last_day(DATE'2024-02-05')",
     "2024-02-29", TOTAL, .signatures = {LT_KERNEL("u", "u", last_day)}},
    {"next_day", NULL, "next_day(date, weekday)",
     "The first day after the date that is the given day of the week ('Mon', 'monday', 'MO').",
     "next_day(DATE'2024-05-15', 'Mon')", "2024-05-20", DETERMINISTIC,
     .signatures = {LT_KERNEL("us", "u", next_day)}},
    {"trunc", NULL, "trunc(date, unit)",
     "The first day of the year, quarter, month or week; NULL for other units.",
     "trunc(DATE'2024-08-15', 'quarter')", "2024-07-01", DETERMINISTIC,
     .signatures = {LT_KERNEL("us", "u", truncate_date)}, .prepare = prepare_trunc,
     .conclude = conclude_trunc},
    {"date_trunc", NULL, "date_trunc(unit, timestamp)",
     "The timestamp cut to the unit, YEAR to MICROSECOND; NULL for other units.",
     "date_trunc('hour', TIMESTAMP'2024-08-15 13:47:58')", "2024-08-15 13:00:00", DETERMINISTIC,
     .signatures = {LT_KERNEL("st", "t", truncate_timestamp)}, .prepare = prepare_date_trunc,
     .conclude = conclude_date_trunc},
    {"timestampadd", NULL, "timestampadd(unit, count, timestamp)",
     "The timestamp so many units later; the unit is one of the words YEAR, QUARTER, MONTH, WEEK, "
     "DAY, DAYOFYEAR, HOUR, MINUTE, SECOND, MILLISECOND, MICROSECOND.",
     "timestampadd(MONTH, 1, TIMESTAMP'2024-01-31 10:00:00')", "2024-02-29 10:00:00", TOTAL,
     .signatures = {LT_KERNEL("slt", "t", timestamp_add), LT_KERNEL("slz", "z", timestamp_add)},
     .prepare = prepare_step},
    {"timestampdiff", "timediff", "timestampdiff(unit, start, end)",
     "The whole units from start to end; the unit is a word as of timestampadd.",
     "timestampdiff(DAY, TIMESTAMP'2024-01-01 12:00:00', TIMESTAMP'2024-01-03 11:59:59')", "1",
     TOTAL,
     .signatures = {LT_KERNEL("stt", "l", timestamp_difference)}, .prepare = prepare_step},
};

const struct lt_function_group lt_functions_datetime_step = {
    "datetime", functions, sizeof functions / sizeof functions[0]};
