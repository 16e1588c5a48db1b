/*
 * Sources with a spool, on every rung: what is told to clients, what a restart reads again, and
 * what a full spool does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/arena.h"
#include "io/tcp.h"
#include "io/udp.h"
#include "tests/support/stream_world.h"

#define OPTIONS(...) ((const char *const[]){__VA_ARGS__, NULL})

static uint16_t start(struct stream_world *world, const char *a, const char *b, const char *c)
{
    static char port_option[32], spool_option[SCRATCH_PATH_SIZE + 32];
    uint16_t port = stream_world_port(SOCK_STREAM);
    snprintf(port_option, sizeof port_option, "port=%u", port);
    snprintf(spool_option, sizeof spool_option, "spool=%s/spool", world->folder);
    stream_world_start(world, &lt_tcp_listen_source_type,
                       OPTIONS(port_option, "host=127.0.0.1", spool_option, a, b, c));
    return port;
}

/* A new process, that goes on where the checkpoint says. */
static uint16_t start_again(struct stream_world *world, const char *positions, const char *a)
{
    stream_world_close_source(world);
    stream_world_forget(world);
    uint16_t port = start(world, a, NULL, NULL);
    stream_world_close_reader(world);
    assert_int_equal(world->source->ops->positions_from_json(world->source, positions,
                                                             &world->start, &world->error),
                     0);
    assert_int_equal(stream_world_open(world), 0);
    return port;
}

static char *positions_of(struct stream_world *world)
{
    struct lt_position position;
    struct lt_text_buffer text;
    lt_text_init(&text);
    world->reader->ops->position(world->reader, &position);
    world->source->ops->positions_to_json(world->source, &position, &text);
    return lt_text_take(&text);
}

static void wait_until_settled(struct stream_world *world)
{
    struct lt_position position;
    struct lt_source_log log = {0};
    world->reader->ops->position(world->reader, &position);
    for (int i = 0; i < 600000; i++) {
        int code = world->source->ops->settle(world->source, 0, &position, &log, &world->error);
        assert_true(code >= 0);
        if (code == 1)
            return;
        stream_world_step(world);
        usleep(100);
    }
    fail_msg("it did not settle");
}

/* Reads answers until one says `count`. */
static void wait_for_answer(struct stream_world *world, int fd, unsigned count)
{
    char line[64], wanted[64];
    snprintf(wanted, sizeof wanted, "ack %u", count);
    do
        stream_world_receive_line(world, fd, line, sizeof line);
    while (strcmp(line, wanted) != 0);
}

static void clients_are_told_what_is_durable(struct stream_world *world)
{
    uint16_t port = start(world, "ack=true", NULL, NULL);
    int a = stream_world_connect(port), b = stream_world_connect(port);
    stream_world_send(a, "a1\na2\na");
    wait_for_answer(world, a, 2);
    stream_world_send(b, "b1\n");
    wait_for_answer(world, b, 1);
    stream_world_send(a, "3\nlast");
    shutdown(a, SHUT_WR);
    wait_for_answer(world, a, 4); /* and then it is closed */
    stream_world_read(world, 5);
    stream_world_await_close(world, a);
    assert_true(stream_world_has(world, "last"));
    close(a);
    close(b);
}

/* Until the other side closes; what it says before that is not looked at. */
static void wait_for_end(struct stream_world *world, int fd)
{
    char bytes[256];
    ssize_t got = -1;
    for (int i = 0; i < 600000 && got != 0; i++) {
        stream_world_step(world);
        got = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
        if (got < 0)
            usleep(100);
    }
    assert_int_equal(got, 0);
}

/* Else a client that sends again what it was not told of never gets past them. */
static void records_in_front_of_what_is_none_are_told(struct stream_world *world)
{
    int fd = stream_world_connect(start(world, "ack=true", "maxRecordBytes=16", NULL));
    stream_world_send(fd, "1\n2\n");
    wait_for_answer(world, fd, 2);
    stream_world_send(fd, "3\n4\nthis line is longer than sixteen bytes\n5\n");
    wait_for_answer(world, fd, 4);
    wait_for_end(world, fd);
    stream_world_read(world, 4);
    assert_non_null(strstr(stream_world_log, "maxRecordBytes"));
    wait_until_settled(world);
    assert_int_equal(world->text_count, 4);
    close(fd);
}

