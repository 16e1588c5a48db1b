/*
 * The options of the source nexmark. Its events are made in io/nexmark_rows.c, when they are due in
 * io/rate_reader.c.
 */
#include "io/nexmark.h"

#include <inttypes.h>
#include <stdio.h>

#include "core/base/error.h"
#include "io/nexmark_rows.h"
#include "io/rate.h"

enum { ROWS_PER_SECOND_MAX = 1000000000, PARTITIONS_MAX = 4096, SHARE_MAX = 10000 };

#define WHOLE_NUMBER(option, value, most, text)                                                    \
    {                                                                                              \
        .name = option, .type = LT_OPTION_I64, .default_text = value, .min = 1, .max = most,       \
        .doc = text                                                                                \
    }

static const struct lt_option_spec option_table[] = {
    {.name = "events",
     .type = LT_OPTION_CHOICE,
     .default_text = "all",
     .choices = "all|person|auction|bid",
     .doc = "What a row is: any event, in three structs of which two are null, or one of a kind, "
            "flat."},
    WHOLE_NUMBER("rowsPerSecond", "10000", ROWS_PER_SECOND_MAX,
                 "Rows made per second, over all partitions."),
    {.name = "numEvents",
     .type = LT_OPTION_I64,
     .default_text = "0",
     .min = 0,
     .max = INT64_MAX,
     .doc = "Rows after which the source ends; 0: never."},
    WHOLE_NUMBER("numPartitions", "1", PARTITIONS_MAX,
                 "Partitions, which take turns with the events."),
    {.name = "openLoop",
     .type = LT_OPTION_BOOL,
     .default_text = "false",
     .doc = "Makes rows at any rate and charges each with the moment it was due, for measuring "
            "latency."},
    {.name = "useWallclockEventTime",
     .type = LT_OPTION_BOOL,
     .default_text = "false",
     .doc = "dateTime is when the row was due, instead of a time that follows from its number."},
    WHOLE_NUMBER("personProportion", "1", SHARE_MAX, "People in a turn of events."),
    WHOLE_NUMBER("auctionProportion", "3", SHARE_MAX, "Auctions in a turn of events."),
    WHOLE_NUMBER("bidProportion", "46", SHARE_MAX, "Bids in a turn of events."),
    WHOLE_NUMBER("hotAuctionRatio", "2", SHARE_MAX,
                 "Of so many bids all but one are for the hot auction."),
    WHOLE_NUMBER("hotSellersRatio", "4", SHARE_MAX,
                 "Of so many auctions all but one are the hot seller's."),
    WHOLE_NUMBER("hotBiddersRatio", "4", SHARE_MAX,
                 "Of so many bids all but one are the hot bidder's."),
    WHOLE_NUMBER("numInFlightAuctions", "100", INT32_MAX,
                 "Auctions that are open at any time, on average."),
    WHOLE_NUMBER("numActivePeople", "1000", INT32_MAX,
                 "People who may sell or bid: those that came last."),
    WHOLE_NUMBER("avgPersonByteSize", "200", LT_NEXMARK_EVENT_BYTES_MAX,
                 "Bytes of a person, on average."),
    WHOLE_NUMBER("avgAuctionByteSize", "500", LT_NEXMARK_EVENT_BYTES_MAX,
                 "Bytes of an auction, on average."),
    WHOLE_NUMBER("avgBidByteSize", "100", LT_NEXMARK_EVENT_BYTES_MAX,
                 "Bytes of a bid, on average."),
};
enum { OPTION_COUNT = sizeof option_table / sizeof option_table[0] };

static int64_t number(const struct lt_options *options, const char *name)
{
    return lt_options_i64(options, option_table, OPTION_COUNT, name);
}

static bool flag(const struct lt_options *options, const char *name)
{
    return lt_options_bool(options, option_table, OPTION_COUNT, name);
}

static struct lt_nexmark_rows *make_rows(const struct lt_options *options, struct lt_arena *arena)
{
    const struct lt_nexmark_settings settings = {
        .events = lt_options_text(options, option_table, OPTION_COUNT, "events"),
        .rows_per_second = number(options, "rowsPerSecond"),
        .person_share = number(options, "personProportion"),
        .auction_share = number(options, "auctionProportion"),
        .bid_share = number(options, "bidProportion"),
        .hot_auction_ratio = number(options, "hotAuctionRatio"),
        .hot_sellers_ratio = number(options, "hotSellersRatio"),
        .hot_bidders_ratio = number(options, "hotBiddersRatio"),
        .in_flight_auctions = number(options, "numInFlightAuctions"),
        .active_people = number(options, "numActivePeople"),
        .person_bytes = number(options, "avgPersonByteSize"),
        .auction_bytes = number(options, "avgAuctionByteSize"),
        .bid_bytes = number(options, "avgBidByteSize"),
        .is_wall_clock = flag(options, "useWallclockEventTime"),
    };
    return lt_nexmark_rows_create(arena, &settings);
}

static int nexmark_bind(const struct lt_source_type *type, const struct lt_options *options,
                        const struct lt_type *user_schema, struct lt_arena *arena,
                        struct lt_source **out, struct lt_error *error)
{
    *out = NULL;
    int code = lt_options_check(options, option_table, OPTION_COUNT, "source nexmark", error);
    if (code != 0)
        return code;
    if (user_schema != NULL)
        return lt_error_set(error, LT_E_UNSUPPORTED,
                            "source nexmark does not support user-specified schema; hint: the "
                            "option \"events\" chooses its columns");
    const struct lt_nexmark_rows *rows = make_rows(options, arena);
    const struct lt_rate_settings settings = {
        .maker = {.rows = rows,
                  .fill = lt_nexmark_rows_fill,
                  .scratch_size_bytes = LT_NEXMARK_SCRATCH_BYTES},
        .rows_per_second = number(options, "rowsPerSecond"),
        .row_count = number(options, "numEvents"),
        .partition_count = (uint32_t)number(options, "numPartitions"),
        .is_open_loop = flag(options, "openLoop"),
    };
    *out = lt_rate_source_create(type, lt_nexmark_rows_schema(rows), &settings);
    int size_bytes =
        snprintf((*out)->description, sizeof(*out)->description,
                 "NexmarkSource[events=%s, rowsPerSecond=%" PRId64 ", numPartitions=%u]",
                 lt_options_text(options, option_table, OPTION_COUNT, "events"),
                 settings.rows_per_second, settings.partition_count);
    lt_assert(size_bytes > 0);
    return 0;
}

const struct lt_source_type lt_nexmark_source_type = {
    .name = "nexmark",
    .doc = "People, auctions and bids of the Nexmark benchmark.",
    .traits = LT_SOURCE_REPLAYABLE | LT_SOURCE_BOUNDED | LT_SOURCE_CONTINUOUS |
              LT_SOURCE_IN_BATCHES,
    .options = option_table,
    .option_count = OPTION_COUNT,
    .bind = nexmark_bind,
};
