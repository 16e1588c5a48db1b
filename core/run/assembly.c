#include "core/run/assembly.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/log.h"
#include "core/run/assembly_batches.h"
#include "core/run/assembly_check.h"
#include "core/run/assembly_lanes.h"
#include "core/run/guarantee.h"
#include "core/run/recover.h"
#include "core/run/union_source.h"

/* -------------------------------------------------------------------------------- connections */

struct lt_connector_env lt_assembly_env(struct lt_assembly *assembly)
{
    const struct lt_control_hooks *hooks = assembly->hooks;
    return (struct lt_connector_env){
        .clock = assembly->clock,
        .counters = assembly->counters,
        .query_id = assembly->id,
        .lane_rows = assembly->settings.lane_rows,
        .lane_bytes = assembly->settings.lane_bytes,
        .in_batches = assembly->in_batches,
        .place_thread = lt_placement_place_thread,
        .place_context = &assembly->placement,
        .deadline_ns = lt_clock_now_ns(lt_clock_system()) + assembly->settings.startup_timeout_ns,
        .is_stopping = hooks != NULL ? hooks->stop_is_wanted : NULL,
        .stop_context = hooks != NULL ? hooks->context : NULL,
    };
}

static struct lt_source *const *parts_of(const struct lt_assembly *assembly, uint32_t *count)
{
    return lt_source_parts(&assembly->pipeline.source, count);
}

static int connect_part(struct lt_assembly *assembly, struct lt_source *source, uint32_t part,
                        struct lt_error *error)
{
    struct lt_connector_env env = lt_assembly_env(assembly);
    struct lt_text_buffer *kept = &assembly->kept[part];
    char prefix[LT_COUNTER_PREFIX_SIZE];
    int code = 0;
    lt_pipeline_set_part_env(part, &env, prefix);
    if (source->ops->settle == NULL) /* else the folder holds its log */
        code = lt_recover_kept(assembly->checkpoint, part, kept, error);
    if (code != 0)
        return code;
    env.kept = kept->data;
    env.kept_size_bytes = kept->size_bytes;
    code = source->ops->connect == NULL ? 0 : source->ops->connect(source, &env, error);
    return code == 0 ? 0 : lt_error_append(error, "source %s", source->type->name);
}

static int connect_source(struct lt_assembly *assembly, struct lt_error *error)
{
    uint32_t count;
    struct lt_source *const *parts = parts_of(assembly, &count);
    int code = 0;
    for (uint32_t i = 0; i < count && code == 0; i++)
        code = connect_part(assembly, parts[i], i, error);
    if (code == 0)
        lt_union_source_settle(assembly->pipeline.source);
    return code;
}

static int connect_sinks(struct lt_assembly *assembly, struct lt_error *error)
{
    for (uint32_t i = 0; i < lt_pipeline_sink_count(&assembly->pipeline); i++) {
        struct lt_sink *sink = lt_pipeline_sink(&assembly->pipeline, i);
        struct lt_connector_env env = lt_assembly_env(assembly);
        char prefix[LT_COUNTER_PREFIX_SIZE];
        lt_pipeline_set_sink_env(i, &env, prefix);
        sink->source = assembly->pipeline.source;
        int code = sink->ops->connect == NULL ? 0 : sink->ops->connect(sink, &env, error);
        if (code != 0)
            return lt_error_append(
                error, "%s %s", i < assembly->pipeline.branch_count ? "sink" : "dead-letter sink",
                sink->type->name);
    }
    return 0;
}

/* --------------------------------------------------------------------------------- checkpoint */

/* The id is the checkpoint's, or the query's own; it is told to other threads from the first run
 * on, and so set once. */
static int take_id(struct lt_assembly *assembly, const char *id, struct lt_error *error)
{
    if (assembly->id[0] == '\0')
        snprintf(assembly->id, sizeof assembly->id, "%s", id);
    if (strcmp(assembly->id, id) != 0)
        return lt_error_set(error, LT_E_CHECKPOINT,
                            "checkpoint '%s' was query %s's and is now query %s's",
                            assembly->settings.checkpoint_path, assembly->id, id);
    return 0;
}

static int open_checkpoint(struct lt_assembly *assembly, struct lt_error *error)
{
    lt_uuid_make(assembly->run_id);
    if (assembly->settings.checkpoint_path == NULL) {
        char id[LT_UUID_SIZE];
        lt_uuid_make(id);
        if (assembly->carried[0] == NULL)
            assembly->recovery = (struct lt_recovery){.is_new = true};
        return take_id(assembly, assembly->id[0] == '\0' ? id : assembly->id, error);
    }
    struct lt_checkpoint_options options = {
        .path = assembly->settings.checkpoint_path,
        .query_name = assembly->settings.name,
        .sink_count = lt_pipeline_sink_count(&assembly->pipeline),
        .min_batches_to_retain = assembly->settings.min_batches_to_retain,
        .verify_checksums = assembly->settings.verify_checksums,
        .runs_batches = assembly->in_batches,
        .keeps_pending = assembly->in_batches && lt_assembly_is_replayable(assembly),
        .has_state = assembly->pipeline.segments != NULL,
    };
    (void)parts_of(assembly, &options.source_count);
    int code = lt_checkpoint_open(&options, &assembly->checkpoint, &assembly->recovery, error);
    return code == 0 ? take_id(assembly, lt_checkpoint_query_id(assembly->checkpoint), error)
                     : code;
}

