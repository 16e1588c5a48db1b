/*
 * The sinks that give rows to a process, by epochs and by micro-batches, on every reactor.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/arena.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "io/foreach.h"
#include "io/foreach_child.h"
#include "io/outbox.h"
#include "tests/support/stream_world.h"
#include "tests/support/writer_world.h"

enum { STEPS_MAX = 600000, ALARM_S = 600 };

static void open_type(struct writer_world *world, const struct lt_sink_type *type,
                      const char *command, const char *more)
{
    char option[512];
    snprintf(option, sizeof option, "command=cd %s; %s", world->folder, command);
    const char *const options[] = {option, more, NULL};
    if (writer_world_bind(world, type, options) != 0 || writer_world_open(world) != 0)
        fail_msg("%s", world->error.text);
}

static void start_type(struct writer_world *world, const char *rung,
                       const struct lt_sink_type *type, const char *command, const char *more)
{
    writer_world_init(world, rung);
    open_type(world, type, command, more);
}

static void start_with(struct writer_world *world, const char *rung, const char *command,
                       const char *more)
{
    start_type(world, rung, &lt_foreach_sink_type, command, more);
}

static void start(struct writer_world *world, const char *rung, const char *command)
{
    start_with(world, rung, command, NULL);
}

/* --------------------------------------------------------------------------------- by epochs */

static void a_process_sees_rows_and_epochs(const char *rung)
{
    struct writer_world world;
    start(&world, rung, "echo lane $LEAT_LANE >got; tee -a got | grep --line-buffered epoch");
    writer_world_write(&world, "one");
    assert_true(writer_world_end_epoch(&world));
    writer_world_write(&world, "two");
    assert_true(writer_world_end_epoch(&world));
    writer_world_close(&world);
    char *got = scratch_read("%s/got", world.folder);
    assert_string_equal(got, "lane 0\n{\"value\":\"one\"}\n{\"epoch\":0}\n{\"value\":\"two\"}\n"
                             "{\"epoch\":1}\n");
    free(got);
    writer_world_fini(&world);
}

static void an_epoch_waits_for_its_answer(const char *rung)
{
    struct writer_world world;
    struct lt_text_buffer note;
    lt_text_init(&note);
    start(&world, rung,
          "while read -r line; do case $line in *epoch*) until [ -e go ]; do sleep 0.05; done; "
          "echo $line;; esac; done");
    writer_world_write(&world, "one");
    world.writer->ops->prepare(world.writer, 0);
    for (int i = 0; i < 500; i++) {
        writer_world_step(&world);
        assert_int_equal(world.writer->ops->prepared(world.writer, 0, &note), 0);
    }
    scratch_write("", "%s/go", world.folder);
    int status = 0;
    for (int i = 0; i < STEPS_MAX && status == 0; i++) {
        writer_world_step(&world);
        status = world.writer->ops->prepared(world.writer, 0, &note);
    }
    assert_int_equal(status, 1);
    lt_text_fini(&note);
    writer_world_fini(&world);
}

static void expect_end(struct writer_world *world, const char *text)
{
    assert_false(writer_world_end_epoch(world));
    if (strstr(world->writer->error.text, text) == NULL)
        fail_msg("said: %s", world->writer->error.text);
    writer_world_fini(world);
}

static void a_process_that_ends_ends_the_query(const char *rung)
{
    struct writer_world world;
    start(&world, rung, "read line; echo first >&2; echo bad luck >&2; exit 3");
    writer_world_write(&world, "one");
    expect_end(&world, "the process ended with status 3 before the query did; it said: bad luck");
    start(&world, rung, "kill -9 $$");
    expect_end(&world, "the process was killed by signal 9 (Killed) before the query did");
    start(&world, rung, "exit 0");
    expect_end(&world, "the process ended with status 0 before the query did");
    start(&world, rung, "no-such-program-anywhere");
    expect_end(&world, "ended with status 127 before the query did; it said: ");
    start(&world, rung, "echo '{\"epoch\":7}'; cat >/dev/null");
    expect_end(&world, "the process has answered epoch 7, which it was not given");
}

