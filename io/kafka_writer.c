/*
 * Records out: rows become produced messages.
 *
 * A row is held until its delivery report, also when librdkafka has copied its bytes: it is the original that a dead
 * letter would need. The report's opaque pointer is the row, with the number of an *epoch slot* in its low bits.
 * Each slot counts what was produced in one epoch and not yet reported; an epoch is durable when its count is 0. The
 * next epoch's records meanwhile count in the next slot, so nothing stops for a marker.
 *
 * Reports arrive in librdkafka's main queue, which calls back when it stops being empty; an idle poll is one load.
 *
 * Delivery is retried without limit by default. What cannot be delivered at all is told apart by
 * lt_kafka_verdict(): a bad record is handed to out->fail, anything else breaks the writer, and the query goes back
 * to its last epoch. A fatal error of the idempotent producer does so too.
 *
 * on: the lane's sink thread, but for the callback.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/limits.h"
#include "core/base/log.h"
#include "io/kafka_headers.h"
#include "io/kafka_sink_internal.h"

enum {
    SLOT_COUNT = 8, /* low bits of a row's address */
    /* From here on librdkafka borrows the value instead of copying it. Measured: at 128 bytes a copy costs nothing
     * and spares the broker's thread a cache miss in the fetched batch; at 1 KiB it costs 0.4 us. */
    BORROW_BYTES = 512,
    /* A record batch of one record: its head, and the largest head of a record. */
    BATCH_HEAD_BYTES = 61,
    RECORD_HEAD_BYTES_MAX = 40,
    PURGE_WAIT_MS = 10,
    PURGE_ROUNDS = 1000,
};
_Static_assert(SLOT_COUNT > LT_LIMIT_EPOCHS_IN_FLIGHT + 1, "an open epoch and all in flight need a slot each");
_Static_assert(SLOT_COUNT <= _Alignof(struct lt_row), "slots fit the low bits of a row's address");

struct topic {
    char *name;
    size_t name_bytes;
    rd_kafka_topic_t *handle;
};

struct writer {
    struct lt_writer base;
    const struct lt_kafka_sink *sink;
    struct lt_kafka_client *client;
    const struct lt_clock *clock;
    rd_kafka_queue_t *main_queue;
    struct lt_kafka_sink_columns columns;

    struct lt_signal signal;
    uint64_t seen;
    bool is_broken;

    struct topic *topics;
    uint32_t topic_count, last_topic;

    uint32_t slot;
    uint64_t outstanding[SLOT_COUNT];
    uint64_t closed[SLOT_COUNT]; /* epochs prepared and not yet found durable; by slot */
    uint32_t oldest_slot;

    /* during poll */
    struct lt_out *out;
    int64_t now_ns;
    uint64_t acked, acked_bytes, reports;
    bool is_aborting;
};

/* --------------------------------------------------------------------------------------- delivery reports */

/* The reports of one poll share one look at the clock. */
static int64_t report_time_ns(struct writer *writer)
{
    if (writer->now_ns == 0)
        writer->now_ns = lt_clock_now_ns(writer->clock);
    return writer->now_ns;
}

static void break_writer(struct writer *writer, rd_kafka_resp_err_t err, const char *topic)
{
    if (writer->is_broken)
        return;
    writer->is_broken = true;
    lt_kafka_client_fail(writer->client, &writer->base.error, err, "sink kafka: topic \"%s\"", topic);
    lt_error_class(&writer->base.error, LT_CLASS_ABORT_EPOCH);
}

/* Headers that went with the message come back before anybody looks at the row again. */
static void restore_headers(const struct writer *writer, const struct lt_row *row, const rd_kafka_message_t *message)
{
    int column = writer->columns.headers;
    rd_kafka_headers_t *headers;
    if (column == LT_KAFKA_NO_COLUMN || lt_row_is_null(row, (uint32_t)column))
        return;
    const struct lt_array *array = lt_row_values(row)[column].array;
    if (!lt_kafka_headers_are_taken(array))
        return;
    rd_kafka_resp_err_t err =
        rd_kafka_message_detach_headers((rd_kafka_message_t *)(uintptr_t)message, &headers);
    lt_assert(err == RD_KAFKA_RESP_ERR_NO_ERROR);
    lt_kafka_headers_give_back(array, headers);
}

