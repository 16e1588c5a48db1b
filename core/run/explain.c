#include "core/run/explain.h"

#include <inttypes.h>
#include <string.h>

#include "core/run/assembly_batches.h"
#include "core/run/assembly_lanes.h"
#include "core/run/explain_plan.h"
#include "core/run/explain_records.h"
#include "core/run/explain_state.h"
#include "core/run/guarantee.h"
#include "core/run/union_source.h"

/* "0-2,5", from ascending or any other numbers. */
static void add_cpus(struct lt_text_buffer *out, const int *cpus, int count)
{
    for (int i = 0; i < count; i++) {
        int last = i;
        while (last + 1 < count && cpus[last + 1] == cpus[last] + 1)
            last++;
        lt_text_format(out, i > 0 ? ",%d" : "%d", cpus[i]);
        if (last > i)
            lt_text_format(out, last > i + 1 ? "-%d" : ",%d", cpus[last]);
        i = last;
    }
}

static void explain_ends(const struct lt_assembly *assembly, struct lt_text_buffer *out)
{
    const struct lt_pipeline *pipeline = &assembly->pipeline;
    uint32_t part_count;
    struct lt_source *const *parts = lt_source_parts(&pipeline->source, &part_count);
    for (uint32_t i = 0; i < part_count; i++) {
        uint32_t partitions = parts[i]->partition_count;
        lt_text_format(out, "source %s: %s", parts[i]->type->name, parts[i]->description);
        if (partitions > 0)
            lt_text_format(out, ", %u partition%s", partitions, partitions == 1 ? "" : "s");
        lt_text_append_char(out, '\n');
    }
    for (uint32_t i = 0; i < lt_pipeline_sink_count(pipeline); i++) {
        const struct lt_sink *sink = lt_pipeline_sink(pipeline, i);
        lt_text_format(out, "%s %s: %s, %s\n", i < pipeline->branch_count ? "sink" : "dead letters",
                       sink->type->name, sink->description, lt_guarantee_name(sink->guarantee));
    }
    lt_explain_guarantee(assembly, out);
}

static void explain_lanes(const struct lt_assembly *assembly, struct lt_text_buffer *out)
{
    const struct lt_query_settings *settings = &assembly->settings;
    uint32_t partitions = assembly->pipeline.source->partition_count;
    uint32_t lanes = lt_assembly_choose_lane_count(assembly);
    lt_text_format(out, "lanes: %u%s", lanes,
                   partitions == 0 && lanes > 1 ? ", or fewer: as many as the source has partitions"
                                                : "");
    lt_explain_option(assembly, "lanes", out);
    if (settings->lanes == 0)
        lt_text_append(out, assembly->spec->is_invoked ? ": the caller's thread runs it"
                                                       : ": one for each lane CPU");
    if (partitions > 0)
        lt_text_format(out, "; the source has %u partition%s", partitions,
                       partitions == 1 ? "" : "s");
    lt_text_format(out, "\nstages: %u, %s", settings->stages,
                   settings->stages == 1 ? "fused on one thread" : "joined by rings");
    lt_explain_option(assembly, "stages", out);
    lt_text_format(out, "\nidle: %s", lt_idle_name(lt_assembly_choose_idle(assembly)));
    lt_explain_option(assembly, "idle", out);
    if (!settings->idle_is_set)
        lt_text_append(out, assembly->placement.cpus_are_shared
                                ? ": lanes share their CPUs with other threads"
                                : ": lanes have CPUs of their own");
    lt_text_append_char(out, '\n');
}

