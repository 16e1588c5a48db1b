#include "core/run/item_queue.h"

#include <stdlib.h>

#include "core/base/arena.h"
#include "core/data/row.h"
#include "core/flow/fault.h"

void lt_item_queue_init(struct lt_item_queue *queue)
{
    *queue = (struct lt_item_queue){.capacity = 2 * LT_LIMIT_POLL_RECORDS};
    queue->items = lt_alloc_array(queue->capacity, sizeof *queue->items);
}

void lt_item_queue_fini(struct lt_item_queue *queue)
{
    while (!lt_item_queue_is_empty(queue)) {
        struct lt_item *item = lt_item_queue_first(queue);
        if (item->row != NULL)
            lt_row_release(item->row);
        lt_fault_destroy(item->fault);
        lt_item_queue_pop(queue);
    }
    free(queue->items);
    *queue = (struct lt_item_queue){0};
}

void lt_item_ring_destroy(struct lt_ring *ring)
{
    struct lt_item *item;
    while (ring != NULL && (item = lt_ring_peek(ring)) != NULL) {
        if (item->row != NULL)
            lt_row_release(item->row);
        lt_fault_destroy(item->fault);
        lt_ring_consume(ring);
    }
    lt_ring_destroy(ring);
}

static void grow(struct lt_item_queue *queue)
{
    uint32_t capacity = queue->capacity * 2;
    lt_assert(capacity > queue->capacity);
    struct lt_item *items = lt_alloc_array(capacity, sizeof *items);
    for (uint32_t i = 0; i < queue->count; i++)
        items[i] = queue->items[(queue->head + i) & (queue->capacity - 1)];
    free(queue->items);
    queue->items = items;
    queue->capacity = capacity;
    queue->head = 0;
}

void lt_item_queue_push(struct lt_item_queue *queue, const struct lt_item *item)
{
    if (queue->count == queue->capacity)
        grow(queue);
    queue->items[(queue->head + queue->count) & (queue->capacity - 1)] = *item;
    queue->count++;
}
