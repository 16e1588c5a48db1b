/*
 * The first record to a partition goes alone.
 *
 * An idempotent producer numbers its batches, and a broker refuses one whose predecessor it has not
 * got - unless it has no batch of that producer at all: then it takes any number for the first
 * (Kafka's KIP-360, since 2.5). So where the very first batch is refused for a passing reason, such
 * as a leader that is being elected, and the second, sent before the answer came, is taken, the
 * first is gone: librdkafka takes the success of a later batch for that of all before it, and
 * reports the lost records as delivered. (confluent-kafka-go, issue 921, shows it on a cluster.)
 *
 * Two things are done about it. A partition is a stranger until a record to it has been taken, and
 * no second one is sent to a stranger: a round trip per partition, lane and query, behind linger.ms
 * where that is set. And a delivery report that rests on a later success alone is told by its
 * offset, which is missing; it breaks the writer, and the query stops: started again, it goes on
 * from its last epoch. That remains for a producer that a broker has forgotten
 * (producer.id.expiration.ms, a day) and for records whose partition librdkafka chooses, of which
 * only the first one to the topic goes alone. It stops a query, too, whose request timed out behind
 * its append while a later one was acknowledged in time: the report is the same, and nothing is
 * lost then.
 *
 * on: the lane's sink thread.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "core/base/arena.h"
#include "io/kafka_writer.h"

/* A partition that is left to librdkafka has the place before the first one. */
static uint32_t place_of(int32_t partition)
{
    if (lt_unlikely(partition >= LT_KAFKA_PLACES_MAX - 1))
        return LT_KAFKA_PLACES_MAX - 1;
    return partition < 0 ? 0 : (uint32_t)partition + 1;
}

void lt_kafka_first_reserve(struct lt_kafka_writer_topic *topic, uint32_t partition_count)
{
    uint32_t count =
        partition_count < LT_KAFKA_PLACES_MAX ? partition_count + 1 : LT_KAFKA_PLACES_MAX;
    if (count <= topic->place_count)
        return;
    topic->places = lt_realloc_array(topic->places, count, sizeof *topic->places);
    for (uint32_t i = topic->place_count; i < count; i++)
        topic->places[i] = LT_KAFKA_STRANGER;
    topic->place_count = count;
}

enum lt_kafka_acquaintance lt_kafka_first_look(struct lt_kafka_writer_topic *topic,
                                               int32_t partition)
{
    uint32_t place = place_of(partition);
    if (lt_unlikely(place >= topic->place_count))
        lt_kafka_first_reserve(topic, place);
    return topic->places[place];
}

void lt_kafka_first_sent(struct lt_kafka_writer_topic *topic, int32_t partition)
{
    topic->places[place_of(partition)] = LT_KAFKA_MEETING;
}

/* Where the partition was left to librdkafka, the place is the one before the first, whatever it
 * chose. */
void lt_kafka_first_answered(struct lt_kafka_writer *writer, const rd_kafka_message_t *message,
                             bool chose_partition)
{
    enum lt_kafka_acquaintance now =
        message->err == RD_KAFKA_RESP_ERR_NO_ERROR ? LT_KAFKA_ACQUAINTED : LT_KAFKA_STRANGER;
    for (uint32_t i = 0; i < writer->topic_count; i++) {
        struct lt_kafka_writer_topic *topic = &writer->topics[i];
        if (topic->handle == message->rkt)
            topic->places[place_of(chose_partition ? message->partition : -1)] = (uint8_t)now;
    }
}

bool lt_kafka_first_is_doubtful(const rd_kafka_message_t *message)
{
    return message->err == RD_KAFKA_RESP_ERR_NO_ERROR && message->offset == RD_KAFKA_OFFSET_INVALID;
}

void lt_kafka_first_break(struct lt_kafka_writer *writer, const rd_kafka_message_t *message)
{
    if (writer->is_broken)
        return;
    writer->is_broken = true;
    lt_error_set(
        &writer->base.error, LT_E_IO,
        "sink kafka: topic \"%s\", partition %" PRId32
        ": a record was called delivered because a later one was, and may be lost: a request "
        "failed while the next one was taken; hint: started again, the query goes on from its "
        "last epoch; kafka.max.in.flight=1 sends one request at a time",
        rd_kafka_topic_name(message->rkt), message->partition);
    lt_error_class(&writer->base.error, LT_CLASS_ABORT_EPOCH);
}
