/*
 * Variables that hold a map. An entry is where the hash of its key and a probe say; its place in
 * the order says where it is, so that all can be gone through in any store.
 *
 * What is removed leaves no hole, neither among the probes of a hash nor in the order: the last one
 * comes in its place.
 */
#include "ops/stateful/keyed_entry.h"

#include <string.h>
#include <xxhash.h>

/* The place of an entry: 32 bits of hash, then which of those with this hash it is. */
static uint64_t entry_number(uint32_t hash, uint32_t probe)
{
    return (uint64_t)hash << 32 | probe;
}

static struct lt_keyed_place head_place(uint32_t variable)
{
    return (struct lt_keyed_place){.variable = variable, .part = LT_KEYED_HEAD};
}

static struct lt_keyed_place entry_place(uint32_t variable, uint64_t number)
{
    return (struct lt_keyed_place){
        .variable = variable, .part = LT_KEYED_ENTRY, .number = number};
}

static struct lt_keyed_place order_place(uint32_t variable, uint64_t number)
{
    return (struct lt_keyed_place){
        .variable = variable, .part = LT_KEYED_ORDER, .number = number};
}

static bool get_count(struct lt_keyed_state *state, uint32_t variable, uint64_t *count,
                      uint32_t *form)
{
    struct lt_keyed_place place = head_place(variable);
    struct lt_keyed_entry head = {0};
    bool has;
    if (!lt_keyed_get(state, &place, &has, &head))
        return false;
    *count = has ? (uint64_t)head.number : 0;
    *form = head.form;
    return true;
}

static bool put_count(struct lt_keyed_state *state, uint32_t variable, uint64_t count,
                      uint32_t form)
{
    struct lt_keyed_place place = head_place(variable);
    const struct lt_keyed_entry head = {
        .form = form, .expires_us = LT_STATE_NEVER, .number = (int64_t)count};
    if (count != 0)
        return lt_keyed_put(state, &place, &head);
    (void)lt_keyed_remove(state, &place);
    return true;
}

/* What must be there for the rest to be right. */
static bool get_known(struct lt_keyed_state *state, const struct lt_keyed_place *place,
                      struct lt_keyed_entry *entry)
{
    bool has;
    if (!lt_keyed_get(state, place, &has, entry))
        return false;
    if (!has)
        lt_stateful_fail_for_damage(state->stateful, "a map with an entry that is not there");
    return has;
}

/* The fresh key's bytes, in map_key, and its hash; the key is empty again. */
static uint32_t take_key(struct lt_variable *variable)
{
    struct lt_text_buffer *bytes = &variable->state->map_key;
    uint32_t columns[LT_VARIABLE_KEY_COLUMNS], count = variable->spec.key->field_count;
    for (uint32_t i = 0; i < count; i++)
        columns[i] = i;
    lt_text_clear(bytes);
    lt_row_bytes_write_key(variable->spec.key, variable->fresh_key.row, columns, count, bytes);
    lt_variable_row_reset(&variable->fresh_key);
    return XXH32(bytes->data, bytes->size_bytes, 0);
}

/* Finds the entry of the key in map_key, or the number that is free for it. */
static bool find(struct lt_variable *variable, uint32_t hash, bool *has, uint64_t *number,
                 struct lt_keyed_entry *entry)
{
    struct lt_keyed_state *state = variable->state;
    const struct lt_text_buffer *key = &state->map_key;
    for (uint32_t probe = 0;; probe++) {
        *number = entry_number(hash, probe);
        struct lt_keyed_place place = entry_place(variable->id, *number);
        if (!lt_keyed_get(state, &place, has, entry))
            return false;
        if (!*has)
            return true;
        if (entry->key.size_bytes == key->size_bytes &&
            memcmp(entry->key.data, key->data, key->size_bytes) == 0)
            return lt_keyed_check_form(variable, entry);
    }
}

bool lt_map_get(struct lt_variable *variable, const struct lt_row **row)
{
    struct lt_keyed_entry entry;
    uint64_t number;
    bool has;
    *row = NULL;
    if (!find(variable, take_key(variable), &has, &number, &entry))
        return false;
    if (!has || lt_keyed_has_expired(variable->state, &entry))
        return true;
    return lt_keyed_give(variable, &variable->given, variable->spec.value, &entry.value, row);
}

/* A key that was not there comes last in the order. */
static bool add_to_order(struct lt_variable *variable, uint64_t number, int64_t *order)
{
    struct lt_keyed_state *state = variable->state;
    uint64_t count;
    uint32_t form;
    if (!get_count(state, variable->id, &count, &form))
        return false;
    struct lt_keyed_place place = order_place(variable->id, count);
    const struct lt_keyed_entry entry = {
        .form = variable->form, .expires_us = LT_STATE_NEVER, .number = (int64_t)number};
    *order = (int64_t)count;
    return lt_keyed_put(state, &place, &entry) &&
           put_count(state, variable->id, count + 1, variable->form);
}

bool lt_map_put(struct lt_variable *variable)
{
    struct lt_keyed_state *state = variable->state;
    struct lt_keyed_entry before;
    uint64_t number;
    bool has;
    if (!find(variable, take_key(variable), &has, &number, &before))
        return false;
    int64_t order = before.number;
    if (!has && !add_to_order(variable, number, &order))
        return false;
    struct lt_keyed_place place = entry_place(variable->id, number);
    const struct lt_keyed_entry entry = {
        .form = variable->form,
        .expires_us = lt_keyed_expiry(variable),
        .number = order,
        .key = {.data = (const uint8_t *)state->map_key.data,
                .size_bytes = (uint32_t)state->map_key.size_bytes},
        .value = lt_keyed_take_fresh(variable)};
    return lt_keyed_put(state, &place, &entry);
}

