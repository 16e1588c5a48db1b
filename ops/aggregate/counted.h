/*
 * Different values and how often each was seen: the state of collect_set, mode and the exact
 * percentiles. Equal is what lt_value_compare() calls equal.
 *
 * Values stand in the order in which they first came; a table of hashes finds them. Memory doubles.
 *
 * Byte form: count of values (4 bytes), then for each how often (8 bytes), and the value as in
 * core/data/row_bytes.h.
 *
 * on: as aggregate.h.
 */
#ifndef LT_OPS_AGGREGATE_COUNTED_H
#define LT_OPS_AGGREGATE_COUNTED_H

#include "ops/aggregate/kind.h"

struct lt_counted {
    uint32_t count, capacity; /* values; the capacity is 0 or a power of two */
    union lt_value *values;
    int64_t *times;
    uint32_t *slots; /* 2 * capacity of them: position + 1, 0 when free */
};

/* Adds `times` of the first argument's value, which is copied if it is new. False: no memory, the
 * fault is set. */
bool lt_counted_add(const struct lt_aggregate *aggregate, struct lt_counted *counted,
                    const union lt_value *value, int64_t times,
                    struct lt_aggregate_work *work) LT_MUST_USE;
/* The positions of the values in their order; NULL: no memory, the fault is set. */
const uint32_t *lt_counted_sort(const struct lt_aggregate *aggregate,
                                const struct lt_counted *counted, struct lt_aggregate_work *work);

/* For lt_aggregate_calls: a state that is an lt_counted, whose first argument is counted once for
 * each row where it is not NULL. */
bool lt_counted_update(const struct lt_aggregate *aggregate, void *state, const struct lt_row *row,
                       struct lt_aggregate_work *work);
bool lt_counted_merge(const struct lt_aggregate *aggregate, void *state, const void *other,
                      struct lt_aggregate_work *work);
void lt_counted_write(const struct lt_aggregate *aggregate, const void *state,
                      struct lt_text_buffer *out);
int lt_counted_read(const struct lt_aggregate *aggregate, struct lt_aggregate_reader *reader,
                    void *state);

#endif
