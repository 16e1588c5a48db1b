/*
 * Casts to and from decimals. What has more digits than the type is an error under ANSI rules, else
 * NULL; NaN and infinities are NULL under both. Towards an integer the fraction is cut.
 */
#include "ops/expr/cast_decimal.h"

#include <math.h>

#include "core/base/clock.h"
#include "core/text/number.h"
#include "core/text/number_decimal.h"
#include "core/text/utf8.h"
#include "ops/expr/faults.h"

enum { SHOWN_BYTES = 64 };

enum lt_kernel lt_decimal_out_of_range(struct lt_machine *machine, const struct lt_call *call)
{
    if (call->is_legacy)
        return LT_KERNEL_NULL;
    if (call->stored != NULL)
        return lt_fault_stored_overflow(machine, call);
    struct lt_text_buffer value;
    lt_text_init(&value);
    if (call->argument_count == 1)
        lt_fault_show_plain(&value, call->argument_types[0], lt_argument(machine, call, 0));
    else
        lt_text_append(&value, "The result");
    enum lt_kernel kernel = lt_machine_fault(
        machine, call, "NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION", "22003",
        "%s cannot be represented as Decimal(%u, %u). " LT_FAULT_BYPASS ", and return NULL instead",
        lt_text_get(&value), call->type->precision, call->type->scale);
    lt_text_fini(&value);
    return kernel;
}

static enum lt_kernel put(struct lt_machine *machine, const struct lt_call *call,
                          enum lt_decimal_result result)
{
    return result == LT_DECIMAL_OK ? LT_KERNEL_VALUE : lt_decimal_out_of_range(machine, call);
}

/* The value of a decimal digit of any script in the basic plane, as Java reads them; -1: none. */
static int digit_value(uint32_t code)
{
    static const uint16_t zeros[] = {0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66,
                                     0x0BE6, 0x0C66, 0x0CE6, 0x0D66, 0x0DE6, 0x0E50, 0x0ED0, 0x0F20,
                                     0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90,
                                     0x1B50, 0x1BB0, 0x1C40, 0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0,
                                     0xA9F0, 0xAA50, 0xABF0, 0xFF10};
    for (size_t i = 0; i < sizeof zeros / sizeof zeros[0]; i++) {
        if (code >= zeros[i] && code < zeros[i] + 10U)
            return (int)(code - zeros[i]);
    }
    return -1;
}

/* The text with such digits as ASCII's, in the machine's buffer; most texts are as they are. */
static struct lt_bytes with_ascii_digits(struct lt_machine *machine, struct lt_bytes text)
{
    const uint8_t *at = text.data, *end = text.data + text.size_bytes;
    while (at < end && *at < 0x80)
        at++;
    if (at == end)
        return text;
    lt_text_clear(&machine->text);
    for (at = text.data; at < end;) {
        const uint8_t *from = at;
        int digit = digit_value(lt_utf8_next(&at, end));
        if (digit >= 0)
            lt_text_append_char(&machine->text, (char)('0' + digit));
        else
            lt_text_append_n(&machine->text, from, (size_t)(at - from));
    }
    return lt_value_bytes(machine->text.data, (uint32_t)machine->text.size_bytes).bytes;
}

static enum lt_kernel text_to_decimal(struct lt_machine *machine, const struct lt_call *call,
                                      union lt_value *out)
{
    struct lt_bytes text = with_ascii_digits(machine, lt_argument_bytes(machine, call, 0));
    enum lt_number_result result = lt_number_parse_decimal(
        text.data, text.size_bytes, call->type->precision, call->type->scale, &out->i128);
    if (result == LT_NUMBER_OK)
        return LT_KERNEL_VALUE;
    if (result == LT_NUMBER_OUT_OF_RANGE) {
        __int128 whole;
        bool is_decimal =
            lt_number_parse_decimal(text.data, text.size_bytes, LT_DECIMAL_PRECISION_MAX, 0,
                                    &whole) == LT_NUMBER_OK;
        if (is_decimal || call->is_legacy)
            return lt_decimal_out_of_range(machine, call);
        return lt_machine_fault(machine, call, "NUMERIC_OUT_OF_SUPPORTED_RANGE", "22003",
                                "The value '%.*s' cannot be interpreted as a numeric since it "
                                "has more than %d digits",
                                (int)text.size_bytes, (const char *)text.data,
                                LT_DECIMAL_PRECISION_MAX);
    }
    return lt_fault_cast_input(machine, call);
}

