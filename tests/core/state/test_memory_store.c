/*
 * The store in memory against its model: random batches, aborts, crashes, restarts at each version
 * and on other numbers of partitions.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "core/base/arena.h"
#include "core/state/file_writer.h"
#include "core/state/folder.h"
#include "tests/support/state_lives.h"
#include "tests/support/state_world.h"

enum { SEEDS = 60, BATCHES = 6 };

static void open_world(struct state_world *world, uint32_t partition_count, uint64_t version)
{
    struct lt_error error = {.text = ""};
    if (state_world_open(world, partition_count, version, &error) != 0)
        fail_msg("cannot open version %d: %s", (int)version, error.text);
}

static struct state_world *create_world(uint64_t seed)
{
    struct state_world *world = malloc(sizeof *world);
    state_world_init(world, seed);
    return world;
}

static void destroy_world(struct state_world *world)
{
    state_world_fini(world);
    free(world);
}

static void what_is_put_is_there_until_it_is_removed(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS / 4; seed++) {
        struct state_world *world = create_world(seed);
        open_world(world, 1, 0);
        state_world_check(world);
        for (int i = 0; i < BATCHES; i++) {
            state_world_change(world, 400);
            state_world_check(world);
            if (i % 3 == 2) {
                state_world_abort(world);
                state_world_check(world);
            } else {
                state_world_batch(world, 10);
                state_world_check(world);
            }
        }
        destroy_world(world);
    }
}

static void a_version_is_whole_or_is_not_whenever_the_process_dies(void **state)
{
    (void)state;
    static const char *const providers[] = {"memory"};
    state_lives_run_seeds(SEEDS, providers, 1);
}

static void each_version_that_is_kept_is_opened_as_it_was(void **state)
{
    (void)state;
    struct state_world *world = create_world(3);
    open_world(world, 2, 0);
    for (int i = 0; i < 12; i++) {
        state_world_batch(world, 60);
        state_world_maintain(world, 0);
    }
    uint64_t last = world->version;
    state_world_close(world);
    for (uint64_t version = last + 1; version-- > 0;) { /* downwards: the later ones are deleted */
        open_world(world, 2, version);
        state_world_check(world);
        state_world_close(world);
    }
    destroy_world(world);
}

static void keys_are_dealt_anew_over_other_numbers_of_partitions(void **state)
{
    (void)state;
    static const uint32_t counts[] = {1, 2, 7, 3, 1, 8, 2};
    struct state_world *world = create_world(9);
    uint64_t version = 0;
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        open_world(world, counts[i], version);
        state_world_check(world);
        if (i == 3) { /* dies before it has a version of its own: the former files are all there */
            state_world_close(world);
            open_world(world, counts[i] + 1, version);
            state_world_check(world);
        }
        for (int batch = 0; batch < 3; batch++) {
            state_world_batch(world, 80);
            state_world_maintain(world, world->version);
        }
        version = world->version;
        state_world_close(world);
    }
    destroy_world(world);
}

/* The bytes of all files in a partition's folder, and how many there are. */
static uint64_t bytes_on_disk(const struct state_world *world, uint32_t *count)
{
    struct lt_state_files files = {0};
    char *folder = lt_state_folder_path(world->root, 0, NULL);
    assert_int_equal(lt_state_files_read(folder, UINT64_MAX, &files, NULL), 0);
    uint64_t sum = 0;
    for (size_t i = 0; i < files.count; i++)
        sum += files.list[i].size_bytes;
    *count = (uint32_t)files.count;
    lt_state_files_fini(&files);
    free(folder);
    return sum;
}

/* How many files in a partition's folder have a temporary name. */
static uint32_t temporaries_on_disk(const struct state_world *world)
{
    char *folder = lt_state_folder_path(world->root, 0, NULL);
    DIR *stream = opendir(folder);
    struct dirent *entry;
    uint32_t count = 0;
    assert_non_null(stream);
    while ((entry = readdir(stream)) != NULL)
        count += lt_state_is_temporary_name(entry->d_name);
    closedir(stream);
    free(folder);
    return count;
}

