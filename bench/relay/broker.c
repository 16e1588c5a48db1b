#include "bench/relay/broker.h"

#include <stdbool.h>

#include "bench/relay/machine.h"

enum { REQUEST_TIMEOUT_MS = 30 * 1000 };

static const struct lt_bench_setting COMMON_SETTINGS[] = {
    {"client.id", "relay_bench"},
    {"broker.address.family", "v4"},
    {"socket.nagle.disable", "true"},
    {"reconnect.backoff.ms", "10"},
    {"log_level", "4"},
    {NULL, NULL},
};

static void set_all(rd_kafka_conf_t *conf, const struct lt_bench_setting *settings)
{
    char text[LT_BENCH_TEXT_BYTES];
    for (; settings->key; settings++)
        if (rd_kafka_conf_set(conf, settings->key, settings->value, text, sizeof text) !=
            RD_KAFKA_CONF_OK)
            lt_bench_die("%s", text);
}

static rd_kafka_t *create_client(rd_kafka_conf_t *conf, const char *bootstrap, rd_kafka_type_t type,
                                 const struct lt_bench_setting *settings)
{
    char text[LT_BENCH_TEXT_BYTES];
    const struct lt_bench_setting address[] = {{"bootstrap.servers", bootstrap}, {NULL, NULL}};
    set_all(conf, address);
    set_all(conf, COMMON_SETTINGS);
    set_all(conf, settings);
    rd_kafka_t *client = rd_kafka_new(type, conf, text, sizeof text);
    if (!client)
        lt_bench_die("cannot create a client: %s", text);
    return client;
}

rd_kafka_t *lt_bench_producer_create(const char *bootstrap, const struct lt_bench_setting *settings,
                                     lt_bench_delivery_fn *on_delivery, void *opaque)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set_opaque(conf, opaque);
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    return create_client(conf, bootstrap, RD_KAFKA_PRODUCER, settings);
}

rd_kafka_t *lt_bench_consumer_create(const char *bootstrap, const struct lt_bench_setting *settings)
{
    return create_client(rd_kafka_conf_new(), bootstrap, RD_KAFKA_CONSUMER, settings);
}

void lt_bench_broker_open(struct lt_bench_broker *broker, const char *bootstrap)
{
    const struct lt_bench_setting none[] = {{NULL, NULL}};
    broker->bootstrap = bootstrap;
    broker->client = lt_bench_producer_create(bootstrap, none, NULL, NULL);
    const struct rd_kafka_metadata *metadata;
    rd_kafka_resp_err_t error =
        rd_kafka_metadata(broker->client, 0, NULL, &metadata, REQUEST_TIMEOUT_MS);
    if (error)
        lt_bench_die("broker \"%s\" does not answer: %s", bootstrap, rd_kafka_err2str(error));
    rd_kafka_metadata_destroy(metadata);
}

void lt_bench_broker_close(struct lt_bench_broker *broker)
{
    rd_kafka_destroy(broker->client);
    broker->client = NULL;
}

/* Waits for the answer of an admin request and checks the one topic result in it. */
static void await_topic_result(rd_kafka_queue_t *queue, const char *intent, const char *name)
{
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, REQUEST_TIMEOUT_MS);
    if (!event)
        lt_bench_die("cannot %s topic \"%s\": no answer", intent, name);
    if (rd_kafka_event_error(event))
        lt_bench_die("cannot %s topic \"%s\": %s", intent, name,
                     rd_kafka_event_error_string(event));
    size_t count = 0;
    const rd_kafka_topic_result_t **results = NULL;
    const rd_kafka_CreateTopics_result_t *created = rd_kafka_event_CreateTopics_result(event);
    const rd_kafka_DeleteTopics_result_t *deleted = rd_kafka_event_DeleteTopics_result(event);
    if (created)
        results = rd_kafka_CreateTopics_result_topics(created, &count);
    else if (deleted)
        results = rd_kafka_DeleteTopics_result_topics(deleted, &count);
    if (count != 1)
        lt_bench_die("cannot %s topic \"%s\": unexpected answer", intent, name);
    if (rd_kafka_topic_result_error(results[0]))
        lt_bench_die("cannot %s topic \"%s\": %s", intent, name,
                     rd_kafka_err2str(rd_kafka_topic_result_error(results[0])));
    rd_kafka_event_destroy(event);
}

