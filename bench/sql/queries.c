#include "bench/sql/queries.h"

#include "bench/sql/by_hand.h"

#define OF_HAND_MAX 1.5

#define SCHEMA                                                                                     \
    "id BIGINT, sym STRING, side STRING, client STRING, price BIGINT, qty BIGINT, fee DOUBLE, "    \
    "day DATE, broker STRING"

#define EXPRESSIONS                                                                                \
    "j.price * j.qty as c0, "                                                                      \
    "(j.id + j.qty) % 97 as c1, "                                                                  \
    "j.fee * j.price as c2, "                                                                      \
    "year(j.day) * 12 + month(j.day) as c3, "

#define EXPRESSIONS_TEXT                                                                           \
    "lower(j.sym) as c6, "                                                                         \
    "concat(j.sym, '/', j.side) as c7, "                                                           \
    "substring(j.client, 3, 4) as c8, "                                                            \
    "case when j.price > 150 then 'high' when j.price > 50 then 'middle' else 'low' end as c9, "   \
    "coalesce(j.broker, 'none') as c10, "                                                          \
    "case when j.side = 'buy' then j.qty else -j.qty end as c11"

#define CHANNEL_ID "regexp_extract(url, '(&|^)channel_id=([^&]*)', 2)"

const char *row_kind_schema(enum row_kind kind)
{
    return kind == ROWS_BIDS
               ? "auction BIGINT NOT NULL, bidder BIGINT NOT NULL, price BIGINT NOT NULL, "
                 "channel STRING NOT NULL, url STRING NOT NULL, dateTime TIMESTAMP NOT NULL, "
                 "extra STRING NOT NULL"
               : "value STRING";
}

