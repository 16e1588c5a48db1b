/*
 * Casts between text, dates, timestamps, local timestamps and intervals. What text says is
 * core/text's to know; here are the zone, and what happens to what does not fit.
 */
#include "ops/expr/cast_time.h"

#include <inttypes.h>

#include "core/base/clock.h"
#include "core/text/datetime.h"
#include "core/text/interval.h"
#include "core/text/interval_math.h"
#include "core/text/interval_parse.h"
#include "core/text/time.h"
#include "ops/expr/cast_decimal.h"
#include "ops/expr/faults.h"

enum { SHOWN_BYTES = 64 };
#define S_PER_DAY 86400LL
#define US_PER_DAY (S_PER_DAY * LT_US_PER_S)

static int64_t floor_divide(int64_t value, int64_t by)
{
    return value / by - (value % by < 0);
}

/* ------------------------------------------------------------------------------------ from text */

static enum lt_kernel text_to_date(struct lt_machine *machine, const struct lt_call *call,
                                   union lt_value *out)
{
    struct lt_bytes text = lt_argument_bytes(machine, call, 0);
    int32_t days = 0;
    bool is_valid = lt_datetime_parse_date(text.data, text.size_bytes, &days);
    out->i64 = days;
    return is_valid ? LT_KERNEL_VALUE : lt_fault_cast_input(machine, call);
}

bool lt_cast_time_special(struct lt_datetime_context *times, const struct lt_type *to,
                          const struct lt_bytes *text, union lt_value *out)
{
    int32_t days = 0;
    bool is_special;
    switch (to->kind) {
    case LT_TYPE_DATE:
        is_special = lt_datetime_special_date(times, text->data, text->size_bytes, &days);
        out->i64 = days;
        return is_special;
    case LT_TYPE_TIMESTAMP:
        return lt_datetime_special_timestamp(times, text->data, text->size_bytes, &out->i64);
    case LT_TYPE_TIMESTAMP_NTZ:
        return lt_datetime_special_local(times, text->data, text->size_bytes, &out->i64);
    default:
        return false;
    }
}

static enum lt_kernel text_to_timestamp(struct lt_machine *machine, const struct lt_call *call,
                                        union lt_value *out)
{
    struct lt_bytes text = lt_argument_bytes(machine, call, 0);
    bool is_valid =
        lt_datetime_parse_timestamp(machine->times, text.data, text.size_bytes, &out->i64);
    return is_valid ? LT_KERNEL_VALUE : lt_fault_cast_input(machine, call);
}

static enum lt_kernel text_to_local(struct lt_machine *machine, const struct lt_call *call,
                                    union lt_value *out)
{
    struct lt_bytes text = lt_argument_bytes(machine, call, 0);
    bool is_valid =
        lt_datetime_parse_local(machine->times, text.data, text.size_bytes, true, &out->i64);
    return is_valid ? LT_KERNEL_VALUE : lt_fault_cast_input(machine, call);
}

static enum lt_kernel text_to_interval(struct lt_machine *machine, const struct lt_call *call,
                                       union lt_value *out)
{
    struct lt_bytes text = lt_argument_bytes(machine, call, 0);
    bool is_calendar = call->type->kind == LT_TYPE_INTERVAL_CALENDAR;
    enum lt_interval_parsed parsed =
        is_calendar ? lt_interval_parse_units(text.data, text.size_bytes, &out->interval)
                    : lt_interval_parse(call->type, text.data, text.size_bytes, out);
    if (parsed == LT_INTERVAL_PARSED)
        return LT_KERNEL_VALUE;
    if (is_calendar)
        return LT_KERNEL_NULL;   /* under all rules */
    struct lt_call loud = *call; /* an interval that is none is an error under all rules */
    loud.is_try = call->is_try && !call->is_legacy;
    bool has_notice = call->type->kind == LT_TYPE_INTERVAL_DAY_TIME;
    const char *const conditions[] = {
        [LT_INTERVAL_UNMATCHED] =
            has_notice ? "INVALID_INTERVAL_FORMAT.UNMATCHED_FORMAT_STRING_WITH_NOTICE"
                       : "INVALID_INTERVAL_FORMAT.UNMATCHED_FORMAT_STRING",
        [LT_INTERVAL_OUT_OF_RANGE] = "INVALID_INTERVAL_FORMAT.INTERVAL_PARSING",
        [LT_INTERVAL_OVERFLOW] = "INVALID_INTERVAL_FORMAT.ARITHMETIC_EXCEPTION"};
    return lt_machine_fault(
        machine, &loud, conditions[parsed], "22006",
        "Error parsing '%.*s' to interval. Please ensure that the value provided is "
        "in a valid format for defining an interval. You can reference the "
        "documentation for the correct format",
        (int)(text.size_bytes < SHOWN_BYTES ? text.size_bytes : SHOWN_BYTES),
        (const char *)text.data);
}

/* -------------------------------------------------------------------------------------- to text */

