/*
 * The deterministic simulator: a query of random shape lives several times on one checkpoint, dies
 * at random moments, and must in the end have lost nothing (tests/support/sim_world.h says what is
 * checked).
 *
 *   LEAT_SEEDS=20000   how many seeds, 1000 by default
 *   LEAT_SEED=17       that one only: replays a failure
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/support/scratch.h"
#include "tests/support/sim_run.h"

struct totals {
    uint64_t replays, finished, recovery_crashes, entries_dropped, records_cut;
};

static uint64_t number_from(const char *name, uint64_t fallback)
{
    const char *text = getenv(name);
    return text == NULL ? fallback : strtoull(text, NULL, 10);
}

static void run_seed(const char *scratch, uint64_t seed, struct totals *totals)
{
    char path[96];
    snprintf(path, sizeof path, "%s/checkpoint", scratch);
    struct sim_world world;
    sim_world_init(&world, seed, path);
    uint32_t deaths = 1 + sim_draw(&world, 6);
    for (uint32_t i = 0; i <= deaths && world.fault[0] == '\0'; i++)
        sim_run_life(&world, i == deaths);
    char fault[sizeof world.fault];
    memcpy(fault, world.fault, sizeof fault);
    totals->replays += world.replays;
    totals->finished += world.finished;
    totals->recovery_crashes += world.recovery_crashes;
    totals->entries_dropped += world.entries_dropped;
    totals->records_cut += world.records_cut;
    sim_world_fini(&world);
    if (fault[0] != '\0')
        fail_msg("seed %" PRIu64
                 ": %s (the checkpoint is left in %s; replay with LEAT_SEED=%" PRIu64 ")",
                 seed, fault, path, seed);
    scratch_remove(path);
}

static void nothing_is_lost_or_shown_twice_whenever_the_process_dies(void **state)
{
    (void)state;
    uint64_t first = number_from("LEAT_SEED", 1);
    uint64_t count = getenv("LEAT_SEED") != NULL ? 1 : number_from("LEAT_SEEDS", 1000);
    char scratch[64];
    scratch_create(scratch);
    struct totals totals = {0};
    for (uint64_t seed = first; seed < first + count; seed++)
        run_seed(scratch, seed, &totals);
    printf("%" PRIu64 " seeds: %" PRIu64 " epochs finished by recovery, %" PRIu64
           " replays, %" PRIu64 " deaths during recovery, %" PRIu64
           " entries of source logs dropped, %" PRIu64 " files cut\n",
           count, totals.finished, totals.replays, totals.recovery_crashes, totals.entries_dropped,
           totals.records_cut);
    if (count >= 100) {
        /* A simulator that never gets there proves nothing. */
        assert_true(totals.finished > count / 10);
        assert_true(totals.replays > count / 100);
        assert_true(totals.recovery_crashes > count / 10);
        assert_true(totals.entries_dropped > count / 100);
        assert_true(totals.records_cut > count / 10);
    }
    scratch_remove(scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost_or_shown_twice_whenever_the_process_dies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
