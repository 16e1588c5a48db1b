/*
 * Standard input and output where they are not as one would like: reads and writes that are short
 * or interrupted, descriptors that do not wait, and disks that fail. On the fake reactor, which
 * gives any result, and on the real ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/foreach.h"
#include "io/stdin.h"
#include "io/stdout.h"
#include "tests/support/fake_reactor.h"
#include "tests/support/stream_world.h"
#include "tests/support/writer_world.h"

enum { SEEDS = 40, LINES = 200, STEPS_MAX = 100000, LOOKS = 200, FEW = 8 };

static void do_not_wait(int fd)
{
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
}

/* Takes or gives a few bytes at a time, and is interrupted by turns; which turn it is. */
static unsigned turn;

static bool answer_shortly(void *context, const struct lt_io *io, int64_t *result)
{
    (void)context;
    uint32_t size = turn % 4 + 1;
    size = size < io->size_bytes ? size : io->size_bytes;
    if ((io->kind != LT_IO_READ && io->kind != LT_IO_WRITE) || io->offset >= 0)
        return false;
    if (++turn % 3 == 0) {
        *result = turn % 2 == 0 ? -EINTR : -EAGAIN;
        return true;
    }
    ssize_t moved = io->kind == LT_IO_READ ? read(io->fd, io->buffer, size)
                                           : write(io->fd, io->buffer, size);
    *result = moved;
    return moved >= 0; /* else it waits, as the operation itself would */
}

/* --------------------------------------------------------------------------------------- stdin */

struct input {
    struct stream_world *world;
    struct lt_clock_manual clock;
    int from, to; /* the pipe's ends */
};

static void open_input(struct input *input, const char *option)
{
    int pipes[2];
    const char *const options[] = {option, NULL};
    assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
    if (stream_world_bind(input->world, &lt_stdin_source_type, options) != 0)
        fail_msg("%s", input->world->error.text);
    lt_stdin_set_fd(input->world->source, pipes[0]);
    input->from = pipes[0];
    input->to = pipes[1];
    do_not_wait(input->from);
    assert_int_equal(stream_world_open(input->world), 0);
}

static void open_fake_input(struct input *input, uint64_t seed)
{
    lt_clock_manual_init(&input->clock, 5000, 1700000000000000);
    input->world = stream_world_create_on(fake_reactor_create(seed, &input->clock),
                                          &input->clock.clock);
}

static void close_input(struct input *input)
{
    stream_world_destroy(input->world);
    close(input->from);
}

static void step_to_end(struct input *input)
{
    for (int i = 0; i < STEPS_MAX && input->world->status != LT_POLL_ENDED; i++) {
        stream_world_step(input->world);
        lt_clock_manual_advance(&input->clock, LT_NS_PER_MS);
    }
    assert_int_equal(input->world->status, LT_POLL_ENDED);
}

static void check_lines_arrive(uint64_t seed, bool has_spool)
{
    struct input input;
    char text[32], option[SCRATCH_PATH_SIZE + 16];
    open_fake_input(&input, seed);
    snprintf(option, sizeof option, "spool=%s/spool", input.world->folder);
    open_input(&input, has_spool ? option : NULL);
    fake_reactor_set_hook(input.world->reactor, answer_shortly, NULL);
    for (uint32_t i = 0; i < LINES; i++) {
        int size = snprintf(text, sizeof text, "line %u\n", i);
        assert_int_equal(write(input.to, text, (size_t)size), size);
        stream_world_step(input.world);
    }
    close(input.to);
    step_to_end(&input);
    assert_int_equal(input.world->text_count, LINES);
    for (uint32_t i = 0; i < LINES; i++) {
        snprintf(text, sizeof text, "line %u", i);
        assert_string_equal(input.world->texts[i], text);
    }
    close_input(&input);
}

static void short_and_interrupted_reads_lose_nothing(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        check_lines_arrive(seed, seed % 2 == 0);
}

