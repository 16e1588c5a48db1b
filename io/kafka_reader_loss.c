/*
 * What a reader does about records that are gone: its position, the rest of its range, its topic.
 *
 * With failOnDataLoss it fails, by Spark's conditions. Without, it says so, counts it, and goes on
 * behind what is lost: without an end to come to (continuous mode) at the earliest record; within a
 * range at the earliest record of it that is left, or at its end.
 *
 * A range is in the checkpoint, and its end is where the partition ended once. If the partition
 * ends before that now it will not come to it by itself: it was made again, or cut short, and so
 * the rest of the range is lost. The reader must not wait for it, and nothing need ever tell it: a
 * partition that has said that it ends too early, or has been silent for watch_ns, is asked where
 * it ends, and once more before that is believed, since a leader that has just moved may not know.
 * Gaps are no loss: what was compacted away, and transactions' markers, end with the next record or
 * the partition's end.
 *
 * A batch that ends before the reader's position (io/kafka_mend.c) is that of a topic made again:
 * it is read from the earliest record.
 *
 * on: the lane's source thread. Questions wait for the broker; nothing is read meanwhile, for there
 * is nothing to read.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/log.h"
#include "io/kafka_extent.h"
#include "io/kafka_loss.h"
#include "io/kafka_reader.h"

static const int64_t watch_ns = 2 * (int64_t)LT_NS_PER_S;
/* Before what may be a loss is asked for, and once more before it is one. */
static const int64_t again_ns = 100 * (int64_t)LT_NS_PER_MS;

static int fail(struct lt_kafka_reader *reader)
{
    lt_error_append(&reader->base.error, "source kafka");
    reader->has_failed = true;
    return -1;
}

static rd_kafka_resp_err_t ask(struct lt_kafka_reader *reader,
                               const struct lt_kafka_reader_partition *partition,
                               struct lt_kafka_extent *out)
{
    return lt_kafka_extent_ask(reader->source, reader->client, &reader->uncommitted,
                               partition->name, out);
}

static void count_loss(struct lt_kafka_reader *reader)
{
    if (reader->losses != NULL)
        lt_counter_add(reader->losses, 1);
}

/* ------------------------------------------------------------------------------------- failing */

/* Asks the broker what it has: the query stops here, so waiting a moment hurts nobody. */
static int fail_data_loss(struct lt_kafka_reader *reader,
                          const struct lt_kafka_reader_partition *partition)
{
    struct lt_kafka_extent extent;
    const struct lt_kafka_partition *name = partition->name;
    bool is_known = ask(reader, partition, &extent) == RD_KAFKA_RESP_ERR_NO_ERROR;
    const char *group_id = reader->source->group_id;
    char hint[96] = ".";
    if (is_known)
        (void)snprintf(hint, sizeof hint,
                       "; hint: the partition has offsets %" PRId64 " to %" PRId64, extent.low,
                       extent.high);
    if (is_known && partition->next > extent.high)
        lt_kafka_lose(&reader->base.error, "PARTITION_OFFSET_CHANGED",
                      "Partition %s-%" PRId32 " offset was changed from %" PRId64 " to %" PRId64
                      ".\nThis could be either 1) a user error that the start offset is set beyond "
                      "available offset when starting query, or 2) the kafka topic-partition is "
                      "deleted and re-created%s",
                      name->topic, name->id, partition->next, extent.high, hint);
    else
        lt_kafka_lose(&reader->base.error, "COULD_NOT_READ_OFFSET_RANGE",
                      "Could not read records in offset [%" PRId64 ", %" PRId64
                      ") for topic partition %s-%" PRId32 "\nwith consumer group %s%s",
                      partition->next, partition->end, name->topic, name->id,
                      group_id != NULL ? group_id : "null", hint);
    return fail(reader);
}

static int fail_deleted(struct lt_kafka_reader *reader, const char *names, uint32_t count)
{
    lt_kafka_lose_partitions(&reader->base.error, names, count, reader->source->group_id != NULL);
    return fail(reader);
}

/* ------------------------------------------------------------------------------------ going on */

void lt_kafka_reader_end(struct lt_kafka_reader *reader,
                         struct lt_kafka_reader_partition *partition)
{
    if (partition->is_ended)
        return;
    partition->is_ended = true;
    reader->open_count--;
    if (!reader->is_ranged)
        lt_kafka_reader_stop(partition);
}

