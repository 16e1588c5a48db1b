#include "core/run/segment.h"

#include <stdlib.h>

#include "core/base/arena.h"
#include "core/run/pipeline.h"
#include "core/run/state_metadata.h"
#include "ops/catalog.h"

static const char *const names[LT_LIMIT_SEGMENTS] = {
    "segment0",  "segment1",  "segment2",  "segment3", "segment4",  "segment5",
    "segment6",  "segment7",  "segment8",  "segment9", "segment10", "segment11",
    "segment12", "segment13", "segment14", "segment15"};

uint32_t lt_segments_target_count(const struct lt_segments *segments,
                                  const struct lt_segment_target *target)
{
    return segments->counts[target->segment];
}

uint32_t lt_segments_state_count(const struct lt_segments *segments)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < segments->plan->segment_count; i++)
        count += segments->counts[i];
    return count;
}

int lt_segments_connect(struct lt_segments *segments, const struct lt_segment_target *target,
                        struct lt_worker *from, struct lt_exchange *exchange,
                        struct lt_error *error)
{
    int code = 0;
    for (uint32_t i = 0; i < lt_segments_target_count(segments, target) && code == 0; i++) {
        struct lt_segment_instance *instance = &segments->instances[target->segment][i];
        struct lt_ring *ring;
        bool is_woken = instance->worker != from && lt_worker_may_park(instance->worker);
        code = lt_confluence_add(&instance->confluence, target->side == 1, &ring, error);
        if (code == 0)
            lt_exchange_connect(exchange, i, ring,
                                is_woken ? lt_worker_waker(instance->worker) : NULL);
    }
    return code;
}

/* ------------------------------------------------------------------------------------ instances */

static void close_all(struct lt_operator **ops, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        ops[i]->ops->close(ops[i]);
}

/* What comes out of the last segment, comes to every sink. */
static int init_delivery(struct lt_segment_instance *instance,
                         const struct lt_segments_options *options, struct lt_error *error)
{
    const struct lt_pipeline *pipeline = options->pipeline;
    struct lt_delivery_sink sinks[LT_LIMIT_SINKS];
    struct lt_operator *ops[LT_LIMIT_OPERATORS];
    uint32_t used = 0;
    for (uint32_t i = 0; i < pipeline->branch_count; i++) {
        const struct lt_pipeline_branch *branch = &pipeline->branches[i];
        int code = used + branch->node_count > LT_LIMIT_OPERATORS
                       ? lt_error_set(error, LT_E_LIMIT,
                                      "more than %d operators in front of the sinks",
                                      LT_LIMIT_OPERATORS)
                       : lt_pipeline_make_operators(branch->nodes, branch->node_count, ops + used,
                                                    error);
        if (code != 0) {
            close_all(ops, used);
            return code;
        }
        sinks[i] = (struct lt_delivery_sink){.sink = branch->sink,
                                             .ops = ops + used,
                                             .op_count = branch->node_count,
                                             .end_partition = UINT32_MAX};
        used += branch->node_count;
    }
    lt_delivery_init(&instance->delivery, &(struct lt_delivery_options){
                                              .sinks = sinks,
                                              .sink_count = pipeline->branch_count,
                                              .dead_letters = pipeline->dead_letters,
                                              .source = pipeline->source,
                                              .lane = instance->index,
                                              .clock = options->env.clock,
                                              .control = options->control,
                                          });
    instance->stage.delivery = &instance->delivery;
    return 0;
}

static int init_fan(struct lt_segments *segments, struct lt_segment_instance *instance,
                    const struct lt_segment_target *target, struct lt_error *error)
{
    const struct lt_fan_part part = {
        .how = &target->how,
        .instance_count = lt_segments_target_count(segments, target),
        .end_partition = UINT32_MAX,
    };
    lt_fan_init(&instance->fan, &part, 1);
    instance->stage.fan = &instance->fan;
    return lt_segments_connect(segments, target, instance->worker,
                               &instance->fan.branches[0].exchange, error);
}

static void init_stage(struct lt_segment_instance *instance,
                       const struct lt_segments_options *options)
{
    struct lt_stage *stage = &instance->stage;
    stage->name = stage->segment = names[instance->segment];
    stage->lane = instance->index;
    stage->clock = options->env.clock;
    stage->commands = instance->mailbox;
    stage->control = options->control;
    stage->confluence = &instance->confluence;
    stage->state = &instance->state;
    stage->env = options->env;
    stage->env.lane = instance->index;
    stage->operator_env = (struct lt_operator_env){
        .clock = options->env.clock,
        .counters = options->env.counters,
        .lane = instance->index,
        .is_shared = options->env.is_shared,
        .rows_in_flight = options->env.lane_rows,
    };
}

/* The partial operator of the segment that rows go to, as in a lane; NULL: it has none, or they go
 * to the sink. */
static int make_partial(const struct lt_segment_plan *plan, const struct lt_segment_nodes *nodes,
                        struct lt_operator **out, struct lt_error *error)
{
    *out = NULL;
    if (nodes->target.segment == LT_SEGMENT_SINK)
        return 0;
    return lt_ops_create_partial(plan->segments[nodes->target.segment].nodes[0], out, error);
}

