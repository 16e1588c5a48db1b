/*
 * What a processor does with its state: variables are declared while it is made, and read and
 * written while it is called for a key.
 *
 * Misuse (a variable of another kind, a timer without a time) and failures of the store are kept,
 * and end the query when the call has returned: so a processor need not look at every status.
 */
#include "core/leat_state.h"

#include <stdio.h>

#include "core/base/units.h"

int lt_door_state_fail(leat_state *state, const struct lt_error *error)
{
    if (state->error.code == LT_OK)
        state->error = *error;
    return error->code;
}

/* Of a call of the keyed state that may have failed the operator. */
static int status_of(leat_state *state, bool is_good)
{
    return is_good ? LEAT_OK : lt_door_state_fail(state, state->keyed->stateful->base.failure);
}

/* -------------------------------------------------------------------------------- declarations */

static int parse_schema(leat_state *state, const char *what, const char *ddl,
                        const struct lt_type **out, struct lt_error *error)
{
    if (ddl == NULL)
        return lt_error_set(error, LT_E_INVALID, "it has no %s", what);
    int code = lt_type_parse_ddl(ddl, state->arena, out, error);
    return code == LT_OK ? LT_OK : lt_error_append(error, "its %s", what);
}

static int declare(leat_state *state, enum lt_variable_kind kind, const char *const *texts,
                   int64_t ttl_ms, leat_variable *out, struct lt_error *error)
{
    const char *name = texts[0];
    struct lt_variable_spec spec = {.kind = kind};
    if (name == NULL || *name == '\0')
        return lt_error_set(error, LT_E_INVALID, "a state variable needs a name");
    if (__builtin_mul_overflow(ttl_ms, LT_US_PER_MS, &spec.ttl_us))
        return lt_error_set(error, LT_E_LIMIT, "state variable \"%s\": a time to live of %lld ms",
                            name, (long long)ttl_ms);
    spec.name = lt_arena_text(state->arena, name);
    int code = kind == LT_VARIABLE_MAP
                   ? parse_schema(state, "key schema", texts[1], &spec.key, error)
                   : LT_OK;
    if (code == LT_OK)
        code = parse_schema(state, "schema", texts[2], &spec.value, error);
    if (code != LT_OK)
        return lt_error_append(error, "state variable \"%s\"", name);
    out->state = state;
    return lt_keyed_declare(state->keyed, &spec, &out->variable, error);
}

static leat_variable *declare_or_fail(leat_state *state, enum lt_variable_kind kind,
                                      const char *const *texts, int64_t ttl_ms)
{
    struct lt_error error;
    leat_variable *variable = lt_arena_alloc(state->arena, sizeof *variable);
    if (declare(state, kind, texts, ttl_ms, variable, &error) == LT_OK)
        return variable;
    (void)lt_door_state_fail(state, &error);
    return NULL;
}

leat_variable *leat_state_value(leat_state *state, const char *name, const char *schema,
                                int64_t ttl_ms)
{
    const char *const texts[] = {name, NULL, schema};
    return declare_or_fail(state, LT_VARIABLE_VALUE, texts, ttl_ms);
}

leat_variable *leat_state_list(leat_state *state, const char *name, const char *schema,
                               int64_t ttl_ms)
{
    const char *const texts[] = {name, NULL, schema};
    return declare_or_fail(state, LT_VARIABLE_LIST, texts, ttl_ms);
}

leat_variable *leat_state_map(leat_state *state, const char *name, const char *key_schema,
                              const char *schema, int64_t ttl_ms)
{
    const char *const texts[] = {name, key_schema, schema};
    return declare_or_fail(state, LT_VARIABLE_MAP, texts, ttl_ms);
}

int leat_state_drop(leat_state *state, const char *name)
{
    struct lt_error error;
    if (name == NULL)
        return LEAT_ERROR_INVALID;
    int code = lt_keyed_drop(state->keyed, name, &error);
    return code == LT_OK ? LEAT_OK : lt_door_state_fail(state, &error);
}

/* ---------------------------------------------------------------------------------------- rows */

static const char *kind_name(enum lt_variable_kind kind)
{
    static const char *const names[] = {[LT_VARIABLE_VALUE] = "value",
                                        [LT_VARIABLE_LIST] = "list",
                                        [LT_VARIABLE_MAP] = "map"};
    return names[kind];
}

/* Can the call be made: the variable was declared as the kind, and there is a key at hand? */
static int check(leat_variable *variable, enum lt_variable_kind kind, const char *operation)
{
    struct lt_error error;
    if (variable == NULL) /* its declaration has failed */
        return LEAT_ERROR_INVALID;
    leat_state *state = variable->state;
    const struct lt_variable_spec *spec = &variable->variable->spec;
    int code = lt_keyed_check_data(state->keyed, operation, &error);
    if (code == LT_OK && spec->kind != kind)
        code = lt_error_set(&error, LT_E_INVALID,
                            "state variable \"%s\" is a %s, and is used as a %s", spec->name,
                            kind_name(spec->kind), kind_name(kind));
    if (code == LT_OK && lt_stateful_has_failed(state->keyed->stateful))
        return state->keyed->stateful->base.failure->code;
    return code == LT_OK ? LEAT_OK : lt_door_state_fail(state, &error);
}

/* The same, of whatever kind it is. */
static int check_any(leat_variable *variable, const char *operation)
{
    return variable == NULL ? LEAT_ERROR_INVALID
                            : check(variable, variable->variable->spec.kind, operation);
}

leat_row *leat_variable_row(leat_variable *variable)
{
    return variable == NULL ? NULL
                            : (leat_row *)(void *)lt_variable_fresh(variable->variable);
}

