/*
 * What was fetched beyond the end of a micro-batch: kept for the next one. So partitions need not
 * be stopped and started again between two batches, what has come is at hand when a batch begins,
 * and the broker tells of what comes by itself: it answers a fetch that waits.
 *
 * A partition keeps AHEAD_MAX messages at most, and all of a reader together laneBytes. Between two
 * batches nothing more is taken when there is so much: the rest waits in librdkafka's queue, which
 * is bounded in bytes. During a batch the queue must be read on for other partitions: then one that
 * would have more is stopped, and started again where they end, when they are used up.
 *
 * That a partition has no more is told once, in the place of a message, and it may be told ahead of
 * the batch whose end it is: the offset is kept, too.
 *
 * Where each partition ends, as far as is heard in this way, stands in the source (`heard`), for
 * the control thread to plan the next batch by: no broker is asked. With read_committed that is
 * behind the last record that has come, or where the partition said that it ends; otherwise fetches
 * tell the high watermark, too, which may be far ahead of what they brought. A partition that is
 * stopped hears nothing, and says so; and so does one that has more than it keeps, if what it keeps
 * is all that it can tell.
 *
 * on: the lane's source thread.
 */
#include <stdlib.h>

#include "core/base/arena.h"
#include "io/kafka_reader.h"

enum { AHEAD_MAX = 4096, ROUNDS_MAX = 64 };

/* ------------------------------------------------------------------------------------- keeping */

static rd_kafka_message_t **place_of(const struct lt_kafka_ahead *ahead, uint32_t index)
{
    return &ahead->messages[(ahead->first + index) % AHEAD_MAX];
}

void lt_kafka_ahead_keep(struct lt_kafka_reader *reader,
                         struct lt_kafka_reader_partition *partition, rd_kafka_message_t *message)
{
    struct lt_kafka_ahead *ahead = &partition->ahead;
    bool is_in_batch = reader->open_count > 0, is_large = reader->ahead_bytes >= reader->bytes_max;
    if (!partition->is_started || ahead->count == AHEAD_MAX || (is_in_batch && is_large)) {
        lt_kafka_reader_stop(partition);
        rd_kafka_message_destroy(message);
        return;
    }
    if (ahead->messages == NULL)
        ahead->messages = lt_alloc_array(AHEAD_MAX, sizeof(rd_kafka_message_t *));
    *place_of(ahead, ahead->count++) = message;
    reader->ahead_bytes += lt_kafka_message_bytes(message);
}

void lt_kafka_ahead_drop(struct lt_kafka_reader *reader,
                         struct lt_kafka_reader_partition *partition)
{
    struct lt_kafka_ahead *ahead = &partition->ahead;
    for (uint32_t i = 0; i < ahead->count; i++) {
        reader->ahead_bytes -= lt_kafka_message_bytes(*place_of(ahead, i));
        rd_kafka_message_destroy(*place_of(ahead, i));
    }
    free(ahead->messages);
    *ahead = (struct lt_kafka_ahead){.end_offset = -1};
}

/* True when it may keep no more of what is taken from the queue at once. */
static bool is_full(const struct lt_kafka_reader *reader, const struct lt_kafka_ahead *ahead)
{
    return ahead->count > AHEAD_MAX - LT_KAFKA_BATCH_RECORDS ||
           reader->ahead_bytes >= reader->bytes_max;
}

/* True when there is room for what is taken from the queue at once, whoever's it is. */
static bool has_room(const struct lt_kafka_reader *reader)
{
    for (uint32_t i = 0; i < reader->partition_count; i++)
        if (is_full(reader, &reader->partitions[i].ahead))
            return false;
    return true;
}

/* True when some of it is before the end of the batch. */
static bool is_wanted(const struct lt_kafka_reader_partition *partition)
{
    const struct lt_kafka_ahead *ahead = &partition->ahead;
    return ahead->count > 0 && (*place_of(ahead, 0))->offset < partition->end;
}

uint32_t lt_kafka_ahead_take(struct lt_kafka_reader *reader, rd_kafka_message_t **messages,
                             uint32_t limit)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < reader->partition_count && count < limit; i++) {
        struct lt_kafka_reader_partition *partition = &reader->partitions[i];
        struct lt_kafka_ahead *ahead = &partition->ahead;
        while (count < limit && !partition->is_ended && is_wanted(partition)) {
            messages[count] = *place_of(ahead, 0);
            reader->ahead_bytes -= lt_kafka_message_bytes(messages[count++]);
            ahead->first = (ahead->first + 1) % AHEAD_MAX;
            ahead->count--;
        }
    }
    return count;
}

