#include "core/run/dead_letter.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/limits.h"
#include "core/run/plain_letter.h"
#include "core/run/union_source.h"
#include "core/text/json_write.h"

enum { KEY, VALUE, HEADERS, TIMESTAMP, COLUMN_COUNT };
enum { REASON_COUNT = 7, LETTERS_IN_FLIGHT = 4096, SCRATCH_BYTES = 512 };
static const char original_timestamp[] = "leat.error.original.timestamp";

const struct lt_type *lt_dead_letter_schema(const struct lt_sink_type *type, struct lt_arena *arena)
{
    if (type->takes_plain_letters)
        return lt_plain_letter_schema(arena);
    const struct lt_type *binary = lt_type_simple(LT_TYPE_BINARY);
    const struct lt_field header[] = {{"key", lt_type_simple(LT_TYPE_STRING), true, NULL},
                                      {"value", binary, true, NULL}};
    const struct lt_type *headers = lt_type_array(arena, lt_type_struct(arena, header, 2), true);
    const struct lt_field fields[COLUMN_COUNT] = {
        [KEY] = {"key", binary, true, NULL},
        [VALUE] = {"value", binary, true, NULL},
        [HEADERS] = {"headers", headers, true, NULL},
        [TIMESTAMP] = {"timestamp", lt_type_simple(LT_TYPE_TIMESTAMP), true, NULL},
    };
    return lt_type_struct(arena, fields, COLUMN_COUNT);
}

int lt_dead_letter_complete(const struct lt_sink_type *type, struct lt_options *options,
                            struct lt_error *error)
{
    bool has_formats = false;
    for (size_t i = 0; i < type->option_count; i++)
        has_formats = has_formats || strcmp(type->options[i].name, "format") == 0;
    if (!type->takes_plain_letters || !has_formats || lt_options_has(options, "format"))
        return LT_OK;
    return lt_options_set(options, "format", "json", "dead letters", error);
}

/* The source's column of that name if it has the kind a dead letter needs; -1 otherwise. */
static int column_of(const struct lt_type *schema, const char *name, enum lt_type_kind kind)
{
    int index = lt_type_field_index(schema, name);
    return index >= 0 && schema->fields[index].type->kind == kind ? index : -1;
}

/* Where a source's columns have what a letter is made of; -1: nowhere. */
struct columns {
    int key, value, headers, timestamp;
};

static struct columns find_columns(const struct lt_type *schema)
{
    struct columns columns = {.key = column_of(schema, "key", LT_TYPE_BINARY),
                              .value = column_of(schema, "value", LT_TYPE_BINARY),
                              .headers = column_of(schema, "headers", LT_TYPE_ARRAY),
                              .timestamp = column_of(schema, "timestamp", LT_TYPE_TIMESTAMP)};
    /* Without a binary value the whole row is told as JSON, and the other columns are in there. */
    if (columns.value < 0)
        columns.key = columns.headers = columns.timestamp = -1;
    return columns;
}

void lt_dead_letter_use_columns(const struct lt_source *source, uint64_t *used)
{
    if (source->ops->original != NULL)
        return;
    const struct columns columns = find_columns(source->schema);
    const int needed[] = {columns.key, columns.value, columns.headers, columns.timestamp};
    if (columns.value < 0)
        for (uint32_t i = 0; i < source->schema->field_count; i++)
            if (!lt_type_is_hidden(source->schema, i))
                lt_bit_set(used, i);
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
        if (needed[i] >= 0)
            lt_bit_set(used, (uint32_t)needed[i]);
}

int lt_dead_letters_init(struct lt_dead_letters *letters, struct lt_source *source,
                         const struct lt_sink_type *type, bool is_shared, struct lt_error *error)
{
    *letters =
        (struct lt_dead_letters){.source = source, .are_plain = type->takes_plain_letters};
    struct lt_row_pool_options options = {.column_count = letters->are_plain
                                                              ? LT_PLAIN_LETTER_COLUMNS
                                                              : COLUMN_COUNT,
                                          .capacity = LETTERS_IN_FLIGHT,
                                          .scratch_size_bytes = SCRATCH_BYTES,
                                          .is_shared = is_shared};
    return lt_row_pool_create(&options, &letters->pool, error);
}

