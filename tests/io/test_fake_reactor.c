/*
 * The test double is code too: it must obey the contract it stands in for, repeat itself from a
 * seed, and lose what a crash loses - and nothing else.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/fake_reactor.h"
#include "tests/support/scratch.h"

enum { STEPS = 6 };

struct fixture {
    char directory[64];
    int fd;
    struct lt_reactor *reactor;
    struct lt_io steps[STEPS];
    uint32_t done_count;
    char order[64];
};

static void on_done(struct lt_io *io)
{
    struct fixture *fixture = io->context;
    if (fixture->done_count < sizeof fixture->order - 1)
        fixture->order[fixture->done_count] = (char)('a' + (io - fixture->steps));
    fixture->done_count++;
}

static void set_up(struct fixture *fixture, uint64_t seed)
{
    memset(fixture, 0, sizeof *fixture);
    scratch_create(fixture->directory);
    fixture->fd = open(fixture->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(fixture->fd >= 0);
    fixture->reactor = fake_reactor_create(seed, NULL);
}

static void tear_down(struct fixture *fixture)
{
    lt_reactor_destroy(fixture->reactor);
    close(fixture->fd);
    scratch_remove(fixture->directory);
}

/* Publishes `text` as "17" by a chain. */
static void publish(struct fixture *fixture, char *text)
{
    const struct lt_io steps[STEPS] = {
        {.kind = LT_IO_OPENAT, .path = "tmp", .flags = O_WRONLY | O_CREAT | O_TRUNC, .mode = 0644},
        {.kind = LT_IO_WRITE, .fd_from = 1, .buffer = text, .size_bytes = (uint32_t)strlen(text)},
        {.kind = LT_IO_FSYNC, .fd_from = 1},
        {.kind = LT_IO_CLOSE, .fd_from = 1},
        {.kind = LT_IO_RENAMEAT, .path = "tmp", .fd2 = fixture->fd, .path2 = "17"},
        {.kind = LT_IO_FSYNC},
    };
    struct lt_io *chain[STEPS];
    fixture->done_count = 0;
    for (uint32_t i = 0; i < STEPS; i++) {
        fixture->steps[i] = steps[i];
        fixture->steps[i].fd = fixture->fd;
        fixture->steps[i].done = on_done;
        fixture->steps[i].context = fixture;
        chain[i] = &fixture->steps[i];
    }
    lt_reactor_submit_chain(fixture->reactor, chain, STEPS);
}

static void run(struct fixture *fixture)
{
    for (int i = 0; i < 100 && fixture->reactor->pending_count > 0; i++)
        lt_reactor_poll(fixture->reactor);
}

/* The file's text, or NULL if there is none. */
static const char *content(const struct fixture *fixture, const char *name, char out[64])
{
    int fd = openat(fixture->fd, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    ssize_t got = read(fd, out, 63);
    assert_true(got >= 0);
    out[got] = '\0';
    close(fd);
    return out;
}

static void a_chain_is_done_in_order(void **state)
{
    (void)state;
    struct fixture fixture;
    set_up(&fixture, 1);
    publish(&fixture, "hello");
    run(&fixture);
    assert_string_equal(fixture.order, "abcdef");
    assert_int_equal(fixture.steps[0].result, 0); /* the descriptor is the chain's */
    assert_int_equal(fixture.steps[1].result, 5);
    char text[64];
    assert_string_equal(content(&fixture, "17", text), "hello");
    assert_int_equal(fake_reactor_done_count(fixture.reactor), STEPS);
    tear_down(&fixture);
}

static void any_result_can_be_asked_for_and_cancels_the_rest(void **state)
{
    (void)state;
    static const struct {
        enum lt_io_kind kind;
        uint32_t skip, index;
        int64_t result;
    } faults[] = {
        {LT_IO_OPENAT, 0, 0, -EACCES}, {LT_IO_WRITE, 0, 1, -ENOSPC}, {LT_IO_WRITE, 0, 1, 2},
        {LT_IO_FSYNC, 0, 2, -EIO},     {LT_IO_FSYNC, 1, 5, -EIO},    {LT_IO_RENAMEAT, 0, 4, -EXDEV},
    };
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        struct fixture fixture;
        set_up(&fixture, i);
        fake_reactor_fail(fixture.reactor, faults[i].kind, faults[i].skip, faults[i].result);
        publish(&fixture, "hello");
        run(&fixture);
        assert_int_equal(fixture.done_count, STEPS);
        assert_int_equal(fixture.steps[faults[i].index].result, faults[i].result);
        for (uint32_t j = faults[i].index + 1; j < STEPS; j++)
            assert_int_equal(fixture.steps[j].result, -ECANCELED);
        char text[64];
        assert_true((content(&fixture, "17", text) != NULL) == (faults[i].index == 5));
        tear_down(&fixture);
    }
}

