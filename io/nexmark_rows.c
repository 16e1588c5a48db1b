#include "io/nexmark_rows.h"

#include <math.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "io/nexmark_texts.h"

enum {
    FIRST_ID = 1000,
    FIRST_CATEGORY = 10,
    CATEGORIES = 5,
    HOT_GROUP = 100, /* of so many auctions or people one is hot */
    ID_LEAD = 10,    /* ids that may be named before they have come */
    NAME_BOUND = 20,
    DESCRIPTION_BOUND = 100,
    EMAIL_NAME_BOUND = 7,
    EMAIL_HOST_BOUND = 5,
    CARD_GROUPS = 4,
    CARD_BYTES = 5 * CARD_GROUPS - 1,
    NUMBER_BYTES = 8, /* of a number or a time, in the size of an event */
};
static const int64_t base_us = INT64_C(1436918400000000); /* 2015-07-15 */

enum { PERSON, AUCTION, BID, KINDS, ALL = KINDS };
enum { PERSON_FIELDS = 8, AUCTION_FIELDS = 10, BID_FIELDS = 7, ALL_FIELDS = 5 };

struct lt_nexmark_rows {
    struct lt_nexmark_settings settings;
    const struct lt_type *schema;
    const struct lt_nexmark_texts *texts;
    int kind;              /* of the rows */
    int64_t turn;          /* events of all kinds in a turn */
    int64_t shares[KINDS]; /* of a turn */
    int64_t begins[KINDS]; /* where a kind begins in a turn */
    int64_t period_us_num; /* events are period_us_num / period_us_den microseconds apart */
    int64_t period_us_den;
    int64_t horizon_events; /* until numInFlightAuctions have come */
};

/* An event in the making. */
struct event {
    const struct lt_nexmark_rows *rows;
    struct lt_row *row; /* whose scratch takes what is written anew */
    int64_t id;
    int64_t time_us;
    uint64_t random;
};

/* --------------------------------------------------------------------------------------- schema */

struct column {
    const char *name;
    enum lt_type_kind kind;
};

static const struct column person_columns[PERSON_FIELDS] = {
    {"id", LT_TYPE_BIGINT},          {"name", LT_TYPE_STRING},  {"emailAddress", LT_TYPE_STRING},
    {"creditCard", LT_TYPE_STRING},  {"city", LT_TYPE_STRING},  {"state", LT_TYPE_STRING},
    {"dateTime", LT_TYPE_TIMESTAMP}, {"extra", LT_TYPE_STRING},
};
static const struct column auction_columns[AUCTION_FIELDS] = {
    {"id", LT_TYPE_BIGINT},         {"itemName", LT_TYPE_STRING}, {"description", LT_TYPE_STRING},
    {"initialBid", LT_TYPE_BIGINT}, {"reserve", LT_TYPE_BIGINT},  {"dateTime", LT_TYPE_TIMESTAMP},
    {"expires", LT_TYPE_TIMESTAMP}, {"seller", LT_TYPE_BIGINT},   {"category", LT_TYPE_BIGINT},
    {"extra", LT_TYPE_STRING},
};
static const struct column bid_columns[BID_FIELDS] = {
    {"auction", LT_TYPE_BIGINT}, {"bidder", LT_TYPE_BIGINT}, {"price", LT_TYPE_BIGINT},
    {"channel", LT_TYPE_STRING}, {"url", LT_TYPE_STRING},    {"dateTime", LT_TYPE_TIMESTAMP},
    {"extra", LT_TYPE_STRING},
};

static const struct lt_type *flat_schema(struct lt_arena *arena, int kind)
{
    static const struct column *const columns[KINDS] = {person_columns, auction_columns,
                                                        bid_columns};
    static const uint32_t counts[KINDS] = {PERSON_FIELDS, AUCTION_FIELDS, BID_FIELDS};
    struct lt_field fields[AUCTION_FIELDS];
    for (uint32_t i = 0; i < counts[kind]; i++)
        fields[i] = (struct lt_field){.name = columns[kind][i].name,
                                      .type = lt_type_simple(columns[kind][i].kind)};
    return lt_type_struct(arena, fields, counts[kind]);
}

