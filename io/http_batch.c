#include "io/http_batch.h"

#include <stdlib.h>

#include "core/base/arena.h"

void lt_http_batch_init(struct lt_http_batch *batch, uint32_t capacity, bool is_array)
{
    *batch = (struct lt_http_batch){.capacity = capacity, .is_array = is_array};
    batch->rows = lt_alloc_array(capacity, sizeof *batch->rows);
    lt_text_init(&batch->text);
    lt_http_batch_clear(batch);
}

void lt_http_batch_fini(struct lt_http_batch *batch)
{
    lt_http_batch_clear(batch);
    lt_text_fini(&batch->text);
    free(batch->rows);
}

void lt_http_batch_clear(struct lt_http_batch *batch)
{
    for (uint32_t i = batch->at; i < batch->count; i++)
        lt_row_release(batch->rows[i].row);
    batch->at = batch->end = batch->count = 0;
    lt_text_clear(&batch->text);
    lt_text_append_char(&batch->text, batch->is_array ? ',' : '\n');
}

bool lt_http_batch_add(struct lt_http_batch *batch, struct lt_format_writer *format,
                       struct lt_row *row, uint32_t marks, struct lt_fault **fault)
{
    lt_assert(batch->count < batch->capacity);
    if (!lt_format_write(format, row, &batch->text, "sink http", fault))
        return false;
    batch->rows[batch->count++] =
        (struct lt_http_row){.row = row, .end_bytes = batch->text.size_bytes, .marks = marks};
    lt_text_append_char(&batch->text, batch->is_array ? ',' : '\n');
    batch->end = batch->count;
    return true;
}

struct lt_bytes lt_http_batch_body(struct lt_http_batch *batch)
{
    /* The byte before the part: the first of the text, or the one behind the row before. */
    size_t before = batch->at == 0 ? 0 : batch->rows[batch->at - 1].end_bytes;
    size_t behind = batch->rows[batch->end - 1].end_bytes;
    if (batch->is_array) {
        batch->text.data[before] = '[';
        batch->text.data[behind] = ']';
    }
    size_t first = batch->is_array ? before : before + 1;
    return (struct lt_bytes){.data = (const uint8_t *)batch->text.data + first,
                             .size_bytes = (uint32_t)(behind + 1 - first)};
}

bool lt_http_batch_halve(struct lt_http_batch *batch)
{
    if (batch->end - batch->at == 1)
        return false;
    if (batch->is_array) /* what was the end of the array stands between two rows again */
        batch->text.data[batch->rows[batch->end - 1].end_bytes] = ',';
    batch->end = batch->at + (batch->end - batch->at) / 2;
    return true;
}

void lt_http_batch_pass(struct lt_http_batch *batch)
{
    batch->at = batch->end;
    batch->end = batch->count;
}
