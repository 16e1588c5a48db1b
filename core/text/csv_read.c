/*
 * A record is split, then its tokens go to the fields in their order; the corrupt-record column
 * takes no token.
 */
#include "core/text/csv_read.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/text/csv_tokens.h"
#include "core/text/csv_value.h"

struct lt_csv_reader {
    const struct lt_type *type;
    const struct lt_csv_options *options;
    struct lt_codec_times times;
    bool *is_wanted; /* by field */
    bool is_pruned, is_source;
    int32_t corrupt_column; /* -1: none */
    struct lt_csv_tokens tokens;
    const struct lt_codec_memory *memory; /* of the record at hand */
    struct lt_bytes record;
    const char *condition, *cause;
    struct lt_csv_read_counters counters;
};

/* -------------------------------------------------------------------------------------- set-up */

static int check_field(const struct lt_csv_read_setup *setup, const struct lt_field *field,
                       struct lt_error *error)
{
    const struct lt_type *type = field->type;
    bool is_scalar = type->kind <= LT_TYPE_INTERVAL_CALENDAR && type->kind != LT_TYPE_VOID;
    if (!is_scalar) {
        struct lt_arena *arena = lt_arena_create();
        (void)lt_error_set(error, LT_E_UNSUPPORTED,
                           "Unsupported data type \"%s\"; hint: CSV holds no such column as \"%s\"",
                           lt_type_sql(arena, type), field->name);
        lt_arena_destroy(arena);
        return lt_error_condition(error, "UNSUPPORTED_DATATYPE", "0A000");
    }
    if (lt_codec_is_time(type) && setup->times.parse == NULL)
        return lt_error_set(error, LT_E_INVALID, "CSV: no parser for dates and times was given");
    return 0;
}

static int set_up_columns(struct lt_csv_reader *reader, const struct lt_csv_read_setup *setup,
                          struct lt_error *error)
{
    const struct lt_type *type = setup->type;
    reader->is_wanted = lt_alloc_array(type->field_count, sizeof *reader->is_wanted);
    reader->corrupt_column = -1;
    for (uint32_t i = 0; i < type->field_count; i++) {
        int code = check_field(setup, &type->fields[i], error);
        if (code != 0)
            return code;
        reader->is_wanted[i] = setup->is_wanted == NULL || setup->is_wanted[i];
        if (strcmp(type->fields[i].name, setup->options->corrupt_column) == 0)
            reader->corrupt_column = (int32_t)i;
        else
            reader->is_pruned |= !reader->is_wanted[i];
    }
    if (reader->corrupt_column < 0 ||
        type->fields[reader->corrupt_column].type->kind == LT_TYPE_STRING)
        return 0;
    (void)lt_error_set(error, LT_E_ANALYSIS,
                       "the column \"%s\" for corrupt records must have the nullable STRING type",
                       setup->options->corrupt_column);
    return lt_error_condition(error, "INVALID_CORRUPT_RECORD_TYPE", "42804");
}

int lt_csv_reader_create(const struct lt_csv_read_setup *setup, struct lt_csv_reader **out,
                         struct lt_error *error)
{
    lt_assert(setup->type->kind == LT_TYPE_STRUCT);
    *out = NULL;
    struct lt_csv_reader *reader = lt_alloc(sizeof *reader);
    reader->type = setup->type;
    reader->options = setup->options;
    reader->times = setup->times;
    reader->is_source = setup->is_source;
    lt_csv_tokens_init(&reader->tokens, setup->options,
                       setup->is_source && setup->options->multi_line);
    int code = set_up_columns(reader, setup, error);
    if (code != 0) {
        lt_csv_reader_destroy(reader);
        return code;
    }
    *out = reader;
    return 0;
}

void lt_csv_reader_destroy(struct lt_csv_reader *reader)
{
    if (reader == NULL)
        return;
    lt_csv_tokens_fini(&reader->tokens);
    free(reader->is_wanted);
    free(reader);
}

/* -------------------------------------------------------------------------------------- fields */

