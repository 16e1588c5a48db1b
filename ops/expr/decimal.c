/*
 * Arithmetic of decimals: the kernels work on operands of any scales and give the exact result
 * rounded to the type of the call. An integer beside a decimal becomes the decimal that holds all
 * of its type, a constant the smallest that holds it.
 */
#include "ops/expr/decimal.h"

#include <string.h>

#include "ops/expr/arithmetic_time.h"
#include "ops/expr/cast_decimal.h"
#include "ops/expr/faults.h"
#include "ops/expr/replaced.h"

/* -------------------------------------------------------------------------------------- kernels */

static enum lt_kernel finish(struct lt_machine *machine, const struct lt_call *call,
                             enum lt_decimal_result result, bool is_remainder)
{
    if (result == LT_DECIMAL_OK)
        return LT_KERNEL_VALUE;
    if (result == LT_DECIMAL_OVERFLOW)
        return lt_decimal_out_of_range(machine, call);
    if (call->is_legacy)
        return LT_KERNEL_NULL;
    return lt_fault_by_zero(machine, call, is_remainder);
}

#define OF_TWO(NAME, FUNCTION, IS_REMAINDER)                                                       \
    static enum lt_kernel NAME(struct lt_machine *machine, const struct lt_call *call,             \
                               union lt_value *out)                                                \
    {                                                                                              \
        return finish(machine, call,                                                               \
                      FUNCTION(lt_argument_decimal(machine, call, 0),                              \
                               lt_argument_decimal(machine, call, 1),                              \
                               lt_decimal_shape_of(call->type), &out->i128),                       \
                      IS_REMAINDER);                                                               \
    }
OF_TWO(add, lt_decimal_add, false)
OF_TWO(subtract, lt_decimal_subtract, false)
OF_TWO(multiply, lt_decimal_multiply, false)
OF_TWO(divide, lt_decimal_divide, false)
OF_TWO(remainder_of, lt_decimal_remainder, true)
OF_TWO(modulo, lt_decimal_modulo, true)

/* Two factors of 64 bits, by far the commonest case, are multiplied in place of a call, where their
 * product has as many digits and places as its type has room for. */
bool lt_decimal_multiplies_whole(const struct lt_call *call)
{
    if (call->kernel != multiply)
        return false;
    const struct lt_type *left = call->argument_types[0], *right = call->argument_types[1];
    bool is_exact = left->scale + right->scale == call->type->scale;
    /* The product of 64 bits with 64 bits has at most 38 digits. */
    bool has_room = call->type->precision == LT_DECIMAL_PRECISION_MAX ||
                    call->type->precision >= left->precision + right->precision;
    return is_exact && has_room;
}

static enum lt_kernel divide_whole(struct lt_machine *machine, const struct lt_call *call,
                                   union lt_value *out)
{
    struct lt_decimal_shape shape = lt_decimal_shape_div(
        lt_decimal_shape_of(call->argument_types[0]), lt_decimal_shape_of(call->argument_types[1]));
    return finish(machine, call,
                  lt_decimal_div(lt_argument_decimal(machine, call, 0),
                                 lt_argument_decimal(machine, call, 1), shape, &out->i64),
                  false);
}

/* Spark's negation keeps 34 digits, those of its MathContext. */
static enum lt_kernel negate(struct lt_machine *machine, const struct lt_call *call,
                             union lt_value *out)
{
    enum { KEPT_DIGITS = 34 };
    const __int128 value = lt_argument(machine, call, 0)->i128;
    const struct lt_decimal_shape whole = {call->type->precision, 0};
    int32_t digits = KEPT_DIGITS;
    out->i128 = -value;
    if (lt_likely(lt_decimal_fits(value, KEPT_DIGITS)))
        return LT_KERNEL_VALUE;
    while (digits < LT_DECIMAL_PRECISION_MAX && !lt_decimal_fits(value, (uint32_t)digits))
        digits++;
    if (lt_decimal_round((struct lt_decimal){-value, 0}, KEPT_DIGITS - digits, LT_DECIMAL_HALF_EVEN,
                         whole, &out->i128) == LT_DECIMAL_OK)
        return LT_KERNEL_VALUE;
    return lt_machine_fault(machine, call, "NUMERIC_VALUE_OUT_OF_RANGE.WITHOUT_SUGGESTION", "22003",
                            "the negated number has more digits than a decimal(%u,%u) holds",
                            call->type->precision, call->type->scale);
}

