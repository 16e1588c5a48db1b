/*
 * From a batch of records in Kafka to its commit: 1,000 records are produced in one request, and a
 * query in this program runs one micro-batch of them, with a checkpoint on a disk.
 *
 *     batch_bench BOOTSTRAP DIRECTORY
 *
 * What counts is the time from when the producer's request was written to its socket, so that the
 * broker's part is in it, to two moments: the last row is in the hands of the program, and the
 * batch's commit is durable. The next batch is produced some milliseconds after that: the query has
 * been idle, and is woken by what arrives. Every batch has to be whole, in order, and alone.
 *
 * Two queries, by turns: a filter and a projection; and a count by key, of 1,000 keys, whose state
 * is durable with the batch, too. /dev/cpu_dma_latency is held. The two moments are looked for
 * every NAP_NS, and are no earlier than they are seen. The disk's part is told beside them: how
 * long it takes to sync a small new file and its directory, in the same run.
 *
 * LEAT_BENCH_SMOKE=1 tries it with a few batches.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "bench/machine.h"
#include "bench/verdict.h"
#include "core/leat.h"

enum {
    ROWS = 1000,
    VALUE_BYTES = 128,
    WARM = 20,
    BATCHES = 150,
    SMOKE_BATCHES = 3,
    ROUNDS = 5,
    SYNCS = 50,
    REST_MS = 20,
    PATIENCE_S = 30,
    API_KEY_PRODUCE = 0,
    TEXT_BYTES = 256,
    OUTPUT_ROWS = 4096,
    NAP_NS = 20000,
};
static const int64_t ns_per_ms = 1000000, ns_per_s = 1000000000;

struct variant {
    const char *name;
    bool has_state;
};

/* ------------------------------------------------------------------------------------ producer */

struct producer {
    rd_kafka_t *rk;
    atomic_int_fast64_t sent_ns; /* the first request since it was set to 0. on: the broker's
                                    thread writes it */
    int acked, failed;
};

static rd_kafka_resp_err_t on_request_sent(rd_kafka_t *rk, int socket, const char *broker,
                                           int32_t broker_id, int16_t api_key, int16_t api_version,
                                           int32_t correlation_id, size_t size_bytes, void *opaque)
{
    struct producer *producer = opaque;
    int_fast64_t none = 0;
    (void)rk, (void)socket, (void)broker, (void)broker_id;
    (void)api_version, (void)correlation_id, (void)size_bytes;
    if (api_key == API_KEY_PRODUCE)
        (void)atomic_compare_exchange_strong(&producer->sent_ns, &none, bench_now_ns());
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_new(rd_kafka_t *rk, const rd_kafka_conf_t *conf, void *opaque,
                                  char *text, size_t text_size)
{
    (void)conf, (void)text, (void)text_size;
    return rd_kafka_interceptor_add_on_request_sent(rk, "bench", on_request_sent, opaque);
}

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    struct producer *producer = opaque;
    (void)rk;
    producer->acked += message->err == RD_KAFKA_RESP_ERR_NO_ERROR;
    producer->failed += message->err != RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* All records of a batch wait for each other: they travel in one request. */
static void open_producer(struct producer *producer, const char *bootstrap)
{
    static const char *const settings[][2] = {
        {"linger.ms", "20"},
        {"batch.num.messages", "1000"},
        {"acks", "all"},
        {"max.in.flight", "1"},
    };
    char text[TEXT_BYTES];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    if (rd_kafka_conf_set(conf, "bootstrap.servers", bootstrap, text, sizeof text) != 0)
        bench_wrong("%s", text);
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++)
        if (rd_kafka_conf_set(conf, settings[i][0], settings[i][1], text, sizeof text) != 0)
            bench_wrong("%s", text);
    rd_kafka_conf_set_opaque(conf, producer);
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    rd_kafka_conf_interceptor_add_on_new(conf, "bench", on_new, producer);
    producer->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
    if (producer->rk == NULL)
        bench_wrong("%s", text);
}

/* Record `number`: its key is its place in the batch, its value begins with the number. */
static void produce(struct producer *producer, const char *topic, int64_t number)
{
    char key[16], value[VALUE_BYTES];
    int key_bytes = snprintf(key, sizeof key, "%03" PRId64, number % ROWS);
    memset(value, 'x', sizeof value);
    int head_bytes = snprintf(value, sizeof value, "%012" PRId64, number);
    value[head_bytes] = ' ';
    rd_kafka_resp_err_t err = rd_kafka_producev(
        producer->rk, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(0),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY(key, (size_t)key_bytes),
        RD_KAFKA_V_VALUE(value, sizeof value), RD_KAFKA_V_END);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
        bench_wrong("record %" PRId64 " is refused: %s", number, rd_kafka_err2str(err));
}

