/*
 * A JSON document as a read-only tree, for the control plane: offsets, metadata, options of Kafka.
 * Not for records.
 *
 * Plain data in an arena: look at it directly. Fields stand in the order of the text; of duplicate
 * names lt_json_get() gives the last.
 *
 * on: one thread at a time while it is made; then any.
 */
#ifndef LT_TEXT_JSON_TREE_H
#define LT_TEXT_JSON_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/error.h"
#include "core/text/json.h"

struct lt_json {
    enum lt_json_kind kind; /* never MISSING, RAW or INVALID, unless is_object or is_array: RAW */
    bool is_object, is_array;
    int64_t i64; /* INTEGER; BOOLEAN: 0 or 1 */
    double f64;  /* INTEGER, FLOAT, BIG */
    const char
        *text; /* STRING: its value. Numbers: as written. NUL-terminated; a NUL may stand inside */
    size_t size_bytes;     /* of text */
    size_t count;          /* objects, arrays */
    struct lt_json *items; /* count of them */
    const char **names;    /* objects: of the items */
    size_t line, column;   /* where it begins, from 1 */
};

/* Parses one strict JSON document. Errors name line and column. */
int lt_json_parse(const char *text, size_t size_bytes, struct lt_arena *arena,
                  const struct lt_json **out, struct lt_error *error) LT_MUST_USE;

/* The field of an object, or NULL; NULL too when `json` is NULL or no object. */
const struct lt_json *lt_json_get(const struct lt_json *json, const char *name);

/* Typed reading of a field that must be there: an error that names the field and its place
 * otherwise. */
int lt_json_get_text(const struct lt_json *object, const char *name, const char **out,
                     struct lt_error *error) LT_MUST_USE;
int lt_json_get_i64(const struct lt_json *object, const char *name, int64_t *out,
                    struct lt_error *error) LT_MUST_USE;

#endif