static void put_numbered(struct lt_state_store *store, uint32_t number, uint64_t value)
{
    char key[16];
    uint64_t bytes[8] = {value, number};
    snprintf(key, sizeof key, "key-%010u", number);
    struct lt_error error;
    struct lt_state_bytes key_bytes = {key, 14}, value_bytes = {bytes, sizeof bytes};
    assert_int_equal(store->ops->put(store, key_bytes, value_bytes, LT_STATE_NEVER, &error), 0);
}

static uint64_t size_of_last(const struct state_world *world)
{
    struct stat status;
    char path[2 * SCRATCH_PATH_SIZE];
    snprintf(path, sizeof path, "%s/0/%d.delta", world->root, (int)world->version);
    assert_int_equal(stat(path, &status), 0);
    return (uint64_t)status.st_size;
}

static void commit_plain(struct state_world *world)
{
    struct lt_error error;
    state_world_prepare(world);
    assert_int_equal(state_world_await(world, &error), 1);
    world->stores[0]->ops->commit(world->stores[0]);
    world->version++;
}

static void a_commit_writes_what_has_changed_and_not_what_is_there(void **state)
{
    (void)state;
    enum { MANY = 200000, CHANGED = 1000, ENTRY_BYTES = 14 + 64 };
    struct state_world *world = create_world(1);
    world->codec = "none";
    open_world(world, 1, 0);
    for (uint32_t i = 0; i < MANY; i++)
        put_numbered(world->stores[0], i, 1);
    commit_plain(world);
    assert_true(size_of_last(world) > (uint64_t)MANY * ENTRY_BYTES);
    for (uint32_t i = 0; i < CHANGED; i++) {
        put_numbered(world->stores[0], i * 7, 2);
        put_numbered(world->stores[0], i * 7, 3);
    }
    commit_plain(world);
    assert_true(size_of_last(world) < 2 * CHANGED * ENTRY_BYTES);
    destroy_world(world);
}

static void files_are_merged_so_that_they_are_few_and_little_is_written_again(void **state)
{
    (void)state;
    enum { MANY = 20000, ROUNDS = 300, CHANGED = 20, ENTRY_BYTES = 14 + 64 };
    struct state_world *world = create_world(1);
    world->codec = "none";
    world->min_deltas = 10;
    open_world(world, 1, 0);
    for (uint32_t i = 0; i < MANY; i++)
        put_numbered(world->stores[0], i, 1);
    commit_plain(world);
    uint32_t most = 0, count;
    uint64_t bytes = 0;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        for (uint32_t i = 0; i < CHANGED; i++)
            put_numbered(world->stores[0], (round * 911 + i * 17) % MANY, round);
        commit_plain(world);
        state_world_maintain(world, world->version);
        bytes = bytes_on_disk(world, &count);
        most = count > most ? count : most;
    }
    assert_true(most <= 12);
    assert_true(bytes < 2 * (uint64_t)MANY * (ENTRY_BYTES + 8));
    destroy_world(world);
}

/* As a runner does between batches that follow each other: while anything is under way it is told
 * that there is no work, and the next batch comes. */
static void one_call_between_batches_keeps_the_files_few(void **state)
{
    (void)state;
    enum { ROUNDS = 400, RETAINED = 20, CHANGED = 10 };
    struct state_world *world = create_world(1);
    world->min_deltas = 10;
    open_world(world, 1, 0);
    struct lt_state_store *store = world->stores[0];
    uint32_t count;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        for (uint32_t i = 0; i < CHANGED; i++)
            put_numbered(store, (round * 911 + i * 17) % 5000, round);
        commit_plain(world);
        uint64_t oldest = world->version > RETAINED ? world->version - RETAINED : 0;
        (void)store->ops->maintain(store, oldest);
    }
    (void)bytes_on_disk(world, &count);
    assert_true(count < RETAINED + 25);
    destroy_world(world);
}