static bool has_leaders(const struct lt_bench_broker *broker, rd_kafka_topic_t *topic)
{
    const struct rd_kafka_metadata *metadata;
    if (rd_kafka_metadata(broker->client, 0, topic, &metadata, REQUEST_TIMEOUT_MS))
        return false;
    bool all = metadata->topic_cnt == 1 && metadata->topics[0].err == RD_KAFKA_RESP_ERR_NO_ERROR &&
               metadata->topics[0].partition_cnt > 0;
    for (int p = 0; all && p < metadata->topics[0].partition_cnt; p++)
        all = metadata->topics[0].partitions[p].leader >= 0;
    rd_kafka_metadata_destroy(metadata);
    return all;
}

/* The answer to a creation comes before the broker itself knows its new leaders. */
static void await_leaders(const struct lt_bench_broker *broker, const char *name)
{
    int64_t deadline_ns = lt_bench_now_ns() + (int64_t)REQUEST_TIMEOUT_MS * 1000000;
    rd_kafka_topic_t *topic = rd_kafka_topic_new(broker->client, name, NULL);
    if (!topic)
        lt_bench_die("cannot name topic \"%s\"", name);
    while (!has_leaders(broker, topic)) {
        if (lt_bench_now_ns() > deadline_ns)
            lt_bench_die("topic \"%s\" has no leader", name);
        lt_bench_sleep_until(lt_bench_now_ns() + 5000000);
    }
    rd_kafka_topic_destroy(topic);
}

void lt_bench_topic_create(const struct lt_bench_broker *broker, const char *name,
                           int32_t partition_count)
{
    char text[LT_BENCH_TEXT_BYTES];
    rd_kafka_NewTopic_t *topic = rd_kafka_NewTopic_new(name, partition_count, 1, text, sizeof text);
    if (!topic)
        lt_bench_die("cannot name topic \"%s\": %s", name, text);
    if (rd_kafka_NewTopic_set_config(topic, "file.delete.delay.ms", "1000") ||
        rd_kafka_NewTopic_set_config(topic, "retention.ms", "-1"))
        lt_bench_die("cannot configure topic \"%s\"", name);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(broker->client);
    rd_kafka_CreateTopics(broker->client, &topic, 1, NULL, queue);
    await_topic_result(queue, "create", name);
    rd_kafka_queue_destroy(queue);
    rd_kafka_NewTopic_destroy(topic);
    await_leaders(broker, name);
}

void lt_bench_topic_delete(const struct lt_bench_broker *broker, const char *name)
{
    rd_kafka_DeleteTopic_t *topic = rd_kafka_DeleteTopic_new(name);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(broker->client);
    rd_kafka_DeleteTopics(broker->client, &topic, 1, NULL, queue);
    await_topic_result(queue, "delete", name);
    rd_kafka_queue_destroy(queue);
    rd_kafka_DeleteTopic_destroy(topic);
}

uint64_t lt_bench_topic_count(const struct lt_bench_broker *broker, const char *name,
                              int32_t partition_count)
{
    uint64_t count = 0;
    for (int32_t p = 0; p < partition_count; p++) {
        int64_t low, high;
        rd_kafka_resp_err_t error = rd_kafka_query_watermark_offsets(broker->client, name, p, &low,
                                                                     &high, REQUEST_TIMEOUT_MS);
        if (error)
            lt_bench_die("cannot read the offsets of topic \"%s\": %s", name,
                         rd_kafka_err2str(error));
        count += (uint64_t)(high - low);
    }
    return count;
}