static enum lt_kernel keep(struct lt_machine *machine, const struct lt_call *call,
                           union lt_value *out)
{
    out->i128 = lt_argument(machine, call, 0)->i128;
    return LT_KERNEL_VALUE;
}

static enum lt_kernel absolute(struct lt_machine *machine, const struct lt_call *call,
                               union lt_value *out)
{
    __int128 value = lt_argument(machine, call, 0)->i128;
    if (value < 0)
        return negate(machine, call, out);
    out->i128 = value;
    return LT_KERNEL_VALUE;
}

static enum lt_kernel round_with(struct lt_machine *machine, const struct lt_call *call,
                                 enum lt_decimal_rounding rounding, union lt_value *out)
{
    const struct lt_decimal number = lt_argument_decimal(machine, call, 0);
    int64_t places = call->argument_count == 2 ? lt_argument(machine, call, 1)->i64 : 0;
    if (places == INT32_MIN && number.unscaled == 0) {
        out->i128 = 0;
        return LT_KERNEL_VALUE;
    }
    if (places != INT32_MIN && /* whose negative Java's numbers have not */
        lt_decimal_round(number, (int32_t)places, rounding, lt_decimal_shape_of(call->type),
                         &out->i128) == LT_DECIMAL_OK)
        return LT_KERNEL_VALUE;
    return lt_machine_fault(machine, call, "NUMERIC_VALUE_OUT_OF_RANGE.WITHOUT_SUGGESTION", "22003",
                            "the rounded number has more digits than a decimal(%u,%u) holds",
                            call->type->precision, call->type->scale);
}

#define ROUND(NAME, ROUNDING)                                                                      \
    enum lt_kernel NAME(struct lt_machine *machine, const struct lt_call *call,                    \
                        union lt_value *out)                                                       \
    {                                                                                              \
        return round_with(machine, call, ROUNDING, out);                                           \
    }
static ROUND(round_half_up, LT_DECIMAL_HALF_UP) static ROUND(round_half_even, LT_DECIMAL_HALF_EVEN)
    ROUND(lt_decimal_floor, LT_DECIMAL_FLOOR) ROUND(lt_decimal_ceil, LT_DECIMAL_CEILING)

    /* --------------------------------------------------------------------------------------
     * analysis
     */

    static const
    struct lt_type *type_of(struct lt_analyser *analyser, struct lt_decimal_shape shape)
{
    return lt_type_decimal(analyser->coerce.arena, shape.precision, shape.scale);
}

/* An integer constant has as many digits as are written, but for the small types. */
static const struct lt_type *decimal_beside(struct lt_analyser *analyser,
                                            const struct lt_expression *node,
                                            const struct lt_expression *other)
{
    const struct lt_type *type = node->type;
    if (type->kind == LT_TYPE_DECIMAL)
        return type;
    if (type->kind == LT_TYPE_VOID && !lt_coerce_is_open(node))
        return other->type;
    if (!lt_type_is_integral(type))
        return NULL;
    if (node->kind != LT_EXPR_LITERAL || node->is_null || type->kind == LT_TYPE_TINYINT)
        return lt_coerce_decimal_of(analyser->coerce.arena, type);
    uint8_t digits = 1;
    while (!lt_decimal_fits(node->value.i64, digits))
        digits++;
    return lt_type_decimal(analyser->coerce.arena, digits, 0);
}

static struct lt_decimal_shape shape_of_div(struct lt_decimal_shape a, struct lt_decimal_shape b)
{
    return lt_decimal_shape_div(a, b);
}

