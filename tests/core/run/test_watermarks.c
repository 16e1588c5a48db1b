/*
 * Watermarks over a few batches: what is late and what is final for each operator, which of several
 * counts, and when a batch without data is wanted.
 */
#include "core/run/watermarks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static struct lt_plan_node clicks = {.kind = LT_PLAN_WATERMARK, .interval_us = 10000000};
static struct lt_plan_node views = {
    .kind = LT_PLAN_WATERMARK, .watermark = 1, .interval_us = 2000000};
static struct lt_plan_stateful of_join, of_aggregate;
static struct lt_plan_node join = {.kind = LT_PLAN_JOIN, .stateful = &of_join};
static struct lt_plan_node aggregate = {.kind = LT_PLAN_AGGREGATE, .stateful = &of_aggregate};
static struct lt_plan_node *join_nodes[] = {&join}, *aggregate_nodes[] = {&aggregate};
static struct lt_segment_plan plan;

/* Aggregate <- Join. */
static int set_up(void **state)
{
    (void)state;
    of_join = (struct lt_plan_stateful){.number = 0};
    of_join.left.event_time = (struct lt_plan_event_time){.column = 0, .slack_us = 3000000};
    of_join.right.event_time = (struct lt_plan_event_time){.column = 0, .slack_us = 500500};
    of_aggregate = (struct lt_plan_stateful){.number = 1, .output_mode = LT_OUTPUT_APPEND};
    of_aggregate.left.event_time = (struct lt_plan_event_time){.column = 0};
    plan = (struct lt_segment_plan){.segment_count = 2};
    plan.segments[0] = (struct lt_segment_nodes){.nodes = aggregate_nodes, .node_count = 1};
    plan.segments[0].target.segment = LT_SEGMENT_SINK;
    plan.segments[1] = (struct lt_segment_nodes){.nodes = join_nodes, .node_count = 1};
    plan.segments[1].target.segment = 0;
    return 0;
}

static void see(struct lt_watermarks *watermarks, const struct lt_plan_node *node, int64_t max_ms)
{
    const struct lt_event_times times = {
        .count = 2, .min_ms = max_ms - 1, .max_ms = max_ms, .sum_ms = (double)(2 * max_ms - 1)};
    lt_watermarks_add(watermarks, node, &times);
}

static void see_nothing(struct lt_watermarks *watermarks, const struct lt_plan_node *node)
{
    lt_watermarks_add(watermarks, node, &(struct lt_event_times){0});
}

static void a_watermark_is_in_force_in_the_next_batch_and_never_goes_back(void **state)
{
    (void)state;
    struct lt_watermarks of;
    lt_watermarks_init(&of, NULL, false, 0, 0);
    lt_watermarks_begin(&of);
    see(&of, &clicks, 100000);
    assert_int_equal(of.now_ms, 0);
    assert_int_equal(lt_watermarks_next(&of), 90000);
    lt_watermarks_advance(&of);
    assert_int_equal(of.now_ms, 90000);
    assert_int_equal(of.before_ms, 0);
    lt_watermarks_begin(&of);
    see(&of, &clicks, 50000);
    lt_watermarks_advance(&of);
    assert_int_equal(of.now_ms, 90000);
    assert_int_equal(of.before_ms, 90000);
}

static void one_that_has_seen_nothing_holds_the_others_back(void **state)
{
    (void)state;
    struct lt_watermarks of;
    lt_watermarks_init(&of, NULL, false, 0, 0);
    lt_watermarks_begin(&of);
    see(&of, &clicks, 100000);
    see_nothing(&of, &views);
    assert_int_equal(lt_watermarks_next(&of), 0);
    lt_watermarks_advance(&of);
    lt_watermarks_begin(&of);
    see_nothing(&of, &clicks);
    see(&of, &views, 70000);
    assert_int_equal(lt_watermarks_next(&of), 68000);
}

