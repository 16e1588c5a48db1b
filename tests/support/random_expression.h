/*
 * Random expressions as text, of a type that is asked for, over columns whose types are known: from
 * operators, CASE, casts, literals at the edges of their types, and every deterministic function of
 * the table by its signatures. Not all of them are sound; analysis says which.
 *
 * The same seed gives the same expressions as long as the function table stays.
 */
#ifndef LT_TESTS_SUPPORT_RANDOM_EXPRESSION_H
#define LT_TESTS_SUPPORT_RANDOM_EXPRESSION_H

#include <stdint.h>

#include "core/base/text_buffer.h"
#include "core/data/type.h"

struct random_expressions {
    uint64_t state;               /* of the generator; not 0 */
    const struct lt_type *schema; /* its columns are the leaves */
};

/* 0 .. limit - 1. */
uint32_t random_below(struct random_expressions *random, uint32_t limit);
/* A type that expressions are asked for. */
const struct lt_type *random_type(struct random_expressions *random);
/* Appends an expression, most often of this type. */
void random_expression(struct random_expressions *random, const struct lt_type *type,
                       unsigned depth, struct lt_text_buffer *out);

#endif
