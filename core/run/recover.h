/*
 * From the checkpoint to the positions a query starts at: initial ones for a new query, the last
 * logged ones otherwise, after what a crash left unfinished has been finished
 * (core/epoch/protocol.h); and to sinks that hold what those positions say, and no more. A sink
 * that has lost what it had prepared gets the epoch's records again (core/run/replay.h).
 *
 * on: the thread that starts the query; waits for the disk, the source, and sinks that replay.
 */
#ifndef LT_RUN_RECOVER_H
#define LT_RUN_RECOVER_H

#include "core/epoch/checkpoint.h"
#include "core/run/pipeline.h"
#include "core/run/worker.h"

struct lt_recover_options {
    struct lt_checkpoint *checkpoint; /* NULL: there is none */
    const struct lt_recovery *recovery;
    const struct lt_pipeline *pipeline; /* connected */
    /* For a replay: how its worker is made, what connectors get, and how long nothing may move. */
    struct lt_worker_options worker;
    struct lt_connector_env env;
    int64_t patience_ns;
    /* Set when a batch with state has to be run again for a sink that has lost it: the positions
     * are not found then, and the checkpoint is to be opened again. */
    bool *was_withdrawn;
};

/* What a source (a part, core/run/union_source.h) kept when the query was new, for its connect;
 * `out` is empty if nothing. */
int lt_recover_kept(struct lt_checkpoint *checkpoint, uint32_t part, struct lt_text_buffer *out,
                    struct lt_error *error) LT_MUST_USE;

/* Lets the sources read their logs, finishes unfinished epochs, and fills `positions` (one per
 * partition of the connected source). */
int lt_recover_positions(const struct lt_recover_options *options, struct lt_position *positions,
                         struct lt_error *error) LT_MUST_USE;

/* Where the batch ends that is to be run again (recovery->has_pending); `positions` are filled with
 * where it begins. */
int lt_recover_pending_end(const struct lt_recover_options *options, struct lt_position *positions,
                           struct lt_error *error) LT_MUST_USE;

/* Lets the sinks go on with epoch `next_epoch`: cut back to the end of the epoch before, as their
 * notes say. Comes before a writer is opened. */
int lt_recover_sinks(const struct lt_recover_options *options, uint64_t next_epoch,
                     struct lt_error *error) LT_MUST_USE;

/* Where an epoch began: the end of the one before, or of a new query. */
int lt_recover_begin_of(const struct lt_recover_options *options, uint64_t epoch,
                        struct lt_position *positions, struct lt_error *error) LT_MUST_USE;
int lt_recover_end_of(const struct lt_recover_options *options, uint64_t epoch,
                      struct lt_position *positions, struct lt_error *error) LT_MUST_USE;

#endif
