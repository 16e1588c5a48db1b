/*
 * Conditions and NULL: what chooses between values. if, coalesce and their kin are jumps
 * (compile.c), so that what is not chosen is not evaluated.
 */
#include <math.h>

#include "ops/expr/collections.h"

static enum lt_kernel is_nan(struct lt_machine *machine, const struct lt_call *call,
                             union lt_value *out)
{
    out->i64 = !lt_argument_is_null(machine, call, 0) && isnan(lt_argument(machine, call, 0)->f64);
    return LT_KERNEL_VALUE;
}

/* A float beside a float or NULL stays one; else both become doubles. */
static int infer_nan_value(struct lt_analyser *analyser, struct lt_expression *call)
{
    struct lt_expression **arguments = call->arguments;
    enum lt_type_kind second = arguments[1]->type->kind;
    bool is_float = arguments[0]->type->kind == LT_TYPE_FLOAT &&
                    (second == LT_TYPE_FLOAT || second == LT_TYPE_VOID);
    for (uint32_t i = 0; i < 2 && !is_float; i++) {
        int code = arguments[i]->type->kind == LT_TYPE_FLOAT
                       ? lt_analyser_cast(analyser, &arguments[i], lt_type_simple(LT_TYPE_DOUBLE))
                       : LT_OK;
        if (code != LT_OK)
            return code;
    }
    return LT_INFER_LETTERS;
}

/* nanvl(a, b) is if(isnan(a), b, a). */
static int conclude_nan_value(struct lt_analyser *analyser, struct lt_expression *call)
{
    struct lt_expression **arguments =
        lt_arena_alloc(analyser->coerce.arena, 3 * sizeof *arguments);
    arguments[0] = lt_analyser_call(analyser, call, "isnan", call->arguments[0], NULL);
    arguments[1] = call->arguments[1];
    arguments[2] = call->arguments[0];
    int code = lt_resolve_call(analyser, arguments[0]);
    if (code != LT_OK)
        return code;
    *call = *lt_analyser_call(analyser, call, "if", NULL, NULL);
    call->arguments = arguments;
    call->argument_count = 3;
    return lt_resolve_call(analyser, call);
}

/* Of NULLs alone, the NULL without a type. */
static int infer_extreme(struct lt_analyser *analyser, struct lt_expression *call)
{
    bool are_literals = true;
    (void)analyser;
    for (uint32_t i = 0; i < call->argument_count; i++) {
        const struct lt_expression *argument = call->arguments[i];
        if (argument->type->kind != LT_TYPE_VOID || lt_coerce_is_open(argument))
            return LT_INFER_LETTERS;
        are_literals = are_literals && argument->kind == LT_EXPR_LITERAL;
    }
    if (!are_literals)
        return lt_collection_finish(call, 0, lt_type_simple(LT_TYPE_VOID), true);
    *call = *call->arguments[0];
    return LT_OK;
}

/* The extreme of the arguments that are not NULL; of equals the first. */
static enum lt_kernel extreme(struct lt_machine *machine, const struct lt_call *call, int sign,
                              union lt_value *out)
{
    const union lt_value *best = NULL;
    for (uint32_t i = 0; i < call->argument_count; i++) {
        const union lt_value *value = lt_argument(machine, call, i);
        if (lt_argument_is_null(machine, call, i))
            continue;
        if (best == NULL || lt_value_compare(call->type, value, best) * sign > 0)
            best = value;
    }
    if (best == NULL)
        return LT_KERNEL_NULL;
    *out = *best;
    return LT_KERNEL_VALUE;
}

static enum lt_kernel greatest(struct lt_machine *machine, const struct lt_call *call,
                               union lt_value *out)
{
    return extreme(machine, call, 1, out);
}

static enum lt_kernel least(struct lt_machine *machine, const struct lt_call *call,
                            union lt_value *out)
{
    return extreme(machine, call, -1, out);
}

#define DETERMINISTIC .is_deterministic = true

/* NULL where all arguments are. */
static int conclude_extreme(struct lt_analyser *analyser, struct lt_expression *call)
{
    (void)analyser;
    call->nullable = true; /* where all are */
    for (uint32_t i = 0; i < call->argument_count; i++)
        call->nullable = call->nullable && call->arguments[i]->nullable;
    return LT_OK;
}