static const struct lt_type *schema_of(struct lt_arena *arena, int kind)
{
    if (kind != ALL)
        return flat_schema(arena, kind);
    const struct lt_field fields[ALL_FIELDS] = {
        {.name = "event_type", .type = lt_type_simple(LT_TYPE_INT)},
        {.name = "person", .type = flat_schema(arena, PERSON), .nullable = true},
        {.name = "auction", .type = flat_schema(arena, AUCTION), .nullable = true},
        {.name = "bid", .type = flat_schema(arena, BID), .nullable = true},
        {.name = "dateTime", .type = lt_type_simple(LT_TYPE_TIMESTAMP)},
    };
    return lt_type_struct(arena, fields, ALL_FIELDS);
}

static int kind_of(const char *events)
{
    static const char *const names[] = {"person", "auction", "bid"};
    for (int i = 0; i < KINDS; i++)
        if (strcmp(events, names[i]) == 0)
            return i;
    return ALL;
}

struct lt_nexmark_rows *lt_nexmark_rows_create(struct lt_arena *arena,
                                               const struct lt_nexmark_settings *settings)
{
    struct lt_nexmark_rows *rows = lt_arena_alloc(arena, sizeof *rows);
    rows->settings = *settings;
    rows->kind = kind_of(settings->events);
    rows->schema = schema_of(arena, rows->kind);
    rows->texts = lt_nexmark_texts_create(arena);
    const int64_t shares[KINDS] = {settings->person_share, settings->auction_share,
                                   settings->bid_share};
    for (int i = 0; i < KINDS; i++) {
        rows->shares[i] = shares[i];
        rows->begins[i] = rows->turn;
        rows->turn += shares[i];
    }
    rows->period_us_num = LT_US_PER_S * (rows->kind == ALL ? rows->turn : rows->shares[rows->kind]);
    rows->period_us_den = settings->rows_per_second * rows->turn;
    rows->horizon_events = settings->in_flight_auctions * rows->turn / settings->auction_share;
    return rows;
}

const struct lt_type *lt_nexmark_rows_schema(const struct lt_nexmark_rows *rows)
{
    return rows->schema;
}

/* --------------------------------------------------------------------------------- who and when */

/* The event that is row `value` of the rows' kind. */
static int64_t event_of(const struct lt_nexmark_rows *rows, int64_t value)
{
    if (rows->kind == ALL)
        return value;
    int64_t share = rows->shares[rows->kind];
    return value / share * rows->turn + rows->begins[rows->kind] + value % share;
}

static int kind_of_event(const struct lt_nexmark_rows *rows, int64_t id)
{
    int64_t place = id % rows->turn;
    return place < rows->begins[AUCTION] ? PERSON : place < rows->begins[BID] ? AUCTION : BID;
}

/* How many of a kind there have been with event `id`, less one; -1: none yet. */
static int64_t last_of(const struct lt_nexmark_rows *rows, int kind, int64_t id)
{
    int64_t place = id % rows->turn - rows->begins[kind], share = rows->shares[kind];
    int64_t before = id / rows->turn * share;
    return before + (place < 0 ? -1 : place < share ? place : share - 1);
}

static int64_t length_us(const struct lt_nexmark_rows *rows, int64_t events)
{
    return (int64_t)((__int128)events * rows->period_us_num / rows->period_us_den);
}

static bool is_hot(struct event *event, int64_t ratio)
{
    return lt_nexmark_below(&event->random, ratio) > 0;
}

static int64_t draw_person(struct event *event, int64_t hot_ratio, int64_t hot_place)
{
    int64_t count = last_of(event->rows, PERSON, event->id) + 1;
    if (is_hot(event, hot_ratio))
        return FIRST_ID + (count - 1) / HOT_GROUP * HOT_GROUP + hot_place;
    int64_t most = event->rows->settings.active_people, active = count < most ? count : most;
    return FIRST_ID + count - active + lt_nexmark_below(&event->random, active + ID_LEAD);
}

static int64_t draw_auction(struct event *event)
{
    const struct lt_nexmark_settings *settings = &event->rows->settings;
    int64_t last = last_of(event->rows, AUCTION, event->id);
    if (is_hot(event, settings->hot_auction_ratio))
        return FIRST_ID + last / HOT_GROUP * HOT_GROUP;
    int64_t first = last > settings->in_flight_auctions ? last - settings->in_flight_auctions : 0;
    return FIRST_ID + first + lt_nexmark_below(&event->random, last - first + 1 + ID_LEAD);
}

