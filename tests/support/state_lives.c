/*
 * Lives of a store: a few random batches each, and an end that may come at any operation.
 */
#include "tests/support/state_lives.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "tests/support/state_world.h"

enum { LIVES = 5, BATCHES = 6, KEPT_VERSIONS = 3 };

static const uint32_t partition_counts[] = {1, 2, 7, 3};
static const char *const codecs[] = {"lz4", "zstd", "none"};
static uint64_t running_seed;

/* cmocka ends a test in the middle: the seed is what can be said of it. */
__attribute__((destructor)) static void tell_seed(void)
{
    if (running_seed != 0)
        print_error("failed with LEAT_SEED=%llu\n", (unsigned long long)running_seed);
}

static uint64_t oldest_of(const struct state_world *world)
{
    return world->version > KEPT_VERSIONS ? world->version - KEPT_VERSIONS : 0;
}

static void open_world(struct state_world *world, uint32_t partition_count, uint64_t version)
{
    struct lt_error error = {.text = ""};
    if (state_world_open(world, partition_count, version, &error) != 0)
        fail_msg("cannot open version %d: %s", (int)version, error.text);
}

/* A run that may end anywhere; true if its last batch counts although it was not committed. */
static bool live(struct state_world *world)
{
    bool is_to_crash = state_world_draw(world, 4) != 0;
    if (is_to_crash)
        fake_reactor_crash_after(world->reactor, state_world_draw(world, 150));
    uint32_t batches = 1 + state_world_draw(world, BATCHES);
    for (uint32_t i = 0; i < batches && world->version + 1 < STATE_VERSIONS; i++) {
        struct lt_error error = {.text = ""};
        state_world_change(world, state_world_draw(world, 120));
        state_world_prepare(world);
        bool aborts_early = state_world_draw(world, 12) == 0;
        int prepared = aborts_early ? 1 : state_world_await(world, &error);
        if (prepared < 0)
            fail_msg("%s", error.text);
        if (prepared == 0)
            return false;
        if (aborts_early || state_world_draw(world, 8) == 0) {
            state_world_abort(world);
            state_world_check(world);
            continue;
        }
        if (is_to_crash && state_world_draw(world, 6) == 0)
            return true;
        state_world_commit(world);
        state_world_maintain(world, oldest_of(world));
    }
    return false;
}

static void run_seed(uint64_t seed, const char *const *providers, uint32_t provider_count)
{
    struct state_world *world = malloc(sizeof *world);
    state_world_init(world, seed);
    world->codec = codecs[seed % 3];
    world->name = seed % 2 == 0 ? "left-keyToNumValues" : NULL;
    uint64_t version = 0;
    for (int i = 0; i < LIVES; i++) {
        world->provider = providers[state_world_draw(world, provider_count)];
        world->min_deltas = 1 + state_world_draw(world, 4);
        open_world(world, partition_counts[state_world_draw(world, 4)], version);
        state_world_check(world);
        bool counts = live(world);
        if (counts) { /* prepared, and its log says so: it is the version to go on from */
            world->versions[world->version + 1] = world->now;
            version = world->version + 1;
        } else {
            version = world->version;
            /* An older one is as good, as long as it was kept; the later ones never were. */
            if (state_world_draw(world, 4) == 0)
                version -= state_world_draw(world, (uint32_t)(version - world->oldest) + 1);
        }
        state_world_crash(world, state_world_draw(world, 2) == 0 ? FAKE_CRASH_KILL
                                                                 : FAKE_CRASH_POWER);
    }
    for (uint64_t at = version; at >= world->oldest && at > 0; at--) {
        open_world(world, 1 + (uint32_t)(seed % 3), at);
        state_world_check(world);
        state_world_close(world);
    }
    state_world_fini(world);
    free(world);
}

void state_lives_run_seeds(uint64_t count, const char *const *providers, uint32_t provider_count)
{
    const char *seeds = getenv("LEAT_STATE_SEEDS"), *one = getenv("LEAT_SEED");
    uint64_t first = one == NULL ? 1 : strtoull(one, NULL, 10);
    if (one != NULL || seeds != NULL)
        count = one != NULL ? 1 : strtoull(seeds, NULL, 10);
    for (uint64_t seed = first; seed < first + count; seed++) {
        running_seed = seed;
        run_seed(seed, providers, provider_count);
    }
    running_seed = 0;
}
