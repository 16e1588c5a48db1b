/*
 * A query and its life: what the public doors (core/leat.h) stand on.
 *
 *   start    binds the plan, opens the checkpoint, connects source and sinks, finishes what a crash
 *            left unfinished, deals partitions to lanes and stages to workers, opens them, and lets
 *            them run
 *   stop     stops reading, delivers and commits what was read (up to drainTimeout), ends
 *   await    waits for the end
 *   destroy  frees it; an active query is stopped at once, without waiting for what is in flight:
 *            nothing is lost, since what was not committed is read again
 *
 * A query is one run or several, one after the other. When its source's partitions have changed, a
 * run ends as for a stop, with an epoch after its last row, and the next begins where it ended,
 * from the checkpoint, with all partitions (core/run/control.h, AWAITS_RESTART;
 * core/run/assembly.h). A run has lanes, threads and a run id of its own. What others hold is the
 * query's and stays: its id, its counters and totals go on, waits wait on, a stop that is asked for
 * between two runs ends the query there. A run that cannot begin fails the query, with a text that
 * says so. The state goes from AWAITS_RESTART back to AWAITS_READY, or to ENDED or FAILED; other
 * than that, only down its list.
 *
 *   run 1: AWAITS_READY -> RUNS -> AWAITS_ENDED -> AWAITS_LAST_EPOCH -> AWAITS_RESTART -.
 *   run 2: AWAITS_READY <---------------------------------------------------------------'
 *
 * Between two runs works a thread of its own, since a control thread cannot end itself; it is gone
 * when the next run has begun.
 *
 * In invoker mode there are no threads: the caller's loop is lt_query_do_work, and the calls above
 * must come from the same thread. What is done between two runs is done there, and waits for the
 * source as a start does.
 *
 * on: any one thread at a time, unless said otherwise.
 */
#ifndef LT_RUN_QUERY_H
#define LT_RUN_QUERY_H

#include "core/base/clock.h"
#include "core/base/counters.h"
#include "core/base/options.h"
#include "core/flow/plan.h"
#include "core/run/control.h"
#include "core/run/progress.h"

struct lt_query;

/* What an observer is told of, so that it looks: nothing is handed over. */
enum lt_query_news {
    LT_QUERY_HAS_PROGRESS, /* an entry more */
    LT_QUERY_HAS_ENDED,    /* well or not: its state says so from now on */
};

struct lt_query_spec {
    const struct lt_plan *plan;       /* outlives the query, as all of these */
    struct lt_arena *arena;           /* of the plan; the query adds to it */
    const struct lt_options *options; /* core/run/query_options.h */
    const struct lt_catalog *catalog;
    const struct lt_clock *clock; /* NULL: the system's */
    bool is_invoked;              /* invoker mode */
    /* Called on the control thread, or one that stands in for it, with no lock of the query's held;
     * maybe before lt_query_start has returned. Must not wait. NULL: nobody is told. */
    void (*tell)(void *context, struct lt_query *query, enum lt_query_news news);
    void *tell_context;
};

/* Reads the options, binds and analyses the plan, without connecting to anything or writing: 0, or
 * the error that lt_query_start would give. */
int lt_query_check(const struct lt_query_spec *spec, struct lt_error *error) LT_MUST_USE;

int lt_query_start(const struct lt_query_spec *spec, struct lt_query **out,
                   struct lt_error *error) LT_MUST_USE;

/* Waits until the readers really consume (0), the query ended or failed (its code), or the time is
 * over (LT_E_TIMEOUT). */
int lt_query_await_ready(struct lt_query *query, int64_t timeout_ns,
                         struct lt_error *error) LT_MUST_USE;
/* Waits for the end: 0 when it ended well, its error's code when it failed, LT_E_TIMEOUT when the
 * time is over (LT_NEVER_NS: wait for ever). May be called on any thread. */
int lt_query_await(struct lt_query *query, int64_t timeout_ns, struct lt_error *error) LT_MUST_USE;
/* Asks for a good end, without waiting. on: any, signal handlers excepted. */
void lt_query_request_stop(struct lt_query *query);
/* Asks for a good end and waits for it, up to drainTimeout (or `timeout_ns` if that is >= 0).
 * LT_E_TIMEOUT: the rest was cut off and will be read again; the text says what is waited for. */
int lt_query_stop(struct lt_query *query, int64_t timeout_ns, struct lt_error *error) LT_MUST_USE;
/* Spark's processAllAvailable: waits until two epochs in a row end at the same positions. */
int lt_query_process_all_available(struct lt_query *query, int64_t timeout_ns,
                                   struct lt_error *error) LT_MUST_USE;
/* One round of everything, in invoker mode: the work done, or a negative code once the query has
 * failed. */
int lt_query_do_work(struct lt_query *query);

void lt_query_destroy(struct lt_query *query); /* NULL is a no-op */

/* Constant. */
bool lt_query_is_invoked(const struct lt_query *query);

/* on: any. */
enum lt_control_state lt_query_state(struct lt_query *query);
const char *lt_query_id(const struct lt_query *query);
/* Of the present run, or the last; the text stays as long as the query. */
const char *lt_query_run_id(struct lt_query *query);
struct lt_progress *lt_query_progress(struct lt_query *query);
struct lt_counters *lt_query_counters(struct lt_query *query);
/* Of a query that has failed: the members "batchId" and "sources" of a JSON object
 * (core/run/failure.h). on: any. */
void lt_query_failure(struct lt_query *query, struct lt_text_buffer *out);
/* What was chosen and why (core/run/explain.h): source, sinks, guarantee, lanes, stages, CPUs, ...;
 * several lines. Of the present run, or the last. */
void lt_query_explain(struct lt_query *query, struct lt_text_buffer *out);

#endif
