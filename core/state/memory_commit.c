/*
 * The end of a batch: what it changed, in the order of a file; and then either all of it is as it
 * is to be, or as it was.
 */
#include "core/state/memory_internal.h"

#include <stdlib.h>

#include "core/state/sorted.h"

enum { CHANGES_KEPT = 64 * 1024 }; /* a larger list is given back after its batch */

/* ------------------------------------------------------------------------------------- prepare */

static bool change_hash(const void *context, uint32_t number, uint64_t *out)
{
    const struct lt_state_memory *memory = context;
    const struct lt_state_memory_change *change = &memory->changes[number];
    *out = change->hash;
    return change->old != LT_STATE_NO_PLACE ||
           lt_state_record_has_value(lt_state_arena_at(&memory->arena, change->now));
}

static void get_change(const void *context, uint32_t number, struct lt_state_change *out)
{
    const struct lt_state_memory *memory = context;
    struct lt_state_record *record =
        lt_state_arena_at(&memory->arena, memory->changes[number].now);
    *out = (struct lt_state_change){.hash = memory->changes[number].hash,
                                    .key = lt_state_record_key_bytes(record),
                                    .final_at = record->final_at,
                                    .is_removed = !lt_state_record_has_value(record)};
    if (!out->is_removed)
        out->value = lt_state_record_value_bytes(record);
}

static struct lt_state_stream *stream_changes(const struct lt_state_memory *memory)
{
    const struct lt_state_numbered changes = {
        .context = memory, .count = memory->change_count, .hash = change_hash, .get = get_change};
    return lt_state_sorted_create(&changes);
}

void lt_state_memory_prepare(struct lt_state_store *store, uint64_t version)
{
    struct lt_state_memory *memory = lt_state_memory_of(store);
    lt_assert(!memory->is_prepared);
    memory->is_prepared = true;
    bool is_kept = lt_state_keeper_is_kept(memory->keeper);
    lt_state_keeper_prepare(memory->keeper, version, is_kept ? stream_changes(memory) : NULL);
}

int lt_state_memory_prepared(struct lt_state_store *store, struct lt_error *error)
{
    return lt_state_keeper_prepared(lt_state_memory_of(store)->keeper, error);
}

/* ----------------------------------------------------------------------------- commit and abort */

static void begin_anew(struct lt_state_memory *memory)
{
    memory->is_prepared = false;
    memory->updated = 0;
    memory->removed = 0;
    memory->change_count = 0;
    if (memory->change_capacity > CHANGES_KEPT) {
        free(memory->changes);
        memory->changes = NULL;
        memory->change_capacity = 0;
    }
}

static void commit_change(struct lt_state_memory *memory,
                          const struct lt_state_memory_change *change)
{
    struct lt_state_record *record = lt_state_arena_at(&memory->arena, change->now);
    bool has_value = lt_state_record_has_value(record);
    if (!has_value)
        lt_state_index_remove(&memory->index,
                              lt_state_memory_slot_of(memory, change->hash, change->now));
    if (change->old != LT_STATE_NO_PLACE && change->old != change->now)
        lt_state_arena_drop(&memory->arena, change->old);
    if (has_value)
        record->state = 0;
    else
        lt_state_arena_drop(&memory->arena, change->now);
}

void lt_state_memory_commit(struct lt_state_store *store)
{
    struct lt_state_memory *memory = lt_state_memory_of(store);
    lt_state_keeper_commit(memory->keeper);
    for (uint32_t i = 0; i < memory->change_count; i++)
        commit_change(memory, &memory->changes[i]);
    memory->committed_entries = memory->entries;
    begin_anew(memory);
}

static void abort_change(struct lt_state_memory *memory,
                         const struct lt_state_memory_change *change)
{
    struct lt_state_record *now = lt_state_arena_at(&memory->arena, change->now);
    uint64_t slot = lt_state_memory_slot_of(memory, change->hash, change->now);
    if (lt_state_record_has_value(now)) {
        now->state |= LT_STATE_REMOVED; /* so that it is not found to have its time */
        if (now->final_at != LT_STATE_NEVER)
            lt_state_memory_forget_time(memory, change->hash, now->final_at);
    }
    if (change->old == LT_STATE_NO_PLACE) {
        lt_state_index_remove(&memory->index, slot);
    } else {
        struct lt_state_record *old = lt_state_arena_at(&memory->arena, change->old);
        memory->index.slots[slot].place = change->old;
        old->state = 0;
        if (old->final_at != LT_STATE_NEVER)
            lt_state_times_add(memory->times,
                               (struct lt_state_time){old->final_at, change->hash});
    }
    if (change->old != change->now)
        lt_state_arena_drop(&memory->arena, change->now);
}

int lt_state_memory_abort(struct lt_state_store *store, struct lt_error *error)
{
    (void)error;
    struct lt_state_memory *memory = lt_state_memory_of(store);
    lt_state_keeper_abort(memory->keeper);
    for (uint32_t i = 0; i < memory->change_count; i++)
        abort_change(memory, &memory->changes[i]);
    memory->entries = memory->committed_entries;
    begin_anew(memory);
    return 0;
}