static void record_order(uint64_t seed, char order[64])
{
    struct fixture fixture;
    set_up(&fixture, seed);
    for (uint32_t i = 0; i < STEPS; i++) {
        fixture.steps[i] = (struct lt_io){
            .kind = LT_IO_FSYNC, .fd = fixture.fd, .done = on_done, .context = &fixture};
        lt_reactor_submit(fixture.reactor, &fixture.steps[i]);
    }
    run(&fixture);
    memcpy(order, fixture.order, 64);
    tear_down(&fixture);
}

static void a_seed_repeats_a_run_and_another_does_not(void **state)
{
    (void)state;
    char first[64];
    char second[64];
    uint32_t different = 0;
    for (uint64_t seed = 0; seed < 10; seed++) {
        record_order(seed, first);
        record_order(seed, second);
        assert_string_equal(first, second);
        record_order(seed + 100, second);
        different += strcmp(first, second) != 0;
    }
    assert_true(different > 5);
}

static void an_operation_is_held_back_now_and_then_and_done_in_the_end(void **state)
{
    (void)state;
    struct fixture fixture;
    uint32_t held = 0;
    set_up(&fixture, 1);
    fake_reactor_hold(fixture.reactor, 20);
    for (uint32_t i = 0; i < 500; i++) {
        fixture.steps[0] = (struct lt_io){
            .kind = LT_IO_FSYNC, .fd = fixture.fd, .done = on_done, .context = &fixture};
        lt_reactor_submit(fixture.reactor, &fixture.steps[0]);
        lt_reactor_poll(fixture.reactor);
        held += fixture.reactor->pending_count > 0;
        run(&fixture);
        assert_int_equal(fixture.done_count, i + 1);
    }
    assert_in_range(held, 5, 100);
    tear_down(&fixture);
}

static void a_kill_keeps_what_was_done_and_drops_what_was_not(void **state)
{
    (void)state;
    for (uint64_t stop = 0; stop < STEPS; stop++) {
        for (uint64_t seed = 0; seed < 10; seed++) {
            struct fixture fixture;
            set_up(&fixture, seed);
            fake_reactor_crash_after(fixture.reactor, stop);
            publish(&fixture, "hello");
            run(&fixture);
            assert_true(fake_reactor_has_stopped(fixture.reactor));
            assert_int_equal(fixture.done_count, stop);
            fake_reactor_crash(fixture.reactor, FAKE_CRASH_KILL);
            assert_int_equal(fixture.done_count, stop);
            char text[64];
            assert_true((content(&fixture, "tmp", text) != NULL) == (stop >= 1 && stop < 5));
            if (stop == 1) /* the write was torn */
                assert_true(strlen(text) < 5 && memcmp(text, "hello", strlen(text)) == 0);
            assert_true((content(&fixture, "17", text) != NULL) == (stop >= 5));
            tear_down(&fixture);
        }
    }
}

static void a_loss_of_power_takes_only_what_was_not_synced(void **state)
{
    (void)state;
    uint32_t lost_names = 0;
    uint32_t kept_names = 0;
    uint32_t torn = 0;
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct fixture fixture;
        set_up(&fixture, seed);
        publish(&fixture, "first"); /* all of it, the directory too: durable */
        run(&fixture);
        publish(&fixture, "other");
        fake_reactor_crash_after(fixture.reactor, 2 + seed % 4);
        run(&fixture);
        fake_reactor_crash(fixture.reactor, FAKE_CRASH_POWER);
        char text[64];
        assert_non_null(content(&fixture, "17", text));
        if (seed % 4 == 3) { /* renamed, the directory not synced: old or new, and whole */
            assert_true(strcmp(text, "first") == 0 || strcmp(text, "other") == 0);
            lost_names += strcmp(text, "first") == 0;
            kept_names += strcmp(text, "other") == 0;
        } else {
            assert_string_equal(text, "first");
        }
        if (seed % 4 == 0 && content(&fixture, "tmp", text) != NULL) /* written, not synced */
            torn += strlen(text) < 5;
        tear_down(&fixture);
    }
    assert_true(lost_names > 5);
    assert_true(kept_names > 5);
    assert_true(torn > 5);
}

