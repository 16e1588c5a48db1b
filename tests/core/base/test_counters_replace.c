/*
 * What a counters file may take the place of, and what it may not. Some calls of the C library are
 * this program's: they fail as on a file system that lacks them, and let another be faster.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "core/base/counters.h"
#include "tests/support/scratch.h"

static char folder[SCRATCH_PATH_SIZE];
static char path[SCRATCH_PATH_SIZE + 16];

static int lock_failure;   /* errno of a file system that refuses locks; 0: none */
static int rename_failure; /* errno of one that cannot keep what is there */
/* What happens right before a call, once. */
static void (*before_flock)(void), (*before_rename)(void), (*before_renameat2)(void);

static void happen(void (**hook)(void))
{
    void (*now)(void) = *hook;
    *hook = NULL;
    if (now != NULL)
        now();
}

static int fail_with(int failure)
{
    errno = failure;
    return -1;
}

int fcntl(int fd, int command, ...)
{
    va_list arguments;
    va_start(arguments, command);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    if (lock_failure != 0 && (command == F_OFD_SETLK || command == F_OFD_GETLK))
        return fail_with(lock_failure);
    return (int)syscall(SYS_fcntl, fd, command, argument);
}

int flock(int fd, int operation)
{
    happen(&before_flock);
    return lock_failure != 0 ? fail_with(lock_failure) : (int)syscall(SYS_flock, fd, operation);
}

int rename(const char *from, const char *to)
{
    happen(&before_rename);
    return (int)syscall(SYS_rename, from, to);
}

int renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
    happen(&before_renameat2);
    if (rename_failure != 0)
        return fail_with(rename_failure);
    return (int)syscall(SYS_renameat2, from_fd, from, to_fd, to, flags);
}

static int set_up(void **state)
{
    (void)state;
    lock_failure = rename_failure = 0;
    before_flock = before_rename = before_renameat2 = NULL;
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

static void a_file_system_without_locks_is_no_reason_to_refuse(void **state)
{
    static const int failures[] = {ENOLCK, EOPNOTSUPP, EINVAL};
    struct lt_counters *counters;
    struct lt_error error;
    (void)state;
    assert_taken();
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
        lock_failure = failures[i];
        assert_taken();
    }
    lock_failure = EIO;
    assert_true(lt_counters_create(path, "q", &counters, &error) < 0);
    assert_non_null(strstr(error.text, "cannot test the lock of counters file"));
}

static struct lt_counters *other;

static void another_takes_the_name(void)
{
    struct lt_error error;
    if (lt_counters_create(path, "another", &other, &error) != 0)
        fail_msg("%s", error.text);
}

static void another_is_refused(void)
{
    assert_refused(path, "another query is about to replace it; hint: ");
}

/* The file at `path` is the other's, and nothing else lies beside it. */
static void assert_others(void)
{
    struct lt_counters *reader;
    struct lt_error error;
    char command[SCRATCH_PATH_SIZE + 64];
    if (lt_counters_open(path, &reader, &error) != 0)
        fail_msg("%s", error.text);
    assert_string_equal(lt_counters_identity(reader).query_name, "another");
    lt_counters_close(reader);
    lt_counters_close(other);
    snprintf(command, sizeof command, "test \"$(ls -A %s)\" = counters", folder);
    assert_int_equal(system(command), 0);
}

static void a_name_that_another_takes_after_it_was_seen_free_is_refused(void **state)
{
    char expected[64];
    (void)state;
    snprintf(expected, sizeof expected, "it is in use by pid %d", (int)getpid());
    before_renameat2 = another_takes_the_name;
    assert_refused(path, expected);
    assert_others();
}

static void a_file_that_another_replaces_after_it_was_seen_is_refused(void **state)
{
    char expected[64];
    (void)state;
    assert_taken();
    snprintf(expected, sizeof expected, "it is in use by pid %d", (int)getpid());
    before_flock = another_takes_the_name;
    assert_refused(path, expected);
    assert_others();
}

static void a_file_is_not_replaced_by_another_while_it_is(void **state)
{
    (void)state;
    assert_taken();
    before_rename = another_is_refused;
    assert_taken();
    assert_null(before_rename); /* it has happened */
}

static void a_file_system_that_cannot_keep_what_is_there_takes_the_name_as_it_can(void **state)
{
    (void)state;
    rename_failure = EINVAL;
    assert_taken();
    assert_int_equal(access(path, F_OK), 0);
}

static void a_link_to_nothing_is_replaced(void **state)
{
    struct stat status;
    (void)state;
    assert_int_equal(symlink("nowhere", path), 0);
    assert_taken();
    assert_int_equal(lstat(path, &status), 0);
    assert_true(S_ISREG(status.st_mode));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_file_of_somebody_else_stays_as_it_is),
        TEST(what_is_no_regular_file_is_refused),
        TEST(an_empty_file_and_one_that_was_closed_are_replaced),
        TEST(the_file_of_a_writer_that_lives_is_refused_until_it_is_killed),
        TEST(a_file_system_without_locks_is_no_reason_to_refuse),
        TEST(a_name_that_another_takes_after_it_was_seen_free_is_refused),
        TEST(a_file_that_another_replaces_after_it_was_seen_is_refused),
        TEST(a_file_is_not_replaced_by_another_while_it_is),
        TEST(a_file_system_that_cannot_keep_what_is_there_takes_the_name_as_it_can),
        TEST(a_link_to_nothing_is_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
