#include "io/files_columns.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"

struct kept_texts {
    const char **texts; /* in the arena */
    size_t count, capacity;
};

struct column {
    union lt_value value;
    bool is_null;
    struct kept_texts kept;
};

struct lt_files_columns {
    struct lt_files_source *source;
    struct lt_arena *arena; /* of texts that are kept */
    uint32_t first;         /* in a row */
    struct column columns[LT_FILES_PARTITIONS_MAX];
};

struct lt_files_columns *lt_files_columns_create(struct lt_files_source *source)
{
    struct lt_files_columns *columns = lt_alloc(sizeof *columns);
    columns->source = source;
    columns->arena = lt_arena_create();
    columns->first = source->format->schema->field_count;
    return columns;
}

void lt_files_columns_destroy(struct lt_files_columns *columns)
{
    if (columns == NULL)
        return;
    for (uint32_t i = 0; i < columns->source->partitions.count; i++)
        free(columns->columns[i].kept.texts);
    lt_arena_destroy(columns->arena);
    free(columns);
}

/* Newest first: the file before had it most often. */
static const char *keep(struct lt_files_columns *columns, struct kept_texts *kept, const char *text)
{
    for (size_t i = kept->count; i > 0; i--)
        if (strcmp(kept->texts[i - 1], text) == 0)
            return kept->texts[i - 1];
    if (kept->count == kept->capacity) {
        kept->capacity = kept->capacity == 0 ? 16 : 2 * kept->capacity;
        kept->texts = lt_realloc_array(kept->texts, kept->capacity, sizeof kept->texts[0]);
    }
    return kept->texts[kept->count++] = lt_arena_text(columns->arena, text);
}

static int set_column(struct lt_files_columns *columns, uint32_t index, const char *text,
                      struct lt_error *error)
{
    const struct lt_field *field = &columns->source->partitions.columns[index];
    struct column *column = &columns->columns[index];
    if (lt_type_is_bytes(field->type))
        text = keep(columns, &column->kept, text);
    return lt_files_partition_value(field, text, &columns->source->times, &column->value,
                                    &column->is_null, error);
}

static int set_columns(struct lt_files_columns *columns, const struct lt_files_item *item,
                       struct lt_arena *arena, struct lt_error *error)
{
    const struct lt_files_source *source = columns->source;
    struct lt_files_parts parts;
    struct lt_files_found found = {.path = item->path};
    found.root_size = lt_files_root_size(&source->settings.place, item->path);
    size_t root = lt_files_partition_root(&source->settings, &found, error);
    int code = root == 0 ? LT_E_INVALID : lt_files_parts_of(item->path, root, arena, &parts, error);
    if (code == 0 && parts.count == 0 && source->partitions.count > 0)
        return 1;
    if (code == 0)
        code = lt_files_partitions_check(&source->partitions, &parts, item->path, error);
    for (uint32_t i = 0; i < source->partitions.count && code == 0; i++)
        code = set_column(columns, i, parts.values[i], error);
    return code;
}

int lt_files_columns_begin(struct lt_files_columns *columns, const struct lt_files_item *item,
                           struct lt_error *error)
{
    if (columns->source->partitions.count == 0)
        return 0;
    struct lt_arena *arena = lt_arena_create();
    int code = set_columns(columns, item, arena, error);
    lt_arena_destroy(arena);
    return code < 0 ? lt_error_append(error, "file \"%s\"", item->path) : code;
}

void lt_files_columns_complete(void *context, struct lt_row *row)
{
    const struct lt_files_columns *columns = context;
    union lt_value *values = lt_row_values(row) + columns->first;
    for (uint32_t i = 0; i < columns->source->partitions.count; i++) {
        values[i] = columns->columns[i].value;
        if (columns->columns[i].is_null)
            lt_row_set_null(row, columns->first + i);
    }
}
