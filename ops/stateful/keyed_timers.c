/*
 * Timers, and the removal of what has expired. Both are found by the store's order of times, in
 * rounds: the keys of some hundred entries are noted first, since the store may not change under a
 * cursor. What is noted is looked at again when its turn comes.
 *
 * A timer that is set while timers fire, for a time that has come already, fires in the next batch
 * that has a later time, and not in this one, which might never end.
 */
#include <string.h>

#include "ops/stateful/keyed_entry.h"

enum { ROUND_ENTRIES = 256, US_PER_MS = 1000 };
/* In place of a time: the list of the key's timers. */
#define LIST_TIME INT64_MIN

/* --------------------------------------------------------------------------------- the entries */

static struct lt_state_bytes timer_key(struct lt_keyed_state *state, int64_t expiry_ms)
{
    lt_text_clear(&state->place);
    lt_text_append_n(&state->place, state->key.data, state->key.size_bytes);
    lt_text_append_n(&state->place, &expiry_ms, sizeof expiry_ms);
    return lt_state_bytes_of(&state->place);
}

/* When the timer is looked for. */
static int64_t due_us(const struct lt_keyed_state *state, int64_t expiry_ms)
{
    int64_t us;
    if (__builtin_mul_overflow(expiry_ms, US_PER_MS, &us))
        us = expiry_ms < 0 ? INT64_MIN : LT_STATE_NEVER - 1;
    if (state->phase == LT_KEYED_TIMERS && us <= state->due_us)
        us = state->due_us + 1;
    return us;
}

/* The times of all of the key's timers, in list_bytes. */
static bool get_list(struct lt_keyed_state *state, uint32_t *count)
{
    struct lt_state_bytes value;
    struct lt_keyed_entry entry;
    *count = 0;
    lt_text_clear(&state->list_bytes);
    if (!state->timers->ops->get(state->timers, timer_key(state, LIST_TIME), &value))
        return true;
    if (!lt_keyed_read(state, value, &entry))
        return false;
    if (entry.value.size_bytes == 0 || entry.value.size_bytes % sizeof(int64_t) != 0) {
        lt_stateful_fail_for_damage(state->stateful, "a list of timers with half a time");
        return false;
    }
    lt_text_append_n(&state->list_bytes, entry.value.data, entry.value.size_bytes);
    *count = entry.value.size_bytes / (uint32_t)sizeof(int64_t);
    return true;
}

static int64_t time_at(const struct lt_keyed_state *state, uint32_t index)
{
    int64_t time_ms;
    memcpy(&time_ms, state->list_bytes.data + index * sizeof time_ms, sizeof time_ms);
    return time_ms;
}

