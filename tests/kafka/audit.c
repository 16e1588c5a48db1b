/* audit: a stream of numbered records, and the proof of what a relay made of it.
 *
 * `produce` numbers the records of each partition and gives each a checksum; it keeps on while the
 * broker is killed and comes back. `verify` reads input and output and counts per partition what is
 * lost, duplicated, reordered and corrupted, with the rules of audit_judge.h, and holds replays
 * against a bound: that is the verdict over a run in which the relay was killed again and again.
 *
 * Status 0: nothing lost, reordered, corrupted or unknown, and no replay beyond its bound.
 * Duplicates alone are no fault of at-least-once; for exactly-once say `--max-replay 0`. Status 1
 * is a fault, 2 could not tell.
 */
#include "audit_judge.h"
#include "audit_record.h"
#include "client.h"

#include <signal.h>

enum { PARTITIONS_MAX = 10000 };

static volatile sig_atomic_t stop_asked;

static void on_stop(int number)
{
    (void)number;
    stop_asked = 1;
}

static int usage(void)
{
    fputs(
        "usage: audit produce BOOTSTRAP TOPIC (--count N | --seconds S) [--rate R]\n"
        "                     [--partitions N] [--size BYTES]\n"
        "       audit verify BOOTSTRAP IN OUT [--max-replay N | P:N,P:N...]\n"
        "                    [--checkpoint-marks FILE]\n"
        "A file of marks has lines `partition restart_offset sent_until`; `-` as sent_until is no\n"
        "bound. SIGINT or SIGTERM ends `produce` early and in order.\n",
        stderr);
    return LT_CLIENT_ERROR_STATUS;
}

/* ---- produce --------------------------------------------------------------------------------- */

struct production {
    rd_kafka_t *producer;
    const char *topic;
    int64_t partitions;
    int64_t count;
    int64_t seconds;
    int64_t rate;
    int64_t size_bytes;
    uint64_t *next; /* next sequence number of each partition */
    uint8_t *value;
};

static void send_record(struct production *p, int32_t partition)
{
    struct timespec now;
    uint8_t key[LT_AUDIT_KEY_BYTES];
    if (clock_gettime(CLOCK_REALTIME, &now) != 0)
        lt_client_die("cannot read the wall clock: %s", strerror(errno));
    const struct lt_audit_record record = {.sequence = p->next[partition]++,
                                           .made_ns =
                                               (int64_t)now.tv_sec * 1000000000 + now.tv_nsec,
                                           .partition = (uint32_t)partition,
                                           .size_bytes = (uint32_t)p->size_bytes};
    lt_audit_encode(&record, key, p->value);
    rd_kafka_resp_err_t error;
    while ((error = rd_kafka_producev(
                p->producer, RD_KAFKA_V_TOPIC(p->topic), RD_KAFKA_V_PARTITION(partition),
                RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY(key, sizeof(key)),
                RD_KAFKA_V_VALUE(p->value, record.size_bytes), RD_KAFKA_V_END)) ==
           RD_KAFKA_RESP_ERR__QUEUE_FULL)
        rd_kafka_poll(p->producer, 10);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
        lt_client_die("topic \"%s\" partition %" PRId32 ": cannot produce: %s", p->topic, partition,
                      rd_kafka_err2str(error));
}

/* How many records are due by now: the load is open loop, so a broker that stands still is followed
 * by all that it kept waiting. */
static int64_t due_count(const struct production *p, int64_t elapsed_ns)
{
    if (p->rate == 0)
        return p->count;
    double due = (double)elapsed_ns * (double)p->rate / 1e9 + 1;
    return due < (double)p->count ? (int64_t)due : p->count;
}

static void run_production(struct production *p)
{
    const struct timespec pause = {.tv_nsec = 500000};
    int64_t start_ns = lt_client_now_ns();
    int64_t sent = 0;
    while (sent < p->count && !stop_asked) {
        int64_t elapsed_ns = lt_client_now_ns() - start_ns;
        if (p->seconds > 0 && elapsed_ns >= p->seconds * 1000000000)
            break;
        if (sent < due_count(p, elapsed_ns)) {
            send_record(p, (int32_t)(sent % p->partitions));
            sent++;
        } else {
            nanosleep(&pause, NULL);
        }
        rd_kafka_poll(p->producer, 0);
    }
}

