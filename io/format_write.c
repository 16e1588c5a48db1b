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

static int bind_framing(const struct lt_format_write_setup *setup, struct lt_framing *framing,
                        struct lt_error *error)
{
    const struct lt_format_table table = table_of(setup);
    framing->separator[0] = '\n';
    framing->separator_bytes = 1;
    return lt_format_table_framing(&table, setup->default_frame, framing, error);
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

/* Writes the record, or what stands in front of all (no row), behind its frame's head, and
 * completes that. */
static const char *write_framed(struct lt_format_writer *writer, struct lt_row *row,
                                struct lt_text_buffer *out)
{
    const struct lt_framing *framing = &writer->framing;
    bool is_apart = framing->kind == LT_FRAME_VARINT;
    size_t head = head_bytes(framing);
    struct lt_text_buffer *body = is_apart ? &writer->body : out;
    if (is_apart)
        lt_text_clear(body);
    size_t at = body->size_bytes;
    const char *why = NULL;
    if (head > 0)
        lt_text_append_n(body, "\0\0\0\0", head);
    if (row == NULL && !writer->ops->begin(writer, body)) {
        body->size_bytes = at;
        return NULL;
    }
    if (row != NULL && !writer->ops->write(writer, row, body, &why))
        return why;
    size_t size_bytes = body->size_bytes - at - head;
    why = unfit(framing, size_bytes);
    if (why != NULL)
        return why;
    if (head > 0)
        put_length(framing, size_bytes, head, body->data + at);
    if (framing->kind == LT_FRAME_LINE)
        lt_text_append_n(body, framing->separator, framing->separator_bytes);
    if (is_apart) {
        append_varint(out, size_bytes);
        lt_text_append_n(out, body->data, size_bytes);
    }
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
    int code = bind_framing(setup, &framing, error);
    if (code == LT_OK && ops->create == create_plain)
        code = lt_format_write_each_option(setup, NULL, NULL, error);
    if (code == LT_OK)
        code = ops->create(setup, out, error);
    if (code != LT_OK)
        return code;
    (*out)->ops = ops;
    (*out)->framing = framing;
    lt_text_init(&(*out)->body);
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

void lt_format_writer_destroy(struct lt_format_writer *writer)
{
    if (writer == NULL)
        return;
    lt_text_fini(&writer->body);
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
    if (writer->ops->write != write_plain || !is_bare)
        return false;
    *column = writer->column;
    *behind = (struct lt_bytes){
        .data = (const uint8_t *)writer->framing.separator,
        .size_bytes = is_line ? (uint32_t)writer->framing.separator_bytes : 0};
    return true;
}
