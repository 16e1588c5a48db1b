/*
 * What is made better of a plan that is analysed, before operators are made of it. Nothing that
 * comes out changes but the faults of values that nobody asks for; as in Spark,
 *
 *   - a predicate goes before the projection under it, and rows that it leaves out are not
 *     projected;
 *   - a projection over a projection becomes one with it;
 *   - a column that nobody reads is not computed: it is NULL.
 *
 * What stands in several places is computed once anyway, by the programs (ops/expr/share.h). Steps
 * whose session says so stay as they are.
 *
 * Rules on neighbours are applied until none fits: each makes the run shorter or takes a projection
 * behind a filter, so that ends.
 */
#include "ops/catalog.h"

#include <string.h>

#include "core/base/error.h"
#include "ops/expr/analyser.h"
#include "ops/expr/expr.h"
#include "ops/expr/generator.h"
#include "ops/expr/program.h"
#include "ops/expr/session.h"
#include "ops/expr/substitute.h"
#include "ops/flatmap.h"

static bool is_plain_project(const struct lt_plan_node *node)
{
    return node->kind == LT_PLAN_PROJECT &&
           !lt_flatmap_is_needed(node->expressions, node->expression_count) &&
           !lt_session_or_default(node->session)->is_unoptimised;
}

static struct lt_expr_columns columns_of(const struct lt_plan_node *project)
{
    return (struct lt_expr_columns){.expressions = project->expressions,
                                    .texts = project->expression_texts,
                                    .count = project->expression_count};
}

/* Can all expressions of `node` be put over what `project` reads? */
static bool can_reach_around(const struct lt_plan_node *project, const struct lt_plan_node *node)
{
    if (!is_plain_project(project) || !lt_session_same(project->session, node->session))
        return false;
    const struct lt_expr_columns columns = columns_of(project);
    for (uint32_t i = 0; i < node->expression_count; i++) {
        if (!lt_expr_can_substitute(node->expressions[i], &columns))
            return false;
    }
    return true;
}

static struct lt_plan_node *copy_node(const struct lt_plan_node *node, struct lt_plan_node *input,
                                      struct lt_arena *arena)
{
    struct lt_plan_node *copy = lt_plan_node_create(arena, node->kind, 1);
    struct lt_plan_node **inputs = copy->inputs;
    *copy = *node;
    copy->inputs = inputs;
    copy->inputs[0] = input;
    return copy;
}

/* How often an expression reads each column. Recursion is bounded by the depth of expressions. */
static void count_columns(const struct lt_expression *expression, uint32_t *counts)
{
    if (expression->kind == LT_EXPR_COLUMN)
        counts[expression->index]++;
    for (uint32_t i = 0; i < expression->argument_count; i++)
        count_columns(expression->arguments[i], counts);
}

/* Of which columns of `project` no more than a field is taken by `node`: a predicate is moved by
 * itself, a projection is made one with another in Spark only where it reads a column once. */
static const bool *find_alone(const struct lt_plan_node *project, const struct lt_plan_node *node,
                              struct lt_arena *arena)
{
    uint32_t count = project->expression_count;
    uint32_t *counts = lt_arena_alloc(arena, count * sizeof *counts);
    bool *are_alone = lt_arena_alloc(arena, count * sizeof *are_alone);
    for (uint32_t i = 0; i < node->expression_count; i++)
        count_columns(node->expressions[i], counts);
    for (uint32_t i = 0; i < count; i++)
        are_alone[i] = counts[i] == 1 || node->kind == LT_PLAN_FILTER;
    return are_alone;
}

