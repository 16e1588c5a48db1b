/*
 * What becomes of produced records: delivery reports, failures, epochs.
 *
 * Reports arrive in librdkafka's main queue, which calls back when it stops being empty; an idle
 * poll is one load.
 *
 * A ticket says in which *epoch slot* its record was produced. Each slot counts what was produced
 * in one epoch and not yet reported; an epoch is durable when its count is 0. The next epoch's
 * records meanwhile count in the next slot, so nothing stops for a marker.
 *
 * What cannot be delivered is told apart by lt_kafka_verdict(): a bad record, if it was refused
 * alone (kafka_retry.c tells), is handed to out->fail; anything else breaks the writer, and the
 * query stops: started again, it goes on from its last epoch. A fatal error of the idempotent
 * producer does so too. A bad record whose row was released is made again from the report: it was a
 * consumed message produced unchanged, so what librdkafka copied is the original.
 */
#include <inttypes.h>
#include <string.h>

#include "core/base/log.h"
#include "core/flow/fault.h"
#include "io/kafka_writer.h"

enum {
    REMADE_SCRATCH_BYTES = 1024,
    PURGE_WAIT_MS = 10,
    PURGE_ROUNDS = 1000,
};

/* The reports of one poll share one look at the clock. */
static int64_t report_time_ns(struct lt_kafka_writer *writer)
{
    if (writer->now_ns == 0)
        writer->now_ns = lt_clock_now_ns(writer->clock);
    return writer->now_ns;
}

void lt_kafka_writer_break(struct lt_kafka_writer *writer, rd_kafka_resp_err_t err,
                           const char *topic)
{
    if (writer->is_broken)
        return;
    writer->is_broken = true;
    lt_kafka_client_fail(writer->client, &writer->base.error, err, "sink kafka: topic \"%s\"",
                         topic);
    lt_error_class(&writer->base.error, LT_CLASS_ABORT_EPOCH);
}

/* ------------------------------------------------------------------------------------ failures */

/* Headers that went with the message come back before anybody looks at the row again. */
static void restore_headers(const struct lt_kafka_writer *writer, const struct lt_row *row,
                            const rd_kafka_message_t *message)
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

static struct lt_row *claim_remade(struct lt_kafka_writer *writer)
{
    const struct lt_row_pool_options options = {
        .column_count = writer->sink->base.schema->field_count,
        .capacity = writer->ticket_count,
        .scratch_size_bytes = REMADE_SCRATCH_BYTES,
        .is_shared = writer->is_shared,
    };
    if (writer->remade == NULL && lt_row_pool_create(&options, &writer->remade, NULL) < 0)
        return NULL;
    return lt_row_claim(writer->remade);
}

static bool copy_bytes(struct lt_row *row, int column, const void *data, size_t size_bytes)
{
    if (data == NULL)
        return true; /* stays NULL */
    void *copy = lt_row_scratch(row, size_bytes);
    if (copy == NULL)
        return false;
    if (size_bytes > 0)
        memcpy(copy, data, size_bytes);
    lt_bit_clear(lt_row_nulls(row), (uint32_t)column);
    lt_row_values(row)[column] = lt_value_bytes(copy, (uint32_t)size_bytes);
    return true;
}

static bool copy_headers(struct lt_row *row, int column, const rd_kafka_message_t *message)
{
    rd_kafka_headers_t *headers;
    if (column == LT_KAFKA_NO_COLUMN ||
        rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR__NOENT)
        return true;
    struct lt_array *array = lt_kafka_headers_copy_into(row, headers);
    if (array == NULL)
        return false;
    lt_bit_clear(lt_row_nulls(row), (uint32_t)column);
    lt_row_values(row)[column].array = array;
    return true;
}

