/*
 * Time: the only place that reads a clock.
 *
 * A clock is handed down, so that tests and embedders can supply their own: the deterministic
 * simulator runs a whole query on a clock that moves only when told to.
 *
 * `now_ns` is monotonic, in nanoseconds from an arbitrary start, and what deadlines and latencies
 * use. `wall_us` is microseconds since the Unix epoch (UTC), and what timestamps and logs use.
 */
#ifndef LT_BASE_CLOCK_H
#define LT_BASE_CLOCK_H

#include <stdint.h>

struct lt_clock {
    int64_t (*now_ns)(void *context);
    int64_t (*wall_us)(void *context);
    void *context;
};

enum {
    LT_NS_PER_US = 1000,
    LT_NS_PER_MS = 1000000,
    LT_NS_PER_S = 1000000000,
    LT_US_PER_MS = 1000,
    LT_US_PER_S = 1000000
};

/* No deadline: later than any time a clock can return. */
#define LT_NEVER_NS INT64_MAX

/* The machine's clock (CLOCK_MONOTONIC and CLOCK_REALTIME). on: any. Lives for ever. */
const struct lt_clock *lt_clock_system(void);

static inline int64_t lt_clock_now_ns(const struct lt_clock *clock)
{
    return clock->now_ns(clock->context);
}

static inline int64_t lt_clock_wall_us(const struct lt_clock *clock)
{
    return clock->wall_us(clock->context);
}

/* A clock that moves only when told to. */
struct lt_clock_manual {
    struct lt_clock clock; /* pass &manual.clock */
    int64_t now_ns;
    int64_t wall_us;
};
void lt_clock_manual_init(struct lt_clock_manual *manual, int64_t now_ns, int64_t wall_us);
void lt_clock_manual_advance(struct lt_clock_manual *manual, int64_t delta_ns);

/* Writes "2026-01-15T09:30:10.000Z" (24 characters and a NUL) for a wall time. */
enum { LT_CLOCK_ISO_SIZE = 32 };
void lt_clock_format_iso(int64_t wall_us, char out[LT_CLOCK_ISO_SIZE]);

#endif
