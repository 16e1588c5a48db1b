#include "core/run/explain_records.h"

#include <inttypes.h>

#include "core/base/limits.h"
#include "core/base/units.h"
#include "core/run/guarantee.h"
#include "core/run/segment_plan.h"
#include "core/run/union_source.h"

void lt_explain_option(const struct lt_assembly *assembly, const char *name,
                       struct lt_text_buffer *out)
{
    size_t count;
    const struct lt_option_spec *specs = lt_query_option_specs(&count);
    const struct lt_options *options = assembly->spec->options;
    const char *value = lt_options_text(options, specs, count, name);
    const char *origin = lt_options_origin(options, name);
    if (value == NULL)
        lt_text_format(out, "   # %s not set", name);
    else
        lt_text_format(out, "   # %s = %s, %s", name, value, origin != NULL ? origin : "default");
}

static int64_t epoch_interval_ns(const struct lt_assembly *assembly)
{
    int64_t interval_ns = assembly->spec->plan->trigger.interval_ns;
    return interval_ns > 0 ? interval_ns : LT_NS_PER_S;
}

/* "trigger processingTime 5s, which was chosen": what began the mode, or would have. */
static void say_trigger(const struct lt_plan *plan, struct lt_text_buffer *out)
{
    static const char *const names[] = {[LT_TRIGGER_PROCESSING_TIME] = "processingTime",
                                        [LT_TRIGGER_ONCE] = "once",
                                        [LT_TRIGGER_AVAILABLE_NOW] = "availableNow",
                                        [LT_TRIGGER_CONTINUOUS] = "continuous"};
    char interval[LT_UNITS_TEXT_SIZE];
    lt_text_format(out, "trigger %s", names[plan->trigger.kind]);
    if (plan->trigger.kind == LT_TRIGGER_PROCESSING_TIME && plan->trigger.interval_ns > 0) {
        lt_units_format_duration(plan->trigger.interval_ns, interval);
        lt_text_format(out, " %s", interval);
    }
    lt_text_append(out, plan->has_trigger ? ", which was chosen" : ", by default");
}

/* Why it is cut into segments, by the operator that rows come to first. */
static void say_segments(const struct lt_segment_plan *plan, struct lt_text_buffer *out)
{
    const struct lt_plan_node *first = plan->segments[plan->segment_count - 1].nodes[0];
    if (lt_plan_brings_together(first))
        lt_text_append(out, "; a union comes to a sink that has one writer\n");
    else
        lt_text_format(out, "; %s has state, which continuous processing does not keep\n",
                       lt_plan_kind_name(first->kind));
}

static void explain_mode(const struct lt_assembly *assembly, struct lt_text_buffer *out)
{
    const struct lt_segment_plan *segments = assembly->pipeline.segments;
    const struct lt_plan *plan = assembly->spec->plan;
    char interval[LT_UNITS_TEXT_SIZE];
    bool ends = plan->trigger.kind == LT_TRIGGER_AVAILABLE_NOW;
    lt_text_append(out, assembly->in_batches ? "mode: micro-batch   # "
                        : ends ? "mode: continuous, to the end of what is there now   # "
                               : "mode: continuous   # ");
    say_trigger(plan, out);
    if (!assembly->in_batches) {
        lt_units_format_duration(epoch_interval_ns(assembly), interval);
        lt_text_format(out, ", an epoch each %s", interval);
    }
    if (segments == NULL)
        lt_text_append(out, "; no operator has state\n");
    else
        say_segments(segments, out);
}

/* ----------------------------------------------------------------------------- copies, memory */

/* Adds the costs of nodes as they are compiled; false where they cannot be, which the start tells.
 */
static bool add_costs(struct lt_plan_node *const *nodes, uint32_t count,
                      struct lt_operator_cost *cost)
{
    struct lt_operator *ops[LT_LIMIT_OPERATORS];
    struct lt_error error;
    if (lt_pipeline_make_operators(nodes, count, ops, &error) != 0)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (ops[i]->ops->add_cost != NULL)
            ops[i]->ops->add_cost(ops[i], cost);
        ops[i]->ops->close(ops[i]);
    }
    return true;
}

static bool add_pipeline_costs(const struct lt_pipeline *pipeline, struct lt_operator_cost *cost)
{
    bool is_known = add_costs(pipeline->trunk, pipeline->trunk_count, cost);
    for (uint32_t i = 0; i < pipeline->branch_count && is_known; i++)
        is_known = add_costs(pipeline->branches[i].nodes, pipeline->branches[i].node_count, cost);
    return is_known;
}

static void explain_parsed(const struct lt_operator_cost *cost, struct lt_text_buffer *out)
{
    if (cost->documents == 0)
        return;
    lt_text_format(out, "fields parsed per message: %u of %u   # of %u JSON or CSV text%s%s\n",
                   cost->fields_parsed, cost->fields_declared, cost->documents,
                   cost->documents == 1 ? "" : "s",
                   cost->has_elements ? "; those of elements for each element" : "");
    lt_text_append(out, "copies for padding: 0   # texts are read where they lie, and nothing "
                        "behind them is\n");
}

