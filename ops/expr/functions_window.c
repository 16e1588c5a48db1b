/*
 * Windows of time: window(time, duration) is the one window that the time lies in, a struct of its
 * start and end. Where windows slide by less than their duration the time lies in several, which
 * is no value: an operator makes rows of them (ops/time_windows.h), and elsewhere they are refused.
 *
 * Windows begin at multiples of their duration from 1970-01-01 00:00:00 UTC (of the local time for
 * a local timestamp), moved by an offset; they know no calendar.
 */
#include <string.h>

#include "core/base/clock.h"
#include "core/text/interval_parse.h"
#include "ops/expr/functions_datetime.h"
#include "ops/expr/expr.h"
#include "ops/expr/faults.h"
#include "ops/expr/window.h"

#define US_PER_DAY (86400LL * LT_US_PER_S)

enum { DURATION = 1, SLIDE = 2, OFFSET = 3, PARTS = 4 };
enum { ONE, ALL };              /* the signatures of window */
enum { WINDOWS_MAX = 1 << 24 }; /* of one time: more fit into no row's memory */

/* -------------------------------------------------------------------------------------- kernels */

static struct lt_struct *make_window(struct lt_machine *machine, int64_t start, int64_t end)
{
    struct lt_struct *made = lt_machine_struct(machine, 2);
    if (made == NULL)
        return NULL;
    lt_writable_values(made->values)[0] = lt_value_i64(start);
    lt_writable_values(made->values)[1] = lt_value_i64(end);
    return made;
}

static const char overflow[] = "long overflow";

/* The last window that has begun by the time of the call. NULL, or if it is beyond all times the
 * function that would give NULL instead. */
static const char *last_window(struct lt_machine *machine, const struct lt_call *call,
                               int64_t *start, int64_t *end)
{
    int64_t us = lt_argument(machine, call, 0)->i64;
    int64_t slide = lt_argument(machine, call, SLIDE)->i64, since;
    if (__builtin_sub_overflow(us, lt_argument(machine, call, OFFSET)->i64, &since))
        return "try_subtract";
    int64_t rest = since % slide;
    if (__builtin_sub_overflow(us, rest < 0 ? rest + slide : rest, start))
        return "try_subtract";
    return __builtin_add_overflow(*start, lt_argument(machine, call, DURATION)->i64, end)
               ? "try_add"
               : NULL;
}

static enum lt_kernel window(struct lt_machine *machine, const struct lt_call *call,
                             union lt_value *out)
{
    int64_t start, end;
    const char *missing = last_window(machine, call, &start, &end);
    if (missing != NULL)
        return lt_fault_overflow(machine, call, overflow, missing);
    out->structure = make_window(machine, start, end);
    return out->structure == NULL ? lt_machine_too_large(machine, call) : LT_KERNEL_VALUE;
}

/* All windows that the time lies in, the last first. */
static enum lt_kernel windows(struct lt_machine *machine, const struct lt_call *call,
                              union lt_value *out)
{
    int64_t us = lt_argument(machine, call, 0)->i64, start, end;
    int64_t slide = lt_argument(machine, call, SLIDE)->i64;
    const char *missing = last_window(machine, call, &start, &end);
    if (missing != NULL)
        return lt_fault_overflow(machine, call, overflow, missing);
    int64_t count = end > us ? (end - us - 1) / slide + 1 : 0, reach;
    if (__builtin_mul_overflow(count - 1, slide, &reach) ||
        __builtin_sub_overflow(start, reach, &reach))
        return lt_fault_overflow(machine, call, overflow, "try_subtract");
    struct lt_array *made = count > WINDOWS_MAX ? NULL : lt_machine_array(machine, (uint32_t)count);
    if (made == NULL)
        return lt_machine_too_large(machine, call);
    for (int64_t i = 0; i < count; i++) {
        union lt_value *value = &lt_writable_values(made->values)[i];
        value->structure = make_window(machine, start - i * slide, end - i * slide);
        if (value->structure == NULL)
            return lt_machine_too_large(machine, call);
    }
    out->array = made;
    return LT_KERNEL_VALUE;
}

