/*
 * Constants are evaluated here, once, and checked; so that a state need not doubt them.
 */
#include "ops/aggregate/infer.h"

#include "ops/expr/expr.h"

int lt_aggregate_finish(struct lt_expression *call, const struct lt_type *type, bool is_nullable)
{
    call->signature = &lt_function_at((size_t)call->index, NULL)->signatures[0];
    call->type = type;
    call->nullable = is_nullable;
    return LT_OK;
}

int lt_aggregate_decide(struct lt_analyser *analyser, struct lt_expression *call, uint32_t index,
                        enum lt_type_kind to)
{
    struct lt_expression **argument = &call->arguments[index];
    if ((*argument)->type->kind != LT_TYPE_VOID)
        return LT_OK;
    return lt_analyser_cast(analyser, argument, lt_type_simple(to));
}

static const char *ordinal(uint32_t index)
{
    static const char *const words[] = {"first", "second", "third", "fourth"};
    return words[index < 4 ? index : 3];
}

int lt_aggregate_refuse_input(struct lt_analyser *analyser, const struct lt_expression *call,
                              uint32_t index, const char *words)
{
    const struct lt_expression *argument = call->arguments[index];
    return lt_analyser_mismatch(
        analyser, call, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
        "The %s parameter requires the %s type, however \"%s\" has the type \"%s\".",
        ordinal(index), words, lt_expr_resolved_text(argument, analyser->coerce.arena),
        lt_analyser_shown(analyser, argument->type));
}

static int refuse_null(struct lt_analyser *analyser, const struct lt_expression *call,
                       uint32_t index)
{
    return lt_analyser_mismatch(
        analyser, call, "DATATYPE_MISMATCH.UNEXPECTED_NULL", "The `%s` must not be null.",
        lt_expr_resolved_text(call->arguments[index], analyser->coerce.arena));
}

int lt_aggregate_constant(struct lt_analyser *analyser, struct lt_expression *call, uint32_t index,
                          const struct lt_type *type)
{
    struct lt_expression **argument = &call->arguments[index];
    const struct lt_type *from = (*argument)->type;
    bool is_number = lt_type_is_numeric(from) && lt_type_is_numeric(type);
    if (!lt_type_equal(from, type) && !is_number &&
        !lt_coerce_is_implicit(&analyser->coerce, from, type))
        return lt_aggregate_refuse_input(
            analyser, call, index,
            lt_arena_format(analyser->coerce.arena, "\"%s\"", lt_analyser_shown(analyser, type)));
    int code = lt_analyser_cast(analyser, argument, type);
    if (code == LT_OK)
        code = lt_analyser_constant(analyser, call, index);
    if (code == LT_OK && (*argument)->is_null)
        code = refuse_null(analyser, call, index);
    return code;
}

static bool is_share(double value)
{
    return value >= 0.0 && value <= 1.0;
}

static int refuse_share(struct lt_analyser *analyser, const struct lt_expression *call,
                        uint32_t index)
{
    return lt_analyser_mismatch(
        analyser, call, "DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE",
        "The `percentage` must be between [0.0, 1.0] (current value = %s).",
        lt_expr_resolved_text(call->arguments[index], analyser->coerce.arena));
}

int lt_aggregate_percentages(struct lt_analyser *analyser, struct lt_expression *call,
                             uint32_t index)
{
    const struct lt_type *type = lt_type_simple(LT_TYPE_DOUBLE);
    struct lt_expression **argument = &call->arguments[index];
    bool is_array = (*argument)->type->kind == LT_TYPE_ARRAY;
    int code = lt_aggregate_constant(
        analyser, call, index, is_array ? lt_type_array(analyser->coerce.arena, type, true) : type);
    if (code != LT_OK)
        return code;
    const union lt_value *value = &(*argument)->value;
    if (!is_array)
        return is_share(value->f64) ? LT_OK : refuse_share(analyser, call, index);
    for (uint32_t i = 0; i < value->array->count; i++) {
        if (lt_bit(value->array->nulls, i))
            return refuse_null(analyser, call, index);
        if (!is_share(value->array->values[i].f64))
            return refuse_share(analyser, call, index);
    }
    return LT_OK;
}
