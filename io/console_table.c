/*
 * A table keeps finished cells, so what a row borrowed may go when the row has been added.
 */
#include "io/console_table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/error.h"
#include "core/text/interval.h"
#include "core/text/number.h"
#include "core/text/time.h"
#include "core/text/utf8.h"

enum {
    WIDTH_MIN = 3,
    TRUNCATED_CHARACTERS = 20,
    DOTS = 3,
};

/* --------------------------------------------------------------------------------------- cells */

static void append_field(struct lt_text_buffer *out, const struct lt_type *type,
                         const union lt_value *value, bool is_null)
{
    if (is_null)
        lt_text_append(out, "NULL");
    else
        lt_console_cell(out, type, value);
}

static void append_hex(struct lt_text_buffer *out, struct lt_bytes bytes)
{
    lt_text_append_char(out, '[');
    for (uint32_t i = 0; i < bytes.size_bytes; i++)
        lt_text_format(out, i == 0 ? "%02X" : " %02X", bytes.data[i]);
    lt_text_append_char(out, ']');
}

static void append_array(struct lt_text_buffer *out, const struct lt_type *type,
                         struct lt_array *array)
{
    lt_array_materialize(array);
    lt_text_append_char(out, '[');
    for (uint32_t i = 0; i < array->count; i++) {
        if (i > 0)
            lt_text_append(out, ", ");
        append_field(out, type->fields[0].type, &array->values[i], lt_bit(array->nulls, i));
    }
    lt_text_append_char(out, ']');
}

static void append_map(struct lt_text_buffer *out, const struct lt_type *type,
                       const struct lt_map *map)
{
    lt_text_append_char(out, '{');
    for (uint32_t i = 0; i < map->keys.count; i++) {
        if (i > 0)
            lt_text_append(out, ", ");
        append_field(out, type->fields[0].type, &map->keys.values[i], false);
        lt_text_append(out, " -> ");
        append_field(out, type->fields[1].type, &map->values.values[i],
                     lt_bit(map->values.nulls, i));
    }
    lt_text_append_char(out, '}');
}

static void append_struct(struct lt_text_buffer *out, const struct lt_type *type,
                          const struct lt_struct *structure)
{
    lt_text_append_char(out, '{');
    for (uint32_t i = 0; i < type->field_count; i++) {
        if (i > 0)
            lt_text_append(out, ", ");
        append_field(out, type->fields[i].type, &structure->values[i], lt_bit(structure->nulls, i));
    }
    lt_text_append_char(out, '}');
}

static void append_number(struct lt_text_buffer *out, const struct lt_type *type,
                          const union lt_value *value)
{
    char text[LT_NUMBER_DECIMAL_TEXT_SIZE];
    size_t size_bytes = type->kind == LT_TYPE_DECIMAL
                            ? lt_number_format_decimal(value->i128, type->scale, text)
                            : lt_number_format(type, value, text);
    lt_text_append_n(out, text, size_bytes);
}

static void append_time(struct lt_text_buffer *out, const struct lt_type *type,
                        const union lt_value *value)
{
    char text[LT_TIME_TEXT_SIZE];
    size_t size_bytes;
    switch (type->kind) {
    case LT_TYPE_DATE:
        size_bytes = lt_time_format_date(value->i64, text);
        break;
    case LT_TYPE_TIME:
        size_bytes = lt_time_format_time(value->i64, text);
        break;
    default:
        size_bytes = lt_time_format_timestamp(value->i64, 0, text);
    }
    lt_text_append_n(out, text, size_bytes);
}

