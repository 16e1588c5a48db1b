#include "core/run/batch_clock.h"

static int64_t now_ns(void *context)
{
    const struct lt_batch_clock *clock = context;
    return lt_clock_now_ns(clock->running);
}

static int64_t wall_us(void *context)
{
    const struct lt_batch_clock *clock = context;
    return clock->wall_us;
}

void lt_batch_clock_init(struct lt_batch_clock *clock, const struct lt_clock *running)
{
    *clock = (struct lt_batch_clock){
        .clock = {.now_ns = now_ns, .wall_us = wall_us, .context = clock},
        .running = running,
        .wall_us = lt_clock_wall_us(running),
    };
}

void lt_batch_clock_begin(struct lt_batch_clock *clock, const struct lt_batch *batch)
{
    clock->wall_us = batch->timestamp_us;
}