void lt_dead_letters_fini(struct lt_dead_letters *letters)
{
    lt_row_pool_destroy(letters->pool);
    letters->pool = NULL;
}

static union lt_value copy_text(struct lt_row *letter, const char *text)
{
    size_t size_bytes = strlen(text);
    char *copy = lt_row_scratch(letter, size_bytes + 1);
    memcpy(copy, text, size_bytes + 1);
    return lt_value_bytes(copy, (uint32_t)size_bytes);
}

static const struct lt_struct *make_header(struct lt_row *letter, const char *name,
                                           const char *text)
{
    union lt_value *pair = lt_row_scratch(letter, 2 * sizeof *pair);
    struct lt_struct *header = lt_row_scratch(letter, sizeof *header);
    pair[0] = lt_value_text(name);
    pair[1] = copy_text(letter, text);
    *header = (struct lt_struct){.values = pair};
    return header;
}

/* Appends the reasons to `values`; returns how many. */
static uint32_t add_reasons(struct lt_dead_letters *letters, struct lt_row *letter,
                            const struct lt_row *root, const struct lt_fault *fault,
                            union lt_value *values)
{
    char partition[256], offset[32], when[LT_CLOCK_ISO_SIZE];
    uint32_t number = (uint32_t)root->source_partition, first;
    struct lt_source *source = lt_source_part_of(letters->source, number, &first);
    lt_source_partition_name(source, number - first, partition, sizeof partition);
    snprintf(offset, sizeof offset, "%" PRId64, root->source_offset);
    if ((root->flags & LT_ROW_NO_ORIGIN) != 0)
        partition[0] = offset[0] = '\0'; /* an operator made it of several, or of none */
    lt_clock_format_iso(fault->wall_us, when);
    const char *const reasons[REASON_COUNT][2] = {
        {"leat.error.condition", fault->condition},
        {"leat.error.message", fault->text},
        {"leat.error.stage", fault->stage},
        {"leat.error.source", source->description},
        {"leat.error.partition", partition},
        {"leat.error.offset", offset},
        {"leat.error.timestamp", when},
    };
    for (uint32_t i = 0; i < REASON_COUNT; i++)
        values[i].structure = make_header(letter, reasons[i][0], reasons[i][1]);
    return REASON_COUNT;
}

static void fill_headers(struct lt_dead_letters *letters, struct lt_row *letter,
                         const struct lt_row *root, struct lt_array *original,
                         const struct lt_fault *fault)
{
    if (original != NULL)
        lt_array_materialize(original);
    uint32_t kept = original != NULL ? original->count : 0;
    union lt_value *values = lt_row_scratch(letter, (kept + REASON_COUNT) * sizeof *values);
    if (kept > 0)
        memcpy(values, original->values, kept * sizeof *values);
    struct lt_array *headers = lt_row_scratch(letter, sizeof *headers);
    *headers = (struct lt_array){.values = values};
    headers->count = kept + add_reasons(letters, letter, root, fault, values + kept);
    lt_row_values(letter)[HEADERS].array = headers;
}

static const union lt_value *column_value(const struct lt_row *root, int column)
{
    bool is_there = column >= 0 && !lt_row_is_null(root, (uint32_t)column);
    return is_there ? &lt_row_values(root)[column] : NULL;
}

static const struct lt_bytes *row_as_json(const struct lt_type *schema, struct lt_row *letter,
                                          const struct lt_row *root)
{
    struct lt_type visible = *schema; /* what is hidden need not have been read */
    visible.field_count = lt_type_visible_count(schema);
    struct lt_text_buffer json;
    lt_text_init(&json);
    lt_json_write_row(&json, &visible, root);
    struct lt_bytes *copy = lt_row_scratch(letter, sizeof *copy);
    *copy = copy_text(letter, lt_text_get(&json)).bytes;
    lt_text_fini(&json);
    return copy;
}

