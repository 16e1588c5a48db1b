/*
 * Text to booleans and timestamps as Spark's CAST reads it: blanks and control characters around
 * the value are dropped, and what is left must be a value as a whole. Each returns false when the
 * text is none. Numbers are core/text/number.h's.
 *
 * on: any. Pure, no allocation.
 */
#ifndef LT_OPS_EXPR_CAST_TEXT_H
#define LT_OPS_EXPR_CAST_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* t, true, y, yes, 1 and f, false, n, no, 0, in any case. */
bool lt_cast_text_to_boolean(const void *text, size_t size_bytes, bool *out);
/* "2026", "2026-01", "2026-1-5", "2026-01-05 10:20[:30[.123456]][zone]" with a blank or T; zone is
 * Z, UTC or an offset; UTC without one. Microseconds since the epoch. */
bool lt_cast_text_to_timestamp(const void *text, size_t size_bytes, int64_t *out_us);

#endif
