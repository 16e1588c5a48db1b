/*
 * Filling an empty store, of which the size is about known ahead. The entries come by hash, and
 * have their slots all over the index; so a few are on their way at a time, each with its slot
 * already being fetched. Keys differ, so nothing is searched. The times are sorted and made a tree
 * at the end.
 *
 * Of many entries the files are read, checked and expanded by the reactor's helper meanwhile.
 */
#include "core/state/memory_internal.h"

#include <inttypes.h>
#include <stdlib.h>

#include "core/base/arena.h"
#include "core/state/ahead.h"
#include "core/state/sort.h"

enum { ON_THEIR_WAY = 16, FIRST_TIMES = 1024, ENTRIES_FOR_HELP = 64 * 1024 };

struct loading {
    struct lt_state_memory *memory;
    struct {
        uint64_t hash;
        uint32_t place;
    } waiting[ON_THEIR_WAY];
    uint64_t count;
    struct lt_state_pair *times; /* the time, so that it sorts without a sign; the hash */
    size_t time_count, time_capacity;
};

static uint64_t time_to_key(int64_t time)
{
    return (uint64_t)time ^ (uint64_t)1 << 63;
}

static int64_t time_of_key(uint64_t key)
{
    return (int64_t)(key ^ (uint64_t)1 << 63);
}

static void add_time(struct loading *loading, const struct lt_state_change *change)
{
    if (loading->time_count == loading->time_capacity) {
        loading->time_capacity =
            loading->time_capacity == 0 ? FIRST_TIMES : 2 * loading->time_capacity;
        loading->times =
            lt_realloc_array(loading->times, loading->time_capacity, sizeof loading->times[0]);
    }
    loading->times[loading->time_count++] =
        (struct lt_state_pair){time_to_key(change->final_at), change->hash};
}

static bool add_entry(struct loading *loading, const struct lt_state_change *change)
{
    struct lt_state_memory *memory = loading->memory;
    uint32_t place =
        lt_state_arena_add(&memory->arena, change->key.size_bytes + change->value.size_bytes);
    if (place == LT_STATE_NO_PLACE || !lt_state_index_reserve(&memory->index, ON_THEIR_WAY))
        return false;
    struct lt_state_record *record = lt_state_arena_at(&memory->arena, place);
    record->final_at = change->final_at;
    record->key_bytes = (uint32_t)change->key.size_bytes;
    record->value_bytes = (uint32_t)change->value.size_bytes;
    record->state = 0;
    memcpy(lt_state_record_key(record), change->key.data, change->key.size_bytes);
    memcpy(lt_state_record_value(record), change->value.data, change->value.size_bytes);
    uint64_t turn = loading->count % ON_THEIR_WAY;
    if (loading->count >= ON_THEIR_WAY)
        lt_state_index_add(&memory->index, loading->waiting[turn].hash,
                           loading->waiting[turn].place);
    loading->waiting[turn].hash = change->hash;
    loading->waiting[turn].place = place;
    lt_state_index_prefetch(&memory->index, change->hash);
    loading->count++;
    if (change->final_at != LT_STATE_NEVER)
        add_time(loading, change);
    return true;
}

static void finish(struct loading *loading)
{
    struct lt_state_memory *memory = loading->memory;
    uint64_t first = loading->count < ON_THEIR_WAY ? 0 : loading->count - ON_THEIR_WAY;
    for (uint64_t i = first; i < loading->count; i++)
        lt_state_index_add(&memory->index, loading->waiting[i % ON_THEIR_WAY].hash,
                           loading->waiting[i % ON_THEIR_WAY].place);
    memory->entries = loading->count;
    memory->committed_entries = loading->count;
    /* They are in the order of their hashes, which sorting by time keeps among equals. */
    lt_state_sort(loading->times, loading->time_count);
    struct lt_state_time *list =
        lt_realloc_array(NULL, loading->time_count + 1, sizeof list[0]);
    size_t count = 0;
    for (size_t i = 0; i < loading->time_count; i++) {
        struct lt_state_time time = {time_of_key(loading->times[i].key), loading->times[i].item};
        if (count == 0 || list[count - 1].at != time.at || list[count - 1].hash != time.hash)
            list[count++] = time;
    }
    lt_state_times_build(memory->times, list, count);
    free(list);
}

int lt_state_memory_load(struct lt_state_memory *memory, struct lt_state_merge *merge,
                         struct lt_reactor *reactor, struct lt_error *error)
{
    struct loading loading = {.memory = memory};
    struct lt_state_stream *files = lt_state_merge_stream(merge), *stream = files;
    struct lt_state_change change;
    uint64_t guess = lt_state_merge_entries_guess(merge);
    bool has_room = lt_state_index_reserve(&memory->index, guess);
    int code = 0;
    memory->arena.is_filling = true;
    if (guess >= ENTRIES_FOR_HELP)
        stream = lt_state_ahead_create(files, reactor);
    while (has_room && (code = stream->next(stream, &change, error)) == 1)
        has_room = add_entry(&loading, &change);
    if (stream != files)
        stream->destroy(stream);
    lt_state_merge_destroy(merge);
    lt_state_arena_filled(&memory->arena);
    if (has_room && code == 0)
        finish(&loading);
    free(loading.times);
    if (!has_room) {
        lt_error_set(error, LT_E_NO_MEMORY,
                     "An error occurred during loading state. There is no room in memory for all "
                     "about %" PRIu64 " entries; hint: keep state in RocksDB: "
                     "spark.sql.streaming.stateStore.providerClass = rocksdb",
                     guess);
        return lt_error_condition(
            error, "CANNOT_LOAD_STATE_STORE.HDFS_STORE_PROVIDER_OUT_OF_MEMORY", "58030");
    }
    return code;
}
