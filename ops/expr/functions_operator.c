/*
 * Operators: arithmetic, comparison, logic and bits. `<>` is not(=), so that it has
 * no row; BETWEEN is two comparisons.
 */
#include <inttypes.h>
#include <math.h>

#include "ops/expr/decimal.h"
#include "ops/expr/functions.h"
#include "ops/expr/faults.h"

static enum lt_kernel divide_whole(struct lt_machine *machine, const struct lt_call *call,
                                   union lt_value *out)
{
    int64_t a = lt_argument(machine, call, 0)->i64, b = lt_argument(machine, call, 1)->i64;
    if (b == 0 && call->is_legacy)
        return LT_KERNEL_NULL;
    if (b == 0)
        return lt_fault_by_zero(machine, call, false);
    if (a == INT64_MIN && b == -1 && call->is_legacy) {
        out->i64 = a;
        return LT_KERNEL_VALUE;
    }
    if (a == INT64_MIN && b == -1)
        return lt_fault_overflow(machine, call, "Overflow in integral divide", "try_divide");
    out->i64 = a / b;
    return LT_KERNEL_VALUE;
}

static enum lt_kernel remainder_by_zero(struct lt_machine *machine, const struct lt_call *call)
{
    if (call->is_legacy)
        return LT_KERNEL_NULL;
    return lt_fault_by_zero(machine, call, true);
}

/* The sign of the result is the dividend's, as in C. */
enum lt_kernel lt_remainder(struct lt_machine *machine, const struct lt_call *call,
                            union lt_value *out)
{
    const union lt_value *a = lt_argument(machine, call, 0), *b = lt_argument(machine, call, 1);
    if (lt_type_is_fraction(call->type)) {
        if (b->f64 == 0)
            return remainder_by_zero(machine, call);
        out->f64 = fmod(a->f64, b->f64);
        return LT_KERNEL_VALUE;
    }
    if (b->i64 == 0)
        return remainder_by_zero(machine, call);
    out->i64 = b->i64 == -1 ? 0 : a->i64 % b->i64;
    return LT_KERNEL_VALUE;
}

/* Java adds small integers as ints, and wraps around. */
static int64_t wrapped_sum(const struct lt_type *type, int64_t a, int64_t b)
{
    int64_t sum = (int64_t)((uint64_t)a + (uint64_t)b);
    return type->kind == LT_TYPE_BIGINT ? sum : (int32_t)sum;
}

/* As the remainder, but never negative for a positive divisor. */
static enum lt_kernel positive_remainder(struct lt_machine *machine, const struct lt_call *call,
                                         union lt_value *out)
{
    const union lt_value *b = lt_argument(machine, call, 1);
    enum lt_kernel result = lt_remainder(machine, call, out);
    if (result != LT_KERNEL_VALUE)
        return result;
    if (lt_type_is_fraction(call->type) && out->f64 < 0) {
        double sum = out->f64 + b->f64;
        bool is_float = call->type->kind == LT_TYPE_FLOAT;
        out->f64 = fmod(is_float ? (double)(float)sum : sum, b->f64);
    } else if (!lt_type_is_fraction(call->type) && out->i64 < 0)
        out->i64 = b->i64 == -1 ? 0 : wrapped_sum(call->type, out->i64, b->i64) % b->i64;
    return LT_KERNEL_VALUE;
}

static enum lt_kernel negate(struct lt_machine *machine, const struct lt_call *call,
                             union lt_value *out)
{
    const union lt_value *a = lt_argument(machine, call, 0);
    if (lt_type_is_fraction(call->type)) {
        out->f64 = -a->f64;
        return LT_KERNEL_VALUE;
    }
    if (a->i64 == lt_type_smallest(call->type) && call->is_legacy) {
        out->i64 = a->i64;
        return LT_KERNEL_VALUE;
    }
    if (a->i64 == lt_type_smallest(call->type))
        return lt_fault_overflow(machine, call, lt_fault_overflow_name(call->type), NULL);
    out->i64 = -a->i64;
    return LT_KERNEL_VALUE;
}

static enum lt_kernel keep(struct lt_machine *machine, const struct lt_call *call,
                           union lt_value *out)
{
    *out = *lt_argument(machine, call, 0);
    return LT_KERNEL_VALUE;
}

/* Under the legacy rules integers wrap around, as in Java. */
static enum lt_kernel put_wrapped(const struct lt_call *call, uint64_t result, union lt_value *out)
{
    unsigned unused = 64 - (8U << (call->type->kind - LT_TYPE_TINYINT));
    out->i64 = (int64_t)(result << unused) >> unused;
    return LT_KERNEL_VALUE;
}

