/*
 * One pass over the tokens gives a type in which VOID stands for what was only ever null; a second
 * one over the type makes it fit for use.
 *
 * Recursion ends at LT_LIMIT_TYPE_DEPTH.
 */
#include "core/text/json_infer.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/ascii.h"
#include "core/base/limits.h"
#include "core/text/json_scan.h"
#include "core/text/number.h"
#include "core/text/utf8.h"

enum { PRECISION_MAX = 38, NUMBER_BYTES_MAX = 1000 };

struct inference {
    struct lt_json_scan scan;
    const struct lt_json_options *options;
    const struct lt_codec_times *times;
    struct lt_arena *arena;
    struct lt_error *error;
};

static int infer_value(struct inference *in, uint32_t depth, const struct lt_type **out);

static int fault(struct inference *in)
{
    size_t line, column;
    lt_json_scan_place(&in->scan, &line, &column);
    return lt_error_set(in->error, LT_E_PARSE, "JSON: line %zu, column %zu: %s", line, column,
                        in->scan.fault != NULL ? in->scan.fault : "a value is expected");
}

/* ------------------------------------------------------------------------------------- scalars */

/* Precision and scale of a number as BigDecimal sees it. */
struct shape {
    int64_t precision, scale;
};

/* `text` is a JSON number, or anything; false: no number. Commas may stand in it. */
static bool measure(const char *text, size_t size_bytes, struct shape *out)
{
    size_t i = 0, digits = 0, significant = 0;
    int64_t scale = 0, exponent = 0;
    bool has_point = false;
    if (i < size_bytes && (text[i] == '-' || text[i] == '+'))
        i++;
    for (; i < size_bytes && text[i] != 'e' && text[i] != 'E'; i++) {
        if (text[i] == ',')
            continue;
        if (text[i] == '.' && !has_point) {
            has_point = true;
            continue;
        }
        if (!lt_ascii_is_digit(text[i]))
            return false;
        digits++;
        significant += significant != 0 || text[i] != '0';
        scale += has_point;
    }
    if (digits == 0)
        return false;
    if (i < size_bytes && lt_number_parse_i64(text + i + 1, size_bytes - i - 1, -INT32_MAX,
                                              INT32_MAX, &exponent) != LT_NUMBER_OK)
        return false;
    *out = (struct shape){.precision = significant != 0 ? (int64_t)significant : 1,
                          .scale = scale - exponent};
    return true;
}

/* A decimal that holds numbers of the shape, or DOUBLE when there is none. */
static const struct lt_type *decimal_type(struct inference *in, struct shape shape)
{
    int64_t precision = shape.precision > shape.scale ? shape.precision : shape.scale;
    if (precision > PRECISION_MAX || shape.scale < 0)
        return lt_type_simple(LT_TYPE_DOUBLE);
    return lt_type_decimal(in->arena, (uint8_t)precision, (uint8_t)shape.scale);
}

static const struct lt_type *number_type(struct inference *in)
{
    const char *text = (const char *)in->scan.token_begin;
    size_t size_bytes = (size_t)(in->scan.token_end - in->scan.token_begin);
    bool is_integer = in->scan.token == LT_JSON_TOKEN_INTEGER;
    int64_t integer;
    struct shape shape;
    if (in->options->primitives_as_string)
        return lt_type_simple(LT_TYPE_STRING);
    if (is_integer &&
        lt_number_parse_i64(text, size_bytes, INT64_MIN, INT64_MAX, &integer) == LT_NUMBER_OK)
        return lt_type_simple(LT_TYPE_BIGINT);
    bool is_decimal = is_integer || in->options->prefers_decimal;
    if (!is_decimal || in->scan.token == LT_JSON_TOKEN_NOT_FINITE ||
        size_bytes > NUMBER_BYTES_MAX || !measure(text, size_bytes, &shape))
        return lt_type_simple(LT_TYPE_DOUBLE);
    return decimal_type(in, shape);
}

