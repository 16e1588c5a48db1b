/*
 * Looking at a query from outside: its state, identity, progress, counters and totals. Nothing here
 * disturbs the lanes: numbers are read where they are counted.
 *
 * on: any thread, but for leat_query_explain before the start: the query's thread.
 */
#include "core/leat.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/leat_objects.h"
#include "core/run/explain.h"
#include "core/text/json_write.h"

const char *leat_query_name(const leat_query *query)
{
    const char *name = query == NULL ? NULL : lt_options_get(query->options, "queryName");
    return name == NULL ? "" : name;
}

bool leat_is_active(leat_query *query)
{
    return query != NULL && query->running != NULL &&
           lt_query_state(query->running) < LT_CONTROL_ENDED;
}

const char *leat_query_id(const leat_query *query)
{
    return query == NULL || query->running == NULL ? "" : lt_query_id(query->running);
}

const char *leat_query_run_id(const leat_query *query)
{
    return query == NULL || query->running == NULL ? "" : lt_query_run_id(query->running);
}

/* -------------------------------------------------------------------------------------- status */

static char *status_json(const char *message, bool is_data_available, bool is_trigger_active)
{
    struct lt_text_buffer json;
    lt_text_init(&json);
    lt_text_append(&json, "{\"message\":");
    lt_json_write_string(&json, message, strlen(message));
    lt_text_format(&json, ",\"isDataAvailable\":%s,\"isTriggerActive\":%s}",
                   is_data_available ? "true" : "false", is_trigger_active ? "true" : "false");
    return lt_text_take(&json);
}

static char *failed_status(leat_query *query)
{
    char message[LT_ERROR_TEXT_MAX + 64];
    struct lt_error error;
    int code = lt_query_await(query->running, 0, &error);
    lt_assert(code != 0); /* a failed query stays failed */
    snprintf(message, sizeof message, "Terminated with exception: %s", error.text);
    return status_json(message, false, false);
}

char *leat_query_status(leat_query *query)
{
    if (query == NULL)
        return NULL;
    if (query->running == NULL)
        return status_json("Initializing StreamExecution", false, false);
    switch (lt_query_state(query->running)) {
    case LT_CONTROL_AWAITS_READY:
        return status_json("Initializing sources", false, true);
    case LT_CONTROL_ENDED:
        return status_json("Stopped", false, false);
    case LT_CONTROL_FAILED:
        return failed_status(query);
    case LT_CONTROL_RUNS:
    case LT_CONTROL_AWAITS_ENDED:
    case LT_CONTROL_AWAITS_LAST_EPOCH:
        break;
    case LT_CONTROL_AWAITS_RESTART:
        return status_json("Reading on with the source's new partitions", false, true);
    }
    switch (lt_progress_activity(lt_query_progress(query->running))) {
    case LT_ACTIVITY_NONE:
        break;
    case LT_ACTIVITY_AWAITS_TRIGGER:
        return status_json("Waiting for next trigger", false, false);
    case LT_ACTIVITY_AWAITS_DATA:
        return status_json("Waiting for data to arrive", false, false);
    case LT_ACTIVITY_PROCESSES:
        return status_json("Processing new data", true, true);
    case LT_ACTIVITY_CLEANS_UP:
        return status_json("No new data but cleaning up state", false, true);
    }
    struct lt_progress_totals totals = {0};
    lt_progress_read_totals(lt_query_progress(query->running), &totals);
    /* A source that does not know its lag may have data at any moment. */
    return status_json("Running", totals.lag_records != 0, true);
}

char *leat_query_recent_progress(leat_query *query, uint32_t age)
{
    struct lt_text_buffer json;
    if (query == NULL || query->running == NULL)
        return NULL;
    lt_text_init(&json);
    if (lt_progress_recent(lt_query_progress(query->running), age, &json))
        return lt_text_take(&json);
    lt_text_fini(&json);
    return NULL;
}

/* ,"key":"text", or null for an empty text. */
static void add_member(struct lt_text_buffer *json, const char *key, const char *text)
{
    lt_text_format(json, ",\"%s\":", key);
    if (*text == '\0')
        lt_text_append(json, "null");
    else
        lt_json_write_string(json, text, strlen(text));
}

/* "[CONDITION] text", or "" for no error. */
static void write_cause(const struct lt_error *error, struct lt_text_buffer *out)
{
    if (*error->condition != '\0')
        lt_text_format(out, "[%s] ", error->condition);
    lt_text_append(out, error->text);
}

/* The error of a query that has failed; false: it has not. */
static bool has_failed(leat_query *query, struct lt_error *error)
{
    lt_error_clear(error);
    return lt_query_state(query->running) == LT_CONTROL_FAILED &&
           lt_query_await(query->running, 0, error) != 0;
}

