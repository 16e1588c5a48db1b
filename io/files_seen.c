#include "io/files_seen.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "core/base/arena.h"
#include "core/base/error.h"
#include "io/files_name.h"

enum { SLOTS_FIRST = 256 };

struct slot {
    XXH128_hash_t hash;
    int64_t timestamp_ms;
    bool is_used;
};

/* Linear probing, at most half full; a removal moves back what it would cut off. */
struct lt_files_seen {
    struct slot *slots;
    size_t slot_count, used;
    int64_t max_age_ms, newest_ms, oldest_ms;
    bool is_name_only;
};

struct lt_files_seen *lt_files_seen_create(int64_t max_age_ms, bool is_name_only)
{
    struct lt_files_seen *seen = lt_alloc(sizeof *seen);
    *seen = (struct lt_files_seen){
        .slots = lt_alloc_array(SLOTS_FIRST, sizeof seen->slots[0]),
        .slot_count = SLOTS_FIRST,
        .max_age_ms = max_age_ms,
        .oldest_ms = INT64_MIN,
        .is_name_only = is_name_only,
    };
    return seen;
}

void lt_files_seen_destroy(struct lt_files_seen *seen)
{
    if (seen == NULL)
        return;
    free(seen->slots);
    free(seen);
}

static XXH128_hash_t hash_of(const struct lt_files_seen *seen, const char *path)
{
    const char *identity = seen->is_name_only ? lt_files_base_name(path) : path;
    return XXH3_128bits(identity, strlen(identity));
}

static size_t next_slot(const struct lt_files_seen *seen, size_t index)
{
    return (index + 1) & (seen->slot_count - 1);
}

/* The slot that has the hash, or the free one where it belongs. */
static size_t find_slot(const struct lt_files_seen *seen, XXH128_hash_t hash)
{
    size_t index = hash.low64 & (seen->slot_count - 1);
    while (seen->slots[index].is_used && !XXH128_isEqual(seen->slots[index].hash, hash))
        index = next_slot(seen, index); /* ends: half of the slots are free */
    return index;
}

static void rebuild(struct lt_files_seen *seen, size_t slot_count)
{
    struct slot *old = seen->slots;
    size_t old_count = seen->slot_count;
    seen->slots = lt_alloc_array(slot_count, sizeof seen->slots[0]);
    seen->slot_count = slot_count;
    for (size_t i = 0; i < old_count; i++)
        if (old[i].is_used)
            seen->slots[find_slot(seen, old[i].hash)] = old[i];
    free(old);
}

bool lt_files_seen_is_new(const struct lt_files_seen *seen, const char *path, int64_t timestamp_ms)
{
    return timestamp_ms >= seen->oldest_ms &&
           !seen->slots[find_slot(seen, hash_of(seen, path))].is_used;
}

void lt_files_seen_add(struct lt_files_seen *seen, const char *path, int64_t timestamp_ms)
{
    XXH128_hash_t hash = hash_of(seen, path);
    struct slot *slot = &seen->slots[find_slot(seen, hash)];
    if (timestamp_ms > seen->newest_ms)
        seen->newest_ms = timestamp_ms;
    seen->used += !slot->is_used;
    *slot = (struct slot){.hash = hash, .timestamp_ms = timestamp_ms, .is_used = true};
    if (2 * seen->used > seen->slot_count)
        rebuild(seen, 2 * seen->slot_count);
}

/* Is the slot at `index` reached from its home without passing `hole`? */
static bool is_reached(const struct lt_files_seen *seen, size_t index, size_t hole)
{
    size_t mask = seen->slot_count - 1, home = seen->slots[index].hash.low64 & mask;
    return ((index - home) & mask) < ((index - hole) & mask);
}

static void free_slot(struct lt_files_seen *seen, size_t hole)
{
    for (size_t i = next_slot(seen, hole); seen->slots[i].is_used; i = next_slot(seen, i)) {
        if (is_reached(seen, i, hole))
            continue;
        seen->slots[hole] = seen->slots[i];
        hole = i;
    }
    seen->slots[hole].is_used = false;
    seen->used--;
}

void lt_files_seen_remove(struct lt_files_seen *seen, const char *path)
{
    size_t index = find_slot(seen, hash_of(seen, path));
    if (seen->slots[index].is_used)
        free_slot(seen, index);
}

int64_t lt_files_seen_purge(struct lt_files_seen *seen)
{
    if (seen->max_age_ms == INT64_MAX || seen->used == 0)
        return seen->oldest_ms;
    seen->oldest_ms = seen->newest_ms - seen->max_age_ms;
    size_t kept = 0;
    for (size_t i = 0; i < seen->slot_count; i++)
        kept += seen->slots[i].is_used && seen->slots[i].timestamp_ms >= seen->oldest_ms;
    if (kept == seen->used)
        return seen->oldest_ms;
    for (size_t i = 0; i < seen->slot_count; i++)
        seen->slots[i].is_used &= seen->slots[i].timestamp_ms >= seen->oldest_ms;
    seen->used = kept;
    rebuild(seen, seen->slot_count); /* what a freed slot cut off is put where it belongs */
    return seen->oldest_ms;
}

size_t lt_files_seen_count(const struct lt_files_seen *seen)
{
    return seen->used;
}
