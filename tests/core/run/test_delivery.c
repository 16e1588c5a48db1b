/*
 * The end of a lane between a sink and a dead-letter sink that answer when the test says so: when
 * an epoch counts as prepared, and that rows of a batch that is ahead are held.
 */
#include "core/run/delivery.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/counters.h"
#include "core/run/report.h"

enum { ROWS = 16, EPOCHS_MAX = 8, LETTER_HEADERS = 2, LETTER_TIMESTAMP = 3 };

/* Holds what it is given until the test acknowledges or fails it. */
struct fake_writer {
    struct lt_writer base;
    struct lt_row *held[ROWS], *to_fail[ROWS];
    uint32_t held_count, fail_count;
    uint64_t begun[EPOCHS_MAX]; /* prepare was called */
    uint32_t held_at[EPOCHS_MAX];
    uint32_t begun_count, durable_count;
    uint32_t epochs_ago; /* of what it fails */
    bool is_full;
    bool refuses_old; /* timestamps before 1980 */
    bool refuses_all;
};

struct fake_sink {
    struct lt_sink base;
    struct fake_writer writer;
};

static struct fake_writer *fake_of(struct lt_writer *writer)
{
    return (struct fake_writer *)(void *)writer;
}

static enum lt_write fake_write(struct lt_writer *base, struct lt_row *row, struct lt_fault **fault)
{
    struct fake_writer *writer = fake_of(base);
    if (writer->is_full)
        return LT_WRITE_FULL;
    if (writer->refuses_all || (writer->refuses_old && lt_row_values(row)[LETTER_TIMESTAMP].i64 <
                                                           10 * 365 * 86400 * INT64_C(1000000))) {
        *fault = lt_fault_create("fake", "TOO_OLD", "", "too old");
        return LT_WRITE_FAILED;
    }
    assert_true(writer->held_count < ROWS);
    writer->held[writer->held_count++] = row;
    return LT_WRITE_DONE;
}

static int fake_poll(struct lt_writer *base, struct lt_out *out)
{
    struct fake_writer *writer = fake_of(base);
    int work = (int)writer->fail_count;
    for (uint32_t i = 0; i < writer->fail_count; i++) {
        struct lt_fault *fault = lt_fault_create("fake", "REFUSED", "", "late");
        fault->epochs_ago = writer->epochs_ago;
        (out->fail)(out, writer->to_fail[i], fault);
    }
    writer->fail_count = 0;
    return work;
}

static void fake_prepare(struct lt_writer *base, uint64_t epoch)
{
    struct fake_writer *writer = fake_of(base);
    assert_true(writer->begun_count < EPOCHS_MAX);
    writer->held_at[writer->begun_count] = writer->held_count;
    writer->begun[writer->begun_count++] = epoch;
}

static int fake_prepared(struct lt_writer *base, uint64_t epoch, struct lt_text_buffer *note)
{
    struct fake_writer *writer = fake_of(base);
    (void)note;
    assert_true(writer->durable_count < writer->begun_count);
    assert_int_equal(writer->begun[writer->durable_count], epoch);
    if (writer->held_count != 0)
        return 0;
    writer->durable_count++;
    return 1;
}

static void acknowledge(struct fake_writer *writer)
{
    while (writer->held_count > 0)
        lt_row_release(writer->held[--writer->held_count]);
}

/* The next poll finds that the oldest record was refused. */
static void refuse_one(struct fake_writer *writer)
{
    assert_true(writer->held_count > 0);
    writer->to_fail[writer->fail_count++] = writer->held[0];
    writer->held_count--;
    memmove(&writer->held[0], &writer->held[1], writer->held_count * sizeof writer->held[0]);
}

static void fake_abort(struct lt_writer *base)
{
    struct fake_writer *writer = fake_of(base);
    while (writer->fail_count > 0)
        lt_row_release(writer->to_fail[--writer->fail_count]);
    acknowledge(writer);
}

static void fake_close(struct lt_writer *base)
{
    (void)base; /* lies in the sink */
}

static const struct lt_writer_ops fake_writer_ops = {
    .write = fake_write,
    .poll = fake_poll,
    .prepare = fake_prepare,
    .prepared = fake_prepared,
    .abort = fake_abort,
    .close = fake_close,
};

static int fake_open_writer(struct lt_sink *sink, const struct lt_connector_env *env,
                            struct lt_writer **out, struct lt_error *error)
{
    struct fake_writer *writer = &((struct fake_sink *)(void *)sink)->writer;
    (void)env;
    (void)error;
    writer->base.ops = &fake_writer_ops;
    *out = &writer->base;
    return 0;
}

