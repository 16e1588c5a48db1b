/*
 * try_add and its like: an operator that gives NULL where it would fail. What it means for the
 * types at hand is the operator's own affair (dates, intervals, decimals); here are the checked
 * numbers, whose operators are opcodes.
 */
#include <math.h>
#include <string.h>

#include "ops/expr/analyser.h"

/* Both arguments have the type of the call. */
#define CHECKED(NAME, BUILTIN, OPERATOR)                                                           \
    static enum lt_kernel NAME(struct lt_machine *machine, const struct lt_call *call,             \
                               union lt_value *out)                                                \
    {                                                                                              \
        const union lt_value *a = lt_argument(machine, call, 0);                                   \
        const union lt_value *b = lt_argument(machine, call, 1);                                   \
        if (lt_type_is_fraction(call->type)) {                                                     \
            out->f64 = a->f64 OPERATOR b->f64;                                                     \
            if (call->type->kind == LT_TYPE_FLOAT)                                                 \
                out->f64 = (double)(float)out->f64;                                                \
            return LT_KERNEL_VALUE;                                                                \
        }                                                                                          \
        bool is_over = BUILTIN(a->i64, b->i64, &out->i64) ||                                       \
                       out->i64 > lt_type_largest(call->type) ||                                   \
                       out->i64 < lt_type_smallest(call->type);                                    \
        return is_over ? LT_KERNEL_NULL : LT_KERNEL_VALUE;                                         \
    }
CHECKED(add, __builtin_add_overflow, +)
CHECKED(subtract, __builtin_sub_overflow, -)
CHECKED(multiply, __builtin_mul_overflow, *)

static enum lt_kernel divide(struct lt_machine *machine, const struct lt_call *call,
                             union lt_value *out)
{
    double divisor = lt_argument(machine, call, 1)->f64;
    if (divisor == 0)
        return LT_KERNEL_NULL;
    out->f64 = lt_argument(machine, call, 0)->f64 / divisor;
    return LT_KERNEL_VALUE;
}

/* Of two numbers Spark's operator gives NULL where its result does not fit; of all others what
 * computes it, with its arguments, is tried. */
static bool is_catching(struct lt_expression *const *given)
{
    return !lt_type_is_numeric(given[0]->type) || !lt_type_is_numeric(given[1]->type);
}

/* The call takes over what the operator was resolved to, under its own name. */
static int infer_try(struct lt_analyser *analyser, struct lt_expression *call)
{
    static const struct {
        const char *name, *operator;
    } operators[] = {{"try_add", "+"},
                     {"try_subtract", "-"},
                     {"try_multiply", "*"},
                     {"try_divide", "/"},
                     {"try_mod", "%"}};
    const struct lt_function *function = lt_function_at((size_t)call->index, NULL);
    size_t row = 0;
    while (strcmp(operators[row].name, function->name) != 0)
        row++;
    bool is_try = is_catching(call->arguments);
    struct lt_expression *inner = lt_analyser_call(analyser, call, operators[row].operator,
                                                   call->arguments[0], call->arguments[1]);
    int code = lt_resolve_call(analyser, inner);
    if (code != LT_OK)
        return code;
    /* Of text and an interval the sum is cast to text again; of what has no type it is a NULL. */
    struct lt_expression *operation = inner->kind == LT_EXPR_CAST ? inner->arguments[0] : inner;
    if (operation->kind != LT_EXPR_CALL || operation->type->kind == LT_TYPE_VOID) {
        *call = *inner;
        return LT_OK;
    }
    call->type = operation->type;
    call->nullable = true;
    call->arguments = operation->arguments;
    call->argument_count = operation->argument_count;
    call->is_try = is_try;
    call->signature =
        operation->signature->kernel != NULL ? operation->signature : function->signatures;
    if (inner->kind != LT_EXPR_CAST)
        return LT_OK;
    struct lt_expression *tried = lt_arena_alloc(analyser->coerce.arena, sizeof *tried);
    *tried = *call;
    *call = *lt_coerce_cast(tried, inner->type, analyser->coerce.arena);
    return LT_OK;
}

#define TRY .is_deterministic = true, .needs_zone = true, .is_try = true, .infer = infer_try

static const struct lt_function functions[] = {
    {"try_add", NULL, "try_add(a, b)", "a + b, but NULL where it does not fit.",
     "try_add(2147483647, 1)", "NULL", TRY, .signatures = {LT_KERNEL("NN", "N", add)}},
    {"try_subtract", NULL, "try_subtract(a, b)", "a - b, but NULL where it does not fit.",
     "try_subtract(5, 7)", "-2", TRY, .signatures = {LT_KERNEL("NN", "N", subtract)}},
    {"try_multiply", NULL, "try_multiply(a, b)", "a * b, but NULL where it does not fit.",
     "try_multiply(2, 3)", "6", TRY, .signatures = {LT_KERNEL("NN", "N", multiply)}},
    {"try_divide", NULL, "try_divide(a, b)", "a / b, but NULL where b is 0.", "try_divide(1, 0)",
     "NULL", TRY, .signatures = {LT_KERNEL("DD", "d", divide)}},
    {"try_mod", NULL, "try_mod(a, b)", "a % b, but NULL where b is 0.", "try_mod(7, 0)", "NULL",
     TRY, .signatures = {LT_INLINE("NN", "N", LT_OP_CALL, LT_FAMILY_NONE)}},
};

const struct lt_function_group lt_functions_try = {"math", functions,
                                                   sizeof functions / sizeof functions[0]};
