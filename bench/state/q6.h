/*
 * Nexmark's q6, which SQL of streams has no words for: what a seller got on average for the last
 * ten of his auctions. By state of its own (core/leat_processor.h), twice:
 *
 *     auction   the best bid of its ten seconds; it comes out when the watermark has passed them
 *     seller    the last ten of those prices, in the order in which the auctions closed
 *
 * Bids that come before their auction wait for it as long as it can come.
 */
#ifndef LT_BENCH_STATE_Q6_H
#define LT_BENCH_STATE_Q6_H

#include "core/leat.h"

enum { Q6_OPEN_MS = 10000, Q6_LAST = 10 };

/* Over the views "auctions" and "bids": seller, auction, of how many prices, their average
 * downwards. */
leat_stream *q6_stream(leat_context *context);

#endif
