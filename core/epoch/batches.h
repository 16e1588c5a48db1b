/*
 * The durable steps of micro-batches (core/epoch/protocol.h): one batch at a time, whose range its
 * owner has planned, from its entry in offsets to its commit. As the coordinator of continuous mode
 * (core/epoch/coordinator.h) it is a state machine without threads, is fed what lanes report, never
 * waits, and talks to lanes and sinks through ports.
 *
 * Two kinds of lanes report: readers, which take the rows in, and deliveries, which have the
 * writers. Where nothing is exchanged between them they are the same. Instances with state report
 * that it is durable.
 *
 *   IDLE       no batch is open
 *   SETTLES    every source to be able to read the range again
 *   LOGS       offsets/e to be durable; the readers may have begun, and nothing is shown yet
 *   RUNS       every reader to have come to the range's end, every writer and every store to have
 *              prepared e
 *   CONCLUDES  the notes and prepared/e to be durable; left out if they would say nothing
 *   COMMITS    every writer, then every sink, to have shown e
 *   ENDS       commits/e to be durable
 *
 * What this is not: it knows no trigger, no watermark's meaning and no operator; core/run does.
 *
 * on: one thread (the owner).
 */
#ifndef LT_EPOCH_BATCHES_H
#define LT_EPOCH_BATCHES_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/epoch/checkpoint.h"
#include "core/epoch/protocol.h"
#include "core/flow/connector.h"

struct lt_batches;

enum lt_batch_step {
    LT_BATCH_IDLE,
    LT_BATCH_SETTLES,
    LT_BATCH_LOGS,
    LT_BATCH_RUNS,
    LT_BATCH_CONCLUDES,
    LT_BATCH_COMMITS,
    LT_BATCH_ENDS,
    LT_BATCH_STEPS,
};

/* What is asked of the runner. None waits. */
struct lt_batches_ports {
    void *context;
    /* Let the lane read up to its end. offsets/e is durable, unless the batch is ahead. False: its
     * mailbox is full, ask again in the next step. */
    bool (*run)(void *context, uint32_t reader, uint64_t epoch);
    /* Of a batch that is ahead: offsets/e is durable by now, the delivery may write what it has
     * held. False: again in the next step. */
    bool (*show)(void *context, uint32_t delivery, uint64_t epoch);
    /* All are prepared: the watermark of the batch after this one, which commits/e will hold, in
     * milliseconds. */
    int64_t (*conclude)(void *context, uint64_t epoch);
    /* prepared/e is durable: ask the delivery's writers to show e. False: again in the next
     * step. */
    bool (*commit)(void *context, uint32_t delivery, uint64_t epoch);
    /* The once-per-query part: sink's commit, after all its writers. 0 done, 1 not yet, negative
     * failed. */
    int (*commit_sink)(void *context, uint32_t sink, uint64_t epoch, const char *notes,
                       struct lt_error *error);
    /* commits/e is on disk; `positions` of all sources, concatenated. */
    void (*done)(void *context, uint64_t epoch, const struct lt_position *positions);
};

struct lt_batches_options {
    uint32_t reader_count, delivery_count;
    uint32_t state_count; /* instances that report that their state is durable */
    uint32_t sink_count, source_count;
    /* No sink has anything to finish after a crash, or to cut back: what a writer has prepared is
     * shown already. Batches without notes have no prepared/e then. */
    bool shows_at_once;
    struct lt_source *const *sources; /* connected */
    uint64_t first_epoch;
    struct lt_checkpoint *checkpoint; /* NULL: nothing is written but sources' logs */
    struct lt_checkpoint *source_logs; /* where those go then; NULL: nowhere */
    const struct lt_clock *clock;
    struct lt_batches_ports ports;
};

/* A batch, planned. */
struct lt_batch_plan {
    const struct lt_position *end; /* of all sources, concatenated; copied */
    int64_t watermark_ms, timestamp_ms;
    const char *conf;   /* JSON object for offsets/e; copied; NULL: {} */
    bool is_logged;     /* offsets/e is there: the batch is run again */
    bool keeps_watermark; /* the next batch's will be the same, for all that is known */
};

struct lt_batches *lt_batches_create(const struct lt_batches_options *options);
/* The checkpoint is stopped before. NULL is a no-op. */
void lt_batches_destroy(struct lt_batches *batches);

/* Begins the next batch; none is open. Returns its number. */
uint64_t lt_batches_begin(struct lt_batches *batches, const struct lt_batch_plan *plan);
/* The open batch is run while offsets/e is on its way to the disk. Not the first of a query: state
 * without any entry of offsets is taken for damage. */
bool lt_batches_is_ahead(const struct lt_batches *batches);

/* Reports of the open batch, one of each kind per lane (and sink). `positions`: where the reader
 * stands at the marker, of the partitions (global indices over all sources) that it owns; anything
 * but the planned end fails the next step with LT_E_DATA_LOSS. */
void lt_batches_position(struct lt_batches *batches, uint32_t reader, uint64_t epoch,
                         const uint32_t *partitions, const struct lt_position *positions,
                         uint32_t count);
void lt_batches_prepared(struct lt_batches *batches, uint32_t delivery, uint32_t sink,
                         uint64_t epoch, const char *note); /* copied; "": none */
void lt_batches_committed(struct lt_batches *batches, uint32_t delivery, uint32_t sink,
                          uint64_t epoch);
void lt_batches_state_prepared(struct lt_batches *batches, uint64_t epoch);

/* One bounded step. Returns a work count, or a negative code (error set): the query must stop. */
int lt_batches_step(struct lt_batches *batches, struct lt_error *error) LT_MUST_USE;
/* When step must be called even if nothing is reported. */
int64_t lt_batches_deadline_ns(const struct lt_batches *batches);

/* What the sources have added to their logs for the batch that has just ended, by source. on: from
 * `done`. */
const struct lt_source_log *lt_batches_source_logs(const struct lt_batches *batches);

struct lt_batches_status {
    enum lt_batch_step step;
    uint64_t epoch;   /* that is open, or is to be the next */
    uint32_t missing; /* reports that the step still lacks */
    /* How long the last batch that ended was at each step. */
    int64_t step_ns[LT_BATCH_STEPS];
};
void lt_batches_status(const struct lt_batches *batches, struct lt_batches_status *out);
/* The protocol's name of what a step waits for. */
enum lt_epoch_step lt_batch_step_awaits(enum lt_batch_step step);

#endif
