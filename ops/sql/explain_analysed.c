/*
 * Analysed queries as trees, built while they are analysed: what only has a name for people (an
 * alias, a view, a watermark) leaves nothing in the plan. A common table expression stands where it
 * is named, as a view does.
 */
#include <string.h>

#include "ops/catalog.h"
#include "ops/sql/explain.h"

enum { STEPS_MAX = 16 }; /* that the analysis of one projection sets before it, and itself */

void lt_sql_tree_read(const struct lt_sql_analysis *analysis, const struct lt_sql_table *table,
                      bool is_bounded, struct lt_sql_output *out)
{
    struct lt_arena *arena = analysis->env->arena;
    if (!analysis->env->is_explained)
        return;
    const char *columns = lt_plan_columns(out->node->schema, arena);
    if (table == NULL)
        out->tree = lt_plan_tree_over(arena, "OneRowRelation", "", NULL);
    else if (is_bounded)
        out->tree =
            lt_plan_tree_over(arena, "LocalRelation", lt_arena_format(arena, " %s", columns), NULL);
    else
        out->tree =
            lt_plan_tree_over(arena, "StreamingRelationV2",
                              lt_arena_format(arena, " %s, %s", table->format, columns), NULL);
    out->tree->schema = out->node->schema;
    out->tree->is_streaming = table != NULL && !is_bounded;
}

void lt_sql_tree_over(const struct lt_sql_analysis *analysis, const char *name, const char *details,
                      struct lt_sql_output *out)
{
    struct lt_arena *arena = analysis->env->arena;
    if (out->tree != NULL)
        out->tree =
            lt_plan_tree_over(arena, name, lt_arena_format(arena, " %s", details), out->tree);
}

void lt_sql_tree_view(const struct lt_sql_analysis *analysis, const char *name,
                      struct lt_sql_output *out)
{
    if (out->tree == NULL)
        return;
    struct lt_arena *arena = analysis->env->arena;
    lt_sql_tree_over(
        analysis, "View",
        lt_arena_format(arena, "(`%s`, %s)", name, lt_plan_columns(out->node->schema, arena)), out);
    out->tree->has_no_mark = true;
}

/* Of a union, what was done with its first side was done with the others. */
void lt_sql_tree_steps(const struct lt_sql_analysis *analysis, const struct lt_plan_node *from,
                       struct lt_sql_output *out)
{
    const struct lt_plan_node *steps[STEPS_MAX], *node = out->node;
    uint32_t count = 0;
    if (out->tree == NULL)
        return;
    if (from->kind == LT_PLAN_UNION && node != from)
        from = from->inputs[0];
    if (node->kind == LT_PLAN_UNION)
        node = node->inputs[0];
    for (; node != from && node->input_count > 0 && count < STEPS_MAX; node = node->inputs[0])
        steps[count++] = node;
    while (count > 0)
        out->tree = lt_ops_tree(steps[--count], out->tree, analysis->env->arena);
}

/* The union with one side more, in place. Lists have room for a power of two. */
static void add_side(struct lt_arena *arena, struct lt_plan_tree *to, struct lt_plan_tree *side)
{
    uint32_t count = to->input_count;
    if ((count & (count - 1)) == 0) {
        struct lt_plan_tree **all =
            lt_arena_alloc(arena, 2 * (size_t)count * sizeof(struct lt_plan_tree *));
        memcpy(all, to->inputs, count * sizeof(struct lt_plan_tree *));
        to->inputs = all;
    }
    to->inputs[to->input_count++] = side;
    to->is_streaming = to->is_streaming || side->is_streaming;
}

void lt_sql_tree_union(const struct lt_sql_analysis *analysis, const struct lt_sql_output *sides,
                       bool is_long, struct lt_sql_output *out)
{
    struct lt_arena *arena = analysis->env->arena;
    if (sides[0].tree == NULL || sides[1].tree == NULL)
        return;
    struct lt_plan_tree *const trees[] = {sides[0].tree, sides[1].tree};
    if (is_long && strcmp(trees[0]->name, "Union") == 0)
        add_side(arena, trees[0], trees[1]);
    else
        out->tree = lt_plan_tree_over_all(arena, "Union", " false, false", trees, 2);
}
