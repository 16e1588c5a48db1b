/*
 * A relay between two Kafka topics inside a program: byte-exact envelopes, a function of your own
 * on the way, progress kept in a checkpoint so that a restart goes on where the last run ended.
 *
 *     cc relay.c $(pkg-config --cflags --libs leat) -o relay
 *     ./relay 127.0.0.1:9092 in out /var/lib/relay
 *
 * It ends by itself where the topic ended at the start; without that one line it runs for ever.
 */
#include <leat.h>
#include <stdio.h>
#include <stdlib.h>

/* Columns of a Kafka source: key, value, topic, partition, offset, timestamp, timestampType, and
 * headers if they are asked for. */
enum { KEY, VALUE };

/* One per lane, so it needs no lock; `total` is read when the query has ended. */
struct lane {
    uint64_t tombstones;
    uint64_t *total;
};

static int open_lane(void *user, uint32_t index, void **state)
{
    (void)index;
    struct lane *lane = (struct lane *)calloc(1, sizeof *lane);
    if (lane == NULL)
        return LEAT_ERROR_NO_MEMORY;
    lane->total = (uint64_t *)user;
    *state = lane;
    return LEAT_OK;
}

/* Passes every record on as it is, but for tombstones: records without a value. */
static enum leat_action keep_values(void *state, const leat_row *row, leat_out *out, uint32_t flags)
{
    struct lane *lane = (struct lane *)state;
    (void)flags;
    if (leat_row_is_null(row, VALUE)) {
        lane->tombstones++;
        return LEAT_DROP;
    }
    size_t size_bytes;
    if (leat_row_bytes(row, KEY, &size_bytes) != NULL && size_bytes > 1024) {
        leat_out_reason(out, "KEY_TOO_LARGE", "a key of more than 1 KiB is a mistake here");
        return LEAT_DEAD_LETTER;
    }
    return LEAT_EMIT;
}

static void close_lane(void *state)
{
    struct lane *lane = (struct lane *)state;
    *lane->total += lane->tombstones;
    free(lane);
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: relay BOOTSTRAP IN OUT CHECKPOINT\n");
        return 2;
    }
    uint64_t tombstones = 0;
    const leat_operator op = {
        .size = sizeof op,
        .name = "keep_values",
        .user = &tombstones,
        .open = open_lane,
        .process = keep_values,
        .close = close_lane,
    };
    leat_context *context = leat_context_create();
    leat_stream *in =
        leat_read(context, "kafka",
                  leat_options_of("kafka.bootstrap.servers", argv[1], "subscribe", argv[2],
                                  "startingOffsets", "earliest", "includeHeaders", "true", NULL),
                  NULL);
    leat_query *query =
        leat_query_create(context, leat_options_of("checkpointLocation", argv[4], NULL));
    /* The sink sends key, value, headers and timestamp as they came, each to the partition of the
     * number it came from; the topic that is said here goes before the column. */
    int status = leat_query_write(
        query, leat_apply(in, &op), "kafka",
        leat_options_of("kafka.bootstrap.servers", argv[1], "topic", argv[3], NULL));
    if (status == LEAT_OK)
        status = leat_query_trigger_available_now(query);
    if (status == LEAT_OK)
        status = leat_start(query);
    if (status == LEAT_OK)
        status = leat_await(query, LEAT_FOREVER);

    leat_totals totals = {.size = sizeof totals};
    if (status != LEAT_OK)
        fprintf(stderr, "relay: %s\n", leat_query_error(query));
    else
        status = leat_query_totals(query, &totals);
    leat_query_destroy(query); /* closes the lanes: `tombstones` is complete */
    leat_context_destroy(context);
    printf("read %llu, sent %llu, left out %llu\n", (unsigned long long)totals.records_in,
           (unsigned long long)totals.records_out, (unsigned long long)tombstones);
    bool complete = totals.records_in == totals.records_out + tombstones;
    return status == LEAT_OK && complete ? EXIT_SUCCESS : EXIT_FAILURE;
}
