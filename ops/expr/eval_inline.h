/*
 * What the code of steps calls in place, for both loops.
 */
#ifndef LT_OPS_EXPR_EVAL_INLINE_H
#define LT_OPS_EXPR_EVAL_INLINE_H

#include <string.h>

#include "core/base/error.h"
#include "core/data/type.h"
#include "core/data/value.h"
#include "ops/expr/machine.h"

/* Copies a value by halves. A value that was just written by its halves (a number is one) cannot be
 * read in one piece before the write has reached the cache: it would wait for that. */
static inline void copy_value(union lt_value *to, const union lt_value *from)
{
    uint64_t halves[2];
    memcpy(halves, from, sizeof halves);
    __asm__("" : "+r"(halves[0]), "+r"(halves[1])); /* not one vector */
    memcpy(to, halves, sizeof halves);
}

/* The first eight bytes as a number; what is behind the last of fewer does not matter. */
static inline uint64_t head_of_bytes(const struct lt_bytes *bytes)
{
    uint64_t head = 0;
    if (lt_likely((uint64_t)bytes->size_bytes + bytes->padding_bytes >= sizeof head))
        memcpy(&head, bytes->data, sizeof head);
    else
        for (uint32_t i = bytes->size_bytes; i-- > 0;)
            head = head << 8 | bytes->data[i];
    return head;
}

/* NaN is the greatest and equal to itself; -0.0 equals 0.0. */
static inline int compare_doubles(double a, double b)
{
    if (lt_likely(a == a && b == b))
        return (a > b) - (a < b);
    return (a != a) - (b != b);
}

static inline int compare_bytes(const struct lt_bytes *a, const struct lt_bytes *b)
{
    uint32_t size = a->size_bytes < b->size_bytes ? a->size_bytes : b->size_bytes;
    int order = size == 0 ? 0 : memcmp(a->data, b->data, size);
    return order != 0 ? order : (a->size_bytes > b->size_bytes) - (a->size_bytes < b->size_bytes);
}

/* From a row or the registers to a row. */
static inline void copy_by(const struct lt_column_copy *copy, const void *from, void *to)
{
    copy_value((union lt_value *)(void *)((char *)to + copy->to_bytes),
               (const union lt_value *)(const void *)((const char *)from + copy->from_bytes));
}

static inline void copy_columns(const struct lt_column_copies *columns, const struct lt_row *from,
                                struct lt_row *to)
{
    const struct lt_column_copy *copies = columns->copies, *end = copies + columns->count;
    for (const struct lt_column_copy *copy = copies; copy != end; copy++)
        copy_by(copy, from, to);
    bool has_no_nulls = from->column_count <= 64 && lt_row_nulls(from)[0] == 0;
    if (lt_likely(has_no_nulls))
        return;
    for (const struct lt_column_copy *copy = copies; copy != end; copy++)
        if (lt_row_is_null(from, copy->from))
            lt_row_set_null(to, copy->to);
}

/* lt_value_compare, with decimals in place. */
static inline int compare_any(const struct lt_type *type, const union lt_value *a,
                              const union lt_value *b)
{
    if (lt_likely(type->kind == LT_TYPE_DECIMAL))
        return (a->i128 > b->i128) - (a->i128 < b->i128);
    return lt_value_compare(type, a, b);
}

#endif
