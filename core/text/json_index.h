/*
 * Where in a JSON document the brackets, colons, commas and the beginnings of scalars are: its
 * places, and the byte at each of them, its mark. For core/text/json*.c only.
 *
 * A place is: a bracket, colon or comma outside strings; the opening quote of a string; the first
 * byte of anything else that is not blank and does not touch such a thing before it. So between a
 * string and the next place are blanks only, and what is neither string nor bracket reaches, blanks
 * apart, up to the next place.
 *
 * Two ways lead to the same list: simdjson's first stage, for any processor and any document, and
 * vectors of 64 bytes for ASCII documents where the processor has AVX-512 with VBMI2, whose
 * compressing moves write a whole block's places at once. What keeps simdjson from AVX-512 keeps
 * this from it: SIMDJSON_FORCE_IMPLEMENTATION=haswell in the environment.
 *
 * on: one thread at a time. Memory grows to the largest document and stays.
 */
#ifndef LT_TEXT_JSON_INDEX_H
#define LT_TEXT_JSON_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"

enum { LT_JSON_MARKS_BEHIND = 64 }; /* marks of 0 behind the last */

struct lt_json_places {
    const uint8_t *data, *end; /* of the document */
    const uint32_t *places;    /* `count`, and the document's size */
    const uint8_t *marks;
    uint32_t place, count; /* `place`: the next one, for who wants to keep it here */
    bool may_have_escapes; /* there is a backslash in the document */
    uint32_t escapes_at;   /* where the first is; the document's size if there is none */
};

struct lt_json_index;

/* Are the vectors of 64 bytes there, and wanted? */
bool lt_json_index_is_wide(void);

/* `is_portable`: the one way only. NULL without memory. */
struct lt_json_index *lt_json_index_create(bool is_portable);
void lt_json_index_destroy(struct lt_json_index *index); /* NULL is a no-op */
/* Fills `*out`, valid until the next call. False when the document is no UTF-8, is empty or blank,
 * a string is not closed or holds a control character. Nothing behind the document is read. */
bool lt_json_index_run(struct lt_json_index *index, const void *data, size_t size_bytes,
                       struct lt_json_places *out);

#endif
