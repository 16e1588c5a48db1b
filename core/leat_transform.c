/*
 * transformWithState: the builder's step, and the program's processor behind the one of
 * ops/stateful/transform.h.
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/leat_objects.h"
#include "core/leat_out.h"
#include "core/leat_sql.h"
#include "core/leat_state.h"
#include "ops/sql/dedup.h"
#include "ops/sql/event_time.h"
#include "ops/stateful/transform.h"

enum {
    ROWS_IN_HAND = 64,          /* that a processor may have claimed and not committed */
    INITIAL_ROWS_MAX = 1 << 20, /* of an initial state: they are in memory until the first batch */
};
#define CONDITION "TRANSFORM_WITH_STATE_USER_FUNCTION_ERROR"

/* What leat_transform_with_state keeps of the program's struct, in the context's arena. */
struct definition {
    struct lt_processor processor;
    leat_processor calls;
    struct lt_initial initial; /* where there is one */
};

/* Of one instance. */
struct instance {
    const struct definition *definition;
    leat_state state;
    leat_out out;
    void *own; /* the program's */
    bool is_open;
};

/* ----------------------------------------------------------------------------------- the calls */

/* What the program's function has left behind: its status, or what it did wrong meanwhile. */
static int conclude(const struct instance *instance, int status, const char *function,
                    struct lt_error *error)
{
    const leat_state *state = &instance->state;
    char text[64];
    if (state->error.code != LT_OK) {
        if (error != NULL)
            *error = state->error;
        return lt_error_append(error, "processor \"%s\": %s", instance->definition->calls.name,
                               function);
    }
    if (status >= LEAT_OK)
        return LT_OK;
    snprintf(text, sizeof text, "it returned %d (%s)", status, leat_status_name(status));
    (void)lt_error_set(error, status,
                       "An error occurred in the user-defined function %s of the "
                       "StatefulProcessor. Reason: %s.",
                       function, state->reason[0] != '\0' ? state->reason : text);
    (void)lt_error_condition(error, CONDITION, "39000");
    return lt_error_append(error, "processor \"%s\"", instance->definition->calls.name);
}

static int instance_open(void *context, struct lt_keyed_state *keyed, void **own,
                         struct lt_error *error)
{
    const struct definition *definition = context;
    const leat_processor *calls = &definition->calls;
    struct instance *instance = lt_alloc(sizeof *instance);
    *own = instance;
    instance->definition = definition;
    instance->state.keyed = keyed;
    instance->state.arena = lt_arena_create();
    instance->own = calls->user;
    const struct lt_door_pool_options pool = {.schema = definition->processor.output,
                                              .capacity = ROWS_IN_HAND};
    int code = lt_door_out_init(&instance->out, &pool, calls->name, error);
    if (code != LT_OK)
        return code;
    int status =
        calls->init == NULL ? LEAT_OK : calls->init(calls->user, &instance->state, &instance->own);
    instance->is_open = status >= LEAT_OK;
    return conclude(instance, status, "init", error);
}

static int instance_call(void *own, const struct lt_transform_call *call, struct lt_error *error)
{
    struct instance *instance = own;
    const leat_processor *calls = &instance->definition->calls;
    const leat_row *key = (const leat_row *)(const void *)call->key;
    leat_rows *rows = (leat_rows *)(void *)call->rows;
    int status = LEAT_OK;
    instance->state.reason[0] = '\0';
    if (call->is_initial) {
        status = calls->handle_initial(instance->own, &instance->state, key, rows);
        return conclude(instance, status, "handleInitialState", error);
    }
    lt_door_out_begin(&instance->out, call->out, NULL);
    if (rows != NULL)
        status = calls->handle_rows(instance->own, &instance->state, key, rows, &instance->out);
    else if (calls->handle_timer != NULL)
        status = calls->handle_timer(instance->own, &instance->state, key, call->expiry_ms,
                                     &instance->out);
    lt_door_out_end(&instance->out, 0);
    return conclude(instance, status, rows != NULL ? "handleInputRows" : "handleExpiredTimer",
                    error);
}

static void instance_close(void *own)
{
    struct instance *instance = own;
    if (instance == NULL)
        return;
    if (instance->is_open && instance->definition->calls.close != NULL)
        instance->definition->calls.close(instance->own);
    lt_door_out_fini(&instance->out);
    lt_arena_destroy(instance->state.arena);
    free(instance);
}

const leat_row *leat_rows_next(leat_rows *rows)
{
    return (const leat_row *)(const void *)lt_transform_next_row(
        (struct lt_transform_rows *)(void *)rows);
}

/* --------------------------------------------------------------------------------- the builder */