/* Nothing is left of the range: the next one begins behind it, or is mended. */
static void lose_rest(struct lt_kafka_reader *reader, struct lt_kafka_reader_partition *partition,
                      const char *why)
{
    count_loss(reader);
    lt_log_warn("source kafka: partition %" PRId32 " of topic \"%s\": %s: offsets %" PRId64
                " to %" PRId64 " are gone: data have been lost",
                partition->name->id, partition->name->topic, why, partition->next, partition->end);
    partition->next = partition->end;
    lt_kafka_ahead_drop(reader, partition);
    lt_kafka_reader_stop(partition);
    lt_kafka_reader_end(reader, partition);
}

static int start_again(struct lt_kafka_reader *reader, struct lt_kafka_reader_partition *partition,
                       int64_t offset)
{
    lt_kafka_ahead_drop(reader, partition);
    lt_kafka_reader_stop(partition);
    return lt_kafka_reader_start(reader, partition, offset) == 0 ? 0 : fail(reader);
}

int lt_kafka_reader_begin_anew(struct lt_kafka_reader *reader,
                               struct lt_kafka_reader_partition *partition)
{
    if (reader->source->fails_on_data_loss)
        return fail_data_loss(reader, partition);
    count_loss(reader);
    lt_log_warn("source kafka: partition %" PRId32 " of topic \"%s\": offset %" PRId64
                " is gone, going on at the earliest record: data may have been lost",
                partition->name->id, partition->name->topic, partition->next);
    partition->takes_any = true; /* a topic made again begins below `next` */
    return start_again(reader, partition, RD_KAFKA_OFFSET_BEGINNING);
}

/* The broker does not have `next`, and the range has an end: what is left of it is read, no record
 * twice. An answer that does not explain it is of another moment: it is tried again. */
static int go_around(struct lt_kafka_reader *reader, struct lt_kafka_reader_partition *partition)
{
    struct lt_kafka_extent extent;
    rd_kafka_resp_err_t err = ask(reader, partition, &extent);
    bool is_known = err == RD_KAFKA_RESP_ERR_NO_ERROR;
    if (is_known && partition->next > extent.high) {
        lose_rest(reader, partition, "it was made again, or cut short");
        return 0;
    }
    if (is_known && extent.low >= partition->end) {
        lose_rest(reader, partition, "it begins behind them now");
        return 0;
    }
    if (is_known && partition->next < extent.low) {
        count_loss(reader);
        lt_log_warn("source kafka: partition %" PRId32 " of topic \"%s\": offsets %" PRId64
                    " to %" PRId64 " are gone, going on behind them: data have been lost",
                    partition->name->id, partition->name->topic, partition->next, extent.low);
        partition->next = extent.low;
    }
    return start_again(reader, partition, partition->next);
}

int lt_kafka_reader_lose_position(struct lt_kafka_reader *reader,
                                  struct lt_kafka_reader_partition *partition)
{
    if (reader->out_of_range != NULL)
        lt_counter_add(reader->out_of_range, 1);
    if (reader->source->fails_on_data_loss)
        return fail_data_loss(reader, partition);
    return reader->has_end ? go_around(reader, partition)
                           : lt_kafka_reader_begin_anew(reader, partition);
}

/* ----------------------------------------------------------------------------- deleted topics */

/* Where there is an end that may not be come to any more it is looked at soon; not at once: what a
 * partition said may be overtaken by what is on its way. */
static void look_soon(struct lt_kafka_reader *reader)
{
    reader->watch_ns = lt_clock_now_ns(reader->clock) + again_ns;
}

/* Loses those that are read of the topic that `what` names, which is librdkafka's text. */
static int lose_topic(struct lt_kafka_reader *reader, const char *what)
{
    struct lt_text_buffer names;
    uint32_t count = 0;
    if (!reader->source->fails_on_data_loss) {
        lt_log_warn("source kafka: %s: it has been deleted, data may have been lost", what);
        look_soon(reader);
        return 0;
    }
    lt_text_init(&names);
    for (uint32_t i = 0; i < reader->partition_count; i++) {
        const struct lt_kafka_partition *name = reader->partitions[i].name;
        if (strstr(what, name->topic) != NULL)
            lt_text_format(&names, "%s%s-%" PRId32, count++ == 0 ? "" : ", ", name->topic,
                           name->id);
    }
    int code = fail_deleted(reader, lt_text_get(&names), count);
    lt_text_fini(&names);
    return code;
}