static enum lt_kernel integer_to_decimal(struct lt_machine *machine, const struct lt_call *call,
                                         union lt_value *out)
{
    return put(machine, call,
               lt_decimal_from_i64(lt_argument(machine, call, 0)->i64,
                                   lt_decimal_shape_of(call->type), &out->i128));
}

enum lt_kernel lt_decimal_of_integer(struct lt_machine *machine, const struct lt_call *call,
                                     union lt_value *out)
{
    out->i128 = lt_argument(machine, call, 0)->i64;
    return LT_KERNEL_VALUE;
}

static enum lt_kernel fraction_to_decimal(struct lt_machine *machine, const struct lt_call *call,
                                          union lt_value *out)
{
    enum lt_number_result result = lt_number_decimal_from_double(
        lt_argument(machine, call, 0)->f64, lt_decimal_shape_of(call->type), &out->i128);
    if (result == LT_NUMBER_INVALID)
        return LT_KERNEL_NULL;
    return result == LT_NUMBER_OK ? LT_KERNEL_VALUE : lt_decimal_out_of_range(machine, call);
}

static enum lt_kernel timestamp_to_decimal(struct lt_machine *machine, const struct lt_call *call,
                                           union lt_value *out)
{
    enum { DIGITS_OF_MICROSECONDS = 6 };
    struct lt_decimal seconds = {lt_argument(machine, call, 0)->i64, DIGITS_OF_MICROSECONDS};
    return put(machine, call,
               lt_decimal_rescale(seconds, lt_decimal_shape_of(call->type), LT_DECIMAL_HALF_UP,
                                  &out->i128));
}

static enum lt_kernel decimal_to_decimal(struct lt_machine *machine, const struct lt_call *call,
                                         union lt_value *out)
{
    return put(machine, call,
               lt_decimal_rescale(lt_argument_decimal(machine, call, 0),
                                  lt_decimal_shape_of(call->type), LT_DECIMAL_HALF_UP, &out->i128));
}

/* Spark takes the way over a double where the decimal may not fit 64 bits and the integer is small:
 * 1.9999999999999999 is 2. */
static bool wide_to_small_integer(struct lt_decimal value, const struct lt_type *to, int64_t *out)
{
    double number = lt_number_decimal_to_double(value);
    if (floor(number) > (double)lt_type_largest(to) || ceil(number) < (double)lt_type_smallest(to))
        return false;
    *out = (int64_t)number;
    return true;
}

static enum lt_kernel decimal_to_integer(struct lt_machine *machine, const struct lt_call *call,
                                         union lt_value *out)
{
    struct lt_decimal value = lt_argument_decimal(machine, call, 0);
    if (call->is_legacy) {
        unsigned unused = 64 - (8U << (call->type->kind - LT_TYPE_TINYINT));
        out->i64 = (int64_t)((uint64_t)lt_decimal_to_i64_cut(value) << unused) >> unused;
        return LT_KERNEL_VALUE;
    }
    enum { DIGITS_OF_64_BITS = 18 };
    bool is_wide = call->argument_types[0]->precision > DIGITS_OF_64_BITS;
    if (is_wide && call->type->kind != LT_TYPE_BIGINT) {
        if (wide_to_small_integer(value, call->type, &out->i64))
            return LT_KERNEL_VALUE;
    } else if (lt_decimal_to_i64(value, lt_type_smallest(call->type), lt_type_largest(call->type),
                                 &out->i64) == LT_DECIMAL_OK)
        return LT_KERNEL_VALUE;
    return lt_fault_cast_overflow(machine, call);
}

static enum lt_kernel decimal_to_double(struct lt_machine *machine, const struct lt_call *call,
                                        union lt_value *out)
{
    out->f64 = lt_number_decimal_to_double(lt_argument_decimal(machine, call, 0));
    return LT_KERNEL_VALUE;
}

static enum lt_kernel decimal_to_float(struct lt_machine *machine, const struct lt_call *call,
                                       union lt_value *out)
{
    out->f64 = (double)lt_number_decimal_to_float(lt_argument_decimal(machine, call, 0));
    return LT_KERNEL_VALUE;
}

