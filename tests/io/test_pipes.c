/*
 * Standard input and standard output, with pipes in their place, on every reactor.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/clock.h"
#include "io/stdin.h"
#include "io/stdout.h"
#include "tests/support/fake_reactor.h"
#include "tests/support/stream_world.h"
#include "tests/support/writer_world.h"

#define TEXTS(...) (const char *const[]){__VA_ARGS__}

enum { STEPS_MAX = 600000, FULL_STEPS = 300 };

/* --------------------------------------------------------------------------------------- stdin */

struct input {
    struct stream_world *world;
    int fd; /* what is written there is read */
};

/* Binds with the options, in the world that is there, and opens on another pipe. */
static void input_bind(struct input *input, const char *const *options)
{
    int pipes[2];
    assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
    if (stream_world_bind(input->world, &lt_stdin_source_type, options) != 0)
        fail_msg("%s", input->world->error.text);
    lt_stdin_set_fd(input->world->source, pipes[0]);
    input->fd = pipes[1];
}

static void input_init(struct input *input, const char *rung, const char *const *options)
{
    input->world = stream_world_create(rung);
    input_bind(input, options);
    assert_int_equal(stream_world_open(input->world), 0);
}

static void put(const struct input *input, const char *text)
{
    assert_int_equal(write(input->fd, text, strlen(text)), (ssize_t)strlen(text));
}

static void input_ends_the_query_with_its_last_line(const char *rung)
{
    static const char *const options[] = {NULL};
    struct input input;
    input_init(&input, rung, options);
    put(&input, "one\ntw");
    stream_world_read(input.world, 1);
    put(&input, "o\nlast");
    stream_world_read(input.world, 2);
    assert_int_equal(input.world->status == LT_POLL_ENDED, 0);
    close(input.fd);
    stream_world_read(input.world, 3);
    assert_string_equal(input.world->texts[1], "two");
    assert_string_equal(input.world->texts[2], "last");
    for (int i = 0; i < STEPS_MAX && input.world->status != LT_POLL_ENDED; i++)
        stream_world_step(input.world);
    assert_int_equal(input.world->status, LT_POLL_ENDED);
    struct lt_position position;
    input.world->reader->ops->position(input.world->reader, &position);
    assert_int_equal(position.offset, 12);
    stream_world_close_reader(input.world); /* a run that begins again finds the end */
    assert_int_equal(stream_world_open(input.world), 0);
    stream_world_step(input.world);
    assert_int_equal(input.world->status, LT_POLL_ENDED);
    stream_world_destroy(input.world);
}

static void a_reader_that_waits_can_be_closed(const char *rung)
{
    static const char *const options[] = {NULL};
    struct input input;
    input_init(&input, rung, options);
    stream_world_rest(input.world);
    stream_world_close_reader(input.world); /* asserts that nothing is pending */
    close(input.fd);
    stream_world_destroy(input.world);
}

static void a_record_that_is_cut_off_is_an_error(const char *rung)
{
    static const char *const options[] = {"frame=length4", "format=raw", NULL};
    struct input input;
    input_init(&input, rung, options);
    assert_int_equal(write(input.fd, "\0\0\0\2ab\0\0\0\5c", 11), 11);
    close(input.fd);
    for (int i = 0; i < STEPS_MAX && input.world->status != LT_POLL_FAILED; i++)
        stream_world_step(input.world);
    assert_int_equal(input.world->status, LT_POLL_FAILED);
    assert_int_equal(input.world->text_count, 1);
    assert_memory_equal(input.world->reader->error.text, "source stdin: ", 14);
    stream_world_destroy(input.world);
}

/* ------------------------------------------------------------------------------ stdin, spooled */

static void input_bind_spooled(struct input *input, const char *size)
{
    char option[SCRATCH_PATH_SIZE + 16];
    const char *const options[] = {option, size, NULL};
    snprintf(option, sizeof option, "spool=%s/spool", input->world->folder);
    input_bind(input, options);
}

static void input_init_spooled(struct input *input, const char *rung, const char *size)
{
    input->world = stream_world_create(rung);
    input_bind_spooled(input, size);
    assert_true((lt_source_traits(input->world->source) & LT_SOURCE_REPLAYABLE) != 0);
    assert_int_equal(stream_world_open(input->world), 0);
}

