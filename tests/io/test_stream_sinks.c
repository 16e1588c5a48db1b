/*
 * Sending over streams and in datagrams, on every rung: what arrives, what a dead peer does to the
 * source, and what is sent again when a connection breaks. A reactor of the test's own gives the
 * results that a kernel seldom gives.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/arena.h"
#include "io/reactor.h"
#include "io/tcp.h"
#include "io/udp.h"
#include "io/unix.h"
#include "tests/support/collector.h"
#include "tests/support/fake_reactor.h"
#include "tests/support/stream_world.h"

#define OPTIONS(...) ((const char *const[]){__VA_ARGS__, NULL})

struct sink_world {
    struct lt_arena *arena;
    struct lt_reactor *reactor;
    struct lt_connector_env env;
    struct lt_row_pool *pool;
    struct lt_sink *sink;
    struct lt_writer *writer;
    struct lt_histogram *latency;
    struct lt_shared_u64 records, bytes;
    char folder[SCRATCH_PATH_SIZE];
    struct lt_clock_manual clock;
};

static struct sink_world *create(struct lt_reactor *reactor, const struct lt_clock *clock)
{
    struct sink_world *world = lt_alloc(sizeof *world);
    struct lt_row_pool_options options = {.column_count = 1, .capacity = 256};
    world->arena = lt_arena_create();
    world->reactor = reactor;
    scratch_create(world->folder);
    world->env = collector_env(clock, &reactor->waker);
    world->env.reactor = reactor;
    assert_int_equal(lt_row_pool_create(&options, &world->pool, NULL), 0);
    world->latency = lt_alloc(sizeof *world->latency);
    return world;
}

static struct sink_world *create_on(const char *rung)
{
    struct lt_reactor_options options = {.choice = rung};
    struct lt_reactor *reactor;
    assert_int_equal(lt_reactor_create(&options, &reactor, NULL), 0);
    return create(reactor, lt_clock_system());
}

static void open_writer(struct sink_world *world, const struct lt_sink_type *type,
                        const char *const *options)
{
    const struct lt_field field = {
        .name = "value", .type = lt_type_simple(LT_TYPE_STRING), .nullable = true};
    struct lt_error error;
    world->sink = collector_sink(type, options, lt_type_struct(world->arena, &field, 1),
                                 world->arena, &world->env);
    if (world->sink->ops->open_writer(world->sink, &world->env, &world->writer, &error) != 0)
        fail_msg("%s", error.text);
    world->writer->ack_latency_ns = world->latency;
    world->writer->acked_records = &world->records;
    world->writer->acked_bytes = &world->bytes;
}

static void destroy(struct sink_world *world)
{
    world->writer->ops->close(world->writer);
    world->sink->ops->close(world->sink);
    assert_int_equal(world->reactor->pending_count, 0);
    lt_reactor_destroy(world->reactor);
    lt_row_pool_destroy(world->pool); /* asserts that every row came home */
    lt_arena_destroy(world->arena);
    scratch_remove(world->folder);
    free(world->latency);
    free(world);
}

static void step(struct sink_world *world)
{
    assert_true(world->writer->ops->poll(world->writer, NULL) >= 0);
    lt_reactor_poll(world->reactor);
}

static enum lt_write write_text(struct sink_world *world, const char *text, struct lt_fault **fault)
{
    struct lt_row *row = lt_row_claim(world->pool);
    row->ingest_ns = 1;
    lt_row_values(row)[0].bytes =
        (struct lt_bytes){.data = (const uint8_t *)text, .size_bytes = (uint32_t)strlen(text)};
    enum lt_write result = world->writer->ops->write(world->writer, row, fault);
    if (result != LT_WRITE_DONE)
        lt_row_release(row);
    return result;
}

static void write_all(struct sink_world *world, const char *text)
{
    struct lt_fault *fault = NULL;
    while (write_text(world, text, &fault) == LT_WRITE_FULL)
        step(world);
    world->writer->ops->flush(world->writer);
    step(world);
}

static bool is_prepared(struct sink_world *world, uint64_t epoch)
{
    return world->writer->ops->prepared(world->writer, epoch, NULL) == 1;
}

static void wait_until_prepared(struct sink_world *world, uint64_t epoch)
{
    for (int i = 0; i < 600000 && !is_prepared(world, epoch); i++) {
        step(world);
        usleep(100);
    }
    assert_true(is_prepared(world, epoch));
    assert_true(is_prepared(world, epoch)); /* and asked again says the same */
}

/* A peer that is connected to while the world steps. */
static int accept_one(struct sink_world *world, int listener)
{
    for (int i = 0; i < 600000; i++) {
        step(world);
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0)
            return fd;
        usleep(100);
    }
    fail_msg("nobody connects");
    return -1;
}

