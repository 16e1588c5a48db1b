/*
 * Life, declarations and entries; and the variables that hold one value. Lists, maps and timers
 * have files of their own.
 */
#include "ops/stateful/keyed_state.h"

#include <string.h>
#include <xxhash.h>

#include "ops/stateful/keyed_entry.h"

enum { FORM, EXPIRES_AT, FIRST, NUMBER, KEY, VALUE, ENTRY_COLUMNS };

/* ----------------------------------------------------------------------------------------- rows */

static int open_row(struct lt_variable_row *row, const struct lt_type *schema,
                    struct lt_error *error)
{
    int code = lt_stateful_open_reader(schema, &row->pool, error);
    if (code == LT_OK)
        lt_variable_row_reset(row);
    return code;
}

static void close_row(struct lt_variable_row *row)
{
    lt_stateful_close_reader(row->pool, row->row);
    *row = (struct lt_variable_row){0};
}

void lt_variable_row_reset(struct lt_variable_row *row)
{
    if (row->row != NULL)
        lt_row_release(row->row); /* so that its scratch is empty again */
    row->row = lt_row_claim(row->pool);
    lt_assert(row->row != NULL);
    for (uint32_t i = 0; i < row->row->column_count; i++)
        lt_row_set_null(row->row, i);
}

struct lt_row *lt_variable_fresh(struct lt_variable *variable)
{
    return variable->fresh.row;
}

struct lt_row *lt_variable_fresh_key(struct lt_variable *variable)
{
    return variable->fresh_key.row;
}

/* ----------------------------------------------------------------------------------------- life */

void lt_keyed_init(struct lt_keyed_state *state, struct lt_stateful *stateful,
                   enum lt_time_mode time_mode, const struct lt_type *key_schema)
{
    const struct lt_field fields[ENTRY_COLUMNS] = {
        [FORM] = {.name = "form", .type = lt_type_simple(LT_TYPE_BIGINT)},
        [EXPIRES_AT] = {.name = "expiresAt",
                        .type = lt_type_simple(LT_TYPE_TIMESTAMP),
                        .nullable = true},
        [FIRST] = {.name = "first", .type = lt_type_simple(LT_TYPE_BIGINT), .nullable = true},
        [NUMBER] = {.name = "number", .type = lt_type_simple(LT_TYPE_BIGINT), .nullable = true},
        [KEY] = {.name = "key", .type = lt_type_simple(LT_TYPE_BINARY), .nullable = true},
        [VALUE] = {.name = "value", .type = lt_type_simple(LT_TYPE_BINARY), .nullable = true}};
    *state = (struct lt_keyed_state){.stateful = stateful,
                                     .time_mode = time_mode,
                                     .key_schema = key_schema,
                                     .entry_schema = lt_type_struct(stateful->arena, fields,
                                                                    ENTRY_COLUMNS)};
    struct lt_text_buffer *const buffers[] = {&state->key,         &state->place,
                                              &state->map_key,     &state->value_bytes,
                                              &state->entry_bytes, &state->list_bytes,
                                              &state->final};
    for (size_t i = 0; i < sizeof buffers / sizeof buffers[0]; i++)
        lt_text_init(buffers[i]);
}

int lt_keyed_open(struct lt_keyed_state *state, const struct lt_operator_env *env,
                  struct lt_error *error)
{
    const struct lt_operator_store variables = {.name = "state",
                                                .key = state->key_schema,
                                                .value = state->entry_schema,
                                                .key_suffix_bytes = LT_KEYED_PLACE_BYTES};
    const struct lt_operator_store timers = {.name = "timers",
                                             .key = state->key_schema,
                                             .value = state->entry_schema,
                                             .key_suffix_bytes = LT_KEYED_TIMER_BYTES};
    int code = open_row(&state->entry, state->entry_schema, error);
    if (code == LT_OK)
        code = lt_stateful_open_store(state->stateful, env, &variables, &state->store, error);
    if (code == LT_OK && state->time_mode != LT_TIME_NONE)
        code = lt_stateful_open_store(state->stateful, env, &timers, &state->timers, error);
    return code;
}

