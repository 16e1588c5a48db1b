#include "io/files_columns.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/text/codec.h"
#include "io/files_name.h"

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
    bool has_metadata;
    struct lt_text_buffer path; /* of the file, as file_path has it */
    int64_t modified_us;
    const int64_t *size_bytes;
    struct column columns[LT_FILES_PARTITIONS_MAX];
};

enum metadata_field { FILE_PATH, FILE_NAME, FILE_SIZE, BLOCK_START, BLOCK_LENGTH, MODIFIED };
enum { METADATA_FIELDS = MODIFIED + 1 };

const struct lt_type *lt_files_metadata_type(struct lt_arena *arena)
{
    const struct lt_type *text = lt_type_simple(LT_TYPE_STRING);
    const struct lt_type *number = lt_type_simple(LT_TYPE_BIGINT);
    const struct lt_field fields[METADATA_FIELDS] = {
        [FILE_PATH] = {.name = "file_path", .type = text},
        [FILE_NAME] = {.name = "file_name", .type = text},
        [FILE_SIZE] = {.name = "file_size", .type = number},
        [BLOCK_START] = {.name = "file_block_start", .type = number},
        [BLOCK_LENGTH] = {.name = "file_block_length", .type = number},
        [MODIFIED] = {.name = "file_modification_time", .type = lt_type_simple(LT_TYPE_TIMESTAMP)},
    };
    return lt_type_struct(arena, fields, METADATA_FIELDS);
}

/* The last column, if it is hidden and used. */
static bool is_metadata_used(const struct lt_source *source)
{
    uint32_t last = source->schema->field_count - 1;
    return lt_type_is_hidden(source->schema, last) &&
           (source->used_columns == NULL || lt_bit(source->used_columns, last));
}

struct lt_files_columns *lt_files_columns_create(struct lt_files_source *source,
                                                 const int64_t *size_bytes)
{
    struct lt_files_columns *columns = lt_alloc(sizeof *columns);
    columns->source = source;
    columns->arena = lt_arena_create();
    columns->first = source->format->schema->field_count;
    columns->has_metadata = is_metadata_used(&source->base);
    columns->size_bytes = size_bytes;
    lt_text_init(&columns->path);
    return columns;
}

uint32_t lt_files_columns_count(const struct lt_files_columns *columns)
{
    return columns->first + columns->source->partitions.count + columns->has_metadata;
}

void lt_files_columns_destroy(struct lt_files_columns *columns)
{
    if (columns == NULL)
        return;
    for (uint32_t i = 0; i < columns->source->partitions.count; i++)
        free(columns->columns[i].kept.texts);
    lt_arena_destroy(columns->arena);
    lt_text_fini(&columns->path);
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

/* What Spark's streams have: a URI with one slash, percent signs in the name too. */
static void set_path(struct lt_files_columns *columns, const char *path)
{
    static const size_t host_size = sizeof "file://" - 1;
    struct lt_text_buffer uri;
    lt_text_init(&uri);
    lt_files_uri_write(&uri, path);
    lt_text_clear(&columns->path);
    lt_text_append(&columns->path, "file:");
    lt_text_append(&columns->path, lt_text_get(&uri) + host_size);
    lt_text_fini(&uri);
}

int lt_files_columns_begin(struct lt_files_columns *columns, const struct lt_files_item *item,
                           struct lt_error *error)
{
    columns->modified_us = item->modified_ms * LT_US_PER_MS;
    if (columns->has_metadata)
        set_path(columns, item->path);
    if (columns->source->partitions.count == 0)
        return 0;
    struct lt_arena *arena = lt_arena_create();
    int code = set_columns(columns, item, arena, error);
    lt_arena_destroy(arena);
    return code < 0 ? lt_error_append(error, "file \"%s\"", item->path) : code;
}

static void *alloc_in_row(void *row, size_t size_bytes)
{
    return lt_row_scratch(row, size_bytes);
}

static union lt_value copy_text(const struct lt_codec_memory *memory, const char *text, size_t size)
{
    char *copy = memory->alloc(memory->context, size);
    if (copy != NULL)
        memcpy(copy, text, size);
    return lt_value_bytes(copy, copy != NULL ? (uint32_t)size : 0);
}

/* False without memory. */
static bool set_metadata(const struct lt_files_columns *columns, struct lt_row *row,
                         union lt_value *out)
{
    const struct lt_codec_memory memory = {.alloc = alloc_in_row, .context = row};
    union lt_value *values;
    uint64_t *nulls;
    const struct lt_struct *structure = lt_codec_struct(&memory, METADATA_FIELDS, &values, &nulls);
    if (structure == NULL)
        return false;
    nulls[0] = 0;
    const char *path = lt_text_get(&columns->path), *name = lt_files_base_name(path);
    values[FILE_PATH] = copy_text(&memory, path, columns->path.size_bytes);
    values[FILE_NAME] = copy_text(&memory, name, strlen(name));
    values[FILE_SIZE] = values[BLOCK_LENGTH] = lt_value_i64(*columns->size_bytes);
    values[BLOCK_START] = lt_value_i64(0);
    values[MODIFIED] = lt_value_i64(columns->modified_us);
    out->structure = structure;
    return true;
}

void lt_files_columns_complete(void *context, struct lt_row *row)
{
    const struct lt_files_columns *columns = context;
    uint32_t count = columns->source->partitions.count, metadata = columns->first + count;
    union lt_value *values = lt_row_values(row) + columns->first;
    for (uint32_t i = 0; i < count; i++) {
        values[i] = columns->columns[i].value;
        if (columns->columns[i].is_null)
            lt_row_set_null(row, columns->first + i);
    }
    if (columns->has_metadata && !set_metadata(columns, row, &values[count]))
        lt_row_set_null(row, metadata);
}
