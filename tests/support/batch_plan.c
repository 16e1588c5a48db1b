/*
 * The plans of a batch world, as SQL would make them: windows, totals, sessions, dropDuplicates in
 * both ways, windows of what it leaves, and joins.
 */
#include <stdio.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/error.h"
#include "tests/support/batch_world.h"

/* Columns of the sources. */
enum { KEY, TIME, WINDOW, VALUE };

static struct lt_plan_node *make_read(const struct batch_world *world, struct lt_arena *arena,
                                      uint32_t source)
{
    static const char *const names[BATCH_SOURCES] = {"left", "right"};
    struct lt_plan_node *read = lt_plan_node_create(arena, LT_PLAN_READ, 0);
    read->format = names[source];
    read->options = lt_options_create();
    if (!batch_has_watermark(&world->question))
        return read;
    struct lt_plan_node *watermark = lt_plan_node_create(arena, LT_PLAN_WATERMARK, 1);
    watermark->name = "t";
    watermark->interval_us = batch_delay_ms(source) * 1000;
    watermark->watermark = source;
    watermark->inputs[0] = read;
    return watermark;
}

static struct lt_plan_stateful *make_stateful(const struct batch_world *world,
                                              struct lt_arena *arena, uint32_t number)
{
    struct lt_plan_stateful *stateful = lt_arena_alloc(arena, sizeof *stateful);
    *stateful = (struct lt_plan_stateful){
        .number = number, .output_mode = world->question.mode, .session_gap = -1};
    stateful->left.event_time = (struct lt_plan_event_time){.column = -1};
    stateful->right.event_time = stateful->left.event_time;
    return stateful;
}

static void set_keys(struct lt_plan_side *side, struct lt_arena *arena, const uint32_t *keys,
                     uint32_t count)
{
    uint32_t *copy = lt_arena_alloc(arena, count * sizeof *copy);
    memcpy(copy, keys, count * sizeof *copy);
    side->keys = copy;
    side->key_count = count;
}

static struct lt_plan_node *make_node(struct lt_arena *arena, enum lt_plan_kind kind,
                                      const struct lt_plan_stateful *stateful,
                                      struct lt_plan_node *left, struct lt_plan_node *right)
{
    struct lt_plan_node *node = lt_plan_node_create(arena, kind, right == NULL ? 1 : 2);
    node->inputs[0] = left;
    if (right != NULL)
        node->inputs[1] = right;
    node->stateful = stateful;
    return node;
}

/* count(*), sum(v) by some of window and key. */
static struct lt_plan_node *make_aggregate(const struct batch_world *world, struct lt_arena *arena,
                                           struct lt_plan_node *input, uint32_t number)
{
    static const uint32_t value[] = {VALUE}, keys[] = {WINDOW, KEY};
    enum batch_query query = world->question.query;
    struct lt_plan_stateful *stateful = make_stateful(world, arena, number);
    struct lt_plan_aggregate *aggregates = lt_arena_alloc(arena, 2 * sizeof *aggregates);
    aggregates[0] = (struct lt_plan_aggregate){
        .function = "count", .filter = -1, .type = lt_type_simple(LT_TYPE_BIGINT)};
    aggregates[1] = aggregates[0];
    aggregates[1].function = "sum";
    aggregates[1].arguments = value;
    aggregates[1].argument_count = 1;
    stateful->aggregates = aggregates;
    stateful->aggregate_count = 2;
    if (query == BATCH_TOTALS)
        set_keys(&stateful->left, arena, keys + 1, 1);
    else
        set_keys(&stateful->left, arena, keys, query == BATCH_CHAIN ? 1 : 2);
    if (query != BATCH_TOTALS)
        stateful->left.event_time =
            (struct lt_plan_event_time){.column = WINDOW, .is_window = true};
    if (query == BATCH_SESSIONS)
        stateful->session_gap = WINDOW;
    return make_node(arena, LT_PLAN_AGGREGATE, stateful, input, NULL);
}

static struct lt_plan_node *make_distinct(const struct batch_world *world, struct lt_arena *arena,
                                          struct lt_plan_node *input, uint32_t number)
{
    static const uint32_t keys[] = {KEY, TIME};
    struct lt_plan_stateful *stateful = make_stateful(world, arena, number);
    stateful->within_watermark = world->question.query == BATCH_WITHIN;
    stateful->delay_us = batch_delay_ms(0) * 1000;
    stateful->left.event_time = (struct lt_plan_event_time){.column = TIME};
    set_keys(&stateful->left, arena, keys, stateful->within_watermark ? 1 : 2);
    return make_node(arena, LT_PLAN_DEDUPLICATE, stateful, input, NULL);
}

static struct lt_plan_node *make_join(const struct batch_world *world, struct lt_arena *arena,
                                      struct lt_plan_node *left)
{
    static const uint32_t keys[] = {KEY, WINDOW};
    struct lt_plan_stateful *stateful = make_stateful(world, arena, 0);
    stateful->join = world->question.join;
    stateful->left.event_time = (struct lt_plan_event_time){.column = WINDOW, .is_window = true};
    stateful->right.event_time = stateful->left.event_time;
    set_keys(&stateful->left, arena, keys, 2);
    set_keys(&stateful->right, arena, keys, 2);
    return make_node(arena, LT_PLAN_JOIN, stateful, left, make_read(world, arena, 1));
}

static struct lt_plan_node *make_query(const struct batch_world *world, struct lt_arena *arena)
{
    struct lt_plan_node *input = make_read(world, arena, 0);
    switch (world->question.query) {
    case BATCH_DISTINCT:
    case BATCH_WITHIN:
        return make_distinct(world, arena, input, 0);
    case BATCH_CHAIN:
        return make_aggregate(world, arena, make_distinct(world, arena, input, 0), 1);
    case BATCH_JOIN:
        return make_join(world, arena, input);
    default:
        return make_aggregate(world, arena, input, 0);
    }
}

struct lt_plan *batch_plan(const struct batch_world *world, struct lt_arena *arena,
                           struct lt_trigger trigger)
{
    static const char *const sinks[BATCH_SINK_KINDS] = {"plain", "staged", "file", "directory"};
    struct lt_plan *plan = lt_arena_alloc(arena, sizeof *plan);
    char path[sizeof world->path + sizeof "/out"];
    *plan = (struct lt_plan){.sink_count = 1, .trigger = trigger};
    plan->output_mode = world->question.mode;
    plan->sinks = lt_arena_alloc(arena, sizeof(struct lt_plan_node *));
    plan->sinks[0] = lt_plan_node_create(arena, LT_PLAN_WRITE, 1);
    plan->sinks[0]->format = sinks[world->sink];
    plan->sinks[0]->options = lt_options_create();
    plan->sinks[0]->inputs[0] = make_query(world, arena);
    snprintf(path, sizeof path, "%s/out", world->path);
    if (world->sink == BATCH_DIRECTORY)
        lt_assert(lt_options_set(plan->sinks[0]->options, "path", path, "test", NULL) == 0);
    return plan;
}
