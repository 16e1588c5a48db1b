/*
 * The tables of HyperLogLog++: what the raw estimate is too high by, found by experiment. For each
 * precision from 4 on: estimates in ascending order, and the bias at each of them.
 *
 * Source: S. Heule, M. Nunkesser, A. Hall, "Appendix to HyperLogLog in Practice: Algorithmic
 * Engineering of a State of the Art Cardinality Estimation Algorithm", 2013: thresholds, raw
 * estimates and biases as they are printed there.
 */
#ifndef LT_OPS_AGGREGATE_HYPERLOGLOG_H
#define LT_OPS_AGGREGATE_HYPERLOGLOG_H

#include <stdint.h>

enum { LT_HLL_PRECISION_LEAST = 4, LT_HLL_PRECISIONS = 15 };

struct lt_hll_points {
    const double *values;
    uint32_t count;
};

/* By precision - LT_HLL_PRECISION_LEAST. */
extern const struct lt_hll_points lt_hll_estimates[LT_HLL_PRECISIONS];
extern const struct lt_hll_points lt_hll_biases[LT_HLL_PRECISIONS];

#endif
