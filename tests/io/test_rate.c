/*
 * What is special to the source rate: Spark's numbers, times and texts, and the open loop.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "io/rate.h"
#include "tests/support/collector.h"

enum { BEGIN_NS = 7000, PARTITIONS_MAX = 8 };
static const int64_t begin_us = 1700000000000000;

struct fixture {
    struct lt_arena *arena;
    struct lt_clock_manual clock;
    struct lt_connector_env env;
    struct lt_source *source;
    struct lt_reader *reader;
    struct collector collector;
};

static void set_up(struct fixture *fixture, const char *const *options)
{
    fixture->arena = lt_arena_create();
    lt_clock_manual_init(&fixture->clock, BEGIN_NS, begin_us);
    fixture->env = collector_env(&fixture->clock.clock, NULL);
    collector_init(&fixture->collector);
    fixture->source =
        collector_source(&lt_rate_source_type, options, NULL, fixture->arena, &fixture->env);
    struct lt_position start[PARTITIONS_MAX];
    uint32_t partitions[PARTITIONS_MAX] = {0, 1, 2, 3, 4, 5, 6, 7};
    struct lt_text_buffer keep;
    lt_text_init(&keep);
    assert_int_equal(fixture->source->ops->initial(fixture->source, start, &keep, NULL), 0);
    assert_int_equal(keep.size_bytes, 0);
    assert_int_equal(fixture->source->ops->open_reader(fixture->source, &fixture->env, partitions,
                                                       fixture->source->partition_count, start,
                                                       NULL, &fixture->reader, NULL),
                     0);
}

static void tear_down(struct fixture *fixture)
{
    collector_clear(&fixture->collector);
    fixture->reader->ops->close(fixture->reader);
    fixture->source->ops->close(fixture->source);
    lt_arena_destroy(fixture->arena);
}

static uint32_t poll(struct fixture *fixture)
{
    uint32_t count;
    fixture->reader->ops->poll(fixture->reader, &fixture->collector.out, 256, &count);
    return count;
}

static void advance(struct fixture *fixture, int64_t ns)
{
    lt_clock_manual_advance(&fixture->clock, ns);
}

static int64_t column(const struct fixture *fixture, uint32_t row, uint32_t index)
{
    return lt_row_values(fixture->collector.rows[row])[index].i64;
}

static void values_and_times_are_sparks(void **state)
{
    (void)state;
    static const char *const options[] = {"rowsPerSecond=7", "numPartitions=2", NULL};
    struct fixture fixture;
    set_up(&fixture, options);
    assert_string_equal(fixture.source->description,
                        "RateStreamV2[rowsPerSecond=7, rampUpTimeSeconds=0, numPartitions=2]");
    assert_string_equal(lt_type_ddl(fixture.arena, fixture.source->schema),
                        "timestamp TIMESTAMP,value BIGINT");
    /* 3.5 rows a second in each partition: a period of 285 whole milliseconds. */
    advance(&fixture, 285 * LT_NS_PER_MS - 1);
    assert_int_equal(poll(&fixture), 0);
    assert_int_equal(fixture.reader->ops->deadline_ns(fixture.reader),
                     BEGIN_NS + 285 * LT_NS_PER_MS);
    advance(&fixture, 1);
    assert_int_equal(poll(&fixture), 2);
    advance(&fixture, 600 * LT_NS_PER_MS);
    assert_int_equal(poll(&fixture), 4);
    static const int64_t values[] = {0, 1, 2, 3, 4, 5};
    static const int64_t times_ms[] = {285, 285, 570, 570, 855, 855};
    for (uint32_t i = 0; i < 6; i++) {
        assert_int_equal(column(&fixture, i, 1), values[i]);
        assert_int_equal(column(&fixture, i, 0), begin_us + times_ms[i] * 1000);
        assert_int_equal(fixture.collector.rows[i]->source_partition, values[i] % 2);
    }
    tear_down(&fixture);
}

