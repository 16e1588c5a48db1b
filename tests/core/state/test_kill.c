/*
 * A process that commits batch after batch, through a real reactor onto real files, is killed at
 * any moment, again and again. What it said it had committed must be there, and the one after it
 * at the most.
 *
 *   LEAT_KILLS=100   how often
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "core/base/arena.h"
#include "core/state/store.h"
#include "io/reactor.h"
#include "tests/support/scratch.h"

enum { KEYS = 500, PUTS = 60, KILLS = 12, BATCHES_MAX = 40, MIN_DELTAS = 4 };

/* What each key has at a version: the version that put it, or 0. */
static void model_at(uint64_t version, uint64_t values[KEYS])
{
    memset(values, 0, KEYS * sizeof values[0]);
    for (uint64_t v = 1; v <= version; v++) {
        for (uint64_t i = 0; i < PUTS; i++)
            values[(v * 131 + i * 17) % KEYS] = v;
        values[v * 7 % KEYS] = 0;
    }
}

static struct lt_reactor *create_reactor(void)
{
    struct lt_reactor_options options = {0};
    struct lt_reactor *reactor;
    struct lt_error error;
    lt_assert(lt_reactor_create(&options, &reactor, &error) == 0);
    return reactor;
}

static int open_store(const char *provider, const char *root, uint64_t version,
                      struct lt_reactor *reactor, struct lt_state_store **out,
                      struct lt_error *error)
{
    struct lt_state_options options = {.provider = provider,
                                       .root = root,
                                       .partition_count = 1,
                                       .version = version,
                                       .min_deltas_for_snapshot = MIN_DELTAS,
                                       .codec = "lz4",
                                       .reactor = reactor};
    return lt_state_open(&options, out, error);
}

static void run_batch(struct lt_state_store *store, struct lt_reactor *reactor, uint64_t version,
                      int report_fd)
{
    struct lt_error error;
    for (uint64_t i = 0; i < PUTS; i++) {
        uint64_t key = (version * 131 + i * 17) % KEYS, value = version;
        struct lt_state_bytes key_bytes = {&key, sizeof key}, value_bytes = {&value, sizeof value};
        lt_assert(store->ops->put(store, key_bytes, value_bytes, (int64_t)key, &error) == 0);
    }
    uint64_t key = version * 7 % KEYS;
    (void)store->ops->remove(store, (struct lt_state_bytes){&key, sizeof key});
    store->ops->prepare(store, version);
    while (store->ops->prepared(store, &error) == 0)
        lt_reactor_park(reactor, LT_NEVER_NS);
    lt_assert(store->ops->prepared(store, &error) == 1);
    lt_assert(write(report_fd, &version, sizeof version) == sizeof version);
    store->ops->commit(store);
    while (store->ops->maintain(store, version > 3 ? version - 3 : 0) > 0)
        lt_reactor_poll(reactor);
}

/* The child: until it is killed, or has done enough. It is this program, begun anew, since RocksDB
 * has threads that a fork would lose. */
static void run(const char *provider, const char *root, uint64_t version, int report_fd)
{
    struct lt_reactor *reactor = create_reactor();
    struct lt_state_store *store;
    struct lt_error error = {.text = ""};
    if (open_store(provider, root, version, reactor, &store, &error) != 0) {
        fprintf(stderr, "%s\n", error.text);
        _exit(1);
    }
    for (int i = 0; i < BATCHES_MAX; i++)
        run_batch(store, reactor, ++version, report_fd);
    store->ops->close(store);
    lt_reactor_destroy(reactor);
    _exit(0);
}

/* Lets a child live from `version` on and kills it after so many batches, and a little; the last
 * version that it said was durable. */
static uint64_t live_once(const char *provider, const char *root, uint64_t version,
                          unsigned kill_after, unsigned wait_us)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        char from[32], fd[32];
        snprintf(from, sizeof from, "%llu", (unsigned long long)version);
        snprintf(fd, sizeof fd, "%d", ends[1]);
        close(ends[0]);
        execl("/proc/self/exe", "test_kill", provider, root, from, fd, (char *)NULL);
        _exit(2);
    }
    close(ends[1]);
    uint64_t said;
    for (unsigned i = 0; read(ends[0], &said, sizeof said) == sizeof said; i++) {
        version = said;
        if (i == kill_after) {
            usleep(wait_us);
            kill(child, SIGKILL);
        }
    }
    close(ends[0]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    return version;
}

static void check_version(const char *provider, const char *root, uint64_t version)
{
    struct lt_reactor *reactor = create_reactor();
    struct lt_state_store *store;
    struct lt_error error = {.text = ""};
    if (open_store(provider, root, version, reactor, &store, &error) != 0)
        fail_msg("version %d: %s", (int)version, error.text);
    uint64_t values[KEYS], entries = 0;
    model_at(version, values);
    for (uint64_t key = 0; key < KEYS; key++) {
        struct lt_state_bytes value;
        bool has = store->ops->get(store, (struct lt_state_bytes){&key, sizeof key}, &value);
        assert_int_equal(has, values[key] != 0);
        if (has)
            assert_memory_equal(value.data, &values[key], sizeof values[key]);
        entries += has;
    }
    struct lt_state_cursor cursor = {
        .store = store, .order = LT_STATE_FINAL_UP_TO, .bound = KEYS};
    struct lt_state_entry entry;
    uint64_t seen = 0;
    for (; store->ops->next(&cursor, &entry); seen++)
        assert_memory_equal(entry.key.data, &entry.final_at, sizeof entry.final_at);
    assert_int_equal(seen, entries);
    store->ops->close(store);
    lt_reactor_destroy(reactor);
}

static void survive(const char *provider)
{
    const char *kills = getenv("LEAT_KILLS");
    char root[SCRATCH_PATH_SIZE];
    unsigned seed = 7, count = kills == NULL ? KILLS : (unsigned)strtoul(kills, NULL, 10);
    uint64_t version = 0;
    scratch_create(root);
    for (unsigned i = 0; i < count; i++) {
        version = live_once(provider, root, version, (unsigned)rand_r(&seed) % 8,
                            (unsigned)rand_r(&seed) % 1500);
        check_version(provider, root, version);
    }
    assert_true(version >= count);
    scratch_remove(root);
}

static void what_it_said_is_there_after_a_kill_in_memory(void **state)
{
    (void)state;
    survive("memory");
}

static void what_it_said_is_there_after_a_kill_in_rocksdb(void **state)
{
    (void)state;
    survive("rocksdb");
}

int main(int argc, char **argv)
{
    enum { PROVIDER = 1, ROOT, VERSION, FD, ARGUMENTS };
    if (argc == ARGUMENTS)
        run(argv[PROVIDER], argv[ROOT], strtoull(argv[VERSION], NULL, 10),
            (int)strtol(argv[FD], NULL, 10));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_it_said_is_there_after_a_kill_in_memory),
        cmocka_unit_test(what_it_said_is_there_after_a_kill_in_rocksdb),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
