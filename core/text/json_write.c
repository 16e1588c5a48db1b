/*
 * The writer walks type and value together. With `pretty` it lays objects out as Jackson does: a
 * line for each field, arrays on one line.
 *
 * Recursion ends: types are at most LT_LIMIT_TYPE_DEPTH deep.
 */
#include "core/text/json_write.h"

#include <math.h>
#include <string.h>

#include "core/base/error.h"
#include "core/text/interval.h"
#include "core/text/number.h"
#include "core/text/time.h"
#include "core/text/utf8.h"

struct writer {
    struct lt_text_buffer *out;
    const struct lt_json_write_options *options;
    int depth; /* of objects, for indents */
};

static void write_value(struct writer *w, const struct lt_type *type, const union lt_value *value);

/* ------------------------------------------------------------------------------------- strings */

static void write_escape(struct lt_text_buffer *out, uint8_t byte)
{
    static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
    const char *found = byte != '\0' ? strchr(from, byte) : NULL;
    if (found != NULL)
        lt_text_format(out, "\\%c", to[found - from]);
    else
        lt_text_format(out, "\\u%04X", byte);
}

/* The end of what can be copied as it is. */
static const uint8_t *skip_plain(const uint8_t *at, const uint8_t *end)
{
    while (at < end && *at >= 0x20 && *at != '"' && *at != '\\' && *at < 0x80)
        at++;
    return at;
}

void lt_json_write_escaped(struct lt_text_buffer *out, const void *data, size_t size_bytes)
{
    static const uint8_t replacement[] = {0xEF, 0xBF, 0xBD};
    const uint8_t *at = data, *end = at + size_bytes, *copied = at;
    while (at < end) {
        at = skip_plain(at, end);
        if (at == end)
            break;
        const uint8_t *stop = at;
        if (*at < 0x80) {
            lt_text_append_n(out, copied, (size_t)(stop - copied));
            write_escape(out, *at++);
            copied = at;
        } else if (lt_utf8_next(&at, end) == LT_UTF8_REPLACEMENT) {
            lt_text_append_n(out, copied, (size_t)(stop - copied));
            lt_text_append_n(out, replacement, sizeof replacement);
            copied = at;
        }
    }
    lt_text_append_n(out, copied, (size_t)(end - copied));
}

void lt_json_write_string(struct lt_text_buffer *out, const void *data, size_t size_bytes)
{
    lt_text_append_char(out, '"');
    lt_json_write_escaped(out, data, size_bytes);
    lt_text_append_char(out, '"');
}

void lt_json_write_base64(struct lt_text_buffer *out, const void *data, size_t size_bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const uint8_t *bytes = data;
    for (size_t i = 0; i < size_bytes; i += 3) {
        size_t count = size_bytes - i < 3 ? size_bytes - i : 3;
        uint32_t group = (uint32_t)bytes[i] << 16;
        group |= count > 1 ? (uint32_t)bytes[i + 1] << 8 : 0;
        group |= count > 2 ? bytes[i + 2] : 0;
        char text[4] = {digits[group >> 18], digits[group >> 12 & 63],
                        count > 1 ? digits[group >> 6 & 63] : '=',
                        count > 2 ? digits[group & 63] : '='};
        lt_text_append_n(out, text, sizeof text);
    }
}

/* What stands in `out` from `begin` on is the inside of a string: escapes it where it has to be. */
static void escape_tail(struct lt_text_buffer *out, size_t begin)
{
    const uint8_t *tail = (const uint8_t *)lt_text_get(out) + begin;
    size_t tail_bytes = out->size_bytes - begin;
    if (skip_plain(tail, tail + tail_bytes) == tail + tail_bytes)
        return;
    struct lt_text_buffer copy;
    lt_text_init(&copy);
    lt_text_append_n(&copy, tail, tail_bytes);
    out->size_bytes = begin;
    lt_json_write_escaped(out, lt_text_get(&copy), copy.size_bytes);
    lt_text_fini(&copy);
}

/* ------------------------------------------------------------------------------------- scalars */

static void write_double(struct writer *w, const struct lt_type *type, double number)
{
    char text[LT_NUMBER_TEXT_SIZE];
    size_t size_bytes = type->kind == LT_TYPE_FLOAT ? lt_number_format_float((float)number, text)
                                                    : lt_number_format_double(number, text);
    if (isfinite(number))
        lt_text_append_n(w->out, text, size_bytes);
    else
        lt_json_write_string(w->out, text, size_bytes);
}

static void write_by_pattern(struct writer *w, const struct lt_type *type,
                             const union lt_value *value)
{
    const struct lt_codec_times *times = w->options->times;
    lt_text_append_char(w->out, '"');
    size_t begin = w->out->size_bytes;
    times->format(times->context, type, value, w->out);
    escape_tail(w->out, begin);
    lt_text_append_char(w->out, '"');
}

