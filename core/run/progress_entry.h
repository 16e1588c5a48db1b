/*
 * One entry of the progress as text: Spark's StreamingQueryProgress (SPARK.md 9.4), field for field
 * and in its order, and behind it what is leat's own: `sinks` where there are several; `watermarks`
 * where there are several, with what each has come to and which one holds the others back; and
 * `latencyMicros`, from arrival to acknowledgement.
 *
 * As in Spark a rate that is no number is left out, and a map that is empty, too; what a source
 * cannot tell is null. Times are of the clock that the query was given.
 *
 * on: the control thread.
 */
#ifndef LT_RUN_PROGRESS_ENTRY_H
#define LT_RUN_PROGRESS_ENTRY_H

#include "core/base/counters.h"
#include "core/base/text_buffer.h"
#include "core/run/pipeline.h"
#include "core/run/progress.h"

/* A source of the entry. */
struct lt_progress_source {
    struct lt_source *source;
    const struct lt_position *start, *end, *latest; /* of its partitions; NULL: not known */
    uint64_t records;
    int64_t lag_records, lag_ms; /* -1: not known */
};

struct lt_progress_facts {
    const char *id, *run_id, *name; /* name may be NULL */
    int64_t wall_us;                /* when the trigger, or the interval, began */
    int64_t batch_id;
    int64_t duration_ns;
    uint64_t records, written, dead_letters;
    const struct lt_progress_batch *batch; /* NULL: of an interval of continuous mode, which took as
                                              long as its records to come */
    const struct lt_progress_source *sources;
    uint32_t source_count;
    const struct lt_pipeline *pipeline;
    const uint64_t *written_by_sink; /* where there are several */
    const struct lt_histogram *latency_ns;
    const struct lt_counters *counters; /* where sources count; NULL: nowhere */
};

/* Appends the object, in one line. */
void lt_progress_write(const struct lt_progress_facts *facts, struct lt_text_buffer *json);

#endif
