/*
 * An arena is a list of chunks; the newest one is bumped. A request that is large beside a chunk
 * gets one of its own, put behind the newest, so that it does not waste what is left there.
 *
 * Each piece is aligned to 16 and zeroed: chunks come from calloc and no piece is used twice.
 */
#include "core/base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/error.h"
#include "core/base/shared.h"

enum {
    PIECE_ALIGNMENT = 16,
    CHUNK_BYTES = 8192,       /* a plan of a few operators with their options */
    LARGE_PIECE_BYTES = 2048, /* at most a quarter of a chunk is left unused for a small piece */
};

struct chunk {
    struct chunk *next;
    size_t capacity;
    size_t used_bytes;
    size_t unused_; /* makes the head a multiple of PIECE_ALIGNMENT */
    unsigned char bytes[];
};

_Static_assert(sizeof(struct chunk) % PIECE_ALIGNMENT == 0, "pieces follow the head of a chunk");
_Static_assert(CHUNK_BYTES >= 4 * LARGE_PIECE_BYTES, "a new chunk must hold any small piece");

struct lt_arena {
    struct chunk *newest;
};

/* Writes without heap or stream, since memory is what is missing. */
static _Noreturn void out_of_memory(size_t size_bytes)
{
    char text[96];
    int text_bytes = snprintf(text, sizeof text,
                              "leat: fatal: out of memory asking for %zu bytes\n", size_bytes);
    if (text_bytes > 0 && write(STDERR_FILENO, text, (size_t)text_bytes) < 0)
        abort();
    abort();
}

void *lt_alloc(size_t size_bytes)
{
    void *memory = calloc(1, size_bytes != 0 ? size_bytes : 1);
    if (memory == NULL)
        out_of_memory(size_bytes);
    return memory;
}

void *lt_alloc_array(size_t count, size_t element_size_bytes)
{
    size_t size_bytes;
    if (__builtin_mul_overflow(count, element_size_bytes, &size_bytes))
        out_of_memory(SIZE_MAX);
    return lt_alloc(size_bytes);
}

void *lt_realloc_array(void *memory, size_t count, size_t element_size_bytes)
{
    size_t size_bytes;
    if (__builtin_mul_overflow(count, element_size_bytes, &size_bytes))
        out_of_memory(SIZE_MAX);
    void *moved = realloc(memory, size_bytes != 0 ? size_bytes : 1);
    if (moved == NULL)
        out_of_memory(size_bytes);
    return moved;
}

char *lt_strdup(const char *text)
{
    size_t size_bytes = strlen(text) + 1;
    char *copy = lt_alloc(size_bytes);
    memcpy(copy, text, size_bytes);
    return copy;
}

void *lt_alloc_aligned(size_t size_bytes)
{
    size_t padded;
    if (__builtin_add_overflow(size_bytes, LT_FALSE_SHARING_RANGE - 1, &padded))
        out_of_memory(size_bytes);
    padded &= ~(size_t)(LT_FALSE_SHARING_RANGE - 1);
    void *memory = aligned_alloc(LT_FALSE_SHARING_RANGE,
                                 padded != 0 ? padded : (size_t)LT_FALSE_SHARING_RANGE);
    if (memory == NULL)
        out_of_memory(size_bytes);
    return memory;
}

static struct chunk *new_chunk(size_t capacity)
{
    size_t size_bytes;
    if (__builtin_add_overflow(capacity, sizeof(struct chunk), &size_bytes))
        out_of_memory(capacity);
    struct chunk *chunk = lt_alloc(size_bytes);
    chunk->capacity = capacity;
    return chunk;
}

struct lt_arena *lt_arena_create(void)
{
    struct lt_arena *arena = lt_alloc(sizeof *arena);
    arena->newest = new_chunk(CHUNK_BYTES);
    return arena;
}

void lt_arena_destroy(struct lt_arena *arena)
{
    if (arena == NULL)
        return;
    struct chunk *chunk = arena->newest;
    while (chunk != NULL) {
        struct chunk *next = chunk->next;
        free(chunk);
        chunk = next;
    }
    free(arena);
}

static void *take(struct chunk *chunk, size_t size_bytes)
{
    lt_assert(size_bytes <= chunk->capacity - chunk->used_bytes);
    void *piece = chunk->bytes + chunk->used_bytes;
    chunk->used_bytes += size_bytes;
    return piece;
}

void *lt_arena_alloc(struct lt_arena *arena, size_t size_bytes)
{
    size_t padded;
    if (__builtin_add_overflow(size_bytes != 0 ? size_bytes : 1, PIECE_ALIGNMENT - 1, &padded))
        out_of_memory(size_bytes);
    padded &= ~(size_t)(PIECE_ALIGNMENT - 1);

    if (padded > LARGE_PIECE_BYTES) {
        struct chunk *own = new_chunk(padded);
        own->next = arena->newest->next;
        arena->newest->next = own;
        return take(own, padded);
    }
    if (padded > arena->newest->capacity - arena->newest->used_bytes) {
        struct chunk *chunk = new_chunk(CHUNK_BYTES);
        chunk->next = arena->newest;
        arena->newest = chunk;
    }
    return take(arena->newest, padded);
}

char *lt_arena_text(struct lt_arena *arena, const char *text)
{
    return lt_arena_text_n(arena, text, strlen(text));
}

char *lt_arena_text_n(struct lt_arena *arena, const char *text, size_t size_bytes)
{
    lt_assert(size_bytes < SIZE_MAX);
    char *copy = lt_arena_alloc(arena, size_bytes + 1);
    if (size_bytes != 0)
        memcpy(copy, text, size_bytes);
    copy[size_bytes] = '\0';
    return copy;
}

char *lt_arena_format(struct lt_arena *arena, const char *format, ...)
{
    va_list arguments;
    va_list again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int size_bytes = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    lt_assert(size_bytes >= 0);
    char *text = lt_arena_alloc(arena, (size_t)size_bytes + 1);
    int written = vsnprintf(text, (size_t)size_bytes + 1, format, again);
    va_end(again);
    lt_assert(written == size_bytes);
    return text;
}
