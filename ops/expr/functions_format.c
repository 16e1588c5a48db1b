/*
 * Text of values by Java's formats: format_string (formatter.h) and format_number (DecimalFormat,
 * core/text/number_pattern.h).
 */
#include <string.h>

#include "core/text/number_pattern.h"
#include "ops/expr/analyser.h"
#include "ops/expr/formatter.h"

/* -------------------------------------------------------------------------------- format_string */

static int prepare_room(const struct lt_prepare *prepare, struct lt_error *error)
{
    struct lt_format_room *room = lt_arena_alloc(prepare->arena, sizeof *room);
    (void)error;
    lt_format_room_init(room);
    prepare->call->state = room;
    return LT_OK;
}

static void release_room(void *state)
{
    lt_format_room_fini(state);
}

static enum lt_kernel format_string(struct lt_machine *machine, const struct lt_call *call,
                                    union lt_value *out)
{
    if (lt_argument_is_null(machine, call, 0))
        return LT_KERNEL_NULL;
    struct lt_format_value *values =
        lt_machine_alloc(machine, call->argument_count * sizeof *values);
    if (values == NULL)
        return lt_machine_too_large(machine, call);
    for (uint32_t i = 1; i < call->argument_count; i++) {
        bool is_null = lt_argument_is_null(machine, call, i);
        values[i - 1] = (struct lt_format_value){call->argument_types[i],
                                                 is_null ? NULL : lt_argument(machine, call, i)};
    }
    const char *fault;
    lt_text_clear(&machine->text);
    if (!lt_formatter_print(lt_argument_bytes(machine, call, 0), values, call->argument_count - 1,
                            call->state, &machine->text, &fault))
        return lt_machine_fault(machine, call, "INVALID_FORMAT_STRING", "22023",
                                "the format cannot be used with these values: %s", fault);
    return lt_machine_put(machine, call, lt_text_get(&machine->text), machine->text.size_bytes,
                          out);
}

/* Values are counted from 1: "%0$s" in a constant format is refused at once. */
static int check_format(struct lt_analyser *analyser, struct lt_expression *call)
{
    struct lt_expression **format = &call->arguments[0];
    lt_fold(format, analyser->text, analyser->coerce.session, analyser->coerce.arena);
    call->nullable = (*format)->nullable;
    if ((*format)->kind != LT_EXPR_LITERAL || (*format)->is_null)
        return LT_OK;
    struct lt_bytes text = (*format)->value.bytes;
    if (text.size_bytes >= 3 && memmem(text.data, text.size_bytes, "%0$", 3) != NULL)
        return lt_analyser_fail(analyser, LT_E_ANALYSIS, *format,
                                "INVALID_PARAMETER_VALUE.ZERO_INDEX", "22023",
                                "the values of a format are counted from %%1$");
    return LT_OK;
}

/* -------------------------------------------------------------------------------- format_number */

static size_t write_number(const struct lt_number_pattern *pattern, const struct lt_type *type,
                           const union lt_value *value, struct lt_number_text out)
{
    if (type->kind == LT_TYPE_DECIMAL)
        return lt_number_pattern_write_decimal(pattern,
                                               (struct lt_decimal){value->i128, type->scale}, out);
    if (lt_type_is_fraction(type))
        return lt_number_pattern_write_double(pattern, value->f64, out);
    return lt_number_pattern_write_i64(pattern, value->i64, out);
}

static enum lt_kernel put_number(struct lt_machine *machine, const struct lt_call *call,
                                 const struct lt_number_pattern *pattern, union lt_value *out)
{
    enum { COMMON_SIZE = 128 };
    const struct lt_type *type = call->argument_types[0];
    const union lt_value *value = lt_argument(machine, call, 0);
    char common[COMMON_SIZE];
    size_t size =
        write_number(pattern, type, value, (struct lt_number_text){common, sizeof common});
    if (size <= sizeof common)
        return lt_machine_put(machine, call, common, size, out);
    char *text = lt_machine_alloc(machine, size);
    if (text == NULL || size > UINT32_MAX)
        return lt_machine_too_large(machine, call);
    (void)write_number(pattern, type, value, (struct lt_number_text){text, size});
    *out = lt_value_bytes(text, (uint32_t)size);
    return LT_KERNEL_VALUE;
}

static enum lt_kernel format_places(struct lt_machine *machine, const struct lt_call *call,
                                    union lt_value *out)
{
    int64_t places = lt_argument(machine, call, 1)->i64;
    if (places < 0)
        return LT_KERNEL_NULL;
    struct lt_number_pattern pattern = lt_number_pattern_places((uint32_t)places);
    return put_number(machine, call, &pattern, out);
}

static enum lt_kernel format_pattern(struct lt_machine *machine, const struct lt_call *call,
                                     union lt_value *out)
{
    struct lt_bytes text = lt_argument_bytes(machine, call, 1);
    struct lt_number_pattern pattern;
    if (lt_number_pattern_parse(text.data, text.size_bytes, &pattern) != LT_NUMBER_OK)
        return lt_machine_fault(machine, call, "INVALID_NUMBER_PATTERN", "22023",
                                "'%.*s' is no pattern of numbers", (int)text.size_bytes,
                                (const char *)text.data);
    return put_number(machine, call, &pattern, out);
}

/* A string is no number here, and the number of places is an int as it stands. */
static int infer_format_number(struct lt_analyser *analyser, struct lt_expression *call)
{
    const struct lt_type *number = call->arguments[0]->type, *format = call->arguments[1]->type;
    if (!lt_type_is_number(number) && number->kind != LT_TYPE_DECIMAL &&
        number->kind != LT_TYPE_VOID)
        return lt_analyser_unexpected(analyser, call, 0, "a number");
    if (format->kind != LT_TYPE_INT && !lt_letter_accepts('s', format) &&
        format->kind != LT_TYPE_VOID)
        return lt_analyser_unexpected(analyser, call, 1, "an INT or a STRING");
    return LT_INFER_LETTERS;
}

static const struct lt_function functions[] = {
    {"format_string", "printf", "format_string(format, a, ...)",
     "The values in a format such as '%s: %5.2f' (Java's).", "format_string('%s: %05d', 'a', 42)",
     "a: 00042", LT_NULL_AWARE, .is_deterministic = true, .decodes_texts = true,
     .signatures = {LT_KERNEL("sa*", "s", format_string)}, .conclude = check_format,
     .prepare = prepare_room, .release = release_room},
    {"format_number", NULL, "format_number(a, places)",
     "The number in groups of three digits and with so many decimals, or by a pattern such as "
     "'#,##0.00' (Java's).",
     "format_number(12345.678, 2)", "12,345.68", .is_deterministic = true,
     .signatures = {LT_KERNEL("ni", "s", format_places), LT_KERNEL("ki", "s", format_places),
                    LT_KERNEL("ns", "s", format_pattern), LT_KERNEL("ks", "s", format_pattern)},
     .infer = infer_format_number},
};

const struct lt_function_group lt_functions_format = {"string", functions,
                                                      sizeof functions / sizeof functions[0]};
