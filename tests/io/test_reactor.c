/*
 * One suite for every reactor: each rung of io_uring's ladder, epoll with its helper thread, and
 * epoll without one. What the kernel does not have is skipped by name.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/arena.h"
#include "core/base/log.h"
#include "io/reactor.h"

struct subject {
    const char *name;
    const char *choice;
    bool has_threads;
};

struct fixture {
    struct lt_reactor *reactor;
    char directory[64];
    int directory_fd;
};

static int start_thread(void *context, const char *name, void *(*entry)(void *), void *argument,
                        pthread_t *out, struct lt_error *error)
{
    (void)context;
    (void)name;
    int status = pthread_create(out, NULL, entry, argument);
    return status == 0 ? 0 : lt_error_set_errno(error, status, "cannot start a thread");
}

static void set_up(void **state, struct fixture *fixture)
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
    strcpy(fixture->directory, "/tmp/leat-reactor-XXXXXX");
    assert_non_null(mkdtemp(fixture->directory));
    fixture->directory_fd = open(fixture->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(fixture->directory_fd >= 0);
}

static void tear_down(struct fixture *fixture)
{
    lt_reactor_destroy(fixture->reactor);
    close(fixture->directory_fd);
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", fixture->directory);
    assert_int_equal(system(command), 0);
}

/* Counts completions through the operation's context, in order. */
struct tally {
    uint32_t count;
    struct lt_io *order[16];
};

static void on_done(struct lt_io *io)
{
    struct tally *tally = io->context;
    if (tally->count < 16)
        tally->order[tally->count] = io;
    tally->count++;
}

/* One round as a worker does it: looks once more after it has said that it will sleep. */
static void rest(struct lt_reactor *reactor, int64_t deadline_ns)
{
    lt_waker_prepare_to_park(&reactor->waker);
    if (lt_reactor_poll(reactor) == 0)
        lt_reactor_park(reactor, deadline_ns);
    lt_waker_unpark(&reactor->waker);
}

/* Parks until `count` operations are done; fails after ten seconds. */
static void await(struct lt_reactor *reactor, const struct tally *tally, uint32_t count)
{
    int64_t end_ns = lt_clock_now_ns(lt_clock_system()) + 10 * (int64_t)LT_NS_PER_S;
    while (tally->count < count && lt_clock_now_ns(lt_clock_system()) < end_ns)
        rest(reactor, end_ns);
    assert_int_equal(tally->count, count);
}

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

enum { PUBLISH_STEPS = 6 };