static const struct lt_sink_ops fake_sink_ops = {.open_writer = fake_open_writer};
static const struct lt_sink_type fake_sink_type = {.name = "fake"};
static const struct lt_source_ops fake_source_ops = {0};
static const struct lt_source_type fake_source_type = {.name = "fake"};

struct lane {
    struct lt_arena *arena;
    struct lt_counters *counters;
    struct lt_mailbox *control;
    struct lt_source source;
    struct fake_sink plain, dead;
    struct lt_row_pool *pool;
    struct lt_delivery delivery;
};

static int set_up(void **state)
{
    struct lane *lane = calloc(1, sizeof *lane);
    struct lt_error error;
    lane->arena = lt_arena_create();
    const struct lt_field columns[] = {
        {"value", lt_type_simple(LT_TYPE_BINARY), true, NULL},
        {"timestamp", lt_type_simple(LT_TYPE_TIMESTAMP), true, NULL}};
    lane->source = (struct lt_source){.ops = &fake_source_ops,
                                      .type = &fake_source_type,
                                      .schema = lt_type_struct(lane->arena, columns, 2)};
    lane->plain.base = lane->dead.base =
        (struct lt_sink){.ops = &fake_sink_ops, .type = &fake_sink_type};
    assert_int_equal(lt_counters_create(NULL, "", &lane->counters, &error), 0);
    assert_int_equal(lt_mailbox_create(NULL, &lane->control, &error), 0);
    const struct lt_row_pool_options rows = {.column_count = 2, .capacity = ROWS};
    assert_int_equal(lt_row_pool_create(&rows, &lane->pool, &error), 0);
    const struct lt_delivery_sink sinks[] = {{.sink = &lane->plain.base}};
    lt_delivery_init(&lane->delivery,
                     &(struct lt_delivery_options){.sinks = sinks,
                                                   .sink_count = 1,
                                                   .dead_letters = &lane->dead.base,
                                                   .source = &lane->source,
                                                   .clock = lt_clock_system(),
                                                   .control = lane->control});
    const struct lt_connector_env env = {.clock = lt_clock_system(), .counters = lane->counters};
    const struct lt_operator_env operator_env = {.counters = lane->counters};
    assert_int_equal(lt_delivery_open(&lane->delivery, &env, &operator_env, &error), 0);
    *state = lane;
    return 0;
}

static int tear_down(void **state)
{
    struct lane *lane = *state;
    lt_delivery_fini(&lane->delivery);
    lt_row_pool_destroy(lane->pool);
    lt_mailbox_destroy(lane->control);
    lt_counters_close(lane->counters);
    lt_arena_destroy(lane->arena);
    free(lane);
    return 0;
}

static void write_one(struct lane *lane)
{
    struct lt_row *row = lt_row_claim(lane->pool);
    assert_non_null(row);
    lt_row_values(row)[0] = lt_value_text("v");
    lt_row_values(row)[1] = lt_value_i64(0);
    struct lt_out *out = lt_delivery_entry(&lane->delivery);
    out->emit(out, row);
}

/* Steps until nothing happens; the PREPARED reports of that time, a bit per sink. */
static unsigned run(struct lane *lane, uint64_t epoch)
{
    struct lt_message message;
    unsigned sinks = 0;
    while (lt_delivery_step(&lane->delivery) > 0)
        continue;
    while (lt_mailbox_take(lane->control, &message)) {
        assert_int_equal(message.kind, LT_REPORT_PREPARED);
        assert_int_equal(message.number, epoch);
        sinks |= 1u << lt_report_sink(message.sender);
    }
    return sinks;
}

enum { PLAIN = 1, DEAD = 2 };

static void without_failures_dead_letters_prepare_after_the_sink(void **state)
{
    struct lane *lane = *state;
    write_one(lane);
    assert_true(lt_delivery_try_marker(&lane->delivery, 5));
    assert_int_equal(run(lane, 5), 0);
    assert_int_equal(lane->plain.writer.begun_count, 1);
    assert_int_equal(lane->dead.writer.begun_count, 0);
    acknowledge(&lane->plain.writer);
    assert_int_equal(run(lane, 5), PLAIN | DEAD);
}

