/*
 * The parts of the store in RocksDB, for its own files.
 */
#ifndef LT_STATE_ROCKSDB_INTERNAL_H
#define LT_STATE_ROCKSDB_INTERNAL_H

#include "core/state/keeper.h"
#include "core/state/overlay.h"
#include "core/state/rocksdb_many.h"

enum {
    LT_STATE_ROCKSDB_PINNED = 64,  /* values of so many gets stay where they are */
    LT_STATE_ROCKSDB_CURSORS = 16, /* that are under way */
};

struct lt_state_rocksdb_cursor {
    uint64_t number; /* a cursor's place[0]; 0: free */
    rocksdb_iterator_t *iterator;
    /* By time: the next entries, and when each is final. NULL otherwise. */
    struct lt_state_rocksdb_final *final;
};

struct lt_state_rocksdb_final {
    struct lt_state_many entries;
    int64_t at[LT_STATE_AHEAD_MAX];
    uint32_t wanted; /* so many are read next: few at first, as many walks are short */
};

/* What the live copy has of the key that was got last: who puts it next need not ask again. */
struct lt_state_rocksdb_asked {
    bool is_valid, is_stored;
    int64_t final_at;
    unsigned char *key;
    size_t key_bytes, key_capacity;
};

struct lt_state_rocksdb {
    struct lt_state_store base;
    struct lt_state_keeper *keeper;
    uint32_t key_suffix_bytes;
    struct lt_state_rocksdb_settings settings;
    char *path;        /* of the live copy */
    bool is_temporary; /* it goes when the store is closed */
    struct lt_state_live live;
    struct lt_state_overlay overlay;
    struct lt_state_live_value pinned[LT_STATE_ROCKSDB_PINNED];
    uint32_t pinned_count;
    struct lt_state_rocksdb_asked asked;
    struct lt_state_many ahead; /* keys that are to be got */
    struct lt_state_rocksdb_cursor cursors[LT_STATE_ROCKSDB_CURSORS];
    uint64_t cursor_count;
    /* RocksDB's key of the first stored time that the batch has not touched, or one before it with
     * nothing between them; empty: not known. What has been touched stays so until the batch's end,
     * and is not there any more after it: so a new cursor begins here. */
    struct lt_text_buffer first_time;
    uint64_t entries, updated, removed;
    bool is_prepared;
    bool is_settling; /* what was committed is not all in the live copy, but so many entries: */
    uint32_t settled;
    struct lt_error fault; /* of RocksDB: nothing is prepared after it */
};

static inline struct lt_state_rocksdb *lt_state_rocksdb_of(const struct lt_state_store *store)
{
    return (struct lt_state_rocksdb *)(uintptr_t)store; /* the base is its first member */
}

/* Gives back the values that gets have given. */
void lt_state_rocksdb_unpin(struct lt_state_rocksdb *rocks);
/* Writes a piece of what was committed. */
void lt_state_rocksdb_settle(struct lt_state_rocksdb *rocks);
static inline void lt_state_rocksdb_settle_all(struct lt_state_rocksdb *rocks)
{
    while (lt_unlikely(rocks->is_settling)) /* ends with the overlay */
        lt_state_rocksdb_settle(rocks);
}
/* The store's operations at the end of a batch. */
void lt_state_rocksdb_prepare(struct lt_state_store *store, uint64_t version);
int lt_state_rocksdb_prepared(struct lt_state_store *store, struct lt_error *error) LT_MUST_USE;
void lt_state_rocksdb_commit(struct lt_state_store *store);
bool lt_state_rocksdb_is_settled(const struct lt_state_store *store);
int lt_state_rocksdb_fault(const struct lt_state_store *store, struct lt_error *error) LT_MUST_USE;
int lt_state_rocksdb_abort(struct lt_state_store *store, struct lt_error *error);
uint32_t lt_state_rocksdb_maintain(struct lt_state_store *store, uint64_t oldest);
/* Notes what the live copy has of a key. */
void lt_state_rocksdb_remember(struct lt_state_rocksdb *rocks, struct lt_state_bytes key,
                               bool is_stored, int64_t final_at);
bool lt_state_rocksdb_next(struct lt_state_cursor *cursor, struct lt_state_entry *entry);
/* Ends all cursors. */
void lt_state_rocksdb_end_cursors(struct lt_state_rocksdb *rocks);

#endif
