/*
 * Formats: the options they share, where their records end, and the two that have no codec.
 */
#include "io/format.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/ascii.h"
#include "io/format_columns.h"
#include "io/format_internal.h"

const struct lt_option_spec lt_format_read_options[] = {
    LT_FORMAT_NAME_ROWS LT_FRAME_READ_ROWS LT_FORMAT_READ_ROWS};
const size_t lt_format_read_option_count =
    sizeof lt_format_read_options / sizeof lt_format_read_options[0];

static struct lt_format_table table_of(const struct lt_format_setup *setup)
{
    return (struct lt_format_table){setup->options, lt_format_read_options,
                                    lt_format_read_option_count, setup->name};
}

const char *lt_format_text_option(const struct lt_format_setup *setup, const char *name)
{
    return lt_options_text(setup->options, lt_format_read_options, lt_format_read_option_count,
                           name);
}

bool lt_format_bool_option(const struct lt_format_setup *setup, const char *name)
{
    return lt_options_bool(setup->options, lt_format_read_options, lt_format_read_option_count,
                           name);
}

/* -------------------------------------------------------------------------------- raw and text */

static int bind_plain(const struct lt_format_setup *setup, struct lt_arena *arena,
                      enum lt_type_kind kind, struct lt_format **out, struct lt_error *error)
{
    const struct lt_field field = {
        .name = "value", .type = lt_type_simple(kind), .nullable = true};
    const struct lt_type *given = setup->user_schema;
    if (given != NULL && (given->field_count != 1 || given->fields[0].type->kind != kind))
        return lt_error_set(error, LT_E_INVALID,
                            "the format %s has one column, of the type %s, and the schema has "
                            "others; hint: leave the schema out, or choose the format json or csv",
                            setup->name, kind == LT_TYPE_BINARY ? "BINARY" : "STRING");
    struct lt_format *format = lt_arena_alloc(arena, sizeof *format);
    format->schema = given != NULL ? given : lt_type_struct(arena, &field, 1);
    *out = format;
    return LT_OK;
}

static int bind_raw(const struct lt_format_setup *setup, struct lt_arena *arena,
                    struct lt_format **out, struct lt_error *error)
{
    return bind_plain(setup, arena, LT_TYPE_BINARY, out, error);
}

static int bind_text(const struct lt_format_setup *setup, struct lt_arena *arena,
                     struct lt_format **out, struct lt_error *error)
{
    return bind_plain(setup, arena, LT_TYPE_STRING, out, error);
}

static int create_plain(const struct lt_format *format, const uint64_t *used_columns,
                        struct lt_format_reader **out, struct lt_error *error)
{
    (void)format;
    (void)used_columns;
    (void)error;
    *out = lt_alloc(sizeof **out);
    (*out)->is_previewed = true;
    return LT_OK;
}

/* A byte order mark in front of the first line is no part of it, as in Spark. */
static enum lt_format_result read_plain(struct lt_format_reader *reader,
                                        struct lt_format_stream *stream, struct lt_bytes record,
                                        struct lt_row *row, struct lt_fault **fault)
{
    (void)fault;
    if (stream->is_at_begin && reader->format->kind == LT_FORMAT_TEXT &&
        reader->framing.kind == LT_FRAME_LINE)
        record = lt_format_skip_mark(record);
    stream->is_at_begin = false;
    lt_row_values(row)[0].bytes = record;
    return LT_FORMAT_ROW;
}

static void destroy_plain(struct lt_format_reader *reader)
{
    free(reader);
}

static const struct lt_format_ops raw_ops = {.name = "raw",
                                             .bind = bind_raw,
                                             .create_reader = create_plain,
                                             .read = read_plain,
                                             .destroy = destroy_plain};
static const struct lt_format_ops text_ops = {.name = "text",
                                              .bind = bind_text,
                                              .create_reader = create_plain,
                                              .read = read_plain,
                                              .destroy = destroy_plain};

