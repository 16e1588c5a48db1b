#include "bench/state/queries.h"

#include "bench/state/q6.h"

#define SCHEMA "key BIGINT, amount BIGINT, at BIGINT"
#define COLUMNS "j.key AS key, j.amount AS amount, timestamp_millis(j.at) AS at"
#define DELAY "5 seconds"
#define JOIN_DELAY "30 seconds"
#define FROM_BEGIN_S "- 1767225600"
#define FROM_BEGIN_MS "- 1767225600000"
#define SUMS "count(*) AS n, sum(amount) AS amount, count(*) * count(*) AS square"
#define WINDOWS                                                                                    \
    "SELECT key, unix_seconds(window.start) " FROM_BEGIN_S " AS begin_s, " SUMS                    \
    " FROM events GROUP BY window(at, '10 seconds'), key"
#define EVENTS(rows_kind)                                                                          \
    {                                                                                              \
        .view = "events", .kind = rows_kind, .schema = SCHEMA, .columns = COLUMNS,                 \
        .watermark = "at", .delay = DELAY                                                          \
    }

#define TIME "timestamp_millis(j.dateTime) AS at"
#define BIDS(by_bidder)                                                                            \
    {                                                                                              \
        .view = "bids", .kind = EVENTS_BIDS, .is_keyed_by_other = by_bidder,                       \
        .schema = "auction BIGINT, bidder BIGINT, price BIGINT, dateTime BIGINT",                  \
        .columns = "j.auction AS auction, j.bidder AS bidder, j.price AS price, " TIME,            \
        .watermark = "at", .delay = DELAY                                                          \
    }
/* Three auctions for a person. */
#define PEOPLE                                                                                     \
    {                                                                                              \
        .view = "people", .kind = EVENTS_PEOPLE, .one_of = 3,                                      \
        .schema = "id BIGINT, state STRING, dateTime BIGINT",                                      \
        .columns = "j.id AS id, j.state AS state, " TIME, .watermark = "at", .delay = DELAY        \
    }
#define AUCTIONS AUCTIONS_ONE_OF(1)
/* 46 bids for three auctions. */
#define AUCTIONS_OF_BIDS AUCTIONS_ONE_OF(15)
#define AUCTIONS_ONE_OF(count)                                                                     \
    {                                                                                              \
        .view = "auctions", .kind = EVENTS_AUCTIONS, .one_of = (count),                            \
        .schema = "id BIGINT, seller BIGINT, category BIGINT, dateTime BIGINT",                    \
        .columns = "j.id AS auction, j.seller AS seller, j.category AS category, " TIME,           \
        .watermark = "at", .delay = DELAY                                                          \
    }

