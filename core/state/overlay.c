/*
 * Records in an arena, found by an index; a record's state is its entry's number + 1.
 */
#include "core/state/overlay.h"

#include <stdlib.h>

#include "core/state/sorted.h"

#define ENTRIES_MAX ((uint32_t)1 << 31)

void lt_state_overlay_init(struct lt_state_overlay *overlay)
{
    *overlay = (struct lt_state_overlay){.times = lt_state_times_create()};
    lt_state_arena_init(&overlay->arena);
}

void lt_state_overlay_fini(struct lt_state_overlay *overlay)
{
    lt_state_arena_fini(&overlay->arena);
    lt_state_index_fini(&overlay->index);
    lt_state_times_destroy(overlay->times);
    free(overlay->entries);
}

void lt_state_overlay_clear(struct lt_state_overlay *overlay)
{
    if (overlay->count == 0)
        return;
    lt_state_overlay_fini(overlay);
    lt_state_overlay_init(overlay);
}

static struct lt_state_bytes key_of(struct lt_state_record *record)
{
    return (struct lt_state_bytes){lt_state_record_key(record), record->key_bytes};
}

struct lt_state_overlay_entry *lt_state_overlay_find(const struct lt_state_overlay *overlay,
                                                     uint64_t hash, struct lt_state_bytes key)
{
    const struct lt_state_index *index = &overlay->index;
    if (index->capacity == 0)
        return NULL;
    for (uint64_t slot = lt_state_index_first(index, hash);
         index->slots[slot].place != LT_STATE_NO_PLACE; slot = lt_state_index_after(index, slot)) {
        if (index->slots[slot].hash != (uint32_t)hash)
            continue;
        struct lt_state_record *record =
            lt_state_arena_at(&overlay->arena, index->slots[slot].place);
        if (lt_state_bytes_equal(key_of(record), key))
            return &overlay->entries[record->state - 1];
    }
    return NULL;
}

/* ----------------------------------------------------------------------------------------- set */

static bool reserve_entry(struct lt_state_overlay *overlay)
{
    if (overlay->count < overlay->capacity)
        return true;
    if (overlay->capacity >= ENTRIES_MAX)
        return false;
    uint32_t capacity = overlay->capacity == 0 ? 64 : overlay->capacity * 2;
    void *grown = realloc(overlay->entries, (size_t)capacity * sizeof overlay->entries[0]);
    if (grown == NULL)
        return false;
    overlay->entries = grown;
    overlay->capacity = capacity;
    return true;
}

static void lead_slot(struct lt_state_overlay *overlay, uint64_t hash, uint32_t from, uint32_t to)
{
    uint64_t slot = lt_state_index_first(&overlay->index, hash);
    while (overlay->index.slots[slot].place != from) {
        lt_assert(overlay->index.slots[slot].place != LT_STATE_NO_PLACE);
        slot = lt_state_index_after(&overlay->index, slot);
    }
    overlay->index.slots[slot].place = to;
}

static void on_moved(void *context, uint32_t from, uint32_t to)
{
    struct lt_state_overlay *overlay = context;
    uint32_t number = lt_state_arena_at(&overlay->arena, to)->state - 1;
    overlay->entries[number].place = to;
    lead_slot(overlay, overlay->entries[number].hash, from, to);
}

static void fill_record(struct lt_state_record *record, uint32_t number,
                        const struct lt_state_change *change)
{
    record->final_at = change->final_at;
    record->value_bytes = (uint32_t)change->value.size_bytes;
    record->state = number + 1;
    if (change->value.size_bytes > 0)
        memmove(lt_state_record_key(record) + change->key.size_bytes, change->value.data,
                change->value.size_bytes);
}

/* A new record with the change; LT_STATE_NO_PLACE without memory. */
static uint32_t add_record(struct lt_state_overlay *overlay, uint32_t number,
                           const struct lt_state_change *change, size_t extra_bytes)
{
    uint32_t place = lt_state_arena_add(
        &overlay->arena, change->key.size_bytes + change->value.size_bytes + extra_bytes);
    if (place == LT_STATE_NO_PLACE)
        return place;
    struct lt_state_record *record = lt_state_arena_at(&overlay->arena, place);
    record->key_bytes = (uint32_t)change->key.size_bytes;
    if (change->key.size_bytes > 0)
        memcpy(lt_state_record_key(record), change->key.data, change->key.size_bytes);
    fill_record(record, number, change);
    return place;
}

