/*
 * What a processor of the program's is handed (leat_transform_with_state): its keyed state, under
 * public names, and the first thing that it did wrong.
 *
 * on: the instance's thread.
 */
#ifndef LT_LEAT_STATE_H
#define LT_LEAT_STATE_H

#include "core/base/arena.h"
#include "core/flow/fault.h"
#include "core/leat_processor.h"
#include "ops/stateful/keyed_state.h"

struct leat_state {
    struct lt_keyed_state *keyed;
    struct lt_arena *arena; /* of the instance: schemas and variables */
    struct lt_error error;  /* code 0: none */
    char reason[LT_FAULT_TEXT_MAX];
};

struct leat_variable {
    leat_state *state;
    struct lt_variable *variable;
};

/* Keeps the first error; the processor's call fails with it, whatever it returns. */
int lt_door_state_fail(leat_state *state, const struct lt_error *error);

#endif