static void take_failure(struct writer *writer, struct lt_row *row, const rd_kafka_message_t *message)
{
    const char *topic = rd_kafka_topic_name(message->rkt);
    enum lt_kafka_verdict verdict = writer->is_aborting ? LT_KAFKA_PURGED : lt_kafka_verdict(message->err);
    if (verdict == LT_KAFKA_BAD_RECORD && !writer->is_broken) {
        restore_headers(writer, row, message);
        writer->out->fail(writer->out, row,
                          lt_fault_create("sink kafka", lt_kafka_condition(message->err), "", "topic \"%s\": %s",
                                          topic, rd_kafka_message_errstr(message)));
        return;
    }
    if (verdict != LT_KAFKA_PURGED)
        break_writer(writer, message->err, topic);
    lt_row_release(row);
}

void lt_kafka_writer_on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    struct writer *writer = ((struct lt_kafka_client *)opaque)->context;
    uintptr_t tagged = (uintptr_t)message->_private;
    struct lt_row *row = (struct lt_row *)(tagged & ~(uintptr_t)(SLOT_COUNT - 1));
    (void)rk;
    writer->outstanding[tagged & (SLOT_COUNT - 1)]--;
    writer->reports++;
    if (lt_unlikely(message->err != RD_KAFKA_RESP_ERR_NO_ERROR)) {
        take_failure(writer, row, message);
        return;
    }
    writer->acked++;
    writer->acked_bytes += message->len + message->key_len;
    if (writer->base.ack_latency_ns != NULL)
        lt_histogram_record(writer->base.ack_latency_ns, report_time_ns(writer) - row->ingest_ns);
    lt_row_release(row);
}

static void count_acked(struct writer *writer)
{
    if (writer->base.acked_records != NULL)
        lt_counter_add(writer->base.acked_records, writer->acked);
    if (writer->base.acked_bytes != NULL)
        lt_counter_add(writer->base.acked_bytes, writer->acked_bytes);
    writer->acked = writer->acked_bytes = 0;
}

static void take_fatal(struct writer *writer)
{
    if (writer->is_broken)
        return;
    writer->is_broken = true;
    lt_error_set(&writer->base.error, LT_E_IO, "sink kafka: the idempotent producer cannot go on: %s: %s",
                 rd_kafka_err2name(writer->client->fatal), writer->client->last_error);
    lt_error_class(&writer->base.error, LT_CLASS_ABORT_EPOCH);
}

static int writer_poll(struct lt_writer *base, struct lt_out *out)
{
    struct writer *writer = (struct writer *)base;
    if (!lt_signal_take(&writer->signal, &writer->seen))
        return writer->is_broken ? -1 : 0;
    writer->out = out;
    writer->now_ns = 0;
    writer->reports = 0;
    rd_kafka_poll(writer->client->rk, 0);
    count_acked(writer);
    if (lt_unlikely(writer->client->fatal != RD_KAFKA_RESP_ERR_NO_ERROR))
        take_fatal(writer);
    return writer->is_broken ? -1 : writer->reports > INT32_MAX ? INT32_MAX : (int)writer->reports;
}

static bool writer_is_idle(struct lt_writer *base)
{
    const struct writer *writer = (struct writer *)base;
    return lt_load_acquire_u64(&writer->signal.count) == writer->seen; /* pairs with lt_signal_raise */
}

/* --------------------------------------------------------------------------------------------- producing */

static struct lt_fault *make_fault(const char *condition, const char *topic, const char *text)
{
    return lt_fault_create("sink kafka", condition, "", "topic \"%s\": %s", topic, text);
}

static struct topic *add_topic(struct writer *writer, const void *name, size_t name_bytes)
{
    char *copy = lt_alloc(name_bytes + 1);
    memcpy(copy, name, name_bytes);
    rd_kafka_topic_t *handle =
        strlen(copy) == name_bytes ? rd_kafka_topic_new(writer->client->rk, copy, NULL) : NULL;
    if (handle == NULL) {
        free(copy);
        return NULL;
    }
    writer->topics = lt_realloc_array(writer->topics, writer->topic_count + 1, sizeof *writer->topics);
    writer->last_topic = writer->topic_count++;
    writer->topics[writer->last_topic] = (struct topic){copy, name_bytes, handle};
    return &writer->topics[writer->last_topic];
}