/* Temporary name, write, sync, close, rename, sync of the directory. */
static void make_publish(const struct fixture *fixture, struct lt_io steps[PUBLISH_STEPS],
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

static void submit_all(struct lt_reactor *reactor, struct lt_io *steps, uint32_t count)
{
    struct lt_io *chain[64];
    assert_true(count <= 64);
    for (uint32_t i = 0; i < count; i++)
        chain[i] = &steps[i];
    lt_reactor_submit_chain(reactor, chain, count);
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
    for (int round = 0; round < 40; round++) { /* more than the ring has slots */
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
    lt_reactor_poll(fixture.reactor);
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

static void a_park_ends_at_its_deadline_and_not_before(void **state)
{
    struct fixture fixture;
    set_up(state, &fixture);
    const struct lt_clock *clock = lt_clock_system();
    int64_t best_ns = LT_NEVER_NS;
    for (int i = 0; i < 20; i++) {
        int64_t deadline_ns = lt_clock_now_ns(clock) + 2 * LT_NS_PER_MS;
        lt_waker_prepare_to_park(&fixture.reactor->waker);
        uint32_t done = lt_reactor_park(fixture.reactor, deadline_ns);
        lt_waker_unpark(&fixture.reactor->waker);
        int64_t late_ns = lt_clock_now_ns(clock) - deadline_ns;
        assert_int_equal(done, 0);
        assert_true(late_ns >= 0);
        if (late_ns < best_ns)
            best_ns = late_ns;
    }
    assert_true(best_ns < LT_NS_PER_MS); /* a clock of whole milliseconds could not */
    int64_t begin_ns = lt_clock_now_ns(clock);
    lt_reactor_park(fixture.reactor, begin_ns - 1);
    assert_true(lt_clock_now_ns(clock) - begin_ns < LT_NS_PER_S);
    tear_down(&fixture);
}

/* Two reactors on two threads hand one number back and forth; a lost wake-up hangs the game. */
struct player {
    const struct subject *subject;
    struct lt_shared_u64 ball; /* written by the other one */
    struct player *other;
    struct lt_waker *waker;
    struct lt_shared_u32 is_ready;
    bool spins;
};

enum { ROUNDS = 100000 };

static bool await_ball(struct player *player, struct lt_reactor *reactor, uint64_t number)
{
    const int64_t end_ns = lt_clock_now_ns(lt_clock_system()) + 30 * (int64_t)LT_NS_PER_S;
    while (lt_load_acquire_u64(&player->ball) < number) {
        if (player->spins && number % 3 != 0) { /* every third round it sleeps */
            lt_reactor_poll(reactor);
            LT_YIELD_POINT();
            if (lt_clock_now_ns(lt_clock_system()) > end_ns)
                return false;
            continue;
        }
        lt_waker_prepare_to_park(&reactor->waker);
        if (lt_load_acquire_u64(&player->ball) < number) {
            lt_reactor_park(reactor, end_ns);
            if (lt_clock_now_ns(lt_clock_system()) >= end_ns)
                return false;
        }
        lt_waker_unpark(&reactor->waker);
    }
    return true;
}

static void *play(void *argument)
{
    struct player *player = argument;
    struct lt_reactor_options options = {.choice = player->subject->choice};
    struct lt_reactor *reactor;
    if (lt_reactor_create(&options, &reactor, NULL) != 0)
        return "no reactor";
    player->waker = &reactor->waker;
    lt_store_release_u32(&player->is_ready, 1); /* pairs with the load below */
    while (lt_load_acquire_u32(&player->other->is_ready) == 0)
        sched_yield();
    char *failure = NULL;
    for (uint64_t number = 1; number <= ROUNDS && failure == NULL; number++) {
        if (!player->spins) {
            lt_store_release_u64(&player->other->ball, number);
            lt_waker_wake(player->other->waker);
        }
        if (!await_ball(player, reactor, number))
            failure = "a wake-up was lost";
        if (player->spins) {
            lt_store_release_u64(&player->other->ball, number);
            lt_waker_wake(player->other->waker);
        }
    }
    lt_store_release_u32(&player->is_ready, 2);
    while (failure == NULL && lt_load_acquire_u32(&player->other->is_ready) != 2)
        sched_yield(); /* the other may still be writing to our waker */
    lt_reactor_destroy(reactor);
    return failure;
}

static void no_wake_up_is_lost(void **state)
{
    struct fixture fixture;
    set_up(state, &fixture); /* skips what the kernel lacks */
    struct player players[2] = {
        {.subject = *state, .other = &players[1]},
        {.subject = *state, .other = &players[0], .spins = true},
    };
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, play, &players[i]), 0);
    for (int i = 0; i < 2; i++) {
        void *failure;
        assert_int_equal(pthread_join(threads[i], &failure), 0);
        if (failure != NULL)
            fail_msg("%s", (char *)failure);
    }
    tear_down(&fixture);
}

static void a_wake_before_the_park_ends_it_at_once(void **state)
{
    struct fixture fixture;
    set_up(state, &fixture);
    const struct lt_clock *clock = lt_clock_system();
    for (int i = 0; i < 100; i++) {
        int64_t begin_ns = lt_clock_now_ns(clock);
        lt_waker_prepare_to_park(&fixture.reactor->waker);
        lt_waker_wake(&fixture.reactor->waker);
        lt_reactor_park(fixture.reactor, begin_ns + 5 * (int64_t)LT_NS_PER_S);
        lt_waker_unpark(&fixture.reactor->waker);
        assert_true(lt_clock_now_ns(clock) - begin_ns < LT_NS_PER_S);
    }
    tear_down(&fixture);
}

static void cancelling_ends_what_waits(void **state)
{
    struct fixture fixture;
    set_up(state, &fixture);
    int pipe_fds[2];
    assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
    for (int round = 0; round < 3; round++) {
        struct tally tally = {0};
        char byte;
        struct lt_io ios[2] = {
            {.kind = LT_IO_POLL, .fd = pipe_fds[0], .flags = POLLIN},
            {.kind = LT_IO_READ, .fd = pipe_fds[0], .buffer = &byte, .size_bytes = 1, .offset = -1},
        };
        for (int i = 0; i < 2; i++) {
            ios[i].done = on_done;
            ios[i].context = &tally;
            lt_reactor_submit(fixture.reactor, &ios[i]);
        }
        if (round == 1)
            lt_reactor_poll(fixture.reactor); /* the kernel has them now */
        assert_int_equal(tally.count, 0);
        fixture.reactor->ops->cancel(fixture.reactor, &ios[0]);
        fixture.reactor->ops->cancel(fixture.reactor, &ios[1]);
        await(fixture.reactor, &tally, 2);
        assert_int_equal(ios[0].result, -ECANCELED);
        assert_int_equal(ios[1].result, -ECANCELED);
    }
    assert_int_equal(fixture.reactor->pending_count, 0);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
    tear_down(&fixture);
}

static void a_descriptor_number_used_again_is_waited_for_again(void **state)
{
    struct fixture fixture;
    set_up(state, &fixture);
    for (int round = 0; round < 5; round++) {
        int pipe_fds[2];
        assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
        struct tally tally = {0};
        struct lt_io io = {.kind = LT_IO_POLL,
                           .fd = pipe_fds[0],
                           .flags = POLLIN,
                           .done = on_done,
                           .context = &tally};
        lt_reactor_submit(fixture.reactor, &io);
        lt_reactor_poll(fixture.reactor);
        if (round % 2 == 0) {
            fixture.reactor->ops->cancel(fixture.reactor, &io);
            await(fixture.reactor, &tally, 1);
            assert_int_equal(io.result, -ECANCELED);
        } else {
            assert_int_equal(write(pipe_fds[1], "x", 1), 1);
            await(fixture.reactor, &tally, 1);
            assert_int_equal(io.result & POLLIN, POLLIN);
        }
        close(pipe_fds[0]);
        close(pipe_fds[1]);
    }
    tear_down(&fixture);
}

static void on_count(struct lt_io *io)
{
    uint32_t *count = io->context;
    (*count)++;
}

static void ten_thousand_operations_are_in_flight_and_none_is_lost(void **state)
{
    struct fixture fixture;
    set_up(state, &fixture);
    enum { COUNT = 10000 };
    int fd = openat(fixture.directory_fd, "many", O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    struct lt_io *ios = lt_alloc_array(COUNT, sizeof *ios);
    uint32_t *values = lt_alloc_array(COUNT, sizeof *values);
    uint32_t count = 0;
    for (uint32_t i = 0; i < COUNT; i++) {
        values[i] = i * 2654435761u;
        ios[i] = (struct lt_io){.kind = LT_IO_WRITE,
                                .fd = fd,
                                .buffer = &values[i],
                                .size_bytes = sizeof values[i],
                                .offset = i * (int64_t)sizeof values[i],
                                .done = on_count,
                                .context = &count};
        lt_reactor_submit(fixture.reactor, &ios[i]);
    }
    assert_int_equal(fixture.reactor->pending_count, COUNT - count);
    int64_t end_ns = lt_clock_now_ns(lt_clock_system()) + 30 * (int64_t)LT_NS_PER_S;
    while (count < COUNT && lt_clock_now_ns(lt_clock_system()) < end_ns)
        rest(fixture.reactor, end_ns);
    assert_int_equal(count, COUNT);
    uint32_t *got = lt_alloc_array(COUNT, sizeof *got);
    assert_int_equal(pread(fd, got, COUNT * sizeof *got, 0), COUNT * sizeof *got);
    for (uint32_t i = 0; i < COUNT; i++) {
        assert_int_equal(ios[i].result, sizeof *got);
        assert_int_equal(got[i], values[i]);
    }
    free(got);
    free(values);
    free(ios);
    close(fd);
    tear_down(&fixture);
}

static void ten_thousand_waits_do_not_stop_what_comes_after_them(void **state)
{
    struct fixture fixture;
    set_up(state, &fixture);
    enum { COUNT = 10000 };
    int pipe_fds[2];
    assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
    struct lt_io *ios = lt_alloc_array(COUNT, sizeof *ios);
    uint32_t count = 0;
    for (uint32_t i = 0; i < COUNT; i++) {
        ios[i] = (struct lt_io){.kind = LT_IO_POLL,
                                .fd = pipe_fds[0],
                                .flags = POLLIN,
                                .done = on_count,
                                .context = &count};
        lt_reactor_submit(fixture.reactor, &ios[i]);
    }
    struct tally tally = {0};
    struct lt_io steps[PUBLISH_STEPS];
    make_publish(&fixture, steps, &tally, "after them");
    submit_all(fixture.reactor, steps, PUBLISH_STEPS);
    await(fixture.reactor, &tally, PUBLISH_STEPS);
    assert_int_equal(steps[5].result, 0);
    assert_int_equal(count, 0);
    assert_int_equal(write(pipe_fds[1], "x", 1), 1);
    int64_t end_ns = lt_clock_now_ns(lt_clock_system()) + 30 * (int64_t)LT_NS_PER_S;
    while (count < COUNT && lt_clock_now_ns(lt_clock_system()) < end_ns)
        rest(fixture.reactor, end_ns);
    assert_int_equal(count, COUNT);
    free(ios);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
    tear_down(&fixture);
}

static void sockets_connect_accept_send_and_receive(void **state)
{
    struct fixture fixture;
    set_up(state, &fixture);
    struct lt_reactor *reactor = fixture.reactor;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listener, 8), 0);
    socklen_t address_size = sizeof address;
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &address_size), 0);
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    struct tally tally = {0};
    char sent[] = "over the wire";
    char got[64] = {0};
    struct lt_io accepting = {
        .kind = LT_IO_ACCEPT, .fd = listener, .done = on_done, .context = &tally};
    struct lt_io connecting = {.kind = LT_IO_CONNECT,
                               .fd = client,
                               .buffer = &address,
                               .size_bytes = sizeof address,
                               .done = on_done,
                               .context = &tally};
    lt_reactor_submit(reactor, &accepting);
    lt_reactor_submit(reactor, &connecting);
    await(reactor, &tally, 2);
    assert_int_equal(connecting.result, 0);
    assert_true(accepting.result > 2);
    int server = (int)accepting.result;

    struct lt_io receiving = {.kind = LT_IO_RECV,
                              .fd = server,
                              .buffer = got,
                              .size_bytes = sizeof got,
                              .done = on_done,
                              .context = &tally};
    struct lt_io sending = {.kind = LT_IO_SEND,
                            .fd = client,
                            .buffer = sent,
                            .size_bytes = sizeof sent,
                            .done = on_done,
                            .context = &tally};
    lt_reactor_submit(reactor, &receiving);
    lt_reactor_poll(reactor);
    assert_int_equal(tally.count, 2); /* it waits */
    lt_reactor_submit(reactor, &sending);
    await(reactor, &tally, 4);
    assert_int_equal(sending.result, sizeof sent);
    assert_int_equal(receiving.result, sizeof sent);
    assert_string_equal(got, sent);

    /* The end of the peer is 0 to read, and an error to write: no signal. */
    close(client);
    lt_reactor_submit(reactor, &receiving);
    await(reactor, &tally, 5);
    assert_int_equal(receiving.result, 0);
    sending.fd = server;
    for (uint32_t i = 0; i < 2; i++) {
        lt_reactor_submit(reactor, &sending);
        await(reactor, &tally, 6 + i);
    }
    assert_int_equal(sending.result, -EPIPE);
    close(server);
    close(listener);
    client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    connecting.fd = client;
    lt_reactor_submit(reactor, &connecting);
    await(reactor, &tally, 8);
    assert_int_equal(connecting.result, -ECONNREFUSED);
    close(client);
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

