/*
 * The format csv: a record is a line, or, with multiLine, what stands between line breaks outside
 * of quotes.
 *
 * Values go to the columns of the schema by their place; only those that are used are looked into.
 * As in Spark a record with too few or too many values is malformed only where all columns are
 * used, but for that of corrupt records.
 *
 * The header, if there is one, is the first line of each stream that is neither blank nor a
 * comment.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/ascii.h"
#include "core/text/csv_read.h"
#include "core/text/csv_tokens.h"
#include "io/format_rescue.h"

struct csv_format {
    struct lt_format base;
    struct lt_csv_options options;
    const char *time_zone;
    int32_t rescued_column;      /* -1: none; else the last */
    const struct lt_type *values; /* the columns that values of a record go to */
};

struct csv_reader {
    struct lt_format_reader base;
    const struct csv_format *format;
    struct lt_arena *arena; /* of the used columns' type */
    struct lt_format_columns columns;
    struct lt_times *times;
    struct lt_csv_reader *codec;
    struct lt_csv_options options; /* the codec's */
    struct lt_csv_tokens lines;    /* splits headers, and records to be rescued */
    struct lt_csv_tokens framing;  /* splits streams with multiLine */
    size_t at; /* of a record that holds several: how far it was read */
    /* Where the rescued column is used; then the codec reads on whatever does not fit. */
    bool is_rescuing;
    struct lt_format_rescue rescue;
};

static struct csv_reader *csv_of(struct lt_format_reader *reader)
{
    return (struct csv_reader *)(void *)reader; /* the base is its first member */
}

/* ---------------------------------------------------------------------------------------- bind */

struct taking {
    struct csv_format *format;
    struct lt_arena *arena;
};

static int take_option(void *context, const char *key, const char *value, struct lt_error *error)
{
    const struct taking *taking = context;
    if (lt_ascii_compare(key, "rescuedDataColumn") == 0)
        return LT_OK;
    return lt_csv_options_set(&taking->format->options, taking->arena, key, value, error);
}

/* `options` outlive the codec. */
static int create_codec(const struct csv_format *format, const struct lt_csv_options *options,
                        const bool *is_wanted, struct lt_times **times,
                        struct lt_csv_reader **codec, struct lt_error *error)
{
    const struct lt_times_setup setup = {.use = LT_DATETIME_READING,
                                         .time_zone = format->time_zone,
                                         .date_format = options->date_format,
                                         .timestamp_format = options->timestamp_format,
                                         .timestamp_ntz_format = options->timestamp_ntz_format,
                                         .falls_back = options->datetime_parsing_fallback};
    int code = lt_times_create(&setup, times, error);
    if (code != LT_OK)
        return code;
    const struct lt_csv_read_setup read = {.type = format->values,
                                           .options = options,
                                           .times = lt_times_codec(*times),
                                           .is_wanted = is_wanted,
                                           .is_source = true};
    return lt_csv_reader_create(&read, codec, error);
}

/* What the reader of a lane would find wrong is told before the query starts. */
static int check(const struct csv_format *format, struct lt_error *error)
{
    struct lt_times *times = NULL;
    struct lt_csv_reader *codec = NULL;
    int code = lt_format_check_times(format->options.locale, format->options.date_format,
                                     format->options.timestamp_format,
                                     format->options.timestamp_ntz_format, error);
    if (code == LT_OK)
        code = create_codec(format, &format->options, NULL, &times, &codec, error);
    lt_csv_reader_destroy(codec);
    lt_times_destroy(times);
    return code;
}

/* Values go to columns by their place, so that what is none of them comes behind them. */
static int bind_rescued(const struct lt_format_setup *setup, struct csv_format *format,
                        struct lt_arena *arena, struct lt_error *error)
{
    const struct lt_type *schema = format->base.schema;
    format->values = schema;
    int code = lt_format_rescue_bind(setup, schema, &format->rescued_column, error);
    if (code != LT_OK || format->rescued_column < 0)
        return code;
    if (format->rescued_column + 1 != (int32_t)schema->field_count)
        return lt_error_set(error, LT_E_ANALYSIS,
                            "option \"rescuedDataColumn\": \"%s\" is not the last column; hint: "
                            "values of CSV go to columns by their place",
                            schema->fields[format->rescued_column].name);
    format->values = lt_type_struct(arena, schema->fields, schema->field_count - 1);
    return LT_OK;
}

static int bind_csv(const struct lt_format_setup *setup, struct lt_arena *arena,
                    struct lt_format **out, struct lt_error *error)
{
    struct csv_format *format = lt_arena_alloc(arena, sizeof *format);
    struct taking taking = {format, arena};
    *format = (struct csv_format){0};
    lt_csv_options_init(&format->options);
    int code = lt_format_columns_bind(setup, arena, &format->base.schema, error);
    if (code == LT_OK)
        code = lt_format_each_option(setup, take_option, &taking, error);
    if (code == LT_OK)
        code = bind_rescued(setup, format, arena, error);
    if (code != LT_OK)
        return code;
    format->time_zone = format->options.time_zone;
    if (format->time_zone == NULL && setup->time_zone != NULL)
        format->time_zone = lt_arena_text(arena, setup->time_zone);
    *out = &format->base;
    return check(format, error);
}

