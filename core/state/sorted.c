/*
 * Sorted by hash when it is made; keys of one hash, which are hardly ever more than one, by their
 * bytes.
 */
#include "core/state/sorted.h"

#include <stdlib.h>

#include "core/base/arena.h"
#include "core/state/sort.h"

struct sorted {
    struct lt_state_stream stream;
    struct lt_state_numbered changes;
    struct lt_state_pair *pairs; /* hash; number of the change */
    size_t count, at;
};

static int next_change(struct lt_state_stream *stream, struct lt_state_change *out,
                       struct lt_error *error)
{
    (void)error;
    struct sorted *sorted = (struct sorted *)stream; /* its first member */
    if (sorted->at == sorted->count)
        return 0;
    const struct lt_state_pair *pair = &sorted->pairs[sorted->at++];
    sorted->changes.get(sorted->changes.context, (uint32_t)pair->item, out);
    out->hash = pair->key;
    return 1;
}

static void destroy(struct lt_state_stream *stream)
{
    struct sorted *sorted = (struct sorted *)stream;
    free(sorted->pairs);
    free(sorted);
}

static bool is_key_below(const struct sorted *sorted, const struct lt_state_pair *a,
                         const struct lt_state_pair *b)
{
    struct lt_state_change first, second;
    sorted->changes.get(sorted->changes.context, (uint32_t)a->item, &first);
    sorted->changes.get(sorted->changes.context, (uint32_t)b->item, &second);
    return lt_state_bytes_compare(first.key, second.key) < 0;
}

static void sort_equals(struct sorted *sorted)
{
    struct lt_state_pair *pairs = sorted->pairs;
    for (size_t i = 1; i < sorted->count; i++) {
        struct lt_state_pair pair = pairs[i];
        size_t at = i;
        for (; at > 0 && pairs[at - 1].key == pair.key &&
               is_key_below(sorted, &pair, &pairs[at - 1]);
             at--)
            pairs[at] = pairs[at - 1];
        pairs[at] = pair;
    }
}

struct lt_state_stream *lt_state_sorted_create(const struct lt_state_numbered *changes)
{
    struct sorted *sorted = lt_alloc(sizeof *sorted);
    sorted->stream.next = next_change;
    sorted->stream.destroy = destroy;
    sorted->changes = *changes;
    sorted->pairs = lt_realloc_array(NULL, (size_t)changes->count + 1, sizeof sorted->pairs[0]);
    for (uint32_t i = 0; i < changes->count; i++) {
        uint64_t hash;
        if (changes->hash(changes->context, i, &hash))
            sorted->pairs[sorted->count++] = (struct lt_state_pair){hash, i};
    }
    lt_state_sort(sorted->pairs, sorted->count);
    sort_equals(sorted);
    return &sorted->stream;
}
