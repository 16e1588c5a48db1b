/*
 * From the checkpoint to the positions a query starts at: initial ones for a new query, the last
 * logged ones otherwise, after what a crash left unfinished has been finished
 * (core/epoch/protocol.h).
 *
 * on: the thread that starts the query; waits for the disk and for the source.
 */
#ifndef LT_RUN_RECOVER_H
#define LT_RUN_RECOVER_H

#include "core/epoch/checkpoint.h"
#include "core/run/pipeline.h"

/* What source 0 kept when the query was new, for its connect; `out` is empty if nothing. */
int lt_recover_kept(struct lt_checkpoint *checkpoint, struct lt_text_buffer *out,
                    struct lt_error *error) LT_MUST_USE;

/* Finishes unfinished epochs and fills `positions` (one per partition of the connected source). */
int lt_recover_positions(struct lt_checkpoint *checkpoint, const struct lt_recovery *recovery,
                         const struct lt_pipeline *pipeline, struct lt_position *positions,
                         struct lt_error *error) LT_MUST_USE;

#endif
