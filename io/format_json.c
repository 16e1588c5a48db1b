/*
 * The format json: a record is an object, or an array of objects that gives a row for each.
 *
 * Only the columns that are used are part of the type that the reader is compiled for. A record
 * that is one object, as most are, goes straight to the row. Of an array the first row has the
 * memory of all; the others hold it as their parent.
 */
#include <stdlib.h>

#include "core/base/ascii.h"
#include "core/text/json_read.h"
#include "io/format_rescue.h"

struct json_format {
    struct lt_format base;
    struct lt_json_options options;
    const char *time_zone;
    int32_t rescued_column; /* -1: none */
};

struct json_reader {
    struct lt_format_reader base;
    struct lt_arena *arena; /* of the used columns' type */
    struct lt_format_columns columns;
    struct lt_times *times;
    struct lt_json_reader *codec;
    /* Of an array that is being read: its rows, the next one, and the row that has the memory. */
    const struct lt_array *rows;
    uint32_t next;
    struct lt_row *first;
    /* Where the rescued column is used; then the codec reads on whatever does not fit. */
    bool is_rescuing;
    bool is_whole; /* all of the record at hand fits */
    struct lt_format_rescue rescue;
    struct lt_json_scan scan;
};

static const struct json_format *format_of(const struct lt_format *format)
{
    return (const struct json_format *)(const void *)format;
}

static struct json_reader *json_of(struct lt_format_reader *reader)
{
    return (struct json_reader *)(void *)reader; /* the base is its first member */
}

/* ---------------------------------------------------------------------------------------- bind */

struct taking {
    struct json_format *format;
    struct lt_arena *arena;
};

static int take_option(void *context, const char *key, const char *value, struct lt_error *error)
{
    const struct taking *taking = context;
    if (lt_ascii_compare(key, "rescuedDataColumn") == 0)
        return LT_OK;
    return lt_json_options_set(&taking->format->options, taking->arena, key, value, error);
}

static int create_codec(const struct json_format *format, const struct lt_type *type,
                        bool is_rescuing, struct lt_times **times, struct lt_json_reader **codec,
                        struct lt_error *error)
{
    struct lt_json_options permissive = format->options;
    const struct lt_json_options *options = &permissive;
    if (is_rescuing)
        permissive.mode = LT_CODEC_PERMISSIVE;
    const struct lt_times_setup setup = {.use = LT_DATETIME_READING,
                                         .time_zone = format->time_zone,
                                         .date_format = options->date_format,
                                         .timestamp_format = options->timestamp_format,
                                         .timestamp_ntz_format = options->timestamp_ntz_format,
                                         .falls_back = options->datetime_parsing_fallback,
                                         .takes_day_numbers = true};
    int code = lt_times_create(&setup, times, error);
    if (code != LT_OK)
        return code;
    const struct lt_json_read_setup read = {.type = type,
                                            .options = options,
                                            .times = lt_times_codec(*times),
                                            .keeps_text = true,
                                            .splits_arrays = true};
    return lt_json_reader_create(&read, codec, error);
}

/* What the reader of a lane would find wrong is told before the query starts. */
static int check(const struct json_format *format, struct lt_error *error)
{
    struct lt_times *times = NULL;
    struct lt_json_reader *codec = NULL;
    int code = lt_format_check_times(format->options.locale, format->options.date_format,
                                     format->options.timestamp_format,
                                     format->options.timestamp_ntz_format, error);
    if (code == LT_OK)
        code = create_codec(format, format->base.schema, false, &times, &codec, error);
    lt_json_reader_destroy(codec);
    lt_times_destroy(times);
    return code;
}

static int bind_json(const struct lt_format_setup *setup, struct lt_arena *arena,
                     struct lt_format **out, struct lt_error *error)
{
    struct json_format *format = lt_arena_alloc(arena, sizeof *format);
    struct taking taking = {format, arena};
    *format = (struct json_format){0};
    lt_json_options_init(&format->options);
    int code = lt_format_columns_bind(setup, arena, &format->base.schema, error);
    if (code == LT_OK)
        code = lt_format_each_option(setup, take_option, &taking, error);
    if (code == LT_OK)
        code = lt_format_rescue_bind(setup, format->base.schema, &format->rescued_column, error);
    if (code != LT_OK)
        return code;
    format->time_zone = format->options.time_zone;
    if (format->time_zone == NULL && setup->time_zone != NULL)
        format->time_zone = lt_arena_text(arena, setup->time_zone);
    *out = &format->base;
    return check(format, error);
}

