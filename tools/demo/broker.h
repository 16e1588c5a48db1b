/*
 * A Kafka for the demo, in this very process: librdkafka's mock cluster, one broker on a port of
 * its own choice, with a producer for the orders and a consumer of what comes out.
 *
 * It answers fetches only after the full wait it was asked for, and one request at a time: what is
 * measured over it says nothing of a real broker.
 *
 * on: main.
 */
#ifndef LT_DEMO_BROKER_H
#define LT_DEMO_BROKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lt_demo_broker;

enum { LT_DEMO_PARTITIONS = 2 };

/* Both topics exist when it returns; the consumer reads `out_topic` from its beginning. NULL after
 * saying why. */
struct lt_demo_broker *lt_demo_broker_start(const char *in_topic, const char *out_topic);
void lt_demo_broker_stop(struct lt_demo_broker *broker); /* NULL is a no-op */

/* "127.0.0.1:PORT" */
const char *lt_demo_broker_address(const struct lt_demo_broker *broker);
/* Hands a record to the producer; false when its queue is full: try again later. */
bool lt_demo_broker_send(struct lt_demo_broker *broker, const char *key, const char *value,
                         size_t value_bytes);
/* Serves deliveries; how many records the broker has acknowledged since the start. */
uint64_t lt_demo_broker_acknowledged(struct lt_demo_broker *broker);
/* Hands what is there of the out topic to `take`; never waits. */
void lt_demo_broker_read(struct lt_demo_broker *broker,
                         void (*take)(void *user, const char *value, size_t value_bytes),
                         void *user);

#endif
