/*
 * An exchange, seen from those who put rows into it: deals rows to the instances of the next
 * segment by the bytes of their key columns, one ring to each. Rows that are equal in those columns
 * come to one instance, whoever deals them, and stay in the order in which this one deals them.
 *
 * What a batch is, its marker and records that have failed go the same way: the first two to every
 * instance, a failed record to the first.
 *
 * A full ring never loses and never waits (core/run/ring_outlet.h).
 *
 * on: the thread of the stage that deals.
 */
#ifndef LT_RUN_EXCHANGE_H
#define LT_RUN_EXCHANGE_H

#include "core/base/text_buffer.h"
#include "core/run/ring_outlet.h"
#include "ops/catalog.h"

struct lt_exchange {
    struct lt_out out;
    const struct lt_ops_exchange *how;
    struct lt_ring_outlet *outlets; /* by instance */
    uint32_t count;
    struct lt_text_buffer key; /* of the row at hand */
};

/* `how` outlives it. The rings are given before the first row. */
void lt_exchange_init(struct lt_exchange *exchange, const struct lt_ops_exchange *how,
                      uint32_t count);
/* `waker` as of lt_ring_outlet_init. */
void lt_exchange_connect(struct lt_exchange *exchange, uint32_t instance, struct lt_ring *ring,
                         struct lt_waker *waker);
void lt_exchange_fini(struct lt_exchange *exchange); /* a zeroed one is a no-op */

uint32_t lt_exchange_step(struct lt_exchange *exchange);
bool lt_exchange_is_blocked(const struct lt_exchange *exchange);
void lt_exchange_begin(struct lt_exchange *exchange, const struct lt_batch *batch);
void lt_exchange_marker(struct lt_exchange *exchange, uint64_t epoch);
void lt_exchange_flush(struct lt_exchange *exchange);

#endif
