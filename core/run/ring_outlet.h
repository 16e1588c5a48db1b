/*
 * The end of a stage that is not the last: puts rows, failed records and markers into the ring to
 * the next stage.
 *
 * A full ring never loses and never waits: what does not fit is queued here, in order, and the
 * stage takes no input until the queue is empty. The next stage's worker is woken when the first
 * item of a step is published, so that it starts at once, and again at the end of the step if more
 * was published since, in case it fell asleep in between. A wake costs a full fence, which waits
 * for the line of the slot to come from the other core: not one more than is needed, and none for a
 * worker that never parks.
 *
 * on: the stage's thread.
 */
#ifndef LT_RUN_RING_OUTLET_H
#define LT_RUN_RING_OUTLET_H

#include <stdbool.h>
#include <stdint.h>

#include "core/flow/operator.h"
#include "core/flow/ring.h"
#include "core/flow/waker.h"
#include "core/run/item_queue.h"

struct lt_ring_outlet {
    struct lt_out out;
    struct lt_ring *ring;   /* constant */
    struct lt_waker *waker; /* of the consumer's worker; NULL when it is our own or never parks */
    struct lt_item_queue pending;
    bool woke;            /* since the last flush */
    bool published_since; /* that wake */
};

void lt_ring_outlet_init(struct lt_ring_outlet *outlet, struct lt_ring *ring,
                         struct lt_waker *waker);
void lt_ring_outlet_fini(struct lt_ring_outlet *outlet);
/* Moves queued items into the ring; the number moved. */
uint32_t lt_ring_outlet_step(struct lt_ring_outlet *outlet);
void lt_ring_outlet_begin(struct lt_ring_outlet *outlet, const struct lt_batch *batch);
void lt_ring_outlet_marker(struct lt_ring_outlet *outlet, uint64_t epoch);
/* End of a step. */
void lt_ring_outlet_flush(struct lt_ring_outlet *outlet);

#endif
