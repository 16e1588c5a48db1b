/*
 * An argument of no type where a function wants one: `~ raise_error('x')`, `size(array(NULL)[3])`.
 * Spark puts NULL in its place, with the errors in it, for functions that want exactly their types,
 * and casts it for those that cast whatever they are given.
 *
 * on: control.
 */
#ifndef LT_OPS_EXPR_UNTYPED_H
#define LT_OPS_EXPR_UNTYPED_H

#include "core/flow/expression.h"

struct lt_arena;
struct lt_function;

/* Puts NULL of no type in place of such arguments of the call, whose arguments but lambdas are
 * analysed. */
void lt_drop_untyped(struct lt_expression *call, const struct lt_function *function,
                     struct lt_arena *arena);

#endif
