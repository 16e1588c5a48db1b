/*
 * Row pools: where rows come from and go home to.
 *
 * A pool is one slab of address space, cut into equal strides:
 *
 *   header (one line) | values, 16 bytes a column | null words | overflow list | scratch
 *
 * The slab is mapped at once but touched only as rows are first used: `unused_index` moves up when
 * no used row is at home, and the free list is last-in first-out. So a lane that has ten rows in
 * flight works in ten rows' memory, whatever its capacity.
 *
 * Strides are whole pairs of cache lines, so that two rows never share what the prefetcher moves,
 * and never a multiple of 1024 bytes, so that headers spread over the sets of the cache.
 *
 * Scratch that does not fit a row comes from overflow blocks, powers of two in size, chained from
 * the row. They return to the pool with the row and are kept for the next one, up to
 * KEPT_BYTES_MAX.
 *
 * Threads: the owner claims, reclaims and destroys. A release elsewhere pushes the row onto `home`
 * and touches nothing else of the pool; giving back origins and overflow blocks is left to the
 * owner.
 */
#include "core/data/row.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core/base/arena.h"
#include "core/base/limits.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

enum {
    PAIR_BYTES = LT_FALSE_SHARING_RANGE,
    SET_BYTES = 1024,
    SCRATCH_ALIGNMENT = 16,
    BLOCK_BYTES_MIN = 4096,
    /* Chains of small pieces grow their blocks up to 1 MiB, then go on in blocks of that size. */
    GROWTH_CLASS_MAX = 8,
    /* Rows that a shared pool puts into circulation before it looks for ones released elsewhere.
     * Taking those costs a line that the releasing core writes for each row: with many rows on
     * their way it is taken once for many. Few enough to stay in a core's cache. */
    SHARED_ROWS_MIN = 256,
};

/* More than the overflow of the rows in flight in any lane that was measured; beyond it blocks are
 * freed, so that one burst of giants does not hold their memory for ever. */
static const uint64_t KEPT_BYTES_MAX = 64u * 1024 * 1024;

/* In scratch_used_bytes: the row has overflow blocks. The other bits count its own scratch. */
static const uint32_t HAS_OVERFLOW = 0x80000000u;

struct lt_row_overflow {
    struct lt_row_overflow *next;
    size_t used_bytes;
    uint32_t class_index;
    uint32_t unused_[3]; /* makes the head a multiple of SCRATCH_ALIGNMENT */
    unsigned char bytes[];
};
_Static_assert(sizeof(struct lt_row_overflow) % SCRATCH_ALIGNMENT == 0, "pieces follow the head");
_Static_assert(((uint64_t)BLOCK_BYTES_MIN << (LT_ROW_OVERFLOW_CLASSES - 1)) >=
                   (uint64_t)LT_LIMIT_VALUE_BYTES + sizeof(struct lt_row_overflow) +
                       SCRATCH_ALIGNMENT,
               "the largest block holds the largest value");
_Static_assert(LT_LIMIT_COLUMNS <= UINT16_MAX, "a row counts its columns in 16 bits");

static size_t round_up(size_t size_bytes, size_t alignment)
{
    return (size_bytes + alignment - 1) & ~(alignment - 1);
}

static size_t class_bytes(uint32_t class_index)
{
    return (size_t)BLOCK_BYTES_MIN << class_index;
}

static struct lt_row *row_at(const struct lt_row_pool *pool, uint32_t index)
{
    return (struct lt_row *)(void *)((char *)pool->memory + (size_t)index * pool->stride_bytes);
}

/* Where a row keeps its overflow blocks; meaningful only under HAS_OVERFLOW. */
static struct lt_row_overflow **overflow_of(struct lt_row *row)
{
    const struct lt_row_pool *pool = row->pool;
    size_t offset = pool->nulls_offset_bytes + (size_t)pool->nulls_count * sizeof(uint64_t);
    return (struct lt_row_overflow **)(void *)((char *)row + offset);
}

#if defined(__SANITIZE_ADDRESS__)
void lt_row_unpoison(struct lt_row *row)
{
    __asan_unpoison_memory_region(row + 1, row->pool->stride_bytes - sizeof *row);
}
static void poison(struct lt_row *row)
{
    __asan_poison_memory_region(row + 1, row->pool->stride_bytes - sizeof *row);
}
#else
static void poison(struct lt_row *row)
{
    (void)row;
}
#endif

static void lay_out(struct lt_row_pool *pool)
{
    pool->nulls_offset_bytes =
        (uint32_t)(sizeof(struct lt_row) + pool->column_count * sizeof(union lt_value));
    pool->nulls_count = pool->column_count > 64 ? (pool->column_count + 63) / 64 : 1;
    size_t list_end = pool->nulls_offset_bytes + pool->nulls_count * sizeof(uint64_t) +
                      sizeof(struct lt_row_overflow *);
    pool->scratch_offset_bytes = (uint32_t)round_up(list_end, SCRATCH_ALIGNMENT);
    pool->stride_bytes =
        round_up(pool->scratch_offset_bytes + (size_t)pool->scratch_size_bytes, PAIR_BYTES);
    if (pool->stride_bytes % SET_BYTES == 0)
        pool->stride_bytes += PAIR_BYTES;
    /* The end of the last stride would be idle. */
    pool->scratch_size_bytes = (uint32_t)(pool->stride_bytes - pool->scratch_offset_bytes);
}

