/*
 * What leat's ring is measured against: the bare exchange of a cache line, Concurrency Kit's SPSC
 * ring, and a ring whose two sides keep a copy of each other's index. Records are the same 64-byte
 * slots, inline. None of this is part of leat.
 *
 * Each kind has try_put (the value `number`, false when full) and try_take (the value that must
 * come next, false when there is none yet; another value ends the program).
 */
#ifndef LT_BENCH_REFERENCE_RINGS_H
#define LT_BENCH_REFERENCE_RINGS_H

#include <ck_ring.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "bench/verdict.h"
#include "core/base/error.h"
#include "core/base/shared.h"

enum { REFERENCE_SLOTS = 1024 /* as many as leat's */ };

static inline void expect_number(uint64_t number, uint64_t expected)
{
    if (lt_unlikely(number != expected))
        bench_wrong("%llu came out of the ring instead of %llu", (unsigned long long)number,
                    (unsigned long long)expected);
}

/* One line that a value is stored in, and seen there by the other core. */
struct raw_line {
    struct lt_shared_u64 word;
    char padding[LT_FALSE_SHARING_RANGE - sizeof(struct lt_shared_u64)];
};

static inline bool raw_try_put(void *channel, uint64_t number)
{
    lt_store_release_u64(&((struct raw_line *)channel)->word, number); /* pairs with raw_try_take */
    return true;
}

static inline bool raw_try_take(void *channel, uint64_t expected)
{
    return lt_load_acquire_u64(&((struct raw_line *)channel)->word) == expected;
}

struct reference_slot {
    uint64_t words[8];
};

struct cached_ring {
    struct lt_shared_u64 tail; /* written by producer */
    uint64_t cached_head;      /* producer's */
    char padding_producer[LT_FALSE_SHARING_RANGE - 2 * sizeof(uint64_t)];
    struct lt_shared_u64 head; /* written by consumer */
    uint64_t cached_tail;      /* consumer's */
    char padding_consumer[LT_FALSE_SHARING_RANGE - 2 * sizeof(uint64_t)];
    struct reference_slot slots[REFERENCE_SLOTS];
};

static inline bool cached_try_put(void *channel, uint64_t number)
{
    struct cached_ring *ring = channel;
    uint64_t tail = ring->tail.value;
    if (tail - ring->cached_head == REFERENCE_SLOTS) {
        ring->cached_head = lt_load_acquire_u64(&ring->head); /* pairs with cached_try_take */
        if (tail - ring->cached_head == REFERENCE_SLOTS)
            return false;
    }
    struct reference_slot *slot = &ring->slots[tail % REFERENCE_SLOTS];
    slot->words[0] = 0;
    slot->words[1] = slot->words[2] = 0;
    slot->words[3] = number;
    lt_store_release_u64(&ring->tail, tail + 1); /* pairs with cached_try_take */
    return true;
}

static inline bool cached_try_take(void *channel, uint64_t expected)
{
    struct cached_ring *ring = channel;
    uint64_t head = ring->head.value;
    if (head == ring->cached_tail) {
        ring->cached_tail = lt_load_acquire_u64(&ring->tail); /* pairs with cached_try_put */
        if (head == ring->cached_tail)
            return false;
    }
    expect_number(ring->slots[head % REFERENCE_SLOTS].words[3], expected);
    lt_store_release_u64(&ring->head, head + 1); /* pairs with cached_try_put */
    return true;
}

CK_RING_PROTOTYPE(reference_slot, reference_slot)

struct ck_channel {
    struct ck_ring ring; /* pads its two indices apart by itself */
    char padding[LT_FALSE_SHARING_RANGE];
    struct reference_slot slots[REFERENCE_SLOTS];
};

static inline bool ck_try_put(void *channel, uint64_t number)
{
    struct ck_channel *ck = channel;
    struct reference_slot slot = {{0, 0, 0, number}};
    return ck_ring_enqueue_spsc_reference_slot(&ck->ring, ck->slots, &slot);
}

static inline bool ck_try_take(void *channel, uint64_t expected)
{
    struct ck_channel *ck = channel;
    struct reference_slot slot;
    if (!ck_ring_dequeue_spsc_reference_slot(&ck->ring, ck->slots, &slot))
        return false;
    expect_number(slot.words[3], expected);
    return true;
}

#endif
