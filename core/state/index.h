/*
 * Where the record of a key is: open addressing over 8 bytes a slot, 32 bits of the key's hash and
 * the record's place. A search goes on from the hash's slot until a free one; it looks at a record
 * only where all 32 bits agree, which is nearly always the one. The slots grow without a look at
 * any record. A slot that is freed is filled from behind, so nothing is left over.
 *
 * on: one thread at a time.
 */
#ifndef LT_STATE_INDEX_H
#define LT_STATE_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lt_state_slot {
    uint32_t hash, place; /* place 0: free */
};

struct lt_state_index {
    struct lt_state_slot *slots;
    uint64_t capacity; /* a power of 2; 0: none yet */
    uint64_t count;
};

void lt_state_index_fini(struct lt_state_index *index);
/* Room for so many more. False: there is no memory; nothing has changed. */
bool lt_state_index_reserve(struct lt_state_index *index, uint64_t more);
/* Adds what is not there; after a reserve. */
void lt_state_index_add(struct lt_state_index *index, uint64_t hash, uint32_t place);
void lt_state_index_remove(struct lt_state_index *index, uint64_t slot);

/* The first slot to look at for a hash, and the one after a slot. Look while it is not free. */
static inline uint64_t lt_state_index_first(const struct lt_state_index *index, uint64_t hash)
{
    return (uint32_t)hash & (index->capacity - 1);
}
static inline uint64_t lt_state_index_after(const struct lt_state_index *index, uint64_t slot)
{
    return (slot + 1) & (index->capacity - 1);
}
static inline void lt_state_index_prefetch(const struct lt_state_index *index, uint64_t hash)
{
    __builtin_prefetch(&index->slots[lt_state_index_first(index, hash)], 1);
}

#endif
