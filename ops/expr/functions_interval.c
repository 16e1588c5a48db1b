/*
 * Intervals of their fields.
 */
#include <string.h>

#include "core/text/interval_math.h"
#include "ops/expr/functions_datetime.h"
#include "ops/expr/faults.h"

/* A field that is not given is 0. */
static int32_t field_of(const struct lt_machine *machine, const struct lt_call *call,
                        uint32_t index)
{
    return index < call->argument_count ? (int32_t)lt_argument(machine, call, index)->i64 : 0;
}

/* Seconds are a decimal(18,6). */
static int64_t seconds_of(const struct lt_machine *machine, const struct lt_call *call,
                          uint32_t index)
{
    return index < call->argument_count ? (int64_t)lt_argument(machine, call, index)->i128 : 0;
}

static enum lt_kernel make_year_month(struct lt_machine *machine, const struct lt_call *call,
                                      union lt_value *out)
{
    bool fits =
        lt_interval_make_months(field_of(machine, call, 0), field_of(machine, call, 1), &out->i64);
    return fits ? LT_KERNEL_VALUE : lt_fault_interval_overflow(machine, call);
}

static enum lt_kernel make_day_time(struct lt_machine *machine, const struct lt_call *call,
                                    union lt_value *out)
{
    bool fits =
        lt_interval_make_us(field_of(machine, call, 0), field_of(machine, call, 1),
                            field_of(machine, call, 2), seconds_of(machine, call, 3), &out->i64);
    return fits ? LT_KERNEL_VALUE : lt_fault_interval_overflow(machine, call);
}

static enum lt_kernel make_calendar(struct lt_machine *machine, const struct lt_call *call,
                                    union lt_value *out)
{
    bool fits = lt_interval_make_calendar(field_of(machine, call, 0), field_of(machine, call, 1),
                                          field_of(machine, call, 2), field_of(machine, call, 3),
                                          field_of(machine, call, 4), field_of(machine, call, 5),
                                          seconds_of(machine, call, 6), &out->interval);
    if (fits)
        return LT_KERNEL_VALUE;
    if (call->is_legacy || strncmp(call->name, "try_", 4) == 0)
        return LT_KERNEL_NULL;
    return lt_fault_overflow(machine, call, "integer overflow", NULL);
}

/* Integers, and where the signature has a decimal, seconds with six digits. */
static int infer_fields(struct lt_analyser *analyser, struct lt_expression *call)
{
    const struct lt_function *function = lt_function_at((size_t)call->index, NULL);
    const struct lt_signature *signature = &function->signatures[0];
    const struct lt_type *integer = lt_type_simple(LT_TYPE_INT);
    const struct lt_type *seconds = lt_type_decimal(analyser->coerce.arena, 18, 6);
    for (uint32_t i = 0; i < call->argument_count; i++) {
        char letter = lt_signature_parameter(signature, i, call->argument_count);
        int code = lt_datetime_cast_field(analyser, call, i, letter == 'k' ? seconds : integer);
        if (code != LT_OK)
            return code;
    }
    call->signature = signature;
    call->type = lt_letter_type(signature->result[0]);
    bool is_lenient = signature->result[0] == 'c' &&
                      (analyser->coerce.session->is_legacy || strncmp(call->name, "try_", 4) == 0);
    call->nullable = is_lenient || lt_any_nullable(call->arguments, call->argument_count);
    return LT_OK;
}

#define FIELDS(parameters, result, kernel)                                                         \
    .is_deterministic = true, .signatures = {LT_KERNEL(parameters, result, kernel)},               \
    .infer = infer_fields

static const struct lt_function functions[] = {
    {"make_ym_interval", NULL, "make_ym_interval([years[, months]])",
     "The year-month interval of these fields.", "make_ym_interval(1, 14)",
     "INTERVAL '2-2' YEAR TO MONTH", FIELDS("[ii]", "r", make_year_month)},
    {"make_dt_interval", NULL, "make_dt_interval([days[, hours[, minutes[, seconds]]]])",
     "The day-time interval of these fields.", "make_dt_interval(1, 2, 3, 4.5)",
     "INTERVAL '1 02:03:04.5' DAY TO SECOND", FIELDS("[iiik]", "q", make_day_time)},
    {"make_interval", NULL,
     "make_interval([years[, months[, weeks[, days[, hours[, minutes[, seconds]]]]]]])",
     "The calendar interval of these fields.", "make_interval(0, 0, 1, 3)", "10 days",
     FIELDS("[iiiiiik]", "c", make_calendar)},
    {"try_make_interval", NULL,
     "try_make_interval(years[, months[, weeks[, days[, hours[, minutes[, seconds]]]]]])",
     "As make_interval, but NULL where the interval does not fit.", "try_make_interval(2147483647)",
     "NULL", FIELDS("i[iiiiik]", "c", make_calendar)},
};

const struct lt_function_group lt_functions_interval = {"interval", functions,
                                                        sizeof functions / sizeof functions[0]};
