/*
 * What operators make of dates, timestamps and intervals: Spark's rules, in Spark's order, for each
 * pair of types. An interval is brought to the right; of `date + hours` the date becomes a
 * timestamp, of `text + hours` the text, and then a text again.
 */
#include "ops/expr/arithmetic_time.h"

#include <string.h>

#include "ops/expr/arithmetic_time_kernels.h"
#include "ops/expr/expr.h"

/* -------------------------------------------------------------------------------------- types */

static bool is_timestamp(const struct lt_type *type)
{
    return type->kind == LT_TYPE_TIMESTAMP || type->kind == LT_TYPE_TIMESTAMP_NTZ;
}

static bool is_date(const struct lt_type *type)
{
    return type->kind == LT_TYPE_DATE;
}

static bool is_months(const struct lt_type *type)
{
    return type->kind == LT_TYPE_INTERVAL_YEAR_MONTH;
}

static bool is_day_time(const struct lt_type *type)
{
    return type->kind == LT_TYPE_INTERVAL_DAY_TIME;
}

static bool is_calendar(const struct lt_type *type)
{
    return type->kind == LT_TYPE_INTERVAL_CALENDAR;
}

/* An interval that is added to an instant. */
static bool is_duration(const struct lt_type *type)
{
    return is_day_time(type) || is_calendar(type);
}

static bool is_whole_days(const struct lt_type *type)
{
    return is_day_time(type) && type->interval_end == LT_INTERVAL_DAY;
}

static bool is_void(const struct lt_type *type)
{
    return type->kind == LT_TYPE_VOID;
}

/* ------------------------------------------------------------------------------------- results */

static int conclude(struct lt_analyser *analyser, struct lt_expression *call,
                    enum lt_time_operation operation, const struct lt_type *type)
{
    call->signature = lt_time_signature(operation);
    call->type = type;
    call->nullable = analyser->coerce.session->is_legacy ||
                     lt_any_nullable(call->arguments, call->argument_count);
    return LT_OK;
}

/* Argument `index` as a value of the type that the operation wants; refused if it cannot be. */
static int want(struct lt_analyser *analyser, struct lt_expression *call, uint32_t index,
                const struct lt_type *wanted)
{
    if (!lt_coerce_is_implicit(&analyser->coerce, call->arguments[index]->type, wanted))
        return lt_analyser_unexpected(analyser, call, index, lt_analyser_shown(analyser, wanted));
    return lt_analyser_cast(analyser, &call->arguments[index], wanted);
}

static void swap(struct lt_expression *call)
{
    struct lt_expression *first = call->arguments[0];
    call->arguments[0] = call->arguments[1];
    call->arguments[1] = first;
}

/* -------------------------------------------------------------------- adding to dates and times */

/* A date and days, a date and months: a date. The interval stands on the right. */
static int date_and_interval(struct lt_analyser *analyser, struct lt_expression *call,
                             bool is_minus)
{
    const struct lt_type *interval = call->arguments[1]->type, *date = call->arguments[0]->type;
    enum lt_time_operation operation = is_months(interval)     ? LT_TIME_DATE_PLUS_MONTHS
                                       : is_calendar(interval) ? LT_TIME_DATE_PLUS_CALENDAR
                                                               : LT_TIME_DATE_PLUS_DAYS;
    return conclude(analyser, call, operation + is_minus, date);
}

/* Anything that can be a timestamp, and a duration: of the type that it was. */
static int time_and_duration(struct lt_analyser *analyser, struct lt_expression *call,
                             bool is_minus)
{
    const struct lt_type *type = call->arguments[0]->type;
    const struct lt_type *timestamp = lt_type_simple(LT_TYPE_TIMESTAMP);
    bool is_calendar_interval = is_calendar(call->arguments[1]->type);
    if (!is_timestamp(type)) {
        int code = want(analyser, call, 0, timestamp);
        if (code != LT_OK)
            return code;
    }
    (void)conclude(analyser, call,
                   (is_calendar_interval ? LT_TIME_PLUS_CALENDAR : LT_TIME_PLUS_DAY_TIME) +
                       is_minus,
                   call->arguments[0]->type);
    if (!lt_type_is_text(type))
        return LT_OK;
    struct lt_expression *sum = lt_arena_alloc(analyser->coerce.arena, sizeof *sum);
    *sum = *call;
    *call = *lt_coerce_cast(sum, type, analyser->coerce.arena);
    return LT_OK;
}

