/*
 * The queries that statements start: from their first line to their last one. The main thread
 * watches in slices short enough that a signal is seen soon.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/leat_admin.h"
#include "tools/commands.h"
#include "tools/control.h"
#include "tools/live.h"
#include "tools/notify.h"
#include "tools/prune.h"
#include "tools/relay.h"
#include "tools/signals.h"
#include "tools/sql.h"

static const int64_t slice_ns = 20 * 1000 * 1000, startup_ns = 10 * 1000 * (int64_t)1000000;

/* The reader of what is printed has gone, as `| head` does when it has enough. */
static bool has_no_reader(void)
{
    struct pollfd out = {.fd = STDOUT_FILENO};
    return poll(&out, 1, 0) == 1 && (out.revents & POLLERR) != 0;
}

/* --------------------------------------------------------------------------------------- a job */

static struct lt_tool_job job_of(leat_query *query, bool is_named)
{
    const char *name = leat_admin_query_option(query, "queryName");
    return (struct lt_tool_job){.query = query,
                                .name = is_named && name != NULL ? lt_tool_copy(name) : NULL,
                                .route = leat_admin_query_route(query)};
}

static int fail(const struct lt_tool_job *job, int status)
{
    char *where = job->name != NULL ? lt_tool_format("query %s: ", job->name) : lt_tool_copy("");
    bool has_begun = job->has_run && *leat_query_run_id(job->query) != '\0';
    if (has_begun && status != LT_TOOL_DRAIN) /* not what the drain time cut off */
        lt_tool_live_say_failed(job->query, where);
    else
        lt_tool_sql_say(where, leat_query_error(job->query), leat_query_error_condition(job->query),
                        leat_query_error_sqlstate(job->query), "");
    free(where);
    return status;
}

/* The job is over: its last lines; the status, which its counters tell more of where it is bad. */
static int close_job(struct lt_tool_job *job, int code, int status)
{
    lt_tool_live_destroy(job->live);
    bool has_enough = job->name == NULL && has_no_reader();
    if (has_enough)
        status = LT_TOOL_SIGNAL + SIGPIPE; /* as a program ends that knows nothing of it */
    else if (code != LEAT_OK)
        status = fail(job, status);
    if (job->name != NULL && job->has_run) {
        char *who = lt_tool_format(" query %s", job->name);
        lt_tool_live_say_ended(job->query, who);
        free(who);
    }
    leat_query_destroy(job->query);
    bool is_news = status != LT_TOOL_OK && job->has_run;
    if (job->counters_path != NULL && !is_news)
        (void)unlink(job->counters_path); /* gone already is as good */
    lt_tool_restart_fini(&job->restart);
    free(job->counters_path);
    free(job->route);
    free(job->name);
    return status;
}

static int stop_job(struct lt_tool_job *job)
{
    if (job->restart.is_waiting) /* why it is not running has been told */
        return close_job(job, LEAT_OK, LT_TOOL_FAILED);
    int code = leat_stop(job->query, -1);
    bool is_cut_off = code == LEAT_ERROR_TIMEOUT && leat_is_active(job->query);
    return close_job(job, code, is_cut_off ? LT_TOOL_DRAIN : lt_tool_status_at_end(code));
}

/* --------------------------------------------------------------------------------------- start */

/* Unless the table says where, as a relay's: a file of the query's name in shared memory. */
static int add_counters(struct lt_tool_job *job)
{
    const char *where = leat_admin_query_option(job->query, "counters");
    if (job->name == NULL || (where != NULL && strcasecmp(where, "auto") != 0))
        return LT_TOOL_OK;
    job->counters_path = leat_admin_counters_path(job->name);
    lt_tool_prune_counters(job->counters_path, job->name);
    int code = job->counters_path == NULL
                   ? LEAT_OK
                   : leat_admin_query_set(job->query, "counters", job->counters_path, "auto");
    return code == LEAT_OK ? LT_TOOL_OK : LT_TOOL_FAILED;
}

static int64_t startup_timeout_ns(const struct lt_tool_job *job)
{
    const char *text = leat_admin_query_option(job->query, "startupTimeout");
    int64_t timeout_ns;
    return text != NULL && leat_admin_duration_ns(text, &timeout_ns, NULL, 0) == LEAT_OK
               ? timeout_ns
               : startup_ns;
}

/* In slices, so that a signal is seen. */
static int await_ready(const struct lt_tool_job *job)
{
    int64_t left_ns = startup_timeout_ns(job);
    int code = LEAT_ERROR_TIMEOUT;
    for (; code == LEAT_ERROR_TIMEOUT && left_ns > 0 && lt_tool_signals_seen() == 0;
         left_ns -= slice_ns)
        code = leat_await_ready(job->query, left_ns < slice_ns ? left_ns : slice_ns);
    return lt_tool_code_at_start(code);
}