int lt_kafka_reader_take_deleted(struct lt_kafka_reader *reader,
                                 const struct lt_kafka_reader_partition *partition)
{
    char name[LT_KAFKA_TEXT_MAX];
    if (!reader->source->fails_on_data_loss) {
        lt_log_warn("source kafka: partition %" PRId32
                    " of topic \"%s\": it has been deleted, data may have been lost",
                    partition->name->id, partition->name->topic);
        look_soon(reader);
        return 0;
    }
    (void)snprintf(name, sizeof name, "%s-%" PRId32, partition->name->topic, partition->name->id);
    return fail_deleted(reader, name, 1);
}

/* What came with the main queue: a deleted topic is told there and not in the place of a message.
 */
void lt_kafka_reader_take_topic_error(struct lt_kafka_reader *reader)
{
    struct lt_kafka_client *client = reader->client;
    rd_kafka_resp_err_t err = client->topic_error;
    client->topic_error = RD_KAFKA_RESP_ERR_NO_ERROR;
    if (reader->has_failed)
        return;
    if (err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) {
        if (lose_topic(reader, client->last_error) < 0)
            lt_debug_assert(reader->has_failed);
        return;
    }
    lt_kafka_client_fail(NULL, &reader->base.error, err, "source kafka: %s", client->last_error);
    reader->has_failed = true;
}

/* -------------------------------------------------------------------------- ends never come to */

void lt_kafka_reader_take_end(struct lt_kafka_reader *reader,
                              struct lt_kafka_reader_partition *partition, int64_t offset)
{
    if (offset >= partition->end) {
        partition->next = partition->end; /* what is missing was compacted away, or markers */
        lt_kafka_reader_end(reader, partition);
    } else if (reader->has_end) {
        look_soon(reader);
    }
}

void lt_kafka_reader_progress(struct lt_kafka_reader *reader, int64_t now_ns)
{
    reader->watch_ns = now_ns + watch_ns;
}

/* It is doubted for the second time. 0, or -1: the reader has failed. */
static int believe(struct lt_kafka_reader *reader, struct lt_kafka_reader_partition *partition,
                   rd_kafka_resp_err_t err)
{
    bool is_gone = err != RD_KAFKA_RESP_ERR_NO_ERROR;
    char name[LT_KAFKA_TEXT_MAX];
    if (!reader->source->fails_on_data_loss) {
        lose_rest(reader, partition,
                  is_gone ? "it has been deleted" : "it was made again, or cut short");
        return 0;
    }
    if (!is_gone)
        return fail_data_loss(reader, partition);
    (void)snprintf(name, sizeof name, "%s-%" PRId32, partition->name->topic, partition->name->id);
    return fail_deleted(reader, name, 1);
}

/* Asks after one partition. False: nobody answers. */
static bool look_at(struct lt_kafka_reader *reader, struct lt_kafka_reader_partition *partition)
{
    struct lt_kafka_extent extent;
    rd_kafka_resp_err_t err = ask(reader, partition, &extent);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR && !lt_kafka_is_gone(err))
        return false;
    bool is_lost = err != RD_KAFKA_RESP_ERR_NO_ERROR || extent.high < partition->end;
    if (is_lost && partition->is_doubted && believe(reader, partition, err) < 0)
        lt_debug_assert(reader->has_failed);
    partition->is_doubted = is_lost && !partition->is_ended;
    return true;
}

void lt_kafka_reader_watch(struct lt_kafka_reader *reader)
{
    int64_t now_ns = lt_clock_now_ns(reader->clock);
    bool is_answered = true, has_doubts = false;
    if (now_ns < reader->watch_ns || reader->open_count == 0 || reader->has_failed)
        return;
    for (uint32_t i = 0; i < reader->partition_count && is_answered && !reader->has_failed; i++) {
        struct lt_kafka_reader_partition *partition = &reader->partitions[i];
        if (partition->is_ended)
            continue;
        is_answered = look_at(reader, partition);
        has_doubts |= partition->is_doubted;
    }
    reader->watch_ns = lt_clock_now_ns(reader->clock) + (has_doubts ? again_ns : watch_ns);
}
