/*
 * Progress of a query, as Spark's StreamingQueryProgress (core/run/progress_entry.h): one JSON
 * object for each batch, and in continuous mode, where Spark has none, for each interval, with the
 * epoch as batchId. The newest ones are kept. A query in batches that finds nothing to do says so
 * at its first trigger, and every ten seconds.
 *
 * Numbers come from the counters; the lanes are not asked. So the totals go on when the query
 * begins again with other lanes, and can be read while there are none.
 *
 * on: the control thread writes; lt_progress_recent and lt_progress_read_totals may be called on
 * any thread.
 */
#ifndef LT_RUN_PROGRESS_H
#define LT_RUN_PROGRESS_H

#include "core/base/text_buffer.h"
#include "core/run/batch_lanes.h"
#include "core/run/watermarks.h"

struct lt_progress;

struct lt_progress_options {
    const char *id, *run_id, *name; /* name may be NULL */
    const struct lt_pipeline *pipeline;
    const struct lt_clock *clock;
    const struct lt_counters *counters; /* where sources count; NULL: nowhere */
    int64_t interval_ns; /* at least this long between two entries */
    bool in_batches;     /* entries are made of batches; and of idleness */
};

enum { LT_PROGRESS_RECENT = 100 /* spark.sql.streaming.numRecentProgressUpdates */ };

struct lt_progress *lt_progress_create(const struct lt_progress_options *options);
void lt_progress_destroy(struct lt_progress *progress); /* NULL is a no-op */

/* A run begins with these lanes and segments, which are open: their counters are taken, not they.
 */
void lt_progress_begin_run(struct lt_progress *progress, const struct lt_batch_lanes *of);
/* Epoch `epoch` is committed: it read from `start` to `end`. */
void lt_progress_epoch_done(struct lt_progress *progress, uint64_t epoch,
                            const struct lt_position *start, const struct lt_position *end);
/* What is told of a batch that is committed, beside what the counters say. */
struct lt_progress_operator {
    const char *name; /* "stateStoreSave" */
    uint32_t partitions, stores;
    struct lt_state_metrics metrics;
    /* Of the batch, over all partitions: until its last row was in; for what became final; until
     * the state was durable. */
    int64_t updates_ns, removals_ns, commit_ns;
};
struct lt_progress_batch {
    uint64_t id;
    int64_t begun_wall_us; /* when its trigger was */
    int64_t duration_ns;
    int64_t since_last_ns; /* from the trigger before to this one; -1: it was the first */
    int64_t latest_ms, wal_ms, add_ms, commit_ms;
    /* Where the sources ended, by partition, of those that can say; NULL: nobody has asked. */
    const struct lt_position *latest;
    int64_t watermark_ms; /* in force in it; -1: there is none */
    const struct lt_watermarks *watermarks; /* what each input had at its end; NULL: not known */
    struct lt_event_times times; /* of all its rows */
    const struct lt_progress_operator *operators;
    uint32_t operator_count;
    bool is_idle; /* none: the last trigger has found nothing to do, and this would be the next */
};
/* An entry of a batch; after lt_progress_epoch_done. */
void lt_progress_batch_done(struct lt_progress *progress, const struct lt_progress_batch *batch);
/* About once a second, in continuous mode: makes an entry when one is due. */
void lt_progress_tick(struct lt_progress *progress);
/* In batches, when none is open: an entry of idleness when one is due. What the operators had in
 * the last batch is added. */
void lt_progress_tick_idle(struct lt_progress *progress, const struct lt_progress_batch *idle);
/* At the end of a run: an entry of what no entry has told yet; at least one in all. */
void lt_progress_finish(struct lt_progress *progress);

/* What a query in batches is at, by the messages of Spark's status. */
enum lt_progress_activity {
    LT_ACTIVITY_NONE, /* none of these: it runs continuously, or has not begun */
    LT_ACTIVITY_AWAITS_TRIGGER,
    LT_ACTIVITY_AWAITS_DATA, /* the last trigger has found none */
    LT_ACTIVITY_PROCESSES,
    LT_ACTIVITY_CLEANS_UP, /* a batch without data */
};
/* on: the control thread; and any. */
void lt_progress_set_activity(struct lt_progress *progress, enum lt_progress_activity activity);
enum lt_progress_activity lt_progress_activity(const struct lt_progress *progress);

/* Copies the newest entry (0: the newest, 1: the one before); false if there is none. */
bool lt_progress_recent(struct lt_progress *progress, uint32_t age, struct lt_text_buffer *out);
/* Has `made` called behind each entry, on the control thread, which holds no lock then. on: the
 * control thread. */
void lt_progress_observe(struct lt_progress *progress, void (*made)(void *context), void *context);
/* How many entries were made so far. on: any. */
uint64_t lt_progress_made(struct lt_progress *progress);
/* Copies an entry by its number, from 0; false: it is not kept any more, or not made. Of one that
 * only says that nothing has happened *idle_wall_us is its time, else -1. on: any. */
bool lt_progress_entry(struct lt_progress *progress, uint64_t number, struct lt_text_buffer *out,
                       int64_t *idle_wall_us);
/* Totals since the start, for a live line; lags are those of the present run. */
struct lt_progress_totals {
    uint64_t records_in, records_out, dead_letters, records_filtered;
    int64_t lag_records, lag_ms;         /* -1: not known */
    int64_t epoch, epoch_done_wall_us;   /* -1: none */
    struct lt_histogram *ack_latency_ns; /* filled if not NULL: the caller's */
};
void lt_progress_read_totals(struct lt_progress *progress, struct lt_progress_totals *out);

#endif
