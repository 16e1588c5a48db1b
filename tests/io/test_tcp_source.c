/*
 * Receiving over TCP, on every rung of the reactors: what arrives, what clients may do, and what
 * is told when something is in the way. TEST_CLIENTS (500) says how many there are at a time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/arena.h"
#include "io/tcp.h"
#include "tests/support/stream_world.h"

#define OPTIONS(...) ((const char *const[]){__VA_ARGS__, NULL})

static char port_option[32];

static const char *option_of(uint16_t port)
{
    snprintf(port_option, sizeof port_option, "port=%u", port);
    return port_option;
}

static uint16_t listen_with(struct stream_world *world, const char *a, const char *b)
{
    uint16_t port = stream_world_port(SOCK_STREAM);
    stream_world_start(world, &lt_tcp_listen_source_type,
                       OPTIONS(option_of(port), "host=127.0.0.1", a, b));
    return port;
}

/* -------------------------------------------------------------------------------------- clients */

static void lines_of_a_client_arrive(struct stream_world *world)
{
    int fd = stream_world_connect(listen_with(world, NULL, NULL));
    stream_world_send(fd, "one\ntwo\r\nthr");
    stream_world_read(world, 2);
    stream_world_send(fd, "ee\n\nlast");
    stream_world_read(world, 4);
    close(fd);
    stream_world_read(world, 5);
    static const char *const wanted[] = {"one", "two", "three", "", "last"};
    for (int i = 0; i < 5; i++)
        assert_string_equal(world->texts[i], wanted[i]);
    struct lt_position position;
    world->reader->ops->position(world->reader, &position);
    assert_int_equal(position.offset, 5);
    assert_true(world->batch_ends > 0);
}

static void clients_are_streams_of_their_own(struct stream_world *world)
{
    enum { LINES = 10 };
    const char *wanted = getenv("TEST_CLIENTS");
    int clients = wanted == NULL ? 500 : (int)strtol(wanted, NULL, 10);
    struct rlimit files; /* each client is two of them, since both ends are here */
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
    if (files.rlim_cur < 2 * (rlim_t)clients + 100)
        clients = (int)(files.rlim_cur - 100) / 2;
    uint16_t port = listen_with(world, NULL, NULL);
    int *fds = lt_alloc_array((size_t)clients, sizeof *fds);
    char text[64];
    for (int i = 0; i < clients; i++) {
        fds[i] = stream_world_connect(port);
        stream_world_step(world);
    }
    for (int line = 0; line < LINES; line++) {
        for (int half = 0; half < 2; half++) {
            for (int i = 0; i < clients; i++) {
                snprintf(text, sizeof text, half == 0 ? "client %d " : "line %d\n",
                         half == 0 ? i : line);
                stream_world_send(fds[i], text);
            }
            stream_world_step(world);
        }
    }
    stream_world_read(world, (uint32_t)(clients * LINES));
    int *next = lt_alloc_array((size_t)clients, sizeof *next);
    for (uint32_t i = 0; i < world->text_count; i++) {
        int client, line;
        assert_int_equal(sscanf(world->texts[i], "client %d line %d", &client, &line), 2);
        assert_int_equal(next[client]++, line);
    }
    for (int i = 0; i < clients; i++) {
        assert_int_equal(next[i], LINES);
        close(fds[i]);
    }
    free(fds);
    free(next);
    stream_world_rest(world);
}

/* A character: as UTF-8, and in UTF-16. Two of them have the byte of a line feed in it. */
static const struct {
    const char *utf8;
    uint16_t units[2];
} characters[] = {{"a", {'a'}},
                  {"\xc3\xa9", {0x00e9}},
                  {"\xc4\x8a", {0x010a}},
                  {"\xe0\xa8\x8a", {0x0a0a}},
                  {"\xe2\x82\xac", {0x20ac}},
                  {"\xf0\x9f\x98\x80", {0xd83d, 0xde00}}};
