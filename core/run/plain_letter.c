#include "core/run/plain_letter.h"

#include <stdio.h>
#include <string.h>

#include "core/run/union_source.h"
#include "core/text/json_write.h"

enum {
    CONDITION,
    MESSAGE,
    STAGE,
    SOURCE,
    PARTITION,
    OFFSET,
    FAILED,
    TIMESTAMP,
    KEY,
    VALUE,
    HEADERS,
    COLUMN_COUNT
};
_Static_assert((int)COLUMN_COUNT == (int)LT_PLAIN_LETTER_COLUMNS, "one column each");

const struct lt_type *lt_plain_letter_schema(struct lt_arena *arena)
{
    static const struct {
        const char *name;
        enum lt_type_kind kind;
    } columns[COLUMN_COUNT] = {
        [CONDITION] = {"condition", LT_TYPE_STRING}, [MESSAGE] = {"message", LT_TYPE_STRING},
        [STAGE] = {"stage", LT_TYPE_STRING},         [SOURCE] = {"source", LT_TYPE_STRING},
        [PARTITION] = {"partition", LT_TYPE_STRING}, [OFFSET] = {"offset", LT_TYPE_BIGINT},
        [FAILED] = {"failed", LT_TYPE_TIMESTAMP},    [TIMESTAMP] = {"timestamp", LT_TYPE_TIMESTAMP},
        [KEY] = {"key", LT_TYPE_STRING},             [VALUE] = {"value", LT_TYPE_STRING},
        [HEADERS] = {"headers", LT_TYPE_STRING},
    };
    struct lt_field fields[COLUMN_COUNT];
    for (uint32_t i = 0; i < COLUMN_COUNT; i++)
        fields[i] = (struct lt_field){
            .name = columns[i].name, .type = lt_type_simple(columns[i].kind), .nullable = true};
    return lt_type_struct(arena, fields, COLUMN_COUNT);
}

/* A copy in the letter's memory. False: it is larger than a value may be. */
static bool put(struct lt_row *letter, uint32_t column, const char *data, size_t size_bytes)
{
    char *copy = lt_row_scratch(letter, size_bytes + 1);
    if (copy == NULL) {
        lt_row_set_null(letter, column);
        return false;
    }
    memcpy(copy, data, size_bytes);
    lt_row_values(letter)[column] = lt_value_bytes(copy, (uint32_t)size_bytes);
    return true;
}

static void put_text(struct lt_row *letter, uint32_t column, const char *text)
{
    (void)put(letter, column, text, strlen(text)); /* texts of a fault are short */
}

static bool put_base64(struct lt_row *letter, uint32_t column, const struct lt_bytes *bytes)
{
    struct lt_text_buffer text;
    if (bytes == NULL) {
        lt_row_set_null(letter, column);
        return true;
    }
    lt_text_init(&text);
    lt_json_write_base64(&text, bytes->data, bytes->size_bytes);
    bool is_told = put(letter, column, lt_text_get(&text), text.size_bytes);
    lt_text_fini(&text);
    return is_told;
}

static void add_header(struct lt_text_buffer *text, const struct lt_struct *header)
{
    const struct lt_bytes *key = &header->values[0].bytes, *value = &header->values[1].bytes;
    lt_text_append(text, "{\"key\":");
    if (lt_bit(header->nulls, 0))
        lt_text_append(text, "null");
    else
        lt_json_write_string(text, (const char *)key->data, key->size_bytes);
    lt_text_append(text, ",\"value\":");
    if (lt_bit(header->nulls, 1)) {
        lt_text_append(text, "null}");
        return;
    }
    lt_text_append_char(text, '"');
    lt_json_write_base64(text, value->data, value->size_bytes);
    lt_text_append(text, "\"}");
}

static bool put_headers(struct lt_row *letter, struct lt_array *headers)
{
    struct lt_text_buffer text;
    if (headers == NULL) {
        lt_row_set_null(letter, HEADERS);
        return true;
    }
    lt_array_materialize(headers);
    lt_text_init(&text);
    for (uint32_t i = 0; i < headers->count; i++) {
        lt_text_append(&text, i == 0 ? "[" : ",");
        add_header(&text, headers->values[i].structure);
    }
    lt_text_append(&text, headers->count == 0 ? "[]" : "]");
    bool is_told = put(letter, HEADERS, lt_text_get(&text), text.size_bytes);
    lt_text_fini(&text);
    return is_told;
}

static void put_time(struct lt_row *letter, uint32_t column, bool has_time, int64_t time_us)
{
    lt_row_values(letter)[column] = lt_value_i64(time_us);
    if (!has_time)
        lt_row_set_null(letter, column);
}

void lt_plain_letter_fill(struct lt_source *source, struct lt_row *letter,
                          const struct lt_row *root, const struct lt_original *original,
                          const struct lt_fault *fault)
{
    char partition[256], message[LT_FAULT_TEXT_MAX + 128];
    uint32_t number = (uint32_t)root->source_partition, first;
    struct lt_source *part = lt_source_part_of(source, number, &first);
    lt_source_partition_name(part, number - first, partition, sizeof partition);
    bool is_told = put_base64(letter, KEY, original->key);
    is_told = put_base64(letter, VALUE, original->value) && is_told;
    is_told = put_headers(letter, original->headers) && is_told;
    snprintf(message, sizeof message, "%s%s", fault->text,
             is_told ? "" : " (what is null here of its bytes is too large to be told in base64)");
    put_text(letter, CONDITION, fault->condition);
    put_text(letter, MESSAGE, message);
    put_text(letter, STAGE, fault->stage);
    put_text(letter, SOURCE, part->description);
    put_text(letter, PARTITION, partition);
    lt_row_values(letter)[OFFSET] = lt_value_i64(root->source_offset);
    if ((root->flags & LT_ROW_NO_ORIGIN) != 0) { /* an operator made it of several, or of none */
        lt_row_set_null(letter, PARTITION);
        lt_row_set_null(letter, OFFSET);
    }
    put_time(letter, FAILED, true, fault->wall_us);
    put_time(letter, TIMESTAMP, original->has_timestamp, original->timestamp_us);
}
