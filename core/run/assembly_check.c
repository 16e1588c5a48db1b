#include "core/run/assembly_check.h"

#include <string.h>

#include "core/run/union_source.h"

static int check_checkpoint(const struct lt_assembly *assembly, struct lt_error *error)
{
    if (assembly->settings.checkpoint_path != NULL)
        return 0;
    for (uint32_t i = 0; i < lt_pipeline_sink_count(&assembly->pipeline); i++) {
        const struct lt_sink *sink = lt_pipeline_sink(&assembly->pipeline, i);
        if (sink->type->needs_checkpoint)
            return lt_error_set(
                error, LT_E_INVALID,
                "%s %s: checkpointLocation must be specified either through "
                "option(\"checkpointLocation\", ...) or SparkSession.conf.set("
                "\"spark.sql.streaming.checkpointLocation\", ...); hint: --checkpoint DIR, or "
                "that option of the table",
                i < assembly->pipeline.branch_count ? "sink" : "dead-letter sink",
                sink->type->name);
    }
    return 0;
}

static int check_output_mode(const struct lt_assembly *assembly, struct lt_error *error)
{
    static const char *const modes[] = {"append", "update", "complete"};
    const enum lt_output_mode mode = assembly->spec->plan->output_mode;
    for (uint32_t i = 0; i < assembly->pipeline.branch_count && mode != LT_OUTPUT_APPEND; i++) {
        const char *name = assembly->pipeline.branches[i].sink->type->name;
        if (!assembly->pipeline.branches[i].sink->type->only_appends)
            continue;
        (void)lt_error_set(error, LT_E_UNSUPPORTED,
                           "sink %s: Invalid streaming output mode: %s. This output mode is not "
                           "supported in Data Source %s; hint: the sink append adds the rows of "
                           "each batch to one file, and foreachBatch takes each batch whole",
                           name, modes[mode], name);
        return lt_error_condition(error, "STREAMING_OUTPUT_MODE.UNSUPPORTED_DATASOURCE", "42KDE");
    }
    return 0;
}

int lt_assembly_check_sinks(const struct lt_assembly *assembly, struct lt_error *error)
{
    int code = check_output_mode(assembly, error);
    return code == 0 ? check_checkpoint(assembly, error) : code;
}

/* Those of Spark, by leat's names. */
static bool is_sink_for_async(const struct lt_sink *sink)
{
    static const char *const names[] = {"noop", "console", "memory", "kafka"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(sink->type->name, names[i]) == 0)
            return true;
    return false;
}

/* A sink that takes back what no entry knows of would take back what was shown to others. */
static int check_sinks_for_async(const struct lt_assembly *assembly, struct lt_error *error)
{
    for (uint32_t i = 0; i < lt_pipeline_sink_count(&assembly->pipeline); i++) {
        const struct lt_sink *sink = lt_pipeline_sink(&assembly->pipeline, i);
        bool is_of_plan = i < assembly->pipeline.branch_count;
        if (is_of_plan && !is_sink_for_async(sink) && !assembly->settings.async_takes_any_sink)
            return lt_error_set(error, LT_E_UNSUPPORTED,
                                "Sink %s does not support async progress tracking",
                                sink->description);
        if (sink->ops->resume != NULL)
            return lt_error_set(error, LT_E_UNSUPPORTED,
                                "%s %s is cut back to what the checkpoint says of it, which async "
                                "progress tracking does not write for each batch",
                                is_of_plan ? "sink" : "dead-letter sink", sink->type->name);
    }
    return 0;
}

/* In Spark's order, and with its texts, which have no condition. With the trigger Continuous it
 * does not look. */
int lt_assembly_check_async(const struct lt_assembly *assembly, struct lt_error *error)
{
    enum lt_trigger_kind trigger = assembly->spec->plan->trigger.kind;
    if (assembly->settings.async_interval_ns < 0 || trigger == LT_TRIGGER_CONTINUOUS)
        return 0;
    int code = check_sinks_for_async(assembly, error);
    if (code != 0)
        return code;
    if (trigger != LT_TRIGGER_PROCESSING_TIME)
        return lt_error_set(error, LT_E_UNSUPPORTED,
                            "Async progress tracking cannot be used with %s trigger",
                            trigger == LT_TRIGGER_ONCE ? "Once" : "AvailableNow");
    if (assembly->pipeline.segments != NULL)
        return lt_error_set(error, LT_E_UNSUPPORTED,
                            "Stateful streaming queries does not support async progress tracking "
                            "at this moment.");
    return 0;
}

/* A sink that keeps partition numbers would lose the order of a key, or the record, if the counts
 * differed. */
int lt_assembly_check_partitions(const struct lt_assembly *assembly, struct lt_error *error)
{
    uint32_t part_count;
    struct lt_source *const *parts = lt_source_parts(&assembly->pipeline.source, &part_count);
    for (uint32_t i = 0; i < assembly->pipeline.branch_count; i++) {
        const struct lt_sink *sink = assembly->pipeline.branches[i].sink;
        const struct lt_source *source = parts[assembly->pipeline.branches[i].part];
        if (!sink->keeps_partitions || sink->partition_count == 0 || source->partition_count == 0 ||
            sink->partition_count == source->partition_width)
            continue;
        return lt_error_set(
            error, LT_E_INVALID,
            "%s has %u partitions and %s has %u: the source partition cannot be kept; "
            "hint: --partition key, murmur2 or round-robin (sink option partitioner) says "
            "where records go",
            source->description, source->partition_width, sink->description, sink->partition_count);
    }
    return 0;
}
