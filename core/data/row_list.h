/*
 * A list of rows that nobody else holds: byte forms (core/data/row_bytes.h) one behind the other in
 * chunks. For rows that outlast the pools that they came from: those of a whole batch, or those
 * that wait for room. It can be gone through as often as one likes. Chunks are kept when the list
 * is cleared: after the longest one nothing is allocated any more.
 *
 * on: one thread at a time.
 */
#ifndef LT_DATA_ROW_LIST_H
#define LT_DATA_ROW_LIST_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/text_buffer.h"
#include "core/data/row.h"
#include "core/data/type.h"

/* What a row says beside its columns. */
struct lt_row_list_origin {
    int64_t source_offset, ingest_ns;
    int32_t source_partition;
    uint32_t flags; /* LT_ROW_NO_ORIGIN */
    size_t size_bytes; /* of the byte form that follows */
};

/* Zeroed, it is empty. */
struct lt_row_list {
    const struct lt_type *schema;
    struct lt_text_buffer *chunks;
    uint32_t used_count, chunk_count; /* with rows; that there are */
    uint64_t row_count;
};

/* Zeroed, it is before the first row. */
struct lt_row_list_cursor {
    uint32_t chunk;
    size_t offset;
};

void lt_row_list_fini(struct lt_row_list *list);
void lt_row_list_clear(struct lt_row_list *list);
/* Copies the row, which stays the caller's. */
void lt_row_list_add(struct lt_row_list *list, const struct lt_row *row);
/* The next one: its origin, and its bytes, which stay until the rows are cleared. False: there are
 * no more. */
bool lt_row_list_next(const struct lt_row_list *list, struct lt_row_list_cursor *cursor,
                      struct lt_row_list_origin *origin, const void **bytes);
/* Fills a row, which was claimed, from there: its values lie in the bytes. */
void lt_row_list_read(const struct lt_row_list *list, const struct lt_row_list_origin *origin,
                      const void *bytes, struct lt_row *row);

#endif
