/*
 * The coordinator of one query: drives the steps of core/epoch/protocol.h. A state machine without
 * threads: whoever owns it (core/run: the control thread, or the caller's loop in invoker mode)
 * calls lt_coordinator_step() and feeds it what lanes report. All files go through the reactor; a
 * step never waits.
 *
 * It talks to lanes and sinks through struct lt_coordinator_ports, so that tests and the simulator
 * can stand in.
 *
 * on: one thread (the owner).
 */
#ifndef LT_EPOCH_COORDINATOR_H
#define LT_EPOCH_COORDINATOR_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/clock.h"
#include "core/base/counters.h"
#include "core/base/error.h"
#include "core/epoch/checkpoint.h"
#include "core/epoch/protocol.h"
#include "core/flow/connector.h"

struct lt_coordinator;

/* What the coordinator asks of the runner. None waits; each may be called again. */
struct lt_coordinator_ports {
    void *context;
    /* inject: ask lane `lane` for a marker of `epoch`. False: its mailbox is full, ask again in the
     * next step. */
    bool (*inject)(void *context, uint32_t lane, uint64_t epoch);
    /* commit: offsets/epoch is durable; ask lane's writers to show it. False: again in the next
     * step. */
    bool (*commit)(void *context, uint32_t lane, uint64_t epoch);
    /* The once-per-query part: sink's commit, after all its writers. 0 done, 1 not yet, negative
     * failed. */
    int (*commit_sink)(void *context, uint32_t sink, uint64_t epoch, const char *notes,
                       struct lt_error *error);
    /* done: commits/epoch is on disk; `positions` of all sources, concatenated. */
    void (*done)(void *context, uint64_t epoch, const struct lt_position *positions);
};

struct lt_coordinator_options {
    uint32_t lane_count;
    uint32_t sink_count;
    uint32_t source_count;
    struct lt_source *const *sources; /* to settle, and for the offset JSON; connected */
    int64_t interval_ns;  /* between injections; 0: none by itself, only lt_coordinator_request */
    uint64_t first_epoch; /* from recovery */
    const struct lt_position
        *start; /* positions of the epoch before the first, all sources concatenated */
    struct lt_checkpoint
        *checkpoint; /* NULL: epochs run, nothing is written (no checkpoint location) */
    const struct lt_clock *clock;
    struct lt_counters *counters; /* NULL: none are kept */
    struct lt_coordinator_ports ports;
};

int lt_coordinator_create(const struct lt_coordinator_options *options, struct lt_coordinator **out,
                          struct lt_error *error) LT_MUST_USE;
/* The checkpoint is closed before, or no epoch is open. NULL is a no-op. */
void lt_coordinator_destroy(struct lt_coordinator *coordinator);

/* Reports from lanes, one of each kind per open epoch (and sink), in any order; a commit may be
 * reported from within the port. `positions`: of the partitions (global indices over all sources)
 * that the lane owns. */
void lt_coordinator_position(struct lt_coordinator *coordinator, uint32_t lane, uint64_t epoch,
                             const uint32_t *partitions, const struct lt_position *positions,
                             uint32_t count);
/* `note` is copied; "" if the writer has none. */
void lt_coordinator_prepared(struct lt_coordinator *coordinator, uint32_t lane, uint32_t sink,
                             uint64_t epoch, const char *note);
void lt_coordinator_committed(struct lt_coordinator *coordinator, uint32_t lane, uint32_t sink,
                              uint64_t epoch);

/* Asks for an epoch now, whatever the interval: process_all_available. */
void lt_coordinator_request(struct lt_coordinator *coordinator);
/* Asks for an epoch now, and for none after it by itself: a graceful stop, which would otherwise
 * leave one half done for the next start to finish. */
void lt_coordinator_request_last(struct lt_coordinator *coordinator);

/* One bounded step. Returns a work count, or a negative code (error set): the query must stop. */
int lt_coordinator_step(struct lt_coordinator *coordinator, struct lt_error *error) LT_MUST_USE;
/* When step must be called even if nothing is reported. */
int64_t lt_coordinator_deadline_ns(const struct lt_coordinator *coordinator);

struct lt_coordinator_status {
    int64_t last_injected; /* epoch numbers; -1: none */
    int64_t last_logged;
    int64_t last_done;
    uint32_t open_count;
    int64_t last_done_ns; /* when; for the epoch's age */
    enum lt_epoch_step
        oldest_step; /* what the oldest open epoch waits for: a stuck query explains itself */
    uint32_t oldest_missing; /* how many reports it still lacks */
};
void lt_coordinator_status(const struct lt_coordinator *coordinator,
                           struct lt_coordinator_status *out);

#endif
