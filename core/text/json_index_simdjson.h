/*
 * The C door to simdjson's first stage: where in a document the brackets, colons, commas and the
 * beginnings of scalars are. For json_index.c only. Plain types only, since the headers of
 * leat are C.
 *
 * on: one thread at a time.
 */
#ifndef LT_TEXT_JSON_INDEX_SIMDJSON_H
#define LT_TEXT_JSON_INDEX_SIMDJSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct lt_json_simdjson;

/* Has simdjson chosen AVX-512? SIMDJSON_FORCE_IMPLEMENTATION=haswell, or westmere, says no. */
bool lt_json_simdjson_is_wide(void);

struct lt_json_simdjson *lt_json_simdjson_create(void); /* NULL without memory */
void lt_json_simdjson_destroy(struct lt_json_simdjson *index);
/* Fills `*places` and `*count`, behind which stands the document's size; valid until the next call.
 * False when it is no UTF-8, empty, a string is not closed or holds a control character. Nothing
 * after the document is read. */
bool lt_json_simdjson_run(struct lt_json_simdjson *index, const uint8_t *data, size_t size_bytes,
                          const uint32_t **places, uint32_t *count);

#ifdef __cplusplus
}
#endif

#endif