static void keep_last(void *context, enum lt_log_level level, const char *text)
{
    (void)level;
    snprintf(context, 512, "%s", text);
}

static void a_process_that_does_not_answer_is_told_of_and_given_up(const char *rung)
{
    struct writer_world world;
    char said[512] = "";
    struct lt_text_buffer note;
    lt_text_init(&note);
    start_with(&world, rung, "cat >/dev/null", "timeout=20s");
    assert_int_equal(world.writer->ops->deadline_ns(world.writer), LT_NEVER_NS);
    world.writer->ops->prepare(world.writer, 0);
    assert_int_equal(world.writer->ops->deadline_ns(world.writer),
                     lt_clock_now_ns(&world.clock.clock) + 10 * (int64_t)LT_NS_PER_S);
    lt_log_set_sink(keep_last, said);
    lt_clock_manual_advance(&world.clock, 9 * (int64_t)LT_NS_PER_S);
    writer_world_step(&world);
    assert_string_equal(said, "");
    lt_clock_manual_advance(&world.clock, LT_NS_PER_S);
    writer_world_step(&world);
    assert_non_null(strstr(said, "has been given epoch 0 and has not answered for 10s"));
    assert_false(world.is_broken);
    lt_clock_manual_advance(&world.clock, 10 * (int64_t)LT_NS_PER_S);
    writer_world_step(&world);
    lt_log_set_sink(NULL, NULL);
    assert_true(world.is_broken);
    assert_int_equal(world.writer->ops->prepared(world.writer, 0, &note), -1);
    if (strstr(world.writer->error.text,
               "the process has not answered for 20.0 s (option timeout); hint: it prints the line "
               "{\"epoch\":0}") == NULL)
        fail_msg("said: %s", world.writer->error.text);
    lt_text_fini(&note);
    writer_world_fini(&world);
}

/* Rows until no more is taken: the pipe is full, and both batches behind it. Nobody reads. */
static void fill(struct writer_world *world)
{
    enum { TEXT_BYTES = 100000, AGAIN = 100 };
    char *text = lt_alloc(TEXT_BYTES);
    struct lt_fault *fault = NULL;
    enum lt_write result = LT_WRITE_DONE;
    memset(text, 'x', TEXT_BYTES);
    for (int i = 0; i < AGAIN; i += result == LT_WRITE_FULL) {
        struct lt_row *row = lt_row_claim(world->pool);
        lt_row_values(row)[0].bytes =
            (struct lt_bytes){.data = (const uint8_t *)text, .size_bytes = TEXT_BYTES};
        result = world->writer->ops->write(world->writer, row, &fault);
        if (result == LT_WRITE_FULL)
            lt_row_release(row);
        else
            assert_int_equal(result, LT_WRITE_DONE);
        world->writer->ops->flush(world->writer);
        writer_world_step(world);
    }
    free(text);
}

static void expect_warning(struct writer_world *world, char *said)
{
    assert_int_equal(world->writer->ops->deadline_ns(world->writer),
                     lt_clock_now_ns(&world->clock.clock) + 10 * (int64_t)LT_NS_PER_S);
    lt_log_set_sink(keep_last, said);
    lt_clock_manual_advance(&world->clock, 9 * (int64_t)LT_NS_PER_S);
    writer_world_step(world);
    assert_string_equal(said, "");
    lt_clock_manual_advance(&world->clock, LT_NS_PER_S);
    writer_world_step(world);
    assert_non_null(strstr(said, "has not read for 10s: rows wait"));
    assert_false(world->is_broken);
    lt_log_set_sink(NULL, NULL);
}

