#include "core/run/query.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>

#include "core/base/arena.h"
#include "core/base/log.h"
#include "core/run/assembly.h"
#include "core/run/explain.h"
#include "core/run/failure.h"

struct lt_query {
    struct lt_query_spec spec;     /* constant */
    struct lt_control_hooks hooks; /* constant */
    /* While a run lasts others use only its mailbox; between two runs, nothing of it. */
    struct lt_assembly assembly;
    /* under the mutex; written by the control thread, and between two runs */
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    enum lt_control_state state;
    struct lt_error error;
    struct lt_control_wait wait; /* of the run that is to end */
    uint64_t epochs_done;
    uint32_t quiet_epochs;  /* in a row */
    struct lt_arena *texts; /* that were told to others */
    const char *run_id;
    struct lt_text_buffer explanation, failure;
    struct lt_shared_u32 stop_wanted; /* written by whoever asks, and never taken back */
    /* under the mutex; written by whoever asks */
    bool is_destroyed;
    /* the thread between two runs; taken out under the mutex by whoever joins it */
    pthread_t restarter;
    bool has_restarter;
};

/* ----------------------------------------------------------------- what the control agent says */

static void tell(struct lt_query *query, enum lt_query_news news)
{
    if (query->spec.tell != NULL)
        query->spec.tell(query->spec.tell_context, query, news);
}

static void on_entry(void *context)
{
    tell(context, LT_QUERY_HAS_PROGRESS);
}

static void on_begin(void *context)
{
    struct lt_query *query = context;
    struct lt_text_buffer explanation;
    lt_text_init(&explanation);
    lt_explain_assembly(&query->assembly, &explanation);
    lt_progress_observe(query->assembly.progress, on_entry, query);
    pthread_mutex_lock(&query->mutex);
    lt_text_fini(&query->explanation);
    query->explanation = explanation;
    query->run_id = lt_arena_text(query->texts, query->assembly.run_id);
    query->state = LT_CONTROL_AWAITS_READY;
    query->wait = (struct lt_control_wait){.has_epoch = false};
    pthread_cond_broadcast(&query->changed);
    pthread_mutex_unlock(&query->mutex);
}

/* Also asked on other threads of this file's. */
static bool stop_is_wanted(void *context)
{
    struct lt_query *query = context;
    return lt_load_acquire_u32(&query->stop_wanted) != 0; /* pairs with lt_query_request_stop */
}

static void begin_restart(struct lt_query *query);

