#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/flow/plan.h"

static void a_new_node_has_room_for_its_inputs_and_nothing_else(void **state)
{
    (void)state;
    struct lt_arena *arena = lt_arena_create();
    struct lt_plan_node *node = lt_plan_node_create(arena, LT_PLAN_UNION, 2);
    assert_int_equal(node->kind, LT_PLAN_UNION);
    assert_int_equal(node->input_count, 2);
    assert_null(node->inputs[0]);
    assert_null(node->inputs[1]);
    assert_null(node->schema);
    struct lt_plan_node *leaf = lt_plan_node_create(arena, LT_PLAN_READ, 0);
    assert_null(leaf->inputs);
    lt_arena_destroy(arena);
}

static void every_kind_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (enum lt_plan_kind kind = LT_PLAN_READ; kind <= LT_PLAN_WRITE; kind++) {
        assert_true(strlen(lt_plan_kind_name(kind)) > 3);
        for (enum lt_plan_kind other = LT_PLAN_READ; other < kind; other++)
            assert_string_not_equal(lt_plan_kind_name(kind), lt_plan_kind_name(other));
    }
    assert_string_equal(lt_plan_kind_name(LT_PLAN_AGGREGATE), "Aggregate");
}

static struct lt_plan_node *over(struct lt_arena *arena, enum lt_plan_kind kind,
                                 struct lt_plan_node *first, struct lt_plan_node *second)
{
    static const struct lt_plan_stateful stateful = {.number = 99};
    uint32_t count = first == NULL ? 0 : second == NULL ? 1 : 2;
    struct lt_plan_node *node = lt_plan_node_create(arena, kind, count);
    if (first != NULL)
        node->inputs[0] = first;
    if (second != NULL)
        node->inputs[1] = second;
    if (kind >= LT_PLAN_AGGREGATE && kind <= LT_PLAN_LIMIT && kind != LT_PLAN_SORT)
        node->stateful = &stateful;
    return node;
}

static void what_has_state_is_numbered_from_the_sink_on(void **state)
{
    struct lt_arena *arena = lt_arena_create();
    (void)state;
    struct lt_plan_node *read = over(arena, LT_PLAN_READ, NULL, NULL);
    struct lt_plan_node *a = over(arena, LT_PLAN_WATERMARK, read, NULL);
    struct lt_plan_node *b = over(arena, LT_PLAN_WATERMARK, read, NULL);
    struct lt_plan_node *c = over(arena, LT_PLAN_WATERMARK, read, NULL);
    a->watermark = b->watermark = 7; /* the sides of a union */
    c->watermark = 3;
    struct lt_plan_node *sides = over(arena, LT_PLAN_UNION, a, b);
    struct lt_plan_node *below = over(arena, LT_PLAN_AGGREGATE, sides, NULL);
    struct lt_plan_node *join = over(arena, LT_PLAN_JOIN, below, c);
    struct lt_plan_node *above = over(arena, LT_PLAN_AGGREGATE, join, NULL);
    struct lt_plan_node *sinks[] = {over(arena, LT_PLAN_WRITE, above, NULL),
                                    over(arena, LT_PLAN_WRITE, below, NULL)};
    struct lt_plan plan = {.sinks = sinks, .sink_count = 2, .output_mode = LT_OUTPUT_UPDATE};
    lt_plan_number(&plan, arena);
    assert_int_equal(above->stateful->number, 0);
    assert_int_equal(join->stateful->number, 1);
    assert_int_equal(below->stateful->number, 2);
    assert_int_equal(below->stateful->output_mode, LT_OUTPUT_UPDATE);
    assert_int_equal(a->watermark, 0);
    assert_int_equal(b->watermark, 0);
    assert_int_equal(c->watermark, 1);
    assert_ptr_equal(lt_plan_batch_node(&plan), above);
    lt_arena_destroy(arena);
}

