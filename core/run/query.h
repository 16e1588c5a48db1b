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
 * In invoker mode there are no threads: the caller's loop is lt_query_do_work, and the calls above
 * must come from the same thread.
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

struct lt_query_spec {
    const struct lt_plan *plan;       /* outlives the query, as all of these */
    struct lt_arena *arena;           /* of the plan; the query adds to it */
    const struct lt_options *options; /* core/run/query_options.h */
    const struct lt_catalog *catalog;
    const struct lt_clock *clock; /* NULL: the system's */
    bool is_invoked;              /* invoker mode */
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
 * time is over
 * (LT_NEVER_NS: wait for ever). May be called on any thread. */
int lt_query_await(struct lt_query *query, int64_t timeout_ns, struct lt_error *error) LT_MUST_USE;
/* Asks for a good end, without waiting. on: any, signal handlers excepted. */
void lt_query_request_stop(struct lt_query *query);
/* Asks for a good end and waits for it, up to drainTimeout (or `timeout_ns` if that is >= 0).
 * LT_E_TIMEOUT: the rest was cut off and will be read again. */
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
const char *lt_query_run_id(const struct lt_query *query);
struct lt_progress *lt_query_progress(struct lt_query *query);
struct lt_counters *lt_query_counters(struct lt_query *query);
/* What was chosen and why: source, sinks, guarantee, lanes, stages, CPUs, idle strategy, reactor;
 * several lines. */
void lt_query_explain(const struct lt_query *query, struct lt_text_buffer *out);

#endif
