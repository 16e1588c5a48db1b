/*
 * Records of some partitions, one lane's: consumed messages become rows.
 *
 * Every partition delivers into one queue of this reader. librdkafka calls back when that queue stops being empty;
 * the callback counts (struct lt_signal) and does nothing else, so that an idle poll costs one load. Read the count,
 * then drain until the queue is empty: a message that arrives in between is counted again.
 *
 * A row borrows key, value and headers from its message (row->origin), which is destroyed when the row is home. A
 * message is taken from the queue only when a row for it is at hand: rows are claimed first and kept between
 * polls. When rows or borrowed bytes run out the queue fills, and librdkafka stops fetching.
 *
 * `next` is the offset after the last row emitted. Offsets may jump forward (compaction, transactions' markers).
 * What lies below `next` is a message fetched before a seek, and is dropped.
 *
 * The consumer is a simple one: no group, no coordinator, no rebalance. Partitions start at absolute offsets.
 *
 * on: the lane's source thread, but for the callback.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/limits.h"
#include "core/base/log.h"
#include "io/kafka_headers.h"
#include "io/kafka_source_internal.h"

enum {
    BATCH_RECORDS = 64, /* messages taken at once: their heads stay in the first-level cache */
    BLOCKED_NS = 500 * LT_NS_PER_US, /* rows come home without waking us when they are released on other threads */
    QUESTION_MS = 1000, /* for the one question asked while failing */
    SCRATCH_BYTES = 384, /* headers: five without a block of their own */
    /* What a message pins besides its bytes: librdkafka's own record of it. */
    MESSAGE_OVERHEAD_BYTES = 320,
};

struct partition {
    rd_kafka_topic_t *handle;
    const struct lt_kafka_partition *name;
    uint32_t source_index;
    struct lt_bytes topic;
    int64_t next;
    int64_t end; /* INT64_MAX: none */
    bool is_ended, is_started, takes_any;
};

/* The partitions of one topic, for finding a message's. */
struct topic {
    rd_kafka_topic_t *handle;
    struct partition **by_id;
    int32_t id_count;
};

struct reader {
    struct lt_reader base;
    struct lt_kafka_source *source;
    struct lt_kafka_client *client;
    bool client_is_own;
    const struct lt_clock *clock;
    struct lt_row_pool *pool;
    uint64_t used; /* bit per column */
    rd_kafka_queue_t *queue, *main_queue;

    struct lt_signal signal;
    uint64_t seen;
    bool has_more;   /* the queue was not empty when last looked at */
    bool is_blocked; /* no rows, or too many bytes */
    bool has_failed;

    struct lt_row *spare[BATCH_RECORDS]; /* claimed, not used yet */
    uint32_t spare_count;
    uint64_t bytes, bytes_max;

    struct topic *last_topic;
    struct topic *topics; /* sorted by handle */
    uint32_t topic_count;
    struct partition *partitions; /* in the order they were asked for */
    uint32_t partition_count;
    uint32_t open_count; /* not ended */

    int64_t newest_ms; /* timestamp of the last record seen; -1 */
    struct lt_shared_u64 *out_of_range;
};

/* ------------------------------------------------------------------------------------------ one record */

static void on_release(void *context, struct lt_row *row)
{
    struct reader *reader = context;
    rd_kafka_message_t *message = row->origin;
    reader->bytes -= message->len + message->key_len + MESSAGE_OVERHEAD_BYTES;
    rd_kafka_message_destroy(message);
}

bool lt_kafka_row_is_consumed(const struct lt_row *row)
{
    return row->pool->on_release == on_release;
}

static int compare_topics(const void *a, const void *b)
{
    uintptr_t x = (uintptr_t)((const struct topic *)a)->handle, y = (uintptr_t)((const struct topic *)b)->handle;
    return (x > y) - (x < y);
}

