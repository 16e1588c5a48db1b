/*
 * A micro-batch: what holds for all its rows, wherever in the query they are.
 *
 * The runner fixes it before the first row is read: the number, the time that current_timestamp
 * shows, and for each stateful operator two watermarks (Spark 3.5 on). A row is late if its event
 * time is at or before `late_ms`, which is the watermark that the batch before had; state is final
 * when its end is at or before `eviction_ms`, which is this batch's. What an operator gives out
 * because its state has become final is therefore not late for the operator behind it.
 *
 * A batch that is run again after a crash has the same numbers, times and watermarks as when it was
 * first run: they stand in offsets/<id>.
 *
 * Immutable while rows of the batch are on their way; the runner's.
 */
#ifndef LT_FLOW_BATCH_H
#define LT_FLOW_BATCH_H

#include <stdbool.h>
#include <stdint.h>

/* Milliseconds since the Unix epoch. 0: no watermark yet, as Spark has it: nothing is late then
 * that is not before 1970. */
struct lt_batch_watermarks {
    int64_t late_ms, eviction_ms;
};

struct lt_batch {
    uint64_t id;           /* 0, 1, 2, ...: the epoch's number too */
    int64_t timestamp_us;  /* current_timestamp; processing-time timers fire up to it */
    const struct lt_batch_watermarks *watermarks; /* by number of the stateful operator */
    uint32_t operator_count;
    /* Its rows come before offsets/<id> is durable: what shows rows at once waits until it is told
     * that it may. */
    bool is_ahead;
};

/* What a WATERMARK node has seen of event times in a batch, in whole milliseconds (rounded down);
 * NULL counts as 0. */
struct lt_event_times {
    uint64_t count;
    int64_t min_ms, max_ms; /* undefined while count is 0 */
    double sum_ms;
};

/* What a stateful operator counts of a batch, by the names of Spark's progress. */
struct lt_state_metrics {
    uint64_t rows_total;    /* numRowsTotal: now in state */
    uint64_t rows_updated, rows_removed, rows_dropped_by_watermark; /* in this batch */
    uint64_t dropped_duplicates; /* numDroppedDuplicateRows, of deduplications */
    uint64_t memory_bytes;
};

#endif
