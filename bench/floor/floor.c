/*
 * The floor: the best Kafka-to-Kafka relay that one can write by hand on librdkafka 2.0.2.
 *
 * It reads topic IN, keeps the records whose value is longer than 8 bytes, and writes them to topic
 * OUT with key, value, headers, timestamp and partition unchanged; at least once. leat is measured
 * against it, so it is meant to be hard to beat, and it is allowed everything that an engine is
 * not: it knows its one query, has no checkpoint of its own, no counters, no operators.
 *
 * The idea: one application thread between two librdkafka clients, woken by an eventfd.
 *
 *   consumer's threads --queue--> application thread --produce--> producer's threads
 *        event callback: count, and write the eventfd only if the application thread is parked
 *
 * Invariants
 * - The producer is idempotent and partition p of IN goes to partition p of OUT, so delivery
 * reports of one partition arrive in the order of its offsets. `acked` is therefore a
 * low-watermark: all kept records up to it are delivered. This is checked at each report.
 * - The committed offset is `next` when nothing is outstanding, `acked + 1` otherwise.
 * - A borrowed message lives until its delivery report.
 *
 * Threads: main is the application thread and owns every struct here except `wake`, which the
 * consumer's threads and the signal handler write too.
 *
 * It is not a member of a consumer group: partitions are assigned by hand and do not change.
 */
#include <errno.h>
#include <fcntl.h>
#include <librdkafka/rdkafka.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

enum {
    KEEP_LONGER_THAN = 8, /* the query: length(value) > 8 */
    COPY_BELOW_BYTES =
        512,             /* below, a copy is cheaper than a pinned fetch response: 16 % at 128 B */
    BATCH_RECORDS = 512, /* pointers taken from the consumer's queue in one call */
    FETCH_API_KEY = 1,   /* number of the Fetch request in Kafka's protocol */
    STARTUP_TIMEOUT_MS = 10 * 1000,
    FLUSH_TIMEOUT_MS = 10 * 1000,
};
static const int64_t COMMIT_INTERVAL_NS = 1000000000;
/* Spinning pays only on a CPU that librdkafka's threads do not need: a wake is 7 us, not 11. */
static const int64_t SPIN_NS = 50000;

struct setting {
    const char *key;
    const char *value;
};

/* Both clients, both profiles. */
static const struct setting COMMON_SETTINGS[] = {
    {"client.id", "floor"},
    {"broker.address.family", "v4"},  /* no second connection attempt over ::1 */
    {"socket.nagle.disable", "true"}, /* Nagle with delayed acknowledgement: 40 ms outliers */
    {"socket.keepalive.enable", "true"},
    {"reconnect.backoff.ms", "10"},
    {"reconnect.backoff.max.ms", "1000"},
    {"allow.auto.create.topics", "false"},
    {NULL, NULL},
};

static const struct setting CONSUMER_SETTINGS[] = {
    {"enable.auto.commit", "false"},
    {"enable.auto.offset.store", "false"}, /* saves a partition lock per record */
    {"auto.offset.reset", "error"},
    {"check.crcs", "false"}, /* the broker has checked them */
    {"fetch.min.bytes", "1"},
    {"fetch.wait.max.ms", "500"},
    {"fetch.error.backoff.ms", "10"},
    {"queued.min.messages", "1000000"}, /* a reached threshold stops fetching for up to 1 s */
    {"queued.max.messages.kbytes", "65536"},
    {NULL, NULL},
};

static const struct setting PRODUCER_SETTINGS[] = {
    {"enable.idempotence", "true"}, /* order and no doubles under retries, as leat has it */
    {"queue.buffering.max.messages", "1000000"},
    {NULL, NULL},
};

struct profile {
    struct setting consumer[4], producer[6];
};

/* librdkafka's thread spins while five requests, all that idempotence allows, are on their way and
 * more waits. A window of under three batches never lets it: 1.3 times the records per CPU-second
 * at 128 B, 1.8 times at 1 KiB. */
