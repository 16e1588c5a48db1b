/*
 * The columns that a file gives all its rows, behind those of its records: partitions (k=v), and
 * the hidden `_metadata`, where the plan names it.
 *
 * Texts of partitions are kept once per distinct value, so that a row points to one and copies
 * nothing. Those of `_metadata` differ with each file and are copied into the row.
 *
 * on: the lane's source thread; the rows on any.
 */
#ifndef LT_IO_FILES_COLUMNS_H
#define LT_IO_FILES_COLUMNS_H

#include "io/files_source_internal.h"

struct lt_files_columns;

/* Spark's STRUCT of what is known of a file. */
const struct lt_type *lt_files_metadata_type(struct lt_arena *arena);

/* Lives until no row of the reader's is in flight. `size_bytes`: where the size of the file that is
 * read stands when it is open. */
struct lt_files_columns *lt_files_columns_create(struct lt_files_source *source,
                                                 const int64_t *size_bytes);
void lt_files_columns_destroy(struct lt_files_columns *columns); /* NULL is a no-op */

/* Of a row: without the hidden one, unless it is used. */
uint32_t lt_files_columns_count(const struct lt_files_columns *columns);
/* The file that follows. 0; 1 when it is to be left out, since it lies beside the partitions and
 * not in one; negative when its directories are not the columns, or a value is none of its type. */
int lt_files_columns_begin(struct lt_files_columns *columns, const struct lt_files_item *item,
                           struct lt_error *error) LT_MUST_USE;
/* For lt_feed_options.complete. */
void lt_files_columns_complete(void *columns, struct lt_row *row);

#endif
