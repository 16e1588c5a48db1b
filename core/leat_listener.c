/*
 * Listeners: the events that they get, and the thread that calls them (core/leat_manager.h).
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "core/leat_manager.h"
#include "core/leat_objects.h"
#include "core/run/placement.h"
#include "core/text/json_write.h"

enum kind { STARTED, PROGRESS, IDLE, TERMINATED };

static bool is_own_thread(const struct lt_door_manager *manager)
{
    return manager->has_thread && pthread_equal(manager->thread, pthread_self());
}

/* -------------------------------------------------------------------------------------- events */

/* {"id":"...","runId":"...", with what comes behind it. */
static void begin_event(struct lt_text_buffer *json, leat_query *query)
{
    lt_text_format(json, "{\"id\":\"%s\",\"runId\":\"%s\",", lt_query_id(query->running),
                   lt_query_run_id(query->running));
}

static void end_event(struct lt_text_buffer *json, int64_t wall_us, const char *rest)
{
    char time[LT_CLOCK_ISO_SIZE];
    lt_clock_format_iso(wall_us, time);
    lt_text_format(json, "\"timestamp\":\"%s\"%s}", time, rest);
}

/* Spark's QueryStartedEvent. leat knows no tags of jobs. */
static char *started_event(leat_query *query)
{
    struct lt_text_buffer json;
    const char *name = lt_options_get(query->options, "queryName");
    lt_text_init(&json);
    begin_event(&json, query);
    lt_text_append(&json, "\"name\":");
    if (name == NULL)
        lt_text_append(&json, "null");
    else
        lt_json_write_string(&json, name, strlen(name));
    lt_text_append_char(&json, ',');
    end_event(&json, query->managed.started_wall_us, ",\"jobTags\":[]");
    return lt_text_take(&json);
}

/* An entry as QueryProgressEvent; or QueryIdleEvent, which only says when. */
static char *entry_event(leat_query *query, const struct lt_text_buffer *entry,
                         int64_t idle_wall_us)
{
    struct lt_text_buffer json;
    lt_text_init(&json);
    if (idle_wall_us >= 0) {
        begin_event(&json, query);
        end_event(&json, idle_wall_us, "");
    } else {
        lt_text_format(&json, "{\"progress\":%s}", lt_text_get(entry));
    }
    return lt_text_take(&json);
}

/* ------------------------------------------------------------------------------------- calling */

static void call(const leat_listener *calls, enum kind kind, const char *event)
{
    void (*const functions[])(void *, const char *) = {calls->on_started, calls->on_progress,
                                                       calls->on_idle, calls->on_terminated};
    if (functions[kind] != NULL)
        functions[kind](calls->user, event);
}

/* The first that came behind that number; NULL: there is none. Numbers stay true while listeners
 * come and go. on: lock held. */
static const struct lt_door_listener *next_listener(const struct lt_door_manager *manager,
                                                    uint64_t behind)
{
    const struct lt_door_listener *at = manager->listeners;
    while (at != NULL && at->number <= behind)
        at = at->next;
    return at;
}

/* On the listeners' thread. on: lock held, and let go of for each call. */
static void call_all(struct lt_door_manager *manager, enum kind kind, const char *event)
{
    const struct lt_door_listener *at = next_listener(manager, 0);
    while (at != NULL) {
        const leat_listener calls = at->calls;
        uint64_t number = manager->called_number = at->number;
        lt_door_manager_unlock(manager);
        call(&calls, kind, event);
        lt_door_manager_lock(manager);
        manager->called_number = 0;
        pthread_cond_broadcast(&manager->changed);
        at = next_listener(manager, number);
    }
}

static _Thread_local uint32_t own_starts; /* that this thread is telling of */

void lt_door_listeners_tell_start(leat_query *query)
{
    struct lt_door_manager *manager = &query->context->manager;
    const struct lt_door_listener *at;
    uint64_t number = 0;
    lt_door_manager_lock(manager);
    manager->starts_called++;
    own_starts++;
    char *event = manager->listeners != NULL ? started_event(query) : NULL;
    while (event != NULL && (at = next_listener(manager, number)) != NULL) {
        const leat_listener calls = at->calls;
        number = at->number;
        lt_door_manager_unlock(manager);
        call(&calls, STARTED, event);
        lt_door_manager_lock(manager);
    }
    own_starts--;
    manager->starts_called--;
    pthread_cond_broadcast(&manager->changed);
    lt_door_manager_unlock(manager);
    free(event);
}

/* ------------------------------------------------------------------------------------- telling */

static bool has_ended(const leat_query *query)
{
    return query->managed.is_leaving || lt_query_state(query->running) >= LT_CONTROL_ENDED;
}

/* Entries that were dropped before they could be told: the query has newer ones. */
static void skip_lost(leat_query *query, uint64_t made)
{
    uint64_t kept_from = made > LT_PROGRESS_RECENT ? made - LT_PROGRESS_RECENT : 0;
    if (query->managed.told_count >= kept_from)
        return;
    lt_log_warn("listeners are too slow: %" PRIu64
                " entries of progress of query %s were not told; the newest %d are kept",
                kept_from - query->managed.told_count, lt_query_id(query->running),
                LT_PROGRESS_RECENT);
    query->managed.told_count = kept_from;
}