static struct lt_recover_options recover_options(struct lt_assembly *assembly)
{
    return (struct lt_recover_options){
        .checkpoint = assembly->checkpoint,
        .recovery = &assembly->recovery,
        .pipeline = &assembly->pipeline,
        .worker = lt_assembly_worker_options(assembly, "leat-recover"),
        .env = lt_assembly_env(assembly),
        .patience_ns = assembly->settings.startup_timeout_ns,
        .was_withdrawn = &assembly->was_withdrawn,
    };
}

static int take_carried(struct lt_assembly *assembly, struct lt_error *error)
{
    uint32_t count;
    struct lt_source *const *parts = parts_of(assembly, &count);
    struct lt_position *positions = assembly->start;
    int code = 0;
    for (uint32_t i = 0; i < count && code == 0; i++) {
        code = parts[i]->ops->positions_from_json(parts[i], assembly->carried[i], positions, error);
        positions += parts[i]->partition_count;
    }
    return code == 0 ? 0
                     : lt_error_append(error, "source %s", assembly->pipeline.source->type->name);
}

static int find_positions(struct lt_assembly *assembly, struct lt_error *error)
{
    struct lt_source *source = assembly->pipeline.source;
    assembly->start = lt_alloc_array(source->partition_count, sizeof *assembly->start);
    struct lt_recover_options recover = recover_options(assembly);
    int code = assembly->carried[0] != NULL
                   ? take_carried(assembly, error)
                   : lt_recover_positions(&recover, assembly->start, error);
    if (code == 0)
        code = lt_recover_sinks(&recover, assembly->recovery.first_epoch, error);
    if (code == 0 && assembly->in_batches)
        code = lt_assembly_settle_batches(assembly, &recover, error);
    if (code != 0)
        return code;
    enum lt_trigger_kind trigger = assembly->spec->plan->trigger.kind;
    if (trigger != LT_TRIGGER_AVAILABLE_NOW || assembly->in_batches)
        return 0;
    if (source->ops->latest == NULL)
        return lt_error_set(error, LT_E_UNSUPPORTED,
                            "source %s cannot say where it ends now, which AvailableNow needs",
                            source->type->name);
    assembly->end = lt_alloc_array(source->partition_count, sizeof *assembly->end);
    return source->ops->latest(source, assembly->end, error);
}

/* -------------------------------------------------------------------------------------- order */

int lt_assembly_bind(struct lt_assembly *assembly, const struct lt_query_spec *spec,
                     struct lt_error *error)
{
    *assembly = (struct lt_assembly){.spec = spec};
    assembly->clock = spec->clock != NULL ? spec->clock : lt_clock_system();
    assembly->placement.dma_latency_fd = -1;
    int code = lt_query_settings_read(spec->options, &assembly->settings, error);
    if (code == 0)
        code = lt_pipeline_bind(spec->plan, spec->catalog, spec->arena, &assembly->pipeline, error);
    if (code == 0)
        code = lt_assembly_choose_mode(assembly, error);
    return code == 0 ? lt_assembly_check_sinks(assembly, error) : code;
}

int lt_assembly_place(struct lt_assembly *assembly, bool for_a_run, struct lt_error *error)
{
    struct lt_placement_options placement = {
        .cpus = assembly->settings.cpus,
        .pin = assembly->settings.pin && !assembly->spec->is_invoked,
        .yield_to_lanes = assembly->settings.yield_to_lanes,
        .hold_dma_latency = assembly->settings.hold_dma_latency && for_a_run,
    };
    int code = lt_placement_init(&assembly->placement, &placement, error);
    assembly->has_placement = code == 0;
    return code;
}

/* In the counters, and, where something can be lost, in the log. */
static void show_guarantee(struct lt_assembly *assembly)
{
    struct lt_text_buffer text;
    struct lt_query_guarantee guarantee =
        lt_query_guarantee_of(&assembly->pipeline, &assembly->settings);
    lt_text_init(&text);
    lt_query_guarantee_say(&guarantee, &text);
    lt_counter_text_set(lt_counters_add_text(assembly->counters, "query.guarantee",
                                             "what is promised of each record"),
                        lt_text_get(&text));
    lt_text_append(&text, guarantee.lost != NULL ? ": " : "; ");
    lt_query_guarantee_explain(&guarantee, &text);
    if (guarantee.lost != NULL && (lt_source_traits(guarantee.lost) & LT_SOURCE_OF_PROGRAM) == 0)
        lt_log_warn("%s", lt_text_get(&text));
    else
        lt_log_info("%s", lt_text_get(&text));
    lt_text_fini(&text);
}

