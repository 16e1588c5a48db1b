/* Compares two topics partition by partition: all that the filter lets through, and nothing else.
 *
 * Both topics are read to their ends of that moment. Each envelope is kept as a fingerprint of 128
 * bits over all its bytes and its offset, so that topics larger than memory can be compared; the
 * judgement is over those. Records that make a finding are then read again by their offsets and
 * shown.
 */
#include "client.h"
#include "envelopes.h"

enum { SHOWN_MAX = 1000 };

/* One partition of one topic. */
struct side {
    const char *topic;
    struct lt_envelope_print *prints;
    int64_t *offsets;
    size_t count;
    size_t prints_capacity;
    size_t offsets_capacity;
    uint64_t filtered;
};

struct comparison {
    struct lt_client_reader reader;
    struct lt_where where;
    struct side in;
    struct side out;
    int64_t show_left;
    uint64_t read;
    uint64_t compared;
    uint64_t totals[LT_FINDING_KINDS];
};

static void read_side(struct comparison *c, struct side *side, int32_t partition,
                      const struct lt_where *where)
{
    struct lt_envelope envelope;
    rd_kafka_message_t *message;
    side->count = 0;
    lt_client_reader_go(&c->reader, side->topic, partition, RD_KAFKA_OFFSET_BEGINNING);
    while ((message = lt_client_reader_next(&c->reader)) != NULL) {
        lt_envelope_view(&envelope, message);
        c->read++;
        if (where && !lt_where_passes(where, envelope.value)) {
            side->filtered++;
        } else {
            side->prints = lt_client_grow(side->prints, side->count, &side->prints_capacity,
                                          sizeof(*side->prints));
            side->offsets = lt_client_grow(side->offsets, side->count, &side->offsets_capacity,
                                           sizeof(*side->offsets));
            side->prints[side->count] = lt_envelope_fingerprint(&envelope);
            side->offsets[side->count++] = envelope.offset;
        }
        rd_kafka_message_destroy(message);
    }
}

/* The record itself again; the caller destroys it. */
static rd_kafka_message_t *fetch(struct comparison *c, const char *topic, int32_t partition,
                                 int64_t offset)
{
    lt_client_reader_go(&c->reader, topic, partition, offset);
    rd_kafka_message_t *message = lt_client_reader_next(&c->reader);
    if (!message || message->offset != offset)
        lt_client_die("topic \"%s\" partition %" PRId32 " offset %" PRId64 ": the record is gone",
                      topic, partition, offset);
    return message;
}

static void show_record(struct comparison *c, const struct side *side, int32_t partition,
                        size_t index, struct lt_envelope *envelope, rd_kafka_message_t **message)
{
    *message = fetch(c, side->topic, partition, side->offsets[index]);
    lt_envelope_view(envelope, *message);
    printf("    %s: ", side->topic);
    lt_envelope_print(stdout, envelope);
}

static void show(struct comparison *c, int32_t partition, const struct lt_finding *finding)
{
    static const char *const names[LT_FINDING_KINDS] = {
        [LT_MISSING] = "missing",
        [LT_EXTRA] = "extra",
        [LT_DIFFERENT] = "different",
        [LT_OUT_OF_ORDER] = "out of order",
    };
    struct lt_envelope in;
    struct lt_envelope out;
    rd_kafka_message_t *in_message = NULL;
    rd_kafka_message_t *out_message = NULL;
    printf("%s in partition %" PRId32 "\n", names[finding->kind], partition);
    if (finding->expected_index != SIZE_MAX)
        show_record(c, &c->in, partition, finding->expected_index, &in, &in_message);
    if (finding->found_index != SIZE_MAX)
        show_record(c, &c->out, partition, finding->found_index, &out, &out_message);
    if (in_message && out_message)
        lt_envelope_print_difference(stdout, &in, &out);
    if (in_message)
        rd_kafka_message_destroy(in_message);
    if (out_message)
        rd_kafka_message_destroy(out_message);
}

static void compare_partition(struct comparison *c, int32_t partition)
{
    static struct lt_finding list[SHOWN_MAX];
    struct lt_findings findings = {.list = list, .capacity = (size_t)c->show_left};
    read_side(c, &c->in, partition, &c->where);
    read_side(c, &c->out, partition, NULL);
    if (lt_envelopes_judge(c->in.prints, c->in.count, c->out.prints, c->out.count, &findings) != 0)
        lt_client_die("out of memory for the judgement over partition %" PRId32, partition);
    for (size_t i = 0; i < findings.count; i++)
        show(c, partition, &list[i]);
    c->show_left -= (int64_t)findings.count;
    c->compared += findings.compared;
    for (size_t kind = 0; kind < LT_FINDING_KINDS; kind++)
        c->totals[kind] += findings.totals[kind];
}

static void side_fini(struct side *side)
{
    free(side->prints);
    free(side->offsets);
}

/* BOOTSTRAP IN OUT [--where W] [--show N] */
int lt_envelopes_compare(int argc, char **argv)
{
    if (argc < 3)
        lt_client_die("compare needs a bootstrap address and two topics");
    struct comparison c = {.in = {.topic = argv[1]}, .out = {.topic = argv[2]}, .show_left = 10};
    const char *where = NULL;
    const struct lt_client_option options[] = {{.name = "--where", .text = &where},
                                               {.name = "--show", .number = &c.show_left}};
    lt_client_parse(argc - 3, argv + 3, options, sizeof(options) / sizeof(options[0]));
    if (c.show_left > SHOWN_MAX)
        lt_client_die("at most %d differences can be shown", SHOWN_MAX);
    c.where = lt_where_parse(where);

    lt_client_reader_open(&c.reader, argv[0]);
    int32_t partitions = lt_client_need_partitions(c.reader.rk, c.in.topic);
    int32_t out_partitions = lt_client_need_partitions(c.reader.rk, c.out.topic);
    if (partitions != out_partitions)
        lt_client_die("topic \"%s\" has %" PRId32 " partitions and topic \"%s\" has %" PRId32,
                      c.in.topic, partitions, c.out.topic, out_partitions);
    for (int32_t partition = 0; partition < partitions; partition++)
        compare_partition(&c, partition);
    lt_client_reader_close(&c.reader);
    if (c.read == 0)
        lt_client_die("both topics are empty, so nothing was compared");

    uint64_t found = c.totals[LT_MISSING] + c.totals[LT_EXTRA] + c.totals[LT_DIFFERENT] +
                     c.totals[LT_OUT_OF_ORDER];
    if (where)
        printf("%" PRIu64 " records of \"%s\" should be absent, by %s\n", c.in.filtered, c.in.topic,
               where);
    printf("compared %" PRIu64 ", missing %" PRIu64 ", extra %" PRIu64 ", different %" PRIu64
           ", out-of-order %" PRIu64 "\n",
           c.compared, c.totals[LT_MISSING], c.totals[LT_EXTRA], c.totals[LT_DIFFERENT],
           c.totals[LT_OUT_OF_ORDER]);
    side_fini(&c.in);
    side_fini(&c.out);
    return found == 0 ? 0 : 1;
}
