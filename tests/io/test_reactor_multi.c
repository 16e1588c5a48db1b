/*
 * One suite for every reactor, continued: operations that are armed once and complete often, their
 * buffers, and ending them.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
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

static void what_was_received_may_outlive_the_reactor(void **state)
{
    struct fixture fixture;
    set_up(state, &fixture);
    int ends[2];
    make_pair(SOCK_STREAM, ends);
    struct receiver receiver;
    receiver_init(&receiver, fixture.reactor, ends[0]);
    receiver.keeps_pieces = true;
    assert_int_equal(write(ends[1], "borrowed", 8), 8);
    await_bytes(&receiver, 8);
    lt_reactor_cancel_and_wait(fixture.reactor, &receiver.io);
    char *memory = lt_buffers_retire(receiver.io.group);
    close(ends[0]);
    close(ends[1]);
    tear_down(&fixture);
    assert_int_equal(receiver.kept_count, 1);
    assert_memory_equal(memory + receiver.kept[0] * PIECE_BYTES, "borrowed", 8);
    free(memory);
    free(receiver.got);
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

/* Ends itself, from within its own `done`, at the second completion. */
static void on_received_enough(struct lt_io *io)
{
    struct receiver *receiver = io->context;
    bool had_more = io->more;
    receiver->is_closing = receiver->completion_count >= 1;
    on_received(io);
    if (receiver->is_closing && had_more && io->is_pending)
        lt_reactor_cancel(receiver->reactor, io);
}

static void a_receive_may_be_cancelled_from_its_own_completion(void **state)
{
    struct fixture fixture;
    set_up(state, &fixture);
    int ends[2];
    make_pair(SOCK_STREAM, ends);
    struct receiver receiver;
    receiver_init(&receiver, fixture.reactor, ends[0]);
    receiver.io.done = on_received_enough;
    char bytes[PIECE_BYTES * PIECES] = {0};
    int64_t end_ns = lt_clock_now_ns(lt_clock_system()) + 30 * (int64_t)LT_NS_PER_S;
    while (receiver.io.is_pending && lt_clock_now_ns(lt_clock_system()) < end_ns) {
        ssize_t written = send(ends[1], bytes, sizeof bytes, MSG_DONTWAIT);
        assert_true(written > 0 || errno == EAGAIN);
        rest(fixture.reactor, end_ns);
    }
    assert_false(receiver.io.is_pending);
    assert_true(receiver.completion_count >= 2);
    receiver_fini(&receiver);
    close(ends[0]);
    close(ends[1]);
    tear_down(&fixture);
}

/* ----------------------------------------------------------------------- many at the same time */

struct crowd {
    struct lt_reactor *reactor;
    struct lt_io *ios;
    uint32_t *next; /* of each connection, the byte that must come next */
    uint32_t got, wrong, starved;
    bool is_closing;
};

/* Connection i is sent the bytes i, i + 1, ... */
static void on_crowd(struct lt_io *io)
{
    struct crowd *crowd = io->context;
    uint32_t index = (uint32_t)(io - crowd->ios);
    if (io->result > 0) {
        for (int64_t i = 0; i < io->result; i++)
            crowd->wrong += ((uint8_t *)io->buffer)[i] != (uint8_t)(crowd->next[index]++);
        crowd->got += (uint32_t)io->result;
        lt_buffers_give_back(io->group, io->piece);
    }
    if (io->more || crowd->is_closing)
        return;
    crowd->starved += io->result == -ENOBUFS;
    assert_true(io->result > 0 || io->result == -ENOBUFS);
    lt_reactor_submit(crowd->reactor, io);
}

enum { CONNECTIONS = 200, BYTES_EACH = 64 };

/* CONNECTIONS receives share a group of `pieces` bytes; all that was sent arrives. */
static void crowd_receives(struct fixture *fixture, uint32_t pieces)
{
    struct lt_buffers *group = lt_reactor_buffers_create(fixture->reactor, pieces, 1);
    struct crowd crowd = {
        .reactor = fixture->reactor,
        .ios = lt_alloc_array(CONNECTIONS, sizeof(struct lt_io)),
        .next = lt_alloc_array(CONNECTIONS, sizeof(uint32_t)),
    };
    int(*ends)[2] = lt_alloc_array(CONNECTIONS, sizeof *ends);
    for (uint32_t i = 0; i < CONNECTIONS; i++) {
        make_pair(SOCK_STREAM, ends[i]);
        crowd.next[i] = i;
        crowd.ios[i] = (struct lt_io){.kind = LT_IO_RECV_MULTI,
                                      .fd = ends[i][0],
                                      .group = group,
                                      .done = on_crowd,
                                      .context = &crowd};
        lt_reactor_submit(fixture->reactor, &crowd.ios[i]);
    }
    lt_reactor_poll(fixture->reactor);
    for (uint32_t i = 0; i < CONNECTIONS; i++) {
        uint8_t bytes[BYTES_EACH];
        for (uint32_t j = 0; j < BYTES_EACH; j++)
            bytes[j] = (uint8_t)(i + j);
        assert_int_equal(write(ends[i][1], bytes, BYTES_EACH), BYTES_EACH);
    }
    int64_t end_ns = lt_clock_now_ns(lt_clock_system()) + 30 * (int64_t)LT_NS_PER_S;
    while (crowd.got < CONNECTIONS * BYTES_EACH && lt_clock_now_ns(lt_clock_system()) < end_ns)
        rest(fixture->reactor, end_ns);
    assert_int_equal(crowd.got, CONNECTIONS * BYTES_EACH);
    assert_int_equal(crowd.wrong, 0);
    crowd.is_closing = true;
    for (uint32_t i = 0; i < CONNECTIONS; i++) {
        lt_reactor_cancel_and_wait(fixture->reactor, &crowd.ios[i]);
        close(ends[i][0]);
        close(ends[i][1]);
    }
    assert_int_equal(fixture->reactor->pending_count, 0);
    lt_buffers_destroy(group);
    free(ends);
    free(crowd.next);
    free(crowd.ios);
}

