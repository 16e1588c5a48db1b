#include "core/leat_manager.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/leat_objects.h"
#include "core/run/query_options.h"

void lt_door_manager_init(struct lt_door_manager *manager)
{
    pthread_condattr_t attributes;
    int result = pthread_mutex_init(&manager->lock, NULL);
    lt_assert(result == 0);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    result = pthread_cond_init(&manager->changed, &attributes);
    lt_assert(result == 0);
    pthread_condattr_destroy(&attributes);
}

void lt_door_manager_fini(struct lt_door_manager *manager)
{
    lt_door_listeners_end(manager);
    free(manager->exception);
    pthread_cond_destroy(&manager->changed);
    int result = pthread_mutex_destroy(&manager->lock);
    lt_assert(result == 0);
}

void lt_door_manager_lock(struct lt_door_manager *manager)
{
    int result = pthread_mutex_lock(&manager->lock);
    lt_assert(result == 0);
}

void lt_door_manager_unlock(struct lt_door_manager *manager)
{
    int result = pthread_mutex_unlock(&manager->lock);
    lt_assert(result == 0);
}

bool lt_door_manager_wait(struct lt_door_manager *manager, int64_t deadline_ns)
{
    if (deadline_ns == LT_NEVER_NS)
        return pthread_cond_wait(&manager->changed, &manager->lock) == 0;
    const struct timespec until = {.tv_sec = deadline_ns / LT_NS_PER_S,
                                   .tv_nsec = deadline_ns % LT_NS_PER_S};
    return pthread_cond_timedwait(&manager->changed, &manager->lock, &until) != ETIMEDOUT;
}

/* ------------------------------------------------------------------------- which there are */

void lt_door_manager_add(leat_query *query)
{
    struct lt_door_manager *manager = &query->context->manager;
    lt_door_manager_lock(manager);
    leat_query **at = &manager->queries;
    while (*at != NULL)
        at = &(*at)->next;
    *at = query;
    lt_door_manager_unlock(manager);
}

static const char *name_of(const leat_query *query)
{
    return lt_options_get(query->options, "queryName");
}

/* on: lock held, as all of these. */
static bool is_active(const leat_query *query)
{
    return query->managed.is_starting ||
           (query->running != NULL && lt_query_state(query->running) < LT_CONTROL_ENDED);
}

/* Active, and for others to see. */
static bool is_shown(const leat_query *query)
{
    return query->running != NULL && !query->managed.is_inner && is_active(query);
}

/* Two paths may lead to one directory. One that is not there is nobody's. */
static bool has_checkpoint(const leat_query *query, const struct stat *wanted)
{
    struct lt_query_settings settings;
    struct lt_error ignored;
    struct stat own;
    return lt_query_settings_read(query->options, &settings, &ignored) == 0 &&
           settings.checkpoint_path != NULL && stat(settings.checkpoint_path, &own) == 0 &&
           own.st_dev == wanted->st_dev && own.st_ino == wanted->st_ino;
}

/* Progress, counters and logs know queries by their names. */
static int check_name(const leat_query *query, const leat_query *other, struct lt_error *error)
{
    const char *name = name_of(query), *its = name_of(other);
    if (name == NULL || its == NULL || strcmp(name, its) != 0)
        return LT_OK;
    return lt_error_set(error, LT_E_EXISTS,
                        "Cannot start query with name %s as a query with that name is already "
                        "active in this SparkSession",
                        name);
}

/* Between processes the checkpoint's own lock keeps them apart. */
static int check_checkpoint(const leat_query *other, const struct stat *wanted,
                            struct lt_error *error)
{
    if (wanted == NULL || other->running == NULL || !has_checkpoint(other, wanted))
        return LT_OK;
    return lt_error_set(error, LT_E_BUSY,
                        "Cannot start query with id %s as another query with same id is already "
                        "active. Perhaps you are attempting to restart a query from checkpoint "
                        "that is already active; hint: stop it first, or give each query a "
                        "checkpointLocation of its own",
                        lt_query_id(other->running));
}

static bool find_checkpoint(const leat_query *query, struct stat *out)
{
    struct lt_query_settings settings;
    struct lt_error ignored; /* the start tells it */
    return lt_query_settings_read(query->options, &settings, &ignored) == 0 &&
           settings.checkpoint_path != NULL && stat(settings.checkpoint_path, out) == 0;
}

int lt_door_manager_admit(leat_query *query, struct lt_error *error)
{
    struct lt_door_manager *manager = &query->context->manager;
    struct stat checkpoint;
    bool has_one = find_checkpoint(query, &checkpoint);
    int code = LT_OK;
    lt_door_manager_lock(manager);
    for (leat_query *other = manager->queries; other != NULL && code == LT_OK;
         other = other->next) {
        if (other == query || !is_active(other))
            continue;
        code = check_name(query, other, error);
        if (code == LT_OK)
            code = check_checkpoint(other, has_one ? &checkpoint : NULL, error);
    }
    query->managed.is_starting = code == LT_OK;
    lt_door_manager_unlock(manager);
    return code;
}

