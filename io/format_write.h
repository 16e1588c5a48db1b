/*
 * Rows to bytes: what sinks write, in a format and a frame. The counterpart of io/format.h.
 *
 *   raw, text   the bytes of the one column, as they are
 *   json        an object of the columns, as Spark's to_json writes it
 *   csv         a CSV record of the columns
 *
 * Records are appended to a text that the caller keeps: in the long run nothing is allocated.
 */
#ifndef LT_IO_FORMAT_WRITE_H
#define LT_IO_FORMAT_WRITE_H

#include "core/base/text_buffer.h"
#include "io/format.h"

extern const struct lt_option_spec lt_format_write_options[];
extern const size_t lt_format_write_option_count;

struct lt_format_write_setup {
    const char *name;                 /* "json" */
    const struct lt_options *options; /* checked against the connector's table */
    const struct lt_type *schema;     /* of the rows */
    const uint64_t *left_out;         /* bit set: the column is not written; NULL: all are */
    const char *owner;                /* in errors: "sink append" */
    const char *time_zone;            /* the session's; NULL: UTC */
    enum lt_frame_kind default_frame; /* where the option `frame` is not set */
    bool is_utf8;                     /* what stands around the records is: no other charset */
};

/* A writer for rows of one lane; all of it lives in memory of its own. Spark's errors: more than
 * one column for text, types that the format cannot write (UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE).
 * `setup->schema` outlives it. */
struct lt_format_writer;
int lt_format_writer_create(const struct lt_format_write_setup *setup,
                            struct lt_format_writer **out, struct lt_error *error) LT_MUST_USE;
/* Of a sink that writes lines unless it is told otherwise: as lt_format_bind_lines. */
int lt_format_writer_bind_lines(const char *owner, const struct lt_option_spec *table, size_t count,
                                const struct lt_options *options, const struct lt_type *schema,
                                struct lt_format_writer **out, struct lt_error *error) LT_MUST_USE;
void lt_format_writer_destroy(struct lt_format_writer *writer); /* NULL is a no-op */

/* What stands in front of the first record of a file: a CSV header, if one is asked for. */
void lt_format_write_begin(struct lt_format_writer *writer, struct lt_text_buffer *out);
/* Appends the row's record with its frame. False: it cannot be written, nothing was appended;
 * *fault says why. on: one thread at a time. */
bool lt_format_write(struct lt_format_writer *writer, struct lt_row *row,
                     struct lt_text_buffer *out, const char *stage,
                     struct lt_fault **fault) LT_MUST_USE;
/* True when a record is exactly the bytes of this column, with nothing in front and the returned
 * bytes behind it: a sink may then take them where they are. */
bool lt_format_writes_bytes(const struct lt_format_writer *writer, uint32_t *column,
                            struct lt_bytes *behind);

#endif
