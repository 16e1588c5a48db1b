/*
 * Each field is first written as text behind the record so far, then trimmed, and put into quotes
 * where it needs them: mostly it does not, and stays where it is.
 */
#include "core/text/csv_write.h"

#include <string.h>

#include "core/base/error.h"
#include "core/text/interval.h"
#include "core/text/number.h"
#include "core/text/utf8.h"

enum { DEFAULT_COMMENT = '#' /* of the univocity writer, which Spark does not change */ };

/* ---------------------------------------------------------------------------------------- text */

static void write_binary(struct lt_text_buffer *out, const struct lt_bytes *bytes)
{
    lt_text_append_char(out, '[');
    for (uint32_t i = 0; i < bytes->size_bytes; i++)
        lt_text_format(out, i == 0 ? "%02X" : " %02X", bytes->data[i]);
    lt_text_append_char(out, ']');
}

static void write_number(struct lt_text_buffer *out, const struct lt_type *type,
                         const union lt_value *value)
{
    char text[LT_NUMBER_DECIMAL_TEXT_SIZE];
    lt_text_append_n(out, text, lt_number_format(type, value, text));
}

static void write_text(struct lt_text_buffer *out, const struct lt_type *type,
                       const union lt_value *value, const struct lt_csv_write_setup *setup);

/* NULL has a blank before it even where it is the first, but where it is no text it has none. */
static void write_part(struct lt_text_buffer *out, bool is_first, const struct lt_type *type,
                       bool is_null, const union lt_value *value,
                       const struct lt_csv_write_setup *setup)
{
    const char *null_value = setup->options->null_value;
    if (is_null ? *null_value != '\0' : !is_first)
        lt_text_append_char(out, ' ');
    if (is_null)
        lt_text_append(out, null_value);
    else
        write_text(out, type, value, setup);
}

static void write_array(struct lt_text_buffer *out, const struct lt_type *type,
                        struct lt_array *array, const struct lt_csv_write_setup *setup)
{
    lt_array_materialize(array);
    lt_text_append_char(out, '[');
    for (uint32_t i = 0; i < array->count; i++) {
        if (i != 0)
            lt_text_append_char(out, ',');
        write_part(out, i == 0, type->fields[0].type, lt_bit(array->nulls, i), &array->values[i],
                   setup);
    }
    lt_text_append_char(out, ']');
}

static void write_map(struct lt_text_buffer *out, const struct lt_type *type,
                      const struct lt_map *map, const struct lt_csv_write_setup *setup)
{
    lt_text_append_char(out, '{');
    for (uint32_t i = 0; i < map->keys.count; i++) {
        lt_text_append(out, i == 0 ? "" : ", ");
        write_text(out, type->fields[0].type, &map->keys.values[i], setup);
        lt_text_append(out, " ->");
        write_part(out, false, type->fields[1].type, lt_bit(map->values.nulls, i),
                   &map->values.values[i], setup);
    }
    lt_text_append_char(out, '}');
}

static void write_struct(struct lt_text_buffer *out, const struct lt_type *type,
                         const struct lt_struct *structure, const struct lt_csv_write_setup *setup)
{
    lt_text_append_char(out, '{');
    for (uint32_t i = 0; i < type->field_count; i++) {
        if (i != 0)
            lt_text_append_char(out, ',');
        write_part(out, i == 0, type->fields[i].type, lt_bit(structure->nulls, i),
                   &structure->values[i], setup);
    }
    lt_text_append_char(out, '}');
}

/* Recursion is bounded by the depth of types. */
static void write_text(struct lt_text_buffer *out, const struct lt_type *type,
                       const union lt_value *value, const struct lt_csv_write_setup *setup)
{
    switch (type->kind) {
    case LT_TYPE_BOOLEAN:
        lt_text_append(out, value->i64 != 0 ? "true" : "false");
        break;
    case LT_TYPE_STRING:
    case LT_TYPE_CHAR:
    case LT_TYPE_VARCHAR:
        lt_utf8_append_decoded(out, value->bytes.data, value->bytes.size_bytes);
        break;
    case LT_TYPE_BINARY:
        write_binary(out, &value->bytes);
        break;
    case LT_TYPE_INTERVAL_DAY_TIME:
    case LT_TYPE_INTERVAL_YEAR_MONTH:
    case LT_TYPE_INTERVAL_CALENDAR:
        lt_interval_write(out, type, value);
        break;
    case LT_TYPE_DATE:
    case LT_TYPE_TIMESTAMP:
    case LT_TYPE_TIMESTAMP_NTZ:
    case LT_TYPE_TIME:
        setup->times.format(setup->times.context, type, value, out);
        break;
    case LT_TYPE_ARRAY:
        write_array(out, type, value->array, setup);
        break;
    case LT_TYPE_MAP:
        write_map(out, type, value->map, setup);
        break;
    case LT_TYPE_STRUCT:
        write_struct(out, type, value->structure, setup);
        break;
    default:
        lt_assert(lt_type_is_number(type) || type->kind == LT_TYPE_DECIMAL);
        write_number(out, type, value);
    }
}

