/* The chain of blocks: how it grows, and its end. */
#include "ops/expr/scratch.h"

#include <stdlib.h>

#include "core/base/arena.h"

enum { BLOCK_BYTES = 8192 };

/* NULL when there is not as much: it is a record that asks for a large block, and must not end the
 * program. */
static struct lt_scratch_block *create_block(size_t size_bytes)
{
    size_t size = size_bytes > BLOCK_BYTES ? size_bytes : BLOCK_BYTES;
    struct lt_scratch_block *block =
        size > BLOCK_BYTES ? malloc(sizeof *block + size) : lt_alloc(sizeof *block + size);
    if (block == NULL)
        return NULL;
    block->next = NULL;
    block->size_bytes = size;
    return block;
}

/* Behind the others: twice what is wanted, or at least that. */
static struct lt_scratch_block *create_next(size_t size_bytes)
{
    struct lt_scratch_block *block = create_block(2 * size_bytes);
    return block != NULL ? block : create_block(size_bytes);
}

void *lt_scratch_alloc_next(struct lt_scratch *scratch, size_t size_bytes)
{
    if (scratch->first == NULL)
        scratch->first = scratch->current = create_block(size_bytes);
    if (scratch->first == NULL)
        return NULL;
    while (scratch->current->size_bytes - scratch->used_bytes < size_bytes) {
        if (scratch->current->next == NULL)
            scratch->current->next = create_next(size_bytes);
        if (scratch->current->next == NULL)
            return NULL;
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
