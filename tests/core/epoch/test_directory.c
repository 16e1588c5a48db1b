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

static void assert_oldest(struct place *place, int offsets, int commits, int notes, uint64_t oldest)
{
    make_epochs(place, "offsets", OFFSETS, offsets);
    make_epochs(place, "commits", COMMIT, commits);
    make_epochs(place, "sinks/0", "v1\nnote", notes);
    open_it(place);
    assert_int_equal(place->directory.oldest, oldest);
}

static void the_oldest_entry_is_that_of_offsets_if_a_purge_was_whole(void **state)
{
    assert_oldest(*state, 5, 5, 5, 5);
}

static void the_oldest_entry_may_be_a_commit_that_a_purge_did_not_come_to(void **state)
{
    assert_oldest(*state, 6, 5, 5, 5);
}

static void the_oldest_entry_may_be_notes_that_a_purge_did_not_come_to(void **state)
{
    assert_oldest(*state, 6, 6, 4, 4);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_a_crash_left_of_a_sources_file_is_deleted),
        TEST(the_oldest_entry_is_that_of_offsets_if_a_purge_was_whole),
        TEST(the_oldest_entry_may_be_a_commit_that_a_purge_did_not_come_to),
        TEST(the_oldest_entry_may_be_notes_that_a_purge_did_not_come_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
