/*
 * What is special to the source nexmark: which events there are, in which shares, whom they name,
 * and that a number always gives the same event.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "io/nexmark.h"
#include "tests/support/collector.h"

enum { BEGIN_NS = 7000, PARTITIONS_MAX = 8, FIRST_ID = 1000, TURN = 50 };
static const int64_t begin_us = 1700000000000000;
static const int64_t events_us = 1436918400000000;

enum { BID_AUCTION, BID_BIDDER, BID_PRICE, BID_CHANNEL, BID_URL, BID_TIME, BID_EXTRA, BID_FIELDS };
enum { AUCTION_TIME = 5, AUCTION_EXPIRES, AUCTION_SELLER, AUCTION_CATEGORY };

struct fixture {
    struct lt_arena *arena;
    struct lt_clock_manual clock;
    struct lt_connector_env env;
    struct lt_source *source;
    struct lt_reader *reader;
    struct collector collector;
    enum lt_poll_status status; /* of the last poll */
};

static void set_up(struct fixture *fixture, const char *const *options)
{
    fixture->arena = lt_arena_create();
    lt_clock_manual_init(&fixture->clock, BEGIN_NS, begin_us);
    fixture->env = collector_env(&fixture->clock.clock, NULL);
    fixture->env.lane_rows = COLLECTOR_ROWS;
    collector_init(&fixture->collector);
    fixture->source =
        collector_source(&lt_nexmark_source_type, options, NULL, fixture->arena, &fixture->env);
    struct lt_position start[PARTITIONS_MAX];
    uint32_t partitions[PARTITIONS_MAX] = {0, 1, 2, 3, 4, 5, 6, 7};
    struct lt_text_buffer keep;
    lt_text_init(&keep);
    assert_int_equal(fixture->source->ops->initial(fixture->source, start, &keep, NULL), 0);
    assert_int_equal(fixture->source->ops->open_reader(fixture->source, &fixture->env, partitions,
                                                       fixture->source->partition_count, start,
                                                       NULL, &fixture->reader, NULL),
                     0);
}

static void tear_down(struct fixture *fixture)
{
    collector_clear(&fixture->collector);
    fixture->reader->ops->close(fixture->reader);
    fixture->source->ops->close(fixture->source);
    lt_arena_destroy(fixture->arena);
}

/* The rows of so many seconds more; returns how many. */
static uint32_t pass(struct fixture *fixture, int64_t seconds)
{
    uint32_t count;
    lt_clock_manual_advance(&fixture->clock, seconds * LT_NS_PER_S);
    fixture->status = fixture->reader->ops->poll(fixture->reader, &fixture->collector.out,
                                                 COLLECTOR_ROWS, &count);
    return count;
}

static const union lt_value *values_of(const struct fixture *fixture, uint32_t row)
{
    return lt_row_values(fixture->collector.rows[row]);
}

/* The struct of an event of any kind, which must be the only one that is not null. */
static const union lt_value *fields_of(const struct fixture *fixture, uint32_t row)
{
    const struct lt_row *event = fixture->collector.rows[row];
    int64_t type = lt_row_values(event)[0].i64;
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(lt_row_is_null(event, 1 + i), i != type);
    return lt_row_values(event)[1 + type].structure->values;
}

static bool is_text(union lt_value value, const char *text)
{
    return value.bytes.size_bytes == strlen(text) &&
           memcmp(value.bytes.data, text, value.bytes.size_bytes) == 0;
}

static const char *const a_thousand[] = {"rowsPerSecond=1000", NULL};
static const char *const a_thousand_bids[] = {"rowsPerSecond=1000", "events=bid", NULL};

static void of_fifty_events_one_is_a_person_three_are_auctions_and_the_rest_bids(void **state)
{
    (void)state;
    struct fixture fixture;
    set_up(&fixture, a_thousand);
    assert_int_equal(pass(&fixture, 1), 1000);
    int64_t people = FIRST_ID, auctions = FIRST_ID;
    for (uint32_t i = 0; i < 1000; i++) {
        int64_t expected = i % TURN == 0 ? 0 : i % TURN < 4 ? 1 : 2;
        assert_int_equal(values_of(&fixture, i)[0].i64, expected);
        const union lt_value *fields = fields_of(&fixture, i);
        if (expected == 0)
            assert_int_equal(fields[0].i64, people++);
        if (expected == 1)
            assert_int_equal(fields[0].i64, auctions++);
        assert_int_equal(values_of(&fixture, i)[4].i64, events_us + i * 1000);
    }
    tear_down(&fixture);
}

