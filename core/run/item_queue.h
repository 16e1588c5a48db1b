/*
 * A first-in first-out queue of items inside one thread: what a full ring, a busy sink or a
 * retrying operator could not take yet. It holds at most what one bounded step of the source can
 * produce, unless an operator makes many rows of one; it grows then, and keeps its memory.
 */
#ifndef LT_RUN_ITEM_QUEUE_H
#define LT_RUN_ITEM_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/flow/ring.h"

struct lt_item_queue {
    struct lt_item *items;
    uint32_t capacity; /* a power of two, or 0 */
    uint32_t head, count;
};

void lt_item_queue_init(struct lt_item_queue *queue); /* room for one poll; allocates */
/* Releases the rows and faults that are left. */
void lt_item_queue_fini(struct lt_item_queue *queue);
void lt_item_queue_push(struct lt_item_queue *queue, const struct lt_item *item);

static inline bool lt_item_queue_is_empty(const struct lt_item_queue *queue)
{
    return queue->count == 0;
}
/* The oldest; the queue must not be empty. */
static inline struct lt_item *lt_item_queue_first(struct lt_item_queue *queue)
{
    return &queue->items[queue->head];
}
static inline void lt_item_queue_pop(struct lt_item_queue *queue)
{
    queue->head = (queue->head + 1) & (queue->capacity - 1);
    queue->count--;
}

/* Releases what a ring still holds, and destroys it. NULL is a no-op. on: any, when both its ends
 * have stopped. */
void lt_item_ring_destroy(struct lt_ring *ring);

#endif