static int intervals_together(struct lt_analyser *analyser, struct lt_expression *call,
                              bool is_minus)
{
    const struct lt_type *common = NULL;
    int code = lt_analyser_bring_together(analyser, call, 0, 1, &common);
    if (code != LT_OK)
        return code;
    enum lt_time_operation operation = is_calendar(common) ? LT_TIME_CALENDAR_PLUS
                                       : is_months(common) ? LT_TIME_MONTHS_PLUS
                                                           : LT_TIME_DAY_TIME_PLUS;
    return conclude(analyser, call, operation + is_minus, common);
}

static int date_and_count(struct lt_analyser *analyser, struct lt_expression *call, bool is_minus)
{
    const struct lt_type *count = call->arguments[1]->type;
    bool is_taken = count->kind >= LT_TYPE_TINYINT && count->kind <= LT_TYPE_INT;
    if (!is_taken)
        return lt_analyser_unexpected(analyser, call, 1, "an INT, a SMALLINT or a TINYINT");
    return conclude(analyser, call, LT_TIME_DATE_PLUS_COUNT + is_minus, call->arguments[0]->type);
}

/* What Spark makes of NULL beside a date or a timestamp; of what has no type it still sees the
 * error. */
static int null_of(struct lt_analyser *analyser, struct lt_expression *call,
                   const struct lt_type *type)
{
    for (uint32_t i = 0; i < 2; i++) {
        struct lt_expression *argument = call->arguments[i];
        if (!is_void(argument->type) || argument->kind == LT_EXPR_LITERAL)
            continue;
        *call = *lt_coerce_cast(argument, type, analyser->coerce.arena);
        return LT_OK;
    }
    *call = *lt_expr_null(call, type, analyser->coerce.arena);
    return LT_OK;
}

/* The left side is a date or a timestamp, or may become one; Spark's first rules for + and -. */
static int step(struct lt_analyser *analyser, struct lt_expression *call, bool is_minus)
{
    const struct lt_type *a = call->arguments[0]->type, *b = call->arguments[1]->type;
    if (is_date(a) && (is_whole_days(b) || is_months(b) || is_calendar(b)))
        return date_and_interval(analyser, call, is_minus);
    if (is_timestamp(a) && is_months(b))
        return conclude(analyser, call, LT_TIME_PLUS_MONTHS + is_minus, a);
    bool is_alike = lt_type_is_interval(a) && a->kind == b->kind;
    bool has_null =
        (is_void(a) && lt_type_is_interval(b)) || (is_void(b) && lt_type_is_interval(a));
    if (is_void(a) && is_calendar(b))
        return lt_analyser_fail(analyser, LT_E_ANALYSIS, call,
                                "DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION", "42K09",
                                "NULL beside an INTERVAL has no type; hint: CAST(NULL AS ...)");
    if (is_alike || has_null)
        return intervals_together(analyser, call, is_minus);
    if (is_date(a) && is_day_time(b)) {
        int code =
            lt_analyser_cast(analyser, &call->arguments[0], lt_type_simple(LT_TYPE_TIMESTAMP));
        if (code != LT_OK)
            return code;
    }
    return is_duration(b) ? time_and_duration(analyser, call, is_minus) : LT_INFER_LETTERS;
}

static int refuse_pair(struct lt_analyser *analyser, struct lt_expression *call,
                       const char *condition)
{
    return lt_analyser_fail(analyser, LT_E_ANALYSIS, call, condition, "42K09",
                            "\"%s\" does not take %s and %s", call->name,
                            lt_analyser_shown(analyser, call->arguments[0]->type),
                            lt_analyser_shown(analyser, call->arguments[1]->type));
}

static int infer_plus(struct lt_analyser *analyser, struct lt_expression *call)
{
    int code = step(analyser, call, false);
    if (code != LT_INFER_LETTERS)
        return code;
    const struct lt_type *a = call->arguments[0]->type, *b = call->arguments[1]->type;
    bool is_turned = (lt_type_is_interval(a) && (is_date(b) || is_timestamp(b))) ||
                     is_duration(a) || (is_date(b) && !is_date(a)) ||
                     (is_calendar(a) && is_void(b));
    if (is_turned) {
        swap(call);
        code = step(analyser, call, false);
        if (code != LT_INFER_LETTERS)
            return code;
        a = call->arguments[0]->type;
        b = call->arguments[1]->type;
    }
    if ((is_date(a) || is_timestamp(a)) && is_void(b))
        return null_of(analyser, call, is_date(a) ? lt_type_simple(LT_TYPE_TIMESTAMP) : a);
    if (is_void(a) && is_timestamp(b))
        return null_of(analyser, call, b);
    if (is_date(a))
        return date_and_count(analyser, call, false);
    bool is_promoted =
        !analyser->coerce.session->is_legacy &&
        ((is_timestamp(a) && lt_type_is_text(b)) || (is_timestamp(b) && lt_type_is_text(a)));
    return is_promoted ? refuse_pair(analyser, call, "DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE")
                       : LT_INFER_LETTERS;
}

