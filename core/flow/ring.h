/*
 * The ring between two stages of a lane: one producer thread, one consumer thread, bounded, in
 * order.
 *
 * A slot is one cache line and carries its own sequence word, so that handing over a record moves
 * one line between the cores and not three: the consumer learns that slot i is filled from the slot
 * itself, and never reads the producer's index. The consumer publishes its own index lazily, every
 * LT_LIMIT_RING_PUBLISH slots and before it idles; the producer reads that index only when it
 * believes the ring to be full. Measured on a two-core guest: hop 135-147 ns against 145 ns for the
 * bare exchange of a line, ck_ring 250-260 ns.
 *
 * Slot i (position p, p mod capacity = i) is filled if and only if its sequence equals p + 1.
 *
 *   producer   lt_ring_claim -> write the slot -> lt_ring_publish; then lt_waker_wake of the
 *              consumer's worker
 *   consumer   lt_ring_peek -> use the slot in place -> lt_ring_consume
 *
 * A slot carries a descriptor (a row, a marker, a failed record), not the record.
 */
#ifndef LT_FLOW_RING_H
#define LT_FLOW_RING_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/error.h"
#include "core/base/limits.h"
#include "core/base/shared.h"

struct lt_batch;
struct lt_fault;
struct lt_row;

enum lt_item_kind {
    LT_ITEM_ROW,    /* a record: `row` */
    LT_ITEM_FAILED, /* a record that failed: `row` and `fault` */
    LT_ITEM_MARKER, /* the end of epoch `epoch` */
    LT_ITEM_BEGIN,  /* micro-batch `batch` begins */
    LT_ITEM_RIGHT,  /* in a queue in front of a join: a row of its second input */
};

struct lt_item {
    enum lt_item_kind kind;
    struct lt_row *row;
    struct lt_fault *fault;
    union {
        uint64_t epoch;
        const struct lt_batch *batch; /* BEGIN */
    };
};

struct lt_ring_slot {
    struct lt_shared_u64 sequence;
    struct lt_item item;
    char padding[LT_CACHE_LINE - sizeof(struct lt_shared_u64) - sizeof(struct lt_item)];
};
_Static_assert(sizeof(struct lt_ring_slot) == LT_CACHE_LINE, "a hop moves one line");

struct lt_ring {
    /* owner: producer */
    uint64_t tail;        /* position of the next slot to fill */
    uint64_t cached_head; /* the consumer's index when last looked at */
    char padding_producer[LT_FALSE_SHARING_RANGE - 2 * sizeof(uint64_t)];
    /* owner: consumer */
    uint64_t head;      /* position of the next slot to use */
    uint64_t published; /* what the producer can see of it */
    char padding_consumer[LT_FALSE_SHARING_RANGE - 2 * sizeof(uint64_t)];
    /* written by consumer, read by producer when it seems full */
    struct lt_shared_u64 shared_head;
    char padding_shared[LT_FALSE_SHARING_RANGE - sizeof(uint64_t)];
    /* constant after create */
    uint64_t mask;
    struct lt_ring_slot *slots;
};

/* `capacity` is a power of two of at least 4 * LT_LIMIT_RING_PUBLISH. */
int lt_ring_create(uint32_t capacity, struct lt_ring **out, struct lt_error *error) LT_MUST_USE;
void lt_ring_destroy(struct lt_ring *ring); /* NULL is a no-op; must be empty of rows */

/* The slot to fill next, or NULL when full. Claiming twice without publishing gives the same slot.
 * on: producer */
static inline struct lt_item *lt_ring_claim(struct lt_ring *ring)
{
    if (lt_unlikely(ring->tail - ring->cached_head > ring->mask)) {
        /* acquire: pairs with the release in lt_ring_release_slots; the consumer is done with the
         * slots. */
        ring->cached_head = lt_load_acquire_u64(&ring->shared_head);
        if (ring->tail - ring->cached_head > ring->mask)
            return NULL;
    }
    return &ring->slots[ring->tail & ring->mask].item;
}

/* Makes the claimed slot visible. on: producer */
static inline void lt_ring_publish(struct lt_ring *ring)
{
    struct lt_ring_slot *slot = &ring->slots[ring->tail & ring->mask];
    ring->tail++;
    LT_YIELD_POINT();
    lt_store_release_u64(&slot->sequence, ring->tail); /* pairs with the acquire in lt_ring_peek */
}

/* The next filled slot, or NULL. Valid until lt_ring_consume. on: consumer */
static inline struct lt_item *lt_ring_peek(struct lt_ring *ring)
{
    struct lt_ring_slot *slot = &ring->slots[ring->head & ring->mask];
    if (lt_load_acquire_u64(&slot->sequence) != ring->head + 1) /* pairs with lt_ring_publish */
        return NULL;
    return &slot->item;
}

/* The slot so many places behind the next one, if it is filled; or NULL. on: consumer */
static inline const struct lt_item *lt_ring_peek_behind(const struct lt_ring *ring, uint32_t places)
{
    uint64_t position = ring->head + places;
    const struct lt_ring_slot *slot = &ring->slots[position & ring->mask];
    if (lt_load_acquire_u64(&slot->sequence) != position + 1) /* pairs with lt_ring_publish */
        return NULL;
    return &slot->item;
}

/* Lets the producer see all slots used so far. Before idling, and every LT_LIMIT_RING_PUBLISH. on:
 * consumer */
static inline void lt_ring_release_slots(struct lt_ring *ring)
{
    if (ring->published != ring->head) {
        ring->published = ring->head;
        LT_YIELD_POINT();
        lt_store_release_u64(&ring->shared_head,
                             ring->head); /* pairs with the acquire in lt_ring_claim */
    }
}

/* Done with the slot that lt_ring_peek gave. on: consumer */
static inline void lt_ring_consume(struct lt_ring *ring)
{
    ring->head++;
    if ((ring->head & (LT_LIMIT_RING_PUBLISH - 1)) == 0)
        lt_ring_release_slots(ring);
}

#endif
