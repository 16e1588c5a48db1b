/*
 * Writing JSON as Spark's to_json does: fields in the order of the type, timestamps as ISO text
 * with milliseconds and an offset, binary as base64, decimals as Java prints them, NaN and
 * infinities as strings, map keys as text. Bytes of a string that are not UTF-8 become U+FFFD.
 *
 * on: any. The buffer grows; an expression that writes JSON for each record keeps one buffer.
 */
#ifndef LT_TEXT_JSON_WRITE_H
#define LT_TEXT_JSON_WRITE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/text_buffer.h"
#include "core/data/row.h"
#include "core/data/type.h"
#include "core/data/value.h"
#include "core/text/codec.h"

struct lt_json_write_options {
    bool keep_null_fields; /* NULL fields of structs are left out unless this is set */
    bool pretty;           /* one field a line, indented by two blanks: {\n  "a" : 1\n} */
    /* The session zone's offset at a moment; NULL: UTC. */
    int32_t (*offset_s)(void *context, int64_t us);
    void *context;
    /* Writes dates, times and timestamps by patterns (dateFormat, timestampFormat,
     * timestampNTZFormat), in place of the above; NULL: ISO text. */
    const struct lt_codec_times *times;
};

/* Appends a string in quotes, escaped. */
void lt_json_write_string(struct lt_text_buffer *out, const void *data, size_t size_bytes);
/* The same without the quotes. */
void lt_json_write_escaped(struct lt_text_buffer *out, const void *data, size_t size_bytes);
/* Appends a value that is not NULL. `options` may be NULL. VARIANT is asserted against. */
void lt_json_write_value(struct lt_text_buffer *out, const struct lt_type *type,
                         const union lt_value *value, const struct lt_json_write_options *options);
/* Appends a row as an object, without its NULL columns. */
void lt_json_write_row(struct lt_text_buffer *out, const struct lt_type *schema,
                       const struct lt_row *row);
/* Appends standard base64 with padding. */
void lt_json_write_base64(struct lt_text_buffer *out, const void *data, size_t size_bytes);

#endif
