#include "core/run/explain_state.h"

#include <inttypes.h>

#include "core/base/units.h"
#include "core/run/assembly_batches.h"
#include "core/run/explain_records.h"
#include "core/run/segment_plan.h"

/* As Spark calls the operator in its physical plans. */
static const char *name_of(const struct lt_plan_node *node)
{
    switch (node->kind) {
    case LT_PLAN_AGGREGATE:
        return node->stateful->session_gap >= 0 ? "SessionWindowStateStoreSave" : "StateStoreSave";
    case LT_PLAN_JOIN:
        return "StreamingSymmetricHashJoin";
    case LT_PLAN_DEDUPLICATE:
        return node->stateful->within_watermark ? "StreamingDeduplicateWithinWatermark"
                                                : "StreamingDeduplicate";
    case LT_PLAN_LIMIT:
        if (lt_plan_brings_together(node))
            return "Coalesce";
        return node->stateful == NULL ? "GlobalLimit" : "StreamingGlobalLimit";
    default:
        return lt_plan_kind_name(node->kind);
    }
}

static const char *mode_of(const struct lt_plan_node *node)
{
    static const char *const names[] = {"append", "update", "complete"};
    return names[node->stateful->output_mode];
}

/* ----------------------------------------------------------------------------------------- tree */

static const char *names_of(const struct lt_type *schema, const uint32_t *columns, uint32_t count,
                            struct lt_arena *arena)
{
    const char *list = "";
    for (uint32_t i = 0; i < count; i++)
        list = lt_arena_format(arena, "%s%s%s", list, i == 0 ? "" : ", ",
                               schema->fields[columns[i]].name);
    return list;
}

/* How the rows of one side get to the instances. */
static struct lt_plan_tree *exchange(const struct lt_plan_node *node, uint32_t side,
                                     struct lt_plan_tree *input, uint32_t partitions,
                                     struct lt_arena *arena)
{
    struct lt_ops_exchange how;
    struct lt_error ignored;
    if (lt_ops_exchange(node, side, arena, &how, &ignored) != LT_OK)
        return input;
    const char *details =
        how.column_count == 0
            ? " SinglePartition"
            : lt_arena_format(arena, " hashpartitioning(%s), %" PRIu32,
                              names_of(how.schema, how.columns, how.column_count, arena),
                              partitions);
    return lt_plan_tree_over(arena, "Exchange", details, input);
}

/* Does the lane make less of the rows before they are exchanged? */
static bool has_partial(const struct lt_plan_node *node)
{
    struct lt_operator *partial = NULL;
    struct lt_error ignored;
    if (lt_ops_create_partial(node, &partial, &ignored) != LT_OK || partial == NULL)
        return false;
    partial->ops->close(partial);
    return true;
}

static const char *operator_text(const struct lt_plan_node *node, const char *details,
                                 uint32_t partitions, struct lt_arena *arena)
{
    if (node->stateful == NULL)
        return lt_plan_brings_together(node) ? " 1" : details;
    const char *mode = node->kind == LT_PLAN_AGGREGATE
                           ? lt_arena_format(arena, ", %s", mode_of(node))
                           : "";
    return lt_arena_format(arena, "%s%s, operator %" PRIu32 ", %" PRIu32 " partition%s", details,
                           mode, node->stateful->number, partitions, partitions == 1 ? "" : "s");
}

struct lt_plan_tree *lt_explain_state_tree(const struct lt_plan_node *node,
                                           struct lt_plan_tree *const *inputs, uint32_t sides,
                                           uint32_t partitions, struct lt_arena *arena)
{
    const struct lt_plan_tree *plain = lt_ops_tree(node, inputs[0], arena);
    struct lt_plan_tree *below[2] = {inputs[0], sides > 1 ? inputs[1] : NULL};
    bool is_aggregate = node->kind == LT_PLAN_AGGREGATE;
    struct lt_ops_exchange how = {0};
    struct lt_error ignored;
    if (is_aggregate && has_partial(node))
        below[0] = lt_plan_tree_over(arena, "HashAggregate",
                                     lt_arena_format(arena, "%s, partial", plain->details),
                                     below[0]);
    if (lt_ops_exchange(node, 0, arena, &how, &ignored) != LT_OK || how.column_count == 0)
        partitions = 1;
    for (uint32_t i = 0; i < sides; i++)
        below[i] = exchange(node, i, below[i], partitions, arena);
    if (is_aggregate)
        below[0] = lt_plan_tree_over(
            arena,
            node->stateful->session_gap >= 0 ? "SessionWindowStateStoreRestore"
                                             : "StateStoreRestore",
            plain->details, below[0]);
    struct lt_plan_tree *tree =
        lt_plan_tree_over_all(arena, name_of(node),
                              operator_text(node, plain->details, partitions, arena), below, sides);
    tree->schema = plain->schema;
    tree->paragraph = plain->paragraph;
    return tree;
}

/* ---------------------------------------------------------------------------------------- lines */

