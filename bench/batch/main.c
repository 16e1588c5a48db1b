/*
 * From a batch of records in Kafka to its commit: 1,000 records are produced in one request, and a
 * query in this program runs one micro-batch of them, with a checkpoint on a disk.
 *
 *     batch_bench BOOTSTRAP DIRECTORY
 *
 * Times are from when the producer's request was written to its socket to three moments: a consumer
 * by hand, in this program, has the records; the last row of the query is in the hands of the
 * program; the batch's commit is durable. What counts is the last, less the first: from when a
 * consumer can have the records, which is when a batch can be triggered, to its commit. The next
 * batch is produced some milliseconds later: the query has been idle, and is woken by what arrives.
 * Every batch has to be whole, in order, and alone.
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
    rd_kafka_t *by_hand;         /* consumes the same */
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

static void open_by_hand(struct producer *producer, const char *bootstrap)
{
    char text[TEXT_BYTES];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    if (rd_kafka_conf_set(conf, "bootstrap.servers", bootstrap, text, sizeof text) != 0)
        bench_wrong("%s", text);
    producer->by_hand = rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof text);
    if (producer->by_hand == NULL)
        bench_wrong("%s", text);
}

/* How many more records it has; the rest of `topic` comes later. */
static int consume_by_hand(rd_kafka_topic_t *topic)
{
    rd_kafka_message_t *messages[ROWS];
    int records = 0;
    ssize_t count = rd_kafka_consume_batch(topic, 0, 0, messages, ROWS);
    for (ssize_t i = 0; i < count; i++) {
        records += messages[i]->err == RD_KAFKA_RESP_ERR_NO_ERROR;
        rd_kafka_message_destroy(messages[i]);
    }
    return records;
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
    rd_kafka_topic_t *by_hand;
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
    world->by_hand = rd_kafka_topic_new(world->producer->by_hand, world->topic, NULL);
    if (world->by_hand == NULL || rd_kafka_consume_start(world->by_hand, 0, 0) != 0)
        bench_wrong("topic \"%s\" cannot be consumed", world->topic);
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
    (void)rd_kafka_consume_stop(world->by_hand, 0);
    rd_kafka_topic_destroy(world->by_hand);
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

struct times {
    int64_t arrived_ns[BATCHES], seen_ns[BATCHES], committed_ns[BATCHES], own_ns[BATCHES];
};

/* One batch; false when it was not alone: the records came as two. */
static bool run_batch(struct world *world, struct times *times, int at)
{
    struct producer *producer = world->producer;
    int64_t before = epoch_of(world), give_up_ns = bench_now_ns() + PATIENCE_S * ns_per_s;
    int64_t arrived_ns = 0, committed_ns = 0, epoch = before;
    int arrived = 0;
    producer->acked = 0;
    world->seen = 0;
    atomic_store(&producer->sent_ns, 0);
    for (int i = 0; i < ROWS; i++)
        produce(producer, world->topic, world->produced++);
    while (world->seen < ROWS || epoch == before || producer->acked < ROWS || arrived < ROWS) {
        rd_kafka_poll(producer->rk, 0);
        if (arrived < ROWS && (arrived += consume_by_hand(world->by_hand)) == ROWS)
            arrived_ns = bench_now_ns();
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
    times->arrived_ns[at] = arrived_ns - sent_ns;
    times->seen_ns[at] = world->seen_ns - sent_ns;
    times->committed_ns[at] = committed_ns - sent_ns;
    /* The query's own consumer may be the faster one. */
    times->own_ns[at] = committed_ns > arrived_ns ? committed_ns - arrived_ns : 1;
    return committed_ns >= world->seen_ns; /* else the commit was of a part */
}

static void note(const struct variant *variant, const char *what, int64_t *times_ns, int count)
{
    char name[TEXT_BYTES];
    snprintf(name, sizeof name, "%s, %s", variant->name, what);
    bench_note_times(name, times_ns, count);
}

static void measure(const struct variant *variant, struct producer *producer,
                    const char *bootstrap, const char *directory)
{
    static struct times times;
    struct world world = {.variant = variant, .producer = producer};
    int count = bench_is_smoke() ? SMOKE_BATCHES : BATCHES, split = 0;
    open_world(&world, bootstrap, directory);
    for (int i = -WARM; i < count; i++) {
        int at = i < 0 ? 0 : i;
        rest(&world);
        split += !run_batch(&world, &times, at) && i >= 0;
    }
    close_world(&world);
    /* As many as lie behind p99, and as many again. */
    if (!bench_is_smoke() && split * 50 > count)
        bench_wrong("%s: %d of %d batches came as two", variant->name, split, count);
    note(variant, "at a consumer by hand", times.arrived_ns, count);
    note(variant, "seen", times.seen_ns, count);
    note(variant, "committed", times.committed_ns, count);
    note(variant, "by hand to committed", times.own_ns, count);
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

static void judge(const struct variant *variant)
{
    static const double bars_us[] = {3000, 10000};
    static const char *const quantiles[] = {"p50", "p99"};
    for (int i = 0; i < 2; i++) {
        char series[TEXT_BYTES];
        snprintf(series, sizeof series, "%s, by hand to committed %s", variant->name,
                 quantiles[i]);
        bench_at_most(series, bench_median(series), bars_us[i], "us");
    }
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
    open_by_hand(&producer, arguments[1]);
    for (int i = 0; i < (bench_is_smoke() ? 1 : ROUNDS); i++) {
        measure_disk(arguments[2]);
        for (size_t k = 0; k < sizeof variants / sizeof variants[0]; k++)
            measure(&variants[k], &producer, arguments[1], arguments[2]);
    }
    rd_kafka_destroy(producer.by_hand);
    rd_kafka_destroy(producer.rk);
    bench_print_table("a batch of 1,000 records, from its request on", "us");
    for (size_t k = 0; k < sizeof variants / sizeof variants[0]; k++)
        judge(&variants[k]);
    return bench_status();
}
