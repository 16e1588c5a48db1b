/*
 * How many records a micro-batch lets in: maxOffsetsPerTrigger, minOffsetsPerTrigger and
 * maxTriggerDelay, as Spark counts them.
 *
 * The most is shared out by backlog: each partition gets its part of the limit, rounded down, or up
 * where that is less than one record; so the sum may be a little more or less than the limit, and
 * every partition that has something moves on.
 *
 * on: the control thread.
 */
#include <math.h>

#include "io/kafka_source_internal.h"

static int64_t number_option(const struct lt_kafka_source *source, const char *name)
{
    return lt_options_has(source->options, name)
               ? lt_options_i64(source->options, lt_kafka_source_options,
                                lt_kafka_source_option_count, name)
               : 0;
}

static int64_t backlog(const struct lt_position *start, const struct lt_position *latest)
{
    return latest->offset > start->offset ? latest->offset - start->offset : 0;
}

/* True when there is too little, and the last batch not too long ago. One that goes around a loss
 * does so at once. */
static bool must_wait(struct lt_kafka_source *source, int64_t total)
{
    int64_t least = number_option(source, "minOffsetsPerTrigger");
    int64_t now_ns = lt_clock_now_ns(source->env.clock);
    int64_t delay_ns = lt_options_i64(source->options, lt_kafka_source_options,
                                      lt_kafka_source_option_count, "maxTriggerDelay");
    if (least > 0 && total < least && source->has_fired && !source->begins_anew &&
        now_ns - source->last_fired_ns < delay_ns)
        return true;
    source->begins_anew = false;
    source->has_fired = true;
    source->last_fired_ns = now_ns;
    return false;
}

static int64_t share_of(int64_t size, int64_t total, int64_t limit)
{
    double share = (double)limit * ((double)size / (double)total);
    return (int64_t)(share < 1.0 ? ceil(share) : floor(share));
}

int lt_kafka_admit(struct lt_source *base, const struct lt_position *start,
                   const struct lt_position *latest, struct lt_position *end,
                   struct lt_error *error)
{
    struct lt_kafka_source *source = (struct lt_kafka_source *)base;
    int64_t limit = number_option(source, "maxOffsetsPerTrigger"), total = 0;
    (void)error;
    for (uint32_t i = 0; i < base->partition_count; i++)
        total += backlog(&start[i], &latest[i]);
    if (must_wait(source, total))
        return 0;
    for (uint32_t i = 0; i < base->partition_count; i++) {
        int64_t size = backlog(&start[i], &latest[i]);
        int64_t taken = size > 0 && limit > 0 ? share_of(size, total, limit) : size;
        end[i] = (struct lt_position){.offset = start[i].offset + (taken < size ? taken : size)};
    }
    return 1;
}
