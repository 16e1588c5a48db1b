/*
 * `leat relay`: from the command line to the last line.
 *
 * The main thread only watches: it waits for the query in slices short enough that a person who
 * sends a signal sees it answered, and so long that a lane on the same CPU is hardly held up, and
 * prints what is due. All work is done by the library's threads.
 */
#include "tools/relay.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/leat_admin.h"
#include "tools/commands.h"
#include "tools/config.h"
#include "tools/control.h"
#include "tools/descriptors.h"
#include "tools/explain.h"
#include "tools/live.h"
#include "tools/notify.h"
#include "tools/plan.h"
#include "tools/prune.h"
#include "tools/resolve.h"
#include "tools/settings.h"
#include "tools/signals.h"
#include "tools/sql.h"

static const int64_t slice_ns = 100 * 1000 * 1000;

/* --------------------------------------------------------------------------------------- help */

static void print_help(bool only_explain)
{
    printf("Usage: leat %s SOURCE SINK [OPTION]...\n%s",
           only_explain ? "explain [relay]" : "relay",
           only_explain ? "       leat explain FILE.sql | FILE.yaml | -e 'SQL' ...\n"
                          "Prints the plans of a job's queries, or of a relay, and what they would "
                          "run with, without\nconnecting to anything. A relay:\n\n"
                        : "");
    printf(
        "Passes records on from one Kafka topic to another, or from any source to any sink, and\n"
        "loses none: kafka://HOST[:PORT][,HOST...]/TOPIC[,TOPIC...], or NAME: for a connector\n"
        "that `leat options` lists.\n\n"
        "  leat relay kafka://127.0.0.1:9092/in kafka://127.0.0.1:9092/out \\\n"
        "      --where \"value:price > 100\" --checkpoint /var/lib/relay\n\n");
    lt_tool_flags_print(lt_tool_relay_flags, LT_TOOL_SET_FLAGS, stdout);
    printf("\nEach option is also LEAT_NAME in the environment (LEAT_UNTIL_END=true,\n"
           "LEAT_OPTION_KAFKA_SASL_PASSWORD=...), and a key of the section relay in --config.\n\n"
           "Exit status:\n" LT_TOOL_EXIT_TABLE);
}

/* ---------------------------------------------------------------------------------- the status */

int lt_tool_status_at_start(int code)
{
    switch (code) {
    case LEAT_ERROR_BUSY:
    case LEAT_ERROR_CORRUPT:
    case LEAT_ERROR_CHECKPOINT:
        return LT_TOOL_CHECKPOINT;
    case LEAT_ERROR_TIMEOUT:
        return LT_TOOL_NOBODY;
    case LEAT_ERROR_DATA_LOSS:
        return LT_TOOL_DATA_LOSS;
    case LEAT_ERROR_INVALID:
    case LEAT_ERROR_PARSE:
    case LEAT_ERROR_ANALYSIS:
    case LEAT_ERROR_NOT_FOUND:
    case LEAT_ERROR_EXISTS:
    case LEAT_ERROR_UNSUPPORTED:
    case LEAT_ERROR_PERMISSION:
        return LT_TOOL_USAGE;
    default:
        return LT_TOOL_FAILED;
    }
}

int lt_tool_code_at_start(int code)
{
    return code == LEAT_ERROR_RECORD ? LEAT_OK : code;
}

int lt_tool_status_at_end(int code)
{
    switch (code) {
    case LEAT_OK:
        return LT_TOOL_OK;
    case LEAT_ERROR_DATA_LOSS:
        return LT_TOOL_DATA_LOSS;
    default:
        return LT_TOOL_FAILED;
    }
}

/* ----------------------------------------------------------------------------------- the lines */

static void say_ready(const struct lt_tool_plan *plan)
{
    char *what = lt_tool_format("relay %s -> %s", plan->source.text, plan->sink.text);
    for (size_t i = 0; i < plan->also_count; i++) {
        char *before = what;
        what = lt_tool_format("%s, %s", before, plan->also[i].sink.text);
        free(before);
    }
    lt_tool_live_say_ready(plan->query, what);
    free(what);
    lt_tool_notify("READY=1");
}

