#include "core/run/assembly_batches.h"

#include <string.h>

#include "core/base/arena.h"
#include "core/base/log.h"
#include "core/run/assembly_check.h"
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

/* The first sink that is given whole batches, dead letters' among them; NULL: there is none. */
static const struct lt_sink *find_batch_sink(const struct lt_assembly *assembly)
{
    for (uint32_t i = 0; i < lt_pipeline_sink_count(&assembly->pipeline); i++)
        if (lt_pipeline_sink(&assembly->pipeline, i)->type->needs_batches)
            return lt_pipeline_sink(&assembly->pipeline, i);
    return NULL;
}

/* Continuous mode has no segments. */
static int refuse_segments(const struct lt_pipeline *pipeline, struct lt_error *error)
{
    const struct lt_segment_plan *plan = pipeline->segments;
    const struct lt_plan_node *node = plan->segments[0].nodes[0];
    if (lt_plan_brings_together(node) && plan->segment_count > 1)
        node = plan->segments[1].nodes[0]; /* nobody has asked for the first */
    if (lt_plan_brings_together(node))
        (void)lt_error_set(error, LT_E_UNSUPPORTED,
                           "sink %s has one writer, and in continuous mode each side of a union "
                           "has one of its own; hint: the trigger processingTime, or an INSERT for "
                           "each side, each into a place of its own",
                           pipeline->branches[0].sink->type->name);
    else
        (void)lt_error_set(error, LT_E_UNSUPPORTED,
                           "Continuous processing does not support %s operations.",
                           lt_plan_kind_name(node->kind));
    return lt_error_condition(error, "_LEGACY_ERROR_TEMP_3102", NULL);
}

/* Continuous mode runs AvailableNow too, up to the same end: of sources whose readers cannot be
 * given one range after the other, and, for a query without state, of those that may hold much and
 * have no limit (LT_SOURCE_IN_EPOCHS: a Kafka topic). To Spark that is one batch. One batch is all
 * or nothing: killed in a backlog of an hour it begins again, and a sink that is at-least-once gets
 * all of it twice. In epochs the checkpoint moves on, a kill costs the last of them, and rows are
 * out when they are read. The rows are the same, and what was lost is noticed alike in both modes;
 * what differs is that the current time is each record's. Who wants Spark's batches sets a limit
 * (maxOffsetsPerTrigger). */
static int choose_mode(struct lt_assembly *assembly, struct lt_error *error)
{
    enum lt_trigger_kind trigger = assembly->spec->plan->trigger.kind;
    const struct lt_source *missing = find_part(assembly, LT_SOURCE_IN_BATCHES, false);
    bool has_state = assembly->pipeline.segments != NULL;
    const struct lt_sink *batch_sink = find_batch_sink(assembly);
    bool needs_batches = has_state || batch_sink != NULL || trigger == LT_TRIGGER_ONCE ||
                         trigger == LT_TRIGGER_PROCESSING_TIME;
    if (has_state && trigger == LT_TRIGGER_CONTINUOUS)
        return refuse_segments(&assembly->pipeline, error);
    if (batch_sink != NULL && trigger == LT_TRIGGER_CONTINUOUS) {
        lt_error_set(error, LT_E_UNSUPPORTED,
                     "'%s' is not supported with continuous trigger.; hint: the trigger "
                     "processingTime, availableNow or once",
                     batch_sink->type->name);
        return lt_error_condition(error, "_LEGACY_ERROR_TEMP_1195", NULL);
    }
    assembly->in_batches =
        needs_batches || (trigger == LT_TRIGGER_AVAILABLE_NOW && missing == NULL &&
                          find_part(assembly, LT_SOURCE_IN_EPOCHS, true) == NULL);
    const struct lt_source *endless = find_part(assembly, LT_SOURCE_ENDLESS, true);
    bool has_end = trigger == LT_TRIGGER_AVAILABLE_NOW || trigger == LT_TRIGGER_ONCE;
    if (assembly->in_batches && has_end && endless != NULL)
        return lt_error_set(error, LT_E_UNSUPPORTED,
                            "source %s cannot say where it ends now, which %s needs in "
                            "micro-batches; hint: the trigger ProcessingTime",
                            endless->type->name,
                            trigger == LT_TRIGGER_ONCE ? "Once" : "AvailableNow");
    if (!assembly->in_batches || missing == NULL)
        return 0;
    return lt_error_set(error, LT_E_UNSUPPORTED,
                        "source %s cannot be read in micro-batches; hint: the trigger Continuous, "
                        "or AvailableNow where the source has an end",
                        missing->type->name);
}

/* Continuous mode has always written its entries behind the records' backs. */
int lt_assembly_choose_mode(struct lt_assembly *assembly, struct lt_error *error)
{
    int code = choose_mode(assembly, error);
    if (code == 0)
        code = lt_assembly_check_async(assembly, error);
    if (!assembly->in_batches)
        assembly->settings.async_interval_ns = -1;
    return code;
}

