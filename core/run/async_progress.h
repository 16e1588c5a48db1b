/*
 * Asynchronous progress tracking of a query in micro-batches (asyncProgressTrackingEnabled, as
 * Spark's): no batch waits for its entries. A batch is run, shown and done; then, if the last
 * entries are old enough, offsets/e and commits/e are written behind its back, one after the other,
 * and the next batches go on meanwhile. Batches in between have none: numbers in the log have gaps.
 *
 *   newest    the last batch that is done, if its entries are still to be written
 *   written   the one whose entries are on their way to the disk; at most one is
 *
 * After a crash the query goes on from the last pair of entries, as recovery finds it
 * (core/epoch/protocol.h): what was shown since is shown again, at-least-once, and nothing is left
 * out. offsets/e alone is a batch to be run again where it follows the last commit, and else
 * never was. A query that stops writes the entries of its last batch first: nothing is shown twice
 * then.
 *
 * Sources hear of what is committed, and may forget it, only once it is durable.
 *
 * With an interval of 0 each batch has its entries, as in Spark: none begins while the one before
 * the last is still on its way.
 *
 * on: the control thread. Each function takes NULL for a query that does not do so.
 */
#ifndef LT_RUN_ASYNC_PROGRESS_H
#define LT_RUN_ASYNC_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/epoch/batches.h"

struct lt_async_progress;
struct lt_batch_settings; /* core/run/batch_control.h */

/* A batch that is done. */
struct lt_async_batch {
    uint64_t epoch;
    const struct lt_position *positions; /* of all sources, concatenated; copied */
    int64_t watermark_ms, timestamp_ms, next_watermark_ms;
    const struct lt_source_log *logs; /* by source: what is needed no more; copied */
    bool is_logged;                   /* offsets/e is there: it was run again */
};

/* NULL where there is no checkpoint, or the settings do not say so. What both point to outlives
 * it. */
struct lt_async_progress *lt_async_progress_create(const struct lt_batches_options *batches,
                                                   const struct lt_batch_settings *settings);
/* The checkpoint is stopped before. */
void lt_async_progress_destroy(struct lt_async_progress *progress);

void lt_async_progress_done(struct lt_async_progress *progress,
                            const struct lt_async_batch *batch);
/* One bounded step. Returns a work count, or a negative code (error set): entries could not be
 * written, and the query must stop. */
int lt_async_progress_step(struct lt_async_progress *progress,
                           struct lt_error *error) LT_MUST_USE;
int64_t lt_async_progress_deadline_ns(const struct lt_async_progress *progress);
/* A batch may begin. */
bool lt_async_progress_has_room(const struct lt_async_progress *progress);
/* The query ends: what is still to be written is, whatever the interval. */
void lt_async_progress_close(struct lt_async_progress *progress);
/* Nothing is left to be written, or on its way. */
bool lt_async_progress_is_settled(const struct lt_async_progress *progress);

#endif