enum { CHARACTER_COUNT = sizeof characters / sizeof characters[0], CHARACTER_LINES = 2000 };

/* Line `number` of the test below has so many characters, of which this is one. */
static uint32_t line_length(uint32_t number)
{
    return 1 + number % 23;
}
static uint32_t character_of(uint32_t number, uint32_t place)
{
    return (number * 7 + place * 5 + place * place) % CHARACTER_COUNT;
}

static void add_units(struct lt_text_buffer *out, const uint16_t *units)
{
    for (int i = 0; i < 2 && (i == 0 || units[i] != 0); i++) {
        lt_text_append_char(out, (char)(units[i] & 0xff));
        lt_text_append_char(out, (char)(units[i] >> 8));
    }
}

static void add_line(struct lt_text_buffer *out, uint32_t number, bool is_wide)
{
    static const uint16_t line_feed[2] = {'\n'};
    for (uint32_t i = 0; i < line_length(number); i++)
        if (is_wide)
            add_units(out, characters[character_of(number, i)].units);
        else
            lt_text_append(out, characters[character_of(number, i)].utf8);
    if (is_wide)
        add_units(out, line_feed);
    else
        lt_text_append_char(out, '\n');
}

/* A few bytes at a time at first, each of which arrives alone, and then as many as there is room
 * for: pieces of the reader's own size. */
static void send_in_pieces(struct stream_world *world, int fd, const struct lt_text_buffer *text)
{
    enum { ALONE_BYTES = 1500 };
    for (size_t at = 0; at < text->size_bytes;) {
        size_t left = text->size_bytes - at, wanted = at < ALONE_BYTES ? 1 + at % 3 : left;
        ssize_t sent = send(fd, text->data + at, wanted < left ? wanted : left, MSG_DONTWAIT);
        at += sent > 0 ? (size_t)sent : 0;
        stream_world_step(world);
    }
}

static void characters_are_whole(struct stream_world *world, const char *encoding)
{
    bool is_wide = encoding != NULL;
    struct lt_text_buffer text, wanted;
    lt_text_init(&text);
    lt_text_init(&wanted);
    int fd = stream_world_connect(listen_with(world, encoding, NULL));
    for (uint32_t i = 0; i < CHARACTER_LINES; i++)
        add_line(&text, i, is_wide);
    send_in_pieces(world, fd, &text);
    stream_world_read(world, CHARACTER_LINES);
    for (uint32_t i = 0; i < CHARACTER_LINES; i++) {
        lt_text_clear(&wanted);
        add_line(&wanted, i, false);
        wanted.data[wanted.size_bytes - 1] = '\0';
        assert_string_equal(world->texts[i], wanted.data);
    }
    lt_text_fini(&text);
    lt_text_fini(&wanted);
    close(fd);
}

static void characters_are_whole_wherever_pieces_end(struct stream_world *world)
{
    characters_are_whole(world, NULL);
}

static void units_of_two_bytes_are_whole_wherever_pieces_end(struct stream_world *world)
{
    characters_are_whole(world, "encoding=UTF-16LE");
}

static void a_broken_client_does_not_touch_others(struct stream_world *world)
{
    stream_world_a_second_passes();
    uint16_t port = listen_with(world, "maxRecordBytes=10", NULL);
    int good = stream_world_connect(port), broken = stream_world_connect(port),
        reset = stream_world_connect(port);
    stream_world_send(good, "go");
    stream_world_send(broken, "ok\nthis is too long\nnever\n");
    stream_world_send(reset, "half");
    stream_world_await_log(world, "maxRecordBytes");
    struct linger linger = {.l_onoff = 1};
    assert_int_equal(setsockopt(reset, SOL_SOCKET, SO_LINGER, &linger, sizeof linger), 0);
    close(reset);
    stream_world_send(good, "od\n");
    stream_world_read(world, 2);
    stream_world_rest(world);
    assert_int_equal(world->text_count, 2);
    assert_true(stream_world_has(world, "good"));
    assert_true(stream_world_has(world, "ok"));
    stream_world_await_log(world, "4 bytes of an unfinished record are left out");
    stream_world_await_close(world, broken);
    close(good);
    close(broken);
}