/* -------------------------------------------------------------------------------------- quotes */

static bool is_blank(char c)
{
    return (unsigned char)c <= ' ';
}

/* Cuts blanks off what stands from `begin` on. */
static void trim(struct lt_text_buffer *out, size_t begin, const struct lt_csv_options *options)
{
    size_t from = begin, end = out->size_bytes;
    bool cuts_leading = !options->has_ignore_leading || options->ignore_leading_blanks;
    bool cuts_trailing = !options->has_ignore_trailing || options->ignore_trailing_blanks;
    while (cuts_leading && from < end && is_blank(out->data[from]))
        from++;
    while (cuts_trailing && end > from && is_blank(out->data[end - 1]))
        end--;
    if (from != begin)
        memmove(out->data + begin, out->data + from, end - from);
    out->size_bytes = begin + (end - from);
}

static bool needs_quotes(const char *text, size_t size_bytes, bool is_first,
                         const struct lt_csv_options *options)
{
    char comment = options->comment != '\0' ? options->comment : (char)DEFAULT_COMMENT;
    if (options->quote_all)
        return true;
    if (size_bytes == 0)
        return false;
    if ((options->quote != '\0' && text[0] == options->quote) || (is_first && text[0] == comment))
        return true;
    for (size_t i = 0; i < size_bytes; i++)
        if (text[i] == '\n' || text[i] == '\r' ||
            (options->escape_quotes && options->quote != '\0' && text[i] == options->quote))
            return true;
    return memmem(text, size_bytes, options->separator, strlen(options->separator)) != NULL;
}

static bool is_special(char c, const struct lt_csv_options *options)
{
    bool escapes_escapes = options->has_escape_of_escape ? options->escape_of_escape != '\0'
                                                         : options->escape != options->quote;
    return c == options->quote || (c == options->escape && escapes_escapes);
}

/* Puts what stands from `begin` on into quotes: first it grows, then it is moved from its end. */
static void quote(struct lt_text_buffer *out, size_t begin, const struct lt_csv_options *options)
{
    size_t size_bytes = out->size_bytes - begin, extra = 2;
    for (size_t i = begin; i < begin + size_bytes; i++)
        extra += is_special(out->data[i], options);
    for (size_t i = 0; i < extra; i++)
        lt_text_append_char(out, ' ');
    char *text = out->data + begin;
    size_t to = size_bytes + extra;
    char escape_of_escape =
        options->has_escape_of_escape ? options->escape_of_escape : options->escape;
    text[--to] = options->quote;
    for (size_t from = size_bytes; from-- > 0;) {
        char c = text[from];
        text[--to] = c;
        if (is_special(c, options))
            text[--to] = c == options->quote ? options->escape : escape_of_escape;
    }
    text[0] = options->quote;
}

/* The null or the empty value: as it stands if it is in quotes already. */
static void write_stand_in(struct lt_text_buffer *out, const char *text, bool is_first,
                           const struct lt_csv_options *options)
{
    size_t begin = out->size_bytes, size_bytes = strlen(text);
    bool is_quoted =
        size_bytes >= 2 && text[0] == options->quote && text[size_bytes - 1] == options->quote;
    lt_text_append_n(out, text, size_bytes);
    if (!is_quoted && needs_quotes(text, size_bytes, is_first, options))
        quote(out, begin, options);
}

static const char *empty_value(const struct lt_csv_options *options)
{
    return options->empty_value != NULL ? options->empty_value : "\"\"";
}

/* What stands from `begin` on is a field's text. */
static void finish_field(struct lt_text_buffer *out, size_t begin, bool is_first,
                         const struct lt_csv_options *options)
{
    size_t size_bytes = out->size_bytes - begin;
    bool has_quotes =
        size_bytes != 0 && needs_quotes(out->data + begin, size_bytes, is_first, options);
    if (size_bytes != 0)
        trim(out, begin, options);
    if (out->size_bytes == begin)
        write_stand_in(out, empty_value(options), is_first, options);
    else if (has_quotes ||
             needs_quotes(out->data + begin, out->size_bytes - begin, is_first, options))
        quote(out, begin, options);
}

void lt_csv_write_row(struct lt_text_buffer *out, const struct lt_type *type,
                      const union lt_value *values, const uint64_t *nulls,
                      const struct lt_csv_write_setup *setup)
{
    for (uint32_t i = 0; i < type->field_count; i++) {
        if (i != 0)
            lt_text_append(out, setup->options->separator);
        size_t begin = out->size_bytes;
        if (lt_bit(nulls, i)) {
            write_stand_in(out, setup->options->null_value, i == 0, setup->options);
        } else {
            write_text(out, type->fields[i].type, &values[i], setup);
            finish_field(out, begin, i == 0, setup->options);
        }
    }
}