/* Of a terminal that was hung up EIO is the end; of anything else it is what it says. */
static void a_disk_that_fails_is_no_end_of_the_input(void **state)
{
    (void)state;
    struct input input;
    open_fake_input(&input, 1);
    open_input(&input, NULL);
    fake_reactor_fail(input.world->reactor, LT_IO_READ, 0, -EIO);
    for (int i = 0; i < LOOKS && input.world->status != LT_POLL_FAILED; i++)
        stream_world_step(input.world);
    assert_int_equal(input.world->status, LT_POLL_FAILED);
    assert_string_equal(input.world->reader->error.text,
                        "source stdin: cannot read after byte 0: Input/output error");
    close(input.to);
    close_input(&input);
}

/* The shell, or whoever else has the pipe, has set O_NONBLOCK: that is no reason to spin. */
static void an_input_that_does_not_wait_is_waited_for(const char *rung)
{
    struct input input = {.world = stream_world_create(rung)};
    uint32_t completed = 0, count;
    open_input(&input, NULL);
    for (int i = 0; i < LOOKS; i++) {
        input.world->reader->ops->poll(input.world->reader, &input.world->out, 16, &count);
        completed += lt_reactor_poll(input.world->reactor);
        usleep(200);
    }
    assert_in_range(completed, 0, FEW);
    assert_int_equal(write(input.to, "one\ntwo", 7), 7);
    stream_world_read(input.world, 1);
    close(input.to);
    stream_world_read(input.world, 2);
    assert_string_equal(input.world->texts[1], "two");
    close_input(&input);
}

/* -------------------------------------------------------------------------------------- stdout */

struct output {
    struct writer_world world;
    int from, to;
};

static void open_output(struct output *output, const char *rung)
{
    static const char *const options[] = {NULL};
    int pipes[2];
    assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
    output->from = pipes[0];
    output->to = pipes[1];
    do_not_wait(output->from);
    do_not_wait(output->to);
    writer_world_init(&output->world, rung);
    assert_int_equal(writer_world_bind(&output->world, &lt_stdout_sink_type, options), 0);
    lt_stdout_set_fd(output->world.sink, output->to);
    assert_int_equal(writer_world_open(&output->world), 0);
}

static void close_output(struct output *output)
{
    writer_world_fini(&output->world);
    close(output->from);
    close(output->to);
}

static size_t take(struct output *output, char *bytes, size_t size_bytes)
{
    size_t got = 0;
    for (int i = 0; i < STEPS_MAX && got < size_bytes; i++) {
        writer_world_step(&output->world);
        ssize_t size = read(output->from, bytes + got, size_bytes - got);
        got += size > 0 ? (size_t)size : 0;
    }
    return got;
}

static void short_and_interrupted_writes_lose_nothing(void **state)
{
    (void)state;
    struct output output;
    struct lt_text_buffer wanted;
    char text[32], *bytes;
    lt_text_init(&wanted);
    open_output(&output, NULL);
    fake_reactor_set_hook(output.world.reactor, answer_shortly, NULL);
    for (uint32_t i = 0; i < LINES; i++) {
        snprintf(text, sizeof text, "line %u", i);
        lt_text_format(&wanted, "%s\n", text);
        writer_world_write(&output.world, text);
    }
    bytes = malloc(wanted.size_bytes);
    assert_int_equal(take(&output, bytes, wanted.size_bytes), wanted.size_bytes);
    assert_memory_equal(bytes, wanted.data, wanted.size_bytes);
    free(bytes);
    lt_text_fini(&wanted);
    close_output(&output);
}

static void an_output_that_does_not_wait_is_waited_for(const char *rung)
{
    enum { BYTES = 300000 }; /* more than a pipe holds */
    struct output output;
    uint32_t completed = 0;
    char *large = malloc(BYTES), *bytes = malloc(BYTES);
    open_output(&output, rung);
    memset(large, 'x', BYTES);
    large[BYTES - 1] = '\0';
    writer_world_write(&output.world, large);
    for (int i = 0; i < LOOKS; i++) {
        assert_true(output.world.writer->ops->poll(output.world.writer, NULL) >= 0);
        completed += lt_reactor_poll(output.world.reactor);
        usleep(200);
    }
    assert_in_range(completed, 0, FEW);
    assert_int_equal(take(&output, bytes, BYTES), BYTES);
    large[BYTES - 1] = '\n';
    assert_memory_equal(bytes, large, BYTES);
    free(large);
    free(bytes);
    close_output(&output);
}

