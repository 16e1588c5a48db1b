/*
 * Rows: one record of a schema, and the pools they come from.
 *
 * A row is a fixed header, one 16-byte value per column, a null bitmap, and scratch memory for
 * values that were computed for it. It is filled by one thread, then only read. Bytes that no
 * operator changed stay where they arrived; the row holds on to them:
 *
 *   - a row of a source holds what it was read from (a Kafka message, a registered buffer):
 *     `origin`, which the pool's on_release gives back;
 *   - a row made by an operator holds the row it was made from: `parent`. Its values may point into
 *     any parent.
 *
 * References are counted. Whoever is handed a row owns one reference and hands it on or releases
 * it; the last release lets go of the parent and sends the row home to its pool. A pool belongs to
 * one thread, which claims from it; rows may be released on any thread. In a fused lane both are
 * the same thread and no atomic instruction is executed (`is_shared` false).
 *
 * A pool that has no row left returns NULL: the source stops polling until rows come home. That,
 * and full rings, are the only back-pressure there is.
 *
 * A row that only holds (kind LT_ROW_HOLD: a whole fetched batch that many record rows borrow from)
 * has no columns; its rows have it as their parent.
 */
#ifndef LT_DATA_ROW_H
#define LT_DATA_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"
#include "core/base/shared.h"
#include "core/data/value.h"

struct lt_row_pool;

enum lt_row_kind {
    LT_ROW_RECORD, /* an inserted row */
    LT_ROW_HOLD,   /* no record: only holds memory for other rows */
};

enum lt_row_flags {
    LT_ROW_END_OF_BATCH = 1, /* the source has nothing more at hand after this one */
    LT_ROW_NO_ORIGIN = 2,    /* made from no row of a source: an operator's own summary */
};

struct lt_row {
    struct lt_stack_node node; /* owned by the pool when the row is at home */
    struct lt_row_pool *pool;
    struct lt_row *parent; /* or NULL; one reference is held */
    struct lt_shared_u32 references;
    uint8_t kind, flags;
    uint16_t column_count;
    int32_t source_partition; /* index into the source's partitions (core/flow/connector.h) */
    uint32_t scratch_used_bytes;
    int64_t source_offset; /* the record's own offset, not the next */
    int64_t ingest_ns;     /* when leat got it, on the query's clock */
    void *origin;          /* the source's: what the bytes were read from */
};
_Static_assert(sizeof(struct lt_row) == 64, "a row's header is one cache line");

struct lt_row_pool_options {
    uint32_t column_count;
    uint32_t capacity;           /* rows */
    uint32_t scratch_size_bytes; /* of each row, at the start; may be 0 */
    bool is_shared;              /* rows are released on other threads than the owner's */
    /* Gives back row->origin. on: the pool's owner. NULL if rows have no origin. */
    void (*on_release)(void *context, struct lt_row *row);
    void *context;
};

enum {
    LT_ROW_OVERFLOW_CLASSES = 21, /* scratch blocks of 4 KiB, 8 KiB, ... 4 GiB */
};

struct lt_row_pool {
    /* owner: the claiming thread */
    struct lt_row *free; /* at home and used before; newest first, so memory stays warm */
    struct lt_stack_node *returning; /* released elsewhere and taken from `home`: on their way */
    uint32_t free_count;             /* rows at home, with those never used */
    uint32_t unused_index; /* the first row never used; from here on the memory is untouched */
    /* constant */
    bool is_shared;
    uint32_t column_count;
    uint32_t nulls_offset_bytes, nulls_count; /* 64-bit words; at least one */
    uint32_t scratch_offset_bytes, scratch_size_bytes;
    uint32_t capacity;
    void (*on_release)(void *context, struct lt_row *row);
    void *context;
    void *memory; /* the slab */
    size_t memory_size_bytes, stride_bytes;
    /* owner: scratch blocks kept for reuse */
    struct lt_row_overflow *overflow[LT_ROW_OVERFLOW_CLASSES];
    uint64_t overflow_kept_bytes;
    char padding[LT_FALSE_SHARING_RANGE];
    struct lt_shared_stack home; /* rows released elsewhere; any thread pushes, the owner takes */
};

/* The memory is reserved at once and touched as rows are first used. */
int lt_row_pool_create(const struct lt_row_pool_options *options, struct lt_row_pool **out,
                       struct lt_error *error) LT_MUST_USE;
/* Every row must be home (asserted): release what is in flight first. NULL is a no-op. on: owner.
 */
void lt_row_pool_destroy(struct lt_row_pool *pool);

static inline union lt_value *lt_row_values(const struct lt_row *row)
{
    return (union lt_value *)(uintptr_t)(row + 1);
}
/* Asks for the lines of a row that another core wrote: they come together and not one after the
 * other, since the place of each is known before the first has come. */
