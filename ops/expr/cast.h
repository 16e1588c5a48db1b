/*
 * Casts: which exist, and the kernels that do them. cast.c has those between numbers, text and
 * times, cast_nested.c those of arrays, maps and structs, which cast their parts.
 */
#ifndef LT_OPS_EXPR_CAST_H
#define LT_OPS_EXPR_CAST_H

#include "ops/expr/machine.h"
#include "ops/expr/session.h"

enum lt_cast_way {
    LT_CAST_UNKNOWN, /* not in this version */
    LT_CAST_SAME,    /* both types are held alike, and every value is one of the other */
    LT_CAST_KERNEL,
    LT_CAST_PARTS, /* element by element; the call's state holds the casts of the parts */
};
/* How a cast is done that Spark allows; `kernel` is set for KERNEL and PARTS. */
enum lt_cast_way lt_cast_find(const struct lt_session *session, const struct lt_type *from,
                              const struct lt_type *to, lt_kernel_fn **kernel);
/* Can this version do it? */
bool lt_cast_exists(const struct lt_session *session, const struct lt_type *from,
                    const struct lt_type *to);

/* The state of a PARTS call: the cast of each part, whose argument is a register of its own; NULL
 * where the part stays as it is. */
struct lt_cast_parts {
    const struct lt_call *const *calls;
};
lt_kernel_fn lt_cast_array, lt_cast_map, lt_cast_struct;
lt_kernel_fn lt_cast_array_to_text, lt_cast_map_to_text, lt_cast_struct_to_text;

#endif