static void frames_of_lengths_are_told_in_eight_bytes(struct stream_world *world)
{
    int fd = stream_world_connect(start(world, "ack=true", "frame=length2", "format=raw"));
    static const char bytes[] = {0, 1, 'x', 0, 2, 'y', 'z'};
    unsigned char answer[8];
    size_t got = 0;
    assert_int_equal(send(fd, bytes, sizeof bytes, 0), sizeof bytes);
    stream_world_read(world, 2);
    for (int i = 0; i < 600000 && got < 8; i++) {
        stream_world_step(world);
        ssize_t count = recv(fd, answer + got, 8 - got, MSG_DONTWAIT);
        got += count > 0 ? (size_t)count : 0;
        usleep(100);
    }
    assert_memory_equal(answer, "\0\0\0\0\0\0\0\2", 8);
    close(fd);
}

static void a_restart_reads_again_what_was_not_committed(struct stream_world *world)
{
    int fd = stream_world_connect(start(world, NULL, NULL, NULL));
    stream_world_send(fd, "1\n2\r\n3\r");
    stream_world_read(world, 2);
    char *positions = positions_of(world);
    assert_string_equal(positions, "{\"row\":2,\"byte\":5}");
    stream_world_send(fd, "4\n5");
    stream_world_read(world, 4);
    close(fd);
    stream_world_read(world, 5);
    wait_until_settled(world);
    fd = stream_world_connect(start_again(world, positions, NULL));
    stream_world_send(fd, "6\n");
    stream_world_read(world, 4);
    static const char *const wanted[] = {"3", "4", "5", "6"};
    for (int i = 0; i < 4; i++)
        assert_string_equal(world->texts[i], wanted[i]);
    free(positions);
    close(fd);
}

/* From one position of the spool to another, in which it ends. */
static void read_range(struct stream_world *world, struct lt_position from,
                       struct lt_position until)
{
    static const uint32_t partition = 0;
    stream_world_close_reader(world);
    stream_world_forget(world);
    assert_int_equal(world->source->ops->open_reader(world->source, &world->env, &partition, 1,
                                                     &from, &until, &world->reader, &world->error),
                     0);
    stream_world_read(world, (uint32_t)(until.offset - from.offset));
    stream_world_step(world);
    assert_int_equal(world->status, LT_POLL_ENDED);
    assert_int_equal(world->text_count, until.offset - from.offset);
}

static void a_range_is_read_again_and_ends(struct stream_world *world)
{
    int fd = stream_world_connect(start(world, NULL, NULL, NULL));
    stream_world_send(fd, "1\n2\n3\n4\n");
    stream_world_read(world, 4);
    wait_until_settled(world);
    close(fd);
    read_range(world, (struct lt_position){.offset = 1, .extra = 2},
               (struct lt_position){.offset = 3, .extra = 6});
    assert_string_equal(world->texts[0], "2");
    assert_string_equal(world->texts[1], "3");
}

static uint16_t start_datagrams(struct stream_world *world, const char *frame)
{
    static char port_option[32], spool_option[SCRATCH_PATH_SIZE + 32];
    uint16_t port = stream_world_port(SOCK_DGRAM);
    snprintf(port_option, sizeof port_option, "port=%u", port);
    snprintf(spool_option, sizeof spool_option, "spool=%s/spool", world->folder);
    stream_world_start(world, &lt_udp_source_type,
                       OPTIONS(port_option, "host=127.0.0.1", spool_option, frame));
    stream_world_step(world);
    return port;
}

static void send_datagrams(int fd, const char *const *texts, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        assert_int_equal(send(fd, texts[i], strlen(texts[i]), 0), strlen(texts[i]));
}

