/*
 * Bump memory that is freed all at once: for control-plane trees (plans, expressions, options of a
 * query) whose parts live and die together. Not for records: those come from row pools
 * (core/data/row.h).
 *
 * on: one thread at a time.
 */
#ifndef LT_BASE_ARENA_H
#define LT_BASE_ARENA_H

#include <stddef.h>
#include <stdint.h>

struct lt_arena;

struct lt_arena *lt_arena_create(void);
void lt_arena_destroy(struct lt_arena *arena); /* NULL is a no-op */
/* Zeroed, aligned to 16. Out of memory ends the process: a control-plane allocation of a few
 * kilobytes that fails leaves nothing sensible to do. `size_bytes` 0 gives a valid unique pointer.
 */
void *lt_arena_alloc(struct lt_arena *arena, size_t size_bytes);
char *lt_arena_text(struct lt_arena *arena, const char *text); /* a copy */
char *lt_arena_text_n(struct lt_arena *arena, const char *text,
                      size_t size_bytes); /* copy and NUL */
char *lt_arena_format(struct lt_arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* calloc, realloc and strdup for the control plane, under the same rule; free with free(). */
void *lt_alloc(size_t size_bytes); /* zeroed */
void *lt_alloc_array(size_t count, size_t element_size_bytes);
/* What is added is not zeroed. */
void *lt_realloc_array(void *memory, size_t count, size_t element_size_bytes);
char *lt_strdup(const char *text);
/* Aligned to a cache-line pair, and *not* zeroed: the untouched part of a large pool costs no
 * memory. */
void *lt_alloc_aligned(size_t size_bytes);

#endif
