/*
 * What the bench asks of the broker beside records: topics made and deleted, end offsets, clients.
 *
 * Each run gets topics of its own, and they are deleted after it: they usually lie in memory.
 * A topic's `file.delete.delay.ms` is cut from a minute to a second for the same reason, and
 * nothing is deleted by age: the records' timestamps are old.
 *
 * on: the main thread, except the making of clients (any). Whatever the broker refuses ends the
 * bench.
 */
#ifndef BENCH_RELAY_BROKER_H
#define BENCH_RELAY_BROKER_H

#include <librdkafka/rdkafka.h>
#include <stdint.h>

struct lt_bench_broker {
    const char *bootstrap;
    rd_kafka_t *client;
};

/* One setting of a client; lists end with a NULL key. */
struct lt_bench_setting {
    const char *key;
    const char *value;
};

void lt_bench_broker_open(struct lt_bench_broker *broker, const char *bootstrap);
void lt_bench_broker_close(struct lt_bench_broker *broker);

void lt_bench_topic_create(const struct lt_bench_broker *broker, const char *name,
                           int32_t partition_count);
void lt_bench_topic_delete(const struct lt_bench_broker *broker, const char *name);
/* The number of records in the topic: the sum of its end offsets less the start offsets. */
uint64_t lt_bench_topic_count(const struct lt_bench_broker *broker, const char *name,
                              int32_t partition_count);

typedef void lt_bench_delivery_fn(rd_kafka_t *client, const rd_kafka_message_t *report,
                                  void *opaque);

/* Clients with what all clients here need, plus `settings`; the caller destroys them. `on_delivery`
 * runs in rd_kafka_poll and may be NULL. */
rd_kafka_t *lt_bench_producer_create(const char *bootstrap, const struct lt_bench_setting *settings,
                                     lt_bench_delivery_fn *on_delivery, void *opaque);
rd_kafka_t *lt_bench_consumer_create(const char *bootstrap,
                                     const struct lt_bench_setting *settings);

#endif
