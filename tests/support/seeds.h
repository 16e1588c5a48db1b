/*
 * Which seeds a simulator runs, and whether it gets anywhere.
 *
 *   LEAT_SEEDS=20000   how many seeds
 *   LEAT_SEED=17       the first of them; and the only one, unless LEAT_SEEDS is set too
 *
 * A simulator that never comes to what is interesting proves nothing. So what is to happen has a
 * rate: the share of seeds in which it does, at the least. Seeds know nothing of each other; so
 * whichever are run, and however many, the number of those in which it happened is far below what
 * the rate promises only once in a million times (Chernoff's bound). Then the test fails.
 */
#ifndef LT_TESTS_SEEDS_H
#define LT_TESTS_SEEDS_H

#include <stddef.h>
#include <stdint.h>

struct seeds {
    uint64_t first, count;
};

/* As the environment says; else `count` of them from 1 on. */
struct seeds seeds_from_environment(uint64_t count);

struct seeds_fact {
    const char *name; /* of what is counted */
    double rate;      /* 0 .. 1 */
    uint64_t total, seeds_with; /* so far: of all seeds, and those in which it happened at all */
};

/* What one seed has counted, in the order of the facts. */
void seeds_note(struct seeds_fact *facts, const uint64_t *counts, size_t fact_count);
/* Prints what all seeds have, and fails the test where that is too little. */
void seeds_check(const struct seeds_fact *facts, size_t fact_count, uint64_t seed_count);

#endif
