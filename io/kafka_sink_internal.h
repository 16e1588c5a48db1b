/*
 * What the files of the Kafka sink share: kafka_sink.c (options, columns, life) and kafka_writer.c
 * (records).
 */
#ifndef LT_IO_KAFKA_SINK_INTERNAL_H
#define LT_IO_KAFKA_SINK_INTERNAL_H

#include "core/flow/connector.h"
#include "io/kafka_client.h"

enum { LT_KAFKA_NO_COLUMN = -1, LT_KAFKA_OVERRIDES_MAX = 1 };

/* Indices into the row, or LT_KAFKA_NO_COLUMN. */
struct lt_kafka_sink_columns {
    int value, key, topic, partition, headers, timestamp;
};

/* What the broker will refuse, one record at a time if we do not look first. 0, false, INT64_MAX:
 * no such rule, or not known. */
struct lt_kafka_topic_rules {
    int64_t record_bytes_max;            /* max.message.bytes */
    int64_t ahead_ms_max, behind_ms_max; /* a timestamp against the broker's clock */
    bool needs_key;                      /* compacted */
};

/* A topic's settings as a broker tells them, one by one. */
struct lt_kafka_topic_settings {
    struct lt_kafka_topic_rules rules;
    int64_t difference_ms_max; /* brokers before 4.0: where ahead and behind have no limit of their
                                  own */
    bool broker_stamps;        /* the broker puts its own time */
};
void lt_kafka_settings_init(struct lt_kafka_topic_settings *settings);
/* `settings` is a struct lt_kafka_topic_settings; names that are no rules are passed over. */
void lt_kafka_settings_take(void *settings, const char *name, const char *value);
/* The rules, when all settings are told. */
struct lt_kafka_topic_rules lt_kafka_settings_rules(const struct lt_kafka_topic_settings *settings);

struct lt_kafka_sink {
    struct lt_sink base;

    /* constant after bind */
    struct lt_options *options; /* a copy */
    const char *topic;          /* the option; or NULL: the column says */
    struct lt_kafka_sink_columns columns;
    bool is_round_robin;
    bool compresses; /* then a record's size in the broker's eyes is not known before */

    /* constant after connect */
    struct lt_kafka_topic_rules rules; /* of the topic that the option names */
    char batch_bytes[24]; /* "" or what batch.size must be, so that a batch fits the topic */

    /* Made by connect, taken over by the writer of lane 0: a query of one lane has one connection,
     * warm. */
    struct lt_kafka_client *client;
    char *cluster; /* its id; "": not known */
};

/* A producer of this sink. `env` is used during the call only. */
int lt_kafka_sink_open_client(struct lt_kafka_sink *sink, const struct lt_connector_env *env,
                              struct lt_kafka_client **out, struct lt_error *error) LT_MUST_USE;

/* True when the query that writes the topic's partition (negative: one or other of them) reads it,
 * too: rows would come back. on: any. */
bool lt_kafka_sink_feeds_source(const struct lt_kafka_sink *sink, const char *topic,
                                int32_t partition);

/* kafka_writer.c. */
int lt_kafka_writer_open(struct lt_sink *base, const struct lt_connector_env *env,
                         struct lt_writer **out, struct lt_error *error);
/* The producer's delivery reports; `opaque` is the client, whose context is the writer. */
void lt_kafka_writer_on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque);

#endif