static void explain_costs(const struct lt_assembly *assembly, struct lt_text_buffer *out)
{
    struct lt_operator_cost cost = {0};
    if (!add_pipeline_costs(&assembly->pipeline, &cost))
        return;
    lt_text_format(out, "rows made per record: %u   # from pools; %s\n", cost.rows,
                   assembly->pipeline.branch_count > 1
                       ? "of all branches together"
                       : "a row that nothing is computed for is passed on");
    lt_text_format(
        out,
        "copies per record: %s%u   # between source and sink: bytes that no expression changes "
        "stay where "
        "they arrived%s\n",
        cost.texts_copied > 0 ? "at most " : "", cost.texts_copied,
        cost.texts_copied > 0 ? "; texts from JSON paths are copied when they have escapes" : "");
    lt_text_append(out, "heap allocations per record: 0   # by design: rows and values come from "
                        "pools, which grow to the largest record and stay\n");
    explain_parsed(&cost, out);
}

static void explain_rings(const struct lt_assembly *assembly, struct lt_text_buffer *out)
{
    uint32_t rings = assembly->settings.stages - 1;
    lt_text_format(out, "rings per lane: %u   # ", rings);
    if (rings == 0)
        lt_text_append(out, "one stage: operators call each other\n");
    else
        lt_text_format(out, "one between two stages, of %d slots\n", LT_LIMIT_RING_SLOTS);
}

/* ---------------------------------------------------------------------------------- guarantee */

static bool has_filter(const struct lt_pipeline *pipeline)
{
    bool has = false;
    for (uint32_t i = 0; i < pipeline->trunk_count; i++)
        has = has || pipeline->trunk[i]->kind == LT_PLAN_FILTER;
    for (uint32_t b = 0; b < pipeline->branch_count; b++) {
        for (uint32_t i = 0; i < pipeline->branches[b].node_count; i++)
            has = has || pipeline->branches[b].nodes[i]->kind == LT_PLAN_FILTER;
    }
    return has;
}

void lt_explain_guarantee(const struct lt_assembly *assembly, struct lt_text_buffer *out)
{
    const struct lt_pipeline *pipeline = &assembly->pipeline;
    const struct lt_sink *letters = pipeline->dead_letters;
    struct lt_query_guarantee guarantee =
        lt_query_guarantee_of(pipeline, &assembly->settings);
    lt_text_append(out, "guarantee: ");
    lt_query_guarantee_say(&guarantee, out);
    lt_text_append(out, "   # ");
    lt_query_guarantee_explain(&guarantee, out);
    lt_text_format(out, "\nrecords that fail: %s%s   # %s\n",
                   letters == NULL ? "stop the query" : "go to the dead letters, ",
                   letters == NULL ? "" : lt_guarantee_name(letters->guarantee),
                   letters == NULL ? "no dead letters" : letters->description);
    if (has_filter(pipeline))
        lt_text_append(out,
                       "records left out: those for which a condition is not true   # Filter\n");
}

/* --------------------------------------------------------------------------------- visibility */

static void explain_visible(const struct lt_assembly *assembly, const struct lt_sink *sink,
                            struct lt_text_buffer *out)
{
    char text[LT_UNITS_TEXT_SIZE];
    lt_text_format(out, "visible in sink %s: ", sink->type->name);
    if (sink->shows_at_commit && assembly->in_batches) {
        lt_text_append(out, "when its batch is committed   # with all rows of the batch\n");
        return;
    }
    if (sink->shows_at_commit) {
        lt_units_format_duration(epoch_interval_ns(assembly), text);
        lt_text_format(out, "at most %s after it was read, and the commit   # with its epoch\n",
                       text);
        return;
    }
    lt_units_format_duration(sink->linger_ns, text);
    lt_text_format(out, "%s%s   # %s\n", sink->linger_ns > 0 ? "at most " : "at once",
                   sink->linger_ns > 0 ? text : "",
                   sink->linger_ns > 0 ? "linger: held for others to go with it"
                                       : "no linger, and no transaction");
}

/* The sides of a union have sinks of one kind. */
static void explain_visibility(const struct lt_assembly *assembly, struct lt_text_buffer *out)
{
    const struct lt_pipeline *pipeline = &assembly->pipeline;
    uint32_t part_count;
    struct lt_source *const *parts = lt_source_parts(&pipeline->source, &part_count);
    for (uint32_t i = 0; i < part_count; i++) {
        if (parts[i]->reads_committed)
            lt_text_format(out,
                           "read from source %s: once its transaction is committed   # "
                           "isolation.level\n",
                           parts[i]->type->name);
    }
    for (uint32_t i = 0; i < pipeline->branch_count; i++) {
        const struct lt_sink *sink = pipeline->branches[i].sink;
        const struct lt_sink *before = i == 0 ? NULL : pipeline->branches[i - 1].sink;
        if (before == NULL || before->type != sink->type || before->linger_ns != sink->linger_ns ||
            before->shows_at_commit != sink->shows_at_commit)
            explain_visible(assembly, sink, out);
    }
}

void lt_explain_records(const struct lt_assembly *assembly, struct lt_text_buffer *out)
{
    explain_mode(assembly, out);
    explain_rings(assembly, out);
    explain_costs(assembly, out);
    explain_visibility(assembly, out);
}