static void memory_is_given_back_when_entries_go(void **state)
{
    (void)state;
    enum { MANY = 300000 };
    struct state_world *world = create_world(1);
    open_world(world, 1, 0);
    struct lt_state_store *store = world->stores[0];
    struct lt_state_counts full, rewritten, empty;
    for (uint32_t i = 0; i < MANY; i++)
        put_numbered(store, i, 1);
    commit_plain(world);
    store->ops->counts(store, &full);
    for (uint32_t round = 0; round < 6; round++) {
        for (uint32_t i = 0; i < MANY; i += 3)
            put_numbered(store, i, round);
        commit_plain(world);
        while (store->ops->maintain(store, world->version) > 0 || world->reactor->pending_count > 0)
            lt_reactor_poll(world->reactor);
    }
    store->ops->counts(store, &rewritten);
    assert_int_equal(rewritten.entries, MANY);
    assert_true(rewritten.memory_bytes < full.memory_bytes * 2);
    struct lt_state_cursor cursor = {.store = store, .order = LT_STATE_ANY_ORDER};
    struct lt_state_entry entry;
    while (store->ops->next(&cursor, &entry))
        assert_true(store->ops->remove(store, entry.key));
    commit_plain(world);
    while (store->ops->maintain(store, world->version) > 0 || world->reactor->pending_count > 0)
        lt_reactor_poll(world->reactor);
    store->ops->counts(store, &empty);
    assert_int_equal(empty.entries, 0);
    assert_true(empty.memory_bytes < full.memory_bytes / 4);
    destroy_world(world);
}

static void its_own_bytes_may_be_put(void **state)
{
    (void)state;
    struct state_world *world = create_world(1);
    open_world(world, 1, 0);
    struct lt_state_store *store = world->stores[0];
    struct lt_error error;
    struct lt_state_bytes first = {"first", 5}, second = {"second", 6}, value;
    static char bytes[500];
    memset(bytes, 'x', sizeof bytes);
    for (int i = 0; i < 2000; i++) { /* so often that memory is moved in between */
        bytes[0] = (char)i;
        size_t size = sizeof bytes - (size_t)(i % 3) * 100;
        struct lt_state_bytes given = {bytes, size};
        assert_int_equal(store->ops->put(store, first, given, LT_STATE_NEVER, &error), 0);
        assert_true(store->ops->get(store, first, &value));
        assert_int_equal(store->ops->put(store, second, value, LT_STATE_NEVER, &error), 0);
        assert_true(store->ops->get(store, second, &value));
        assert_int_equal(value.size_bytes, size);
        assert_memory_equal(value.data, bytes, value.size_bytes);
        /* A part of a value, as its own new value. */
        struct lt_state_bytes part = {(const char *)value.data + 10, 50};
        assert_int_equal(store->ops->put(store, second, part, LT_STATE_NEVER, &error), 0);
        if (i % 5 == 0)
            commit_plain(world);
        if (world->version + 2 >= 400)
            break;
    }
    destroy_world(world);
}

static void without_a_root_nothing_is_kept(void **state)
{
    (void)state;
    struct lt_state_options options = {.provider = "memory",
                                       .partition_count = 1,
                                       .min_deltas_for_snapshot = 10,
                                       .codec = "lz4"};
    struct lt_state_store *store;
    struct lt_error error;
    assert_int_equal(lt_state_open(&options, &store, &error), 0);
    put_numbered(store, 1, 1);
    store->ops->prepare(store, 1);
    assert_int_equal(store->ops->prepared(store, &error), 1);
    store->ops->commit(store);
    assert_int_equal(store->ops->maintain(store, 0), 0);
    store->ops->close(store);
}

static void changes_are_counted_by_key_and_not_by_call(void **state)
{
    (void)state;
    struct state_world *world = create_world(1);
    open_world(world, 1, 0);
    struct lt_state_store *store = world->stores[0];
    struct lt_state_counts counts;
    for (uint32_t i = 0; i < 4; i++)
        put_numbered(store, i, 1);
    put_numbered(store, 0, 2);
    assert_true(store->ops->remove(store, (struct lt_state_bytes){"key-0000000003", 14}));
    store->ops->counts(store, &counts);
    assert_int_equal(counts.updated, 3);
    assert_int_equal(counts.removed, 0); /* it came and went */
    assert_int_equal(counts.entries, 3);
    commit_plain(world);
    store->ops->counts(store, &counts);
    assert_int_equal(counts.updated, 0);
    assert_true(store->ops->remove(store, (struct lt_state_bytes){"key-0000000002", 14}));
    assert_true(store->ops->remove(store, (struct lt_state_bytes){"key-0000000001", 14}));
    assert_false(store->ops->remove(store, (struct lt_state_bytes){"key-0000000001", 14}));
    put_numbered(store, 1, 9);
    store->ops->counts(store, &counts);
    assert_int_equal(counts.updated, 1);
    assert_int_equal(counts.removed, 1);
    assert_int_equal(counts.entries, 2);
    destroy_world(world);
}

