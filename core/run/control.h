/*
 * The control agent of a query: between the lanes' mailboxes and what drives the epochs, which is
 * the coordinator (core/epoch/coordinator.h) in continuous mode, and core/run/batch_control.h in
 * micro-batches. It passes reports and commands on, ends the query well when every lane has ended,
 * the trigger's work is done or a stop was asked for, and keeps the progress.
 *
 * Its state says what is awaited:
 *
 *   AWAITS_READY       every lane's reader to really consume
 *   RUNS               nothing: data flow, epochs tick; batches follow each other
 *   AWAITS_ENDED       every lane to have stopped reading (told to, or at its end)
 *   AWAITS_LAST_EPOCH  the epoch after the last row to be done; or the batch that is open
 *   AWAITS_RESTART     the query to begin again (core/run/query.h): this run is over, well
 *   ENDED              nothing more: well
 *   FAILED             nothing more: error
 *
 * Transitions go down this list only (in batches nothing awaits ended); FAILED can follow any of
 * the first four. A control agent sees one run. Each begins at the top; one that finds that the
 * source's partitions have changed (asked once a second) stops reading as for a stop, and ends in
 * AWAITS_RESTART, unless a stop is asked for in the meantime.
 *
 * on: the control worker, or the caller's loop in invoker mode. Others talk to it through its
 * mailbox (lt_control_request_*), and read what it publishes under the query's mutex.
 */
#ifndef LT_RUN_CONTROL_H
#define LT_RUN_CONTROL_H

#include "core/epoch/checkpoint.h"
#include "core/epoch/coordinator.h"
#include "core/run/batch_control.h"
#include "core/run/control_wait.h"
#include "core/run/following.h"
#include "core/run/lane.h"
#include "core/run/progress.h"
#include "core/run/worker.h"

enum lt_control_state {
    LT_CONTROL_AWAITS_READY,
    LT_CONTROL_RUNS,
    LT_CONTROL_AWAITS_ENDED,
    LT_CONTROL_AWAITS_LAST_EPOCH,
    LT_CONTROL_AWAITS_RESTART,
    LT_CONTROL_ENDED,
    LT_CONTROL_FAILED,
};

const char *lt_control_state_name(enum lt_control_state state);

struct lt_control;

/* What the owner of the query is told. on: the control thread. */
struct lt_control_hooks {
    /* The run begins, in AWAITS_READY: all lanes are open. */
    void (*on_begin)(void *context);
    /* Looked at in each step; once true it stays true. */
    bool (*stop_is_wanted)(void *context);
    void (*on_state)(void *context, enum lt_control_state state, const struct lt_error *error);
    /* An epoch is done. `quiet`: its positions are those of the one before. */
    void (*on_epoch)(void *context, uint64_t epoch, bool quiet);
    /* The run is to end, and waits for something else than before. */
    void (*on_wait)(void *context, const struct lt_control_wait *wait);
    void *context;
};

struct lt_control_options {
    const struct lt_pipeline *pipeline;
    struct lt_lane *const *lanes;
    uint32_t lane_count;
    struct lt_mailbox *mailbox;
    struct lt_checkpoint *checkpoint; /* or NULL */
    int64_t epoch_interval_ns;
    uint64_t first_epoch;
    const struct lt_position *start;
    const struct lt_batch_settings *batches; /* NULL: continuous mode */
    struct lt_segments *segments;            /* NULL: there is no state */
    struct lt_following following; /* when the source's partitions change */
    const struct lt_clock *clock;
    struct lt_counters *counters;
    struct lt_progress *progress;
    const struct lt_control_hooks *hooks;
};

int lt_control_create(const struct lt_control_options *options, struct lt_control **out,
                      struct lt_error *error) LT_MUST_USE;
void lt_control_destroy(struct lt_control *control); /* NULL is a no-op */
struct lt_agent lt_control_agent(struct lt_control *control);

/* Where the last done epoch ended, one per partition, and its successor's number: what the next run
 * goes on from. on: any, when the control worker has stopped. */
const struct lt_position *lt_control_positions(const struct lt_control *control);
uint64_t lt_control_next_epoch(const struct lt_control *control);
/* Where the open batch ends, by partition; NULL: none is open, or there are none. on: the control
 * thread, or as above. */
const struct lt_position *lt_control_open_end(const struct lt_control *control);

/* Shows a state that comes about between two runs in the counters. on: as a control thread, when
 * there is none. */
void lt_control_show_state(struct lt_counters *counters, enum lt_control_state state);

/* What others ask for, through the control's mailbox. on: any. */
enum lt_control_request {
    LT_CONTROL_REQUEST_LOOK = 1000, /* beyond enum lt_report: look at stop_is_wanted */
    LT_CONTROL_REQUEST_EPOCH,       /* an epoch now */
};

#endif
