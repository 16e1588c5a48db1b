/*
 * One suite for every reactor, continued: operations that are armed once and complete often, their
 * buffers, and ending them.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "tests/support/reactor_suite.h"

enum { PIECES = 4, PIECE_BYTES = 64, GOT_MAX = 1 << 20 };

/* A reader as connectors are: takes what comes, and arms its operation again unless it closes. */
struct receiver {
    struct lt_reactor *reactor;
    struct lt_io io;
    char *got;
    uint32_t got_bytes, completion_count, end_count, starved_count;
    bool keeps_pieces, is_closing, has_ended;
    int32_t kept[PIECES];
    uint32_t kept_count;
};

static void on_received(struct lt_io *io)
{
    struct receiver *receiver = io->context;
    receiver->completion_count++;
    if (io->result > 0) {
        assert_true(io->piece >= 0);
        assert_true(receiver->got_bytes + io->result <= GOT_MAX);
        memcpy(receiver->got + receiver->got_bytes, io->buffer, (size_t)io->result);
        receiver->got_bytes += (uint32_t)io->result;
        if (receiver->keeps_pieces)
            receiver->kept[receiver->kept_count++] = io->piece;
        else
            lt_buffers_give_back(io->group, io->piece);
    } else {
        assert_int_equal(io->piece, LT_IO_NO_PIECE);
        assert_false(io->more);
    }
    if (io->more)
        return;
    receiver->end_count++;
    receiver->starved_count += io->result == -ENOBUFS;
    receiver->has_ended = io->result <= 0;
    if (io->result > 0 && !receiver->is_closing)
        lt_reactor_submit(receiver->reactor, io);
}

static void receiver_init(struct receiver *receiver, struct lt_reactor *reactor, int fd)
{
    *receiver = (struct receiver){.reactor = reactor, .got = lt_alloc(GOT_MAX)};
    receiver->io = (struct lt_io){
        .kind = LT_IO_RECV_MULTI,
        .fd = fd,
        .group = lt_reactor_buffers_create(reactor, PIECES, PIECE_BYTES),
        .done = on_received,
        .context = receiver,
    };
    lt_reactor_submit(reactor, &receiver->io);
}

static void receiver_fini(struct receiver *receiver)
{
    receiver->is_closing = true;
    lt_reactor_cancel_and_wait(receiver->reactor, &receiver->io);
    assert_false(receiver->io.is_pending);
    lt_buffers_destroy(receiver->io.group);
    free(receiver->got);
}

static void await_bytes(struct receiver *receiver, uint32_t size_bytes)
{
    int64_t end_ns = lt_clock_now_ns(lt_clock_system()) + 30 * (int64_t)LT_NS_PER_S;
    while (receiver->got_bytes < size_bytes && lt_clock_now_ns(lt_clock_system()) < end_ns)
        rest(receiver->reactor, end_ns);
    assert_int_equal(receiver->got_bytes, size_bytes);
}

static void await_end(struct receiver *receiver)
{
    int64_t end_ns = lt_clock_now_ns(lt_clock_system()) + 30 * (int64_t)LT_NS_PER_S;
    while (!receiver->has_ended && lt_clock_now_ns(lt_clock_system()) < end_ns)
        rest(receiver->reactor, end_ns);
    assert_true(receiver->has_ended);
}

static void make_pair(int type, int ends[2])
{
    assert_int_equal(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends), 0);
}

