/*
 * mapGroupsWithState and flatMapGroupsWithState: one function, one state and one timeout for each
 * key. A layer over leat_transform_with_state: the state is a value, the timeout a timer.
 *
 * A timeout is a moment, and it is over when the batch's time, or the watermark, is behind it: one
 * millisecond later than a timer for it would be due. A call that sets none leaves none.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "core/leat_objects.h"
#include "core/leat_state.h"

/* What is kept of the program's struct, in the context's arena. */
struct definition {
    leat_groups calls;
};

/* Of one instance. */
struct leat_group {
    const struct definition *definition;
    leat_variable *value;
    /* of the call at hand */
    leat_state *state;
    bool has_timed_out;
};

static int groups_init(void *user, leat_state *state, void **own)
{
    struct leat_group *group = lt_alloc(sizeof *group);
    group->definition = user;
    *own = group;
    group->value =
        leat_state_value(state, "groupState", group->definition->calls.state_schema, 0);
    return LEAT_OK; /* what went wrong is kept */
}

/* The timeout that an earlier call has set is none of this one's. */
static void forget_timeout(leat_state *state)
{
    int64_t expiry_ms;
    uint32_t at = 0;
    if (leat_timer_next(state, &at, &expiry_ms))
        (void)!leat_timer_delete(state, expiry_ms);
}

static int call(struct leat_group *group, leat_state *state, const leat_row *key, leat_rows *rows,
                leat_out *out)
{
    const leat_groups *calls = &group->definition->calls;
    group->state = state;
    group->has_timed_out = rows == NULL;
    if (calls->timeout != LEAT_TIME_NONE)
        forget_timeout(state);
    return calls->function(calls->user, group, key, rows, out);
}

static int groups_rows(void *own, leat_state *state, const leat_row *key, leat_rows *rows,
                       leat_out *out)
{
    return call(own, state, key, rows, out);
}

static int groups_timer(void *own, leat_state *state, const leat_row *key, int64_t expiry_ms,
                        leat_out *out)
{
    (void)expiry_ms;
    return call(own, state, key, NULL, out);
}

static const struct definition *define(leat_context *context, const leat_groups *groups,
                                       struct lt_error *error)
{
    struct definition *definition = lt_arena_alloc(context->arena, sizeof *definition);
    leat_groups *calls = &definition->calls;
    int code = lt_door_copy_struct("leat_groups", groups, calls, sizeof *calls,
                                   offsetof(leat_groups, function), error);
    if (code == LT_OK && calls->function == NULL)
        code = lt_error_set(error, LT_E_INVALID, "mapGroupsWithState needs a function");
    if (code == LT_OK && calls->state_schema == NULL)
        code = lt_error_set(error, LT_E_INVALID, "mapGroupsWithState needs a schema of its state");
    if (code != LT_OK)
        return NULL;
    calls->state_schema = lt_arena_text(context->arena, calls->state_schema);
    return definition;
}

leat_stream *leat_map_groups_with_state(leat_stream *stream, const char *keys,
                                        const leat_groups *groups)
{
    struct lt_error error;
    if (stream == NULL)
        return NULL;
    const struct definition *definition = define(stream->context, groups, &error);
    if (definition == NULL)
        return lt_door_fail(stream->context, &error);
    const leat_processor processor = {
        .size = sizeof processor,
        .name = definition->calls.name != NULL ? definition->calls.name : "mapGroupsWithState",
        .output_schema = definition->calls.output_schema,
        .time_mode = definition->calls.timeout,
        .user = (void *)(uintptr_t)definition, /* is only read */
        .init = groups_init,
        .handle_rows = groups_rows,
        .handle_timer = groups_timer,
        .close = free,
    };
    return leat_transform_with_state(stream, keys, &processor);
}

/* ---------------------------------------------------------------------- what the function calls */

bool leat_group_has_timed_out(const leat_group *group)
{
    return group->has_timed_out;
}

const leat_row *leat_group_get(leat_group *group)
{
    return leat_value_get(group->value);
}

leat_row *leat_group_row(leat_group *group)
{
    return leat_variable_row(group->value);
}

int leat_group_update(leat_group *group)
{
    return leat_value_set(group->value);
}

int leat_group_remove(leat_group *group)
{
    return leat_variable_clear(group->value);
}

int64_t leat_group_now_ms(const leat_group *group)
{
    return leat_state_now_ms(group->state);
}

int64_t leat_group_watermark_ms(const leat_group *group)
{
    return leat_state_watermark_ms(group->state);
}

static int refuse(const leat_group *group, const char *text)
{
    struct lt_error error;
    (void)lt_error_set(&error, LT_E_STATE, "%s", text);
    return lt_door_state_fail(group->state, &error);
}

static int set_timeout(leat_group *group, int64_t moment_ms)
{
    forget_timeout(group->state);
    if (moment_ms == INT64_MAX)
        moment_ms--;
    return leat_timer_set(group->state, moment_ms + 1);
}

int leat_group_timeout_after(leat_group *group, int64_t duration_ms)
{
    int64_t moment_ms;
    if (group->definition->calls.timeout != LEAT_TIME_PROCESSING)
        return refuse(group, "Cannot set timeout duration without enabling processing time timeout "
                             "in [map|flatMap]GroupsWithState");
    if (duration_ms <= 0 ||
        __builtin_add_overflow(leat_state_now_ms(group->state), duration_ms, &moment_ms))
        return refuse(group, "Timeout duration must be positive");
    return set_timeout(group, moment_ms);
}

int leat_group_timeout_at(leat_group *group, int64_t moment_ms)
{
    struct lt_error error;
    int64_t watermark_ms = leat_state_watermark_ms(group->state);
    if (group->definition->calls.timeout != LEAT_TIME_EVENT)
        return refuse(group, "Cannot set timeout timestamp without enabling event time timeout in "
                             "[map|flatMap]GroupsWithState");
    if (moment_ms > watermark_ms)
        return set_timeout(group, moment_ms);
    (void)lt_error_set(&error, LT_E_INVALID,
                       "Timeout timestamp (%" PRId64 ") cannot be earlier than the current "
                       "watermark (%" PRId64 ")",
                       moment_ms, watermark_ms);
    return lt_door_state_fail(group->state, &error);
}

void leat_group_reason(leat_group *group, const char *text)
{
    leat_state_reason(group->state, text);
}
