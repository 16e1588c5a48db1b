/*
 * What the control agent has to do with lanes and segments in micro-batches: the commands that take
 * a batch through them, and what they have seen of it.
 *
 * on: the control thread. Numbers that lanes wrote are read when their reports of the batch have
 * come.
 */
#ifndef LT_RUN_BATCH_LANES_H
#define LT_RUN_BATCH_LANES_H

#include "core/run/lane.h"
#include "core/run/segment.h"
#include "core/run/watermarks.h"

struct lt_progress_operator;

struct lt_batch_lanes {
    struct lt_lane *const *lanes;
    uint32_t lane_count;
    struct lt_segments *segments; /* NULL: there is no state; the lanes deliver */
};

uint32_t lt_batch_lanes_delivery_count(const struct lt_batch_lanes *of);
const struct lt_delivery *lt_batch_lanes_delivery(const struct lt_batch_lanes *of, uint32_t index);

/* Lets a lane read up to `end`, by partition of the source. The batch stays until it is done.
 * False: its mailbox is full. */
bool lt_batch_lanes_run(const struct lt_batch_lanes *of, uint32_t lane,
                        const struct lt_batch *batch, const struct lt_position *end);
/* What lanes have heard of was nothing to read: they are to tell of what comes now. False: the
 * mailbox of one is full; telling the others twice does no harm. */
bool lt_batch_lanes_listen(const struct lt_batch_lanes *of);
/* Of a batch that is ahead: its rows may be written to sinks that show them at once. False: the
 * delivery's mailbox is full. */
bool lt_batch_lanes_show(const struct lt_batch_lanes *of, uint32_t delivery, uint64_t epoch);
/* Asks a delivery's writers to show the batch. False: its mailbox is full. */
bool lt_batch_lanes_commit(const struct lt_batch_lanes *of, uint32_t delivery, uint64_t epoch);
/* The batch is done: state can be tidied up. */
void lt_batch_lanes_done(const struct lt_batch_lanes *of, uint64_t epoch);
/* Adds what all operators of WATERMARK nodes have seen. */
void lt_batch_lanes_add_times(const struct lt_batch_lanes *of, struct lt_watermarks *watermarks);

/* What the operators with state have counted in the batch, the sum of their instances, into
 * `operators`, with room for LT_LIMIT_SEGMENTS; how many there are. */
uint32_t lt_batch_lanes_operators(const struct lt_batch_lanes *of,
                                  struct lt_progress_operator *operators);

#endif
