/*
 * Predicates that are answered without starting the machine: whether what one column holds - a
 * whole number, its remainder by a constant, or the size of its bytes - lies in a range. They are
 * the commonest conditions of a relay (`length(value) > 8`, `mod(auction, 123) = 0`, `price between
 * 10 and 20`, `0.9 * price > 100`), and saving the machine's registers would cost more than they
 * do.
 *
 * A shortcut is read off the steps that it stands for, so what is compiled has one place; the steps
 * stay, for tests to compare with and for whoever runs the program whole.
 *
 * on: the program's thread.
 */
#ifndef LT_OPS_EXPR_SHORTCUT_H
#define LT_OPS_EXPR_SHORTCUT_H

#include "core/data/row.h"
#include "ops/expr/machine.h"
#include "ops/expr/program.h"

struct lt_shortcut {
    uint32_t column;
    bool is_size, has_divisor; /* neither: the number itself */
    struct lt_divisor divisor;
    struct lt_range range; /* where the answer is true */
};

/* The numbers for which `number * multiplier <op> constant` is true; `op` is of the family that
 * compares whole numbers, `multiplier` is above 0. */
struct lt_range lt_range_of(enum lt_op op, __int128 constant, int64_t multiplier);

/* How a comparison of whole numbers reads with its sides changed: > for <. */
enum lt_op lt_op_turned(enum lt_op op);

/* The shortcut of the program's predicate, in the program's arena; NULL where there is none. Once
 * all steps are there. */
const struct lt_shortcut *lt_shortcut_find(const struct lt_program *program);

static inline bool lt_range_has(const struct lt_range *range, int64_t number)
{
    return number >= range->first && number <= range->last;
}

/* What lt_program_eval_predicate answers. */
static inline enum lt_program_answer lt_shortcut_answer(const struct lt_shortcut *shortcut,
                                                        const struct lt_row *row)
{
    const union lt_value *value = &lt_row_values(row)[shortcut->column];
    int64_t number = shortcut->is_size ? (int64_t)value->bytes.size_bytes : value->i64;
    if (shortcut->has_divisor)
        number = lt_divisor_remainder(&shortcut->divisor, number);
    if (lt_unlikely(lt_row_is_null(row, shortcut->column)))
        return LT_PROGRAM_NULL;
    return lt_range_has(&shortcut->range, number) ? LT_PROGRAM_TRUE : LT_PROGRAM_FALSE;
}

#endif
