/*
 * Nodes of the logical plan, their numbers, and what Spark calls them.
 */
#include "core/flow/plan.h"

#include <string.h>

#include "core/base/limits.h"
#include "core/flow/connector.h"

struct lt_plan_node *lt_plan_node_create(struct lt_arena *arena, enum lt_plan_kind kind,
                                         uint32_t input_count)
{
    struct lt_plan_node *node = lt_arena_alloc(arena, sizeof *node);
    node->kind = kind;
    node->input_count = input_count;
    if (input_count != 0)
        node->inputs = lt_arena_alloc(arena, input_count * sizeof *node->inputs);
    return node;
}

bool lt_plan_insert_steps(struct lt_plan_node **nodes, uint32_t *count, uint32_t capacity,
                          uint32_t *at, const struct lt_plan_node *before)
{
    const uint32_t first = *at;
    for (struct lt_plan_node *step = nodes[first]->inputs[0]; step != before;
         step = step->inputs[0]) {
        if (*count == capacity)
            return false;
        memmove(nodes + first + 1, nodes + first, (*count - first) * sizeof(struct lt_plan_node *));
        nodes[first] = step;
        ++*count;
        ++*at;
    }
    return true;
}

/* -------------------------------------------------------------------------------- micro-batches */

/* Walks are loops along first inputs, since programs make long chains of them; what else joins and
 * unions read is a call deeper. */
const struct lt_plan_node *lt_plan_find_batch(const struct lt_plan_node *node)
{
    for (;; node = node->inputs[0]) {
        if (node->kind >= LT_PLAN_AGGREGATE && node->kind <= LT_PLAN_LIMIT)
            return node;
        for (uint32_t i = 1; i < node->input_count; i++) {
            const struct lt_plan_node *found = lt_plan_find_batch(node->inputs[i]);
            if (found != NULL)
                return found;
        }
        if (node->input_count == 0)
            return NULL;
    }
}

const struct lt_plan_node *lt_plan_batch_node(const struct lt_plan *plan)
{
    const struct lt_plan_node *found = NULL;
    for (uint32_t i = 0; i < plan->sink_count && found == NULL; i++)
        found = lt_plan_find_batch(plan->sinks[i]);
    return found;
}

struct lt_plan_node *lt_plan_bring_together(struct lt_plan_node *node, struct lt_arena *arena)
{
    struct lt_plan_node *all = lt_plan_node_create(arena, LT_PLAN_LIMIT, 1);
    all->inputs[0] = node;
    all->session = node->session;
    all->schema = node->schema;
    all->limit = LT_PLAN_NO_LIMIT;
    return all;
}

bool lt_plan_brings_together(const struct lt_plan_node *node)
{
    return node->kind == LT_PLAN_LIMIT && node->limit == LT_PLAN_NO_LIMIT;
}

static bool is_given_batches(const struct lt_plan_node *write)
{
    return write != NULL && write->sink_type != NULL && write->sink_type->needs_batches;
}

bool lt_plan_needs_batches(const struct lt_plan *plan)
{
    bool needs = is_given_batches(plan->dead_letters) || lt_plan_batch_node(plan) != NULL;
    for (uint32_t i = 0; i < plan->sink_count && !needs; i++)
        needs = is_given_batches(plan->sinks[i]);
    return needs;
}

static void drop_watermarks(struct lt_plan_node *node)
{
    for (; node->input_count > 0; node = node->inputs[0]) {
        for (uint32_t i = 0; i < node->input_count; i++) {
            while (node->inputs[i]->kind == LT_PLAN_WATERMARK)
                node->inputs[i] = node->inputs[i]->inputs[0];
            if (i > 0)
                drop_watermarks(node->inputs[i]);
        }
    }
}

void lt_plan_drop_watermarks(struct lt_plan *plan)
{
    for (uint32_t i = 0; i < plan->sink_count; i++)
        drop_watermarks(plan->sinks[i]);
}

/* ------------------------------------------------------------------------------------ numbering */

enum { NUMBERED_MAX = 2 * LT_LIMIT_OPERATORS };

struct numbering {
    struct lt_arena *arena;
    enum lt_output_mode output_mode;
    bool has_one_sink;
    /* What keeps state, or stands over it, and was come to: in another place it is another. */
    const struct lt_plan_node *met[NUMBERED_MAX];
    uint32_t met_count;
    const struct lt_plan_node *seen[NUMBERED_MAX]; /* those that sinks share are numbered once */
    uint32_t seen_count;
    uint32_t stateful;                 /* numbered so far */
    uint32_t watermarks[NUMBERED_MAX]; /* what they were, by what they are now */
    uint32_t watermark_count;
};

static bool is_seen(struct numbering *numbering, const struct lt_plan_node *node)
{
    for (uint32_t i = 0; i < numbering->seen_count; i++) {
        if (numbering->seen[i] == node)
            return true;
    }
    if (numbering->seen_count < NUMBERED_MAX) /* beyond, the plan is refused for its size */
        numbering->seen[numbering->seen_count++] = node;
    return false;
}

