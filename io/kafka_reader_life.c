/*
 * The life of a reader: open, start and stop of partitions, seek, close.
 */
#include "io/kafka_reader.h"

#include <inttypes.h>
#include <stdlib.h>

#include "core/base/arena.h"
#include "core/base/log.h"
#include "io/kafka_extent.h"

enum { SCRATCH_BYTES = 384 /* headers: five without a block of their own */ };

int lt_kafka_reader_topic_compare(const void *a, const void *b)
{
    uintptr_t x = (uintptr_t)((const struct lt_kafka_reader_topic *)a)->handle,
              y = (uintptr_t)((const struct lt_kafka_reader_topic *)b)->handle;
    return (x > y) - (x < y);
}

int lt_kafka_reader_start(struct lt_kafka_reader *reader,
                          struct lt_kafka_reader_partition *partition, int64_t offset)
{
    if (rd_kafka_consume_start_queue(partition->handle, partition->name->id, offset,
                                     reader->queue) == 0) {
        partition->is_started = true;
        return 0;
    }
    return lt_kafka_client_fail(reader->client, &reader->base.error, rd_kafka_last_error(),
                                "cannot start reading partition %" PRId32 " of topic \"%s\"",
                                partition->name->id, partition->name->topic);
}

void lt_kafka_reader_stop(struct lt_kafka_reader_partition *partition)
{
    if (partition->is_started && rd_kafka_consume_stop(partition->handle, partition->name->id) != 0)
        lt_log_warn("source kafka: partition %" PRId32 " of topic \"%s\" does not stop: %s",
                    partition->name->id, partition->name->topic,
                    rd_kafka_err2str(rd_kafka_last_error()));
    partition->is_started = false;
    if (partition->heard != NULL)
        lt_store_release_u64(partition->heard, 0); /* pairs with lt_kafka_at_hand */
}

/* With read_committed the end is the last stable offset. While a transaction is open the topic has
 * records behind it, and who has read them uncommitted, or another application of the group, has a
 * position there: up to this end it has read all. In batches that was asked before
 * (io/kafka_mend.c). */
static bool starts_ended(struct lt_kafka_reader *reader,
                         const struct lt_kafka_reader_partition *partition)
{
    struct lt_kafka_extent extent;
    if (partition->next <= partition->end || !reader->source->reads_committed ||
        reader->is_ranged)
        return partition->next == partition->end;
    rd_kafka_resp_err_t err = lt_kafka_extent_ask(
        reader->source, reader->client, &reader->uncommitted, partition->name, &extent);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR && extent.high < partition->next)
        return false;
    lt_log_warn("source kafka: partition %" PRId32 " of topic \"%s\": position %" PRId64
                " is behind the last stable offset %" PRId64
                ", where reading ends: nothing is read of it; %s",
                partition->name->id, partition->name->topic, partition->next, partition->end,
                err == RD_KAFKA_RESP_ERR_NO_ERROR
                    ? "a transaction is open"
                    : "either a transaction is open, or the topic was made again");
    return true;
}

/* Any other position behind the end was never this topic's: it has been made again, cut short, or
 * is another. The broker might have grown past it by the time it is asked, so it does not decide. A
 * loss is told as one that is found later: by the next poll. */
static int start_partition(struct lt_kafka_reader *reader,
                           struct lt_kafka_reader_partition *partition)
{
    if (partition->is_ended || reader->has_failed)
        return 0;
    if (partition->next <= partition->end)
        return lt_kafka_reader_start(reader, partition, partition->next);
    if (reader->out_of_range != NULL)
        lt_counter_add(reader->out_of_range, 1);
    if (lt_kafka_reader_begin_anew(reader, partition) < 0)
        lt_debug_assert(reader->has_failed);
    return 0;
}

static int reader_seek(struct lt_reader *base, const struct lt_position *positions,
                       struct lt_error *error)
{
    struct lt_kafka_reader *reader = (struct lt_kafka_reader *)base;
    reader->has_failed = false;
    for (uint32_t i = 0; i < reader->partition_count; i++) {
        struct lt_kafka_reader_partition *partition = &reader->partitions[i];
        lt_kafka_ahead_drop(reader, partition);
        lt_kafka_reader_stop(
            partition); /* waits for librdkafka: what it had fetched becomes outdated */
        reader->open_count += partition->is_ended;
        partition->next = positions[i].offset;
        partition->is_ended = starts_ended(reader, partition);
        reader->open_count -= partition->is_ended;
        partition->takes_any = partition->is_doubted = false;
        if (start_partition(reader, partition) < 0) {
            if (error != NULL)
                *error = reader->base.error;
            return reader->base.error.code;
        }
    }
    reader->has_more = true;
    return 0;
}