/* ------------------------------------------------------------------------------------- the life */

static void destroy_csv(struct lt_format_reader *base)
{
    struct csv_reader *reader = csv_of(base);
    lt_csv_reader_destroy(reader->codec);
    lt_times_destroy(reader->times);
    lt_csv_tokens_fini(&reader->lines);
    lt_csv_tokens_fini(&reader->framing);
    lt_format_rescue_fini(&reader->rescue);
    lt_format_columns_fini(&reader->columns);
    lt_arena_destroy(reader->arena);
    free(reader);
}

static void reset_csv(struct lt_format_reader *base)
{
    csv_of(base)->at = 0;
}

/* Which columns the codec reads, in the arena. */
static const bool *wanted_columns(const struct csv_reader *reader, const uint64_t *used_columns)
{
    uint32_t count = reader->format->base.schema->field_count;
    bool *is_wanted = lt_arena_alloc(reader->arena, count + 1);
    for (uint32_t i = 0; i < count; i++)
        is_wanted[i] = reader->is_rescuing || lt_format_uses(used_columns, i);
    return is_wanted;
}

static int create_csv(const struct lt_format *base, const uint64_t *used_columns,
                      struct lt_format_reader **out, struct lt_error *error)
{
    struct csv_reader *reader = lt_alloc(sizeof *reader);
    const struct csv_format *format = (const struct csv_format *)(const void *)base;
    reader->format = format;
    reader->arena = lt_arena_create();
    reader->options = format->options;
    reader->is_rescuing = format->rescued_column >= 0 &&
                          lt_format_uses(used_columns, (uint32_t)format->rescued_column);
    if (reader->is_rescuing) {
        reader->options.mode = LT_CODEC_PERMISSIVE;
        used_columns = NULL;
    }
    const struct lt_csv_options *options = &reader->options;
    lt_csv_tokens_init(&reader->lines, options, false);
    lt_csv_tokens_init(&reader->framing, options, true);
    reader->base.framing.tokens = &reader->framing;
    lt_format_rescue_init(&reader->rescue, base->schema, format->rescued_column,
                          options->corrupt_column);
    int code = lt_format_columns_init(&reader->columns, base->schema, used_columns,
                                      options->corrupt_column, reader->arena, error);
    if (code == LT_OK)
        code = create_codec(format, options, wanted_columns(reader, used_columns), &reader->times,
                            &reader->codec, error);
    if (code != LT_OK) {
        destroy_csv(&reader->base);
        return code;
    }
    *out = &reader->base;
    return LT_OK;
}

/* ----------------------------------------------------------------------------------- the header */

static bool is_blank(struct lt_bytes line)
{
    for (uint32_t i = 0; i < line.size_bytes; i++)
        if (line.data[i] > ' ')
            return false;
    return true;
}

static bool is_same_name(const struct lt_csv_token *token, const char *name)
{
    bool is_same = token->size_bytes == strlen(name);
    for (size_t i = 0; is_same && i < token->size_bytes; i++)
        is_same = lt_ascii_lower((char)token->data[i]) == lt_ascii_lower(name[i]);
    return is_same;
}

/* The columns that have values: without the corrupt-record column. */
static size_t next_column(const struct csv_reader *reader, size_t column)
{
    const struct lt_type *schema = reader->format->values;
    bool is_corrupt =
        column < schema->field_count &&
        strcmp(schema->fields[column].name, reader->format->options.corrupt_column) == 0;
    return is_corrupt ? column + 1 : column;
}

static enum lt_format_result refuse_header(struct csv_reader *reader, const char *expected,
                                           const struct lt_csv_token *found)
{
    struct lt_error *error = &reader->base.error;
    if (found == NULL)
        (void)lt_error_set(error, LT_E_INVALID,
                           "Number of column in CSV header is not equal to number of fields in "
                           "the schema: the header has %zu; hint: --schema, or enforceSchema true",
                           reader->lines.count);
    else
        (void)lt_error_set(error, LT_E_INVALID,
                           "CSV header does not conform to the schema. Expected: %s but found: "
                           "%.*s; hint: --schema, or enforceSchema true takes columns by place",
                           expected, (int)found->size_bytes, (const char *)found->data);
    return LT_FORMAT_BROKEN;
}

/* Names are compared without regard to case, as Spark does. */
static enum lt_format_result check_header(struct csv_reader *reader, struct lt_bytes line)
{
    const struct lt_type *schema = reader->format->values;
    size_t used, column = 0;
    if (reader->format->options.enforce_schema)
        return LT_FORMAT_NONE;
    (void)lt_csv_tokens_split(&reader->lines, line.data, line.size_bytes, &used);
    for (size_t i = 0; i < reader->lines.count; i++) {
        column = next_column(reader, column);
        if (column >= schema->field_count)
            return refuse_header(reader, NULL, NULL);
        if (!is_same_name(&reader->lines.items[i], schema->fields[column].name))
            return refuse_header(reader, schema->fields[column].name, &reader->lines.items[i]);
        column++;
    }
    return next_column(reader, column) == schema->field_count ? LT_FORMAT_NONE
                                                               : refuse_header(reader, NULL, NULL);
}

