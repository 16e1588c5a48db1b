/*
 * What the stateful operators share: the watermarks of the batch at hand, what is counted of it,
 * the end with an error, and rows that are made from state and from no row of a source.
 *
 * A stateful operator lives in one instance of a segment, which has the keys of its partition for
 * itself: nothing here is shared between threads. Its state is in stores (core/state/store.h) that
 * the runner opens for it; what it keeps in memory is of one batch, and forgotten with it.
 *
 * Keys are the byte form of the key columns (lt_row_bytes_write_key), the same bytes that the
 * exchange has dealt the rows by. Values are byte forms of rows, so that a tool can show them with
 * no more than the schemas beside the state.
 *
 * An operator that cannot go on (no memory, damaged state, a sum that overflows) sets its `failure`
 * and takes part no more: rows are released, and its batch does not end. So no marker passes that
 * would make a part of a batch count as the whole.
 *
 * A stateful operator's name (ops->name) is the operatorName of Spark's progress.
 *
 * on: the instance's thread; what takes an arena: control.
 */
#ifndef LT_OPS_STATEFUL_BASE_H
#define LT_OPS_STATEFUL_BASE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/error.h"
#include "core/data/row_bytes.h"
#include "core/flow/operator.h"
#include "core/flow/plan.h"
#include "core/state/store.h"

enum {
    /* Entries of state that one call of drain takes: a few hundred microseconds of work, after
     * which the worker looks at its other duties. */
    LT_STATEFUL_STEP = 1024,
};

struct lt_stateful {
    struct lt_operator base;
    const struct lt_plan_stateful *plan; /* NULL: an operator without state of its own */
    const struct lt_batch *batch;        /* NULL before the first */
    int64_t late_us, eviction_us;        /* of the batch: its watermarks */
    struct lt_state_metrics metrics;     /* of the batch; rows_total and memory are the stores' */
    struct lt_error error;               /* why it cannot go on */
    const struct lt_clock *clock;
    int64_t now_ns;         /* when the rows that it makes of state are made: once in a drain */
    struct lt_arena *arena; /* schemas */
    struct lt_shared_u64 *in, *late; /* NULL before open */
};

/* `plan` and the schemas must outlive the operator. */
void lt_stateful_init(struct lt_stateful *stateful, const struct lt_operator_ops *ops,
                      const struct lt_plan_stateful *plan, const struct lt_type *input,
                      const struct lt_type *output);
void lt_stateful_fini(struct lt_stateful *stateful);
/* Clock and counters. */
void lt_stateful_open(struct lt_stateful *stateful, const struct lt_operator_env *env);
/* A store; refused where the runner gives none, which is so in continuous mode. */
int lt_stateful_open_store(struct lt_stateful *stateful, const struct lt_operator_env *env,
                           const struct lt_operator_store *request, struct lt_state_store **out,
                           struct lt_error *error) LT_MUST_USE;
/* A pool for as many rows as may be on their way, of the operator's output or another schema. */
int lt_stateful_open_pool(const struct lt_stateful *stateful, const struct lt_operator_env *env,
                          uint32_t column_count, struct lt_row_pool **out,
                          struct lt_error *error) LT_MUST_USE;
/* A pool of one row, for the operator to read bytes into. */
int lt_stateful_open_reader(const struct lt_type *schema, struct lt_row_pool **out,
                            struct lt_error *error) LT_MUST_USE;
/* Takes its row home, and destroys it; NULL: there is no row, or no pool. */
void lt_stateful_close_reader(struct lt_row_pool *pool, struct lt_row *row);
/* A counter of the operator's own. */
struct lt_shared_u64 *lt_stateful_counter(const struct lt_operator_env *env, const char *name,
                                          const char *help);

/* The operator's `begin`: a new batch, nothing counted of it yet. */
void lt_stateful_begin(struct lt_operator *op, const struct lt_batch *batch);
/* What was counted, with the entries and the memory of a store added (NULL: none). */
void lt_stateful_add_store(const struct lt_state_store *store, struct lt_state_metrics *out);

/* The event time of a row in microseconds, of a window its end. False: there is none, or it is
 * NULL. */
bool lt_event_time_of(const struct lt_plan_event_time *event_time, const struct lt_row *row,
                      int64_t *out_us);
/* Is it late? Then it is counted as dropped; the row stays the caller's. */
bool lt_stateful_is_late(struct lt_stateful *stateful, const struct lt_plan_event_time *event_time,
                         const struct lt_row *row);

static inline bool lt_stateful_has_failed(const struct lt_stateful *stateful)
{
    return stateful->base.failure != NULL;
}
/* The operator cannot go on. The first reason counts. */
void lt_stateful_fail(struct lt_stateful *stateful, const struct lt_error *error);
/* The same for what an expression or an aggregate says; takes the fault. */
void lt_stateful_fail_by(struct lt_stateful *stateful, struct lt_fault *fault);
void lt_stateful_fail_for_memory(struct lt_stateful *stateful);
/* The state says what it cannot say. */
void lt_stateful_fail_for_damage(struct lt_stateful *stateful, const char *what);
/* What process answers once it has failed. Takes the row. */
enum lt_process lt_stateful_refuse(struct lt_row *row);

/* Makes a row, just claimed, one that comes of state: it has no origin and arrives now. */
void lt_stateful_adopt(const struct lt_stateful *stateful, struct lt_row *row);
/* Fills columns from `first_column` on from bytes that are copied into the row's scratch. False: it
 * has failed. */
bool lt_stateful_read_copied(struct lt_stateful *stateful, const struct lt_type *schema,
                             struct lt_state_bytes bytes, struct lt_row *row,
                             uint32_t first_column) LT_MUST_USE;
/* Fills the one row of a reader's pool, taking it home first: the values lie in `bytes`. False: it
 * has failed. */
bool lt_stateful_read(struct lt_stateful *stateful, const struct lt_type *schema,
                      struct lt_state_bytes bytes, struct lt_row_pool *pool,
                      struct lt_row **row) LT_MUST_USE;
/* Puts an entry. False: it has failed. */
bool lt_stateful_put(struct lt_stateful *stateful, struct lt_state_store *store,
                     struct lt_state_bytes key, const struct lt_text_buffer *value,
                     int64_t final_at) LT_MUST_USE;

/* The columns of a schema, as a schema of their own. */
const struct lt_type *lt_stateful_columns(struct lt_arena *arena, const struct lt_type *schema,
                                          const uint32_t *columns, uint32_t count);
static inline struct lt_state_bytes lt_state_bytes_of(const struct lt_text_buffer *text)
{
    return (struct lt_state_bytes){.data = text->data, .size_bytes = text->size_bytes};
}

#endif
