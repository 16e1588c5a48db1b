/*
 * The parts behind the brackets are taken off first; then the call is resolved as any other, by its
 * row's `infer` or its letters; then its arguments are dealt out: values of rows, and constants.
 */
#include "ops/aggregate/calls.h"

#include <string.h>

#include "ops/aggregate/infer.h"
#include "ops/aggregate/kind.h"
#include "ops/expr/expr.h"

static const struct lt_function *function_of(const char *name)
{
    int32_t index = lt_function_find(name);
    const struct lt_function *function = index < 0 ? NULL : lt_function_at((size_t)index, NULL);
    return function != NULL && function->flow == LT_FLOW_AGGREGATE ? function : NULL;
}

bool lt_aggregate_is_name(const char *name)
{
    return function_of(name) != NULL;
}

const struct lt_expression *lt_aggregate_base(const struct lt_expression *node)
{
    bool is_call = node->kind == LT_EXPR_CALL && node->type == NULL;
    return is_call && lt_aggregate_is_name(node->name) ? node : NULL;
}

/* ---------------------------------------------------------------------------------------- parts */

struct parts {
    const struct lt_expression *filter, *ignores_nulls, *group;
};

/* Takes the parts off the call, and DISTINCT off its arguments. */
static void take_parts(struct lt_expression *call, struct parts *parts,
                       struct lt_aggregate_call *out)
{
    while (call->argument_count > 0 && lt_expr_is_part(call->arguments[call->argument_count - 1])) {
        const struct lt_expression *part = call->arguments[--call->argument_count];
        if (strcmp(part->name, LT_EXPR_FILTER) == 0)
            parts->filter = part;
        else if (strcmp(part->name, LT_EXPR_IGNORE_NULLS) == 0)
            parts->ignores_nulls = part;
        else
            parts->group = part;
    }
    for (uint32_t i = 0; i < call->argument_count; i++) {
        struct lt_expression *argument = call->arguments[i];
        if (argument->kind != LT_EXPR_CALL || strcmp(argument->name, "distinct") != 0)
            continue;
        out->is_distinct = true;
        call->arguments[i] = argument->arguments[0];
    }
}

static int take_filter(struct lt_analyser *analyser, const struct parts *parts,
                       struct lt_aggregate_call *out)
{
    if (parts->filter == NULL)
        return LT_OK;
    out->filter = parts->filter->arguments[0];
    if (out->filter->type->kind == LT_TYPE_BOOLEAN)
        return LT_OK;
    return lt_analyser_fail(analyser, LT_E_ANALYSIS, out->filter,
                            "INVALID_AGGREGATE_FILTER.NOT_BOOLEAN", "42903",
                            "The FILTER expression \"%s\" in an aggregate function is invalid. "
                            "FILTER expression is not of type boolean, but \"%s\".",
                            lt_expr_resolved_text(out->filter, analyser->coerce.arena),
                            lt_analyser_shown(analyser, out->filter->type));
}

static int refuse_group(struct lt_analyser *analyser, const struct lt_expression *call,
                        const char *condition, const char *what)
{
    return lt_analyser_fail(analyser, LT_E_ANALYSIS, call, condition, "42K0K",
                            "Invalid function `%s` with WITHIN GROUP. %s", call->name, what);
}

static int refuse_no_group(struct lt_analyser *analyser, const struct lt_expression *call)
{
    return refuse_group(analyser, call, "INVALID_WITHIN_GROUP_EXPRESSION.WITHIN_GROUP_MISSING",
                        "WITHIN GROUP is required for inverse distribution function.");
}

/* Does the function get what it aggregates from WITHIN GROUP alone? */
static bool is_inverse(const struct lt_function *function)
{
    return function->aggregate == &lt_aggregate_percentile_cont ||
           function->aggregate == &lt_aggregate_percentile_disc;
}

static int check_group(struct lt_analyser *analyser, const struct lt_function *function,
                       const struct lt_expression *call, const struct parts *parts)
{
    bool is_inner = parts->group != NULL && function->aggregate == &lt_aggregate_mode;
    uint32_t orders = parts->group == NULL ? 0 : parts->group->argument_count / 2;
    if (parts->group == NULL && is_inverse(function))
        return refuse_no_group(analyser, call);
    if (parts->group != NULL && !function->aggregate->has_order)
        return lt_analyser_fail(analyser, LT_E_ANALYSIS, call, "INVALID_SQL_SYNTAX", "42000",
                                "the function `%s` does not support WITHIN GROUP (ORDER BY ...)",
                                call->name);
    if ((is_inner || is_inverse(function)) && orders != 1)
        return refuse_group(
            analyser, call, "INVALID_WITHIN_GROUP_EXPRESSION.WRONG_NUM_ORDERINGS",
            lt_arena_format(analyser->coerce.arena,
                            "WITHIN GROUP requires 1 orderings in WITHIN GROUP but got %u.",
                            orders));
    if (parts->ignores_nulls != NULL && !function->aggregate->has_first)
        return lt_analyser_fail(analyser, LT_E_ANALYSIS, call, "INVALID_SQL_FUNCTION_OR_OPERATION",
                                "42000", "the function `%s` does not support IGNORE NULLS",
                                call->name);
    return LT_OK;
}

