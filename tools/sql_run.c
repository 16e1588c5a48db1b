/*
 * Statements at work, and the queries that they start. The main thread watches in slices short
 * enough that a signal is seen soon.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/leat_admin.h"
#include "tools/commands.h"
#include "tools/relay.h"
#include "tools/signals.h"
#include "tools/sql.h"

static const int64_t slice_ns = 20 * 1000 * 1000, startup_ns = 10 * 1000 * (int64_t)1000000;

/* ------------------------------------------------------------------------------------- errors */

/* Says an error as Spark does, "[CONDITION] text. SQLSTATE: 42703; line 1 pos 7", then what leat
 * has to add, the place in the statement below it. */
static void say_error(const char *text, const char *condition, const char *sqlstate,
                      const char *place)
{
    const char *shown = strstr(text, "\n  "), *hint = strstr(text, "; hint: ");
    const char *end = shown == NULL ? text + strlen(text) : shown;
    if (hint == NULL || hint > end)
        hint = end;
    int size = (int)(hint - text);
    bool has_stop = size > 0 && strchr(".?!", text[size - 1]) != NULL;
    const char *before_state = has_stop ? " SQLSTATE: " : ". SQLSTATE: ";
    lt_tool_say("%s%s%s%.*s%s%s%s%.*s%s", *condition != '\0' ? "[" : "", condition,
                *condition != '\0' ? "] " : "", size, text, *sqlstate != '\0' ? before_state : "",
                sqlstate, place, (int)(end - hint), hint, end);
}

static int fail_statement(const struct lt_tool_sql *sql, int code)
{
    uint32_t line, position;
    char place[64] = "";
    if (leat_context_error_place(sql->context, &line, &position))
        snprintf(place, sizeof place, "; line %" PRIu32 " pos %" PRIu32, line, position);
    say_error(leat_context_error(sql->context), leat_context_error_condition(sql->context),
              leat_context_error_sqlstate(sql->context), place);
    return lt_tool_status_at_start(code);
}

static int fail_query(leat_query *query, int status)
{
    say_error(leat_query_error(query), leat_query_error_condition(query), "", "");
    return status;
}

/* ------------------------------------------------------------------------------------- queries */

static int start(leat_query *query)
{
    lt_tool_signals_install();
    int code = leat_start(query);
    if (code == LEAT_OK)
        code = leat_await_ready(query, startup_ns);
    if (code == LEAT_OK)
        lt_tool_signals_running();
    return code == LEAT_OK ? LT_TOOL_OK : fail_query(query, lt_tool_status_at_start(code));
}

/* It has ended: how. */
static int end_of(leat_query *query)
{
    int code = leat_await(query, LEAT_FOREVER);
    return code == LEAT_OK ? LT_TOOL_OK : fail_query(query, lt_tool_status_at_end(code));
}

static int stop(leat_query *query)
{
    int code = leat_stop(query, -1);
    if (code == LEAT_ERROR_TIMEOUT && leat_is_active(query))
        return fail_query(query, LT_TOOL_DRAIN);
    return code == LEAT_OK ? LT_TOOL_OK : fail_query(query, lt_tool_status_at_end(code));
}

/* Until it ends, or a signal asks for the end; that stops only this query. */
static int watch(struct lt_tool_sql *sql, leat_query *query)
{
    while (leat_is_active(query)) {
        if (lt_tool_signals_seen() != 0) {
            int status = stop(query);
            if (sql->is_prompt)
                lt_tool_signals_forget();
            return status;
        }
        int status = lt_tool_sql_reap(sql);
        if (status != LT_TOOL_OK && !sql->is_prompt)
            return status;
        (void)leat_await(query, slice_ns); /* the loop asks again */
    }
    return end_of(query);
}

static int keep(struct lt_tool_sql *sql, leat_query *query)
{
    sql->queries = lt_tool_grow(sql->queries, sql->count, sizeof(leat_query *));
    sql->queries[sql->count++] = query;
    return LT_TOOL_OK;
}