void lt_door_manager_started(leat_query *query, struct lt_query *running)
{
    struct lt_door_manager *manager = &query->context->manager;
    lt_door_manager_lock(manager);
    query->managed.is_starting = false;
    query->running = running;
    if (running != NULL)
        query->managed.started_wall_us = lt_clock_wall_us(&query->clock);
    lt_door_manager_unlock(manager);
    if (running == NULL || query->managed.is_inner)
        return;
    lt_door_listeners_tell_start(query);
    lt_door_manager_lock(manager);
    query->managed.is_known = true;
    pthread_cond_broadcast(&manager->changed);
    lt_door_manager_unlock(manager);
}

/* -------------------------------------------------------------------------------------- ends */

/* How it ended: its error, or none; and none while it has not. Never waits. */
static void find_failure(struct lt_query *running, struct lt_error *error)
{
    lt_error_clear(error);
    if (lt_query_state(running) >= LT_CONTROL_ENDED && lt_query_await(running, 0, error) == LT_OK)
        lt_error_clear(error);
}

/* on: lock held. */
static void count_end(leat_query *query, const struct lt_error *error)
{
    struct lt_door_manager *manager = &query->context->manager;
    if (query->managed.is_counted || query->managed.is_inner)
        return;
    query->managed.is_counted = true;
    manager->ended_count++;
    if (error->code == LT_OK)
        return;
    free(manager->exception);
    manager->exception = strdup(error->text);
    manager->failed_code = error->code;
}

void lt_door_manager_tell(void *context, struct lt_query *running, enum lt_query_news news)
{
    leat_query *query = context;
    struct lt_door_manager *manager = &query->context->manager;
    struct lt_error error;
    find_failure(running, &error);
    lt_door_manager_lock(manager);
    if (news == LT_QUERY_HAS_ENDED)
        count_end(query, &error);
    pthread_cond_broadcast(&manager->changed);
    lt_door_manager_unlock(manager);
}

static void forget(leat_query *query)
{
    leat_query **at = &query->context->manager.queries;
    while (*at != query)
        at = &(*at)->next;
    *at = query->next;
}

void lt_door_manager_leave(leat_query *query)
{
    struct lt_door_manager *manager = &query->context->manager;
    struct lt_error error;
    if (query->running != NULL)
        find_failure(query->running, &error);
    lt_door_manager_lock(manager);
    if (query->running != NULL) {
        count_end(query, &error);
        query->managed.is_leaving = true;
        pthread_cond_broadcast(&manager->changed);
        lt_door_listeners_await_end(query);
    }
    forget(query);
    lt_door_manager_unlock(manager);
}

/* ------------------------------------------------------------------------------ public calls */

uint32_t leat_context_active(leat_context *context, leat_query **queries, uint32_t capacity)
{
    uint32_t count = 0;
    if (context == NULL)
        return 0;
    lt_door_manager_lock(&context->manager);
    for (leat_query *query = context->manager.queries; query != NULL; query = query->next) {
        if (!is_shown(query))
            continue;
        if (queries != NULL && count < capacity)
            queries[count] = query;
        count++;
    }
    lt_door_manager_unlock(&context->manager);
    return count;
}

static bool is_called(const leat_query *query, const char *id)
{
    const char *name = name_of(query);
    return strcmp(lt_query_id(query->running), id) == 0 ||
           strcmp(lt_query_run_id(query->running), id) == 0 ||
           (name != NULL && strcmp(name, id) == 0);
}

leat_query *leat_context_get(leat_context *context, const char *id)
{
    leat_query *found = NULL;
    if (context == NULL || id == NULL)
        return NULL;
    lt_door_manager_lock(&context->manager);
    for (leat_query *query = context->manager.queries; query != NULL && found == NULL;
         query = query->next)
        if (is_shown(query) && is_called(query, id))
            found = query;
    lt_door_manager_unlock(&context->manager);
    return found;
}

static bool is_listeners_thread(const struct lt_door_manager *manager)
{
    return manager->has_thread && pthread_equal(manager->thread, pthread_self());
}

int leat_context_await_any(leat_context *context, int64_t timeout_ns, char **exception)
{
    int64_t now_ns = lt_clock_now_ns(lt_clock_system());
    int64_t deadline_ns = timeout_ns > LT_NEVER_NS - now_ns ? LT_NEVER_NS : now_ns + timeout_ns;
    if (exception != NULL)
        *exception = NULL;
    if (context == NULL)
        return LEAT_ERROR_INVALID;
    struct lt_door_manager *manager = &context->manager;
    lt_door_manager_lock(manager);
    int code = is_listeners_thread(manager) ? LEAT_ERROR_STATE : LEAT_OK;
    while (code == LEAT_OK && manager->ended_count == 0)
        if (!lt_door_manager_wait(manager, deadline_ns) && manager->ended_count == 0)
            code = LEAT_ERROR_TIMEOUT;
    if (code == LEAT_OK && manager->failed_code != LT_OK) {
        code = manager->failed_code;
        if (exception != NULL)
            *exception = strdup(manager->exception);
    }
    lt_door_manager_unlock(manager);
    return code;
}

void leat_context_reset_terminated(leat_context *context)
{
    if (context == NULL)
        return;
    lt_door_manager_lock(&context->manager);
    context->manager.ended_count = 0;
    context->manager.failed_code = LT_OK;
    free(context->manager.exception);
    context->manager.exception = NULL;
    lt_door_manager_unlock(&context->manager);
}
