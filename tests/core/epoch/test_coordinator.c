/* The coordinator: what it asks, when, and in what order; with a checkpoint and without. */
#include "core/epoch/coordinator.h"

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

#include "core/base/limits.h"
#include "tests/support/fake_reactor.h"
#include "tests/support/scratch.h"

enum { LANES = 2, PARTITIONS = 3, INTERVAL_NS = 1000 };

struct query {
    char heard[4096]; /* what the ports were asked: "inject 0/1;" is lane 0, epoch 1 */
    bool is_full;     /* ports say "again later" */
    int sink_code;    /* commit_sink's answer */
    struct lt_position done_positions[PARTITIONS];
    struct lt_source source, *sources[1];
    struct lt_clock_manual clock;
    struct lt_counters *counters;
    struct lt_coordinator *coordinator;
    struct lt_error error;
    /* with a checkpoint only */
    char scratch[SCRATCH_PATH_SIZE];
    struct lt_reactor *reactor;
    struct lt_checkpoint *checkpoint;
};

static void hear(struct query *query, const char *what, unsigned index, uint64_t epoch)
{
    size_t used = strlen(query->heard);
    snprintf(query->heard + used, sizeof query->heard - used, "%s %u/%" PRIu64 ";", what, index,
             epoch);
}

static void heard(struct query *query, const char *expected)
{
    assert_string_equal(query->heard, expected);
    query->heard[0] = '\0';
}

static bool port_inject(void *context, uint32_t lane, uint64_t epoch)
{
    struct query *query = context;
    if (!query->is_full)
        hear(query, "inject", lane, epoch);
    return !query->is_full;
}

static bool port_commit(void *context, uint32_t lane, uint64_t epoch)
{
    struct query *query = context;
    if (!query->is_full)
        hear(query, "commit", lane, epoch);
    return !query->is_full;
}

static int port_commit_sink(void *context, uint32_t sink, uint64_t epoch, const char *notes,
                            struct lt_error *error)
{
    struct query *query = context;
    if (query->sink_code < 0)
        return lt_error_set(error, query->sink_code, "the sink is gone");
    if (query->sink_code == 0) {
        hear(query, "sink", sink, epoch);
        size_t used = strlen(query->heard);
        snprintf(query->heard + used, sizeof query->heard - used, "%s;", notes);
    }
    return query->sink_code;
}

static void port_done(void *context, uint64_t epoch, const struct lt_position *positions)
{
    struct query *query = context;
    hear(query, "done", 0, epoch);
    memcpy(query->done_positions, positions, sizeof query->done_positions);
}

static void to_json(struct lt_source *source, const struct lt_position *positions,
                    struct lt_text_buffer *out)
{
    for (uint32_t p = 0; p < source->partition_count; p++)
        lt_text_format(out, "%s%" PRId64, p == 0 ? "[" : ",", positions[p].offset);
    lt_text_append_char(out, ']');
}

static void create(struct query *query, int64_t interval_ns, uint64_t first_epoch)
{
    static const struct lt_source_ops ops = {.positions_to_json = to_json};
    static const struct lt_position start[PARTITIONS] = {{100, 0}, {200, 0}, {300, 0}};
    lt_clock_manual_init(&query->clock, 5000, INT64_C(1763722345678000));
    query->source = (struct lt_source){.ops = &ops, .partition_count = PARTITIONS};
    query->sources[0] = &query->source;
    assert_int_equal(lt_counters_create(NULL, "q", &query->counters, &query->error), 0);
    struct lt_coordinator_options options = {
        .lane_count = LANES,
        .sink_count = 1,
        .source_count = 1,
        .sources = query->sources,
        .interval_ns = interval_ns,
        .first_epoch = first_epoch,
        .start = start,
        .checkpoint = query->checkpoint,
        .clock = &query->clock.clock,
        .counters = query->counters,
        .ports = {query, port_inject, port_commit, port_commit_sink, port_done},
    };
    assert_int_equal(lt_coordinator_create(&options, &query->coordinator, &query->error), 0);
}

static int set_up(void **state)
{
    *state = calloc(1, sizeof(struct query));
    return *state == NULL;
}

