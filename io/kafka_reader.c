/*
 * Records of some partitions, one lane's: consumed messages become rows.
 *
 * Every partition delivers into one queue of this reader. librdkafka calls back when that queue
 * stops being empty; the callback counts (struct lt_signal) and does nothing else, so that an idle
 * poll costs one load. Read the count, then drain until the queue is empty: a message that arrives
 * in between is counted again.
 *
 * A row borrows key, value and headers from its message (row->origin), which is destroyed when the
 * row is home. A message is taken from the queue only when a row for it is at hand: rows are
 * claimed first and kept between polls. When rows or borrowed bytes run out the queue fills, and
 * librdkafka stops fetching.
 *
 * `next` is the offset after the last row emitted. Offsets may jump forward (compaction,
 * transactions' markers). What lies below `next` is a message fetched before a seek, and is
 * dropped.
 *
 * The consumer is a simple one: no group, no coordinator, no rebalance. Partitions start at
 * absolute offsets.
 *
 * on: the lane's source thread, but for the callback.
 */
#include "io/kafka_reader.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/log.h"

enum {
    BLOCKED_NS =
        500 *
        LT_NS_PER_US, /* rows come home without waking us when they are released on other threads */
};

/* ---------------------------------------------------------------------------------- one record */

void lt_kafka_reader_release(void *context, struct lt_row *row)
{
    struct lt_kafka_reader *reader = context;
    rd_kafka_message_t *message = row->origin;
    reader->bytes -= lt_kafka_message_bytes(message);
    rd_kafka_message_destroy(message);
}

bool lt_kafka_row_is_consumed(const struct lt_row *row)
{
    return row->pool->on_release == lt_kafka_reader_release;
}

static struct lt_kafka_reader_partition *find_partition(struct lt_kafka_reader *reader,
                                                        const rd_kafka_message_t *message)
{
    struct lt_kafka_reader_topic *topic = reader->last_topic;
    if (lt_unlikely(topic->handle != message->rkt)) {
        struct lt_kafka_reader_topic wanted = {.handle = message->rkt};
        topic = bsearch(&wanted, reader->topics, reader->topic_count, sizeof wanted,
                        lt_kafka_reader_topic_compare);
        if (topic == NULL)
            return NULL;
        reader->last_topic = topic;
    }
    if (lt_unlikely(message->partition < 0 || message->partition >= topic->id_count))
        return NULL;
    return topic->by_id[message->partition];
}

static inline void fill_bytes(struct lt_row *row, enum lt_kafka_column column, const void *data,
                              size_t size_bytes)
{
    if (data == NULL)
        lt_row_set_null(row, column);
    else
        lt_row_values(row)[column] = lt_value_bytes(data, (uint32_t)size_bytes);
}

