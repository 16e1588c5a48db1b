/*
 * The life of a query as the public door shows it: built from streams and sinks, started once,
 * awaited, stopped, destroyed. All of it is core/run/query.h's; this file keeps the plan, the
 * options and the last error.
 */
#include "core/leat.h"

#include <stdlib.h>
#include <string.h>

#include "core/leat_objects.h"
#include "core/run/assembly.h"
#include "core/run/pipeline.h"
#include "io/catalog.h"
#include "ops/sql/refuse.h"

leat_query *leat_query_create(leat_context *context, leat_options *options)
{
    struct lt_options *set = NULL;
    struct lt_error error;
    int code = lt_door_take_options(options, &set, &error);
    if (context == NULL || code != 0) {
        lt_options_destroy(set);
        return context == NULL ? NULL : lt_door_fail(context, &error);
    }
    leat_query *query = lt_alloc(sizeof *query);
    query->context = context;
    query->arena = lt_arena_create();
    query->options = set;
    query->trigger = (struct lt_trigger){LT_TRIGGER_CONTINUOUS, LT_NS_PER_S};
    lt_error_clear(&query->error);
    lt_door_manager_add(query);
    return query;
}

void leat_query_destroy(leat_query *query)
{
    if (query == NULL)
        return;
    lt_door_manager_leave(query);
    lt_query_destroy(query->running);
    for (uint32_t i = 0; i < query->sink_count; i++)
        lt_options_destroy(query->sinks[i]->options);
    if (query->dead_letters != NULL)
        lt_options_destroy(query->dead_letters->options);
    lt_options_destroy(query->options);
    lt_arena_destroy(query->arena);
    free(query);
}

/* Keeps what went wrong for leat_query_error. */
static int fail(leat_query *query, const struct lt_error *error)
{
    query->error = *error;
    return error->code;
}

static int fail_state(leat_query *query, const char *text)
{
    struct lt_error error;
    lt_error_set(&error, LT_E_STATE, "%s", text);
    return fail(query, &error);
}

static int not_started(leat_query *query)
{
    return fail_state(query, "the query has not been started");
}

/* ---------------------------------------------------------------------------------------- sinks */

/* What keeps a sink from being added, with the builder's own error for a stream that failed. */
static int check_write(leat_query *query, const leat_stream *stream, struct lt_error *error)
{
    if (query->running != NULL)
        return lt_error_set(error, LT_E_STATE, "a sink cannot be added after the start");
    if (query->sink_count + 1 >= LT_LIMIT_SINKS)
        return lt_error_set(error, LT_E_LIMIT, "more than %d sinks in one query",
                            LT_LIMIT_SINKS - 1);
    if (stream == NULL && query->context->error.code != 0) {
        *error = query->context->error;
        return error->code;
    }
    if (stream == NULL)
        return lt_error_set(error, LT_E_INVALID, "a sink needs a stream, and was given NULL");
    if (stream->context != query->context)
        return lt_error_set(error, LT_E_INVALID, "the stream belongs to another context");
    return 0;
}

static int make_write(leat_query *query, const char *format, const struct lt_sink_type *type,
                      uint32_t input_count, struct lt_plan_node **out, struct lt_error *error)
{
    if (type == NULL && format == NULL)
        return lt_error_set(error, LT_E_INVALID, "a sink needs the name of its format");
    if (type == NULL)
        type = lt_catalog_sink(lt_io_catalog(), format, error);
    if (type == NULL)
        return error->code;
    *out = lt_plan_node_create(query->arena, LT_PLAN_WRITE, input_count);
    (*out)->format = type->name;
    (*out)->sink_type = type;
    return 0;
}

static bool has_one_writer(const char *format, const struct lt_sink_type *type)
{
    struct lt_error unknown; /* is told where the sink is made */
    if (type == NULL && format != NULL)
        type = lt_catalog_sink(lt_io_catalog(), format, &unknown);
    return type != NULL && type->has_one_writer;
}

