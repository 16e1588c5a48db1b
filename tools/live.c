/*
 * The live line and the progress lines.
 */
#include "tools/live.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "tools/commands.h"
#include "tools/quantity.h"
#include "tools/sql.h"

enum { PROGRESS_KEPT = 100 };

struct lt_tool_live {
    leat_query *query;
    leat_admin_window *window;
    int timer_fd;
    int64_t interval_ns;
    bool has_line, has_json;
    bool line_is_open;   /* the cursor stands behind a live line */
    const char *name;    /* or NULL */
    uint64_t ticks;      /* since the line was printed */
    leat_totals before;  /* then */
    char *last_progress; /* the newest entry that was printed */
};

/* How many may have a live line on the terminal: log lines must not run into it. */
static size_t line_owners;

static void log_past_line(void *user, enum leat_log_level level, const char *text)
{
    static const char *const names[] = {"error", "warning", "info", "debug"};
    (void)user;
    fprintf(stderr, "%sleat: %s: %s\n", line_owners > 0 ? "\r\033[K" : "", names[level], text);
}

struct lt_tool_live *lt_tool_live_create(leat_query *query, const char *sink, const char *name,
                                         int64_t interval_ns, bool is_quiet)
{
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    const struct timespec interval = {interval_ns / 1000000000, interval_ns % 1000000000};
    const struct itimerspec timer = {interval, interval};
    if (fd < 0 || timerfd_settime(fd, 0, &timer, NULL) != 0) {
        lt_tool_say("no timer for the live line: %s", strerror(errno));
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    struct lt_tool_live *live = lt_tool_alloc(sizeof *live);
    bool stdout_is_terminal = isatty(STDOUT_FILENO) == 1;
    bool is_of_rows = strcmp(sink, "console") == 0 || strcmp(sink, "stdout") == 0;
    live->query = query;
    live->timer_fd = fd;
    live->interval_ns = interval_ns;
    live->has_line = !is_quiet && isatty(STDERR_FILENO) == 1;
    live->has_json = !is_quiet && !(stdout_is_terminal && live->has_line) && !is_of_rows;
    live->name = name;
    if (live->has_line && line_owners++ == 0)
        leat_set_log(log_past_line, NULL);
    return live;
}

/* ------------------------------------------------------------------------------------- totals */

static bool read_committed(leat_query *query, const char *name, uint64_t *out)
{
    int64_t value;
    char *full = lt_tool_format("query.committed.%s", name);
    bool found = leat_query_counter(query, full, &value);
    free(full);
    *out = found ? (uint64_t)value : 0;
    return found;
}

/* The value of a line of what the query says of itself: "2" of "lanes: 2   # lanes not set". */
static char *explained(const char *text, const char *choice)
{
    const char *line = strstr(text, choice);
    return lt_tool_format("%.*s", line == NULL ? 0 : (int)strcspn(line + strlen(choice), ",# \n"),
                          line == NULL ? "" : line + strlen(choice));
}

static bool is_in_batches(leat_query *query)
{
    char *text = leat_query_explain(query), *mode = explained(text, "\nmode: ");
    bool is_so = strcmp(mode, "micro-batch") == 0;
    free(mode);
    free(text);
    return is_so;
}

bool lt_tool_live_account(leat_query *query, struct lt_tool_account *out)
{
    leat_totals totals = {.size = sizeof totals};
    uint64_t committed;
    if (!read_committed(query, "read", &committed) ||
        !read_committed(query, "filtered", &out->filtered) ||
        !read_committed(query, "dead_letters", &out->dead_lettered) ||
        leat_query_totals(query, &totals) != LEAT_OK)
        return false;
    /* A query that was cut off may commit an epoch while this reads. */
    uint64_t others = out->filtered + out->dead_lettered;
    out->delivered = committed > others ? committed - others : 0;
    out->read = totals.records_in;
    uint64_t done = out->delivered + others;
    if (is_in_batches(query)) { /* what is written is not what was read */
        out->delivered = totals.records_out;
        done = committed;
    }
    out->uncommitted = out->read > done ? out->read - done : 0;
    return true;
}

/* ---------------------------------------------------------------------------------- live line */

static char *rate(uint64_t now, uint64_t before, double seconds, char *out)
{
    return lt_tool_quantity_count(now > before ? (double)(now - before) / seconds : 0, out);
}

static void print_latency(struct lt_tool_live *live)
{
    int64_t count, p50, p99, p999, max;
    char a[LT_TOOL_QUANTITY_SIZE], b[LT_TOOL_QUANTITY_SIZE], c[LT_TOOL_QUANTITY_SIZE],
        d[LT_TOOL_QUANTITY_SIZE];
    if (!leat_admin_latency_since(live->query, &live->window, &count, &p50, &p99, &p999, &max) ||
        count == 0)
        return;
    fprintf(stderr, "  p50 %s  p99 %s  p99.9 %s  max %s", lt_tool_quantity_duration(p50, a),
            lt_tool_quantity_duration(p99, b), lt_tool_quantity_duration(p999, c),
            lt_tool_quantity_duration(max, d));
}

static void print_line(struct lt_tool_live *live, double seconds)
{
    leat_totals now = {.size = sizeof now};
    char a[LT_TOOL_QUANTITY_SIZE], b[LT_TOOL_QUANTITY_SIZE], c[LT_TOOL_QUANTITY_SIZE];
    if (leat_query_totals(live->query, &now) != LEAT_OK)
        return; /* it does not run any more */
    const leat_totals *before = &live->before;
    fprintf(stderr, "\r\033[K%s%sin %s/s  out %s/s  filtered %s/s",
            live->name != NULL ? live->name : "", live->name != NULL ? ": " : "",
            rate(now.records_in, before->records_in, seconds, a),
            rate(now.records_out, before->records_out, seconds, b),
            rate(now.records_filtered, before->records_filtered, seconds, c));
    if (now.dead_letters > 0)
        fprintf(stderr, "  dead-lettered %" PRIu64, now.dead_letters);
    if (now.lag_records >= 0)
        fprintf(stderr, "  lag %s", lt_tool_quantity_count((double)now.lag_records, a));
    if (now.lag_records >= 0 && now.lag_ms >= 0)
        fprintf(stderr, " (%.3f s)", (double)now.lag_ms / 1000);
    if (now.epoch_age_us >= 0)
        fprintf(stderr, "  epoch %.1f s ago", (double)now.epoch_age_us / 1e6);
    print_latency(live);
    fflush(stderr);
    live->line_is_open = true;
    live->before = now;
}

/* ----------------------------------------------------------------------------------- progress */

static void flush_progress(struct lt_tool_live *live)
{
    if (fflush(stdout) == 0 && ferror(stdout) == 0)
        return;
    lt_tool_say("cannot write progress to stdout (%s): no more of it", strerror(errno));
    live->has_json = false;
}

/* Prints the entries that came since the last time, oldest first. */
static void print_progress(struct lt_tool_live *live)
{
    char *entries[PROGRESS_KEPT];
    uint32_t count = 0;
    while (count < PROGRESS_KEPT) {
        char *entry = leat_query_recent_progress(live->query, count);
        if (entry == NULL ||
            (live->last_progress != NULL && strcmp(entry, live->last_progress) == 0)) {
            free(entry);
            break;
        }
        entries[count++] = entry;
    }
    if (count == 0)
        return;
    free(live->last_progress);
    live->last_progress = lt_tool_copy(entries[0]);
    while (count > 0) {
        printf("%s\n", entries[--count]);
        free(entries[count]);
    }
    flush_progress(live);
}

/* Behind the last progress of a query that failed: why, for programs. */
static void print_failure(struct lt_tool_live *live)
{
    char *event = leat_query_terminated(live->query);
    if (event != NULL && strstr(event, "\"exception\":null") == NULL) {
        printf("%s\n", event);
        flush_progress(live);
    }
    free(event);
}

bool lt_tool_live_step(struct lt_tool_live *live, bool has_turn)
{
    uint64_t ticks;
    if (read(live->timer_fd, &ticks, sizeof ticks) != sizeof ticks)
        return false;
    live->ticks += ticks;
    if (live->has_line && has_turn) {
        print_line(live, (double)live->ticks * (double)live->interval_ns / 1e9);
        live->ticks = 0;
    }
    if (live->has_json)
        print_progress(live);
    return true;
}

void lt_tool_live_destroy(struct lt_tool_live *live)
{
    if (live == NULL)
        return;
    if (live->has_json)
        print_progress(live);
    if (live->has_json)
        print_failure(live);
    if (live->line_is_open)
        fputc('\n', stderr);
    if (live->has_line && --line_owners == 0)
        leat_set_log(NULL, NULL);
    leat_admin_window_destroy(live->window);
    close(live->timer_fd);
    free(live->last_progress);
    free(live);
}

/* ------------------------------------------------------------------------- first and last line */

void lt_tool_live_say_ready(leat_query *query, const char *what)
{
    char *text = leat_query_explain(query);
    char *lanes = explained(text, "\nlanes: "), *stages = explained(text, "\nstages: ");
    fprintf(stderr, "ready %s lanes %s stages %s\n", what, lanes, stages);
    free(lanes);
    free(stages);
    free(text);
}

void lt_tool_live_say_ended(leat_query *query, const char *who)
{
    struct lt_tool_account sum;
    if (!lt_tool_live_account(query, &sum))
        return;
    fprintf(stderr,
            "ended%s: read %" PRIu64 ", delivered %" PRIu64 ", filtered %" PRIu64
            ", dead-lettered %" PRIu64 ", uncommitted %" PRIu64 "\n",
            who, sum.read, sum.delivered, sum.filtered, sum.dead_lettered, sum.uncommitted);
}

void lt_tool_live_say_failed(const leat_query *query, const char *where)
{
    const char *condition = leat_query_error_condition(query);
    bool has_condition = *condition != '\0';
    char *text =
        lt_tool_format("Query [id = %s, runId = %s] terminated with exception: %s%s%s%s",
                       leat_query_id(query), leat_query_run_id(query), has_condition ? "[" : "",
                       condition, has_condition ? "] " : "", leat_query_error(query));
    lt_tool_sql_say(where, text, "STREAM_FAILED", "XXKST", "");
    free(text);
}
