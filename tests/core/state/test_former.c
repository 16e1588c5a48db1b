/*
 * Folders of partitions that there are no more: they stay as long as a version is kept that is made
 * of them, and go then; a deletion that was broken off is no harm.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/support/state_world.h"

enum { MANY = 6, FEW = 2 };

static bool has_folder(const struct state_world *world, uint32_t partition)
{
    char path[2 * SCRATCH_PATH_SIZE];
    snprintf(path, sizeof path, "%s/%u%s%s", world->root, partition, world->name == NULL ? "" : "/",
             world->name == NULL ? "" : world->name);
    return access(path, F_OK) == 0;
}

static void open_world(struct state_world *world, uint32_t partition_count)
{
    struct lt_error error;
    if (state_world_open(world, partition_count, world->version, &error) != 0)
        fail_msg("%s", error.text);
    state_world_check(world);
}

/* Four versions by many partitions, then one by few. */
static void shrink(struct state_world *world)
{
    open_world(world, MANY);
    for (int i = 0; i < 4; i++)
        state_world_batch(world, 60);
    state_world_maintain(world, 3);
    state_world_close(world);
    open_world(world, FEW);
    state_world_batch(world, 60);
}

static void are_gone(const struct state_world *world)
{
    for (uint32_t i = 0; i < MANY; i++)
        assert_int_equal(has_folder(world, i), i < FEW);
}

static void check_life(const char *provider, const char *name)
{
    struct state_world world;
    state_world_init(&world, 11);
    world.provider = provider;
    world.name = name;
    shrink(&world);
    state_world_maintain(&world, 4); /* which is of many still */
    for (uint32_t i = 0; i < MANY; i++)
        assert_true(has_folder(&world, i));
    state_world_maintain(&world, 5);
    are_gone(&world);
    state_world_batch(&world, 60);
    state_world_maintain(&world, 6);
    state_world_close(&world);
    open_world(&world, FEW);
    state_world_close(&world);
    open_world(&world, MANY); /* and back again */
    state_world_batch(&world, 60);
    state_world_close(&world);
    open_world(&world, MANY);
    state_world_fini(&world);
}

static void former_partitions_go_when_no_kept_version_needs_them(void **state)
{
    (void)state;
    check_life("memory", NULL);
}

static void a_live_copy_in_rocksdb_goes_with_them(void **state)
{
    (void)state;
    check_life("rocksdb", NULL);
}

static void a_partition_goes_with_the_last_of_its_stores(void **state)
{
    (void)state;
    check_life("memory", "left-keyToNumValues");
}

/* The process died while it deleted. */
static void what_was_left_of_one_is_no_harm_and_goes_later(void **state)
{
    (void)state;
    for (uint32_t partitions = FEW; partitions <= MANY; partitions += MANY - FEW) {
        struct state_world world;
        char path[2 * SCRATCH_PATH_SIZE];
        state_world_init(&world, 12);
        shrink(&world);
        state_world_close(&world);
        snprintf(path, sizeof path, "%s/%d/4.delta", world.root, MANY - 1);
        (void)unlink(path);
        snprintf(path, sizeof path, "%s/%d/4.snapshot", world.root, MANY - 1);
        (void)unlink(path);
        open_world(&world, partitions);
        state_world_batch(&world, 60);
        state_world_maintain(&world, 6);
        for (uint32_t i = 0; i < MANY; i++)
            assert_int_equal(has_folder(&world, i), i < partitions);
        state_world_close(&world);
        open_world(&world, partitions);
        state_world_fini(&world);
    }
}

/* What somebody has put there is not deleted, and what is no partition is not looked at. */
static void a_foreign_file_keeps_its_folder(void **state)
{
    (void)state;
    struct state_world world;
    state_world_init(&world, 13);
    shrink(&world);
    scratch_write("hello", "%s/4/notes", world.root);
    scratch_write("hello", "%s/_metadata/metadata", world.root);
    state_world_maintain(&world, 5);
    assert_true(has_folder(&world, 4));
    assert_false(has_folder(&world, 5));
    char *text = scratch_read("%s/_metadata/metadata", world.root);
    assert_string_equal(text, "hello");
    free(text);
    state_world_fini(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(former_partitions_go_when_no_kept_version_needs_them),
        cmocka_unit_test(a_live_copy_in_rocksdb_goes_with_them),
        cmocka_unit_test(a_partition_goes_with_the_last_of_its_stores),
        cmocka_unit_test(what_was_left_of_one_is_no_harm_and_goes_later),
        cmocka_unit_test(a_foreign_file_keeps_its_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