static char *offsets_of(struct stream_world *world)
{
    struct lt_position position;
    struct lt_text_buffer text;
    lt_text_init(&text);
    world->reader->ops->position(world->reader, &position);
    world->source->ops->positions_to_json(world->source, &position, &text);
    return lt_text_take(&text);
}

static bool is_settled(struct stream_world *world, const struct lt_position *position)
{
    struct lt_source_log log = {0};
    int code = world->source->ops->settle(world->source, 0, position, &log, &world->error);
    assert_true(code >= 0);
    return code == 1;
}

static void wait_until_settled(struct stream_world *world)
{
    struct lt_position position;
    world->reader->ops->position(world->reader, &position);
    for (int i = 0; i < STEPS_MAX; i++) {
        if (is_settled(world, &position))
            return;
        stream_world_step(world);
        usleep(100);
    }
    fail_msg("it did not settle");
}

static void step_to_end(struct input *input)
{
    input->world->status = LT_POLL_IDLE;
    for (int i = 0; i < STEPS_MAX && input->world->status != LT_POLL_ENDED; i++) {
        stream_world_step(input->world);
        usleep(100);
    }
    assert_int_equal(input->world->status, LT_POLL_ENDED);
}

static void end_input(struct input *input)
{
    close(input->fd);
    step_to_end(input);
}

/* It ends, and these are all its texts. */
static void end_input_with(struct input *input, uint32_t count, const char *const *texts)
{
    end_input(input);
    assert_int_equal(input->world->text_count, count);
    for (uint32_t i = 0; i < count; i++)
        assert_string_equal(input->world->texts[i], texts[i]);
}

/* Another process, with another pipe. */
static void input_begin_again(struct input *input, char *offsets)
{
    struct stream_world *world = input->world;
    stream_world_close_source(world);
    stream_world_forget(world);
    input_bind_spooled(input, NULL);
    assert_int_equal(world->source->ops->positions_from_json(world->source, offsets, &world->start,
                                                             &world->error),
                     0);
    free(offsets);
    assert_int_equal(stream_world_open(world), 0);
}

static void spooled_input_is_read_again(const char *rung)
{
    struct input input;
    input_init_spooled(&input, rung, NULL);
    put(&input, "one\ntwo\nhal");
    stream_world_read(input.world, 2);
    char *offsets = offsets_of(input.world);
    assert_string_equal(offsets, "{\"spooled\":8}");
    put(&input, "f\rthree\nunfinished");
    stream_world_read(input.world, 4);
    wait_until_settled(input.world);
    input_begin_again(&input, offsets);
    put(&input, "four\nlast");
    stream_world_read(input.world, 3);
    end_input_with(&input, 4, TEXTS("half", "three", "four", "last"));
    stream_world_destroy(input.world);
}

static void spooled_input_keeps_what_is_unfinished_between_runs(const char *rung)
{
    struct input input;
    input_init_spooled(&input, rung, NULL);
    put(&input, "one\ntw");
    stream_world_read(input.world, 1);
    stream_world_rest(input.world);
    stream_world_close_reader(input.world); /* and the run begins again, in this process */
    assert_int_equal(stream_world_open(input.world), 0);
    put(&input, "o\nlast");
    stream_world_read(input.world, 2);
    end_input_with(&input, 3, TEXTS("one", "two", "last"));
    stream_world_close_reader(input.world);
    assert_int_equal(stream_world_open(input.world), 0);
    step_to_end(&input);
    assert_int_equal(input.world->text_count, 3);
    stream_world_destroy(input.world);
}

/* What stands in front of a line that is too long is in the spool when the query has failed. */
static void spooled_input_keeps_what_came_before_what_is_none(const char *rung)
{
    struct input input;
    input_init_spooled(&input, rung, "maxRecordBytes=16");
    put(&input, "one\ntwo\nthis line is longer than sixteen bytes\nthree\n");
    for (int i = 0; i < STEPS_MAX && input.world->status != LT_POLL_FAILED; i++)
        stream_world_step(input.world);
    assert_int_equal(input.world->status, LT_POLL_FAILED);
    assert_non_null(strstr(input.world->reader->error.text, "maxRecordBytes"));
    close(input.fd);
    input_begin_again(&input, lt_strdup("{\"spooled\":0}"));
    stream_world_read(input.world, 2);
    end_input_with(&input, 2, TEXTS("one", "two"));
    stream_world_destroy(input.world);
}

