#include "tests/support/seeds.h"

#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define SURPRISE_MAX 14.0 /* e to the -14th: once in a million times */

static uint64_t number_from(const char *name, uint64_t fallback)
{
    const char *text = getenv(name);
    return text == NULL ? fallback : strtoull(text, NULL, 10);
}

struct seeds seeds_from_environment(uint64_t count)
{
    return (struct seeds){.first = number_from("LEAT_SEED", 1),
                          .count = number_from("LEAT_SEEDS", getenv("LEAT_SEED") ? 1 : count)};
}

void seeds_note(struct seeds_fact *facts, const uint64_t *counts, size_t fact_count)
{
    for (size_t i = 0; i < fact_count; i++) {
        facts[i].total += counts[i];
        facts[i].seeds_with += counts[i] > 0;
    }
}

/* The chance that `count` or fewer happen where `mean` are to be expected is at most e to the minus
 * surprise. */
static bool is_too_rare(double count, double mean)
{
    double surprise = mean - count - (count > 0 ? count * log(mean / count) : 0);
    return count < mean && surprise > SURPRISE_MAX;
}

void seeds_check(const struct seeds_fact *facts, size_t fact_count, uint64_t seed_count)
{
    printf("%" PRIu64 " seeds:\n", seed_count);
    for (size_t i = 0; i < fact_count; i++)
        printf("  %8" PRIu64 " %s, in %" PRIu64 " seeds\n", facts[i].total, facts[i].name,
               facts[i].seeds_with);
    for (size_t i = 0; i < fact_count; i++) {
        double mean = facts[i].rate * (double)seed_count;
        if (is_too_rare((double)facts[i].seeds_with, mean))
            fail_msg("%s: in %" PRIu64 " of %" PRIu64 " seeds, where %.0f are to be expected",
                     facts[i].name, facts[i].seeds_with, seed_count, mean);
    }
}
