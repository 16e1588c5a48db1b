/*
 * Writing to mock brokers: what arrives, what a failure becomes, when an epoch is durable. Rows
 * come from a Kafka reader, as in a relay, or from a pool of the test's, as from an operator.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "io/kafka_source_internal.h"
#include "tests/support/kafka_world.h"

enum { LARGE_BYTES = 2000 };

/* Topics "in" and "out" of `partitions`, a reader from the earliest and a writer between them. */
static void open_relay(struct world *world, int partitions, const char *const *sink_options)
{
    world_topic(world, "in", partitions);
    world_topic(world, "out", partitions);
    if (world_source(world, WORLD_OPTIONS("subscribe=in", "startingOffsets=earliest",
                                          "includeHeaders=true")) != 0 ||
        world_sink(world, sink_options, world->source->schema) != 0)
        fail_msg("%s", world->error.text);
    world_reader(world, NULL);
    world_writer(world);
}

static void close_relay(struct world *world)
{
    world->writer->ops->close(world->writer);
    world->reader->ops->close(world->reader);
    world->sink->ops->close(world->sink);
    world->source->ops->close(world->source);
    world->writer = NULL;
    world->reader = NULL;
    world->sink = NULL;
    world->source = NULL;
}

/* Reads topic "out" into rows. */
static void read_out(struct world *world, uint32_t count)
{
    close_relay(world);
    if (world_source(world, WORLD_OPTIONS("subscribe=out", "startingOffsets=earliest",
                                          "includeHeaders=true")) != 0)
        fail_msg("%s", world->error.text);
    world_reader(world, NULL);
    world_read(world, count);
    assert_int_equal(world->row_count, count);
}

static void assert_same_bytes(const struct lt_row *row, uint32_t column, const char *wanted)
{
    assert_int_equal(lt_row_is_null(row, column), wanted == NULL);
    if (wanted == NULL)
        return;
    const struct lt_bytes *got = &lt_row_values(row)[column].bytes;
    assert_int_equal(got->size_bytes, strlen(wanted));
    assert_memory_equal(got->data, wanted, strlen(wanted));
}

static char *large_value(void)
{
    static char text[LARGE_BYTES + 1];
    memset(text, 'x', LARGE_BYTES);
    return text;
}

static void a_relay_keeps_the_whole_envelope(void **state)
{
    struct world *world = *state;
    const char *const keys[] = {NULL, "", "k", "k"};
    const char *const values[] = {"", "v", NULL, large_value()};
    open_relay(world, 2, WORLD_OPTIONS("topic=out", "partitioner=source"));
    for (int i = 0; i < 4; i++) {
        rd_kafka_headers_t *headers = rd_kafka_headers_new(2);
        rd_kafka_header_add(headers, "h", -1, NULL, 0);
        rd_kafka_header_add(headers, "h", -1, "1", 1);
        world_produce(world, "in", 1, keys[i], values[i], i % 2 == 0 ? NULL : headers);
        if (i % 2 == 0)
            rd_kafka_headers_destroy(headers);
    }
    world_read(world, 4);
    world_write_all(world);
    world->writer->ops->prepare(world->writer, 1);
    assert_int_equal(world_prepared(world, 1, WORLD_WAIT_MS), 1);
    read_out(world, 4);
    for (uint32_t i = 0; i < 4; i++) {
        const struct lt_row *row = world->rows[i];
        assert_same_bytes(row, LT_KAFKA_KEY, keys[i]);
        assert_same_bytes(row, LT_KAFKA_VALUE, values[i]);
        assert_int_equal(lt_row_values(row)[LT_KAFKA_PARTITION].i64, 1);
        assert_int_equal(lt_row_values(row)[LT_KAFKA_TIMESTAMP].i64, 1700000000123000);
        assert_int_equal(lt_row_is_null(row, LT_KAFKA_HEADERS), i % 2 == 0);
        if (i % 2 == 0)
            continue;
        struct lt_array *headers = lt_row_values(row)[LT_KAFKA_HEADERS].array;
        lt_array_materialize(headers);
        assert_int_equal(headers->count, 2);
        assert_true(lt_bit(headers->values[0].structure->nulls, 1));
        assert_false(lt_bit(headers->values[1].structure->nulls, 1));
    }
}

