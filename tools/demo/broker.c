/*
 * The mock cluster and its two clients.
 */
#include "tools/demo/broker.h"

#include <stdlib.h>
#include <string.h>

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include "tools/commands.h"

enum { ERROR_SIZE = 512, READ_MAX = 2000 /* records in one look, so that the table stays live */ };

struct lt_demo_broker {
    rd_kafka_t *producer, *consumer;
    rd_kafka_mock_cluster_t *cluster; /* lives in the producer */
    rd_kafka_topic_t *in_topic;
    uint64_t acknowledged;
};

static void on_delivery(rd_kafka_t *client, const rd_kafka_message_t *message, void *opaque)
{
    struct lt_demo_broker *broker = opaque;
    (void)client;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
        broker->acknowledged++;
    else
        lt_tool_say("an order was not taken: %s", rd_kafka_err2str(message->err));
}

struct setting {
    const char *name, *value;
};

/* NULL after saying why. */
static rd_kafka_t *open_client(struct lt_demo_broker *broker, rd_kafka_type_t type,
                               const struct setting *settings, size_t count)
{
    char error[ERROR_SIZE];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set_opaque(conf, broker);
    if (type == RD_KAFKA_PRODUCER)
        rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    for (size_t i = 0; i < count; i++)
        if (rd_kafka_conf_set(conf, settings[i].name, settings[i].value, error, sizeof error) !=
            RD_KAFKA_CONF_OK) {
            lt_tool_say("%s", error);
            rd_kafka_conf_destroy(conf);
            return NULL;
        }
    rd_kafka_t *client = rd_kafka_new(type, conf, error, sizeof error);
    if (client == NULL) {
        lt_tool_say("cannot make a Kafka client: %s", error);
        rd_kafka_conf_destroy(conf);
    }
    return client;
}

/* The mock cluster lives in a client that does nothing else but produce to it. */
static bool open_cluster(struct lt_demo_broker *broker, const char *in_topic, const char *out_topic)
{
    /* No broker is configured at first: the cluster's address is not known yet. */
    static const struct setting settings[] = {
        {"linger.ms", "1"}, {"socket.nagle.disable", "true"}, {"log_level", "2"}};
    broker->producer =
        open_client(broker, RD_KAFKA_PRODUCER, settings, sizeof settings / sizeof settings[0]);
    if (broker->producer == NULL)
        return false;
    broker->cluster = rd_kafka_mock_cluster_new(broker->producer, 1);
    if (broker->cluster == NULL ||
        rd_kafka_brokers_add(broker->producer, rd_kafka_mock_cluster_bootstraps(broker->cluster)) <
            1 ||
        rd_kafka_mock_topic_create(broker->cluster, in_topic, LT_DEMO_PARTITIONS, 1) !=
            RD_KAFKA_RESP_ERR_NO_ERROR ||
        rd_kafka_mock_topic_create(broker->cluster, out_topic, LT_DEMO_PARTITIONS, 1) !=
            RD_KAFKA_RESP_ERR_NO_ERROR) {
        lt_tool_say("cannot make the mock broker");
        return false;
    }
    broker->in_topic = rd_kafka_topic_new(broker->producer, in_topic, NULL);
    return broker->in_topic != NULL;
}

static bool open_consumer(struct lt_demo_broker *broker, const char *out_topic)
{
    const struct setting settings[] = {
        {"bootstrap.servers", rd_kafka_mock_cluster_bootstraps(broker->cluster)},
        {"group.id", "demo"},
        {"enable.auto.commit", "false"},
        {"fetch.wait.max.ms", "10"},
        {"socket.nagle.disable", "true"},
        {"log_level", "2"},
    };
    broker->consumer =
        open_client(broker, RD_KAFKA_CONSUMER, settings, sizeof settings / sizeof settings[0]);
    if (broker->consumer == NULL)
        return false;
    rd_kafka_poll_set_consumer(broker->consumer);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(LT_DEMO_PARTITIONS);
    for (int32_t i = 0; i < LT_DEMO_PARTITIONS; i++)
        rd_kafka_topic_partition_list_add(list, out_topic, i)->offset = RD_KAFKA_OFFSET_BEGINNING;
    rd_kafka_resp_err_t error = rd_kafka_assign(broker->consumer, list);
    rd_kafka_topic_partition_list_destroy(list);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
        lt_tool_say("cannot read \"%s\": %s", out_topic, rd_kafka_err2str(error));
    return error == RD_KAFKA_RESP_ERR_NO_ERROR;
}

struct lt_demo_broker *lt_demo_broker_start(const char *in_topic, const char *out_topic)
{
    struct lt_demo_broker *broker = lt_tool_alloc(sizeof *broker);
    if (open_cluster(broker, in_topic, out_topic) && open_consumer(broker, out_topic))
        return broker;
    lt_demo_broker_stop(broker);
    return NULL;
}

void lt_demo_broker_stop(struct lt_demo_broker *broker)
{
    if (broker == NULL)
        return;
    if (broker->consumer != NULL) {
        (void)rd_kafka_consumer_close(broker->consumer); /* there is no group to leave */
        rd_kafka_destroy(broker->consumer);
    }
    if (broker->in_topic != NULL)
        rd_kafka_topic_destroy(broker->in_topic);
    if (broker->cluster != NULL)
        rd_kafka_mock_cluster_destroy(broker->cluster);
    if (broker->producer != NULL)
        rd_kafka_destroy(broker->producer);
    free(broker);
}

const char *lt_demo_broker_address(const struct lt_demo_broker *broker)
{
    return rd_kafka_mock_cluster_bootstraps(broker->cluster);
}

bool lt_demo_broker_send(struct lt_demo_broker *broker, const char *key, const char *value,
                         size_t value_bytes)
{
    /* The payload is copied, so the const is safe to cast away. */
    return rd_kafka_produce(broker->in_topic, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY,
                            (void *)(uintptr_t)value, value_bytes, key, strlen(key), NULL) == 0;
}

uint64_t lt_demo_broker_acknowledged(struct lt_demo_broker *broker)
{
    rd_kafka_poll(broker->producer, 0);
    return broker->acknowledged;
}

void lt_demo_broker_read(struct lt_demo_broker *broker,
                         void (*take)(void *user, const char *value, size_t value_bytes),
                         void *user)
{
    for (int i = 0; i < READ_MAX; i++) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(broker->consumer, 0);
        if (message == NULL)
            return;
        if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
            take(user, message->payload != NULL ? message->payload : "", message->len);
        rd_kafka_message_destroy(message);
    }
}
