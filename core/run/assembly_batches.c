#include "core/run/assembly_batches.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/run/segment_plan.h"
#include "core/run/union_source.h"
#include "core/text/json_tree.h"

/* Names of the conf that stands in offsets, as Spark has them. */
#define CONF_PARTITIONS "spark.sql.shuffle.partitions"
#define CONF_PROVIDER "spark.sql.streaming.stateStore.providerClass"
#define CONF_CODEC "spark.sql.streaming.stateStore.compression.codec"
#define CONF_POLICY "spark.sql.streaming.multipleWatermarkPolicy"

static struct lt_source *const *parts_of(const struct lt_assembly *assembly, uint32_t *count)
{
    return lt_source_parts(&assembly->pipeline.source, count);
}

/* The first part that has the trait, or that lacks it; NULL: there is none. */
static const struct lt_source *find_part(const struct lt_assembly *assembly, unsigned trait,
                                         bool has)
{
    uint32_t count;
    struct lt_source *const *parts = parts_of(assembly, &count);
    for (uint32_t i = 0; i < count; i++)
        if (((lt_source_traits(parts[i]) & trait) != 0) == has)
            return parts[i];
    return NULL;
}

bool lt_assembly_is_replayable(const struct lt_assembly *assembly)
{
    return find_part(assembly, LT_SOURCE_REPLAYABLE, false) == NULL;
}

/* Continuous mode runs AvailableNow too: one range, of sources whose readers cannot be given one
 * after the other, or that find what was lost by reading. */
int lt_assembly_choose_mode(struct lt_assembly *assembly, struct lt_error *error)
{
    enum lt_trigger_kind trigger = assembly->spec->plan->trigger.kind;
    const struct lt_source *missing = find_part(assembly, LT_SOURCE_IN_BATCHES, false);
    bool has_state = assembly->pipeline.segments != NULL;
    bool needs_batches =
        has_state || trigger == LT_TRIGGER_ONCE || trigger == LT_TRIGGER_PROCESSING_TIME;
    if (has_state && trigger == LT_TRIGGER_CONTINUOUS) {
        lt_error_set(error, LT_E_UNSUPPORTED,
                     "Continuous processing does not support %s operations.",
                     lt_plan_kind_name(assembly->pipeline.segments->segments[0].nodes[0]->kind));
        return lt_error_condition(error, "_LEGACY_ERROR_TEMP_3102", NULL);
    }
    assembly->in_batches =
        needs_batches || (trigger == LT_TRIGGER_AVAILABLE_NOW && missing == NULL &&
                          find_part(assembly, LT_SOURCE_MENDS_BY_READING, true) == NULL);
    if (!assembly->in_batches || missing == NULL)
        return 0;
    return lt_error_set(error, LT_E_UNSUPPORTED,
                        "source %s cannot be read in micro-batches; hint: the trigger Continuous, "
                        "or AvailableNow where the source has an end",
                        missing->type->name);
}

/* ------------------------------------------------------------------------------ the first batch */

static void write_conf(struct lt_assembly *assembly)
{
    const struct lt_query_settings *settings = &assembly->settings;
    lt_text_fini(&assembly->conf);
    lt_text_init(&assembly->conf);
    if (assembly->pipeline.segments == NULL)
        lt_text_append(&assembly->conf, "{}");
    else
        lt_text_format(&assembly->conf,
                       "{\"" CONF_PROVIDER "\":\"%s\",\"" CONF_PARTITIONS "\":\"%u\",\"" CONF_CODEC
                       "\":\"%s\",\"" CONF_POLICY "\":\"%s\"}",
                       settings->state_provider, lt_assembly_partition_count(assembly),
                       settings->state_codec,
                       settings->takes_greatest_watermark ? "max" : "min");
}

static int find_pending(struct lt_assembly *assembly, const struct lt_recover_options *recover,
                        struct lt_error *error)
{
    uint32_t count = assembly->pipeline.source->partition_count;
    if (!assembly->recovery.has_pending)
        return 0;
    assembly->pending_end = lt_alloc_array(count + 1u, sizeof *assembly->pending_end);
    memcpy(assembly->pending_end, assembly->start, count * sizeof *assembly->start);
    return lt_recover_pending_end(recover, assembly->pending_end, error);
}

int lt_assembly_settle_batches(struct lt_assembly *assembly,
                               const struct lt_recover_options *recover, struct lt_error *error)
{
    const struct lt_recovery *recovery = &assembly->recovery;
    int code = find_pending(assembly, recover, error);
    write_conf(assembly);
    assembly->batches = (struct lt_batch_settings){
        .trigger = assembly->spec->plan->trigger,
        .pending_end = assembly->pending_end,
        .pending_timestamp_ms = recovery->pending_timestamp_ms,
        .watermark_ms = recovery->watermark_ms,
        .last_watermark_ms = recovery->last_watermark_ms,
        .conf = lt_text_get(&assembly->conf),
        .is_new = recovery->is_new,
        .takes_greatest_watermark = assembly->settings.takes_greatest_watermark,
        .has_no_data_batches = assembly->settings.has_no_data_batches,
    };
    return code;
}

/* -------------------------------------------------------------------------------------- state */

uint32_t lt_assembly_partition_count(const struct lt_assembly *assembly)
{
    uint32_t wanted = assembly->settings.shuffle_partitions;
    if (assembly->pipeline.branches[0].sink->one_lane)
        wanted = 1; /* its rows have one order */
    if (wanted == 0) /* the caller's loop is one thread */
        wanted = assembly->spec->is_invoked ? 1 : (uint32_t)assembly->placement.lane_cpu_count;
    wanted = wanted > LT_LIMIT_LANES ? LT_LIMIT_LANES : wanted;
    return wanted > 0 ? wanted : 1;
}

uint32_t lt_assembly_instance_count(const struct lt_assembly *assembly)
{
    const struct lt_segment_plan *plan = assembly->pipeline.segments;
    return plan == NULL ? 0 : plan->segment_count * lt_assembly_partition_count(assembly);
}

/* How many partitions the run before had; 0: it does not say. */
static uint32_t stored_partitions(const struct lt_recovery *recovery)
{
    const struct lt_json *count = lt_json_get(recovery->conf, CONF_PARTITIONS);
    int64_t number = count == NULL || count->text == NULL ? 0 : strtoll(count->text, NULL, 10);
    return number > 0 && number <= LT_LIMIT_LANES ? (uint32_t)number : 0;
}

struct lt_state_settings lt_assembly_state_settings(const struct lt_assembly *assembly)
{
    const struct lt_query_settings *settings = &assembly->settings;
    return (struct lt_state_settings){
        .provider = settings->state_provider,
        .codec = settings->state_codec,
        .checkpoint_path = settings->checkpoint_path,
        .min_deltas_for_snapshot = settings->min_deltas_for_snapshot,
        .versions_to_retain = settings->min_batches_to_retain,
        .stored_partition_count = stored_partitions(&assembly->recovery),
        .version = assembly->recovery.first_epoch,
    };
}