static bool is_named(const struct topic *topic, const struct lt_bytes *name)
{
    return topic->name_bytes == name->size_bytes && memcmp(topic->name, name->data, name->size_bytes) == 0;
}

/* The topic that the row names. Queries write few topics, so they are looked through; NULL: no valid name. */
static struct topic *find_topic(struct writer *writer, const struct lt_bytes *name)
{
    if (writer->topic_count > 0 && is_named(&writer->topics[writer->last_topic], name))
        return &writer->topics[writer->last_topic];
    for (uint32_t i = 0; i < writer->topic_count; i++) {
        if (is_named(&writer->topics[i], name)) {
            writer->last_topic = i;
            return &writer->topics[i];
        }
    }
    return add_topic(writer, name->data, name->size_bytes);
}

static struct topic *topic_of(struct writer *writer, const struct lt_row *row, struct lt_fault **fault)
{
    int column = writer->columns.topic;
    if (lt_likely(column == LT_KAFKA_NO_COLUMN))
        return &writer->topics[0];
    if (lt_row_is_null(row, (uint32_t)column)) {
        *fault = lt_fault_create("sink kafka", "KAFKA_NULL_TOPIC_IN_DATA", "",
                                 "null topic present in the data. Use the topic option for setting a default topic.");
        return NULL;
    }
    const struct lt_bytes *name = &lt_row_values(row)[column].bytes;
    struct topic *topic = find_topic(writer, name);
    if (topic == NULL)
        *fault = lt_fault_create("sink kafka", "KAFKA_INVALID_TOPIC", "", "\"%.*s\" is no name for a topic",
                                 (int)name->size_bytes, (const char *)name->data);
    return topic;
}