static void write_time(struct writer *w, const struct lt_type *type, int64_t number)
{
    char text[LT_TIME_TEXT_SIZE];
    size_t size_bytes;
    const struct lt_json_write_options *options = w->options;
    switch (type->kind) {
    case LT_TYPE_DATE:
        size_bytes = lt_time_format_date(number, text);
        break;
    case LT_TYPE_TIME:
        size_bytes = lt_time_format_time(number, text);
        break;
    case LT_TYPE_TIMESTAMP_NTZ:
        size_bytes = lt_time_format_iso_ms_local(number, text);
        break;
    default: {
        int32_t offset_s =
            options->offset_s != NULL ? options->offset_s(options->context, number) : 0;
        size_bytes = lt_time_format_iso_ms(number, offset_s, text);
    }
    }
    lt_json_write_string(w->out, text, size_bytes);
}

static void write_i64(struct lt_text_buffer *out, int64_t number)
{
    char text[LT_NUMBER_TEXT_SIZE];
    size_t size_bytes = lt_number_format_i64(number, text);
    lt_text_append_n(out, text, size_bytes);
}

static void write_decimal(struct lt_text_buffer *out, const struct lt_type *type,
                          const union lt_value *value)
{
    char text[LT_NUMBER_DECIMAL_TEXT_SIZE];
    size_t size_bytes = lt_number_format_decimal_java(value->i128, type->scale, text);
    lt_text_append_n(out, text, size_bytes);
}

static void write_interval(struct writer *w, const struct lt_type *type,
                           const union lt_value *value)
{
    lt_text_append_char(w->out, '"'); /* its text holds nothing to escape */
    lt_interval_write(w->out, type, value);
    lt_text_append_char(w->out, '"');
}

/* ------------------------------------------------------------------------------------- objects */

static void begin_object(struct writer *w)
{
    lt_text_append_char(w->out, '{');
    w->depth++;
}

static void break_line(struct writer *w)
{
    lt_text_append_char(w->out, '\n');
    for (int i = 0; i < w->depth; i++)
        lt_text_append(w->out, "  ");
}

/* Before each name. */
static void begin_field(struct writer *w, bool is_first)
{
    if (!is_first)
        lt_text_append_char(w->out, ',');
    if (w->options->pretty)
        break_line(w);
}

/* After each name. */
static void end_name(struct writer *w)
{
    lt_text_append(w->out, w->options->pretty ? " : " : ":");
}

static void end_object(struct writer *w, bool is_empty)
{
    w->depth--;
    if (w->options->pretty && is_empty)
        lt_text_append_char(w->out, ' ');
    else if (w->options->pretty)
        break_line(w);
    lt_text_append_char(w->out, '}');
}

static void write_null_or(struct writer *w, const struct lt_type *type, bool is_null,
                          const union lt_value *value)
{
    if (is_null)
        lt_text_append(w->out, "null");
    else
        write_value(w, type, value);
}

static void write_fields(struct writer *w, const struct lt_type *type, const uint64_t *nulls,
                         const union lt_value *values)
{
    bool is_empty = true;
    begin_object(w);
    for (uint32_t i = 0; i < type->field_count; i++) {
        const struct lt_field *field = &type->fields[i];
        bool is_null = lt_bit(nulls, i);
        if (is_null && !w->options->keep_null_fields)
            continue;
        begin_field(w, is_empty);
        lt_json_write_string(w->out, field->name, strlen(field->name));
        end_name(w);
        write_null_or(w, field->type, is_null, &values[i]);
        is_empty = false;
    }
    end_object(w, is_empty);
}

static void write_array(struct writer *w, const struct lt_type *element, struct lt_array *array)
{
    lt_array_materialize(array);
    bool pretty = w->options->pretty;
    lt_text_append(w->out, pretty ? "[ " : "[");
    for (uint32_t i = 0; i < array->count; i++) {
        if (i != 0)
            lt_text_append(w->out, pretty ? ", " : ",");
        write_null_or(w, element, lt_bit(array->nulls, i), &array->values[i]);
    }
    lt_text_append(w->out, pretty && array->count != 0 ? " ]" : "]");
}

/* ------------------------------------------------------------------------------------ map keys */

static void write_key(struct lt_text_buffer *out, const struct lt_type *type,
                      const union lt_value *value);

static void write_key_elements(struct lt_text_buffer *out, const struct lt_field *fields,
                               uint32_t step, uint32_t count, const uint64_t *nulls,
                               const union lt_value *values)
{
    lt_text_append_char(out, '[');
    for (uint32_t i = 0; i < count; i++) {
        if (i != 0)
            lt_text_append_char(out, ',');
        if (lt_bit(nulls, i))
            lt_text_append(out, "null");
        else
            write_key(out, fields[i * step].type, &values[i]);
    }
    lt_text_append_char(out, ']');
}

/* Spark prints keys as it stores them: a date is its number of days, a timestamp its microseconds.
 */