static struct partition *find_partition(struct reader *reader, const rd_kafka_message_t *message)
{
    struct topic *topic = reader->last_topic;
    if (lt_unlikely(topic->handle != message->rkt)) {
        struct topic wanted = {.handle = message->rkt};
        topic = bsearch(&wanted, reader->topics, reader->topic_count, sizeof wanted, compare_topics);
        if (topic == NULL)
            return NULL;
        reader->last_topic = topic;
    }
    if (lt_unlikely(message->partition < 0 || message->partition >= topic->id_count))
        return NULL;
    return topic->by_id[message->partition];
}

static inline bool uses(const struct reader *reader, enum lt_kafka_column column)
{
    return (reader->used >> column & 1) != 0;
}

static inline void fill_bytes(struct lt_row *row, enum lt_kafka_column column, const void *data, size_t size_bytes)
{
    if (data == NULL)
        lt_row_set_null(row, column);
    else
        lt_row_values(row)[column] = lt_value_bytes(data, (uint32_t)size_bytes);
}

static void fill_time(const struct reader *reader, struct lt_row *row, const rd_kafka_message_t *message)
{
    rd_kafka_timestamp_type_t type;
    int64_t timestamp_ms = rd_kafka_message_timestamp(message, &type);
    if (uses(reader, LT_KAFKA_TIMESTAMP))
        lt_row_values(row)[LT_KAFKA_TIMESTAMP] = lt_value_i64(timestamp_ms * 1000);
    if (uses(reader, LT_KAFKA_TIMESTAMP_TYPE)) /* librdkafka counts from 0 = none, Kafka from -1 */
        lt_row_values(row)[LT_KAFKA_TIMESTAMP_TYPE] = lt_value_i64((int64_t)type - 1);
}

/* False: the headers cannot be read. */
static bool fill_headers(struct lt_row *row, const rd_kafka_message_t *message)
{
    bool is_broken;
    struct lt_array *headers = lt_kafka_headers_of(row, message, &is_broken);
    if (lt_likely(headers == NULL))
        lt_row_set_null(row, LT_KAFKA_HEADERS);
    else
        lt_row_values(row)[LT_KAFKA_HEADERS].array = headers;
    return !is_broken;
}

static bool fill_row(const struct reader *reader, struct lt_row *row, const struct partition *partition,
                     rd_kafka_message_t *message)
{
    union lt_value *values = lt_row_values(row);
    row->origin = message;
    row->source_partition = (int32_t)partition->source_index;
    row->source_offset = message->offset;
    if (uses(reader, LT_KAFKA_KEY))
        fill_bytes(row, LT_KAFKA_KEY, message->key, message->key_len);
    if (uses(reader, LT_KAFKA_VALUE))
        fill_bytes(row, LT_KAFKA_VALUE, message->payload, message->len);
    if (uses(reader, LT_KAFKA_TOPIC))
        values[LT_KAFKA_TOPIC].bytes = partition->topic;
    if (uses(reader, LT_KAFKA_PARTITION))
        values[LT_KAFKA_PARTITION] = lt_value_i64(message->partition);
    if (uses(reader, LT_KAFKA_OFFSET))
        values[LT_KAFKA_OFFSET] = lt_value_i64(message->offset);
    if (uses(reader, LT_KAFKA_TIMESTAMP) || uses(reader, LT_KAFKA_TIMESTAMP_TYPE))
        fill_time(reader, row, message);
    return !uses(reader, LT_KAFKA_HEADERS) || fill_headers(row, message);
}

/* -------------------------------------------------------------------------------------- what is no record */

static int fail(struct reader *reader)
{
    reader->has_failed = true;
    return -1;
}

static int start_partition(struct reader *reader, struct partition *partition, int64_t offset)
{
    if (rd_kafka_consume_start_queue(partition->handle, partition->name->id, offset, reader->queue) == 0) {
        partition->is_started = true;
        return 0;
    }
    return lt_kafka_client_fail(reader->client, &reader->base.error, rd_kafka_last_error(),
                                "cannot start reading partition %" PRId32 " of topic \"%s\"", partition->name->id,
                                partition->name->topic);
}