static enum lt_kernel decimal_to_boolean(struct lt_machine *machine, const struct lt_call *call,
                                         union lt_value *out)
{
    out->i64 = lt_argument(machine, call, 0)->i128 != 0;
    return LT_KERNEL_VALUE;
}

/* Seconds since the epoch, what is finer than a microsecond cut. What does not fit wraps, as in
 * Spark. */
static void put_seconds(struct lt_decimal value, union lt_value *out)
{
    enum { PLACES = 6 };
    unsigned __int128 us =
        value.scale >= PLACES
            ? (unsigned __int128)(value.unscaled / lt_decimal_power(value.scale - PLACES))
            : (unsigned __int128)value.unscaled *
                  (unsigned __int128)lt_decimal_power(PLACES - value.scale);
    out->i64 = (int64_t)us;
}

static enum lt_kernel decimal_to_timestamp(struct lt_machine *machine, const struct lt_call *call,
                                           union lt_value *out)
{
    put_seconds(lt_argument_decimal(machine, call, 0), out);
    return LT_KERNEL_VALUE;
}

/* To the nearest of 34 digits, which is as many as Spark multiplies a constant with. */
static enum lt_kernel constant_to_timestamp(struct lt_machine *machine, const struct lt_call *call,
                                            union lt_value *out)
{
    enum { DIGITS = 34 };
    struct lt_decimal value = lt_argument_decimal(machine, call, 0);
    uint32_t dropped = 0;
    while (dropped < LT_DECIMAL_PRECISION_MAX - DIGITS &&
           !lt_decimal_fits(value.unscaled, DIGITS + dropped))
        dropped++;
    __int128 unit = lt_decimal_power(dropped), kept = value.unscaled / unit;
    __int128 twice = 2 * (__int128)lt_decimal_magnitude(value.unscaled % unit);
    if (twice > unit || (twice == unit && kept % 2 != 0))
        kept += value.unscaled < 0 ? -1 : 1;
    value.unscaled = kept * unit;
    put_seconds(value, out);
    return LT_KERNEL_VALUE;
}

lt_kernel_fn *lt_cast_of_constant(lt_kernel_fn *kernel, bool is_constant)
{
    return is_constant && kernel == decimal_to_timestamp ? constant_to_timestamp : kernel;
}

static enum lt_kernel decimal_to_text(struct lt_machine *machine, const struct lt_call *call,
                                      union lt_value *out)
{
    char text[LT_NUMBER_DECIMAL_TEXT_SIZE];
    struct lt_decimal value = lt_argument_decimal(machine, call, 0);
    size_t size = call->is_legacy ? lt_number_format_decimal_java(value.unscaled, value.scale, text)
                                  : lt_number_format_decimal(value.unscaled, value.scale, text);
    return lt_machine_put(machine, call, text, size, out);
}

static lt_kernel_fn *kernel_to_decimal(const struct lt_type *from, const struct lt_type *to)
{
    enum { DIGITS_OF_BIGINT = 19 };
    if (from->kind == LT_TYPE_STRING)
        return text_to_decimal;
    if (lt_type_is_integral(from) || from->kind == LT_TYPE_BOOLEAN)
        return to->scale == 0 && to->precision >= DIGITS_OF_BIGINT ? lt_decimal_of_integer
                                                                   : integer_to_decimal;
    if (lt_type_is_fraction(from))
        return fraction_to_decimal;
    return from->kind == LT_TYPE_TIMESTAMP ? timestamp_to_decimal : NULL;
}

lt_kernel_fn *lt_cast_decimal_kernel(const struct lt_type *from, const struct lt_type *to)
{
    if (to->kind == LT_TYPE_DECIMAL)
        return from->kind == LT_TYPE_DECIMAL ? decimal_to_decimal : kernel_to_decimal(from, to);
    if (lt_type_is_integral(to))
        return decimal_to_integer;
    switch (to->kind) {
    case LT_TYPE_STRING:
        return decimal_to_text;
    case LT_TYPE_DOUBLE:
        return decimal_to_double;
    case LT_TYPE_FLOAT:
        return decimal_to_float;
    case LT_TYPE_BOOLEAN:
        return decimal_to_boolean;
    case LT_TYPE_TIMESTAMP:
        return decimal_to_timestamp;
    default:
        return NULL;
    }
}
