/*
 * Binding a plan with state: sources, analysis from the leaves up, the sink, the cut into segments,
 * and which columns of each source are needed.
 *
 * As for plans without state the sources are the parts of one. Each READ of the tree is a part, in
 * the order in which they stand there, which is Spark's order of sources.
 *
 * Several sinks take what one node gives, which has state or is a union of what has: what each of
 * them does with that is the operators of its branch.
 */
#include <string.h>

#include "core/base/limits.h"
#include "core/run/dead_letter.h"
#include "core/run/event_columns.h"
#include "core/run/loop.h"
#include "core/run/pipeline_internal.h"
#include "core/run/segment_plan.h"
#include "core/run/union_source.h"
#include "ops/catalog.h"

struct binding {
    const struct lt_catalog *catalog;
    struct lt_arena *arena;
    const struct lt_plan_node *write;
    struct lt_source *parts[LT_LIMIT_SINKS];
    uint32_t part_count;
};

static int bind_read(struct binding *binding, struct lt_plan_node *read, struct lt_error *error)
{
    if (binding->part_count == LT_LIMIT_SINKS)
        return lt_error_set(error, LT_E_LIMIT, "more than %d sources in one query",
                            LT_LIMIT_SINKS);
    int code = lt_pipeline_bind_source(read, binding->catalog, binding->arena,
                                       &binding->parts[binding->part_count], error);
    if (code != 0)
        return code;
    binding->part_count++;
    return lt_loop_check(read, binding->write, error);
}

/* Inputs first, left to right. A node that stands in two places is analysed once. */
static int bind_node(struct binding *binding, struct lt_plan_node *node, struct lt_error *error)
{
    int code = 0;
    if (node->kind == LT_PLAN_READ)
        return bind_read(binding, node, error);
    if (node->input_count == 0)
        return lt_error_set(
            error, LT_E_ANALYSIS,
            "Queries without streaming sources cannot be executed with writeStream.start()");
    for (uint32_t i = 0; i < node->input_count && code == 0; i++)
        code = bind_node(binding, node->inputs[i], error);
    if (code != 0 || node->schema != NULL)
        return code;
    return lt_ops_analyse(node, LT_OPS_MICRO_BATCH, binding->arena, error);
}

/* ----------------------------------------------------------------------------- columns in use */

static void use_column(int32_t column, uint64_t *needed)
{
    if (column >= 0)
        lt_bit_set(needed, (uint32_t)column);
}

static void use_aggregate(const struct lt_plan_stateful *stateful, uint64_t *needed)
{
    for (uint32_t i = 0; i < stateful->left.key_count; i++)
        lt_bit_set(needed, stateful->left.keys[i]);
    for (uint32_t i = 0; i < stateful->aggregate_count; i++) {
        const struct lt_plan_aggregate *aggregate = &stateful->aggregates[i];
        for (uint32_t k = 0; k < aggregate->argument_count; k++)
            lt_bit_set(needed, aggregate->arguments[k]);
        use_column(aggregate->filter, needed);
    }
    use_column(stateful->left.event_time.column, needed);
    use_column(stateful->session_gap, needed);
}

/* What the stateful node that a leaf leads to takes of its rows: rows of an aggregation end there,
 * all others go on whole. */
static void use_leaf(const struct lt_segment_plan *plan, struct lt_segment_leaf *leaf,
                     struct lt_source *source, bool has_dead_letters, struct lt_arena *arena)
{
    const struct lt_plan_node *target = plan->segments[leaf->target.segment].nodes[0];
    const struct lt_type *schema =
        leaf->node_count > 0 ? leaf->nodes[leaf->node_count - 1]->schema : source->schema;
    uint64_t *needed = lt_pipeline_no_columns(schema, arena);
    if (target->kind == LT_PLAN_AGGREGATE)
        use_aggregate(target->stateful, needed);
    else
        lt_pipeline_all_columns(schema, needed);
    needed = lt_pipeline_use_nodes(leaf->nodes, leaf->node_count, needed, arena);
    if (has_dead_letters)
        lt_dead_letter_use_columns(source, needed);
    source->used_columns = needed;
}

/* --------------------------------------------------------------------------------------- sinks */

/* The WRITE's input, with what is hidden taken away. */
static int bind_write(struct binding *binding, struct lt_plan_node *write, struct lt_sink **sink,
                      struct lt_error *error)
{
    struct lt_plan_node *project;
    int code = lt_pipeline_hide(write->inputs[0], write->inputs[0]->schema, binding->arena,
                                &project, error);
    if (code != 0)
        return code;
    if (project != NULL)
        write->inputs[0] = project;
    return lt_pipeline_bind_sink(write, lt_type_visible(binding->arena, write->inputs[0]->schema),
                                 binding->catalog, binding->arena, sink, error);
}

static bool ends_way(const struct lt_plan_node *node)
{
    return lt_plan_node_is_stateful(node) || node->kind == LT_PLAN_UNION ||
           node->kind == LT_PLAN_READ;
}

/* What a sink takes, before its own operators. */
static struct lt_plan_node *goal_of(const struct lt_plan_node *write)
{
    struct lt_plan_node *node = write->inputs[0];
    while (!ends_way(node))
        node = node->inputs[0];
    return node;
}

