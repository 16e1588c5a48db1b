/*
 * to_char and to_number: numbers by a format such as 'S$99,999.00' (core/text/number_format.h),
 * which is a constant and decides the type of to_number. Of dates and timestamps to_char is
 * date_format, of binary values one of base64, hex and decode.
 */
#include <string.h>

#include "core/base/ascii.h"
#include "core/text/number_format.h"
#include "ops/expr/analyser.h"

static int prepare_format(const struct lt_prepare *prepare, struct lt_error *error)
{
    const struct lt_expression *text = prepare->expression->arguments[1];
    if (text->kind != LT_EXPR_LITERAL || text->is_null)
        return LT_OK; /* NULL: never called */
    struct lt_number_format *format = lt_arena_alloc(prepare->arena, sizeof *format);
    prepare->call->state = format;
    return lt_number_format_compile(text->value.bytes.data, text->value.bytes.size_bytes,
                                    prepare->arena, format, error);
}

static enum lt_kernel to_char(struct lt_machine *machine, const struct lt_call *call,
                              union lt_value *out)
{
    const struct lt_number_format *format = call->state;
    char *text = lt_machine_alloc(machine, format->text_size_max);
    if (text == NULL)
        return lt_machine_too_large(machine, call);
    const struct lt_decimal number = {lt_argument(machine, call, 0)->i128,
                                      call->argument_types[0]->scale};
    *out = lt_value_bytes(text, (uint32_t)lt_number_format_write(format, number, text));
    return LT_KERNEL_VALUE;
}

static enum lt_kernel read_number(struct lt_machine *machine, const struct lt_call *call,
                                  bool is_try, union lt_value *out)
{
    struct lt_bytes text = lt_argument_bytes(machine, call, 0);
    struct lt_bytes format = lt_argument_bytes(machine, call, 1);
    switch (lt_number_format_read(call->state, text.data, text.size_bytes, &out->i128)) {
    case LT_NUMBER_OK:
        return LT_KERNEL_VALUE;
    case LT_NUMBER_OUT_OF_RANGE:
        return lt_machine_fault(machine, call, "NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION",
                                "22003", "the number does not fit into decimal(%u,%u)",
                                call->type->precision, call->type->scale);
    default:
        if (is_try)
            return LT_KERNEL_NULL;
        return lt_machine_fault(machine, call, "INVALID_FORMAT.MISMATCH_INPUT", "42601",
                                "The format is invalid: %.*s. The input \"STRING\" %.*s does not "
                                "match the format",
                                (int)format.size_bytes, (const char *)format.data,
                                (int)text.size_bytes, (const char *)text.data);
    }
}

static enum lt_kernel to_number(struct lt_machine *machine, const struct lt_call *call,
                                union lt_value *out)
{
    return read_number(machine, call, false, out);
}

static enum lt_kernel try_to_number(struct lt_machine *machine, const struct lt_call *call,
                                    union lt_value *out)
{
    return read_number(machine, call, true, out);
}

/* ------------------------------------------------------------------------------------- analysis */

/* The format as a constant string. */
static int fold_format(struct lt_analyser *analyser, struct lt_expression *call)
{
    struct lt_expression **format = &call->arguments[1];
    const struct lt_type *string = lt_type_simple(LT_TYPE_STRING);
    if (!lt_coerce_is_implicit(&analyser->coerce, (*format)->type, string))
        return lt_analyser_unexpected(analyser, call, 1, "a STRING");
    int code = lt_analyser_cast(analyser, format, string);
    if (code != LT_OK)
        return code;
    return lt_analyser_constant(analyser, call, 1);
}

static int compile_format(struct lt_analyser *analyser, const struct lt_expression *text,
                          struct lt_number_format *format)
{
    struct lt_error error;
    lt_error_clear(&error);
    int code = lt_number_format_compile(text->value.bytes.data, text->value.bytes.size_bytes,
                                        analyser->coerce.arena, format, &error);
    return code == LT_OK ? LT_OK
                         : lt_analyser_fail(analyser, LT_E_ANALYSIS, text, error.condition,
                                            error.sqlstate, "%s", error.text);
}

static int become(struct lt_analyser *analyser, struct lt_expression *call, const char *name,
                  struct lt_expression *second)
{
    *call = *lt_analyser_call(analyser, call, name, call->arguments[0], second);
    return lt_resolve_call(analyser, call);
}

static struct lt_expression *make_text(struct lt_analyser *analyser, const struct lt_expression *at,
                                       const char *text)
{
    struct lt_expression *literal = lt_arena_alloc(analyser->coerce.arena, sizeof *literal);
    *literal = (struct lt_expression){.kind = LT_EXPR_LITERAL,
                                      .begin = at->begin,
                                      .end = at->end,
                                      .type = lt_type_simple(LT_TYPE_STRING),
                                      .index = -1};
    literal->value = lt_value_text(text);
    return literal;
}

/* to_char of a binary value. */
static int become_text(struct lt_analyser *analyser, struct lt_expression *call)
{
    struct lt_expression *format = call->arguments[1];
    int code = lt_analyser_fold(analyser, &format);
    if (code != LT_OK)
        return code;
    if (format->kind != LT_EXPR_LITERAL || format->type->kind != LT_TYPE_STRING || format->is_null)
        return lt_analyser_fail(analyser, LT_E_ANALYSIS, format, "NON_FOLDABLE_ARGUMENT", "42K08",
                                "the format of \"%s\" must be a constant", call->name);
    char *name = lt_arena_text_n(analyser->coerce.arena, (const char *)format->value.bytes.data,
                                 format->value.bytes.size_bytes);
    if (lt_ascii_compare(name, "hex") == 0)
        return become(analyser, call, "hex", NULL);
    if (lt_ascii_compare(name, "base64") == 0)
        return become(analyser, call, "base64", NULL);
    if (lt_ascii_compare(name, "utf-8") == 0)
        return become(analyser, call, "decode", make_text(analyser, format, "utf-8"));
    return lt_analyser_fail(
        analyser, LT_E_ANALYSIS, format, "INVALID_PARAMETER_VALUE.BINARY_FORMAT", "22023",
        "a binary value is written as 'base64', 'hex' or 'utf-8', not '%s'", name);
}

