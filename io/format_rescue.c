/*
 * Rescued data: the record is gone through once more, beside the row that was made of it.
 */
#include "io/format_rescue.h"

#include <stdlib.h>
#include <string.h>

#include "core/text/csv_value.h"
#include "core/text/json_write.h"

int lt_format_rescue_bind(const struct lt_format_setup *setup, const struct lt_type *schema,
                          int32_t *column, struct lt_error *error)
{
    const char *name = lt_format_text_option(setup, "rescuedDataColumn");
    *column = name == NULL ? -1 : lt_type_field_index(schema, name);
    if (name == NULL)
        return LT_OK;
    if (*column < 0 || schema->fields[*column].type->kind != LT_TYPE_STRING)
        return lt_error_set(error, LT_E_ANALYSIS,
                            "option \"rescuedDataColumn\": the schema has no column \"%s\" of the "
                            "type STRING; hint: add it to the schema",
                            name);
    return LT_OK;
}

void lt_format_rescue_init(struct lt_format_rescue *rescue, const struct lt_type *schema,
                           int32_t column, const char *corrupt_column)
{
    *rescue = (struct lt_format_rescue){.schema = schema, .column = column, .corrupt_column = -1};
    for (uint32_t i = 0; i < schema->field_count; i++)
        if (strcmp(schema->fields[i].name, corrupt_column) == 0)
            rescue->corrupt_column = (int32_t)i;
    lt_text_init(&rescue->text);
    lt_text_init(&rescue->name);
}

void lt_format_rescue_fini(struct lt_format_rescue *rescue)
{
    lt_text_fini(&rescue->text);
    lt_text_fini(&rescue->name);
}

/* ---------------------------------------------------------------------------------- the column */

static void add_name(struct lt_format_rescue *rescue, const char *name, size_t size_bytes)
{
    lt_text_append_char(&rescue->text, rescue->text.size_bytes == 0 ? '{' : ',');
    lt_json_write_string(&rescue->text, name, size_bytes);
    lt_text_append_char(&rescue->text, ':');
}

static bool put(struct lt_format_rescue *rescue, struct lt_row *row)
{
    struct lt_text_buffer *text = &rescue->text;
    uint32_t column = (uint32_t)rescue->column;
    if (text->size_bytes == 0) {
        lt_row_set_null(row, column);
        return true;
    }
    lt_text_append_char(text, '}');
    void *memory = lt_row_scratch(row, text->size_bytes);
    if (memory == NULL)
        return false;
    memcpy(memory, text->data, text->size_bytes);
    lt_bit_clear(lt_row_nulls(row), column);
    lt_row_values(row)[column] = lt_value_bytes(memory, (uint32_t)text->size_bytes);
    return true;
}

/* ---------------------------------------------------------------------------------------- json */

bool lt_format_rescue_is_json(struct lt_bytes document, unsigned scan_flags)
{
    struct lt_json_scan scan;
    lt_json_scan_init(&scan, document.data, document.size_bytes, scan_flags);
    enum lt_json_token token = lt_json_scan_next(&scan);
    if (token == LT_JSON_TOKEN_OBJECT_BEGIN)
        return lt_json_scan_skip(&scan) != LT_JSON_TOKEN_INVALID;
    if (token != LT_JSON_TOKEN_ARRAY_BEGIN)
        return false;
    while ((token = lt_json_scan_next(&scan)) == LT_JSON_TOKEN_OBJECT_BEGIN)
        if (lt_json_scan_skip(&scan) == LT_JSON_TOKEN_INVALID)
            return false;
    return token == LT_JSON_TOKEN_ARRAY_END;
}

/* The column of the name at hand; -1: none. */
static int32_t column_of(const struct lt_format_rescue *rescue, const struct lt_json_scan *scan)
{
    const struct lt_type *schema = rescue->schema;
    for (uint32_t i = 0; i < schema->field_count; i++)
        if ((int32_t)i != rescue->column && (int32_t)i != rescue->corrupt_column &&
            lt_json_scan_is(scan, schema->fields[i].name, strlen(schema->fields[i].name)))
            return (int32_t)i;
    return -1;
}

/* Does the column show what the field is? */
static bool is_shown(const struct lt_format_rescue *rescue, int32_t column,
                     enum lt_json_token token, bool is_whole, const struct lt_row *row)
{
    if (column < 0)
        return false;
    if (lt_row_is_null(row, (uint32_t)column))
        return token == LT_JSON_TOKEN_NULL;
    return is_whole || rescue->schema->fields[column].type->kind != LT_TYPE_STRUCT;
}

/* The field whose name is at hand, past its value. False: the document is broken there. */
static bool rescue_field(struct lt_format_rescue *rescue, struct lt_json_scan *scan, bool is_whole,
                         const struct lt_row *row)
{
    int32_t column = column_of(rescue, scan);
    lt_text_clear(&rescue->name);
    lt_json_scan_text(scan, &rescue->name);
    enum lt_json_token token = lt_json_scan_next(scan);
    if (is_shown(rescue, column, token, is_whole, row))
        return lt_json_scan_skip(scan) != LT_JSON_TOKEN_INVALID;
    add_name(rescue, lt_text_get(&rescue->name), rescue->name.size_bytes);
    return lt_json_scan_copy(scan, false, &rescue->text);
}

bool lt_format_rescue_object(struct lt_format_rescue *rescue, struct lt_json_scan *scan,
                             bool is_whole, struct lt_row *row)
{
    enum lt_json_token token = lt_json_scan_next(scan);
    lt_text_clear(&rescue->text);
    if (token == LT_JSON_TOKEN_ARRAY_BEGIN)
        token = lt_json_scan_next(scan);
    bool goes_on = token == LT_JSON_TOKEN_OBJECT_BEGIN;
    while (goes_on)
        goes_on = lt_json_scan_next(scan) == LT_JSON_TOKEN_NAME &&
                  rescue_field(rescue, scan, is_whole, row);
    return put(rescue, row);
}

/* ----------------------------------------------------------------------------------------- csv */

static void add_token(struct lt_format_rescue *rescue, const char *name,
                      const struct lt_csv_token *token)
{
    add_name(rescue, name, strlen(name));
    lt_json_write_string(&rescue->text, token->data, token->size_bytes);
}

static bool is_value(const struct lt_csv_token *token, const char *null_value)
{
    return token->kind == LT_CSV_TOKEN_TEXT &&
           !lt_csv_value_is(null_value, (const char *)token->data, token->size_bytes);
}

bool lt_format_rescue_tokens(struct lt_format_rescue *rescue, const struct lt_csv_tokens *tokens,
                             const char *null_value, struct lt_row *row)
{
    uint32_t column = 0, count = rescue->schema->field_count;
    lt_text_clear(&rescue->text);
    for (size_t i = 0; i < tokens->count; i++) {
        while ((int32_t)column == rescue->column || (int32_t)column == rescue->corrupt_column)
            column++;
        bool has_column = column < count;
        bool is_lost = !has_column || lt_row_is_null(row, column);
        if (is_lost && is_value(&tokens->items[i], null_value)) {
            lt_text_clear(&rescue->name);
            lt_text_format(&rescue->name, "_c%zu", i);
            add_token(rescue,
                      has_column ? rescue->schema->fields[column].name
                                 : lt_text_get(&rescue->name),
                      &tokens->items[i]);
        }
        column += has_column;
    }
    return put(rescue, row);
}
