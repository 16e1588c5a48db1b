/*
 * Casts at run time, under ANSI rules: what does not fit is a fault (CAST_OVERFLOW), text that is
 * no value is one too (CAST_INVALID_INPUT); in a try_cast both are NULL.
 *
 * Types that are held alike need no kernel: integers widen as they are, a float is held as the
 * double it is, strings and binary are the same bytes.
 */
#include "ops/expr/cast.h"

#include <math.h>
#include <string.h>

#include "core/base/ascii.h"
#include "core/base/clock.h"
#include "core/base/saturate.h"
#include "core/text/number.h"
#include "core/text/utf8.h"
#include "ops/expr/cast_text.h"
#include "ops/expr/cast_decimal.h"
#include "ops/expr/cast_time.h"
#include "ops/expr/faults.h"

/* ----------------------------------------------------------------------------------- from text */

/* Blanks, and perhaps a sign. */
static bool has_no_digit(struct lt_bytes text)
{
    const uint8_t *at = text.data, *end = text.data + text.size_bytes;
    while (at < end && *at <= ' ')
        at++;
    return at == end || (at + 1 == end && (*at == '-' || *at == '+'));
}

/* Under the legacy rules a fraction may follow, and is cut: " 1.9 " is 1, and "-." is 0. */
static struct lt_bytes without_fraction(struct lt_bytes text)
{
    const uint8_t *point = text.size_bytes == 0 ? NULL : memchr(text.data, '.', text.size_bytes);
    const uint8_t *end = text.data + text.size_bytes;
    if (point == NULL)
        return text;
    while (end > point + 1 && end[-1] <= ' ')
        end--;
    for (const uint8_t *at = point + 1; at < end; at++) {
        if (!lt_ascii_is_digit((char)*at))
            return text;
    }
    text.size_bytes = (uint32_t)(point - text.data);
    return has_no_digit(text) ? lt_value_text("0").bytes : text;
}

static enum lt_kernel text_to_integer(struct lt_machine *machine, const struct lt_call *call,
                                      union lt_value *out)
{
    struct lt_bytes text = lt_argument_bytes(machine, call, 0);
    if (call->is_legacy)
        text = without_fraction(text);
    bool is_valid = lt_number_parse_i64(text.data, text.size_bytes, lt_type_smallest(call->type),
                                        lt_type_largest(call->type), &out->i64) == LT_NUMBER_OK;
    return is_valid ? LT_KERNEL_VALUE : lt_fault_cast_input(machine, call);
}

static enum lt_kernel text_to_double(struct lt_machine *machine, const struct lt_call *call,
                                     union lt_value *out)
{
    struct lt_bytes text = lt_argument_bytes(machine, call, 0);
    bool is_valid = lt_number_parse_double(text.data, text.size_bytes, &out->f64) == LT_NUMBER_OK;
    return is_valid ? LT_KERNEL_VALUE : lt_fault_cast_input(machine, call);
}

static enum lt_kernel text_to_float(struct lt_machine *machine, const struct lt_call *call,
                                    union lt_value *out)
{
    struct lt_bytes text = lt_argument_bytes(machine, call, 0);
    float number = 0;
    bool is_valid = lt_number_parse_float(text.data, text.size_bytes, &number) == LT_NUMBER_OK;
    out->f64 = (double)number;
    return is_valid ? LT_KERNEL_VALUE : lt_fault_cast_input(machine, call);
}

static enum lt_kernel text_to_boolean(struct lt_machine *machine, const struct lt_call *call,
                                      union lt_value *out)
{
    struct lt_bytes text = lt_argument_bytes(machine, call, 0);
    bool value = false;
    bool is_valid = lt_cast_text_to_boolean(text.data, text.size_bytes, &value);
    out->i64 = value;
    return is_valid ? LT_KERNEL_VALUE : lt_fault_cast_input(machine, call);
}

/* ------------------------------------------------------------------------------------- to text */

