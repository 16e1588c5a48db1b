/* What the Kafka test programs share: a producer, a reader of one partition, topics, arguments.
 *
 * Each program here is linked from its own files, so what they share stands in this header, as
 * static inline functions. The programs are run by hand and by scripts, on a broker that may be
 * killed at any moment. So producers and readers keep trying while the broker is away, and whatever
 * cannot be mended ends the program with status 2 and one line on stderr: status 1 is kept for a
 * comparison that has found something.
 *
 * A reader reads one partition to its end, which is where the broker says that nothing follows now;
 * with transactions that is the last stable offset. What lies hidden behind it is reported.
 *
 * One thread per program. This is not the connector under test: it shares no code with io/.
 */
#ifndef LEAT_TESTS_KAFKA_CLIENT_H
#define LEAT_TESTS_KAFKA_CLIENT_H

#include <errno.h>
#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    LT_CLIENT_ERROR_STATUS = 2,
    LT_CLIENT_TEXT_BYTES = 512,
    LT_CLIENT_WAIT_MS = 60000,
    LT_CLIENT_TOPIC_WAIT_MS = 20000,
};

#define LT_CLIENT_RECORD_BYTES_MAX "4194304"

/* Print "text" on stderr and end the program with status 2. */
__attribute__((noreturn, format(printf, 1, 2))) static inline void lt_client_die(const char *format,
                                                                                 ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "%s: ", program_invocation_short_name);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(LT_CLIENT_ERROR_STATUS);
}

/* calloc that never returns NULL. The caller frees. */
static inline void *lt_client_alloc(size_t count, size_t each_bytes)
{
    void *memory = calloc(count == 0 ? 1 : count, each_bytes);
    if (!memory)
        lt_client_die("out of memory for %zu times %zu bytes", count, each_bytes);
    return memory;
}

/* Make room for one more element in a growing array, doubling it when full. */
static inline void *lt_client_grow(void *array, size_t count, size_t *capacity, size_t each_bytes)
{
    if (count < *capacity)
        return array;
    size_t wanted = *capacity == 0 ? 1024 : *capacity * 2;
    void *grown = reallocarray(array, wanted, each_bytes);
    if (!grown)
        lt_client_die("out of memory for %zu times %zu bytes", wanted, each_bytes);
    *capacity = wanted;
    return grown;
}

/* Monotonic time in ns. */
static inline int64_t lt_client_now_ns(void)
{
    struct timespec now;
    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
        lt_client_die("cannot read the monotonic clock: %s", strerror(errno));
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* ---- arguments ------------------------------------------------------------------------------- */

/* A number from the command line within [low, high], or the end of the program. */
static inline int64_t lt_client_number(const char *name, const char *text, int64_t low,
                                       int64_t high)
{
    char *end = NULL;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0')
        lt_client_die("\"%s\" for \"%s\" is not a number", text, name);
    if (number < low || number > high)
        lt_client_die("%s for \"%s\" is not between %" PRId64 " and %" PRId64, text, name, low,
                      high);
    return number;
}

/* One `--name value` option: exactly one of the two places is set. */
struct lt_client_option {
    const char *name;
    int64_t *number; /* receives a number of 0 or more */
    const char **text;
};

/* Parse the options after the positional arguments; an unknown one ends the program. */
static inline void lt_client_parse(int argc, char **argv, const struct lt_client_option *options,
                                   size_t option_count)
{
    for (int i = 0; i < argc; i += 2) {
        size_t found = 0;
        while (found < option_count && strcmp(argv[i], options[found].name) != 0)
            found++;
        if (found == option_count)
            lt_client_die("unknown option \"%s\"; hint: run without arguments for the list",
                          argv[i]);
        if (i + 1 >= argc)
            lt_client_die("option \"%s\" needs a value", argv[i]);
        if (options[found].number)
            *options[found].number = lt_client_number(argv[i], argv[i + 1], 0, INT64_MAX);
        else
            *options[found].text = argv[i + 1];
    }
}

/* ---- handles --------------------------------------------------------------------------------- */

/* A broker that is away for a while is part of the test, so such events are not printed. */
static inline void lt_client_on_error(rd_kafka_t *rk, int code, const char *reason, void *opaque)
{
    (void)opaque;
    char text[LT_CLIENT_TEXT_BYTES];
    if (code != RD_KAFKA_RESP_ERR__FATAL)
        return;
    rd_kafka_resp_err_t fatal = rd_kafka_fatal_error(rk, text, sizeof(text));
    lt_client_die("%s: %s (%s)", rd_kafka_err2name(fatal), text, reason);
}

static inline void lt_client_set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char text[LT_CLIENT_TEXT_BYTES];
    if (rd_kafka_conf_set(conf, name, value, text, sizeof(text)) != RD_KAFKA_CONF_OK)
        lt_client_die("cannot set \"%s\": %s", name, text);
}

