/*
 * The sessions of one key: how they meet, and the value that holds them in the store.
 *
 * A row's session is [time, time + gap). Sessions that overlap or touch are one: from the least
 * start to the greatest end. In the order of their starts a session meets the one before it or
 * none, so one pass merges them all. States are merged in that order too; of equal starts the
 * stored one is the first.
 *
 * The value is a row of one column, ARRAY<STRUCT<start, end, state>>, in the order of the starts.
 */
#ifndef LT_OPS_STATEFUL_SESSION_LIST_H
#define LT_OPS_STATEFUL_SESSION_LIST_H

#include "ops/stateful/states.h"

struct lt_session_item {
    int64_t start_us, end_us; /* the end is not in it */
    void *state;
    uint32_t place; /* in the list, before it was sorted */
};

/* Zeroed, it is empty. */
struct lt_session_list {
    struct lt_session_item *items;
    uint32_t count, capacity;
};

void lt_session_list_fini(struct lt_session_list *list);
void lt_session_list_add(struct lt_session_list *list, int64_t start_us, int64_t end_us,
                         void *state);
/* Sorts, and merges those that meet. False: the operator has failed. */
bool lt_session_list_merge(struct lt_session_list *list, const struct lt_states *states,
                           struct lt_scratch *memory) LT_MUST_USE;
/* How many of the `old_count` starts no session of the list has. Both are in order. */
uint32_t lt_session_list_gone(const struct lt_session_list *list, const int64_t *old_starts,
                              uint32_t old_count);
/* The least end; LT_STATE_NEVER of an empty list. */
int64_t lt_session_list_first_end(const struct lt_session_list *list);

/* The schema of the value. */
const struct lt_type *lt_session_list_schema(const struct lt_states *states,
                                             struct lt_arena *arena);
/* Writes the value through `row`, which is of that schema; `bytes` is for the states, `memory` for
 * the rest. False: the operator has failed. */
bool lt_session_list_write(const struct lt_session_list *list, const struct lt_states *states,
                           const struct lt_type *schema, struct lt_row *row,
                           struct lt_scratch *memory, struct lt_text_buffer *bytes,
                           struct lt_text_buffer *out) LT_MUST_USE;
/* Adds the sessions of a value that was read into `row`. The bytes must stay. False: the operator
 * has failed. */
bool lt_session_list_read(struct lt_session_list *list, const struct lt_states *states,
                          const struct lt_row *row, struct lt_scratch *memory) LT_MUST_USE;

#endif