static const struct lt_format_ops *const formats[] = {[LT_FORMAT_RAW] = &raw_ops,
                                                      [LT_FORMAT_TEXT] = &text_ops,
                                                      [LT_FORMAT_JSON] = &lt_format_json_ops,
                                                      [LT_FORMAT_CSV] = &lt_format_csv_ops};
enum { FORMAT_COUNT = sizeof formats / sizeof formats[0] };
enum { PADDING_BYTES = 64 }; /* behind a record, for parsers that read whole vectors */

/* ------------------------------------------------------------------------------------- options */

/* What the frame is when the option does not say. */
static enum lt_frame_kind usual_frame(const struct lt_format_setup *setup,
                                      enum lt_format_kind format)
{
    bool is_whole = (format == LT_FORMAT_TEXT && lt_format_bool_option(setup, "wholetext")) ||
                    (format == LT_FORMAT_JSON && lt_format_bool_option(setup, "multiLine"));
    bool is_csv = format == LT_FORMAT_CSV && lt_format_bool_option(setup, "multiLine");
    if (setup->default_frame != LT_FRAME_LINE)
        return setup->default_frame;
    return is_whole ? LT_FRAME_WHOLE : is_csv ? LT_FRAME_CSV : LT_FRAME_LINE;
}

static int bind_framing(const struct lt_format_setup *setup, enum lt_format_kind format,
                        struct lt_framing *framing, struct lt_error *error)
{
    const struct lt_format_table table = table_of(setup);
    int64_t most = lt_options_i64(setup->options, lt_format_read_options,
                                  lt_format_read_option_count, "maxRecordBytes");
    framing->max_bytes = most > 0 ? (size_t)most : LT_LIMIT_VALUE_BYTES;
    return lt_format_table_framing(&table, usual_frame(setup, format), framing, error);
}

int lt_format_each_option(const struct lt_format_setup *setup, lt_format_option_fn *take,
                          void *context, struct lt_error *error)
{
    const struct lt_format_table table = table_of(setup);
    return lt_format_table_each(&table, take, context, error);
}

static int take_plain_option(void *context, const char *key, const char *value,
                             struct lt_error *error)
{
    (void)value;
    (void)error;
    bool is_text = *(const enum lt_format_kind *)context == LT_FORMAT_TEXT;
    bool is_known =
        lt_ascii_compare(key, "wholetext") == 0 || lt_ascii_compare(key, "encoding") == 0;
    return is_text && is_known ? LT_OK : LT_E_NOT_FOUND;
}

/* ------------------------------------------------------------------------------------- charsets */

static int bind_charset(const struct lt_format_setup *setup, enum lt_format_kind kind,
                        enum lt_charset *out, struct lt_error *error)
{
    const char *name = kind == LT_FORMAT_RAW ? NULL : lt_format_text_option(setup, "encoding");
    if (name == NULL && kind == LT_FORMAT_CSV)
        name = lt_format_text_option(setup, "charset");
    *out = name == NULL ? LT_CHARSET_UTF_8 : lt_charset_of(name);
    if (*out != LT_CHARSET_UNKNOWN)
        return LT_OK;
    return lt_error_set(error, LT_E_UNSUPPORTED,
                        "option \"encoding\": \"%s\" is not supported; hint: UTF-8, US-ASCII, "
                        "ISO-8859-1, windows-1252, UTF-16LE, UTF-16BE, UTF-32LE and UTF-32BE are, "
                        "and of whole files UTF-16 and UTF-32",
                        name);
}

static int refuse_encoding(enum lt_charset charset, const char *why, struct lt_error *error)
{
    return lt_error_set(error, LT_E_INVALID, "option \"encoding\": %s %s", lt_charset_name(charset),
                        why);
}