static size_t receive(struct sink_world *world, int fd, char *out, size_t wanted)
{
    size_t got = 0;
    for (int i = 0; i < 600000 && got < wanted; i++) {
        step(world);
        ssize_t count = recv(fd, out + got, wanted - got, MSG_DONTWAIT);
        got += count > 0 ? (size_t)count : 0;
        if (count <= 0)
            usleep(100);
    }
    out[got] = '\0';
    return got;
}

static int listen_nonblocking(uint16_t *port)
{
    int listener = stream_world_listen(port);
    struct timeval at_once = {.tv_usec = 1};
    assert_int_equal(setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &at_once, sizeof at_once), 0);
    return listener;
}

static const char *port_option(uint16_t port)
{
    static char text[32];
    snprintf(text, sizeof text, "port=%u", port);
    return text;
}

/* ------------------------------------------------------------------------------------------ tcp */

static void records_arrive_in_order(const char *rung)
{
    struct sink_world *world = create_on(rung);
    uint16_t port = 0;
    int listener = listen_nonblocking(&port);
    open_writer(world, &lt_tcp_sink_type, OPTIONS("host=127.0.0.1", port_option(port)));
    write_all(world, "one"); /* kept until there is a connection */
    world->writer->ops->prepare(world->writer, 1);
    assert_false(is_prepared(world, 1));
    int fd = accept_one(world, listener);
    write_all(world, "two");
    char text[64];
    assert_int_equal(receive(world, fd, text, 8), 8);
    assert_string_equal(text, "one\ntwo\n");
    wait_until_prepared(world, 1);
    assert_int_equal(lt_load_acquire_u64(&world->records), 2);
    assert_int_equal(lt_load_acquire_u64(&world->bytes), 8);
    close(fd);
    close(listener);
    destroy(world);
}

static void a_dead_peer_fills_the_buffer_and_stops_the_source(const char *rung)
{
    struct sink_world *world = create_on(rung);
    uint16_t port = 0;
    int listener = listen_nonblocking(&port);
    open_writer(
        world, &lt_tcp_sink_type,
        OPTIONS("host=127.0.0.1", port_option(port), "bufferSize=64k", "sendBufferSize=16k"));
    int fd = accept_one(world, listener); /* which reads nothing */
    char text[1000];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    struct lt_fault *fault = NULL;
    unsigned written = 0;
    int full = 0;
    while (full < 200) {
        snprintf(text, 10, "%08u", written);
        text[8] = ' ';
        enum lt_write result = write_text(world, text, &fault);
        written += result == LT_WRITE_DONE;
        full = result == LT_WRITE_FULL ? full + 1 : 0;
        world->writer->ops->flush(world->writer);
        step(world);
        assert_true(written < 100000);
        if (full > 0)
            usleep(200);
    }
    world->writer->ops->prepare(world->writer, 1);
    assert_false(is_prepared(world, 1));
    char *got = lt_alloc(written * sizeof text + 1); /* and then it reads everything */
    assert_int_equal(receive(world, fd, got, written * sizeof text), written * sizeof text);
    for (unsigned i = 0; i < written; i++)
        assert_int_equal(strtoul(got + i * sizeof text, NULL, 10), i);
    wait_until_prepared(world, 1);
    free(got);
    close(fd);
    close(listener);
    destroy(world);
}

static void a_record_that_was_cut_is_sent_again_whole(const char *rung)
{
    struct sink_world *world = create_on(rung);
    uint16_t port = 0;
    int listener = listen_nonblocking(&port);
    open_writer(world, &lt_tcp_sink_type,
                OPTIONS("host=127.0.0.1", port_option(port), "reconnectDelay=1ms", "bufferSize=16m",
                        "sendBufferSize=16k"));
    int fd = accept_one(world, listener);
    enum { BYTES = 8 * 1024 * 1024 };
    char *text = lt_alloc(BYTES + 1);
    memset(text, 'y', BYTES);
    write_all(world, text); /* more than all buffers hold */
    for (int i = 0; i < 100; i++)
        step(world);
    struct linger linger = {.l_onoff = 1};
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger), 0);
    close(fd);
    fd = accept_one(world, listener);
    char *got = lt_alloc(BYTES + 2);
    assert_int_equal(receive(world, fd, got, BYTES + 1), BYTES + 1);
    assert_memory_equal(got, text, BYTES);
    assert_int_equal(got[BYTES], '\n');
    free(text);
    free(got);
    close(fd);
    close(listener);
    destroy(world);
}

