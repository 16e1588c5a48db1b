/*
 * Statements at work: one after the other from a text, and what is said of a wrong one.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/leat_admin.h"
#include "tools/commands.h"
#include "tools/relay.h"
#include "tools/signals.h"
#include "tools/sql.h"

/* ------------------------------------------------------------------------------------- errors */

void lt_tool_sql_say(const char *where, const char *text, const char *condition,
                     const char *sqlstate, const char *place)
{
    const char *shown = strstr(text, "\n  "), *hint = strstr(text, "; hint: ");
    const char *end = shown == NULL ? text + strlen(text) : shown;
    if (hint == NULL || hint > end)
        hint = end;
    int size = (int)(hint - text);
    bool has_stop = size > 0 && strchr(".?!", text[size - 1]) != NULL;
    const char *before_state = has_stop ? " SQLSTATE: " : ". SQLSTATE: ";
    lt_tool_say("%s%s%s%s%.*s%s%s%s%.*s%s", where, *condition != '\0' ? "[" : "", condition,
                *condition != '\0' ? "] " : "", size, text, *sqlstate != '\0' ? before_state : "",
                sqlstate, place, (int)(end - hint), hint, end);
}

static uint32_t count_lines(const char *begin, const char *end)
{
    uint32_t count = 0;
    for (; begin < end; begin++)
        count += *begin == '\n';
    return count;
}

/* The context's error; the statement begins at `at` in `text`, which is a script's. */
static int fail_statement(const struct lt_tool_sql *sql, const char *text, const char *at, int code)
{
    uint32_t line, position;
    char place[64] = "";
    char *where = NULL;
    bool has_place = leat_context_error_place(sql->context, &line, &position);
    if (has_place)
        snprintf(place, sizeof place, "; line %" PRIu32 " pos %" PRIu32, line, position);
    at += strspn(at, " \t\r\n"); /* as places are counted */
    if (sql->path != NULL)
        where = lt_tool_format("%s:%" PRIu32 ": ", sql->path,
                               count_lines(text, at) + (has_place ? line : 1));
    lt_tool_sql_say(where != NULL ? where : "", leat_context_error(sql->context),
                    leat_context_error_condition(sql->context),
                    leat_context_error_sqlstate(sql->context), place);
    free(where);
    bool is_too_much = code == LEAT_ERROR_LIMIT; /* of a query: more than can be */
    return is_too_much ? LT_TOOL_USAGE : lt_tool_status_at_start(code);
}

/* A signal has ended the statement. */
static int end_interrupted(const struct lt_tool_sql *sql)
{
    if (sql->is_prompt)
        lt_tool_say("interrupted");
    return LT_TOOL_SIGNAL + lt_tool_signals_seen();
}

/* ---------------------------------------------------------------------------------- statements */

/* A reader that has enough, as head, is no news: the script ends as programs do then. */
static int print_rows(const char *text)
{
    if (fputs(text, stdout) >= 0 && fflush(stdout) == 0)
        return LT_TOOL_OK;
    if (errno == EPIPE)
        return LT_TOOL_SIGNAL + SIGPIPE;
    lt_tool_say("cannot write to stdout: %s", strerror(errno));
    return LT_TOOL_FAILED;
}

static int run_result(struct lt_tool_sql *sql, const leat_sql_result *result)
{
    switch (result->kind) {
    case LEAT_SQL_NONE:
    case LEAT_SQL_DONE:
        break;
    case LEAT_SQL_ROWS:
        return print_rows(result->text);
    case LEAT_SQL_STREAM: {
        int status = lt_tool_sql_start_pending(sql);
        return status == LT_TOOL_OK ? lt_tool_sql_print(sql, result->stream) : status;
    }
    case LEAT_SQL_QUERY:
        return lt_tool_sql_start(sql, result->query, result->ends);
    }
    return LT_TOOL_OK;
}

/* One statement, after which *at is moved on; *has_more: there was one. */
static int run_statement(struct lt_tool_sql *sql, const char *text, const char **at, bool *has_more)
{
    const char *begin = *at;
    leat_sql_result result = {.size = sizeof result};
    int code = sql->only_explain ? leat_admin_sql_explain(sql->context, begin, at, &result)
                                 : leat_sql(sql->context, begin, at, &result);
    if (code == LEAT_ERROR_CANCELLED && lt_tool_signals_seen() != 0)
        return end_interrupted(sql);
    if (code != LEAT_OK)
        return fail_statement(sql, text, begin, code);
    *has_more = result.kind != LEAT_SQL_NONE;
    int status = run_result(sql, &result);
    free(result.text);
    return status;
}

static int check_statement(struct lt_tool_sql *sql, const char *text, const char **at,
                           bool *has_more)
{
    const char *begin = *at;
    int code = leat_admin_sql_check(sql->context, begin, at, has_more);
    return code == LEAT_OK ? LT_TOOL_OK : fail_statement(sql, text, begin, code);
}

int lt_tool_sql_text(struct lt_tool_sql *sql, const char *text)
{
    const char *at = text;
    bool has_more = true;
    int status = LT_TOOL_OK;
    while (status == LT_TOOL_OK && has_more) {
        status = sql->only_check ? check_statement(sql, text, &at, &has_more)
                                 : run_statement(sql, text, &at, &has_more);
        if (lt_tool_signals_seen() != 0)
            return status; /* asked to end: the rest is not begun */
    }
    return status == LT_TOOL_OK ? lt_tool_sql_start_pending(sql) : status;
}