static inline rd_kafka_conf_t *lt_client_conf(const char *bootstrap)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    lt_client_set(conf, "bootstrap.servers", bootstrap);
    lt_client_set(conf, "reconnect.backoff.ms", "50");
    lt_client_set(conf, "reconnect.backoff.max.ms", "500");
    lt_client_set(conf, "log_level", "3");
    lt_client_set(conf, "log.connection.close", "false");
    lt_client_set(conf, "allow.auto.create.topics", "false");
    rd_kafka_conf_set_error_cb(conf, lt_client_on_error);
    rd_kafka_conf_set_log_cb(conf, NULL);
    return conf;
}

static inline rd_kafka_t *lt_client_create(rd_kafka_type_t type, rd_kafka_conf_t *conf)
{
    char text[LT_CLIENT_TEXT_BYTES];
    rd_kafka_t *rk = rd_kafka_new(type, conf, text, sizeof(text));
    if (!rk)
        lt_client_die("cannot create a client: %s", text);
    return rk;
}

/* What became of the records of a producer; the delivery callback counts. */
struct lt_client_deliveries {
    uint64_t delivered;
    uint64_t failed;
    rd_kafka_resp_err_t first_error;
};

static inline void lt_client_on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *message,
                                         void *opaque)
{
    (void)rk;
    struct lt_client_deliveries *deliveries = opaque;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        deliveries->delivered++;
        return;
    }
    if (deliveries->failed++ == 0)
        deliveries->first_error = message->err;
}

/* An idempotent producer that never gives a record up: order and count survive a killed broker. One
 * request at a time, since a broker that does not know the producer takes a batch whose predecessor
 * it refused (io/kafka_first.c).
 * "deliveries" must outlive it. Destroy with lt_client_finish. */
static inline rd_kafka_t *lt_client_producer(const char *bootstrap, const char *compression,
                                             struct lt_client_deliveries *deliveries)
{
    rd_kafka_conf_t *conf = lt_client_conf(bootstrap);
    lt_client_set(conf, "enable.idempotence", "true");
    lt_client_set(conf, "message.timeout.ms", "0");
    lt_client_set(conf, "message.max.bytes", LT_CLIENT_RECORD_BYTES_MAX);
    lt_client_set(conf, "queue.buffering.max.kbytes", "65536");
    lt_client_set(conf, "max.in.flight", "1");
    lt_client_set(conf, "linger.ms", "1");
    lt_client_set(conf, "compression.type", compression ? compression : "none");
    rd_kafka_conf_set_dr_msg_cb(conf, lt_client_on_delivery);
    rd_kafka_conf_set_opaque(conf, deliveries);
    return lt_client_create(RD_KAFKA_PRODUCER, conf);
}

/* Wait until every record has been answered, and destroy the producer. */
static inline void lt_client_finish(rd_kafka_t *producer,
                                    const struct lt_client_deliveries *deliveries)
{
    rd_kafka_resp_err_t error;
    do
        error = rd_kafka_flush(producer, LT_CLIENT_WAIT_MS);
    while (error == RD_KAFKA_RESP_ERR__TIMED_OUT);
    rd_kafka_destroy(producer);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
        lt_client_die("cannot flush: %s", rd_kafka_err2str(error));
    if (deliveries->failed != 0)
        lt_client_die("%" PRIu64 " records were refused, the first one: %s", deliveries->failed,
                      rd_kafka_err2str(deliveries->first_error));
}