static const struct lt_type *string_type(struct inference *in)
{
    struct lt_text_buffer text;
    struct shape shape;
    const struct lt_type *type = lt_type_simple(LT_TYPE_STRING);
    lt_text_init(&text);
    lt_json_scan_text(&in->scan, &text);
    union lt_value value;
    if (text.size_bytes == 0) {
        type = lt_type_simple(LT_TYPE_VOID);
    } else if (in->options->prefers_decimal &&
               measure(lt_text_get(&text), text.size_bytes, &shape) && shape.scale >= 0 &&
               shape.precision <= PRECISION_MAX && shape.scale <= shape.precision) {
        type = decimal_type(in, shape);
    } else if (in->options->infer_timestamp && in->times != NULL &&
               in->times->parse(in->times->context, lt_type_simple(LT_TYPE_TIMESTAMP),
                                lt_text_get(&text), text.size_bytes, &value)) {
        type = lt_type_simple(LT_TYPE_TIMESTAMP);
    }
    lt_text_fini(&text);
    return type;
}

/* ------------------------------------------------------------------------------------- merging */

static const struct lt_type *merge(struct inference *in, const struct lt_type *a,
                                   const struct lt_type *b);

static struct lt_field nullable_field(const char *name, const struct lt_type *type)
{
    return (struct lt_field){.name = name, .type = type, .nullable = true};
}

/* Names in the order of their UTF-16 code units, as Java compares strings. */
static int compare_names(const char *a, const char *b)
{
    const uint8_t *at = (const uint8_t *)a, *a_end = at + strlen(a);
    const uint8_t *bt = (const uint8_t *)b, *b_end = bt + strlen(b);
    while (at < a_end && bt < b_end) {
        uint32_t x = lt_utf8_next(&at, a_end), y = lt_utf8_next(&bt, b_end);
        if (x == y)
            continue;
        /* A surrogate (0xD800) is less than 0xE000 to 0xFFFF, though its character is more. */
        uint32_t x_unit = x > 0xFFFF ? 0xD800 : x, y_unit = y > 0xFFFF ? 0xD800 : y;
        if (x_unit != y_unit)
            return x_unit < y_unit ? -1 : 1;
        return x < y ? -1 : 1;
    }
    return (at < a_end) - (bt < b_end);
}

static int compare_fields(const void *a, const void *b)
{
    return compare_names(((const struct lt_field *)a)->name, ((const struct lt_field *)b)->name);
}

static const struct lt_type *merge_structs(struct inference *in, const struct lt_type *a,
                                           const struct lt_type *b)
{
    struct lt_field *fields = lt_alloc_array(a->field_count + b->field_count, sizeof *fields);
    uint32_t i = 0, j = 0, count = 0;
    while (i < a->field_count || j < b->field_count) {
        int order = i == a->field_count   ? 1
                    : j == b->field_count ? -1
                                          : compare_fields(&a->fields[i], &b->fields[j]);
        if (order == 0) {
            const struct lt_type *type = merge(in, a->fields[i].type, b->fields[j].type);
            fields[count++] = nullable_field(a->fields[i].name, type);
        } else {
            fields[count++] = order < 0 ? a->fields[i] : b->fields[j];
        }
        i += order <= 0;
        j += order >= 0;
    }
    const struct lt_type *type = lt_type_struct(in->arena, fields, count);
    free(fields);
    return type;
}

static struct shape shape_of(const struct lt_type *type)
{
    if (type->kind == LT_TYPE_DECIMAL)
        return (struct shape){.precision = type->precision, .scale = type->scale};
    return (struct shape){.precision = 20, .scale = 0}; /* BIGINT */
}

static const struct lt_type *merge_decimals(struct inference *in, struct shape a, struct shape b)
{
    int64_t scale = a.scale > b.scale ? a.scale : b.scale;
    int64_t whole_a = a.precision - a.scale, whole_b = b.precision - b.scale;
    return decimal_type(in,
                        (struct shape){.precision = (whole_a > whole_b ? whole_a : whole_b) + scale,
                                       .scale = scale});
}

