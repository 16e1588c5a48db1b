#include "core/data/row_list.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/data/row_bytes.h"

enum { CHUNK_BYTES = 1 << 20 }; /* one that has as many takes no more rows */

void lt_row_list_fini(struct lt_row_list *list)
{
    for (uint32_t i = 0; i < list->chunk_count; i++)
        lt_text_fini(&list->chunks[i]);
    free(list->chunks);
    *list = (struct lt_row_list){0};
}

void lt_row_list_clear(struct lt_row_list *list)
{
    for (uint32_t i = 0; i < list->used_count; i++)
        lt_text_clear(&list->chunks[i]);
    list->used_count = 0;
    list->row_count = 0;
}

/* The chunk that takes the next row. */
static struct lt_text_buffer *open_chunk(struct lt_row_list *list)
{
    if (list->used_count > 0 && list->chunks[list->used_count - 1].size_bytes < CHUNK_BYTES)
        return &list->chunks[list->used_count - 1];
    if (list->used_count == list->chunk_count) {
        uint32_t count = list->chunk_count == 0 ? 4 : 2 * list->chunk_count;
        list->chunks = lt_realloc_array(list->chunks, count, sizeof *list->chunks);
        for (uint32_t i = list->chunk_count; i < count; i++)
            lt_text_init(&list->chunks[i]);
        list->chunk_count = count;
    }
    return &list->chunks[list->used_count++];
}

void lt_row_list_add(struct lt_row_list *list, const struct lt_row *row)
{
    struct lt_text_buffer *chunk = open_chunk(list);
    size_t begin = chunk->size_bytes;
    struct lt_row_list_origin origin = {.source_offset = row->source_offset,
                                         .ingest_ns = row->ingest_ns,
                                         .source_partition = row->source_partition,
                                         .flags = row->flags & LT_ROW_NO_ORIGIN};
    lt_text_append_n(chunk, &origin, sizeof origin);
    lt_row_bytes_write(list->schema, row, chunk);
    origin.size_bytes = chunk->size_bytes - begin - sizeof origin;
    memcpy(chunk->data + begin, &origin, sizeof origin);
    list->row_count++;
}

bool lt_row_list_next(const struct lt_row_list *list, struct lt_row_list_cursor *cursor,
                      struct lt_row_list_origin *origin, const void **bytes)
{
    if (cursor->chunk < list->used_count &&
        cursor->offset == list->chunks[cursor->chunk].size_bytes)
        *cursor = (struct lt_row_list_cursor){.chunk = cursor->chunk + 1};
    if (cursor->chunk == list->used_count)
        return false;
    const char *at = list->chunks[cursor->chunk].data + cursor->offset;
    memcpy(origin, at, sizeof *origin);
    *bytes = at + sizeof *origin;
    cursor->offset += sizeof *origin + origin->size_bytes;
    return true;
}

void lt_row_list_read(const struct lt_row_list *list, const struct lt_row_list_origin *origin,
                      const void *bytes, struct lt_row *row)
{
    struct lt_error error;
    int code = lt_row_bytes_read(list->schema, bytes, origin->size_bytes, row, &error);
    lt_assert(code == LT_OK); /* it is what was written here */
    row->source_partition = origin->source_partition;
    row->source_offset = origin->source_offset;
    row->ingest_ns = origin->ingest_ns;
    row->flags = (uint8_t)origin->flags;
}