/* Each range of them, also one of nothing else, has what it had when it came. */
static void empty_datagrams_are_read_again_where_they_were(struct stream_world *world)
{
    static const char *const texts[] = {"", "", "a", "", "bc", "", ""};
    enum { COUNT = sizeof texts / sizeof texts[0] };
    struct lt_position at[COUNT + 1];
    int fd = stream_world_datagrams_to(start_datagrams(world, NULL));
    at[0] = (struct lt_position){0};
    for (uint32_t i = 0; i < COUNT; i++) {
        send_datagrams(fd, &texts[i], 1);
        stream_world_read(world, i + 1);
        world->reader->ops->position(world->reader, &at[i + 1]);
        assert_true(at[i + 1].extra > at[i].extra);
    }
    wait_until_settled(world);
    for (uint32_t from = 0; from < COUNT; from++)
        for (uint32_t until = from + 1; until <= COUNT; until++) {
            read_range(world, at[from], at[until]);
            for (uint32_t i = from; i < until; i++)
                assert_string_equal(world->texts[i - from], texts[i]);
        }
    close(fd);
}

/* Without an end: what was there before, and then what comes. */
static void after_empty_datagrams_it_goes_on(struct stream_world *world)
{
    static const char *const texts[] = {"", "", "x"};
    int fd = stream_world_datagrams_to(start_datagrams(world, NULL));
    send_datagrams(fd, texts, 3);
    stream_world_read(world, 3);
    wait_until_settled(world);
    stream_world_close_reader(world);
    stream_world_forget(world);
    world->start = (struct lt_position){.offset = 1, .extra = 1};
    assert_int_equal(stream_world_open(world), 0);
    send_datagrams(fd, texts + 1, 2);
    stream_world_read(world, 4);
    static const char *const wanted[] = {"", "x", "", "x"};
    for (uint32_t i = 0; i < 4; i++)
        assert_string_equal(world->texts[i], wanted[i]);
    char *positions = positions_of(world);
    assert_string_equal(positions, "{\"row\":5,\"byte\":5}");
    free(positions);
    close(fd);
}

static void an_empty_datagram_has_no_line(struct stream_world *world)
{
    static const char *const texts[] = {"", "a\nb", "", "c"};
    int fd = stream_world_datagrams_to(start_datagrams(world, "frame=line"));
    send_datagrams(fd, texts, 4);
    stream_world_read(world, 3);
    wait_until_settled(world);
    char *positions = positions_of(world);
    assert_string_equal(positions, "{\"row\":3,\"byte\":4}");
    free(positions);
    close(fd);
}

static void many_records_survive_restarts(struct stream_world *world)
{
    enum { LIVES = 4, LINES = 20000 };
    uint16_t port = start(world, "spoolSyncInterval=0s", NULL, NULL);
    char *positions = NULL;
    uint32_t next = 0;
    for (int life = 0; life < LIVES; life++) {
        int fd = stream_world_connect(port);
        struct lt_text_buffer text;
        lt_text_init(&text);
        for (uint32_t i = 0; i < LINES; i++)
            lt_text_format(&text, "%u\n", next + i);
        for (size_t at = 0; at < text.size_bytes;) {
            ssize_t sent = send(fd, text.data + at, text.size_bytes - at, MSG_DONTWAIT);
            at += sent > 0 ? (size_t)sent : 0;
            stream_world_step(world);
        }
        lt_text_fini(&text);
        uint32_t again = life == 0 ? 0 : LINES / 2; /* what the last life did not commit */
        stream_world_read(world, LINES + again);
        for (uint32_t i = 0; i < LINES + again; i++)
            assert_int_equal(strtoul(world->texts[i], NULL, 10), next - again + i);
        next += LINES;
        wait_until_settled(world);
        close(fd);
        free(positions);
        /* Half of the life's lines: all but the last 5 digits and a line feed each. */
        struct lt_position position;
        struct lt_text_buffer json;
        lt_text_init(&json);
        world->reader->ops->position(world->reader, &position);
        int64_t bytes = 0;
        for (uint32_t i = next - LINES / 2; i < next; i++)
            bytes += snprintf(NULL, 0, "%u\n", i);
        position.offset -= LINES / 2;
        position.extra -= bytes;
        world->source->ops->commit(world->source, (uint64_t)life, &position);
        world->source->ops->positions_to_json(world->source, &position, &json);
        positions = lt_text_take(&json);
        port = start_again(world, positions, "spoolSyncInterval=0s");
    }
    free(positions);
}

static void commit_all(struct stream_world *world, uint64_t epoch)
{
    struct lt_position position;
    wait_until_settled(world);
    world->reader->ops->position(world->reader, &position);
    world->source->ops->commit(world->source, epoch, &position);
}

