/*
 * Records out: rows become produced messages.
 *
 * A row is held until its delivery report, since it is the original that a dead letter would need,
 * and since librdkafka borrows its value from BORROW_BYTES on. With one exception, which the speed
 * of a plain relay rests on: a small record that came from Kafka and goes out unchanged is copied
 * by librdkafka, and its row is released at once. Its message is then freed while it is still in
 * the cache, and the row used again: 1.1 instead of 0.7 million records of 128 bytes per
 * CPU-second. librdkafka's copy is the original then (kafka_delivery.c).
 *
 * What a broker would refuse is refused here, where the topic's rules are known: a broker refuses
 * whole batches, and to find the guilty record then costs a round trip per record (kafka_retry.c).
 *
 * Delivery is retried without limit by default. A full producer is LT_WRITE_FULL; a report frees
 * it.
 *
 * on: the lane's sink thread, but for the callback.
 */
#include "io/kafka_writer.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/ascii.h"
#include "core/flow/fault.h"

enum {
    /* From here on librdkafka borrows the value instead of copying it. Measured: at 128 bytes a
     * copy costs nothing and lets the row go at once; at 1 KiB it costs 0.4 us. */
    BORROW_BYTES = 512,
    /* A record batch of one record: its head, and the largest head of a record. */
    BATCH_HEAD_BYTES = 61,
    RECORD_HEAD_BYTES_MAX = 40,
};

static bool writer_is_idle(struct lt_writer *base)
{
    const struct lt_kafka_writer *writer = (struct lt_kafka_writer *)base;
    return lt_load_acquire_u64(&writer->signal.count) ==
           writer->seen; /* pairs with lt_signal_raise */
}

/* ----------------------------------------------------------------------------------- producing */

static struct lt_fault *make_fault(const char *condition, const char *topic, const char *text)
{
    return lt_fault_create("sink kafka", condition, "", "topic \"%s\": %s", topic, text);
}

static struct lt_kafka_writer_topic *add_topic(struct lt_kafka_writer *writer, const void *name,
                                               size_t name_bytes)
{
    char *copy = lt_alloc(name_bytes + 1);
    memcpy(copy, name, name_bytes);
    rd_kafka_topic_t *handle =
        strlen(copy) == name_bytes ? rd_kafka_topic_new(writer->client->rk, copy, NULL) : NULL;
    if (handle == NULL) {
        free(copy);
        return NULL;
    }
    writer->topics =
        lt_realloc_array(writer->topics, writer->topic_count + 1, sizeof *writer->topics);
    writer->last_topic = writer->topic_count++;
    struct lt_kafka_writer_topic *topic = &writer->topics[writer->last_topic];
    *topic = (struct lt_kafka_writer_topic){
        .name = copy,
        .name_bytes = name_bytes,
        .handle = handle,
        .is_source = lt_kafka_sink_feeds_source(writer->sink, copy, -1),
    };
    lt_kafka_first_reserve(topic, writer->sink->base.partition_count);
    return topic;
}

static bool is_named(const struct lt_kafka_writer_topic *topic, const struct lt_bytes *name)
{
    return topic->name_bytes == name->size_bytes &&
           memcmp(topic->name, name->data, name->size_bytes) == 0;
}

/* Kafka's rule. A broker that is asked for another name answers with an error that does not tell
 * which row it was. */
static bool is_topic_name(const struct lt_bytes *name)
{
    enum { TOPIC_BYTES_MAX = 249 };
    const char *bytes = (const char *)name->data;
    for (uint32_t i = 0; i < name->size_bytes; i++) {
        if (!lt_ascii_is_letter(bytes[i]) && !lt_ascii_is_digit(bytes[i]) && bytes[i] != '.' &&
            bytes[i] != '_' && bytes[i] != '-')
            return false;
    }
    bool is_dots = name->size_bytes <= 2 && memcmp(bytes, "..", name->size_bytes) == 0;
    return name->size_bytes > 0 && name->size_bytes <= TOPIC_BYTES_MAX && !is_dots;
}

