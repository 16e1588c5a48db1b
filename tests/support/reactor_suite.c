/*
 * Set-up and waiting for the tests of reactors.
 */
#include "tests/support/reactor_suite.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/log.h"

static int start_thread(void *context, const char *name, void *(*entry)(void *), void *argument,
                        pthread_t *out, struct lt_error *error)
{
    (void)context;
    (void)name;
    int status = pthread_create(out, NULL, entry, argument);
    return status == 0 ? 0 : lt_error_set_errno(error, status, "cannot start a thread");
}

void set_up(void **state, struct fixture *fixture)
{
    const struct subject *subject = *state;
    struct lt_reactor_options options = {
        .choice = subject->choice,
        .start_thread = subject->has_threads ? start_thread : NULL,
    };
    struct lt_error error;
    int code = lt_reactor_create(&options, &fixture->reactor, &error);
    if (code != 0) {
        print_message("skipped: %s\n", error.text);
        skip();
    }
    scratch_create(fixture->directory);
    fixture->directory_fd = open(fixture->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(fixture->directory_fd >= 0);
}

void tear_down(struct fixture *fixture)
{
    lt_reactor_destroy(fixture->reactor);
    close(fixture->directory_fd);
    scratch_remove(fixture->directory);
}

void on_done(struct lt_io *io)
{
    struct tally *tally = io->context;
    if (tally->count < 16)
        tally->order[tally->count] = io;
    tally->count++;
}

void rest(struct lt_reactor *reactor, int64_t deadline_ns)
{
    lt_waker_prepare_to_park(&reactor->waker);
    if (lt_reactor_poll(reactor) == 0)
        lt_reactor_park(reactor, deadline_ns);
    lt_waker_unpark(&reactor->waker);
}

void await(struct lt_reactor *reactor, const struct tally *tally, uint32_t count)
{
    int64_t end_ns = lt_clock_now_ns(lt_clock_system()) + 60 * (int64_t)LT_NS_PER_S;
    while (tally->count < count && lt_clock_now_ns(lt_clock_system()) < end_ns)
        rest(reactor, end_ns);
    assert_int_equal(tally->count, count);
}

void make_publish(const struct fixture *fixture, struct lt_io steps[PUBLISH_STEPS],
                  struct tally *tally, char *text)
{
    int directory = fixture->directory_fd;
    memset(steps, 0, PUBLISH_STEPS * sizeof steps[0]);
    steps[0] = (struct lt_io){.kind = LT_IO_OPENAT,
                              .fd = directory,
                              .path = ".17.tmp",
                              .flags = O_WRONLY | O_CREAT | O_TRUNC,
                              .mode = 0644};
    steps[1] = (struct lt_io){
        .kind = LT_IO_WRITE, .fd_from = 1, .buffer = text, .size_bytes = (uint32_t)strlen(text)};
    steps[2] = (struct lt_io){.kind = LT_IO_FSYNC, .fd_from = 1};
    steps[3] = (struct lt_io){.kind = LT_IO_CLOSE, .fd_from = 1};
    steps[4] = (struct lt_io){.kind = LT_IO_RENAMEAT,
                              .fd = directory,
                              .path = ".17.tmp",
                              .fd2 = directory,
                              .path2 = "17"};
    steps[5] = (struct lt_io){.kind = LT_IO_FSYNC, .fd = directory};
    for (int i = 0; i < PUBLISH_STEPS; i++) {
        steps[i].done = on_done;
        steps[i].context = tally;
    }
}

void submit_all(struct lt_reactor *reactor, struct lt_io *steps, uint32_t count)
{
    struct lt_io *chain[64];
    assert_true(count <= 64);
    for (uint32_t i = 0; i < count; i++)
        chain[i] = &steps[i];
    lt_reactor_submit_chain(reactor, chain, count);
}

static struct subject subjects[] = {
    {"defer_taskrun", "io_uring.defer_taskrun", true},
    {"coop_taskrun", "io_uring.coop_taskrun", true},
    {"plain", "io_uring.plain", true},
    {"epoll", "epoll", true},
    {"epoll without a thread", "epoll", false},
};

enum {
    SUBJECT_COUNT = sizeof subjects / sizeof subjects[0],
    CASES_MAX = 32,
};

int run_suite(const struct suite_case *cases, size_t count)
{
    static struct CMUnitTest tests[CASES_MAX * SUBJECT_COUNT];
    static char names[CASES_MAX * SUBJECT_COUNT][160];
    lt_assert(count <= CASES_MAX);
    lt_log_set_level(LT_LOG_ERROR);
    size_t test_count = 0;
    for (size_t i = 0; i < SUBJECT_COUNT; i++) {
        for (size_t j = 0; j < count; j++, test_count++) {
            snprintf(names[test_count], sizeof names[test_count], "%s: %s", subjects[i].name,
                     cases[j].name);
            tests[test_count] = (struct CMUnitTest){
                .name = names[test_count],
                .test_func = cases[j].function,
                .initial_state = &subjects[i],
            };
        }
    }
    return _cmocka_run_group_tests("reactors", tests, test_count, NULL, NULL);
}