/* The last microsecond of the window. */
static enum lt_kernel window_time(struct lt_machine *machine, const struct lt_call *call,
                                  union lt_value *out)
{
    const struct lt_struct *made = lt_argument(machine, call, 0)->structure;
    if (lt_bit(made->nulls, 1))
        return LT_KERNEL_NULL;
    return __builtin_sub_overflow(made->values[1].i64, (int64_t)1, &out->i64)
               ? lt_datetime_overflow(machine, call)
               : LT_KERNEL_VALUE;
}

/* ------------------------------------------------------------------------------------- analysis */

static struct lt_expression *make_us(struct lt_analyser *analyser, const struct lt_expression *at,
                                     int64_t us)
{
    struct lt_expression *literal = lt_arena_alloc(analyser->coerce.arena, sizeof *literal);
    *literal = (struct lt_expression){.kind = LT_EXPR_LITERAL,
                                      .begin = at->begin,
                                      .end = at->end,
                                      .type = lt_type_simple(LT_TYPE_BIGINT),
                                      .index = -1};
    literal->value = lt_value_i64(us);
    return literal;
}

static int refuse_duration(struct lt_analyser *analyser, const struct lt_expression *node,
                           const char *why)
{
    return lt_analyser_fail(analyser, LT_E_ANALYSIS, node, "CANNOT_PARSE_INTERVAL", "22006",
                            "%s; hint: write '5 minutes'", why);
}

/* A constant: a text of units, or microseconds. */
static int read_duration(struct lt_analyser *analyser, const struct lt_expression *call,
                         struct lt_expression **node, int64_t *us)
{
    lt_fold(node, analyser->text, analyser->coerce.session, analyser->coerce.arena);
    const struct lt_type *type = (*node)->type;
    bool is_text = lt_type_is_text(type);
    bool is_count = type->kind == LT_TYPE_INT || type->kind == LT_TYPE_BIGINT;
    if ((*node)->kind != LT_EXPR_LITERAL || (*node)->is_null || (!is_text && !is_count))
        return lt_analyser_fail(analyser, LT_E_ANALYSIS, *node, "_LEGACY_ERROR_TEMP_1207", "",
                                "The duration and time inputs to window must be an integer, long "
                                "or string literal.");
    *us = (*node)->value.i64;
    if (is_text) {
        struct lt_calendar_interval interval;
        const struct lt_bytes *text = &(*node)->value.bytes;
        if (lt_interval_parse_units(text->data, text->size_bytes, &interval) != LT_INTERVAL_PARSED)
            return lt_analyser_fail(
                analyser, LT_E_ANALYSIS, call, "CANNOT_PARSE_INTERVAL", "22006",
                "Unable to parse '%.*s'. Please ensure that the value provided is in a valid "
                "format for defining an interval. You can reference the documentation for the "
                "correct format. If the issue persists, please double check that the input value "
                "is not null or empty and try again.",
                (int)text->size_bytes, (const char *)text->data);
        if (interval.months != 0)
            return lt_analyser_fail(analyser, LT_E_ANALYSIS, call, "_LEGACY_ERROR_TEMP_3231", "",
                                    "Intervals greater than a month is not supported (%.*s).",
                                    (int)text->size_bytes, (const char *)text->data);
        if (__builtin_mul_overflow((int64_t)interval.days, (int64_t)US_PER_DAY, us) ||
            __builtin_add_overflow(*us, interval.microseconds, us))
            return refuse_duration(analyser, *node, "the interval is too long");
    }
    *node = make_us(analyser, *node, *us);
    return LT_OK;
}

/* As Spark prints the call: with all its times, in microseconds. */
static const char *shown(struct lt_analyser *analyser, const struct lt_expression *call,
                         const int64_t times[PARTS])
{
    struct lt_arena *arena = analyser->coerce.arena;
    return lt_arena_format(arena, "window(%s, %lld, %lld, %lld)",
                           lt_expr_text(call->arguments[0], arena), (long long)times[DURATION],
                           (long long)times[SLIDE], (long long)times[OFFSET]);
}

