/*
 * The context as manager of its queries, and its listeners.
 */
#include "core/leat.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/leat_admin.h"
#include "tests/support/doors.h"
#include "tests/support/scratch.h"

enum { EVENTS_MAX = 1024 };

/* What a listener was told, in order. */
struct heard {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    char kinds[EVENTS_MAX + 1]; /* s, p, i, t */
    char *events[EVENTS_MAX];
    uint32_t count;
    pthread_t starter, teller; /* threads that called */
    bool is_held;              /* on_progress waits until it is false */
};

struct fixture {
    leat_context *context;
    leat_input *input;
    leat_output *output;
    leat_query *query;
    struct doors_rows *rows;
    struct heard heard;
    char path[SCRATCH_PATH_SIZE];
    int64_t now_ns, wall_us; /* of the injected clock */
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->context = leat_context_create();
    f->input = leat_input_create(f->context, DOORS_SCHEMA, 1024);
    f->output = leat_output_create(f->context, 4096);
    f->rows = calloc(1, sizeof *f->rows);
    pthread_mutex_init(&f->heard.mutex, NULL);
    pthread_cond_init(&f->heard.changed, NULL);
    scratch_create(f->path);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    leat_query_destroy(f->query);
    leat_context_destroy(f->context);
    for (uint32_t i = 0; i < f->heard.count; i++)
        free(f->heard.events[i]);
    pthread_cond_destroy(&f->heard.changed);
    pthread_mutex_destroy(&f->heard.mutex);
    scratch_remove(f->path);
    free(f->rows);
    free(f);
    return 0;
}

/* --------------------------------------------------------------------------------- listeners */

static void hear(struct heard *heard, char kind, const char *event)
{
    pthread_mutex_lock(&heard->mutex);
    assert_true(heard->count < EVENTS_MAX);
    *(kind == 's' ? &heard->starter : &heard->teller) = pthread_self();
    heard->kinds[heard->count] = kind;
    heard->events[heard->count++] = strdup(event);
    pthread_cond_broadcast(&heard->changed);
    while (kind == 'p' && heard->is_held)
        pthread_cond_wait(&heard->changed, &heard->mutex);
    pthread_mutex_unlock(&heard->mutex);
}

static void hear_started(void *user, const char *event)
{
    hear(user, 's', event);
}

static void hear_progress(void *user, const char *event)
{
    hear(user, 'p', event);
}

static void hear_idle(void *user, const char *event)
{
    hear(user, 'i', event);
}

static void hear_terminated(void *user, const char *event)
{
    hear(user, 't', event);
}

static leat_listener listener_of(struct heard *heard)
{
    return (leat_listener){.size = sizeof(leat_listener),
                           .user = heard,
                           .on_started = hear_started,
                           .on_progress = hear_progress,
                           .on_idle = hear_idle,
                           .on_terminated = hear_terminated};
}

static void listen_to(struct fixture *f)
{
    const leat_listener listener = listener_of(&f->heard);
    assert_int_equal(leat_context_add_listener(f->context, &listener), LEAT_OK);
}

/* How many events of a kind there are, once there are as many as wanted. */
static uint32_t await_events(struct heard *heard, char kind, uint32_t wanted)
{
    uint32_t count = 0;
    pthread_mutex_lock(&heard->mutex);
    for (;;) {
        count = 0;
        for (uint32_t i = 0; i < heard->count; i++)
            count += heard->kinds[i] == kind;
        if (count >= wanted)
            break;
        pthread_cond_wait(&heard->changed, &heard->mutex);
    }
    pthread_mutex_unlock(&heard->mutex);
    return count;
}

/* An event by its number; a negative one counts from the end, -1 is the last. */
static const char *event_at(struct heard *heard, int number, char *kind)
{
    char ignored;
    pthread_mutex_lock(&heard->mutex);
    uint32_t at = number < 0 ? heard->count - (uint32_t)-number : (uint32_t)number;
    assert_true(at < heard->count);
    *(kind != NULL ? kind : &ignored) = heard->kinds[at];
    const char *event = heard->events[at];
    pthread_mutex_unlock(&heard->mutex);
    return event;
}

static void hold(struct heard *heard, bool is_held)
{
    pthread_mutex_lock(&heard->mutex);
    heard->is_held = is_held;
    pthread_cond_broadcast(&heard->changed);
    pthread_mutex_unlock(&heard->mutex);
}

/* ------------------------------------------------------------------------------------ queries */