static void a_peer_that_ends_is_noticed_before_something_is_sent(const char *rung)
{
    struct sink_world *world = create_on(rung);
    uint16_t port = 0;
    int listener = listen_nonblocking(&port);
    open_writer(world, &lt_tcp_sink_type,
                OPTIONS("host=127.0.0.1", port_option(port), "reconnectDelay=1ms"));
    int fd = accept_one(world, listener);
    stream_world_send(fd, "what it says is not listened to");
    close(fd);
    fd = accept_one(world, listener);
    write_all(world, "one");
    char text[8];
    assert_int_equal(receive(world, fd, text, 4), 4);
    close(fd);
    close(listener);
    destroy(world);
}

/* Half-open: the peer's machine has lost its power, and comes back without the connection. */
static void a_peer_that_vanishes_is_noticed_when_something_is_sent(const char *rung)
{
    struct sink_world *world = create_on(rung);
    uint16_t port = 0;
    int listener = listen_nonblocking(&port);
    open_writer(world, &lt_tcp_sink_type,
                OPTIONS("host=127.0.0.1", port_option(port), "reconnectDelay=1ms"));
    int fd = accept_one(world, listener);
    if (stream_world_vanish(fd)) {
        write_all(world, "into nowhere");
        fd = accept_one(world, listener);
        write_all(world, "one");
        char text[32];
        assert_true(receive(world, fd, text, 4) == 4);
        assert_string_equal(text, "one\n");
    }
    close(fd);
    close(listener);
    destroy(world);
}

/* ------------------------------------------------------------------------------------ datagrams */

/* Nothing wakes the lane, which would otherwise go round without an end. */
static bool sleeps(struct sink_world *world)
{
    const struct lt_clock *clock = lt_clock_system();
    int64_t begun_ns = lt_clock_now_ns(clock);
    for (int i = 0; i < 20; i++)
        lt_reactor_park(world->reactor, lt_clock_now_ns(clock) + 10 * (int64_t)LT_NS_PER_MS);
    return lt_clock_now_ns(clock) - begun_ns >= 100 * (int64_t)LT_NS_PER_MS;
}

static void datagrams_arrive(const char *rung)
{
    struct sink_world *world = create_on(rung);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char path[SCRATCH_PATH_SIZE + 32], text[64];
    snprintf(address.sun_path, sizeof address.sun_path, "%s/x.sock", world->folder);
    snprintf(path, sizeof path, "path=%.80s", address.sun_path);
    open_writer(world, &lt_unix_sink_type, OPTIONS(path, "type=datagram", "bufferSize=4096"));
    write_all(world, "one"); /* nobody is there yet */
    world->writer->ops->prepare(world->writer, 1);
    assert_false(is_prepared(world, 1));
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)(void *)&address, sizeof address), 0);
    assert_int_equal(receive(world, fd, text, 3), 3);
    wait_until_prepared(world, 1);
    /* One that does not read makes the sink full and is waited for, and nothing is lost. */
    struct lt_fault *fault = NULL;
    unsigned written = 0, read = 0;
    for (int full = 0; full < 100;) {
        snprintf(text, sizeof text, "%u", written);
        bool done = write_text(world, text, &fault) == LT_WRITE_DONE;
        written += done;
        full = done ? 0 : full + 1;
        world->writer->ops->flush(world->writer);
        step(world);
    }
    assert_true(sleeps(world));
    for (int i = 0; i < 600000 && read < written; i++) {
        step(world);
        ssize_t size = recv(fd, text, sizeof text - 1, MSG_DONTWAIT);
        if (size < 0)
            continue;
        text[size] = '\0';
        assert_int_equal(strtoul(text, NULL, 10), read++);
    }
    assert_int_equal(read, written);
    close(fd);
    destroy(world);
}

static void a_record_too_large_for_a_datagram_fails(const char *rung)
{
    struct sink_world *world = create_on(rung);
    open_writer(world, &lt_udp_sink_type,
                OPTIONS("host=127.0.0.1", port_option(stream_world_port(SOCK_DGRAM))));
    char *text = lt_alloc(65509);
    memset(text, 'x', 65508);
    struct lt_fault *fault = NULL;
    assert_int_equal(write_text(world, text, &fault), LT_WRITE_FAILED);
    assert_string_equal(fault->condition, "RECORD_TOO_LARGE");
    assert_string_equal(fault->text, "the record has 65508 bytes; a datagram has at most 65507");
    lt_fault_destroy(fault);
    text[65507] = '\0';
    assert_int_equal(write_text(world, text, &fault), LT_WRITE_DONE);
    free(text);
    destroy(world);
}

