#include "core/run/worker.h"

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "core/base/arena.h"
#include "core/base/nearest.h"
#include "core/base/shared.h"
#include "core/flow/connector.h"

enum {
    /* A wake-up from parking costs 2.4 us with cpu_dma_latency held; spinning for 20 times that
     * before it keeps the median at a hop's price for gaps under 50 us and costs 5 % of a CPU at
     * 1,000 records/s (IO.md 6.3). */
    BACKOFF_SPIN_NS = 50 * LT_NS_PER_US,
    /* A spinner that never yields holds up kernel work bound to its CPU: fsync p99 4.7 ms against
     * 0.7 ms (IO.md 4.4). */
    YIELD_EVERY_NS = 20 * LT_NS_PER_US,
    /* How many empty rounds pass between two looks at the clock. */
    ROUNDS_PER_CLOCK = 16,
};

struct lt_worker {
    /* constant after start */
    struct lt_worker_options options;
    char name[16]; /* what the kernel keeps of a thread's name */
    pthread_t thread;
    bool has_thread;
    bool has_run, is_stopped; /* owner */
    struct lt_reactor *reactor;
    /* written by the owner before run, constant after */
    struct lt_agent *agents;
    uint32_t agent_count, agent_capacity;
    /* owner: the worker's thread */
    uint32_t open_count;
    uint32_t idle_rounds;
    int64_t idle_since_ns;
    int64_t yielded_ns;
    /* handed over by the semaphores: `told` by the owner, `answered` by the thread */
    sem_t told, answered;
    int answer;
    struct lt_error answer_error;
    /* written by the owner, read by the thread */
    struct lt_shared_u32 stop;
};

static const char *const idle_names[] = {"spin", "yield", "backoff", "park"};

int lt_idle_parse(const char *name, enum lt_idle *out, struct lt_error *error)
{
    for (int i = 0; i < 4; i++) {
        if (strcmp(name, idle_names[i]) == 0) {
            *out = (enum lt_idle)i;
            return 0;
        }
    }
    const char *near = lt_nearest(name, idle_names, 4);
    return lt_error_set(error, LT_E_INVALID, "unknown idle strategy \"%s\"; hint: %s%s", name,
                        near != NULL ? "did you mean " : "one of spin, yield, backoff, park",
                        near != NULL ? near : "");
}

const char *lt_idle_name(enum lt_idle idle)
{
    return idle_names[idle];
}

static int start_thread(void *placement, const char *name, void *(*entry)(void *), void *argument,
                        pthread_t *out, struct lt_error *error)
{
    return lt_placement_start_thread(placement, -1, name, entry, argument, out, error);
}

static int create_reactor(struct lt_worker *worker, struct lt_error *error)
{
    const struct lt_worker_options *options = &worker->options;
    struct lt_reactor_options reactor_options = {
        .choice = options->reactor_choice,
        .housekeeping_cpus = options->placement->housekeeping,
        .housekeeping_cpu_count = options->placement->housekeeping_count,
        /* In line, the caller owns every thread there is. */
        .start_thread = options->is_inline ? NULL : start_thread,
        .start_thread_context = options->placement,
    };
    int code = options->catalog->create_reactor(&reactor_options, &worker->reactor, error);
    return code == 0 ? 0 : lt_error_append(error, "worker \"%s\"", worker->name);
}

static int open_agents(struct lt_worker *worker, struct lt_error *error)
{
    for (uint32_t i = 0; i < worker->agent_count; i++) {
        struct lt_agent *agent = &worker->agents[i];
        worker->open_count = i + 1; /* close also follows a failed open */
        int code = agent->open == NULL ? 0 : agent->open(agent->context, worker->reactor, error);
        if (code != 0)
            return code;
    }
    return 0;
}

/* Operations that are on their way point into their owners' memory: nothing is freed before the
 * last has completed. */
static void settle(struct lt_worker *worker)
{
    while (worker->reactor->pending_count > 0) {
        lt_waker_prepare_to_park(&worker->reactor->waker);
        lt_reactor_park(worker->reactor, LT_NEVER_NS);
        lt_waker_unpark(&worker->reactor->waker);
    }
}

static void close_agents(struct lt_worker *worker)
{
    while (worker->open_count > 0) {
        struct lt_agent *agent = &worker->agents[--worker->open_count];
        if (agent->close != NULL)
            agent->close(agent->context);
    }
    settle(worker);
}

