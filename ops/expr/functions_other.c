/*
 * Types, and errors raised on purpose.
 */
#include "ops/expr/analyser.h"
#include "ops/expr/expr.h"

static enum lt_kernel raise(struct lt_machine *machine, const struct lt_call *call, uint32_t index)
{
    bool is_null = lt_argument_is_null(machine, call, index);
    struct lt_bytes text = lt_argument_bytes(machine, call, index);
    return lt_machine_fault(machine, call, "USER_RAISED_EXCEPTION", "P0001", "%.*s",
                            is_null ? 4 : (int)text.size_bytes,
                            is_null ? "null" : (const char *)text.data);
}

static enum lt_kernel raise_error(struct lt_machine *machine, const struct lt_call *call,
                                  union lt_value *out)
{
    (void)out;
    return raise(machine, call, 0);
}

static enum lt_kernel assert_true(struct lt_machine *machine, const struct lt_call *call,
                                  union lt_value *out)
{
    (void)out;
    if (!lt_argument_is_null(machine, call, 0) && lt_argument(machine, call, 0)->i64 != 0)
        return LT_KERNEL_NULL;
    return raise(machine, call, 1);
}

/* Without a text of its own the condition is told. */
static int infer_assert_true(struct lt_analyser *analyser, struct lt_expression *call)
{
    struct lt_arena *arena = analyser->coerce.arena;
    if (call->argument_count != 1)
        return LT_INFER_LETTERS;
    struct lt_expression **arguments = lt_arena_alloc(arena, 2 * sizeof(struct lt_expression *));
    struct lt_expression *text = lt_arena_alloc(arena, sizeof *text);
    const char *shown =
        lt_arena_format(arena, "'%s' is not true!", lt_expr_text(call->arguments[0], arena));
    *text = (struct lt_expression){.kind = LT_EXPR_LITERAL,
                                   .begin = call->begin,
                                   .end = call->end,
                                   .type = lt_type_simple(LT_TYPE_STRING),
                                   .value = lt_value_text(shown),
                                   .index = -1};
    arguments[0] = call->arguments[0];
    arguments[1] = text;
    call->arguments = arguments;
    call->argument_count = 2;
    return LT_INFER_LETTERS;
}

#define DETERMINISTIC .is_deterministic = true

static const struct lt_function functions[] = {
    {"typeof", NULL, "typeof(a)", "The name of the type.", "typeof(1 + 1L)", "bigint",
     LT_NULL_AWARE, LT_FLOW_REWRITTEN, DETERMINISTIC,
     .signatures = {LT_INLINE("a", "s", LT_OP_MOVE, LT_FAMILY_NONE)}},
    {"raise_error", NULL, "raise_error(text)", "Makes the record fail with this text.",
     "if(false, raise_error('no'), 'fine')", "fine", LT_NULL_AWARE, DETERMINISTIC,
     .signatures = {LT_KERNEL("s", "v", raise_error)}},
    {"assert_true", NULL, "assert_true(condition[, text])",
     "NULL when the condition is true; else the record fails.", "assert_true(1 < 2)", "NULL",
     LT_NULL_AWARE, DETERMINISTIC, .signatures = {LT_KERNEL("P[s]", "v", assert_true)},
     .infer = infer_assert_true},
};

const struct lt_function_group lt_functions_other = {"other", functions,
                                                     sizeof functions / sizeof functions[0]};
