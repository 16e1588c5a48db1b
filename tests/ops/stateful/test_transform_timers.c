/*
 * Custom keyed state: timers by both times; and what is refused, when variables are declared and
 * while the processor is called.
 */
#include "ops/catalog.h"
#include "tests/ops/stateful/times.h"
#include "tests/support/transform_world.h"

enum { SECOND_US = 1000000 };

/* -------------------------------------------------------------------------------------- timers */

static void timers_fire_once_in_their_order(void **state)
{
    struct transform_world own;
    (void)state;
    transform_world_init(&own, LT_TIME_PROCESSING);
    transform_world_open(&own);
    transform_world_batch(&own, 1, "x timer 3000; x timer 5000; x timer 3000; y timer 4000; "
                                   "x timers; y timer 500");
    transform_world_expect(&own, "x timer 3000; x timer 5000; x rows 4; y rows 2; y fired 500");
    assert_int_equal(own.world.op->ops->due_us(own.world.op), 3 * SECOND_US);
    transform_world_reopen(&own);
    transform_world_batch(&own, 4, "x untimer 5000; x untimer 9");
    stateful_world_expect_in_order(&own.world, "{\"k\":\"x\",\"what\":\"rows\",\"n\":2}\n"
                                               "{\"k\":\"x\",\"what\":\"fired\",\"n\":3000}\n"
                                               "{\"k\":\"y\",\"what\":\"fired\",\"n\":4000}");
    assert_int_equal(own.world.op->ops->due_us(own.world.op), INT64_MAX);
    transform_world_batch(&own, 9, "x timers");
    transform_world_expect(&own, "x rows 1");
    assert_int_equal(transform_world_total(&own), 0);
    stateful_world_fini(&own.world);
}

static void by_event_time_timers_go_by_the_watermark(void **state)
{
    struct transform_world own;
    struct lt_text_buffer json;
    (void)state;
    transform_world_init(&own, LT_TIME_EVENT);
    transform_world_open(&own);
    lt_text_init(&json);
    transform_world_rows("x timer 3000; x timer 5000", &json);
    own.world.batch.timestamp_us = 100 * SECOND_US;
    stateful_world_batch(&own.world, 0, 2999, lt_text_get(&json), NULL);
    transform_world_expect(&own, "x rows 2");
    assert_int_equal(own.world.op->ops->due_us(own.world.op), INT64_MAX);
    stateful_world_batch(&own.world, 2999, 3000, NULL, NULL);
    transform_world_expect(&own, "x fired 3000");
    stateful_world_batch(&own.world, 3000, 9000, NULL, NULL);
    transform_world_expect(&own, "x fired 5000");
    lt_text_fini(&json);
    stateful_world_fini(&own.world);
}

/* More than one round of them; and what a timer sets for a time that is past waits for the next
 * batch, or this one would never end. */
static void a_timer_that_sets_itself_again_fires_in_the_next_batch(void **state)
{
    struct transform_world own;
    struct lt_text_buffer json;
    (void)state;
    transform_world_init(&own, LT_TIME_PROCESSING);
    own.script.sets_again = true;
    transform_world_open(&own);
    transform_world_batch(&own, 9, "x timer 2000");
    /* what it has set for the same time went with it */
    transform_world_expect(&own, "x rows 1; x fired 2000");
    transform_world_batch(&own, 10, "");
    transform_world_expect(&own, "x fired 1999");
    transform_world_batch(&own, 11, "");
    transform_world_expect(&own, "");
    lt_text_init(&json);
    for (int i = 0; i < 400; i++)
        transform_world_add_row(&json, "y", "timer", 3001 + i, 0);
    stateful_world_batch(&own.world, 0, 0, lt_text_get(&json), NULL);
    assert_int_equal(own.world.line_count, 401);
    lt_text_fini(&json);
    stateful_world_fini(&own.world);
}

/* ----------------------------------------------------------------------------------- refusals */

static void expect_open_refused(struct transform_world *own, const char *condition,
                                const char *text)
{
    struct lt_operator *op;
    struct stateful_world *world = &own->world;
    const struct lt_operator_env env = {.clock = &world->clock.clock,
                                        .counter_prefix = "lane0.op0.",
                                        .rows_in_flight = 3,
                                        .state = &world->state};
    struct lt_operator_env own_env = env;
    world->node->stateful = &own->plan;
    assert_int_equal(lt_counters_create(NULL, "q", &world->counters, NULL), LT_OK);
    own_env.counters = world->counters;
    assert_int_equal(lt_ops_analyse(world->node, LT_OPS_MICRO_BATCH, world->arena, NULL), LT_OK);
    assert_int_equal(lt_ops_create(world->node, &op, NULL), LT_OK);
    assert_true(op->ops->open(op, &own_env, &world->error) < 0);
    assert_string_equal(world->error.condition, condition);
    if (strstr(world->error.text, text) == NULL)
        fail_msg("%s", world->error.text);
    op->ops->close(op);
    stateful_world_fini(world);
}