static void a_stream_is_received_in_order_and_ends_once(void **state)
{
    struct fixture fixture;
    set_up(state, &fixture);
    int ends[2];
    make_pair(SOCK_STREAM, ends);
    struct receiver receiver;
    receiver_init(&receiver, fixture.reactor, ends[0]);
    uint32_t sent = 0;
    for (int round = 0; round < 200; round++) {
        char bytes[150]; /* more than two pieces */
        uint32_t size = 1 + (uint32_t)(round * 37) % (uint32_t)sizeof bytes;
        for (uint32_t i = 0; i < size; i++)
            bytes[i] = (char)((sent + i) % 251);
        assert_int_equal(write(ends[1], bytes, size), size);
        sent += size;
        await_bytes(&receiver, sent);
    }
    for (uint32_t i = 0; i < sent; i++)
        assert_int_equal((uint8_t)receiver.got[i], i % 251);
    assert_false(receiver.has_ended);
    close(ends[1]);
    await_end(&receiver);
    assert_int_equal(receiver.io.result, 0);
    receiver_fini(&receiver);
    assert_int_equal(fixture.reactor->pending_count, 0);
    close(ends[0]);
    tear_down(&fixture);
}

static void without_a_free_piece_it_ends_and_nothing_is_lost(void **state)
{
    struct fixture fixture;
    set_up(state, &fixture);
    int ends[2];
    make_pair(SOCK_STREAM, ends);
    struct receiver receiver;
    receiver_init(&receiver, fixture.reactor, ends[0]);
    receiver.keeps_pieces = true;
    char bytes[PIECES * PIECE_BYTES + 40];
    for (uint32_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)('a' + i % 26);
    assert_int_equal(write(ends[1], bytes, sizeof bytes), sizeof bytes);
    await_end(&receiver);
    assert_int_equal(receiver.io.result, -ENOBUFS);
    assert_int_equal(receiver.got_bytes, PIECES * PIECE_BYTES);
    assert_int_equal(receiver.kept_count, PIECES);
    lt_reactor_submit(fixture.reactor, &receiver.io); /* too early */
    receiver.has_ended = false;
    await_end(&receiver);
    assert_int_equal(receiver.io.result, -ENOBUFS);
    for (uint32_t i = 0; i < PIECES; i++) {
        assert_memory_equal(receiver.io.group->memory + receiver.kept[i] * PIECE_BYTES,
                            bytes + i * PIECE_BYTES, PIECE_BYTES);
        lt_buffers_give_back(receiver.io.group, receiver.kept[i]);
    }
    receiver.kept_count = 0;
    receiver.has_ended = false;
    lt_reactor_submit(fixture.reactor, &receiver.io);
    await_bytes(&receiver, sizeof bytes);
    assert_memory_equal(receiver.got, bytes, sizeof bytes);
    receiver_fini(&receiver);
    close(ends[0]);
    close(ends[1]);
    tear_down(&fixture);
}

static void an_armed_receive_is_cancelled_and_waited_for(void **state)
{
    struct fixture fixture;
    set_up(state, &fixture);
    int ends[2];
    make_pair(SOCK_STREAM, ends);
    for (int round = 0; round < 6; round++) {
        struct receiver receiver;
        receiver_init(&receiver, fixture.reactor, ends[0]);
        if (round % 3 > 0)
            lt_reactor_poll(fixture.reactor); /* the kernel has it */
        if (round % 3 > 1)
            assert_int_equal(write(ends[1], "in flight", 9), 9);
        receiver_fini(&receiver);
        assert_int_equal(receiver.end_count, 1);
        assert_int_equal(fixture.reactor->pending_count, 0);
        char rest_bytes[16]; /* what was not received before is still the socket's */
        ssize_t left = recv(ends[0], rest_bytes, sizeof rest_bytes, MSG_DONTWAIT);
        assert_int_equal((left < 0 ? 0 : left) + receiver.got_bytes, round % 3 > 1 ? 9 : 0);
    }
    close(ends[0]);
    close(ends[1]);
    tear_down(&fixture);
}

static const struct suite_case suite[] = {
    SUITE_CASE(a_stream_is_received_in_order_and_ends_once),
    SUITE_CASE(without_a_free_piece_it_ends_and_nothing_is_lost),
    SUITE_CASE(an_armed_receive_is_cancelled_and_waited_for),
};

int main(void)
{
    return run_suite(suite, sizeof suite / sizeof suite[0]);
}
