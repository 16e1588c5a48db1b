/*
 * The parts of the store in memory, for its own files.
 *
 * A record is in one of these states:
 *
 *   0                 as it was committed last
 *   change            made in this batch; `change` is its number in `changes` + 1
 *   change | REMOVED  the key is in the index but has no value: until the commit the record holds
 *                     its place, be it the committed one or one that was made in this batch
 *   change | OLD      as it was committed last, and hidden by a newer one: not in the index, kept
 *                     for an abort
 *
 * So the index always leads to what a get is to see, and each key that was touched has one change
 * that knows what was before.
 */
#ifndef LT_STATE_MEMORY_INTERNAL_H
#define LT_STATE_MEMORY_INTERNAL_H

#include "core/state/arena.h"
#include "core/state/index.h"
#include "core/state/keeper.h"
#include "core/state/times.h"

enum {
    LT_STATE_CHANGE_BITS = 30,
    LT_STATE_CHANGES_MAX = (1 << LT_STATE_CHANGE_BITS) - 2,
    LT_STATE_OLD = 1 << LT_STATE_CHANGE_BITS,
};
#define LT_STATE_REMOVED ((uint32_t)2 << LT_STATE_CHANGE_BITS)

struct lt_state_memory_change {
    uint64_t hash;
    uint32_t now; /* the record in the index */
    uint32_t old; /* the record that was committed; LT_STATE_NO_PLACE: there was none */
};

struct lt_state_memory {
    struct lt_state_store base;
    struct lt_state_keeper *keeper;
    uint32_t key_suffix_bytes;
    struct lt_state_arena arena;
    struct lt_state_index index;
    struct lt_state_times *times; /* of what has a value and becomes final */
    struct lt_state_memory_change *changes;
    uint32_t change_count, change_capacity;
    uint64_t entries, committed_entries; /* with a value */
    uint64_t updated, removed;           /* in this batch */
    bool is_prepared;
};

static inline struct lt_state_memory *lt_state_memory_of(const struct lt_state_store *store)
{
    return (struct lt_state_memory *)(uintptr_t)store; /* the base is its first member */
}
static inline bool lt_state_record_has_value(const struct lt_state_record *record)
{
    return (record->state & LT_STATE_REMOVED) == 0;
}
static inline struct lt_state_memory_change *
lt_state_memory_change_of(const struct lt_state_memory *memory,
                          const struct lt_state_record *record)
{
    return &memory->changes[(record->state & (LT_STATE_OLD - 1)) - 1];
}
static inline struct lt_state_bytes lt_state_record_key_bytes(struct lt_state_record *record)
{
    return (struct lt_state_bytes){lt_state_record_key(record), record->key_bytes};
}
static inline struct lt_state_bytes lt_state_record_value_bytes(struct lt_state_record *record)
{
    return (struct lt_state_bytes){lt_state_record_value(record), record->value_bytes};
}

/* The slot that leads to a record (asserted that there is one). */
uint64_t lt_state_memory_slot_of(const struct lt_state_memory *memory, uint64_t hash,
                                 uint32_t place);
/* Takes a time out of the order, unless another record with a value has it with this hash too. */
void lt_state_memory_forget_time(struct lt_state_memory *memory, uint64_t hash, int64_t final_at);
/* Empties a segment with holes, if there is one that is worth it. */
bool lt_state_memory_compact(struct lt_state_memory *memory);

/* The calls of the batch's end: memory_commit.c. */
void lt_state_memory_prepare(struct lt_state_store *store, uint64_t version);
int lt_state_memory_prepared(struct lt_state_store *store, struct lt_error *error);
void lt_state_memory_commit(struct lt_state_store *store);
int lt_state_memory_abort(struct lt_state_store *store, struct lt_error *error);

/* Fills an empty store with the entries of a stream, which it destroys: memory_load.c. */
int lt_state_memory_load(struct lt_state_memory *memory, struct lt_state_merge *merge,
                         struct lt_reactor *reactor, struct lt_error *error) LT_MUST_USE;

#endif
