/*
 * A change of one key, and a stream of them: what the files of a store hold, what its merges read
 * and make, what a commit gives to be written.
 *
 * A stream is in ascending order of hash, and of keys with one hash in the order of their bytes;
 * each key comes once. The hash begins with the key's group, so that the groups of a partition are
 * a range of every stream, and a file that is dealt anew is read from one place to another.
 *
 * on: one thread at a time.
 */
#ifndef LT_STATE_CHANGE_H
#define LT_STATE_CHANGE_H

#include <string.h>
#include <xxhash.h>

#include "core/state/store.h"

enum { LT_STATE_GROUP_SHIFT = 56 };
_Static_assert(LT_STATE_KEY_GROUPS == 1 << (64 - LT_STATE_GROUP_SHIFT), "a byte of the hash");

struct lt_state_change {
    uint64_t hash;
    struct lt_state_bytes key, value; /* no value if removed */
    int64_t final_at;
    bool is_removed;
};

struct lt_state_stream {
    /* 1: the next one, whose bytes are valid until the next call; 0: the end; negative: failed. */
    int (*next)(struct lt_state_stream *stream, struct lt_state_change *out,
                struct lt_error *error);
    void (*destroy)(struct lt_state_stream *stream);
};

/* The group's byte comes from the key without its suffix, all else from the whole key. Part of the
 * file format. */
static inline uint64_t lt_state_hash(const void *key, size_t size_bytes, uint32_t suffix_bytes)
{
    uint64_t whole = XXH3_64bits(key, size_bytes);
    if (suffix_bytes == 0)
        return whole;
    size_t counted = size_bytes > suffix_bytes ? size_bytes - suffix_bytes : 0;
    uint64_t front = XXH3_64bits(key, counted);
    uint64_t group_mask = ~(uint64_t)0 << LT_STATE_GROUP_SHIFT;
    return (front & group_mask) | (whole & ~group_mask);
}

static inline uint32_t lt_state_group_of_hash(uint64_t hash)
{
    return (uint32_t)(hash >> LT_STATE_GROUP_SHIFT);
}

static inline bool lt_state_bytes_equal(struct lt_state_bytes a, struct lt_state_bytes b)
{
    return a.size_bytes == b.size_bytes &&
           (a.size_bytes == 0 || memcmp(a.data, b.data, a.size_bytes) == 0);
}

static inline int lt_state_bytes_compare(struct lt_state_bytes a, struct lt_state_bytes b)
{
    size_t common = a.size_bytes < b.size_bytes ? a.size_bytes : b.size_bytes;
    int order = common == 0 ? 0 : memcmp(a.data, b.data, common);
    return order != 0 ? order : (a.size_bytes > b.size_bytes) - (a.size_bytes < b.size_bytes);
}

/* An error if key and value are larger than an entry can be. on: any. */
int lt_state_entry_check(struct lt_state_bytes key, struct lt_state_bytes value,
                         struct lt_error *error) LT_MUST_USE;

/* By hash, then by key: negative, 0, positive. */
static inline int lt_state_change_compare(const struct lt_state_change *a,
                                          const struct lt_state_change *b)
{
    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    return lt_state_bytes_compare(a->key, b->key);
}

#endif