enum outcome { VALUE, NOTHING, MISFIT, NO_MEMORY };

static enum outcome take_bytes(const struct lt_csv_reader *reader, const struct lt_csv_token *token,
                               const uint8_t *data, size_t size_bytes, union lt_value *out)
{
    const struct lt_bytes *record = &reader->record;
    if (token->kind == LT_CSV_TOKEN_TEXT && token->is_borrowed) {
        uint64_t after = (uint64_t)(record->data + record->size_bytes - (data + size_bytes)) +
                         record->padding_bytes;
        *out = lt_value_bytes(data, (uint32_t)size_bytes);
        out->bytes.padding_bytes = after < UINT32_MAX ? (uint32_t)after : UINT32_MAX;
        return VALUE;
    }
    void *memory = reader->memory->alloc(reader->memory->context, size_bytes);
    if (memory == NULL)
        return NO_MEMORY;
    if (size_bytes != 0)
        memcpy(memory, data, size_bytes);
    *out = lt_value_bytes(memory, (uint32_t)size_bytes);
    return VALUE;
}

/* What stands for the token: its text, the null value or the empty value. */
static const char *text_of(const struct lt_csv_reader *reader, const struct lt_csv_token *token,
                           size_t *size_bytes)
{
    const char *text = (const char *)token->data;
    *size_bytes = token->size_bytes;
    if (token->kind == LT_CSV_TOKEN_TEXT)
        return text;
    text = reader->options->null_value;
    if (token->kind == LT_CSV_TOKEN_EMPTY)
        text = reader->options->empty_value != NULL ? reader->options->empty_value : "";
    *size_bytes = strlen(text);
    return text;
}

static enum outcome take_field(struct lt_csv_reader *reader, const struct lt_type *type,
                               const struct lt_csv_token *token, union lt_value *out)
{
    size_t size_bytes;
    const char *text = text_of(reader, token, &size_bytes);
    reader->counters.fields_parsed++;
    if (lt_csv_value_is(reader->options->null_value, text, size_bytes))
        return NOTHING;
    if (lt_type_is_bytes(type))
        return take_bytes(reader, token, (const uint8_t *)text, size_bytes, out);
    return lt_csv_value_parse(reader->options, &reader->times, type, text, size_bytes, out)
               ? VALUE
               : MISFIT;
}

/* ------------------------------------------------------------------------------------- records */

static void blame(struct lt_csv_reader *reader, const char *condition, const char *cause)
{
    if (reader->condition == NULL) {
        reader->condition = condition;
        reader->cause = cause;
    }
}

static void blame_record(struct lt_csv_reader *reader, const char *cause)
{
    blame(reader, "MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION", cause);
}

/* False without memory. */
static bool fill_row(struct lt_csv_reader *reader, union lt_value *values, uint64_t *nulls)
{
    size_t next = 0;
    for (uint32_t i = 0; i < reader->type->field_count; i++) {
        if ((int32_t)i == reader->corrupt_column)
            continue;
        size_t token = next++;
        if (!reader->is_wanted[i] || token >= reader->tokens.count)
            continue;
        enum outcome outcome = take_field(reader, reader->type->fields[i].type,
                                          &reader->tokens.items[token], &values[i]);
        if (outcome == NO_MEMORY)
            return false;
        if (outcome == MISFIT)
            blame_record(reader, "a value does not fit its field");
        else if (outcome == VALUE)
            lt_bit_clear(nulls, i);
    }
    if (!reader->is_pruned && next != reader->tokens.count)
        blame_record(reader, next > reader->tokens.count ? "it has too few values"
                                                         : "it has too many values");
    return true;
}

/* The record without its line break. */
static struct lt_bytes without_line_end(struct lt_bytes record)
{
    while (record.size_bytes != 0 && (record.data[record.size_bytes - 1] == '\n' ||
                                      record.data[record.size_bytes - 1] == '\r')) {
        record.size_bytes--;
        record.padding_bytes = 0;
    }
    return record;
}

