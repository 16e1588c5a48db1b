#include "tests/support/stream_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/arena.h"
#include "core/base/log.h"

enum { WAIT_S = 60, REST_STEPS = 200 };

const char *const stream_world_rungs[] = {"io_uring.defer_taskrun", "io_uring.coop_taskrun",
                                          "io_uring.plain", "epoll", NULL};

bool stream_world_has_rung(const char *rung)
{
    struct lt_reactor_options options = {.choice = rung};
    struct lt_reactor *reactor;
    if (lt_reactor_create(&options, &reactor, NULL) != 0)
        return false;
    lt_reactor_destroy(reactor);
    return true;
}

/* ---------------------------------------------------------------------------------------- suite */

struct suite {
    const char *rung;
    const struct stream_case *cases;
    size_t count;
};

static void run_all(void **state)
{
    const struct suite *suite = *state;
    if (!stream_world_has_rung(suite->rung))
        skip();
    for (size_t i = 0; i < suite->count; i++) {
        const struct stream_case *one = &suite->cases[i];
        print_message("  %s: %s\n", suite->rung, one->name);
        if (one->run_on != NULL) {
            one->run_on(suite->rung);
            continue;
        }
        struct stream_world *world = stream_world_create(suite->rung);
        one->run(world);
        stream_world_destroy(world);
    }
}