/* ------------------------------------------------------------------------------------- the run */

/* Who read the rows on standard output has enough, as head: no news, programs end then. */
static bool is_reader_gone(const struct lt_tool_plan *plan)
{
    return strcmp(leat_query_error_condition(plan->query), "STDOUT_CLOSED") == 0;
}

static int start(const struct lt_tool_plan *plan)
{
    int code = leat_start(plan->query);
    if (code == LEAT_OK)
        code = lt_tool_code_at_start(leat_await_ready(plan->query, plan->startup_timeout_ns));
    if (code == LEAT_OK)
        return LT_TOOL_OK;
    if (is_reader_gone(plan))
        return LT_TOOL_SIGNAL + SIGPIPE;
    lt_tool_say("%s", leat_query_error(plan->query));
    return lt_tool_status_at_start(code);
}

/* Asked to end: what the drain time cut off is not what made a query fail, whose error may be
 * LEAT_ERROR_TIMEOUT too (kafka.delivery.timeout.ms). */
static int stop(const struct lt_tool_plan *plan, int *code)
{
    lt_tool_notify("STOPPING=1");
    *code = leat_stop(plan->query, -1);
    return *code == LEAT_ERROR_TIMEOUT && leat_is_active(plan->query)
               ? LT_TOOL_DRAIN
               : lt_tool_status_at_end(*code);
}

/* Until the query ends or a signal asks for the end; the exit status, and the query's in *code. The
 * loop is the program's: it has no bound. */
static int watch(const struct lt_tool_plan *plan, struct lt_tool_live *live,
                 struct lt_tool_control *control, int *code)
{
    while ((*code = leat_await(plan->query, slice_ns)) == LEAT_ERROR_TIMEOUT &&
           leat_is_active(plan->query)) {
        if (lt_tool_signals_seen() != 0)
            return stop(plan, code);
        if (live != NULL)
            (void)lt_tool_live_step(live, true); /* whether it was time is not of interest */
        lt_tool_control_step(control);
    }
    if (*code == LEAT_ERROR_TIMEOUT) /* it ended between the two questions */
        *code = leat_await(plan->query, LEAT_FOREVER);
    lt_tool_notify("STOPPING=1");
    return lt_tool_status_at_end(*code);
}

/* Counters of a relay that ended well are of no use to anybody; those of another kind of end are.
 */
static void remove_counters(const struct lt_tool_plan *plan, int status)
{
    if (status == LT_TOOL_OK && plan->counters_are_auto && plan->counters_path != NULL)
        (void)unlink(plan->counters_path); /* gone already is as good */
}

static int run(const struct lt_tool_plan *plan, const struct lt_tool_settings *settings)
{
    const char *name = lt_tool_settings_text(settings, LT_TOOL_SET_NAME);
    lt_tool_signals_install();
    lt_tool_check_descriptors();
    if (plan->counters_are_auto)
        lt_tool_prune_counters(plan->counters_path, name != NULL ? name : "");
    int status = start(plan);
    if (status != LT_TOOL_OK) {
        remove_counters(plan, LT_TOOL_OK);
        return status;
    }
    lt_tool_signals_running();
    say_ready(plan);
    bool is_quiet = lt_tool_settings_switch(settings, LT_TOOL_SET_QUIET);
    struct lt_tool_live *live = lt_tool_live_create(plan->query, plan->sink.format, NULL,
                                                    plan->progress_interval_ns, is_quiet);
    struct lt_tool_control *control = lt_tool_control_open(plan->context);
    int code;
    status = watch(plan, live, control, &code);
    lt_tool_control_close(control);
    lt_tool_live_destroy(live);
    if (code != LEAT_OK && is_reader_gone(plan))
        status = LT_TOOL_SIGNAL + SIGPIPE;
    else if (code != LEAT_OK && status == LT_TOOL_DRAIN)
        lt_tool_say("%s", leat_query_error(plan->query));
    else if (code != LEAT_OK)
        lt_tool_live_say_failed(plan->query, "");
    lt_tool_live_say_ended(plan->query, "");
    remove_counters(plan, status);
    return lt_tool_finish(status);
}

