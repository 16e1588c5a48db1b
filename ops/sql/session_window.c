/*
 * session_window(time, gap). One row's window is [time, time + gap); an operator merges those that
 * meet. A constant gap is a text of units; one with months, which are not all of one length, and
 * any other is cast to an interval for each row, and a row whose gap is not above 0, or NULL, is in
 * no session.
 */
#include <string.h>

#include "core/base/clock.h"
#include "core/text/interval_parse.h"
#include "ops/sql/find.h"
#include "ops/sql/lower.h"

#define US_PER_DAY (86400LL * LT_US_PER_S)

static struct lt_expression *make_node(const struct lt_expression *at, enum lt_expression_kind kind,
                                       const char *name, uint32_t count, struct lt_arena *arena)
{
    struct lt_expression *node = lt_arena_alloc(arena, sizeof *node);
    *node = (struct lt_expression){.kind = kind,
                                   .begin = at->begin,
                                   .end = at->end,
                                   .name = name,
                                   .argument_count = count,
                                   .index = -1};
    node->arguments = lt_arena_alloc(arena, (count + 1) * sizeof *node->arguments);
    return node;
}

static struct lt_expression *make_call(const struct lt_expression *at, const char *name,
                                       struct lt_expression *a, struct lt_expression *b,
                                       struct lt_arena *arena)
{
    struct lt_expression *node = make_node(at, LT_EXPR_CALL, name, b == NULL ? 1 : 2, arena);
    node->arguments[0] = a;
    if (b != NULL)
        node->arguments[1] = b;
    return node;
}

static struct lt_expression *make_text(const struct lt_expression *at, const char *text,
                                       struct lt_arena *arena)
{
    struct lt_expression *node = make_node(at, LT_EXPR_LITERAL, NULL, 0, arena);
    node->type = lt_type_simple(LT_TYPE_STRING);
    node->value = lt_value_text(text);
    return node;
}

static int refuse_gap(struct lt_sql_analysis *analysis, const struct lt_expression *gap,
                      const char *text, const char *why)
{
    struct lt_expr_place place = {text, gap->begin, gap->end};
    return lt_expr_error(analysis->error, LT_E_ANALYSIS, "CANNOT_PARSE_INTERVAL", "22006", place,
                         "Unable to parse '%.*s'. Please ensure that the value provided is in a "
                         "valid format for defining an interval; hint: %s",
                         (int)gap->value.bytes.size_bytes, (const char *)gap->value.bytes.data,
                         why);
}

/* A text, for each row. */
static struct lt_expression *cast_gap(const struct lt_expression *gap, struct lt_arena *arena)
{
    struct lt_expression *cast = make_node(gap, LT_EXPR_CAST, NULL, 1, arena);
    cast->arguments[0] = lt_sql_copy_tree(gap, arena);
    cast->type = lt_type_simple(LT_TYPE_INTERVAL_CALENDAR);
    return cast;
}

/* A text of units becomes a day-time interval, where it has no months. */
static int constant_gap(struct lt_sql_analysis *analysis, const struct lt_expression *gap,
                        const char *text, struct lt_expression **out)
{
    struct lt_calendar_interval interval;
    const struct lt_bytes *bytes = &gap->value.bytes;
    int64_t us;
    if (lt_interval_parse_units(bytes->data, bytes->size_bytes, &interval) != LT_INTERVAL_PARSED)
        return refuse_gap(analysis, gap, text, "write '5 minutes'");
    if (interval.months != 0) {
        *out = cast_gap(gap, analysis->env->arena);
        return LT_OK;
    }
    if (__builtin_mul_overflow((int64_t)interval.days, (int64_t)US_PER_DAY, &us) ||
        __builtin_add_overflow(us, interval.microseconds, &us))
        return refuse_gap(analysis, gap, text, "the interval is too long");
    *out = make_node(gap, LT_EXPR_LITERAL, NULL, 0, analysis->env->arena);
    (*out)->type = lt_type_simple(LT_TYPE_INTERVAL_DAY_TIME);
    (*out)->value = lt_value_i64(us);
    return LT_OK;
}

/* time + gap, or time > end: with copies of what stands in both, since analysis changes trees. */
int lt_sql_session_window(struct lt_sql_analysis *analysis, const struct lt_expression *call,
                          const char *text, const struct lt_type *schema,
                          struct lt_expression **window, struct lt_expression **condition)
{
    struct lt_arena *arena = analysis->env->arena;
    const struct lt_expression *time = call->arguments[0], *gap = call->arguments[1];
    struct lt_expression *interval = lt_sql_copy_tree(gap, arena);
    int code = lt_expr_analyse(&interval, text, schema, analysis->env->session, arena,
                               analysis->error);
    if (code != LT_OK)
        return code;
    bool is_constant = interval->kind == LT_EXPR_LITERAL && !interval->is_null &&
                       lt_type_is_text(interval->type);
    if (is_constant) {
        code = constant_gap(analysis, interval, text, &interval);
        if (code != LT_OK)
            return code;
    } else if (lt_type_is_text(interval->type)) {
        interval = cast_gap(gap, arena);
    } else {
        interval = lt_sql_copy_tree(gap, arena);
    }
    struct lt_expression *end =
        make_call(call, "+", lt_sql_copy_tree(time, arena), interval, arena);
    *condition = make_call(call, "<", lt_sql_copy_tree(time, arena), lt_sql_copy_tree(end, arena),
                           arena); /* neither is NULL then */
    *window = make_node(call, LT_EXPR_CALL, "named_struct", 4, arena);
    (*window)->arguments[0] = make_text(call, "start", arena);
    (*window)->arguments[1] = lt_sql_copy_tree(time, arena);
    (*window)->arguments[2] = make_text(call, "end", arena);
    (*window)->arguments[3] = end;
    return LT_OK;
}