static const struct lt_function functions[] = {
    {"if", NULL, "if(condition, a, b)", "a when the condition is true, else b.",
     "if(1 < 2, 'a', 'b')", "a", LT_NULL_AWARE, LT_FLOW_IF, DETERMINISTIC,
     .signatures = {LT_INLINE("PTT", "T", LT_OP_MOVE, LT_FAMILY_NONE)}},
    {"coalesce", NULL, "coalesce(a, ...)", "The first argument that is not NULL.",
     "coalesce(NULL, 2, 3)", "2", LT_NULL_AWARE, LT_FLOW_COALESCE, DETERMINISTIC,
     .signatures = {LT_INLINE("TT*", "T", LT_OP_MOVE, LT_FAMILY_NONE)}},
    {"nvl", "ifnull", "nvl(a, b)", "a, or b when a is NULL.", "nvl(NULL, 'x')", "x", LT_NULL_AWARE,
     LT_FLOW_COALESCE, DETERMINISTIC,
     .signatures = {LT_INLINE("TT", "T", LT_OP_MOVE, LT_FAMILY_NONE)}},
    {"nvl2", NULL, "nvl2(a, b, c)", "b when a is not NULL, else c.", "nvl2(NULL, 1, 2)", "2",
     LT_NULL_AWARE, LT_FLOW_REWRITTEN, DETERMINISTIC,
     .signatures = {LT_INLINE("aTT", "T", LT_OP_MOVE, LT_FAMILY_NONE)}},
    {"when", NULL, "when(condition, a[, condition, b, ...][, c])",
     "What follows the first condition that is true, else the last; CASE as a function.",
     "when(1 > 2, 'a', 'b')", "b", LT_NULL_AWARE, LT_FLOW_REWRITTEN, DETERMINISTIC,
     .signatures = {LT_INLINE("aaa*", "T", LT_OP_MOVE, LT_FAMILY_NONE)}},
    {"between", NULL, "between(a, low, high)",
     "True when a is not less than low and not greater "
     "than high.",
     "between(2, 1, 3)", "true", LT_NULL_AWARE, LT_FLOW_REWRITTEN, DETERMINISTIC,
     .signatures = {LT_INLINE("TTT", "B", LT_OP_MOVE, LT_FAMILY_NONE)}},
    {"nullif", NULL, "nullif(a, b)", "NULL when a equals b, else a.", "nullif(1, 2)", "1",
     LT_NULL_AWARE, LT_FLOW_REWRITTEN, DETERMINISTIC,
     .signatures = {LT_INLINE("TT", "0", LT_OP_MOVE, LT_FAMILY_NONE)}},
    {"nullifzero", NULL, "nullifzero(a)", "NULL when a is 0, else a.", "nullifzero(0)", "NULL",
     LT_NULL_AWARE, LT_FLOW_REWRITTEN, DETERMINISTIC,
     .signatures = {LT_INLINE("n", "0", LT_OP_MOVE, LT_FAMILY_NONE)}},
    {"zeroifnull", NULL, "zeroifnull(a)", "0 when a is NULL, else a.", "zeroifnull(NULL)", "0",
     LT_NULL_AWARE, LT_FLOW_REWRITTEN, DETERMINISTIC,
     .signatures = {LT_INLINE("n", "0", LT_OP_MOVE, LT_FAMILY_NONE)}},
    {"isnull", NULL, "isnull(a)", "True when a is NULL.", "isnull(NULL)", "true", LT_NULL_AWARE,
     DETERMINISTIC, .signatures = {LT_INLINE("a", "B", LT_OP_IS_NULL, LT_FAMILY_NONE)}},
    {"isnotnull", NULL, "isnotnull(a)", "True when a is not NULL.", "isnotnull('')", "true",
     LT_NULL_AWARE, DETERMINISTIC,
     .signatures = {LT_INLINE("a", "B", LT_OP_IS_NOT_NULL, LT_FAMILY_NONE)}},
    {"isnan", NULL, "isnan(a)", "True when a is NaN; false for NULL.", "isnan(double('NaN'))",
     "true", LT_NULL_AWARE, DETERMINISTIC, .signatures = {LT_KERNEL("d", "B", is_nan)}},
    {"nanvl", NULL, "nanvl(a, b)", "a, or b when a is NaN.", "nanvl(double('NaN'), 5)", "5.0",
     LT_NULL_AWARE, DETERMINISTIC,
     .signatures = {LT_INLINE("dd", "d", LT_OP_MOVE, LT_FAMILY_NONE),
                    LT_INLINE("ff", "f", LT_OP_MOVE, LT_FAMILY_NONE)},
     .infer = infer_nan_value, .conclude = conclude_nan_value},
    {"greatest", NULL, "greatest(a, b, ...)", "The greatest argument that is not NULL.",
     "greatest(1, 3, 2)", "3", LT_NULL_AWARE, DETERMINISTIC, .is_total = true,
     .signatures = {{"WWW*", "W", greatest, LT_OP_CALL, LT_FAMILY_ORDER}}, .infer = infer_extreme,
     .conclude = conclude_extreme},
    {"least", NULL, "least(a, b, ...)", "The least argument that is not NULL.", "least(1, 3, 2)",
     "1", LT_NULL_AWARE, DETERMINISTIC, .is_total = true,
     .signatures = {{"WWW*", "W", least, LT_OP_CALL, LT_FAMILY_ORDER}}, .infer = infer_extreme,
     .conclude = conclude_extreme},
};

const struct lt_function_group lt_functions_condition = {"condition", functions,
                                                         sizeof functions / sizeof functions[0]};
