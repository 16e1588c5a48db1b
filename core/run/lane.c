#include "core/run/lane.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/run/union_source.h"

static const char *const stage_names[LT_LIMIT_STAGES + 1][LT_LIMIT_STAGES] = {
    {0}, {"lane"}, {"read", "deliver"}, {"read", "operate", "deliver"}};

/* The stage that has the trunk's operators. */
static uint32_t trunk_stage(const struct lt_lane *lane)
{
    return lane->stage_count == 3 ? 1 : 0;
}

static struct lt_position *copy_positions(const struct lt_lane *lane,
                                          const struct lt_position *positions)
{
    if (positions == NULL)
        return NULL;
    struct lt_position *copy = lt_alloc_array(lane->partition_count, sizeof *copy);
    for (uint32_t i = 0; i < lane->partition_count; i++)
        copy[i] = positions[lane->partitions[i]];
    return copy;
}

static void copy_partitions(struct lt_lane *lane, const struct lt_lane_options *options)
{
    lane->partition_count = options->partition_count;
    lane->partitions = lt_alloc_array(options->partition_count, sizeof *lane->partitions);
    memcpy(lane->partitions, options->partitions,
           options->partition_count * sizeof *lane->partitions);
    lane->start = copy_positions(lane, options->start);
    lane->end = copy_positions(lane, options->is_ranged ? options->start : options->end);
    lane->intake = (struct lt_intake){
        .source = options->pipeline->source,
        .partitions = lane->partitions,
        .partition_count = lane->partition_count,
        .start = lane->start,
        .end = lane->end,
        .is_ranged = options->is_ranged,
    };
}

/* The lane reads it when it takes the command that comes after. */
void lt_lane_set_end(struct lt_lane *lane, const struct lt_position *end)
{
    for (uint32_t i = 0; i < lane->partition_count; i++)
        lane->end[i] = end[lane->partitions[i]];
}

/* Rings join stages; the waker is only needed when the next stage is another worker's, and that one
 * may sleep. */
static int join_stages(struct lt_lane *lane, const struct lt_lane_options *options,
                       struct lt_error *error)
{
    for (uint32_t i = 0; i < lane->stage_count; i++) {
        int code =
            lt_mailbox_create(lt_worker_waker(options->workers[i]), &lane->mailboxes[i], error);
        if (code != 0)
            return code;
    }
    for (uint32_t i = 0; i + 1 < lane->stage_count; i++) {
        int code = lt_ring_create(LT_LIMIT_RING_SLOTS, &lane->rings[i], error);
        if (code != 0)
            return code;
        bool same_worker = options->workers[i] == options->workers[i + 1];
        lt_ring_outlet_init(&lane->outlets[i], lane->rings[i],
                            same_worker || !lt_worker_may_park(options->workers[i + 1])
                                ? NULL
                                : lt_worker_waker(options->workers[i + 1]));
    }
    return 0;
}

/* One operator list per branch, in one block per branch: the delivery's chains copy the
 * pointers. */
static int init_delivery(struct lt_lane *lane, const struct lt_lane_options *options,
                         struct lt_error *error)
{
    const struct lt_pipeline *pipeline = options->pipeline;
    struct lt_operator *ops[LT_LIMIT_OPERATORS];
    struct lt_delivery_sink sinks[LT_LIMIT_SINKS];
    uint32_t used = 0, part_count;
    struct lt_source *const *parts = lt_source_parts(&pipeline->source, &part_count);
    for (uint32_t i = 0; i < pipeline->branch_count; i++) {
        const struct lt_pipeline_branch *branch = &pipeline->branches[i];
        int code = lt_pipeline_make_operators(branch->nodes, branch->node_count, ops + used, error);
        if (code != 0) {
            while (used > 0) {
                used--;
                ops[used]->ops->close(ops[used]);
            }
            return code;
        }
        uint32_t first = 0;
        for (uint32_t part = 0; part < branch->part; part++)
            first += parts[part]->partition_count;
        sinks[i] = (struct lt_delivery_sink){.sink = branch->sink,
                                             .ops = ops + used,
                                             .op_count = branch->node_count,
                                             .first_partition = first,
                                             .end_partition =
                                                 first + parts[branch->part]->partition_count};
        used += branch->node_count;
    }
    lt_delivery_init(&lane->delivery, &(struct lt_delivery_options){
                                          .sinks = sinks,
                                          .sink_count = pipeline->branch_count,
                                          .dead_letters = pipeline->dead_letters,
                                          .source = pipeline->source,
                                          .lane = lane->index,
                                          .clock = options->env.clock,
                                          .control = options->control,
                                      });
    return 0;
}