static int check_mode(const leat_processor *calls, struct lt_error *error)
{
    if (calls->time_mode >= LEAT_TIME_NONE && calls->time_mode <= LEAT_TIME_EVENT)
        return LT_OK;
    (void)lt_error_set(error, LT_E_INVALID,
                       "Unknown time mode %d. Accepted timeMode modes are 'none', "
                       "'processingTime', 'eventTime'",
                       (int)calls->time_mode);
    return lt_error_condition(error, "STATEFUL_PROCESSOR_UNKNOWN_TIME_MODE", "42802");
}

static int make_definition(leat_context *context, const leat_processor *processor,
                           struct definition **out, struct lt_error *error)
{
    struct definition *definition = lt_arena_alloc(context->arena, sizeof *definition);
    leat_processor *calls = &definition->calls;
    int code = lt_door_copy_struct("leat_processor", processor, calls, sizeof *calls,
                                   offsetof(leat_processor, close), error);
    if (code != LT_OK)
        return code;
    calls->name = lt_arena_text(context->arena, calls->name != NULL ? calls->name : "processor");
    if (calls->handle_rows == NULL)
        return lt_error_set(error, LT_E_INVALID, "processor \"%s\" has no handle_rows function",
                            calls->name);
    code = check_mode(calls, error);
    if (code == LT_OK && calls->output_schema == NULL)
        code = lt_error_set(error, LT_E_INVALID, "processor \"%s\" has no output schema",
                            calls->name);
    if (code != LT_OK)
        return code;
    definition->processor = (struct lt_processor){.name = calls->name,
                                                  .context = definition,
                                                  .open = instance_open,
                                                  .call = instance_call,
                                                  .close = instance_close};
    *out = definition;
    code = lt_type_parse_ddl(calls->output_schema, context->arena, &definition->processor.output,
                             error);
    return code == LT_OK
               ? LT_OK
               : lt_error_append(error, "processor \"%s\": its output schema", calls->name);
}

static enum lt_time_mode time_mode_of(const leat_processor *calls)
{
    static const enum lt_time_mode modes[] = {[LEAT_TIME_NONE] = LT_TIME_NONE,
                                              [LEAT_TIME_PROCESSING] = LT_TIME_PROCESSING,
                                              [LEAT_TIME_EVENT] = LT_TIME_EVENT};
    return modes[calls->time_mode];
}

/* By event time rows can be late, and timers go by the watermark. */
static int find_event_time(const struct lt_plan_node *input, const char *name,
                           struct lt_plan_stateful *stateful, struct lt_arena *arena,
                           struct lt_error *error)
{
    stateful->left.event_time.column = -1;
    if (stateful->time_mode != LT_TIME_EVENT)
        return LT_OK;
    int code = lt_sql_find_event_time(input, arena, &stateful->left.event_time,
                                      &stateful->delay_us, error);
    if (code == LT_OK && stateful->left.event_time.column < 0)
        code = lt_error_set(error, LT_E_ANALYSIS,
                            "processor \"%s\" goes by event time, and its input has none; hint: "
                            "leat_with_watermark before it",
                            name);
    return code;
}

static int make_node(const leat_stream *stream, const char *keys,
                     const struct definition *definition, struct lt_plan_node **out,
                     struct lt_error *error)
{
    struct lt_arena *arena = stream->context->arena;
    struct lt_plan_node *input;
    int code = lt_door_analysed(stream, arena, &input, error);
    if (code != LT_OK)
        return code;
    struct lt_plan_node *node = lt_plan_node_create(arena, LT_PLAN_TRANSFORM, 1);
    struct lt_plan_stateful *stateful = lt_arena_alloc(arena, sizeof *stateful);
    stateful->session_gap = -1;
    stateful->time_mode = time_mode_of(&definition->calls);
    code = lt_sql_find_keys(input->schema, keys, arena, &stateful->left, error);
    if (code == LT_OK)
        code = find_event_time(input, definition->calls.name, stateful, arena, error);
    node->inputs[0] = input;
    node->name = definition->calls.name;
    node->stateful = stateful;
    node->processor = &definition->processor;
    node->schema = definition->processor.output;
    *out = node;
    return code;
}

static const struct lt_sql_uses *add_use(const leat_stream *stream)
{
    struct lt_sql_uses *uses = lt_arena_alloc(stream->context->arena, sizeof *uses);
    uses->whole.text = "";
    if (stream->uses != NULL)
        *uses = *stream->uses;
    lt_sql_use(uses, "TransformWithState", "", 0, 0)->is_made = true;
    return uses;
}

/* ------------------------------------------------------------------------------- initial state */