/* mode() and percentile_cont(p) aggregate what they are ordered by: it becomes their first
 * argument. */
static void move_ordered(struct lt_analyser *analyser, const struct lt_function *function,
                         struct lt_expression *call, const struct parts *parts)
{
    bool is_mode = function->aggregate == &lt_aggregate_mode && call->argument_count == 0;
    if (parts->group == NULL || (!is_inverse(function) && !is_mode))
        return;
    uint32_t count = call->argument_count + 1;
    struct lt_expression **arguments =
        lt_arena_alloc(analyser->coerce.arena, count * sizeof *arguments);
    arguments[0] = parts->group->arguments[0];
    for (uint32_t i = 1; i < count; i++)
        arguments[i] = call->arguments[i - 1];
    call->arguments = arguments;
    call->argument_count = count;
}

/* ----------------------------------------------------------------------------------- resolution */

static int refuse_count(struct lt_analyser *analyser, const struct lt_function *function,
                        const struct lt_expression *call)
{
    if (function->aggregate == &lt_aggregate_count)
        return lt_analyser_fail(
            analyser, LT_E_ANALYSIS, call, "WRONG_NUM_ARGS.WITH_SUGGESTION", "42605",
            "The `count` requires  >= 1 parameters but the actual number is 0. If you have to call "
            "this function with 0 parameters, set the legacy configuration "
            "\"spark.sql.legacy.allowParameterlessCount\" to \"true\".");
    return lt_analyser_refuse_count(analyser, function, call);
}

int lt_aggregate_check_count(const struct lt_expression *call, const char *text,
                             struct lt_arena *arena, struct lt_error *error)
{
    const struct lt_function *function = function_of(call->name);
    struct lt_analyser analyser = {.text = text, .coerce = {NULL, arena}, .error = error};
    struct lt_expression written = *call; /* without the parts, and with what they bring */
    bool has_group = false;
    uint32_t fewest, most;
    lt_assert(function != NULL);
    while (written.argument_count > 0 &&
           lt_expr_is_part(call->arguments[written.argument_count - 1])) {
        const char *name = call->arguments[--written.argument_count]->name;
        has_group = has_group || strcmp(name, LT_EXPR_WITHIN_GROUP) == 0;
    }
    bool is_mode = function->aggregate == &lt_aggregate_mode && written.argument_count == 0;
    if (is_mode && !has_group)
        return refuse_no_group(&analyser, call);
    if (is_inverse(function) || (is_mode && has_group))
        written.argument_count++;
    lt_function_arity(function, &fewest, &most);
    bool is_taken = written.argument_count >= fewest && written.argument_count <= most;
    return is_taken ? LT_OK : refuse_count(&analyser, function, &written);
}

static bool is_star(const struct lt_expression *call)
{
    return call->argument_count == 1 && call->arguments[0]->kind == LT_EXPR_STAR;
}

static int resolve(struct lt_analyser *analyser, const struct lt_function *function,
                   struct lt_expression *call, const struct parts *parts)
{
    int code = check_group(analyser, function, call, parts);
    if (code != LT_OK)
        return code;
    move_ordered(analyser, function, call, parts);
    if (function->aggregate == &lt_aggregate_count && is_star(call)) {
        call->argument_count = 0;
        call->index = lt_function_find(call->name);
        return lt_aggregate_finish(call, lt_type_simple(LT_TYPE_BIGINT), false);
    }
    for (uint32_t i = 0; i < call->argument_count; i++) {
        if (call->arguments[i]->kind == LT_EXPR_STAR)
            return lt_analyser_refuse_star(analyser, call->arguments[i]);
    }
    return lt_resolve_aggregate(analyser, call);
}

/* -------------------------------------------------------------------------------------- dealing */

static void push(struct lt_expression **list, uint32_t *count, struct lt_expression *item)
{
    list[(*count)++] = item;
}

/* A count looks only at what may be NULL. */
static bool is_looked_at(const struct lt_function *function, const struct lt_expression *input)
{
    return function->aggregate != &lt_aggregate_count || input->nullable ||
           input->type->kind == LT_TYPE_VOID;
}

static bool is_input(const struct lt_function *function, uint32_t index)
{
    if (is_inverse(function))
        return index == 0;
    bool is_frequency = function->aggregate == &lt_aggregate_percentile && index == 2;
    return index < function->aggregate->inputs || is_frequency;
}

/* How WITHIN GROUP orders, behind the constants: of listagg with what it orders by as inputs, and
 * the separator in front even where there is none. */
