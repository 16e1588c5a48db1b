/*
 * The slot of one open epoch: what has been reported of it, and what it has come to. The
 * coordinator's alone (core/epoch/coordinator.c moves it on); a slot is made once and used by one
 * epoch after the other, so that an epoch allocates nothing but its texts.
 *
 * on: the coordinator's thread.
 */
#ifndef LT_EPOCH_SLOT_H
#define LT_EPOCH_SLOT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/epoch/protocol.h"
#include "core/flow/connector.h"

struct lt_coordinator;

/* How many there are of what reports. */
struct lt_epoch_shape {
    uint32_t lane_count, sink_count, source_count, partition_count; /* partitions of all sources */
};

struct lt_epoch_slot {
    struct lt_coordinator *coordinator; /* for the publisher's answers */
    uint64_t number;
    enum lt_epoch_step step; /* what it waits for; LOG and DONE: for its files */
    int64_t injected_ns;
    bool *is_injected, *has_position, *is_commit_asked; /* per lane */
    uint32_t injected_count, position_count, prepared_count, commit_asked_count, committed_count;
    struct lt_position *positions; /* all partitions of all sources */
    char **notes;                  /* [sink * lane_count + lane]; NULL: not prepared */
    bool *is_committed;            /* the same index */
    uint32_t settled_count;        /* sources settle one after the other */
    struct lt_source_log *logs;    /* by source: what it has settled adds */
    uint32_t sinks_done;           /* sinks are committed one after the other */
    bool is_publishing;
    bool is_published; /* the files of this step are durable */
};

static inline uint32_t lt_epoch_writer_count(const struct lt_epoch_shape *shape)
{
    return shape->lane_count * shape->sink_count;
}

/* Allocates what an epoch of this shape needs. */
void lt_epoch_slot_init(struct lt_epoch_slot *slot, const struct lt_epoch_shape *shape);
/* Gives the slot to an epoch, whose partitions stand at `positions` until a lane says otherwise. */
void lt_epoch_slot_begin(struct lt_epoch_slot *slot, const struct lt_epoch_shape *shape,
                         uint64_t number, int64_t now_ns, const struct lt_position *positions);
/* Reports of one writer, whose index in the arrays this is; each comes once. A commit was asked of
 * the writer's lane before it is reported. */
void lt_epoch_slot_prepared(struct lt_epoch_slot *slot, uint32_t index, const char *note);
void lt_epoch_slot_committed(struct lt_epoch_slot *slot, uint32_t lane, uint32_t index);
/* Frees the texts: the epoch is done. */
void lt_epoch_slot_end(struct lt_epoch_slot *slot, const struct lt_epoch_shape *shape);
void lt_epoch_slot_fini(struct lt_epoch_slot *slot, const struct lt_epoch_shape *shape);

#endif
