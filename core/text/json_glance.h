/*
 * A glance at a JSON document: the first of the wanted fields of its outermost object, without the
 * rest being read. For filters, which leave most documents out by one field.
 *
 * What is seen is only what any reader would see there, and only in plain documents: ASCII, no
 * backslash so far, names and texts in double quotes. Of everything else nothing is seen, and the
 * caller reads the document in another way.
 *
 * on: one thread at a time. Memory grows to the largest document and stays.
 */
#ifndef LT_TEXT_JSON_GLANCE_H
#define LT_TEXT_JSON_GLANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/text/json.h"

struct lt_json_glance;

/* For these names, each once; they are copied. NULL: this processor has no vectors for it, or a
 * name is empty or has bytes beyond ASCII, quotes or backslashes. */
struct lt_json_glance *lt_json_glance_create(const char *const *names, size_t count);
void lt_json_glance_destroy(struct lt_json_glance *glance); /* NULL is a no-op */

void lt_json_glance_begin(struct lt_json_glance *glance, const void *data, size_t size_bytes);
/* The next field that is wanted, in the document's order: which name, and its value, a STRING, an
 * INTEGER or a FLOAT. False: nothing more is to be seen. */
bool lt_json_glance_next(struct lt_json_glance *glance, size_t *name, struct lt_json_field *field);
/* True when no field behind the last one seen can have its name. */
bool lt_json_glance_is_last(const struct lt_json_glance *glance);

#endif