static int check_initial(const leat_stream *stream, const struct definition *definition,
                         const leat_stream *initial, struct lt_error *error)
{
    const char *name = definition->calls.name;
    if (definition->calls.handle_initial == NULL)
        return lt_error_set(error, LT_E_INVALID,
                            "processor \"%s\" has no handle_initial function", name);
    if (initial->context != stream->context)
        return lt_error_set(error, LT_E_INVALID, "the streams belong to different contexts");
    if (initial->uses != NULL && initial->uses->is_static)
        return LT_OK;
    return lt_error_set(error, LT_E_UNSUPPORTED,
                        "processor \"%s\": a stream cannot be its initial state; hint: "
                        "leat_stream_sql over a table with static 'true'",
                        name);
}

/* Keys of both sides are compared by their bytes. */
static int check_keys(const struct lt_plan_node *node, const struct lt_initial *initial,
                      struct lt_error *error)
{
    const struct lt_plan_side *side = &node->stateful->left;
    const struct lt_field *fields = node->inputs[0]->schema->fields;
    bool are_equal = side->key_count == initial->key_count;
    for (uint32_t i = 0; i < side->key_count && are_equal; i++)
        are_equal = lt_type_equal(fields[side->keys[i]].type,
                                  initial->schema->fields[initial->keys[i]].type);
    if (are_equal)
        return LT_OK;
    return lt_error_set(error, LT_E_ANALYSIS,
                        "processor \"%s\": the keys of its initial state are not of the types of "
                        "its keys; hint: a CAST",
                        node->name);
}

static int read_initial(const leat_stream *initial, const char *keys, struct definition *definition,
                        const struct lt_plan_node *node, struct lt_error *error)
{
    leat_context *context = initial->context;
    struct lt_plan_node *table;
    struct lt_plan_side side = {0};
    int code = lt_door_analysed(initial, context->arena, &table, error);
    if (code == LT_OK)
        code = lt_sql_find_keys(table->schema, keys, context->arena, &side, error);
    if (code != LT_OK)
        return code;
    definition->initial = (struct lt_initial){
        .schema = table->schema, .keys = side.keys, .key_count = side.key_count};
    code = check_keys(node, &definition->initial, error);
    if (code == LT_OK)
        code = lt_door_sql_collect(lt_door_sql_of(context), table, INITIAL_ROWS_MAX, context->arena,
                                   &definition->initial.rows, error);
    if (code == LT_E_LIMIT)
        code = lt_error_set(error, LT_E_LIMIT, "it has more than %d rows", INITIAL_ROWS_MAX);
    definition->processor.initial = &definition->initial;
    return code == LT_OK ? LT_OK
                         : lt_error_append(error, "the initial state of processor \"%s\"",
                                           definition->calls.name);
}

/* --------------------------------------------------------------------------------- public calls */

static int make_both(const leat_stream *stream, const char *keys, const leat_processor *processor,
                     struct definition **definition, struct lt_plan_node **node,
                     struct lt_error *error)
{
    int code = keys == NULL ? lt_error_set(error, LT_E_INVALID, "transformWithState needs keys")
                            : make_definition(stream->context, processor, definition, error);
    return code == LT_OK ? make_node(stream, keys, *definition, node, error) : code;
}

static leat_stream *made_or_fail(const leat_stream *stream, struct lt_plan_node *node, int code,
                                 const struct lt_error *error)
{
    if (code != LT_OK)
        return lt_door_fail(stream->context, error);
    leat_stream *made = lt_door_stream(stream->context, node);
    made->uses = add_use(stream);
    return made;
}

leat_stream *leat_transform_with_state(leat_stream *stream, const char *keys,
                                       const leat_processor *processor)
{
    struct lt_error error;
    struct definition *definition = NULL;
    struct lt_plan_node *node = NULL;
    if (stream == NULL)
        return NULL;
    lt_error_clear(&error);
    int code = make_both(stream, keys, processor, &definition, &node, &error);
    return made_or_fail(stream, node, code, &error);
}

leat_stream *leat_transform_with_initial_state(leat_stream *stream, const char *keys,
                                               const leat_processor *processor,
                                               leat_stream *initial, const char *initial_keys)
{
    struct lt_error error;
    struct definition *definition = NULL;
    struct lt_plan_node *node = NULL;
    if (stream == NULL || initial == NULL)
        return NULL;
    lt_error_clear(&error);
    int code = initial_keys == NULL
                   ? lt_error_set(&error, LT_E_INVALID, "an initial state needs keys")
                   : make_both(stream, keys, processor, &definition, &node, &error);
    if (code == LT_OK)
        code = check_initial(stream, definition, initial, &error);
    if (code == LT_OK)
        code = read_initial(initial, initial_keys, definition, node, &error);
    return made_or_fail(stream, node, code, &error);
}
