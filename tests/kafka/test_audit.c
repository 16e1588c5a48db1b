/* The judgement of audit_judge.h, on outputs with planted faults and with replays that are legal.
 *
 * The input is always the numbers 100 to 109 at the offsets 1000, 1010, ... so that number, index
 * and offset are three different things. Outputs are written as the last digit of the number.
 */
#include "audit_judge.c"
#include "audit_record.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { INPUT_COUNT = 10, OUTPUT_MAX = 64, VALUE_BYTES = 100 };

struct bounds {
    int64_t replay_max;
    const struct lt_audit_mark *marks;
    size_t mark_count;
};

static const struct bounds no_bounds = {.replay_max = LT_AUDIT_UNBOUNDED};

/* In "output" a digit is the number 100 + digit, 'x' a corrupted record, '?' an unknown number. */
static struct lt_audit_verdict judge_within(const char *output, const struct bounds *bounds)
{
    struct lt_audit_input input[INPUT_COUNT];
    uint64_t numbers[OUTPUT_MAX];
    struct lt_audit_verdict verdict;
    for (size_t i = 0; i < INPUT_COUNT; i++)
        input[i] = (struct lt_audit_input){.sequence = 100 + i, .offset = 1000 + 10 * (int64_t)i};
    size_t count = strlen(output);
    assert_true(count <= OUTPUT_MAX);
    for (size_t i = 0; i < count; i++) {
        numbers[i] = output[i] == 'x'   ? LT_AUDIT_CORRUPTED
                     : output[i] == '?' ? 5
                                        : 100 + (uint64_t)(output[i] - '0');
    }
    const struct lt_audit_case audit = {.input = input,
                                        .input_count = INPUT_COUNT,
                                        .output = numbers,
                                        .output_count = count,
                                        .replay_max = bounds->replay_max,
                                        .has_marks = bounds->marks != NULL,
                                        .marks = bounds->marks,
                                        .mark_count = bounds->mark_count};
    assert_int_equal(lt_audit_judge(&audit, &verdict), 0);
    assert_int_equal(verdict.delivered + verdict.duplicated + verdict.corrupted + verdict.unknown,
                     count);
    assert_int_equal(verdict.delivered + verdict.lost, INPUT_COUNT);
    return verdict;
}

static struct lt_audit_verdict judge(const char *output)
{
    return judge_within(output, &no_bounds);
}

/* Holds the six counts against "lost duplicated reordered corrupted replays largest". */
static void assert_counts(const char *output, const char *expected)
{
    char text[128];
    struct lt_audit_verdict v = judge(output);
    int size = snprintf(text, sizeof(text), "%d %d %d %d %d %d", (int)v.lost, (int)v.duplicated,
                        (int)v.reordered, (int)v.corrupted, (int)v.replays, (int)v.largest_replay);
    assert_true(size > 0 && size < (int)sizeof(text));
    if (strcmp(text, expected) != 0)
        fail_msg("output \"%s\" was judged \"%s\" and not \"%s\"", output, text, expected);
}

static void faithful_output_has_no_finding(void **state)
{
    (void)state;
    assert_counts("0123456789", "0 0 0 0 0 0");
    struct lt_audit_verdict v = judge("0123456789");
    assert_int_equal(v.delivered, 10);
    assert_true(v.first_lost == SIZE_MAX);
    assert_true(v.first_reordered == SIZE_MAX);
    assert_true(v.first_corrupted == SIZE_MAX);
    assert_true(v.first_unknown == SIZE_MAX);
    assert_true(v.first_too_far == SIZE_MAX);
}

static void lost_records_are_counted_wherever_they_stood(void **state)
{
    (void)state;
    assert_counts("123456789", "1 0 0 0 0 0");
    assert_counts("012346789", "1 0 0 0 0 0");
    assert_counts("012345678", "1 0 0 0 0 0");
    assert_counts("09", "8 0 0 0 0 0");
    assert_counts("", "10 0 0 0 0 0");
    assert_int_equal(judge("0123789").first_lost, 4);
}

static void swapped_neighbours_count_once(void **state)
{
    (void)state;
    assert_counts("0132456789", "0 0 1 0 0 0");
    assert_counts("1032456798", "0 0 3 0 0 0");
    assert_int_equal(judge("0132456789").first_reordered, 3);
}

static void each_late_first_delivery_counts(void **state)
{
    (void)state;
    assert_counts("0234567891", "0 0 1 0 0 0");
    assert_counts("0567891234", "0 0 4 0 0 0");
    assert_counts("9876543210", "0 0 9 0 0 0");
}

