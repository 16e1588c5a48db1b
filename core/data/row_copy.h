/*
 * Columns of a row from values that lie in another's memory: copied into the row's own scratch, so
 * that what they point to may go while the row is on its way, or borrowed.
 *
 * on: the thread that claimed the row, before it hands it on.
 */
#ifndef LT_DATA_ROW_COPY_H
#define LT_DATA_ROW_COPY_H

#include "core/data/row.h"
#include "core/data/value_copy.h"

/* Copies a tuple of the schema's columns (`nulls` may be NULL: none is) into those of the row from
 * `first_column` on. False: there is no memory, and they are undefined. */
bool lt_row_copy_columns(struct lt_row *row, uint32_t first_column, const struct lt_type *schema,
                         const uint64_t *nulls, const union lt_value *values) LT_MUST_USE;
/* The same without a copy of what values point to: that must stay as long as the row. */
void lt_row_borrow_columns(struct lt_row *row, uint32_t first_column, uint32_t count,
                           const uint64_t *nulls, const union lt_value *values);

#endif