enum { LINE_BYTES = 1000 /* a pipe takes all of them, or none */ };

/* Lines, until a spool of a mebibyte is full: no more goes through, though all of what did is on
 * the disk, which is what a spool that has room waits for. How many did. */
static uint32_t fill_spool(struct input *input)
{
    static char line[LINE_BYTES];
    struct lt_position position;
    uint32_t sent = 0;
    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = '\n';
    assert_int_equal(fcntl(input->fd, F_SETFL, O_NONBLOCK), 0);
    for (int i = 0, blocked = 0; blocked < FULL_STEPS; i++) {
        assert_true(i < STEPS_MAX);
        bool is_through = write(input->fd, line, sizeof line) == (ssize_t)sizeof line;
        sent += is_through;
        stream_world_step(input->world);
        input->world->reader->ops->position(input->world->reader, &position);
        blocked = is_through || !is_settled(input->world, &position) ? 0 : blocked + 1;
        if (!is_through)
            usleep(1000);
    }
    return sent;
}

static void a_full_spool_stops_the_input(const char *rung)
{
    struct input input;
    input_init_spooled(&input, rung, "spoolSize=1m");
    uint32_t sent = fill_spool(&input);
    assert_in_range(input.world->text_count, 900, 1100); /* 1 MiB of them, and no more */
    for (int i = 0; i < 100 && input.world->text_count < sent; i++) {
        struct lt_position position;
        wait_until_settled(input.world);
        input.world->reader->ops->position(input.world->reader, &position);
        input.world->source->ops->commit(input.world->source, 0, &position);
        stream_world_rest(input.world);
    }
    stream_world_read(input.world, sent);
    end_input(&input);
    stream_world_destroy(input.world);
}

/* Until the reader has taken what is in the pipe, which has to be less than it reads at a time. */
static void wait_until_taken(const struct input *input)
{
    int left = 1;
    for (int i = 0; i < STEPS_MAX && left > 0; i++) {
        stream_world_step(input->world);
        assert_int_equal(ioctl(input->fd, FIONREAD, &left), 0);
        usleep(50);
    }
    assert_int_equal(left, 0);
}

/* Rows that are not let go hold what was read, and so the reader hands nothing on. */
static void what_was_read_is_spooled_when_the_query_is_stopped(const char *rung)
{
    enum { HELD = 64 /* pieces that rows may hold */ };
    struct input input;
    stream_world_log[0] = '\0';
    input_init_spooled(&input, rung, NULL);
    input.world->holds_rows = true;
    for (uint32_t i = 0; i < HELD; i++) {
        put(&input, "one\n");
        stream_world_read(input.world, i + 1);
    }
    char *offsets = offsets_of(input.world);
    put(&input, "two\nthree\nunfinished");
    wait_until_taken(&input);
    stream_world_rest(input.world);
    assert_int_equal(input.world->text_count, HELD);
    close(input.fd);
    input_begin_again(&input, offsets);
    assert_non_null(strstr(stream_world_log,
                           "source stdin: 10 bytes that were read are lost, for they are not in "
                           "the spool \""));
    assert_non_null(strstr(stream_world_log, "/spool\": they are no whole record"));
    input.world->holds_rows = false;
    end_input_with(&input, 2, TEXTS("two", "three"));
    stream_world_destroy(input.world);
}

/* Its size is told: with what is in the spool it is all that was taken from the pipe. */
static void what_a_full_spool_cannot_keep_is_told_when_the_query_is_stopped(const char *rung)
{
    struct input input;
    int64_t lost;
    int left;
    stream_world_log[0] = '\0';
    input_init_spooled(&input, rung, "spoolSize=1m");
    int64_t sent_bytes = (int64_t)fill_spool(&input) * LINE_BYTES;
    stream_world_close_source(input.world);
    assert_int_equal(ioctl(input.fd, FIONREAD, &left), 0);
    close(input.fd);
    const char *said = strstr(stream_world_log, "source stdin: ");
    assert_non_null(said);
    assert_int_equal(sscanf(said, "source stdin: %" SCNd64 " bytes that were read are lost", &lost),
                     1);
    assert_non_null(strstr(said, "it had no room; hint: set \"spoolSize\" higher"));
    input_begin_again(&input, lt_strdup("{\"spooled\":0}"));
    end_input(&input);
    assert_int_equal((int64_t)input.world->text_count * LINE_BYTES + lost, sent_bytes - left);
    stream_world_destroy(input.world);
}

