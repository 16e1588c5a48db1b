/*
 * The load generator: open loop at a fixed rate, or as fast as the broker takes it.
 *
 * Record i is due at start + i / rate, and that intended time stands in the record, whether or not
 * the generator was in time: what the generator or a stalled broker delays counts as latency.
 * Nothing that happens downstream slows the generator. Below 10 k records/s the producer does not
 * batch; from there up it lingers 1 ms, because a broker on one core has no room for a request per
 * record, and only its queue would be measured.
 *
 * on: lt_bench_load_run blocks its caller; the reader runs beside it.
 */
#ifndef BENCH_RELAY_LOAD_H
#define BENCH_RELAY_LOAD_H

#include <stddef.h>
#include <stdint.h>

struct lt_bench_load {
    const char *bootstrap;
    const char *topic;
    uint32_t run;
    uint32_t partition_count;
    uint32_t rate; /* records per second that the relay has to keep; 0: as fast as possible */
    size_t value_bytes;
    uint64_t count; /* kept records in all, dealt to the partitions in turn */
    int64_t start_ns;
};

/* What happened; all kept records are acknowledged on return, or the bench ends. */
struct lt_bench_load_result {
    uint64_t sent;
    double achieved_rate; /* from the start to the moment the last record was handed over */
};

void lt_bench_load_run(const struct lt_bench_load *load, struct lt_bench_load_result *result);

#endif
