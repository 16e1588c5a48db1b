/*
 * The store in memory: records in an arena, found through an index by hash, and through a tree by
 * when they become final. A version that is committed stays in place, record by record, until the
 * next one is: what a batch changes is written beside it, so an abort only leads the index back.
 * What is changed again in one batch is written over, so that a counter that is touched a million
 * times is one change.
 *
 * The bytes on disk are the keeper's (core/state/keeper.h).
 */
#include "core/state/memory_store.h"

#include <stdlib.h>

#include "core/base/arena.h"
#include "core/state/memory_internal.h"

/* ---------------------------------------------------------------------------------------- find */

static struct lt_state_record *record_at(const struct lt_state_memory *memory, uint64_t slot)
{
    return lt_state_arena_at(&memory->arena, memory->index.slots[slot].place);
}

static uint64_t hash_of(const struct lt_state_memory *memory, struct lt_state_bytes key)
{
    return lt_state_hash(key.data, key.size_bytes, memory->key_suffix_bytes);
}

/* The record of a key, with a value or without, and its slot; NULL if there is none. */
static struct lt_state_record *find(const struct lt_state_memory *memory, uint64_t hash,
                                    struct lt_state_bytes key, uint64_t *slot_out)
{
    const struct lt_state_index *index = &memory->index;
    if (index->capacity == 0)
        return NULL;
    for (uint64_t slot = lt_state_index_first(index, hash); index->slots[slot].place != 0;
         slot = lt_state_index_after(index, slot)) {
        if (index->slots[slot].hash != (uint32_t)hash)
            continue;
        struct lt_state_record *record = record_at(memory, slot);
        if (lt_state_bytes_equal(lt_state_record_key_bytes(record), key)) {
            *slot_out = slot;
            return record;
        }
    }
    return NULL;
}

uint64_t lt_state_memory_slot_of(const struct lt_state_memory *memory, uint64_t hash,
                                 uint32_t place)
{
    const struct lt_state_index *index = &memory->index;
    uint64_t slot = lt_state_index_first(index, hash);
    while (index->slots[slot].place != place) {
        lt_assert(index->slots[slot].place != 0);
        slot = lt_state_index_after(index, slot);
    }
    return slot;
}

static bool memory_get(struct lt_state_store *store, struct lt_state_bytes key,
                       struct lt_state_bytes *value)
{
    const struct lt_state_memory *memory = lt_state_memory_of(store);
    uint64_t slot;
    struct lt_state_record *record = find(memory, hash_of(memory, key), key, &slot);
    if (record == NULL || !lt_state_record_has_value(record))
        return false;
    *value = lt_state_record_value_bytes(record);
    return true;
}

/* --------------------------------------------------------------------------------------- times */

void lt_state_memory_forget_time(struct lt_state_memory *memory, uint64_t hash, int64_t final_at)
{
    const struct lt_state_index *index = &memory->index;
    for (uint64_t slot = lt_state_index_first(index, hash); index->slots[slot].place != 0;
         slot = lt_state_index_after(index, slot)) {
        if (index->slots[slot].hash != (uint32_t)hash)
            continue;
        struct lt_state_record *record = record_at(memory, slot);
        if (lt_state_record_has_value(record) && record->final_at == final_at &&
            hash_of(memory, lt_state_record_key_bytes(record)) == hash)
            return;
    }
    lt_state_times_remove(memory->times, (struct lt_state_time){final_at, hash});
}

/* After a record of this hash has changed. */
static void change_time(struct lt_state_memory *memory, uint64_t hash, int64_t from, int64_t to)
{
    if (from == to)
        return;
    if (from != LT_STATE_NEVER)
        lt_state_memory_forget_time(memory, hash, from);
    if (to != LT_STATE_NEVER)
        lt_state_times_add(memory->times, (struct lt_state_time){to, hash});
}

/* ----------------------------------------------------------------------------------------- put */

static bool reserve_changes(struct lt_state_memory *memory)
{
    if (memory->change_count < memory->change_capacity)
        return true;
    if (memory->change_count >= LT_STATE_CHANGES_MAX)
        return false;
    uint32_t capacity = memory->change_capacity == 0 ? 64 : memory->change_capacity * 2;
    void *grown = realloc(memory->changes, (size_t)capacity * sizeof memory->changes[0]);
    if (grown == NULL)
        return false;
    memory->changes = grown;
    memory->change_capacity = capacity;
    return true;
}