static void on_state(void *context, enum lt_control_state state, const struct lt_error *error)
{
    struct lt_query *query = context;
    struct lt_text_buffer failure;
    lt_text_init(&failure);
    if (state == LT_CONTROL_FAILED)
        lt_failure_describe(query->assembly.control, &query->assembly.pipeline, &failure);
    pthread_mutex_lock(&query->mutex);
    query->state = state;
    lt_text_fini(&query->failure);
    query->failure = failure;
    if (state >= LT_CONTROL_AWAITS_RESTART)
        query->wait = (struct lt_control_wait){.has_epoch = false};
    if (error != NULL)
        query->error = *error;
    pthread_cond_broadcast(&query->changed);
    pthread_mutex_unlock(&query->mutex);
    if (state == LT_CONTROL_AWAITS_RESTART && !query->spec.is_invoked)
        begin_restart(query);
    if (state >= LT_CONTROL_ENDED)
        tell(query, LT_QUERY_HAS_ENDED);
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

static void on_wait(void *context, const struct lt_control_wait *wait)
{
    struct lt_query *query = context;
    pthread_mutex_lock(&query->mutex);
    query->wait = *wait;
    pthread_mutex_unlock(&query->mutex);
}

/* ---------------------------------------------------------------------------- between two runs */

/* The query ends between two runs: failed, or well if a stop is wanted, since all that was read has
 * been committed. */
static void end_between(struct lt_query *query, const struct lt_error *error)
{
    pthread_mutex_lock(&query->mutex);
    bool is_stopped = stop_is_wanted(query);
    query->state = is_stopped ? LT_CONTROL_ENDED : LT_CONTROL_FAILED;
    if (is_stopped)
        lt_log_info("the query was stopped while it began again");
    else
        query->error = *error;
    lt_control_show_state(query->assembly.counters, query->state);
    pthread_cond_broadcast(&query->changed);
    pthread_mutex_unlock(&query->mutex);
    tell(query, LT_QUERY_HAS_ENDED);
}

static void restart(struct lt_query *query)
{
    struct lt_error error;
    pthread_mutex_lock(&query->mutex);
    bool is_wanted = !stop_is_wanted(query) && !query->is_destroyed;
    pthread_mutex_unlock(&query->mutex);
    if (!is_wanted) {
        lt_error_set(&error, LT_E_CANCELLED, "the query was destroyed");
    } else {
        if (lt_assembly_restart(&query->assembly, &error) == 0)
            return;
        lt_error_append(&error, "cannot begin again with the source's new partitions");
    }
    end_between(query, &error);
}

static void *restarter_main(void *argument)
{
    restart(argument);
    return NULL;
}

static void join_restarter(struct lt_query *query)
{
    pthread_mutex_lock(&query->mutex);
    bool has_restarter = query->has_restarter;
    pthread_t restarter = query->restarter;
    query->has_restarter = false;
    pthread_mutex_unlock(&query->mutex);
    if (has_restarter)
        pthread_join(restarter, NULL);
}

/* on: the control thread of the run that is over. */
static void begin_restart(struct lt_query *query)
{
    struct lt_error error;
    int code = 0;
    join_restarter(query); /* it has begun this run, and has nothing left to do */
    pthread_mutex_lock(&query->mutex);
    if (!query->is_destroyed) {
        code = lt_placement_start_thread(&query->assembly.placement, -1, "leat-restart",
                                         restarter_main, query, &query->restarter, &error);
        query->has_restarter = code == 0;
    }
    pthread_mutex_unlock(&query->mutex);
    if (code != 0)
        end_between(query, &error);
}

/* --------------------------------------------------------------------------------------- life */

int lt_query_check(const struct lt_query_spec *spec, struct lt_error *error)
{
    struct lt_assembly assembly;
    int code = lt_assembly_bind(&assembly, spec, error);
    lt_assembly_dismantle(&assembly);
    return code;
}

static void free_query(struct lt_query *query)
{
    lt_text_fini(&query->explanation);
    lt_text_fini(&query->failure);
    lt_arena_destroy(query->texts);
    pthread_cond_destroy(&query->changed);
    pthread_mutex_destroy(&query->mutex);
    free(query);
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
    query->hooks = (struct lt_control_hooks){
        .on_begin = on_begin,
        .stop_is_wanted = stop_is_wanted,
        .on_state = on_state,
        .on_epoch = on_epoch,
        .on_wait = on_wait,
        .context = query,
    };
    query->texts = lt_arena_create();
    lt_text_init(&query->explanation);
    lt_text_init(&query->failure);
    int code = lt_assembly_build(&query->assembly, &query->spec, &query->hooks, error);
    if (code != 0) {
        free_query(query);
        return code;
    }
    *out = query;
    return 0;
}

void lt_query_destroy(struct lt_query *query)
{
    if (query == NULL)
        return;
    pthread_mutex_lock(&query->mutex);
    query->is_destroyed = true; /* no run begins any more */
    pthread_mutex_unlock(&query->mutex);
    join_restarter(query);
    lt_assembly_dismantle(&query->assembly);
    free_query(query);
    lt_log_flush();
}

/* ------------------------------------------------------------------------------------ waiting */

/* One round of everything, in invoker mode; 0 when there is nothing left that could work. */
static uint32_t round_once(struct lt_query *query)
{
    /* The control agent runs on this very thread: its state needs no lock. */
    if (query->assembly.control_worker == NULL)
        return 0;
    uint32_t work = lt_worker_round(query->assembly.control_worker);
    if (query->state == LT_CONTROL_AWAITS_RESTART)
        restart(query);
    return work;
}

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
        (void)round_once(query);
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
                                "check the address, or raise startupTimeout (--startup-timeout)");
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

/* False: the mailbox is full. Between two runs, and after the last, there is nobody to ask. on:
 * mutex held. */
