#include "bench/state/queries.h"

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
        .view = "events", .kind = rows_kind, .columns = COLUMNS, .watermark = "at",                \
        .delay = DELAY                                                                             \
    }

const struct state_query state_queries[] = {
    {
        .name = "windowed count and sum, 1 k keys",
        .id = "windows-few",
        .rows = 2000000,
        .input_count = 1,
        .inputs = {EVENTS(EVENTS_FEW_KEYS)},
        .sql = WINDOWS,
        .column_count = 5,
        .model = model_windows,
    },
    {
        .name = "windowed count and sum, 1 M keys",
        .id = "windows-many",
        .rows = 2000000,
        .input_count = 1,
        .inputs = {EVENTS(EVENTS_MANY_KEYS)},
        .sql = WINDOWS,
        .column_count = 5,
        .model = model_windows,
    },
    {
        .name = "sessions, a gap of 5 s",
        .id = "sessions",
        .rows = 2000000,
        .input_count = 1,
        .inputs = {EVENTS(EVENTS_VISITS)},
        .sql = "SELECT key, unix_millis(session_window.start) " FROM_BEGIN_MS " AS begin_ms, "
               "unix_millis(session_window.end) " FROM_BEGIN_MS " AS end_ms, " SUMS " FROM events "
               "GROUP BY session_window(at, '5001 milliseconds'), key",
        .column_count = 6,
        .model = model_sessions,
    },
    {
        .name = "dropDuplicates, 10 M keys",
        .id = "duplicates",
        .rows = 12000000,
        .input_count = 1,
        .inputs = {{.view = "events",
                    .kind = EVENTS_REPEATS,
                    .columns = "j.key AS key, j.amount AS amount",
                    .distinct = "key"}},
        .sql = "SELECT key, amount FROM events",
        .column_count = 2,
        .model = model_first_of_each,
    },
    {
        .name = "inner join within 10 s",
        .id = "join",
        .rows = 1000000,
        .input_count = 2,
        .inputs = {{.view = "shown",
                    .kind = EVENTS_SHOWN,
                    .columns = "j.key AS key, timestamp_millis(j.at) AS shown_at",
                    .watermark = "shown_at",
                    .delay = JOIN_DELAY},
                   {.view = "clicked",
                    .kind = EVENTS_CLICKED,
                    .columns = "j.key AS click, timestamp_millis(j.at) AS clicked_at",
                    .watermark = "clicked_at",
                    .delay = JOIN_DELAY}},
        .sql = "SELECT key, unix_millis(clicked_at) - unix_millis(shown_at) AS apart_ms "
               "FROM shown JOIN clicked ON key = click AND clicked_at >= shown_at "
               "AND clicked_at <= shown_at + INTERVAL 10 SECONDS",
        .column_count = 2,
        .model = model_pairs,
    },
};

const uint32_t state_query_count = sizeof state_queries / sizeof state_queries[0];