static const struct {
    const char *name;
    struct lt_decimal_shape (*shape)(struct lt_decimal_shape a, struct lt_decimal_shape b);
    struct lt_signature signature;
} TWO[] = {
    {"+", lt_decimal_shape_add, LT_KERNEL("kk", "k", add)},
    {"-", lt_decimal_shape_add, LT_KERNEL("kk", "k", subtract)},
    {"*", lt_decimal_shape_multiply, LT_KERNEL("kk", "k", multiply)},
    {"/", lt_decimal_shape_divide, LT_KERNEL("kk", "k", divide)},
    {"%", lt_decimal_shape_remainder, LT_KERNEL("kk", "k", remainder_of)},
    {"pmod", lt_decimal_shape_remainder, LT_KERNEL("kk", "k", modulo)},
    {"div", shape_of_div, LT_KERNEL("kk", "l", divide_whole)},
};

int lt_infer_arithmetic(struct lt_analyser *analyser, struct lt_expression *call)
{
    const char *name = lt_function_at((size_t)call->index, NULL)->name;
    int code = lt_infer_time_arithmetic(analyser, call, name);
    if (code != LT_INFER_LETTERS)
        return code;
    struct lt_expression **arguments = call->arguments;
    if (arguments[0]->type->kind != LT_TYPE_DECIMAL && arguments[1]->type->kind != LT_TYPE_DECIMAL)
        return LT_INFER_LETTERS;
    if (strcmp(name, "/") == 0 && arguments[0]->type->kind == LT_TYPE_VOID) {
        code = lt_analyser_cast(analyser, &arguments[1], lt_type_simple(LT_TYPE_DOUBLE));
        return code == LT_OK ? LT_INFER_LETTERS : code; /* NULL is no decimal to a division */
    }
    const struct lt_type *a = decimal_beside(analyser, arguments[0], arguments[1]);
    const struct lt_type *b = decimal_beside(analyser, arguments[1], arguments[0]);
    if (a == NULL || b == NULL)
        return LT_INFER_LETTERS;
    size_t row = 0;
    while (strcmp(TWO[row].name, name) != 0)
        row++;
    code = lt_analyser_cast(analyser, &arguments[0], a);
    if (code == LT_OK)
        code = lt_analyser_cast(analyser, &arguments[1], b);
    if (code != LT_OK)
        return code;
    call->signature = &TWO[row].signature;
    call->type =
        TWO[row].signature.result[0] == 'l'
            ? lt_type_simple(LT_TYPE_BIGINT)
            : type_of(analyser, TWO[row].shape(lt_decimal_shape_of(a), lt_decimal_shape_of(b)));
    bool divides = strchr("+-*", name[0]) == NULL;
    call->nullable =
        divides || analyser->coerce.session->is_legacy || lt_any_nullable(arguments, 2);
    return LT_OK;
}

static const struct {
    const char *name;
    bool is_rounding, is_half;
    struct lt_signature signature;
} ONE[] = {
    {"negative", false, false, LT_KERNEL("k", "0", negate)},
    {"positive", false, false, LT_KERNEL("k", "0", keep)},
    {"abs", false, false, LT_KERNEL("k", "0", absolute)},
    {"floor", true, false, LT_KERNEL("k[i]", "k", lt_decimal_floor)},
    {"ceil", true, false, LT_KERNEL("k[i]", "k", lt_decimal_ceil)},
    {"round", true, true, LT_KERNEL("k[i]", "k", round_half_up)},
    {"bround", true, true, LT_KERNEL("k[i]", "k", round_half_even)},
};

static void set_rounded(struct lt_analyser *analyser, struct lt_expression *call, bool is_half)
{
    struct lt_decimal_shape shape = lt_decimal_shape_of(call->arguments[0]->type);
    if (call->argument_count == 1) {
        call->type = type_of(analyser, is_half ? lt_decimal_shape_round(shape, 0)
                                               : lt_decimal_shape_ceil(shape));
        return;
    }
    const struct lt_expression *places = call->arguments[1];
    int32_t count = places->is_null ? 0 : (int32_t)places->value.i64;
    count = count == INT32_MIN ? -1 : count; /* Spark's type wraps around */
    call->type = type_of(analyser, lt_decimal_shape_round(shape, count));
}

