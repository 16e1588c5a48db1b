/*
 * At most three quarters of the slots are taken.
 */
#include "core/state/index.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core/base/error.h"

enum { CAPACITY_LEAST = 64, HUGE_PAGE_BYTES = 2 * 1024 * 1024 };
#define CAPACITY_MAX ((uint64_t)1 << 32) /* the bits of a hash that a slot has */

void lt_state_index_fini(struct lt_state_index *index)
{
    free(index->slots);
    *index = (struct lt_state_index){0};
}

static struct lt_state_slot *take_slots(uint64_t capacity)
{
    size_t size_bytes = (size_t)capacity * sizeof(struct lt_state_slot);
    if (size_bytes < HUGE_PAGE_BYTES)
        return calloc(capacity, sizeof(struct lt_state_slot));
    struct lt_state_slot *slots = aligned_alloc(HUGE_PAGE_BYTES, size_bytes);
    if (slots != NULL) {
        (void)madvise(slots, size_bytes, MADV_HUGEPAGE); /* advice: faults are fewer with it */
        memset(slots, 0, size_bytes);
    }
    return slots;
}

void lt_state_index_add(struct lt_state_index *index, uint64_t hash, uint32_t place)
{
    uint64_t slot = lt_state_index_first(index, hash);
    while (index->slots[slot].place != 0) /* ends: a quarter is free */
        slot = lt_state_index_after(index, slot);
    index->slots[slot] = (struct lt_state_slot){(uint32_t)hash, place};
    index->count++;
}

bool lt_state_index_reserve(struct lt_state_index *index, uint64_t more)
{
    uint64_t needed = index->count + more;
    if (needed <= index->capacity / 4 * 3)
        return true;
    uint64_t capacity = index->capacity == 0 ? CAPACITY_LEAST : index->capacity;
    while (capacity / 4 * 3 < needed && capacity < CAPACITY_MAX)
        capacity *= 2;
    if (capacity / 4 * 3 < needed)
        return false;
    struct lt_state_index grown = {.slots = take_slots(capacity), .capacity = capacity};
    if (grown.slots == NULL)
        return false;
    for (uint64_t i = 0; i < index->capacity; i++) {
        const struct lt_state_slot *slot = &index->slots[i];
        if (slot->place != 0)
            lt_state_index_add(&grown, slot->hash, slot->place);
    }
    free(index->slots);
    *index = grown;
    return true;
}

void lt_state_index_remove(struct lt_state_index *index, uint64_t slot)
{
    uint64_t mask = index->capacity - 1, gap = slot;
    lt_debug_assert(index->slots[slot].place != 0);
    for (uint64_t next = lt_state_index_after(index, gap); index->slots[next].place != 0;
         next = lt_state_index_after(index, next)) {
        uint64_t first = lt_state_index_first(index, index->slots[next].hash);
        /* What is at `next` may stand in the gap unless its first slot lies behind the gap. */
        if (((next - first) & mask) >= ((next - gap) & mask)) {
            index->slots[gap] = index->slots[next];
            gap = next;
        }
    }
    index->slots[gap] = (struct lt_state_slot){0};
    index->count--;
}