static void show_job(const struct lt_tool_sql *sql, struct lt_tool_job *job)
{
    const char *sink = strstr(job->route, "-> ");
    char *what = lt_tool_format("query %s: %s", job->name, job->route);
    lt_tool_live_say_ready(job->query, what);
    free(what);
    if (!sql->is_prompt) /* where what is typed must not be written over */
        job->live = lt_tool_live_create(job->query, sink + 3, job->name, sql->progress_interval_ns,
                                        sql->is_quiet || strcmp(sink + 3, "memory") == 0);
}

static void keep(struct lt_tool_sql *sql, const struct lt_tool_job *job)
{
    sql->jobs = lt_tool_grow(sql->jobs, sql->count, sizeof *sql->jobs);
    sql->jobs[sql->count++] = *job;
}

/* On failure the job is over. */
static int start_job(struct lt_tool_sql *sql, struct lt_tool_job *job)
{
    lt_tool_signals_install();
    int status = add_counters(job);
    int code = status == LT_TOOL_OK ? leat_start(job->query) : LEAT_ERROR_INVALID;
    if (code == LEAT_OK)
        code = await_ready(job);
    if (code == LEAT_ERROR_TIMEOUT && lt_tool_signals_seen() != 0)
        return close_job(job, LEAT_OK, LT_TOOL_SIGNAL + lt_tool_signals_seen());
    if (code != LEAT_OK)
        return close_job(job, code, lt_tool_status_at_start(code));
    lt_tool_signals_running();
    job->has_run = true;
    if (job->name != NULL)
        show_job(sql, job);
    if (job->name != NULL && sql->control == NULL)
        sql->control = lt_tool_control_open(sql->context);
    return LT_TOOL_OK;
}

/* ----------------------------------------------------------------------------- ends, and again */

/* What has failed is put away for one like it, which waits for its time. */
static void put_again(struct lt_tool_job *job, uint32_t seconds)
{
    leat_query *again = leat_admin_query_again(job->query);
    lt_tool_live_destroy(job->live);
    job->live = NULL;
    (void)fail(job, LT_TOOL_FAILED); /* told, and that is all for now */
    lt_tool_say("query %s: what made it fail may pass: it is started again in %u s", job->name,
                (unsigned)seconds);
    leat_query_destroy(job->query);
    job->query = again;
}

/* The query has failed with `code`, running or at a further start: false if it is to be started
 * again, else its exit status. */
static bool end_failed(const struct lt_tool_sql *sql, struct lt_tool_job *job, int code,
                       int *status)
{
    uint32_t seconds;
    /* Without a checkpoint it would not go on where it failed. */
    bool may_again = job->name != NULL && !sql->is_prompt && lt_tool_signals_seen() == 0 &&
                     leat_admin_query_option(job->query, "checkpointLocation") != NULL &&
                     leat_admin_query_may_pass(job->query);
    if (may_again && lt_tool_restart_wait(&job->restart, sql->restarts, &seconds)) {
        put_again(job, seconds);
        return false;
    }
    *status = close_job(job, code, lt_tool_status_at_end(code));
    return true;
}

/* Its time has come. */
static bool start_again(struct lt_tool_sql *sql, struct lt_tool_job *job, int *status)
{
    int code = leat_start(job->query);
    if (code != LEAT_OK)
        return end_failed(sql, job, code, status);
    lt_tool_restart_runs(&job->restart);
    show_job(sql, job);
    return false;
}

/* True, with its exit status: it is over. */
static bool has_ended(struct lt_tool_sql *sql, struct lt_tool_job *job, int *status)
{
    if (job->restart.is_waiting)
        return lt_tool_restart_is_due(&job->restart) && start_again(sql, job, status);
    if (leat_is_active(job->query))
        return false;
    int code = leat_await(job->query, LEAT_FOREVER);
    if (code != LEAT_OK)
        return end_failed(sql, job, code, status);
    *status = close_job(job, code, LT_TOOL_OK);
    return true;
}

static void note_status(struct lt_tool_sql *sql, int status)
{
    if (sql->status == LT_TOOL_OK)
        sql->status = status;
}

/* --------------------------------------------------------------------------------------- watch */

/* What is shown of all that run; of live lines, one at a time. */
static void show(struct lt_tool_sql *sql, struct lt_tool_job *watched)
{
    size_t total = sql->count + 1;
    for (size_t i = 0; i < total; i++) {
        const struct lt_tool_job *job = i < sql->count ? &sql->jobs[i] : watched;
        bool has_turn = sql->turn % total == i;
        bool is_shown = job != NULL && job->live != NULL;
        if (is_shown ? lt_tool_live_step(job->live, has_turn) && has_turn : has_turn)
            sql->turn = (i + 1) % total;
    }
}

/* A moment, or until the query has ended. */
static void nap(leat_query *query)
{
    if (leat_is_active(query))
        (void)leat_await(query, slice_ns); /* the loop asks again */
    else
        (void)poll(NULL, 0, (int)(slice_ns / 1000000));
}

