/*
 * What each query has to answer, computed from the rows by sorting and counting: nothing of leat is
 * in it. Rows are sorted in place. The columns that a query gives are told with it
 * (bench/state/queries.c); the last row of each input, an hour ahead, closes what the others have
 * opened, and what it opens itself stays open.
 */
#ifndef LT_BENCH_STATE_MODELS_H
#define LT_BENCH_STATE_MODELS_H

#include "bench/sql/answer.h"
#include "bench/state/events.h"

typedef struct answer state_model(struct events *inputs);

/* key, the window's start in seconds since EVENTS_BEGIN_MS, count, sum, count * count. */
state_model model_windows;
/* The same of sessions, their start and end in milliseconds. */
state_model model_sessions;
/* The first row of each key: key, amount. */
state_model model_first_of_each;
/* Pairs of the same key, the second at most ten seconds after the first: key, the milliseconds in
 * between. */
state_model model_pairs;

/* Of Nexmark, bids unless it is said; windows of ten seconds, their start as above.
 * q3: people of three states and what they sell in category 10: person, auction.
 * q5: the auction with most bids (of several the first) in windows 2 s apart: start, count, it.
 * q6: auctions, then bids: seller, auction, of how many of his last ten prices, their average.
 * q7: the highest bid of each window (of several the greatest bidder's): start, price, bidder,
 *     auction.
 * q8: people and what they sell in the window in which they came: person, auction, start.
 * q11: sessions of bidders: bidder, start and end in milliseconds, count, sum, count * count.
 * q12: bidder, count. */
state_model model_q3, model_q5, model_q6, model_q7, model_q8, model_q11, model_q12;

enum { MODEL_WINDOW_MS = 10000, MODEL_GAP_MS = 5001, MODEL_PAIR_MS = 10000 };

/* For the models alone: they share these. */
int model_compare(int64_t a, int64_t b);
void model_add_row(struct answer *answer, const int64_t *columns, uint32_t count);
/* Of rows sorted by key and time: a row more than `gap_ms` after the one before begins a session,
 * which ends `tail_ms` after its last row. */
struct answer model_sessions_of(const struct events *sorted, int64_t gap_ms, int64_t tail_ms);
/* By key, then by time. */
void model_sort_by_key(struct events *events);

#endif
