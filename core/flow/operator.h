/*
 * The operator contract: one step of a lane between source and sink. Stateless operators (map,
 * filter, project, flat-map) run in continuous mode; stateful ones only in micro-batch mode; both
 * see this contract.
 *
 * An operator is handed one row and emits 0..n rows. It never waits: what it emits is always taken;
 * back-pressure acts on the source before the next row. A row it is handed is its own: it lets it
 * pass, or emits it, or releases it, or fails it.
 *
 *   on the record path   process, on_batch_end: no allocation, lock or system call
 *   in order with rows   on_marker: everything before the marker has been processed
 *
 * In micro-batch mode rows come in batches (core/flow/batch.h): begin, then rows, then on_marker,
 * when a stateful operator gives out what is final or has changed. Its state is in stores that it
 * opens through its environment; the runner makes their changes durable with the batch.
 *
 * One operator object per lane, made by its type's `create` and used by one thread.
 */
#ifndef LT_FLOW_OPERATOR_H
#define LT_FLOW_OPERATOR_H

#include <stdint.h>

#include "core/base/clock.h"
#include "core/base/counters.h"
#include "core/base/text_buffer.h"
#include "core/data/row.h"
#include "core/data/type.h"
#include "core/flow/batch.h"
#include "core/flow/fault.h"

/* What a record is before it is a row. */
enum lt_record_form {
    LT_RECORD_TEXT, /* its bytes are column 0 */
    LT_RECORD_JSON, /* an object whose fields are columns, by their names; of duplicates the last */
};

/* What the operator that rows go to first tells of records before rows are made of them: most that
 * a filter leaves out are seen to be by a glance, which costs less than a row. Only what would
 * certainly be left out, and would not fail, is. on: the thread that emits. */
struct lt_preview {
    /* Every record that ends before the answer, which lies in [from, end], would be left out,
     * whatever else it holds; of JSON, if it begins with {. Optional, but one of the two. */
    const uint8_t *(*find)(struct lt_preview *preview, const uint8_t *from, const uint8_t *end);
    /* Would the record be left out? Optional. */
    bool (*leaves_out)(struct lt_preview *preview, const struct lt_bytes *record);
    /* So many were left out: the operator counts them as its own. */
    void (*count)(struct lt_preview *preview, uint64_t records);
};

/* Where rows go next: the next operator of the fused chain, a ring, or the sinks. */
struct lt_out {
    /* Takes one reference to `row`. Never fails. */
    void (*emit)(struct lt_out *out, struct lt_row *row);
    /* Takes `row` and `fault`: the record cannot be processed. Travels in order with the rows. */
    void (*fail)(struct lt_out *out, struct lt_row *row, struct lt_fault *fault);
    /* A preview for records of this form, whose first `column_count` columns come from the record;
     * NULL: nothing can be told. It lives as long as `out`. Optional. */
    struct lt_preview *(*preview)(struct lt_out *out, enum lt_record_form form,
                                  uint32_t column_count);
};

enum lt_process {
    LT_PROCESS_PASS,  /* emit the row for me: the cheapest way for one that goes on as it is */
    LT_PROCESS_DONE,  /* the row was emitted, released or failed */
    LT_PROCESS_RETRY, /* nothing happened: hand me the same row in the next step */
    LT_PROCESS_STOP,  /* the row was taken; end the query well after it (user operators) */
};

struct lt_state_store; /* core/state/store.h */

/* One store that a stateful operator asks for. */
struct lt_operator_store {
    const char *name; /* NULL: the operator's only one */
    /* As in Spark's progress; NULL: it has none, and is not compared with what was there. */
    const char *operator_name;
    /* What its keys and values are, kept beside the state and compared with what was there
     * (STATE_STORE_KEY_SCHEMA_NOT_COMPATIBLE); NULL: that is not said. */
    const struct lt_type *key, *value;
    /* So many bytes at the end of each key do not count for its group: entries that differ in them
     * alone are of one key to the operator, and stay together. */
    uint32_t key_suffix_bytes;
};

/* Where a stateful operator gets its stores. The runner's: it opens them at the version to go on
 * from, and closes them after the operator. */
struct lt_operator_state {
    void *context;
    uint32_t partition, partition_count;
    /* on: in the operator's open. */
    int (*open)(void *context, const struct lt_operator_store *request, struct lt_state_store **out,
                struct lt_error *error);
};