static const struct profile PROFILES[] = {
    /* latency, throughput */
    /* linger 0: 25 us instead of 2.6 ms; what waits while a request is on its way goes together. */
    {{{"fetch.message.max.bytes", "1048576"}},
     {{"linger.ms", "0"}, {"queue.buffering.max.kbytes", "1048576"}}},
    {{{"fetch.message.max.bytes", "4194304"}},
     {{"linger.ms", "20"},
      {"batch.num.messages", "100000"},
      {"batch.size", "1000000"},
      {"queue.buffering.max.kbytes", "2500"}}},
};

struct options {
    const char *bootstrap, *in, *out;
    const struct profile *profile;
    bool from_earliest, until_end;
};

struct partition {
    int64_t next;      /* offset after the last record looked at */
    int64_t acked;     /* last kept offset whose delivery is known */
    int64_t committed; /* what the group knows */
    int64_t end;       /* with --until-end: the end offset at start */
    uint64_t outstanding;
    bool done;
};

struct relay {
    struct options options;
    rd_kafka_t *consumer, *producer;
    rd_kafka_topic_t *out_topic;
    rd_kafka_queue_t *queue;
    struct partition *partitions;
    int32_t partition_count, done_count;
    uint64_t relayed;
    int64_t spin_ns, next_commit_ns;
    bool commit_in_flight;
};

/* written by the consumer's threads and by the signal handler, read by the application thread */
static struct {
    atomic_uint_fast64_t events;
    atomic_bool parked;
    atomic_bool stopping;
    atomic_bool fetching;
    int fd;
} wake;

