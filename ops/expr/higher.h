/*
 * The kernels of functions that take lambdas (higher.c); their rows and types stand in
 * functions_higher.c.
 */
#ifndef LT_OPS_EXPR_HIGHER_H
#define LT_OPS_EXPR_HIGHER_H

#include "ops/expr/machine.h"

lt_kernel_fn lt_higher_transform, lt_higher_filter, lt_higher_exists, lt_higher_forall;
lt_kernel_fn lt_higher_aggregate, lt_higher_zip_with, lt_higher_array_sort;
lt_kernel_fn lt_higher_map_filter, lt_higher_transform_keys, lt_higher_transform_values;
lt_kernel_fn lt_higher_map_zip_with;

#endif
