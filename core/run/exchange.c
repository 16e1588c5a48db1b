#include "core/run/exchange.h"

#include <stdlib.h>

#include "core/base/arena.h"
#include "core/data/row_bytes.h"
#include "core/state/store.h"

static uint32_t instance_of(struct lt_exchange *exchange, const struct lt_row *row)
{
    const struct lt_ops_exchange *how = exchange->how;
    lt_text_clear(&exchange->key);
    lt_row_bytes_write_key(how->schema, row, how->columns, how->column_count, &exchange->key);
    uint32_t group = lt_state_group_of(exchange->key.data, exchange->key.size_bytes);
    return lt_state_partition_of(group, exchange->count);
}

static void emit_dealt(struct lt_out *out, struct lt_row *row)
{
    struct lt_exchange *exchange = (struct lt_exchange *)(void *)out;
    struct lt_out *to = &exchange->outlets[instance_of(exchange, row)].out;
    to->emit(to, row);
}

static void emit_to_one(struct lt_out *out, struct lt_row *row)
{
    struct lt_out *to = &((struct lt_exchange *)(void *)out)->outlets[0].out;
    to->emit(to, row);
}

static void fail(struct lt_out *out, struct lt_row *row, struct lt_fault *fault)
{
    struct lt_out *to = &((struct lt_exchange *)(void *)out)->outlets[0].out;
    to->fail(to, row, fault);
}

void lt_exchange_init(struct lt_exchange *exchange, const struct lt_ops_exchange *how,
                      uint32_t count)
{
    lt_assert(count == 1 || how->column_count > 0);
    *exchange = (struct lt_exchange){
        .out = {count == 1 ? emit_to_one : emit_dealt, fail, NULL},
        .how = how,
        .outlets = lt_alloc_array(count, sizeof *exchange->outlets),
        .count = count,
    };
    lt_text_init(&exchange->key);
}

void lt_exchange_connect(struct lt_exchange *exchange, uint32_t instance, struct lt_ring *ring,
                         struct lt_waker *waker)
{
    lt_ring_outlet_init(&exchange->outlets[instance], ring, waker);
}

void lt_exchange_fini(struct lt_exchange *exchange)
{
    for (uint32_t i = 0; i < exchange->count; i++)
        lt_ring_outlet_fini(&exchange->outlets[i]);
    free(exchange->outlets);
    lt_text_fini(&exchange->key);
    *exchange = (struct lt_exchange){0};
}

uint32_t lt_exchange_step(struct lt_exchange *exchange)
{
    uint32_t moved = 0;
    for (uint32_t i = 0; i < exchange->count; i++)
        moved += lt_ring_outlet_step(&exchange->outlets[i]);
    return moved;
}

bool lt_exchange_is_blocked(const struct lt_exchange *exchange)
{
    for (uint32_t i = 0; i < exchange->count; i++)
        if (!lt_item_queue_is_empty(&exchange->outlets[i].pending))
            return true;
    return false;
}

void lt_exchange_begin(struct lt_exchange *exchange, const struct lt_batch *batch)
{
    for (uint32_t i = 0; i < exchange->count; i++)
        lt_ring_outlet_begin(&exchange->outlets[i], batch);
}

void lt_exchange_marker(struct lt_exchange *exchange, uint64_t epoch)
{
    for (uint32_t i = 0; i < exchange->count; i++)
        lt_ring_outlet_marker(&exchange->outlets[i], epoch);
}

void lt_exchange_flush(struct lt_exchange *exchange)
{
    for (uint32_t i = 0; i < exchange->count; i++)
        lt_ring_outlet_flush(&exchange->outlets[i]);
}