static void fill_time(const struct lt_kafka_reader *reader, struct lt_row *row,
                      const rd_kafka_message_t *message)
{
    rd_kafka_timestamp_type_t type;
    int64_t timestamp_ms = rd_kafka_message_timestamp(message, &type);
    if (lt_kafka_reader_uses(reader, LT_KAFKA_TIMESTAMP))
        lt_row_values(row)[LT_KAFKA_TIMESTAMP] = lt_value_i64(timestamp_ms * LT_US_PER_MS);
    if (lt_kafka_reader_uses(
            reader, LT_KAFKA_TIMESTAMP_TYPE)) /* librdkafka counts from 0 = none, Kafka from -1 */
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

static bool fill_row(const struct lt_kafka_reader *reader, struct lt_row *row,
                     const struct lt_kafka_reader_partition *partition, rd_kafka_message_t *message)
{
    union lt_value *values = lt_row_values(row);
    row->origin = message;
    row->source_partition = (int32_t)partition->source_index;
    row->source_offset = message->offset;
    if (lt_kafka_reader_uses(reader, LT_KAFKA_KEY))
        fill_bytes(row, LT_KAFKA_KEY, message->key, message->key_len);
    if (lt_kafka_reader_uses(reader, LT_KAFKA_VALUE))
        fill_bytes(row, LT_KAFKA_VALUE, message->payload, message->len);
    if (lt_kafka_reader_uses(reader, LT_KAFKA_TOPIC))
        values[LT_KAFKA_TOPIC].bytes = partition->topic;
    if (lt_kafka_reader_uses(reader, LT_KAFKA_PARTITION))
        values[LT_KAFKA_PARTITION] = lt_value_i64(message->partition);
    if (lt_kafka_reader_uses(reader, LT_KAFKA_OFFSET))
        values[LT_KAFKA_OFFSET] = lt_value_i64(message->offset);
    if (lt_kafka_reader_uses(reader, LT_KAFKA_TIMESTAMP) ||
        lt_kafka_reader_uses(reader, LT_KAFKA_TIMESTAMP_TYPE))
        fill_time(reader, row, message);
    return !lt_kafka_reader_uses(reader, LT_KAFKA_HEADERS) || fill_headers(row, message);
}

/* --------------------------------------------------------------------------- what is no record */

/* In batches: an event of a partition that has come to the batch's end, or has more at hand than it
 * takes to get there. What is wrong is found when it is read on. */
static void hear_event(struct lt_kafka_reader_partition *partition,
                       const rd_kafka_message_t *message)
{
    switch (message->err) {
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
        break;
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR__BAD_MSG:
        lt_kafka_reader_stop(partition); /* it hears nothing more: the broker is asked */
        break;
    default: /* librdkafka tries again */
        lt_log_warn("source kafka: partition %" PRId32 " of topic \"%s\": %s", partition->name->id,
                    partition->name->topic, rd_kafka_message_errstr(message));
        break;
    }
}

/* An event or error in the place of a message. 0, or -1: the reader has failed. */
static int take_event(struct lt_kafka_reader *reader, struct lt_kafka_reader_partition *partition,
                      const rd_kafka_message_t *message)
{
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF && partition->is_started)
        partition->ahead.end_offset = message->offset;
    if (partition->is_ended || partition->ahead.count > 0) {
        hear_event(partition, message);
        return 0;
    }
    switch (message->err) {
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
        lt_kafka_reader_take_end(reader, partition, message->offset);
        return 0;
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
        return lt_kafka_reader_lose_position(reader, partition);
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
        return lt_kafka_reader_take_deleted(reader, partition);
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR__BAD_MSG:
        lt_kafka_client_fail(reader->client, &reader->base.error, message->err,
                             "source kafka: partition %" PRId32
                             " of topic \"%s\" at offset %" PRId64,
                             partition->name->id, partition->name->topic, partition->next);
        reader->has_failed = true;
        return -1;
    default: /* librdkafka tries again */
        lt_log_warn("source kafka: partition %" PRId32 " of topic \"%s\": %s", partition->name->id,
                    partition->name->topic, rd_kafka_message_errstr(message));
        return 0;
    }
}

/* What comes beyond the end of a batch is kept for the next one. */
static void put_aside(struct lt_kafka_reader *reader,
                      struct lt_kafka_reader_partition *partition, rd_kafka_message_t *message)
{
    if (reader->is_ranged && partition != NULL && message->offset >= partition->next)
        lt_kafka_ahead_keep(reader, partition, message);
    else
        rd_kafka_message_destroy(message);
}

/* The event is destroyed. */
static void take_other(struct lt_kafka_reader *reader, struct lt_kafka_reader_partition *partition,
                       rd_kafka_message_t *message)
{
    bool is_heard = partition != NULL && (!partition->is_ended || reader->is_ranged);
    if (is_heard && take_event(reader, partition, message) < 0)
        lt_debug_assert(reader->has_failed);
    rd_kafka_message_destroy(message);
}

void lt_kafka_reader_put_aside(struct lt_kafka_reader *reader, rd_kafka_message_t *message)
{
    struct lt_kafka_reader_partition *partition = find_partition(reader, message);
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR)
        take_other(reader, partition, message);
    else
        put_aside(reader, partition, message);
}