/* What ended at the end before reads on, if there is more now. It was not stopped, but for what
 * io/kafka_ahead.c starts again with the next poll. */
static int reader_extend(struct lt_reader *base, const struct lt_position *end,
                         struct lt_error *error)
{
    struct lt_kafka_reader *reader = (struct lt_kafka_reader *)base;
    for (uint32_t i = 0; i < reader->partition_count; i++) {
        struct lt_kafka_reader_partition *partition = &reader->partitions[i];
        partition->end = end[i].offset;
        if (!partition->is_ended || partition->next == partition->end)
            continue;
        partition->is_ended = partition->is_doubted = false;
        reader->open_count++;
        if ((partition->next > partition->end || !reader->is_ranged) &&
            start_partition(reader, partition) < 0) {
            if (error != NULL)
                *error = reader->base.error;
            return reader->base.error.code;
        }
    }
    reader->has_more = true;
    reader->has_heard = false;
    reader->is_to_tell = true;
    lt_kafka_reader_progress(reader, lt_clock_now_ns(reader->clock));
    return 0;
}

/* --------------------------------------------------------------------------------- open, close */

static void reader_close(struct lt_reader *base)
{
    struct lt_kafka_reader *reader = (struct lt_kafka_reader *)base;
    for (uint32_t i = 0; i < reader->partition_count; i++) {
        lt_kafka_ahead_drop(reader, &reader->partitions[i]);
        lt_kafka_reader_stop(&reader->partitions[i]);
        rd_kafka_topic_destroy(reader->partitions[i].handle);
    }
    rd_kafka_queue_cb_event_enable(reader->queue, NULL, NULL);
    rd_kafka_queue_cb_event_enable(reader->main_queue, NULL, NULL);
    rd_kafka_queue_destroy(reader->queue);
    rd_kafka_queue_destroy(reader->main_queue);
    while (reader->spare_count > 0)
        lt_row_release(reader->spare[--reader->spare_count]);
    lt_row_pool_destroy(reader->pool);
    lt_kafka_client_close(reader->uncommitted);
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
    .poll = lt_kafka_reader_poll,
    .is_ready = lt_kafka_reader_is_ready,
    .is_idle = lt_kafka_reader_is_idle,
    .deadline_ns = lt_kafka_reader_deadline_ns,
    .position = lt_kafka_reader_position,
    .seek = reader_seek,
    .extend = reader_extend,
    .has_more = lt_kafka_reader_has_more,
    .lag = lt_kafka_reader_lag,
    .close = reader_close,
};

/* on: librdkafka's threads, under the queue's lock. */
static void on_event(rd_kafka_t *rk, void *opaque)
{
    (void)rk;
    lt_signal_raise(opaque);
}

/* Lane 0 borrows the source's client, unless reading ends somewhere: only then ends of partitions
 * are announced, and that is a setting of the client. */
static int open_client(struct lt_kafka_reader *reader, const struct lt_connector_env *env,
                       bool ends, struct lt_error *error)
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

static int open_pool(struct lt_kafka_reader *reader, const struct lt_connector_env *env,
                     struct lt_error *error)
{
    const struct lt_row_pool_options options = {
        .column_count = reader->source->base.schema->field_count,
        .capacity = env->lane_rows,
        .scratch_size_bytes = lt_kafka_reader_uses(reader, LT_KAFKA_HEADERS) ? SCRATCH_BYTES : 0,
        .is_shared = env->is_shared,
        .on_release = lt_kafka_reader_release,
        .context = reader,
    };
    return lt_row_pool_create(&options, &reader->pool, error);
}

static struct lt_kafka_reader_topic *topic_of(struct lt_kafka_reader *reader,
                                              rd_kafka_topic_t *handle)
{
    for (uint32_t i = 0; i < reader->topic_count; i++) {
        if (reader->topics[i].handle == handle)
            return &reader->topics[i];
    }
    struct lt_kafka_reader_topic *topic = &reader->topics[reader->topic_count++];
    topic->handle = handle;
    return topic;
}

static void index_partition(struct lt_kafka_reader *reader,
                            struct lt_kafka_reader_partition *partition)
{
    struct lt_kafka_reader_topic *topic = topic_of(reader, partition->handle);
    int32_t id = partition->name->id;
    if (id >= topic->id_count) {
        topic->by_id = lt_realloc_array(topic->by_id, (size_t)id + 1, sizeof *topic->by_id);
        while (topic->id_count <= id)
            topic->by_id[topic->id_count++] = NULL;
    }
    topic->by_id[id] = partition;
}