static void offsets_are_sparks_text(void **state)
{
    (void)state;
    static const char *const options[] = {"rowsPerSecond=2", "numPartitions=2", NULL};
    struct fixture fixture;
    set_up(&fixture, options);
    struct lt_position positions[PARTITIONS_MAX];
    struct lt_text_buffer text;
    lt_text_init(&text);
    fixture.reader->ops->position(fixture.reader, positions);
    fixture.source->ops->positions_to_json(fixture.source, positions, &text);
    assert_string_equal(lt_text_get(&text), "{\"0\":{\"value\":-2,\"runTimeMs\":1700000000000},"
                                            "\"1\":{\"value\":-1,\"runTimeMs\":1700000000000}}");
    advance(&fixture, 2 * (int64_t)LT_NS_PER_S);
    assert_int_equal(poll(&fixture), 4);
    lt_text_clear(&text);
    fixture.reader->ops->position(fixture.reader, positions);
    fixture.source->ops->positions_to_json(fixture.source, positions, &text);
    assert_string_equal(lt_text_get(&text), "{\"0\":{\"value\":2,\"runTimeMs\":1700000002000},"
                                            "\"1\":{\"value\":3,\"runTimeMs\":1700000002000}}");
    lt_text_fini(&text);
    tear_down(&fixture);
}

static void another_number_of_partitions_is_refused_as_spark_does(void **state)
{
    (void)state;
    static const char *const options[] = {"numPartitions=2", NULL};
    struct fixture fixture;
    set_up(&fixture, options);
    struct lt_position positions[PARTITIONS_MAX];
    struct lt_error error;
    assert_int_equal(
        fixture.source->ops->positions_from_json(
            fixture.source, "{\"0\":{\"value\":2,\"runTimeMs\":5}}", positions, &error),
        LT_E_INVALID);
    assert_string_equal(error.text,
                        "offsets of source rate: The previous run contained 1 partitions, but 2 "
                        "partitions are currently configured. The numPartitions option cannot be "
                        "changed.");
    assert_int_equal(
        fixture.source->ops->positions_from_json(
            fixture.source,
            "{\"0\":{\"value\":2,\"runTimeMs\":5},\"1\":{\"value\":2,\"runTimeMs\":5}}", positions,
            &error),
        LT_E_CORRUPT);
    assert_string_equal(error.text, "offsets of source rate: value 2 is none that a partition "
                                    "\"1\" of 2 counts");
    tear_down(&fixture);
}

static void a_schema_of_the_users_is_refused(void **state)
{
    (void)state;
    struct lt_options *options = lt_options_create();
    struct lt_arena *arena = lt_arena_create();
    const struct lt_type *schema;
    assert_int_equal(lt_type_parse_ddl("a INT", arena, &schema, NULL), 0);
    struct lt_source *source;
    struct lt_error error;
    assert_int_equal(
        lt_rate_source_type.bind(&lt_rate_source_type, options, schema, arena, &source, &error),
        LT_E_UNSUPPORTED);
    assert_string_equal(error.text,
                        "RateStreamProvider source does not support user-specified schema.");
    lt_options_destroy(options);
    lt_arena_destroy(arena);
}

static void what_was_missed_while_stopped_is_made_up_for(void **state)
{
    (void)state;
    static const char *const options[] = {"rowsPerSecond=10", "numPartitions=1", NULL};
    struct fixture fixture;
    set_up(&fixture, options);
    advance(&fixture, LT_NS_PER_S);
    assert_int_equal(poll(&fixture), 10);
    collector_clear(&fixture.collector);
    struct lt_position position;
    fixture.reader->ops->position(fixture.reader, &position);
    fixture.reader->ops->close(fixture.reader);
    advance(&fixture, 3 * (int64_t)LT_NS_PER_S);
    uint32_t partition = 0;
    assert_int_equal(fixture.source->ops->open_reader(fixture.source, &fixture.env, &partition, 1,
                                                      &position, NULL, &fixture.reader, NULL),
                     0);
    assert_int_equal(poll(&fixture), 30);
    assert_int_equal(column(&fixture, 0, 1), 10);
    assert_int_equal(column(&fixture, 0, 0), begin_us + 1100000);
    assert_int_equal(column(&fixture, 29, 0), begin_us + 4000000);
    tear_down(&fixture);
}