char *lt_door_terminated(leat_query *query)
{
    struct lt_error error;
    struct lt_text_buffer json, cause;
    lt_text_init(&json);
    lt_text_init(&cause);
    if (has_failed(query, &error))
        write_cause(&error, &cause);
    lt_text_format(&json, "{\"id\":\"%s\",\"runId\":\"%s\"", lt_query_id(query->running),
                   lt_query_run_id(query->running));
    add_member(&json, "exception", lt_text_get(&cause));
    add_member(&json, "errorClassOnException", error.condition);
    add_member(&json, "sqlState", error.sqlstate);
    lt_text_append(&json, "}");
    lt_text_fini(&cause);
    return lt_text_take(&json);
}

char *leat_query_terminated(leat_query *query)
{
    return query == NULL || query->running == NULL || leat_is_active(query)
               ? NULL
               : lt_door_terminated(query);
}

char *leat_query_exception(leat_query *query)
{
    struct lt_error error;
    struct lt_text_buffer json, message;
    if (query == NULL || query->running == NULL || !has_failed(query, &error))
        return NULL;
    lt_text_init(&json);
    lt_text_init(&message);
    lt_text_format(&message,
                   "[STREAM_FAILED] Query [id = %s, runId = %s] terminated with exception: ",
                   lt_query_id(query->running), lt_query_run_id(query->running));
    write_cause(&error, &message);
    lt_text_append(&json, "{\"errorClass\":\"STREAM_FAILED\",\"sqlState\":\"XXKST\"");
    add_member(&json, "message", lt_text_get(&message));
    add_member(&json, "status", leat_status_name(error.code));
    add_member(&json, "cause", error.text);
    add_member(&json, "causeErrorClass", error.condition);
    add_member(&json, "causeSqlState", error.sqlstate);
    lt_text_append_char(&json, ',');
    lt_query_failure(query->running, &json);
    lt_text_append_char(&json, '}');
    lt_text_fini(&message);
    return lt_text_take(&json);
}

char *leat_query_explain(leat_query *query)
{
    struct lt_text_buffer text;
    struct lt_query_spec spec;
    struct lt_error error;
    int code = 0;
    if (query == NULL)
        return NULL;
    lt_text_init(&text);
    if (query->running != NULL) {
        lt_query_explain(query->running, &text);
    } else {
        code = lt_door_spec(query, &spec, &error);
        if (code == 0)
            code = lt_explain_spec(&spec, &(struct lt_explain_options){.form = LT_EXPLAIN_SIMPLE},
                                   &text, &error);
    }
    if (code == 0)
        return lt_text_take(&text);
    lt_error_append(&error, "cannot start the query");
    query->error = error;
    lt_text_fini(&text);
    return NULL;
}

/* ------------------------------------------------------------------------------------- numbers */

bool leat_query_counter(leat_query *query, const char *name, int64_t *value)
{
    if (query == NULL || query->running == NULL || name == NULL || value == NULL)
        return false;
    const struct lt_counters *counters = lt_query_counters(query->running);
    for (size_t i = 0; i < lt_counters_count(counters); i++) {
        struct lt_counter_info info = lt_counters_at(counters, i);
        if (strcmp(info.name, name) != 0)
            continue;
        if (info.kind == LT_COUNTER_TEXT)
            return false;
        if (info.kind == LT_COUNTER_HISTOGRAM)
            *value = (int64_t)lt_histogram_count(info.histogram);
        else
            *value = (int64_t)lt_load_relaxed_u64(info.value); /* relaxed: a statistic */
        return true;
    }
    return false;
}

int64_t leat_query_latency_ns(leat_query *query, double quantile)
{
    if (query == NULL || query->running == NULL || !(quantile > 0 && quantile <= 1))
        return -1;
    struct lt_histogram *latency = lt_alloc(sizeof *latency);
    struct lt_progress_totals totals = {.ack_latency_ns = latency};
    lt_progress_read_totals(lt_query_progress(query->running), &totals);
    bool is_empty = lt_histogram_count(latency) == 0;
    int64_t result = is_empty ? -1 : lt_histogram_quantile(latency, quantile);
    free(latency);
    return result;
}

int leat_query_totals(leat_query *query, leat_totals *totals)
{
    size_t size_bytes = totals == NULL ? 0 : totals->size;
    if (query == NULL || size_bytes < offsetof(leat_totals, dead_letters))
        return LEAT_ERROR_INVALID;
    if (query->running == NULL)
        return LEAT_ERROR_STATE;
    struct lt_progress_totals now = {0};
    lt_progress_read_totals(lt_query_progress(query->running), &now);
    int64_t wall_us = lt_clock_wall_us(&query->clock);
    leat_totals all = {
        .size = size_bytes,
        .records_in = now.records_in,
        .records_out = now.records_out,
        .dead_letters = now.dead_letters,
        .lag_records = now.lag_records,
        .lag_ms = now.lag_ms,
        .epoch = now.epoch,
        .epoch_age_us = now.epoch_done_wall_us < 0 ? -1 : wall_us - now.epoch_done_wall_us,
        .records_filtered = now.records_filtered,
    };
    memcpy(totals, &all, size_bytes < sizeof all ? size_bytes : sizeof all);
    return LEAT_OK;
}
