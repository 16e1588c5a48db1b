/*
 * Adding to dates and timestamps, and arithmetic of intervals, at run time. What does not fit is a
 * fault under all rules; only calendar intervals and dates that take days wrap around, as in Spark.
 */
#include "ops/expr/arithmetic_time_kernels.h"

#include <math.h>

#include "core/base/clock.h"
#include "core/text/datetime.h"
#include "core/text/datetime_add.h"
#include "core/text/interval_math.h"
#include "ops/expr/cast_decimal.h"
#include "ops/expr/faults.h"

#define US_PER_DAY (86400LL * LT_US_PER_S)

/* --------------------------------------------------------------------------------------- faults */

static enum lt_kernel time_overflow(struct lt_machine *machine, const struct lt_call *call)
{
    return lt_machine_fault(machine, call, "DATETIME_OVERFLOW", "22008",
                            "the timestamp does not fit; hint: try_add and try_subtract give NULL");
}

static enum lt_kernel date_overflow(struct lt_machine *machine, const struct lt_call *call)
{
    return lt_fault_overflow(machine, call, "integer overflow", NULL);
}

static enum lt_kernel put_sum(struct lt_machine *machine, const struct lt_call *call, bool fits)
{
    if (fits)
        return LT_KERNEL_VALUE;
    return lt_machine_fault(machine, call, "INTERVAL_ARITHMETIC_OVERFLOW.WITH_SUGGESTION", "22015",
                            "Integer overflow while operating with intervals. Use `%s` to tolerate "
                            "overflow and return NULL instead",
                            strcmp(call->name, "-") == 0 ? "try_subtract" : "try_add");
}

static enum lt_kernel divided_by_zero(struct lt_machine *machine, const struct lt_call *call)
{
    return lt_machine_fault(
        machine, call, "INTERVAL_DIVIDED_BY_ZERO", "22012",
        "Division by zero. Use `try_divide` to tolerate divisor being 0 and return "
        "NULL instead");
}

/* ------------------------------------------------------------------------------ dates and times */

static const struct lt_zone *zone_of(const struct lt_machine *machine, const struct lt_call *call)
{
    static const struct lt_zone utc = {.prefix = LT_ZONE_PREFIX_UTC};
    bool is_local = call->argument_types[0]->kind == LT_TYPE_TIMESTAMP_NTZ;
    return is_local ? &utc : &machine->times->zone;
}

/* The right side with its sign turned; false when it has none. */
static bool signed_right(const struct lt_machine *machine, const struct lt_call *call,
                         bool is_minus, int64_t *out)
{
    const struct lt_type *type = call->argument_types[1];
    *out = lt_argument(machine, call, 1)->i64;
    bool is_least = *out == (type->kind == LT_TYPE_INTERVAL_YEAR_MONTH ? INT32_MIN : INT64_MIN);
    *out = is_minus && !is_least ? -*out : *out;
    return !is_minus || !is_least;
}

static bool signed_calendar(const struct lt_machine *machine, const struct lt_call *call,
                            bool is_minus, struct lt_calendar_interval *out)
{
    *out = lt_argument(machine, call, 1)->interval;
    struct lt_calendar_interval interval = *out;
    return !is_minus || lt_interval_negate_calendar(&interval, out);
}

static enum lt_kernel date_count(struct lt_machine *machine, const struct lt_call *call,
                                 bool is_minus, union lt_value *out)
{
    int64_t days = lt_argument(machine, call, 0)->i64, count = lt_argument(machine, call, 1)->i64;
    out->i64 = (int32_t)(uint32_t)(uint64_t)(is_minus ? days - count : days + count);
    return LT_KERNEL_VALUE;
}

static enum lt_kernel date_days(struct lt_machine *machine, const struct lt_call *call,
                                bool is_minus, union lt_value *out)
{
    int64_t days = lt_argument(machine, call, 0)->i64;
    int64_t count = lt_argument(machine, call, 1)->i64 / US_PER_DAY;
    out->i64 = (int32_t)(uint32_t)(uint64_t)(is_minus ? days - count : days + count);
    return LT_KERNEL_VALUE;
}

