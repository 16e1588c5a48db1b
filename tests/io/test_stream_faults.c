/*
 * Receiving on a reactor that gives the results that a kernel seldom gives: interruptions, no free
 * piece, resets, no descriptor left. 50 seeds each.
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
#include "core/base/log.h"
#include "io/unix.h"
#include "tests/support/fake_reactor.h"
#include "tests/support/stream_world.h"

enum { SEEDS = 50, LINES = 200, STEPS = 20000 };

struct faults {
    enum lt_io_kind kind;
    const int *results; /* up to a 0, by turns */
    unsigned every, asked, given;
};

static void keep_quiet(void *context, enum lt_log_level level, const char *text)
{
    (void)context;
    (void)level;
    (void)text;
}

static bool answer(void *context, const struct lt_io *io, int64_t *result)
{
    struct faults *faults = context;
    if (io->kind != faults->kind || ++faults->asked % faults->every != 0)
        return false;
    unsigned count = 0;
    while (faults->results[count] != 0)
        count++;
    *result = faults->results[faults->given++ % count];
    return true;
}

/* `a` and `b` are options, or NULL; SPOOL is a folder of the world's. */
#define SPOOL "spool=%s/spool"
static struct stream_world *start(uint64_t seed, struct lt_clock_manual *clock,
                                  struct faults *faults, const char *a, const char *b)
{
    lt_clock_manual_init(clock, 1000, 1700000000000000);
    struct stream_world *world =
        stream_world_create_on(fake_reactor_create(seed, clock), &clock->clock);
    char path[SCRATCH_PATH_SIZE + 32], spool[SCRATCH_PATH_SIZE + 32];
    snprintf(path, sizeof path, "path=%s/x.sock", world->folder);
    snprintf(spool, sizeof spool, SPOOL, world->folder);
    const char *options[] = {path, a != NULL && strcmp(a, SPOOL) == 0 ? spool : a, b, NULL};
    stream_world_start(world, &lt_unix_source_type, options);
    fake_reactor_set_hook(world->reactor, answer, faults);
    return world;
}

static int connect_by(struct stream_world *world, int type)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s/x.sock", world->folder);
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)(void *)&address, sizeof address), 0);
    return fd;
}

static int connect_to(struct stream_world *world)
{
    return connect_by(world, SOCK_STREAM);
}

static void step_until(struct stream_world *world, struct lt_clock_manual *clock, uint32_t count)
{
    for (int i = 0; i < STEPS && world->text_count < count; i++) {
        lt_clock_manual_advance(clock, LT_NS_PER_MS);
        stream_world_step(world);
    }
}

static void check_lines_arrive(enum lt_io_kind kind, const int *results, bool has_spool)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct lt_clock_manual clock;
        struct faults faults = {
            .kind = kind, .results = results, .every = 2 + (unsigned)(seed % 3)};
        struct stream_world *world =
            start(seed, &clock, &faults, has_spool ? SPOOL : NULL, NULL);
        int fd = connect_to(world);
        char text[32];
        for (uint32_t i = 0; i < LINES; i++) {
            snprintf(text, sizeof text, "line %u\n", i);
            stream_world_send(fd, text);
            stream_world_step(world);
        }
        step_until(world, &clock, LINES);
        if (world->text_count != LINES)
            fail_msg("seed %llu: %u lines", (unsigned long long)seed, world->text_count);
        for (uint32_t i = 0; i < LINES; i++) {
            snprintf(text, sizeof text, "line %u", i);
            assert_string_equal(world->texts[i], text);
        }
        assert_true(faults.given > 0);
        close(fd);
        stream_world_destroy(world);
    }
}

static void interruptions_and_want_of_pieces_lose_nothing(void **state)
{
    (void)state;
    static const int results[] = {-EINTR, -ENOBUFS, -EAGAIN, 0};
    check_lines_arrive(LT_IO_RECV_MULTI, results, false);
    check_lines_arrive(LT_IO_RECV_MULTI, results, true);
}

/* One in five is empty. */
static const char *datagram_text(uint32_t i, char text[32])
{
    snprintf(text, 32, "datagram %u", i);
    return i % 5 == 3 ? "" : text;
}

