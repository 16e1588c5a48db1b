/*
 * A source that keeps a log of its own, at the coordinator: nothing of an epoch is logged before
 * the source has settled it, its entry is durable before the offsets are, and what it needs no more
 * goes when the epoch is done.
 */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/epoch/coordinator.h"
#include "tests/support/fake_reactor.h"
#include "tests/support/scratch.h"

static struct lt_source source, *sources[] = {&source};
static int settle_answer, settle_count;
static struct lt_clock_manual manual;
static struct lt_coordinator *coordinator;
static struct lt_checkpoint *checkpoint;
static struct lt_reactor *reactor;
static struct lt_source_log_reader log_reader;
static char scratch[SCRATCH_PATH_SIZE];
static struct lt_error failure;

static int settle(struct lt_source *of, uint64_t epoch, const struct lt_position *positions,
                  struct lt_source_log *log, struct lt_error *error)
{
    assert_ptr_equal(of, &source);
    if (settle_answer < 0)
        return lt_error_set(error, settle_answer, "the spool is full");
    if (settle_answer == 0)
        return 0;
    settle_count++;
    snprintf(log->name, sizeof log->name, "%" PRIu64 ".log", epoch);
    lt_text_format(&log->content, "up to %" PRId64, positions[0].offset);
    if (epoch > 0)
        lt_text_format(&log->deleted, "%" PRIu64 ".log\n", epoch - 1);
    return 1;
}

static void to_json(struct lt_source *of, const struct lt_position *positions,
                    struct lt_text_buffer *out)
{
    assert_ptr_equal(of, &source);
    assert_true(settle_count > 0); /* asked for after it has settled */
    lt_text_format(out, "[%" PRId64 "]", positions[0].offset);
}

static bool ask(void *context, uint32_t lane, uint64_t epoch)
{
    (void)context, (void)lane, (void)epoch;
    return true;
}

static int commit_sink(void *context, uint32_t sink, uint64_t epoch, const char *notes,
                       struct lt_error *error)
{
    (void)context, (void)sink, (void)epoch, (void)notes, (void)error;
    return 0;
}

static void done(void *context, uint64_t epoch, const struct lt_position *positions)
{
    (void)context, (void)epoch, (void)positions;
}

static struct lt_checkpoint *open_checkpoint(void)
{
    struct lt_checkpoint_options options = {.path = scratch,
                                            .source_count = 1,
                                            .sink_count = 1,
                                            .min_batches_to_retain = 2,
                                            .verify_checksums = true};
    struct lt_recovery recovery;
    struct lt_checkpoint *opened;
    assert_int_equal(lt_checkpoint_open(&options, &opened, &recovery, &failure), 0);
    assert_int_equal(lt_checkpoint_source_log(opened, 0, &log_reader, &failure), 0);
    assert_null(log_reader.positions);
    return opened;
}

static int set_up(void **state)
{
    static const struct lt_source_ops ops = {.positions_to_json = to_json, .settle = settle};
    static const struct lt_position start[1];
    (void)state;
    settle_answer = settle_count = 0;
    source = (struct lt_source){.ops = &ops, .description = "spool", .partition_count = 1};
    lt_clock_manual_init(&manual, 5000, INT64_C(1763722345678000));
    scratch_create(scratch);
    checkpoint = open_checkpoint();
    reactor = fake_reactor_create(7, NULL);
    lt_checkpoint_use_reactor(checkpoint, reactor);
    struct lt_coordinator_options options = {
        .lane_count = 1,
        .sink_count = 1,
        .source_count = 1,
        .sources = sources,
        .start = start,
        .checkpoint = checkpoint,
        .clock = &manual.clock,
        .ports = {NULL, ask, ask, commit_sink, done},
    };
    return lt_coordinator_create(&options, &coordinator, &failure);
}

static int tear_down(void **state)
{
    (void)state;
    lt_checkpoint_close(checkpoint);
    lt_coordinator_destroy(coordinator);
    lt_reactor_destroy(reactor);
    scratch_remove(scratch);
    return 0;
}

/* Steps and polls until both have nothing to do, or the coordinator fails. */
static int work(void)
{
    int steps, limit = 10000;
    do {
        steps = lt_coordinator_step(coordinator, &failure);
        if (steps >= 0)
            steps += (int)lt_reactor_poll(reactor) + (int)reactor->pending_count;
        assert_true(limit-- > 0);
    } while (steps > 0);
    return steps;
}

/* Up to where all that is awaited of the lane has been reported. */
static int prepare_epoch(uint64_t epoch)
{
    static const uint32_t partition;
    struct lt_position position = {100 * (int64_t)(epoch + 1), 0};
    lt_coordinator_request(coordinator);
    assert_int_equal(work(), 0);
    lt_coordinator_position(coordinator, 0, epoch, &partition, &position, 1);
    lt_coordinator_prepared(coordinator, 0, 0, epoch, "note");
    return work();
}