/* Numbers start at the end of the partition, so that one run can follow another. */
static void open_topic(struct production *p)
{
    int32_t existing = lt_client_partitions(p->producer, p->topic);
    if (existing == 0)
        (void)lt_client_create_topic(p->producer, p->topic, (int32_t)p->partitions);
    else
        p->partitions = existing;
    p->next = lt_client_alloc((size_t)p->partitions, sizeof(*p->next));
    for (int32_t partition = 0; partition < p->partitions; partition++) {
        int64_t low = 0;
        int64_t high = 0;
        lt_client_bounds(p->producer, p->topic, partition, &low, &high);
        p->next[partition] = (uint64_t)high;
    }
}

static int produce(int argc, char **argv)
{
    if (argc < 2)
        return usage();
    struct production p = {.topic = argv[1], .partitions = 1, .size_bytes = 128};
    struct lt_client_deliveries deliveries = {0};
    const struct lt_client_option options[] = {
        {.name = "--partitions", .number = &p.partitions}, {.name = "--count", .number = &p.count},
        {.name = "--seconds", .number = &p.seconds},       {.name = "--rate", .number = &p.rate},
        {.name = "--size", .number = &p.size_bytes},
    };
    lt_client_parse(argc - 2, argv + 2, options, sizeof(options) / sizeof(options[0]));
    if ((p.count == 0) == (p.seconds == 0))
        lt_client_die("produce needs either --count or --seconds");
    if (p.partitions < 1 || p.partitions > PARTITIONS_MAX)
        lt_client_die("--partitions must be from 1 to %d", PARTITIONS_MAX);
    if (p.size_bytes < LT_AUDIT_VALUE_BYTES_MIN || p.size_bytes > LT_AUDIT_VALUE_BYTES_MAX)
        lt_client_die("--size must be from %d to %d", LT_AUDIT_VALUE_BYTES_MIN,
                      LT_AUDIT_VALUE_BYTES_MAX);
    if (p.count == 0)
        p.count = INT64_MAX;

    const struct sigaction action = {.sa_handler = on_stop};
    if (sigaction(SIGINT, &action, NULL) != 0 || sigaction(SIGTERM, &action, NULL) != 0)
        lt_client_die("cannot catch signals: %s", strerror(errno));
    p.producer = lt_client_producer(argv[0], NULL, &deliveries);
    p.value = lt_client_alloc((size_t)p.size_bytes, 1);
    open_topic(&p);
    run_production(&p);
    lt_client_finish(p.producer, &deliveries);
    free(p.next);
    free(p.value);
    printf("produced %" PRIu64 " records into %" PRId64 " partitions of \"%s\"\n",
           deliveries.delivered, p.partitions, p.topic);
    return 0;
}

/* ---- verify ---------------------------------------------------------------------------------- */

struct bound {
    int64_t replay_max;
    struct lt_audit_mark *marks;
    size_t mark_count;
    size_t mark_capacity;
};

struct verification {
    struct lt_client_reader reader;
    const char *in;
    const char *out;
    int32_t partitions;
    struct bound *bounds; /* of each partition */
    bool has_marks;
    struct lt_audit_input *input;
    size_t input_count;
    size_t input_capacity;
    uint64_t *output;
    int64_t *output_offsets;
    size_t output_count;
    size_t output_capacity;
    size_t output_offsets_capacity;
    struct lt_audit_verdict total;
    uint64_t expected;
};

static struct bound *bound_of(struct verification *v, const char *where, int64_t partition)
{
    if (partition >= v->partitions)
        lt_client_die("%s: topic \"%s\" has no partition %" PRId64, where, v->in, partition);
    return &v->bounds[partition];
}

/* "N" for all partitions, or "P:N,P:N". */
static void parse_max_replay(struct verification *v, const char *text)
{
    char *copy = strdup(text);
    char *rest = copy;
    if (!copy)
        lt_client_die("out of memory for \"%s\"", text);
    for (char *part = strsep(&rest, ","); part; part = strsep(&rest, ",")) {
        char *colon = strchr(part, ':');
        if (!colon) {
            int64_t size = lt_client_number("--max-replay", part, 0, INT64_MAX);
            for (int32_t i = 0; i < v->partitions; i++)
                v->bounds[i].replay_max = size;
            continue;
        }
        *colon = '\0';
        int64_t partition = lt_client_number("--max-replay", part, 0, PARTITIONS_MAX);
        bound_of(v, "--max-replay", partition)->replay_max =
            lt_client_number("--max-replay", colon + 1, 0, INT64_MAX);
    }
    free(copy);
}