static int check_options(const struct lt_row_pool_options *options, struct lt_error *error)
{
    if (options->column_count > LT_LIMIT_COLUMNS)
        return lt_error_set(error, LT_E_LIMIT, "row pool: %u columns; at most %d are possible",
                            options->column_count, LT_LIMIT_COLUMNS);
    if (options->capacity == 0)
        return lt_error_set(error, LT_E_INVALID, "row pool: a capacity of 0 rows");
    if (options->scratch_size_bytes > LT_LIMIT_VALUE_BYTES / 2)
        return lt_error_set(error, LT_E_LIMIT, "row pool: %u bytes of scratch a row",
                            options->scratch_size_bytes);
    return 0;
}

int lt_row_pool_create(const struct lt_row_pool_options *options, struct lt_row_pool **out,
                       struct lt_error *error)
{
    *out = NULL;
    int code = check_options(options, error);
    if (code != 0)
        return code;
    struct lt_row_pool *pool = lt_alloc_aligned(sizeof *pool);
    *pool = (struct lt_row_pool){
        .free_count = options->capacity,
        .is_shared = options->is_shared,
        .column_count = options->column_count,
        .scratch_size_bytes = options->scratch_size_bytes,
        .capacity = options->capacity,
        .on_release = options->on_release,
        .context = options->context,
    };
    lay_out(pool);
    if (__builtin_mul_overflow(pool->stride_bytes, pool->capacity, &pool->memory_size_bytes)) {
        free(pool);
        return lt_error_set(error, LT_E_LIMIT, "row pool: %u rows do not fit the address space",
                            options->capacity);
    }
    pool->memory = mmap(NULL, pool->memory_size_bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (pool->memory == MAP_FAILED) {
        int error_number = errno;
        code = lt_error_set_errno(error, error_number, "row pool: cannot map %zu bytes",
                                  pool->memory_size_bytes);
        free(pool);
        return code;
    }
    *out = pool;
    return 0;
}

static void free_kept_blocks(struct lt_row_pool *pool)
{
    for (uint32_t i = 0; i < LT_ROW_OVERFLOW_CLASSES; i++) {
        while (pool->overflow[i] != NULL) {
            struct lt_row_overflow *next = pool->overflow[i]->next;
            free(pool->overflow[i]);
            pool->overflow[i] = next;
        }
    }
}

void lt_row_pool_destroy(struct lt_row_pool *pool)
{
    if (pool == NULL)
        return;
    if (pool->is_shared)
        (void)lt_row_pool_reclaim(pool);
    lt_assert(pool->free_count == pool->capacity);
    free_kept_blocks(pool);
#if defined(__SANITIZE_ADDRESS__)
    __asan_unpoison_memory_region(pool->memory, pool->memory_size_bytes);
#endif
    int result = munmap(pool->memory, pool->memory_size_bytes);
    lt_assert(result == 0);
    free(pool);
}

/* on: owner. */
static void keep_blocks(struct lt_row_pool *pool, struct lt_row_overflow *block)
{
    while (block != NULL) {
        struct lt_row_overflow *next = block->next;
        size_t size_bytes = class_bytes(block->class_index);
        if (pool->overflow_kept_bytes + size_bytes > KEPT_BYTES_MAX) {
            free(block);
        } else {
            pool->overflow_kept_bytes += size_bytes;
            block->next = pool->overflow[block->class_index];
            pool->overflow[block->class_index] = block;
        }
        block = next;
    }
}

static inline void put_home(struct lt_row_pool *pool, struct lt_row *row)
{
    poison(row);
    row->node.next = (struct lt_stack_node *)(void *)pool->free;
    pool->free = row;
    pool->free_count++;
}

/* The row is nobody's any more. on: owner. */
static inline void come_home(struct lt_row_pool *pool, struct lt_row *row)
{
    if (lt_unlikely((row->scratch_used_bytes & HAS_OVERFLOW) != 0))
        keep_blocks(pool, *overflow_of(row));
    if (row->origin != NULL && pool->on_release != NULL)
        pool->on_release(pool->context, row);
    put_home(pool, row);
}

/* The lines of a row are with the core that released it, and each row says where the next one is.
 * So one comes home at a time, and the next one's lines are asked for now: taking all at once would
 * wait for each in turn. */
static bool take_one_home(struct lt_row_pool *pool)
{
    if (pool->returning == NULL) {
        if (lt_stack_is_empty(&pool->home))
            return false;
        /* acquire half of the swap: pairs with the release in lt_stack_push by whoever released
         * the row. */
        pool->returning = lt_stack_take_all(&pool->home);
    }
    struct lt_row *row = (struct lt_row *)(void *)pool->returning;
    pool->returning = pool->returning->next;
    const char *line = (const char *)pool->returning;
    if (line != NULL) {
        lt_prefetch_for_write(line);
        lt_prefetch_for_write(line + LT_CACHE_LINE);
        lt_prefetch_for_write(line + 2 * LT_CACHE_LINE);
    }
    come_home(pool, row);
    return true;
}

uint32_t lt_row_pool_reclaim(struct lt_row_pool *pool)
{
    lt_debug_assert(pool->is_shared);
    uint32_t count = 0;
    while (take_one_home(pool))
        count++;
    return count;
}

bool lt_row_pool_refill(struct lt_row_pool *pool)
{
    bool is_few = pool->unused_index < SHARED_ROWS_MIN && pool->unused_index < pool->capacity;
    if (pool->is_shared && !is_few && take_one_home(pool))
        return true;
    if (pool->unused_index == pool->capacity)
        return false;
    struct lt_row *row = row_at(pool, pool->unused_index++);
    row->pool = pool;
    row->column_count = (uint16_t)pool->column_count;
    poison(row);
    row->node.next = NULL;
    pool->free = row; /* free_count has counted it all along */
    return true;
}

void lt_row_clear_nulls(struct lt_row *row)
{
    memset(lt_row_nulls(row), 0, row->pool->nulls_count * sizeof(uint64_t));
}

/* The parent, if nobody else holds it: it goes home too. NULL: there is no more. */
static inline struct lt_row *next_home(struct lt_row *parent)
{
    return parent != NULL && lt_row_drop_reference(parent) ? parent : NULL;
}

static __attribute__((noinline)) void send_home_with_all(struct lt_row *row)
{
    while (row != NULL) {
        struct lt_row_pool *pool = row->pool;
        struct lt_row *parent = row->parent;
        /* relaxed: the last holder is alone with the row. */
        lt_store_relaxed_u32(&row->references, 0);
        if (pool->is_shared) {
            lt_debug_assert(parent == NULL || parent->pool->is_shared);
            lt_stack_push(&pool->home, &row->node);
        } else {
            come_home(pool, row);
        }
        row = next_home(parent);
    }
}

/* A row at home has no references, which makes a second release fail its assertion. Most rows are
 * released where they were claimed and have nothing to give back: for them nothing is called, so
 * nothing is saved for that. */
void lt_row_send_home(struct lt_row *row)
{
    while (row != NULL) {
        struct lt_row_pool *pool = row->pool;
        struct lt_row *parent = row->parent;
        bool has_more = (row->scratch_used_bytes & HAS_OVERFLOW) != 0 || row->origin != NULL;
        if (lt_unlikely(pool->is_shared || has_more)) {
            send_home_with_all(row);
            return;
        }
        lt_store_relaxed_u32(&row->references, 0); /* relaxed: as above */
        put_home(pool, row);
        row = next_home(parent);
    }
}

/* A block with `size_bytes` free, chained in front of the row's others. NULL without memory. */
static struct lt_row_overflow *add_block(struct lt_row *row, size_t size_bytes)
{
    struct lt_row_pool *pool = row->pool;
    struct lt_row_overflow *newest =
        (row->scratch_used_bytes & HAS_OVERFLOW) != 0 ? *overflow_of(row) : NULL;
    uint32_t class_index = 0;
    if (newest != NULL)
        class_index = newest->class_index < GROWTH_CLASS_MAX ? newest->class_index + 1
                                                             : (uint32_t)GROWTH_CLASS_MAX;
    while (class_bytes(class_index) - sizeof(struct lt_row_overflow) < size_bytes)
        class_index++;
    struct lt_row_overflow *block = pool->overflow[class_index];
    if (block != NULL) {
        pool->overflow[class_index] = block->next;
        pool->overflow_kept_bytes -= class_bytes(class_index);
    } else {
        block = malloc(class_bytes(class_index));
        if (block == NULL)
            return NULL;
        block->class_index = class_index;
    }
    block->used_bytes = 0;
    block->next = newest;
    *overflow_of(row) = block;
    row->scratch_used_bytes |= HAS_OVERFLOW;
    return block;
}

void *lt_row_scratch(struct lt_row *row, size_t size_bytes)
{
    const struct lt_row_pool *pool = row->pool;
    if (size_bytes > LT_LIMIT_VALUE_BYTES)
        return NULL;
    size_t rounded = round_up(size_bytes, SCRATCH_ALIGNMENT);
    uint32_t used_bytes = row->scratch_used_bytes & ~HAS_OVERFLOW;
    if (rounded <= pool->scratch_size_bytes - used_bytes) {
        row->scratch_used_bytes += (uint32_t)rounded;
        return (char *)row + pool->scratch_offset_bytes + used_bytes;
    }
    struct lt_row_overflow *block =
        (row->scratch_used_bytes & HAS_OVERFLOW) != 0 ? *overflow_of(row) : NULL;
    size_t head_bytes = sizeof *block;
    if (block == NULL || class_bytes(block->class_index) - head_bytes - block->used_bytes < rounded)
        block = add_block(row, rounded);
    if (block == NULL)
        return NULL;
    void *piece = block->bytes + block->used_bytes;
    block->used_bytes += rounded;
    return piece;
}