static void frames_of_lengths_arrive(struct stream_world *world)
{
    int fd = stream_world_connect(listen_with(world, "frame=length4", "format=raw"));
    static const char bytes[] = {0, 0, 0, 3, 'a', 'b', 'c', 0, 0, 0, 0, 0, 0, 0, 1, 'd', 0, 0};
    assert_int_equal(send(fd, bytes, sizeof bytes, 0), sizeof bytes);
    stream_world_read(world, 3);
    assert_string_equal(world->texts[0], "abc");
    assert_string_equal(world->texts[1], "");
    assert_string_equal(world->texts[2], "d");
    close(fd);
    stream_world_await_log(world, "source tcp-listen: the stream from 127.0.0.1:");
    assert_int_equal(world->text_count, 3);
}

/* Nothing is set aside for what a head claims before it has been looked at. */
static void a_head_that_claims_too_much_ends_its_stream_alone(struct stream_world *world)
{
    static const struct {
        const char *frame, *bytes, *says;
        size_t size;
    } cases[] = {
        {"frame=length4", "\xff\xff\xff\xff", "a record of more than 2147483632 bytes", 4},
        {"frame=varint", "\xff\xff\xff\xff\xff\xff\x7f", "a record's size has", 7},
        {"frame=varint", "\xff\xff\xff\xff\x7f", "a record of more than 2147483632 bytes", 5},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        stream_world_a_second_passes();
        uint16_t port = listen_with(world, cases[i].frame, "format=raw");
        int good = stream_world_connect(port), bad = stream_world_connect(port);
        const char *whole = i == 0 ? "\0\0\0\2ok" : "\2ok";
        size_t size = i == 0 ? 6 : 3;
        assert_int_equal(send(good, whole, 1, 0), 1);
        assert_int_equal(send(bad, cases[i].bytes, cases[i].size, 0), cases[i].size);
        stream_world_await_log(world, cases[i].says);
        stream_world_await_close(world, bad);
        assert_int_equal(send(good, whole + 1, size - 1, 0), size - 1);
        stream_world_read(world, 1);
        assert_string_equal(world->texts[0], "ok");
        close(good);
        close(bad);
        stream_world_close_source(world);
        stream_world_forget(world);
    }
}

static void one_client_too_many_is_refused(struct stream_world *world)
{
    stream_world_a_second_passes();
    uint16_t port = listen_with(world, "maxClients=2", NULL);
    int a = stream_world_connect(port), b = stream_world_connect(port);
    stream_world_send(a, "a\n");
    stream_world_send(b, "b\n");
    stream_world_read(world, 2);
    int c = stream_world_connect(port);
    stream_world_await_close(world, c);
    stream_world_await_log(world, "a client is refused: 2 are connected; hint: raise the option "
                                  "\"maxClients\"");
    close(c);
    close(a);
    stream_world_rest(world);
    int d = stream_world_connect(port);
    stream_world_send(d, "d\n");
    stream_world_read(world, 3);
    close(b);
    close(d);
}

static void silent_clients_are_closed(struct stream_world *world)
{
    stream_world_a_second_passes();
    struct lt_clock_manual clock;
    lt_clock_manual_init(&clock, 1000, 1700000000000000);
    world->clock = &clock.clock;
    uint16_t port = listen_with(world, "idleTimeout=10s", NULL);
    int silent = stream_world_connect(port), speaking = stream_world_connect(port);
    stream_world_send(speaking, "1\n");
    stream_world_send(silent, "0\n");
    stream_world_read(world, 2);
    lt_clock_manual_advance(&clock, 6 * (int64_t)LT_NS_PER_S);
    stream_world_send(speaking, "2\n");
    stream_world_read(world, 3);
    lt_clock_manual_advance(&clock, 6 * (int64_t)LT_NS_PER_S);
    stream_world_await_close(world, silent);
    stream_world_await_log(world, "silent for 10");
    stream_world_send(speaking, "3\n");
    stream_world_read(world, 4);
    close(silent);
    close(speaking);
}

