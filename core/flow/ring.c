/*
 * Making and freeing rings. All that runs per record is in the header.
 */
#include "core/flow/ring.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"

int lt_ring_create(uint32_t capacity, struct lt_ring **out, struct lt_error *error)
{
    *out = NULL;
    if (capacity < 4 * LT_LIMIT_RING_PUBLISH || (capacity & (capacity - 1)) != 0)
        return lt_error_set(error, LT_E_INVALID,
                            "a ring of %u slots; hint: a power of two of at least %u", capacity,
                            4u * LT_LIMIT_RING_PUBLISH);
    struct lt_ring *ring = lt_alloc_aligned(sizeof *ring);
    memset(ring, 0, sizeof *ring);
    ring->mask = capacity - 1;
    /* Zeroed here and not by first use: a page fault in the record path would cost microseconds.
     * Sequence 0 is that of no position, so every slot is empty. */
    ring->slots = lt_alloc_aligned(capacity * sizeof *ring->slots);
    memset(ring->slots, 0, capacity * sizeof *ring->slots);
    *out = ring;
    return 0;
}

void lt_ring_destroy(struct lt_ring *ring)
{
    if (ring == NULL)
        return;
    lt_assert(ring->head == ring->tail);
    free(ring->slots);
    free(ring);
}