/* Opens a checkpoint in a scratch folder, on a fake reactor. */
static void use_checkpoint(struct query *query)
{
    scratch_create(query->scratch);
    struct lt_checkpoint_options options = {
        .path = query->scratch,
        .source_count = 1,
        .sink_count = 1,
        .min_batches_to_retain = 2,
        .verify_checksums = true,
    };
    struct lt_recovery recovery;
    assert_int_equal(lt_checkpoint_open(&options, &query->checkpoint, &recovery, &query->error), 0);
    query->reactor = fake_reactor_create(7, NULL);
    lt_checkpoint_use_reactor(query->checkpoint, query->reactor);
}

static int tear_down(void **state)
{
    struct query *query = *state;
    lt_checkpoint_close(query->checkpoint);
    lt_coordinator_destroy(query->coordinator);
    lt_reactor_destroy(query->reactor);
    lt_counters_close(query->counters);
    if (query->scratch[0] != '\0')
        scratch_remove(query->scratch);
    free(query);
    return 0;
}

static void step(struct query *query)
{
    if (lt_coordinator_step(query->coordinator, &query->error) < 0)
        fail_msg("%s", query->error.text);
}

/* Steps and polls until both have nothing to do. */
static void settle(struct query *query)
{
    int work;
    do {
        work = lt_coordinator_step(query->coordinator, &query->error);
        if (work < 0)
            fail_msg("%s", query->error.text);
        if (query->reactor != NULL)
            work += (int)lt_reactor_poll(query->reactor) + (int)query->reactor->pending_count;
    } while (work > 0);
}

static void report_position(struct query *query, uint32_t lane, uint64_t epoch, int64_t offset)
{
    /* Lane 0 has partitions 0 and 2, lane 1 has partition 1. */
    static const uint32_t partitions[LANES][2] = {{0, 2}, {1, 0}};
    struct lt_position positions[2] = {{offset, 0}, {offset + 5, 0}};
    lt_coordinator_position(query->coordinator, lane, epoch, partitions[lane], positions,
                            lane == 0 ? 2 : 1);
}

static void report_prepared(struct query *query, uint64_t epoch)
{
    for (uint32_t lane = 0; lane < LANES; lane++) {
        report_position(query, lane, epoch, 1000 * (int64_t)(epoch + 1) + 100 * lane);
        lt_coordinator_prepared(query->coordinator, lane, 0, epoch, lane == 0 ? "a" : "b");
    }
}

static void report_committed(struct query *query, uint64_t epoch)
{
    for (uint32_t lane = 0; lane < LANES; lane++)
        lt_coordinator_committed(query->coordinator, lane, 0, epoch);
}

static struct lt_coordinator_status status_of(const struct query *query)
{
    struct lt_coordinator_status status;
    lt_coordinator_status(query->coordinator, &status);
    return status;
}

/* --------------------------------------------------------------------------------------- tests */

static void an_epoch_goes_through_its_steps_without_a_checkpoint(void **state)
{
    struct query *query = *state;
    create(query, 0, 4);
    settle(query);
    heard(query, "");
    lt_coordinator_request(query->coordinator);
    settle(query);
    heard(query, "inject 0/4;inject 1/4;");
    assert_int_equal(status_of(query).oldest_step, LT_EPOCH_POSITION);
    assert_int_equal(status_of(query).oldest_missing, 2);
    report_position(query, 0, 4, 17);
    report_position(query, 1, 4, 27);
    assert_int_equal(status_of(query).oldest_step, LT_EPOCH_PREPARED);
    lt_coordinator_prepared(query->coordinator, 0, 0, 4, "a");
    settle(query);
    heard(query, "");
    assert_int_equal(status_of(query).oldest_missing, 1);
    lt_coordinator_prepared(query->coordinator, 1, 0, 4, "");
    settle(query);
    heard(query, "commit 0/4;commit 1/4;");
    assert_int_equal(status_of(query).last_logged, 4);
    assert_int_equal(status_of(query).last_done, 3);
    lt_coordinator_committed(query->coordinator, 1, 0, 4);
    settle(query);
    heard(query, "");
    assert_int_equal(status_of(query).oldest_step, LT_EPOCH_COMMIT);
    lt_coordinator_committed(query->coordinator, 0, 0, 4);
    settle(query);
    heard(query, "sink 0/4;a\n;done 0/4;");
    assert_int_equal(query->done_positions[0].offset, 17);
    assert_int_equal(query->done_positions[1].offset, 27);
    assert_int_equal(query->done_positions[2].offset, 22);
    assert_int_equal(status_of(query).last_done, 4);
    assert_int_equal(status_of(query).open_count, 0);
}