/* ---------------------------------------------------------------------------------- the reader */

static void reset_json(struct lt_format_reader *base)
{
    struct json_reader *reader = json_of(base);
    if (reader->first != NULL)
        lt_row_release(reader->first);
    reader->first = NULL;
    reader->rows = NULL;
}

static void destroy_json(struct lt_format_reader *base)
{
    struct json_reader *reader = json_of(base);
    reset_json(base);
    lt_json_reader_destroy(reader->codec);
    lt_times_destroy(reader->times);
    lt_format_rescue_fini(&reader->rescue);
    lt_format_columns_fini(&reader->columns);
    lt_arena_destroy(reader->arena);
    free(reader);
}

/* What the codec reads: what is used; where something is to be rescued all but that column itself,
 * which is no field of records. In the arena. */
static const uint64_t *read_columns(const struct json_reader *reader, const uint64_t *used_columns)
{
    const struct json_format *format = format_of(reader->base.format);
    uint32_t count = format->base.schema->field_count;
    int32_t corrupt = reader->rescue.corrupt_column, rescued = format->rescued_column;
    uint64_t *read = lt_arena_alloc(reader->arena, (count / 64 + 1) * sizeof *read);
    for (uint32_t i = 0; i < count; i++) {
        bool is_used = lt_format_uses(used_columns, i) ||
                       (reader->is_rescuing && (int32_t)i != corrupt);
        if (is_used && (int32_t)i != rescued)
            lt_bit_set(read, i);
    }
    return read;
}

static int create_json(const struct lt_format *base, const uint64_t *used_columns,
                       struct lt_format_reader **out, struct lt_error *error)
{
    const struct json_format *format = format_of(base);
    const char *corrupt_column = format->options.corrupt_column;
    struct json_reader *reader = lt_alloc(sizeof *reader);
    reader->base.format = base;
    reader->arena = lt_arena_create();
    reader->is_rescuing = format->rescued_column >= 0 &&
                          lt_format_uses(used_columns, (uint32_t)format->rescued_column);
    lt_format_rescue_init(&reader->rescue, base->schema, format->rescued_column, corrupt_column);
    if (format->rescued_column >= 0)
        used_columns = read_columns(reader, used_columns);
    int code = lt_format_columns_init(&reader->columns, base->schema, used_columns, corrupt_column,
                                      reader->arena, error);
    if (code == LT_OK)
        code = create_codec(format, reader->columns.type, reader->is_rescuing, &reader->times,
                            &reader->codec, error);
    if (code != LT_OK) {
        destroy_json(&reader->base);
        return code;
    }
    reader->base.is_previewed =
        format->options.mode != LT_CODEC_FAILFAST && format->rescued_column < 0 &&
        lt_type_field_index(reader->columns.type, corrupt_column) == -1;
    *out = &reader->base;
    return LT_OK;
}

/* The next row of the array; the last one lets go of it. */
static enum lt_format_result next_row(struct json_reader *reader, struct lt_row *row)
{
    const struct lt_struct *values = reader->rows->values[reader->next].structure;
    lt_format_columns_fill(&reader->columns, row, values->values, values->nulls);
    if (reader->next == 0) {
        reader->first = row;
        lt_row_hold(row);
    } else {
        lt_row_hold(reader->first);
        row->parent = reader->first;
    }
    if (++reader->next < reader->rows->count)
        return LT_FORMAT_MORE;
    reset_json(&reader->base);
    return LT_FORMAT_ROW;
}

/* What is no row yet, or none at all. */
static __attribute__((noinline)) enum lt_format_result
conclude(struct json_reader *reader, enum lt_codec_result result, const struct lt_array *rows,
         struct lt_row *row, struct lt_fault **fault)
{
    switch (result) {
    case LT_CODEC_VALUE:
        if (rows->count == 0)
            return LT_FORMAT_NONE;
        reader->rows = rows;
        reader->next = 0;
        return next_row(reader, row);
    case LT_CODEC_NULL:
        return LT_FORMAT_NONE;
    case LT_CODEC_DROPPED:
        reader->base.counters.dropped++;
        return LT_FORMAT_NONE;
    case LT_CODEC_FAILED:
        *fault = lt_format_malformed(&reader->base, lt_json_reader_condition(reader->codec),
                                     lt_json_reader_cause(reader->codec));
        return LT_FORMAT_FAILED;
    case LT_CODEC_NO_MEMORY:
        break;
    }
    *fault = lt_format_too_large(&reader->base);
    return LT_FORMAT_FAILED;
}

