/*
 * leat, in this program: reads the topics of a query from their beginnings in micro-batches until
 * their ends, into a sink that adds up what comes.
 *
 * on: main.
 */
#ifndef LT_BENCH_STATE_ENGINE_H
#define LT_BENCH_STATE_ENGINE_H

#include "bench/state/queries.h"

/* One run, of leat or of another engine. */
struct state_run {
    const struct state_query *query;
    const char *store; /* "memory" or "rocksdb" */
    const char *bootstrap;
    const char *topics;     /* those of the inputs are this, a dash and the view */
    const char *checkpoint; /* a directory that is not there yet */
    uint32_t rows;          /* in all topics */
    uint32_t batch_rows;    /* maxOffsetsPerTrigger of each input */
    int limit_s;            /* other engines are given so long */
};

/* *ns gets the CPU time of the process, from the start of the query to its end. */
struct answer engine_run(const struct state_run *run, double *ns);

#endif
