/*
 * The state of one Kafka writer, shared by kafka_writer.c (records out, life), kafka_delivery.c
 * (what becomes of them, epochs), kafka_first.c (the first record to a partition) and kafka_retry.c
 * (records of refused batches).
 */
#ifndef LT_IO_KAFKA_WRITER_H
#define LT_IO_KAFKA_WRITER_H

#include "core/base/limits.h"
#include "io/kafka_headers.h"
#include "io/kafka_sink_internal.h"

enum { LT_KAFKA_SLOT_COUNT = 8 };
_Static_assert(LT_KAFKA_SLOT_COUNT > LT_LIMIT_EPOCHS_IN_FLIGHT + 1,
               "an open epoch and all in flight need a slot each");

/* What we know of a record on its way: the opaque of its delivery report. At home it is a link of
 * the free list. */
struct lt_kafka_ticket {
    union {
        struct lt_row *row;   /* held */
        int64_t timestamp_ms; /* released: librdkafka's copy tells all but this */
        struct lt_kafka_ticket *next;
    };
    int64_t ingest_ns, source_offset;
    int32_t source_partition;
    uint16_t slot;
    bool is_released : 1;
    bool was_first : 1;       /* nothing was on its way when it was produced */
    bool is_introduction : 1; /* the first to its partition */
    bool chose_partition : 1; /* and that was not left to librdkafka */
};
_Static_assert(sizeof(struct lt_kafka_ticket) == 32, "two to a cache line");

struct lt_kafka_suspect;

/* Records of refused batches, and what was called back from behind them. All zero: none. */
struct lt_kafka_retry {
    struct lt_kafka_suspect *suspects; /* not produced again yet; each keeps its ticket */
    uint32_t count, capacity;
    uint64_t next_number, alone_count;
    bool is_active;   /* until all are settled; no new row is taken meanwhile */
    bool is_unsorted; /* suspects came since the last sort */
    bool is_told;     /* that the order is lost */
};

enum lt_kafka_acquaintance {
    LT_KAFKA_STRANGER,   /* no record to the partition has been taken, and none is on its way */
    LT_KAFKA_MEETING,    /* the first one is on its way */
    LT_KAFKA_ACQUAINTED, /* any number may be on their way */
};
/* No topic has so many partitions: what data say beyond shares the last place. */
enum { LT_KAFKA_PLACES_MAX = 1 << 16 };

struct lt_kafka_writer_topic {
    char *name;
    size_t name_bytes;
    rd_kafka_topic_t *handle;
    bool is_source;  /* the query reads it, or some partitions: nothing may be written to those */
    uint8_t *places; /* enum lt_kafka_acquaintance, by partition + 1 */
    uint32_t place_count;
};

struct lt_kafka_writer {
    struct lt_writer base;
    const struct lt_kafka_sink *sink;
    struct lt_kafka_client *client;
    const struct lt_clock *clock;
    rd_kafka_queue_t *main_queue;
    struct lt_kafka_sink_columns columns;

    struct lt_signal signal;
    uint64_t seen;
    bool is_broken;

    struct lt_kafka_writer_topic *topics;
    uint32_t topic_count, last_topic;
    uint32_t next_partition; /* round-robin */

    struct lt_kafka_ticket *tickets, *free_ticket;
    uint32_t ticket_count, fresh_ticket; /* from fresh_ticket on none has been used yet */

    uint32_t slot, oldest_slot;
    uint64_t outstanding[LT_KAFKA_SLOT_COUNT];
    uint64_t in_flight; /* produced and not reported; over all slots, without suspects */
    struct lt_kafka_retry retry;
    uint64_t closed[LT_KAFKA_SLOT_COUNT]; /* epochs prepared and not yet found durable; by slot */

    struct lt_row_pool
        *remade; /* rows of failed records whose row was released; made when first needed */
    bool is_shared;

    int64_t wall_ms; /* as of the last look; behind the time, never ahead */

    /* during poll */
    struct lt_out *out;
    int64_t now_ns;
    uint64_t acked, acked_bytes, reports;
    bool is_aborting;
};

