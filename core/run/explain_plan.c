#include "core/run/explain_plan.h"

#include <string.h>

#include "core/run/explain_state.h"
#include "core/run/segment_plan.h"
#include "core/run/union_source.h"
#include "ops/catalog.h"

/* The columns of a source that are used. */
static const struct lt_type *used_schema(const struct lt_source *source, struct lt_arena *arena)
{
    const struct lt_type *schema = source->schema;
    struct lt_field *fields = lt_arena_alloc(arena, (schema->field_count + 1) * sizeof *fields);
    uint32_t count = 0;
    for (uint32_t i = 0; i < schema->field_count; i++) {
        if (source->used_columns == NULL || lt_bit(source->used_columns, i))
            fields[count++] = schema->fields[i];
    }
    return lt_type_struct(arena, fields, count);
}

/* What a query without FROM reads (core/leat_sql_memory.c): one row, of which nothing is used. */
static bool is_one_row(const struct lt_source *source, const struct lt_type *used)
{
    return used->field_count == 0 && strcmp(source->type->name, "row") == 0;
}

static struct lt_plan_tree *leaf(const struct lt_source *source,
                                 const struct lt_explain_plan_options *options,
                                 struct lt_arena *arena)
{
    const bool is_logical = options->is_logical;
    const struct lt_type *used = used_schema(source, arena);
    const char *columns = lt_plan_columns(used, arena), *name = source->type->name;
    struct lt_plan_tree *tree =
        is_logical ? lt_plan_tree_over(arena, "StreamingRelationV2",
                                       lt_arena_format(arena, " %s, %s", name, columns), NULL)
                   : lt_plan_tree_over(arena,
                                       options->in_batches ? "MicroBatchScan" : "ContinuousScan",
                                       lt_arena_format(arena, "%s %s", columns, name), NULL);
    if (is_one_row(source, used))
        tree = lt_plan_tree_over(arena, is_logical ? "OneRowRelation" : "Scan OneRowRelation",
                                 is_logical ? "" : "[]", NULL);
    tree->schema = used;
    tree->paragraph = lt_arena_format(arena, "Arguments: %s\n", source->description);
    return tree;
}

static struct lt_plan_tree *over_nodes(struct lt_plan_node *const *nodes, uint32_t count,
                                       struct lt_plan_tree *tree, struct lt_arena *arena)
{
    for (uint32_t i = 0; i < count; i++)
        tree = lt_ops_tree(nodes[i], tree, arena);
    return tree;
}

static struct lt_plan_tree *branch_tree(const struct lt_pipeline *pipeline, uint32_t index,
                                        const struct lt_explain_plan_options *options,
                                        struct lt_arena *arena)
{
    const struct lt_pipeline_branch *branch = &pipeline->branches[index];
    uint32_t part_count;
    struct lt_source *const *parts = lt_source_parts(&pipeline->source, &part_count);
    struct lt_plan_tree *tree = leaf(parts[branch->part], options, arena);
    tree = over_nodes(pipeline->trunk, pipeline->trunk_count, tree, arena);
    return over_nodes(branch->nodes, branch->node_count, tree, arena);
}

static struct lt_plan_tree *segment_tree(const struct lt_pipeline *pipeline, uint32_t index,
                                         const struct lt_explain_plan_options *options,
                                         struct lt_arena *arena);

/* All that leads to one side of a segment, as one tree: a union if there are several. NULL: there
 * is no such side. */
static struct lt_plan_tree *side_tree(const struct lt_pipeline *pipeline, uint32_t index,
                                      uint32_t side,
                                      const struct lt_explain_plan_options *options,
                                      struct lt_arena *arena)
{
    const struct lt_segment_plan *plan = pipeline->segments;
    struct lt_plan_tree *trees[LT_LIMIT_SINKS + LT_LIMIT_SEGMENTS];
    uint32_t count = 0, part_count;
    struct lt_source *const *parts = lt_source_parts(&pipeline->source, &part_count);
    for (uint32_t i = 0; i < plan->leaf_count; i++) {
        const struct lt_segment_leaf *of = &plan->leaves[i];
        if (of->target.segment == index && of->target.side == side)
            trees[count++] = over_nodes(of->nodes, of->node_count,
                                        leaf(parts[of->part], options, arena), arena);
    }
    for (uint32_t i = index + 1; i < plan->segment_count; i++) {
        const struct lt_segment_target *target = &plan->segments[i].target;
        if (target->segment == index && target->side == side)
            trees[count++] = segment_tree(pipeline, i, options, arena);
    }
    if (count < 2)
        return count == 0 ? NULL : trees[0];
    return lt_plan_tree_over_all(arena, "Union", "", trees, count);
}

