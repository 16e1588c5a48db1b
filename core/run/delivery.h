/*
 * The end of a lane: its writers, one per sink of the plan, and the one for dead letters.
 *
 * Each sink has its branch: the operators that only it needs (its own filter, its own select), then
 * its writer. A row goes to every branch (of its part, where the source is a union:
 * core/run/union_source.h); each holds a reference. What a writer cannot take now waits in its
 * queue, in order, and the stage takes no input until all queues are empty.
 *
 * Epochs: at marker e every writer begins to prepare e. Each step asks the writers how far they
 * are, the oldest epoch first, and reports PREPARED and, after the control agent's COMMIT,
 * COMMITTED. Dead letters are a sink like any other, but for one thing: a record may fail after
 * its marker has passed, when the sink's answer comes late. So the dead-letter writer begins to
 * prepare e only when all others have prepared e and the letters of what they could not write have
 * been handed over: an epoch is not prepared before its dead letters are durable. Letters of later
 * epochs may go with it; dead letters are at least once.
 *
 * A batch that is ahead (core/flow/batch.h) comes before it may be shown. If one of the sinks would
 * show its rows at once, they are held: they wait in the queues, as many as fit, and the marker
 * waits behind them.
 *
 * A failed record goes to the dead-letter writer if there is one; else it stops the query, with an
 * error that names topic (source), partition, offset and cause.
 *
 * on: the stage's thread.
 */
#ifndef LT_RUN_DELIVERY_H
#define LT_RUN_DELIVERY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/limits.h"
#include "core/flow/connector.h"
#include "core/flow/mailbox.h"
#include "core/run/chain.h"
#include "core/run/dead_letter.h"
#include "core/run/item_queue.h"

enum lt_writer_state {
    LT_WRITER_WAITING,    /* dead letters: others may still fail records of the epoch */
    LT_WRITER_PREPARING,  /* waiting for the sink to make the epoch durable */
    LT_WRITER_PREPARED,   /* reported; waiting for COMMIT */
    LT_WRITER_COMMITTING, /* waiting for the sink to show it */
};

struct lt_writer_epoch {
    uint64_t epoch;
    enum lt_writer_state state;
    bool is_durable; /* the writer has said so; the report waits for room */
    char *note;      /* until it is reported; NULL: none */
};

/* One more than can be in flight: an epoch leaves the table a moment after the coordinator has
 * closed it. */
enum { LT_WRITER_EPOCHS = 2 * LT_LIMIT_EPOCHS_IN_FLIGHT };

struct lt_branch {
    struct lt_out out; /* into the writer */
    struct lt_delivery *delivery;
    struct lt_chain chain;
    struct lt_sink *sink;
    struct lt_writer *writer;
    uint32_t sink_index;
    uint32_t first_partition, end_partition; /* of the source, whose rows it takes */
    struct lt_item_queue pending;
    struct lt_writer_epoch epochs[LT_WRITER_EPOCHS]; /* oldest first */
    uint32_t epoch_count;
    bool is_marked; /* the marker at hand has passed the branch's operators */
    bool wrote;     /* something since the last flush */
    struct lt_histogram
        *ack_latency_ns; /* counters, kept by the writer; readable after it is gone */
    struct lt_shared_u64 *acked_records;
};

struct lt_delivery {
    struct lt_out out;          /* what the stage's trunk emits into */
    struct lt_branch *branches; /* the dead-letter branch last, if there is one */
    uint32_t branch_count;      /* without it */
    bool has_dead_letters;
    struct lt_dead_letters dead_letters;
    uint32_t lane;
    struct lt_source *source; /* names partitions in errors */
    const struct lt_clock *clock;
    struct lt_mailbox *control;
    uint32_t pending_count; /* items waiting in all branches */
    bool shows_at_once;     /* one of its sinks does. Constant */
    uint32_t held_max;      /* as many may wait while rows are held; 0: they are not */
    uint64_t shown_next;    /* the batches before this one may be shown */
    bool failed;            /* said so already */
    /* A report found the mailbox full, or a letter waits for its second try; the stage clears it.
     */
    bool look_again;
    struct lt_error *unsent_error;
    struct lt_shared_u64 *dead_lettered; /* counter */
    /* Dead letters by the epoch of their record: since the last marker, and by epoch %
     * LT_WRITER_EPOCHS; complete when the epoch is prepared. */
    uint64_t dead_now, dead_of[LT_WRITER_EPOCHS];
    uint64_t marked_epoch;
};