static void schemas_are_those_of_the_benchmark(void **state)
{
    (void)state;
    static const char *const person[] = {"events=person", NULL};
    static const char *const auction[] = {"events=auction", NULL};
    static const struct {
        const char *const *options;
        const char *ddl;
    } cases[] = {
        {a_thousand_bids, "auction BIGINT NOT NULL,bidder BIGINT NOT NULL,price BIGINT NOT NULL,"
                          "channel STRING NOT NULL,url STRING NOT NULL,dateTime TIMESTAMP NOT NULL,"
                          "extra STRING NOT NULL"},
        {person, "id BIGINT NOT NULL,name STRING NOT NULL,emailAddress STRING NOT NULL,creditCard "
                 "STRING NOT NULL,city STRING NOT NULL,state STRING NOT NULL,dateTime TIMESTAMP "
                 "NOT NULL,extra STRING NOT NULL"},
        {auction, "id BIGINT NOT NULL,itemName STRING NOT NULL,description STRING NOT NULL,"
                  "initialBid BIGINT NOT NULL,reserve BIGINT NOT NULL,dateTime TIMESTAMP NOT NULL,"
                  "expires TIMESTAMP NOT NULL,seller BIGINT NOT NULL,category BIGINT NOT NULL,"
                  "extra STRING NOT NULL"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fixture fixture;
        set_up(&fixture, cases[i].options);
        assert_string_equal(lt_type_ddl(fixture.arena, fixture.source->schema), cases[i].ddl);
        tear_down(&fixture);
    }
}

static void half_of_the_bids_are_hot_and_three_of_four_bidders(void **state)
{
    (void)state;
    enum { BIDS = 4000 };
    struct fixture fixture;
    set_up(&fixture, a_thousand_bids);
    assert_int_equal(pass(&fixture, 4), BIDS);
    uint32_t hot_auctions = 0, hot_bidders = 0, hot_channels = 0, with_id = 0, cheap = 0;
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < BIDS; i++) {
        const union lt_value *bid = values_of(&fixture, i);
        int64_t turn = i / 46, auctions = 3 * (turn + 1), people = turn + 1;
        assert_in_range(bid[BID_AUCTION].i64, FIRST_ID, FIRST_ID + auctions + 9);
        assert_in_range(bid[BID_BIDDER].i64, FIRST_ID, FIRST_ID + people + 9);
        assert_in_range(bid[BID_PRICE].i64, 100, 100000000);
        hot_auctions += bid[BID_AUCTION].i64 == FIRST_ID + (auctions - 1) / 100 * 100;
        hot_bidders += bid[BID_BIDDER].i64 == FIRST_ID + 1;
        cheap += bid[BID_PRICE].i64 < 100000;
        bool is_hot = bid[BID_CHANNEL].bytes.data[0] != 'c';
        hot_channels += is_hot;
        with_id += memmem(bid[BID_URL].bytes.data, bid[BID_URL].bytes.size_bytes,
                          "&channel_id=", 12) != NULL;
        bytes += 4 * 8 + bid[BID_EXTRA].bytes.size_bytes;
    }
    assert_in_range(hot_auctions, BIDS / 2 - 100, BIDS / 2 + 160);
    assert_in_range(hot_bidders, BIDS * 3 / 4 - 100, BIDS * 3 / 4 + 160);
    assert_in_range(cheap, BIDS / 2 - 150, BIDS / 2 + 150);
    assert_in_range(hot_channels, BIDS / 2 - 150, BIDS / 2 + 150);
    assert_in_range(with_id, BIDS * 9 / 20 - 150, BIDS * 9 / 20 + 150);
    assert_in_range(bytes / BIDS, 98, 102);
    tear_down(&fixture);
}