#define LEGACY(NAME, OPERATOR)                                                                     \
    static enum lt_kernel NAME(struct lt_machine *machine, const struct lt_call *call,             \
                               union lt_value *out)                                                \
    {                                                                                              \
        const union lt_value *a = lt_argument(machine, call, 0);                                   \
        const union lt_value *b = lt_argument(machine, call, 1);                                   \
        if (!lt_type_is_fraction(call->type))                                                      \
            return put_wrapped(call, (uint64_t)a->i64 OPERATOR(uint64_t) b->i64, out);             \
        out->f64 = a->f64 OPERATOR b->f64;                                                         \
        if (call->type->kind == LT_TYPE_FLOAT)                                                     \
            out->f64 = (double)(float)out->f64;                                                    \
        return LT_KERNEL_VALUE;                                                                    \
    }
LEGACY(add_legacy, +)
LEGACY(subtract_legacy, -)
LEGACY(multiply_legacy, *)

static enum lt_kernel divide_legacy(struct lt_machine *machine, const struct lt_call *call,
                                    union lt_value *out)
{
    double divisor = lt_argument(machine, call, 1)->f64;
    if (divisor == 0)
        return LT_KERNEL_NULL;
    out->f64 = lt_argument(machine, call, 0)->f64 / divisor;
    return LT_KERNEL_VALUE;
}

static enum lt_kernel bit_and(struct lt_machine *machine, const struct lt_call *call,
                              union lt_value *out)
{
    out->i64 = lt_argument(machine, call, 0)->i64 & lt_argument(machine, call, 1)->i64;
    return LT_KERNEL_VALUE;
}

static enum lt_kernel bit_or(struct lt_machine *machine, const struct lt_call *call,
                             union lt_value *out)
{
    out->i64 = lt_argument(machine, call, 0)->i64 | lt_argument(machine, call, 1)->i64;
    return LT_KERNEL_VALUE;
}

static enum lt_kernel bit_xor(struct lt_machine *machine, const struct lt_call *call,
                              union lt_value *out)
{
    out->i64 = lt_argument(machine, call, 0)->i64 ^ lt_argument(machine, call, 1)->i64;
    return LT_KERNEL_VALUE;
}

static enum lt_kernel bit_not(struct lt_machine *machine, const struct lt_call *call,
                              union lt_value *out)
{
    out->i64 = ~lt_argument(machine, call, 0)->i64;
    return LT_KERNEL_VALUE;
}

/* Java's shifts: the count is taken modulo the width. */
static enum lt_kernel shift_left(struct lt_machine *machine, const struct lt_call *call,
                                 union lt_value *out)
{
    uint64_t value = (uint64_t)lt_argument(machine, call, 0)->i64;
    unsigned count = (unsigned)lt_argument(machine, call, 1)->i64;
    out->i64 = call->type->kind == LT_TYPE_INT ? (int32_t)((uint32_t)value << (count & 31))
                                               : (int64_t)(value << (count & 63));
    return LT_KERNEL_VALUE;
}

static enum lt_kernel shift_right(struct lt_machine *machine, const struct lt_call *call,
                                  union lt_value *out)
{
    unsigned mask = call->type->kind == LT_TYPE_INT ? 31 : 63;
    unsigned count = (unsigned)lt_argument(machine, call, 1)->i64;
    out->i64 = lt_argument(machine, call, 0)->i64 >> (count & mask);
    return LT_KERNEL_VALUE;
}

static enum lt_kernel shift_right_unsigned(struct lt_machine *machine, const struct lt_call *call,
                                           union lt_value *out)
{
    uint64_t value = (uint64_t)lt_argument(machine, call, 0)->i64;
    unsigned count = (unsigned)lt_argument(machine, call, 1)->i64;
    out->i64 = call->type->kind == LT_TYPE_INT ? (int32_t)((uint32_t)value >> (count & 31))
                                               : (int64_t)(value >> (count & 63));
    return LT_KERNEL_VALUE;
}

/* Under the legacy rules a boolean beside a number becomes 1 or 0. */
static int infer_equal(struct lt_analyser *analyser, struct lt_expression *call)
{
    for (uint32_t i = 0; i < 2 && analyser->coerce.session->is_legacy; i++) {
        const struct lt_type *type = call->arguments[i]->type,
                             *other = call->arguments[1 - i]->type;
        bool is_number = lt_type_is_number(other) || other->kind == LT_TYPE_DECIMAL;
        if (type->kind == LT_TYPE_BOOLEAN && is_number)
            return lt_analyser_cast(analyser, &call->arguments[i], other) == LT_OK
                       ? LT_INFER_LETTERS
                       : analyser->error->code;
    }
    return LT_INFER_LETTERS;
}

