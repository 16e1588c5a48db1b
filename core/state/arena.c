/*
 * Segments grow with what there is, so that a small store is small: the first has 16 KiB, a later
 * one as much as all before it, up to 2 MiB. A record of half that or more has one of its own.
 */
#include "core/state/arena.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "core/base/arena.h"

enum { FIRST_SEGMENT_BYTES = 16 * 1024 };
_Static_assert(sizeof(struct lt_state_record) % LT_STATE_UNIT_BYTES == 0, "records are units");

void lt_state_arena_init(struct lt_state_arena *arena)
{
    *arena = (struct lt_state_arena){.count = 1, .capacity = 16};
    arena->segments = lt_alloc_array(arena->capacity, sizeof arena->segments[0]);
}

void lt_state_arena_fini(struct lt_state_arena *arena)
{
    for (uint32_t i = 0; i < arena->count; i++)
        free(arena->segments[i].bytes);
    free(arena->segments);
}

/* Has a segment of its own, and leaves what is left of the current one to others. */
static bool is_large(size_t record_bytes)
{
    return record_bytes >= LT_STATE_SEGMENT_BYTES / 2;
}

/* A number that no segment has; 0 if all are taken. */
static uint32_t free_number(struct lt_state_arena *arena)
{
    for (uint32_t i = 1; i < arena->count; i++) {
        if (arena->segments[i].bytes == NULL)
            return i;
    }
    if (arena->count == LT_STATE_SEGMENTS)
        return 0;
    if (arena->count == arena->capacity) {
        arena->capacity *= 2;
        arena->segments =
            lt_realloc_array(arena->segments, arena->capacity, sizeof arena->segments[0]);
    }
    arena->segments[arena->count] = (struct lt_state_segment){0};
    return arena->count++;
}

static bool is_huge(size_t size_bytes)
{
    return size_bytes % LT_STATE_SEGMENT_BYTES == 0;
}

static void advise(unsigned char *bytes, size_t size_bytes)
{
    (void)madvise(bytes, size_bytes, MADV_HUGEPAGE); /* advice: fewer faults if taken */
}

static unsigned char *take_memory(const struct lt_state_arena *arena, size_t size_bytes)
{
    if (!is_huge(size_bytes))
        return malloc(size_bytes);
    unsigned char *bytes = aligned_alloc(LT_STATE_SEGMENT_BYTES, size_bytes);
    if (bytes != NULL && !arena->is_filling)
        advise(bytes, size_bytes);
    return bytes;
}

void lt_state_arena_filled(struct lt_state_arena *arena)
{
    arena->is_filling = false;
    for (uint32_t i = 1; i < arena->count; i++) {
        const struct lt_state_segment *segment = &arena->segments[i];
        if (segment->bytes != NULL && is_huge(segment->capacity))
            advise(segment->bytes, segment->capacity);
    }
}

/* A new segment with room for a record of so many bytes; 0 if there is none. */
static uint32_t add_segment(struct lt_state_arena *arena, size_t record_bytes)
{
    uint32_t number = free_number(arena);
    if (number == 0)
        return 0;
    size_t capacity = arena->all_bytes < FIRST_SEGMENT_BYTES ? FIRST_SEGMENT_BYTES
                                                             : arena->all_bytes;
    if (capacity > LT_STATE_SEGMENT_BYTES)
        capacity = LT_STATE_SEGMENT_BYTES;
    if (is_large(record_bytes) || capacity < record_bytes)
        capacity = record_bytes;
    struct lt_state_segment *segment = &arena->segments[number];
    segment->bytes = take_memory(arena, capacity);
    if (segment->bytes == NULL)
        return 0;
    segment->capacity = capacity;
    segment->used_bytes = 0;
    segment->live_bytes = 0;
    arena->all_bytes += capacity;
    return number;
}

static size_t record_bytes_for(size_t room_bytes)
{
    size_t size = sizeof(struct lt_state_record) + room_bytes;
    return (size + LT_STATE_UNIT_BYTES - 1) / LT_STATE_UNIT_BYTES * LT_STATE_UNIT_BYTES;
}

static size_t record_bytes(const struct lt_state_record *record)
{
    return sizeof *record + record->room_bytes;
}