/* A topic that no row has named before. NULL, with a fault: nothing can be written there. */
static struct lt_kafka_writer_topic *
meet_topic(struct lt_kafka_writer *writer, const struct lt_bytes *name, struct lt_fault **fault)
{
    struct lt_kafka_writer_topic *topic =
        is_topic_name(name) ? add_topic(writer, name->data, name->size_bytes) : NULL;
    if (topic == NULL)
        *fault = lt_fault_create("sink kafka", "KAFKA_INVALID_TOPIC", "",
                                 "\"%.*s\" is no name for a topic", (int)name->size_bytes,
                                 name->size_bytes == 0 ? "" : (const char *)name->data);
    return topic;
}

/* The topic that the row names. Queries write few topics, so they are looked through. */
static struct lt_kafka_writer_topic *
find_topic(struct lt_kafka_writer *writer, const struct lt_bytes *name, struct lt_fault **fault)
{
    if (writer->topic_count > 0 && is_named(&writer->topics[writer->last_topic], name))
        return &writer->topics[writer->last_topic];
    for (uint32_t i = 0; i < writer->topic_count; i++) {
        if (is_named(&writer->topics[i], name)) {
            writer->last_topic = i;
            return &writer->topics[i];
        }
    }
    return meet_topic(writer, name, fault);
}

static struct lt_kafka_writer_topic *topic_of(struct lt_kafka_writer *writer,
                                              const struct lt_row *row, struct lt_fault **fault)
{
    int column = writer->columns.topic;
    if (lt_likely(column == LT_KAFKA_NO_COLUMN))
        return &writer->topics[0];
    if (lt_row_is_null(row, (uint32_t)column)) {
        *fault = lt_fault_create(
            "sink kafka", "KAFKA_NULL_TOPIC_IN_DATA", "",
            "null topic present in the data. Use the topic option for setting a default topic.");
        return NULL;
    }
    return find_topic(writer, &lt_row_values(row)[column].bytes, fault);
}

/* What is produced of a row. */
struct record {
    struct lt_kafka_writer_topic *topic;
    int32_t partition;
    const void *key, *value;
    size_t key_bytes, value_bytes;
    rd_kafka_headers_t *headers;
    int64_t timestamp_ms;
    bool has_timestamp, headers_are_taken;
};

/* NULL is no value; a value without bytes still has an address. */
static inline const void *bytes_of(const struct lt_row *row, int column, size_t *size_bytes)
{
    *size_bytes = 0;
    if (column == LT_KAFKA_NO_COLUMN || lt_row_is_null(row, (uint32_t)column))
        return NULL;
    const struct lt_bytes *bytes = &lt_row_values(row)[column].bytes;
    *size_bytes = bytes->size_bytes;
    return bytes->data == NULL ? "" : (const char *)bytes->data;
}

/* True when nobody but the caller can reach the row and what it was made from. */
static bool is_sole_holder(const struct lt_row *row)
{
    for (; row != NULL; row = row->parent) {
        if (lt_load_acquire_u32(&row->references) != 1) /* pairs with lt_row_release */
            return false;
    }
    return true;
}

static bool take_headers(const struct lt_kafka_writer *writer, const struct lt_row *row,
                         struct record *record, struct lt_fault **fault)
{
    int column = writer->columns.headers;
    if (column == LT_KAFKA_NO_COLUMN || lt_row_is_null(row, (uint32_t)column))
        return true;
    const struct lt_array *array = lt_row_values(row)[column].array;
    const char *problem = NULL;
    record->headers_are_taken = lt_kafka_headers_can_move(array) && is_sole_holder(row);
    record->headers = lt_kafka_headers_make(array, record->headers_are_taken, &problem);
    if (problem != NULL)
        *fault = make_fault("KAFKA_INVALID_HEADERS", record->topic->name, problem);
    return problem == NULL;
}

static void drop_headers(const struct lt_kafka_writer *writer, const struct lt_row *row,
                         const struct record *record)
{
    if (record->headers == NULL)
        return;
    if (record->headers_are_taken)
        lt_kafka_headers_give_back(lt_row_values(row)[writer->columns.headers].array,
                                   record->headers);
    else
        rd_kafka_headers_destroy(record->headers);
}