static int check_range(struct lt_analyser *analyser, const struct lt_expression *node,
                       const int64_t times[PARTS], int64_t us, const char *what)
{
    if (us > 0)
        return LT_OK;
    return lt_analyser_fail(analyser, LT_E_ANALYSIS, node, "DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE",
                            "42K09",
                            "Cannot resolve \"%s\" due to data type mismatch: The `%s_duration` "
                            "must be between (0, 9223372036854775807] (current value = %lldL).",
                            shown(analyser, node, times), what, (long long)us);
}

static int check_times(struct lt_analyser *analyser, const struct lt_expression *call,
                       const int64_t times[PARTS])
{
    int code = check_range(analyser, call, times, times[DURATION], "window");
    if (code == LT_OK)
        code = check_range(analyser, call, times, times[SLIDE], "slide");
    if (code != LT_OK)
        return code;
    bool is_wide = times[SLIDE] > times[DURATION];
    int64_t start = times[OFFSET] < 0 ? -times[OFFSET] : times[OFFSET];
    if (is_wide || start >= times[SLIDE])
        return lt_analyser_fail(
            analyser, LT_E_ANALYSIS, call, "DATATYPE_MISMATCH.PARAMETER_CONSTRAINT_VIOLATION",
            "42K09",
            "Cannot resolve \"%s\" due to data type mismatch: The `%s`(%lldL) must be %s the "
            "`%s`(%lldL).",
            shown(analyser, call, times), is_wide ? "slide_duration" : "abs(start_time)",
            (long long)(is_wide ? times[SLIDE] : start), is_wide ? "<=" : "<",
            is_wide ? "window_duration" : "slide_duration",
            (long long)(is_wide ? times[DURATION] : times[SLIDE]));
    return times[SLIDE] == times[DURATION] || analyser->may_give_rows
               ? LT_OK
               : lt_analyser_fail(analyser, LT_E_UNSUPPORTED, call, "_LEGACY_ERROR_TEMP_3102", "",
                                  "Continuous processing does not support Expand operations.");
}

static const struct lt_type *window_type(struct lt_analyser *analyser, const struct lt_type *type)
{
    const struct lt_field fields[] = {{.name = "start", .type = type, .nullable = true},
                                      {.name = "end", .type = type, .nullable = true}};
    return lt_type_struct(analyser->coerce.arena, fields, 2);
}

static bool is_window_type(const struct lt_type *type)
{
    return type->kind == LT_TYPE_STRUCT && type->field_count == 2 &&
           strcmp(type->fields[0].name, "start") == 0 && strcmp(type->fields[1].name, "end") == 0 &&
           (type->fields[0].type->kind == LT_TYPE_TIMESTAMP ||
            type->fields[0].type->kind == LT_TYPE_TIMESTAMP_NTZ) &&
           type->fields[0].type->kind == type->fields[1].type->kind;
}

/* The time is a timestamp, or what is cast to one; a window stands for its window_time. */
static int bring_time(struct lt_analyser *analyser, struct lt_expression *call)
{
    const struct lt_type *type = call->arguments[0]->type;
    if (is_window_type(type)) {
        call->arguments[0] =
            lt_analyser_call(analyser, call->arguments[0], "window_time", call->arguments[0], NULL);
        return lt_analyse(analyser, call->arguments[0]);
    }
    if (type->kind != LT_TYPE_TIMESTAMP_NTZ) {
        const struct lt_type *timestamp = lt_type_simple(LT_TYPE_TIMESTAMP);
        if (!lt_coerce_is_implicit(&analyser->coerce, type, timestamp))
            return lt_analyser_unexpected(analyser, call, 0, "a TIMESTAMP");
        return lt_analyser_cast(analyser, &call->arguments[0], timestamp);
    }
    return LT_OK;
}