/* A string beside a boolean becomes one; beside anything else it does not. */
static int infer_logic(struct lt_analyser *analyser, struct lt_expression *call)
{
    const struct lt_type *a = call->arguments[0]->type, *b = call->arguments[1]->type;
    bool is_taken = a->kind == LT_TYPE_BOOLEAN || b->kind == LT_TYPE_BOOLEAN ||
                    (a->kind == LT_TYPE_VOID && b->kind == LT_TYPE_VOID) ||
                    lt_coerce_is_open(call->arguments[0]) || lt_coerce_is_open(call->arguments[1]);
    bool has_string = lt_letter_accepts('s', a) || lt_letter_accepts('s', b);
    return is_taken || !has_string ? LT_INFER_LETTERS : lt_analyser_refuse_pair(analyser, call);
}

/* What is moved is an int or a bigint; a fraction becomes an int. */
static int infer_shift(struct lt_analyser *analyser, struct lt_expression *call)
{
    const struct lt_type *type = call->arguments[0]->type;
    if (!lt_type_is_fraction(type) && type->kind != LT_TYPE_DECIMAL)
        return LT_INFER_LETTERS;
    int code = lt_analyser_cast(analyser, &call->arguments[0], lt_type_simple(LT_TYPE_INT));
    return code == LT_OK ? LT_INFER_LETTERS : code;
}

/* NULL is an int where both are. */
static int infer_bits(struct lt_analyser *analyser, struct lt_expression *call)
{
    for (uint32_t i = 0; i < 2; i++) {
        if (call->arguments[i]->type->kind != LT_TYPE_VOID)
            return LT_INFER_LETTERS;
    }
    int code = lt_analyser_cast(analyser, &call->arguments[0], lt_type_simple(LT_TYPE_INT));
    return code == LT_OK ? LT_INFER_LETTERS : code;
}