static uint32_t step_agents(struct lt_worker *worker)
{
    uint32_t work = 0;
    for (uint32_t i = 0; i < worker->agent_count; i++)
        work += worker->agents[i].step(worker->agents[i].context);
    return work;
}

uint32_t lt_worker_round(struct lt_worker *worker)
{
    uint32_t work = step_agents(worker);
    return work + lt_reactor_poll(worker->reactor);
}

static int64_t nearest_deadline(const struct lt_worker *worker)
{
    int64_t nearest = LT_NEVER_NS;
    for (uint32_t i = 0; i < worker->agent_count; i++) {
        const struct lt_agent *agent = &worker->agents[i];
        int64_t deadline =
            agent->deadline_ns == NULL ? LT_NEVER_NS : agent->deadline_ns(agent->context);
        if (deadline < nearest)
            nearest = deadline;
    }
    return nearest;
}

/* The reactor sleeps by the system's clock; the query may have another, with another origin. */
static int64_t on_system_clock(const struct lt_worker *worker, int64_t deadline_ns)
{
    const struct lt_clock *own = worker->options.clock, *system = lt_clock_system();
    if (own == system || deadline_ns == LT_NEVER_NS)
        return deadline_ns;
    return lt_clock_now_ns(system) + (deadline_ns - lt_clock_now_ns(own));
}

void lt_worker_park(struct lt_worker *worker, int64_t deadline_ns)
{
    lt_waker_prepare_to_park(&worker->reactor->waker);
    /* The second look: what was made visible before the wakers could see `parked` is found here.
     * Without the reactor, whose poll would take away the wake-up for what came after the look. */
    if (step_agents(worker) == 0 && lt_load_relaxed_u32(&worker->stop) == 0) {
        int64_t nearest_ns = nearest_deadline(worker);
        if (deadline_ns < nearest_ns)
            nearest_ns = deadline_ns;
        lt_reactor_park(worker->reactor, on_system_clock(worker, nearest_ns));
    }
    lt_waker_unpark(&worker->reactor->waker);
}

/* Spins politely: relaxes each round, yields now and then so that kernel work bound to this CPU
 * gets its turn. */
static void spin(struct lt_worker *worker, int64_t now_ns)
{
    lt_cpu_relax();
    if (now_ns - worker->yielded_ns < YIELD_EVERY_NS)
        return;
    sched_yield();
    worker->yielded_ns = now_ns;
}

static void idle(struct lt_worker *worker)
{
    switch (worker->options.idle) {
    case LT_IDLE_YIELD:
        sched_yield();
        return;
    case LT_IDLE_PARK:
        lt_worker_park(worker, LT_NEVER_NS);
        return;
    case LT_IDLE_SPIN:
    case LT_IDLE_BACKOFF:
        break;
    }
    if (worker->idle_rounds++ % ROUNDS_PER_CLOCK != 0) {
        lt_cpu_relax();
        return;
    }
    int64_t now_ns = lt_clock_now_ns(worker->options.clock);
    if (worker->idle_rounds == 1)
        worker->idle_since_ns = now_ns;
    bool spun_enough = now_ns - worker->idle_since_ns >= BACKOFF_SPIN_NS;
    if (worker->options.idle == LT_IDLE_BACKOFF && spun_enough)
        lt_worker_park(worker, LT_NEVER_NS);
    else
        spin(worker, now_ns);
}

/* Unbounded by design: this is the worker's event loop. */
static void run_rounds(struct lt_worker *worker)
{
    /* relaxed: the stopper wakes the worker after setting it, and a round later is early enough. */
    while (lt_load_relaxed_u32(&worker->stop) == 0) {
        if (lt_worker_round(worker) != 0)
            worker->idle_rounds = 0;
        else
            idle(worker);
    }
}

static void wait_for(sem_t *semaphore)
{
    while (sem_wait(semaphore) != 0) {
        /* interrupted by a signal: wait on */
    }
}

static void answer(struct lt_worker *worker, int code)
{
    worker->answer = code;
    sem_post(&worker->answered);
}