/* The operators of the sink's branch, in the order rows pass them. */
static int add_branch(struct binding *binding, const struct lt_plan_node *write,
                      struct lt_pipeline_branch *branch, struct lt_error *error)
{
    uint32_t count = 0;
    for (const struct lt_plan_node *node = write->inputs[0]; !ends_way(node);
         node = node->inputs[0])
        count++;
    if (count > LT_LIMIT_OPERATORS)
        return lt_error_set(error, LT_E_LIMIT, "more than %d operators in front of a sink",
                            LT_LIMIT_OPERATORS);
    branch->nodes =
        lt_arena_alloc(binding->arena, (count + 1u) * sizeof(struct lt_plan_node *));
    branch->node_count = count;
    for (struct lt_plan_node *node = write->inputs[0]; count > 0; node = node->inputs[0])
        branch->nodes[--count] = node;
    int code = 0;
    for (uint32_t i = 0; i < branch->node_count && code == 0; i++)
        if (branch->nodes[i]->schema == NULL)
            code = lt_ops_analyse(branch->nodes[i], LT_OPS_MICRO_BATCH, binding->arena, error);
    return code;
}

static int check_goals(const struct lt_plan *plan, struct lt_error *error)
{
    const struct lt_plan_node *goal = goal_of(plan->sinks[0]);
    for (uint32_t i = 1; i < plan->sink_count; i++)
        if (goal_of(plan->sinks[i]) != goal || goal->kind == LT_PLAN_READ)
            return lt_error_set(error, LT_E_UNSUPPORTED,
                                "the sinks of a query with state take what one operator with state "
                                "gives, and sink %u takes something else; hint: a query for each, "
                                "or foreachBatch",
                                i + 1);
    return 0;
}

/* The first sink's tree is analysed as a whole, the others' from what they share with it on. */
static int bind_sinks(struct binding *binding, const struct lt_plan *plan, struct lt_pipeline *out,
                      struct lt_error *error)
{
    int code = 0;
    for (uint32_t i = 0; i < plan->sink_count && code == 0; i++) {
        struct lt_pipeline_branch *branch = &out->branches[i];
        struct lt_plan_node *write = plan->sinks[i];
        if (i > 0)
            code = add_branch(binding, write, branch, error);
        if (code == 0)
            code = bind_write(binding, write, &branch->sink, error);
        if (code == 0 && plan->sink_count > 1) /* with what takes away what is hidden */
            code = add_branch(binding, write, branch, error);
    }
    return code;
}

/* Reads and further sinks that are one: the first sink was compared as the reads were bound. */
static int check_loops(const struct lt_plan *plan, const struct lt_segment_plan *segments,
                       struct lt_error *error)
{
    int code = 0;
    for (uint32_t i = 1; i < plan->sink_count; i++)
        for (uint32_t k = 0; k < segments->leaf_count && code == 0; k++)
            code = lt_loop_check(segments->leaves[k].read, plan->sinks[i], error);
    return code;
}

/* --------------------------------------------------------------------------------------- public */

static int bind_tree(struct binding *binding, const struct lt_plan *plan, struct lt_pipeline *out,
                     struct lt_error *error)
{
    struct lt_segment_plan *segments;
    struct lt_plan_node *write = plan->sinks[0];
    int code = bind_node(binding, write->inputs[0], error);
    /* The pipeline closes them from here on. */
    if (binding->part_count > 0)
        out->source = binding->part_count == 1
                          ? binding->parts[0]
                          : lt_union_source_create(binding->parts, binding->part_count,
                                                   binding->arena);
    if (code == 0)
        code = bind_sinks(binding, plan, out, error);
    if (code != 0)
        return code;
    struct lt_plan_node *last = plan->sink_count == 1 ? write->inputs[0] : goal_of(write);
    lt_event_columns_forget(last, binding->arena);
    code = lt_segment_plan_cut(last, binding->arena, &segments, error);
    if (code != 0)
        return code;
    out->segments = segments;
    return check_loops(plan, segments, error);
}

int lt_pipeline_bind_segments(const struct lt_plan *plan, const struct lt_catalog *catalog,
                              struct lt_arena *arena, struct lt_pipeline *out,
                              struct lt_error *error)
{
    struct binding *binding = lt_arena_alloc(arena, sizeof *binding);
    *binding =
        (struct binding){.catalog = catalog, .arena = arena, .write = plan->sinks[0]};
    int code = check_goals(plan, error);
    if (code != 0)
        return code;
    out->branches = lt_arena_alloc(arena, plan->sink_count * sizeof *out->branches);
    out->branch_count = plan->sink_count;
    code = bind_tree(binding, plan, out, error);
    if (code != 0)
        return code;
    struct lt_segment_plan *segments = (struct lt_segment_plan *)(uintptr_t)out->segments;
    for (uint32_t i = 0; i < segments->leaf_count; i++)
        use_leaf(segments, &segments->leaves[i], binding->parts[i], plan->dead_letters != NULL,
                 arena);
    return 0;
}
