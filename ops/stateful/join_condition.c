#include "ops/stateful/join_condition.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/limits.h"
#include "ops/expr/expr.h"
#include "ops/expr/program.h"

enum { LEFT, RIGHT, SIDES };

struct programs {
    struct lt_program **items;
    uint32_t count, capacity;
};

struct lt_join_condition {
    struct lt_arena *arena;
    const struct lt_type *schema;
    uint32_t left_count; /* columns */
    const struct lt_session *session;
    struct lt_expression *whole_expression;
    struct lt_program *whole; /* NULL: always true */
    struct programs alone[SIDES];
};

/* ------------------------------------------------------------------------------------ the parts */

/* The program keeps the place of the expression, so `expression` must stay. */
static int compile(const struct lt_join_condition *condition,
                   struct lt_expression *const *expression, struct lt_program **out,
                   struct lt_error *error)
{
    static const char *const text = NULL;
    const struct lt_program_options options = {.expressions = expression,
                                               .texts = &text,
                                               .count = 1,
                                               .schema = condition->schema,
                                               .session = condition->session,
                                               .is_filter = true};
    return lt_program_create(&options, out, error);
}

/* The side whose columns alone are read; SIDES: both, or none. */
static uint32_t side_of(const struct lt_join_condition *condition,
                        const struct lt_expression *expression)
{
    uint64_t used[LT_LIMIT_COLUMNS / 64] = {0};
    bool reads[SIDES] = {false, false};
    lt_expr_columns_used(expression, used);
    for (uint32_t i = 0; i < condition->schema->field_count; i++)
        if (lt_bit(used, i))
            reads[i < condition->left_count ? LEFT : RIGHT] = true;
    if (reads[LEFT] == reads[RIGHT])
        return SIDES;
    return reads[LEFT] ? LEFT : RIGHT;
}

static int add_part(struct lt_join_condition *condition, struct lt_expression *const *part,
                    struct lt_error *error)
{
    uint32_t side = side_of(condition, *part);
    if (side == SIDES)
        return LT_OK;
    struct programs *programs = &condition->alone[side];
    if (programs->count == programs->capacity) {
        programs->capacity = programs->capacity == 0 ? 4 : 2 * programs->capacity;
        programs->items =
            lt_realloc_array(programs->items, programs->capacity, sizeof(struct lt_program *));
    }
    int code = compile(condition, part, &programs->items[programs->count], error);
    programs->count += code == LT_OK;
    return code;
}

/* Recursion ends: expressions are at most LT_LIMIT_EXPRESSION_DEPTH deep. */
static int add_parts(struct lt_join_condition *condition, struct lt_expression *const *expression,
                     struct lt_error *error)
{
    const struct lt_expression *node = *expression;
    if (node->kind != LT_EXPR_CALL || strcmp(node->name, "and") != 0)
        return add_part(condition, expression, error);
    int code = LT_OK;
    for (uint32_t i = 0; i < node->argument_count && code == LT_OK; i++)
        code = add_parts(condition, &node->arguments[i], error);
    return code;
}

/* ----------------------------------------------------------------------------------------- life */

static const struct lt_type *pair_schema(struct lt_arena *arena, const struct lt_type *left,
                                         const struct lt_type *right)
{
    size_t count = (size_t)left->field_count + right->field_count;
    struct lt_field *fields = lt_arena_alloc(arena, count * sizeof *fields);
    for (uint32_t i = 0; i < left->field_count; i++)
        fields[i] = left->fields[i];
    for (uint32_t i = 0; i < right->field_count; i++)
        fields[left->field_count + i] = right->fields[i];
    return lt_type_struct(arena, fields, count);
}

int lt_join_condition_create(struct lt_expression *expression, const struct lt_type *left,
                             const struct lt_type *right, const struct lt_session *session,
                             struct lt_join_condition **out, struct lt_error *error)
{
    if (left->field_count + right->field_count > LT_LIMIT_COLUMNS)
        return lt_error_set(error, LT_E_LIMIT, "its rows have %u columns; the limit is %d",
                            left->field_count + right->field_count, LT_LIMIT_COLUMNS);
    struct lt_join_condition *condition = lt_alloc(sizeof *condition);
    condition->arena = lt_arena_create();
    condition->schema = pair_schema(condition->arena, left, right);
    condition->left_count = left->field_count;
    condition->session = session;
    condition->whole_expression = expression;
    int code = LT_OK;
    if (expression != NULL)
        code = compile(condition, &condition->whole_expression, &condition->whole, error);
    if (expression != NULL && code == LT_OK)
        code = add_parts(condition, &condition->whole_expression, error);
    if (code != LT_OK) {
        lt_join_condition_destroy(condition);
        return code;
    }
    *out = condition;
    return LT_OK;
}

void lt_join_condition_destroy(struct lt_join_condition *condition)
{
    if (condition == NULL)
        return;
    for (uint32_t side = 0; side < SIDES; side++) {
        for (uint32_t i = 0; i < condition->alone[side].count; i++)
            lt_program_destroy(condition->alone[side].items[i]);
        free(condition->alone[side].items);
    }
    lt_program_destroy(condition->whole);
    lt_arena_destroy(condition->arena);
    free(condition);
}

void lt_join_condition_set_clock(struct lt_join_condition *condition, const struct lt_clock *clock)
{
    if (condition->whole != NULL)
        lt_program_set_clock(condition->whole, clock);
    for (uint32_t side = 0; side < SIDES; side++)
        for (uint32_t i = 0; i < condition->alone[side].count; i++)
            lt_program_set_clock(condition->alone[side].items[i], clock);
}

const struct lt_type *lt_join_condition_schema(const struct lt_join_condition *condition)
{
    return condition->schema;
}

/* ----------------------------------------------------------------------------------- evaluation */

static bool is_true(struct lt_program *program, struct lt_stateful *stateful,
                    const struct lt_row *pair)
{
    enum lt_program_answer answer = lt_program_eval_predicate(program, pair);
    if (lt_unlikely(answer == LT_PROGRAM_FAULT))
        lt_stateful_fail_by(stateful, lt_program_take_fault(program, "join"));
    return answer == LT_PROGRAM_TRUE;
}

bool lt_join_condition_holds(struct lt_join_condition *condition, struct lt_stateful *stateful,
                             const struct lt_row *pair)
{
    return condition->whole == NULL || is_true(condition->whole, stateful, pair);
}

bool lt_join_condition_may_hold(struct lt_join_condition *condition, struct lt_stateful *stateful,
                                bool is_left, const struct lt_row *pair)
{
    const struct programs *programs = &condition->alone[is_left ? LEFT : RIGHT];
    for (uint32_t i = 0; i < programs->count; i++)
        if (!is_true(programs->items[i], stateful, pair))
            return false;
    return true;
}
