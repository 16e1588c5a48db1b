/*
 * Spark's get_json_object: paths `$`, `.name`, `['name']`, `[0]`, `[*]`, with its rules for what
 * comes out.
 *
 * on: one thread at a time for a path object; it keeps buffers, so that in the long run nothing is
 * allocated.
 */
#ifndef LT_TEXT_JSON_PATH_H
#define LT_TEXT_JSON_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/text_buffer.h"

struct lt_json_path;

/* Compiles a path. NULL when it is none: get_json_object is NULL then. */
struct lt_json_path *lt_json_path_create(const char *text, size_t size_bytes);
void lt_json_path_destroy(struct lt_json_path *path); /* NULL is a no-op */
/* Evaluates the path over a document and replaces `out`. False for NULL: nothing there, JSON null,
 * malformed. */
bool lt_json_path_get(struct lt_json_path *path, const void *data, size_t size_bytes,
                      struct lt_text_buffer *out);

#endif
