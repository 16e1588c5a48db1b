/*
 * The measured query, through the public header alone: orders of six typed, nested columns from the
 * source rate, a filter, a projection, and an output that the program reads.
 *
 *     rate (orders) -> [empty operator] -> filter -> project -> output
 *
 * Rows are made from their number, and the filter looks at the number: so each row that comes out
 * is known beforehand, and is checked.
 *
 * on: the thread that created it.
 */
#ifndef LT_BENCH_PIPELINE_H
#define LT_BENCH_PIPELINE_H

#include <stdbool.h>
#include <stdint.h>

struct pipeline_options {
    const char *rows_per_second; /* open loop: each row has the time at which it was due */
    const char *stages;          /* on threads of leat's; NULL: invoked by this thread */
    bool has_empty_operator;
    uint32_t output_rows; /* capacity of the output */
};

struct pipeline;

/* Creates and starts it. */
struct pipeline *pipeline_create(const struct pipeline_options *options);
/* Stops it, and checks that what was read has come out. */
void pipeline_destroy(struct pipeline *pipeline);

/* One round of an invoked one: some rows are read, go through and are taken out. */
void pipeline_step(struct pipeline *pipeline);
/* Takes out what is there. */
void pipeline_take(struct pipeline *pipeline);
/* Rows read by the source up to the last one that was taken out. */
uint64_t pipeline_read_count(const struct pipeline *pipeline);
/* From when a row was due to when it was in the output, over all rows so far. */
int64_t pipeline_latency_ns(struct pipeline *pipeline, double quantile);

#endif