leat_row *leat_variable_key(leat_variable *variable)
{
    return check(variable, LT_VARIABLE_MAP, "get_key") != LEAT_OK
               ? NULL
               : (leat_row *)(void *)lt_variable_fresh_key(variable->variable);
}

bool leat_variable_exists(leat_variable *variable)
{
    bool exists = false;
    return check_any(variable, "exists") == LEAT_OK &&
           status_of(variable->state, lt_variable_exists(variable->variable, &exists)) ==
               LEAT_OK &&
           exists;
}

int leat_variable_clear(leat_variable *variable)
{
    int status = check_any(variable, "clear");
    return status != LEAT_OK
               ? status
               : status_of(variable->state, lt_variable_clear(variable->variable));
}

const leat_row *leat_value_get(leat_variable *variable)
{
    const struct lt_row *row = NULL;
    if (check(variable, LT_VARIABLE_VALUE, "get") != LEAT_OK ||
        status_of(variable->state, lt_variable_get(variable->variable, &row)) != LEAT_OK)
        return NULL;
    return (const leat_row *)(const void *)row;
}

int leat_value_set(leat_variable *variable)
{
    int status = check(variable, LT_VARIABLE_VALUE, "update");
    return status != LEAT_OK ? status
                             : status_of(variable->state, lt_variable_set(variable->variable));
}

int leat_list_append(leat_variable *variable)
{
    int status = check(variable, LT_VARIABLE_LIST, "append");
    return status != LEAT_OK ? status
                             : status_of(variable->state, lt_list_append(variable->variable));
}

const leat_row *leat_list_next(leat_variable *variable, uint64_t *at)
{
    const struct lt_row *row = NULL;
    if (check(variable, LT_VARIABLE_LIST, "get") != LEAT_OK ||
        status_of(variable->state, lt_list_next(variable->variable, at, &row)) != LEAT_OK)
        return NULL;
    return (const leat_row *)(const void *)row;
}

const leat_row *leat_map_get(leat_variable *variable)
{
    const struct lt_row *row = NULL;
    if (check(variable, LT_VARIABLE_MAP, "get") != LEAT_OK ||
        status_of(variable->state, lt_map_get(variable->variable, &row)) != LEAT_OK)
        return NULL;
    return (const leat_row *)(const void *)row;
}

int leat_map_put(leat_variable *variable)
{
    int status = check(variable, LT_VARIABLE_MAP, "update");
    return status != LEAT_OK ? status
                             : status_of(variable->state, lt_map_put(variable->variable));
}

int leat_map_remove(leat_variable *variable)
{
    bool was;
    int status = check(variable, LT_VARIABLE_MAP, "remove");
    if (status == LEAT_OK)
        status = status_of(variable->state, lt_map_remove(variable->variable, &was));
    if (status != LEAT_OK)
        return status;
    return was ? LEAT_OK : LEAT_ERROR_NOT_FOUND;
}

const leat_row *leat_map_next(leat_variable *variable, uint64_t *at, const leat_row **key)
{
    const struct lt_row *row = NULL, *its_key = NULL;
    if (check(variable, LT_VARIABLE_MAP, "get") != LEAT_OK ||
        status_of(variable->state,
                  lt_map_next(variable->variable, at, &its_key, &row)) != LEAT_OK)
        return NULL;
    if (key != NULL)
        *key = (const leat_row *)(const void *)its_key;
    return (const leat_row *)(const void *)row;
}

/* ----------------------------------------------------------------------------- times and timers */

int64_t leat_state_now_ms(const leat_state *state)
{
    const struct lt_batch *batch = state->keyed->stateful->batch;
    return batch == NULL ? 0 : batch->timestamp_us / LT_US_PER_MS;
}

int64_t leat_state_watermark_ms(const leat_state *state)
{
    const struct lt_stateful *stateful = state->keyed->stateful;
    return stateful->batch == NULL ? 0 : stateful->eviction_us / LT_US_PER_MS;
}

uint64_t leat_state_batch_id(const leat_state *state)
{
    const struct lt_batch *batch = state->keyed->stateful->batch;
    return batch == NULL ? 0 : batch->id;
}

static int check_timers(leat_state *state, const char *operation)
{
    struct lt_error error;
    int code = lt_keyed_check_timers(state->keyed, operation, &error);
    if (code != LT_OK)
        return lt_door_state_fail(state, &error);
    return lt_stateful_has_failed(state->keyed->stateful) ? LEAT_ERROR_STATE : LEAT_OK;
}

int leat_timer_set(leat_state *state, int64_t expiry_ms)
{
    struct lt_error error;
    int status = check_timers(state, "register_timer");
    if (status == LEAT_OK && expiry_ms < 0) {
        (void)lt_error_set(&error, LT_E_INVALID, "a timer at %lld ms, before 1970",
                           (long long)expiry_ms);
        status = lt_door_state_fail(state, &error);
    }
    return status != LEAT_OK ? status : status_of(state, lt_timer_add(state->keyed, expiry_ms));
}

int leat_timer_delete(leat_state *state, int64_t expiry_ms)
{
    int status = check_timers(state, "delete_timer");
    return status != LEAT_OK ? status : status_of(state, lt_timer_remove(state->keyed, expiry_ms));
}

bool leat_timer_next(leat_state *state, uint32_t *at, int64_t *expiry_ms)
{
    bool has = false;
    return check_timers(state, "list_timers") == LEAT_OK &&
           status_of(state, lt_timer_next(state->keyed, at, &has, expiry_ms)) == LEAT_OK && has;
}

void leat_state_reason(leat_state *state, const char *text)
{
    snprintf(state->reason, sizeof state->reason, "%s", text != NULL ? text : "");
}