static int64_t draw_price(struct event *event)
{
    double even = (double)(lt_nexmark_draw(&event->random) >> 11) * 0x1p-53;
    return llround(pow(10, even * 6) * 100);
}

/* Letters that fill an event of `size_bytes` up to `average` bytes, give or take a fifth. */
static union lt_value draw_extra(struct event *event, int64_t size_bytes, int64_t average)
{
    int64_t left = average - size_bytes;
    if (left < 0)
        return lt_value_bytes(NULL, 0);
    int64_t spread = (left + 2) / 5;
    if (spread > 0)
        left += lt_nexmark_below(&event->random, 2 * spread) - spread;
    return (union lt_value){
        .bytes = lt_nexmark_letters(event->rows->texts, &event->random, (uint32_t)left)};
}

/* --------------------------------------------------------------------------------------- events */

static uint8_t *scratch(struct event *event, size_t size_bytes)
{
    uint8_t *memory = lt_row_scratch(event->row, size_bytes);
    lt_assert(memory != NULL); /* the rows have as much */
    return memory;
}

#define PICK(event, words)                                                                         \
    lt_value_text((words)[lt_nexmark_below(&(event)->random, sizeof(words) / sizeof(words)[0])])

static union lt_value draw_name(struct event *event)
{
    enum { NAME_BYTES_MAX = 16 };
    static const char *const first[] = {"Peter", "Paul",  "Luke",  "John",   "Saul",  "Vicky",
                                        "Kate",  "Julie", "Sarah", "Deiter", "Walter"};
    static const char *const last[] = {"Shultz", "Abrams", "Spencer", "White", "Bartels",
                                       "Walton", "Smith",  "Jones",   "Noris"};
    struct lt_bytes a = PICK(event, first).bytes, b = PICK(event, last).bytes;
    uint8_t *name = scratch(event, NAME_BYTES_MAX);
    memcpy(name, a.data, a.size_bytes);
    name[a.size_bytes] = ' ';
    memcpy(name + a.size_bytes + 1, b.data, b.size_bytes);
    return lt_value_bytes(name, a.size_bytes + 1 + b.size_bytes);
}

static union lt_value draw_email(struct event *event)
{
    enum { SHORTEST = 3, NAME = EMAIL_NAME_BOUND, HOST = EMAIL_HOST_BOUND };
    const struct lt_nexmark_texts *texts = event->rows->texts;
    uint64_t *random = &event->random;
    uint32_t name = SHORTEST + (uint32_t)lt_nexmark_below(random, NAME - SHORTEST);
    uint32_t host = SHORTEST + (uint32_t)lt_nexmark_below(random, HOST - SHORTEST);
    uint8_t *email = scratch(event, NAME + HOST + sizeof "@.com");
    memcpy(email, lt_nexmark_letters(texts, random, name).data, name);
    email[name] = '@';
    memcpy(email + name + 1, lt_nexmark_letters(texts, random, host).data, host);
    memcpy(email + name + 1 + host, ".com", 4);
    return lt_value_bytes(email, name + 1 + host + 4);
}

static union lt_value draw_card(struct event *event)
{
    uint8_t *card = scratch(event, CARD_BYTES);
    for (int i = 0; i < CARD_BYTES; i++)
        card[i] = i % 5 == 4 ? ' ' : (uint8_t)('0' + lt_nexmark_below(&event->random, 10));
    return lt_value_bytes(card, CARD_BYTES);
}

static int64_t sizes(const union lt_value *values, uint32_t begin, uint32_t end)
{
    int64_t sum = 0;
    for (uint32_t i = begin; i < end; i++)
        sum += values[i].bytes.size_bytes;
    return sum;
}

static void make_person(struct event *event, union lt_value *values)
{
    static const char *const cities[] = {"Phoenix",  "Los Angeles", "San Francisco", "Boise",
                                         "Portland", "Bend",        "Redmond",       "Seattle",
                                         "Kent",     "Cheyenne"};
    static const char *const states[] = {"AZ", "CA", "ID", "OR", "WA", "WY"};
    values[0].i64 = FIRST_ID + last_of(event->rows, PERSON, event->id);
    values[1] = draw_name(event);
    values[2] = draw_email(event);
    values[3] = draw_card(event);
    values[4] = PICK(event, cities);
    values[5] = PICK(event, states);
    values[6].i64 = event->time_us;
    values[7] =
        draw_extra(event, NUMBER_BYTES + sizes(values, 1, 6), event->rows->settings.person_bytes);
}

