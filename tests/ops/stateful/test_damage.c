/*
 * State that is not as it was written: each operator fails, or goes on with what it reads; it reads
 * nothing outside, and ends. State that cannot be read: each operator fails, and gives out no row.
 */
#include "tests/ops/stateful/times.h"
#include "tests/support/model_store.h"
#include "tests/support/stateful_world.h"

enum { SEEDS = 400 };

static const uint32_t keys[] = {0, 1}, value_column[] = {2};
static struct lt_plan_aggregate aggregates[2];

static const char rows[] =
    "{\"k\":\"a\",\"s\":{\"start\":\"2025-03-09T10:00:00Z\",\"end\":\"2025-03-09T10:05:00Z\"},"
    "\"v\":1}\n"
    "{\"k\":\"a\",\"s\":{\"start\":\"2025-03-09T10:09:00Z\",\"end\":\"2025-03-09T10:14:00Z\"},"
    "\"v\":2}\n"
    "{\"k\":\"b\",\"s\":{\"start\":\"2025-03-09T10:00:00Z\",\"end\":\"2025-03-09T10:05:00Z\"}}";

#define SCHEMA "k STRING, s STRUCT<start: TIMESTAMP, end: TIMESTAMP>, v INT"

/* An operator whose state is that of one batch; a join has the rows on both sides. */
static void world_with_state(struct stateful_world *world, enum lt_plan_kind kind,
                             const struct lt_plan_stateful *plan, int64_t limit)
{
    bool is_join = kind == LT_PLAN_JOIN;
    stateful_world_init(world, kind, SCHEMA, is_join ? SCHEMA : NULL);
    world->node->limit = limit;
    stateful_world_open(world, plan);
    stateful_world_batch(world, 0, 0, rows, is_join ? rows : NULL);
}

/* How many of the damaged states were refused. */
static int refusals(enum lt_plan_kind kind, const struct lt_plan_stateful *plan)
{
    int refused = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct stateful_world world;
        world_with_state(&world, kind, plan, 100);
        (void)model_store_damage(world.stores[seed % world.store_count].store,
                                 seed / world.store_count * 7);
        stateful_world_begin(&world, 0, at(10, 30, 0));
        stateful_world_give(&world, 0, rows);
        refused += !stateful_world_try_end(&world);
        stateful_world_fini(&world);
    }
    return refused;
}

static struct lt_plan_stateful make_plan(void)
{
    const struct lt_plan_side side = {
        .keys = keys, .key_count = 2, .event_time = {.column = 1, .is_window = true}};
    aggregates[0] = (struct lt_plan_aggregate){
        .function = "count", .filter = -1, .type = lt_type_simple(LT_TYPE_BIGINT)};
    aggregates[1] = (struct lt_plan_aggregate){.function = "sum",
                                               .arguments = value_column,
                                               .argument_count = 1,
                                               .filter = -1,
                                               .type = lt_type_simple(LT_TYPE_BIGINT)};
    return (struct lt_plan_stateful){.output_mode = LT_OUTPUT_APPEND,
                                     .left = side,
                                     .right = side,
                                     .aggregates = aggregates,
                                     .aggregate_count = 2,
                                     .session_gap = -1,
                                     .join = LT_JOIN_LEFT_OUTER};
}

static void damaged_state_is_refused_or_read(void **state)
{
    struct lt_plan_stateful plan = make_plan();
    (void)state;
    assert_true(refusals(LT_PLAN_AGGREGATE, &plan) > 0);
    assert_true(refusals(LT_PLAN_JOIN, &plan) > 0);
    assert_true(refusals(LT_PLAN_LIMIT, &plan) > 0);
    plan.session_gap = 1;
    assert_true(refusals(LT_PLAN_AGGREGATE, &plan) > 0);
    plan.within_watermark = true;
    assert_int_equal(refusals(LT_PLAN_DEDUPLICATE, &plan), 0); /* values are not looked into */
}

/* Rows of a batch, whose stores fail from then on at each get. */
static void check_unreadable(enum lt_plan_kind kind, const struct lt_plan_stateful *plan)
{
    struct stateful_world world;
    world_with_state(&world, kind, plan, 4);
    for (uint32_t i = 0; i < world.store_count; i++)
        model_store_break(world.stores[i].store);
    stateful_world_begin(&world, 0, 0);
    stateful_world_give(&world, 0, rows);
    assert_false(stateful_world_try_end(&world));
    assert_int_equal(world.line_count + world.kept_count, 0);
    assert_non_null(strstr(world.op->failure->text, "the model cannot be read"));
    stateful_world_fini(&world);
}

static void nothing_comes_of_state_that_cannot_be_read(void **state)
{
    struct lt_plan_stateful plan = make_plan();
    (void)state;
    plan.output_mode = LT_OUTPUT_UPDATE;
    check_unreadable(LT_PLAN_AGGREGATE, &plan);
    plan.output_mode = LT_OUTPUT_APPEND;
    check_unreadable(LT_PLAN_JOIN, &plan);
    check_unreadable(LT_PLAN_DEDUPLICATE, &plan);
    check_unreadable(LT_PLAN_LIMIT, &plan);
    plan.session_gap = 1;
    check_unreadable(LT_PLAN_AGGREGATE, &plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_comes_of_state_that_cannot_be_read),
        cmocka_unit_test(damaged_state_is_refused_or_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