__attribute__((format(printf, 1, 2), noreturn)) static void die(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("floor: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    _exit(1); /* what was not delivered was not committed either */
}

static void check(rd_kafka_resp_err_t error, const char *intent, const char *object)
{
    if (error)
        die("cannot %s \"%s\": %s", intent, object, rd_kafka_err2str(error));
}

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void ring_bell(void)
{
    atomic_fetch_add(&wake.events, 1);
    if (atomic_load(&wake.parked)) {
        /* Fails only when the counter is full, and then the reader is awake. */
        (void)!write(wake.fd, &(uint64_t){1}, sizeof(uint64_t));
    }
}

/* on: the consumer's threads, under the queue's lock, so nothing else may be done here */
static void on_queue_event(rd_kafka_t *client, void *opaque)
{
    (void)client, (void)opaque;
    ring_bell();
}

static void on_signal(int signal_number)
{
    (void)signal_number;
    atomic_store(&wake.stopping, true);
    ring_bell();
}

/* `seen` is the event count from before the queue was found empty: a later event ends the park. */
static void park(const struct relay *relay, uint64_t seen)
{
    int64_t start_ns = now_ns();
    if (relay->spin_ns > 0) {
        do {
            for (int i = 0; i < 64; i++) {
                if (atomic_load_explicit(&wake.events, memory_order_acquire) != seen)
                    return;
                __builtin_ia32_pause();
            }
        } while (now_ns() - start_ns < relay->spin_ns);
    }
    atomic_store(&wake.parked, true);
    if (atomic_load(&wake.events) == seen) {
        int64_t wait_ns = relay->next_commit_ns - start_ns;
        struct pollfd poll_fd = {.fd = wake.fd, .events = POLLIN};
        int timeout_ms = wait_ns <= 0 ? 0 : (int)(wait_ns / 1000000 + 1);
        if (poll(&poll_fd, 1, timeout_ms) > 0) {
            uint64_t count;
            if (read(wake.fd, &count, sizeof count) < 0 && errno != EAGAIN)
                die("cannot read the eventfd: %s", strerror(errno));
        }
    }
    atomic_store(&wake.parked, false);
}

/* The producer's opaque: the borrowed message, or the offset of a copied one, marked by its low
 * bit. */
static void *opaque_of_offset(int64_t offset)
{
    return (void *)(((uintptr_t)offset << 1) | 1u);
}

static void on_delivery(rd_kafka_t *client, const rd_kafka_message_t *report, void *opaque)
{
    struct relay *relay = opaque;
    (void)client;
    check(report->err, "deliver to topic", relay->options.out);
    struct partition *partition = &relay->partitions[report->partition];
    int64_t offset;
    if ((uintptr_t)report->_private & 1u) {
        offset = (int64_t)((uintptr_t)report->_private >> 1);
    } else {
        rd_kafka_message_t *borrowed = report->_private;
        offset = borrowed->offset;
        rd_kafka_message_destroy(borrowed);
    }
    if (offset <= partition->acked)
        die("delivery reports of partition %d are out of order", report->partition);
    partition->acked = offset;
    partition->outstanding--;
}

static void relay_record(struct relay *relay, rd_kafka_message_t *message)
{
    bool copy = message->len < COPY_BELOW_BYTES;
    rd_kafka_timestamp_type_t timestamp_type;
    rd_kafka_headers_t *headers = NULL;
    rd_kafka_vu_t fields[] = {
        {.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = relay->out_topic},
        {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = message->partition},
        {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = copy ? RD_KAFKA_MSG_F_COPY : 0},
        {.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {message->payload, message->len}},
        {.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {message->key, message->key_len}},
        {.vtype = RD_KAFKA_VTYPE_TIMESTAMP,
         .u.i64 = rd_kafka_message_timestamp(message, &timestamp_type)},
        {.vtype = RD_KAFKA_VTYPE_OPAQUE,
         .u.ptr = copy ? opaque_of_offset(message->offset) : (void *)message},
        {.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = NULL},
    };
    size_t field_count = sizeof fields / sizeof fields[0] - 1;
    if (rd_kafka_message_detach_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR)
        fields[field_count++].u.headers = headers;
    for (;;) {
        rd_kafka_error_t *error = rd_kafka_produceva(relay->producer, fields, field_count);
        if (!error)
            break;
        if (rd_kafka_error_code(error) != RD_KAFKA_RESP_ERR__QUEUE_FULL)
            check(rd_kafka_error_code(error), "produce to topic", relay->options.out);
        rd_kafka_error_destroy(error);
        rd_kafka_poll(relay->producer, 100);
    }
    relay->partitions[message->partition].outstanding++;
    relay->relayed++;
    if (copy)
        rd_kafka_message_destroy(message);
}

static void mark_done(struct relay *relay, struct partition *partition)
{
    if (relay->options.until_end && !partition->done && partition->next >= partition->end) {
        partition->done = true;
        relay->done_count++;
    }
}

static void take_record(struct relay *relay, rd_kafka_message_t *message)
{
    struct partition *partition = &relay->partitions[message->partition];
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        partition->next = message->offset;
        mark_done(relay, partition);
        rd_kafka_message_destroy(message);
        return;
    }
    check(message->err, "consume topic", relay->options.in);
    bool past_end = relay->options.until_end && message->offset >= partition->end;
    bool keep = message->payload && message->len > KEEP_LONGER_THAN && !past_end;
    if (!past_end)
        partition->next = message->offset + 1;
    if (keep)
        relay_record(relay, message);
    else
        rd_kafka_message_destroy(message);
    mark_done(relay, partition);
}

/* Takes what is there. With a timeout, consume_batch_queue would wait for a full batch. */
static size_t drain_queue(struct relay *relay)
{
    rd_kafka_message_t *batch[BATCH_RECORDS];
    ssize_t count = rd_kafka_consume_batch_queue(relay->queue, 0, batch, BATCH_RECORDS);
    for (ssize_t i = 0; i < count; i++)
        take_record(relay, batch[i]);
    return count > 0 ? (size_t)count : 0;
}

static rd_kafka_topic_partition_list_t *offsets_to_commit(struct relay *relay)
{
    rd_kafka_topic_partition_list_t *offsets =
        rd_kafka_topic_partition_list_new(relay->partition_count);
    for (int32_t p = 0; p < relay->partition_count; p++) {
        struct partition *partition = &relay->partitions[p];
        int64_t safe = partition->outstanding == 0 ? partition->next : partition->acked + 1;
        if (safe <= partition->committed)
            continue;
        partition->committed = safe;
        rd_kafka_topic_partition_list_add(offsets, relay->options.in, p)->offset = safe;
    }
    return offsets;
}