static enum lt_kernel date_months(struct lt_machine *machine, const struct lt_call *call,
                                  bool is_minus, union lt_value *out)
{
    int64_t months;
    int32_t days = 0;
    if (!signed_right(machine, call, is_minus, &months))
        return lt_fault_interval_overflow(machine, call);
    bool fits =
        lt_datetime_add_months_to_date((int32_t)lt_argument(machine, call, 0)->i64, months, &days);
    out->i64 = days;
    return fits ? LT_KERNEL_VALUE : date_overflow(machine, call);
}

/* Under the legacy rules hours count from the day's beginning, and the day is what is left. */
static bool add_calendar_to_day(const struct lt_machine *machine, int32_t days,
                                const struct lt_calendar_interval *interval, int64_t *out_days)
{
    const struct lt_zone *zone = &machine->times->zone;
    int64_t us, sum_us, local_us;
    bool fits = lt_datetime_of_date(zone, days, &us) &&
                lt_datetime_add_interval(zone, us, interval, &sum_us) &&
                lt_zone_to_local_us(zone, sum_us, &local_us);
    *out_days = fits ? local_us / US_PER_DAY - (local_us % US_PER_DAY < 0) : 0;
    return fits;
}

static enum lt_kernel date_calendar(struct lt_machine *machine, const struct lt_call *call,
                                    bool is_minus, union lt_value *out)
{
    struct lt_calendar_interval interval;
    int32_t start = (int32_t)lt_argument(machine, call, 0)->i64, days = 0;
    bool fits = signed_calendar(machine, call, is_minus, &interval);
    if (fits && interval.microseconds != 0) {
        if (!call->is_legacy)
            return lt_machine_fault(
                machine, call, "INVALID_INTERVAL_WITH_MICROSECONDS_ADDITION", "22006",
                "hours and less cannot be added to a date; hint: cast the date to a timestamp");
        fits = add_calendar_to_day(machine, start, &interval, &out->i64);
        return fits ? LT_KERNEL_VALUE : date_overflow(machine, call);
    }
    fits = fits && lt_datetime_add_interval_to_date(start, &interval, &days);
    out->i64 = days;
    return fits ? LT_KERNEL_VALUE : date_overflow(machine, call);
}

static enum lt_kernel time_months(struct lt_machine *machine, const struct lt_call *call,
                                  bool is_minus, union lt_value *out)
{
    int64_t months;
    if (!signed_right(machine, call, is_minus, &months))
        return lt_fault_interval_overflow(machine, call);
    bool fits = lt_datetime_add_months(zone_of(machine, call), lt_argument(machine, call, 0)->i64,
                                       (int32_t)months, &out->i64);
    return fits ? LT_KERNEL_VALUE : time_overflow(machine, call);
}

static enum lt_kernel time_day_time(struct lt_machine *machine, const struct lt_call *call,
                                    bool is_minus, union lt_value *out)
{
    int64_t us;
    if (!signed_right(machine, call, is_minus, &us))
        return lt_fault_interval_overflow(machine, call);
    bool fits = lt_datetime_add_day_time(zone_of(machine, call), lt_argument(machine, call, 0)->i64,
                                         us, &out->i64);
    return fits ? LT_KERNEL_VALUE : time_overflow(machine, call);
}

static enum lt_kernel time_calendar(struct lt_machine *machine, const struct lt_call *call,
                                    bool is_minus, union lt_value *out)
{
    struct lt_calendar_interval interval;
    bool fits = signed_calendar(machine, call, is_minus, &interval) &&
                lt_datetime_add_interval(zone_of(machine, call), lt_argument(machine, call, 0)->i64,
                                         &interval, &out->i64);
    return fits ? LT_KERNEL_VALUE : time_overflow(machine, call);
}

static enum lt_kernel difference(struct lt_machine *machine, const struct lt_call *call,
                                 union lt_value *out)
{
    bool fits = lt_datetime_subtract(zone_of(machine, call), lt_argument(machine, call, 0)->i64,
                                     lt_argument(machine, call, 1)->i64, &out->i64);
    return fits ? LT_KERNEL_VALUE : lt_fault_interval_overflow(machine, call);
}

