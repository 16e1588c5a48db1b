/*
 * What a query would run with, and what decided it: an option and who set it, or a fact about the
 * machine. Nothing is connected or started, so what only a broker can tell (how many partitions
 * there are) is left open. What was chosen once it runs is leat_query_explain's to say; a test
 * compares the two.
 *
 * The rules that are told here are those of core/run/placement.h and core/run/assembly.h.
 */
#include "core/leat_admin.h"

#include <stdlib.h>
#include <string.h>

#include "core/leat_objects.h"
#include "core/run/pipeline.h"
#include "core/run/placement.h"
#include "core/run/query_options.h"

struct explained {
    const struct lt_options *options;
    struct lt_query_settings settings;
    struct lt_pipeline pipeline;
    struct lt_placement placement;
    struct lt_text_buffer out;
};

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

/* "   # lanes = 2, command line", to which a reason may be added. */
static void add_option(struct explained *all, const char *name)
{
    size_t count;
    const struct lt_option_spec *specs = lt_query_option_specs(&count);
    const char *value = lt_options_text(all->options, specs, count, name);
    const char *origin = lt_options_origin(all->options, name);
    if (value == NULL)
        lt_text_format(&all->out, "   # %s not set", name);
    else
        lt_text_format(&all->out, "   # %s = %s, %s", name, value,
                       origin != NULL ? origin : "default");
}

static void explain_ends(struct explained *all)
{
    static const char *const guarantees[] = {"at-most-once", "at-least-once", "exactly-once"};
    const struct lt_pipeline *pipeline = &all->pipeline;
    enum lt_guarantee least = LT_EXACTLY_ONCE;
    lt_text_format(&all->out, "source %s: %s\n", pipeline->source->type->name,
                   pipeline->source->description);
    for (uint32_t i = 0; i < lt_pipeline_sink_count(pipeline); i++) {
        const struct lt_sink *sink = lt_pipeline_sink(pipeline, i);
        lt_text_format(&all->out, "%s %s: %s, %s\n",
                       i < pipeline->branch_count ? "sink" : "dead letters", sink->type->name,
                       sink->description, guarantees[sink->guarantee]);
        least = sink->guarantee < least ? sink->guarantee : least;
    }
    lt_text_format(&all->out, "guarantee: %s%s   # the least of the sinks'", guarantees[least],
                   all->settings.checkpoint_path != NULL ? "" : ", within one run");
    if (all->settings.checkpoint_path == NULL)
        lt_text_append(&all->out, "; without a checkpoint a new start begins anew");
    lt_text_append_char(&all->out, '\n');
}

static void explain_lanes(struct explained *all)
{
    uint32_t wanted = all->settings.lanes, partitions = all->pipeline.source->partition_count;
    if (wanted == 0)
        wanted = (uint32_t)all->placement.lane_cpu_count;
    if (partitions > 0 && wanted > partitions)
        wanted = partitions;
    lt_text_format(
        &all->out, "lanes: %u%s", wanted,
        partitions == 0 && wanted > 1 ? ", or fewer: as many as the source has partitions" : "");
    add_option(all, "lanes");
    lt_text_append(&all->out, all->settings.lanes == 0 ? ": one for each lane CPU" : "");
    if (partitions > 0)
        lt_text_format(&all->out, "; the source has %u partition%s", partitions,
                       partitions == 1 ? "" : "s");
    lt_text_format(&all->out, "\nstages: %u, %s", all->settings.stages,
                   all->settings.stages == 1 ? "fused on one thread" : "joined by rings");
    add_option(all, "stages");
    enum lt_idle idle = all->settings.idle_is_set        ? all->settings.idle
                        : all->placement.cpus_are_shared ? LT_IDLE_PARK
                                                         : LT_IDLE_BACKOFF;
    lt_text_format(&all->out, "\nidle: %s", lt_idle_name(idle));
    add_option(all, "idle");
    if (!all->settings.idle_is_set)
        lt_text_append(&all->out, all->placement.cpus_are_shared
                                      ? ": lanes share their CPUs with other threads"
                                      : ": lanes have CPUs of their own");
    lt_text_append_char(&all->out, '\n');
}

static void explain_cpus(struct explained *all)
{
    const struct lt_placement *placement = &all->placement;
    lt_text_append(&all->out, "lane CPUs: ");
    add_cpus(&all->out, placement->lane_cpus, placement->lane_cpu_count);
    add_option(all, "cpus");
    lt_text_append(&all->out, ": this process may use ");
    add_cpus(&all->out, placement->usable, placement->usable_count);
    if (placement->quota_cpus > 0)
        lt_text_format(&all->out, ", as much as %.3g of them (cgroup)", placement->quota_cpus);
    if (all->settings.cpus == NULL && !placement->cpus_are_shared)
        lt_text_append(&all->out, "; the first is left to other threads");
    lt_text_append(&all->out, "\nhousekeeping CPUs: ");
    add_cpus(&all->out, placement->housekeeping, placement->housekeeping_count);
    lt_text_append(&all->out, placement->cpus_are_shared ? "   # shared with lanes"
                                                         : "   # those that no lane has");
    lt_text_format(&all->out, "\npinned: %s", placement->pin ? "yes" : "no");
    add_option(all, "pin");
    if (placement->usable_count == 1)
        lt_text_append(&all->out, "; with one CPU there is nothing to choose");
    lt_text_format(&all->out, "\nwaits: %s",
                   strcmp(all->settings.reactor, "auto") == 0
                       ? "io_uring where the kernel allows it, else epoll"
                       : all->settings.reactor);
    add_option(all, "io");
    lt_text_format(&all->out, "\ncheckpoint: %s",
                   all->settings.checkpoint_path != NULL ? all->settings.checkpoint_path : "none");
    add_option(all, "checkpointLocation");
    lt_text_append_char(&all->out, '\n');
}

static int bind(struct explained *all, const struct lt_query_spec *spec, struct lt_error *error)
{
    all->options = spec->options;
    int code = lt_query_settings_read(spec->options, &all->settings, error);
    if (code == 0)
        code = lt_pipeline_bind(spec->plan, spec->catalog, spec->arena, &all->pipeline, error);
    struct lt_placement_options placement = {
        .cpus = all->settings.cpus,
        .pin = all->settings.pin,
        .yield_to_lanes = all->settings.yield_to_lanes,
    };
    return code == 0 ? lt_placement_init(&all->placement, &placement, error) : code;
}

char *leat_admin_explain(leat_query *query)
{
    if (query == NULL)
        return NULL;
    if (query->running != NULL)
        return leat_query_explain(query);
    struct lt_error error;
    struct lt_query_spec spec;
    struct explained *all = lt_alloc(sizeof *all);
    lt_door_spec(query, &spec);
    lt_text_init(&all->out);
    int code = bind(all, &spec, &error);
    if (code == 0) {
        explain_ends(all);
        explain_lanes(all);
        explain_cpus(all);
        lt_placement_fini(&all->placement);
    } else {
        lt_error_append(&error, "cannot start the query");
        query->error = error;
    }
    lt_pipeline_close(&all->pipeline);
    char *text = lt_text_take(&all->out);
    free(all);
    if (code == 0)
        return text;
    free(text);
    return NULL;
}
