#include "io/files_sink_layout.h"

#include <limits.h>
#include <string.h>

#include "core/base/ascii.h"
#include "core/text/time.h"
#include "io/console_table.h"
#include "io/files_name.h"

enum { US_PER_S = 1000000 };

/* ------------------------------------------------------------------------------------- binding */

static int fail_missing(const char *name, const struct lt_type *schema, struct lt_error *error)
{
    struct lt_text_buffer names;
    lt_text_init(&names);
    for (uint32_t i = 0; i < schema->field_count; i++)
        lt_text_format(&names, i == 0 ? "%s" : ", %s", schema->fields[i].name);
    int code = lt_error_set(error, LT_E_ANALYSIS,
                            "Partition column %s not found in existing columns (%s)", name,
                            lt_text_get(&names));
    lt_text_fini(&names);
    return code;
}

static int bind_column(struct lt_files_level *out, const char *name,
                       const struct lt_type *schema, struct lt_arena *arena, uint64_t *left_out,
                       struct lt_error *error)
{
    int index = lt_type_field_index(schema, name);
    if (index == -2)
        return lt_error_set(error, LT_E_ANALYSIS, "partition column %s is there more than once",
                            name);
    if (index < 0)
        return fail_missing(name, schema, error);
    const struct lt_field *field = &schema->fields[index];
    if (lt_bit(left_out, (uint32_t)index))
        return lt_error_set(error, LT_E_ANALYSIS, "partition column %s is named twice", name);
    if (lt_type_is_nested(field->type) || field->type->kind == LT_TYPE_VARIANT) {
        (void)lt_error_set(error, LT_E_ANALYSIS, "Cannot use %s for partition column",
                           lt_type_sql(arena, field->type));
        return lt_error_condition(error, "INVALID_PARTITION_COLUMN_DATA_TYPE", "0A000");
    }
    struct lt_text_buffer text;
    lt_text_init(&text);
    lt_files_partition_escape(&text, field->name);
    *out = (struct lt_files_level){
        .column = (uint32_t)index,
        .type = field->type,
        .name = lt_arena_format(arena, "%s=", lt_text_get(&text)),
    };
    lt_bit_set(left_out, (uint32_t)index);
    lt_text_fini(&text);
    return 0;
}

/* The next name of the list, without the blanks around it; NULL at its end. */
static const char *next_name(const char **list, struct lt_arena *arena)
{
    const char *begin = *list, *end = begin + strcspn(begin, ",");
    if (*begin == '\0')
        return NULL;
    *list = end + (*end == ',');
    while (begin < end && lt_ascii_is_blank(*begin))
        begin++;
    while (end > begin && lt_ascii_is_blank(end[-1]))
        end--;
    return lt_arena_text_n(arena, begin, (size_t)(end - begin));
}

int lt_files_layout_bind(const char *names, const struct lt_type *schema,
                             const struct lt_zone *zone, struct lt_arena *arena,
                             struct lt_files_layout *out, struct lt_error *error)
{
    uint64_t *left_out = lt_arena_alloc(arena, (schema->field_count + 63) / 64 * sizeof *left_out);
    *out = (struct lt_files_layout){.zone = *zone};
    struct lt_files_level *columns =
        lt_arena_alloc(arena, schema->field_count * sizeof *columns);
    out->columns = columns;
    const char *name;
    while (names != NULL && (name = next_name(&names, arena)) != NULL) {
        int code = *name == '\0' ? lt_error_set(error, LT_E_INVALID,
                                                "option \"partitionBy\" has an empty name; hint: "
                                                "names of columns, separated by commas")
                                 : bind_column(&columns[out->count], name, schema, arena,
                                               left_out, error);
        if (code != 0)
            return code;
        out->count++;
    }
    out->left_out = out->count > 0 ? left_out : NULL;
    return 0;
}

/* --------------------------------------------------------------------------------- directories */

static void write_value(const struct lt_files_layout *layout, const struct lt_type *type,
                        const union lt_value *value, struct lt_text_buffer *cell)
{
    if (type->kind == LT_TYPE_TIMESTAMP) {
        char text[LT_TIME_TEXT_SIZE];
        int64_t at_s = value->i64 / US_PER_S - (value->i64 % US_PER_S < 0);
        size_t size = lt_time_format_timestamp(
            value->i64, lt_zone_offset_s(&layout->zone, at_s), text);
        lt_text_append_n(cell, text, size);
    } else if (type->kind == LT_TYPE_BINARY) {
        lt_text_append_n(cell, value->bytes.data, value->bytes.size_bytes);
    } else {
        lt_console_cell(cell, type, value);
    }
}

const char *lt_files_layout_write(const struct lt_files_layout *layout,
                                      const struct lt_row *row, struct lt_text_buffer *cell,
                                      struct lt_text_buffer *out)
{
    lt_text_clear(out);
    for (uint32_t i = 0; i < layout->count; i++) {
        const struct lt_files_level *column = &layout->columns[i];
        if (i > 0)
            lt_text_append_char(out, '/');
        size_t begin = out->size_bytes;
        lt_text_append(out, column->name);
        lt_text_clear(cell);
        if (!lt_row_is_null(row, column->column))
            write_value(layout, column->type, &lt_row_values(row)[column->column], cell);
        if (cell->size_bytes == 0)
            lt_text_append(out, LT_FILES_NULL_PARTITION);
        else if (memchr(cell->data, '\0', cell->size_bytes) != NULL)
            return "a zero byte cannot be part of a directory's name";
        else
            lt_files_partition_escape(out, cell->data);
        if (out->size_bytes - begin > NAME_MAX)
            return "a directory's name has at most 255 bytes";
    }
    return NULL;
}