static enum lt_kernel date_difference(struct lt_machine *machine, const struct lt_call *call,
                                      union lt_value *out)
{
    int64_t days = lt_argument(machine, call, 0)->i64 - lt_argument(machine, call, 1)->i64;
    bool fits = !__builtin_mul_overflow(days, (int64_t)US_PER_DAY, &out->i64);
    return fits ? LT_KERNEL_VALUE : lt_fault_interval_overflow(machine, call);
}

/* ------------------------------------------------------------------------------------ intervals */

static enum lt_kernel months_sum(struct lt_machine *machine, const struct lt_call *call,
                                 bool is_minus, union lt_value *out)
{
    int64_t a = lt_argument(machine, call, 0)->i64, b = lt_argument(machine, call, 1)->i64;
    bool fits = is_minus ? lt_interval_subtract_months(a, b, &out->i64)
                         : lt_interval_add_months(a, b, &out->i64);
    return put_sum(machine, call, fits);
}

static enum lt_kernel day_time_sum(struct lt_machine *machine, const struct lt_call *call,
                                   bool is_minus, union lt_value *out)
{
    int64_t a = lt_argument(machine, call, 0)->i64, b = lt_argument(machine, call, 1)->i64;
    bool overflows = is_minus ? __builtin_sub_overflow(a, b, &out->i64)
                              : __builtin_add_overflow(a, b, &out->i64);
    return put_sum(machine, call, !overflows);
}

/* Part by part, wrapping around: the legacy rules. */
static struct lt_calendar_interval wrapped_sum(const struct lt_calendar_interval *a,
                                               const struct lt_calendar_interval *b, int sign)
{
    uint32_t factor = (uint32_t)sign;
    uint64_t wide_factor = (uint64_t)(int64_t)sign;
    return (struct lt_calendar_interval){
        .months = (int32_t)((uint32_t)a->months + factor * (uint32_t)b->months),
        .days = (int32_t)((uint32_t)a->days + factor * (uint32_t)b->days),
        .microseconds =
            (int64_t)((uint64_t)a->microseconds + wide_factor * (uint64_t)b->microseconds)};
}

static enum lt_kernel put_calendar(struct lt_machine *machine, const struct lt_call *call,
                                   bool fits)
{
    if (fits)
        return LT_KERNEL_VALUE;
    return lt_fault_overflow(machine, call, "integer overflow", NULL);
}

static enum lt_kernel calendar_sum(struct lt_machine *machine, const struct lt_call *call,
                                   bool is_minus, union lt_value *out)
{
    const struct lt_calendar_interval *a = &lt_argument(machine, call, 0)->interval;
    const struct lt_calendar_interval *b = &lt_argument(machine, call, 1)->interval;
    if (call->is_legacy) {
        out->interval = wrapped_sum(a, b, is_minus ? -1 : 1);
        return LT_KERNEL_VALUE;
    }
    bool fits = is_minus ? lt_interval_subtract_calendar(a, b, &out->interval)
                         : lt_interval_add_calendar(a, b, &out->interval);
    return put_calendar(machine, call, fits);
}

static bool is_zero(const struct lt_machine *machine, const struct lt_call *call, uint32_t index)
{
    const union lt_value *value = lt_argument(machine, call, index);
    if (call->argument_types[index]->kind == LT_TYPE_DECIMAL)
        return value->i128 == 0;
    return lt_type_is_fraction(call->argument_types[index]) ? value->f64 == 0 : value->i64 == 0;
}