static void write_key(struct lt_text_buffer *out, const struct lt_type *type,
                      const union lt_value *value)
{
    char text[LT_NUMBER_TEXT_SIZE];
    switch (type->kind) {
    case LT_TYPE_STRING:
    case LT_TYPE_CHAR:
    case LT_TYPE_VARCHAR:
        lt_text_append_n(out, value->bytes.data, value->bytes.size_bytes);
        break;
    case LT_TYPE_BINARY:
        lt_json_write_base64(out, value->bytes.data, value->bytes.size_bytes);
        break;
    case LT_TYPE_BOOLEAN:
        lt_text_append(out, value->i64 != 0 ? "true" : "false");
        break;
    case LT_TYPE_FLOAT:
        lt_text_append_n(out, text, lt_number_format_float((float)value->f64, text));
        break;
    case LT_TYPE_DOUBLE:
        lt_text_append_n(out, text, lt_number_format_double(value->f64, text));
        break;
    case LT_TYPE_DECIMAL:
        write_decimal(out, type, value);
        break;
    case LT_TYPE_INTERVAL_CALENDAR:
        lt_interval_write(out, type, value);
        break;
    case LT_TYPE_ARRAY:
        lt_array_materialize(value->array);
        write_key_elements(out, type->fields, 0, value->array->count, value->array->nulls,
                           value->array->values);
        break;
    case LT_TYPE_STRUCT:
        write_key_elements(out, type->fields, 1, type->field_count, value->structure->nulls,
                           value->structure->values);
        break;
    default:
        lt_assert(type->kind < LT_TYPE_VARIANT);
        write_i64(out, value->i64);
    }
}

static void write_quoted_key(struct writer *w, const struct lt_type *type,
                             const union lt_value *value)
{
    if (type->kind == LT_TYPE_STRING) {
        lt_json_write_string(w->out, value->bytes.data, value->bytes.size_bytes);
        return;
    }
    lt_text_append_char(w->out, '"');
    size_t begin = w->out->size_bytes;
    write_key(w->out, type, value);
    escape_tail(w->out, begin);
    lt_text_append_char(w->out, '"');
}

static void write_map(struct writer *w, const struct lt_type *type, const struct lt_map *map)
{
    struct lt_array keys = map->keys, values = map->values;
    lt_array_materialize(&keys);
    lt_array_materialize(&values);
    begin_object(w);
    for (uint32_t i = 0; i < keys.count; i++) {
        begin_field(w, i == 0);
        write_quoted_key(w, type->fields[0].type, &keys.values[i]);
        end_name(w);
        write_null_or(w, type->fields[1].type, lt_bit(values.nulls, i), &values.values[i]);
    }
    end_object(w, keys.count == 0);
}

/* -------------------------------------------------------------------------------------- values */

static void write_value(struct writer *w, const struct lt_type *type, const union lt_value *value)
{
    switch (type->kind) {
    case LT_TYPE_BOOLEAN:
        lt_text_append(w->out, value->i64 != 0 ? "true" : "false");
        break;
    case LT_TYPE_FLOAT:
    case LT_TYPE_DOUBLE:
        write_double(w, type, value->f64);
        break;
    case LT_TYPE_DECIMAL:
        write_decimal(w->out, type, value);
        break;
    case LT_TYPE_STRING:
    case LT_TYPE_CHAR:
    case LT_TYPE_VARCHAR:
        lt_json_write_string(w->out, value->bytes.data, value->bytes.size_bytes);
        break;
    case LT_TYPE_BINARY:
        lt_text_append_char(w->out, '"');
        lt_json_write_base64(w->out, value->bytes.data, value->bytes.size_bytes);
        lt_text_append_char(w->out, '"');
        break;
    case LT_TYPE_DATE:
    case LT_TYPE_TIMESTAMP:
    case LT_TYPE_TIMESTAMP_NTZ:
    case LT_TYPE_TIME:
        if (w->options->times != NULL)
            write_by_pattern(w, type, value);
        else
            write_time(w, type, value->i64);
        break;
    case LT_TYPE_INTERVAL_DAY_TIME:
    case LT_TYPE_INTERVAL_YEAR_MONTH:
    case LT_TYPE_INTERVAL_CALENDAR:
        write_interval(w, type, value);
        break;
    case LT_TYPE_ARRAY:
        write_array(w, type->fields[0].type, value->array);
        break;
    case LT_TYPE_MAP:
        write_map(w, type, value->map);
        break;
    case LT_TYPE_STRUCT:
        write_fields(w, type, value->structure->nulls, value->structure->values);
        break;
    default:
        lt_assert(lt_type_is_integral(type));
        write_i64(w->out, value->i64);
    }
}

static const struct lt_json_write_options defaults = {0};

void lt_json_write_value(struct lt_text_buffer *out, const struct lt_type *type,
                         const union lt_value *value, const struct lt_json_write_options *options)
{
    struct writer writer = {.out = out, .options = options != NULL ? options : &defaults};
    write_value(&writer, type, value);
}

void lt_json_write_row(struct lt_text_buffer *out, const struct lt_type *schema,
                       const struct lt_row *row)
{
    struct writer writer = {.out = out, .options = &defaults};
    write_fields(&writer, schema, lt_row_nulls(row), lt_row_values(row));
}