static int32_t choose_partition(struct lt_kafka_writer *writer, const struct lt_row *row)
{
    int column = writer->columns.partition;
    if (column != LT_KAFKA_NO_COLUMN && !lt_row_is_null(row, (uint32_t)column))
        return (int32_t)lt_row_values(row)[column].i64;
    return writer->sink->is_round_robin ? (int32_t)writer->next_partition : RD_KAFKA_PARTITION_UA;
}

static void take_time(const struct lt_kafka_writer *writer, const struct lt_row *row,
                      struct record *record)
{
    int column = writer->columns.timestamp;
    if (column == LT_KAFKA_NO_COLUMN || lt_row_is_null(row, (uint32_t)column))
        return;
    int64_t us = lt_row_values(row)[column].i64;
    record->timestamp_ms =
        us / LT_US_PER_MS - (us % LT_US_PER_MS < 0); /* towards the past, as Java's floorDiv */
    record->has_timestamp = true;
}

/* What the broker will measure against max.message.bytes: the batch that holds this record alone.
 */
static size_t wire_bytes(const struct record *record)
{
    size_t headers_bytes = 0, header_count = 0;
    if (record->headers != NULL) {
        headers_bytes = lt_kafka_headers_size_bytes(record->headers);
        header_count = rd_kafka_header_cnt(record->headers);
    }
    size_t body =
        3 /* attributes, and both deltas, which are 0 */ +
        lt_kafka_varint_size_bytes(record->key == NULL ? -1 : (int64_t)record->key_bytes) +
        record->key_bytes +
        lt_kafka_varint_size_bytes(record->value == NULL ? -1 : (int64_t)record->value_bytes) +
        record->value_bytes + lt_kafka_varint_size_bytes((int64_t)header_count) + headers_bytes;
    return BATCH_HEAD_BYTES + lt_kafka_varint_size_bytes((int64_t)body) + body;
}

static bool is_too_large(const struct lt_kafka_writer *writer, const struct record *record)
{
    size_t limit = (size_t)writer->sink->rules.record_bytes_max;
    if (lt_likely(limit == 0 || writer->sink->compresses))
        return false;
    if (lt_likely(record->headers == NULL && record->key_bytes + record->value_bytes +
                                                     BATCH_HEAD_BYTES + RECORD_HEAD_BYTES_MAX <=
                                                 limit))
        return false;
    return wire_bytes(record) > limit;
}

static rd_kafka_resp_err_t produce_full(const struct lt_kafka_writer *writer,
                                        const struct record *record, int flags, void *opaque)
{
    rd_kafka_vu_t parts[9] = {
        {.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = record->topic->handle},
        {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = record->partition},
        {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = flags},
        {.vtype = RD_KAFKA_VTYPE_VALUE,
         .u.mem = {(void *)(uintptr_t)record->value, record->value_bytes}},
        {.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {(void *)(uintptr_t)record->key, record->key_bytes}},
        {.vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = opaque},
    };
    size_t count = 6;
    if (record->has_timestamp)
        parts[count++] =
            (rd_kafka_vu_t){.vtype = RD_KAFKA_VTYPE_TIMESTAMP, .u.i64 = record->timestamp_ms};
    if (record->headers != NULL)
        parts[count++] =
            (rd_kafka_vu_t){.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = record->headers};
    rd_kafka_error_t *error = rd_kafka_produceva(writer->client->rk, parts, count);
    if (lt_likely(error == NULL))
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    rd_kafka_resp_err_t err = rd_kafka_error_code(error);
    rd_kafka_error_destroy(error);
    return err;
}

static rd_kafka_resp_err_t produce(const struct lt_kafka_writer *writer,
                                   const struct record *record, void *opaque)
{
    int flags = record->value_bytes < BORROW_BYTES ? RD_KAFKA_MSG_F_COPY : 0;
    if (record->headers != NULL || record->has_timestamp)
        return produce_full(writer, record, flags, opaque);
    if (lt_likely(rd_kafka_produce(record->topic->handle, record->partition, flags,
                                   (void *)(uintptr_t)record->value, record->value_bytes,
                                   record->key, record->key_bytes, opaque) == 0))
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    return rd_kafka_last_error();
}

static struct lt_fault *fault_partition(const struct record *record)
{
    return lt_fault_create("sink kafka", lt_kafka_condition(RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION),
                           "", "topic \"%s\" has no partition %" PRId32, record->topic->name,
                           record->partition);
}

