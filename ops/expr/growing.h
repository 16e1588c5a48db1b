/*
 * Bytes of a value whose size nobody knows beforehand: they grow in the record's memory, into twice
 * the room when it is full, and become the value of a call at the end.
 *
 * on: the machine's thread. Memory is the record's.
 */
#ifndef LT_OPS_EXPR_GROWING_H
#define LT_OPS_EXPR_GROWING_H

#include <string.h>

#include "ops/expr/machine.h"

/* Zeroed but for the machine. */
struct lt_growing {
    struct lt_machine *machine;
    uint8_t *data;
    size_t size_bytes, capacity;
    bool is_too_large; /* nothing is added any more */
};

static inline void lt_growing_append(struct lt_growing *out, const void *data, size_t size_bytes)
{
    enum { FIRST_BYTES = 64 };
    if (out->is_too_large)
        return;
    if (out->size_bytes + size_bytes > out->capacity) {
        size_t capacity = 2 * (out->size_bytes + size_bytes) + FIRST_BYTES;
        uint8_t *larger = lt_machine_alloc(out->machine, capacity);
        out->is_too_large = larger == NULL;
        if (larger == NULL)
            return;
        if (out->size_bytes > 0)
            memcpy(larger, out->data, out->size_bytes);
        out->data = larger;
        out->capacity = capacity;
    }
    if (size_bytes > 0)
        memcpy(out->data + out->size_bytes, data, size_bytes);
    out->size_bytes += size_bytes;
}

/* The bytes as the value of the call. */
static inline enum lt_kernel lt_growing_finish(const struct lt_growing *from,
                                               const struct lt_call *call, union lt_value *out)
{
    if (from->is_too_large || from->size_bytes > UINT32_MAX)
        return lt_machine_too_large(from->machine, call);
    *out = lt_value_bytes(from->data, (uint32_t)from->size_bytes);
    return LT_KERNEL_VALUE;
}

#endif
