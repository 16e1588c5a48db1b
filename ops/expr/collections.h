/*
 * What the files of functions over arrays and maps share: arguments as arrays, elements that may be
 * NULL, and the checks of argument types that Spark's collection functions have in common.
 *
 * on: control for the analysis; the program's thread for the rest.
 */
#ifndef LT_OPS_EXPR_COLLECTIONS_H
#define LT_OPS_EXPR_COLLECTIONS_H

#include "ops/expr/analyser.h"
#include "ops/expr/machine.h"

/* An argument that is an array, with its elements made. */
static inline struct lt_array *lt_array_argument(const struct lt_machine *machine,
                                                 const struct lt_call *call, uint32_t index)
{
    struct lt_array *array = lt_argument(machine, call, index)->array;
    lt_array_materialize(array);
    return array;
}
/* The element at an index, NULL when it is NULL. */
static inline const union lt_value *lt_array_element(const struct lt_array *array, uint32_t index)
{
    return lt_bit(array->nulls, index) ? NULL : &array->values[index];
}
/* Element `from` of `source` as element `to`. */
static inline void lt_array_copy(struct lt_array *array, uint32_t to, const struct lt_array *source,
                                 uint32_t from)
{
    lt_array_put(array, to, lt_bit(source->nulls, from), &source->values[from]);
}
/* Several of them, one after the other. */
static inline void lt_array_copy_range(struct lt_array *array, uint32_t to,
                                       const struct lt_array *source, uint32_t from, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        lt_array_copy(array, to + i, source, from + i);
}

/* The call is analysed: it has signature `number` of its function, this type, and may be NULL. */
int lt_collection_finish(struct lt_expression *call, unsigned number, const struct lt_type *type,
                         bool is_nullable);
/* Refuses an argument that is no array. With `takes_null` a bare NULL becomes an array<void>. */
int lt_collection_needs_array(struct lt_analyser *analyser, struct lt_expression *call,
                              uint32_t index, bool takes_null);
/* The same for maps; a bare NULL becomes a map<void,void>. */
int lt_collection_needs_map(struct lt_analyser *analyser, struct lt_expression *call,
                            uint32_t index, bool takes_null);
/* Casts an argument to INT where Spark does so without being asked. */
int lt_collection_needs_int(struct lt_analyser *analyser, struct lt_expression *call,
                            uint32_t index);
/* DATATYPE_MISMATCH.INVALID_ORDERING_TYPE for a type whose values do not compare. */
int lt_collection_needs_order(struct lt_analyser *analyser, struct lt_expression *call,
                              const struct lt_type *type);
/* DATATYPE_MISMATCH.INVALID_MAP_KEY_TYPE likewise. */
int lt_collection_needs_key(struct lt_analyser *analyser, const struct lt_expression *call,
                            const struct lt_type *type);
/* `type`, where values of both types become one by an implicit cast: under the legacy rules not
 * each nested type does that has a common one. Else NULL. */
const struct lt_type *lt_collection_cast(struct lt_analyser *analyser, const struct lt_type *type,
                                         const struct lt_type *a, const struct lt_type *b);
/* Where an element and a value meet: as lt_coerce_common_tight(), but intervals of the same fields.
 * NULL: nowhere. */
const struct lt_type *lt_collection_tight(struct lt_analyser *analyser, const struct lt_type *a,
                                          const struct lt_type *b);
/* Are the types the same but for the names of fields? */
bool lt_collection_alike(const struct lt_type *a, const struct lt_type *b);
/* Brings the elements of the array argument 0 and the argument `value` to `type`. */
int lt_collection_cast_element(struct lt_analyser *analyser, struct lt_expression *call,
                               uint32_t value, const struct lt_type *type);

/* concat and reverse of arrays, whose rows stand with the functions of strings. Both leave what is
 * no array to the letters; their kernels are the second signatures named in functions_build.c. */
int lt_infer_concat(struct lt_analyser *analyser, struct lt_expression *call);
int lt_infer_reverse(struct lt_analyser *analyser, struct lt_expression *call);
lt_kernel_fn lt_concat_arrays, lt_reverse_array;

#endif