/* For a source that cannot tell the original itself. */
static void original_from_columns(const struct lt_type *schema, struct lt_row *root,
                                  struct lt_row *letter, struct lt_original *out)
{
    const struct columns columns = find_columns(schema);
    const union lt_value *key = column_value(root, columns.key);
    const union lt_value *value = column_value(root, columns.value);
    const union lt_value *headers = column_value(root, columns.headers);
    const union lt_value *timestamp = column_value(root, columns.timestamp);
    out->key = key != NULL ? &key->bytes : NULL;
    out->value = value != NULL ? &value->bytes : NULL;
    out->headers = headers != NULL ? headers->array : NULL;
    out->has_timestamp = timestamp != NULL;
    out->timestamp_us = timestamp != NULL ? timestamp->i64 : 0;
    if (columns.value < 0)
        out->value = row_as_json(schema, letter, root);
}

static void fill_bytes(struct lt_row *letter, uint32_t column, const struct lt_bytes *bytes)
{
    if (bytes == NULL)
        lt_row_set_null(letter, column);
    else
        lt_row_values(letter)[column].bytes = *bytes;
}

struct lt_row *lt_dead_letter_make(struct lt_dead_letters *letters, struct lt_row *row,
                                   const struct lt_fault *fault)
{
    struct lt_row *letter = lt_row_claim(letters->pool);
    if (letter == NULL)
        return NULL;
    struct lt_row *root = lt_row_root(row);
    letter->parent = row;
    letter->kind = LT_ROW_RECORD;
    letter->source_partition = root->source_partition;
    letter->source_offset = root->source_offset;
    letter->ingest_ns = root->ingest_ns;
    struct lt_original original = {0};
    struct lt_source *source =
        lt_source_part_of(letters->source, (uint32_t)root->source_partition, NULL);
    if ((root->flags & LT_ROW_NO_ORIGIN) != 0)
        original = (struct lt_original){0}; /* no record of the source stands behind it */
    else if (source->ops->original != NULL)
        source->ops->original(source, root, letter, &original);
    else
        original_from_columns(source->schema, root, letter, &original);
    if (letters->are_plain) {
        lt_plain_letter_fill(letters->source, letter, root, &original, fault);
        return letter;
    }
    fill_bytes(letter, KEY, original.key);
    fill_bytes(letter, VALUE, original.value);
    fill_headers(letters, letter, root, original.headers, fault);
    lt_row_values(letter)[TIMESTAMP] = lt_value_i64(original.timestamp_us);
    if (!original.has_timestamp)
        lt_row_set_null(letter, TIMESTAMP);
    return letter;
}

bool lt_dead_letter_restamp(const struct lt_dead_letters *letters, struct lt_row *letter,
                            const struct lt_clock *clock)
{
    if (letters->are_plain)
        return false;
    const struct lt_array *headers = lt_row_values(letter)[HEADERS].array;
    uint32_t count = headers->count;
    /* The reasons come last: a record's own header of this name is not where this looks. */
    struct lt_bytes last = headers->values[count - 1].structure->values[0].bytes;
    bool is_restamped = last.size_bytes == sizeof original_timestamp - 1 &&
                        memcmp(last.data, original_timestamp, last.size_bytes) == 0;
    if (is_restamped || lt_row_is_null(letter, TIMESTAMP))
        return false;
    char original[LT_CLOCK_ISO_SIZE];
    lt_clock_format_iso(lt_row_values(letter)[TIMESTAMP].i64, original);
    union lt_value *values = lt_row_scratch(letter, (count + 1) * sizeof *values);
    struct lt_array *longer = lt_row_scratch(letter, sizeof *longer);
    if (values == NULL || longer == NULL)
        return false;
    memcpy(values, headers->values, count * sizeof *values);
    values[count].structure = make_header(letter, original_timestamp, original);
    *longer = (struct lt_array){.count = count + 1, .values = values};
    lt_row_values(letter)[HEADERS].array = longer;
    lt_row_values(letter)[TIMESTAMP] = lt_value_i64(lt_clock_wall_us(clock));
    return true;
}