/* The other end of a connection of ours, which is in this process too. */
static int other_end(int fd)
{
    struct sockaddr_in own, peer;
    socklen_t size_bytes = sizeof own;
    assert_int_equal(getsockname(fd, (struct sockaddr *)(void *)&own, &size_bytes), 0);
    for (int other = 0; other < 1024; other++) {
        size_bytes = sizeof peer;
        if (getpeername(other, (struct sockaddr *)(void *)&peer, &size_bytes) == 0 &&
            peer.sin_family == AF_INET && peer.sin_port == own.sin_port)
            return other;
    }
    fail_msg("there is no other end");
    return -1;
}

static int tcp_option(int fd, int name)
{
    int value = 0;
    socklen_t size_bytes = sizeof value;
    assert_int_equal(getsockopt(fd, IPPROTO_TCP, name, &value, &size_bytes), 0);
    return value;
}

/* Half-open: its machine has lost its power. Nothing is sent to it, so it has to be asked. */
static void a_client_that_vanishes_is_asked_for(struct stream_world *world)
{
    stream_world_a_second_passes();
    int fd = stream_world_connect(listen_with(world, NULL, NULL));
    stream_world_send(fd, "one\nhal");
    stream_world_read(world, 1);
    int end = other_end(fd), soon = 1;
    assert_int_equal(tcp_option(end, TCP_KEEPIDLE), 20);
    assert_int_equal(tcp_option(end, TCP_KEEPINTVL), 10);
    assert_int_equal(tcp_option(end, TCP_KEEPCNT), 4);
    assert_int_equal(tcp_option(end, TCP_USER_TIMEOUT), 60000);
    assert_int_equal(setsockopt(end, IPPROTO_TCP, TCP_KEEPIDLE, &soon, sizeof soon), 0);
    stream_world_log[0] = '\0';
    if (!stream_world_vanish(fd)) {
        close(fd);
        return;
    }
    stream_world_await_log(world, "3 bytes of an unfinished record are left out");
}

static void a_slow_sink_stops_the_sender_and_nothing_is_lost(struct stream_world *world)
{
    enum { LINES = 30000, WIDTH = 2000 };
    int fd = stream_world_connect(listen_with(world, "receiveBufferSize=64k", NULL));
    char text[WIDTH + 1];
    int sent = 0, at = 0, size = 0;
    world->holds_rows = true;
    int blocked = 0;
    while (sent < LINES && blocked < 50) {
        if (at == size) {
            size = snprintf(text, sizeof text, "%*d\n", WIDTH - 1, sent);
            at = 0;
        }
        ssize_t got = send(fd, text + at, (size_t)(size - at), MSG_DONTWAIT);
        at += got > 0 ? (int)got : 0;
        sent += at == size;
        blocked = got < 0 ? blocked + 1 : 0;
        stream_world_step(world);
        if (got < 0)
            usleep(1000);
    }
    assert_int_equal(blocked, 50);               /* the sender cannot go on */
    assert_in_range(world->text_count, 64, 256); /* rows, or the pieces they hold, are all out */
    world->holds_rows = false;
    stream_world_release_rows(world);
    uint32_t whole = (uint32_t)sent;
    if (at < size) {
        stream_world_read(world, whole);
        assert_int_equal(send(fd, text + at, (size_t)(size - at), 0), size - at);
        whole++;
    }
    stream_world_read(world, whole);
    for (uint32_t i = 0; i < whole; i++) {
        snprintf(text, sizeof text, "%*u", WIDTH - 1, i);
        assert_string_equal(world->texts[i], text);
    }
    close(fd);
}

