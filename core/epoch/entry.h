/*
 * The entries of an epoch - sinks/i/e, sources/i/N, offsets/e, commits/e - made of what the
 * coordinator knows and handed to the checkpoint for publishing.
 *
 * on: the coordinator's thread.
 */
#ifndef LT_EPOCH_ENTRY_H
#define LT_EPOCH_ENTRY_H

#include "core/epoch/checkpoint.h"
#include "core/epoch/coordinator.h"

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
/* `positions` of all sources, concatenated; the sources make their JSON of them. */
void lt_entry_publish_offsets(const struct lt_coordinator_options *options, uint64_t epoch,
                              const struct lt_position *positions, lt_checkpoint_done_fn *done,
                              void *context);
void lt_entry_publish_commit(struct lt_checkpoint *checkpoint, uint64_t epoch,
                             lt_checkpoint_done_fn *done, void *context);

#endif