static void headers_that_somebody_looked_at_arrive_too(void **state)
{
    struct world *world = *state;
    open_relay(world, 1, WORLD_OPTIONS("topic=out"));
    rd_kafka_headers_t *headers = rd_kafka_headers_new(2);
    rd_kafka_header_add(headers, "n", -1, NULL, 0);
    rd_kafka_header_add(headers, "e", -1, "", 0);
    world_produce(world, "in", 0, NULL, "v", headers);
    world_read(world, 1);
    lt_array_materialize(lt_row_values(world->rows[0])[LT_KAFKA_HEADERS].array);
    world_write_all(world);
    world->writer->ops->prepare(world->writer, 1);
    assert_int_equal(world_prepared(world, 1, WORLD_WAIT_MS), 1);
    read_out(world, 1);
    struct lt_array *array = lt_row_values(world->rows[0])[LT_KAFKA_HEADERS].array;
    lt_array_materialize(array);
    assert_int_equal(array->count, 2);
    assert_true(lt_bit(array->values[0].structure->nulls, 1));
    assert_false(lt_bit(array->values[1].structure->nulls, 1));
    assert_int_equal(array->values[1].structure->values[1].bytes.size_bytes, 0);
}

static void a_row_that_two_sinks_hold_keeps_its_headers(void **state)
{
    struct world *world = *state;
    open_relay(world, 1, WORLD_OPTIONS("topic=out"));
    rd_kafka_headers_t *headers = rd_kafka_headers_new(1);
    rd_kafka_header_add(headers, "h", -1, "1", 1);
    world_produce(world, "in", 0, NULL, "v", headers);
    world_read(world, 1);
    struct lt_row *row = world->rows[0];
    lt_row_hold(row);
    world_write_all(world);
    struct lt_array *array = lt_row_values(row)[LT_KAFKA_HEADERS].array;
    lt_array_materialize(array);
    assert_int_equal(array->count, 1);
    lt_row_release(row);
    world->writer->ops->prepare(world->writer, 1);
    assert_int_equal(world_prepared(world, 1, WORLD_WAIT_MS), 1);
}

/* One request at a time: the mock broker takes a batch whose predecessor it refused, where a real
 * one, which knows the producer, says OUT_OF_ORDER_SEQUENCE_NUMBER. */
static void retriable_errors_are_retried_in_order(void **state)
{
    struct world *world = *state;
    open_relay(world, 1, WORLD_OPTIONS("topic=out", "kafka.max.in.flight=1"));
    for (int i = 0; i < 20; i++)
        world_produce(world, "in", 0, NULL, (const char[]){(char)('a' + i), '\0'}, NULL);
    world_read(world, 20);
    rd_kafka_mock_push_request_errors(
        world->cluster, WORLD_PRODUCE, 4, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
        RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
        RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS);
    world_write_all(world);
    world->writer->ops->prepare(world->writer, 1);
    assert_int_equal(world_prepared(world, 1, WORLD_WAIT_MS), 1);
    assert_int_equal(world->failed_count, 0);
    read_out(world, 20);
    for (uint32_t i = 0; i < 20; i++)
        assert_same_bytes(world->rows[i], LT_KAFKA_VALUE, (const char[]){(char)('a' + i), '\0'});
}