void lt_keyed_fini(struct lt_keyed_state *state)
{
    for (struct lt_variable *each = state->variables; each != NULL; each = each->next) {
        close_row(&each->fresh);
        close_row(&each->fresh_key);
        close_row(&each->given);
        close_row(&each->given_key);
    }
    close_row(&state->entry);
    lt_text_fini(&state->key);
    lt_text_fini(&state->place);
    lt_text_fini(&state->map_key);
    lt_text_fini(&state->value_bytes);
    lt_text_fini(&state->entry_bytes);
    lt_text_fini(&state->list_bytes);
    lt_text_fini(&state->final);
}

void lt_keyed_begin(struct lt_keyed_state *state)
{
    const struct lt_stateful *stateful = state->stateful;
    state->phase = LT_KEYED_INITIALIZED;
    state->now_us = stateful->batch->timestamp_us;
    state->due_us =
        state->time_mode == LT_TIME_EVENT ? stateful->eviction_us : stateful->batch->timestamp_us;
    lt_text_clear(&state->final);
    state->final_offset = 0;
}

void lt_keyed_set_key(struct lt_keyed_state *state, struct lt_state_bytes key)
{
    lt_text_clear(&state->key);
    lt_text_append_n(&state->key, key.data, key.size_bytes);
}

/* -------------------------------------------------------------------------------- declarations */

static const char *mode_name(enum lt_time_mode mode)
{
    static const char *const names[] = {[LT_TIME_NONE] = "NoTime",
                                        [LT_TIME_PROCESSING] = "ProcessingTime",
                                        [LT_TIME_EVENT] = "EventTime"};
    return names[mode];
}

static const char *phase_name(enum lt_keyed_phase phase)
{
    static const char *const names[] = {[LT_KEYED_CREATED] = "CREATED",
                                        [LT_KEYED_INITIALIZED] = "INITIALIZED",
                                        [LT_KEYED_TIMERS] = "DATA_PROCESSED",
                                        [LT_KEYED_CLOSED] = "CLOSED"};
    return names[phase];
}

static int refuse_phase(const struct lt_keyed_state *state, const char *operation,
                        struct lt_error *error)
{
    int code = lt_error_set(error, LT_E_STATE,
                            "Failed to perform stateful processor operation=%s with invalid handle "
                            "state=%s.",
                            operation, phase_name(state->phase));
    (void)lt_error_condition(
        error, "STATEFUL_PROCESSOR_CANNOT_PERFORM_OPERATION_WITH_INVALID_HANDLE_STATE", "42802");
    return code;
}

int lt_keyed_check_data(const struct lt_keyed_state *state, const char *operation,
                        struct lt_error *error)
{
    bool has_key = state->phase == LT_KEYED_INITIALIZED || state->phase == LT_KEYED_TIMERS;
    return has_key ? LT_OK : refuse_phase(state, operation, error);
}

int lt_keyed_check_timers(const struct lt_keyed_state *state, const char *operation,
                          struct lt_error *error)
{
    if (state->time_mode != LT_TIME_NONE)
        return lt_keyed_check_data(state, operation, error);
    int code = lt_error_set(error, LT_E_STATE,
                            "Failed to perform stateful processor operation=%s with invalid "
                            "timeMode=%s",
                            operation, mode_name(state->time_mode));
    (void)lt_error_condition(
        error, "STATEFUL_PROCESSOR_CANNOT_PERFORM_OPERATION_WITH_INVALID_TIME_MODE", "42802");
    return code;
}

static int check_ttl(const struct lt_keyed_state *state, const struct lt_variable_spec *spec,
                     const char *operation, struct lt_error *error)
{
    int code = LT_OK;
    if (spec->ttl_us < 0) {
        code = lt_error_set(error, LT_E_INVALID,
                            "TTL duration must be greater than zero for State store operation=%s "
                            "on state=%s.",
                            operation, spec->name);
        (void)lt_error_condition(error, "STATEFUL_PROCESSOR_TTL_DURATION_MUST_BE_POSITIVE",
                                 "42802");
    } else if (spec->ttl_us > 0 && state->time_mode != LT_TIME_PROCESSING) {
        code = lt_error_set(error, LT_E_INVALID,
                            "Cannot use TTL for state=%s in timeMode=%s, use "
                            "TimeMode.ProcessingTime() instead.",
                            spec->name, mode_name(state->time_mode));
        (void)lt_error_condition(error, "STATEFUL_PROCESSOR_INCORRECT_TIME_MODE_TO_ASSIGN_TTL",
                                 "42802");
    }
    return code;
}

