/*
 * Few pairs are put in their places one by one. More are dealt by each byte of their keys, the
 * least first; a byte that all keys share is passed over, which for times is most of them.
 */
#include "core/state/sort.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"

enum { FEW = 48, BYTES = LT_STATE_SORTING_BYTES, VALUES = LT_STATE_SORTING_VALUES };

static void sort_few(struct lt_state_pair *pairs, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct lt_state_pair pair = pairs[i];
        size_t at = i;
        for (; at > 0 && pairs[at - 1].key > pair.key; at--)
            pairs[at] = pairs[at - 1];
        pairs[at] = pair;
    }
}

static unsigned byte_of(const struct lt_state_pair *pair, unsigned byte)
{
    return (unsigned)(pair->key >> (8 * byte)) & 0xff;
}

/* How many keys have each value of each byte. */
static void count_values(struct lt_state_sorting *sorting, size_t end)
{
    for (; sorting->at < end; sorting->at++) {
        for (unsigned byte = 0; byte < BYTES; byte++)
            sorting->counts[byte][byte_of(&sorting->from[sorting->at], byte)]++;
    }
}

static void place_values(struct lt_state_sorting *sorting)
{
    size_t place = 0;
    for (int value = 0; value < VALUES; value++) {
        sorting->places[value] = place;
        place += sorting->counts[sorting->byte][value];
    }
}

static void deal(struct lt_state_sorting *sorting, size_t end)
{
    for (; sorting->at < end; sorting->at++) {
        const struct lt_state_pair *pair = &sorting->from[sorting->at];
        sorting->to[sorting->places[byte_of(pair, sorting->byte)]++] = *pair;
    }
}

void lt_state_sorting_begin(struct lt_state_sorting *sorting, struct lt_state_pair *pairs,
                            struct lt_state_pair *other, size_t count)
{
    *sorting = (struct lt_state_sorting){.from = pairs, .to = other, .count = count};
}

/* The byte at hand is the same in all keys. */
static bool is_shared(const struct lt_state_sorting *sorting)
{
    unsigned value = byte_of(&sorting->from[0], sorting->byte);
    return sorting->counts[sorting->byte][value] == sorting->count;
}

bool lt_state_sorting_step(struct lt_state_sorting *sorting, size_t pairs)
{
    size_t rest = sorting->count - sorting->at;
    size_t end = sorting->at + (pairs < rest ? pairs : rest);
    if (sorting->count == 0)
        return true;
    if (!sorting->is_counted) {
        count_values(sorting, end);
    } else {
        if (sorting->at == 0)
            place_values(sorting);
        deal(sorting, end);
    }
    if (sorting->at < sorting->count)
        return false;
    if (sorting->is_counted) {
        struct lt_state_pair *swap = sorting->from;
        sorting->from = sorting->to;
        sorting->to = swap;
        sorting->byte++;
    }
    sorting->is_counted = true;
    sorting->at = 0;
    while (sorting->byte < BYTES && is_shared(sorting))
        sorting->byte++;
    return sorting->byte == BYTES;
}

void lt_state_sort(struct lt_state_pair *pairs, size_t count)
{
    if (count <= FEW) {
        sort_few(pairs, count);
        return;
    }
    struct lt_state_sorting sorting;
    struct lt_state_pair *other = lt_realloc_array(NULL, count, sizeof *other);
    lt_state_sorting_begin(&sorting, pairs, other, count);
    while (!lt_state_sorting_step(&sorting, count)) {
        /* the next byte */
    }
    if (sorting.from != pairs)
        memcpy(pairs, sorting.from, count * sizeof *pairs);
    free(other);
}
