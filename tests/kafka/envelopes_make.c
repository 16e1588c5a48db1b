/* Makes awkward envelopes from a seed: whatever a relay may get wrong, often and repeatably.
 *
 * The first nine of each 32 records go through null, empty and non-empty for key and value in all
 * pairs; a null value with a key is a tombstone. The others draw from the seed. Headers: none or up
 * to twelve, in no order, with repeated and empty names, null, empty and binary values. Timestamps
 * are given, do not increase, and lie in the past, where no broker refuses them. Partitions are
 * drawn too, so neighbours in one partition are not neighbours in the making.
 */
#include "client.h"
#include "envelopes.h"

enum {
    SCRATCH_BYTES = 1 << 16,
    KEY_BYTES_MAX = 40,
    HEADERS_MADE_MAX = 12,
    HEADER_BYTES_MAX = 64,
    ALL_PAIRS = 9,
    CYCLE = 32,
};

#define BIG_BYTES (900 * 1024)
#define BASE_MS INT64_C(1700000000000)
#define SPREAD_MS UINT64_C(172800000)

struct lt_envelope_maker {
    struct lt_envelope_shape shape;
    uint64_t state;
    size_t scratch_used_bytes;
    size_t value_capacity_bytes;
    uint8_t *value;
    uint8_t scratch[SCRATCH_BYTES];
};

static const char *const header_names[] = {
    "trace-id",
    "trace-id",
    "",
    "a",
    "A",
    "content-type",
    "\xc3\xa9\xe2\x82\xac",
    " ",
    "a.b-c_d",
    "a-name-that-is-much-longer-than-names-usually-are-and-says-nothing-for-it",
    "\x01\x7f",
};

/* splitmix64: passes through all 2^64 states, and needs no warm-up. */
static uint64_t draw(struct lt_envelope_maker *maker)
{
    maker->state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = maker->state;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static uint64_t draw_below(struct lt_envelope_maker *maker, uint64_t limit)
{
    return draw(maker) % limit;
}

static void fill(struct lt_envelope_maker *maker, uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count;) {
        uint64_t word = draw(maker);
        for (size_t b = 0; b < sizeof(word) && i < count; b++, i++)
            bytes[i] = (uint8_t)(word >> (8 * b));
    }
}

static struct lt_bytes scratch_bytes(struct lt_envelope_maker *maker, size_t size_bytes)
{
    uint8_t *bytes = maker->scratch + maker->scratch_used_bytes;
    maker->scratch_used_bytes += size_bytes;
    fill(maker, bytes, size_bytes);
    return (struct lt_bytes){.data = bytes, .size_bytes = (int64_t)size_bytes};
}

/* 0 null, 1 empty, otherwise something. */
static struct lt_bytes short_bytes(struct lt_envelope_maker *maker, uint64_t kind, size_t max_bytes)
{
    if (kind == 0)
        return (struct lt_bytes){.data = NULL, .size_bytes = -1};
    if (kind == 1)
        return (struct lt_bytes){.data = "", .size_bytes = 0};
    return scratch_bytes(maker, 1 + draw_below(maker, max_bytes));
}

static struct lt_bytes make_value(struct lt_envelope_maker *maker, uint64_t kind, uint64_t index)
{
    size_t size_bytes = 1 + draw_below(maker, (uint64_t)maker->shape.size_bytes);
    if (maker->shape.big_every > 0 &&
        index % (uint64_t)maker->shape.big_every == (uint64_t)maker->shape.big_every - 1)
        size_bytes = BIG_BYTES;
    else if (kind < 2)
        return short_bytes(maker, kind, 1);
    fill(maker, maker->value, size_bytes);
    return (struct lt_bytes){.data = maker->value, .size_bytes = (int64_t)size_bytes};
}

static void make_headers(struct lt_envelope_maker *maker, struct lt_envelope *envelope)
{
    const size_t name_count = sizeof(header_names) / sizeof(header_names[0]);
    envelope->header_count =
        draw_below(maker, 3) == 0 ? 0 : 1 + draw_below(maker, HEADERS_MADE_MAX);
    for (size_t i = 0; i < envelope->header_count; i++) {
        envelope->headers[i].name = header_names[draw_below(maker, name_count)];
        envelope->headers[i].value = short_bytes(maker, draw_below(maker, 5), HEADER_BYTES_MAX);
    }
}

void lt_envelope_make(struct lt_envelope_maker *maker, uint64_t index, struct lt_envelope *envelope)
{
    maker->state = maker->shape.seed ^ (index * UINT64_C(0xd1342543de82ef95));
    maker->scratch_used_bytes = 0;
    uint64_t in_cycle = index % CYCLE;
    uint64_t key_kind = in_cycle < ALL_PAIRS ? in_cycle % 3 : draw_below(maker, 8);
    uint64_t value_kind = in_cycle < ALL_PAIRS ? in_cycle / 3 : draw_below(maker, 12);
    *envelope =
        (struct lt_envelope){.offset = -1, .timestamp_type = RD_KAFKA_TIMESTAMP_CREATE_TIME};
    envelope->partition = (int32_t)draw_below(maker, (uint64_t)maker->shape.partitions);
    envelope->timestamp_ms = BASE_MS + (int64_t)draw_below(maker, SPREAD_MS);
    if (draw_below(maker, 1000) == 0)
        envelope->timestamp_ms = 1;
    envelope->key = short_bytes(maker, key_kind, KEY_BYTES_MAX);
    envelope->value = make_value(maker, value_kind, index);
    make_headers(maker, envelope);
}

struct lt_envelope_maker *lt_envelope_maker_create(const struct lt_envelope_shape *shape)
{
    struct lt_envelope_maker *maker = lt_client_alloc(1, sizeof(*maker));
    maker->shape = *shape;
    maker->value_capacity_bytes =
        shape->size_bytes > BIG_BYTES ? (size_t)shape->size_bytes : (size_t)BIG_BYTES;
    maker->value = lt_client_alloc(1, maker->value_capacity_bytes);
    return maker;
}

void lt_envelope_maker_destroy(struct lt_envelope_maker *maker)
{
    if (!maker)
        return;
    free(maker->value);
    free(maker);
}