static void ticks_pass_while_too_many_epochs_are_open(void **state)
{
    struct query *query = *state;
    create(query, INTERVAL_NS, 0);
    assert_int_equal(lt_coordinator_deadline_ns(query->coordinator), 5000 + INTERVAL_NS);
    for (int i = 0; i < LT_LIMIT_EPOCHS_IN_FLIGHT + 3; i++) {
        lt_clock_manual_advance(&query->clock, INTERVAL_NS);
        settle(query);
    }
    assert_int_equal(status_of(query).open_count, LT_LIMIT_EPOCHS_IN_FLIGHT);
    assert_int_equal(status_of(query).last_injected, LT_LIMIT_EPOCHS_IN_FLIGHT - 1);
    report_prepared(query, 0);
    settle(query);
    report_committed(query, 0);
    settle(query);
    assert_int_equal(status_of(query).last_done, 0);
    /* Not at once, and one only: at the next tick. */
    assert_int_equal(status_of(query).open_count, LT_LIMIT_EPOCHS_IN_FLIGHT - 1);
    lt_clock_manual_advance(&query->clock, INTERVAL_NS);
    settle(query);
    assert_int_equal(status_of(query).open_count, LT_LIMIT_EPOCHS_IN_FLIGHT);
}

static void a_stall_makes_one_epoch_and_keeps_the_grid(void **state)
{
    struct query *query = *state;
    create(query, INTERVAL_NS, 0);
    lt_clock_manual_advance(&query->clock, 7 * INTERVAL_NS + 300);
    settle(query);
    assert_int_equal(status_of(query).open_count, 1);
    assert_int_equal(lt_coordinator_deadline_ns(query->coordinator), 5000 + 8 * INTERVAL_NS);
}

static void no_epoch_follows_the_last(void **state)
{
    struct query *query = *state;
    create(query, INTERVAL_NS, 0);
    lt_coordinator_request_last(query->coordinator);
    settle(query);
    for (int i = 0; i < 3; i++) {
        lt_clock_manual_advance(&query->clock, INTERVAL_NS);
        settle(query);
    }
    assert_int_equal(status_of(query).last_injected, 0);
    assert_int_equal(lt_coordinator_deadline_ns(query->coordinator), LT_NEVER_NS);
}

static void a_request_waits_for_room(void **state)
{
    struct query *query = *state;
    create(query, 0, 0);
    for (int i = 0; i < LT_LIMIT_EPOCHS_IN_FLIGHT + 1; i++) {
        lt_coordinator_request(query->coordinator);
        settle(query);
    }
    assert_int_equal(status_of(query).last_injected, LT_LIMIT_EPOCHS_IN_FLIGHT - 1);
    report_prepared(query, 0);
    settle(query);
    report_committed(query, 0);
    settle(query);
    assert_int_equal(status_of(query).last_injected, LT_LIMIT_EPOCHS_IN_FLIGHT);
}

static void a_full_mailbox_is_asked_again_in_order(void **state)
{
    struct query *query = *state;
    create(query, 0, 0);
    query->is_full = true;
    lt_coordinator_request(query->coordinator);
    settle(query);
    lt_coordinator_request(query->coordinator);
    settle(query);
    heard(query, "");
    assert_int_equal(status_of(query).oldest_step, LT_EPOCH_INJECT);
    assert_int_equal(lt_coordinator_deadline_ns(query->coordinator), 5000 + LT_NS_PER_MS);
    query->is_full = false;
    settle(query);
    heard(query, "inject 0/0;inject 0/1;inject 1/0;inject 1/1;");
    assert_int_equal(lt_coordinator_deadline_ns(query->coordinator), LT_NEVER_NS);
}

