/* The folders of a checkpoint: what opening tidies, and where the purge goes on. */
#include "core/epoch/directory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/support/scratch.h"

#define OFFSETS "v1\n{\"conf\":{},\"preparedSinks\":1}\n{\"0\":1}"
#define COMMIT "v1\n{\"nextBatchWatermarkMs\":0}"

struct place {
    char path[SCRATCH_PATH_SIZE];
    struct lt_directory directory;
    struct lt_arena *arena;
    struct lt_error error;
};

static int set_up(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    scratch_create(place->path);
    place->arena = lt_arena_create();
    lt_directory_init(&place->directory);
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    lt_directory_close(&place->directory);
    lt_arena_destroy(place->arena);
    scratch_remove(place->path);
    free(place);
    return 0;
}

/* As a query of one sink does. */
static void open_it(struct place *place)
{
    int code = lt_directory_open(&place->directory, place->path, &place->error);
    if (code == 0)
        code = lt_directory_read(&place->directory, true, place->arena, &place->error);
    if (code == 0)
        code = lt_directory_clean(&place->directory, 1, &place->error);
    if (code != 0)
        fail_msg("%s", place->error.text);
}

static bool is_there(const struct place *place, const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", place->path, name);
    return access(path, F_OK) == 0;
}

static void what_a_crash_left_of_a_sources_file_is_deleted(void **state)
{
    struct place *place = *state;
    /* Of source 0 only the companion came into view; source 1's file is whole. */
    scratch_write("foreign", "%s/sources/0/0.crc", place->path);
    scratch_write("half", "%s/sources/0/.0.leat.tmp", place->path);
    scratch_write("kept", "%s/sources/1/0", place->path);
    scratch_write("its own", "%s/sources/1/0.crc", place->path);
    scratch_write("half", "%s/sources/1/.0.crc.leat.tmp", place->path);
    scratch_write("not ours", "%s/sources/notes/0.crc", place->path);
    open_it(place);
    assert_false(is_there(place, "sources/0/0.crc"));
    assert_false(is_there(place, "sources/0/.0.leat.tmp"));
    assert_true(is_there(place, "sources/1/0"));
    assert_true(is_there(place, "sources/1/0.crc"));
    assert_false(is_there(place, "sources/1/.0.crc.leat.tmp"));
    assert_true(is_there(place, "sources/notes/0.crc"));
}

static void make_epochs(const struct place *place, const char *kind, const char *content, int first)
{
    for (int e = first; e <= 9; e++)
        scratch_write(content, "%s/%s/%d", place->path, kind, e);
}

/* Makes and opens entries `first` to 9, and asserts that the purge begins with the first of offsets
 * and that nothing older is left. */
static void assert_oldest(struct place *place, int offsets, int commits, int notes)
{
    static const char *const kinds[] = {"offsets", "commits", "sinks/0"};
    make_epochs(place, "offsets", OFFSETS, offsets);
    make_epochs(place, "commits", COMMIT, commits);
    make_epochs(place, "sinks/0", "v1\nnote", notes);
    open_it(place);
    assert_int_equal(place->directory.oldest, offsets);
    for (size_t kind = 0; kind < sizeof kinds / sizeof kinds[0]; kind++)
        for (int e = 0; e <= 9; e++) {
            char name[64];
            snprintf(name, sizeof name, "%s/%d", kinds[kind], e);
            if (is_there(place, name) != (e >= offsets))
                fail_msg("%s", name);
        }
}

static void a_purge_begins_with_the_first_entry_of_offsets(void **state)
{
    assert_oldest(*state, 5, 5, 5);
}

static void commits_that_a_purge_did_not_come_to_are_deleted(void **state)
{
    struct place *place = *state;
    scratch_write("its own", "%s/commits/2.crc", place->path);
    scratch_write(COMMIT, "%s/commits/2", place->path);
    assert_oldest(place, 6, 5, 6);
    assert_false(is_there(place, "commits/2.crc"));
}

static void notes_that_a_purge_did_not_come_to_are_deleted(void **state)
{
    struct place *place = *state;
    scratch_write("v1\nnote", "%s/sinks/0/0", place->path);
    assert_oldest(place, 6, 6, 4);
}

static void a_gap_in_offsets_is_not_walked(void **state)
{
    struct place *place = *state;
    scratch_write(OFFSETS, "%s/offsets/1", place->path);
    make_epochs(place, "offsets", OFFSETS, 7);
    make_epochs(place, "commits", COMMIT, 7);
    make_epochs(place, "sinks/0", "v1\nnote", 7);
    open_it(place);
    assert_int_equal(place->directory.oldest, 1);
    assert_int_equal(lt_directory_next_offsets(&place->directory, 1), 1);
    assert_int_equal(lt_directory_next_offsets(&place->directory, 2), 7);
    assert_int_equal(lt_directory_next_offsets(&place->directory, 9), 9);
    assert_int_equal(lt_directory_next_offsets(&place->directory, 10), 10);
}

static void a_purge_begins_with_epoch_0_if_no_entry_counts(void **state)
{
    struct place *place = *state;
    scratch_write("v1\n{}\n{\"0\":1}", "%s/offsets/3", place->path);
    open_it(place);
    assert_false(is_there(place, "offsets/3"));
    assert_int_equal(place->directory.oldest, 0);
    assert_int_equal(lt_directory_next_offsets(&place->directory, 0), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_a_crash_left_of_a_sources_file_is_deleted),
        TEST(a_purge_begins_with_the_first_entry_of_offsets),
        TEST(commits_that_a_purge_did_not_come_to_are_deleted),
        TEST(notes_that_a_purge_did_not_come_to_are_deleted),
        TEST(a_gap_in_offsets_is_not_walked),
        TEST(a_purge_begins_with_epoch_0_if_no_entry_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
