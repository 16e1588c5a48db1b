/*
 * CSV records to structs: from_csv, and the CSV file source.
 *
 * The rules are Spark's: tokens by core/text/csv_tokens.h; a token that is the null value is NULL;
 * one that does not fit its field makes the field NULL and the record malformed; so does a record
 * with too few tokens (the rest is NULL) or too many (the rest is dropped), if all fields are
 * wanted. Numbers are not trimmed, floats are; DECIMAL leaves commas out.
 *
 * Strings are borrowed from the record where they stand in it as they are, so it has to live as
 * long as the value. All else that is made comes from the caller's memory.
 *
 * on: one thread at a time.
 */
#ifndef LT_TEXT_CSV_READ_H
#define LT_TEXT_CSV_READ_H

#include <stdint.h>

#include "core/base/error.h"
#include "core/data/type.h"
#include "core/data/value.h"
#include "core/text/codec.h"
#include "core/text/csv_options.h"

struct lt_csv_read_setup {
    const struct lt_type *type; /* STRUCT */
    const struct lt_csv_options *options;
    struct lt_codec_times times;
    const bool *is_wanted; /* by field; what is not wanted is NULL and not looked into. NULL: all */
    /* The file source: empty lines and comments are no records; with the option multiLine a record
     * ends at a line break outside quotes. Else the text is one record, whatever it holds. */
    bool is_source;
};

struct lt_csv_read_counters {
    uint64_t records;
    uint64_t malformed;
    uint64_t fields_parsed;
};

struct lt_csv_reader;

/* `setup->type` and `setup->options` outlive the reader. An error if a field's type cannot be read
 * from CSV (UNSUPPORTED_DATATYPE), or the corrupt-record column is no STRING. */
int lt_csv_reader_create(const struct lt_csv_read_setup *setup, struct lt_csv_reader **out,
                         struct lt_error *error) LT_MUST_USE;
void lt_csv_reader_destroy(struct lt_csv_reader *reader); /* NULL is a no-op */

/* Reads the first record of the text; `*used_bytes` is its size. NULL: there is no record (an empty
 * line, a comment). FAILED in every mode when it cannot be split (MALFORMED_CSV_RECORD). */
enum lt_codec_result lt_csv_read(struct lt_csv_reader *reader, struct lt_bytes text,
                                 const struct lt_codec_memory *memory, size_t *used_bytes,
                                 union lt_value *out);
/* The same with the fields put into `values`, and which of them are NULL into `nulls`, as bits. */
enum lt_codec_result lt_csv_read_apart(struct lt_csv_reader *reader, struct lt_bytes text,
                                       const struct lt_codec_memory *memory, size_t *used_bytes,
                                       union lt_value *values, uint64_t *nulls);
/* After a malformed record: Spark's condition, and the cause, static texts. */
const char *lt_csv_reader_condition(const struct lt_csv_reader *reader);
const char *lt_csv_reader_cause(const struct lt_csv_reader *reader);

struct lt_csv_read_counters lt_csv_reader_counters(const struct lt_csv_reader *reader);

#endif