/* A union that SQL has made, without state: each of its inputs is written, all to the same. To what
 * takes one writer micro-batches bring them together. */
static int write_union(leat_query *query, const leat_stream *stream, const char *format,
                       const struct lt_sink_type *type, struct lt_options *options)
{
    struct lt_error error;
    uint32_t count = stream->node->input_count;
    int code = LEAT_OK;
    if (has_one_writer(format, type)) {
        struct lt_plan_node *all = lt_plan_bring_together(stream->node, stream->context->arena);
        return lt_door_write(query, lt_door_over(stream, all), format, type, options);
    }
    if (query->sink_count + count >= LT_LIMIT_SINKS) {
        (void)lt_error_set(&error, LT_E_LIMIT,
                           "a union of %u sides: of streams, each side is written by itself, and a "
                           "query writes %d at most; hint: several INSERTs",
                           count, LT_LIMIT_SINKS - 1);
        code = fail(query, &error);
    }
    for (uint32_t i = 0; i < count && code == LEAT_OK; i++) {
        leat_stream *input = lt_door_over(stream, stream->node->inputs[i]);
        code = lt_door_write(query, input, format, type, lt_options_clone(options));
    }
    lt_options_destroy(options);
    return code;
}

int lt_door_write(leat_query *query, leat_stream *stream, const char *format,
                  const struct lt_sink_type *type, struct lt_options *options)
{
    struct lt_error error;
    if (stream != NULL && stream->node->kind == LT_PLAN_UNION &&
        lt_plan_find_batch(stream->node) == NULL)
        return write_union(query, stream, format, type, options);
    struct lt_plan_node *node = NULL;
    int code = check_write(query, stream, &error);
    if (code == 0)
        code = make_write(query, format, type, 1, &node, &error);
    if (code != 0) {
        lt_options_destroy(options);
        return fail(query, &error);
    }
    node->inputs[0] = stream->node;
    lt_door_put_time_zone(query->context, node->format, node->sink_type->options,
                          node->sink_type->option_count, options);
    node->options = options;
    query->uses[query->sink_count] = stream->uses;
    query->sinks[query->sink_count++] = node;
    return LEAT_OK;
}

int lt_door_write_dead_letters(leat_query *query, const char *format,
                               const struct lt_sink_type *type, struct lt_options *options)
{
    struct lt_error error;
    struct lt_plan_node *node = NULL;
    int code = 0;
    if (query->running != NULL)
        code = lt_error_set(&error, LT_E_STATE, "a sink cannot be added after the start");
    else if (query->dead_letters != NULL)
        code = lt_error_set(&error, LT_E_EXISTS, "the query has a dead-letter sink already");
    if (code == 0)
        code = make_write(query, format, type, 0, &node, &error);
    if (code != 0) {
        lt_options_destroy(options);
        return fail(query, &error);
    }
    lt_door_put_time_zone(query->context, node->format, node->sink_type->options,
                          node->sink_type->option_count, options);
    node->options = options;
    query->dead_letters = node;
    return LEAT_OK;
}

int leat_query_write(leat_query *query, leat_stream *stream, const char *format,
                     leat_options *options)
{
    struct lt_options *set;
    struct lt_error error;
    int code = lt_door_take_options(options, &set, &error);
    if (query == NULL) {
        lt_options_destroy(set);
        return LEAT_ERROR_INVALID;
    }
    return code != 0 ? fail(query, &error) : lt_door_write(query, stream, format, NULL, set);
}

int leat_query_dead_letters(leat_query *query, const char *format, leat_options *options)
{
    struct lt_options *set;
    struct lt_error error;
    int code = lt_door_take_options(options, &set, &error);
    if (query == NULL) {
        lt_options_destroy(set);
        return LEAT_ERROR_INVALID;
    }
    return code != 0 ? fail(query, &error) : lt_door_write_dead_letters(query, format, NULL, set);
}

/* -------------------------------------------------------------------------------------- trigger */