/* ----------------------------------------------------------------------------------------- peer */

static void the_peer_is_connected_again(struct stream_world *world)
{
    uint16_t port = 0;
    int listener = stream_world_listen(&port);
    stream_world_start(
        world, &lt_socket_source_type,
        OPTIONS("host=127.0.0.1", option_of(port), "reconnectDelay=1ms", "includeTimestamp=true"));
    assert_int_equal(world->source->schema->field_count, 2);
    int first = stream_world_accept(world, listener);
    stream_world_send(first, "one\nla");
    stream_world_read(world, 1);
    stream_world_send(first, "st");
    close(first);
    stream_world_read(world, 2);
    assert_string_equal(world->texts[1], "last");
    stream_world_await_log(world, "the peer closed the connection");
    int second = stream_world_accept(world, listener);
    stream_world_send(second, "two\n");
    stream_world_read(world, 3);
    assert_string_equal(world->texts[2], "two");
    close(second);
    close(listener);
}

static void a_peer_that_is_not_there_is_waited_for(struct stream_world *world)
{
    uint16_t port = stream_world_port(SOCK_STREAM);
    stream_world_start(
        world, &lt_tcp_source_type,
        OPTIONS("host=localhost", option_of(port), "reconnectDelay=1ms", "reconnectDelayMax=2ms"));
    stream_world_await_log(world, "Connection refused; it is tried again in");
    int listener = stream_world_listen(&port);
    int fd = stream_world_accept(world, listener);
    stream_world_send(fd, "there\n");
    stream_world_read(world, 1);
    close(fd);
    close(listener);
}

/* --------------------------------------------------------------------------------------- errors */

/* Which no resolver asks anybody for. */
#define A_LABEL_TOO_LONG                                                                           \
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void options_are_checked(struct stream_world *world)
{
    static const struct {
        const struct lt_source_type *type;
        const char *options[4];
        const char *text;
    } cases[] = {
        {&lt_socket_source_type, {"port=1"}, "Set a host to read from with option(\"host\", ...)."},
        {&lt_socket_source_type, {"host=h"}, "Set a port to read from with option(\"port\", ...)."},
        {&lt_socket_source_type, {"hots=h", "port=1"}, "host"},
        {&lt_tcp_listen_source_type, {"port=70000"}, "65535"},
        {&lt_tcp_listen_source_type,
         {"port=1", "ack=true"},
         "source tcp-listen: option \"ack\" says what is durable, and without a spool nothing is"},
        {&lt_tcp_listen_source_type, {"port=1", "frame=datagram"}, "is for datagrams"},
        {&lt_tcp_listen_source_type,
         {"port=1", "frame=whole", "spool=/nowhere"},
         "cannot be used with a spool"},
        {&lt_tcp_source_type,
         {"port=1", "host=" A_LABEL_TOO_LONG},
         "cannot find the host \"" A_LABEL_TOO_LONG "\": "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_true(stream_world_bind(world, cases[i].type, cases[i].options) < 0);
        if (strstr(world->error.text, cases[i].text) == NULL)
            fail_msg("\"%s\" is not in: %s", cases[i].text, world->error.text);
    }
}

static void a_port_in_use_names_its_owner(struct stream_world *world)
{
    uint16_t port = 0;
    int listener = stream_world_listen(&port);
    char wanted[128];
    snprintf(wanted, sizeof wanted,
             "source tcp-listen: 127.0.0.1:%u is in use by process %d (test_tcp_source); hint: ",
             port, getpid());
    assert_int_equal(stream_world_bind(world, &lt_tcp_listen_source_type,
                                       OPTIONS("host=127.0.0.1", option_of(port))),
                     LT_E_BUSY);
    if (strstr(world->error.text, wanted) == NULL)
        fail_msg("%s", world->error.text);
    close(listener);
}

/* A message under way that holds a descriptor, and will be gone. */
struct limbo {
    int ends[2];
    pthread_t thread;
};

static void *let_go(void *argument)
{
    struct limbo *limbo = argument;
    usleep(200000);
    close(limbo->ends[0]);
    close(limbo->ends[1]);
    return NULL;
}

static void put_into_limbo(struct limbo *limbo, int fd)
{
    char byte = 0, control[CMSG_SPACE(sizeof fd)] = {0};
    struct iovec vector = {.iov_base = &byte, .iov_len = 1};
    struct msghdr message = {.msg_iov = &vector,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(head), &fd, sizeof fd);
    assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, limbo->ends), 0);
    assert_int_equal(sendmsg(limbo->ends[0], &message, 0), 1);
    close(fd);
    assert_int_equal(pthread_create(&limbo->thread, NULL, let_go, limbo), 0);
}