/* librdkafka did not take the record. */
static enum lt_write refuse(struct lt_kafka_writer *writer, const struct lt_row *row,
                            const struct record *record, rd_kafka_resp_err_t err,
                            struct lt_fault **fault)
{
    drop_headers(writer, row, record);
    if (lt_likely(err == RD_KAFKA_RESP_ERR__QUEUE_FULL))
        return LT_WRITE_FULL;
    err = lt_kafka_writer_error(writer, err, record->partition);
    if (lt_kafka_verdict(err) != LT_KAFKA_BAD_RECORD) {
        lt_kafka_writer_break(writer, err, record->topic->name);
        return LT_WRITE_BROKEN;
    }
    if (err == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION)
        *fault = fault_partition(record);
    else
        *fault = make_fault(lt_kafka_condition(err), record->topic->name, rd_kafka_err2str(err));
    return LT_WRITE_FAILED;
}

static enum lt_write refuse_large(const struct lt_kafka_writer *writer, const struct lt_row *row,
                                  const struct record *record, struct lt_fault **fault)
{
    *fault = lt_fault_create(
        "sink kafka", lt_kafka_condition(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE), "",
        "topic \"%s\": the record takes %zu bytes, the topic allows %" PRId64
        " (max.message.bytes)",
        record->topic->name, wire_bytes(record), writer->sink->rules.record_bytes_max);
    drop_headers(writer, row, record);
    return LT_WRITE_FAILED;
}

/* Only null leaves the choice to the producer, as in Spark; to librdkafka -1 does so, too. */
static bool is_negative(const struct lt_kafka_writer *writer, const struct lt_row *row,
                        const struct record *record)
{
    int column = writer->columns.partition;
    return record->partition < 0 && column != LT_KAFKA_NO_COLUMN &&
           !lt_row_is_null(row, (uint32_t)column);
}

static bool comes_back(const struct lt_kafka_writer *writer, const struct record *record)
{
    return lt_unlikely(record->topic->is_source) &&
           lt_kafka_sink_feeds_source(writer->sink, record->topic->name, record->partition);
}

/* Partition, timestamp and key; sizes are looked at later. NULL: nothing wrong. */
static struct lt_fault *check_rules(struct lt_kafka_writer *writer, const struct lt_row *row,
                                    const struct record *record)
{
    const struct lt_kafka_topic_rules *rules = &writer->sink->rules;
    if (lt_unlikely(comes_back(writer, record)))
        return make_fault("KAFKA_INVALID_TOPIC", record->topic->name,
                          "it is both source and sink: the query would feed itself");
    if (lt_unlikely(is_negative(writer, row, record)))
        return fault_partition(record);
    if (lt_unlikely(rules->needs_key && record->key == NULL))
        return make_fault("KAFKA_INVALID_RECORD", record->topic->name,
                          "the topic is compacted, and the key is null");
    if (lt_likely(!record->has_timestamp || record->timestamp_ms < 0))
        return NULL;
    /* To librdkafka 0 says that there is none, and the record would silently get the time of now.
     */
    if (lt_unlikely(record->timestamp_ms == 0))
        return make_fault("KAFKA_INVALID_TIMESTAMP", record->topic->name,
                          "timestamp 0 (1970-01-01 00:00:00) cannot be produced; hint: write no "
                          "column timestamp (--timestamp now)");
    /* The time known here is behind, so a record that seems far ahead is worth another look at the
     * clock. */
    if (lt_unlikely(record->timestamp_ms - writer->wall_ms > rules->ahead_ms_max))
        writer->wall_ms = lt_clock_wall_us(writer->clock) / LT_US_PER_MS;
    if (lt_unlikely(record->timestamp_ms - writer->wall_ms > rules->ahead_ms_max))
        return make_fault("KAFKA_INVALID_TIMESTAMP", record->topic->name,
                          "the timestamp is farther ahead than message.timestamp.after.max.ms or, "
                          "on an older broker, message.timestamp.difference.max.ms");
    if (lt_unlikely(rules->behind_ms_max != INT64_MAX &&
                    lt_clock_wall_us(writer->clock) / LT_US_PER_MS - record->timestamp_ms >
                        rules->behind_ms_max))
        return make_fault("KAFKA_INVALID_TIMESTAMP", record->topic->name,
                          "the timestamp is farther behind than message.timestamp.before.max.ms "
                          "or, on an older broker, message.timestamp.difference.max.ms");
    return NULL;
}