static void parse_mark(struct verification *v, const char *path, const char *line)
{
    char partition[32];
    char restart[32];
    char until[32];
    char surplus[2];
    if (sscanf(line, " %31s %31s %31s %1s", partition, restart, until, surplus) != 3)
        lt_client_die(
            "\"%s\": cannot read the mark \"%s\"; hint: partition restart_offset sent_until", path,
            line);
    struct bound *bound = bound_of(v, path, lt_client_number(path, partition, 0, PARTITIONS_MAX));
    bound->marks = lt_client_grow(bound->marks, bound->mark_count, &bound->mark_capacity,
                                  sizeof(*bound->marks));
    bound->marks[bound->mark_count++] = (struct lt_audit_mark){
        .restart_offset = lt_client_number(path, restart, 0, INT64_MAX),
        .sent_until = strcmp(until, "-") == 0 ? LT_AUDIT_UNBOUNDED
                                              : lt_client_number(path, until, 0, INT64_MAX)};
}

static void read_marks(struct verification *v, const char *path)
{
    char line[256];
    FILE *file = fopen(path, "r");
    if (!file)
        lt_client_die("cannot open \"%s\": %s", path, strerror(errno));
    while (fgets(line, sizeof(line), file)) {
        line[strcspn(line, "\n")] = '\0';
        if (line[strspn(line, " \t")] != '\0' && line[0] != '#')
            parse_mark(v, path, line);
    }
    if (ferror(file) != 0)
        lt_client_die("cannot read \"%s\"", path);
    if (fclose(file) != 0)
        lt_client_die("cannot close \"%s\": %s", path, strerror(errno));
    v->has_marks = true;
}

/* A record that reached another partition than it was made for is corrupted as well. */
static uint64_t sequence_of(const rd_kafka_message_t *message)
{
    struct lt_audit_record record;
    if (!lt_audit_decode(message->key, message->key_len, message->payload, message->len, &record) ||
        record.partition != (uint32_t)message->partition)
        return LT_AUDIT_CORRUPTED;
    return record.sequence;
}

static void read_input(struct verification *v, int32_t partition)
{
    rd_kafka_message_t *message;
    v->input_count = 0;
    lt_client_reader_go(&v->reader, v->in, partition, RD_KAFKA_OFFSET_BEGINNING);
    while ((message = lt_client_reader_next(&v->reader)) != NULL) {
        uint64_t sequence = sequence_of(message);
        if (sequence == LT_AUDIT_CORRUPTED)
            lt_client_die("topic \"%s\" partition %" PRId32 " offset %" PRId64
                          ": is no intact audit record, so there is nothing to judge by",
                          v->in, partition, message->offset);
        v->input = lt_client_grow(v->input, v->input_count, &v->input_capacity, sizeof(*v->input));
        v->input[v->input_count++] =
            (struct lt_audit_input){.sequence = sequence, .offset = message->offset};
        rd_kafka_message_destroy(message);
    }
}

static void read_output(struct verification *v, int32_t partition)
{
    rd_kafka_message_t *message;
    v->output_count = 0;
    lt_client_reader_go(&v->reader, v->out, partition, RD_KAFKA_OFFSET_BEGINNING);
    while ((message = lt_client_reader_next(&v->reader)) != NULL) {
        v->output =
            lt_client_grow(v->output, v->output_count, &v->output_capacity, sizeof(*v->output));
        v->output_offsets = lt_client_grow(v->output_offsets, v->output_count,
                                           &v->output_offsets_capacity, sizeof(*v->output_offsets));
        v->output[v->output_count] = sequence_of(message);
        v->output_offsets[v->output_count++] = message->offset;
        rd_kafka_message_destroy(message);
    }
}

static void add_to_total(struct lt_audit_verdict *total, const struct lt_audit_verdict *verdict)
{
    total->delivered += verdict->delivered;
    total->lost += verdict->lost;
    total->duplicated += verdict->duplicated;
    total->reordered += verdict->reordered;
    total->corrupted += verdict->corrupted;
    total->unknown += verdict->unknown;
    total->replays += verdict->replays;
    total->replays_too_far += verdict->replays_too_far;
    if (verdict->largest_replay > total->largest_replay)
        total->largest_replay = verdict->largest_replay;
}

static void print_first(const struct verification *v, const char *what, size_t index)
{
    if (index == SIZE_MAX)
        return;
    printf("    first %s: \"%s\" offset %" PRId64, what, v->out, v->output_offsets[index]);
    if (v->output[index] != LT_AUDIT_CORRUPTED)
        printf(", sequence %" PRIu64, v->output[index]);
    if (index > 0 && v->output[index - 1] != LT_AUDIT_CORRUPTED)
        printf(", after sequence %" PRIu64, v->output[index - 1]);
    putchar('\n');
}