/* A leaf's operators, and the partial one of the stateful operator that it leads to, if it has one.
 */
static int make_leaf(const struct lt_segment_plan *plan, const struct lt_segment_leaf *leaf,
                     struct lt_operator **ops, uint32_t *count, struct lt_error *error)
{
    const struct lt_plan_node *goal = plan->segments[leaf->target.segment].nodes[0];
    int code = lt_ops_create_partial(goal, &ops[leaf->node_count], error);
    if (code != 0)
        return code;
    *count = leaf->node_count + (ops[leaf->node_count] != NULL);
    code = lt_pipeline_make_operators(leaf->nodes, leaf->node_count, ops, error);
    if (code != 0 && *count > leaf->node_count)
        ops[leaf->node_count]->ops->close(ops[leaf->node_count]);
    return code;
}

static uint32_t first_partition(struct lt_source *const *parts, uint32_t part)
{
    uint32_t first = 0;
    for (uint32_t i = 0; i < part; i++)
        first += parts[i]->partition_count;
    return first;
}

/* One branch per leaf, in the order of the source's parts; then their rings. */
static int init_fan(struct lt_lane *lane, const struct lt_lane_options *options,
                    struct lt_error *error)
{
    const struct lt_segment_plan *plan = options->segments->plan;
    struct lt_fan_part parts[LT_LIMIT_SINKS];
    struct lt_operator *ops[LT_LIMIT_SINKS][LT_LIMIT_OPERATORS + 1];
    uint32_t part_count, made = 0;
    struct lt_source *const *sources = lt_source_parts(&options->pipeline->source, &part_count);
    int code = 0;
    for (; made < plan->leaf_count && code == 0; made += code == 0) {
        const struct lt_segment_leaf *leaf = &plan->leaves[made];
        parts[made] = (struct lt_fan_part){
            .ops = ops[made],
            .how = &leaf->target.how,
            .instance_count = lt_segments_target_count(options->segments, &leaf->target),
            .first_partition = first_partition(sources, leaf->part),
        };
        parts[made].end_partition =
            parts[made].first_partition + sources[leaf->part]->partition_count;
        code = make_leaf(plan, leaf, ops[made], &parts[made].op_count, error);
    }
    lt_fan_init(&lane->fan, parts, made);
    for (uint32_t i = 0; i < made && code == 0; i++)
        code = lt_segments_connect(options->segments, &plan->leaves[i].target, options->workers[0],
                                   &lane->fan.branches[i].exchange, error);
    return code;
}

static int init_end(struct lt_lane *lane, const struct lt_lane_options *options,
                    struct lt_error *error)
{
    return options->segments != NULL ? init_fan(lane, options, error)
                                     : init_delivery(lane, options, error);
}

static struct lt_out *entry_of_end(struct lt_lane *lane)
{
    return lane->fan.count > 0 ? lt_fan_entry(&lane->fan) : lt_delivery_entry(&lane->delivery);
}

