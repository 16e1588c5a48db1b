/*
 * The options of a query: one table, by Spark's names where Spark has them. The trigger, the plan
 * and what a source or sink understands are not here.
 */
#ifndef LT_RUN_QUERY_OPTIONS_H
#define LT_RUN_QUERY_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/options.h"
#include "core/run/worker.h"
#include "core/state/store.h"

struct lt_query_settings {
    const char *name;            /* queryName, or NULL */
    const char *checkpoint_path; /* checkpointLocation without file:, or NULL */
    const char *counters_path;   /* NULL: anonymous memory */
    uint32_t lanes;              /* 0: as the usable CPUs allow */
    uint32_t stages;             /* 1..3 */
    const char *cpus;            /* or NULL */
    bool idle_is_set;
    enum lt_idle idle;
    bool pin, yield_to_lanes, hold_dma_latency;
    const char *reactor; /* "auto", "io_uring", "epoll" */
    uint32_t min_batches_to_retain;
    bool verify_checksums;
    int64_t drain_timeout_ns, startup_timeout_ns;
    uint32_t lane_rows;
    uint64_t lane_bytes;
    /* of queries in micro-batches */
    uint32_t shuffle_partitions; /* 0: as many as lane CPUs */
    const char *state_provider, *state_codec; /* "memory" or "rocksdb" */
    struct lt_state_rocksdb_settings rocksdb;
    bool checks_state_schemas;
    uint32_t min_deltas_for_snapshot;
    bool takes_greatest_watermark;
    bool has_no_data_batches;
    /* Between two entries of the log that no batch waits for; -1: each batch waits for its own. */
    int64_t async_interval_ns;
    bool async_takes_any_sink;
};

/* The table, for checks, help and the reference page. */
const struct lt_option_spec *lt_query_option_specs(size_t *count);
/* Checks the set against the table and fills `out`; its texts live as long as `options`. */
int lt_query_settings_read(const struct lt_options *options, struct lt_query_settings *out,
                           struct lt_error *error) LT_MUST_USE;

#endif
