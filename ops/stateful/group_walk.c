/*
 * The order is by the bytes behind those that all keys share, so many of them as WORDS_MAX words
 * have; keys that differ later are near each other, which is enough. Words are sorted by from the
 * last to the first, each time keeping the order of what is equal.
 */
#include "ops/stateful/group_walk.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/state/sort.h"

enum { WORD_BYTES = 8, WORDS_MAX = 4 };

static const struct lt_group *group_of(const struct lt_state_pair *pair)
{
    return (const struct lt_group *)(uintptr_t)pair->item; /* as put_in_order has put it there */
}

/* How many bytes all keys begin with, and how many the longest has. */
static size_t count_shared(const struct lt_groups *groups, size_t *longest)
{
    struct lt_state_bytes first = groups->first->key;
    size_t shared = first.size_bytes;
    *longest = 0;
    for (const struct lt_group *group = groups->first; group != NULL; group = group->next) {
        const char *a = first.data, *b = group->key.data;
        size_t count = 0, most = group->key.size_bytes < shared ? group->key.size_bytes : shared;
        while (count < most && a[count] == b[count])
            count++;
        shared = count;
        *longest = group->key.size_bytes > *longest ? group->key.size_bytes : *longest;
    }
    return shared;
}

/* The bytes of a key at an offset as a number in their order; behind its end they are 0. */
static uint64_t word_at(struct lt_state_bytes key, size_t offset)
{
    const unsigned char *bytes = key.data;
    uint64_t word = 0;
    for (size_t i = offset; i < offset + WORD_BYTES; i++)
        word = word << 8 | (i < key.size_bytes ? bytes[i] : 0);
    return word;
}

static void sort(struct lt_state_pair *pairs, const struct lt_groups *groups)
{
    size_t longest, shared = count_shared(groups, &longest);
    size_t words = (longest - shared + WORD_BYTES - 1) / WORD_BYTES;
    for (size_t word = words < WORDS_MAX ? words : WORDS_MAX; word-- > 0;) {
        for (uint32_t i = 0; i < groups->count; i++)
            pairs[i].key = word_at(group_of(&pairs[i])->key, shared + word * WORD_BYTES);
        lt_state_sort(pairs, groups->count);
    }
}

static void put_in_order(struct lt_groups *groups)
{
    uint32_t count = 0;
    struct lt_state_pair *pairs = lt_alloc_array(groups->count, sizeof *pairs);
    for (struct lt_group *group = groups->first; group != NULL; group = group->next)
        pairs[count++].item = (uintptr_t)group;
    sort(pairs, groups);
    struct lt_group **link = &groups->first;
    for (uint32_t i = 0; i < count; i++) {
        groups->last = *link = (struct lt_group *)(uintptr_t)pairs[i].item;
        link = &groups->last->next;
    }
    *link = NULL;
    free(pairs);
}

void lt_group_walk_begin(struct lt_group_walk *walk, struct lt_groups *groups,
                         struct lt_state_store *store)
{
    if (store->ops->ahead != NULL && groups->count > 1)
        put_in_order(groups);
    *walk = (struct lt_group_walk){.store = store, .at = groups->first};
}

static void tell(struct lt_group_walk *walk)
{
    struct lt_state_bytes keys[LT_STATE_AHEAD_MAX];
    for (const struct lt_group *group = walk->at; group != NULL && walk->told < LT_STATE_AHEAD_MAX;
         group = group->next)
        keys[walk->told++] = group->key;
    walk->store->ops->ahead(walk->store, keys, walk->told);
}

struct lt_group *lt_group_walk_at(struct lt_group_walk *walk)
{
    if (walk->at != NULL && walk->told == 0 && walk->store->ops->ahead != NULL)
        tell(walk);
    return walk->at;
}

void lt_group_walk_pass(struct lt_group_walk *walk)
{
    walk->at = walk->at->next;
    walk->told -= walk->told > 0;
}
