/*
 * Counting what has gone.
 */
#include "io/stream_batch.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"

enum { RECORDS_LEAST = 256 };

void lt_stream_batch_add(struct lt_stream_batch *batch, int64_t ingest_ns)
{
    if (batch->count == batch->capacity) {
        batch->capacity = batch->capacity == 0 ? RECORDS_LEAST : 2 * batch->capacity;
        batch->records = lt_realloc_array(batch->records, batch->capacity, sizeof *batch->records);
    }
    batch->records[batch->count++] =
        (struct lt_stream_record){.end_bytes = batch->text.size_bytes, .ingest_ns = ingest_ns};
}

void lt_stream_batch_clear(struct lt_stream_batch *batch)
{
    lt_text_clear(&batch->text);
    batch->count = batch->taken_count = 0;
    batch->taken_size_bytes = 0;
}

void lt_stream_batch_fini(struct lt_stream_batch *batch)
{
    lt_text_fini(&batch->text);
    free(batch->records);
}

bool lt_stream_batch_is_taken(const struct lt_stream_batch *batch)
{
    return batch->taken_count == batch->count;
}

size_t lt_stream_batch_begin(const struct lt_stream_batch *batch, uint32_t record)
{
    return record == 0 ? 0 : batch->records[record - 1].end_bytes;
}

void lt_stream_batch_go_back(struct lt_stream_batch *batch)
{
    batch->taken_size_bytes = lt_stream_batch_begin(batch, batch->taken_count);
}

void lt_stream_batch_take(struct lt_stream_batch *batch, size_t size_bytes,
                          const struct lt_writer *writer, const struct lt_clock *clock,
                          struct lt_stream_epochs *epochs)
{
    size_t before = lt_stream_batch_begin(batch, batch->taken_count);
    uint32_t count = 0;
    int64_t now_ns = writer->ack_latency_ns != NULL ? lt_clock_now_ns(clock) : 0;
    batch->taken_size_bytes += size_bytes;
    while (batch->taken_count < batch->count &&
           batch->records[batch->taken_count].end_bytes <= batch->taken_size_bytes) {
        if (writer->ack_latency_ns != NULL)
            lt_histogram_record(writer->ack_latency_ns,
                                now_ns - batch->records[batch->taken_count].ingest_ns);
        batch->taken_count++;
        count++;
    }
    epochs->taken_count += count;
    if (count > 0 && writer->acked_records != NULL)
        lt_counter_add(writer->acked_records, count);
    if (count > 0 && writer->acked_bytes != NULL)
        lt_counter_add(writer->acked_bytes,
                       lt_stream_batch_begin(batch, batch->taken_count) - before);
}

void lt_stream_epochs_prepare(struct lt_stream_epochs *epochs, uint64_t epoch)
{
    lt_assert(epochs->mark_count <= LT_LIMIT_EPOCHS_IN_FLIGHT);
    epochs->marks[epochs->mark_count].epoch = epoch;
    epochs->marks[epochs->mark_count++].record_count = epochs->written_count;
}

int lt_stream_epochs_prepared(struct lt_stream_epochs *epochs, uint64_t epoch)
{
    while (epochs->mark_count > 0 && epochs->marks[0].epoch < epoch) {
        epochs->mark_count--;
        memmove(epochs->marks, epochs->marks + 1, epochs->mark_count * sizeof epochs->marks[0]);
    }
    return epochs->mark_count == 0 || epochs->marks[0].epoch > epoch ||
           epochs->taken_count >= epochs->marks[0].record_count;
}