static void a_removal_may_come_back_after_a_loss_of_power(void **state)
{
    (void)state;
    uint32_t back = 0;
    for (uint64_t seed = 0; seed < 50; seed++) {
        struct fixture fixture;
        set_up(&fixture, seed);
        publish(&fixture, "kept?");
        run(&fixture);
        struct lt_io unlinking = {.kind = LT_IO_UNLINKAT,
                                  .fd = fixture.fd,
                                  .path = "17",
                                  .done = on_done,
                                  .context = &fixture};
        lt_reactor_submit(fixture.reactor, &unlinking);
        run(&fixture);
        assert_int_equal(unlinking.result, 0);
        fake_reactor_crash(fixture.reactor, FAKE_CRASH_POWER);
        char text[64];
        if (content(&fixture, "17", text) != NULL) {
            assert_string_equal(text, "kept?");
            back++;
        }
        tear_down(&fixture);
    }
    assert_in_range(back, 5, 45);
}

static void cancelling_ends_an_operation_that_has_not_begun(void **state)
{
    (void)state;
    struct fixture fixture;
    set_up(&fixture, 3);
    fake_reactor_set_rate(fixture.reactor, 0);
    publish(&fixture, "hello");
    lt_reactor_poll(fixture.reactor);
    assert_int_equal(fixture.done_count, 0);
    fixture.reactor->ops->cancel(fixture.reactor, &fixture.steps[3]);
    fake_reactor_set_rate(fixture.reactor, 1);
    run(&fixture);
    assert_int_equal(fixture.done_count, STEPS);
    assert_int_equal(fixture.steps[2].result, 0);
    for (uint32_t i = 3; i < STEPS; i++)
        assert_int_equal(fixture.steps[i].result, -ECANCELED);
    tear_down(&fixture);
}

/* ------------------------------------------------------------- operations that complete often */

struct received {
    struct lt_reactor *reactor;
    struct lt_io io;
    char bytes[256];
    uint32_t size, end_count;
    int64_t last;
    bool rearms;
};

static void on_received(struct lt_io *io)
{
    struct received *received = io->context;
    received->last = io->result;
    if (io->piece != LT_IO_NO_PIECE) {
        const char *from = io->kind == LT_IO_RECVMSG_MULTI ? io->payload : io->buffer;
        memcpy(received->bytes + received->size, from, (size_t)io->result);
        received->size += (uint32_t)io->result;
        lt_buffers_give_back(io->group, io->piece);
    }
    received->end_count += !io->more;
    if (!io->more && received->rearms && io->result > 0)
        lt_reactor_submit(received->reactor, io);
}

static void arm(struct received *received, struct fixture *fixture, enum lt_io_kind kind, int fd)
{
    static struct msghdr room = {.msg_namelen = 16, .msg_controllen = 64};
    *received = (struct received){.reactor = fixture->reactor};
    received->io = (struct lt_io){.kind = kind,
                                  .fd = fd,
                                  .group = lt_reactor_buffers_create(fixture->reactor, 4, 128),
                                  .message = &room,
                                  .done = on_received,
                                  .context = received};
    lt_reactor_submit(fixture->reactor, &received->io);
}

static void disarm(struct received *received)
{
    received->rearms = false;
    lt_reactor_cancel_and_wait(received->reactor, &received->io);
    lt_buffers_destroy(received->io.group);
}

static void what_is_received_can_be_scripted_to_the_byte_and_the_end(void **state)
{
    (void)state;
    static const enum lt_io_kind kinds[] = {LT_IO_RECV_MULTI, LT_IO_RECVMSG_MULTI};
    for (uint64_t seed = 0; seed < 20; seed++) {
        enum lt_io_kind kind = kinds[seed % 2];
        struct fixture fixture;
        set_up(&fixture, seed);
        struct received received;
        fake_reactor_receive(fixture.reactor, kind, "ab", 2, true);
        fake_reactor_receive(fixture.reactor, kind, "cde", 3, true);
        fake_reactor_receive(fixture.reactor, kind, "f", 1, false);
        arm(&received, &fixture, kind, -1);
        run(&fixture);
        assert_memory_equal(received.bytes, "abcdef", 6);
        assert_int_equal(received.size, 6);
        assert_int_equal(received.end_count, 1);
        assert_false(received.io.is_pending);
        fake_reactor_fail(fixture.reactor, kind, 0, -ENOBUFS);
        lt_reactor_submit(fixture.reactor, &received.io);
        run(&fixture);
        assert_int_equal(received.last, -ENOBUFS);
        assert_int_equal(received.end_count, 2);
        disarm(&received);
        tear_down(&fixture);
    }
}

