/*
 * Sorting of positions by a comparison that may be anything, a lambda too: stable, and bounded
 * whatever the comparison says.
 *
 * Short lists are sorted as Java sorts them - the run they begin with, then binary insertion - so
 * that even a comparison which contradicts itself gives what Spark gives.
 *
 * on: the program's thread. Pure but for the comparison.
 */
#ifndef LT_OPS_EXPR_SORT_H
#define LT_OPS_EXPR_SORT_H

#include <stdbool.h>
#include <stdint.h>

/* <0, 0, >0 for the values at two positions. */
typedef int lt_sort_compare_fn(void *context, uint32_t a, uint32_t b);

/* The positions 0..count-1 in order. `room` holds 2 * count; the result stands in it. */
const uint32_t *lt_sort(uint32_t *room, uint32_t count, lt_sort_compare_fn *compare, void *context);

#endif