static void a_full_spool_stops_the_sender(struct stream_world *world)
{
    int fd = stream_world_connect(
        start(world, "spoolSize=1m", "receiveBufferSize=64k", "spoolSyncInterval=0s"));
    static char text[1000];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\n';
    size_t sent = 0;
    int blocked = 0;
    /* A disk that is slow to sync holds it up, too, and not for ever. */
    while (blocked < 100 || (world->text_count < 900 && blocked < 60000)) {
        ssize_t got =
            send(fd, text + sent % sizeof text, sizeof text - sent % sizeof text, MSG_DONTWAIT);
        sent += got > 0 ? (size_t)got : 0;
        blocked = got < 0 ? blocked + 1 : 0;
        for (int i = 0; i < 3; i++)
            stream_world_step(world);
        if (got < 0)
            usleep(1000);
        assert_true(sent < 100 * 1024 * 1024);
    }
    assert_in_range(world->text_count, 900, 1100); /* 1 MiB of them, and no more */
    for (uint32_t i = 0; i < 100 && world->text_count < sent / sizeof text; i++) {
        commit_all(world, i);
        stream_world_rest(world);
    }
    stream_world_read(world, (uint32_t)(sent / sizeof text));
    close(fd);
}

/* The sender ends while the spool has no room: what it has sent waits, and is told. */
static void a_full_spool_takes_all_of_a_sender_that_has_ended(struct stream_world *world)
{
    enum { LINES = 1300, LINE_BYTES = 1000 }; /* the spool has room for a thousand */
    static char text[LINES * LINE_BYTES];
    int fd = stream_world_connect(start(world, "ack=true", "spoolSize=1m", "spoolSyncInterval=0s"));
    memset(text, 'x', sizeof text);
    for (size_t i = 1; i <= LINES; i++)
        text[i * LINE_BYTES - 1] = '\n';
    for (size_t sent = 0; sent < sizeof text;) {
        ssize_t got = send(fd, text + sent, sizeof text - sent, MSG_DONTWAIT);
        sent += got > 0 ? (size_t)got : 0;
        stream_world_step(world);
    }
    shutdown(fd, SHUT_WR);
    stream_world_read(world, 900);
    wait_until_settled(world);
    stream_world_rest(world);
    assert_true(world->text_count < LINES);
    for (uint64_t epoch = 0; epoch < 100 && world->text_count < LINES; epoch++) {
        commit_all(world, epoch);
        stream_world_rest(world);
    }
    stream_world_read(world, LINES);
    wait_for_answer(world, fd, LINES);
    wait_for_end(world, fd);
    close(fd);
}

static void a_spool_of_another_checkpoint_is_refused(struct stream_world *world)
{
    start(world, NULL, NULL, NULL);
    struct lt_position position;
    assert_int_equal(world->source->ops->positions_from_json(
                         world->source, "{\"row\":7,\"byte\":700}", &position, &world->error),
                     LT_E_DATA_LOSS);
    assert_non_null(strstr(world->error.text, "the checkpoint goes on at byte 700 of the spool"));
    assert_non_null(
        strstr(world->error.text, "hint: it is another folder, or was changed by hand"));
}

int main(void)
{
    static const struct stream_case cases[] = {
        STREAM_CASE(clients_are_told_what_is_durable),
        STREAM_CASE(records_in_front_of_what_is_none_are_told),
        STREAM_CASE(frames_of_lengths_are_told_in_eight_bytes),
        STREAM_CASE(a_restart_reads_again_what_was_not_committed),
        STREAM_CASE(a_range_is_read_again_and_ends),
        STREAM_CASE(empty_datagrams_are_read_again_where_they_were),
        STREAM_CASE(after_empty_datagrams_it_goes_on),
        STREAM_CASE(an_empty_datagram_has_no_line),
        STREAM_CASE(many_records_survive_restarts),
        STREAM_CASE(a_full_spool_stops_the_sender),
        STREAM_CASE(a_full_spool_takes_all_of_a_sender_that_has_ended),
        STREAM_CASE(a_spool_of_another_checkpoint_is_refused),
    };
    stream_world_keep_log();
    return stream_world_run(cases, sizeof cases / sizeof cases[0]);
}
