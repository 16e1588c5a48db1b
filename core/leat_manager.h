/*
 * The context as Spark's StreamingQueryManager: which of its queries are active, which have ended
 * since the last reset, and the listeners that are told.
 *
 * Nothing is handed from a query to a listener: each query keeps its newest progress entries, and
 * the listeners' thread reads them from there, with a number for each query that says how far it
 * has told. So a slow listener holds up other listeners and nothing else, and no queue grows; what
 * it could not be told in time is counted and logged.
 *
 *   start      on_started, on the thread that starts the query, before leat_start returns
 *   progress   the listeners' thread: an entry is there that has not been told
 *   end        the listeners' thread: the query's state says so, and all entries have been told
 *   destroy    waits until the end has been told
 *
 * Locks: the manager's may be held while a query's own are taken, never the other way round; no
 * lock is held while a listener is called.
 *
 * on: any thread, unless said otherwise.
 */
#ifndef LT_LEAT_MANAGER_H
#define LT_LEAT_MANAGER_H

#include <pthread.h>

#include "core/base/error.h"
#include "core/leat.h"
#include "core/run/query.h"

struct lt_door_listener {
    uint64_t number; /* in the order in which they came, from 1 */
    leat_listener calls;
    struct lt_door_listener *next;
};

struct lt_door_manager {
    pthread_mutex_t lock;   /* of all below, and of what a query has for the manager */
    pthread_cond_t changed; /* something to tell, something told, or a query that has ended */
    leat_query *queries;    /* those that are not destroyed, in the order they were made in */
    uint32_t ended_count;   /* since the last reset */
    int failed_code;        /* of the last of them that failed; 0: none */
    char *exception;        /* and its text */
    struct lt_door_listener *listeners;
    uint64_t last_number;   /* of a listener */
    uint64_t called_number; /* by the listeners' thread, now; 0: none */
    uint32_t starts_called; /* threads that are telling of a start */
    leat_query *told_of;    /* what that is about; NULL: nothing */
    pthread_t thread;       /* from the first listener on */
    bool has_thread, is_ending;
};

/* What a query has for the manager, under its lock. */
struct lt_door_managed {
    bool is_inner; /* a part of a statement that runs here and now: nobody is told. Set before it
                      starts */
    bool is_starting, is_known; /* it has started, and listeners know */
    bool is_counted;            /* as ended */
    bool is_leaving;            /* it is being destroyed */
    bool end_is_told;
    uint64_t told_count; /* of its entries */
    int64_t started_wall_us;
};

void lt_door_manager_init(struct lt_door_manager *manager);
/* All queries are destroyed. */
void lt_door_manager_fini(struct lt_door_manager *manager);

/* Of all that the manager's lock is for; a thread that has it does not take it again. */
void lt_door_manager_lock(struct lt_door_manager *manager);
void lt_door_manager_unlock(struct lt_door_manager *manager);
/* Waits for a change, up to the deadline on the machine's clock; false: it has passed. on: lock
 * held. */
bool lt_door_manager_wait(struct lt_door_manager *manager, int64_t deadline_ns);

/* A query was made: it is found from now on. */
void lt_door_manager_add(leat_query *query);
/* It is to start: an error where another active query has its name or its checkpoint. */
int lt_door_manager_admit(leat_query *query, struct lt_error *error) LT_MUST_USE;
/* It has started; `running` NULL: it has not. Tells listeners so. */
void lt_door_manager_started(leat_query *query, struct lt_query *running);
/* For struct lt_query_spec; `context` is the leat_query. */
void lt_door_manager_tell(void *context, struct lt_query *running, enum lt_query_news news);
/* It is to be destroyed: nobody finds it any more, and listeners have been told of its end. */
void lt_door_manager_leave(leat_query *query);

/* leat_listener.c: an event, as JSON, for each listener; and the wait until one of a query has been
 * told all. on: lock not held; lock held. */
void lt_door_listeners_tell_start(leat_query *query);
void lt_door_listeners_await_end(leat_query *query);
void lt_door_listeners_end(struct lt_door_manager *manager);

/* leat_query_terminated, of one that may still be active: it is being destroyed. */
char *lt_door_terminated(leat_query *query);

#endif
