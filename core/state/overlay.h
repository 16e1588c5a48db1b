/*
 * What a batch has changed of a store that is elsewhere: the newest value of each key that was
 * touched, or that it was removed, and what the store had of it. It lies over the store while the
 * batch runs, is written to the checkpoint as its changes, and then into the store.
 *
 * A key that is changed again is written over, so that it takes memory by keys and not by rows.
 *
 * on: one thread at a time.
 */
#ifndef LT_STATE_OVERLAY_H
#define LT_STATE_OVERLAY_H

#include "core/state/arena.h"
#include "core/state/index.h"
#include "core/state/times.h"

/* A key that was touched: known by its number, which is its place in `entries`. */
struct lt_state_overlay_entry {
    uint64_t hash;
    uint32_t place; /* of its record */
    bool is_removed;
    bool is_stored; /* the store has it, final at: */
    int64_t stored_final_at;
};

struct lt_state_overlay {
    struct lt_state_arena arena;
    struct lt_state_index index;
    struct lt_state_times *times; /* with the entry's number where a hash would be */
    struct lt_state_overlay_entry *entries;
    uint32_t count, capacity;
};

void lt_state_overlay_init(struct lt_state_overlay *overlay);
void lt_state_overlay_fini(struct lt_state_overlay *overlay);
/* Forgets all. */
void lt_state_overlay_clear(struct lt_state_overlay *overlay);

/* The entry of a key; NULL if it was not touched. Valid until the next set. */
struct lt_state_overlay_entry *lt_state_overlay_find(const struct lt_state_overlay *overlay,
                                                     uint64_t hash, struct lt_state_bytes key);
static inline struct lt_state_record *
lt_state_overlay_record(const struct lt_state_overlay *overlay,
                        const struct lt_state_overlay_entry *entry)
{
    return lt_state_arena_at(&overlay->arena, entry->place);
}

/* Makes `change` what holds for its key. `entry`: what find gave. For a key that was not touched,
 * `is_stored` and `stored_final_at` say what the store has. False: there is no memory, and nothing
 * has changed. The bytes may be the overlay's own. */
bool lt_state_overlay_set(struct lt_state_overlay *overlay, struct lt_state_overlay_entry *entry,
                          const struct lt_state_change *change, bool is_stored,
                          int64_t stored_final_at);
/* Its changes in the order of a file; nothing may be set until the stream is destroyed. */
struct lt_state_stream *lt_state_overlay_stream(const struct lt_state_overlay *overlay);
uint64_t lt_state_overlay_bytes(const struct lt_state_overlay *overlay);

#endif
