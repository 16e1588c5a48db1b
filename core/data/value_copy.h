/*
 * Copies of values: what a value points to, in memory of whoever keeps it.
 *
 * on: any. Pure but for the memory.
 */
#ifndef LT_DATA_VALUE_COPY_H
#define LT_DATA_VALUE_COPY_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/error.h"
#include "core/data/type.h"
#include "core/data/value.h"

/* Where memory comes from: aligned to 16, not zeroed; NULL: there is none. */
struct lt_value_memory {
    void *(*alloc)(void *context, size_t size_bytes);
    void *context;
};

/* Does a value of the type point to memory? */
static inline bool lt_type_holds_memory(const struct lt_type *type)
{
    return lt_type_is_bytes(type) || lt_type_is_nested(type);
}
/* What lt_value_copy() will ask for in all, each piece rounded up to a multiple of 16: to have one
 * block for it. */
size_t lt_value_copy_size_bytes(const struct lt_type *type, const union lt_value *value);
/* Copies what a value, which is not NULL, points to, all the way down. False: no memory; the value
 * is undefined then. */
bool lt_value_copy(const struct lt_type *type, const struct lt_value_memory *memory,
                   union lt_value *value) LT_MUST_USE;

#endif