static enum lt_kernel integer_to_text(struct lt_machine *machine, const struct lt_call *call,
                                      union lt_value *out)
{
    char text[LT_NUMBER_TEXT_SIZE];
    size_t size = lt_number_format_i64(lt_argument(machine, call, 0)->i64, text);
    return lt_machine_put(machine, call, text, size, out);
}

static enum lt_kernel fraction_to_text(struct lt_machine *machine, const struct lt_call *call,
                                       union lt_value *out)
{
    char text[LT_NUMBER_TEXT_SIZE];
    double value = lt_argument(machine, call, 0)->f64;
    size_t size = call->argument_types[0]->kind == LT_TYPE_FLOAT
                      ? lt_number_format_float((float)value, text)
                      : lt_number_format_double(value, text);
    return lt_machine_put(machine, call, text, size, out);
}

static enum lt_kernel boolean_to_text(struct lt_machine *machine, const struct lt_call *call,
                                      union lt_value *out)
{
    *out = lt_value_text(lt_argument(machine, call, 0)->i64 != 0 ? "true" : "false");
    return LT_KERNEL_VALUE;
}

/* ----------------------------------------------------------------------------- between numbers */

/* The low bits, as Java narrows. */
static int64_t wrapped(const struct lt_type *type, int64_t value)
{
    unsigned unused = 64 - (8U << (type->kind - LT_TYPE_TINYINT));
    return (int64_t)((uint64_t)value << unused) >> unused;
}

static enum lt_kernel put_integer(struct lt_machine *machine, const struct lt_call *call,
                                  int64_t value, union lt_value *out)
{
    out->i64 = call->is_legacy ? wrapped(call->type, value) : value;
    if (call->is_legacy)
        return LT_KERNEL_VALUE;
    if (value >= lt_type_smallest(call->type) && value <= lt_type_largest(call->type))
        return LT_KERNEL_VALUE;
    return lt_fault_cast_overflow(machine, call);
}

static enum lt_kernel integer_to_integer(struct lt_machine *machine, const struct lt_call *call,
                                         union lt_value *out)
{
    return put_integer(machine, call, lt_argument(machine, call, 0)->i64, out);
}

/* The fraction is cut; what is then outside of the type's range is a fault. */
static enum lt_kernel fraction_to_integer(struct lt_machine *machine, const struct lt_call *call,
                                          union lt_value *out)
{
    double value = lt_argument(machine, call, 0)->f64;
    if (call->is_legacy) {
        bool is_long = call->type->kind == LT_TYPE_BIGINT; /* Java casts to int first for others */
        out->i64 = is_long ? lt_saturate(value) : wrapped(call->type, lt_saturate_i32(value));
        return LT_KERNEL_VALUE;
    }
    if (!(floor(value) <= (double)lt_type_largest(call->type) &&
          ceil(value) >= (double)lt_type_smallest(call->type)))
        return lt_fault_cast_overflow(machine, call);
    out->i64 = lt_saturate(value); /* 2^63 is (double)INT64_MAX, and stands for it */
    return LT_KERNEL_VALUE;
}

/* Of an element or a field; a value on its own has an opcode. */
static enum lt_kernel integer_to_double(struct lt_machine *machine, const struct lt_call *call,
                                        union lt_value *out)
{
    out->f64 = (double)lt_argument(machine, call, 0)->i64;
    return LT_KERNEL_VALUE;
}

static enum lt_kernel integer_to_float(struct lt_machine *machine, const struct lt_call *call,
                                       union lt_value *out)
{
    out->f64 = (double)(float)lt_argument(machine, call, 0)->i64;
    return LT_KERNEL_VALUE;
}

static enum lt_kernel boolean_to_fraction(struct lt_machine *machine, const struct lt_call *call,
                                          union lt_value *out)
{
    out->f64 = lt_argument(machine, call, 0)->i64 != 0;
    return LT_KERNEL_VALUE;
}

static enum lt_kernel double_to_float(struct lt_machine *machine, const struct lt_call *call,
                                      union lt_value *out)
{
    out->f64 = (double)(float)lt_argument(machine, call, 0)->f64;
    return LT_KERNEL_VALUE;
}

