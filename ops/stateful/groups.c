#include "ops/stateful/groups.h"

#include <stdlib.h>
#include <string.h>
#define XXH_INLINE_ALL /* keys are short: a call is most of what they cost */
#include <xxhash.h>

#include "core/base/arena.h"

enum {
    FIRST_SLOTS = 64,
    /* Slots of each group are cleared one by one where there are more slots than this for each. */
    SPARSE = 16,
};

void lt_groups_init(struct lt_groups *groups, size_t payload_bytes)
{
    *groups = (struct lt_groups){.payload_bytes = payload_bytes};
}

void lt_groups_fini(struct lt_groups *groups)
{
    free(groups->slots);
    lt_scratch_fini(&groups->memory);
}

void lt_groups_clear(struct lt_groups *groups)
{
    if (groups->slot_count / SPARSE < groups->count)
        memset(groups->slots, 0, groups->slot_count * sizeof *groups->slots);
    else
        for (struct lt_group *group = groups->first; group != NULL; group = group->next)
            groups->slots[group->slot] = (struct lt_group_slot){0};
    groups->first = groups->last = NULL;
    groups->count = 0;
    lt_scratch_clear(&groups->memory);
}

static void place(struct lt_groups *groups, struct lt_group *group, uint64_t hash)
{
    uint32_t mask = groups->slot_count - 1, at = (uint32_t)hash & mask;
    while (groups->slots[at].group != NULL)
        at = (at + 1) & mask;
    groups->slots[at] = (struct lt_group_slot){.hash = hash, .group = group};
    group->slot = at;
}

/* Twice as many slots; at most half of them are ever used. */
static void grow(struct lt_groups *groups)
{
    struct lt_group_slot *old = groups->slots;
    uint32_t old_count = groups->slot_count;
    groups->slot_count = old_count == 0 ? FIRST_SLOTS : 2 * old_count;
    lt_assert(groups->slot_count != 0);
    groups->slots = lt_alloc_array(groups->slot_count, sizeof *groups->slots);
    for (uint32_t i = 0; i < old_count; i++)
        if (old[i].group != NULL)
            place(groups, old[i].group, old[i].hash);
    free(old);
}

static struct lt_group *add(struct lt_groups *groups, struct lt_state_bytes key, uint64_t hash)
{
    struct lt_group *group =
        lt_scratch_alloc(&groups->memory, sizeof *group + groups->payload_bytes);
    void *copy = lt_scratch_alloc(&groups->memory, key.size_bytes);
    if (group == NULL || copy == NULL)
        return NULL;
    memcpy(copy, key.data, key.size_bytes);
    memset(group, 0, sizeof *group + groups->payload_bytes);
    group->key = (struct lt_state_bytes){.data = copy, .size_bytes = key.size_bytes};
    group->final_at = LT_STATE_NEVER;
    if (2 * (groups->count + 1) > groups->slot_count)
        grow(groups);
    place(groups, group, hash);
    if (groups->last == NULL)
        groups->first = group;
    else
        groups->last->next = group;
    groups->last = group;
    groups->count++;
    return group;
}

struct lt_group *lt_groups_find_or_add(struct lt_groups *groups, struct lt_state_bytes key,
                                       bool *is_new)
{
    uint64_t hash = XXH3_64bits(key.data, key.size_bytes);
    uint32_t mask = groups->slot_count - 1;
    *is_new = false;
    for (uint32_t at = (uint32_t)hash & mask; groups->slot_count != 0; at = (at + 1) & mask) {
        const struct lt_group_slot *slot = &groups->slots[at];
        if (slot->group == NULL)
            break;
        if (slot->hash == hash && slot->group->key.size_bytes == key.size_bytes &&
            memcmp(slot->group->key.data, key.data, key.size_bytes) == 0)
            return slot->group;
    }
    *is_new = true;
    return add(groups, key, hash);
}