static void what_cannot_be_opened_says_why(void **state)
{
    (void)state;
    struct state_world *world = create_world(1);
    struct lt_error error;
    open_world(world, 2, 0);
    for (int i = 0; i < 3; i++)
        state_world_batch(world, 30);
    state_world_close(world);
    world->provider = "memry";
    assert_int_equal(state_world_open(world, 2, 3, &error), LT_E_INVALID);
    assert_non_null(strstr(error.text, "did you mean 'memory'"));
    world->provider = "org.apache.spark.sql.execution.streaming.state.HDFSBackedStateStoreProvider";
    world->codec = "lz5";
    assert_int_equal(state_world_open(world, 2, 3, &error), LT_E_INVALID);
    assert_non_null(strstr(error.text, "did you mean 'lz4'"));
    world->codec = "lz4";
    char path[2 * SCRATCH_PATH_SIZE];
    snprintf(path, sizeof path, "%s/1/2.delta", world->root);
    assert_int_equal(remove(path), 0);
    assert_int_equal(state_world_open(world, 2, 3, &error), LT_E_CORRUPT);
    assert_non_null(strstr(error.text, path));
    assert_string_equal(error.condition,
                        "CANNOT_LOAD_STATE_STORE.CANNOT_READ_DELTA_FILE_NOT_EXISTS");
    assert_int_equal(state_world_open(world, 2, 4, &error), LT_E_CORRUPT);
    assert_non_null(strstr(error.text, "/0/4.delta does not exist"));
    /* Nothing was deleted by the refusals. */
    snprintf(path, sizeof path, "%s/1/3.delta", world->root);
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    destroy_world(world);
}

static int count_entry(void *context, uint32_t partition, const struct lt_state_entry *entry,
                       struct lt_error *error)
{
    (void)error;
    uint32_t *counts = context;
    assert_true(entry->key.size_bytes < 40);
    counts[partition]++;
    return 0;
}

static void a_version_is_read_without_a_store(void **state)
{
    (void)state;
    struct state_world *world = create_world(4);
    struct lt_error error;
    open_world(world, 3, 0);
    for (int i = 0; i < 5; i++) {
        state_world_batch(world, 50);
        state_world_maintain(world, 0);
    }
    state_world_close(world);
    uint32_t counts[STATE_PARTITIONS] = {0}, entries = 0;
    struct lt_state_scan scan = {.root = world->root,
                                 .version = 4,
                                 .partition = LT_STATE_ALL_PARTITIONS,
                                 .each = count_entry,
                                 .context = counts};
    assert_int_equal(lt_state_scan(&scan, &error), 0);
    for (uint32_t i = 0; i < STATE_KEYS; i++)
        entries += world->versions[4].has[i];
    assert_int_equal(counts[0] + counts[1] + counts[2], entries);
    uint32_t second = counts[1];
    scan.partition = 1;
    assert_int_equal(lt_state_scan(&scan, &error), 0);
    assert_int_equal(counts[1], 2 * second);
    scan.version = 9;
    assert_int_equal(lt_state_scan(&scan, &error), LT_E_CORRUPT);
    destroy_world(world);
}