/* Nobody asks: the reader wakes its lane when a row is due, and says once that there is one. */
static void expect_told(const char *const *options, int64_t first_ns, int64_t next_ns)
{
    struct fixture f;
    struct lt_position start, end;
    struct lt_text_buffer keep;
    const uint32_t partition = 0;
    f.arena = lt_arena_create();
    lt_clock_manual_init(&f.clock, BEGIN_NS, begin_us);
    f.env = collector_env(&f.clock.clock, NULL);
    f.env.in_batches = true;
    collector_init(&f.collector);
    lt_text_init(&keep);
    f.source = collector_source(&lt_rate_source_type, options, NULL, f.arena, &f.env);
    const struct lt_source_ops *source = f.source->ops;
    assert_int_equal(source->initial(f.source, &start, &keep, NULL), 0);
    assert_int_equal(source->open_reader(f.source, &f.env, &partition, 1, &start, &start, &f.reader,
                                         NULL),
                     0);
    const struct lt_reader_ops *reader = f.reader->ops;
    const int64_t waits_ns[] = {first_ns, next_ns, next_ns};
    for (size_t i = 0; i < sizeof waits_ns / sizeof waits_ns[0]; i++) {
        assert_false(reader->has_more(f.reader));
        int64_t due_ns = lt_clock_now_ns(&f.clock.clock) + waits_ns[i];
        assert_int_equal(reader->deadline_ns(f.reader), due_ns);
        advance(&f, waits_ns[i] - 1);
        assert_false(reader->has_more(f.reader));
        advance(&f, 1);
        assert_true(reader->has_more(f.reader));
        assert_int_equal(reader->deadline_ns(f.reader), LT_NEVER_NS);
        assert_int_equal(source->admit(f.source, &start, NULL, &end, NULL), 1);
        assert_true(end.offset > start.offset);
        assert_int_equal(reader->extend(f.reader, &end, NULL), 0);
        assert_int_equal(poll(&f), end.offset - start.offset);
        start = end;
    }
    lt_text_fini(&keep);
    tear_down(&f);
}

static void in_batches_a_row_is_told_of_when_it_is_due(void **state)
{
    (void)state;
    expect_told((const char *const[]){"rowsPerSecond=4", "numPartitions=1", NULL},
                250 * LT_NS_PER_MS, 250 * LT_NS_PER_MS);
    /* Rows of less than a millisecond: those of a whole one together. */
    expect_told((const char *const[]){"rowsPerSecond=2000", "numPartitions=1", NULL},
                1500000, 1000000);
}

static void an_open_loop_stamps_each_row_with_when_it_was_due(void **state)
{
    (void)state;
    static const char *const options[] = {"rowsPerSecond=3000000", "numPartitions=1",
                                          "openLoop=true", NULL};
    struct fixture fixture;
    set_up(&fixture, options);
    assert_int_equal(poll(&fixture), 1); /* the first is due at once */
    advance(&fixture, 50000);            /* a stall of 50 us: 150 rows become due */
    assert_int_equal(poll(&fixture), 150);
    for (uint32_t i = 0; i < 151; i++) {
        int64_t due_ns = (int64_t)i * LT_NS_PER_S / 3000000;
        assert_int_equal(fixture.collector.rows[i]->ingest_ns, BEGIN_NS + due_ns);
        assert_int_equal(column(&fixture, i, 0), begin_us + due_ns / 1000);
        assert_int_equal(column(&fixture, i, 1), i);
    }
    int64_t records;
    int64_t ms;
    advance(&fixture, 10 * LT_NS_PER_MS);
    fixture.reader->ops->lag(fixture.reader, &records, &ms);
    assert_in_range(records, 29990, 30040); /* by the rounded period */
    assert_int_equal(ms, 9);
    tear_down(&fixture);
}

