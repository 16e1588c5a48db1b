/*
 * The outside reader: consumes the relay's output beside the load generator, in the same process
 * and so with the same clock, checks every record and notes how late it is.
 *
 * Latency is the moment the record was in this thread's hand less the intended send time that it
 * carries. Records intended before `measure_from_ns` warm things up: checked, not noted.
 *
 * Threads: start and stop on: main. Between them the reader's thread owns tally and histogram; the
 * main thread may read `received` only.
 */
#ifndef BENCH_RELAY_READER_H
#define BENCH_RELAY_READER_H

#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "bench/relay/histogram.h"
#include "bench/relay/payload.h"

struct lt_bench_reader {
    /* constant after start */
    const char *topic;
    int32_t partition_count;
    int64_t measure_from_ns;
    bool skip_short; /* reads the relay's input: short records belong there */
    rd_kafka_t *consumer;
    pthread_t thread;
    /* owner: the reader's thread */
    struct lt_bench_tally tally;
    struct lt_bench_histogram histogram;
    /* written by the reader's thread, read by main */
    atomic_uint_fast64_t received; /* distinct, whole records so far */
    /* written by main */
    atomic_bool stopping;
};

/* Starts reading the topic from its beginning. `tally` and the constants are set by the caller; the
 * reader is to be zeroed before that. */
void lt_bench_reader_start(struct lt_bench_reader *reader, const char *bootstrap);
/* Afterwards tally and histogram belong to the caller. */
void lt_bench_reader_stop(struct lt_bench_reader *reader);

/* Reads `count` records from offset `from` of one partition and takes them into the tally; returns
 * how many came before a timeout. on: main, without start. */
uint64_t lt_bench_read_range(const char *bootstrap, const char *topic, int32_t partition,
                             int64_t from, uint64_t count, struct lt_bench_tally *tally);

#endif
