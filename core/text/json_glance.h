/*
 * A glance at a JSON document: the first of the wanted fields of its outermost object, without the
 * rest being read. For filters, which leave most documents out by one field.
 *
 * What is seen of a document is what a reader finds there, or the document is no JSON, and readers
 * give NULL for all of it. Only what is plain is seen: it begins with {, and up to the field there
 * is nothing but ASCII, no backslash, and names and texts in double quotes. Of everything else
 * nothing is seen, and the caller reads the document in another way.
 *
 * on: one thread at a time. Nothing is allocated after it was made.
 */
#ifndef LT_TEXT_JSON_GLANCE_H
#define LT_TEXT_JSON_GLANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/text/json.h"

struct lt_json_glance;

/* For these names, each once; they are copied. NULL: this processor has no vectors for it, or a
 * name is empty or has bytes beyond ASCII, quotes or backslashes. `is_narrow`: without AVX-512. */
struct lt_json_glance *lt_json_glance_create(const char *const *names, size_t count,
                                             bool is_narrow);
void lt_json_glance_destroy(struct lt_json_glance *glance); /* NULL is a no-op */

void lt_json_glance_begin(struct lt_json_glance *glance, const void *data, size_t size_bytes);
/* The next field that is wanted, in the document's order: which name, and its value, a STRING, an
 * INTEGER or a FLOAT. False: nothing more is to be seen. */
bool lt_json_glance_next(struct lt_json_glance *glance, size_t *name, struct lt_json_field *field);
/* True when no field behind the last one seen can have its name. */
bool lt_json_glance_is_last(const struct lt_json_glance *glance);

#endif
