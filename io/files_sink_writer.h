/*
 * What the two halves of a lane's file writer share: rows, partitions and epochs
 * (io/files_sink_writer.c), and the files that are being written (io/files_sink_stream.c).
 *
 *   a stream   a file that is being written: rows at hand, a block on its way
 *   a slot     a partition of this epoch: its directory, and its stream if one is open
 *   a batch    the files of an epoch (io/files_sink_batch.h)
 *
 * on: the lane's sink thread.
 */
#ifndef LT_IO_FILES_SINK_WRITER_H
#define LT_IO_FILES_SINK_WRITER_H

#include "core/base/limits.h"
#include "io/files_sink_internal.h"

enum {
    /* What is written at once: large enough that a sync is worth it. */
    LT_FILES_BLOCK_BYTES = 1 << 20,
    /* Prepared and not committed, with room for a last one. */
    LT_FILES_EPOCHS = 2 * LT_LIMIT_EPOCHS_IN_FLIGHT,
};

struct lt_files_writer;

struct lt_files_stream {
    struct lt_files_writer *writer;
    struct lt_files_batch *batch;
    struct lt_files_file *file; /* NULL until it has a row */
    struct lt_text_buffer rows;
    struct lt_text_buffer block;  /* on its way */
    struct lt_text_buffer packed; /* the block, compressed */
    size_t raw_bytes, done_bytes; /* of the block */
    int64_t row_count, written_bytes, begin_ns;
    bool is_busy, is_ending;
    struct lt_file_job job;
    struct lt_files_stream *next, **link;         /* of the writer's */
};

struct lt_files_slot {
    struct lt_files_slot *next; /* in its bucket */
    uint64_t hash;
    char *directory;
    struct lt_files_stream *stream; /* or NULL */
    uint32_t file_count;
};

/* Rows that came at the same moment. */
struct lt_files_latency {
    int64_t ingest_ns;
    uint64_t count;
};

struct lt_files_epoch {
    uint64_t number;
    struct lt_files_batch *batch;
    uint32_t open_count; /* streams */
    bool is_ending, is_acknowledged;
    struct lt_files_latency *latencies;
    uint32_t latency_count;
    uint64_t row_count, byte_count;
};

struct lt_files_writer {
    struct lt_writer base;
    struct lt_files_sink *sink;
    const struct lt_clock *clock;
    struct lt_format_writer *format;
    struct lt_compressor *compressor;
    struct lt_file_jobs jobs, packing; /* packing: one at a time, for there is one compressor */
    uint32_t lane;
    uint64_t seen_count; /* completions that poll has told of */
    bool has_failed;
    size_t held_bytes;
    struct lt_files_stream *streams;
    struct lt_files_slot **buckets, *last_slot;
    uint32_t bucket_count, slot_count;
    struct lt_text_buffer cell, directory;
    struct lt_files_known known;
    struct lt_files_epoch open; /* the one that rows go to */
    /* Those with their markers behind them, oldest first. */
    struct lt_files_epoch epochs[LT_FILES_EPOCHS];
    uint32_t epoch_count;
};

/* Breaks the writer; the first error counts. */
void lt_files_writer_fail(struct lt_files_writer *writer, const struct lt_error *error);
struct lt_files_epoch *lt_files_epoch_of(struct lt_files_writer *writer,
                                         const struct lt_files_batch *batch);
/* Once the marker has come and all files are written, what is left is done for all together. */
void lt_files_epoch_keep(struct lt_files_epoch *epoch);

/* A stream of the open epoch, with what stands in front of the first row. */
struct lt_files_stream *lt_files_stream_open(struct lt_files_writer *writer, int64_t now_ns);
/* Nothing of it may be on its way. */
void lt_files_stream_destroy(struct lt_files_stream *stream);
/* Begins to write what it has. */
void lt_files_stream_flush(struct lt_files_stream *stream);
/* Whatever comes next, when no block is on its way. The stream may be gone after it. */
void lt_files_stream_advance(struct lt_files_stream *stream);

#endif
