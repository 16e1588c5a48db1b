/*
 * Map: one C function of the embedder's turns each row into one new row of another schema.
 *
 * The new row comes from the operator's own pool, with the old row as its parent: its values may
 * point into the old row. Memory for computed values is lt_row_scratch(). When the pool is empty
 * the row is handed back (RETRY). A function that returns false makes the record fail with the text
 * it wrote. Counters: "<prefix>in".
 *
 * on: control for create; `function` is called on the lane's thread.
 */
#ifndef LT_OPS_MAP_H
#define LT_OPS_MAP_H

#include "core/base/error.h"
#include "core/data/row.h"
#include "core/data/type.h"
#include "core/flow/operator.h"

enum { LT_MAP_CAUSE_MAX = 256 };

/* Fills every column of `out` (values or nulls). Returns false, with a reason in `cause`, when it
 * cannot. */
typedef bool lt_map_fn(void *context, const struct lt_row *in, struct lt_row *out,
                       char cause[LT_MAP_CAUSE_MAX]);

struct lt_map_options {
    lt_map_fn *function;
    void *context; /* owned by the caller, outlives the operator */
    const struct lt_type *input_schema;
    const struct lt_type *output_schema;
    uint32_t scratch_size_bytes; /* memory for computed values a row has at hand; more is found if
                                    needed */
};

int lt_map_create(const struct lt_map_options *options, struct lt_operator **out,
                  struct lt_error *error) LT_MUST_USE;

#endif