static void create_topic(struct producer *producer, const char *topic)
{
    char text[TEXT_BYTES];
    rd_kafka_NewTopic_t *wanted = rd_kafka_NewTopic_new(topic, 1, 1, text, sizeof text);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(producer->rk);
    if (wanted == NULL)
        bench_wrong("%s", text);
    rd_kafka_CreateTopics(producer->rk, &wanted, 1, NULL, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, PATIENCE_S * 1000);
    if (event == NULL || rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR)
        bench_wrong("topic \"%s\" cannot be made", topic);
    rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
    rd_kafka_NewTopic_destroy(wanted);
}

/* ----------------------------------------------------------------------------------- the query */

struct world {
    const struct variant *variant;
    struct producer *producer;
    char topic[64];
    leat_context *context;
    leat_query *query;
    leat_output *output;
    int64_t produced; /* records, in all */
    int seen;         /* rows of the batch at hand */
    int64_t seen_ns;
};

static void check(const struct world *world, bool is_fine)
{
    if (is_fine)
        return;
    const char *error = world->query != NULL ? leat_query_error(world->query) : "";
    bench_wrong("%s: %s", world->variant->name,
                *error != '\0' ? error : leat_context_error(world->context));
}

/* Of the projection the rows of the batch, in order; of the count each key once, with as many as
 * batches were. */
static void take(void *user, const leat_row *row)
{
    struct world *world = user;
    size_t size_bytes;
    int64_t batches = world->produced / ROWS, wanted = world->produced - ROWS + world->seen;
    if (world->variant->has_state) {
        if (leat_row_i64(row, 1) != batches)
            bench_wrong("a key was counted %" PRId64 " times in %" PRId64 " batches",
                        leat_row_i64(row, 1), batches);
    } else {
        const char *value = leat_row_bytes(row, 1, &size_bytes);
        if (size_bytes != VALUE_BYTES || strtoll(value, NULL, 10) != wanted)
            bench_wrong("record %" PRId64 " came out as %.12s", wanted, value);
    }
    if (++world->seen == ROWS)
        world->seen_ns = bench_now_ns();
}

static leat_stream *make_stream(const struct world *world, const char *bootstrap)
{
    leat_stream *stream = leat_read(
        world->context, "kafka",
        leat_options_of("kafka.bootstrap.servers", bootstrap, "subscribe", world->topic,
                        "startingOffsets", "earliest", (const char *)NULL),
        NULL);
    return world->variant->has_state
               ? leat_group_by(stream, "key", "key, count(*) AS n")
               : leat_select(leat_filter(stream, "length(value) > 100"), "key, value");
}

static void open_world(struct world *world, const char *bootstrap, const char *directory)
{
    static int number;
    char checkpoint[TEXT_BYTES], cpu[8];
    number++;
    snprintf(world->topic, sizeof world->topic, "bench-batch-%d-%d", (int)getpid(), number);
    snprintf(checkpoint, sizeof checkpoint, "%s/batch-%d-%d", directory, (int)getpid(), number);
    snprintf(cpu, sizeof cpu, "%d", BENCH_TESTED_CPU);
    create_topic(world->producer, world->topic);
    world->context = leat_context_create();
    world->query = leat_query_create(
        world->context,
        leat_options_of("checkpointLocation", checkpoint, "cpus", cpu, (const char *)NULL));
    world->output = leat_output_create(world->context, OUTPUT_ROWS);
    check(world, world->query != NULL && world->output != NULL);
    check(world, leat_query_trigger_processing_time(world->query, 0) == LEAT_OK);
    check(world, !world->variant->has_state ||
                     leat_query_output_mode(world->query, "update") == LEAT_OK);
    check(world, leat_query_write_output(world->query, make_stream(world, bootstrap),
                                         world->output) == LEAT_OK);
    check(world, leat_start(world->query) == LEAT_OK);
    check(world, leat_await_ready(world->query, PATIENCE_S * ns_per_s) == LEAT_OK);
}

static void close_world(struct world *world)
{
    (void)leat_stop(world->query, PATIENCE_S * ns_per_s);
    leat_query_destroy(world->query);
    leat_context_destroy(world->context);
}

static int64_t epoch_of(const struct world *world)
{
    leat_totals totals = {.size = sizeof totals};
    check(world, leat_query_totals(world->query, &totals) == LEAT_OK);
    return totals.epoch;
}

/* ------------------------------------------------------------------------------------ measuring */

/* The broker is to have a CPU, too. */
static void nap(void)
{
    const struct timespec pause = {.tv_nsec = NAP_NS};
    nanosleep(&pause, NULL);
}

static void rest(struct world *world)
{
    int64_t until_ns = bench_now_ns() + REST_MS * ns_per_ms;
    while (bench_now_ns() < until_ns) {
        rd_kafka_poll(world->producer->rk, 1);
        if (leat_output_poll(world->output, take, world, 1) != 0)
            bench_wrong("%s: a row came out that nobody sent", world->variant->name);
    }
}