static void what_keeps_state_in_two_places_keeps_it_twice(void **state)
{
    struct lt_arena *arena = lt_arena_create();
    (void)state;
    struct lt_plan_node *read = over(arena, LT_PLAN_READ, NULL, NULL);
    struct lt_plan_node *shared = over(
        arena, LT_PLAN_FILTER, over(arena, LT_PLAN_DEDUPLICATE, read, NULL), NULL);
    struct lt_plan_node *join = over(arena, LT_PLAN_JOIN, shared, shared);
    struct lt_plan_node *write = over(arena, LT_PLAN_WRITE, join, NULL);
    struct lt_plan plan = {.sinks = &write, .sink_count = 1};
    lt_plan_number(&plan, arena);
    assert_int_equal(join->stateful->number, 0);
    assert_ptr_not_equal(join->inputs[0], join->inputs[1]);
    for (uint32_t side = 0; side < 2; side++) {
        struct lt_plan_node *filter = join->inputs[side];
        assert_int_equal(filter->kind, LT_PLAN_FILTER);
        assert_int_equal(filter->inputs[0]->stateful->number, 1 + side);
        assert_ptr_equal(filter->inputs[0]->inputs[0], read);
    }
    lt_arena_destroy(arena);
}

static bool limit_keeps_state(enum lt_output_mode mode, bool is_of_groups)
{
    struct lt_arena *arena = lt_arena_create();
    struct lt_plan_node *below = over(arena, LT_PLAN_READ, NULL, NULL);
    if (is_of_groups)
        below = over(arena, LT_PLAN_AGGREGATE, below, NULL);
    struct lt_plan_node *limit = over(arena, LT_PLAN_LIMIT, below, NULL);
    struct lt_plan_node *write = over(arena, LT_PLAN_WRITE, limit, NULL);
    struct lt_plan plan = {.sinks = &write, .sink_count = 1, .output_mode = mode};
    lt_plan_number(&plan, arena);
    bool keeps = limit->stateful != NULL;
    if (is_of_groups)
        assert_int_equal(below->stateful->number, keeps ? 1 : 0);
    lt_arena_destroy(arena);
    return keeps;
}

static void a_limit_of_whole_results_keeps_nothing(void **state)
{
    (void)state;
    assert_true(limit_keeps_state(LT_OUTPUT_APPEND, false));
    assert_true(limit_keeps_state(LT_OUTPUT_APPEND, true));
    assert_true(limit_keeps_state(LT_OUTPUT_COMPLETE, false));
    assert_false(limit_keeps_state(LT_OUTPUT_COMPLETE, true));
}

static void watermarks_that_say_nothing_are_taken_out(void **state)
{
    struct lt_arena *arena = lt_arena_create();
    (void)state;
    struct lt_plan_node *read = over(arena, LT_PLAN_READ, NULL, NULL);
    struct lt_plan_node *mark = over(arena, LT_PLAN_WATERMARK, read, NULL);
    struct lt_plan_node *filter =
        over(arena, LT_PLAN_FILTER, over(arena, LT_PLAN_WATERMARK, mark, NULL), NULL);
    struct lt_plan_node *sides = over(arena, LT_PLAN_UNION, filter, mark);
    struct lt_plan_node *write = over(arena, LT_PLAN_WRITE, sides, NULL);
    struct lt_plan plan = {.sinks = &write, .sink_count = 1};
    assert_null(lt_plan_batch_node(&plan));
    lt_plan_drop_watermarks(&plan);
    assert_ptr_equal(sides->inputs[0], filter);
    assert_ptr_equal(filter->inputs[0], read);
    assert_ptr_equal(sides->inputs[1], read);
    lt_arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_node_has_room_for_its_inputs_and_nothing_else),
        cmocka_unit_test(every_kind_has_a_name_of_its_own),
        cmocka_unit_test(what_has_state_is_numbered_from_the_sink_on),
        cmocka_unit_test(what_keeps_state_in_two_places_keeps_it_twice),
        cmocka_unit_test(a_limit_of_whole_results_keeps_nothing),
        cmocka_unit_test(watermarks_that_say_nothing_are_taken_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