/* The next event of the query; NULL: there is none now. The caller's. */
static char *next_event(leat_query *query, enum kind *kind)
{
    struct lt_door_managed *managed = &query->managed;
    if (!managed->is_known || managed->end_is_told)
        return NULL;
    bool is_over = has_ended(query); /* before the entries: none comes behind its end */
    struct lt_progress *progress = lt_query_progress(query->running);
    struct lt_text_buffer entry;
    int64_t idle_wall_us = -1;
    char *event = NULL;
    lt_text_init(&entry);
    skip_lost(query, lt_progress_made(progress));
    if (lt_progress_entry(progress, managed->told_count, &entry, &idle_wall_us)) {
        managed->told_count++;
        *kind = idle_wall_us >= 0 ? IDLE : PROGRESS;
        event = entry_event(query, &entry, idle_wall_us);
    } else if (is_over) {
        managed->end_is_told = true;
        *kind = TERMINATED;
        event = lt_door_terminated(query);
    }
    lt_text_fini(&entry);
    return event;
}

/* Tells one event of one query; false: there is none. on: lock held. */
static bool tell_next(struct lt_door_manager *manager)
{
    enum kind kind = IDLE;
    for (leat_query *query = manager->queries; query != NULL; query = query->next) {
        char *event = next_event(query, &kind);
        if (event == NULL)
            continue;
        manager->told_of = query;
        call_all(manager, kind, event);
        manager->told_of = NULL;
        pthread_cond_broadcast(&manager->changed);
        free(event);
        return true;
    }
    return false;
}

static void *listeners_main(void *argument)
{
    struct lt_door_manager *manager = argument;
    lt_door_manager_lock(manager);
    while (!manager->is_ending)
        if (!tell_next(manager))
            (void)lt_door_manager_wait(manager, LT_NEVER_NS);
    lt_door_manager_unlock(manager);
    return NULL;
}

/* on: lock held. A listener that destroys a query is told no more of it. */
void lt_door_listeners_await_end(leat_query *query)
{
    struct lt_door_manager *manager = &query->context->manager;
    bool is_told = manager->has_thread && query->managed.is_known && !is_own_thread(manager);
    while (is_told && (!query->managed.end_is_told || manager->told_of == query))
        (void)lt_door_manager_wait(manager, LT_NEVER_NS);
}

/* -------------------------------------------------------------------------------- public calls */

/* Away from the lanes' CPUs, where there are several. on: lock held. */
static int start_thread(struct lt_door_manager *manager, struct lt_error *error)
{
    struct lt_placement placement;
    const struct lt_placement_options options = {.pin = true, .yield_to_lanes = true};
    int code = lt_placement_init(&placement, &options, error);
    if (code == LT_OK)
        code = lt_placement_start_thread(&placement, -1, "leat-listeners", listeners_main, manager,
                                         &manager->thread, error);
    lt_placement_fini(&placement);
    manager->has_thread = code == LT_OK;
    return code;
}

/* What was there before the first listener is not told. */
static void skip_all(struct lt_door_manager *manager)
{
    for (leat_query *query = manager->queries; query != NULL; query = query->next) {
        if (!query->managed.is_known)
            continue;
        query->managed.told_count = lt_progress_made(lt_query_progress(query->running));
        query->managed.end_is_told = has_ended(query);
    }
}

int leat_context_add_listener(leat_context *context, const leat_listener *listener)
{
    struct lt_error error;
    leat_listener calls;
    if (context == NULL)
        return LEAT_ERROR_INVALID;
    int code = lt_door_copy_struct("leat_listener", listener, &calls, sizeof calls, sizeof calls,
                                   &error);
    lt_door_manager_lock(&context->manager);
    if (code == LT_OK && !context->manager.has_thread) {
        skip_all(&context->manager);
        code = start_thread(&context->manager, &error);
    }
    if (code == LT_OK) {
        struct lt_door_listener **at = &context->manager.listeners;
        while (*at != NULL)
            at = &(*at)->next;
        *at = lt_alloc(sizeof **at);
        (*at)->calls = calls;
        (*at)->number = ++context->manager.last_number;
    }
    lt_door_manager_unlock(&context->manager);
    if (code != LT_OK)
        (void)lt_door_fail(context, &error);
    return code;
}

/* Until nobody else calls it. on: lock held. */
static void await_uncalled(struct lt_door_manager *manager, uint64_t number)
{
    while ((manager->called_number == number && !is_own_thread(manager)) ||
           manager->starts_called > own_starts)
        (void)lt_door_manager_wait(manager, LT_NEVER_NS);
}

int leat_context_remove_listener(leat_context *context, const leat_listener *listener)
{
    if (context == NULL || listener == NULL)
        return LEAT_ERROR_INVALID;
    struct lt_door_manager *manager = &context->manager;
    lt_door_manager_lock(manager);
    struct lt_door_listener **at = &manager->listeners;
    while (*at != NULL && memcmp(&(*at)->calls, listener, sizeof *listener) != 0)
        at = &(*at)->next;
    struct lt_door_listener *found = *at;
    if (found != NULL) {
        *at = found->next;
        await_uncalled(manager, found->number);
        free(found);
    }
    lt_door_manager_unlock(manager);
    return found != NULL ? LEAT_OK : LEAT_ERROR_NOT_FOUND;
}

void lt_door_listeners_end(struct lt_door_manager *manager)
{
    lt_door_manager_lock(manager);
    manager->is_ending = true;
    pthread_cond_broadcast(&manager->changed);
    lt_door_manager_unlock(manager);
    if (manager->has_thread)
        pthread_join(manager->thread, NULL);
    while (manager->listeners != NULL) {
        struct lt_door_listener *next = manager->listeners->next;
        free(manager->listeners);
        manager->listeners = next;
    }
}