static int prepare(struct lt_assembly *assembly, struct lt_error *error)
{
    int code = lt_assembly_place(assembly, true, error);
    if (code == 0)
        code = open_checkpoint(assembly, error); /* who has it may have the counters' name, too */
    if (code == 0)
        code = lt_counters_create(assembly->settings.counters_path,
                                  assembly->settings.name != NULL ? assembly->settings.name : "",
                                  &assembly->counters, error);
    if (code == 0)
        show_guarantee(assembly);
    if (code == 0)
        assembly->progress = lt_progress_create(&(struct lt_progress_options){
            .id = assembly->id,
            .run_id = assembly->run_id,
            .name = assembly->settings.name,
            .pipeline = &assembly->pipeline,
            .clock = assembly->clock,
            .counters = assembly->counters,
            .interval_ns = lt_assembly_epoch_interval_ns(assembly),
            .in_batches = assembly->in_batches,
        });
    return code;
}

static int attach_once(struct lt_assembly *assembly, struct lt_error *error)
{
    int code = connect_source(assembly, error);
    if (code == 0)
        code = connect_sinks(assembly, error);
    if (code == 0)
        code = lt_assembly_check_partitions(assembly, error);
    if (code == 0)
        code = find_positions(assembly, error);
    return code;
}

static void end_run(struct lt_assembly *assembly);
/* Once more where a batch turned out to have to be run again. */
static int attach(struct lt_assembly *assembly, struct lt_error *error)
{
    int code = attach_once(assembly, error);
    if (!assembly->was_withdrawn)
        return code;
    end_run(assembly);
    code = open_checkpoint(assembly, error);
    return code == 0 ? attach_once(assembly, error) : code;
}

int lt_assembly_build(struct lt_assembly *assembly, const struct lt_query_spec *spec,
                      const struct lt_control_hooks *hooks, struct lt_error *error)
{
    int code = lt_assembly_bind(assembly, spec, error);
    assembly->hooks = hooks;
    if (code == 0)
        code = prepare(assembly, error);
    if (code == 0)
        code = attach(assembly, error);
    if (code == 0)
        code = lt_assembly_make_lanes(assembly, error);
    if (code != 0)
        lt_assembly_dismantle(assembly);
    return code;
}

/* The reverse of attach and lt_assembly_make_lanes, whatever they got to. */
static void end_run(struct lt_assembly *assembly)
{
    lt_assembly_end_lanes(assembly);
    lt_checkpoint_close(assembly->checkpoint);
    for (uint32_t i = 0; i < LT_LIMIT_SINKS; i++)
        lt_text_fini(&assembly->kept[i]);
    free(assembly->start);
    free(assembly->end);
    free(assembly->pending_end);
    lt_text_fini(&assembly->conf);
    assembly->checkpoint = NULL;
    assembly->was_withdrawn = false;
    assembly->start = assembly->end = assembly->pending_end = NULL;
}

/* What a checkpoint would tell the next run, partitions by the names that they have now. */
static void carry_positions(struct lt_assembly *assembly)
{
    uint32_t count;
    struct lt_source *const *parts = parts_of(assembly, &count);
    const struct lt_position *positions = lt_control_positions(assembly->control);
    for (uint32_t i = 0; i < count; i++) {
        struct lt_text_buffer text;
        lt_text_init(&text);
        parts[i]->ops->positions_to_json(parts[i], positions, &text);
        positions += parts[i]->partition_count;
        free(assembly->carried[i]);
        assembly->carried[i] = lt_text_take(&text);
    }
    assembly->recovery =
        (struct lt_recovery){.first_epoch = lt_control_next_epoch(assembly->control)};
}

int lt_assembly_restart(struct lt_assembly *assembly, struct lt_error *error)
{
    lt_assembly_stop_workers(assembly); /* the control agent is asked for what it knows */
    if (assembly->checkpoint == NULL)
        carry_positions(assembly);
    end_run(assembly);
    lt_counters_begin_again(assembly->counters);
    int code = open_checkpoint(assembly, error);
    if (code == 0)
        code = attach(assembly, error);
    if (code == 0)
        code = lt_assembly_make_lanes(assembly, error);
    if (code != 0)
        end_run(assembly);
    return code;
}

void lt_assembly_dismantle(struct lt_assembly *assembly)
{
    end_run(assembly);
    lt_progress_destroy(assembly->progress);
    lt_pipeline_close(&assembly->pipeline);
    lt_counters_close(assembly->counters);
    if (assembly->has_placement)
        lt_placement_fini(&assembly->placement);
    for (uint32_t i = 0; i < LT_LIMIT_SINKS; i++)
        free(assembly->carried[i]);
    *assembly = (struct lt_assembly){.placement.dma_latency_fd = -1};
}