/* Its number + 1: a record's state. */
static uint32_t add_change(struct lt_state_memory *memory, uint64_t hash, uint32_t now,
                           uint32_t old)
{
    memory->changes[memory->change_count++] = (struct lt_state_memory_change){hash, now, old};
    return memory->change_count;
}

/* A new record for a key; `extra_bytes` of room that it does not need yet. */
static uint32_t add_record(struct lt_state_memory *memory, struct lt_state_bytes key,
                           struct lt_state_bytes value, int64_t final_at, size_t extra_bytes)
{
    uint32_t place = lt_state_arena_add(&memory->arena,
                                        key.size_bytes + value.size_bytes + extra_bytes);
    if (place == LT_STATE_NO_PLACE)
        return place;
    struct lt_state_record *record = lt_state_arena_at(&memory->arena, place);
    record->final_at = final_at;
    record->key_bytes = (uint32_t)key.size_bytes;
    record->value_bytes = (uint32_t)value.size_bytes;
    record->state = 0;
    if (key.size_bytes > 0)
        memcpy(lt_state_record_key(record), key.data, key.size_bytes);
    if (value.size_bytes > 0)
        memcpy(lt_state_record_value(record), value.data, value.size_bytes);
    return place;
}

/* Was made in this batch, so that nobody else needs what it has. */
static bool is_new(const struct lt_state_memory *memory, const struct lt_state_record *record,
                   uint32_t place)
{
    return record->state != 0 && lt_state_memory_change_of(memory, record)->old != place;
}

/* Leads a key's change and slot from the record it had to its new one. */
static void replace_record(struct lt_state_memory *memory, uint64_t hash, uint64_t slot,
                           uint32_t place)
{
    uint32_t before = memory->index.slots[slot].place;
    struct lt_state_record *record = lt_state_arena_at(&memory->arena, before);
    struct lt_state_record *made = lt_state_arena_at(&memory->arena, place);
    if (record->state == 0) {
        made->state = add_change(memory, hash, place, before);
        record->state = made->state | LT_STATE_OLD;
    } else {
        struct lt_state_memory_change *change = lt_state_memory_change_of(memory, record);
        made->state = (uint32_t)(change - memory->changes) + 1;
        change->now = place;
        if (change->old == before)
            record->state = made->state | LT_STATE_OLD;
        else
            lt_state_arena_drop(&memory->arena, before);
    }
    memory->index.slots[slot].place = place;
}

/* What a put of a key with such a record counts. */
static void count_put(struct lt_state_memory *memory, const struct lt_state_record *record)
{
    bool had_value = record != NULL && lt_state_record_has_value(record);
    memory->entries += !had_value;
    memory->updated += record == NULL || record->state == 0 || !had_value;
    if (record != NULL && !had_value &&
        lt_state_memory_change_of(memory, record)->old != LT_STATE_NO_PLACE)
        memory->removed--; /* it is there again */
}

static int no_room(struct lt_state_bytes key, struct lt_state_bytes value, struct lt_error *error)
{
    return lt_error_set(error, LT_E_NO_MEMORY,
                        "the state store in memory has no room for an entry of %zu bytes; hint: "
                        "keep state in RocksDB: spark.sql.streaming.stateStore.providerClass = "
                        "rocksdb",
                        key.size_bytes + value.size_bytes);
}

static int put_new_record(struct lt_state_memory *memory, struct lt_state_bytes key,
                          struct lt_state_bytes value, int64_t final_at, uint64_t hash,
                          struct lt_state_record *record, uint64_t slot, struct lt_error *error)
{
    /* What grows in one batch may grow again. */
    bool has_grown = record != NULL && is_new(memory, record, memory->index.slots[slot].place);
    size_t extra_bytes = has_grown ? value.size_bytes / 4 : 0;
    uint32_t place = add_record(memory, key, value, final_at, extra_bytes);
    if (place == LT_STATE_NO_PLACE)
        return no_room(key, value, error);
    count_put(memory, record);
    if (record == NULL) {
        lt_state_index_add(&memory->index, hash, place);
        uint32_t change = add_change(memory, hash, place, LT_STATE_NO_PLACE);
        lt_state_arena_at(&memory->arena, place)->state = change;
    } else {
        replace_record(memory, hash, slot, place);
    }
    return 0;
}

