/*
 * A stage: what one worker does for one lane. It takes rows from a reader (the first stage) or a
 * ring, sends them through its part of the operators, and hands them to the next ring or (the last
 * stage) to the lane's delivery. A fused lane has one stage that is first and last.
 *
 * One step, bounded: commands; what waited (rows that could not go on, completions, epochs); a
 * marker that is due; then, if nothing waits, input. So a full ring or a busy sink stops the input
 * of its stage, the ring before it fills, and in the end the source is not polled: that is all the
 * back-pressure there is.
 *
 * on: the stage's worker; struct fields are its own after start.
 */
#ifndef LT_RUN_STAGE_H
#define LT_RUN_STAGE_H

#include "core/flow/connector.h"
#include "core/flow/mailbox.h"
#include "core/run/chain.h"
#include "core/run/delivery.h"
#include "core/run/ring_outlet.h"
#include "core/run/worker.h"

/* The first stage's part: reading, markers, positions. */
struct lt_intake {
    struct lt_source *source;
    struct lt_reader *reader;
    const uint32_t *partitions; /* of the source, this lane's */
    uint32_t partition_count;
    const struct lt_position *start, *end; /* end: NULL if none */
    /* One report of positions per epoch in flight, so that nothing is allocated; epoch %
     * LT_WRITER_EPOCHS. */
    struct lt_position *positions[LT_WRITER_EPOCHS];
    bool stopped; /* told to stop reading, or ended */
    bool ended_reported;
    bool ready_reported;
    bool marker_due;     /* `marker_epoch` is to be injected as soon as nothing waits */
    bool position_noted; /* for it */
    bool position_sent;
    uint64_t marker_epoch;
    /* Read for that epoch, as the positions; and when its marker was injected, in all. */
    uint64_t read_of[LT_WRITER_EPOCHS], read_before;
    struct lt_shared_u64 *records; /* counters */
    struct lt_shared_u64 *lag_records, *lag_ms;
    int64_t lag_due_ns;
    uint32_t polls_without_lag;
};

struct lt_stage {
    const char *name;
    uint32_t lane;
    const struct lt_clock *clock;
    struct lt_mailbox *commands; /* NULL: this stage is told nothing */
    struct lt_mailbox *control;
    struct lt_intake *intake; /* first stage, or NULL */
    struct lt_ring *input;    /* other stages, or NULL */
    struct lt_chain chain;
    struct lt_ring_outlet *outlet; /* not the last stage, or NULL */
    struct lt_delivery *delivery;  /* last stage, or NULL */
    struct lt_connector_env env;   /* counter_prefix and index are filled per use */
    struct lt_operator_env operator_env;
    bool stop_reported;
    bool look_again; /* in the last step something found no room that nobody will tell about */
    /* Records that the chain has left out of an epoch, by epoch % LT_WRITER_EPOCHS; and at the last
     * marker, in all. */
    uint64_t left_out_of[LT_WRITER_EPOCHS], left_out_before;
    bool chain_marked;     /* the marker at hand has passed the chain, not yet what follows */
    struct lt_error error; /* of a stage without delivery, until it is sent */
    bool has_error, error_sent;
};

/* The stage as an agent of a worker. The stage outlives it. */
struct lt_agent lt_stage_agent(struct lt_stage *stage);

#endif