/* ------------------------------------------------------------------------------------- polling */

/* The row for a message, or NULL when it becomes none: an event, a stale message, one behind the
 * end. */
static struct lt_row *take_message(struct lt_kafka_reader *reader, rd_kafka_message_t *message,
                                   int64_t now_ns)
{
    struct lt_kafka_reader_partition *partition = find_partition(reader, message);
    if (lt_unlikely(message->err != RD_KAFKA_RESP_ERR_NO_ERROR)) {
        take_other(reader, partition, message);
        return NULL;
    }
    if (lt_unlikely(partition == NULL || partition->is_ended)) {
        put_aside(reader, partition, message);
        return NULL;
    }
    if (lt_unlikely(message->offset < partition->next && !partition->takes_any)) {
        rd_kafka_message_destroy(message);
        return NULL;
    }
    if (lt_unlikely(message->offset >= partition->end)) {
        partition->next = partition->end;
        lt_kafka_reader_end(reader, partition);
        put_aside(reader, partition, message);
        return NULL;
    }
    struct lt_row *row = reader->spare[--reader->spare_count];
    row->ingest_ns = now_ns;
    reader->bytes += lt_kafka_message_bytes(message);
    if (lt_unlikely(!fill_row(reader, row, partition, message))) {
        lt_error_set(&reader->base.error, LT_E_CORRUPT,
                     "source kafka: partition %" PRId32
                     " of topic \"%s\": the headers at offset %" PRId64 " cannot be read",
                     partition->name->id, partition->name->topic, message->offset);
        reader->has_failed = true;
        lt_row_release(row);
        return NULL;
    }
    partition->takes_any = false;
    partition->next = message->offset + 1;
    if (lt_unlikely(partition->next >= partition->end))
        lt_kafka_reader_end(reader, partition);
    return row;
}