static void an_epoch_waits_for_the_dead_letter_of_a_record_refused_after_its_marker(void **state)
{
    struct lane *lane = *state;
    write_one(lane);
    assert_true(lt_delivery_try_marker(&lane->delivery, 5));
    assert_int_equal(run(lane, 5), 0);
    refuse_one(&lane->plain.writer);
    assert_int_equal(run(lane, 5), PLAIN);
    assert_int_equal(lane->dead.writer.begun_count, 1);
    assert_int_equal(lane->dead.writer.held_at[0], 1); /* the letter stood before the epoch */
    assert_int_equal(run(lane, 5), 0);
    acknowledge(&lane->dead.writer);
    assert_int_equal(run(lane, 5), DEAD);
}

static void a_letter_that_finds_no_room_holds_its_epoch_too(void **state)
{
    struct lane *lane = *state;
    lane->dead.writer.is_full = true;
    write_one(lane);
    assert_true(lt_delivery_try_marker(&lane->delivery, 5));
    refuse_one(&lane->plain.writer);
    assert_int_equal(run(lane, 5), PLAIN);
    assert_int_equal(lane->dead.writer.begun_count, 0);
    lane->dead.writer.is_full = false;
    assert_int_equal(run(lane, 5), 0);
    assert_int_equal(lane->dead.writer.begun_count, 1);
    assert_int_equal(lane->dead.writer.held_at[0], 1);
    acknowledge(&lane->dead.writer);
    assert_int_equal(run(lane, 5), DEAD);
}

static void a_letter_that_is_refused_is_offered_again_with_the_time_of_now(void **state)
{
    static const char name[] = "leat.error.original.timestamp", text[] = "1970-01-01T00:00:00.000Z";
    struct lane *lane = *state;
    lane->dead.writer.refuses_old = true;
    write_one(lane);
    refuse_one(&lane->plain.writer);
    assert_int_equal(run(lane, 5), 0);
    assert_int_equal(lane->dead.writer.held_count, 1);
    assert_false(lane->delivery.failed);
    const struct lt_row *letter = lane->dead.writer.held[0];
    const struct lt_array *headers = lt_row_values(letter)[LETTER_HEADERS].array;
    assert_int_equal(headers->count, 8);
    const union lt_value *last = headers->values[7].structure->values;
    assert_int_equal(last[0].bytes.size_bytes, strlen(name));
    assert_memory_equal(last[0].bytes.data, name, strlen(name));
    assert_int_equal(last[1].bytes.size_bytes, strlen(text));
    assert_memory_equal(last[1].bytes.data, text, strlen(text));
}

static void expect_stop(struct lane *lane, const char *text)
{
    struct lt_message message;
    while (lt_delivery_step(&lane->delivery) > 0)
        continue;
    assert_true(lane->delivery.failed);
    assert_true(lt_mailbox_take(lane->control, &message));
    assert_int_equal(message.kind, LT_REPORT_FAILED);
    struct lt_error *error = message.payload;
    assert_non_null(strstr(error->text, text));
    free(error);
}

static void a_letter_that_is_refused_with_any_time_stops_the_query(void **state)
{
    struct lane *lane = *state;
    lane->dead.writer.refuses_all = true;
    write_one(lane);
    refuse_one(&lane->plain.writer);
    expect_stop(lane, "fake: its dead letter cannot be written: too old");
}

static void a_letter_that_is_refused_after_it_was_taken_is_offered_again_once(void **state)
{
    struct lane *lane = *state;
    write_one(lane);
    refuse_one(&lane->plain.writer);
    assert_int_equal(run(lane, 5), 0);
    refuse_one(&lane->dead.writer);
    assert_int_equal(run(lane, 5), 0);
    assert_int_equal(lane->dead.writer.held_count, 1);
    const struct lt_row *letter = lane->dead.writer.held[0];
    assert_int_equal(lt_row_values(letter)[LETTER_HEADERS].array->count, 8);
    assert_true(lt_row_values(letter)[LETTER_TIMESTAMP].i64 > 0);
    assert_false(lane->delivery.failed);
    refuse_one(&lane->dead.writer);
    expect_stop(lane, "its dead letter cannot be written: late");
}

static void a_letter_that_is_refused_after_its_marker_stops_the_query(void **state)
{
    struct lane *lane = *state;
    write_one(lane);
    refuse_one(&lane->plain.writer);
    assert_int_equal(run(lane, 5), 0);
    lane->dead.writer.epochs_ago = 1; /* its epoch may be committed before it is written again */
    refuse_one(&lane->dead.writer);
    expect_stop(lane, "its dead letter cannot be written: late");
}

