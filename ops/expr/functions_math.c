/*
 * Numbers: rounding, roots, powers, logarithms, angles. Logarithms of what has none are NULL, as in
 * Spark; roots of negative numbers are NaN.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/saturate.h"
#include "core/text/number.h"
#include "ops/expr/decimal.h"
#include "ops/expr/functions.h"
#include "ops/expr/faults.h"

static double number(const struct lt_machine *machine, const struct lt_call *call, uint32_t index)
{
    return lt_argument(machine, call, index)->f64;
}

static enum lt_kernel absolute(struct lt_machine *machine, const struct lt_call *call,
                               union lt_value *out)
{
    const union lt_value *a = lt_argument(machine, call, 0);
    if (lt_type_is_fraction(call->type)) {
        out->f64 = fabs(a->f64);
        return LT_KERNEL_VALUE;
    }
    if (a->i64 == lt_type_smallest(call->type) && !call->is_legacy)
        return lt_fault_overflow(machine, call, lt_fault_overflow_name(call->type), NULL);
    out->i64 = a->i64 < 0 && a->i64 != lt_type_smallest(call->type) ? -a->i64 : a->i64;
    return LT_KERNEL_VALUE;
}

static enum lt_kernel absolute_interval(struct lt_machine *machine, const struct lt_call *call,
                                        union lt_value *out)
{
    int64_t value = lt_argument(machine, call, 0)->i64;
    bool is_months = call->type->kind == LT_TYPE_INTERVAL_YEAR_MONTH;
    if (value == (is_months ? INT32_MIN : INT64_MIN))
        return lt_fault_overflow(machine, call, lt_fault_overflow_name(call->type), NULL);
    out->i64 = value < 0 ? -value : value;
    return LT_KERNEL_VALUE;
}

static enum lt_kernel floor_double(struct lt_machine *machine, const struct lt_call *call,
                                   union lt_value *out)
{
    out->i64 = lt_saturate(floor(number(machine, call, 0)));
    return LT_KERNEL_VALUE;
}

static enum lt_kernel ceil_double(struct lt_machine *machine, const struct lt_call *call,
                                  union lt_value *out)
{
    out->i64 = lt_saturate(ceil(number(machine, call, 0)));
    return LT_KERNEL_VALUE;
}

static enum lt_kernel keep(struct lt_machine *machine, const struct lt_call *call,
                           union lt_value *out)
{
    *out = *lt_argument(machine, call, 0);
    return LT_KERNEL_VALUE;
}

/* ------------------------------------------------------------------------------------ rounding */

/* Rounds the digits that Java prints of the number, of which there are at most 17. */
static double round_text(double value, int64_t digits, bool is_half_even)
{
    char text[LT_NUMBER_TEXT_SIZE], rounded_text[2 * LT_NUMBER_TEXT_SIZE];
    text[lt_number_format_double(fabs(value), text)] = '\0';
    int64_t number = 0, exponent = 0;
    const char *at = text;
    for (bool is_behind = false; *at != '\0' && *at != 'E'; at++) {
        if (*at != '.')
            number = number * 10 + (*at - '0');
        exponent -= is_behind;
        is_behind = is_behind || *at == '.';
    }
    exponent += *at == 'E' ? strtoll(at + 1, NULL, 10) : 0;
    int64_t dropped = -digits - exponent;
    if (dropped <= 0)
        return value;
    __int128 scale = 1;
    for (int64_t i = 0; i < dropped && scale <= INT64_MAX; i++)
        scale *= 10;
    __int128 whole = number / scale, twice = 2 * (number % scale);
    whole += twice > scale || (twice == scale && (!is_half_even || whole % 2 != 0));
    (void)snprintf(rounded_text, sizeof rounded_text, "%" PRId64 "e%" PRId64, (int64_t)whole,
                   -digits);
    return copysign(strtod(rounded_text, NULL), value);
}

/* The decimal text that stands for the number is rounded, as Java's BigDecimal does: 2.675 is 2.68
 * with two digits, though the double is a little less. Far enough from a half the number itself
 * tells the same, without its text. */
