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

enum { MODEL_WINDOW_MS = 10000, MODEL_GAP_MS = 5001, MODEL_PAIR_MS = 10000 };

#endif
