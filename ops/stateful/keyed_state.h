/*
 * The state of one key as a processor of the program's sees it (ops/stateful/transform.h):
 * variables that hold a value, a list or a map, and timers.
 *
 * All variables are in one store, the timers in another. A key of the former is the grouping key's
 * bytes and 16 bytes that do not count for its group, so that what belongs to a grouping key stays
 * together when the query goes on with more or fewer partitions:
 *
 *   grouping key, variable (4), part (4), number (8)
 *
 *   part      number              the entry
 *   VALUE     0                   the value
 *   HEAD      0                   of a list: the numbers of its first element and behind its last;
 *                                 of a map: how many entries it has
 *   ELEMENT   its number          an element of a list
 *   ENTRY     hash, probe         a map's key and value, and its place in the order
 *   ORDER     0, 1, 2, ...        where the map's entry of that place is
 *
 * A variable is known by the hash of its name. A map's entry is found by the hash of its key; keys
 * of one hash are probed one after the other, without holes. Maps are gone through by their order,
 * which has no holes either: in place of what is removed stands what was last.
 *
 * Elements of a list are numbered on for ever. One that has expired out of turn leaves a hole,
 * which is passed over.
 *
 * Time to live: an entry has expired when its time is at or before the batch's; from then on it is
 * not seen, and the store's order of times finds it, to be removed at the end of a batch.
 *
 * Timers: grouping key, time (8) is one timer, found by the store's order of times. All timers of a
 * key stand in one more entry, in order.
 *
 * Each entry says what form its variable had: one that has been declared otherwise since is an
 * error, and never read wrongly.
 *
 * Functions that say false have failed the operator. on: the instance's thread.
 */
#ifndef LT_OPS_STATEFUL_KEYED_STATE_H
#define LT_OPS_STATEFUL_KEYED_STATE_H

#include "ops/stateful/base.h"

enum { LT_VARIABLE_KEY_COLUMNS = 64 }; /* of a map's key, at most */

enum lt_variable_kind { LT_VARIABLE_VALUE, LT_VARIABLE_LIST, LT_VARIABLE_MAP };

struct lt_variable_spec {
    const char *name;
    enum lt_variable_kind kind;
    const struct lt_type *key, *value; /* key: MAP */
    int64_t ttl_us;                    /* 0: none */
};

/* A row of a variable's that is handed out, and the pool of one that it comes from. */
struct lt_variable_row {
    struct lt_row_pool *pool;
    struct lt_row *row;
};

struct lt_variable {
    struct lt_keyed_state *state;
    struct lt_variable *next;
    struct lt_variable_spec spec;
    uint32_t id, form;
    struct lt_variable_row fresh, fresh_key; /* that the processor fills */
    struct lt_variable_row given, given_key; /* and that it has got */
};

/* What the processor may do now. */
enum lt_keyed_phase { LT_KEYED_CREATED, LT_KEYED_INITIALIZED, LT_KEYED_TIMERS, LT_KEYED_CLOSED };

struct lt_keyed_state {
    struct lt_stateful *stateful;
    enum lt_time_mode time_mode;
    enum lt_keyed_phase phase;
    const struct lt_type *key_schema, *entry_schema;
    struct lt_state_store *store, *timers; /* timers: NULL without a time */
    struct lt_variable_row entry;          /* through which entries are read and written */
    struct lt_variable *variables;
    struct lt_text_buffer key; /* the grouping key at hand */
    struct lt_text_buffer place;
    struct lt_text_buffer map_key, value_bytes, entry_bytes, list_bytes;
    int64_t now_us, due_us;     /* of the batch: its time; timers up to this one fire */
    struct lt_text_buffer final; /* a round of what is final: size (8), key */
    size_t final_offset;
};

/* --------------------------------------------------------------------------------- the operator */

void lt_keyed_init(struct lt_keyed_state *state, struct lt_stateful *stateful,
                   enum lt_time_mode time_mode, const struct lt_type *key_schema);
int lt_keyed_open(struct lt_keyed_state *state, const struct lt_operator_env *env,
                  struct lt_error *error) LT_MUST_USE;
