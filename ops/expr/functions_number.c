/*
 * Whole numbers: factorials, bits, bases; and the bucket of a histogram.
 */
#include <math.h>
#include <string.h>

#include "core/base/saturate.h"
#include "core/text/number_decimal.h"
#include "ops/expr/analyser.h"
#include "ops/expr/faults.h"

static enum lt_kernel factorial(struct lt_machine *machine, const struct lt_call *call,
                                union lt_value *out)
{
    enum { LARGEST = 20 }; /* whose factorial a bigint holds */
    int64_t number = lt_argument(machine, call, 0)->i64;
    if (number < 0 || number > LARGEST)
        return LT_KERNEL_NULL;
    out->i64 = 1;
    for (int64_t i = 2; i <= number; i++)
        out->i64 *= i;
    return LT_KERNEL_VALUE;
}

static enum lt_kernel binary_digits(struct lt_machine *machine, const struct lt_call *call,
                                    union lt_value *out)
{
    uint64_t number = (uint64_t)lt_argument(machine, call, 0)->i64;
    char text[64];
    size_t at = sizeof text;
    do {
        text[--at] = (char)('0' + (number & 1));
        number >>= 1;
    } while (number != 0);
    return lt_machine_put(machine, call, text + at, sizeof text - at, out);
}

static enum lt_kernel convert_base(struct lt_machine *machine, const struct lt_call *call,
                                   union lt_value *out)
{
    struct lt_bytes digits = lt_argument_bytes(machine, call, 0);
    struct lt_number_base base = {(int32_t)lt_argument(machine, call, 1)->i64,
                                  (int32_t)lt_argument(machine, call, 2)->i64};
    char text[LT_NUMBER_BASE_TEXT_SIZE];
    size_t size = 0;
    enum lt_number_result result =
        lt_number_convert_base(digits.data, digits.size_bytes, base, text, &size);
    if (result == LT_NUMBER_INVALID)
        return LT_KERNEL_NULL;
    if (result == LT_NUMBER_OUT_OF_RANGE && !call->is_legacy)
        return lt_fault_overflow(machine, call, "Overflow in function conv()", NULL);
    return lt_machine_put(machine, call, text, size, out);
}

static enum lt_kernel bit_get(struct lt_machine *machine, const struct lt_call *call,
                              union lt_value *out)
{
    int64_t position = lt_argument(machine, call, 1)->i64;
    int64_t bits = (int64_t)8 << (call->argument_types[0]->kind - LT_TYPE_TINYINT);
    if (position < 0 || position >= bits)
        return lt_fault_parameter(machine, call, "INVALID_PARAMETER_VALUE.BIT_POSITION_RANGE",
                                  "pos", "expects an integer value in [0, %lld), but got %lld",
                                  (long long)bits, (long long)position);
    out->i64 = lt_argument(machine, call, 0)->i64 >> position & 1;
    return LT_KERNEL_VALUE;
}

/* Buckets of equal width between two bounds, counted from 1 at the first bound; 0 is before it, and
 * one more than there are is at the other or beyond. A number beyond all saturates, and one more
 * wraps, as in Java. */
static enum lt_kernel bucket_of(double value, double first, double last, int64_t count,
                                union lt_value *out)
{
    if (count <= 0 || count == INT64_MAX || isnan(value) || !isfinite(first) || !isfinite(last) ||
        first == last)
        return LT_KERNEL_NULL;
    double width = fabs(last - first);
    double distance = first < last ? value - first : first - value;
    bool is_before = first < last ? value < first : value > first;
    bool is_beyond = first < last ? value >= last : value <= last;
    uint64_t before = (uint64_t)lt_saturate((double)count * distance / width);
    out->i64 = is_before ? 0 : is_beyond ? count + 1 : (int64_t)(before + 1);
    return LT_KERNEL_VALUE;
}

static enum lt_kernel width_bucket(struct lt_machine *machine, const struct lt_call *call,
                                   union lt_value *out)
{
    return bucket_of(lt_argument(machine, call, 0)->f64, lt_argument(machine, call, 1)->f64,
                     lt_argument(machine, call, 2)->f64, lt_argument(machine, call, 3)->i64, out);
}

static enum lt_kernel width_bucket_interval(struct lt_machine *machine, const struct lt_call *call,
                                            union lt_value *out)
{
    return bucket_of(
        (double)lt_argument(machine, call, 0)->i64, (double)lt_argument(machine, call, 1)->i64,
        (double)lt_argument(machine, call, 2)->i64, lt_argument(machine, call, 3)->i64, out);
}