/* Until it ends, or a signal asks for the end; that stops only this job. */
static int watch(struct lt_tool_sql *sql, struct lt_tool_job *job)
{
    int status = LT_TOOL_OK;
    lt_tool_notify("READY=1");
    while (!has_ended(sql, job, &status)) {
        if (lt_tool_signals_seen() != 0 || (job->name == NULL && has_no_reader()))
            return stop_job(job);
        lt_tool_sql_reap(sql);
        show(sql, job);
        lt_tool_control_step(sql->control);
        nap(job->query);
    }
    note_status(sql, status);
    sql->is_cut_short |= status != LT_TOOL_OK;
    return status;
}

static int run_job(struct lt_tool_sql *sql, struct lt_tool_job job, bool ends)
{
    int status = start_job(sql, &job);
    if (status == LT_TOOL_OK && ends)
        return watch(sql, &job);
    if (status == LT_TOOL_OK)
        keep(sql, &job);
    return status;
}

/* Joins one that waits and reads the same; else it waits itself. */
static int await_others(struct lt_tool_sql *sql, leat_query *query, bool ends)
{
    for (size_t i = 0; i < sql->pending_count; i++) {
        int code = leat_admin_query_join(sql->pending[i].query, query);
        if (code == LEAT_ERROR_NOT_FOUND)
            continue;
        struct lt_tool_job refused =
            code == LEAT_OK ? (struct lt_tool_job){0} : job_of(query, true);
        return code == LEAT_OK ? LT_TOOL_OK
                               : close_job(&refused, code, lt_tool_status_at_start(code));
    }
    sql->pending = lt_tool_grow(sql->pending, sql->pending_count, sizeof *sql->pending);
    sql->pending[sql->pending_count++] = (struct lt_tool_pending){query, ends};
    return LT_TOOL_OK;
}

int lt_tool_sql_start(struct lt_tool_sql *sql, leat_query *query, bool ends)
{
    if (leat_admin_query_is_shared(query))
        return await_others(sql, query, ends);
    int status = ends ? lt_tool_sql_start_pending(sql) : LT_TOOL_OK;
    if (status != LT_TOOL_OK) {
        leat_query_destroy(query);
        return status;
    }
    return run_job(sql, job_of(query, true), ends);
}

static void drop_first_pending(struct lt_tool_sql *sql)
{
    sql->pending_count--;
    for (size_t i = 0; i < sql->pending_count; i++)
        sql->pending[i] = sql->pending[i + 1];
}

int lt_tool_sql_start_pending(struct lt_tool_sql *sql)
{
    int status = LT_TOOL_OK;
    while (sql->pending_count > 0 && status == LT_TOOL_OK) {
        struct lt_tool_pending first = sql->pending[0];
        drop_first_pending(sql);
        status = run_job(sql, job_of(first.query, true), first.ends);
    }
    return status;
}

static void forget_pending(struct lt_tool_sql *sql)
{
    while (sql->pending_count > 0) {
        leat_query_destroy(sql->pending[0].query);
        drop_first_pending(sql);
    }
    free(sql->pending);
    sql->pending = NULL;
}

int lt_tool_sql_print(struct lt_tool_sql *sql, leat_stream *stream)
{
    leat_query *query = leat_query_create(sql->context, leat_options_of("dmaLatency", "off", NULL));
    leat_options *options = leat_options_of("truncate", "false", NULL);
    int code = leat_query_write(query, stream, "console", options);
    struct lt_tool_job job = job_of(query, false);
    return code == LEAT_OK ? run_job(sql, job, true) : close_job(&job, code, LT_TOOL_USAGE);
}

/* ------------------------------------------------------------------------------------- all jobs */

void lt_tool_sql_reap(struct lt_tool_sql *sql)
{
    for (size_t i = 0; i < sql->count;) {
        int status = LT_TOOL_OK;
        if (!has_ended(sql, &sql->jobs[i], &status)) {
            i++;
            continue;
        }
        note_status(sql, status);
        sql->jobs[i] = sql->jobs[--sql->count];
    }
}

static int stop_all(struct lt_tool_sql *sql)
{
    int worst = LT_TOOL_OK;
    for (size_t i = 0; i < sql->count; i++)
        leat_request_stop(sql->jobs[i].query);
    for (size_t i = 0; i < sql->count; i++) {
        int status = stop_job(&sql->jobs[i]);
        worst = worst == LT_TOOL_OK ? status : worst;
    }
    sql->count = 0;
    return worst;
}

int lt_tool_sql_wait(struct lt_tool_sql *sql)
{
    if (sql->count > 0)
        lt_tool_notify("READY=1");
    while (sql->count > 0 && lt_tool_signals_seen() == 0) {
        lt_tool_sql_reap(sql);
        if (sql->count == 0)
            break;
        show(sql, NULL);
        lt_tool_control_step(sql->control);
        nap(sql->jobs[0].query);
    }
    lt_tool_notify("STOPPING=1");
    int stopped = stop_all(sql);
    return sql->status == LT_TOOL_OK ? stopped : sql->status;
}

int lt_tool_sql_fini(struct lt_tool_sql *sql)
{
    int status = stop_all(sql);
    forget_pending(sql);
    lt_tool_control_close(sql->control);
    free(sql->jobs);
    leat_context_destroy(sql->context);
    *sql = (struct lt_tool_sql){0};
    return status;
}
