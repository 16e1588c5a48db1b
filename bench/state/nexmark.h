/*
 * Rows of the Nexmark benchmark, from leat's source of that name: one of its kinds, as JSON with
 * all fields. Their time, "dateTime" in milliseconds, is that of 10,000 events a second since
 * EVENTS_BEGIN_MS, of 50 events one a person, three auctions and 46 bids.
 */
#ifndef LT_BENCH_STATE_NEXMARK_H
#define LT_BENCH_STATE_NEXMARK_H

#include "bench/state/events.h"

/* EVENTS_BIDS, EVENTS_AUCTIONS or EVENTS_PEOPLE; the last one is an hour ahead of all others. */
void nexmark_init(struct events *events, enum events_kind kind, uint32_t count);

#endif
