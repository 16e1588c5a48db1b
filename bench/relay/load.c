#include "bench/relay/load.h"

#include <librdkafka/rdkafka.h>
#include <stdlib.h>

#include "bench/relay/broker.h"
#include "bench/relay/machine.h"
#include "bench/relay/payload.h"

enum {
    BATCH_FROM_RATE = 10000,
    TICK_NS =
        100000, /* from that rate up: less than the linger, and 10 k wake-ups per second at most */
    FLUSH_TIMEOUT_MS = 60 * 1000,
};

struct generator {
    const struct lt_bench_load *load;
    rd_kafka_t *producer;
    rd_kafka_topic_t *topic;
    void *value;
    uint64_t failed;
};

static void on_failed_delivery(rd_kafka_t *client, const rd_kafka_message_t *report, void *opaque)
{
    (void)client;
    struct generator *generator = opaque;
    if (report->err)
        generator->failed++;
}

static void produce(struct generator *generator, uint32_t partition, const void *value,
                    size_t value_bytes, uint64_t sequence)
{
    rd_kafka_vu_t fields[] = {
        {.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = generator->topic},
        {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = (int32_t)partition},
        {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
        {.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {&sequence, sizeof sequence}},
        {.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {(void *)(uintptr_t)value, value_bytes}},
        {.vtype = RD_KAFKA_VTYPE_TIMESTAMP, .u.i64 = lt_bench_payload_timestamp_ms(sequence)},
        {.vtype = RD_KAFKA_VTYPE_HEADER,
         .u.header = {LT_BENCH_HEADER_NAME, &sequence, sizeof sequence}},
    };
    size_t field_count = sizeof fields / sizeof fields[0];
    if (!lt_bench_payload_has_header(sequence))
        field_count--;
    for (;;) {
        rd_kafka_error_t *error = rd_kafka_produceva(generator->producer, fields, field_count);
        if (!error)
            return;
        if (rd_kafka_error_code(error) != RD_KAFKA_RESP_ERR__QUEUE_FULL)
            lt_bench_die("cannot produce to topic \"%s\": %s", generator->load->topic,
                         rd_kafka_error_string(error));
        rd_kafka_error_destroy(error);
        rd_kafka_poll(generator->producer, 10);
    }
}

static void send_record(struct generator *generator, uint64_t index, int64_t intended_ns)
{
    const struct lt_bench_load *load = generator->load;
    struct lt_bench_payload fields = {
        .intended_ns = intended_ns,
        .sequence = index / load->partition_count,
        .partition = (uint32_t)(index % load->partition_count),
        .run = load->run,
    };
    lt_bench_payload_fill(generator->value, load->value_bytes, &fields);
    produce(generator, fields.partition, generator->value, load->value_bytes, fields.sequence);
    if (index % LT_BENCH_SHORT_EVERY == 0)
        produce(generator, fields.partition, "filtered", LT_BENCH_SHORT_BYTES, fields.sequence);
}

static void run_open_loop(struct generator *generator)
{
    const struct lt_bench_load *load = generator->load;
    uint64_t sent = 0;
    while (sent < load->count) {
        int64_t due_ns = load->start_ns + (int64_t)(sent * 1000000000 / load->rate);
        lt_bench_sleep_until(due_ns);
        int64_t now_ns = lt_bench_now_ns();
        while (sent < load->count && due_ns <= now_ns) {
            send_record(generator, sent++, due_ns);
            due_ns = load->start_ns + (int64_t)(sent * 1000000000 / load->rate);
        }
        rd_kafka_poll(generator->producer, 0);
        if (load->rate >= BATCH_FROM_RATE)
            lt_bench_sleep_until(now_ns + TICK_NS);
    }
}

static void run_flat_out(struct generator *generator)
{
    for (uint64_t sent = 0; sent < generator->load->count; sent++) {
        send_record(generator, sent, 0);
        if (sent % 1024 == 0)
            rd_kafka_poll(generator->producer, 0);
    }
}

void lt_bench_load_run(const struct lt_bench_load *load, struct lt_bench_load_result *result)
{
    struct generator generator = {.load = load};
    const char *linger = load->rate == 0 ? "20" : load->rate >= BATCH_FROM_RATE ? "1" : "0";
    /* Not idempotent: with that, librdkafka spins on the broker's CPU while five requests are on
     * their way, and the broker then answers late. Order is kept because nothing is sent twice. */
    const struct lt_bench_setting settings[] = {
        {"linger.ms", linger},
        {"acks", "all"},
        {"retries", "0"},
        {"queue.buffering.max.messages", "1000000"},
        {"delivery.report.only.error", "true"},
        {NULL, NULL},
    };
    generator.producer =
        lt_bench_producer_create(load->bootstrap, settings, on_failed_delivery, &generator);
    generator.topic = rd_kafka_topic_new(generator.producer, load->topic, NULL);
    generator.value = lt_bench_alloc(1, load->value_bytes);
    const struct rd_kafka_metadata *metadata; /* fetched ahead of the first record */
    if (!generator.topic ||
        rd_kafka_metadata(generator.producer, 0, generator.topic, &metadata, FLUSH_TIMEOUT_MS))
        lt_bench_die("cannot find topic \"%s\"", load->topic);
    rd_kafka_metadata_destroy(metadata);
    if (load->rate == 0)
        run_flat_out(&generator);
    else
        run_open_loop(&generator);
    int64_t end_ns = lt_bench_now_ns();
    if (rd_kafka_flush(generator.producer, FLUSH_TIMEOUT_MS) || generator.failed > 0)
        lt_bench_die("the load for topic \"%s\" was not taken by the broker", load->topic);
    result->sent = load->count;
    result->achieved_rate = (double)load->count * 1e9 / (double)(end_ns - load->start_ns);
    rd_kafka_topic_destroy(generator.topic);
    rd_kafka_destroy(generator.producer);
    free(generator.value);
}