/* As lt_plan_find_batch walks. */
static bool has_aggregate(const struct lt_plan_node *node)
{
    for (; node->kind != LT_PLAN_AGGREGATE; node = node->inputs[0]) {
        for (uint32_t i = 1; i < node->input_count; i++) {
            if (has_aggregate(node->inputs[i]))
                return true;
        }
        if (node->input_count == 0)
            return false;
    }
    return true;
}

static uint32_t watermark_number(struct numbering *numbering, uint32_t before)
{
    uint32_t at = 0;
    while (at < numbering->watermark_count && numbering->watermarks[at] != before)
        at++;
    if (at == numbering->watermark_count && at < NUMBERED_MAX)
        numbering->watermarks[numbering->watermark_count++] = before;
    return at;
}

/* Of groups, in complete mode, a limit is of each whole result; else of all that ever comes, and
 * then it keeps how many came. */
static bool limits_results(const struct numbering *numbering, const struct lt_plan_node *node)
{
    return node->kind == LT_PLAN_LIMIT && numbering->output_mode == LT_OUTPUT_COMPLETE &&
           has_aggregate(node->inputs[0]);
}

static void number_one(struct numbering *numbering, struct lt_plan_node *node)
{
    if (limits_results(numbering, node))
        node->stateful = NULL;
    if (node->stateful != NULL && !is_seen(numbering, node)) {
        struct lt_plan_stateful *own = lt_arena_alloc(numbering->arena, sizeof *own);
        *own = *node->stateful;
        own->number = numbering->stateful++;
        own->output_mode = numbering->output_mode;
        node->stateful = own;
    }
    if (node->kind == LT_PLAN_WATERMARK && !is_seen(numbering, node))
        node->watermark = watermark_number(numbering, node->watermark);
}

/* A subtree with state that stands in two places of one tree is two, each with a state of its own:
 * the second one is copied, node by node as they are come to. */
static void own_input(struct numbering *numbering, struct lt_plan_node *node, uint32_t input)
{
    struct lt_plan_node *below = node->inputs[input];
    bool is_met = false;
    if (!numbering->has_one_sink || lt_plan_find_batch(below) == NULL)
        return;
    for (uint32_t i = 0; i < numbering->met_count && !is_met; i++)
        is_met = numbering->met[i] == below;
    if (!is_met && numbering->met_count < NUMBERED_MAX)
        numbering->met[numbering->met_count++] = below;
    if (!is_met)
        return;
    struct lt_plan_node *copy =
        lt_plan_node_create(numbering->arena, below->kind, below->input_count);
    struct lt_plan_node **inputs = copy->inputs;
    *copy = *below;
    copy->inputs = inputs;
    memcpy(inputs, below->inputs, below->input_count * sizeof *inputs);
    node->inputs[input] = copy;
}

/* As deep as joins and unions are nested. */
static void number_tree(struct numbering *numbering, struct lt_plan_node *node)
{
    number_one(numbering, node);
    for (; node->input_count == 1; node = node->inputs[0]) {
        own_input(numbering, node, 0);
        number_one(numbering, node->inputs[0]);
    }
    for (uint32_t i = 0; i < node->input_count; i++) {
        own_input(numbering, node, i);
        number_tree(numbering, node->inputs[i]);
    }
}

void lt_plan_number(struct lt_plan *plan, struct lt_arena *arena)
{
    struct numbering numbering = {.arena = arena,
                                  .output_mode = plan->output_mode,
                                  .has_one_sink = plan->sink_count == 1};
    for (uint32_t i = 0; i < plan->sink_count; i++)
        number_tree(&numbering, plan->sinks[i]);
}

/* ---------------------------------------------------------------------------------------- names */

const char *lt_plan_kind_name(enum lt_plan_kind kind)
{
    switch (kind) {
    case LT_PLAN_READ:
        return "StreamingRelation";
    case LT_PLAN_FILTER:
        return "Filter";
    case LT_PLAN_PROJECT:
        return "Project";
    case LT_PLAN_OPERATOR:
        return "MapPartitions";
    case LT_PLAN_UNION:
        return "Union";
    case LT_PLAN_WATERMARK:
        return "EventTimeWatermark";
    case LT_PLAN_AGGREGATE:
        return "Aggregate";
    case LT_PLAN_JOIN:
        return "Join";
    case LT_PLAN_DEDUPLICATE:
        return "Deduplicate";
    case LT_PLAN_TRANSFORM:
        return "TransformWithState";
    case LT_PLAN_SORT:
        return "Sort";
    case LT_PLAN_LIMIT:
        return "GlobalLimit";
    case LT_PLAN_WRITE:
        return "WriteToStream";
    }
    lt_assert(!"a plan kind without a name");
}