static bool add_entry(struct lt_state_overlay *overlay, const struct lt_state_change *change,
                      bool is_stored, int64_t stored_final_at)
{
    if (!lt_state_index_reserve(&overlay->index, 1) || !reserve_entry(overlay))
        return false;
    uint32_t number = overlay->count;
    uint32_t place = add_record(overlay, number, change, 0);
    if (place == LT_STATE_NO_PLACE)
        return false;
    overlay->entries[overlay->count++] =
        (struct lt_state_overlay_entry){.hash = change->hash,
                                        .place = place,
                                        .is_removed = change->is_removed,
                                        .is_stored = is_stored,
                                        .stored_final_at = stored_final_at};
    lt_state_index_add(&overlay->index, change->hash, place);
    return true;
}

static bool change_entry(struct lt_state_overlay *overlay, struct lt_state_overlay_entry *entry,
                         const struct lt_state_change *change)
{
    uint32_t number = (uint32_t)(entry - overlay->entries);
    struct lt_state_record *record = lt_state_overlay_record(overlay, entry);
    if (change->key.size_bytes + change->value.size_bytes <= record->room_bytes) {
        fill_record(record, number, change);
    } else {
        uint32_t place = add_record(overlay, number, change, change->value.size_bytes / 4);
        if (place == LT_STATE_NO_PLACE)
            return false;
        lead_slot(overlay, entry->hash, entry->place, place);
        lt_state_arena_drop(&overlay->arena, entry->place);
        entry->place = place;
    }
    entry->is_removed = change->is_removed;
    return true;
}

bool lt_state_overlay_set(struct lt_state_overlay *overlay, struct lt_state_overlay_entry *entry,
                          const struct lt_state_change *change, bool is_stored,
                          int64_t stored_final_at)
{
    uint64_t number = entry == NULL ? overlay->count : (uint64_t)(entry - overlay->entries);
    int64_t from = entry == NULL || entry->is_removed
                       ? LT_STATE_NEVER
                       : lt_state_overlay_record(overlay, entry)->final_at;
    int64_t to = change->is_removed ? LT_STATE_NEVER : change->final_at;
    bool is_set = entry == NULL ? add_entry(overlay, change, is_stored, stored_final_at)
                                : change_entry(overlay, entry, change);
    if (!is_set)
        return false;
    if (from != to && from != LT_STATE_NEVER)
        lt_state_times_remove(overlay->times, (struct lt_state_time){from, number});
    if (from != to && to != LT_STATE_NEVER)
        lt_state_times_add(overlay->times, (struct lt_state_time){to, number});
    uint32_t segment = lt_state_arena_sparse(&overlay->arena);
    if (segment != 0) /* last: what was set may have been the overlay's own bytes */
        (void)lt_state_arena_empty(&overlay->arena, segment, on_moved, overlay);
    return true;
}

/* -------------------------------------------------------------------------------------- stream */

static bool change_hash(const void *context, uint32_t number, uint64_t *out)
{
    const struct lt_state_overlay *overlay = context;
    const struct lt_state_overlay_entry *entry = &overlay->entries[number];
    *out = entry->hash;
    return !entry->is_removed || entry->is_stored;
}

static void get_change(const void *context, uint32_t number, struct lt_state_change *out)
{
    const struct lt_state_overlay *overlay = context;
    const struct lt_state_overlay_entry *entry = &overlay->entries[number];
    struct lt_state_record *record = lt_state_overlay_record(overlay, entry);
    *out = (struct lt_state_change){.hash = entry->hash,
                                    .key = key_of(record),
                                    .final_at = record->final_at,
                                    .is_removed = entry->is_removed};
    if (!entry->is_removed)
        out->value =
            (struct lt_state_bytes){lt_state_record_value(record), record->value_bytes};
}

struct lt_state_stream *lt_state_overlay_stream(const struct lt_state_overlay *overlay)
{
    const struct lt_state_numbered changes = {
        .context = overlay, .count = overlay->count, .hash = change_hash, .get = get_change};
    return lt_state_sorted_create(&changes);
}

uint64_t lt_state_overlay_bytes(const struct lt_state_overlay *overlay)
{
    return overlay->arena.all_bytes + overlay->index.capacity * sizeof overlay->index.slots[0] +
           (uint64_t)overlay->capacity * sizeof overlay->entries[0] +
           lt_state_times_bytes(overlay->times);
}