/* The row of a record that was released when librdkafka had copied it. NULL: no memory. */
static struct lt_row *remake_row(struct lt_kafka_writer *writer,
                                 const struct lt_kafka_ticket *ticket,
                                 const rd_kafka_message_t *message)
{
    struct lt_row *row = claim_remade(writer);
    if (row == NULL)
        return NULL;
    const struct lt_kafka_sink_columns *columns = &writer->columns;
    for (uint32_t i = 0; i < row->column_count; i++)
        lt_row_set_null(row, i);
    row->source_partition = ticket->source_partition;
    row->source_offset = ticket->source_offset;
    row->ingest_ns = ticket->ingest_ns;
    if (copy_bytes(row, columns->key, message->key, message->key_len) &&
        copy_bytes(row, columns->value, message->payload, message->len) &&
        copy_headers(row, columns->headers, message)) {
        lt_bit_clear(lt_row_nulls(row), (uint32_t)columns->timestamp);
        lt_row_values(row)[columns->timestamp] = lt_value_i64(ticket->timestamp_ms * LT_US_PER_MS);
        return row;
    }
    lt_row_release(row);
    return NULL;
}

struct lt_row *lt_kafka_delivery_row(struct lt_kafka_writer *writer,
                                     const struct lt_kafka_ticket *ticket,
                                     const rd_kafka_message_t *message)
{
    if (ticket->is_released)
        return remake_row(writer, ticket, message);
    restore_headers(writer, ticket->row, message);
    return ticket->row;
}

static void fail_record(struct lt_kafka_writer *writer, const struct lt_kafka_ticket *ticket,
                        const rd_kafka_message_t *message)
{
    const char *topic = rd_kafka_topic_name(message->rkt);
    struct lt_row *row = lt_kafka_delivery_row(writer, ticket, message);
    if (row == NULL) {
        lt_kafka_writer_break(writer, message->err, topic);
        return;
    }
    /* Not rd_kafka_message_errstr(): that takes the payload of any failed message for its text. */
    struct lt_fault *fault =
        lt_fault_create("sink kafka", lt_kafka_condition(message->err), "", "topic \"%s\": %s",
                        topic, rd_kafka_err2str(message->err));
    fault->epochs_ago = (writer->slot + LT_KAFKA_SLOT_COUNT - ticket->slot) % LT_KAFKA_SLOT_COUNT;
    writer->out->fail(writer->out, row, fault);
}

static void take_failure(struct lt_kafka_writer *writer, const struct lt_kafka_ticket *ticket,
                         const rd_kafka_message_t *message)
{
    rd_kafka_resp_err_t err = lt_kafka_writer_error(writer, message->err, message->partition);
    enum lt_kafka_verdict verdict = writer->is_aborting ? LT_KAFKA_PURGED : lt_kafka_verdict(err);
    if (verdict == LT_KAFKA_BAD_RECORD && !writer->is_broken) {
        fail_record(writer, ticket, message);
        return;
    }
    if (verdict != LT_KAFKA_PURGED)
        lt_kafka_writer_break(writer, err, rd_kafka_topic_name(message->rkt));
    if (!ticket->is_released)
        lt_row_release(ticket->row);
}

/* ------------------------------------------------------------------------------------- reports */

static void count_delivery(struct lt_kafka_writer *writer, const struct lt_kafka_ticket *ticket,
                           const rd_kafka_message_t *message)
{
    writer->acked++;
    writer->acked_bytes += message->len + message->key_len;
    if (writer->base.ack_latency_ns != NULL)
        lt_histogram_record(writer->base.ack_latency_ns,
                            report_time_ns(writer) - ticket->ingest_ns);
}

void lt_kafka_writer_on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    struct lt_kafka_writer *writer = ((struct lt_kafka_client *)opaque)->context;
    struct lt_kafka_ticket *ticket = message->_private;
    (void)rk;
    writer->in_flight--;
    writer->reports++;
    if (lt_unlikely(ticket->is_introduction))
        lt_kafka_first_answered(writer, message, ticket->chose_partition);
    if (lt_unlikely(message->err != RD_KAFKA_RESP_ERR_NO_ERROR) &&
        lt_kafka_retry_takes(writer, ticket, message))
        return;
    writer->outstanding[ticket->slot]--;
    if (lt_unlikely(writer->retry.is_active && message->err == RD_KAFKA_RESP_ERR_NO_ERROR))
        lt_kafka_retry_delivered(writer, ticket, message);
    if (lt_unlikely(message->err != RD_KAFKA_RESP_ERR_NO_ERROR)) {
        take_failure(writer, ticket, message);
        lt_kafka_ticket_return(writer, ticket);
        return;
    }
    if (lt_unlikely(lt_kafka_first_is_doubtful(message)))
        lt_kafka_first_break(writer, message);
    else
        count_delivery(writer, ticket, message);
    if (!ticket->is_released)
        lt_row_release(ticket->row);
    lt_kafka_ticket_return(writer, ticket);
}