static double round_double(double value, int64_t digits, bool is_half_even)
{
    enum { EXACT_POWERS = 22 };
    static const double powers[EXACT_POWERS + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    if (!isfinite(value))
        return value;
    double result;
    double scaled = digits >= 0 && digits <= EXACT_POWERS ? value * powers[digits] : INFINITY;
    double whole = trunc(scaled), rest = fabs(scaled - whole);
    if (fabs(scaled) < 0x1p52 && fabs(rest - 0.5) > fabs(scaled) * 0x1p-51)
        result = (whole + (rest > 0.5 ? copysign(1, scaled) : 0)) / powers[digits];
    else
        result = round_text(value, digits, is_half_even);
    return result == 0 ? 0.0 : result;
}

/* Whole numbers change only when digits before the point are rounded away. */
static enum lt_kernel round_integer(struct lt_machine *machine, const struct lt_call *call,
                                    int64_t digits, bool is_half_even, union lt_value *out)
{
    int64_t value = lt_argument(machine, call, 0)->i64;
    out->i64 = value;
    if (digits >= 0 || value == 0)
        return LT_KERNEL_VALUE;
    if (digits == INT32_MIN) /* whose negative Java's BigDecimal has not */
        return lt_fault_overflow(machine, call, "Underflow", NULL);
    __int128 scale = 1;
    for (int64_t i = digits; i < 0 && scale < (__int128)INT64_MAX * 100; i++)
        scale *= 10;
    __int128 whole = value / scale, rest = value % scale;
    __int128 twice = 2 * (rest < 0 ? -rest : rest);
    bool goes_up = twice > scale || (twice == scale && (!is_half_even || whole % 2 != 0));
    __int128 rounded = (whole + (goes_up ? (value < 0 ? -1 : 1) : 0)) * scale;
    if (call->is_legacy) {
        /* Bits that do not fit are cut off. */
        unsigned unused = 64 - (8U << (call->type->kind - LT_TYPE_TINYINT));
        out->i64 = (int64_t)((uint64_t)rounded << unused) >> unused;
        return LT_KERNEL_VALUE;
    }
    if (rounded > lt_type_largest(call->type) || rounded < lt_type_smallest(call->type))
        return lt_fault_overflow(machine, call, "Overflow", NULL);
    out->i64 = (int64_t)rounded;
    return LT_KERNEL_VALUE;
}

static enum lt_kernel round_any(struct lt_machine *machine, const struct lt_call *call,
                                bool is_half_even, union lt_value *out)
{
    int64_t digits = call->argument_count == 2 ? lt_argument(machine, call, 1)->i64 : 0;
    if (!lt_type_is_fraction(call->type))
        return round_integer(machine, call, digits, is_half_even, out);
    enum { DIGITS_MAX = 646456993 }; /* of Java's numbers of any size */
    if ((digits > DIGITS_MAX || digits < -DIGITS_MAX) && isfinite(number(machine, call, 0)) &&
        number(machine, call, 0) != 0)
        return lt_fault_overflow(machine, call, digits < 0 ? "Underflow" : "Overflow", NULL);
    out->f64 = round_double(number(machine, call, 0), digits, is_half_even);
    if (call->type->kind == LT_TYPE_FLOAT)
        out->f64 = (double)(float)out->f64;
    return LT_KERNEL_VALUE;
}

static enum lt_kernel round_half_up(struct lt_machine *machine, const struct lt_call *call,
                                    union lt_value *out)
{
    return round_any(machine, call, false, out);
}

static enum lt_kernel round_half_even(struct lt_machine *machine, const struct lt_call *call,
                                      union lt_value *out)
{
    return round_any(machine, call, true, out);
}

/* --------------------------------------------------------------------- functions of one double */

#define OF_DOUBLE(NAME, EXPRESSION)                                                                \
    static enum lt_kernel NAME(struct lt_machine *machine, const struct lt_call *call,             \
                               union lt_value *out)                                                \
    {                                                                                              \
        double x = number(machine, call, 0);                                                       \
        out->f64 = (EXPRESSION);                                                                   \
        return LT_KERNEL_VALUE;                                                                    \
    }
/* The same, but NULL where `x` is at or below a bound. */
#define OF_DOUBLE_ABOVE(NAME, BOUND, EXPRESSION)                                                   \
    static enum lt_kernel NAME(struct lt_machine *machine, const struct lt_call *call,             \
                               union lt_value *out)                                                \
    {                                                                                              \
        double x = number(machine, call, 0);                                                       \
        out->f64 = x <= (BOUND) ? 0 : (EXPRESSION);                                                \
        return x <= (BOUND) ? LT_KERNEL_NULL : LT_KERNEL_VALUE;                                    \
    }

OF_DOUBLE(square_root, sqrt(x))
/* glibc's cbrt(27.0) is one unit in the last place above 3: taken with more bits, rounded once. */
OF_DOUBLE(cube_root, (double)cbrtl((long double)x))
OF_DOUBLE(exponential, exp(x))
OF_DOUBLE(exponential_less_1, expm1(x))
OF_DOUBLE(nearest_whole, rint(x))
OF_DOUBLE(sign_of, isnan(x) || x == 0 ? x : (double)((x > 0) - (x < 0)))
OF_DOUBLE(sine, sin(x))
OF_DOUBLE(cosine, cos(x))
OF_DOUBLE(tangent, tan(x))
OF_DOUBLE(arc_sine, asin(x))
OF_DOUBLE(arc_cosine, acos(x))
OF_DOUBLE(arc_tangent, atan(x))
OF_DOUBLE(hyperbolic_sine, sinh(x))
OF_DOUBLE(hyperbolic_cosine, cosh(x))
OF_DOUBLE(hyperbolic_tangent, tanh(x))
/* By Spark's formulas, which lose digits where the C library does not. */
OF_DOUBLE(area_sine, x == -INFINITY ? x : log(x + sqrt(x * x + 1.0)))
OF_DOUBLE(area_cosine, log(x + sqrt(x * x - 1.0)))
OF_DOUBLE(area_tangent, 0.5 * (log1p(x) - log1p(-x)))
OF_DOUBLE(cotangent, 1 / tan(x))
OF_DOUBLE(secant, 1 / cos(x))
OF_DOUBLE(cosecant, 1 / sin(x))
OF_DOUBLE(to_degrees, x *(180.0 / M_PI))
OF_DOUBLE(to_radians, x *(M_PI / 180.0))
OF_DOUBLE_ABOVE(natural_log, 0, log(x))
OF_DOUBLE_ABOVE(log_base_10, 0, log10(x))
OF_DOUBLE_ABOVE(log_base_2, 0, log(x) / log(2.0))
OF_DOUBLE_ABOVE(log_of_1_more, -1, log1p(x))

static enum lt_kernel sign_of_interval(struct lt_machine *machine, const struct lt_call *call,
                                       union lt_value *out)
{
    int64_t value = lt_argument(machine, call, 0)->i64;
    out->f64 = (value > 0) - (value < 0);
    return LT_KERNEL_VALUE;
}

static enum lt_kernel power(struct lt_machine *machine, const struct lt_call *call,
                            union lt_value *out)
{
    double base = number(machine, call, 0), exponent = number(machine, call, 1);
    /* Java: 1 or -1 to an infinite power, and 1 to NaN, are NaN. */
    bool is_nan = (fabs(base) == 1 && isinf(exponent)) || (isnan(exponent));
    out->f64 = is_nan ? NAN : pow(base, exponent);
    return LT_KERNEL_VALUE;
}

static enum lt_kernel log_of_base(struct lt_machine *machine, const struct lt_call *call,
                                  union lt_value *out)
{
    double base = number(machine, call, 0), value = number(machine, call, 1);
    if (base <= 0 || value <= 0)
        return LT_KERNEL_NULL;
    out->f64 = log(value) / log(base);
    return LT_KERNEL_VALUE;
}

static enum lt_kernel hypotenuse(struct lt_machine *machine, const struct lt_call *call,
                                 union lt_value *out)
{
    out->f64 = hypot(number(machine, call, 0), number(machine, call, 1));
    return LT_KERNEL_VALUE;
}

static enum lt_kernel angle(struct lt_machine *machine, const struct lt_call *call,
                            union lt_value *out)
{
    out->f64 = atan2(number(machine, call, 0) + 0.0, number(machine, call, 1) + 0.0);
    return LT_KERNEL_VALUE;
}

static enum lt_kernel circle_ratio(struct lt_machine *machine, const struct lt_call *call,
                                   union lt_value *out)
{
    (void)machine;
    (void)call;
    out->f64 = M_PI;
    return LT_KERNEL_VALUE;
}

static enum lt_kernel euler_number(struct lt_machine *machine, const struct lt_call *call,
                                   union lt_value *out)
{
    (void)machine;
    (void)call;
    out->f64 = M_E;
    return LT_KERNEL_VALUE;
}

static enum lt_kernel bit_count(struct lt_machine *machine, const struct lt_call *call,
                                union lt_value *out)
{
    out->i64 = __builtin_popcountll((uint64_t)lt_argument(machine, call, 0)->i64);
    return LT_KERNEL_VALUE;
}

static int infer_bit_count(struct lt_analyser *analyser, struct lt_expression *call)
{
    if (lt_letter_accepts('s', call->arguments[0]->type))
        return lt_analyser_unexpected(analyser, call, 0, "a whole number or a BOOLEAN");
    return LT_INFER_LETTERS;
}

#define DETERMINISTIC .is_deterministic = true
#define DOUBLE_ROW(NAME, ALIASES, USAGE, HELP, EXAMPLE, RESULT, FUNCTION)                          \
    {                                                                                              \
        NAME, ALIASES, USAGE, HELP, EXAMPLE, RESULT, DETERMINISTIC, .signatures = {                \
            LT_KERNEL("d", "d", FUNCTION)                                                          \
        }                                                                                          \
    }

static const struct lt_function functions[] = {
    {"abs", NULL, "abs(a)", "The absolute value.", "abs(-3)", "3", DETERMINISTIC, .is_total = true,
     .signatures = {LT_KERNEL("n", "0", absolute), LT_KERNEL("q", "0", absolute_interval),
                    LT_KERNEL("r", "0", absolute_interval)},
     .infer = lt_infer_one_number},
    {"floor", NULL, "floor(a[, digits])",
     "The greatest number not above a that is whole, or has so many digits after the point.",
     "floor(-0.5D)", "-1", DETERMINISTIC,
     .signatures = {LT_KERNEL("d", "l", floor_double), LT_KERNEL("l", "l", keep),
                    LT_KERNEL("k[i]", "k", lt_decimal_floor)},
     .infer = lt_infer_one_number},
    {"ceil", "ceiling", "ceil(a[, digits])",
     "The least number not below a that is whole, or has so many digits after the point.",
     "ceil(2.5D)", "3", DETERMINISTIC,
     .signatures = {LT_KERNEL("d", "l", ceil_double), LT_KERNEL("l", "l", keep),
                    LT_KERNEL("k[i]", "k", lt_decimal_ceil)},
     .infer = lt_infer_one_number},
    {"round", NULL, "round(a[, digits])", "Rounded to digits after the point; a half goes up.",
     "round(2.675D, 2)", "2.68", DETERMINISTIC,
     .signatures = {LT_KERNEL("n[i]", "0", round_half_up)}, .infer = lt_infer_one_number},
    {"bround", NULL, "bround(a[, digits])",
     "Rounded to digits after the point; a half goes to the even digit.", "bround(2.5D)", "2.0",
     DETERMINISTIC, .signatures = {LT_KERNEL("n[i]", "0", round_half_even)},
     .infer = lt_infer_one_number},
    {"pow", "power", "pow(a, b)", "a to the power of b.", "pow(2, 10)", "1024.0", DETERMINISTIC,
     .is_total = true, .signatures = {LT_KERNEL("dd", "d", power)}},
    {"log", NULL, "log([base,] a)", "The logarithm, natural if no base is given.", "log(2, 8)",
     "3.0", DETERMINISTIC,
     .signatures = {LT_KERNEL("d", "d", natural_log), LT_KERNEL("dd", "d", log_of_base)}},
    DOUBLE_ROW("sqrt", NULL, "sqrt(a)", "The square root.", "sqrt(4)", "2.0", square_root),
    DOUBLE_ROW("cbrt", NULL, "cbrt(a)", "The cube root.", "cbrt(27)", "3.0", cube_root),
    DOUBLE_ROW("exp", NULL, "exp(a)", "e to the power of a.", "exp(0)", "1.0", exponential),
    DOUBLE_ROW("expm1", NULL, "expm1(a)", "exp(a) - 1, exact for small a.", "expm1(0)", "0.0",
               exponential_less_1),
    DOUBLE_ROW("ln", NULL, "ln(a)", "The natural logarithm; NULL for a <= 0.", "ln(1)", "0.0",
               natural_log),
    DOUBLE_ROW("log10", NULL, "log10(a)", "The logarithm to base 10.", "log10(100)", "2.0",
               log_base_10),
    DOUBLE_ROW("log2", NULL, "log2(a)", "The logarithm to base 2.", "log2(8)", "3.0", log_base_2),
    DOUBLE_ROW("log1p", NULL, "log1p(a)", "ln(1 + a), exact for small a.", "log1p(0)", "0.0",
               log_of_1_more),
    DOUBLE_ROW("rint", NULL, "rint(a)", "The nearest whole number, as a double.", "rint(2.5D)",
               "2.0", nearest_whole),
    {"sign", "signum", "sign(a)", "-1.0, 0.0 or 1.0.", "sign(-7)", "-1.0", DETERMINISTIC,
     .signatures = {LT_KERNEL("d", "d", sign_of), LT_KERNEL("q", "d", sign_of_interval),
                    LT_KERNEL("r", "d", sign_of_interval)}},
    DOUBLE_ROW("sin", NULL, "sin(a)", "The sine.", "sin(0)", "0.0", sine),
    DOUBLE_ROW("cos", NULL, "cos(a)", "The cosine.", "cos(0)", "1.0", cosine),
    DOUBLE_ROW("tan", NULL, "tan(a)", "The tangent.", "tan(0)", "0.0", tangent),
    DOUBLE_ROW("asin", NULL, "asin(a)", "The angle whose sine is a.", "asin(0)", "0.0", arc_sine),
    DOUBLE_ROW("acos", NULL, "acos(a)", "The angle whose cosine is a.", "acos(1)", "0.0",
               arc_cosine),
    DOUBLE_ROW("atan", NULL, "atan(a)", "The angle whose tangent is a.", "atan(0)", "0.0",
               arc_tangent),
    DOUBLE_ROW("sinh", NULL, "sinh(a)", "The hyperbolic sine.", "sinh(0)", "0.0", hyperbolic_sine),
    DOUBLE_ROW("cosh", NULL, "cosh(a)", "The hyperbolic cosine.", "cosh(0)", "1.0",
               hyperbolic_cosine),
    DOUBLE_ROW("tanh", NULL, "tanh(a)", "The hyperbolic tangent.", "tanh(0)", "0.0",
               hyperbolic_tangent),
    DOUBLE_ROW("asinh", NULL, "asinh(a)", "The inverse of the hyperbolic sine.", "asinh(0)", "0.0",
               area_sine),
    DOUBLE_ROW("acosh", NULL, "acosh(a)", "The inverse of the hyperbolic cosine.", "acosh(1)",
               "0.0", area_cosine),
    DOUBLE_ROW("atanh", NULL, "atanh(a)", "The inverse of the hyperbolic tangent.", "atanh(0)",
               "0.0", area_tangent),
    DOUBLE_ROW("cot", NULL, "cot(a)", "The cotangent.", "cot(0.5D)", "1.830487721712452",
               cotangent),
    DOUBLE_ROW("sec", NULL, "sec(a)", "The secant.", "sec(0)", "1.0", secant),
    DOUBLE_ROW("csc", NULL, "csc(a)", "The cosecant.", "csc(0.5D)", "2.085829642933488", cosecant),
    DOUBLE_ROW("degrees", NULL, "degrees(a)", "Radians to degrees.", "degrees(0)", "0.0",
               to_degrees),
    DOUBLE_ROW("radians", NULL, "radians(a)", "Degrees to radians.", "radians(0)", "0.0",
               to_radians),
    {"atan2", NULL, "atan2(y, x)", "The angle of the point (x, y).", "atan2(0, 1)", "0.0",
     DETERMINISTIC, .is_total = true, .signatures = {LT_KERNEL("dd", "d", angle)}},
    {"hypot", NULL, "hypot(a, b)", "The square root of a*a + b*b.", "hypot(3, 4)", "5.0",
     DETERMINISTIC, .is_total = true, .signatures = {LT_KERNEL("dd", "d", hypotenuse)}},
    {"pi", NULL, "pi()", "The ratio of a circle's circumference to its diameter.", "pi()",
     "3.141592653589793", DETERMINISTIC, .is_total = true,
     .signatures = {LT_KERNEL("", "d", circle_ratio)}},
    {"e", NULL, "e()", "Euler's number.", "e()", "2.718281828459045", DETERMINISTIC,
     .is_total = true, .signatures = {LT_KERNEL("", "d", euler_number)}},
    {"bit_count", NULL, "bit_count(a)", "How many bits are set.", "bit_count(7)", "3",
     DETERMINISTIC, .is_total = true,
     .signatures = {LT_KERNEL("B", "i", bit_count), LT_KERNEL("g", "i", bit_count)},
     .infer = infer_bit_count},
};

const struct lt_function_group lt_functions_math = {"math", functions,
                                                    sizeof functions / sizeof functions[0]};