struct lt_delivery_sink {
    struct lt_sink *sink;
    struct lt_operator *const *ops; /* of the branch; taken */
    uint32_t op_count;
    uint32_t first_partition, end_partition; /* of the source, whose rows it takes */
};

struct lt_delivery_options {
    const struct lt_delivery_sink *sinks;
    uint32_t sink_count;
    struct lt_sink *dead_letters; /* or NULL */
    struct lt_source *source;
    uint32_t lane;
    const struct lt_clock *clock;
    struct lt_mailbox *control;
};

void lt_delivery_init(struct lt_delivery *delivery, const struct lt_delivery_options *options);
/* Opens operators and writers. `env` is the lane's; prefix and index are made here. */
int lt_delivery_open(struct lt_delivery *delivery, const struct lt_connector_env *env,
                     const struct lt_operator_env *operator_env,
                     struct lt_error *error) LT_MUST_USE;
/* Aborts what is not prepared, closes the writers: their rows are on the way home. on: the stage's
 * thread. */
void lt_delivery_close_writers(struct lt_delivery *delivery);
/* The same, and gives back the rows that wait for their writers: when every worker has stopped, and
 * before those end who own the rows. */
void lt_delivery_release(struct lt_delivery *delivery);
/* Frees the rest. on: any, when every worker of the lane has stopped. */
void lt_delivery_fini(struct lt_delivery *delivery);

/* Queues, completions, epochs; the work done. */
uint32_t lt_delivery_step(struct lt_delivery *delivery);
/* A micro-batch begins: nothing waits. Its rows are held if it is ahead and was not shown yet. */
void lt_delivery_begin(struct lt_delivery *delivery, const struct lt_batch *batch);
/* False: not now, rows are still waiting in front of it. */
bool lt_delivery_try_marker(struct lt_delivery *delivery, uint64_t epoch);
/* The batch's entry in offsets is durable: its rows are held no more. It may not have begun here
 * yet. */
void lt_delivery_show(struct lt_delivery *delivery, uint64_t epoch);
void lt_delivery_commit(struct lt_delivery *delivery, uint64_t epoch);
void lt_delivery_batch_end(struct lt_delivery *delivery);
int64_t lt_delivery_deadline_ns(struct lt_delivery *delivery);

/* Where the stage's trunk emits into: a lone branch is entered directly. */
static inline struct lt_out *lt_delivery_entry(struct lt_delivery *delivery)
{
    return delivery->branch_count == 1 ? lt_chain_entry(&delivery->branches[0].chain)
                                       : &delivery->out;
}

static inline bool lt_delivery_is_blocked(const struct lt_delivery *delivery)
{
    uint32_t waiting_count = delivery->pending_count > delivery->held_max;
    for (uint32_t i = 0; i < delivery->branch_count; i++)
        waiting_count += delivery->branches[i].chain.held_count;
    return waiting_count != 0 || delivery->failed;
}

/* True when an operator of a branch wants the query to end well. */
static inline bool lt_delivery_stop_asked(const struct lt_delivery *delivery)
{
    bool asked = false;
    for (uint32_t i = 0; i < delivery->branch_count; i++)
        asked |= delivery->branches[i].chain.stop_asked;
    return asked;
}

/* Tells the control agent, once, that the lane has failed. Takes a copy. */
void lt_delivery_report_failure(struct lt_delivery *delivery, const struct lt_error *error);

#endif