static void explain_cpus(const struct lt_assembly *assembly, struct lt_text_buffer *out)
{
    const struct lt_placement *placement = &assembly->placement;
    lt_text_append(out, "lane CPUs: ");
    add_cpus(out, placement->lane_cpus, placement->lane_cpu_count);
    lt_explain_option(assembly, "cpus", out);
    lt_text_append(out, ": this process may use ");
    add_cpus(out, placement->usable, placement->usable_count);
    if (placement->quota_cpus > 0)
        lt_text_format(out, ", as much as %.3g of them (cgroup)", placement->quota_cpus);
    if (assembly->settings.cpus == NULL && !placement->cpus_are_shared)
        lt_text_append(out, "; the first is left to other threads");
    lt_text_append(out, "\nhousekeeping CPUs: ");
    add_cpus(out, placement->housekeeping, placement->housekeeping_count);
    lt_text_append(out, placement->cpus_are_shared ? "   # shared with lanes"
                                                   : "   # those that no lane has");
    lt_text_format(out, "\npinned: %s", lt_placement_pins(placement) ? "yes" : "no");
    lt_explain_option(assembly, "pin", out);
    if (placement->usable_count == 1)
        lt_text_append(out, "; with one CPU there is nothing to choose");
    lt_text_format(out, "\nlibraries' threads: %s",
                   placement->yield_to_lanes ? "do not preempt lanes" : "as any other");
    lt_explain_option(assembly, "yieldToLanes", out);
    if (assembly->settings.yield_to_lanes && !placement->yield_to_lanes)
        lt_text_append(out, "; they share no CPU with lanes");
    lt_text_append_char(out, '\n');
}

static void explain_rest(const struct lt_assembly *assembly, struct lt_text_buffer *out)
{
    const struct lt_query_settings *settings = &assembly->settings;
    lt_text_format(out, "waits: %s",
                   strcmp(settings->reactor, "auto") == 0
                       ? "io_uring where the kernel allows it, else epoll"
                       : settings->reactor);
    lt_explain_option(assembly, "io", out);
    lt_text_format(out, "\ncheckpoint: %s",
                   settings->checkpoint_path != NULL ? settings->checkpoint_path : "none");
    if (assembly->control != NULL)
        lt_text_format(out, ", first epoch %" PRIu64, assembly->recovery.first_epoch);
    lt_explain_option(assembly, "checkpointLocation", out);
    lt_text_append_char(out, '\n');
}

/* ---------------------------------------------------------------------------------------- plans */

static void draw_plans(const struct lt_assembly *assembly,
                       const struct lt_explain_plan_options *options, enum lt_explain_form form,
                       struct lt_text_buffer *out)
{
    struct lt_arena *arena = lt_arena_create();
    uint32_t count;
    struct lt_plan_tree **trees = lt_explain_plan(&assembly->pipeline, options, arena, &count);
    bool has_cost = options->is_logical && form == LT_EXPLAIN_COST;
    for (uint32_t i = 0; i < count; i++) {
        if (!options->is_logical && form == LT_EXPLAIN_FORMATTED)
            lt_plan_tree_draw_formatted(trees[i], arena, out);
        else
            lt_plan_tree_draw(trees[i], has_cost ? LT_PLAN_TREE_COST : LT_PLAN_TREE_PLAIN, arena,
                              out);
    }
    lt_arena_destroy(arena);
}

static void explain_all(const struct lt_assembly *assembly,
                        const struct lt_explain_options *options, struct lt_text_buffer *out)
{
    struct lt_explain_plan_options plan = {.hides_sinks = options->hides_sinks,
                                           .is_logical = true,
                                           .in_batches = assembly->in_batches,
                                           .partitions = lt_assembly_partition_count(assembly)};
    if (options->form == LT_EXPLAIN_EXTENDED || options->form == LT_EXPLAIN_COST) {
        lt_text_append(out, "== Optimized Logical Plan ==\n");
        draw_plans(assembly, &plan, options->form, out);
        lt_text_append_char(out, '\n');
    }
    plan.is_logical = false;
    lt_text_append(out, "== Physical Plan ==\n");
    draw_plans(assembly, &plan, options->form, out);
    lt_text_append_char(out, '\n');
    explain_ends(assembly, out);
    lt_explain_records(assembly, out);
    lt_explain_state(assembly, out);
    explain_lanes(assembly, out);
    explain_cpus(assembly, out);
    explain_rest(assembly, out);
}

void lt_explain_assembly(const struct lt_assembly *assembly, struct lt_text_buffer *out)
{
    explain_all(assembly, &(struct lt_explain_options){.form = LT_EXPLAIN_SIMPLE}, out);
}

int lt_explain_spec(const struct lt_query_spec *spec, const struct lt_explain_options *options,
                    struct lt_text_buffer *out, struct lt_error *error)
{
    struct lt_assembly assembly;
    int code = lt_assembly_bind(&assembly, spec, error);
    if (code == 0)
        code = lt_assembly_place(&assembly, false, error);
    if (code == 0)
        explain_all(&assembly, options, out);
    lt_assembly_dismantle(&assembly);
    return code;
}
