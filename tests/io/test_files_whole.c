/*
 * Files of another user, of which the kernel does not say whether somebody writes them.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "io/files_whole.h"
#include "tests/support/scratch.h"

enum { NOBODY = 65534, MINUTES_OF_REST = 10 };

/* What a user who has no rights over the file is told of it. */
static bool is_whole_for_nobody(const char *path)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(setuid(NOBODY) == 0 ? lt_files_is_whole(path) : 2);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
    return WEXITSTATUS(status) == 1;
}

static void a_new_file_may_be_written(void **state)
{
    char scratch[SCRATCH_PATH_SIZE], path[SCRATCH_PATH_SIZE + 8];
    (void)state;
    if (geteuid() != 0)
        skip();
    scratch_create(scratch);
    assert_int_equal(chmod(scratch, 0755), 0);
    snprintf(path, sizeof path, "%s/a", scratch);
    scratch_write("1\n", "%s", path);
    const struct timespec ahead[2] = {{.tv_sec = time(NULL) + 60}, {.tv_sec = time(NULL) + 60}};
    assert_int_equal(utimensat(AT_FDCWD, path, ahead, 0), 0); /* no link is younger than that */
    assert_false(is_whole_for_nobody(path));
    scratch_remove(scratch);
}

static void one_that_has_rested_is_whole(void **state)
{
    static const char old[] = "/usr/lib/os-release";
    struct stat status;
    (void)state;
    if (geteuid() != 0 || lstat(old, &status) != 0 || status.st_nlink != 1 ||
        status.st_ctim.tv_sec > time(NULL) - 60 * MINUTES_OF_REST)
        skip();
    assert_true(is_whole_for_nobody(old));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_file_may_be_written),
        cmocka_unit_test(one_that_has_rested_is_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
