#include "core/run/assembly.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/log.h"
#include "core/run/assembly_batches.h"
#include "core/run/assembly_check.h"
#include "core/run/guarantee.h"
#include "core/run/recover.h"
#include "core/run/union_source.h"

/* -------------------------------------------------------------------------------- connections */

static struct lt_connector_env base_env(struct lt_assembly *assembly)
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
    struct lt_connector_env env = base_env(assembly);
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
        struct lt_connector_env env = base_env(assembly);
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

static struct lt_worker_options worker_options(struct lt_assembly *assembly, const char *name)
{
    return (struct lt_worker_options){
        .name = name,
        .idle = LT_IDLE_PARK,
        .lane_cpu = -1,
        .is_inline = assembly->spec->is_invoked,
        .clock = assembly->clock,
        .catalog = assembly->spec->catalog,
        .reactor_choice = assembly->settings.reactor,
        .placement = &assembly->placement,
    };
}

static struct lt_recover_options recover_options(struct lt_assembly *assembly)
{
    return (struct lt_recover_options){
        .checkpoint = assembly->checkpoint,
        .recovery = &assembly->recovery,
        .pipeline = &assembly->pipeline,
        .worker = worker_options(assembly, "leat-recover"),
        .env = base_env(assembly),
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

/* -------------------------------------------------------------------------- workers and lanes */

static bool has_one_lane(const struct lt_assembly *assembly)
{
    for (uint32_t i = 0; i < lt_pipeline_sink_count(&assembly->pipeline); i++)
        if (lt_pipeline_sink(&assembly->pipeline, i)->one_lane)
            return true;
    return false;
}

uint32_t lt_assembly_choose_lane_count(const struct lt_assembly *assembly)
{
    uint32_t partitions = assembly->pipeline.source->partition_count;
    uint32_t wanted = has_one_lane(assembly) ? 1 : assembly->settings.lanes;
    if (wanted == 0) /* the caller's loop is one thread: more lanes would only cost it rounds */
        wanted = assembly->spec->is_invoked ? 1 : (uint32_t)assembly->placement.lane_cpu_count;
    if (partitions > 0 && wanted > partitions)
        wanted = partitions;
    return wanted > LT_LIMIT_LANES ? LT_LIMIT_LANES : wanted;
}

enum lt_idle lt_assembly_choose_idle(const struct lt_assembly *assembly)
{
    if (assembly->settings.idle_is_set)
        return assembly->settings.idle;
    return assembly->placement.cpus_are_shared ? LT_IDLE_PARK : LT_IDLE_BACKOFF;
}

/* In a query with state a lane ends in front of the exchanges. */
static uint32_t stages_of(const struct lt_assembly *assembly)
{
    return assembly->pipeline.segments != NULL ? 1 : assembly->settings.stages;
}

static int start_worker(struct lt_assembly *assembly, const char *name, int lane_cpu,
                        enum lt_idle idle, struct lt_worker **out, struct lt_error *error)
{
    struct lt_worker_options options = worker_options(assembly, name);
    options.idle = idle;
    options.lane_cpu = lane_cpu;
    return lt_worker_start(&options, out, error);
}

static int start_workers(struct lt_assembly *assembly, struct lt_error *error)
{
    /* The control worker never spins: its work can wait 50 us, and lanes want the CPU. */
    int code =
        start_worker(assembly, "leat-control", -1, LT_IDLE_PARK, &assembly->control_worker, error);
    if (code != 0 || assembly->spec->is_invoked)
        return code;
    uint32_t stages =
        assembly->lane_count * stages_of(assembly) + lt_assembly_instance_count(assembly);
    uint32_t cpus = (uint32_t)assembly->placement.lane_cpu_count;
    uint32_t count = stages < cpus ? stages : cpus;
    assembly->workers = lt_alloc_array(count, sizeof(struct lt_worker *));
    for (uint32_t i = 0; i < count; i++) {
        char name[32];
        snprintf(name, sizeof name, "leat-lane-%u", i);
        code = start_worker(assembly, name, (int)i, assembly->idle, &assembly->workers[i], error);
        if (code != 0)
            return code;
        assembly->worker_count = i + 1;
    }
    return 0;
}

/* Stages are dealt to workers in turn, so that neighbours are on different CPUs where there are
 * several. */
static struct lt_worker *worker_of(struct lt_assembly *assembly, uint32_t lane, uint32_t stage)
{
    if (assembly->spec->is_invoked)
        return assembly->control_worker;
    return assembly->workers[(lane * stages_of(assembly) + stage) % assembly->worker_count];
}

static int create_lane(struct lt_assembly *assembly, uint32_t index, struct lt_error *error)
{
    uint32_t partition_count = assembly->pipeline.source->partition_count;
    uint32_t *partitions = lt_alloc_array(partition_count, sizeof *partitions);
    struct lt_worker *workers[LT_LIMIT_STAGES];
    struct lt_lane_options options = {
        .index = index,
        .pipeline = &assembly->pipeline,
        .partitions = partitions,
        .start = assembly->start,
        .end = assembly->end,
        .is_ranged = assembly->in_batches,
        .segments = assembly->segments,
        .stage_count = stages_of(assembly),
        .workers = workers,
        .control = assembly->mailbox,
        .env = base_env(assembly),
    };
    for (uint32_t p = index; p < partition_count; p += assembly->lane_count)
        partitions[options.partition_count++] = p;
    for (uint32_t s = 0; s < options.stage_count; s++) {
        workers[s] = worker_of(assembly, index, s);
        options.env.is_shared |= workers[s] != workers[0];
    }
    options.env.is_shared |= assembly->segments != NULL && assembly->worker_count > 1;
    int code = lt_lane_create(&options, &assembly->lanes[index], error);
    free(partitions);
    return code;
}

static struct lt_worker *worker_of_instance(void *context, uint32_t number)
{
    struct lt_assembly *assembly = context;
    return worker_of(assembly, assembly->lane_count + number, 0);
}

static int create_segments(struct lt_assembly *assembly, struct lt_error *error)
{
    struct lt_segments_options options = {
        .pipeline = &assembly->pipeline,
        .instance_count = lt_assembly_partition_count(assembly),
        .worker = worker_of_instance,
        .worker_context = assembly,
        .control = assembly->mailbox,
        .env = base_env(assembly),
        .state = lt_assembly_state_settings(assembly),
    };
    options.env.is_shared = assembly->worker_count > 1;
    return lt_segments_create(&options, &assembly->segments, error);
}

static int create_lanes(struct lt_assembly *assembly, struct lt_error *error)
{
    int code =
        lt_mailbox_create(lt_worker_waker(assembly->control_worker), &assembly->mailbox, error);
    if (code == 0 && assembly->pipeline.segments != NULL)
        code = create_segments(assembly, error);
    assembly->lanes = lt_alloc_array(assembly->lane_count, sizeof(struct lt_lane *));
    for (uint32_t i = 0; i < assembly->lane_count && code == 0; i++)
        code = create_lane(assembly, i, error);
    return code;
}

/* Of epochs; in batches the trigger's interval is none of theirs. */
static int64_t epoch_interval_ns(const struct lt_assembly *assembly)
{
    int64_t interval_ns = assembly->in_batches ? 0 : assembly->spec->plan->trigger.interval_ns;
    return interval_ns > 0 ? interval_ns : LT_NS_PER_S;
}

static int create_control(struct lt_assembly *assembly, struct lt_error *error)
{
    bool has_state = assembly->pipeline.segments != NULL;
    struct lt_control_options options = {
        .pipeline = &assembly->pipeline,
        .lanes = assembly->lanes,
        .lane_count = assembly->lane_count,
        .mailbox = assembly->mailbox,
        .checkpoint = assembly->checkpoint,
        .epoch_interval_ns = epoch_interval_ns(assembly),
        .first_epoch = assembly->recovery.first_epoch,
        .start = assembly->start,
        .batches = assembly->in_batches ? &assembly->batches : NULL,
        .segments = assembly->segments,
        .following = lt_following_make(assembly->spec->plan->trigger.kind,
                                       has_state && assembly->checkpoint == NULL),
        .clock = assembly->clock,
        .counters = assembly->counters,
        .progress = assembly->progress,
        .hooks = assembly->hooks,
    };
    int code = lt_control_create(&options, &assembly->control, error);
    if (code != 0)
        return code;
    struct lt_agent agent = lt_control_agent(assembly->control);
    lt_worker_add(assembly->control_worker, &agent);
    return 0;
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
            .interval_ns = epoch_interval_ns(assembly),
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

/* Its agents add counters as they are opened. */
static int run_worker(const struct lt_assembly *assembly, struct lt_worker *worker,
                      struct lt_error *error)
{
    int code = lt_worker_run(worker, error);
    return code == 0 ? lt_counters_check_room(assembly->counters, error) : code;
}

static int populate(struct lt_assembly *assembly, struct lt_error *error)
{
    bool is_empty = assembly->pipeline.source->partition_count == 0; /* as yet: one lane waits */
    assembly->lane_count = is_empty ? 1 : lt_assembly_choose_lane_count(assembly);
    assembly->idle = lt_assembly_choose_idle(assembly);
    int code = start_workers(assembly, error);
    if (code == 0)
        code = create_lanes(assembly, error);
    if (code == 0)
        code = create_control(assembly, error);
    for (uint32_t i = 0; i < assembly->worker_count && code == 0; i++)
        code = run_worker(assembly, assembly->workers[i], error);
    return code == 0 ? run_worker(assembly, assembly->control_worker, error) : code;
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
        code = populate(assembly, error);
    if (code != 0)
        lt_assembly_dismantle(assembly);
    return code;
}

/* Lanes end before control: what they still report finds its mailbox. */
static void stop_workers(struct lt_assembly *assembly)
{
    for (uint32_t i = 0; i < assembly->worker_count; i++)
        lt_worker_stop(assembly->workers[i]);
    lt_worker_stop(assembly->control_worker);
}

/* The reverse of attach and populate, whatever they got to. */
static void end_run(struct lt_assembly *assembly)
{
    stop_workers(assembly);
    lt_segments_release(assembly->segments);
    for (uint32_t i = 0; i < assembly->lane_count && assembly->lanes != NULL; i++)
        lt_lane_release(assembly->lanes[i]);
    for (uint32_t i = 0; i < assembly->lane_count && assembly->lanes != NULL; i++)
        lt_lane_destroy(assembly->lanes[i]);
    lt_segments_destroy(assembly->segments);
    lt_control_destroy(assembly->control);
    for (uint32_t i = 0; i < assembly->worker_count; i++)
        lt_worker_destroy(assembly->workers[i]);
    lt_worker_destroy(assembly->control_worker);
    lt_mailbox_destroy(assembly->mailbox);
    lt_checkpoint_close(assembly->checkpoint);
    for (uint32_t i = 0; i < LT_LIMIT_SINKS; i++)
        lt_text_fini(&assembly->kept[i]);
    free(assembly->lanes);
    free(assembly->workers);
    free(assembly->start);
    free(assembly->end);
    free(assembly->pending_end);
    lt_text_fini(&assembly->conf);
    assembly->lanes = NULL;
    assembly->segments = NULL;
    assembly->lane_count = assembly->worker_count = 0;
    assembly->workers = NULL;
    assembly->control_worker = NULL;
    assembly->control = NULL;
    assembly->mailbox = NULL;
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
    stop_workers(assembly); /* the control agent is asked for what it knows */
    if (assembly->checkpoint == NULL)
        carry_positions(assembly);
    end_run(assembly);
    lt_counters_begin_again(assembly->counters);
    int code = open_checkpoint(assembly, error);
    if (code == 0)
        code = attach(assembly, error);
    if (code == 0)
        code = populate(assembly, error);
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