static void a_receive_may_end_with_data_in_hand_and_loses_none(void **state)
{
    (void)state;
    uint32_t ends = 0;
    for (uint64_t seed = 0; seed < 50; seed++) {
        struct fixture fixture;
        set_up(&fixture, seed);
        int sockets[2];
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), 0);
        struct received received;
        arm(&received, &fixture, LT_IO_RECV_MULTI, sockets[0]);
        received.rearms = true;
        for (uint32_t i = 0; i < 10; i++) {
            assert_int_equal(write(sockets[1], "0123456789", 10), 10);
            for (int j = 0; j < 100 && received.size < (i + 1) * 10; j++)
                lt_reactor_poll(fixture.reactor);
            assert_int_equal(received.size, (i + 1) * 10);
        }
        ends += received.end_count;
        disarm(&received);
        close(sockets[0]);
        close(sockets[1]);
        tear_down(&fixture);
    }
    assert_in_range(ends, 20, 300);
}

static void who_closes_is_not_kept_by_a_reactor_that_has_stopped(void **state)
{
    (void)state;
    for (int way = 0; way < 3; way++) {
        struct fixture fixture;
        set_up(&fixture, 7);
        struct received received;
        int sockets[2];
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), 0);
        arm(&received, &fixture, LT_IO_RECV_MULTI, sockets[0]);
        if (way == 0)
            fake_reactor_set_rate(fixture.reactor, 0);
        if (way > 0)
            fake_reactor_crash_after(fixture.reactor, 0);
        lt_reactor_poll(fixture.reactor);
        if (way == 2)
            fake_reactor_crash(fixture.reactor, FAKE_CRASH_KILL);
        disarm(&received);
        assert_int_equal(received.end_count, way == 2 ? 0 : 1);
        close(sockets[0]);
        close(sockets[1]);
        tear_down(&fixture);
    }
}

static int64_t never_called(void *context)
{
    (void)context;
    fail_msg("a call whose result was asked for was made");
    return 0;
}

static void any_result_of_any_kind_can_be_asked_for(void **state)
{
    (void)state;
    for (enum lt_io_kind kind = 0; kind < LT_IO_KIND_COUNT; kind++) {
        struct fixture fixture;
        set_up(&fixture, kind);
        struct received received;
        fake_reactor_fail(fixture.reactor, kind, 0, -EIO);
        arm(&received, &fixture, kind, -1);
        received.io.call = never_called;
        run(&fixture);
        assert_int_equal(received.last, -EIO);
        assert_int_equal(received.end_count, 1);
        disarm(&received);
        tear_down(&fixture);
    }
}

static void a_length_may_come_back_after_a_loss_of_power(void **state)
{
    (void)state;
    uint32_t back = 0;
    for (uint64_t seed = 0; seed < 60; seed++) {
        struct fixture fixture;
        set_up(&fixture, seed);
        publish(&fixture, "kept?");
        run(&fixture);
        int fd = openat(fixture.fd, "17", O_RDWR | O_CLOEXEC);
        struct lt_io steps[2] = {{.kind = LT_IO_FTRUNCATE, .fd = fd, .offset = 2},
                                 {.kind = LT_IO_FSYNC, .fd = fd}};
        struct lt_io *chain[2] = {&steps[0], &steps[1]};
        for (uint32_t i = 0; i < 2; i++) {
            steps[i].done = on_done;
            steps[i].context = &fixture;
        }
        lt_reactor_submit_chain(fixture.reactor, chain, seed % 3 == 0 ? 2 : 1);
        run(&fixture);
        fake_reactor_crash(fixture.reactor, FAKE_CRASH_POWER);
        char text[64];
        assert_non_null(content(&fixture, "17", text));
        if (seed % 3 == 0) /* synced */
            assert_string_equal(text, "ke");
        assert_true(strcmp(text, "ke") == 0 || strcmp(text, "kept?") == 0);
        back += strlen(text) == 5;
        close(fd);
        tear_down(&fixture);
    }
    assert_in_range(back, 5, 35);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chain_is_done_in_order),
        cmocka_unit_test(any_result_can_be_asked_for_and_cancels_the_rest),
        cmocka_unit_test(a_seed_repeats_a_run_and_another_does_not),
        cmocka_unit_test(an_operation_is_held_back_now_and_then_and_done_in_the_end),
        cmocka_unit_test(a_kill_keeps_what_was_done_and_drops_what_was_not),
        cmocka_unit_test(a_loss_of_power_takes_only_what_was_not_synced),
        cmocka_unit_test(a_removal_may_come_back_after_a_loss_of_power),
        cmocka_unit_test(cancelling_ends_an_operation_that_has_not_begun),
        cmocka_unit_test(what_is_received_can_be_scripted_to_the_byte_and_the_end),
        cmocka_unit_test(a_receive_may_end_with_data_in_hand_and_loses_none),
        cmocka_unit_test(who_closes_is_not_kept_by_a_reactor_that_has_stopped),
        cmocka_unit_test(any_result_of_any_kind_can_be_asked_for),
        cmocka_unit_test(a_length_may_come_back_after_a_loss_of_power),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