int stream_world_run(const struct stream_case *cases, size_t count)
{
    enum { RUNGS = sizeof stream_world_rungs / sizeof stream_world_rungs[0] - 1 };
    struct suite suites[RUNGS];
    struct CMUnitTest tests[RUNGS];
    for (size_t i = 0; i < RUNGS; i++) {
        suites[i] =
            (struct suite){.rung = stream_world_rungs[i], .cases = cases, .count = count};
        tests[i] = (struct CMUnitTest){
            .name = suites[i].rung, .test_func = run_all, .initial_state = &suites[i]};
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}

char stream_world_log[1024];

static void note_log(void *context, enum lt_log_level level, const char *text)
{
    (void)context;
    (void)level;
    snprintf(stream_world_log, sizeof stream_world_log, "%s", text);
}

void stream_world_keep_log(void)
{
    lt_log_set_sink(note_log, NULL);
}

void stream_world_a_second_passes(void)
{
    usleep(1100 * 1000);
}

/* --------------------------------------------------------------------------------------- outlet */

static void keep(struct lt_out *out, struct lt_row *row)
{
    struct stream_world *world =
        (struct stream_world *)(void *)((char *)out - offsetof(struct stream_world, out));
    const struct lt_bytes *bytes = &lt_row_values(row)[0].bytes;
    if (world->text_count == world->text_capacity) {
        world->text_capacity = world->text_capacity == 0 ? 64 : 2 * world->text_capacity;
        world->texts = lt_realloc_array(world->texts, world->text_capacity, sizeof(char *));
        world->rows = lt_realloc_array(world->rows, world->text_capacity, sizeof(struct lt_row *));
    }
    char *text = lt_alloc((size_t)bytes->size_bytes + 1);
    if (bytes->size_bytes > 0)
        memcpy(text, bytes->data, bytes->size_bytes);
    world->texts[world->text_count++] = text;
    world->batch_ends += (row->flags & LT_ROW_END_OF_BATCH) != 0;
    if (world->holds_rows)
        world->rows[world->row_count++] = row;
    else
        lt_row_release(row);
}

static void keep_failed(struct lt_out *out, struct lt_row *row, struct lt_fault *fault)
{
    struct stream_world *world =
        (struct stream_world *)(void *)((char *)out - offsetof(struct stream_world, out));
    world->failed_count++;
    lt_row_release(row);
    lt_fault_destroy(fault);
}

/* ----------------------------------------------------------------------------------------- life */

struct stream_world *stream_world_create_on(struct lt_reactor *reactor,
                                            const struct lt_clock *clock)
{
    struct stream_world *world = lt_alloc(sizeof *world);
    scratch_create(world->folder);
    world->arena = lt_arena_create();
    world->clock = clock;
    world->reactor = reactor;
    world->out = (struct lt_out){.emit = keep, .fail = keep_failed};
    return world;
}

struct stream_world *stream_world_create(const char *rung)
{
    struct lt_reactor_options options = {.choice = rung};
    struct lt_reactor *reactor;
    struct lt_error error;
    if (lt_reactor_create(&options, &reactor, &error) != 0)
        fail_msg("%s", error.text);
    return stream_world_create_on(reactor, lt_clock_system());
}

void stream_world_release_rows(struct stream_world *world)
{
    while (world->row_count > 0)
        lt_row_release(world->rows[--world->row_count]);
}

void stream_world_forget(struct stream_world *world)
{
    stream_world_release_rows(world);
    while (world->text_count > 0)
        free(world->texts[--world->text_count]);
    world->batch_ends = 0;
}

void stream_world_close_reader(struct stream_world *world)
{
    stream_world_release_rows(world);
    if (world->reader == NULL)
        return;
    world->reader->ops->position(world->reader, &world->start);
    if (world->reader->ops->stop != NULL)
        world->reader->ops->stop(world->reader);
    world->reader->ops->close(world->reader);
    world->reader = NULL;
    assert_int_equal(world->reactor->pending_count, 0);
}

void stream_world_close_source(struct stream_world *world)
{
    stream_world_close_reader(world);
    if (world->source != NULL)
        world->source->ops->close(world->source);
    world->source = NULL;
}

void stream_world_destroy(struct stream_world *world)
{
    stream_world_close_source(world);
    stream_world_forget(world);
    lt_reactor_destroy(world->reactor);
    lt_arena_destroy(world->arena);
    scratch_remove(world->folder);
    free(world->texts);
    free(world->rows);
    free(world);
}

int stream_world_bind(struct stream_world *world, const struct lt_source_type *type,
                      const char *const *pairs)
{
    struct lt_options *options = collector_options(pairs);
    lt_error_clear(&world->error);
    int code = type->bind(type, options, NULL, world->arena, &world->source, &world->error);
    lt_options_destroy(options);
    if (code != 0)
        return code;
    world->env = collector_env(world->clock, &world->reactor->waker);
    world->env.reactor = world->reactor;
    if (world->source->ops->connect != NULL)
        code = world->source->ops->connect(world->source, &world->env, &world->error);
    struct lt_text_buffer keep;
    lt_text_init(&keep);
    if (code == 0)
        code = world->source->ops->initial(world->source, &world->start, &keep, &world->error);
    lt_text_fini(&keep);
    if (code == 0)
        return 0;
    world->source->ops->close(world->source);
    world->source = NULL;
    return code;
}

int stream_world_open(struct stream_world *world)
{
    static const uint32_t partition = 0;
    return world->source->ops->open_reader(world->source, &world->env, &partition, 1, &world->start,
                                           NULL, &world->reader, &world->error);
}

void stream_world_start(struct stream_world *world, const struct lt_source_type *type,
                        const char *const *options)
{
    if (stream_world_bind(world, type, options) != 0 || stream_world_open(world) != 0)
        fail_msg("%s", world->error.text);
}

/* -------------------------------------------------------------------------------------- running */

void stream_world_step(struct stream_world *world)
{
    uint32_t count;
    if (world->reader != NULL)
        world->status = world->reader->ops->poll(world->reader, &world->out, 256, &count);
    lt_reactor_poll(world->reactor);
}

/* As a worker: what nothing wakes has to have a deadline. */
static void park(struct stream_world *world)
{
    if (!world->reader->ops->is_idle(world->reader))
        return;
    const struct lt_clock *system = lt_clock_system();
    int64_t latest_ns = lt_clock_now_ns(system) + 20 * LT_NS_PER_MS;
    bool has_deadline = world->clock == system && world->reader->ops->deadline_ns != NULL;
    int64_t deadline_ns = has_deadline ? world->reader->ops->deadline_ns(world->reader) : latest_ns;
    lt_waker_prepare_to_park(&world->reactor->waker);
    if (world->reader->ops->is_idle(world->reader))
        lt_reactor_park(world->reactor, deadline_ns < latest_ns ? deadline_ns : latest_ns);
    lt_waker_unpark(&world->reactor->waker);
}

void stream_world_read(struct stream_world *world, uint32_t count)
{
    const struct lt_clock *system = lt_clock_system();
    int64_t deadline_ns = lt_clock_now_ns(system) + (int64_t)WAIT_S * LT_NS_PER_S;
    while (world->text_count < count) {
        stream_world_step(world);
        if (world->status == LT_POLL_FAILED)
            fail_msg("%s", world->reader->error.text);
        if (lt_clock_now_ns(system) > deadline_ns)
            fail_msg("%u of %u records after %d s", world->text_count, count, WAIT_S);
        if (world->text_count < count && world->status == LT_POLL_IDLE)
            park(world);
    }
}

void stream_world_rest(struct stream_world *world)
{
    for (int i = 0; i < REST_STEPS; i++) {
        stream_world_step(world);
        usleep(100);
    }
}

void stream_world_await_log(struct stream_world *world, const char *text)
{
    int64_t deadline_ns = lt_clock_now_ns(lt_clock_system()) + (int64_t)WAIT_S * LT_NS_PER_S;
    do {
        if (lt_clock_now_ns(lt_clock_system()) > deadline_ns)
            fail_msg("no \"%s\" after %d s, but: %s", text, WAIT_S, stream_world_log);
        stream_world_rest(world);
    } while (strstr(stream_world_log, text) == NULL);
}

/* Waits for `events` of a descriptor while the world goes on. */
static void await_events(struct stream_world *world, int fd, short events)
{
    struct pollfd one = {.fd = fd, .events = events};
    int64_t deadline_ns = lt_clock_now_ns(lt_clock_system()) + (int64_t)WAIT_S * LT_NS_PER_S;
    while (poll(&one, 1, 0) == 0 && lt_clock_now_ns(lt_clock_system()) < deadline_ns)
        stream_world_rest(world);
    assert_int_not_equal(one.revents, 0);
}

int stream_world_accept(struct stream_world *world, int listener)
{
    await_events(world, listener, POLLIN);
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

void stream_world_await_close(struct stream_world *world, int fd)
{
    char byte;
    await_events(world, fd, POLLIN);
    assert_true(recv(fd, &byte, 1, MSG_DONTWAIT) <= 0);
}

bool stream_world_has(const struct stream_world *world, const char *text)
{
    for (uint32_t i = 0; i < world->text_count; i++) {
        if (strcmp(world->texts[i], text) == 0)
            return true;
    }
    return false;
}

/* ---------------------------------------------------------------------------------------- peers */

static struct sockaddr_in at_port(uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

uint16_t stream_world_port(int type)
{
    /* Programs that were started side by side begin 40 apart. */
    for (uint16_t port = (uint16_t)(10000 + getpid() * 40L % 10000); port < 30000; port++) {
        struct sockaddr_in address = at_port(port);
        int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
        bool is_free = bind(fd, (struct sockaddr *)(void *)&address, sizeof address) == 0;
        close(fd);
        if (is_free)
            return port;
    }
    fail_msg("no port between 10000 and 30000 is free");
    return 0;
}

static void give_up_late(int fd)
{
    struct timeval patience = {.tv_sec = 60};
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
}

int stream_world_connect(uint16_t port)
{
    struct sockaddr_in address = at_port(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)(void *)&address, sizeof address), 0);
    give_up_late(fd);
    return fd;
}

int stream_world_datagrams_to(uint16_t port)
{
    struct sockaddr_in address = at_port(port);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)(void *)&address, sizeof address), 0);
    return fd;
}

