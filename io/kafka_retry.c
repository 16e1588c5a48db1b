/*
 * A broker refuses whole batches: one record that it does not take, and every record that travelled
 * with it is reported as refused. Which one it was is not told (the protocol version of librdkafka
 * 2.0 has no room for it). So records of a refused batch are *suspects*: each is produced again
 * alone, and only one that is refused alone has failed.
 *
 * Order within a partition is kept: while there are suspects the writer takes no new rows, what
 * librdkafka has queued behind them is called back, and everything is produced again in the order
 * in which it was read. What was on the wire behind a refused batch is refused by the broker too,
 * for the gap in the idempotent producer's numbers, and called back with the rest; a batch that got
 * through nevertheless (no idempotence, a producer that the broker does not know yet) is told.
 *
 * A suspect keeps its ticket, and so its epoch is not durable before it is settled. All this costs
 * a round trip per suspect, and nothing as long as no batch is refused; where a topic's rules are
 * known, bad records are found before they are sent (kafka_writer.c).
 *
 * on: the lane's sink thread.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/log.h"
#include "io/kafka_writer.h"

struct lt_kafka_suspect {
    struct lt_kafka_ticket *ticket; /* holds its row */
    rd_kafka_topic_t *topic;
    int32_t partition; /* where it was sent; or not assigned yet */
    bool is_refused;   /* it was in a refused batch; otherwise called back from behind one */
    uint64_t number;   /* of the report: breaks ties */
};

static bool is_of_batch(rd_kafka_resp_err_t err)
{
    return lt_kafka_verdict(err) == LT_KAFKA_BAD_RECORD &&
           err != RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
}

/* Nothing was on its way when it was produced, and nothing was produced since: nobody else can be
 * the guilty one. */
static bool was_alone(const struct lt_kafka_writer *writer, const struct lt_kafka_ticket *ticket)
{
    return ticket->was_first && writer->in_flight == 0;
}

static struct lt_kafka_suspect *add_suspect(struct lt_kafka_retry *retry)
{
    if (retry->count == retry->capacity) {
        retry->capacity = retry->capacity == 0 ? 256 : 2 * retry->capacity;
        retry->suspects =
            lt_realloc_array(retry->suspects, retry->capacity, sizeof *retry->suspects);
    }
    return &retry->suspects[retry->count++];
}

bool lt_kafka_retry_takes(struct lt_kafka_writer *writer, struct lt_kafka_ticket *ticket,
                          const rd_kafka_message_t *message)
{
    struct lt_kafka_retry *retry = &writer->retry;
    bool is_refused = is_of_batch(message->err);
    bool is_called_back = message->err == RD_KAFKA_RESP_ERR__PURGE_QUEUE && retry->is_active;
    if (writer->is_aborting || writer->is_broken || !(is_refused || is_called_back) ||
        (is_refused && was_alone(writer, ticket)))
        return false;
    struct lt_row *row = lt_kafka_delivery_row(writer, ticket, message);
    if (row == NULL) {
        lt_kafka_writer_break(writer, message->err, rd_kafka_topic_name(message->rkt));
        return false;
    }
    ticket->row = row;
    ticket->is_released = false;
    *add_suspect(retry) = (struct lt_kafka_suspect){.ticket = ticket,
                                                    .topic = message->rkt,
                                                    .partition = message->partition,
                                                    .is_refused = is_refused,
                                                    .number = retry->next_number++};
    retry->is_active = retry->is_unsorted = true;
    return true;
}

/* A record behind a refused batch has been written: its partition's order is lost. */
void lt_kafka_retry_delivered(struct lt_kafka_writer *writer, const struct lt_kafka_ticket *ticket,
                              const rd_kafka_message_t *message)
{
    struct lt_kafka_retry *retry = &writer->retry;
    for (uint32_t i = 0; i < retry->count && !retry->is_told; i++) {
        const struct lt_kafka_suspect *suspect = &retry->suspects[i];
        if (suspect->topic != message->rkt || suspect->partition != message->partition ||
            suspect->ticket->source_partition != ticket->source_partition ||
            suspect->ticket->source_offset > ticket->source_offset)
            continue;
        lt_log_warn("sink kafka: topic \"%s\": the broker refused a batch of partition %d for one "
                    "of its records and took a later one: the others of that batch come after it",
                    rd_kafka_topic_name(message->rkt), (int)message->partition);
        retry->is_told = true;
    }
}

/* As they were read: reports of batches on the wire come after those of the queue behind them. */
static int compare_suspects(const void *a, const void *b)
{
    const struct lt_kafka_suspect *x = a, *y = b;
    const struct lt_kafka_ticket *s = x->ticket, *t = y->ticket;
    if (s->source_partition != t->source_partition)
        return s->source_partition < t->source_partition ? -1 : 1;
    if (s->source_offset != t->source_offset)
        return s->source_offset < t->source_offset ? -1 : 1;
    return x->number < y->number ? -1 : 1;
}

static void finish(struct lt_kafka_retry *retry)
{
    lt_log_info("sink kafka: the records of refused batches were produced again: %llu one by one",
                (unsigned long long)retry->alone_count);
    free(retry->suspects);
    *retry = (struct lt_kafka_retry){0};
}

/* Produces the next suspect alone, or all that were only called back up to the next suspect. */
static void produce_next(struct lt_kafka_writer *writer)
{
    struct lt_kafka_retry *retry = &writer->retry;
    uint32_t done = 0;
    bool is_alone = retry->suspects[0].is_refused;
    while (done < retry->count && !writer->is_broken) {
        const struct lt_kafka_suspect *suspect = &retry->suspects[done];
        if (done > 0 && (is_alone || suspect->is_refused))
            break;
        if (!lt_kafka_writer_again(writer, suspect->ticket, suspect->topic, suspect->partition))
            break;
        done++;
    }
    retry->alone_count += is_alone ? done : 0;
    retry->count -= done;
    memmove(retry->suspects, retry->suspects + done, retry->count * sizeof *retry->suspects);
}

void lt_kafka_retry_step(struct lt_kafka_writer *writer)
{
    struct lt_kafka_retry *retry = &writer->retry;
    if (writer->is_broken)
        return;
    if (writer->in_flight > 0) {
        /* At each report: what comes back from the wire is queued again and called back, too. */
        if (retry->is_unsorted)
            rd_kafka_purge(writer->client->rk, RD_KAFKA_PURGE_F_QUEUE);
        return;
    }
    if (retry->count == 0) {
        finish(retry);
        return;
    }
    if (retry->is_unsorted)
        qsort(retry->suspects, retry->count, sizeof *retry->suspects, compare_suspects);
    retry->is_unsorted = false;
    produce_next(writer);
}

void lt_kafka_retry_abort(struct lt_kafka_writer *writer)
{
    struct lt_kafka_retry *retry = &writer->retry;
    for (uint32_t i = 0; i < retry->count; i++) {
        struct lt_kafka_ticket *ticket = retry->suspects[i].ticket;
        writer->outstanding[ticket->slot]--;
        lt_row_release(ticket->row);
        lt_kafka_ticket_return(writer, ticket);
    }
    free(retry->suspects);
    *retry = (struct lt_kafka_retry){0};
}