static void count_acked(struct lt_kafka_writer *writer)
{
    if (writer->base.acked_records != NULL)
        lt_counter_add(writer->base.acked_records, writer->acked);
    if (writer->base.acked_bytes != NULL)
        lt_counter_add(writer->base.acked_bytes, writer->acked_bytes);
    writer->acked = writer->acked_bytes = 0;
}

static void take_fatal(struct lt_kafka_writer *writer)
{
    if (writer->is_broken)
        return;
    writer->is_broken = true;
    lt_error_set(&writer->base.error, LT_E_IO,
                 "sink kafka: the idempotent producer cannot go on: %s: %s",
                 rd_kafka_err2name(writer->client->fatal), writer->client->last_error);
    lt_error_class(&writer->base.error, LT_CLASS_ABORT_EPOCH);
}

int lt_kafka_writer_poll(struct lt_writer *base, struct lt_out *out)
{
    struct lt_kafka_writer *writer = (struct lt_kafka_writer *)base;
    if (!lt_signal_take(&writer->signal, &writer->seen))
        return writer->is_broken ? -1 : 0;
    writer->out = out;
    writer->now_ns = 0;
    writer->reports = 0;
    rd_kafka_poll(writer->client->rk, 0);
    count_acked(writer);
    if (lt_unlikely(writer->retry.is_active))
        lt_kafka_retry_step(writer);
    if (lt_unlikely(writer->client->fatal != RD_KAFKA_RESP_ERR_NO_ERROR))
        take_fatal(writer);
    return writer->is_broken ? -1 : writer->reports > INT32_MAX ? INT32_MAX : (int)writer->reports;
}

/* -------------------------------------------------------------------------------------- epochs */

void lt_kafka_writer_prepare(struct lt_writer *base, uint64_t epoch)
{
    struct lt_kafka_writer *writer = (struct lt_kafka_writer *)base;
    writer->closed[writer->slot] = epoch;
    writer->slot = (writer->slot + 1) % LT_KAFKA_SLOT_COUNT;
    lt_assert(writer->slot != writer->oldest_slot);
    lt_assert(writer->outstanding[writer->slot] == 0);
}

/* A record that failed counts as answered: its dead letter is written in this same poll, and the
 * dead letters' writer prepares the epoch after this one has (core/run/delivery.h). */
int lt_kafka_writer_prepared(struct lt_writer *base, uint64_t epoch, struct lt_text_buffer *note)
{
    struct lt_kafka_writer *writer = (struct lt_kafka_writer *)base;
    (void)note; /* nothing to remember: delivered is delivered */
    lt_assert(writer->oldest_slot != writer->slot);
    lt_assert(writer->closed[writer->oldest_slot] == epoch);
    if (writer->is_broken)
        return writer->base.error.code;
    if (writer->outstanding[writer->oldest_slot] != 0)
        return 0;
    writer->oldest_slot = (writer->oldest_slot + 1) % LT_KAFKA_SLOT_COUNT;
    return 1;
}

static uint64_t outstanding(const struct lt_kafka_writer *writer)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < LT_KAFKA_SLOT_COUNT; i++)
        total += writer->outstanding[i];
    return total;
}

void lt_kafka_writer_abort(struct lt_writer *base)
{
    struct lt_kafka_writer *writer = (struct lt_kafka_writer *)base;
    writer->is_aborting = true;
    lt_kafka_retry_abort(writer);
    if (outstanding(writer) == 0)
        return;
    rd_kafka_purge(writer->client->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    for (int i = 0; i < PURGE_ROUNDS && outstanding(writer) > 0; i++)
        rd_kafka_poll(writer->client->rk, PURGE_WAIT_MS);
    count_acked(writer);
    lt_assert(outstanding(writer) == 0); /* else rows would be lost to their pools */
}
