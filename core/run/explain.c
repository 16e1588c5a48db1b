#include "core/run/explain.h"

static void explain_cpus(const char *what, const int *cpus, int count, struct lt_text_buffer *out)
{
    lt_text_format(out, "%s", what);
    for (int i = 0; i < count; i++)
        lt_text_format(out, "%s%d", i > 0 ? "," : " ", cpus[i]);
}

void lt_explain_assembly(const struct lt_assembly *assembly, struct lt_text_buffer *out)
{
    static const char *const guarantees[] = {"at-most-once", "at-least-once", "exactly-once"};
    const struct lt_placement *placement = &assembly->placement;
    lt_text_format(out, "source %s: %s, %u partitions\n", assembly->pipeline.source->type->name,
                   assembly->pipeline.source->description,
                   assembly->pipeline.source->partition_count);
    for (uint32_t i = 0; i < lt_pipeline_sink_count(&assembly->pipeline); i++) {
        const struct lt_sink *sink = lt_pipeline_sink(&assembly->pipeline, i);
        lt_text_format(out, "%s %s: %s, %s\n",
                       i < assembly->pipeline.branch_count ? "sink" : "dead letters",
                       sink->type->name, sink->description, guarantees[sink->guarantee]);
    }
    lt_text_format(out, "lanes %u, %s, idle %s", assembly->lane_count,
                   assembly->settings.stages == 1 ? "fused" : "staged",
                   lt_idle_name(assembly->idle));
    if (assembly->settings.stages > 1)
        lt_text_format(out, ", %u stages", assembly->settings.stages);
    explain_cpus(", lane CPUs", placement->lane_cpus, placement->lane_cpu_count, out);
    explain_cpus(", housekeeping CPUs", placement->housekeeping, placement->housekeeping_count,
                 out);
    lt_text_format(out, ", %s\n", placement->pin ? "pinned" : "not pinned");
    lt_text_format(out, "checkpoint %s, first epoch %llu\n",
                   assembly->settings.checkpoint_path != NULL ? assembly->settings.checkpoint_path
                                                              : "none",
                   (unsigned long long)assembly->recovery.first_epoch);
}
