/*
 * Formats: what the bytes of a record say, as the columns of a row.
 *
 *   raw    one column, value BINARY: the bytes
 *   text   one column, value STRING: the bytes as they are, as Spark's text
 *   json   the columns of the schema, from one JSON object; an array of objects gives several rows
 *   csv    the columns of the schema, from one CSV record
 *
 * A *format* is one per source: options, schema, where records end. A *reader* is one per lane and
 * reads records on the lane's thread. Values borrow from the record's bytes; what is computed
 * stands in the row. Only columns that are used are looked into.
 *
 * Reading bytes from somewhere and making rows of them is io/feed.h, which all connectors share;
 * it is what calls the reader.
 */
#ifndef LT_IO_FORMAT_H
#define LT_IO_FORMAT_H

#include "core/base/arena.h"
#include "core/base/options.h"
#include "core/data/row.h"
#include "core/data/type.h"
#include "core/flow/operator.h"
#include "core/text/charset.h"
#include "io/format_options.h"
#include "io/frame.h"

/* All rows of format_options.h that say how something is read: for `leat options` and tests. */
extern const struct lt_option_spec lt_format_read_options[];
extern const size_t lt_format_read_option_count;

enum lt_format_kind { LT_FORMAT_RAW, LT_FORMAT_TEXT, LT_FORMAT_JSON, LT_FORMAT_CSV };

struct lt_format {
    enum lt_format_kind kind;
    const char *name;
    const struct lt_type *schema; /* the columns that it gives */
    struct lt_framing framing;    /* of a stream in this format */
    enum lt_charset charset;      /* records are read as UTF-8, whatever they are in */
    bool drops_return;            /* a carriage return at a record's end belongs to its break */
};

struct lt_format_setup {
    const char *name;                    /* "json" */
    const struct lt_options *options;    /* checked against the connector's table */
    const struct lt_type *user_schema;   /* or NULL */
    const char *owner;                   /* in errors: "source tail" */
    const char *time_zone;               /* the session's; NULL: UTC */
    enum lt_frame_kind default_frame;    /* where the option `frame` is not set */
};

/* Checks the options of the format and of its frames. Spark's errors: no schema for json and csv
 * (UNABLE_TO_INFER_SCHEMA), types that cannot be read, a corrupt-record column that is no STRING.
 * In the arena; needs neither `options` nor `user_schema` afterwards, but for the types. */
int lt_format_bind(const struct lt_format_setup *setup, struct lt_arena *arena,
                   const struct lt_format **out, struct lt_error *error) LT_MUST_USE;

/* Of a connector that reads lines unless it is told otherwise, in the format that its option
 * `format` names: checks all of its options against its table, and binds. `owner`: "source tail".
 */
int lt_format_bind_lines(const char *owner, const struct lt_option_spec *table, size_t count,
                         const struct lt_options *options, const struct lt_type *user_schema,
                         struct lt_arena *arena, const struct lt_format **out,
                         struct lt_error *error) LT_MUST_USE;

struct lt_format_reader;

enum lt_format_result {
    LT_FORMAT_ROW,    /* the row is filled */
    LT_FORMAT_MORE,   /* the row is filled, and the record has another: read on with the next row */
    LT_FORMAT_NONE,   /* no row: a blank line, a malformed record with DROPMALFORMED, a header */
    LT_FORMAT_FAILED, /* no row: *fault says why (FAILFAST) */
    LT_FORMAT_BROKEN, /* the stream cannot be read: the reader's error */
};

/* `used_columns`: bit set: the column of the format's schema is used; NULL: all. `stage` names the
 * reader in faults: "source tail". Both and the format outlive the reader. */
int lt_format_reader_create(const struct lt_format *format, const uint64_t *used_columns,
                            const char *stage, struct lt_format_reader **out,
                            struct lt_error *error) LT_MUST_USE;
void lt_format_reader_destroy(struct lt_format_reader *reader); /* NULL is a no-op */

/* A stream's records follow, from its `position` on: at 0 a byte order mark and a header may stand.
 * Whoever reads several streams by turns says so each time. */
struct lt_format_stream {
    bool is_at_begin; /* nothing of it was read */
};

/* Reads a record into the first columns of a row that was claimed: values and nulls. After MORE it
 * is called again with the same record. on: the lane's source thread. */
enum lt_format_result lt_format_read(struct lt_format_reader *reader,
                                     struct lt_format_stream *stream, struct lt_bytes record,
                                     struct lt_row *row, struct lt_fault **fault);
/* The record is not read to its end, though there was MORE. */
void lt_format_reader_reset(struct lt_format_reader *reader);
/* Nothing is to be read in a record: the first column is its bytes (but for a mark at a stream's
 * begin, which lt_format_read takes off). */
bool lt_format_reader_is_plain(const struct lt_format_reader *reader);
/* What its records are to a preview; false: to none, since what would be left out has to be read
 * all the same (FAILFAST), or is no such thing. */
bool lt_format_reader_form(const struct lt_format_reader *reader, enum lt_record_form *out);
/* How many columns it gives: those of the format's schema. */
uint32_t lt_format_reader_columns(const struct lt_format_reader *reader);
/* After BROKEN. */
const struct lt_error *lt_format_reader_error(const struct lt_format_reader *reader);
/* For lt_frame_next: the format's, with what the reader has of its own. */
const struct lt_framing *lt_format_reader_framing(const struct lt_format_reader *reader);

struct lt_format_counters {
    uint64_t records;       /* json, csv: read, whatever came of them */
    uint64_t malformed;     /* of those: malformed */
    uint64_t dropped;       /* of those: left out by DROPMALFORMED */
    uint64_t fields_parsed; /* values that were looked into */
};
struct lt_format_counters lt_format_reader_counters(const struct lt_format_reader *reader);

#endif