/* True when librdkafka's copy tells all that a dead letter would say, so that the row need not be
 * held: a consumed message as it came, small enough to be copied. A bound column headers that is
 * NULL means that there are none. */
static bool can_release(const struct lt_kafka_writer *writer, const struct lt_row *row,
                        const struct record *record)
{
    rd_kafka_headers_t *headers;
    return record->value_bytes < BORROW_BYTES && row->parent == NULL && record->has_timestamp &&
           lt_kafka_row_is_consumed(row) &&
           (writer->columns.headers != LT_KAFKA_NO_COLUMN ||
            rd_kafka_message_headers(row->origin, &headers) == RD_KAFKA_RESP_ERR__NOENT);
}

static void take_content(struct lt_kafka_writer *writer, const struct lt_row *row,
                         struct record *record)
{
    record->key = bytes_of(row, writer->columns.key, &record->key_bytes);
    record->value = bytes_of(row, writer->columns.value, &record->value_bytes);
    record->partition = choose_partition(writer, row);
    take_time(writer, row, record);
}

static enum lt_write write_with_ticket(struct lt_kafka_writer *writer, struct lt_row *row,
                                       struct lt_kafka_ticket *ticket, struct lt_fault **fault)
{
    struct record record = {.topic = topic_of(writer, row, fault)};
    if (lt_unlikely(record.topic == NULL))
        return LT_WRITE_FAILED;
    take_content(writer, row, &record);
    *fault = check_rules(writer, row, &record);
    if (lt_unlikely(*fault != NULL))
        return LT_WRITE_FAILED;
    enum lt_kafka_acquaintance met = lt_kafka_first_look(record.topic, record.partition);
    if (lt_unlikely(met == LT_KAFKA_MEETING))
        return LT_WRITE_FULL; /* the first one's report makes room */
    if (lt_unlikely(!take_headers(writer, row, &record, fault)))
        return LT_WRITE_FAILED;
    if (lt_unlikely(is_too_large(writer, &record)))
        return refuse_large(writer, row, &record, fault);
    bool releases = can_release(writer, row, &record);
    *ticket = (struct lt_kafka_ticket){.row = row,
                                       .ingest_ns = row->ingest_ns,
                                       .source_offset = row->source_offset,
                                       .source_partition = row->source_partition,
                                       .slot = (uint16_t)writer->slot,
                                       .is_released = releases,
                                       .was_first = writer->in_flight == 0,
                                       .is_introduction = met == LT_KAFKA_STRANGER,
                                       .chose_partition = record.partition >= 0};
    if (releases)
        ticket->timestamp_ms = record.timestamp_ms;
    rd_kafka_resp_err_t err = produce(writer, &record, ticket);
    if (lt_unlikely(err != RD_KAFKA_RESP_ERR_NO_ERROR))
        return refuse(writer, row, &record, err, fault);
    writer->outstanding[writer->slot]++;
    writer->in_flight++;
    if (lt_unlikely(met == LT_KAFKA_STRANGER))
        lt_kafka_first_sent(record.topic, record.partition);
    if (writer->sink->is_round_robin &&
        ++writer->next_partition >= writer->sink->base.partition_count)
        writer->next_partition = 0;
    if (releases)
        lt_row_release(row);
    return LT_WRITE_DONE;
}

