#include "core/run/assembly_lanes.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/arena.h"
#include "core/run/assembly_batches.h"

/* ------------------------------------------------------------------------------ what is chosen */

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

int64_t lt_assembly_epoch_interval_ns(const struct lt_assembly *assembly)
{
    int64_t interval_ns = assembly->in_batches ? 0 : assembly->spec->plan->trigger.interval_ns;
    return interval_ns > 0 ? interval_ns : LT_NS_PER_S;
}

/* ------------------------------------------------------------------------------------ workers */

struct lt_worker_options lt_assembly_worker_options(struct lt_assembly *assembly,
                                                    const char *name)
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

static int start_worker(struct lt_assembly *assembly, const char *name, int lane_cpu,
                        enum lt_idle idle, struct lt_worker **out, struct lt_error *error)
{
    struct lt_worker_options options = lt_assembly_worker_options(assembly, name);
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

/* Its agents add counters as they are opened. */
static int run_worker(const struct lt_assembly *assembly, struct lt_worker *worker,
                      struct lt_error *error)
{
    int code = lt_worker_run(worker, error);
    return code == 0 ? lt_counters_check_room(assembly->counters, error) : code;
}

void lt_assembly_stop_workers(struct lt_assembly *assembly)
{
    for (uint32_t i = 0; i < assembly->worker_count; i++)
        lt_worker_stop(assembly->workers[i]);
    lt_worker_stop(assembly->control_worker);
}

/* -------------------------------------------------------------------------------------- lanes */

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
        .env = lt_assembly_env(assembly),
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
        .env = lt_assembly_env(assembly),
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

static int create_control(struct lt_assembly *assembly, struct lt_error *error)
{
    bool has_state = assembly->pipeline.segments != NULL;
    struct lt_control_options options = {
        .pipeline = &assembly->pipeline,
        .lanes = assembly->lanes,
        .lane_count = assembly->lane_count,
        .mailbox = assembly->mailbox,
        .checkpoint = assembly->checkpoint,
        .epoch_interval_ns = lt_assembly_epoch_interval_ns(assembly),
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

int lt_assembly_make_lanes(struct lt_assembly *assembly, struct lt_error *error)
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

void lt_assembly_end_lanes(struct lt_assembly *assembly)
{
    lt_assembly_stop_workers(assembly);
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
    free(assembly->lanes);
    free(assembly->workers);
    assembly->lanes = NULL;
    assembly->segments = NULL;
    assembly->lane_count = assembly->worker_count = 0;
    assembly->workers = NULL;
    assembly->control_worker = NULL;
    assembly->control = NULL;
    assembly->mailbox = NULL;
}
