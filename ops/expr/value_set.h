/*
 * A set of values by their position: which of the values seen so far is equal to this one? For
 * functions that drop what is there already (array_distinct, array_union) and for the keys of maps.
 *
 * The set holds positions in an array of values that its user fills; a handful is compared one by
 * one, more are found through a table of hashes. Memory is the evaluation's.
 *
 * Equal means lt_value_compare() says so, or - `is_exact`, as Spark's sets of numbers have it -
 * that 0.0 and -0.0 are two.
 *
 * on: the program's thread.
 */
#ifndef LT_OPS_EXPR_VALUE_SET_H
#define LT_OPS_EXPR_VALUE_SET_H

#include "ops/expr/machine.h"

struct lt_value_set {
    const struct lt_type *type;
    const union lt_value *values; /* what the positions stand for */
    uint32_t *slots; /* of the table: position + 1, 0 when free; NULL: `slots` of the few is used */
    uint32_t mask;
    uint32_t count;
    uint32_t few[8];
    bool is_exact;
};

/* For up to `most` values. False: too large. */
bool lt_value_set_init(struct lt_value_set *set, struct lt_machine *machine,
                       const struct lt_type *type, const union lt_value *values, uint32_t most,
                       bool is_exact) LT_MUST_USE;
/* The position of the value that equals `*value`; -1: none does. */
int64_t lt_value_set_find(const struct lt_value_set *set, const union lt_value *value);
/* The same, but where none does `position` is added, whose value (by the end of the call) is
 * `*value`; then the answer is -1 still. */
int64_t lt_value_set_put(struct lt_value_set *set, const union lt_value *value, uint32_t position);

#endif