static inline struct lt_kafka_ticket *lt_kafka_ticket_take(struct lt_kafka_writer *writer)
{
    struct lt_kafka_ticket *ticket = writer->free_ticket;
    if (lt_likely(ticket != NULL))
        writer->free_ticket = ticket->next;
    else if (writer->fresh_ticket < writer->ticket_count)
        ticket = &writer->tickets[writer->fresh_ticket++];
    return ticket;
}

static inline void lt_kafka_ticket_return(struct lt_kafka_writer *writer,
                                          struct lt_kafka_ticket *ticket)
{
    ticket->next = writer->free_ticket;
    writer->free_ticket = ticket;
}

/* The writer can do no more: sets its error, once. Returns nothing; whoever called says BROKEN. */
void lt_kafka_writer_break(struct lt_kafka_writer *writer, rd_kafka_resp_err_t err,
                           const char *topic);

/* A partition that was there at the start and is unknown now went with its topic: then it is no
 * record's fault. Returns what `err` means for a record of that partition. */
static inline rd_kafka_resp_err_t lt_kafka_writer_error(const struct lt_kafka_writer *writer,
                                                        rd_kafka_resp_err_t err, int32_t partition)
{
    bool was_there = writer->sink->topic != NULL && partition >= 0 &&
                     (uint32_t)partition < writer->sink->base.partition_count;
    return err == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION && was_there
               ? RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART
               : err;
}

/* The row of a record that was not delivered: held, with the headers that went with the message, or
 * made again. NULL: no memory. */
struct lt_row *lt_kafka_delivery_row(struct lt_kafka_writer *writer,
                                     const struct lt_kafka_ticket *ticket,
                                     const rd_kafka_message_t *message);

/* Produces the ticket's row again, to where it was sent. False: the producer is full, or the writer
 * is broken now. */
bool lt_kafka_writer_again(struct lt_kafka_writer *writer, struct lt_kafka_ticket *ticket,
                           rd_kafka_topic_t *topic, int32_t partition);

/* Room for the places of so many partitions, or the most; new ones are strangers. */
void lt_kafka_first_reserve(struct lt_kafka_writer_topic *topic, uint32_t partition_count);
/* How a partition (negative: left to librdkafka) is known. */
enum lt_kafka_acquaintance lt_kafka_first_look(struct lt_kafka_writer_topic *topic,
                                               int32_t partition);
/* The first record to a stranger was produced. */
void lt_kafka_first_sent(struct lt_kafka_writer_topic *topic, int32_t partition);
/* It was answered. */
void lt_kafka_first_answered(struct lt_kafka_writer *writer, const rd_kafka_message_t *message,
                             bool chose_partition);
/* True when a report rests on a later record's success alone. */
bool lt_kafka_first_is_doubtful(const rd_kafka_message_t *message);
/* The writer can do no more for such a report. */
void lt_kafka_first_break(struct lt_kafka_writer *writer, const rd_kafka_message_t *message);

/* A failed delivery: true when it is a suspect's, whose ticket is kept. */
bool lt_kafka_retry_takes(struct lt_kafka_writer *writer, struct lt_kafka_ticket *ticket,
                          const rd_kafka_message_t *message);
/* A delivery while there are suspects. */
void lt_kafka_retry_delivered(struct lt_kafka_writer *writer, const struct lt_kafka_ticket *ticket,
                              const rd_kafka_message_t *message);
/* After each poll while there are suspects: produces what can be. */
void lt_kafka_retry_step(struct lt_kafka_writer *writer);
/* Lets go of all suspects. */
void lt_kafka_retry_abort(struct lt_kafka_writer *writer);

/* Contract functions of kafka_delivery.c. */
int lt_kafka_writer_poll(struct lt_writer *base, struct lt_out *out);
void lt_kafka_writer_prepare(struct lt_writer *base, uint64_t epoch);
int lt_kafka_writer_prepared(struct lt_writer *base, uint64_t epoch, struct lt_text_buffer *note);
void lt_kafka_writer_abort(struct lt_writer *base);

#endif
