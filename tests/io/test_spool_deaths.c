/*
 * A process that spools its standard input dies before each of its steps in turn: reads, opens,
 * writes (of which a part may have reached the file), syncs, removals. Whoever goes on from its
 * last checkpoint finds every record that was said to be durable, whole and in order.
 *
 * The process is a real one, forked for each death; which step is its last the fake reactor
 * decides.
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
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/log.h"
#include "io/stdin.h"
#include "tests/support/fake_reactor.h"
#include "tests/support/stream_world.h"

enum {
    LINES = 48,
    BATCH = 4,
    LINE_BYTES = 20 * 1024, /* so that a segment, 64 KiB, has few */
    STEPS_MAX = 100000,
    DIED = 3,
    DEATHS_MAX = 2000,
};

/* What the dying process has said: its checkpoint, and how many lines were durable. */
struct report {
    char offsets[64];
    int32_t committed, durable;
};

struct life {
    struct lt_clock_manual clock;
    struct stream_world *world;
    int input, output; /* what is written there is read here */
};

static void keep_quiet(void *context, enum lt_log_level level, const char *text)
{
    (void)context;
    (void)level;
    (void)text;
}

/* An empty pipe would be waited for. */
static bool answer_empty(void *context, const struct lt_io *io, int64_t *result)
{
    struct pollfd one = {.fd = io->fd, .events = POLLIN};
    (void)context;
    if (io->kind != LT_IO_READ || io->offset >= 0 || poll(&one, 1, 0) > 0)
        return false;
    *result = -EAGAIN;
    return true;
}

static void life_init(struct life *life, uint64_t seed)
{
    int pipes[2];
    lt_clock_manual_init(&life->clock, 5000, 1700000000000000);
    struct lt_reactor *reactor = fake_reactor_create(seed, &life->clock);
    fake_reactor_set_hook(reactor, answer_empty, NULL);
    life->world = stream_world_create_on(reactor, &life->clock.clock);
    assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
    assert_true(fcntl(pipes[1], F_SETPIPE_SZ, 1024 * 1024) > 0);
    life->input = pipes[1];
    life->output = pipes[0];
}

static void life_fini(struct life *life)
{
    stream_world_destroy(life->world);
    close(life->output);
}

static void life_begin(struct life *life, const char *spool, const char *offsets)
{
    char option[SCRATCH_PATH_SIZE + 32];
    snprintf(option, sizeof option, "spool=%s", spool);
    const char *const options[] = {option, "spoolSize=1m", "spoolSyncInterval=0s", NULL};
    if (stream_world_bind(life->world, &lt_stdin_source_type, options) != 0)
        fail_msg("%s", life->world->error.text);
    lt_stdin_set_fd(life->world->source, life->output);
    struct stream_world *world = life->world;
    if (offsets[0] != '\0' &&
        world->source->ops->positions_from_json(world->source, offsets, &world->start,
                                                &world->error) != 0)
        fail_msg("%s", life->world->error.text);
    assert_int_equal(stream_world_open(life->world), 0);
}

static void make_line(int number, char line[LINE_BYTES])
{
    memset(line, 'a' + number % 26, LINE_BYTES);
    int size = snprintf(line, LINE_BYTES, "%d ", number);
    line[size] = 'x';
    line[LINE_BYTES - 1] = '\n';
}

static void put_line(const struct life *life, int number)
{
    static char line[LINE_BYTES];
    make_line(number, line);
    if (write(life->input, line, sizeof line) != (ssize_t)sizeof line)
        _exit(1);
}

static void step(struct life *life)
{
    stream_world_step(life->world);
    lt_clock_manual_advance(&life->clock, LT_NS_PER_MS);
    if (life->world->status == LT_POLL_FAILED)
        _exit(1);
    if (fake_reactor_has_stopped(life->world->reactor))
        _exit(DIED);
}

static bool is_settled(struct life *life, struct lt_position *position)
{
    struct lt_source_log log = {0};
    struct lt_source *source = life->world->source;
    life->world->reader->ops->position(life->world->reader, position);
    return source->ops->settle(source, 0, position, &log, &life->world->error) == 1;
}