static void an_epoch_is_durable_when_its_own_records_are(void **state)
{
    struct world *world = *state;
    open_relay(world, 1, WORLD_OPTIONS("topic=out"));
    world->writer->ops->prepare(world->writer, 1);
    assert_int_equal(world_prepared(world, 1, 0), 1); /* nothing written: nothing to wait for */
    world_produce(world, "in", 0, NULL, "a", NULL);
    world_produce(world, "in", 0, NULL, "b", NULL);
    world_read(world, 2);
    struct lt_fault *fault = NULL;
    assert_int_equal(world_write(world, 0, &fault), LT_WRITE_DONE);
    world->writer->ops->prepare(world->writer, 2);
    assert_int_equal(world_prepared(world, 2, WORLD_WAIT_MS), 1);
    /* A record of epoch 3 that the broker does not take now holds epoch 3, and had not held 2. */
    rd_kafka_mock_broker_set_down(world->cluster, 1);
    assert_int_equal(world_write(world, 0, &fault), LT_WRITE_DONE);
    world->writer->ops->prepare(world->writer, 3);
    assert_int_equal(world_prepared(world, 3, 100), 0);
    rd_kafka_mock_broker_set_up(world->cluster, 1);
    assert_int_equal(world_prepared(world, 3, WORLD_WAIT_MS), 1);
}

/* A record that the broker refuses by itself: `value` as the broker sees it. */
static void fail_one(struct world *world, const char *value, rd_kafka_resp_err_t err,
                     const char *condition)
{
    open_relay(world, 1, WORLD_OPTIONS("topic=out"));
    rd_kafka_headers_t *headers = rd_kafka_headers_new(1);
    rd_kafka_header_add(headers, "h", -1, "1", 1);
    world_produce(world, "in", 0, "key", value, headers);
    world_read(world, 1);
    rd_kafka_mock_push_request_errors(world->cluster, WORLD_PRODUCE, 1, err);
    world_write_all(world);
    world->writer->ops->prepare(world->writer, 1);
    assert_int_equal(world_prepared(world, 1, WORLD_WAIT_MS), 1);
    assert_int_equal(world->failed_count, 1);
    assert_string_equal(world->faults[0]->condition, condition);
    assert_non_null(strstr(world->faults[0]->text, "topic \"out\": "));

    struct lt_row *root = lt_row_root(world->failed[0]);
    assert_int_equal(root->source_partition, 0);
    assert_int_equal(root->source_offset, 0);
    struct lt_original original = {0};
    struct lt_row_pool *pool;
    const struct lt_row_pool_options options = {.column_count = 1, .capacity = 1};
    assert_int_equal(lt_row_pool_create(&options, &pool, NULL), 0);
    struct lt_row *into = lt_row_claim(pool);
    world->source->ops->original(world->source, root, into, &original);
    assert_memory_equal(original.key->data, "key", 3);
    assert_int_equal(original.value->size_bytes, strlen(value));
    assert_memory_equal(original.value->data, value, strlen(value));
    assert_int_equal(original.timestamp_us, 1700000000123000);
    assert_non_null(original.headers);
    lt_array_materialize(original.headers);
    assert_int_equal(original.headers->count, 1);
    lt_row_release(into);
    lt_row_pool_destroy(pool);
}

static void a_small_record_that_is_refused_is_made_again_from_what_was_sent(void **state)
{
    fail_one(*state, "small", RD_KAFKA_RESP_ERR_INVALID_RECORD, "KAFKA_INVALID_RECORD");
    world_release(*state);
}

static void a_large_record_that_is_refused_comes_back_as_it_was(void **state)
{
    fail_one(*state, large_value(), RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, "RECORD_TOO_LARGE");
    world_release(*state);
}

