/*
 * Some keys, and what the live copy in RocksDB has of them, asked in one go: of keys that lie near
 * each other RocksDB looks into each filter, index and block once, and not once for each key.
 *
 * What they are for: a batch's keys ahead of their gets, and the entries of a cursor by time.
 *
 * on: one thread.
 */
#ifndef LT_STATE_ROCKSDB_MANY_H
#define LT_STATE_ROCKSDB_MANY_H

#include "core/base/text_buffer.h"
#include "core/state/rocksdb_live.h"

struct lt_state_many {
    uint32_t count;
    uint32_t next; /* the user's: the one to look at */
    size_t ends[LT_STATE_AHEAD_MAX];
    struct lt_text_buffer keys; /* one behind the other */
    struct lt_state_live_value values[LT_STATE_AHEAD_MAX];
};

void lt_state_many_init(struct lt_state_many *many);
void lt_state_many_fini(struct lt_state_many *many);
/* Forgets all; values are given back. */
void lt_state_many_clear(struct lt_state_many *many);
/* Copies a key; there is room. */
void lt_state_many_add(struct lt_state_many *many, struct lt_state_bytes key);
struct lt_state_bytes lt_state_many_key(const struct lt_state_many *many, uint32_t index);
/* Asks for all of them, once. 0, or a negative code and none has a value. */
int lt_state_many_get(struct lt_state_many *many, struct lt_state_live *live,
                      struct lt_error *error) LT_MUST_USE;

#endif