/* `node` over what `project` reads. */
static struct lt_plan_node *reach_around(const struct lt_plan_node *project,
                                         const struct lt_plan_node *node, struct lt_arena *arena)
{
    struct lt_expr_columns columns = columns_of(project);
    columns.are_alone = find_alone(project, node, arena);
    struct lt_plan_node *copy = copy_node(node, project->inputs[0], arena);
    copy->expressions = lt_arena_alloc(arena, node->expression_count * sizeof *copy->expressions);
    for (uint32_t i = 0; i < node->expression_count; i++) {
        copy->expressions[i] = lt_expr_substitute(node->expressions[i], &columns, arena);
        lt_fold_whole(&copy->expressions[i], node->expression_texts[i],
                      lt_session_or_default(node->session), arena);
    }
    return copy;
}

/* What is known to be wrong only now that a constant stands where a column did (a pattern) must go
 * on failing where it is reached, and not keep the query from starting: such steps stay apart. */
static bool can_be_made(const struct lt_plan_node *node)
{
    for (uint32_t i = 0; i < node->expression_count; i++) {
        if (lt_generator_call(node->expressions[i]) != NULL)
            continue;
        const struct lt_program_options options = {.expressions = &node->expressions[i],
                                                   .texts = &node->expression_texts[i],
                                                   .count = 1,
                                                   .schema = node->inputs[0]->schema,
                                                   .session = node->session};
        struct lt_program *program;
        if (lt_program_create(&options, &program, NULL) != LT_OK)
            return false;
        lt_program_destroy(program);
    }
    return true;
}

/* One rule on the nodes at `i` and `i + 1`; `*count` goes down when they become one. */
static bool improve(struct lt_plan_node **nodes, uint32_t i, uint32_t *count,
                    struct lt_arena *arena)
{
    struct lt_plan_node *first = nodes[i], *second = nodes[i + 1];
    bool is_filter = second->kind == LT_PLAN_FILTER;
    if ((!is_filter && second->kind != LT_PLAN_PROJECT) || !can_reach_around(first, second))
        return false;
    struct lt_plan_node *around = reach_around(first, second, arena);
    if (!can_be_made(around))
        return false;
    nodes[i] = around;
    if (is_filter) {
        around->schema = first->inputs[0]->schema;
        nodes[i + 1] = copy_node(first, around, arena);
        return true;
    }
    --*count;
    memmove(nodes + i + 1, nodes + i + 2, (*count - i - 1) * sizeof(struct lt_plan_node *));
    return true;
}

uint32_t lt_ops_optimise(struct lt_plan_node **nodes, uint32_t count, struct lt_plan_node *input,
                         struct lt_arena *arena)
{
    for (uint32_t i = 0; i < count; i++) {
        lt_assert(nodes[i]->input_count == 1);
        nodes[i] = copy_node(nodes[i], i == 0 ? input : nodes[i - 1], arena);
    }
    bool is_better = true;
    while (is_better) {
        is_better = false;
        for (uint32_t i = 0; i + 1 < count && !is_better; i++)
            is_better = improve(nodes, i, &count, arena);
        for (uint32_t i = 1; i < count; i++)
            nodes[i]->inputs[0] = nodes[i - 1];
    }
    return count;
}

/* A generator decides how many rows there are, and stays. */
void lt_ops_prune(struct lt_plan_node **node, const uint64_t *needed, struct lt_arena *arena)
{
    const struct lt_plan_node *project = *node;
    if (project->kind != LT_PLAN_PROJECT || lt_session_or_default(project->session)->is_unoptimised)
        return;
    struct lt_plan_node *copy = copy_node(project, project->inputs[0], arena);
    copy->expressions =
        lt_arena_alloc(arena, project->expression_count * sizeof *copy->expressions);
    for (uint32_t i = 0, at = 0; i < project->expression_count; i++) {
        struct lt_expression *item = project->expressions[i];
        const struct lt_expression *generator = lt_generator_call(item);
        bool stays = generator != NULL || lt_bit(needed, at);
        copy->expressions[i] = stays ? item : lt_expr_null(item, item->type, arena);
        at += generator == NULL ? 1 : generator->type->field_count;
    }
    *node = copy;
}
