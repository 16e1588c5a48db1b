/*
 * One suite for every reactor, continued: datagrams with where they came from and when, messages of
 * several parts, and short sends.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "tests/support/reactor_suite.h"

enum {
    DATAGRAMS_MAX = 64,
    NAME_ROOM = sizeof(struct sockaddr_storage),
    CONTROL_ROOM = 128,
    PAYLOAD_ROOM = 100,
    PIECE_BYTES = 16 + NAME_ROOM + CONTROL_ROOM + PAYLOAD_ROOM,
};

struct datagram {
    char payload[PAYLOAD_ROOM];
    uint32_t size, name_size;
    struct sockaddr_in from;
    bool is_cut, has_time;
    struct timespec time;
};

struct collector {
    struct lt_reactor *reactor;
    struct datagram datagrams[DATAGRAMS_MAX];
    uint32_t count;
    bool is_closing;
};

static void keep_time(struct datagram *datagram, const struct lt_io *io)
{
    struct msghdr header = {.msg_control = io->control, .msg_controllen = io->control_size};
    for (struct cmsghdr *one = CMSG_FIRSTHDR(&header); one != NULL;
         one = CMSG_NXTHDR(&header, one)) {
        if (one->cmsg_level != SOL_SOCKET || one->cmsg_type != SCM_TIMESTAMPNS)
            continue;
        datagram->has_time = true;
        memcpy(&datagram->time, CMSG_DATA(one), sizeof datagram->time);
    }
}

static void on_datagram(struct lt_io *io)
{
    struct collector *collector = io->context;
    if (io->piece != LT_IO_NO_PIECE) {
        assert_true(collector->count < DATAGRAMS_MAX);
        struct datagram *datagram = &collector->datagrams[collector->count++];
        assert_int_equal(io->result, io->payload_size);
        assert_true(io->payload_size <= PAYLOAD_ROOM);
        memcpy(datagram->payload, io->payload, io->payload_size);
        datagram->size = io->payload_size;
        datagram->name_size = io->name_size;
        memcpy(&datagram->from, io->name, sizeof datagram->from);
        datagram->is_cut = (io->msg_flags & MSG_TRUNC) != 0;
        keep_time(datagram, io);
        lt_buffers_give_back(io->group, io->piece);
    } else {
        assert_false(io->more);
        assert_true(collector->is_closing);
    }
    if (!io->more && !collector->is_closing)
        lt_reactor_submit(collector->reactor, io);
}

static int udp_socket(struct sockaddr_in *address)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    socklen_t size = sizeof *address;
    *address =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(bind(fd, (struct sockaddr *)address, sizeof *address), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)address, &size), 0);
    return fd;
}

static void send_to(int fd, const struct sockaddr_in *to, const void *bytes, size_t size)
{
    ssize_t sent = sendto(fd, bytes, size, 0, (const struct sockaddr *)to, sizeof *to);
    assert_int_equal(sent, size);
}

static void await_datagrams(struct collector *collector, uint32_t count)
{
    int64_t end_ns = lt_clock_now_ns(lt_clock_system()) + 30 * (int64_t)LT_NS_PER_S;
    while (collector->count < count && lt_clock_now_ns(lt_clock_system()) < end_ns)
        rest(collector->reactor, end_ns);
    assert_int_equal(collector->count, count);
}

static void datagrams_come_with_their_sender_and_time_and_tell_when_cut(void **state)
{
    struct fixture fixture;
    set_up(state, &fixture);
    struct sockaddr_in to;
    struct sockaddr_in from;
    int receiver = udp_socket(&to);
    int sender = udp_socket(&from);
    int on = 1;
    assert_int_equal(setsockopt(receiver, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on), 0);
    struct collector collector = {.reactor = fixture.reactor};
    struct msghdr room = {.msg_namelen = NAME_ROOM, .msg_controllen = CONTROL_ROOM};
    struct lt_io io = {
        .kind = LT_IO_RECVMSG_MULTI,
        .fd = receiver,
        .group = lt_reactor_buffers_create(fixture.reactor, 8, PIECE_BYTES),
        .message = &room,
        .done = on_datagram,
        .context = &collector,
    };
    lt_reactor_submit(fixture.reactor, &io);
    char bytes[2 * PAYLOAD_ROOM];
    for (uint32_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)i;
    static const uint32_t sizes[] = {5, 0, PAYLOAD_ROOM, PAYLOAD_ROOM + 1, 2 * PAYLOAD_ROOM, 1};
    enum { COUNT = sizeof sizes / sizeof sizes[0] };
    for (uint32_t round = 0; round < 3; round++) {
        for (uint32_t i = 0; i < COUNT; i++)
            send_to(sender, &to, bytes + i,
                    sizes[i] < sizeof bytes - i ? sizes[i] : sizeof bytes - i);
        await_datagrams(&collector, (round + 1) * COUNT);
    }
    for (uint32_t i = 0; i < collector.count; i++) {
        const struct datagram *got = &collector.datagrams[i];
        uint32_t sent = sizes[i % COUNT];
        assert_int_equal(got->size, sent < PAYLOAD_ROOM ? sent : PAYLOAD_ROOM);
        assert_int_equal(got->is_cut, sent > PAYLOAD_ROOM);
        assert_memory_equal(got->payload, bytes + i % COUNT, got->size);
        assert_int_equal(got->name_size, sizeof from);
        assert_memory_equal(&got->from, &from, sizeof from);
        assert_true(got->has_time);
        assert_true(got->time.tv_sec > 1600000000);
    }
    collector.is_closing = true;
    lt_reactor_cancel_and_wait(fixture.reactor, &io);
    assert_int_equal(io.result, -ECANCELED);
    lt_buffers_destroy(io.group);
    close(receiver);
    close(sender);
    tear_down(&fixture);
}

static void a_message_of_several_parts_is_sent_and_received(void **state)
{
    struct fixture fixture;
    set_up(state, &fixture);
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    char first[] = "in two ";
    char second[] = "parts";
    struct iovec parts[2] = {{first, 7}, {second, 5}};
    struct msghdr sent = {.msg_iov = parts, .msg_iovlen = 2};
    char head[4] = {0};
    char tail[16] = {0};
    struct iovec places[2] = {{head, 4}, {tail, 16}};
    struct msghdr got = {.msg_iov = places, .msg_iovlen = 2};
    struct tally tally = {0};
    struct lt_io receiving = {
        .kind = LT_IO_RECVMSG, .fd = ends[0], .buffer = &got, .done = on_done, .context = &tally};
    struct lt_io sending = {
        .kind = LT_IO_SENDMSG, .fd = ends[1], .buffer = &sent, .done = on_done, .context = &tally};
    lt_reactor_submit(fixture.reactor, &receiving);
    lt_reactor_poll(fixture.reactor);
    assert_int_equal(tally.count, 0); /* it waits */
    lt_reactor_submit(fixture.reactor, &sending);
    await(fixture.reactor, &tally, 2);
    assert_int_equal(sending.result, 12);
    assert_int_equal(receiving.result, 12);
    assert_memory_equal(head, "in t", 4);
    assert_memory_equal(tail, "wo parts", 8);
    close(ends[0]);
    lt_reactor_submit(fixture.reactor, &sending); /* and no signal */
    await(fixture.reactor, &tally, 3);
    assert_int_equal(sending.result, -EPIPE);
    close(ends[1]);
    tear_down(&fixture);
}

