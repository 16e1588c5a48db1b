/*
 * The store in RocksDB: the same lives as the one in memory, also in turns with it; what its live
 * copy is used for, and when it is made anew.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <cmocka.h>

#include "core/base/arena.h"
#include "core/state/rocksdb_live.h"
#include "tests/support/state_lives.h"
#include "tests/support/state_world.h"

enum { SEEDS = 30, MIXED_SEEDS = 12 }; /* seed 26: a live copy of a run that was rolled back */

static struct state_world *create_world(uint64_t seed)
{
    struct state_world *world = malloc(sizeof *world);
    state_world_init(world, seed);
    world->provider = "rocksdb";
    return world;
}

static void destroy_world(struct state_world *world)
{
    state_world_fini(world);
    free(world);
}

static void open_world(struct state_world *world, uint32_t partition_count, uint64_t version)
{
    struct lt_error error = {.text = ""};
    if (state_world_open(world, partition_count, version, &error) != 0)
        fail_msg("cannot open version %d: %s", (int)version, error.text);
}

static void it_does_what_its_model_does(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct state_world *world = create_world(seed);
        open_world(world, 2, 0);
        for (int i = 0; i < 6; i++) {
            state_world_change(world, 200);
            state_world_check(world);
            if (i % 3 == 2)
                state_world_abort(world);
            else
                state_world_batch(world, 10);
            state_world_check(world);
        }
        destroy_world(world);
    }
}

static void keys_that_are_said_ahead_have_what_they_have(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct state_world *world = create_world(seed);
        open_world(world, 1 + seed % 2, 0);
        for (int i = 0; i < 8; i++) {
            for (int round = 0; round < 5; round++)
                state_world_get_ahead(world);
            state_world_check(world);
            if (i % 4 == 3)
                state_world_abort(world);
            else
                state_world_batch(world, 10);
            state_world_check(world);
        }
        destroy_world(world);
    }
}

/* A walk by time that is broken off and begun again, with new entries before and behind. */
static void what_is_final_is_found_by_each_cursor_anew(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        struct state_world *world = create_world(seed);
        open_world(world, 1 + seed % 2, 0);
        for (int i = 0; i < 4; i++) {
            state_world_batch(world, 300);
            for (int round = 0; round < 8; round++) {
                state_world_remove_some_final(world);
                state_world_check(world);
                if (round == 4)
                    state_world_get_ahead(world);
            }
            if (i == 2)
                state_world_abort(world);
            state_world_check(world);
        }
        destroy_world(world);
    }
}

static void a_version_is_whole_or_is_not_whenever_the_process_dies(void **state)
{
    (void)state;
    static const char *const providers[] = {"rocksdb"};
    state_lives_run_seeds(SEEDS, providers, 1);
}

static void it_goes_on_where_the_store_in_memory_has_ended(void **state)
{
    (void)state;
    static const char *const providers[] = {
        "org.apache.spark.sql.execution.streaming.state.HDFSBackedStateStoreProvider",
        "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider"};
    state_lives_run_seeds(MIXED_SEEDS, providers, 2);
}

static struct lt_state_live_place place_of(const struct state_world *world)
{
    char path[2 * SCRATCH_PATH_SIZE];
    struct lt_state_live live;
    struct lt_error error;
    snprintf(path, sizeof path, "%s/0/rocksdb", world->root);
    assert_int_equal(lt_state_live_open(&live, path, NULL, &error), 0);
    struct lt_state_live_place place = live.place;
    lt_state_live_close(&live);
    return place;
}

static void remove_delta(const struct state_world *world, int version)
{
    char path[2 * SCRATCH_PATH_SIZE];
    snprintf(path, sizeof path, "%s/0/%d.delta", world->root, version);
    assert_int_equal(remove(path), 0);
}