static leat_query *build_named(struct fixture *f, const char *name, const char *checkpoint,
                               leat_input *input, leat_output *output)
{
    leat_options *options = doors_options("1", checkpoint);
    if (name != NULL)
        assert_int_equal(leat_options_set(options, "queryName", name, NULL), LEAT_OK);
    leat_query *query = leat_query_create(f->context, options);
    assert_int_equal(leat_query_write_output(query, leat_read_input(input), output), LEAT_OK);
    return query;
}

static void build(struct fixture *f, const char *name)
{
    f->query = build_named(f, name, f->path, f->input, f->output);
}

static void build_in_batches(struct fixture *f, const char *name)
{
    build(f, name);
    assert_int_equal(leat_query_trigger_processing_time(f->query, 0), LEAT_OK);
}

static leat_query *build_second(struct fixture *f, const char *name, const char *checkpoint)
{
    return build_named(f, name, checkpoint, leat_input_create(f->context, DOORS_SCHEMA, 64),
                       leat_output_create(f->context, 64));
}

static leat_query *build_broken(struct fixture *f, bool in_batches)
{
    leat_query *query = leat_query_create(f->context, doors_options("1", f->path));
    leat_stream *stream = leat_read_input(f->input);
    assert_int_equal(leat_query_write_sink(query, stream, &doors_broken_sink), LEAT_OK);
    if (in_batches)
        assert_int_equal(leat_query_trigger_processing_time(query, 0), LEAT_OK);
    return query;
}

/* ------------------------------------------------------------------------------------ manager */

static void active_queries_are_found_by_id_and_name(void **state)
{
    struct fixture *f = *state;
    leat_query *found[2] = {NULL};
    build(f, "first");
    leat_query *second = build_second(f, NULL, NULL);
    assert_string_equal(leat_query_name(f->query), "first");
    assert_string_equal(leat_query_name(second), "");
    assert_int_equal(leat_context_active(f->context, found, 2), 0);
    doors_start(f->query);
    doors_start(second);
    assert_int_equal(leat_context_active(f->context, NULL, 0), 2);
    assert_int_equal(leat_context_active(f->context, found, 1), 2);
    assert_ptr_equal(found[0], f->query);
    assert_null(found[1]);
    assert_int_equal(leat_context_active(f->context, found, 2), 2);
    assert_ptr_equal(found[1], second);
    assert_ptr_equal(leat_context_get(f->context, leat_query_id(second)), second);
    assert_ptr_equal(leat_context_get(f->context, leat_query_run_id(f->query)), f->query);
    assert_ptr_equal(leat_context_get(f->context, "first"), f->query);
    assert_null(leat_context_get(f->context, "none"));
    assert_int_equal(leat_stop(f->query, DOORS_PATIENCE_NS), LEAT_OK);
    assert_null(leat_context_get(f->context, "first"));
    assert_int_equal(leat_context_active(f->context, found, 2), 1);
    assert_ptr_equal(found[0], second);
    leat_query_destroy(second);
    assert_int_equal(leat_context_active(f->context, found, 2), 0);
}

static void any_end_is_waited_for_until_it_is_forgotten(void **state)
{
    struct fixture *f = *state;
    char *exception = (char *)f;
    build(f, NULL);
    doors_start(f->query);
    assert_int_equal(leat_context_await_any(f->context, 1000000, &exception), LEAT_ERROR_TIMEOUT);
    assert_null(exception);
    leat_request_stop(f->query);
    assert_int_equal(leat_context_await_any(f->context, DOORS_PATIENCE_NS, &exception), LEAT_OK);
    assert_int_equal(leat_context_await_any(f->context, 0, NULL), LEAT_OK);
    leat_context_reset_terminated(f->context);
    assert_int_equal(leat_context_await_any(f->context, 0, NULL), LEAT_ERROR_TIMEOUT);
    leat_query *second = build_second(f, NULL, NULL);
    doors_start(second);
    leat_query_destroy(second); /* that is an end, too */
    assert_int_equal(leat_context_await_any(f->context, 0, NULL), LEAT_OK);
}

static void any_end_that_was_a_failure_is_told_with_its_text(void **state)
{
    struct fixture *f = *state;
    char *exception = NULL;
    f->query = build_broken(f, false);
    doors_start(f->query);
    doors_push(f->input, 0, 1);
    int code = leat_context_await_any(f->context, DOORS_PATIENCE_NS, &exception);
    assert_int_equal(code, leat_await(f->query, DOORS_PATIENCE_NS));
    assert_true(code < 0);
    assert_string_equal(exception, leat_query_error(f->query));
    free(exception);
    leat_context_reset_terminated(f->context);
    assert_int_equal(leat_context_await_any(f->context, 0, &exception), LEAT_ERROR_TIMEOUT);
}