static void a_process_that_does_not_read_is_told_of_and_given_up(const char *rung)
{
    struct writer_world world;
    char said[512] = "";
    start_type(&world, rung, &lt_foreach_batch_sink_type,
               "until [ -e go ]; do sleep 0.02; done; cat >/dev/null", "timeout=20s");
    fill(&world);
    expect_warning(&world, said);
    lt_clock_manual_advance(&world.clock, 10 * (int64_t)LT_NS_PER_S);
    writer_world_step(&world);
    assert_true(world.is_broken);
    if (strstr(world.writer->error.text, "the process has not read for 20.0 s (option timeout); "
                                         "hint: it reads its standard input to the end") == NULL)
        fail_msg("said: %s", world.writer->error.text);
    scratch_write("", "%s/go", world.folder);
    writer_world_fini(&world);
}

static void a_process_that_reads_again_goes_on(const char *rung)
{
    struct writer_world world;
    char said[512] = "";
    start_with(&world, rung,
               "until [ -e go ]; do sleep 0.02; done; exec grep --line-buffered epoch",
               "timeout=1h");
    fill(&world);
    expect_warning(&world, said);
    scratch_write("", "%s/go", world.folder);
    assert_true(writer_world_end_epoch(&world));
    assert_int_equal(world.writer->ops->deadline_ns(world.writer), LT_NEVER_NS);
    writer_world_fini(&world);
}

/* ------------------------------------------------------------------------------------- the end */

static void what_nobody_reads_does_not_keep_a_box_from_its_end(const char *rung)
{
    enum { TEXT_BYTES = 1024 * 1024, STEPS = 100 };
    struct writer_world world;
    struct lt_writer writer = {0};
    struct lt_outbox box;
    int pipes[2];
    writer_world_init(&world, rung);
    assert_int_equal(pipe(pipes), 0);
    lt_outbox_init(&box, &(struct lt_outbox_options){.reactor = world.reactor,
                                                     .clock = &world.clock.clock,
                                                     .writer = &writer,
                                                     .fd = pipes[1]});
    for (int i = 0; i < TEXT_BYTES; i++)
        lt_text_append_char(lt_outbox_bytes(&box), 'x');
    lt_outbox_end_row(&box, 1);
    for (int i = 0; i < STEPS; i++)
        if (lt_reactor_poll(world.reactor) == 0)
            usleep(100);
    lt_outbox_fini(&box); /* the alarm of main ends the test otherwise */
    assert_int_equal(world.reactor->pending_count, 0);
    close(pipes[0]);
    close(pipes[1]);
    writer_world_fini(&world);
}

static void ignore_line(void *context, char *line)
{
    (void)context;
    (void)line;
}

static void ignore_log(void *context, enum lt_log_level level, const char *text)
{
    (void)context;
    (void)level;
    (void)text;
}

/* It returns: the alarm of main ends the test otherwise. */
static void stop_process(const char *rung, const char *command, int64_t grace_ns)
{
    struct writer_world world;
    const char *const environment[] = {NULL};
    writer_world_init(&world, rung);
    struct lt_child *child = lt_alloc(sizeof *child);
    child->reactor = world.reactor;
    child->on_line = ignore_line;
    assert_int_equal(lt_child_start(child, command, environment, &world.error), 0);
    while (child->last_error[0] == '\0') /* it has begun to write */
        if (lt_reactor_poll(world.reactor) == 0)
            usleep(100);
    lt_child_stop(child, grace_ns);
    assert_true(child->has_ended);
    free(child);
    writer_world_fini(&world);
}

static void a_process_that_goes_on_writing_can_be_stopped(const char *rung)
{
    lt_log_set_sink(ignore_log, NULL);
    stop_process(rung, "yes >&2", 0);
    stop_process(rung, "yes & yes >&2", 0);
    stop_process(rung, "trap '' TERM; (trap '' TERM; yes >&2) & yes >&2", 0);
    stop_process(rung, "yes >&2 & sleep 0.1", 60 * (int64_t)LT_NS_PER_S); /* its child goes on */
    lt_log_set_sink(NULL, NULL);
}

/* -------------------------------------------------------------------------------- by batches */

#define ANSWER                                                                                     \
    "while read -r line; do echo \"$line\" >>got; case $line in *'\"end\"'*) "                     \
    "echo \"${line%%,*}}\";; esac; done"