static void what_cannot_be_spooled_is_refused(const char *rung)
{
    struct input input = {.world = stream_world_create(rung)};
    char option[SCRATCH_PATH_SIZE + 16];
    snprintf(option, sizeof option, "spool=%s/spool", input.world->folder);
    const char *const whole[] = {option, "frame=whole", NULL}, *const other[] = {option, NULL};
    struct lt_position position;
    assert_int_equal(stream_world_bind(input.world, &lt_stdin_source_type, whole), LT_E_INVALID);
    assert_memory_equal(input.world->error.text,
                        "source stdin: \"whole\" cannot be used with a spool", 49);
    assert_int_equal(stream_world_bind(input.world, &lt_stdin_source_type, other), 0);
    assert_int_equal(
        input.world->source->ops->positions_from_json(input.world->source, "{\"spooled\":70}",
                                                      &position, &input.world->error),
        LT_E_DATA_LOSS);
    /* What was read without a spool is gone; with one it begins at the spool's. */
    assert_int_equal(
        input.world->source->ops->positions_from_json(input.world->source, "{\"bytes\":70}",
                                                      &position, &input.world->error),
        0);
    assert_int_equal(position.offset, 0);
    stream_world_close_source(input.world);
    assert_int_equal(stream_world_bind(input.world, &lt_stdin_source_type, other + 1), 0);
    assert_int_equal(
        input.world->source->ops->positions_from_json(input.world->source, "{\"spooled\":0}",
                                                      &position, &input.world->error),
        LT_E_CHECKPOINT);
    stream_world_destroy(input.world);
}

/* -------------------------------------------------------------------------------------- stdout */

struct output {
    struct writer_world world;
    int fd; /* what is written can be read there */
};

static void output_init(struct output *output, const char *rung)
{
    static const char *const options[] = {NULL};
    int pipes[2];
    assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
    writer_world_init(&output->world, rung);
    assert_int_equal(writer_world_bind(&output->world, &lt_stdout_sink_type, options), 0);
    lt_stdout_set_fd(output->world.sink, pipes[1]);
    assert_int_equal(writer_world_open(&output->world), 0);
    output->fd = pipes[0];
    assert_int_equal(fcntl(output->fd, F_SETFL, O_NONBLOCK), 0);
}

static void expect_bytes(struct output *output, const char *text)
{
    char bytes[256] = {0};
    size_t count = 0;
    for (int i = 0; i < STEPS_MAX && count < strlen(text); i++) {
        writer_world_step(&output->world);
        ssize_t size = read(output->fd, bytes + count, sizeof bytes - 1 - count);
        count += size > 0 ? (size_t)size : 0;
    }
    assert_string_equal(bytes, text);
}

static void rows_go_out_at_once(const char *rung)
{
    struct output output;
    output_init(&output, rung);
    writer_world_write(&output.world, "one");
    expect_bytes(&output, "one\n");
    writer_world_write(&output.world, "two");
    assert_true(writer_world_end_epoch(&output.world));
    expect_bytes(&output, "two\n");
    assert_int_equal(output.world.acked.value, 2);
    writer_world_fini(&output.world);
    close(output.fd);
}