static void more_completions_than_the_kernel_has_room_for_are_not_lost(void **state)
{
    struct fixture fixture;
    set_up(state, &fixture);
    crowd_receives(&fixture, 16384);
    tear_down(&fixture);
}

static void silent_connections_hold_no_piece(void **state)
{
    struct fixture fixture;
    set_up(state, &fixture);
    crowd_receives(&fixture, 16); /* fewer than connections */
    tear_down(&fixture);
}

static void groups_come_and_go(void **state)
{
    struct fixture fixture;
    set_up(state, &fixture);
    struct lt_buffers *groups[70]; /* more than a ring has numbers for: the last ones do without */
    for (int round = 0; round < 3; round++) {
        for (uint32_t i = 0; i < 70; i++)
            groups[i] = lt_reactor_buffers_create(fixture.reactor, 2, 16);
        int ends[2];
        make_pair(SOCK_STREAM, ends);
        for (uint32_t i = 0; i < 70; i += 69) {
            struct receiver receiver;
            receiver_init(&receiver, fixture.reactor, ends[0]);
            lt_reactor_cancel_and_wait(fixture.reactor, &receiver.io);
            struct lt_buffers *own = receiver.io.group;
            receiver.io.group = groups[i];
            lt_reactor_submit(fixture.reactor, &receiver.io);
            assert_int_equal(write(ends[1], "hello", 5), 5);
            await_bytes(&receiver, 5);
            lt_reactor_cancel_and_wait(fixture.reactor, &receiver.io);
            receiver.io.group = own;
            receiver_fini(&receiver);
        }
        for (uint32_t i = 0; i < 70; i++)
            lt_buffers_destroy(groups[i]);
        close(ends[0]);
        close(ends[1]);
    }
    tear_down(&fixture);
}

/* --------------------------------------------------------------------------------------- accept */

struct listener {
    struct lt_reactor *reactor;
    int accepted[64];
    uint32_t count;
    bool is_closing;
};

static void on_accepted(struct lt_io *io)
{
    struct listener *listener = io->context;
    if (io->result >= 0) {
        assert_true(listener->count < 64);
        assert_int_equal(fcntl((int)io->result, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
        listener->accepted[listener->count++] = (int)io->result;
    }
    if (!io->more && !listener->is_closing)
        lt_reactor_submit(listener->reactor, io);
}

static void one_accept_takes_every_connection(void **state)
{
    struct fixture fixture;
    set_up(state, &fixture);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t address_size = sizeof address;
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 64), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &address_size), 0);
    struct listener listener = {.reactor = fixture.reactor};
    struct lt_io io = {
        .kind = LT_IO_ACCEPT_MULTI, .fd = fd, .done = on_accepted, .context = &listener};
    lt_reactor_submit(fixture.reactor, &io);
    int clients[40];
    int64_t end_ns = lt_clock_now_ns(lt_clock_system()) + 30 * (int64_t)LT_NS_PER_S;
    for (uint32_t i = 0; i < 40; i++) {
        clients[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(connect(clients[i], (struct sockaddr *)&address, sizeof address), 0);
        while (i % 8 == 7 && listener.count < i + 1 && lt_clock_now_ns(lt_clock_system()) < end_ns)
            rest(fixture.reactor, end_ns);
    }
    assert_int_equal(listener.count, 40);
    listener.is_closing = true;
    lt_reactor_cancel_and_wait(fixture.reactor, &io);
    assert_int_equal(io.result, -ECANCELED);
    for (uint32_t i = 0; i < 40; i++) {
        close(clients[i]);
        close(listener.accepted[i]);
    }
    close(fd);
    tear_down(&fixture);
}

static const struct suite_case suite[] = {
    SUITE_CASE(a_stream_is_received_in_order_and_ends_once),
    SUITE_CASE(without_a_free_piece_it_ends_and_nothing_is_lost),
    SUITE_CASE(what_was_received_may_outlive_the_reactor),
    SUITE_CASE(an_armed_receive_is_cancelled_and_waited_for),
    SUITE_CASE(a_receive_may_be_cancelled_from_its_own_completion),
    SUITE_CASE(more_completions_than_the_kernel_has_room_for_are_not_lost),
    SUITE_CASE(silent_connections_hold_no_piece),
    SUITE_CASE(groups_come_and_go),
    SUITE_CASE(one_accept_takes_every_connection),
};

int main(void)
{
    return run_suite(suite, sizeof suite / sizeof suite[0]);
}
