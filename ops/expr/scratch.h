/*
 * Memory for values that live until the next evaluation: a chain of blocks, filled one after the
 * other and emptied as a whole. A block that is too small is skipped until then, and blocks are
 * kept: after the largest records were seen nothing is allocated.
 *
 * on: the program's thread.
 */
#ifndef LT_OPS_EXPR_SCRATCH_H
#define LT_OPS_EXPR_SCRATCH_H

#include <stddef.h>

#include "core/base/error.h"

enum { LT_SCRATCH_ALIGNMENT = 16 };

struct lt_scratch_block {
    struct lt_scratch_block *next;
    size_t size_bytes;
    max_align_t data[];
};

/* Zeroed, it is empty. */
struct lt_scratch {
    struct lt_scratch_block *first, *current;
    size_t used_bytes; /* of the current block */
};

/* From another block than the current one; for lt_scratch_alloc(). */
void *lt_scratch_alloc_next(struct lt_scratch *scratch, size_t size_bytes);

/* Aligned to 16 bytes, not zeroed. NULL when there is no memory for as much; never for less than
 * 8 KiB. */
static inline void *lt_scratch_alloc(struct lt_scratch *scratch, size_t size_bytes)
{
    const size_t mask = LT_SCRATCH_ALIGNMENT - 1;
    size_t size = (size_bytes + mask) & ~mask;
    struct lt_scratch_block *block = scratch->current;
    if (lt_unlikely(block == NULL || block->size_bytes - scratch->used_bytes < size))
        return lt_scratch_alloc_next(scratch, size);
    void *memory = (char *)block->data + scratch->used_bytes;
    scratch->used_bytes += size;
    return memory;
}

static inline void lt_scratch_clear(struct lt_scratch *scratch)
{
    scratch->current = scratch->first;
    scratch->used_bytes = 0;
}

void lt_scratch_fini(struct lt_scratch *scratch);

#endif