static void epochs_are_committed_and_done_in_order(void **state)
{
    struct query *query = *state;
    create(query, 0, 0);
    for (int i = 0; i < 2; i++) {
        lt_coordinator_request(query->coordinator);
        settle(query);
    }
    heard(query, "inject 0/0;inject 1/0;inject 0/1;inject 1/1;");
    report_prepared(query, 1);
    settle(query);
    heard(query, "");
    report_prepared(query, 0);
    settle(query);
    heard(query, "commit 0/0;commit 1/0;commit 0/1;commit 1/1;");
    report_committed(query, 1);
    settle(query);
    heard(query, "");
    report_committed(query, 0);
    settle(query);
    heard(query, "sink 0/0;a\nb;sink 0/1;a\nb;done 0/0;done 0/1;");
}

static void a_sink_that_is_not_ready_is_asked_again(void **state)
{
    struct query *query = *state;
    create(query, 0, 0);
    lt_coordinator_request(query->coordinator);
    settle(query);
    report_prepared(query, 0);
    settle(query);
    report_committed(query, 0);
    query->heard[0] = '\0';
    query->sink_code = 1;
    settle(query);
    heard(query, "");
    assert_int_equal(lt_coordinator_deadline_ns(query->coordinator), 5000 + LT_NS_PER_MS);
    query->sink_code = 0;
    settle(query);
    heard(query, "sink 0/0;a\nb;done 0/0;");
}

static void a_sink_that_fails_ends_the_query(void **state)
{
    struct query *query = *state;
    create(query, 0, 0);
    lt_coordinator_request(query->coordinator);
    settle(query);
    report_prepared(query, 0);
    settle(query);
    report_committed(query, 0);
    query->sink_code = LT_E_IO;
    assert_int_equal(lt_coordinator_step(query->coordinator, &query->error), LT_E_IO);
    assert_string_equal(query->error.text, "cannot commit epoch 0 to sink 0: the sink is gone");
}

/* ---------------------------------------------------------------------------------- with files */

static void run_epoch(struct query *query, uint64_t epoch)
{
    lt_coordinator_request(query->coordinator);
    settle(query);
    report_prepared(query, epoch);
    settle(query);
    report_committed(query, epoch);
    settle(query);
    assert_int_equal(status_of(query).last_done, (int64_t)epoch);
}

static void file_is(const struct query *query, const char *name, const char *expected)
{
    char *content = scratch_read("%s/%s", query->scratch, name);
    if (content == NULL && expected != NULL)
        fail_msg("%s is missing", name);
    if (content != NULL && expected == NULL)
        fail_msg("%s is still there", name);
    if (expected != NULL)
        assert_string_equal(content, expected);
    free(content);
}

static void an_epoch_leaves_its_files_and_old_ones_go(void **state)
{
    struct query *query = *state;
    use_checkpoint(query);
    create(query, 0, 0);
    run_epoch(query, 0);
    file_is(query, "sinks/0/0", "v1\na\nb");
    file_is(query, "offsets/0",
            "v1\n{\"batchWatermarkMs\":0,\"batchTimestampMs\":1763722345678,\"conf\":{},"
            "\"preparedSinks\":1}\n[1000,1100,1005]");
    file_is(query, "commits/0", "v1\n{\"nextBatchWatermarkMs\":0}");
    run_epoch(query, 1);
    file_is(query, "offsets/0",
            "v1\n{\"batchWatermarkMs\":0,\"batchTimestampMs\":1763722345678,"
            "\"conf\":{},\"preparedSinks\":1}\n[1000,1100,1005]");
    run_epoch(query, 2);
    run_epoch(query, 3);
    static const char *const gone[] = {"offsets/0",    "offsets/0.crc", "offsets/1",
                                       "commits/1",    "commits/1.crc", "sinks/0/1",
                                       "sinks/0/1.crc"};
    for (size_t i = 0; i < sizeof gone / sizeof gone[0]; i++)
        file_is(query, gone[i], NULL);
    file_is(query, "commits/2", "v1\n{\"nextBatchWatermarkMs\":0}");
    file_is(query, "commits/3", "v1\n{\"nextBatchWatermarkMs\":0}");
}