static enum lt_kernel date_to_text(struct lt_machine *machine, const struct lt_call *call,
                                   union lt_value *out)
{
    char text[LT_TIME_TEXT_SIZE];
    size_t size = lt_time_format_date(lt_argument(machine, call, 0)->i64, text);
    return lt_machine_put(machine, call, text, size, out);
}

static enum lt_kernel timestamp_to_text(struct lt_machine *machine, const struct lt_call *call,
                                        union lt_value *out)
{
    char text[LT_TIME_TEXT_SIZE];
    int64_t us = lt_argument(machine, call, 0)->i64;
    int32_t offset_s = lt_zone_offset_s(&machine->times->zone, floor_divide(us, LT_US_PER_S));
    size_t size = lt_time_format_timestamp(us, offset_s, text);
    return lt_machine_put(machine, call, text, size, out);
}

static enum lt_kernel local_to_text(struct lt_machine *machine, const struct lt_call *call,
                                    union lt_value *out)
{
    char text[LT_TIME_TEXT_SIZE];
    size_t size = lt_time_format_timestamp(lt_argument(machine, call, 0)->i64, 0, text);
    return lt_machine_put(machine, call, text, size, out);
}

/* The machine's text keeps its memory: after the longest interval nothing is allocated. */
static enum lt_kernel interval_to_text(struct lt_machine *machine, const struct lt_call *call,
                                       union lt_value *out)
{
    lt_text_clear(&machine->text);
    lt_interval_write(&machine->text, call->argument_types[0], lt_argument(machine, call, 0));
    return lt_machine_put(machine, call, machine->text.data, machine->text.size_bytes, out);
}

/* --------------------------------------------------------------------------------- between them */

/* A time and an interval that do not fit are errors under all rules. */
static enum lt_kernel time_overflow(struct lt_machine *machine, const struct lt_call *call)
{
    struct lt_call loud = *call;
    loud.is_try = call->is_try && !call->is_legacy;
    return lt_fault_cast_overflow(machine, &loud);
}

static enum lt_kernel date_to_timestamp(struct lt_machine *machine, const struct lt_call *call,
                                        union lt_value *out)
{
    int64_t start_s =
        lt_zone_start_of_day_s(&machine->times->zone, lt_argument(machine, call, 0)->i64);
    return __builtin_mul_overflow(start_s, (int64_t)LT_US_PER_S, &out->i64)
               ? time_overflow(machine, call)
               : LT_KERNEL_VALUE;
}

static enum lt_kernel date_to_local(struct lt_machine *machine, const struct lt_call *call,
                                    union lt_value *out)
{
    return __builtin_mul_overflow(lt_argument(machine, call, 0)->i64, (int64_t)US_PER_DAY,
                                  &out->i64)
               ? time_overflow(machine, call)
               : LT_KERNEL_VALUE;
}

static enum lt_kernel timestamp_to_local(struct lt_machine *machine, const struct lt_call *call,
                                         union lt_value *out)
{
    bool fits =
        lt_zone_to_local_us(&machine->times->zone, lt_argument(machine, call, 0)->i64, &out->i64);
    return fits ? LT_KERNEL_VALUE : time_overflow(machine, call);
}

static enum lt_kernel local_to_timestamp(struct lt_machine *machine, const struct lt_call *call,
                                         union lt_value *out)
{
    bool fits =
        lt_zone_from_local_us(&machine->times->zone, lt_argument(machine, call, 0)->i64, &out->i64);
    return fits ? LT_KERNEL_VALUE : time_overflow(machine, call);
}

static enum lt_kernel local_to_date(struct lt_machine *machine, const struct lt_call *call,
                                    union lt_value *out)
{
    out->i64 = floor_divide(lt_argument(machine, call, 0)->i64, US_PER_DAY);
    return LT_KERNEL_VALUE;
}

static enum lt_kernel timestamp_to_date(struct lt_machine *machine, const struct lt_call *call,
                                        union lt_value *out)
{
    /* In seconds, which are within bounds where the local microseconds are not. */
    int64_t at_s = floor_divide(lt_argument(machine, call, 0)->i64, LT_US_PER_S);
    out->i64 = floor_divide(at_s + lt_zone_offset_s(&machine->times->zone, at_s), S_PER_DAY);
    return LT_KERNEL_VALUE;
}

/* Under the legacy rules a date has no number and no truth. */
static enum lt_kernel date_to_nothing(struct lt_machine *machine, const struct lt_call *call,
                                      union lt_value *out)
{
    (void)machine;
    (void)call;
    (void)out;
    return LT_KERNEL_NULL;
}

/* ------------------------------------------------------------------------------------ intervals */

static enum lt_kernel interval_to_interval(struct lt_machine *machine, const struct lt_call *call,
                                           union lt_value *out)
{
    out->i64 = lt_interval_cut(call->type, lt_argument(machine, call, 0)->i64);
    return LT_KERNEL_VALUE;
}

static enum lt_kernel integer_to_interval(struct lt_machine *machine, const struct lt_call *call,
                                          union lt_value *out)
{
    bool fits = lt_interval_from_units(call->type, lt_argument(machine, call, 0)->i64, &out->i64);
    return fits ? LT_KERNEL_VALUE : time_overflow(machine, call);
}

