/*
 * The same queries as one would write them by hand for exactly this data: simdjson's On-Demand,
 * asked for the fields in the order in which the documents have them, and PCRE2 compiled for the
 * machine. No planner, no schema, no error but "not there", nothing that is not needed.
 *
 * This is the floor of the comparison. Each function goes once over all rows.
 *
 * on: one thread; parsers and patterns are made at the first use and stay.
 */
#ifndef LT_BENCH_SQL_BY_HAND_H
#define LT_BENCH_SQL_BY_HAND_H

#include "bench/sql/answer.h"
#include "bench/sql/rows.h"

#ifdef __cplusplus
extern "C" {
#endif

struct answer by_hand_filter(const struct bench_rows *rows);
struct answer by_hand_expressions(const struct bench_rows *rows);
struct answer by_hand_regexp(const struct bench_rows *rows);

#ifdef __cplusplus
}
#endif

#endif