/* Nothing is lost when the pipe is full, and the writer takes no more than it can hold. */
static void a_reader_that_is_slow_holds_the_rows_back(const char *rung)
{
    enum { ROW_BYTES = 1000, ROWS = 2000 };
    struct output output;
    char text[ROW_BYTES + 1];
    char *bytes = malloc(ROW_BYTES);
    uint64_t taken = 0, got = 0;
    bool was_full = false;
    output_init(&output, rung);
    memset(text, 'x', sizeof text);
    text[ROW_BYTES - 1] = '\0';
    while (got < (uint64_t)ROWS * ROW_BYTES) {
        struct lt_fault *fault = NULL;
        struct lt_row *row = taken < ROWS ? lt_row_claim(output.world.pool) : NULL;
        enum lt_write result = LT_WRITE_FULL;
        if (row != NULL) {
            lt_row_values(row)[0].bytes = (struct lt_bytes){.data = (const uint8_t *)text,
                                                            .size_bytes = ROW_BYTES - 1};
            result = output.world.writer->ops->write(output.world.writer, row, &fault);
            if (result == LT_WRITE_DONE)
                taken++;
            else
                lt_row_release(row);
        }
        if (result == LT_WRITE_DONE)
            continue;
        was_full |= taken < ROWS;
        output.world.writer->ops->flush(output.world.writer);
        writer_world_step(&output.world);
        ssize_t size = read(output.fd, bytes, ROW_BYTES);
        for (ssize_t i = 0; i < size; i++)
            assert_int_equal(bytes[i], (got + (uint64_t)i + 1) % ROW_BYTES == 0 ? '\n' : 'x');
        got += size > 0 ? (uint64_t)size : 0;
    }
    assert_true(was_full);
    free(bytes);
    writer_world_fini(&output.world);
    close(output.fd);
}

static void a_reader_that_has_gone_ends_the_query(const char *rung)
{
    struct output output;
    output_init(&output, rung);
    close(output.fd);
    writer_world_write(&output.world, "one");
    for (int i = 0; i < STEPS_MAX && !output.world.is_broken; i++)
        writer_world_step(&output.world);
    assert_true(output.world.is_broken);
    assert_string_equal(output.world.writer->error.condition, LT_STDOUT_CLOSED);
    writer_world_fini(&output.world);
}

static void a_writer_that_waits_can_be_closed(const char *rung)
{
    struct output output;
    static char large[200000];
    output_init(&output, rung);
    memset(large, 'x', sizeof large - 1);
    writer_world_write(&output.world, large); /* more than the pipe takes */
    for (int i = 0; i < 100; i++)
        writer_world_step(&output.world);
    writer_world_fini(&output.world); /* asserts that nothing is pending */
    close(output.fd);
}

/* ---------------------------------------------------------------------------------------- main */

typedef void case_fn(const char *rung);

static void run_on_every_rung(void **state)
{
    case_fn *const *run = *state;
    for (const char *const *rung = stream_world_rungs; *rung != NULL; rung++)
        if (stream_world_has_rung(*rung))
            (*run)(*rung);
}

int main(void)
{
    static const struct {
        const char *name;
        case_fn *run;
    } cases[] = {
        {"input ends the query with its last line", input_ends_the_query_with_its_last_line},
        {"a reader that waits can be closed", a_reader_that_waits_can_be_closed},
        {"a record that is cut off is an error", a_record_that_is_cut_off_is_an_error},
        {"spooled input is read again", spooled_input_is_read_again},
        {"spooled input keeps what is unfinished between runs",
         spooled_input_keeps_what_is_unfinished_between_runs},
        {"spooled input keeps what came before what is none",
         spooled_input_keeps_what_came_before_what_is_none},
        {"a full spool stops the input", a_full_spool_stops_the_input},
        {"what was read is spooled when the query is stopped",
         what_was_read_is_spooled_when_the_query_is_stopped},
        {"what a full spool cannot keep is told when the query is stopped",
         what_a_full_spool_cannot_keep_is_told_when_the_query_is_stopped},
        {"what cannot be spooled is refused", what_cannot_be_spooled_is_refused},
        {"rows go out at once", rows_go_out_at_once},
        {"a reader that is slow holds the rows back", a_reader_that_is_slow_holds_the_rows_back},
        {"a reader that has gone ends the query", a_reader_that_has_gone_ends_the_query},
        {"a writer that waits can be closed", a_writer_that_waits_can_be_closed},
    };
    enum { COUNT = sizeof cases / sizeof cases[0] };
    static case_fn *runs[COUNT];
    struct CMUnitTest tests[COUNT];
    signal(SIGPIPE, SIG_IGN); /* as the programs do */
    stream_world_keep_log();
    for (int i = 0; i < COUNT; i++) {
        runs[i] = cases[i].run;
        tests[i] = (struct CMUnitTest){
            .name = cases[i].name, .test_func = run_on_every_rung, .initial_state = &runs[i]};
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