static bool is_blank_line(const struct lt_bytes *text)
{
    for (uint32_t i = 0; i < text->size_bytes; i++)
        if (text->data[i] > ' ')
            return false;
    return true;
}

/* The modes, for a record that is split and converted. What is no record at all leaves the corrupt
 * record NULL. */
static enum lt_codec_result finish(struct lt_csv_reader *reader, union lt_value *values,
                                   uint64_t *nulls)
{
    if (reader->condition == NULL)
        return LT_CODEC_VALUE;
    reader->counters.malformed++;
    if (reader->options->mode == LT_CODEC_FAILFAST)
        return LT_CODEC_FAILED;
    if (reader->options->mode == LT_CODEC_DROPMALFORMED)
        return LT_CODEC_DROPPED;
    if (reader->corrupt_column >= 0 && reader->record.size_bytes > 0) {
        values[reader->corrupt_column].bytes = without_line_end(reader->record);
        lt_bit_clear(nulls, (uint32_t)reader->corrupt_column);
    }
    return LT_CODEC_VALUE;
}

/* Splits the first record of the text. VALUE: there is one. */
static enum lt_codec_result split_record(struct lt_csv_reader *reader, struct lt_bytes text,
                                         const struct lt_codec_memory *memory, size_t *used_bytes)
{
    reader->memory = memory;
    reader->condition = reader->cause = NULL;
    *used_bytes = text.size_bytes;
    if (reader->is_source && !reader->options->multi_line && is_blank_line(&text))
        return LT_CODEC_NULL;
    enum lt_csv_split split =
        lt_csv_tokens_split(&reader->tokens, text.data, text.size_bytes, used_bytes);
    if (split == LT_CSV_SPLIT_NONE && reader->is_source)
        return LT_CODEC_NULL;
    reader->counters.records++;
    reader->record = text;
    reader->record.size_bytes = (uint32_t)*used_bytes;
    if (split == LT_CSV_SPLIT_FAULT) {
        blame(reader, "MALFORMED_CSV_RECORD", reader->tokens.fault);
        reader->counters.malformed++;
        return LT_CODEC_FAILED;
    }
    if (split == LT_CSV_SPLIT_NONE)
        blame_record(reader, "there is no record");
    return LT_CODEC_VALUE;
}

enum lt_codec_result lt_csv_read_apart(struct lt_csv_reader *reader, struct lt_bytes text,
                                       const struct lt_codec_memory *memory, size_t *used_bytes,
                                       union lt_value *values, uint64_t *nulls)
{
    enum lt_codec_result result = split_record(reader, text, memory, used_bytes);
    if (result != LT_CODEC_VALUE)
        return result;
    memset(nulls, 0xFF, (reader->type->field_count + 63) / 64 * sizeof *nulls);
    return fill_row(reader, values, nulls) ? finish(reader, values, nulls) : LT_CODEC_NO_MEMORY;
}

enum lt_codec_result lt_csv_read(struct lt_csv_reader *reader, struct lt_bytes text,
                                 const struct lt_codec_memory *memory, size_t *used_bytes,
                                 union lt_value *out)
{
    union lt_value *values;
    uint64_t *nulls;
    *out = (union lt_value){0};
    enum lt_codec_result result = split_record(reader, text, memory, used_bytes);
    if (result != LT_CODEC_VALUE)
        return result;
    out->structure = lt_codec_struct(memory, reader->type->field_count, &values, &nulls);
    if (out->structure == NULL || !fill_row(reader, values, nulls))
        return LT_CODEC_NO_MEMORY;
    return finish(reader, values, nulls);
}

const char *lt_csv_reader_condition(const struct lt_csv_reader *reader)
{
    return reader->condition;
}

const char *lt_csv_reader_cause(const struct lt_csv_reader *reader)
{
    return reader->cause;
}

struct lt_csv_read_counters lt_csv_reader_counters(const struct lt_csv_reader *reader)
{
    return reader->counters;
}
