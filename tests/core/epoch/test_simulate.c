/*
 * The deterministic simulator: a query of random shape lives several times on one checkpoint, dies
 * at random moments, and must in the end have lost nothing (tests/support/sim_world.h says what is
 * checked).
 *
 *   LEAT_SEEDS=20000   how many seeds, 1000 by default
 *   LEAT_SEED=17       that one only: replays a failure; with LEAT_SEEDS, from that one on
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/support/seeds.h"
#include "tests/support/sim_run.h"

/* At half the rate that it is known to have, so that what is drawn may change a little. */
static struct seeds_fact facts[] = {
    {.name = "epochs finished by recovery", .rate = 0.3},
    {.name = "replays", .rate = 0.09},
    {.name = "deaths during recovery", .rate = 0.25},
    {.name = "entries of source logs dropped", .rate = 0.07},
    {.name = "files cut", .rate = 0.15},
};

static void run_seed(struct seeds_run *run)
{
    char path[96];
    snprintf(path, sizeof path, "%s/checkpoint", run->folder);
    struct sim_world world;
    sim_world_init(&world, run->seed, path);
    uint32_t deaths = 1 + sim_draw(&world, 6);
    for (uint32_t i = 0; i <= deaths && world.fault[0] == '\0'; i++)
        sim_run_life(&world, i == deaths);
    snprintf(run->fault, sizeof run->fault, "%s", world.fault);
    const uint64_t counts[] = {world.finished, world.replays, world.recovery_crashes,
                               world.entries_dropped, world.records_cut};
    memcpy(run->counts, counts, sizeof counts);
    sim_world_fini(&world);
}

static void nothing_is_lost_or_shown_twice_whenever_the_process_dies(void **state)
{
    (void)state;
    seeds_run(&(struct seeds){.count = 1000,
                              .run = run_seed,
                              .facts = facts,
                              .fact_count = sizeof facts / sizeof facts[0]});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost_or_shown_twice_whenever_the_process_dies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
