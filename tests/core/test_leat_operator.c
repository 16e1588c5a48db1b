/*
 * User-written operators: what each action does to a row, claiming in place, flags, and the moments
 * at which they are called.
 */
#include "core/leat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/support/doors.h"

/* One operator under test: what it does, and what it has seen. */
struct probe {
    enum leat_action (*act)(struct probe *probe, const leat_row *row, leat_out *out);
    uint32_t calls, retries, batch_ends, epochs, opened, closed, ends_of_batch;
    int64_t sum;
    int fails_open;
};

struct fixture {
    leat_context *context;
    leat_input *input;
    leat_output *output, *letters;
    leat_query *query;
    struct doors_rows *rows;
    struct probe probe;
    leat_operator op;
};

static int probe_open(void *user, uint32_t lane, void **state)
{
    struct probe *probe = user;
    assert_int_equal(lane, 0);
    probe->opened++;
    *state = probe;
    return probe->fails_open;
}

static enum leat_action probe_process(void *state, const leat_row *row, leat_out *out,
                                      uint32_t flags)
{
    struct probe *probe = state;
    probe->calls++;
    if (flags & LEAT_END_OF_BATCH)
        probe->ends_of_batch++;
    return probe->act(probe, row, out);
}

static void probe_close(void *state)
{
    ((struct probe *)state)->closed++;
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->context = leat_context_create();
    f->input = leat_input_create(f->context, DOORS_SCHEMA, 4096);
    f->output = leat_output_create(f->context, 4096);
    f->letters = leat_output_create(f->context, 4096);
    f->rows = calloc(1, sizeof *f->rows);
    f->op = (leat_operator){.size = sizeof f->op,
                            .name = "probe",
                            .user = &f->probe,
                            .open = probe_open,
                            .process = probe_process,
                            .close = probe_close};
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    leat_query_destroy(f->query);
    assert_int_equal(f->probe.closed, f->probe.fails_open != 0 ? 0 : f->probe.opened);
    leat_context_destroy(f->context);
    free(f->rows);
    free(f);
    return 0;
}

static void build(struct fixture *f, const char *stages)
{
    leat_stream *stream = leat_apply(leat_read_input(f->input), &f->op);
    f->query = leat_query_create(f->context, doors_options(stages, NULL));
    assert_int_equal(leat_query_write_output(f->query, stream, f->output), LEAT_OK);
}

static void run(struct fixture *f, const char *stages, int64_t count)
{
    build(f, stages);
    doors_start(f->query);
    doors_push(f->input, 0, count);
    doors_finish(f->query, f->input, f->output, f->rows);
}

/* ------------------------------------------------------------------------------------- actions */

static enum leat_action drop_odd(struct probe *probe, const leat_row *row, leat_out *out)
{
    (void)probe;
    (void)out;
    return leat_row_i64(row, 0) % 2 != 0 ? LEAT_DROP : LEAT_EMIT;
}

static void emit_passes_a_row_and_drop_does_not(void **state)
{
    struct fixture *f = *state;
    f->probe.act = drop_odd;
    run(f, "1", 100);
    assert_int_equal(f->probe.calls, 100);
    assert_int_equal(f->rows->count, 50);
    assert_int_equal(f->rows->numbers[49], 98);
}

static enum leat_action retry_thrice(struct probe *probe, const leat_row *row, leat_out *out)
{
    (void)row;
    (void)out;
    return ++probe->retries % 4 != 0 ? LEAT_RETRY : LEAT_EMIT;
}

static void retry_hands_the_same_row_again_in_order(void **state)
{
    struct fixture *f = *state;
    f->probe.act = retry_thrice;
    run(f, "2", 300);
    assert_int_equal(f->probe.calls, 1200);
    assert_int_equal(f->rows->count, 300);
    for (uint32_t i = 0; i < 300; i++)
        assert_int_equal(f->rows->numbers[i], i);
}

static enum leat_action refuse_seven(struct probe *probe, const leat_row *row, leat_out *out)
{
    (void)probe;
    if (leat_row_i64(row, 0) != 7)
        return LEAT_EMIT;
    leat_out_reason(out, "BAD_NUMBER", "seven is not allowed");
    return LEAT_DEAD_LETTER;
}

static void a_dead_letter_without_a_sink_stops_the_query_and_names_the_record(void **state)
{
    struct fixture *f = *state;
    f->probe.act = refuse_seven;
    build(f, "1");
    doors_start(f->query);
    doors_push(f->input, 0, 10);
    assert_int_equal(leat_await(f->query, DOORS_PATIENCE_NS), LEAT_ERROR_RECORD);
    assert_non_null(strstr(leat_query_error(f->query), "offset 7: probe: seven is not allowed"));
    assert_string_equal(leat_query_error_condition(f->query), "BAD_NUMBER");
    assert_false(leat_is_active(f->query));
    char *status = leat_query_status(f->query);
    assert_non_null(strstr(status, "\"message\":\"Terminated with exception: "));
    free(status);
}

