/*
 * Rows on their way to an HTTP server: their JSON, one after the other, and the rows themselves,
 * which are held until the server has them, in case it refuses one.
 *
 * A request takes a part of a batch, from `at` to `end`. Between two rows stands one byte, and one
 * before the first and behind the last, so that any part can be a body of its own without a copy:
 *
 *     lines  \n{"a":1}\n{"a":2}\n        a body is rows, each with its line feed
 *     array  ,{"a":1},{"a":2},           a body is [ in place of the byte before, ] of that behind
 *
 * A part that is refused is halved until the row is alone that is to blame; what follows it is
 * then sent again, as one part.
 *
 * on: the lane's sink thread.
 */
#ifndef LT_IO_HTTP_BATCH_H
#define LT_IO_HTTP_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/text_buffer.h"
#include "core/data/row.h"
#include "io/format_write.h"

struct lt_http_row {
    struct lt_row *row; /* held */
    size_t end_bytes;   /* of its JSON in `text` */
    uint32_t marks;     /* markers that the writer had been given when it took the row */
};

struct lt_http_batch {
    struct lt_text_buffer text;
    struct lt_http_row *rows;
    uint32_t count, capacity;
    uint32_t at, end; /* the part that is asked for, or will be next */
    bool is_array;
};

void lt_http_batch_init(struct lt_http_batch *batch, uint32_t capacity, bool is_array);
/* Releases what is held. */
void lt_http_batch_fini(struct lt_http_batch *batch);
/* Takes the row's reference; there is room (count < capacity). `format` writes JSON without a
 * frame. False: the row cannot be written, and stays the caller's; *fault says why. */
bool lt_http_batch_add(struct lt_http_batch *batch, struct lt_format_writer *format,
                       struct lt_row *row, uint32_t marks, struct lt_fault **fault) LT_MUST_USE;
/* The part as a body; it lives until the batch changes. */
struct lt_bytes lt_http_batch_body(struct lt_http_batch *batch);

static inline bool lt_http_batch_is_empty(const struct lt_http_batch *batch)
{
    return batch->at == batch->count;
}
/* The part becomes its first half. False: it is one row. */
bool lt_http_batch_halve(struct lt_http_batch *batch);
/* The part is done with, all of its rows are let go of: the next is all that is left. */
void lt_http_batch_pass(struct lt_http_batch *batch);
/* Releases what is held, and begins anew. */
void lt_http_batch_clear(struct lt_http_batch *batch);

#endif
