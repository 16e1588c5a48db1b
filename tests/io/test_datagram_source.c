/*
 * Receiving datagrams, by UDP and by a Unix socket, and streams of Unix sockets, on every rung.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/arena.h"
#include "io/udp.h"
#include "io/unix.h"
#include "tests/support/stream_world.h"

#define OPTIONS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* ------------------------------------------------------------------------------------------ udp */

/* A socket that sends to it. */
static int start_udp(struct stream_world *world, const char *a, const char *b, const char *c)
{
    static char port_option[32];
    uint16_t port = stream_world_port(SOCK_DGRAM);
    snprintf(port_option, sizeof port_option, "port=%u", port);
    stream_world_start(world, &lt_udp_source_type, OPTIONS(port_option, "host=127.0.0.1", a, b, c));
    stream_world_step(world);
    return stream_world_datagrams_to(port);
}

static void datagrams_are_records(struct stream_world *world)
{
    int fd = start_udp(world, NULL, NULL, NULL);
    stream_world_send(fd, "one");
    stream_world_send(fd, "two\nlines");
    stream_world_read(world, 2);
    assert_string_equal(world->texts[0], "one");
    assert_string_equal(world->texts[1], "two\nlines");
    close(fd);
}

/* In which io_uring tells of no piece, and goes no further by itself. */
static void empty_datagrams_are_records_among_others(struct stream_world *world)
{
    static const char *const texts[] = {"", "", "a", "", "b", "", ""};
    enum { COUNT = sizeof texts / sizeof texts[0], ROUNDS = 3 };
    int fd = start_udp(world, NULL, NULL, NULL);
    world->holds_rows = true; /* none is out of the way when the next one comes */
    for (uint32_t i = 0; i < ROUNDS * COUNT; i++)
        assert_int_equal(send(fd, texts[i % COUNT], strlen(texts[i % COUNT]), 0),
                         strlen(texts[i % COUNT]));
    stream_world_read(world, ROUNDS * COUNT);
    for (uint32_t i = 0; i < ROUNDS * COUNT; i++)
        assert_string_equal(world->texts[i], texts[i % COUNT]);
    close(fd);
}

static void lines_of_datagrams_are_records(struct stream_world *world)
{
    int fd = start_udp(world, "frame=line", NULL, NULL);
    stream_world_send(fd, "one\ntwo");
    stream_world_send(fd, "three\n");
    stream_world_read(world, 3);
    assert_string_equal(world->texts[1], "two");
    assert_string_equal(world->texts[2], "three");
    close(fd);
}

static void the_kernels_time_and_the_sender_are_columns(struct stream_world *world)
{
    int fd = start_udp(world, "includeTimestamp=true", "includeSender=true", NULL);
    struct sockaddr_in own;
    socklen_t size_bytes = sizeof own;
    char wanted[64];
    assert_int_equal(getsockname(fd, (struct sockaddr *)(void *)&own, &size_bytes), 0);
    snprintf(wanted, sizeof wanted, "127.0.0.1:%u", ntohs(own.sin_port));
    assert_int_equal(world->source->schema->field_count, 3);
    world->holds_rows = true;
    const union lt_value *values = NULL;
    bool is_early = false;
    for (uint32_t i = 0; i < 100 && !is_early; i++) { /* the kernel begins to stamp after a while */
        int64_t before_us = lt_clock_wall_us(lt_clock_system());
        stream_world_send(fd, "one");
        usleep(20000); /* it has arrived long before it is read */
        int64_t read_us = lt_clock_wall_us(lt_clock_system());
        stream_world_read(world, i + 1);
        values = lt_row_values(world->rows[i]);
        assert_true(values[1].i64 >= before_us - 1000);
        is_early = values[1].i64 <= read_us - 10000;
    }
    assert_true(is_early);
    assert_int_equal(values[2].bytes.size_bytes, strlen(wanted));
    assert_memory_equal(values[2].bytes.data, wanted, strlen(wanted));
    close(fd);
}

static void what_is_too_large_is_told(struct stream_world *world)
{
    stream_world_a_second_passes();
    int fd = start_udp(world, "datagramBytes=64", NULL, NULL);
    char text[4001] = "";
    memset(text, 'x', 4000);
    stream_world_send(fd, text);
    text[65] = '\0'; /* and one that is cut by nothing */
    stream_world_send(fd, text);
    text[64] = '\0';
    stream_world_send(fd, text);
    stream_world_read(world, 1);
    assert_string_equal(world->texts[0], text);
    assert_non_null(
        strstr(stream_world_log, "a datagram of more than 64 bytes is left out; hint: raise"));
    close(fd);
}