/* ---- waiting --------------------------------------------------------------------------------- */

/* What a request meets while a broker starts, ends or moves its leaders; asking again helps. */
static inline bool lt_client_is_passing(rd_kafka_resp_err_t error)
{
    switch (error) {
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__WAIT_COORD:
    case RD_KAFKA_RESP_ERR__NOENT:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
    case RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE:
        return true;
    default:
        return false;
    }
}

static inline int64_t lt_client_deadline_ns(void)
{
    return lt_client_now_ns() + (int64_t)LT_CLIENT_WAIT_MS * 1000000;
}

/* Wait a little before asking again. Returns false when the deadline has passed. */
static inline bool lt_client_wait(int64_t deadline_ns)
{
    const struct timespec pause = {.tv_nsec = 50000000};
    nanosleep(&pause, NULL);
    return lt_client_now_ns() < deadline_ns;
}

/* ---- topics ---------------------------------------------------------------------------------- */

/* The number of partitions that have a leader, or 0 when the topic is missing or not ready. */
static inline int32_t lt_client_partitions(rd_kafka_t *rk, const char *topic)
{
    const struct rd_kafka_metadata *metadata = NULL;
    rd_kafka_topic_t *handle = rd_kafka_topic_new(rk, topic, NULL);
    if (!handle)
        lt_client_die("topic \"%s\": %s", topic, rd_kafka_err2str(rd_kafka_last_error()));
    int64_t deadline_ns = lt_client_deadline_ns();
    rd_kafka_resp_err_t error;
    do
        error = rd_kafka_metadata(rk, 0, handle, &metadata, LT_CLIENT_WAIT_MS);
    while (lt_client_is_passing(error) && lt_client_wait(deadline_ns));
    rd_kafka_topic_destroy(handle);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
        lt_client_die("topic \"%s\": cannot read the metadata: %s", topic, rd_kafka_err2str(error));
    int32_t count = 0;
    if (metadata->topic_cnt == 1 && metadata->topics[0].err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        count = metadata->topics[0].partition_cnt;
        for (int32_t i = 0; i < metadata->topics[0].partition_cnt; i++)
            if (metadata->topics[0].partitions[i].leader < 0)
                count = 0;
    }
    rd_kafka_metadata_destroy(metadata);
    return count;
}

/* The number of partitions of a topic that must be there; leaders may take a moment to show up. */
static inline int32_t lt_client_need_partitions(rd_kafka_t *rk, const char *topic)
{
    int64_t deadline_ns = lt_client_now_ns() + (int64_t)LT_CLIENT_TOPIC_WAIT_MS * 1000000;
    int32_t count;
    do
        count = lt_client_partitions(rk, topic);
    while (count == 0 && lt_client_wait(deadline_ns));
    if (count == 0)
        lt_client_die("topic \"%s\" does not exist; hint: create it with the command \"create\"",
                      topic);
    return count;
}

/* What an admin request's answer says of its topics. */
static inline const rd_kafka_topic_result_t **lt_client_admin_results(rd_kafka_event_t *event,
                                                                      size_t *count)
{
    switch (rd_kafka_event_type(event)) {
    case RD_KAFKA_EVENT_CREATETOPICS_RESULT:
        return rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event),
                                                   count);
    case RD_KAFKA_EVENT_CREATEPARTITIONS_RESULT:
        return rd_kafka_CreatePartitions_result_topics(
            rd_kafka_event_CreatePartitions_result(event), count);
    default:
        return rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event),
                                                   count);
    }
}

/* Run one admin request and return the error of its only topic. */
static inline rd_kafka_resp_err_t lt_client_await_admin(rd_kafka_queue_t *queue)
{
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, LT_CLIENT_WAIT_MS);
    if (!event)
        return RD_KAFKA_RESP_ERR__TIMED_OUT;
    rd_kafka_resp_err_t error = rd_kafka_event_error(event);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
        size_t count = 0;
        const rd_kafka_topic_result_t **topics = lt_client_admin_results(event, &count);
        error = count == 1 ? rd_kafka_topic_result_error(topics[0]) : RD_KAFKA_RESP_ERR__FAIL;
    }
    rd_kafka_event_destroy(event);
    return error;
}

