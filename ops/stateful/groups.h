/*
 * The groups of one batch: a hash table from key bytes to a block of memory for each group, which
 * is what is aggregated so far.
 *
 * Open addressing over slots of a hash and a pointer; groups lie one behind the other in blocks
 * that are kept when the table is emptied, and so do the slots. A table that has once held the
 * largest batch allocates nothing any more; for a row of a group that there is it never does.
 * Emptying costs what the batch has put in, not what the table could hold.
 *
 * Groups are given in the order in which they came.
 *
 * on: one thread.
 */
#ifndef LT_OPS_STATEFUL_GROUPS_H
#define LT_OPS_STATEFUL_GROUPS_H

#include <stddef.h>
#include <stdint.h>

#include "core/state/store.h"
#include "ops/expr/scratch.h"

struct lt_group {
    struct lt_group *next; /* that came after it */
    struct lt_state_bytes key;
    int64_t final_at; /* the user's */
    uint32_t slot;
    max_align_t payload[]; /* zeroed when the group is made */
};

struct lt_group_slot {
    uint64_t hash;
    struct lt_group *group; /* NULL: free */
};

struct lt_groups {
    struct lt_group *first, *last;
    uint32_t count;
    uint32_t slot_count; /* a power of two; 0 before the first group */
    struct lt_group_slot *slots;
    size_t payload_bytes;
    struct lt_scratch memory; /* of the groups, and of what belongs to them */
};

void lt_groups_init(struct lt_groups *groups, size_t payload_bytes);
void lt_groups_fini(struct lt_groups *groups);
/* Forgets the groups and all that was taken of their memory. */
void lt_groups_clear(struct lt_groups *groups);
/* The group of a key, made if there was none (`is_new`; the key is copied). NULL: no memory. */
struct lt_group *lt_groups_find_or_add(struct lt_groups *groups, struct lt_state_bytes key,
                                       bool *is_new);

#endif