/* Fills in what is not given: a slide like the duration, an offset of 0. */
static int infer_window(struct lt_analyser *analyser, struct lt_expression *call)
{
    int code = bring_time(analyser, call);
    if (code != LT_OK)
        return code;
    int64_t times[PARTS] = {0};
    for (uint32_t i = DURATION; i < call->argument_count; i++) {
        code = read_duration(analyser, call, &call->arguments[i], &times[i]);
        if (code != LT_OK)
            return code;
    }
    struct lt_expression **arguments =
        lt_arena_alloc(analyser->coerce.arena, PARTS * sizeof *arguments);
    for (uint32_t i = 0; i < PARTS; i++) {
        bool is_given = i < call->argument_count;
        if (!is_given && i == SLIDE)
            times[i] = times[DURATION];
        arguments[i] = is_given ? call->arguments[i] : make_us(analyser, call, times[i]);
    }
    call->arguments = arguments;
    call->argument_count = PARTS;
    call->signature = &lt_function_at((size_t)call->index, NULL)->signatures[ONE];
    call->type = window_type(analyser, call->arguments[0]->type);
    call->nullable = call->arguments[0]->nullable;
    return check_times(analyser, call, times);
}

static int infer_window_time(struct lt_analyser *analyser, struct lt_expression *call)
{
    const struct lt_type *type = call->arguments[0]->type;
    const struct lt_type *end =
        type->kind == LT_TYPE_STRUCT && type->field_count == 2 ? type->fields[1].type : NULL;
    bool is_time =
        end != NULL && (end->kind == LT_TYPE_TIMESTAMP || end->kind == LT_TYPE_TIMESTAMP_NTZ);
    if (!is_time)
        return lt_analyser_unexpected(analyser, call, 0, "a window");
    call->signature = &lt_function_at((size_t)call->index, NULL)->signatures[0];
    call->type = end;
    call->nullable = call->arguments[0]->nullable;
    return LT_OK;
}

/* ------------------------------------------------------------------------------- analysed trees */

bool lt_window_is_call(const struct lt_expression *node)
{
    return node->kind == LT_EXPR_CALL && node->type != NULL &&
           lt_function_at((size_t)node->index, NULL)->makes_rows;
}

bool lt_window_slides(const struct lt_expression *call)
{
    return call->arguments[SLIDE]->value.i64 < call->arguments[DURATION]->value.i64;
}

struct lt_expression *lt_window_all(const struct lt_expression *call, struct lt_arena *arena)
{
    struct lt_expression *all = lt_arena_alloc(arena, sizeof *all);
    *all = *call;
    all->type = lt_type_array(arena, call->type, false);
    all->nullable = call->arguments[0]->nullable;
    all->signature = &lt_function_at((size_t)call->index, NULL)->signatures[ALL];
    return all;
}

static const struct lt_function functions[] = {
    {"window", NULL, "window(time, duration[, slide[, offset]])",
     "The window of time that the time lies in, as a struct of start and end. Durations are "
     "constant texts ('5 minutes') or microseconds; the slide is that of the duration. A record "
     "without a time is left out, one that lies in several windows becomes several.",
     "window(TIMESTAMP'2024-01-01 00:07:00', '5 minutes').start", "2024-01-01 00:05:00",
     .is_deterministic = true,
     .signatures =
         {[ONE] = LT_KERNEL("aa[aa]", "t", window), [ALL] = LT_KERNEL("aa[aa]", "A", windows)},
     .infer = infer_window, .makes_rows = true},
    {"window_time", NULL, "window_time(window)",
     "The last microsecond of a window: what the window is in time.",
     "window_time(window(TIMESTAMP'2024-01-01 00:07:00', '5 minutes'))",
     "2024-01-01 00:09:59.999999", .is_deterministic = true,
     .signatures = {LT_KERNEL("a", "t", window_time)}, .infer = infer_window_time},
};

const struct lt_function_group lt_functions_window = {"window", functions,
                                                      sizeof functions / sizeof functions[0]};