static inline void lt_row_prefetch(const struct lt_row *row)
{
    const char *line = (const char *)row;
    __builtin_prefetch(line);
    __builtin_prefetch(line + LT_CACHE_LINE);
    __builtin_prefetch(line + 2 * LT_CACHE_LINE);
}
static inline uint64_t *lt_row_nulls(const struct lt_row *row)
{
    return (uint64_t *)(uintptr_t)(lt_row_values(row) + row->column_count);
}
static inline bool lt_row_is_null(const struct lt_row *row, uint32_t column)
{
    return lt_bit(lt_row_nulls(row), column);
}
static inline void lt_row_set_null(struct lt_row *row, uint32_t column)
{
    lt_bit_set(lt_row_nulls(row), column);
}

/* Takes home what other threads released, giving back origins. Returns how many. A claim does this
 * only when it finds no row at home, so a source whose origins should not wait for that calls it
 * now and then. on: owner. */
uint32_t lt_row_pool_reclaim(struct lt_row_pool *pool);
/* Puts rows at home onto the free list: released elsewhere, or never used. False when all are in
 * flight. Not for callers: use lt_row_claim. */
bool lt_row_pool_refill(struct lt_row_pool *pool);

/* Under AddressSanitizer, values, nulls and scratch of a row at home may not be touched. */
#if defined(__SANITIZE_ADDRESS__)
void lt_row_unpoison(struct lt_row *row);
#else
static inline void lt_row_unpoison(struct lt_row *row)
{
    (void)row;
}
#endif

/* lt_row_nulls, for whoever has the pool at hand. */
static inline uint64_t *lt_pool_nulls(const struct lt_row_pool *pool, struct lt_row *row)
{
    return (uint64_t *)(void *)((char *)row + pool->nulls_offset_bytes);
}

/* Claims pool->free, which is not NULL; `first_nulls` is the one word of nulls that most rows have,
 * further ones are the caller's to set. Not for most callers: use lt_row_claim. on: owner. */
static inline struct lt_row *lt_row_take(struct lt_row_pool *pool, uint64_t first_nulls)
{
    struct lt_row *row = pool->free;
    lt_row_unpoison(row);
    pool->free = (struct lt_row *)(void *)row->node.next;
    pool->free_count--;
    row->parent = NULL;
    lt_store_relaxed_u32(&row->references, 1); /* relaxed: not visible to others yet */
    row->kind = LT_ROW_RECORD;
    row->flags = 0;
    row->scratch_used_bytes = 0;
    row->origin = NULL;
    *lt_pool_nulls(pool, row) = first_nulls;
    return row;
}

/* All columns of a row that was claimed are not NULL. */
void lt_row_clear_nulls(struct lt_row *row);

/* A row with one reference, all columns not NULL and undefined, no parent, no origin; NULL when all
 * are in flight. on: owner. */
static inline struct lt_row *lt_row_claim(struct lt_row_pool *pool)
{
    if (lt_unlikely(pool->free == NULL) && !lt_row_pool_refill(pool))
        return NULL;
    struct lt_row *row = lt_row_take(pool, 0);
    if (lt_unlikely(pool->nulls_count > 1)) /* one word covers 64 columns */
        lt_row_clear_nulls(row);
    return row;
}

static inline void lt_row_hold(struct lt_row *row)
{
    if (row->pool->is_shared)
        lt_add_u32(&row->references, 1);
    else
        row->references.value++;
}

/* Takes one reference away; true when it was the last. Not for callers: use lt_row_release. */
static inline bool lt_row_drop_reference(struct lt_row *row)
{
    lt_debug_assert(lt_load_relaxed_u32(&row->references) != 0); /* else released twice */
    /* acquire: pairs with the release half of lt_add_u32 by a former holder on another thread. A
     * lone holder needs no read-modify-write: nobody else can add a reference. */
    if (lt_likely(lt_load_acquire_u32(&row->references) == 1))
        return true;
    if (row->pool->is_shared)
        return lt_add_u32(&row->references, (uint32_t)-1) == 1;
    return --row->references.value == 0;
}

/* Sends the row home, and its parents that nobody else holds; the last reference is gone. Not for
 * callers: use lt_row_release. */
void lt_row_send_home(struct lt_row *row);

/* Gives up one reference. on: any, if the pool is shared; else the owner. */
static inline void lt_row_release(struct lt_row *row)
{
    if (lt_row_drop_reference(row))
        lt_row_send_home(row);
}

/* The row that a source made, which this one came from: what a dead letter holds. */
static inline struct lt_row *lt_row_root(struct lt_row *row)
{
    while (row->parent != NULL && row->parent->kind == LT_ROW_RECORD)
        row = row->parent;
    return row;
}

/* Memory that lives as long as the row, aligned to 16 as values are. From the row's scratch; if
 * that is used up, from blocks the pool keeps for reuse, so that in the long run nothing is
 * allocated. NULL over LT_LIMIT_VALUE_BYTES, or when there is no memory. on: the thread that
 * claimed the row, before it hands it on. */
void *lt_row_scratch(struct lt_row *row, size_t size_bytes);

#endif