static void *worker_main(void *argument)
{
    struct lt_worker *worker = argument;
    (void)prctl(PR_SET_TIMERSLACK,
                1); /* best effort: a parked worker's deadline is late by 50 us without it */
    int code = create_reactor(worker, &worker->answer_error);
    answer(worker, code);
    if (code != 0)
        return NULL;
    wait_for(&worker->told);
    if (lt_load_relaxed_u32(&worker->stop) == 0) { /* relaxed: ordered by the semaphore */
        code = open_agents(worker, &worker->answer_error);
        answer(worker, code);
        if (code == 0)
            run_rounds(worker);
        close_agents(worker);
    }
    sem_post(&worker->answered); /* the agents are closed */
    /* Others may hold our waker, which is the reactor's, until all that feeds us is gone. */
    wait_for(&worker->told);
    lt_reactor_destroy(worker->reactor);
    worker->reactor = NULL;
    return NULL;
}

/* What the thread answered; its error goes to the caller. */
static int take_answer(struct lt_worker *worker, struct lt_error *error)
{
    wait_for(&worker->answered);
    if (worker->answer != 0 && error != NULL)
        *error = worker->answer_error;
    return worker->answer;
}

static void join(struct lt_worker *worker)
{
    if (worker->has_thread)
        pthread_join(worker->thread, NULL);
    worker->has_thread = false;
}

int lt_worker_start(const struct lt_worker_options *options, struct lt_worker **out,
                    struct lt_error *error)
{
    struct lt_worker *worker = lt_alloc(sizeof *worker);
    worker->options = *options;
    strncpy(worker->name, options->name, sizeof worker->name - 1);
    sem_init(&worker->told, 0, 0);
    sem_init(&worker->answered, 0, 0);
    int code;
    if (options->is_inline) {
        code = create_reactor(worker, error);
    } else {
        code = lt_placement_start_thread(options->placement, options->lane_cpu, worker->name,
                                         worker_main, worker, &worker->thread, error);
        worker->has_thread = code == 0;
        if (code == 0)
            code = take_answer(worker, error);
    }
    if (code != 0) {
        worker->is_stopped = true; /* nothing is open, and there may be no reactor */
        lt_worker_destroy(worker);
        return code;
    }
    *out = worker;
    return 0;
}

void lt_worker_add(struct lt_worker *worker, const struct lt_agent *agent)
{
    lt_assert(!worker->has_run);
    if (worker->agent_count == worker->agent_capacity) {
        worker->agent_capacity = worker->agent_capacity == 0 ? 4 : 2 * worker->agent_capacity;
        worker->agents =
            lt_realloc_array(worker->agents, worker->agent_capacity, sizeof worker->agents[0]);
    }
    worker->agents[worker->agent_count++] = *agent;
}

struct lt_waker *lt_worker_waker(struct lt_worker *worker)
{
    return &worker->reactor->waker;
}

bool lt_worker_may_park(const struct lt_worker *worker)
{
    return worker->options.idle == LT_IDLE_PARK || worker->options.idle == LT_IDLE_BACKOFF;
}

int lt_worker_run(struct lt_worker *worker, struct lt_error *error)
{
    worker->has_run = true;
    if (!worker->has_thread) {
        int code = open_agents(worker, error);
        if (code != 0)
            close_agents(worker);
        return code;
    }
    sem_post(&worker->told);
    int code = take_answer(worker, error);
    if (code != 0) {
        wait_for(&worker->answered); /* the agents are closed */
        worker->is_stopped = true;
    }
    return code;
}

void lt_worker_stop(struct lt_worker *worker)
{
    if (worker == NULL || worker->is_stopped)
        return;
    worker->is_stopped = true;
    if (!worker->has_thread) {
        close_agents(worker);
        return;
    }
    /* relaxed: the semaphore or the waker's fence orders it. */
    lt_store_relaxed_u32(&worker->stop, 1);
    if (worker->has_run)
        lt_waker_wake(lt_worker_waker(worker));
    else
        sem_post(&worker->told);
    wait_for(&worker->answered); /* the agents are closed */
}

void lt_worker_destroy(struct lt_worker *worker)
{
    if (worker == NULL)
        return;
    lt_worker_stop(worker);
    sem_post(&worker->told);
    join(worker);
    if (worker->reactor != NULL) /* in line: a thread has destroyed its own */
        lt_reactor_destroy(worker->reactor);
    sem_destroy(&worker->told);
    sem_destroy(&worker->answered);
    free(worker->agents);
    free(worker);
}
