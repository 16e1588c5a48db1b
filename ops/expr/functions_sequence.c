/*
 * sequence: numbers, dates or timestamps from a start to a stop by a step.
 *
 * Each element is the start and so many steps, not the one before and one more: the ends of months
 * come out as 31, 29, 31. How many there are is known beforehand for numbers; for steps of the
 * calendar it is estimated with short months, and what was too much is cut off.
 */
#include <inttypes.h>

#include "core/text/datetime.h"
#include "core/text/datetime_add.h"
#include "core/text/datetime_part.h"
#include "ops/expr/collections.h"

enum { ELEMENTS_MAX = 2147483632, DAYS_OF_MONTH_LEAST = 28 };
static const int64_t DAY_US = INT64_C(86400000000);

/* ------------------------------------------------------------------------------------- analysis */

static int refuse(struct lt_analyser *analyser, struct lt_expression *call)
{
    return lt_analyser_fail(
        analyser, LT_E_ANALYSIS, call, "DATATYPE_MISMATCH.SEQUENCE_WRONG_INPUT_TYPES", "42K09",
        "\"sequence\" goes from integer to integer, by an integer, or from one date or timestamp "
        "to another, by an interval");
}

static int infer_sequence(struct lt_analyser *analyser, struct lt_expression *call)
{
    struct lt_expression **arguments = call->arguments;
    uint32_t alike = call->argument_count == 3 && lt_type_is_interval(arguments[2]->type)
                         ? 2
                         : call->argument_count;
    const struct lt_type *common = arguments[0]->type;
    for (uint32_t i = 1; i < alike && common != NULL; i++)
        common = lt_coerce_common(&analyser->coerce, common, arguments[i]->type);
    bool is_right =
        common != NULL && (lt_type_is_integral(common) ? alike == call->argument_count
                                                       : lt_type_is_datetime(common) && alike == 2);
    if (!is_right)
        return refuse(analyser, call);
    for (uint32_t i = 0; i < alike; i++) {
        int code = lt_analyser_cast(analyser, &arguments[i], common);
        if (code != LT_OK)
            return code;
    }
    return lt_collection_finish(call, 0, lt_type_array(analyser->coerce.arena, common, false),
                                lt_any_nullable(arguments, call->argument_count));
}

/* -------------------------------------------------------------------------------------- kernels */

struct walk {
    struct lt_machine *machine;
    const struct lt_call *call;
    const struct lt_zone *zone;
    enum lt_type_kind kind; /* of the elements */
    int64_t start, stop;
    struct lt_calendar_interval step;
    bool is_by_days; /* dates by months and days: there is no time in it */
};

static enum lt_kernel illegal(struct lt_machine *machine, const struct lt_call *call)
{
    return lt_machine_fault(machine, call, "ILLEGAL_SEQUENCE_BOUNDARIES", "22023",
                            "the step does not lead from the start to the stop");
}

static enum lt_kernel too_long(struct lt_machine *machine, const struct lt_call *call)
{
    return lt_machine_fault(machine, call, "COLLECTION_SIZE_LIMIT_EXCEEDED.PARAMETER", "54000",
                            "the sequence would have too many elements");
}

/* How many elements there are at most; 0: the step leads away from the stop. */
static __int128 estimate(__int128 start, __int128 stop, __int128 step)
{
    if (start == stop)
        return 1;
    if (step == 0 || (step > 0) != (stop > start))
        return 0;
    return (stop - start) / step + 1;
}

static enum lt_kernel numbers(struct lt_machine *machine, const struct lt_call *call,
                              union lt_value *out)
{
    int64_t start = lt_argument(machine, call, 0)->i64, stop = lt_argument(machine, call, 1)->i64;
    int64_t step = start <= stop ? 1 : -1;
    if (call->argument_count == 3)
        step = lt_argument(machine, call, 2)->i64;
    __int128 count = estimate(start, stop, step);
    if (count == 0)
        return illegal(machine, call);
    struct lt_array *to = count > ELEMENTS_MAX ? NULL : lt_machine_array(machine, (uint32_t)count);
    if (to == NULL)
        return too_long(machine, call);
    for (uint32_t i = 0; i < to->count; i++)
        lt_writable_values(to->values)[i].i64 =
            (int64_t)((uint64_t)start + i * (uint64_t)step); /* may pass the ends on its way */
    out->array = to;
    return LT_KERNEL_VALUE;
}

