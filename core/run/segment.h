/*
 * Segments as they run (core/run/segment_plan.h): each has instances, and each instance is a stage
 * of its own, on some worker. It takes rows from the rings of all that feed it - the lanes, or the
 * instances of other segments -, sends them through the stateful operator and those behind it, and
 * deals them on, or hands them to a delivery.
 *
 *   lane 0 --- ring --- Aggregate 0 ---.
 *          `-- ring -.               sink's writers: one delivery for each instance of the last
 *   lane 1 --- ring -+- Aggregate 1 ---'   segment
 *          `-- ...
 *
 * What a batch is comes first in every ring, its marker last. A ring whose marker has come is not
 * read further; when all have come the marker goes on: through the operators, which give out what
 * is due, and into the next rings or to the writers. There is no other barrier.
 *
 * State: the stateful operator's stores are opened here, one partition for each instance, and
 * prepared when the marker has passed it. They are committed when the next batch begins, which is
 * only after this one is done.
 *
 * Life: create (last segment first, before the lanes) -> connect (the feeders' rings) -> workers
 * run -> workers stop -> destroy.
 */
#ifndef LT_RUN_SEGMENT_H
#define LT_RUN_SEGMENT_H

#include "core/run/fan.h"
#include "core/run/segment_plan.h"
#include "core/run/stage.h"
#include "core/run/state_set.h"

struct lt_segment_instance {
    uint32_t segment, index;
    struct lt_worker *worker;
    struct lt_mailbox *mailbox;
    struct lt_stage stage;
    struct lt_confluence confluence;
    struct lt_fan fan;           /* not of the last segment */
    struct lt_delivery delivery; /* of the last segment */
    struct lt_state_set state;
};

struct lt_segments {
    const struct lt_segment_plan *plan;
    struct lt_segment_instance *instances[LT_LIMIT_SEGMENTS]; /* by segment */
    uint32_t counts[LT_LIMIT_SEGMENTS];
};

struct lt_segments_options {
    const struct lt_pipeline *pipeline; /* has segments */
    uint32_t instance_count;            /* of each segment whose rows are dealt by keys */
    /* The worker of the n-th of all instances. */
    struct lt_worker *(*worker)(void *context, uint32_t number);
    void *worker_context;
    struct lt_mailbox *control;
    struct lt_connector_env env;
    struct lt_state_settings state; /* but partition, number and reactor */
};

int lt_segments_create(const struct lt_segments_options *options, struct lt_segments **out,
                       struct lt_error *error) LT_MUST_USE;
/* The lanes and the workers' agents are gone. NULL is a no-op. */
void lt_segments_destroy(struct lt_segments *segments);
/* First half of it, before the lanes are destroyed: lets go of all rows. */
void lt_segments_release(struct lt_segments *segments);

/* How many instances rows go to. */
uint32_t lt_segments_target_count(const struct lt_segments *segments,
                                  const struct lt_segment_target *target);
/* Gives an exchange its rings to all instances of its target. `from`: the worker that deals. on:
 * control, before any worker runs. */
int lt_segments_connect(struct lt_segments *segments, const struct lt_segment_target *target,
                        struct lt_worker *from, struct lt_exchange *exchange,
                        struct lt_error *error) LT_MUST_USE;

/* Instances that have state, and report that it is prepared. */
uint32_t lt_segments_state_count(const struct lt_segments *segments);
/* The last segment's instances have the deliveries. */
static inline uint32_t lt_segments_delivery_count(const struct lt_segments *segments)
{
    return segments->counts[0];
}
static inline struct lt_segment_instance *lt_segments_last(struct lt_segments *segments,
                                                           uint32_t index)
{
    return &segments->instances[0][index];
}

#endif