/* Of lines, what ends them, in the charset. Spark's JSON wants to be told of more than a byte. */
static int fit_lines(struct lt_format *format, struct lt_error *error)
{
    struct lt_framing *framing = &format->framing;
    char separator[LT_FRAME_SEPARATOR_MAX];
    size_t size_bytes = framing->separator_bytes;
    framing->unit_bytes = lt_charset_unit_bytes(format->charset);
    if (size_bytes == 0 && framing->unit_bytes == 1)
        return LT_OK;
    if (size_bytes == 0 && format->kind == LT_FORMAT_JSON)
        return lt_error_set(error, LT_E_INVALID,
                            "The lineSep option must be specified for the %s encoding; hint: "
                            "lineSep \\n",
                            lt_charset_name(format->charset));
    format->drops_return = size_bytes == 0;
    if (!lt_charset_from_utf8(format->charset, size_bytes == 0 ? "\n" : framing->separator,
                              size_bytes == 0 ? 1 : size_bytes, separator, sizeof separator,
                              &framing->separator_bytes))
        return lt_error_set(error, LT_E_INVALID,
                            "option \"lineSep\": the encoding %s has no such text of 1 to %d bytes",
                            lt_charset_name(format->charset), LT_FRAME_SEPARATOR_MAX);
    memcpy(framing->separator, separator, framing->separator_bytes);
    return LT_OK;
}

static int fit_framing(struct lt_format *format, struct lt_error *error)
{
    enum lt_charset charset = format->charset;
    bool needs_mark = charset == LT_CHARSET_UTF_16 || charset == LT_CHARSET_UTF_32;
    bool is_wide = lt_charset_unit_bytes(charset) > 1;
    if (charset == LT_CHARSET_UTF_8)
        return LT_OK;
    if (format->framing.kind == LT_FRAME_CSV && is_wide)
        return refuse_encoding(charset, "is not read with multiLine; hint: make it UTF-8", error);
    if (format->framing.kind != LT_FRAME_LINE)
        return LT_OK;
    if (needs_mark)
        return refuse_encoding(charset,
                               "has its byte order in front of the first line alone; hint: name "
                               "it, as UTF-16LE or UTF-16BE",
                               error);
    return fit_lines(format, error);
}

/* The record as UTF-8, in the row's memory. False: it does not fit there. */
static bool convert(const struct lt_format *format, struct lt_row *row, struct lt_bytes *record)
{
    size_t room = (size_t)record->size_bytes * LT_CHARSET_UTF8_GROWTH;
    char *text = lt_row_scratch(row, room + PADDING_BYTES);
    if (text == NULL)
        return false;
    size_t size_bytes =
        lt_charset_to_utf8(format->charset, record->data, record->size_bytes, text);
    if (format->drops_return && size_bytes > 0 && text[size_bytes - 1] == '\r')
        size_bytes--;
    memset(text + size_bytes, 0, PADDING_BYTES);
    *record = (struct lt_bytes){.data = (const uint8_t *)text,
                                .size_bytes = (uint32_t)size_bytes,
                                .padding_bytes = PADDING_BYTES};
    return true;
}

static enum lt_format_result read_converted(struct lt_format_reader *reader,
                                            struct lt_format_stream *stream, struct lt_bytes record,
                                            struct lt_row *row, struct lt_fault **fault)
{
    if (!reader->has_more && !convert(reader->format, row, &record)) {
        *fault = lt_format_too_large(reader);
        return LT_FORMAT_FAILED;
    }
    enum lt_format_result result = reader->ops->read(reader, stream, record, row, fault);
    reader->has_more = result == LT_FORMAT_MORE;
    return result;
}

/* ------------------------------------------------------------------------------------ the doors */

static int bind_kind(const struct lt_format_setup *setup, enum lt_format_kind kind,
                     struct lt_arena *arena, struct lt_format **out, struct lt_error *error)
{
    bool is_plain = kind == LT_FORMAT_RAW || kind == LT_FORMAT_TEXT;
    int code = is_plain ? lt_format_each_option(setup, take_plain_option, &kind, error) : LT_OK;
    if (code == LT_OK)
        code = formats[kind]->bind(setup, arena, out, error);
    if (code != LT_OK)
        return code;
    (*out)->kind = kind;
    (*out)->name = formats[kind]->name;
    (*out)->drops_return = false;
    code = bind_charset(setup, kind, &(*out)->charset, error);
    if (code == LT_OK)
        code = bind_framing(setup, kind, &(*out)->framing, error);
    return code == LT_OK ? fit_framing(*out, error) : code;
}