static void a_topic_that_may_not_be_written_breaks_the_writer(void **state)
{
    struct world *world = *state;
    struct lt_fault *fault = NULL;
    open_relay(world, 1, WORLD_OPTIONS("topic=out"));
    world_produce(world, "in", 0, NULL, "a", NULL);
    world_produce(world, "in", 0, NULL, large_value(), NULL);
    world_read(world, 2);
    rd_kafka_mock_push_request_errors(world->cluster, WORLD_PRODUCE, 1,
                                      RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    assert_int_equal(world_write(world, 0, &fault), LT_WRITE_DONE);
    world->writer->ops->prepare(world->writer, 1);
    assert_int_equal(world_prepared(world, 1, WORLD_WAIT_MS), LT_E_PERMISSION);
    assert_string_equal(world->writer->error.text,
                        "sink kafka: topic \"out\": Broker: Topic authorization failed");
    assert_int_equal(world_write(world, 0, &fault), LT_WRITE_BROKEN);
    assert_int_equal(world->row_count, 1);
}

static void a_partition_that_does_not_exist_fails_the_record(void **state)
{
    struct world *world = *state;
    struct lt_fault *fault = NULL;
    open_relay(world, 1, WORLD_OPTIONS("topic=out"));
    world_produce(world, "in", 0, NULL, "a", NULL);
    world_read(world, 1);
    lt_row_values(world->rows[0])[LT_KAFKA_PARTITION].i64 = 7;
    assert_int_equal(world_write(world, 0, &fault), LT_WRITE_FAILED);
    assert_string_equal(fault->condition, "KAFKA_UNKNOWN_PARTITION");
    assert_string_equal(fault->text, "topic \"out\" has no partition 7");
    lt_fault_destroy(fault);
}

static void assert_fails(struct world *world, const char *condition, const char *text)
{
    struct lt_fault *fault = NULL;
    assert_int_equal(world_write(world, 0, &fault), LT_WRITE_FAILED);
    assert_string_equal(fault->condition, condition);
    assert_string_equal(fault->text, text);
    lt_fault_destroy(fault);
}

static void a_negative_partition_is_no_choice_and_fails_the_record(void **state)
{
    struct world *world = *state;
    open_relay(world, 1, WORLD_OPTIONS("topic=out"));
    world_produce(world, "in", 0, NULL, "a", NULL);
    world_read(world, 1);
    lt_row_values(world->rows[0])[LT_KAFKA_PARTITION].i64 = -1;
    assert_fails(world, "KAFKA_UNKNOWN_PARTITION", "topic \"out\" has no partition -1");
    lt_row_set_null(world->rows[0], LT_KAFKA_PARTITION); /* the producer chooses */
    world_write_all(world);
}

static void an_impossible_topic_name_fails_the_record_and_the_next_goes_on(void **state)
{
    struct world *world = *state;
    static const char *const impossible[] = {"", ".", "..", "bad/name", "bad name", "b\xc3\xa4"};
    char text[64];
    open_relay(world, 1, WORLD_OPTIONS("kafka.client.id=x"));
    world_produce(world, "in", 0, NULL, "a", NULL);
    world_read(world, 1);
    for (size_t i = 0; i < sizeof impossible / sizeof impossible[0]; i++) {
        lt_row_values(world->rows[0])[LT_KAFKA_TOPIC] = lt_value_text(impossible[i]);
        snprintf(text, sizeof text, "\"%s\" is no name for a topic", impossible[i]);
        assert_fails(world, "KAFKA_INVALID_TOPIC", text);
    }
    lt_row_values(world->rows[0])[LT_KAFKA_TOPIC] = lt_value_text("out");
    world_write_all(world);
    world->writer->ops->prepare(world->writer, 1);
    assert_int_equal(world_prepared(world, 1, WORLD_WAIT_MS), 1);
}

static void a_row_that_would_come_back_fails(void **state)
{
    struct world *world = *state;
    open_relay(world, 1, WORLD_OPTIONS("kafka.client.id=x"));
    world_produce(world, "in", 0, NULL, "a", NULL);
    world_read(world, 1);
    for (int i = 0; i < 2; i++) /* the topic is new to the writer, and then known */
        assert_fails(world, "KAFKA_INVALID_TOPIC",
                     "topic \"in\": it is both source and sink: the query would feed itself");
    lt_row_values(world->rows[0])[LT_KAFKA_TOPIC] = lt_value_text("out");
    world_write_all(world);
}

static void a_sink_that_would_feed_its_source_is_refused_by_whatever_address(void **state)
{
    struct world *world = *state;
    world_topic(world, "in-1", 1);
    assert_int_equal(world_source(world, WORLD_OPTIONS("subscribePattern=in-.*")), 0);
    assert_int_equal(world_sink(world, WORLD_OPTIONS("topic=in-1"), world->source->schema),
                     LT_E_INVALID);
    assert_string_equal(world->error.text,
                        "topic \"in-1\" is both source and sink: the query would "
                        "feed itself");
}

static void partitions_that_are_not_read_may_be_written_and_those_that_are_may_not(void **state)
{
    struct world *world = *state;
    world_topic(world, "t", 2);
    world_produce(world, "t", 0, NULL, "a", NULL);
    assert_int_equal(world_source(world, WORLD_OPTIONS("assign={\"t\":[0]}",
                                                       "startingOffsets={\"t\":{\"0\":0}}")),
                     0);
    if (world_sink(world, WORLD_OPTIONS("topic=t"), world->source->schema) != 0)
        fail_msg("%s", world->error.text);
    world_reader(world, NULL);
    world_writer(world);
    world_read(world, 1);
    assert_fails(world, "KAFKA_INVALID_TOPIC",
                 "topic \"t\": it is both source and sink: the query would feed itself");
    lt_row_values(world->rows[0])[LT_KAFKA_PARTITION] = lt_value_i64(1);
    world_write_all(world);
    world->writer->ops->prepare(world->writer, 1);
    assert_int_equal(world_prepared(world, 1, WORLD_WAIT_MS), 1);
}

static void who_reads_all_partitions_or_leaves_the_choice_would_feed_itself(void **state)
{
    struct world *world = *state;
    world_topic(world, "t", 2);
    assert_int_equal(world_source(world, WORLD_OPTIONS("assign={\"t\":[0]}")), 0);
    assert_int_equal(
        world_sink(world, WORLD_OPTIONS("topic=t", "partitioner=key"), world->source->schema),
        LT_E_INVALID);
    world->sink->ops->close(world->sink);
    world->source->ops->close(world->source);
    assert_int_equal(world_source(world, WORLD_OPTIONS("assign={\"t\":[0,1]}")), 0);
    assert_int_equal(world_sink(world, WORLD_OPTIONS("topic=t"), world->source->schema),
                     LT_E_INVALID);
}

static void a_timestamp_of_zero_fails_the_record_and_does_not_become_now(void **state)
{
    struct world *world = *state;
    struct lt_fault *fault = NULL;
    open_relay(world, 1, WORLD_OPTIONS("topic=out"));
    world_produce(world, "in", 0, NULL, "a", NULL);
    world_read(world, 1);
    lt_row_values(world->rows[0])[LT_KAFKA_TIMESTAMP].i64 = 999; /* less than a millisecond */
    assert_int_equal(world_write(world, 0, &fault), LT_WRITE_FAILED);
    assert_string_equal(fault->condition, "KAFKA_INVALID_TIMESTAMP");
    assert_string_equal(fault->text,
                        "topic \"out\": timestamp 0 (1970-01-01 00:00:00) cannot be produced; "
                        "hint: write no column timestamp (--timestamp now)");
    lt_fault_destroy(fault);
    lt_row_values(world->rows[0])[LT_KAFKA_TIMESTAMP].i64 = 1000;
    assert_int_equal(world_write(world, 0, &fault), LT_WRITE_DONE);
    world->writer->ops->prepare(world->writer, 1);
    assert_int_equal(world_prepared(world, 1, WORLD_WAIT_MS), 1);
    read_out(world, 1);
    assert_int_equal(lt_row_values(world->rows[0])[LT_KAFKA_TIMESTAMP].i64, 1000);
}

static void a_null_topic_in_the_data_fails_the_record_with_spark_s_text(void **state)
{
    struct world *world = *state;
    struct lt_fault *fault = NULL;
    open_relay(world, 1, WORLD_OPTIONS("kafka.client.id=x")); /* no option topic: the column says */
    world_produce(world, "in", 0, NULL, "a", NULL);
    world_read(world, 1);
    lt_row_set_null(world->rows[0], LT_KAFKA_TOPIC);
    assert_int_equal(world_write(world, 0, &fault), LT_WRITE_FAILED);
    assert_string_equal(fault->text, "null topic present in the data. Use the topic option for "
                                     "setting a default topic.");
    lt_fault_destroy(fault);
    lt_bit_clear(lt_row_nulls(world->rows[0]), LT_KAFKA_TOPIC);
    lt_row_values(world->rows[0])[LT_KAFKA_TOPIC] = lt_value_text("out");
    world_write_all(world);
    world->writer->ops->prepare(world->writer, 1);
    assert_int_equal(world_prepared(world, 1, WORLD_WAIT_MS), 1);
    read_out(world, 1);
}

static void round_robin_deals_rows_to_all_partitions(void **state)
{
    struct world *world = *state;
    uint32_t counts[4] = {0};
    open_relay(world, 4, WORLD_OPTIONS("topic=out", "partitioner=round-robin"));
    for (int i = 0; i < 8; i++)
        world_produce(world, "in", 0, "same", "v", NULL);
    world_read(world, 8);
    world_write_all(world);
    world->writer->ops->prepare(world->writer, 1);
    assert_int_equal(world_prepared(world, 1, WORLD_WAIT_MS), 1);
    read_out(world, 8);
    for (uint32_t i = 0; i < 8; i++)
        counts[world->rows[i]->source_partition]++;
    for (int i = 0; i < 4; i++)
        assert_int_equal(counts[i], 2);
}

static void a_full_producer_takes_nothing_and_goes_on_later(void **state)
{
    struct world *world = *state;
    struct lt_fault *fault = NULL;
    const struct lt_type *schema;
    struct lt_row_pool *pool;
    const struct lt_row_pool_options options = {.column_count = 1, .capacity = 4};
    world->env.lane_rows = 2;
    world_topic(world, "out", 1);
    assert_int_equal(lt_type_parse_ddl("value STRING", world->arena, &schema, NULL), 0);
    assert_int_equal(lt_row_pool_create(&options, &pool, NULL), 0);
    assert_int_equal(world_sink(world, WORLD_OPTIONS("topic=out"), schema), 0);
    world_writer(world);
    for (int i = 0; i < 4; i++) {
        world->rows[i] = lt_row_claim(pool);
        lt_row_values(world->rows[i])[0] = lt_value_text("v");
        world->row_count++;
    }
    assert_int_equal(world_write(world, 0, &fault), LT_WRITE_DONE); /* the first goes alone */
    world->writer->ops->prepare(world->writer, 1);
    assert_int_equal(world_prepared(world, 1, WORLD_WAIT_MS), 1);
    rd_kafka_mock_broker_set_down(world->cluster, 1);
    assert_int_equal(world_write(world, 0, &fault), LT_WRITE_DONE);
    assert_int_equal(world_write(world, 0, &fault), LT_WRITE_DONE);
    assert_int_equal(world_write(world, 0, &fault), LT_WRITE_FULL);
    assert_int_equal(world->row_count, 1);
    rd_kafka_mock_broker_set_up(world->cluster, 1);
    world->writer->ops->prepare(world->writer, 2);
    assert_int_equal(world_prepared(world, 2, WORLD_WAIT_MS), 1);
    assert_int_equal(world_write(world, 0, &fault), LT_WRITE_DONE);
    world->writer->ops->prepare(world->writer, 3);
    assert_int_equal(world_prepared(world, 3, WORLD_WAIT_MS), 1);
    lt_row_pool_destroy(pool);
}

static void an_abort_releases_what_is_on_its_way(void **state)
{
    struct world *world = *state;
    open_relay(world, 1, WORLD_OPTIONS("topic=out"));
    for (int i = 0; i < 7; i++)
        world_produce(world, "in", 0, NULL, i % 2 == 0 ? large_value() : "v", NULL);
    world_read(world, 1);
    world_write_all(world); /* the first goes alone */
    world->writer->ops->prepare(world->writer, 1);
    assert_int_equal(world_prepared(world, 1, WORLD_WAIT_MS), 1);
    world_read(world, 6);
    rd_kafka_mock_broker_set_down(world->cluster, 1);
    world_write_all(world);
    world->writer->ops->abort(world->writer);
    assert_int_equal(world->failed_count, 0);
    /* Closing asserts that every row is home in its pool. */
    close_relay(world);
}

static void rows_from_elsewhere_are_held_until_acknowledged(void **state)
{
    struct world *world = *state;
    struct lt_fault *fault = NULL;
    const struct lt_type *schema;
    struct lt_row_pool *pool;
    const struct lt_row_pool_options options = {.column_count = 1, .capacity = 1};
    assert_int_equal(lt_type_parse_ddl("value STRING", world->arena, &schema, NULL), 0);
    assert_int_equal(lt_row_pool_create(&options, &pool, NULL), 0);
    world_topic(world, "out", 1);
    assert_int_equal(world_sink(world, WORLD_OPTIONS("topic=out"), schema), 0);
    world_writer(world);
    struct lt_row *row = lt_row_claim(pool);
    lt_row_values(row)[0] = lt_value_text("v");
    assert_int_equal(world->writer->ops->write(world->writer, row, &fault), LT_WRITE_DONE);
    assert_null(lt_row_claim(pool));
    world->writer->ops->prepare(world->writer, 1);
    assert_int_equal(world_prepared(world, 1, WORLD_WAIT_MS), 1);
    row = lt_row_claim(pool);
    assert_non_null(row);
    lt_row_release(row);
    lt_row_pool_destroy(pool);
}

static void a_missing_topic_is_an_error_at_the_start(void **state)
{
    struct world *world = *state;
    const struct lt_type *schema;
    assert_int_equal(lt_type_parse_ddl("value STRING", world->arena, &schema, NULL), 0);
    world_topic(world, "out", 1);
    rd_kafka_mock_topic_set_error(world->cluster, "out",
                                  RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    assert_int_equal(world_sink(world, WORLD_OPTIONS("topic=out"), schema), LT_E_PERMISSION);
    assert_string_equal(world->error.text, "topic \"out\": Broker: Topic authorization failed");
}

static void a_sink_knows_its_partitions(void **state)
{
    struct world *world = *state;
    open_relay(world, 3, WORLD_OPTIONS("topic=out"));
    assert_int_equal(world->sink->partition_count, 3);
    assert_int_equal(world->source->partition_width, 3);
    assert_int_equal(world->sink->guarantee, LT_AT_LEAST_ONCE);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, world_set_up, world_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_relay_keeps_the_whole_envelope),
        CASE(headers_that_somebody_looked_at_arrive_too),
        CASE(a_row_that_two_sinks_hold_keeps_its_headers),
        CASE(retriable_errors_are_retried_in_order),
        CASE(an_epoch_is_durable_when_its_own_records_are),
        CASE(a_small_record_that_is_refused_is_made_again_from_what_was_sent),
        CASE(a_large_record_that_is_refused_comes_back_as_it_was),
        CASE(a_topic_that_may_not_be_written_breaks_the_writer),
        CASE(a_partition_that_does_not_exist_fails_the_record),
        CASE(a_negative_partition_is_no_choice_and_fails_the_record),
        CASE(an_impossible_topic_name_fails_the_record_and_the_next_goes_on),
        CASE(a_row_that_would_come_back_fails),
        CASE(a_sink_that_would_feed_its_source_is_refused_by_whatever_address),
        CASE(partitions_that_are_not_read_may_be_written_and_those_that_are_may_not),
        CASE(who_reads_all_partitions_or_leaves_the_choice_would_feed_itself),
        CASE(a_timestamp_of_zero_fails_the_record_and_does_not_become_now),
        CASE(a_null_topic_in_the_data_fails_the_record_with_spark_s_text),
        CASE(round_robin_deals_rows_to_all_partitions),
        CASE(a_full_producer_takes_nothing_and_goes_on_later),
        CASE(an_abort_releases_what_is_on_its_way),
        CASE(rows_from_elsewhere_are_held_until_acknowledged),
        CASE(a_missing_topic_is_an_error_at_the_start),
        CASE(a_sink_knows_its_partitions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
