#include "core/run/query.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "core/base/arena.h"
#include "core/base/log.h"
#include "core/run/assembly.h"

/* A full mailbox at a stop request is tried again this often. */
static const int64_t resend_ns = 5 * (int64_t)LT_NS_PER_MS;

struct lt_query {
    struct lt_query_spec spec; /* constant */
    struct lt_assembly assembly;
    /* under the mutex; written by the control thread */
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    enum lt_control_state state;
    struct lt_error error;
    uint64_t epochs_done;
    uint32_t quiet_epochs; /* in a row */
};

static void on_state(void *context, enum lt_control_state state, const struct lt_error *error)
{
    struct lt_query *query = context;
    pthread_mutex_lock(&query->mutex);
    query->state = state;
    if (error != NULL)
        query->error = *error;
    pthread_cond_broadcast(&query->changed);
    pthread_mutex_unlock(&query->mutex);
}

static void on_epoch(void *context, uint64_t epoch, bool quiet)
{
    struct lt_query *query = context;
    (void)epoch;
    pthread_mutex_lock(&query->mutex);
    query->epochs_done++;
    query->quiet_epochs = quiet ? query->quiet_epochs + 1 : 0;
    pthread_cond_broadcast(&query->changed);
    pthread_mutex_unlock(&query->mutex);
}

int lt_query_check(const struct lt_query_spec *spec, struct lt_error *error)
{
    struct lt_assembly assembly;
    int code = lt_assembly_bind(&assembly, spec, error);
    lt_assembly_dismantle(&assembly);
    return code;
}

