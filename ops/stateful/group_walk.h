/*
 * Going through the groups of a batch with a store at hand, each key of which is got once.
 *
 * A store that looks for entries (in RocksDB) is told the keys ahead, some at a time, and the
 * groups come in the order of their keys: so what lies together in the store is looked for
 * together. They are put in order in steps, so that nobody on the thread waits for all of a large
 * batch. For any other store they come in the order in which they are.
 *
 * on: one thread.
 */
#ifndef LT_OPS_STATEFUL_GROUP_WALK_H
#define LT_OPS_STATEFUL_GROUP_WALK_H

#include "ops/stateful/groups.h"

struct lt_group_order;

struct lt_group_walk {
    struct lt_state_store *store;
    struct lt_group_order *order; /* NULL: they are in order */
    struct lt_group *at; /* NULL: at the end */
    uint32_t told;       /* of the groups from there on, the store has been told so many */
};

/* No group may come or go until the end. Takes memory for a sort while it runs. */
void lt_group_walk_begin(struct lt_group_walk *walk, struct lt_groups *groups,
                         struct lt_state_store *store);
/* A step to put them in order, about a millisecond. True: they are, and the walk may begin. */
bool lt_group_walk_order(struct lt_group_walk *walk) LT_MUST_USE;
/* When it has ended, or is given up: if the groups are not in order by then they can only be
 * finished. A zeroed one is a no-op. */
void lt_group_walk_fini(struct lt_group_walk *walk);
/* The group at hand, whose key may be got now; NULL: at the end. */
struct lt_group *lt_group_walk_at(struct lt_group_walk *walk);
/* Goes on from the group at hand. */
void lt_group_walk_pass(struct lt_group_walk *walk);

#endif