static bool is_exact(const struct lt_type *type)
{
    return type->kind == LT_TYPE_BIGINT || type->kind == LT_TYPE_DECIMAL;
}

static const struct lt_type *merge(struct inference *in, const struct lt_type *a,
                                   const struct lt_type *b)
{
    if (a->kind == LT_TYPE_VOID || lt_type_equal(a, b))
        return b;
    if (b->kind == LT_TYPE_VOID)
        return a;
    if (a->kind == LT_TYPE_STRUCT && b->kind == LT_TYPE_STRUCT)
        return merge_structs(in, a, b);
    if (a->kind == LT_TYPE_ARRAY && b->kind == LT_TYPE_ARRAY)
        return lt_type_array(in->arena, merge(in, a->fields[0].type, b->fields[0].type), true);
    if (is_exact(a) && is_exact(b))
        return merge_decimals(in, shape_of(a), shape_of(b));
    bool is_number =
        (is_exact(a) || a->kind == LT_TYPE_DOUBLE) && (is_exact(b) || b->kind == LT_TYPE_DOUBLE);
    return lt_type_simple(is_number ? LT_TYPE_DOUBLE : LT_TYPE_STRING);
}

/* ---------------------------------------------------------------------------------- containers */

struct fields {
    struct lt_field *items;
    uint32_t count, capacity;
};

static void push_field(struct fields *fields, struct lt_field field)
{
    if (fields->count == fields->capacity) {
        fields->capacity = fields->capacity != 0 ? 2 * fields->capacity : 8;
        fields->items = lt_realloc_array(fields->items, fields->capacity, sizeof *fields->items);
    }
    fields->items[fields->count++] = field;
}

static const char *copy_name(struct inference *in)
{
    struct lt_text_buffer name;
    lt_text_init(&name);
    lt_json_scan_text(&in->scan, &name);
    const char *copy = lt_arena_text_n(in->arena, lt_text_get(&name), name.size_bytes);
    lt_text_fini(&name);
    return copy;
}

/* From OBJECT_BEGIN to its END. */
static int infer_fields(struct inference *in, uint32_t depth, struct fields *fields)
{
    for (;;) {
        enum lt_json_token token = lt_json_scan_next(&in->scan);
        if (token == LT_JSON_TOKEN_OBJECT_END)
            return 0;
        if (token != LT_JSON_TOKEN_NAME)
            return fault(in);
        struct lt_field field = nullable_field(copy_name(in), NULL);
        (void)lt_json_scan_next(&in->scan);
        int code = infer_value(in, depth, &field.type);
        if (code != 0)
            return code;
        push_field(fields, field);
    }
}

static int infer_struct(struct inference *in, uint32_t depth, const struct lt_type **out)
{
    struct fields fields = {0};
    int code = infer_fields(in, depth, &fields);
    if (code == 0) {
        if (fields.count > 1)
            qsort(fields.items, fields.count, sizeof *fields.items, compare_fields);
        *out = lt_type_struct(in->arena, fields.items, fields.count);
    }
    free(fields.items);
    return code;
}

static int infer_array(struct inference *in, uint32_t depth, const struct lt_type **out)
{
    const struct lt_type *element = lt_type_simple(LT_TYPE_VOID);
    while (lt_json_scan_next(&in->scan) != LT_JSON_TOKEN_ARRAY_END) {
        const struct lt_type *type;
        int code = infer_value(in, depth, &type);
        if (code != 0)
            return code;
        element = merge(in, element, type);
    }
    *out = lt_type_array(in->arena, element, true);
    return 0;
}

