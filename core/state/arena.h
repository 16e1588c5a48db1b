/*
 * The memory of entries: records in segments, one behind the other. A record keeps its place until
 * it is dropped, or until its segment is emptied: of segments with many holes the records that are
 * left are moved to the end, and the segment is freed. So memory is never more than half as much
 * again as what is in it, and no step takes longer than moving one segment.
 *
 * A record is known by its place, a number of 32 bits that counts units of 8 bytes: 32 GiB in all.
 *
 * What is not here: what a record's state means (core/state/memory_store.c).
 *
 * on: one thread at a time.
 */
#ifndef LT_STATE_ARENA_H
#define LT_STATE_ARENA_H

#include "core/state/change.h"

enum {
    LT_STATE_UNIT_BYTES = 8,
    LT_STATE_SEGMENT_BITS = 18, /* of a place: which unit of its segment; 2 MiB, a huge page */
    LT_STATE_SEGMENT_BYTES = LT_STATE_UNIT_BYTES << LT_STATE_SEGMENT_BITS,
    LT_STATE_SEGMENTS = 1 << (32 - LT_STATE_SEGMENT_BITS),
    LT_STATE_NO_PLACE = 0, /* no record is in segment 0 */
};

/* Its key follows, and its value. */
struct lt_state_record {
    int64_t final_at;
    uint32_t key_bytes, value_bytes;
    uint32_t room_bytes; /* for both */
    uint32_t state;      /* the store's; LT_STATE_DROPPED: nobody's */
};
#define LT_STATE_DROPPED UINT32_MAX

struct lt_state_segment {
    unsigned char *bytes; /* NULL: there is no such segment */
    size_t capacity, used_bytes, live_bytes;
};

struct lt_state_arena {
    struct lt_state_segment *segments; /* LT_STATE_SEGMENTS at most */
    uint32_t count, capacity;
    uint32_t current;  /* records are added to; 0: none yet */
    size_t live_bytes; /* of records */
    size_t used_bytes; /* of records and holes */
    size_t all_bytes;  /* taken from the system */
    /* Much is added in a hurry: pages are small ones, of which the system has many that were in use
     * a moment ago. Huge ones it clears two megabytes at a time, and a virtual machine may have to
     * ask its host for each. */
    bool is_filling;
};

void lt_state_arena_init(struct lt_state_arena *arena);
void lt_state_arena_fini(struct lt_state_arena *arena);

static inline struct lt_state_record *lt_state_arena_at(const struct lt_state_arena *arena,
                                                        uint32_t place)
{
    size_t offset = (size_t)(place & ((1u << LT_STATE_SEGMENT_BITS) - 1)) * LT_STATE_UNIT_BYTES;
    unsigned char *segment = arena->segments[place >> LT_STATE_SEGMENT_BITS].bytes;
    return (struct lt_state_record *)(void *)(segment + offset);
}
static inline unsigned char *lt_state_record_key(struct lt_state_record *record)
{
    return (unsigned char *)(record + 1);
}
static inline unsigned char *lt_state_record_value(struct lt_state_record *record)
{
    return lt_state_record_key(record) + record->key_bytes;
}

/* A record with room for so many bytes behind it, and nothing in it: its `room_bytes` is at least
 * that, all else is the caller's to write. LT_STATE_NO_PLACE: there is no memory, or no place left.
 * Other records stay where they are. */
uint32_t lt_state_arena_add(struct lt_state_arena *arena, size_t room_bytes);
/* Ends `is_filling`: pages may become huge ones now. */
void lt_state_arena_filled(struct lt_state_arena *arena);
/* Nobody's any more. Its bytes stay readable until records are moved. */
void lt_state_arena_drop(struct lt_state_arena *arena, uint32_t place);

/* A segment that is worth emptying; 0 if there is none. */
uint32_t lt_state_arena_sparse(const struct lt_state_arena *arena);
/* Moves a segment's records to the end, each with a call, and frees it. False: there was no memory
 * for all, and some are still there. */
bool lt_state_arena_empty(struct lt_state_arena *arena, uint32_t segment,
                          void (*moved)(void *context, uint32_t from, uint32_t to), void *context);

#endif
