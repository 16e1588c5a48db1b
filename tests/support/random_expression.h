/*
 * Random expressions as text, of a type that is asked for, over columns whose types are known: from
 * operators and the other forms of the grammar, casts, literals at the edges of their types
 * (random_value.c), and every deterministic function of the table by its signatures and by the
 * names of its parameters (random_parameter.c). Not all of them are sound; analysis says which.
 *
 * The same seed gives the same expressions as long as the function table stays.
 */
#ifndef LT_TESTS_SUPPORT_RANDOM_EXPRESSION_H
#define LT_TESTS_SUPPORT_RANDOM_EXPRESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/text_buffer.h"
#include "core/data/type.h"
#include "ops/expr/functions.h"

struct random_expressions {
    uint64_t state;               /* of the generator; not 0 */
    const struct lt_type *schema; /* its columns are the leaves */
    struct lt_arena *arena;       /* where types are made */
};

/* 0 .. limit - 1. */
uint32_t random_below(struct random_expressions *random, uint32_t limit);
#define RANDOM_OF(random, items) items[random_below(random, sizeof(items) / sizeof(items)[0])]

/* A type that expressions are asked for. */
const struct lt_type *random_type(struct random_expressions *random);
/* One that holds no others. */
const struct lt_type *random_simple_type(struct random_expressions *random);
/* Appends a literal of the type. */
void random_literal(struct random_expressions *random, const struct lt_type *type,
                    struct lt_text_buffer *out);
/* Appends an expression, most often of this type. */
void random_expression(struct random_expressions *random, const struct lt_type *type,
                       unsigned depth, struct lt_text_buffer *out);

/* What a parameter of a function is, by its name in the usage: an argument as text, of those that
 * mean something there; NULL: any of its type will do. */
const char *random_argument(struct random_expressions *random, const struct lt_function *function,
                            const char *group, const char *name);
/* The names of the parameters in a usage, "substring(str, pos[, count])"; returns how many. */
enum { RANDOM_NAMES = 12, RANDOM_NAME_SIZE = 24 };
uint32_t random_parameter_names(struct random_expressions *random, const char *usage,
                                char names[RANDOM_NAMES][RANDOM_NAME_SIZE]);

#endif
