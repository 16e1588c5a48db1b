#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_node_has_room_for_its_inputs_and_nothing_else),
        cmocka_unit_test(every_kind_has_a_name_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
