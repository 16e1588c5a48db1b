/*
 * The watermarks of a query in micro-batches (SPARK's, 3.5 on).
 *
 * Each WATERMARK node has one: the latest event time that any of its operators has seen, less the
 * delay; it never goes back, and is 0 (1970) until something was seen. The query's is the least of
 * them, or the greatest (policy), and never goes back either. It is taken after a batch and in
 * force in the next. leat's own: a node may be given a time after which, without rows, it is idle
 * and does not count, as long as another one is not idle; what comes late to it then is late.
 *
 * A stateful operator has two in a batch (core/flow/batch.h): what was in force in the batch
 * before, by which rows are late, and what is in force now, by which state is final. Behind an
 * aggregation or a deduplication they are the same; behind a join they are what its sides' state
 * may still hold back.
 *
 * Beside them stands what else makes a batch worth its while without data: a timer of custom state
 * that goes by the batches' time.
 *
 * on: the control thread, between two batches or when all operators have passed the marker.
 */
#ifndef LT_RUN_WATERMARKS_H
#define LT_RUN_WATERMARKS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/flow/batch.h"
#include "core/flow/plan.h"
#include "core/run/segment_plan.h"

enum { LT_LIMIT_WATERMARKS = 16 };

struct lt_watermarks {
    const struct lt_segment_plan *plan; /* NULL: there is no state, and no operator to tell */
    bool takes_greatest;                /* the policy "max" */
    struct {
        bool is_there;
        const char *column; /* of event times: the plan's */
        int64_t delay_ms, watermark_ms;
        int64_t idle_ms;  /* 0: it is never idle */
        int64_t heard_ns; /* when a batch with rows of it began, or the first batch at all */
        struct lt_event_times times; /* of the batch at hand */
    } nodes[LT_LIMIT_WATERMARKS];    /* by number */
    int64_t now_ms, before_ms;       /* in force, and in the batch before */
    /* When the batch at hand began: set by whoever begins it. Of the monotonic clock, so that one
     * that is set forward makes nobody idle. */
    int64_t batch_ns;
    struct lt_batch_watermarks operators[LT_LIMIT_SEGMENTS]; /* by number of the operator */
    uint32_t operator_count;
    /* When the first timer by the batches' time is due, as their operators have said at the end of
     * the last batch: microseconds; INT64_MAX: there is none. */
    int64_t due_us;
};

/* `now_ms`: in force in the first batch; `before_ms`: in the one before. The plan may be NULL. */
void lt_watermarks_init(struct lt_watermarks *watermarks, const struct lt_segment_plan *plan,
                        bool takes_greatest, int64_t now_ms, int64_t before_ms);

/* A batch begins: what its operators are told. */
void lt_watermarks_begin(struct lt_watermarks *watermarks);
/* What an operator of a WATERMARK node has seen of the batch. */
void lt_watermarks_add(struct lt_watermarks *watermarks, const struct lt_plan_node *node,
                       const struct lt_event_times *times);
/* The first timer of an operator is due then. */
void lt_watermarks_add_due(struct lt_watermarks *watermarks, int64_t due_us);
/* The query goes on from a checkpoint, whose timers nobody has told of yet: the first batch, though
 * it may have no data, finds those that are due. */
void lt_watermarks_expect_timers(struct lt_watermarks *watermarks);
/* All operators were heard: the watermark of the next batch. */
int64_t lt_watermarks_next(const struct lt_watermarks *watermarks);
/* Has the node been without rows for as long as it may? */
bool lt_watermarks_is_idle(const struct lt_watermarks *watermarks, uint32_t node);
/* The node whose watermark is the query's, where another one is further on; -1: none is held back.
 */
int32_t lt_watermarks_holding(const struct lt_watermarks *watermarks);
/* What was seen in the batch, as Spark tells it: of the first node that has seen any. */
struct lt_event_times lt_watermarks_times(const struct lt_watermarks *watermarks);
/* How many there are. */
uint32_t lt_watermarks_count(const struct lt_watermarks *watermarks);
/* The node that rows of a part of the source pass before the first operator with state; -1: none.
 */
int32_t lt_watermarks_of_part(const struct lt_watermarks *watermarks, uint32_t part);
/* The batch is done: the next watermark is in force. */
void lt_watermarks_advance(struct lt_watermarks *watermarks);
/* The watermark has moved, and some operator gives out or forgets state for that: a batch without
 * data is worth its while. */
bool lt_watermarks_want_batch(const struct lt_watermarks *watermarks);
/* The same for a batch with this time, and timers that are due by it. */
bool lt_watermarks_are_timers_due(const struct lt_watermarks *watermarks, int64_t timestamp_us);

#endif
