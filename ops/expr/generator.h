/*
 * Generators: functions that give rows. explode(a) in a select list stands for as many rows as the
 * array has elements, each with the columns of the generator and the other items beside them.
 *
 * To analysis a generator is a call whose type is a struct: its columns. It may stand at the top of
 * a select list only, under an alias or a list of them; compiled it is never: what its rows are
 * made of is (lt_generator_sources), and ops/flatmap makes the rows.
 *
 * A lateral view is a select list too: LATERAL VIEW [OUTER] explode(a) AS x of a table is
 * SELECT *, explode(a) AS x of it, or explode_outer(a); lt_generator_item() makes the item.
 *
 * on: control. Pure.
 */
#ifndef LT_OPS_EXPR_GENERATOR_H
#define LT_OPS_EXPR_GENERATOR_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/flow/expression.h"

enum lt_generator_kind {
    LT_GENERATOR_EXPLODE,    /* the elements of an array, or the entries of a map */
    LT_GENERATOR_POSEXPLODE, /* the same with their positions in front */
    LT_GENERATOR_INLINE,     /* the structs of an array */
    LT_GENERATOR_STACK,      /* the arguments, so many rows of them */
    LT_GENERATOR_TUPLE,      /* one struct is the one row */
};

/* Does a function of this name, in any case, give rows? */
bool lt_generator_is_name(const char *name);
/* The generator's call in an analysed item of a select list, seen through its alias; NULL: the item
 * is a value. */
const struct lt_expression *lt_generator_call(const struct lt_expression *item);
/* Of a generator's call. */
enum lt_generator_kind lt_generator_kind_of(const struct lt_expression *call);
/* Does it give a row of NULLs where there are none? */
bool lt_generator_is_outer(const struct lt_expression *call);
/* STACK: how many rows. */
uint32_t lt_generator_rows(const struct lt_expression *call);
/* The values its rows are made of: expressions to compile, at least one. STACK: the columns of the
 * first row, then of the second, ...; all others: one. */
struct lt_expression *const *lt_generator_sources(const struct lt_expression *call,
                                                  uint32_t *count);
/* An item of a select list for a call of a generator, not analysed, whose columns are called
 * `names`, or as they are where `count` is 0. `is_outer` as in LATERAL VIEW OUTER. The item's parts
 * are in the arena; names outlive it. */
struct lt_expression *lt_generator_item(struct lt_expression *call, const char *const *names,
                                        uint32_t count, bool is_outer, struct lt_arena *arena);

#endif