static int memory_put(struct lt_state_store *store, struct lt_state_bytes key,
                      struct lt_state_bytes value, int64_t final_at, struct lt_error *error)
{
    struct lt_state_memory *memory = lt_state_memory_of(store);
    lt_assert(!memory->is_prepared);
    int code = lt_state_entry_check(key, value, error);
    if (code != 0)
        return code;
    if (!lt_state_index_reserve(&memory->index, 1) || !reserve_changes(memory))
        return no_room(key, value, error);
    uint64_t hash = hash_of(memory, key), slot = 0;
    struct lt_state_record *record = find(memory, hash, key, &slot);
    int64_t was_final_at = record != NULL && lt_state_record_has_value(record) ? record->final_at
                                                                               : LT_STATE_NEVER;
    if (record != NULL && is_new(memory, record, memory->index.slots[slot].place) &&
        key.size_bytes + value.size_bytes <= record->room_bytes) {
        count_put(memory, record);
        record->state &= ~LT_STATE_REMOVED;
        record->final_at = final_at;
        record->value_bytes = (uint32_t)value.size_bytes;
        if (value.size_bytes > 0)
            memmove(lt_state_record_value(record), value.data, value.size_bytes);
    } else {
        code = put_new_record(memory, key, value, final_at, hash, record, slot, error);
        if (code != 0)
            return code;
    }
    change_time(memory, hash, was_final_at, final_at);
    lt_state_memory_compact(memory); /* last: what was put may have been the store's own bytes */
    return 0;
}

static bool memory_remove(struct lt_state_store *store, struct lt_state_bytes key)
{
    struct lt_state_memory *memory = lt_state_memory_of(store);
    lt_assert(!memory->is_prepared);
    uint64_t hash = hash_of(memory, key), slot;
    struct lt_state_record *record = find(memory, hash, key, &slot);
    if (record == NULL || !lt_state_record_has_value(record))
        return false;
    uint32_t place = memory->index.slots[slot].place;
    if (record->state == 0) {
        bool has_room = reserve_changes(memory);
        lt_assert(has_room); /* as all allocations of a few bytes an entry */
        record->state = add_change(memory, hash, place, place);
        memory->removed++;
    } else {
        memory->updated--;
        memory->removed += lt_state_memory_change_of(memory, record)->old != LT_STATE_NO_PLACE;
    }
    memory->entries--;
    record->state |= LT_STATE_REMOVED;
    change_time(memory, hash, record->final_at, LT_STATE_NEVER);
    return true;
}

/* ------------------------------------------------------------------------------------- cursors */

static bool give(struct lt_state_record *record, struct lt_state_entry *entry)
{
    *entry = (struct lt_state_entry){.key = lt_state_record_key_bytes(record),
                                     .value = lt_state_record_value_bytes(record),
                                     .final_at = record->final_at};
    return true;
}

/* place[0]: the slot to look at. */
static bool next_in_any_order(const struct lt_state_memory *memory, struct lt_state_cursor *cursor,
                              struct lt_state_entry *entry)
{
    while (cursor->place[0] < memory->index.capacity) {
        uint64_t slot = cursor->place[0]++;
        if (memory->index.slots[slot].place == LT_STATE_NO_PLACE)
            continue;
        struct lt_state_record *record = record_at(memory, slot);
        if (lt_state_record_has_value(record))
            return give(record, entry);
    }
    return false;
}

/* place[0]: 0 before the first time, 1 at a time: place[1], whose records are looked for from slot
 * place[3] on by the hash place[2]. */
static bool next_of_time(const struct lt_state_memory *memory, struct lt_state_cursor *cursor,
                         struct lt_state_entry *entry)
{
    const struct lt_state_index *index = &memory->index;
    int64_t at = (int64_t)cursor->place[1];
    uint64_t hash = cursor->place[2];
    while (index->slots[cursor->place[3]].place != LT_STATE_NO_PLACE) {
        uint64_t slot = cursor->place[3];
        cursor->place[3] = lt_state_index_after(index, slot);
        if (index->slots[slot].hash != (uint32_t)hash)
            continue;
        struct lt_state_record *record = record_at(memory, slot);
        if (lt_state_record_has_value(record) && record->final_at == at &&
            hash_of(memory, lt_state_record_key_bytes(record)) == hash)
            return give(record, entry);
    }
    return false;
}

static bool next_final(const struct lt_state_memory *memory, struct lt_state_cursor *cursor,
                       struct lt_state_entry *entry)
{
    for (;;) { /* ends with the times */
        if (cursor->place[0] == 1 && next_of_time(memory, cursor, entry))
            return true;
        struct lt_state_time last = {(int64_t)cursor->place[1], cursor->place[2]}, time;
        if (!lt_state_times_next(memory->times, cursor->place[0] == 0 ? NULL : &last, &time) ||
            time.at > cursor->bound)
            return false;
        cursor->place[0] = 1;
        cursor->place[1] = (uint64_t)time.at;
        cursor->place[2] = time.hash;
        cursor->place[3] = lt_state_index_first(&memory->index, time.hash);
    }
}