static void on_commit(rd_kafka_t *client, rd_kafka_resp_err_t error,
                      rd_kafka_topic_partition_list_t *offsets, void *opaque)
{
    (void)client, (void)offsets;
    struct relay *relay = opaque;
    relay->commit_in_flight = false;
    if (!error)
        return;
    fprintf(stderr, "floor: commit: %s\n", rd_kafka_err2str(error));
    for (int32_t p = 0; p < relay->partition_count; p++)
        relay->partitions[p].committed = -1; /* the next one says it again */
}

static void commit_if_due(struct relay *relay)
{
    int64_t now = now_ns();
    if (now < relay->next_commit_ns)
        return;
    relay->next_commit_ns = now + COMMIT_INTERVAL_NS;
    if (relay->commit_in_flight)
        return;
    rd_kafka_topic_partition_list_t *offsets = offsets_to_commit(relay);
    if (offsets->cnt > 0) {
        relay->commit_in_flight = true;
        rd_kafka_resp_err_t error = rd_kafka_commit(relay->consumer, offsets, 1);
        if (error)
            on_commit(relay->consumer, error, offsets, relay);
    }
    rd_kafka_topic_partition_list_destroy(offsets);
}

/* Delivery reports wake nobody: served on the way past, and once a second for the commit. */
static void run(struct relay *relay)
{
    relay->next_commit_ns = now_ns() + COMMIT_INTERVAL_NS;
    while (!atomic_load_explicit(&wake.stopping, memory_order_relaxed)) {
        uint64_t seen = atomic_load(&wake.events);
        size_t taken = drain_queue(relay);
        rd_kafka_poll(relay->producer, 0);
        commit_if_due(relay);
        if (relay->options.until_end && relay->done_count == relay->partition_count)
            return;
        if (taken == 0)
            park(relay, seen);
    }
}

__attribute__((noreturn)) static void finish(struct relay *relay)
{
    if (rd_kafka_flush(relay->producer, FLUSH_TIMEOUT_MS) != RD_KAFKA_RESP_ERR_NO_ERROR)
        die("%d records were not delivered in time", rd_kafka_outq_len(relay->producer));
    rd_kafka_topic_partition_list_t *offsets = offsets_to_commit(relay);
    if (offsets->cnt > 0)
        check(rd_kafka_commit(relay->consumer, offsets, 0), "commit", relay->options.in);
    rd_kafka_topic_partition_list_destroy(offsets);
    if (relay->options.until_end)
        printf("relayed %llu\n", (unsigned long long)relay->relayed);
    if (fflush(stdout) != 0)
        die("cannot write to stdout: %s", strerror(errno));
    /* All is delivered and committed; the clients' threads end with the process. */
    _exit(0);
}

static void set(rd_kafka_conf_t *conf, const char *key, const char *value)
{
    char text[256];
    if (rd_kafka_conf_set(conf, key, value, text, sizeof text) != RD_KAFKA_CONF_OK)
        die("%s", text);
}

/* The list ends with an empty setting. */
static void set_all(rd_kafka_conf_t *conf, const struct setting *settings)
{
    for (; settings->key; settings++)
        set(conf, settings->key, settings->value);
}

/* Ready is when the first Fetch is on the wire: every start offset is pinned by then, so no record
 * written later can be missed. The answer of an idle topic would come half a second later. */