static void stop_partition(struct partition *partition)
{
    if (partition->is_started && rd_kafka_consume_stop(partition->handle, partition->name->id) != 0)
        lt_log_warn("source kafka: partition %" PRId32 " of topic \"%s\" does not stop: %s", partition->name->id,
                    partition->name->topic, rd_kafka_err2str(rd_kafka_last_error()));
    partition->is_started = false;
}

static void end_partition(struct reader *reader, struct partition *partition)
{
    if (partition->is_ended)
        return;
    partition->is_ended = true;
    reader->open_count--;
    stop_partition(partition);
}

/* The text that Spark's sub-condition stands for, with the offsets that tell the user what happened. Asks the broker:
 * the query stops here, so waiting a moment hurts nobody. */
static int fail_data_loss(struct reader *reader, const struct partition *partition)
{
    int64_t low = -1, high = -1;
    const struct lt_kafka_partition *name = partition->name;
    rd_kafka_resp_err_t err =
        rd_kafka_query_watermark_offsets(reader->client->rk, name->topic, name->id, &low, &high, QUESTION_MS);
    bool is_known = err == RD_KAFKA_RESP_ERR_NO_ERROR;
    bool is_beyond = is_known && partition->next > high;
    lt_error_set(&reader->base.error, LT_E_DATA_LOSS,
                 "source kafka: partition %" PRId32 " of topic \"%s\": offset %" PRId64 " is gone, the broker has %" PRId64
                 " to %" PRId64 "%s; hint: to go on at the earliest record, set failOnDataLoss=false",
                 name->id, name->topic, partition->next, low, high,
                 is_beyond ? ": the topic seems to have been deleted and made again" : "");
    lt_error_condition(&reader->base.error,
                       is_beyond ? "KAFKA_DATA_LOSS.PARTITION_OFFSET_CHANGED"
                                 : "KAFKA_DATA_LOSS.COULD_NOT_READ_OFFSET_RANGE",
                       "22000");
    return fail(reader);
}

static int take_out_of_range(struct reader *reader, struct partition *partition)
{
    if (reader->out_of_range != NULL)
        lt_counter_add(reader->out_of_range, 1);
    if (reader->source->fails_on_data_loss)
        return fail_data_loss(reader, partition);
    lt_log_warn("source kafka: partition %" PRId32 " of topic \"%s\": offset %" PRId64
                " is gone, going on at the earliest record: data may have been lost",
                partition->name->id, partition->name->topic, partition->next);
    partition->takes_any = true; /* a topic made again begins below `next` */
    stop_partition(partition);
    if (start_partition(reader, partition, RD_KAFKA_OFFSET_BEGINNING) == 0)
        return 0;
    lt_error_append(&reader->base.error, "source kafka");
    return fail(reader);
}

static int take_deleted(struct reader *reader, const struct partition *partition)
{
    const struct lt_kafka_partition *name = partition->name;
    if (!reader->source->fails_on_data_loss) {
        lt_log_warn("source kafka: partition %" PRId32 " of topic \"%s\" has been deleted: data may have been lost",
                    name->id, name->topic);
        return 0;
    }
    lt_error_set(&reader->base.error, LT_E_DATA_LOSS,
                 "source kafka: partition %" PRId32 " of topic \"%s\" has been deleted; hint: to go on without it, set "
                 "failOnDataLoss=false",
                 name->id, name->topic);
    lt_error_condition(&reader->base.error,
                       reader->source->group_id == NULL ? "KAFKA_DATA_LOSS.PARTITIONS_DELETED"
                                                        : "KAFKA_DATA_LOSS.PARTITIONS_DELETED_AND_GROUP_ID_CONFIG_PRESENT",
                       "22000");
    return fail(reader);
}

/* An event or error in the place of a message. 0, or -1: the reader has failed. */
static int take_event(struct reader *reader, struct partition *partition, const rd_kafka_message_t *message)
{
    switch (message->err) {
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
        if (message->offset >= partition->end) {
            partition->next = partition->end; /* what is missing up to there was compacted away, or markers */
            end_partition(reader, partition);
        }
        return 0;
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
        return take_out_of_range(reader, partition);
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
        return take_deleted(reader, partition);
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR__BAD_MSG:
        lt_kafka_client_fail(reader->client, &reader->base.error, message->err,
                             "source kafka: partition %" PRId32 " of topic \"%s\" at offset %" PRId64,
                             partition->name->id, partition->name->topic, partition->next);
        return fail(reader);
    default: /* librdkafka tries again */
        lt_log_warn("source kafka: partition %" PRId32 " of topic \"%s\": %s", partition->name->id,
                    partition->name->topic, rd_kafka_message_errstr(message));
        return 0;
    }
}