/* ---------------------------------------------------------------------------------- differences */

/* A date beside a timestamp, a text or NULL is one like it. */
static int timestamps_apart(struct lt_analyser *analyser, struct lt_expression *call)
{
    const struct lt_type *timestamp = lt_type_simple(LT_TYPE_TIMESTAMP);
    const struct lt_type *local = lt_type_simple(LT_TYPE_TIMESTAMP_NTZ);
    bool is_local = false;
    for (uint32_t i = 0; i < 2; i++) {
        if (lt_type_is_text(call->arguments[i]->type) && analyser->coerce.session->is_legacy)
            return lt_analyser_unexpected(analyser, call, i, "a TIMESTAMP");
        is_local = is_local || call->arguments[i]->type->kind == LT_TYPE_TIMESTAMP_NTZ;
    }
    for (uint32_t i = 0; i < 2; i++) {
        int code = want(analyser, call, i, is_local ? local : timestamp);
        if (code != LT_OK)
            return code;
    }
    return conclude(analyser, call, LT_TIME_DIFFERENCE, lt_type_simple(LT_TYPE_INTERVAL_DAY_TIME));
}

static int dates_apart(struct lt_analyser *analyser, struct lt_expression *call)
{
    const struct lt_type *date = lt_type_simple(LT_TYPE_DATE);
    for (uint32_t i = 0; i < 2; i++) {
        int code = want(analyser, call, i, date);
        if (code != LT_OK)
            return code;
    }
    struct lt_type *days = lt_arena_alloc(analyser->coerce.arena, sizeof *days);
    *days = *lt_type_simple(LT_TYPE_INTERVAL_DAY_TIME);
    days->interval_end = LT_INTERVAL_DAY;
    return conclude(analyser, call, LT_TIME_DATE_DIFFERENCE, days);
}

static bool is_in_place_of(const struct lt_expression *node, const struct lt_expression *other)
{
    return node->begin == other->begin && node->end == other->end;
}

/* Was a cast put over a part of it? That has the place of what it casts, or of what it casts for; a
 * NULL that is written there gets the type itself. Recursion is bounded: a tree is as deep as the
 * parser lets it be. */
static bool has_implicit_cast(const struct lt_expression *node, const struct lt_expression *above)
{
    if (node->kind == LT_EXPR_LITERAL)
        return node->is_null && !is_void(node->type);
    bool has = node->kind == LT_EXPR_CAST && (is_in_place_of(node, node->arguments[0]) ||
                                              is_in_place_of(node, above));
    for (uint32_t i = 0; i < node->argument_count && !has; i++)
        has = has_implicit_cast(node->arguments[i], node);
    return has;
}

/* A text whose type Spark knows from the start is a date beside one. One that needs casts for that
 * has them together with the difference, whose texts are numbers by then. */
static bool is_late_text(const struct lt_expression *difference)
{
    const struct lt_expression *text = difference->arguments[0];
    return lt_type_is_text(text->type) && has_implicit_cast(text, difference);
}

static int infer_minus(struct lt_analyser *analyser, struct lt_expression *call)
{
    int code = step(analyser, call, true);
    if (code != LT_INFER_LETTERS)
        return code;
    const struct lt_type *a = call->arguments[0]->type, *b = call->arguments[1]->type;
    if (is_timestamp(a) || is_timestamp(b))
        return timestamps_apart(analyser, call);
    bool is_legacy = analyser->coerce.session->is_legacy;
    if (is_date(b) && is_legacy && is_late_text(call))
        return lt_analyser_unexpected(analyser, call, 0, "a DATE");
    if (is_date(b) || (is_date(a) && ((lt_type_is_text(b) && !is_legacy) || is_void(b))))
        return dates_apart(analyser, call);
    return is_date(a) ? date_and_count(analyser, call, true) : LT_INFER_LETTERS;
}

/* ----------------------------------------------------------------------- products and quotients */