static void a_later_epoch_does_not_begin_before_an_earlier_one_is_settled(void **state)
{
    struct lane *lane = *state;
    write_one(lane);
    assert_true(lt_delivery_try_marker(&lane->delivery, 5));
    assert_true(lt_delivery_try_marker(&lane->delivery, 6));
    assert_int_equal(run(lane, 5), 0);
    assert_int_equal(lane->dead.writer.begun_count, 0);
    refuse_one(&lane->plain.writer);
    struct lt_message message;
    while (lt_delivery_step(&lane->delivery) > 0)
        continue;
    for (uint64_t epoch = 5; epoch <= 6; epoch++) { /* the sink, both epochs */
        assert_true(lt_mailbox_take(lane->control, &message));
        assert_int_equal(message.number, epoch);
        assert_int_equal(lt_report_sink(message.sender), 0);
    }
    assert_false(lt_mailbox_take(lane->control, &message));
    assert_int_equal(lane->dead.writer.begun_count, 2);
    assert_int_equal(lane->dead.writer.begun[0], 5);
    assert_int_equal(lane->dead.writer.held_at[0], 1);
    acknowledge(&lane->dead.writer);
    while (lt_delivery_step(&lane->delivery) > 0)
        continue;
    for (uint64_t epoch = 5; epoch <= 6; epoch++) {
        assert_true(lt_mailbox_take(lane->control, &message));
        assert_int_equal(message.number, epoch);
        assert_int_equal(lt_report_sink(message.sender), 1);
    }
}

static void a_dead_letter_counts_for_the_epoch_of_its_record(void **state)
{
    struct lane *lane = *state;
    const uint64_t *dead_of = lane->delivery.dead_of;
    write_one(lane);
    write_one(lane);
    write_one(lane);
    refuse_one(&lane->plain.writer); /* before its marker */
    assert_int_equal(run(lane, 5), 0);
    assert_true(lt_delivery_try_marker(&lane->delivery, 5));
    assert_int_equal(dead_of[5 % LT_WRITER_EPOCHS], 1);
    write_one(lane);
    lane->plain.writer.epochs_ago = 1;
    refuse_one(&lane->plain.writer);
    assert_int_equal(run(lane, 5), 0);
    assert_int_equal(dead_of[5 % LT_WRITER_EPOCHS], 2);
    assert_true(lt_delivery_try_marker(&lane->delivery, 6));
    assert_int_equal(dead_of[6 % LT_WRITER_EPOCHS], 0);
    lane->plain.writer.epochs_ago = 2;
    refuse_one(&lane->plain.writer);
    assert_true(lt_delivery_step(&lane->delivery) > 0);
    assert_int_equal(dead_of[5 % LT_WRITER_EPOCHS], 3);
    assert_int_equal(dead_of[6 % LT_WRITER_EPOCHS], 0);
}

static const struct lt_batch ahead = {.id = 5, .is_ahead = true};

static void rows_of_a_batch_that_is_ahead_are_held_until_it_may_be_shown(void **state)
{
    struct lane *lane = *state;
    lt_delivery_begin(&lane->delivery, &ahead);
    write_one(lane);
    write_one(lane);
    assert_int_equal(run(lane, 5), 0);
    assert_int_equal(lane->plain.writer.held_count, 0);
    assert_false(lt_delivery_is_blocked(&lane->delivery)); /* more may come */
    assert_false(lt_delivery_try_marker(&lane->delivery, 5));
    lt_delivery_show(&lane->delivery, 5);
    assert_true(lt_delivery_is_blocked(&lane->delivery)); /* these first */
    assert_int_equal(run(lane, 5), 0);
    assert_int_equal(lane->plain.writer.held_count, 2);
    write_one(lane);
    assert_int_equal(lane->plain.writer.held_count, 3);
    assert_true(lt_delivery_try_marker(&lane->delivery, 5));
}

static void a_batch_without_rows_is_not_prepared_before_it_may_be_shown(void **state)
{
    struct lane *lane = *state;
    lt_delivery_begin(&lane->delivery, &ahead);
    assert_false(lt_delivery_try_marker(&lane->delivery, 5));
    assert_int_equal(lane->plain.writer.begun_count, 0);
    lt_delivery_show(&lane->delivery, 5);
    assert_true(lt_delivery_try_marker(&lane->delivery, 5));
    assert_int_equal(run(lane, 5), PLAIN | DEAD);
}

