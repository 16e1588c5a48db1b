/*
 * Entries of the store behind a processor's state (ops/stateful/keyed_state.h): where they are, and
 * what they hold. For the files of that module alone.
 *
 * An entry's value is a row of entry_schema, the same for all variables, so that a tool can show
 * it.
 */
#ifndef LT_OPS_STATEFUL_KEYED_ENTRY_H
#define LT_OPS_STATEFUL_KEYED_ENTRY_H

#include "ops/stateful/keyed_state.h"

enum lt_keyed_part {
    LT_KEYED_VALUE,
    LT_KEYED_HEAD,
    LT_KEYED_ELEMENT,
    LT_KEYED_ENTRY,
    LT_KEYED_ORDER,
};

/* Behind the grouping key. As it lies in memory: little-endian, no padding. */
struct lt_keyed_place {
    uint32_t variable, part;
    uint64_t number;
};
enum { LT_KEYED_PLACE_BYTES = sizeof(struct lt_keyed_place), LT_KEYED_TIMER_BYTES = 8 };
_Static_assert(sizeof(struct lt_keyed_place) == 16, "the suffix of keys");

struct lt_keyed_entry {
    uint32_t form;
    int64_t expires_us; /* LT_STATE_NEVER: never */
    int64_t first, number;
    struct lt_bytes key, value; /* byte forms; of an entry that was read they are the store's */
};

/* Of the key at hand. `has` false: there is none. */
bool lt_keyed_get(struct lt_keyed_state *state, const struct lt_keyed_place *place, bool *has,
                  struct lt_keyed_entry *entry) LT_MUST_USE;
/* The entry's bytes may be the store's. */
bool lt_keyed_put(struct lt_keyed_state *state, const struct lt_keyed_place *place,
                  const struct lt_keyed_entry *entry) LT_MUST_USE;
/* False: there was none. */
bool lt_keyed_remove(struct lt_keyed_state *state, const struct lt_keyed_place *place);
/* The same of an entry of any store, by its whole key. */
bool lt_keyed_read(struct lt_keyed_state *state, struct lt_state_bytes value,
                   struct lt_keyed_entry *entry) LT_MUST_USE;
bool lt_keyed_put_at(struct lt_keyed_state *state, struct lt_state_store *store,
                     struct lt_state_bytes key, const struct lt_keyed_entry *entry) LT_MUST_USE;

/* Was it written by a variable as this one is declared? */
bool lt_keyed_check_form(const struct lt_variable *variable,
                         const struct lt_keyed_entry *entry) LT_MUST_USE;
/* When what is written now expires. */
int64_t lt_keyed_expiry(const struct lt_variable *variable);
static inline bool lt_keyed_has_expired(const struct lt_keyed_state *state,
                                        const struct lt_keyed_entry *entry)
{
    return entry->expires_us <= state->now_us;
}

/* Fills the row to be given from bytes, which are copied. */
bool lt_keyed_give(const struct lt_variable *variable, struct lt_variable_row *given,
                   const struct lt_type *schema, const struct lt_bytes *bytes,
                   const struct lt_row **row) LT_MUST_USE;
/* The byte form of the fresh row, in value_bytes; the row is empty again. */
struct lt_bytes lt_keyed_take_fresh(struct lt_variable *variable);
/* Sends the row home and claims it again, all NULL. */
void lt_variable_row_reset(struct lt_variable_row *row);

/* The entry at the place has expired: what keeps its variable whole without it. */
bool lt_list_remove_expired(struct lt_keyed_state *state,
                            const struct lt_keyed_place *place) LT_MUST_USE;
bool lt_map_remove_at(struct lt_keyed_state *state, uint32_t variable, uint64_t number) LT_MUST_USE;

#endif