/* A batch is read, said to be durable, and then the one before it is committed. */
static void spool_all(struct life *life, int report_fd)
{
    struct report report = {0};
    struct lt_position position, before = life->world->start;
    int before_count = 0;
    for (int number = 0; number < LINES; number += BATCH) {
        for (int i = 0; i < BATCH; i++)
            put_line(life, number + i);
        while (life->world->text_count < (uint32_t)(number + BATCH) || !is_settled(life, &position))
            step(life); /* bounded by the steps until its death */
        struct lt_text_buffer text;
        lt_text_init(&text);
        life->world->source->ops->positions_to_json(life->world->source, &before, &text);
        snprintf(report.offsets, sizeof report.offsets, "%s", lt_text_get(&text));
        lt_text_fini(&text);
        report.committed = before_count;
        report.durable = number + BATCH;
        if (write(report_fd, &report, sizeof report) != (ssize_t)sizeof report)
            _exit(1);
        life->world->source->ops->commit(life->world->source, 0, &before);
        before = position;
        before_count = number + BATCH;
    }
    close(life->input);
    while (life->world->status != LT_POLL_ENDED)
        step(life);
}

/* Lives until the given step. False: there are no more steps. */
static bool die_before(const char *spool, unsigned steps, struct report *report)
{
    int reports[2], status;
    struct life life;
    life_init(&life, steps);
    assert_int_equal(pipe2(reports, O_CLOEXEC), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        life_begin(&life, spool, "");
        fake_reactor_crash_after(life.world->reactor, steps);
        spool_all(&life, reports[1]);
        _exit(0);
    }
    close(reports[1]);
    close(life.input);
    life_fini(&life);
    *report = (struct report){0};
    while (read(reports[0], report, sizeof *report) == (ssize_t)sizeof *report)
        continue; /* the last one counts */
    close(reports[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFEXITED(status) || (WEXITSTATUS(status) != DIED && WEXITSTATUS(status) != 0))
        fail_msg("before step %u: status %d", steps, status);
    return WEXITSTATUS(status) == DIED;
}

/* Reads on from the checkpoint, with nothing more in the pipe. */
static void expect_durable(const char *spool, unsigned steps, const struct report *report)
{
    static char line[LINE_BYTES];
    struct life life;
    life_init(&life, steps);
    life_begin(&life, spool, report->offsets);
    close(life.input);
    for (int i = 0; i < STEPS_MAX && life.world->status != LT_POLL_ENDED; i++) {
        stream_world_step(life.world);
        lt_clock_manual_advance(&life.clock, LT_NS_PER_MS);
        if (life.world->status == LT_POLL_FAILED)
            fail_msg("before step %u: %s", steps, life.world->reader->error.text);
    }
    int found = report->committed + (int)life.world->text_count;
    if (life.world->status != LT_POLL_ENDED || found < report->durable)
        fail_msg("before step %u: %d lines were durable, and %d are there", steps, report->durable,
                 found);
    for (int i = report->committed; i < found; i++) {
        make_line(i, line);
        line[LINE_BYTES - 1] = '\0';
        assert_string_equal(life.world->texts[i - report->committed], line);
    }
    life_fini(&life);
}

static void nothing_durable_is_lost_whatever_the_last_step_was(void **state)
{
    char folder[SCRATCH_PATH_SIZE], spool[SCRATCH_PATH_SIZE + 16];
    bool has_died = true;
    unsigned steps = 0;
    (void)state;
    for (; has_died && steps < DEATHS_MAX; steps++) {
        struct report report;
        scratch_create(folder);
        snprintf(spool, sizeof spool, "%s/spool", folder);
        has_died = die_before(spool, steps, &report);
        expect_durable(spool, steps, &report);
        scratch_remove(folder);
    }
    assert_false(has_died);
    assert_true(steps > LINES); /* the reads alone are as many */
    print_message("  %u deaths\n", steps - 1);
}

int main(void)
{
    lt_log_set_sink(keep_quiet, NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_durable_is_lost_whatever_the_last_step_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
