/*
 * A state store of several partitions, and a model of it: plain arrays, one for each version. Keys
 * are few, so that they are changed, removed and made again; values are of all sizes, and known by
 * a number that they are made of.
 *
 * Everything that is random comes from the seed.
 */
#ifndef LT_TESTS_STATE_WORLD_H
#define LT_TESTS_STATE_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "core/state/store.h"
#include "tests/support/fake_reactor.h"
#include "tests/support/scratch.h"

enum { STATE_KEYS = 160, STATE_VERSIONS = 64, STATE_PARTITIONS = 8, STATE_SUFFIX_BYTES = 1 };

struct state_model {
    bool has[STATE_KEYS];
    uint32_t value[STATE_KEYS];
    int64_t final_at[STATE_KEYS];
};

struct state_world {
    char root[SCRATCH_PATH_SIZE + sizeof "/state/0"]; /* a test may make it a checkpoint's */
    uint64_t random;
    struct lt_reactor *reactor;
    struct lt_state_store *stores[STATE_PARTITIONS];
    uint32_t partition_count; /* 0: closed */
    const char *provider, *codec, *name;
    uint32_t min_deltas;
    uint64_t version;
    uint64_t oldest; /* that maintenance was told to keep */
    struct state_model now, versions[STATE_VERSIONS];
};

void state_world_init(struct state_world *world, uint64_t seed);
void state_world_fini(struct state_world *world);
/* 0 <= result < limit. */
uint32_t state_world_draw(struct state_world *world, uint32_t limit);

/* Opens all partitions at a version, and begins the model there. */
int state_world_open(struct state_world *world, uint32_t partition_count, uint64_t version,
                     struct lt_error *error);
/* Closes what is open; the reactor too. */
void state_world_close(struct state_world *world);
/* The machine loses its power, or the process dies; then closes. */
void state_world_crash(struct state_world *world, enum fake_crash crash);

/* Some random changes of both, each answer compared. */
void state_world_change(struct state_world *world, uint32_t count);
/* Says some random keys ahead, as many as may be, and gets them, changing some in between and
 * asking for some out of turn. */
void state_world_get_ahead(struct state_world *world);
/* Removes some of what is final up to a random time, with a cursor that does not go to its end. */
void state_world_remove_some_final(struct state_world *world);
/* Compares everything: what each key has, what cursors give, what is counted. */
void state_world_check(struct state_world *world);

void state_world_prepare(struct state_world *world);
/* Polls until all partitions are prepared: 1; 0 if the reactor has stopped before; or the first
 * one's failure. */
int state_world_await(struct state_world *world, struct lt_error *error);
void state_world_commit(struct state_world *world);
void state_world_abort(struct state_world *world);
/* prepare, await, commit. */
void state_world_batch(struct state_world *world, uint32_t changes);
/* Until nothing is to be done, or the reactor has stopped. */
void state_world_maintain(struct state_world *world, uint64_t oldest);

#endif