static enum lt_kernel integer_to_boolean(struct lt_machine *machine, const struct lt_call *call,
                                         union lt_value *out)
{
    out->i64 = lt_argument(machine, call, 0)->i64 != 0;
    return LT_KERNEL_VALUE;
}

static enum lt_kernel fraction_to_boolean(struct lt_machine *machine, const struct lt_call *call,
                                          union lt_value *out)
{
    out->i64 = lt_argument(machine, call, 0)->f64 != 0;
    return LT_KERNEL_VALUE;
}

/* The bytes of the number, the highest first. Only legacy rules allow it. */
static enum lt_kernel integer_to_binary(struct lt_machine *machine, const struct lt_call *call,
                                        union lt_value *out)
{
    uint64_t swapped = __builtin_bswap64((uint64_t)lt_argument(machine, call, 0)->i64);
    size_t size = (size_t)1 << (call->argument_types[0]->kind - LT_TYPE_TINYINT);
    return lt_machine_put(machine, call, (const char *)&swapped + sizeof swapped - size, size, out);
}

static enum lt_kernel boolean_to_timestamp(struct lt_machine *machine, const struct lt_call *call,
                                           union lt_value *out)
{
    out->i64 = lt_argument(machine, call, 0)->i64 != 0; /* a microsecond */
    return LT_KERNEL_VALUE;
}

/* ---------------------------------------------------------------------------------- timestamps */

/* Seconds since the epoch; more than fits saturates, as Spark does. */
static enum lt_kernel integer_to_timestamp(struct lt_machine *machine, const struct lt_call *call,
                                           union lt_value *out)
{
    int64_t seconds = lt_argument(machine, call, 0)->i64;
    if (__builtin_mul_overflow(seconds, (int64_t)LT_US_PER_S, &out->i64))
        out->i64 = seconds < 0 ? INT64_MIN : INT64_MAX;
    return LT_KERNEL_VALUE;
}

/* Under the legacy rules more than fits saturates here too; what is no number is NULL. */
static enum lt_kernel fraction_to_timestamp(struct lt_machine *machine, const struct lt_call *call,
                                            union lt_value *out)
{
    double seconds = lt_argument(machine, call, 0)->f64, us = seconds * LT_US_PER_S;
    if (!isfinite(seconds))
        return lt_fault_cast_input(machine, call);
    bool fits = us < 0x1p63 && us >= -0x1p63;
    if (!fits && !call->is_legacy)
        return lt_fault_cast_overflow(machine, call);
    out->i64 = lt_saturate(us);
    return LT_KERNEL_VALUE;
}

static enum lt_kernel timestamp_to_integer(struct lt_machine *machine, const struct lt_call *call,
                                           union lt_value *out)
{
    int64_t us = lt_argument(machine, call, 0)->i64;
    int64_t seconds = us / LT_US_PER_S - (us % LT_US_PER_S < 0);
    if (call->is_legacy &&
        (seconds > lt_type_largest(call->type) || seconds < lt_type_smallest(call->type)))
        return LT_KERNEL_NULL;
    return put_integer(machine, call, seconds, out);
}

static enum lt_kernel timestamp_to_fraction(struct lt_machine *machine, const struct lt_call *call,
                                            union lt_value *out)
{
    double seconds = (double)lt_argument(machine, call, 0)->i64 / LT_US_PER_S;
    out->f64 = call->type->kind == LT_TYPE_FLOAT ? (double)(float)seconds : seconds;
    return LT_KERNEL_VALUE;
}

/* ---------------------------------------------------------------------------------- the choice */

static lt_kernel_fn *kernel_from_text(const struct lt_type *to)
{
    if (lt_type_is_integral(to))
        return text_to_integer;
    switch (to->kind) {
    case LT_TYPE_BOOLEAN:
        return text_to_boolean;
    case LT_TYPE_FLOAT:
        return text_to_float;
    case LT_TYPE_DOUBLE:
        return text_to_double;
    default:
        return NULL;
    }
}

