/*
 * How a thread that has nothing to do is woken: one eventfd per worker, written only when the
 * worker says that it sleeps.
 *
 * Dekker's exchange: the sleeper sets `parked`, fences, looks once more for work, then waits; the
 * waker makes its work visible, fences, looks at `parked`. One of the two sees the other.
 *
 * Cost to the waker while the worker is awake: one fence (about 15 ns); no system call.
 */
#ifndef LT_FLOW_WAKER_H
#define LT_FLOW_WAKER_H

#include <stdbool.h>

#include "core/base/error.h"
#include "core/base/shared.h"

struct lt_waker {
    struct lt_shared_u32 parked; /* 1 while the owner waits or is about to; written by the owner */
    int event_fd;                /* constant */
};

int lt_waker_open(struct lt_waker *waker, struct lt_error *error) LT_MUST_USE;
void lt_waker_close(struct lt_waker *waker);
/* Writes the eventfd. on: any; for lt_waker_wake and signal handlers. */
void lt_waker_write(struct lt_waker *waker);
/* Empties the eventfd, never waits. Not for a reactor's waker, which its reactor empties. on:
 * owner. */
void lt_waker_drain(struct lt_waker *waker);

/* on: any, after making the work visible. */
static inline void lt_waker_wake(struct lt_waker *waker)
{
    lt_fence_full();                              /* pairs with lt_waker_prepare_to_park */
    if (lt_load_relaxed_u32(&waker->parked) != 0) /* relaxed: ordered by the fence */
        lt_waker_write(waker);
}

/* on: owner. After this, look for work once more, then wait, then lt_waker_unpark. */
static inline void lt_waker_prepare_to_park(struct lt_waker *waker)
{
    lt_store_fenced_u32(&waker->parked, 1); /* pairs with lt_waker_wake */
}
static inline void lt_waker_unpark(struct lt_waker *waker)
{
    lt_store_relaxed_u32(&waker->parked, 0); /* relaxed: a late wake costs one spurious round */
}

/* A counted signal from a foreign thread (a library's callback): raise() counts and wakes; the
 * worker compares the count with the one it saw, before it drains. */
struct lt_signal {
    struct lt_shared_u64 count;
    struct lt_waker *waker;
};

/* on: any. */
static inline void lt_signal_raise(struct lt_signal *signal)
{
    lt_add_u64(&signal->count, 1); /* pairs with lt_signal_take */
    lt_waker_wake(signal->waker);
}
/* True when raised since *seen; updates *seen. on: owner. */
static inline bool lt_signal_take(const struct lt_signal *signal, uint64_t *seen)
{
    uint64_t count = lt_load_acquire_u64(&signal->count); /* pairs with lt_signal_raise */
    if (count == *seen)
        return false;
    *seen = count;
    return true;
}

#endif