static void a_process_is_given_batches_by_their_numbers(const char *rung)
{
    struct writer_world world;
    start_type(&world, rung, &lt_foreach_batch_sink_type, ANSWER, NULL);
    writer_world_write(&world, "one");
    writer_world_write(&world, "two");
    assert_true(writer_world_end_epoch(&world));
    assert_true(writer_world_end_epoch(&world)); /* one without rows */
    writer_world_close(&world);
    world.next_epoch = 7; /* the query goes on there */
    open_type(&world, &lt_foreach_batch_sink_type, ANSWER, NULL);
    writer_world_write(&world, "three");
    assert_true(writer_world_end_epoch(&world));
    writer_world_close(&world);
    char *got = scratch_read("%s/got", world.folder);
    assert_string_equal(
        got, "{\"batchId\":0,\"event\":\"begin\"}\n{\"value\":\"one\"}\n{\"value\":\"two\"}\n"
             "{\"batchId\":0,\"event\":\"end\"}\n"
             "{\"batchId\":1,\"event\":\"begin\"}\n{\"batchId\":1,\"event\":\"end\"}\n"
             "{\"batchId\":7,\"event\":\"begin\"}\n{\"value\":\"three\"}\n"
             "{\"batchId\":7,\"event\":\"end\"}\n");
    free(got);
    writer_world_fini(&world);
}

static void expect_user_error(struct writer_world *world, const char *text)
{
    assert_false(writer_world_end_epoch(world));
    assert_string_equal(world->writer->error.condition, "FOREACH_BATCH_USER_FUNCTION_ERROR");
    assert_string_equal(world->writer->error.sqlstate, "39000");
    if (strstr(world->writer->error.text, text) == NULL)
        fail_msg("said: %s", world->writer->error.text);
    writer_world_fini(world);
}

static void a_process_that_refuses_a_batch_ends_the_query(const char *rung)
{
    struct writer_world world;
    const struct lt_sink_type *type = &lt_foreach_batch_sink_type;
    start_type(&world, rung, type,
               "read line; echo '{\"batchId\":0,\"error\":\"no \\\"room\\\"\"}'; cat >/dev/null",
               NULL);
    writer_world_write(&world, "one");
    expect_user_error(&world, "function in foreach batch sink. Reason: no \"room\"");
    start_type(&world, rung, type, "read line; echo bad luck >&2; exit 3", NULL);
    expect_user_error(&world, "Reason: the process ended with status 3 before the query did; it "
                              "said: bad luck");
    start_type(&world, rung, type, "echo '{\"batchId\":7}'; cat >/dev/null", NULL);
    expect_end(&world, "the process has answered batchId 7, which it was not given");
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
        {"a process sees rows and epochs", a_process_sees_rows_and_epochs},
        {"an epoch waits for its answer", an_epoch_waits_for_its_answer},
        {"a process that ends ends the query", a_process_that_ends_ends_the_query},
        {"a process that does not answer is told of and given up",
         a_process_that_does_not_answer_is_told_of_and_given_up},
        {"a process that does not read is told of and given up",
         a_process_that_does_not_read_is_told_of_and_given_up},
        {"a process that reads again goes on", a_process_that_reads_again_goes_on},
        {"what nobody reads does not keep a box from its end",
         what_nobody_reads_does_not_keep_a_box_from_its_end},
        {"a process that goes on writing can be stopped",
         a_process_that_goes_on_writing_can_be_stopped},
        {"a process is given batches by their numbers",
         a_process_is_given_batches_by_their_numbers},
        {"a process that refuses a batch ends the query",
         a_process_that_refuses_a_batch_ends_the_query},
    };
    enum { COUNT = sizeof cases / sizeof cases[0] };
    static case_fn *runs[COUNT];
    struct CMUnitTest tests[COUNT];
    signal(SIGPIPE, SIG_IGN); /* as the programs do */
    (void)alarm(ALARM_S);
    for (int i = 0; i < COUNT; i++) {
        runs[i] = cases[i].run;
        tests[i] = (struct CMUnitTest){
            .name = cases[i].name, .test_func = run_on_every_rung, .initial_state = &runs[i]};
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