static void print_counts(const struct lt_audit_verdict *verdict)
{
    printf("lost %" PRIu64 ", duplicated %" PRIu64 ", reordered %" PRIu64 ", corrupted %" PRIu64
           ", unknown %" PRIu64 ", replays %" PRIu64 ", largest %" PRIu64 ", too far %" PRIu64 "\n",
           verdict->lost, verdict->duplicated, verdict->reordered, verdict->corrupted,
           verdict->unknown, verdict->replays, verdict->largest_replay, verdict->replays_too_far);
}

static void verify_partition(struct verification *v, int32_t partition)
{
    struct lt_audit_verdict verdict;
    const struct bound *bound = &v->bounds[partition];
    read_input(v, partition);
    read_output(v, partition);
    const struct lt_audit_case audit = {.input = v->input,
                                        .input_count = v->input_count,
                                        .output = v->output,
                                        .output_count = v->output_count,
                                        .replay_max = bound->replay_max,
                                        .has_marks = v->has_marks,
                                        .marks = bound->marks,
                                        .mark_count = bound->mark_count};
    int status = lt_audit_judge(&audit, &verdict);
    if (status == -2)
        lt_client_die("topic \"%s\" partition %" PRId32
                      ": its own numbers do not increase, so there is nothing to judge by",
                      v->in, partition);
    if (status != 0)
        lt_client_die("out of memory for the judgement over partition %" PRId32, partition);
    printf("partition %" PRId32 ": in %zu, out %zu, ", partition, v->input_count, v->output_count);
    print_counts(&verdict);
    if (verdict.first_lost != SIZE_MAX)
        printf("    first lost: \"%s\" offset %" PRId64 ", sequence %" PRIu64 "\n", v->in,
               v->input[verdict.first_lost].offset, v->input[verdict.first_lost].sequence);
    print_first(v, "reordered", verdict.first_reordered);
    print_first(v, "corrupted", verdict.first_corrupted);
    print_first(v, "unknown", verdict.first_unknown);
    print_first(v, "replay too far", verdict.first_too_far);
    add_to_total(&v->total, &verdict);
    v->expected += v->input_count;
}

static void verification_fini(struct verification *v)
{
    for (int32_t partition = 0; partition < v->partitions; partition++)
        free(v->bounds[partition].marks);
    free(v->bounds);
    free(v->input);
    free(v->output);
    free(v->output_offsets);
}

static int verify(int argc, char **argv)
{
    if (argc < 3)
        return usage();
    struct verification v = {.in = argv[1], .out = argv[2]};
    const char *max_replay = NULL;
    const char *marks = NULL;
    const struct lt_client_option options[] = {{.name = "--max-replay", .text = &max_replay},
                                               {.name = "--checkpoint-marks", .text = &marks}};
    lt_client_parse(argc - 3, argv + 3, options, sizeof(options) / sizeof(options[0]));
    lt_client_reader_open(&v.reader, argv[0]);
    v.partitions = lt_client_need_partitions(v.reader.rk, v.in);
    if (lt_client_need_partitions(v.reader.rk, v.out) != v.partitions)
        lt_client_die("topics \"%s\" and \"%s\" differ in their partitions", v.in, v.out);
    v.bounds = lt_client_alloc((size_t)v.partitions, sizeof(*v.bounds));
    for (int32_t partition = 0; partition < v.partitions; partition++)
        v.bounds[partition].replay_max = LT_AUDIT_UNBOUNDED;
    if (max_replay)
        parse_max_replay(&v, max_replay);
    if (marks)
        read_marks(&v, marks);
    for (int32_t partition = 0; partition < v.partitions; partition++)
        verify_partition(&v, partition);
    lt_client_reader_close(&v.reader);
    if (v.expected == 0)
        lt_client_die("topic \"%s\" is empty, so nothing was verified", v.in);
    printf("verified %" PRIu64 ", ", v.expected);
    print_counts(&v.total);
    verification_fini(&v);
    return v.total.lost + v.total.reordered + v.total.corrupted + v.total.unknown +
                       v.total.replays_too_far ==
                   0
               ? 0
               : 1;
}

int main(int argc, char **argv)
{
    if (argc < 4)
        return usage();
    if (strcmp(argv[1], "produce") == 0)
        return produce(argc - 2, argv + 2);
    if (strcmp(argv[1], "verify") == 0)
        return verify(argc - 2, argv + 2);
    fprintf(stderr, "audit: unknown command \"%s\"\n", argv[1]);
    return usage();
}
