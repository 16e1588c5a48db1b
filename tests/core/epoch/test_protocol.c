/* The steps of the protocol: their names, the fault points, and the model's agreement. */
#include "core/epoch/protocol.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/support/scratch.h"

static void every_step_has_its_name(void **state)
{
    (void)state;
    assert_string_equal(lt_epoch_step_name(LT_EPOCH_INJECT), "inject");
    assert_string_equal(lt_epoch_step_name(LT_EPOCH_DONE), "done");
    assert_string_equal(lt_epoch_step_name(LT_EPOCH_RECOVER), "recover");
}

/* True when the model has an inline of that name, and its body is used. */
static bool model_has(const char *model, const char *name)
{
    char definition[64], use[64];
    snprintf(definition, sizeof definition, "\ninline %s(", name);
    snprintf(use, sizeof use, "    :: d_step { %s(", name);
    const char *at = strstr(model, definition);
    if (at == NULL)
        return false;
    if (strstr(model, use) != NULL)
        return true;
    /* A step that is part of another one: prepare happens at the marker. */
    snprintf(use, sizeof use, "    %s(", name);
    return strstr(model, use) != NULL;
}

static void check_model(const char *path, enum lt_epoch_step first)
{
    char *model = scratch_read("%s", path);
    assert_non_null(model); /* tests run in the project's folder */
    for (int step = (int)first; step < LT_EPOCH_STEP_COUNT; step++)
        if (!model_has(model, lt_epoch_step_name((enum lt_epoch_step)step)))
            fail_msg("%s has no step '%s'", path, lt_epoch_step_name((enum lt_epoch_step)step));
    assert_false(model_has(model, "no_such_step"));
    free(model);
}

/* In batches nobody injects a marker, or asks for its position. */
static void the_models_have_the_same_steps(void **state)
{
    (void)state;
    check_model("tests/model/epoch.pml", LT_EPOCH_INJECT);
    check_model("tests/model/batch.pml", LT_EPOCH_PREPARE);
}

static void the_prose_describes_every_step(void **state)
{
    (void)state;
    char *prose = scratch_read("core/epoch/protocol.h");
    assert_non_null(prose);
    for (int step = 0; step < LT_EPOCH_STEP_COUNT; step++) {
        char line[64];
        snprintf(line, sizeof line, "\n *   %s ", lt_epoch_step_name((enum lt_epoch_step)step));
        assert_non_null(strstr(prose, line));
    }
    free(prose);
}

struct visit {
    enum lt_epoch_step step;
    uint64_t epoch;
    int count;
};

static bool stop_at_commit(void *context, enum lt_epoch_step step, uint64_t epoch)
{
    struct visit *visit = context;
    visit->step = step;
    visit->epoch = epoch;
    visit->count++;
    return step == LT_EPOCH_COMMIT;
}

static void a_fault_point_asks_the_hook_and_nobody_without_one(void **state)
{
    (void)state;
    struct visit visit = {.count = 0};
    assert_false(lt_epoch_fault_point(LT_EPOCH_COMMIT, 3));
    lt_epoch_set_fault_hook(stop_at_commit, &visit);
    assert_false(lt_epoch_fault_point(LT_EPOCH_LOG, 3));
    assert_true(lt_epoch_fault_point(LT_EPOCH_COMMIT, 4));
    lt_epoch_set_fault_hook(NULL, NULL);
    assert_false(lt_epoch_fault_point(LT_EPOCH_COMMIT, 5));
    assert_int_equal(visit.count, 2);
    assert_int_equal(visit.step, LT_EPOCH_COMMIT);
    assert_int_equal(visit.epoch, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_step_has_its_name),
        cmocka_unit_test(the_models_have_the_same_steps),
        cmocka_unit_test(the_prose_describes_every_step),
        cmocka_unit_test(a_fault_point_asks_the_hook_and_nobody_without_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