/* What is damaged in the files of versions that it has does not matter to it: it reads them not. */
static void the_live_copy_is_gone_on_with_if_it_is_of_the_version(void **state)
{
    (void)state;
    struct state_world *world = create_world(5);
    open_world(world, 1, 0);
    for (int i = 0; i < 3; i++)
        state_world_batch(world, 60);
    state_world_close(world);
    assert_int_equal(place_of(world).version, 3);
    char path[2 * SCRATCH_PATH_SIZE];
    snprintf(path, sizeof path, "%s/0/3.delta", world->root);
    FILE *file = fopen(path, "r+b");
    assert_int_equal(fseek(file, 100, SEEK_SET), 0);
    assert_int_equal(fputc('x', file), 'x');
    fclose(file);
    open_world(world, 1, 3);
    state_world_check(world);
    state_world_close(world);
    struct lt_error error;
    world->provider = "memory";
    assert_int_equal(state_world_open(world, 1, 3, &error), LT_E_CORRUPT);
    assert_non_null(strstr(error.text, "/0/3.delta"));
    world->provider = "rocksdb";
    remove_delta(world, 2); /* but a chain that is not complete is no checkpoint */
    assert_int_equal(state_world_open(world, 1, 3, &error), LT_E_CORRUPT);
    assert_non_null(strstr(error.text, "/0/2.delta"));
    destroy_world(world);
}

static void a_live_copy_that_is_behind_is_brought_up(void **state)
{
    (void)state;
    struct state_world *world = create_world(6);
    char live[2 * SCRATCH_PATH_SIZE], kept[2 * SCRATCH_PATH_SIZE];
    snprintf(live, sizeof live, "%s/0/rocksdb", world->root);
    snprintf(kept, sizeof kept, "%s/kept", world->root);
    open_world(world, 1, 0);
    world->min_deltas = 100;
    state_world_batch(world, 60);
    state_world_batch(world, 60);
    state_world_close(world);
    char command[8 * SCRATCH_PATH_SIZE];
    snprintf(command, sizeof command, "cp -r %s %s", live, kept);
    assert_int_equal(system(command), 0);
    open_world(world, 1, 2);
    for (int i = 0; i < 4; i++)
        state_world_batch(world, 60);
    state_world_close(world);
    snprintf(command, sizeof command, "rm -r %s && mv %s %s", live, kept, live);
    assert_int_equal(system(command), 0);
    assert_int_equal(place_of(world).version, 2);
    open_world(world, 1, 6);
    state_world_check(world);
    state_world_close(world);
    assert_int_equal(place_of(world).version, 6);
    open_world(world, 1, 4); /* one that is ahead is not of use */
    state_world_check(world);
    state_world_close(world);
    assert_int_equal(place_of(world).version, 4);
    destroy_world(world);
}

/* As a process leaves it that dies while it writes a version's changes. */
static void a_live_copy_that_was_left_half_written_is_known(void **state)
{
    (void)state;
    struct state_world *world = create_world(8);
    char path[2 * SCRATCH_PATH_SIZE];
    snprintf(path, sizeof path, "%s/0/rocksdb", world->root);
    open_world(world, 1, 0);
    state_world_batch(world, 60);
    state_world_batch(world, 60);
    state_world_close(world);
    struct lt_state_live live;
    struct lt_error error;
    static char large[2 * 1024 * 1024]; /* so large that it is written at once */
    struct lt_state_change change = {
        .key = {"k1....b", 7}, .value = {large, sizeof large}, .final_at = 5};
    assert_int_equal(lt_state_live_open(&live, path, NULL, &error), 0);
    assert_int_equal(lt_state_live_begin(&live, 3, &error), 0);
    assert_int_equal(lt_state_live_write(&live, &change, false, LT_STATE_NEVER, &error), 0);
    lt_state_live_close(&live);
    assert_int_equal(place_of(world).version, 2);
    assert_int_equal(place_of(world).target, 3);
    open_world(world, 1, 2);
    state_world_check(world);
    state_world_close(world);
    assert_int_equal(place_of(world).target, 2);
    destroy_world(world);
}

/* The changes of version 2 have begun to be written when the process dies. */
static void what_was_half_written_is_counted_once(void **state)
{
    (void)state;
    struct state_world *world = create_world(10);
    char path[2 * SCRATCH_PATH_SIZE], command[8 * SCRATCH_PATH_SIZE];
    struct lt_state_counts counts;
    struct lt_state_live live;
    struct lt_error error;
    static char large[2 * 1024 * 1024]; /* so large that it is written at once */
    struct lt_state_change change = {
        .key = {"large b", 7}, .value = {large, sizeof large}, .final_at = 5};
    snprintf(path, sizeof path, "%s/0/rocksdb", world->root);
    open_world(world, 1, 0);
    state_world_batch(world, 60);
    state_world_close(world);
    snprintf(command, sizeof command, "cp -r %s %s/kept", path, world->root);
    assert_int_equal(system(command), 0);
    open_world(world, 1, 1);
    struct lt_state_store *store = world->stores[0];
    assert_int_equal(store->ops->put(store, change.key, change.value, change.final_at, &error), 0);
    store->ops->counts(store, &counts);
    uint64_t entries = counts.entries;
    state_world_prepare(world);
    assert_int_equal(state_world_await(world, &error), 1);
    state_world_commit(world);
    state_world_close(world);
    snprintf(command, sizeof command, "rm -r %s && mv %s/kept %s", path, world->root, path);
    assert_int_equal(system(command), 0);
    assert_int_equal(lt_state_live_open(&live, path, NULL, &error), 0);
    assert_int_equal(lt_state_live_begin(&live, 2, &error), 0);
    assert_int_equal(lt_state_live_write(&live, &change, false, LT_STATE_NEVER, &error), 0);
    lt_state_live_close(&live);
    open_world(world, 1, 2);
    store = world->stores[0];
    store->ops->counts(store, &counts);
    assert_int_equal(counts.entries, entries);
    destroy_world(world);
}