int stream_world_listen(uint16_t *port)
{
    struct sockaddr_in address = at_port(*port);
    socklen_t size_bytes = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), 0);
    assert_int_equal(bind(fd, (struct sockaddr *)(void *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 16), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)(void *)&address, &size_bytes), 0);
    *port = ntohs(address.sin_port);
    give_up_late(fd);
    return fd;
}

bool stream_world_vanish(int fd)
{
    int on = 1; /* a socket in repair is closed as if it never was */
    if (setsockopt(fd, IPPROTO_TCP, TCP_REPAIR, &on, sizeof on) != 0) {
        print_message("    not tried: TCP_REPAIR: %s\n", strerror(errno));
        return false;
    }
    close(fd);
    return true;
}

void stream_world_send(int fd, const char *text)
{
    size_t size_bytes = strlen(text);
    assert_int_equal(send(fd, text, size_bytes, MSG_NOSIGNAL), size_bytes);
}

void stream_world_receive_line(struct stream_world *world, int fd, char *out, size_t size_bytes)
{
    size_t count = 0;
    int64_t deadline_ns = lt_clock_now_ns(lt_clock_system()) + (int64_t)WAIT_S * LT_NS_PER_S;
    while (lt_clock_now_ns(lt_clock_system()) < deadline_ns) {
        stream_world_step(world);
        ssize_t got = recv(fd, out + count, 1, MSG_DONTWAIT);
        if (got == 1 && out[count] == '\n') {
            out[count] = '\0';
            return;
        }
        assert_true(got != 0);
        count += got == 1;
        assert_true(count < size_bytes);
        if (got < 0)
            usleep(100);
    }
    fail_msg("no line was received");
}