/* The stateful node over its sides, as it is written or as it runs. */
static struct lt_plan_tree *state_tree(const struct lt_plan_node *node,
                                       struct lt_plan_tree *const sides[2],
                                       const struct lt_explain_plan_options *options,
                                       struct lt_arena *arena)
{
    const uint32_t count = sides[1] == NULL ? 1 : 2;
    if (!options->is_logical)
        return lt_explain_state_tree(node, sides, count, options->partitions, arena);
    if (lt_plan_brings_together(node))
        return sides[0]; /* nobody has said it */
    struct lt_plan_tree *tree = lt_ops_tree(node, sides[0], arena);
    if (count == 1)
        return tree;
    struct lt_plan_tree *both =
        lt_plan_tree_over_all(arena, tree->name, tree->details, sides, count);
    both->schema = tree->schema;
    both->paragraph = tree->paragraph;
    return both;
}

/* Recursion is bounded by LT_LIMIT_SEGMENTS: what leads to a segment stands behind it. */
static struct lt_plan_tree *segment_tree(const struct lt_pipeline *pipeline, uint32_t index,
                                         const struct lt_explain_plan_options *options,
                                         struct lt_arena *arena)
{
    const struct lt_segment_nodes *of = &pipeline->segments->segments[index];
    struct lt_plan_tree *sides[2] = {side_tree(pipeline, index, 0, options, arena),
                                     side_tree(pipeline, index, 1, options, arena)};
    return over_nodes(of->nodes + 1, of->node_count - 1,
                      state_tree(of->nodes[0], sides, options, arena), arena);
}

static bool is_union(const struct lt_pipeline *pipeline)
{
    const struct lt_sink *first = pipeline->branches[0].sink;
    bool is_one = pipeline->branch_count > 1 && pipeline->segments == NULL;
    for (uint32_t i = 1; i < pipeline->branch_count; i++) {
        const struct lt_sink *sink = pipeline->branches[i].sink;
        is_one = is_one && sink->type == first->type &&
                 strcmp(sink->description, first->description) == 0 &&
                 lt_type_equal(sink->schema, first->schema);
    }
    return is_one;
}

static struct lt_plan_tree *written(const struct lt_sink *sink,
                                    const struct lt_explain_plan_options *options,
                                    struct lt_plan_tree *tree, struct lt_arena *arena)
{
    if (options->hides_sinks)
        return tree;
    const char *name = !options->in_batches  ? "WriteToContinuousDataSource"
                       : options->is_logical ? "WriteToMicroBatchDataSource"
                                             : "WriteToDataSourceV2";
    tree = lt_plan_tree_over(arena, name, lt_arena_format(arena, " %s", sink->type->name), tree);
    tree->paragraph = lt_arena_format(arena, "Arguments: %s\n", sink->description);
    return tree;
}

struct lt_plan_tree **lt_explain_plan(const struct lt_pipeline *pipeline,
                                      const struct lt_explain_plan_options *options,
                                      struct lt_arena *arena, uint32_t *count)
{
    struct lt_plan_tree **trees =
        lt_arena_alloc(arena, pipeline->branch_count * sizeof(struct lt_plan_tree *));
    *count = pipeline->branch_count;
    for (uint32_t i = 0; i < *count; i++) {
        const struct lt_pipeline_branch *branch = &pipeline->branches[i];
        trees[i] = pipeline->segments == NULL
                       ? branch_tree(pipeline, i, options, arena)
                       : over_nodes(branch->nodes, branch->node_count,
                                    segment_tree(pipeline, 0, options, arena), arena);
    }
    if (is_union(pipeline)) {
        trees[0] = lt_plan_tree_over_all(arena, "Union", options->is_logical ? " false, false" : "",
                                         trees, *count);
        *count = 1;
    }
    for (uint32_t i = 0; i < *count; i++)
        trees[i] = written(pipeline->branches[i].sink, options, trees[i], arena);
    return trees;
}