struct lt_operator_env {
    const struct lt_clock *clock;
    struct lt_counters *counters;
    const char *counter_prefix; /* "lane0.filter1." */
    uint32_t lane;
    bool is_shared;          /* rows are released on other threads */
    uint32_t rows_in_flight; /* how many rows of its own pool must be able to be on their way */
    /* Of a stateful operator in micro-batch mode; NULL otherwise. */
    const struct lt_operator_state *state;
};

struct lt_operator;

/* What one record costs at most, as the operator is compiled; all count from where they were. */
struct lt_operator_cost {
    uint32_t rows;            /* made anew: a generator's is one for each row that comes out */
    uint32_t documents;       /* JSON and CSV texts gone through, each where it lies */
    uint32_t fields_parsed;   /* fields of them that are looked into, where all are there */
    uint32_t fields_declared; /* and would be if nothing were left out: those that types declare
                                 and paths name */
    uint32_t texts_copied;    /* texts in them that are copied when they have escapes */
    bool has_elements;        /* fields of arrays' and maps' elements count for each element */
};

struct lt_operator_ops {
    const char *name; /* "filter" */
    int (*open)(struct lt_operator *op, const struct lt_operator_env *env, struct lt_error *error);
    enum lt_process (*process)(struct lt_operator *op, struct lt_row *row, struct lt_out *out);
    /* As process, for a row of the second input of a join. Optional: there is one input. */
    enum lt_process (*process_right)(struct lt_operator *op, struct lt_row *row,
                                     struct lt_out *out);
    /* Rows that are handed over next, in this order, of the first or the second input, at most
     * LT_LIMIT_EXPECTED_ROWS: what state says of them can be looked for at once. A hint; they stay
     * the caller's. Optional; for the first operator of an instance, in micro-batch mode. */
    void (*expect)(struct lt_operator *op, struct lt_row *const *rows, uint32_t count,
                   bool is_right);
    /* A micro-batch begins: its first row comes after this. `batch` stays until its marker has
     * passed. Optional; not called in continuous mode. */
    void (*begin)(struct lt_operator *op, const struct lt_batch *batch);
    /* What was seen and counted in the batch whose marker has passed; optional. on: control, when
     * all have passed it and have made their state durable; the instances change nothing meanwhile.
     */
    void (*event_times)(const struct lt_operator *op, struct lt_event_times *out);
    void (*state_metrics)(const struct lt_operator *op, struct lt_state_metrics *out);
    /* When it wants a batch though no row has come: microseconds, as a batch's timestamp_us, of the
     * batch whose marker has passed; INT64_MAX: it does not. Optional. on: control, when all have
     * passed it: the instance has noted the time, and no store is asked. */
    int64_t (*due_us)(const struct lt_operator *op);
    /* The rows at hand are through; optional. */
    void (*on_batch_end)(struct lt_operator *op, struct lt_out *out);
    /* Epoch `epoch` ends here; optional. */
    void (*on_marker)(struct lt_operator *op, uint64_t epoch, struct lt_out *out);
    /* on_marker for an operator that may give out more rows than its pool has: gives out what there
     * is room for, and is called again until it says true. Rows come again only after that.
     * Optional; the operator has this or on_marker. */
    bool (*drain)(struct lt_operator *op, uint64_t epoch, struct lt_out *out);
    /* Adds what a record costs; optional. on: control, on any state after create. */
    void (*add_cost)(const struct lt_operator *op, struct lt_operator_cost *cost);
    /* As of lt_out, after open; optional. */
    struct lt_preview *(*preview)(struct lt_operator *op, enum lt_record_form form,
                                  uint32_t column_count);
    /* Frees the operator; called once, on any state after create. No row of its pool is in
     * flight. */
    void (*close)(struct lt_operator *op);
};

/* Embedded as the first member of each operator's own struct. */
struct lt_operator {
    const struct lt_operator_ops *ops;
    const struct lt_type *input_schema;
    const struct lt_type *output_schema;
    /* Counter of the records that it has left out on purpose, after open; NULL: it leaves none
     * out. */
    const struct lt_shared_u64 *left_out;
    /* Not NULL: it cannot go on, and the query is to stop with this error. It takes rows still, and
     * gives none; of drain it says that it is not done. Asked after each step. */
    const struct lt_error *failure;
};

#endif
