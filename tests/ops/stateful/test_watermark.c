/* What a WATERMARK node counts of event times. */
#include "ops/catalog.h"
#include "tests/ops/stateful/times.h"
#include "tests/support/stateful_world.h"

struct fixture {
    struct stateful_world world;
    struct lt_operator *op;
};

/* The world's own operator is a LIMIT; what is tested stands beside it. */
static void open_fixture(struct fixture *fixture, const char *schema, const char *column)
{
    struct stateful_world *world = &fixture->world;
    stateful_world_init(world, LT_PLAN_LIMIT, schema, NULL);
    world->node->limit = 1000;
    stateful_world_open(world, NULL);
    struct lt_plan_node *node = lt_plan_node_create(world->arena, LT_PLAN_WATERMARK, 1);
    node->inputs[0] = world->node->inputs[0];
    node->name = column;
    if (lt_ops_analyse(node, LT_OPS_MICRO_BATCH, world->arena, &world->error) != LT_OK ||
        lt_ops_create(node, &fixture->op, &world->error) != LT_OK)
        fail_msg("%s", world->error.text);
    const struct lt_operator_env env = {.clock = &world->clock.clock,
                                        .counters = world->counters,
                                        .counter_prefix = "lane0.watermark0.",
                                        .rows_in_flight = 1};
    assert_int_equal(fixture->op->ops->open(fixture->op, &env, &world->error), LT_OK);
}

static void close_fixture(struct fixture *fixture)
{
    fixture->op->ops->close(fixture->op);
    stateful_world_fini(&fixture->world);
}

/* The rows of a batch: they go through the limit first, and are looked at when they come out. */
static struct lt_event_times count(struct fixture *fixture, const char *rows)
{
    struct stateful_world *world = &fixture->world;
    struct lt_event_times times;
    stateful_world_begin(world, 0, 0);
    stateful_world_give(world, 0, rows);
    fixture->op->ops->begin(fixture->op, &world->batch);
    for (uint32_t i = 0; i < world->kept_count; i++)
        assert_int_equal(
            fixture->op->ops->process(fixture->op, world->kept[i], &world->final_out.out),
            LT_PROCESS_PASS);
    fixture->op->ops->event_times(fixture->op, &times);
    stateful_world_end(world);
    return times;
}

static void event_times_are_counted_in_milliseconds_rounded_down(void **state)
{
    struct fixture fixture;
    (void)state;
    open_fixture(&fixture, "ts TIMESTAMP", "ts");
    struct lt_event_times times = count(&fixture, "{\"ts\":\"2025-03-09T10:00:00.000999Z\"}\n"
                                                  "{\"ts\":\"1969-12-31T23:59:59.999999Z\"}");
    assert_int_equal(times.count, 2);
    assert_int_equal(times.max_ms, at(10, 0, 0));
    assert_int_equal(times.min_ms, -1);
    assert_true(times.sum_ms == (double)(at(10, 0, 0) - 1));
    times = count(&fixture, "{\"ts\":\"2025-03-09T09:00:00Z\"}"); /* of this batch alone */
    assert_int_equal(times.count, 1);
    assert_int_equal(times.max_ms, at(9, 0, 0));
    assert_int_equal(count(&fixture, NULL).count, 0);
    close_fixture(&fixture);
}

static void a_null_counts_as_1970(void **state)
{
    struct fixture fixture;
    (void)state;
    open_fixture(&fixture, "ts TIMESTAMP", "ts");
    struct lt_event_times times = count(&fixture, "{\"ts\":\"2025-03-09T10:00:00Z\"}\n{}");
    assert_int_equal(times.count, 2);
    assert_int_equal(times.min_ms, 0);
    assert_int_equal(times.max_ms, at(10, 0, 0));
    close_fixture(&fixture);
}

static void of_a_window_its_end_counts(void **state)
{
    struct fixture fixture;
    (void)state;
    open_fixture(&fixture, "w STRUCT<start: TIMESTAMP, end: TIMESTAMP>", "w");
    struct lt_event_times times = count(
        &fixture,
        "{\"w\":{\"start\":\"2025-03-09T10:00:00Z\",\"end\":\"2025-03-09T10:05:00Z\"}}");
    assert_int_equal(times.max_ms, at(10, 5, 0));
    close_fixture(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(event_times_are_counted_in_milliseconds_rounded_down),
        cmocka_unit_test(a_null_counts_as_1970),
        cmocka_unit_test(of_a_window_its_end_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
