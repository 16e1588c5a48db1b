/*
 * The little that a checkpoint needs of JSON: is a text one well-formed value, and what does a
 * member of its outermost object hold.
 *
 * on: any. Pure.
 */
#ifndef LT_EPOCH_JSON_H
#define LT_EPOCH_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/text_buffer.h"

/* True when the text is one JSON value with nothing after it. */
bool lt_epoch_json_is_valid(const char *text, size_t size_bytes);
/* True when the text is an object whose member `name` is an integer that fits. */
bool lt_epoch_json_get_i64(const char *text, size_t size_bytes, const char *name, int64_t *out);
/* True when it is a string without escapes; appends it. */
bool lt_epoch_json_get_text(const char *text, size_t size_bytes, const char *name,
                            struct lt_text_buffer *out);

#endif