static void an_auction_ends_after_it_began_and_three_of_four_are_a_hot_sellers(void **state)
{
    (void)state;
    static const char *const options[] = {"rowsPerSecond=1000", "events=auction", NULL};
    struct fixture fixture;
    set_up(&fixture, options);
    assert_int_equal(pass(&fixture, 2), 2000);
    uint32_t hot = 0;
    int64_t lengths_us = 0;
    for (uint32_t i = 0; i < 2000; i++) {
        const union lt_value *auction = values_of(&fixture, i);
        int64_t length_us = auction[AUCTION_EXPIRES].i64 - auction[AUCTION_TIME].i64;
        assert_in_range(length_us, 1000, 201000);
        lengths_us += length_us;
        hot += auction[AUCTION_SELLER].i64 == FIRST_ID + i / 3 / 100 * 100;
        assert_in_range(auction[AUCTION_CATEGORY].i64, 10, 14);
    }
    assert_in_range(hot, 1450, 1560);
    /* A hundred auctions of a thousand a second take as long to come. */
    assert_in_range(lengths_us / 2000, 95000, 105000);
    tear_down(&fixture);
}

static void a_person_has_a_name_an_address_and_a_card(void **state)
{
    (void)state;
    static const char *const options[] = {"rowsPerSecond=1000", "events=person", NULL};
    struct fixture fixture;
    set_up(&fixture, options);
    assert_int_equal(pass(&fixture, 1), 1000);
    for (uint32_t i = 0; i < 1000; i++) {
        const union lt_value *person = values_of(&fixture, i);
        assert_int_equal(person[0].i64, FIRST_ID + i);
        assert_non_null(memchr(person[1].bytes.data, ' ', person[1].bytes.size_bytes));
        uint32_t email_bytes = person[2].bytes.size_bytes;
        assert_in_range(email_bytes, 11, 15);
        assert_memory_equal(person[2].bytes.data + email_bytes - 4, ".com", 4);
        assert_int_equal(person[3].bytes.size_bytes, 19);
        for (uint32_t digit = 0; digit < 19; digit++)
            assert_int_equal(person[3].bytes.data[digit] == ' ', digit % 5 == 4);
        assert_int_equal(person[5].bytes.size_bytes, 2);
    }
    tear_down(&fixture);
}

static void assert_same_texts(struct lt_bytes a, struct lt_bytes b)
{
    assert_int_equal(a.size_bytes, b.size_bytes);
    if (a.size_bytes > 0)
        assert_memory_equal(a.data, b.data, a.size_bytes);
}

static void a_number_gives_the_same_bid_among_all_events_alone_and_in_three_partitions(void **state)
{
    (void)state;
    static const char *const three[] = {"rowsPerSecond=1000", "events=bid", "numPartitions=3",
                                        NULL};
    struct fixture all, bids, split;
    set_up(&all, a_thousand);
    set_up(&bids, a_thousand_bids);
    set_up(&split, three);
    assert_int_equal(pass(&all, 1), 1000);
    assert_int_equal(pass(&bids, 1), 1000);
    assert_true(pass(&split, 1) >= 920);
    for (uint32_t i = 0; i < 920; i++) {
        const union lt_value *one = fields_of(&all, i / 46 * TURN + 4 + i % 46);
        const union lt_value *other = values_of(&bids, i), *third = values_of(&split, i);
        assert_int_equal(split.collector.rows[i]->source_partition, i % 3);
        for (uint32_t field = 0; field < BID_TIME; field++) {
            if (field < BID_CHANNEL) {
                assert_int_equal(one[field].i64, other[field].i64);
                assert_int_equal(third[field].i64, other[field].i64);
                continue;
            }
            assert_same_texts(one[field].bytes, other[field].bytes);
            assert_same_texts(third[field].bytes, other[field].bytes);
        }
    }
    tear_down(&all);
    tear_down(&bids);
    tear_down(&split);
}

