/*
 * Writers: what formats share, frames, and the two that have no codec.
 *
 * A length stands in front of its record and is known behind it: two and four bytes are left free
 * and filled in, a varint waits for the record in a text of its own.
 */
#include "io/format_write.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/ascii.h"
#include "core/text/utf8.h"
#include "io/format_write_internal.h"

const struct lt_option_spec lt_format_write_options[] = {
    LT_FORMAT_WRITE_NAME_ROWS LT_FRAME_WRITE_ROWS LT_FORMAT_WRITE_ROWS};
const size_t lt_format_write_option_count =
    sizeof lt_format_write_options / sizeof lt_format_write_options[0];

const char *lt_format_write_text_option(const struct lt_format_write_setup *setup,
                                        const char *name)
{
    return lt_options_text(setup->options, lt_format_write_options, lt_format_write_option_count,
                           name);
}

/* -------------------------------------------------------------------------------- raw and text */

static int refuse_type(const struct lt_format_write_setup *setup, const struct lt_field *field,
                       struct lt_error *error)
{
    struct lt_arena *arena = lt_arena_create();
    bool is_text = strcmp(setup->name, "text") == 0;
    (void)lt_error_set(error, LT_E_INVALID,
                       "the %s datasource doesn't support the column `%s` of the type \"%s\"; "
                       "hint: make it a %s, or choose the format json or csv",
                       is_text ? "Text" : "raw", field->name, lt_type_sql(arena, field->type),
                       is_text ? "STRING" : "BINARY or a STRING");
    lt_arena_destroy(arena);
    return lt_error_condition(error, "UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE", "0A000");
}

static int create_plain(const struct lt_format_write_setup *setup, struct lt_format_writer **out,
                        struct lt_error *error)
{
    uint32_t column = lt_format_next_column(setup, 0), count = 0;
    for (uint32_t i = column; i < setup->schema->field_count;
         i = lt_format_next_column(setup, i + 1))
        count++;
    if (count != 1)
        return lt_error_set(error, LT_E_INVALID,
                            "Text data source supports only a single column, and you have %u "
                            "columns; hint: choose the format json or csv",
                            count);
    const struct lt_field *field = &setup->schema->fields[column];
    bool is_raw = strcmp(setup->name, "raw") == 0;
    if (!lt_type_is_text(field->type) && !(is_raw && field->type->kind == LT_TYPE_BINARY))
        return refuse_type(setup, field, error);
    *out = lt_alloc(sizeof **out);
    (*out)->column = column;
    return LT_OK;
}

static bool write_plain(struct lt_format_writer *writer, struct lt_row *row,
                        struct lt_text_buffer *out, const char **why)
{
    (void)why;
    if (lt_row_is_null(row, writer->column)) /* nothing, as Spark's text */
        return true;
    struct lt_bytes bytes = lt_row_values(row)[writer->column].bytes;
    lt_text_append_n(out, bytes.data, bytes.size_bytes);
    return true;
}

static void destroy_plain(struct lt_format_writer *writer)
{
    free(writer);
}

static int take_plain_option(void *context, const char *key, const char *value,
                             struct lt_error *error)
{
    const struct lt_format_write_ops *ops = context;
    (void)value;
    (void)error;
    bool is_known = strcmp(ops->name, "text") == 0 && lt_ascii_compare(key, "encoding") == 0;
    return is_known ? LT_OK : LT_E_NOT_FOUND;
}

static const struct lt_format_write_ops raw_ops = {
    .name = "raw", .create = create_plain, .write = write_plain, .destroy = destroy_plain};
static const struct lt_format_write_ops text_ops = {
    .name = "text", .create = create_plain, .write = write_plain, .destroy = destroy_plain};

static const struct lt_format_write_ops *const formats[] = {
    &raw_ops, &text_ops, &lt_format_write_json_ops, &lt_format_write_csv_ops};
enum { FORMAT_COUNT = sizeof formats / sizeof formats[0] };

/* -------------------------------------------------------------------------------------- frames */

static struct lt_format_table table_of(const struct lt_format_write_setup *setup)
{
    return (struct lt_format_table){setup->options, lt_format_write_options,
                                    lt_format_write_option_count, setup->name};
}

static int bind_charset(const struct lt_format_write_setup *setup, enum lt_charset *out,
                        struct lt_error *error)
{
    const char *name =
        strcmp(setup->name, "raw") == 0 ? NULL : lt_format_write_text_option(setup, "encoding");
    *out = name == NULL ? LT_CHARSET_UTF_8 : lt_charset_of(name);
    bool has_mark = *out == LT_CHARSET_UTF_16 || *out == LT_CHARSET_UTF_32;
    if (*out == LT_CHARSET_UTF_8 || (!setup->is_utf8 && !has_mark && *out != LT_CHARSET_UNKNOWN))
        return LT_OK;
    return lt_error_set(error, LT_E_UNSUPPORTED,
                        "option \"encoding\": \"%s\" is not written; hint: UTF-8%s", name,
                        setup->is_utf8 ? " is" : ", US-ASCII, ISO-8859-1, windows-1252, UTF-16LE, "
                                                 "UTF-16BE, UTF-32LE and UTF-32BE are");
}

