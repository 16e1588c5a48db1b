/*
 * Text to booleans as Spark's CAST reads it: blanks and control characters around
 * the value are dropped, and what is left must be a value as a whole. False is returned when the
 * text is none. Numbers and times are core/text's.
 *
 * on: any. Pure, no allocation.
 */
#ifndef LT_OPS_EXPR_CAST_TEXT_H
#define LT_OPS_EXPR_CAST_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* t, true, y, yes, 1 and f, false, n, no, 0, in any case. */
bool lt_cast_text_to_boolean(const void *text, size_t size_bytes, bool *out);

#endif