/* ---------------------------------------------------------------------------------------------- polling */

/* The row for a message, or NULL when it becomes none: an event, a stale message, one behind the end. */
static struct lt_row *take_message(struct reader *reader, rd_kafka_message_t *message, int64_t now_ns)
{
    struct partition *partition = find_partition(reader, message);
    if (lt_unlikely(message->err != RD_KAFKA_RESP_ERR_NO_ERROR)) {
        if (partition != NULL && !partition->is_ended && take_event(reader, partition, message) < 0)
            lt_debug_assert(reader->has_failed);
        rd_kafka_message_destroy(message);
        return NULL;
    }
    if (lt_unlikely(partition == NULL || partition->is_ended)) {
        rd_kafka_message_destroy(message);
        return NULL;
    }
    bool is_stale = message->offset < partition->next && !partition->takes_any;
    if (lt_unlikely(is_stale || message->offset >= partition->end)) {
        if (!is_stale) {
            partition->next = partition->end;
            end_partition(reader, partition);
        }
        rd_kafka_message_destroy(message);
        return NULL;
    }
    struct lt_row *row = reader->spare[--reader->spare_count];
    row->ingest_ns = now_ns;
    reader->bytes += message->len + message->key_len + MESSAGE_OVERHEAD_BYTES;
    if (lt_unlikely(!fill_row(reader, row, partition, message))) {
        lt_error_set(&reader->base.error, LT_E_CORRUPT,
                     "source kafka: partition %" PRId32 " of topic \"%s\": the headers at offset %" PRId64
                     " cannot be read",
                     partition->name->id, partition->name->topic, message->offset);
        reader->has_failed = true;
        lt_row_release(row);
        return NULL;
    }
    partition->takes_any = false;
    partition->next = message->offset + 1;
    if (lt_unlikely(partition->next >= partition->end))
        end_partition(reader, partition);
    return row;
}

/* Claims rows up to `wanted`; how many there are then. */
static uint32_t claim_rows(struct reader *reader, uint32_t wanted)
{
    while (reader->spare_count < wanted) {
        struct lt_row *row = lt_row_claim(reader->pool);
        if (row == NULL)
            break;
        reader->spare[reader->spare_count++] = row;
    }
    return reader->spare_count;
}

/* How many messages may be taken now: by rows, by bytes, by the caller's limit. */
static uint32_t room(struct reader *reader, uint32_t limit)
{
    uint32_t wanted = limit < BATCH_RECORDS ? limit : BATCH_RECORDS;
    if (lt_unlikely(reader->bytes >= reader->bytes_max)) {
        if (!reader->pool->is_shared || lt_row_pool_reclaim(reader->pool) == 0)
            return 0;
        if (reader->bytes >= reader->bytes_max)
            return 0;
    }
    uint32_t claimed = claim_rows(reader, wanted);
    return claimed < wanted ? claimed : wanted;
}

/* Keeps one row back, so that the last one can be marked. */
struct emission {
    struct lt_out *out;
    struct lt_row *held;
    uint32_t count;
};

static inline void emit(struct emission *emission, struct lt_row *row)
{
    if (emission->held != NULL)
        emission->out->emit(emission->out, emission->held);
    emission->held = row;
    emission->count++;
}