static void single_doubles_are_replays_of_one(void **state)
{
    (void)state;
    assert_counts("00123456789", "0 1 0 0 1 1");
    assert_counts("012334456789", "0 2 0 0 2 1");
    assert_counts("01234567899", "0 1 0 0 1 1");
}

static void replay_that_runs_on_without_gaps_is_legal(void **state)
{
    (void)state;
    assert_counts("01234523456789", "0 4 0 0 1 4");
    assert_counts("01234567890123456789", "0 10 0 0 1 10");
}

static void replay_that_is_cut_off_by_another_kill_is_legal(void **state)
{
    (void)state;
    assert_counts("012345"
                  "234"
                  "23456789",
                  "0 7 0 0 2 4");
    assert_counts("012345"
                  "45"
                  "2345",
                  "4 6 0 0 2 4");
}

static void replay_that_ends_short_of_the_frontier_is_legal(void **state)
{
    (void)state;
    assert_counts("0123456789678", "0 3 0 0 1 4");
}

static void replay_with_a_gap_is_reordered(void **state)
{
    (void)state;
    assert_counts("01234524"
                  "56789",
                  "0 3 1 0 1 4");
    assert_counts("012345"
                  "26789",
                  "0 1 1 0 1 4");
}

static void replay_backwards_is_reordered_where_it_jumps_ahead(void **state)
{
    (void)state;
    assert_counts("012345"
                  "4326789",
                  "0 3 1 0 3 4");
}

static void what_is_lost_is_not_a_gap_of_the_replay(void **state)
{
    (void)state;
    /* 3 is nowhere: the replay cannot show it either. */
    assert_counts("01245"
                  "1245"
                  "6789",
                  "1 4 0 0 1 5");
}

static void first_delivery_within_a_replay_is_late(void **state)
{
    (void)state;
    /* 3 came after 5 for the first time. */
    assert_counts("01245"
                  "12345"
                  "6789",
                  "0 4 1 0 1 5");
}

static void step_back_to_what_was_never_sent_is_reordered(void **state)
{
    (void)state;
    assert_counts("012"
                  "67"
                  "34567"
                  "89",
                  "0 2 3 0 1 2");
}

static void corrupted_records_are_counted_and_their_numbers_are_lost(void **state)
{
    (void)state;
    assert_counts("012x456789", "1 0 0 1 0 0");
    assert_counts("xxxxxxxxxx", "10 0 0 10 0 0");
    assert_int_equal(judge("012x456789").first_corrupted, 3);
    /* A corrupted copy between intact ones harms no order. */
    assert_counts("01x23456789", "0 0 0 1 0 0");
}

static void number_that_the_input_lacks_is_unknown(void **state)
{
    (void)state;
    struct lt_audit_verdict v = judge("0123?456789");
    assert_int_equal(v.unknown, 1);
    assert_int_equal(v.first_unknown, 4);
    assert_int_equal(v.lost + v.reordered + v.corrupted + v.duplicated, 0);
}

static void planted_faults_add_up(void **state)
{
    (void)state;
    /* 2 lost, 4 and 5 swapped, 7 corrupted, then a replay of 5 to 6 that is legal. */
    assert_counts("013546x"
                  "5689",
                  "2 2 1 1 1 2");
}

static void replay_larger_than_the_bound_is_too_far(void **state)
{
    (void)state;
    const char *output = "0123452345678989";
    const struct bounds three = {.replay_max = 3};
    const struct bounds four = {.replay_max = 4};
    const struct bounds zero = {.replay_max = 0};
    struct lt_audit_verdict v = judge_within(output, &three);
    assert_int_equal(v.replays, 2);
    assert_int_equal(v.replays_too_far, 1);
    assert_int_equal(v.first_too_far, 6);
    assert_int_equal(judge_within(output, &four).replays_too_far, 0);
    assert_int_equal(judge_within(output, &zero).replays_too_far, 2);
    assert_int_equal(judge_within("0123456789", &zero).replays_too_far, 0);
}