static lt_kernel_fn *kernel_to_text(const struct lt_type *from)
{
    if (lt_type_is_integral(from))
        return integer_to_text;
    if (lt_type_is_fraction(from))
        return fraction_to_text;
    return boolean_to_text;
}

static lt_kernel_fn *kernel_from_integer(const struct lt_type *from, const struct lt_type *to)
{
    if (to->kind == LT_TYPE_BOOLEAN)
        return integer_to_boolean;
    if (to->kind == LT_TYPE_FLOAT)
        return integer_to_float;
    if (to->kind == LT_TYPE_DOUBLE)
        return integer_to_double;
    if (to->kind == LT_TYPE_TIMESTAMP)
        return integer_to_timestamp;
    return lt_type_is_integral(to) && to->kind < from->kind ? integer_to_integer : NULL;
}

static lt_kernel_fn *kernel_from_fraction(const struct lt_type *from, const struct lt_type *to)
{
    if (lt_type_is_integral(to))
        return fraction_to_integer;
    if (to->kind == LT_TYPE_BOOLEAN)
        return fraction_to_boolean;
    if (to->kind == LT_TYPE_TIMESTAMP)
        return fraction_to_timestamp;
    return from->kind == LT_TYPE_DOUBLE ? double_to_float : NULL;
}

static lt_kernel_fn *kernel_from_boolean(const struct lt_type *to)
{
    return lt_type_is_fraction(to) ? boolean_to_fraction : NULL;
}

/* Types that this file's kernels know; others have kernels of their own. */
/* What INSERT stores in a CHAR(n) or VARCHAR(n): blanks behind the n-th character are cut, others
 * are too many; CHAR has n of them always. */
static enum lt_kernel text_to_sized(struct lt_machine *machine, const struct lt_call *call,
                                    union lt_value *out)
{
    const struct lt_bytes text = lt_argument_bytes(machine, call, 0);
    uint32_t most = call->type->char_count;
    size_t count = lt_utf8_count(text.data, text.size_bytes), size = text.size_bytes;
    if (count > most) {
        size = lt_utf8_offset(text.data, text.size_bytes, most);
        for (size_t i = size; i < text.size_bytes; i++) {
            if (((const char *)text.data)[i] != ' ')
                return lt_machine_fault(machine, call, "EXCEED_LIMIT_LENGTH", "54006",
                                        "Exceeds char/varchar type length limitation: %u", most);
        }
    }
    if (call->type->kind == LT_TYPE_VARCHAR || count >= most) {
        out->bytes = (struct lt_bytes){.data = text.data, .size_bytes = (uint32_t)size};
        return LT_KERNEL_VALUE;
    }
    lt_text_clear(&machine->text);
    lt_text_append_n(&machine->text, (const char *)text.data, size);
    for (; count < most; count++)
        lt_text_append_char(&machine->text, ' ');
    return lt_machine_put(machine, call, machine->text.data, machine->text.size_bytes, out);
}

static bool is_sized(const struct lt_type *type)
{
    return type->kind == LT_TYPE_CHAR || type->kind == LT_TYPE_VARCHAR;
}

static bool is_known(const struct lt_type *type)
{
    return lt_type_is_number(type) || type->kind == LT_TYPE_BOOLEAN ||
           (lt_type_is_bytes(type) && !is_sized(type)) || type->kind == LT_TYPE_TIMESTAMP;
}

