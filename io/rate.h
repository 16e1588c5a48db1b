/*
 * The source `rate`: rows made at a given rate, for demonstrations, tests and measurements; and the
 * schedule of other sources that make theirs up (io/nexmark.h).
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

/* ------------------------------------------------------------- for the sources that share it */

/* What a row is made of: rate's own columns are io/rate_rows.h, the source nexmark has others. */
struct lt_rate_maker {
    const void *rows; /* in the arena of the source */
    /* Fills a row just claimed from its number and the moment at which it was due. on: the lane. */
    void (*fill)(const void *rows, struct lt_row *row, int64_t value, int64_t timestamp_us);
    uint32_t scratch_size_bytes; /* of memory that `fill` takes from the row */
};

struct lt_rate_settings {
    struct lt_rate_maker maker;
    int64_t rows_per_second;
    int64_t ramp_up_ns;
    int64_t row_count; /* the source ends after so many, over all partitions; 0: never */
    uint32_t partition_count;
    bool is_open_loop;
};

struct lt_rate_source {
    struct lt_source base;
    const struct lt_clock *clock; /* after connect, as these */
    int64_t creation_ms;          /* kept by an earlier start; 0: there was none */
    bool keeps_creation;
    struct lt_rate_settings settings;
};

/* A source of this type on rate's schedule, without description; the caller's. */
struct lt_source *lt_rate_source_create(const struct lt_source_type *type,
                                        const struct lt_type *schema,
                                        const struct lt_rate_settings *settings);

/* For rate.c alone. */
int lt_rate_open_reader(struct lt_source *source, const struct lt_connector_env *env,
                        const uint32_t *partitions, uint32_t partition_count,
                        const struct lt_position *start, const struct lt_position *end,
                        struct lt_reader **out, struct lt_error *error);

#endif
