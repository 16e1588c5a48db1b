#include "ops/stateful/states.h"

#include <string.h>

int lt_states_init(struct lt_states *states, struct lt_stateful *stateful,
                   const struct lt_type *input, const struct lt_session *session,
                   struct lt_error *error)
{
    const struct lt_plan_stateful *plan = stateful->plan;
    states->stateful = stateful;
    int code = lt_aggregates_create(plan->aggregates, plan->aggregate_count, input, session,
                                    &states->aggregates, error);
    if (code != LT_OK)
        return lt_error_append(error, "cannot make the aggregation");
    states->size_bytes = lt_aggregates_size_bytes(states->aggregates);
    states->are_plain = lt_aggregates_are_plain(states->aggregates);
    return LT_OK;
}

void lt_states_fini(struct lt_states *states)
{
    lt_aggregates_destroy(states->aggregates);
}

/* Zeroed. NULL: no memory. */
static void *create_state(const struct lt_states *states, struct lt_scratch *memory)
{
    void *state = lt_scratch_alloc(memory, states->size_bytes);
    if (state == NULL)
        lt_stateful_fail_for_memory(states->stateful);
    else
        memset(state, 0, states->size_bytes);
    return state;
}

bool lt_states_read_into(const struct lt_states *states, struct lt_state_bytes bytes, void *state,
                         struct lt_scratch *memory)
{
    struct lt_error error;
    if (lt_aggregates_read(states->aggregates, bytes.data, bytes.size_bytes, state, memory,
                           &error) == LT_OK)
        return true;
    lt_stateful_fail(states->stateful, &error);
    return false;
}

void *lt_states_read(const struct lt_states *states, struct lt_state_bytes bytes,
                     struct lt_scratch *memory)
{
    void *state = create_state(states, memory);
    return state != NULL && lt_states_read_into(states, bytes, state, memory) ? state : NULL;
}

static bool fail(const struct lt_states *states)
{
    lt_stateful_fail_by(states->stateful,
                        lt_aggregates_take_fault(states->aggregates, "aggregate"));
    return false;
}

bool lt_states_update(const struct lt_states *states, void *state, const struct lt_row *row,
                      struct lt_scratch *memory)
{
    return lt_aggregates_update(states->aggregates, state, row, memory) || fail(states);
}

bool lt_states_merge(const struct lt_states *states, void *state, const void *other,
                     struct lt_scratch *memory)
{
    return lt_aggregates_merge(states->aggregates, state, other, memory) || fail(states);
}

bool lt_states_evaluate(const struct lt_states *states, const void *state, struct lt_row *out,
                        uint32_t first_column)
{
    return lt_aggregates_evaluate_copied(states->aggregates, state, out, first_column) ||
           fail(states);
}
