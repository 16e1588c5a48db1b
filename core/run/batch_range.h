/*
 * Ranges of micro-batches: where each partition of the source begins and ends.
 *
 * on: any. Pure.
 */
#ifndef LT_RUN_BATCH_RANGE_H
#define LT_RUN_BATCH_RANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/flow/connector.h"

/* Moves ends, so that they lie never behind `limit` (NULL: there is none), and never before where
 * the batch begins. */
void lt_batch_range_cap(const struct lt_position *start, const struct lt_position *limit,
                        struct lt_position *end, uint32_t count);
/* It ends where it begins. */
bool lt_batch_range_is_empty(const struct lt_position *start, const struct lt_position *end,
                             uint32_t count);
/* No partition stands before its end. */
bool lt_batch_range_has_come_to(const struct lt_position *at, const struct lt_position *end,
                                uint32_t count);

#endif