void lt_console_cell(struct lt_text_buffer *out, const struct lt_type *type,
                     const union lt_value *value)
{
    switch (type->kind) {
    case LT_TYPE_BOOLEAN:
        lt_text_append(out, value->i64 != 0 ? "true" : "false");
        break;
    case LT_TYPE_STRING:
    case LT_TYPE_CHAR:
    case LT_TYPE_VARCHAR:
        lt_text_append_n(out, value->bytes.data, value->bytes.size_bytes);
        break;
    case LT_TYPE_BINARY:
        append_hex(out, value->bytes);
        break;
    case LT_TYPE_DATE:
    case LT_TYPE_TIME:
    case LT_TYPE_TIMESTAMP:
    case LT_TYPE_TIMESTAMP_NTZ:
        append_time(out, type, value);
        break;
    case LT_TYPE_INTERVAL_DAY_TIME:
    case LT_TYPE_INTERVAL_YEAR_MONTH:
    case LT_TYPE_INTERVAL_CALENDAR:
        lt_interval_write(out, type, value);
        break;
    case LT_TYPE_ARRAY:
        append_array(out, type, value->array);
        break;
    case LT_TYPE_MAP:
        append_map(out, type, value->map);
        break;
    case LT_TYPE_STRUCT:
        append_struct(out, type, value->structure);
        break;
    case LT_TYPE_VOID:
        lt_text_append(out, "NULL");
        break;
    case LT_TYPE_VARIANT: /* no plan that makes one is accepted */
        lt_assert(type->kind != LT_TYPE_VARIANT);
        break;
    default:
        append_number(out, type, value);
    }
}

/* Line ends and their like would break the table. A NUL would end the text. */
static char *escape(const struct lt_text_buffer *cell)
{
    static const char escaped[] = "\n\r\t\f\b\v\a";
    static const char *const escapes[] = {"\\n", "\\r", "\\t", "\\f", "\\b", "\\v", "\\a"};
    struct lt_text_buffer out;
    lt_text_init(&out);
    for (size_t i = 0; i < cell->size_bytes; i++) {
        char c = cell->data[i];
        const char *found = c != '\0' ? strchr(escaped, c) : NULL;
        if (found != NULL)
            lt_text_append(&out, escapes[found - escaped]);
        else
            lt_text_append_char(&out, c != '\0' ? c : ' ');
    }
    return lt_text_take(&out);
}

static char *finish_cell(const struct lt_console_table *table, const struct lt_text_buffer *cell)
{
    char *text = escape(cell);
    if (table->truncate) {
        size_t size_bytes = strlen(text);
        if (lt_utf8_count(text, size_bytes) > TRUNCATED_CHARACTERS) {
            size_t kept = lt_utf8_offset(text, size_bytes, TRUNCATED_CHARACTERS - DOTS);
            lt_assert(kept + DOTS <= size_bytes); /* what is cut off is longer than the dots */
            memcpy(text + kept, "...", DOTS + 1);
        }
    }
    return text;
}

/* --------------------------------------------------------------------------------------- table */

void lt_console_table_init(struct lt_console_table *table, const struct lt_type *schema,
                           bool truncate)
{
    *table = (struct lt_console_table){.schema = schema, .truncate = truncate};
}

void lt_console_table_fini(struct lt_console_table *table)
{
    for (size_t i = 0; i < (size_t)table->row_count * table->schema->field_count; i++)
        free(table->cells[i]);
    free(table->cells);
    table->cells = NULL;
    table->row_count = 0;
    table->row_capacity = 0;
}

/* The cells of one more row. */
static char **add_row(struct lt_console_table *table)
{
    if (table->row_count == table->row_capacity) {
        table->row_capacity = table->row_capacity * 2 + 8;
        table->cells = lt_realloc_array(
            table->cells, (size_t)table->row_capacity * table->schema->field_count, sizeof(char *));
    }
    return &table->cells[(size_t)table->row_count++ * table->schema->field_count];
}

void lt_console_table_add(struct lt_console_table *table, const union lt_value *values,
                          const uint64_t *nulls)
{
    char **cells = add_row(table);
    for (uint32_t i = 0; i < table->schema->field_count; i++) {
        struct lt_text_buffer cell;
        lt_text_init(&cell);
        append_field(&cell, table->schema->fields[i].type, &values[i], lt_bit(nulls, i));
        cells[i] = finish_cell(table, &cell);
        lt_text_fini(&cell);
    }
}