static int init_chain(struct lt_lane *lane, uint32_t index, const struct lt_pipeline *pipeline,
                      struct lt_error *error)
{
    struct lt_stage *stage = &lane->stages[index];
    struct lt_operator *ops[LT_LIMIT_OPERATORS];
    uint32_t count = index == trunk_stage(lane) ? pipeline->trunk_count : 0;
    int code = lt_pipeline_make_operators(pipeline->trunk, count, ops, error);
    if (code != 0)
        return code;
    lt_chain_init(&stage->chain, ops, count,
                  stage->outlet != NULL ? &stage->outlet->out : entry_of_end(lane));
    return 0;
}

static int init_stage(struct lt_lane *lane, uint32_t index, const struct lt_lane_options *options,
                      struct lt_error *error)
{
    struct lt_stage *stage = &lane->stages[index];
    bool is_first = index == 0, is_last = index + 1 == lane->stage_count;
    stage->name = stage_names[lane->stage_count][index];
    stage->lane = lane->index;
    stage->clock = options->env.clock;
    stage->commands = lane->mailboxes[index];
    stage->control = options->control;
    stage->intake = is_first ? &lane->intake : NULL;
    stage->input = is_first ? NULL : lane->rings[index - 1];
    stage->outlet = is_last ? NULL : &lane->outlets[index];
    stage->delivery = is_last && options->segments == NULL ? &lane->delivery : NULL;
    stage->fan = is_last && options->segments != NULL ? &lane->fan : NULL;
    stage->env = options->env;
    stage->env.lane = lane->index;
    stage->operator_env = (struct lt_operator_env){
        .clock = options->env.clock,
        .counters = options->env.counters,
        .lane = lane->index,
        .is_shared = options->env.is_shared,
        .rows_in_flight = options->env.lane_rows,
    };
    int code = init_chain(lane, index, options->pipeline, error);
    if (code != 0)
        return code;
    struct lt_agent agent = lt_stage_agent(stage);
    lt_worker_add(options->workers[index], &agent);
    return 0;
}

int lt_lane_create(const struct lt_lane_options *options, struct lt_lane **out,
                   struct lt_error *error)
{
    struct lt_lane *lane = lt_alloc(sizeof *lane);
    lane->index = options->index;
    lane->stage_count = options->stage_count;
    copy_partitions(lane, options);
    int code = join_stages(lane, options, error);
    if (code == 0)
        code = init_end(lane, options, error);
    for (uint32_t i = 0; i < lane->stage_count && code == 0; i++)
        code = init_stage(lane, i, options, error);
    if (code != 0) {
        lt_lane_destroy(lane);
        return lt_error_append(error, "lane %u", options->index);
    }
    *out = lane;
    return 0;
}

void lt_lane_release(struct lt_lane *lane)
{
    if (lane == NULL)
        return;
    for (uint32_t i = 0; i + 1 < lane->stage_count; i++) {
        lt_ring_outlet_fini(&lane->outlets[i]);
        lt_item_ring_destroy(lane->rings[i]);
        lane->rings[i] = NULL;
    }
    lt_delivery_release(&lane->delivery);
    for (uint32_t i = lane->stage_count; i > 0; i--)
        lt_chain_release_held(&lane->stages[i - 1].chain);
    lt_fan_release_held(&lane->fan);
}

/* Rows first, wherever they wait; then those who own the rows, from the end to the source. */
void lt_lane_destroy(struct lt_lane *lane)
{
    if (lane == NULL)
        return;
    lt_lane_release(lane);
    lt_delivery_fini(&lane->delivery);
    lt_fan_fini(&lane->fan);
    for (uint32_t i = lane->stage_count; i > 0; i--)
        lt_chain_fini(&lane->stages[i - 1].chain);
    if (lane->intake.reader != NULL)
        lane->intake.reader->ops->close(lane->intake.reader);
    for (uint32_t i = 0; i < LT_WRITER_EPOCHS; i++)
        free(lane->intake.positions[i]);
    for (uint32_t i = 0; i < lane->stage_count; i++)
        lt_mailbox_destroy(lane->mailboxes[i]);
    free(lane->partitions);
    free(lane->start);
    free(lane->end);
    free(lane);
}