/* What ends a line, in the charset. */
static int bind_framing(const struct lt_format_write_setup *setup, enum lt_charset charset,
                        struct lt_framing *framing, struct lt_error *error)
{
    const struct lt_format_table table = table_of(setup);
    char separator[LT_FRAME_SEPARATOR_MAX];
    framing->separator[0] = '\n';
    framing->separator_bytes = 1;
    int code = lt_format_table_framing(&table, setup->default_frame, framing, error);
    if (code != LT_OK || charset == LT_CHARSET_UTF_8)
        return code;
    if (!lt_charset_from_utf8(charset, framing->separator, framing->separator_bytes, separator,
                              sizeof separator, &framing->separator_bytes))
        return lt_error_set(error, LT_E_INVALID,
                            "option \"lineSep\": the encoding %s has no such text of 1 to %d bytes",
                            lt_charset_name(charset), LT_FRAME_SEPARATOR_MAX);
    memcpy(framing->separator, separator, framing->separator_bytes);
    return LT_OK;
}

/* The body in the writer's charset; what that lacks is a question mark, as in Java. */
static void convert(struct lt_format_writer *writer)
{
    const uint8_t *at = (const uint8_t *)writer->body.data, *end = at + writer->body.size_bytes;
    lt_text_clear(&writer->converted);
    while (at < end) {
        uint8_t character[LT_CHARSET_CHARACTER_MAX];
        size_t size = lt_charset_put(writer->charset, lt_utf8_next(&at, end), character);
        if (size == 0)
            size = lt_charset_put(writer->charset, '?', character);
        lt_text_append_n(&writer->converted, character, size);
    }
}

static size_t head_bytes(const struct lt_framing *framing)
{
    return framing->kind == LT_FRAME_LENGTH2 ? 2 : framing->kind == LT_FRAME_LENGTH4 ? 4 : 0;
}

static void put_length(const struct lt_framing *framing, size_t size_bytes, size_t head, char *at)
{
    for (size_t i = 0; i < head; i++) {
        size_t place = framing->is_little_endian ? i : head - 1 - i;
        at[place] = (char)(size_bytes >> (8 * i) & 0xff);
    }
}

static void append_varint(struct lt_text_buffer *out, size_t size_bytes)
{
    for (; size_bytes >= 0x80; size_bytes >>= 7)
        lt_text_append_char(out, (char)((size_bytes & 0x7f) | 0x80));
    lt_text_append_char(out, (char)size_bytes);
}

/* What stops a record of this size. */
static const char *unfit(const struct lt_framing *framing, size_t size_bytes)
{
    if (framing->kind == LT_FRAME_LENGTH2 && size_bytes > UINT16_MAX)
        return "the record is larger than a frame of length2 can be; hint: frame length4";
    if (framing->kind == LT_FRAME_FIXED && size_bytes != framing->fixed_bytes)
        return "the record has another size than frameBytes";
    return size_bytes > LT_LIMIT_VALUE_BYTES ? "the record is larger than 2 GiB" : NULL;
}

/* The record, or what stands in front of all (no row); *is_there: there is something. */
static const char *write_body(struct lt_format_writer *writer, struct lt_row *row,
                              struct lt_text_buffer *body, bool *is_there)
{
    const char *why = NULL;
    *is_there = true;
    if (row == NULL)
        *is_there = writer->ops->begin(writer, body);
    else if (!writer->ops->write(writer, row, body, &why))
        return why;
    return NULL;
}

/* The record is made apart: its size stands in front of it, or it is in another charset. */
static const char *write_apart(struct lt_format_writer *writer, struct lt_row *row,
                               struct lt_text_buffer *out)
{
    const struct lt_framing *framing = &writer->framing;
    bool is_converted = writer->charset != LT_CHARSET_UTF_8, is_there;
    const struct lt_text_buffer *body = is_converted ? &writer->converted : &writer->body;
    size_t head = head_bytes(framing), at = out->size_bytes;
    lt_text_clear(&writer->body);
    const char *why = write_body(writer, row, &writer->body, &is_there);
    if (why != NULL || !is_there)
        return why;
    if (is_converted)
        convert(writer);
    why = unfit(framing, body->size_bytes);
    if (why != NULL)
        return why;
    if (framing->kind == LT_FRAME_VARINT)
        append_varint(out, body->size_bytes);
    lt_text_append_n(out, "\0\0\0\0", head);
    put_length(framing, body->size_bytes, head, out->data + at);
    lt_text_append_n(out, body->data, body->size_bytes);
    if (framing->kind == LT_FRAME_LINE)
        lt_text_append_n(out, framing->separator, framing->separator_bytes);
    return NULL;
}

/* Writes the record, or what stands in front of all (no row), behind its frame's head, and
 * completes that. */