static void a_disk_that_fails_is_said_and_an_abort_goes_on(void **state)
{
    (void)state;
    static const enum lt_io_kind kinds[] = {LT_IO_OPENAT, LT_IO_WRITE, LT_IO_FSYNC, LT_IO_CLOSE,
                                            LT_IO_RENAMEAT};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct state_world *world = create_world(i + 1);
        struct lt_error error;
        open_world(world, 1, 0);
        state_world_batch(world, 50);
        state_world_change(world, 50);
        fake_reactor_fail(world->reactor, kinds[i], 0, kinds[i] == LT_IO_WRITE ? 3 : -28);
        state_world_prepare(world);
        assert_true(state_world_await(world, &error) < 0);
        assert_string_equal(error.condition, "CANNOT_WRITE_STATE_STORE.CANNOT_COMMIT");
        assert_non_null(strstr(error.text, "2.delta"));
        assert_non_null(strstr(error.text, "free some space"));
        assert_int_equal(temporaries_on_disk(world), 0);
        state_world_abort(world);
        state_world_check(world);
        state_world_batch(world, 50);
        state_world_close(world);
        open_world(world, 1, 2);
        state_world_check(world);
        destroy_world(world);
    }
}

/* As of a disk that was full for a while. */
static void a_merge_that_failed_is_tried_again(void **state)
{
    (void)state;
    enum { ROUNDS = 30 };
    struct state_world *world = create_world(1);
    uint32_t count;
    world->min_deltas = 3;
    open_world(world, 1, 0);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        put_numbered(world->stores[0], round, 1);
        commit_plain(world);
        if (round == 2)
            fake_reactor_fail(world->reactor, LT_IO_WRITE, 0, -28);
        state_world_maintain(world, world->version);
        (void)bytes_on_disk(world, &count);
        assert_true(round > 4 || count == round + 1);
        assert_int_equal(temporaries_on_disk(world), 0);
    }
    assert_true(count < ROUNDS / 3);
    destroy_world(world);
}

struct full_disk {
    bool is_full;
    uint64_t version, last_try, longest_pause; /* in batches */
};

static bool refuse_write(void *context, const struct lt_io *io, int64_t *result)
{
    struct full_disk *disk = context;
    if (!disk->is_full || io->kind != LT_IO_WRITE)
        return false;
    if (disk->version - disk->last_try > disk->longest_pause)
        disk->longest_pause = disk->version - disk->last_try;
    disk->last_try = disk->version;
    *result = -28;
    return true;
}

static void a_disk_that_was_full_for_long_does_not_keep_merges_away_for_long(void **state)
{
    (void)state;
    enum { ROUNDS = 1000, PAUSE_MAX = 256 };
    struct state_world *world = create_world(1);
    struct full_disk disk = {0};
    uint32_t count;
    world->min_deltas = 3;
    open_world(world, 1, 0);
    fake_reactor_set_hook(world->reactor, refuse_write, &disk);
    for (uint32_t round = 0; round < ROUNDS + PAUSE_MAX; round++) {
        put_numbered(world->stores[0], round % 10, round);
        commit_plain(world);
        disk.version = world->version;
        disk.is_full = round < ROUNDS;
        state_world_maintain(world, world->version);
        disk.is_full = false;
    }
    assert_int_equal(disk.longest_pause, PAUSE_MAX);
    (void)bytes_on_disk(world, &count);
    assert_true(count < PAUSE_MAX);
    destroy_world(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_put_is_there_until_it_is_removed),
        cmocka_unit_test(a_version_is_whole_or_is_not_whenever_the_process_dies),
        cmocka_unit_test(each_version_that_is_kept_is_opened_as_it_was),
        cmocka_unit_test(keys_are_dealt_anew_over_other_numbers_of_partitions),
        cmocka_unit_test(a_commit_writes_what_has_changed_and_not_what_is_there),
        cmocka_unit_test(files_are_merged_so_that_they_are_few_and_little_is_written_again),
        cmocka_unit_test(one_call_between_batches_keeps_the_files_few),
        cmocka_unit_test(memory_is_given_back_when_entries_go),
        cmocka_unit_test(its_own_bytes_may_be_put),
        cmocka_unit_test(without_a_root_nothing_is_kept),
        cmocka_unit_test(changes_are_counted_by_key_and_not_by_call),
        cmocka_unit_test(what_cannot_be_opened_says_why),
        cmocka_unit_test(a_version_is_read_without_a_store),
        cmocka_unit_test(a_disk_that_fails_is_said_and_an_abort_goes_on),
        cmocka_unit_test(a_merge_that_failed_is_tried_again),
        cmocka_unit_test(a_disk_that_was_full_for_long_does_not_keep_merges_away_for_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