static void what_cannot_be_declared_is_refused(void **state)
{
    struct transform_world own;
    (void)state;
    transform_world_init(&own, LT_TIME_NONE);
    own.script.is_twice = true;
    expect_open_refused(&own, "STATEFUL_PROCESSOR_DUPLICATE_STATE_VARIABLE_DEFINED",
                        "State variable with name v has already been defined in the "
                        "StatefulProcessor.");
    transform_world_init(&own, LT_TIME_EVENT);
    own.script.ttl_us = 5;
    expect_open_refused(&own, "STATEFUL_PROCESSOR_INCORRECT_TIME_MODE_TO_ASSIGN_TTL",
                        "Cannot use TTL for state=v in timeMode=EventTime, use "
                        "TimeMode.ProcessingTime() instead.");
    transform_world_init(&own, LT_TIME_PROCESSING);
    own.script.ttl_us = -5;
    expect_open_refused(&own, "STATEFUL_PROCESSOR_TTL_DURATION_MUST_BE_POSITIVE",
                        "TTL duration must be greater than zero for State store "
                        "operation=get_value_state on state=v.");
}

static void what_is_not_possible_now_is_refused(void **state)
{
    struct transform_world own;
    (void)state;
    transform_world_init(&own, LT_TIME_NONE);
    transform_world_open(&own);
    transform_world_batch(&own, 1, "x timer 1");
    assert_string_equal(own.script.refusal.condition,
                        "STATEFUL_PROCESSOR_CANNOT_PERFORM_OPERATION_WITH_INVALID_TIME_MODE");
    assert_string_equal(own.script.refusal.text, "Failed to perform stateful processor "
                                                 "operation=register_timer with invalid "
                                                 "timeMode=NoTime");
    transform_world_batch(&own, 2, "x declare");
    assert_string_equal(own.script.refusal.condition,
                        "STATEFUL_PROCESSOR_CANNOT_PERFORM_OPERATION_WITH_INVALID_HANDLE_STATE");
    assert_string_equal(own.script.refusal.text,
                        "Failed to perform stateful processor operation=get_list_state with "
                        "invalid handle state=INITIALIZED.");
    stateful_world_fini(&own.world);
}

static void expect_failure(struct transform_world *own, const char *rows, const char *text)
{
    struct lt_text_buffer json;
    lt_text_init(&json);
    transform_world_rows(rows, &json);
    stateful_world_begin(&own->world, 0, 0);
    stateful_world_give(&own->world, 0, lt_text_get(&json));
    assert_false(stateful_world_try_end(&own->world));
    if (strstr(own->world.op->failure->text, text) == NULL)
        fail_msg("%s", own->world.op->failure->text);
    lt_text_fini(&json);
}

static void a_processor_that_fails_stops_the_query(void **state)
{
    struct transform_world own;
    (void)state;
    transform_world_init(&own, LT_TIME_NONE);
    transform_world_open(&own);
    expect_failure(&own, "x fail", "as it was told");
    stateful_world_fini(&own.world);
}

static void a_variable_of_another_type_is_told_of(void **state)
{
    struct transform_world own;
    (void)state;
    transform_world_init(&own, LT_TIME_NONE);
    transform_world_open(&own);
    transform_world_batch(&own, 1, "x set 1");
    stateful_world_close(&own.world);
    own.script.value_ddl = "n STRING";
    transform_world_open(&own);
    expect_failure(&own, "x get", "the state variable \"v\" was of another kind or type");
    assert_string_equal(own.world.op->failure->condition,
                        "STATE_STORE_VALUE_SCHEMA_NOT_COMPATIBLE");
    stateful_world_fini(&own.world);
}

static void a_variable_that_is_dropped_leaves_the_others(void **state)
{
    struct transform_world own;
    (void)state;
    transform_world_init(&own, LT_TIME_NONE);
    own.world.has_memory_store = true;
    transform_world_open(&own);
    transform_world_batch(&own, 1, "x set 1; x append 2; y set 3");
    assert_int_equal(transform_world_total(&own), 4);
    stateful_world_close(&own.world);
    own.script.drop = "v";
    transform_world_open(&own);
    transform_world_batch(&own, 2, "x list");
    transform_world_expect(&own, "x element 2; x rows 1");
    assert_int_equal(transform_world_total(&own), 2);
    stateful_world_fini(&own.world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timers_fire_once_in_their_order),
        cmocka_unit_test(by_event_time_timers_go_by_the_watermark),
        cmocka_unit_test(a_timer_that_sets_itself_again_fires_in_the_next_batch),
        cmocka_unit_test(what_cannot_be_declared_is_refused),
        cmocka_unit_test(what_is_not_possible_now_is_refused),
        cmocka_unit_test(a_processor_that_fails_stops_the_query),
        cmocka_unit_test(a_variable_of_another_type_is_told_of),
        cmocka_unit_test(a_variable_that_is_dropped_leaves_the_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