/* As those of a process that was killed, of which the kernel still has some in io_uring. */
static void a_port_that_nobody_has_any_more_is_waited_for(struct stream_world *world)
{
    struct limbo limbo;
    uint16_t port = 0;
    put_into_limbo(&limbo, stream_world_listen(&port));
    assert_int_equal(stream_world_bind(world, &lt_tcp_listen_source_type,
                                       OPTIONS("host=127.0.0.1", option_of(port))),
                     0);
    stream_world_close_source(world);
    assert_int_equal(pthread_join(limbo.thread, NULL), 0);
}

static void positions_are_as_sparks(struct stream_world *world)
{
    listen_with(world, NULL, NULL);
    struct lt_text_buffer text;
    struct lt_position position = {.offset = 12};
    lt_text_init(&text);
    world->source->ops->positions_to_json(world->source, &position, &text);
    assert_string_equal(lt_text_get(&text), "11");
    lt_text_fini(&text);
    assert_int_equal(
        world->source->ops->positions_from_json(world->source, "-1", &position, &world->error), 0);
    assert_int_equal(position.offset, 0);
    assert_true(world->source->ops->positions_from_json(world->source, "{\"row\":1,\"byte\":2}",
                                                        &position, &world->error) < 0);
    assert_non_null(strstr(world->error.text, "made with a spool, and there is none now"));
    static const uint32_t partition = 0;
    struct lt_position start = {.offset = 3}, end = {.offset = 5};
    struct lt_reader *reader;
    assert_int_equal(world->source->ops->open_reader(world->source, &world->env, &partition, 1,
                                                     &start, &end, &reader, &world->error),
                     LT_E_DATA_LOSS);
    assert_non_null(strstr(world->error.text, "rows 3 to 4 were received before"));
}

int main(void)
{
    static const struct stream_case cases[] = {
        STREAM_CASE(lines_of_a_client_arrive),
        STREAM_CASE(clients_are_streams_of_their_own),
        STREAM_CASE(characters_are_whole_wherever_pieces_end),
        STREAM_CASE(units_of_two_bytes_are_whole_wherever_pieces_end),
        STREAM_CASE(a_broken_client_does_not_touch_others),
        STREAM_CASE(frames_of_lengths_arrive),
        STREAM_CASE(a_head_that_claims_too_much_ends_its_stream_alone),
        STREAM_CASE(one_client_too_many_is_refused),
        STREAM_CASE(silent_clients_are_closed),
        STREAM_CASE(a_client_that_vanishes_is_asked_for),
        STREAM_CASE(a_slow_sink_stops_the_sender_and_nothing_is_lost),
        STREAM_CASE(the_peer_is_connected_again),
        STREAM_CASE(a_peer_that_is_not_there_is_waited_for),
        STREAM_CASE(options_are_checked),
        STREAM_CASE(a_port_in_use_names_its_owner),
        STREAM_CASE(a_port_that_nobody_has_any_more_is_waited_for),
        STREAM_CASE(positions_are_as_sparks),
    };
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    stream_world_keep_log();
    return stream_world_run(cases, sizeof cases / sizeof cases[0]);
}
