/*
 * A lane: one ordered path from a set of source partitions to its writers, as one stage or several
 * joined by rings. Lanes share nothing but counters.
 *
 *   stages 1   [ read, operators, deliver ]
 *   stages 2   [ read, operators ] -> ring -> [ deliver ]
 *   stages 3   [ read ] -> ring -> [ operators ] -> ring -> [ deliver ]
 *
 * In a query with state a lane has one stage, and ends in the exchanges that lead to the segments
 * (core/run/segment.h).
 *
 * Life: create (nothing is opened) -> its stages are added to workers, which open and run them ->
 * workers stop -> destroy (frees rows in rings, operators, the reader).
 */
#ifndef LT_RUN_LANE_H
#define LT_RUN_LANE_H

#include "core/base/limits.h"
#include "core/run/pipeline.h"
#include "core/run/segment.h"
#include "core/run/stage.h"

struct lt_lane {
    uint32_t index;
    uint32_t *partitions;
    uint32_t partition_count;
    struct lt_position *start, *end; /* by partition of the lane's */
    struct lt_stage stages[LT_LIMIT_STAGES];
    uint32_t stage_count;
    struct lt_ring *rings[LT_LIMIT_STAGES - 1];
    struct lt_ring_outlet outlets[LT_LIMIT_STAGES - 1];
    struct lt_mailbox *mailboxes[LT_LIMIT_STAGES];
    struct lt_intake intake;
    struct lt_delivery delivery; /* zeroed where there are segments */
    struct lt_fan fan;           /* where there are segments */
};

struct lt_lane_options {
    uint32_t index;
    const struct lt_pipeline *pipeline;
    const uint32_t *partitions; /* copied, as the positions: `start` by partition of the source;
                                   `end` or NULL */
    uint32_t partition_count;
    const struct lt_position *start, *end;
    struct lt_segments *segments; /* NULL: there is no state */
    bool is_ranged; /* in micro-batches: nothing is read but what lt_lane_set_end says */
    uint32_t stage_count;
    struct lt_worker *const *workers; /* one per stage; the same one may stand twice */
    struct lt_mailbox *control;
    struct lt_connector_env env; /* clock, counters, query_id, lane_rows, lane_bytes, placement */
};

int lt_lane_create(const struct lt_lane_options *options, struct lt_lane **out,
                   struct lt_error *error) LT_MUST_USE;
void lt_lane_destroy(struct lt_lane *lane); /* NULL is a no-op */

/* First half of destroy, which may come alone before: lets go of all rows. */
void lt_lane_release(struct lt_lane *lane);

/* Where the next batch ends, by partition of the source. on: control, between two batches. */
void lt_lane_set_end(struct lt_lane *lane, const struct lt_position *end);

/* The mailbox that INJECT and STOP_READING go to, and the one for COMMIT. */
static inline struct lt_mailbox *lt_lane_first_mailbox(struct lt_lane *lane)
{
    return lane->mailboxes[0];
}
static inline struct lt_mailbox *lt_lane_last_mailbox(struct lt_lane *lane)
{
    return lane->mailboxes[lane->stage_count - 1];
}

#endif