int lt_kafka_ahead_go_on(struct lt_kafka_reader *reader)
{
    for (uint32_t i = 0; i < reader->partition_count; i++) {
        struct lt_kafka_reader_partition *partition = &reader->partitions[i];
        struct lt_kafka_ahead *ahead = &partition->ahead;
        if (partition->is_ended || is_wanted(partition))
            continue;
        if (ahead->count > 0 || ahead->end_offset >= partition->end) {
            partition->next = partition->end; /* markers, or what was compacted away */
            lt_kafka_reader_end(reader, partition);
        } else if (!partition->is_started &&
                   lt_kafka_reader_start(reader, partition, partition->next) < 0) {
            lt_error_append(&reader->base.error, "source kafka");
            reader->has_failed = true;
            return -1;
        }
    }
    return 0;
}

/* ------------------------------------------------------------------------------------- hearing */

/* Where it ends, as far as is heard; -1: that is not known. */
static int64_t heard_end(const struct lt_kafka_reader *reader,
                         const struct lt_kafka_reader_partition *partition)
{
    const struct lt_kafka_ahead *ahead = &partition->ahead;
    int64_t end = partition->next, low, high;
    bool is_cut = reader->has_more && is_full(reader, ahead);
    if (!partition->is_started || (is_cut && reader->source->reads_committed))
        return -1;
    if (ahead->count > 0)
        end = (*place_of(ahead, ahead->count - 1))->offset + 1;
    if (ahead->end_offset > end)
        end = ahead->end_offset;
    if (!reader->source->reads_committed &&
        rd_kafka_get_watermark_offsets(reader->client->rk, partition->name->topic,
                                       partition->name->id, &low, &high) ==
            RD_KAFKA_RESP_ERR_NO_ERROR &&
        high > end)
        end = high;
    return end;
}

static void tell_ends(struct lt_kafka_reader *reader)
{
    reader->has_heard = reader->is_to_tell = false;
    for (uint32_t i = 0; i < reader->partition_count; i++) {
        const struct lt_kafka_reader_partition *partition = &reader->partitions[i];
        int64_t end = heard_end(reader, partition);
        reader->has_heard |= end != partition->next;
        /* pairs with lt_kafka_at_hand */
        lt_store_release_u64(partition->heard, (uint64_t)(end + 1));
    }
}

/* It has failed between two batches: the control thread asks the broker, and finds why; or the next
 * batch does. */
static bool tell_nothing(struct lt_kafka_reader *reader)
{
    for (uint32_t i = 0; i < reader->partition_count; i++)
        lt_store_release_u64(reader->partitions[i].heard, 0); /* pairs with lt_kafka_at_hand */
    return true;
}

bool lt_kafka_reader_has_more(struct lt_reader *base)
{
    struct lt_kafka_reader *reader = (struct lt_kafka_reader *)base;
    lt_kafka_reader_take_signal(reader);
    if (reader->has_failed)
        return tell_nothing(reader);
    if (!reader->has_more && !reader->is_to_tell)
        return reader->has_heard;
    rd_kafka_message_t *messages[LT_KAFKA_BATCH_RECORDS];
    for (int round = 0; round < ROUNDS_MAX && reader->has_more && has_room(reader); round++) {
        ssize_t got =
            rd_kafka_consume_batch_queue(reader->queue, 0, messages, LT_KAFKA_BATCH_RECORDS);
        reader->has_more = got == LT_KAFKA_BATCH_RECORDS;
        for (ssize_t i = 0; i < got; i++)
            lt_kafka_reader_put_aside(reader, messages[i]);
    }
    tell_ends(reader);
    return reader->has_failed ? tell_nothing(reader) : reader->has_heard;
}

/* on: the control thread. */
bool lt_kafka_at_hand(struct lt_source *base, const struct lt_position *start,
                      struct lt_position *positions)
{
    const struct lt_kafka_source *source = (struct lt_kafka_source *)base;
    for (uint32_t i = 0; i < base->partition_count; i++) {
        uint64_t heard = lt_load_acquire_u64(&source->heard[i]); /* pairs with tell_ends */
        if (heard == 0)
            return false;
        positions[i] = (int64_t)heard - 1 > start[i].offset
                           ? (struct lt_position){.offset = (int64_t)heard - 1}
                           : start[i];
    }
    return true;
}
