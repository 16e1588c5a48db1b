/*
 * What a query answered, boiled down to two numbers that every engine can compute in passing: how
 * many rows came out, and a sum over their columns. Column k, counted from 1, adds k times
 *
 *   i  the number itself
 *   d  the double times 1000, rounded down
 *   x  the decimal's whole part, rounded down
 *   m  the timestamp, in microseconds since 2015-07-15
 *   t  the size of the text in bytes
 *   n  5, whatever the type, where it is null
 *
 * so that a swapped, missing, doubled or wrong column shows. All runs of a query must agree.
 */
#ifndef LT_BENCH_SQL_ANSWER_H
#define LT_BENCH_SQL_ANSWER_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { ANSWER_COLUMNS_MAX = 16, ANSWER_NULL = 5 };

struct answer {
    int64_t count;
    int64_t sum;
};

static inline void answer_add_i64(struct answer *answer, uint32_t column, int64_t value)
{
    answer->sum += (int64_t)(column + 1) * value;
}

static inline void answer_add_f64(struct answer *answer, uint32_t column, double value)
{
    answer_add_i64(answer, column, (int64_t)floor(value * 1000));
}

static inline void answer_add_text(struct answer *answer, uint32_t column, size_t size_bytes)
{
    answer_add_i64(answer, column, (int64_t)size_bytes);
}

static inline void answer_add_null(struct answer *answer, uint32_t column)
{
    answer_add_i64(answer, column, ANSWER_NULL);
}

static inline bool answer_is(struct answer a, struct answer b)
{
    return a.count == b.count && a.sum == b.sum;
}

#ifdef __cplusplus
}
#endif

#endif