static void check_datagrams_arrive(enum lt_io_kind kind, const char *a, const char *b)
{
    static const int results[] = {-EINTR, -ENOBUFS, -EAGAIN, -ECONNREFUSED, 0};
    char text[32];
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct lt_clock_manual clock;
        struct faults faults = {
            .kind = kind, .results = results, .every = 2 + (unsigned)(seed % 3)};
        struct stream_world *world = start(seed, &clock, &faults, a, b);
        int fd = connect_by(world, SOCK_DGRAM);
        for (uint32_t i = 0, tries = 0; i < LINES && tries < STEPS; tries++) {
            const char *wanted = datagram_text(i, text);
            i += send(fd, wanted, strlen(wanted), MSG_DONTWAIT) >= 0; /* unless it is full */
            lt_clock_manual_advance(&clock, LT_NS_PER_MS);
            stream_world_step(world);
        }
        step_until(world, &clock, LINES);
        if (world->text_count != LINES)
            fail_msg("seed %llu: %u datagrams", (unsigned long long)seed, world->text_count);
        for (uint32_t i = 0; i < LINES; i++)
            assert_string_equal(world->texts[i], datagram_text(i, text));
        assert_true(faults.given > 0);
        close(fd);
        stream_world_destroy(world);
    }
}

static void datagrams_are_not_lost_by_interruptions_and_want_of_pieces(void **state)
{
    (void)state;
    check_datagrams_arrive(LT_IO_RECVMSG_MULTI, "type=datagram", "includeSender=true");
    check_datagrams_arrive(LT_IO_RECVMSG_MULTI, SPOOL, "type=datagram");
    check_datagrams_arrive(LT_IO_RECV_MULTI, "type=datagram", NULL); /* up to the first empty one */
    check_datagrams_arrive(LT_IO_RECVMSG_MULTI, "type=datagram", NULL); /* and from it on */
}

static void a_process_without_descriptors_accepts_later(void **state)
{
    (void)state;
    static const int results[] = {-EMFILE, -ENFILE, -ECONNABORTED, -EINTR, -ENOMEM, 0};
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct lt_clock_manual clock;
        struct faults faults = {.kind = LT_IO_ACCEPT_MULTI, .results = results, .every = 2};
        struct stream_world *world = start(seed, &clock, &faults, NULL, NULL);
        for (uint32_t i = 0; i < 20; i++) {
            int fd = connect_to(world);
            stream_world_send(fd, "x\n");
            step_until(world, &clock, i + 1);
            assert_int_equal(world->text_count, i + 1);
            close(fd);
        }
        assert_true(faults.given > 0);
        stream_world_destroy(world);
    }
}

/* What came before the reset is whole lines, and others go on. */
static void resets_end_one_stream_only(void **state)
{
    (void)state;
    static const int results[] = {-ECONNRESET, -ETIMEDOUT, -EIO, 0};
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct lt_clock_manual clock;
        struct faults faults = {.kind = LT_IO_RECV_MULTI, .results = results, .every = 5};
        struct stream_world *world =
            start(seed, &clock, &faults, seed % 2 == 0 ? SPOOL : NULL, NULL);
        for (uint32_t i = 0; i < 50; i++) {
            int fd = connect_to(world);
            (void)!send(fd, "one\ntwo\nhalf", 12, MSG_NOSIGNAL);
            for (int k = 0; k < 50; k++)
                stream_world_step(world);
            close(fd);
        }
        for (int k = 0; k < 2000; k++) {
            lt_clock_manual_advance(&clock, LT_NS_PER_MS);
            stream_world_step(world);
        }
        assert_true(faults.given > 0);
        assert_true(world->text_count > 0);
        for (uint32_t i = 0; i < world->text_count; i++)
            if (strcmp(world->texts[i], "one") != 0 && strcmp(world->texts[i], "two") != 0)
                assert_string_equal(world->texts[i], "half"); /* where the stream ended in order */
        stream_world_destroy(world);
    }
}

int main(void)
{
    lt_log_set_sink(keep_quiet, NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(interruptions_and_want_of_pieces_lose_nothing),
        cmocka_unit_test(datagrams_are_not_lost_by_interruptions_and_want_of_pieces),
        cmocka_unit_test(a_process_without_descriptors_accepts_later),
        cmocka_unit_test(resets_end_one_stream_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
