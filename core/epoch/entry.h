/*
 * The entries of an epoch - sinks/i/e, sources/i/N, offsets/e, prepared/e, commits/e - made of what
 * its coordinator knows and handed to the checkpoint for publishing.
 *
 * on: the coordinator's thread.
 */
#ifndef LT_EPOCH_ENTRY_H
#define LT_EPOCH_ENTRY_H

#include "core/epoch/checkpoint.h"
#include "core/epoch/log.h"

/* The notes of one sink, a line per lane. */
void lt_entry_publish_notes(struct lt_checkpoint *checkpoint, uint32_t sink, uint64_t epoch,
                            const char *const *notes, uint32_t count, lt_checkpoint_done_fn *done,
                            void *context);
/* What a source has added to its log; nothing if it has added nothing. */
void lt_entry_publish_source_log(struct lt_checkpoint *checkpoint, uint32_t source,
                                 const struct lt_source_log *log, lt_checkpoint_done_fn *done,
                                 void *context);
/* Deletes what the source needs no more. */
void lt_entry_delete_source_log(struct lt_checkpoint *checkpoint, uint32_t source,
                                const struct lt_source_log *log);
/* What offsets/e is made of. */
struct lt_entry_offsets {
    struct lt_source *const *sources; /* which make their JSON of the positions */
    uint32_t source_count;
    const struct lt_position *positions; /* of all sources, concatenated */
    struct lt_epoch_metadata metadata;
};
void lt_entry_publish_offsets(struct lt_checkpoint *checkpoint, uint64_t epoch,
                              const struct lt_entry_offsets *offsets, lt_checkpoint_done_fn *done,
                              void *context);
void lt_entry_publish_prepared(struct lt_checkpoint *checkpoint, uint64_t epoch,
                               const struct lt_epoch_prepared *prepared,
                               lt_checkpoint_done_fn *done, void *context);
void lt_entry_publish_commit(struct lt_checkpoint *checkpoint, uint64_t epoch,
                             int64_t next_watermark_ms, lt_checkpoint_done_fn *done,
                             void *context);
/* While the batch is under way, if it is known what commits/e will say. */
void lt_entry_write_commit_ahead(struct lt_checkpoint *checkpoint, uint64_t epoch,
                                 int64_t next_watermark_ms);

#endif