/* -------------------------------------------------------------------------------------- removal */

/* Says in the order where the entry is now. */
static bool put_order(struct lt_keyed_state *state, uint32_t variable, uint64_t order,
                      uint64_t number, uint32_t form)
{
    struct lt_keyed_place place = order_place(variable, order);
    const struct lt_keyed_entry entry = {
        .form = form, .expires_us = LT_STATE_NEVER, .number = (int64_t)number};
    return lt_keyed_put(state, &place, &entry);
}

/* Takes the entry out from among those of its hash. */
static bool close_probes(struct lt_keyed_state *state, uint32_t variable, uint64_t number)
{
    struct lt_keyed_entry entry;
    uint64_t last = number;
    bool has = true;
    for (uint64_t next = number + 1; has; next++) {
        struct lt_keyed_place place = entry_place(variable, next);
        if (!lt_keyed_get(state, &place, &has, &entry))
            return false;
        last = has ? next : last;
    }
    struct lt_keyed_place place = entry_place(variable, last);
    if (last != number) {
        struct lt_keyed_place hole = entry_place(variable, number);
        if (!get_known(state, &place, &entry) || !lt_keyed_put(state, &hole, &entry) ||
            !put_order(state, variable, (uint64_t)entry.number, number, entry.form))
            return false;
    }
    (void)lt_keyed_remove(state, &place);
    return true;
}

/* Takes place `order` out: the last one comes there. */
static bool close_order(struct lt_keyed_state *state, uint32_t variable, uint64_t order)
{
    struct lt_keyed_entry last, moved;
    uint64_t count;
    uint32_t form;
    if (!get_count(state, variable, &count, &form))
        return false;
    if (order >= count) {
        lt_stateful_fail_for_damage(state->stateful, "a map with more entries than it counts");
        return false;
    }
    struct lt_keyed_place place = order_place(variable, count - 1);
    if (order != count - 1) {
        if (!get_known(state, &place, &last))
            return false;
        struct lt_keyed_place moves = entry_place(variable, (uint64_t)last.number);
        if (!get_known(state, &moves, &moved))
            return false;
        moved.number = (int64_t)order;
        if (!lt_keyed_put(state, &moves, &moved) ||
            !put_order(state, variable, order, moves.number, form))
            return false;
    }
    (void)lt_keyed_remove(state, &place);
    return put_count(state, variable, count - 1, form);
}

bool lt_map_remove_at(struct lt_keyed_state *state, uint32_t variable, uint64_t number)
{
    struct lt_keyed_place place = entry_place(variable, number);
    struct lt_keyed_entry entry;
    if (!get_known(state, &place, &entry))
        return false;
    uint64_t order = (uint64_t)entry.number;
    return close_probes(state, variable, number) && close_order(state, variable, order);
}

bool lt_map_remove(struct lt_variable *variable, bool *was)
{
    struct lt_keyed_entry entry;
    uint64_t number;
    bool has;
    *was = false;
    if (!find(variable, take_key(variable), &has, &number, &entry))
        return false;
    if (!has)
        return true;
    *was = !lt_keyed_has_expired(variable->state, &entry);
    return lt_map_remove_at(variable->state, variable->id, number);
}

/* ------------------------------------------------------------------------------------ all of it */

/* From the last to the first: what is removed on the way lets one come into its place that was
 * given before. */
bool lt_map_next(struct lt_variable *variable, uint64_t *at, const struct lt_row **key,
                 const struct lt_row **row)
{
    struct lt_keyed_state *state = variable->state;
    struct lt_keyed_entry order, entry;
    uint64_t count;
    uint32_t form;
    *key = *row = NULL;
    if (!get_count(state, variable->id, &count, &form))
        return false;
    if (*at == 0 || *at > count + 1) /* places that are left to look at, + 1 */
        *at = count + 1;
    while (*at > 1) {
        struct lt_keyed_place place = order_place(variable->id, --*at - 1);
        if (!get_known(state, &place, &order))
            return false;
        place = entry_place(variable->id, (uint64_t)order.number);
        if (!get_known(state, &place, &entry))
            return false;
        if (lt_keyed_has_expired(state, &entry))
            continue;
        return lt_keyed_check_form(variable, &entry) &&
               lt_keyed_give(variable, &variable->given_key, variable->spec.key, &entry.key,
                             key) &&
               lt_keyed_give(variable, &variable->given, variable->spec.value, &entry.value, row);
    }
    return true;
}

bool lt_map_clear(struct lt_variable *variable)
{
    struct lt_keyed_state *state = variable->state;
    struct lt_keyed_entry order;
    uint64_t count;
    uint32_t form;
    if (!get_count(state, variable->id, &count, &form))
        return false;
    for (uint64_t i = 0; i < count; i++) {
        struct lt_keyed_place place = order_place(variable->id, i);
        if (!get_known(state, &place, &order))
            return false;
        (void)lt_keyed_remove(state, &place);
        place = entry_place(variable->id, (uint64_t)order.number);
        (void)lt_keyed_remove(state, &place);
    }
    return put_count(state, variable->id, 0, form);
}
