#include "tests/support/seeds.h"

#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "tests/support/scratch.h"

#define SURPRISE_MAX 14.0 /* e to the -14th: once in a million times */

static uint64_t number_from(const char *name, uint64_t fallback)
{
    const char *text = getenv(name);
    return text == NULL ? fallback : strtoull(text, NULL, 10);
}

static void note(const struct seeds *seeds, const uint64_t *counts)
{
    for (size_t i = 0; i < seeds->fact_count; i++) {
        seeds->facts[i].total += counts[i];
        seeds->facts[i].seeds_with += counts[i] > 0;
    }
}

/* The chance that `count` or fewer happen where `mean` are to be expected is at most e to the minus
 * surprise. */
static bool is_too_rare(double count, double mean)
{
    double surprise = mean - count - (count > 0 ? count * log(mean / count) : 0);
    return count < mean && surprise > SURPRISE_MAX;
}

static void check(const struct seeds *seeds, uint64_t seed_count)
{
    printf("%" PRIu64 " seeds:\n", seed_count);
    for (size_t i = 0; i < seeds->fact_count; i++)
        printf("  %8" PRIu64 " %s, in %" PRIu64 " seeds\n", seeds->facts[i].total,
               seeds->facts[i].name, seeds->facts[i].seeds_with);
    for (size_t i = 0; i < seeds->fact_count; i++) {
        const struct seeds_fact *fact = &seeds->facts[i];
        double mean = fact->rate * (double)seed_count;
        if (is_too_rare((double)fact->seeds_with, mean))
            fail_msg("%s: in %" PRIu64 " of %" PRIu64 " seeds, where %.0f are to be expected",
                     fact->name, fact->seeds_with, seed_count, mean);
    }
}

static void run_one(const struct seeds *seeds, uint64_t seed, const char *folder)
{
    struct seeds_run run = {.seed = seed, .folder = folder};
    assert_int_equal(mkdir(folder, 0777), 0);
    seeds->run(&run);
    if (run.fault[0] != '\0')
        fail_msg("seed %" PRIu64 ": %s (its files are left in %s; replay with LEAT_SEED=%" PRIu64
                 ")",
                 seed, run.fault, folder, seed);
    note(seeds, run.counts);
    scratch_remove(folder);
}

void seeds_run(const struct seeds *seeds)
{
    uint64_t first = number_from("LEAT_SEED", 1);
    uint64_t count = number_from("LEAT_SEEDS", getenv("LEAT_SEED") == NULL ? seeds->count : 1);
    char scratch[SCRATCH_PATH_SIZE], folder[SCRATCH_PATH_SIZE + sizeof "/seed"];
    scratch_create(scratch);
    snprintf(folder, sizeof folder, "%s/seed", scratch);
    for (uint64_t i = 0; i < count; i++)
        run_one(seeds, first + i, folder);
    check(seeds, count);
    scratch_remove(scratch);
}
