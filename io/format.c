/*
 * Formats: the options they share, where their records end, and the two that have no codec.
 */
#include "io/format.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/ascii.h"
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
    return is_text && lt_ascii_compare(key, "wholetext") == 0 ? LT_OK : LT_E_NOT_FOUND;
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
    return bind_framing(setup, kind, &(*out)->framing, error);
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
    return reader->ops->read(reader, stream, record, row, fault);
}

void lt_format_reader_reset(struct lt_format_reader *reader)
{
    if (reader->ops->reset != NULL)
        reader->ops->reset(reader);
}

bool lt_format_reader_is_plain(const struct lt_format_reader *reader)
{
    return reader->ops->read == read_plain;
}

bool lt_format_reader_form(const struct lt_format_reader *reader, enum lt_record_form *out)
{
    *out = reader->format->kind == LT_FORMAT_JSON ? LT_RECORD_JSON : LT_RECORD_TEXT;
    return reader->is_previewed;
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
