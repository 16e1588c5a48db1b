/*
 * The reading part of a lane's first stage: its reader, the markers and ranges that it is told of,
 * and what it counts.
 *
 * on: the stage's worker; struct fields are its own after start.
 */
#ifndef LT_RUN_INTAKE_H
#define LT_RUN_INTAKE_H

#include "core/flow/connector.h"
#include "core/run/delivery.h"

/* The first stage's part: reading, markers, positions. */
struct lt_intake {
    struct lt_source *source;
    struct lt_reader *reader;
    const uint32_t *partitions; /* of the source, this lane's */
    uint32_t partition_count;
    const struct lt_position *start, *end; /* end: NULL if none; in batches the control agent sets
                                              it before it tells of one */
    /* In micro-batches: reads only what it is told of, with one reader for all. */
    bool is_ranged;
    const struct lt_batch *batch; /* that is being read; NULL: none */
    bool arrival_reported;        /* since the last batch */
    /* One report of positions per epoch in flight, so that nothing is allocated; epoch %
     * LT_WRITER_EPOCHS. */
    struct lt_position *positions[LT_WRITER_EPOCHS];
    bool stopped; /* told to stop reading, or ended */
    bool ended_reported;
    bool ready_reported;
    bool marker_due;     /* `marker_epoch` is to be injected as soon as nothing waits */
    bool position_noted; /* for it */
    uint64_t marker_epoch;
    /* Read for that epoch, as the positions; and when its marker was injected, in all. */
    uint64_t read_of[LT_WRITER_EPOCHS], read_before;
    struct lt_shared_u64 *records; /* counters */
    struct lt_shared_u64 *lag_records, *lag_ms;
    int64_t lag_due_ns;
    uint32_t polls_without_lag;
};

/* Opens the reader; `env` is the lane's, and its prefix is made here. */
int lt_intake_open(struct lt_intake *intake, uint32_t lane, const struct lt_connector_env *env,
                   struct lt_error *error) LT_MUST_USE;
/* Behind every look at the source, and where its records are not taken for want of room: the lag
 * grows then. `is_busy`: records came. */
void lt_intake_note_lag(struct lt_intake *intake, const struct lt_clock *clock, bool is_busy);
/* A marker of the epoch has been injected: what was read up to it is of its epoch. */
void lt_intake_note_position(struct lt_intake *intake, uint64_t epoch);

/* In micro-batches: the reader goes on up to the end that the control agent has set. */
int lt_intake_begin_range(struct lt_intake *intake, const struct lt_batch *batch,
                          struct lt_error *error) LT_MUST_USE;
/* The range is read: its marker is due. */
void lt_intake_end_range(struct lt_intake *intake);
/* What was reported to have arrived is nothing that is read: what arrives now is reported again,
 * and what has arrived since. */
void lt_intake_listen(struct lt_intake *intake);

/* Nothing more is read, until there is another batch; the lag stays as it is now. */
void lt_intake_stop(struct lt_intake *intake);

#endif
