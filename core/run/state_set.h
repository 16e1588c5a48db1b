/*
 * The stores of one instance of a stateful operator: opened when the operator asks for them, at the
 * version that the query goes on from, and taken through the batches together.
 *
 * Batch N reads version N of every store and makes version N + 1.
 *
 *   open       in the operator's open
 *   prepare    the marker of N has passed the operator: the changes become version N + 1
 *   prepared   asked until all are durable
 *   begin      the next batch begins, so N is done: what was prepared counts from here on
 *   maintain   N is known to be done, and nothing else is to do
 *
 * on: the instance's thread.
 */
#ifndef LT_RUN_STATE_SET_H
#define LT_RUN_STATE_SET_H

#include "core/flow/operator.h"
#include "core/state/store.h"

/* What holds for all stores of a query. Texts outlive the set. */
struct lt_state_settings {
    const char *provider, *codec;
    const struct lt_state_rocksdb_settings *rocksdb;
    bool checks_schemas; /* with what the run before kept */
    const char *checkpoint_path; /* NULL: nothing is kept */
    uint32_t min_deltas_for_snapshot;
    uint32_t versions_to_retain;
    uint64_t version;                /* to open: the number of the next batch */
};

enum { LT_STATE_SET_STORES = 8 }; /* a join has four; custom state has one, with columns in it */

/* When the batch at hand came to what, on the query's clock; 0: not yet. */
struct lt_state_times {
    int64_t begun_ns;   /* its first word */
    int64_t marked_ns;  /* its marker, from all who feed the instance */
    int64_t drained_ns; /* what became final had been given out */
    int64_t durable_ns; /* the new version */
};

struct lt_state_set {
    struct lt_operator_state operator_state; /* what the operator gets */
    struct lt_state_settings settings;
    uint32_t number; /* of the operator: state/<number> */
    struct lt_reactor *reactor;
    struct lt_state_store *stores[LT_STATE_SET_STORES];
    uint32_t count;
    bool is_preparing, is_prepared; /* the last version, not yet committed */
    bool must_maintain;
    uint64_t version; /* that was prepared last */
    struct lt_state_times times; /* read by the control thread behind the report of the last one */
};

void lt_state_set_init(struct lt_state_set *set, const struct lt_state_settings *settings,
                       uint32_t number, uint32_t partition, uint32_t partition_count);
void lt_state_set_fini(struct lt_state_set *set); /* closes the stores; a zeroed one is a no-op */

/* Commits what was prepared. */
void lt_state_set_begin(struct lt_state_set *set);
/* Negative: what the stores give is not to be believed any more. */
int lt_state_set_fault(const struct lt_state_set *set, struct lt_error *error) LT_MUST_USE;
void lt_state_set_prepare(struct lt_state_set *set, uint64_t version);
/* 1: all are durable, since this call; 0: not yet, or told before; negative: failed. */
int lt_state_set_prepared(struct lt_state_set *set, struct lt_error *error) LT_MUST_USE;
/* The batch that was prepared last is done. */
void lt_state_set_done(struct lt_state_set *set);
/* All that this asks for is done; the next batch may begin before, and would wait for the rest. */
bool lt_state_set_is_settled(const struct lt_state_set *set);
/* A bounded piece of what is left to do after that; the work done. */
uint32_t lt_state_set_maintain(struct lt_state_set *set);

#endif