void lt_console_table_take(struct lt_console_table *table, struct lt_console_table *from,
                           uint32_t limit)
{
    const uint32_t field_count = table->schema->field_count;
    for (uint32_t i = 0; i < from->row_count && table->row_count < limit; i++) {
        char **cells = add_row(table);
        for (uint32_t j = 0; j < field_count; j++) {
            cells[j] = from->cells[(size_t)i * field_count + j];
            from->cells[(size_t)i * field_count + j] = NULL;
        }
    }
    lt_console_table_fini(from);
}

/* East Asian wide and full-width blocks. */
static bool is_wide(uint32_t code)
{
    static const struct {
        uint32_t first, last;
    } ranges[] = {
        {0x1100, 0x115F}, {0x2E80, 0x303E},   {0x3041, 0xA4CF},   {0xA960, 0xA97C},
        {0xAC00, 0xD7A3}, {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF01, 0xFF60},
        {0xFFE0, 0xFFE6}, {0x1F300, 0x1F64F}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        if (code >= ranges[i].first && code <= ranges[i].last)
            return true;
    }
    return false;
}

static uint32_t width_of(const char *text)
{
    uint32_t width = 0;
    const uint8_t *at = (const uint8_t *)text;
    const uint8_t *end = at + strlen(text);
    while (at < end)
        width += is_wide(lt_utf8_next(&at, end)) ? 2 : 1;
    return width;
}

static void append_times(struct lt_text_buffer *out, char c, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        lt_text_append_char(out, c);
}

static void append_rule(struct lt_text_buffer *out, const uint32_t *widths, uint32_t count)
{
    lt_text_append_char(out, '+');
    for (uint32_t i = 0; i < count; i++) {
        append_times(out, '-', widths[i]);
        lt_text_append_char(out, '+');
    }
    lt_text_append_char(out, '\n');
}

static void append_row(struct lt_text_buffer *out, const uint32_t *widths, uint32_t count,
                       const char *const *cells, bool to_the_right)
{
    lt_text_append_char(out, '|');
    for (uint32_t i = 0; i < count; i++) {
        uint32_t blanks = widths[i] - width_of(cells[i]);
        append_times(out, ' ', to_the_right ? blanks : 0);
        lt_text_append(out, cells[i]);
        append_times(out, ' ', to_the_right ? 0 : blanks);
        lt_text_append_char(out, '|');
    }
    lt_text_append_char(out, '\n');
}

/* The column names, as cells. */
static char **make_header(const struct lt_console_table *table)
{
    char **header = lt_alloc_array(table->schema->field_count, sizeof(char *));
    for (uint32_t i = 0; i < table->schema->field_count; i++) {
        struct lt_text_buffer cell;
        lt_text_init(&cell);
        lt_text_append(&cell, table->schema->fields[i].name);
        header[i] = finish_cell(table, &cell);
        lt_text_fini(&cell);
    }
    return header;
}

void lt_console_table_print(const struct lt_console_table *table, struct lt_text_buffer *out)
{
    const uint32_t count = table->schema->field_count;
    char **header = make_header(table);
    uint32_t *widths = lt_alloc_array(count, sizeof *widths);
    for (uint32_t i = 0; i < count; i++) {
        widths[i] = width_of(header[i]);
        if (widths[i] < WIDTH_MIN)
            widths[i] = WIDTH_MIN;
    }
    for (size_t i = 0; i < (size_t)table->row_count * count; i++) {
        uint32_t width = width_of(table->cells[i]);
        if (width > widths[i % count])
            widths[i % count] = width;
    }
    append_rule(out, widths, count);
    append_row(out, widths, count, (const char *const *)header, table->truncate);
    append_rule(out, widths, count);
    for (uint32_t i = 0; i < table->row_count; i++)
        append_row(out, widths, count, (const char *const *)&table->cells[(size_t)i * count],
                   table->truncate);
    append_rule(out, widths, count);
    for (uint32_t i = 0; i < count; i++)
        free(header[i]);
    free(header);
    free(widths);
}
