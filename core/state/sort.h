/*
 * Sorting many pairs of numbers by the first: changes by hash, entries by time.
 *
 * on: any. Pure.
 */
#ifndef LT_STATE_SORT_H
#define LT_STATE_SORT_H

#include <stddef.h>
#include <stdint.h>

struct lt_state_pair {
    uint64_t key, item;
};

/* Ascending by key; pairs with one key stay in their order. Takes as much memory again for the
 * time it runs. */
void lt_state_sort(struct lt_state_pair *pairs, size_t count);

#endif
