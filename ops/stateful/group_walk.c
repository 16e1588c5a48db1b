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

enum {
    WORD_BYTES = 8,
    WORDS_MAX = 4,
    STEP_GROUPS = 8 * 1024, /* each somewhere else in memory */
    STEP_PAIRS = 64 * 1024, /* one behind the other */
};

struct lt_group_order {
    enum { LOOK, MAKE_KEYS, SORT, LINK } step;
    struct lt_groups *groups;
    struct lt_group *at;  /* LOOK */
    struct lt_group **link; /* LINK */
    uint32_t done;        /* groups that the step has seen */
    size_t shared;        /* bytes that all keys begin with */
    size_t longest;       /* of the keys */
    size_t word;          /* that is sorted by, or was */
    struct lt_state_pair *pairs, *other;
    struct lt_state_sorting sorting;
};

static const struct lt_group *group_of(const struct lt_state_pair *pair)
{
    return (const struct lt_group *)(uintptr_t)pair->item; /* as look has put it there */
}

/* How many bytes the key shares with the first of all keys, and the others so far. */
static void note_key(struct lt_group_order *order, struct lt_state_bytes key)
{
    const char *a = order->groups->first->key.data, *b = key.data;
    size_t count = 0, most = key.size_bytes < order->shared ? key.size_bytes : order->shared;
    while (count < most && a[count] == b[count])
        count++;
    order->shared = count;
    order->longest = key.size_bytes > order->longest ? key.size_bytes : order->longest;
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

/* Goes on with the word before the last one, or with links if there is none. */
static void begin_word(struct lt_group_order *order)
{
    order->done = 0;
    order->step = order->word == 0 ? LINK : MAKE_KEYS;
    order->word -= order->word > 0;
    order->link = &order->groups->first;
}

static void look(struct lt_group_order *order, uint32_t end)
{
    for (; order->done < end; order->at = order->at->next) {
        note_key(order, order->at->key);
        order->pairs[order->done++].item = (uintptr_t)order->at;
    }
    if (order->done < order->groups->count)
        return;
    size_t words = (order->longest - order->shared + WORD_BYTES - 1) / WORD_BYTES;
    order->word = words < WORDS_MAX ? words : WORDS_MAX;
    begin_word(order);
}

static void make_keys(struct lt_group_order *order, uint32_t end)
{
    for (; order->done < end; order->done++) {
        struct lt_state_pair *pair = &order->pairs[order->done];
        pair->key = word_at(group_of(pair)->key, order->shared + order->word * WORD_BYTES);
    }
    if (order->done < order->groups->count)
        return;
    lt_state_sorting_begin(&order->sorting, order->pairs, order->other, order->done);
    order->step = SORT;
}

static void sort(struct lt_group_order *order)
{
    if (!lt_state_sorting_step(&order->sorting, STEP_PAIRS))
        return;
    order->pairs = order->sorting.from;
    order->other = order->sorting.to;
    begin_word(order);
}

static void link_groups(struct lt_group_order *order, uint32_t end)
{
    for (; order->done < end; order->done++) {
        struct lt_group *group = (struct lt_group *)(uintptr_t)order->pairs[order->done].item;
        order->groups->last = *order->link = group;
        order->link = &group->next;
    }
    *order->link = NULL;
}

void lt_group_walk_fini(struct lt_group_walk *walk)
{
    if (walk->order != NULL) {
        free(walk->order->pairs);
        free(walk->order->other);
    }
    free(walk->order);
    *walk = (struct lt_group_walk){.store = walk->store};
}

void lt_group_walk_begin(struct lt_group_walk *walk, struct lt_groups *groups,
                         struct lt_state_store *store)
{
    *walk = (struct lt_group_walk){.store = store, .at = groups->first};
    if (store->ops->ahead == NULL || groups->count < 2)
        return;
    struct lt_group_order *order = walk->order = lt_alloc(sizeof *order);
    order->groups = groups;
    order->at = groups->first;
    order->shared = groups->first->key.size_bytes;
    order->pairs = lt_alloc_array(groups->count, sizeof *order->pairs);
    order->other = lt_alloc_array(groups->count, sizeof *order->other);
}

/* A step. True: it was the last one. */
static bool go_on(struct lt_group_order *order)
{
    uint32_t count = order->groups->count, rest = count - order->done;
    uint32_t end = order->done + (rest < STEP_GROUPS ? rest : STEP_GROUPS);
    switch (order->step) {
    case LOOK:
        look(order, end);
        return false;
    case MAKE_KEYS:
        make_keys(order, end);
        return false;
    case SORT:
        sort(order);
        return false;
    case LINK:
        link_groups(order, end);
        break;
    }
    return order->done == count;
}

bool lt_group_walk_order(struct lt_group_walk *walk)
{
    struct lt_groups *groups = walk->order != NULL ? walk->order->groups : NULL;
    while (walk->order != NULL) { /* of a few groups all steps are as one */
        if (go_on(walk->order)) {
            lt_group_walk_fini(walk);
            walk->at = groups->first;
        } else if (groups->count > STEP_GROUPS) {
            return false;
        }
    }
    return true;
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
    lt_debug_assert(walk->order == NULL);
    if (walk->at != NULL && walk->told == 0 && walk->store->ops->ahead != NULL)
        tell(walk);
    return walk->at;
}

void lt_group_walk_pass(struct lt_group_walk *walk)
{
    walk->at = walk->at->next;
    walk->told -= walk->told > 0;
}