/* One batch; false when there is no more to take now. */
static bool poll_batch(struct reader *reader, struct emission *emission, uint32_t limit)
{
    rd_kafka_message_t *messages[BATCH_RECORDS];
    uint32_t wanted = room(reader, limit);
    reader->is_blocked = wanted == 0;
    if (wanted == 0)
        return false;
    ssize_t got = rd_kafka_consume_batch_queue(reader->queue, 0, messages, wanted);
    reader->has_more = got == (ssize_t)wanted;
    if (got <= 0)
        return false;
    int64_t now_ns = lt_clock_now_ns(reader->clock);
    reader->newest_ms = rd_kafka_message_timestamp(messages[got - 1], NULL);
    for (ssize_t i = 0; i < got; i++) {
        struct lt_row *row = take_message(reader, messages[i], now_ns);
        if (lt_likely(row != NULL))
            emit(emission, row);
    }
    return reader->has_more && !reader->has_failed;
}

static enum lt_poll_status status_of(const struct reader *reader)
{
    if (reader->has_failed)
        return LT_POLL_FAILED;
    if (reader->open_count == 0)
        return LT_POLL_ENDED;
    return reader->has_more && !reader->is_blocked ? LT_POLL_MORE : LT_POLL_IDLE;
}

static enum lt_poll_status reader_poll(struct lt_reader *base, struct lt_out *out, uint32_t limit, uint32_t *count)
{
    struct reader *reader = (struct reader *)base;
    *count = 0;
    if (lt_signal_take(&reader->signal, &reader->seen)) {
        reader->has_more = true;
        rd_kafka_poll(reader->client->rk, 0);
    }
    if (!reader->has_more || reader->has_failed || reader->open_count == 0)
        return status_of(reader);
    struct emission emission = {out, NULL, 0};
    while (emission.count < limit && poll_batch(reader, &emission, limit - emission.count))
        continue;
    if (emission.held != NULL) {
        if (!reader->has_more || rd_kafka_queue_length(reader->queue) == 0)
            emission.held->flags |= LT_ROW_END_OF_BATCH;
        out->emit(out, emission.held);
    }
    *count = emission.count;
    return status_of(reader);
}

static bool reader_is_ready(struct lt_reader *base)
{
    const struct reader *reader = (struct reader *)base;
    return reader->open_count == 0 ||
           lt_load_acquire_u32(&reader->client->has_fetched) != 0; /* pairs with on_request_sent */
}

static bool reader_is_idle(struct lt_reader *base)
{
    const struct reader *reader = (struct reader *)base;
    return (!reader->has_more || reader->is_blocked) &&
           lt_load_acquire_u64(&reader->signal.count) == reader->seen; /* pairs with lt_signal_raise */
}

static int64_t reader_deadline_ns(struct lt_reader *base)
{
    const struct reader *reader = (struct reader *)base;
    return reader->is_blocked && reader->has_more ? lt_clock_now_ns(reader->clock) + BLOCKED_NS : LT_NEVER_NS;
}

static void reader_position(struct lt_reader *base, struct lt_position *positions)
{
    const struct reader *reader = (struct reader *)base;
    for (uint32_t i = 0; i < reader->partition_count; i++)
        positions[i] = (struct lt_position){reader->partitions[i].next, 0};
}

/* From what the last fetches said; asks nobody. */
static void reader_lag(struct lt_reader *base, int64_t *records, int64_t *ms)
{
    const struct reader *reader = (struct reader *)base;
    int64_t total = 0;
    for (uint32_t i = 0; i < reader->partition_count; i++) {
        const struct partition *partition = &reader->partitions[i];
        int64_t low, high;
        rd_kafka_resp_err_t err = rd_kafka_get_watermark_offsets(reader->client->rk, partition->name->topic,
                                                                 partition->name->id, &low, &high);
        if (err == RD_KAFKA_RESP_ERR_NO_ERROR && high > partition->next)
            total += high - partition->next;
    }
    *records = total;
    if (total == 0)
        *ms = 0;
    else if (reader->newest_ms < 0)
        *ms = -1;
    else
        *ms = lt_clock_wall_us(reader->clock) / 1000 - reader->newest_ms;
}

