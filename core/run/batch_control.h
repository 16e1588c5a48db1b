/*
 * What drives a query in micro-batches: when a batch begins, where it ends, and when there is none
 * any more. A part of the control agent (core/run/control.h), in the place that the coordinator of
 * epochs has in continuous mode; the durable steps of a batch are core/epoch/batches.h's.
 *
 *   ProcessingTime   a trigger on the grid of the interval, as Spark's, counted from the Unix
 *                    epoch; with 0 as soon as the one before has ended and there is something:
 *                    readers tell that something has come, and where a source ends then may be
 *                    known by what they have heard (at_hand), so that nobody is asked
 *   Once             one batch of all there is, without the sources' limits; or the pending one
 *   AvailableNow     batches up to where the sources ended at the first trigger, within their
 *                    limits; then those without data that move state on
 *
 * A trigger asks each source where it ends (latest) and how much of that it lets in (admit). If
 * nothing is new there is no batch, but where the watermark has moved and an operator wants to act
 * on it. A pending batch, which was logged and not concluded when the last run ended, comes before
 * all of this, with the range, the time and the watermark that it was logged with.
 *
 * on: the control thread. Asking a source where it ends may wait for a moment.
 */
#ifndef LT_RUN_BATCH_CONTROL_H
#define LT_RUN_BATCH_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include "core/epoch/batches.h"
#include "core/flow/batch.h"
#include "core/flow/plan.h"
#include "core/run/pipeline.h"
#include "core/run/progress.h"
#include "core/run/watermarks.h"

struct lt_batch_control;

/* What the query tells of how it runs in batches, and what recovery has found. */
struct lt_batch_settings {
    struct lt_trigger trigger;
    const struct lt_position *pending_end; /* of the batch to be run again, by partition; or NULL */
    int64_t pending_timestamp_ms;
    int64_t watermark_ms;      /* of the first batch */
    int64_t last_watermark_ms; /* of the one before */
    const char *conf;          /* for offsets/e: a JSON object; NULL: {} */
    bool is_new;               /* nothing was ever logged */
    bool takes_greatest_watermark; /* the policy "max" */
    bool has_no_data_batches;
    /* Between two entries that are written behind the batches' backs (core/run/async_progress.h);
     * -1: each batch waits for its own. */
    int64_t async_interval_ns;
    uint32_t min_batches_to_retain;
};

/* NULL: of a query in continuous mode. */
static inline bool lt_batch_settings_are_async(const struct lt_batch_settings *settings)
{
    return settings != NULL && settings->async_interval_ns >= 0;
}

struct lt_batch_control_options {
    const struct lt_pipeline *pipeline;
    const struct lt_batch_settings *settings; /* texts and positions outlive it */
    const struct lt_position *start;          /* by partition of the source; copied */
    struct lt_batches_options batches;        /* but `conclude`, which is made here */
    /* Adds what the operators have seen of event times: all have passed the marker. */
    void (*add_times)(void *context, struct lt_watermarks *watermarks);
    /* Readers that have told of more are to tell again: the sources were asked, and there is
     * nothing. False: not all were told. */
    bool (*listen)(void *context);
    /* The query is to end: that a source does not answer is no fault then. */
    bool (*is_stopping)(void *context);
    /* A trigger has found nothing to do. */
    void (*idle)(void *context);
    void *context;
};

struct lt_batch_control *lt_batch_control_create(const struct lt_batch_control_options *options);
void lt_batch_control_destroy(struct lt_batch_control *control); /* NULL is a no-op */

/* Where reports go. */
struct lt_batches *lt_batch_control_batches(const struct lt_batch_control *control);
/* The open batch, and where it ends, by partition of the source. */
const struct lt_batch *lt_batch_control_batch(const struct lt_batch_control *control);
const struct lt_position *lt_batch_control_end(const struct lt_batch_control *control);

/* What is told of the batch that has just ended, but its operators. on: from `done`. */
void lt_batch_control_describe(const struct lt_batch_control *control,
                               struct lt_progress_batch *out);
/* The same where the last trigger has found nothing to do; false: it has, or there was none. */
bool lt_batch_control_describe_idle(const struct lt_batch_control *control,
                                    struct lt_progress_batch *out);

/* What it is at, for the query's status. */
enum lt_progress_activity lt_batch_control_activity(const struct lt_batch_control *control);

/* One bounded step. Returns a work count, or a negative code (error set): the query must stop. */
int lt_batch_control_step(struct lt_batch_control *control, struct lt_error *error) LT_MUST_USE;
int64_t lt_batch_control_deadline_ns(const struct lt_batch_control *control);

/* Something has come: with an interval of 0 the next trigger is now. */
void lt_batch_control_arrived(struct lt_batch_control *control);
/* A trigger now, if it is not the trigger's kind that forbids it: process_all_available. */
void lt_batch_control_request(struct lt_batch_control *control);
/* No batch begins any more; the open one goes on to its end. */
void lt_batch_control_close(struct lt_batch_control *control);
/* True when no batch is open and none will be: closed, or the trigger's work is done. */
bool lt_batch_control_is_over(const struct lt_batch_control *control);

#endif
