/*
 * Windows of time as values: window(time, duration) is the one window that the time lies in, a
 * struct of its start and end. A window that slides by less than its duration would be several for
 * one time, which is not a value, and is refused.
 *
 * Windows begin at multiples of their duration from 1970-01-01 00:00:00 UTC (of the local time for
 * a local timestamp), moved by an offset; they know no calendar.
 */
#include "core/base/clock.h"
#include "core/text/interval_parse.h"
#include "ops/expr/functions_datetime.h"
#include "ops/expr/expr.h"

#define US_PER_DAY (86400LL * LT_US_PER_S)

enum { DURATION = 1, SLIDE = 2, OFFSET = 3, PARTS = 4 };

/* -------------------------------------------------------------------------------------- kernels */

static enum lt_kernel window(struct lt_machine *machine, const struct lt_call *call,
                             union lt_value *out)
{
    int64_t us = lt_argument(machine, call, 0)->i64;
    int64_t duration = lt_argument(machine, call, DURATION)->i64;
    int64_t offset = lt_argument(machine, call, OFFSET)->i64, since, start, end;
    bool fits = !__builtin_sub_overflow(us, offset, &since);
    int64_t rest = fits ? since % duration : 0;
    fits = fits && !__builtin_sub_overflow(us, rest < 0 ? rest + duration : rest, &start) &&
           !__builtin_add_overflow(start, duration, &end);
    if (!fits)
        return lt_datetime_overflow(machine, call);
    struct lt_struct *made = lt_machine_struct(machine, 2);
    if (made == NULL)
        return lt_machine_too_large(machine, call);
    lt_writable_values(made->values)[0] = lt_value_i64(start);
    lt_writable_values(made->values)[1] = lt_value_i64(end);
    out->structure = made;
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
    return times[SLIDE] == times[DURATION]
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

/* Fills in what is not given: a slide like the duration, an offset of 0. */
static int infer_window(struct lt_analyser *analyser, struct lt_expression *call)
{
    const struct lt_type *type = call->arguments[0]->type;
    if (type->kind != LT_TYPE_TIMESTAMP_NTZ) {
        const struct lt_type *timestamp = lt_type_simple(LT_TYPE_TIMESTAMP);
        if (!lt_coerce_is_implicit(&analyser->coerce, type, timestamp))
            return lt_analyser_unexpected(analyser, call, 0, "a TIMESTAMP");
        int code = lt_analyser_cast(analyser, &call->arguments[0], timestamp);
        if (code != LT_OK)
            return code;
    }
    int64_t times[PARTS] = {0};
    for (uint32_t i = DURATION; i < call->argument_count; i++) {
        int code = read_duration(analyser, call, &call->arguments[i], &times[i]);
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
    call->signature = &lt_function_at((size_t)call->index, NULL)->signatures[0];
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

static const struct lt_function functions[] = {
    {"window", NULL, "window(time, duration[, slide[, offset]])",
     "The window of time that the time lies in, as a struct of start and end. Durations are "
     "constant texts ('5 minutes') or microseconds; the slide is that of the duration.",
     "window(TIMESTAMP'2024-01-01 00:07:00', '5 minutes').start", "2024-01-01 00:05:00",
     .is_deterministic = true, .signatures = {LT_KERNEL("aa[aa]", "t", window)},
     .infer = infer_window},
    {"window_time", NULL, "window_time(window)",
     "The last microsecond of a window: what the window is in time.",
     "window_time(window(TIMESTAMP'2024-01-01 00:07:00', '5 minutes'))",
     "2024-01-01 00:09:59.999999", .is_deterministic = true,
     .signatures = {LT_KERNEL("a", "t", window_time)}, .infer = infer_window_time},
};

const struct lt_function_group lt_functions_window = {"window", functions,
                                                      sizeof functions / sizeof functions[0]};