static void what_the_kernel_drops_is_told(struct stream_world *world)
{
    stream_world_a_second_passes();
    int fd = start_udp(world, "receiveBufferSize=4k", NULL, NULL);
    char text[1001] = "";
    memset(text, 'x', 1000);
    for (int i = 0; i < 2000; i++)
        stream_world_send(fd, text); /* nobody reads meanwhile */
    stream_world_rest(world);
    uint32_t arrived = world->text_count;
    assert_in_range(arrived, 1, 1999);
    stream_world_send(fd, "last");
    stream_world_read(world, arrived + 1);
    struct lt_position position; /* as at the end of an epoch */
    world->reader->ops->position(world->reader, &position);
    char wanted[64];
    snprintf(wanted, sizeof wanted, "no room for %u datagrams", 2000 - arrived);
    if (strstr(stream_world_log, wanted) == NULL)
        fail_msg("%s: %s", wanted, stream_world_log);
    stream_world_a_second_passes();
    stream_world_log[0] = '\0';
    stream_world_close_reader(world);
    assert_int_equal(stream_world_open(world), 0); /* the socket stays, and its count with it */
    world->reader->ops->position(world->reader, &position);
    assert_string_equal(stream_world_log, "");
    close(fd);
}

static void what_is_dropped_last_is_told_at_the_end(struct stream_world *world)
{
    stream_world_a_second_passes();
    int fd = start_udp(world, "receiveBufferSize=4k", "includeSender=true", NULL);
    char text[1001] = "";
    memset(text, 'x', 1000);
    for (int i = 0; i < 200; i++)
        stream_world_send(fd, text);
    stream_world_log[0] = '\0';
    world->reader->ops->stop(world->reader);
    if (strstr(stream_world_log, "the kernel had no room for ") == NULL)
        fail_msg("%s", stream_world_log);
    close(fd);
}

static void what_is_cut_is_known_with_the_sender_too(struct stream_world *world)
{
    stream_world_a_second_passes();
    int fd = start_udp(world, "datagramBytes=64", "includeSender=true", NULL);
    char text[4001] = "";
    memset(text, 'x', 4000); /* more than a piece has room for */
    stream_world_send(fd, text);
    stream_world_send(fd, "ok");
    stream_world_read(world, 1);
    assert_string_equal(world->texts[0], "ok");
    assert_non_null(
        strstr(stream_world_log, "a datagram of more than 64 bytes is left out; hint: raise"));
    close(fd);
}

static void a_group_is_joined(struct stream_world *world)
{
    static char port_option[32];
    uint16_t port = stream_world_port(SOCK_DGRAM);
    snprintf(port_option, sizeof port_option, "port=%u", port);
    if (stream_world_bind(world, &lt_udp_source_type,
                          OPTIONS(port_option, "host=239.1.2.3", "interface=127.0.0.1")) != 0) {
        print_message("no multicast here: %s\n", world->error.text);
        return;
    }
    assert_int_equal(stream_world_open(world), 0);
    stream_world_step(world);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct in_addr interface = {.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in group = {.sin_family = AF_INET, .sin_port = htons(port)};
    assert_int_equal(inet_pton(AF_INET, "239.1.2.3", &group.sin_addr), 1);
    assert_int_equal(setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &interface, sizeof interface), 0);
    assert_int_equal(sendto(fd, "all", 3, 0, (struct sockaddr *)(void *)&group, sizeof group), 3);
    stream_world_read(world, 1);
    assert_string_equal(world->texts[0], "all");
    close(fd);
}

static void frames_of_streams_are_refused(struct stream_world *world)
{
    assert_int_equal(
        stream_world_bind(world, &lt_udp_source_type, OPTIONS("port=1", "frame=length4")),
        LT_E_INVALID);
    assert_string_equal(
        world->error.text,
        "source udp: frame \"length4\" is for streams; hint: a datagram is a record "
        "(datagram) or has lines (line)");
    assert_int_equal(stream_world_bind(world, &lt_udp_source_type,
                                       OPTIONS("port=1", "host=239.1.2.3", "interface=nosuch0")),
                     LT_E_NOT_FOUND);
    assert_non_null(strstr(world->error.text, "there is no interface \"nosuch0\""));
}

static void datagrams_come_through_a_spool(struct stream_world *world)
{
    char spool[SCRATCH_PATH_SIZE + 16];
    snprintf(spool, sizeof spool, "spool=%s/s", world->folder);
    int fd = start_udp(world, spool, "includeSender=true", NULL);
    stream_world_send(fd, "one");
    stream_world_send(fd, "two");
    stream_world_read(world, 2);
    stream_world_close_reader(world); /* makes durable what is at hand */
    stream_world_forget(world);
    world->start = (struct lt_position){.offset = 1, .extra = 3};
    assert_int_equal(stream_world_open(world), 0);
    world->holds_rows = true;
    stream_world_read(world, 1);
    assert_string_equal(world->texts[0], "two");
    const struct lt_bytes *sender = &lt_row_values(world->rows[0])[1].bytes;
    assert_memory_equal(sender->data, "127.0.0.1:", 10);
    close(fd);
}