static int reader_seek(struct lt_reader *base, const struct lt_position *positions, struct lt_error *error)
{
    struct reader *reader = (struct reader *)base;
    for (uint32_t i = 0; i < reader->partition_count; i++) {
        struct partition *partition = &reader->partitions[i];
        stop_partition(partition); /* waits for librdkafka: what it had fetched becomes outdated */
        reader->open_count += partition->is_ended && positions[i].offset < partition->end;
        partition->is_ended = positions[i].offset >= partition->end;
        partition->takes_any = false;
        partition->next = positions[i].offset;
        if (!partition->is_ended && start_partition(reader, partition, partition->next) < 0) {
            if (error != NULL)
                *error = reader->base.error;
            return reader->base.error.code;
        }
    }
    reader->has_failed = false;
    reader->has_more = true;
    return 0;
}

/* ------------------------------------------------------------------------------------------ open, close */

static void reader_close(struct lt_reader *base)
{
    struct reader *reader = (struct reader *)base;
    for (uint32_t i = 0; i < reader->partition_count; i++) {
        stop_partition(&reader->partitions[i]);
        rd_kafka_topic_destroy(reader->partitions[i].handle);
    }
    rd_kafka_queue_cb_event_enable(reader->queue, NULL, NULL);
    rd_kafka_queue_cb_event_enable(reader->main_queue, NULL, NULL);
    rd_kafka_queue_destroy(reader->queue);
    rd_kafka_queue_destroy(reader->main_queue);
    while (reader->spare_count > 0)
        lt_row_release(reader->spare[--reader->spare_count]);
    lt_row_pool_destroy(reader->pool);
    if (reader->client_is_own)
        lt_kafka_client_close(reader->client);
    else
        reader->source->client_is_lent = false;
    for (uint32_t i = 0; i < reader->topic_count; i++)
        free(reader->topics[i].by_id);
    free(reader->topics);
    free(reader->partitions);
    free(reader);
}

static const struct lt_reader_ops reader_ops = {
    .poll = reader_poll,
    .is_ready = reader_is_ready,
    .is_idle = reader_is_idle,
    .deadline_ns = reader_deadline_ns,
    .position = reader_position,
    .seek = reader_seek,
    .lag = reader_lag,
    .close = reader_close,
};

/* on: librdkafka's threads, under the queue's lock. */
static void on_event(rd_kafka_t *rk, void *opaque)
{
    (void)rk;
    lt_signal_raise(opaque);
}

/* Lane 0 borrows the source's client, unless reading ends somewhere: only then ends of partitions are announced, and
 * that is a setting of the client. */
static int open_client(struct reader *reader, const struct lt_connector_env *env, bool ends, struct lt_error *error)
{
    static const struct lt_kafka_override eof = {"enable.partition.eof", "true"};
    struct lt_kafka_source *source = reader->source;
    if (env->lane == 0 && !ends) {
        source->client_is_lent = true;
        reader->client = source->client;
        return 0;
    }
    const struct lt_kafka_client_options options = {.role = LT_KAFKA_CONSUMER,
                                                    .options = source->options,
                                                    .owner = "source kafka",
                                                    .env = env,
                                                    .overrides = &eof,
                                                    .override_count = ends};
    reader->client_is_own = true;
    return lt_kafka_client_open(&options, &reader->client, error);
}

static int open_pool(struct reader *reader, const struct lt_connector_env *env, struct lt_error *error)
{
    const struct lt_row_pool_options options = {
        .column_count = reader->source->base.schema->field_count,
        .capacity = env->lane_rows,
        .scratch_size_bytes = uses(reader, LT_KAFKA_HEADERS) ? SCRATCH_BYTES : 0,
        .is_shared = env->is_shared,
        .on_release = on_release,
        .context = reader,
    };
    return lt_row_pool_create(&options, &reader->pool, error);
}

static struct topic *topic_of(struct reader *reader, rd_kafka_topic_t *handle)
{
    for (uint32_t i = 0; i < reader->topic_count; i++) {
        if (reader->topics[i].handle == handle)
            return &reader->topics[i];
    }
    struct topic *topic = &reader->topics[reader->topic_count++];
    topic->handle = handle;
    return topic;
}