/* Claims rows up to `wanted`; how many there are then. */
static uint32_t claim_rows(struct lt_kafka_reader *reader, uint32_t wanted)
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
static uint32_t room(struct lt_kafka_reader *reader, uint32_t limit)
{
    uint32_t wanted = limit < LT_KAFKA_BATCH_RECORDS ? limit : LT_KAFKA_BATCH_RECORDS;
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
static bool poll_batch(struct lt_kafka_reader *reader, struct emission *emission, uint32_t limit)
{
    rd_kafka_message_t *messages[LT_KAFKA_BATCH_RECORDS];
    uint32_t wanted = room(reader, limit);
    reader->is_blocked = wanted == 0;
    if (wanted == 0)
        return false;
    ssize_t got = 0;
    if (lt_unlikely(reader->is_ranged))
        got = lt_kafka_ahead_take(reader, messages, wanted);
    if (lt_likely(got == 0)) {
        got = rd_kafka_consume_batch_queue(reader->queue, 0, messages, wanted);
        reader->has_more = got == (ssize_t)wanted;
    }
    if (got <= 0)
        return false;
    int64_t now_ns = lt_clock_now_ns(reader->clock);
    lt_kafka_reader_progress(reader, now_ns);
    reader->newest_ms = rd_kafka_message_timestamp(messages[got - 1], NULL);
    for (ssize_t i = 0; i < got; i++) {
        struct lt_row *row = take_message(reader, messages[i], now_ns);
        if (lt_likely(row != NULL))
            emit(emission, row);
    }
    return reader->has_more && !reader->has_failed && reader->open_count > 0;
}

static enum lt_poll_status status_of(const struct lt_kafka_reader *reader)
{
    if (reader->has_failed)
        return LT_POLL_FAILED;
    /* Without an end there may be no partition yet: those of topics to come. */
    if (reader->open_count == 0 && reader->has_end)
        return LT_POLL_ENDED;
    return reader->has_more && !reader->is_blocked ? LT_POLL_MORE : LT_POLL_IDLE;
}

/* With an end: partitions that have come to it, and those that never will. False: it has failed. */
static bool look_after_end(struct lt_kafka_reader *reader)
{
    if (reader->is_ranged && !reader->has_failed && lt_kafka_ahead_go_on(reader) < 0)
        return false;
    if (!reader->has_more)
        lt_kafka_reader_watch(reader);
    return !reader->has_failed;
}

void lt_kafka_reader_take_signal(struct lt_kafka_reader *reader)
{
    if (!lt_signal_take(&reader->signal, &reader->seen))
        return;
    reader->has_more = true;
    rd_kafka_poll(reader->client->rk, 0);
    if (lt_unlikely(reader->client->topic_error != RD_KAFKA_RESP_ERR_NO_ERROR))
        lt_kafka_reader_take_topic_error(reader);
}

enum lt_poll_status lt_kafka_reader_poll(struct lt_reader *base, struct lt_out *out, uint32_t limit,
                                         uint32_t *count)
{
    struct lt_kafka_reader *reader = (struct lt_kafka_reader *)base;
    *count = 0;
    lt_kafka_reader_take_signal(reader);
    /* What a batch leaves in the queue is for lt_kafka_reader_has_more, which is not told again. */
    reader->has_more &= reader->open_count > 0 || reader->is_ranged;
    if (lt_unlikely(reader->has_end) && !look_after_end(reader))
        return LT_POLL_FAILED;
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
    if (lt_unlikely(reader->has_end) && !look_after_end(reader))
        return LT_POLL_FAILED;
    return status_of(reader);
}

bool lt_kafka_reader_is_ready(struct lt_reader *base)
{
    const struct lt_kafka_reader *reader = (struct lt_kafka_reader *)base;
    return reader->open_count == 0 ||
           lt_load_acquire_u32(&reader->client->has_fetched) != 0; /* pairs with on_request_sent */
}

bool lt_kafka_reader_is_idle(struct lt_reader *base)
{
    const struct lt_kafka_reader *reader = (struct lt_kafka_reader *)base;
    bool finds_more = reader->has_more && !reader->is_blocked && reader->open_count > 0;
    return !finds_more &&
           lt_load_acquire_u64(&reader->signal.count) ==
               reader->seen; /* pairs with lt_signal_raise */
}

int64_t lt_kafka_reader_deadline_ns(struct lt_reader *base)
{
    const struct lt_kafka_reader *reader = (struct lt_kafka_reader *)base;
    if (reader->is_blocked && reader->has_more)
        return lt_clock_now_ns(reader->clock) + BLOCKED_NS;
    return reader->has_end && reader->open_count > 0 && !reader->has_failed ? reader->watch_ns
                                                                             : LT_NEVER_NS;
}

void lt_kafka_reader_position(struct lt_reader *base, struct lt_position *positions)
{
    const struct lt_kafka_reader *reader = (struct lt_kafka_reader *)base;
    for (uint32_t i = 0; i < reader->partition_count; i++)
        positions[i] = (struct lt_position){reader->partitions[i].next, 0};
}

/* From what the last fetches said; asks nobody. */
void lt_kafka_reader_lag(struct lt_reader *base, int64_t *records, int64_t *ms)
{
    const struct lt_kafka_reader *reader = (struct lt_kafka_reader *)base;
    int64_t total = 0;
    for (uint32_t i = 0; i < reader->partition_count; i++) {
        const struct lt_kafka_reader_partition *partition = &reader->partitions[i];
        int64_t low, high;
        rd_kafka_resp_err_t err = rd_kafka_get_watermark_offsets(
            reader->client->rk, partition->name->topic, partition->name->id, &low, &high);
        if (err == RD_KAFKA_RESP_ERR_NO_ERROR && high > partition->next)
            total += high - partition->next;
    }
    *records = total;
    if (total == 0)
        *ms = 0;
    else if (reader->newest_ms < 0)
        *ms = -1;
    else
        *ms = lt_clock_wall_us(reader->clock) / LT_US_PER_MS - reader->newest_ms;
}