/* ---------------------------------------------------------------------------------- the command */

int lt_tool_set_log_level(const char *level, const char *origin)
{
    static const char *const names[] = {"error", "warn", "info", "debug"};
    enum { NAME_COUNT = sizeof names / sizeof names[0] };
    for (size_t i = 0; i < NAME_COUNT; i++)
        if (strcmp(level, names[i]) == 0) {
            leat_set_log_level((enum leat_log_level)i);
            return 0;
        }
    return lt_tool_wrong("%s: --log-level \"%s\" is none of: error, warn, info, debug", origin,
                         level);
}

static int run_plan(struct lt_tool_settings *settings, bool only_explain)
{
    struct lt_tool_plan plan;
    int status = lt_tool_set_log_level(lt_tool_settings_text(settings, LT_TOOL_SET_LOG_LEVEL),
                                       lt_tool_settings_origin(settings, LT_TOOL_SET_LOG_LEVEL));
    if (status == 0)
        status = lt_tool_resolve_flags(settings);
    if (status != 0)
        return status;
    status = lt_tool_plan_build(&plan, settings);
    if (status == 0 && leat_admin_check(plan.query) != LEAT_OK)
        status = lt_tool_wrong("%s", leat_query_error(plan.query));
    if (status != 0)
        ; /* said already */
    else if (lt_tool_settings_switch(settings, LT_TOOL_SET_PRINT_CONFIG))
        status = lt_tool_finish(lt_tool_explain_config(&plan, settings));
    else if (only_explain || lt_tool_settings_switch(settings, LT_TOOL_SET_EXPLAIN))
        status = lt_tool_finish(lt_tool_explain_plan(&plan, settings));
    else
        status = run(&plan, settings);
    lt_tool_plan_fini(&plan);
    return status;
}

static int relay(int count, char **arguments, bool only_explain)
{
    struct lt_tool_settings settings = {0};
    int status = lt_tool_settings_command(&settings, count, arguments);
    if (status == 0 && lt_tool_settings_switch(&settings, LT_TOOL_SET_HELP)) {
        print_help(only_explain);
        lt_tool_settings_fini(&settings);
        return lt_tool_finish(LT_TOOL_OK);
    }
    if (status == 0)
        status = lt_tool_settings_environment(&settings, environ);
    const char *config = lt_tool_settings_text(&settings, LT_TOOL_SET_CONFIG);
    if (status == 0 && config != NULL)
        status = lt_tool_config_load(config, &settings);
    if (status == 0)
        status = run_plan(&settings, only_explain);
    lt_tool_settings_fini(&settings);
    return status;
}

int lt_tool_relay(int count, char **arguments)
{
    return relay(count, arguments, false);
}

int lt_tool_explain(int count, char **arguments)
{
    /* `leat explain SOURCE SINK ...`, with "relay" before SOURCE or without, is `leat relay SOURCE
     * SINK ... --explain`; all else is SQL, or a file. */
    lt_tool_speaker("leat explain");
    bool asks_help =
        count == 2 && (strcmp(arguments[1], "--help") == 0 || strcmp(arguments[1], "-h") == 0);
    if (asks_help)
        return relay(count, arguments, true);
    if (count < 2)
        return lt_tool_wrong("nothing to explain; hint: leat explain FILE.sql, leat explain -e "
                             "'SQL', or leat explain SOURCE SINK [OPTION]...");
    if (strcmp(arguments[1], "relay") == 0)
        return relay(count - 1, arguments + 1, true);
    return lt_tool_sql_is_relay(count, arguments) ? relay(count, arguments, true)
                                                  : lt_tool_explain_statements(count, arguments);
}