static void an_output_that_fails_ends_the_query(void **state)
{
    (void)state;
    static const int results[] = {-ENOSPC, -EIO, -EPIPE};
    for (size_t i = 0; i < sizeof results / sizeof results[0]; i++) {
        struct output output;
        open_output(&output, NULL);
        fake_reactor_fail(output.world.reactor, LT_IO_WRITE, 0, results[i]);
        writer_world_write(&output.world, "one");
        assert_false(writer_world_end_epoch(&output.world));
        assert_memory_equal(output.world.writer->error.text,
                            "sink stdout: cannot write to standard output: ", 46);
        close_output(&output);
    }
}

/* ------------------------------------------------------------------------------------- foreach */

/* A process is given lines of JSON: that is what it can count on. */
static void a_process_has_no_choice_of_lines(void **state)
{
    (void)state;
    static const char *const pairs[] = {"lineSep=|", "format=csv", "frame=length4", "sep=;"};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct writer_world world;
        const char *const options[] = {"command=cat", pairs[i], NULL};
        writer_world_init(&world, NULL);
        assert_true(writer_world_bind(&world, &lt_foreach_sink_type, options) < 0);
        assert_non_null(strstr(world.error.text, "sink foreach: "));
        writer_world_fini(&world);
    }
}

static int bind_foreach(const char *ddl, const char *option, struct lt_error *error)
{
    struct writer_world world;
    const char *const options[] = {"command=cat", option, NULL};
    writer_world_init(&world, NULL);
    assert_int_equal(lt_type_parse_ddl(ddl, world.arena, &world.schema, NULL), 0);
    int code = writer_world_bind(&world, &lt_foreach_sink_type, options);
    *error = world.error;
    writer_world_fini(&world);
    return code;
}

/* What is NULL is left out, so that a row of several columns may look like one of one. */
static void a_row_that_looks_like_the_end_of_an_epoch_is_refused(void **state)
{
    (void)state;
    struct lt_error error;
    assert_int_equal(bind_foreach("epoch BIGINT", NULL, &error), LT_E_INVALID);
    assert_int_equal(bind_foreach("x STRING, epoch DECIMAL(9,0)", NULL, &error), LT_E_INVALID);
    assert_non_null(strstr(error.text, "hint: give the column another name, or set ignoreNull"));
    assert_int_equal(bind_foreach("x STRING, epoch INT", "ignoreNullFields=false", &error), 0);
    assert_int_equal(bind_foreach("x STRING NOT NULL, epoch INT", NULL, &error), 0);
    assert_int_equal(bind_foreach("x STRING, epoch STRING", NULL, &error), 0);
    assert_int_equal(bind_foreach("x STRING, Epoch INT", NULL, &error), 0);
}

/* ---------------------------------------------------------------------------------------- main */

static void on_every_rung(void (*run)(const char *rung))
{
    for (const char *const *rung = stream_world_rungs; *rung != NULL; rung++)
        if (stream_world_has_rung(*rung))
            run(*rung);
}

static void descriptors_that_do_not_wait_are_waited_for(void **state)
{
    (void)state;
    on_every_rung(an_input_that_does_not_wait_is_waited_for);
    on_every_rung(an_output_that_does_not_wait_is_waited_for);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_and_interrupted_reads_lose_nothing),
        cmocka_unit_test(a_disk_that_fails_is_no_end_of_the_input),
        cmocka_unit_test(short_and_interrupted_writes_lose_nothing),
        cmocka_unit_test(an_output_that_fails_ends_the_query),
        cmocka_unit_test(descriptors_that_do_not_wait_are_waited_for),
        cmocka_unit_test(a_process_has_no_choice_of_lines),
        cmocka_unit_test(a_row_that_looks_like_the_end_of_an_epoch_is_refused),
    };
    signal(SIGPIPE, SIG_IGN); /* as the programs do */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