/* ------------------------------------------------------------------------------ the first batch */

static void warn_of(const char *name, const char *given, const char *stored)
{
    lt_log_warn("Updating the value of conf '%s' in current session from '%s' to '%s'. (It is what "
                "the checkpoint was begun with)",
                name, given, stored);
}

static const char *conf_text(const struct lt_recovery *recovery, const char *name)
{
    const char *text;
    return lt_json_get_text(recovery->conf, name, &text, NULL) == 0 ? text : NULL;
}

static const char *policy_name(bool takes_greatest)
{
    return takes_greatest ? "max" : "min";
}

/* As in Spark, a query with state goes on with the store, the codec and the policy that its
 * checkpoint was begun with, whatever the session says now. The number of partitions may change. */
static int restore_conf(struct lt_assembly *assembly, struct lt_error *error)
{
    static const char *const codecs[] = {"lz4", "zstd", "none"};
    struct lt_query_settings *settings = &assembly->settings;
    const struct lt_recovery *recovery = &assembly->recovery;
    const char *provider = conf_text(recovery, CONF_PROVIDER), *given = settings->state_provider;
    const char *codec = conf_text(recovery, CONF_CODEC), *policy = conf_text(recovery, CONF_POLICY);
    if (assembly->pipeline.segments == NULL)
        return 0;
    if (provider != NULL) {
        int code = lt_state_provider_find(provider, &settings->state_provider, NULL, error);
        if (code != 0)
            return lt_error_append(error, "conf '%s' of the checkpoint", CONF_PROVIDER);
        if (strcmp(given, settings->state_provider) != 0)
            warn_of(CONF_PROVIDER, given, settings->state_provider);
    }
    for (size_t i = 0; i < sizeof codecs / sizeof codecs[0] && codec != NULL; i++) {
        if (strcmp(codecs[i], codec) != 0 || strcmp(settings->state_codec, codec) == 0)
            continue;
        warn_of(CONF_CODEC, settings->state_codec, codec);
        settings->state_codec = codecs[i];
    }
    if (policy != NULL && strcmp(policy, policy_name(settings->takes_greatest_watermark)) != 0) {
        warn_of(CONF_POLICY, policy_name(settings->takes_greatest_watermark), policy);
        settings->takes_greatest_watermark = strcmp(policy, "max") == 0;
    }
    return 0;
}

static int write_conf(struct lt_assembly *assembly, struct lt_error *error)
{
    const struct lt_query_settings *settings = &assembly->settings;
    const char *provider, *spark_class;
    int code = lt_state_provider_find(settings->state_provider, &provider, &spark_class, error);
    if (code != 0)
        return code;
    lt_text_fini(&assembly->conf);
    lt_text_init(&assembly->conf);
    if (assembly->pipeline.segments == NULL)
        lt_text_append(&assembly->conf, "{}");
    else
        lt_text_format(&assembly->conf,
                       "{\"" CONF_PROVIDER "\":\"%s\",\"" CONF_PARTITIONS "\":\"%u\",\"" CONF_CODEC
                       "\":\"%s\",\"" CONF_POLICY "\":\"%s\"}",
                       spark_class, lt_assembly_partition_count(assembly), settings->state_codec,
                       policy_name(settings->takes_greatest_watermark));
    return 0;
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
    if (code == 0)
        code = restore_conf(assembly, error);
    if (code == 0)
        code = write_conf(assembly, error);
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
        .async_interval_ns =
            assembly->checkpoint != NULL ? assembly->settings.async_interval_ns : -1,
        .min_batches_to_retain = assembly->settings.min_batches_to_retain,
    };
    return code;
}

/* -------------------------------------------------------------------------------------- state */

const struct lt_sink *lt_assembly_ordered_sink(const struct lt_assembly *assembly)
{
    for (uint32_t i = 0; i < assembly->pipeline.branch_count; i++)
        if (assembly->pipeline.branches[i].sink->one_lane)
            return assembly->pipeline.branches[i].sink;
    return NULL;
}

uint32_t lt_assembly_partition_count(const struct lt_assembly *assembly)
{
    uint32_t wanted = assembly->settings.shuffle_partitions;
    if (lt_assembly_ordered_sink(assembly) != NULL)
        wanted = 1;
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

/* How many partitions the state has stands in its files. The log does not say: an entry is of the
 * run that planned its batch, which may have died before another one ran it. */
struct lt_state_settings lt_assembly_state_settings(const struct lt_assembly *assembly)
{
    const struct lt_query_settings *settings = &assembly->settings;
    return (struct lt_state_settings){
        .provider = settings->state_provider,
        .codec = settings->state_codec,
        .rocksdb = &settings->rocksdb,
        .checks_schemas = settings->checks_state_schemas,
        .checkpoint_path = settings->checkpoint_path,
        .min_deltas_for_snapshot = settings->min_deltas_for_snapshot,
        .versions_to_retain = settings->min_batches_to_retain,
        .version = assembly->recovery.first_epoch,
    };
}
