/*
 * Fields out of JSON documents, on the record path: a set of paths is compiled once into a tree of
 * names, and each document is gone through once, touching only what the paths need. It is read
 * where it lies and never copied.
 *
 * Paths are Spark's without the `$`: name.name, ['any name'], [0]. Of duplicate names the first
 * counts, as in get_json_object. With no wildcard: those, and the exact text rules of
 * get_json_object, are in core/text/json_path.h.
 *
 * What is checked: the whole document is UTF-8, its strings and brackets close, and what the paths
 * go through is well-formed. Damage elsewhere inside it is not looked for; a caller for whom that
 * matters uses the scanner of core/text/json_scan.h, which reads everything.
 *
 * on: one thread at a time. Memory grows to the largest document and stays; in the long run nothing
 * is allocated.
 */
#ifndef LT_TEXT_JSON_H
#define LT_TEXT_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"
#include "core/data/value.h"

enum lt_json_kind {
    LT_JSON_MISSING,
    LT_JSON_NULL,
    LT_JSON_BOOLEAN, /* i64 is 0 or 1 */
    LT_JSON_INTEGER, /* i64 */
    LT_JSON_FLOAT,   /* f64: has a point or an exponent */
    LT_JSON_BIG,     /* an integer beyond 64 bits; f64 is the nearest double */
    LT_JSON_STRING,  /* bytes: unescaped */
    LT_JSON_RAW,     /* an array or object; bytes: as it stands in the document */
    LT_JSON_INVALID, /* this place of the document is malformed */
};

struct lt_json_field {
    enum lt_json_kind kind;
    /* The bytes point into the document; else into the extractor, until its next document. */
    bool is_borrowed;
    union {
        int64_t i64;
        double f64;
    };
    /* STRING: its value. All others but MISSING and INVALID: the text as it stands in the document.
     */
    struct lt_bytes bytes;
};

struct lt_json_counters {
    uint64_t documents;
    uint64_t invalid;       /* documents that are no JSON at all */
    uint64_t fields_seen;   /* names compared */
    uint64_t fields_parsed; /* values looked into */
};

struct lt_json_extractor;

/* Paths may repeat, and one may lead through another. A path that does not parse is an error with
 * its place; so is one with a wildcard, or of more than 64 steps. */
int lt_json_extractor_create(const char *const *paths, size_t count, struct lt_json_extractor **out,
                             struct lt_error *error) LT_MUST_USE;
void lt_json_extractor_destroy(struct lt_json_extractor *extractor); /* NULL is a no-op */

/* Fills out[0..count) in the order of the paths. `padding_bytes`: bytes after the end that may be
 * read, for the fields to say so; nothing here reads them. False when it is no JSON (all kinds
 * INVALID): empty, over LT_LIMIT_VALUE_BYTES, not UTF-8, a string not closed, or its last bracket
 * not the partner of its first. A fault that is met on the way makes the paths not found until then
 * INVALID, and is no reason for false. */
bool lt_json_extract(struct lt_json_extractor *extractor, const void *data, size_t size_bytes,
                     size_t padding_bytes, struct lt_json_field *out);

/* How many values of a document are looked into at most: the steps of all paths. */
uint32_t lt_json_extractor_field_count(const struct lt_json_extractor *extractor);
struct lt_json_counters lt_json_extractor_counters(const struct lt_json_extractor *extractor);

#endif