static void one_that_is_idle_holds_no_other_back(void **state)
{
    (void)state;
    struct lt_watermarks of;
    struct lt_plan_node patient = views;
    patient.idle_us = 30000000;
    lt_watermarks_init(&of, NULL, false, 0, 0);
    for (int64_t batch = 0; batch < 5; batch++) { /* 10 s from one to the next */
        of.batch_ns = batch * 10 * LT_NS_PER_S;
        lt_watermarks_begin(&of);
        see(&of, &clicks, 100000 + batch * 10000);
        see_nothing(&of, &patient);
        assert_int_equal(lt_watermarks_is_idle(&of, 1), batch >= 3);
        assert_int_equal(lt_watermarks_holding(&of), batch >= 3 ? -1 : 1);
        assert_int_equal(lt_watermarks_count(&of), 2);
        lt_watermarks_advance(&of);
        assert_int_equal(of.now_ms, batch >= 3 ? 90000 + batch * 10000 : 0);
    }
    of.batch_ns = 50 * (int64_t)LT_NS_PER_S;
    lt_watermarks_begin(&of);
    see(&of, &clicks, 200000);
    see(&of, &patient, 140000); /* it counts again, and nothing goes back */
    assert_false(lt_watermarks_is_idle(&of, 1));
    assert_int_equal(lt_watermarks_holding(&of), 1);
    assert_int_equal(lt_watermarks_next(&of), 138000);
    lt_watermarks_advance(&of);
    of.batch_ns = 500 * (int64_t)LT_NS_PER_S; /* alone and silent: the watermark stays */
    of.nodes[0].is_there = false;
    lt_watermarks_begin(&of);
    see_nothing(&of, &patient);
    assert_int_equal(lt_watermarks_next(&of), 138000);
}

static void by_the_policy_max_the_greatest_counts(void **state)
{
    (void)state;
    struct lt_watermarks of;
    lt_watermarks_init(&of, NULL, true, 0, 0);
    lt_watermarks_begin(&of);
    see(&of, &clicks, 100000);
    see_nothing(&of, &views);
    assert_int_equal(lt_watermarks_next(&of), 90000);
}

static void a_restart_goes_on_with_what_was_in_force(void **state)
{
    (void)state;
    struct lt_watermarks of;
    lt_watermarks_init(&of, &plan, false, 5000, 4000);
    lt_watermarks_begin(&of);
    assert_int_equal(of.operators[0].late_ms, 4000);
    assert_int_equal(of.operators[0].eviction_ms, 5000);
    see(&of, &clicks, 11000);
    assert_int_equal(lt_watermarks_next(&of), 5000);
}

static void behind_a_join_what_its_sides_keep_counts(void **state)
{
    (void)state;
    struct lt_watermarks of;
    lt_watermarks_init(&of, &plan, false, 90000, 60000);
    assert_int_equal(of.operator_count, 2);
    lt_watermarks_begin(&of);
    assert_int_equal(of.operators[0].late_ms, 60000);
    assert_int_equal(of.operators[0].eviction_ms, 90000);
    assert_int_equal(of.operators[1].late_ms, 57000);
    assert_int_equal(of.operators[1].eviction_ms, 87000);
    of_join.left.event_time.slack_us = INT64_MAX;
    lt_watermarks_begin(&of);
    assert_int_equal(of.operators[1].eviction_ms, 89499); /* 500.5 ms, rounded down */
}

static void a_watermark_that_has_moved_is_worth_a_batch_to_who_acts_on_it(void **state)
{
    (void)state;
    struct lt_watermarks of;
    lt_watermarks_init(&of, &plan, false, 90000, 60000);
    assert_true(lt_watermarks_want_batch(&of));
    lt_watermarks_begin(&of);
    lt_watermarks_advance(&of); /* that batch */
    assert_false(lt_watermarks_want_batch(&of));
    lt_watermarks_init(&of, &plan, false, 90000, 60000);
    of_aggregate.output_mode = LT_OUTPUT_COMPLETE;
    assert_true(lt_watermarks_want_batch(&of)); /* the join does */
    of_join.left.event_time.column = of_join.right.event_time.column = -1;
    assert_false(lt_watermarks_want_batch(&of));
    lt_watermarks_init(&of, NULL, false, 90000, 60000);
    assert_false(lt_watermarks_want_batch(&of));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_watermark_is_in_force_in_the_next_batch_and_never_goes_back,
                               set_up),
        cmocka_unit_test_setup(one_that_has_seen_nothing_holds_the_others_back, set_up),
        cmocka_unit_test_setup(one_that_is_idle_holds_no_other_back, set_up),
        cmocka_unit_test_setup(by_the_policy_max_the_greatest_counts, set_up),
        cmocka_unit_test_setup(a_restart_goes_on_with_what_was_in_force, set_up),
        cmocka_unit_test_setup(behind_a_join_what_its_sides_keep_counts, set_up),
        cmocka_unit_test_setup(a_watermark_that_has_moved_is_worth_a_batch_to_who_acts_on_it,
                               set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