static void nothing_is_shown_before_the_offsets_are_durable(void **state)
{
    struct query *query = *state;
    use_checkpoint(query);
    create(query, 0, 0);
    lt_coordinator_request(query->coordinator);
    settle(query);
    report_prepared(query, 0);
    query->heard[0] = '\0';
    step(query);
    for (int i = 0; query->reactor->pending_count > 0; i++) {
        assert_true(i < 1000);
        heard(query, "");
        assert_int_equal(status_of(query).last_logged, -1);
        lt_reactor_poll(query->reactor);
    }
    step(query);
    heard(query, "commit 0/0;commit 1/0;");
}

static void a_full_disk_ends_the_query_and_names_the_file(void **state)
{
    struct query *query = *state;
    use_checkpoint(query);
    create(query, 0, 0);
    lt_coordinator_request(query->coordinator);
    settle(query);
    report_prepared(query, 0);
    fake_reactor_fail(query->reactor, LT_IO_WRITE, 1, -ENOSPC);
    int code = 0;
    for (int i = 0; i < 1000 && code >= 0; i++) {
        code = lt_coordinator_step(query->coordinator, &query->error);
        lt_reactor_poll(query->reactor);
    }
    assert_int_equal(code, LT_E_IO);
    char expected[256];
    snprintf(expected, sizeof expected,
             "cannot write checkpoint file '%s/offsets/0': No space left on device; hint: ",
             query->scratch);
    assert_memory_equal(query->error.text, expected, strlen(expected));
    assert_int_equal(lt_coordinator_step(query->coordinator, &query->error), LT_E_IO);
    file_is(query, "offsets/0", NULL);
}

static void a_query_that_is_aborted_with_files_under_way_ends_cleanly(void **state)
{
    struct query *query = *state;
    use_checkpoint(query);
    create(query, 0, 0);
    lt_coordinator_request(query->coordinator);
    settle(query);
    report_prepared(query, 0);
    step(query);
    assert_true(query->reactor->pending_count > 0);
    lt_checkpoint_stop(query->checkpoint);
    assert_int_equal(query->reactor->pending_count, 0);
}

static bool stop_at_done(void *context, enum lt_epoch_step step, uint64_t epoch)
{
    (void)context;
    return step == LT_EPOCH_DONE && epoch == 0;
}

static void a_fault_point_stops_between_offsets_and_commits(void **state)
{
    struct query *query = *state;
    use_checkpoint(query);
    create(query, 0, 0);
    lt_coordinator_request(query->coordinator);
    settle(query);
    report_prepared(query, 0);
    settle(query);
    report_committed(query, 0);
    lt_epoch_set_fault_hook(stop_at_done, NULL);
    assert_int_equal(lt_coordinator_step(query->coordinator, &query->error), LT_E_CANCELLED);
    lt_epoch_set_fault_hook(NULL, NULL);
    assert_string_equal(query->error.text, "stopped at the fault point 'done' of epoch 0");
    file_is(query, "commits/0", NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_epoch_goes_through_its_steps_without_a_checkpoint),
        TEST(ticks_pass_while_too_many_epochs_are_open),
        TEST(a_stall_makes_one_epoch_and_keeps_the_grid),
        TEST(no_epoch_follows_the_last),
        TEST(a_request_waits_for_room),
        TEST(a_full_mailbox_is_asked_again_in_order),
        TEST(epochs_are_committed_and_done_in_order),
        TEST(a_sink_that_is_not_ready_is_asked_again),
        TEST(a_sink_that_fails_ends_the_query),
        TEST(an_epoch_leaves_its_files_and_old_ones_go),
        TEST(nothing_is_shown_before_the_offsets_are_durable),
        TEST(a_full_disk_ends_the_query_and_names_the_file),
        TEST(a_query_that_is_aborted_with_files_under_way_ends_cleanly),
        TEST(a_fault_point_stops_between_offsets_and_commits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
