/*
 * The three things done to a relay: load it (latency), give it a backlog (drain), let it be (rest).
 *
 * Each run has topics of its own, made before and deleted after it, and a fresh checkpoint
 * directory; only the backlog is written once per record size and read by all. Every figure is
 * taken from outside the program. A run whose records do not arrive exactly once, in order and
 * unharmed is a failed run, whatever its speed; so is one that changes a key, a timestamp or a
 * header, unless the program is a rival, of which it is only noted.
 *
 * on: main.
 */
#ifndef BENCH_RELAY_SCENARIOS_H
#define BENCH_RELAY_SCENARIOS_H

#include <stdbool.h>

#include "bench/relay/broker.h"
#include "bench/relay/programs.h"
#include "bench/relay/results.h"

struct lt_bench_setup {
    struct lt_bench_broker broker;
    const char *floor;
    const char *build;
    const char *out_dir; /* logs and checkpoints */
    int relay_cpu;
    int collected_pid; /* the broker, whose garbage is collected before each load; 0: is not */
    int32_t partition_count;
    uint32_t seconds;
    uint32_t warmup_seconds;
    uint32_t next_run;    /* numbers the runs, in topics and records */
    bool must_not_change; /* a changed key, timestamp or header is a fault, not a note */
};

/* The records that wait in a drain run. */
struct lt_bench_backlog {
    char topic[64];
    uint32_t run;
    size_t value_bytes;
    uint64_t count;
};

void lt_bench_backlog_create(struct lt_bench_setup *setup, struct lt_bench_backlog *backlog,
                             size_t value_bytes, uint64_t count);
void lt_bench_backlog_delete(struct lt_bench_setup *setup, const struct lt_bench_backlog *backlog);

/* Fill in metrics, tally and fault of `run`, whose cell says rate and size. */
void lt_bench_run_latency(struct lt_bench_setup *setup, const struct lt_bench_program *program,
                          struct lt_bench_run *run);
void lt_bench_run_drain(struct lt_bench_setup *setup, const struct lt_bench_program *program,
                        const struct lt_bench_backlog *backlog, struct lt_bench_run *run);
void lt_bench_run_rest(struct lt_bench_setup *setup, const struct lt_bench_program *program,
                       struct lt_bench_run *run);

#endif