const struct state_query state_queries[] = {
    {
        .name = "windowed count and sum, 1 k keys",
        .id = "windows-few",
        .rows = 1000000,
        .input_count = 1,
        .inputs = {EVENTS(EVENTS_FEW_KEYS)},
        .sql = WINDOWS,
        .mode = "append",
        .column_count = 5,
        .model = model_windows,
    },
    {
        .name = "windowed count and sum, 1 M keys",
        .id = "windows-many",
        .rows = 1000000,
        .input_count = 1,
        .inputs = {EVENTS(EVENTS_MANY_KEYS)},
        .sql = WINDOWS,
        .mode = "append",
        .column_count = 5,
        .model = model_windows,
    },
    {
        .name = "sessions, a gap of 5 s",
        .id = "sessions",
        .rows = 1000000,
        .input_count = 1,
        .inputs = {EVENTS(EVENTS_VISITS)},
        .sql = "SELECT key, unix_millis(session_window.start) " FROM_BEGIN_MS " AS begin_ms, "
               "unix_millis(session_window.end) " FROM_BEGIN_MS " AS end_ms, " SUMS " FROM events "
               "GROUP BY session_window(at, '5001 milliseconds'), key",
        .mode = "append",
        .column_count = 6,
        .model = model_sessions,
    },
    {
        .name = "dropDuplicates",
        .id = "duplicates",
        .rows = 1200000,
        .input_count = 1,
        .inputs = {{.view = "events",
                    .kind = EVENTS_REPEATS,
                    .schema = SCHEMA,
                    .columns = "j.key AS key, j.amount AS amount",
                    .distinct = "key"}},
        .sql = "SELECT key, amount FROM events",
        .mode = "append",
        .column_count = 2,
        .model = model_first_of_each,
    },
    {
        .name = "inner join within 10 s",
        .id = "join",
        .rows = 500000,
        .input_count = 2,
        .inputs = {{.view = "shown",
                    .kind = EVENTS_SHOWN,
                    .schema = SCHEMA,
                    .columns = "j.key AS key, timestamp_millis(j.at) AS shown_at",
                    .watermark = "shown_at",
                    .delay = JOIN_DELAY},
                   {.view = "clicked",
                    .kind = EVENTS_CLICKED,
                    .schema = SCHEMA,
                    .columns = "j.key AS click, timestamp_millis(j.at) AS clicked_at",
                    .watermark = "clicked_at",
                    .delay = JOIN_DELAY}},
        .sql = "SELECT key, unix_millis(clicked_at) - unix_millis(shown_at) AS apart_ms "
               "FROM shown JOIN clicked ON key = click AND clicked_at >= shown_at "
               "AND clicked_at <= shown_at + INTERVAL 10 SECONDS",
        .mode = "append",
        .column_count = 2,
        .model = model_pairs,
    },
    {
        .name = "Nexmark q3",
        .id = "q3",
        .rows = 300000,
        .input_count = 2,
        .inputs = {PEOPLE, AUCTIONS},
        .sql = "SELECT id, auction FROM people JOIN auctions ON id = seller "
               "WHERE category = 10 AND state IN ('OR', 'ID', 'CA')",
        .mode = "append",
        .column_count = 2,
        .model = model_q3,
    },
    {
        .name = "Nexmark q5",
        .id = "q5",
        .rows = 500000,
        .input_count = 1,
        .inputs = {BIDS(false)},
        .sql = "SELECT unix_seconds(window.start) " FROM_BEGIN_S " AS begin_s, top.n AS n, "
               "-top.first AS auction FROM (SELECT window, "
               "max(named_struct('n', n, 'first', -auction)) AS top FROM "
               "(SELECT window, auction, count(*) AS n FROM bids "
               "GROUP BY window(at, '10 seconds', '2 seconds'), auction) GROUP BY window)",
        .mode = "append",
        .column_count = 3,
        .model = model_q5,
    },
    {
        .name = "Nexmark q6, by custom state",
        .id = "q6",
        .rows = 500000,
        .input_count = 2,
        .inputs = {AUCTIONS_OF_BIDS, BIDS(false)},
        .custom = q6_stream,
        .mode = "append",
        .column_count = 4,
        .model = model_q6,
    },
    {
        .name = "Nexmark q7",
        .id = "q7",
        .rows = 1000000,
        .input_count = 1,
        .inputs = {BIDS(false)},
        .sql = "SELECT unix_seconds(window.start) " FROM_BEGIN_S " AS begin_s, top.price AS price, "
               "top.bidder AS bidder, top.auction AS auction FROM (SELECT window, "
               "max(named_struct('price', price, 'bidder', bidder, 'auction', auction)) AS top "
               "FROM bids GROUP BY window(at, '10 seconds'))",
        .mode = "append",
        .column_count = 4,
        .model = model_q7,
    },
    {
        .name = "Nexmark q8",
        .id = "q8",
        .rows = 300000,
        .input_count = 2,
        .inputs = {PEOPLE, AUCTIONS},
        .sql = "SELECT id, auction, unix_seconds(came.start) " FROM_BEGIN_S " AS begin_s FROM "
               "(SELECT id, window(at, '10 seconds') AS came FROM people) JOIN "
               "(SELECT auction, seller, window(at, '10 seconds') AS sold FROM auctions) "
               "ON id = seller AND came = sold",
        .mode = "append",
        .column_count = 3,
        .model = model_q8,
    },
    {
        .name = "Nexmark q11",
        .id = "q11",
        .rows = 1000000,
        .input_count = 1,
        .inputs = {BIDS(true)},
        .sql = "SELECT bidder, unix_millis(session_window.start) " FROM_BEGIN_MS " AS begin_ms, "
               "unix_millis(session_window.end) " FROM_BEGIN_MS " AS end_ms, count(*) AS n, "
               "sum(price) AS price, count(*) * count(*) AS square FROM bids "
               "GROUP BY session_window(at, '10000500 microseconds'), bidder",
        .mode = "append",
        .column_count = 6,
        .model = model_q11,
    },
    {
        .name = "Nexmark q12",
        .id = "q12",
        .rows = 1000000,
        .input_count = 1,
        .inputs = {BIDS(true)},
        .sql = "SELECT bidder, n FROM (SELECT bidder, count(*) AS n FROM bids "
               "GROUP BY window(current_timestamp(), '10 seconds'), bidder)",
        .mode = "update",
        .is_one_batch = true,
        .column_count = 2,
        .model = model_q12,
    },
};

const uint32_t state_query_count = sizeof state_queries / sizeof state_queries[0];

uint32_t state_input_rows(const struct state_input *input, uint32_t rows)
{
    return input->one_of > 1 ? rows / input->one_of : rows;
}
