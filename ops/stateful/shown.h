/*
 * Values of state for people: what the bytes of aggregates hold is shown as what they would give
 * now, by the schema that is their column's name (lt_aggregates_schema). So for "count(),sum(INT)":
 *
 *   {"count(),sum(INT)":{"count(*)":2,"sum(INT)":30}}
 *
 * Bytes whose schema says not enough, since a function has constants of its own (an accuracy), stay
 * base64.
 *
 * on: one thread at a time.
 */
#ifndef LT_OPS_STATEFUL_SHOWN_H
#define LT_OPS_STATEFUL_SHOWN_H

#include "core/base/error.h"
#include "core/base/text_buffer.h"
#include "core/data/type.h"
#include "core/data/value.h"

struct lt_shown;

struct lt_shown *lt_shown_create(void);
void lt_shown_destroy(struct lt_shown *shown); /* NULL is a no-op */
/* Appends a value that is not NULL as JSON; NULLs in it stand as null. Bytes of aggregates that are
 * damaged are an error. */
int lt_shown_write(struct lt_shown *shown, const struct lt_type *type, const union lt_value *value,
                   struct lt_text_buffer *out, struct lt_error *error) LT_MUST_USE;

#endif
