/*
 * The control agent of a continuous query: between the lanes' mailboxes and the epoch coordinator.
 * It starts the epochs, passes reports and commands on, ends the query well when every lane has
 * ended or a stop was asked for, and keeps the progress.
 *
 * Its state says what is awaited:
 *
 *   AWAITS_READY       every lane's reader to really consume
 *   RUNS               nothing: data flow, epochs tick
 *   AWAITS_ENDED       every lane to have stopped reading (told to, or at its end)
 *   AWAITS_LAST_EPOCH  the epoch after the last row to be done
 *   ENDED              nothing more: well
 *   FAILED             nothing more: error
 *
 * Transitions go down this list only; FAILED can follow any of the first four.
 *
 * on: the control worker, or the caller's loop in invoker mode. Others talk to it through its
 * mailbox
 * (lt_control_request_*), and read what it publishes under the query's mutex.
 */
#ifndef LT_RUN_CONTROL_H
#define LT_RUN_CONTROL_H

#include "core/epoch/checkpoint.h"
#include "core/epoch/coordinator.h"
#include "core/run/lane.h"
#include "core/run/progress.h"
#include "core/run/worker.h"

enum lt_control_state {
    LT_CONTROL_AWAITS_READY,
    LT_CONTROL_RUNS,
    LT_CONTROL_AWAITS_ENDED,
    LT_CONTROL_AWAITS_LAST_EPOCH,
    LT_CONTROL_ENDED,
    LT_CONTROL_FAILED,
};

const char *lt_control_state_name(enum lt_control_state state);

struct lt_control;

struct lt_control_options {
    const struct lt_pipeline *pipeline;
    struct lt_lane *const *lanes;
    uint32_t lane_count;
    struct lt_mailbox *mailbox;
    struct lt_checkpoint *checkpoint; /* or NULL */
    int64_t epoch_interval_ns;
    uint64_t first_epoch;
    const struct lt_position *start;
    const struct lt_clock *clock;
    struct lt_counters *counters;
    struct lt_progress *progress;
    /* The state changed, or an epoch is done: called on the control thread. `quiet`: this epoch's
     * positions are those of the one before. */
    void (*on_state)(void *context, enum lt_control_state state, const struct lt_error *error);
    void (*on_epoch)(void *context, uint64_t epoch, bool quiet);
    void *context;
};

int lt_control_create(const struct lt_control_options *options, struct lt_control **out,
                      struct lt_error *error) LT_MUST_USE;
void lt_control_destroy(struct lt_control *control); /* NULL is a no-op */
struct lt_agent lt_control_agent(struct lt_control *control);

/* What others ask for, through the control's mailbox. on: any. */
enum lt_control_request {
    LT_CONTROL_REQUEST_STOP = 1000, /* beyond enum lt_report: end well */
    LT_CONTROL_REQUEST_EPOCH,       /* an epoch now */
};

#endif
