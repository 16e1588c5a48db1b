/*
 * Values are shown as Spark's own texts show them: with the letters of literals where the type
 * would not be plain from the digits.
 */
#include "ops/expr/faults.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>

#include "core/text/interval.h"
#include "core/text/number.h"
#include "ops/expr/unresolved.h"

enum { SHOWN_BYTES = 128 };

/* ------------------------------------------------------------------------------------- values */

static void append_bytes(struct lt_text_buffer *out, struct lt_bytes bytes)
{
    bool is_cut = bytes.size_bytes > SHOWN_BYTES;
    lt_text_append_n(out, bytes.data, is_cut ? SHOWN_BYTES : bytes.size_bytes);
    lt_text_append(out, is_cut ? "..." : "");
}

/* Numbers, booleans and texts; false for other types. */
static bool append_plain(struct lt_text_buffer *out, const struct lt_type *type,
                         const union lt_value *value)
{
    char text[LT_NUMBER_DECIMAL_TEXT_SIZE > LT_NUMBER_TEXT_SIZE ? LT_NUMBER_DECIMAL_TEXT_SIZE
                                                                : LT_NUMBER_TEXT_SIZE];
    switch (type->kind) {
    case LT_TYPE_BOOLEAN:
        lt_text_append(out, value->i64 != 0 ? "true" : "false");
        return true;
    case LT_TYPE_FLOAT:
        (void)lt_number_format_float((float)value->f64, text);
        break;
    case LT_TYPE_DOUBLE:
        (void)lt_number_format_double(value->f64, text);
        break;
    case LT_TYPE_DECIMAL:
        (void)lt_number_format_decimal(value->i128, type->scale, text);
        break;
    case LT_TYPE_STRING:
    case LT_TYPE_CHAR:
    case LT_TYPE_VARCHAR:
        append_bytes(out, value->bytes);
        return true;
    default:
        if (!lt_type_is_integral(type))
            return false;
        (void)lt_number_format_i64(value->i64, text);
    }
    lt_text_append(out, text);
    return true;
}

static const char *letter_of(const struct lt_type *type, const union lt_value *value)
{
    switch (type->kind) {
    case LT_TYPE_TINYINT:
    case LT_TYPE_SMALLINT:
        return "S";
    case LT_TYPE_BIGINT:
        return "L";
    case LT_TYPE_DECIMAL:
        return "BD";
    case LT_TYPE_DOUBLE:
        return isfinite(value->f64) ? "D" : "";
    default:
        return "";
    }
}

void lt_fault_show(struct lt_text_buffer *out, const struct lt_type *type,
                   const union lt_value *value)
{
    bool is_text = type->kind >= LT_TYPE_STRING && type->kind <= LT_TYPE_VARCHAR;
    lt_text_append(out, is_text ? "'" : "");
    if (!append_plain(out, type, value) &&
        (type->kind == LT_TYPE_INTERVAL_DAY_TIME || type->kind == LT_TYPE_INTERVAL_YEAR_MONTH))
        lt_interval_write(out, type, value);
    lt_text_append(out, is_text ? "'" : letter_of(type, value));
}

void lt_fault_show_plain(struct lt_text_buffer *out, const struct lt_type *type,
                         const union lt_value *value)
{
    if (!append_plain(out, type, value))
        lt_fault_show(out, type, value);
}

/* -------------------------------------------------------------------------------------- casts */

/* `The value X of the type "A" cannot be cast to "B"`, and why. */
static enum lt_kernel cast_fault(struct lt_machine *machine, const struct lt_call *call,
                                 const char *condition, const char *sqlstate, const char *why)
{
    if (call->is_try)
        return LT_KERNEL_NULL;
    struct lt_arena *arena = lt_arena_create();
    struct lt_text_buffer value;
    lt_text_init(&value);
    lt_fault_show(&value, call->argument_types[0], lt_argument(machine, call, 0));
    enum lt_kernel kernel = lt_machine_fault(
        machine, call, condition, sqlstate,
        "The value %s of the type \"%s\" cannot be cast to \"%s\" %s", lt_text_get(&value),
        lt_type_sql(arena, call->argument_types[0]), lt_type_sql(arena, call->type), why);
    lt_text_fini(&value);
    lt_arena_destroy(arena);
    return kernel;
}

enum lt_kernel lt_fault_cast_input(struct lt_machine *machine, const struct lt_call *call)
{
    return cast_fault(machine, call, "CAST_INVALID_INPUT", "22018",
                      "because it is malformed. Correct the value as per the syntax, or change its "
                      "target type. Use `try_cast` to tolerate malformed input and return NULL "
                      "instead");
}

