#include "bench/relay/reader.h"

#include <string.h>

#include "bench/relay/broker.h"
#include "bench/relay/machine.h"

enum { POLL_MS = 20, RANGE_TIMEOUT_MS = 60 * 1000 };

static const struct lt_bench_setting READER_SETTINGS[] = {
    {"group.id", "relay_bench"},
    {"enable.auto.commit", "false"},
    {"enable.auto.offset.store", "false"},
    {"auto.offset.reset", "earliest"},
    {"fetch.error.backoff.ms", "10"},
    {"queued.min.messages", "1000000"},
    {NULL, NULL},
};

static struct lt_bench_arrival arrival_of(const rd_kafka_message_t *message)
{
    rd_kafka_timestamp_type_t type;
    rd_kafka_headers_t *headers;
    struct lt_bench_arrival arrival = {
        .value = message->payload,
        .value_bytes = message->len,
        .key = message->key,
        .key_bytes = message->key_len,
        .timestamp_ms = rd_kafka_message_timestamp(message, &type),
        .partition = message->partition,
    };
    rd_kafka_resp_err_t error = rd_kafka_message_headers(message, &headers);
    if (error == RD_KAFKA_RESP_ERR__NOENT)
        return arrival;
    if (!error)
        error = rd_kafka_header_get_all(headers, 0, &arrival.header_name, &arrival.header_value,
                                        &arrival.header_bytes);
    if (error)
        lt_bench_die("cannot read the headers of a record: %s", rd_kafka_err2str(error));
    arrival.header_count = rd_kafka_header_cnt(headers);
    return arrival;
}

static void assign_from(rd_kafka_t *consumer, const char *topic, int32_t first, int32_t count,
                        int64_t offset)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(count);
    for (int32_t p = first; p < first + count; p++)
        rd_kafka_topic_partition_list_add(list, topic, p)->offset = offset;
    rd_kafka_poll_set_consumer(consumer);
    rd_kafka_resp_err_t error = rd_kafka_assign(consumer, list);
    if (error)
        lt_bench_die("cannot read topic \"%s\": %s", topic, rd_kafka_err2str(error));
    rd_kafka_topic_partition_list_destroy(list);
}

static void take(struct lt_bench_reader *reader, const rd_kafka_message_t *message, int64_t now_ns)
{
    struct lt_bench_arrival arrival = arrival_of(message);
    struct lt_bench_payload fields;
    if (reader->skip_short && arrival.value_bytes == LT_BENCH_SHORT_BYTES)
        return;
    if (!lt_bench_tally_take(&reader->tally, &arrival, &fields))
        return;
    if (fields.intended_ns >= reader->measure_from_ns)
        lt_bench_histogram_record(&reader->histogram, now_ns - fields.intended_ns);
    /* pairs with: the load of `received` in the scenario, which only waits for a count. */
    atomic_store_explicit(&reader->received, reader->tally.intact, memory_order_relaxed);
}

static void *read_until_stopped(void *argument)
{
    struct lt_bench_reader *reader = argument;
    while (!atomic_load_explicit(&reader->stopping, memory_order_relaxed)) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(reader->consumer, POLL_MS);
        if (!message)
            continue;
        int64_t now_ns = lt_bench_now_ns();
        if (message->err)
            lt_bench_die("cannot read topic \"%s\": %s", reader->topic,
                         rd_kafka_message_errstr(message));
        take(reader, message, now_ns);
        rd_kafka_message_destroy(message);
    }
    return NULL;
}

void lt_bench_reader_start(struct lt_bench_reader *reader, const char *bootstrap)
{
    reader->consumer = lt_bench_consumer_create(bootstrap, READER_SETTINGS);
    assign_from(reader->consumer, reader->topic, 0, reader->partition_count, 0);
    if (pthread_create(&reader->thread, NULL, read_until_stopped, reader) != 0)
        lt_bench_die("cannot start the reader's thread");
}

void lt_bench_reader_stop(struct lt_bench_reader *reader)
{
    atomic_store(&reader->stopping, true);
    if (pthread_join(reader->thread, NULL) != 0)
        lt_bench_die("cannot join the reader's thread");
    rd_kafka_destroy(reader->consumer);
    reader->consumer = NULL;
}

uint64_t lt_bench_read_range(const char *bootstrap, const char *topic, int32_t partition,
                             int64_t from, uint64_t count, struct lt_bench_tally *tally)
{
    rd_kafka_t *consumer = lt_bench_consumer_create(bootstrap, READER_SETTINGS);
    assign_from(consumer, topic, partition, 1, from);
    uint64_t taken = 0;
    int64_t deadline_ns = lt_bench_now_ns() + (int64_t)RANGE_TIMEOUT_MS * 1000000;
    while (taken < count && lt_bench_now_ns() < deadline_ns) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer, POLL_MS);
        if (!message)
            continue;
        if (message->err)
            lt_bench_die("cannot read topic \"%s\": %s", topic, rd_kafka_message_errstr(message));
        struct lt_bench_arrival arrival = arrival_of(message);
        struct lt_bench_payload fields;
        lt_bench_tally_take(tally, &arrival, &fields);
        rd_kafka_message_destroy(message);
        taken++;
    }
    rd_kafka_destroy(consumer);
    return taken;
}