static enum lt_cast_way find_plain(const struct lt_type *from, const struct lt_type *to,
                                   lt_kernel_fn **kernel)
{
    if (lt_type_is_bytes(from) && lt_type_is_bytes(to))
        return LT_CAST_SAME;
    if (lt_type_is_bytes(from))
        *kernel = kernel_from_text(to);
    else if (to->kind == LT_TYPE_BINARY)
        *kernel = integer_to_binary;
    else if (lt_type_is_bytes(to))
        *kernel = kernel_to_text(from);
    else if (lt_type_is_integral(from))
        *kernel = kernel_from_integer(from, to);
    else if (lt_type_is_fraction(from))
        *kernel = kernel_from_fraction(from, to);
    else if (from->kind == LT_TYPE_BOOLEAN)
        *kernel = to->kind == LT_TYPE_TIMESTAMP ? boolean_to_timestamp : kernel_from_boolean(to);
    else if (to->kind == LT_TYPE_BOOLEAN)
        *kernel = integer_to_boolean;
    else
        *kernel = lt_type_is_fraction(to) ? timestamp_to_fraction : timestamp_to_integer;
    return *kernel == NULL ? LT_CAST_SAME : LT_CAST_KERNEL;
}

static enum lt_cast_way find_parts(const struct lt_session *session, const struct lt_type *from,
                                   const struct lt_type *to, lt_kernel_fn **kernel)
{
    lt_kernel_fn *const to_text[] = {lt_cast_array_to_text, lt_cast_map_to_text,
                                     lt_cast_struct_to_text};
    lt_kernel_fn *const to_nested[] = {lt_cast_array, lt_cast_map, lt_cast_struct};
    bool is_text = lt_type_is_bytes(to), is_same = !is_text;
    if (!is_text && (from->kind != to->kind || from->field_count != to->field_count))
        return LT_CAST_UNKNOWN;
    for (uint32_t i = 0; i < from->field_count; i++) {
        lt_kernel_fn *part = NULL;
        const struct lt_type *part_to = is_text ? to : to->fields[i].type;
        enum lt_cast_way way = lt_cast_find(session, from->fields[i].type, part_to, &part);
        if (way == LT_CAST_UNKNOWN)
            return way;
        is_same = is_same && way == LT_CAST_SAME;
    }
    *kernel = (is_text ? to_text : to_nested)[from->kind - LT_TYPE_ARRAY];
    return is_same ? LT_CAST_SAME : LT_CAST_PARTS;
}

/* Recursion is bounded by the depth of types. */
enum lt_cast_way lt_cast_find(const struct lt_session *session, const struct lt_type *from,
                              const struct lt_type *to, lt_kernel_fn **kernel)
{
    *kernel = NULL;
    if (lt_type_equal(from, to) || from->kind == LT_TYPE_VOID)
        return LT_CAST_SAME;
    if (lt_type_is_nested(from))
        return find_parts(session, from, to, kernel);
    if (lt_type_is_text(from) && is_sized(to)) {
        *kernel = text_to_sized;
        return LT_CAST_KERNEL;
    }
    if (is_sized(from)) /* what was stored is a text as any other */
        return lt_cast_find(session, lt_type_simple(LT_TYPE_STRING), to, kernel);
    if (from->kind == LT_TYPE_DECIMAL || to->kind == LT_TYPE_DECIMAL) {
        bool is_of_time =
            lt_type_is_interval(from) || lt_type_is_interval(to) || from->kind == LT_TYPE_DATE;
        *kernel = is_of_time ? lt_cast_time_kernel(from, to) : lt_cast_decimal_kernel(from, to);
        return *kernel == NULL ? LT_CAST_UNKNOWN : LT_CAST_KERNEL;
    }
    bool has_timestamp = from->kind == LT_TYPE_TIMESTAMP || to->kind == LT_TYPE_TIMESTAMP;
    if (is_known(from) && is_known(to) &&
        !(has_timestamp && (from->kind == LT_TYPE_STRING || to->kind == LT_TYPE_STRING)))
        return find_plain(from, to, kernel);
    if (lt_type_is_time(from) || lt_type_is_time(to))
        *kernel = lt_cast_time_kernel(from, to);
    return *kernel == NULL ? LT_CAST_UNKNOWN : LT_CAST_KERNEL;
}

bool lt_cast_exists(const struct lt_session *session, const struct lt_type *from,
                    const struct lt_type *to)
{
    lt_kernel_fn *kernel;
    return lt_cast_find(session, from, to, &kernel) != LT_CAST_UNKNOWN;
}
