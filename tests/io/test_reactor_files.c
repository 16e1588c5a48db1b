/*
 * One suite for every reactor, continued: lengths, links, directories and what is known of a file,
 * alone and in chains; and calls of the caller's own on the helper thread.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/reactor_suite.h"

static int64_t run_one(struct fixture *fixture, struct lt_io io)
{
    struct tally tally = {0};
    io.done = on_done;
    io.context = &tally;
    lt_reactor_submit(fixture->reactor, &io);
    assert_int_equal(tally.count, 0); /* `done` runs from poll and park only */
    await(fixture->reactor, &tally, 1);
    assert_false(io.is_pending);
    return io.result;
}

static int64_t size_of(const struct fixture *fixture, const char *name)
{
    struct stat status;
    return fstatat(fixture->directory_fd, name, &status, 0) == 0 ? (int64_t)status.st_size : -errno;
}

static void a_length_can_be_set(void **state)
{
    struct fixture fixture;
    set_up(state, &fixture);
    int fd = openat(fixture.directory_fd, "file", O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    assert_int_equal(write(fd, "0123456789", 10), 10);
    struct lt_io truncating = {.kind = LT_IO_FTRUNCATE, .fd = fd, .offset = 4};
    assert_int_equal(run_one(&fixture, truncating), 0);
    assert_int_equal(size_of(&fixture, "file"), 4);
    truncating.offset = INT64_C(5000000000);
    assert_int_equal(run_one(&fixture, truncating), 0);
    assert_int_equal(size_of(&fixture, "file"), INT64_C(5000000000));
    truncating.fd = 1000000;
    assert_int_equal(run_one(&fixture, truncating), -EBADF);
    close(fd);
    tear_down(&fixture);
}

static void links_and_directories_are_made_once(void **state)
{
    struct fixture fixture;
    set_up(state, &fixture);
    int directory = fixture.directory_fd;
    struct lt_io making = {.kind = LT_IO_MKDIRAT, .fd = directory, .path = "inner", .mode = 0750};
    assert_int_equal(run_one(&fixture, making), 0);
    assert_int_equal(run_one(&fixture, making), -EEXIST);
    struct stat status;
    assert_int_equal(fstatat(directory, "inner", &status, 0), 0);
    assert_true(S_ISDIR(status.st_mode));
    close(openat(directory, "file", O_RDWR | O_CREAT | O_CLOEXEC, 0644));
    struct lt_io linking = {.kind = LT_IO_LINKAT,
                            .fd = directory,
                            .path = "file",
                            .fd2 = directory,
                            .path2 = "inner/same"};
    assert_int_equal(run_one(&fixture, linking), 0);
    assert_int_equal(run_one(&fixture, linking), -EEXIST);
    assert_int_equal(fstatat(directory, "inner/same", &status, 0), 0);
    assert_int_equal(status.st_nlink, 2);
    linking.path = "missing";
    linking.path2 = "other";
    assert_int_equal(run_one(&fixture, linking), -ENOENT);
    struct lt_io removing = {
        .kind = LT_IO_UNLINKAT, .fd = directory, .path = "inner", .flags = AT_REMOVEDIR};
    assert_int_equal(run_one(&fixture, removing), -ENOTEMPTY);
    tear_down(&fixture);
}

static void a_file_is_looked_at_by_name_and_by_descriptor(void **state)
{
    struct fixture fixture;
    set_up(state, &fixture);
    int fd = openat(fixture.directory_fd, "file", O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    assert_int_equal(write(fd, "0123456789", 10), 10);
    struct stat expected;
    assert_int_equal(fstat(fd, &expected), 0);
    struct statx found[2];
    memset(found, 0, sizeof found);
    struct lt_io looking = {.kind = LT_IO_STATX,
                            .fd = fixture.directory_fd,
                            .path = "file",
                            .buffer = &found[0],
                            .size_bytes = STATX_BASIC_STATS};
    assert_int_equal(run_one(&fixture, looking), 0);
    looking.fd = fd;
    looking.path = NULL;
    looking.buffer = &found[1];
    assert_int_equal(run_one(&fixture, looking), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(found[i].stx_size, 10);
        assert_int_equal(found[i].stx_ino, expected.st_ino);
        assert_int_equal(found[i].stx_mtime.tv_nsec, expected.st_mtim.tv_nsec);
    }
    looking.fd = fixture.directory_fd;
    looking.path = "missing";
    assert_int_equal(run_one(&fixture, looking), -ENOENT);
    close(fd);
    tear_down(&fixture);
}

/* Opens, writes, cuts, looks, syncs, closes, and links: some steps need a real descriptor. */
static void they_stand_in_chains(void **state)
{
    struct fixture fixture;
    set_up(state, &fixture);
    int directory = fixture.directory_fd;
    for (uint32_t with_look = 0; with_look < 2; with_look++) {
        struct statx found;
        memset(&found, 0, sizeof found);
        const struct lt_io all[] = {
            {.kind = LT_IO_OPENAT,
             .fd = directory,
             .path = with_look ? "looked" : "plain",
             .flags = O_WRONLY | O_CREAT,
             .mode = 0644},
            {.kind = LT_IO_WRITE, .fd_from = 1, .buffer = "0123456789", .size_bytes = 10},
            {.kind = LT_IO_FTRUNCATE, .fd_from = 1, .offset = 7},
            {.kind = LT_IO_FDATASYNC, .fd_from = 1},
            {.kind = LT_IO_STATX, .fd_from = 1, .buffer = &found, .size_bytes = STATX_SIZE},
            {.kind = LT_IO_CLOSE, .fd_from = 1},
            {.kind = LT_IO_LINKAT,
             .fd = directory,
             .path = with_look ? "looked" : "plain",
             .fd2 = directory,
             .path2 = with_look ? "looked.2" : "plain.2"},
        };
        struct lt_io steps[7];
        struct tally tally = {0};
        uint32_t count = 0;
        for (uint32_t i = 0; i < 7; i++) {
            if (all[i].kind == LT_IO_STATX && !with_look)
                continue;
            steps[count] = all[i];
            steps[count].done = on_done;
            steps[count++].context = &tally;
        }
        submit_all(fixture.reactor, steps, count);
        await(fixture.reactor, &tally, count);
        for (uint32_t i = 0; i < count; i++)
            assert_int_equal(steps[i].result, steps[i].kind == LT_IO_WRITE ? 10 : 0);
        assert_int_equal(size_of(&fixture, with_look ? "looked.2" : "plain.2"), 7);
        assert_int_equal(found.stx_size, with_look ? 7 : 0);
    }
    tear_down(&fixture);
}

/* ---------------------------------------------------------------------------------------- calls */

struct work {
    pthread_t thread; /* that did it */
    uint32_t count;
    int fd; /* waits until something is there */
};

static int64_t do_work(void *context)
{
    struct work *work = context;
    work->thread = pthread_self();
    work->count++;
    char byte;
    if (work->fd > 0 && read(work->fd, &byte, 1) != 1)
        return -EIO;
    return INT64_C(123456789012);
}

static void a_call_runs_on_the_helper_thread_and_its_result_is_whole(void **state)
{
    struct fixture fixture;
    set_up(state, &fixture);
    const struct subject *subject = *state;
    for (uint32_t round = 1; round <= 3; round++) {
        struct work work = {0};
        struct lt_io calling = {.kind = LT_IO_CALL, .call = do_work, .call_context = &work};
        assert_int_equal(run_one(&fixture, calling), INT64_C(123456789012));
        assert_int_equal(work.count, 1);
        assert_int_equal(pthread_equal(work.thread, pthread_self()) != 0, !subject->has_threads);
    }
    tear_down(&fixture);
}

static void calls_and_files_stand_in_one_chain(void **state)
{
    struct fixture fixture;
    set_up(state, &fixture);
    struct work work = {0};
    struct tally tally = {0};
    struct lt_io steps[] = {
        {.kind = LT_IO_MKDIRAT, .fd = fixture.directory_fd, .path = "made", .mode = 0755},
        {.kind = LT_IO_CALL, .call = do_work, .call_context = &work},
        {.kind = LT_IO_UNLINKAT, .fd = fixture.directory_fd, .path = "missing"},
        {.kind = LT_IO_CALL, .call = do_work, .call_context = &work},
    };
    for (uint32_t i = 0; i < 4; i++) {
        steps[i].done = on_done;
        steps[i].context = &tally;
    }
    submit_all(fixture.reactor, steps, 4);
    await(fixture.reactor, &tally, 4);
    assert_int_equal(steps[0].result, 0);
    assert_int_equal(steps[1].result, INT64_C(123456789012));
    assert_int_equal(steps[2].result, -ENOENT);
    assert_int_equal(steps[3].result, -ECANCELED);
    assert_int_equal(work.count, 1);
    tear_down(&fixture);
}

static void a_call_that_has_begun_is_waited_for_and_one_that_has_not_is_cancelled(void **state)
{
    struct fixture fixture;
    set_up(state, &fixture);
    const struct subject *subject = *state;
    if (!subject->has_threads) { /* there a call begins in poll and ends there */
        tear_down(&fixture);
        skip();
    }
    int pipe_fds[2];
    assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
    struct work works[2] = {{.fd = pipe_fds[0]}, {.fd = pipe_fds[0]}};
    struct tally tally = {0};
    struct lt_io ios[2];
    for (uint32_t i = 0; i < 2; i++) {
        ios[i] = (struct lt_io){.kind = LT_IO_CALL,
                                .call = do_work,
                                .call_context = &works[i],
                                .done = on_done,
                                .context = &tally};
        lt_reactor_submit(fixture.reactor, &ios[i]);
    }
    lt_reactor_cancel_and_wait(fixture.reactor, &ios[1]);
    assert_int_equal(ios[1].result, -ECANCELED);
    assert_int_equal(works[1].count, 0);
    assert_int_equal(write(pipe_fds[1], "x", 1), 1);
    lt_reactor_cancel_and_wait(fixture.reactor, &ios[0]);
    assert_int_equal(tally.count, 2);
    assert_int_equal(fixture.reactor->pending_count, 0);
    /* It had begun, or it had not: then it was not done at all. */
    assert_true(works[0].count == 1 ? ios[0].result == INT64_C(123456789012)
                                    : ios[0].result == -ECANCELED);
    lt_reactor_cancel_and_wait(fixture.reactor, &ios[0]); /* nothing is pending: nothing */
    assert_int_equal(tally.count, 2);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
    tear_down(&fixture);
}

static const struct suite_case suite[] = {
    SUITE_CASE(a_length_can_be_set),
    SUITE_CASE(links_and_directories_are_made_once),
    SUITE_CASE(a_file_is_looked_at_by_name_and_by_descriptor),
    SUITE_CASE(they_stand_in_chains),
    SUITE_CASE(a_call_runs_on_the_helper_thread_and_its_result_is_whole),
    SUITE_CASE(calls_and_files_stand_in_one_chain),
    SUITE_CASE(a_call_that_has_begun_is_waited_for_and_one_that_has_not_is_cancelled),
};

int main(void)
{
    return run_suite(suite, sizeof suite / sizeof suite[0]);
}
