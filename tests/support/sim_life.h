/*
 * What the files of one simulated life share: sim_run.c runs it, sim_lane.c moves records,
 * sim_source.c keeps the sources' logs, sim_recover.c starts it.
 */
#ifndef LT_TESTS_SIM_LIFE_H
#define LT_TESTS_SIM_LIFE_H

#include "core/base/clock.h"
#include "core/base/limits.h"
#include "core/epoch/checkpoint.h"
#include "core/epoch/coordinator.h"
#include "tests/support/sim_world.h"

enum { SIM_MAILBOX = 2 }; /* small, so that it is often full */

/* A writer's epochs between prepare and commit. */
struct sim_mark {
    uint64_t epoch;
    int64_t to[SIM_PARTITIONS];
    uint32_t output; /* exactly-once kinds: index in the sink */
    bool is_prepared;
};

struct sim_writer {
    int64_t written_to[SIM_PARTITIONS], delivered_to[SIM_PARTITIONS], batch_from[SIM_PARTITIONS];
    struct sim_mark marks[LT_LIMIT_EPOCHS_IN_FLIGHT];
    uint32_t mark_count;
};

struct sim_lane {
    uint32_t index;
    uint32_t partitions[SIM_PARTITIONS], partition_count;
    int64_t positions[SIM_PARTITIONS];
    uint64_t injects[SIM_MAILBOX], commits[SIM_MAILBOX];
    uint32_t inject_count, commit_count, commit_sink; /* the sink that commits[0] has come to */
    struct sim_writer writers[SIM_SINKS];
};

struct sim_source {
    struct lt_source base;
    struct sim_life *life;
    int64_t last_entry; /* of its log; -1: none */
};

struct sim_life {
    struct sim_world *world;
    struct sim_source sources[SIM_SOURCES];
    struct lt_source *source_pointers[SIM_SOURCES];
    struct lt_clock_manual clock;
    struct lt_reactor *reactor;
    struct lt_checkpoint *checkpoint;
    struct lt_recovery recovery;
    struct lt_coordinator *coordinator;
    uint32_t lane_count;
    struct sim_lane lanes[SIM_LANES];
    int64_t start[SIM_PARTITIONS];
    int64_t faults_left; /* fault points until death; -1: none */
    bool is_dead;
};

/* A fault point of the runner's own: true when the process dies here. */
bool sim_dies(struct sim_life *life);
/* Keeps an error as a violation, unless it is the death that was asked for. */
void sim_fail(struct sim_life *life, const char *doing, int code, const struct lt_error *error);

/* From the directory to life->start: opens the checkpoint, finishes what is logged. */
void sim_recover(struct sim_life *life);
/* What the sources do in a life of theirs. */
void sim_source_init(struct sim_life *life, uint32_t index);
/* Reads a source's log, and deletes what lies beyond the last logged epoch. */
void sim_source_resume(struct sim_life *life, uint32_t index);
/* Offset JSON of the fake sources, both ways. */
void sim_positions_to_json(struct lt_source *source, const struct lt_position *positions,
                           struct lt_text_buffer *out);
void sim_positions_from_json(struct sim_life *life, uint32_t source, const char *json,
                             int64_t *positions);

void sim_lane_init(struct sim_life *life, uint32_t index);
void sim_lane_read(struct sim_life *life, struct sim_lane *lane);
/* Takes a marker from the mailbox: position, then prepare at every writer. */
void sim_lane_mark(struct sim_life *life, struct sim_lane *lane);
/* Takes a commit from the mailbox, one sink at a time. */
void sim_lane_commit(struct sim_life *life, struct sim_lane *lane);
/* Delivers a record or finishes a batch; reports what is prepared by it. */
void sim_writer_work(struct sim_life *life, struct sim_lane *lane, uint32_t sink);
/* What was on its way arrives in part. */
void sim_writer_die(struct sim_life *life, struct sim_lane *lane, uint32_t sink);

#endif