static void a_name_is_one_active_querys(void **state)
{
    struct fixture *f = *state;
    build(f, "twice");
    doors_start(f->query);
    leat_query *second = build_second(f, "twice", NULL);
    assert_int_equal(leat_start(second), LEAT_ERROR_EXISTS);
    assert_string_equal(leat_query_error(second),
                        "Cannot start query with name twice as a query with that name is already "
                        "active in this SparkSession");
    assert_int_equal(leat_stop(f->query, DOORS_PATIENCE_NS), LEAT_OK);
    doors_start(second);
    leat_query_destroy(second);
}

static void a_checkpoint_is_one_active_querys(void **state)
{
    struct fixture *f = *state;
    char other_path[SCRATCH_PATH_SIZE + 16], wanted[160];
    build(f, NULL);
    doors_start(f->query);
    snprintf(other_path, sizeof other_path, "file://%s/../%s", f->path, strrchr(f->path, '/') + 1);
    leat_query *second = build_second(f, NULL, other_path);
    assert_int_equal(leat_start(second), LEAT_ERROR_BUSY);
    snprintf(wanted, sizeof wanted,
             "Cannot start query with id %s as another query with same id is already active.",
             leat_query_id(f->query));
    doors_assert_contains(leat_query_error(second), wanted);
    leat_query_destroy(second);
}

/* ---------------------------------------------------------------------------------- listeners */

static void listeners_are_told_of_a_query_from_its_start_to_its_end(void **state)
{
    struct fixture *f = *state;
    char wanted[128];
    listen_to(f);
    build(f, "heard");
    doors_start(f->query);
    char kind;
    const char *started = event_at(&f->heard, 0, &kind); /* before leat_start has returned */
    assert_int_equal(kind, 's');
    assert_true(pthread_equal(f->heard.starter, pthread_self()));
    doors_push(f->input, 0, 10);
    doors_finish(f->query, f->input, f->output, f->rows);
    assert_int_equal(await_events(&f->heard, 't', 1), 1);
    assert_true(await_events(&f->heard, 'p', 1) >= 1);
    assert_false(pthread_equal(f->heard.teller, pthread_self()));
    const char *ended = event_at(&f->heard, -1, &kind);
    assert_int_equal(kind, 't');
    snprintf(wanted, sizeof wanted,
             "{\"id\":\"%s\",\"runId\":\"%s\",\"name\":\"heard\",\"timestamp\":",
             leat_query_id(f->query), leat_query_run_id(f->query));
    doors_assert_contains(started, wanted);
    doors_assert_contains(event_at(&f->heard, 1, NULL), "{\"progress\":{\"id\":\"");
    doors_assert_contains(ended, "\"exception\":null,\"errorClassOnException\":null");
}

static void a_listener_hears_why_a_query_has_failed(void **state)
{
    struct fixture *f = *state;
    listen_to(f);
    f->query = build_broken(f, true);
    doors_start(f->query);
    doors_push(f->input, 0, 1);
    assert_int_equal(await_events(&f->heard, 't', 1), 1);
    doors_assert_contains(event_at(&f->heard, -1, NULL), "broken");
}

static void a_query_that_is_destroyed_is_told_to_have_ended(void **state)
{
    struct fixture *f = *state;
    listen_to(f);
    build(f, NULL);
    doors_start(f->query);
    leat_query_destroy(f->query);
    f->query = NULL;
    char kind;
    const char *event = event_at(&f->heard, -1, &kind); /* before destroy has returned */
    assert_int_equal(kind, 't');
    doors_assert_contains(event, "\"exception\":null");
}

static void a_slow_listener_holds_up_no_data(void **state)
{
    enum { BATCHES = 130, KEPT = 100 };
    struct fixture *f = *state;
    listen_to(f);
    hold(&f->heard, true);
    build_in_batches(f, NULL);
    doors_start(f->query);
    for (int i = 0; i < BATCHES; i++) {
        doors_push(f->input, i, 1);
        assert_int_equal(leat_process_all_available(f->query, DOORS_PATIENCE_NS), LEAT_OK);
        assert_true(doors_collect(f->output, f->rows, (uint32_t)i + 1));
    }
    assert_int_equal(leat_stop(f->query, DOORS_PATIENCE_NS), LEAT_OK);
    assert_int_equal(await_events(&f->heard, 'p', 1), 1); /* and there it hangs */
    hold(&f->heard, false);
    assert_int_equal(await_events(&f->heard, 't', 1), 1);
    uint32_t told = await_events(&f->heard, 'p', 1);
    assert_true(told <= KEPT + 1);
    doors_assert_contains(event_at(&f->heard, -2, NULL), "\"batchId\":129,"); /* the newest */
}

