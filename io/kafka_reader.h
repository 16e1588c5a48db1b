/*
 * The state of one Kafka reader, shared by kafka_reader.c (records) and kafka_reader_life.c (open,
 * seek, close).
 */
#ifndef LT_IO_KAFKA_READER_H
#define LT_IO_KAFKA_READER_H

#include "io/kafka_headers.h"
#include "io/kafka_source_internal.h"

enum {
    LT_KAFKA_BATCH_RECORDS = 64, /* taken at once: their heads stay in the first-level cache */
    /* What a message pins besides its bytes: librdkafka's own record of it. */
    LT_KAFKA_MESSAGE_OVERHEAD_BYTES = 320,
};

/* What a message holds of memory. */
static inline uint64_t lt_kafka_message_bytes(const rd_kafka_message_t *message)
{
    return message->len + message->key_len + LT_KAFKA_MESSAGE_OVERHEAD_BYTES;
}

/* What a partition has fetched beyond the end of a batch (io/kafka_ahead.c). */
struct lt_kafka_ahead {
    rd_kafka_message_t **messages; /* a ring; NULL: none was kept yet */
    uint32_t first, count;
    int64_t end_offset; /* where it was said that there is no more; -1: it was not */
};

struct lt_kafka_reader_partition {
    rd_kafka_topic_t *handle;
    const struct lt_kafka_partition *name;
    uint32_t source_index;
    struct lt_bytes topic;
    int64_t next;
    int64_t end; /* INT64_MAX: none */
    struct lt_kafka_ahead ahead; /* empty but in batches */
    struct lt_shared_u64 *heard; /* the source's, for this partition; NULL but in batches */
    bool is_ended, is_started, takes_any;
    bool is_doubted; /* it was said to end before `end`, once */
};

/* The partitions of one topic, for finding a message's. */
struct lt_kafka_reader_topic {
    rd_kafka_topic_t *handle;
    struct lt_kafka_reader_partition **by_id;
    int32_t id_count;
};

struct lt_kafka_reader {
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
    bool has_heard;  /* in batches: of more, or that nothing is heard of some partition */
    bool is_to_tell; /* in batches: a batch was read, and what came meanwhile is kept, untold */
    bool is_blocked; /* no rows, or too many bytes */
    bool has_failed;

    struct lt_row *spare[LT_KAFKA_BATCH_RECORDS]; /* claimed, not used yet */
    uint32_t spare_count;
    uint64_t bytes, bytes_max; /* borrowed by rows; the most of that, and of `ahead_bytes` */
    uint64_t ahead_bytes;      /* kept for the next batch, of all partitions */

    struct lt_kafka_reader_topic *last_topic;
    struct lt_kafka_reader_topic *topics; /* sorted by handle */
    uint32_t topic_count;
    struct lt_kafka_reader_partition *partitions; /* in the order they were asked for */
    uint32_t partition_count;
    uint32_t open_count; /* not ended */
    bool has_end;
    bool is_ranged; /* in micro-batches: when it has come to the end, it is given another */

    int64_t newest_ms; /* timestamp of the last record seen; -1 */
    /* With an end: when partitions are asked whether they still reach theirs. */
    int64_t watch_ns;
    struct lt_kafka_client *uncommitted; /* kafka_extent.c; NULL: not needed yet */
    struct lt_shared_u64 *out_of_range, *losses;
};

/* Begins to fetch from `offset`, or fails with reader->base.error. Does not wait. */
int lt_kafka_reader_start(struct lt_kafka_reader *reader,
                          struct lt_kafka_reader_partition *partition, int64_t offset);
/* Waits until librdkafka has stopped; what it had fetched is outdated from then on, and nothing
 * more is heard of the partition. */
void lt_kafka_reader_stop(struct lt_kafka_reader_partition *partition);

/* kafka_reader_loss.c. The int ones: 0, or -1: it has failed with reader->base.error. */
/* It has come to its end. */
void lt_kafka_reader_end(struct lt_kafka_reader *reader,
                         struct lt_kafka_reader_partition *partition);
/* The broker does not have `next`: with failOnDataLoss=false it warns and goes on. Waits for a
 * moment, but without an end and a failure. */
int lt_kafka_reader_lose_position(struct lt_kafka_reader *reader,
                                  struct lt_kafka_reader_partition *partition);
/* As that, of a topic that was made again: goes on at its earliest record. */
int lt_kafka_reader_begin_anew(struct lt_kafka_reader *reader,
                               struct lt_kafka_reader_partition *partition);
int lt_kafka_reader_take_deleted(struct lt_kafka_reader *reader,
                                 const struct lt_kafka_reader_partition *partition);
void lt_kafka_reader_take_topic_error(struct lt_kafka_reader *reader);
/* The partition says that it ends at `offset`. */
void lt_kafka_reader_take_end(struct lt_kafka_reader *reader,
                              struct lt_kafka_reader_partition *partition, int64_t offset);
/* Something has come: the watch begins anew. */
void lt_kafka_reader_progress(struct lt_kafka_reader *reader, int64_t now_ns);
/* Asks after partitions that do not come to their end, if it is time; nothing is at hand. May wait
 * for some seconds. */
void lt_kafka_reader_watch(struct lt_kafka_reader *reader);
int lt_kafka_reader_topic_compare(const void *a, const void *b);
static inline bool lt_kafka_reader_uses(const struct lt_kafka_reader *reader,
                                        enum lt_kafka_column column)
{
    return (reader->used >> column & 1) != 0;
}

/* Contract functions of kafka_reader.c. */
enum lt_poll_status lt_kafka_reader_poll(struct lt_reader *base, struct lt_out *out, uint32_t limit,
                                         uint32_t *count);
bool lt_kafka_reader_is_ready(struct lt_reader *base);
bool lt_kafka_reader_is_idle(struct lt_reader *base);
int64_t lt_kafka_reader_deadline_ns(struct lt_reader *base);
void lt_kafka_reader_position(struct lt_reader *base, struct lt_position *positions);
void lt_kafka_reader_lag(struct lt_reader *base, int64_t *records, int64_t *ms);
/* Between two batches: true when there is more than was read. */
bool lt_kafka_reader_has_more(struct lt_reader *base);
/* librdkafka may have raised the signal: then there is more, and what it has to say is heard; it
 * may have failed by that. */
void lt_kafka_reader_take_signal(struct lt_kafka_reader *reader);
/* A message, or an event, that came between two batches; takes it. */
void lt_kafka_reader_put_aside(struct lt_kafka_reader *reader, rd_kafka_message_t *message);

/* kafka_ahead.c. Takes the message: for the next batch, or, when there are too many, to fetch it
 * again. */
void lt_kafka_ahead_keep(struct lt_kafka_reader *reader,
                         struct lt_kafka_reader_partition *partition, rd_kafka_message_t *message);
void lt_kafka_ahead_drop(struct lt_kafka_reader *reader,
                         struct lt_kafka_reader_partition *partition);
/* Those that are of this batch; how many. */
uint32_t lt_kafka_ahead_take(struct lt_kafka_reader *reader, rd_kafka_message_t **messages,
                             uint32_t limit);
/* Partitions whose messages are used up have come to the end, or are fetched again. 0, or -1: it
 * has failed with reader->base.error. */
int lt_kafka_ahead_go_on(struct lt_kafka_reader *reader);

/* The row pool's on_release: `context` is the reader. */
void lt_kafka_reader_release(void *context, struct lt_row *row);

#endif