int lt_query_start(const struct lt_query_spec *spec, struct lt_query **out, struct lt_error *error)
{
    struct lt_query *query = lt_alloc(sizeof *query);
    pthread_condattr_t attributes;
    query->spec = *spec;
    pthread_mutex_init(&query->mutex, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&query->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    struct lt_assembly_hooks hooks = {on_state, on_epoch, query};
    int code = lt_assembly_build(&query->assembly, &query->spec, &hooks, error);
    if (code != 0) {
        pthread_cond_destroy(&query->changed);
        pthread_mutex_destroy(&query->mutex);
        free(query);
        return code;
    }
    *out = query;
    return 0;
}

void lt_query_destroy(struct lt_query *query)
{
    if (query == NULL)
        return;
    lt_assembly_dismantle(&query->assembly);
    pthread_cond_destroy(&query->changed);
    pthread_mutex_destroy(&query->mutex);
    free(query);
}

/* ------------------------------------------------------------------------------------ waiting */

static int64_t deadline_after(int64_t timeout_ns)
{
    int64_t now_ns = lt_clock_now_ns(lt_clock_system());
    return timeout_ns > LT_NEVER_NS - now_ns ? LT_NEVER_NS : now_ns + timeout_ns;
}

/* One wait on the condition, or one round of work in invoker mode. False: the deadline has passed.
 * on: mutex held. */
static bool wait_once(struct lt_query *query, int64_t deadline_ns)
{
    if (query->spec.is_invoked) {
        pthread_mutex_unlock(&query->mutex);
        lt_worker_round(query->assembly.control_worker);
        pthread_mutex_lock(&query->mutex);
        return lt_clock_now_ns(lt_clock_system()) < deadline_ns;
    }
    if (deadline_ns == LT_NEVER_NS)
        return pthread_cond_wait(&query->changed, &query->mutex) == 0;
    struct timespec until = {.tv_sec = deadline_ns / LT_NS_PER_S,
                             .tv_nsec = deadline_ns % LT_NS_PER_S};
    return pthread_cond_timedwait(&query->changed, &query->mutex, &until) != ETIMEDOUT;
}

static bool is_over(const struct lt_query *query)
{
    return query->state >= LT_CONTROL_ENDED;
}

/* What the caller gets once the query is over. on: mutex held. */
static int outcome(struct lt_query *query, struct lt_error *error)
{
    if (query->state != LT_CONTROL_FAILED)
        return 0;
    if (error != NULL)
        *error = query->error;
    return query->error.code;
}

int lt_query_await_ready(struct lt_query *query, int64_t timeout_ns, struct lt_error *error)
{
    int64_t deadline_ns = deadline_after(timeout_ns);
    int code = 0;
    pthread_mutex_lock(&query->mutex);
    while (query->state == LT_CONTROL_AWAITS_READY && code == 0)
        if (!wait_once(query, deadline_ns) && query->state == LT_CONTROL_AWAITS_READY)
            code = lt_error_set(error, LT_E_TIMEOUT,
                                "the source did not answer within the start-up timeout; hint: "
                                "check the address, or "
                                "raise startupTimeout (--startup-timeout)");
    if (code == 0)
        code = outcome(query, error);
    pthread_mutex_unlock(&query->mutex);
    return code;
}

int lt_query_await(struct lt_query *query, int64_t timeout_ns, struct lt_error *error)
{
    int64_t deadline_ns = deadline_after(timeout_ns);
    int code = 0;
    pthread_mutex_lock(&query->mutex);
    while (!is_over(query) && code == 0)
        if (!wait_once(query, deadline_ns) && !is_over(query))
            code = lt_error_set(error, LT_E_TIMEOUT, "the query is still active");
    if (code == 0)
        code = outcome(query, error);
    pthread_mutex_unlock(&query->mutex);
    return code;
}

static bool request(struct lt_query *query, enum lt_control_request kind)
{
    return lt_mailbox_try_send(query->assembly.mailbox, &(struct lt_message){.kind = kind});
}

void lt_query_request_stop(struct lt_query *query)
{
    /* A full mailbox is being emptied, unless the control thread is gone, and then the query is
     * over. */
    while (!request(query, LT_CONTROL_REQUEST_STOP))
        if (lt_query_await(query, resend_ns, NULL) != LT_E_TIMEOUT)
            return;
}

int lt_query_stop(struct lt_query *query, int64_t timeout_ns, struct lt_error *error)
{
    lt_query_request_stop(query);
    if (timeout_ns < 0)
        timeout_ns = query->assembly.settings.drain_timeout_ns;
    int code = lt_query_await(query, timeout_ns, error);
    if (code == LT_E_TIMEOUT)
        lt_error_set(error, code,
                     "what was read could not be delivered and committed within the drain timeout "
                     "(the query %s); it will "
                     "be read again; hint: raise drainTimeout (--drain)",
                     lt_control_state_name(lt_query_state(query)));
    return code;
}

int lt_query_process_all_available(struct lt_query *query, int64_t timeout_ns,
                                   struct lt_error *error)
{
    int64_t deadline_ns = deadline_after(timeout_ns);
    int code = 0;
    pthread_mutex_lock(&query->mutex);
    query->quiet_epochs = 0;
    uint64_t asked_at = query->epochs_done;
    (void)request(query,
                  LT_CONTROL_REQUEST_EPOCH); /* a full mailbox: the interval brings the epoch */
    while (!is_over(query) && query->quiet_epochs < 2 && code == 0) {
        if (query->epochs_done != asked_at) {
            asked_at = query->epochs_done;
            (void)request(query, LT_CONTROL_REQUEST_EPOCH);
        }
        if (!wait_once(query, deadline_ns) && query->quiet_epochs < 2)
            code = lt_error_set(error, LT_E_TIMEOUT, "data still arrive");
    }
    if (code == 0)
        code = outcome(query, error);
    pthread_mutex_unlock(&query->mutex);
    return code;
}

int lt_query_do_work(struct lt_query *query)
{
    lt_assert(query->spec.is_invoked);
    uint32_t work = lt_worker_round(query->assembly.control_worker);
    /* The control agent ran on this very thread: its state needs no lock. */
    if (query->state == LT_CONTROL_FAILED)
        return query->error.code;
    return (int)work;
}

/* --------------------------------------------------------------------------------- looking on */

bool lt_query_is_invoked(const struct lt_query *query)
{
    return query->spec.is_invoked;
}

enum lt_control_state lt_query_state(struct lt_query *query)
{
    pthread_mutex_lock(&query->mutex);
    enum lt_control_state state = query->state;
    pthread_mutex_unlock(&query->mutex);
    return state;
}

const char *lt_query_id(const struct lt_query *query)
{
    return query->assembly.id;
}

const char *lt_query_run_id(const struct lt_query *query)
{
    return query->assembly.run_id;
}

struct lt_progress *lt_query_progress(struct lt_query *query)
{
    return query->assembly.progress;
}

struct lt_counters *lt_query_counters(struct lt_query *query)
{
    return query->assembly.counters;
}

static void explain_cpus(const char *what, const int *cpus, int count, struct lt_text_buffer *out)
{
    lt_text_format(out, "%s", what);
    for (int i = 0; i < count; i++)
        lt_text_format(out, "%s%d", i > 0 ? "," : " ", cpus[i]);
}

void lt_query_explain(const struct lt_query *query, struct lt_text_buffer *out)
{
    static const char *const guarantees[] = {"at-most-once", "at-least-once", "exactly-once"};
    const struct lt_assembly *assembly = &query->assembly;
    const struct lt_placement *placement = &assembly->placement;
    lt_text_format(out, "source %s: %s, %u partitions\n", assembly->pipeline.source->type->name,
                   assembly->pipeline.source->description,
                   assembly->pipeline.source->partition_count);
    for (uint32_t i = 0; i < lt_pipeline_sink_count(&assembly->pipeline); i++) {
        const struct lt_sink *sink = lt_pipeline_sink(&assembly->pipeline, i);
        lt_text_format(out, "%s %s: %s, %s\n",
                       i < assembly->pipeline.branch_count ? "sink" : "dead letters",
                       sink->type->name, sink->description, guarantees[sink->guarantee]);
    }
    lt_text_format(out, "lanes %u, %s, idle %s", assembly->lane_count,
                   assembly->settings.stages == 1 ? "fused" : "staged",
                   lt_idle_name(assembly->idle));
    if (assembly->settings.stages > 1)
        lt_text_format(out, ", %u stages", assembly->settings.stages);
    explain_cpus(", lane CPUs", placement->lane_cpus, placement->lane_cpu_count, out);
    explain_cpus(", housekeeping CPUs", placement->housekeeping, placement->housekeeping_count,
                 out);
    lt_text_format(out, ", %s\n", placement->pin ? "pinned" : "not pinned");
    lt_text_format(out, "checkpoint %s, first epoch %llu\n",
                   assembly->settings.checkpoint_path != NULL ? assembly->settings.checkpoint_path
                                                              : "none",
                   (unsigned long long)assembly->recovery.first_epoch);
}
