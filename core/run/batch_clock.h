/*
 * The clock of the operators of a stage in micro-batches: its wall stands still within a batch, at
 * the batch's time, so that current_timestamp is the same in all of its rows, wherever they are,
 * and in those of the batch that is run again after a crash. Its other time goes on.
 *
 * on: the stage's worker.
 */
#ifndef LT_RUN_BATCH_CLOCK_H
#define LT_RUN_BATCH_CLOCK_H

#include "core/base/clock.h"
#include "core/flow/batch.h"

struct lt_batch_clock {
    struct lt_clock clock; /* pass &it.clock; it outlives who reads it */
    const struct lt_clock *running;
    int64_t wall_us;
};

/* Before the first batch the wall stands at the time of this. `running` is kept. */
void lt_batch_clock_init(struct lt_batch_clock *clock, const struct lt_clock *running);
void lt_batch_clock_begin(struct lt_batch_clock *clock, const struct lt_batch *batch);

#endif