/* ----------------------------------------------------------------------------------------- unix */

static bool had_owner; /* somebody could connect, or send, when the last socket was removed */

static bool has_owner(const char *path, int type)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%.100s", path);
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    int result = connect(fd, (struct sockaddr *)(void *)&address, sizeof address);
    close(fd);
    return result == 0;
}

/* Instead of the C library's, which has unlinkat, too. */
int unlink(const char *path)
{
    had_owner = has_owner(path, SOCK_STREAM) || has_owner(path, SOCK_DGRAM);
    return unlinkat(AT_FDCWD, path, 0);
}

static struct sockaddr_un unix_at(struct stream_world *world, char option[SCRATCH_PATH_SIZE + 32])
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s/x.sock", world->folder);
    snprintf(option, SCRATCH_PATH_SIZE + 32, "path=%.80s", address.sun_path);
    return address;
}

static void streams_of_a_unix_socket_arrive(struct stream_world *world)
{
    char path[SCRATCH_PATH_SIZE + 32];
    struct sockaddr_un address = unix_at(world, path);
    stream_world_start(world, &lt_unix_source_type, OPTIONS(path));
    stream_world_step(world);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)(void *)&address, sizeof address), 0);
    stream_world_send(fd, "one\ntwo\n");
    stream_world_read(world, 2);
    close(fd);
    stream_world_close_source(world);
    assert_int_equal(access(address.sun_path, F_OK), -1); /* it is removed */
    /* Before it was closed: else the name might have been the next one's by then. */
    assert_true(had_owner);
}

static void datagrams_of_a_unix_socket_arrive(struct stream_world *world)
{
    char path[SCRATCH_PATH_SIZE + 32];
    struct sockaddr_un address = unix_at(world, path);
    stream_world_start(world, &lt_unix_source_type,
                       OPTIONS(path, "type=datagram", "includeSender=true"));
    stream_world_step(world);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(sendto(fd, "one", 3, 0, (struct sockaddr *)(void *)&address, sizeof address),
                     3);
    world->holds_rows = true;
    stream_world_read(world, 1);
    assert_true(lt_row_is_null(world->rows[0], 1)); /* it has no name */
    close(fd);
    stream_world_close_source(world);
    assert_int_equal(access(address.sun_path, F_OK), -1);
    assert_true(had_owner);
}

static void a_stale_socket_is_replaced_and_others_are_not(struct stream_world *world)
{
    char path[SCRATCH_PATH_SIZE + 32];
    struct sockaddr_un address = unix_at(world, path);
    int stale = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(stale, (struct sockaddr *)(void *)&address, sizeof address), 0);
    assert_int_equal(listen(stale, 1), 0);
    assert_int_equal(stream_world_bind(world, &lt_unix_source_type, OPTIONS(path)), LT_E_BUSY);
    assert_non_null(strstr(world->error.text, "is in use by a running program; hint: end it"));
    close(stale); /* its file stays */
    assert_int_equal(stream_world_bind(world, &lt_unix_source_type, OPTIONS(path)), 0);
    stream_world_close_source(world);
    scratch_write("precious", "%s/x.sock", world->folder);
    assert_int_equal(stream_world_bind(world, &lt_unix_source_type, OPTIONS(path)), LT_E_EXISTS);
    assert_non_null(strstr(world->error.text, "is there and is no socket; hint: choose another"));
    char *content = scratch_read("%s/x.sock", world->folder);
    assert_string_equal(content, "precious");
    free(content);
    assert_int_equal(
        stream_world_bind(world, &lt_unix_source_type, OPTIONS(path, "type=datagram", "ack=true")),
        LT_E_INVALID);
    assert_string_equal(world->error.text,
                        "source unix: option \"ack\" is for sockets of the type stream");
}

int main(void)
{
    static const struct stream_case cases[] = {
        STREAM_CASE(datagrams_are_records),
        STREAM_CASE(empty_datagrams_are_records_among_others),
        STREAM_CASE(lines_of_datagrams_are_records),
        STREAM_CASE(the_kernels_time_and_the_sender_are_columns),
        STREAM_CASE(what_is_too_large_is_told),
        STREAM_CASE(what_is_cut_is_known_with_the_sender_too),
        STREAM_CASE(what_the_kernel_drops_is_told),
        STREAM_CASE(what_is_dropped_last_is_told_at_the_end),
        STREAM_CASE(a_group_is_joined),
        STREAM_CASE(frames_of_streams_are_refused),
        STREAM_CASE(datagrams_come_through_a_spool),
        STREAM_CASE(streams_of_a_unix_socket_arrive),
        STREAM_CASE(datagrams_of_a_unix_socket_arrive),
        STREAM_CASE(a_stale_socket_is_replaced_and_others_are_not),
    };
    stream_world_keep_log();
    return stream_world_run(cases, sizeof cases / sizeof cases[0]);
}