struct letter {
    uint32_t count;
    char condition[64], message[64], offset[16], value[64];
};

static void copy_text(char *into, size_t capacity, const void *text, size_t size_bytes)
{
    snprintf(into, capacity, "%.*s", (int)size_bytes, (const char *)text);
}

static void read_letter(void *user, const leat_row *row)
{
    struct letter *letter = user;
    size_t size_bytes;
    letter->count++;
    const void *value = leat_row_bytes(row, 1, &size_bytes);
    copy_text(letter->value, sizeof letter->value, value, size_bytes);
    for (uint32_t i = 0; i < leat_row_header_count(row, 2); i++) {
        const char *key;
        const void *text;
        size_t key_bytes, text_bytes;
        leat_row_header(row, 2, i, &key, &key_bytes, &text, &text_bytes);
        if (key_bytes == 20 && memcmp(key, "leat.error.condition", 20) == 0)
            copy_text(letter->condition, sizeof letter->condition, text, text_bytes);
        if (key_bytes == 18 && memcmp(key, "leat.error.message", 18) == 0)
            copy_text(letter->message, sizeof letter->message, text, text_bytes);
        if (key_bytes == 17 && memcmp(key, "leat.error.offset", 17) == 0)
            copy_text(letter->offset, sizeof letter->offset, text, text_bytes);
    }
}

static void a_dead_letter_holds_the_record_and_the_reason(void **state)
{
    struct fixture *f = *state;
    struct letter letter = {0};
    f->probe.act = refuse_seven;
    build(f, "2");
    assert_int_equal(leat_query_dead_letters_output(f->query, f->letters), LEAT_OK);
    assert_int_equal(leat_query_dead_letters_output(f->query, f->letters), LEAT_ERROR_EXISTS);
    doors_start(f->query);
    doors_push(f->input, 0, 10);
    doors_finish(f->query, f->input, f->output, f->rows);
    assert_int_equal(f->rows->count, 9);
    assert_int_equal(leat_output_poll(f->letters, read_letter, &letter, 10), 1);
    assert_string_equal(letter.condition, "BAD_NUMBER");
    assert_string_equal(letter.message, "seven is not allowed");
    assert_string_equal(letter.offset, "7");
    assert_string_equal(letter.value, "{\"n\":7,\"t\":\"t7\"}");
    leat_totals totals = {.size = sizeof totals};
    assert_int_equal(leat_query_totals(f->query, &totals), LEAT_OK);
    assert_int_equal(totals.records_in, 10);
    assert_int_equal(totals.records_out, 9);
    assert_int_equal(totals.dead_letters, 1);
}

static enum leat_action stop_at_five(struct probe *probe, const leat_row *row, leat_out *out)
{
    (void)probe;
    (void)out;
    return leat_row_i64(row, 0) == 5 ? LEAT_STOP : LEAT_EMIT;
}

static void stop_ends_the_query_well(void **state)
{
    struct fixture *f = *state;
    f->probe.act = stop_at_five;
    build(f, "1");
    doors_start(f->query);
    doors_push(f->input, 0, 6);
    assert_int_equal(leat_await(f->query, DOORS_PATIENCE_NS), LEAT_OK);
    assert_true(doors_collect(f->output, f->rows, 5));
    assert_int_equal(leat_output_poll(f->output, NULL, NULL, 1), 0);
}

/* ---------------------------------------------------------------------------- claiming in place */

static enum leat_action split(struct probe *probe, const leat_row *row, leat_out *out)
{
    (void)probe;
    leat_row *rows[2];
    for (int i = 0; i < 2; i++) {
        rows[i] = leat_claim(out);
        if (rows[i] == NULL) {
            if (i > 0)
                leat_abort(out, rows[0]);
            return LEAT_RETRY;
        }
        size_t size_bytes;
        const void *text = leat_row_bytes(row, 1, &size_bytes);
        assert_true(leat_row_is_null(rows[i], 0));
        leat_row_set_i64(rows[i], 0, leat_row_i64(row, 0) * 10 + i);
        /* The input row is held by the claim. */
        assert_int_equal(leat_row_borrow_bytes(rows[i], 1, text, size_bytes), LEAT_OK);
        assert_int_equal(leat_row_offset(rows[i]), leat_row_offset(row));
    }
    leat_row *unwanted = leat_claim(out);
    if (unwanted != NULL)
        leat_abort(out, unwanted);
    leat_commit(out, rows[0]);
    leat_commit(out, rows[1]);
    return LEAT_DROP;
}