static rd_kafka_resp_err_t on_request_sent(rd_kafka_t *client, int socket_fd,
                                           const char *broker_name, int32_t broker_id,
                                           int16_t api_key, int16_t api_version,
                                           int32_t correlation_id, size_t size, void *opaque)
{
    (void)client, (void)socket_fd, (void)broker_name, (void)broker_id, (void)api_version;
    (void)correlation_id, (void)size, (void)opaque;
    if (api_key == FETCH_API_KEY && !atomic_exchange(&wake.fetching, true) &&
        write(STDERR_FILENO, "ready\n", 6) != 6)
        die("cannot write to stderr: %s", strerror(errno));
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_new(rd_kafka_t *client, const rd_kafka_conf_t *conf, void *opaque,
                                  char *text, size_t text_size)
{
    (void)conf, (void)text, (void)text_size;
    return rd_kafka_interceptor_add_on_request_sent(client, "floor", on_request_sent, opaque);
}

static rd_kafka_t *create_client(struct relay *relay, rd_kafka_type_t type)
{
    const struct options *options = &relay->options;
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    set(conf, "bootstrap.servers", options->bootstrap);
    set_all(conf, COMMON_SETTINGS);
    rd_kafka_conf_set_opaque(conf, relay);
    if (type == RD_KAFKA_CONSUMER) {
        char group[512];
        snprintf(group, sizeof group, "floor-%s-%s", options->in, options->out);
        set(conf, "group.id", group);
        set(conf, "enable.partition.eof", options->until_end ? "true" : "false");
        set_all(conf, CONSUMER_SETTINGS);
        set_all(conf, options->profile->consumer);
        rd_kafka_conf_set_offset_commit_cb(conf, on_commit);
        if (rd_kafka_conf_interceptor_add_on_new(conf, "floor", on_new, NULL))
            die("cannot add an interceptor");
    } else {
        set_all(conf, PRODUCER_SETTINGS);
        set_all(conf, options->profile->producer);
        rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    }
    char text[256];
    rd_kafka_t *client = rd_kafka_new(type, conf, text, sizeof text);
    if (!client)
        die("cannot create a client: %s", text);
    return client;
}

/* Also fetches the topic's leaders ahead of the first record. */
static int32_t partition_count_of(rd_kafka_t *client, const char *name, rd_kafka_topic_t *topic)
{
    const struct rd_kafka_metadata *metadata;
    check(rd_kafka_metadata(client, 0, topic, &metadata, STARTUP_TIMEOUT_MS), "find topic", name);
    check(metadata->topics[0].err, "find topic", name);
    int32_t count = metadata->topics[0].partition_cnt;
    rd_kafka_metadata_destroy(metadata);
    return count;
}

/* Committed offsets where there are any, else the beginning or the end, pinned to a number now. */
static void assign(struct relay *relay)
{
    const struct options *options = &relay->options;
    rd_kafka_topic_partition_list_t *start =
        rd_kafka_topic_partition_list_new(relay->partition_count);
    for (int32_t p = 0; p < relay->partition_count; p++)
        rd_kafka_topic_partition_list_add(start, options->in, p);
    check(rd_kafka_committed(relay->consumer, start, STARTUP_TIMEOUT_MS), "read the commits of",
          options->in);
    for (int32_t p = 0; p < relay->partition_count; p++) {
        int64_t low, high;
        check(rd_kafka_query_watermark_offsets(relay->consumer, options->in, p, &low, &high,
                                               STARTUP_TIMEOUT_MS),
              "read the offsets of topic", options->in);
        rd_kafka_topic_partition_t *entry = &start->elems[p];
        if (entry->offset < 0)
            entry->offset = options->from_earliest ? low : high;
        relay->partitions[p] = (struct partition){.next = entry->offset,
                                                  .acked = entry->offset - 1,
                                                  .committed = entry->offset,
                                                  .end = high};
        mark_done(relay, &relay->partitions[p]);
    }
    check(rd_kafka_assign(relay->consumer, start), "assign topic", options->in);
    rd_kafka_topic_partition_list_destroy(start);
}

/* With a second CPU: librdkafka's threads, which inherit this mask, on all but the last, where the
 * application thread spins. On one CPU it would take that from them: 38 us instead of 15 us. */
static void choose_cpus(struct relay *relay, cpu_set_t *own)
{
    cpu_set_t usable;
    CPU_ZERO(own);
    if (sched_getaffinity(0, sizeof usable, &usable) != 0 || CPU_COUNT(&usable) < 2)
        return;
    size_t last = CPU_SETSIZE - 1;
    while (!CPU_ISSET(last, &usable))
        last--;
    CPU_CLR(last, &usable);
    CPU_SET(last, own);
    relay->spin_ns = SPIN_NS;
    if (sched_setaffinity(0, sizeof usable, &usable) != 0)
        fputs("floor: threads are not pinned\n", stderr);
}

static void start(struct relay *relay)
{
    cpu_set_t own;
    /* Held open until the process ends: a wake-up then costs 2.4 us instead of 45 us. */
    int latency_fd = open("/dev/cpu_dma_latency", O_RDWR | O_CLOEXEC);
    int32_t no_latency = 0;
    if (latency_fd < 0 || write(latency_fd, &no_latency, sizeof no_latency) != sizeof no_latency)
        fputs("floor: cpu_dma_latency is not held\n", stderr);
    prctl(PR_SET_TIMERSLACK, 1);
    wake.fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (wake.fd < 0)
        die("cannot create an eventfd: %s", strerror(errno));
    struct sigaction action = {.sa_handler = on_signal};
    if (sigaction(SIGTERM, &action, NULL) != 0 || sigaction(SIGINT, &action, NULL) != 0)
        die("cannot handle signals: %s", strerror(errno));
    choose_cpus(relay, &own);
    relay->producer = create_client(relay, RD_KAFKA_PRODUCER);
    relay->consumer = create_client(relay, RD_KAFKA_CONSUMER);
    if (CPU_COUNT(&own) > 0 && sched_setaffinity(0, sizeof own, &own) != 0)
        fputs("floor: the application thread is not pinned\n", stderr);
    rd_kafka_poll_set_consumer(relay->consumer);
    relay->queue = rd_kafka_queue_get_consumer(relay->consumer);
    rd_kafka_queue_cb_event_enable(relay->queue, on_queue_event, NULL);
    rd_kafka_topic_t *in_topic = rd_kafka_topic_new(relay->consumer, relay->options.in, NULL);
    relay->out_topic = rd_kafka_topic_new(relay->producer, relay->options.out, NULL);
    if (!in_topic || !relay->out_topic)
        die("cannot name a topic: %s", rd_kafka_err2str(rd_kafka_last_error()));
    relay->partition_count = partition_count_of(relay->consumer, relay->options.in, in_topic);
    if (partition_count_of(relay->producer, relay->options.out, relay->out_topic) <
        relay->partition_count)
        die("topic \"%s\" has fewer partitions than \"%s\"", relay->options.out, relay->options.in);
    relay->partitions = calloc((size_t)relay->partition_count, sizeof *relay->partitions);
    if (!relay->partitions)
        die("out of memory");
    assign(relay);
}

__attribute__((noreturn)) static void usage(void)
{
    die("usage: floor BOOTSTRAP IN OUT [--profile latency|throughput] [--from earliest|latest] "
        "[--until-end]");
}

static void parse(struct options *options, int argc, char **argv)
{
    if (argc < 4)
        usage();
    *options = (struct options){
        .bootstrap = argv[1], .in = argv[2], .out = argv[3], .profile = &PROFILES[0]};
    for (int i = 4; i < argc; i++) {
        if (strcmp(argv[i], "--until-end") == 0) {
            options->until_end = true;
            continue;
        }
        if (i + 1 == argc)
            usage();
        const char *name = argv[i];
        const char *value = argv[++i];
        bool profile = strcmp(name, "--profile") == 0, from = strcmp(name, "--from") == 0;
        if (profile && strcmp(value, "latency") == 0)
            options->profile = &PROFILES[0];
        else if (profile && strcmp(value, "throughput") == 0)
            options->profile = &PROFILES[1];
        else if (from && strcmp(value, "earliest") == 0)
            options->from_earliest = true;
        else if (!from || strcmp(value, "latest") != 0)
            usage();
    }
}

int main(int argc, char **argv)
{
    static struct relay relay;
    parse(&relay.options, argc, argv);
    start(&relay);
    run(&relay);
    finish(&relay);
}