void lt_keyed_fini(struct lt_keyed_state *state);
/* A batch begins. */
void lt_keyed_begin(struct lt_keyed_state *state);
/* What follows is about this key, whose bytes are copied. */
void lt_keyed_set_key(struct lt_keyed_state *state, struct lt_state_bytes key);

/* The next timer that fires, of any key: that becomes the key at hand. `has` false: none. It is
 * given again until it is removed. */
bool lt_keyed_next_due(struct lt_keyed_state *state, bool *has, int64_t *expiry_ms) LT_MUST_USE;
/* Removes up to `limit` entries that have expired. `more`: it has not come to their end. */
bool lt_keyed_remove_expired(struct lt_keyed_state *state, uint32_t limit, bool *more) LT_MUST_USE;
/* When the first of its timers is due: microseconds; LT_STATE_NEVER: there is none. */
int64_t lt_keyed_first_due_us(const struct lt_keyed_state *state);

/* --------------------------------------------------------------------------------- declarations */

/* Spark's errors for what is not possible: a name twice, a time to live without processing time,
 * another phase than CREATED. The spec's texts and types outlive the state. */
int lt_keyed_declare(struct lt_keyed_state *state, const struct lt_variable_spec *spec,
                     struct lt_variable **out, struct lt_error *error) LT_MUST_USE;
/* What it may do with timers, and with variables, now; by Spark's name of what it wants to do. */
int lt_keyed_check_timers(const struct lt_keyed_state *state, const char *operation,
                          struct lt_error *error) LT_MUST_USE;
int lt_keyed_check_data(const struct lt_keyed_state *state, const char *operation,
                        struct lt_error *error) LT_MUST_USE;
/* Removes what a variable of the name holds, of all keys. */
int lt_keyed_drop(struct lt_keyed_state *state, const char *name,
                  struct lt_error *error) LT_MUST_USE;

/* ------------------------------------------------------------------------------------ variables */

/* The row to fill, all NULL at first, for the next set, append or put; of a map the key to fill,
 * too, which is kept until one of its calls has used it. */
struct lt_row *lt_variable_fresh(struct lt_variable *variable);
struct lt_row *lt_variable_fresh_key(struct lt_variable *variable);

/* VALUE. `row` NULL: there is none. Rows that are given stay until the next call that gives one of
 * the same variable. */
bool lt_variable_get(struct lt_variable *variable, const struct lt_row **row) LT_MUST_USE;
bool lt_variable_set(struct lt_variable *variable) LT_MUST_USE;
/* Any kind: all of it. */
bool lt_variable_clear(struct lt_variable *variable) LT_MUST_USE;
bool lt_variable_exists(struct lt_variable *variable, bool *exists) LT_MUST_USE;

/* LIST. `at` is 0 before the first; `row` NULL: no more. */
bool lt_list_append(struct lt_variable *variable) LT_MUST_USE;
bool lt_list_next(struct lt_variable *variable, uint64_t *at,
                  const struct lt_row **row) LT_MUST_USE;
bool lt_list_clear(struct lt_variable *variable) LT_MUST_USE;

/* MAP, by the fresh key. The entry that `next` gave last may be removed on the way. */
bool lt_map_get(struct lt_variable *variable, const struct lt_row **row) LT_MUST_USE;
bool lt_map_put(struct lt_variable *variable) LT_MUST_USE;
bool lt_map_remove(struct lt_variable *variable, bool *was) LT_MUST_USE;
bool lt_map_next(struct lt_variable *variable, uint64_t *at, const struct lt_row **key,
                 const struct lt_row **row) LT_MUST_USE;
bool lt_map_clear(struct lt_variable *variable) LT_MUST_USE;

/* --------------------------------------------------------------------------------------- timers */

/* In milliseconds. The same time twice is one timer. */
bool lt_timer_add(struct lt_keyed_state *state, int64_t expiry_ms) LT_MUST_USE;
bool lt_timer_remove(struct lt_keyed_state *state, int64_t expiry_ms) LT_MUST_USE;
/* In their order; `at` is 0 before the first. `has` false: no more. */
bool lt_timer_next(struct lt_keyed_state *state, uint32_t *at, bool *has,
                   int64_t *expiry_ms) LT_MUST_USE;

#endif
