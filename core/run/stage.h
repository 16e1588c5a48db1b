/*
 * A stage: what one worker does for one lane. It takes rows from a reader (the first stage) or a
 * ring, sends them through its part of the operators, and hands them to the next ring or (the last
 * stage) to the lane's delivery. A fused lane has one stage that is first and last.
 *
 * An instance of a segment (core/run/segment.h) is a stage too: it has several rings in front of
 * it, and may have an exchange behind it, as the first stage of a lane may in such a query.
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
#include "core/run/batch_clock.h"
#include "core/run/chain.h"
#include "core/run/confluence.h"
#include "core/run/delivery.h"
#include "core/run/fan.h"
#include "core/run/intake.h"
#include "core/run/ring_outlet.h"
#include "core/run/state_set.h"
#include "core/run/worker.h"

struct lt_stage {
    const char *name;
    uint32_t lane;       /* or the number of the instance */
    const char *segment; /* in front of the counters' names; NULL: a lane's stage */
    const struct lt_clock *clock;
    struct lt_mailbox *commands; /* NULL: this stage is told nothing */
    struct lt_mailbox *control;
    struct lt_intake *intake; /* first stage, or NULL */
    struct lt_ring *input;    /* other stages, or NULL */
    struct lt_confluence *confluence; /* an instance of a segment, or NULL */
    struct lt_chain chain;
    struct lt_ring_outlet *outlet; /* not the last stage, or NULL */
    struct lt_delivery *delivery;  /* last stage, or NULL */
    struct lt_fan *fan;            /* rows go to other instances, or NULL */
    struct lt_state_set *state;    /* of an instance of a segment, or NULL */
    bool is_prepared_unsent;       /* the report that state is prepared waits for room */
    struct lt_connector_env env;   /* counter_prefix and index are filled per use */
    struct lt_operator_env operator_env;
    struct lt_batch_clock batch_clock; /* theirs, in micro-batches */
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