enum lt_kernel lt_fault_stored_overflow(struct lt_machine *machine, const struct lt_call *call)
{
    struct lt_arena *arena = lt_arena_create();
    enum lt_kernel kernel = lt_machine_fault(
        machine, call, "CAST_OVERFLOW_IN_TABLE_INSERT", "22003",
        "Fail to assign a value of \"%s\" type to the \"%s\" type column or variable %s due to an "
        "overflow. Use `try_cast` on the input value to tolerate overflow and return NULL instead",
        lt_type_sql(arena, call->argument_types[0]), lt_type_sql(arena, call->type),
        lt_name_quoted_one(call->stored, arena));
    lt_arena_destroy(arena);
    return kernel;
}

enum lt_kernel lt_fault_cast_overflow(struct lt_machine *machine, const struct lt_call *call)
{
    if (call->stored != NULL)
        return lt_fault_stored_overflow(machine, call);
    return cast_fault(machine, call, "CAST_OVERFLOW", "22003",
                      "due to an overflow. Use `try_cast` to tolerate overflow and return NULL "
                      "instead");
}

/* --------------------------------------------------------------------------------- arithmetic */

enum lt_kernel lt_fault_by_zero(struct lt_machine *machine, const struct lt_call *call,
                                bool is_remainder)
{
    return lt_machine_fault(
        machine, call, is_remainder ? "REMAINDER_BY_ZERO" : "DIVIDE_BY_ZERO", "22012",
        "%s by zero. Use `%s` to tolerate divisor being 0 and return NULL "
        "instead. " LT_FAULT_BYPASS,
        is_remainder ? "Remainder" : "Division", is_remainder ? "try_mod" : "try_divide");
}

enum lt_kernel lt_fault_overflow(struct lt_machine *machine, const struct lt_call *call,
                                 const char *what, const char *try_name)
{
    if (try_name == NULL)
        return lt_machine_fault(machine, call, "ARITHMETIC_OVERFLOW", "22003",
                                "%s. " LT_FAULT_BYPASS, what);
    return lt_machine_fault(machine, call, "ARITHMETIC_OVERFLOW", "22003",
                            "%s. Use '%s' to tolerate overflow and return NULL "
                            "instead. " LT_FAULT_BYPASS,
                            what, try_name);
}

enum lt_kernel lt_fault_small_overflow(struct lt_machine *machine, const struct lt_call *call,
                                       int64_t a, const char *sign, int64_t b, const char *try_name)
{
    return lt_machine_fault(machine, call, "BINARY_ARITHMETIC_OVERFLOW", "22003",
                            "%" PRId64 "S %s %" PRId64
                            "S caused overflow. Use `%s` to ignore overflow problem and return "
                            "NULL",
                            a, sign, b, try_name);
}

const char *lt_fault_overflow_name(const struct lt_type *type)
{
    switch (type->kind) {
    case LT_TYPE_TINYINT:
        return "byte overflow";
    case LT_TYPE_SMALLINT:
        return "short overflow";
    case LT_TYPE_BIGINT:
    case LT_TYPE_INTERVAL_DAY_TIME:
        return "long overflow";
    default:
        return "integer overflow";
    }
}

enum lt_kernel lt_fault_interval_overflow(struct lt_machine *machine, const struct lt_call *call)
{
    return lt_machine_fault(machine, call, "INTERVAL_ARITHMETIC_OVERFLOW.WITHOUT_SUGGESTION",
                            "22015",
                            "Integer overflow while operating with intervals. Try devising "
                            "appropriate values for the interval parameters");
}

/* ---------------------------------------------------------------------- parameters and indexes */

enum lt_kernel lt_fault_parameter(struct lt_machine *machine, const struct lt_call *call,
                                  const char *condition, const char *parameter, const char *format,
                                  ...)
{
    struct lt_text_buffer what;
    lt_text_init(&what);
    va_list arguments;
    va_start(arguments, format);
    lt_text_format_list(&what, format, arguments);
    va_end(arguments);
    enum lt_kernel kernel = lt_machine_fault(
        machine, call, condition, "22023", "The value of parameter(s) `%s` in `%s` is invalid: %s",
        parameter, call->name, lt_text_get(&what));
    lt_text_fini(&what);
    return kernel;
}

enum lt_kernel lt_fault_index_zero(struct lt_machine *machine, const struct lt_call *call)
{
    return lt_machine_fault(machine, call, "INVALID_INDEX_OF_ZERO", "22003",
                            "The index 0 is invalid. An index shall be either < 0 or > 0 (the "
                            "first element has index 1)");
}

enum lt_kernel lt_fault_index(struct lt_machine *machine, const struct lt_call *call, int64_t index,
                              uint32_t count)
{
    return lt_machine_fault(machine, call, "INVALID_ARRAY_INDEX", "22003",
                            "The index %" PRId64 " is out of bounds. The array has %u elements. "
                            "Use the SQL function `get()` to tolerate accessing element at "
                            "invalid index and return NULL instead",
                            index, count);
}