static void add_partitions(struct lt_kafka_reader *reader, const uint32_t *partitions,
                           uint32_t count, const struct lt_position *start,
                           const struct lt_position *end)
{
    reader->partitions = lt_alloc_array(count, sizeof *reader->partitions);
    reader->topics = lt_alloc_array(count + 1, sizeof *reader->topics);
    for (uint32_t i = 0; i < count; i++) {
        struct lt_kafka_reader_partition *partition = &reader->partitions[i];
        partition->name = &reader->source->partitions[partitions[i]];
        partition->source_index = partitions[i];
        partition->handle = rd_kafka_topic_new(reader->client->rk, partition->name->topic, NULL);
        lt_assert(partition->handle != NULL);
        partition->topic = lt_value_text(partition->name->topic).bytes;
        partition->next = start[i].offset;
        partition->end = end == NULL ? INT64_MAX : end[i].offset;
        partition->ahead.end_offset = -1;
        if (reader->is_ranged)
            partition->heard = &reader->source->heard[partition->source_index];
        partition->is_ended = starts_ended(reader, partition);
        reader->open_count += !partition->is_ended;
        index_partition(reader, partition);
    }
    reader->partition_count = count;
    qsort(reader->topics, reader->topic_count, sizeof *reader->topics,
          lt_kafka_reader_topic_compare);
    reader->last_topic = &reader->topics[0];
}

static void open_queues(struct lt_kafka_reader *reader, struct lt_waker *waker)
{
    /* What was said of topics while connecting is settled. */
    rd_kafka_poll(reader->client->rk, 0);
    reader->client->topic_error = RD_KAFKA_RESP_ERR_NO_ERROR;
    reader->signal.waker = waker;
    reader->client->fetch_signal = &reader->signal;
    reader->queue = rd_kafka_queue_new(reader->client->rk);
    reader->main_queue = rd_kafka_queue_get_main(reader->client->rk);
    rd_kafka_queue_cb_event_enable(reader->queue, on_event, &reader->signal);
    rd_kafka_queue_cb_event_enable(reader->main_queue, on_event, &reader->signal);
}

static void add_counters(struct lt_kafka_reader *reader, const struct lt_connector_env *env)
{
    if (env->counters == NULL)
        return;
    struct lt_text_buffer name;
    lt_text_init(&name);
    lt_text_format(&name, "%soffsets_out_of_range", env->counter_prefix);
    reader->out_of_range =
        lt_counters_add(env->counters, LT_COUNTER_SUM, lt_text_get(&name), "events",
                        "positions that the broker did not have any more");
    lt_text_fini(&name);
    lt_text_init(&name);
    lt_text_format(&name, "%sdata_losses", env->counter_prefix);
    reader->losses = lt_counters_add(env->counters, LT_COUNTER_SUM, lt_text_get(&name), "events",
                                     "times that records were gone, and were gone around");
    lt_text_fini(&name);
}

/* In batches fetching begins before the first one: so it is heard when something comes. */
static int listen_to(struct lt_kafka_reader *reader, struct lt_kafka_reader_partition *partition)
{
    /* pairs with lt_kafka_at_hand */
    lt_store_release_u64(partition->heard, (uint64_t)(partition->next + 1));
    return lt_kafka_reader_start(reader, partition, partition->next);
}

int lt_kafka_reader_open(struct lt_source *base, const struct lt_connector_env *env,
                         const uint32_t *partitions, uint32_t partition_count,
                         const struct lt_position *start, const struct lt_position *end,
                         struct lt_reader **out, struct lt_error *error)
{
    struct lt_kafka_reader *reader = lt_alloc(sizeof *reader);
    reader->base.ops = &reader_ops;
    reader->source = (struct lt_kafka_source *)base;
    reader->source->is_starting = false;
    reader->clock = env->clock;
    reader->has_end = end != NULL;
    reader->is_ranged = end != NULL && env->in_batches;
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
    lt_kafka_reader_progress(reader, lt_clock_now_ns(reader->clock));
    add_counters(reader, env);
    for (uint32_t i = 0; i < partition_count && code == 0; i++)
        code = reader->is_ranged && reader->partitions[i].is_ended
                   ? listen_to(reader, &reader->partitions[i])
                   : start_partition(reader, &reader->partitions[i]);
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
