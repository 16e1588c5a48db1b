/* The chain of blocks: how it grows, and its end. */
#include "ops/expr/scratch.h"

#include <stdlib.h>

#include "core/base/arena.h"

enum { BLOCK_BYTES = 8192 };

static struct lt_scratch_block *create_block(size_t size_bytes)
{
    size_t size = size_bytes > BLOCK_BYTES ? size_bytes : BLOCK_BYTES;
    struct lt_scratch_block *block = lt_alloc(sizeof *block + size);
    block->size_bytes = size;
    return block;
}

void *lt_scratch_alloc_next(struct lt_scratch *scratch, size_t size_bytes)
{
    if (scratch->first == NULL)
        scratch->first = scratch->current = create_block(size_bytes);
    while (scratch->current->size_bytes - scratch->used_bytes < size_bytes) {
        if (scratch->current->next == NULL)
            scratch->current->next = create_block(2 * size_bytes);
        scratch->current = scratch->current->next;
        scratch->used_bytes = 0;
    }
    return lt_scratch_alloc(scratch, size_bytes);
}

void lt_scratch_fini(struct lt_scratch *scratch)
{
    for (struct lt_scratch_block *block = scratch->first; block != NULL;) {
        struct lt_scratch_block *next = block->next;
        free(block);
        block = next;
    }
    *scratch = (struct lt_scratch){0};
}
