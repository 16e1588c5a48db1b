/*
 * The events of the source nexmark, from their number.
 *
 *   person   id, name, emailAddress, creditCard, city, state, dateTime, extra
 *   auction  id, itemName, description, initialBid, reserve, dateTime, expires, seller, category,
 *            extra
 *   bid      auction, bidder, price, channel, url, dateTime, extra
 *   all      event_type INT (0, 1, 2), person STRUCT, auction STRUCT, bid STRUCT, dateTime
 *
 * The distributions are those of Beam's and Flink's generators:
 *
 *   numbers   in each turn of personProportion + auctionProportion + bidProportion events the
 *             people come first, then the auctions, then the bids; ids grow by one from 1000
 *   hot       of R choices (hotAuctionRatio, hotSellersRatio, hotBiddersRatio) all but one fall on
 *             the hot one: the first auction, the first person as a seller, the second as a bidder,
 *             of the last hundred; the rest on one that is in flight or active, or up to ten ids
 *             ahead
 *   prices    100 * 10^(6 u), u even in 0..1
 *   channels  half of the bids from four hot ones, the rest from 10,000, of whose addresses nine of
 *             ten carry a channel_id
 *   sizes     `extra` fills an event up to its average size, give or take a fifth
 *   times     event n happens n / (events a second) after 2015-07-15, in whole milliseconds; an
 *             auction runs as long as numInFlightAuctions take to come, on average
 *
 * Where they draw from a generator that goes on, here each event has one of its own, seeded by its
 * number. Texts are cut from constants made once per source; only a person's two numbers are
 * written anew.
 *
 * on: any once made.
 */
#ifndef LT_IO_NEXMARK_ROWS_H
#define LT_IO_NEXMARK_ROWS_H

#include "core/base/arena.h"
#include "core/data/row.h"
#include "core/data/type.h"

enum { LT_NEXMARK_SCRATCH_BYTES = 288, LT_NEXMARK_EVENT_BYTES_MAX = 16384 };

struct lt_nexmark_settings {
    const char *events; /* "all", "person", "auction", "bid" */
    int64_t rows_per_second;
    int64_t person_share, auction_share, bid_share; /* at least 1 */
    int64_t hot_auction_ratio, hot_sellers_ratio, hot_bidders_ratio;
    int64_t in_flight_auctions, active_people;
    int64_t person_bytes, auction_bytes, bid_bytes; /* up to LT_NEXMARK_EVENT_BYTES_MAX */
    bool is_wall_clock;                             /* dateTime is when the row was due */
};

struct lt_nexmark_rows;

/* Lives in the arena. */
struct lt_nexmark_rows *lt_nexmark_rows_create(struct lt_arena *arena,
                                               const struct lt_nexmark_settings *settings);
const struct lt_type *lt_nexmark_rows_schema(const struct lt_nexmark_rows *rows);
/* Fills a row just claimed, which has LT_NEXMARK_SCRATCH_BYTES of scratch. `rows` is a struct
 * lt_nexmark_rows. */
void lt_nexmark_rows_fill(const void *rows, struct lt_row *row, int64_t value,
                          int64_t timestamp_us);

#endif