/* The value that the current token begins. */
static int infer_value(struct inference *in, uint32_t depth, const struct lt_type **out)
{
    if (depth >= LT_LIMIT_TYPE_DEPTH)
        return lt_error_set(in->error, LT_E_LIMIT, "JSON: it is nested deeper than %d levels",
                            LT_LIMIT_TYPE_DEPTH);
    switch (in->scan.token) {
    case LT_JSON_TOKEN_OBJECT_BEGIN:
        return infer_struct(in, depth + 1, out);
    case LT_JSON_TOKEN_ARRAY_BEGIN:
        return infer_array(in, depth + 1, out);
    case LT_JSON_TOKEN_STRING:
        *out = string_type(in);
        return 0;
    case LT_JSON_TOKEN_INTEGER:
    case LT_JSON_TOKEN_FLOAT:
    case LT_JSON_TOKEN_NOT_FINITE:
        *out = number_type(in);
        return 0;
    case LT_JSON_TOKEN_TRUE:
    case LT_JSON_TOKEN_FALSE:
        *out = lt_type_simple(in->options->primitives_as_string ? LT_TYPE_STRING : LT_TYPE_BOOLEAN);
        return 0;
    case LT_JSON_TOKEN_NULL:
    case LT_JSON_TOKEN_END: /* an empty document */
        *out = lt_type_simple(LT_TYPE_VOID);
        return 0;
    default:
        return fault(in);
    }
}

/* NULL: nothing is left of the type. */
static const struct lt_type *finish(struct inference *in, const struct lt_type *type)
{
    if (type->kind == LT_TYPE_VOID)
        return in->options->drop_field_if_all_null ? NULL : lt_type_simple(LT_TYPE_STRING);
    if (type->kind == LT_TYPE_ARRAY) {
        const struct lt_type *element = finish(in, type->fields[0].type);
        return element != NULL ? lt_type_array(in->arena, element, true) : NULL;
    }
    if (type->kind != LT_TYPE_STRUCT)
        return type;
    struct fields fields = {0};
    for (uint32_t i = 0; i < type->field_count; i++) {
        const struct lt_field *field = &type->fields[i];
        const struct lt_type *finished = finish(in, field->type);
        if (field->name[0] != '\0' && finished != NULL)
            push_field(&fields, nullable_field(field->name, finished));
    }
    const struct lt_type *finished =
        fields.count != 0 ? lt_type_struct(in->arena, fields.items, fields.count) : NULL;
    free(fields.items);
    return finished;
}

/* What stands for a type that nothing is left of. */
static const struct lt_type *type_of_nothing(struct inference *in, const struct lt_type *type)
{
    const struct lt_type *none = lt_type_struct(in->arena, NULL, 0);
    if (type->kind == LT_TYPE_STRUCT)
        return none;
    if (type->kind == LT_TYPE_ARRAY && type->fields[0].type->kind == LT_TYPE_STRUCT)
        return lt_type_array(in->arena, none, true);
    return lt_type_simple(LT_TYPE_STRING);
}

/* A number that is the whole text ends where the text does, or at a blank: to Jackson "1,2" is no
 * number and a rest. */
static bool is_run_together(const struct lt_json_scan *scan, const uint8_t *end)
{
    bool is_number = scan->token == LT_JSON_TOKEN_INTEGER || scan->token == LT_JSON_TOKEN_FLOAT;
    return is_number && scan->token_end < end && memchr(" \t\r\n", *scan->token_end, 4) == NULL;
}

int lt_json_infer(const void *data, size_t size_bytes, const struct lt_json_options *options,
                  const struct lt_codec_times *times, struct lt_arena *arena,
                  const struct lt_type **out, struct lt_error *error)
{
    struct inference in = {.options = options, .times = times, .arena = arena, .error = error};
    const struct lt_type *type;
    lt_json_scan_init(&in.scan, data, size_bytes, lt_json_options_scan_flags(options));
    (void)lt_json_scan_next(&in.scan);
    if (is_run_together(&in.scan, (const uint8_t *)data + size_bytes))
        return fault(&in);
    int code = infer_value(&in, 0, &type);
    if (code != 0)
        return code;
    const struct lt_type *finished = finish(&in, type);
    *out = finished != NULL ? finished : type_of_nothing(&in, type);
    return 0;
}