static uint32_t id_of(const char *name)
{
    return XXH32(name, strlen(name), 0);
}

static int check_name(const struct lt_keyed_state *state, const char *name, struct lt_error *error)
{
    for (const struct lt_variable *each = state->variables; each != NULL; each = each->next) {
        if (strcmp(each->spec.name, name) == 0) {
            (void)lt_error_set(error, LT_E_EXISTS,
                               "State variable with name %s has already been defined in the "
                               "StatefulProcessor.",
                               name);
            return lt_error_condition(error, "STATEFUL_PROCESSOR_DUPLICATE_STATE_VARIABLE_DEFINED",
                                      "42802");
        }
        if (each->id == id_of(name))
            return lt_error_set(error, LT_E_INVALID,
                                "the names of the state variables \"%s\" and \"%s\" have one hash; "
                                "hint: give one of them another name",
                                each->spec.name, name);
    }
    return LT_OK;
}

/* What its entries look like: kind and types. */
static uint32_t form_of(const struct lt_variable_spec *spec, struct lt_arena *arena)
{
    const char *text = lt_arena_format(
        arena, "%d %s %s", (int)spec->kind,
        spec->key == NULL ? "" : lt_type_simple_string(arena, spec->key),
        lt_type_simple_string(arena, spec->value));
    return XXH32(text, strlen(text), 0);
}

static int check_map_key(const struct lt_variable_spec *spec, struct lt_error *error)
{
    const struct lt_type *key = spec->key;
    if (key == NULL)
        return LT_OK;
    if (key->field_count == 0 || key->field_count > LT_VARIABLE_KEY_COLUMNS)
        return lt_error_set(error, LT_E_LIMIT, "the key of a map has %u columns; hint: 1 to %d",
                            key->field_count, LT_VARIABLE_KEY_COLUMNS);
    for (uint32_t i = 0; i < key->field_count; i++)
        if (!lt_type_is_key(key->fields[i].type))
            return lt_error_set(error, LT_E_INVALID,
                                "column \"%s\" of the key is of a type whose values cannot be "
                                "compared",
                                key->fields[i].name);
    return LT_OK;
}

static int open_rows(struct lt_variable *variable, struct lt_error *error)
{
    int code = open_row(&variable->fresh, variable->spec.value, error);
    if (code == LT_OK)
        code = open_row(&variable->given, variable->spec.value, error);
    if (code == LT_OK && variable->spec.key != NULL)
        code = open_row(&variable->fresh_key, variable->spec.key, error);
    if (code == LT_OK && variable->spec.key != NULL)
        code = open_row(&variable->given_key, variable->spec.key, error);
    return code;
}

int lt_keyed_declare(struct lt_keyed_state *state, const struct lt_variable_spec *spec,
                     struct lt_variable **out, struct lt_error *error)
{
    static const char *const operations[] = {[LT_VARIABLE_VALUE] = "get_value_state",
                                             [LT_VARIABLE_LIST] = "get_list_state",
                                             [LT_VARIABLE_MAP] = "get_map_state"};
    const char *operation = operations[spec->kind];
    if (state->phase != LT_KEYED_CREATED)
        return refuse_phase(state, operation, error);
    int code = check_name(state, spec->name, error);
    if (code == LT_OK)
        code = check_ttl(state, spec, operation, error);
    if (code == LT_OK)
        code = check_map_key(spec, error);
    if (code != LT_OK)
        return lt_error_append(error, "state variable \"%s\"", spec->name);
    struct lt_arena *arena = state->stateful->arena;
    struct lt_variable *variable = lt_arena_alloc(arena, sizeof *variable);
    *variable = (struct lt_variable){.state = state,
                                     .next = state->variables,
                                     .spec = *spec,
                                     .id = id_of(spec->name),
                                     .form = form_of(spec, arena)};
    state->variables = variable; /* whose rows are closed with it */
    *out = variable;
    return open_rows(variable, error);
}

