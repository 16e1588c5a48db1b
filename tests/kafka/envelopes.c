/* envelopes: write awkward Kafka records, and compare what a relay made of them.
 *
 * `produce` makes them from a seed, `compare` holds two topics against each other envelope by
 * envelope, `copy` is the reference relay, and the rest is what scripts need around these. Status 0
 * is success, 1 a comparison that found something, 2 anything that could not be done.
 */
#include "envelopes.h"
#include "client.h"

static int usage(void)
{
    fputs("usage: envelopes COMMAND BOOTSTRAP ...\n"
          "  produce BOOTSTRAP TOPIC COUNT [--partitions N] [--seed S] [--big EVERY] [--rate R]\n"
          "          [--size BYTES] [--first INDEX] [--compression none|gzip|snappy|lz4|zstd]\n"
          "  compare BOOTSTRAP IN OUT [--where 'length>N'] [--show N]\n"
          "  copy    BOOTSTRAP IN OUT [--where 'length>N'] [--damage EVERY]\n"
          "  create  BOOTSTRAP TOPIC [PARTITIONS [BATCH_BYTES_MAX]]\n"
          "  grow    BOOTSTRAP TOPIC PARTITIONS\n"
          "  delete  BOOTSTRAP TOPIC\n"
          "  count   BOOTSTRAP TOPIC       records between the first offset and the end\n"
          "  dump    BOOTSTRAP TOPIC [--limit N]\n",
          stderr);
    return LT_CLIENT_ERROR_STATUS;
}

/* Open loop: the record is due at a time fixed by its index, however late the one before it was. */
static void wait_until_due(rd_kafka_t *producer, int64_t start_ns, uint64_t sent, int64_t rate)
{
    if (rate == 0)
        return;
    int64_t due_ns = start_ns + (int64_t)((double)sent * 1e9 / (double)rate);
    for (int64_t left_ns = due_ns - lt_client_now_ns(); left_ns > 0;
         left_ns = due_ns - lt_client_now_ns()) {
        const struct timespec pause = {.tv_nsec = left_ns < 1000000 ? (long)left_ns : 1000000};
        rd_kafka_poll(producer, 0);
        nanosleep(&pause, NULL);
    }
}

static int produce(int argc, char **argv)
{
    if (argc < 3)
        return usage();
    const char *topic = argv[1];
    uint64_t count = (uint64_t)lt_client_number("COUNT", argv[2], 0, INT64_MAX);
    int64_t partitions = 1;
    int64_t seed = 1;
    int64_t rate = 0;
    int64_t first = 0;
    const char *compression = NULL;
    struct lt_envelope_shape shape = {.size_bytes = 200};
    const struct lt_client_option options[] = {
        {.name = "--partitions", .number = &partitions}, {.name = "--seed", .number = &seed},
        {.name = "--big", .number = &shape.big_every},   {.name = "--rate", .number = &rate},
        {.name = "--size", .number = &shape.size_bytes}, {.name = "--first", .number = &first},
        {.name = "--compression", .text = &compression},
    };
    lt_client_parse(argc - 3, argv + 3, options, sizeof(options) / sizeof(options[0]));
    if (partitions < 1 || partitions > 10000)
        lt_client_die("--partitions must be from 1 to 10000");
    if (shape.size_bytes < 1 || shape.size_bytes > 2 * 1024 * 1024)
        lt_client_die("--size must be from 1 to 2097152");

    struct lt_client_deliveries deliveries = {0};
    rd_kafka_t *producer = lt_client_producer(argv[0], compression, &deliveries);
    shape.seed = (uint64_t)seed;
    shape.partitions = lt_client_partitions(producer, topic);
    if (shape.partitions == 0) {
        (void)lt_client_create_topic(producer, topic, (int32_t)partitions);
        shape.partitions = (int32_t)partitions;
    }
    struct lt_envelope_maker *maker = lt_envelope_maker_create(&shape);
    struct lt_envelope envelope;
    int64_t start_ns = lt_client_now_ns();
    for (uint64_t i = 0; i < count; i++) {
        wait_until_due(producer, start_ns, i, rate);
        lt_envelope_make(maker, (uint64_t)first + i, &envelope);
        lt_envelope_send(producer, topic, &envelope);
    }
    lt_client_finish(producer, &deliveries);
    lt_envelope_maker_destroy(maker);
    printf("produced %" PRIu64 " envelopes into %" PRId32 " partitions of \"%s\" from seed %" PRId64
           "\n",
           deliveries.delivered, shape.partitions, topic, seed);
    return 0;
}

