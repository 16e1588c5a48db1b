/*
 * A worker: one thread with one reactor that runs a list of agents in turn, for ever.
 *
 * The duty cycle is bounded: each agent's step does a limited amount of work and returns how much.
 * What happens when a whole round found nothing is the idle strategy's business, chosen by name:
 *
 *   spin     never leaves the CPU
 *   yield    gives the CPU away between rounds
 *   backoff  spins for a while, then parks (the default where lanes have CPUs of their own)
 *   park     parks at once (the default where CPUs are shared)
 *
 * Parking waits on the reactor: woken by a ring, a mailbox, a library's signal, a completion, or
 * the nearest deadline of any agent. Before it sleeps, a worker says that it is about to, and lets
 * its agents look once more (core/flow/waker.h).
 *
 * The same agents run without a thread in invoker mode: the caller's loop calls lt_worker_round().
 *
 * Life: start (the thread and its reactor exist, so the waker can be given to whoever feeds the
 * worker) -> add agents -> run (opens the agents on the worker's own thread, since what they make
 * may belong to it; then rounds, for ever) -> stop (the agents are closed there too; the waker
 * stays good) -> destroy.
 */
#ifndef LT_RUN_WORKER_H
#define LT_RUN_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/flow/reactor.h"
#include "core/run/placement.h"

struct lt_worker;

struct lt_agent {
    const char *name;
    void *context;
    /* on: the worker, before the first round. */
    int (*open)(void *context, struct lt_reactor *reactor, struct lt_error *error);
    /* One bounded step; the work done, 0 if none. */
    uint32_t (*step)(void *context);
    /* When step must run again even if nothing wakes the worker; LT_NEVER_NS. */
    int64_t (*deadline_ns)(void *context);
    /* on: the worker, after the last round; also after a failed open. */
    void (*close)(void *context);
};

enum lt_idle { LT_IDLE_SPIN, LT_IDLE_YIELD, LT_IDLE_BACKOFF, LT_IDLE_PARK };

/* "spin", "yield", "backoff", "park"; a negative code with the nearest name otherwise. */
int lt_idle_parse(const char *name, enum lt_idle *out, struct lt_error *error) LT_MUST_USE;
const char *lt_idle_name(enum lt_idle idle);

struct lt_worker_options {
    const char *name;
    enum lt_idle idle;
    int lane_cpu;   /* index into the placement's lane CPUs; -1: housekeeping */
    bool is_inline; /* no thread: the caller's loop runs the rounds */
    const struct lt_clock *clock;
    const struct lt_catalog *catalog; /* for the reactor */
    const char *reactor_choice;       /* "auto", "io_uring", "epoll" */
    struct lt_placement *placement;
};

/* Starts the thread (unless options->is_inline) and its reactor. In line, the calling thread is the
 * worker's thread from here on: it must make all further calls. */
int lt_worker_start(const struct lt_worker_options *options, struct lt_worker **out,
                    struct lt_error *error) LT_MUST_USE;
/* Before run; as many as there are. The agent is copied. */
void lt_worker_add(struct lt_worker *worker, const struct lt_agent *agent);

/* The waker to give to whoever feeds this worker. */
struct lt_waker *lt_worker_waker(struct lt_worker *worker);
/* False for one that spins or yields: it sees what is published without being woken. on: any. */
bool lt_worker_may_park(const struct lt_worker *worker);

/* Opens the agents and begins the rounds; returns when they are open or one could not be (agents
 * are then closed). */
int lt_worker_run(struct lt_worker *worker, struct lt_error *error) LT_MUST_USE;
/* One round over the agents and the reactor; the work done. on: the thread of an inline worker. */
uint32_t lt_worker_round(struct lt_worker *worker);
/* After a round that found nothing: steps the agents once more and, if they find nothing either,
 * sleeps until something wakes the worker, an agent's deadline, or `deadline_ns`; both on the
 * worker's clock. on: the thread of an inline worker. */
void lt_worker_park(struct lt_worker *worker, int64_t deadline_ns);

/* Ends the rounds after the current one and closes the agents. The waker stays good: whoever feeds
 * the worker may still wake it, to no effect. NULL is a no-op. */
void lt_worker_stop(struct lt_worker *worker);
/* Stops it first; ends the thread and its reactor. Nobody wakes it any more. NULL is a no-op. */
void lt_worker_destroy(struct lt_worker *worker);

#endif
