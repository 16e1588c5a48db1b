/*
 * Casts to and from decimals.
 */
#ifndef LT_OPS_EXPR_CAST_DECIMAL_H
#define LT_OPS_EXPR_CAST_DECIMAL_H

#include "core/data/decimal.h"
#include "ops/expr/machine.h"

/* The kernel; one of the two types is a decimal. NULL: not in this version. */
lt_kernel_fn *lt_cast_decimal_kernel(const struct lt_type *from, const struct lt_type *to);
/* The one of an integer or boolean and a decimal without places that holds every bigint. */
lt_kernel_fn lt_decimal_of_integer;

static inline struct lt_decimal_shape lt_decimal_shape_of(const struct lt_type *type)
{
    return (struct lt_decimal_shape){type->precision, type->scale};
}
static inline struct lt_decimal lt_argument_decimal(const struct lt_machine *machine,
                                                    const struct lt_call *call, uint32_t index)
{
    return (struct lt_decimal){lt_argument(machine, call, index)->i128,
                               call->argument_types[index]->scale};
}
/* What does not fit its type: NUMERIC_VALUE_OUT_OF_RANGE, or NULL under the legacy rules. */
enum lt_kernel lt_decimal_out_of_range(struct lt_machine *machine, const struct lt_call *call);
/* The kernel that casts a constant, where Spark's interpreter gives another value than its code. */
lt_kernel_fn *lt_cast_of_constant(lt_kernel_fn *kernel, bool is_constant);

#endif