static enum lt_kernel interval_to_integer(struct lt_machine *machine, const struct lt_call *call,
                                          union lt_value *out)
{
    const struct lt_type *from = call->argument_types[0];
    int64_t units = lt_interval_to_units(from, lt_argument(machine, call, 0)->i64);
    if (from->kind == LT_TYPE_INTERVAL_DAY_TIME && from->interval_end == LT_INTERVAL_SECOND)
        units /= LT_US_PER_S;
    out->i64 = units;
    bool fits = units >= lt_type_smallest(call->type) && units <= lt_type_largest(call->type);
    return fits ? LT_KERNEL_VALUE : time_overflow(machine, call);
}

/* A decimal counts units of the last field; seconds have its fraction. */
static enum lt_kernel decimal_to_interval(struct lt_machine *machine, const struct lt_call *call,
                                          union lt_value *out)
{
    const struct lt_decimal number = lt_argument_decimal(machine, call, 0);
    bool fits = lt_interval_from_decimal(call->type, number.unscaled, (int)number.scale, &out->i64);
    return fits ? LT_KERNEL_VALUE : time_overflow(machine, call);
}

static enum lt_kernel interval_out_of_range(struct lt_machine *machine, const struct lt_call *call)
{
    struct lt_call loud = *call;
    loud.is_try = call->is_try && !call->is_legacy;
    loud.is_legacy = false;
    return lt_decimal_out_of_range(machine, &loud);
}

static enum lt_kernel interval_to_decimal(struct lt_machine *machine, const struct lt_call *call,
                                          union lt_value *out)
{
    const struct lt_type *from = call->argument_types[0];
    int64_t units = lt_interval_to_units(from, lt_argument(machine, call, 0)->i64);
    bool is_us =
        from->kind == LT_TYPE_INTERVAL_DAY_TIME && from->interval_end == LT_INTERVAL_SECOND;
    const struct lt_decimal number = {.unscaled = units, .scale = is_us ? 6 : 0};
    bool fits = lt_decimal_rescale(number, lt_decimal_shape_of(call->type), LT_DECIMAL_HALF_UP,
                                   &out->i128) == LT_DECIMAL_OK;
    return fits ? LT_KERNEL_VALUE : interval_out_of_range(machine, call);
}

/* ----------------------------------------------------------------------------------- the choice */

static lt_kernel_fn *kernel_from_text(const struct lt_type *to)
{
    switch (to->kind) {
    case LT_TYPE_DATE:
        return text_to_date;
    case LT_TYPE_TIMESTAMP:
        return text_to_timestamp;
    case LT_TYPE_TIMESTAMP_NTZ:
        return text_to_local;
    default:
        return text_to_interval;
    }
}

static lt_kernel_fn *kernel_to_text(const struct lt_type *from)
{
    switch (from->kind) {
    case LT_TYPE_DATE:
        return date_to_text;
    case LT_TYPE_TIMESTAMP:
        return timestamp_to_text;
    case LT_TYPE_TIMESTAMP_NTZ:
        return local_to_text;
    default:
        return interval_to_text;
    }
}

static lt_kernel_fn *kernel_from_date(const struct lt_type *to)
{
    if (to->kind == LT_TYPE_TIMESTAMP)
        return date_to_timestamp;
    return to->kind == LT_TYPE_TIMESTAMP_NTZ ? date_to_local : date_to_nothing;
}

lt_kernel_fn *lt_cast_time_kernel(const struct lt_type *from, const struct lt_type *to)
{
    if (from->kind == LT_TYPE_STRING)
        return kernel_from_text(to);
    if (to->kind == LT_TYPE_STRING)
        return kernel_to_text(from);
    if (from->kind == LT_TYPE_DATE)
        return kernel_from_date(to);
    if (from->kind == LT_TYPE_TIMESTAMP && to->kind == LT_TYPE_DATE)
        return timestamp_to_date;
    if (from->kind == LT_TYPE_TIMESTAMP && to->kind == LT_TYPE_TIMESTAMP_NTZ)
        return timestamp_to_local;
    if (from->kind == LT_TYPE_TIMESTAMP_NTZ && to->kind == LT_TYPE_TIMESTAMP)
        return local_to_timestamp;
    if (from->kind == LT_TYPE_TIMESTAMP_NTZ && to->kind == LT_TYPE_DATE)
        return local_to_date;
    if (lt_type_is_ansi_interval(from) && from->kind == to->kind)
        return interval_to_interval;
    if (lt_type_is_integral(from) && lt_type_is_ansi_interval(to))
        return integer_to_interval;
    if (from->kind == LT_TYPE_DECIMAL && lt_type_is_ansi_interval(to))
        return decimal_to_interval;
    if (lt_type_is_ansi_interval(from) && to->kind == LT_TYPE_DECIMAL)
        return interval_to_decimal;
    return lt_type_is_ansi_interval(from) && lt_type_is_integral(to) ? interval_to_integer : NULL;
}
