/*
 * A stateful operator by itself: rows go in as JSON, batch by batch, with the watermarks that the
 * test says; what comes out is compared as JSON lines, in any order unless asked otherwise, with
 * what is counted of the batch.
 *
 * Rows that come out are kept until the operator has none left, and are written down only then: so
 * each test is also one of going on where there was no room, and of rows whose memory must stay.
 *
 * State is kept while operators are closed and opened again.
 *
 * An aggregation is run as a query runs it: partial operators, then the final one. Here they are
 * `lanes` many, and rows are dealt to them in turn. Behind them are `instances` of the operator,
 * and rows are dealt to those as the node's exchange says.
 */
#ifndef LT_TESTS_SUPPORT_STATEFUL_WORLD_H
#define LT_TESTS_SUPPORT_STATEFUL_WORLD_H

#include "core/base/arena.h"
#include "core/base/counters.h"
#include "core/flow/operator.h"
#include "core/flow/plan.h"
#include "ops/catalog.h"

enum { STATEFUL_STORES = 32, STATEFUL_LANES = 3, STATEFUL_INSTANCES = 7, STATEFUL_ROWS = 512 };

struct stateful_out {
    struct lt_out out;
    struct stateful_world *world;
};

struct stateful_world {
    struct lt_arena *arena;
    struct lt_counters *counters;
    struct lt_clock_manual clock;
    const struct lt_type *schemas[2];
    struct lt_row_pool *inputs[2];
    struct lt_plan_node *node;
    uint32_t lanes; /* partial operators; 1 unless set before open */
    uint32_t instances, rows_in_flight; /* as above: 1, 3 */
    bool has_memory_store; /* as above: the store of queries, in place of the model */
    bool is_told_ahead;    /* as above: the model is told keys ahead, as the store in RocksDB */
    struct lt_operator *op;             /* the first instance */
    struct lt_operator *ops[STATEFUL_INSTANCES], *partials[STATEFUL_LANES];
    struct lt_ops_exchange exchanges[2];
    struct lt_text_buffer key;
    struct stateful_out partial_out, final_out;
    struct {
        const char *name;
        uint32_t instance;
        struct lt_state_store *store;
    } stores[STATEFUL_STORES];
    uint32_t store_count;
    struct lt_operator_state state;
    struct lt_batch batch;
    struct lt_batch_watermarks watermarks;
    uint32_t next_lane;
    struct lt_row *kept[STATEFUL_ROWS]; /* that came out */
    uint32_t kept_count;
    char *lines[STATEFUL_ROWS];
    uint32_t line_count;
    uint32_t failed; /* records */
    struct lt_error error;
};

/* The schemas of the inputs as DDL; `right` NULL: there is one. */
void stateful_world_init(struct stateful_world *world, enum lt_plan_kind kind, const char *left,
                         const char *right);
void stateful_world_fini(struct stateful_world *world);
/* Analyses the node and opens its operators, on the state that there is. */
void stateful_world_open(struct stateful_world *world, const struct lt_plan_stateful *plan);
void stateful_world_close(struct stateful_world *world);

/* A batch: begin, rows, end. Watermarks in milliseconds. */
void stateful_world_begin(struct stateful_world *world, int64_t late_ms, int64_t eviction_ms);
void stateful_world_give(struct stateful_world *world, uint32_t side, const char *json);
void stateful_world_end(struct stateful_world *world);
/* End, whatever becomes of it: false if the operator fails. */
bool stateful_world_try_end(struct stateful_world *world);

/* A whole batch: `left` and `right` are JSON lines, or NULL. */
void stateful_world_batch(struct stateful_world *world, int64_t late_ms, int64_t eviction_ms,
                          const char *left, const char *right);
/* The lines of the last batch, sorted, are these. Sorted or as they came. */
void stateful_world_expect(struct stateful_world *world, const char *lines);
void stateful_world_expect_in_order(struct stateful_world *world, const char *lines);
/* What was counted of it, over all instances. */
struct lt_state_metrics stateful_world_metrics(const struct stateful_world *world);
/* numRowsTotal, -Updated, -Removed, -DroppedByWatermark of the last batch. */
void stateful_world_expect_counts(struct stateful_world *world, uint64_t total, uint64_t updated,
                                  uint64_t removed, uint64_t dropped);

#endif