static int create(int argc, char **argv)
{
    if (argc < 2 || argc > 4)
        return usage();
    int32_t partitions = argc >= 3 ? (int32_t)lt_client_number("PARTITIONS", argv[2], 1, 10000) : 1;
    rd_kafka_t *rk = lt_client_create(RD_KAFKA_PRODUCER, lt_client_conf(argv[0]));
    bool created = lt_client_create_topic_of(rk, argv[1], partitions,
                                             argc == 4 ? argv[3] : LT_CLIENT_RECORD_BYTES_MAX);
    rd_kafka_destroy(rk);
    if (!created)
        lt_client_die("topic \"%s\" exists already", argv[1]);
    return 0;
}

static int grow(int argc, char **argv)
{
    if (argc != 3)
        return usage();
    rd_kafka_t *rk = lt_client_create(RD_KAFKA_PRODUCER, lt_client_conf(argv[0]));
    lt_client_grow_topic(rk, argv[1], (int32_t)lt_client_number("PARTITIONS", argv[2], 1, 10000));
    rd_kafka_destroy(rk);
    return 0;
}

static int delete (int argc, char **argv)
{
    if (argc != 2)
        return usage();
    rd_kafka_t *rk = lt_client_create(RD_KAFKA_PRODUCER, lt_client_conf(argv[0]));
    lt_client_delete_topic(rk, argv[1]);
    rd_kafka_destroy(rk);
    return 0;
}

static int count(int argc, char **argv)
{
    if (argc != 2)
        return usage();
    rd_kafka_t *rk = lt_client_create(RD_KAFKA_PRODUCER, lt_client_conf(argv[0]));
    int32_t partitions = lt_client_need_partitions(rk, argv[1]);
    int64_t total = 0;
    for (int32_t partition = 0; partition < partitions; partition++) {
        int64_t low = 0;
        int64_t high = 0;
        lt_client_bounds(rk, argv[1], partition, &low, &high);
        total += high - low;
    }
    rd_kafka_destroy(rk);
    printf("%" PRId64 "\n", total);
    return 0;
}

static int dump(int argc, char **argv)
{
    if (argc < 2)
        return usage();
    int64_t limit = INT64_MAX;
    const struct lt_client_option options[] = {{.name = "--limit", .number = &limit}};
    lt_client_parse(argc - 2, argv + 2, options, 1);
    struct lt_client_reader reader;
    lt_client_reader_open(&reader, argv[0]);
    int32_t partitions = lt_client_need_partitions(reader.rk, argv[1]);
    for (int32_t partition = 0; partition < partitions && limit > 0; partition++) {
        struct lt_envelope envelope;
        rd_kafka_message_t *message;
        lt_client_reader_go(&reader, argv[1], partition, RD_KAFKA_OFFSET_BEGINNING);
        while (limit > 0 && (message = lt_client_reader_next(&reader)) != NULL) {
            lt_envelope_view(&envelope, message);
            lt_envelope_print(stdout, &envelope);
            rd_kafka_message_destroy(message);
            limit--;
        }
    }
    lt_client_reader_close(&reader);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(int argc, char **argv);
    } commands[] = {
        {"produce", produce},
        {"compare", lt_envelopes_compare},
        {"copy", lt_envelopes_copy},
        {"create", create},
        {"grow", grow},
        {"delete", delete},
        {"count", count},
        {"dump", dump},
    };
    if (argc < 3)
        return usage();
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 2, argv + 2);
    fprintf(stderr, "envelopes: unknown command \"%s\"\n", argv[1]);
    return usage();
}