/* The mode's answer to a record that is no JSON; its row, if it has one, has nothing in it. */
static enum lt_format_result conclude_broken(struct json_reader *reader, struct lt_row *row,
                                             const struct lt_array *rows, struct lt_fault **fault)
{
    const struct json_format *format = format_of(reader->base.format);
    enum lt_codec_mode mode = format->options.mode;
    lt_row_set_null(row, (uint32_t)reader->rescue.column);
    return conclude(reader,
                    mode == LT_CODEC_FAILFAST       ? LT_CODEC_FAILED
                    : mode == LT_CODEC_DROPMALFORMED ? LT_CODEC_DROPPED
                                                     : LT_CODEC_VALUE,
                    rows, row, fault);
}

static enum lt_format_result read_rescuing(struct lt_format_reader *base,
                                           struct lt_format_stream *stream, struct lt_bytes record,
                                           struct lt_row *row, struct lt_fault **fault)
{
    struct json_reader *reader = json_of(base);
    const struct json_format *format = format_of(base->format);
    const struct lt_codec_memory memory = {.alloc = lt_format_row_memory, .context = row};
    const struct lt_array *rows = reader->rows;
    enum lt_format_result result = LT_FORMAT_ROW;
    stream->is_at_begin = false;
    if (rows != NULL) {
        result = next_row(reader, row);
    } else {
        unsigned flags = lt_json_options_scan_flags(&format->options);
        record = lt_format_skip_mark(record);
        enum lt_codec_result read = lt_json_read_rows(reader->codec, record, &memory,
                                                      reader->columns.values,
                                                      reader->columns.nulls, &rows);
        reader->is_whole = lt_json_reader_condition(reader->codec) == NULL;
        if (read == LT_CODEC_VALUE && !reader->is_whole &&
            !lt_format_rescue_is_json(record, flags))
            return conclude_broken(reader, row, rows, fault);
        lt_json_scan_init(&reader->scan, record.data, record.size_bytes, flags);
        if (read == LT_CODEC_VALUE && rows == NULL)
            lt_format_columns_fill(&reader->columns, row, reader->columns.values,
                                   reader->columns.nulls);
        else
            result = conclude(reader, read, rows, row, fault);
    }
    bool is_row = result == LT_FORMAT_ROW || result == LT_FORMAT_MORE;
    if (!is_row || lt_format_rescue_object(&reader->rescue, &reader->scan, reader->is_whole, row))
        return result;
    reset_json(base);
    *fault = lt_format_too_large(base);
    return LT_FORMAT_FAILED;
}

static enum lt_format_result read_json(struct lt_format_reader *base,
                                       struct lt_format_stream *stream, struct lt_bytes record,
                                       struct lt_row *row, struct lt_fault **fault)
{
    struct json_reader *reader = json_of(base);
    const struct lt_codec_memory memory = {.alloc = lt_format_row_memory, .context = row};
    const struct lt_array *rows;
    if (lt_unlikely(reader->is_rescuing))
        return read_rescuing(base, stream, record, row, fault);
    if (lt_unlikely(reader->rows != NULL))
        return next_row(reader, row);
    record = lt_format_skip_mark(record); /* Spark's parser takes one in front of any document */
    stream->is_at_begin = false;
    union lt_value *values = lt_format_columns_values(&reader->columns, row);
    enum lt_codec_result result = lt_json_read_rows(reader->codec, record, &memory, values,
                                                    reader->columns.nulls, &rows);
    if (lt_unlikely(result != LT_CODEC_VALUE || rows != NULL))
        return conclude(reader, result, rows, row, fault);
    lt_format_columns_fill(&reader->columns, row, values, reader->columns.nulls);
    return LT_FORMAT_ROW;
}

static void count_json(const struct lt_format_reader *base, struct lt_format_counters *out)
{
    const struct json_reader *reader = (const struct json_reader *)(const void *)base;
    struct lt_json_read_counters counters = lt_json_reader_counters(reader->codec);
    out->records += counters.documents;
    out->malformed += counters.malformed;
    out->fields_parsed += counters.fields_parsed;
}

const struct lt_format_ops lt_format_json_ops = {.name = "json",
                                                 .bind = bind_json,
                                                 .create_reader = create_json,
                                                 .read = read_json,
                                                 .reset = reset_json,
                                                 .count = count_json,
                                                 .destroy = destroy_json};