static void an_open_loop_keeps_its_rate_in_the_long_run(void **state)
{
    (void)state;
    static const char *const options[] = {"rowsPerSecond=17000003", "numPartitions=3",
                                          "openLoop=true", NULL};
    struct fixture fixture;
    set_up(&fixture, options);
    uint64_t total = 0;
    for (uint32_t step = 0; step < 10000; step++) {
        advance(&fixture, 10000);
        for (uint32_t count = 1; count > 0; total += count) {
            count = poll(&fixture);
            collector_clear(&fixture.collector);
        }
    }
    assert_in_range(total, 1700000, 1700004); /* of a tenth of a second */
    tear_down(&fixture);
}

static void the_rate_grows_evenly_during_the_ramp(void **state)
{
    (void)state;
    static const char *const options[] = {"rowsPerSecond=1000", "numPartitions=1", "openLoop=true",
                                          "rampUpTime=4s", NULL};
    struct fixture fixture;
    set_up(&fixture, options);
    uint32_t total = 0;
    uint32_t at_second[8] = {0};
    for (uint32_t second = 1; second < 8; second++) {
        for (uint32_t step = 0; step < 10; step++) {
            advance(&fixture, LT_NS_PER_S / 10);
            total += poll(&fixture);
            collector_clear(&fixture.collector);
        }
        at_second[second] = total;
    }
    /* R t t / 2 T */
    static const uint32_t wanted[] = {0, 125, 500, 1125, 2000, 3000, 4000, 5000};
    for (uint32_t second = 1; second < 8; second++)
        assert_in_range(at_second[second], wanted[second] - 2, wanted[second] + 3);
    tear_down(&fixture);
}

static void orders_are_typed_and_nested_and_follow_from_their_number(void **state)
{
    (void)state;
    static const char *const options[] = {"rowsPerSecond=200", "numPartitions=1", "columns=orders",
                                          NULL};
    struct fixture fixture;
    set_up(&fixture, options);
    assert_string_equal(lt_type_simple_string(fixture.arena, fixture.source->schema),
                        "struct<order_id:bigint,event_time:timestamp,customer:struct<id:bigint,"
                        "name:string,country:string>,items:array<struct<sku:string,quantity:int,"
                        "price:double>>,amount:double,note:string>");
    advance(&fixture, LT_NS_PER_S);
    assert_int_equal(poll(&fixture), 200);
    uint32_t empty_arrays = 0;
    uint32_t small_amounts = 0;
    for (uint32_t i = 0; i < 200; i++) {
        const struct lt_row *row = fixture.collector.rows[i];
        const union lt_value *values = lt_row_values(row);
        assert_int_equal(values[0].i64, i);
        assert_memory_equal(values[2].structure->values[1].bytes.data, "customer-", 9);
        empty_arrays += values[3].array->count == 0;
        for (uint32_t j = 0; j < values[3].array->count; j++)
            assert_int_equal(values[3].array->values[j].structure->values[1].i64, j + 1);
        assert_true(values[4].f64 >= 0 && values[4].f64 < 1000);
        small_amounts += values[4].f64 < 500;
        assert_int_equal(lt_row_is_null(row, 5), i % 10 == 9);
    }
    assert_in_range(empty_arrays, 10, 90);
    assert_in_range(small_amounts, 70, 130);
    tear_down(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_and_times_are_sparks),
        cmocka_unit_test(offsets_are_sparks_text),
        cmocka_unit_test(another_number_of_partitions_is_refused_as_spark_does),
        cmocka_unit_test(a_schema_of_the_users_is_refused),
        cmocka_unit_test(what_was_missed_while_stopped_is_made_up_for),
        cmocka_unit_test(in_batches_a_row_is_told_of_when_it_is_due),
        cmocka_unit_test(an_open_loop_stamps_each_row_with_when_it_was_due),
        cmocka_unit_test(an_open_loop_keeps_its_rate_in_the_long_run),
        cmocka_unit_test(the_rate_grows_evenly_during_the_ramp),
        cmocka_unit_test(orders_are_typed_and_nested_and_follow_from_their_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
