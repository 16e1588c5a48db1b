#include "core/run/ring_outlet.h"

static bool try_put(struct lt_ring_outlet *outlet, const struct lt_item *item)
{
    struct lt_item *slot = lt_ring_claim(outlet->ring);
    if (lt_unlikely(slot == NULL))
        return false;
    *slot = *item;
    lt_ring_publish(outlet->ring);
    if (outlet->waker == NULL)
        return true;
    outlet->published_since = outlet->woke;
    if (!outlet->woke)
        lt_waker_wake(outlet->waker);
    outlet->woke = true;
    return true;
}

static void put(struct lt_ring_outlet *outlet, const struct lt_item *item)
{
    if (lt_unlikely(!lt_item_queue_is_empty(&outlet->pending)) || !try_put(outlet, item))
        lt_item_queue_push(&outlet->pending, item);
}

static void emit(struct lt_out *out, struct lt_row *row)
{
    put((struct lt_ring_outlet *)(void *)out, &(struct lt_item){.kind = LT_ITEM_ROW, .row = row});
}

static void fail(struct lt_out *out, struct lt_row *row, struct lt_fault *fault)
{
    put((struct lt_ring_outlet *)(void *)out,
        &(struct lt_item){.kind = LT_ITEM_FAILED, .row = row, .fault = fault});
}

void lt_ring_outlet_init(struct lt_ring_outlet *outlet, struct lt_ring *ring,
                         struct lt_waker *waker)
{
    *outlet = (struct lt_ring_outlet){.out = {emit, fail}, .ring = ring, .waker = waker};
    lt_item_queue_init(&outlet->pending);
}

void lt_ring_outlet_fini(struct lt_ring_outlet *outlet)
{
    lt_item_queue_fini(&outlet->pending);
}

uint32_t lt_ring_outlet_step(struct lt_ring_outlet *outlet)
{
    uint32_t moved = 0;
    while (!lt_item_queue_is_empty(&outlet->pending)) {
        if (!try_put(outlet, lt_item_queue_first(&outlet->pending)))
            break;
        lt_item_queue_pop(&outlet->pending);
        moved++;
    }
    return moved;
}

void lt_ring_outlet_begin(struct lt_ring_outlet *outlet, const struct lt_batch *batch)
{
    put(outlet, &(struct lt_item){.kind = LT_ITEM_BEGIN, .batch = batch});
}

void lt_ring_outlet_marker(struct lt_ring_outlet *outlet, uint64_t epoch)
{
    put(outlet, &(struct lt_item){.kind = LT_ITEM_MARKER, .epoch = epoch});
}

void lt_ring_outlet_flush(struct lt_ring_outlet *outlet)
{
    if (outlet->published_since)
        lt_waker_wake(outlet->waker);
    outlet->woke = outlet->published_since = false;
}
