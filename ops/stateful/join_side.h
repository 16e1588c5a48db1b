/*
 * The state of one side of a join: its rows by key and number, and how many there are of each key.
 *
 *   keyToNumValues          key              -> count
 *   keyWithIndexToValue     key, number (8)  -> the row, its batch, whether it was matched
 *
 * Rows of a key are numbered from 0 without holes: in place of one that is removed stands the last
 * one. The number does not count for the key's group.
 *
 * A store that looks for entries (in RocksDB) is told keys ahead: those of rows that come, as soon
 * as they stand in front of the join, and those of rows that are removed.
 *
 * What is final is found by its time (LT_STATE_FINAL_UP_TO) and removed in rounds: the keys of some
 * hundred entries are noted first, since the store may not change under a cursor. An entry that was
 * moved into a hole is found by the next round.
 *
 * Where a call says false, the operator has failed.
 */
#ifndef LT_OPS_STATEFUL_JOIN_SIDE_H
#define LT_OPS_STATEFUL_JOIN_SIDE_H

#include "ops/stateful/base.h"

struct lt_join_side {
    struct lt_stateful *stateful;
    const struct lt_plan_side *plan;
    const struct lt_type *schema; /* of its rows */
    const char *names[2];         /* of the stores */
    const struct lt_type *key_schema, *count_schema, *value_schema;
    struct lt_state_store *counts, *rows; /* NULL before open */
    struct lt_row_pool *count_values, *row_values;
    struct lt_row *count_value, *row_value;
    struct lt_text_buffer key; /* with a number */
    struct lt_text_buffer value_bytes;
    struct lt_text_buffer final; /* keys noted: size (8), key with number */
    size_t final_offset;         /* the next to be removed */
    uint32_t told;               /* of those from there on, the stores have been told so many */
    bool has_removed;            /* one of them */
    struct lt_text_buffer expected; /* keys with numbers that the store of rows is told ahead */
};

/* A row that is kept; good until the store changes or the next one is asked for. */
struct lt_join_stored {
    bool is_matched;
    uint64_t batch; /* that it came in */
    int64_t final_at;
    const struct lt_struct *row;
};

void lt_join_side_init(struct lt_join_side *side, struct lt_stateful *stateful, bool is_left,
                       const struct lt_type *schema);
int lt_join_side_open(struct lt_join_side *side, const struct lt_operator_env *env,
                      struct lt_error *error) LT_MUST_USE;
void lt_join_side_fini(struct lt_join_side *side);

/* Would it help to say keys ahead? */
static inline bool lt_join_side_is_told(const struct lt_join_side *side)
{
    return side->counts->ops->ahead != NULL;
}
/* Rows with these keys, at most LT_STATE_AHEAD_MAX, will be looked for, or one appended to each.
 * The operator may have failed afterwards. */
void lt_join_side_expect(struct lt_join_side *side, const struct lt_state_bytes *keys,
                         uint32_t count, bool is_appended);
/* How many rows there are of a key. */
bool lt_join_side_count(struct lt_join_side *side, struct lt_state_bytes key,
                        uint64_t *out) LT_MUST_USE;
bool lt_join_side_get(struct lt_join_side *side, struct lt_state_bytes key, uint64_t number,
                      struct lt_join_stored *out) LT_MUST_USE;
bool lt_join_side_append(struct lt_join_side *side, struct lt_state_bytes key,
                         const struct lt_row *row, bool is_matched, int64_t final_at) LT_MUST_USE;
/* The row that was got last has found a partner. */
bool lt_join_side_mark(struct lt_join_side *side, struct lt_state_bytes key,
                       uint64_t number) LT_MUST_USE;

/* The next row that is final up to `bound`, and where it stands: `number` of `key`. `has` false:
 * there is none. It is given again until it is removed. */
bool lt_join_side_next_final(struct lt_join_side *side, int64_t bound, bool *has,
                             struct lt_state_bytes *key, uint64_t *number) LT_MUST_USE;
bool lt_join_side_remove(struct lt_join_side *side, struct lt_state_bytes key,
                         uint64_t number) LT_MUST_USE;

#endif