int lt_keyed_drop(struct lt_keyed_state *state, const char *name, struct lt_error *error)
{
    struct lt_state_cursor cursor = {.store = state->store, .order = LT_STATE_ANY_ORDER};
    struct lt_state_entry entry;
    struct lt_keyed_place place;
    if (state->phase != LT_KEYED_CREATED)
        return refuse_phase(state, "delete_if_exists", error);
    while (state->store->ops->next(&cursor, &entry)) {
        if (entry.key.size_bytes < sizeof place)
            return lt_error_set(error, LT_E_CORRUPT, "the state is damaged: a key is too short");
        memcpy(&place, (const char *)entry.key.data + entry.key.size_bytes - sizeof place,
               sizeof place);
        if (place.variable == id_of(name))
            (void)state->store->ops->remove(state->store, entry.key);
    }
    return LT_OK;
}

/* -------------------------------------------------------------------------------------- entries */

/* The whole key of a place of the key at hand. */
static struct lt_state_bytes key_of(struct lt_keyed_state *state,
                                    const struct lt_keyed_place *place)
{
    lt_text_clear(&state->place);
    lt_text_append_n(&state->place, state->key.data, state->key.size_bytes);
    lt_text_append_n(&state->place, place, sizeof *place);
    return lt_state_bytes_of(&state->place);
}

bool lt_keyed_read(struct lt_keyed_state *state, struct lt_state_bytes value,
                   struct lt_keyed_entry *entry)
{
    if (!lt_stateful_read(state->stateful, state->entry_schema, value, state->entry.pool,
                          &state->entry.row))
        return false;
    const struct lt_row *row = state->entry.row;
    const union lt_value *values = lt_row_values(row);
    if (lt_row_is_null(row, FORM)) {
        lt_stateful_fail_for_damage(state->stateful, "an entry without a form");
        return false;
    }
    *entry = (struct lt_keyed_entry){.form = (uint32_t)values[FORM].i64,
                                     .expires_us = LT_STATE_NEVER};
    if (!lt_row_is_null(row, EXPIRES_AT))
        entry->expires_us = values[EXPIRES_AT].i64;
    if (!lt_row_is_null(row, FIRST))
        entry->first = values[FIRST].i64;
    if (!lt_row_is_null(row, NUMBER))
        entry->number = values[NUMBER].i64;
    if (!lt_row_is_null(row, KEY))
        entry->key = values[KEY].bytes;
    if (!lt_row_is_null(row, VALUE))
        entry->value = values[VALUE].bytes;
    return true;
}

bool lt_keyed_get(struct lt_keyed_state *state, const struct lt_keyed_place *place, bool *has,
                  struct lt_keyed_entry *entry)
{
    struct lt_state_bytes value;
    *has = state->store->ops->get(state->store, key_of(state, place), &value);
    return !*has || lt_keyed_read(state, value, entry);
}

static void set_bytes(struct lt_row *row, uint32_t column, const struct lt_bytes *bytes)
{
    lt_row_values(row)[column].bytes = *bytes;
    if (bytes->data == NULL)
        lt_row_set_null(row, column);
}

static void set_number(struct lt_row *row, uint32_t column, int64_t number, int64_t null)
{
    lt_row_values(row)[column].i64 = number;
    if (number == null)
        lt_row_set_null(row, column);
}

bool lt_keyed_put_at(struct lt_keyed_state *state, struct lt_state_store *store,
                     struct lt_state_bytes key, const struct lt_keyed_entry *entry)
{
    const struct lt_keyed_entry own = *entry; /* which may be what was read through the row */
    struct lt_row *row = state->entry.row;
    lt_row_clear_nulls(row);
    lt_row_values(row)[FORM].i64 = own.form;
    set_number(row, EXPIRES_AT, own.expires_us, LT_STATE_NEVER);
    set_number(row, FIRST, own.first, 0);
    set_number(row, NUMBER, own.number, 0);
    set_bytes(row, KEY, &own.key);
    set_bytes(row, VALUE, &own.value);
    lt_text_clear(&state->entry_bytes);
    lt_row_bytes_write(state->entry_schema, row, &state->entry_bytes);
    return lt_stateful_put(state->stateful, store, key, &state->entry_bytes, own.expires_us);
}

bool lt_keyed_put(struct lt_keyed_state *state, const struct lt_keyed_place *place,
                  const struct lt_keyed_entry *entry)
{
    return lt_keyed_put_at(state, state->store, key_of(state, place), entry);
}

bool lt_keyed_remove(struct lt_keyed_state *state, const struct lt_keyed_place *place)
{
    return state->store->ops->remove(state->store, key_of(state, place));
}

