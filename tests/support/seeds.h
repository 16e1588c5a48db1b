/*
 * Runs a simulator: which seeds, where, and whether it gets anywhere.
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

enum { SEEDS_FAULT_SIZE = 512, SEEDS_FACTS_MAX = 16 };

struct seeds_fact {
    const char *name; /* of what is counted */
    double rate;      /* 0 .. 1 */
    uint64_t total, seeds_with; /* so far: of all seeds, and those in which it happened at all */
};

/* One seed. */
struct seeds_run {
    uint64_t seed;
    const char *folder;               /* empty at first, and this seed's alone */
    uint64_t counts[SEEDS_FACTS_MAX]; /* what has happened, in the order of the facts */
    char fault[SEEDS_FAULT_SIZE];     /* what is wrong; empty: nothing */
};

struct seeds {
    uint64_t count; /* unless the environment says another */
    void (*run)(struct seeds_run *run);
    struct seeds_fact *facts;
    size_t fact_count;
};

/* Runs them all. Fails the test at the first fault, whose folder is left to be looked at, and where
 * too little has happened. */
void seeds_run(const struct seeds *seeds);

#endif
