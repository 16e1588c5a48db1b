/*
 * The rows of the state bench, as numbers: what a query is asked about, and what the models in
 * bench/state/models.c compute its answer from. A row is one JSON document in a topic:
 *
 *     {"key":17,"amount":403,"at":1767225600123,"text":"..."}
 *
 * of some 120 bytes, its Kafka key the key in digits, its timestamp `at` (milliseconds since 1970).
 * What a row is follows from its number alone. Rows come up to EVENTS_DISORDER_MS late; the last
 * one is an hour ahead of all others, so that a watermark closes what they have opened.
 *
 *   few, many   a thousand keys over 200 s; a million keys over 20 s
 *   visits      keys that are busy for ten seconds and then rest for ninety
 *   repeats     of six rows one has the key of an earlier one
 *   shown       each key once
 *   clicked     each key of `shown` once: 5 s later, or 20 s
 *
 * Those of the Nexmark benchmark are documents of its own (bench/state/nexmark.c):
 *
 *   bids        key: the auction, other: the bidder, amount: the price
 *   auctions    key: its number, other: the seller, amount: the category
 *   people      key: their number, other: 1 in three of the states
 */
#ifndef LT_BENCH_STATE_EVENTS_H
#define LT_BENCH_STATE_EVENTS_H

#include <stddef.h>
#include <stdint.h>

/* 2026-01-01, which every window of ten seconds begins with. */
#define EVENTS_BEGIN_MS INT64_C(1767225600000)

enum { EVENTS_DISORDER_MS = 2000, EVENTS_TEXT_BYTES_MAX = 256 };

enum events_kind {
    EVENTS_FEW_KEYS,
    EVENTS_MANY_KEYS,
    EVENTS_VISITS,
    EVENTS_REPEATS,
    EVENTS_SHOWN,
    EVENTS_CLICKED,
    EVENTS_BIDS,
    EVENTS_AUCTIONS,
    EVENTS_PEOPLE
};

struct event {
    int64_t key, amount, at_ms, other;
};

struct events {
    struct event *items;
    uint32_t count;
    char *texts; /* the documents one after the other, each ended by 0; NULL: events_print's */
};

/* Not those of Nexmark; at least two. */
void events_init(struct events *events, enum events_kind kind, uint32_t count);
void events_fini(struct events *events);
/* The document; returns its size. */
size_t events_print(const struct event *event, char text[EVENTS_TEXT_BYTES_MAX]);

#endif
