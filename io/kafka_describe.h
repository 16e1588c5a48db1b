/*
 * Questions to brokers about topics and about themselves, asked while a query starts: settings, and
 * what a topic that does not exist may have been meant to be.
 *
 * on: the caller of start.
 */
#ifndef LT_IO_KAFKA_DESCRIBE_H
#define LT_IO_KAFKA_DESCRIBE_H

#include "io/kafka_client.h"

/* Gets each setting that has a value. */
typedef void lt_kafka_setting_fn(void *context, const char *name, const char *value);

/* The settings of a topic, as broker `broker_id` tells them. Waits `wait_ms` at most; false if no
 * answer came or the broker does not tell (no right to describe). */
bool lt_kafka_describe_topic(struct lt_kafka_client *client, const char *topic, int32_t broker_id,
                             int wait_ms, lt_kafka_setting_fn *visit, void *context);

/* False when the broker says that it makes no topics by itself (auto.create.topics.enable); true
 * if it does or does not tell. */
bool lt_kafka_makes_topics(struct lt_kafka_client *client, int32_t broker_id, int wait_ms);

/* LT_E_NOT_FOUND: the topic does not exist, `note` follows that ("" or words that begin with a
 * blank), with the nearest name of a topic that does. */
int lt_kafka_fail_missing(struct lt_kafka_client *client, const char *topic, const char *note,
                          struct lt_error *error);

/* Topics that Kafka keeps for itself. on: any. */
bool lt_kafka_topic_is_internal(const char *topic);

#endif