/* The decimal that Spark holds a number or a text in. */
static const struct lt_type *decimal_of(struct lt_analyser *analyser, const struct lt_type *type)
{
    struct lt_arena *arena = analyser->coerce.arena;
    if (type->kind == LT_TYPE_DECIMAL)
        return type;
    if (lt_type_is_integral(type))
        return lt_coerce_decimal_of(arena, type);
    if (lt_type_is_fraction(type))
        return type->kind == LT_TYPE_FLOAT ? lt_type_decimal(arena, 14, 7)
                                           : lt_type_decimal(arena, 30, 15);
    if (type->kind == LT_TYPE_VOID)
        return lt_type_decimal(arena, 10, 0);
    return lt_letter_accepts('s', type) ? lt_type_decimal(arena, 38, 18) : NULL;
}

static int infer_to_char(struct lt_analyser *analyser, struct lt_expression *call)
{
    struct lt_expression **arguments = call->arguments;
    enum lt_type_kind kind = arguments[0]->type->kind;
    if (kind == LT_TYPE_DATE || kind == LT_TYPE_TIMESTAMP || kind == LT_TYPE_TIMESTAMP_NTZ)
        return become(analyser, call, "date_format", arguments[1]);
    if (kind == LT_TYPE_BINARY)
        return become_text(analyser, call);
    const struct lt_type *decimal = decimal_of(analyser, arguments[0]->type);
    if (decimal == NULL)
        return lt_analyser_unexpected(analyser, call, 0, "a DECIMAL");
    int code = lt_analyser_cast(analyser, &arguments[0], decimal);
    if (code == LT_OK)
        code = fold_format(analyser, call);
    struct lt_number_format format;
    if (code == LT_OK && !arguments[1]->is_null)
        code = compile_format(analyser, arguments[1], &format);
    call->signature = &lt_function_at((size_t)call->index, NULL)->signatures[0];
    call->type = lt_type_simple(LT_TYPE_STRING);
    call->nullable = lt_any_nullable(arguments, 2);
    return code;
}

static int infer_number(struct lt_analyser *analyser, struct lt_expression *call, bool is_try)
{
    struct lt_expression **arguments = call->arguments;
    const struct lt_type *string = lt_type_simple(LT_TYPE_STRING);
    if (!lt_coerce_is_implicit(&analyser->coerce, arguments[0]->type, string))
        return lt_analyser_unexpected(analyser, call, 0, "a STRING");
    struct lt_number_format format = {.precision = 10};
    int code = lt_analyser_cast(analyser, &arguments[0], string);
    if (code == LT_OK)
        code = fold_format(analyser, call);
    if (code == LT_OK && !arguments[1]->is_null)
        code = compile_format(analyser, arguments[1], &format);
    if (code != LT_OK)
        return code;
    if (format.precision > LT_DECIMAL_PRECISION_MAX)
        return lt_analyser_fail(analyser, LT_E_ANALYSIS, arguments[1],
                                "DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION", "22003",
                                "the format has %u digits, and a decimal at most %d",
                                format.precision, (int)LT_DECIMAL_PRECISION_MAX);
    call->signature = &lt_function_at((size_t)call->index, NULL)->signatures[0];
    call->type =
        lt_type_decimal(analyser->coerce.arena, (uint8_t)format.precision, (uint8_t)format.scale);
    call->nullable = is_try || lt_any_nullable(arguments, 2);
    return LT_OK;
}

static int infer_to_number(struct lt_analyser *analyser, struct lt_expression *call)
{
    return infer_number(analyser, call, false);
}

static int infer_try_to_number(struct lt_analyser *analyser, struct lt_expression *call)
{
    return infer_number(analyser, call, true);
}

static const struct lt_function functions[] = {
    {"to_char", "to_varchar", "to_char(a, format)",
     "A number, a timestamp or a binary value as text by a constant format, such as '99,999.00'.",
     "to_char(78.12, '$99.99')", "$78.12", .is_deterministic = true,
     .signatures = {LT_KERNEL("as", "s", to_char)}, .prepare = prepare_format,
     .infer = infer_to_char},
    {"to_number", NULL, "to_number(str, format)",
     "The number that a text is by a constant format, such as 'S99,999.00'.",
     "to_number('$78.12', '$99.99')", "78.12", .is_deterministic = true, .is_total = true,
     .signatures = {LT_KERNEL("ss", "k", to_number)}, .prepare = prepare_format,
     .infer = infer_to_number},
    {"try_to_number", NULL, "try_to_number(str, format)",
     "As to_number, but NULL where the text does not match.", "try_to_number('x', '99')", "NULL",
     .is_deterministic = true, .signatures = {LT_KERNEL("ss", "k", try_to_number)},
     .prepare = prepare_format, .infer = infer_try_to_number},
};

const struct lt_function_group lt_functions_number_text = {"string", functions,
                                                           sizeof functions / sizeof functions[0]};
