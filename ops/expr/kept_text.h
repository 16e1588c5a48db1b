/*
 * The text that something was made of by a call: a pattern, a path. A text that comes again makes
 * nothing new; memory grows to the longest one and stays.
 *
 * on: the machine's thread.
 */
#ifndef LT_OPS_EXPR_KEPT_TEXT_H
#define LT_OPS_EXPR_KEPT_TEXT_H

#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/data/value.h"

/* Zeroed: nothing was kept yet. */
struct lt_kept_text {
    uint8_t *data;
    uint32_t size_bytes, capacity;
    bool is_set;
};

static inline bool lt_kept_text_is(const struct lt_kept_text *kept, struct lt_bytes text)
{
    return kept->is_set && kept->size_bytes == text.size_bytes &&
           (text.size_bytes == 0 || memcmp(kept->data, text.data, text.size_bytes) == 0);
}

static inline void lt_kept_text_set(struct lt_kept_text *kept, struct lt_bytes text)
{
    if (text.size_bytes > kept->capacity) {
        kept->capacity = text.size_bytes;
        kept->data = lt_realloc_array(kept->data, text.size_bytes, 1);
    }
    if (text.size_bytes > 0)
        memcpy(kept->data, text.data, text.size_bytes);
    kept->size_bytes = text.size_bytes;
    kept->is_set = true;
}

static inline void lt_kept_text_fini(struct lt_kept_text *kept)
{
    free(kept->data);
    *kept = (struct lt_kept_text){0};
}

#endif
