/*
 * Structs of fields of one document: struct(from_json(j, ...).a, from_json(j, ...).b).
 *
 * Where the fields keep their names and come of equal calls, Spark's optimiser makes one from_json
 * of it that reads these fields, in this order, and no others; so does this. What is left of a text
 * that is no JSON, and what the mode FAILFAST looks at, depends on it. Where a field is taken of
 * such a struct at once, Spark takes it of the document, and there is nothing to read together.
 *
 * on: control. Pure.
 */
#ifndef LT_OPS_EXPR_TOGETHER_H
#define LT_OPS_EXPR_TOGETHER_H

#include "core/base/arena.h"
#include "core/flow/expression.h"

/* A rule for lt_expr_change(). */
struct lt_expression *lt_expr_read_together(struct lt_expression *node,
                                            const struct lt_expression *above,
                                            struct lt_arena *arena);

#endif