static void deal_orders(struct lt_analyser *analyser, const struct lt_function *function,
                        const struct parts *parts, struct lt_aggregate_call *out)
{
    bool is_list = function->aggregate == &lt_aggregate_listagg;
    if (is_list && out->parameter_count == 0) {
        struct lt_expression *none = lt_arena_alloc(analyser->coerce.arena, sizeof *none);
        *none = (struct lt_expression){.kind = LT_EXPR_LITERAL,
                                       .type = out->type,
                                       .nullable = true,
                                       .is_null = true,
                                       .index = -1};
        push(out->parameters, &out->parameter_count, none);
    }
    for (uint32_t i = 0; parts->group != NULL && i + 1 < parts->group->argument_count; i += 2) {
        if (is_list)
            push(out->inputs, &out->input_count, parts->group->arguments[i]);
        push(out->parameters, &out->parameter_count, parts->group->arguments[i + 1]);
    }
}

static int deal(struct lt_analyser *analyser, const struct lt_function *function,
                const struct lt_expression *call, const struct parts *parts,
                struct lt_aggregate_call *out)
{
    uint32_t most =
        call->argument_count + 1 + (parts->group == NULL ? 0 : parts->group->argument_count);
    out->inputs = lt_arena_alloc(analyser->coerce.arena, most * sizeof *out->inputs);
    out->parameters = lt_arena_alloc(analyser->coerce.arena, most * sizeof *out->parameters);
    out->ignores_nulls = parts->ignores_nulls != NULL;
    for (uint32_t i = 0; i < call->argument_count; i++) {
        struct lt_expression *argument = call->arguments[i];
        if (is_input(function, i) && is_looked_at(function, argument))
            push(out->inputs, &out->input_count, argument);
        else if (function->aggregate->has_first)
            out->ignores_nulls |= argument->value.i64 != 0 && i > 0;
        else if (!is_input(function, i) && function->aggregate != &lt_aggregate_mode)
            push(out->parameters, &out->parameter_count, argument);
    }
    if (function->aggregate == &lt_aggregate_regr_avgx) { /* what is averaged comes first */
        out->inputs[0] = call->arguments[1];
        out->inputs[1] = call->arguments[0];
    }
    deal_orders(analyser, function, parts, out);
    for (uint32_t i = 1; i < out->input_count && function->aggregate == &lt_aggregate_listagg;
         i++) {
        const struct lt_type *type = out->inputs[i]->type;
        if (type->kind != LT_TYPE_VOID && !lt_type_is_ordered(type))
            return lt_analyser_refuse_order(analyser, call, type);
    }
    return LT_OK;
}

int lt_aggregate_complete(struct lt_expression *call, const char *text,
                          const struct lt_session *session, struct lt_arena *arena,
                          struct lt_aggregate_call *out, struct lt_error *error)
{
    const struct lt_function *function = function_of(call->name);
    struct lt_analyser analyser = {
        .text = text, .coerce = {lt_session_or_default(session), arena}, .error = error};
    struct parts parts = {NULL, NULL, NULL};
    lt_assert(function != NULL);
    *out = (struct lt_aggregate_call){.function = function->name};
    take_parts(call, &parts, out);
    int code = take_filter(&analyser, &parts, out);
    if (code == LT_OK)
        code = resolve(&analyser, function, call, &parts);
    if (code != LT_OK)
        return code;
    out->type = call->type;
    out->nullable = call->nullable;
    return deal(&analyser, function, call, &parts, out);
}

/* The arguments of a call, or of a part behind its brackets. */
static int analyse_arguments(struct lt_expression *call, const char *text,
                             const struct lt_type *schema, const struct lt_session *session,
                             struct lt_arena *arena, struct lt_error *error)
{
    int code = LT_OK;
    for (uint32_t i = 0; i < call->argument_count && code == LT_OK; i++) {
        struct lt_expression *argument = call->arguments[i];
        bool is_distinct =
            argument->kind == LT_EXPR_CALL && strcmp(argument->name, "distinct") == 0;
        if (argument->kind == LT_EXPR_STAR)
            continue;
        code = lt_expr_is_part(argument) || is_distinct
                   ? analyse_arguments(argument, text, schema, session, arena, error)
                   : lt_expr_analyse(&call->arguments[i], text, schema, session, arena, error);
    }
    return code;
}

int lt_aggregate_analyse(struct lt_expression *call, const char *text, const struct lt_type *schema,
                         const struct lt_session *session, struct lt_arena *arena,
                         struct lt_aggregate_call *out, struct lt_error *error)
{
    int code = lt_aggregate_check_count(call, text, arena, error);
    if (code == LT_OK)
        code = analyse_arguments(call, text, schema, session, arena, error);
    return code == LT_OK ? lt_aggregate_complete(call, text, session, arena, out, error) : code;
}
