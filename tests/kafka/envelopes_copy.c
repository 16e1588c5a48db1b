/* Copies a topic, faithfully or with planned damage: the relay that `compare` is tried against.
 *
 * With --damage N, each Nth record of a partition suffers the next kind of damage in turn. What was
 * done is counted and printed in the order of `compare`, which has to find just that. Damages must
 * not touch each other, or two of them could look like one: hence at least four records apart.
 */
#include "client.h"
#include "envelopes.h"

enum { DAMAGE_EVERY_MIN = 4 };

enum damage {
    DAMAGE_DROP,
    DAMAGE_DOUBLE,
    DAMAGE_SWAP,
    DAMAGE_KEY,
    DAMAGE_VALUE,
    DAMAGE_HEADER_VALUE,
    DAMAGE_HEADER_ORDER,
    DAMAGE_TIMESTAMP,
    DAMAGE_KINDS,
    DAMAGE_NONE,
};

struct copy {
    struct lt_client_reader reader;
    rd_kafka_t *producer;
    const char *out;
    struct lt_where where;
    int64_t damage_every;
    uint64_t damaged;
    uint64_t copied;
    uint64_t done[LT_FINDING_KINDS];
    rd_kafka_message_t *held; /* the first of two that are swapped */
    uint8_t *changed_value;
};

static enum damage next_damage(struct copy *c, uint64_t index)
{
    if (c->damage_every == 0 || (index + 1) % (uint64_t)c->damage_every != 0)
        return DAMAGE_NONE;
    return (enum damage)(c->damaged++ % DAMAGE_KINDS);
}

/* Null becomes empty and empty becomes null; the last byte of anything else is flipped. */
static void change_bytes(struct copy *c, struct lt_bytes *bytes)
{
    if (bytes->size_bytes <= 0) {
        bool null = bytes->size_bytes < 0;
        *bytes = (struct lt_bytes){.data = null ? "" : NULL, .size_bytes = null ? 0 : -1};
        return;
    }
    size_t size_bytes = (size_t)bytes->size_bytes;
    free(c->changed_value);
    c->changed_value = lt_client_alloc(size_bytes, 1);
    memcpy(c->changed_value, bytes->data, size_bytes);
    c->changed_value[size_bytes - 1] ^= 1;
    bytes->data = c->changed_value;
}

/* A record that the kind of damage does not fit gets another timestamp. */
static void change(struct copy *c, enum damage damage, struct lt_envelope *envelope)
{
    struct lt_envelope_header *headers = envelope->headers;
    if (damage == DAMAGE_KEY) {
        change_bytes(c, &envelope->key);
    } else if (damage == DAMAGE_VALUE) {
        change_bytes(c, &envelope->value);
    } else if (damage == DAMAGE_HEADER_VALUE && envelope->header_count > 0) {
        change_bytes(c, &headers[envelope->header_count - 1].value);
    } else if (damage == DAMAGE_HEADER_ORDER && envelope->header_count > 1 &&
               strcmp(headers[0].name, headers[1].name) != 0) {
        struct lt_envelope_header first = headers[0];
        headers[0] = headers[1];
        headers[1] = first;
    } else {
        envelope->timestamp_ms++;
    }
    c->done[LT_DIFFERENT]++;
}

static void send_copy(struct copy *c, const struct lt_envelope *envelope)
{
    lt_envelope_send(c->producer, c->out, envelope);
    c->copied++;
}

static void release_held(struct copy *c)
{
    struct lt_envelope envelope;
    if (!c->held)
        return;
    lt_envelope_view(&envelope, c->held);
    send_copy(c, &envelope);
    rd_kafka_message_destroy(c->held);
    c->held = NULL;
}

static void copy_damaged(struct copy *c, enum damage damage, struct lt_envelope *envelope)
{
    switch (damage) {
    case DAMAGE_DROP:
        c->done[LT_MISSING]++;
        return;
    case DAMAGE_DOUBLE:
        send_copy(c, envelope);
        c->done[LT_EXTRA]++;
        break;
    case DAMAGE_KEY:
    case DAMAGE_VALUE:
    case DAMAGE_HEADER_VALUE:
    case DAMAGE_HEADER_ORDER:
    case DAMAGE_TIMESTAMP:
        change(c, damage, envelope);
        break;
    case DAMAGE_SWAP:
    case DAMAGE_KINDS:
    case DAMAGE_NONE:
        break;
    }
    send_copy(c, envelope);
}

static void copy_partition(struct copy *c, const char *in, int32_t partition)
{
    struct lt_envelope envelope;
    rd_kafka_message_t *message;
    uint64_t index = 0;
    lt_client_reader_go(&c->reader, in, partition, RD_KAFKA_OFFSET_BEGINNING);
    while ((message = lt_client_reader_next(&c->reader)) != NULL) {
        lt_envelope_view(&envelope, message);
        if (!lt_where_passes(&c->where, envelope.value)) {
            rd_kafka_message_destroy(message);
            continue;
        }
        enum damage damage = next_damage(c, index++);
        if (damage == DAMAGE_SWAP) {
            c->held = message;
            continue;
        }
        copy_damaged(c, damage, &envelope);
        if (c->held)
            c->done[LT_OUT_OF_ORDER]++;
        release_held(c);
        rd_kafka_message_destroy(message);
    }
    release_held(c);
}

/* BOOTSTRAP IN OUT [--where W] [--damage EVERY] */
int lt_envelopes_copy(int argc, char **argv)
{
    if (argc < 3)
        lt_client_die("copy needs a bootstrap address and two topics");
    struct lt_client_deliveries deliveries = {0};
    struct copy c = {.out = argv[2]};
    const char *where = NULL;
    const struct lt_client_option options[] = {{.name = "--where", .text = &where},
                                               {.name = "--damage", .number = &c.damage_every}};
    lt_client_parse(argc - 3, argv + 3, options, sizeof(options) / sizeof(options[0]));
    if (c.damage_every > 0 && c.damage_every < DAMAGE_EVERY_MIN)
        lt_client_die("--damage must be at least %d", DAMAGE_EVERY_MIN);
    c.where = lt_where_parse(where);

    c.producer = lt_client_producer(argv[0], NULL, &deliveries);
    lt_client_reader_open(&c.reader, argv[0]);
    int32_t partitions = lt_client_need_partitions(c.reader.rk, argv[1]);
    (void)lt_client_create_topic(c.producer, c.out, partitions);
    for (int32_t partition = 0; partition < partitions; partition++)
        copy_partition(&c, argv[1], partition);
    lt_client_reader_close(&c.reader);
    lt_client_finish(c.producer, &deliveries);
    free(c.changed_value);
    printf("copied %" PRIu64 ", missing %" PRIu64 ", extra %" PRIu64 ", different %" PRIu64
           ", out-of-order %" PRIu64 "\n",
           c.copied, c.done[LT_MISSING], c.done[LT_EXTRA], c.done[LT_DIFFERENT],
           c.done[LT_OUT_OF_ORDER]);
    return 0;
}