static void a_batch_that_may_be_shown_before_it_has_come_is_not_held(void **state)
{
    struct lane *lane = *state;
    lt_delivery_show(&lane->delivery, 5);
    lt_delivery_begin(&lane->delivery, &ahead);
    write_one(lane);
    assert_int_equal(lane->plain.writer.held_count, 1);
    const struct lt_batch next = {.id = 6, .is_ahead = true};
    acknowledge(&lane->plain.writer);
    assert_true(lt_delivery_try_marker(&lane->delivery, 5));
    assert_int_equal(run(lane, 5), PLAIN | DEAD);
    lt_delivery_begin(&lane->delivery, &next);
    write_one(lane);
    assert_int_equal(lane->plain.writer.held_count, 0);
    lt_delivery_show(&lane->delivery, 6);
}

static void no_more_rows_are_held_than_there_is_patience_for(void **state)
{
    struct lane *lane = *state;
    lt_delivery_begin(&lane->delivery, &ahead);
    lane->delivery.held_max = 2; /* in the place of a thousand */
    write_one(lane);
    write_one(lane);
    assert_false(lt_delivery_is_blocked(&lane->delivery));
    write_one(lane);
    assert_true(lt_delivery_is_blocked(&lane->delivery));
    lt_delivery_show(&lane->delivery, 5);
    assert_int_equal(run(lane, 5), 0);
    assert_int_equal(lane->plain.writer.held_count, 3);
}

/* Dead letters are rows of a sink, too. */
static void the_letter_of_a_record_that_fails_is_held_with_its_batch(void **state)
{
    struct lane *lane = *state;
    lt_delivery_begin(&lane->delivery, &ahead);
    struct lt_row *row = lt_row_claim(lane->pool);
    lt_row_values(row)[0] = lt_value_text("v");
    lt_row_values(row)[1] = lt_value_i64(0);
    struct lt_out *out = lt_delivery_entry(&lane->delivery);
    (out->fail)(out, row, lt_fault_create("fake", "BAD", "", "bad"));
    assert_int_equal(run(lane, 5), 0);
    assert_int_equal(lane->dead.writer.held_count, 0);
    lt_delivery_show(&lane->delivery, 5);
    assert_int_equal(run(lane, 5), 0);
    assert_int_equal(lane->dead.writer.held_count, 1);
}

static void sinks_that_show_with_the_commit_hold_nothing(void **state)
{
    struct lane *lane = *state;
    struct lt_delivery delivery;
    struct lt_sink at_commit = {
        .ops = &fake_sink_ops, .type = &fake_sink_type, .shows_at_commit = true};
    const struct lt_delivery_sink sinks[] = {{.sink = &at_commit}, {.sink = &at_commit}};
    struct lt_delivery_options options = {.sinks = sinks,
                                          .sink_count = 2,
                                          .source = &lane->source,
                                          .clock = lt_clock_system(),
                                          .control = lane->control};
    lt_delivery_init(&delivery, &options);
    assert_false(delivery.shows_at_once);
    lt_delivery_begin(&delivery, &ahead);
    assert_int_equal(delivery.held_max, 0);
    lt_delivery_fini(&delivery);
    options.dead_letters = &lane->dead.base; /* one is enough */
    lt_delivery_init(&delivery, &options);
    assert_true(delivery.shows_at_once);
    lt_delivery_begin(&delivery, &ahead);
    assert_int_not_equal(delivery.held_max, 0);
    lt_delivery_fini(&delivery);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(without_failures_dead_letters_prepare_after_the_sink,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            an_epoch_waits_for_the_dead_letter_of_a_record_refused_after_its_marker, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(a_letter_that_finds_no_room_holds_its_epoch_too, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            a_later_epoch_does_not_begin_before_an_earlier_one_is_settled, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_letter_that_is_refused_is_offered_again_with_the_time_of_now, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_letter_that_is_refused_with_any_time_stops_the_query,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_letter_that_is_refused_after_it_was_taken_is_offered_again_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_letter_that_is_refused_after_its_marker_stops_the_query,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_dead_letter_counts_for_the_epoch_of_its_record, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            rows_of_a_batch_that_is_ahead_are_held_until_it_may_be_shown, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_batch_without_rows_is_not_prepared_before_it_may_be_shown, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_batch_that_may_be_shown_before_it_has_come_is_not_held,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_more_rows_are_held_than_there_is_patience_for, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_letter_of_a_record_that_fails_is_held_with_its_batch,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(sinks_that_show_with_the_commit_hold_nothing, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
