#include "core/run/batch_lanes.h"

#include "core/run/progress.h"
#include "core/run/report.h"

uint32_t lt_batch_lanes_delivery_count(const struct lt_batch_lanes *of)
{
    return of->segments != NULL ? lt_segments_delivery_count(of->segments) : of->lane_count;
}

const struct lt_delivery *lt_batch_lanes_delivery(const struct lt_batch_lanes *of, uint32_t index)
{
    return of->segments != NULL ? &lt_segments_last(of->segments, index)->delivery
                                : &of->lanes[index]->delivery;
}

/* The lane is between two batches: it reads its end when it takes the command. */
bool lt_batch_lanes_run(const struct lt_batch_lanes *of, uint32_t lane,
                        const struct lt_batch *batch, const struct lt_position *end)
{
    lt_lane_set_end(of->lanes[lane], end);
    return lt_mailbox_try_send(lt_lane_first_mailbox(of->lanes[lane]),
                               &(struct lt_message){.kind = LT_COMMAND_BATCH,
                                                    .number = batch->id,
                                                    .payload = (void *)(uintptr_t)batch});
}

bool lt_batch_lanes_listen(const struct lt_batch_lanes *of)
{
    const struct lt_message message = {.kind = LT_COMMAND_LISTEN};
    for (uint32_t i = 0; i < of->lane_count; i++)
        if (!lt_mailbox_try_send(lt_lane_first_mailbox(of->lanes[i]), &message))
            return false;
    return true;
}

static bool tell_delivery(const struct lt_batch_lanes *of, uint32_t delivery,
                          enum lt_command command, uint64_t epoch)
{
    struct lt_mailbox *mailbox = of->segments != NULL
                                     ? lt_segments_last(of->segments, delivery)->mailbox
                                     : lt_lane_last_mailbox(of->lanes[delivery]);
    return lt_mailbox_try_send(mailbox, &(struct lt_message){.kind = command, .number = epoch});
}

/* Who holds nothing need not be woken for it. */
bool lt_batch_lanes_show(const struct lt_batch_lanes *of, uint32_t delivery, uint64_t epoch)
{
    return !lt_batch_lanes_delivery(of, delivery)->shows_at_once ||
           tell_delivery(of, delivery, LT_COMMAND_SHOW, epoch);
}

bool lt_batch_lanes_commit(const struct lt_batch_lanes *of, uint32_t delivery, uint64_t epoch)
{
    return tell_delivery(of, delivery, LT_COMMAND_COMMIT, epoch);
}

/* One that cannot be told finds out when the next batch begins. */
void lt_batch_lanes_done(const struct lt_batch_lanes *of, uint64_t epoch)
{
    const struct lt_message message = {.kind = LT_COMMAND_STATE_DONE, .number = epoch};
    uint32_t segment_count = of->segments != NULL ? of->segments->plan->segment_count : 0;
    for (uint32_t i = 0; i < segment_count; i++)
        for (uint32_t k = 0; k < of->segments->counts[i]; k++)
            (void)lt_mailbox_try_send(of->segments->instances[i][k].mailbox, &message);
}

/* The operators of a chain stand in the order of their nodes. */
static void add_chain(const struct lt_chain *chain, struct lt_plan_node *const *nodes,
                      uint32_t node_count, struct lt_watermarks *watermarks)
{
    for (uint32_t i = 0; i < node_count; i++) {
        const struct lt_operator *op = chain->links[i].op;
        struct lt_event_times times = {0};
        if (nodes[i]->kind != LT_PLAN_WATERMARK || op->ops->event_times == NULL)
            continue;
        op->ops->event_times(op, &times);
        lt_watermarks_add(watermarks, nodes[i], &times);
    }
}

/* The stateful operator is the first of its segment's. */
static void add_due(const struct lt_chain *chain, struct lt_watermarks *watermarks)
{
    const struct lt_operator *op = chain->links[0].op;
    if (op->ops->due_us != NULL)
        lt_watermarks_add_due(watermarks, op->ops->due_us(op));
}

static void add_lane(const struct lt_lane *lane, const struct lt_segment_plan *plan,
                     struct lt_watermarks *watermarks)
{
    for (uint32_t i = 0; i < plan->leaf_count; i++)
        add_chain(&lane->fan.branches[i].chain, plan->leaves[i].nodes, plan->leaves[i].node_count,
                  watermarks);
}

void lt_batch_lanes_add_times(const struct lt_batch_lanes *of, struct lt_watermarks *watermarks)
{
    if (of->segments == NULL)
        return;
    const struct lt_segment_plan *plan = of->segments->plan;
    for (uint32_t i = 0; i < of->lane_count; i++)
        add_lane(of->lanes[i], plan, watermarks);
    for (uint32_t i = 0; i < plan->segment_count; i++) {
        for (uint32_t k = 0; k < of->segments->counts[i]; k++) {
            add_chain(&of->segments->instances[i][k].stage.chain, plan->segments[i].nodes,
                      plan->segments[i].node_count, watermarks);
            add_due(&of->segments->instances[i][k].stage.chain, watermarks);
        }
    }
}

/* Spark's name in its progress; NULL: it is not told of. */
static const char *name_of(const struct lt_plan_node *node)
{
    switch (node->kind) {
    case LT_PLAN_AGGREGATE:
        return node->stateful->session_gap >= 0 ? "sessionWindowStateStoreSaveExec"
                                                : "stateStoreSave";
    case LT_PLAN_JOIN:
        return "symmetricHashJoin";
    case LT_PLAN_DEDUPLICATE:
        return node->stateful->within_watermark ? "dedupeWithinWatermark" : "dedupe";
    case LT_PLAN_TRANSFORM:
        return "transformWithStateExec";
    case LT_PLAN_LIMIT:
        return node->stateful == NULL ? NULL : "globalLimit";
    default:
        return NULL;
    }
}

static void add_metrics(const struct lt_operator *op, struct lt_state_metrics *sum)
{
    struct lt_state_metrics one = {0};
    if (op->ops->state_metrics != NULL)
        op->ops->state_metrics(op, &one);
    sum->rows_total += one.rows_total;
    sum->rows_updated += one.rows_updated;
    sum->rows_removed += one.rows_removed;
    sum->rows_dropped_by_watermark += one.rows_dropped_by_watermark;
    sum->dropped_duplicates += one.dropped_duplicates;
    sum->memory_bytes += one.memory_bytes;
}

static void add_instance(const struct lt_segment_instance *instance,
                         struct lt_progress_operator *operator)
{
    const struct lt_state_times *times = &instance->state.times;
    operator->stores += instance->state.count;
    operator->updates_ns += times->marked_ns - times->begun_ns;
    operator->removals_ns += times->drained_ns - times->marked_ns;
    operator->commit_ns += times->durable_ns - times->drained_ns;
    add_metrics(instance->stage.chain.links[0].op, &operator->metrics);
}

uint32_t lt_batch_lanes_operators(const struct lt_batch_lanes *of,
                                  struct lt_progress_operator *operators)
{
    const struct lt_segments *segments = of->segments;
    uint32_t count = 0, segment_count = segments != NULL ? segments->plan->segment_count : 0;
    for (uint32_t i = 0; i < segment_count; i++) {
        const char *name = name_of(of->segments->plan->segments[i].nodes[0]);
        if (name == NULL)
            continue;
        struct lt_progress_operator *operator = &operators[count++];
        *operator = (struct lt_progress_operator){.name = name,
                                                  .partitions = of->segments->counts[i]};
        for (uint32_t k = 0; k < of->segments->counts[i]; k++)
            add_instance(&of->segments->instances[i][k], operator);
    }
    return count;
}
