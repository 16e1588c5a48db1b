/* Folders of a checkpoint that cannot be opened or made: folder, cause and a hint are told. */
#include "core/epoch/files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/support/scratch.h"

#define PATH_HINT "; hint: give the path of a directory that exists or can be made"
#define FILE_HINT "; hint: a file stands where a folder is needed, give another directory"
#define OWNER_HINT                                                                                 \
    "; hint: the user that runs the query needs to own the checkpoint directory, or to be "        \
    "allowed to make it"

enum { NOBODY = 65534, NAME_TOO_LONG = 300 };

struct place {
    char path[SCRATCH_PATH_SIZE];
    struct lt_error error;
};

static int set_up(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    scratch_create(place->path);
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    scratch_remove(place->path);
    free(place);
    return 0;
}

static int open_and_close(struct place *place, const char *path)
{
    struct lt_epoch_folder folder;
    lt_error_clear(&place->error);
    int code = lt_epoch_folder_open(&folder, path, true, &place->error);
    if (code == 0)
        lt_epoch_folder_close(&folder);
    return code;
}

static void missing_parents_are_made(void **state)
{
    struct place *place = *state;
    char path[SCRATCH_PATH_SIZE + 16];
    snprintf(path, sizeof path, "%s/a/b/c", place->path);
    assert_int_equal(open_and_close(place, path), 0);
    assert_int_equal(access(path, F_OK), 0);
}

static void what_is_no_folder_and_cannot_become_one_is_named_with_cause_and_hint(void **state)
{
    struct place *place = *state;
    static const struct {
        const char *path, *text;
        int code;
    } lines[] = {
        {"", "cannot create folder '': No such file or directory" PATH_HINT, LT_E_NOT_FOUND},
        {"/proc/leat/below",
         "cannot create folder '/proc/leat': No such file or directory" PATH_HINT, LT_E_NOT_FOUND},
        {"/dev/null", "cannot open folder '/dev/null': Not a directory" FILE_HINT, LT_E_IO},
        {"/dev/null/below", "cannot open folder '/dev/null/below': Not a directory" FILE_HINT,
         LT_E_IO},
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        assert_int_equal(open_and_close(place, lines[i].path), lines[i].code);
        assert_string_equal(place->error.text, lines[i].text);
    }
}

static void a_name_that_is_too_long_and_links_that_go_round_are_refused(void **state)
{
    struct place *place = *state;
    char path[SCRATCH_PATH_SIZE + NAME_TOO_LONG];
    int size_bytes = snprintf(path, sizeof path, "%s/", place->path);
    memset(path + size_bytes, 'x', NAME_TOO_LONG - 20);
    path[size_bytes + NAME_TOO_LONG - 20] = '\0';
    assert_true(open_and_close(place, path) < 0);
    assert_non_null(strstr(place->error.text, "': File name too long" PATH_HINT));
    snprintf(path, sizeof path, "%s/loop", place->path);
    assert_int_equal(symlink("loop", path), 0);
    assert_true(open_and_close(place, path) < 0);
    assert_non_null(strstr(place->error.text, "': Too many levels of symbolic links" PATH_HINT));
}

/* Opens as a user without rights; as another than root everybody is one. */
static int open_without_rights(struct place *place, const char *path)
{
    bool was_root = geteuid() == 0;
    if (was_root)
        assert_int_equal(seteuid(NOBODY), 0);
    int code = open_and_close(place, path);
    if (was_root)
        assert_int_equal(seteuid(0), 0);
    return code;
}

static void a_folder_that_may_not_be_made_or_read_is_refused(void **state)
{
    struct place *place = *state;
    char path[SCRATCH_PATH_SIZE + 8], expected[2 * SCRATCH_PATH_SIZE + 256];
    snprintf(path, sizeof path, "%s/c", place->path);
    assert_int_equal(chmod(place->path, 0555), 0);
    int code = open_without_rights(place, path);
    assert_int_equal(chmod(place->path, 0755), 0);
    snprintf(expected, sizeof expected, "cannot create folder '%s': Permission denied" OWNER_HINT,
             path);
    assert_int_equal(code, LT_E_PERMISSION);
    assert_string_equal(place->error.text, expected);

    assert_int_equal(mkdir(path, 0000), 0);
    code = open_without_rights(place, path);
    assert_int_equal(chmod(path, 0755), 0);
    snprintf(expected, sizeof expected, "cannot open folder '%s': Permission denied" OWNER_HINT,
             path);
    assert_int_equal(code, LT_E_PERMISSION);
    assert_string_equal(place->error.text, expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(missing_parents_are_made, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            what_is_no_folder_and_cannot_become_one_is_named_with_cause_and_hint, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(a_name_that_is_too_long_and_links_that_go_round_are_refused,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_folder_that_may_not_be_made_or_read_is_refused, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