int leat_query_trigger_continuous(leat_query *query, int64_t interval_ns)
{
    if (query == NULL)
        return LEAT_ERROR_INVALID;
    if (query->running != NULL)
        return fail_state(query, "the trigger cannot be set after the start");
    if (interval_ns <= 0) {
        struct lt_error error;
        lt_error_set(&error, LT_E_INVALID, "an epoch of %lld ns; hint: give more than 0",
                     (long long)interval_ns);
        return fail(query, &error);
    }
    query->trigger = (struct lt_trigger){LT_TRIGGER_CONTINUOUS, interval_ns};
    query->has_trigger = true;
    return LEAT_OK;
}

int leat_query_trigger_processing_time(leat_query *query, int64_t interval_ns)
{
    if (query == NULL)
        return LEAT_ERROR_INVALID;
    if (query->running != NULL)
        return fail_state(query, "the trigger cannot be set after the start");
    if (interval_ns < 0) {
        struct lt_error error;
        lt_error_set(&error, LT_E_INVALID, "a batch each %lld ns; hint: give 0 or more",
                     (long long)interval_ns);
        return fail(query, &error);
    }
    query->trigger = (struct lt_trigger){LT_TRIGGER_PROCESSING_TIME, interval_ns};
    query->has_trigger = true;
    return LEAT_OK;
}

int leat_query_trigger_once(leat_query *query)
{
    if (query == NULL)
        return LEAT_ERROR_INVALID;
    if (query->running != NULL)
        return fail_state(query, "the trigger cannot be set after the start");
    query->trigger.kind = LT_TRIGGER_ONCE;
    query->has_trigger = true;
    return LEAT_OK;
}

int leat_query_output_mode(leat_query *query, const char *mode)
{
    struct lt_error error;
    if (query == NULL || mode == NULL)
        return LEAT_ERROR_INVALID;
    if (query->running != NULL)
        return fail_state(query, "the output mode cannot be set after the start");
    return lt_door_read_output_mode(mode, &query->output_mode, &error) == LT_OK
               ? LEAT_OK
               : fail(query, &error);
}

int leat_query_trigger_available_now(leat_query *query)
{
    if (query == NULL)
        return LEAT_ERROR_INVALID;
    if (query->running != NULL)
        return fail_state(query, "the trigger cannot be set after the start");
    /* The interval that was set, or the default, stays the epochs' interval until the end. */
    query->trigger.kind = LT_TRIGGER_AVAILABLE_NOW;
    query->has_trigger = true;
    return LEAT_OK;
}

/* ----------------------------------------------------------------------------------------- life */

/* What ends is run to its end; a trigger that goes on for ever wants a stream. */
static int check_streams(const leat_query *query, struct lt_error *error)
{
    enum lt_trigger_kind trigger = query->trigger.kind;
    bool ends = trigger == LT_TRIGGER_ONCE || trigger == LT_TRIGGER_AVAILABLE_NOW;
    bool has_stream = query->sink_count == 0;
    for (uint32_t i = 0; i < query->sink_count; i++)
        has_stream |= query->uses[i] == NULL || !query->uses[i]->is_static;
    if (!query->has_trigger || ends || has_stream)
        return LT_OK;
    (void)lt_error_set(
        error, LT_E_UNSUPPORTED,
        "Queries without streaming sources cannot be executed with writeStream.start(); hint: no "
        "trigger, or availableNow");
    return lt_error_condition(error, "_LEGACY_ERROR_TEMP_3102", "");
}

/* Spark's judgement of what each sink is written, in the output mode that was chosen. */
static int check_uses(const leat_query *query, struct lt_error *error)
{
    bool may_batch = !query->has_trigger || query->trigger.kind != LT_TRIGGER_CONTINUOUS;
    int code = check_streams(query, error);
    for (uint32_t i = 0; i < query->sink_count && code == LT_OK; i++) {
        struct lt_sql_uses *uses = lt_alloc(sizeof *uses);
        uses->whole.text = "";
        if (query->uses[i] != NULL)
            *uses = *query->uses[i];
        code = lt_sql_refuse(uses, query->output_mode, may_batch, error);
        free(uses);
    }
    return code;
}

