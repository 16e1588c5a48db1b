/*
 * What a query with state gives out, batch by batch, as plain lists that are gone through: the
 * reference that a simulated query is compared with. Rows are a function of a seed and of where
 * they stand in their source; so the model knows them without having been given any.
 *
 *   windows    rows of five seconds by key: counted and summed, in append or update mode
 *   totals     the same by key alone and for ever, in update or complete mode
 *   sessions   of a key, with less than 2.5 s between two rows
 *   distinct   rows whose key and time have not come before
 *   within     rows whose key has not come within the watermark's delay
 *   chain      distinct, and then windows without a key
 *   join       of two sources, by window and key, in all five kinds
 *
 * Late and final as in core/flow/batch.h; watermarks as in core/run/watermarks.h, of which a run
 * of the query forgets what its single nodes have seen.
 */
#ifndef LT_TESTS_BATCH_MODEL_H
#define LT_TESTS_BATCH_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "core/flow/plan.h"

enum {
    BATCH_SOURCES = 2,
    BATCH_PARTITIONS = 3, /* of a source */
    BATCH_CELLS = 10,
    BATCH_KEPT = 4096, /* rows or groups that the model can hold */
};
#define BATCH_NULL INT64_MIN

enum batch_query {
    BATCH_WINDOWS,
    BATCH_TOTALS,
    BATCH_SESSIONS,
    BATCH_DISTINCT,
    BATCH_WITHIN,
    BATCH_CHAIN,
    BATCH_JOIN,
    BATCH_QUERIES
};

/* What is asked. */
struct batch_question {
    enum batch_query query;
    enum lt_output_mode mode;
    enum lt_join_kind join;
    bool takes_greatest; /* of two watermarks */
    uint64_t seed;       /* of the rows */
};

/* A row of a source: k, t, w, v. */
struct batch_event {
    int64_t key, time_us, start_us, end_us, value;
};

/* A row that comes out, its columns one after the other, a window as two; the rest is 0. */
struct batch_row {
    int64_t cells[BATCH_CELLS];
};
struct batch_rows {
    struct batch_row list[BATCH_KEPT];
    uint32_t count;
};

/* Where a batch begins and ends. */
typedef int64_t batch_positions[BATCH_SOURCES][BATCH_PARTITIONS];

/* What progress says of a batch. -1: it cannot be told without knowing lanes. */
struct batch_facts {
    int64_t input_rows, watermark_ms, total_rows, late_rows;
};

/* A window, a session, a key that has come, or a row of one side of a join. */
struct batch_kept {
    struct batch_event event;
    int64_t start_us, end_us, key, count, sum;
    bool is_touched; /* in this batch; of a join: it was matched */
};

struct batch_model {
    struct batch_question question;
    int64_t now_ms, before_ms; /* watermarks of the next batch and of the one before it */
    int64_t node_ms[BATCH_SOURCES];
    uint64_t run; /* in which node_ms was seen */
    struct batch_kept kept[BATCH_SOURCES][BATCH_KEPT];
    uint32_t kept_count[BATCH_SOURCES];
    bool is_full; /* it cannot go on: the world is too large */
};

enum {
    BATCH_GAP_MS = 2500,
    BATCH_WINDOW_MS = 5000,
};
/* The delay of a source's watermark; totals have none. */
int64_t batch_delay_ms(uint32_t source);
uint32_t batch_source_count(const struct batch_question *question);
bool batch_has_watermark(const struct batch_question *question);

void batch_event_at(const struct batch_question *question, uint32_t source, uint32_t partition,
                    int64_t offset, struct batch_event *out);

void batch_model_init(struct batch_model *model, const struct batch_question *question);
/* The next batch, read in the query's run `run`. */
void batch_model_run(struct batch_model *model, const batch_positions from,
                     const batch_positions to, uint64_t run, struct batch_rows *out,
                     struct batch_facts *facts);
/* The watermark has moved since the last batch, and something acts on that. */
bool batch_model_wants_batch(const struct batch_model *model);

/* In an order of their own, so that two lists can be compared. */
void batch_rows_sort(struct batch_row *list, uint32_t count);

#endif