/* One batch; false when it was not alone: the records came as two. */
static bool run_batch(struct world *world, int64_t *to_seen_ns, int64_t *to_committed_ns)
{
    struct producer *producer = world->producer;
    int64_t before = epoch_of(world), give_up_ns = bench_now_ns() + PATIENCE_S * ns_per_s;
    int64_t committed_ns = 0, epoch = before;
    producer->acked = 0;
    world->seen = 0;
    atomic_store(&producer->sent_ns, 0);
    for (int i = 0; i < ROWS; i++)
        produce(producer, world->topic, world->produced++);
    while (world->seen < ROWS || epoch == before || producer->acked < ROWS) {
        rd_kafka_poll(producer->rk, 0);
        (void)leat_output_poll(world->output, take, world, OUTPUT_ROWS);
        if (epoch == before && (epoch = epoch_of(world)) != before)
            committed_ns = bench_now_ns();
        nap();
        if (producer->failed > 0 || bench_now_ns() > give_up_ns)
            bench_wrong("%s: %d of %d rows came, %d were taken, epoch %" PRId64
                        " after %" PRId64 ": %s",
                        world->variant->name, world->seen, ROWS, producer->acked, epoch, before,
                        leat_query_error(world->query));
    }
    int64_t sent_ns = atomic_load(&producer->sent_ns);
    *to_seen_ns = world->seen_ns - sent_ns;
    *to_committed_ns = committed_ns - sent_ns;
    return committed_ns >= world->seen_ns; /* else the commit was of a part */
}

static void measure(const struct variant *variant, struct producer *producer,
                    const char *bootstrap, const char *directory)
{
    static int64_t seen_ns[BATCHES], committed_ns[BATCHES];
    struct world world = {.variant = variant, .producer = producer};
    char name[TEXT_BYTES];
    int count = bench_is_smoke() ? SMOKE_BATCHES : BATCHES, split = 0;
    open_world(&world, bootstrap, directory);
    for (int i = -WARM; i < count; i++) {
        int at = i < 0 ? 0 : i;
        rest(&world);
        split += !run_batch(&world, &seen_ns[at], &committed_ns[at]) && i >= 0;
    }
    close_world(&world);
    if (split * 50 > count) /* as many as lie behind p99, and as many again */
        bench_wrong("%s: %d of %d batches came as two", variant->name, split, count);
    snprintf(name, sizeof name, "%s, seen", variant->name);
    bench_note_times(name, seen_ns, count);
    snprintf(name, sizeof name, "%s, committed", variant->name);
    bench_note_times(name, committed_ns, count);
}

/* What a log entry costs at least: one small new file, synced, and its name. */
static void measure_disk(const char *directory)
{
    static int64_t times_ns[SYNCS];
    char path[TEXT_BYTES];
    int count = bench_is_smoke() ? SMOKE_BATCHES : SYNCS;
    int folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    snprintf(path, sizeof path, "batch-%d-sync", (int)getpid());
    for (int i = 0; i < count; i++) {
        int64_t begin_ns = bench_now_ns();
        int fd = openat(folder, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        if (fd < 0 || write(fd, path, sizeof path) != (ssize_t)sizeof path || fsync(fd) != 0 ||
            close(fd) != 0 || fsync(folder) != 0)
            bench_wrong("'%s' cannot be written: %s", path, strerror(errno));
        times_ns[i] = bench_now_ns() - begin_ns;
        (void)unlinkat(folder, path, 0);
    }
    close(folder);
    bench_note_times("two syncs of the disk", times_ns, count);
}

int main(int count, char **arguments)
{
    static const struct variant variants[] = {{"projection", false}, {"count by key", true}};
    struct producer producer = {.acked = 0};
    if (count != 3) {
        fprintf(stderr, "batch_bench BOOTSTRAP DIRECTORY\n");
        return 2;
    }
    (void)prctl(PR_SET_TIMERSLACK, 1); /* naps are as short as they say */
    printf("cpu_dma_latency is %sheld\n", bench_hold_wakeups(true) ? "" : "not ");
    open_producer(&producer, arguments[1]);
    for (int i = 0; i < (bench_is_smoke() ? 1 : ROUNDS); i++) {
        measure_disk(arguments[2]);
        for (size_t k = 0; k < sizeof variants / sizeof variants[0]; k++)
            measure(&variants[k], &producer, arguments[1], arguments[2]);
    }
    rd_kafka_destroy(producer.rk);
    bench_print_table("a batch of 1,000 records, from its request on", "us");
    bench_at_most("projection committed, p50", bench_median("projection, committed p50"), 3000,
                  "us");
    bench_at_most("projection committed, p99", bench_median("projection, committed p99"), 10000,
                  "us");
    bench_at_most("count by key committed, p50", bench_median("count by key, committed p50"), 3000,
                  "us");
    bench_at_most("count by key committed, p99", bench_median("count by key, committed p99"), 10000,
                  "us");
    bench_tell("count by key committed, p50",
               bench_median_ratio("count by key, committed p50", "two syncs of the disk p50"),
               "x two syncs");
    return bench_status();
}