/* As a process leaves it that is killed while it removes or makes it: the log is there, and nothing
 * says of what. */
static void a_live_copy_that_cannot_be_opened_is_made_anew(void **state)
{
    (void)state;
    struct state_world *world = create_world(9);
    char current[2 * SCRATCH_PATH_SIZE];
    struct lt_state_live live;
    struct lt_error error;
    open_world(world, 1, 0);
    state_world_batch(world, 60);
    state_world_batch(world, 60);
    state_world_close(world);
    snprintf(current, sizeof current, "%s/0/rocksdb/CURRENT", world->root);
    assert_int_equal(remove(current), 0);
    *strrchr(current, '/') = '\0';
    assert_int_equal(lt_state_live_open(&live, current, NULL, &error), LT_E_IO);
    lt_state_live_close(&live);
    open_world(world, 1, 2);
    state_world_check(world);
    state_world_close(world);
    assert_int_equal(place_of(world).version, 2);
    destroy_world(world);
}

/* As on a full disk: the version is in the files, and the live copy is not what it has to be. */
static void a_live_copy_that_cannot_be_written_is_not_believed(void **state)
{
    (void)state;
    struct state_world *world = create_world(10);
    struct lt_error error = {.text = ""};
    struct rlimit before, none;
    open_world(world, 1, 0);
    state_world_batch(world, 60);
    struct lt_state_store *store = world->stores[0];
    state_world_change(world, 60);
    state_world_prepare(world);
    assert_int_equal(state_world_await(world, &error), 1);
    assert_int_equal(store->ops->fault(store, &error), 0);
    assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    none = (struct rlimit){.rlim_cur = 0, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    state_world_commit(world);
    while (!store->ops->is_settled(store))
        (void)store->ops->maintain(store, 0);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(store->ops->fault(store, &error), LT_E_IO);
    assert_non_null(strstr(error.text, "RocksDB cannot be written"));
    assert_non_null(strstr(error.text, world->root));
    struct lt_state_bytes key = {"key", 3};
    assert_int_equal(store->ops->put(store, key, key, LT_STATE_NEVER, &error), LT_E_IO);
    state_world_prepare(world);
    assert_int_equal(state_world_await(world, &error), LT_E_IO);
    state_world_close(world);
    open_world(world, 1, 2);
    state_world_check(world);
    destroy_world(world);
}

static void without_a_root_it_leaves_nothing_behind(void **state)
{
    (void)state;
    char root[SCRATCH_PATH_SIZE];
    scratch_create(root);
    assert_int_equal(setenv("TMPDIR", root, 1), 0);
    struct lt_state_options options = {.provider = "rocksdb",
                                       .partition_count = 1,
                                       .min_deltas_for_snapshot = 10,
                                       .codec = "lz4"};
    struct lt_state_store *store;
    struct lt_error error;
    assert_int_equal(lt_state_open(&options, &store, &error), 0);
    struct lt_state_bytes key = {"k", 1}, value = {"v", 1};
    assert_int_equal(store->ops->put(store, key, value, 5, &error), 0);
    store->ops->prepare(store, 1);
    assert_int_equal(store->ops->prepared(store, &error), 1);
    store->ops->commit(store);
    assert_true(store->ops->get(store, key, &value));
    assert_int_equal(value.size_bytes, 1);
    store->ops->close(store);
    assert_int_equal(unsetenv("TMPDIR"), 0);
    assert_int_equal(rmdir(root), 0); /* it is empty */
}

static void values_of_many_gets_stay(void **state)
{
    (void)state;
    struct state_world *world = create_world(1);
    open_world(world, 1, 0);
    struct lt_state_store *store = world->stores[0];
    struct lt_error error;
    enum { MANY = 64 };
    struct lt_state_bytes values[MANY];
    for (uint32_t i = 0; i < MANY; i++) {
        struct lt_state_bytes key = {&i, sizeof i};
        assert_int_equal(store->ops->put(store, key, key, LT_STATE_NEVER, &error), 0);
    }
    state_world_prepare(world);
    assert_int_equal(state_world_await(world, &error), 1);
    store->ops->commit(store);
    for (int round = 0; round < 3; round++) {
        for (uint32_t i = 0; i < MANY; i++)
            assert_true(
                store->ops->get(store, (struct lt_state_bytes){&i, sizeof i}, &values[i]));
        for (uint32_t i = 0; i < MANY; i++)
            assert_memory_equal(values[i].data, &i, sizeof i);
    }
    destroy_world(world);
}

static void commit_many(struct state_world *world, uint32_t count, uint32_t value)
{
    struct lt_state_store *store = world->stores[0];
    struct lt_error error;
    for (uint32_t i = 0; i < count; i++) {
        struct lt_state_bytes key = {&i, sizeof i}, bytes = {&value, sizeof value};
        assert_int_equal(store->ops->put(store, key, bytes, (int64_t)i, &error), 0);
    }
    state_world_prepare(world);
    assert_int_equal(state_world_await(world, &error), 1);
    state_world_commit(world);
}

static void expect_many(const struct state_world *world, uint32_t count, uint32_t wanted)
{
    struct lt_state_store *store = world->stores[0];
    struct lt_state_counts counts;
    struct lt_state_bytes value;
    store->ops->counts(store, &counts);
    assert_int_equal(counts.entries, count);
    for (uint32_t i = 0; i < count; i++) {
        assert_true(store->ops->get(store, (struct lt_state_bytes){&i, sizeof i}, &value));
        assert_memory_equal(value.data, &wanted, sizeof wanted);
    }
}

/* A large commit is written in steps; who asks for something first, or closes, has all of it. */
static void what_a_commit_leaves_is_done_in_steps(void **state)
{
    (void)state;
    enum { MANY = 5000 };
    struct state_world *world = create_world(1);
    struct lt_state_counts counts;
    uint32_t steps = 0;
    open_world(world, 1, 0);
    commit_many(world, MANY, 1);
    for (; !world->stores[0]->ops->is_settled(world->stores[0]); steps++)
        (void)world->stores[0]->ops->maintain(world->stores[0], 0);
    assert_in_range(steps, 3, MANY);
    expect_many(world, MANY, 1);
    commit_many(world, MANY, 2);
    (void)world->stores[0]->ops->maintain(world->stores[0], 0);
    assert_false(world->stores[0]->ops->is_settled(world->stores[0]));
    world->stores[0]->ops->counts(world->stores[0], &counts);
    assert_int_equal(counts.entries, MANY);
    assert_int_equal(counts.updated, 0);
    expect_many(world, MANY, 2);
    commit_many(world, MANY, 3);
    state_world_close(world);
    assert_int_equal(place_of(world).version, 3);
    open_world(world, 1, 3);
    expect_many(world, MANY, 3);
    destroy_world(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_does_what_its_model_does),
        cmocka_unit_test(keys_that_are_said_ahead_have_what_they_have),
        cmocka_unit_test(what_is_final_is_found_by_each_cursor_anew),
        cmocka_unit_test(a_version_is_whole_or_is_not_whenever_the_process_dies),
        cmocka_unit_test(it_goes_on_where_the_store_in_memory_has_ended),
        cmocka_unit_test(the_live_copy_is_gone_on_with_if_it_is_of_the_version),
        cmocka_unit_test(a_live_copy_that_is_behind_is_brought_up),
        cmocka_unit_test(a_live_copy_that_was_left_half_written_is_known),
        cmocka_unit_test(what_was_half_written_is_counted_once),
        cmocka_unit_test(a_live_copy_that_cannot_be_opened_is_made_anew),
        cmocka_unit_test(a_live_copy_that_cannot_be_written_is_not_believed),
        cmocka_unit_test(without_a_root_it_leaves_nothing_behind),
        cmocka_unit_test(values_of_many_gets_stay),
        cmocka_unit_test(what_a_commit_leaves_is_done_in_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