static void it_ends_after_numEvents_and_says_where(void **state)
{
    (void)state;
    static const char *const options[] = {"rowsPerSecond=1000", "numPartitions=3", "numEvents=100",
                                          NULL};
    struct fixture fixture;
    set_up(&fixture, options);
    assert_int_equal(pass(&fixture, 3), 100);
    assert_int_equal(fixture.status, LT_POLL_ENDED);
    struct lt_position reached[3], latest[3];
    fixture.reader->ops->position(fixture.reader, reached);
    assert_int_equal(fixture.source->ops->latest(fixture.source, latest, NULL), 0);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(reached[i].offset, i == 0 ? 102 : i == 1 ? 100 : 101);
        assert_int_equal(latest[i].offset, reached[i].offset);
    }
    tear_down(&fixture);
}

static void times_are_the_clocks_if_that_is_asked_for(void **state)
{
    (void)state;
    static const char *const options[] = {"rowsPerSecond=10", "events=bid",
                                          "useWallclockEventTime=true", NULL};
    struct fixture fixture;
    set_up(&fixture, options);
    assert_int_equal(pass(&fixture, 1), 10);
    for (uint32_t i = 0; i < 10; i++)
        assert_int_equal(values_of(&fixture, i)[BID_TIME].i64, begin_us + (i + 1) * 100000);
    tear_down(&fixture);
}

static void ratios_and_shares_are_options(void **state)
{
    (void)state;
    static const char *const options[] = {"rowsPerSecond=1000",
                                          "personProportion=2",
                                          "auctionProportion=1",
                                          "bidProportion=1",
                                          "hotAuctionRatio=1",
                                          "avgBidByteSize=32",
                                          NULL};
    struct fixture fixture;
    set_up(&fixture, options);
    assert_int_equal(pass(&fixture, 4), 4000);
    uint32_t first_of_hundred = 0;
    for (uint32_t i = 0; i < 4000; i++) {
        static const int types[] = {0, 0, 1, 2};
        assert_int_equal(values_of(&fixture, i)[0].i64, types[i % 4]);
        if (i % 4 != 3)
            continue;
        const union lt_value *bid = fields_of(&fixture, i);
        first_of_hundred += bid[BID_AUCTION].i64 == FIRST_ID + i / 4 / 100 * 100;
        assert_int_equal(bid[BID_EXTRA].bytes.size_bytes, 0);
        assert_false(is_text(bid[BID_CHANNEL], ""));
    }
    assert_in_range(first_of_hundred, 0, 100);
    tear_down(&fixture);
}

static void a_schema_of_the_users_is_refused(void **state)
{
    (void)state;
    struct lt_options *options = lt_options_create();
    struct lt_arena *arena = lt_arena_create();
    const struct lt_type *schema;
    assert_int_equal(lt_type_parse_ddl("a INT", arena, &schema, NULL), 0);
    struct lt_source *source;
    struct lt_error error;
    assert_int_equal(lt_nexmark_source_type.bind(&lt_nexmark_source_type, options, schema, arena,
                                                 &source, &error),
                     LT_E_UNSUPPORTED);
    assert_string_equal(error.text,
                        "source nexmark does not support user-specified schema; hint: the option "
                        "\"events\" chooses its columns");
    lt_options_destroy(options);
    lt_arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_fifty_events_one_is_a_person_three_are_auctions_and_the_rest_bids),
        cmocka_unit_test(schemas_are_those_of_the_benchmark),
        cmocka_unit_test(half_of_the_bids_are_hot_and_three_of_four_bidders),
        cmocka_unit_test(an_auction_ends_after_it_began_and_three_of_four_are_a_hot_sellers),
        cmocka_unit_test(a_person_has_a_name_an_address_and_a_card),
        cmocka_unit_test(
            a_number_gives_the_same_bid_among_all_events_alone_and_in_three_partitions),
        cmocka_unit_test(it_ends_after_numEvents_and_says_where),
        cmocka_unit_test(times_are_the_clocks_if_that_is_asked_for),
        cmocka_unit_test(ratios_and_shares_are_options),
        cmocka_unit_test(a_schema_of_the_users_is_refused),
    };
    return cmocka_run_group_tests_name("nexmark", tests, NULL, NULL);
}
