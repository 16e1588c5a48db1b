/*
 * Sorting many pairs of numbers by the first: changes by hash, entries by time.
 *
 * on: any. Pure.
 */
#ifndef LT_STATE_SORT_H
#define LT_STATE_SORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lt_state_pair {
    uint64_t key, item;
};

enum { LT_STATE_SORTING_BYTES = sizeof(uint64_t), LT_STATE_SORTING_VALUES = 256 };

/* A sort that is done in steps. */
struct lt_state_sorting {
    struct lt_state_pair *from, *to; /* at the end the pairs are in `from` */
    size_t count, at;
    unsigned byte; /* by which they are dealt */
    bool is_counted;
    size_t places[LT_STATE_SORTING_VALUES];
    size_t counts[LT_STATE_SORTING_BYTES][LT_STATE_SORTING_VALUES];
};

/* `other` has room for as many. Both stay the caller's, and which of them has the pairs in the end
 * the sorting says. */
void lt_state_sorting_begin(struct lt_state_sorting *sorting, struct lt_state_pair *pairs,
                            struct lt_state_pair *other, size_t count);
/* Looks at so many pairs at most, of which each is looked at some times. True: they are sorted, as
 * lt_state_sort does it. */
bool lt_state_sorting_step(struct lt_state_sorting *sorting, size_t pairs);

/* Ascending by key; pairs with one key stay in their order. Takes as much memory again for the
 * time it runs. */
void lt_state_sort(struct lt_state_pair *pairs, size_t count);

#endif