/* The element after `index` steps, and where that is on the way to the stop. */
static bool element(const struct walk *walk, int64_t index, int64_t *out, int64_t *position)
{
    int64_t months, days, us;
    if (__builtin_mul_overflow(walk->step.months, index, &months) ||
        __builtin_mul_overflow(walk->step.days, index, &days) ||
        __builtin_mul_overflow(walk->step.microseconds, index, &us) || months != (int32_t)months ||
        days != (int32_t)days)
        return false;
    const struct lt_calendar_interval steps = {(int32_t)months, (int32_t)days, us};
    if (walk->is_by_days) {
        int32_t date = 0;
        if (!lt_datetime_add_interval_to_date((int32_t)walk->start, &steps, &date))
            return false;
        *out = *position = date;
        return true;
    }
    int64_t start = walk->start, day = 0, us_of_day = 0;
    bool is_date = walk->kind == LT_TYPE_DATE;
    if (is_date && !lt_datetime_of_date(walk->zone, walk->start, &start))
        return false;
    if (!lt_datetime_add_interval(walk->zone, start, &steps, position))
        return false;
    if (is_date)
        lt_datetime_split(walk->zone, *position, &day, &us_of_day);
    *out = is_date ? day : *position;
    return true;
}

/* Fills until the stop is passed. */
static enum lt_kernel walk_to(const struct walk *walk, int64_t stop, __int128 count, bool is_rising,
                              union lt_value *out)
{
    struct lt_array *to =
        count > ELEMENTS_MAX ? NULL : lt_machine_array(walk->machine, (uint32_t)count);
    if (to == NULL)
        return too_long(walk->machine, walk->call);
    uint32_t used = 0;
    for (; used < to->count; used++) {
        int64_t value = 0, position = 0;
        if (!element(walk, used, &value, &position))
            return lt_machine_fault(walk->machine, walk->call, "DATETIME_OVERFLOW", "22008",
                                    "element %u of the sequence is out of range", used);
        if (is_rising ? position > stop : position < stop)
            break;
        lt_writable_values(to->values)[used].i64 = value;
    }
    to->count = used;
    out->array = to;
    return LT_KERNEL_VALUE;
}

/* The step as months, days and the rest. */
static struct lt_calendar_interval step_of(const struct walk *walk)
{
    const struct lt_call *call = walk->call;
    if (call->argument_count < 3)
        return (struct lt_calendar_interval){.days = walk->start <= walk->stop ? 1 : -1};
    const union lt_value *step = lt_argument(walk->machine, call, 2);
    switch (call->argument_types[2]->kind) {
    case LT_TYPE_INTERVAL_YEAR_MONTH:
        return (struct lt_calendar_interval){.months = (int32_t)step->i64};
    case LT_TYPE_INTERVAL_DAY_TIME:
        return (struct lt_calendar_interval){.days = (int32_t)(step->i64 / DAY_US),
                                             .microseconds = step->i64 % DAY_US};
    default:
        return step->interval;
    }
}

static enum lt_kernel times(struct lt_machine *machine, const struct lt_call *call,
                            union lt_value *out)
{
    const struct lt_zone utc = lt_zone_utc();
    struct walk walk = {.machine = machine,
                        .call = call,
                        .zone = &machine->times->zone,
                        .kind = call->type->fields[0].type->kind,
                        .start = lt_argument(machine, call, 0)->i64,
                        .stop = lt_argument(machine, call, 1)->i64};
    if (walk.kind == LT_TYPE_TIMESTAMP_NTZ)
        walk.zone = &utc;
    walk.step = step_of(&walk);
    bool is_date = walk.kind == LT_TYPE_DATE;
    if (is_date && walk.step.months == 0 && walk.step.days == 0)
        return lt_machine_fault(machine, call, "INVALID_PARAMETER_VALUE.INTERVAL", "22023",
                                "the step of a sequence of dates is less than a day");
    walk.is_by_days = is_date && walk.step.microseconds == 0;
    __int128 step_us = (__int128)walk.step.months * DAYS_OF_MONTH_LEAST * DAY_US +
                       (__int128)walk.step.days * DAY_US + walk.step.microseconds;
    __int128 scale = is_date ? DAY_US : 1;
    __int128 count = estimate(walk.start * scale, walk.stop * scale, step_us);
    if (count == 0)
        return illegal(machine, call);
    int64_t stop = walk.stop;
    if (is_date && !walk.is_by_days && !lt_datetime_of_date(walk.zone, walk.stop, &stop))
        return illegal(machine, call);
    /* Where clocks change, the way to the stop may take one more. */
    return walk_to(&walk, stop, count == 1 && walk.start == walk.stop ? 1 : count + 1, step_us > 0,
                   out);
}

static enum lt_kernel sequence(struct lt_machine *machine, const struct lt_call *call,
                               union lt_value *out)
{
    return lt_type_is_integral(call->type->fields[0].type) ? numbers(machine, call, out)
                                                           : times(machine, call, out);
}

static const struct lt_function functions[] = {
    {"sequence", NULL, "sequence(start, stop[, step])",
     "The numbers, dates or timestamps from start to stop, by a number or an interval, else by one "
     "or by a day.",
     "sequence(DATE'2024-01-31', DATE'2024-03-31', INTERVAL 1 MONTH)",
     "[2024-01-31, 2024-02-29, 2024-03-31]", .is_deterministic = true,
     .signatures = {LT_KERNEL("aa[a]", "A", sequence)}, .infer = infer_sequence},
};

const struct lt_function_group lt_functions_sequence = {"array", functions,
                                                        sizeof functions / sizeof functions[0]};
