/*
 * The source `rate`: rows made at a given rate, for demonstrations, tests and measurements.
 *
 * Two schedules. By default Spark's of continuous mode: each partition counts by itself, from its
 * own number in steps of the number of partitions, and its period is a whole number of
 * milliseconds. What was missed while the query was stopped is made up for at once. (A period that
 * would round to 0 is kept exact in nanoseconds; Spark would run without any. Run times in
 * positions are then when the query was new, since the rest follows from the value.)
 *
 * `openLoop` is leat's, for measuring: any rate up to tens of millions a second, after
 * `rampUpTime`. Each row carries the moment at which it was *due*, as its timestamp and as its
 * ingest time, however late it is made: so a stall of the pipeline shows in every latency that it
 * has touched, and none is left out. The schedule begins anew with each start.
 *
 * Rows are made from their number alone (io/rate_rows.h), so the same position gives the same
 * values again.
 *
 * Position: `offset` is the next value to make, `extra` the run time of the last one made, in
 * milliseconds. In text, as Spark writes it, `value` is the last one made.
 */
#ifndef LT_IO_RATE_H
#define LT_IO_RATE_H

#include "core/flow/connector.h"

extern const struct lt_source_type lt_rate_source_type;

/* What follows is for rate.c, rate_reader.c and rate_rows.c. */

struct lt_rate_rows;

struct lt_rate_source {
    struct lt_source base;
    const struct lt_clock *clock; /* after connect */
    int64_t rows_per_second;
    int64_t ramp_up_ns;
    uint32_t partition_count;
    bool is_open_loop;
    struct lt_rate_rows *rows; /* in the arena */
};

int lt_rate_open_reader(struct lt_source *source, const struct lt_connector_env *env,
                        const uint32_t *partitions, uint32_t partition_count,
                        const struct lt_position *start, const struct lt_position *end,
                        struct lt_reader **out, struct lt_error *error);

#endif
