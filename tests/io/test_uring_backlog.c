/*
 * A kernel that does not take submissions (EBUSY, EAGAIN: it happens under memory pressure, and on
 * older ones while completions wait): what the reactor was given waits in its backlog, keeps its
 * order, can be cancelled there, and is not lost. This program's io_uring_submit stands in front of
 * the library's and refuses on demand.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <liburing.h>

#include "core/base/arena.h"
#include "tests/support/reactor_suite.h"

static bool refuses;

int io_uring_submit(struct io_uring *ring)
{
    static int (*submit)(struct io_uring * ring);
    if (submit == NULL) {
        void *found = dlsym(RTLD_NEXT, "io_uring_submit");
        memcpy(&submit, &found, sizeof submit);
    }
    return refuses ? -EBUSY : submit(ring);
}

enum { COUNT = 2000 };

struct run {
    struct lt_io *ios;
    uint32_t done_count, cancelled_count;
};

static void on_run(struct lt_io *io)
{
    struct run *run = io->context;
    run->done_count++;
    run->cancelled_count += io->result == -ECANCELED;
}

static void what_the_kernel_refuses_for_now_is_not_lost(void **state)
{
    struct fixture fixture;
    set_up(state, &fixture);
    int pipe_fds[2];
    assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
    struct run run = {.ios = lt_alloc_array(COUNT, sizeof(struct lt_io))};
    refuses = true;
    for (uint32_t i = 0; i < COUNT; i++) {
        run.ios[i] = (struct lt_io){.kind = LT_IO_POLL,
                                    .fd = pipe_fds[0],
                                    .flags = POLLIN,
                                    .done = on_run,
                                    .context = &run};
        lt_reactor_submit(fixture.reactor, &run.ios[i]);
    }
    struct tally tally = {0};
    struct lt_io steps[PUBLISH_STEPS];
    make_publish(&fixture, steps, &tally, "behind the others");
    submit_all(fixture.reactor, steps, PUBLISH_STEPS);
    assert_int_equal(fixture.reactor->pending_count, COUNT + PUBLISH_STEPS);
    /* The last ones certainly wait here; the first may be in the ring. */
    for (uint32_t i = 0; i < 10; i++) {
        fixture.reactor->ops->cancel(fixture.reactor, &run.ios[COUNT - 1 - i]);
        fixture.reactor->ops->cancel(fixture.reactor, &run.ios[i]);
    }
    lt_reactor_poll(fixture.reactor);
    refuses = false;
    await(fixture.reactor, &tally, PUBLISH_STEPS);
    for (uint32_t i = 0; i < PUBLISH_STEPS; i++) {
        assert_ptr_equal(tally.order[i], &steps[i]);
        assert_true(steps[i].result >= 0);
    }
    assert_int_equal(write(pipe_fds[1], "x", 1), 1);
    int64_t end_ns = lt_clock_now_ns(lt_clock_system()) + 60 * (int64_t)LT_NS_PER_S;
    while (run.done_count < COUNT && lt_clock_now_ns(lt_clock_system()) < end_ns)
        rest(fixture.reactor, end_ns);
    assert_int_equal(run.done_count, COUNT);
    assert_int_equal(run.cancelled_count, 20);
    for (uint32_t i = 0; i < COUNT; i++)
        assert_int_equal(run.ios[i].result,
                         i < 10 || i >= COUNT - 10 ? -ECANCELED : (int64_t)POLLIN);
    assert_int_equal(fixture.reactor->pending_count, 0);
    free(run.ios);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
    tear_down(&fixture);
}

int main(void)
{
    const struct suite_case cases[] = {
        SUITE_CASE(what_the_kernel_refuses_for_now_is_not_lost),
    };
    return run_suite(cases, sizeof cases / sizeof cases[0]);
}
