/*
 * How the relay bench judges a record that arrives: whole and as sent, or which of the faults.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench/relay/payload.h"

enum {
    RUN = 7,
    PARTITION = 1,
    PER_PARTITION = 2000,
    VALUE_BYTES = 100,
    PLAIN = 3,                             /* the number of a record without a header */
    HEADED = LT_BENCH_HEADER_EVERY * 3 / 2 /* and of one with a header */
};

/* An arrival with what it points to. */
struct record {
    struct lt_bench_arrival arrival;
    uint64_t sequence;
    char value[VALUE_BYTES];
};

static void make(struct record *record, uint64_t sequence)
{
    const struct lt_bench_payload fields = {
        .intended_ns = 1000, .sequence = sequence, .partition = PARTITION, .run = RUN};
    lt_bench_payload_fill(record->value, sizeof record->value, &fields);
    record->sequence = sequence;
    record->arrival = (struct lt_bench_arrival){
        .value = record->value,
        .value_bytes = sizeof record->value,
        .key = &record->sequence,
        .key_bytes = sizeof record->sequence,
        .timestamp_ms = lt_bench_payload_timestamp_ms(sequence),
        .partition = PARTITION,
    };
    if (!lt_bench_payload_has_header(sequence))
        return;
    record->arrival.header_count = 1;
    record->arrival.header_name = LT_BENCH_HEADER_NAME;
    record->arrival.header_value = &record->sequence;
    record->arrival.header_bytes = sizeof record->sequence;
}

static int begin(void **state)
{
    struct lt_bench_tally *tally = malloc(sizeof *tally);
    assert_non_null(tally);
    lt_bench_tally_init(tally, RUN, PARTITION + 1, PER_PARTITION);
    *state = tally;
    return 0;
}

static int end(void **state)
{
    lt_bench_tally_fini(*state);
    free(*state);
    return 0;
}

static bool take(struct lt_bench_tally *tally, const struct record *record)
{
    struct lt_bench_payload fields;
    bool is_new = lt_bench_tally_take(tally, &record->arrival, &fields);
    if (is_new)
        assert_int_equal(fields.sequence, record->sequence);
    return is_new;
}

static void a_record_as_sent_is_intact(void **state)
{
    struct lt_bench_tally *tally = *state;
    struct record record;
    for (uint64_t sequence = 0; sequence < PER_PARTITION; sequence++) {
        make(&record, sequence);
        assert_true(take(tally, &record));
    }
    assert_int_equal(tally->intact, PER_PARTITION);
    assert_int_equal(tally->duplicates + tally->reordered + tally->corrupt + tally->unfiltered, 0);
    assert_int_equal(tally->changed, 0);
}

static void one_record_in_a_thousand_has_a_header(void **state)
{
    (void)state;
    int count = 0;
    for (uint64_t sequence = 0; sequence < 10 * LT_BENCH_HEADER_EVERY; sequence++)
        count += lt_bench_payload_has_header(sequence);
    assert_int_equal(count, 10);
    assert_true(lt_bench_payload_has_header(HEADED));
    assert_false(lt_bench_payload_has_header(PLAIN));
}

static void a_changed_key_or_timestamp_is_seen(void **state)
{
    struct lt_bench_tally *tally = *state;
    struct record record;
    uint64_t other = 99;
    make(&record, 0);
    record.arrival.key = &other;
    assert_true(take(tally, &record));
    assert_int_equal(tally->changed, 1);
    make(&record, 1);
    record.arrival.key = NULL;
    record.arrival.key_bytes = 0;
    assert_true(take(tally, &record));
    assert_int_equal(tally->changed, 2);
    make(&record, 2);
    record.arrival.timestamp_ms++;
    assert_true(take(tally, &record));
    assert_int_equal(tally->changed, 3);
    assert_int_equal(tally->intact, 3);
}

static void a_lost_header_is_seen(void **state)
{
    struct record record;
    make(&record, HEADED);
    record.arrival.header_count = 0;
    assert_true(take(*state, &record));
    assert_int_equal(((struct lt_bench_tally *)*state)->changed, 1);
}

static void a_doubled_header_is_seen(void **state)
{
    struct record record;
    make(&record, HEADED);
    record.arrival.header_count = 2;
    assert_true(take(*state, &record));
    assert_int_equal(((struct lt_bench_tally *)*state)->changed, 1);
}

static void another_name_of_the_header_is_seen(void **state)
{
    struct record record;
    make(&record, HEADED);
    record.arrival.header_name = "Number";
    assert_true(take(*state, &record));
    assert_int_equal(((struct lt_bench_tally *)*state)->changed, 1);
}

static void another_value_of_the_header_is_seen(void **state)
{
    struct record record;
    uint64_t other = HEADED + 1;
    make(&record, HEADED);
    record.arrival.header_value = &other;
    assert_true(take(*state, &record));
    assert_int_equal(((struct lt_bench_tally *)*state)->changed, 1);
}

static void a_header_where_none_was_sent_is_seen(void **state)
{
    struct record record;
    make(&record, PLAIN);
    record.arrival.header_count = 1;
    record.arrival.header_name = LT_BENCH_HEADER_NAME;
    record.arrival.header_value = &record.sequence;
    record.arrival.header_bytes = sizeof record.sequence;
    assert_true(take(*state, &record));
    assert_int_equal(((struct lt_bench_tally *)*state)->changed, 1);
}

static void a_damaged_or_foreign_record_is_corrupt(void **state)
{
    struct lt_bench_tally *tally = *state;
    struct record record;
    make(&record, PLAIN);
    record.value[VALUE_BYTES - 1] ^= 1;
    assert_false(take(tally, &record));
    make(&record, PLAIN);
    record.arrival.value_bytes--;
    assert_false(take(tally, &record));
    make(&record, PLAIN);
    record.arrival.partition = 0;
    assert_false(take(tally, &record));
    make(&record, PER_PARTITION);
    assert_false(take(tally, &record));
    tally->run = RUN + 1;
    make(&record, PLAIN);
    assert_false(take(tally, &record));
    assert_int_equal(tally->corrupt, 5);
    assert_int_equal(tally->intact, 0);
}

static void doubles_disorder_and_what_should_be_filtered_are_counted(void **state)
{
    struct lt_bench_tally *tally = *state;
    struct record record;
    make(&record, 5);
    assert_true(take(tally, &record));
    assert_false(take(tally, &record));
    make(&record, 4);
    assert_true(take(tally, &record));
    record.arrival.value_bytes = LT_BENCH_SHORT_BYTES;
    assert_false(take(tally, &record));
    assert_int_equal(tally->intact, 2);
    assert_int_equal(tally->duplicates, 1);
    assert_int_equal(tally->reordered, 1);
    assert_int_equal(tally->unfiltered, 1);
    assert_int_equal(tally->corrupt, 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        CASE(a_record_as_sent_is_intact),
        CASE(one_record_in_a_thousand_has_a_header),
        CASE(a_changed_key_or_timestamp_is_seen),
        CASE(a_lost_header_is_seen),
        CASE(a_doubled_header_is_seen),
        CASE(another_name_of_the_header_is_seen),
        CASE(another_value_of_the_header_is_seen),
        CASE(a_header_where_none_was_sent_is_seen),
        CASE(a_damaged_or_foreign_record_is_corrupt),
        CASE(doubles_disorder_and_what_should_be_filtered_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