static void index_partition(struct reader *reader, struct partition *partition)
{
    struct topic *topic = topic_of(reader, partition->handle);
    int32_t id = partition->name->id;
    if (id >= topic->id_count) {
        topic->by_id = lt_realloc_array(topic->by_id, (size_t)id + 1, sizeof *topic->by_id);
        while (topic->id_count <= id)
            topic->by_id[topic->id_count++] = NULL;
    }
    topic->by_id[id] = partition;
}

static void add_partitions(struct reader *reader, const uint32_t *partitions, uint32_t count,
                           const struct lt_position *start, const struct lt_position *end)
{
    reader->partitions = lt_alloc_array(count, sizeof *reader->partitions);
    reader->topics = lt_alloc_array(count + 1, sizeof *reader->topics);
    for (uint32_t i = 0; i < count; i++) {
        struct partition *partition = &reader->partitions[i];
        partition->name = &reader->source->partitions[partitions[i]];
        partition->source_index = partitions[i];
        partition->handle = rd_kafka_topic_new(reader->client->rk, partition->name->topic, NULL);
        lt_assert(partition->handle != NULL);
        partition->topic = lt_value_text(partition->name->topic).bytes;
        partition->next = start[i].offset;
        partition->end = end == NULL ? INT64_MAX : end[i].offset;
        partition->is_ended = partition->next >= partition->end;
        reader->open_count += !partition->is_ended;
        index_partition(reader, partition);
    }
    reader->partition_count = count;
    qsort(reader->topics, reader->topic_count, sizeof *reader->topics, compare_topics);
    reader->last_topic = &reader->topics[0];
}

static void open_queues(struct reader *reader, struct lt_waker *waker)
{
    reader->signal.waker = waker;
    reader->client->fetch_signal = &reader->signal;
    reader->queue = rd_kafka_queue_new(reader->client->rk);
    reader->main_queue = rd_kafka_queue_get_main(reader->client->rk);
    rd_kafka_queue_cb_event_enable(reader->queue, on_event, &reader->signal);
    rd_kafka_queue_cb_event_enable(reader->main_queue, on_event, &reader->signal);
}

static void add_counters(struct reader *reader, const struct lt_connector_env *env)
{
    if (env->counters == NULL)
        return;
    struct lt_text_buffer name;
    lt_text_init(&name);
    lt_text_format(&name, "%soffsets_out_of_range", env->counter_prefix);
    reader->out_of_range = lt_counters_add(env->counters, LT_COUNTER_SUM, lt_text_get(&name), "events",
                                           "positions that the broker did not have any more");
    lt_text_fini(&name);
}

int lt_kafka_reader_open(struct lt_source *base, const struct lt_connector_env *env, const uint32_t *partitions,
                         uint32_t partition_count, const struct lt_position *start, const struct lt_position *end,
                         struct lt_reader **out, struct lt_error *error)
{
    struct reader *reader = lt_alloc(sizeof *reader);
    reader->base.ops = &reader_ops;
    reader->source = (struct lt_kafka_source *)base;
    reader->clock = env->clock;
    reader->bytes_max = env->lane_bytes;
    reader->newest_ms = -1;
    reader->used = base->used_columns == NULL ? UINT64_MAX : base->used_columns[0];
    if (!reader->source->includes_headers)
        reader->used &= ~((uint64_t)1 << LT_KAFKA_HEADERS);
    int code = open_pool(reader, env, error);
    if (code == 0)
        code = open_client(reader, env, end != NULL, error);
    if (code < 0) {
        lt_row_pool_destroy(reader->pool);
        free(reader);
        return code;
    }
    add_partitions(reader, partitions, partition_count, start, end);
    open_queues(reader, env->waker);
    add_counters(reader, env);
    for (uint32_t i = 0; i < partition_count && code == 0; i++) {
        if (!reader->partitions[i].is_ended)
            code = start_partition(reader, &reader->partitions[i], reader->partitions[i].next);
    }
    if (code < 0) {
        if (error != NULL)
            *error = reader->base.error;
        reader_close(&reader->base);
        return code;
    }
    reader->has_more = true;
    *out = &reader->base;
    return 0;
}
