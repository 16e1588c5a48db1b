/*
 * JSON documents to values of a type: from_json, and the JSON file source. A type is compiled once;
 * then each document is gone through once, and only the fields of the type are looked into. What
 * the type does not name is checked for being JSON and left where it is.
 *
 * The rules are those of Spark's JSON parser, with partial results:
 *
 * - Names match exactly; of duplicates the last that parses counts. Missing fields are NULL.
 * - A value that does not fit its field makes the field NULL and the record malformed. An array or
 *   a map with such an element is NULL as a whole; a struct in it keeps its other fields.
 * - A fault of JSON itself makes all fields NULL, or those around it only: as Spark's parser goes
 *   on behind it or not (json_broken_read.c). What follows the outermost value is not read.
 * - Integers take JSON integers only (TINYINT up to 255, which wraps); floats take all numbers, and
 *   "NaN", "Infinity" and the like as strings; DECIMAL takes strings too, commas left out;
 * TIMESTAMP takes integers as seconds; BINARY is base64; all else of dates and times is the
 * caller's.
 * - A STRING field takes any value: containers and numbers are rendered anew, or as they stand in
 *   the document when `keeps_text` is set.
 * - A document of blanks is NULL. "null", and an array where a struct is wanted, are malformed; one
 *   object for an array of structs is an array of one.
 *
 * Strings are borrowed from the document where they have no escapes, so it has to live as long as
 * the value. All else that is made comes from the caller's memory; in the long run nothing is
 * allocated here.
 *
 * on: one thread at a time.
 */
#ifndef LT_TEXT_JSON_READ_H
#define LT_TEXT_JSON_READ_H

#include <stdint.h>

#include "core/base/error.h"
#include "core/data/type.h"
#include "core/data/value.h"
#include "core/text/codec.h"
#include "core/text/json_read_options.h"

struct lt_json_read_setup {
    const struct lt_type *type;
    const struct lt_json_options *options;
    struct lt_codec_times times;
    /* The file source: a STRING field that is given a number or a container keeps its text as it
     * stands, a document that is not UTF-8 is malformed, and one that is no JSON has no fields.
     * Else bad bytes become U+FFFD. */
    bool keeps_text;
    /* The file source: `type` is a struct, and a value is an array of them: an outermost array
     * gives one row for each of its elements, an object one. */
    bool splits_arrays;
    /* Where `type` is a part of another type, whose other fields nobody uses: that type, else NULL.
     * And whether each field of the outermost struct is taken out of the documents on its own. What
     * is left of a document that is no JSON depends on both. */
    const struct lt_type *declared;
    bool reads_alone;
};

struct lt_json_read_counters {
    uint64_t documents;
    uint64_t malformed;
    uint64_t rescanned;     /* documents that were no strict JSON: gone over twice */
    uint64_t fields_seen;   /* names compared */
    uint64_t fields_parsed; /* fields of structs whose values were looked into */
};

struct lt_json_reader;

/* `setup->type` (and what `times` points to) outlives the reader; the options need not. An error if
 * the type has a field that JSON cannot give (VARIANT, map keys that are no STRING), or the
 * corrupt-record column is no STRING (INVALID_CORRUPT_RECORD_TYPE). */
int lt_json_reader_create(const struct lt_json_read_setup *setup, struct lt_json_reader **out,
                          struct lt_error *error) LT_MUST_USE;
void lt_json_reader_destroy(struct lt_json_reader *reader); /* NULL is a no-op */

/* Reads one document. `*out` is set with LT_CODEC_VALUE. */
enum lt_codec_result lt_json_read(struct lt_json_reader *reader, struct lt_bytes document,
                                  const struct lt_codec_memory *memory, union lt_value *out);
/* The same of a struct without a corrupt-record column, in the mode PERMISSIVE: its fields are put
 * into `values`, and which of them are NULL into `nulls`, as bits. With LT_CODEC_NULL all are. */
enum lt_codec_result lt_json_read_apart(struct lt_json_reader *reader, struct lt_bytes document,
                                        const struct lt_codec_memory *memory,
                                        union lt_value *values, uint64_t *nulls);
/* The same of a reader that `splits_arrays`: the rows of a file's record. One object, which most
 * are, is put into `values` and `nulls`, as above, and `*rows` is NULL; else `*rows` is the array
 * of the rows' structs. */
enum lt_codec_result lt_json_read_rows(struct lt_json_reader *reader, struct lt_bytes document,
                                       const struct lt_codec_memory *memory, union lt_value *values,
                                       uint64_t *nulls, const struct lt_array **rows);
/* After a malformed document: Spark's condition, and the cause ("a comma or } is expected"), static
 * texts. */
const char *lt_json_reader_condition(const struct lt_json_reader *reader);
const char *lt_json_reader_cause(const struct lt_json_reader *reader);

struct lt_json_read_counters lt_json_reader_counters(const struct lt_json_reader *reader);

#endif