int lt_format_bind(const struct lt_format_setup *setup, struct lt_arena *arena,
                   const struct lt_format **out, struct lt_error *error)
{
    struct lt_format *format = NULL;
    *out = NULL;
    int kind = 0;
    while (kind < FORMAT_COUNT && strcmp(formats[kind]->name, setup->name) != 0)
        kind++;
    if (kind == FORMAT_COUNT)
        return lt_error_set(error, LT_E_NOT_FOUND, "%s: the format \"%s\" is unknown", setup->owner,
                            setup->name);
    int code = bind_kind(setup, (enum lt_format_kind)kind, arena, &format, error);
    if (code != LT_OK)
        return lt_error_append(error, "%s", setup->owner);
    *out = format;
    return LT_OK;
}

int lt_format_bind_lines(const char *owner, const struct lt_option_spec *table, size_t count,
                         const struct lt_options *options, const struct lt_type *user_schema,
                         struct lt_arena *arena, const struct lt_format **out,
                         struct lt_error *error)
{
    int code = lt_options_check(options, table, count, owner, error);
    if (code != LT_OK)
        return code;
    const struct lt_format_setup setup = {
        .name = lt_options_text(options, table, count, "format"),
        .options = options,
        .user_schema = user_schema,
        .owner = owner,
        .default_frame = LT_FRAME_LINE,
    };
    return lt_format_bind(&setup, arena, out, error);
}

int lt_format_reader_create(const struct lt_format *format, const uint64_t *used_columns,
                            const char *stage, struct lt_format_reader **out,
                            struct lt_error *error)
{
    const struct lt_format_ops *ops = formats[format->kind];
    *out = NULL;
    int code = ops->create_reader(format, used_columns, out, error);
    if (code != LT_OK)
        return lt_error_append(error, "%s", stage);
    (*out)->format = format;
    (*out)->ops = ops;
    (*out)->stage = stage;
    struct lt_csv_tokens *tokens = (*out)->framing.tokens; /* what the format has made of its own */
    (*out)->framing = format->framing;
    (*out)->framing.tokens = tokens;
    return LT_OK;
}

void lt_format_reader_destroy(struct lt_format_reader *reader)
{
    if (reader != NULL)
        reader->ops->destroy(reader);
}

enum lt_format_result lt_format_read(struct lt_format_reader *reader,
                                     struct lt_format_stream *stream, struct lt_bytes record,
                                     struct lt_row *row, struct lt_fault **fault)
{
    if (lt_unlikely(reader->format->charset != LT_CHARSET_UTF_8))
        return read_converted(reader, stream, record, row, fault);
    return reader->ops->read(reader, stream, record, row, fault);
}

void lt_format_reader_reset(struct lt_format_reader *reader)
{
    reader->has_more = false;
    if (reader->ops->reset != NULL)
        reader->ops->reset(reader);
}

bool lt_format_reader_is_plain(const struct lt_format_reader *reader)
{
    return reader->ops->read == read_plain && reader->format->charset == LT_CHARSET_UTF_8;
}

bool lt_format_reader_form(const struct lt_format_reader *reader, enum lt_record_form *out)
{
    *out = reader->format->kind == LT_FORMAT_JSON ? LT_RECORD_JSON : LT_RECORD_TEXT;
    return reader->is_previewed && reader->format->charset == LT_CHARSET_UTF_8;
}

uint32_t lt_format_reader_columns(const struct lt_format_reader *reader)
{
    return reader->format->schema->field_count;
}

const struct lt_error *lt_format_reader_error(const struct lt_format_reader *reader)
{
    return &reader->error;
}

const struct lt_framing *lt_format_reader_framing(const struct lt_format_reader *reader)
{
    return &reader->framing;
}

struct lt_format_counters lt_format_reader_counters(const struct lt_format_reader *reader)
{
    struct lt_format_counters counters = reader->counters;
    if (reader->ops->count != NULL)
        reader->ops->count(reader, &counters);
    return counters;
}
