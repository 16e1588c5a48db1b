/*
 * transformWithState: a processor of the program's, with state of each key (keyed_state.h).
 *
 * In a batch the rows are kept by key as they come. At its end the processor is called for each key
 * that had any, with all of its rows; then for each timer that is due, in the order of their times,
 * which is deleted after the call; then what has expired is removed. So data come before timers, as
 * in Spark.
 *
 * What the processor gives out may be more than there is room for, and it cannot be called half:
 * its rows wait in a list, from which they go on as rows come home.
 *
 * In the time mode EventTime rows that are late are dropped, and timers are due at the watermark;
 * in ProcessingTime at the batch's time. There is a batch without data when the watermark moves, as
 * in Spark, and when a timer is due; Spark runs one at each trigger in ProcessingTime.
 *
 * An initial state is rows of a table, each of a key. In the first batch of a query, before any of
 * its rows, the processor is called for each key that has some, by the instance whose key it is:
 * what it makes of them is durable with that batch, so a query that is begun again never does it
 * twice.
 *
 * Unlike Spark's, it takes any store. Not there are an event time of what comes out, and variables
 * whose types evolve.
 */
#ifndef LT_OPS_STATEFUL_TRANSFORM_H
#define LT_OPS_STATEFUL_TRANSFORM_H

#include "core/flow/plan.h"
#include "ops/stateful/keyed_state.h"

struct lt_transform_rows;

/* What the processor is called for: rows of a key, from the input or its initial ones; or a timer
 * of it. Good during the call. */
struct lt_transform_call {
    struct lt_keyed_state *state;
    const struct lt_row *key;
    struct lt_transform_rows *rows; /* NULL: a timer */
    bool is_initial;                /* the rows are: nothing may be given out */
    int64_t expiry_ms;              /* of the timer */
    struct lt_out *out;             /* takes rows of the output schema */
};

/* The next row of the key; good until the next one is asked for. NULL: no more. */
const struct lt_row *lt_transform_next_row(struct lt_transform_rows *rows);

/* What state begins with. */
struct lt_initial {
    const struct lt_type *schema;
    struct lt_array rows; /* structs of it */
    const uint32_t *keys; /* columns of it, in the order and of the types of the input's keys */
    uint32_t key_count;
};

struct lt_processor {
    const char *name;
    void *context;
    const struct lt_type *output;
    const struct lt_initial *initial; /* NULL: none */
    /* Once for each instance: declares variables. Negative: the query does not start. */
    int (*open)(void *context, struct lt_keyed_state *state, void **own, struct lt_error *error);
    /* Negative: the query stops. */
    int (*call)(void *own, const struct lt_transform_call *call, struct lt_error *error);
    void (*close)(void *own); /* also where open has failed after it had set `own` */
};

/* Plan, processor and schema outlive the operator. on: control. */
struct lt_operator *lt_transform_create(const struct lt_plan_stateful *plan,
                                        const struct lt_processor *processor,
                                        const struct lt_type *input);

#endif