static bool try_request(struct lt_query *query, enum lt_control_request kind)
{
    if (query->state >= LT_CONTROL_AWAITS_RESTART)
        return true;
    return lt_mailbox_try_send(query->assembly.mailbox, &(struct lt_message){.kind = kind});
}

void lt_query_request_stop(struct lt_query *query)
{
    lt_store_release_u32(&query->stop_wanted, 1); /* pairs with stop_is_wanted */
    pthread_mutex_lock(&query->mutex);
    /* A mailbox that is full is about to be emptied, by who looks at the flag after that. */
    (void)try_request(query, LT_CONTROL_REQUEST_LOOK);
    pthread_mutex_unlock(&query->mutex);
}

static int explain_timeout(struct lt_query *query, struct lt_error *error)
{
    struct lt_text_buffer text;
    lt_text_init(&text);
    pthread_mutex_lock(&query->mutex);
    bool is_between = query->state == LT_CONTROL_AWAITS_RESTART;
    const struct lt_control_wait *wait = &query->wait;
    lt_text_append(&text, lt_control_state_name(query->state));
    if (wait->has_epoch)
        lt_text_format(&text, "; epoch %" PRIu64 " waits for step %s", wait->epoch,
                       lt_epoch_step_name(wait->step));
    if (wait->missing > 0)
        lt_text_format(&text, ", %" PRIu32 " missing", wait->missing);
    pthread_mutex_unlock(&query->mutex);
    if (is_between)
        lt_error_set(error, LT_E_TIMEOUT,
                     "the query was beginning again for the source's changed partitions, and did "
                     "not end within the drain timeout; all that was read is committed");
    else
        lt_error_set(error, LT_E_TIMEOUT,
                     "what was read could not be delivered and committed within the drain timeout "
                     "(the query %s); it will be read again; hint: raise drainTimeout (--drain)",
                     lt_text_get(&text));
    lt_text_fini(&text);
    return LT_E_TIMEOUT;
}

int lt_query_stop(struct lt_query *query, int64_t timeout_ns, struct lt_error *error)
{
    lt_query_request_stop(query);
    if (timeout_ns < 0)
        timeout_ns = query->assembly.settings.drain_timeout_ns;
    int code = lt_query_await(query, timeout_ns, error);
    return code == LT_E_TIMEOUT ? explain_timeout(query, error) : code;
}

int lt_query_process_all_available(struct lt_query *query, int64_t timeout_ns,
                                   struct lt_error *error)
{
    int64_t deadline_ns = deadline_after(timeout_ns);
    int code = 0;
    pthread_mutex_lock(&query->mutex);
    query->quiet_epochs = 0;
    uint64_t asked_at = query->epochs_done;
    /* A full mailbox: the interval brings the epoch. */
    (void)try_request(query, LT_CONTROL_REQUEST_EPOCH);
    while (!is_over(query) && query->quiet_epochs < 2 && code == 0) {
        if (query->epochs_done != asked_at) {
            asked_at = query->epochs_done;
            (void)try_request(query, LT_CONTROL_REQUEST_EPOCH);
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
    uint32_t work = round_once(query);
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

const char *lt_query_run_id(struct lt_query *query)
{
    pthread_mutex_lock(&query->mutex);
    const char *run_id = query->run_id;
    pthread_mutex_unlock(&query->mutex);
    return run_id;
}

struct lt_progress *lt_query_progress(struct lt_query *query)
{
    return query->assembly.progress;
}

struct lt_counters *lt_query_counters(struct lt_query *query)
{
    return query->assembly.counters;
}

void lt_query_failure(struct lt_query *query, struct lt_text_buffer *out)
{
    pthread_mutex_lock(&query->mutex);
    lt_text_append(out, query->failure.size_bytes > 0 ? lt_text_get(&query->failure)
                                                      : "\"batchId\":null,\"sources\":[]");
    pthread_mutex_unlock(&query->mutex);
}

void lt_query_explain(struct lt_query *query, struct lt_text_buffer *out)
{
    pthread_mutex_lock(&query->mutex);
    lt_text_append(out, lt_text_get(&query->explanation));
    pthread_mutex_unlock(&query->mutex);
}