/* The interval stands on the left. Texts are doubles; a calendar interval takes doubles only. */
static int scale(struct lt_analyser *analyser, struct lt_expression *call, bool is_quotient)
{
    const struct lt_type *interval = call->arguments[0]->type, *factor = call->arguments[1]->type;
    const struct lt_type *wanted = factor;
    if (is_calendar(interval) || lt_type_is_text(factor) || is_void(factor) ||
        lt_type_is_fraction(factor))
        wanted = lt_type_simple(LT_TYPE_DOUBLE);
    else if (lt_type_is_integral(factor))
        wanted = lt_type_simple(LT_TYPE_BIGINT);
    if (!lt_type_is_numeric(factor) && !lt_type_is_text(factor) && !is_void(factor))
        return lt_analyser_unexpected(analyser, call, 1, "a number");
    int code = lt_analyser_cast(analyser, &call->arguments[1], wanted);
    if (code != LT_OK)
        return code;
    enum lt_time_operation operation = is_calendar(interval) ? LT_TIME_CALENDAR_TIMES
                                       : is_months(interval) ? LT_TIME_MONTHS_TIMES
                                                             : LT_TIME_DAY_TIME_TIMES;
    (void)conclude(analyser, call, operation + is_quotient, lt_type_simple(interval->kind));
    call->nullable = call->nullable || is_calendar(interval);
    return LT_OK;
}

static int infer_times(struct lt_analyser *analyser, struct lt_expression *call)
{
    bool is_left = lt_type_is_interval(call->arguments[0]->type);
    if (!is_left && !lt_type_is_interval(call->arguments[1]->type))
        return LT_INFER_LETTERS;
    if (!is_left || is_calendar(call->arguments[1]->type))
        swap(call);
    return scale(analyser, call, false);
}

/* How often one interval goes into another of its kind. */
static int infer_whole(struct lt_analyser *analyser, struct lt_expression *call)
{
    for (uint32_t i = 0; i < 2; i++) {
        const struct lt_type *other = call->arguments[1 - i]->type;
        if (is_void(call->arguments[i]->type) && (is_months(other) || is_day_time(other))) {
            int code = lt_analyser_cast(analyser, &call->arguments[i], other);
            if (code != LT_OK)
                return code;
        }
    }
    const struct lt_type *a = call->arguments[0]->type, *b = call->arguments[1]->type;
    if (a->kind != b->kind || !(is_months(a) || is_day_time(a)))
        return LT_INFER_LETTERS;
    (void)conclude(analyser, call, LT_TIME_HOW_OFTEN, lt_type_simple(LT_TYPE_BIGINT));
    call->nullable = true;
    return LT_OK;
}

int lt_infer_time_arithmetic(struct lt_analyser *analyser, struct lt_expression *call,
                             const char *op)
{
    for (uint32_t i = 0; i < 2; i++) {
        if (lt_coerce_is_open(call->arguments[i]))
            return LT_INFER_LETTERS;
    }
    switch (op[0]) {
    case '+':
        return infer_plus(analyser, call);
    case '-':
        return infer_minus(analyser, call);
    case '*':
        return infer_times(analyser, call);
    case '/':
        return lt_type_is_interval(call->arguments[0]->type) ? scale(analyser, call, true)
                                                             : LT_INFER_LETTERS;
    default:
        return strcmp(op, "div") == 0 ? infer_whole(analyser, call) : LT_INFER_LETTERS;
    }
}

int lt_infer_interval_sign(struct lt_analyser *analyser, struct lt_expression *call, const char *op)
{
    const struct lt_type *type = call->arguments[0]->type;
    bool is_sign = strcmp(op, "sign") == 0, is_absolute = strcmp(op, "abs") == 0;
    bool is_kept = strcmp(op, "positive") == 0, is_negated = strcmp(op, "negative") == 0;
    bool is_taken = is_kept || is_negated || (!is_calendar(type) && (is_sign || is_absolute));
    if (!lt_type_is_interval(type) || !is_taken)
        return LT_INFER_LETTERS;
    if (is_kept)
        return conclude(analyser, call, LT_TIME_KEEP, type);
    if (is_sign)
        return conclude(analyser, call, LT_TIME_SIGN, lt_type_simple(LT_TYPE_DOUBLE));
    enum lt_time_operation operation = is_calendar(type) ? LT_TIME_CALENDAR_NEGATIVE
                                       : is_absolute     ? LT_TIME_ABSOLUTE
                                                         : LT_TIME_NEGATIVE;
    return conclude(analyser, call, operation, type);
}