static int run_query(struct lt_tool_sql *sql, leat_query *query, bool ends)
{
    int status = LT_TOOL_OK;
    if (sql->only_check) {
        if (leat_admin_check(query) != LEAT_OK)
            status = fail_query(query, LT_TOOL_USAGE);
        leat_query_destroy(query);
        return status;
    }
    status = start(query);
    if (status == LT_TOOL_OK && !ends)
        return keep(sql, query);
    if (status == LT_TOOL_OK)
        status = watch(sql, query);
    leat_query_destroy(query);
    return status;
}

/* A SELECT of a stream: to the console, until it ends or is stopped. */
static int run_stream(struct lt_tool_sql *sql, leat_stream *stream)
{
    if (sql->only_check)
        return leat_stream_schema(stream) != NULL ? LT_TOOL_OK
                                                  : fail_statement(sql, LEAT_ERROR_ANALYSIS);
    leat_query *query = leat_query_create(sql->context, leat_options_of("dmaLatency", "off", NULL));
    leat_options *options = leat_options_of("truncate", "false", NULL);
    if (leat_query_write(query, stream, "console", options) != LEAT_OK) {
        int status = fail_query(query, LT_TOOL_USAGE);
        leat_query_destroy(query);
        return status;
    }
    int status = start(query);
    if (status == LT_TOOL_OK)
        status = watch(sql, query);
    leat_query_destroy(query);
    return status;
}

int lt_tool_sql_reap(struct lt_tool_sql *sql)
{
    int status = LT_TOOL_OK;
    for (size_t i = 0; i < sql->count && (status == LT_TOOL_OK || sql->is_prompt);) {
        if (leat_is_active(sql->queries[i])) {
            i++;
            continue;
        }
        status = end_of(sql->queries[i]);
        leat_query_destroy(sql->queries[i]);
        sql->queries[i] = sql->queries[--sql->count];
    }
    return status;
}

static int stop_all(struct lt_tool_sql *sql)
{
    int worst = LT_TOOL_OK;
    for (size_t i = 0; i < sql->count; i++)
        leat_request_stop(sql->queries[i]);
    for (size_t i = 0; i < sql->count; i++) {
        int status = stop(sql->queries[i]);
        worst = worst == LT_TOOL_OK ? status : worst;
    }
    return worst;
}

int lt_tool_sql_wait(struct lt_tool_sql *sql)
{
    while (sql->count > 0) {
        if (lt_tool_signals_seen() != 0)
            return stop_all(sql);
        int status = lt_tool_sql_reap(sql);
        if (status != LT_TOOL_OK)
            return status;
        if (sql->count > 0)
            (void)leat_await(sql->queries[0], slice_ns); /* the loop asks again */
    }
    return LT_TOOL_OK;
}

void lt_tool_sql_fini(struct lt_tool_sql *sql)
{
    (void)stop_all(sql); /* what went wrong has been told */
    for (size_t i = 0; i < sql->count; i++)
        leat_query_destroy(sql->queries[i]);
    free(sql->queries);
    leat_context_destroy(sql->context);
    *sql = (struct lt_tool_sql){0};
}

/* ---------------------------------------------------------------------------------- statements */

static int run_result(struct lt_tool_sql *sql, const leat_sql_result *result)
{
    switch (result->kind) {
    case LEAT_SQL_NONE:
    case LEAT_SQL_DONE:
        break;
    case LEAT_SQL_ROWS:
        fputs(result->text, stdout);
        fflush(stdout);
        break;
    case LEAT_SQL_STREAM:
        return run_stream(sql, result->stream);
    case LEAT_SQL_QUERY:
        return run_query(sql, result->query, result->ends);
    }
    return LT_TOOL_OK;
}

int lt_tool_sql_text(struct lt_tool_sql *sql, const char *text)
{
    for (;;) {
        leat_sql_result result = {.size = sizeof result};
        int code = leat_sql(sql->context, text, &text, &result);
        if (code != LEAT_OK)
            return fail_statement(sql, code);
        if (result.kind == LEAT_SQL_NONE)
            return LT_TOOL_OK;
        int status = run_result(sql, &result);
        free(result.text);
        if (status != LT_TOOL_OK)
            return status;
        if (!sql->is_prompt && lt_tool_signals_seen() != 0)
            return LT_TOOL_OK; /* asked to end: the rest is not begun */
    }
}