static void finish_epoch(uint64_t epoch)
{
    lt_coordinator_committed(coordinator, 0, 0, epoch);
    assert_int_equal(work(), 0);
}

static void file_is(const char *name, const char *expected)
{
    char *text = scratch_read("%s/%s", scratch, name);
    if (expected == NULL)
        assert_null(text);
    else
        assert_string_equal(text, expected);
    free(text);
}

static struct lt_coordinator_status status(void)
{
    struct lt_coordinator_status out;
    lt_coordinator_status(coordinator, &out);
    return out;
}

static void an_epoch_waits_until_its_source_has_settled_it(void **state)
{
    (void)state;
    assert_int_equal(prepare_epoch(0), 0);
    assert_int_equal(status().oldest_step, LT_EPOCH_SETTLE);
    assert_int_equal(status().oldest_missing, 1);
    file_is("sinks/0/0", NULL);
    assert_true(lt_coordinator_deadline_ns(coordinator) < LT_NEVER_NS); /* asked again */
    settle_answer = 1;
    assert_int_equal(work(), 0);
    assert_int_equal(status().oldest_step, LT_EPOCH_COMMIT);
    assert_int_equal(status().last_logged, 0);
    assert_int_equal(settle_count, 1);
    file_is("sources/0/0.log", "up to 100");
}

static void what_a_source_logs_is_durable_before_the_offsets(void **state)
{
    (void)state;
    settle_answer = 1;
    fake_reactor_fail(reactor, LT_IO_WRITE, 1, -EIO); /* the notes pass */
    assert_int_equal(prepare_epoch(0), LT_E_IO);
    assert_non_null(strstr(failure.text, "/sources/0/0.log': Input/output error"));
    file_is("sinks/0/0", "v1\nnote");
    file_is("offsets/0", NULL);
}

static void what_a_source_needs_no_more_goes_when_the_epoch_is_done(void **state)
{
    (void)state;
    settle_answer = 1;
    assert_int_equal(prepare_epoch(0), 0);
    finish_epoch(0);
    assert_int_equal(prepare_epoch(1), 0);
    file_is("sources/0/0.log", "up to 100");
    finish_epoch(1);
    file_is("sources/0/0.log", NULL);
    file_is("sources/0/0.log.crc", NULL);
    file_is("sources/0/1.log", "up to 200");
}

static void a_source_that_cannot_settle_ends_the_query(void **state)
{
    (void)state;
    settle_answer = LT_E_IO;
    assert_int_equal(prepare_epoch(0), LT_E_IO);
    assert_string_equal(failure.text, "spool: cannot settle epoch 0: the spool is full");
}

static void a_source_reads_and_cleans_its_log_at_the_start(void **state)
{
    (void)state;
    struct lt_text_buffer text;
    lt_text_init(&text);
    settle_answer = 1;
    assert_int_equal(prepare_epoch(0), 0);
    lt_checkpoint_close(checkpoint);
    checkpoint = open_checkpoint();
    assert_int_equal(log_reader.list(log_reader.context, &text, &failure), 0);
    assert_string_equal(lt_text_get(&text), "0.log\n"); /* without companions */
    lt_text_clear(&text);
    assert_int_equal(log_reader.read(log_reader.context, "0.log", &text, &failure), 0);
    assert_string_equal(lt_text_get(&text), "up to 100");
    assert_int_equal(log_reader.remove(log_reader.context, "0.log", &failure), 0);
    assert_int_equal(log_reader.remove(log_reader.context, "0.log", &failure), 0);
    file_is("sources/0/0.log.crc", NULL);
    assert_int_equal(log_reader.read(log_reader.context, "0.log", &text, &failure), LT_E_NOT_FOUND);
    lt_text_fini(&text);
}

static void a_damaged_log_is_named(void **state)
{
    (void)state;
    struct lt_text_buffer text;
    lt_text_init(&text);
    settle_answer = 1;
    assert_int_equal(prepare_epoch(0), 0);
    finish_epoch(0); /* its checksums follow */
    scratch_write("up to 999", "%s/sources/0/0.log", scratch);
    assert_int_equal(log_reader.read(log_reader.context, "0.log", &text, &failure), LT_E_CORRUPT);
    assert_non_null(strstr(failure.text, "/sources/0/0.log'"));
    assert_memory_equal(failure.text, "damaged: ", 9);
    lt_text_fini(&text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_epoch_waits_until_its_source_has_settled_it),
        TEST(what_a_source_logs_is_durable_before_the_offsets),
        TEST(what_a_source_needs_no_more_goes_when_the_epoch_is_done),
        TEST(a_source_that_cannot_settle_ends_the_query),
        TEST(a_source_reads_and_cleans_its_log_at_the_start),
        TEST(a_damaged_log_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