int lt_door_spec(leat_query *query, struct lt_query_spec *out, struct lt_error *error)
{
    int code = check_uses(query, error);
    if (code != LT_OK)
        return code;
    query->clock = query->context->clock;
    *out = (struct lt_query_spec){
        .plan = lt_door_copy_plan(query),
        .arena = query->arena,
        .options = query->options,
        .catalog = lt_io_catalog(),
        .clock = &query->clock,
        .tell = lt_door_manager_tell,
        .tell_context = query,
    };
    return LT_OK;
}

static int start(leat_query *query, bool is_invoked)
{
    if (query == NULL)
        return LEAT_ERROR_INVALID;
    if (query->running != NULL)
        return fail_state(query, "the query has been started already; hint: make a new one");
    struct lt_error error;
    struct lt_query_spec spec;
    struct lt_query *running = NULL;
    int code = lt_door_manager_admit(query, &error);
    if (code != LT_OK)
        return fail(query, &error);
    code = lt_door_spec(query, &spec, &error);
    if (code == LT_OK) {
        spec.is_invoked = is_invoked;
        code = lt_query_start(&spec, &running, &error);
    }
    lt_door_manager_started(query, running);
    if (code == LT_OK)
        return LEAT_OK;
    lt_error_append(&error, "cannot start the query");
    return fail(query, &error);
}

int leat_start(leat_query *query)
{
    return start(query, false);
}

int leat_start_invoked(leat_query *query)
{
    return start(query, true);
}

int leat_do_work(leat_query *query)
{
    if (query == NULL)
        return LEAT_ERROR_INVALID;
    if (query->running == NULL || !lt_query_is_invoked(query->running))
        return fail_state(query, "leat_do_work is for a query that leat_start_invoked has started");
    int work = lt_query_do_work(query->running);
    if (work >= 0)
        return work;
    struct lt_error error;
    if (lt_query_await(query->running, 0, &error) != 0)
        query->error = error;
    return work;
}

int leat_await_ready(leat_query *query, int64_t timeout_ns)
{
    struct lt_error error;
    if (query == NULL)
        return LEAT_ERROR_INVALID;
    if (query->running == NULL)
        return not_started(query);
    int code = lt_query_await_ready(query->running, timeout_ns, &error);
    return code == 0 ? LEAT_OK : fail(query, &error);
}

int leat_await(leat_query *query, int64_t timeout_ns)
{
    struct lt_error error;
    if (query == NULL)
        return LEAT_ERROR_INVALID;
    if (query->running == NULL)
        return not_started(query);
    int code = lt_query_await(query->running, timeout_ns, &error);
    return code == 0 ? LEAT_OK : fail(query, &error);
}

int leat_stop(leat_query *query, int64_t drain_ns)
{
    struct lt_error error;
    if (query == NULL)
        return LEAT_ERROR_INVALID;
    if (query->running == NULL)
        return not_started(query);
    int code = lt_query_stop(query->running, drain_ns, &error);
    return code == 0 ? LEAT_OK : fail(query, &error);
}

void leat_request_stop(leat_query *query)
{
    if (query != NULL && query->running != NULL)
        lt_query_request_stop(query->running);
}

int leat_process_all_available(leat_query *query, int64_t timeout_ns)
{
    struct lt_error error;
    if (query == NULL)
        return LEAT_ERROR_INVALID;
    if (query->running == NULL)
        return not_started(query);
    int code = lt_query_process_all_available(query->running, timeout_ns, &error);
    return code == 0 ? LEAT_OK : fail(query, &error);
}

const char *leat_query_error(const leat_query *query)
{
    return query == NULL ? "" : query->error.text;
}

const char *leat_query_error_condition(const leat_query *query)
{
    return query == NULL ? "" : query->error.condition;
}

const char *leat_query_error_sqlstate(const leat_query *query)
{
    return query == NULL ? "" : query->error.sqlstate;
}