/* When the operator lets state go. */
static void say_eviction(const struct lt_plan_node *node, struct lt_text_buffer *out)
{
    const struct lt_plan_stateful *stateful = node->stateful;
    const struct lt_plan_event_time *left = &stateful->left.event_time;
    bool is_join = node->kind == LT_PLAN_JOIN;
    if (node->kind == LT_PLAN_LIMIT)
        lt_text_append(out, "one number, kept for ever");
    else if (node->kind == LT_PLAN_TRANSFORM)
        lt_text_append(out, "as long as the processor keeps it");
    else if (node->kind == LT_PLAN_AGGREGATE && stateful->output_mode == LT_OUTPUT_COMPLETE)
        lt_text_append(out, "kept for ever: the mode is complete");
    else if (is_join)
        lt_text_format(out, "rows of the left side %s, of the right %s",
                       left->slack_us == INT64_MAX ? "are kept for ever"
                                                   : "go when the watermark has passed them",
                       stateful->right.event_time.slack_us == INT64_MAX
                           ? "are kept for ever"
                           : "go when it has passed them");
    else if (stateful->within_watermark)
        lt_text_append(out, "a key goes when the watermark has passed its first row by the delay");
    else if (left->column < 0)
        lt_text_append(out, "kept for ever: no key has a watermark");
    else
        lt_text_format(out, "a group goes when the watermark has passed %s%s",
                       node->inputs[0]->schema->fields[left->column].name,
                       left->is_window ? ".end" : "");
}

static void explain_operators(const struct lt_segment_plan *plan, struct lt_text_buffer *out)
{
    for (uint32_t i = 0; i < plan->segment_count; i++) {
        const struct lt_plan_node *node = plan->segments[i].nodes[0];
        if (node->stateful == NULL)
            continue;
        lt_text_format(out, "operator %" PRIu32 ": %s   # ", node->stateful->number,
                       name_of(node));
        say_eviction(node, out);
        lt_text_append_char(out, '\n');
    }
}

/* Watermarks of one number, on the sides of a union, are one. */
static uint32_t explain_marks(struct lt_plan_node *const *nodes, uint32_t count, uint64_t *known,
                              struct lt_text_buffer *out)
{
    char delay[LT_UNITS_TEXT_SIZE];
    uint32_t found = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct lt_plan_node *node = nodes[i];
        if (node->kind != LT_PLAN_WATERMARK || node->watermark >= 64 ||
            (*known >> node->watermark & 1) != 0)
            continue;
        *known |= (uint64_t)1 << node->watermark;
        lt_units_format_duration(node->interval_us * 1000, delay);
        lt_text_format(out, "watermark %" PRIu32 ": %s behind the latest %s", node->watermark,
                       delay, node->name);
        if (node->idle_us > 0) {
            lt_units_format_duration(node->idle_us * 1000, delay);
            lt_text_format(out, "   # after %s without rows it holds no other back", delay);
        }
        lt_text_append_char(out, '\n');
        found++;
    }
    return found;
}

static void explain_watermarks(const struct lt_assembly *assembly,
                               const struct lt_segment_plan *plan, struct lt_text_buffer *out)
{
    uint64_t known = 0;
    uint32_t count = 0;
    for (uint32_t i = 0; i < plan->leaf_count; i++)
        count += explain_marks(plan->leaves[i].nodes, plan->leaves[i].node_count, &known, out);
    for (uint32_t i = 0; i < plan->segment_count; i++)
        count += explain_marks(plan->segments[i].nodes, plan->segments[i].node_count, &known, out);
    lt_text_format(out, "watermark of the query: %s",
                   count == 0   ? "none"
                   : count == 1 ? "that one"
                   : assembly->settings.takes_greatest_watermark
                       ? "the greatest of them"
                       : "the least of them, which holds the others back");
    lt_explain_option(assembly, "multipleWatermarkPolicy", out);
    lt_text_append_char(out, '\n');
}

void lt_explain_state(const struct lt_assembly *assembly, struct lt_text_buffer *out)
{
    const struct lt_segment_plan *plan = assembly->pipeline.segments;
    if (plan == NULL)
        return;
    lt_text_format(out, "state: %s", assembly->settings.state_provider);
    lt_explain_option(assembly, "stateStore", out);
    lt_text_format(out, "\nstate partitions: %" PRIu32, lt_assembly_partition_count(assembly));
    lt_explain_option(assembly, "shufflePartitions", out);
    const struct lt_sink *ordered = lt_assembly_ordered_sink(assembly);
    if (ordered != NULL)
        lt_text_format(out, ": the rows of sink %s have one order", ordered->type->name);
    else if (assembly->settings.shuffle_partitions == 0)
        lt_text_append(out, assembly->spec->is_invoked ? ": the caller's thread runs it"
                                                       : ": one for each lane CPU");
    lt_text_append_char(out, '\n');
    explain_operators(plan, out);
    explain_watermarks(assembly, plan, out);
}
