/*
 * The source tail on the fake reactor: reads that are short, interrupted or fail, listings that
 * come late, in any order.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/arena.h"
#include "io/tail.h"
#include "io/tail_scan.h"
#include "tests/support/collector.h"
#include "tests/support/failing_readdir.h"
#include "tests/support/fake_reactor.h"
#include "tests/support/scratch.h"

enum { STEPS_MAX = 100000, LINES = 500, SEEDS = 40 };

struct world {
    char folder[SCRATCH_PATH_SIZE], path[SCRATCH_PATH_SIZE + 16];
    struct lt_arena *arena;
    struct lt_clock_manual clock;
    struct lt_reactor *reactor;
    struct lt_connector_env env;
    struct lt_source *source;
    struct lt_reader *reader;
    struct collector collector;
    enum lt_poll_status status;
    int next; /* the line that is to come */
    unsigned random;
    int seen_fd; /* of the last read, and how long its file was then */
    int64_t seen_size;
};

static void add_to(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static void add(const struct world *world, const char *text)
{
    add_to(world->path, text);
}

/* The events of the kernel: the fake reactor would wait for them, and so is told that there are
 * none when there are none. */
static bool answer_events(const struct lt_io *io, int64_t *result)
{
    struct pollfd one = {.fd = io->fd, .events = POLLIN};
    if (io->kind != LT_IO_READ || io->offset >= 0 || poll(&one, 1, 0) > 0)
        return false;
    *result = -EAGAIN;
    return true;
}

static bool only_events(void *context, const struct lt_io *io, int64_t *result)
{
    (void)context;
    return answer_events(io, result);
}

static void open_reader(struct world *world, const struct lt_position *start)
{
    static const uint32_t partition = 0;
    assert_int_equal(world->source->ops->open_reader(world->source, &world->env, &partition, 1,
                                                     start, NULL, &world->reader, NULL),
                     0);
}

static void close_reader(struct world *world)
{
    world->reader->ops->stop(world->reader);
    assert_int_equal(world->reactor->pending_count, 0);
    world->reader->ops->close(world->reader);
}

static void world_init(struct world *world, unsigned seed)
{
    struct lt_position start;
    struct lt_text_buffer keep;
    char path[SCRATCH_PATH_SIZE + 32];
    *world = (struct world){.random = seed};
    scratch_create(world->folder);
    snprintf(world->path, sizeof world->path, "%s/x.log", world->folder);
    snprintf(path, sizeof path, "path=%s", world->path);
    world->arena = lt_arena_create();
    lt_clock_manual_init(&world->clock, 5000, 1700000000000000);
    world->reactor = fake_reactor_create(seed, &world->clock);
    fake_reactor_set_hook(world->reactor, only_events, NULL);
    world->env = collector_env(&world->clock.clock, &world->reactor->waker);
    world->env.reactor = world->reactor;
    const char *const pairs[] = {path, "pollInterval=10ms", NULL};
    world->source = collector_source(&lt_tail_source_type, pairs, NULL, world->arena, &world->env);
    lt_text_init(&keep);
    assert_int_equal(world->source->ops->initial(world->source, &start, &keep, NULL), 0);
    lt_text_fini(&keep);
    open_reader(world, &start);
    collector_init(&world->collector);
}

static void world_fini(struct world *world)
{
    collector_clear(&world->collector);
    close_reader(world);
    world->source->ops->close(world->source);
    lt_reactor_destroy(world->reactor);
    lt_arena_destroy(world->arena);
    scratch_remove(world->folder);
}

/* One round; every line that comes is the next one. */
static void step(struct world *world)
{
    uint32_t count;
    world->status =
        world->reader->ops->poll(world->reader, &world->collector.out, 7, &count);
    for (uint32_t i = 0; i < world->collector.count; i++) {
        char text[32];
        const struct lt_bytes *bytes = &lt_row_values(world->collector.rows[i])[0].bytes;
        int size = snprintf(text, sizeof text, "line %d", world->next++);
        if (bytes->size_bytes != (uint32_t)size || memcmp(bytes->data, text, (size_t)size) != 0)
            fail_msg("'%.*s' came and not '%s'", (int)bytes->size_bytes, bytes->data, text);
    }
    collector_clear(&world->collector);
    lt_reactor_poll(world->reactor);
    lt_clock_manual_advance(&world->clock, LT_NS_PER_MS);
}

static int64_t size_of(int fd)
{
    struct stat status;
    assert_int_equal(fstat(fd, &status), 0);
    return (int64_t)status.st_size;
}

/* What was so right behind the read: the answer has been on its way for long. */
static void answer_late(const struct world *world, const struct lt_io *io)
{
    struct statx *status = io->buffer;
    *status = (struct statx){.stx_mask = STATX_SIZE, .stx_size = (uint64_t)world->seen_size};
}

/* Short reads, interruptions, answers that come late, and now and then what the kernel would have
 * said. */
static bool disturb(void *context, const struct lt_io *io, int64_t *result)
{
    struct world *world = context;
    if (answer_events(io, result))
        return true;
    world->random = world->random * 1103515245u + 12345u;
    unsigned roll = (world->random >> 16) % 8;
    if (io->kind == LT_IO_STATX && roll < 2) {
        *result = -EINTR;
        return true;
    }
    if (io->kind == LT_IO_STATX && roll < 6 && io->fd == world->seen_fd) {
        answer_late(world, io);
        *result = 0;
        return true;
    }
    if (io->kind != LT_IO_READ || io->offset < 0)
        return false;
    world->seen_fd = io->fd;
    world->seen_size = size_of(io->fd);
    if (roll > 4)
        return false;
    if (roll == 0) {
        *result = -EINTR;
        return true;
    }
    uint32_t size_bytes = io->size_bytes < roll * 5 ? io->size_bytes : roll * 5;
    *result = pread(io->fd, io->buffer, size_bytes, io->offset);
    return true;
}

/* A line is written by somebody who has not noticed yet, and then the new file is made. */
static void rotate(const struct world *world, int *files, int *written)
{
    char text[32], name[SCRATCH_PATH_SIZE + 32];
    snprintf(name, sizeof name, "%s.%d", world->path, ++*files);
    assert_int_equal(rename(world->path, name), 0);
    snprintf(text, sizeof text, "line %d\n", (*written)++);
    add_to(name, text);
    usleep(10000); /* files that nobody saw are told apart by their times */
    snprintf(text, sizeof text, "line %d\n", (*written)++);
    add(world, text);
}

static void lines_come_whole_and_once_whatever_the_reads_give(void **state)
{
    (void)state;
    for (unsigned seed = 0; seed < SEEDS; seed++) {
        struct world world;
        world_init(&world, seed);
        fake_reactor_set_hook(world.reactor, disturb, &world);
        int written = 0, files = 0;
        for (int i = 0; i < STEPS_MAX && world.next < LINES; i++) {
            char text[32];
            world.random = world.random * 1103515245u + 12345u;
            if (written < LINES && (world.random >> 16) % 4 == 0) {
                snprintf(text, sizeof text, "line %d\n", written++);
                add(&world, text);
            }
            if (written + 2 <= LINES && (world.random >> 16) % 101 == 0 &&
                access(world.path, F_OK) == 0)
                rotate(&world, &files, &written);
            step(&world);
            assert_true(world.status != LT_POLL_FAILED);
        }
        if (world.next != LINES)
            fail_msg("seed %u: %d of %d lines", seed, world.next, LINES);
        world_fini(&world);
    }
}

static char *note(struct world *world)
{
    struct lt_position position;
    struct lt_text_buffer json;
    lt_text_init(&json);
    world->reader->ops->position(world->reader, &position);
    world->source->ops->positions_to_json(world->source, &position, &json);
    return lt_text_take(&json);
}

/* It dies when it has found the files and before it has read them through. */
static void files_that_were_found_and_not_read_are_read_in_their_order(void **state)
{
    struct lt_position start;
    (void)state;
    for (unsigned seed = 0; seed < SEEDS; seed++) {
        struct world world;
        int files = 0, written = 0;
        world_init(&world, seed);
        while (written < LINES) {
            char text[32];
            snprintf(text, sizeof text, "line %d\n", written++);
            add(&world, text);
            if (written % 200 == 0)
                rotate(&world, &files, &written);
        }
        for (int i = 0; i < STEPS_MAX && !world.reader->ops->is_ready(world.reader); i++)
            step(&world);
        char *json = note(&world);
        assert_int_equal(world.next, 0);
        assert_non_null(strstr(json, "x.log.2"));
        close_reader(&world);
        assert_int_equal(world.source->ops->positions_from_json(world.source, json, &start, NULL),
                         0);
        free(json);
        open_reader(&world, &start);
        fake_reactor_set_hook(world.reactor, disturb, &world); /* many reads for one file */
        for (int i = 0; i < STEPS_MAX && world.next < written; i++)
            step(&world);
        assert_int_equal(world.next, written);
        world_fini(&world);
    }
}

static void a_disk_that_fails_is_told_with_file_and_byte(void **state)
{
    struct world world;
    char text[SCRATCH_PATH_SIZE + 128];
    (void)state;
    world_init(&world, 1);
    add(&world, "line 0\n");
    for (int i = 0; i < STEPS_MAX && world.next < 1; i++)
        step(&world);
    add(&world, "line 1\n");
    fake_reactor_fail(world.reactor, LT_IO_STATX, 0, -EIO);
    for (int i = 0; i < STEPS_MAX && world.next < 2; i++)
        step(&world);
    assert_int_equal(truncate(world.path, 0), 0);
    for (int i = 0; i < STEPS_MAX && world.status != LT_POLL_FAILED; i++)
        step(&world);
    assert_int_equal(world.status, LT_POLL_FAILED);
    snprintf(text, sizeof text, "source tail: cannot look at '%s' at byte 14: Input/output error",
             world.path);
    assert_string_equal(world.reader->error.text, text);
    world_fini(&world);
}

static bool refuse_reads(void *context, const struct lt_io *io, int64_t *result)
{
    (void)context;
    if (io->kind != LT_IO_READ || io->offset < 0)
        return answer_events(io, result);
    *result = -EIO;
    return true;
}

static void a_read_that_fails_ends_the_query(void **state)
{
    struct world world;
    char text[SCRATCH_PATH_SIZE + 128];
    (void)state;
    world_init(&world, 2);
    fake_reactor_set_hook(world.reactor, refuse_reads, NULL);
    add(&world, "line 0\n");
    for (int i = 0; i < STEPS_MAX && world.status != LT_POLL_FAILED; i++)
        step(&world);
    snprintf(text, sizeof text, "source tail: cannot read '%s' at byte 0: Input/output error",
             world.path);
    assert_string_equal(world.reader->error.text, text);
    world_fini(&world);
}

/* What was not listed would be taken for removed, and its place forgotten. */
static void expect_failed_listing(const char *folder, const char *pattern)
{
    char path[SCRATCH_PATH_SIZE + 32], text[SCRATCH_PATH_SIZE + 128];
    snprintf(path, sizeof path, "%s/%s", folder, pattern);
    snprintf(text, sizeof text, "cannot list '%s': Input/output error", folder);
    for (int i = 0; i < 4; i++) { /* of itself, its parent, and two names */
        struct lt_tail_scan scan = {.pattern = path, .inotify_fd = -1};
        failing_readdir_names = i;
        int code = lt_tail_scan_run(&scan);
        failing_readdir_names = -1;
        assert_int_equal(code, LT_E_IO);
        assert_string_equal(scan.error.text, text);
        lt_tail_scan_clear(&scan);
    }
}

static void a_directory_that_is_not_listed_to_its_end_is_an_error(void **state)
{
    struct world world;
    char path[SCRATCH_PATH_SIZE + 32];
    (void)state;
    world_init(&world, 3);
    add(&world, "line 0\n");
    snprintf(path, sizeof path, "%s/in", world.folder);
    assert_int_equal(mkdir(path, 0755), 0);
    expect_failed_listing(world.folder, "*.log");
    expect_failed_listing(world.folder, "*/x.log");
    world_fini(&world);
}

static void a_reader_can_be_stopped_at_any_moment(void **state)
{
    (void)state;
    for (unsigned steps = 0; steps < 60; steps++) {
        struct world world;
        world_init(&world, steps);
        add(&world, "line 0\nline 1\n");
        for (unsigned i = 0; i < steps; i++)
            step(&world);
        world_fini(&world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_come_whole_and_once_whatever_the_reads_give),
        cmocka_unit_test(files_that_were_found_and_not_read_are_read_in_their_order),
        cmocka_unit_test(a_disk_that_fails_is_told_with_file_and_byte),
        cmocka_unit_test(a_read_that_fails_ends_the_query),
        cmocka_unit_test(a_directory_that_is_not_listed_to_its_end_is_an_error),
        cmocka_unit_test(a_reader_can_be_stopped_at_any_moment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