/* At a stream's begin: NONE and BROKEN are the record's result; ROW: it is to be read. */
static enum lt_format_result begin_stream(struct csv_reader *reader,
                                          struct lt_format_stream *stream, struct lt_bytes *record)
{
    const struct lt_csv_options *options = &reader->format->options;
    *record = lt_format_skip_mark(*record);
    bool is_left_out = is_blank(*record) || (options->comment != '\0' &&
                                             record->data[0] == (uint8_t)options->comment);
    if (options->header && is_left_out)
        return LT_FORMAT_NONE; /* the header is yet to come */
    stream->is_at_begin = false;
    return options->header ? check_header(reader, *record) : LT_FORMAT_ROW;
}

/* ----------------------------------------------------------------------------------- records */

/* The row is filled: is there another record behind this one? */
static enum lt_format_result fill(struct csv_reader *reader, struct lt_row *row, bool has_more)
{
    const struct lt_format_columns *columns = &reader->columns;
    for (uint32_t i = 0; i < columns->count; i++)
        if ((int32_t)columns->columns[i] != reader->format->rescued_column &&
            lt_bit(columns->nulls, columns->columns[i]))
            lt_row_set_null(row, columns->columns[i]);
    return has_more ? LT_FORMAT_MORE : LT_FORMAT_ROW;
}

/* Splits the record once more; false without memory. */
static bool rescue(struct csv_reader *reader, struct lt_bytes record, struct lt_row *row)
{
    bool has_lines = reader->options.multi_line;
    struct lt_csv_tokens *tokens = has_lines ? &reader->framing : &reader->lines;
    size_t used;
    (void)lt_csv_tokens_split(tokens, record.data, record.size_bytes, &used);
    return lt_format_rescue_tokens(&reader->rescue, tokens, reader->options.null_value, row);
}

static __attribute__((noinline)) enum lt_format_result
conclude(struct csv_reader *reader, enum lt_codec_result result, struct lt_fault **fault)
{
    if (result == LT_CODEC_NULL || result == LT_CODEC_DROPPED)
        return LT_FORMAT_NONE;
    *fault = result == LT_CODEC_FAILED
                 ? lt_format_malformed(&reader->base, lt_csv_reader_condition(reader->codec),
                                       lt_csv_reader_cause(reader->codec))
                 : lt_format_too_large(&reader->base);
    return LT_FORMAT_FAILED;
}

static enum lt_format_result read_csv(struct lt_format_reader *base,
                                      struct lt_format_stream *stream, struct lt_bytes record,
                                      struct lt_row *row, struct lt_fault **fault)
{
    struct csv_reader *reader = csv_of(base);
    const struct lt_codec_memory memory = {.alloc = lt_format_row_memory, .context = row};
    if (lt_unlikely(stream->is_at_begin)) {
        struct lt_bytes whole = record;
        enum lt_format_result begun = begin_stream(reader, stream, &whole);
        if (begun != LT_FORMAT_ROW)
            return begun;
        reader->at = (size_t)(whole.data - record.data);
    }
    enum lt_codec_result result;
    struct lt_bytes rest;
    size_t used_bytes;
    do { /* a frame of another kind may hold several records, and blank ones */
        rest = record;
        rest.data += reader->at;
        rest.size_bytes -= (uint32_t)reader->at;
        result = lt_csv_read_apart(reader->codec, rest, &memory, &used_bytes, lt_row_values(row),
                                   reader->columns.nulls);
        reader->at += used_bytes;
        reader->base.counters.dropped += result == LT_CODEC_DROPPED;
    } while ((result == LT_CODEC_NULL || result == LT_CODEC_DROPPED) && used_bytes > 0 &&
             reader->at < record.size_bytes);
    bool has_more = reader->at < record.size_bytes;
    if (!has_more)
        reader->at = 0;
    if (lt_likely(result == LT_CODEC_VALUE)) {
        enum lt_format_result filled = fill(reader, row, has_more);
        rest.size_bytes = (uint32_t)used_bytes;
        if (lt_likely(!reader->is_rescuing) || rescue(reader, rest, row))
            return filled;
        result = LT_CODEC_NO_MEMORY;
    }
    reader->at = 0;
    return conclude(reader, result, fault);
}

static void count_csv(const struct lt_format_reader *base, struct lt_format_counters *out)
{
    const struct csv_reader *reader = (const struct csv_reader *)(const void *)base;
    struct lt_csv_read_counters counters = lt_csv_reader_counters(reader->codec);
    out->records += counters.records;
    out->malformed += counters.malformed;
    out->fields_parsed += counters.fields_parsed;
}

const struct lt_format_ops lt_format_csv_ops = {.name = "csv",
                                                .bind = bind_csv,
                                                .create_reader = create_csv,
                                                .read = read_csv,
                                                .reset = reset_csv,
                                                .count = count_csv,
                                                .destroy = destroy_csv};