static const char *write_framed(struct lt_format_writer *writer, struct lt_row *row,
                                struct lt_text_buffer *out)
{
    const struct lt_framing *framing = &writer->framing;
    size_t head = head_bytes(framing), at = out->size_bytes;
    bool is_there;
    if (lt_unlikely(framing->kind == LT_FRAME_VARINT || writer->charset != LT_CHARSET_UTF_8))
        return write_apart(writer, row, out);
    if (head > 0)
        lt_text_append_n(out, "\0\0\0\0", head);
    const char *why = write_body(writer, row, out, &is_there);
    if (!is_there)
        out->size_bytes = at;
    if (why != NULL || !is_there)
        return why;
    size_t size_bytes = out->size_bytes - at - head;
    why = unfit(framing, size_bytes);
    if (why != NULL)
        return why;
    if (head > 0)
        put_length(framing, size_bytes, head, out->data + at);
    if (framing->kind == LT_FRAME_LINE)
        lt_text_append_n(out, framing->separator, framing->separator_bytes);
    return NULL;
}

int lt_format_write_each_option(const struct lt_format_write_setup *setup,
                                lt_format_option_fn *take, void *context, struct lt_error *error)
{
    const struct lt_format_table table = table_of(setup);
    return lt_format_table_each(&table, take, context, error);
}

/* ------------------------------------------------------------------------------------ the doors */

static int create(const struct lt_format_write_ops *ops, const struct lt_format_write_setup *setup,
                  struct lt_format_writer **out, struct lt_error *error)
{
    struct lt_framing framing = {0};
    enum lt_charset charset;
    int code = bind_charset(setup, &charset, error);
    if (code == LT_OK)
        code = bind_framing(setup, charset, &framing, error);
    if (code == LT_OK && ops->create == create_plain)
        code = lt_format_write_each_option(setup, take_plain_option, (void *)(uintptr_t)ops, error);
    if (code == LT_OK)
        code = ops->create(setup, out, error);
    if (code != LT_OK)
        return code;
    (*out)->ops = ops;
    (*out)->framing = framing;
    (*out)->charset = charset;
    lt_text_init(&(*out)->body);
    lt_text_init(&(*out)->converted);
    return LT_OK;
}

int lt_format_writer_create(const struct lt_format_write_setup *setup,
                            struct lt_format_writer **out, struct lt_error *error)
{
    int kind = 0;
    *out = NULL;
    while (kind < FORMAT_COUNT && strcmp(formats[kind]->name, setup->name) != 0)
        kind++;
    if (kind == FORMAT_COUNT)
        return lt_error_set(error, LT_E_NOT_FOUND, "%s: the format \"%s\" is unknown", setup->owner,
                            setup->name);
    int code = create(formats[kind], setup, out, error);
    return code == LT_OK ? LT_OK : lt_error_append(error, "%s", setup->owner);
}

int lt_format_writer_bind_lines(const char *owner, const struct lt_option_spec *table, size_t count,
                                const struct lt_options *options, const struct lt_type *schema,
                                struct lt_format_writer **out, struct lt_error *error)
{
    *out = NULL;
    int code = lt_options_check(options, table, count, owner, error);
    if (code != LT_OK)
        return code;
    const struct lt_format_write_setup setup = {
        .name = lt_options_text(options, table, count, "format"),
        .options = options,
        .schema = schema,
        .owner = owner,
        .default_frame = LT_FRAME_LINE,
    };
    return lt_format_writer_create(&setup, out, error);
}

void lt_format_writer_destroy(struct lt_format_writer *writer)
{
    if (writer == NULL)
        return;
    lt_text_fini(&writer->body);
    lt_text_fini(&writer->converted);
    writer->ops->destroy(writer);
}

void lt_format_write_begin(struct lt_format_writer *writer, struct lt_text_buffer *out)
{
    size_t at = out->size_bytes;
    if (writer->ops->begin != NULL && write_framed(writer, NULL, out) != NULL)
        out->size_bytes = at; /* a header that the frame has no room for */
}

bool lt_format_write(struct lt_format_writer *writer, struct lt_row *row,
                     struct lt_text_buffer *out, const char *stage, struct lt_fault **fault)
{
    size_t at = out->size_bytes;
    const char *why = write_framed(writer, row, out);
    if (lt_likely(why == NULL))
        return true;
    out->size_bytes = at; /* no half of a record stays */
    *fault = lt_fault_create(stage, "RECORD_TOO_LARGE", "54000", "%s", why);
    return false;
}

bool lt_format_writes_bytes(const struct lt_format_writer *writer, uint32_t *column,
                            struct lt_bytes *behind)
{
    bool is_line = writer->framing.kind == LT_FRAME_LINE;
    bool is_bare = is_line || writer->framing.kind == LT_FRAME_DATAGRAM;
    if (writer->ops->write != write_plain || !is_bare || writer->charset != LT_CHARSET_UTF_8)
        return false;
    *column = writer->column;
    *behind = (struct lt_bytes){
        .data = (const uint8_t *)writer->framing.separator,
        .size_bytes = is_line ? (uint32_t)writer->framing.separator_bytes : 0};
    return true;
}
