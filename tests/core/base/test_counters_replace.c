/* What a counters file may take the place of, and what it may not. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "core/base/counters.h"
#include "tests/support/scratch.h"

static char folder[SCRATCH_PATH_SIZE];
static char path[SCRATCH_PATH_SIZE + 16];

static int set_up(void **state)
{
    (void)state;
    scratch_create(folder);
    snprintf(path, sizeof path, "%s/counters", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    scratch_remove(folder);
    return 0;
}

static void assert_refused(const char *where, const char *cause)
{
    struct lt_counters *counters;
    struct lt_error error;
    char expected[512];
    snprintf(expected, sizeof expected, "counters file \"%s\": %s", where, cause);
    assert_int_equal(lt_counters_create(where, "q", &counters, &error), LT_E_INVALID);
    assert_null(counters);
    if (strncmp(error.text, expected, strlen(expected)) != 0)
        assert_string_equal(error.text, expected);
    assert_non_null(strstr(error.text, "; hint: "));
}

static void assert_taken(void)
{
    struct lt_counters *counters;
    struct lt_error error;
    if (lt_counters_create(path, "q", &counters, &error) != 0)
        fail_msg("%s", error.text);
    lt_counters_close(counters);
}

static void a_file_of_somebody_else_stays_as_it_is(void **state)
{
    (void)state;
    scratch_write("the only copy\n", "%s/counters", folder);
    assert_refused(path, "it is not a counters file of leat, and is not replaced");
    char *content = scratch_read("%s/counters", folder);
    assert_string_equal(content, "the only copy\n");
    free(content);
    scratch_write("LEAT", "%s/counters", folder);
    assert_refused(path, "it is not a counters file of leat, and is not replaced");
}

static void what_is_no_regular_file_is_refused(void **state)
{
    (void)state;
    assert_refused(folder, "it is a directory, and is not replaced");
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_refused(path, "it is no regular file, and is not replaced");
    assert_refused("/dev/null", "it is no regular file, and is not replaced");
}

static void an_empty_file_and_one_that_was_closed_are_replaced(void **state)
{
    (void)state;
    scratch_write("", "%s/counters", folder);
    assert_taken();
    assert_taken();
}

static void the_file_of_a_writer_that_lives_is_refused_until_it_is_killed(void **state)
{
    (void)state;
    int pipe_fds[2];
    char expected[64], ready;
    assert_int_equal(pipe(pipe_fds), 0);
    pid_t child = fork();
    if (child == 0) {
        struct lt_counters *counters;
        if (lt_counters_create(path, "victim", &counters, NULL) != 0 ||
            write(pipe_fds[1], "x", 1) != 1)
            _exit(1);
        for (;;) /* until it is killed */
            pause();
    }
    assert_int_equal(read(pipe_fds[0], &ready, 1), 1);
    snprintf(expected, sizeof expected, "it is in use by pid %d", (int)child);
    assert_refused(path, expected);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_taken();
    close(pipe_fds[0]);
    close(pipe_fds[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_file_of_somebody_else_stays_as_it_is, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_regular_file_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_empty_file_and_one_that_was_closed_are_replaced, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            the_file_of_a_writer_that_lives_is_refused_until_it_is_killed, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
