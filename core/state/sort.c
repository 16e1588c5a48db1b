/*
 * Few pairs are put in their places one by one. More are dealt by each byte of their keys, the
 * least first; a byte that all keys share is passed over, which for times is most of them.
 */
#include "core/state/sort.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"

enum { FEW = 48, BYTES = sizeof(uint64_t), VALUES = 256 };

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
static void count_values(const struct lt_state_pair *pairs, size_t count,
                         size_t counts[BYTES][VALUES])
{
    memset(counts, 0, sizeof(size_t) * BYTES * VALUES);
    for (size_t i = 0; i < count; i++) {
        for (unsigned byte = 0; byte < BYTES; byte++)
            counts[byte][byte_of(&pairs[i], byte)]++;
    }
}

static void deal(const struct lt_state_pair *from, struct lt_state_pair *to, size_t count,
                 unsigned byte, const size_t counts[VALUES])
{
    size_t places[VALUES], place = 0;
    for (int value = 0; value < VALUES; value++) {
        places[value] = place;
        place += counts[value];
    }
    for (size_t i = 0; i < count; i++)
        to[places[byte_of(&from[i], byte)]++] = from[i];
}

void lt_state_sort(struct lt_state_pair *pairs, size_t count)
{
    if (count <= FEW) {
        sort_few(pairs, count);
        return;
    }
    size_t counts[BYTES][VALUES];
    count_values(pairs, count, counts);
    struct lt_state_pair *other = lt_realloc_array(NULL, count, sizeof *other);
    struct lt_state_pair *from = pairs, *to = other;
    for (unsigned byte = 0; byte < BYTES; byte++) {
        if (counts[byte][byte_of(&pairs[0], byte)] == count)
            continue;
        deal(from, to, count, byte, counts[byte]);
        struct lt_state_pair *swap = from;
        from = to;
        to = swap;
    }
    if (from != pairs)
        memcpy(pairs, from, count * sizeof *pairs);
    free(other);
}