/* Create a topic with one replica that keeps old timestamps and takes batches of so many bytes, and
 * wait for its leaders. Returns false when it exists already. */
static inline bool lt_client_create_topic_of(rd_kafka_t *rk, const char *topic, int32_t partitions,
                                             const char *batch_bytes_max)
{
    char text[LT_CLIENT_TEXT_BYTES];
    rd_kafka_NewTopic_t *request = rd_kafka_NewTopic_new(topic, partitions, 1, text, sizeof(text));
    if (!request)
        lt_client_die("topic \"%s\": %s", topic, text);
    if (rd_kafka_NewTopic_set_config(request, "retention.ms", "-1") != 0 ||
        rd_kafka_NewTopic_set_config(request, "max.message.bytes", batch_bytes_max) != 0)
        lt_client_die("topic \"%s\": cannot set its configuration", topic);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    rd_kafka_CreateTopics(rk, &request, 1, NULL, queue);
    rd_kafka_resp_err_t error = lt_client_await_admin(queue);
    rd_kafka_queue_destroy(queue);
    rd_kafka_NewTopic_destroy(request);
    if (error == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
        return false;
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
        lt_client_die("cannot create the topic \"%s\": %s", topic, rd_kafka_err2str(error));
    (void)lt_client_need_partitions(rk, topic);
    return true;
}

/* The same, of a topic that takes big records. */
static inline bool lt_client_create_topic(rd_kafka_t *rk, const char *topic, int32_t partitions)
{
    return lt_client_create_topic_of(rk, topic, partitions, LT_CLIENT_RECORD_BYTES_MAX);
}

/* Add partitions to a topic until it has so many, and wait for their leaders. */
static inline void lt_client_grow_topic(rd_kafka_t *rk, const char *topic, int32_t partitions)
{
    char text[LT_CLIENT_TEXT_BYTES];
    rd_kafka_NewPartitions_t *request =
        rd_kafka_NewPartitions_new(topic, (size_t)partitions, text, sizeof(text));
    if (!request)
        lt_client_die("topic \"%s\": %s", topic, text);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    rd_kafka_CreatePartitions(rk, &request, 1, NULL, queue);
    rd_kafka_resp_err_t error = lt_client_await_admin(queue);
    rd_kafka_queue_destroy(queue);
    rd_kafka_NewPartitions_destroy(request);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
        lt_client_die("cannot add partitions to the topic \"%s\": %s", topic,
                      rd_kafka_err2str(error));
    int64_t deadline_ns = lt_client_deadline_ns();
    while (lt_client_partitions(rk, topic) != partitions && lt_client_wait(deadline_ns)) {
        /* the broker's answer comes before all of it knows */
    }
}

/* Delete a topic; one that is not there ends the program. */
static inline void lt_client_delete_topic(rd_kafka_t *rk, const char *topic)
{
    rd_kafka_DeleteTopic_t *request = rd_kafka_DeleteTopic_new(topic);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    rd_kafka_DeleteTopics(rk, &request, 1, NULL, queue);
    rd_kafka_resp_err_t error = lt_client_await_admin(queue);
    rd_kafka_queue_destroy(queue);
    rd_kafka_DeleteTopic_destroy(request);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
        lt_client_die("cannot delete the topic \"%s\": %s", topic, rd_kafka_err2str(error));
}

/* The offsets of the first record and behind the last one of a partition. */
static inline void lt_client_bounds(rd_kafka_t *rk, const char *topic, int32_t partition,
                                    int64_t *low, int64_t *high)
{
    int64_t deadline_ns = lt_client_deadline_ns();
    rd_kafka_resp_err_t error;
    do
        error =
            rd_kafka_query_watermark_offsets(rk, topic, partition, low, high, LT_CLIENT_WAIT_MS);
    while (lt_client_is_passing(error) && lt_client_wait(deadline_ns));
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
        lt_client_die("topic \"%s\" partition %" PRId32 ": cannot read its bounds: %s", topic,
                      partition, rd_kafka_err2str(error));
}

/* ---- reader ---------------------------------------------------------------------------------- */

/* Reads one partition at a time, from an offset to the end. */
struct lt_client_reader {
    rd_kafka_t *rk;
    const char *topic;
    int32_t partition;
    int64_t high; /* behind the last record when reading began */
    bool at_end;
};

/* Open a reader of committed records. Close with lt_client_reader_close. */
static inline void lt_client_reader_open(struct lt_client_reader *reader, const char *bootstrap)
{
    rd_kafka_conf_t *conf = lt_client_conf(bootstrap);
    lt_client_set(conf, "group.id", "leat-tests");
    lt_client_set(conf, "enable.auto.commit", "false");
    lt_client_set(conf, "enable.partition.eof", "true");
    lt_client_set(conf, "auto.offset.reset", "error");
    lt_client_set(conf, "isolation.level", "read_committed");
    lt_client_set(conf, "check.crcs", "true");
    lt_client_set(conf, "fetch.wait.max.ms", "20");
    lt_client_set(conf, "fetch.message.max.bytes", LT_CLIENT_RECORD_BYTES_MAX);
    lt_client_set(conf, "queued.max.messages.kbytes", "65536");
    *reader = (struct lt_client_reader){.rk = lt_client_create(RD_KAFKA_CONSUMER, conf)};
    rd_kafka_resp_err_t error = rd_kafka_poll_set_consumer(reader->rk);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
        lt_client_die("cannot prepare a consumer: %s", rd_kafka_err2str(error));
}

static inline void lt_client_reader_close(struct lt_client_reader *reader)
{
    rd_kafka_resp_err_t error = rd_kafka_consumer_close(reader->rk);
    rd_kafka_destroy(reader->rk);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
        lt_client_die("cannot close a consumer: %s", rd_kafka_err2str(error));
}

/* Go to an offset of a partition, or to the first record (RD_KAFKA_OFFSET_BEGINNING). "topic" is
 * borrowed. */
static inline void lt_client_reader_go(struct lt_client_reader *reader, const char *topic,
                                       int32_t partition, int64_t offset)
{
    int64_t low = 0;
    lt_client_bounds(reader->rk, topic, partition, &low, &reader->high);
    reader->topic = topic;
    reader->partition = partition;
    reader->at_end = low == reader->high;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, partition)->offset =
        offset == RD_KAFKA_OFFSET_BEGINNING ? low : offset;
    rd_kafka_resp_err_t error = rd_kafka_assign(reader->rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
        lt_client_die("topic \"%s\" partition %" PRId32 ": cannot read it: %s", topic, partition,
                      rd_kafka_err2str(error));
}

/* The next record, which the caller destroys with rd_kafka_message_destroy, or NULL at the end. */
static inline rd_kafka_message_t *lt_client_reader_next(struct lt_client_reader *reader)
{
    while (!reader->at_end) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(reader->rk, LT_CLIENT_WAIT_MS);
        if (!message)
            lt_client_die("topic \"%s\" partition %" PRId32 ": no answer within %d s",
                          reader->topic, reader->partition, LT_CLIENT_WAIT_MS / 1000);
        if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
            return message;
        if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
            reader->at_end = true;
            if (message->offset < reader->high)
                fprintf(stderr,
                        "topic \"%s\" partition %" PRId32 ": offsets %" PRId64 " to %" PRId64
                        " belong to an open transaction and were not read\n",
                        reader->topic, reader->partition, message->offset, reader->high - 1);
        } else if (!lt_client_is_passing(message->err)) {
            lt_client_die("topic \"%s\" partition %" PRId32 ": %s", reader->topic,
                          reader->partition, rd_kafka_message_errstr(message));
        }
        rd_kafka_message_destroy(message);
    }
    return NULL;
}

#endif