/* An interval of months or microseconds by a bigint, a double or a decimal. */
static bool scale(const struct lt_machine *machine, const struct lt_call *call, bool is_over,
                  bool is_months, int64_t *out)
{
    int64_t interval = lt_argument(machine, call, 0)->i64;
    const union lt_value *by = lt_argument(machine, call, 1);
    const struct lt_type *type = call->argument_types[1];
    bool fits;
    if (type->kind == LT_TYPE_DECIMAL)
        fits = is_over ? lt_interval_divide_decimal(interval, by->i128, type->scale, out)
                       : lt_interval_multiply_decimal(interval, by->i128, type->scale, out);
    else if (is_months && lt_type_is_fraction(type))
        fits = is_over ? lt_interval_divide_months_double(interval, by->f64, out)
                       : lt_interval_multiply_months_double(interval, by->f64, out);
    else if (is_months)
        fits = is_over ? lt_interval_divide_months(interval, by->i64, out)
                       : lt_interval_multiply_months(interval, by->i64, out);
    else if (lt_type_is_fraction(type))
        fits = is_over ? lt_interval_divide_us_double(interval, by->f64, out)
                       : lt_interval_multiply_us_double(interval, by->f64, out);
    else
        fits = is_over ? lt_interval_divide_us(interval, by->i64, out)
                       : !__builtin_mul_overflow(interval, by->i64, out);
    return fits && (!is_months || *out == (int32_t)*out);
}

static enum lt_kernel months_scale(struct lt_machine *machine, const struct lt_call *call,
                                   bool is_over, union lt_value *out)
{
    if (is_over && is_zero(machine, call, 1))
        return divided_by_zero(machine, call);
    return put_sum(machine, call, scale(machine, call, is_over, true, &out->i64));
}

static enum lt_kernel day_time_scale(struct lt_machine *machine, const struct lt_call *call,
                                     bool is_over, union lt_value *out)
{
    if (is_over && is_zero(machine, call, 1))
        return divided_by_zero(machine, call);
    return put_sum(machine, call, scale(machine, call, is_over, false, &out->i64));
}

/* Under the legacy rules what does not fit saturates, and a division by 0 is NULL. */
static enum lt_kernel calendar_scale(struct lt_machine *machine, const struct lt_call *call,
                                     bool is_over, union lt_value *out)
{
    const struct lt_calendar_interval *interval = &lt_argument(machine, call, 0)->interval;
    double factor = lt_argument(machine, call, 1)->f64;
    if (is_over && factor == 0)
        return call->is_legacy ? LT_KERNEL_NULL : divided_by_zero(machine, call);
    bool fits = is_over ? lt_interval_divide_calendar(interval, factor, &out->interval)
                        : lt_interval_multiply_calendar(interval, factor, &out->interval);
    return put_calendar(machine, call, fits || call->is_legacy);
}

static enum lt_kernel how_often(struct lt_machine *machine, const struct lt_call *call,
                                union lt_value *out)
{
    int64_t a = lt_argument(machine, call, 0)->i64, b = lt_argument(machine, call, 1)->i64;
    if (b == 0 && call->is_legacy)
        return LT_KERNEL_NULL;
    if (b == 0)
        return lt_fault_by_zero(machine, call, false);
    if (a == INT64_MIN && b == -1)
        return lt_fault_overflow(machine, call, "Overflow in integral divide", "try_divide");
    out->i64 = a / b;
    return LT_KERNEL_VALUE;
}

/* ---------------------------------------------------------------------------------------- signs */

static enum lt_kernel keep(struct lt_machine *machine, const struct lt_call *call,
                           union lt_value *out)
{
    *out = *lt_argument(machine, call, 0);
    return LT_KERNEL_VALUE;
}

static bool turn_sign(const struct lt_call *call, int64_t interval, int64_t *out)
{
    bool is_months = call->type->kind == LT_TYPE_INTERVAL_YEAR_MONTH;
    return !__builtin_sub_overflow((int64_t)0, interval, out) &&
           (!is_months || *out == (int32_t)*out);
}

static enum lt_kernel negative(struct lt_machine *machine, const struct lt_call *call,
                               union lt_value *out)
{
    int64_t interval = lt_argument(machine, call, 0)->i64;
    bool fits = turn_sign(call, interval, &out->i64);
    return fits ? LT_KERNEL_VALUE : lt_fault_interval_overflow(machine, call);
}

static enum lt_kernel calendar_negative(struct lt_machine *machine, const struct lt_call *call,
                                        union lt_value *out)
{
    const struct lt_calendar_interval none = {0};
    const struct lt_calendar_interval *interval = &lt_argument(machine, call, 0)->interval;
    if (call->is_legacy) {
        out->interval = wrapped_sum(&none, interval, -1);
        return LT_KERNEL_VALUE;
    }
    return put_calendar(machine, call, lt_interval_negate_calendar(interval, &out->interval));
}