/* NULL and text are doubles, also beside intervals. */
static int infer_width_bucket(struct lt_analyser *analyser, struct lt_expression *call)
{
    bool has_number = false, has_interval = false;
    for (uint32_t i = 0; i < call->argument_count && i < 3; i++) {
        const struct lt_type *type = call->arguments[i]->type;
        has_number = has_number || type->kind == LT_TYPE_VOID || lt_type_is_text(type);
        has_interval = has_interval || lt_type_is_ansi_interval(type);
    }
    return has_number && has_interval ? lt_analyser_refuse_types(analyser, call) : LT_INFER_LETTERS;
}

/* -------------------------------------------------------------------------------------- bitmaps */

enum { BITMAP_BITS = 8 * 4096 }; /* of one bucket of Spark's bitmaps */

static enum lt_kernel bitmap_bit_position(struct lt_machine *machine, const struct lt_call *call,
                                          union lt_value *out)
{
    int64_t value = lt_argument(machine, call, 0)->i64;
    uint64_t distance = value > 0 ? (uint64_t)value - 1 : -(uint64_t)value;
    out->i64 = (int64_t)(distance % BITMAP_BITS);
    return LT_KERNEL_VALUE;
}

static enum lt_kernel bitmap_bucket_number(struct lt_machine *machine, const struct lt_call *call,
                                           union lt_value *out)
{
    int64_t value = lt_argument(machine, call, 0)->i64;
    out->i64 = value > 0 ? 1 + (value - 1) / BITMAP_BITS : value / BITMAP_BITS;
    return LT_KERNEL_VALUE;
}

static enum lt_kernel bitmap_count(struct lt_machine *machine, const struct lt_call *call,
                                   union lt_value *out)
{
    struct lt_bytes bitmap = lt_argument_bytes(machine, call, 0);
    out->i64 = 0;
    for (uint32_t i = 0; i < bitmap.size_bytes; i++)
        out->i64 += __builtin_popcount(bitmap.data[i]);
    return LT_KERNEL_VALUE;
}

static int infer_bitmap_count(struct lt_analyser *analyser, struct lt_expression *call)
{
    if (call->arguments[0]->type->kind != LT_TYPE_BINARY)
        return lt_analyser_unexpected(analyser, call, 0, "a BINARY");
    return LT_INFER_LETTERS;
}

#define DETERMINISTIC .is_deterministic = true

static const struct lt_function functions[] = {
    {"factorial", NULL, "factorial(a)", "The factorial of a number from 0 to 20; NULL for others.",
     "factorial(5)", "120", DETERMINISTIC, .signatures = {LT_KERNEL("i", "l", factorial)}},
    {"bin", NULL, "bin(a)", "The bits of a number, as text.", "bin(13)", "1101", DETERMINISTIC,
     .is_total = true, .signatures = {LT_KERNEL("l", "s", binary_digits)}},
    {"conv", NULL, "conv(number, from_base, to_base)",
     "The text of a number in one base (2 to 36) as text in another; signed if to_base is "
     "negative.",
     "conv('ff', 16, 10)", "255", DETERMINISTIC,
     .signatures = {LT_KERNEL("sii", "s", convert_base)}},
    {"bit_get", "getbit", "bit_get(a, position)", "The bit at a position, counted from the right.",
     "bit_get(11, 1)", "1", DETERMINISTIC, .is_total = true,
     .signatures = {LT_KERNEL("gi", "y", bit_get)}},
    {"width_bucket", NULL, "width_bucket(value, first, last, count)",
     "The number of the bucket that holds the value, of `count` buckets between the bounds.",
     "width_bucket(5.3, 0.2, 10.6, 5)", "3", DETERMINISTIC,
     .signatures = {LT_KERNEL("dddl", "l", width_bucket),
                    LT_KERNEL("qqql", "l", width_bucket_interval),
                    LT_KERNEL("rrrl", "l", width_bucket_interval)},
     .infer = infer_width_bucket},
    {"bitmap_bit_position", NULL, "bitmap_bit_position(a)",
     "Where the number's bit stands in its bitmap.", "bitmap_bit_position(123)", "122",
     DETERMINISTIC, .is_total = true, .signatures = {LT_KERNEL("l", "l", bitmap_bit_position)}},
    {"bitmap_bucket_number", NULL, "bitmap_bucket_number(a)",
     "The number of the bitmap that has the number's bit.", "bitmap_bucket_number(123)", "1",
     DETERMINISTIC, .is_total = true, .signatures = {LT_KERNEL("l", "l", bitmap_bucket_number)}},
    {"bitmap_count", NULL, "bitmap_count(bitmap)", "How many bits of a bitmap are set.",
     "bitmap_count(X'FF01')", "9", DETERMINISTIC, .is_total = true,
     .signatures = {LT_KERNEL("x", "l", bitmap_count)}, .infer = infer_bitmap_count},
};

const struct lt_function_group lt_functions_number = {"math", functions,
                                                      sizeof functions / sizeof functions[0]};