static void split_everything(struct fixture *f, const char *stages)
{
    f->probe.act = split;
    f->op.output_schema = "m BIGINT, t STRING";
    run(f, stages, 500);
    assert_int_equal(f->rows->count, 1000);
    for (uint32_t i = 0; i < 1000; i++) {
        assert_int_equal(f->rows->numbers[i], i / 2 * 10 + i % 2);
        assert_int_equal(f->rows->offsets[i], i / 2);
    }
    assert_string_equal(f->rows->texts[999], "t499");
}

static void rows_are_claimed_and_committed_in_place(void **state)
{
    split_everything(*state, "1");
}

static void claimed_rows_travel_between_threads(void **state)
{
    split_everything(*state, "3");
}

static enum leat_action emit_with_schema(struct probe *probe, const leat_row *row, leat_out *out)
{
    (void)probe;
    (void)row;
    (void)out;
    return LEAT_EMIT;
}

static void emit_with_a_schema_of_its_own_is_told_as_a_fault(void **state)
{
    struct fixture *f = *state;
    f->probe.act = emit_with_schema;
    f->op.output_schema = "m BIGINT";
    build(f, "1");
    doors_start(f->query);
    doors_push(f->input, 0, 1);
    assert_int_equal(leat_await(f->query, DOORS_PATIENCE_NS), LEAT_ERROR_RECORD);
    assert_string_equal(leat_query_error_condition(f->query), "OPERATOR_EMIT");
}

/* ----------------------------------------------------------------------------------- moments */

static enum leat_action add_up(struct probe *probe, const leat_row *row, leat_out *out)
{
    (void)out;
    probe->sum += leat_row_i64(row, 0);
    return LEAT_DROP;
}

static void emit_sum(void *state, uint64_t epoch, leat_out *out)
{
    struct probe *probe = state;
    probe->epochs++;
    leat_row *row = leat_claim(out);
    assert_non_null(row);
    leat_row_set_i64(row, 0, probe->sum);
    char text[DOORS_TEXT_MAX];
    int size_bytes = snprintf(text, sizeof text, "e%llu", (unsigned long long)epoch);
    assert_int_equal(leat_row_set_bytes(row, 1, text, (size_t)size_bytes), LEAT_OK);
    leat_commit(out, row);
}

static void count_batch_end(void *state, leat_out *out)
{
    (void)out;
    ((struct probe *)state)->batch_ends++;
}

static void an_operator_may_emit_at_the_end_of_an_epoch(void **state)
{
    struct fixture *f = *state;
    f->probe.act = add_up;
    f->op.on_epoch = emit_sum;
    f->op.on_batch_end = count_batch_end;
    run(f, "2", 101);
    assert_true(f->rows->count > 0);
    assert_int_equal(f->rows->count, f->probe.epochs);
    assert_int_equal(f->rows->numbers[f->rows->count - 1], 5050);
    assert_true(f->probe.batch_ends > 0);
}

static void the_last_row_at_hand_is_flagged(void **state)
{
    struct fixture *f = *state;
    f->probe.act = drop_odd;
    build(f, "1");
    doors_push(f->input, 0, 10);
    doors_start(f->query);
    assert_true(doors_collect(f->output, f->rows, 5));
    doors_finish(f->query, f->input, f->output, f->rows);
    assert_int_equal(f->probe.ends_of_batch, 1); /* the ten rows were at hand together */
}

static void an_open_that_fails_keeps_the_query_from_starting(void **state)
{
    struct fixture *f = *state;
    f->probe.act = drop_odd;
    f->probe.fails_open = LEAT_ERROR_LIMIT;
    build(f, "1");
    assert_int_equal(leat_start(f->query), LEAT_ERROR_LIMIT);
    assert_non_null(strstr(leat_query_error(f->query), "operator \"probe\": its open function "
                                                       "returned -11 (LIMIT)"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(emit_passes_a_row_and_drop_does_not),
        TEST(retry_hands_the_same_row_again_in_order),
        TEST(a_dead_letter_without_a_sink_stops_the_query_and_names_the_record),
        TEST(a_dead_letter_holds_the_record_and_the_reason),
        TEST(stop_ends_the_query_well),
        TEST(rows_are_claimed_and_committed_in_place),
        TEST(claimed_rows_travel_between_threads),
        TEST(emit_with_a_schema_of_its_own_is_told_as_a_fault),
        TEST(an_operator_may_emit_at_the_end_of_an_epoch),
        TEST(the_last_row_at_hand_is_flagged),
        TEST(an_open_that_fails_keeps_the_query_from_starting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
