#include "core/run/watermarks.h"

#include "core/base/clock.h"
#include "core/base/error.h"

void lt_watermarks_init(struct lt_watermarks *watermarks, const struct lt_segment_plan *plan,
                        bool takes_greatest, int64_t now_ms, int64_t before_ms)
{
    *watermarks = (struct lt_watermarks){.plan = plan,
                                         .takes_greatest = takes_greatest,
                                         .now_ms = now_ms,
                                         .before_ms = before_ms,
                                         .due_us = INT64_MAX};
    for (uint32_t i = 0; plan != NULL && i < plan->segment_count; i++) {
        const struct lt_plan_stateful *stateful = plan->segments[i].nodes[0]->stateful;
        if (stateful != NULL && stateful->number >= watermarks->operator_count)
            watermarks->operator_count = stateful->number + 1;
    }
    lt_assert(watermarks->operator_count <= LT_LIMIT_SEGMENTS);
}

/* --------------------------------------------------------------------------- what operators get */

static struct lt_batch_watermarks lesser(struct lt_batch_watermarks a,
                                         struct lt_batch_watermarks b)
{
    return (struct lt_batch_watermarks){
        .late_ms = a.late_ms < b.late_ms ? a.late_ms : b.late_ms,
        .eviction_ms = a.eviction_ms < b.eviction_ms ? a.eviction_ms : b.eviction_ms};
}

static int64_t held_back(int64_t watermark_ms, const struct lt_plan_side *side)
{
    if (side->event_time.column < 0 || side->event_time.slack_us == INT64_MAX)
        return watermark_ms;
    int64_t slack_us = side->event_time.slack_us, slack_ms = slack_us / 1000;
    int64_t rest = slack_us % 1000;
    int64_t out_ms = watermark_ms - slack_ms - (rest > 0); /* rounded down */
    return out_ms < 0 ? 0 : out_ms;
}

static struct lt_batch_watermarks held_back_both(struct lt_batch_watermarks in,
                                                 const struct lt_plan_side *side)
{
    return (struct lt_batch_watermarks){.late_ms = held_back(in.late_ms, side),
                                        .eviction_ms = held_back(in.eviction_ms, side)};
}

/* What comes out of a join may be as old as what a side still keeps. */
static struct lt_batch_watermarks behind(const struct lt_plan_node *node,
                                         struct lt_batch_watermarks in)
{
    if (node->kind != LT_PLAN_JOIN)
        return in;
    return lesser(in, lesser(held_back_both(in, &node->stateful->left),
                             held_back_both(in, &node->stateful->right)));
}

/* A segment stands before those that feed it: from the last one, which the lanes feed, on. */
void lt_watermarks_begin(struct lt_watermarks *watermarks)
{
    const struct lt_segment_plan *plan = watermarks->plan;
    const struct lt_batch_watermarks own = {watermarks->before_ms, watermarks->now_ms};
    struct lt_batch_watermarks in[LT_LIMIT_SEGMENTS];
    watermarks->due_us = INT64_MAX;
    for (uint32_t i = 0; i < LT_LIMIT_WATERMARKS; i++)
        watermarks->nodes[i].times = (struct lt_event_times){0};
    for (uint32_t i = 0; i < LT_LIMIT_SEGMENTS; i++)
        in[i] = own;
    for (uint32_t i = plan != NULL ? plan->segment_count : 0; i > 0; i--) {
        const struct lt_segment_nodes *segment = &plan->segments[i - 1];
        const struct lt_plan_node *node = segment->nodes[0];
        if (node->stateful != NULL)
            watermarks->operators[node->stateful->number] = in[i - 1];
        if (segment->target.segment != LT_SEGMENT_SINK)
            in[segment->target.segment] =
                lesser(in[segment->target.segment], behind(node, in[i - 1]));
    }
}

/* --------------------------------------------------------------------------------- what is seen */

void lt_watermarks_add(struct lt_watermarks *watermarks, const struct lt_plan_node *node,
                       const struct lt_event_times *times)
{
    lt_assert(node->watermark < LT_LIMIT_WATERMARKS);
    struct lt_event_times *sum = &watermarks->nodes[node->watermark].times;
    if (!watermarks->nodes[node->watermark].is_there || times->count > 0)
        watermarks->nodes[node->watermark].heard_ns = watermarks->batch_ns;
    watermarks->nodes[node->watermark].is_there = true;
    watermarks->nodes[node->watermark].column = node->name;
    watermarks->nodes[node->watermark].delay_ms = node->interval_us / 1000;
    watermarks->nodes[node->watermark].idle_ms = node->idle_us / 1000;
    if (times->count == 0)
        return;
    sum->min_ms = sum->count == 0 || times->min_ms < sum->min_ms ? times->min_ms : sum->min_ms;
    sum->max_ms = sum->count == 0 || times->max_ms > sum->max_ms ? times->max_ms : sum->max_ms;
    sum->sum_ms += times->sum_ms;
    sum->count += times->count;
}

static int64_t node_watermark(const struct lt_watermarks *watermarks, uint32_t node)
{
    int64_t old_ms = watermarks->nodes[node].watermark_ms;
    if (watermarks->nodes[node].times.count == 0)
        return old_ms;
    int64_t seen_ms =
        watermarks->nodes[node].times.max_ms - watermarks->nodes[node].delay_ms;
    return seen_ms > old_ms ? seen_ms : old_ms;
}

