/*
 * One suite for every reactor: files, chains, and what a reactor is chosen by. What the kernel does
 * not have is skipped. Waiting and waking, and sockets, are in tests/io/test_reactor_waits.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/log.h"
#include "tests/support/reactor_suite.h"

static void read_file(const struct fixture *fixture, const char *name, char *out, size_t size)
{
    int fd = openat(fixture->directory_fd, name, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    ssize_t got = read(fd, out, size - 1);
    assert_true(got >= 0);
    out[got] = '\0';
    close(fd);
}

static bool exists(const struct fixture *fixture, const char *name)
{
    return faccessat(fixture->directory_fd, name, F_OK, 0) == 0;
}

static uint32_t count_open_descriptors(void)
{
    uint32_t count = 0;
    for (int fd = 0; fd < 1024; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

/* Nobody has the file open: not the ring in its own table either, in which case there is no lease.
 */
static void expect_closed(const struct fixture *fixture, const char *name)
{
    int fd = openat(fixture->directory_fd, name, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    int64_t end_ns = lt_clock_now_ns(lt_clock_system()) + 60 * (int64_t)LT_NS_PER_S;
    while (fcntl(fd, F_SETLEASE, F_WRLCK) != 0) {
        assert_int_equal(errno, EAGAIN);
        assert_true(lt_clock_now_ns(lt_clock_system()) < end_ns);
        rest(fixture->reactor, lt_clock_now_ns(lt_clock_system()) + LT_NS_PER_MS);
    }
    assert_int_equal(fcntl(fd, F_SETLEASE, F_UNLCK), 0);
    close(fd);
}

static void a_chain_publishes_a_file(void **state)
{
    struct fixture fixture;
    set_up(state, &fixture);
    uint32_t open_before = count_open_descriptors();
    for (int round = 0; round < 50; round++) {
        char text[32];
        snprintf(text, sizeof text, "v1\nround %d", round);
        struct tally tally = {0};
        struct lt_io steps[PUBLISH_STEPS];
        make_publish(&fixture, steps, &tally, text);
        submit_all(fixture.reactor, steps, PUBLISH_STEPS);
        await(fixture.reactor, &tally, PUBLISH_STEPS);
        for (int i = 0; i < PUBLISH_STEPS; i++) {
            assert_ptr_equal(tally.order[i], &steps[i]);
            assert_int_equal(steps[i].result, i == 1 ? (int64_t)strlen(text) : 0);
        }
        char got[32];
        read_file(&fixture, "17", got, sizeof got);
        assert_string_equal(got, text);
        assert_false(exists(&fixture, ".17.tmp"));
    }
    assert_int_equal(count_open_descriptors(), open_before);
    tear_down(&fixture);
}

static void a_failing_step_cancels_the_rest_and_leaves_no_descriptor(void **state)
{
    struct fixture fixture;
    set_up(state, &fixture);
    uint32_t open_before = count_open_descriptors();
    for (int round = 0; round < 40; round++) { /* more often than the ring has slots */
        struct tally tally = {0};
        struct lt_io steps[PUBLISH_STEPS];
        make_publish(&fixture, steps, &tally, "text");
        steps[0].flags = O_RDONLY | O_CREAT; /* so the write is refused */
        submit_all(fixture.reactor, steps, PUBLISH_STEPS);
        await(fixture.reactor, &tally, PUBLISH_STEPS);
        assert_int_equal(steps[0].result, 0);
        assert_int_equal(steps[1].result, -EBADF);
        for (int i = 2; i < PUBLISH_STEPS; i++)
            assert_int_equal(steps[i].result, -ECANCELED);
        assert_false(exists(&fixture, "17"));
    }
    expect_closed(&fixture, ".17.tmp");
    assert_int_equal(count_open_descriptors(), open_before);
    assert_int_equal(fixture.reactor->pending_count, 0);
    tear_down(&fixture);
}

static void a_chain_whose_first_step_fails_does_nothing(void **state)
{
    struct fixture fixture;
    set_up(state, &fixture);
    struct tally tally = {0};
    struct lt_io steps[PUBLISH_STEPS];
    make_publish(&fixture, steps, &tally, "text");
    steps[0].path = "no/such/directory";
    submit_all(fixture.reactor, steps, PUBLISH_STEPS);
    await(fixture.reactor, &tally, PUBLISH_STEPS);
    assert_int_equal(steps[0].result, -ENOENT);
    for (int i = 1; i < PUBLISH_STEPS; i++)
        assert_int_equal(steps[i].result, -ECANCELED);
    tear_down(&fixture);
}

static void a_descriptor_that_the_chain_does_not_close_is_the_callers(void **state)
{
    struct fixture fixture;
    set_up(state, &fixture);
    struct tally tally = {0};
    struct lt_io steps[PUBLISH_STEPS];
    make_publish(&fixture, steps, &tally, "kept open");
    submit_all(fixture.reactor, steps, 3);
    await(fixture.reactor, &tally, 3);
    assert_true(steps[0].result > 2);
    int fd = (int)steps[0].result;
    assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    struct stat status;
    assert_int_equal(fstat(fd, &status), 0);
    assert_int_equal(status.st_size, strlen("kept open"));
    assert_int_equal(close(fd), 0);
    tear_down(&fixture);
}

static void a_short_read_is_a_result_and_ends_its_chain(void **state)
{
    struct fixture fixture;
    set_up(state, &fixture);
    int fd = openat(fixture.directory_fd, "short", O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    assert_int_equal(write(fd, "0123456789", 10), 10);
    struct tally tally = {0};
    char buffer[64];
    struct lt_io single = {.kind = LT_IO_READ,
                           .fd = fd,
                           .buffer = buffer,
                           .size_bytes = 64,
                           .offset = 4,
                           .done = on_done,
                           .context = &tally};
    lt_reactor_submit(fixture.reactor, &single);
    await(fixture.reactor, &tally, 1);
    assert_int_equal(single.result, 6);
    assert_memory_equal(buffer, "456789", 6);

    struct lt_io chain[2] = {single, single};
    chain[1].kind = LT_IO_FSYNC;
    submit_all(fixture.reactor, chain, 2);
    await(fixture.reactor, &tally, 3);
    assert_int_equal(chain[0].result, 6);
    assert_int_equal(chain[1].result, -ECANCELED);

    chain[0].size_bytes = 6;
    submit_all(fixture.reactor, chain, 2);
    await(fixture.reactor, &tally, 5);
    assert_int_equal(chain[0].result, 6);
    assert_int_equal(chain[1].result, 0);
    close(fd);
    tear_down(&fixture);
}

static void a_file_keeps_its_own_position_when_asked(void **state)
{
    struct fixture fixture;
    set_up(state, &fixture);
    int fd = openat(fixture.directory_fd, "own", O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    for (uint32_t i = 0; i < 3; i++) {
        struct tally tally = {0};
        struct lt_io io = {.kind = LT_IO_WRITE,
                           .fd = fd,
                           .buffer = "abc",
                           .size_bytes = 3,
                           .offset = -1,
                           .done = on_done,
                           .context = &tally};
        lt_reactor_submit(fixture.reactor, &io);
        await(fixture.reactor, &tally, 1);
        assert_int_equal(io.result, 3);
    }
    char got[32];
    read_file(&fixture, "own", got, sizeof got);
    assert_string_equal(got, "abcabcabc");
    close(fd);
    tear_down(&fixture);
}

/* Each completion submits again from within `done`. */
struct chase {
    struct lt_reactor *reactor;
    uint32_t left;
};

static void on_chase(struct lt_io *io)
{
    struct chase *chase = io->context;
    assert_int_equal(io->result, 0);
    if (--chase->left > 0)
        lt_reactor_submit(chase->reactor, io);
}

static void a_completion_may_submit_the_same_operation_again(void **state)
{
    struct fixture fixture;
    set_up(state, &fixture);
    struct chase chase = {.reactor = fixture.reactor, .left = 1000};
    struct lt_io io = {
        .kind = LT_IO_FSYNC, .fd = fixture.directory_fd, .done = on_chase, .context = &chase};
    lt_reactor_submit(fixture.reactor, &io);
    while (chase.left > 0)
        rest(fixture.reactor, lt_clock_now_ns(lt_clock_system()) + LT_NS_PER_S);
    assert_int_equal(fixture.reactor->pending_count, 0);
    tear_down(&fixture);
}

static void a_wrong_descriptor_is_a_result(void **state)
{
    struct fixture fixture;
    set_up(state, &fixture);
    struct tally tally = {0};
    char byte;
    struct lt_io io = {.kind = LT_IO_READ,
                       .fd = 1000000,
                       .buffer = &byte,
                       .size_bytes = 1,
                       .done = on_done,
                       .context = &tally};
    lt_reactor_submit(fixture.reactor, &io);
    await(fixture.reactor, &tally, 1);
    assert_int_equal(io.result, -EBADF);
    tear_down(&fixture);
}

static void an_unknown_choice_names_the_nearest(void **state)
{
    (void)state;
    struct lt_reactor_options options = {.choice = "io_urign"};
    struct lt_reactor *reactor;
    struct lt_error error;
    assert_int_equal(lt_reactor_create(&options, &reactor, &error), LT_E_INVALID);
    assert_string_equal(error.text, "no way of input and output is called \"io_urign\"; hint: did "
                                    "you mean io_uring");
    assert_null(reactor);
}

static void auto_gives_a_reactor_wherever_it_runs(void **state)
{
    (void)state;
    struct lt_reactor_options options = {0};
    struct lt_reactor *reactor;
    assert_int_equal(lt_reactor_create(&options, &reactor, NULL), 0);
    lt_reactor_destroy(reactor);
}

static const struct suite_case suite[] = {
    SUITE_CASE(a_chain_publishes_a_file),
    SUITE_CASE(a_failing_step_cancels_the_rest_and_leaves_no_descriptor),
    SUITE_CASE(a_chain_whose_first_step_fails_does_nothing),
    SUITE_CASE(a_descriptor_that_the_chain_does_not_close_is_the_callers),
    SUITE_CASE(a_short_read_is_a_result_and_ends_its_chain),
    SUITE_CASE(a_file_keeps_its_own_position_when_asked),
    SUITE_CASE(a_completion_may_submit_the_same_operation_again),
    SUITE_CASE(a_wrong_descriptor_is_a_result),
};

/* As a container does it: io_uring_setup answers EPERM. */
static void forbid_io_uring(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {.len = sizeof filter / sizeof filter[0], .filter = filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        _exit(77);
}

static void keep_text(void *context, enum lt_log_level level, const char *text)
{
    char *kept = context;
    if (level == LT_LOG_WARN && kept[0] == '\0')
        snprintf(kept, 512, "%s", text);
}

/* The exit status says what was wrong. */
static int create_without_io_uring(void)
{
    forbid_io_uring();
    static char text[512];
    lt_log_set_level(LT_LOG_WARN);
    lt_log_set_sink(keep_text, text);
    struct lt_reactor_options options = {.choice = "auto"};
    struct lt_reactor *reactor;
    for (int i = 0; i < 2; i++) {
        if (lt_reactor_create(&options, &reactor, NULL) != 0)
            return 1;
        if (strcmp(reactor->ops->name, "epoll") != 0)
            return 2;
        lt_reactor_destroy(reactor);
        if (strstr(text, "Operation not permitted") == NULL || strstr(text, "seccomp") == NULL)
            return 3;
    }
    options.choice = "io_uring";
    struct lt_error error;
    if (lt_reactor_create(&options, &reactor, &error) != LT_E_PERMISSION || reactor != NULL)
        return 4;
    return strstr(error.text, "cannot use \"io_uring\" for input and output: ") == error.text ? 0
                                                                                              : 5;
}

static void auto_takes_epoll_where_io_uring_is_forbidden_and_says_why(void **state)
{
    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(create_without_io_uring());
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest choice[] = {
        cmocka_unit_test(an_unknown_choice_names_the_nearest),
        cmocka_unit_test(auto_takes_epoll_where_io_uring_is_forbidden_and_says_why),
        cmocka_unit_test(auto_gives_a_reactor_wherever_it_runs),
    };
    int failed = cmocka_run_group_tests(choice, NULL, NULL); /* first: the choice is said once */
    return failed + run_suite(suite, sizeof suite / sizeof suite[0]);
}