const struct query queries[] = {
    {
        .name = "a filter on JSON fields",
        .what = "value:price > 100 and value:sym = 'X'",
        .rows = ROWS_ORDERS,
        .columns = "t",
        .leat = {.where = "value:price > 100 and value:sym = 'X'", .select = "value as c0"},
        .spark = {.where = "get_json_object(value, '$.price') > 100 and "
                           "get_json_object(value, '$.sym') = 'X'",
                  .select = "value as c0"},
        .duckdb = {.where = "cast(value->>'$.price' as bigint) > 100 and (value->>'$.sym') = 'X'",
                   .select = "value as c0"},
        .jq = "select(.price > 100 and .sym == \"X\")",
        .by_hand = by_hand_filter,
        .of_hand_max = OF_HAND_MAX,
    },
    {
        .name = "a filter by from_json",
        .what = "from_json(value, 'price BIGINT, sym STRING')",
        .rows = ROWS_ORDERS,
        .columns = "t",
        .leat = {.prepare = "value, from_json(value, 'price BIGINT, sym STRING') as j",
                 .where = "j.price > 100 and j.sym = 'X'",
                 .select = "value as c0"},
        .duckdb = {.prepare =
                       "value, from_json(value, '{\"price\":\"BIGINT\",\"sym\":\"VARCHAR\"}') as j",
                   .where = "j.price > 100 and j.sym = 'X'",
                   .select = "value as c0"},
        .by_hand = by_hand_filter,
        .of_hand_max = OF_HAND_MAX,
    },
    {
        .name = "b twelve expressions",
        .what = "arithmetic, dates, texts, cases over nine fields by from_json",
        .rows = ROWS_ORDERS,
        .columns = "iidiiittttti",
        .leat = {.prepare = "from_json(value, '" SCHEMA "') as j",
                 .select = EXPRESSIONS "datediff(j.day, date'2026-01-01') as c4, "
                                       "dayofweek(date_add(j.day, 3)) as c5, " EXPRESSIONS_TEXT},
        .duckdb = {.prepare = "from_json(value, '{\"id\":\"BIGINT\",\"sym\":\"VARCHAR\","
                              "\"side\":\"VARCHAR\",\"client\":\"VARCHAR\",\"price\":\"BIGINT\","
                              "\"qty\":\"BIGINT\",\"fee\":\"DOUBLE\",\"day\":\"DATE\","
                              "\"broker\":\"VARCHAR\"}') as j",
                   .select = EXPRESSIONS "datediff('day', date '2026-01-01', j.day) as c4, "
                                         "dayofweek(j.day + 3) + 1 as c5, " EXPRESSIONS_TEXT},
        .by_hand = by_hand_expressions,
        .of_hand_max = OF_HAND_MAX,
    },
    {
        .name = "c regular expressions",
        .what = "rlike, regexp_extract, regexp_replace",
        .rows = ROWS_VISITS,
        .columns = "tt",
        .leat = {.where = "value rlike '" BENCH_PATTERN_WANTED "'",
                 .select = "regexp_extract(value, '" BENCH_PATTERN_SESSION "', 1) as c0, "
                           "regexp_replace(value, '" BENCH_PATTERN_ADDRESS "', '$1.0.0') as c1"},
        .duckdb = {.where = "regexp_matches(value, '" BENCH_PATTERN_WANTED "')",
                   .select = "regexp_extract(value, '" BENCH_PATTERN_SESSION "', 1) as c0, "
                             "regexp_replace(value, '" BENCH_PATTERN_ADDRESS "', '\\1.0.0') as c1"},
        .by_hand = by_hand_regexp,
    },
    {
        .name = "d Nexmark q0",
        .what = "pass through",
        .rows = ROWS_BIDS,
        .columns = "iiimt",
        .leat = {.select = "auction, bidder, price, dateTime, extra"},
    },
    {
        .name = "d Nexmark q1",
        .what = "dollars to euros",
        .rows = ROWS_BIDS,
        .columns = "iixmt",
        .leat = {.select = "auction, bidder, 0.908 * price as price, dateTime, extra"},
    },
    {
        .name = "d Nexmark q2",
        .what = "one auction of 123",
        .rows = ROWS_BIDS,
        .columns = "ii",
        .leat = {.where = "mod(auction, 123) = 0", .select = "auction, price"},
    },
    {
        .name = "d Nexmark q14",
        .what = "a range of prices, the time of day, a count of letters",
        .rows = ROWS_BIDS,
        .columns = "iixtmti",
        .leat = {.where = "0.908 * price > 1000000 and 0.908 * price < 50000000",
                 .select = "auction, bidder, 0.908 * price as price, "
                           "case when hour(dateTime) >= 8 and hour(dateTime) <= 18 then 'dayTime' "
                           "when hour(dateTime) <= 6 or hour(dateTime) >= 20 then 'nightTime' "
                           "else 'otherTime' end as bidTimeType, dateTime, extra, "
                           "length(extra) - length(replace(extra, 'c', '')) as c_counts"},
    },
    {
        .name = "d Nexmark q21",
        .what = "the channel's id, by name or by regexp_extract",
        .rows = ROWS_BIDS,
        .columns = "iiitt",
        .leat = {.where = CHANNEL_ID " <> '' or "
                                     "lower(channel) in ('apple', 'google', 'facebook', 'baidu')",
                 .select = "auction, bidder, price, channel, "
                           "case when lower(channel) = 'apple' then '0' "
                           "when lower(channel) = 'google' then '1' "
                           "when lower(channel) = 'facebook' then '2' "
                           "when lower(channel) = 'baidu' then '3' "
                           "else " CHANNEL_ID " end as channel_id"},
    },
    {
        .name = "d Nexmark q22",
        .what = "the folders of an address",
        .rows = ROWS_BIDS,
        .columns = "iiitttt",
        .leat = {.select = "auction, bidder, price, channel, split_part(url, '/', 4) as dir1, "
                           "split_part(url, '/', 5) as dir2, split_part(url, '/', 6) as dir3"},
    },
};

const size_t query_count = sizeof queries / sizeof queries[0];