static void make_auction(struct event *event, union lt_value *values)
{
    const struct lt_nexmark_rows *rows = event->rows;
    int64_t horizon_ms = length_us(rows, rows->horizon_events) / LT_US_PER_MS;
    values[0].i64 = FIRST_ID + last_of(rows, AUCTION, event->id);
    values[7].i64 = draw_person(event, rows->settings.hot_sellers_ratio, 0);
    values[8].i64 = FIRST_CATEGORY + lt_nexmark_below(&event->random, CATEGORIES);
    values[3].i64 = draw_price(event);
    values[5].i64 = event->time_us;
    int64_t bound = horizon_ms > 0 ? 2 * horizon_ms : 1;
    values[6].i64 = event->time_us + (1 + lt_nexmark_below(&event->random, bound)) * LT_US_PER_MS;
    values[1].bytes = lt_nexmark_words(rows->texts, &event->random, NAME_BOUND);
    values[2].bytes = lt_nexmark_words(rows->texts, &event->random, DESCRIPTION_BOUND);
    values[4].i64 = values[3].i64 + draw_price(event);
    values[9] =
        draw_extra(event, 6 * NUMBER_BYTES + sizes(values, 1, 3), rows->settings.auction_bytes);
}

static void make_bid(struct event *event, union lt_value *values)
{
    const struct lt_nexmark_rows *rows = event->rows;
    uint64_t *random = &event->random;
    values[0].i64 = draw_auction(event);
    values[1].i64 = draw_person(event, rows->settings.hot_bidders_ratio, 1);
    values[2].i64 = draw_price(event);
    const struct lt_nexmark_channel *channel =
        lt_nexmark_below(random, 2) > 0
            ? &rows->texts->hot[lt_nexmark_below(random, LT_NEXMARK_HOT_CHANNELS)]
            : &rows->texts->channels[lt_nexmark_below(random, LT_NEXMARK_CHANNELS)];
    values[3].bytes = channel->name;
    values[4].bytes = channel->url;
    values[5].i64 = event->time_us;
    values[6] = draw_extra(event, 4 * NUMBER_BYTES, rows->settings.bid_bytes);
}

static void make_event(struct event *event, int kind, union lt_value *values)
{
    static void (*const makers[KINDS])(struct event *, union lt_value *) = {make_person,
                                                                            make_auction, make_bid};
    makers[kind](event, values);
}

void lt_nexmark_rows_fill(const void *made_of, struct lt_row *row, int64_t value,
                          int64_t timestamp_us)
{
    const struct lt_nexmark_rows *rows = made_of;
    int64_t id = event_of(rows, value);
    int64_t time_us = rows->settings.is_wall_clock ? timestamp_us : base_us + length_us(rows, id);
    struct event event = {.rows = rows,
                          .row = row,
                          .id = id,
                          .time_us = time_us - time_us % LT_US_PER_MS,
                          .random = (uint64_t)id * UINT64_C(0xd1342543de82ef95)};
    union lt_value *values = lt_row_values(row);
    if (rows->kind != ALL) {
        make_event(&event, rows->kind, values);
        return;
    }
    int kind = kind_of_event(rows, id);
    uint8_t *memory =
        scratch(&event, sizeof(struct lt_struct) + AUCTION_FIELDS * sizeof(union lt_value));
    struct lt_struct *structure = (struct lt_struct *)(void *)memory;
    union lt_value *fields = (union lt_value *)(void *)(structure + 1);
    make_event(&event, kind, fields);
    *structure = (struct lt_struct){.values = fields};
    values[0].i64 = kind;
    for (uint32_t i = 0; i < KINDS; i++)
        lt_row_set_null(row, 1 + i);
    values[1 + kind].structure = structure;
    lt_bit_clear(lt_row_nulls(row), (uint32_t)(1 + kind));
    values[4].i64 = event.time_us;
}