bool lt_keyed_check_form(const struct lt_variable *variable, const struct lt_keyed_entry *entry)
{
    struct lt_error error;
    if (lt_likely(entry->form == variable->form))
        return true;
    (void)lt_error_set(&error, LT_E_CHECKPOINT,
                       "the state variable \"%s\" was of another kind or type when it was written; "
                       "hint: declare it as it was, drop it, or begin with another checkpoint",
                       variable->spec.name);
    (void)lt_error_condition(&error, "STATE_STORE_VALUE_SCHEMA_NOT_COMPATIBLE", "42K06");
    lt_stateful_fail(variable->state->stateful, &error);
    return false;
}

int64_t lt_keyed_expiry(const struct lt_variable *variable)
{
    int64_t expiry_us;
    if (variable->spec.ttl_us == 0 ||
        __builtin_add_overflow(variable->state->now_us, variable->spec.ttl_us, &expiry_us))
        return LT_STATE_NEVER;
    return expiry_us;
}

bool lt_keyed_give(const struct lt_variable *variable, struct lt_variable_row *given,
                   const struct lt_type *schema, const struct lt_bytes *bytes,
                   const struct lt_row **row)
{
    const struct lt_state_bytes form = {.data = bytes->data, .size_bytes = bytes->size_bytes};
    if (bytes->data == NULL) {
        lt_stateful_fail_for_damage(variable->state->stateful, "an entry without a value");
        return false;
    }
    lt_variable_row_reset(given);
    lt_row_clear_nulls(given->row);
    *row = given->row;
    return lt_stateful_read_copied(variable->state->stateful, schema, form, given->row, 0);
}

struct lt_bytes lt_keyed_take_fresh(struct lt_variable *variable)
{
    struct lt_text_buffer *bytes = &variable->state->value_bytes;
    lt_text_clear(bytes);
    lt_row_bytes_write(variable->spec.value, variable->fresh.row, bytes);
    lt_variable_row_reset(&variable->fresh);
    return (struct lt_bytes){.data = (const uint8_t *)bytes->data,
                             .size_bytes = (uint32_t)bytes->size_bytes};
}

/* --------------------------------------------------------------------------------------- values */

static struct lt_keyed_place value_place(const struct lt_variable *variable)
{
    return (struct lt_keyed_place){.variable = variable->id, .part = LT_KEYED_VALUE};
}

bool lt_variable_get(struct lt_variable *variable, const struct lt_row **row)
{
    struct lt_keyed_place place = value_place(variable);
    struct lt_keyed_entry entry;
    bool has;
    *row = NULL;
    if (!lt_keyed_get(variable->state, &place, &has, &entry))
        return false;
    if (!has || lt_keyed_has_expired(variable->state, &entry))
        return true;
    return lt_keyed_check_form(variable, &entry) &&
           lt_keyed_give(variable, &variable->given, variable->spec.value, &entry.value, row);
}

bool lt_variable_set(struct lt_variable *variable)
{
    struct lt_keyed_place place = value_place(variable);
    const struct lt_keyed_entry entry = {.form = variable->form,
                                         .expires_us = lt_keyed_expiry(variable),
                                         .value = lt_keyed_take_fresh(variable)};
    return lt_keyed_put(variable->state, &place, &entry);
}

bool lt_variable_clear(struct lt_variable *variable)
{
    struct lt_keyed_place place = value_place(variable);
    switch (variable->spec.kind) {
    case LT_VARIABLE_LIST:
        return lt_list_clear(variable);
    case LT_VARIABLE_MAP:
        return lt_map_clear(variable);
    case LT_VARIABLE_VALUE:
        break;
    }
    (void)lt_keyed_remove(variable->state, &place);
    return true;
}

bool lt_variable_exists(struct lt_variable *variable, bool *exists)
{
    const struct lt_row *row = NULL, *key;
    uint64_t at = 0;
    bool is_good = variable->spec.kind == LT_VARIABLE_VALUE  ? lt_variable_get(variable, &row)
                   : variable->spec.kind == LT_VARIABLE_LIST ? lt_list_next(variable, &at, &row)
                                                             : lt_map_next(variable, &at, &key,
                                                                           &row);
    *exists = is_good && row != NULL;
    return is_good;
}
