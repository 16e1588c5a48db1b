/*
 * What the tests of reactors share: every rung of io_uring's ladder, epoll with its helper thread
 * and without one, as subjects of one suite; a directory to work in; and a worker's way of waiting.
 */
#ifndef LT_TESTS_REACTOR_SUITE_H
#define LT_TESTS_REACTOR_SUITE_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>

#include <cmocka.h>

#include "io/reactor.h"
#include "tests/support/scratch.h"

struct subject {
    const char *name;
    const char *choice;
    bool has_threads;
};

struct fixture {
    struct lt_reactor *reactor;
    char directory[SCRATCH_PATH_SIZE];
    int directory_fd;
};

/* `state` is the subject. Skips the test when the kernel has no such reactor. */
void set_up(void **state, struct fixture *fixture);
void tear_down(struct fixture *fixture);

/* Counts completions through the operation's context, in order. */
struct tally {
    uint32_t count;
    struct lt_io *order[16];
};
void on_done(struct lt_io *io);

/* One round as a worker does it: looks once more after it has said that it will sleep. */
void rest(struct lt_reactor *reactor, int64_t deadline_ns);
/* Parks until `count` operations are done; fails after a minute. */
void await(struct lt_reactor *reactor, const struct tally *tally, uint32_t count);

enum { PUBLISH_STEPS = 6 };
/* A chain: temporary name, write, sync, close, rename, sync of the directory. */
void make_publish(const struct fixture *fixture, struct lt_io steps[PUBLISH_STEPS],
                  struct tally *tally, char *text);
void submit_all(struct lt_reactor *reactor, struct lt_io *steps, uint32_t count);

struct suite_case {
    const char *name;
    CMUnitTestFunction function;
};
#define SUITE_CASE(function)                                                                       \
    {                                                                                              \
#function, function                                                                        \
    }
/* Runs each case on each subject; the exit status. */
int run_suite(const struct suite_case *cases, size_t count);

#endif