static bool memory_next(struct lt_state_cursor *cursor, struct lt_state_entry *entry)
{
    const struct lt_state_memory *memory = lt_state_memory_of(cursor->store);
    lt_assert(cursor->order != LT_STATE_WITH_PREFIX); /* has_prefix_order is false */
    return cursor->order == LT_STATE_ANY_ORDER ? next_in_any_order(memory, cursor, entry)
                                               : next_final(memory, cursor, entry);
}

/* ------------------------------------------------------------------------- between the batches */

/* A record has moved: who leads to it is told. */
static void on_moved(void *context, uint32_t from, uint32_t to)
{
    struct lt_state_memory *memory = context;
    struct lt_state_record *record = lt_state_arena_at(&memory->arena, to);
    bool is_in_index = (record->state & LT_STATE_OLD) == 0;
    if (record->state != 0) {
        struct lt_state_memory_change *change = lt_state_memory_change_of(memory, record);
        if (change->old == from)
            change->old = to;
        if (change->now == from)
            change->now = to;
    }
    if (is_in_index) {
        uint64_t hash = hash_of(memory, lt_state_record_key_bytes(record));
        memory->index.slots[lt_state_memory_slot_of(memory, hash, from)].place = to;
    }
}

bool lt_state_memory_compact(struct lt_state_memory *memory)
{
    uint32_t segment = lt_state_arena_sparse(&memory->arena);
    return segment != 0 && lt_state_arena_empty(&memory->arena, segment, on_moved, memory);
}

static uint32_t memory_maintain(struct lt_state_store *store, uint64_t oldest)
{
    struct lt_state_memory *memory = lt_state_memory_of(store);
    if (memory->is_prepared)
        return 0; /* what is being written stays where it is */
    return lt_state_keeper_maintain(memory->keeper, oldest) + lt_state_memory_compact(memory);
}

static void memory_counts(const struct lt_state_store *store, struct lt_state_counts *out)
{
    const struct lt_state_memory *memory = lt_state_memory_of(store);
    *out = (struct lt_state_counts){
        .entries = memory->entries,
        .updated = memory->updated,
        .removed = memory->removed,
        .memory_bytes = memory->arena.all_bytes +
                        memory->index.capacity * sizeof memory->index.slots[0] +
                        (uint64_t)memory->change_capacity * sizeof memory->changes[0] +
                        lt_state_times_bytes(memory->times)};
}

static void memory_close(struct lt_state_store *store)
{
    struct lt_state_memory *memory = lt_state_memory_of(store);
    lt_state_keeper_close(memory->keeper);
    lt_state_times_destroy(memory->times);
    lt_state_index_fini(&memory->index);
    lt_state_arena_fini(&memory->arena);
    free(memory->changes);
    free(memory);
}

static const struct lt_state_store_ops memory_ops = {
    .name = "memory",
    .get = memory_get,
    .put = memory_put,
    .remove = memory_remove,
    .next = memory_next,
    .prepare = lt_state_memory_prepare,
    .prepared = lt_state_memory_prepared,
    .commit = lt_state_memory_commit,
    .abort = lt_state_memory_abort,
    .maintain = memory_maintain,
    .counts = memory_counts,
    .close = memory_close,
};

int lt_state_memory_open(const struct lt_state_options *options, struct lt_state_store **out,
                         struct lt_error *error)
{
    struct lt_state_memory *memory = lt_alloc(sizeof *memory);
    memory->base.ops = &memory_ops;
    memory->key_suffix_bytes = options->key_suffix_bytes;
    memory->times = lt_state_times_create();
    lt_state_arena_init(&memory->arena);
    struct lt_state_merge *merge = NULL;
    int code = lt_state_keeper_open(options, &memory->keeper, error);
    if (code == 0)
        code = lt_state_keeper_load(memory->keeper, &merge, error);
    if (code == 0)
        code = lt_state_memory_load(memory, merge, options->reactor, error);
    if (code == 0)
        code = lt_state_keeper_begin(memory->keeper, error);
    if (code != 0) {
        memory_close(&memory->base);
        return code;
    }
    *out = &memory->base;
    return 0;
}
