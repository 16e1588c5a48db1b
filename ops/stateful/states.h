/*
 * States of aggregates for operators: the calls of ops/aggregate, with what goes wrong made the
 * operator's end. Where a call says false the operator has failed.
 */
#ifndef LT_OPS_STATEFUL_STATES_H
#define LT_OPS_STATEFUL_STATES_H

#include "ops/aggregate/aggregate.h"
#include "ops/stateful/base.h"

struct lt_states {
    struct lt_stateful *stateful;
    struct lt_aggregates *aggregates;
    uint32_t size_bytes; /* of one */
    bool are_plain; /* numbers alone: what is read points to no bytes, and merging keeps none */
};

/* Binds the aggregates of the operator's plan; `input` is of its node. on: control. */
int lt_states_init(struct lt_states *states, struct lt_stateful *stateful,
                   const struct lt_type *input, const struct lt_session *session,
                   struct lt_error *error) LT_MUST_USE;
void lt_states_fini(struct lt_states *states);

/* A state from bytes that stay as long as it is used; NULL: it has failed. */
void *lt_states_read(const struct lt_states *states, struct lt_state_bytes bytes,
                     struct lt_scratch *memory);
/* The same into a state that is there, zeroed. */
bool lt_states_read_into(const struct lt_states *states, struct lt_state_bytes bytes, void *state,
                         struct lt_scratch *memory) LT_MUST_USE;
bool lt_states_update(const struct lt_states *states, void *state, const struct lt_row *row,
                      struct lt_scratch *memory);
bool lt_states_merge(const struct lt_states *states, void *state, const void *other,
                     struct lt_scratch *memory) LT_MUST_USE;
/* The results, copied into the row. */
bool lt_states_evaluate(const struct lt_states *states, const void *state, struct lt_row *out,
                        uint32_t first_column) LT_MUST_USE;

#endif