static void a_listener_that_was_removed_is_not_called(void **state)
{
    struct fixture *f = *state;
    const leat_listener listener = listener_of(&f->heard);
    listen_to(f);
    assert_int_equal(leat_context_remove_listener(f->context, &listener), LEAT_OK);
    assert_int_equal(leat_context_remove_listener(f->context, &listener), LEAT_ERROR_NOT_FOUND);
    build(f, NULL);
    doors_start(f->query);
    doors_push(f->input, 0, 10);
    doors_finish(f->query, f->input, f->output, f->rows);
    leat_query_destroy(f->query);
    f->query = NULL;
    assert_int_equal(await_events(&f->heard, 's', 0) + await_events(&f->heard, 't', 0), 0);
    const leat_listener wrong = {.size = 1};
    assert_int_equal(leat_context_add_listener(f->context, &wrong), LEAT_ERROR_INVALID);
}

static int64_t fake_now(void *user)
{
    return ((struct fixture *)user)->now_ns;
}

static int64_t fake_wall(void *user)
{
    return ((struct fixture *)user)->wall_us;
}

static void pass_time(struct fixture *f, int64_t seconds)
{
    f->now_ns += seconds * 1000000000;
    f->wall_us += seconds * 1000000;
    for (int idle = 0; idle < 10;)
        idle = leat_do_work(f->query) == 0 ? idle + 1 : 0;
}

static void idleness_is_told_each_ten_seconds(void **state)
{
    struct fixture *f = *state;
    f->now_ns = 1000;
    f->wall_us = 1700000000 * (int64_t)1000000;
    leat_context_set_clock(f->context, fake_now, fake_wall, f);
    listen_to(f);
    build_in_batches(f, NULL);
    assert_int_equal(leat_start_invoked(f->query), LEAT_OK);
    for (int second = 0; second < 25; second++)
        pass_time(f, 1);
    assert_int_equal(leat_stop(f->query, DOORS_PATIENCE_NS), LEAT_OK);
    assert_int_equal(await_events(&f->heard, 't', 1), 1);
    assert_int_equal(await_events(&f->heard, 'i', 1), 3); /* the first one at once, as in Spark */
    doors_assert_contains(event_at(&f->heard, 1, NULL), "\",\"timestamp\":\"2023-11-14T22:13:2");
    char *entry = leat_query_recent_progress(f->query, 0);
    doors_assert_contains(entry, "\"batchId\":0,");
    doors_assert_contains(entry, "\"numInputRows\":0,");
    doors_assert_contains(entry, "\"durationMs\":{\"latestOffset\":0,\"triggerExecution\":0}");
    free(entry);
}

static void nothing_is_handed_in(void **state)
{
    (void)state;
    assert_int_equal(leat_context_active(NULL, NULL, 0), 0);
    assert_null(leat_context_get(NULL, "x"));
    assert_int_equal(leat_context_await_any(NULL, 0, NULL), LEAT_ERROR_INVALID);
    assert_int_equal(leat_context_add_listener(NULL, NULL), LEAT_ERROR_INVALID);
    assert_int_equal(leat_context_remove_listener(NULL, NULL), LEAT_ERROR_INVALID);
    leat_context_reset_terminated(NULL);
    assert_null(leat_admin_query_again(NULL));
    assert_false(leat_admin_query_may_pass(NULL));
    assert_null(leat_query_exception(NULL));
    assert_string_equal(leat_query_name(NULL), "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(active_queries_are_found_by_id_and_name),
        TEST(any_end_is_waited_for_until_it_is_forgotten),
        TEST(any_end_that_was_a_failure_is_told_with_its_text),
        TEST(a_name_is_one_active_querys),
        TEST(a_checkpoint_is_one_active_querys),
        TEST(listeners_are_told_of_a_query_from_its_start_to_its_end),
        TEST(a_listener_hears_why_a_query_has_failed),
        TEST(a_query_that_is_destroyed_is_told_to_have_ended),
        TEST(a_slow_listener_holds_up_no_data),
        TEST(a_listener_that_was_removed_is_not_called),
        TEST(idleness_is_told_each_ten_seconds),
        TEST(nothing_is_handed_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