#define DIVISION .is_operator = true, .is_deterministic = true
#define OPERATOR DIVISION, .is_total = true
#define COMPARISON(op)                                                                             \
    {                                                                                              \
        LT_INLINE("CC", "B", op##_I64, LT_FAMILY_ORDER)                                            \
    }

static const struct lt_function functions[] = {
    {"+", NULL, "a + b", "The sum. Overflow is an error.", "1 + 2", "3", OPERATOR,
     .signatures = {LT_INLINE("NN", "N", LT_OP_ADD_TINYINT, LT_FAMILY_NUMERIC)},
     .infer = lt_infer_arithmetic, .legacy_kernel = add_legacy},
    {"-", NULL, "a - b", "The difference. Overflow is an error.", "5 - 2", "3", OPERATOR,
     .signatures = {LT_INLINE("NN", "N", LT_OP_SUBTRACT_TINYINT, LT_FAMILY_NUMERIC)},
     .infer = lt_infer_arithmetic, .legacy_kernel = subtract_legacy},
    {"*", NULL, "a * b", "The product. Overflow is an error.", "2 * 3", "6", OPERATOR,
     .signatures = {LT_INLINE("NN", "N", LT_OP_MULTIPLY_TINYINT, LT_FAMILY_NUMERIC)},
     .infer = lt_infer_arithmetic, .legacy_kernel = multiply_legacy},
    {"/", NULL, "a / b", "The quotient as a double. Division by zero is an error.", "3 / 2", "1.5",
     DIVISION, .signatures = {LT_INLINE("DD", "d", LT_OP_DIVIDE_DOUBLE, LT_FAMILY_NONE)},
     .infer = lt_infer_arithmetic, .legacy_kernel = divide_legacy},
    {"%", "mod", "a % b", "The remainder, with the sign of a.", "-7 % 3", "-1", DIVISION,
     .signatures = {LT_KERNEL("NN", "N", lt_remainder)}, .infer = lt_infer_arithmetic},
    {"div", NULL, "a DIV b", "The quotient of whole numbers, cut, as a bigint.", "7 DIV 2", "3",
     DIVISION, .signatures = {LT_KERNEL("GG", "l", divide_whole)}, .infer = lt_infer_arithmetic},
    {"pmod", NULL, "pmod(a, b)", "The remainder, not negative for a positive b.", "pmod(-7, 3)",
     "2", DIVISION, .signatures = {LT_KERNEL("NN", "N", positive_remainder)},
     .infer = lt_infer_arithmetic},
    {"negative", NULL, "- a", "The number with the other sign.", "- (2 + 3)", "-5", OPERATOR,
     .signatures = {LT_KERNEL("n", "0", negate)}, .infer = lt_infer_one_number},
    {"positive", NULL, "+ a", "The number itself.", "+ (2)", "2", OPERATOR,
     .signatures = {LT_KERNEL("n", "0", keep)}, .infer = lt_infer_one_number},
    {"&", NULL, "a & b", "The bits that both have.", "6 & 3", "2", OPERATOR,
     .signatures = {LT_KERNEL("GG", "G", bit_and)}, .infer = infer_bits},
    {"|", NULL, "a | b", "The bits that either has.", "6 | 3", "7", OPERATOR,
     .signatures = {LT_KERNEL("GG", "G", bit_or)}, .infer = infer_bits},
    {"^", NULL, "a ^ b", "The bits that only one has.", "6 ^ 3", "5", OPERATOR,
     .signatures = {LT_KERNEL("GG", "G", bit_xor)}, .infer = infer_bits},
    {"~", NULL, "~ a", "All bits turned.", "~ 5", "-6", OPERATOR,
     .signatures = {LT_KERNEL("g", "0", bit_not)}},
    {"<<", "shiftleft", "a << count", "The bits moved to the left.", "1 << 4", "16",
     .is_deterministic = true, .is_total = true,
     .signatures = {LT_KERNEL("ii", "i", shift_left), LT_KERNEL("li", "l", shift_left)},
     .infer = infer_shift},
    {">>", "shiftright", "a >> count", "The bits moved to the right, the sign kept.", "-16 >> 2",
     "-4", .is_deterministic = true, .is_total = true,
     .signatures = {LT_KERNEL("ii", "i", shift_right), LT_KERNEL("li", "l", shift_right)},
     .infer = infer_shift},
    {">>>", "shiftrightunsigned", "a >>> count",
     "The bits moved to the right, with zeros in front.", "-16 >>> 28", "15",
     .is_deterministic = true, .is_total = true,
     .signatures = {LT_KERNEL("ii", "i", shift_right_unsigned),
                    LT_KERNEL("li", "l", shift_right_unsigned)},
     .infer = infer_shift},
    {"=", "==", "a = b", "True when equal; NULL when either is NULL.", "1 = 1", "true", OPERATOR,
     .signatures = COMPARISON(LT_OP_EQUAL), .infer = infer_equal},
    {"<", NULL, "a < b", "True when a is less than b.", "1 < 2", "true", OPERATOR,
     .signatures = COMPARISON(LT_OP_LESS)},
    {"<=", NULL, "a <= b", "True when a is not greater than b.", "2 <= 2", "true", OPERATOR,
     .signatures = COMPARISON(LT_OP_LESS_EQUAL)},
    {">", NULL, "a > b", "True when a is greater than b.", "1 > 2", "false", OPERATOR,
     .signatures = COMPARISON(LT_OP_GREATER)},
    {">=", NULL, "a >= b", "True when a is not less than b.", "2 >= 3", "false", OPERATOR,
     .signatures = COMPARISON(LT_OP_GREATER_EQUAL)},
    {"<=>", "equal_null", "a <=> b", "True when equal or both NULL; never NULL.", "NULL <=> NULL",
     "true", LT_NULL_AWARE, OPERATOR,
     .signatures = {LT_INLINE("CC", "B", LT_OP_NULL_SAFE_EQUAL, LT_FAMILY_ORDER)},
     .infer = infer_equal},
    {"and", NULL, "a AND b", "False when either is false, else NULL when either is NULL.",
     "true AND NULL", "NULL", LT_NULL_AWARE, LT_FLOW_AND, OPERATOR,
     .signatures = {LT_INLINE("BBB*", "B", LT_OP_AND, LT_FAMILY_NONE)}, .infer = infer_logic},
    {"or", NULL, "a OR b", "True when either is true, else NULL when either is NULL.",
     "true OR NULL", "true", LT_NULL_AWARE, LT_FLOW_OR, OPERATOR,
     .signatures = {LT_INLINE("BBB*", "B", LT_OP_OR, LT_FAMILY_NONE)}, .infer = infer_logic},
    {"not", "!", "NOT a", "True when a is false, false when it is true.", "NOT false", "true",
     OPERATOR, .signatures = {LT_INLINE("B", "B", LT_OP_NOT, LT_FAMILY_NONE)}},
    {"in", NULL, "a IN (b, c, ...)",
     "True when a equals one of the others; NULL when that is not known.", "2 IN (1, 2, 3)", "true",
     LT_NULL_AWARE, LT_FLOW_IN, .is_deterministic = true, .is_total = true,
     .signatures = {LT_INLINE("III*", "B", LT_OP_EQUAL_I64, LT_FAMILY_ORDER)}},
};

const struct lt_function_group lt_functions_operator = {"operator", functions,
                                                        sizeof functions / sizeof functions[0]};
