/*
 * Records on their way out: one behind the other in a text, with where each ends, how many the
 * kernel has taken, and which epochs are through with that.
 *
 * on: the lane's sink thread.
 */
#ifndef LT_IO_STREAM_BATCH_H
#define LT_IO_STREAM_BATCH_H

#include "core/base/limits.h"
#include "core/flow/connector.h"

struct lt_stream_record {
    size_t end_bytes;
    int64_t ingest_ns;
};

struct lt_stream_batch {
    struct lt_text_buffer text;
    struct lt_stream_record *records;
    uint32_t count, capacity;
    uint32_t taken_count;    /* by the kernel, whole */
    size_t taken_size_bytes; /* by the kernel */
};

/* Which epochs' records the kernel has all taken. */
struct lt_stream_epochs {
    uint64_t written_count, taken_count; /* records in all */
    struct {
        uint64_t epoch, record_count;
    } marks[LT_LIMIT_EPOCHS_IN_FLIGHT + 1];
    uint32_t mark_count;
};

/* What was appended to the text is a record. */
void lt_stream_batch_add(struct lt_stream_batch *batch, int64_t ingest_ns);
void lt_stream_batch_clear(struct lt_stream_batch *batch);
void lt_stream_batch_fini(struct lt_stream_batch *batch);
bool lt_stream_batch_is_taken(const struct lt_stream_batch *batch);
/* Where a record begins. */
size_t lt_stream_batch_begin(const struct lt_stream_batch *batch, uint32_t record);
/* What the kernel has of a record that it has not taken whole counts for nothing. */
void lt_stream_batch_go_back(struct lt_stream_batch *batch);
/* The kernel has taken more; measures it by the writer's histogram and counters. */
void lt_stream_batch_take(struct lt_stream_batch *batch, size_t size_bytes,
                          const struct lt_writer *writer, const struct lt_clock *clock,
                          struct lt_stream_epochs *epochs);

/* The epoch ends with what is written now. */
void lt_stream_epochs_prepare(struct lt_stream_epochs *epochs, uint64_t epoch);
/* As of a writer: 1 or 0. */
int lt_stream_epochs_prepared(struct lt_stream_epochs *epochs, uint64_t epoch);

#endif