#define TEST(function)                                                                             \
    {                                                                                              \
#function, function                                                                        \
    }
static const struct {
    const char *name;
    CMUnitTestFunction function;
} suite[] = {
    TEST(a_chain_publishes_a_file),
    TEST(a_failing_step_cancels_the_rest_and_leaves_no_descriptor),
    TEST(a_chain_whose_first_step_fails_does_nothing),
    TEST(a_descriptor_that_the_chain_does_not_close_is_the_callers),
    TEST(a_short_read_is_a_result_and_ends_its_chain),
    TEST(a_file_keeps_its_own_position_when_asked),
    TEST(a_park_ends_at_its_deadline_and_not_before),
    TEST(no_wake_up_is_lost),
    TEST(a_wake_before_the_park_ends_it_at_once),
    TEST(cancelling_ends_what_waits),
    TEST(a_descriptor_number_used_again_is_waited_for_again),
    TEST(ten_thousand_operations_are_in_flight_and_none_is_lost),
    TEST(ten_thousand_waits_do_not_stop_what_comes_after_them),
    TEST(sockets_connect_accept_send_and_receive),
    TEST(a_completion_may_submit_the_same_operation_again),
    TEST(a_wrong_descriptor_is_a_result),
};

static struct subject subjects[] = {
    {"defer_taskrun", "io_uring.defer_taskrun", true},
    {"coop_taskrun", "io_uring.coop_taskrun", true},
    {"plain", "io_uring.plain", true},
    {"epoll", "epoll", true},
    {"epoll without a thread", "epoll", false},
};

enum {
    SUITE_COUNT = sizeof suite / sizeof suite[0],
    SUBJECT_COUNT = sizeof subjects / sizeof subjects[0],
};

int main(void)
{
    lt_log_set_level(LT_LOG_ERROR);
    struct CMUnitTest tests[SUITE_COUNT * SUBJECT_COUNT + 2];
    char names[SUITE_COUNT * SUBJECT_COUNT][160];
    size_t count = 0;
    for (size_t i = 0; i < SUBJECT_COUNT; i++) {
        for (size_t j = 0; j < SUITE_COUNT; j++, count++) {
            snprintf(names[count], sizeof names[count], "%s: %s", subjects[i].name, suite[j].name);
            tests[count] = (struct CMUnitTest){
                .name = names[count],
                .test_func = suite[j].function,
                .initial_state = &subjects[i],
            };
        }
    }
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(an_unknown_choice_names_the_nearest);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(auto_gives_a_reactor_wherever_it_runs);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
