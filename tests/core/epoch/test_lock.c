/* The lock of a checkpoint directory: one owner, named to the others, freed by any death. */
#include "core/epoch/lock.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/support/scratch.h"

#define ID "6ba7b810-9dad-41d1-80b4-00c04fd430c8"

struct place {
    char path[SCRATCH_PATH_SIZE];
    struct lt_epoch_folder folder;
};

static int set_up(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    scratch_create(place->path);
    *state = place;
    return lt_epoch_folder_open(&place->folder, place->path, false, NULL);
}

static int tear_down(void **state)
{
    struct place *place = *state;
    lt_epoch_folder_close(&place->folder);
    scratch_remove(place->path);
    free(place);
    return 0;
}

static void name_owner(const struct place *place, int fd, const char *name)
{
    struct lt_error error;
    assert_int_equal(lt_epoch_lock_name_owner(&place->folder, fd, name, ID, &error), 0);
}

static void a_second_owner_is_refused_and_told_who_holds_it(void **state)
{
    struct place *place = *state;
    struct lt_error error;
    int first, second;
    assert_int_equal(lt_epoch_lock_take(&place->folder, &first, &error), 0);
    name_owner(place, first, "orders");
    assert_int_equal(lt_epoch_lock_take(&place->folder, &second, &error), LT_E_BUSY);
    char expected[128];
    snprintf(expected, sizeof expected, "in use by pid %ld, query \"orders\" (" ID "), host ",
             (long)getpid());
    assert_memory_equal(error.text, expected, strlen(expected));
    assert_non_null(strstr(error.text, "; hint: stop that query, or give this one a checkpoint "
                                       "directory of its own"));
    close(first);
}

/* The whole line begins so, and is one line. */
static void assert_owner(const struct place *place, const char *query)
{
    char expected[512];
    char *owner = scratch_read("%s/.leat.lock", place->path);
    snprintf(expected, sizeof expected, "pid %ld%s, host ", (long)getpid(), query);
    assert_memory_equal(owner, expected, strlen(expected));
    assert_ptr_equal(strchr(owner, '\n'), owner + strlen(owner) - 1);
    free(owner);
}

static void an_owner_without_a_name_is_told_by_its_query_id(void **state)
{
    struct place *place = *state;
    struct lt_error error;
    char long_name[400], expected[512];
    int fd;
    assert_int_equal(lt_epoch_lock_take(&place->folder, &fd, &error), 0);
    assert_owner(place, ""); /* until the id has been read */
    name_owner(place, fd, NULL);
    assert_owner(place, ", query " ID);
    name_owner(place, fd, "");
    assert_owner(place, ", query " ID);
    memset(long_name, 'n', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    name_owner(place, fd, long_name);
    snprintf(expected, sizeof expected, ", query \"%.160s\" (" ID ")", long_name);
    assert_owner(place, expected);
    close(fd);
}

static void a_killed_owner_leaves_the_lock_free(void **state)
{
    struct place *place = *state;
    struct lt_error error;
    int pipe_fds[2], fd;
    assert_int_equal(pipe(pipe_fds), 0);
    pid_t child = fork();
    if (child == 0) {
        struct lt_epoch_folder folder;
        if (lt_epoch_folder_open(&folder, place->path, false, NULL) != 0 ||
            lt_epoch_lock_take(&folder, &fd, NULL) != 0 ||
            lt_epoch_lock_name_owner(&folder, fd, "doomed", ID, NULL) != 0)
            _exit(1);
        if (write(pipe_fds[1], "x", 1) != 1)
            _exit(1);
        for (;;) /* until it is killed */
            pause();
    }
    char taken;
    assert_int_equal(read(pipe_fds[0], &taken, 1), 1);
    assert_int_equal(lt_epoch_lock_take(&place->folder, &fd, &error), LT_E_BUSY);
    assert_non_null(strstr(error.text, "query \"doomed\""));
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(lt_epoch_lock_take(&place->folder, &fd, &error), 0);
    close(fd);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
}

static void a_lock_whose_file_was_deleted_or_replaced_is_noticed(void **state)
{
    struct place *place = *state;
    struct lt_error error;
    char path[SCRATCH_PATH_SIZE + 16];
    int fd, second;
    snprintf(path, sizeof path, "%s/.leat.lock", place->path);
    assert_int_equal(lt_epoch_lock_take(&place->folder, &fd, &error), 0);
    assert_int_equal(lt_epoch_lock_check(&place->folder, fd, &error), 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(lt_epoch_lock_check(&place->folder, fd, &error), LT_E_CHECKPOINT);
    assert_non_null(strstr(error.text, "was deleted or replaced while this query held it"));
    assert_int_equal(lt_epoch_lock_take(&place->folder, &second, &error), 0);
    assert_int_equal(lt_epoch_lock_check(&place->folder, fd, &error), LT_E_CHECKPOINT);
    assert_int_equal(lt_epoch_lock_check(&place->folder, second, &error), 0);
    close(second);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_second_owner_is_refused_and_told_who_holds_it, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_owner_without_a_name_is_told_by_its_query_id, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_killed_owner_leaves_the_lock_free, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_lock_whose_file_was_deleted_or_replaced_is_noticed,
                                        set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