/* What is produced of a row. */
struct record {
    const struct topic *topic;
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

static bool take_headers(const struct writer *writer, const struct lt_row *row, struct record *record,
                         struct lt_fault **fault)
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

static void drop_headers(const struct writer *writer, const struct lt_row *row, const struct record *record)
{
    if (record->headers == NULL)
        return;
    if (record->headers_are_taken)
        lt_kafka_headers_give_back(lt_row_values(row)[writer->columns.headers].array, record->headers);
    else
        rd_kafka_headers_destroy(record->headers);
}

static void take_partition_and_time(const struct writer *writer, const struct lt_row *row, struct record *record)
{
    int partition = writer->columns.partition, timestamp = writer->columns.timestamp;
    record->partition = RD_KAFKA_PARTITION_UA;
    if (partition != LT_KAFKA_NO_COLUMN && !lt_row_is_null(row, (uint32_t)partition))
        record->partition = (int32_t)lt_row_values(row)[partition].i64;
    if (timestamp != LT_KAFKA_NO_COLUMN && !lt_row_is_null(row, (uint32_t)timestamp)) {
        int64_t us = lt_row_values(row)[timestamp].i64;
        record->timestamp_ms = us / 1000 - (us % 1000 < 0); /* towards the past, as Java's floorDiv */
        record->has_timestamp = true;
    }
}

/* What the broker will measure against max.message.bytes: the batch that holds this record alone. */
static size_t wire_bytes(const struct record *record)
{
    size_t headers_bytes = 0, header_count = 0;
    if (record->headers != NULL) {
        headers_bytes = lt_kafka_headers_size_bytes(record->headers);
        header_count = rd_kafka_header_cnt(record->headers);
    }
    size_t body = 3 /* attributes, and both deltas, which are 0 */ +
                  lt_kafka_varint_size_bytes(record->key == NULL ? -1 : (int64_t)record->key_bytes) +
                  record->key_bytes +
                  lt_kafka_varint_size_bytes(record->value == NULL ? -1 : (int64_t)record->value_bytes) +
                  record->value_bytes + lt_kafka_varint_size_bytes((int64_t)header_count) + headers_bytes;
    return BATCH_HEAD_BYTES + lt_kafka_varint_size_bytes((int64_t)body) + body;
}

static bool is_too_large(const struct writer *writer, const struct record *record)
{
    size_t limit = (size_t)writer->sink->record_bytes_max;
    if (lt_likely(limit == 0 || writer->sink->compresses))
        return false;
    if (lt_likely(record->headers == NULL && record->key_bytes + record->value_bytes + BATCH_HEAD_BYTES +
                                                     RECORD_HEAD_BYTES_MAX <= limit))
        return false;
    return wire_bytes(record) > limit;
}

static rd_kafka_resp_err_t produce_full(const struct writer *writer, const struct record *record, int flags,
                                        void *opaque)
{
    rd_kafka_vu_t parts[9] = {
        {.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = record->topic->handle},
        {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = record->partition},
        {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = flags},
        {.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {(void *)(uintptr_t)record->value, record->value_bytes}},
        {.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {(void *)(uintptr_t)record->key, record->key_bytes}},
        {.vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = opaque},
    };
    size_t count = 6;
    if (record->has_timestamp)
        parts[count++] = (rd_kafka_vu_t){.vtype = RD_KAFKA_VTYPE_TIMESTAMP, .u.i64 = record->timestamp_ms};
    if (record->headers != NULL)
        parts[count++] = (rd_kafka_vu_t){.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = record->headers};
    rd_kafka_error_t *error = rd_kafka_produceva(writer->client->rk, parts, count);
    if (lt_likely(error == NULL))
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    rd_kafka_resp_err_t err = rd_kafka_error_code(error);
    rd_kafka_error_destroy(error);
    return err;
}

static rd_kafka_resp_err_t produce(const struct writer *writer, const struct record *record, void *opaque)
{
    int flags = record->value_bytes < BORROW_BYTES ? RD_KAFKA_MSG_F_COPY : 0;
    if (record->headers != NULL || record->has_timestamp)
        return produce_full(writer, record, flags, opaque);
    if (lt_likely(rd_kafka_produce(record->topic->handle, record->partition, flags,
                                   (void *)(uintptr_t)record->value, record->value_bytes, record->key,
                                   record->key_bytes, opaque) == 0))
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    return rd_kafka_last_error();
}

/* librdkafka did not take the record. */
static enum lt_write refuse(struct writer *writer, const struct lt_row *row, const struct record *record,
                            rd_kafka_resp_err_t err, struct lt_fault **fault)
{
    drop_headers(writer, row, record);
    if (lt_likely(err == RD_KAFKA_RESP_ERR__QUEUE_FULL))
        return LT_WRITE_FULL;
    if (lt_kafka_verdict(err) != LT_KAFKA_BAD_RECORD) {
        break_writer(writer, err, record->topic->name);
        return LT_WRITE_BROKEN;
    }
    if (err == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION)
        *fault = lt_fault_create("sink kafka", lt_kafka_condition(err), "", "topic \"%s\" has no partition %" PRId32,
                                 record->topic->name, record->partition);
    else
        *fault = make_fault(lt_kafka_condition(err), record->topic->name, rd_kafka_err2str(err));
    return LT_WRITE_FAILED;
}

static enum lt_write refuse_large(const struct writer *writer, const struct lt_row *row, const struct record *record,
                                  struct lt_fault **fault)
{
    *fault = lt_fault_create("sink kafka", lt_kafka_condition(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE), "",
                             "topic \"%s\": the record takes %zu bytes, the topic allows %" PRId64
                             " (max.message.bytes)",
                             record->topic->name, wire_bytes(record), writer->sink->record_bytes_max);
    drop_headers(writer, row, record);
    return LT_WRITE_FAILED;
}

static enum lt_write writer_write(struct lt_writer *base, struct lt_row *row, struct lt_fault **fault)
{
    struct writer *writer = (struct writer *)base;
    struct record record = {.topic = topic_of(writer, row, fault)};
    if (lt_unlikely(record.topic == NULL))
        return LT_WRITE_FAILED;
    if (lt_unlikely(writer->is_broken))
        return LT_WRITE_BROKEN;
    record.key = bytes_of(row, writer->columns.key, &record.key_bytes);
    record.value = bytes_of(row, writer->columns.value, &record.value_bytes);
    take_partition_and_time(writer, row, &record);
    if (lt_unlikely(!take_headers(writer, row, &record, fault)))
        return LT_WRITE_FAILED;
    if (lt_unlikely(is_too_large(writer, &record)))
        return refuse_large(writer, row, &record, fault);
    rd_kafka_resp_err_t err = produce(writer, &record, (void *)((uintptr_t)row | writer->slot));
    if (lt_unlikely(err != RD_KAFKA_RESP_ERR_NO_ERROR))
        return refuse(writer, row, &record, err, fault);
    writer->outstanding[writer->slot]++;
    return LT_WRITE_DONE;
}

/* ---------------------------------------------------------------------------------------------- epochs */

static void writer_prepare(struct lt_writer *base, uint64_t epoch)
{
    struct writer *writer = (struct writer *)base;
    writer->closed[writer->slot] = epoch;
    writer->slot = (writer->slot + 1) % SLOT_COUNT;
    lt_assert(writer->slot != writer->oldest_slot);
    lt_assert(writer->outstanding[writer->slot] == 0);
}

/* A record that failed counts as answered: what becomes of it is the dead letters' epoch. */
static int writer_prepared(struct lt_writer *base, uint64_t epoch, struct lt_text_buffer *note)
{
    struct writer *writer = (struct writer *)base;
    (void)note; /* nothing to remember: delivered is delivered */
    lt_assert(writer->oldest_slot != writer->slot);
    lt_assert(writer->closed[writer->oldest_slot] == epoch);
    if (writer->is_broken)
        return writer->base.error.code;
    if (writer->outstanding[writer->oldest_slot] != 0)
        return 0;
    writer->oldest_slot = (writer->oldest_slot + 1) % SLOT_COUNT;
    return 1;
}

/* ---------------------------------------------------------------------------------------- open, abort, close */

static uint64_t outstanding(const struct writer *writer)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < SLOT_COUNT; i++)
        total += writer->outstanding[i];
    return total;
}

