/* The door that tools look into checkpoints by: what it wants to be asked, and what it answers. */
#include "core/leat_admin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/support/scratch.h"

static char scratch[SCRATCH_PATH_SIZE], error[512];

static int set_up(void **state)
{
    (void)state;
    scratch_create(scratch);
    scratch_write("{\"id\":\"q\"}", "%s/metadata", scratch);
    scratch_write("v1\n{\"conf\":{}}\n{\"t\":1}", "%s/offsets/0", scratch);
    scratch_write("v1\n{}", "%s/commits/0", scratch);
    error[0] = '\0';
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    scratch_remove(scratch);
    return 0;
}

static leat_admin_checkpoint_request request_of(enum leat_admin_checkpoint_view view)
{
    return (leat_admin_checkpoint_request){
        .size = sizeof(leat_admin_checkpoint_request), .path = scratch, .view = view};
}

static void each_view_is_text_and_a_verdict(void **state)
{
    (void)state;
    static const char *const wanted[] = {"0  committed", "batch 0: committed",
                                         "3 files are as they were written"};
    for (int view = 0; view <= LEAT_ADMIN_CHECKPOINT_VERIFY; view++) {
        enum leat_admin_checkpoint_verdict verdict = LEAT_ADMIN_CHECKPOINT_REFUSED;
        leat_admin_checkpoint_request request =
            request_of((enum leat_admin_checkpoint_view)view);
        char *text = leat_admin_checkpoint(&request, &verdict, error, sizeof error);
        if (text == NULL)
            fail_msg("%s", error);
        assert_non_null(strstr(text, wanted[view]));
        assert_int_equal(verdict, LEAT_ADMIN_CHECKPOINT_SOUND);
        free(text);
    }
}

static void damage_is_a_verdict_and_no_error(void **state)
{
    (void)state;
    enum leat_admin_checkpoint_verdict verdict;
    leat_admin_checkpoint_request request = request_of(LEAT_ADMIN_CHECKPOINT_VERIFY);
    scratch_write("v1\n{\"conf\":", "%s/offsets/0", scratch);
    char *text = leat_admin_checkpoint(&request, &verdict, NULL, 0);
    assert_non_null(strstr(text, "REFUSED  offsets/0: its second line is not a JSON object"));
    assert_int_equal(verdict, LEAT_ADMIN_CHECKPOINT_REFUSED);
    free(text);
}

static void what_is_not_asked_rightly_is_an_error(void **state)
{
    (void)state;
    leat_admin_checkpoint_request request = request_of(LEAT_ADMIN_CHECKPOINT_SHOW);
    request.has_batch = true;
    request.batch = 4;
    assert_null(leat_admin_checkpoint(&request, NULL, error, sizeof error));
    assert_non_null(strstr(error, "has no batch 4; hint: it has 0 to 0"));
    request.path = NULL;
    assert_null(leat_admin_checkpoint(&request, NULL, error, sizeof error));
    assert_string_equal(error, "the request has no path");
    request.size = 0;
    assert_null(leat_admin_checkpoint(&request, NULL, error, sizeof error));
    assert_non_null(strstr(error, "size is 0; hint: set it to sizeof(leat_admin_checkpoint"));
    assert_null(leat_admin_checkpoint(NULL, NULL, error, sizeof error));
}

static bool take_row(void *user, const char *json)
{
    (void)user;
    (void)json;
    return true;
}

static void state_that_is_not_there_is_an_error(void **state)
{
    (void)state;
    leat_admin_state_request request = {
        .size = sizeof request, .path = scratch, .partition = -1, .batch = -1, .row = take_row};
    assert_int_equal(leat_admin_state(&request, error, sizeof error), LEAT_ERROR_NOT_FOUND);
    assert_non_null(strstr(error, "has no state of an operator 0; hint: it has none"));
    request.row = NULL;
    assert_int_equal(leat_admin_state(&request, error, sizeof error), LEAT_ERROR_INVALID);
    assert_string_equal(error, "the request has no row");
    assert_int_equal(leat_admin_state(NULL, NULL, 0), LEAT_ERROR_INVALID);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(each_view_is_text_and_a_verdict),
        TEST(damage_is_a_verdict_and_no_error),
        TEST(what_is_not_asked_rightly_is_an_error),
        TEST(state_that_is_not_there_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