static void replay_must_fit_one_mark_at_both_ends(void **state)
{
    (void)state;
    /* The replay restarts at number 102, offset 1020; number 105, offset 1050, was sent before it.
     */
    const char *output = "01234523456789";
    const struct {
        struct lt_audit_mark mark;
        uint64_t too_far;
    } cases[] = {
        {{.restart_offset = 1020, .sent_until = 1051}, 0},
        {{.restart_offset = 1011, .sent_until = LT_AUDIT_UNBOUNDED}, 0},
        {{.restart_offset = 1021, .sent_until = 1051}, 1},
        {{.restart_offset = 1020, .sent_until = 1050}, 1},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct bounds bounds = {
            .replay_max = LT_AUDIT_UNBOUNDED, .marks = &cases[i].mark, .mark_count = 1};
        assert_int_equal(judge_within(output, &bounds).replays_too_far, cases[i].too_far);
    }
    const struct lt_audit_mark halves[] = {{.restart_offset = 1000, .sent_until = 1050},
                                           {.restart_offset = 1030, .sent_until = 1060}};
    const struct bounds two_halves = {
        .replay_max = LT_AUDIT_UNBOUNDED, .marks = halves, .mark_count = 2};
    assert_int_equal(judge_within(output, &two_halves).replays_too_far, 1);
    const struct bounds none_allowed = {
        .replay_max = LT_AUDIT_UNBOUNDED, .marks = halves, .mark_count = 0};
    assert_int_equal(judge_within(output, &none_allowed).replays_too_far, 1);
}

static void input_that_does_not_increase_is_refused(void **state)
{
    (void)state;
    struct lt_audit_verdict verdict;
    const struct lt_audit_input twice[] = {{.sequence = 1, .offset = 1},
                                           {.sequence = 1, .offset = 2}};
    const struct lt_audit_input back[] = {{.sequence = 1, .offset = 2},
                                          {.sequence = 2, .offset = 1}};
    const struct lt_audit_case twice_case = {.input = twice, .input_count = 2};
    const struct lt_audit_case back_case = {.input = back, .input_count = 2};
    assert_int_equal(lt_audit_judge(&twice_case, &verdict), -2);
    assert_int_equal(lt_audit_judge(&back_case, &verdict), -2);
}

static void record_proves_every_byte_of_key_and_value(void **state)
{
    (void)state;
    uint8_t key[LT_AUDIT_KEY_BYTES];
    uint8_t value[VALUE_BYTES];
    struct lt_audit_record read;
    const struct lt_audit_record record = {
        .sequence = 77, .made_ns = 1234, .partition = 3, .size_bytes = VALUE_BYTES};
    lt_audit_encode(&record, key, value);
    assert_true(lt_audit_decode(key, sizeof(key), value, sizeof(value), &read));
    assert_int_equal(read.sequence, 77);
    assert_int_equal(read.made_ns, 1234);
    assert_int_equal(read.partition, 3);
    for (size_t i = 0; i < sizeof(value); i++) {
        value[i] ^= 0x10;
        assert_false(lt_audit_decode(key, sizeof(key), value, sizeof(value), &read));
        value[i] ^= 0x10;
    }
    for (size_t i = 0; i < sizeof(key); i++) {
        key[i] ^= 0x10;
        assert_false(lt_audit_decode(key, sizeof(key), value, sizeof(value), &read));
        key[i] ^= 0x10;
    }
    assert_false(lt_audit_decode(key, sizeof(key), value, sizeof(value) - 1, &read));
    assert_false(lt_audit_decode(key, sizeof(key), NULL, 0, &read));
    assert_false(lt_audit_decode(NULL, 0, value, sizeof(value), &read));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(faithful_output_has_no_finding),
        cmocka_unit_test(lost_records_are_counted_wherever_they_stood),
        cmocka_unit_test(swapped_neighbours_count_once),
        cmocka_unit_test(each_late_first_delivery_counts),
        cmocka_unit_test(single_doubles_are_replays_of_one),
        cmocka_unit_test(replay_that_runs_on_without_gaps_is_legal),
        cmocka_unit_test(replay_that_is_cut_off_by_another_kill_is_legal),
        cmocka_unit_test(replay_that_ends_short_of_the_frontier_is_legal),
        cmocka_unit_test(replay_with_a_gap_is_reordered),
        cmocka_unit_test(replay_backwards_is_reordered_where_it_jumps_ahead),
        cmocka_unit_test(what_is_lost_is_not_a_gap_of_the_replay),
        cmocka_unit_test(first_delivery_within_a_replay_is_late),
        cmocka_unit_test(step_back_to_what_was_never_sent_is_reordered),
        cmocka_unit_test(corrupted_records_are_counted_and_their_numbers_are_lost),
        cmocka_unit_test(number_that_the_input_lacks_is_unknown),
        cmocka_unit_test(planted_faults_add_up),
        cmocka_unit_test(replay_larger_than_the_bound_is_too_far),
        cmocka_unit_test(replay_must_fit_one_mark_at_both_ends),
        cmocka_unit_test(input_that_does_not_increase_is_refused),
        cmocka_unit_test(record_proves_every_byte_of_key_and_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
