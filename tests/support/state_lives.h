/*
 * A state store that lives several times on one checkpoint, on changing numbers of partitions, and
 * dies at random operations; what it was committed with must be there in the next life, whole, and
 * nothing else.
 *
 *   LEAT_STATE_SEEDS=20000   how many seeds
 *   LEAT_SEED=17       that one only: replays a failure
 */
#ifndef LT_TESTS_STATE_LIVES_H
#define LT_TESTS_STATE_LIVES_H

#include <stdint.h>

/* From seed 1 on; each life has one of the providers. */
void state_lives_run_seeds(uint64_t count, const char *const *providers, uint32_t provider_count);

#endif