static int init_chain(struct lt_segment_instance *instance, const struct lt_segment_plan *plan,
                      const struct lt_segment_nodes *nodes, struct lt_error *error)
{
    struct lt_operator *ops[LT_LIMIT_OPERATORS + 1], *partial;
    struct lt_stage *stage = &instance->stage;
    int code = make_partial(plan, nodes, &partial, error);
    if (code != 0)
        return code;
    code = lt_pipeline_make_operators(nodes->nodes, nodes->node_count, ops, error);
    if (code != 0 && partial != NULL)
        partial->ops->close(partial);
    if (code != 0)
        return code;
    ops[nodes->node_count] = partial;
    lt_chain_init(&stage->chain, ops, nodes->node_count + (partial != NULL),
                  stage->delivery != NULL ? lt_delivery_entry(stage->delivery)
                                          : lt_fan_entry(stage->fan));
    return 0;
}

static int create_instance(struct lt_segments *segments, struct lt_segment_instance *instance,
                           const struct lt_segments_options *options, struct lt_error *error)
{
    const struct lt_segment_nodes *nodes = &segments->plan->segments[instance->segment];
    const struct lt_plan_stateful *stateful = nodes->nodes[0]->stateful;
    int code = lt_mailbox_create(lt_worker_waker(instance->worker), &instance->mailbox, error);
    if (code != 0)
        return code;
    lt_state_set_init(&instance->state, &options->state, stateful != NULL ? stateful->number : 0,
                      instance->index, segments->counts[instance->segment]);
    init_stage(instance, options);
    if (nodes->target.segment == LT_SEGMENT_SINK)
        code = init_delivery(instance, options, error);
    else
        code = init_fan(segments, instance, &nodes->target, error);
    if (code == 0)
        code = init_chain(instance, segments->plan, nodes, error);
    if (code != 0)
        return code;
    struct lt_agent agent = lt_stage_agent(&instance->stage);
    lt_worker_add(instance->worker, &agent);
    return 0;
}

/* --------------------------------------------------------------------------------------- public */

static uint32_t choose_count(const struct lt_segments_options *options, uint32_t segment)
{
    const struct lt_segment_nodes *nodes = &options->pipeline->segments->segments[segment];
    return nodes->is_single ? 1 : options->instance_count;
}

/* A query that has had a batch keeps the operators that it had. */
static int check_operators(const struct lt_segments *segments,
                           const struct lt_state_settings *state, struct lt_error *error)
{
    struct lt_state_operator operators[LT_LIMIT_SEGMENTS];
    uint32_t count = 0;
    if (state->checkpoint_path == NULL || state->version == 0)
        return 0;
    for (uint32_t i = 0; i < segments->plan->segment_count; i++) {
        const struct lt_plan_stateful *stateful = segments->plan->segments[i].nodes[0]->stateful;
        const struct lt_operator *op = segments->instances[i][0].stage.chain.links[0].op;
        if (stateful != NULL && op->ops->state_metrics != NULL)
            operators[count++] = (struct lt_state_operator){stateful->number, op->ops->name};
    }
    return lt_state_check_operators(state->checkpoint_path, operators, count, error);
}

int lt_segments_create(const struct lt_segments_options *options, struct lt_segments **out,
                       struct lt_error *error)
{
    struct lt_segments *segments = lt_alloc(sizeof *segments);
    uint32_t number = 0;
    int code = 0;
    segments->plan = options->pipeline->segments;
    for (uint32_t i = 0; i < segments->plan->segment_count && code == 0; i++) {
        uint32_t count = choose_count(options, i);
        segments->instances[i] = lt_alloc_array(count, sizeof(struct lt_segment_instance));
        segments->counts[i] = count;
        for (uint32_t k = 0; k < count && code == 0; k++) {
            struct lt_segment_instance *instance = &segments->instances[i][k];
            instance->segment = i;
            instance->index = k;
            instance->worker = options->worker(options->worker_context, number++);
            code = create_instance(segments, instance, options, error);
        }
    }
    if (code == 0)
        code = check_operators(segments, &options->state, error);
    if (code != 0) {
        lt_segments_release(segments);
        lt_segments_destroy(segments);
        return code;
    }
    *out = segments;
    return 0;
}

static void release(struct lt_segment_instance *instance)
{
    lt_fan_release_held(&instance->fan);
    lt_confluence_fini(&instance->confluence);
    lt_delivery_release(&instance->delivery);
    lt_chain_release_held(&instance->stage.chain);
}

void lt_segments_release(struct lt_segments *segments)
{
    for (uint32_t i = 0; segments != NULL && i < segments->plan->segment_count; i++)
        for (uint32_t k = 0; k < segments->counts[i]; k++)
            release(&segments->instances[i][k]);
}

/* Rows are gone; operators go before the stores that they read. */
static void destroy_instance(struct lt_segment_instance *instance)
{
    lt_delivery_fini(&instance->delivery);
    lt_fan_fini(&instance->fan);
    lt_chain_fini(&instance->stage.chain);
    lt_state_set_fini(&instance->state);
    lt_mailbox_destroy(instance->mailbox);
}

void lt_segments_destroy(struct lt_segments *segments)
{
    for (uint32_t i = 0; segments != NULL && i < segments->plan->segment_count; i++) {
        for (uint32_t k = 0; k < segments->counts[i]; k++)
            destroy_instance(&segments->instances[i][k]);
        free(segments->instances[i]);
    }
    free(segments);
}
