/*
 * The stable byte form of a row: what is spooled, kept as state, hashed into key groups. Written
 * once, read by later releases; the format is in prose at the top of row_bytes.c and versioned
 * there.
 *
 * on: any. Pure.
 */
#ifndef LT_DATA_ROW_BYTES_H
#define LT_DATA_ROW_BYTES_H

#include "core/base/arena.h"
#include "core/base/error.h"
#include "core/base/text_buffer.h"
#include "core/data/row.h"
#include "core/data/type.h"
#include "core/data/value_copy.h"

/* Appends the row's bytes to `out`. */
void lt_row_bytes_write(const struct lt_type *schema, const struct lt_row *row,
                        struct lt_text_buffer *out);
/* Appends the bytes of a row that has only the given columns, in their order, as a key: keys whose
 * values compare equal have equal bytes (-0.0 is written as 0.0, every NaN alike, and a map by the
 * order of its keys). */
void lt_row_bytes_write_key(const struct lt_type *schema, const struct lt_row *row,
                            const uint32_t *columns, uint32_t count, struct lt_text_buffer *out);
/* The same of one value alone, which is not NULL, as it stands in a row: states are made of them.
 */
void lt_value_bytes_write(const struct lt_type *type, const union lt_value *value,
                          struct lt_text_buffer *out);
/* Takes one value from the bytes at *at, which it moves behind it; what the value points to is
 * there or in `memory`. Damaged bytes are an error, as below. */
int lt_value_bytes_read(const struct lt_type *type, const uint8_t **at, const uint8_t *end,
                        const struct lt_value_memory *memory, union lt_value *value,
                        struct lt_error *error) LT_MUST_USE;
/* Fills `row` (column count equal to the schema's) from bytes; values point into `data`, nested
 * ones into the row's scratch. Damaged bytes are an error, never a crash. */
int lt_row_bytes_read(const struct lt_type *schema, const void *data, size_t size_bytes,
                      struct lt_row *row, struct lt_error *error) LT_MUST_USE;
/* The same for a row that has more columns: those of the schema are filled from `first_column` on,
 * the others are left alone. */
int lt_row_bytes_read_at(const struct lt_type *schema, const void *data, size_t size_bytes,
                         struct lt_row *row, uint32_t first_column,
                         struct lt_error *error) LT_MUST_USE;

#endif
