#include "ops/expr/shortcut.h"

#include "ops/expr/compiler.h"

struct lt_range lt_range_of(enum lt_op op, int64_t constant)
{
    const struct lt_range none = {1, 0};
    switch (op) {
    case LT_OP_EQUAL_I64:
        return (struct lt_range){constant, constant};
    case LT_OP_LESS_I64:
        return constant == INT64_MIN ? none : (struct lt_range){INT64_MIN, constant - 1};
    case LT_OP_LESS_EQUAL_I64:
        return (struct lt_range){INT64_MIN, constant};
    case LT_OP_GREATER_I64:
        return constant == INT64_MAX ? none : (struct lt_range){constant + 1, INT64_MAX};
    default: /* greater or equal */
        return (struct lt_range){constant, INT64_MAX};
    }
}

/* What a step that ends with a comparison compares, and how it reads with its sides changed. */
static bool comparison_of(uint32_t answer, bool is_turned, enum lt_op *op)
{
    static const struct {
        enum lt_op answer, op, turned;
    } all[] = {
        {LT_OP_ANSWER_EQUAL, LT_OP_EQUAL_I64, LT_OP_EQUAL_I64},
        {LT_OP_ANSWER_LESS, LT_OP_LESS_I64, LT_OP_GREATER_I64},
        {LT_OP_ANSWER_LESS_EQUAL, LT_OP_LESS_EQUAL_I64, LT_OP_GREATER_EQUAL_I64},
        {LT_OP_ANSWER_GREATER, LT_OP_GREATER_I64, LT_OP_LESS_I64},
        {LT_OP_ANSWER_GREATER_EQUAL, LT_OP_GREATER_EQUAL_I64, LT_OP_LESS_EQUAL_I64},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (answer == all[i].answer) {
            *op = is_turned ? all[i].turned : all[i].op;
            return true;
        }
    }
    return false;
}

/* `last` compares what is in `number` with a register that no step between `steps` and it writes: a
 * constant. */
static bool has_range(const struct lt_program *program, const struct lt_step *steps,
                      const struct lt_step *last, uint32_t number, struct lt_range *range)
{
    bool is_turned = last->b == number;
    uint32_t constant = is_turned ? last->a : last->b;
    enum lt_op op;
    if ((last->a != number && last->b != number) || !comparison_of(last->op, is_turned, &op) ||
        program->machine.nulls[constant])
        return false;
    for (const struct lt_step *step = steps; step < last; step++) {
        if (step->out == constant)
            return false;
    }
    *range = lt_range_of(op, program->machine.values[constant].i64);
    return true;
}

/* COLUMN, perhaps REMAINDER_BY, a comparison, ANSWER. */
static bool find_number(const struct lt_program *program, const struct lt_step *steps,
                        uint32_t count, struct lt_shortcut *shortcut)
{
    if (count < 3 || count > 4 || steps[0].op != LT_OP_COLUMN)
        return false;
    const struct lt_step *last = &steps[count - 2];
    shortcut->column = steps[0].a;
    shortcut->has_divisor = count == 4;
    if (count == 4) {
        if (steps[1].op != LT_OP_REMAINDER_BY || steps[1].a != steps[0].out)
            return false;
        shortcut->divisor = *(const struct lt_divisor *)steps[1].call->state;
    }
    return has_range(program, steps, last, last[-1].out, &shortcut->range);
}

const struct lt_shortcut *lt_shortcut_find(const struct lt_program *program)
{
    struct lt_shortcut found = {0};
    if (program->use_switch || program->answer_start == UINT32_MAX)
        return NULL;
    const struct lt_step *steps = program->steps + program->answer_start;
    uint32_t count = program->step_count - program->answer_start;
    if (count == 2 && steps[0].op == LT_OP_SIZE_OF_COLUMN_COMPARED) {
        found.column = steps[0].a;
        found.is_size = true;
        found.range = *steps[0].range;
    } else if (!find_number(program, steps, count, &found)) {
        return NULL;
    }
    struct lt_shortcut *shortcut = lt_arena_alloc(program->arena, sizeof *shortcut);
    *shortcut = found;
    return shortcut;
}