/* A Unix socket's datagrams are bounded by its buffer. */
static void a_record_larger_than_the_buffer_fails(const char *rung)
{
    enum { TOO_MANY = 64 * 1024 * 2 };
    struct sink_world *world = create_on(rung);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char path[SCRATCH_PATH_SIZE + 32];
    snprintf(address.sun_path, sizeof address.sun_path, "%s/x.sock", world->folder);
    snprintf(path, sizeof path, "path=%.80s", address.sun_path);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)(void *)&address, sizeof address), 0);
    open_writer(world, &lt_unix_sink_type, OPTIONS(path, "type=datagram", "sendBufferSize=64k"));
    char *text = lt_alloc(TOO_MANY + 1);
    memset(text, 'x', TOO_MANY);
    struct lt_fault *fault = NULL;
    assert_int_equal(write_text(world, text, &fault), LT_WRITE_FAILED);
    assert_string_equal(fault->text, "the record has 131072 bytes; a datagram has at most 131040; "
                                     "hint: the option sendBufferSize");
    lt_fault_destroy(fault);
    text[TOO_MANY - 32] = '\0';
    write_all(world, text);
    assert_int_equal(receive(world, fd, text, TOO_MANY - 32), TOO_MANY - 32);
    close(fd);
    free(text);
    destroy(world);
}

/* --------------------------------------------------------------------------------------- faults */

struct script {
    unsigned sends;
    size_t taken; /* of all bytes */
    char bytes[4096];
};

/* Takes a byte, then is interrupted, then takes two, and so on. */
static bool answer(void *context, const struct lt_io *io, int64_t *result)
{
    struct script *script = context;
    if (io->kind == LT_IO_RECV) {
        *result = -EINTR;
        return script->sends % 2 == 0;
    }
    if (io->kind != LT_IO_SEND)
        return false;
    script->sends++;
    if (script->sends % 3 == 0) {
        *result = script->sends % 2 == 0 ? -EINTR : -EAGAIN;
        return true;
    }
    size_t size = script->sends % 4 + 1;
    size = size < io->size_bytes ? size : io->size_bytes;
    assert_true(script->taken + size < sizeof script->bytes);
    memcpy(script->bytes + script->taken, io->buffer, size);
    script->taken += size;
    *result = (int64_t)size;
    return true;
}

static void short_sends_and_interruptions_lose_nothing(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        struct lt_clock_manual clock;
        lt_clock_manual_init(&clock, 1000, 1700000000000000);
        struct sink_world *world = create(fake_reactor_create(seed, &clock), &clock.clock);
        struct script script = {0};
        fake_reactor_set_hook(world->reactor, answer, &script);
        struct sockaddr_un address = {.sun_family = AF_UNIX}; /* connected to at once */
        char path[SCRATCH_PATH_SIZE + 32];
        snprintf(address.sun_path, sizeof address.sun_path, "%s/x.sock", world->folder);
        snprintf(path, sizeof path, "path=%.80s", address.sun_path);
        int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(bind(listener, (struct sockaddr *)(void *)&address, sizeof address), 0);
        assert_int_equal(listen(listener, 1), 0);
        open_writer(world, &lt_unix_sink_type, OPTIONS(path));
        struct lt_text_buffer wanted;
        lt_text_init(&wanted);
        for (unsigned i = 0; i < 100; i++) {
            char text[32];
            snprintf(text, sizeof text, "record %u", i);
            lt_text_format(&wanted, "%s\n", text);
            write_all(world, text);
        }
        world->writer->ops->prepare(world->writer, 1);
        for (int i = 0; i < 10000 && !is_prepared(world, 1); i++)
            step(world);
        assert_true(is_prepared(world, 1));
        assert_int_equal(script.taken, wanted.size_bytes);
        assert_memory_equal(script.bytes, wanted.data, wanted.size_bytes);
        lt_text_fini(&wanted);
        close(listener);
        destroy(world);
    }
}

int main(void)
{
    static const struct stream_case cases[] = {
        RUNG_CASE(records_arrive_in_order),
        RUNG_CASE(a_dead_peer_fills_the_buffer_and_stops_the_source),
        RUNG_CASE(a_record_that_was_cut_is_sent_again_whole),
        RUNG_CASE(a_peer_that_ends_is_noticed_before_something_is_sent),
        RUNG_CASE(a_peer_that_vanishes_is_noticed_when_something_is_sent),
        RUNG_CASE(datagrams_arrive),
        RUNG_CASE(a_record_too_large_for_a_datagram_fails),
        RUNG_CASE(a_record_larger_than_the_buffer_fails),
    };
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_sends_and_interruptions_lose_nothing),
    };
    stream_world_keep_log();
    int failed = stream_world_run(cases, sizeof cases / sizeof cases[0]);
    return failed + cmocka_run_group_tests(tests, NULL, NULL);
}