static void writer_abort(struct lt_writer *base)
{
    struct writer *writer = (struct writer *)base;
    if (outstanding(writer) == 0)
        return;
    writer->is_aborting = true;
    rd_kafka_purge(writer->client->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    for (int i = 0; i < PURGE_ROUNDS && outstanding(writer) > 0; i++)
        rd_kafka_poll(writer->client->rk, PURGE_WAIT_MS);
    count_acked(writer);
    lt_assert(outstanding(writer) == 0); /* else rows would be lost to their pools */
}

static void writer_close(struct lt_writer *base)
{
    struct writer *writer = (struct writer *)base;
    writer_abort(base);
    rd_kafka_queue_cb_event_enable(writer->main_queue, NULL, NULL);
    rd_kafka_queue_destroy(writer->main_queue);
    for (uint32_t i = 0; i < writer->topic_count; i++) {
        rd_kafka_topic_destroy(writer->topics[i].handle);
        free(writer->topics[i].name);
    }
    lt_kafka_client_close(writer->client);
    free(writer->topics);
    free(writer);
}

static const struct lt_writer_ops writer_ops = {
    .write = writer_write,
    .poll = writer_poll,
    .is_idle = writer_is_idle,
    .prepare = writer_prepare,
    .prepared = writer_prepared,
    .abort = writer_abort,
    .close = writer_close,
};

/* on: librdkafka's threads, under the queue's lock. */
static void on_event(rd_kafka_t *rk, void *opaque)
{
    (void)rk;
    lt_signal_raise(opaque);
}

int lt_kafka_writer_open(struct lt_sink *base, const struct lt_connector_env *env, struct lt_writer **out,
                         struct lt_error *error)
{
    struct lt_kafka_sink *sink = (struct lt_kafka_sink *)base;
    struct writer *writer = lt_alloc(sizeof *writer);
    writer->base.ops = &writer_ops;
    writer->sink = sink;
    writer->clock = env->clock;
    writer->columns = sink->columns;
    if (env->lane == 0 && sink->client != NULL) {
        writer->client = sink->client;
        sink->client = NULL;
    } else {
        int code = lt_kafka_sink_open_client(sink, env, false, &writer->client, error);
        if (code < 0) {
            free(writer);
            return code;
        }
    }
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