bool lt_watermarks_is_idle(const struct lt_watermarks *watermarks, uint32_t node)
{
    int64_t idle_ms = watermarks->nodes[node].idle_ms;
    int64_t silent_ns = watermarks->batch_ns - watermarks->nodes[node].heard_ns;
    return watermarks->nodes[node].is_there && idle_ms > 0 &&
           watermarks->nodes[node].times.count == 0 && silent_ns / LT_NS_PER_MS >= idle_ms;
}

int32_t lt_watermarks_holding(const struct lt_watermarks *watermarks)
{
    int32_t least = -1;
    bool is_held = false;
    for (uint32_t i = 0; i < LT_LIMIT_WATERMARKS && !watermarks->takes_greatest; i++) {
        if (!watermarks->nodes[i].is_there || lt_watermarks_is_idle(watermarks, i))
            continue;
        int64_t own_ms = node_watermark(watermarks, i);
        int64_t least_ms = least < 0 ? own_ms : node_watermark(watermarks, (uint32_t)least);
        is_held |= own_ms != least_ms;
        least = least < 0 || own_ms < least_ms ? (int32_t)i : least;
    }
    return is_held ? least : -1;
}

struct lt_event_times lt_watermarks_times(const struct lt_watermarks *watermarks)
{
    struct lt_event_times first = {0};
    for (uint32_t i = 0; i < LT_LIMIT_WATERMARKS && first.count == 0; i++)
        first = watermarks->nodes[i].times;
    return first;
}

uint32_t lt_watermarks_count(const struct lt_watermarks *watermarks)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < LT_LIMIT_WATERMARKS; i++)
        count += watermarks->nodes[i].is_there;
    return count;
}

int32_t lt_watermarks_of_part(const struct lt_watermarks *watermarks, uint32_t part)
{
    const struct lt_segment_plan *plan = watermarks->plan;
    for (uint32_t i = 0; plan != NULL && i < plan->leaf_count; i++) {
        const struct lt_segment_leaf *leaf = &plan->leaves[i];
        for (uint32_t k = 0; k < leaf->node_count && leaf->part == part; k++) {
            if (leaf->nodes[k]->kind == LT_PLAN_WATERMARK)
                return (int32_t)leaf->nodes[k]->watermark;
        }
    }
    return -1;
}

int64_t lt_watermarks_next(const struct lt_watermarks *watermarks)
{
    bool is_first = true;
    int64_t chosen_ms = 0;
    for (uint32_t i = 0; i < LT_LIMIT_WATERMARKS; i++) {
        if (!watermarks->nodes[i].is_there || lt_watermarks_is_idle(watermarks, i))
            continue;
        int64_t own_ms = node_watermark(watermarks, i);
        bool is_chosen = watermarks->takes_greatest ? own_ms > chosen_ms : own_ms < chosen_ms;
        chosen_ms = is_first || is_chosen ? own_ms : chosen_ms;
        is_first = false;
    }
    return chosen_ms > watermarks->now_ms ? chosen_ms : watermarks->now_ms;
}

void lt_watermarks_advance(struct lt_watermarks *watermarks)
{
    int64_t next_ms = lt_watermarks_next(watermarks);
    for (uint32_t i = 0; i < LT_LIMIT_WATERMARKS; i++)
        watermarks->nodes[i].watermark_ms = node_watermark(watermarks, i);
    watermarks->before_ms = watermarks->now_ms;
    watermarks->now_ms = next_ms;
}

/* ------------------------------------------------------------------------- batches without data */

/* By Spark's rules, which do not ask of an aggregation or a deduplication whether its keys have an
 * event time, and so whether anything can become final. */
static bool acts_on_watermark(const struct lt_plan_node *node)
{
    const struct lt_plan_stateful *stateful = node->stateful;
    switch (node->kind) {
    case LT_PLAN_AGGREGATE:
        return stateful->output_mode != LT_OUTPUT_COMPLETE;
    case LT_PLAN_DEDUPLICATE:
        return true;
    case LT_PLAN_TRANSFORM:
        return stateful->time_mode == LT_TIME_EVENT;
    case LT_PLAN_JOIN:
        return (stateful->left.event_time.column >= 0 &&
                stateful->left.event_time.slack_us != INT64_MAX) ||
               (stateful->right.event_time.column >= 0 &&
                stateful->right.event_time.slack_us != INT64_MAX);
    default:
        return false;
    }
}

bool lt_watermarks_want_batch(const struct lt_watermarks *watermarks)
{
    const struct lt_segment_plan *plan = watermarks->plan;
    if (watermarks->now_ms <= watermarks->before_ms)
        return false;
    for (uint32_t i = 0; plan != NULL && i < plan->segment_count; i++)
        if (acts_on_watermark(plan->segments[i].nodes[0]))
            return true;
    return false;
}

void lt_watermarks_add_due(struct lt_watermarks *watermarks, int64_t due_us)
{
    watermarks->due_us = due_us < watermarks->due_us ? due_us : watermarks->due_us;
}

void lt_watermarks_expect_timers(struct lt_watermarks *watermarks)
{
    const struct lt_segment_plan *plan = watermarks->plan;
    for (uint32_t i = 0; plan != NULL && i < plan->segment_count; i++) {
        const struct lt_plan_node *node = plan->segments[i].nodes[0];
        if (node->kind == LT_PLAN_TRANSFORM && node->stateful->time_mode == LT_TIME_PROCESSING)
            watermarks->due_us = INT64_MIN;
    }
}

bool lt_watermarks_are_timers_due(const struct lt_watermarks *watermarks, int64_t timestamp_us)
{
    return watermarks->due_us <= timestamp_us;
}