uint32_t lt_state_arena_add(struct lt_state_arena *arena, size_t room_bytes)
{
    size_t size = record_bytes_for(room_bytes);
    uint32_t number = arena->current;
    struct lt_state_segment *segment = &arena->segments[number];
    if (segment->capacity - segment->used_bytes < size) {
        number = add_segment(arena, size);
        if (number == 0)
            return LT_STATE_NO_PLACE;
        segment = &arena->segments[number];
        if (!is_large(size))
            arena->current = number;
    }
    size_t offset = segment->used_bytes;
    segment->used_bytes += size;
    segment->live_bytes += size;
    arena->used_bytes += size;
    arena->live_bytes += size;
    struct lt_state_record *record = (struct lt_state_record *)(void *)(segment->bytes + offset);
    record->room_bytes = (uint32_t)(size - sizeof *record);
    return number << LT_STATE_SEGMENT_BITS | (uint32_t)(offset / LT_STATE_UNIT_BYTES);
}

static void free_segment(struct lt_state_arena *arena, uint32_t number)
{
    struct lt_state_segment *segment = &arena->segments[number];
    lt_assert(segment->live_bytes == 0);
    free(segment->bytes);
    arena->used_bytes -= segment->used_bytes;
    arena->all_bytes -= segment->capacity;
    *segment = (struct lt_state_segment){0};
    if (arena->current == number)
        arena->current = 0;
}

void lt_state_arena_drop(struct lt_state_arena *arena, uint32_t place)
{
    struct lt_state_record *record = lt_state_arena_at(arena, place);
    struct lt_state_segment *segment = &arena->segments[place >> LT_STATE_SEGMENT_BITS];
    lt_debug_assert(record->state != LT_STATE_DROPPED);
    record->state = LT_STATE_DROPPED;
    segment->live_bytes -= record_bytes(record);
    arena->live_bytes -= record_bytes(record);
}

uint32_t lt_state_arena_sparse(const struct lt_state_arena *arena)
{
    size_t holes = arena->used_bytes - arena->live_bytes;
    if (holes < arena->live_bytes / 2 + FIRST_SEGMENT_BYTES)
        return 0;
    uint32_t best = 0;
    for (uint32_t i = 1; i < arena->count; i++) {
        const struct lt_state_segment *segment = &arena->segments[i];
        if (segment->bytes == NULL || i == arena->current)
            continue;
        /* The share that is live, compared without dividing. */
        if (best == 0 || segment->live_bytes * arena->segments[best].used_bytes <
                             arena->segments[best].live_bytes * segment->used_bytes)
            best = i;
    }
    /* The current one may have all the holes: it is closed, and comes next time. */
    bool is_worth = best != 0 && arena->segments[best].live_bytes * 4 <=
                                     arena->segments[best].used_bytes * 3;
    return is_worth ? best : arena->current;
}

/* Copies a record to the end; its new place, or LT_STATE_NO_PLACE. */
static uint32_t copy_record(struct lt_state_arena *arena, uint32_t from)
{
    const struct lt_state_record *record = lt_state_arena_at(arena, from);
    uint32_t to =
        lt_state_arena_add(arena, (size_t)record->key_bytes + record->value_bytes);
    if (to == LT_STATE_NO_PLACE)
        return to;
    record = lt_state_arena_at(arena, from); /* the list of segments may have moved */
    struct lt_state_record *copy = lt_state_arena_at(arena, to);
    uint32_t room_bytes = copy->room_bytes;
    memcpy(copy, record, sizeof *copy + record->key_bytes + record->value_bytes);
    copy->room_bytes = room_bytes;
    return to;
}

bool lt_state_arena_empty(struct lt_state_arena *arena, uint32_t segment,
                          void (*moved)(void *context, uint32_t from, uint32_t to), void *context)
{
    if (arena->current == segment)
        arena->current = 0;
    size_t offset = 0;
    while (arena->segments[segment].live_bytes > 0) { /* ends: each round drops one or goes on */
        uint32_t from =
            segment << LT_STATE_SEGMENT_BITS | (uint32_t)(offset / LT_STATE_UNIT_BYTES);
        const struct lt_state_record *record = lt_state_arena_at(arena, from);
        offset += record_bytes(record);
        if (record->state == LT_STATE_DROPPED)
            continue;
        uint32_t to = copy_record(arena, from);
        if (to == LT_STATE_NO_PLACE)
            return false;
        moved(context, from, to);
        lt_state_arena_drop(arena, from);
    }
    free_segment(arena, segment);
    return true;
}
