/*
 * A row copied with all that it points to, so that it no longer needs where it came from.
 *
 * on: the thread that claimed `to` from its pool.
 */
#ifndef LT_IO_ROW_COPY_H
#define LT_IO_ROW_COPY_H

#include <stdbool.h>

#include "core/data/row.h"
#include "core/data/type.h"

/* Copies values, NULLs, partition, offset and ingest time into a row just claimed from a pool of as
 * many columns; what values point to goes into its scratch. False when a value is over
 * LT_LIMIT_VALUE_BYTES; `to` is then to be released. */
bool lt_row_copy(const struct lt_type *schema, const struct lt_row *from, struct lt_row *to);

#endif