/* The number of places of round and bround, which the type depends on: a constant that becomes an
 * int. */
static int infer_places(struct lt_analyser *analyser, struct lt_expression *call)
{
    const struct lt_type *type = call->arguments[1]->type, *wanted = lt_type_simple(LT_TYPE_INT);
    bool is_number = lt_type_is_number(type) || type->kind == LT_TYPE_DECIMAL;
    if (!is_number && !lt_coerce_is_implicit(&analyser->coerce, type, wanted))
        return lt_analyser_unexpected(analyser, call, 1, "an INT");
    const struct lt_type *of = call->arguments[0]->type;
    if (!lt_type_is_numeric(of) && !lt_type_is_text(of) && of->kind != LT_TYPE_VOID)
        return LT_OK; /* is told before */
    int code = lt_analyser_cast(analyser, &call->arguments[1], wanted);
    return code == LT_OK ? lt_analyser_constant(analyser, call, 1) : code;
}

/* floor(a, digits) is of decimals; a float becomes the decimal that Spark holds it in, a text the
 * widest. */
static int become_decimal(struct lt_analyser *analyser, struct lt_expression *call)
{
    const struct lt_decimal_shape of_float = {14, 7}, of_double = {30, 15}, of_text = {38, 18};
    const struct lt_type *type = call->arguments[0]->type;
    if (lt_type_is_integral(type))
        type = lt_coerce_decimal_of(analyser->coerce.arena, type);
    else if (lt_type_is_fraction(type))
        type = type_of(analyser, type->kind == LT_TYPE_FLOAT ? of_float : of_double);
    else if (type->kind == LT_TYPE_VOID || lt_letter_accepts('s', type))
        type = type_of(analyser, of_text);
    else
        return LT_OK;
    return lt_analyser_cast(analyser, &call->arguments[0], type);
}

/* floor and ceil to a number of places, which is an int as it stands and not NULL. */
static int infer_cut(struct lt_analyser *analyser, struct lt_expression *call)
{
    struct lt_expression **places = &call->arguments[1];
    int code = (*places)->type->kind == LT_TYPE_INT ? lt_analyser_fold(analyser, places) : LT_OK;
    if (code != LT_OK)
        return code;
    if ((*places)->kind != LT_EXPR_LITERAL || (*places)->type->kind != LT_TYPE_INT ||
        (*places)->is_null)
        return lt_analyser_fail(analyser, LT_E_ANALYSIS, *places, "NON_FOLDABLE_ARGUMENT", "42K08",
                                "the number of places of \"%s\" must be a constant INT",
                                call->name);
    return become_decimal(analyser, call);
}

int lt_infer_one_number(struct lt_analyser *analyser, struct lt_expression *call)
{
    const char *name = lt_function_at((size_t)call->index, NULL)->name;
    int sign_code = lt_infer_interval_sign(analyser, call, name);
    if (sign_code != LT_INFER_LETTERS)
        return sign_code;
    bool is_cut = strcmp(name, "floor") == 0 || strcmp(name, "ceil") == 0;
    if (call->argument_count == 2) {
        int code = is_cut ? infer_cut(analyser, call) : infer_places(analyser, call);
        if (code != LT_OK)
            return code;
    }
    if (call->arguments[0]->type->kind != LT_TYPE_DECIMAL)
        return LT_INFER_LETTERS;
    size_t row = 0;
    while (strcmp(ONE[row].name, name) != 0)
        row++;
    call->signature = &ONE[row].signature;
    call->type = call->arguments[0]->type;
    call->nullable = lt_any_nullable(call->arguments, call->argument_count);
    if (ONE[row].is_rounding)
        set_rounded(analyser, call, ONE[row].is_half);
    return LT_OK;
}