static enum lt_kernel absolute(struct lt_machine *machine, const struct lt_call *call,
                               union lt_value *out)
{
    out->i64 = lt_argument(machine, call, 0)->i64;
    if (out->i64 >= 0 || turn_sign(call, out->i64, &out->i64))
        return LT_KERNEL_VALUE;
    return lt_fault_overflow(machine, call, "integer overflow", NULL);
}

static enum lt_kernel sign(struct lt_machine *machine, const struct lt_call *call,
                           union lt_value *out)
{
    int64_t interval = lt_argument(machine, call, 0)->i64;
    out->f64 = (interval > 0) - (interval < 0);
    return LT_KERNEL_VALUE;
}

/* ------------------------------------------------------------------------------------ the table */

/* NAME_0 for + or *, NAME_1 for - or /. */
#define BOTH(NAME)                                                                                 \
    static enum lt_kernel NAME##_0(struct lt_machine *machine, const struct lt_call *call,         \
                                   union lt_value *out)                                            \
    {                                                                                              \
        return NAME(machine, call, false, out);                                                    \
    }                                                                                              \
    static enum lt_kernel NAME##_1(struct lt_machine *machine, const struct lt_call *call,         \
                                   union lt_value *out)                                            \
    {                                                                                              \
        return NAME(machine, call, true, out);                                                     \
    }
BOTH(date_count)
BOTH(date_days)
BOTH(date_months)
BOTH(date_calendar)
BOTH(time_months)
BOTH(time_day_time)
BOTH(time_calendar)
BOTH(months_sum)
BOTH(day_time_sum)
BOTH(calendar_sum)
BOTH(months_scale)
BOTH(day_time_scale)
BOTH(calendar_scale)

#define TWO(operation, kernel)                                                                     \
    [operation] = LT_KERNEL("aa", "0", kernel##_0),                                                \
    [operation + 1] = LT_KERNEL("aa", "0", kernel##_1)

static const struct lt_signature SIGNATURES[] = {
    TWO(LT_TIME_DATE_PLUS_COUNT, date_count),
    TWO(LT_TIME_DATE_PLUS_DAYS, date_days),
    TWO(LT_TIME_DATE_PLUS_MONTHS, date_months),
    TWO(LT_TIME_DATE_PLUS_CALENDAR, date_calendar),
    TWO(LT_TIME_PLUS_MONTHS, time_months),
    TWO(LT_TIME_PLUS_DAY_TIME, time_day_time),
    TWO(LT_TIME_PLUS_CALENDAR, time_calendar),
    TWO(LT_TIME_MONTHS_PLUS, months_sum),
    TWO(LT_TIME_DAY_TIME_PLUS, day_time_sum),
    TWO(LT_TIME_CALENDAR_PLUS, calendar_sum),
    TWO(LT_TIME_MONTHS_TIMES, months_scale),
    TWO(LT_TIME_DAY_TIME_TIMES, day_time_scale),
    TWO(LT_TIME_CALENDAR_TIMES, calendar_scale),
    [LT_TIME_DIFFERENCE] = LT_KERNEL("aa", "q", difference),
    [LT_TIME_DATE_DIFFERENCE] = LT_KERNEL("aa", "q", date_difference),
    [LT_TIME_HOW_OFTEN] = LT_KERNEL("aa", "l", how_often),
    [LT_TIME_KEEP] = LT_KERNEL("a", "0", keep),
    [LT_TIME_NEGATIVE] = LT_KERNEL("a", "0", negative),
    [LT_TIME_CALENDAR_NEGATIVE] = LT_KERNEL("a", "0", calendar_negative),
    [LT_TIME_ABSOLUTE] = LT_KERNEL("a", "0", absolute),
    [LT_TIME_SIGN] = LT_KERNEL("a", "d", sign),
};

const struct lt_signature *lt_time_signature(enum lt_time_operation operation)
{
    return &SIGNATURES[operation];
}
