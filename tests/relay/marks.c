/*
 * marks: what a relay that has just died may send again, for `audit verify --checkpoint-marks`.
 *
 *     marks BOOTSTRAP IN OUT OFFSETS_FILE|- DIED_NS
 *
 * For each partition a line `partition restart_offset sent_until`: reading goes on at the position
 * that the last entry of the checkpoint has (0 if there is none yet: `-`), and what OUT ends with
 * says how far had been sent. The last line is `outstanding N`: the records of IN that were made
 * before the death (wall clock, ns) and that the checkpoint did not have, so that a kill in an idle
 * moment is seen to be one.
 *
 * IN is what `audit produce` wrote into an empty topic: the number of a record is its offset. OUT
 * has come to rest when nothing was added to it for SETTLE_MS; what a dead process left in the
 * broker's sockets is written by then. An OUT that ends with a replay ends below what had been sent
 * before it, so a caller keeps the highest sent_until of all deaths.
 */
#include "tests/kafka/audit_record.h"
#include "tests/kafka/client.h"

enum { SETTLE_MS = 100, OFFSETS_BYTES = 65536 };

static void read_offsets(const char *path, char *text, size_t text_bytes)
{
    text[0] = '\0';
    if (strcmp(path, "-") == 0)
        return;
    FILE *file = fopen(path, "r");
    if (!file)
        lt_client_die("cannot open \"%s\": %s", path, strerror(errno));
    size_t got = fread(text, 1, text_bytes - 1, file);
    text[got] = '\0';
    if (ferror(file) || fclose(file) != 0)
        lt_client_die("cannot read \"%s\": %s", path, strerror(errno));
}

/* The position of a partition in an entry of offsets: {"topic":{"0":5,"1":6}} on its third line. */
static int64_t position_of(const char *entry, const char *topic, int32_t partition)
{
    if (entry[0] == '\0')
        return 0;
    char key[LT_CLIENT_TEXT_BYTES];
    (void)snprintf(key, sizeof(key), "{\"%s\":{", topic);
    const char *at = strstr(entry, key);
    (void)snprintf(key, sizeof(key), "\"%" PRId32 "\":", partition);
    at = at ? strstr(at, key) : NULL;
    if (!at)
        lt_client_die("the entry does not name partition %" PRId32 " of \"%s\": %s", partition,
                      topic, entry);
    return strtoll(at + strlen(key), NULL, 10);
}

static int64_t end_of(rd_kafka_t *rk, const char *topic, int32_t partition)
{
    int64_t low = 0;
    int64_t high = 0;
    lt_client_bounds(rk, topic, partition, &low, &high);
    return high;
}

static void wait_until_settled(rd_kafka_t *rk, const char *topic, int32_t partitions)
{
    const struct timespec pause = {.tv_nsec = SETTLE_MS * 1000000L};
    int64_t before = -1;
    for (;;) {
        int64_t total = 0;
        for (int32_t partition = 0; partition < partitions; partition++)
            total += end_of(rk, topic, partition);
        if (total == before)
            return;
        before = total;
        nanosleep(&pause, NULL);
    }
}

/* The next record of a reader; false at the end. */
static bool next_record(struct lt_client_reader *reader, struct lt_audit_record *record)
{
    rd_kafka_message_t *message = lt_client_reader_next(reader);
    if (!message)
        return false;
    if (!lt_audit_decode(message->key, message->key_len, message->payload, message->len, record))
        lt_client_die("topic \"%s\" partition %" PRId32 ": offset %" PRId64 " is damaged",
                      reader->topic, reader->partition, message->offset);
    rd_kafka_message_destroy(message);
    return true;
}

/* Behind the number of the last record of a partition. */
static int64_t sent_until(struct lt_client_reader *reader, const char *topic, int32_t partition)
{
    int64_t end = end_of(reader->rk, topic, partition);
    int64_t until = 0;
    struct lt_audit_record record;
    if (end == 0)
        return 0;
    lt_client_reader_go(reader, topic, partition, end - 1);
    while (next_record(reader, &record))
        until = (int64_t)record.sequence + 1;
    return until;
}

static int64_t made_before(struct lt_client_reader *reader, const char *topic, int32_t partition,
                           int64_t from, int64_t died_ns)
{
    int64_t count = 0;
    struct lt_audit_record record;
    if (from >= end_of(reader->rk, topic, partition))
        return 0;
    lt_client_reader_go(reader, topic, partition, from);
    while (next_record(reader, &record) && record.made_ns < died_ns)
        count++;
    return count;
}

int main(int argc, char **argv)
{
    if (argc != 6) {
        fputs("usage: marks BOOTSTRAP IN OUT OFFSETS_FILE|- DIED_NS\n", stderr);
        return LT_CLIENT_ERROR_STATUS;
    }
    static char entry[OFFSETS_BYTES];
    int64_t died_ns = lt_client_number("DIED_NS", argv[5], 1, INT64_MAX);
    read_offsets(argv[4], entry, sizeof(entry));
    struct lt_client_reader reader;
    lt_client_reader_open(&reader, argv[1]);
    int32_t partitions = lt_client_need_partitions(reader.rk, argv[2]);
    wait_until_settled(reader.rk, argv[3], partitions);
    int64_t outstanding = 0;
    for (int32_t partition = 0; partition < partitions; partition++) {
        int64_t restart = position_of(entry, argv[2], partition);
        outstanding += made_before(&reader, argv[2], partition, restart, died_ns);
        printf("%" PRId32 " %" PRId64 " %" PRId64 "\n", partition, restart,
               sent_until(&reader, argv[3], partition));
    }
    lt_client_reader_close(&reader);
    printf("outstanding %" PRId64 "\n", outstanding);
    return 0;
}