bool lt_kafka_writer_again(struct lt_kafka_writer *writer, struct lt_kafka_ticket *ticket,
                           rd_kafka_topic_t *topic, int32_t partition)
{
    const struct lt_row *row = ticket->row;
    struct lt_fault *fault = NULL;
    struct record record = {0};
    for (uint32_t i = 0; i < writer->topic_count; i++)
        if (writer->topics[i].handle == topic)
            record.topic = &writer->topics[i];
    lt_assert(record.topic != NULL);
    take_content(writer, row, &record);
    record.partition = partition;
    bool has_headers = take_headers(writer, row, &record, &fault);
    lt_assert(has_headers); /* it had them when it was produced first */
    rd_kafka_resp_err_t err = produce(writer, &record, ticket);
    if (lt_likely(err == RD_KAFKA_RESP_ERR_NO_ERROR)) {
        ticket->was_first = writer->in_flight++ == 0;
        return true;
    }
    drop_headers(writer, row, &record);
    if (err != RD_KAFKA_RESP_ERR__QUEUE_FULL)
        lt_kafka_writer_break(writer, err, record.topic->name);
    return false;
}

static enum lt_write writer_write(struct lt_writer *base, struct lt_row *row,
                                  struct lt_fault **fault)
{
    struct lt_kafka_writer *writer = (struct lt_kafka_writer *)base;
    if (lt_unlikely(writer->is_broken))
        return LT_WRITE_BROKEN;
    if (lt_unlikely(writer->retry.is_active))
        return LT_WRITE_FULL;
    struct lt_kafka_ticket *ticket = lt_kafka_ticket_take(writer);
    if (lt_unlikely(ticket == NULL))
        return LT_WRITE_FULL;
    enum lt_write result = write_with_ticket(writer, row, ticket, fault);
    if (lt_unlikely(result != LT_WRITE_DONE))
        lt_kafka_ticket_return(writer, ticket);
    return result;
}

/* --------------------------------------------------------------------------------- open, close */

static void writer_close(struct lt_writer *base)
{
    struct lt_kafka_writer *writer = (struct lt_kafka_writer *)base;
    lt_kafka_writer_abort(base);
    rd_kafka_queue_cb_event_enable(writer->main_queue, NULL, NULL);
    rd_kafka_queue_destroy(writer->main_queue);
    for (uint32_t i = 0; i < writer->topic_count; i++) {
        rd_kafka_topic_destroy(writer->topics[i].handle);
        free(writer->topics[i].name);
        free(writer->topics[i].places);
    }
    lt_kafka_client_close(writer->client);
    lt_row_pool_destroy(writer->remade);
    free(writer->tickets);
    free(writer->topics);
    free(writer);
}

static const struct lt_writer_ops writer_ops = {
    .write = writer_write,
    .poll = lt_kafka_writer_poll,
    .is_idle = writer_is_idle,
    .prepare = lt_kafka_writer_prepare,
    .prepared = lt_kafka_writer_prepared,
    .abort = lt_kafka_writer_abort,
    .close = writer_close,
};

/* on: librdkafka's threads, under the queue's lock. */
static void on_event(rd_kafka_t *rk, void *opaque)
{
    (void)rk;
    lt_signal_raise(opaque);
}

int lt_kafka_writer_open(struct lt_sink *base, const struct lt_connector_env *env,
                         struct lt_writer **out, struct lt_error *error)
{
    struct lt_kafka_sink *sink = (struct lt_kafka_sink *)base;
    struct lt_kafka_writer *writer = lt_alloc(sizeof *writer);
    writer->base.ops = &writer_ops;
    writer->sink = sink;
    writer->clock = env->clock;
    writer->columns = sink->columns;
    if (env->lane == 0 && sink->client != NULL) {
        writer->client = sink->client;
        sink->client = NULL;
    } else {
        int code = lt_kafka_sink_open_client(sink, env, &writer->client, error);
        if (code < 0) {
            free(writer);
            return code;
        }
    }
    writer->is_shared = env->is_shared;
    writer->ticket_count = env->lane_rows;
    writer->tickets = lt_alloc_aligned(env->lane_rows * sizeof *writer->tickets);
    writer->client->context = writer;
    writer->signal.waker = env->waker;
    writer->main_queue = rd_kafka_queue_get_main(writer->client->rk);
    rd_kafka_queue_cb_event_enable(writer->main_queue, on_event, &writer->signal);
    if (sink->topic != NULL && add_topic(writer, sink->topic, strlen(sink->topic)) == NULL) {
        writer_close(&writer->base);
        return lt_error_set(error, LT_E_INVALID, "\"%s\" is no name for a topic", sink->topic);
    }
    *out = &writer->base;
    return 0;
}
