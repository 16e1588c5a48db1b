#include "bench/state/topic.h"

#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "bench/verdict.h"

enum { PATIENCE_MS = 120000, TEXT_BYTES = 256 };

struct producer {
    rd_kafka_t *rk;
    uint32_t delivered;
};

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    struct producer *producer = opaque;
    (void)rk;
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR)
        bench_wrong("a row was not taken: %s", rd_kafka_err2str(message->err));
    producer->delivered++;
}

static void open_producer(struct producer *producer, const char *bootstrap)
{
    const char *const settings[][2] = {
        {"bootstrap.servers", bootstrap},
        {"linger.ms", "20"},
        {"batch.size", "1000000"},
        {"batch.num.messages", "10000"},
        {"queue.buffering.max.messages", "200000"},
        {"max.in.flight", "1"},
    };
    char text[TEXT_BYTES];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    *producer = (struct producer){0};
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++)
        if (rd_kafka_conf_set(conf, settings[i][0], settings[i][1], text, sizeof text) != 0)
            bench_wrong("%s", text);
    rd_kafka_conf_set_opaque(conf, producer);
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    producer->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
    if (producer->rk == NULL)
        bench_wrong("%s", text);
}

static void expect_done(rd_kafka_queue_t *queue, const char *what, const char *name)
{
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, PATIENCE_MS);
    if (event == NULL || rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR)
        bench_wrong("topic \"%s\" cannot be %s", name, what);
    rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
}

static void create(rd_kafka_t *rk, const char *name)
{
    char text[TEXT_BYTES];
    rd_kafka_NewTopic_t *topic = rd_kafka_NewTopic_new(name, 1, 1, text, sizeof text);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    if (topic == NULL)
        bench_wrong("%s", text);
    rd_kafka_CreateTopics(rk, &topic, 1, NULL, queue);
    expect_done(queue, "made", name);
    rd_kafka_NewTopic_destroy(topic);
}

static void put(struct producer *producer, const char *name, int64_t number, int64_t at_ms,
                const char *value, size_t value_bytes)
{
    char key[24];
    int key_bytes = snprintf(key, sizeof key, "%" PRId64, number);
    rd_kafka_resp_err_t err;
    do {
        err = rd_kafka_producev(
            producer->rk, RD_KAFKA_V_TOPIC(name), RD_KAFKA_V_PARTITION(0),
            RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY(key, (size_t)key_bytes),
            RD_KAFKA_V_VALUE((void *)(uintptr_t)value, value_bytes),
            RD_KAFKA_V_TIMESTAMP(at_ms), RD_KAFKA_V_END);
        rd_kafka_poll(producer->rk, err == RD_KAFKA_RESP_ERR__QUEUE_FULL ? 10 : 0);
    } while (err == RD_KAFKA_RESP_ERR__QUEUE_FULL);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
        bench_wrong("a row is refused: %s", rd_kafka_err2str(err));
}

void topic_fill(const char *bootstrap, const char *name, const struct events *events,
                bool is_keyed_by_other)
{
    struct producer producer;
    char printed[EVENTS_TEXT_BYTES_MAX];
    const char *text = events->texts;
    open_producer(&producer, bootstrap);
    create(producer.rk, name);
    for (uint32_t number = 0; number < events->count; number++) {
        const struct event *event = &events->items[number];
        size_t size_bytes = text != NULL ? strlen(text) : events_print(event, printed);
        put(&producer, name, is_keyed_by_other ? event->other : event->key, event->at_ms,
            text != NULL ? text : printed, size_bytes);
        if (text != NULL)
            text += size_bytes + 1;
    }
    (void)rd_kafka_flush(producer.rk, PATIENCE_MS);
    if (producer.delivered != events->count)
        bench_wrong("topic \"%s\" has %u of %u rows", name, producer.delivered, events->count);
    rd_kafka_destroy(producer.rk);
}

void topic_delete(const char *bootstrap, const char *name)
{
    struct producer producer;
    open_producer(&producer, bootstrap);
    rd_kafka_DeleteTopic_t *topic = rd_kafka_DeleteTopic_new(name);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(producer.rk);
    rd_kafka_DeleteTopics(producer.rk, &topic, 1, NULL, queue);
    expect_done(queue, "deleted", name);
    rd_kafka_DeleteTopic_destroy(topic);
    rd_kafka_destroy(producer.rk);
}