/* One sends 4 MB, one receives them, through buffers far smaller: whatever each is given, both go
 * on from there. */
struct stream {
    struct lt_reactor *reactor;
    struct lt_io io;
    uint8_t *bytes;
    uint32_t moved, total, short_count;
};

static void on_moved(struct lt_io *io)
{
    struct stream *stream = io->context;
    assert_true(io->result > 0);
    stream->short_count += io->result < (int64_t)io->size_bytes;
    stream->moved += (uint32_t)io->result;
    io->buffer = stream->bytes + stream->moved;
    io->size_bytes = stream->total - stream->moved;
    if (io->size_bytes > 0)
        lt_reactor_submit(stream->reactor, io);
}

static void stream_init(struct stream *stream, struct lt_reactor *reactor, enum lt_io_kind kind,
                        int fd, uint32_t total)
{
    *stream = (struct stream){.reactor = reactor, .bytes = lt_alloc(total), .total = total};
    stream->io = (struct lt_io){.kind = kind,
                                .fd = fd,
                                .buffer = stream->bytes,
                                .size_bytes = total,
                                .done = on_moved,
                                .context = stream};
    for (uint32_t i = 0; kind == LT_IO_SEND && i < total; i++)
        stream->bytes[i] = (uint8_t)(i * 2654435761u >> 24);
}

static void a_short_send_is_a_result(void **state)
{
    struct fixture fixture;
    set_up(state, &fixture);
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    int small = 4096;
    assert_int_equal(setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &small, sizeof small), 0);
    enum { TOTAL = 4 << 20 };
    struct stream sender;
    struct stream receiver;
    stream_init(&sender, fixture.reactor, LT_IO_SEND, ends[1], TOTAL);
    stream_init(&receiver, fixture.reactor, LT_IO_RECV, ends[0], TOTAL);
    lt_reactor_submit(fixture.reactor, &receiver.io);
    lt_reactor_submit(fixture.reactor, &sender.io);
    int64_t end_ns = lt_clock_now_ns(lt_clock_system()) + 60 * (int64_t)LT_NS_PER_S;
    while (receiver.moved < TOTAL && lt_clock_now_ns(lt_clock_system()) < end_ns)
        rest(fixture.reactor, end_ns);
    assert_int_equal(receiver.moved, TOTAL);
    assert_true(receiver.short_count > 1);
    assert_memory_equal(receiver.bytes, sender.bytes, TOTAL);
    while (sender.moved < TOTAL && lt_clock_now_ns(lt_clock_system()) < end_ns)
        rest(fixture.reactor, end_ns);
    assert_int_equal(sender.moved, TOTAL);
    free(sender.bytes);
    free(receiver.bytes);
    close(ends[0]);
    close(ends[1]);
    tear_down(&fixture);
}

static const struct suite_case suite[] = {
    SUITE_CASE(datagrams_come_with_their_sender_and_time_and_tell_when_cut),
    SUITE_CASE(a_message_of_several_parts_is_sent_and_received),
    SUITE_CASE(a_short_send_is_a_result),
};

int main(void)
{
    return run_suite(suite, sizeof suite / sizeof suite[0]);
}
