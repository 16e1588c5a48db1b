/*
 * Where a micro-batch can begin: at its position, unless the partition ends before that. Then the
 * topic was made again under its name, or a broker has lost the end of it; with failOnDataLoss the
 * query ends, and without the batch begins at the earliest record that there is now, so that
 * nothing is left out that exists. Continuous mode comes to the same by reading.
 *
 * In the checkpoint such a batch ends before it begins. Run again, by leat, it is read as here: a
 * reader whose end is moved before its position begins anew (io/kafka_reader_loss.c).
 *
 * An answer may be wrong for a moment, where a leader has just moved (Kafka's KAFKA-7703), and with
 * read_committed it is the last stable offset: so the partition's very end is asked for, as often
 * as fetchOffset.numRetries says, before anything is called lost.
 *
 * A partition that is gone stays where it is until it comes again. What was lost within a range is
 * found by the reader.
 *
 * on: the control thread.
 */
#include <inttypes.h>

#include "core/base/arena.h"
#include "core/base/log.h"
#include "io/kafka_extent.h"
#include "io/kafka_loss.h"

enum { PASSING_MS = 10000 /* a topic made just now has its leaders by then */ };

static int64_t number_option(const struct lt_kafka_source *source, const char *name)
{
    return lt_options_i64(source->options, lt_kafka_source_options, lt_kafka_source_option_count,
                          name);
}

/* Asks until the partition reaches `position`, or it is certain that it does not. A query that is
 * to end need not know. */
static rd_kafka_resp_err_t confirm(struct lt_kafka_source *source,
                                   const struct lt_kafka_partition *partition, int64_t position,
                                   struct lt_kafka_extent *extent)
{
    int64_t pause_ns = number_option(source, "fetchOffset.retryIntervalMs");
    int64_t left = number_option(source, "fetchOffset.numRetries");
    int64_t until_ns = lt_clock_now_ns(lt_clock_system()) + (int64_t)PASSING_MS * LT_NS_PER_MS;
    for (;;) {
        rd_kafka_resp_err_t err = lt_kafka_extent_ask(source, source->client, &source->uncommitted,
                                                      partition, extent);
        bool is_passing =
            lt_kafka_is_passing(err) && lt_clock_now_ns(lt_clock_system()) < until_ns;
        if ((err == RD_KAFKA_RESP_ERR_NO_ERROR && extent->high >= position) ||
            (left-- <= 0 && !is_passing))
            return err;
        if (lt_connector_is_stopping(&source->env))
            return RD_KAFKA_RESP_ERR__INTR;
        lt_kafka_client_rest(pause_ns > LT_NS_PER_MS ? pause_ns : LT_NS_PER_MS);
    }
}

/* The partitions that are gone, as Spark separates them. */
struct gone {
    struct lt_text_buffer names;
    uint32_t count;
};

static void note_gone(struct lt_kafka_source *source, uint32_t index, struct gone *gone)
{
    const struct lt_kafka_partition *partition = &source->partitions[index];
    if (source->gone == NULL)
        source->gone = lt_alloc_array(source->base.partition_count, sizeof *source->gone);
    if (!source->fails_on_data_loss && !source->gone[index])
        lt_log_warn("source kafka: partition %" PRId32
                    " of topic \"%s\" is gone: data may have been lost; it is read on when it "
                    "comes again",
                    partition->id, partition->topic);
    source->gone[index] = true;
    lt_text_format(&gone->names, "%s%s-%" PRId32, gone->count++ == 0 ? "" : ", ",
                   partition->topic, partition->id);
}

static int begin_anew(struct lt_kafka_source *source, uint32_t index,
                      const struct lt_position *start, const struct lt_kafka_extent *extent,
                      struct lt_position *from, struct lt_error *error)
{
    const struct lt_kafka_partition *partition = &source->partitions[index];
    if (source->fails_on_data_loss)
        return lt_kafka_lose(error, "PARTITION_OFFSET_CHANGED",
                             "Partition %s-%" PRId32 " offset was changed from %" PRId64
                             " to %" PRId64
                             ".\nThis could be either 1) a user error that the start offset is set "
                             "beyond available offset when starting query, or 2) the kafka "
                             "topic-partition is deleted and re-created.",
                             partition->topic, partition->id, start->offset, extent->high);
    lt_log_warn("source kafka: partition %" PRId32 " of topic \"%s\" ends at offset %" PRId64
                " and not behind %" PRId64
                ", where the query has come to: it was made again, or cut short, and data may "
                "have been lost; going on at its earliest record, %" PRId64,
                partition->id, partition->topic, extent->high, start->offset, extent->low);
    from->offset = extent->low;
    source->begins_anew = true;
    return 0;
}

/* A partition that ends, or so it was said, before the query's position. */
static int mend(struct lt_kafka_source *source, uint32_t index, const struct lt_position *start,
                struct lt_position *latest, struct lt_position *from, struct gone *gone,
                struct lt_error *error)
{
    const struct lt_kafka_partition *partition = &source->partitions[index];
    struct lt_kafka_extent extent;
    rd_kafka_resp_err_t err = confirm(source, partition, start->offset, &extent);
    if (lt_kafka_is_gone(err)) {
        note_gone(source, index, gone);
        *latest = *start;
        return 0;
    }
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
        return lt_kafka_client_fail(source->client, error, err,
                                    "offsets of partition %" PRId32 " of topic \"%s\"",
                                    partition->id, partition->topic);
    if (source->gone != NULL)
        source->gone[index] = false;
    if (extent.high >= start->offset) { /* a transaction is open, or the answer was wrong */
        *latest = *start;
        return 0;
    }
    if (latest->offset < extent.low)
        latest->offset = extent.low;
    return begin_anew(source, index, start, &extent, from, error);
}

int lt_kafka_mend(struct lt_source *base, const struct lt_position *start,
                  struct lt_position *latest, struct lt_position *from, struct lt_error *error)
{
    struct lt_kafka_source *source = (struct lt_kafka_source *)base;
    struct gone gone = {.count = 0};
    int code = 0;
    lt_text_init(&gone.names);
    source->begins_anew = false;
    for (uint32_t i = 0; i < base->partition_count && code == 0; i++) {
        from[i] = start[i];
        if (latest[i].offset < start[i].offset)
            code = mend(source, i, &start[i], &latest[i], &from[i], &gone, error);
    }
    if (code == 0 && gone.count > 0 && source->fails_on_data_loss)
        code = lt_kafka_lose_partitions(error, lt_text_get(&gone.names), gone.count,
                                        source->group_id != NULL);
    lt_text_fini(&gone.names);
    return code;
}