/* The first that is not before it. */
static uint32_t find_time(const struct lt_keyed_state *state, uint32_t count, int64_t expiry_ms)
{
    uint32_t low = 0, high = count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (time_at(state, middle) < expiry_ms)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool put_list(struct lt_keyed_state *state)
{
    const struct lt_keyed_entry entry = {
        .expires_us = LT_STATE_NEVER,
        .value = {.data = (const uint8_t *)state->list_bytes.data,
                  .size_bytes = (uint32_t)state->list_bytes.size_bytes}};
    if (entry.value.size_bytes != 0)
        return lt_keyed_put_at(state, state->timers, timer_key(state, LIST_TIME), &entry);
    (void)state->timers->ops->remove(state->timers, timer_key(state, LIST_TIME));
    return true;
}

/* --------------------------------------------------------------------------------------- timers */

bool lt_timer_add(struct lt_keyed_state *state, int64_t expiry_ms)
{
    uint32_t count;
    if (!get_list(state, &count))
        return false;
    uint32_t at = find_time(state, count, expiry_ms);
    if (at < count && time_at(state, at) == expiry_ms)
        return true;
    size_t before = at * sizeof expiry_ms, behind = (count - at) * sizeof expiry_ms;
    lt_text_append_n(&state->list_bytes, &expiry_ms, sizeof expiry_ms);
    memmove(state->list_bytes.data + before + sizeof expiry_ms, state->list_bytes.data + before,
            behind);
    memcpy(state->list_bytes.data + before, &expiry_ms, sizeof expiry_ms);
    const struct lt_keyed_entry timer = {.expires_us = due_us(state, expiry_ms)};
    return put_list(state) &&
           lt_keyed_put_at(state, state->timers, timer_key(state, expiry_ms), &timer);
}

bool lt_timer_remove(struct lt_keyed_state *state, int64_t expiry_ms)
{
    uint32_t count;
    if (!get_list(state, &count))
        return false;
    uint32_t at = find_time(state, count, expiry_ms);
    if (at == count || time_at(state, at) != expiry_ms)
        return true;
    char *place = state->list_bytes.data + at * sizeof expiry_ms;
    memmove(place, place + sizeof expiry_ms, (count - at - 1) * sizeof expiry_ms);
    state->list_bytes.size_bytes -= sizeof expiry_ms;
    (void)state->timers->ops->remove(state->timers, timer_key(state, expiry_ms));
    return put_list(state);
}

bool lt_timer_next(struct lt_keyed_state *state, uint32_t *at, bool *has, int64_t *expiry_ms)
{
    uint32_t count;
    *has = false;
    if (!get_list(state, &count))
        return false;
    *has = *at < count;
    if (*has)
        *expiry_ms = time_at(state, (*at)++);
    return true;
}

/* --------------------------------------------------------------------------------------- rounds */

/* False: nothing is final. */
static bool note_final(struct lt_keyed_state *state, struct lt_state_store *store, int64_t bound)
{
    struct lt_state_cursor cursor = {
        .store = store, .order = LT_STATE_FINAL_UP_TO, .bound = bound};
    struct lt_state_entry entry;
    lt_text_clear(&state->final);
    state->final_offset = 0;
    for (uint32_t i = 0; i < ROUND_ENTRIES && store->ops->next(&cursor, &entry); i++) {
        lt_text_append_n(&state->final, &entry.key.size_bytes, sizeof entry.key.size_bytes);
        lt_text_append_n(&state->final, entry.key.data, entry.key.size_bytes);
    }
    return state->final.size_bytes != 0;
}

/* The next noted key; false: a round has to begin. */
static bool take_noted(struct lt_keyed_state *state, struct lt_state_bytes *key)
{
    if (state->final_offset >= state->final.size_bytes)
        return false;
    const char *at = state->final.data + state->final_offset;
    memcpy(&key->size_bytes, at, sizeof key->size_bytes);
    key->data = at + sizeof key->size_bytes;
    state->final_offset += sizeof key->size_bytes + key->size_bytes;
    return true;
}

/* The end of the key, and the grouping key at hand from what is before it. */
static bool split_key(struct lt_keyed_state *state, struct lt_state_bytes key, void *end,
                      size_t end_bytes)
{
    if (key.size_bytes < end_bytes) {
        lt_stateful_fail_for_damage(state->stateful, "a key that is too short");
        return false;
    }
    memcpy(end, (const char *)key.data + key.size_bytes - end_bytes, end_bytes);
    key.size_bytes -= end_bytes;
    lt_keyed_set_key(state, key);
    return true;
}

bool lt_keyed_next_due(struct lt_keyed_state *state, bool *has, int64_t *expiry_ms)
{
    struct lt_state_store *timers = state->timers;
    struct lt_state_bytes key, value;
    struct lt_keyed_entry timer;
    *has = false;
    while (timers != NULL) {
        if (!take_noted(state, &key)) {
            if (!note_final(state, timers, state->due_us))
                return true;
            continue;
        }
        if (!timers->ops->get(timers, key, &value)) /* deleted since */
            continue;
        if (!lt_keyed_read(state, value, &timer))
            return false;
        if (timer.expires_us > state->due_us) /* set again since */
            continue;
        *has = true;
        return split_key(state, key, expiry_ms, sizeof *expiry_ms);
    }
    return true;
}

int64_t lt_keyed_first_due_us(const struct lt_keyed_state *state)
{
    struct lt_state_cursor cursor = {.store = state->timers,
                                     .order = LT_STATE_FINAL_UP_TO,
                                     .bound = LT_STATE_NEVER - 1};
    struct lt_state_entry entry;
    return state->timers != NULL && state->timers->ops->next(&cursor, &entry) ? entry.final_at
                                                                              : LT_STATE_NEVER;
}

/* ------------------------------------------------------------------------------------- expiries */

static bool remove_expired(struct lt_keyed_state *state, struct lt_state_bytes key)
{
    struct lt_keyed_place place;
    struct lt_keyed_entry entry;
    bool has;
    if (!split_key(state, key, &place, sizeof place) || !lt_keyed_get(state, &place, &has, &entry))
        return false;
    if (!has || !lt_keyed_has_expired(state, &entry)) /* it was moved: the next round has it */
        return true;
    if (place.part == LT_KEYED_ELEMENT)
        return lt_list_remove_expired(state, &place);
    if (place.part == LT_KEYED_ENTRY)
        return lt_map_remove_at(state, place.variable, place.number);
    (void)lt_keyed_remove(state, &place);
    return true;
}

bool lt_keyed_remove_expired(struct lt_keyed_state *state, uint32_t limit, bool *more)
{
    struct lt_state_bytes key;
    *more = false;
    if (state->time_mode != LT_TIME_PROCESSING) /* nothing has a time to live */
        return true;
    for (uint32_t i = 0; i < limit; i++) {
        if (!take_noted(state, &key)) {
            if (!note_final(state, state->store, state->now_us))
                return true;
            continue;
        }
        if (!remove_expired(state, key))
            return false;
    }
    *more = true;
    return true;
}
